/* Level tables, numbers and sweeps from report.json, members of studies, and fields with one axis, as columns. */
#include "experiment/column.h"

#include "base/base.h"
#include "experiment/schema.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum { NAME_SIZE = 128, LIST_SIZE = 128 };
static const char over[] = " / ";
static const double as_good_as_zero = 1e-12; /* of the greatest value of a divisor */

static rg_status create(const rg_column_scope *s, size_t count, int has_error, rg_column *column) {
    rg_pool *pool = &s->recipe->pool;
    column->count = count;
    column->value = rg_pool_alloc(pool, count, sizeof *column->value);
    column->lower = has_error ? rg_pool_alloc(pool, count, sizeof *column->lower) : NULL;
    column->upper = has_error ? rg_pool_alloc(pool, count, sizeof *column->upper) : NULL;
    const int complete = column->value && (!has_error || (column->lower && column->upper));
    return complete ? RG_OK : rg_recipe_out_of_memory(s->recipe);
}

/* An error that is not known is none. */
static void set_ends(rg_column *column, size_t i, double error) {
    if (!column->lower) return;
    column->lower[i] = column->value[i] - (isfinite(error) ? error : 0);
    column->upper[i] = column->value[i] + (isfinite(error) ? error : 0);
}

/* ---- levels */

/* "kl_full" or "kl.full" in {"kl": {"full": ...}}. */
static const json_t *in_row(const json_t *row, const char *name) {
    const json_t *found = rg_view_at(row, name), *group;
    const char *key;
    if (found) return found;
    json_object_foreach((json_t *)row, key, group) {
        const size_t length = strlen(key);
        if (json_is_object(group) && strncmp(name, key, length) == 0 && name[length] == '_')
            found = json_object_get(group, name + length + 1);
        if (found) return found;
    }
    return NULL;
}

static rg_status no_column(const rg_column_scope *s, const rg_node *node, const json_t *row, const char *name) {
    rg_nearest nearest = rg_nearest_to(name);
    const json_t *cell, *inner;
    const char *key, *inner_key;
    char *best = NULL;
    json_object_foreach((json_t *)row, key, cell) {
        if (!json_is_object(cell)) rg_nearest_offer(&nearest, key);
        json_object_foreach((json_t *)cell, inner_key, inner) {
            char full[NAME_SIZE];
            snprintf(full, sizeof full, "%s_%s", key, inner_key);
            const char *before = nearest.best;
            rg_nearest_offer(&nearest, full);
            if (nearest.best != before) {
                g_free(best);
                nearest.best = best = g_strdup(full);
            }
        }
    }
    const rg_status status = rg_node_fail(
        node, s->recipe->diagnostic, RG_EINVAL, "the level table has no column \"%.64s\"%s%s%s", name,
        nearest.best ? ", did you mean \"" : "", nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
    g_free(best);
    return status;
}

/* Error bars are those of {"value", "error"}, or the column NAME_error. */
static rg_status read_levels(const rg_column_scope *s, const rg_node *node, const char *table, const char *name,
                             rg_column *column) {
    rg_status status = rg_recipe_check_view(s->recipe, node, s->view);
    if (status != RG_OK) return status;
    const json_t *levels = rg_view_at(s->view->report, table), *first = json_array_get(levels, 0);
    char error_name[NAME_SIZE];
    snprintf(error_name, sizeof error_name, "%s_error", name);
    if (json_array_size(levels) == 0)
        return rg_node_fail(node, s->recipe->diagnostic, RG_EINVAL, "%s: the report has no level table", s->view->name);
    const int has_error = in_row(first, error_name) || json_is_object(in_row(first, name));
    status = create(s, json_array_size(levels), has_error, column);
    for (size_t i = 0; status == RG_OK && i < column->count; i++) {
        const json_t *row = json_array_get(levels, i), *cell = in_row(row, name), *bar = in_row(row, error_name);
        double error, unused;
        if (!cell || !rg_view_number(cell, &column->value[i], &error)) return no_column(s, node, row, name);
        if (bar && !rg_view_number(bar, &error, &unused)) return no_column(s, node, row, error_name);
        set_ends(column, i, error);
    }
    return status;
}

/* ---- numbers of the report */

/* Follows a path as far as there are keys; `rest` is what is left of it. */
static const json_t *follow(const json_t *json, const char *path, const char **rest) {
    for (*rest = path; **rest;) {
        char *key = g_strndup(*rest, strcspn(*rest, "."));
        const json_t *below = json_object_get(json, key);
        if (below) *rest += strlen(key) + ((*rest)[strlen(key)] == '.');
        g_free(key);
        if (!below) break;
        json = below;
    }
    return json;
}

/* "a, b, c", the keys of an object, which are offered to `nearest`; freed by g_free. */
static char *list_keys(const json_t *object, rg_nearest *nearest) {
    GString *keys = g_string_new(NULL);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        g_string_append_printf(keys, "%s%s", keys->len ? ", " : "", key);
        rg_nearest_offer(nearest, key);
    }
    return g_string_free(keys, FALSE);
}

/* `rest` of the path is not in the object `at`, or `at` is no number. */
static rg_status no_number(const rg_column_scope *s, const rg_node *node, const json_t *at, const char *path,
                           const char *rest) {
    char *word = g_strndup(rest, strcspn(rest, ".")), shown[LIST_SIZE];
    rg_nearest nearest = rg_nearest_to(word);
    char *keys = list_keys(at, &nearest),
         *meant = g_strdup_printf("%.*s%s", (int)(rest - path), path, nearest.best ? nearest.best : "");
    rg_shorten(shown, sizeof shown, nearest.best ? meant : keys);
    g_free(word);
    g_free(keys);
    g_free(meant);
    return rg_node_fail(node, s->recipe->diagnostic, RG_EINVAL, "report.json has no number \"%.64s\"%s%s%s", path,
                        nearest.best ? ", did you mean \""
                        : *shown     ? "; there are "
                                     : "",
                        shown, nearest.best ? "\"?" : "");
}

/* Below a null, as under bounds.w1 without the key wasserstein, nothing was computed. */
static rg_status read_number(const rg_column_scope *s, const rg_node *node, const rg_view *view, const char *path,
                             double *value, double *error) {
    const rg_status status = rg_recipe_check_view(s->recipe, node, view);
    if (status != RG_OK) return status;
    const char *rest;
    const json_t *json = follow(view->report, path, &rest);
    if (!*rest && rg_view_number(json, value, error)) return RG_OK;
    if (!json_is_null(json)) return no_number(s, node, json, path, rest);
    *value = *error = (double)NAN;
    return RG_OK;
}

static rg_status read_report(const rg_column_scope *s, const rg_node *node, const char *path, rg_column *column) {
    double error = 0;
    rg_status status = create(s, 1, 1, column);
    if (status == RG_OK) status = read_number(s, node, s->view, path, column->value, &error);
    if (status == RG_OK) set_ends(column, 0, error);
    return status;
}

/* ---- sweeps */

static rg_status read_sweep_value(const rg_column_scope *s, rg_column *column) {
    const rg_status status = create(s, s->entry->count, 0, column);
    size_t i = 0;
    for (const rg_node *value = s->entry->values->first; status == RG_OK && value; value = value->next)
        column->value[i++] = value->number;
    return status;
}

static rg_status read_sweep(const rg_column_scope *s, const rg_node *node, const char *path, rg_column *column) {
    if (!s->entry || !s->entry->values)
        return rg_node_fail(node, s->recipe->diagnostic, RG_EINVAL, "%s is for a run with a sweep; name one with `run`",
                            node->text);
    if (strcmp(path, "value") == 0) return read_sweep_value(s, column);
    rg_status status = create(s, s->entry->count, 1, column);
    for (size_t i = 0; status == RG_OK && i < column->count; i++) {
        const rg_view *view = &s->recipe->view[s->entry->first + i];
        double error = 0;
        status = read_number(s, node, view, path, &column->value[i], &error);
        if (status == RG_OK) set_ends(column, i, error);
    }
    return status;
}

/* ---- studies */

static rg_status no_study_column(const rg_column_scope *s, const rg_node *node, const rg_csv_table *t,
                                 const char *name) {
    rg_nearest nearest = rg_nearest_to(name);
    for (size_t c = 0; c < t->columns; c++) rg_nearest_offer(&nearest, t->cell[c]);
    return rg_node_fail(node, s->recipe->diagnostic, RG_EINVAL, "the study has no column of numbers \"%.64s\"%s%s%s",
                        name, nearest.best ? ", did you mean \"" : "", nearest.best ? nearest.best : "",
                        nearest.best ? "\"?" : "");
}

static double index_of(const rg_csv_table *t, size_t row) {
    const size_t column = rg_csv_find(t, "index");
    double index = (double)row;
    return column != SIZE_MAX && rg_csv_number(rg_csv_cell(t, row, column), &index) ? index : (double)row;
}

/* Rows that the curve asks for, their places in `chosen`, by the index of the member: parts of a study may have ended in
 * any order, and of two programs that overlapped each left a row. */
static size_t choose_rows(const rg_csv_table *t, const rg_node *label, size_t *chosen) {
    const size_t column = rg_csv_find(t, "label");
    size_t count = 0;
    for (size_t r = 0; r < t->rows; r++) {
        if (label && (column == SIZE_MAX || strcmp(rg_csv_cell(t, r, column), label->text) != 0)) continue;
        size_t place = count;
        while (place > 0 && index_of(t, chosen[place - 1]) > index_of(t, r)) place--;
        if (place > 0 && index_of(t, chosen[place - 1]) == index_of(t, r)) continue;
        memmove(&chosen[place + 1], &chosen[place], (count - place) * sizeof *chosen);
        chosen[place] = r;
        count++;
    }
    return count;
}

static rg_status read_study(const rg_column_scope *s, const rg_node *node, const char *name, rg_column *column) {
    const rg_node *label = rg_node_get(s->curve, "members");
    const rg_csv_table *t;
    char error_name[NAME_SIZE];
    double unused;
    rg_status status = rg_recipe_find_study(s->recipe, rg_node_get(s->curve, "study"), node, &t);
    if (status != RG_OK) return status;
    snprintf(error_name, sizeof error_name, "%s_error", name);
    const size_t at = rg_csv_find(t, name), bar = rg_csv_find(t, error_name);
    size_t *chosen = rg_pool_alloc(&s->recipe->pool, t->rows, sizeof *chosen);
    if (!chosen) return rg_recipe_out_of_memory(s->recipe);
    const size_t count = choose_rows(t, label, chosen);
    if (count == 0)
        return rg_node_fail(label ? label : node, s->recipe->diagnostic, RG_EINVAL, "the study has no such members");
    if (at == SIZE_MAX || !rg_csv_number(rg_csv_cell(t, chosen[0], at), &unused))
        return no_study_column(s, node, t, name);
    status = create(s, count, bar != SIZE_MAX, column);
    for (size_t i = 0; status == RG_OK && i < count; i++) {
        if (!rg_csv_number(rg_csv_cell(t, chosen[i], at), &column->value[i])) column->value[i] = (double)NAN;
        double error = 0;
        if (column->lower && !rg_csv_number(rg_csv_cell(t, chosen[i], bar), &error)) error = 0;
        set_ends(column, i, error);
    }
    return status;
}

/* ---- fields with one axis */

static rg_status evaluate(const rg_column_scope *s, const rg_node *node, const char *text, rg_quantity *q) {
    rg_recipe *r = s->recipe;
    const rg_quantity_scope scope = {s->view, node, rg_node_get(r->root, "box"), &r->pool, &r->arrays, r->diagnostic};
    const rg_status status = rg_quantity_evaluate(&scope, text, q);
    if (status != RG_OK || (q->box.dim == 1 && q->components == 1)) return status;
    return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected values along one axis, got %d axes; draw a heat map",
                        q->box.dim);
}

static rg_status read_quantity(const rg_column_scope *s, const rg_node *node, const char *text, rg_column *column) {
    rg_quantity q;
    rg_status status = evaluate(s, node, text, &q);
    if (status == RG_OK) status = create(s, (size_t)q.box.shape[0], 0, column);
    if (status == RG_OK) memcpy(column->value, q.values, column->count * sizeof *column->value);
    return status;
}

static const char *behind(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

static rg_status read_part(const rg_column_scope *s, const rg_node *node, const char *text, rg_column *column) {
    const char *level = behind(text, "levels."), *sweep = behind(text, "sweep."), *study = behind(text, "study.");
    const char *manifold = behind(text, "manifold."), *report = behind(text, "report.");
    return level      ? read_levels(s, node, "levels", level, column)
           : manifold ? read_levels(s, node, "manifold.levels", manifold, column)
           : report   ? read_report(s, node, report, column)
           : study    ? read_study(s, node, study, column)
           : sweep    ? read_sweep(s, node, sweep, column)
                      : read_quantity(s, node, text, column);
}

static double greatest(const rg_column *column) {
    double most = 0;
    for (size_t i = 0; i < column->count; i++)
        if (isfinite(column->value[i])) most = fmax(most, fabs(column->value[i]));
    return most;
}

/* From the least quotient of two points of the bars to the greatest. Where that of the divisor reaches 0, the quotient of
 * its own sign has no end; fmin and fmax pass over 0 / 0. */
static void divide_ends(const rg_column *above, const rg_column *below, size_t i, double ends[2]) {
    const double *const side[] = {below->lower, below->upper}, b = below->value[i], inner = side[b < 0][i];
    const double divisor[] = {side[b > 0][i], inner * copysign(1, b) > 0 ? inner : copysign(0, b)};
    ends[0] = HUGE_VAL;
    ends[1] = -HUGE_VAL;
    for (int k = 0; k < 2; k++) {
        const double one = above->lower[i] / divisor[k], other = above->upper[i] / divisor[k];
        ends[0] = fmin(ends[0], fmin(one, other));
        ends[1] = fmax(ends[1], fmax(one, other));
    }
}

/* Where the divisor is as good as 0 beside its greatest value, rounding where nothing should be, there is no quotient. */
static rg_status divide(const rg_column_scope *s, const rg_node *node, const rg_column *below, rg_column *column) {
    if (below->count != column->count)
        return rg_node_fail(node, s->recipe->diagnostic, RG_EINVAL, "expected columns of one length, got %zu and %zu",
                            column->count, below->count);
    const int has_error = column->lower && below->lower;
    const double least = as_good_as_zero * greatest(below);
    for (size_t i = 0; i < column->count; i++) {
        const double b = fabs(below->value[i]) > least ? below->value[i] : nan(""), quotient = column->value[i] / b;
        double ends[2] = {quotient, quotient};
        if (has_error && isfinite(quotient)) divide_ends(column, below, i, ends);
        if (has_error) column->lower[i] = ends[0];
        if (has_error) column->upper[i] = ends[1];
        column->value[i] = quotient;
    }
    if (!has_error) column->lower = column->upper = NULL;
    return RG_OK;
}

rg_status rg_column_read(const rg_column_scope *scope, const rg_node *node, const char *text, rg_column *column) {
    const char *slash = strstr(text, over);
    if (!slash) return read_part(scope, node, text, column);
    rg_column below = {0};
    char *above = rg_pool_text(&scope->recipe->pool, text, (size_t)(slash - text));
    if (!above) return rg_recipe_out_of_memory(scope->recipe);
    rg_status status = read_part(scope, node, above, column);
    if (status == RG_OK) status = read_part(scope, node, slash + strlen(over), &below);
    return status == RG_OK ? divide(scope, node, &below, column) : status;
}

rg_status rg_column_default_x(const rg_column_scope *scope, const rg_node *node, const char *y, rg_column *column) {
    if (behind(y, "levels.")) return read_part(scope, node, "levels.sigma", column);
    if (behind(y, "manifold.")) return read_part(scope, node, "manifold.sigma", column);
    if (behind(y, "sweep.")) return read_part(scope, node, "sweep.value", column);
    if (behind(y, "study.")) return read_part(scope, node, "study.value", column);
    if (behind(y, "report."))
        return rg_node_fail(node, scope->recipe->diagnostic, RG_EINVAL,
                            "%s is one number; give its `x`, or make it a row", y);
    rg_quantity q;
    rg_status status = evaluate(scope, node, y, &q);
    if (status == RG_OK) status = create(scope, (size_t)q.box.shape[0], 0, column);
    for (size_t i = 0; status == RG_OK && i < column->count; i++)
        column->value[i] = q.box.lower[0] + (double)i * rg_plot_box_spacing(&q.box, 0);
    return status;
}
