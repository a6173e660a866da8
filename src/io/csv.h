/* Tables as CSV: one header row, then rows of numbers and texts; complete or not at all. Internal. */
#ifndef RG_CSV_H
#define RG_CSV_H

#include "io/file.h"

/* Cells are given one after the other; a row ends by itself after `columns` cells. */
typedef struct rg_csv {
    rg_output output;
    size_t columns, filled; /* cells in a row, and those already in the current one */
} rg_csv;

/* RG_EIO, RG_ENOMEM as rg_output_begin. `path` is borrowed until rg_csv_end. */
rg_status rg_csv_begin(rg_csv *csv, const char *path, size_t columns, const char *const *names,
                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

void rg_csv_real(rg_csv *csv, double value); /* 17 digits, reads back exactly; nan, inf, -inf */
void rg_csv_integer(rg_csv *csv, long long value);
void rg_csv_text(rg_csv *csv, const char *text); /* UTF-8, quoted where RFC 4180 asks for it */
void rg_csv_nothing(rg_csv *csv);                /* an empty cell; not for a table of one column */

/* As rg_output_end. The last row must be full. */
rg_status rg_csv_end(rg_csv *csv, rg_status status, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
