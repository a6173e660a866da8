/* Laws without thickness, smoothed: the nodes of a quadrature take the way of samples (samples.c), weights included. Where
 * the density leaves the range of double precision, log-sum-exp over the nodes takes over, so that no background is
 * needed and the tails are exact at any distance. */
#include "diffusion/manifold.h"

#include <assert.h>
#include <math.h>

struct manifold_law {
    rg_law law;
    rg_law *ladder;
    rg_grid grid;
    rg_nodes nodes;
    double thickness; /* variance */
};

/* ---- the masses of the first base */

struct rows {
    const rg_nodes *nodes;
    const rg_grid *grid;
    double variance;
    double *row[RG_MAX_DIM], *plane, *masses; /* plane: of axes 1 and 2, summed over nodes of one first coordinate */
};

static void fill_row(const struct rows *r, int a, double x) {
    const double h = rg_grid_spacing(r->grid, a);
    for (ptrdiff_t i = 0; i < r->grid->shape[a]; i++) {
        double unused;
        r->row[a][i] = rg_wrapped((double)i * h + r->grid->lower[a] - x, r->grid->length[a], r->variance, &unused);
    }
}

static void add_to_plane(const struct rows *r, size_t node, ptrdiff_t n1, ptrdiff_t n2) {
    const size_t dim = (size_t)r->grid->dim;
    const double *x = r->nodes->point + node * dim;
    r->row[1][0] = r->row[2][0] = 1;
    for (int a = 1; a < r->grid->dim; a++) fill_row(r, a, x[a]);
#pragma omp parallel for schedule(static) if (n1 * n2 >= RG_THREADED_CELLS)
    for (ptrdiff_t i = 0; i < n1; i++) {
        const double factor = r->nodes->weight[node] * r->row[1][i];
        for (ptrdiff_t j = 0; j < n2; j++) r->plane[i * n2 + j] += factor * r->row[2][j];
    }
}

static void add_nodes(const struct rows *r) {
    const ptrdiff_t n0 = r->grid->shape[0], n1 = r->grid->shape[1], n2 = r->grid->shape[2], cells = n1 * n2;
    const size_t dim = (size_t)r->grid->dim, count = r->nodes->count;
    const double cell = rg_grid_cell_volume(r->grid);
    for (size_t m = 0; m < count;) {
        const double first = r->nodes->point[m * dim];
        for (ptrdiff_t i = 0; i < cells; i++) r->plane[i] = 0;
        for (; m < count && r->nodes->point[m * dim] == first; m++) add_to_plane(r, m, n1, n2);
        fill_row(r, 0, first);
#pragma omp parallel for schedule(static) if (n0 * cells >= RG_THREADED_CELLS)
        for (ptrdiff_t i = 0; i < n0; i++)
            for (ptrdiff_t j = 0; j < cells; j++) r->masses[i * cells + j] += cell * r->row[0][i] * r->plane[j];
    }
}

static rg_status sum_nodes(const void *data, double variance, double cut, const rg_grid *grid, double *masses) {
    struct rows r = {.nodes = data, .grid = grid, .variance = variance, .masses = masses};
    (void)cut;
    r.plane = rg_field_alloc((size_t)(grid->shape[1] * grid->shape[2]));
    int missing = !r.plane;
    for (int a = 0; a < RG_MAX_DIM; a++) missing |= !(r.row[a] = rg_field_alloc((size_t)grid->shape[a]));
    if (!missing) add_nodes(&r);
    for (int a = 0; a < RG_MAX_DIM; a++) rg_free(r.row[a]);
    rg_free(r.plane);
    return missing ? RG_ENOMEM : RG_OK;
}

/* ---- far away */

/* Half the square of the distance to the nearest image, over the variance, less the logarithm of the weight. */
static double exponent(const struct manifold_law *l, size_t node, const double *x, double variance) {
    const int dim = l->grid.dim;
    double square = 0;
    for (int a = 0; a < dim; a++) {
        const double length = l->grid.length[a], away = x[a] - l->nodes.point[node * (size_t)dim + (size_t)a];
        const double d = away - length * floor(away / length + 0.5);
        square += d * d;
    }
    return 0.5 * square / variance;
}

static double far_log(const struct manifold_law *l, const double *x, double variance, double *slope) {
    const double negligible = 45;
    const int dim = l->grid.dim;
    double least = HUGE_VAL, sum = 0, top = -HUGE_VAL;
    for (size_t m = 0; m < l->nodes.count; m++) least = fmin(least, exponent(l, m, x, variance));
    for (int a = 0; a < dim; a++) slope[a] = 0;
    for (size_t m = 0; m < l->nodes.count; m++) {
        if (exponent(l, m, x, variance) > least + negligible) continue;
        double value = log(l->nodes.weight[m]), s[RG_MAX_DIM];
        for (int a = 0; a < dim; a++)
            value +=
                rg_wrapped_log(x[a] - l->nodes.point[m * (size_t)dim + (size_t)a], l->grid.length[a], variance, &s[a]);
        const double factor = value > top ? exp(top - value) : 1, term = value > top ? 1 : exp(value - top);
        top = fmax(top, value);
        sum = factor * sum + term;
        for (int a = 0; a < dim; a++) slope[a] = factor * slope[a] + term * s[a];
    }
    for (int a = 0; a < dim; a++) slope[a] /= sum;
    return top + log(sum);
}

static void manifold_at(rg_law *law, double variance, double *log_density, double *score) {
    struct manifold_law *l = (struct manifold_law *)law;
    const ptrdiff_t n = rg_grid_cells(&l->grid), *shape = l->grid.shape;
    const double total = variance + l->thickness;
    assert(l->grid.dim <= RG_MAX_DIM);
    l->ladder->at(l->ladder, total, log_density, score);
#pragma omp parallel for schedule(dynamic, 64)
    for (ptrdiff_t i = 0; i < n; i++) {
        if (isfinite(log_density[i])) continue;
        const ptrdiff_t index[3] = {i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]};
        double x[RG_MAX_DIM] = {0}, slope[RG_MAX_DIM];
        for (int a = 0; a < l->grid.dim; a++) x[a] = l->grid.lower[a] + (double)index[a] * rg_grid_spacing(&l->grid, a);
        log_density[i] = far_log(l, x, total, slope);
        for (int a = 0; score && a < l->grid.dim; a++) score[a * n + i] = slope[a];
    }
}

static void manifold_destroy(rg_law *law) {
    struct manifold_law *l = (struct manifold_law *)law;
    if (l->ladder) l->ladder->destroy(l->ladder);
    rg_nodes_free(&l->nodes);
    rg_free(l);
}

rg_status rg_law_manifold(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                          rg_diagnostic *diagnostic) {
    const double thickness = spec->kind == RG_DENSITY_POINTS ? 0 : spec->width * spec->width;
    const double lowest = variance_min + thickness;
    if (!(lowest > 0))
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "points, curves and surfaces have no density at sigma = 0: set noise.sigma_min above 0 (early "
                       "stopping)");
    struct manifold_law *l = rg_alloc(1, sizeof *l);
    if (!l) return RG_ENOMEM;
    *l = (struct manifold_law){.law = {manifold_at, manifold_destroy}, .grid = *grid, .thickness = thickness};
    rg_status status = rg_nodes_create(grid, spec, 0.5 * lowest, &l->nodes, diagnostic);
    if (!status) status = rg_law_ladder(grid, lowest, 0, sum_nodes, &l->nodes, &l->ladder, diagnostic);
    if (status) {
        manifold_destroy(&l->law);
        return status;
    }
    *law = &l->law;
    return RG_OK;
}
