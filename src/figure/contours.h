/* The level lines of a field. Internal. */
#ifndef RG_FIGURE_CONTOURS_H
#define RG_FIGURE_CONTOURS_H

#include "figure/frame.h"
#include "figure/text.h"

rg_status rg_contours_check(const rg_contours *contours, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* RG_ENOMEM */
rg_status rg_contours_draw(const rg_contours *contours, const rg_frame *frame, rg_text *text, cairo_t *cr,
                           rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
