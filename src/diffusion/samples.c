/* The empirical measure of N points, smoothed.
 *
 * Once, at creation: the exact kernel sum at the base variance b = variance_min / 2 on a base grid with spacing h. Then
 * p_v = (that density) * (wrapped Gaussian of variance v - b), the integral by the trapezoidal rule on the base grid.
 * For one sample the integrand is a Gaussian of variance b (v - b) / v >= variance_min / 4, so the rule's relative error
 * is 2 exp(-2 pi^2 (variance_min / 4) / h^2) = 9e-13 for h = sqrt(variance_min) / 2.4. No binning anywhere. */
#include "diffusion/kernel_sum.h"

#include <math.h>

static const double points_per_deviation = 2.4;
static const double most_cells = 1 << 27;
enum { BATCH = 256 };

struct samples {
    rg_law law;
    rg_kernel_sum sum;
    double base; /* variance at which the masses live */
};

static void samples_at(rg_law *law, double variance, double *log_density, double *score) {
    struct samples *s = (struct samples *)law;
    rg_kernel_sum_at(&s->sum, variance - s->base, log_density, score);
    rg_density_to_log(&s->sum.to, log_density, score);
}

static void samples_destroy(rg_law *law) {
    struct samples *s = (struct samples *)law;
    rg_kernel_sum_free(&s->sum);
    rg_free(s);
}

static rg_status base_grid(const rg_grid *grid, double deviation, rg_grid *base, rg_diagnostic *diagnostic) {
    ptrdiff_t shape[RG_MAX_DIM] = {1, 1, 1};
    double cells = 1;
    for (int a = 0; a < grid->dim; a++) {
        const double n = fmax(8, ceil(points_per_deviation * grid->length[a] / deviation));
        cells *= n;
        if (!(cells < most_cells))
            return rg_fail(
                diagnostic, RG_EINVAL,
                "the lowest noise level, sigma_min = %g, is too small to smooth samples with in a box of this "
                "size: raise sigma_min",
                deviation);
        shape[a] = (ptrdiff_t)n;
    }
    return rg_grid_init(grid->dim, shape, grid->lower, grid->length, base);
}

/* The one-dimensional kernels of a batch of samples on every axis: rows (BATCH, n_a). */
struct batch {
    const rg_density_spec *spec;
    const rg_grid *grid;
    double variance, weight;
    size_t begin, count;
    double *row[RG_MAX_DIM];
};

static void fill_batch(const struct batch *b) {
    const size_t dim = (size_t)b->grid->dim;
    for (size_t a = 0; a < dim; a++) {
        const ptrdiff_t n = b->grid->shape[a];
        const double h = rg_grid_spacing(b->grid, (int)a);
#pragma omp parallel for schedule(static)
        for (size_t j = 0; j < b->count; j++) {
            const double x = b->spec->points[(b->begin + j) * dim + a] - b->grid->lower[a];
            for (ptrdiff_t i = 0; i < n; i++) {
                double unused;
                const double value = rg_wrapped((double)i * h - x, b->grid->length[a], b->variance, &unused);
                b->row[a][(ptrdiff_t)j * n + i] = value * (a == 0 ? b->weight : 1);
            }
        }
    }
}

/* masses[i0, i1, i2] += sum_j row0[j, i0] row1[j, i1] row2[j, i2]; kernels below 1e-300 of the sum cost nothing. */
static void add_batch(const struct batch *b, double *masses) {
    const ptrdiff_t n0 = b->grid->shape[0], n1 = b->grid->shape[1], n2 = b->grid->shape[2];
    const int dim = b->grid->dim;
#pragma omp parallel for schedule(static)
    for (ptrdiff_t i0 = 0; i0 < n0; i0++)
        for (size_t j = 0; j < b->count; j++) {
            const double f0 = b->row[0][(ptrdiff_t)j * n0 + i0];
            if (f0 == 0) continue;
            for (ptrdiff_t i1 = 0; i1 < n1; i1++) {
                const double f1 = dim > 2 ? f0 * b->row[1][(ptrdiff_t)j * n1 + i1] : f0;
                double *restrict line = masses + (dim > 2 ? (i0 * n1 + i1) * n2 : i0 * n1);
                const double *restrict last = dim > 1 ? b->row[dim - 1] + (ptrdiff_t)j * (dim > 2 ? n2 : n1) : NULL;
                const ptrdiff_t length = dim > 2 ? n2 : n1;
                if (f1 != 0)
                    for (ptrdiff_t i = 0; i < length; i++) line[i] += last ? f1 * last[i] : f1;
                if (dim < 3) break;
            }
        }
}

static rg_status sum_samples(struct samples *s, const rg_density_spec *spec) {
    struct batch b = {.spec = spec, .grid = &s->sum.from, .variance = s->base};
    b.weight = rg_grid_cell_volume(&s->sum.from) / (double)spec->samples;
    rg_status status = RG_OK;
    for (int a = 0; a < b.grid->dim; a++) {
        b.row[a] = rg_field_alloc(rg_size_product(BATCH, (size_t)b.grid->shape[a]));
        if (!b.row[a]) status = RG_ENOMEM;
    }
    for (b.begin = 0; !status && b.begin < spec->samples; b.begin += BATCH) {
        b.count = spec->samples - b.begin < BATCH ? spec->samples - b.begin : BATCH;
        fill_batch(&b);
        add_batch(&b, s->sum.masses);
    }
    for (int a = 0; a < RG_MAX_DIM; a++) rg_free(b.row[a]);
    return status;
}

rg_status rg_law_samples(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                         rg_diagnostic *diagnostic) {
    if (!(variance_min > 0))
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "samples have no density at sigma = 0: set noise.sigma_min above 0 (early stopping)");
    rg_grid base;
    rg_status status = base_grid(grid, sqrt(variance_min), &base, diagnostic);
    if (status) return status;
    struct samples *s = rg_alloc(1, sizeof *s);
    if (!s) return RG_ENOMEM;
    s->law = (rg_law){samples_at, samples_destroy};
    s->base = 0.5 * variance_min;
    status = rg_kernel_sum_create(&base, grid, &s->sum);
    s->sum.cut = 1e-22 * spec->background; /* below the rounding of the background, whatever the dimension */
    if (!status) status = sum_samples(s, spec);
    if (status) {
        samples_destroy(&s->law);
        return status;
    }
    *law = &s->law;
    return RG_OK;
}
