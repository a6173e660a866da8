/* The manifold in reports: a section of report.json, and manifold.csv with one row a noise level. */
#include "base/base.h"
#include "experiment/manifold.h"
#include "io/csv.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>

static const struct {
    const char *name;
    size_t offset;
    int tubes; /* 1: one number for each tube */
} of[] = {
    {"readout", offsetof(rg_outcome_manifold_values, readout), 0},
    {"error_length", offsetof(rg_outcome_manifold_values, error_length), 0},
    {"path_kl", offsetof(rg_outcome_manifold_values, path_kl), 0},
    {"log_novikov", offsetof(rg_outcome_manifold_values, log_novikov), 0},
    {"log_path_chi2", offsetof(rg_outcome_manifold_values, log_path_chi2), 0},
    {"distance_p", offsetof(rg_outcome_manifold_values, distance_p), 0},
    {"distance_q", offsetof(rg_outcome_manifold_values, distance_q), 0},
    {"outside_p", offsetof(rg_outcome_manifold_values, outside_p), 1},
    {"outside_q", offsetof(rg_outcome_manifold_values, outside_q), 1},
};
enum { KINDS = sizeof of / sizeof *of, NAME_SIZE = 32, MOST_COLUMNS = 2 + 2 * (KINDS + 2 * RG_MOST_TUBES) };

/* Calls `visit` for each number of a level: value and error bar. */
typedef void visitor(void *data, const char *name, double value);

static void visit_level(const rg_outcome_manifold *m, const rg_outcome_manifold_level *level, visitor *visit,
                        void *data) {
    visit(data, "sigma", level->sigma);
    visit(data, "variance", level->variance);
    for (int k = 0; k < KINDS; k++)
        for (size_t t = 0; t < (of[k].tubes ? m->tubes : 1); t++) {
            char name[NAME_SIZE], error[NAME_SIZE + 8];
            snprintf(name, sizeof name, of[k].tubes ? "%s_%zu" : "%s", of[k].name, t);
            snprintf(error, sizeof error, "%s_error", name);
            visit(data, name, ((const double *)((const char *)&level->value + of[k].offset))[t]);
            visit(data, error, ((const double *)((const char *)&level->error + of[k].offset))[t]);
        }
}

/* ---- report.json */

static void add_number(void *data, const char *name, double value) {
    json_t **row = data;
    if (*row && json_object_set_new(*row, name, rg_json_real(value)) == 0) return;
    json_decref(*row);
    *row = NULL;
}

static json_t *levels_json(const rg_outcome_manifold *m) {
    json_t *levels = json_array();
    for (size_t i = 0; levels && i < m->levels; i++) {
        json_t *row = json_object();
        visit_level(m, &m->level[i], add_number, &row);
        if (json_array_append_new(levels, row) == 0) continue; /* which refuses NULL */
        json_decref(levels);
        levels = NULL;
    }
    return levels;
}

static json_t *value_json(const rg_outcome_manifold *m, int k, size_t tube) {
    const rg_outcome_manifold_level *last = &m->level[m->levels - 1];
    return json_pack("{s:o, s:o}", "value",
                     rg_json_real(((const double *)((const char *)&last->value + of[k].offset))[tube]), "error",
                     rg_json_real(((const double *)((const char *)&last->error + of[k].offset))[tube]));
}

static json_t *values_json(const rg_outcome_manifold *m, int k) {
    json_t *list = json_array();
    for (size_t t = 0; list && t < m->tubes; t++)
        if (json_array_append_new(list, value_json(m, k, t)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

json_t *rg_manifold_json(const rg_outcome_manifold *m) {
    if (!m->known) return json_null();
    json_t *json = json_pack("{s:i, s:o, s:o}", "axes", m->axes, "dimension",
                             m->dimension < 0 ? json_null() : json_integer(m->dimension), "tube",
                             rg_json_reals(m->tubes, m->tube));
    int failed = !json;
    for (int k = 0; !failed && k < KINDS; k++)
        failed = json_object_set_new(json, of[k].name, of[k].tubes ? values_json(m, k) : value_json(m, k, 0)) != 0;
    if (!failed) failed = json_object_set_new(json, "levels", levels_json(m)) != 0;
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

/* ---- manifold.csv */

struct names {
    size_t count;
    char text[MOST_COLUMNS][NAME_SIZE + 8];
    const char *name[MOST_COLUMNS];
};

static void add_name(void *data, const char *name, double value) {
    struct names *n = data;
    (void)value;
    snprintf(n->text[n->count], sizeof n->text[n->count], "%s", name);
    n->name[n->count] = n->text[n->count];
    n->count++;
}

static void add_cell(void *data, const char *name, double value) {
    (void)name;
    rg_csv_real(data, value);
}

rg_status rg_report_manifold(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    const rg_outcome_manifold *m = &report->outcome->manifold;
    if (!m->known) return RG_OK;
    struct names names = {0};
    visit_level(m, &m->level[0], add_name, &names);
    rg_csv csv;
    const rg_status status = rg_csv_begin(&csv, path, names.count, names.name, diagnostic);
    if (status != RG_OK) return status;
    for (size_t i = 0; i < m->levels; i++) visit_level(m, &m->level[i], add_cell, &csv);
    return rg_csv_end(&csv, RG_OK, diagnostic);
}
