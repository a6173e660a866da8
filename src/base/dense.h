/* Dense linear algebra with the same bits on any number of threads: BLAS, which sums in another order when it shares its
 * work among threads of its own, works on one, and OpenMP shares out pieces of a fixed size. Matrices are in row order;
 * of symmetric and triangular ones the lower half counts. Internal. */
#ifndef RG_DENSE_H
#define RG_DENSE_H

#include "base/base.h"

/* Between the two BLAS works on one thread. They nest, and several threads may call them. */
void rg_dense_begin(void);
void rg_dense_end(void);

/* Rows that one thread takes at a time; whether it is worth while to share out n rows with `work` operations each. */
enum { RG_DENSE_ROWS = 64 };
int rg_dense_threaded(size_t rows, size_t work);

/* gram (k, k) += a' a, and gram += a' b + b' a; a and b (n, k). */
void rg_dense_add_square(size_t n, size_t k, const double *a, double *gram);
void rg_dense_add_mixed(size_t n, size_t k, const double *a, const double *b, double *gram);
/* sums (k) += rows, and squares (k) += their squares; rows (n, k). */
void rg_dense_add_rows(size_t n, size_t k, const double *rows, double *sums, double *squares);
/* sums + target[i] k += row i */
void rg_dense_scatter_rows(size_t n, size_t k, const double *rows, const size_t *target, double *sums);

/* l = L with L L' = a, row by row, for matrices of a few rows; a is positive definite, and l starts as 0. */
void rg_dense_small_cholesky(size_t n, const double *a, double *l);
/* a becomes L with L L' = a. 0 when a is not positive definite in double precision. */
int rg_dense_cholesky(size_t n, double *a);
/* x = (L L')^-1 x */
void rg_dense_solve(size_t n, const double *l, double *x);
/* Each of the rows (count, n) becomes L^-1 of it, or L^-T. */
void rg_dense_solve_rows(size_t count, size_t n, const double *l, int transposed, double *rows);
/* inverse (n, n) = L^-1 */
void rg_dense_inverse(size_t n, const double *l, double *inverse);

#endif
