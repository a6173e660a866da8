/* Generation, as an equation for the marginal: four samplers side by side.
 *
 * From the prior at variance_max down to variance_min, tau = variance_max - v, with churn lambda, D = lambda^2 / 2,
 * c = (1 + lambda^2) / 2:
 *   density form   d_tau q   = -c div(q (s + b)) + D laplacian q
 *   ratio form     d_tau rho = D laplacian rho + (2 D - c) s.grad rho - c (b.grad rho + rho h_b),   rho = q / p
 * where b is the whole score error, its gradient part, its solenoidal part, or nothing. Beside them goes the linear
 * response of q to e. One fourth-order exponential
 * Runge-Kutta step (Krogstad) with an embedded third-order estimate serves both; the split is made afresh at every
 * stage's noise level. A step is accepted when the estimates are below a fifth of the tolerance, when the step moves p
 * itself as well as that (density form), and when the energies are integrated to the tolerance, relative to their sum.
 * Source: docs/theory.md 2.
 */
#ifndef ROTGRAD_EVOLVE_H
#define ROTGRAD_EVOLVE_H

#include <rotgrad/level.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_form { RG_FORM_RATIO = 1, RG_FORM_DENSITY } rg_form;

/* Which score error a sampler follows. RG_FLOOR follows none and starts at p whatever the prior: it ends at p but for what
 * the method loses. Without a prior it is RG_NONE; in ratio form it is rho = 1, which does not move. RG_LINEAR is no
 * sampler but the linear response to e, only without a prior: see rg_evolve_response. */
enum { RG_FULL, RG_GRADIENT, RG_SOLENOIDAL, RG_NONE, RG_MARGINALS, RG_FLOOR = RG_MARGINALS, RG_LINEAR };

typedef struct rg_evolve_options {
    rg_form form;
    double variance_min, variance_max;
    double churn;        /* lambda >= 0 */
    double tolerance;    /* of one step, in total variation (times 2: the L1 norm) */
    const double *prior; /* (n) density pi > 0 on the grid, normalised here; NULL: p at variance_max */
    int max_steps;       /* 0: 100000 */
    int segment_steps;   /* least number of steps between two breaks of the score error; 0: 2 */
    size_t stops;        /* variances at which a step must end, besides the breaks of the score error */
    const double *stop;  /* in any order; borrowed for the life of the evolution */
} rg_evolve_options;

/* Error energies at the start of the run, and in the middle and at the end of every accepted step. */
typedef struct rg_trace {
    double variance;
    int segment;                        /* noise levels between two breaks of the score error share a segment */
    int midpoint;                       /* 1: the middle of a step */
    double total, gradient, solenoidal; /* E_p|e|^2, E_p|grad phi|^2, E_p|r|^2, unit 1/x^2 */
    double greatest, between; /* max of |grad phi|^2 over the grid; how much more may lie between its points */
} rg_trace;

typedef struct rg_evolve rg_evolve;

/* `levels` is borrowed for the life of the evolution and furnishes rooms at descending variances.
 * RG_EINVAL, RG_EDOMAIN (prior), RG_ENOMEM, and what rg_levels_at returns. */
RG_API rg_status rg_evolve_create(rg_levels *levels, const rg_evolve_options *options, rg_evolve **evolve,
                                  rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_evolve_destroy(rg_evolve *evolve);

/* One accepted step (with as many rejected ones as it takes). `done` is set to 1 at variance_min.
 * RG_ENOCONV: the step shrank to nothing, or max_steps passed; and what rg_levels_at returns. */
RG_API rg_status rg_evolve_step(rg_evolve *evolve, int *done, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The fraction of the way in log variance, for progress. */
RG_API double rg_evolve_progress(const rg_evolve *evolve);

/* The ratio rho = q / p of one marginal, or of RG_FLOOR, where it stands now, (n); in density form rho is q / p where p > 0.
 * `clipped`: the mass of q below 0 that was set to 0; NULL: nothing is set to 0. Allocates nothing. */
RG_API void rg_evolve_ratio(const rg_evolve *evolve, int marginal, double *ratio, double *clipped);
/* What q - p is to first order in e, (n): p delta, from 0, with
 *   d_tau (p delta) = -c div(s p delta + p e) + D laplacian (p delta).
 * Its steps are those that the samplers need. Returns 0, and leaves `response` alone, where there is a prior. */
RG_API int rg_evolve_response(const rg_evolve *evolve, double *response);
/* c and D of the equation. */
RG_API void rg_evolve_coefficients(const rg_evolve *evolve, double *drift, double *diffusion);
/* The room at the present noise level; owned by `evolve`. */
RG_API const rg_level *rg_evolve_level(const rg_evolve *evolve);
/* The segment (see rg_trace) that the next step belongs to. */
RG_API int rg_evolve_segment(const rg_evolve *evolve);
/* The trace so far; owned by `evolve`. */
RG_API size_t rg_evolve_trace(const rg_evolve *evolve, const rg_trace **trace);

typedef struct rg_evolve_statistics {
    int steps, rejected;
    int splits;             /* weighted splits made */
    long split_iterations;  /* their conjugate-gradient iterations */
    double worst_residual;  /* largest true residual of a split */
    double unresolved_from; /* highest variance at which the grid did not resolve the split; 0: none */
} rg_evolve_statistics;
RG_API rg_evolve_statistics rg_evolve_report(const rg_evolve *evolve);

#ifdef __cplusplus
}
#endif

#endif
