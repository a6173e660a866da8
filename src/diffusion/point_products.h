/* Products of points with points, one tile of rows against one block of columns at a time, through BLAS on one thread (rg_dense_begin):
 * who calls shares tiles among threads, and the sums stay the same for any number of them. Internal. */
#ifndef RG_POINT_PRODUCTS_H
#define RG_POINT_PRODUCTS_H

#include "base/dense.h"

/* Rows of a tile, columns of a block. Both make the products run at the speed of large ones; a tile is what a thread takes. */
enum { RG_TILE = 256, RG_BLOCK = 512 };

/* out (rows, columns) = x (rows, dim) y (columns, dim)' */
void rg_products(size_t rows, size_t columns, size_t dim, const double *x, const double *y, double *out);
/* out (rows, dim) += weight (rows, columns) y (columns, dim) */
void rg_combine(size_t rows, size_t columns, size_t dim, const double *weight, const double *y, double *out);

double rg_half_square(size_t dim, const double *x);                   /* |x|^2 / 2 */
double rg_point_square(size_t dim, const double *x, const double *y); /* |x - y|^2 */
/* |x - a|^2 / 2 - |x - b|^2 / 2 = (b - a).(x - (a + b) / 2), without the cancellation */
double rg_nearer_by(size_t dim, const double *x, const double *a, const double *b);

/* What rounding may do to x.y in a product of `dim` terms, for |x| |y| = 1: roundings of either sign add like the steps of
 * a random walk; sixteen deviations. */
double rg_product_rounding(size_t dim);

/* Rows of (count, dim) that repeat an earlier one. RG_ENOMEM. */
rg_status rg_points_repeated(size_t count, size_t dim, const double *points, size_t *repeated) RG_MUST_CHECK;

#endif
