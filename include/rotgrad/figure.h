/* Figures: a page of panels, drawn by Cairo and Pango, written as PNG (through libpng), PDF or SVG.
 *
 * A figure is described first (plain data, borrowed arrays), then drawn; nothing is drawn when the description is bad.
 * The same description gives the same bytes.
 */
#ifndef ROTGRAD_FIGURE_H
#define ROTGRAD_FIGURE_H

#include <rotgrad/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_colour_map {
    RG_MAP_SEQUENTIAL = 1, /* viridis */
    RG_MAP_DIVERGING,      /* centred on 0 */
    RG_MAP_CYCLIC          /* for angles */
} rg_colour_map;

typedef enum rg_scale { RG_SCALE_LINEAR = 1, RG_SCALE_LOG } rg_scale;

/* One heat map of a periodic 2-D array: axis 0 runs to the right (x), axis 1 upwards (y).
 *
 * The frame spans [lower, lower + length] in equal units on both axes (the shorter side is drawn no shorter than 30
 * points). Value (i, j) belongs to the point lower + (i length[0]/shape[0], j length[1]/shape[1]) and fills the cell
 * centred there; the cells at the lower ends show their other half at the upper ends. */
typedef struct rg_heat_map {
    const char *title; /* Pango markup: real sub- and superscripts, "E<sub>p</sub>|e|<sup>2</sup>" */
    const char *x_label, *y_label;
    ptrdiff_t shape[2];   /* 1 to 31999 each */
    const double *values; /* shape[0] * shape[1], C order; grey: not finite, or negative on a log scale */
    double lower[2], length[2];
    rg_colour_map map;
    rg_scale scale;          /* RG_SCALE_LOG: the diverging map is centred on 1, the cyclic one refused */
    double minimum, maximum; /* colour range, values outside take the colour of its end; both 0: from the data */
    const char *unit;        /* Pango markup, written at the colour bar; NULL or "" for none */
} rg_heat_map;

/* The range taken from the data: linear: least to largest value, symmetric for the diverging map, [-pi, pi) for the
 * cyclic one (which wraps values); log: least positive value, but not below 1e-12 of the largest, to the largest, also
 * for a minimum of 0 with a given maximum. A constant is drawn in the middle of a range around it. */

/* A page of panels, filled row by row. */
typedef struct rg_figure {
    const char *title; /* Pango markup; NULL for none */
    int columns;       /* 0: a page that is about square */
    size_t panels;     /* 1 to 1000 */
    const rg_heat_map *panel;
    double panel_size;           /* side of the longer axis of a panel, 36 to 10000 points (1/72 inch); 0: 180 */
    double dpi;                  /* 20 to 2400, pixels of the PNG; 0: 150 */
    const char *const *metadata; /* key, value, key, value, ..., NULL; may be NULL. PNG text chunks, PDF document
                                    information (Title, Author, Description, Software, the rest as keywords), SVG
                                    metadata. Keys: 1 to 79 ASCII characters; values: UTF-8 */
} rg_figure;

/* Writes FILE.png, FILE.pdf or FILE.svg by its ending; complete or not at all.
 * RG_EINVAL: unknown ending, no panel, a shape below 1, a range that is not finite or not ascending, a log scale with
 * no positive value, no finite value at all, text that is not Pango markup, a page above 20000 pixels or 14400 points a
 * side; RG_EIO; RG_ENOMEM. The diagnostic names the panel, counted from 1. */
RG_API rg_status rg_figure_write(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Copies the plane `index` across `axis` of a C-order array of shape[0] * shape[1] * shape[2] values; the other axes
 * keep their order. `plane` has room for the product of their sizes. The mid-plane is shape[axis] / 2. */
RG_API void rg_slice(const ptrdiff_t shape[3], const double *values, int axis, ptrdiff_t index, double *plane);

#ifdef __cplusplus
}
#endif

#endif
