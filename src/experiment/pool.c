/* A growing list of pointers, freed in one sweep. */
#include "experiment/pool.h"

#include "base/base.h"

#include <string.h>

enum { FIRST_ROOM = 64 };

static int make_room(rg_pool *pool) {
    if (pool->count < pool->room) return 1;
    const size_t room = pool->room ? 2 * pool->room : FIRST_ROOM;
    void **owned = rg_alloc(room, sizeof *owned);
    if (!owned) return 0;
    if (pool->count) memcpy(owned, pool->owned, pool->count * sizeof *owned);
    rg_free(pool->owned);
    pool->owned = owned;
    pool->room = room;
    return 1;
}

void *rg_pool_own(rg_pool *pool, void *memory) {
    if (!memory) return NULL;
    if (!make_room(pool)) {
        rg_free(memory);
        return NULL;
    }
    return pool->owned[pool->count++] = memory;
}

void *rg_pool_alloc(rg_pool *pool, size_t count, size_t size) {
    return rg_pool_own(pool, rg_alloc(count, size));
}

char *rg_pool_text(rg_pool *pool, const char *text, size_t length) {
    char *copy = rg_pool_alloc(pool, length + 1, 1);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

void rg_pool_clear(rg_pool *pool) {
    for (size_t i = 0; i < pool->count; i++) rg_free(pool->owned[i]);
    rg_free(pool->owned);
    *pool = (rg_pool){0};
}
