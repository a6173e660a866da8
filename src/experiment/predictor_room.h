/* One noise level as predictors see it. Internal. */
#ifndef RG_PREDICTOR_ROOM_H
#define RG_PREDICTOR_ROOM_H

#include "diffusion/density.h"
#include "experiment/predictors.h"

#include <rotgrad/estimate.h>

#define RG_PI 3.14159265358979323846

struct rg_predictor_room {
    const rg_grid *grid;
    rg_spectral *spectral;
    const rg_level *level;         /* density, score and error alone */
    const rg_level *below, *above; /* error a little lower and higher in v; only for predictors that need its slope */
    double *work;                  /* (2 + 2 d) n */
    const rg_sampling_plan *plan;
    unsigned long seed; /* of this room's samples */
    int estimated;      /* `estimate` holds this room's */
    int has_estimate;
    rg_estimate_result estimate;
};

/* The estimate from samples of the room's p, made once; NULL when there is no answer (all samples in one cell). */
rg_status rg_predictor_estimate(rg_predictor_room *room, const rg_estimate_result **result,
                                rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
