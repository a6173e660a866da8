/* How many points repeat an earlier one: sorted by their bytes, equal ones are neighbours. */
#include "diffusion/point_products.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a over the numbers, 0 and -0 alike: most pairs of points are told apart by it. */
struct entry {
    uint64_t hash;
    const double *point;
};

static uint64_t hash_of(size_t dim, const double *x) {
    uint64_t hash = 14695981039346656037U;
    for (size_t a = 0; a < dim; a++) {
        const double value = x[a] + 0.0;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        for (int byte = 0; byte < 8; byte++) hash = (hash ^ (bits >> 8 * byte & 255)) * 1099511628211U;
    }
    return hash;
}

static int by_hash(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

static int same(size_t dim, const double *x, const double *y) {
    for (size_t a = 0; a < dim; a++)
        if (x[a] != y[a]) return 0;
    return 1;
}

rg_status rg_points_repeated(size_t count, size_t dim, const double *points, size_t *repeated) {
    struct entry *entry = rg_alloc(count, sizeof *entry);
    if (!entry) return RG_ENOMEM;
    for (size_t i = 0; i < count; i++) entry[i] = (struct entry){hash_of(dim, points + i * dim), points + i * dim};
    qsort(entry, count, sizeof *entry, by_hash);
    *repeated = 0;
    for (size_t i = 1; i < count; i++)
        *repeated += entry[i].hash == entry[i - 1].hash && same(dim, entry[i].point, entry[i - 1].point);
    rg_free(entry);
    return RG_OK;
}
