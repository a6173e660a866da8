/* Level lines of a periodic array, joined to polylines. Internal. */
#ifndef RG_FIGURE_LEVEL_LINES_H
#define RG_FIGURE_LEVEL_LINES_H

#include <rotgrad/status.h>

/* In steps of the array: 0 to shape[0] across, 0 to shape[1] upwards. */
typedef struct rg_level_point {
    double x, y;
} rg_level_point;

typedef struct rg_level_line {
    size_t first, count; /* its points, at least 2; no two neighbours are equal */
    int closed;          /* 1: the last point is the first */
} rg_level_line;

/* Zero to begin with; freed by rg_level_lines_clear. */
typedef struct rg_level_lines {
    rg_level_point *point;
    rg_level_line *line;
    size_t points, lines;
    size_t point_room, line_room;
    unsigned char *crossed; /* of each cell, the sides that are part of a line already */
} rg_level_lines;

/* The lines on which the array has the value `level`, by linear interpolation along the sides of its cells. A line that
 * is not closed ends at the frame or at a cell with a corner that is not finite. Replaces what `lines` holds.
 * Cost: one pass over the array and two along the lines. RG_ENOMEM. */
rg_status rg_level_lines_trace(rg_level_lines *lines, const ptrdiff_t shape[2], const double *values, double level,
                               rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_level_lines_clear(rg_level_lines *lines);

#endif
