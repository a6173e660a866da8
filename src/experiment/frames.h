/* Keeps the fields of some noise levels for the pictures of the report. Internal. */
#ifndef RG_FRAMES_H
#define RG_FRAMES_H

#include <rotgrad/run.h>

typedef struct rg_frames {
    rg_grid grid;
    size_t stops, room;            /* rows that the table will have; frames that there is memory for */
    ptrdiff_t densest[RG_MAX_DIM]; /* grid point that the planes go through */
    rg_outcome_frames kept;
} rg_frames;

/* A zeroed rg_frames wants no row. RG_ENOMEM, and what rg_levels_log_density returns. */
rg_status rg_frames_create(rg_levels *levels, double variance_min, size_t stops, rg_frames *frames,
                           rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_frames_free(rg_frames *frames);

/* Whether row `row` of the level table is to be kept. */
int rg_frames_wanted(const rg_frames *frames, size_t row);
/* `ratio` is q / p of the full sampler, (n). Rows come in ascending order. */
void rg_frames_add(rg_frames *frames, size_t row, const rg_level *level, const double *ratio);

#endif
