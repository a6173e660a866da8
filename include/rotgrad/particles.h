/* Generation by particles, in any dimension: the reverse SDE or ODE with a score that is known at points.
 *
 * From variance_max down to variance_min in `steps` steps geometric in sigma, with churn lambda and
 * c = (1 + lambda^2) / 2:
 *     dX = c (s + e) dtau + lambda dW,    tau = variance_max - v.
 * With the denoiser m = x + v (s + e) this is dX = -c (X - m) d(log tau-time): a step from v to w = r v that holds m is
 *     X' = m + r^c (X - m) + sqrt(w (1 - r^(lambda^2))) Z
 * exactly. Random numbers are those of a counter (seed, particle, step, component): the same samples, bit for bit, for any
 * number of threads on one machine.
 * Source: docs/particles.md.
 */
#ifndef ROTGRAD_PARTICLES_H
#define ROTGRAD_PARTICLES_H

#include <rotgrad/manifold.h>
#include <rotgrad/score_error.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* R^dim, or the torus of the box. */
typedef struct rg_space {
    size_t dim;
    const double *lower, *length; /* (dim) each, borrowed for life; both NULL: R^dim */
} rg_space;

/* ---- scores at points */

typedef struct rg_point_score rg_point_score;

/* grad log (p_0 * Gaussian of variance v + bandwidth^2) for the empirical measure of N points (those of bandwidth > 0 are
 * a score that generalises). On R^dim by two matrix products; weights are those of the exact distances down to sigma =
 * 1e-150, and a repeated point counts twice. On a torus (dim <= 3) by images, with a uniform background in [0, 1).
 * `points` (N, dim) is borrowed for life. Memory: N doubles and 5 MB a thread, beside the points.
 * RG_EINVAL: no point, one that is not finite, or on R^dim beyond 1e150; RG_ENOMEM. */
RG_API rg_status rg_point_score_empirical(const rg_space *space, size_t samples, const double *points, double bandwidth,
                                          double background, rg_point_score **score,
                                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Of a mixture of Gaussians, in any dimension on R^dim, wrapped on a torus (dim <= 3; with the background of `mixture`). Arrays
 * of the specification may be freed afterwards. RG_EINVAL, RG_ENOMEM. */
RG_API rg_status rg_point_score_mixture(const rg_space *space, const rg_density_spec *mixture, rg_point_score **score,
                                        rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Any density on a grid, interpolated between its points by a polynomial of degree 5 (log p and s on the grid are exact).
 * Errors as rg_density_create. */
RG_API rg_status rg_point_score_grid(const rg_grid *grid, const rg_density_spec *density, double variance_min,
                                     rg_point_score **score, rg_diagnostic *diagnostic) RG_MUST_CHECK;

RG_API void rg_point_score_destroy(rg_point_score *score);

/* The score at `count` points.
 *   x        in   (count, dim)
 *   score    out  (count, dim), unit 1/x
 *   nearest  out  (count), of an empirical measure; NULL to leave it out, untouched by other laws
 * RG_EINVAL: the variance is not positive; RG_EDOMAIN from the density. */
RG_API rg_status rg_point_score_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                                   rg_nearest_point *nearest, rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Whether it fills `nearest`. */
RG_API int rg_point_score_has_nearest(const rg_point_score *score);

/* ---- score errors at points */

typedef struct rg_point_error rg_point_error;

/* The sum of terms. Constants and multiples of the score work in any dimension; all other kinds need `grid` and `density`
 * (else NULL): they are evaluated there and interpolated. Arrays may be freed afterwards.
 * RG_EINVAL: as rg_score_error_create, and a kind that needs a grid. */
RG_API rg_status rg_point_error_create(const rg_space *space, const rg_grid *grid, const rg_density_spec *density,
                                       const rg_error_term *term, size_t count, double variance_min,
                                       double variance_max, rg_point_error **error,
                                       rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_point_error_destroy(rg_point_error *error);
/* e at points where the true score is `score`; all (count, dim). */
RG_API rg_status rg_point_error_at(rg_point_error *error, double variance, size_t count, const double *x,
                                   const double *score, double *e, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* ---- particles */

typedef enum rg_method {
    RG_METHOD_EXPONENTIAL = 1, /* the denoiser is held during a step: first order */
    RG_METHOD_HEUN, /* it is linear in log v, from a predictor: second order (weakly, with churn), twice the cost */
    RG_METHOD_EULER /* Euler-Maruyama: first order, unstable where a step is longer than a noise level */
} rg_method;

typedef enum rg_start {
    RG_START_GAUSSIAN = 1, /* N(0, variance_max): R^dim */
    RG_START_UNIFORM,      /* in the box: a torus */
    RG_START_POINT,        /* every particle at 0 */
    RG_START_POINTS        /* as given */
} rg_start;

typedef struct rg_particles_options {
    rg_space space;
    size_t count; /* M >= 1, at most 2^32 - 1 */
    double variance_min, variance_max;
    double churn; /* lambda >= 0 */
    size_t steps; /* at most 2^32 - 2 */
    rg_method method;
    rg_start start;
    const double *points; /* RG_START_POINTS: (M, dim), copied */
    uint64_t seed;
    /* borrowed for life: where distances to the data come from when the score does not know them; NULL: none */
    const rg_manifold_search *data;
    int exact; /* 1: the particles follow the true score, e is only measured along their paths */
} rg_particles_options;

/* One line of path.csv: where the particles stand. NaN: not known. */
typedef struct rg_particles_row {
    size_t step; /* 0 before the first */
    double sigma;
    double score_square;      /* v E|s|^2 */
    double error_square;      /* E|e|^2, unit 1/x^2 */
    double path_energy;       /* E of int |e|^2 dv along the path so far */
    double path_energy_error; /* its standard error over the particles */
    double path_kl;           /* c^2 / (2 lambda^2) of it: the path-space KL where the particles are exact */
    double novikov;           /* log of the mean of exp(c^2 / (2 lambda^2) int |e|^2 dv); NaN without churn */
    double effective_samples; /* (sum w)^2 / sum w^2 of these weights w */
    double nearest_mean, nearest_least, nearest_most; /* distance to the nearest point of the data, unit x */
} rg_particles_row;

typedef struct rg_particles rg_particles;

/* `score` and `error` (NULL: none) are borrowed for life. RG_EINVAL: a value outside its contract (the diagnostic says
 * which); RG_ENOMEM. Memory: 5 (Heun: 7) arrays (M, dim). */
RG_API rg_status rg_particles_create(const rg_particles_options *options, rg_point_score *score, rg_point_error *error,
                                     rg_particles **particles, rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_particles_destroy(rg_particles *particles);

/* One step; `done` is set to 1 after the last. RG_EDOMAIN: a particle is no longer finite; and what score and error return. */
RG_API rg_status rg_particles_step(rg_particles *particles, int *done, rg_diagnostic *diagnostic) RG_MUST_CHECK;

RG_API const double *rg_particles_position(const rg_particles *particles);          /* (M, dim), owned */
RG_API const rg_nearest_point *rg_particles_nearest(const rg_particles *particles); /* (M); NULL: not known */
/* Where they stand now: score and error are those at the present positions and noise level. */
RG_API rg_particles_row rg_particles_here(const rg_particles *particles);

/* Everything that the next steps depend on, as M * dim + M + 1 doubles, and back: what follows has the same bits. */
RG_API size_t rg_particles_state_size(const rg_particles *particles);
RG_API void rg_particles_save(const rg_particles *particles, double *state);
/* RG_EINVAL: not a state of particles with these options. */
RG_API rg_status rg_particles_load(rg_particles *particles, const double *state,
                                   rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
