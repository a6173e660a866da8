/* The parts of the ladder: best scores in a class, samplers with scores of their own, frozen steps. */
#include "base/base.h"
#include "evolve/push.h"
#include "evolve/samplers.h"
#include "measure/score_class.h"

#include <rotgrad/density.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"

static const sizes class_sizes[] = {{1, {15, 1, 1}},  {1, {16, 1, 1}}, {2, {12, 15, 1}},
                                    {2, {13, 10, 1}}, {3, {9, 8, 10}}, {3, {8, 9, 7}}};

/* A density of full contrast e^2 with every mode in it. */
static double *rough_density(const rg_grid *g, uint64_t seed) {
    const ptrdiff_t n = rg_grid_cells(g);
    double *p = noise(n, seed);
    for (ptrdiff_t i = 0; i < n; i++) p[i] = exp(p[i]);
    const double mass = rg_sum(n, p) * rg_grid_cell_volume(g);
    for (ptrdiff_t i = 0; i < n; i++) p[i] /= mass;
    return p;
}

static rg_score_class *class_of(const rg_grid *g, rg_feature_kind kind, size_t size, double ridge) {
    rg_score_class *c = NULL;
    rg_diagnostic said = {0};
    if (rg_score_class_create(g, kind, size, 7, ridge, &c, &said)) fail_msg("%s", said.text);
    return c;
}

/* E_p[(best - target) cos(w.x + phase)] for one component. */
static double moment(const rg_grid *g, const double *p, const double *a, const double *b, const int *w, double phase) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        double angle[RG_MAX_DIM], along = phase;
        angles_of(g, i, angle);
        for (int k = 0; k < g->dim; k++) along += w[k] * angle[k];
        sum += p[i] * (a[i] - (b ? b[i] : 0)) * cos(along);
    }
    return sum * rg_grid_cell_volume(g);
}

/* What is left is orthogonal to the class, and the best of the best is itself. */
static void the_best_score_of_a_class_is_a_projection(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(class_sizes); s++) {
        const rg_grid g = grid_of(class_sizes[s].dim, class_sizes[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *p = rough_density(&g, 3 + s), *target = noise(g.dim * n, 17 + s), *best = field(g.dim * n);
        double *again = field(g.dim * n);
        rg_score_class *c = class_of(&g, RG_FEATURES_FOURIER, 2, 0);
        assert_int_equal(rg_score_class_functions(c), (size_t)lround(pow(5, g.dim)));
        assert_ok(rg_score_class_fit(c, p, target, best));
        for (int a = 0; a < g.dim; a++)
            for (int k = 0; k < 125; k++) {
                const int w[] = {k % 5 - 2, k / 5 % 5 - 2, k / 25 - 2};
                assert_below(fabs(moment(&g, p, best + a * n, target + a * n, w, 0.7 * k)), 1e-12);
            }
        assert_true(rms_difference(g.dim * n, best, target) > 0.1);
        assert_ok(rg_score_class_fit(c, p, best, again));
        assert_below(rms_difference(g.dim * n, best, again), 1e-11);
        double *other = rough_density(&g, 90 + s); /* in the class under any weight */
        assert_ok(rg_score_class_fit(c, other, best, again));
        assert_below(rms_difference(g.dim * n, best, again), 1e-11);
        const int outside[] = {3, 0, 0};
        double *flat = field(n);
        for (ptrdiff_t i = 0; i < n; i++) flat[i] = 1 / rg_grid_volume(&g);
        assert_below(fabs(moment(&g, flat, best, NULL, outside, 0.4)), 1e-12);
        rg_score_class_destroy(c);
        double *fields[] = {p, target, best, again, other, flat};
        for (size_t k = 0; k < COUNT_OF(fields); k++) rg_free(fields[k]);
    }
}

/* The waves of a random class are the same on every grid: a field of the class on a coarse one is one on a fine one. */
static void random_waves_do_not_depend_on_the_grid(void **state) {
    (void)state;
    const ptrdiff_t coarse_shape[] = {34, 36}, fine_shape[] = {45, 41};
    const rg_grid coarse = grid_of(2, coarse_shape), fine = grid_of(2, fine_shape);
    const ptrdiff_t n = rg_grid_cells(&coarse), m = rg_grid_cells(&fine);
    double *p = rough_density(&coarse, 5), *q = rough_density(&fine, 6), *target = noise(2 * n, 8);
    double *best = field(2 * n), *moved = field(2 * m), *again = field(2 * m);
    rg_score_class *c = class_of(&coarse, RG_FEATURES_RANDOM, 40, 0), *d = class_of(&fine, RG_FEATURES_RANDOM, 40, 0);
    assert_int_equal(rg_score_class_functions(c), 41);
    assert_ok(rg_score_class_fit(c, p, target, best));
    assert_true(rms(2 * n, best) > 0.01);
    assert_ok(rg_resample(&coarse, best, &fine, 2, moved));
    assert_ok(rg_score_class_fit(d, q, moved, again));
    assert_below(rms_difference(2 * m, moved, again), 1e-10);
    rg_score_class_destroy(c);
    rg_score_class_destroy(d);
    double *fields[] = {p, q, target, best, moved, again};
    for (size_t k = 0; k < COUNT_OF(fields); k++) rg_free(fields[k]);
}

static void a_ridge_mends_what_has_no_unique_answer(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {14, 11};
    const rg_grid g = grid_of(2, shape);
    const ptrdiff_t n = rg_grid_cells(&g);
    double *p = field(n), *target = noise(2 * n, 4), *best = copy_of(2 * n, target);
    p[17] = 1 / rg_grid_cell_volume(&g); /* one point determines one number */
    rg_score_class *none = class_of(&g, RG_FEATURES_FOURIER, 1, 0), *some = class_of(&g, RG_FEATURES_FOURIER, 1, 1e-6);
    assert_int_equal(rg_score_class_fit(none, p, target, best), RG_ENOCONV);
    assert_true(same_bits(2 * n, target, best));
    assert_ok(rg_score_class_fit(some, p, target, best));
    assert_below(fabs(best[17] - target[17]), 1e-5);
    assert_below(rg_max_abs(n, best), fabs(target[17]) * 1.01);
    rg_score_class_destroy(none);
    rg_score_class_destroy(some);
    rg_score_class *c = NULL;
    rg_diagnostic said = {0};
    assert_int_equal(rg_score_class_create(&g, RG_FEATURES_FOURIER, 6, 1, 0, &c, &said), RG_EINVAL);
    assert_non_null(strstr(said.text, "wave 6 on axis 1, which needs more than 11 grid points"));
    assert_int_equal(rg_score_class_create(&g, RG_FEATURES_POLYNOMIAL, 2, 1, 0, &c, &said), RG_EINVAL);
    assert_int_equal(rg_score_class_create(&g, RG_FEATURES_FOURIER, 1, 1, -1, &c, &said), RG_EINVAL);
    assert_int_equal(rg_score_class_create(&g, RG_FEATURES_FOURIER, 40, 1, 0, &c, &said), RG_EINVAL);
    assert_null(c);
    rg_free(p);
    rg_free(target);
    rg_free(best);
}

/* ---- the best gradient of a class */

/* psi = sum of five waves of the class fourier:2, its gradient. */
static void add_wave_gradient(const rg_grid *g, const int *w, double height, double phase, double *f) {
    const ptrdiff_t n = rg_grid_cells(g);
    for (ptrdiff_t i = 0; i < n; i++) {
        double angle[RG_MAX_DIM], along = phase;
        angles_of(g, i, angle);
        for (int a = 0; a < g->dim; a++) along += w[a] * angle[a];
        for (int a = 0; a < g->dim; a++) f[a * n + i] += height * 2 * pi * w[a] / g->length[a] * cos(along);
    }
}

static double *class_gradient(const rg_grid *g) {
    static const int wave[][RG_MAX_DIM] = {{1, 0, 0}, {2, -1, 1}, {-1, 2, 2}, {1, 1, -2}, {2, 2, 0}};
    double *f = field(g->dim * rg_grid_cells(g));
    for (int k = 0; k < (int)COUNT_OF(wave); k++) add_wave_gradient(g, wave[k], 0.3 + 0.17 * k, 0.9 * k, f);
    return f;
}

/* An axis' component that does not change along it, over p: no divergence in p, on the grid exactly. */
static void add_invisible(const rg_grid *g, const double *p, double *f) {
    const ptrdiff_t n = rg_grid_cells(g);
    for (int a = 0; a < g->dim; a++)
        for (ptrdiff_t i = 0; i < n; i++) {
            double angle[RG_MAX_DIM];
            angles_of(g, i, angle);
            f[a * n + i] += (1.3 + (g->dim > 1 ? cos(2 * angle[(a + 1) % g->dim]) : 0)) / p[i];
        }
}

static double mean_under(const rg_grid *g, const double *p, const double *a, const double *b) {
    const ptrdiff_t n = rg_grid_cells(g);
    double sum = 0;
    for (ptrdiff_t i = 0; i < g->dim * n; i++) sum += p[i % n] * a[i] * b[i];
    return sum * rg_grid_cell_volume(g);
}

/* A gradient of the class is found in full, whatever is added that no gradient sees. With eigenvalues of the Gram matrix
 * above 1e-2 a ridge of 1e-12 takes less than 1e-10 of it. */
static void the_energy_of_a_class_is_that_of_its_gradients(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(class_sizes); s++) {
        const rg_grid g = grid_of(class_sizes[s].dim, class_sizes[s].shape);
        double *p = rough_density(&g, 23 + s), *f = class_gradient(&g);
        rg_score_class *c = class_of(&g, RG_FEATURES_FOURIER, 2, 0.4);
        const double energy = mean_under(&g, p, f, f);
        for (int invisible = 0; invisible < 2; invisible++) {
            rg_value found = {0};
            if (invisible) add_invisible(&g, p, f);
            assert_ok(rg_score_class_gradient_energy(c, p, f, &found));
            assert_below(fabs(found.value / energy - 1), 1e-10);
            assert_below(found.error, 1e-8 * energy);
        }
        rg_score_class_destroy(c);
        rg_free(p);
        rg_free(f);
    }
}

/* Of any field: no gradient of the class promises more, and a larger class never less. */
static void no_gradient_of_a_class_promises_more(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(class_sizes); s++) {
        const rg_grid g = grid_of(class_sizes[s].dim, class_sizes[s].shape);
        double *p = rough_density(&g, 33 + s), *e = noise(g.dim * rg_grid_cells(&g), 41 + s), *f = class_gradient(&g);
        rg_value energy[3] = {{0, 0}};
        for (size_t most = 1; most <= 3; most++) {
            rg_score_class *c = class_of(&g, RG_FEATURES_FOURIER, most, 0);
            assert_ok(rg_score_class_gradient_energy(c, p, e, &energy[most - 1]));
            rg_score_class_destroy(c);
        }
        assert_true(energy[0].value < energy[1].value && energy[1].value < energy[2].value);
        assert_true(energy[2].value < mean_under(&g, p, e, e));
        const double cross = mean_under(&g, p, e, f), square = mean_under(&g, p, f, f);
        assert_true(cross * cross / square < energy[1].value); /* at the best factor before f */
        rg_free(p);
        rg_free(e);
        rg_free(f);
    }
}

/* Waves that one point cannot tell apart: what is lost goes with the square of a ridge, and the energy is E_p|e|^2. Where a
 * large error at a density of 1e-11 makes all of the energy, the ridge takes some of it, and the bar says so. */
static void a_singular_class_has_an_energy_all_the_same(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {14, 11};
    const rg_grid g = grid_of(2, shape);
    const ptrdiff_t n = rg_grid_cells(&g);
    double *p = field(n), *e = noise(2 * n, 4);
    p[17] = 1 / rg_grid_cell_volume(&g);
    rg_score_class *c = class_of(&g, RG_FEATURES_FOURIER, 1, 0);
    rg_value found = {0};
    assert_ok(rg_score_class_gradient_energy(c, p, e, &found));
    const double energy = mean_under(&g, p, e, e);
    assert_below(fabs(found.value - energy), 1e-11 * energy);
    assert_below(found.error, 1e-11 * energy);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i != 17) p[i] = 1e-11;
        for (int a = 0; a < 2; a++) e[a * n + i] *= i == 17 ? 1 : 1e7;
    }
    assert_ok(rg_score_class_gradient_energy(c, p, e, &found));
    assert_true(found.value < mean_under(&g, p, e, e) && found.error > 0.1 * found.value);
    p[17] = nan("");
    assert_int_equal(rg_score_class_gradient_energy(c, p, e, &found), RG_ENOCONV);
    rg_score_class_destroy(c);
    rg_free(p);
    rg_free(e);
}

/* ---- frozen steps */

/* A smooth positive density without the highest modes. */
static double *smooth_density(const rg_grid *g, double width) {
    const ptrdiff_t n = rg_grid_cells(g);
    double *p = rough_density(g, 31);
    rg_spectral *s = NULL;
    assert_ok(rg_spectral_create(g, RG_PLAN_ESTIMATE, &s));
    double longest = 0;
    for (int a = 0; a < g->dim; a++) longest = fmax(longest, rg_grid_spacing(g, a));
    assert_ok(rg_heat(s, pow(width * longest, 2), p, p));
    rg_spectral_destroy(s);
    drop_nyquist(g, p);
    (void)n;
    return p;
}

static const sizes push_sizes[] = {
    {1, {31, 1, 1}}, {1, {12, 1, 1}}, {2, {20, 15, 1}}, {2, {13, 24, 1}}, {3, {12, 9, 10}}};

/* By whole cells a constant displacement turns the array; noise alone is the heat flow. */
static void a_push_shifts_and_diffuses(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(push_sizes); s++) {
        const rg_grid g = grid_of(push_sizes[s].dim, push_sizes[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *p = smooth_density(&g, 1), *u = field(g.dim * n), *out = field(n), *wanted = field(n);
        rg_push *push = NULL;
        rg_spectral *spectral = NULL;
        assert_ok(rg_push_create(&g, &push));
        assert_ok(rg_spectral_create(&g, RG_PLAN_ESTIMATE, &spectral));
        for (int a = 0; a < g.dim; a++) /* 3 cells on axis 0, once around less 2 on axis 1, 1 on axis 2 */
            for (ptrdiff_t i = 0; i < n; i++)
                u[a * n + i] = (a == 0 ? 3 : a == 1 ? -2 - (double)g.shape[1] : 1) * rg_grid_spacing(&g, a);
        rg_push_apply(push, p, u, 0, out);
        for (ptrdiff_t i = 0; i < n; i++) {
            ptrdiff_t place[RG_MAX_DIM];
            place_of(&g, i, place);
            place[0] = (place[0] + 3) % g.shape[0];
            if (g.dim > 1) place[1] = (place[1] + g.shape[1] - 2) % g.shape[1];
            if (g.dim > 2) place[2] = (place[2] + 1) % g.shape[2];
            wanted[cell_at(&g, place)] = p[i];
        }
        assert_below(rms_difference(n, out, wanted), 1e-9 * rms(n, wanted));
        const double v = 0.3 * rg_grid_spacing(&g, 0);
        memset(u, 0, (size_t)(g.dim * n) * sizeof *u);
        rg_push_apply(push, p, u, v, out);
        assert_ok(rg_heat(spectral, v, p, wanted));
        assert_below(rms_difference(n, out, wanted), 1e-9 * rms(n, wanted));
        rg_push_destroy(push);
        rg_spectral_destroy(spectral);
        double *fields[] = {p, u, out, wanted};
        for (size_t k = 0; k < COUNT_OF(fields); k++) rg_free(fields[k]);
    }
}

/* For any map E cos(k.(x + u)) is that of the density that comes out, times exp(-noise k^2 / 2); `out` may be the input. */
static void a_push_keeps_expectations(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(push_sizes); s++) {
        const rg_grid g = grid_of(push_sizes[s].dim, push_sizes[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *p = rough_density(&g, 77 + s), *u = noise(g.dim * n, 5 + s), *out = copy_of(n, p);
        rg_push *push = NULL;
        assert_ok(rg_push_create(&g, &push));
        const double v = 0.01;
        rg_push_apply(push, out, u, v, out);
        assert_below(fabs(rg_integral(&g, out) - 1), 1e-9);
        for (int k = 0; k < 27; k++) {
            const int w[] = {k % 3 - 1, g.dim > 1 ? 2 * (k / 3 % 3 - 1) : 0, g.dim > 2 ? k / 9 - 1 : 0};
            double sum = 0, kk = 0;
            for (int a = 0; a < g.dim; a++) kk += pow(2 * pi * w[a] / g.length[a], 2);
            for (ptrdiff_t i = 0; i < n; i++) {
                double angle[RG_MAX_DIM], along = 0.3;
                angles_of(&g, i, angle);
                for (int a = 0; a < g.dim; a++) along += w[a] * (angle[a] + 2 * pi * u[a * n + i] / g.length[a]);
                sum += p[i] * cos(along) * rg_grid_cell_volume(&g);
            }
            double found = 0;
            for (ptrdiff_t i = 0; i < n; i++) {
                double angle[RG_MAX_DIM], along = 0.3;
                angles_of(&g, i, angle);
                for (int a = 0; a < g.dim; a++) along += w[a] * angle[a];
                found += out[i] * cos(along) * rg_grid_cell_volume(&g);
            }
            assert_below(fabs(found - sum * exp(-0.5 * v * kk)), 3e-9);
        }
        rg_push_destroy(push);
        rg_free(p);
        rg_free(u);
        rg_free(out);
    }
}

/* A Nyquist mode of the result would be the mean of two waves, which the fine grid tells apart: it is left out. */
static void a_push_leaves_nyquist_modes_out(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(push_sizes); s++) {
        const rg_grid g = grid_of(push_sizes[s].dim, push_sizes[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *p = rough_density(&g, 41 + s), *u = field(g.dim * n), *out = field(n);
        rg_push *push = NULL;
        assert_ok(rg_push_create(&g, &push));
        rg_push_apply(push, p, u, 0, out);
        drop_nyquist(&g, p);
        assert_below(rms_difference(n, out, p), 1e-9 * rms(n, p));
        rg_push_destroy(push);
        rg_free(p);
        rg_free(u);
        rg_free(out);
    }
}

/* ---- samplers */

struct truth {
    rg_density *density;
    double *log_density;
    double tilt; /* added to the first component of the second sampler's score */
    ptrdiff_t n;
    int calls;
};

static rg_status scores(void *data, double variance, double *const *score, rg_diagnostic *diagnostic) {
    struct truth *t = data;
    t->calls++;
    rg_status status = rg_density_at(t->density, variance, t->log_density, score[0], diagnostic);
    if (!status) status = rg_density_at(t->density, variance, t->log_density, score[1], diagnostic);
    for (ptrdiff_t i = 0; i < t->n; i++) score[1][i] += t->tilt;
    return status;
}

static double *law_at(struct truth *t, const rg_grid *g, double variance) {
    double *p = field(t->n), *s = field(g->dim * t->n);
    assert_ok(rg_density_at(t->density, variance, p, s, NULL));
    for (ptrdiff_t i = 0; i < t->n; i++) p[i] = exp(p[i]);
    const double mass = rg_integral(g, p);
    for (ptrdiff_t i = 0; i < t->n; i++) p[i] /= mass;
    rg_free(s);
    return p;
}

/* Half the L1 distance of sampler 0 to p at the end. */
static double arrive(const rg_grid *g, struct truth *t, double churn, double tolerance, double *mass, int *steps) {
    const double low = 0.05, high = 1.1, stop[] = {0.31, 0.7};
    double *start = law_at(t, g, high), *end = law_at(t, g, low), *q = field(t->n), sum = 0;
    const rg_samplers_options o = {low, high, churn, tolerance, 0, 2, stop};
    rg_samplers *s = NULL;
    int done = 0, met = 0;
    assert_ok(rg_samplers_create(g, &o, 2, scores, t, (const double *[]){start, start}, &s, NULL));
    while (!done) {
        assert_ok(rg_samplers_step(s, &done, NULL));
        met += rg_samplers_variance(s) == stop[0] || rg_samplers_variance(s) == stop[1];
    }
    assert_int_equal(met, 2);
    *steps = rg_samplers_steps(s);
    (void)rg_samplers_density(s, 1, q);
    *mass = rg_integral(g, q);
    (void)rg_samplers_density(s, 0, q);
    for (ptrdiff_t i = 0; i < t->n; i++) sum += fabs(q[i] - end[i]);
    rg_samplers_destroy(s);
    rg_free(start);
    rg_free(end);
    rg_free(q);
    return 0.5 * sum * rg_grid_cell_volume(g);
}

/* A sampler with the true score ends at p, whatever its churn, to the tolerance. */
static void the_true_score_leads_to_the_data(void **state) {
    (void)state;
    static const double means[] = {-0.7, 0.3, 0.4, 0.9, 0.2, -0.8}, weights[] = {0.6, 0.4};
    static const double lower[] = {-2.3, -2, -2.2}, length[] = {4.6, 4.3, 4.9};
    static const sizes grids[] = {{1, {48, 1, 1}}, {2, {31, 36, 1}}, {3, {24, 21, 25}}};
    for (size_t k = 0; k < COUNT_OF(grids); k++) {
        rg_grid g;
        assert_ok(rg_grid_init(grids[k].dim, grids[k].shape, lower, length, &g));
        double covariance[18] = {0};
        for (int c = 0; c < 2; c++)
            for (int a = 0; a < g.dim; a++) covariance[(c * g.dim + a) * g.dim + a] = 0.2 + 0.05 * a;
        const rg_density_spec spec = {
            .kind = RG_DENSITY_MIXTURE, .components = 2, .means = means, .covariances = covariance, .weights = weights};
        struct truth t = {.n = rg_grid_cells(&g), .tilt = 0.3};
        assert_ok(rg_density_create(&g, &spec, 0, &t.density, NULL));
        t.log_density = field(t.n);
        static const double churns[] = {0, 1, 1.4};
        for (size_t c = 0; c < (g.dim == 3 ? 2 : COUNT_OF(churns)); c++) {
            double mass;
            int steps, more;
            const double loose = arrive(&g, &t, churns[c], 1e-3, &mass, &steps);
            assert_below(fabs(mass - 1), 1e-6);
            assert_below(loose, 1e-3);
            if (g.dim == 3) continue;
            assert_below(arrive(&g, &t, churns[c], 1e-6, &mass, &more), 1e-6 + (g.dim == 2 ? 2e-6 : 0));
            assert_true(more > 2 * steps);
        }
        rg_density_destroy(t.density);
        rg_free(t.log_density);
    }
}

static rg_status wind(void *data, double variance, double *const *score, rg_diagnostic *diagnostic) {
    const ptrdiff_t *n = data;
    (void)variance;
    (void)diagnostic;
    for (ptrdiff_t i = 0; i < *n; i++) score[0][i] = 9;
    return RG_OK;
}

/* A constant score shifts the law by c times it and diffuses it. Each step is off by a fifth of the tolerance in L1 at most,
 * and no step of the true flow takes two laws farther apart. */
static void a_constant_score_is_a_push(void **state) {
    (void)state;
    static const double churns[] = {0, 0.5}, low = 0.05, high = 1.1;
    const ptrdiff_t shape[] = {36};
    const rg_grid g = grid_of(1, shape);
    ptrdiff_t n = 36;
    double *start = smooth_density(&g, 2.5), *u = field(n), *wanted = field(n), *q = field(n);
    const double mass = rg_integral(&g, start);
    for (int i = 0; i < n; i++) start[i] /= mass;
    rg_push *push = NULL;
    assert_ok(rg_push_create(&g, &push));
    for (size_t c = 0; c < COUNT_OF(churns); c++)
        for (double tolerance = 1e-3; tolerance > 1e-6; tolerance /= 30) {
            const double square = churns[c] * churns[c];
            for (int i = 0; i < n; i++) u[i] = 0.5 * (1 + square) * 9 * (high - low);
            rg_push_apply(push, start, u, square * (high - low), wanted);
            const rg_samplers_options o = {low, high, churns[c], tolerance, 0, 0, NULL};
            rg_samplers *s = NULL;
            assert_ok(rg_samplers_create(&g, &o, 1, wind, &n, (const double *[]){start}, &s, NULL));
            for (int done = 0; !done;) assert_ok(rg_samplers_step(s, &done, NULL));
            (void)rg_samplers_density(s, 0, q);
            double distance = 0;
            for (int i = 0; i < n; i++) distance += 0.5 * fabs(q[i] - wanted[i]) * rg_grid_cell_volume(&g);
            assert_below(distance, 0.5 * 0.2 * tolerance * rg_samplers_steps(s));
            rg_samplers_destroy(s);
        }
    rg_push_destroy(push);
    double *fields[] = {start, u, wanted, q};
    for (size_t k = 0; k < COUNT_OF(fields); k++) rg_free(fields[k]);
}

static rg_status refuse(void *data, double variance, double *const *score, rg_diagnostic *diagnostic) {
    (void)score;
    int *calls = data;
    return (*calls)++ < 2 ? RG_OK : rg_fail(diagnostic, RG_EDOMAIN, "not at %g", variance);
}

static void samplers_refuse_what_makes_no_sense(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {12};
    const rg_grid g = grid_of(1, shape);
    double *start = field(12);
    const double *starts[] = {start};
    rg_samplers *s = NULL;
    rg_diagnostic said = {0};
    int calls = 0, done = 0;
    rg_samplers_options o = {0.1, 1, 1, 1e-3, 0, 0, NULL};
    assert_int_equal(rg_samplers_create(&g, &o, 1, refuse, &calls, starts, &s, &said), RG_EDOMAIN);
    assert_string_equal(said.text, "samplers: the start of sampler 0 has no mass");
    for (int i = 0; i < 12; i++) start[i] = 1;
    o.variance_min = 0;
    assert_int_equal(rg_samplers_create(&g, &o, 1, refuse, &calls, starts, &s, &said), RG_EINVAL);
    o.variance_min = 0.1;
    calls = 0;
    assert_ok(rg_samplers_create(&g, &o, 1, refuse, &calls, starts, &s, &said));
    assert_int_equal(rg_samplers_step(s, &done, &said), RG_EDOMAIN);
    rg_samplers_destroy(s);
    s = NULL;
    o.max_steps = 1;
    calls = -1000;
    assert_ok(rg_samplers_create(&g, &o, 1, refuse, &calls, starts, &s, &said));
    assert_ok(rg_samplers_step(s, &done, &said));
    assert_int_equal(rg_samplers_step(s, &done, &said), RG_ENOCONV);
    assert_non_null(strstr(said.text, "the step shrank to"));
    rg_samplers_destroy(s);
    rg_samplers_destroy(NULL);
    rg_push_destroy(NULL);
    rg_score_class_destroy(NULL);
    rg_free(start);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {35, 34};
    const rg_grid g = grid_of(2, shape);
    double *start = rough_density(&g, 3);
    const double *starts[] = {start};
    const rg_samplers_options o = {0.1, 1, 1, 1e-3, 0, 0, NULL};
    for (int which = 0; which < 3; which++) {
        rg_status status = RG_ENOMEM;
        int failures = 0;
        for (; status; failures++) {
            rg_samplers *s = NULL;
            rg_push *push = NULL;
            rg_score_class *c = NULL;
            int calls = -1000;
            rg_alloc_fail_after(failures);
            if (which == 0) status = rg_samplers_create(&g, &o, 1, refuse, &calls, starts, &s, NULL);
            if (which == 1) status = rg_push_create(&g, &push);
            if (which == 2) status = rg_score_class_create(&g, RG_FEATURES_RANDOM, 20, 1, 0, &c, NULL);
            rg_alloc_fail_after(-1);
            assert_true(status == RG_OK || (status == RG_ENOMEM && !s && !push && !c));
            rg_samplers_destroy(s);
            rg_push_destroy(push);
            rg_score_class_destroy(c);
        }
        assert_in_range(failures, 10, 100);
    }
    rg_free(start);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_score_of_a_class_is_a_projection),
        cmocka_unit_test(random_waves_do_not_depend_on_the_grid),
        cmocka_unit_test(a_ridge_mends_what_has_no_unique_answer),
        cmocka_unit_test(the_energy_of_a_class_is_that_of_its_gradients),
        cmocka_unit_test(no_gradient_of_a_class_promises_more),
        cmocka_unit_test(a_singular_class_has_an_energy_all_the_same),
        cmocka_unit_test(a_push_shifts_and_diffuses),
        cmocka_unit_test(a_push_keeps_expectations),
        cmocka_unit_test(a_push_leaves_nyquist_modes_out),
        cmocka_unit_test(the_true_score_leads_to_the_data),
        cmocka_unit_test(a_constant_score_is_a_push),
        cmocka_unit_test(samplers_refuse_what_makes_no_sense),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
