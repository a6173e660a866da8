/* Curves of a panel: two columns each.
 *
 *     column = part [" / " part]      part = levels.NAME | report.PATH | sweep.value | sweep.PATH | study.NAME |
 *                                                  a quantity with one axis
 *
 * Columns of `levels` are those of levels.csv, one point a noise level; PATH is that of a number in report.json, one point,
 * and of a sweep one point a run. */
#include "base/base.h"
#include "experiment/column.h"
#include "figure/number.h"

#include <glib.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <string.h>

enum { LEAST_POINTS = 3, COEFFICIENT_DIGITS = 3 };

static rg_mark mark_of(const rg_node *curve) {
    return (rg_mark)(RG_MARK_LINE + (int)rg_node_get(curve, "mark")->number);
}

static rg_status set_errors(rg_recipe *r, const rg_node *node, const rg_column *y, rg_curve *curve) {
    if (rg_node_get(node, "error")->number == 0) return RG_OK;
    if (!y->lower)
        return rg_node_fail(rg_node_get(node, "error"), r->diagnostic, RG_EINVAL, "%s has no error bars",
                            rg_node_get(node, "y")->text);
    curve->lower = y->lower;
    curve->upper = y->upper;
    return RG_OK;
}

static rg_status read_curve(rg_recipe *r, const rg_node *panel, const rg_node *node, rg_curve *curve) {
    const rg_node *own = rg_node_get(node, "run"), *run = own ? own : rg_node_get(panel, "run");
    const rg_node *x_node = rg_node_get(node, "x"), *y_node = rg_node_get(node, "y");
    const rg_node *colour = rg_node_get(node, "colour");
    rg_column_scope scope = {.recipe = r, .curve = node};
    rg_column x, y;
    rg_status status = rg_recipe_find_run(r, run, &scope.entry, &scope.view);
    if (status == RG_OK) status = rg_column_read(&scope, y_node, y_node->text, &y);
    if (status == RG_OK)
        status = x_node ? rg_column_read(&scope, x_node, x_node->text, &x)
                        : rg_column_default_x(&scope, y_node, y_node->text, &x);
    if (status != RG_OK) return status;
    if (x.count != y.count)
        return rg_node_fail(y_node, r->diagnostic, RG_EINVAL, "expected as many values as x has, %zu, got %zu", x.count,
                            y.count);
    *curve = (rg_curve){.count = (ptrdiff_t)y.count,
                        .x = x.value,
                        .y = y.value,
                        .mark = mark_of(node),
                        .colour = colour ? (int)colour->number : 0};
    status = rg_recipe_text(r, rg_node_get(node, "label"), scope.view, &curve->label);
    return status == RG_OK ? set_errors(r, node, &y, curve) : status;
}

/* ---- axes */

static rg_status read_axis(rg_recipe *r, const rg_node *node, rg_axis *axis) {
    const rg_node *range = rg_node_get(node, "range"), *scale = rg_node_get(node, "scale");
    const rg_status status = rg_recipe_text(r, rg_node_get(node, "label"), r->view, &axis->label);
    if (status != RG_OK) return status;
    axis->scale = scale && scale->number > 0 ? RG_SCALE_LOG : RG_SCALE_LINEAR;
    if (!range) return RG_OK;
    if (range->count != 2 || !(range->first->number < range->last->number))
        return rg_node_fail(range, r->diagnostic, RG_EINVAL, "expected two ascending numbers, got %s",
                            rg_node_show(range).text);
    axis->lower = range->first->number;
    axis->upper = range->last->number;
    return RG_OK;
}

/* ---- the note */

static int is_shown(const rg_axis *axis, double value) {
    return isfinite(value) && (axis->scale != RG_SCALE_LOG || value > 0);
}

/* All points that the axes can show, x first, then y, as they count. */
static size_t gather(const rg_panel *panel, int log_log, size_t room, double *points) {
    size_t count = 0;
    for (size_t k = 0; k < panel->curves; k++)
        for (ptrdiff_t i = 0; i < panel->curve[k].count; i++) {
            const double x = panel->curve[k].x[i], y = panel->curve[k].y[i];
            if (!is_shown(&panel->x, x) || !is_shown(&panel->y, y)) continue;
            points[count] = log_log ? log(x) : x;
            points[room + count++] = log_log ? log(y) : y;
        }
    return count;
}

static int varies(const double *values, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (values[i] != values[0]) return 1;
    return 0;
}

static rg_status add_correlation(rg_recipe *r, const rg_node *node, rg_panel *panel) {
    const int log_log = panel->x.scale == RG_SCALE_LOG && panel->y.scale == RG_SCALE_LOG;
    size_t room = 0;
    for (size_t k = 0; k < panel->curves; k++) room += (size_t)panel->curve[k].count;
    double *points = rg_pool_alloc(&r->pool, rg_size_product(room, 4), sizeof *points);
    if (!points) return rg_recipe_out_of_memory(r);
    const double *x = points, *y = points + room;
    const size_t count = gather(panel, log_log, room, points);
    if (count < LEAST_POINTS || !varies(x, count) || !varies(y, count))
        return rg_node_fail(rg_node_get(node, "correlation"), r->diagnostic, RG_EINVAL,
                            "expected at least %d points that differ in x and y, got %zu", LEAST_POINTS, count);
    char pearson[RG_NUMBER_TEXT], spearman[RG_NUMBER_TEXT];
    rg_number_fixed(pearson, gsl_stats_correlation(x, 1, y, 1, count), COEFFICIENT_DIGITS);
    rg_number_fixed(spearman, gsl_stats_spearman(x, 1, y, 1, count, points + 2 * room), COEFFICIENT_DIGITS);
    char *text = g_strdup_printf("%s%sPearson %s%s\nSpearman %s", panel->note, *panel->note ? "\n" : "", pearson,
                                 log_log ? " (log\xe2\x80\x93log)" : "", spearman);
    panel->note = rg_pool_text(&r->pool, text, strlen(text));
    g_free(text);
    return panel->note ? RG_OK : rg_recipe_out_of_memory(r);
}

/* ---- together */

static rg_status read_curves(rg_recipe *r, const rg_node *node, const rg_node *list, rg_panel *panel) {
    rg_curve *curve = rg_pool_alloc(&r->pool, list->count, sizeof *curve);
    if (!curve) return rg_recipe_out_of_memory(r);
    panel->curve = curve;
    rg_status status = RG_OK;
    for (const rg_node *child = list->first; status == RG_OK && child; child = child->next)
        status = read_curve(r, node, child, &curve[panel->curves++]);
    return status;
}

static int has_fields(const rg_panel *panel) {
    return panel->heat || panel->flow || panel->arrows || panel->contours;
}

static rg_status read_axes(rg_recipe *r, const rg_node *node, rg_panel *panel) {
    if (has_fields(panel)) return RG_OK; /* those of the box */
    const rg_status status = read_axis(r, rg_node_get(node, "x"), &panel->x);
    return status == RG_OK ? read_axis(r, rg_node_get(node, "y"), &panel->y) : status;
}

rg_status rg_recipe_add_curves(rg_recipe *recipe, const rg_node *node, rg_panel *panel) {
    const rg_node *list = rg_node_get(node, "curves"), *run = rg_node_get(node, "run");
    const rg_run_entry *entry;
    rg_view *view;
    rg_status status = rg_recipe_find_run(recipe, run, &entry, &view);
    if (status == RG_OK) status = read_axes(recipe, node, panel);
    if (status == RG_OK && list) status = read_curves(recipe, node, list, panel);
    if (status == RG_OK && rg_node_get(node, "rows")) status = rg_recipe_add_rows(recipe, node, panel);
    if (status == RG_OK) status = rg_recipe_text(recipe, rg_node_get(node, "note"), view, &panel->note);
    panel->diagonal = rg_node_get(node, "diagonal")->number != 0;
    const int correlated = rg_node_get(node, "correlation")->number != 0;
    return status == RG_OK && correlated ? add_correlation(recipe, node, panel) : status;
}
