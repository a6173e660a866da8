/* Sums and pointwise loops whose result does not depend on the number of threads.
 *
 * The range is cut into blocks of BLOCK terms. Threads share whole blocks; block sums are added in order, in rounds of
 * ROUND blocks so that no memory is allocated. Inside a block eight running sums let the compiler use SIMD without
 * changing the order from one machine or thread count to the next.
 */
#include "base/base.h"

#include <math.h>
#include <omp.h>

enum { BLOCK = 4096, ROUND = 256, LANES = 8 };

int rg_threads_for(int tasks) {
    const int most = omp_get_max_threads();
    return most < tasks ? most : tasks;
}

double rg_reduce(ptrdiff_t n, rg_block_sum *term, const void *data) {
    double total = 0;
    for (ptrdiff_t start = 0; start < n; start += (ptrdiff_t)BLOCK * ROUND) {
        double part[ROUND];
        const ptrdiff_t left = (n - start + BLOCK - 1) / BLOCK;
        const ptrdiff_t blocks = left < ROUND ? left : ROUND;
#pragma omp parallel for schedule(static) if (n >= RG_THREADED_CELLS)
        for (ptrdiff_t b = 0; b < blocks; b++) {
            const ptrdiff_t begin = start + b * BLOCK;
            part[b] = term(data, begin, begin + BLOCK < n ? begin + BLOCK : n);
        }
        for (ptrdiff_t b = 0; b < blocks; b++) total += part[b];
    }
    return total;
}

void rg_parallel(ptrdiff_t n, rg_block_work *work, void *data) {
    const ptrdiff_t blocks = (n + BLOCK - 1) / BLOCK;
#pragma omp parallel for schedule(static) if (n >= RG_THREADED_CELLS)
    for (ptrdiff_t b = 0; b < blocks; b++) {
        const ptrdiff_t begin = b * BLOCK;
        work(data, begin, begin + BLOCK < n ? begin + BLOCK : n);
    }
}

struct pair {
    const double *a, *b;
};

static double lanes_sum(const double *lane) {
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static double block_sum(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const double *a = ((const struct pair *)data)->a;
    double lane[LANES] = {0};
    ptrdiff_t i = begin;
    for (; i + LANES <= end; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += a[i + l];
    double tail = 0;
    for (; i < end; i++) tail += a[i];
    return lanes_sum(lane) + tail;
}

static double block_dot(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const double *a = ((const struct pair *)data)->a, *b = ((const struct pair *)data)->b;
    double lane[LANES] = {0};
    ptrdiff_t i = begin;
    for (; i + LANES <= end; i += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += a[i + l] * b[i + l];
    double tail = 0;
    for (; i < end; i++) tail += a[i] * b[i];
    return lanes_sum(lane) + tail;
}

double rg_sum(ptrdiff_t n, const double *a) {
    return rg_reduce(n, block_sum, &(struct pair){a, NULL});
}

double rg_dot(ptrdiff_t n, const double *a, const double *b) {
    return rg_reduce(n, block_dot, &(struct pair){a, b});
}

double rg_max_abs(ptrdiff_t n, const double *a) {
    double largest = 0;
    for (ptrdiff_t i = 0; i < n; i++) largest = fmax(largest, fabs(a[i]));
    return largest;
}
