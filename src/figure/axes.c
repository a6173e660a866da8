/* From the frame outwards: tick, number, label. The same sums place and measure, so nothing is clipped. */
#include "figure/axes.h"
#include "figure/line.h"
#include "figure/style.h"

static const double edge = 1e-3; /* of the frame, whose line a line of the grid must not thicken */

static rg_caption title_of(const rg_axes *a) {
    return (rg_caption){RG_FONT_TITLE, a->title, NULL, fmax(a->width, RG_NARROW_TEXT)};
}

static rg_caption x_label_of(const rg_axes *a) {
    return (rg_caption){RG_FONT_LABEL, a->x_label, a->x.factor, fmax(a->width, RG_NARROW_TEXT)};
}

static rg_caption y_label_of(const rg_axes *a) {
    return (rg_caption){RG_FONT_LABEL, a->y_label, a->y.factor, fmax(a->height, RG_NARROW_TEXT)};
}

static void choose(rg_text *text, const rg_axis *axis, double length, int upwards, rg_ticks *ticks) {
    const rg_tick_axis of = {.lower = axis->lower,
                             .upper = axis->upper,
                             .length = length,
                             .scale = axis->scale,
                             .upwards = upwards,
                             .degrees = axis->degrees};
    rg_ticks_choose(text, &of, ticks);
}

static int alike(const rg_axis *x, const rg_axis *y) {
    return x->lower == y->lower && x->upper == y->upper && x->scale == y->scale && x->degrees == y->degrees;
}

/* Two axes of one length and range have the same ticks; numbers that fit side by side fit one above the other. */
void rg_axes_choose_ticks(rg_axes *a, rg_text *text, const rg_axis *x, const rg_axis *y) {
    choose(text, x, a->width, 0, &a->x);
    if (a->rows)
        rg_ticks_name(a->rows, a->row, &a->y);
    else if (alike(x, y) && a->width == a->height)
        a->y = a->x;
    else
        choose(text, y, a->height, 1, &a->y);
}

static double numbers_height(rg_text *text) {
    return rg_text_height(text, &(rg_caption){RG_FONT_TICK, "0", NULL, 0});
}

/* From the frame to the near side of the label. */
static double x_label_distance(rg_text *text) {
    return RG_TICK_LENGTH + RG_TICK_GAP + numbers_height(text) + RG_LABEL_GAP;
}

static double y_label_distance(const rg_axes *a, rg_text *text) {
    return RG_TICK_LENGTH + RG_TICK_GAP + rg_ticks_width(text, &a->y) + RG_LABEL_GAP;
}

/* How far a text centred on the frame stands out on either side. */
static double overhang(double text_width, double frame) {
    return fmax(0, (text_width - frame) / 2);
}

/* Numbers near a corner stand out beyond it. */
static rg_insets numbers_overhang(const rg_axes *a, rg_text *text) {
    rg_insets out = {0, 0, 0, 0};
    for (int i = 0; i < a->x.count; i++) {
        const rg_caption number = rg_tick_caption(&a->x.tick[i]);
        const double half = rg_text_measure(text, &number).width / 2, at = a->x.tick[i].at * a->width;
        out = rg_insets_union(out, (rg_insets){half - at, at + half - a->width, 0, 0});
    }
    out.top = out.bottom = numbers_height(text) / 2;
    return out;
}

double rg_axes_title_width(const rg_axes *a, rg_text *text) {
    const rg_caption title = title_of(a);
    return rg_text_measure(text, &title).width;
}

rg_insets rg_axes_insets(const rg_axes *a, rg_text *text) {
    const rg_caption title = title_of(a), x_label = x_label_of(a), y_label = y_label_of(a);
    const rg_text_box above = rg_text_measure(text, &title), below = rg_text_measure(text, &x_label);
    const rg_text_box beside = rg_text_measure(text, &y_label);
    const double across = fmax(overhang(above.width, a->width), overhang(below.width, a->width));
    const double up = overhang(beside.width, a->height);
    const rg_insets texts = {fmax(across, y_label_distance(a, text) + beside.above + beside.below), across,
                             fmax(up, RG_TITLE_GAP + a->title_lift + above.above + above.below),
                             fmax(up, x_label_distance(text) + below.above + below.below)};
    return rg_insets_union(texts, numbers_overhang(a, text));
}

static double tick_length(const rg_tick *tick) {
    return rg_tick_is_minor(tick) ? RG_TICK_LENGTH / 2 : RG_TICK_LENGTH;
}

static void draw_x_ticks(const rg_axes *a, rg_text *text, cairo_t *cr, double x, double bottom) {
    for (int i = 0; i < a->x.count; i++) {
        const rg_tick *tick = &a->x.tick[i];
        const rg_caption number = rg_tick_caption(tick);
        const double at = x + tick->at * a->width;
        const rg_text_box plain = rg_text_measure(text, &(rg_caption){RG_FONT_TICK, "0", NULL, 0});
        rg_line_draw(cr, at, bottom, at, bottom + tick_length(tick));
        rg_text_draw(text, cr, &number, at, bottom + RG_TICK_LENGTH + RG_TICK_GAP + plain.above, 0.5);
    }
}

static void draw_y_ticks(const rg_axes *a, rg_text *text, cairo_t *cr, double x, double bottom) {
    for (int i = 0; i < a->y.count; i++) {
        const rg_tick *tick = &a->y.tick[i];
        const rg_caption number = rg_tick_caption(tick);
        const double at = bottom - tick->at * a->height;
        rg_line_draw(cr, x, at, x - tick_length(tick), at);
        rg_text_draw(text, cr, &number, x - RG_TICK_LENGTH - RG_TICK_GAP, at + rg_text_middle(RG_FONT_TICK), 1);
    }
}

static void draw_labels(const rg_axes *a, rg_text *text, cairo_t *cr, double x, double y) {
    const rg_caption title = title_of(a), x_label = x_label_of(a), y_label = y_label_of(a);
    const double centre = x + a->width / 2, bottom = y + a->height;
    rg_text_draw(text, cr, &title, centre, y - RG_TITLE_GAP - a->title_lift - rg_text_measure(text, &title).below, 0.5);
    rg_text_draw(text, cr, &x_label, centre, bottom + x_label_distance(text) + rg_text_measure(text, &x_label).above,
                 0.5);
    rg_text_draw_upwards(text, cr, &y_label, x - y_label_distance(a, text) - rg_text_measure(text, &y_label).below,
                         y + a->height / 2);
}

static int inner(const rg_tick *tick) {
    return !rg_tick_is_minor(tick) && tick->at > edge && tick->at < 1 - edge;
}

void rg_axes_draw_grid(const rg_axes *a, cairo_t *cr, double x, double y) {
    for (int i = 0; i < a->x.count; i++) {
        const double at = x + a->x.tick[i].at * a->width;
        if (inner(&a->x.tick[i])) rg_line_draw_light(cr, at, y, at, y + a->height);
    }
    for (int i = 0; i < a->y.count; i++) {
        const double at = y + (1 - a->y.tick[i].at) * a->height;
        if (inner(&a->y.tick[i])) rg_line_draw_light(cr, x, at, x + a->width, at);
    }
}

void rg_axes_draw(const rg_axes *a, rg_text *text, cairo_t *cr, double x, double y) {
    rg_line_rectangle(cr, x, y, a->width, a->height);
    draw_x_ticks(a, text, cr, x, y + a->height);
    draw_y_ticks(a, text, cr, x, y + a->height);
    draw_labels(a, text, cr, x, y);
}
