/* Periodic grids in one, two and three dimensions.
 *
 * Axis a has shape[a] points x_i = lower[a] + i length[a]/shape[a]. Arrays are C-order, axis 0 slowest; vector
 * fields are component-first (d, n0, ...). A grid also names the slab [start0, start0 + count0) of axis 0 that this
 * process holds; on one machine that is everything.
 */
#ifndef ROTGRAD_GRID_H
#define ROTGRAD_GRID_H

#include <rotgrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RG_MAX_DIM = 3, RG_MIN_POINTS = 4 };

typedef struct rg_grid {
    int dim;                     /* 1, 2 or 3 */
    ptrdiff_t shape[RG_MAX_DIM]; /* points per axis, each >= RG_MIN_POINTS; 1 beyond dim */
    double lower[RG_MAX_DIM];    /* first point, unit x */
    double length[RG_MAX_DIM];   /* period, unit x, > 0; 1 beyond dim */
    ptrdiff_t start0, count0;    /* local slab of axis 0 */
} rg_grid;

/* Fills a whole (not distributed) grid. lower == NULL and length == NULL mean [-pi, pi).
 * RG_EINVAL: dim outside 1..3, a size below RG_MIN_POINTS, a length that is not finite and positive;
 * RG_ENOMEM: the number of cells times 8 d bytes overflows. */
RG_API rg_status rg_grid_init(int dim, const ptrdiff_t *shape, const double *lower, const double *length,
                              rg_grid *grid) RG_MUST_CHECK;

RG_API ptrdiff_t rg_grid_cells(const rg_grid *grid);    /* points held here */
RG_API double rg_grid_volume(const rg_grid *grid);      /* product of the lengths, unit x^d */
RG_API double rg_grid_cell_volume(const rg_grid *grid); /* volume of one cell, unit x^d */
RG_API double rg_grid_spacing(const rg_grid *grid, int axis);
RG_API int rg_grid_same(const rg_grid *a, const rg_grid *b); /* 1 when shapes and boxes are equal */

#ifdef __cplusplus
}
#endif

#endif
