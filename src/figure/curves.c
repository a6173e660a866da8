/* What is drawn, from the bottom: the diagonal, all bands, then curve by curve the line, the error bars and the points.
 *
 * Lines are cut at the frame, widened by half a line, so that a line at the end of the axis is seen beside the frame's
 * own. A point whose centre lies in the frame is drawn whole, and so are the caps of an error bar. */
#include "figure/curves.h"
#include "base/base.h"
#include "figure/marks.h"
#include "figure/rows.h"
#include "figure/style.h"
#include "figure/text.h"

enum { CURVE_LIMIT = 64, POINT_LIMIT = 10000000, DIAGONAL_STEPS = 256 };
enum { MANY = 20000 /* from here on points that hide each other are left out */, FINE = 384, BATCH = 4096 };

static const double rim = 20;       /* around the frame: ends of cut lines and their joins are not seen */
static const double half_cap = 1.5; /* of an error bar */
static const double half_dot = 0.5; /* of the square along which a lone point of a line is drawn */

/* ---- the description */

static rg_status check_curve(const rg_curve *curve, rg_diagnostic *diagnostic) {
    if (curve->count < 1 || curve->count > POINT_LIMIT)
        return rg_fail(diagnostic, RG_EINVAL, "expected 1 to %d points, got %td", POINT_LIMIT, curve->count);
    if (!curve->x || !curve->y) return rg_fail(diagnostic, RG_EINVAL, "no values of %s", curve->x ? "y" : "x");
    if (!curve->lower != !curve->upper)
        return rg_fail(diagnostic, RG_EINVAL, "error bars need both ends, the %s ones are missing",
                       curve->lower ? "upper" : "lower");
    if (curve->mark < RG_MARK_LINE || curve->mark > RG_MARK_LINE_POINTS)
        return rg_fail(diagnostic, RG_EINVAL, "unknown mark %d", (int)curve->mark);
    if (curve->colour < 0 || curve->colour > RG_CURVE_COLOURS)
        return rg_fail(diagnostic, RG_EINVAL, "expected a colour from 1 to %d (0: by position), got %d",
                       RG_CURVE_COLOURS, curve->colour);
    return rg_text_check(curve->label, "label", diagnostic);
}

rg_status rg_curves_check(const rg_panel *panel, rg_diagnostic *diagnostic) {
    if (panel->curves > CURVE_LIMIT || (panel->curves > 0 && !panel->curve))
        return rg_fail(diagnostic, RG_EINVAL, "expected up to %d curves, got %zu", CURVE_LIMIT,
                       panel->curve ? panel->curves : 0);
    for (size_t i = 0; i < panel->curves; i++) {
        rg_diagnostic reason = {RG_OK, ""};
        const rg_status status = check_curve(&panel->curve[i], &reason);
        if (status != RG_OK) return rg_fail(diagnostic, status, "curve %zu: %s", i + 1, reason.text);
    }
    const rg_status status = rg_rows_check(panel, diagnostic);
    return status == RG_OK ? rg_text_check(panel->note, "note", diagnostic) : status;
}

/* ---- lines */

/* A lone point is outlined by a square, which the pen fills. */
static void draw_lone(cairo_t *cr, rg_point p) {
    cairo_rectangle(cr, p.x - half_dot, p.y - half_dot, 2 * half_dot, 2 * half_dot);
}

static void draw_segment(void *cr, rg_point from, rg_point until, int joined) {
    if (!joined && from.x == until.x && from.y == until.y) {
        draw_lone(cr, from);
        return;
    }
    if (!joined) cairo_move_to(cr, from.x, from.y);
    cairo_line_to(cr, until.x, until.y);
}

static void draw_line(const rg_curve *curve, const rg_look *look, const rg_frame *frame, cairo_t *cr) {
    rg_polyline line;
    rg_polyline_init(&line, rg_frame_rectangle(frame, rim), draw_segment, cr);
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        rg_point point;
        if (rg_frame_place(frame, curve->x[i], curve->y[i], &point))
            rg_polyline_add(&line, point);
        else
            rg_polyline_break(&line);
    }
    rg_polyline_break(&line);
    rg_look_set_line(look, cr);
    cairo_stroke(cr);
}

static double value_at(const rg_axis *axis, double place) {
    if (axis->scale == RG_SCALE_LOG) return axis->lower * pow(axis->upper / axis->lower, place);
    return axis->lower + place * (axis->upper - axis->lower);
}

/* Straight on two axes of one scale, bent on a linear and a log one. */
static void draw_diagonal(const rg_frame *frame, cairo_t *cr) {
    rg_polyline line;
    rg_polyline_init(&line, rg_frame_rectangle(frame, rim), draw_segment, cr);
    const int steps = frame->across.scale == frame->up.scale ? 1 : DIAGONAL_STEPS;
    for (int i = 0; i <= steps; i++) {
        const double value = value_at(&frame->across, (double)i / steps);
        rg_point point;
        if (rg_frame_place(frame, value, value, &point)) rg_polyline_add(&line, point);
    }
    rg_polyline_break(&line);
    cairo_set_source_rgb(cr, RG_DIAGONAL_GREY, RG_DIAGONAL_GREY, RG_DIAGONAL_GREY);
    cairo_set_line_width(cr, RG_LINE_WIDTH);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_stroke(cr);
}

/* ---- bands and error bars */

struct bar {
    rg_point lower, upper;
};

static int place_bar(const rg_curve *curve, const rg_frame *frame, ptrdiff_t i, struct bar *bar) {
    rg_point middle;
    return rg_frame_place(frame, curve->x[i], curve->y[i], &middle) &&
           rg_frame_place_end(frame, curve->x[i], curve->lower[i], &bar->lower) &&
           rg_frame_place_end(frame, curve->x[i], curve->upper[i], &bar->upper);
}

static int place_bar_across(const rg_curve *curve, const rg_frame *frame, ptrdiff_t i, struct bar *bar) {
    rg_point middle;
    return rg_frame_place(frame, curve->x[i], curve->y[i], &middle) &&
           rg_frame_place_end_across(frame, curve->lower[i], curve->y[i], &bar->lower) &&
           rg_frame_place_end_across(frame, curve->upper[i], curve->y[i], &bar->upper);
}

static void draw_corner(void *cr, rg_point corner) {
    cairo_line_to(cr, corner.x, corner.y);
}

/* Along the upper ends and back along the lower ones; returns where the run without a gap ends. */
static ptrdiff_t draw_run(const rg_curve *curve, const rg_frame *frame, ptrdiff_t begin, cairo_t *cr) {
    rg_polygon band;
    rg_polygon_init(&band, rg_frame_rectangle(frame, rim), draw_corner, cr);
    struct bar bar;
    ptrdiff_t end = begin;
    for (; end < curve->count && place_bar(curve, frame, end, &bar); end++) rg_polygon_add(&band, bar.upper);
    for (ptrdiff_t i = end; i-- > begin;)
        if (place_bar(curve, frame, i, &bar)) rg_polygon_add(&band, bar.lower);
    rg_polygon_close(&band);
    cairo_close_path(cr);
    return end;
}

static void draw_band(const rg_curve *curve, const rg_look *look, const rg_frame *frame, cairo_t *cr) {
    for (ptrdiff_t i = 0; i < curve->count; i++) i = draw_run(curve, frame, i, cr);
    rg_look_set_band(look, cr);
    cairo_fill(cr);
}

/* Along a bar, into the frame. */
static rg_point cut(const rg_frame *frame, rg_point end, int across) {
    if (across)
        end.x = fmin(fmax(end.x, frame->x), frame->x + frame->width);
    else
        end.y = fmin(fmax(end.y, frame->y), frame->y + frame->height);
    return end;
}

/* An end outside the frame has no cap. */
static void add_end(const rg_frame *frame, cairo_t *cr, rg_point end, int across) {
    const double dx = across ? 0 : half_cap, dy = across ? half_cap : 0;
    if (!rg_frame_holds(frame, end)) return;
    cairo_move_to(cr, end.x - dx, end.y - dy);
    cairo_line_to(cr, end.x + dx, end.y + dy);
}

static void add_bar(const rg_frame *frame, cairo_t *cr, const struct bar *bar, int across) {
    const rg_point lower = cut(frame, bar->lower, across), upper = cut(frame, bar->upper, across);
    if (!rg_frame_holds(frame, lower)) return;
    cairo_move_to(cr, lower.x, lower.y);
    cairo_line_to(cr, upper.x, upper.y);
    add_end(frame, cr, bar->lower, across);
    add_end(frame, cr, bar->upper, across);
}

/* ---- points */

/* Which parts of the frame have a point already. */
struct seen {
    unsigned char bit[FINE * FINE / 8];
};

static int is_new(struct seen *seen, const rg_frame *frame, rg_point p) {
    const int column = (int)fmin((p.x - frame->x) / frame->width * FINE, FINE - 1);
    const int row = (int)fmin((p.y - frame->y) / frame->height * FINE, FINE - 1);
    const int place = (row < 0 ? 0 : row) * FINE + (column < 0 ? 0 : column), mask = 1 << place % 8;
    if (seen->bit[place / 8] & mask) return 0;
    seen->bit[place / 8] = (unsigned char)(seen->bit[place / 8] | mask);
    return 1;
}

static void draw_bars(const rg_curve *curve, const rg_look *look, const rg_frame *frame, int across, cairo_t *cr) {
    struct seen seen = {{0}};
    rg_look_set_bar(look, cr);
    int batch = 0;
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        struct bar bar;
        if (!(across ? place_bar_across : place_bar)(curve, frame, i, &bar)) continue;
        rg_point centre;
        const int shown = rg_frame_place(frame, curve->x[i], curve->y[i], &centre) && rg_frame_holds(frame, centre);
        if (curve->count > MANY && !(shown && is_new(&seen, frame, centre))) continue;
        add_bar(frame, cr, &bar, across);
        if (++batch % BATCH == 0) cairo_stroke(cr);
    }
    cairo_stroke(cr);
}

static void draw_points(const rg_curve *curve, const rg_look *look, const rg_frame *frame, cairo_t *cr) {
    struct seen seen = {{0}};
    int batch = 0;
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        rg_point p;
        if (!rg_frame_place(frame, curve->x[i], curve->y[i], &p) || !rg_frame_holds(frame, p)) continue;
        if (curve->count <= MANY) {
            rg_look_draw_point(look, cr, p);
        } else if (is_new(&seen, frame, p)) {
            rg_look_add_point(look, cr, p);
            if (++batch % BATCH == 0) rg_look_fill_points(look, cr);
        }
    }
    if (batch % BATCH) rg_look_fill_points(look, cr);
}

/* ---- all of them */

static void clip(const rg_frame *frame, double around, cairo_t *cr) {
    cairo_rectangle(cr, frame->x - around, frame->y - around, frame->width + 2 * around, frame->height + 2 * around);
    cairo_clip(cr);
}

static void draw_curve(const rg_curve *curve, const rg_look *look, const rg_frame *frame, int across, cairo_t *cr) {
    cairo_save(cr);
    clip(frame, RG_CURVE_WIDTH / 2, cr);
    if (rg_look_has_line(look)) draw_line(curve, look, frame, cr);
    cairo_restore(cr);
    if (!rg_look_has_points(look)) return;
    if (curve->lower) draw_bars(curve, look, frame, across, cr);
    draw_points(curve, look, frame, cr);
}

void rg_curves_draw(const rg_panel *panel, const rg_frame *frame, cairo_t *cr) {
    cairo_save(cr);
    clip(frame, 0, cr);
    if (panel->diagonal) draw_diagonal(frame, cr);
    for (size_t i = 0; i < panel->curves; i++) {
        const rg_look look = rg_look_of(&panel->curve[i], i);
        if (panel->curve[i].lower && !rg_look_has_points(&look)) draw_band(&panel->curve[i], &look, frame, cr);
    }
    cairo_restore(cr);
    for (size_t i = 0; i < panel->curves; i++) {
        const rg_look look = rg_look_of(&panel->curve[i], i);
        const rg_frame lane = rg_rows_lane(panel, i, frame);
        draw_curve(&panel->curve[i], &look, &lane, panel->rows > 0, cr);
    }
}
