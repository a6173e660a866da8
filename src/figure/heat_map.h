/* The content of a heat map's frame. Internal. */
#ifndef RG_FIGURE_HEAT_MAP_H
#define RG_FIGURE_HEAT_MAP_H

#include "figure/colour_scale.h"
#include "figure/frame.h"

#include <cairo.h>

rg_status rg_heat_map_check(const rg_heat_map *heat, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_heat_map_draw(const rg_heat_map *heat, const rg_colour_scale *scale, const rg_frame *frame, cairo_t *cr);

#endif
