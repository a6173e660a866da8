/* Distances between two laws on the grid.
 *
 * Points are shared among the corners of their cells, which takes them apart: a single point comes nearer to any broad law by
 * as much as its mass was moved. That, on the mean, bounds what it does to W1. Where there are many points to a cell they
 * make up for each other, and it does much less. So the law on the
 * halved grid, read here linearly, is compared with the law here. A single point half way between two points of this grid is
 * moved by h/2 on one axis, and the two laws are 0.44 h apart there: twice their distance stands for what was moved,
 * where that is less. */
#include "experiment/budget.h"

#include <math.h>

rg_status rg_ruler_create(const rg_grid *grid, rg_ruler *ruler) {
    *ruler = (rg_ruler){.grid = *grid};
    return rg_transport_create(grid, 0, RG_PLAN_ESTIMATE, &ruler->transport);
}

void rg_ruler_free(rg_ruler *ruler) {
    rg_transport_destroy(ruler->transport);
    ruler->transport = NULL;
}

static rg_status solve(rg_ruler *ruler, double gap, int most, const double *p, const double *q, rg_value *w1,
                       rg_diagnostic *diagnostic) {
    rg_transport_report report;
    const rg_transport_options options = {.gap = gap, .max_iterations = most, .cold = 1};
    const rg_status status = rg_transport_solve(ruler->transport, &options, p, q, NULL, NULL, &report, diagnostic);
    if (!status) *w1 = (rg_value){report.value, 0.5 * (report.upper - report.lower)};
    return status;
}

/* Where it does not get there, its bracket says so. */
rg_status rg_ruler_w1(rg_ruler *ruler, const double *p, const double *q, rg_value *w1, rg_diagnostic *diagnostic) {
    enum { ITERATIONS = 2000 };
    return solve(ruler, 1e-3, ITERATIONS, p, q, w1, diagnostic);
}

struct pair {
    const double *p, *q;
};

static double variation_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pair *a = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += fabs(a->p[i] - a->q[i]);
    return 0.5 * sum;
}

/* p log(p/q) + q - p >= 0. Where q was cut off at 0, its part is left to the error bar. */
static double kl_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pair *a = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double p = a->p[i], q = a->q[i];
        if (q > 0) sum += p > 0 ? p * log(p / q) + q - p : q;
    }
    return sum;
}

/* The same where q is 0, with the rounding unit of double precision for q / p. */
static double cut_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pair *a = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++)
        if (!(a->q[i] > 0)) sum += a->p[i] * 36;
    return sum;
}

rg_status rg_ruler_all(rg_ruler *ruler, const double *p, const double *q, int singular, rg_distances *distances,
                       rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&ruler->grid);
    const double volume = rg_grid_cell_volume(&ruler->grid);
    const struct pair pair = {p, q};
    distances->kl = (rg_value){HUGE_VAL, 0};
    distances->tv = (rg_value){volume * rg_reduce(n, variation_block, &pair), 0};
    if (!singular)
        distances->kl = (rg_value){volume * rg_reduce(n, kl_block, &pair), volume * rg_reduce(n, cut_block, &pair)};
    return rg_ruler_w1(ruler, p, q, &distances->w1, diagnostic);
}

rg_status rg_ruler_blur(rg_ruler *ruler, size_t count, const double *points, double *blur, rg_diagnostic *diagnostic) {
    enum { FEW = 200 };
    const rg_grid *g = &ruler->grid;
    const size_t n = (size_t)rg_grid_cells(g);
    ptrdiff_t shape[RG_MAX_DIM] = {1, 1, 1};
    rg_grid coarse;
    rg_value w1 = {0, 0};
    *blur = rg_law_displacement(g, count, points);
    if (count < n) return RG_OK;
    for (int a = 0; a < g->dim; a++) shape[a] = g->shape[a] / 2 > RG_MIN_POINTS ? g->shape[a] / 2 : RG_MIN_POINTS;
    rg_status status = rg_grid_init(g->dim, shape, g->lower, g->length, &coarse);
    double *fine = rg_field_alloc(3 * n), *again = fine + n, *halved = fine + 2 * n;
    if (status || !fine) {
        rg_free(fine);
        return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    }
    rg_law_of_points(g, count, points, 0, fine);
    rg_law_of_points(&coarse, count, points, 0, halved);
    rg_law_regrid(&coarse, halved, g, again);
    status = solve(ruler, 0.1, FEW, fine, again, &w1, diagnostic);
    *blur = fmin(*blur, 2 * (w1.value + w1.error));
    rg_free(fine);
    return status;
}

/* Drawn laws differ from the law by about the diameter over the root of the number of draws, as means of functions that vary
 * by that much do. */
rg_status rg_ruler_blur_truth(rg_ruler *ruler, const rg_experiment *x, int has_density, double *blur,
                              rg_diagnostic *diagnostic) {
    double *points = NULL, square = 0;
    *blur = 0;
    if (has_density) return RG_OK;
    if (x->density.kind == RG_DENSITY_SAMPLES)
        return rg_ruler_blur(ruler, x->density.samples, x->density.points, blur, diagnostic);
    rg_status status = rg_budget_draw(x, RG_TRUTH_DRAWS, &points, diagnostic);
    if (!status) status = rg_ruler_blur(ruler, RG_TRUTH_DRAWS, points, blur, diagnostic);
    rg_free(points);
    for (int a = 0; a < x->grid.dim; a++) square += 0.25 * x->grid.length[a] * x->grid.length[a];
    *blur += sqrt(square / RG_TRUTH_DRAWS);
    return status;
}
