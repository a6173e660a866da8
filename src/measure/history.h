/* KL along a run, and the rate the theory gives for it. */
#ifndef RG_HISTORY_H
#define RG_HISTORY_H

#include "grid/modes.h"

#include <rotgrad/divergence.h>
#include <rotgrad/evolve.h>

/* After an accepted step. A break of the score error stands twice, once for each of its segments. */
typedef struct rg_history_point {
    double variance;
    int segment;
    double kl[RG_MARGINALS]; /* KL(p_v|q_v) */
    double rate;             /* d KL / d tau of the full sampler: -D FI - c E_p[grad u . e], u = log(p/q) */
} rg_history_point;

typedef struct rg_history {
    rg_grid grid;
    rg_spectral *spectral;
    double *ratio, *density, *slope;
    size_t count, room;
    rg_history_point *point;
} rg_history;

rg_status rg_history_create(const rg_grid *grid, rg_history *history);
void rg_history_free(rg_history *history);
/* Adds the point where `evolve` stands. RG_ENOMEM; what rg_divergences_of returns. Cost: about 4 + d FFTs. */
rg_status rg_history_add(rg_history *history, const rg_evolve *evolve, rg_form form);
/* Integral of the rate over the run, which KL(p_0|q_0) - KL(p_T|pi) must equal, and the error of the
 * quadrature. RG_ENOMEM. */
rg_status rg_history_growth(const rg_history *history, double *growth, double *error);

#endif
