/* Dot plots: rows with names in place of an axis y. For a panel without rows nothing changes. Internal. */
#ifndef RG_FIGURE_ROWS_H
#define RG_FIGURE_ROWS_H

#include "figure/frame.h"
#include "figure/number.h"
#include "figure/polyline.h"
#include "figure/text.h"

rg_status rg_rows_check(const rg_panel *panel, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Of the frame, in points. */
double rg_rows_height(const rg_panel *panel);

/* From the last row at the bottom to the first at the top: the one axis whose lower end is above the upper one. */
void rg_rows_axis(const rg_panel *panel, rg_axis *y);

/* The frame moved to the lane of curve i, where its points and bars are drawn. */
rg_frame rg_rows_lane(const rg_panel *panel, size_t i, const rg_frame *frame);

/* A value that has no place in the frame. */
typedef struct rg_remark {
    const rg_curve *curve;
    size_t position; /* of the curve in the panel */
    rg_point centre; /* of its mark, on the page */
    double words;    /* where its text begins */
    char text[RG_NUMBER_TEXT + 8];
} rg_remark;
typedef void rg_remark_sink(void *to, const rg_remark *remark);

/* All remarks, row by row (`use` may be NULL); returns how much room they take to the right of the frame. */
double rg_rows_remark(const rg_panel *panel, const rg_frame *frame, rg_text *text, rg_remark_sink *use, void *to);

void rg_rows_draw_remarks(const rg_panel *panel, const rg_frame *frame, rg_text *text, cairo_t *cr);

#endif
