/* One owner for many allocations: what is put into a pool is freed with the pool. Internal. */
#ifndef RG_POOL_H
#define RG_POOL_H

#include <rotgrad/status.h>

typedef struct rg_pool {
    size_t count, room;
    void **owned;
} rg_pool;

/* `count * size` zeroed bytes, as rg_alloc; NULL when out of memory. */
void *rg_pool_alloc(rg_pool *pool, size_t count, size_t size) RG_MUST_CHECK;
char *rg_pool_text(rg_pool *pool, const char *text, size_t length) RG_MUST_CHECK;

/* Takes what rg_free would release and returns it; NULL is passed on. Out of memory: frees it and returns NULL. */
void *rg_pool_own(rg_pool *pool, void *memory) RG_MUST_CHECK;

/* Frees everything and leaves an empty pool; accepts a zeroed one. */
void rg_pool_clear(rg_pool *pool);

#endif
