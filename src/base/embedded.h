/* Files that are compiled in; src/embed.cmake makes the tables. Internal. */
#ifndef RG_EMBEDDED_H
#define RG_EMBEDDED_H

#include <stddef.h>

/* One file; a table ends with an entry whose name is NULL. */
typedef struct rg_embedded {
    const char *name; /* without folders */
    const char *text; /* the bytes and a final zero */
    size_t size;      /* without that zero */
} rg_embedded;

/* The file of that name, NULL when there is none. */
const rg_embedded *rg_embedded_find(const rg_embedded *table, const char *name);

#endif
