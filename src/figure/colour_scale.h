/* Values to colours: a range, a scale (linear or logarithmic) and a colour map. Internal. */
#ifndef RG_COLOUR_SCALE_H
#define RG_COLOUR_SCALE_H

#include "figure/colour_map.h"

typedef struct rg_colour_scale {
    rg_colour_map map;
    rg_scale scale;
    double minimum, maximum; /* the range that the colour bar states */
    int below, above;        /* 1 when data lie outside it */
    double origin, per_unit; /* entry of the table: (x - origin) * per_unit, where x is the value or its log10 */
    uint32_t table[RG_COLOURS];
} rg_colour_scale;

/* What a range is taken from: the finite values; all infinite when there is none. */
typedef struct rg_colour_extent {
    double minimum, maximum, smallest_positive;
} rg_colour_extent;

rg_colour_extent rg_colour_extent_of(const rg_heat_map *heat);
rg_colour_extent rg_colour_extent_union(rg_colour_extent a, rg_colour_extent b);

/* Fills the scale for a heat map, whose range is taken from `shared` (NULL: its own data) where it is not given.
 * RG_EINVAL as rg_figure_write says. */
rg_status rg_colour_scale_init(const rg_heat_map *heat, const rg_colour_extent *shared, rg_colour_scale *scale,
                               rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* 0xRRGGBB of a value. */
uint32_t rg_colour_scale_pixel(const rg_colour_scale *scale, double value);

/* Value at `fraction` (0..1) of the colour bar. */
double rg_colour_scale_value(const rg_colour_scale *scale, double fraction);

#endif
