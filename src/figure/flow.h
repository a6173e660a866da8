/* A vector field as a texture. Internal. */
#ifndef RG_FIGURE_FLOW_H
#define RG_FIGURE_FLOW_H

#include "figure/frame.h"

#include <cairo.h>

rg_status rg_flow_check(const rg_flow *flow, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* `dpi`: pixels of the texture; out of memory it gives the cairo_t that error. */
void rg_flow_draw(const rg_flow *flow, const rg_frame *frame, double dpi, cairo_t *cr);

#endif
