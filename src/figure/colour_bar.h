/* The colour bar to the right of a frame: numbers, end values, factor, unit. Internal. */
#ifndef RG_COLOUR_BAR_H
#define RG_COLOUR_BAR_H

#include "figure/colour_scale.h"
#include "figure/insets.h"
#include "figure/ticks.h"

typedef struct rg_colour_bar {
    const rg_colour_scale *scale; /* borrowed; several bars or panels may share one */
    const char *unit;             /* markup; NULL for none */
    double height;                /* that of the frame, in points */
    rg_ticks ticks;
} rg_colour_bar;

void rg_colour_bar_init(rg_colour_bar *bar, rg_text *text, const rg_colour_scale *scale, const char *unit,
                        double height);

/* Room the bar takes to the right of the frame, and above and below it. */
rg_insets rg_colour_bar_insets(const rg_colour_bar *bar, rg_text *text);

/* Height of the factor above the bar, 0 when there is none. */
double rg_colour_bar_factor_height(const rg_colour_bar *bar, rg_text *text);

/* `x` is the right side of the frame, `y` its top. */
void rg_colour_bar_draw(const rg_colour_bar *bar, rg_text *text, cairo_t *cr, double x, double y);

#endif
