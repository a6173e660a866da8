/* Aligned, zeroed, size-checked memory. */
#include "base/base.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static long allocations_left = -1; /* negative: no failure is being simulated */

void rg_alloc_fail_after(long n) {
    allocations_left = n;
}

static int simulated_failure(void) {
    return allocations_left >= 0 && allocations_left-- == 0;
}

size_t rg_size_product(size_t a, size_t b) {
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? 0 : product;
}

void *rg_alloc(size_t count, size_t size) {
    const size_t bytes = rg_size_product(count ? count : 1, size);
    if (bytes == 0 || bytes > PTRDIFF_MAX - ALIGNMENT || simulated_failure()) return NULL;
    const size_t rounded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, rounded);
    if (memory) memset(memory, 0, rounded);
    return memory;
}

void *rg_grow(void *array, size_t count, size_t size, size_t *room) {
    const size_t first = 64;
    if (count < *room) return array;
    const size_t more = *room ? rg_size_product(2, *room) : first;
    void *larger = more ? rg_alloc(more, size) : NULL;
    if (!larger) return NULL;
    if (count > 0) memcpy(larger, array, count * size);
    rg_free(array);
    *room = more;
    return larger;
}

char *rg_strdup(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copy = rg_alloc(size, 1);
    if (copy) memcpy(copy, text, size);
    return copy;
}

double *rg_field_alloc(size_t count) {
    return rg_alloc(count, sizeof(double));
}

void rg_free(void *memory) {
    free(memory);
}
