/* CSV read back: all cells of a small table in memory. Internal. */
#ifndef RG_CSV_TABLE_H
#define RG_CSV_TABLE_H

#include <rotgrad/status.h>
#include <stdint.h>

/* Cells are texts without their quotes. A last line without its line feed is one whose writer was stopped: left out. */
typedef struct rg_csv_table {
    size_t rows, columns; /* rows without the header */
    char **cell;          /* (1 + rows, columns), the header first; NULL for a file without a whole line */
    uint64_t size, whole; /* bytes of the file, and up to the end of its last whole line */
    char *text;           /* what the cells point into */
} rg_csv_table;

/* RG_EIO; RG_EFORMAT: rows of different lengths; RG_ENOMEM. The diagnostic starts with the path. */
rg_status rg_csv_read(const char *path, rg_csv_table *table, rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Accepts a zeroed table. */
void rg_csv_table_free(rg_csv_table *table);

/* SIZE_MAX when there is no such column. */
size_t rg_csv_find(const rg_csv_table *table, const char *column);
/* The cell below column `column` in row `row`, from 0. */
const char *rg_csv_cell(const rg_csv_table *table, size_t row, size_t column);
/* The whole cell as a number, "nan" and "inf" included, whatever the locale; 0 when it is none. */
int rg_csv_number(const char *cell, double *value);

#endif
