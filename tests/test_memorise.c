/* Neighbours against a search by hand; the test's level under the null and its power against copies, with fixed seeds; the
 * beta-binomial tail by enumeration; what a caller may get wrong. */
#include "base/base.h"
#include "base/stream.h"

#include <rotgrad/memorise.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"

static void normal_points(size_t count, size_t dim, uint64_t seed, double offset, double *x) {
    for (size_t i = 0; i < count; i++) {
        const rg_stream stream = {.seed = seed, .item = (uint32_t)i};
        rg_stream_normal(&stream, dim, x + i * dim);
        for (size_t a = 0; a < dim; a++) x[i * dim + a] += offset;
    }
}

static double distance(size_t dim, const double *x, const double *y) {
    double sum = 0;
    for (size_t a = 0; a < dim; a++) sum += pow(x[a] - y[a], 2);
    return sqrt(sum);
}

/* More than a block of training points and a tile of samples, far from the origin; some points repeat, some nearly do. */
static void neighbours_are_the_nearest(void **state) {
    (void)state;
    const struct {
        size_t dim, train, count;
        double offset;
        int leave_out;
    } rooms[] = {{1, 3, 5, 0, 0}, {3, 1100, 300, 1e4, 0}, {40, 600, 300, 7, 0}, {5, 700, 700, 0, 1}};
    for (size_t k = 0; k < COUNT_OF(rooms); k++) {
        const size_t d = rooms[k].dim, n = rooms[k].train, m = rooms[k].count;
        double *y = rg_field_alloc(n * d), *x = rg_field_alloc(m * d);
        rg_neighbours *found = calloc(m, sizeof *found);
        normal_points(n, d, k, rooms[k].offset, y);
        normal_points(m, d, k + 9, rooms[k].offset, x);
        for (size_t j = 8; j < n; j += 8) memcpy(y + j * d, y + (j - 3) * d, d * sizeof *y);
        for (size_t j = 9; j < n; j += 8) y[j * d] = y[(j - 5) * d] + 1e-9;
        if (rooms[k].leave_out) memcpy(x, y, n * d * sizeof *x);
        assert_ok(rg_two_nearest(d, n, y, m, rooms[k].leave_out ? y : x, rooms[k].leave_out, found, NULL, NULL));
        for (size_t i = 0; i < m; i++) {
            double least = HUGE_VAL, second = HUGE_VAL;
            size_t first = 0;
            for (size_t j = 0; j < n; j++) {
                const double at = distance(d, x + i * d, y + j * d);
                if (rooms[k].leave_out && at == 0) continue;
                if (at < least) least = at, first = j;
            }
            for (size_t j = 0; j < n; j++) {
                const double at = distance(d, x + i * d, y + j * d);
                if ((rooms[k].leave_out && at == 0) || memcmp(y + j * d, y + first * d, d * sizeof *y) == 0) continue;
                second = fmin(second, at);
            }
            assert_int_equal(found[i].index[0], first);
            assert_below(fabs(found[i].distance[0] - least), 1e-14 * least);
            assert_below(fabs(found[i].distance[1] - second), 1e-14 * second);
            assert_below(fabs(distance(d, x + i * d, y + found[i].index[1] * d) - second), 1e-14 * second);
        }
        rg_free(y);
        rg_free(x);
        free(found);
    }
}

/* Where all points are far away, a matrix product says nothing about who is the nearest: |x|^2 / 2 is 3.2e17 here, rounded to 64,
 * and squared distances are about 100. What the product leaves in question, all of them, must be looked at. */
static void far_points_are_told_apart(void **state) {
    (void)state;
    enum { DIM = 64, TRAIN = 300, COUNT = 40 };
    double *y = rg_field_alloc(TRAIN * DIM), *x = rg_field_alloc(COUNT * DIM);
    rg_neighbours found[COUNT];
    normal_points(TRAIN, DIM, 3, 1e8, y);
    normal_points(COUNT, DIM, 4, 1e8, x);
    assert_ok(rg_two_nearest(DIM, TRAIN, y, COUNT, x, 0, found, NULL, NULL));
    for (size_t i = 0; i < COUNT; i++) {
        size_t nearest = 0;
        for (size_t j = 1; j < TRAIN; j++)
            if (distance(DIM, x + i * DIM, y + j * DIM) < distance(DIM, x + i * DIM, y + nearest * DIM)) nearest = j;
        assert_int_equal(found[i].index[0], nearest);
        for (size_t j = 0; j < TRAIN; j++)
            if (j != nearest)
                assert_true(distance(DIM, x + i * DIM, y + j * DIM) >= found[i].distance[1] * (1 - 1e-14));
    }
    rg_free(y);
    rg_free(x);
}

enum { D = 8, N = 400, H = 199, M = 150 };

struct data {
    double train[N * D], held_out[H * D], samples[M * D];
};

static rg_memorised judge(const struct data *data, size_t held_out) {
    const rg_memorise_data d = {.dim = D,
                                .train = N,
                                .samples = M,
                                .held_out = held_out,
                                .train_points = data->train,
                                .sample_points = data->samples,
                                .held_out_points = data->held_out};
    rg_memorised r = {0};
    rg_diagnostic why = {0};
    if (rg_memorise(&d, &r, &why)) fail_msg("%s", why.text);
    return r;
}

/* Samples of the same law: at most 5 % copies on average, p-values at least as large as uniform ones. 60 repetitions: the
 * share's mean has a deviation of sqrt(0.05 0.95 (1 / M + 1 / H) / 60) = 0.003. */
static void level_under_the_null(void **state) {
    (void)state;
    enum { TIMES = 60 };
    static struct data data;
    double share = 0;
    int small = 0;
    for (uint64_t t = 0; t < TIMES; t++) {
        normal_points(N, D, 100 + 3 * t, 0, data.train);
        normal_points(H, D, 101 + 3 * t, 0, data.held_out);
        normal_points(M, D, 102 + 3 * t, 0, data.samples);
        rg_memorised r = judge(&data, H);
        share += r.share / TIMES;
        small += r.test < 0.1;
        rg_memorised_free(&r);
    }
    assert_below(fabs(share - 0.05), 4 * 0.003); /* k / (H + 1) is 0.05 exactly */
    assert_true(small <= 6 + 4 * 2.3);           /* binomial (60, 0.1) */
}

/* A third of the samples are training points with a little noise: they are found, and named. */
static void copies_are_found(void **state) {
    (void)state;
    static struct data data;
    normal_points(N, D, 1, 0, data.train);
    normal_points(H, D, 2, 0, data.held_out);
    normal_points(M, D, 3, 0, data.samples);
    memcpy(data.train + 300 * D, data.train + 11 * D,
           D * sizeof *data.train); /* a copied point that stands there twice */
    for (size_t i = 0; i < 50; i++)
        for (size_t a = 0; a < D; a++)
            data.samples[i * D + a] = data.train[(i < 20 ? 11 : i) * D + a] + 0.01 * data.samples[i * D + a];
    memcpy(data.samples + 49 * D, data.train + 49 * D, D * sizeof *data.train);
    for (int own = 0; own < 2; own++) {
        rg_memorised r = judge(&data, own ? 0 : H);
        assert_int_equal(r.leave_one_out, own);
        assert_int_equal(r.repeated, 1);
        assert_int_equal(r.exact, 1);
        assert_true(r.copies >= 50 && r.copies < 50 + 20);
        assert_below(r.test, 1e-6);
        assert_int_equal(r.most[0].index, 11);
        assert_true(r.most[0].copies >= 20);
        assert_true(r.share_low < r.share && r.share < r.share_high && r.share_low > 0.25);
        for (size_t i = 0; i < 50; i++) assert_true(r.ratio[i] < 0.2 && r.neighbour[i].index[0] == (i < 20 ? 11 : i));
        assert_true(r.p_value[0] <= 2.0 / 200);
        rg_memorised_free(&r);
    }
}

/* One dimension, training points 0, 1, 3: ratios by hand. Held out 0.2 (0.25), 2.5 (1/3), 0.45 (9/11): alpha = 0.5 makes k = 2,
 * the threshold 1/3. Samples 0.1 (1/9), 0.25 (1/3, not below), 2 (1): one copy. P(at least one of 3 is below the second
 * of 3) = 1 - P(all three above it) = 1 - C(4, 1) / C(6, 3) = 4/5 by counting orders. */
static void by_hand(void **state) {
    (void)state;
    const double train[] = {0, 1, 3}, held_out[] = {0.2, 2.5, 0.45}, samples[] = {0.1, 0.25, 2};
    const rg_memorise_data d = {.dim = 1,
                                .train = 3,
                                .samples = 3,
                                .held_out = 3,
                                .train_points = train,
                                .sample_points = samples,
                                .held_out_points = held_out,
                                .alpha = 0.5};
    rg_memorised r = {0};
    assert_ok(rg_memorise(&d, &r, NULL));
    assert_below(fabs(r.threshold - 1.0 / 3), 1e-15);
    assert_int_equal(r.copies, 1);
    assert_below(fabs(r.test - 0.8), 1e-12);
    assert_below(fabs(r.p_value[0] - 0.25), 1e-15);
    assert_below(fabs(r.p_value[2] - 1), 1e-15);
    assert_int_equal(r.visited, 1);
    assert_int_equal(r.most[0].index, 0);
    rg_memorised_free(&r);
}

/* 0 and -0 are one place; alpha just below 1 takes the last of the null, not the one behind it; points so near each other
 * that squares underflow have a ratio; the largest numbers that are allowed have squares. */
static void ratios_at_the_edges(void **state) {
    (void)state;
    const double train[] = {0, -0.0, 1, 4}, samples[] = {0, 2.75}, null[] = {0.2, 1.25, 3},
                 close_by[] = {1e-200, 3e-200, 7e-200, 1}, large[] = {1e150, -1e150, 0, 4e149};
    rg_memorise_data d = {.dim = 1, .train = 4, .samples = 2, .held_out = 3, .alpha = 1 - 1e-15};
    d.train_points = train;
    d.sample_points = samples;
    d.held_out_points = null;
    rg_memorised r = {0};
    assert_ok(rg_memorise(&d, &r, NULL));
    assert_true(r.ratio[0] == 0 && r.neighbour[0].index[1] == 2);
    assert_below(fabs(r.threshold - 0.5), 1e-15);
    assert_int_equal(r.copies, 1);
    rg_memorised_free(&r);
    d = (rg_memorise_data){.dim = 1, .train = 4, .samples = 1, .held_out = 3};
    d.train_points = d.sample_points = d.held_out_points = close_by;
    assert_ok(rg_memorise(&d, &r, NULL));
    assert_true(r.ratio[0] == 0 && isfinite(r.ratio_of_null.high));
    rg_memorised_free(&r);
    d.train = 3;
    d.train_points = d.held_out_points = large;
    d.sample_points = large + 3;
    assert_ok(rg_memorise(&d, &r, NULL));
    assert_below(fabs(r.ratio[0] - 2.0 / 3), 1e-15);
    rg_memorised_free(&r);
}

static void refusals(void **state) {
    (void)state;
    const double points[] = {1, 2, 3, not_a_number}, one[] = {5, 5, 5, 5}, large[] = {1, 2, -1e200},
                 small[] = {1e-200, 3e-200, 7e-200};
    rg_memorised r = {0};
    rg_diagnostic why = {0};
    const rg_memorise_data good = {.dim = 1, .train = 3, .samples = 3, .train_points = points, .sample_points = points};
    rg_memorise_data bad[] = {good, good, good, good, good, good, good, good, good, good};
    const char *said[] = {"expected at least two training points, got 1",
                          "expected at least one sample",
                          "samples: row 3 is not finite",
                          "expected an alpha in (0, 1), got 2",
                          "the training points stand at one place, or two: there is no second nearest",
                          "expected held-out points, or at least three training points",
                          "training data: row 2 is too large for its square: rescale all points",
                          "samples: row 2 is too large for its square: rescale all points",
                          "held-out data: row 2 is too large for its square: rescale all points",
                          "the training points are too small for their squares: rescale all points"};
    bad[0].train = 1;
    bad[1].samples = 0;
    bad[2].samples = 4;
    bad[3].alpha = 2;
    bad[4].train_points = one;
    bad[5].train = 2;
    bad[6].train_points = bad[7].sample_points = bad[8].held_out_points =
        large; /* distances would be infinite: one place */
    bad[8].held_out = 3;
    bad[9].train_points = small; /* distances would be 0 */
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(rg_memorise(&bad[i], &r, &why), i == 4 ? RG_EDOMAIN : RG_EINVAL);
        assert_string_equal(why.text, said[i]);
    }
    rg_memorised_free(&r);
}

static int stop(void *data, double fraction, const char *stage) {
    (void)data;
    (void)fraction;
    (void)stage;
    return 1;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const double points[] = {1, 2, 4, 7};
    rg_memorise_data d = {.dim = 1, .train = 4, .samples = 4, .train_points = points, .sample_points = points};
    rg_status status = RG_ENOMEM;
    for (long n = 0; status && n < 100; n++) {
        rg_memorised r = {0};
        rg_alloc_fail_after(n);
        status = rg_memorise(&d, &r, NULL);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
        rg_memorised_free(&r);
    }
    assert_ok(status);
    rg_memorised r = {0};
    d.progress = stop;
    assert_int_equal(rg_memorise(&d, &r, NULL), RG_ECANCELLED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_the_nearest),
        cmocka_unit_test(far_points_are_told_apart),
        cmocka_unit_test(level_under_the_null),
        cmocka_unit_test(copies_are_found),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(ratios_at_the_edges),
        cmocka_unit_test(refusals),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
