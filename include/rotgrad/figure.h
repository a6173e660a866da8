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

/* One heat map of a 2-D array: axis 0 runs to the right (x), axis 1 upwards (y). */
typedef struct rg_heat_map {
    const char *title; /* Pango markup: real sub- and superscripts, "E<sub>p</sub>|e|<sup>2</sup>" */
    const char *x_label, *y_label;
    ptrdiff_t shape[2];
    const double *values; /* shape[0] * shape[1], C order; NaN is drawn grey */
    double lower[2], length[2];
    rg_colour_map map;
    rg_scale scale;
    double minimum, maximum; /* colour range; both 0: from the data (symmetric about 0 for the diverging map) */
    const char *unit;        /* written at the colour bar; NULL or "" for none */
} rg_heat_map;

/* A page of panels, filled row by row. */
typedef struct rg_figure {
    const char *title; /* Pango markup; NULL for none */
    int columns;
    size_t panels;
    const rg_heat_map *panel;
    double panel_size;           /* side of the longer axis of a panel, in points (1/72 inch); 0: 180 */
    double dpi;                  /* PNG only; 0: 150 */
    const char *const *metadata; /* PNG text chunks and PDF metadata: key, value, key, value, ..., NULL; may be NULL */
} rg_figure;

/* Writes FILE.png, FILE.pdf or FILE.svg by its ending; complete or not at all.
 * RG_EINVAL: unknown ending, no panel, a shape below 1, a range that is not finite or not ascending, a log scale with no
 * positive value, no finite value at all; RG_EIO; RG_ENOMEM. The diagnostic names the panel. */
RG_API rg_status rg_figure_write(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
