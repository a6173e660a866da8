/* Figures: a page of panels, drawn by Cairo and Pango, written as PNG (through libpng), PDF or SVG.
 *
 * A panel is a frame with two axes. Over a periodic box it shows fields, in this order from the bottom: a heat map, a
 * flow texture, arrows, contour lines. On any axes it shows curves and points, above the fields; beside rows with names,
 * points alone.
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

/* One axis of a panel. Under fields it is linear, and [lower, upper] is one period of the box. */
typedef struct rg_axis {
    const char *label;   /* Pango markup: real sub- and superscripts, "x<sub>0</sub>"; NULL or "" for none */
    rg_scale scale;      /* 0: linear */
    double lower, upper; /* both 0: from the curves; lower 0 alone, on a log axis: that end from the curves */
    int degrees;         /* 1: the values are radians, the ticks state degrees; linear only */
} rg_axis;

/* The range taken from the curves holds all points and error bars, with a margin of 4 %. Linear: it starts at 0 when no
 * value is negative and the least is below a tenth of the greatest. Log: values below 1e-12 of the greatest do not
 * count, nor do ends of error bars lower than a tenth of the least point. A constant is drawn in the middle. */

/* Arrays of fields are in C order over the panel's box: value (i, j) of shape[0] x shape[1] belongs to the point
 * x.lower + i (x.upper - x.lower) / shape[0], and likewise y; axis 0 runs to the right, axis 1 upwards. */

/* Value (i, j) fills the cell centred on its point; the cells at the lower ends show their other half at the upper
 * ends, unless the box is bounded: there the last cells are half a step longer. */
typedef struct rg_heat_map {
    ptrdiff_t shape[2];   /* 1 to 31999 each */
    const double *values; /* shape[0] * shape[1]; grey: not finite, or negative on a log scale */
    rg_colour_map map;
    rg_scale scale;          /* RG_SCALE_LOG: the diverging map is centred on 1, the cyclic one refused */
    double minimum, maximum; /* colour range, values outside take the colour of its end; both 0: from the data */
    int group;               /* heat maps of one group > 0 (of one map and scale) take one range from all their data */
    int bounded;             /* 1: the field does not go on at the other end of the box; 0: it is periodic */
    const char *unit;        /* Pango markup, written at the colour bar; NULL or "" for none */
} rg_heat_map;

/* The range taken from the data: linear: least to largest value, symmetric for the diverging map, [-pi, pi) for the
 * cyclic one (which wraps values); log: least positive value, but not below 1e-12 of the largest, to the largest, also
 * for a minimum of 0 with a given maximum. A constant is drawn in the middle of a range around it. */

/* Line integral convolution: noise smeared along the streamlines of a vector field, which makes the heat map lighter and
 * darker, or is alone in grey. It shows the direction everywhere, the strength nowhere. The mean luma stays that of the
 * heat map, so the colour bar still holds. Cells without a finite vector, or with 0, stay plain. A PNG has the texture in
 * its own pixels (up to 600 dpi and 4096 a side, enlarged beyond), PDF and SVG in 300 dpi (up to 2048 a side).
 * Source: Cabral and Leedom, Imaging vector fields using line integral convolution, SIGGRAPH 1993. */
typedef struct rg_flow {
    ptrdiff_t shape[2];   /* 2 to 31999 each */
    const double *vector; /* (2, shape[0], shape[1]) components along x and y, any unit */
    double strength;      /* contrast in 0..1; 0: 0.6 */
} rg_flow;

/* Arrows on a lattice of their own, centred on its points; the length is linear in the interpolated vector, the longest
 * one spans one spacing, and vectors too short for an arrow are dots. The figure has no key for the length: the title or
 * the note should state what rg_arrows_longest says. */
typedef struct rg_arrows {
    ptrdiff_t shape[2];   /* 2 to 31999 each */
    const double *vector; /* (2, shape[0], shape[1]); where it is not finite there is no arrow */
    double spacing;       /* of the lattice, 4 to 200 points; 0: 12 */
    double longest;       /* the length |vector| that spans one spacing, longer ones are cut to it; 0: from the data */
    double shortest;      /* arrows shorter than this, in points, are left out; 0: they are dots */
    int bounded;          /* 1: beyond the last point the vector is that of the last point; 0: the field is periodic */
} rg_arrows;

/* Level lines of a periodic field, by marching squares on its points. Segments next to values that are not finite are
 * left out. */
typedef struct rg_contours {
    ptrdiff_t shape[2]; /* 2 to 31999 each */
    const double *values;
    size_t count;        /* of levels, 1 to 64 */
    const double *level; /* finite, ascending */
    int labels;          /* 1: each level's number stands on its longest line */
} rg_contours;

typedef enum rg_mark { RG_MARK_LINE = 1, RG_MARK_DASHED, RG_MARK_DOTTED, RG_MARK_POINTS, RG_MARK_LINE_POINTS } rg_mark;

enum { RG_CURVE_COLOURS = 8 };

/* Points (x, y), joined or not. A point that the axes cannot show breaks the line: one that is not finite, or, on a log
 * axis, not positive or as good as 0 (below 1e-12 of the axis's upper end, and below its lower end). Error bars are a
 * band along RG_MARK_LINE, _DASHED and _DOTTED, bars with caps where there are points; an end at infinity, or not
 * positive on a log axis, reaches to the frame.
 *
 * What the eye cannot tell apart is left out: lines keep the extremes of each 600th of an inch, of more than 20000
 * points those go that cover each other. */
typedef struct rg_curve {
    const char *label; /* Pango markup, in the legend; NULL or "": not there */
    ptrdiff_t count;   /* 1 to 10^7 */
    const double *x, *y;
    const double *lower, *upper; /* ends of the error bar of y; both NULL for none */
    rg_mark mark;
    int colour; /* 1 to RG_CURVE_COLOURS of a palette safe for colour-blind readers, each with a shape of its own for
                   points; 0: by position among the curves */
} rg_curve;

/* A dot plot (rows > 0) has curves alone, and rows with names in place of an axis y, of which only the label counts. The
 * y of a point is its row, counted from 1 at the top; `lower` and `upper` are the ends of the error bar of its x. Curves
 * are RG_MARK_POINTS; in a row each has a lane of its own, so that equal values do not hide each other. The frame is
 * panel_size wide, and as high as the rows need.
 *
 * A value that has no place in the frame stands to the right of its row, its mark beside a word: its number, "unknown" for
 * one that is not a number, an infinity sign; "<= u" on a log axis where the error bar reaches from 0 or less to u. */

/* At least one of the contents. Fields make the frame as large as the box in equal units on both axes (the shorter side no
 * shorter than 30 points); curves alone are drawn on a frame of 4:3, or square with `diagonal`. */
typedef struct rg_panel {
    const char *title; /* Pango markup; NULL or "" for none */
    rg_axis x, y;
    const rg_heat_map *heat; /* NULL for none, here and below */
    const rg_flow *flow;
    const rg_arrows *arrows;
    const rg_contours *contours;
    size_t curves; /* up to 64 */
    const rg_curve *curve;
    int diagonal;           /* 1: the line y = x; without given ranges both axes then show the same range */
    const char *note;       /* Pango markup */
    size_t rows;            /* 1 to 64: a dot plot; 0: none */
    const char *const *row; /* their names from the top, Pango markup */
} rg_panel;

/* The legend (of the curves that have a label) and the note stand in a corner or at a side of the frame where no curve
 * is, or to the right of the frame when there is no such place. */

/* A page of panels, filled row by row. */
typedef struct rg_figure {
    const char *title; /* Pango markup; NULL for none */
    int columns;       /* 0: a page that is about square */
    size_t panels;     /* 1 to 1000 */
    const rg_panel *panel;
    double panel_size;           /* side of the longer axis of a panel, 36 to 10000 points (1/72 inch); 0: 180 */
    double dpi;                  /* 20 to 2400, pixels of the PNG; 0: 150 */
    const char *const *metadata; /* key, value, key, value, ..., NULL; may be NULL. PNG text chunks, PDF document
                                    information (Title, Author, Description, Software, the rest as keywords), SVG
                                    metadata. Keys: 1 to 79 ASCII characters; values: UTF-8 */
} rg_figure;

/* Writes FILE.png, FILE.pdf or FILE.svg by its ending; complete or not at all.
 * RG_EINVAL: unknown ending, no panel, an empty panel, a shape below 1, a range that is not finite or not ascending, a
 * log scale with no positive value, no finite value at all, text that is not Pango markup, a page above 20000 pixels or
 * 14400 points a side; RG_EIO; RG_ENOMEM. The diagnostic names the panel, counted from 1. */
RG_API rg_status rg_figure_write(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Writes the numbers that the figure shows to FILE.csv or FILE.npz by its ending; complete or not at all. Coordinates and
 * values stand as they were given, in the units of the axes (radians where ticks state degrees).
 *
 * .csv: one table for all layers, one row for each point, empty cells for what a layer has not:
 *
 *     panel,title,layer,label,x,y,value,vx,vy,lower,upper
 *
 * panel counts from 1; layer is heat or contours (value at (x, y)), flow or arrows (vx, vy), level (the value of a
 * contour line), row (the name, as label, of row y), curve1, curve2, ... (points (x, y), lower and upper ends of the
 * error bar). Fields run through y first. title and label are plain text: E<sub>p</sub> becomes E_p. Numbers have 17 digits
 * and read back exactly; nan, inf and -inf are spelled out.
 *
 * .npz: panel1_heat (n0, n1) with panel1_heat_x (n0) and panel1_heat_y (n1); likewise panel1_flow and panel1_arrows
 * (2, n0, n1), panel1_contours with panel1_contours_levels; panel1_curve1_x, _y, _lower, _upper. Texts are left out.
 *
 * RG_EINVAL: another ending, what rg_figure_write refuses in a panel or the figure, save for colour ranges; RG_EIO;
 * RG_ENOMEM. */
RG_API rg_status rg_figure_write_data(const rg_figure *figure, const char *path,
                                      rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Writes FILE.gp, a script for gnuplot 5.4 or later that redraws the figure from the numbers it carries: the same frames,
 * ranges, ticks, colours and texts (in gnuplot's own type-setting); complete or not at all.
 *
 *     gnuplot FILE.gp                             draws FILE.png, with the figure's dpi
 *     gnuplot -e "output='b.pdf'" FILE.gp         another file, .png or .pdf by its ending
 *
 * gnuplot has no line integral convolution: a flow is drawn as arrows of one length. Contour lines are gnuplot's own,
 * without numbers. Errors as rg_figure_write_data; also RG_EINVAL for a colour range that cannot be drawn. */
RG_API rg_status rg_figure_write_gnuplot(const rg_figure *figure, const char *path,
                                         rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The length |vector| that spans one spacing of the lattice, for the text that tells the reader the scale of the arrows:
 * `longest`, or without it the largest of the data. */
RG_API double rg_arrows_longest(const rg_arrows *arrows);

/* Copies the plane `index` across `axis` of a C-order array of shape[0] * shape[1] * shape[2] values; the other axes
 * keep their order. `plane` has room for the product of their sizes. The mid-plane is shape[axis] / 2. */
RG_API void rg_slice(const ptrdiff_t shape[3], const double *values, int axis, ptrdiff_t index, double *plane);

#ifdef __cplusplus
}
#endif

#endif
