/* Cholesky's factor by blocks, and what is done with it. Within a diagonal block of SMALL rows the loops are written out;
 * the rest is left to dtrsm, dsyrk and dgemm, in pieces of a fixed size. LAPACK's own takes other paths, with other
 * roundings, on other numbers of threads. */
#include "base/dense.h"

#include <float.h>
#include <gsl/gsl_cblas.h>
#include <math.h>
#include <string.h>

enum { SMALL = 32, PANEL = 128 };

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

void rg_dense_small_cholesky(size_t n, const double *a, double *l) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
            l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
        }
}

/* The n x n block at a, rows `stride` apart. A pivot below its rounding means that the matrix is singular. */
static int factor_small(size_t n, double *a, size_t stride, double least) {
    for (size_t j = 0; j < n; j++) {
        double *row = a + j * stride;
        double pivot = row[j];
        for (size_t k = 0; k < j; k++) pivot -= row[k] * row[k];
        if (!(pivot > least)) return 0;
        row[j] = sqrt(pivot);
        for (size_t i = j + 1; i < n; i++) {
            double *below = a + i * stride, sum = below[j];
            for (size_t k = 0; k < j; k++) sum -= below[k] * row[k];
            below[j] = sum / row[j];
        }
    }
    return 1;
}

/* panel (rest, width) = panel L^-T */
static void solve_panel(size_t rest, size_t width, const double *l, double *panel, size_t stride) {
#pragma omp parallel for schedule(dynamic, 1) if (rg_dense_threaded(rest, width * width))
    for (size_t i = 0; i < rest; i += PANEL)
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)least_of(rest - i, PANEL),
                    (int)width, 1, l, (int)stride, panel + i * stride, (int)stride);
}

/* rest -= panel panel', in stripes; their lengths differ, so the long ones come first. */
static void subtract_square(size_t rest, size_t width, const double *panel, double *out, size_t stride) {
    const size_t stripes = (rest + PANEL - 1) / PANEL;
#pragma omp parallel for schedule(dynamic, 1) if (rg_dense_threaded(rest, rest * width))
    for (size_t s = 0; s < stripes; s++) {
        const size_t row = (stripes - 1 - s) * PANEL, height = least_of(rest - row, PANEL);
        double *to = out + row * stride;
        if (row > 0)
            cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)height, (int)row, (int)width, -1,
                        panel + row * stride, (int)stride, panel, (int)stride, 1, to, (int)stride);
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)height, (int)width, -1, panel + row * stride,
                    (int)stride, 1, to + row, (int)stride);
    }
}

/* Blocks of `width`, the diagonal ones by blocks of SMALL. */
static int factor(size_t n, double *a, size_t stride, size_t width, double least) {
    for (size_t j = 0; j < n; j += width) {
        const size_t size = least_of(n - j, width), next = j + size;
        double *block = a + j * stride + j, *panel = a + next * stride + j;
        const int positive =
            width > SMALL ? factor(size, block, stride, SMALL, least) : factor_small(size, block, stride, least);
        if (!positive) return 0;
        if (next == n) break;
        solve_panel(n - next, size, block, panel, stride);
        subtract_square(n - next, size, panel, panel + size, stride);
    }
    return 1;
}

int rg_dense_cholesky(size_t n, double *a) {
    double largest = 0;
    for (size_t j = 0; j < n; j++) largest = fmax(largest, a[j * n + j]);
    return factor(n, a, n, PANEL, (double)n * DBL_EPSILON * largest);
}

void rg_dense_solve(size_t n, const double *l, double *x) {
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, l, (int)n, x, 1);
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)n, l, (int)n, x, 1);
}

void rg_dense_solve_rows(size_t count, size_t n, const double *l, int transposed, double *rows) {
#pragma omp parallel for schedule(dynamic, 1) if (rg_dense_threaded(count, n * n))
    for (size_t i = 0; i < count; i += PANEL)
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transposed ? CblasNoTrans : CblasTrans, CblasNonUnit,
                    (int)least_of(count - i, PANEL), (int)n, 1, l, (int)n, rows + i * n, (int)n);
}

/* Columns j.. of L^-1 begin in row j. */
void rg_dense_inverse(size_t n, const double *l, double *inverse) {
    memset(inverse, 0, n * n * sizeof *inverse);
    for (size_t i = 0; i < n; i++) inverse[i * n + i] = 1;
#pragma omp parallel for schedule(dynamic, 1) if (rg_dense_threaded(n, n * n))
    for (size_t j = 0; j < n; j += PANEL)
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)(n - j),
                    (int)least_of(n - j, PANEL), 1, l + j * n + j, (int)n, inverse + j * n + j, (int)n);
}
