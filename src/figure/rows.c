/* Rows from the top, their curves in lanes below one another, and what has no place in the frame beside it, in words.
 * Source: W. S. Cleveland, Graphical methods for data presentation, The American Statistician 38 (1984). */
#include "figure/rows.h"
#include "base/base.h"
#include "figure/marks.h"

#include <stdio.h>

enum { ROW_LIMIT = 64, DIGITS = 2 };

#define AT_MOST "\xe2\x89\xa4" RG_THIN_SPACE

/* All in points. */
static const double lane_height = 3.4, row_gap = 5; /* between the lanes of a row and those of the next */
static const double least_row = 13;                 /* room for a name */
static const double from_frame = 6, mark_room = 6, remark_gap = 6;

/* ---- the description */

static rg_status check_curve(const rg_panel *panel, const rg_curve *curve, rg_diagnostic *diagnostic) {
    if (curve->mark != RG_MARK_POINTS) return rg_fail(diagnostic, RG_EINVAL, "rows have points, not lines");
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        const double y = curve->y[i];
        if (!(y >= 1 && y <= (double)panel->rows && y == floor(y)))
            return rg_fail(diagnostic, RG_EINVAL, "expected y to be a row from 1 to %zu, got %g", panel->rows, y);
    }
    return RG_OK;
}

rg_status rg_rows_check(const rg_panel *panel, rg_diagnostic *diagnostic) {
    rg_status status = RG_OK;
    if (panel->rows == 0) return RG_OK;
    if (panel->rows > ROW_LIMIT || !panel->row)
        return rg_fail(diagnostic, RG_EINVAL, "expected up to %d rows with names, got %zu", ROW_LIMIT,
                       panel->row ? panel->rows : 0);
    if (rg_panel_is_field(panel) || panel->diagonal)
        return rg_fail(diagnostic, RG_EINVAL, "rows stand alone, without fields or the diagonal");
    for (size_t i = 0; status == RG_OK && i < panel->rows; i++)
        status = rg_text_check(panel->row[i], "name of a row", diagnostic);
    for (size_t i = 0; status == RG_OK && i < panel->curves; i++) {
        rg_diagnostic reason = {RG_OK, ""};
        status = check_curve(panel, &panel->curve[i], &reason);
        if (status != RG_OK) rg_fail(diagnostic, status, "curve %zu: %s", i + 1, reason.text);
    }
    return status;
}

/* ---- places */

double rg_rows_height(const rg_panel *panel) {
    return (double)panel->rows * fmax(least_row, (double)panel->curves * lane_height + row_gap);
}

void rg_rows_axis(const rg_panel *panel, rg_axis *y) {
    y->scale = RG_SCALE_LINEAR;
    y->lower = (double)panel->rows + 0.5;
    y->upper = 0.5;
}

rg_frame rg_rows_lane(const rg_panel *panel, size_t i, const rg_frame *frame) {
    rg_frame lane = *frame;
    if (panel->rows) lane.y += ((double)i - ((double)panel->curves - 1) / 2) * lane_height;
    return lane;
}

/* ---- remarks */

static void word(const rg_panel *panel, const rg_curve *curve, ptrdiff_t i, rg_remark *remark) {
    const int reaches_zero = panel->x.scale == RG_SCALE_LOG && curve->lower && curve->lower[i] <= 0 &&
                             curve->upper[i] > 0 && isfinite(curve->x[i]);
    char number[RG_NUMBER_TEXT];
    rg_number_spell(number, reaches_zero ? curve->upper[i] : curve->x[i], DIGITS);
    snprintf(remark->text, sizeof remark->text, "%s%s", reaches_zero ? AT_MOST : "", number);
}

static int has_place(const rg_frame *frame, double x, double y) {
    rg_point point;
    return rg_frame_place(frame, x, y, &point) && rg_frame_holds(frame, point);
}

/* Returns where the next remark of the row begins. */
static double put(rg_remark *remark, double start, rg_text *text, rg_remark_sink *use, void *to) {
    const rg_caption caption = {RG_FONT_TICK, remark->text, NULL, 0};
    remark->centre.x = start + mark_room / 2;
    remark->words = start + mark_room;
    if (use) use(to, remark);
    return remark->words + rg_text_measure(text, &caption).width + remark_gap;
}

static double remark_row(const rg_panel *panel, size_t row, const rg_frame *frame, rg_text *text, rg_remark_sink *use,
                         void *to) {
    const double y = (double)row, right = frame->x + frame->width;
    double start = right + from_frame;
    for (size_t c = 0; c < panel->curves; c++) {
        const rg_curve *curve = &panel->curve[c];
        rg_remark remark = {.curve = curve, .position = c, .centre = {0, rg_frame_y(frame, y)}};
        for (ptrdiff_t i = 0; i < curve->count; i++) {
            if (curve->y[i] != y || has_place(frame, curve->x[i], y)) continue;
            word(panel, curve, i, &remark);
            start = put(&remark, start, text, use, to);
        }
    }
    return start > right + from_frame ? start - remark_gap - right : 0;
}

double rg_rows_remark(const rg_panel *panel, const rg_frame *frame, rg_text *text, rg_remark_sink *use, void *to) {
    double room = 0;
    for (size_t row = 1; row <= panel->rows; row++) room = fmax(room, remark_row(panel, row, frame, text, use, to));
    return room;
}

struct drawing {
    rg_text *text;
    cairo_t *cr;
};

static void draw_remark(void *to, const rg_remark *remark) {
    const struct drawing *d = to;
    const rg_look look = rg_look_of(remark->curve, remark->position);
    const rg_caption caption = {RG_FONT_TICK, remark->text, NULL, 0};
    rg_look_draw_point(&look, d->cr, remark->centre);
    rg_text_draw(d->text, d->cr, &caption, remark->words, remark->centre.y + rg_text_middle(RG_FONT_TICK), 0);
}

void rg_rows_draw_remarks(const rg_panel *panel, const rg_frame *frame, rg_text *text, cairo_t *cr) {
    rg_rows_remark(panel, frame, text, draw_remark, &(struct drawing){text, cr});
}
