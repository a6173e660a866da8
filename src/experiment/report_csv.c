/* levels.csv: one row a noise level, in the order of the run. */
#include "experiment/report.h"
#include "io/csv.h"

enum { NAME_SIZE = 64 };

#define REAL(group, name, member, heading)                                                                             \
    { group, name, offsetof(rg_outcome_level, member), 0, heading }

const rg_report_column rg_report_column_of[RG_REPORT_COLUMNS] = {
    REAL(NULL, "sigma", sigma, "sigma"),
    REAL(NULL, "variance", variance, "v"),
    REAL(NULL, "total", total, "E_p|e|^2"),
    REAL(NULL, "gradient", gradient, "E_p|grad phi|^2"),
    REAL(NULL, "solenoidal", solenoidal, "E_p|r|^2"),
    REAL(NULL, "harmonic", harmonic, "harmonic part"),
    REAL(NULL, "flat_gradient", flat_gradient, "flat gradient"),
    REAL(NULL, "flat_total", flat_total, "flat total"),
    REAL("kl", "full", kl[RG_FULL], "KL full"),
    REAL("kl", "gradient", kl[RG_GRADIENT], "KL gradient"),
    REAL("kl", "solenoidal", kl[RG_SOLENOIDAL], "KL solenoidal"),
    REAL("kl", "none", kl[RG_NONE], "KL none"),
    REAL(NULL, "gradient_bound", gradient_bound, "gradient bound"),
    REAL(NULL, "girsanov_bound", girsanov_bound, "Girsanov bound"),
    REAL("kl", "full_error", kl_error[RG_FULL], NULL),
    REAL("kl", "gradient_error", kl_error[RG_GRADIENT], NULL),
    REAL("kl", "solenoidal_error", kl_error[RG_SOLENOIDAL], NULL),
    REAL("kl", "none_error", kl_error[RG_NONE], NULL),
    REAL(NULL, "gradient_bound_error", gradient_bound_error, NULL),
    REAL(NULL, "girsanov_bound_error", girsanov_bound_error, NULL),
    REAL(NULL, "dual_sobolev", dual_sobolev, NULL),
    REAL(NULL, "dual_sobolev_low", dual_sobolev_low, NULL),
    REAL(NULL, "dual_sobolev_high", dual_sobolev_high, NULL),
    REAL(NULL, "dual_sobolev_class", dual_sobolev_class, NULL),
    REAL(NULL, "cells_per_sigma", cells_per_sigma, "cells per sigma"),
    {NULL, "iterations", offsetof(rg_outcome_level, iterations), 1, "iterations"},
    REAL(NULL, "residual", residual, "residual"),
    REAL("harm", "total", harm.total, "harm"),
    REAL("harm", "positive", harm.positive, "harm > 0"),
    REAL("harm", "negative", harm.negative, "harm < 0"),
    REAL("w1", "total", w1.total, NULL),
    REAL("w1", "positive", w1.positive, NULL),
    REAL("w1", "negative", w1.negative, NULL),
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
