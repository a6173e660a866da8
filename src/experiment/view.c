/* Runs from directories and from outcomes, behind one face. */
#include "experiment/view.h"

#include "base/base.h"
#include "experiment/report.h"
#include "io/file.h"

#include <rotgrad/array.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

const rg_view_field rg_view_field_of[RG_VIEW_FIELDS] = {
    {"p_end", 0, "the data's smoothed density p"},
    {"q_full", 0, "q of the sampler that follows e"},
    {"q_gradient", 0, "q of the one that follows ∇φ"},
    {"q_solenoidal", 0, "q of the one that follows r"},
    {"q_none", 0, "q of the one without error"},
    {"score", 1, "the true score s = ∇ log p"},
    {"error", 1, "the score error e"},
    {"gradient", 1, "its gradient part ∇φ in L²(p)"},
    {"solenoidal", 1, "its solenoidal part r in L²(p)"},
    {"harm", 0, "where the error costs KL, integrated over the noise levels; for churn 1 and the exact prior"},
    {"w1", 0, "where W1 arises, integrated over the noise levels; with the key `wasserstein`"},
    {"potential", 0, "the potential whose mean under q is above that under p by W1; likewise"},
    {"flux", 1, "the flux that turns p into q by the least way; likewise"},
    {"readout", 0, "v\\|s\\|², which is d - k near a manifold of dimension k; with the key `manifold`"},
    {"distance", 0, "the distance to the manifold; with the key `manifold`"},
    {"p_levels", 0, "p over the noise level (log2 σ, to the right) and x; in one dimension, with the key `manifold`"},
    {"q_levels", 0, "the same of q of the sampler that follows e"},
};

/* ---- boxes */

ptrdiff_t rg_plot_box_cells(const rg_plot_box *box) {
    ptrdiff_t cells = 1;
    for (int a = 0; a < box->dim; a++) cells *= box->shape[a];
    return cells;
}

double rg_plot_box_spacing(const rg_plot_box *box, int axis) {
    return box->length[axis] / (double)box->shape[axis];
}

int rg_plot_box_same_shape(const rg_plot_box *a, const rg_plot_box *b) {
    if (a->dim != b->dim) return 0;
    for (int axis = 0; axis < a->dim; axis++)
        if (a->shape[axis] != b->shape[axis]) return 0;
    return 1;
}

const char *rg_plot_axis_name(int axis) {
    static const char *const name[RG_MAX_DIM] = {"x<sub>0</sub>", "x<sub>1</sub>", "x<sub>2</sub>"};
    return name[axis];
}

/* ---- JSON */

const json_t *rg_view_at(const json_t *object, const char *path) {
    char key[RG_DIAGNOSTIC_SIZE];
    while (object && *path) {
        const size_t length = strcspn(path, ".");
        if (length >= sizeof key) return NULL;
        memcpy(key, path, length);
        key[length] = 0;
        object = json_object_get(object, key);
        path += length + (path[length] == '.');
    }
    return object;
}

int rg_view_number(const json_t *json, double *value, double *error) {
    const json_t *plain = json_is_object(json) ? json_object_get(json, "value") : json;
    if (!plain || !(json_is_number(plain) || json_is_null(plain))) return 0;
    *error = (double)NAN;
    if (json_is_object(json) && json_is_number(json_object_get(json, "error")))
        *error = json_number_value(json_object_get(json, "error"));
    *value = json_is_number(plain)                                                   ? json_number_value(plain)
             : json_is_object(json) && json_is_string(json_object_get(json, "note")) ? HUGE_VAL
                                                                                     : (double)NAN;
    return 1;
}

static int read_axes(const json_t *grid, rg_plot_box *box) {
    const json_t *shape = json_object_get(grid, "shape"), *lower = json_object_get(grid, "lower");
    const json_t *length = json_object_get(grid, "length");
    const size_t dim = json_array_size(shape);
    if (dim < 1 || dim > RG_MAX_DIM || json_array_size(lower) != dim || json_array_size(length) != dim) return 0;
    box->dim = (int)dim;
    for (size_t a = 0; a < dim; a++) {
        const json_int_t points = json_integer_value(json_array_get(shape, a));
        box->shape[a] = points > 0 && points <= INT32_MAX ? (ptrdiff_t)points : 0;
        box->lower[a] = json_number_value(json_array_get(lower, a));
        box->length[a] = json_number_value(json_array_get(length, a));
        if (box->shape[a] < 1 || !(box->length[a] > 0)) return 0;
    }
    return 1;
}

/* 0 when out of memory. */
static int read_names(const json_t *grid, rg_plot_box *box, rg_pool *pool) {
    const json_t *names = json_object_get(grid, "names");
    box->degrees = json_is_true(json_object_get(grid, "degrees"));
    for (int a = 0; a < box->dim; a++) {
        const char *name = json_string_value(json_array_get(names, (size_t)a));
        box->name[a] = name ? rg_pool_text(pool, name, strlen(name)) : rg_plot_axis_name(a);
        if (!box->name[a]) return 0;
    }
    return 1;
}

/* ---- opening */

static rg_status load_report(const char *folder, json_t **report, rg_diagnostic *diagnostic) {
    char path[PATH_ROOM];
    json_error_t error;
    FILE *file;
    uint64_t size;
    snprintf(path, sizeof path, "%s/report.json", folder);
    if (access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return rg_fail(diagnostic, RG_EIO, "%s: expected a directory written by rotgrad run, with report.json in it",
                       folder);
    const rg_status status = rg_file_open(path, &file, &size, diagnostic);
    if (status != RG_OK) return status;
    *report = json_loadf(file, 0, &error);
    fclose(file);
    if (*report) return RG_OK;
    return rg_fail(diagnostic, RG_EFORMAT, "%s:%d:%d: not JSON: %s", path, error.line, error.column, error.text);
}

static rg_status check_schema(const json_t *report, const char *folder, rg_diagnostic *diagnostic) {
    static const char wanted[] = "rotgrad.report/1";
    const char *schema = json_string_value(json_object_get(report, "schema"));
    if (schema && strcmp(schema, wanted) == 0) return RG_OK;
    return rg_fail(diagnostic, RG_EFORMAT, "%s/report.json: expected the schema %s, got %.64s; rotgrad run writes it",
                   folder, wanted, schema ? schema : "none");
}

static rg_status read_report(rg_view *view, rg_pool *pool, rg_diagnostic *diagnostic) {
    const json_t *grid = json_object_get(view->report, "grid");
    const rg_status status = check_schema(view->report, view->name, diagnostic);
    if (status != RG_OK) return status;
    if (!read_axes(grid, &view->box))
        return rg_fail(diagnostic, RG_EFORMAT,
                       "%s/report.json: expected the key grid with shape, lower and length; run the experiment again",
                       view->name);
    char *dump = json_dumps(rg_view_at(view->report, "provenance.experiment"), JSON_INDENT(2));
    view->resolved = rg_pool_text(pool, dump ? dump : "", dump ? strlen(dump) : 0);
    free(dump);
    if (view->resolved && read_names(grid, &view->box, pool)) return RG_OK;
    return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", view->name);
}

static rg_status replace(rg_view *view, rg_view *fresh, rg_status status) {
    rg_view_close(status == RG_OK ? view : fresh);
    if (status == RG_OK) *view = *fresh;
    return status;
}

rg_status rg_view_open(rg_view *view, const char *folder, rg_pool *pool, rg_diagnostic *diagnostic) {
    rg_view fresh = {.folder = rg_pool_text(pool, folder, strlen(folder))};
    if (!fresh.folder) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", folder);
    fresh.name = fresh.folder;
    rg_status status = load_report(folder, &fresh.report, diagnostic);
    if (status == RG_OK) status = read_report(&fresh, pool, diagnostic);
    return replace(view, &fresh, status);
}

rg_status rg_view_borrow(rg_view *view, const char *name, const rg_outcome *outcome, const rg_experiment *experiment,
                         rg_pool *pool, rg_diagnostic *diagnostic) {
    const rg_outcome_fields *f = &outcome->fields;
    rg_view fresh = {.name = name,
                     .report = rg_report_document(&(rg_report){outcome, experiment, NULL}),
                     .field = {f->density, f->marginal[RG_FULL], f->marginal[RG_GRADIENT], f->marginal[RG_SOLENOIDAL],
                               f->marginal[RG_NONE], f->score, f->error, f->gradient, f->solenoidal, outcome->harm.map,
                               outcome->w1.map, outcome->w1.potential, outcome->w1.flux, outcome->manifold.readout,
                               outcome->manifold.distance, outcome->manifold.p, outcome->manifold.q}};
    if (!fresh.report) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", name);
    const rg_status status = read_report(&fresh, pool, diagnostic);
    if (experiment->resolved) fresh.resolved = experiment->resolved;
    return replace(view, &fresh, status);
}

void rg_view_close(rg_view *view) {
    json_decref(view->report);
    *view = (rg_view){0};
}

/* Up to the rounding of coordinates. */
static int same_box(const rg_plot_box *a, const rg_plot_box *b) {
    const double rounding = 1e-9;
    if (!rg_plot_box_same_shape(a, b)) return 0;
    for (int axis = 0; axis < a->dim; axis++) {
        const double tolerance = rounding * b->length[axis];
        if (fabs(a->lower[axis] - b->lower[axis]) > tolerance) return 0;
        if (fabs(a->length[axis] - b->length[axis]) > tolerance) return 0;
    }
    return 1;
}

rg_status rg_view_name_axes(const char *folder, rg_plot_box *box, rg_pool *pool) {
    json_t *report = NULL;
    rg_plot_box named;
    if (load_report(folder, &report, NULL) != RG_OK) return RG_OK;
    const json_t *grid = json_object_get(report, "grid");
    int done = 1;
    if (read_axes(grid, &named) && same_box(&named, box)) {
        done = read_names(grid, &named, pool);
        if (done) *box = named;
    }
    json_decref(report);
    return done ? RG_OK : RG_ENOMEM;
}

/* ---- fields */

static int fits(const rg_array *array, const rg_plot_box *box, int is_vector) {
    int same = array->dim == box->dim + is_vector && (!is_vector || array->shape[0] == box->dim);
    for (int a = 0; same && a < box->dim; a++) same = array->shape[a + is_vector] == box->shape[a];
    return same;
}

rg_status rg_view_box_of(const rg_view *view, int field, rg_plot_box *box, rg_diagnostic *diagnostic) {
    *box = view->box;
    if (field < RG_FIELD_LEVELS) return RG_OK;
    const json_t *levels = rg_view_at(view->report, "manifold.levels");
    const size_t count = json_array_size(levels);
    double low, high, unused;
    if (count < 2 || view->box.dim != 1 ||
        !rg_view_number(rg_view_at(json_array_get(levels, count - 1), "sigma"), &low, &unused) ||
        !rg_view_number(rg_view_at(json_array_get(levels, 0), "sigma"), &high, &unused) || !(low > 0))
        return rg_fail(diagnostic, RG_EINVAL,
                       "%s: %s is there in one dimension, for sigma_min above 0 and with the key manifold", view->name,
                       rg_view_field_of[field].name);
    const double step = log2(high / low) / (double)(count - 1);
    *box = (rg_plot_box){.dim = 2,
                         .shape = {(ptrdiff_t)count, view->box.shape[0], 1},
                         .lower = {log2(low), view->box.lower[0], 0},
                         .length = {step * (double)count, view->box.length[0], 1},
                         .name = {"log<sub>2</sub> σ", view->box.name[0], NULL}};
    return RG_OK;
}

rg_status rg_view_get(rg_view *view, int field, rg_pool *pool, const double **values, rg_diagnostic *diagnostic) {
    const rg_view_field *of = &rg_view_field_of[field];
    char path[PATH_ROOM];
    rg_array array = {0};
    *values = view->field[field];
    if (*values) return RG_OK;
    if (!view->folder) return rg_fail(diagnostic, RG_EINVAL, "%s: the outcome has no field %s", view->name, of->name);
    snprintf(path, sizeof path, "%s/fields.npz:%s", view->folder, of->name);
    const rg_status status = rg_array_read(path, &array, diagnostic);
    if (status != RG_OK) return status;
    if (!rg_pool_own(pool, array.data)) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    rg_plot_box box;
    const rg_status found = rg_view_box_of(view, field, &box, diagnostic);
    if (found != RG_OK) return found;
    if (!fits(&array, &box, of->is_vector))
        return rg_fail(diagnostic, RG_EFORMAT, "%s: the shape is not that of the grid in report.json", path);
    *values = view->field[field] = array.data;
    return RG_OK;
}
