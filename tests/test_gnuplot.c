/* gnuplot draws our scripts without a word of complaint, and its heat maps have our colours. Skipped without gnuplot. */
#include "figure/page.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "picture.h"

enum { N0 = 7, N1 = 4, CELLS = N0 * N1, POINTS = 9, SKIPPED = 77 };

/* See test_figure.c. */
RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

static void fill(double *values, int count) {
    for (int i = 0; i < count; i++) values[i] = sin(1.3 * i + 0.2) * 2.7 + cos(2.1 * i) * 0.4;
}

static rg_panel panel_of(const rg_heat_map *heat) {
    return (rg_panel){.title = "E<sub>p</sub>|e|<sup>2</sup> `touch pwned`",
                      .x = {.label = "x", .lower = -0.4, .upper = 1.9},
                      .y = {.label = "y", .lower = 1.1, .upper = 2.8},
                      .heat = heat};
}

/* Returns the exit code; what gnuplot says goes to the file "said". */
static int run_gnuplot(const char *options) {
    char command[4 * SCRATCH_ROOM];
    snprintf(command, sizeof command, "cd '%s' && gnuplot %s a.gp >said 2>&1", scratch_folder, options);
    return system(command);
}

static void draw(const rg_figure *figure, const char *options) {
    char said[4096] = "";
    rg_diagnostic d = {RG_OK, ""};
    const rg_status status = rg_figure_write_gnuplot(figure, scratch_path("a.gp"), &d);
    if (status != RG_OK) print_error("%s\n", d.text);
    assert_int_equal(status, RG_OK);
    const int code = run_gnuplot(options);
    said[scratch_read(scratch_path("said"), said, sizeof said - 1)] = 0;
    assert_string_equal(said, "");
    assert_int_equal(code, 0);
}

/* Compares the middle of each cell, away from the frame's own line, with the colour of its value. */
static void check_cells(const rg_figure *figure) {
    const rg_heat_map *heat = figure->panel[0].heat;
    rg_page page;
    assert_int_equal(rg_page_create(&page, figure, NULL), RG_OK);
    struct picture p = read_picture("a.png");
    const rg_frame *frame = &page.placed[0].frame;
    const double scale = page.dpi / 72, step0 = frame->width / N0, step1 = frame->height / N1;
    assert_int_equal(p.width, lround(page.width * scale));
    assert_int_equal(p.height, lround(page.height * scale));
    for (int i = 0; i <= N0; i++)
        for (int j = 0; j <= N1; j++) {
            const double inward0 = i == 0 ? 0.25 : i == N0 ? -0.25 : 0, inward1 = j == 0 ? 0.25 : j == N1 ? -0.25 : 0;
            const double x = frame->x + (i + inward0) * step0, y = frame->y + frame->height - (j + inward1) * step1;
            const int row = heat->bounded && i == N0 ? N0 - 1 : i % N0;
            const int column = heat->bounded && j == N1 ? N1 - 1 : j % N1;
            const double value = heat->values[row * N1 + column];
            assert_int_equal(picture_pixel(&p, x * scale, y * scale),
                             rg_colour_scale_pixel(&page.placed[0].scale, value));
        }
    free(p.rgb);
    rg_page_destroy(&page);
}

static void cells_have_our_colours(void **state) {
    (void)state;
    double values[CELLS];
    fill(values, CELLS);
    values[2 * N1 + 3] = nan("");
    values[0] = HUGE_VAL; /* shown in all four corners of a periodic frame */
    values[5] = 0;
    static const struct {
        rg_colour_map map;
        rg_scale scale;
        double minimum, maximum;
    } colours[] = {{RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, 0}, {RG_MAP_SEQUENTIAL, RG_SCALE_LOG, 0, 0},
                   {RG_MAP_DIVERGING, RG_SCALE_LINEAR, 0, 0},  {RG_MAP_DIVERGING, RG_SCALE_LINEAR, -0.7, 2.1},
                   {RG_MAP_DIVERGING, RG_SCALE_LOG, 0.5, 3},   {RG_MAP_CYCLIC, RG_SCALE_LINEAR, 0, 0},
                   {RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, -1, 1}};
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
        const rg_heat_map heat = {.shape = {N0, N1},
                                  .values = values,
                                  .map = colours[i].map,
                                  .scale = colours[i].scale,
                                  .minimum = colours[i].minimum,
                                  .maximum = colours[i].maximum,
                                  .unit = "1/rad<sup>2</sup>",
                                  .bounded = (int)(i % 2)};
        const rg_panel panel = panel_of(&heat);
        const rg_figure figure = {.panels = 1, .panel = &panel, .panel_size = 150};
        draw(&figure, "");
        check_cells(&figure);
        scratch_clear();
    }
}

/* More than the digits of single precision. */
static void narrow_ranges_keep_their_digits(void **state) {
    (void)state;
    double values[CELLS];
    fill(values, CELLS);
    for (int i = 0; i < CELLS; i++) values[i] = 123456789 + 0.1 * values[i];
    const rg_heat_map heat = {.shape = {N0, N1}, .values = values, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LINEAR};
    const rg_panel panel = panel_of(&heat);
    const rg_figure figure = {.panels = 1, .panel = &panel, .panel_size = 150};
    draw(&figure, "");
    check_cells(&figure);
    scratch_clear();
}

static void every_layer_is_drawn_in_silence(void **state) {
    (void)state;
    static const double level[] = {-99, -0.5, 0.5, 99};
    double scalar[CELLS], vector[2 * CELLS], none[2 * CELLS] = {0}, x[POINTS], y[POINTS], lower[POINTS], upper[POINTS];
    fill(scalar, CELLS);
    fill(vector, 2 * CELLS);
    scalar[3] = vector[4] = nan("");
    for (int i = 0; i < POINTS; i++) {
        x[i] = pow(10, -2 + 0.4 * i);
        y[i] = i == 4 ? -1 : x[i] * x[i];
        lower[i] = i % 2 ? nan("") : 0.7 * y[i];
        upper[i] = 1.4 * y[i];
    }
    const rg_heat_map heat = {.shape = {N0, N1}, .values = scalar, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LOG};
    const rg_heat_map linear = {.shape = {N0, N1}, .values = scalar, .map = RG_MAP_DIVERGING, .scale = RG_SCALE_LINEAR};
    const rg_flow flow = {{N0, N1}, vector, 0}, still = {{N0, N1}, none, 0};
    const rg_arrows arrows = {.shape = {N0, N1}, .vector = vector}, calm = {.shape = {N0, N1}, .vector = none};
    const rg_contours contours = {{N0, N1}, scalar, 4, level, 0}, outside = {{N0, N1}, scalar, 1, level, 0};
    rg_curve curve[6];
    curve[5] = (rg_curve){"nowhere", POINTS, x, none, NULL, NULL, RG_MARK_LINE, 0}; /* 0 has no logarithm */
    for (int i = 0; i < 5; i++)
        curve[i] =
            (rg_curve){i == 2 ? NULL : "a_b <sub>c</sub>", POINTS, x, y, lower, upper, (rg_mark)(i + RG_MARK_LINE), 0};
    rg_panel panel[6] = {panel_of(&heat), panel_of(&linear), panel_of(NULL), panel_of(NULL), panel_of(NULL)};
    panel[0].flow = &flow;
    panel[1].arrows = &arrows;
    panel[1].contours = &contours;
    panel[2].flow = &still;
    panel[3].arrows = &calm;
    panel[4].contours = &outside;
    panel[5] = (rg_panel){.x = {.scale = RG_SCALE_LOG, .lower = 0.01, .upper = 100},
                          .y = {.scale = RG_SCALE_LOG, .lower = 1e-4, .upper = 1e4},
                          .curves = 6,
                          .curve = curve,
                          .diagonal = 1,
                          .note = "<i>n</i>"};
    rg_figure figure = {.title = "all {of} it", .panels = 6, .panel = panel, .panel_size = 100};
    draw(&figure, "");
    struct picture p = read_picture("a.png");
    free(p.rgb);
    draw(&figure, "-e \"output='b.pdf'\"");
    char magic[5] = "";
    assert_int_equal(scratch_read(scratch_path("b.pdf"), magic, 4), 4);
    assert_string_equal(magic, "%PDF");
    assert_int_equal(access(scratch_path("pwned"), F_OK), -1);
    figure.panel = panel + 5; /* curves alone */
    figure.panels = 1;
    draw(&figure, "");
    scratch_clear();
}

/* A bar of which an end is unknown is none, in the script as in ours. */
static void dots_without_known_ends_have_no_bar(void **state) {
    (void)state;
    static const char *const name[] = {"a", "b", "c"};
    const double x[] = {3, 40, 7}, y[] = {1, 2, 3}, lower[] = {nan(""), 10, 2}, upper[] = {9, nan(""), 20};
    rg_curve curve = {NULL, 3, x, y, lower, upper, RG_MARK_POINTS, 2};
    const rg_panel panel = {
        .x = {.scale = RG_SCALE_LOG, .lower = 0.1, .upper = 1e3}, .curves = 1, .curve = &curve, .rows = 3, .row = name};
    const rg_figure figure = {.panels = 1, .panel = &panel, .panel_size = 150, .dpi = 600};
    rg_diagnostic d = {RG_OK, ""};
    for (int ours = 0; ours < 2; ours++) {
        rg_page page;
        if (ours)
            assert_int_equal(rg_figure_write(&figure, scratch_path("a.png"), &d), RG_OK);
        else
            draw(&figure, "");
        assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
        struct picture p = read_picture("a.png");
        const rg_frame *frame = &page.placed[0].frame;
        static const double beside[][2] = {{1, 6}, {20, 60}, {4, 12}}; /* within the bars that would be there */
        for (int row = 0; row < 3; row++)
            for (int side = 0; side < 2; side++) {
                const double scale = page.dpi / 72, lane = frame->y + (row + 0.5) / 3 * frame->height;
                const unsigned pixel = picture_pixel(&p, rg_frame_x(frame, beside[row][side]) * scale, lane * scale);
                assert_int_equal(pixel == 0xd55e00, row == 2);
            }
        free(p.rgb);
        rg_page_destroy(&page);
    }
}

/* Dots, bars and remarks stand where ours do, in our colours. */
static void rows_are_drawn_as_ours(void **state) {
    (void)state;
    static const char *const name[] = {"W<sub>1</sub>", "`touch pwned`", "c"};
    const double x[] = {3, 40, 5e-7}, y[] = {1, 2, 3}, lower[] = {-1, 10, -1}, upper[] = {9, 90, 1e-6};
    rg_curve curve[2] = {{"a", 3, x, y, lower, upper, RG_MARK_POINTS, 2},
                         {NULL, 3, x, y, NULL, NULL, RG_MARK_POINTS, 3}};
    const rg_panel panel = {
        .x = {.scale = RG_SCALE_LOG, .lower = 0.1, .upper = 1e3}, .curves = 2, .curve = curve, .rows = 3, .row = name};
    const rg_figure figure = {.panels = 1, .panel = &panel, .panel_size = 150, .dpi = 600};
    rg_page page;
    draw(&figure, "");
    assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
    struct picture p = read_picture("a.png");
    const rg_frame *frame = &page.placed[0].frame;
    const double scale = page.dpi / 72, right = frame->x + frame->width;
    for (int row = 1; row <= 3; row++)
        for (int c = 0; c < 2; c++) {
            const double middle = frame->y + (row - 0.5) / 3 * frame->height, lane = middle + (c ? 1.7 : -1.7);
            const unsigned colour = c ? 0x009e73 : 0xd55e00;
            if (row < 3)
                assert_int_equal(picture_pixel(&p, rg_frame_x(frame, x[row - 1]) * scale, lane * scale), colour);
            if (row < 3 && c == 0) /* the bar, and nothing else beyond the point */
                assert_int_equal(picture_pixel(&p, rg_frame_x(frame, row == 1 ? 0.3 : 15) * scale, lane * scale),
                                 colour);
            int seen = 0; /* beside the frame */
            for (double at = right + 2; at < page.width; at += 0.05)
                seen |= picture_pixel(&p, at * scale, middle * scale) == colour;
            assert_int_equal(seen, row == 3);
        }
    free(p.rgb);
    rg_page_destroy(&page);
    assert_int_equal(access(scratch_path("pwned"), F_OK), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_have_our_colours),          cmocka_unit_test(narrow_ranges_keep_their_digits),
        cmocka_unit_test(every_layer_is_drawn_in_silence), cmocka_unit_test(dots_without_known_ends_have_no_bar),
        cmocka_unit_test(rows_are_drawn_as_ours),
    };
    if (system("gnuplot -e 'set terminal pngcairo' >/dev/null 2>&1") != 0) {
        printf("skipped: no gnuplot with pngcairo (Debian: gnuplot-nox)\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
