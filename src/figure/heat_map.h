/* The content of a heat map's frame. Internal. */
#ifndef RG_FIGURE_HEAT_MAP_H
#define RG_FIGURE_HEAT_MAP_H

#include "figure/colour_scale.h"

#include <cairo.h>

/* Fills the frame with its upper left corner at (x, y). */
void rg_heat_map_draw(const rg_heat_map *heat, const rg_colour_scale *scale, cairo_t *cr, double x, double y,
                      double width, double height);

#endif
