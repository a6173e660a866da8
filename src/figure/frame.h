/* Where the content of a panel is drawn: a rectangle of the page and the axes it spans. Internal. */
#ifndef RG_FIGURE_FRAME_H
#define RG_FIGURE_FRAME_H

#include <math.h>
#include <rotgrad/figure.h>

typedef struct rg_frame {
    double x, y, width, height; /* upper left corner and size, in points */
    rg_axis across, up;         /* with the ranges and scales that are drawn: lower < upper */
} rg_frame;

/* Fields make the axes periods of a box; curves alone make a chart. */
static inline int rg_panel_is_field(const rg_panel *panel) {
    return panel->heat || panel->flow || panel->arrows || panel->contours;
}

/* Greatest over least value that a log axis looks at: what is less is as good as 0, rounding where nothing should be. */
#define RG_LOG_SPAN 1e12

/* Whether an axis has a place for a value, be it outside the frame. A log axis has none for 0, nor for what is as good as
 * 0 beside its upper end, unless its range goes that far. */
static inline int rg_axis_has_place(const rg_axis *axis, double value) {
    return isfinite(value) && (axis->scale != RG_SCALE_LOG || value >= fmin(axis->lower, axis->upper / RG_LOG_SPAN));
}

/* 0..1 along an axis, for a value that has a place. */
static inline double rg_axis_place(const rg_axis *axis, double value) {
    if (axis->scale == RG_SCALE_LOG) return log(value / axis->lower) / log(axis->upper / axis->lower);
    return (value - axis->lower) / (axis->upper - axis->lower);
}

/* A value's place on the page, in points. */
static inline double rg_frame_x(const rg_frame *frame, double value) {
    return frame->x + rg_axis_place(&frame->across, value) * frame->width;
}

static inline double rg_frame_y(const rg_frame *frame, double value) {
    return frame->y + (1 - rg_axis_place(&frame->up, value)) * frame->height;
}

#endif
