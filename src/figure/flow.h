/* A vector field as a texture. Internal. */
#ifndef RG_FIGURE_FLOW_H
#define RG_FIGURE_FLOW_H

#include "figure/colour_scale.h"
#include "figure/frame.h"

#include <cairo.h>

rg_status rg_flow_check(const rg_flow *flow, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The panel's flow over its heat map, which `scale` belongs to. `dpi` of the PNG. RG_ENOMEM. */
rg_status rg_flow_draw(const rg_panel *panel, const rg_colour_scale *scale, const rg_frame *frame, double dpi,
                       cairo_t *cr, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The colour (0xRRGGBB) that the texture makes of a colour at `rank` 0..1, darkest to lightest; its luma averages to
 * that of the colour over all ranks. */
uint32_t rg_flow_colour(uint32_t colour, double strength, double rank);

#endif
