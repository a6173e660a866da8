/* A dot plot: for each entry of `dots` one curve of points, whose x are the columns of the rows and whose y are their
 * numbers. */
#include "base/base.h"
#include "experiment/column.h"

#include <math.h>
#include <string.h>

static const char nothing[] = "none";

static rg_status check_alone(const rg_recipe *r, const rg_node *panel) {
    static const char *const other[] = {"heat", "flow", "arrows", "contours", "curves", "y"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        if (rg_node_get(panel, other[i]))
            return rg_node_fail_key(rg_node_get(panel, other[i]), r->diagnostic, RG_EINVAL,
                                    "expected no \"%s\" beside rows", other[i]);
    static const char *const flag[] = {"diagonal", "correlation"};
    for (size_t i = 0; i < sizeof flag / sizeof *flag; i++)
        if (rg_node_get(panel, flag[i])->number != 0)
            return rg_node_fail(rg_node_get(panel, flag[i]), r->diagnostic, RG_EINVAL, "expected no \"%s\" beside rows",
                                flag[i]);
    return RG_OK;
}

static rg_status name_rows(rg_recipe *r, const rg_node *rows, rg_panel *panel) {
    const char **name = rg_pool_alloc(&r->pool, rows->count, sizeof *name);
    rg_status status = name ? RG_OK : rg_recipe_out_of_memory(r);
    size_t i = 0;
    for (const rg_node *row = rows->first; status == RG_OK && row; row = row->next)
        status = rg_recipe_text(r, rg_node_get(row, "name"), r->view, &name[i++]);
    panel->rows = rows->count;
    panel->row = name;
    return status;
}

/* The columns of all rows, one behind the other. */
typedef struct dot_list {
    size_t count, room;
    rg_column values; /* with error bars, of no length where there are none */
    double *row;
} dot_list;

static rg_status append(rg_recipe *r, dot_list *list, const rg_column *column, double row) {
    if (list->count + column->count > list->room) {
        const size_t room = 2 * (list->count + column->count);
        double *grown = rg_pool_alloc(&r->pool, rg_size_product(room, 4), sizeof *grown);
        if (!grown) return rg_recipe_out_of_memory(r);
        double *const old[] = {list->values.value, list->values.lower, list->values.upper, list->row};
        for (size_t k = 0; list->count && k < 4; k++) memcpy(grown + k * room, old[k], list->count * sizeof *grown);
        list->values.value = grown;
        list->values.lower = grown + room;
        list->values.upper = grown + 2 * room;
        list->row = grown + 3 * room;
        list->room = room;
    }
    for (size_t i = 0; i < column->count; i++, list->count++) {
        list->values.value[list->count] = column->value[i];
        list->values.lower[list->count] = (column->lower ? column->lower : column->value)[i];
        list->values.upper[list->count] = (column->upper ? column->upper : column->value)[i];
        list->row[list->count] = row;
    }
    list->values.count = list->count;
    return RG_OK;
}

static rg_status append_row(const rg_column_scope *scope, const rg_node *row, size_t dots, size_t place, double number,
                            dot_list *list) {
    rg_recipe *r = scope->recipe;
    const rg_node *value = rg_node_get(row, "value");
    if (value->kind == RG_NODE_LIST && value->count != dots)
        return rg_node_fail(value, r->diagnostic, RG_EINVAL, "expected a value for each of the %zu dots, got %s", dots,
                            rg_node_show(value).text);
    if (value->kind == RG_NODE_LIST) value = rg_node_at(value, place);
    if (strcmp(value->text, nothing) == 0) return RG_OK;
    rg_column column;
    const rg_status status = rg_column_read(scope, value, value->text, &column);
    return status == RG_OK ? append(r, list, &column, number) : status;
}

/* `dot` may be NULL: the only kind, which has no keys. */
static rg_status read_dots(rg_recipe *r, const rg_node *panel, const rg_node *dot, size_t dots, size_t place,
                           rg_curve *curve) {
    const rg_node *own = rg_node_get(dot, "run"), *colour = rg_node_get(dot, "colour");
    rg_column_scope scope = {.recipe = r, .curve = dot};
    dot_list list = {0};
    rg_status status = rg_recipe_find_run(r, own ? own : rg_node_get(panel, "run"), &scope.entry, &scope.view);
    double number = 1;
    for (const rg_node *row = rg_node_get(panel, "rows")->first; status == RG_OK && row; row = row->next, number++)
        status = append_row(&scope, row, dots, place, number, &list);
    if (status != RG_OK) return status;
    if (list.count == 0)
        return rg_node_fail(dot ? dot : panel, r->diagnostic, RG_EINVAL, "expected a value in one row at least");
    *curve = (rg_curve){.count = (ptrdiff_t)list.count,
                        .x = list.values.value,
                        .y = list.row,
                        .lower = list.values.lower,
                        .upper = list.values.upper,
                        .mark = RG_MARK_POINTS,
                        .colour = colour ? (int)colour->number : 0};
    return rg_recipe_text(r, rg_node_get(dot, "label"), scope.view, &curve->label);
}

rg_status rg_recipe_add_rows(rg_recipe *recipe, const rg_node *node, rg_panel *panel) {
    const rg_node *dots = rg_node_get(node, "dots");
    const size_t count = dots ? dots->count : 1;
    rg_curve *curve = rg_pool_alloc(&recipe->pool, count, sizeof *curve);
    if (!curve) return rg_recipe_out_of_memory(recipe);
    rg_status status = check_alone(recipe, node);
    if (status == RG_OK) status = name_rows(recipe, rg_node_get(node, "rows"), panel);
    panel->curve = curve;
    for (size_t i = 0; status == RG_OK && i < count; i++)
        status = read_dots(recipe, node, rg_node_at(dots, i), count, i, &curve[panel->curves++]);
    return status;
}
