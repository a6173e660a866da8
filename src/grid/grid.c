/* Grids: sizes and boxes, checked once here. */
#include <rotgrad/grid.h>

#include "base/base.h"

#include <math.h>

rg_status rg_grid_init(int dim, const ptrdiff_t *shape, const double *lower, const double *length, rg_grid *grid) {
    if (dim < 1 || dim > RG_MAX_DIM || !shape || !grid) return RG_EINVAL;
    const double pi = 3.14159265358979323846;
    rg_grid g = {.dim = dim};
    size_t bytes = sizeof(double) * (size_t)dim;
    for (int a = 0; a < RG_MAX_DIM; a++) {
        g.shape[a] = a < dim ? shape[a] : 1;
        g.lower[a] = a >= dim ? 0 : lower ? lower[a] : -pi;
        g.length[a] = a >= dim ? 1 : length ? length[a] : 2 * pi;
        if (a < dim && g.shape[a] < RG_MIN_POINTS) return RG_EINVAL;
        if (!isfinite(g.lower[a]) || !isfinite(g.length[a]) || !(g.length[a] > 0)) return RG_EINVAL;
        bytes = rg_size_product(bytes, (size_t)g.shape[a]);
        if (bytes == 0 || bytes > PTRDIFF_MAX) return RG_ENOMEM;
    }
    g.count0 = g.shape[0];
    *grid = g;
    return RG_OK;
}

ptrdiff_t rg_grid_cells(const rg_grid *grid) {
    return grid->count0 * grid->shape[1] * grid->shape[2];
}

double rg_grid_volume(const rg_grid *grid) {
    return grid->length[0] * grid->length[1] * grid->length[2];
}

double rg_grid_spacing(const rg_grid *grid, int axis) {
    return grid->length[axis] / (double)grid->shape[axis];
}

double rg_grid_cell_volume(const rg_grid *grid) {
    double volume = 1;
    for (int a = 0; a < grid->dim; a++) volume *= rg_grid_spacing(grid, a);
    return volume;
}

int rg_grid_same(const rg_grid *a, const rg_grid *b) {
    if (a->dim != b->dim) return 0;
    for (int i = 0; i < a->dim; i++)
        if (a->shape[i] != b->shape[i] || a->lower[i] != b->lower[i] || a->length[i] != b->length[i]) return 0;
    return 1;
}
