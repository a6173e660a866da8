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

/* Of a place: the nearest of the points that the law stands on (or was trained on). */
typedef struct rg_nearest_point {
    size_t index;    /* 0 of curves and surfaces */
    double distance; /* unit x */
} rg_nearest_point;

/* Finds, for any place of the grid's box, the nearest one of the manifold, around the box.
 * Points: exact, of equally near ones the first. Curves and surfaces: found by Newton steps and golden sections from the
 * nearest node of a quadrature; a distance is never too small, and too large by at most 1e-5 of the grid's spacing. */
typedef struct rg_manifold_search rg_manifold_search;

/* The specification may be freed afterwards. RG_EINVAL: rg_manifold_dimension is -1; RG_ENOMEM. */
RG_API rg_status rg_manifold_search_create(const rg_grid *grid, const rg_density_spec *spec,
                                           rg_manifold_search **search, rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_manifold_search_destroy(rg_manifold_search *search);
/* x: (count, d), nearest: (count). Allocates nothing. */
RG_API void rg_manifold_search_at(const rg_manifold_search *search, size_t count, const double *x,
                                  rg_nearest_point *nearest);

/* The distance of every grid point, (n), unit x. RG_EINVAL, RG_ENOMEM as above. */
RG_API rg_status rg_manifold_distance(const rg_grid *grid, const rg_density_spec *spec, double *distance,
                                      rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
