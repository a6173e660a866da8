/* Products and sums of dense matrices, tile by tile; see dense.h. A tile of a product is TILE x TILE: large enough for
 * BLAS to reach its speed, small enough for a few threads to share a matrix of 500. */
#include "base/dense.h"

#include <gsl/gsl_cblas.h>

enum { TILE = 192, COLUMNS = 64 };
/* Operations below which starting threads costs more than it saves. */
static const double few = 1e5;

/* cblas.h of OpenBLAS would declare them beside a second gsl_cblas.h. */
int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);

/* BLAS has one number of threads for the whole process, so those who ask for one are counted. The critical sections have no
 * name: it would become a symbol of the library. */
static int users, threads_before;

void rg_dense_begin(void) {
#pragma omp critical
    if (users++ == 0) {
        threads_before = openblas_get_num_threads();
        if (threads_before != 1) openblas_set_num_threads(1);
    }
}

void rg_dense_end(void) {
#pragma omp critical
    if (--users == 0 && threads_before != 1) openblas_set_num_threads(threads_before);
}

int rg_dense_threaded(size_t rows, size_t work) {
    return (double)rows * (double)work >= few;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- tiles of the lower half, row by row: (0, 0), (1, 0), (1, 1), ... */

struct tile {
    size_t row, column, height, width; /* of its first entry, and its size */
};

static size_t tile_count(size_t k) {
    const size_t side = (k + TILE - 1) / TILE;
    return side * (side + 1) / 2;
}

static struct tile tile_at(size_t k, size_t number) {
    size_t row = 0;
    while ((row + 1) * (row + 2) / 2 <= number) row++;
    const size_t column = number - row * (row + 1) / 2;
    return (struct tile){row * TILE, column * TILE, least(k - row * TILE, TILE), least(k - column * TILE, TILE)};
}

/* The tile of gram += a' b. */
static void add_product(const struct tile *t, size_t n, size_t k, const double *a, const double *b, double *gram) {
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)t->height, (int)t->width, (int)n, 1, a + t->row, (int)k,
                b + t->column, (int)k, 1, gram + t->row * k + t->column, (int)k);
}

void rg_dense_add_square(size_t n, size_t k, const double *a, double *gram) {
    const size_t tiles = tile_count(k);
#pragma omp parallel for schedule(dynamic, 1) if (rg_dense_threaded(n, k * k))
    for (size_t i = 0; i < tiles; i++) {
        const struct tile t = tile_at(k, i);
        if (t.row == t.column)
            cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)t.height, (int)n, 1, a + t.row, (int)k, 1,
                        gram + t.row * k + t.column, (int)k);
        else
            add_product(&t, n, k, a, a, gram);
    }
}

void rg_dense_add_mixed(size_t n, size_t k, const double *a, const double *b, double *gram) {
    const size_t tiles = tile_count(k);
#pragma omp parallel for schedule(dynamic, 1) if (rg_dense_threaded(n, k * k))
    for (size_t i = 0; i < tiles; i++) {
        const struct tile t = tile_at(k, i);
        add_product(&t, n, k, a, b, gram);
        add_product(&t, n, k, b, a, gram);
    }
}

/* ---- sums of rows: threads share the columns */

RG_WIDE static void add_columns(size_t n, size_t k, size_t width, const double *rows, double *sums, double *squares) {
    double sum[COLUMNS] = {0}, square[COLUMNS] = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++) {
            const double value = rows[i * k + j];
            sum[j] += value;
            square[j] += value * value;
        }
    for (size_t j = 0; j < width; j++) {
        sums[j] += sum[j];
        squares[j] += square[j];
    }
}

void rg_dense_add_rows(size_t n, size_t k, const double *rows, double *sums, double *squares) {
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k))
    for (size_t j = 0; j < k; j += COLUMNS) add_columns(n, k, least(k - j, COLUMNS), rows + j, sums + j, squares + j);
}

void rg_dense_scatter_rows(size_t n, size_t k, const double *rows, const size_t *target, double *sums) {
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k))
    for (size_t begin = 0; begin < k; begin += COLUMNS) {
        const size_t end = least(begin + COLUMNS, k);
        for (size_t i = 0; i < n; i++) {
            double *sum = sums + target[i] * k;
            for (size_t j = begin; j < end; j++) sum[j] += rows[i * k + j];
        }
    }
}
