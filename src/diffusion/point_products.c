/* Matrix products of points, and the exact distances that replace them where they lose too many digits. */
#include "diffusion/point_products.h"

#include <float.h>
#include <gsl/gsl_cblas.h>
#include <math.h>

void rg_products(size_t rows, size_t columns, size_t dim, const double *x, const double *y, double *out) {
    const int m = (int)rows, n = (int)columns, d = (int)dim;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, d, 1, x, d, y, d, 0, out, n);
}

void rg_combine(size_t rows, size_t columns, size_t dim, const double *weight, const double *y, double *out) {
    const int m = (int)rows, n = (int)columns, d = (int)dim;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, d, n, 1, weight, n, y, d, 1, out, d);
}

double rg_half_square(size_t dim, const double *x) {
    double sum = 0;
    for (size_t a = 0; a < dim; a++) sum += x[a] * x[a];
    return 0.5 * sum;
}

double rg_point_square(size_t dim, const double *x, const double *y) {
    double sum = 0;
    for (size_t a = 0; a < dim; a++) sum += (x[a] - y[a]) * (x[a] - y[a]);
    return sum;
}

double rg_nearer_by(size_t dim, const double *x, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < dim; i++) sum += (b[i] - a[i]) * (x[i] - 0.5 * (a[i] + b[i]));
    return sum;
}

double rg_product_rounding(size_t dim) {
    return 16 * DBL_EPSILON * sqrt((double)dim);
}
