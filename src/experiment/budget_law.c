/* Laws on the grid: the truth, samples, priors. */
#include "diffusion/density.h"
#include "experiment/budget.h"
#include "experiment/pass.h"

#include <assert.h>
#include <math.h>

double rg_law_normalise(const rg_grid *grid, double *law) {
    const ptrdiff_t n = rg_grid_cells(grid);
    double below = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (law[i] >= 0) continue;
        below -= law[i];
        law[i] = 0;
    }
    const double volume = rg_grid_cell_volume(grid), mass = rg_sum(n, law) * volume;
    for (ptrdiff_t i = 0; i < n; i++) law[i] /= mass;
    return below * volume;
}

/* ---- points */

/* A mass is shared among the 2^d grid points around it, linearly on each axis: functions that are linear between grid
 * points keep their integrals. */
typedef struct corners {
    ptrdiff_t cell[1 << RG_MAX_DIM];
    double part[1 << RG_MAX_DIM], distance[1 << RG_MAX_DIM];
} corners;

static void find_corners(const rg_grid *g, const double *point, corners *c) {
    ptrdiff_t at[RG_MAX_DIM][2] = {{0}};
    double part[RG_MAX_DIM][2] = {{1, 0}, {1, 0}, {1, 0}};
    for (int a = 0; a < g->dim; a++) {
        const double n = (double)g->shape[a], x = (point[a] - g->lower[a]) / rg_grid_spacing(g, a);
        const double inside = x - n * floor(x / n), below = fmin(floor(inside), n - 1);
        at[a][0] = (ptrdiff_t)below;
        at[a][1] = (at[a][0] + 1) % g->shape[a];
        part[a][1] = inside - below;
        part[a][0] = 1 - part[a][1];
    }
    for (int k = 0; k < 1 << g->dim; k++) {
        const int side[RG_MAX_DIM] = {k & 1, k >> 1 & 1, k >> 2 & 1};
        double square = 0;
        for (int a = 0; a < g->dim; a++) square += pow(part[a][!side[a]] * rg_grid_spacing(g, a), 2);
        c->cell[k] = (at[0][side[0]] * g->shape[1] + at[1][side[1]]) * g->shape[2] + at[2][side[2]];
        c->part[k] = part[0][side[0]] * part[1][side[1]] * part[2][side[2]];
        c->distance[k] = sqrt(square);
    }
}

static void share(const rg_grid *g, const double *point, double mass, double *law) {
    corners c;
    find_corners(g, point, &c);
    for (int k = 0; k < 1 << g->dim; k++) law[c.cell[k]] += mass * c.part[k];
}

double rg_law_displacement(const rg_grid *grid, size_t count, const double *points) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        corners c;
        find_corners(grid, points + i * (size_t)grid->dim, &c);
        for (int k = 0; k < 1 << grid->dim; k++) sum += c.part[k] * c.distance[k];
    }
    return sum / (double)count;
}

void rg_law_of_points(const rg_grid *grid, size_t count, const double *points, double background, double *law) {
    const ptrdiff_t n = rg_grid_cells(grid);
    const double mass = (1 - background) / ((double)count * rg_grid_cell_volume(grid));
    for (ptrdiff_t i = 0; i < n; i++) law[i] = background / rg_grid_volume(grid);
    for (size_t i = 0; i < count; i++) share(grid, points + i * (size_t)grid->dim, mass, law);
}

rg_status rg_budget_draw(const rg_experiment *x, size_t samples, double **points, rg_diagnostic *diagnostic) {
    double *drawn = rg_field_alloc(rg_size_product(samples, (size_t)x->grid.dim));
    if (!drawn) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    const rg_status status = rg_density_draw(&x->grid, &x->density, 0, samples, x->budget.seed, NULL, drawn);
    if (status) {
        rg_free(drawn);
        return rg_fail(diagnostic, status, "budget: samples cannot be drawn");
    }
    *points = drawn;
    return RG_OK;
}

static rg_status smooth(const rg_ladder *l, const rg_density_spec *spec, double *law, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&l->grid);
    rg_density *density = NULL;
    rg_status status = rg_density_create(&l->grid, spec, l->variance_min, &density, diagnostic);
    if (!status) status = rg_density_at(density, l->variance_min, law, NULL, diagnostic);
    rg_density_destroy(density);
    for (ptrdiff_t i = 0; !status && i < n; i++) law[i] = exp(law[i]);
    if (!status) (void)rg_law_normalise(&l->grid, law);
    return status;
}

rg_status rg_law_of_stopped(const rg_ladder *l, double *law, rg_diagnostic *diagnostic) {
    return smooth(l, &l->experiment->density, law, diagnostic);
}

rg_status rg_law_of_smoothed(const rg_ladder *l, double *law, rg_diagnostic *diagnostic) {
    const double as_good_as_none = 1e-12; /* keeps its logarithm finite */
    const rg_density_spec spec = {
        .kind = RG_DENSITY_SAMPLES, .background = as_good_as_none, .samples = l->samples, .points = l->points};
    return smooth(l, &spec, law, diagnostic);
}

/* ---- the truth */

int rg_given_by_points(const rg_density_spec *spec) {
    return spec->kind == RG_DENSITY_SAMPLES || spec->kind == RG_DENSITY_POINTS;
}

static rg_status draw_truth(const rg_experiment *x, const rg_grid *grid, double *law, rg_diagnostic *diagnostic) {
    double *points = NULL;
    const rg_status status = rg_budget_draw(x, RG_TRUTH_DRAWS, &points, diagnostic);
    if (!status) rg_law_of_points(grid, RG_TRUTH_DRAWS, points, 0, law);
    rg_free(points);
    return status;
}

rg_status rg_law_of_truth(const rg_experiment *x, const rg_grid *grid, double *law, int *has_density,
                          rg_diagnostic *diagnostic) {
    const rg_density_spec *spec = &x->density;
    const ptrdiff_t n = rg_grid_cells(grid);
    rg_density *density = NULL;
    *has_density = 0;
    if (rg_given_by_points(spec)) {
        rg_law_of_points(grid, spec->samples, spec->points, spec->background, law);
        return RG_OK;
    }
    rg_status status = rg_density_create(grid, spec, 0, &density, diagnostic);
    if (!status) status = rg_density_at(density, 0, law, NULL, diagnostic);
    rg_density_destroy(density);
    if (status == RG_EDOMAIN) return draw_truth(x, grid, law, diagnostic);
    if (status) return status;
    *has_density = 1;
    for (ptrdiff_t i = 0; i < n; i++) law[i] = exp(law[i]);
    (void)rg_law_normalise(grid, law);
    return RG_OK;
}

/* ---- priors */

/* The mean direction of a law on each axis. */
static double mean_direction(const rg_grid *g, const double *law, int axis) {
    const double turn = 2 * acos(-1.0);
    ptrdiff_t stride = 1;
    for (int a = axis + 1; a < g->dim; a++) stride *= g->shape[a];
    double sine = 0, cosine = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        const double angle = turn * (double)(i / stride % g->shape[axis]) / (double)g->shape[axis];
        sine += law[i] * sin(angle);
        cosine += law[i] * cos(angle);
    }
    return g->lower[axis] + g->length[axis] * atan2(sine, cosine) / turn;
}

static void fill_gaussian(const rg_ladder *l, const double *reference, double *law) {
    const rg_grid *g = &l->grid;
    ptrdiff_t stride = rg_grid_cells(g);
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) law[i] = 1;
    for (int a = 0; a < g->dim; a++) {
        const double centre = mean_direction(g, reference, a);
        stride /= g->shape[a];
        for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
            double unused;
            const double x = g->lower[a] + (double)(i / stride % g->shape[a]) * rg_grid_spacing(g, a);
            law[i] *= rg_wrapped(x - centre, g->length[a], l->variance_max, &unused);
        }
    }
}

static rg_status fill_file(const rg_ladder *l, double *law, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&l->grid);
    const rg_status status = rg_prior_read(l->experiment, &l->grid, law);
    if (status) return rg_fail(diagnostic, status, "prior: cannot be resampled to the run's grid");
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(law[i] >= 0))
            return rg_fail(
                diagnostic, RG_EDOMAIN,
                "prior: resampled to the run's grid it is %g at cell %td: it must not be negative, and smooth "
                "on its own grid",
                law[i], i);
    return RG_OK;
}

rg_status rg_law_of_prior(const rg_ladder *l, const double *reference, double *law, rg_diagnostic *diagnostic) {
    const rg_experiment *x = l->experiment;
    const ptrdiff_t n = rg_grid_cells(&l->grid);
    const int of_experiment = !x->budget.has_prior && x->prior == RG_PRIOR_FILE;
    if (of_experiment) {
        const rg_status status = fill_file(l, law, diagnostic);
        if (status) return status;
    } else if (x->budget.prior == RG_BUDGET_GAUSSIAN) {
        fill_gaussian(l, reference, law);
    } else {
        for (ptrdiff_t i = 0; i < n; i++) law[i] = 1;
    }
    const double mass = rg_sum(n, law) * rg_grid_cell_volume(&l->grid);
    if (!(mass > 0)) return rg_fail(diagnostic, RG_EDOMAIN, "prior: it has no mass");
    for (ptrdiff_t i = 0; i < n; i++) law[i] /= mass;
    return RG_OK;
}
