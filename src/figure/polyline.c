/* Lines of millions of points stay short: a column of thinning is a pixel of a print at 600 dpi, and what happens
 * inside one is drawn as its lowest and highest point. Places far outside are cut here, before Cairo's fixed point of
 * 24 bits overflows.
 *
 * A cut is computed from the end that lies inside, so that it is exact however far away the other end is. */
#include "figure/polyline.h"

static const double column_width = 72.0 / 600;
static const double farthest = 1e200; /* differences and products with page lengths do not overflow */
static const double beyond = 1e6;     /* points: outside every page */
static const double rounding = 1e-6;  /* points */

rg_rectangle rg_frame_rectangle(const rg_frame *frame, double rim) {
    return (rg_rectangle){frame->x - rim, frame->y - rim, frame->x + frame->width + rim,
                          frame->y + frame->height + rim};
}

static double near_enough(double place) {
    return fmin(fmax(place, -farthest), farthest);
}

int rg_frame_place(const rg_frame *frame, double x, double y, rg_point *point) {
    if (!rg_axis_has_place(&frame->across, x) || !rg_axis_has_place(&frame->up, y)) return 0;
    *point = (rg_point){near_enough(rg_frame_x(frame, x)), near_enough(rg_frame_y(frame, y))};
    return 1;
}

int rg_frame_place_end(const rg_frame *frame, double x, double end, rg_point *point) {
    if (isnan(end)) return 0;
    if (rg_frame_place(frame, x, end, point)) return 1;
    if (!rg_frame_place(frame, x, frame->up.upper, point)) return 0;
    point->y = end > frame->up.lower ? frame->y - beyond : frame->y + frame->height + beyond;
    return 1;
}

int rg_frame_place_end_across(const rg_frame *frame, double end, double y, rg_point *point) {
    if (isnan(end)) return 0;
    if (rg_frame_place(frame, end, y, point)) return 1;
    if (!rg_frame_place(frame, frame->across.upper, y, point)) return 0;
    point->x = end > frame->across.lower ? frame->x + frame->width + beyond : frame->x - beyond;
    return 1;
}

static int within(double value, double low, double high) {
    return value >= low - rounding && value <= high + rounding;
}

int rg_frame_holds(const rg_frame *frame, rg_point p) {
    return within(p.x, frame->x, frame->x + frame->width) && within(p.y, frame->y, frame->y + frame->height);
}

/* ---- thinning */

static double column_of(rg_point point) {
    return floor(point.x / column_width);
}

void rg_thinning_add(rg_thinning *t, rg_point point) {
    const struct rg_held held = {point, t->held};
    if (t->held && column_of(point) == t->column) {
        t->held++;
        if (point.y > t->low.point.y) t->low = held;
        if (point.y < t->high.point.y) t->high = held;
        t->last = held;
        return;
    }
    rg_thinning_flush(t);
    t->first = t->low = t->high = t->last = (struct rg_held){point, 0};
    t->column = column_of(point);
    t->held = 1;
}

static void emit_after(const rg_thinning *t, const struct rg_held *held, const struct rg_held *before) {
    if (held->order > before->order) t->emit(t->to, held->point);
}

void rg_thinning_flush(rg_thinning *t) {
    if (!t->held) return;
    const int low_first = t->low.order < t->high.order;
    const struct rg_held *second = low_first ? &t->low : &t->high, *third = low_first ? &t->high : &t->low;
    t->emit(t->to, t->first.point);
    emit_after(t, second, &t->first);
    emit_after(t, third, second);
    emit_after(t, &t->last, third);
    t->held = 0;
}

/* ---- lines */

/* Narrows 0 <= t <= until to where start + t * step lies within [low, high]. */
static int narrow(double start, double step, double low, double high, double *from, double *until) {
    if (step == 0) return start >= low && start <= high;
    const double a = (low - start) / step, b = (high - start) / step;
    *from = fmax(*from, fmin(a, b));
    *until = fmin(*until, fmax(a, b));
    return *from <= *until;
}

/* The last point inside on the way from a to b; 0 when the way misses the rectangle. */
static int last_inside(const rg_rectangle *r, rg_point a, rg_point b, rg_point *last) {
    const double dx = b.x - a.x, dy = b.y - a.y;
    double from = 0, until = 1;
    if (!narrow(a.x, dx, r->left, r->right, &from, &until)) return 0;
    if (!narrow(a.y, dy, r->top, r->bottom, &from, &until)) return 0;
    *last = until < 1 ? (rg_point){a.x + until * dx, a.y + until * dy} : b;
    return 1;
}

static int same(rg_point a, rg_point b) {
    return a.x == b.x && a.y == b.y;
}

static void add_vertex(void *to, rg_point point) {
    rg_polyline *line = to;
    rg_point from, until;
    const rg_point start = line->points ? line->last : point;
    if (line->points && same(start, point)) return;
    line->last = point;
    if (!line->points++) return;
    if (!last_inside(&line->inside, start, point, &until) || !last_inside(&line->inside, point, start, &from)) {
        line->joined = 0;
        return;
    }
    line->draw(line->to, from, until, line->joined && same(from, start));
    line->joined = same(until, point);
}

void rg_polyline_init(rg_polyline *line, rg_rectangle inside, rg_segment_sink *draw, void *to) {
    *line = (rg_polyline){.inside = inside, .draw = draw, .to = to, .thinning = {.emit = add_vertex, .to = line}};
}

void rg_polyline_add(rg_polyline *line, rg_point point) {
    rg_thinning_add(&line->thinning, point);
}

void rg_polyline_break(rg_polyline *line) {
    rg_thinning_flush(&line->thinning);
    rg_point lone;
    if (line->points == 1 && last_inside(&line->inside, line->last, line->last, &lone))
        line->draw(line->to, lone, lone, 0);
    line->points = line->joined = 0;
}

/* ---- polygons */

/* How far inside a side; negative outside. */
static double depth(const rg_rectangle *r, int side, rg_point p) {
    switch (side) {
    case 0:
        return p.x - r->left;
    case 1:
        return r->right - p.x;
    case 2:
        return p.y - r->top;
    default:
        return r->bottom - p.y;
    }
}

static rg_point crossing(const rg_rectangle *r, int side, rg_point a, rg_point b) {
    const double da = depth(r, side, a), db = depth(r, side, b);
    const rg_point in = da >= 0 ? a : b, out = da >= 0 ? b : a;
    const double t = fmax(da, db) / (fmax(da, db) - fmin(da, db));
    return (rg_point){in.x + t * (out.x - in.x), in.y + t * (out.y - in.y)};
}

static void pass(rg_polygon *polygon, int side, rg_point point) {
    if (side == RG_SIDES) {
        polygon->emit(polygon->to, point);
        return;
    }
    struct rg_side *s = &polygon->side[side];
    const int inside = depth(&polygon->inside, side, point) >= 0;
    if (!s->open) s->first = point;
    if (s->open && inside != (depth(&polygon->inside, side, s->last) >= 0))
        pass(polygon, side + 1, crossing(&polygon->inside, side, s->last, point));
    s->open = 1;
    s->last = point;
    if (inside) pass(polygon, side + 1, point);
}

static void add_corner(void *to, rg_point point) {
    pass(to, 0, point);
}

void rg_polygon_init(rg_polygon *polygon, rg_rectangle inside, rg_vertex_sink *emit, void *to) {
    *polygon = (rg_polygon){.inside = inside, .emit = emit, .to = to, .thinning = {.emit = add_corner, .to = polygon}};
}

void rg_polygon_add(rg_polygon *polygon, rg_point point) {
    rg_thinning_add(&polygon->thinning, point);
}

/* Each side closes its own outline before the next one does. */
void rg_polygon_close(rg_polygon *polygon) {
    rg_thinning_flush(&polygon->thinning);
    for (int i = 0; i < RG_SIDES; i++) {
        struct rg_side *s = &polygon->side[i];
        const double first = depth(&polygon->inside, i, s->first), last = depth(&polygon->inside, i, s->last);
        if (s->open && (first >= 0) != (last >= 0))
            pass(polygon, i + 1, crossing(&polygon->inside, i, s->last, s->first));
        s->open = 0;
    }
}
