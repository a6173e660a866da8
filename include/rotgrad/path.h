/* Functionals of the sampler's whole path, which decide about where its samples can be: density form with growth.
 *
 * P is the law of the exact reverse path from p_T, Q that of the sampler's from the prior pi, theta = c e / sqrt(2 D),
 * D = lambda^2 / 2, c = (1 + lambda^2) / 2. From variance_max down to v,
 *   Novikov      E_P exp(1/2 int |theta|^2 dv),   mass of m_v,  d_tau m = -c div(m s) + D laplacian m + 1/2 |theta|^2 m
 *   path chi^2   E_P (dQ/dP)^2 = 1 + chi^2(Q|P),  mass of n_v,  d_tau n = -c div(n (s + 2 e)) + D laplacian n + |theta|^2 n
 * with m = p_T and n = pi^2 / p_T at the start (the second one by a change of measure to the drift c (s + 2 e)). Both are
 * kept as a logarithm and a density of mass 1, so nothing overflows. Beside them goes q itself, with no growth.
 *
 * Where p_v is below `cut` times its largest value |theta|^2 is taken to be no larger than elsewhere: there rounding would
 * grow with it. That lowers both numbers; how far, another cut shows.
 * A grid may carry p and q and yet not one of these densities (2 e is twice as rough, |theta|^2 grows like 1/churn^2): it rings.
 * Where what is below 0 is half of what is above, the functional is given up: NaN from there on.
 * Source: docs/theory.md 6.
 */
#ifndef ROTGRAD_PATH_H
#define ROTGRAD_PATH_H

#include <rotgrad/level.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_path_options {
    double variance_min, variance_max;
    double churn;        /* > 0: without noise no path law has a density to another */
    double tolerance;    /* of the run, in total variation, relative to the masses */
    double cut;          /* 0: 1e-13 */
    const double *prior; /* (n) density pi > 0, of any mass; NULL: p at variance_max */
    size_t stops;        /* variances at which a step must end, besides the breaks of the score error */
    const double *stop;  /* in any order; borrowed */
    int max_steps;       /* 0: 100000 */
} rg_path_options;

typedef struct rg_path rg_path;

/* `levels` is borrowed for the life of the path and furnishes rooms (without a split) at descending variances.
 * RG_EINVAL, RG_ENOMEM, and what rg_levels_unsplit_at_two returns. */
RG_API rg_status rg_path_create(rg_levels *levels, const rg_path_options *options, rg_path **path,
                                rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_path_destroy(rg_path *path);

/* One accepted step. `done` is set to 1 at variance_min. RG_ENOCONV: the step shrank to nothing, or max_steps passed; and
 * what rg_levels_unsplit_at_two returns. */
RG_API rg_status rg_path_step(rg_path *path, int *done, rg_diagnostic *diagnostic) RG_MUST_CHECK;

typedef struct rg_path_values {
    double variance;
    double log_novikov; /* log E_P exp(1/2 int |theta|^2 dv), from variance_max down to here */
    double log_chi2;    /* log(1 + chi^2(Q|P)), likewise */
    double path_kl; /* KL(p_T|pi) + int 1/2 E_p|theta|^2 dv = KL(P|Q): no more than log_novikov with the exact prior */
    double readout; /* v E_p|s|^2 */
    double error_length; /* sqrt(E_p|e|^2), unit 1/x */
    int steps;
} rg_path_values;
/* Where it stands now. */
RG_API rg_path_values rg_path_report(const rg_path *path);
/* The room, whose parts and sources are not set; owned by `path`. */
RG_API const rg_level *rg_path_level(const rg_path *path);
/* q, (n), not clipped. Allocates nothing. */
RG_API void rg_path_marginal(const rg_path *path, double *q);

#ifdef __cplusplus
}
#endif

#endif
