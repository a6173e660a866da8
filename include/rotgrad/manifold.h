/* Where the data's manifold is: its dimension, and how far points of the box are from it.
 *
 * Source: docs/manifolds.md.
 */
#ifndef ROTGRAD_MANIFOLD_H
#define ROTGRAD_MANIFOLD_H

#include <rotgrad/density.h>

#ifdef __cplusplus
extern "C" {
#endif

/* k: 0 for samples, points and points on a curve, 1 for curves, 2 for surfaces; -1 for everything that has a density. */
RG_API int rg_manifold_dimension(const rg_density_spec *spec);

/* The distance of every grid point to the manifold or the nearest of the points, around the box, (n), unit x.
 * Points: exact. Curves and surfaces: the least of distances to points on it, found by Newton steps and golden sections from
 * the nearest one of a quadrature; never too small, and too large by at most 1e-5 of the grid's spacing.
 * Cost: cells times points or nodes. RG_EINVAL: rg_manifold_dimension is -1; RG_ENOMEM. */
RG_API rg_status rg_manifold_distance(const rg_grid *grid, const rg_density_spec *spec, double *distance,
                                      rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
