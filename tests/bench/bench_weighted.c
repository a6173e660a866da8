/* The weighted split at contrast 1e6 on 512 x 512, against its own transforms and against hypre's structured multigrid,
 * which solves div(p grad phi) = div(p e) to second order. */
#define _XOPEN_SOURCE 700 /* mkstemp */
#include "bench.h"

#include <math.h>
#include <omp.h>
#include <rotgrad/density.h>
#include <rotgrad/split.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 512 };
static const double contrast = 1e6, tolerance = 1e-10;

struct problem {
    rg_grid grid;
    ptrdiff_t n;
    double *log_density, *score, *e, *gradient, *solenoidal;
    rg_split *split;
    rg_split_report report;
    rg_spectral *spectral; /* for the bare transforms */
};

static void problem_create(struct problem *p) {
    const ptrdiff_t shape[] = {POINTS, POINTS};
    bench_check(rg_grid_init(2, shape, NULL, NULL, &p->grid), "grid", NULL);
    p->n = rg_grid_cells(&p->grid);
    p->log_density = bench_field(p->n);
    p->score = bench_field(2 * p->n);
    p->e = bench_field(2 * p->n);
    p->gradient = bench_field(2 * p->n);
    p->solenoidal = bench_field(2 * p->n);
    for (ptrdiff_t i = 0; i < p->n; i++) {
        const double x = p->grid.lower[0] + (double)(i / POINTS) * rg_grid_spacing(&p->grid, 0);
        const double y = p->grid.lower[1] + (double)(i % POINTS) * rg_grid_spacing(&p->grid, 1);
        p->e[i] = 0.3 * sin(x + 2 * y) + 0.15 * cos(2 * x - y);
        p->e[p->n + i] = 0.2 * cos(3 * x + y) - 0.1 * sin(y);
    }
}

static void problem_free(struct problem *p) {
    double *fields[] = {p->log_density, p->score, p->e, p->gradient, p->solenoidal};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
}

/* ---- the two densities */

static double range(ptrdiff_t n, const double *values) {
    double low = values[0], high = values[0];
    for (ptrdiff_t i = 1; i < n; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    return high - low;
}

/* log p is a sum of cosines, scaled. */
static void set_smooth(struct problem *p) {
    for (ptrdiff_t i = 0; i < p->n; i++) {
        const double x = p->grid.lower[0] + (double)(i / POINTS) * rg_grid_spacing(&p->grid, 0);
        const double y = p->grid.lower[1] + (double)(i % POINTS) * rg_grid_spacing(&p->grid, 1);
        p->log_density[i] = cos(x) + cos(y - 0.7) + 0.5 * cos(2 * x + y);
        p->score[i] = -sin(x) - sin(2 * x + y);
        p->score[p->n + i] = -sin(y - 0.7) - 0.5 * sin(2 * x + y);
    }
    const double factor = log(contrast) / range(p->n, p->log_density);
    for (ptrdiff_t i = 0; i < p->n; i++) p->log_density[i] *= factor;
    for (ptrdiff_t i = 0; i < 2 * p->n; i++) p->score[i] *= factor;
}

/* Three Gaussians, smoothed until the contrast is right (found by bisection of log variance). */
static void set_mixture(struct problem *p) {
    const double means[] = {-1.1, -1.3, 1.2, 0.9, -1.0, 1.4}, weights[] = {0.5, 0.3, 0.2}, base = 0.01;
    double covariances[12];
    for (int i = 0; i < 12; i++) covariances[i] = i % 4 == 0 || i % 4 == 3 ? base : 0;
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 3, .means = means, .covariances = covariances, .weights = weights};
    rg_density *density = NULL;
    rg_diagnostic diagnostic;
    bench_check(rg_density_create(&p->grid, &spec, 0, &density, &diagnostic), "mixture", &diagnostic);
    double low = log(0.05), high = log(4);
    for (int step = 0; step < 30; step++) {
        const double middle = 0.5 * (low + high);
        bench_check(rg_density_at(density, exp(middle), p->log_density, p->score, &diagnostic), "mixture", &diagnostic);
        if (range(p->n, p->log_density) > log(contrast))
            low = middle;
        else
            high = middle;
    }
    rg_density_destroy(density);
}

/* ---- hypre */

#ifdef BENCH_HYPRE
/* log p and e for the multigrid program; the path is written into `path`. */
static int write_problem(const struct problem *p, char *path, size_t size) {
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/rotgrad-bench-XXXXXX", folder && *folder ? folder : P_tmpdir);
    const int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (!file) return 0;
    const size_t n = (size_t)p->n;
    const int written =
        fwrite(p->log_density, sizeof(double), n, file) == n && fwrite(p->e, sizeof(double), 2 * n, file) == 2 * n;
    return fclose(file) == 0 && written;
}

struct multigrid {
    int iterations;
    double milliseconds;
};

static void multigrid_line(void *data, const char *text) {
    struct multigrid *m = data;
    if (sscanf(text, "%d %lf", &m->iterations, &m->milliseconds) != 2) m->iterations = 0;
}
#endif

static void split(void *data) {
    struct problem *p = data;
    const rg_split_parts parts = {.gradient = p->gradient, .solenoidal = p->solenoidal};
    bench_check(rg_split_weighted(p->split, p->log_density, p->score, p->e, &parts, &p->report), "split", NULL);
}

static void transforms(void *data) {
    const struct problem *p = data;
    bench_transform(&(bench_transforms){p->spectral, p->e, p->report.transforms});
}

/* Programs take turns: the split several times, the multigrid program, and so on. */
static void compare_multigrid(struct problem *p, const char *density) {
    char name[96];
    snprintf(name, sizeof name, "%s: against hypre PFMG + CG", density);
#ifdef BENCH_HYPRE
    enum { TURNS = 5 };
    char path[512], command[2048];
    double ours[TURNS], theirs[TURNS];
    struct multigrid m = {0};
    if (!write_problem(p, path, sizeof path)) {
        bench_skip(name, "no temporary file");
        return;
    }
    snprintf(command, sizeof command,
             "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_plm=isolated "
             "OMPI_MCA_rmaps_base_oversubscribe=1 mpiexec -n %d '%s' '%s' %d %.1e 5",
             omp_get_max_threads(), BENCH_HYPRE, path, POINTS, tolerance);
    for (int turn = 0; turn < TURNS; turn++) {
        ours[turn] = bench_compare(split, transforms, p, 0.2).ours;
        if (!bench_run(command, multigrid_line, &m) || m.iterations == 0) {
            bench_skip(name, "the multigrid program failed");
            unlink(path);
            return;
        }
        theirs[turn] = m.milliseconds;
    }
    unlink(path);
    snprintf(name, sizeof name, "%s: against hypre PFMG + CG, %d iterations", density, m.iterations);
    bench_against(name, bench_median(TURNS, ours), bench_median(TURNS, theirs));
#else
    (void)p;
    bench_skip(name, "libhypre-dev not installed");
#endif
}

/* What the iterations from a loose tolerance to the tight one cost. */
static double marginal_transforms(struct problem *p) {
    const rg_split_options options = {.tolerance = 1e5 * tolerance};
    const rg_split_parts parts = {.gradient = p->gradient, .solenoidal = p->solenoidal};
    rg_split *loose = NULL;
    rg_split_report report;
    bench_check(rg_split_create(&p->grid, &options, &loose), "split plan", NULL);
    bench_check(rg_split_weighted(loose, p->log_density, p->score, p->e, &parts, &report), "split", NULL);
    rg_split_destroy(loose);
    return (double)(p->report.transforms - report.transforms) / (p->report.iterations - report.iterations);
}

static void compare(struct problem *p, const char *density, rg_planning planning) {
    const rg_split_options options = {.tolerance = tolerance, .planning = planning};
    const char *effort = planning == RG_PLAN_MEASURE ? "measured" : "estimated";
    char name[96];
    fftw_forget_wisdom();
    bench_check(rg_split_create(&p->grid, &options, &p->split), "split plan", NULL);
    bench_check(rg_spectral_create(&p->grid, planning, &p->spectral), "spectral plan", NULL);
    const bench_times times = bench_compare(split, transforms, p, 2);
    if (planning == RG_PLAN_MEASURE) {
        snprintf(name, sizeof name, "%s: iterations", density);
        bench_figure(name, p->report.iterations, "", 60);
        snprintf(name, sizeof name, "%s: FFTs a further iteration", density);
        bench_figure(name, marginal_transforms(p), "", 2.2);
        snprintf(name, sizeof name, "%s: FFTs in all, over iterations", density);
        bench_figure(name, (double)p->report.transforms / p->report.iterations, "", 0);
        snprintf(name, sizeof name, "%s: true residual", density);
        bench_figure(name, p->report.residual, "", tolerance);
    }
    snprintf(name, sizeof name, "%s, %s plans: seconds", density, effort);
    bench_figure(name, 1e-3 * times.ours, "s", 0.1);
    snprintf(name, sizeof name, "%s, %s plans: against %d bare FFTs", density, effort, p->report.transforms);
    bench_row(name, times, 0);
    if (planning == RG_PLAN_MEASURE) compare_multigrid(p, density);
    rg_spectral_destroy(p->spectral);
    rg_split_destroy(p->split);
}

void bench_weighted(void) {
    static const struct {
        const char *density;
        void (*set)(struct problem *problem);
    } cases[] = {{"smooth", set_smooth}, {"mixture", set_mixture}};
    struct problem p = {0};
    problem_create(&p);
    bench_section("Weighted split, 512x512, contrast 1e6, residual 1e-10");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cases[i].set(&p);
        compare(&p, cases[i].density, RG_PLAN_MEASURE);
        compare(&p, cases[i].density, RG_PLAN_ESTIMATE);
    }
    problem_free(&p);
}
