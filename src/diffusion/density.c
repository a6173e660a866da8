/* Densities: the checks, the choice of law, the background.
 *
 * A background d makes p = (1 - d) p' + d / volume, which solves the same heat flow; its score is that of p' times the
 * posterior probability of p'. */
#include "diffusion/manifold.h"

#include <math.h>

struct rg_density {
    rg_grid grid;
    rg_law *law;
    double background, variance_min;
};

rg_status rg_check_positive(const rg_grid *grid, const double *log_density, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(grid), *shape = grid->shape;
    for (ptrdiff_t i = 0; i < n; i++)
        if (!isfinite(log_density[i]))
            return rg_fail(
                diagnostic, RG_EDOMAIN,
                "the density is 0, or too small for double precision, at grid point (%td, %td, %td): give it "
                "a background (1e-6, say)",
                i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]);
    return RG_OK;
}

static int finite_values(size_t count, const double *values) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return 0;
    return 1;
}

static rg_status check_weights(size_t count, const double *weights, const char *what, rg_diagnostic *diagnostic) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(weights[i])) return rg_fail(diagnostic, RG_EINVAL, "%s: value %zu is not finite", what, i);
        if (weights[i] < 0)
            return rg_fail(diagnostic, RG_EDOMAIN, "%s: value %zu is negative (%g)", what, i, weights[i]);
        sum += weights[i];
    }
    return sum > 0 && isfinite(sum) ? RG_OK : rg_fail(diagnostic, RG_EDOMAIN, "%s: the mass is %g", what, sum);
}

/* Symmetric, and positive definite by more than rounding: every pivot of the Cholesky factorisation counts. */
static int is_covariance(const double *c, int d) {
    const double symmetric = 1e-12, least_pivot = 1e-10; /* relative to the diagonal */
    double factor[9] = {0};
    for (int j = 0; j < d; j++) {
        double pivot = c[j * d + j];
        for (int k = 0; k < j; k++) pivot -= factor[j * d + k] * factor[j * d + k];
        if (!(c[j * d + j] > 0) || !(pivot > least_pivot * c[j * d + j])) return 0;
        factor[j * d + j] = sqrt(pivot);
        for (int i = j + 1; i < d; i++) {
            const double below = c[i * d + j], above = c[j * d + i];
            if (!(fabs(below - above) <= symmetric * sqrt(fabs(c[i * d + i] * c[j * d + j])))) return 0;
            double sum = below;
            for (int k = 0; k < j; k++) sum -= factor[i * d + k] * factor[j * d + k];
            factor[i * d + j] = sum / factor[j * d + j];
        }
    }
    return 1;
}

static int is_diagonal(const rg_density_spec *spec, int d) {
    for (size_t m = 0; m < spec->components; m++)
        for (int i = 0; i < d * d; i++)
            if (i % (d + 1) != 0 && spec->covariances[m * (size_t)(d * d) + (size_t)i] != 0) return 0;
    return 1;
}

static rg_status check_mixture(const rg_grid *grid, const rg_density_spec *spec, rg_diagnostic *diagnostic) {
    const size_t d = (size_t)grid->dim;
    if (spec->components == 0 || !spec->means || !spec->covariances || !spec->weights)
        return rg_fail(diagnostic, RG_EINVAL, "mixture: no component");
    if (!finite_values(spec->components * d, spec->means) ||
        !finite_values(spec->components * d * d, spec->covariances))
        return rg_fail(diagnostic, RG_EINVAL, "mixture: a mean or covariance is not finite");
    for (size_t m = 0; m < spec->components; m++)
        if (!is_covariance(spec->covariances + m * d * d, grid->dim))
            return rg_fail(diagnostic, RG_EINVAL, "mixture: covariance %zu is not symmetric and positive definite", m);
    return check_weights(spec->components, spec->weights, "mixture weights", diagnostic);
}

static rg_status create_manifold(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                                 rg_diagnostic *diagnostic) {
    const int axes = rg_manifold_axes(spec->kind);
    if (axes && axes != grid->dim)
        return rg_fail(diagnostic, RG_EINVAL, "shape: not defined in %d dimensions", grid->dim);
    if (!(spec->width >= 0) || !isfinite(spec->width))
        return rg_fail(diagnostic, RG_EINVAL, "shape: the width must not be negative");
    if (!axes &&
        (spec->samples == 0 || !spec->points || !finite_values(spec->samples * (size_t)grid->dim, spec->points)))
        return rg_fail(diagnostic, RG_EINVAL, "points: none, or one is not finite");
    if (spec->count > 0 && rg_manifold_parameters(spec->kind) != 1)
        return rg_fail(diagnostic, RG_EINVAL, "shape: only a curve can be taken by points");
    return rg_law_manifold(grid, spec, variance_min, law, diagnostic);
}

static rg_status create_law(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                            rg_diagnostic *diagnostic) {
    rg_status status;
    switch (spec->kind) {
    case RG_DENSITY_MIXTURE:
        status = check_mixture(grid, spec, diagnostic);
        if (status) return status;
        return is_diagonal(spec, grid->dim) ? rg_law_separable(grid, spec, law) : rg_law_gaussian(grid, spec, law);
    case RG_DENSITY_SAMPLES:
        if (spec->samples == 0 || !spec->points || !finite_values(spec->samples * (size_t)grid->dim, spec->points))
            return rg_fail(diagnostic, RG_EINVAL, "samples: none, or one is not finite");
        return rg_law_samples(grid, spec, variance_min, law, diagnostic);
    case RG_DENSITY_GRID:
        if (!spec->values) return rg_fail(diagnostic, RG_EINVAL, "density grid: no values");
        status = check_weights((size_t)rg_grid_cells(&spec->values_grid), spec->values, "density grid", diagnostic);
        return status ? status : rg_law_grid(grid, spec, law, diagnostic);
    case RG_DENSITY_RING:
    case RG_DENSITY_TWO_MOONS:
    case RG_DENSITY_CHECKERBOARD:
        if (!(spec->width > 0) || !isfinite(spec->width))
            return rg_fail(diagnostic, RG_EINVAL, "shape: the width must be positive");
        if (grid->dim == 1 || (grid->dim == 3 && spec->kind != RG_DENSITY_CHECKERBOARD))
            return rg_fail(diagnostic, RG_EINVAL, "shape: not defined in %d dimensions", grid->dim);
        return rg_law_separable(grid, spec, law);
    default:
        break;
    }
    return rg_density_on_manifold(spec->kind) ? create_manifold(grid, spec, variance_min, law, diagnostic)
                                              : rg_fail(diagnostic, RG_EINVAL, "unknown kind of density");
}

rg_status rg_density_create(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_density **density,
                            rg_diagnostic *diagnostic) {
    if (!grid || !spec || !density || !isfinite(variance_min) || variance_min < 0)
        return rg_fail(diagnostic, RG_EINVAL, "density: the lowest variance must be finite and not negative");
    if (!(spec->background >= 0 && spec->background < 1))
        return rg_fail(diagnostic, RG_EINVAL, "density: the background must lie in [0, 1), got %g", spec->background);
    rg_density *d = rg_alloc(1, sizeof *d);
    if (!d) return rg_fail(diagnostic, RG_ENOMEM, "density: out of memory");
    d->grid = *grid;
    d->background =
        spec->kind == RG_DENSITY_GRID ? 0 : spec->background; /* a grid law mixes it in before the logarithm */
    d->variance_min = variance_min;
    const rg_status status = create_law(grid, spec, variance_min, &d->law, diagnostic);
    if (status) {
        if (status == RG_ENOMEM) rg_fail(diagnostic, status, "density: out of memory");
        rg_density_destroy(d);
        return status;
    }
    *density = d;
    return RG_OK;
}

void rg_density_destroy(rg_density *density) {
    if (!density) return;
    if (density->law) density->law->destroy(density->law);
    rg_free(density);
}

static void add_background(const rg_density *d, double *log_density, double *score) {
    const double first = log1p(-d->background), second = log(d->background / rg_grid_volume(&d->grid));
    const ptrdiff_t n = rg_grid_cells(&d->grid);
    for (ptrdiff_t i = 0; i < n; i++) {
        const double a = first + log_density[i], top = fmax(a, second);
        const double log_sum = top + log1p(exp(fmin(a, second) - top));
        const double posterior = exp(a - log_sum);
        for (int c = 0; score && c < d->grid.dim; c++) score[c * n + i] *= posterior;
        log_density[i] = log_sum;
    }
}

rg_status rg_density_at(rg_density *density, double variance, double *log_density, double *score,
                        rg_diagnostic *diagnostic) {
    if (!density || !log_density || !isfinite(variance)) return rg_fail(diagnostic, RG_EINVAL, "density: no variance");
    if (variance < density->variance_min * (1 - 1e-12))
        return rg_fail(diagnostic, RG_EINVAL, "density: variance %g is below the lowest one, %g", variance,
                       density->variance_min);
    density->law->at(density->law, variance, log_density, score);
    if (density->background > 0) add_background(density, log_density, score);
    return rg_check_positive(&density->grid, log_density, diagnostic);
}
