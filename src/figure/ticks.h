/* Where the ticks of an axis stand and what they say. Internal. */
#ifndef RG_FIGURE_TICKS_H
#define RG_FIGURE_TICKS_H

#include "figure/number.h"
#include "figure/text.h"

#include <rotgrad/figure.h>

enum { RG_TICK_LIMIT = 160 };

typedef struct rg_tick {
    double at;                 /* 0..1 along the axis */
    char text[RG_NUMBER_TEXT]; /* Pango markup; "" for a minor tick */
    const char *name;          /* of a row, in place of a number; borrowed markup, else NULL */
} rg_tick;

typedef struct rg_ticks {
    int count;
    rg_tick tick[RG_TICK_LIMIT];     /* from low to high */
    char factor[2 * RG_NUMBER_TEXT]; /* what the numbers leave out, "×10⁻³ + 2"; "" for nothing */
} rg_ticks;

typedef struct rg_tick_axis {
    double lower, upper;
    double length; /* in points */
    rg_scale scale;
    int upwards;      /* numbers stand one above the other, not side by side */
    int ends;         /* the end values are stated too, as on a colour bar */
    int below, above; /* they read "≤ ..." and "≥ ..." */
    int degrees;      /* the values are radians, the numbers state degrees */
} rg_tick_axis;

/* As many ticks as fit with air between their numbers. */
void rg_ticks_choose(rg_text *text, const rg_tick_axis *axis, rg_ticks *ticks);

/* The names of rows, the first one at the upper end. */
void rg_ticks_name(size_t rows, const char *const *row, rg_ticks *ticks);

rg_caption rg_tick_caption(const rg_tick *tick);
int rg_tick_is_minor(const rg_tick *tick);

/* The widest number, in points. */
double rg_ticks_width(rg_text *text, const rg_ticks *ticks);

#endif
