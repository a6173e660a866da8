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
    RG_ERROR_FIELD        /* an array, the same at every variance */
} rg_error_kind;

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

    unsigned long seed;                        /* random */
    int band;                                  /* random: highest wave number per axis, >= 1 */
    double gradient_energy, solenoidal_energy; /* random: E_p|grad phi|^2 and E_p|r|^2, unit 1/x^2, >= 0 */
} rg_error_term;

#ifdef __cplusplus
}
#endif

#endif
