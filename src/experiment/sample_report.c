/* What rg_sample leaves: path.csv, report.json, arrays, a table. */
#include "experiment/sample.h"
#include "io/csv.h"
#include "io/json.h"

#include <rotgrad/array.h>
#include <rotgrad/folder.h>
#include <rotgrad/version.h>

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMN(member)                                                                                                 \
    { #member, offsetof(rg_particles_row, member) }

const rg_sample_column rg_sample_column_of[RG_SAMPLE_COLUMNS] = {
    COLUMN(sigma),         COLUMN(score_square),      COLUMN(error_square),
    COLUMN(path_energy),   COLUMN(path_energy_error), COLUMN(path_kl),
    COLUMN(novikov),       COLUMN(effective_samples), COLUMN(nearest_mean),
    COLUMN(nearest_least), COLUMN(nearest_most)};

static double cell(const rg_particles_row *row, int column) {
    double value;
    memcpy(&value, (const char *)row + rg_sample_column_of[column].offset, sizeof value);
    return value;
}

/* "FOLDER/NAME"; NULL when out of memory. */
static char *path_in(const char *folder, const char *name) {
    const size_t room = strlen(folder) + strlen(name) + 2;
    char *path = rg_alloc(room, 1);
    if (path) snprintf(path, room, "%s/%s", folder, name);
    return path;
}

/* ---- files */

static rg_status write_path(const rg_sampled *s, const char *path, rg_diagnostic *diagnostic) {
    const char *names[1 + RG_SAMPLE_COLUMNS] = {"step"};
    for (int c = 0; c < RG_SAMPLE_COLUMNS; c++) names[1 + c] = rg_sample_column_of[c].name;
    rg_csv csv;
    const rg_status status = rg_csv_begin(&csv, path, 1 + RG_SAMPLE_COLUMNS, names, diagnostic);
    if (status) return status;
    for (size_t i = 0; i < s->rows; i++) {
        rg_csv_integer(&csv, (long long)s->row[i].step);
        for (int c = 0; c < RG_SAMPLE_COLUMNS; c++) rg_csv_real(&csv, cell(&s->row[i], c));
    }
    return rg_csv_end(&csv, RG_OK, diagnostic);
}

/* The same columns for recipes of figures. */
static rg_status write_columns(const rg_sampled *s, const char *path, rg_diagnostic *diagnostic) {
    const ptrdiff_t shape[] = {(ptrdiff_t)s->rows};
    rg_array_member members[RG_SAMPLE_COLUMNS];
    double *columns = rg_field_alloc(rg_size_product(s->rows, RG_SAMPLE_COLUMNS));
    if (!columns) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    for (size_t c = 0; c < RG_SAMPLE_COLUMNS; c++) {
        double *column = columns + c * s->rows;
        for (size_t i = 0; i < s->rows; i++) column[i] = cell(&s->row[i], (int)c);
        members[c] = (rg_array_member){rg_sample_column_of[c].name, 1, shape, column};
    }
    const rg_status status = rg_array_write_npz(path, members, RG_SAMPLE_COLUMNS, diagnostic);
    rg_free(columns);
    return status;
}

static rg_status write_nearest(const rg_sampled *s, const char *path, rg_diagnostic *diagnostic) {
    const ptrdiff_t shape[] = {(ptrdiff_t)s->count};
    double *index = rg_field_alloc(s->count);
    if (!index) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    for (size_t i = 0; i < s->count; i++) index[i] = (double)s->nearest[i];
    const rg_status status = rg_array_write(path, 1, shape, index, diagnostic);
    rg_free(index);
    return status;
}

/* NULL where a number is not known. */
static json_t *row_json(const rg_particles_row *row) {
    json_t *json = json_object();
    json_object_set_new(json, "step", json_integer((json_int_t)row->step));
    for (int c = 0; c < RG_SAMPLE_COLUMNS; c++)
        if (json_object_set_new(json, rg_sample_column_of[c].name, rg_json_real(cell(row, c))) != 0) {
            json_decref(json);
            return NULL;
        }
    return json;
}

static json_t *notes_json(const rg_sampled *s) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->notes; i++) json_array_append_new(list, json_string(s->note[i]));
    return list;
}

static json_t *inputs_json(const rg_experiment *e) {
    json_t *list = json_array();
    for (size_t i = 0; i < e->inputs; i++) {
        json_t *path = json_string(e->input[i].path);
        json_array_append_new(list,
                              json_pack("{s:o, s:s}", "path", path ? path : json_null(), "sha256", e->input[i].sha256));
    }
    return list;
}

static json_t *document(const rg_sampled *s, const rg_experiment *e, const char *command) {
    static const char *const methods[] = {
        [RG_METHOD_EXPONENTIAL] = "exponential", [RG_METHOD_HEUN] = "heun", [RG_METHOD_EULER] = "euler"};
    json_t *experiment = json_loads(e->resolved, 0, NULL);
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "schema", "rotgrad.sample/1",
                     "particles", (json_int_t)s->count, "dimension", (json_int_t)s->dim, "steps",
                     (json_int_t)e->sample.steps, "seed", (json_int_t)e->sample.seed, "method",
                     methods[e->sample.method], "repeated_samples",
                     rg_sample_on_points(&e->density) ? json_integer((json_int_t)s->repeated) : json_null(), "end",
                     row_json(&s->row[s->rows - 1]), "warnings", notes_json(s), "experiment", experiment, "inputs",
                     inputs_json(e), "version", rg_version(), "command", command ? json_string(command) : json_null());
}

static rg_status write_one(const rg_sampled *s, const rg_experiment *e, const char *folder, const char *command,
                           int which, rg_diagnostic *diagnostic) {
    static const char *const names[] = {"samples.npy",  "path.csv", "nearest.npy",
                                        "distance.npy", "path.npz", "report.json"};
    const ptrdiff_t shape[] = {(ptrdiff_t)s->count, (ptrdiff_t)s->dim};
    char *path = path_in(folder, names[which]);
    if (!path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", folder);
    rg_status status = RG_OK;
    if (which == 0) status = rg_array_write(path, 2, shape, s->samples, diagnostic);
    if (which == 1) status = write_path(s, path, diagnostic);
    if (which == 2 && s->nearest) status = write_nearest(s, path, diagnostic);
    if (which == 3 && s->distance) status = rg_array_write(path, 1, shape, s->distance, diagnostic);
    if (which == 4) status = write_columns(s, path, diagnostic);
    if (which == 5) {
        json_t *json = document(s, e, command);
        status = rg_json_write(path, json, diagnostic);
        json_decref(json);
    }
    rg_free(path);
    return status;
}

rg_status rg_sampled_write(const rg_sampled *sampled, const rg_experiment *experiment, const char *directory, int force,
                           const char *command, rg_diagnostic *diagnostic) {
    enum { FILES = 6 };
    rg_folder folder;
    rg_status status = rg_folder_begin(&folder, directory, force, diagnostic);
    if (status) return status;
    for (int which = 0; !status && which < FILES; which++)
        status = write_one(sampled, experiment, folder.beside, command, which, diagnostic);
    return rg_folder_end(&folder, status, diagnostic);
}

rg_status rg_sampled_json(const rg_sampled *sampled, const rg_experiment *experiment, const char *command,
                          char **text) {
    const size_t digits = 17;
    json_t *json = document(sampled, experiment, command);
    char *dump = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) : NULL;
    json_decref(json);
    *text = dump ? rg_strdup(dump) : NULL;
    free(dump);
    return *text ? RG_OK : RG_ENOMEM;
}

/* ---- the table */

static void add(GString *text, const char *name, const char *format, ...) RG_PRINTF(3, 4);
static void add(GString *text, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    g_string_append_printf(text, "%-22s", name);
    g_string_append_vprintf(text, format, arguments);
    g_string_append_c(text, '\n');
    va_end(arguments);
}

rg_status rg_sampled_table(const rg_sampled *sampled, const rg_experiment *experiment, char **text) {
    const rg_sampled *s = sampled;
    const rg_particles_row *last = &s->row[s->rows - 1];
    GString *t = g_string_new(NULL);
    if (*experiment->title) g_string_append_printf(t, "%s\n", experiment->title);
    add(t, "particles", "%zu in %zu dimension%s, %s", s->count, s->dim, s->dim == 1 ? "" : "s",
        experiment->free_space ? "R^d" : "torus");
    add(t, "noise", "sigma from %.6g to %.6g in %zu steps, churn %g", s->row[0].sigma, last->sigma, last->step,
        experiment->churn);
    if (s->distance)
        add(t, s->nearest ? "nearest sample" : "to the manifold",
            "%.6g away on average (%.4g to %.4g); %.6g at the start", last->nearest_mean, last->nearest_least,
            last->nearest_most, s->row[0].nearest_mean);
    add(t, "v E|s|^2", "%.6g", last->score_square);
    add(t, "int |e|^2 dv", "%.6g +- %.2g", last->path_energy, last->path_energy_error);
    if (isfinite(last->path_kl)) {
        add(t, "path KL", "%.6g%s", last->path_kl, experiment->sample.exact ? "" : " (under the learned law)");
        add(t, "log Novikov", "%.6g, weights worth %.4g of %zu paths", last->novikov, last->effective_samples,
            s->count);
    }
    *text = rg_strdup(t->str);
    g_string_free(t, TRUE);
    return *text ? RG_OK : RG_ENOMEM;
}
