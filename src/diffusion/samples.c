/* The empirical measure of N points, smoothed.
 *
 * Once, at creation: the exact kernel sum at the base variance b = variance_min / 2 on a base grid with spacing h. Then
 * p_v = (that density) * (wrapped Gaussian of variance v - b), the integral by the trapezoidal rule on the base grid.
 * For one sample the integrand is a Gaussian of variance b (v - b) / v >= b / 2 as long as v >= 2 b, so the rule's
 * relative error is 2 exp(-2 pi^2 (b / 2) / h^2) = 9e-13 for h = sqrt(2 b) / 2.4. No binning anywhere.
 *
 * Smooth densities need fewer points: a ladder of bases, each of four times the variance and about 2^-d of the points of
 * the one before, made from it in the same way; a variance uses the highest base with 2 b <= v. */
#include "diffusion/kernel_sum.h"

#include <math.h>

static const double points_per_deviation = 2.4;
static const double most_cells = 1 << 27;
enum { BATCH = 256, MOST_BASES = 12, FEWEST = 12 };

struct base {
    double variance; /* at which the masses live */
    rg_kernel_sum sum;
};

struct ladder {
    rg_law law;
    double background;
    rg_base_masses *masses;
    const void *data; /* of it, during creation */
    int bases;
    struct base base[MOST_BASES];
};

static void ladder_at(rg_law *law, double variance, double *log_density, double *score) {
    struct ladder *s = (struct ladder *)law;
    int i = s->bases - 1;
    while (i > 0 && 2 * s->base[i].variance > variance) i--;
    rg_kernel_sum_at(&s->base[i].sum, variance - s->base[i].variance, log_density, score);
    rg_density_to_log(&s->base[i].sum.to, log_density, score);
}

static void ladder_destroy(rg_law *law) {
    struct ladder *s = (struct ladder *)law;
    for (int i = 0; i < s->bases; i++) rg_kernel_sum_free(&s->base[i].sum);
    rg_free(s);
}

/* Points on one axis: enough, and commensurate with the run's grid, so that few distances occur between the two. */
static double base_points(ptrdiff_t n, double least) {
    const double unit = (double)(n % 4 == 0 ? n / 4 : n % 2 == 0 ? n / 2 : n);
    return unit * ceil(least / unit);
}

static rg_status base_grid(const rg_grid *grid, double deviation, rg_grid *base, rg_diagnostic *diagnostic) {
    ptrdiff_t shape[RG_MAX_DIM] = {1, 1, 1};
    double cells = 1;
    for (int a = 0; a < grid->dim; a++) {
        const double n = base_points(grid->shape[a], fmax(FEWEST, points_per_deviation * grid->length[a] / deviation));
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

/* The one-dimensional kernels of a batch of samples on every axis: for each sample the values at `width` points from
 * `first` on, around the box. */
struct batch {
    const rg_density_spec *spec;
    const rg_grid *grid;
    double variance, weight;
    size_t begin, count;
    ptrdiff_t width[RG_MAX_DIM];
    ptrdiff_t *first[RG_MAX_DIM];
    double *row[RG_MAX_DIM];
};

/* Points within which a kernel stays above `cut` of its top; all of them when nothing may be cut. */
static ptrdiff_t width_of(const struct batch *b, int a, double cut) {
    const ptrdiff_t n = b->grid->shape[a];
    if (cut <= 0) return n;
    const double reach = sqrt(-2 * b->variance * log(cut)) / rg_grid_spacing(b->grid, a);
    return 2 * reach + 3 < (double)n ? 2 * (ptrdiff_t)reach + 3 : n;
}

static void fill_sample(const struct batch *b, int a, size_t j) {
    const ptrdiff_t n = b->grid->shape[a], width = b->width[a];
    const double h = rg_grid_spacing(b->grid, a), length = b->grid->length[a];
    const double x = b->spec->points[(b->begin + j) * (size_t)b->grid->dim + (size_t)a] - b->grid->lower[a];
    const ptrdiff_t nearest = (ptrdiff_t)floor((x - length * floor(x / length)) / h + 0.5);
    const ptrdiff_t first = (nearest - width / 2 + 2 * n) % n;
    b->first[a][j] = first;
    for (ptrdiff_t i = 0; i < width; i++) {
        double unused;
        const double value = rg_wrapped((double)((first + i) % n) * h - x, length, b->variance, &unused);
        b->row[a][(ptrdiff_t)j * width + i] = value * (a == 0 ? b->weight : 1);
    }
}

static void fill_batch(const struct batch *b) {
#pragma omp parallel for schedule(static)
    for (size_t j = 0; j < b->count; j++)
        for (int a = 0; a < b->grid->dim; a++) fill_sample(b, a, j);
}

/* line[first + i] += factor row[i], around the line of n points */
static void add_row(double *restrict line, ptrdiff_t n, ptrdiff_t first, ptrdiff_t width, double factor,
                    const double *restrict row) {
    const ptrdiff_t before = first + width < n ? width : n - first;
    for (ptrdiff_t i = 0; i < before; i++) line[first + i] += factor * row[i];
    for (ptrdiff_t i = before; i < width; i++) line[first + i - n] += factor * row[i];
}

/* Adds to the plane of axis 0 at i0 what sample j leaves there. */
static void add_plane(const struct batch *b, size_t j, ptrdiff_t i0, double *plane) {
    const int dim = b->grid->dim;
    const ptrdiff_t n0 = b->grid->shape[0], n1 = b->grid->shape[1], n2 = b->grid->shape[2], at = (ptrdiff_t)j;
    const ptrdiff_t offset = (i0 - b->first[0][j] + n0) % n0;
    if (offset >= b->width[0]) return;
    const double factor = b->row[0][at * b->width[0] + offset];
    if (factor == 0) return;
    if (dim == 1) *plane += factor;
    if (dim == 2) add_row(plane, n1, b->first[1][j], b->width[1], factor, b->row[1] + at * b->width[1]);
    for (ptrdiff_t i = 0; dim == 3 && i < b->width[1]; i++)
        add_row(plane + (b->first[1][j] + i) % n1 * n2, n2, b->first[2][j], b->width[2],
                factor * b->row[1][at * b->width[1] + i], b->row[2] + at * b->width[2]);
}

/* masses[i0, i1, i2] += sum_j row0[j, i0] row1[j, i1] row2[j, i2]; threads share the planes of axis 0 */
static void add_batch(const struct batch *b, double *masses) {
    const ptrdiff_t n0 = b->grid->shape[0], plane = b->grid->shape[1] * b->grid->shape[2];
#pragma omp parallel for schedule(static)
    for (ptrdiff_t i0 = 0; i0 < n0; i0++)
        for (size_t j = 0; j < b->count; j++) add_plane(b, j, i0, masses + i0 * plane);
}

static rg_status sum_samples(const void *data, double variance, double cut, const rg_grid *grid, double *masses) {
    const rg_density_spec *spec = data;
    struct batch b = {.spec = spec, .grid = grid, .variance = variance};
    b.weight = rg_grid_cell_volume(grid) / (double)spec->samples;
    rg_status status = RG_OK;
    for (int a = 0; a < RG_MAX_DIM; a++) { /* one point on axes beyond dim */
        b.width[a] = width_of(&b, a, cut);
        b.row[a] = rg_field_alloc(rg_size_product(BATCH, (size_t)b.width[a]));
        b.first[a] = rg_alloc(BATCH, sizeof *b.first[a]);
        if (!b.row[a] || !b.first[a]) status = RG_ENOMEM;
    }
    for (b.begin = 0; !status && b.begin < spec->samples; b.begin += BATCH) {
        b.count = spec->samples - b.begin < BATCH ? spec->samples - b.begin : BATCH;
        fill_batch(&b);
        add_batch(&b, masses);
    }
    for (int a = 0; a < RG_MAX_DIM; a++) {
        rg_free(b.row[a]);
        rg_free(b.first[a]);
    }
    return status;
}

/* The masses of one base from those of the one before. */
static rg_status climb(const struct base *before, struct base *base) {
    rg_kernel_sum between;
    const rg_status status = rg_kernel_sum_create(&before->sum.from, &base->sum.from, &between);
    if (!status) {
        const ptrdiff_t from = rg_grid_cells(&before->sum.from), to = rg_grid_cells(&base->sum.from);
        for (ptrdiff_t i = 0; i < from; i++) between.masses[i] = before->sum.masses[i];
        rg_kernel_sum_at(&between, base->variance - before->variance, base->sum.masses, NULL);
        for (ptrdiff_t i = 0; i < to; i++) base->sum.masses[i] *= rg_grid_cell_volume(&base->sum.from);
    }
    rg_kernel_sum_free(&between);
    return status;
}

static rg_status add_base(struct ladder *s, const rg_grid *grid, double variance, rg_diagnostic *diagnostic) {
    rg_grid from;
    rg_status status = base_grid(grid, sqrt(2 * variance), &from, diagnostic);
    if (status) return status;
    struct base *base = &s->base[s->bases++];
    base->variance = variance;
    status = rg_kernel_sum_create(&from, grid, &base->sum);
    base->sum.cut = 1e-22 * s->background; /* below the rounding of the background, whatever the dimension */
    if (status) return status;
    return s->bases == 1 ? s->masses(s->data, variance, base->sum.cut, &from, base->sum.masses) : climb(base - 1, base);
}

/* FEWEST points resolve the base: another rung would save nothing. */
static int is_coarsest(const struct base *base) {
    for (int a = 0; a < base->sum.from.dim; a++)
        if (points_per_deviation * base->sum.from.length[a] > FEWEST * sqrt(2 * base->variance)) return 0;
    return 1;
}

rg_status rg_law_ladder(const rg_grid *grid, double variance_min, double background, rg_base_masses *masses,
                        const void *data, rg_law **law, rg_diagnostic *diagnostic) {
    struct ladder *s = rg_alloc(1, sizeof *s);
    if (!s) return RG_ENOMEM;
    *s = (struct ladder){.law = {ladder_at, ladder_destroy}, .background = background, .masses = masses, .data = data};
    rg_status status = add_base(s, grid, 0.5 * variance_min, diagnostic);
    while (!status && s->bases < MOST_BASES && !is_coarsest(&s->base[s->bases - 1]))
        status = add_base(s, grid, 4 * s->base[s->bases - 1].variance, diagnostic);
    if (status) {
        ladder_destroy(&s->law);
        return status;
    }
    *law = &s->law;
    return RG_OK;
}

rg_status rg_law_samples(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                         rg_diagnostic *diagnostic) {
    if (!(variance_min > 0))
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "samples have no density at sigma = 0: set noise.sigma_min above 0 (early stopping)");
    return rg_law_ladder(grid, variance_min, spec->background, sum_samples, spec, law, diagnostic);
}
