/* Grid functions between the grid points. Internal. */
#ifndef RG_INTERPOLATE_H
#define RG_INTERPOLATE_H

#include <rotgrad/grid.h>

/* A (components, n) grid function at `count` points, by the polynomial of degree 5 through the six nearest grid points of
 * each axis, around the box. A wave of m points a period has a relative error below 225 / (46080) (2 pi / m)^6 an axis:
 * 3e-4 at 10 points a period.
 *   x    in   (count, d), unit x, anywhere
 *   out  out  (count, components) */
void rg_interpolate(const rg_grid *grid, size_t components, const double *values, size_t count, const double *x,
                    double *out);

#endif
