/* A frame with ticks, numbers, labels and a title: what every kind of panel stands in. Internal. */
#ifndef RG_FIGURE_AXES_H
#define RG_FIGURE_AXES_H

#include "figure/insets.h"
#include "figure/ticks.h"

typedef struct rg_axes {
    const char *title, *x_label, *y_label; /* borrowed markup; NULL for none */
    double width, height;                  /* of the frame, in points */
    double title_lift;                     /* extra room between frame and title */
    size_t rows;                           /* of a dot plot, else 0 */
    const char *const *row;                /* their names */
    rg_ticks x, y;
} rg_axes;

/* Chooses the ticks; title, labels, rows and frame size are set already. The axes have their ranges and scales. */
void rg_axes_choose_ticks(rg_axes *axes, rg_text *text, const rg_axis *x, const rg_axis *y);

/* Room around the frame. */
rg_insets rg_axes_insets(const rg_axes *axes, rg_text *text);

/* Width of the title as it is wrapped above the frame. */
double rg_axes_title_width(const rg_axes *axes, rg_text *text);

/* Light lines at the numbers, to be drawn below the curves of a chart. */
void rg_axes_draw_grid(const rg_axes *axes, cairo_t *cr, double x, double y);

/* Draws everything but the content, with the upper left corner of the frame at (x, y). */
void rg_axes_draw(const rg_axes *axes, rg_text *text, cairo_t *cr, double x, double y);

#endif
