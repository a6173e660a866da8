/* quantity = member | path | function "(" quantity ["," index] ")" */
#include "experiment/quantity.h"

#include "base/base.h"
#include "experiment/quantity_function.h"
#include "experiment/schema.h"

#include <rotgrad/grid.h>

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NESTING = 8, PATH_ROOM = 4096 };

static const double default_lower = -3.14159265358979323846, default_length = 2 * 3.14159265358979323846;

static rg_status out_of_memory(const rg_quantity_scope *s) {
    return rg_node_fail(s->node, s->diagnostic, RG_ENOMEM, "out of memory");
}

/* ---- members of a run */

static int find_field(const char *name) {
    for (int i = 0; i < RG_VIEW_FIELDS; i++)
        if (strcmp(rg_view_field_of[i].name, name) == 0) return i;
    return -1;
}

static rg_status get_field(const rg_quantity_scope *s, int field, const double **values) {
    rg_diagnostic inner = {0};
    const rg_status status = rg_view_get(s->view, field, s->pool, values, &inner);
    return status == RG_OK ? RG_OK : rg_node_fail(s->node, s->diagnostic, status, "%s", inner.text);
}

static rg_status read_member(const rg_quantity_scope *s, int field, rg_quantity *q) {
    if (!s->view || !s->view->name)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL,
                            "%s is a field of a run, and there is no run; name one under `runs`",
                            rg_view_field_of[field].name);
    rg_diagnostic inner = {0};
    rg_status status = rg_view_box_of(s->view, field, &q->box, &inner);
    if (status != RG_OK) return rg_node_fail(s->node, s->diagnostic, status, "%s", inner.text);
    q->components = rg_view_field_of[field].is_vector ? q->box.dim : 1;
    status = get_field(s, field, &q->values);
    if (status != RG_OK) return status;
    return get_field(s, field < RG_FIELD_LEVELS ? RG_FIELD_P : RG_FIELD_LEVELS, &q->density);
}

/* ---- arrays in files */

static int is_path(const char *text) {
    return strstr(text, ".npy") || strstr(text, ".npz");
}

/* The number of components in front of the axes of an array: (2, n0, n1) and (3, n0, n1, n2) are vector fields. */
static int leading_of(const rg_array *array) {
    return (array->dim == 3 || array->dim == 4) && array->shape[0] == array->dim - 1;
}

static rg_status check_array(const rg_quantity_scope *s, const char *path, const rg_array *array) {
    const int axes = array->dim - leading_of(array);
    if (array->count == 0) return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: the array is empty", path);
    if (array->count == 1)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: a single value; there is nothing to draw", path);
    if (axes <= RG_MAX_DIM) return RG_OK;
    return rg_node_fail(s->node, s->diagnostic, RG_EINVAL,
                        "%s: expected 1 to 3 axes, or (2, n0, n1) or (3, n0, n1, n2) for a vector field, got %d axes",
                        path, array->dim);
}

/* Coordinates x0, x1, x2 in the same archive that fit give the box. */
static rg_status box_from_archive(const char *path, rg_plot_box *box) {
    char name[PATH_ROOM];
    const char *end = strstr(path, ".npz:");
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    for (int a = 0; end && a < box->dim; a++) {
        rg_array x = {0};
        snprintf(name, sizeof name, "%.*s.npz:x%d", (int)(end - path), path, a);
        const rg_status status = rg_array_read(name, &x, NULL);
        const int fits = status == RG_OK && x.dim == 1 && x.shape[0] == box->shape[a] && x.count > 1;
        if (fits) lower[a] = x.data[0];
        if (fits) length[a] = (x.data[x.count - 1] - x.data[0]) * (double)x.count / (double)(x.count - 1);
        rg_array_free(&x);
        if (status == RG_ENOMEM) return status;
        if (!fits || !(length[a] > 0) || !isfinite(length[a]) || !isfinite(lower[a])) return RG_OK;
    }
    for (int a = 0; end && a < box->dim; a++) {
        box->lower[a] = lower[a];
        box->length[a] = length[a];
    }
    return RG_OK;
}

static rg_status box_from_recipe(const rg_quantity_scope *s, rg_plot_box *box) {
    static const char *const key[] = {"lower", "length"};
    for (size_t k = 0; s->box && k < 2; k++) {
        const rg_node *list = rg_node_get(s->box, key[k]);
        if (list->count != (size_t)box->dim)
            return rg_node_fail(list, s->diagnostic, RG_EINVAL, "expected %d number%s, one for each axis, got %s",
                                box->dim, box->dim == 1 ? "" : "s", rg_node_show(list).text);
        double *numbers = k == 0 ? box->lower : box->length;
        for (const rg_node *child = list->first; child; child = child->next) *numbers++ = child->number;
    }
    return RG_OK;
}

/* From the recipe, else the archive, else the run, else [-pi, pi). */
static rg_status set_box(const rg_quantity_scope *s, const char *path, const rg_array *array, rg_quantity *q) {
    const int leading = leading_of(array);
    char folder[PATH_ROOM];
    q->box.dim = array->dim - leading;
    for (int a = 0; a < q->box.dim; a++) {
        q->box.shape[a] = array->shape[leading + a];
        q->box.lower[a] = default_lower;
        q->box.length[a] = default_length;
        q->box.name[a] = rg_plot_axis_name(a);
    }
    const int of_run = s->view && s->view->name && rg_plot_box_same_shape(&q->box, &s->view->box);
    if (of_run) q->box = s->view->box;
    rg_status status = box_from_archive(path, &q->box);
    const char *slash = strrchr(path, '/'), *end = strstr(path, ".npz:");
    const int length = slash && (!end || slash < end) ? (int)(slash - path) : 0;
    snprintf(folder, sizeof folder, "%.*s", length ? length : 1, length ? path : slash == path ? "/" : ".");
    if (status == RG_OK && end && !of_run) status = rg_view_name_axes(folder, &q->box, s->pool);
    if (status == RG_OK) status = box_from_recipe(s, &q->box);
    return status == RG_ENOMEM ? out_of_memory(s) : status;
}

/* From the list, or read and put there. */
static rg_status load_array(const rg_quantity_scope *s, const char *path, rg_array *array) {
    for (const rg_read_array *read = *s->arrays; read; read = read->next)
        if (strcmp(read->path, path) == 0) {
            *array = read->array;
            return RG_OK;
        }
    rg_diagnostic inner = {0};
    const rg_status status = rg_array_read(path, array, &inner);
    if (status != RG_OK) return rg_node_fail(s->node, s->diagnostic, status, "%s", inner.text);
    if (!rg_pool_own(s->pool, array->data)) return out_of_memory(s);
    rg_read_array *read = rg_pool_alloc(s->pool, 1, sizeof *read);
    if (!read || !(read->path = rg_pool_text(s->pool, path, strlen(path)))) return out_of_memory(s);
    read->array = *array;
    read->next = *s->arrays;
    *s->arrays = read;
    return RG_OK;
}

static rg_status read_array(const rg_quantity_scope *s, const char *text, rg_quantity *q) {
    char path[PATH_ROOM];
    rg_array array = {0};
    snprintf(path, sizeof path, "%s%s", *text == '/' ? "" : s->node->source->folder, text);
    rg_status status = load_array(s, path, &array);
    if (status == RG_OK) status = check_array(s, path, &array);
    if (status != RG_OK) return status;
    q->components = leading_of(&array) ? array.dim - 1 : 1;
    q->values = array.data;
    status = set_box(s, path, &array, q);
    const int of_run = s->view && s->view->name && rg_plot_box_same_shape(&q->box, &s->view->box);
    return status == RG_OK && of_run ? get_field(s, RG_FIELD_P, &q->density) : status;
}

/* ---- functions */

static rg_status check_call(const rg_quantity_scope *s, const rg_function *f, const rg_function_call *call,
                            int has_index) {
    const rg_quantity *in = &call->in;
    if (f->takes == RG_TAKES_VECTOR && in->components == 1)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected a vector field, got a scalar", f->name);
    if (f->takes == RG_TAKES_SCALAR && in->components > 1)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected a scalar field, got a vector", f->name);
    if (has_index != f->has_index)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected %s", f->name,
                            f->has_index ? "two arguments, as in component(error, 0)" : "one argument");
    if (has_index && (call->index < 0 || call->index >= in->components))
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected a component from 0 to %d, got %d", f->name,
                            in->components - 1, call->index);
    if ((f->needs_density || f->needs_score) && !in->density)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected a field on the grid of a run, which has p",
                            f->name);
    if (f->axes && in->box.dim != f->axes)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected a field over %d axes, got %d", f->name,
                            f->axes, in->box.dim);
    return RG_OK;
}

static rg_status apply(const rg_quantity_scope *s, const rg_function *f, rg_function_call *call, int has_index,
                       rg_quantity *q) {
    rg_diagnostic inner = {0};
    rg_status status = check_call(s, f, call, has_index);
    if (status == RG_OK && f->needs_score) status = get_field(s, RG_FIELD_SCORE, &call->score);
    if (status != RG_OK) return status;
    *q = call->in;
    q->components = f->gives_vector ? call->in.box.dim : 1;
    const size_t cells = (size_t)rg_plot_box_cells(&q->box);
    double *values = rg_pool_alloc(s->pool, (size_t)q->components * cells, sizeof *values);
    if (!values) return out_of_memory(s);
    q->values = values;
    q->least = 0;
    if (f->least > 0) q->least = f->least * (f->least_of_density ? rg_max_abs((ptrdiff_t)cells, q->density) : 1);
    status = f->apply(call, values, &inner);
    return status == RG_OK ? RG_OK : rg_node_fail(s->node, s->diagnostic, status, "%s: %s", f->name, inner.text);
}

static char *trimmed(rg_pool *pool, const char *text, size_t length) {
    while (length && isspace((unsigned char)*text)) text++, length--;
    while (length && isspace((unsigned char)text[length - 1])) length--;
    return rg_pool_text(pool, text, length);
}

static rg_status evaluate(const rg_quantity_scope *s, const char *text, int depth, rg_quantity *q);

/* "name(argument)" or "name(argument, 0)", `open` at its parenthesis. */
static rg_status evaluate_call(const rg_quantity_scope *s, const rg_function *f, const char *open, int depth,
                               rg_quantity *q) {
    const char *comma = strrchr(open, ','), *end = open + strlen(open) - 1;
    const char *nested = strrchr(open, ')') == end ? end - 1 : end;
    while (nested > open && *nested != ')') nested--;
    const int has_index = comma && comma > nested;
    char *argument = trimmed(s->pool, open + 1, (size_t)((has_index ? comma : end) - open - 1));
    if (!argument) return out_of_memory(s);
    if (depth == NESTING) return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "functions nested too deep");
    rg_function_call call = {.pool = s->pool};
    if (has_index) {
        char *rest;
        const long index = strtol(comma + 1, &rest, 10);
        while (isspace((unsigned char)*rest)) rest++;
        if (rest != end)
            return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "%s: expected a whole number after the comma",
                                f->name);
        call.index = index < -1 ? -1 : index > RG_MAX_DIM ? RG_MAX_DIM : (int)index;
    }
    const rg_status status = evaluate(s, argument, depth + 1, &call.in);
    return status == RG_OK ? apply(s, f, &call, has_index, q) : status;
}

static rg_status unknown(const rg_quantity_scope *s, const char *text, size_t name_length) {
    char name[RG_SHOWN_SIZE];
    rg_shorten(name, sizeof name, text);
    if (name_length < sizeof name) name[name_length] = 0;
    rg_nearest nearest = rg_nearest_to(name);
    for (int i = 0; i < RG_VIEW_FIELDS; i++) rg_nearest_offer(&nearest, rg_view_field_of[i].name);
    for (size_t i = 0; i < rg_functions; i++) rg_nearest_offer(&nearest, rg_function_of[i].name);
    if (nearest.best)
        return rg_node_fail(s->node, s->diagnostic, RG_EINVAL, "unknown quantity \"%s\", did you mean \"%s\"?", name,
                            nearest.best);
    return rg_node_fail(s->node, s->diagnostic, RG_EINVAL,
                        "unknown quantity \"%s\": expected a field of a run such as p_end, a path of a .npy or .npz "
                        "array, or a function of one such as norm(error)",
                        name);
}

static rg_status evaluate(const rg_quantity_scope *s, const char *text, int depth, rg_quantity *q) {
    const size_t name_length = strspn(text, "abcdefghijklmnopqrstuvwxyz_");
    const int is_call = text[name_length] == '(' && text[strlen(text) - 1] == ')';
    for (size_t i = 0; is_call && i < rg_functions; i++) {
        const rg_function *f = &rg_function_of[i];
        if (strlen(f->name) == name_length && strncmp(f->name, text, name_length) == 0)
            return evaluate_call(s, f, text + name_length, depth, q);
    }
    if (is_path(text) && !is_call) return read_array(s, text, q);
    const int field = find_field(text);
    return field >= 0 ? read_member(s, field, q) : unknown(s, text, is_call ? name_length : strlen(text));
}

rg_status rg_quantity_evaluate(const rg_quantity_scope *scope, const char *text, rg_quantity *quantity) {
    char *plain = trimmed(scope->pool, text, strlen(text));
    rg_quantity q = {0};
    if (!plain) return out_of_memory(scope);
    const rg_status status = evaluate(scope, plain, 0, &q);
    if (status == RG_OK) *quantity = q;
    return status;
}

void rg_quantity_print(FILE *out) {
    fputs("| field of a run | content |\n|---|---|\n", out);
    for (int i = 0; i < RG_VIEW_FIELDS; i++)
        fprintf(out, "| `%s` | %s%s |\n", rg_view_field_of[i].name, rg_view_field_of[i].doc,
                rg_view_field_of[i].is_vector ? " (a vector)" : "");
    fputs("\n| function | gives |\n|---|---|\n", out);
    for (size_t i = 0; i < rg_functions; i++)
        fprintf(out, "| `%s` | %s |\n", rg_function_of[i].form, rg_function_of[i].doc);
}
