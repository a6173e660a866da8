/* Cholesky's factor by blocks: all but the diagonal blocks is left to dtrsm and dsyrk. LAPACK's own takes other paths,
 * with other roundings, on other numbers of threads; this one does not. */
#include "measure/estimate.h"

#include <float.h>
#include <gsl/gsl_cblas.h>
#include <math.h>
#include <string.h>

enum { PANEL = 128 };

/* The n x n block at a, rows `stride` apart. A pivot below its rounding means that the matrix is singular. */
static int factor_block(size_t n, double *a, size_t stride, double least) {
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

int rg_cholesky(size_t n, double *a) {
    double largest = 0;
    for (size_t j = 0; j < n; j++) largest = fmax(largest, a[j * n + j]);
    const double least = (double)n * DBL_EPSILON * largest;
    for (size_t j = 0; j < n; j += PANEL) {
        const size_t width = n - j < PANEL ? n - j : PANEL, next = j + width, rest = n - next;
        double *block = a + j * n + j, *panel = a + next * n + j;
        if (!factor_block(width, block, n, least)) return 0;
        if (rest == 0) break;
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)rest, (int)width, 1, block,
                    (int)n, panel, (int)n);
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)rest, (int)width, -1, panel, (int)n, 1, panel + width,
                    (int)n);
    }
    return 1;
}

void rg_cholesky_solve(size_t n, const double *l, double *x) {
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, l, (int)n, x, 1);
    cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, (int)n, l, (int)n, x, 1);
}

void rg_triangle_inverse(size_t n, const double *l, double *inverse) {
    memset(inverse, 0, n * n * sizeof *inverse);
    for (size_t i = 0; i < n; i++) inverse[i * n + i] = 1;
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, (int)n, (int)n, 1, l, (int)n, inverse,
                (int)n);
}
