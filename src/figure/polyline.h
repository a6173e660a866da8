/* Long lines made short: thinned to what the eye can tell apart, cut to a rectangle. Internal. */
#ifndef RG_FIGURE_POLYLINE_H
#define RG_FIGURE_POLYLINE_H

#include "figure/frame.h"

/* On the page, in points. */
typedef struct rg_point {
    double x, y;
} rg_point;

typedef struct rg_rectangle {
    double left, top, right, bottom;
} rg_rectangle;

/* The frame with a rim, within which everything is drawn. */
rg_rectangle rg_frame_rectangle(const rg_frame *frame, double rim);

/* Whether the axes have a place for these values; then *point is that place, however far outside the frame. */
int rg_frame_place(const rg_frame *frame, double x, double y, rg_point *point);

/* The same for an end of an error bar of y, or of x; one without a place, infinity or 0 on a log axis, lies beyond the
 * frame. */
int rg_frame_place_end(const rg_frame *frame, double x, double end, rg_point *point);
int rg_frame_place_end_across(const rg_frame *frame, double end, double y, rg_point *point);

/* Whether the point lies in the frame, up to rounding. */
int rg_frame_holds(const rg_frame *frame, rg_point point);

typedef void rg_vertex_sink(void *to, rg_point point);

/* Of consecutive points in one narrow column only the first, the lowest, the highest and the last are passed on. */
typedef struct rg_thinning {
    rg_vertex_sink *emit;
    void *to;
    double column;
    int held;
    struct rg_held {
        rg_point point;
        int order;
    } first, low, high, last;
} rg_thinning;

void rg_thinning_add(rg_thinning *thinning, rg_point point);
void rg_thinning_flush(rg_thinning *thinning); /* before a gap and at the end */

/* A segment inside the rectangle; `joined`: it starts where the one before ended. A lone point, or several in one place,
 * is a segment from the point to itself. */
typedef void rg_segment_sink(void *to, rg_point from, rg_point until, int joined);

/* A line through points, thinned and cut. */
typedef struct rg_polyline {
    rg_rectangle inside;
    rg_segment_sink *draw;
    void *to;
    rg_thinning thinning;
    rg_point last;
    int points, joined; /* since the last gap; the next segment continues the one before */
} rg_polyline;

void rg_polyline_init(rg_polyline *line, rg_rectangle inside, rg_segment_sink *draw, void *to);
void rg_polyline_add(rg_polyline *line, rg_point point);
void rg_polyline_break(rg_polyline *line); /* a gap, or the end */

/* The corners of a polygon, thinned and cut one side of the rectangle after the other.
 * Source: Sutherland and Hodgman, Reentrant polygon clipping, CACM 17 (1974). */
enum { RG_SIDES = 4 };
typedef struct rg_polygon {
    rg_rectangle inside;
    rg_vertex_sink *emit;
    void *to;
    rg_thinning thinning;
    struct rg_side {
        rg_point first, last;
        int open;
    } side[RG_SIDES];
} rg_polygon;

void rg_polygon_init(rg_polygon *polygon, rg_rectangle inside, rg_vertex_sink *emit, void *to);
void rg_polygon_add(rg_polygon *polygon, rg_point point);
void rg_polygon_close(rg_polygon *polygon);

#endif
