/* One step of an exponential Runge-Kutta method for  u' = L u + N(u, t)  with L diagonal in Fourier space. */
#ifndef RG_EXPONENTIAL_H
#define RG_EXPONENTIAL_H

#include "grid/modes.h"

/* Coefficients per mode for one step length. */
typedef struct rg_exponential {
    const rg_spectral *spectral;
    double diffusion, step; /* L = diffusion * laplacian */
    double *full, *half;    /* exp(z), exp(z/2), z = -diffusion |k|^2 step */
    double *a21, *a31, *a32, *a41, *a43, *b1, *b23, *b4;
    double *third, *fourth; /* of the defect */
} rg_exponential;

rg_status rg_exponential_create(const rg_spectral *spectral, double diffusion, rg_exponential *e);
void rg_exponential_free(rg_exponential *e);
void rg_exponential_set_step(rg_exponential *e, double step);

/* N of a spectrum at one of the three times of a step: 0 start, 1 middle, 2 end. */
typedef void rg_right_side(void *data, int when, const double *u, double *n);

/* u (modes) and first = N(u, start) -> next, last = N(next, end), and the embedded error estimate as modes.
 * work: 4 spectra. Four evaluations of N. */
void rg_exponential_step(const rg_exponential *e, rg_right_side *right_side, void *data, const double *u,
                         const double *first, double *next, double *last, double *error, double *const work[4]);

/* What a step misses of an N that depends on t only: the integral of the quartic through N at five times less that of the
 * parabola through the first three. Times in units of the step, 0, 1/2, 1 and two others; one spectrum of N for each.
 * The scheme's own error has the opposite sign. */
enum { RG_TIMES = 5 };
void rg_exponential_defect(const rg_exponential *e, const double time[RG_TIMES], const double *const rate[RG_TIMES],
                           double *defect);

#endif
