/* CSV read back, as io/csv.c and RFC 4180 write it. */
#include "io/csv_table.h"

#include "base/base.h"
#include "io/file.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

static rg_status read_text(const char *path, char **text, size_t *length, rg_diagnostic *diagnostic) {
    FILE *file;
    uint64_t size;
    const rg_status status = rg_file_open(path, &file, &size, diagnostic);
    if (status) return status;
    *text = size < SIZE_MAX / 2 ? rg_alloc((size_t)size + 1, 1) : NULL;
    *length = *text ? fread(*text, 1, (size_t)size, file) : 0;
    const int error = ferror(file) ? errno : 0;
    fclose(file);
    if (!*text) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    if (!error) return RG_OK;
    rg_free(*text);
    *text = NULL;
    return rg_fail(diagnostic, RG_EIO, "%s: cannot read: %s", path, strerror(error));
}

/* Takes one cell from `at`, writes its text to `cell` in place, ended by 0. Returns what stands behind it, ',' or a line
 * feed; NULL when the text ends before. */
static char *take_cell(char *at, const char *end, char **cell, char *behind) {
    char *out = at;
    int quoted = 0;
    *cell = at;
    for (; at < end; at++) {
        if (*at == '"' && quoted && at + 1 < end && at[1] == '"')
            *out++ = *at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (!quoted && (*at == ',' || *at == '\n'))
            break;
        else
            *out++ = *at;
    }
    if (at == end) return NULL;
    *behind = *at;
    if (*behind == '\n' && out > *cell && out[-1] == '\r') out--;
    *out = 0;
    return at + 1;
}

/* Upper bound of the number of cells. */
static size_t count_separators(const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += text[i] == ',' || text[i] == '\n';
    return count;
}

static rg_status split(const char *path, size_t length, rg_csv_table *t, rg_diagnostic *diagnostic) {
    const char *end = t->text + length;
    size_t cells = 0, in_row = 0, lines = 0;
    t->size = length;
    for (char *at = t->text; at && at < end;) {
        char behind = 0;
        at = take_cell(at, end, &t->cell[cells + in_row], &behind);
        if (!at) break;
        in_row++;
        if (behind != '\n') continue;
        lines++;
        if (t->columns == 0) t->columns = in_row;
        if (in_row != t->columns)
            return rg_fail(diagnostic, RG_EFORMAT, "%s:%zu: expected %zu cells, as the header has, got %zu", path,
                           lines, t->columns, in_row);
        cells += in_row;
        in_row = 0;
        t->whole = (uint64_t)(at - t->text);
    }
    /* a line that is cut short is the last one; a quotation mark alone would take the lines behind it along */
    if (memchr(t->text + t->whole, '\n', length - t->whole))
        return rg_fail(diagnostic, RG_EFORMAT,
                       "%s:%zu: expected a second quotation mark before the end of the file; repair the line", path,
                       lines + 1);
    t->rows = lines ? lines - 1 : 0;
    return RG_OK;
}

rg_status rg_csv_read(const char *path, rg_csv_table *table, rg_diagnostic *diagnostic) {
    rg_csv_table t = {0};
    size_t length = 0;
    rg_status status = read_text(path, &t.text, &length, diagnostic);
    if (status || !t.text) return status;
    t.cell = rg_alloc(count_separators(t.text, length) + 1, sizeof *t.cell);
    status = t.cell ? split(path, length, &t, diagnostic) : rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    if (status)
        rg_csv_table_free(&t);
    else
        *table = t;
    return status;
}

void rg_csv_table_free(rg_csv_table *table) {
    rg_free(table->cell);
    rg_free(table->text);
    *table = (rg_csv_table){0};
}

size_t rg_csv_find(const rg_csv_table *table, const char *column) {
    for (size_t c = 0; c < table->columns; c++)
        if (strcmp(table->cell[c], column) == 0) return c;
    return SIZE_MAX;
}

const char *rg_csv_cell(const rg_csv_table *table, size_t row, size_t column) {
    return table->cell[(row + 1) * table->columns + column];
}

int rg_csv_number(const char *cell, double *value) {
    char *end;
    *value = g_ascii_strtod(cell, &end);
    return end != cell && *end == 0;
}
