/* Random streams and scores at points: published vectors, sums in long double, the same law on a grid, and what a caller may
 * get wrong. */
#include "base/stream.h"
#include "diffusion/point_score.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"

/* ---- streams */

/* Random123 1.14, kat_vectors: philox4x32 10. */
static void philox_known_answers(void **state) {
    (void)state;
    const struct {
        uint32_t counter[4], key[2], random[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        uint32_t random[4];
        rg_philox(known[i].counter, known[i].key, random);
        for (int k = 0; k < 4; k++) assert_int_equal(random[k], known[i].random[k]);
    }
}

/* A count of `n` with probability p deviates by sqrt(n p (1 - p)); four of them are allowed, the moments likewise. */
static void normal_numbers_are_normal(void **state) {
    (void)state;
    enum { N = 200001, BINS = 20 };
    double *z = rg_field_alloc(N), moment[5] = {0}, chi = 0;
    size_t bin[BINS] = {0};
    const rg_stream stream = {.seed = 0x123456789abcdefULL, .purpose = 7, .step = 11, .item = 13};
    rg_stream_normal(&stream, N, z);
    for (size_t i = 0; i < N; i++) {
        for (int k = 1; k < 5; k++) moment[k] += pow(z[i], k) / N;
        const double u = 0.5 * erfc(-z[i] / sqrt(2));
        bin[(size_t)(u * BINS)]++;
    }
    assert_below(fabs(moment[1]), 4 * sqrt(1.0 / N));
    assert_below(fabs(moment[2] - 1), 4 * sqrt(2.0 / N));
    assert_below(fabs(moment[3]), 4 * sqrt(15.0 / N));
    assert_below(fabs(moment[4] - 3), 4 * sqrt(96.0 / N));
    for (int b = 0; b < BINS; b++) chi += pow((double)bin[b] - (double)N / BINS, 2) / ((double)N / BINS);
    assert_below(chi, 19 + 4 * sqrt(2 * 19)); /* chi^2 with 19 degrees of freedom */
    rg_free(z);
}

/* Each of the coordinates of a number changes it, and neighbours are not correlated. */
static void streams_are_apart(void **state) {
    (void)state;
    enum { N = 40000 };
    const rg_stream base = {.seed = 5, .purpose = 1, .step = 2, .item = 3};
    rg_stream other[5] = {base, base, base, base, base};
    other[0].seed = 6;
    other[1].seed = 5 + (1ULL << 32);
    other[2].purpose = 2;
    other[3].step = 3;
    other[4].item = 4;
    double *a = rg_field_alloc(N), *b = rg_field_alloc(N);
    rg_stream_normal(&base, N, a);
    for (size_t k = 0; k < COUNT_OF(other); k++) {
        rg_stream_normal(&other[k], N, b);
        assert_below(fabs(rg_dot(N, a, b)) / N, 4 / sqrt(N));
    }
    assert_below(fabs(rg_dot(N - 1, a, a + 1)) / N, 4 / sqrt(N));
    rg_stream_normal(&base, 3, b); /* a prefix is a prefix */
    for (int i = 0; i < 3; i++) assert_true(a[i] == b[i]);
    rg_free(a);
    rg_free(b);
}

/* ---- the empirical measure on R^D */

static void normal_points(size_t count, size_t dim, uint64_t seed, double deviation, double offset, double *x) {
    for (size_t i = 0; i < count; i++) {
        const rg_stream stream = {.seed = seed, .item = (uint32_t)i};
        rg_stream_normal(&stream, dim, x + i * dim);
        for (size_t a = 0; a < dim; a++) x[i * dim + a] = offset + deviation * x[i * dim + a];
    }
}

/* v s = m - x in long double, from exact distances. */
static void reference(size_t dim, size_t n, const double *points, double variance, const double *x, double *out) {
    long double top = -HUGE_VALL, mass = 0, *sum = calloc(dim, sizeof *sum), *logit = calloc(n, sizeof *logit);
    for (size_t j = 0; j < n; j++) {
        for (size_t a = 0; a < dim; a++) {
            const long double d = (long double)x[a] - (long double)points[j * dim + a];
            logit[j] -= d * d / (2 * (long double)variance);
        }
        top = fmaxl(top, logit[j]);
    }
    for (size_t j = 0; j < n; j++) {
        const long double w = expl(logit[j] - top);
        mass += w;
        for (size_t a = 0; a < dim; a++) sum[a] += w * ((long double)points[j * dim + a] - (long double)x[a]);
    }
    for (size_t a = 0; a < dim; a++) out[a] = (double)(sum[a] / mass);
    free(sum);
    free(logit);
}

struct room {
    size_t dim, samples, count;
    double deviation, offset, sigma;
};

/* The weights may be off by 1e-9, so m by that times the spread of the points; x and m themselves are rounded. */
static void compare(const struct room *r, double *points, double *x) {
    const rg_space space = {.dim = r->dim};
    const double variance = r->sigma * r->sigma, h = 0.5 * r->sigma;
    double *score = rg_field_alloc(r->count * r->dim), *exact = rg_field_alloc(r->dim);
    rg_nearest_point *nearest = calloc(r->count, sizeof *nearest);
    rg_point_score *law = NULL;
    rg_diagnostic why = {0};
    if (rg_point_score_empirical(&space, r->samples, points, h, 0, &law, &why)) fail_msg("%s", why.text);
    assert_ok(rg_point_score_at(law, variance - h * h, r->count, x, score, nearest, &why));
    for (size_t i = 0; i < r->count; i++) {
        double error = 0, least = HUGE_VAL;
        reference(r->dim, r->samples, points, variance, x + i * r->dim, exact);
        for (size_t a = 0; a < r->dim; a++) error = fmax(error, fabs(variance * score[i * r->dim + a] - exact[a]));
        assert_below(error, 2e-9 * r->deviation + 4 * DBL_EPSILON * (r->offset + 5 * r->deviation));
        for (size_t j = 0; j < r->samples; j++) {
            double square = 0;
            for (size_t a = 0; a < r->dim; a++) square += pow(x[i * r->dim + a] - points[j * r->dim + a], 2);
            least = fmin(least, sqrt(square));
        }
        assert_below(fabs(nearest[i].distance - least), 1e-9 * r->sigma + 1e-13 * least);
    }
    rg_point_score_destroy(law);
    rg_free(score);
    rg_free(exact);
    free(nearest);
}

/* One point, few, more than a block; one particle, more than a tile; far from the origin; noise from ten times the spread
 * to a billionth of it, particles at that distance from the points. Some points repeat, some nearly do. */
static void empirical_is_the_softmax(void **state) {
    (void)state;
    const struct room rooms[] = {{1, 1, 3, 1, 0, 1},        {1, 7, 40, 0.7, 0, 1e-3},   {2, 700, 300, 2.3, 0, 0.4},
                                 {3, 33, 300, 0.7, 1e3, 1}, {30, 1100, 20, 1, 5, 3},    {30, 600, 300, 1, 0, 1e-2},
                                 {7, 520, 9, 1, 1e4, 1e-6}, {2, 1030, 50, 1, 0, 1e-9},  {200, 513, 40, 1, 0, 0.3},
                                 {5, 4, 10, 1, 0, 1e-150},  {64, 600, 5, 4, 8, 1e-100}, {3, 600, 270, 1, 2, 10}};
    for (size_t k = 0; k < COUNT_OF(rooms); k++) {
        const struct room *r = &rooms[k];
        double *points = rg_field_alloc(r->samples * r->dim), *x = rg_field_alloc(r->count * r->dim);
        normal_points(r->samples, r->dim, 3 + k, r->deviation, r->offset, points);
        for (size_t j = 3; j < r->samples; j += 4)
            for (size_t a = 0; a < r->dim; a++)
                points[j * r->dim + a] = points[(j - 1) * r->dim + a] + (j % 8 == 3 ? 0 : a == 0) * r->sigma;
        normal_points(r->count, r->dim, 90 + k, r->sigma, 0, x);
        for (size_t i = 0; i < r->count; i++)
            for (size_t a = 0; a < r->dim; a++) x[i * r->dim + a] += points[(i * 7 % r->samples) * r->dim + a];
        compare(r, points, x);
        rg_free(points);
        rg_free(x);
    }
}

static void same_bits_for_any_threads(void **state) {
    (void)state;
    enum { N = 1500, M = 700, D = 17 };
    double *points = rg_field_alloc(N * D), *x = rg_field_alloc(M * D), *first = rg_field_alloc(M * D),
           *again = rg_field_alloc(M * D);
    const rg_space space = {.dim = D};
    const int most = omp_get_max_threads();
    normal_points(N, D, 1, 1, 0, points);
    normal_points(M, D, 2, 1, 0, x);
    for (int threads = 1; threads <= 3; threads++) {
        rg_point_score *law = NULL;
        omp_set_num_threads(threads);
        assert_ok(rg_point_score_empirical(&space, N, points, 0, 0, &law, NULL));
        assert_ok(rg_point_score_at(law, 0.5, M, x, threads == 1 ? first : again, NULL, NULL));
        if (threads > 1) assert_memory_equal(first, again, M * D * sizeof *first);
        rg_point_score_destroy(law);
    }
    omp_set_num_threads(most);
    rg_free(points);
    rg_free(x);
    rg_free(first);
    rg_free(again);
}

/* ---- on the torus, against the same law on a grid */

static void grid_points(const rg_grid *grid, double *x) {
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) {
        ptrdiff_t place[RG_MAX_DIM];
        place_of(grid, i, place);
        for (int a = 0; a < grid->dim; a++)
            x[i * grid->dim + a] = grid->lower[a] + (double)place[a] * rg_grid_spacing(grid, a);
    }
}

/* Where p is below 1e-13 of its top the grid's kernel sum cuts kernels (its background allows it): such cells do not count. */
static void compare_on_grid(const rg_grid *grid, const rg_density_spec *spec, rg_point_score *law, double variance,
                            double tolerance) {
    const size_t n = (size_t)rg_grid_cells(grid), d = (size_t)grid->dim;
    double *x = rg_field_alloc(n * d), *at = rg_field_alloc(n * d), *score = rg_field_alloc(n * d),
           *log_density = rg_field_alloc(n);
    rg_density *density = NULL;
    rg_diagnostic why = {0};
    grid_points(grid, x);
    if (rg_density_create(grid, spec, variance, &density, &why)) fail_msg("%s", why.text);
    assert_ok(rg_density_at(density, variance, log_density, score, &why));
    assert_ok(rg_point_score_at(law, variance, n, x, at, NULL, &why));
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < d; a++) assert_below(fabs(at[i * d + a] - score[a * n + i]) * sqrt(variance), tolerance);
    rg_density_destroy(density);
    rg_free(x);
    rg_free(at);
    rg_free(score);
    rg_free(log_density);
}

static void empirical_on_a_torus(void **state) {
    (void)state;
    const sizes grids[] = {{1, {40, 1, 1}}, {2, {24, 21, 1}}, {3, {9, 8, 10}}};
    const double variances[] = {0.004, 0.09, 3};
    for (size_t g = 0; g < COUNT_OF(grids); g++)
        for (size_t k = 0; k < COUNT_OF(variances); k++) {
            enum { N = 60 };
            const rg_grid grid = grid_of(grids[g].dim, grids[g].shape);
            double points[N * RG_MAX_DIM];
            normal_points(N, (size_t)grid.dim, 8 + g, 0.5, 1, points);
            const rg_space space = {(size_t)grid.dim, grid.lower, grid.length};
            const rg_density_spec spec = {
                .kind = RG_DENSITY_SAMPLES, .samples = N, .points = points, .background = 1e-4};
            rg_point_score *law = NULL;
            assert_ok(rg_point_score_empirical(&space, N, points, 0, 1e-4, &law, NULL));
            compare_on_grid(&grid, &spec, law, variances[k], 1e-8);
            rg_point_score_destroy(law);
        }
}

static void mixture_on_a_torus(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {14, 11};
    const rg_grid grid = grid_of(2, shape);
    const double means[] = {0.5, -0.9, 2.1, -0.6}, weights[] = {0.3, 1.4};
    const double covariances[] = {0.09, 0.01, 0.01, 0.04, 0.05, -0.02, -0.02, 0.03};
    const rg_density_spec spec = {.kind = RG_DENSITY_MIXTURE,
                                  .components = 2,
                                  .means = means,
                                  .covariances = covariances,
                                  .weights = weights,
                                  .background = 1e-3};
    const rg_space space = {2, grid.lower, grid.length};
    rg_point_score *law = NULL;
    assert_ok(rg_point_score_mixture(&space, &spec, &law, NULL));
    compare_on_grid(&grid, &spec, law, 0.01, 1e-12);
    rg_point_score_destroy(law);
    assert_ok(rg_point_score_grid(&grid, &spec, 0.01, &law, NULL));
    compare_on_grid(&grid, &spec, law, 0.01, 1e-12); /* at the grid's points the interpolation is exact */
    rg_point_score_destroy(law);
}

/* ---- mixtures on R^D */

/* Centred differences of log p, in long double. */
static long double log_mixture(const rg_density_spec *s, const double *precision, const double *log_norm, size_t d,
                               const long double *x) {
    long double sum = 0;
    for (size_t k = 0; k < s->components; k++) {
        long double q = 0;
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < d; b++)
                q += (x[a] - (long double)s->means[k * d + a]) * (long double)precision[(k * d + a) * d + b] *
                     (x[b] - (long double)s->means[k * d + b]);
        sum += (long double)s->weights[k] * expl((long double)log_norm[k] - 0.5L * q);
    }
    return logl(sum);
}

static void mixture_in_space(void **state) {
    (void)state;
    const double means[] = {0.5, -0.9, 2.1, -0.6}, weights[] = {0.3, 1.4};
    const double covariances[] = {0.9, 0.1, 0.1, 0.4, 0.5, -0.2, -0.2, 0.3}, v = 0.37;
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 2, .means = means, .covariances = covariances, .weights = weights};
    double precision[8], log_norm[2], score[2];
    for (int k = 0; k < 2; k++) {
        const double *c = covariances + 4 * k, a = c[0] + v, b = c[1], d = c[3] + v, det = a * d - b * b;
        const double inverse[] = {d / det, -b / det, -b / det, a / det};
        memcpy(precision + 4 * k, inverse, sizeof inverse);
        log_norm[k] = -0.5 * log(det);
    }
    const rg_space space = {.dim = 2};
    rg_point_score *law = NULL;
    assert_ok(rg_point_score_mixture(&space, &spec, &law, NULL));
    const double x[] = {1.1, -0.4};
    assert_ok(rg_point_score_at(law, v, 1, x, score, NULL, NULL));
    for (int a = 0; a < 2; a++) {
        const long double h = 1e-5L;
        long double up[] = {(long double)x[0], (long double)x[1]}, down[] = {up[0], up[1]};
        up[a] += h;
        down[a] -= h;
        const long double slope =
            (log_mixture(&spec, precision, log_norm, 2, up) - log_mixture(&spec, precision, log_norm, 2, down)) /
            (2 * h);
        assert_below(fabs((double)slope - score[a]), 1e-9);
    }
    rg_point_score_destroy(law);
}

/* Point masses with Gaussians of one width are both laws at once. */
static void mixture_is_smoothed_points(void **state) {
    (void)state;
    enum { N = 9, M = 20, D = 6 };
    double points[N * D], x[M * D], covariances[N * D * D] = {0}, weights[N], a[M * D], b[M * D];
    normal_points(N, D, 4, 1, 0.3, points);
    normal_points(M, D, 5, 2, 0.3, x);
    for (int k = 0; k < N; k++) {
        weights[k] = 2;
        for (int i = 0; i < D; i++) covariances[(k * D + i) * D + i] = 0.25;
    }
    covariances[D] = covariances[1] = 1e-300; /* takes the general way */
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = N, .means = points, .covariances = covariances, .weights = weights};
    const rg_space space = {.dim = D};
    rg_point_score *mixture = NULL, *empirical = NULL;
    assert_ok(rg_point_score_mixture(&space, &spec, &mixture, NULL));
    assert_ok(rg_point_score_empirical(&space, N, points, 0.5, 0, &empirical, NULL));
    assert_ok(rg_point_score_at(mixture, 0.1, M, x, a, NULL, NULL));
    assert_ok(rg_point_score_at(empirical, 0.1, M, x, b, NULL, NULL));
    for (int i = 0; i < M * D; i++) assert_below(fabs(a[i] - b[i]), 1e-12 * (1 + fabs(a[i])));
    rg_point_score_destroy(mixture);
    rg_point_score_destroy(empirical);
}

/* ---- errors */

/* Terms at points against the same terms on a grid, at its points. */
static void errors_are_those_of_the_grid(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {16, 15};
    const rg_grid grid = grid_of(2, shape);
    const rg_space space = {2, grid.lower, grid.length};
    const double means[] = {1, -0.9}, covariances[] = {0.09, 0, 0, 0.04}, weights[] = {1}, v = 0.2;
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 1, .means = means, .covariances = covariances, .weights = weights};
    const rg_error_mode mode = {1, {2, -1}, 0.4, 0.7};
    const rg_error_term term[] = {{.kind = RG_ERROR_MODES, .modes = 1, .mode = &mode},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {0.3, -0.2}},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {1.3, 0}, .profile = RG_PROFILE_VP},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {0, 0.6}, .profile = RG_PROFILE_SIGMA},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {-0.1, 0.02}, .profile = RG_PROFILE_VARIANCE},
                                  {.kind = RG_ERROR_SCALED, .scaled = 0.25},
                                  {.kind = RG_ERROR_ROTATION, .rotation = {0.7}},
                                  {.kind = RG_ERROR_RANDOM, .seed = 4, .band = 2, .gradient_energy = 1}};
    enum { N = 16 * 15 };
    double *x = rg_field_alloc(2 * N), *s = rg_field_alloc(2 * N), *log_p = rg_field_alloc(N),
           *e = rg_field_alloc(2 * N), *at = rg_field_alloc(2 * N), *score = rg_field_alloc(2 * N);
    rg_density *density = NULL;
    rg_score_error *on_grid = NULL;
    rg_point_error *error = NULL;
    rg_diagnostic why = {0};
    assert_ok(rg_density_create(&grid, &spec, 0.1, &density, &why));
    assert_ok(rg_density_at(density, v, log_p, s, &why));
    assert_ok(rg_score_error_create(&grid, term, COUNT_OF(term), density, 0.1, 1, &on_grid, &why));
    assert_ok(rg_score_error_at(on_grid, v, log_p, s, e));
    if (rg_point_error_create(&space, &grid, &spec, term, COUNT_OF(term), 0.1, 1, &error, &why))
        fail_msg("%s", why.text);
    grid_points(&grid, x);
    for (int i = 0; i < N; i++)
        for (int a = 0; a < 2; a++) score[2 * i + a] = s[a * N + i];
    assert_ok(rg_point_error_at(error, v, N, x, score, at, &why));
    for (int i = 0; i < N; i++)
        for (int a = 0; a < 2; a++) assert_below(fabs(at[2 * i + a] - e[a * N + i]), 1e-11);
    rg_density_destroy(density);
    rg_score_error_destroy(on_grid);
    rg_point_error_destroy(error);
    double *fields[] = {x, s, log_p, e, at, score};
    for (size_t i = 0; i < COUNT_OF(fields); i++) rg_free(fields[i]);
}

/* The mean square of a component, and the correlation at one length, over fields with different seeds. */
static void waves_have_their_covariance(void **state) {
    (void)state;
    enum { FIELDS = 4000, D = 3 };
    const rg_space space = {.dim = D};
    const double x[2 * D] = {0.2, 0.1, -0.4, 0.2 + 0.7, 0.1, -0.4}, score[2 * D] = {0};
    double square = 0, product = 0, fourth = 0, e[2 * D];
    for (unsigned long seed = 0; seed < FIELDS; seed++) {
        const rg_error_term term = {
            .kind = RG_ERROR_WAVES, .seed = seed, .waves = 20, .correlation_length = 0.7, .amplitude = 1.5};
        rg_point_error *error = NULL;
        assert_ok(rg_point_error_create(&space, NULL, NULL, &term, 1, 0.1, 1, &error, NULL));
        assert_ok(rg_point_error_at(error, 0.3, 2, x, score, e, NULL));
        square += e[1] * e[1] / FIELDS;
        fourth += pow(e[1], 4) / FIELDS;
        product += e[1] * e[D + 1] / FIELDS;
        rg_point_error_destroy(error);
    }
    const double slack = 4 * sqrt((fourth - square * square) / FIELDS);
    assert_below(fabs(square - 2.25), slack);
    assert_below(fabs(product - 2.25 * exp(-0.5)), slack);
}

/* ---- what may go wrong */

static void refusals(void **state) {
    (void)state;
    const double points[] = {1, 2, not_a_number, 4}, good[] = {1, 2, 3, 4}, far[] = {1, 2, 1e200, 4},
                 box[] = {1, 1, 1, 1};
    const rg_space space = {.dim = 2}, torus = {2, box, box}, wide = {4, box, box}, half = {2, box, NULL};
    rg_point_score *law = NULL;
    rg_point_error *error = NULL;
    rg_diagnostic why = {0};
    double out[4];
    assert_int_equal(rg_point_score_empirical(&space, 2, points, 0, 0, &law, &why), RG_EINVAL);
    assert_string_equal(why.text, "empirical score: point 1 is not finite");
    assert_int_equal(rg_point_score_empirical(&space, 2, far, 0, 0, &law, &why), RG_EINVAL);
    assert_string_equal(why.text, "empirical score: point 1 is too large for its square: choose another unit");
    assert_int_equal(rg_point_score_empirical(&space, 0, good, 0, 0, &law, &why), RG_EINVAL);
    assert_string_equal(why.text, "empirical score: expected at least one point");
    assert_int_equal(rg_point_score_empirical(&space, 2, good, -1, 0, &law, &why), RG_EINVAL);
    assert_int_equal(rg_point_score_empirical(&space, 2, good, 0, 0.1, &law, &why), RG_EINVAL);
    assert_int_equal(rg_point_score_empirical(&wide, 1, good, 0, 0, &law, &why), RG_EINVAL);
    assert_string_equal(why.text, "space: expected at most 3 dimensions on a torus, got 4");
    assert_int_equal(rg_point_score_empirical(&half, 1, good, 0, 0, &law, &why), RG_EINVAL);
    assert_ok(rg_point_score_empirical(&torus, 2, good, 0, 0, &law, &why));
    assert_int_equal(rg_point_score_at(law, 0, 2, good, out, NULL, &why), RG_EINVAL);
    assert_string_equal(why.text, "score: expected a variance above 0, got 0");
    rg_point_score_destroy(law);
    const rg_density_spec none = {.kind = RG_DENSITY_MIXTURE};
    assert_int_equal(rg_point_score_mixture(&space, &none, &law, &why), RG_EINVAL);
    const rg_error_term field = {.kind = RG_ERROR_FIELD},
                        exploding = {.kind = RG_ERROR_CONSTANT, .profile = RG_PROFILE_SIGMA},
                        waves = {.kind = RG_ERROR_WAVES, .waves = 3, .correlation_length = 1};
    assert_int_equal(rg_point_error_create(&space, NULL, NULL, &field, 1, 0.1, 1, &error, &why), RG_EINVAL);
    assert_int_equal(rg_point_error_create(&space, NULL, NULL, &exploding, 1, 0, 1, &error, &why), RG_EINVAL);
    assert_int_equal(rg_point_error_create(&torus, NULL, NULL, &waves, 1, 0, 1, &error, &why), RG_EINVAL);
    assert_string_equal(why.text, "waves: not periodic, for R^d only; take a random term");
    rg_point_score_destroy(NULL);
    rg_point_error_destroy(NULL);
}

static rg_status make_all(void) {
    const double points[] = {0.1, 0.2, 0.3, 0.4}, box[] = {1, 1}, covariances[] = {1, 0.1, 0.1, 1}, weights[] = {1};
    const rg_space space = {.dim = 2}, torus = {2, box, box};
    const ptrdiff_t shape[] = {8, 8};
    const rg_error_mode mode = {0, {1, 1}, 1, 0};
    const rg_error_term term[] = {{.kind = RG_ERROR_MODES, .modes = 1, .mode = &mode}},
                        waves = {.kind = RG_ERROR_WAVES, .waves = 3, .correlation_length = 1};
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 1, .means = points, .covariances = covariances, .weights = weights};
    rg_grid grid;
    rg_point_score *law[5] = {NULL};
    rg_point_error *error[2] = {NULL};
    assert_ok(rg_grid_init(2, shape, box, box, &grid));
    rg_status status = rg_point_score_empirical(&space, 2, points, 0, 0, &law[0], NULL);
    if (!status) status = rg_point_score_empirical(&torus, 2, points, 0, 0, &law[1], NULL);
    if (!status) status = rg_point_score_mixture(&space, &spec, &law[2], NULL);
    if (!status) status = rg_point_score_mixture(&torus, &spec, &law[3], NULL);
    if (!status) status = rg_point_score_grid(&grid, &spec, 0.1, &law[4], NULL);
    if (!status) status = rg_point_error_create(&torus, &grid, &spec, term, 1, 0.1, 1, &error[0], NULL);
    if (!status) status = rg_point_error_create(&space, NULL, NULL, &waves, 1, 0.1, 1, &error[1], NULL);
    for (int i = 0; i < 5; i++) rg_point_score_destroy(law[i]);
    for (int i = 0; i < 2; i++) rg_point_error_destroy(error[i]);
    return status;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    rg_status status = RG_ENOMEM;
    for (long n = 0; status && n < 500; n++) {
        rg_alloc_fail_after(n);
        status = make_all();
        assert_true(status == RG_OK || status == RG_ENOMEM);
    }
    rg_alloc_fail_after(-1);
    assert_ok(status);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),        cmocka_unit_test(normal_numbers_are_normal),
        cmocka_unit_test(streams_are_apart),           cmocka_unit_test(empirical_is_the_softmax),
        cmocka_unit_test(same_bits_for_any_threads),   cmocka_unit_test(empirical_on_a_torus),
        cmocka_unit_test(mixture_on_a_torus),          cmocka_unit_test(mixture_in_space),
        cmocka_unit_test(mixture_is_smoothed_points),  cmocka_unit_test(errors_are_those_of_the_grid),
        cmocka_unit_test(waves_have_their_covariance), cmocka_unit_test(refusals),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
