/* The bar shows the colours of the range as one column of cells; ticks and numbers stand to its right, the factor of
 * the numbers above it, the unit upwards beside them. */
#include "figure/colour_bar.h"
#include "figure/image.h"
#include "figure/line.h"
#include "figure/style.h"

static rg_caption factor_of(const rg_colour_bar *bar) {
    return (rg_caption){RG_FONT_TICK, bar->ticks.factor, NULL, 0};
}

static rg_caption unit_of(const rg_colour_bar *bar) {
    return (rg_caption){RG_FONT_LABEL, bar->unit, NULL, fmax(bar->height, RG_NARROW_TEXT)};
}

void rg_colour_bar_init(rg_colour_bar *bar, rg_text *text, const rg_colour_scale *scale, const char *unit,
                        double height) {
    const rg_tick_axis axis = {.lower = scale->minimum,
                               .upper = scale->maximum,
                               .length = height,
                               .scale = scale->scale,
                               .upwards = 1,
                               .ends = 1,
                               .below = scale->below,
                               .above = scale->above};
    bar->scale = scale;
    bar->unit = unit;
    bar->height = height;
    rg_ticks_choose(text, &axis, &bar->ticks);
}

/* From the frame to the numbers, and on to the unit. */
static double numbers_distance(void) {
    return RG_BAR_GAP + RG_BAR_WIDTH + RG_TICK_LENGTH + RG_TICK_GAP;
}

static double unit_distance(const rg_colour_bar *bar, rg_text *text) {
    return numbers_distance() + rg_ticks_width(text, &bar->ticks) + RG_LABEL_GAP;
}

static double number_overhang(rg_text *text) {
    return rg_text_height(text, &(rg_caption){RG_FONT_TICK, "10<sup>0</sup>", NULL, 0}) / 2;
}

double rg_colour_bar_factor_height(const rg_colour_bar *bar, rg_text *text) {
    const rg_caption factor = factor_of(bar);
    const double height = rg_text_height(text, &factor);
    return height > 0 ? number_overhang(text) + height : 0;
}

rg_insets rg_colour_bar_insets(const rg_colour_bar *bar, rg_text *text) {
    const rg_caption factor = factor_of(bar), unit = unit_of(bar);
    const rg_text_box header = rg_text_measure(text, &factor), beside = rg_text_measure(text, &unit);
    const double unit_out = fmax(0, (beside.width - bar->height) / 2);
    const double ends = number_overhang(text);
    const double unit_end = beside.width > 0 ? unit_distance(bar, text) + beside.above + beside.below : 0;
    const double right = fmax(numbers_distance() + rg_ticks_width(text, &bar->ticks), RG_BAR_GAP + header.width);
    return (rg_insets){0, fmax(right, unit_end), fmax(unit_out, fmax(ends, rg_colour_bar_factor_height(bar, text))),
                       fmax(unit_out, ends)};
}

static void draw_colours(const rg_colour_bar *bar, cairo_t *cr, double x, double y) {
    rg_image image = rg_image_create(1, RG_COLOURS);
    for (int row = 0; image.pixel && row < RG_COLOURS; row++) {
        const double value = rg_colour_scale_value(bar->scale, 1 - (row + 0.5) / RG_COLOURS);
        image.pixel[row * image.stride] = rg_colour_scale_pixel(bar->scale, value);
    }
    rg_image_draw(&image, cr, x, y, RG_BAR_WIDTH, bar->height);
    rg_image_destroy(&image);
}

void rg_colour_bar_draw(const rg_colour_bar *bar, rg_text *text, cairo_t *cr, double x, double y) {
    const double left = x + RG_BAR_GAP, right = left + RG_BAR_WIDTH;
    const rg_caption factor = factor_of(bar), unit = unit_of(bar);
    draw_colours(bar, cr, left, y);
    rg_line_rectangle(cr, left, y, RG_BAR_WIDTH, bar->height);
    for (int i = 0; i < bar->ticks.count; i++) {
        const rg_tick *tick = &bar->ticks.tick[i];
        const rg_caption number = rg_tick_caption(tick);
        const double at = y + (1 - tick->at) * bar->height;
        rg_line_draw(cr, right, at, right + (rg_tick_is_minor(tick) ? RG_TICK_LENGTH / 2 : RG_TICK_LENGTH), at);
        rg_text_draw(text, cr, &number, x + numbers_distance(), at + rg_text_middle(RG_FONT_TICK), 0);
    }
    rg_text_draw(text, cr, &factor, left, y - number_overhang(text) - rg_text_measure(text, &factor).below, 0);
    rg_text_draw_upwards(text, cr, &unit, x + unit_distance(bar, text) + rg_text_measure(text, &unit).above,
                         y + bar->height / 2);
}
