/* Scores at points: the empirical measure, and what is known on a grid. */
#include "diffusion/point_score.h"

#include "diffusion/empirical_score.h"
#include "grid/interpolate.h"

#include <rotgrad/memorise.h>

#include <limits.h>
#include <math.h>

rg_status rg_space_check(const rg_space *space, rg_diagnostic *diagnostic) {
    if (!space || space->dim < 1 || space->dim > INT_MAX || !space->lower != !space->length)
        return rg_fail(diagnostic, RG_EINVAL, "space: expected a dimension of at least 1, and a whole box or none");
    if (!space->length) return RG_OK;
    if (space->dim > RG_MAX_DIM)
        return rg_fail(diagnostic, RG_EINVAL, "space: expected at most %d dimensions on a torus, got %zu", RG_MAX_DIM,
                       space->dim);
    for (size_t a = 0; a < space->dim; a++)
        if (!isfinite(space->lower[a]) || !(space->length[a] > 0) || !isfinite(space->length[a]))
            return rg_fail(diagnostic, RG_EINVAL, "space: axis %zu has no positive, finite length", a);
    return RG_OK;
}

double rg_background_factor(double background, double volume, double log_density) {
    if (background <= 0) return 1;
    return 1 / (1 + exp(log(background / volume) - log1p(-background) - log_density));
}

static rg_status check_points(const rg_space *space, size_t samples, const double *points, double bandwidth,
                              double background, rg_diagnostic *diagnostic) {
    if (samples < 1 || samples > INT_MAX || !points)
        return rg_fail(diagnostic, RG_EINVAL, "empirical score: expected at least one point");
    if (!(bandwidth >= 0) || !isfinite(bandwidth))
        return rg_fail(diagnostic, RG_EINVAL, "empirical score: expected a bandwidth >= 0, got %g", bandwidth);
    if (!(background >= 0 && background < 1) || (background > 0 && !space->length))
        return rg_fail(diagnostic, RG_EINVAL, "empirical score: expected a background in [0, 1), on R^d none, got %g",
                       background);
    for (size_t i = 0; i < samples * space->dim; i++) {
        if (!isfinite(points[i]))
            return rg_fail(diagnostic, RG_EINVAL, "empirical score: point %zu is not finite", i / space->dim);
        if (!space->length && fabs(points[i]) > RG_MEMORISE_LARGEST)
            return rg_fail(diagnostic, RG_EINVAL,
                           "empirical score: point %zu is too large for its square: choose another unit",
                           i / space->dim);
    }
    return RG_OK;
}

rg_status rg_point_score_empirical(const rg_space *space, size_t samples, const double *points, double bandwidth,
                                   double background, rg_point_score **score, rg_diagnostic *diagnostic) {
    rg_status status = rg_space_check(space, diagnostic);
    if (!status) status = check_points(space, samples, points, bandwidth, background, diagnostic);
    if (status) return status;
    status = space->length ? rg_empirical_torus(space, samples, points, bandwidth, background, score)
                           : rg_empirical_free(space, samples, points, bandwidth, score);
    return status ? rg_fail(diagnostic, status, "empirical score: out of memory") : RG_OK;
}

/* ---- on a grid */

struct on_grid {
    rg_point_score score;
    rg_grid grid;
    rg_density *density;
    double *log_density, *values; /* (n), (d, n) */
};

static rg_status on_grid_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                            rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    struct on_grid *g = (struct on_grid *)score;
    (void)nearest;
    const rg_status status = rg_density_at(g->density, variance, g->log_density, g->values, diagnostic);
    if (!status) rg_interpolate(&g->grid, g->score.dim, g->values, count, x, out);
    return status;
}

static void on_grid_destroy(rg_point_score *score) {
    struct on_grid *g = (struct on_grid *)score;
    rg_density_destroy(g->density);
    rg_free(g->log_density);
    rg_free(g->values);
    rg_free(g);
}

rg_status rg_point_score_grid(const rg_grid *grid, const rg_density_spec *density, double variance_min,
                              rg_point_score **score, rg_diagnostic *diagnostic) {
    if (!grid || !density) return rg_fail(diagnostic, RG_EINVAL, "score on a grid: no grid or no density");
    struct on_grid *g = rg_alloc(1, sizeof *g);
    if (!g) return rg_fail(diagnostic, RG_ENOMEM, "score on a grid: out of memory");
    const size_t n = (size_t)rg_grid_cells(grid), dim = (size_t)grid->dim;
    *g = (struct on_grid){.score = {on_grid_at, on_grid_destroy, dim, 0}, .grid = *grid};
    g->log_density = rg_field_alloc(n);
    g->values = rg_field_alloc(rg_size_product(n, dim));
    rg_status status =
        g->log_density && g->values ? RG_OK : rg_fail(diagnostic, RG_ENOMEM, "score on a grid: out of memory");
    if (!status) status = rg_density_create(grid, density, variance_min, &g->density, diagnostic);
    if (status) {
        on_grid_destroy(&g->score);
        return status;
    }
    *score = &g->score;
    return RG_OK;
}

/* ---- all of them */

void rg_point_score_destroy(rg_point_score *score) {
    if (score) score->destroy(score);
}

int rg_point_score_has_nearest(const rg_point_score *score) {
    return score->has_nearest;
}

rg_status rg_point_score_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                            rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    if (!score || !x || !out) return rg_fail(diagnostic, RG_EINVAL, "score: no points");
    if (!(variance > 0) || !isfinite(variance))
        return rg_fail(diagnostic, RG_EINVAL, "score: expected a variance above 0, got %g", variance);
    return score->at(score, variance, count, x, out, nearest, diagnostic);
}
