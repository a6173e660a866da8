/* Figures: the pixels of a PNG are the colours of the values, nothing is clipped, equal figures are equal bytes, bad
 * descriptions leave no file behind. */
#include "base/base.h"
#include "figure/page.h"
#include "figure/style.h"

#include <locale.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "picture.h"

static const double pi = 3.14159265358979323846;
static const char *const format_names[] = {"a.png", "a.pdf", "a.svg"};
static const char *const metadata[] = {
    "Title", "Split of the error", "Software", "rotgrad", "Experiment", "grids/x.yaml", "Note", "\xce\x98 & <x>", NULL};

enum { N0 = 7, N1 = 4, CELLS = N0 * N1, FORMATS = 3 };

/* Fontconfig links its patterns by relative offsets, which the leak checker cannot follow: what Pango's font cache
 * still holds at the end looks lost. It is the same amount after one figure and after fifty. */
RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

/* ---- figures to draw */

static void fill(double values[CELLS]) {
    for (int i = 0; i < N0; i++)
        for (int j = 0; j < N1; j++) values[i * N1 + j] = sin(1.3 * i + 0.2) * 2.7 + cos(2.1 * j) * (i - 2.2);
}

static rg_heat_map heat_map(const double *values) {
    return (rg_heat_map){.shape = {N0, N1},
                         .values = values,
                         .map = RG_MAP_SEQUENTIAL,
                         .scale = RG_SCALE_LINEAR,
                         .unit = "1/rad<sup>2</sup>"};
}

static rg_panel panel_of(const rg_heat_map *heat) {
    return (rg_panel){.title = "E<sub>p</sub>|e|<sup>2</sup>",
                      .x = {.label = "x", .lower = -0.4, .upper = 1.9},
                      .y = {.label = "y", .lower = 1.1, .upper = 2.8},
                      .heat = heat};
}

static rg_figure figure_of(const rg_panel *panel, size_t panels) {
    return (rg_figure){.panels = panels, .panel = panel, .metadata = metadata, .panel_size = 150};
}

static char *read_file(const char *name, size_t *size) {
    FILE *file = fopen(scratch_path(name), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(*size + 1, 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* ---- pixels */

/* i and j from 0 to the shape, where a periodic field begins again and a bounded one stays. */
static double value_of(const rg_heat_map *heat, ptrdiff_t i, ptrdiff_t j) {
    const ptrdiff_t n0 = heat->shape[0], n1 = heat->shape[1];
    if (i == n0) i = heat->bounded ? n0 - 1 : 0;
    if (j == n1) j = heat->bounded ? n1 - 1 : 0;
    return heat->values[i * n1 + j];
}

/* Compares the middle of each cell, away from the frame's own line, with the colour of its value. */
static void check_cells(const rg_figure *figure) {
    const rg_heat_map *heat = figure->panel[0].heat;
    rg_page page;
    assert_int_equal(rg_page_create(&page, figure, NULL), RG_OK);
    write_ok(figure, "a.png");
    struct picture p = read_picture("a.png");
    const double scale = page.dpi / 72, step0 = page.placed[0].frame.width / (double)heat->shape[0],
                 step1 = page.placed[0].frame.height / (double)heat->shape[1];
    for (ptrdiff_t i = 0; i <= heat->shape[0]; i++)
        for (ptrdiff_t j = 0; j <= heat->shape[1]; j++) {
            const double inward0 = i == 0 ? 0.25 : i == heat->shape[0] ? -0.25 : 0;
            const double inward1 = j == 0 ? 0.25 : j == heat->shape[1] ? -0.25 : 0;
            const double x = page.placed[0].frame.x + ((double)i + inward0) * step0;
            const double y = page.placed[0].frame.y + page.placed[0].frame.height - ((double)j + inward1) * step1;
            assert_int_equal(picture_pixel(&p, x * scale, y * scale),
                             rg_colour_scale_pixel(&page.placed[0].scale, value_of(heat, i, j)));
        }
    free(p.rgb);
    rg_page_destroy(&page);
}

static void cells_have_the_colour_of_their_value(void **state) {
    (void)state;
    double values[CELLS];
    fill(values);
    values[2 * N1 + 3] = nan("");
    values[5 * N1 + 1] = HUGE_VAL;
    for (int map = RG_MAP_SEQUENTIAL; map <= RG_MAP_CYCLIC; map++)
        for (int scale = RG_SCALE_LINEAR; scale <= RG_SCALE_LOG; scale++) {
            if (map == RG_MAP_CYCLIC && scale == RG_SCALE_LOG) continue;
            rg_heat_map heat = heat_map(values);
            heat.map = (rg_colour_map)map;
            heat.scale = (rg_scale)scale;
            const rg_panel panel = panel_of(&heat);
            const rg_figure figure = figure_of(&panel, 1);
            for (heat.bounded = 0; heat.bounded <= 1; heat.bounded++) check_cells(&figure);
        }
}

static void axis_0_runs_right_and_axis_1_upwards(void **state) {
    (void)state;
    double values[CELLS] = {0};
    values[5 * N1 + 1] = 1; /* right of the middle, below it */
    const rg_heat_map heat = heat_map(values);
    const rg_panel shown = panel_of(&heat);
    const rg_figure figure = figure_of(&shown, 1);
    rg_page page;
    assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
    const rg_placed *panel = &page.placed[0];
    const rg_frame *frame = &panel->frame;
    const double scale = page.dpi / 72, x = frame->x + 5.0 / 7 * frame->width, y = frame->y + 3.0 / 4 * frame->height;
    assert_true(fabs(frame->width / frame->height - 2.3 / 1.7) < 0.01);
    write_ok(&figure, "a.png");
    struct picture p = read_picture("a.png");
    assert_int_equal(picture_pixel(&p, x * scale, y * scale), panel->scale.table[RG_COLOURS - 1]);
    assert_int_equal(picture_pixel(&p, x * scale, (y - frame->height / 2) * scale), panel->scale.table[0]);
    free(p.rgb);
    rg_page_destroy(&page);
}

static void values_without_a_place_are_grey(void **state) {
    (void)state;
    const double values[] = {nan(""), -1, 0, 1e-3, 10, -HUGE_VAL};
    rg_heat_map heat = heat_map(values);
    heat.shape[0] = 3;
    heat.shape[1] = 2;
    heat.scale = RG_SCALE_LOG;
    rg_colour_scale scale;
    assert_int_equal(rg_colour_scale_init(&heat, NULL, &scale, NULL), RG_OK);
    assert_int_equal(rg_colour_scale_pixel(&scale, nan("")), RG_COLOUR_MISSING);
    assert_int_equal(rg_colour_scale_pixel(&scale, HUGE_VAL), RG_COLOUR_MISSING);
    assert_int_equal(rg_colour_scale_pixel(&scale, -1), RG_COLOUR_MISSING);
    assert_int_equal(rg_colour_scale_pixel(&scale, 0), scale.table[0]);
    assert_int_equal(rg_colour_scale_pixel(&scale, 0.1), scale.table[RG_COLOURS / 2]);
    assert_int_equal(rg_colour_scale_pixel(&scale, 10), scale.table[RG_COLOURS - 1]);
    assert_true(scale.minimum == 1e-3 && scale.maximum == 10 && scale.below && !scale.above);
}

/* ---- ranges */

static rg_colour_scale scale_of(const double *values, int n, rg_colour_map map, rg_scale kind, double low,
                                double high) {
    rg_heat_map heat = heat_map(values);
    heat.shape[0] = n;
    heat.shape[1] = 1;
    heat.map = map;
    heat.scale = kind;
    heat.minimum = low;
    heat.maximum = high;
    rg_colour_scale scale;
    assert_int_equal(rg_colour_scale_init(&heat, NULL, &scale, NULL), RG_OK);
    return scale;
}

static void ranges_come_from_the_data(void **state) {
    (void)state;
    const double mixed[] = {-1.5, 0.25, 4}, constant[] = {2, 2, 2}, zero[] = {0, 0, 0}, wide[] = {1e-30, 1, 50};
    rg_colour_scale s = scale_of(mixed, 3, RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, 0);
    assert_true(s.minimum == -1.5 && s.maximum == 4 && !s.below && !s.above);
    s = scale_of(mixed, 3, RG_MAP_DIVERGING, RG_SCALE_LINEAR, 0, 0);
    assert_true(s.minimum == -4 && s.maximum == 4);
    s = scale_of(mixed, 3, RG_MAP_CYCLIC, RG_SCALE_LINEAR, 0, 0);
    assert_true(s.minimum == -pi && s.maximum == pi && !s.above);
    s = scale_of(constant, 3, RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, 0);
    assert_true(s.minimum < 2 && s.maximum > 2 && fabs(s.minimum + s.maximum - 4) < 1e-12);
    s = scale_of(zero, 3, RG_MAP_DIVERGING, RG_SCALE_LINEAR, 0, 0);
    assert_true(s.minimum == -1 && s.maximum == 1);
    s = scale_of(wide, 3, RG_MAP_SEQUENTIAL, RG_SCALE_LOG, 0, 0);
    assert_true(fabs(s.minimum / 50e-12 - 1) < 1e-12 && s.maximum == 50 && s.below);
    s = scale_of(wide, 3, RG_MAP_SEQUENTIAL, RG_SCALE_LOG, 0, 10);
    assert_true(s.minimum > 0 && s.maximum == 10 && s.above);
    s = scale_of(constant, 3, RG_MAP_SEQUENTIAL, RG_SCALE_LOG, 0, 0);
    assert_true(s.minimum < 2 && s.maximum > 2);
}

static void white_is_zero_whatever_the_range(void **state) {
    (void)state;
    const double values[] = {-1, 0, 3};
    const rg_colour_scale s = scale_of(values, 3, RG_MAP_DIVERGING, RG_SCALE_LINEAR, -1, 3);
    assert_int_equal(rg_colour_scale_pixel(&s, 0), s.table[RG_COLOURS / 2]);
    assert_int_equal(rg_colour_scale_pixel(&s, -7), rg_colour_scale_pixel(&s, -1));
    assert_int_equal(rg_colour_scale_pixel(&s, 3), s.table[RG_COLOURS - 1]);
    const rg_colour_scale ratio = scale_of((double[]){0.5, 1, 8}, 3, RG_MAP_DIVERGING, RG_SCALE_LOG, 0, 0);
    assert_true(ratio.maximum == 8 && ratio.minimum == 1.0 / 8);
    assert_int_equal(rg_colour_scale_pixel(&ratio, 1), ratio.table[RG_COLOURS / 2]);
}

static void angles_wrap(void **state) {
    (void)state;
    const double values[] = {0, 1, 2};
    const rg_colour_scale s = scale_of(values, 3, RG_MAP_CYCLIC, RG_SCALE_LINEAR, 0, 0);
    for (double angle = -3.1; angle < 3.1; angle += 0.0917) {
        assert_int_equal(rg_colour_scale_pixel(&s, angle + 2 * pi), rg_colour_scale_pixel(&s, angle));
        assert_int_equal(rg_colour_scale_pixel(&s, angle - 4 * pi), rg_colour_scale_pixel(&s, angle));
    }
}

static void a_group_shares_its_range(void **state) {
    (void)state;
    double low[CELLS], high[CELLS];
    fill(low);
    for (int i = 0; i < CELLS; i++) high[i] = 10 + low[i];
    rg_heat_map heat[3] = {heat_map(low), heat_map(high), heat_map(high)};
    heat[0].group = heat[1].group = 4;
    const rg_panel panel[3] = {panel_of(&heat[0]), panel_of(&heat[1]), panel_of(&heat[2])};
    const rg_figure figure = figure_of(panel, 3);
    rg_page page;
    assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
    const rg_colour_scale *alone = &page.placed[2].scale, *first = &page.placed[0].scale;
    assert_true(first->maximum == page.placed[1].scale.maximum && first->minimum == page.placed[1].scale.minimum);
    assert_true(first->maximum == alone->maximum && first->minimum < alone->minimum && !first->below);
    rg_page_destroy(&page);
}

/* ---- colour maps; CIELAB written anew here, after the definition in CIE 15 */

struct lab {
    double l, a, b;
};

static double linear(uint32_t byte) {
    const double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double f(double t) {
    return t > pow(6.0 / 29, 3) ? cbrt(t) : t / (3 * pow(6.0 / 29, 2)) + 4.0 / 29;
}

static struct lab lab_of(uint32_t colour) {
    const double r = linear(colour >> 16), g = linear(colour >> 8 & 255), b = linear(colour & 255);
    const double x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505), y = f(0.2126 * r + 0.7152 * g + 0.0722 * b),
                 z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static double difference(uint32_t p, uint32_t q) {
    const struct lab a = lab_of(p), b = lab_of(q);
    return sqrt(pow(a.l - b.l, 2) + pow(a.a - b.a, 2) + pow(a.b - b.b, 2));
}

static void sequential_map_grows_lighter(void **state) {
    (void)state;
    uint32_t table[RG_COLOURS];
    rg_colour_map_table(RG_MAP_SEQUENTIAL, table);
    assert_int_equal(table[0], 0x440154); /* the ends of viridis */
    assert_int_equal(table[RG_COLOURS - 1], 0xfde725);
    const double slope = (lab_of(table[RG_COLOURS - 1]).l - lab_of(table[0]).l) / (RG_COLOURS - 1);
    for (int i = 8; i < RG_COLOURS; i++) { /* over 8 entries rounding to bytes is small */
        const double rise = lab_of(table[i]).l - lab_of(table[i - 8]).l;
        assert_true(rise > 0.5 * 8 * slope && rise < 1.6 * 8 * slope);
        assert_true(lab_of(table[i]).l >= lab_of(table[i - 1]).l);
    }
}

static void diverging_map_is_symmetric_about_white(void **state) {
    (void)state;
    uint32_t table[RG_COLOURS];
    rg_colour_map_table(RG_MAP_DIVERGING, table);
    for (int i = 0; i < RG_COLOURS / 2; i++) {
        const double left = lab_of(table[i]).l, right = lab_of(table[RG_COLOURS - 1 - i]).l;
        assert_true(fabs(left - right) < 0.4);
        assert_true(i == 0 || left > lab_of(table[i - 1]).l - 0.2);
    }
    const struct lab white = lab_of(table[RG_COLOURS / 2]);
    assert_true(white.l > 92 && hypot(white.a, white.b) < 2);
    assert_true(lab_of(table[0]).b < -40 && lab_of(table[RG_COLOURS - 1]).a > 40);
}

static void cyclic_map_is_closed_with_equal_steps(void **state) {
    (void)state;
    uint32_t table[RG_COLOURS];
    rg_colour_map_table(RG_MAP_CYCLIC, table);
    const double step = 2 * pi * 36 / RG_COLOURS * 8; /* of 8 entries on a circle of radius 36 */
    for (int i = 0; i < RG_COLOURS; i++) {
        const double moved = difference(table[i], table[(i + 8) % RG_COLOURS]);
        assert_true(moved > 0.55 * step && moved < 1.1 * step); /* the chord is shorter where the half circles meet */
    }
    assert_true(difference(table[0], table[RG_COLOURS - 1]) < 3);
}

static void missing_values_look_like_no_value(void **state) {
    (void)state;
    for (int map = RG_MAP_SEQUENTIAL; map <= RG_MAP_CYCLIC; map++) {
        uint32_t table[RG_COLOURS];
        rg_colour_map_table((rg_colour_map)map, table);
        for (int i = 0; i < RG_COLOURS; i++) assert_true(difference(table[i], RG_COLOUR_MISSING) > 18);
    }
}

/* ---- ticks */

static void expect_ticks(const rg_tick_axis *axis, const char *expected, const char *factor) {
    rg_text *text = rg_text_create();
    assert_non_null(text);
    rg_ticks ticks;
    rg_ticks_choose(text, axis, &ticks);
    rg_text_destroy(text);
    char written[512] = "";
    for (int i = 0; i < ticks.count; i++) {
        if (!ticks.tick[i].text[0]) continue;
        strcat(strcat(written, *written ? " " : ""), ticks.tick[i].text);
        assert_true(ticks.tick[i].at > -1e-6 && ticks.tick[i].at < 1 + 1e-6);
    }
    assert_string_equal(written, expected);
    assert_string_equal(ticks.factor, factor);
}

static rg_tick_axis bar(double lower, double upper, rg_scale scale) {
    return (rg_tick_axis){lower, upper, 150, scale, 1, 1, 0, 0, 0};
}

#define MINUS "\xe2\x88\x92"
#define PI    "\xcf\x80"
#define TIMES "\xc3\x97"
#define GAP   "\xe2\x80\x89"

static void ticks_are_round_numbers(void **state) {
    (void)state;
    rg_tick_axis axis = {-0.4, 1.9, 150, RG_SCALE_LINEAR, 0, 0, 0, 0, 0};
    expect_ticks(&axis, "0 0.5 1.0 1.5", "");
    axis = (rg_tick_axis){-pi, pi, 150, RG_SCALE_LINEAR, 0, 0, 0, 0, 0};
    expect_ticks(&axis, MINUS PI " " MINUS PI "/2 0 " PI "/2 " PI, "");
    axis = (rg_tick_axis){-pi, pi, 60, RG_SCALE_LINEAR, 0, 0, 0, 0, 0};
    expect_ticks(&axis, MINUS PI " 0 " PI, "");
    axis = (rg_tick_axis){0, 2 * pi, 150, RG_SCALE_LINEAR, 0, 0, 0, 0, 0};
    expect_ticks(&axis, "0 " PI "/2 " PI " 3" PI "/2 2" PI, "");
    axis = (rg_tick_axis){0, 5e-6, 150, RG_SCALE_LINEAR, 0, 0, 0, 0, 0};
    expect_ticks(&axis, "0 1 2 3 4 5", TIMES "10<sup>" MINUS "6</sup>");
}

static void bars_state_their_ends(void **state) {
    (void)state;
    rg_tick_axis axis = bar(-0.387, 0.387, RG_SCALE_LINEAR);
    expect_ticks(&axis, MINUS "0.387 " MINUS "0.3 " MINUS "0.2 " MINUS "0.1 0 0.1 0.2 0.3 0.387", "");
    axis = bar(0.00012, 0.00371, RG_SCALE_LINEAR);
    expect_ticks(&axis, "0.12 0.5 1.0 1.5 2.0 2.5 3.0 3.71", TIMES "10<sup>" MINUS "3</sup>");
    axis = bar(1 - 3e-9, 1 + 3e-9, RG_SCALE_LINEAR);
    expect_ticks(&axis, MINUS "3 " MINUS "2 " MINUS "1 0 1 2 3", TIMES "10<sup>" MINUS "9</sup> +" GAP "1");
    axis = bar(-31415.4, -31413, RG_SCALE_LINEAR);
    expect_ticks(&axis, MINUS "5.4 " MINUS "5.0 " MINUS "4.5 " MINUS "4.0 " MINUS "3.5 " MINUS "3", MINUS GAP "31410");
    axis = bar(-pi, pi, RG_SCALE_LINEAR);
    expect_ticks(&axis, MINUS PI " " MINUS PI "/2 0 " PI "/2 " PI, "");
    axis = bar(3.3e-5, 1.6, RG_SCALE_LOG);
    expect_ticks(&axis,
                 "3.3" TIMES "10<sup>" MINUS "5</sup> 10<sup>" MINUS "4</sup> 10<sup>" MINUS "3</sup> 10<sup>" MINUS
                 "2</sup> 10<sup>" MINUS "1</sup> 1.6",
                 "");
    axis = bar(0.0904, 0.99, RG_SCALE_LOG);
    expect_ticks(&axis, "0.0904 0.2 0.5 0.99", "");
    axis = bar(1, 1e12, RG_SCALE_LOG);
    axis.below = axis.above = 1;
    expect_ticks(&axis,
                 "\xe2\x89\xa4" GAP "10<sup>0</sup> 10<sup>2</sup> 10<sup>4</sup> 10<sup>6</sup> 10<sup>8</sup> "
                 "10<sup>10</sup> \xe2\x89\xa5" GAP "10<sup>12</sup>",
                 "");
}

static double random_number(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 11) * 0x1p-53;
}

/* Ends, length, scale and direction over what rg_figure_write accepts. */
static rg_tick_axis random_axis(uint64_t *seed, int kind) {
    rg_tick_axis axis = {.length = 30 + 200 * random_number(seed), .upwards = kind & 1, .ends = kind & 1 && kind & 2};
    axis.scale = kind & 4 ? RG_SCALE_LOG : RG_SCALE_LINEAR;
    const double size = pow(10, 100 * random_number(seed) - 50), sign = random_number(seed) - 0.5;
    axis.lower = axis.scale == RG_SCALE_LOG || sign > 0 ? size : -size;
    axis.upper = axis.lower + size * pow(10, 22 * random_number(seed) - 11);
    return axis;
}

static void check_ticks(rg_text *text, const rg_tick_axis *axis, const rg_ticks *ticks) {
    double last = -1e9, last_half = 0;
    for (int i = 0; i < ticks->count; i++) {
        const rg_tick *tick = &ticks->tick[i];
        if (!tick->text[0]) continue;
        assert_true(tick->at > -1e-6 && tick->at < 1 + 1e-6);
        const rg_caption caption = rg_tick_caption(tick);
        const rg_text_box box = rg_text_measure(text, &caption);
        const double half = (axis->upwards ? box.above : box.width) / 2;
        assert_true(tick->at * axis->length - half > last + last_half);
        last = tick->at * axis->length;
        last_half = half;
    }
    assert_true(ticks->count < RG_TICK_LIMIT && (!axis->ends || last > axis->length * (1 - 1e-6)));
}

static void every_range_has_readable_ticks(void **state) {
    (void)state;
    rg_text *text = rg_text_create();
    assert_non_null(text);
    uint64_t seed = 42;
    for (int n = 0; n < 800; n++) {
        const rg_tick_axis axis = random_axis(&seed, n % 8);
        rg_ticks ticks;
        rg_ticks_choose(text, &axis, &ticks);
        check_ticks(text, &axis, &ticks);
    }
    rg_text_destroy(text);
}

/* ---- the page */

/* Draws the figure and looks at the outer half of the page's margin. */
static void check_white_margin(const rg_figure *figure) {
    write_ok(figure, "a.png");
    struct picture p = read_picture("a.png");
    const unsigned margin = (unsigned)(RG_PAGE_MARGIN * 150 / 72 / 2);
    for (unsigned y = 0; y < p.height; y++)
        for (unsigned x = 0; x < p.width; x++) {
            const int edge = x < margin || y < margin || x + margin >= p.width || y + margin >= p.height;
            if (edge) assert_int_equal(picture_pixel(&p, x, y), 0xffffff);
        }
    free(p.rgb);
}

static void long_texts_are_not_clipped(void **state) {
    (void)state;
    double values[CELLS];
    fill(values);
    values[3] = 1e-7;
    rg_heat_map heat[5];
    rg_panel panel[5];
    for (int i = 0; i < 5; i++) {
        heat[i] = heat_map(values);
        panel[i] = panel_of(&heat[i]);
    }
    panel[0].title = "a title far too long for one line above such a small frame, with E<sub>p</sub>|e|<sup>2</sup>";
    heat[0].unit = "and a unit that is longer than the whole colour bar beside which it stands";
    panel[1].y.label = "a label of the vertical axis that is longer than the axis is high";
    panel[1].x.label = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft";
    panel[1].x.upper = panel[1].x.lower + 0.02;
    heat[2].scale = RG_SCALE_LOG;
    panel[2].y.upper = 51.1;
    heat[3].minimum = 123456789;
    heat[3].maximum = 123456790;
    panel[4].x.lower = -31415.9;
    panel[4].x.upper = -31413.6;
    heat[4].unit = NULL;
    panel[4].title = panel[4].x.label = panel[4].y.label = NULL;
    rg_figure figure = figure_of(panel, 5);
    figure.title = "A heading over all panels that goes on for so long that it has to be wrapped, maybe more than once";
    for (figure.columns = 0; figure.columns <= 7; figure.columns++) {
        figure.panel_size = figure.columns % 2 ? 40 : 120;
        check_white_margin(&figure);
    }
    panel[4].x.lower = 0.3;
    panel[4].x.upper = 2.6;
    heat[4].unit = heat[0].unit; /* nothing else reaches as far up and down now */
    const rg_figure lone = {.panels = 1, .panel = &panel[4], .panel_size = 36};
    check_white_margin(&lone);
}

static void equal_figures_are_equal_bytes(void **state) {
    (void)state;
    double values[CELLS];
    fill(values);
    const rg_heat_map heat = heat_map(values);
    rg_heat_map diverging = heat;
    diverging.map = RG_MAP_DIVERGING;
    const rg_panel panel[3] = {panel_of(&heat), panel_of(&diverging), panel_of(&heat)};
    const rg_figure figure = figure_of(panel, 3);
    for (int i = 0; i < FORMATS; i++) {
        size_t first_size, second_size;
        write_ok(&figure, format_names[i]);
        char *first = read_file(format_names[i], &first_size);
        const char *locale = setlocale(LC_ALL, "de_DE.UTF-8"); /* a decimal comma, where that locale exists */
        write_ok(&figure, format_names[i]);
        setlocale(LC_ALL, "C");
        char *second = read_file(format_names[i], &second_size);
        if (!locale && i == 0) print_message("no locale de_DE.UTF-8 here: compared in one locale only\n");
        assert_int_equal(first_size, second_size);
        assert_memory_equal(first, second, first_size);
        free(first);
        free(second);
    }
}

static int holds(const char *bytes, size_t size, const char *words) {
    for (const char *at = bytes; (at = memchr(at, *words, size - (size_t)(at - bytes))); at++)
        if (size - (size_t)(at - bytes) >= strlen(words) && memcmp(at, words, strlen(words)) == 0) return 1;
    return 0;
}

static void check_pdf(const char *bytes, size_t size) {
    assert_true(holds(bytes, size, "/CreationDate (19700101000000Z)"));
    assert_true(holds(bytes, size, "/Title (Split of the error)"));
    assert_true(holds(bytes, size, "/Creator (rotgrad)"));
    assert_true(holds(bytes, size, "/Interpolate false"));
}

static void check_svg(const char *text) {
    assert_non_null(strstr(text, "Experiment: grids/x.yaml\n"));
    assert_non_null(strstr(text, "Note: \xce\x98 &amp; &lt;x&gt;\n"));
    assert_non_null(strstr(text, "image-rendering:pixelated"));
    assert_null(strstr(text, "<image id"));
}

static void documents_carry_their_magic_and_metadata(void **state) {
    (void)state;
    static const char *const magic[] = {"\x89PNG\r\n\x1a\n", "%PDF-1.", "<?xml"};
    double values[CELLS];
    fill(values);
    const rg_heat_map heat = heat_map(values);
    const rg_panel panel = panel_of(&heat);
    const rg_figure figure = figure_of(&panel, 1);
    for (int i = 0; i < FORMATS; i++) {
        size_t size;
        write_ok(&figure, format_names[i]);
        char *bytes = read_file(format_names[i], &size);
        assert_memory_equal(bytes, magic[i], strlen(magic[i]));
        if (strstr(format_names[i], "pdf")) check_pdf(bytes, size);
        if (strstr(format_names[i], "svg")) check_svg(bytes);
        free(bytes);
    }
}

static void png_carries_texts_and_resolution(void **state) {
    (void)state;
    double values[CELLS];
    fill(values);
    const rg_heat_map heat = heat_map(values);
    const rg_panel panel = panel_of(&heat);
    rg_figure figure = figure_of(&panel, 1);
    figure.dpi = 300;
    write_ok(&figure, "a.png");
    FILE *file = fopen(scratch_path("a.png"), "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    assert_true(file && png && info);
    png_init_io(png, file);
    png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    assert_int_equal(png_get_color_type(png, info), PNG_COLOR_TYPE_RGB);
    assert_int_equal(png_get_bit_depth(png, info), 8);
    assert_int_equal(png_get_x_pixels_per_meter(png, info), 11811);
    assert_int_equal(png_get_valid(png, info, PNG_INFO_tIME), 0);
    png_textp text;
    assert_int_equal(png_get_text(png, info, &text, NULL), 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(text[i].key, metadata[2 * i]);
        assert_string_equal(text[i].text, metadata[2 * i + 1]);
    }
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
}

/* ---- what is refused */

static void expect_refusal(const rg_figure *figure, const char *name, rg_status expected, const char *words) {
    const char *path = scratch_path(name);
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_figure_write(figure, path, &d), expected);
    assert_int_equal(d.status, expected);
    if (!strstr(d.text, words)) print_error("expected \"%s\" in \"%s\"\n", words, d.text);
    assert_non_null(strstr(d.text, words));
    assert_int_equal(scratch_clear(), 0);
    assert_int_equal(rg_figure_write(figure, path, NULL), expected);
}

static void bad_panels_are_refused(void **state) {
    (void)state;
    double values[CELLS], nothing[CELLS], negative[CELLS];
    fill(values);
    for (int i = 0; i < CELLS; i++) {
        nothing[i] = nan("");
        negative[i] = -1 - i;
    }
    enum { CASES = 25 };
    rg_heat_map bad[CASES];
    rg_panel panel[CASES];
    const char *words[CASES];
    for (int i = 0; i < CASES; i++) {
        bad[i] = heat_map(values);
        panel[i] = panel_of(&bad[i]);
    }
    int n = 0;
    bad[n].shape[0] = 0, words[n++] = "axis 0: expected 1 to 31999 points, got 0";
    bad[n].shape[1] = -3, words[n++] = "axis 1";
    bad[n].shape[1] = 32000, words[n++] = "axis 1";
    bad[n].values = NULL, words[n++] = "no values";
    bad[n].values = nothing, words[n++] = "no finite value";
    panel[n].x.upper = panel[n].x.lower, words[n++] = "axis x: expected a finite lower end and a positive length";
    panel[n].y.upper = nan(""), words[n++] = "axis y";
    panel[n].x.lower = HUGE_VAL, words[n++] = "axis x";
    panel[n].y.lower = 1e15, panel[n].y.upper = 1e15 + 1, words[n++] = "axis y";
    panel[n].x.scale = RG_SCALE_LOG, words[n++] = "under fields an axis is linear";
    panel[n].x.scale = 7, words[n++] = "axis x: unknown scale 7";
    panel[n].heat = NULL, words[n++] = "nothing to draw";
    panel[n].y.label = "<i>", words[n++] = "y_label: not Pango markup";
    bad[n].map = 0, words[n++] = "unknown colour map 0";
    bad[n].scale = 0, words[n++] = "unknown scale 0";
    bad[n].minimum = 2, bad[n].maximum = 1, words[n++] = "minimum below maximum";
    bad[n].minimum = nan(""), words[n++] = "colour range";
    bad[n].maximum = HUGE_VAL, words[n++] = "colour range";
    bad[n].minimum = -1e308, bad[n].maximum = 1e308, words[n++] = "colour range";
    bad[n].minimum = 1, bad[n].maximum = 1 + 1e-15, words[n++] = "narrower than 12 digits";
    bad[n].scale = RG_SCALE_LOG, bad[n].values = negative, words[n++] = "needs a positive value; the largest is -1";
    bad[n].scale = RG_SCALE_LOG, bad[n].minimum = -1, bad[n].maximum = 1, words[n++] = "positive colour range";
    bad[n].scale = RG_SCALE_LOG, bad[n].map = RG_MAP_CYCLIC, words[n++] = "has no log scale";
    panel[n].title = "a < b", words[n++] = "title: not Pango markup";
    bad[n].unit = "\xff\xfe", words[n++] = "unit: not valid UTF-8";
    assert_int_equal(n, CASES);
    scratch_clear();
    for (int i = 0; i < CASES; i++) {
        const rg_heat_map heat = heat_map(values);
        const rg_panel pair[2] = {panel_of(&heat), panel[i]};
        const rg_figure figure = figure_of(pair, 2);
        expect_refusal(&figure, "a.png", RG_EINVAL, words[i]);
        expect_refusal(&figure, "a.png", RG_EINVAL, "panel 2: ");
    }
}

static void bad_figures_are_refused(void **state) {
    (void)state;
    static const char *const long_key[] = {
        "a key that is a good deal longer than the seventy-nine characters that a PNG file allows for it", "x", NULL};
    static const char *const no_value[] = {"Title", NULL};
    double values[CELLS];
    fill(values);
    const rg_heat_map heat = heat_map(values);
    const rg_panel panel = panel_of(&heat);
    const rg_figure good = figure_of(&panel, 1);
    scratch_clear();
    expect_refusal(&good, "a.jpg", RG_EINVAL, "a.jpg: expected a name that ends in .png, .pdf or .svg");
    expect_refusal(&good, "a", RG_EINVAL, "ends in");
    expect_refusal(&good, "no/such/folder/a.png", RG_EIO, "no/such/folder/a.png");
    rg_figure bad[9];
    for (int i = 0; i < 9; i++) bad[i] = good;
    bad[0].panels = 0;
    bad[1].panel = NULL;
    bad[2].columns = -1;
    bad[3].dpi = -100;
    bad[4].panel_size = nan("");
    bad[5].title = "<b>";
    bad[6].metadata = long_key;
    bad[7].metadata = no_value;
    bad[8].panel_size = 9000, bad[8].dpi = 600;
    static const char *const words[] = {"expected 1 to 1000 panels, got 0",
                                        "got 0",
                                        "columns",
                                        "dpi",
                                        "panel size",
                                        "title of the figure",
                                        "metadata key",
                                        "metadata Title",
                                        "at most 20000"};
    for (int i = 0; i < 9; i++) expect_refusal(&bad[i], "a.png", RG_EINVAL, words[i]);
}

static void a_full_disk_is_reported(void **state) {
    (void)state;
    double values[CELLS];
    fill(values);
    const rg_heat_map heat = heat_map(values);
    const rg_panel panel = panel_of(&heat);
    const rg_figure figure = figure_of(&panel, 1);
    for (int i = 0; i < FORMATS; i++) {
        scratch_clear();
        const char *path = scratch_path(format_names[i]);
        if (symlink("/dev/full", path) != 0) skip();
        rg_diagnostic d = {RG_OK, ""};
        assert_int_equal(rg_figure_write(&figure, path, &d), RG_EIO);
        assert_non_null(strstr(d.text, path));
    }
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    double values[CELLS];
    fill(values);
    const rg_heat_map heat = heat_map(values);
    const rg_panel panel = panel_of(&heat);
    const rg_figure figure = figure_of(&panel, 1);
    scratch_clear();
    for (int i = 0; i < FORMATS; i++) {
        const char *path = scratch_path(format_names[i]);
        rg_status status = RG_ENOMEM;
        long n = 0;
        for (; status == RG_ENOMEM && n < 100; n++) {
            assert_int_equal(scratch_clear(), n == 0 && i > 0); /* the figure of the format before */
            rg_diagnostic d = {RG_OK, ""};
            rg_alloc_fail_after(n);
            status = rg_figure_write(&figure, path, &d);
            assert_int_equal(d.status, status);
        }
        rg_alloc_fail_after(-1);
        assert_int_equal(status, RG_OK);
        assert_true(n > 4);
    }
}

/* ---- slices */

static void slices_keep_the_order_of_axes(void **state) {
    (void)state;
    enum { A = 3, B = 4, C = 5 };
    static const ptrdiff_t shape[3] = {A, B, C};
    double values[A * B * C], plane[B * C];
    for (int i = 0; i < A * B * C; i++) values[i] = i;
    rg_slice(shape, values, 0, 2, plane);
    for (int j = 0; j < B; j++)
        for (int k = 0; k < C; k++) assert_true(plane[j * C + k] == values[(2 * B + j) * C + k]);
    rg_slice(shape, values, 1, 3, plane);
    for (int i = 0; i < A; i++)
        for (int k = 0; k < C; k++) assert_true(plane[i * C + k] == values[(i * B + 3) * C + k]);
    rg_slice(shape, values, 2, 1, plane);
    for (int i = 0; i < A; i++)
        for (int j = 0; j < B; j++) assert_true(plane[i * B + j] == values[(i * B + j) * C + 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_the_colour_of_their_value),
        cmocka_unit_test(axis_0_runs_right_and_axis_1_upwards),
        cmocka_unit_test(values_without_a_place_are_grey),
        cmocka_unit_test(ranges_come_from_the_data),
        cmocka_unit_test(white_is_zero_whatever_the_range),
        cmocka_unit_test(angles_wrap),
        cmocka_unit_test(a_group_shares_its_range),
        cmocka_unit_test(sequential_map_grows_lighter),
        cmocka_unit_test(diverging_map_is_symmetric_about_white),
        cmocka_unit_test(cyclic_map_is_closed_with_equal_steps),
        cmocka_unit_test(missing_values_look_like_no_value),
        cmocka_unit_test(ticks_are_round_numbers),
        cmocka_unit_test(bars_state_their_ends),
        cmocka_unit_test(every_range_has_readable_ticks),
        cmocka_unit_test(long_texts_are_not_clipped),
        cmocka_unit_test(equal_figures_are_equal_bytes),
        cmocka_unit_test(documents_carry_their_magic_and_metadata),
        cmocka_unit_test(png_carries_texts_and_resolution),
        cmocka_unit_test(bad_panels_are_refused),
        cmocka_unit_test(bad_figures_are_refused),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(slices_keep_the_order_of_axes),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
