/* Studies: coefficients against closed forms and GSL, predictors against closed forms, members, what is refused and with
 * which words, tables that are cut short or of another study, memory that runs out.
 *
 * RG_UPDATE_DOCS=1 ./test_study writes the generated part of docs/study.md anew. */
#include "base/base.h"
#include "diffusion/density.h"
#include "experiment/schema.h"
#include "experiment/study.h"
#include "io/csv_table.h"
#include "scratch.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define PI          3.14159265358979323846
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

static void write_text(const char *name, const char *text) {
    assert_int_equal(scratch_write(scratch_path(name), text, strlen(text)), 0);
}

static void assert_near(double found, double wanted, double tolerance) {
    if (!(fabs(found - wanted) <= tolerance))
        fail_msg("expected %.17g within %g, found %.17g", wanted, tolerance, found);
}

/* ---- coefficients */

static void monotone_data_correlate_fully(void **state) {
    (void)state;
    double x[9], power[9], falling[9];
    for (int i = 0; i < 9; i++) {
        x[i] = 0.37 + 1.9 * i * i;
        power[i] = 2.3 * pow(x[i], 1.7);
        falling[i] = exp(-x[i]);
    }
    rg_correlation c;
    assert_int_equal(rg_correlate(9, x, power, 200, 3, &c), RG_OK);
    assert_near(c.pearson_log.value, 1, 1e-12);
    assert_near(c.pearson_log.low, 1, 1e-12);
    assert_near(c.spearman.value, 1, 1e-12);
    assert_int_equal(rg_correlate(9, x, falling, 200, 3, &c), RG_OK);
    assert_near(c.spearman.value, -1, 1e-12);
    assert_true(c.pearson_log.value < 0 && c.pearson_log.value > -1);
}

/* Ranks by hand: x 1 2.5 2.5 4 5, y 2 1 4 3 5; products 6.5, squares 9.5 and 10. */
static void ties_share_their_rank(void **state) {
    (void)state;
    const double x[] = {0.1, 0.7, 0.7, 2.3, 9}, y[] = {3, -1, 5.5, 4, 8};
    rg_correlation c;
    assert_int_equal(rg_correlate(5, x, y, 100, 1, &c), RG_OK);
    assert_near(c.spearman.value, 6.5 / sqrt(95), 1e-12);
    assert_int_equal(c.spearman.count, 5);
    assert_int_equal(c.pearson_log.count, 4); /* without the y below 0 */
}

static void coefficients_are_those_of_gsl(void **state) {
    (void)state;
    enum { N = 40 };
    double x[N], y[N], log_x[N], log_y[N], work[2 * N];
    for (int i = 0; i < N; i++) {
        log_x[i] = 6 * rg_study_uniform(5, (unsigned long)i) - 4;
        log_y[i] = 0.8 * log_x[i] + 3 * rg_study_uniform(6, (unsigned long)i);
        x[i] = exp(log_x[i]);
        y[i] = exp(log_y[i]);
    }
    rg_correlation c, again, other;
    assert_int_equal(rg_correlate(N, x, y, 500, 7, &c), RG_OK);
    assert_near(c.pearson_log.value, gsl_stats_correlation(log_x, 1, log_y, 1, N), 1e-12);
    assert_near(c.spearman.value, gsl_stats_spearman(x, 1, y, 1, N, work), 1e-12);
    assert_true(c.pearson_log.low < c.pearson_log.value && c.pearson_log.value < c.pearson_log.high);
    /* Fisher's z: half a width of 1.96 / sqrt(N - 3), which the bootstrap meets to a factor of 2 */
    const double z = 0.5 * (atanh(c.pearson_log.high) - atanh(c.pearson_log.low)), fisher = 1.96 / sqrt(N - 3);
    assert_true(z > 0.5 * fisher && z < 2 * fisher);
    assert_int_equal(rg_correlate(N, x, y, 500, 7, &again), RG_OK);
    assert_memory_equal(&c, &again, sizeof c);
    assert_int_equal(rg_correlate(N, x, y, 500, 8, &other), RG_OK);
    assert_true(other.spearman.low != c.spearman.low);
}

static void too_little_gives_no_coefficient(void **state) {
    (void)state;
    const double x[] = {1, 2, 3, (double)NAN, 4}, y[] = {2, 2, 2, 2, 2}, z[] = {1, 2, HUGE_VAL, 3, 5};
    rg_correlation c;
    assert_int_equal(rg_correlate(3, x, y, 100, 1, &c), RG_OK);
    assert_true(isnan(c.spearman.value) && isnan(c.spearman.low) && isnan(c.pearson_log.value));
    assert_int_equal(rg_correlate(5, x, y, 100, 1, &c), RG_OK);
    assert_int_equal(c.spearman.count, 4);
    assert_true(isnan(c.spearman.value)); /* y does not vary */
    assert_int_equal(rg_correlate(5, x, z, 100, 1, &c), RG_OK);
    assert_int_equal(c.spearman.count, 3);
    for (long n = 0; n < 1; n++) {
        rg_alloc_fail_after(n);
        assert_int_equal(rg_correlate(3, x, y, 100, 1, &c), RG_ENOMEM);
        rg_alloc_fail_after(-1);
    }
}

/* ---- predictors. p is uniform: a Gaussian of sigma 10 on the circle differs from that by exp(-50). */

#define UNIFORM                                                                                                        \
    "grid: {shape: [16, 12]}\n"                                                                                        \
    "density: {mixture: {means: [[0.3, -0.4]], sigma: 10}}\n"                                                          \
    "noise: {variance_min: 0.05, variance_max: 2.3}\ntolerance: 1e-4\n"

static const double low = 0.05, high = 2.3, amplitude = 0.37;

enum { L2, GRADIENT, FLAT, DUAL, KSD, DSM, FOKKER_PLANCK, CURL, LINEAR, PREDICTORS };

static void evaluate(const char *text, rg_value value[PREDICTORS]) {
    rg_experiment experiment = {0};
    rg_outcome *outcome = NULL;
    rg_diagnostic d = {0};
    const rg_predictor *predictor[PREDICTORS];
    const rg_sampling_plan plan = {.samples = 2000, .waves = 2, .seed = 4};
    for (size_t i = 0; i < PREDICTORS; i++) predictor[i] = rg_predictor_at(i);
    write_text("x.yaml", text);
    if (rg_experiment_read(scratch_path("x.yaml"), NULL, 0, &experiment, &d) != RG_OK) fail_msg("%s", d.text);
    if (rg_run(&experiment, NULL, &outcome, &d) != RG_OK) fail_msg("%s", d.text);
    if (rg_predictors_evaluate(&experiment, outcome, &plan, PREDICTORS, predictor, value, &d) != RG_OK)
        fail_msg("%s", d.text);
    rg_outcome_free(outcome);
    rg_experiment_free(&experiment);
}

/* Mean over log v of v (E|e|^2 + J(v) - E_p|s|^2), by Simpson's rule; the last one is J(1 + v) for the Gaussian of
 * variance 1, 0 for the uniform p. */
static double expected_loss(double energy, int is_bump) {
    enum { STEPS = 400 };
    double sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        const double v = low * pow(high / low, (double)i / STEPS);
        const double f =
            v * (energy + 2 * rg_wrapped_information(2 * PI, v) - 2 * is_bump * rg_wrapped_information(2 * PI, 1 + v));
        sum += f * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
    }
    return sum / (3 * STEPS);
}

/* e = a sin(x_1) in component 0: div e = 0, curl e = -a cos(x_1), R = -grad(a^2 sin(x_1)^2 / 2). */
static void a_shear_is_solenoidal(void **state) {
    (void)state;
    rg_value value[PREDICTORS];
    evaluate(UNIFORM "error: [{modes: [{component: 0, wave: [0, 1], sin: 0.37}]}]\n", value);
    const double energy = 0.5 * amplitude * amplitude, span = high - low;
    assert_near(value[L2].value, energy * span, 1e-9);
    assert_near(value[GRADIENT].value, 0, 1e-12);
    assert_near(value[FLAT].value, 0, 1e-20);
    assert_near(value[CURL].value, energy * span, 1e-8);
    const double cubes = (pow(high, 3) - pow(low, 3)) / 3;
    assert_near(value[FOKKER_PLANCK].value, pow(amplitude, 4) / 8 * cubes, 1e-9);
    assert_near(value[DSM].value, expected_loss(energy, 0), 1e-6);
    assert_near(value[DUAL].value, 0, 4 * value[DUAL].error);
    assert_true(value[KSD].value > 4 * value[KSD].error); /* it sees the solenoidal part */
}

/* e = a sin(x_0) in component 0: R = -grad(a cos(x_0) / 2 + a^2 sin(x_0)^2 / 2). */
static void a_wave_along_its_axis_is_a_gradient(void **state) {
    (void)state;
    rg_value value[PREDICTORS];
    evaluate(UNIFORM "error: [{modes: [{component: 0, wave: [1, 0], sin: 0.37}]}]\n", value);
    const double energy = 0.5 * amplitude * amplitude, span = high - low;
    assert_near(value[GRADIENT].value, energy * span, 1e-9);
    assert_near(value[FLAT].value, energy * span, 1e-8);
    assert_near(value[CURL].value, 0, 1e-20);
    const double cubes = (pow(high, 3) - pow(low, 3)) / 3;
    assert_near(value[FOKKER_PLANCK].value, (pow(amplitude, 2) + pow(amplitude, 4)) / 8 * cubes, 1e-9);
    assert_near(value[DUAL].value, energy * span, 4 * value[DUAL].error);
    assert_true(value[DUAL].error < 0.2 * energy * span);
}

#define BUMP                                                                                                           \
    "grid: {shape: [48, 44]}\ndensity: {mixture: {means: [[0.3, -0.4]], sigma: 1}}\n"                                  \
    "noise: {variance_min: 0.05, variance_max: 2.3}\ntolerance: 1e-4\n"

static double wrapped_score(double x, double variance) {
    double slope;
    (void)rg_wrapped_log(x, 2 * PI, variance, &slope);
    return slope;
}

/* E_g of what `integrand` makes of s, ds/dx and ds/dv, g the wrapped Gaussian of variance 1 + v. */
static double mean_of(double (*integrand)(double s, double dx, double dv), double v) {
    enum { POINTS = 128 };
    const double h = 1e-4, step = 2 * PI / POINTS;
    double sum = 0, unused;
    for (int i = 0; i < POINTS; i++) {
        const double x = i * step, s = wrapped_score(x, 1 + v);
        const double dx = (wrapped_score(x + h, 1 + v) - wrapped_score(x - h, 1 + v)) / (2 * h);
        const double dv = (wrapped_score(x, 1 + v + h) - wrapped_score(x, 1 + v - h)) / (2 * h);
        sum += exp(rg_wrapped_log(x, 2 * PI, 1 + v, &unused)) * integrand(s, dx, dv);
    }
    return sum * step;
}

/* Integral of v^2 times the mean over v, by Simpson's rule. */
static double expected_residual(double (*integrand)(double s, double dx, double dv)) {
    enum { STEPS = 200 };
    double sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        const double v = low + (high - low) * i / STEPS;
        sum += v * v * mean_of(integrand, v) * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
    }
    return sum * (high - low) / (3 * STEPS);
}

static double slope_square(double s, double dx, double dv) {
    (void)s;
    (void)dv;
    return dx * dx;
}

static double turned_square(double s, double dx, double dv) {
    return amplitude * amplitude * dv * dv + pow(amplitude, 4) * s * s * dx * dx;
}

static void the_true_score_has_no_residual(void **state) {
    (void)state;
    rg_value value[PREDICTORS];
    evaluate(BUMP "error: []\n", value);
    assert_near(value[FOKKER_PLANCK].value, 0, 1e-20);
    assert_near(value[L2].value, 0, 1e-20);
    assert_near(value[DSM].value, expected_loss(0, 1), 1e-6);
}

/* e constant: R = -grad(s.e), whose components are e_a times the slope of the score along their axis. */
static void a_constant_leaves_the_slope_of_the_score(void **state) {
    (void)state;
    rg_value value[PREDICTORS];
    evaluate(BUMP "error: [{constant: [0.2, -0.5]}]\n", value);
    assert_near(value[FOKKER_PLANCK].value, 0.29 * expected_residual(slope_square), 1e-6);
}

/* e = omega (-s_1, s_0): s.e = 0, div e = 0, R = Omega ds/dv - omega^2 grad |s|^2 / 2; odd terms have mean 0. */
static void a_rotation_leaves_what_theory_says(void **state) {
    (void)state;
    rg_value value[PREDICTORS];
    evaluate(BUMP "error: [{rotation: 0.37}]\n", value);
    assert_near(value[FOKKER_PLANCK].value, 2 * expected_residual(turned_square), 1e-6);
}

/* J = 1/v on a line; for a wide kernel g = (1 + 2 b cos) / length, b = exp(-k^2 v / 2), J = 2 b^2 k^2. */
static void the_kernel_has_its_information(void **state) {
    (void)state;
    const double length = 2.3, wave = 2 * PI / length, wide = 2 * log(1e4) / (wave * wave);
    assert_near(rg_wrapped_information(length, 1e-3), 1e3, 1e-9);
    assert_near(rg_wrapped_information(length, wide) / (2e-8 * wave * wave), 1, 1e-6);
    const double edge = length * length / (24 * 24);
    assert_near(edge * rg_wrapped_information(length, edge * 1.0001), 1, 2e-4); /* both sides of a change of rule */
    assert_near(rg_wrapped_information(length, 1e6), 0, 0);
}

/* ---- reading */

#define BASE                                                                                                           \
    "grid: {shape: [12, 10]}\ndensity: {mixture: {means: [[0.3, -0.4]], sigma: 0.9}}\n"                                \
    "noise: {variance_min: 0.1, variance_max: 2}\ntolerance: 1e-3\n"
#define RANDOM4 "ensemble: {random: {members: 4, seed: 3, band: 1, gradient: [1e-3, 0.1], solenoidal: 0.02}}\n"
#define SMALL   "experiment: base.yaml\nsamples: 60\nwaves: 1\nreplicates: 100\n"

static rg_status read_study(const char *text, rg_study **study, rg_diagnostic *d) {
    write_text("base.yaml", BASE);
    write_text("s.yaml", text);
    return rg_study_read(scratch_path("s.yaml"), NULL, 0, study, d);
}

static rg_study *must_read(const char *text) {
    rg_study *study = NULL;
    rg_diagnostic d = {0};
    if (read_study(text, &study, &d) != RG_OK) fail_msg("%s", d.text);
    return study;
}

static void messages_name_the_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } bad[] = {
        {SMALL RANDOM4 "predictors: [l2, gradient_enrgy]\n",
         ":6:18: predictors.1: unknown predictor \"gradient_enrgy\", did you mean \"gradient_energy\"?"},
        {SMALL RANDOM4 "outcomes: [kl, kl]\n", ":6:16: outcomes.1: expected each outcome once, got \"kl\" again"},
        {SMALL RANDOM4 "outcomes: [zzzzzz]\n", ":6:12: outcomes.0: unknown outcome \"zzzzzz\", expected one of kl, "},
        {SMALL "ensemble: {random: {members: 0, seed: 1, band: 1}}\n",
         ":5:30: ensemble.random.members: expected a whole number >= 1 and <= 1000000, got 0"},
        {SMALL "ensemble: {random: {members: 2, seed: 1, band: 1, gradient: [1, 0.1]}}\n",
         ":5:61: ensemble.random.gradient: expected a number, or two ascending numbers > 0, got a list of 2"},
        {SMALL "ensemble: {}\n", ":5:11: ensemble: expected exactly one of random, sweep, list, got none"},
        {SMALL "ensemble: {sweep: {key: a=b, values: [1]}}\n",
         ":5:25: ensemble.sweep.key: expected a key such as noise.churn, got \"a=b\""},
        {SMALL "ensemble: {list: [{random: {members: 1, seed: 1, band: 1}, sweep: {key: a, values: [1]}}]}\n",
         ":5:19: ensemble.list.0: expected random or sweep, got both"},
        {"ensemble: {list: [{set: [tolerance=1e-3]}]}\n",
         ":1:19: ensemble.list.0: expected the key \"experiment\", here or in the study"},
        {SMALL "sample: 3\n" RANDOM4, ":5:1: unknown key \"sample\", did you mean \"samples\"?"},
        {SMALL "ensemble: {sweep: {key: noise.chrun, values: [1]}}\n",
         "--set noise.chrun=1: unknown key \"chrun\", did you mean \"churn\"?"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        rg_study *study = NULL;
        rg_diagnostic d = {0};
        const rg_status status = read_study(bad[i].text, &study, &d);
        if (status != RG_EINVAL || !strstr(d.text, bad[i].message))
            fail_msg("expected %s\nfound    %s", bad[i].message, d.text);
        assert_null(study);
    }
}

static void members_do_not_depend_on_their_number(void **state) {
    (void)state;
    rg_study *four = must_read(SMALL RANDOM4);
    rg_study *six = must_read(SMALL "ensemble: {random: {members: 6, seed: 3, band: 1, gradient: [1e-3, 0.1], "
                                    "solenoidal: 0.02}}\n");
    assert_int_equal(rg_study_members(four), 4);
    assert_int_equal(rg_study_members(six), 6);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(four->member[i].shown, six->member[i].shown);
        assert_string_equal(four->member[i].hash, six->member[i].hash);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(four->member[i].hash, four->member[k].hash);
    }
    rg_study_free(four);
    rg_study_free(six);
}

static void lists_hold_blocks_and_members(void **state) {
    (void)state;
    rg_study *s = must_read(SMALL "set: [tolerance=1e-2]\nensemble:\n  list:\n"
                                  "    - {label: one, random: {members: 2, seed: 3, band: 1, gradient: 0.1}}\n"
                                  "    - {sweep: {key: noise.churn, values: [0.5, 1]}}\n"
                                  "    - {set: [noise.churn=2, form=ratio]}\n");
    static const char *const label[] = {"one", "one", "noise.churn=0.5", "noise.churn=1", "base"};
    assert_int_equal(s->members, COUNT_OF(label));
    for (size_t i = 0; i < COUNT_OF(label); i++) {
        assert_string_equal(s->member[i].label, label[i]);
        assert_string_equal(s->member[i].setting[0], "tolerance=1e-2");
    }
    assert_near(s->member[2].value, 0.5, 0);
    assert_true(isnan(s->member[4].value));
    assert_string_equal(s->member[4].shown, "noise.churn=2; form=ratio");
    assert_non_null(strstr(s->member[1].shown, "gradient: 0.1"));
    rg_study_free(s);
}

/* Energies are log-uniform: of many draws half lie below the geometric mean. */
static void draws_fill_the_unit_interval(void **state) {
    (void)state;
    enum { N = 10000 };
    int below = 0;
    double least = 1, most = 0;
    for (unsigned long i = 0; i < N; i++) {
        const double u = rg_study_uniform(17, i);
        assert_true(u >= 0 && u < 1);
        below += u < 0.5;
        least = fmin(least, u);
        most = fmax(most, u);
    }
    assert_true(abs(below - N / 2) < 250); /* five deviations */
    assert_true(least < 1e-3 && most > 1 - 1e-3);
}

/* ---- running, stopping, going on */

static void run_part(const char *text, size_t first, size_t count) {
    rg_study *study = must_read(text);
    rg_diagnostic d = {0};
    const rg_study_options how = {.directory = scratch_folder, .first = first, .count = count};
    if (rg_study_run(study, &how, &d) != RG_OK) fail_msg("%s", d.text);
    rg_study_free(study);
}

static void a_study_goes_on_where_it_was(void **state) {
    (void)state;
    static char whole[1 << 14], again[1 << 14];
    char table[SCRATCH_ROOM];
    snprintf(table, sizeof table, "%s", scratch_path("members.csv"));
    rg_study *memory = must_read(SMALL RANDOM4), *file = NULL;
    assert_int_equal(rg_study_run(memory, NULL, NULL), RG_OK);
    assert_int_equal(rg_study_done(memory), 4);
    run_part(SMALL RANDOM4, 0, 2);
    size_t size = scratch_read(table, whole, sizeof whole - 1);
    assert_in_range(size, 100, sizeof whole - 2);
    whole[size - 7] = 0; /* the second row is cut short */
    assert_int_equal(scratch_write(table, whole, size - 7), 0);
    run_part(SMALL RANDOM4, 3, 1);
    run_part(SMALL RANDOM4, 0, 0);
    size = scratch_read(table, again, sizeof again - 1);
    run_part(SMALL RANDOM4, 0, 0);
    assert_int_equal(scratch_read(table, whole, sizeof whole - 1), size); /* nothing was left to do */
    file = must_read(SMALL RANDOM4);
    assert_int_equal(rg_study_load(file, table, NULL), RG_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_true(file->row[i].done);
        for (size_t q = 0; q < file->predictors + file->outcomes; q++) {
            const rg_value *a = &memory->row[i].value[q], *b = &file->row[i].value[q];
            assert_true(a->value == b->value || (isnan(a->value) && isnan(b->value)));
            assert_true(a->error == b->error || (isnan(a->error) && isnan(b->error)));
        }
    }
    char *one = NULL, *other = NULL;
    assert_int_equal(rg_study_json(memory, &one), RG_OK);
    assert_int_equal(rg_study_json(file, &other), RG_OK);
    assert_string_equal(one, other);
    rg_free(one);
    rg_free(other);
    rg_study_free(memory);
    rg_study_free(file);
    remove(table);
}

static void refuse_table(const char *study, const char *table, rg_status wanted, const char *message) {
    rg_study *s = must_read(study);
    rg_diagnostic d = {0};
    if (table) write_text("members.csv", table);
    const rg_study_options how = {.directory = scratch_folder};
    const rg_status status = rg_study_run(s, &how, &d);
    if (status != wanted || !strstr(d.text, message)) fail_msg("expected %s\nfound    %s", message, d.text);
    rg_study_free(s);
}

static void tables_of_others_are_refused(void **state) {
    (void)state;
    run_part(SMALL RANDOM4, 1, 1);
    refuse_table(SMALL RANDOM4 "seed: 2\n", NULL, RG_EINVAL, "members.csv:2: the hash \"");
    refuse_table(SMALL RANDOM4 "predictors: [l2]\n", NULL, RG_EINVAL,
                 "members.csv:1: expected the column kl, got \"gradient_energy\"; the table is of another study");
    refuse_table(SMALL "ensemble: {sweep: {key: noise.churn, values: [1]}}\n", NULL, RG_EINVAL,
                 "is not that of member 1");
    refuse_table(SMALL RANDOM4, "index,label\n1\n", RG_EFORMAT,
                 "members.csv:2: expected 2 cells, as the header has, got 1");
    refuse_table(SMALL RANDOM4, "a text\n", RG_EINVAL, "members.csv:1: expected the column index, got \"a text\"");
    rg_study *s = must_read(SMALL RANDOM4);
    rg_diagnostic d = {0};
    const rg_study_options beyond = {.first = 3, .count = 2};
    assert_int_equal(rg_study_run(s, &beyond, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "expected members from 0 to 3, got 3-4"));
    rg_study_free(s);
    remove(scratch_path("members.csv"));
}

static int stop_at_once(void *data, double fraction, const char *stage) {
    (void)data;
    (void)fraction;
    assert_non_null(strstr(stage, "member 0 of 4"));
    return 1;
}

static void a_study_can_be_stopped(void **state) {
    (void)state;
    rg_study *s = must_read(SMALL RANDOM4);
    const rg_study_options how = {.progress = stop_at_once};
    assert_int_equal(rg_study_run(s, &how, NULL), RG_ECANCELLED);
    assert_int_equal(rg_study_done(s), 0);
    rg_study_free(s);
}

static void the_member_that_fails_is_named(void **state) {
    (void)state;
    rg_study *s = must_read("experiment: base.yaml\nsamples: 10\nwaves: 3\n" RANDOM4);
    rg_diagnostic d = {0};
    assert_int_equal(rg_study_run(s, NULL, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "member 0 (random; error=[{random: "));
    rg_study_free(s);
}

/* ---- CSV read back */

static void cells_are_read_as_they_were_written(void **state) {
    (void)state;
    rg_csv_table t;
    double value;
    write_text("t.csv", "a,\"b \"\"c\"\"\",d\r\n1,\"x,\ny\",nan\n-inf,,2e-3\ncut,\"shor");
    assert_int_equal(rg_csv_read(scratch_path("t.csv"), &t, NULL), RG_OK);
    assert_int_equal(t.columns, 3);
    assert_int_equal(t.rows, 2);
    assert_int_equal(rg_csv_find(&t, "b \"c\""), 1);
    assert_true(rg_csv_find(&t, "e") == SIZE_MAX);
    assert_string_equal(rg_csv_cell(&t, 0, 1), "x,\ny");
    assert_true(rg_csv_number(rg_csv_cell(&t, 0, 2), &value) && isnan(value));
    assert_true(rg_csv_number(rg_csv_cell(&t, 1, 0), &value) && value < 0 && isinf(value));
    assert_true(rg_csv_number(rg_csv_cell(&t, 1, 2), &value));
    assert_near(value, 2e-3, 1e-18);
    assert_false(rg_csv_number(rg_csv_cell(&t, 1, 1), &value));
    assert_int_equal(t.whole, 39);
    rg_csv_table_free(&t);
    write_text("t.csv", "");
    assert_int_equal(rg_csv_read(scratch_path("t.csv"), &t, NULL), RG_OK);
    assert_int_equal(t.columns, 0);
    rg_csv_table_free(&t);
}

/* ---- memory */

static void reading_survives_every_failing_allocation(void **state) {
    (void)state;
    long n = 0;
    for (rg_status status = RG_ENOMEM; status != RG_OK; n++) {
        rg_study *study = NULL;
        rg_diagnostic d = {0};
        write_text("base.yaml", BASE);
        write_text("s.yaml", SMALL RANDOM4);
        rg_alloc_fail_after(n);
        status = rg_study_read(scratch_path("s.yaml"), NULL, 0, &study, &d);
        rg_alloc_fail_after(-1);
        if (status != RG_OK && status != RG_ENOMEM) fail_msg("allocation %ld: %s", n, d.text);
        rg_study_free(study);
    }
    assert_true(n > 100);
}

/* Every 41st allocation of a member, from its run to study.json. */
static void running_survives_failing_allocations(void **state) {
    (void)state;
    const long stride = 41;
    long n = 0;
    for (rg_status status = RG_ENOMEM; status != RG_OK; n += stride) {
        rg_study *study = must_read(SMALL "ensemble: {list: [{set: ['error=[{constant: [0.1, 0]}]']}]}\n");
        rg_diagnostic d = {0};
        char *text = NULL;
        rg_alloc_fail_after(n);
        status = rg_study_run(study, NULL, &d);
        if (status == RG_OK) status = rg_study_json(study, &text);
        rg_alloc_fail_after(-1);
        if (status != RG_OK && status != RG_ENOMEM) fail_msg("allocation %ld: %d %s", n, (int)status, d.text);
        rg_free(text);
        rg_study_free(study);
    }
    assert_true(n > 10 * stride);
}

/* ---- documentation */

static const char begin_mark[] = "<!-- generated from src/experiment/study_keys.c and predictors.c: begin -->\n";
static const char end_mark[] = "<!-- generated: end -->\n";

static void print_quantities(FILE *out, int outcomes) {
    rg_study_quantity q;
    fprintf(out, "\n| %s | unit | meaning |\n|---|---|---|\n", outcomes ? "outcome" : "predictor");
    for (size_t i = 0; rg_study_quantity_at(i, &q); i++) {
        if (q.is_outcome != outcomes) continue;
        fprintf(out, "| `%s` | %s | ", q.name, q.unit);
        for (const char *at = q.sentence; *at; at++) fprintf(out, *at == '|' ? "\\|" : "%c", *at);
        fputs(" |\n", out);
    }
}

static void the_reference_is_up_to_date(void **state) {
    (void)state;
    const char *path = RG_SOURCE_DIR "/docs/study.md";
    static char text[1 << 16];
    char *expected = NULL;
    size_t size = 0;
    assert_in_range(scratch_read(path, text, sizeof text - 1), 1, sizeof text - 2);
    const char *begin = strstr(text, begin_mark), *end = strstr(text, end_mark);
    assert_true(begin && end && begin < end);
    FILE *out = open_memstream(&expected, &size);
    assert_non_null(out);
    fwrite(text, 1, (size_t)(begin - text) + strlen(begin_mark), out);
    rg_schema_print(&rg_study_schema, out);
    print_quantities(out, 0);
    print_quantities(out, 1);
    fputs(end, out);
    assert_int_equal(fclose(out), 0);
    if (getenv("RG_UPDATE_DOCS"))
        assert_int_equal(scratch_write(path, expected, strlen(expected)), 0);
    else
        assert_string_equal(text, expected);
    free(expected);
}

/* The studies that ship are read, and the tables beside them are theirs. */
static void the_studies_that_ship_are_read(void **state) {
    (void)state;
    static const char *const name[] = {"correlation", "correlation_3d", "impossibility", "churn", "training"};
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        char path[SCRATCH_ROOM], table[SCRATCH_ROOM];
        rg_study *study = NULL;
        rg_diagnostic d = {0};
        snprintf(path, sizeof path, "%s/plots/studies/%s.yaml", RG_SOURCE_DIR, name[i]);
        snprintf(table, sizeof table, "%s/plots/studies/%s/members.csv", RG_SOURCE_DIR, name[i]);
        if (rg_study_read(path, NULL, 0, &study, &d) != RG_OK) fail_msg("%s", d.text);
        if (rg_study_load(study, table, &d) != RG_OK) fail_msg("%s", d.text);
        assert_int_equal(rg_study_done(study), rg_study_members(study));
        assert_false(rg_study_violated(study));
        rg_study_free(study);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotone_data_correlate_fully),
        cmocka_unit_test(ties_share_their_rank),
        cmocka_unit_test(coefficients_are_those_of_gsl),
        cmocka_unit_test(too_little_gives_no_coefficient),
        cmocka_unit_test(a_shear_is_solenoidal),
        cmocka_unit_test(a_wave_along_its_axis_is_a_gradient),
        cmocka_unit_test(the_true_score_has_no_residual),
        cmocka_unit_test(a_constant_leaves_the_slope_of_the_score),
        cmocka_unit_test(a_rotation_leaves_what_theory_says),
        cmocka_unit_test(the_kernel_has_its_information),
        cmocka_unit_test(messages_name_the_place),
        cmocka_unit_test(members_do_not_depend_on_their_number),
        cmocka_unit_test(lists_hold_blocks_and_members),
        cmocka_unit_test(draws_fill_the_unit_interval),
        cmocka_unit_test(a_study_goes_on_where_it_was),
        cmocka_unit_test(tables_of_others_are_refused),
        cmocka_unit_test(a_study_can_be_stopped),
        cmocka_unit_test(the_member_that_fails_is_named),
        cmocka_unit_test(cells_are_read_as_they_were_written),
        cmocka_unit_test(reading_survives_every_failing_allocation),
        cmocka_unit_test(running_survives_failing_allocations),
        cmocka_unit_test(the_reference_is_up_to_date),
        cmocka_unit_test(the_studies_that_ship_are_read),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
