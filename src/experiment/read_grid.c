/* grid: shape, box, the shape that a learned score can give, and what figures call the axes. */
#include "base/base.h"
#include "experiment/number.h"
#include "experiment/reader.h"

#include <string.h>

static const double MAX_CELLS = 1 << 27; /* 1 GiB a scalar field; a run holds dozens of them */

static rg_node *first_learned_score(const rg_reader *r) {
    for (const rg_node *term = rg_node_get(r->root, "error")->first; term; term = term->next) {
        const rg_node *learned = rg_node_get(term, "learned");
        if (learned) return rg_node_get(learned, "score");
    }
    return NULL;
}

static rg_status shape_from_learned(rg_reader *r, rg_node *grid) {
    const rg_node *node = first_learned_score(r);
    if (!node)
        return rg_node_fail(grid, r->diagnostic, RG_EINVAL,
                            "expected the key \"shape\"; only a learned score gives it a default");
    rg_array score = {0};
    const rg_status status = rg_reader_load(r, node, &score);
    if (status != RG_OK) return status;
    const int dim = score.dim - 2;
    int fits = dim >= 1 && dim <= RG_MAX_DIM && score.shape[1] == dim;
    for (int a = 0; fits && a < dim; a++) fits = score.shape[2 + a] >= RG_MIN_POINTS;
    if (!fits)
        return rg_reader_wrong_shape(r, node, &score, "(K, d, n0, ...) with d = 1, 2 or 3 axes of at least 4 points");
    r->score_node = node;
    r->score = score;
    double shape[RG_MAX_DIM];
    for (int a = 0; a < dim; a++) shape[a] = (double)score.shape[2 + a];
    return rg_reader_fill(r, grid, "shape", shape, (size_t)dim, RG_VALUE_WHOLE);
}

static rg_status read_shape(rg_reader *r, const rg_node *node, ptrdiff_t *shape) {
    if (node->count > RG_MAX_DIM)
        return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected 1 to 3 sizes, one for each axis, got %s",
                            rg_node_show(node).text);
    double cells = 1;
    for (const rg_node *child = node->first; child; child = child->next) {
        cells *= child->number;
        *shape++ = (ptrdiff_t)child->number;
    }
    if (cells <= MAX_CELLS) return RG_OK;
    return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                        "expected at most %.0f points in all (1 GiB for one scalar field), got %.0f", MAX_CELLS, cells);
}

/* The numbers of a key with one for each axis, or `fallback` on all of them. */
static rg_status read_axes(rg_reader *r, rg_node *grid, const char *key, size_t dim, double fallback, double *numbers) {
    const rg_node *node = rg_node_get(grid, key);
    if (node) return rg_reader_numbers(r, node, dim, "axis", numbers);
    for (size_t a = 0; a < dim; a++) numbers[a] = fallback;
    return rg_reader_fill(r, grid, key, numbers, dim, RG_VALUE_NUMBER);
}

/* Squares of lengths, and their inverses, are to be numbers. */
static rg_status check_lengths(const rg_reader *r, const rg_node *grid, size_t dim, const double *length) {
    for (size_t a = 0; a < dim; a++)
        if (length[a] < 1e-100 || length[a] > 1e100)
            return rg_node_fail(rg_node_get(grid, "length"), r->diagnostic, RG_EINVAL,
                                "expected lengths from 1e-100 to 1e100, got %s: choose another unit",
                                rg_number_show(length[a]).text);
    return RG_OK;
}

static rg_status read_names(rg_reader *r, const rg_node *grid, size_t dim) {
    rg_experiment *e = r->experiment;
    const rg_node *names = rg_node_get(grid, "names");
    e->degrees = rg_node_get(grid, "degrees")->number != 0;
    if (!names) return RG_OK;
    if (names->count != dim)
        return rg_node_fail(names, r->diagnostic, RG_EINVAL, "expected %zu name%s, one for each axis, got %s", dim,
                            dim == 1 ? "" : "s", rg_node_show(names).text);
    size_t a = 0;
    for (const rg_node *name = names->first; name; name = name->next, a++) {
        e->axis_name[a] = rg_pool_text(r->kept, name->text, strlen(name->text));
        if (!e->axis_name[a]) return rg_reader_out_of_memory(r);
    }
    return RG_OK;
}

/* Particles need no grid: without one they live on R^D. */
static int is_free(const rg_reader *r, const rg_node *grid) {
    return r->experiment->free_space && !rg_node_get(grid, "shape") && !rg_node_get(grid, "lower") &&
           !rg_node_get(grid, "length") && !first_learned_score(r);
}

rg_status rg_reader_grid(rg_reader *r) {
    const double pi = 3.14159265358979323846;
    rg_node *grid = rg_node_get(r->root, "grid");
    ptrdiff_t shape[RG_MAX_DIM];
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    r->experiment->free_space = is_free(r, grid);
    if (r->experiment->free_space) return RG_OK;
    rg_status status = rg_node_get(grid, "shape") ? RG_OK : shape_from_learned(r, grid);
    if (status != RG_OK) return status;
    const rg_node *node = rg_node_get(grid, "shape");
    status = read_shape(r, node, shape);
    if (status == RG_OK) status = read_axes(r, grid, "lower", node->count, -pi, lower);
    if (status == RG_OK) status = read_axes(r, grid, "length", node->count, 2 * pi, length);
    if (status == RG_OK) status = check_lengths(r, grid, node->count, length);
    if (status == RG_OK) status = read_names(r, grid, node->count);
    if (status != RG_OK) return status;
    status = rg_grid_init((int)node->count, shape, lower, length, &r->experiment->grid);
    r->experiment->dim = node->count;
    if (status == RG_OK) return RG_OK;
    return rg_node_fail(node, r->diagnostic, status, "%s", rg_status_text(status));
}
