/* rotgrad info: what its two files share. */
#ifndef RG_CLI_INFO_H
#define RG_CLI_INFO_H

#include <rotgrad/array.h>

/* min, max and mean are over the finite values; NaN when there is none. */
typedef struct info_summary {
    size_t count, nan, infinite, zero, negative;
    double min, max, mean, sum;
    int whole, ascending;
} info_summary;

info_summary info_summarise(const rg_array *array);

/* What the array may be, and what may be wrong with it: at most INFO_MAX_HINTS fixed texts; returns how many. */
enum { INFO_MAX_HINTS = 12 };
size_t info_hints(const rg_array *array, const info_summary *summary, const char *hint[INFO_MAX_HINTS]);

#endif
