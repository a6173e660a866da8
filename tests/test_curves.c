/* Charts: curves are drawn where the axes say, in the palette's colours; ranges hold what they should; long curves are
 * drawn short; legend and note keep clear of the curves; bad descriptions leave no file behind. */
#include "base/base.h"
#include "figure/curves.h"
#include "figure/marks.h"
#include "figure/page.h"
#include "figure/polyline.h"
#include "figure/rows.h"
#include "figure/style.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picture.h"

static const double pi = 3.14159265358979323846;
static const char *const format_names[] = {"a.png", "a.pdf", "a.svg"};

enum { FORMATS = 3, WHITE = 0xffffff };

/* As in test_figure.c: what Fontconfig's cache holds looks lost. */
RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

static double random_number(uint64_t *seed) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(*seed >> 11) * 0x1p-53;
}

static rg_curve curve_of(const double *x, const double *y, ptrdiff_t count, rg_mark mark) {
    return (rg_curve){.count = count, .x = x, .y = y, .mark = mark};
}

static rg_panel panel_of(const rg_curve *curve, size_t curves) {
    return (rg_panel){.x = {.label = "x"}, .y = {.label = "y"}, .curves = curves, .curve = curve};
}

static rg_figure figure_of(const rg_panel *panel, size_t panels) {
    return (rg_figure){.panels = panels, .panel = panel, .panel_size = 160};
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

/* ---- a drawn panel and its pixels */

struct drawn {
    rg_page page;
    struct picture picture;
};

static struct drawn draw(const rg_figure *figure) {
    struct drawn d;
    assert_int_equal(rg_page_create(&d.page, figure, NULL), RG_OK);
    write_ok(figure, "a.png");
    d.picture = read_picture("a.png");
    return d;
}

static void release(struct drawn *d) {
    free(d->picture.rgb);
    rg_page_destroy(&d->page);
}

/* At a place of the page, in points. */
static unsigned pixel(const struct drawn *d, double x, double y) {
    const double scale = d->page.dpi / 72;
    return picture_pixel(&d->picture, x * scale, y * scale);
}

/* At a value of the first panel's axes, moved by some points. */
static unsigned pixel_at(const struct drawn *d, double x, double y, double right, double down) {
    const rg_frame *frame = &d->page.placed[0].frame;
    return pixel(d, rg_frame_x(frame, x) + right, rg_frame_y(frame, y) + down);
}

static unsigned colour_of(int colour) {
    const rg_look look = {.colour = colour - 1};
    return rg_look_colour(&look);
}

/* ---- what is drawn where */

static void a_line_lies_on_its_value_in_its_colour(void **state) {
    (void)state;
    const double x[] = {1.3, 2.9, 7.1};
    for (int colour = 1; colour <= RG_CURVE_COLOURS; colour++) {
        const double height = 0.37 + 0.171 * colour, y[] = {height, height, height};
        rg_curve curve = curve_of(x, y, 3, RG_MARK_LINE);
        curve.colour = colour;
        rg_panel panel = panel_of(&curve, 1);
        panel.x.lower = 0.7, panel.x.upper = 8.3;
        panel.y.lower = 0.1, panel.y.upper = 2.3;
        const rg_figure figure = figure_of(&panel, 1);
        struct drawn d = draw(&figure);
        for (double at = 1.35; at < 7.1; at += 0.317) {
            assert_int_equal(pixel_at(&d, at, height, 0, 0), colour_of(colour));
            assert_int_not_equal(pixel_at(&d, at, height, 0, 2), colour_of(colour));
            assert_int_not_equal(pixel_at(&d, at, height, 0, -2), colour_of(colour));
        }
        assert_int_not_equal(pixel_at(&d, 1.0, height, 0, 0), colour_of(colour));
        assert_int_not_equal(pixel_at(&d, 7.4, height, 0, 0), colour_of(colour));
        release(&d);
    }
}

static void colours_follow_the_position_and_differ(void **state) {
    (void)state;
    const double x[] = {0.5, 1.5}, y[] = {1, 1};
    const rg_curve curve = curve_of(x, y, 2, RG_MARK_LINE);
    for (int i = 0; i < RG_CURVE_COLOURS; i++) {
        const rg_look look = rg_look_of(&curve, (size_t)i), again = rg_look_of(&curve, (size_t)i + RG_CURVE_COLOURS);
        assert_int_equal(rg_look_colour(&look), colour_of(i + 1));
        assert_int_equal(look.colour, again.colour);
        for (int j = 0; j < i; j++) assert_int_not_equal(colour_of(i + 1), colour_of(j + 1));
    }
}

static void a_value_without_a_place_breaks_the_line(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, 7};
    static const struct {
        rg_scale scale;
        double value;
    } gap[] = {{RG_SCALE_LINEAR, (double)NAN}, {RG_SCALE_LOG, 0}, {RG_SCALE_LOG, -2}, {RG_SCALE_LOG, 0.9 * 11e-12}};
    for (size_t i = 0; i < sizeof gap / sizeof *gap; i++) {
        const double y[] = {2, 2, gap[i].value, 2, 2, 2, 2};
        const rg_curve curve = curve_of(x, y, 7, RG_MARK_LINE);
        rg_panel panel = panel_of(&curve, 1);
        panel.y = (rg_axis){.scale = gap[i].scale, .lower = 0.7, .upper = 11};
        const rg_figure figure = figure_of(&panel, 1);
        struct drawn d = draw(&figure);
        assert_int_equal(pixel_at(&d, 1.5, 2, 0, 0), colour_of(1));
        assert_int_not_equal(pixel_at(&d, 2.5, 2, 0, 0), colour_of(1));
        assert_int_not_equal(pixel_at(&d, 3.5, 2, 0, 0), colour_of(1));
        assert_int_equal(pixel_at(&d, 4.5, 2, 0, 0), colour_of(1));
        release(&d);
    }
}

/* Down to 1e-12 of the upper end a value has a place, however far below the frame; and within the frame always. */
static void a_low_value_leads_the_line_out_of_the_frame(void **state) {
    (void)state;
    const double x[] = {1, 2, 3}, low[] = {2, 1.1 * 11e-12, 2}, high[] = {2, 1e-14, 2};
    for (int deep = 0; deep < 2; deep++) {
        const rg_curve curve = curve_of(x, deep ? high : low, 3, RG_MARK_LINE);
        rg_panel panel = panel_of(&curve, 1);
        panel.y = (rg_axis){.scale = RG_SCALE_LOG, .lower = deep ? 1e-15 : 0.7, .upper = 11};
        const rg_figure figure = figure_of(&panel, 1);
        struct drawn d = draw(&figure);
        const double step = 1.0 / 64, y = 2 * pow((deep ? high : low)[1] / 2, step); /* on the line */
        assert_true(pixel_at(&d, 1 + step, y, 0, 0) >> 16 < 0x40);                   /* the first colour has no red */
        release(&d);
    }
}

static void a_lone_point_of_a_line_is_seen(void **state) {
    (void)state;
    const double x[] = {1, 2, 3}, y[] = {nan(""), 2.3, nan("")};
    const rg_curve curve = curve_of(x, y, 3, RG_MARK_LINE);
    rg_panel panel = panel_of(&curve, 1);
    panel.x.lower = 1.1, panel.x.upper = 3.1;
    const rg_figure figure = figure_of(&panel, 1);
    struct drawn d = draw(&figure);
    assert_int_equal(pixel_at(&d, 2, 2.3, 0, 0), colour_of(1));
    release(&d);
}

static void log_axes_place_by_decades(void **state) {
    (void)state;
    const double x[] = {2e-3, 3}, y[] = {4e-9, 0.5};
    const rg_curve curve = curve_of(x, y, 2, RG_MARK_LINE);
    rg_panel panel = panel_of(&curve, 1);
    panel.x = (rg_axis){.scale = RG_SCALE_LOG, .lower = 1e-3, .upper = 10};
    panel.y = (rg_axis){.scale = RG_SCALE_LOG};
    rg_figure figure = figure_of(&panel, 1);
    figure.dpi = 600;
    struct drawn d = draw(&figure);
    for (double t = 0.03; t < 1; t += 0.0931) /* a power law is straight */
        assert_int_equal(pixel_at(&d, 2e-3 * pow(1500, t), 4e-9 * pow(1.25e8, t), 0, 0), colour_of(1));
    assert_true(fabs(rg_axis_place(&d.page.placed[0].frame.across, 0.1) - 0.5) < 1e-12);
    release(&d);
}

static void points_have_the_shape_of_their_colour(void **state) {
    (void)state;
    const double x[] = {1.5}, y[] = {2.5};
    const double reach = 1.14; /* along the diagonal a circle and a square reach further than a triangle, a diamond */
    for (int colour = 1; colour <= RG_CURVE_COLOURS; colour++) {
        rg_curve curve = curve_of(x, y, 1, RG_MARK_POINTS);
        curve.colour = colour;
        rg_panel panel = panel_of(&curve, 1);
        rg_figure figure = figure_of(&panel, 1);
        figure.dpi = 1200;
        struct drawn d = draw(&figure);
        const unsigned inked = colour_of(colour);
        assert_int_equal(pixel_at(&d, 1.5, 2.5, 0, 0), colour <= 4 ? inked : WHITE);
        const int shape = (colour - 1) % 4;
        assert_int_equal(pixel_at(&d, 1.5, 2.5, reach, -reach) == inked, shape < 2);
        assert_int_equal(pixel_at(&d, 1.5, 2.5, reach * 1.3, -reach * 1.3) == inked, shape == 1);
        assert_int_equal(pixel_at(&d, 1.5, 2.5, 1.9, 0) == inked, shape == 3);
        assert_int_equal(pixel_at(&d, 1.5, 2.5, 0, -2.1) == inked, shape > 1);
        assert_int_equal(pixel_at(&d, 1.5, 2.5, 0, 2.1) == inked, shape == 3);
        release(&d);
    }
}

static void a_band_fills_between_its_ends(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4}, y[] = {2, 3, 2, 4}, upper[] = {5, 6, 5, 7}, lower[] = {1, 0, -3, 0.5};
    rg_curve curve = curve_of(x, y, 4, RG_MARK_LINE);
    curve.upper = upper;
    curve.lower = lower;
    rg_panel panel = panel_of(&curve, 1);
    panel.x.lower = 0.5, panel.x.upper = 4.5;
    panel.y = (rg_axis){.scale = RG_SCALE_LOG, .lower = 0.3, .upper = 9.3};
    const rg_figure figure = figure_of(&panel, 1);
    struct drawn d = draw(&figure);
    const unsigned band = pixel_at(&d, 2.2, 4.3, 0, 0);
    assert_int_not_equal(band, WHITE);
    assert_int_not_equal(band, colour_of(1));
    assert_int_equal(pixel_at(&d, 1.2, 3.3, 0, 0), band);
    assert_int_equal(pixel_at(&d, 2.6, 0.33, 0, 0), band); /* 0 and less reach to the frame */
    assert_int_equal(pixel_at(&d, 1.2, 6.3, 0, 0), WHITE);
    assert_int_equal(pixel_at(&d, 0.8, 2.3, 0, 0), WHITE);
    release(&d);
}

static void bars_have_caps_where_there_are_points(void **state) {
    (void)state;
    const double x[] = {1.3, 2.7}, y[] = {2.1, 3.1}, upper[] = {4.3, HUGE_VAL}, lower[] = {1.2, nan("")};
    rg_curve curve = curve_of(x, y, 2, RG_MARK_POINTS);
    curve.upper = upper;
    curve.lower = lower;
    rg_panel panel = panel_of(&curve, 1);
    panel.x.lower = 0.5, panel.x.upper = 3.5;
    panel.y.lower = 0.3, panel.y.upper = 5.3;
    rg_figure figure = figure_of(&panel, 1);
    figure.dpi = 600;
    struct drawn d = draw(&figure);
    assert_int_equal(pixel_at(&d, 1.3, 3.6, 0, 0), colour_of(1));
    assert_int_equal(pixel_at(&d, 1.3, 4.3, 1.2, 0), colour_of(1));
    assert_int_equal(pixel_at(&d, 1.3, 1.2, -1.2, 0), colour_of(1));
    assert_int_equal(pixel_at(&d, 1.3, 3.6, 1.2, 0), WHITE);
    assert_int_equal(pixel_at(&d, 2.7, 4.3, 0, 0), WHITE); /* an end that is not a number */
    release(&d);
}

static void the_diagonal_is_where_both_axes_agree(void **state) {
    (void)state;
    const double x[] = {3, 700}, y[] = {2, 90};
    for (int mixed = 0; mixed < 2; mixed++) {
        const rg_curve curve = curve_of(x, y, 2, RG_MARK_POINTS);
        rg_panel panel = panel_of(&curve, 1);
        panel.x.scale = mixed ? RG_SCALE_LINEAR : RG_SCALE_LOG;
        panel.y.scale = RG_SCALE_LOG;
        panel.diagonal = 1;
        rg_figure figure = figure_of(&panel, 1);
        figure.dpi = 600;
        struct drawn d = draw(&figure);
        const rg_frame *frame = &d.page.placed[0].frame;
        assert_true(frame->width == frame->height);
        for (double value = 7; value < 80; value *= 1.37)
            assert_in_range(pixel_at(&d, value, value, 0, 0) & 0xff, 0x60, 0xa0);
        release(&d);
    }
}

static void charts_have_a_grid_and_fields_have_none(void **state) {
    (void)state;
    const double x[] = {0.3, 2.8}, y[] = {0.2, 0.4}, ones[] = {1, 1, 1, 1};
    const rg_curve curve = curve_of(x, y, 2, RG_MARK_LINE);
    rg_panel panel = panel_of(&curve, 1);
    panel.x.upper = panel.y.upper = 3;
    rg_figure figure = figure_of(&panel, 1);
    struct drawn d = draw(&figure);
    assert_int_equal(pixel_at(&d, 1, 2.23, 0.2, 0), 0xdedede);
    assert_int_equal(pixel_at(&d, 1.23, 2.23, 0, 0), WHITE);
    release(&d);
    const rg_heat_map heat = {.shape = {2, 2}, .values = ones, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LINEAR};
    panel.heat = &heat;
    d = draw(&figure);
    assert_int_equal(pixel_at(&d, 1, 2.23, 0.2, 0), pixel_at(&d, 1.23, 2.23, 0, 0));
    assert_int_equal(pixel_at(&d, 1.55, 0.3, 0, 0), colour_of(1)); /* a path over the field */
    assert_true(d.page.placed[0].frame.across.upper == 3);
    release(&d);
}

/* ---- rows */

static const char *const row_names[] = {"W<sub>1</sub>", "a bound with a long name", "c"};

static rg_panel dots_of(const rg_curve *curve, size_t curves, double least, double most) {
    return (rg_panel){.x = {.scale = RG_SCALE_LOG, .lower = least, .upper = most},
                      .curves = curves,
                      .curve = curve,
                      .rows = 3,
                      .row = row_names};
}

/* At a value, `down` points below the middle of a row. */
static unsigned pixel_in_row(const struct drawn *d, double x, int row, double down) {
    const rg_frame *frame = &d->page.placed[0].frame;
    return pixel(d, rg_frame_x(frame, x), frame->y + (row - 0.5) / 3 * frame->height + down);
}

/* From the top, in lanes that keep equal values apart; the bars lie across, their caps upright. */
static void dots_stand_in_their_rows(void **state) {
    (void)state;
    const double x[] = {0.3, 20, 700}, y[] = {1, 2, 3}, lower[] = {0.3, 4, 700}, upper[] = {0.3, 90, 700};
    rg_curve curve[2] = {curve_of(x, y, 3, RG_MARK_POINTS), curve_of(x, y, 3, RG_MARK_POINTS)};
    curve[0].lower = lower;
    curve[0].upper = upper;
    rg_panel panel = dots_of(curve, 2, 0.1, 1e3);
    rg_figure figure = figure_of(&panel, 1);
    figure.dpi = 600;
    struct drawn d = draw(&figure);
    const rg_axes *axes = &d.page.placed[0].axes;
    assert_int_equal(axes->y.count, 3);
    for (int row = 1; row <= 3; row++) {
        assert_int_equal(pixel_in_row(&d, x[row - 1], row, -1.7), colour_of(1)); /* lanes are 3.4 apart */
        assert_int_equal(pixel_in_row(&d, x[row - 1], row, 1.7), colour_of(2));
        assert_string_equal(rg_tick_caption(&axes->y.tick[3 - row]).markup, row_names[row - 1]);
        assert_true(fabs(axes->y.tick[3 - row].at - (1 - (row - 0.5) / 3)) < 1e-15);
    }
    for (double at = 4.5; at < 85; at *= 1.31) assert_int_equal(pixel_in_row(&d, at, 2, -1.7), colour_of(1));
    assert_int_equal(pixel_in_row(&d, 4, 2, -0.5), colour_of(1)); /* a cap */
    assert_int_equal(pixel_in_row(&d, 90, 2, -2.9), colour_of(1));
    assert_int_not_equal(pixel_in_row(&d, 6, 2, -0.7), colour_of(1));
    assert_int_not_equal(pixel_in_row(&d, 3.7, 2, -1.7), colour_of(1));
    assert_int_not_equal(pixel_in_row(&d, 95, 2, -1.7), colour_of(1));
    release(&d);
}

/* A bar that reaches 0 has no left end, one to infinity no right one, and what stands in no row's way is plain. */
static void bars_across_end_at_the_frame(void **state) {
    (void)state;
    const double x[] = {5, 5}, y[] = {1, 3}, lower[] = {-2, 3}, upper[] = {8, HUGE_VAL};
    rg_curve curve = curve_of(x, y, 2, RG_MARK_POINTS);
    curve.lower = lower;
    curve.upper = upper;
    rg_panel panel = dots_of(&curve, 1, 0.1, 1e3);
    rg_figure figure = figure_of(&panel, 1);
    figure.dpi = 600;
    struct drawn d = draw(&figure);
    for (double at = 0.11; at < 7; at *= 1.7) assert_int_equal(pixel_in_row(&d, at, 1, 0), colour_of(1));
    for (double at = 3.3; at < 950; at *= 1.7) assert_int_equal(pixel_in_row(&d, at, 3, 0), colour_of(1));
    assert_int_not_equal(pixel_in_row(&d, 10, 1, 0), colour_of(1));
    assert_int_not_equal(pixel_in_row(&d, 2.5, 3, 0), colour_of(1));
    assert_int_not_equal(pixel_in_row(&d, 1020, 3, 0), colour_of(1)); /* beyond the frame */
    assert_int_not_equal(pixel_in_row(&d, 0.095, 1, 0), colour_of(1));
    release(&d);
}

struct remarks {
    int count;
    rg_remark remark[8];
};

static void keep_remark(void *to, const rg_remark *remark) {
    struct remarks *r = to;
    assert_true(r->count < 8);
    r->remark[r->count++] = *remark;
}

/* Each value without a place is named beside its row, in the order of rows and curves, with the mark of its curve, and has
 * room on the page; the others are not. */
static void values_without_a_place_are_named_beside_their_row(void **state) {
    (void)state;
    const double x[] = {nan(""), 3e-7, 2}, z[] = {HUGE_VAL, 5, 0}, y[] = {1, 2, 3};
    const double lower[] = {nan(""), -1e-7, 1}, upper[] = {nan(""), 7.1e-7, 3};
    rg_curve curve[2] = {curve_of(x, y, 3, RG_MARK_POINTS), curve_of(z, y, 3, RG_MARK_POINTS)};
    static const char *const said[][4] = {{"unknown", "\xe2\x88\x9e",
                                           "3\xc3\x97"
                                           "10<sup>\xe2\x88\x92"
                                           "7</sup>",
                                           "0"},
                                          {"unknown", "\xe2\x88\x9e",
                                           "\xe2\x89\xa4\xe2\x80\x89"
                                           "7.1\xc3\x97"
                                           "10<sup>\xe2\x88\x92"
                                           "7</sup>",
                                           "0"}};
    static const int row[] = {1, 1, 2, 3}, of[] = {0, 1, 0, 1};
    for (int bars = 0; bars < 2; bars++) {
        if (bars) curve[0].lower = lower, curve[0].upper = upper;
        rg_panel panel = dots_of(curve, 2, 0.1, 1e3);
        rg_figure figure = figure_of(&panel, 1);
        figure.dpi = 600;
        struct drawn d = draw(&figure);
        struct remarks found = {0};
        const rg_placed *placed = &d.page.placed[0];
        const double room = rg_rows_remark(&panel, &placed->frame, d.page.text, keep_remark, &found);
        const double right = placed->frame.x + placed->frame.width;
        assert_int_equal(found.count, 4);
        for (int i = 0; i < 4; i++) {
            const rg_remark *r = &found.remark[i];
            assert_string_equal(r->text, said[bars][i]);
            assert_ptr_equal(r->curve, &curve[of[i]]);
            assert_true(r->centre.x > right + 3 && r->words > r->centre.x + 1.7 && r->words < right + room);
            assert_true(fabs(r->centre.y - placed->frame.y - (row[i] - 0.5) / 3 * placed->frame.height) < 1e-9);
            assert_int_equal(pixel(&d, r->centre.x, r->centre.y), colour_of(of[i] + 1));
        }
        assert_true(found.remark[1].centre.x > found.remark[0].words + 10); /* behind its word */
        assert_true(placed->insets.right >= room && d.page.width > right + room);
        release(&d);
    }
}

/* Of the columns of a figure with rows the range is that of the values, not of their numbers. */
static void ranges_of_rows_hold_the_bars(void **state) {
    (void)state;
    const double x[] = {10, 20}, y[] = {1, 3}, lower[] = {-5, 1e-3}, upper[] = {11, 45};
    rg_curve curve = curve_of(x, y, 2, RG_MARK_POINTS);
    curve.lower = lower;
    curve.upper = upper;
    rg_panel panel = dots_of(&curve, 1, 0, 0);
    rg_axis across, up;
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    assert_true(fabs(log10(across.lower) + 0.04 * log10(45)) < 1e-12); /* as in ranges_hold_the_error_bars */
    assert_true(fabs(log10(across.upper) - 1.04 * log10(45)) < 1e-12);
    assert_true(up.lower == 3.5 && up.upper == 0.5);
    panel.x.scale = RG_SCALE_LINEAR;
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    assert_true(fabs(across.lower + 7) < 1e-12 && fabs(across.upper - 47) < 1e-12);
}

/* The height follows the rows and their lanes, the width does not. */
static void frames_of_rows_are_as_high_as_they_need(void **state) {
    (void)state;
    const double x[] = {1, 10}, y[] = {1, 2};
    rg_curve curve[8];
    for (int i = 0; i < 8; i++) curve[i] = curve_of(x, y, 2, RG_MARK_POINTS);
    double before = 0;
    for (size_t curves = 1; curves <= 8; curves++) {
        const rg_panel panel = dots_of(curve, curves, 0.1, 100);
        const rg_figure figure = figure_of(&panel, 1);
        rg_page page;
        assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
        const rg_frame *frame = &page.placed[0].frame;
        assert_true(fabs(frame->width - 160) < 0.5 && frame->height >= 3 * 13 && frame->height >= before);
        assert_true(frame->height >= 3 * 3.4 * (double)curves);
        before = frame->height;
        rg_page_destroy(&page);
    }
}

/* ---- ranges */

struct range {
    double lower, upper;
};

static struct range range_of(const double *y, ptrdiff_t count, rg_axis axis) {
    double x[8];
    for (int i = 0; i < 8; i++) x[i] = i + 5.3;
    const rg_curve curve = curve_of(x, y, count, RG_MARK_POINTS);
    rg_panel panel = panel_of(&curve, 1);
    panel.y = axis;
    rg_axis across, up;
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    return (struct range){up.lower, up.upper};
}

static void expect_range(struct range range, double lower, double upper) {
    if (fabs(range.lower - lower) > 1e-12 * fabs(upper) || fabs(range.upper - upper) > 1e-12 * fabs(upper))
        fail_msg("expected %.17g to %.17g, got %.17g to %.17g", lower, upper, range.lower, range.upper);
}

static void ranges_hold_the_points_with_a_margin(void **state) {
    (void)state;
    const rg_axis linear = {.scale = RG_SCALE_LINEAR}, log = {.scale = RG_SCALE_LOG};
    expect_range(range_of((double[]){-3, 7, nan(""), HUGE_VAL}, 4, linear), -3.4, 7.4);
    expect_range(range_of((double[]){-3, 7}, 2, (rg_axis){0}), -3.4, 7.4);
    expect_range(range_of((double[]){2, 0.1, 1}, 3, linear), 0, 2 + 0.04 * 1.9);
    expect_range(range_of((double[]){2, 0.3, 1}, 3, linear), 0.3 - 0.04 * 1.7, 2 + 0.04 * 1.7);
    expect_range(range_of((double[]){0, 0}, 2, linear), -1, 1);
    expect_range(range_of((double[]){-20}, 1, linear), -22, -18);
    expect_range(range_of((double[]){1e2, -4, 0, 1e4}, 4, log), pow(10, 1.92), pow(10, 4.08));
    expect_range(range_of((double[]){3}, 1, log), 0.3, 30);
    /* what is as good as 0 does not stretch the axis */
    expect_range(range_of((double[]){1, 1e-25, 1e-10}, 3, log), pow(10, -10.4), pow(10, 0.4));
    expect_range(range_of((double[]){1, 5}, 2, (rg_axis){.lower = -2, .upper = 1}), -2, 1);
    expect_range(range_of((double[]){1, 1e2}, 2, (rg_axis){.scale = RG_SCALE_LOG, .upper = 1e3}), pow(10, -0.08), 1e3);
    expect_range(range_of((double[]){1e300, 1, 3}, 3, (rg_axis){.lower = 0, .upper = 4}), 0, 4);
}

static void ranges_hold_the_error_bars(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {10, 20}, lower[] = {-5, 1e-3}, upper[] = {11, 45};
    rg_curve curve = curve_of(x, y, 2, RG_MARK_LINE);
    curve.lower = lower;
    curve.upper = upper;
    rg_panel panel = panel_of(&curve, 1);
    rg_axis across, up;
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    expect_range((struct range){up.lower, up.upper}, -7, 47);
    panel.y.scale = RG_SCALE_LOG; /* a decade below the least point at most */
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    expect_range((struct range){up.lower, up.upper}, pow(45, -0.04), pow(45, 1.04));
}

static void a_diagonal_gives_both_axes_one_range(void **state) {
    (void)state;
    const double x[] = {-3, 5}, y[] = {1, 7};
    const rg_curve curve = curve_of(x, y, 2, RG_MARK_POINTS);
    rg_panel panel = panel_of(&curve, 1);
    panel.diagonal = 1;
    rg_axis across, up;
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    expect_range((struct range){across.lower, across.upper}, -3.4, 7.4);
    expect_range((struct range){up.lower, up.upper}, -3.4, 7.4);
    panel.y.lower = -1, panel.y.upper = 9;
    assert_int_equal(rg_curves_axes(&panel, &across, &up, NULL), RG_OK);
    expect_range((struct range){across.lower, across.upper}, -3.32, 5.32);
    expect_range((struct range){up.lower, up.upper}, -1, 9);
}

/* ---- ticks */

static void expect_ticks(rg_tick_axis axis, const char *expected, int minor) {
    rg_text *text = rg_text_create();
    assert_non_null(text);
    rg_ticks ticks;
    rg_ticks_choose(text, &axis, &ticks);
    rg_text_destroy(text);
    char written[512] = "";
    for (int i = 0; i < ticks.count; i++) {
        assert_true(ticks.tick[i].at > -1e-6 && ticks.tick[i].at < 1 + 1e-6);
        if (ticks.tick[i].text[0])
            strcat(strcat(written, *written ? " " : ""), ticks.tick[i].text);
        else
            minor--;
    }
    assert_string_equal(written, expected);
    assert_int_equal(minor, 0);
}

#define MINUS  "\xe2\x88\x92"
#define DEGREE "\xc2\xb0"

static rg_tick_axis degrees(double lower, double upper, double length) {
    return (rg_tick_axis){.lower = lower * pi / 180, .upper = upper * pi / 180, .length = length, .degrees = 1};
}

static void degrees_are_parts_of_a_circle(void **state) {
    (void)state;
    expect_ticks(degrees(-180, 180, 150),
                 MINUS "180" DEGREE " " MINUS "90" DEGREE " 0" DEGREE " 90" DEGREE " 180" DEGREE, 0);
    expect_ticks(degrees(-180, 180, 220),
                 MINUS "180" DEGREE " " MINUS "120" DEGREE " " MINUS "60" DEGREE " 0" DEGREE " 60" DEGREE " 120" DEGREE
                       " 180" DEGREE,
                 0);
    expect_ticks(degrees(-180, 180, 60), MINUS "180" DEGREE " 0" DEGREE " 180" DEGREE, 0);
    expect_ticks(degrees(0, 90, 120), "0" DEGREE " 30" DEGREE " 60" DEGREE " 90" DEGREE, 0);
    expect_ticks(degrees(0, 720, 120), "0" DEGREE " 180" DEGREE " 360" DEGREE " 540" DEGREE " 720" DEGREE, 0);
    expect_ticks(degrees(0, 3600, 120), "0" DEGREE " 1080" DEGREE " 2160" DEGREE " 3240" DEGREE, 0);
    expect_ticks(degrees(1, 1.5, 150),
                 "1.0" DEGREE " 1.1" DEGREE " 1.2" DEGREE " 1.3" DEGREE " 1.4" DEGREE " 1.5" DEGREE, 0);
}

static rg_tick_axis decades(double lower, double upper) {
    return (rg_tick_axis){.lower = lower, .upper = upper, .length = 120, .scale = RG_SCALE_LOG, .upwards = 1};
}

static void log_axes_have_ticks_at_any_length(void **state) {
    (void)state;
    expect_ticks(decades(0.9, 3), "1.0 1.5 2.0 2.5 3.0", 0);
    expect_ticks(decades(0.3, 9.5), "0.5 1 2 5", 12);
    expect_ticks(decades(0.047, 21), "10<sup>" MINUS "1</sup> 10<sup>0</sup> 10<sup>1</sup>", 22);
    expect_ticks(decades(1e-3, 1e17), "10<sup>0</sup> 10<sup>4</sup> 10<sup>8</sup> 10<sup>12</sup> 10<sup>16</sup>",
                 16);
}

static void equal_axes_have_equal_ticks(void **state) {
    (void)state;
    const double ones[] = {1, 1, 1, 1};
    const rg_heat_map heat = {.shape = {2, 2}, .values = ones, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LINEAR};
    const rg_axis axis = {.lower = -pi, .upper = pi, .degrees = 1};
    const rg_panel panel = {.x = axis, .y = axis, .heat = &heat};
    rg_figure figure = figure_of(&panel, 1);
    for (figure.panel_size = 40; figure.panel_size < 400; figure.panel_size += 37) {
        rg_page page;
        assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
        const rg_ticks *x = &page.placed[0].axes.x, *y = &page.placed[0].axes.y;
        assert_int_equal(x->count, y->count);
        for (int i = 0; i < x->count; i++) assert_string_equal(x->tick[i].text, y->tick[i].text);
        rg_page_destroy(&page);
    }
}

/* ---- thinning and cutting */

static const rg_rectangle box = {10, 20, 190, 155};

struct path {
    size_t segments, joined;
    double low, high; /* of y */
    int outside;
};

static void follow(void *to, rg_point from, rg_point until, int joined) {
    struct path *path = to;
    const rg_point ends[2] = {from, until};
    path->segments++;
    path->joined += joined != 0;
    for (int i = 0; i < 2; i++) {
        path->low = fmin(path->low, ends[i].y);
        path->high = fmax(path->high, ends[i].y);
        const double slack = 1e-9;
        path->outside |= ends[i].x < box.left - slack || ends[i].x > box.right + slack || ends[i].y < box.top - slack ||
                         ends[i].y > box.bottom + slack;
    }
}

static void a_million_points_make_a_short_path(void **state) {
    (void)state;
    enum { POINTS = 1000000 };
    uint64_t seed = 7;
    struct path path = {.low = HUGE_VAL, .high = -HUGE_VAL};
    double low = HUGE_VAL, high = -HUGE_VAL;
    rg_polyline line;
    rg_polyline_init(&line, box, follow, &path);
    for (int i = 0; i < POINTS; i++) {
        const rg_point p = {12 + 170.0 * i / POINTS, 90 + 20 * sin(1e-5 * i) + 30 * random_number(&seed)};
        low = fmin(low, p.y);
        high = fmax(high, p.y);
        rg_polyline_add(&line, p);
    }
    rg_polyline_break(&line);
    assert_true(path.segments <= 4 * (170 * 600 / 72 + 2) && path.segments > 3 * 170 * 600 / 72);
    assert_int_equal(path.joined, path.segments - 1);
    assert_true(path.low == low && path.high == high && !path.outside);
}

/* Ends whose double precision still resolves the frame, and far larger ones. */
static rg_point random_point(uint64_t *seed, double size) {
    return (rg_point){100 + size * (random_number(seed) - 0.5), 90 + size * (random_number(seed) - 0.5)};
}

static struct path path_of(rg_point a, rg_point b) {
    struct path path = {.low = HUGE_VAL, .high = -HUGE_VAL};
    rg_polyline line;
    rg_polyline_init(&line, box, follow, &path);
    rg_polyline_add(&line, a);
    rg_polyline_add(&line, b);
    rg_polyline_break(&line);
    return path;
}

static void far_outliers_are_cut_on_their_line(void **state) {
    (void)state;
    uint64_t seed = 11;
    for (int n = 0; n < 2000; n++) {
        const rg_point a = random_point(&seed, 100), b = random_point(&seed, pow(10, 1 + 200 * random_number(&seed)));
        const double dx = b.x - a.x, dy = b.y - a.y; /* where the way leaves the box */
        const double across = dx > 0 ? (box.right - a.x) / dx : (box.left - a.x) / dx;
        const double up = dy > 0 ? (box.bottom - a.y) / dy : (box.top - a.y) / dy;
        const double end = a.y + fmin(1, fmin(across, up)) * dy;
        for (int back = 0; back < 2; back++) {
            const struct path path = back ? path_of(b, a) : path_of(a, b);
            assert_true(path.segments == 1 && !path.outside);
            assert_true(fabs(fmin(a.y, end) - path.low) < 1e-9 && fabs(fmax(a.y, end) - path.high) < 1e-9);
        }
    }
}

static void repeated_points_change_nothing(void **state) {
    (void)state;
    const rg_point a = {33.3, 44.4}, b = {77.7, 99.9};
    struct path path = path_of(a, a);
    assert_true(path.segments == 1 && path.low == a.y && path.high == a.y);
    path = (struct path){.low = HUGE_VAL, .high = -HUGE_VAL};
    rg_polyline line;
    rg_polyline_init(&line, box, follow, &path);
    for (int i = 0; i < 6; i++) rg_polyline_add(&line, i < 3 ? a : b);
    rg_polyline_break(&line);
    assert_true(path.segments == 1 && path.low == a.y && path.high == b.y);
}

/* Through the box from side to side, and past it. */
static void lines_between_outliers_are_cut_at_both_ends(void **state) {
    (void)state;
    struct path path = path_of((rg_point){-90, 40}, (rg_point){290, 116});
    assert_true(path.segments == 1 && fabs(path.low - 60) < 1e-9 && fabs(path.high - 96) < 1e-9);
    path = path_of((rg_point){290, 116}, (rg_point){-90, 40});
    assert_true(path.segments == 1 && fabs(path.low - 60) < 1e-9 && fabs(path.high - 96) < 1e-9);
    assert_int_equal(path_of((rg_point){-90, 140}, (rg_point){120, 420}).segments, 0);
    assert_int_equal(path_of((rg_point){300, 140}, (rg_point){300, 420}).segments, 0);
    assert_int_equal(path_of((rg_point){300, 140}, (rg_point){300, 140}).segments, 0);
}

struct area {
    rg_point first, last;
    int corners;
    double twice;
};

static void add_corner(void *to, rg_point p) {
    struct area *area = to;
    if (area->corners++ == 0)
        area->first = p;
    else
        area->twice += area->last.x * p.y - p.x * area->last.y;
    area->last = p;
}

static double area_of(const rg_point *corner, int count, rg_rectangle inside) {
    struct area area = {.corners = 0};
    rg_polygon polygon;
    rg_polygon_init(&polygon, inside, add_corner, &area);
    for (int i = 0; i < count; i++) rg_polygon_add(&polygon, corner[i]);
    rg_polygon_close(&polygon);
    if (area.corners == 0) return 0;
    return (area.twice + area.last.x * area.first.y - area.first.x * area.last.y) / 2;
}

/* The parts of a polygon in the four quarters of the box make up the part in the box. */
static void polygons_are_cut_without_loss(void **state) {
    (void)state;
    uint64_t seed = 5;
    const double x = 77.7, y = 61.3;
    for (int n = 0; n < 500; n++) {
        rg_point corner[7];
        for (int i = 0; i < 7; i++) corner[i] = random_point(&seed, n % 2 ? 300 : 3e4);
        const double whole = area_of(corner, 7, box);
        const double parts = area_of(corner, 7, (rg_rectangle){box.left, box.top, x, y}) +
                             area_of(corner, 7, (rg_rectangle){x, box.top, box.right, y}) +
                             area_of(corner, 7, (rg_rectangle){box.left, y, x, box.bottom}) +
                             area_of(corner, 7, (rg_rectangle){x, y, box.right, box.bottom});
        assert_true(fabs(whole - parts) < 1e-6);
    }
    const rg_point around[] = {{-1e9, -1e9}, {1e9, -1e9}, {1e9, 1e9}, {-1e9, 1e9}};
    assert_true(fabs(area_of(around, 4, box) - 180 * 135) < 1e-6);
}

static void long_curves_make_small_files(void **state) {
    (void)state;
    enum { POINTS = 1000000 };
    double *x = malloc(POINTS * sizeof *x), *y = malloc(POINTS * sizeof *y), *z = malloc(POINTS * sizeof *z);
    assert_true(x && y && z);
    uint64_t seed = 3;
    for (int i = 0; i < POINTS; i++) {
        x[i] = i;
        y[i] = random_number(&seed);
        z[i] = y[i] + 0.3;
    }
    rg_curve curve[2] = {curve_of(x, y, POINTS, RG_MARK_LINE), curve_of(x, z, POINTS, RG_MARK_POINTS)};
    curve[0].lower = y;
    curve[0].upper = curve[1].lower = curve[1].upper = z;
    static const size_t most[] = {200000, 3000000}; /* of points, those are left out that others hide */
    for (int i = 0; i < 2; i++) {
        const rg_panel panel = panel_of(&curve[i], 1);
        const rg_figure figure = figure_of(&panel, 1);
        size_t size;
        write_ok(&figure, "a.pdf");
        free(read_file("a.pdf", &size));
        assert_true(size < most[i]);
    }
    free(x);
    free(y);
    free(z);
}

/* ---- legend and note */

static rg_legend legend_of(const rg_figure *figure, rg_frame *frame) {
    rg_page page;
    assert_int_equal(rg_page_create(&page, figure, NULL), RG_OK);
    const rg_legend legend = page.placed[0].legend;
    *frame = page.placed[0].frame;
    rg_page_destroy(&page);
    return legend;
}

static int is_inside(const rg_box *b, const rg_frame *frame) {
    return b->x > 0 && b->y > 0 && b->x + b->width < frame->width && b->y + b->height < frame->height;
}

static int meet(const rg_box *a, const rg_box *b) {
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height && b->y < a->y + a->height;
}

/* A cloud in all corners but one; the legend goes there, the note nowhere near it. */
static void the_legend_goes_where_no_curve_is(void **state) {
    (void)state;
    enum { POINTS = 900 };
    double x[POINTS], y[POINTS];
    uint64_t seed = 23;
    for (int corner = 0; corner < 4; corner++) {
        const int right = corner % 2, top = corner / 2;
        for (int i = 0; i < POINTS; i++) do {
                x[i] = random_number(&seed);
                y[i] = random_number(&seed);
            } while ((x[i] > 0.35) == right && (x[i] < 0.65) == !right && (y[i] > 0.5) == top);
        rg_curve curve = curve_of(x, y, POINTS, RG_MARK_POINTS);
        curve.label = "points";
        const rg_panel panel = panel_of(&curve, 1);
        const rg_figure figure = figure_of(&panel, 1);
        rg_frame frame;
        const rg_legend legend = legend_of(&figure, &frame);
        assert_true(is_inside(&legend.entries, &frame));
        assert_int_equal(legend.entries.x + legend.entries.width / 2 > frame.width / 2, right);
        assert_int_equal(legend.entries.y + legend.entries.height / 2 < frame.height / 2, top);
    }
}

static void without_a_free_corner_the_legend_stands_outside(void **state) {
    (void)state;
    enum { POINTS = 4000 };
    double x[POINTS], y[POINTS];
    uint64_t seed = 29;
    for (int i = 0; i < POINTS; i++) {
        x[i] = random_number(&seed);
        y[i] = random_number(&seed);
    }
    rg_curve curve = curve_of(x, y, POINTS, RG_MARK_POINTS);
    curve.label = "points";
    rg_panel panel = panel_of(&curve, 1);
    panel.note = "a note";
    const rg_figure figure = figure_of(&panel, 1);
    rg_frame frame;
    const rg_legend legend = legend_of(&figure, &frame);
    assert_true(legend.entries.x > frame.width && legend.note.x > frame.width);
    assert_false(meet(&legend.entries, &legend.note));
    struct drawn d = draw(&figure);
    assert_true(d.picture.width >= (frame.x + legend.note.x + legend.note.width) * d.page.dpi / 72);
    release(&d);
}

static void legend_and_note_do_not_meet(void **state) {
    (void)state;
    const double x[] = {0.1, 9}, up[] = {0.1, 9}, down[] = {9, 0.1};
    const double *const y[] = {up, down};
    for (int i = 0; i < 2; i++) {
        rg_curve curve = curve_of(x, y[i], 2, RG_MARK_LINE);
        curve.label = "a line";
        rg_panel panel = panel_of(&curve, 1);
        panel.note = "Pearson 0.99\nSpearman 0.98";
        const rg_figure figure = figure_of(&panel, 1);
        rg_frame frame;
        const rg_legend legend = legend_of(&figure, &frame);
        assert_true(is_inside(&legend.entries, &frame) && is_inside(&legend.note, &frame));
        assert_false(meet(&legend.entries, &legend.note));
    }
}

static void curves_without_label_have_no_legend(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {3, 4};
    rg_curve curve[2] = {curve_of(x, y, 2, RG_MARK_LINE), curve_of(x, x, 2, RG_MARK_LINE)};
    const rg_panel panel = panel_of(curve, 2);
    const rg_figure figure = figure_of(&panel, 1);
    rg_frame frame;
    assert_true(legend_of(&figure, &frame).entries.width == 0);
    curve[1].label = "";
    assert_true(legend_of(&figure, &frame).entries.width == 0);
    curve[1].label = "one";
    const double one = legend_of(&figure, &frame).entries.height;
    curve[0].label = "two";
    assert_true(legend_of(&figure, &frame).entries.height > 1.5 * one);
}

static void check_white_margin(const rg_figure *figure) {
    struct drawn d = draw(figure);
    const unsigned margin = (unsigned)(RG_PAGE_MARGIN * d.page.dpi / 72 / 2);
    for (unsigned y = 0; y < d.picture.height; y++)
        for (unsigned x = 0; x < d.picture.width; x++) {
            const unsigned char *rgb = d.picture.rgb + 3 * ((size_t)y * d.picture.width + x);
            if (x < margin || y < margin || x + margin >= d.picture.width || y + margin >= d.picture.height)
                assert_true(rgb[0] == 255 && rgb[1] == 255 && rgb[2] == 255);
        }
    release(&d);
}

static void nothing_is_clipped_at_any_size(void **state) {
    (void)state;
    enum { CURVES = 64, POINTS = 5 };
    double x[POINTS], y[CURVES][POINTS];
    rg_curve curve[CURVES];
    uint64_t seed = 31;
    for (int i = 0; i < POINTS; i++) x[i] = pow(10, 3 * random_number(&seed));
    for (int k = 0; k < CURVES; k++) {
        for (int i = 0; i < POINTS; i++) y[k][i] = pow(10, 8 * random_number(&seed) - 9);
        curve[k] = curve_of(x, y[k], POINTS, (rg_mark)(1 + k % 5));
        curve[k].label = k % 3 ? "E<sub>p</sub>|e|<sup>2</sup>" : "a label that is a good deal longer";
    }
    const rg_heat_map heat = {.shape = {2, 2}, .values = x, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LINEAR};
    rg_panel panel[2] = {panel_of(curve, CURVES), panel_of(curve, 3)};
    panel[0].note = panel[1].note = "a note that is far too long for any frame, let alone for one of 36 points";
    panel[0].y.scale = RG_SCALE_LOG;
    panel[1].heat = &heat;
    panel[1].x.upper = panel[1].y.upper = 7.7;
    rg_figure figure = figure_of(panel, 2);
    for (figure.panel_size = 36; figure.panel_size < 420; figure.panel_size += 61) check_white_margin(&figure);
}

/* ---- bytes, refusals, memory */

static void equal_figures_are_equal_bytes(void **state) {
    (void)state;
    const double x[] = {0.5, 1.5, 2.7}, y[] = {1e-3, 0.2, 0.1}, lower[] = {5e-4, 0.1, 0.05}, upper[] = {2e-3, 0.4, 0.2};
    rg_curve curve[2] = {curve_of(x, y, 3, RG_MARK_DASHED), curve_of(x, upper, 3, RG_MARK_LINE_POINTS)};
    for (int i = 0; i < 2; i++) {
        curve[i].label = "label";
        curve[i].lower = lower;
        curve[i].upper = upper;
    }
    const double number[] = {1, 3, 2}, value[] = {0.1, nan(""), 1e-14};
    rg_curve dots = curve_of(value, number, 3, RG_MARK_POINTS);
    dots.lower = lower;
    dots.upper = upper;
    rg_panel panel[3] = {panel_of(curve, 2), panel_of(curve, 2), dots_of(&dots, 1, 0, 0)};
    panel[0].y.scale = RG_SCALE_LOG;
    panel[1].x.degrees = 1;
    panel[1].note = "note";
    panel[1].diagonal = 1;
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

static void bad_curves_are_refused(void **state) {
    (void)state;
    enum { CASES = 34 };
    const double x[] = {1, 2}, y[] = {3, 4}, nothing[] = {nan(""), HUGE_VAL}, negative[] = {-1, 0};
    rg_curve bad[CASES][2];
    rg_panel panel[CASES];
    const char *words[CASES];
    for (int i = 0; i < CASES; i++) {
        bad[i][0] = bad[i][1] = curve_of(x, y, 2, RG_MARK_LINE);
        panel[i] = panel_of(bad[i], 2);
    }
    int n = 0;
    bad[n][1].count = 0, words[n++] = "curve 2: expected 1 to 10000000 points, got 0";
    bad[n][1].count = 10000001, words[n++] = "curve 2: expected 1 to 10000000 points, got 10000001";
    bad[n][0].x = NULL, words[n++] = "curve 1: no values of x";
    bad[n][0].y = NULL, words[n++] = "curve 1: no values of y";
    bad[n][0].lower = x, words[n++] = "curve 1: error bars need both ends, the upper ones are missing";
    bad[n][0].upper = x, words[n++] = "the lower ones are missing";
    bad[n][0].mark = (rg_mark)0, words[n++] = "unknown mark 0";
    bad[n][0].mark = (rg_mark)6, words[n++] = "unknown mark 6";
    bad[n][0].colour = -1, words[n++] = "expected a colour from 1 to 8 (0: by position), got -1";
    bad[n][0].colour = 9, words[n++] = "got 9";
    bad[n][0].label = "a < b", words[n++] = "curve 1: label: not Pango markup";
    panel[n].note = "<b>", words[n++] = "note: not Pango markup";
    panel[n].curves = 65, words[n++] = "expected up to 64 curves, got 65";
    panel[n].curve = NULL, words[n++] = "curves, got 0";
    panel[n].curves = 0, words[n++] = "nothing to draw";
    panel[n].x.lower = 3, panel[n].x.upper = 2, words[n++] = "axis x: expected a finite range";
    panel[n].y.upper = nan(""), words[n++] = "axis y: expected a finite range";
    panel[n].y.upper = HUGE_VAL, words[n++] = "axis y: expected a finite range";
    panel[n].y.lower = 1, panel[n].y.upper = 1 + 1e-15, words[n++] = "narrower than 12 digits";
    panel[n].x = (rg_axis){.scale = RG_SCALE_LOG, .lower = -1, .upper = 1},
    words[n++] = "axis x: expected a finite, posit";
    panel[n].x = (rg_axis){.scale = RG_SCALE_LOG, .upper = 0.5},
    words[n++] = "axis x: expected a finite, positive range";
    panel[n].x = (rg_axis){.scale = RG_SCALE_LOG, .degrees = 1}, words[n++] = "degrees have no log scale";
    panel[n].x.scale = (rg_scale)7, words[n++] = "axis x: unknown scale 7";
    panel[n].curves = 1, bad[n][0].y = nothing, words[n++] = "no point can be shown";
    panel[n].curves = 1, bad[n][0].y = negative, panel[n].y.scale = RG_SCALE_LOG,
    words[n++] = "not positive on a log axis";
    panel[n].curves = 1, bad[n][0].x = nothing, panel[n].x.upper = 1, words[n++] = "no point can be shown";
    panel[n].x.lower = -1e300, panel[n].x.upper = 1e300, words[n++] = "axis x";
    const double rows[] = {1, 4}, half[] = {1.5, 2};
    const char *const marked[] = {"a", "<b>", "c"};
    for (int i = n; i < CASES; i++) {
        bad[i][0] = bad[i][1] = curve_of(y, x, 2, RG_MARK_POINTS);
        panel[i] = dots_of(bad[i], 2, 0.1, 100);
    }
    bad[n][1].mark = RG_MARK_LINE_POINTS, words[n++] = "curve 2: rows have points, not lines";
    bad[n][0].y = rows, words[n++] = "curve 1: expected y to be a row from 1 to 3, got 4";
    bad[n][1].y = half, words[n++] = "curve 2: expected y to be a row from 1 to 3, got 1.5";
    panel[n].diagonal = 1, words[n++] = "rows stand alone, without fields or the diagonal";
    panel[n].rows = 65, words[n++] = "expected up to 64 rows with names, got 65";
    panel[n].row = NULL, words[n++] = "rows with names, got 0";
    panel[n].row = marked, words[n++] = "name of a row: not Pango markup";
    assert_int_equal(n, CASES);
    scratch_clear();
    for (int i = 0; i < CASES; i++) {
        const rg_figure figure = figure_of(&panel[i], 1);
        rg_diagnostic d = {RG_OK, ""};
        assert_int_equal(rg_figure_write(&figure, scratch_path("a.png"), &d), RG_EINVAL);
        if (!strstr(d.text, words[i])) print_error("expected \"%s\" in \"%s\"\n", words[i], d.text);
        assert_non_null(strstr(d.text, words[i]));
        assert_non_null(strstr(d.text, "panel 1: "));
        assert_int_equal(scratch_clear(), 0);
    }
}

static void odd_values_are_drawn(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, 7}, y[] = {1, 1e300, -1e308, 3, HUGE_VAL, -1e-320, 2};
    const double lower[] = {-HUGE_VAL, 0, nan(""), -1e308, 0, 0, 1}, upper[] = {HUGE_VAL, 1e308, 3, 1e308, 0, 0, 5};
    for (int mark = RG_MARK_LINE; mark <= RG_MARK_LINE_POINTS; mark++)
        for (int log = 0; log < 2; log++) {
            rg_curve curve = curve_of(x, y, 7, (rg_mark)mark);
            curve.lower = lower;
            curve.upper = upper;
            rg_panel panel = panel_of(&curve, 1);
            panel.y = (rg_axis){.scale = log ? RG_SCALE_LOG : RG_SCALE_LINEAR, .lower = 0.5, .upper = 4};
            const rg_figure figure = figure_of(&panel, 1);
            for (int i = 0; i < FORMATS; i++) write_ok(&figure, format_names[i]);
        }
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    const double x[] = {1, 2}, y[] = {3, 4};
    rg_curve curve = curve_of(x, y, 2, RG_MARK_LINE_POINTS);
    curve.label = "label";
    curve.lower = curve.upper = y;
    rg_panel panel = panel_of(&curve, 1);
    panel.note = "note";
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_lies_on_its_value_in_its_colour),
        cmocka_unit_test(colours_follow_the_position_and_differ),
        cmocka_unit_test(a_value_without_a_place_breaks_the_line),
        cmocka_unit_test(a_low_value_leads_the_line_out_of_the_frame),
        cmocka_unit_test(a_lone_point_of_a_line_is_seen),
        cmocka_unit_test(log_axes_place_by_decades),
        cmocka_unit_test(points_have_the_shape_of_their_colour),
        cmocka_unit_test(a_band_fills_between_its_ends),
        cmocka_unit_test(bars_have_caps_where_there_are_points),
        cmocka_unit_test(the_diagonal_is_where_both_axes_agree),
        cmocka_unit_test(charts_have_a_grid_and_fields_have_none),
        cmocka_unit_test(dots_stand_in_their_rows),
        cmocka_unit_test(bars_across_end_at_the_frame),
        cmocka_unit_test(values_without_a_place_are_named_beside_their_row),
        cmocka_unit_test(ranges_of_rows_hold_the_bars),
        cmocka_unit_test(frames_of_rows_are_as_high_as_they_need),
        cmocka_unit_test(ranges_hold_the_points_with_a_margin),
        cmocka_unit_test(ranges_hold_the_error_bars),
        cmocka_unit_test(a_diagonal_gives_both_axes_one_range),
        cmocka_unit_test(degrees_are_parts_of_a_circle),
        cmocka_unit_test(log_axes_have_ticks_at_any_length),
        cmocka_unit_test(equal_axes_have_equal_ticks),
        cmocka_unit_test(a_million_points_make_a_short_path),
        cmocka_unit_test(far_outliers_are_cut_on_their_line),
        cmocka_unit_test(repeated_points_change_nothing),
        cmocka_unit_test(lines_between_outliers_are_cut_at_both_ends),
        cmocka_unit_test(polygons_are_cut_without_loss),
        cmocka_unit_test(long_curves_make_small_files),
        cmocka_unit_test(the_legend_goes_where_no_curve_is),
        cmocka_unit_test(without_a_free_corner_the_legend_stands_outside),
        cmocka_unit_test(legend_and_note_do_not_meet),
        cmocka_unit_test(curves_without_label_have_no_legend),
        cmocka_unit_test(nothing_is_clipped_at_any_size),
        cmocka_unit_test(equal_figures_are_equal_bytes),
        cmocka_unit_test(bad_curves_are_refused),
        cmocka_unit_test(odd_values_are_drawn),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
