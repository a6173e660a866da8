/* The gradient bound from samples and the learned score alone, level by level of the table. Internal. */
#ifndef RG_DUAL_SOBOLEV_H
#define RG_DUAL_SOBOLEV_H

#include <rotgrad/run.h>

/* Fills level[].dual_sobolev and the rest of its kind, and outcome->dual_sobolev; without `estimate` in the experiment
 * all of them become NaN. Levels, energies and the prior's KL of the outcome must stand. `factor` is c^2 / (4 D).
 * The same numbers for any number of threads. Errors as rg_levels_create, rg_levels_at, rg_estimate; RG_ECANCELLED. */
rg_status rg_dual_sobolev(const rg_experiment *experiment, double factor, rg_progress *progress, void *progress_data,
                          rg_outcome *outcome, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
