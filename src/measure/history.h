/* KL along a run, and the rate the theory gives for it. */
#ifndef RG_HISTORY_H
#define RG_HISTORY_H

#include "grid/modes.h"
#include "measure/reverse_projection.h"

#include <rotgrad/divergence.h>
#include <rotgrad/evolve.h>

/* What is integrated over v along a run of the full sampler. RATE: d KL / d tau = -D FI - c E_p[grad u . e], u = log(p/q),
 * and its size; ROOT: integral of sqrt(p q) |grad phi|^2; REVERSE_*: E_q|.|^2 of grad phi and of e, and the smaller one of
 * E_q|Pi_p e|^2 and E_q|Pi_q e|^2, Pi_p e = grad phi. */
enum {
    RG_INTEGRAL_RATE,
    RG_INTEGRAL_RATE_SIZE,
    RG_INTEGRAL_ROOT,
    RG_INTEGRAL_REVERSE_GRADIENT,
    RG_INTEGRAL_REVERSE_TOTAL,
    RG_INTEGRAL_REVERSE_PROJECTION,
    RG_INTEGRALS
};

/* After an accepted step. A break of the score error stands twice, once for each of its segments. */
typedef struct rg_history_point {
    double variance;
    int segment;
    double kl[RG_MARGINALS]; /* KL(p_v|q_v) */
    double integrand[RG_INTEGRALS];
} rg_history_point;

typedef struct rg_history {
    rg_grid grid;
    rg_spectral *spectral;
    rg_reverse_projection projection;
    double *ratio, *density, *slope;
    rg_divergences first; /* of the full sampler at the first point */
    size_t count, room;
    rg_history_point *point;
} rg_history;

/* `tolerance`: of the q-weighted splits. RG_ENOMEM. */
rg_status rg_history_create(const rg_grid *grid, double tolerance, rg_history *history);
void rg_history_free(rg_history *history);
/* Adds the point where `evolve` stands. RG_ENOMEM; what rg_divergences_of returns. Cost: about 4 + d FFTs and a weighted split. */
rg_status rg_history_add(rg_history *history, const rg_evolve *evolve, rg_form form);
/* One of the integrals over the run, and the error of the quadrature. That of the rate must be
 * KL(p_0|q_0) - KL(p_T|pi). RG_ENOMEM. */
rg_status rg_history_integral(const rg_history *history, int which, double *integral, double *error);

#endif
