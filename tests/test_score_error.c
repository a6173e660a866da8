/* Score errors: every term against its formula, interpolation of learned levels, energies that were asked for. */
#include "base/base.h"

#include <rotgrad/score_error.h>
#include <rotgrad/split.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* NAN and INFINITY are float constants. */
#pragma GCC diagnostic ignored "-Wdouble-promotion"

#define TWO_PI 6.283185307179586476925

/* ---- a density to stand on: a mixture, wide enough for the grids below to resolve its score */

static const double lower[] = {-1.1, 0.4, -0.3}, length[] = {2.3, 1.9, 2.1};
static const ptrdiff_t coarse[3][3] = {{15}, {14, 13}, {10, 9, 11}}, fine[3][3] = {{40}, {36, 33}, {24, 21, 20}};

static rg_grid grid_of(int dim, const ptrdiff_t *shape) {
    rg_grid g;
    assert_int_equal(rg_grid_init(dim, shape, lower, length, &g), RG_OK);
    return g;
}

static rg_density *density_of(const rg_grid *g, double variance_min) {
    static const double means[2][3] = {{0.1, 0.9, 0.6}, {-0.8, 1.9, -0.2}}, weights[] = {0.7, 0.3};
    double mean[6], covariance[18] = {0};
    const size_t d = (size_t)g->dim;
    for (size_t m = 0; m < 2; m++)
        for (size_t a = 0; a < d; a++) {
            mean[m * d + a] = means[m][a];
            covariance[(m * d + a) * d + a] = 0.16 + 0.05 * (double)(m + a);
        }
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 2, .means = mean, .covariances = covariance, .weights = weights};
    rg_density *density = NULL;
    assert_int_equal(rg_density_create(g, &spec, variance_min, &density, NULL), RG_OK);
    return density;
}

/* One prepared sum of terms with the density, its score, and room for e. */
struct bench {
    rg_grid grid;
    ptrdiff_t n, dn;
    rg_density *density;
    rg_score_error *error;
    double *log_density, *score, *e;
};

static struct bench bench_of(const rg_grid *g, const rg_error_term *term, size_t count, double low, double high) {
    struct bench b = {.grid = *g, .n = rg_grid_cells(g), .dn = rg_grid_cells(g) * g->dim};
    b.density = density_of(g, 0);
    rg_diagnostic diagnostic = {0};
    if (rg_score_error_create(g, term, count, b.density, low, high, &b.error, &diagnostic))
        fail_msg("%s", diagnostic.text);
    b.log_density = rg_field_alloc((size_t)b.n);
    b.score = rg_field_alloc((size_t)b.dn);
    b.e = rg_field_alloc((size_t)b.dn);
    assert_true(b.log_density && b.score && b.e);
    return b;
}

static void bench_free(struct bench *b) {
    rg_score_error_destroy(b->error);
    rg_density_destroy(b->density);
    rg_free(b->log_density);
    rg_free(b->score);
    rg_free(b->e);
}

static const double *error_at(struct bench *b, double variance) {
    assert_int_equal(rg_density_at(b->density, variance, b->log_density, b->score, NULL), RG_OK);
    assert_int_equal(rg_score_error_at(b->error, variance, b->log_density, b->score, b->e), RG_OK);
    return b->e;
}

static void point_of(const rg_grid *g, ptrdiff_t cell, double *x) {
    for (int a = g->dim - 1; a >= 0; a--) {
        x[a] = g->lower[a] + (double)(cell % g->shape[a]) * rg_grid_spacing(g, a);
        cell /= g->shape[a];
    }
}

static void close_to(double value, double expected, double tolerance, const char *what) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g, off by %.2e > %.2e", what, value, expected, fabs(value - expected),
                 tolerance);
}

static double mode_at(const rg_grid *g, const rg_error_mode *m, const double *x) {
    double theta = 0;
    for (int a = 0; a < g->dim; a++) theta += TWO_PI * m->wave[a] * x[a] / g->length[a];
    return m->sine * sin(theta) + m->cosine * cos(theta);
}

/* A band-limited vector field: component a of list `which`. Waves stay below the Nyquist mode of the coarse grids. */
static double wave_at(const rg_grid *g, int which, int component, const double *x) {
    const rg_error_mode list[] = {
        {0, {1, -2, 1}, 0.7 + which, -0.2},
        {0, {-3, 1, which % 3}, 0.3, 0.9 - which},
        {0, {2, 3, -3}, -0.4, 0.11 * which},
    };
    double sum = 0.25 * which - 0.1 * component;
    for (int i = 0; i < 3; i++) sum += mode_at(g, &list[(i + component) % 3], x) / (1 + component);
    return sum;
}

static double *wave_field(const rg_grid *g, int which) {
    const ptrdiff_t n = rg_grid_cells(g);
    double *values = rg_field_alloc((size_t)(n * g->dim));
    assert_non_null(values);
    for (int c = 0; c < g->dim; c++)
        for (ptrdiff_t i = 0; i < n; i++) {
            double x[3] = {0};
            point_of(g, i, x);
            values[c * n + i] = wave_at(g, which, c, x);
        }
    return values;
}

/* ---- terms with a formula */

static const rg_error_mode some_modes[] = {{0, {1, 2, -1}, 0.3, 0},
                                           {0, {-2, 1, 0}, 0, 0.15},
                                           {0, {3, 0, 2}, -0.12, 0.4},
                                           {0, {0, 0, 0}, 5, 0.7},
                                           {0, {1, 2, -1}, 0.01, 0.02}};

/* Phases are counted from x = 0, which is not a corner of the box; the same at every variance. */
static void modes_follow_their_formula(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, fine[dim - 1]);
        rg_error_mode mode[5];
        for (int m = 0; m < 5; m++) {
            mode[m] = some_modes[m];
            mode[m].component = m % dim;
        }
        const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = 5, .mode = mode};
        struct bench b = bench_of(&g, &term, 1, 0, 3);
        for (int v = 0; v < 2; v++) {
            const double *e = error_at(&b, 3 * v);
            for (int c = 0; c < dim; c++)
                for (ptrdiff_t i = 0; i < b.n; i++) {
                    double x[3], expected = 0;
                    point_of(&g, i, x);
                    for (int m = 0; m < 5; m++)
                        if (mode[m].component == c) expected += mode_at(&g, &mode[m], x);
                    close_to(e[c * b.n + i], expected, 64 * DBL_EPSILON, "mode"); /* theta up to 25, sizes up to 1 */
                }
        }
        bench_free(&b);
    }
}

static void constants_fields_and_rotations_follow_their_formulas(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, fine[dim - 1]), from = grid_of(dim, coarse[dim - 1]);
        double *values = wave_field(&from, 2);
        const double w[] = {0.7, -0.3, 0.2};
        rg_error_term term[] = {
            {.kind = RG_ERROR_CONSTANT, .constant = {0.5, -0.25, 2}},
            {.kind = RG_ERROR_FIELD, .values_grid = from, .values = values},
            {.kind = RG_ERROR_ROTATION, .rotation = {0.5, -0.4, 0.1}},
            {.kind = RG_ERROR_ROTATION, .rotation = {0.2, 0.1, 0.1}},
        };
        struct bench b = bench_of(&g, term, dim > 1 ? 4 : 2, 0.1, 3);
        memset(values, 0xff, (size_t)(rg_grid_cells(&from) * dim) * sizeof *values); /* may be freed after creation */
        const double *e = error_at(&b, 0.7), *s = b.score;
        for (ptrdiff_t i = 0; i < b.n; i++) {
            double x[3], turned[3] = {0};
            point_of(&g, i, x);
            if (dim == 2) {
                turned[0] = -w[0] * s[b.n + i];
                turned[1] = w[0] * s[i];
            } else if (dim == 3) {
                const double s0 = s[i], s1 = s[b.n + i], s2 = s[2 * b.n + i];
                turned[0] = w[1] * s2 - w[2] * s1;
                turned[1] = w[2] * s0 - w[0] * s2;
                turned[2] = w[0] * s1 - w[1] * s0;
            }
            for (int c = 0; c < dim; c++) { /* two FFTs of values up to 5 */
                const double expected = term[0].constant[c] + wave_at(&g, 2, c, x) + turned[c];
                close_to(e[c * b.n + i], expected, 1e-13, "constant + field + rotations");
            }
        }
        bench_free(&b);
        rg_free(values);
    }
}

static void terms_add_up(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, fine[1]), from = grid_of(2, coarse[1]);
    double *values = wave_field(&from, 1), *scores = rg_field_alloc((size_t)(2 * 2 * rg_grid_cells(&from)));
    assert_non_null(scores);
    for (ptrdiff_t i = 0; i < 4 * rg_grid_cells(&from); i++) scores[i] = values[i % (2 * rg_grid_cells(&from))];
    const rg_error_mode mode = {1, {2, -3, 0}, 0.3, -0.1};
    const double sigma[] = {0.2, 2};
    const rg_error_term term[] = {
        {.kind = RG_ERROR_LEARNED, .levels = 2, .sigma = sigma, .score = scores, .values_grid = from},
        {.kind = RG_ERROR_MODES, .modes = 1, .mode = &mode},
        {.kind = RG_ERROR_RANDOM, .seed = 3, .band = 2, .gradient_energy = 0.1, .solenoidal_energy = 0.3},
        {.kind = RG_ERROR_ROTATION, .rotation = {0.3}},
        {.kind = RG_ERROR_RANDOM, .seed = 4, .band = 3, .gradient_energy = 0.2, .solenoidal_energy = 0},
        {.kind = RG_ERROR_CONSTANT, .constant = {1, -2}},
        {.kind = RG_ERROR_FIELD, .values_grid = from, .values = values},
        {.kind = RG_ERROR_LEARNED, .levels = 2, .sigma = sigma, .score = scores, .values_grid = from},
    };
    struct bench all = bench_of(&g, term, 8, 0.1, 3);
    double *sum = rg_field_alloc((size_t)all.dn);
    assert_non_null(sum);
    for (int t = 0; t < 8; t++) {
        struct bench one = bench_of(&g, &term[t], 1, 0.1, 3);
        const double *e = error_at(&one, 0.9);
        for (ptrdiff_t i = 0; i < all.dn; i++) sum[i] += e[i];
        bench_free(&one);
    }
    const double *e = error_at(&all, 0.9);
    for (ptrdiff_t i = 0; i < all.dn; i++) close_to(e[i], sum[i], 1e-13, "sum"); /* eight roundings of values to 20 */
    struct bench none = bench_of(&g, NULL, 0, 0, 1);
    const double *zero = error_at(&none, 0.5);
    for (ptrdiff_t i = 0; i < none.dn; i++) assert_true(zero[i] == 0);
    bench_free(&none);
    bench_free(&all);
    rg_free(values);
    rg_free(scores);
    rg_free(sum);
}

/* ---- what has no gradient part, and what has the energies asked for */

static rg_split_report split_of(struct bench *b) {
    rg_split *split = NULL;
    rg_split_report report = {0};
    assert_int_equal(rg_split_create(&b->grid, &(rg_split_options){.tolerance = 1e-11}, &split), RG_OK);
    const rg_status status =
        rg_split_weighted(split, b->log_density, b->score, b->e, &(rg_split_parts){.gradient = NULL}, &report);
    assert_true(status == RG_OK || status == RG_ENOCONV);
    rg_split_destroy(split);
    return report;
}

/* Discretely these fields are p-solenoidal up to the part of the score that the grid does not resolve: modes of p beyond
 * k = pi / h, exp(-v k^2 / 2) with v > 1.16 and k = 27 (3-D) or 45 (2-D): nothing. log p itself converges like
 * exp(-k pi v / L): below 1e-18. What is left is rounding; energies are squares of it. */
static void solenoidal_terms_have_no_gradient_part(void **state) {
    (void)state;
    for (int dim = 2; dim <= 3; dim++)
        for (int kind = 0; kind < 2; kind++) {
            const rg_grid g = grid_of(dim, fine[dim - 1]);
            const rg_error_term term[] = {
                {.kind = RG_ERROR_ROTATION, .rotation = {0.7, -0.4, 0.2}},
                {.kind = RG_ERROR_RANDOM, .seed = 11, .band = 3, .solenoidal_energy = 0.37},
            };
            struct bench b = bench_of(&g, &term[kind], 1, 0, 1);
            error_at(&b, 0.2); /* variances 0.36 and more: exp(-27 * 0.49) = 2e-6, squared */
            const rg_split_report report = split_of(&b);
            assert_true(report.total > 1e-3);
            if (!(report.gradient < 1e-10 * report.total))
                fail_msg("%d-D, kind %d: gradient %g of %g", dim, kind, report.gradient, report.total);
            if (kind == 1) close_to(report.total, 0.37, 1e-8, "energy"); /* mass of p by the trapezoidal rule */
            bench_free(&b);
        }
}

static void random_energies_are_met(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, fine[dim - 1]);
        const double solenoidal = dim > 1 ? 0.5 : 0;
        const rg_error_term term = {
            .kind = RG_ERROR_RANDOM, .seed = 5, .band = 3, .gradient_energy = 0.2, .solenoidal_energy = solenoidal};
        struct bench b = bench_of(&g, &term, 1, 0, 4);
        const double variances[] = {0.2, 0.6, 4};
        for (int v = 0; v < 3; v++) { /* at every noise level anew */
            error_at(&b, variances[v]);
            const rg_split_report report = split_of(&b);
            close_to(report.gradient, 0.2, 1e-6, "gradient energy"); /* cross terms: the 2e-6 of above times 0.3 */
            close_to(report.solenoidal, solenoidal, 1e-6, "solenoidal energy");
        }
        bench_free(&b);
    }
}

/* Coefficients know nothing of the grid: shared points of two grids see the same field, up to the quadrature of its
 * energy (2e-6 on the coarser one). */
static void random_fields_do_not_depend_on_the_grid(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){30, 26}), twice = grid_of(2, (ptrdiff_t[]){60, 52});
    rg_error_term term = {
        .kind = RG_ERROR_RANDOM, .seed = 99, .band = 4, .gradient_energy = 0.2, .solenoidal_energy = 0.5};
    struct bench a = bench_of(&g, &term, 1, 0, 1), b = bench_of(&twice, &term, 1, 0, 1);
    term.seed = 100;
    struct bench other = bench_of(&g, &term, 1, 0, 1);
    const double *x = error_at(&a, 0.3), *y = error_at(&b, 0.3), *z = error_at(&other, 0.3);
    double same = 0, product = 0, square = 0, square_other = 0;
    for (int c = 0; c < 2; c++)
        for (ptrdiff_t i = 0; i < 30; i++)
            for (ptrdiff_t j = 0; j < 26; j++) {
                const ptrdiff_t k = c * a.n + i * 26 + j;
                same = fmax(same, fabs(x[k] - y[c * b.n + 2 * i * 52 + 2 * j]));
                product += x[k] * z[k];
                square += x[k] * x[k];
                square_other += z[k] * z[k];
            }
    assert_true(same < 1e-5);
    assert_true(fabs(product) < 0.7 * sqrt(square * square_other)); /* another seed, another field */
    bench_free(&a);
    bench_free(&b);
    bench_free(&other);
}

/* ---- learned */

/* s_theta = s + f_k / sigma_k at level k on the run's own grid. */
static double *learned_scores(const rg_grid *g, size_t levels, const double *sigma) {
    const ptrdiff_t n = rg_grid_cells(g), dn = n * g->dim;
    rg_density *density = density_of(g, 0);
    double *scores = rg_field_alloc(levels * (size_t)dn), *log_density = rg_field_alloc((size_t)n);
    assert_true(scores && log_density);
    for (size_t k = 0; k < levels; k++) {
        double *out = scores + (ptrdiff_t)k * dn, *wave = wave_field(g, (int)k);
        double *score = rg_field_alloc((size_t)dn);
        assert_non_null(score);
        assert_int_equal(rg_density_at(density, sigma[k] * sigma[k], log_density, score, NULL), RG_OK);
        for (ptrdiff_t i = 0; i < dn; i++) out[i] = score[i] + wave[i] / sigma[k];
        rg_free(score);
        rg_free(wave);
    }
    rg_free(log_density);
    rg_density_destroy(density);
    return scores;
}

/* At sigma = sigma_k^(1-t) sigma_(k+1)^t the error is ((1-t) f_k + t f_(k+1)) / sigma: exactly so, whatever the prepared
 * range cuts away. */
static void learned_levels_are_interpolated(void **state) {
    (void)state;
    const double sigma[] = {0.31, 0.5, 0.9, 1.4, 2.2};
    const struct {
        double low, high;
        size_t breaks, first_break;
    } ranges[] = {{0.31, 2.2, 3, 1}, {0.4, 1.3, 2, 1}, {0.5, 0.9, 0, 0},
                  {0.6, 0.7, 0, 0},  {1, 2, 1, 3},     {1.4, 2.2, 0, 0}};
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, coarse[dim - 1]);
        double *scores = learned_scores(&g, 5, sigma);
        const rg_error_term term = {
            .kind = RG_ERROR_LEARNED, .levels = 5, .sigma = sigma, .score = scores, .values_grid = g};
        for (int r = 0; r < 6; r++) {
            const double low = ranges[r].low, high = ranges[r].high;
            struct bench b = bench_of(&g, &term, 1, low * low, high * high);
            const double *breaks;
            assert_int_equal(rg_score_error_breaks(b.error, &breaks), ranges[r].breaks);
            for (size_t i = 0; i < ranges[r].breaks; i++) {
                const double expected = sigma[ranges[r].first_break + i];
                close_to(breaks[i], expected * expected, 1e-15, "break");
            }
            for (size_t k = 0; k < 4; k++)
                for (int step = 0; step <= 4; step++) {
                    const double t = 0.25 * step, at = pow(sigma[k], 1 - t) * pow(sigma[k + 1], t);
                    if (at < low * (1 - 1e-12) || at > high * (1 + 1e-12)) continue;
                    const double *e = error_at(&b, at * at);
                    for (ptrdiff_t i = 0; i < b.dn; i++) {
                        double x[3] = {0};
                        point_of(&g, i % b.n, x);
                        const int c = (int)(i / b.n);
                        const double f = (1 - t) * wave_at(&g, (int)k, c, x) + t * wave_at(&g, (int)k + 1, c, x);
                        close_to(e[i], f / at, 1e-12, "learned"); /* scores up to 30 are subtracted */
                    }
                }
            bench_free(&b);
        }
        rg_free(scores);
    }
}

/* On a finer grid sigma s_theta is what zero padding makes of it, and the true score is that of the finer grid. */
static void learned_scores_are_resampled_by_zero_padding(void **state) {
    (void)state;
    const double sigma[] = {0.4, 1.1};
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid from = grid_of(dim, coarse[dim - 1]), g = grid_of(dim, fine[dim - 1]);
        const ptrdiff_t size = rg_grid_cells(&from) * dim;
        double *scores = rg_field_alloc((size_t)(2 * size));
        assert_non_null(scores);
        for (int k = 0; k < 2; k++) {
            double *wave = wave_field(&from, k);
            memcpy(scores + k * size, wave, (size_t)size * sizeof *wave);
            rg_free(wave);
        }
        const rg_error_term term = {
            .kind = RG_ERROR_LEARNED, .levels = 2, .sigma = sigma, .score = scores, .values_grid = from};
        struct bench b = bench_of(&g, &term, 1, sigma[0] * sigma[0], sigma[1] * sigma[1]);
        for (int k = 0; k < 2; k++) {
            const double *e = error_at(&b, sigma[k] * sigma[k]);
            for (ptrdiff_t i = 0; i < b.dn; i++) {
                double x[3] = {0};
                point_of(&g, i % b.n, x);
                close_to(e[i], wave_at(&g, k, (int)(i / b.n), x) - b.score[i], 1e-12, "resampled");
            }
        }
        bench_free(&b);
        rg_free(scores);
    }
}

/* sigma may have been through float32: 6e-8 relative, accepted up to 1e-6 and then held; 1e-5 is refused. */
static void the_range_may_miss_the_levels_by_a_rounding(void **state) {
    (void)state;
    const double sigma[] = {0.5, 1};
    const rg_grid g = grid_of(1, coarse[0]);
    double *scores = learned_scores(&g, 2, sigma);
    const rg_error_term term = {
        .kind = RG_ERROR_LEARNED, .levels = 2, .sigma = sigma, .score = scores, .values_grid = g};
    const double low = 0.5 * (1 - 7e-7), high = 1 + 7e-7;
    struct bench b = bench_of(&g, &term, 1, low * low, high * high);
    const double *breaks;
    assert_int_equal(rg_score_error_breaks(b.error, &breaks), 0);
    const double at[] = {low, high};
    for (int k = 0; k < 2; k++) {
        const double *e = error_at(&b, at[k] * at[k]);
        for (ptrdiff_t i = 0; i < b.n; i++) {
            double x[1] = {0};
            point_of(&g, i, x);
            close_to(e[i], wave_at(&g, k, 0, x) / at[k], 1e-12, "held");
        }
    }
    const double outside[] = {0.5 * (1 - 1e-5), 1 + 1e-5, 0, 4, -1, NAN, INFINITY};
    for (int i = 0; i < 7; i++)
        assert_int_equal(rg_score_error_at(b.error, outside[i] * fabs(outside[i]), b.log_density, b.score, b.e),
                         RG_EINVAL);
    bench_free(&b);
    /* one level serves a range of one noise level */
    const rg_error_term single = {
        .kind = RG_ERROR_LEARNED, .levels = 1, .sigma = sigma, .score = scores, .values_grid = g};
    struct bench one = bench_of(&g, &single, 1, 0.25, 0.25);
    const double *e = error_at(&one, 0.25);
    for (ptrdiff_t i = 0; i < one.n; i++) {
        double x[1] = {0};
        point_of(&g, i, x);
        close_to(e[i], wave_at(&g, 0, 0, x) / 0.5, 1e-12, "one level");
    }
    bench_free(&one);
    rg_free(scores);
}

static void breaks_of_two_learned_terms_are_merged(void **state) {
    (void)state;
    const double first[] = {0.5, 0.8, 2}, second[] = {0.4, 0.6, 1.1, 2};
    const rg_grid g = grid_of(1, coarse[0]);
    double *a = learned_scores(&g, 3, first), *b = learned_scores(&g, 4, second);
    const rg_error_term term[] = {
        {.kind = RG_ERROR_LEARNED, .levels = 3, .sigma = first, .score = a, .values_grid = g},
        {.kind = RG_ERROR_LEARNED, .levels = 4, .sigma = second, .score = b, .values_grid = g}};
    struct bench both = bench_of(&g, term, 2, 0.25, 4);
    const double *breaks, expected[] = {0.36, 0.64, 1.21};
    assert_int_equal(rg_score_error_breaks(both.error, &breaks), 3);
    for (int i = 0; i < 3; i++) close_to(breaks[i], expected[i], 1e-15, "break");
    close_to(rg_error_lowest_variance(term, 2, 0.25), 0.16, 1e-16, "lowest variance");
    close_to(rg_error_lowest_variance(term, 1, 0.64), 0.64, 1e-16, "lowest variance, at a level");
    close_to(rg_error_lowest_variance(term, 1, 0.6), 0.25, 1e-16, "lowest variance, between levels");
    close_to(rg_error_lowest_variance(NULL, 0, 0.6), 0.6, 0, "lowest variance, no term");
    bench_free(&both);
    rg_free(a);
    rg_free(b);
}

/* ---- bad input */

static void refused_in(const rg_grid *g, double low, double high, const rg_error_term *term, const char *text) {
    rg_density *density = density_of(g, 0);
    rg_score_error *error = NULL;
    rg_diagnostic diagnostic = {0};
    assert_int_equal(rg_score_error_create(g, term, 1, density, low, high, &error, &diagnostic), RG_EINVAL);
    assert_null(error);
    assert_int_equal(diagnostic.status, RG_EINVAL);
    if (!strstr(diagnostic.text, text)) fail_msg("'%s' does not say '%s'", diagnostic.text, text);
    rg_density_destroy(density);
}

static void bad_terms_are_refused(void **state) {
    (void)state;
    const rg_grid line = grid_of(1, fine[0]), g = grid_of(2, fine[1]); /* 36 x 33 */
    rg_error_mode mode = {2, {1, 1, 0}, 1, 0};
    rg_error_term t = {.kind = RG_ERROR_MODES, .modes = 1, .mode = &mode};
    refused_in(&g, 0, 1, &t, "component 2");
    mode.component = -1;
    refused_in(&g, 0, 1, &t, "component -1");
    mode = (rg_error_mode){0, {18, 0, 0}, 1, 0};
    refused_in(&g, 0, 1, &t, "wave 18");
    mode = (rg_error_mode){0, {0, -17, 0}, 1, 0};
    refused_in(&g, 0, 1, &t, "wave -17");
    mode = (rg_error_mode){0, {1, 1, 0}, NAN, 0};
    refused_in(&g, 0, 1, &t, "mode 0");
    mode = (rg_error_mode){0, {1, 1, 0}, 0, INFINITY};
    refused_in(&g, 0, 1, &t, "mode 0");
    t.mode = NULL;
    refused_in(&g, 0, 1, &t, "modes");

    t = (rg_error_term){.kind = RG_ERROR_ROTATION, .rotation = {1}};
    refused_in(&line, 0, 1, &t, "rotation");
    t.rotation[0] = NAN;
    refused_in(&g, 0, 1, &t, "rotation");
    t = (rg_error_term){.kind = RG_ERROR_CONSTANT, .constant = {1, INFINITY}};
    refused_in(&g, 0, 1, &t, "constant");
    t = (rg_error_term){.kind = (rg_error_kind)99};
    refused_in(&g, 0, 1, &t, "unknown");

    t = (rg_error_term){.kind = RG_ERROR_RANDOM, .band = 0};
    refused_in(&g, 0, 1, &t, "band");
    t.band = 17;
    refused_in(&g, 0, 1, &t, "band 17");
    t.band = 2;
    const double energies[] = {-1, NAN, INFINITY};
    for (int i = 0; i < 3; i++) {
        t.gradient_energy = energies[i];
        refused_in(&g, 0, 1, &t, "energies");
        t.gradient_energy = 0;
        t.solenoidal_energy = energies[i];
        refused_in(&g, 0, 1, &t, "energies");
    }
    t.solenoidal_energy = 1;
    refused_in(&line, 0, 1, &t, "one dimension");

    t = (rg_error_term){.kind = RG_ERROR_FIELD, .values_grid = g};
    refused_in(&g, 0, 1, &t, "field: no values");
    double *values = wave_field(&g, 0);
    t.values = values;
    t.values_grid.lower[1] += 0.1;
    refused_in(&g, 0, 1, &t, "field: its dimension or box");
    t.values_grid = line;
    refused_in(&g, 0, 1, &t, "field: its dimension or box");
    t.values_grid = g;
    values[77] = NAN;
    refused_in(&g, 0, 1, &t, "field: a value is not finite");
    rg_free(values);
}

static void bad_learned_terms_are_refused(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, coarse[1]), line = grid_of(1, coarse[0]);
    double sigma[] = {0.5, 1, 2};
    double *scores = learned_scores(&g, 3, sigma);
    const rg_error_term good = {
        .kind = RG_ERROR_LEARNED, .levels = 3, .sigma = sigma, .score = scores, .values_grid = g};
    rg_error_term t = good;
    t.levels = 0;
    refused_in(&g, 0.25, 4, &t, "no level");
    t = good;
    t.score = NULL;
    refused_in(&g, 0.25, 4, &t, "no level");
    t = good;
    t.sigma = NULL;
    refused_in(&g, 0.25, 4, &t, "no level");
    refused_in(&g, 0.24, 4, &good, "narrow it");
    refused_in(&g, 0.25, 4.1, &good, "narrow it");
    refused_in(&g, 0, 4, &good, "narrow it");
    const double wrong[] = {1, 0.9, NAN, -1, 0};
    for (int i = 0; i < 5; i++) {
        sigma[i < 2 ? 2 : 0] = wrong[i];
        refused_in(&g, 0.25, 4, &good, "ascending");
        sigma[0] = 0.5;
        sigma[2] = 2;
    }
    t = good;
    t.values_grid.length[0] *= 2;
    refused_in(&g, 0.25, 4, &t, "learned score: its dimension or box");
    t.values_grid = line;
    refused_in(&g, 0.25, 4, &t, "learned score: its dimension or box");
    scores[2 * rg_grid_cells(&g) * 2 + 5] = INFINITY; /* the third level */
    refused_in(&g, 0.25, 4, &good, "learned score: a value is not finite");
    struct bench unused = bench_of(&g, &good, 1, 0.25, 0.9); /* which this range does not need */
    bench_free(&unused);
    rg_free(scores);

    rg_density *density = density_of(&g, 0);
    rg_score_error *error = NULL;
    rg_diagnostic diagnostic = {0};
    const double ranges[][2] = {{-1, 1}, {2, 1}, {NAN, 1}, {0, NAN}, {0, INFINITY}};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rg_score_error_create(&g, NULL, 0, density, ranges[i][0], ranges[i][1], &error, &diagnostic),
                         RG_EINVAL);
        assert_non_null(strstr(diagnostic.text, "noise range"));
    }
    assert_int_equal(rg_score_error_create(&g, NULL, 1, density, 0, 1, &error, NULL), RG_EINVAL);
    assert_int_equal(rg_score_error_create(&g, NULL, 0, NULL, 0, 1, &error, NULL), RG_EINVAL);
    assert_null(error);
    rg_score_error_destroy(NULL);
    rg_density_destroy(density);
}

/* ---- memory that runs out */

static void each_allocation_may_fail(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, coarse[dim - 1]), from = grid_of(dim, (ptrdiff_t[]){8, 9, 7});
        const double sigma[] = {0.5, 1};
        double *scores = learned_scores(&from, 2, sigma);
        const rg_error_mode mode = {0, {1, 1, 1}, 1, 0};
        const rg_error_term term[] = {
            {.kind = RG_ERROR_LEARNED, .levels = 2, .sigma = sigma, .score = scores, .values_grid = from},
            {.kind = RG_ERROR_RANDOM, .seed = 1, .band = 2, .gradient_energy = 1, .solenoidal_energy = dim > 1},
            {.kind = RG_ERROR_MODES, .modes = 1, .mode = &mode},
            {.kind = RG_ERROR_FIELD, .values_grid = from, .values = scores},
        };
        rg_density *density = density_of(&g, 0);
        rg_status status = RG_ENOMEM;
        int failures = 0;
        for (; status; failures++) {
            rg_score_error *error = NULL;
            rg_diagnostic diagnostic = {0};
            rg_alloc_fail_after(failures);
            status = rg_score_error_create(&g, term, 4, density, 0.25, 1, &error, &diagnostic);
            rg_alloc_fail_after(-1);
            if (status) {
                assert_int_equal(status, RG_ENOMEM);
                assert_int_equal(diagnostic.status, RG_ENOMEM);
                assert_null(error);
            }
            rg_score_error_destroy(error);
        }
        assert_in_range(failures, 15, 200);
        rg_density_destroy(density);
        rg_free(scores);
    }
}

/* Periodic waves do not know where the box begins, wherever it does; -x / v on n points jumps n - 1 times as far as
 * between neighbours, and the axis is told. The level that jumps counts, the one that does not hides nothing. */
static void jumps_across_the_edge_are_seen(void **state) {
    (void)state;
    const double sigma[] = {0.4, 1.1};
    for (int dim = 1; dim <= 3; dim++)
        for (int axis = 0; axis < dim; axis++) {
            const rg_grid g = grid_of(dim, coarse[dim - 1]);
            const ptrdiff_t cells = rg_grid_cells(&g), size = cells * dim;
            double *scores = rg_field_alloc((size_t)(2 * size)), x[3] = {0};
            assert_non_null(scores);
            for (int k = 0; k < 2; k++) {
                double *wave = wave_field(&g, k);
                memcpy(scores + k * size, wave, (size_t)size * sizeof *wave);
                rg_free(wave);
            }
            rg_error_term term = {
                .kind = RG_ERROR_LEARNED, .levels = 2, .sigma = sigma, .score = scores, .values_grid = g};
            int told = -1;
            assert_in_range(100 * rg_error_edge_jump(&term, &told), 1, 150);
            for (ptrdiff_t i = 0; i < size; i++) {
                point_of(&g, i % cells, x);
                scores[i] = i / cells == axis ? -x[axis] / 0.16 : 0;
            }
            close_to(rg_error_edge_jump(&term, &told), (double)g.shape[axis] - 1, 1e-9, "jump");
            assert_int_equal(told, axis);
            term.kind = RG_ERROR_CONSTANT;
            assert_true(rg_error_edge_jump(&term, &told) == 0);
            rg_free(scores);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_follow_their_formula),
        cmocka_unit_test(constants_fields_and_rotations_follow_their_formulas),
        cmocka_unit_test(terms_add_up),
        cmocka_unit_test(solenoidal_terms_have_no_gradient_part),
        cmocka_unit_test(random_energies_are_met),
        cmocka_unit_test(random_fields_do_not_depend_on_the_grid),
        cmocka_unit_test(learned_levels_are_interpolated),
        cmocka_unit_test(learned_scores_are_resampled_by_zero_padding),
        cmocka_unit_test(jumps_across_the_edge_are_seen),
        cmocka_unit_test(the_range_may_miss_the_levels_by_a_rounding),
        cmocka_unit_test(breaks_of_two_learned_terms_are_merged),
        cmocka_unit_test(bad_terms_are_refused),
        cmocka_unit_test(bad_learned_terms_are_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
