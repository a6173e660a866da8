/* The dual Sobolev estimator: closed forms, the exact split on a grid, the law of its biases, and what a caller may get
 * wrong. Statistical checks use fixed seeds and allow four standard errors, which honest numbers exceed once in 16,000. */
#include <rotgrad/estimate.h>

#include "base/base.h"
#include "measure/estimate.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "drawn.h"
#include "fields.h"

int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);

static const double errors = 4; /* standard errors */

static rg_estimate_result estimate(const drawn *s, rg_linear_form form, const rg_estimate_options *options) {
    const rg_estimate_data data = drawn_data(s, form);
    rg_estimate_result result = {0};
    rg_diagnostic why = {0};
    if (rg_estimate(&data, options, &result, &why)) fail_msg("%s", why.text);
    return result;
}

static void assert_near(const rg_estimate_result *r, double exact) {
    assert_below(fabs(r->average - exact), errors * r->standard_error);
}

static void assert_same(double a, double b, double relative) {
    assert_below(fabs(a - b), relative * fmax(fabs(a), fabs(b)));
}

static const rg_estimate_options quadratic = {.kind = RG_FEATURES_POLYNOMIAL, .size = 2, .seed = 5};

/* ---- closed forms */

static void rotation_of_a_gaussian(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    drawn s = drawn_gaussian(20000, 2, variance, 0.7, 0, 1, 1);
    const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &quadratic);
    assert_same(drawn_gaussian_energy(2, variance, 0, 1) / 3, 1.0 / 9, 1e-15);
    assert_near(&r, 1.0 / 3);
    assert_below(fabs(r.total - 3), errors * r.total_error);
    assert_below(r.standard_error, 0.03);
    double total = 0, square = 0;
    for (size_t i = 0; i < 20000; i++) {
        const double e = s.error[2 * i] * s.error[2 * i] + s.error[2 * i + 1] * s.error[2 * i + 1];
        total += e / 20000;
        square += e * e / 20000;
    }
    assert_same(r.total, total, 1e-12);
    /* a standard error from 1000 cells is known to 2 %, a quantile from 2000 draws to 2 % more, skewness apart */
    assert_below(fabs(r.total_error / sqrt((square - total * total) / 20000) - 1), 0.1);
    assert_below(fabs((r.average - r.interval[0]) / (1.96 * r.standard_error) - 1), 0.1);
    assert_below(fabs((r.interval[1] - r.average) / (1.96 * r.standard_error) - 1), 0.1);
    assert_int_equal(r.features, 5);
    assert_true(r.in_sample >= r.average && r.average >= r.held_out);
    drawn_free(&s);
}

/* Without anisotropy the rotation is solenoidal. */
static void rotation_that_nobody_sees(void **state) {
    (void)state;
    const double variance[] = {1, 1};
    drawn s = drawn_gaussian(20000, 2, variance, 0.7, 0, 1, 2);
    for (int form = RG_LINEAR_ORACLE; form <= RG_LINEAR_DENOISING; form++) {
        const rg_estimate_result r = estimate(&s, (rg_linear_form)form, &quadratic);
        assert_near(&r, 0);
        assert_true(r.interval[0] == 0);
        assert_below(r.interval[1], 0.01); /* of a total of 2 */
        assert_true(r.discrepancy > 10 * r.discrepancy_error);
    }
    drawn_free(&s);
}

static void sixty_four_dimensions(void **state) {
    (void)state;
    double variance[64];
    for (int a = 0; a < 64; a++) variance[a] = a % 2 ? 1 : 2;
    drawn s = drawn_gaussian(12000, 64, variance, 0.7, 0.1, 0.2, 3);
    const double exact = drawn_gaussian_energy(64, variance, 0.1, 0.2);
    rg_estimate_options options = quadratic;
    options.fixed_ridge = 1;
    options.ridge = 1e-3;
    const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &options);
    assert_int_equal(r.features, 2144);
    assert_true(r.interval[0] < exact && exact < r.interval[1]);
    assert_below(r.standard_error, 0.01 * exact);
    drawn_free(&s);
}

/* D in the thousands: the estimate finds most of a stretch of 3072 axes, and what it holds beside the data is a few
 * blocks of samples, whatever N. */
static void thousands_of_dimensions(void **state) {
    (void)state;
    enum { N = 1000, D = 3072 };
    double *variance = field(D);
    for (int a = 0; a < D; a++) variance[a] = 1 + 0.5 * (a % 3);
    drawn s = drawn_gaussian(N, D, variance, 0.7, 0.1, 0, 31);
    const double exact = drawn_gaussian_energy(D, variance, 0.1, 0);
    const rg_estimate_options random = {.kind = RG_FEATURES_RANDOM, .size = 100, .discrepancy_samples = 50};
    const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &random);
    assert_int_equal(r.features, 100);
    assert_true(isfinite(r.discrepancy) && r.interval[0] <= r.average && r.average <= r.interval[1]);
    assert_true(r.average > 0 && r.average - errors * r.standard_error < exact); /* a lower bound */
    assert_below(fabs(r.total - exact), errors * r.total_error);
    rg_free(variance);
    drawn_free(&s);
}

static void three_forms_agree(void **state) {
    (void)state;
    const double variance[] = {2, 1, 0.8};
    drawn s = drawn_gaussian(20000, 3, variance, 0.6, 0.3, 1, 4);
    const rg_estimate_options classes[] = {
        quadratic, {.kind = RG_FEATURES_RANDOM, .size = 60}, {.kind = RG_FEATURES_NYSTROM, .size = 60}};
    for (size_t k = 0; k < COUNT_OF(classes); k++) {
        rg_estimate_result r[4];
        for (int form = RG_LINEAR_ORACLE; form <= RG_LINEAR_DENOISING; form++) {
            rg_estimate_options options = classes[k];
            options.fixed_ridge = 1; /* the same target for all three */
            options.ridge = 1e-3;
            r[form] = estimate(&s, (rg_linear_form)form, &options);
            assert_int_equal(r[form].form, form);
            const double both = hypot(r[form].standard_error, r[RG_LINEAR_ORACLE].standard_error);
            assert_below(fabs(r[form].average - r[RG_LINEAR_ORACLE].average), errors * both);
        }
        assert_true(isnan(r[RG_LINEAR_STEIN].total) && isnan(r[RG_LINEAR_DENOISING].total));
        assert_true(r[RG_LINEAR_ORACLE].average > 0.5);
    }
    drawn_free(&s);
}

/* ---- against the exact split on a grid */

enum { WAVES = 5 };

/* Two Gaussians on a 2-D torus that is not square, and an error of low waves with both parts. */
static void furnish(rg_grid *grid, rg_level *level) {
    const ptrdiff_t shape[] = {48, 40};
    const double lower[] = {0.4, -1.1}, length[] = {2.3, 3.1};
    const double means[] = {0.9, 0.2, 1.9, 1.1}, covariances[] = {0.12, 0.02, 0.02, 0.2, 0.15, -0.03, -0.03, 0.1};
    const double weights[] = {0.6, 0.4};
    const rg_density_spec density = {
        .kind = RG_DENSITY_MIXTURE, .components = 2, .means = means, .covariances = covariances, .weights = weights};
    const rg_error_mode mode[WAVES] = {{0, {1, 0, 0}, 1.2, 0.3},
                                       {0, {0, 1, 0}, 0.9, -1.5},
                                       {1, {1, 1, 0}, -0.6, 1.2},
                                       {1, {1, -1, 0}, 0.9, 0},
                                       {1, {0, 2, 0}, 0, 0.6}};
    const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = WAVES, .mode = mode};
    rg_levels *levels = NULL;
    rg_diagnostic why = {0};
    assert_ok(rg_grid_init(2, shape, lower, length, grid));
    if (rg_levels_create(grid, &density, &term, 1, 0.04, 0.04, NULL, &levels, &why)) fail_msg("%s", why.text);
    assert_ok(rg_level_create(grid, level));
    assert_ok(rg_levels_at(levels, 0.04, level, &why));
    rg_levels_destroy(levels);
}

static const rg_estimate_options fourier = {.kind = RG_FEATURES_FOURIER, .size = 4, .seed = 6};

static void grid_is_the_yardstick(void **state) {
    (void)state;
    rg_grid grid;
    rg_level level;
    furnish(&grid, &level);
    drawn s = drawn_cells(&grid, &level, level.error, 40000, 7);
    const rg_estimate_result oracle = estimate(&s, RG_LINEAR_ORACLE, &fourier);
    const rg_estimate_result stein = estimate(&s, RG_LINEAR_STEIN, &fourier);
    assert_near(&oracle, level.split.gradient);
    assert_near(&stein, level.split.gradient);
    assert_below(fabs(oracle.total - level.split.total), errors * oracle.total_error);
    assert_below(oracle.standard_error, 0.02 * level.split.gradient);
    assert_true(level.split.solenoidal > 0.2 * level.split.total);
    assert_int_equal(oracle.features, 80);
    drawn_free(&s);
    rg_level_free(&level);
}

static void solenoidal_error_on_a_grid(void **state) {
    (void)state;
    rg_grid grid;
    rg_level level;
    furnish(&grid, &level);
    drawn s = drawn_cells(&grid, &level, level.solenoidal, 20000, 8);
    const rg_estimate_result oracle = estimate(&s, RG_LINEAR_ORACLE, &fourier);
    const rg_estimate_result stein = estimate(&s, RG_LINEAR_STEIN, &fourier);
    assert_near(&oracle, 0);
    assert_near(&stein, 0);
    assert_true(oracle.interval[0] == 0 && stein.interval[0] == 0);
    assert_below(oracle.interval[1], 0.01 * oracle.total);
    assert_true(stein.discrepancy > errors * stein.discrepancy_error);
    drawn_free(&s);
    rg_level_free(&level);
}

/* The discrepancy of the true score is 0; otherwise it is E[e(x).e(y) k(x, y)], taken here from e itself. */
static void discrepancy_sees_the_error(void **state) {
    (void)state;
    rg_grid grid;
    rg_level level;
    furnish(&grid, &level);
    for (size_t part = 0; part < 2; part++) {
        drawn s = drawn_cells(&grid, &level, level.error, 2000, 9);
        for (size_t i = 0; part == 0 && i < 2 * s.samples; i++) s.score[i] -= s.error[i];
        rg_estimate_options options = fourier;
        options.discrepancy_samples = s.samples;
        const rg_estimate_result r = estimate(&s, RG_LINEAR_STEIN, &options);
        const rg_estimate_data data = drawn_data(&s, RG_LINEAR_STEIN);
        double sum = 0;
        for (size_t i = 0; i < s.samples; i++)
            for (size_t j = 0; j < s.samples; j++) {
                const double *e = s.error + 2 * i, *f = s.error + 2 * j;
                const double q = rg_square_distance(&data, s.points + 2 * i, s.points + 2 * j);
                if (i != j) sum += (e[0] * f[0] + e[1] * f[1]) / sqrt(1 + q / (r.bandwidth * r.bandwidth));
            }
        const double exact = part ? sum / (double)(s.samples * (s.samples - 1)) : 0;
        assert_below(fabs(r.discrepancy - exact), errors * r.discrepancy_error);
        assert_true(part == 0 || r.discrepancy > errors * r.discrepancy_error);
        assert_int_equal(r.discrepancy_samples, s.samples);
        drawn_free(&s);
    }
    rg_level_free(&level);
}

/* Over samples drawn again the discrepancy scatters by its bar. Fifty draws know a deviation to a tenth. */
static void discrepancies_scatter_by_their_bars(void **state) {
    (void)state;
    enum { DRAWS = 50 };
    rg_grid grid;
    rg_level level;
    furnish(&grid, &level);
    double sum = 0, square = 0, bars = 0;
    for (unsigned draw = 0; draw < DRAWS; draw++) {
        drawn s = drawn_cells(&grid, &level, level.error, 300, 100 + draw);
        const rg_estimate_options options = {.kind = RG_FEATURES_FOURIER, .size = 1, .discrepancy_samples = s.samples};
        const rg_estimate_result r = estimate(&s, RG_LINEAR_STEIN, &options);
        sum += r.discrepancy / DRAWS;
        square += r.discrepancy * r.discrepancy / DRAWS;
        bars += r.discrepancy_error * r.discrepancy_error / DRAWS;
        drawn_free(&s);
    }
    const double ratio = sqrt((square - sum * sum) / bars);
    if (!(ratio > 0.7 && ratio < 1.4)) fail_msg("they scatter by %g of their bars", ratio);
    rg_level_free(&level);
}

/* Clean data on a circle, noise so wide that the kernel wraps: p_v is known, so is e. */
static void denoising_wraps(void **state) {
    (void)state;
    const size_t n = 20000;
    const double length = 2.3, sigma = 0.8, lower = 0.4;
    drawn s = drawn_create(n, 1);
    s.lower = drawn_room(1);
    s.length = drawn_room(1);
    s.lower[0] = lower;
    s.length[0] = length;
    s.sigma = sigma;
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    assert_non_null(random);
    for (size_t i = 0; i < n; i++) { /* half of the clean data at 0.9, half at 1.3; p_v has two terms */
        s.clean[i] = i % 2 ? 0.9 : 1.3;
        const double x = s.clean[i] + gsl_ran_gaussian(random, sigma);
        s.points[i] = x - length * floor((x - lower) / length);
        double score = 0, density = 0;
        for (int k = -8; k <= 8; k++)
            for (int c = 0; c < 2; c++) {
                const double away = s.points[i] - (c ? 0.9 : 1.3) - k * length,
                             p = exp(-0.5 * away * away / sigma / sigma);
                density += p;
                score -= p * away / (sigma * sigma);
            }
        s.error[i] = 0.5 * sin(2 * pi * s.points[i] / length);
        s.score[i] = score / density + s.error[i];
    }
    gsl_rng_free(random);
    rg_estimate_options options = fourier;
    options.fixed_ridge = 1;
    const rg_estimate_result oracle = estimate(&s, RG_LINEAR_ORACLE, &options);
    const rg_estimate_result denoising = estimate(&s, RG_LINEAR_DENOISING, &options);
    assert_below(fabs(denoising.average - oracle.average), errors * denoising.standard_error);
    assert_below(denoising.standard_error, 0.3 * oracle.average);
    drawn_free(&s);
}

/* ---- biases */

/* Over repetitions, after the first-order fluctuation, the mean of u = 2 e.grad psi - |grad psi|^2 with the psi of
 * infinitely many samples, is taken away. For the rotation of N(0, diag(2, 1)) that is c x y with c = 1/3/(1 + q ridge),
 * where q is the noise of x y, Var(x^2 - y^2)/E(x^2 + y^2) = 10/3, by the mean noise of x, y, x^2/2, y^2/2 and x y,
 * (1 + 2 + 1 + 2 + 10/3)/5. The next order of the biases is about K/N of the first. */
static void biases_follow_the_law(void **state) {
    (void)state;
    enum { TIMES = 400, SAMPLES = 400 };
    const double variance[] = {2, 1}, ridges[] = {0, 0.3}, q = 10.0 / 3 / ((1 + 2 + 1 + 2 + 10.0 / 3) / 5);
    for (size_t k = 0; k < COUNT_OF(ridges); k++) {
        const double c = 1.0 / 3 / (1 + q * ridges[k]);
        double sum[3] = {0}, square[3] = {0}, law[2] = {0};
        for (unsigned long t = 0; t < TIMES; t++) {
            drawn s = drawn_gaussian(SAMPLES, 2, variance, 0.7, 0, 1, 100 + t);
            rg_estimate_options options = quadratic;
            options.fixed_ridge = 1;
            options.ridge = ridges[k];
            options.replicates = 2;
            options.discrepancy_samples = 2;
            const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &options);
            double mean = 0;
            for (size_t i = 0; i < SAMPLES; i++) {
                const double x = s.points[2 * i], y = s.points[2 * i + 1];
                mean += (2 * c * (x * x - y * y) - c * c * (x * x + y * y)) / SAMPLES;
            }
            const double away[] = {r.in_sample - mean, r.held_out - mean, r.average - mean};
            for (int j = 0; j < 3; j++) {
                sum[j] += away[j] / TIMES;
                square[j] += away[j] * away[j] / TIMES;
            }
            law[0] += r.in_sample_bias / TIMES;
            law[1] += r.held_out_bias / TIMES;
            drawn_free(&s);
        }
        const double expected[] = {law[0], -law[1], 0};
        for (int j = 0; j < 3; j++) {
            const double error = sqrt((square[j] - sum[j] * sum[j]) / TIMES);
            assert_below(fabs(sum[j] - expected[j]), errors * error + 5.0 / SAMPLES * (law[0] + law[1]));
            assert_below(errors * error, 0.5 * law[0]); /* so that it says something */
        }
    }
}

/* ---- identities of one estimate */

static void influence_averages_to_the_value(void **state) {
    (void)state;
    const double variance[] = {2, 1, 0.5};
    drawn s = drawn_gaussian(3000, 3, variance, 0.5, 0.2, 1, 12);
    double *gradient = field(9000), *influence = field(3000);
    for (int form = RG_LINEAR_ORACLE; form <= RG_LINEAR_STEIN; form++) {
        rg_estimate_options options = {.kind = RG_FEATURES_RANDOM, .size = 40};
        options.gradient = gradient;
        options.influence = influence;
        const rg_estimate_result r = estimate(&s, (rg_linear_form)form, &options);
        assert_same(mean(3000, influence), r.held_out, 1e-12);
        for (size_t i = 0; form == RG_LINEAR_ORACLE && i < 3000; i++) {
            double expected = 0;
            for (size_t a = 0; a < 3; a++) {
                const double g = gradient[3 * i + a];
                expected += (2 * s.error[3 * i + a] - g) * g;
            }
            assert_below(fabs(influence[i] - expected), 1e-12 * (1 + fabs(expected)));
        }
    }
    rg_free(gradient);
    rg_free(influence);
    drawn_free(&s);
}

static void twice_the_error_is_four_times_the_energy(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    const rg_estimate_options classes[] = {
        quadratic, {.kind = RG_FEATURES_RANDOM, .size = 40}, {.kind = RG_FEATURES_NYSTROM, .size = 40}};
    drawn s = drawn_gaussian(2000, 2, variance, 0.7, 0.2, 1, 13);
    for (size_t k = 0; k < COUNT_OF(classes); k++) {
        const rg_estimate_result once = estimate(&s, RG_LINEAR_ORACLE, &classes[k]);
        for (size_t i = 0; i < 4000; i++) s.error[i] *= 2;
        const rg_estimate_result twice = estimate(&s, RG_LINEAR_ORACLE, &classes[k]);
        for (size_t i = 0; i < 4000; i++) s.error[i] /= 2;
        const double a[] = {once.in_sample,   once.held_out,       once.average,       once.interval[0],
                            once.interval[1], once.in_sample_bias, once.held_out_bias, once.total};
        const double b[] = {twice.in_sample,   twice.held_out,       twice.average,       twice.interval[0],
                            twice.interval[1], twice.in_sample_bias, twice.held_out_bias, twice.total};
        for (size_t j = 0; j < COUNT_OF(a); j++) assert_same(4 * a[j], b[j], 1e-12);
        assert_true(once.ridge == twice.ridge);
    }
    drawn_free(&s);
}

/* x -> x + a: the classes are those of functions moved along. On a torus every second sample goes once round as well. */
static void shifted_samples(void **state) {
    (void)state;
    const double variance[] = {2, 1}, shift[] = {3.7, -1.9};
    double lower[] = {-4, -3}, length[] = {9.1, 7.3};
    const rg_estimate_options classes[] = {quadratic,
                                           {.kind = RG_FEATURES_RANDOM, .size = 40},
                                           {.kind = RG_FEATURES_NYSTROM, .size = 40},
                                           {.kind = RG_FEATURES_FOURIER, .size = 2},
                                           {.kind = RG_FEATURES_RANDOM, .size = 20}};
    for (size_t k = 0; k < COUNT_OF(classes); k++) {
        drawn s = drawn_gaussian(2000, 2, variance, 0.7, 0.2, 1, 14);
        rg_estimate_options options = classes[k];
        options.fixed_ridge = 1;
        options.ridge = 1e-3;
        s.lower = k < 3 ? NULL : lower;
        s.length = k < 3 ? NULL : length;
        const rg_estimate_result before = estimate(&s, RG_LINEAR_STEIN, &options);
        for (size_t i = 0; i < 4000; i++) s.points[i] += shift[i % 2] + (k >= 3 && i / 2 % 2 ? length[i % 2] : 0);
        const rg_estimate_result after = estimate(&s, RG_LINEAR_STEIN, &options);
        s.lower = s.length = NULL;
        assert_same(before.in_sample, after.in_sample, 1e-9);
        assert_same(before.held_out, after.held_out, 1e-9);
        assert_same(before.discrepancy, after.discrepancy, 1e-9);
        assert_true(before.in_sample > 0.1);
        drawn_free(&s);
    }
}

static void swap_columns(double *rows, size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        const double first = rows[2 * i];
        rows[2 * i] = rows[2 * i + 1];
        rows[2 * i + 1] = first;
    }
}

static void exchanged_coordinates(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    double lower[] = {-4, -3}, length[] = {9.1, 7.3}, lower2[] = {-3, -4}, length2[] = {7.3, 9.1};
    for (int k = 0; k < 2; k++) {
        drawn s = drawn_gaussian(2000, 2, variance, 0.7, 0.2, 1, 15);
        rg_estimate_options options = k ? fourier : quadratic;
        options.size = 2;
        s.lower = k ? lower : NULL;
        s.length = k ? length : NULL;
        const rg_estimate_result before = estimate(&s, RG_LINEAR_STEIN, &options);
        swap_columns(s.points, 2000);
        swap_columns(s.score, 2000);
        s.lower = k ? lower2 : NULL;
        s.length = k ? length2 : NULL;
        const rg_estimate_result after = estimate(&s, RG_LINEAR_STEIN, &options);
        s.lower = s.length = NULL;
        assert_same(before.in_sample, after.in_sample, 1e-9);
        assert_same(before.average, after.average, 1e-9);
        assert_same(before.discrepancy, after.discrepancy, 1e-9);
        drawn_free(&s);
    }
}

/* Without a ridge the in-sample value grows with the class, and the effective dimension is that of the class. */
static void value_grows_with_the_class(void **state) {
    (void)state;
    rg_grid grid;
    rg_level level;
    furnish(&grid, &level);
    drawn s = drawn_cells(&grid, &level, level.error, 4000, 16);
    double before = 0;
    for (size_t size = 1; size <= 4; size++) {
        rg_estimate_options options = {.kind = RG_FEATURES_FOURIER, .size = size, .fixed_ridge = 1};
        const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &options);
        assert_int_equal(r.features, (2 * size + 1) * (2 * size + 1) - 1);
        assert_same(r.effective_dimension, (double)r.features, 1e-12);
        assert_true(r.in_sample > before && r.in_sample < r.total);
        before = r.in_sample;
        options.ridge = 1;
        assert_below(estimate(&s, RG_LINEAR_ORACLE, &options).effective_dimension, 0.7 * (double)r.features);
    }
    drawn_free(&s);
    rg_level_free(&level);
}

/* One function, one fold's worth of algebra by hand: G = E x^2 = g, b = E[e x], ridge r relative to g. */
static void one_function_by_hand(void **state) {
    (void)state;
    const double variance[] = {1.7};
    drawn s = drawn_gaussian(500, 1, variance, 0.5, 0.4, 0, 17);
    rg_estimate_options options = {.kind = RG_FEATURES_POLYNOMIAL, .size = 1, .fixed_ridge = 1, .ridge = 0.25};
    for (size_t i = 0; i < 500; i++) s.error[i] += 1; /* psi = x: b = E e, G = 1 */
    const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &options);
    const double b = mean(500, s.error), c = b / 1.25;
    double square = 0;
    for (size_t i = 0; i < 500; i++) square += (s.error[i] - b) * (s.error[i] - b) / 500;
    assert_same(r.in_sample, 2 * b * c - c * c, 1e-12);
    assert_same(r.effective_dimension, 0.8, 1e-12);
    /* m = e - c: tau1 = Var/1.25, tau2 = Var/1.25^2; each fold has a c of its own, off by N^(-1/2), which adds to Var in
     * second order */
    const double per = square / 500 * 500 / 499;
    assert_same(r.in_sample_bias, per * (2 / 1.25 - 1 / 1.5625), 5.0 / 500);
    assert_same(r.held_out_bias, per / 1.5625 * 1.25, 5.0 / 500);
    assert_same(r.in_sample_bias / r.held_out_bias, (2 * 1.25 - 1) / 1.25, 1e-12);
    /* the value is b^2 (2/1.25 - 1/1.25^2), its slope in b twice that times b: the pull of the coefficient is in it */
    assert_same(r.standard_error, 2 * b * (2 / 1.25 - 1 / 1.5625) * sqrt(per), 5.0 / 500);
    drawn_free(&s);
}

/* Hundreds of samples for 80 waves: the biases of first order do not explain how far apart the two values are, and the
 * interval says so. */
static void interval_knows_when_the_law_fails(void **state) {
    (void)state;
    rg_grid grid;
    rg_level level;
    furnish(&grid, &level);
    double low = 0, high = 0;
    for (unsigned long seed = 50; seed < 60; seed++) {
        drawn s = drawn_cells(&grid, &level, level.error, 300, seed);
        rg_estimate_options options = fourier;
        options.fixed_ridge = 1;
        options.ridge = 1e-4;
        const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &options);
        const double rest = r.in_sample - r.held_out - r.in_sample_bias - r.held_out_bias;
        const double weight = r.held_out_bias / (r.in_sample_bias + r.held_out_bias);
        const double down = rest > 0 ? weight * rest : -(1 - weight) * rest, up = fabs(rest) - down;
        assert_same(r.average, weight * r.in_sample + (1 - weight) * r.held_out, 1e-12);
        assert_true(r.interval[1] > r.average + up + r.standard_error);
        assert_true(r.interval[0] == 0 || r.interval[0] < r.average - down - r.standard_error);
        low += down / r.standard_error / 10;
        high += up / r.standard_error / 10;
        drawn_free(&s);
    }
    assert_true(low > 0.5 && high > 0.5); /* so that it says something */
    rg_level_free(&level);
}

/* ---- the interval by hand */

/* 10 cells of one sample each, half of them 3 and half of them 4: the mean of a draw is 3 + (heads of 10 coins)/10. 2.5 % lie
 * between P(heads <= 1) = 1.1 % and P(heads <= 2) = 5.5 %, six deviations of 2000 draws from either: the percentiles are 3.2
 * and 3.8. Student's t with 9 degrees of freedom has 2.262157 where a normal variable has 1.959964. */
static void ten_coins(void **state) {
    (void)state;
    const double influence[] = {3, 4, 4, 3, 3, 3, 4, 4, 3, 4};
    const double deviation = sqrt(10 * 0.25 * 10 / 9) / 10, spread = 0.3 * sqrt(10.0 / 9) * 2.262157 / 1.959964;
    const rg_sampling s = {.samples = 10, .dim = 1, .block = 1, .folds = 5, .cells = 10, .cell_length = 1};
    const rg_estimate_options options = {.seed = 7};
    double pull[10] = {0};
    for (int k = 0; k < 4; k++) { /* pairs are the least: 0, half and three times the deviation; with a pull, too */
        static const double times[] = {0, 0.5, 3, 0};
        const double factor = fmax(times[k], 1) * (k == 3 ? 1.5 : 1);
        for (int i = 0; k == 3 && i < 10; i++) pull[i] = 0.5 * (influence[i] - 3.5);
        const rg_second_order second = {.pull = pull, .variance = pow(times[k] * deviation, 2)};
        rg_estimate_result r = {.in_sample = 3.5, .held_out = 3.5};
        assert_ok(rg_estimate_interval(&s, influence, &second, &options, &r));
        assert_same(r.average, 3.5, 1e-15);
        assert_same(r.standard_error, factor * deviation, 1e-14);
        assert_same(r.interval[0], 3.5 - factor * spread, 1e-6);
        assert_same(r.interval[1], 3.5 + factor * spread, 1e-6);
    }
}

/* Influences that are all the same scatter by nothing. Without their biases the two values are in_sample - in_sample_bias and
 * held_out + held_out_bias, which are one where the law of first order holds: the interval reaches from one to the other. */
static void the_interval_reaches_to_either_value(void **state) {
    (void)state;
    const double influence[] = {2, 2, 2, 2, 2, 2};
    double pull[6] = {0};
    const rg_sampling s = {.samples = 6, .dim = 1, .block = 1, .folds = 3, .cells = 6, .cell_length = 1};
    const rg_second_order second = {.pull = pull};
    static const double cases[][3] = {/* in_sample, in_sample_bias, held_out_bias; held_out is 2 */
                                      {2.9, 0.1, 0.3}, {2.1, 0.1, 0.3}, {2.4, 0.3, 0.1}, {2.25, 0.3, 0.1},
                                      {2.5, 0, 0},     {1.5, 0, 0},     {2, 9, 12},      {50, 5, 1}};
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        const double *c = cases[k];
        rg_estimate_result r = {.in_sample = c[0], .held_out = 2, .in_sample_bias = c[1], .held_out_bias = c[2]};
        const rg_estimate_options options = {.replicates = 3};
        assert_ok(rg_estimate_interval(&s, influence, &second, &options, &r));
        /* weights in the ratio of the biases, that of each value the other's; without biases both count alike */
        const double average = c[1] + c[2] > 0 ? (c[2] * c[0] + c[1] * 2) / (c[1] + c[2]) : (c[0] + 2) / 2;
        const double one = c[0] - c[1], other = 2 + c[2];
        assert_same(r.average, average, 1e-14);
        assert_same(r.interval[0], fmax(fmin(one, other), 0), 1e-13);
        assert_same(r.interval[1], fmax(one, other), 1e-13);
    }
}

/* Cells of 2 samples and one of 3, three functions: the sums over pairs and the traces as the head of estimate_bias.c has them,
 * with the matrices themselves. */
static void second_order_with_matrices(void **state) {
    (void)state;
    enum { K = 3, CELLS = 4, N = 9, FOLDS = 4 };
    const rg_sampling s = {.samples = N, .dim = 1, .block = 2, .folds = FOLDS, .cells = CELLS, .cell_length = 2};
    double scale[] = {0.7, 1.3, 0.9}, penalty[] = {1.1, 0.4, 2.3}, total[] = {0.8, -1.7, 0.6};
    double factor[] = {1.2, 0, 0, -0.4, 0.9, 0, 0.3, 0.5, 1.1}, pull[CELLS], pairs[CELLS * CELLS];
    const double size[] = {2, 2, 2, 3};
    for (int k = 0; k < 2; k++) {
        const double ridge = k * 0.37;
        double *equations = noise(CELLS * K, 40), m[CELLS][K], inverse[K][K], b[K][K], within[K][K];
        for (int j = 0; j < K; j++) {
            double sum = 0;
            for (int i = 0; i < CELLS; i++) sum += equations[i * K + j];
            for (int i = 0; i < CELLS; i++) m[i][j] = scale[j] * (equations[i * K + j] - size[i] / N * sum);
        }
        for (int j = 0; j < K; j++) {
            for (int i = 0; i < K; i++) inverse[j][i] = i == j;
            rg_dense_solve(K, factor, inverse[j]);
        }
        for (int i = 0; i < K; i++) /* A^-1 G A^-1, G = A - ridge Q */
            for (int j = 0; j < K; j++) {
                within[i][j] = inverse[i][j];
                for (int q = 0; q < K; q++) within[i][j] -= inverse[i][q] * ridge * penalty[q] * inverse[q][j];
                b[i][j] = 2 * inverse[i][j] - within[i][j];
            }
        double squares = 0, up = 0, down = 0;
        for (int i = 0; i < CELLS; i++)
            for (int j = 0; j < CELLS; j++) {
                double pair = 0, fit = 0;
                for (int p = 0; p < K; p++)
                    for (int q = 0; q < K; q++) {
                        pair += m[i][p] * b[p][q] * m[j][q];
                        fit += m[i][p] * within[p][q] * m[j][q];
                    }
                if (i != j) squares += pair * pair;
                if (i == j) up += pair;
                if (i == j) down += fit;
            }
        const rg_fit fit = {.count = K,
                            .folds = FOLDS,
                            .samples = N,
                            .sampling = &s,
                            .scale = scale,
                            .penalty = penalty,
                            .total = total,
                            .work = factor,
                            .ridge = ridge};
        rg_second_order second = {.pull = pull, .pairs = pairs};
        for (int i = 0; i < CELLS * CELLS; i++) pairs[i] = 0; /* what is there is added to */
        rg_estimate_result r = {0};
        rg_dense_begin();
        rg_fit_bias(&fit, equations, &second, &r);
        rg_dense_end();
        const double few = CELLS / (CELLS - 1.0);
        assert_same(second.variance, 2 * squares * few / pow(N, 4), 1e-12);
        assert_same(r.in_sample_bias, up * few / (N * N), 1e-12);
        assert_same(r.held_out_bias, down * few / (N * N) * FOLDS / (FOLDS - 1.0), 1e-12);
        for (int i = 0; i < CELLS; i++) {
            double expected = 0;
            for (int p = 0; p < K; p++)
                for (int q = 0; q < K; q++) expected += 2 * ridge * penalty[p] * total[p] * inverse[p][q] * m[i][q];
            assert_below(fabs(second.pull[i] - expected), 1e-12);
        }
        rg_free(equations);
    }
}

/* psi = x on a line has grad psi = 1, so a fit is the mean of e. Errors of 1 and -1, as many in every fold: all fits are 0 and
 * so is every influence. What is left is the sum over pairs e_i e_j / N^2, of variance 2 / N^2 up to its (N - 1) / N, and the
 * biases: 1 / (N - 1), and of a fit to 4 folds of 5 a quarter more. Both values are 0: without its bias the one is below 0,
 * the other 1.25 / (N - 1), and there the interval ends. */
static void where_only_pairs_are_left(void **state) {
    (void)state;
    enum { N = 40 };
    const double variance[] = {1.7};
    drawn s = drawn_gaussian(N, 1, variance, 0.5, 0, 0, 41);
    const rg_estimate_options options = {.kind = RG_FEATURES_POLYNOMIAL, .size = 1, .fixed_ridge = 1, .seed = 3};
    const rg_estimate_data data = drawn_data(&s, RG_LINEAR_ORACLE);
    rg_sampling sampling;
    assert_ok(rg_sampling_create(&data, &options, &sampling));
    for (size_t place = 0; place < N; place++) s.error[sampling.order[place]] = place % 2 ? 1 : -1;
    const rg_estimate_result r = estimate(&s, RG_LINEAR_ORACLE, &options);
    assert_below(fabs(r.in_sample) + fabs(r.held_out) + fabs(r.average), 1e-28);
    assert_same(r.standard_error, sqrt(2) / N, 1e-12);
    assert_same(r.in_sample_bias, 1.0 / (N - 1), 1e-12);
    assert_same(r.held_out_bias, 1.25 / (N - 1), 1e-12);
    assert_true(r.interval[0] == 0);
    assert_same(r.interval[1], 1.25 / (N - 1), 1e-12);
    rg_sampling_free(&sampling);
    drawn_free(&s);
}

/* ---- classes of functions */

static rg_features *class_of(const drawn *s, rg_feature_kind kind, size_t size, const double *centre) {
    const rg_estimate_data data = drawn_data(s, RG_LINEAR_STEIN);
    const rg_feature_source source = {.data = &data,
                                      .size = size,
                                      .seed = 3,
                                      .first = s->points,
                                      .some = s->samples,
                                      .centre = centre,
                                      .bandwidth = 1.3};
    rg_features *features = NULL;
    rg_status status = RG_EINVAL;
    if (kind == RG_FEATURES_FOURIER) status = rg_features_fourier(&source, &features, NULL);
    if (kind == RG_FEATURES_RANDOM) status = rg_features_random(&source, &features, NULL);
    if (kind == RG_FEATURES_POLYNOMIAL) status = rg_features_polynomial(&source, &features, NULL);
    if (kind == RG_FEATURES_NYSTROM) status = rg_features_nystrom(&source, &features, NULL);
    assert_ok(status);
    return features;
}

/* The four calls of a class say the same: c.G c = sum |grad psi|^2, c.pair(field) = field.grad psi + Laplacian psi; the
 * Jacobian of grad psi by central differences (error h^2 + rounding/h) is symmetric and its trace is the Laplacian. */
static void check_class(const drawn *s, rg_feature_kind kind, size_t size) {
    enum { N = 9 };
    const size_t d = s->dim;
    double centre[3] = {0.1, -0.2, 0.3};
    rg_features *f = class_of(s, kind, size, centre);
    const size_t k = f->count;
    double *x = field((ptrdiff_t)(N * d)), *gradient = field((ptrdiff_t)(N * d)), laplacian[N];
    double *c = noise((ptrdiff_t)k, 18), *vector = noise((ptrdiff_t)(N * d), 19), *rows = field((ptrdiff_t)(N * k));
    double *gram = field((ptrdiff_t)f->raw), *work = field((ptrdiff_t)(k * k));
    for (size_t i = 0; i < N * d; i++) x[i] = s->points[i] - centre[i % d];
    f->load(f, N, x);
    f->add(f, N, gram);
    f->gram(f, gram, work);
    f->apply(f, N, c, gradient, laplacian);
    double square = 0, form = 0;
    for (size_t i = 0; i < N * d; i++) square += gradient[i] * gradient[i];
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++) form += c[i] * c[j] * gram[i > j ? i * k + j : j * k + i];
    assert_same(form, square, 1e-11);
    for (int with = 0; with < 2; with++) {
        f->pair(f, N, vector, with, rows);
        for (size_t i = 0; i < N; i++) {
            double expected = with ? laplacian[i] : 0, found = 0, size_of = 1;
            for (size_t a = 0; a < d; a++) expected += vector[i * d + a] * gradient[i * d + a];
            for (size_t j = 0; j < k; j++) {
                found += c[j] * rows[i * k + j];
                size_of += fabs(c[j] * rows[i * k + j]);
            }
            assert_below(fabs(found - expected), 1e-12 * size_of);
        }
    }
    const double h = 1e-5;
    double *up = field((ptrdiff_t)(N * d)), *down = field((ptrdiff_t)(N * d)), jacobian[3][3][N], unused[N], scale = 0;
    for (size_t a = 0; a < d; a++) {
        for (size_t i = 0; i < N; i++) x[i * d + a] += h;
        f->load(f, N, x);
        f->apply(f, N, c, up, unused);
        for (size_t i = 0; i < N; i++) x[i * d + a] -= 2 * h;
        f->load(f, N, x);
        f->apply(f, N, c, down, unused);
        for (size_t i = 0; i < N; i++) x[i * d + a] += h;
        for (size_t i = 0; i < N * d; i++) jacobian[a][i % d][i / d] = (up[i] - down[i]) / (2 * h);
    }
    for (size_t i = 0; i < N; i++) scale = fmax(scale, fabs(laplacian[i]));
    for (size_t i = 0; i < N; i++) {
        double trace = 0;
        for (size_t a = 0; a < d; a++) trace += jacobian[a][a][i];
        assert_below(fabs(trace - laplacian[i]), 1e-6 * (1 + scale));
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < a; b++)
                assert_below(fabs(jacobian[a][b][i] - jacobian[b][a][i]), 1e-6 * (1 + scale));
    }
    f->destroy(f);
    double *fields[] = {x, gradient, c, vector, rows, gram, work, up, down};
    for (size_t i = 0; i < COUNT_OF(fields); i++) rg_free(fields[i]);
}

static void classes_are_consistent(void **state) {
    (void)state;
    const double variance[] = {2, 1, 0.5};
    double lower[] = {-4, -3, -2}, length[] = {9.1, 7.3, 6.1};
    for (size_t d = 1; d <= 3; d++) {
        drawn s = drawn_gaussian(30, d, variance, 0.5, 0.2, 1, 20);
        check_class(&s, RG_FEATURES_RANDOM, 14);
        check_class(&s, RG_FEATURES_POLYNOMIAL, 1);
        check_class(&s, RG_FEATURES_POLYNOMIAL, 2);
        check_class(&s, RG_FEATURES_NYSTROM, 11);
        s.lower = lower;
        s.length = length;
        check_class(&s, RG_FEATURES_FOURIER, 2);
        check_class(&s, RG_FEATURES_RANDOM, 6);
        s.lower = s.length = NULL;
        drawn_free(&s);
    }
}

/* y = pi t is off by a rounding of pi/2, s and c by two more of 1: cos 2y = 1 - 2 s^2 has four times that at worst. */
static void sines_are_accurate(void **state) {
    (void)state;
    enum { N = 20001 };
    double *t = field(N), *sine = field(N), *cosine = field(N), worst = 0;
    for (int i = 0; i < N; i++) t[i] = (i - N / 2) * 0.00371;
    rg_sine_cosine(N, t, sine, cosine);
    for (int i = 0; i < N; i++) {
        const long double angle = 6.283185307179586476925286766559L * ((long double)t[i] - roundl((long double)t[i]));
        worst = fmax(worst, (double)fabsl((long double)sine[i] - sinl(angle)));
        worst = fmax(worst, (double)fabsl((long double)cosine[i] - cosl(angle)));
    }
    assert_below(worst, 2e-15);
    assert_true(cosine[N / 2] == 1 && sine[N / 2] == 0);
    rg_free(t);
    rg_free(sine);
    rg_free(cosine);
}

/* More than two panels, random and positive definite, and the same matrix with a row taken twice. L L' = A to n roundings
 * of the diagonal, which is about 2 n. */
static void cholesky_by_blocks(void **state) {
    (void)state;
    enum { N = 300 };
    double *b = noise(N * N, 30), *a = field(N * N), *l = field(N * N), *inverse = field(N * N);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i * N + j] = i == j ? N : 0;
            for (int k = 0; k < N; k++) a[i * N + j] += b[i * N + k] * b[j * N + k];
        }
    memcpy(l, a, N * N * sizeof *a);
    assert_true(rg_dense_cholesky(N, l));
    rg_dense_inverse(N, l, inverse);
    double worst = 0, wrong = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j <= i; j++) {
            double sum = -a[i * N + j], unit = i == j ? -1 : 0;
            for (int k = 0; k <= j; k++) sum += l[i * N + k] * l[j * N + k];
            for (int k = j; k <= i; k++) unit += l[i * N + k] * inverse[k * N + j];
            worst = fmax(worst, fabs(sum));
            wrong = fmax(wrong, fabs(unit));
        }
    assert_below(worst, N * DBL_EPSILON * 2 * N);
    assert_below(wrong, N * DBL_EPSILON);
    double x[N];
    for (int i = 0; i < N; i++) x[i] = a[i > 7 ? i * N + 7 : 7 * N + i]; /* A x = column 7 */
    rg_dense_solve(N, l, x);
    for (int i = 0; i < N; i++) assert_below(fabs(x[i] - (i == 7)), N * DBL_EPSILON);
    for (int j = 0; j < N; j++) {
        a[250 * N + j] = a[j > 20 ? j * N + 20 : 20 * N + j];
        a[j * N + 250] = a[250 * N + j];
    }
    a[250 * N + 250] = a[20 * N + 20];
    assert_false(rg_dense_cholesky(N, a));
    rg_free(b);
    rg_free(a);
    rg_free(l);
    rg_free(inverse);
}

static void counts_of_classes(void **state) {
    (void)state;
    assert_int_equal(rg_feature_count(RG_FEATURES_FOURIER, 8, 2), 288);
    assert_int_equal(rg_feature_count(RG_FEATURES_FOURIER, 1, 8), 6560);
    assert_int_equal(rg_feature_count(RG_FEATURES_FOURIER, 1, 9), 0);
    assert_int_equal(rg_feature_count(RG_FEATURES_FOURIER, 1, 900), 0);
    assert_int_equal(rg_feature_count(RG_FEATURES_RANDOM, 2000, 64), 2000);
    assert_int_equal(rg_feature_count(RG_FEATURES_RANDOM, 3, 64), 0);
    assert_int_equal(rg_feature_count(RG_FEATURES_POLYNOMIAL, 2, 64), 2144);
    assert_int_equal(rg_feature_count(RG_FEATURES_POLYNOMIAL, 1, 64), 64);
    assert_int_equal(rg_feature_count(RG_FEATURES_POLYNOMIAL, 3, 1), 0);
    assert_int_equal(rg_feature_count(RG_FEATURES_POLYNOMIAL, 2, 200), 0);
    assert_int_equal(rg_feature_count(RG_FEATURES_NYSTROM, 17, 3), 17);
    assert_int_equal(rg_feature_count((rg_feature_kind)9, 17, 3), 0);
}

/* ---- order, folds, cells */

static void every_sample_once(void **state) {
    (void)state;
    const size_t samples[] = {10, 1023, 4097, 100001}, blocks[] = {1, 7, 64};
    for (size_t n = 0; n < COUNT_OF(samples); n++)
        for (size_t b = 0; b < COUNT_OF(blocks); b++) {
            const rg_estimate_data data = {.samples = samples[n], .dim = 1};
            const rg_estimate_options options = {.block = blocks[b], .seed = 21};
            if (samples[n] < 10 * blocks[b]) continue;
            rg_sampling s;
            assert_ok(rg_sampling_create(&data, &options, &s));
            double *seen = field((ptrdiff_t)samples[n]);
            size_t moved = 0, total = 0;
            for (size_t i = 0; i < samples[n]; i++) {
                seen[s.order[i]]++;
                moved += s.order[i] != i;
            }
            for (size_t i = 0; i < samples[n]; i++) assert_true(seen[i] == 1);
            assert_true((moved > 0) == (blocks[b] == 1)); /* a time series keeps its order */
            for (size_t f = 0; f < s.folds; f++) {
                const size_t begin = rg_fold_begin(&s, f), end = rg_fold_begin(&s, f + 1);
                assert_true(end > begin && begin % blocks[b] == 0);
                assert_true(end - begin <= samples[n] / s.folds + 2 * blocks[b]);
            }
            assert_int_equal(rg_fold_begin(&s, s.folds), samples[n]);
            for (size_t c = 0; c < s.cells; c++) {
                const size_t size = rg_cell_size(&s, c);
                assert_true(size >= s.cell_length && size < 2 * s.cell_length &&
                            size % blocks[b] < (c + 1 < s.cells ? 1 : blocks[b]));
                assert_int_equal(rg_cell_of(&s, total), c);
                assert_int_equal(rg_cell_of(&s, total + size - 1), c);
                total += size;
            }
            assert_int_equal(total, samples[n]);
            assert_true(s.cells <= 1024);
            rg_free(seen);
            rg_sampling_free(&s);
        }
}

/* Each point of 500 stands 20 times running: the error is that of 500 samples, which only blocks can know. */
static void repeated_samples_need_blocks(void **state) {
    (void)state;
    enum { REPEATED = 20, N = 10000 };
    const double variance[] = {2, 1};
    drawn few = drawn_gaussian(N / REPEATED, 2, variance, 0.7, 0.2, 1, 22), many = drawn_create(N, 2);
    for (size_t i = 0; i < 2 * N; i++) {
        const size_t from = i / 2 / REPEATED * 2 + i % 2;
        many.points[i] = few.points[from];
        many.error[i] = few.error[from];
        many.score[i] = few.score[from];
    }
    rg_estimate_options options = quadratic;
    options.fixed_ridge = 1;
    const rg_estimate_result honest = estimate(&few, RG_LINEAR_ORACLE, &options);
    const rg_estimate_result naive = estimate(&many, RG_LINEAR_ORACLE, &options);
    options.block = REPEATED;
    const rg_estimate_result blocks = estimate(&many, RG_LINEAR_ORACLE, &options);
    /* the folds differ, and a standard error from 500 cells is known to 3 % */
    assert_below(fabs(blocks.standard_error / honest.standard_error - 1), 0.15);
    assert_below(fabs(blocks.in_sample_bias / honest.in_sample_bias - 1), 0.15);
    assert_below(naive.standard_error, 0.8 * honest.standard_error); /* its cells of 10 know half of it */
    assert_true(naive.neighbour_correlation > 0.9);
    assert_below(fabs(honest.neighbour_correlation), errors / sqrt(N / REPEATED));
    drawn_free(&few);
    drawn_free(&many);
}

/* ---- threads, memory, interruption */

static void any_number_of_threads(void **state) {
    (void)state;
    const int blas[] = {1, 2, 1, 3}, threads[] = {1, 2, 3, 4}, usual = omp_get_max_threads();
    const double variance[] = {2, 1, 0.5};
    drawn s = drawn_gaussian(3000, 3, variance, 0.5, 0.2, 1, 23);
    const rg_estimate_options classes[] = {
        quadratic, {.kind = RG_FEATURES_RANDOM, .size = 300}, {.kind = RG_FEATURES_NYSTROM, .size = 250}};
    for (size_t k = 0; k < COUNT_OF(classes); k++) {
        rg_estimate_result first = {0};
        for (int t = 0; t < 4; t++) {
            openblas_set_num_threads(blas[t]);
            omp_set_num_threads(threads[t]);
            const rg_estimate_result r = estimate(&s, RG_LINEAR_STEIN, &classes[k]);
            assert_int_equal(openblas_get_num_threads(), blas[t]); /* as it was found */
            if (t == 0) first = r;
            assert_memory_equal(&r, &first, sizeof r);
        }
    }
    openblas_set_num_threads(1);
    omp_set_num_threads(usual);
    drawn_free(&s);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    double lower[] = {-4, -3}, length[] = {9.1, 7.3};
    const rg_estimate_options classes[] = {quadratic,
                                           {.kind = RG_FEATURES_RANDOM, .size = 6},
                                           {.kind = RG_FEATURES_NYSTROM, .size = 5},
                                           {.kind = RG_FEATURES_FOURIER, .size = 1}};
    drawn s = drawn_gaussian(60, 2, variance, 0.7, 0.2, 1, 24);
    for (size_t k = 0; k < COUNT_OF(classes); k++) {
        s.lower = classes[k].kind == RG_FEATURES_FOURIER ? lower : NULL;
        s.length = s.lower ? length : NULL;
        const rg_estimate_data data = drawn_data(&s, RG_LINEAR_STEIN);
        rg_status status = RG_ENOMEM;
        long failures = 0;
        for (; status; failures++) {
            rg_estimate_result result = {.average = -7};
            rg_diagnostic why = {0};
            rg_alloc_fail_after(failures);
            status = rg_estimate(&data, &classes[k], &result, &why);
            if (!status) break;
            assert_int_equal(status, RG_ENOMEM);
            assert_string_equal(why.text, "estimate: out of memory");
            assert_true(result.average == -7);
        }
        rg_alloc_fail_after(-1);
        assert_true(failures > 25);
    }
    s.lower = s.length = NULL;
    drawn_free(&s);
}

static int stop_half_way(void *data, double fraction, const char *stage) {
    assert_non_null(stage);
    ++*(int *)data;
    return fraction >= 0.5;
}

static void caller_may_stop(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    int calls = 0;
    drawn s = drawn_gaussian(3000, 2, variance, 0.7, 0.2, 1, 25);
    rg_estimate_options options = quadratic;
    options.progress = stop_half_way;
    options.progress_data = &calls;
    const rg_estimate_data data = drawn_data(&s, RG_LINEAR_STEIN);
    rg_estimate_result result = {.average = -7};
    assert_int_equal(rg_estimate(&data, &options, &result, NULL), RG_ECANCELLED);
    assert_int_equal(calls, 6); /* five folds, and the first ridge */
    assert_true(result.average == -7);
    drawn_free(&s);
}

/* ---- what is refused */

static void refused(const rg_estimate_data *data, const rg_estimate_options *options, rg_status status,
                    const char *text) {
    rg_estimate_result result = {.average = -7};
    rg_diagnostic why = {0};
    assert_int_equal(rg_estimate(data, options, &result, &why), status);
    assert_string_equal(why.text, text);
    assert_true(result.average == -7);
}

static void bad_samples(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    drawn s = drawn_gaussian(100, 2, variance, 0.7, 0.2, 1, 26);
    const rg_estimate_data stein = drawn_data(&s, RG_LINEAR_STEIN);
    rg_estimate_data d = stein;
    d.samples = 1;
    refused(&d, &quadratic, RG_EINVAL, "expected at least 10 samples, found 1");
    d = stein;
    d.dim = 0;
    refused(&d, &quadratic, RG_EINVAL, "expected 1 to 1000000 dimensions, got 0");
    d = stein;
    d.score = NULL;
    refused(&d, &quadratic, RG_EINVAL, "estimate: an argument is missing");
    refused(NULL, &quadratic, RG_EINVAL, "estimate: an argument is missing");
    d = stein;
    d.samples = SIZE_MAX / 8;
    refused(&d, &quadratic, RG_ENOMEM, "the size of the samples overflows");
    d = drawn_data(&s, RG_LINEAR_DENOISING);
    d.error = s.error;
    refused(&d, &quadratic, RG_EINVAL, "expected the error or the clean data, got both");
    d.error = NULL;
    const double sigmas[] = {0, -1, not_a_number, infinity, 1e-200};
    const char *const shown[] = {"0", "-1", "nan", "inf", "1e-200"};
    for (size_t i = 0; i < COUNT_OF(sigmas); i++) {
        char text[80];
        d.sigma = sigmas[i];
        snprintf(text, sizeof text, "clean data need a sigma above 0, got %s", shown[i]);
        refused(&d, &quadratic, RG_EINVAL, text);
    }
    s.score[2 * 37 + 1] = not_a_number;
    refused(&stein, &quadratic, RG_EINVAL, "score: row 37, component 1 is not finite");
    s.points[0] = infinity;
    refused(&stein, &quadratic, RG_EINVAL, "points: row 0, component 0 is not finite");
    s.score[2 * 37 + 1] = 0;
    for (size_t i = 0; i < 200; i++) s.points[i] = 3;
    refused(&stein, &quadratic, RG_EDOMAIN, "all 100 samples are the same point");
    for (size_t i = 20; i < 180; i++) s.points[i] = (double)(i * i % 37); /* the last is the first, others are not */
    (void)estimate(&s, RG_LINEAR_STEIN, &quadratic);
    for (size_t i = 0; i < 100; i++) s.points[2 * i + 1] = 0.7;
    refused(&stein, &quadratic, RG_EDOMAIN,
            "component 1 of all 100 samples is 0.7: they have no density along it; leave it out");
    (void)estimate(&s, RG_LINEAR_ORACLE, &quadratic);
    for (size_t i = 0; i < 200; i++) s.points[i] = (double)i * 1e200;
    refused(&stein, &quadratic, RG_EDOMAIN, "the median distance between samples is inf: rescale them");
    drawn_free(&s);
}

static void bad_options(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    double lower[] = {-4, -3}, length[] = {9.1, 7.3}, bad[] = {9.1, 0};
    drawn s = drawn_gaussian(100, 2, variance, 0.7, 0.2, 1, 27);
    const rg_estimate_data plain = drawn_data(&s, RG_LINEAR_STEIN);
    rg_estimate_data boxed = plain;
    boxed.lower = lower;
    boxed.length = length;
#define OPTIONS(...) (&(const rg_estimate_options){__VA_ARGS__})
    refused(&plain, OPTIONS(.kind = 0, .size = 3), RG_EINVAL, "unknown class of features");
    refused(&plain, &fourier, RG_EINVAL, "fourier features need a box; on R^D take rff:N");
    refused(&boxed, &quadratic, RG_EINVAL, "polynomial features are not periodic: in a box take fourier:M or rff:N");
    refused(&boxed, OPTIONS(.kind = RG_FEATURES_NYSTROM, .size = 3), RG_EINVAL,
            "nystrom features are not periodic: in a box take fourier:M or rff:N");
    refused(&plain, OPTIONS(.kind = RG_FEATURES_POLYNOMIAL, .size = 3), RG_EINVAL,
            "expected polynomials of degree 1 or 2, got 3");
    refused(&plain, OPTIONS(.kind = RG_FEATURES_RANDOM, .size = 3), RG_EINVAL,
            "expected an even number of random features (a cosine and a sine each), got 3");
    refused(&plain, OPTIONS(.kind = RG_FEATURES_NYSTROM, .size = 0), RG_EINVAL,
            "expected 1 to 10000 features; in 2 dimensions this class has none");
    refused(&boxed, OPTIONS(.kind = RG_FEATURES_FOURIER, .size = 60), RG_EINVAL,
            "expected 1 to 10000 features; in 2 dimensions this class has more");
    refused(&plain, OPTIONS(.kind = RG_FEATURES_RANDOM, .size = 100), RG_EINVAL,
            "expected more samples than features, found 100 samples for 100 features");
    refused(&boxed, OPTIONS(.kind = RG_FEATURES_FOURIER, .size = 5), RG_EINVAL,
            "expected more samples than features, found 100 samples for 120 features");
    boxed.length = bad;
    refused(&boxed, &fourier, RG_EINVAL, "the box has no finite, positive length on axis 1");
    boxed.length = NULL;
    refused(&boxed, &fourier, RG_EINVAL, "a box needs its lower ends and its lengths");
    rg_estimate_options o = quadratic;
    o.folds = 1;
    refused(&plain, &o, RG_EINVAL, "expected 2 to 100 folds, got 1");
    o.folds = 0;
    o.block = 11;
    refused(&plain, &o, RG_EINVAL, "expected at least 10 blocks, and as many as folds, found 9 blocks of 11 samples");
    o.block = 0;
    o.fixed_ridge = 1;
    o.ridge = -1;
    refused(&plain, &o, RG_EINVAL, "expected a ridge >= 0, got -1");
    drawn_free(&s);
}

/* Landmarks that coincide make the Gram matrix singular: a ridge of 0 is refused, a chosen one is not. A coordinate that
 * never changes makes a function constant: it has no say. */
static void degenerate_samples(void **state) {
    (void)state;
    const double variance[] = {2, 1};
    drawn s = drawn_gaussian(100, 2, variance, 0.7, 0.2, 1, 28);
    for (size_t i = 0; i < 200; i++) {
        s.points[i] = s.points[i % 12];
        s.score[i] = s.score[i % 12];
    }
    rg_estimate_options o = {.kind = RG_FEATURES_NYSTROM, .size = 30, .fixed_ridge = 1};
    const rg_estimate_data data = drawn_data(&s, RG_LINEAR_STEIN);
    refused(&data, &o, RG_EDOMAIN,
            "the features are linearly dependent on these samples: let the ridge be chosen, or give a larger one");
    o.fixed_ridge = 0;
    const rg_estimate_result r = estimate(&s, RG_LINEAR_STEIN, &o);
    assert_true(r.ridge > 0 && isfinite(r.average));
    drawn_free(&s);
    s = drawn_gaussian(100, 2, variance, 0.7, 0.2, 1, 29);
    for (size_t i = 0; i < 100; i++) s.points[2 * i + 1] = 0;
    o = quadratic;
    o.fixed_ridge = 1;
    o.ridge = 1e-3;
    const rg_estimate_result flat = estimate(&s, RG_LINEAR_ORACLE, &o);
    assert_true(flat.effective_dimension > 3.5 && flat.effective_dimension < 4); /* y^2 is constant, x y is not */
    drawn_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rotation_of_a_gaussian),
        cmocka_unit_test(rotation_that_nobody_sees),
        cmocka_unit_test(sixty_four_dimensions),
        cmocka_unit_test(thousands_of_dimensions),
        cmocka_unit_test(three_forms_agree),
        cmocka_unit_test(grid_is_the_yardstick),
        cmocka_unit_test(solenoidal_error_on_a_grid),
        cmocka_unit_test(discrepancy_sees_the_error),
        cmocka_unit_test(discrepancies_scatter_by_their_bars),
        cmocka_unit_test(denoising_wraps),
        cmocka_unit_test(biases_follow_the_law),
        cmocka_unit_test(influence_averages_to_the_value),
        cmocka_unit_test(twice_the_error_is_four_times_the_energy),
        cmocka_unit_test(shifted_samples),
        cmocka_unit_test(exchanged_coordinates),
        cmocka_unit_test(value_grows_with_the_class),
        cmocka_unit_test(one_function_by_hand),
        cmocka_unit_test(interval_knows_when_the_law_fails),
        cmocka_unit_test(ten_coins),
        cmocka_unit_test(the_interval_reaches_to_either_value),
        cmocka_unit_test(second_order_with_matrices),
        cmocka_unit_test(where_only_pairs_are_left),
        cmocka_unit_test(classes_are_consistent),
        cmocka_unit_test(sines_are_accurate),
        cmocka_unit_test(cholesky_by_blocks),
        cmocka_unit_test(counts_of_classes),
        cmocka_unit_test(every_sample_once),
        cmocka_unit_test(repeated_samples_need_blocks),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(caller_may_stop),
        cmocka_unit_test(bad_samples),
        cmocka_unit_test(bad_options),
        cmocka_unit_test(degenerate_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
