#include "base/embedded.h"

#include <string.h>

const rg_embedded *rg_embedded_find(const rg_embedded *table, const char *name) {
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0) return table;
    return NULL;
}
