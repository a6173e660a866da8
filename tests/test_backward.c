/* The backward Kolmogorov equation: closed forms, manufactured solutions, duality with the sampler, and the two schemes. */
#include "base/base.h"
#include "evolve/kolmogorov.h"

#include <rotgrad/backward.h>
#include <rotgrad/evolve.h>

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"

/* ---- the fitted difference */

/* Il'in's D P coth(P), P = b h / (2 D), at one spike and a constant drift; the exponential of the step takes D. From weak drifts,
 * where a series takes over, to pure upwind. */
static void fitted_weights_by_hand(void **state) {
    (void)state;
    static const double weights[] = {1e-4, 9.9e-3, 1.01e-2, 0.3, 7, 29.9, 30.1, 1e4};
    const rg_grid g = grid_of(1, (ptrdiff_t[]){12, 1, 1});
    const double h = rg_grid_spacing(&g, 0), d = 0.37;
    double drift[12], growth[12], f[12] = {0}, out[12], scratch[2][12];
    rg_spectral *s = NULL;
    assert_ok(rg_spectral_create(&g, RG_PLAN_ESTIMATE, &s));
    rg_kolmogorov e = {
        .spectral = s, .scheme = RG_BACKWARD_FITTED, .diffusion = d, .field = scratch[0], .vector = scratch[1]};
    double *u = field(2 * s->modes), *n = field(2 * s->modes);
    rg_kolmogorov_adapt(&e);
    f[5] = 1;
    rg_forward(s, f, u);
    for (size_t k = 0; k < 2 * COUNT_OF(weights); k++) {
        const double p = weights[k / 2], b = (k % 2 ? -2 : 2) * p * d / h;
        /* P coth P - 1 without cancellation: (P cosh P - sinh P) / sinh P, both by their series for small P */
        const double more =
            p > 0.5 ? p / tanh(p) - 1
                    : p * p * ((1 / 3.0 + p * p / 30 + p * p * p * p / 840) / (1 + p * p / 6 + p * p * p * p / 120));
        for (int i = 0; i < 12; i++) drift[i] = b, growth[i] = 0.4;
        rg_kolmogorov_right_side(&e, drift, growth, u, n);
        rg_kolmogorov_field(&e, n, out);
        const double extra = d * more / (h * h), along = b / (2 * h), rough = 1e-13 * (fabs(along) + extra + 1);
        assert_below(fabs(out[5] - (0.4 - 2 * extra)), rough + 1e-5 * extra);
        assert_below(fabs(out[4] - (extra + along)), rough + 1e-5 * extra);
        assert_below(fabs(out[6] - (extra - along)), rough + 1e-5 * extra);
        assert_below(fabs(out[0]), rough);
    }
    rg_spectral_destroy(s);
    rg_free(u);
    rg_free(n);
}

/* ---- a manufactured solution: positive f, any b, and the V that makes f solve the equation */

struct made_up {
    rg_grid grid;
    double diffusion;
    int divergence;
    int calls, fail_at; /* the call that is to fail; 0: none */
};

static double coordinate(const rg_grid *g, ptrdiff_t i, int a) {
    const ptrdiff_t at[RG_MAX_DIM] = {i / (g->shape[1] * g->shape[2]), i / g->shape[2] % g->shape[1], i % g->shape[2]};
    return g->lower[a] + (double)at[a] * rg_grid_spacing(g, a);
}

/* theta_a = 2 pi x_a / L_a + a + v; f = 2.7 + sum_a sin(theta_a) exp(-0.3 v) / (a + 1) */
static double wave(const rg_grid *g, int a) {
    return 2 * pi / g->length[a];
}

static double angle(const rg_grid *g, ptrdiff_t i, int a, double v) {
    return wave(g, a) * coordinate(g, i, a) + a + v;
}

static double solution(const rg_grid *g, ptrdiff_t i, double v) {
    double f = 2.7;
    for (int a = 0; a < g->dim; a++) f += sin(angle(g, i, a, v)) * exp(-0.3 * v) / (a + 1);
    return f;
}

static rg_status made_up_fields(void *data, double v, double *drift, double *growth, rg_diagnostic *diagnostic) {
    struct made_up *m = data;
    const rg_grid *g = &m->grid;
    const ptrdiff_t n = rg_grid_cells(g);
    if (++m->calls == m->fail_at) return rg_fail(diagnostic, RG_EDOMAIN, "made up");
    for (ptrdiff_t i = 0; i < n; i++) {
        const double f = solution(g, i, v);
        double rest = 0;
        for (int a = 0; a < g->dim; a++) {
            const double k = wave(g, a), s = sin(angle(g, i, a, v)), c = cos(angle(g, i, a, v));
            const double amplitude = exp(-0.3 * v) / (a + 1), turn = angle(g, i, a, 0);
            const double b = 0.4 * cos(turn) * (1 + v) / k, slope = -0.4 * sin(turn) * (1 + v);
            drift[a * n + i] = b;
            rest += amplitude * (c - 0.3 * s) - b * amplitude * k * c + m->diffusion * amplitude * k * k * s;
            if (m->divergence) rest -= slope * f;
        }
        growth[i] = rest / f;
    }
    return RG_OK;
}

static rg_backward *start(const rg_grid *g, const rg_backward_options *o, rg_backward_fields *fields, void *data,
                          const double *psi) {
    rg_backward *b = NULL;
    rg_diagnostic diagnostic = {0};
    const rg_status status = rg_backward_create(g, o, fields, data, psi, &b, &diagnostic);
    if (status) fail_msg("%s: %s", rg_status_text(status), diagnostic.text);
    return b;
}

static void to_the_end(rg_backward *b) {
    rg_diagnostic diagnostic = {0};
    for (int done = 0; !done;) {
        const rg_status status = rg_backward_step(b, &done, &diagnostic);
        if (status) fail_msg("%s: %s", rg_status_text(status), diagnostic.text);
    }
}

/* Largest error at v = 1.1, from 0.2. */
static double made_up_error(const sizes *size, double diffusion, double tolerance, rg_backward_scheme scheme,
                            int divergence, int *steps) {
    struct made_up m = {grid_of(size->dim, size->shape), diffusion, divergence, 0, 0};
    const rg_backward_options o = {0.2, 1.1, diffusion, tolerance, 0, 0, NULL, scheme, divergence};
    const ptrdiff_t n = rg_grid_cells(&m.grid);
    double *f = rg_field_alloc((size_t)n), worst = 0;
    assert_non_null(f);
    for (ptrdiff_t i = 0; i < n; i++) f[i] = solution(&m.grid, i, 0.2);
    rg_backward *b = start(&m.grid, &o, made_up_fields, &m, f);
    to_the_end(b);
    assert_true(rg_backward_variance(b) == 1.1);
    rg_backward_value(b, f);
    for (ptrdiff_t i = 0; i < n; i++) worst = fmax(worst, fabs(f[i] - solution(&m.grid, i, 1.1)));
    *steps = rg_backward_report(b).steps;
    rg_backward_destroy(b);
    rg_free(f);
    return worst;
}

/* b f is of two modes, f of one: the smallest grids but those of 4 points hold what the spectral scheme needs up to
 * the modes of V, which is not band-limited: 20 points and more. The errors of the steps, a fifth of the tolerance times
 * |f| + max |psi| < 8 each, add up to a few of them. */
static void manufactured_solutions_are_met_to_the_tolerance(void **state) {
    (void)state;
    const sizes size[] = {{1, {40, 1, 1}}, {1, {37, 1, 1}}, {2, {24, 27, 1}}, {3, {20, 16, 21}}};
    for (size_t i = 0; i < COUNT_OF(size); i++)
        for (int divergence = 0; divergence < 2; divergence++) {
            int steps;
            const double d = size[i].dim == 3 ? 0 : 0.02, tolerance = size[i].dim == 3 ? 1e-5 : 1e-8;
            assert_below(made_up_error(&size[i], d, tolerance, RG_BACKWARD_SPECTRAL, divergence, &steps),
                         20 * tolerance);
        }
}

/* The tolerance steers the steps of a method of fourth order with an estimate of third (local order four): error ~ steps^-4. */
static void error_falls_with_the_fourth_power_of_the_step(void **state) {
    (void)state;
    int coarse, fine;
    const sizes size = {1, {37, 1, 1}};
    const double loose = made_up_error(&size, 0.05, 1e-5, RG_BACKWARD_SPECTRAL, 0, &coarse),
                 tight = made_up_error(&size, 0.05, 1e-9, RG_BACKWARD_SPECTRAL, 0, &fine);
    const double order = log(loose / tight) / log((double)fine / coarse);
    if (!(order > 3.4 && order < 4.9)) fail_msg("order %g: %g in %d, %g in %d", order, loose, coarse, tight, fine);
}

/* With time steps out of the way, doubling the points divides the error by 4. */
static void fitted_differences_are_of_second_order(void **state) {
    (void)state;
    int steps;
    const sizes half[] = {{1, {33, 1, 1}}, {2, {20, 26, 1}}}, full[] = {{1, {66, 1, 1}}, {2, {40, 52, 1}}};
    for (int i = 0; i < 2; i++) {
        const double coarse = made_up_error(&half[i], 0.05, 1e-9, RG_BACKWARD_FITTED, 0, &steps),
                     fine = made_up_error(&full[i], 0.05, 1e-9, RG_BACKWARD_FITTED, 0, &steps);
        const double order = log2(coarse / fine);
        if (!(fabs(order - 2) < 0.25)) fail_msg("order %g: %g, %g", order, coarse, fine);
    }
}

/* ---- closed forms */

struct constant {
    double drift[RG_MAX_DIM], growth;
    const rg_grid *grid;
};

static rg_status constant_fields(void *data, double v, double *drift, double *growth, rg_diagnostic *diagnostic) {
    const struct constant *c = data;
    const ptrdiff_t n = rg_grid_cells(c->grid);
    (void)v, (void)diagnostic;
    for (ptrdiff_t i = 0; i < n; i++) {
        for (int a = 0; a < c->grid->dim; a++) drift[a * n + i] = c->drift[a];
        if (c->growth != 0) growth[i] = c->growth;
    }
    return RG_OK;
}

/* Heat: rg_heat with 2 D v. Growth kappa: a factor. Drift: a shift, by whole cells. */
static void heat_shift_and_growth_are_exact(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all_sizes); i++) {
        const rg_grid g = grid_of(all_sizes[i].dim, all_sizes[i].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        if (g.shape[0] < 10) continue;
        double *psi = rg_field_alloc((size_t)n), *expected = rg_field_alloc((size_t)n), *f = rg_field_alloc((size_t)n);
        assert_true(psi && expected && f);
        for (ptrdiff_t k = 0; k < n; k++) psi[k] = exp(sin(angle(&g, k, 0, 0.4))) + cos(angle(&g, k, g.dim - 1, 1));
        const double h = rg_grid_spacing(&g, 0), range = 0.05, diffusion = 0.3;
        struct constant c = {{0, 0, 0}, 0, &g};
        const rg_backward_options o = {0.1, 0.1 + range, diffusion, 1e-10, 0, 0, NULL, RG_BACKWARD_SPECTRAL, 0};
        rg_spectral *s;
        assert_ok(rg_spectral_create(&g, RG_PLAN_ESTIMATE, &s));
        assert_ok(rg_heat(s, 2 * diffusion * range, psi, expected));
        rg_backward *b = start(&g, &o, constant_fields, &c, psi);
        to_the_end(b);
        rg_backward_value(b, f);
        for (ptrdiff_t k = 0; k < n; k++) assert_below(fabs(f[k] - expected[k]), 1e-13);
        rg_backward_destroy(b);

        c.growth = 1.7;
        c.drift[0] = 2 * h / range; /* f(x) = heat of psi, at x + 2 h */
        b = start(&g, &o, constant_fields, &c, psi);
        to_the_end(b);
        rg_backward_value(b, f);
        const ptrdiff_t row = n / g.shape[0];
        /* the Nyquist mode has no gradient: it is not shifted, and psi has little of it */
        for (ptrdiff_t k = 0; k < n; k++)
            assert_below(fabs(f[k] - exp(c.growth * range) * expected[(k + 2 * row) % n]), 2e-4);
        rg_backward_destroy(b);
        rg_spectral_destroy(s);
        rg_free(psi);
        rg_free(expected);
        rg_free(f);
    }
}

/* ---- duality: int f dq does not depend on v */

struct sampler {
    rg_levels *levels;
    rg_level room;
    double churn;
    int learned;
};

static rg_status sampler_fields(void *data, double v, double *drift, double *growth, rg_diagnostic *diagnostic) {
    struct sampler *s = data;
    const rg_grid *g = rg_levels_grid(s->levels);
    (void)growth;
    const rg_status status = rg_levels_at(s->levels, v, &s->room, diagnostic);
    if (status) return status;
    for (ptrdiff_t i = 0; i < g->dim * rg_grid_cells(g); i++)
        drift[i] = 0.5 * (1 + s->churn * s->churn) * (s->room.score[i] + (s->learned ? s->room.error[i] : 0));
    return RG_OK;
}

enum { STOPS = 4 };
static const double stop_at[STOPS] = {0.4, 0.7, 1.3, 2.0};

/* q at the stops, descending, and then f at the same. */
static void check_duality(int dim, const ptrdiff_t *shape, double churn, int learned, double tolerance) {
    rg_grid g;
    rg_diagnostic diagnostic = {0};
    struct sampler s = {.churn = churn, .learned = learned};
    assert_ok(rg_grid_init(dim, shape, NULL, NULL, &g));
    const size_t n = (size_t)rg_grid_cells(&g);
    const double mean[] = {-1, 0.3, 0.8, 1.2, -0.4, 0.1}, weight[] = {0.4, 0.6},
                 covariance[] = {0.5, 0.1, 0, 0.1, 0.6, 0, 0, 0, 0.7, 0.5, 0.1, 0, 0.1, 0.6, 0, 0, 0, 0.7};
    double means[6], covariances[18];
    for (int k = 0; k < 2; k++)
        for (int a = 0; a < dim; a++) {
            means[k * dim + a] = mean[3 * k + a];
            for (int b = 0; b < dim; b++) covariances[(k * dim + a) * dim + b] = covariance[(3 * k + a) * 3 + b];
        }
    const rg_density_spec density = {
        .kind = RG_DENSITY_MIXTURE, .components = 2, .weights = weight, .means = means, .covariances = covariances};
    const rg_error_term term = {
        .kind = RG_ERROR_RANDOM, .gradient_energy = 0.2, .solenoidal_energy = dim > 1 ? 0.1 : 0, .band = 2, .seed = 7};
    const rg_split_options split = {.tolerance = 1e-2}; /* the whole error drives both */
    if (rg_levels_create(&g, &density, &term, 1, 0.2, 2.0, &split, &s.levels, &diagnostic))
        fail_msg("%s", diagnostic.text);
    assert_ok(rg_level_create(&g, &s.room));
    double *q = rg_field_alloc(n * (STOPS + 1)), *f = rg_field_alloc(n), integral[STOPS + 1];
    assert_true(q && f);
    const rg_evolve_options evolve = {.form = RG_FORM_DENSITY,
                                      .variance_min = 0.2,
                                      .variance_max = 2.0,
                                      .churn = churn,
                                      .tolerance = tolerance,
                                      .stops = STOPS,
                                      .stop = stop_at};
    rg_evolve *e;
    assert_ok(rg_evolve_create(s.levels, &evolve, &e, &diagnostic));
    for (int done = 0, k = STOPS - 1, first = 1; k >= 0 || !done; first = 0) {
        if (!first) assert_ok(rg_evolve_step(e, &done, &diagnostic));
        const rg_level *level = rg_evolve_level(e);
        if (!done && !(k >= 0 && level->variance == stop_at[k])) continue;
        double clipped, *to = q + (size_t)(done ? STOPS : k) * n;
        rg_evolve_ratio(e, learned ? RG_FULL : RG_NONE, to, &clipped);
        for (size_t i = 0; i < n; i++) to[i] *= level->density[i];
        k--;
    }
    for (size_t i = 0; i < n; i++)
        f[i] = exp(sin(angle(&g, (ptrdiff_t)i, 0, 0.3))) + cos(angle(&g, (ptrdiff_t)i, dim - 1, 0));
    const double cell = rg_grid_cell_volume(&g);
    integral[STOPS] = rg_dot((ptrdiff_t)n, f, q + STOPS * n) * cell;
    const rg_backward_options o = {0.2,   2.0,     0.5 * churn * churn,  tolerance, 0,
                                   STOPS, stop_at, RG_BACKWARD_SPECTRAL, 0};
    rg_backward *b = start(&g, &o, sampler_fields, &s, f);
    for (int done = 0, k = 0; !done;) {
        assert_ok(rg_backward_step(b, &done, &diagnostic));
        assert_true(rg_backward_variance(b) == s.room.variance);
        if (rg_backward_variance(b) != stop_at[k]) continue;
        rg_backward_value(b, f);
        integral[k] = rg_dot((ptrdiff_t)n, f, q + (size_t)k * n) * cell;
        k++;
    }
    /* both are stepped to the tolerance in sum; ten times that for the size of f */
    for (int k = 0; k < STOPS; k++) assert_below(fabs(integral[k] - integral[STOPS]), 10 * tolerance);
    assert_true(fabs(integral[STOPS]) > 0.1);
    rg_backward_destroy(b);
    rg_evolve_destroy(e);
    rg_level_free(&s.room);
    rg_levels_destroy(s.levels);
    rg_free(q);
    rg_free(f);
}

static void mean_of_f_under_the_sampler_stands_still(void **state) {
    (void)state;
    for (int learned = 0; learned < 2; learned++) {
        check_duality(1, (ptrdiff_t[]){64, 1, 1}, 1, learned, 1e-8);
        check_duality(1, (ptrdiff_t[]){65, 1, 1}, 0, learned, 1e-8);
        check_duality(2, (ptrdiff_t[]){24, 27, 1}, 1.7, learned, 1e-6);
    }
    check_duality(3, (ptrdiff_t[]){11, 12, 13}, 1, 1, 1e-4);
}

/* ---- what the fitted scheme is for */

/* A drift that turns over between two points, 60 cells per unit of diffusion; growth that is not negative. */
struct saw {
    const rg_grid *grid;
    double growth;
};

static rg_status saw_fields(void *data, double v, double *drift, double *growth, rg_diagnostic *diagnostic) {
    const struct saw *s = data;
    const ptrdiff_t n = rg_grid_cells(s->grid);
    (void)v, (void)diagnostic;
    for (ptrdiff_t i = 0; i < n; i++) {
        for (int a = 0; a < s->grid->dim; a++)
            drift[a * n + i] = 40 * (coordinate(s->grid, i, a) - s->grid->lower[a] - 0.5 * s->grid->length[a]) + 0.1;
        growth[i] = s->growth * pow(sin(angle(s->grid, i, 0, 0)), 2);
    }
    return RG_OK;
}

/* Without growth f stays between the least and the greatest psi; with it f >= 0. Both to the tolerance. */
static void fitted_differences_keep_signs_and_bounds(void **state) {
    (void)state;
    const sizes size[] = {{1, {41, 1, 1}}, {2, {16, 21, 1}}, {3, {8, 9, 10}}};
    for (size_t i = 0; i < COUNT_OF(size); i++) {
        const rg_grid g = grid_of(size[i].dim, size[i].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *f = rg_field_alloc((size_t)n);
        assert_non_null(f);
        for (int growing = 0; growing < 2; growing++) {
            struct saw s = {&g, growing ? 3.0 : 0};
            const rg_backward_options o = {0, 0.3, 0.01, 1e-6, 0, 0, NULL, RG_BACKWARD_FITTED, 0};
            for (ptrdiff_t k = 0; k < n; k++) f[k] = coordinate(&g, k, 0) > g.lower[0] + 0.4 * g.length[0];
            rg_backward *b = start(&g, &o, saw_fields, &s, f);
            for (int done = 0; !done;) {
                assert_ok(rg_backward_step(b, &done, NULL));
                rg_backward_value(b, f);
                double least = f[0], most = f[0];
                for (ptrdiff_t k = 0; k < n; k++) {
                    least = fmin(least, f[k]);
                    most = fmax(most, f[k]);
                }
                assert_below(-least, 1e-5);
                assert_below(most, growing ? 1e3 : 1 + 1e-5);
            }
            rg_backward_destroy(b);
        }
        rg_free(f);
    }
}

/* ---- contracts */

static void refusals_name_what_is_wrong(void **state) {
    (void)state;
    const rg_grid g = grid_of(1, (ptrdiff_t[]){12, 1, 1});
    struct made_up m = {g, 0.1, 0, 0, 0};
    double psi[12] = {0};
    rg_backward *b = NULL;
    rg_diagnostic diagnostic = {0};
    const rg_backward_options good = {0.2, 1.1, 0.1, 1e-6, 0, 0, NULL, RG_BACKWARD_SPECTRAL, 0};
    rg_backward_options bad[7];
    for (int i = 0; i < 7; i++) bad[i] = good;
    bad[0].variance_max = 0.2;
    bad[1].variance_min = -1;
    bad[2].diffusion = not_a_number;
    bad[3].tolerance = 0;
    bad[4].scheme = (rg_backward_scheme)5;
    bad[5].scheme = RG_BACKWARD_FITTED, bad[5].divergence = 1;
    bad[6].variance_max = infinity;
    const char *const said[] = {"variance_max", "variance_max", "diffusion",   "tolerance",
                                "scheme",       "scheme",       "variance_max"};
    for (int i = 0; i < 7; i++) {
        assert_int_equal(rg_backward_create(&g, &bad[i], made_up_fields, &m, psi, &b, &diagnostic), RG_EINVAL);
        assert_non_null(strstr(diagnostic.text, said[i]));
    }
    assert_int_equal(rg_backward_create(&g, &good, NULL, &m, psi, &b, NULL), RG_EINVAL);
    bad[0] = good;
    bad[0].stops = 1; /* and nothing behind it */
    assert_int_equal(rg_backward_create(&g, &bad[0], made_up_fields, &m, psi, &b, &diagnostic), RG_EINVAL);
    assert_non_null(strstr(diagnostic.text, "stops"));
    psi[7] = not_a_number;
    assert_int_equal(rg_backward_create(&g, &good, made_up_fields, &m, psi, &b, &diagnostic), RG_EINVAL);
    assert_non_null(strstr(diagnostic.text, "cell 7"));
    assert_null(b);
    rg_backward_destroy(NULL);
}

/* What the fields return ends the step, and f stands where it stood. */
static void failures_of_the_fields_are_passed_on(void **state) {
    (void)state;
    const rg_grid g = grid_of(1, (ptrdiff_t[]){12, 1, 1});
    struct made_up m = {g, 0.1, 0, 0, 1};
    double psi[12];
    for (int i = 0; i < 12; i++) psi[i] = solution(&g, i, 0.2);
    rg_backward *b = NULL;
    rg_diagnostic diagnostic = {0};
    rg_backward_options o = {0.2, 1.1, 0.1, 1e-6, 0, 0, NULL, RG_BACKWARD_SPECTRAL, 0};
    assert_int_equal(rg_backward_create(&g, &o, made_up_fields, &m, psi, &b, &diagnostic), RG_EDOMAIN);
    assert_null(b);
    for (int at = 2; at <= 3; at++) {
        m.calls = 0, m.fail_at = at;
        int done;
        b = start(&g, &o, made_up_fields, &m, psi);
        assert_int_equal(rg_backward_step(b, &done, &diagnostic), RG_EDOMAIN);
        assert_string_equal(diagnostic.text, "made up");
        assert_true(rg_backward_variance(b) == 0.2);
        rg_backward_destroy(b);
    }
    m.fail_at = 0;
    o.max_steps = 3;
    b = start(&g, &o, made_up_fields, &m, psi);
    rg_status status = RG_OK;
    for (int done = 0; !status && !done;) status = rg_backward_step(b, &done, &diagnostic);
    assert_int_equal(status, RG_ENOCONV);
    assert_non_null(strstr(diagnostic.text, "sigma"));
    rg_backward_destroy(b);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){10, 12, 1});
    struct made_up m = {g, 0.1, 1, 0, 0};
    double psi[120];
    for (int i = 0; i < 120; i++) psi[i] = solution(&g, i, 0.2);
    const rg_backward_options o = {0.2, 1.1, 0.1, 1e-6, 0, 0, NULL, RG_BACKWARD_SPECTRAL, 1};
    rg_status status = RG_ENOMEM;
    int tries = 0;
    for (; status == RG_ENOMEM; tries++) {
        rg_backward *b = NULL;
        rg_alloc_fail_after(tries);
        status = rg_backward_create(&g, &o, made_up_fields, &m, psi, &b, NULL);
        rg_alloc_fail_after(-1);
        if (status) assert_null(b);
        rg_backward_destroy(b);
    }
    assert_int_equal(status, RG_OK);
    assert_true(tries > 30);
}

/* Stepping allocates nothing, and the same bits come from any number of threads: 2^17 cells and more are shared. */
static void threads_change_no_bit(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){364, 362, 1});
    const size_t n = (size_t)rg_grid_cells(&g);
    const rg_backward_scheme scheme[] = {RG_BACKWARD_SPECTRAL, RG_BACKWARD_FITTED};
    double *psi = rg_field_alloc(n), *one = rg_field_alloc(2 * n), *two = rg_field_alloc(2 * n);
    assert_true(psi && one && two);
    for (size_t i = 0; i < n; i++) psi[i] = solution(&g, (ptrdiff_t)i, 0.2);
    const int before = omp_get_max_threads();
    for (int s = 0; s < 2; s++) {
        for (int threads = 1; threads <= 3; threads += 2) {
            struct made_up m = {g, 0.01, 0, 0, 0};
            const rg_backward_options o = {0.2, 0.21, 0.01, 1e-3, 0, 0, NULL, scheme[s], 0};
            omp_set_num_threads(threads);
            rg_backward *b = start(&g, &o, made_up_fields, &m, psi);
            rg_alloc_fail_after(0);
            int done;
            const rg_status status = rg_backward_step(b, &done, NULL);
            rg_backward_gradient(b, threads == 1 ? one : two);
            rg_alloc_fail_after(-1);
            assert_ok(status);
            rg_backward_destroy(b);
        }
        assert_memory_equal(one, two, 2 * n * sizeof *one);
    }
    omp_set_num_threads(before);
    rg_free(psi);
    rg_free(one);
    rg_free(two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manufactured_solutions_are_met_to_the_tolerance),
        cmocka_unit_test(error_falls_with_the_fourth_power_of_the_step),
        cmocka_unit_test(fitted_weights_by_hand),
        cmocka_unit_test(fitted_differences_are_of_second_order),
        cmocka_unit_test(heat_shift_and_growth_are_exact),
        cmocka_unit_test(mean_of_f_under_the_sampler_stands_still),
        cmocka_unit_test(fitted_differences_keep_signs_and_bounds),
        cmocka_unit_test(refusals_name_what_is_wrong),
        cmocka_unit_test(failures_of_the_fields_are_passed_on),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
