/* CSV: cells separated by commas, rows ended by line feeds, texts quoted as in RFC 4180. */
#include "io/csv.h"

#include <assert.h>
#include <glib.h>
#include <math.h>
#include <string.h>

static FILE *begin_cell(rg_csv *csv) {
    if (csv->filled > 0) fputc(',', csv->output.file);
    return csv->output.file;
}

static void end_cell(rg_csv *csv) {
    if (++csv->filled < csv->columns) return;
    fputc('\n', csv->output.file);
    csv->filled = 0;
}

/* printf would write the locale's decimal comma, and NaN with a sign. */
void rg_csv_real(rg_csv *csv, double value) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    fputs(isnan(value) ? "nan" : g_ascii_formatd(text, sizeof text, "%.17g", value), begin_cell(csv));
    end_cell(csv);
}

void rg_csv_integer(rg_csv *csv, long long value) {
    fprintf(begin_cell(csv), "%lld", value);
    end_cell(csv);
}

/* An empty text is quoted too: alone in its row it would be a blank line, which readers skip. */
void rg_csv_text(rg_csv *csv, const char *text) {
    FILE *file = begin_cell(csv);
    const int quoted = *text == '\0' || strpbrk(text, ",\"\r\n");
    if (quoted) fputc('"', file);
    for (; *text; text++) {
        if (*text == '"') fputc('"', file);
        fputc(*text, file);
    }
    if (quoted) fputc('"', file);
    end_cell(csv);
}

void rg_csv_nothing(rg_csv *csv) {
    assert(csv->columns > 1);
    begin_cell(csv);
    end_cell(csv);
}

rg_status rg_csv_begin(rg_csv *csv, const char *path, size_t columns, const char *const *names,
                       rg_diagnostic *diagnostic) {
    assert(columns > 0);
    rg_csv begun = {.columns = columns};
    const rg_status status = rg_output_begin(&begun.output, path, diagnostic);
    if (status != RG_OK) return status;
    *csv = begun;
    for (size_t c = 0; c < columns; c++) rg_csv_text(csv, names[c]);
    return RG_OK;
}

rg_status rg_csv_end(rg_csv *csv, rg_status status, rg_diagnostic *diagnostic) {
    assert(status != RG_OK || csv->filled == 0);
    return rg_output_end(&csv->output, status, diagnostic);
}
