/* rg_sample: experiments by particles, stopped and gone on with, starts, what files may hold, and the same experiment by its
 * Fokker-Planck equation. */
#include <rotgrad/run.h>
#include <rotgrad/sample.h>

#include "base/base.h"
#include "experiment/sample.h"

#include <rotgrad/array.h>

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "fields.h"
#include "scratch.h"

static const char *written(const char *name, const char *text) {
    const char *path = scratch_path(name);
    assert_int_equal(scratch_write(path, text, strlen(text)), 0);
    return path;
}

static rg_experiment read_text(const char *text) {
    rg_experiment e = {0};
    rg_diagnostic why = {0};
    if (rg_experiment_read_free(written("x.yaml", text), NULL, 0, &e, &why)) fail_msg("%s", why.text);
    return e;
}

static rg_sampled sample_text(const char *text) {
    rg_experiment e = read_text(text);
    rg_sampled s = {0};
    rg_diagnostic why = {0};
    if (rg_sample(&e, NULL, &s, &why)) fail_msg("%s", why.text);
    rg_experiment_free(&e);
    return s;
}

static void array(const char *name, ptrdiff_t rows, ptrdiff_t columns, const double *values) {
    const ptrdiff_t shape[] = {rows, columns};
    assert_ok(rg_array_write(scratch_path(name), 2, shape, values, NULL));
}

/* The place and the reason. */
static void refuse(const char *text, const char *said) {
    rg_experiment e = {0};
    rg_sampled s = {0};
    rg_diagnostic why = {0};
    rg_status status = rg_experiment_read_free(written("x.yaml", text), NULL, 0, &e, &why);
    if (!status) status = rg_sample(&e, NULL, &s, &why);
    assert_int_not_equal(status, RG_OK);
    if (!strstr(why.text, said)) fail_msg("expected \"%s\", got \"%s\"", said, why.text);
    rg_experiment_free(&e);
    rg_sampled_free(&s);
}

static void remember_points(void) {
    double points[40 * 5];
    for (int i = 0; i < 200; i++) points[i] = sin(3.7 * i * i);
    for (int a = 0; a < 5; a++) points[7 * 5 + a] = points[3 * 5 + a];
    array("x.npy", 40, 5, points);
}

#define DATA "density: {samples: x.npy}\nnoise: {sigma_min: 0.01, sigma_max: 10}\n"

/* ---- stopped, and gone on with */

static int stop_at(void *data, double fraction, const char *stage) {
    (void)stage;
    return fraction >= *(double *)data;
}

/* The checkpoint at `path`, with one number of a member moved. */
static void change(const char *path, const char *name, size_t place) {
    static const char *const member[] = {"fingerprint", "state", "rows"};
    rg_array array[3] = {0};
    rg_array_member out[3];
    char full[SCRATCH_ROOM + 32];
    for (int i = 0; i < 3; i++) {
        snprintf(full, sizeof full, "%s:%s", path, member[i]);
        assert_ok(rg_array_read(full, &array[i], NULL));
        if (strcmp(member[i], name) == 0) array[i].data[place] += 1.0 / 1024;
        out[i] = (rg_array_member){member[i], array[i].dim, array[i].shape, array[i].data};
    }
    assert_ok(rg_array_write_npz(path, out, 3, NULL));
    for (int i = 0; i < 3; i++) rg_array_free(&array[i]);
}

/* A checkpoint of `e`, stopped halfway. */
static const char *stopped(const rg_experiment *e) {
    static char checkpoint[SCRATCH_ROOM];
    double at = 0.5;
    rg_sampled s = {0};
    strcpy(checkpoint, scratch_path("c.npz"));
    const rg_sample_options how = {.progress = stop_at, .progress_data = &at, .checkpoint = checkpoint};
    assert_int_equal(rg_sample(e, &how, &s, NULL), RG_ECANCELLED);
    return checkpoint;
}

static void changed_checkpoints_are_refused(void **state) {
    (void)state;
    remember_points();
    rg_experiment e = read_text(DATA "sample: {particles: 6, steps: 8}\n");
    const struct {
        const char *name;
        size_t place;
    } changes[] = {{"state", 3}, {"state", 20}, {"rows", 5}, {"fingerprint", 40}, {"fingerprint", 3}};
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
        const rg_sample_options how = {.checkpoint = stopped(&e), .resume = 1};
        rg_sampled s = {0};
        rg_diagnostic why = {0};
        change(how.checkpoint, changes[k].name, changes[k].place);
        assert_int_not_equal(rg_sample(&e, &how, &s, &why), RG_OK);
        const char *said = k < 4 ? "its numbers were changed after it was written" : "a run of another experiment";
        if (!strstr(why.text, said)) fail_msg("expected \"%s\", got \"%s\"", said, why.text);
    }
    rg_experiment_free(&e);
    assert_int_equal(scratch_clear(), 3);
}

static void going_on_may_lack_memory(void **state) {
    (void)state;
    remember_points();
    rg_experiment e = read_text(DATA "sample: {particles: 6, steps: 8}\n");
    rg_sample_options how = {.checkpoint = stopped(&e), .resume = 1};
    double at = 0.75;
    for (int stop = 0; stop < 2; stop++) {
        if (stop) how.progress = stop_at, how.progress_data = &at;
        rg_status status = RG_ENOMEM;
        for (long n = 0; status == RG_ENOMEM && n < 400; n++) {
            rg_sampled s = {0};
            rg_alloc_fail_after(n);
            status = rg_sample(&e, &how, &s, NULL);
            rg_alloc_fail_after(-1);
            rg_sampled_free(&s);
        }
        assert_int_equal(status, stop ? RG_ECANCELLED : RG_OK);
    }
    rg_experiment_free(&e);
    assert_int_equal(scratch_clear(), 3);
}

static void resumed_runs_have_the_same_bits(void **state) {
    (void)state;
    remember_points();
    const char *text = DATA "error: [{waves: {seed: 2, length: 1, amplitude: 0.3}}]\n"
                            "sample: {particles: 300, steps: 30, method: heun}\n";
    rg_experiment e = read_text(text);
    rg_sampled whole = sample_text(text), rest = {0};
    char checkpoint[SCRATCH_ROOM];
    strcpy(checkpoint, scratch_path("c.npz"));
    double when[] = {0.35, 0.7, 2};
    rg_sample_options how = {.progress = stop_at, .checkpoint = checkpoint};
    rg_diagnostic why = {0};
    for (int k = 0; k < 3; k++) {
        how.progress_data = &when[k];
        how.resume = k > 0;
        assert_int_equal(rg_sample_check(checkpoint, how.resume, &why), RG_OK);
        assert_int_equal(rg_sample(&e, &how, &rest, &why), k < 2 ? RG_ECANCELLED : RG_OK);
    }
    assert_int_equal(rg_sample_check(checkpoint, 0, &why), RG_EINVAL);
    assert_memory_equal(whole.samples, rest.samples, 300 * 5 * sizeof *whole.samples);
    assert_int_equal(whole.rows, 31);
    assert_int_equal(rest.rows, 31);
    for (size_t i = 0; i < 31; i++) assert_memory_equal(&whole.row[i], &rest.row[i], sizeof whole.row[i]);
    assert_memory_equal(whole.nearest, rest.nearest, 300 * sizeof *whole.nearest);
    assert_int_equal(whole.repeated, 1);
    assert_int_equal(whole.notes, 2); /* the first is of Novikov */
    assert_string_equal(whole.note[1],
                        "1 of the 40 samples repeat an earlier one; each counts, so such points weigh more");
    /* of another experiment */
    rg_experiment_free(&e);
    e = read_text(DATA "sample: {particles: 300, steps: 30, method: heun}\n");
    rg_sampled_free(&rest);
    assert_int_equal(rg_sample(&e, &how, &rest, &why), RG_EINVAL);
    assert_non_null(strstr(why.text, "a run of another experiment"));
    /* of the same keys and other data */
    double points[200] = {0};
    array("x.npy", 40, 5, points);
    rg_experiment_free(&e);
    e = read_text(text);
    assert_int_equal(rg_sample(&e, &how, &rest, &why), RG_EINVAL);
    assert_non_null(strstr(why.text, "or of other data"));
    scratch_write(checkpoint, "no archive", 10);
    assert_int_equal(rg_sample(&e, &how, &rest, &why), RG_EFORMAT);
    remove(checkpoint);
    assert_int_equal(rg_sample_check(checkpoint, 1, &why), RG_EINVAL);
    rg_experiment_free(&e);
    rg_sampled_free(&whole);
}

/* ---- starts */

static void prior_is_the_noised_law(void **state) {
    (void)state;
    rg_experiment e =
        read_text("density: {mixture: {means: [[1, 2], [-3, 2]], covariances: [[[1, 0.5], [0.5, 2]], [[1, 0], [0, "
                  "1]]], weights: [3, 1]}}\nnoise: {sigma_min: 0.1, sigma_max: 2}\n"
                  "sample: {particles: 40000}\n");
    const size_t n = 40000;
    double *x = rg_field_alloc(2 * n), mean[2] = {0}, second[3] = {0};
    assert_ok(rg_sample_prior(&e, &e.density, x, NULL));
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < 2; a++) mean[a] += x[2 * i + a] / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double u = x[2 * i] - mean[0], v = x[2 * i + 1] - mean[1];
        second[0] += u * u / (double)n;
        second[1] += u * v / (double)n;
        second[2] += v * v / (double)n;
    }
    /* mean (0, 2); covariance: between (3, 0, 0), within (1, 0.375, 1.75), noise 4 */
    assert_below(fabs(mean[0]), 4 * sqrt(8.0 / (double)n));
    assert_below(fabs(mean[1] - 2), 4 * sqrt(5.75 / (double)n));
    assert_below(fabs(second[0] - 8), 4 * 8 * sqrt(2.0 / (double)n));
    assert_below(fabs(second[1] - 0.375), 4 * sqrt(8 * 5.75 / (double)n));
    assert_below(fabs(second[2] - 5.75), 4 * 5.75 * sqrt(2.0 / (double)n));
    rg_free(x);
    rg_experiment_free(&e);
}

static void starts_of_files(void **state) {
    (void)state;
    remember_points();
    const double start[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    array("s.npy", 2, 5, start);
    rg_sampled s = sample_text(DATA "sample: {start: {file: s.npy}, steps: 20}\n");
    assert_int_equal(s.count, 2);
    assert_int_equal(s.dim, 5);
    rg_sampled_free(&s);
    refuse(DATA "sample: {start: {file: s.npy}, particles: 3}\n",
           "x.yaml:3:24: sample.start.file: s.npy: expected shape (3, 5), one row for each particle, got (2, 5)");
    s = sample_text(DATA "sample: {start: point, steps: 50, particles: 9}\n");
    assert_below(s.row[50].nearest_mean, 0.01 * 5);
    rg_sampled_free(&s);
}

static void a_torus_takes_points_in(void **state) {
    (void)state;
    const double points[] = {0.5, 0.2, 7, 0.2};
    array("t.npy", 2, 2, points);
    rg_sampled s = sample_text("grid: {shape: [16, 16], lower: [0, 0], length: [1, 2]}\ndensity: {samples: t.npy}\n"
                               "noise: {sigma_min: 0.1, sigma_max: 3}\nprior: uniform\nsample: {particles: 50}\n");
    assert_int_equal(s.notes, 1);
    assert_string_equal(s.note[0],
                        "1 of the 2 samples lie outside the box and were taken in by whole periods: is the box right?");
    for (size_t i = 0; i < 100; i++) assert_true(s.samples[i] >= 0 && s.samples[i] <= (i % 2 ? 2 : 1));
    rg_sampled_free(&s);
}

/* ---- distances */

/* An experiment of eight points on a circle (radius L/4 about the centre), whose score is found in different ways. */
static rg_sampled near(const char *density, const char *sample) {
    char text[512];
    snprintf(text, sizeof text,
             "grid: {shape: [48, 40], lower: [-1, 0], length: [2, 3]}\ndensity: %s\n"
             "noise: {sigma_min: 0.09, sigma_max: 2}\nerror: [{constant: [0.5, 0.2]}]\n"
             "sample: {particles: 200, steps: 20, %s}\n",
             density, sample);
    return sample_text(text);
}

static double around(double x, double y, double length) {
    return fabs(remainder(x - y, length));
}

/* Wherever the score comes from, the nearest point is the same where particles stand at the same places: at the start. */
static void distances_do_not_depend_on_the_score(void **state) {
    (void)state;
    double points[16];
    for (int i = 0; i < 8; i++) {
        points[2 * i] = 0.5 * cos(0.7853981633974483 * i) + (i == 2 ? 2 : 0); /* one is outside the box */
        points[2 * i + 1] = 1.5 + 0.75 * sin(0.7853981633974483 * i);
    }
    array("circle.npy", 8, 2, points);
    char list[400] = "{points: [";
    for (int i = 0; i < 8; i++)
        sprintf(list + strlen(list), "%s[%.17g, %.17g]", i ? ", " : "", points[2 * i], points[2 * i + 1]);
    strcat(list, "]}");
    const char *const density[] = {"{samples: circle.npy}", list, "{shape: circle, count: 8}"};
    const char *const score[] = {"score: points", "score: grid"};
    rg_sampled first = near(density[0], score[0]);
    assert_true(first.row[0].nearest_mean > 0);
    for (int k = 1; k < 6; k++) {
        rg_sampled s = near(density[k / 2], score[k % 2]);
        assert_int_equal(s.row[0].nearest_mean * 1e12, first.row[0].nearest_mean * 1e12);
        assert_int_equal(s.row[0].nearest_least * 1e12, first.row[0].nearest_least * 1e12);
        assert_int_equal(s.repeated, 0);
        for (size_t i = 0; i < s.count; i++) {
            const double *y = points + 2 * s.nearest[i], *x = s.samples + 2 * i;
            assert_below(fabs(s.distance[i] - hypot(around(x[0], y[0], 2), around(x[1], y[1], 3))), 1e-12);
            for (size_t j = 0; j < 8; j++)
                assert_true(hypot(around(x[0], points[2 * j], 2), around(x[1], points[2 * j + 1], 3)) >
                            s.distance[i] - 1e-12);
        }
        rg_sampled_free(&s);
    }
    rg_sampled_free(&first);
}

/* Noise of sigma across a curve: E|z| = sqrt(2 / pi) sigma, less v / (2 R) from its bending. */
static void distances_to_a_curve(void **state) {
    (void)state;
    rg_sampled s = sample_text("grid: {shape: [64, 64], lower: [-1, -1], length: [2, 2]}\ndensity: {shape: circle}\n"
                               "noise: {sigma_min: 0.05, sigma_max: 1}\n"
                               "sample: {particles: 1000, steps: 50, method: heun}\n");
    assert_null(s.nearest);
    double mean = 0;
    for (size_t i = 0; i < s.count; i++) {
        const double radius = hypot(s.samples[2 * i], s.samples[2 * i + 1]);
        assert_below(fabs(s.distance[i] - fabs(radius - 0.5)), 1e-6);
        mean += s.distance[i] / (double)s.count;
    }
    assert_below(fabs(mean - s.row[50].nearest_mean), 1e-12);
    assert_below(fabs(mean - sqrt(2 / 3.141592653589793) * 0.05), 4 * 0.6 * 0.05 / sqrt(1000) + 0.0025);
    rg_sampled_free(&s);
    s = near("{shape: ring}", "seed: 3"); /* which has a density */
    assert_null(s.distance);
    assert_true(isnan(s.row[20].nearest_mean));
    rg_sampled_free(&s);
}

/* Points in the file are samples on R^D, too; those with a width on a circle are not. */
static void points_are_samples(void **state) {
    (void)state;
    const double points[] = {0.5, 0.25, -1, 2, 0, 1};
    array("p.npy", 2, 3, points);
    rg_sampled s[] = {
        sample_text("density: {samples: p.npy}\nnoise: {sigma_min: 0.1, sigma_max: 3}\nsample: {particles: 20}\n"),
        sample_text("density: {points: [[0.5, 0.25, -1], [2, 0, 1]]}\nnoise: {sigma_min: 0.1, sigma_max: 3}\n"
                    "sample: {particles: 20}\n")};
    assert_int_equal(s[1].dim, 3);
    assert_memory_equal(s[0].samples, s[1].samples, 60 * sizeof(double));
    assert_memory_equal(s[0].nearest, s[1].nearest, 20 * sizeof(size_t));
    for (int k = 0; k < 2; k++) rg_sampled_free(&s[k]);
    refuse("grid: {shape: [16, 16]}\ndensity: {shape: circle, count: 5, width: 0.1}\n"
           "noise: {sigma_min: 0.3, sigma_max: 3}\nsample: {score: points}\n",
           "sample.score: expected grid: this density is known on a grid only");
    refuse("density: {points: [[1, 2], [3]]}\nnoise: {sigma_min: 0.3, sigma_max: 3}\n",
           "density.points.1: expected 2 numbers, one for each axis, got a list of 1");
    refuse("density: {points: [[1, 2]]}\nnoise: {sigma_min: 0, sigma_max: 3}\n", "expected a number above 0");
}

/* ---- refusals */

static void refusals(void **state) {
    (void)state;
    remember_points();
    refuse("density: {samples: x.npy}\nnoise: {sigma_min: 0, sigma_max: 10}\n",
           "x.yaml:2:20: noise.sigma_min: expected a number above 0, because samples have no density before they are "
           "smoothed");
    refuse("density: {mixture: {means: [[0]], sigma: 1}}\nnoise: {sigma_min: 0, sigma_max: 10}\n",
           "steps are geometric in sigma, so the lowest noise level must be above 0, got sigma_min = 0");
    refuse(DATA "error: [{constant: [1, 2]}]\n",
           "x.yaml:3:20: error.0.constant: expected 5 numbers, one for each axis, got a list of 2");
    refuse(DATA "error: [{random: {seed: 1, band: 2}}]\n",
           "x.yaml:3:10: error.0: expected constant, scaled, rotation or waves: random needs grid.shape");
    refuse(DATA "error: [{constant: [1, 2, 3, 4, 5], profile: steep}]\n",
           "expected one of flat, vp, inverse_sigma, inverse_variance");
    refuse(DATA "error: [{scaled: 1, profile: vp}]\n", "expected only beside \"constant\"");
    refuse(DATA "prior: uniform\n", "x.yaml:3:8: prior: expected exact without grid.shape");
    refuse(DATA "sample: {start: uniform}\n", "because R^d has no uniform law");
    refuse(DATA "sample: {score: grid}\n", "expected points: there is no grid.shape");
    refuse("density: {shape: ring}\nnoise: {sigma_min: 0.1, sigma_max: 10}\n",
           "expected a mixture, samples or points, or the key grid.shape");
    refuse("density: {samples: x.npy, background: 0.1}\nnoise: {sigma_min: 0.1, sigma_max: 10}\n",
           "density.background: expected 0 without grid.shape");
    refuse("density: {mixture: {means: [[0, 1], [2]], sigma: 1}}\nnoise: {sigma_min: 0.1, sigma_max: 10}\n",
           "density.mixture.means.1: expected 2 numbers, one for each axis, got a list of 1");
    refuse("density: {mixture: {means: [[0]], sigma: 1}}\nnoise: {sigma_min: 0.1, sigma_max: 10}\nsample: {bandwidth: "
           "1}\n",
           "expected density.samples or points, and their score at points, beside a bandwidth");
    const double bad[] = {1, not_a_number};
    array("n.npy", 1, 2, bad);
    refuse("density: {samples: n.npy}\nnoise: {sigma_min: 0.1, sigma_max: 10}\n",
           "n.npy: expected finite numbers, found NaN at index [0, 1]");
    rg_experiment e = {0};
    rg_diagnostic why = {0};
    assert_int_equal(rg_experiment_read(written("x.yaml", DATA), NULL, 0, &e, &why), RG_EINVAL); /* run needs a grid */
    assert_non_null(strstr(why.text, "grid: expected the key \"shape\""));
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    remember_points();
    const char *const texts[] = {
        DATA "error: [{scaled: -0.1}]\nsample: {particles: 3, steps: 2, method: heun}\n",
        "grid: {shape: [8, 9]}\ndensity: {shape: circle, count: 4}\nnoise: {sigma_min: 1, sigma_max: 3}\n"
        "sample: {particles: 3, steps: 2}\n",
        "grid: {shape: [8, 9]}\ndensity: {shape: circle}\nnoise: {sigma_min: 1, sigma_max: 3}\n"
        "sample: {particles: 3, steps: 2}\n",
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        rg_experiment e = read_text(texts[k]);
        rg_status status = RG_ENOMEM;
        for (long n = 0; status && n < 400; n++) {
            rg_sampled s = {0};
            rg_alloc_fail_after(n);
            status = rg_sample(&e, NULL, &s, NULL);
            rg_alloc_fail_after(-1);
            assert_true(status == RG_OK || status == RG_ENOMEM);
            rg_sampled_free(&s);
        }
        assert_ok(status);
        rg_experiment_free(&e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumed_runs_have_the_same_bits),
        cmocka_unit_test(changed_checkpoints_are_refused),
        cmocka_unit_test(going_on_may_lack_memory),
        cmocka_unit_test(prior_is_the_noised_law),
        cmocka_unit_test(starts_of_files),
        cmocka_unit_test(a_torus_takes_points_in),
        cmocka_unit_test(distances_do_not_depend_on_the_score),
        cmocka_unit_test(distances_to_a_curve),
        cmocka_unit_test(points_are_samples),
        cmocka_unit_test(refusals),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
