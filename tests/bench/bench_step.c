/* One step of fixed length in density form at 256 x 256, against its twelve bare FFTs. */
#include "bench.h"

#include "evolve/exponential.h"
#include "evolve/right_side.h"

#include <rotgrad/level.h>
#include <stdio.h>

enum { POINTS = 256, STEP_TRANSFORMS = 12 };

struct step {
    rg_equation equation;
    rg_exponential exponential;
    rg_level level;
    double *u, *first, *next, *last, *error, *work[4];
};

static void right_side(void *data, int when, const double *u, double *n) {
    const struct step *s = data;
    (void)when; /* one room stands for all three */
    rg_equation_right_side(&s->equation, &s->level, RG_FULL, u, n);
}

static void step(void *data) {
    struct step *s = data;
    rg_exponential_step(&s->exponential, right_side, s, s->u, s->first, s->next, s->last, s->error, s->work);
}

static void transforms(void *data) {
    const struct step *s = data;
    bench_transform(&(bench_transforms){s->equation.spectral, s->level.density, STEP_TRANSFORMS});
}

/* A mixture at variance 0.36, with an error of two modes. */
static void furnish(struct step *s, const rg_grid *grid) {
    const double means[] = {-1.1, -1.3, 1.2, 0.9, -1.0, 1.4}, weights[] = {0.5, 0.3, 0.2}, v = 0.36;
    const double covariances[] = {v, 0, 0, v, v, 0, 0, v, v, 0, 0, v};
    const rg_density_spec density = {
        .kind = RG_DENSITY_MIXTURE, .components = 3, .means = means, .covariances = covariances, .weights = weights};
    const rg_error_mode mode[] = {{0, {1, 2}, 0.3, 0}, {0, {2, -1}, 0, 0.15}};
    const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = 2, .mode = mode};
    rg_levels *levels = NULL;
    rg_diagnostic diagnostic;
    bench_check(rg_levels_create(grid, &density, &term, 1, 0, 1, NULL, &levels, &diagnostic), "levels", &diagnostic);
    bench_check(rg_level_create(grid, &s->level), "level", NULL);
    bench_check(rg_levels_at(levels, 0.1, &s->level, &diagnostic), "level", &diagnostic);
    rg_levels_destroy(levels);
}

static void compare(rg_planning planning) {
    const ptrdiff_t shape[] = {POINTS, POINTS};
    const char *effort = planning == RG_PLAN_MEASURE ? "measured" : "estimated";
    rg_grid grid;
    struct step s = {.equation = {.form = RG_FORM_DENSITY, .diffusion = 0.5, .drift = 1}};
    bench_check(rg_grid_init(2, shape, NULL, NULL, &grid), "grid", NULL);
    fftw_forget_wisdom();
    bench_check(rg_spectral_create(&grid, planning, &s.equation.spectral), "spectral plan", NULL);
    bench_check(rg_exponential_create(s.equation.spectral, s.equation.diffusion, &s.exponential), "step", NULL);
    furnish(&s, &grid);
    const ptrdiff_t modes = 2 * s.equation.spectral->modes;
    double **fields[] = {&s.u, &s.first, &s.next, &s.last, &s.error, &s.work[0], &s.work[1], &s.work[2], &s.work[3]};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) *fields[i] = bench_field(modes);
    s.equation.real = bench_field(3 * s.equation.spectral->cells);
    rg_exponential_set_step(&s.exponential, 1e-3);
    rg_forward(s.equation.spectral, s.level.density, s.u);
    rg_equation_right_side(&s.equation, &s.level, RG_FULL, s.u, s.first);

    char name[96];
    snprintf(name, sizeof name, "%s plans: a step", effort);
    bench_row(name, bench_compare(step, transforms, &s, 2), 1.5);

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(*fields[i]);
    rg_free(s.equation.real);
    rg_level_free(&s.level);
    rg_exponential_free(&s.exponential);
    rg_spectral_destroy(s.equation.spectral);
}

void bench_step(void) {
    bench_section("Density form, 256x256, against 12 bare FFTs");
    compare(RG_PLAN_MEASURE);
    compare(RG_PLAN_ESTIMATE);
}
