/* Several samplers side by side, each with a score field of its own:
 *     d_tau q = -c div(S q) + D laplacian q,   tau = variance_max - v,   c = (1 + lambda^2) / 2,   D = lambda^2 / 2,
 * in density form, by the exponential Runge-Kutta step of rg_evolve. Internal.
 * Source: docs/theory.md 0, 2. */
#ifndef RG_SAMPLERS_H
#define RG_SAMPLERS_H

#include <rotgrad/spectral.h>

typedef struct rg_samplers rg_samplers;

/* Fills the score (d, n) of every sampler at one variance; asked for at descending variances, the middle of a step before
 * its end, and again when a step is repeated. */
typedef rg_status rg_samplers_scores(void *data, double variance, double *const *score, rg_diagnostic *diagnostic);

typedef struct rg_samplers_options {
    double variance_min, variance_max;
    double churn;
    double tolerance;   /* of one step, in total variation (times 2: the L1 norm) */
    int max_steps;      /* 0: 100000 */
    size_t stops;       /* variances at which a step must end */
    const double *stop; /* in any order; borrowed */
} rg_samplers_options;

/* start: (n) >= 0 for each of `count` samplers, normalised here. RG_EINVAL, RG_EDOMAIN (no mass), RG_ENOMEM, and what
 * `scores` returns. */
rg_status rg_samplers_create(const rg_grid *grid, const rg_samplers_options *options, size_t count,
                             rg_samplers_scores *scores, void *data, const double *const *start, rg_samplers **samplers,
                             rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_samplers_destroy(rg_samplers *samplers);

/* One accepted step. RG_ENOCONV: the step shrank to nothing, or max_steps passed; and what `scores` returns. */
rg_status rg_samplers_step(rg_samplers *samplers, int *done, rg_diagnostic *diagnostic) RG_MUST_CHECK;

double rg_samplers_variance(const rg_samplers *samplers);
int rg_samplers_steps(const rg_samplers *samplers); /* accepted so far */
/* The score of sampler i at the present variance, (d, n); owned by `samplers`. */
const double *rg_samplers_score(const rg_samplers *samplers, size_t i);
/* q of sampler i, (n), with what was negative set to 0; returns the mass that was. Allocates nothing. */
double rg_samplers_density(const rg_samplers *samplers, size_t i, double *density);

#endif
