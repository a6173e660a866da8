/* levels.csv: one row a noise level, in the order of the run. */
#include "experiment/report.h"
#include "io/csv.h"

enum { NAME_SIZE = 64 };

#define REAL(group, name, member)                                                                                      \
    { group, name, offsetof(rg_outcome_level, member), 0 }

const rg_report_column rg_report_column_of[RG_REPORT_COLUMNS] = {
    REAL(NULL, "sigma", sigma),
    REAL(NULL, "variance", variance),
    REAL(NULL, "total", total),
    REAL(NULL, "gradient", gradient),
    REAL(NULL, "solenoidal", solenoidal),
    REAL(NULL, "harmonic", harmonic),
    REAL(NULL, "flat_gradient", flat_gradient),
    REAL(NULL, "flat_total", flat_total),
    REAL("kl", "full", kl[RG_FULL]),
    REAL("kl", "gradient", kl[RG_GRADIENT]),
    REAL("kl", "solenoidal", kl[RG_SOLENOIDAL]),
    REAL("kl", "none", kl[RG_NONE]),
    REAL(NULL, "gradient_bound", gradient_bound),
    REAL(NULL, "girsanov_bound", girsanov_bound),
    REAL(NULL, "cells_per_sigma", cells_per_sigma),
    {NULL, "iterations", offsetof(rg_outcome_level, iterations), 1},
    REAL(NULL, "residual", residual),
    REAL("harm", "total", harm.total),
    REAL("harm", "positive", harm.positive),
    REAL("harm", "negative", harm.negative),
};

static void write_cell(rg_csv *csv, const rg_outcome_level *level, const rg_report_column *column) {
    const char *member = (const char *)level + column->offset;
    if (column->integer)
        rg_csv_integer(csv, *(const int *)member);
    else
        rg_csv_real(csv, *(const double *)member);
}

rg_status rg_report_levels(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    char text[RG_REPORT_COLUMNS][NAME_SIZE];
    const char *name[RG_REPORT_COLUMNS];
    for (int c = 0; c < RG_REPORT_COLUMNS; c++) {
        const char *group = rg_report_column_of[c].group;
        snprintf(text[c], NAME_SIZE, "%s%s%s", group ? group : "", group ? "_" : "", rg_report_column_of[c].name);
        name[c] = text[c];
    }
    rg_csv csv;
    const rg_status status = rg_csv_begin(&csv, path, RG_REPORT_COLUMNS, name, diagnostic);
    if (status != RG_OK) return status;
    for (size_t i = 0; i < report->outcome->levels; i++)
        for (int c = 0; c < RG_REPORT_COLUMNS; c++)
            write_cell(&csv, &report->outcome->level[i], &rg_report_column_of[c]);
    return rg_csv_end(&csv, RG_OK, diagnostic);
}
