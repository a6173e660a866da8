/* The gradient bound from samples: draws have the law they are drawn from, values between grid points are those of the
 * waves, the interval holds the exact bound, and the same numbers come out of any number of threads. */
#include "base/base.h"
#include "experiment/dual_sobolev.h"
#include "grid/interpolate.h"
#include "measure/score_class.h"
#include "scratch.h"

#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))
static const double pi = 3.14159265358979323846;

static rg_grid grid_of(int dim, const ptrdiff_t *shape) {
    static const double lower[] = {-1.3, 0.4, 2}, length[] = {2.3, 0.7, 1.9};
    rg_grid g;
    assert_int_equal(rg_grid_init(dim, shape, lower, length, &g), RG_OK);
    return g;
}

static double *room(size_t count) {
    double *values = rg_field_alloc(count);
    assert_non_null(values);
    return values;
}

/* ---- draws */

/* 2 pi k.(x - lower) / L */
static double phase(const rg_grid *g, const int *wave, const double *x) {
    double sum = 0;
    for (int a = 0; a < g->dim; a++) sum += 2 * pi * wave[a] * (x[a] - g->lower[a]) / g->length[a];
    return sum;
}

/* What noise of this variance leaves of a wave. */
static double damping(const rg_grid *g, const int *wave, double variance) {
    double square = 0;
    for (int a = 0; a < g->dim; a++) square += pow(2 * pi * wave[a] / g->length[a], 2);
    return exp(-0.5 * variance * square);
}

static double on_grid(const rg_grid *g, const double *log_density, const int *wave, double turn) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        const ptrdiff_t *n = g->shape, at[] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        double x[RG_MAX_DIM];
        for (int a = 0; a < g->dim; a++) x[a] = g->lower[a] + (double)at[a] * rg_grid_spacing(g, a);
        sum += exp(log_density[i]) * cos(phase(g, wave, x) + turn);
    }
    return sum * rg_grid_cell_volume(g);
}

static double in_samples(const rg_grid *g, const double *x, size_t count, const int *wave, double turn) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += cos(phase(g, wave, x + i * (size_t)g->dim) + turn);
    return sum / (double)count;
}

/* The mean of a cosine over N samples has a standard deviation below 1 / sqrt(N): five of them in some 1,000 comparisons
 * leave a chance of 6e-4. The clean samples show the same after the damping. */
static void expect_law(const rg_density_spec *spec, const rg_grid *g, double variance) {
    enum { COUNT = 40000, MOST = 3 };
    const double allowed = 5 / sqrt(COUNT);
    const size_t d = (size_t)g->dim;
    rg_density *density = NULL;
    double *log_density = room((size_t)rg_grid_cells(g)), *clean = room(COUNT * d), *points = room(COUNT * d);
    assert_int_equal(rg_density_create(g, spec, variance, &density, NULL), RG_OK);
    assert_int_equal(rg_density_at(density, variance, log_density, NULL, NULL), RG_OK);
    assert_int_equal(rg_density_draw(g, spec, variance, COUNT, 17, clean, points), RG_OK);
    for (size_t i = 0; i < COUNT * d; i++) {
        const int a = (int)(i % d);
        assert_true(points[i] >= g->lower[a] && points[i] <= g->lower[a] + g->length[a]);
    }
    for (int k = 0; k < (MOST + 1) * (MOST + 1); k++)
        for (int turn = 0; turn < 2; turn++) {
            const int wave[] = {k / (MOST + 1), k % (MOST + 1) - 1, 1};
            const double angle = turn * pi / 2, expected = on_grid(g, log_density, wave, angle);
            const double found = in_samples(g, points, COUNT, wave, angle);
            const double damped = damping(g, wave, variance) * in_samples(g, clean, COUNT, wave, angle);
            if (fabs(found - expected) > allowed || fabs(damped - expected) > allowed)
                fail_msg("kind %d, wave %d %d: %g and %g, expected %g", spec->kind, wave[0], wave[1], found, damped,
                         expected);
        }
    rg_density_destroy(density);
    rg_free(log_density);
    rg_free(clean);
    rg_free(points);
}

static void draws_have_the_law_of_the_density(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){40, 44}), cube = grid_of(3, (ptrdiff_t[]){16, 12, 16});
    const double means[] = {-0.9, 0.5, 0.2, 0.95}, weights[] = {0.7, 0.2};
    const double covariances[] = {0.09, 0.016, 0.016, 0.0064, 0.04, -0.01, -0.01, 0.01};
    const double points[] = {-1.1, 0.6, 0.3, 0.9, 0.31, 0.42, 7, -3};
    double values[9 * 7];
    for (int i = 0; i < 9 * 7; i++) values[i] = exp(sin(2 * pi * (i / 7) / 9.0) + cos(2 * pi * (i % 7) / 7.0 + 0.4));
    const rg_density_spec specs[] = {
        {.kind = RG_DENSITY_MIXTURE, .components = 2, .means = means, .covariances = covariances, .weights = weights},
        {.kind = RG_DENSITY_SAMPLES, .background = 0.3, .samples = 4, .points = points},
        {.kind = RG_DENSITY_GRID, .background = 0.1, .values_grid = grid_of(2, (ptrdiff_t[]){9, 7}), .values = values},
        {.kind = RG_DENSITY_RING, .width = 0.05},
        {.kind = RG_DENSITY_TWO_MOONS, .width = 0.04, .background = 0.2},
        {.kind = RG_DENSITY_CHECKERBOARD, .width = 0.03},
    };
    for (size_t i = 0; i < COUNT_OF(specs); i++) expect_law(&specs[i], &g, 0.004);
    expect_law(&specs[5], &cube, 0.02);
}

static void draws_repeat_and_refuse(void **state) {
    (void)state;
    const rg_grid g = grid_of(1, (ptrdiff_t[]){9});
    const double point = 0.3;
    const rg_density_spec spec = {.kind = RG_DENSITY_SAMPLES, .samples = 1, .points = &point};
    double first[50], again[50], other[50];
    assert_int_equal(rg_density_draw(&g, &spec, 0.1, 50, 3, NULL, first), RG_OK);
    assert_int_equal(rg_density_draw(&g, &spec, 0.1, 50, 3, NULL, again), RG_OK);
    assert_int_equal(rg_density_draw(&g, &spec, 0.1, 50, 4, NULL, other), RG_OK);
    assert_memory_equal(first, again, sizeof first);
    assert_true(memcmp(first, other, sizeof first) != 0);
    assert_int_equal(rg_density_draw(&g, &spec, -0.1, 50, 3, NULL, first), RG_EINVAL);
    assert_int_equal(rg_density_draw(&g, &spec, 0.1, 50, 3, NULL, NULL), RG_EINVAL);
}

/* ---- between grid points */

/* Outside what double precision places in a period the stencil still lies within the array. */
static void wild_points_are_read_within_the_grid(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){12, 13, 1});
    double values[156], out[6];
    for (int i = 0; i < 156; i++) values[i] = 1;
    const double x[] = {1e300, 1, -1e300, 1e25, 1e17, -1e22, (double)INFINITY, 0, (double)NAN, 1, 0, -(double)INFINITY};
    rg_interpolate(&g, 1, values, 6, x, out);
    for (int i = 0; i < 3; i++) assert_true(fabs(out[i] - 1) < 1e-12);
    for (int i = 3; i < 6; i++) assert_true(isnan(out[i]));
}

/* As interpolate.h states it, on every axis; exact at the grid points, and periodic. */
static void waves_are_interpolated_as_stated(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {22, 30, 26};
    const int wave[] = {2, -3, 1};
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, shape);
        const size_t n = (size_t)rg_grid_cells(&g);
        double *values = room(2 * n), allowed = 0, x[2][RG_MAX_DIM] = {{0}}, out[2][2];
        for (size_t i = 0; i < n; i++) {
            const ptrdiff_t *m = g.shape, cell = (ptrdiff_t)i;
            const ptrdiff_t at[] = {cell / (m[1] * m[2]), cell / m[2] % m[1], cell % m[2]};
            for (int a = 0; a < dim; a++) x[0][a] = g.lower[a] + (double)at[a] * rg_grid_spacing(&g, a);
            values[i] = cos(phase(&g, wave, x[0]));
            values[n + i] = 1.7;
        }
        for (int a = 0; a < dim; a++) allowed += 225.0 / 46080 * pow(2 * pi * abs(wave[a]) / (double)shape[a], 6);
        double worst = 0;
        for (int k = 0; k < 200; k++) {
            for (int a = 0; a < dim; a++) {
                x[0][a] = g.lower[a] + g.length[a] * fmod((a + 1) * 0.6180339887 * (k + 0.37), 1);
                x[1][a] = x[0][a] + (k % 5 - 2) * g.length[a];
            }
            rg_interpolate(&g, 2, values, 1, x[0], out[0]);
            rg_interpolate(&g, 2, values, 1, x[1], out[1]);
            assert_true(fabs(out[0][0] - out[1][0]) < 1e-12 && fabs(out[0][1] - 1.7) < 1e-14);
            worst = fmax(worst, fabs(out[0][0] - cos(phase(&g, wave, x[0]))));
        }
        if (worst > allowed || worst < 0.1 * allowed) fail_msg("%d-D: off by %g, stated %g", dim, worst, allowed);
        for (int a = 0; a < dim; a++) x[0][a] = g.lower[a];
        rg_interpolate(&g, 2, values, 1, x[0], out[0]);
        assert_true(fabs(out[0][0] - values[0]) < 1e-14);
        rg_free(values);
    }
}

/* ---- runs */

#define QUICK "tolerance=1e-3", "grid.shape=[40, 40]"

static rg_outcome *run(const char *file, const char *const *settings, size_t count, char **json, char **table) {
    char path[1024];
    rg_experiment x;
    rg_outcome *outcome = NULL;
    rg_diagnostic said = {0};
    snprintf(path, sizeof path, "%s/grids/%s", RG_SOURCE_DIR, file);
    if (rg_experiment_read(path, settings, count, &x, &said)) fail_msg("%s", said.text);
    if (rg_run(&x, NULL, &outcome, &said)) fail_msg("%s", said.text);
    if (json) assert_int_equal(rg_outcome_json(outcome, &x, NULL, json), RG_OK);
    if (table) assert_int_equal(rg_outcome_table(outcome, &x, table), RG_OK);
    rg_experiment_free(&x);
    return outcome;
}

/* An interval of 95 % may miss: with this seed it does not. That it is not simply wide: in the oracle's form the standard
 * deviation of 2 (e.grad phi) - |grad phi|^2 is about 1.4 times the energy here, so one level knows it to 1.4 % and the
 * sum over the six or seven levels that carry it to 0.6 %: 95 % are 1.2 %, asked for is 3 %. Of 24 levels fewer than 20
 * hold with a chance of 6e-3. */
static void the_interval_holds_the_exact_bound(void **state) {
    (void)state;
    static const char *const oracle[] = {QUICK, "estimate={form: oracle, features: fourier:6}"};
    rg_outcome *o = run("mixture_2d.yaml", oracle, COUNT_OF(oracle), NULL, NULL);
    const rg_outcome_estimate *e = &o->dual_sobolev;
    const double exact = o->gradient_bound.value;
    int held = 0;
    for (size_t i = 0; i < o->levels; i++)
        held += o->level[i].dual_sobolev_low <= o->level[i].gradient &&
                o->level[i].gradient <= o->level[i].dual_sobolev_high;
    assert_int_equal(o->levels, 24);
    assert_true(held >= 20);
    if (e->interval[0] - e->bound.error > exact || e->interval[1] + e->bound.error < exact)
        fail_msg("%g in [%g, %g]: not %g", e->bound.value, e->interval[0], e->interval[1], exact);
    assert_true(e->interval[1] - e->interval[0] < 2 * 0.03 * exact);
    assert_true(e->bound.error < 0.01 * exact);
    rg_outcome_free(o);
}

/* Nothing is known of the error but the learned score: ten times as wide, and still no miss. */
static void steins_form_needs_no_error(void **state) {
    (void)state;
    static const char *const stein[] = {QUICK, "estimate={features: fourier:4, samples: 20000}"};
    rg_outcome *o = run("mixture_2d.yaml", stein, COUNT_OF(stein), NULL, NULL);
    const rg_outcome_estimate *e = &o->dual_sobolev;
    const double exact = o->gradient_bound.value;
    if (e->interval[0] > exact || e->interval[1] < exact)
        fail_msg("%g in [%g, %g]: not %g", e->bound.value, e->interval[0], e->interval[1], exact);
    assert_true(e->interval[1] < 2 * exact);
    rg_outcome_free(o);
}

/* Noise alone is left: 0 stands in the interval, whose width at 24 levels of 10,000 samples is what Stein's form had with
 * an error, too. The oracle has no noise either. */
static void without_error_there_is_nothing(void **state) {
    (void)state;
    static const char *const forms[][3] = {{QUICK, "estimate={form: oracle, features: fourier:4}"},
                                           {QUICK, "estimate={features: fourier:4}"}};
    for (int form = 0; form < 2; form++) {
        char *error[] = {"error=[]"};
        const char *settings[] = {forms[form][0], forms[form][1], forms[form][2], error[0]};
        rg_outcome *o = run("mixture_2d.yaml", settings, COUNT_OF(settings), NULL, NULL);
        const rg_outcome_estimate *e = &o->dual_sobolev;
        const double most = form == 0 ? 1e-12 : 0.05;
        if (!(fabs(e->bound.value) <= most) || !(e->interval[0] <= 1e-12) || !(e->interval[1] <= most))
            fail_msg("form %d: %g in [%g, %g]", form, e->bound.value, e->interval[0], e->interval[1]);
        rg_outcome_free(o);
    }
}

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    static const char *const setting[] = {QUICK, "noise.variance_min=0.04",
                                          "estimate={form: denoising, features: rff:60, samples: 1000}"};
    const int threads = omp_get_max_threads();
    rg_outcome *o[2];
    for (int i = 0; i < 2; i++) {
        omp_set_num_threads(i + 1);
        o[i] = run("mixture_2d.yaml", setting, COUNT_OF(setting), NULL, NULL);
    }
    omp_set_num_threads(threads);
    assert_memory_equal(&o[0]->dual_sobolev, &o[1]->dual_sobolev, sizeof o[0]->dual_sobolev);
    for (size_t i = 0; i < o[0]->levels; i++) {
        assert_true(o[0]->level[i].dual_sobolev == o[1]->level[i].dual_sobolev);
        assert_true(o[0]->level[i].dual_sobolev_high == o[1]->level[i].dual_sobolev_high);
    }
    for (int i = 0; i < 2; i++) rg_outcome_free(o[i]);
}

/* ---- the bias of the class */

static double class_bound(const char *features, rg_outcome_estimate *e) {
    char estimate[96];
    snprintf(estimate, sizeof estimate, "estimate={form: oracle, features: '%s', samples: 4000}", features);
    const char *settings[] = {QUICK, estimate};
    rg_outcome *o = run("mixture_2d.yaml", settings, COUNT_OF(settings), NULL, NULL);
    for (size_t i = 0; i < o->levels; i++) { /* a projection; to rounding, and to the residual of the split */
        const double of_class = o->level[i].dual_sobolev_class, all = o->level[i].gradient;
        assert_true(isnan(of_class) || (of_class > 0 && of_class < all * (1 + 1e-6)));
    }
    const double exact = o->gradient_bound.value;
    *e = o->dual_sobolev;
    rg_outcome_free(o);
    return exact;
}

/* A small class misses more than its error bar, and what the estimate lacks of the exact bound is just that; the interval
 * of 95 % is widened by half for the seed. A large class misses nothing. */
static void the_bias_of_the_class_is_what_the_estimate_lacks(void **state) {
    (void)state;
    rg_outcome_estimate small, large;
    const double exact = class_bound("fourier:1", &small);
    assert_true(small.class_bias.value > 0.02 * exact);
    assert_true(small.class_bias.error < 0.05 * small.class_bias.value);
    assert_true(small.class_bound.value == exact - small.class_bias.value);
    const double half = 0.5 * (small.interval[1] - small.interval[0]);
    assert_true(fabs(small.bound.value - small.class_bound.value) < 1.5 * half + small.bound.error);
    assert_true(small.class_bias.value > 3 * half); /* so that this told anything */
    assert_true(class_bound("fourier:9", &large) == exact);
    assert_true(fabs(large.class_bias.value) < 1e-5 * exact);
}

/* Random waves are other ones at each level. */
static void it_is_not_known_of_random_waves(void **state) {
    (void)state;
    rg_outcome_estimate e;
    class_bound("rff:20", &e);
    assert_true(isfinite(e.bound.value) && isnan(e.class_bound.value) && isnan(e.class_bias.value));
}

/* ---- reports */

static void reports_show_it_where_it_was_asked_for(void **state) {
    (void)state;
    static const char *const settings[] = {QUICK, "estimate={form: oracle, features: fourier:2, samples: 500}"};
    char *text, *table;
    rg_outcome *o = run("mixture_2d.yaml", settings, COUNT_OF(settings), &text, &table);
    json_t *json = json_loads(text, 0, NULL), *d = json_object_get(json_object_get(json, "bounds"), "dual_sobolev");
    const json_t *interval = json_object_get(d, "interval");
    json_t *level = json_array_get(json_object_get(json, "levels"), 3);
    assert_true(json_real_value(json_object_get(d, "value")) == o->dual_sobolev.bound.value);
    assert_true(json_real_value(json_object_get(d, "error")) == o->dual_sobolev.bound.error);
    assert_true(json_real_value(json_array_get(interval, 0)) == o->dual_sobolev.interval[0]);
    assert_true(json_real_value(json_array_get(interval, 1)) == o->dual_sobolev.interval[1]);
    assert_int_equal(json_integer_value(json_object_get(d, "samples")), 500);
    assert_string_equal(json_string_value(json_object_get(d, "features")), "fourier:2");
    assert_string_equal(json_string_value(json_object_get(d, "form")), "oracle");
    const json_t *of_class = json_object_get(d, "class_bound"), *bias = json_object_get(d, "class_bias");
    assert_true(json_real_value(json_object_get(of_class, "value")) == o->dual_sobolev.class_bound.value);
    assert_true(json_real_value(json_object_get(of_class, "error")) == o->dual_sobolev.class_bound.error);
    assert_true(json_real_value(json_object_get(bias, "value")) == o->dual_sobolev.class_bias.value);
    assert_true(json_real_value(json_object_get(bias, "error")) == o->dual_sobolev.class_bias.error);
    assert_true(json_real_value(json_object_get(level, "dual_sobolev_class")) == o->level[3].dual_sobolev_class);
    assert_true(json_real_value(json_object_get(level, "dual_sobolev")) == o->level[3].dual_sobolev);
    assert_true(json_real_value(json_object_get(level, "dual_sobolev_high")) == o->level[3].dual_sobolev_high);
    assert_non_null(strstr(table, "\n  from samples "));
    assert_non_null(strstr(table, "95 %: "));
    assert_non_null(strstr(table, "\n  of its class "));
    json_decref(json);
    rg_free(text);
    rg_free(table);
    rg_outcome_free(o);
}

static void without_the_key_it_is_null_and_says_why(void **state) {
    (void)state;
    static const char *const settings[] = {QUICK};
    char *text, *table;
    rg_outcome *o = run("mixture_2d.yaml", settings, COUNT_OF(settings), &text, &table);
    json_t *json = json_loads(text, 0, NULL), *d = json_object_get(json_object_get(json, "bounds"), "dual_sobolev");
    assert_true(isnan(o->dual_sobolev.bound.value));
    assert_true(json_is_null(json_object_get(d, "value")));
    assert_non_null(strstr(json_string_value(json_object_get(d, "note")), "no key estimate"));
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(json, "levels"), 0), "dual_sobolev")));
    assert_null(strstr(table, "from samples"));
    json_decref(json);
    rg_free(text);
    rg_free(table);
    rg_outcome_free(o);
}

/* Without churn the bound is infinite, whatever the samples say; the levels have their energies all the same. */
static void without_churn_it_is_infinite(void **state) {
    (void)state;
    static const char *const settings[] = {QUICK, "noise.churn=0",
                                           "estimate={form: oracle, features: fourier:2, samples: 500}"};
    rg_outcome *o = run("mixture_2d.yaml", settings, COUNT_OF(settings), NULL, NULL);
    assert_true(isinf(o->dual_sobolev.bound.value) && isinf(o->dual_sobolev.class_bound.value));
    assert_true(isnan(o->dual_sobolev.class_bias.value) && o->level[0].dual_sobolev_class > 0);
    assert_true(o->level[0].dual_sobolev > 0);
    rg_outcome_free(o);
}

/* ---- what is refused */

#define DENSITY "density: {mixture: {means: [[0, 0]], sigma: 1}}\n"
#define BASE    "grid: {shape: [8, 8]}\n" DENSITY "noise: {variance_min: 0, variance_max: 1}\n"

static void bad_values_are_named_with_their_place(void **state) {
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"estimate: 3\n", ":4:11: estimate: expected a map, got 3"},
        {"estimate: {sample: 3}\n", ":4:12: estimate: unknown key \"sample\", did you mean \"samples\"?"},
        {"estimate: {samples: 99}\n",
         ":4:21: estimate.samples: expected a whole number >= 100 and <= 100000000, got 99"},
        {"estimate: {samples: 288}\n", ":4:21: estimate.samples: expected more samples than functions (288), got 288"},
        {"estimate: {features: fourrier:2}\n", ":4:22: estimate.features: expected fourier:M, rff:N"},
        {"estimate: {features: polynomial:2}\n",
         ":4:22: estimate.features: expected fourier:M or rff:N, which are periodic in the box, got polynomial:2"},
        {"estimate: {features: rff:7}\n", ":4:22: estimate.features: expected at most 10000 functions, and of rff an "
                                          "even number, got rff:7 in 2 dimensions"},
        {"estimate: {form: steyn}\n", ":4:18: estimate.form: expected one of stein, oracle, denoising, got \"steyn\""},
        {"estimate: {form: denoising}\n",
         ":4:18: estimate.form: expected stein or oracle, because sampling ends at variance 0"},
        {"estimate: {seed: -1}\n", ":4:18: estimate.seed: expected a whole number >= 0"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[512];
        rg_experiment x = {0};
        rg_diagnostic said = {0};
        const int length = snprintf(text, sizeof text, BASE "%s", cases[i].line);
        assert_int_equal(scratch_write(scratch_path("x.yaml"), text, (size_t)length), 0);
        assert_int_equal(rg_experiment_read(scratch_path("x.yaml"), NULL, 0, &x, &said), RG_EINVAL);
        if (!strstr(said.text, cases[i].message)) fail_msg("\"%s\" does not say \"%s\"", said.text, cases[i].message);
    }
}

static void the_default_class_depends_on_the_dimension(void **state) {
    (void)state;
    static const char *const yaml[] = {BASE "estimate: {}\n",
                                       "grid: {shape: [8, 8, 8]}\ndensity: {mixture: {means: [[0, 0, 0]], sigma: 1}}\n"
                                       "noise: {variance_min: 0, variance_max: 1}\nestimate: {}\n"};
    static const size_t waves[] = {8, 3};
    for (int i = 0; i < 2; i++) {
        rg_experiment x = {0};
        rg_diagnostic said = {0};
        assert_int_equal(scratch_write(scratch_path("x.yaml"), yaml[i], strlen(yaml[i])), 0);
        if (rg_experiment_read(scratch_path("x.yaml"), NULL, 0, &x, &said)) fail_msg("%s", said.text);
        assert_int_equal(x.estimate.samples, 10000);
        assert_int_equal(x.estimate.size, waves[i]);
        assert_int_equal(x.estimate.form, RG_LINEAR_STEIN);
        assert_int_equal(x.estimate.seed, 1);
        assert_non_null(strstr(x.resolved, waves[i] == 8 ? "\"fourier:8\"" : "\"fourier:3\""));
        rg_experiment_free(&x);
    }
}

/* ---- memory and interruption */

static rg_outcome two_levels(rg_outcome_level *level) {
    level[0] = (rg_outcome_level){.sigma = 1, .variance = 1};
    level[1] = (rg_outcome_level){.sigma = 0, .variance = 0};
    return (rg_outcome){.levels = 2, .level = level};
}

static rg_experiment small_experiment_with(const char *const *setting) {
    static const char yaml[] = BASE "error: [{constant: [0.3, 0.1]}]\nestimate: {samples: 100, features: fourier:1}\n";
    rg_experiment x = {0};
    assert_int_equal(scratch_write(scratch_path("x.yaml"), yaml, strlen(yaml)), 0);
    assert_int_equal(rg_experiment_read(scratch_path("x.yaml"), setting, setting ? 1 : 0, &x, NULL), RG_OK);
    return x;
}

static rg_experiment small_experiment(void) {
    return small_experiment_with(NULL);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    rg_experiment x = small_experiment();
    rg_outcome_level level[2];
    rg_outcome o = two_levels(level);
    o.grid = x.grid;
    int failures = 0;
    for (rg_status status = RG_ENOMEM; status != RG_OK; failures++) {
        rg_alloc_fail_after(failures);
        status = rg_dual_sobolev(&x, 0.5, NULL, NULL, &o, NULL);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
    }
    assert_true(failures > 50);
    const double bound = o.dual_sobolev.bound.value; /* no failure was passed over */
    assert_int_equal(rg_dual_sobolev(&x, 0.5, NULL, NULL, &o, NULL), RG_OK);
    assert_true(o.dual_sobolev.bound.value == bound);
    const double weight = 0.5 * log(1.001 / 0.001), w[] = {1.001 * weight, 0.001 * weight};
    double sum = 0, square = 0, of_class = 0;
    for (int i = 0; i < 2; i++) {
        sum += w[i] * level[i].dual_sobolev;
        of_class += w[i] * level[i].dual_sobolev_class;
        square += pow(w[i] * level[i].dual_sobolev_error, 2);
    }
    assert_true(fabs(o.dual_sobolev.bound.value - 0.5 * sum) < 1e-12 * sum);
    assert_true(of_class > 0 && fabs(o.dual_sobolev.class_bound.value - 0.5 * of_class) < 1e-12 * of_class);
    assert_true(fabs(o.dual_sobolev.interval[1] - 0.5 * (sum + 1.959963984540054 * sqrt(square))) < 1e-12 * sum);
    rg_experiment_free(&x);
}

/* 8 points tell waves up to 3 apart. */
static void it_is_not_known_of_a_class_beyond_the_grid(void **state) {
    (void)state;
    for (int most = 3; most <= 4; most++) {
        rg_experiment x = small_experiment();
        rg_outcome_level level[2];
        rg_outcome o = two_levels(level);
        o.grid = x.grid;
        x.estimate.size = (size_t)most;
        assert_int_equal(rg_dual_sobolev(&x, 0.5, NULL, NULL, &o, NULL), RG_OK);
        assert_int_equal(isnan(o.dual_sobolev.class_bias.value), most > 3);
        assert_int_equal(isnan(level[1].dual_sobolev_class), most > 3);
        assert_true(isfinite(o.dual_sobolev.bound.value));
        rg_experiment_free(&x);
    }
}

/* Levels are summed as independent terms. At two that are next to one another the same draws would give the same estimate, to
 * the 1e-9 that moves between them; others differ by the sampling error, a tenth with 100 samples. */
static void levels_have_draws_of_their_own(void **state) {
    (void)state;
    rg_experiment x = small_experiment();
    rg_outcome_level level[2];
    rg_outcome o = two_levels(level);
    o.grid = x.grid;
    level[1] = (rg_outcome_level){.sigma = 1, .variance = 1 - 1e-9};
    assert_int_equal(rg_dual_sobolev(&x, 0.5, NULL, NULL, &o, NULL), RG_OK);
    assert_true(fabs(level[1].dual_sobolev / level[0].dual_sobolev - 1) > 1e-4);
    rg_experiment_free(&x);
}

/* ---- bars */

enum { ROWS = 4 };

/* int E dv by trapezoids in log u, u = v + soft, through the rows that are listed. */
static double trapezoids(double soft, size_t count, const size_t *row, const double *variance, const double *energy) {
    double sum = 0;
    for (size_t i = 1; i < count; i++) {
        const double above = variance[row[i - 1]] + soft, below = variance[row[i]] + soft;
        sum += 0.5 * (above * energy[row[i - 1]] + below * energy[row[i]]) * log(above / below);
    }
    return sum;
}

/* The energies of the class at the rows and what they may be off, asked of the class itself. */
static void energies_of_class(const rg_experiment *x, const double *variance, double *energy, double *error) {
    rg_levels *levels = NULL;
    rg_level level[2];
    rg_score_class *of = NULL;
    assert_int_equal(rg_levels_create(&x->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max, NULL,
                                      &levels, NULL),
                     RG_OK);
    assert_int_equal(rg_score_class_create(&x->grid, x->estimate.kind, x->estimate.size, 0, 0, &of, NULL), RG_OK);
    for (int i = 0; i < 2; i++) assert_int_equal(rg_level_create(&x->grid, &level[i]), RG_OK);
    for (int row = 0; row < ROWS; row += 2) {
        rg_level *const pair[] = {&level[0], &level[1]};
        assert_int_equal(rg_levels_unsplit_at_two(levels, variance + row, pair, NULL), RG_OK);
        for (int i = 0; i < 2; i++) {
            rg_value found;
            assert_int_equal(rg_score_class_gradient_energy(of, level[i].density, level[i].error, &found), RG_OK);
            energy[row + i] = found.value;
            error[row + i] = found.error;
        }
    }
    for (int i = 0; i < 2; i++) rg_level_free(&level[i]);
    rg_score_class_destroy(of);
    rg_levels_destroy(levels);
}

static void expect(const char *name, double found, double expected) {
    if (!(fabs(found - expected) <= 1e-12 * fabs(expected))) fail_msg("%s: %.17g, not %.17g", name, found, expected);
}

/* The bound's bar is the prior's, and what the rule makes of the exact energies against their integral, and that integral's.
 * The bar of what the class misses is that of the rule with every second row and the last, the energy's, and the class's own:
 * where the class misses nothing the last one is alone. Down to 0, where the logarithm is softened, and not. */
static void bars_are_made_of_what_is_known(void **state) {
    (void)state;
    static const char *const sets[][1] = {{"noise.variance_min=0"}, {"noise.variance_min=0.1"}};
    static const double missed[2][ROWS] = {{0, 0, 0, 0}, {0.02, 0.05, 0.01, 0.4}};
    static const size_t all[] = {0, 1, 2, 3}, second[] = {0, 2, 3};
    const double factor = 0.7;
    for (int k = 0; k < 4; k++) {
        rg_experiment x = small_experiment_with(sets[k % 2]);
        const double soft = k % 2 ? 0 : 1e-3, variance[] = {1, 0.6, 0.3, x.variance_min}, *lack = missed[k / 2];
        double energy[ROWS], error[ROWS], gradient[ROWS], estimate[ROWS], square = 0;
        rg_outcome_level level[ROWS];
        rg_outcome o = {.levels = ROWS, .level = level, .grid = x.grid};
        x.estimate.samples = 2000; /* so that lower ends are not all at 0 */
        energies_of_class(&x, variance, energy, error);
        for (int i = 0; i < ROWS; i++) {
            gradient[i] = energy[i] + lack[i];
            level[i] = (rg_outcome_level){.sigma = sqrt(variance[i]), .variance = variance[i], .gradient = gradient[i]};
        }
        o.prior_kl = (rg_value){0.3, 0.011};
        o.gradient_bound = (rg_value){0.9, 0.017};
        o.energy[RG_ENERGY_GRADIENT] = (rg_value){0.06, k < 2 ? 0 : 0.0013};
        assert_int_equal(rg_dual_sobolev(&x, factor, NULL, NULL, &o, NULL), RG_OK);
        const rg_outcome_estimate *e = &o.dual_sobolev;
        for (int i = 0; i < ROWS; i++) {
            const rg_outcome_level *l = &level[i];
            const double half = 1.959963984540054 * l->dual_sobolev_error;
            expect("class", l->dual_sobolev_class, energy[i]);
            expect("low", l->dual_sobolev_low, fmax(l->dual_sobolev - half, 0));
            expect("high", l->dual_sobolev_high, fmax(l->dual_sobolev + half, 0));
            estimate[i] = l->dual_sobolev;
            double alone[ROWS] = {0};
            alone[i] = l->dual_sobolev_error;
            square += pow(trapezoids(soft, ROWS, all, variance, alone), 2);
        }
        const double rule = fabs(trapezoids(soft, ROWS, all, variance, gradient) - 0.06);
        const double half = factor * 1.959963984540054 * sqrt(square);
        expect("bound", e->bound.value, 0.3 + factor * trapezoids(soft, ROWS, all, variance, estimate));
        expect("bar", e->bound.error, 0.011 + factor * (rule + o.energy[RG_ENERGY_GRADIENT].error));
        expect("lower end", e->interval[0], fmax(e->bound.value - half, 0.3));
        expect("upper end", e->interval[1], e->bound.value + half);
        assert_true(level[0].dual_sobolev_low > 0 && e->interval[0] > 0.3);
        const double bias = trapezoids(soft, ROWS, all, variance, lack);
        const double own = trapezoids(soft, ROWS, all, variance, error);
        const double apart = fabs(bias - trapezoids(soft, 3, second, variance, lack));
        const double bar = factor * (apart + o.energy[RG_ENERGY_GRADIENT].error + own);
        assert_true(own > 0 && (k < 2 || apart > 1e-3));
        /* differences of energies of about 0.1 have its rounding */
        assert_true(fabs(e->class_bias.value - factor * bias) < 1e-15);
        assert_true(fabs(e->class_bias.error - bar) < 1e-15);
        assert_true(fabs(e->class_bound.value - 0.9 + factor * bias) < 1e-15);
        assert_true(fabs(e->class_bound.error - 0.017 - bar) < 1e-15);
        if (k < 2) expect("bar of the class", e->class_bias.error, factor * own);
        rg_experiment_free(&x);
    }
}

/* Over draws again the estimate of a level scatters by its bar, whose square is too large by up to 2.5 times (estimate_interval.c,
 * 5 folds). 60 draws know a deviation to 9 %: three of those below sqrt(1 / 2.5), and above 1. */
static void estimates_scatter_by_their_bars(void **state) {
    (void)state;
    enum { DRAWS = 60 };
    rg_experiment x = small_experiment();
    double sum = 0, squares = 0, bars = 0;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        rg_outcome_level level[2];
        rg_outcome o = two_levels(level);
        o.grid = x.grid;
        x.estimate.seed = 100 + draw;
        assert_int_equal(rg_dual_sobolev(&x, 0.5, NULL, NULL, &o, NULL), RG_OK);
        sum += level[0].dual_sobolev / DRAWS;
        squares += pow(level[0].dual_sobolev, 2) / DRAWS;
        bars += pow(level[0].dual_sobolev_error, 2) / DRAWS;
    }
    const double ratio = sqrt((squares - sum * sum) / bars);
    if (!(ratio > 0.46 && ratio < 1.28)) fail_msg("they scatter by %g of their bars", ratio);
    rg_experiment_free(&x);
}

static int stop(void *data, double fraction, const char *stage) {
    (void)stage;
    ++*(int *)data;
    return fraction >= 0.5;
}

static void it_can_be_cancelled(void **state) {
    (void)state;
    rg_experiment x = small_experiment();
    rg_outcome_level level[2];
    rg_outcome o = two_levels(level);
    rg_diagnostic said = {0};
    int calls = 0;
    o.grid = x.grid;
    assert_int_equal(rg_dual_sobolev(&x, 0.5, stop, &calls, &o, &said), RG_ECANCELLED);
    assert_int_equal(calls, 2);
    rg_experiment_free(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_have_the_law_of_the_density),
        cmocka_unit_test(draws_repeat_and_refuse),
        cmocka_unit_test(wild_points_are_read_within_the_grid),
        cmocka_unit_test(waves_are_interpolated_as_stated),
        cmocka_unit_test(the_interval_holds_the_exact_bound),
        cmocka_unit_test(steins_form_needs_no_error),
        cmocka_unit_test(without_error_there_is_nothing),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(the_bias_of_the_class_is_what_the_estimate_lacks),
        cmocka_unit_test(it_is_not_known_of_random_waves),
        cmocka_unit_test(it_is_not_known_of_a_class_beyond_the_grid),
        cmocka_unit_test(reports_show_it_where_it_was_asked_for),
        cmocka_unit_test(without_the_key_it_is_null_and_says_why),
        cmocka_unit_test(without_churn_it_is_infinite),
        cmocka_unit_test(bad_values_are_named_with_their_place),
        cmocka_unit_test(the_default_class_depends_on_the_dimension),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(levels_have_draws_of_their_own),
        cmocka_unit_test(bars_are_made_of_what_is_known),
        cmocka_unit_test(estimates_scatter_by_their_bars),
        cmocka_unit_test(it_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
