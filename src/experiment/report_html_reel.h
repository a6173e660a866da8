/* Pictures of the noise levels that were kept, drawn one at a time and all in the same colours, so that growth is seen as
 * growth. Internal. */
#ifndef RG_REPORT_HTML_REEL_H
#define RG_REPORT_HTML_REEL_H

#include "experiment/pool.h"
#include "experiment/report_html.h"

typedef struct rg_reel_colours {
    rg_colour_map map;
    rg_scale scale;
    double minimum, maximum;
} rg_reel_colours;

/* All frames, one of them unpacked. */
typedef struct rg_reel {
    const rg_html *page;
    const rg_outcome_frames *frames;
    rg_pool pool;
    double *value; /* of one frame: its fields and q, frames->cells each */
    double *x;     /* where the points are; NULL in more than one dimension */
    rg_reel_colours density, ratio, error;
} rg_reel;

/* RG_ENOMEM; rg_reel_close is due all the same. */
rg_status rg_reel_open(rg_reel *reel, const rg_html *page) RG_MUST_CHECK;
void rg_reel_close(rg_reel *reel);

/* Writes the picture of a frame as an <img>, or a sentence where a field has no value. As rg_html_draw. */
rg_status rg_reel_draw(rg_reel *reel, size_t frame, const char *alt) RG_MUST_CHECK;

#endif
