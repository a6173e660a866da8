/* Separable convolution, axis by axis, the last axis first.
 *
 * Every entry of the kernel is positive, so the density has relative accuracy wherever it does not underflow. */
#include "diffusion/kernel_sum.h"

#include <math.h>
#include <string.h>

static ptrdiff_t least_common_multiple(ptrdiff_t a, ptrdiff_t b) {
    ptrdiff_t x = a, y = b;
    while (y != 0) {
        const ptrdiff_t rest = x % y;
        x = y;
        y = rest;
    }
    return a / x * b;
}

rg_status rg_kernel_sum_create(const rg_grid *from, const rg_grid *to, rg_kernel_sum *sum) {
    *sum = (rg_kernel_sum){.from = *from, .to = *to};
    size_t work = 1; /* the largest intermediate: each axis at its longer size */
    rg_status status = RG_OK;
    for (int a = 0; a < from->dim; a++) {
        const ptrdiff_t n = from->shape[a] > to->shape[a] ? from->shape[a] : to->shape[a];
        const size_t size = rg_size_product((size_t)to->shape[a], (size_t)from->shape[a]);
        work = rg_size_product(work, (size_t)n);
        sum->kernel[a] = rg_field_alloc(size);
        sum->derivative[a] = rg_field_alloc(size);
        sum->steps[a] = least_common_multiple(to->shape[a], from->shape[a]);
        sum->value[a] = rg_field_alloc((size_t)sum->steps[a]);
        sum->slope[a] = rg_field_alloc((size_t)sum->steps[a]);
        if (!sum->kernel[a] || !sum->derivative[a] || !sum->value[a] || !sum->slope[a]) status = RG_ENOMEM;
    }
    sum->masses = rg_field_alloc((size_t)rg_grid_cells(from));
    sum->work[0] = rg_field_alloc(work);
    sum->work[1] = rg_field_alloc(work);
    return sum->masses && sum->work[0] && sum->work[1] ? status : RG_ENOMEM;
}

void rg_kernel_sum_free(rg_kernel_sum *sum) {
    for (int a = 0; a < RG_MAX_DIM; a++) {
        rg_free(sum->kernel[a]);
        rg_free(sum->derivative[a]);
        rg_free(sum->value[a]);
        rg_free(sum->slope[a]);
    }
    rg_free(sum->masses);
    rg_free(sum->work[0]);
    rg_free(sum->work[1]);
}

/* The kernel at every distance that occurs, and how far it reaches before it falls below the cut. */
static void tabulate(rg_kernel_sum *sum, int a, double variance) {
    const ptrdiff_t steps = sum->steps[a], m = sum->from.shape[a];
    const double length = sum->to.length[a], unit = length / (double)steps;
    double unused;
    const double least = sum->cut * rg_wrapped(0, length, variance, &unused);
    ptrdiff_t farthest = 0;
    for (ptrdiff_t i = 0; i < steps; i++) {
        sum->value[a][i] = rg_wrapped((double)i * unit, length, variance, &sum->slope[a][i]);
        const ptrdiff_t distance = i < steps - i ? i : steps - i;
        if (sum->value[a][i] > least) {
            farthest = distance > farthest ? distance : farthest;
        } else {
            sum->value[a][i] = sum->slope[a][i] = 0;
        }
    }
    const ptrdiff_t reach = farthest / (steps / m) + 2;
    sum->reach[a] = 2 * reach + 1 < m ? reach : m;
}

static void fill_kernel(rg_kernel_sum *sum, int a, double variance) {
    const ptrdiff_t n = sum->to.shape[a], m = sum->from.shape[a], steps = sum->steps[a];
    tabulate(sum, a, variance);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < m; j++) {
            const ptrdiff_t difference = i * (steps / n) - j * (steps / m);
            const ptrdiff_t k = difference < 0 ? difference + steps : difference;
            sum->kernel[a][i * m + j] = sum->value[a][k];
            sum->derivative[a][i * m + j] = sum->slope[a][k];
        }
}

/* The columns of row i that are not 0: [begin[0], end[0]) and, where they wrap around, [begin[1], end[1]). */
struct band {
    ptrdiff_t begin[2], end[2];
};

static struct band band_of(const rg_kernel_sum *sum, int a, ptrdiff_t i) {
    const ptrdiff_t n = sum->to.shape[a], m = sum->from.shape[a], reach = sum->reach[a];
    if (reach >= m) return (struct band){{0, 0}, {m, 0}};
    const ptrdiff_t low = i * m / n - reach, high = i * m / n + reach + 1;
    if (low < 0) return (struct band){{0, low + m}, {high, m}};
    if (high > m) return (struct band){{0, low}, {high - m, m}};
    return (struct band){{low, 0}, {high, 0}};
}

/* out[:] = sum over the band of row[j] in[j, :], lines of `inner` values, CHUNK of them at a time in registers. */
static void combine_lines(const double *row, struct band band, ptrdiff_t inner, const double *in,
                          double *restrict out) {
    enum { CHUNK = 16 };
    for (ptrdiff_t start = 0; start < inner; start += CHUNK) {
        const ptrdiff_t width = inner - start < CHUNK ? inner - start : CHUNK;
        double sum[CHUNK] = {0};
        for (int part = 0; part < 2; part++)
            for (ptrdiff_t j = band.begin[part]; j < band.end[part]; j++) {
                const double factor = row[j], *line = in + j * inner + start;
                if (width == CHUNK) {
                    for (int k = 0; k < CHUNK; k++) sum[k] += factor * line[k];
                } else {
                    for (ptrdiff_t k = 0; k < width; k++) sum[k] += factor * line[k];
                }
            }
        for (ptrdiff_t k = 0; k < width; k++) out[start + k] = sum[k];
    }
}

/* The sum over the band of row[j] in[j], in eight running sums. */
static double combine_values(const double *row, struct band band, const double *in) {
    double lane[8] = {0}, rest = 0;
    for (int part = 0; part < 2; part++) {
        ptrdiff_t j = band.begin[part];
        for (; j + 8 <= band.end[part]; j += 8)
            for (int l = 0; l < 8; l++) lane[l] += row[j + l] * in[j + l];
        for (; j < band.end[part]; j++) rest += row[j] * in[j];
    }
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7])) + rest;
}

/* One axis of `in` (outer, n_from, inner) -> out (outer, n_to, inner). */
static void convolve_axis(const rg_kernel_sum *sum, int a, const double *matrix, const double *in, double *out) {
    const ptrdiff_t n = sum->to.shape[a], m = sum->from.shape[a];
    ptrdiff_t outer = 1, inner = 1; /* axes before a are still on `from`, axes after it already on `to` */
    for (int b = 0; b < a; b++) outer *= sum->from.shape[b];
    for (int b = a + 1; b < sum->to.dim; b++) inner *= sum->to.shape[b];
#pragma omp parallel for schedule(static) if (outer * n * inner >= RG_THREADED_CELLS)
    for (ptrdiff_t line = 0; line < outer * n; line++) {
        const ptrdiff_t o = line / n, i = line % n;
        const double *row = matrix + i * m, *source = in + o * m * inner;
        const struct band band = band_of(sum, a, i);
        if (inner == 1) {
            out[line] = combine_values(row, band, source);
        } else {
            combine_lines(row, band, inner, source, out + line * inner);
        }
    }
}

/* The density is K on every axis, its derivative along a is K' on axis a and K on the others. Going down from the last
 * axis, what is common is convolved once: K (and K', if no derivative was taken yet) on this axis, then the axes below.
 * `which`: 0 while no derivative is taken, else 1 + its axis. */
static void descend(rg_kernel_sum *sum, int a, int which, const double *in, double *density, double *gradient) {
    const ptrdiff_t n = rg_grid_cells(&sum->to);
    double *out = a > 0 ? sum->work[a % 2] : which == 0 ? density : gradient + (which - 1) * n;
    convolve_axis(sum, a, sum->kernel[a], in, out);
    if (a > 0) descend(sum, a - 1, which, out, density, gradient);
    if (which > 0 || !gradient) return;
    out = a > 0 ? sum->work[a % 2] : gradient;
    convolve_axis(sum, a, sum->derivative[a], in, out);
    if (a > 0) descend(sum, a - 1, 1 + a, out, density, gradient);
}

void rg_kernel_sum_at(rg_kernel_sum *sum, double variance, double *density, double *gradient) {
    for (int a = 0; a < sum->to.dim; a++) fill_kernel(sum, a, variance);
    descend(sum, sum->to.dim - 1, 0, sum->masses, density, gradient);
}

void rg_density_to_log(const rg_grid *grid, double *density, double *gradient) {
    const double least = 1e-300; /* below, the last digits are gone */
    const ptrdiff_t n = rg_grid_cells(grid);
    for (ptrdiff_t i = 0; i < n; i++) {
        const int lost = !(density[i] > least);
        for (int a = 0; gradient && a < grid->dim; a++)
            gradient[a * n + i] = lost ? 0 : gradient[a * n + i] / density[i];
        density[i] = lost ? -HUGE_VAL : log(density[i]);
    }
}
