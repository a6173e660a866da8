/* The part of a run that the key `manifold` asks for. Internal. */
#ifndef RG_EXPERIMENT_MANIFOLD_H
#define RG_EXPERIMENT_MANIFOLD_H

#include "experiment/report.h"

/* Three sweeps over the noise levels (as asked, relaxed, on the comparison grid) fill outcome->manifold. Does nothing without the key.
 * Errors as rg_levels_create, rg_path_step, rg_manifold_distance. */
rg_status rg_manifold_run(const rg_experiment *experiment, const rg_run_options *options, rg_outcome *outcome,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_manifold_free(rg_outcome_manifold *manifold);

/* For report.json; null without the key. */
json_t *rg_manifold_json(const rg_outcome_manifold *manifold);

#endif
