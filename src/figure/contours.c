/* Level lines in ink with a thin light halo, and on the longest line of each level its number.
 *
 * A number stands where the line is straightest and most level over the number's length, clear of the frame and of other
 * numbers; it reads from left to right. The line is interrupted there. Places along a line are distances from its first
 * point, in points of the page. */
#include "figure/contours.h"
#include "base/base.h"
#include "figure/level_lines.h"
#include "figure/number.h"
#include "figure/style.h"
#include "figure/vectors.h"

#define PI 3.14159265358979323846

enum { MOST_LEVELS = 64, MOST_TRIALS = 256 };

static const double line_width = 0.7;
static const double halo = 0.55, halo_white = 0.6;      /* width in points on either side, opacity */
static const double text_halo = 1.2, text_white = 0.75; /* of a number */
static const double gap = 2;                            /* between a number and its line, in points */
static const double least_straight = 0.9;               /* chord over length of the line under a number */
static const double tilt_cost = 0.08;                   /* of a number that stands upright, in units of straightness */
static const double same_number = 1e-3;                 /* error of a number, relative to the distance of levels */

/* As few digits as tell a level from its neighbours. */
static void number_of(const rg_contours *c, size_t k, char text[RG_NUMBER_TEXT]) {
    const double level = c->level[k];
    double distance = fabs(level);
    if (k > 0) distance = fmin(distance, level - c->level[k - 1]);
    if (k + 1 < c->count) distance = fmin(distance, c->level[k + 1] - level);
    rg_number_short(text, level, same_number * distance);
}

/* ---- a line on the page */

struct line {
    const rg_frame *frame;
    double across, up; /* points of a step of the array */
    const rg_level_point *point;
    size_t count;
    double length; /* in points */
};

static rg_level_point on_page(const struct line *l, size_t k) {
    const rg_frame *frame = l->frame;
    return (rg_level_point){frame->x + l->across * l->point[k].x, frame->y + frame->height - l->up * l->point[k].y};
}

static double distance(rg_level_point a, rg_level_point b) {
    return hypot(b.x - a.x, b.y - a.y);
}

static struct line line_of(const rg_frame *frame, const ptrdiff_t shape[2], const rg_level_lines *lines, size_t k) {
    struct line l = {frame,
                     frame->width / (double)shape[0],
                     frame->height / (double)shape[1],
                     lines->point + lines->line[k].first,
                     lines->line[k].count,
                     0};
    for (size_t i = 1; i < l.count; i++) l.length += distance(on_page(&l, i - 1), on_page(&l, i));
    return l;
}

/* A walk along a line: how far the point `next` - 1 is. */
struct walk {
    const struct line *line;
    size_t next;
    double passed;
};

/* The place at a distance, which must not be before the last one asked for. */
static rg_level_point walk_to(struct walk *w, double at) {
    const struct line *l = w->line;
    for (;;) {
        const rg_level_point from = on_page(l, w->next - 1), to = on_page(l, w->next);
        const double piece = distance(from, to);
        if (at <= w->passed + piece || w->next + 1 == l->count) {
            const double part = piece > 0 ? fmin(1, (at - w->passed) / piece) : 0;
            return (rg_level_point){from.x + part * (to.x - from.x), from.y + part * (to.y - from.y)};
        }
        w->passed += piece;
        w->next++;
    }
}

/* Appends the part between two distances to the path. */
static void add_stretch(const struct line *l, double from, double to, cairo_t *cr) {
    if (!(from < to)) return;
    struct walk w = {l, 1, 0};
    const rg_level_point first = walk_to(&w, from);
    cairo_move_to(cr, first.x, first.y);
    for (; w.next + 1 < l->count; w.next++) {
        const rg_level_point corner = on_page(l, w.next);
        const double at = w.passed + distance(on_page(l, w.next - 1), corner);
        if (at >= to) break;
        cairo_line_to(cr, corner.x, corner.y);
        w.passed = at;
    }
    const rg_level_point last = walk_to(&w, to);
    cairo_line_to(cr, last.x, last.y);
}

static void add_whole(const struct line *l, int closed, cairo_t *cr) {
    for (size_t i = 0; i + (closed ? 1 : 0) < l->count; i++) {
        const rg_level_point p = on_page(l, i);
        (i ? cairo_line_to : cairo_move_to)(cr, p.x, p.y);
    }
    if (closed) cairo_close_path(cr);
}

/* ---- where numbers stand */

struct label {
    rg_level_point middle;
    double angle, reach; /* radians; half its length */
    double from, to;     /* the stretch of the line that it takes */
};

struct labels {
    struct label at[MOST_LEVELS];
    char text[MOST_LEVELS][RG_NUMBER_TEXT];
    size_t count;
    double height;
};

static int is_clear(const struct labels *labels, const rg_frame *frame, const struct label *candidate) {
    const rg_level_point m = candidate->middle;
    const double half = labels->height / 2 + gap, c = fabs(cos(candidate->angle)), s = fabs(sin(candidate->angle));
    const double across = candidate->reach * c + half * s, up = candidate->reach * s + half * c;
    if (m.x - across < frame->x || m.x + across > frame->x + frame->width || m.y - up < frame->y ||
        m.y + up > frame->y + frame->height)
        return 0;
    for (size_t k = 0; k < labels->count; k++)
        if (distance(m, labels->at[k].middle) < candidate->reach + labels->at[k].reach) return 0;
    return 1;
}

static struct label candidate_at(rg_level_point start, rg_level_point end, double from, double size) {
    double angle = atan2(end.y - start.y, end.x - start.x);
    if (angle > PI / 2) angle -= PI;
    if (angle <= -PI / 2) angle += PI;
    return (struct label){{(start.x + end.x) / 2, (start.y + end.y) / 2}, angle, size / 2, from, from + size};
}

/* 1 when there is a place for a text of this width. */
static int find_place(const struct labels *labels, const struct line *l, double width, struct label *best) {
    const double size = width + 2 * gap, room = l->length - size;
    double best_score = -1;
    struct walk ahead = {l, 1, 0}, behind = {l, 1, 0};
    for (int trial = 0; trial <= MOST_TRIALS && room > size; trial++) {
        const double from = room * trial / MOST_TRIALS;
        const rg_level_point start = walk_to(&behind, from), end = walk_to(&ahead, from + size);
        const struct label candidate = candidate_at(start, end, from, size);
        const double straight = distance(start, end) / size;
        const double score = straight - tilt_cost * fabs(sin(candidate.angle));
        if (straight < least_straight || score <= best_score || !is_clear(labels, l->frame, &candidate)) continue;
        best_score = score;
        *best = candidate;
    }
    return best_score > -1;
}

static size_t longest_of(const rg_contours *c, const rg_frame *frame, const rg_level_lines *lines) {
    size_t longest = 0;
    double length = -1;
    for (size_t k = 0; k < lines->lines; k++) {
        const struct line l = line_of(frame, c->shape, lines, k);
        if (l.length > length) longest = k;
        length = fmax(length, l.length);
    }
    return longest;
}

/* ---- drawing */

static void stroke(cairo_t *cr) {
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_source_rgba(cr, 1, 1, 1, halo_white);
    cairo_set_line_width(cr, line_width + 2 * halo);
    cairo_stroke_preserve(cr);
    cairo_set_source_rgb(cr, RG_INK, RG_INK, RG_INK);
    cairo_set_line_width(cr, line_width);
    cairo_stroke(cr);
}

/* The lines of one level; its number is placed, to be drawn above all lines. */
static void draw_level(const rg_contours *c, size_t level, const rg_frame *frame, const rg_level_lines *lines,
                       struct labels *labels, rg_text *text, cairo_t *cr) {
    const size_t longest = c->labels ? longest_of(c, frame, lines) : lines->lines;
    for (size_t k = 0; k < lines->lines; k++) {
        const struct line l = line_of(frame, c->shape, lines, k);
        struct label *label = &labels->at[labels->count];
        char *number = labels->text[labels->count];
        if (k == longest) number_of(c, level, number);
        const rg_caption caption = {RG_FONT_TICK, number, NULL, 0};
        if (k == longest && find_place(labels, &l, rg_text_measure(text, &caption).width, label)) {
            add_stretch(&l, 0, label->from, cr);
            add_stretch(&l, label->to, l.length, cr);
            labels->count++;
        } else {
            add_whole(&l, lines->line[k].closed, cr);
        }
    }
    stroke(cr);
}

static void draw_label(const struct label *label, const char *number, rg_text *text, cairo_t *cr) {
    const rg_caption caption = {RG_FONT_TICK, number, NULL, 0};
    const double baseline = rg_text_middle(RG_FONT_TICK);
    cairo_save(cr);
    cairo_translate(cr, label->middle.x, label->middle.y);
    cairo_rotate(cr, label->angle);
    cairo_new_path(cr);
    rg_text_outline(text, cr, &caption, 0, baseline, 0.5);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_source_rgba(cr, 1, 1, 1, text_white);
    cairo_set_line_width(cr, 2 * text_halo);
    cairo_stroke(cr);
    rg_text_draw(text, cr, &caption, 0, baseline, 0.5);
    cairo_restore(cr);
}

static rg_status draw_all(const rg_contours *c, const rg_frame *frame, rg_text *text, cairo_t *cr,
                          rg_diagnostic *diagnostic) {
    struct labels labels = {.count = 0};
    rg_level_lines lines = {0};
    rg_status status = RG_OK;
    labels.height = rg_text_height(text, &(rg_caption){RG_FONT_TICK, "0", NULL, 0});
    for (size_t k = 0; status == RG_OK && k < c->count; k++) {
        status = rg_level_lines_trace(&lines, c->shape, c->values, c->level[k], diagnostic);
        if (status == RG_OK) draw_level(c, k, frame, &lines, &labels, text, cr);
    }
    for (size_t k = 0; k < labels.count; k++) draw_label(&labels.at[k], labels.text[k], text, cr);
    rg_level_lines_clear(&lines);
    return status;
}

rg_status rg_contours_draw(const rg_contours *contours, const rg_frame *frame, rg_text *text, cairo_t *cr,
                           rg_diagnostic *diagnostic) {
    cairo_save(cr);
    cairo_rectangle(cr, frame->x, frame->y, frame->width, frame->height);
    cairo_clip(cr);
    const rg_status status = draw_all(contours, frame, text, cr, diagnostic);
    cairo_restore(cr);
    return status;
}

/* ---- checks */

static rg_status check_levels(const rg_contours *c, rg_diagnostic *diagnostic) {
    if (c->count < 1 || c->count > MOST_LEVELS || !c->level)
        return rg_fail(diagnostic, RG_EINVAL, "contours: expected 1 to %d levels, got %zu", MOST_LEVELS,
                       c->level ? c->count : 0);
    for (size_t k = 0; k < c->count; k++) {
        if (!isfinite(c->level[k]))
            return rg_fail(diagnostic, RG_EINVAL, "contours: level %zu: expected a finite number, got %g", k + 1,
                           c->level[k]);
        if (k > 0 && !(c->level[k] > c->level[k - 1]))
            return rg_fail(diagnostic, RG_EINVAL, "contours: expected ascending levels, got %g after %g", c->level[k],
                           c->level[k - 1]);
    }
    return RG_OK;
}

rg_status rg_contours_check(const rg_contours *contours, rg_diagnostic *diagnostic) {
    rg_status status = rg_layer_check_shape("contours", contours->shape, diagnostic);
    if (status == RG_OK) status = check_levels(contours, diagnostic);
    if (status != RG_OK) return status;
    const ptrdiff_t n = contours->shape[0] * contours->shape[1];
    if (!contours->values) return rg_fail(diagnostic, RG_EINVAL, "contours: no values");
    for (ptrdiff_t k = 0; k < n; k++)
        if (isfinite(contours->values[k])) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL, "contours: the array has no finite value");
}
