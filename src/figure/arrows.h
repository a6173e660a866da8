/* A vector field as arrows. Internal. */
#ifndef RG_FIGURE_ARROWS_H
#define RG_FIGURE_ARROWS_H

#include "figure/frame.h"

#include <cairo.h>

rg_status rg_arrows_check(const rg_arrows *arrows, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_arrows_draw(const rg_arrows *arrows, const rg_frame *frame, cairo_t *cr);

#endif
