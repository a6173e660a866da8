/* Layers over a heat map: the texture of a flow follows it and keeps the mean colour, arrows point where the vectors do,
 * level lines lie where linear interpolation says; the same bytes for any number of threads, bad descriptions refused. */
#include "base/base.h"
#include "figure/flow.h"
#include "figure/level_lines.h"
#include "figure/lic.h"
#include "figure/number.h"
#include "figure/page.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picture.h"

static const double pi = 3.14159265358979323846;
static const char *const format_names[] = {"a.png", "a.pdf", "a.svg"};

enum { FORMATS = 3, N0 = 9, N1 = 7, CELLS = N0 * N1 };

RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

/* ---- fields */

static void *take(size_t count, size_t size) {
    void *memory = calloc(count, size);
    assert_non_null(memory);
    return memory;
}

/* A smooth periodic vector field with vortices and saddles, times `factor`. */
static double *swirl(ptrdiff_t n0, ptrdiff_t n1, double factor) {
    double *v = take((size_t)(2 * n0 * n1), sizeof *v);
    for (ptrdiff_t i = 0; i < n0; i++)
        for (ptrdiff_t j = 0; j < n1; j++) {
            const double x = 2 * pi * (double)i / (double)n0, y = 2 * pi * (double)j / (double)n1;
            v[i * n1 + j] = factor * (cos(2 * y + 0.3) + 0.4 * sin(x + y));
            v[n0 * n1 + i * n1 + j] = factor * (sin(x - 0.7) - 0.3 * cos(x - 2 * y));
        }
    return v;
}

static double *uniform(ptrdiff_t cells, double u, double v) {
    double *field = take((size_t)(2 * cells), sizeof *field);
    for (ptrdiff_t k = 0; k < cells; k++) {
        field[k] = u;
        field[cells + k] = v;
    }
    return field;
}

static void fill(double values[CELLS]) {
    for (int i = 0; i < N0; i++)
        for (int j = 0; j < N1; j++)
            values[i * N1 + j] = 2.7 * sin(2 * pi * i / N0 + 0.2) + 1.9 * cos(2 * pi * j / N1 - 0.4);
}

/* ---- line integral convolution */

static float *convolved(const rg_lic *lic) {
    float *image = take((size_t)lic->width * (size_t)lic->height, sizeof *image);
    assert_int_equal(rg_lic_convolve(lic, image, NULL), RG_OK);
    return image;
}

static rg_lic lic_of(ptrdiff_t n0, ptrdiff_t n1, const double *vector, int width, int height) {
    return (rg_lic){{n0, n1}, vector, 1, width, height, 1};
}

/* Of pixels dx to the right and dy upwards of each other, periodic; with `edge` only pairs across the edge. */
static double correlation(const float *image, int width, int height, int dx, int dy, int edge) {
    double product = 0, squares = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int x2 = x + dx, y2 = y - dy;
            if (edge && x2 >= 0 && x2 < width && y2 >= 0 && y2 < height) continue;
            const double a = (double)image[y * width + x];
            const double b = (double)image[(y2 + height) % height * width + (x2 + width) % width];
            product += a * b;
            squares += (a * a + b * b) / 2;
        }
    return product / squares;
}

static void a_texture_runs_along_the_flow(void **state) {
    (void)state;
    static const int step[][2] = {{6, 0}, {0, 6}, {5, 5}, {-5, 5}, {6, 3}, {-3, 6}, {-6, 0}, {2, -7}};
    enum { WIDTH = 211, HEIGHT = 173 };
    for (size_t k = 0; k < sizeof step / sizeof *step; k++) {
        const int dx = step[k][0], dy = step[k][1];
        double *field = uniform(6, 0.37 * dx, 0.37 * dy);
        const rg_lic lic = lic_of(2, 3, field, WIDTH, HEIGHT);
        float *image = convolved(&lic);
        for (int edge = 0; edge <= 1; edge++) {
            assert_true(correlation(image, WIDTH, HEIGHT, dx, dy, edge) > 0.6);
            assert_true(fabs(correlation(image, WIDTH, HEIGHT, -dy, dx, edge)) < (edge ? 0.5 : 0.2));
        }
        free(image);
        free(field);
    }
}

/* A unit upwards as long as two across: (1, 1) runs at the slope 2. */
static void a_texture_follows_the_shape_of_the_page(void **state) {
    (void)state;
    double *field = uniform(4, 1, 1);
    rg_lic lic = lic_of(2, 2, field, 150, 150);
    lic.aspect = 2;
    float *image = convolved(&lic);
    assert_true(correlation(image, 150, 150, 3, 6, 0) > 0.6);
    assert_true(fabs(correlation(image, 150, 150, 6, 3, 0)) < 0.2);
    free(image);
    free(field);
}

static void a_coarse_grain_is_as_much_longer(void **state) {
    (void)state;
    double *field = uniform(4, 1, 0);
    for (int grain = 1; grain <= 4; grain++) {
        rg_lic lic = lic_of(2, 2, field, 640, 150);
        lic.grain = grain;
        float *image = convolved(&lic);
        assert_true(correlation(image, 640, 150, 8 * grain, 0, 0) > 0.5);
        assert_true(fabs(correlation(image, 640, 150, 60 * grain, 0, 0)) < 0.15);
        assert_true(fabs(correlation(image, 640, 150, 0, 2 * grain, 0)) < 0.15);
        if (grain > 2) assert_true(correlation(image, 640, 150, 0, 1, 1) > 0.6); /* the tent wraps around, too */
        free(image);
    }
    free(field);
}

static void textures_are_normalised(void **state) {
    (void)state;
    double *field = swirl(31, 24, 1);
    const rg_lic lic = lic_of(31, 24, field, 317, 283);
    float *image = convolved(&lic);
    double sum = 0, squares = 0;
    for (int k = 0; k < 317 * 283; k++) {
        sum += (double)image[k];
        squares += (double)image[k] * (double)image[k];
    }
    assert_true(fabs(sum / (317 * 283)) < 1e-6);
    assert_true(fabs(squares / (317 * 283) - 1) < 1e-6);
    free(image);
    free(field);
}

static void the_threads_leave_no_trace(void **state) {
    (void)state;
    enum { WIDTH = 480, HEIGHT = 391 }; /* enough to be shared among threads */
    double *field = swirl(31, 24, 1);
    const rg_lic lic = lic_of(31, 24, field, WIDTH, HEIGHT);
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    float *one = convolved(&lic);
    for (int n = 2; n <= 3; n++) {
        omp_set_num_threads(n);
        float *more = convolved(&lic);
        assert_memory_equal(one, more, sizeof *one * WIDTH * HEIGHT);
        free(more);
    }
    omp_set_num_threads(threads);
    free(one);
    free(field);
}

/* Directions are all that counts, up to the ends of a double; powers of two change no digit. */
static void the_size_of_vectors_does_not_matter(void **state) {
    (void)state;
    double *field = swirl(12, 10, 1), *huge = swirl(12, 10, 0x1p1022), *small = swirl(12, 10, 0x1p-900);
    const rg_lic plain = lic_of(12, 10, field, 90, 80);
    float *image = convolved(&plain);
    const double *other[] = {huge, small};
    for (int k = 0; k < 2; k++) {
        const rg_lic lic = lic_of(12, 10, other[k], 90, 80);
        float *same = convolved(&lic);
        assert_memory_equal(image, same, sizeof *image * 90 * 80);
        free(same);
    }
    free(image);
    double *unit = uniform(4, 1, -1), *denormal = uniform(4, DBL_TRUE_MIN, -DBL_TRUE_MIN);
    double *largest = uniform(4, DBL_MAX, -DBL_MAX);
    const rg_lic of_unit = lic_of(2, 2, unit, 70, 60), of_denormal = lic_of(2, 2, denormal, 70, 60);
    const rg_lic of_largest = lic_of(2, 2, largest, 70, 60);
    float *a = convolved(&of_unit), *b = convolved(&of_denormal), *c = convolved(&of_largest);
    assert_memory_equal(a, b, sizeof *a * 70 * 60);
    assert_memory_equal(a, c, sizeof *a * 70 * 60);
    free(a);
    free(b);
    free(c);
    free(unit);
    free(denormal);
    free(largest);
    free(field);
    free(huge);
    free(small);
}

/* The cell of a point without a vector, and no pixel more. */
static void points_without_a_vector_stay_plain(void **state) {
    (void)state;
    enum { N = 10, SIZE = 100 };
    const double missing[][2] = {{0, 0}, {nan(""), 1}, {1, HUGE_VAL}};
    for (size_t m = 0; m < sizeof missing / sizeof *missing; m++) {
        double *field = uniform(N * N, 0.8, 0.5);
        const int i = 3, j = 6;
        field[i * N + j] = missing[m][0];
        field[N * N + i * N + j] = missing[m][1];
        const rg_lic lic = lic_of(N, N, field, SIZE, SIZE);
        float *image = convolved(&lic);
        for (int y = 0; y < SIZE; y++)
            for (int x = 0; x < SIZE; x++) {
                const int inside = x >= 10 * i - 5 && x < 10 * i + 5 && 99 - y >= 10 * j - 5 && 99 - y < 10 * j + 5;
                assert_int_equal(isnan(image[y * SIZE + x]) != 0, inside);
            }
        free(image);
        free(field);
    }
}

/* ---- pixels */

static rg_panel panel_of(const rg_heat_map *heat) {
    return (rg_panel){.x = {.lower = -0.4, .upper = 1.9}, .y = {.lower = 1.1, .upper = 2.8}, .heat = heat};
}

static rg_heat_map heat_map(const double *values) {
    return (rg_heat_map){.shape = {N0, N1}, .values = values, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LINEAR};
}

static rg_figure figure_of(const rg_panel *panel) {
    return (rg_figure){.panels = 1, .panel = panel, .panel_size = 150};
}

/* A picture and where its first frame stands, in pixels. */
struct shown {
    struct picture picture;
    double x, y, width, height, scale;
};

static struct shown show(const rg_panel *panel) {
    const rg_figure figure = figure_of(panel);
    rg_page page;
    assert_int_equal(rg_page_create(&page, &figure, NULL), RG_OK);
    const rg_frame *frame = &page.placed[0].frame;
    const double scale = page.dpi / 72;
    struct shown s = {{0}, frame->x * scale, frame->y * scale, frame->width * scale, frame->height * scale, scale};
    rg_page_destroy(&page);
    write_ok(&figure, "a.png");
    s.picture = read_picture("a.png");
    return s;
}

static double luma(const unsigned char *rgb) {
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
}

/* Away from the line of the frame. */
static double mean_luma(const struct shown *s) {
    double sum = 0;
    int count = 0;
    for (double y = 2; y < s->height - 2; y++)
        for (double x = 2; x < s->width - 2; x++, count++)
            sum += luma(rgb_at(&s->picture, s->x + x + 0.5, s->y + y + 0.5));
    return sum / count;
}

/* ---- flow over a heat map */

static void the_mean_of_all_ranks_is_the_colour(void **state) {
    (void)state;
    for (int map = RG_MAP_SEQUENTIAL; map <= RG_MAP_CYCLIC; map++) {
        uint32_t table[RG_COLOURS];
        rg_colour_map_table((rg_colour_map)map, table);
        for (int k = 0; k < RG_COLOURS; k += 5) {
            const unsigned char own[3] = {(unsigned char)(table[k] >> 16), (unsigned char)(table[k] >> 8),
                                          (unsigned char)table[k]};
            double mean = 0, least = 255, most = 0;
            for (int r = 0; r < 1000; r++) {
                const uint32_t c = rg_flow_colour(table[k], 0.6, (r + 0.5) / 1000);
                const double y =
                    luma((unsigned char[]){(unsigned char)(c >> 16), (unsigned char)(c >> 8), (unsigned char)c});
                mean += y / 1000;
                least = fmin(least, y);
                most = fmax(most, y);
            }
            assert_true(fabs(mean - luma(own)) < 0.5); /* of 255: rounding to bytes */
            assert_true(most - least > 30);
        }
    }
}

static void a_flow_keeps_the_mean_of_the_picture(void **state) {
    (void)state;
    double values[CELLS], *field = swirl(N0, N1, 1);
    const rg_flow flow = {.shape = {N0, N1}, .vector = field, .strength = 1};
    for (double level = 0; level <= 1; level += 0.25) {
        for (int k = 0; k < CELLS; k++) values[k] = level;
        rg_heat_map heat = heat_map(values);
        heat.minimum = -0.1;
        heat.maximum = 1.1;
        rg_panel panel = panel_of(&heat);
        struct shown plain = show(&panel);
        panel.flow = &flow;
        struct shown textured = show(&panel);
        assert_true(fabs(mean_luma(&plain) - mean_luma(&textured)) < 2.55); /* one hundredth of the range */
        free(plain.picture.rgb);
        free(textured.picture.rgb);
    }
    free(field);
}

static void no_flow_changes_nothing(void **state) {
    (void)state;
    double values[CELLS], *zero = uniform(CELLS, 0, 0);
    fill(values);
    const rg_heat_map heat = heat_map(values);
    const rg_flow flow = {.shape = {N0, N1}, .vector = zero};
    rg_panel panel = panel_of(&heat);
    struct shown plain = show(&panel);
    panel.flow = &flow;
    struct shown textured = show(&panel);
    assert_memory_equal(plain.picture.rgb, textured.picture.rgb,
                        (size_t)3 * plain.picture.width * plain.picture.height);
    free(plain.picture.rgb);
    free(textured.picture.rgb);
    free(zero);
}

/* The noise is not turned with the field, but the statistics are: some 5000 independent stretches of 30 pixels give each
 * correlation a deviation of 0.014. */
static void a_turned_flow_has_a_turned_texture(void **state) {
    (void)state;
    enum { N = 16, SIZE = 400 };
    double *field = take(2 * N * N, sizeof *field), *turned = take(2 * N * N, sizeof *turned);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const double wave = 0.05 * sin(2 * pi * j / N); /* mostly to the right */
            field[i * N + j] = 1;
            field[N * N + i * N + j] = wave;
            turned[(N - 1 - j) * N + i] = -wave; /* (x, y) to (-y, x) */
            turned[N * N + (N - 1 - j) * N + i] = 1;
        }
    const rg_lic lic = lic_of(N, N, field, SIZE, SIZE), of_turned = lic_of(N, N, turned, SIZE, SIZE);
    float *a = convolved(&lic), *b = convolved(&of_turned);
    for (int d = 1; d <= 8; d++) {
        assert_true(fabs(correlation(a, SIZE, SIZE, d, 0, 0) - correlation(b, SIZE, SIZE, 0, d, 0)) < 0.08);
        assert_true(fabs(correlation(a, SIZE, SIZE, 0, d, 0) - correlation(b, SIZE, SIZE, d, 0, 0)) < 0.08);
    }
    assert_true(correlation(a, SIZE, SIZE, 5, 0, 0) > 0.5 && fabs(correlation(a, SIZE, SIZE, 0, 5, 0)) < 0.2);
    free(a);
    free(b);
    free(field);
    free(turned);
}

/* ---- arrows */

static int is_ink(const struct shown *s, double x, double y) {
    return luma(rgb_at(&s->picture, x, y)) < 128;
}

/* `along` and `aside` of the middle of the frame, in points. */
static int ink_at(const struct shown *s, double angle, double along, double aside) {
    const double x = along * cos(angle) - aside * sin(angle), y = along * sin(angle) + aside * cos(angle);
    return is_ink(s, s->x + s->width / 2 + x * s->scale, s->y + s->height / 2 - y * s->scale);
}

static rg_panel arrow_panel(const rg_arrows *arrows) {
    return (rg_panel){.x = {.upper = 1}, .y = {.upper = 1}, .arrows = arrows};
}

/* A frame of 150 points and a spacing of 100: one arrow in the middle. */
static void arrows_point_along_the_vector(void **state) {
    (void)state;
    for (double angle = 0.15; angle < 6.3; angle += 0.71) {
        double *field = uniform(4, 3.3 * cos(angle), 3.3 * sin(angle));
        const rg_arrows arrows = {.shape = {2, 2}, .vector = field, .spacing = 100};
        const rg_panel panel = arrow_panel(&arrows);
        struct shown s = show(&panel);
        for (double along = -48; along <= 47; along += 5) assert_true(ink_at(&s, angle, along, 0));
        assert_false(ink_at(&s, angle, 51.5, 0) || ink_at(&s, angle, -51.5, 0));
        for (int side = -1; side <= 1; side += 2) { /* the head is wider than the shaft */
            assert_true(ink_at(&s, angle, 47.4, 0.85 * side));
            assert_false(ink_at(&s, angle, -47.4, 0.85 * side));
        }
        free(s.picture.rgb);
        free(field);
    }
}

static void the_length_is_linear_in_the_vector(void **state) {
    (void)state;
    double *field = uniform(4, 0.6, 0);
    rg_arrows arrows = {.shape = {2, 2}, .vector = field, .spacing = 100};
    assert_true(rg_arrows_longest(&arrows) == 0.6);
    static const double longest[] = {0.6, 0.8, 1.2, 2.4, 0.3 /* cut */};
    for (int k = 0; k < 5; k++) {
        arrows.longest = longest[k];
        assert_true(rg_arrows_longest(&arrows) == longest[k]);
        const double half = 50 * fmin(1, 0.6 / longest[k]);
        const rg_panel panel = arrow_panel(&arrows);
        struct shown s = show(&panel);
        for (int side = -1; side <= 1; side += 2) {
            assert_true(ink_at(&s, 0, side * (half - 1.5), 0));
            assert_false(ink_at(&s, 0, side * (half + 1), 0));
        }
        free(s.picture.rgb);
    }
    free(field);
}

static int count_ink(const struct shown *s) {
    int count = 0;
    for (double y = 4; y < s->height - 4; y++)
        for (double x = 4; x < s->width - 4; x++) count += is_ink(s, s->x + x, s->y + y);
    return count;
}

static void short_arrows_are_dots_and_missing_ones_nothing(void **state) {
    (void)state;
    double *field = uniform(4, 0.005, 0.002);
    rg_arrows arrows = {.shape = {2, 2}, .vector = field, .spacing = 100, .longest = 1};
    const rg_panel panel = arrow_panel(&arrows);
    struct shown dot = show(&panel);
    assert_true(count_ink(&dot) >= 1 && count_ink(&dot) <= 9);
    assert_true(ink_at(&dot, 0, 0, 0));
    field[0] = nan(""); /* a corner of the cell, but not under the arrow */
    struct shown still = show(&panel);
    assert_int_equal(count_ink(&still), count_ink(&dot));
    free(still.picture.rgb);
    field[3] = nan(""); /* the point in the middle */
    struct shown none = show(&panel);
    assert_int_equal(count_ink(&none), 0);
    free(dot.picture.rgb);
    free(none.picture.rgb);
    free(field);
}

static void arrows_below_the_shortest_are_left_out(void **state) {
    (void)state;
    double *field = uniform(4, 0.3, 0.4); /* 50 of the 100 points of a spacing */
    rg_arrows arrows = {.shape = {2, 2}, .vector = field, .spacing = 100, .longest = 1};
    static const double shortest[] = {0, 49.9, 50.1};
    for (int k = 0; k < 3; k++) {
        arrows.shortest = shortest[k];
        const rg_panel panel = arrow_panel(&arrows);
        struct shown s = show(&panel);
        assert_int_equal(count_ink(&s) > 0, shortest[k] < 50);
        free(s.picture.rgb);
    }
    free(field);
}

/* Two arrows along each axis, half a step beyond its points, the first of which has no vector. */
static void a_bounded_field_does_not_go_on_at_the_other_end(void **state) {
    (void)state;
    for (int axis = 0; axis < 2; axis++) {
        double *field = uniform(4, 0, 0);
        field[3] = field[axis == 0 ? 2 : 1] = 1; /* along x */
        rg_arrows arrows = {.shape = {2, 2}, .vector = field, .spacing = 75};
        const rg_panel panel = arrow_panel(&arrows);
        for (arrows.bounded = 0; arrows.bounded <= 1; arrows.bounded++) {
            struct shown s = show(&panel);
            const double before = axis == 0 ? -37.5 : 37.5; /* the middle of the arrow before the last point */
            assert_true(ink_at(&s, 0, 37.5 + 15, 37.5));
            assert_int_equal(ink_at(&s, 0, 37.5 + 30, 37.5), arrows.bounded);
            assert_false(ink_at(&s, 0, before + 30, axis == 0 ? 37.5 : -37.5));
            free(s.picture.rgb);
        }
        free(field);
    }
}

/* ---- level lines */

static rg_level_lines trace(const ptrdiff_t shape[2], const double *values, double level) {
    rg_level_lines lines = {0};
    assert_int_equal(rg_level_lines_trace(&lines, shape, values, level, NULL), RG_OK);
    return lines;
}

static double at(const ptrdiff_t shape[2], const double *values, ptrdiff_t i, ptrdiff_t j) {
    return values[i % shape[0] * shape[1] + j % shape[1]];
}

/* The value on a side of a cell; the point must lie on one. */
static double interpolated(const ptrdiff_t shape[2], const double *values, rg_level_point p) {
    const ptrdiff_t i = (ptrdiff_t)floor(p.x), j = (ptrdiff_t)floor(p.y);
    const double f = p.x - (double)i, g = p.y - (double)j;
    assert_true(f == 0 || g == 0);
    if (f > 0) return (1 - f) * at(shape, values, i, j) + f * at(shape, values, i + 1, j);
    if (g > 0) return (1 - g) * at(shape, values, i, j) + g * at(shape, values, i, j + 1);
    return at(shape, values, i, j);
}

static int on_frame(const ptrdiff_t shape[2], rg_level_point p) {
    return p.x == 0 || p.y == 0 || p.x == (double)shape[0] || p.y == (double)shape[1];
}

/* Every vertex has the value of the level, neighbours share a cell, lines are closed or end at the frame. Returns the
 * number of crossed sides. */
static size_t check_lines(const ptrdiff_t shape[2], const double *values, double level, const rg_level_lines *lines) {
    size_t sides = 0;
    for (size_t k = 0; k < lines->lines; k++) {
        const rg_level_line *line = &lines->line[k];
        const rg_level_point *p = lines->point + line->first, *last = p + line->count - 1;
        assert_true(line->count >= 2);
        if (line->closed) assert_true(p->x == last->x && p->y == last->y);
        if (!line->closed) assert_true(on_frame(shape, *p) && on_frame(shape, *last));
        for (size_t i = 0; i < line->count; i++) {
            assert_true(fabs(interpolated(shape, values, p[i]) - level) < 1e-13 * (1 + fabs(level)) * 8);
            if (i > 0) assert_true(fabs(p[i].x - p[i - 1].x) <= 1 && fabs(p[i].y - p[i - 1].y) <= 1);
            if (i > 0) assert_true(p[i].x != p[i - 1].x || p[i].y != p[i - 1].y);
        }
        sides += line->count - (line->closed ? 1 : 0);
    }
    return sides;
}

static size_t count_crossed(const ptrdiff_t shape[2], const double *values, double level) {
    size_t count = 0;
    for (ptrdiff_t i = 0; i <= shape[0]; i++)
        for (ptrdiff_t j = 0; j <= shape[1]; j++) {
            const int above = at(shape, values, i, j) >= level;
            count += i < shape[0] && (at(shape, values, i + 1, j) >= level) != above;
            count += j < shape[1] && (at(shape, values, i, j + 1) >= level) != above;
        }
    return count;
}

static double noise(uint32_t *seed) {
    *seed = *seed * 1664525U + 1013904223U;
    return (double)(*seed >> 8) / 0x1p24;
}

/* No crossing is lost and none is there twice, on smooth arrays and on noise, which is full of saddles. */
static void every_crossing_is_part_of_one_line(void **state) {
    (void)state;
    uint32_t seed = 7;
    static const ptrdiff_t shapes[][2] = {{2, 2}, {3, 2}, {2, 5}, {17, 12}, {40, 33}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const ptrdiff_t *shape = shapes[s];
        double *values = take((size_t)(shape[0] * shape[1]), sizeof *values);
        for (int trial = 0; trial < 30; trial++) {
            for (ptrdiff_t k = 0; k < shape[0] * shape[1]; k++) {
                const double x = 2 * pi * (double)(k / shape[1]) / (double)shape[0];
                const double y = 2 * pi * (double)(k % shape[1]) / (double)shape[1];
                values[k] = trial % 2 ? noise(&seed) : sin(x + 0.1 * trial) + cos(2 * y);
            }
            const double level = 0.3 + 0.01 * trial;
            rg_level_lines lines = trace(shape, values, level);
            assert_int_equal(check_lines(shape, values, level, &lines), count_crossed(shape, values, level));
            rg_level_lines_clear(&lines);
        }
        free(values);
    }
}

/* Small whole numbers and a whole level: sides that lie in the level, peaks that touch it, plateaus. */
static void levels_on_grid_values_break_no_line(void **state) {
    (void)state;
    static const ptrdiff_t shape[2] = {23, 19};
    double values[23 * 19];
    uint32_t seed = 3;
    for (int trial = 0; trial < 200; trial++) {
        for (int k = 0; k < 23 * 19; k++) values[k] = floor((2 + trial % 5) * noise(&seed));
        rg_level_lines lines = trace(shape, values, 1);
        check_lines(shape, values, 1, &lines);
        rg_level_lines_clear(&lines);
    }
    for (int k = 0; k < 23 * 19; k++) values[k] = 1;
    rg_level_lines none = trace(shape, values, 1);
    assert_int_equal(none.lines, 0);
    values[5 * 19 + 6] = 2; /* a peak, and the plateau around it touches the level */
    rg_level_lines_clear(&none);
    none = trace(shape, values, 2);
    assert_int_equal(none.lines, 0);
    rg_level_lines_clear(&none);
}

static double length_of(const ptrdiff_t shape[2], const rg_level_lines *lines) {
    double length = 0;
    for (size_t k = 0; k < lines->lines; k++)
        for (size_t i = 1; i < lines->line[k].count; i++) {
            const rg_level_point *p = lines->point + lines->line[k].first + i;
            length += hypot((p[0].x - p[-1].x) / (double)shape[0], (p[0].y - p[-1].y) / (double)shape[1]);
        }
    return length;
}

/* A circle of radius 0.29 in the unit square, wherever its middle is; second order. */
static double circle_error(ptrdiff_t n0, ptrdiff_t n1, double x0, double y0) {
    const ptrdiff_t shape[2] = {n0, n1};
    double *values = take((size_t)(n0 * n1), sizeof *values);
    for (ptrdiff_t i = 0; i < n0; i++)
        for (ptrdiff_t j = 0; j < n1; j++) {
            const double x = remainder((double)i / (double)n0 - x0, 1), y = remainder((double)j / (double)n1 - y0, 1);
            values[i * n1 + j] = x * x + y * y;
        }
    rg_level_lines lines = trace(shape, values, 0.29 * 0.29);
    const double error = length_of(shape, &lines) - 2 * pi * 0.29;
    const int whole = x0 > 0.3 && x0 < 0.7 && y0 > 0.3 && y0 < 0.7;
    if (whole) assert_true(lines.lines == 1 && lines.line[0].closed);
    if (!whole) assert_true(lines.lines > 1 && !lines.line[0].closed);
    rg_level_lines_clear(&lines);
    free(values);
    return fabs(error);
}

static void circles_have_their_length(void **state) {
    (void)state;
    static const double middle[][2] = {{0.46, 0.57}, {0.03, 0.52}, {0.97, 0.04}};
    for (int k = 0; k < 3; k++) {
        const double coarse = circle_error(41, 37, middle[k][0], middle[k][1]);
        const double fine = circle_error(164, 148, middle[k][0], middle[k][1]);
        assert_true(coarse < 0.01 && fine < 0.001);
        assert_true(coarse / fine > 8 && coarse / fine < 32); /* 16 at second order */
    }
}

/* Corners above 0 on one diagonal; the mean of the cell says whether they are joined. */
static void saddles_go_by_their_mean(void **state) {
    (void)state;
    static const ptrdiff_t shape[2] = {4, 4};
    for (int joined = 0; joined <= 1; joined++) {
        double values[16];
        for (int k = 0; k < 16; k++) values[k] = -1;
        values[1 * 4 + 1] = values[2 * 4 + 2] = joined ? 2 : 0.5;
        rg_level_lines lines = trace(shape, values, 0);
        assert_int_equal(lines.lines, joined ? 1 : 2);
        rg_level_lines_clear(&lines);
    }
}

static void cells_that_are_not_finite_are_left_out(void **state) {
    (void)state;
    static const ptrdiff_t shape[2] = {20, 18};
    double values[20 * 18];
    for (int i = 0; i < 20; i++)
        for (int j = 0; j < 18; j++)
            values[i * 18 + j] = j + 0.01 * i; /* one line across at 8.5, one down at the jump */
    values[7 * 18 + 8] = nan("");
    rg_level_lines lines = trace(shape, values, 8.5);
    size_t ends = 0;
    for (size_t k = 0; k < lines.lines; k++) {
        const rg_level_line *line = &lines.line[k];
        for (size_t i = 0; i < line->count; i++) {
            const rg_level_point p = lines.point[line->first + i];
            assert_false(p.x > 6 && p.x < 8 && p.y > 7 && p.y < 9);
            if ((i == 0 || i + 1 == line->count) && !on_frame(shape, p)) {
                assert_true(p.x == 6 || p.x == 8);
                ends++;
            }
        }
    }
    assert_int_equal(ends, 2);
    rg_level_lines_clear(&lines);
}

static void a_transposed_array_has_transposed_lines(void **state) {
    (void)state;
    static const ptrdiff_t shape[2] = {13, 8}, other[2] = {8, 13};
    double values[13 * 8], transposed[13 * 8];
    uint32_t seed = 11;
    for (int k = 0; k < 13 * 8; k++) values[k] = noise(&seed);
    for (int i = 0; i < 13; i++)
        for (int j = 0; j < 8; j++) transposed[j * 13 + i] = values[i * 8 + j];
    rg_level_lines a = trace(shape, values, 0.47), b = trace(other, transposed, 0.47);
    assert_int_equal(a.lines, b.lines);
    assert_int_equal(a.points, b.points);
    double squares = 0; /* each point of one is a point of the other */
    for (size_t k = 0; k < a.points; k++) {
        double nearest = HUGE_VAL;
        for (size_t m = 0; m < b.points; m++)
            nearest = fmin(nearest, hypot(a.point[k].x - b.point[m].y, a.point[k].y - b.point[m].x));
        squares += nearest * nearest;
    }
    assert_true(squares == 0);
    rg_level_lines_clear(&a);
    rg_level_lines_clear(&b);
}

/* A wave along x: dark pixels where it has the level, none half a period further. */
static void contours_are_drawn_at_their_place(void **state) {
    (void)state;
    enum { N = 40 };
    double values[N * 2];
    for (int i = 0; i < N; i++) values[2 * i] = values[2 * i + 1] = cos(2 * pi * i / N);
    const double level = 0.31, place = acos(level) / (2 * pi);
    rg_contours contours = {.shape = {N, 2}, .values = values, .count = 1, .level = &level};
    const rg_panel panel = {.x = {.upper = 1}, .y = {.upper = 1}, .contours = &contours};
    struct shown s = show(&panel);
    for (double y = 0.05; y < 1; y += 0.05) {
        assert_true(is_ink(&s, s.x + s.width * place, s.y + s.height * y));
        assert_true(is_ink(&s, s.x + s.width * (1 - place), s.y + s.height * y));
        for (double x = 0.03; x < 0.99; x += 0.01)
            if (fabs(x - place) > 0.01 && fabs(x - 1 + place) > 0.01)
                assert_false(is_ink(&s, s.x + s.width * x, s.y + s.height * y));
    }
    free(s.picture.rgb);
}

/* The number interrupts one of the two lines, and stands within the frame. */
static void numbers_stand_on_their_line(void **state) {
    (void)state;
    enum { N = 40 };
    double values[N * 2];
    for (int i = 0; i < N; i++) values[2 * i] = values[2 * i + 1] = cos(2 * pi * i / N);
    const double level = -0.25, place = acos(level) / (2 * pi);
    rg_contours contours = {.shape = {N, 2}, .values = values, .count = 1, .level = &level, .labels = 1};
    const rg_panel panel = {.x = {.upper = 1}, .y = {.upper = 1}, .contours = &contours};
    struct shown s = show(&panel);
    int broken[2] = {0, 0}, beside = 0;
    for (int side = 0; side < 2; side++)
        for (double y = 3; y < s.height - 3; y++) {
            const double x = s.x + s.width * (side ? 1 - place : place);
            broken[side] += !is_ink(&s, x, s.y + y);
            for (double off = 3; off < 7; off++) beside += is_ink(&s, x + off, s.y + y) || is_ink(&s, x - off, s.y + y);
        }
    assert_true((broken[0] == 0) != (broken[1] == 0));
    assert_true(broken[0] + broken[1] < s.height / 4); /* the line goes on behind it */
    assert_true(beside > 5);
    free(s.picture.rgb);
}

static void numbers_have_as_few_digits_as_tell_levels_apart(void **state) {
    (void)state;
    static const struct {
        double value, error;
        const char *text;
    } expected[] = {
        {0, 0, "0"},
        {0.1 + 0.2, 1e-4, "0.3"},
        {-0.125, 1e-5, RG_MINUS "0.125"},
        {-0.1253, 0.01, RG_MINUS "0.13"},
        {2.0 / 3, 1e-3, "0.667"},
        {1234, 1, "1234"},
        {99999, 0.1, "99999"},
        {100000, 0.1, "10<sup>5</sup>"},
        {-2.5e-7, 1e-10, RG_MINUS "2.5" RG_TIMES "10<sup>" RG_MINUS "7</sup>"},
        {0.001, 1e-6, "0.001"},
        {0.00098, 1e-6, "9.8" RG_TIMES "10<sup>" RG_MINUS "4</sup>"},
        {6.02e23, 1e20, "6.02" RG_TIMES "10<sup>23</sup>"},
        {DBL_TRUE_MIN, 0, "0"},
        {1.0 / 3, 0, "0.333333333333"},
        {1e300, 1e290, "10<sup>300</sup>"},
    };
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++) {
        char text[RG_NUMBER_TEXT];
        rg_number_short(text, expected[k].value, expected[k].error);
        assert_string_equal(text, expected[k].text);
    }
}

/* ---- whole figures */

struct layers {
    double values[CELLS], *field;
    double level[3];
    rg_heat_map heat;
    rg_flow flow;
    rg_arrows arrows;
    rg_contours contours;
    rg_panel panel;
};

static void describe(struct layers *l) {
    *l = (struct layers){.field = swirl(N0, N1, 1.7), .level = {-2.1, 0.4, 1.25}};
    fill(l->values);
    l->heat = heat_map(l->values);
    l->flow = (rg_flow){.shape = {N0, N1}, .vector = l->field};
    l->arrows = (rg_arrows){.shape = {N0, N1}, .vector = l->field};
    l->contours = (rg_contours){.shape = {N0, N1}, .values = l->values, .count = 3, .level = l->level, .labels = 1};
    l->panel = panel_of(&l->heat);
    l->panel.flow = &l->flow;
    l->panel.arrows = &l->arrows;
    l->panel.contours = &l->contours;
}

static char *read_file(const char *name, size_t *size) {
    FILE *file = fopen(scratch_path(name), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = take(*size + 1, 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void equal_layers_are_equal_bytes(void **state) {
    (void)state;
    struct layers l;
    describe(&l);
    rg_figure figure = figure_of(&l.panel);
    figure.panel_size = 200; /* pixels enough for threads */
    const int threads = omp_get_max_threads();
    for (int i = 0; i < FORMATS; i++) {
        size_t first_size, second_size;
        omp_set_num_threads(1);
        write_ok(&figure, format_names[i]);
        char *first = read_file(format_names[i], &first_size);
        omp_set_num_threads(2);
        write_ok(&figure, format_names[i]);
        char *second = read_file(format_names[i], &second_size);
        assert_int_equal(first_size, second_size);
        assert_memory_equal(first, second, first_size);
        free(first);
        free(second);
    }
    omp_set_num_threads(threads);
    free(l.field);
}

/* Each layer alone, with the smallest arrays, constant values and extreme ones, at every resolution. */
static void odd_arrays_are_drawn(void **state) {
    (void)state;
    static const double sizes[] = {0, 1, DBL_TRUE_MIN, 1e300, DBL_MAX};
    static const double dpi[] = {20, 150, 700};
    for (int s = 0; s < 5; s++)
        for (int d = 0; d < 3; d++) {
            double *field = uniform(4, sizes[s], -sizes[s]);
            const double level[2] = {-sizes[s] / 2, 1e-3 + sizes[s] / 3};
            const rg_flow flow = {.shape = {2, 2}, .vector = field};
            const rg_arrows arrows = {.shape = {2, 2}, .vector = field, .longest = s == 3 ? 1e-300 : 0};
            const rg_contours contours = {.shape = {2, 4}, .values = field, .count = 2, .level = level, .labels = 1};
            rg_panel panel[3] = {arrow_panel(NULL), arrow_panel(&arrows), arrow_panel(NULL)};
            panel[0].flow = &flow;
            panel[2].contours = &contours;
            panel[2].x.upper = 1e200;
            const rg_figure figure = {.panels = 3, .panel = panel, .panel_size = 40, .dpi = dpi[d]};
            for (int i = 0; i < FORMATS; i++) write_ok(&figure, format_names[i]);
            free(field);
        }
}

static void expect_refusal(const rg_panel *panel, const char *words) {
    const rg_figure figure = figure_of(panel);
    const char *path = scratch_path("a.png");
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_figure_write(&figure, path, &d), RG_EINVAL);
    if (!strstr(d.text, words)) print_error("expected \"%s\" in \"%s\"\n", words, d.text);
    assert_non_null(strstr(d.text, words));
    assert_non_null(strstr(d.text, "panel 1: "));
    assert_int_equal(scratch_clear(), 0);
}

static void bad_layers_are_refused(void **state) {
    (void)state;
    enum { CASES = 29 };
    struct layers *l = take(CASES, sizeof *l);
    const char *words[CASES];
    double *nothing = uniform(CELLS, nan(""), 1);
    for (int i = 0; i < CASES; i++) describe(&l[i]);
    int n = 0;
    l[n].flow.shape[0] = 1, words[n++] = "flow: axis 0: expected 2 to 31999 points, got 1";
    l[n].flow.shape[1] = 32000, words[n++] = "flow: axis 1: expected 2 to 31999 points, got 32000";
    l[n].flow.vector = NULL, words[n++] = "flow: no vectors";
    l[n].flow.vector = nothing, words[n++] = "flow: expected at least one vector of finite components";
    l[n].flow.strength = -0.1, words[n++] = "flow: expected a strength of 0 to 1";
    l[n].flow.strength = 1.1, words[n++] = "got 1.1";
    l[n].flow.strength = nan(""), words[n++] = "strength";
    l[n].arrows.shape[0] = -2, words[n++] = "arrows: axis 0: expected 2 to 31999 points, got -2";
    l[n].arrows.shape[1] = 0, words[n++] = "arrows: axis 1";
    l[n].arrows.vector = NULL, words[n++] = "arrows: no vectors";
    l[n].arrows.vector = nothing, words[n++] = "arrows: expected at least one vector";
    l[n].arrows.spacing = 3.9, words[n++] = "arrows: expected a spacing of 4 to 200 points (0: 12), got 3.9";
    l[n].arrows.spacing = 201, words[n++] = "got 201";
    l[n].arrows.spacing = nan(""), words[n++] = "spacing";
    l[n].arrows.longest = -1, words[n++] = "longest vector (0: from the data), got -1";
    l[n].arrows.longest = HUGE_VAL, words[n++] = "longest";
    l[n].arrows.longest = nan(""), words[n++] = "longest";
    l[n].arrows.shortest = -1,
    words[n++] = "arrows: expected a finite, positive shortest length in points (0: dots), got -1";
    l[n].arrows.shortest = HUGE_VAL, words[n++] = "shortest";
    l[n].contours.shape[0] = 1, words[n++] = "contours: axis 0: expected 2 to 31999 points, got 1";
    l[n].contours.shape[1] = PTRDIFF_MAX, words[n++] = "contours: axis 1";
    l[n].contours.values = NULL, words[n++] = "contours: no values";
    l[n].contours.values = nothing, words[n++] = "contours: the array has no finite value";
    l[n].contours.count = 0, words[n++] = "contours: expected 1 to 64 levels, got 0";
    l[n].contours.count = 65, words[n++] = "got 65";
    l[n].contours.level = NULL, words[n++] = "expected 1 to 64 levels";
    l[n].level[1] = nan(""), l[n].contours.level = l[n].level, words[n++] = "level 2: expected a finite number";
    l[n].level[1] = -2.1, l[n].contours.level = l[n].level, words[n++] = "ascending levels, got -2.1 after -2.1";
    l[n].level[2] = 0.3, l[n].contours.level = l[n].level, words[n++] = "ascending levels, got 0.3 after 0.4";
    assert_int_equal(n, CASES);
    scratch_clear();
    for (int i = 0; i < CASES; i++) {
        expect_refusal(&l[i].panel, words[i]);
        free(l[i].field);
    }
    free(nothing);
    free(l);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    struct layers l;
    describe(&l);
    rg_figure figure = figure_of(&l.panel);
    figure.panel_size = 40;
    scratch_clear();
    for (int i = 0; i < FORMATS; i++) {
        const char *path = scratch_path(format_names[i]);
        rg_status status = RG_ENOMEM;
        long n = 0;
        for (; status == RG_ENOMEM && n < 200; n++) {
            assert_int_equal(scratch_clear(), n == 0 && i > 0);
            rg_diagnostic d = {RG_OK, ""};
            rg_alloc_fail_after(n);
            status = rg_figure_write(&figure, path, &d);
            assert_int_equal(d.status, status);
        }
        rg_alloc_fail_after(-1);
        assert_int_equal(status, RG_OK);
        assert_true(n > 12);
    }
    free(l.field);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_texture_runs_along_the_flow),
        cmocka_unit_test(a_texture_follows_the_shape_of_the_page),
        cmocka_unit_test(a_coarse_grain_is_as_much_longer),
        cmocka_unit_test(textures_are_normalised),
        cmocka_unit_test(the_threads_leave_no_trace),
        cmocka_unit_test(the_size_of_vectors_does_not_matter),
        cmocka_unit_test(points_without_a_vector_stay_plain),
        cmocka_unit_test(a_turned_flow_has_a_turned_texture),
        cmocka_unit_test(the_mean_of_all_ranks_is_the_colour),
        cmocka_unit_test(a_flow_keeps_the_mean_of_the_picture),
        cmocka_unit_test(no_flow_changes_nothing),
        cmocka_unit_test(arrows_point_along_the_vector),
        cmocka_unit_test(the_length_is_linear_in_the_vector),
        cmocka_unit_test(short_arrows_are_dots_and_missing_ones_nothing),
        cmocka_unit_test(arrows_below_the_shortest_are_left_out),
        cmocka_unit_test(a_bounded_field_does_not_go_on_at_the_other_end),
        cmocka_unit_test(every_crossing_is_part_of_one_line),
        cmocka_unit_test(levels_on_grid_values_break_no_line),
        cmocka_unit_test(circles_have_their_length),
        cmocka_unit_test(saddles_go_by_their_mean),
        cmocka_unit_test(cells_that_are_not_finite_are_left_out),
        cmocka_unit_test(a_transposed_array_has_transposed_lines),
        cmocka_unit_test(contours_are_drawn_at_their_place),
        cmocka_unit_test(numbers_stand_on_their_line),
        cmocka_unit_test(numbers_have_as_few_digits_as_tell_levels_apart),
        cmocka_unit_test(equal_layers_are_equal_bytes),
        cmocka_unit_test(odd_arrays_are_drawn),
        cmocka_unit_test(bad_layers_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
