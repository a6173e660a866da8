/* Files, shapes and lists of numbers, with messages that start where the experiment file names them. */
#include "experiment/reader.h"

#include "base/base.h"
#include "experiment/number.h"
#include "io/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHAPE_SIZE = 24 * RG_ARRAY_MAX_DIM, EXPECTED_SIZE = 128 };

rg_status rg_reader_out_of_memory(const rg_reader *r) {
    return rg_fail(r->diagnostic, RG_ENOMEM, "%s: out of memory", r->root->source->name);
}

/* ---- files */

/* NULL when out of memory. */
static char *resolve(rg_reader *r, const rg_node *node) {
    const char *folder = *node->text == '/' ? "" : node->source->folder;
    const size_t size = strlen(folder) + strlen(node->text) + 1;
    char *path = rg_pool_alloc(r->kept, size, 1);
    if (path) snprintf(path, size, "%s%s", folder, node->text);
    return path;
}

/* FILE.npz of FILE.npz:NAME. */
static void drop_member(char *path) {
    char *member = NULL;
    for (char *at = path; (at = strstr(at, ".npz:"));) member = at += strlen(".npz");
    if (member) *member = 0;
}

/* Doubles the room when the list is full: at every power of two. */
static int make_room(rg_reader *r) {
    rg_experiment *e = r->experiment;
    if (e->inputs & (e->inputs - 1)) return 1;
    rg_experiment_input *input = rg_pool_alloc(r->kept, e->inputs ? 2 * e->inputs : 1, sizeof *input);
    if (!input) return 0;
    if (e->inputs) memcpy(input, e->input, e->inputs * sizeof *input);
    e->input = input;
    return 1;
}

rg_status rg_reader_input(rg_reader *r, const char *path, rg_diagnostic *diagnostic) {
    rg_experiment *e = r->experiment;
    char *opened = rg_pool_text(r->kept, path, strlen(path));
    if (!opened) return rg_reader_out_of_memory(r);
    drop_member(opened);
    for (size_t i = 0; i < e->inputs; i++)
        if (strcmp(e->input[i].path, opened) == 0) return RG_OK;
    rg_experiment_input input = {.path = opened};
    const rg_status status = rg_file_sha256(opened, input.sha256, diagnostic);
    if (status != RG_OK) return status;
    if (!make_room(r)) return rg_reader_out_of_memory(r);
    e->input[e->inputs++] = input;
    return RG_OK;
}

rg_status rg_reader_load(rg_reader *r, const rg_node *node, rg_array *array) {
    if (node == r->score_node) {
        *array = r->score;
        return RG_OK;
    }
    const char *path = resolve(r, node);
    if (!path) return rg_reader_out_of_memory(r);
    rg_array read = {0};
    rg_diagnostic inner = {0};
    rg_status status = rg_array_read(path, &read, &inner);
    if (status == RG_OK && !rg_pool_own(r->kept, read.data)) return rg_reader_out_of_memory(r);
    if (status == RG_OK) status = rg_array_check_finite(&read, path, &inner);
    if (status == RG_OK) status = rg_reader_input(r, path, &inner);
    if (status != RG_OK) return rg_node_fail(node, r->diagnostic, status, "%s", inner.text);
    *array = read;
    return RG_OK;
}

/* ---- shapes */

rg_status rg_reader_wrong_shape(const rg_reader *r, const rg_node *node, const rg_array *array, const char *expected) {
    char shape[SHAPE_SIZE] = "";
    for (int a = 0; a < array->dim; a++) {
        const size_t used = strlen(shape);
        snprintf(shape + used, sizeof shape - used, "%s%td", a ? ", " : "", array->shape[a]);
    }
    const char *comma = array->dim == 1 ? "," : ""; /* as Python writes a tuple of one */
    return rg_node_fail(node, r->diagnostic, RG_EINVAL, "%s: expected shape %s, got (%s%s)", node->text, expected,
                        shape, comma);
}

static rg_status not_on_grid(const rg_reader *r, const rg_node *node, const rg_array *array, int leading) {
    static const char *const axes[] = {[1] = "n0", "n0, n1", "n0, n1, n2"};
    const int dim = r->experiment->grid.dim;
    char expected[EXPECTED_SIZE], components[16];
    snprintf(components, sizeof components, "%d, ", dim);
    snprintf(expected, sizeof expected, "(%s%s%s%s) with at least %d points on each axis", leading > 1 ? "K, " : "",
             leading ? components : "", axes[dim], leading == 0 && dim == 1 ? "," : "", RG_MIN_POINTS);
    return rg_reader_wrong_shape(r, node, array, expected);
}

rg_status rg_reader_values_grid(const rg_reader *r, const rg_node *node, const rg_array *array, int leading,
                                rg_grid *grid) {
    const rg_grid *run = &r->experiment->grid;
    const int fits = array->dim == leading + run->dim && array->count > 0;
    const int vector = leading == 0 || (fits && array->shape[leading - 1] == run->dim);
    rg_grid values;
    if (!fits || !vector || rg_grid_init(run->dim, array->shape + leading, run->lower, run->length, &values) != RG_OK)
        return not_on_grid(r, node, array, leading);
    *grid = values;
    return RG_OK;
}

rg_status rg_reader_density_values(rg_reader *r, const rg_node *node, rg_grid *grid, double **values) {
    rg_array array = {0};
    rg_status status = rg_reader_load(r, node, &array);
    if (status == RG_OK) status = rg_reader_values_grid(r, node, &array, 0, grid);
    if (status != RG_OK) return status;
    for (size_t i = 0; i < array.count; i++)
        if (array.data[i] < 0)
            return rg_node_fail(node, r->diagnostic, RG_EDOMAIN, "%s: expected values >= 0, got %s at element %zu",
                                node->text, rg_number_show(array.data[i]).text, i);
    const double sum = rg_sum((ptrdiff_t)array.count, array.data);
    if (!(sum > 0) || !isfinite(sum))
        return rg_node_fail(node, r->diagnostic, RG_EDOMAIN, "%s: expected a positive, finite mass, got a sum of %s",
                            node->text, rg_number_show(sum).text);
    *values = array.data;
    return RG_OK;
}

/* ---- lists of numbers */

rg_status rg_reader_numbers(const rg_reader *r, const rg_node *list, size_t count, const char *each, double *numbers) {
    if (list->count != count)
        return rg_node_fail(list, r->diagnostic, RG_EINVAL, "expected %zu number%s, one for each %s, got %s", count,
                            count == 1 ? "" : "s", each, rg_node_show(list).text);
    for (const rg_node *child = list->first; child; child = child->next) *numbers++ = child->number;
    return RG_OK;
}

rg_status rg_reader_fill(rg_reader *r, rg_node *map, const char *key, const double *numbers, size_t count,
                         rg_node_value value) {
    rg_node *list = rg_node_add(map, key, RG_NODE_LIST, &r->scratch);
    if (!list) return rg_reader_out_of_memory(r);
    for (size_t i = 0; i < count; i++)
        if (!rg_node_add_number(list, NULL, numbers[i], value, &r->scratch)) return rg_reader_out_of_memory(r);
    return RG_OK;
}

rg_status rg_reader_fill_number(rg_reader *r, rg_node *map, const char *key, double number) {
    return rg_node_add_number(map, key, number, RG_VALUE_NUMBER, &r->scratch) ? RG_OK : rg_reader_out_of_memory(r);
}
