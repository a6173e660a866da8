/* Marching squares (Lorensen and Cline 1987 in two dimensions).
 *
 * Cell (i, j) has the points (i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1) as corners 0 to 3, anticlockwise, and side s
 * runs from corner s to the next one; the last cells have the first points as far corners. A corner is above when its
 * value is >= level, below otherwise, so a level that is a grid value breaks nothing. A side whose ends differ is
 * crossed once. A cell with two crossed sides holds one piece of line, a saddle with four holds two: the mean of the
 * corners says whether the two corners above are joined.
 *
 * A line is followed from cell to cell, first back to where it begins (or around once), then forwards with its points
 * recorded. */
#include "figure/level_lines.h"
#include "base/base.h"

#include <math.h>

enum { SIDES = 4 };

struct field {
    const ptrdiff_t *shape;
    const double *values;
    double level;
};

/* A place on a line: it enters this cell through this side. */
struct step {
    ptrdiff_t i, j;
    int side;
};

/* ---- one cell */

static int corners_of(const struct field *f, ptrdiff_t i, ptrdiff_t j, double corner[SIDES]) {
    const ptrdiff_t right = i + 1 < f->shape[0] ? i + 1 : 0, above = j + 1 < f->shape[1] ? j + 1 : 0;
    const double *left_column = f->values + i * f->shape[1], *right_column = f->values + right * f->shape[1];
    corner[0] = left_column[j];
    corner[1] = right_column[j];
    corner[2] = right_column[above];
    corner[3] = left_column[above];
    return isfinite(corner[0]) && isfinite(corner[1]) && isfinite(corner[2]) && isfinite(corner[3]);
}

static int is_crossed(const struct field *f, const double corner[SIDES], int side) {
    return (corner[side] >= f->level) != (corner[(side + 1) % SIDES] >= f->level);
}

/* Sides s and s + 1 meet at corner s + 1. In a saddle a piece of line cuts off each corner of the kind that the middle
 * is not of. */
static int partner_in_saddle(const struct field *f, const double corner[SIDES], int side) {
    const double middle = corner[0] / 4 + corner[1] / 4 + corner[2] / 4 + corner[3] / 4;
    const int next = (side + 1) % SIDES;
    const int cut = (corner[next] >= f->level) != (middle >= f->level);
    return cut ? next : (side + SIDES - 1) % SIDES;
}

/* The other end of the piece of line that ends at this side. */
static int partner(const struct field *f, const double corner[SIDES], int side) {
    int others = 0, other = side;
    for (int s = 0; s < SIDES; s++) {
        if (s == side || !is_crossed(f, corner, s)) continue;
        other = s;
        others++;
    }
    return others == 1 ? other : partner_in_saddle(f, corner, side);
}

/* Where between `from` and `to` the level is; their difference may overflow. */
static double crossing(double from, double to, double level) {
    const double scale = isfinite(to - from) ? 1 : 0.5;
    return (scale * level - scale * from) / (scale * to - scale * from);
}

/* Both cells beside a side compute the same point: from its end with the smaller index. */
static rg_level_point point_on(const struct field *f, const struct step *at) {
    double corner[SIDES];
    corners_of(f, at->i, at->j, corner);
    const double x = (double)at->i, y = (double)at->j;
    switch (at->side) {
    case 0:
        return (rg_level_point){x + crossing(corner[0], corner[1], f->level), y};
    case 1:
        return (rg_level_point){x + 1, y + crossing(corner[1], corner[2], f->level)};
    case 2:
        return (rg_level_point){x + crossing(corner[3], corner[2], f->level), y + 1};
    default:
        return (rg_level_point){x, y + crossing(corner[0], corner[3], f->level)};
    }
}

/* ---- from cell to cell */

/* To the side through which the line leaves the cell. */
static struct step leave(const struct field *f, const struct step *at) {
    double corner[SIDES];
    corners_of(f, at->i, at->j, corner);
    return (struct step){at->i, at->j, partner(f, corner, at->side)};
}

/* The same side seen from the cell beyond it; 0 when there is none in the frame or it is left out. */
static int cross(const struct field *f, struct step *at) {
    static const int across[SIDES] = {0, 1, 0, -1}, up[SIDES] = {-1, 0, 1, 0};
    const ptrdiff_t i = at->i + across[at->side], j = at->j + up[at->side];
    double corner[SIDES];
    if (i < 0 || j < 0 || i >= f->shape[0] || j >= f->shape[1] || !corners_of(f, i, j, corner)) return 0;
    *at = (struct step){i, j, (at->side + 2) % SIDES};
    return 1;
}

static int same(const struct step *a, const struct step *b) {
    return a->i == b->i && a->j == b->j && a->side == b->side;
}

/* The step at which the line through `at` begins; `at` itself when it is closed. */
static struct step beginning(const struct field *f, struct step at, int *closed) {
    const struct step start = at;
    for (;;) {
        struct step before = at; /* against the line: out through the side where it came in */
        if (!cross(f, &before)) break;
        at = leave(f, &before); /* the way in of the cell before */
        if (same(&at, &start)) break;
    }
    struct step outside = at;
    *closed = same(&at, &start) && cross(f, &outside);
    return at;
}

/* ---- recording */

static int add_point(rg_level_lines *l, size_t first, rg_level_point point) {
    const rg_level_point *last = l->points > first ? &l->point[l->points - 1] : NULL;
    if (last && last->x == point.x && last->y == point.y) return 1;
    rg_level_point *points = rg_grow(l->point, l->points, sizeof *points, &l->point_room);
    if (!points) return 0;
    l->point = points;
    l->point[l->points++] = point;
    return 1;
}

/* A peak that only touches the level leaves one point, which is no line. */
static int end_line(rg_level_lines *l, size_t first, int closed) {
    if (l->points - first < 2) {
        l->points = first;
        return 1;
    }
    rg_level_line *lines = rg_grow(l->line, l->lines, sizeof *lines, &l->line_room);
    if (!lines) return 0;
    l->line = lines;
    l->line[l->lines++] = (rg_level_line){first, l->points - first, closed};
    return 1;
}

static int record(rg_level_lines *l, const struct field *f, struct step at, int closed) {
    const size_t first = l->points;
    const struct step start = at;
    int more = 1;
    if (!add_point(l, first, point_on(f, &at))) return 0;
    while (more) {
        const struct step out = leave(f, &at);
        l->crossed[at.i * f->shape[1] + at.j] |= (unsigned char)(1U << at.side | 1U << out.side);
        if (!add_point(l, first, point_on(f, &out))) return 0;
        at = out;
        more = cross(f, &at) && !same(&at, &start);
    }
    return end_line(l, first, closed);
}

static int trace_cell(rg_level_lines *l, const struct field *f, ptrdiff_t i, ptrdiff_t j) {
    double corner[SIDES];
    if (!corners_of(f, i, j, corner)) return 1;
    for (int side = 0; side < SIDES; side++) {
        if (!is_crossed(f, corner, side) || l->crossed[i * f->shape[1] + j] >> side & 1) continue;
        int closed;
        const struct step start = beginning(f, (struct step){i, j, side}, &closed);
        if (!record(l, f, start, closed)) return 0;
    }
    return 1;
}

void rg_level_lines_clear(rg_level_lines *lines) {
    rg_free(lines->point);
    rg_free(lines->line);
    rg_free(lines->crossed);
    *lines = (rg_level_lines){0};
}

rg_status rg_level_lines_trace(rg_level_lines *lines, const ptrdiff_t shape[2], const double *values, double level,
                               rg_diagnostic *diagnostic) {
    const struct field field = {shape, values, level};
    rg_level_lines_clear(lines);
    lines->crossed = rg_alloc((size_t)(shape[0] * shape[1]), 1);
    int fits = lines->crossed != NULL;
    for (ptrdiff_t i = 0; fits && i < shape[0]; i++)
        for (ptrdiff_t j = 0; fits && j < shape[1]; j++) fits = trace_cell(lines, &field, i, j);
    return fits ? RG_OK : rg_fail(diagnostic, RG_ENOMEM, "out of memory for the contour lines");
}
