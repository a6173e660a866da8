/* Thin straight lines: crisp on a surface of pixels, exact on PDF and SVG. Internal. */
#ifndef RG_FIGURE_LINE_H
#define RG_FIGURE_LINE_H

#include <cairo.h>

/* From (x0, y0) to (x1, y1) in points; the lines of a figure run along the axes. */
void rg_line_draw(cairo_t *cr, double x0, double y0, double x1, double y1);
/* The same in light grey, for a grid. */
void rg_line_draw_light(cairo_t *cr, double x0, double y0, double x1, double y1);
void rg_line_rectangle(cairo_t *cr, double x, double y, double width, double height);

#endif
