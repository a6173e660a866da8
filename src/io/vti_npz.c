/* A run's fields.npz as .vti: the coordinates x0, x1, x2 say what grid its arrays stand on. */
#include <rotgrad/vti.h>

#include "base/base.h"

#include <math.h>
#include <rotgrad/array.h>
#include <stdio.h>
#include <string.h>

static const char *const axis_name[RG_MAX_DIM] = {"x0", "x1", "x2"};
static const double evenly = 1e-9; /* how far a coordinate may be off its place, in spacings */

struct archive {
    const char *path;
    char **name;
    size_t count;
    rg_array *array; /* one for each name */
    rg_vti_field *field;
    rg_grid grid;
};

static rg_status out_of_memory(const struct archive *a, rg_diagnostic *diagnostic) {
    return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", a->path);
}

static rg_status read_member(const struct archive *a, size_t i, rg_diagnostic *diagnostic) {
    const size_t room = strlen(a->path) + strlen(a->name[i]) + 2;
    char *path = rg_alloc(room, 1);
    if (!path) return out_of_memory(a, diagnostic);
    snprintf(path, room, "%s:%s", a->path, a->name[i]);
    const rg_status status = rg_array_read(path, &a->array[i], diagnostic);
    rg_free(path);
    return status;
}

static rg_status read_all(struct archive *a, rg_diagnostic *diagnostic) {
    rg_status status = rg_array_list_npz(a->path, &a->name, &a->count, diagnostic);
    if (status != RG_OK) return status;
    a->array = rg_alloc(a->count, sizeof *a->array);
    a->field = rg_alloc(a->count, sizeof *a->field);
    if (!a->array || !a->field) return out_of_memory(a, diagnostic);
    for (size_t i = 0; i < a->count && status == RG_OK; i++) status = read_member(a, i, diagnostic);
    return status;
}

static void destroy(struct archive *a) {
    for (size_t i = 0; a->array && i < a->count; i++) rg_array_free(&a->array[i]);
    rg_free(a->array);
    rg_free(a->field);
    rg_free(a->name);
}

static const rg_array *find_axis(const struct archive *a, int axis) {
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->name[i], axis_name[axis]) == 0) return &a->array[i];
    return NULL;
}

static int is_axis(const char *name) {
    for (int axis = 0; axis < RG_MAX_DIM; axis++)
        if (strcmp(name, axis_name[axis]) == 0) return 1;
    return 0;
}

/* p_levels and q_levels stand over noise level and x. */
static int is_over_levels(const char *name) {
    static const char ending[] = "_levels";
    const size_t length = strlen(name), tail = sizeof ending - 1;
    return length > tail && strcmp(name + length - tail, ending) == 0;
}

static int evenly_spaced(const rg_array *x) {
    const double step = (x->data[x->count - 1] - x->data[0]) / (double)(x->count - 1);
    for (size_t i = 0; i < x->count; i++)
        if (!(fabs(x->data[i] - x->data[0] - (double)i * step) <= evenly * step)) return 0;
    return step > 0;
}

static rg_status find_grid(struct archive *a, rg_diagnostic *diagnostic) {
    ptrdiff_t shape[RG_MAX_DIM];
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    int dim = 0;
    for (const rg_array *x; dim < RG_MAX_DIM && (x = find_axis(a, dim)); dim++) {
        if (x->dim != 1 || x->count < RG_MIN_POINTS || !evenly_spaced(x))
            return rg_fail(diagnostic, RG_EINVAL, "%s:%s: expected %d or more ascending, evenly spaced coordinates",
                           a->path, axis_name[dim], RG_MIN_POINTS);
        shape[dim] = x->shape[0];
        lower[dim] = x->data[0];
        length[dim] = (x->data[x->count - 1] - x->data[0]) * (double)x->count / (double)(x->count - 1);
    }
    if (dim == 0)
        return rg_fail(diagnostic, RG_EINVAL,
                       "%s: expected the coordinates of the axes as x0, x1, ..., as in the fields.npz of a run",
                       a->path);
    const rg_status status = rg_grid_init(dim, shape, lower, length, &a->grid);
    return status == RG_OK ? RG_OK : rg_fail(diagnostic, status, "%s: no grid fits its axes", a->path);
}

static int has_grid_shape(const rg_grid *grid, const rg_array *array) {
    const int vector = array->dim == grid->dim + 1;
    if (array->dim != grid->dim + vector || (vector && array->shape[0] != grid->dim)) return 0;
    return memcmp(array->shape + vector, grid->shape, (size_t)grid->dim * sizeof *grid->shape) == 0;
}

static rg_status find_fields(const struct archive *a, size_t *count, rg_diagnostic *diagnostic) {
    *count = 0;
    for (size_t i = 0; i < a->count; i++) {
        const rg_array *array = &a->array[i];
        if (is_axis(a->name[i]) || is_over_levels(a->name[i])) continue;
        if (has_grid_shape(&a->grid, array)) {
            const int components = array->dim > a->grid.dim ? a->grid.dim : 1;
            a->field[(*count)++] = (rg_vti_field){a->name[i], components, array->data};
        } else if (array->dim > 1) {
            return rg_fail(diagnostic, RG_EINVAL,
                           "%s:%s: expected the shape of the grid that x0, x1, ... span, or (%d, that shape)", a->path,
                           a->name[i], a->grid.dim);
        }
    }
    return RG_OK;
}

rg_status rg_vti_from_npz(const char *npz, const char *path, rg_diagnostic *diagnostic) {
    struct archive a = {.path = npz};
    size_t count = 0;
    rg_status status = read_all(&a, diagnostic);
    if (status == RG_OK) status = find_grid(&a, diagnostic);
    if (status == RG_OK) status = find_fields(&a, &count, diagnostic);
    if (status == RG_OK) status = rg_vti_write(path, &a.grid, a.field, count, RG_VTI_FLOAT64, diagnostic);
    destroy(&a);
    return status;
}
