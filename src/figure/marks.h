/* How a curve looks: its colour, its dashes, the shape of its points. Internal. */
#ifndef RG_FIGURE_MARKS_H
#define RG_FIGURE_MARKS_H

#include "figure/polyline.h"

#include <cairo.h>

typedef struct rg_look {
    rg_mark mark;
    int colour;      /* 0 to RG_CURVE_COLOURS - 1 of the palette; it decides the shape of the points, too */
    double diameter; /* of a point: smaller when there are many */
} rg_look;

/* Of the curve at this position of the panel. */
rg_look rg_look_of(const rg_curve *curve, size_t position);

int rg_look_has_line(const rg_look *look);
int rg_look_has_points(const rg_look *look);

/* 0xRRGGBB. */
unsigned rg_look_colour(const rg_look *look);

/* Colour, width and dashes of the line; of error bars; the colour of a band. */
void rg_look_set_line(const rg_look *look, cairo_t *cr);
void rg_look_set_bar(const rg_look *look, cairo_t *cr);
void rg_look_set_band(const rg_look *look, cairo_t *cr);

/* A point. Shapes 5 to 8 are hollow. */
void rg_look_draw_point(const rg_look *look, cairo_t *cr, rg_point centre);

/* Adds a point to the path, which rg_look_fill_points paints: for very many points, all of them solid. */
void rg_look_add_point(const rg_look *look, cairo_t *cr, rg_point centre);
void rg_look_fill_points(const rg_look *look, cairo_t *cr);

/* What the legend shows of the curve, from x to x + width about the height y. */
void rg_look_draw_sample(const rg_look *look, int banded, cairo_t *cr, double x, double y, double width);

#endif
