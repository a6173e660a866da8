/* The ground floor: memory with checked sizes, diagnostics, sums in a fixed order. Internal. */
#ifndef RG_BASE_H
#define RG_BASE_H

#include <rotgrad/status.h>
#include <stdint.h>

/* Sets the diagnostic (if any) and returns `status`: `return rg_fail(diagnostic, RG_EIO, "%s: ...", path);` */
rg_status rg_fail(rg_diagnostic *diagnostic, rg_status status, const char *format, ...) RG_PRINTF(3, 4);

/* count * size zeroed bytes, 64-byte aligned; NULL on overflow or exhaustion. Freed by rg_free. */
void *rg_alloc(size_t count, size_t size) RG_MUST_CHECK;
char *rg_strdup(const char *text) RG_MUST_CHECK;

/* Room for one entry more: the array, or, where `count` entries fill its `room`, a larger one in its place (it moves). NULL on
 * overflow or exhaustion; the old one then stays as it was. */
void *rg_grow(void *array, size_t count, size_t size, size_t *room) RG_MUST_CHECK;

/* Tests make the n-th allocation from now fail (n = 0 is the next one); a negative n switches that off. */
void rg_alloc_fail_after(long n);

/* a * b, or 0 when that overflows (or is 0). */
size_t rg_size_product(size_t a, size_t b);

/* From this many cells on, loops and transforms are shared among threads; below, starting them costs more than they save
 * (measured: two threads are slower at 256 x 256). */
enum { RG_THREADED_CELLS = 1 << 17 };

/* Threads for `tasks` independent pieces of work: no more than OpenMP would give. */
int rg_threads_for(int tasks);

/* Sums of n terms in an order that does not depend on the number of threads: blocks of fixed length, then the block
 * sums in order. rg_reduce calls `term` for each block with its half-open range and adds what it returns. */
typedef double rg_block_sum(const void *data, ptrdiff_t begin, ptrdiff_t end);
double rg_reduce(ptrdiff_t n, rg_block_sum *term, const void *data);
double rg_sum(ptrdiff_t n, const double *a);
double rg_dot(ptrdiff_t n, const double *a, const double *b);
double rg_max_abs(ptrdiff_t n, const double *a);

/* Integral over [a, b] of the polynomial through `count` <= 6 points with distinct x. */
double rg_interpolation_integral(size_t count, const double *x, const double *y, double a, double b);

/* Before a function whose loops are worth a second copy for wider registers, chosen when the program starts. AVX2 without
 * FMA: the same operations, so the same bits. Clang 14 loses the symbol of an external function that is cloned. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define RG_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define RG_WIDE
#endif

/* Pointwise work over [0, n) in blocks of fixed length, shared among threads. */
typedef void rg_block_work(void *data, ptrdiff_t begin, ptrdiff_t end);
void rg_parallel(ptrdiff_t n, rg_block_work *work, void *data);

#endif
