/* One pass of an experiment: one grid, one tolerance, one formulation, and the plain numbers that come of it. */
#ifndef RG_PASS_H
#define RG_PASS_H

#include "measure/history.h"

#include <rotgrad/run.h>

typedef struct rg_pass_options {
    rg_grid grid;
    double tolerance;
    rg_form form;
    int keep_levels; /* 1: pass.level is filled */
    int free_steps;  /* 1: no stops and one step a segment will do, so that a loose tolerance does take longer steps */
    rg_progress *progress;
    void *progress_data;
    double progress_from, progress_to; /* this pass's share of the whole */
    const char *stage;
} rg_pass_options;

/* Everything a pass reports, each with what the pass itself knows it lost. */
typedef struct rg_pass {
    rg_value divergence[RG_DIVERGENCES][RG_MARGINALS];
    double floor[RG_DIVERGENCES];                       /* what RG_FLOOR shows where it should show 0 */
    rg_value start[RG_DIVERGENCES], renyi, start_renyi; /* start: of the prior */
    double renyi_floor;
    rg_value prior_kl, energy[RG_ENERGIES], greatest_energy, root_energy, reverse_energy[RG_ENERGIES],
        reverse_projection;
    rg_value identity_residual, path_length, linear_kl;
    rg_w1_values w1;     /* where the experiment asks for it */
    double bound_factor; /* c^2 / (4 D); infinite for churn 0 */
    rg_evolve_statistics statistics;
    size_t levels; /* of the halved grid: its level table, KL and bounds only */
    rg_outcome_level *level;
} rg_pass;

/* Runs one pass. With `outcome` (the main pass) its levels and fields are filled too. Ended with rg_pass_free. */
rg_status rg_pass_run(const rg_experiment *experiment, const rg_pass_options *options, rg_pass *pass,
                      rg_outcome *outcome, rg_diagnostic *diagnostic);
void rg_pass_free(rg_pass *pass);

/* The prior of a file on another grid, (n); it may come out negative where the file does not resolve it. */
rg_status rg_prior_read(const rg_experiment *experiment, const rg_grid *grid, double *out);

/* Half the points on every axis of the experiment's grid, as far as the waves of the error terms and `wave` fit; where that
 * leaves nothing to compare, twice the points. */
rg_status rg_comparison_grid(const rg_experiment *experiment, ptrdiff_t wave, rg_grid *grid);

/* The prior on a grid, (n), for rg_free whatever the status; NULL where it is p itself. */
rg_status rg_prior_on(const rg_experiment *experiment, const rg_grid *grid, double **prior, rg_diagnostic *diagnostic);

#endif
