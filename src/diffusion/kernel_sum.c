/* Separable convolution, axis by axis, the last axis first.
 *
 * Component c of the result (0: the density, 1 + a: its derivative along a) takes K' on axis a and K on the others.
 * Every entry of K is positive, so the density has relative accuracy wherever it does not underflow. */
#include "diffusion/kernel_sum.h"

#include <math.h>
#include <string.h>

rg_status rg_kernel_sum_create(const rg_grid *from, const rg_grid *to, rg_kernel_sum *sum) {
    *sum = (rg_kernel_sum){.from = *from, .to = *to};
    size_t work = 1; /* the largest intermediate: each axis at its longer size */
    for (int a = 0; a < from->dim; a++) {
        const ptrdiff_t n = from->shape[a] > to->shape[a] ? from->shape[a] : to->shape[a];
        const size_t size = rg_size_product((size_t)to->shape[a], (size_t)from->shape[a]);
        work = rg_size_product(work, (size_t)n);
        sum->kernel[a] = rg_field_alloc(size);
        sum->derivative[a] = rg_field_alloc(size);
        if (!sum->kernel[a] || !sum->derivative[a]) return RG_ENOMEM;
    }
    sum->masses = rg_field_alloc((size_t)rg_grid_cells(from));
    sum->work[0] = rg_field_alloc(work);
    sum->work[1] = rg_field_alloc(work);
    return sum->masses && sum->work[0] && sum->work[1] ? RG_OK : RG_ENOMEM;
}

void rg_kernel_sum_free(rg_kernel_sum *sum) {
    for (int a = 0; a < RG_MAX_DIM; a++) {
        rg_free(sum->kernel[a]);
        rg_free(sum->derivative[a]);
    }
    rg_free(sum->masses);
    rg_free(sum->work[0]);
    rg_free(sum->work[1]);
}

static void fill_kernel(rg_kernel_sum *sum, int a, double variance) {
    const ptrdiff_t n = sum->to.shape[a], m = sum->from.shape[a];
    const double length = sum->to.length[a], to = rg_grid_spacing(&sum->to, a), from = rg_grid_spacing(&sum->from, a);
    double unused;
    const double least = sum->cut * rg_wrapped(0, length, variance, &unused);
#pragma omp parallel for schedule(static)
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < m; j++) {
            double derivative;
            const double value = rg_wrapped((double)i * to - (double)j * from, length, variance, &derivative);
            sum->kernel[a][i * m + j] = value > least ? value : 0;
            sum->derivative[a][i * m + j] = value > least ? derivative : 0;
        }
}

/* out[i, :] = sum_j matrix[i, j] in[j, :], rows of `inner` values; rows where the matrix is 0 cost nothing. */
static void multiply_rows(const double *matrix, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const double *in,
                          double *out) {
    for (ptrdiff_t i = 0; i < rows; i++) {
        double *restrict target = out + i * inner;
        for (ptrdiff_t k = 0; k < inner; k++) target[k] = 0;
        for (ptrdiff_t j = 0; j < columns; j++) {
            const double factor = matrix[i * columns + j];
            const double *restrict source = in + j * inner;
            if (factor == 0) continue;
            for (ptrdiff_t k = 0; k < inner; k++) target[k] += factor * source[k];
        }
    }
}

/* The last axis: out[o, i] = sum_j matrix[i, j] in[o, j]. */
static void multiply_last(const double *matrix, ptrdiff_t rows, ptrdiff_t columns, const double *in, double *out) {
    for (ptrdiff_t i = 0; i < rows; i++) {
        double lane[4] = {0};
        const double *restrict line = matrix + i * columns;
        ptrdiff_t j = 0;
        for (; j + 4 <= columns; j += 4)
            for (int l = 0; l < 4; l++) lane[l] += line[j + l] * in[j + l];
        for (; j < columns; j++) lane[0] += line[j] * in[j];
        out[i] = (lane[0] + lane[1]) + (lane[2] + lane[3]);
    }
}

/* One axis of `in` (outer, n_from, inner) -> out (outer, n_to, inner). */
static void convolve_axis(const rg_kernel_sum *sum, int a, const double *matrix, const double *in, double *out) {
    const ptrdiff_t n = sum->to.shape[a], m = sum->from.shape[a];
    ptrdiff_t outer = 1, inner = 1; /* axes before a are still on `from`, axes after it already on `to` */
    for (int b = 0; b < a; b++) outer *= sum->from.shape[b];
    for (int b = a + 1; b < sum->to.dim; b++) inner *= sum->to.shape[b];
    if (inner == 1) {
#pragma omp parallel for schedule(static)
        for (ptrdiff_t o = 0; o < outer; o++) multiply_last(matrix, n, m, in + o * m, out + o * n);
    } else if (outer > 1) {
#pragma omp parallel for schedule(static)
        for (ptrdiff_t o = 0; o < outer; o++)
            multiply_rows(matrix, n, m, inner, in + o * m * inner, out + o * n * inner);
    } else {
#pragma omp parallel for schedule(static)
        for (ptrdiff_t i = 0; i < n; i++) multiply_rows(matrix + i * m, 1, m, inner, in, out + i * inner);
    }
}

/* Component c; what is shared between components (the axes convolved before they part) is computed again: it is a
 * fraction 1/d of the work and would cost a field of memory each. */
static void component(rg_kernel_sum *sum, int c, double *out) {
    const int last = sum->to.dim - 1;
    const double *in = sum->masses;
    for (int a = last; a >= 0; a--) {
        double *next = a == 0 ? out : sum->work[a % 2];
        convolve_axis(sum, a, c == 1 + a ? sum->derivative[a] : sum->kernel[a], in, next);
        in = next;
    }
}

void rg_kernel_sum_at(rg_kernel_sum *sum, double variance, double *density, double *gradient) {
    const ptrdiff_t n = rg_grid_cells(&sum->to);
    for (int a = 0; a < sum->to.dim; a++) fill_kernel(sum, a, variance);
    component(sum, 0, density);
    for (int a = 0; gradient && a < sum->to.dim; a++) component(sum, 1 + a, gradient + a * n);
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
