/* The score error e = s_theta - grad log p_v as a function of the noise variance: the sum of a list of terms.
 *
 * Source: docs/theory.md 0, 7.
 */
#ifndef ROTGRAD_SCORE_ERROR_H
#define ROTGRAD_SCORE_ERROR_H

#include <rotgrad/density.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_error_kind {
    RG_ERROR_LEARNED = 1, /* a learned score on a grid at K noise levels, minus the true score */
    RG_ERROR_MODES,       /* Fourier modes, the same at every variance */
    RG_ERROR_ROTATION,    /* Omega grad log p_v, Omega antisymmetric: solenoidal in L2(p_v) */
    RG_ERROR_RANDOM,      /* seeded, band-limited, with given gradient and solenoidal energies in L2(p_v) */
    RG_ERROR_CONSTANT,    /* a constant vector */
    RG_ERROR_FIELD,       /* an array, the same at every variance */
    RG_ERROR_SCALED,      /* -eta grad log p_v: the learned score is 1 - eta times the true one */
    RG_ERROR_WAVES        /* a seeded Gaussian random field on R^d, for particles only: it is not periodic */
} rg_error_kind;

/* How a constant depends on the noise level. */
typedef enum rg_error_profile {
    RG_PROFILE_FLAT,     /* not at all */
    RG_PROFILE_VP,       /* times 1 / sqrt(1 + v): the error of a variance-preserving model that is constant there */
    RG_PROFILE_SIGMA,    /* times 1 / sigma: it explodes as the noise vanishes */
    RG_PROFILE_VARIANCE, /* times 1 / v: that of a denoiser x + v s_theta which is off by a constant */
    RG_PROFILES
} rg_error_profile;

/* That factor at a variance; infinite at 0 for the last two. */
RG_API double rg_error_profile_at(rg_error_profile profile, double variance);

/* component c gets  sine sin(theta) + cosine cos(theta),  theta = sum_a 2 pi wave[a] (x_a - lower_a') / length[a], where
 * lower_a' is 0: phases are counted from the origin of x, not from the corner of the box. */
typedef struct rg_error_mode {
    int component;
    int wave[RG_MAX_DIM];
    double sine, cosine; /* unit 1/x */
} rg_error_mode;

/* One term. Plain data; rg_score_error_create borrows the arrays, which may be freed after it. */
typedef struct rg_error_term {
    rg_error_kind kind;

    size_t levels;        /* learned: K >= 1 */
    const double *sigma;  /* learned: (K), noise standard deviations, ascending, unit x */
    const double *score;  /* learned: (K, d, n0, ...), s_theta, unit 1/x */
    rg_grid values_grid;  /* learned, field: where the array lives; same box as the run's grid */
    const double *values; /* field: (d, n0, ...), unit 1/x */

    size_t modes;              /* modes: how many */
    const rg_error_mode *mode; /* modes */

    double rotation[3]; /* rotation: 2-D: Omega = rotation[0] [[0,-1],[1,0]]; 3-D: Omega s = rotation x s */
    double constant[RG_MAX_DIM];
    const double *vector;      /* constant: (d) in place of `constant`, for particles in any dimension; or NULL */
    rg_error_profile profile;  /* constant */
    double scaled;             /* scaled: eta, of either sign */
    size_t waves;              /* waves: how many, >= 1 */
    double correlation_length; /* waves: covariance amplitude^2 exp(-|x - x'|^2 / (2 correlation_length^2)), unit x */
    double amplitude;          /* waves: root mean square of a component, unit 1/x */

    unsigned long seed;                        /* random, waves */
    int band;                                  /* random: highest wave number per axis, >= 1 */
    double gradient_energy, solenoidal_energy; /* random: E_p|grad phi|^2 and E_p|r|^2, unit 1/x^2, >= 0 */
} rg_error_term;

/* Of a learned term or a field: the root mean square step across the edge of the box, over the largest step between two
 * neighbouring slices within it, for the worst axis and level; `axis` names it. About 1 or less for a periodic field;
 * n - 1 for a linear one. 0 for other kinds, and `axis` is then untouched. */
RG_API double rg_error_edge_jump(const rg_error_term *term, int *axis);

typedef struct rg_score_error rg_score_error;

/* Prepares the sum of `count` terms on `grid` for variances in [variance_min, variance_max]. A learned term needs the
 * true score at its own noise levels: `density` (borrowed during the call) must reach down to
 * rg_error_lowest_variance. Memory: K d fields for a learned term. Cost: K density evaluations.
 * RG_EINVAL: a value outside its contract, a wave beyond the grid's Nyquist mode, a noise range outside the learned
 * levels or, of a constant that explodes, down to 0; RG_ENOMEM; RG_EDOMAIN from the density. The diagnostic says which term. */
RG_API rg_status rg_score_error_create(const rg_grid *grid, const rg_error_term *term, size_t count,
                                       rg_density *density, double variance_min, double variance_max,
                                       rg_score_error **error, rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_score_error_destroy(rg_score_error *error);

/* e at one variance; allocates nothing.
 *   log_density, score  in   those of p_v at this variance, (n) and (d, n)
 *   e                   out  (d, n), unit 1/x
 * Between learned levels sigma e is linear in log sigma. RG_EINVAL when the variance is outside the prepared range. */
RG_API rg_status rg_score_error_at(rg_score_error *error, double variance, const double *log_density,
                                   const double *score, double *e) RG_MUST_CHECK;

/* The variances inside the prepared range where e is not smooth (learned levels), ascending; owned by `error`. */
RG_API size_t rg_score_error_breaks(const rg_score_error *error, const double **variances);

/* The lowest variance at which the terms need the true score: variance_min, or that of the learned level below it. */
RG_API double rg_error_lowest_variance(const rg_error_term *term, size_t count, double variance_min);

#ifdef __cplusplus
}
#endif

#endif
