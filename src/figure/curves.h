/* Curves and points. Internal. */
#ifndef RG_FIGURE_CURVES_H
#define RG_FIGURE_CURVES_H

#include "figure/frame.h"

#include <cairo.h>

rg_status rg_curves_check(const rg_panel *panel, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The axes as they are drawn: ranges that are not given come from the curves. RG_EINVAL: no point can be shown. */
rg_status rg_curves_axes(const rg_panel *panel, rg_axis *x, rg_axis *y, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Diagonal, bands, lines, error bars, points; of a dot plot what has a place in its frame. */
void rg_curves_draw(const rg_panel *panel, const rg_frame *frame, cairo_t *cr);

#endif
