/* Densities p_0 on the torus, their exact smoothing p_v = p_0 * (wrapped Gaussian of variance v), and the score
 * grad log p_v, with relative accuracy kept in the tails.
 *
 * Source: docs/theory.md 0.
 */
#ifndef ROTGRAD_DENSITY_H
#define ROTGRAD_DENSITY_H

#include <rotgrad/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_density_kind {
    RG_DENSITY_MIXTURE = 1, /* wrapped Gaussian mixture */
    RG_DENSITY_SAMPLES,     /* the empirical measure of N points */
    RG_DENSITY_GRID,        /* values on a grid, positive where background is 0 */
    RG_DENSITY_RING,        /* 2-D: circle of radius L/4 about the centre, thickened by a Gaussian of deviation width */
    RG_DENSITY_TWO_MOONS,   /* 2-D: two interleaved half circles, thickened likewise */
    RG_DENSITY_CHECKERBOARD, /* 2-D, 3-D: every other one of 4^d boxes, uniform in each, smoothed likewise */
    /* Manifolds: uniform in length or area, without thickness but for `width`. In fractions of the box, about its centre. */
    RG_DENSITY_CIRCLE,       /* 2-D: of radius 1/4 */
    RG_DENSITY_FIGURE_EIGHT, /* 2-D: (0.3 sin t, 0.15 sin 2t) */
    RG_DENSITY_SPHERE,       /* 3-D: of radius 1/4 */
    RG_DENSITY_TORUS_KNOT,   /* 3-D: the trefoil ((1/4 + cos 3t / 10) (cos 2t, sin 2t), sin 3t / 10) */
    RG_DENSITY_CLIFFORD,     /* 3-D: the flat torus (u, v, u + v), which closes around the box */
    RG_DENSITY_POINTS        /* N points, as samples, but for a few: exact tails, also without a background */
} rg_density_kind;

/* What p_0 is. Plain data; the arrays are borrowed by rg_density_create and may be freed after it. */
typedef struct rg_density_spec {
    rg_density_kind kind;
    double background; /* p_0 becomes (1 - background) p_0 + background / volume; in [0, 1) */

    size_t components;         /* mixture: number of Gaussians, >= 1 */
    const double *means;       /* mixture: (components, d), unit x */
    const double *covariances; /* mixture: (components, d, d), symmetric positive definite, unit x^2 */
    const double *weights;     /* mixture: (components), >= 0, sum > 0 (normalised here) */

    size_t samples;       /* samples, points: N >= 1 */
    const double *points; /* samples, points: (N, d), unit x; wrapped into the box */

    rg_grid values_grid;  /* grid: where the values live; same box as the run's grid */
    const double *values; /* grid: >= 0, positive mass (normalised here) */

    /* ring, two moons, checkerboard: standard deviation, unit x, > 0; curves and surfaces: >= 0, 0 for the bare ones */
    double width;
    size_t count; /* curves: this many points, equally spaced in t, in place of the curve; 0: the curve itself */
} rg_density_spec;

typedef struct rg_density rg_density;

/* Prepares p_v on `grid` for any variance >= variance_min (unit x^2).
 * Samples need variance_min > 0: smoothing starts from the exact kernel sum at variance_min / 2 on a grid
 * that resolves it (2.4 points per deviation; relative error below 1e-11), cost N times its points, once. Manifolds and
 * points likewise; their N is that of a quadrature with relative error below 1e-12.
 * RG_EINVAL: a value outside its contract; RG_EDOMAIN: negative values, zero mass, or samples, points or bare manifolds with variance_min == 0;
 * RG_ENOMEM. The diagnostic says which. */
RG_API rg_status rg_density_create(const rg_grid *grid, const rg_density_spec *spec, double variance_min,
                                   rg_density **density, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* log p_v and the score at one variance. Allocates nothing.
 *   log_density  out  n values, natural logarithm of p_v in unit x^-d
 *   score        out  (d, n), grad log p_v, unit 1/x; NULL to leave it out
 * RG_EINVAL when the variance is below variance_min or not finite; RG_EDOMAIN when p_v is too small for double precision
 * somewhere (give it a background). Not re-entrant for one rg_density. */
RG_API rg_status rg_density_at(rg_density *density, double variance, double *log_density, double *score,
                               rg_diagnostic *diagnostic) RG_MUST_CHECK;

RG_API void rg_density_destroy(rg_density *density);

/* Independent samples of p_v, as a user has them: x = x0 + sqrt(v) z with x0 drawn from p_0 and z normal, wrapped into the
 * box. A density on a grid stands for point masses at its grid points, so its expectations are those of the trapezoidal
 * rule. The same samples for the same arguments. The specification is one that rg_density_create took.
 *   clean   out  (count, d), x0; NULL to leave it out
 *   points  out  (count, d), x, unit x
 * RG_EINVAL when a pointer is missing or the variance is negative; RG_ENOMEM. */
RG_API rg_status rg_density_draw(const rg_grid *grid, const rg_density_spec *spec, double variance, size_t count,
                                 unsigned long seed, double *clean, double *points) RG_MUST_CHECK;

/* s = grad log p of a density given by its values on the grid: log p is interpolated by a trigonometric polynomial, so
 * the score keeps relative accuracy where p is tiny. `values` > 0. RG_EDOMAIN when a value is not positive (the
 * diagnostic names the place and suggests a background). */
RG_API rg_status rg_density_score(const rg_grid *grid, const double *values, double *score,
                                  rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
