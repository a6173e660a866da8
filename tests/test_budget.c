/* The ladder of error sources: laws, distances, bounds, whole runs. */
#include "base/base.h"
#include "experiment/budget.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"
#include "scratch.h"

int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);
enum { BLAS_THREADS = 3 };

/* ---- experiments from text */

static rg_experiment experiment_of(const char *yaml) {
    const char *path = scratch_path("x.yaml");
    rg_experiment x = {0};
    rg_diagnostic said = {0};
    assert_int_equal(scratch_write(path, yaml, strlen(yaml)), 0);
    if (rg_experiment_read(path, NULL, 0, &x, &said)) fail_msg("%s", said.text);
    return x;
}

static rg_budget *budget_of(const rg_experiment *x) {
    rg_budget *b = NULL;
    rg_diagnostic said = {0};
    if (rg_budget_run(x, NULL, &b, &said)) fail_msg("%s", said.text);
    return b;
}

static rg_budget *run(const char *yaml) {
    rg_experiment x = experiment_of(yaml);
    rg_budget *b = budget_of(&x);
    rg_experiment_free(&x);
    return b;
}

static const char line[] = "grid: {shape: [48], lower: [-1.3], length: [4.6]}\n"
                           "density: {mixture: {means: [[0.3], [1.9]], sigma: 0.3, weights: [0.7, 0.3]}}\n"
                           "noise: {sigma_min: 0.25, sigma_max: 1.3}\n"
                           "tolerance: 1e-3\n";
static const char plane[] = "grid: {shape: [24, 21], lower: [-1, 0.4], length: [2.3, 2.1]}\n"
                            "density: {mixture: {means: [[-0.2, 1.1], [0.6, 1.9]], sigma: 0.25}}\n"
                            "noise: {sigma_min: 0.2, sigma_max: 0.7, churn: 1.2}\n"
                            "error: [{constant: [0.3, -0.2]}]\n"
                            "tolerance: 1e-3\n";
static const char space[] = "grid: {shape: [14, 12, 13], lower: [-1, 0.4, 0], length: [2.3, 2.1, 2]}\n"
                            "density: {mixture: {means: [[-0.2, 1.1, 0.7], [0.4, 1.6, 1.2]], sigma: 0.35}}\n"
                            "noise: {sigma_min: 0.3, sigma_max: 0.8}\n"
                            "error: [{constant: [0.3, -0.2, 0.1]}]\n"
                            "tolerance: 1e-2\n";

static char *with(const char *head, const char *budget) {
    static char text[4096];
    snprintf(text, sizeof text, "%sbudget: {%s}\n", head, budget);
    return text;
}

static const rg_rung *rung_of(const rg_budget *b, int source) {
    for (size_t i = 0; i < b->rungs; i++)
        if (b->rung[i].source == source) return &b->rung[i];
    return NULL;
}

/* ---- laws */

static void points_share_their_mass_among_their_neighbours(void **state) {
    (void)state;
    for (size_t s = 0; s < COUNT_OF(all_sizes); s++) {
        const rg_grid g = grid_of(all_sizes[s].dim, all_sizes[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *law = field(n), *points = noise(40 * g.dim, s);
        for (int i = 0; i < 40; i++) /* away from the edge, where a coordinate has no mean */
            for (int a = 0; a < g.dim; a++) {
                double *x = &points[i * g.dim + a];
                *x = g.lower[a] + g.length[a] * (0.35 + 0.1 * *x);
            }
        rg_law_of_points(&g, 40, points, 0, law);
        assert_below(fabs(rg_integral(&g, law) - 1), 1e-13);
        for (int a = 0; a < g.dim; a++) {
            double mean_of_points = 0, mean_of_law = 0;
            for (int i = 0; i < 40; i++) mean_of_points += points[i * g.dim + a] / 40;
            for (ptrdiff_t i = 0; i < n; i++) {
                ptrdiff_t place[RG_MAX_DIM];
                place_of(&g, i, place);
                mean_of_law +=
                    law[i] * rg_grid_cell_volume(&g) * (g.lower[a] + (double)place[a] * rg_grid_spacing(&g, a));
            }
            assert_below(fabs(mean_of_points - mean_of_law), 1e-13 * (fabs(g.lower[a]) + g.length[a]));
        }
        rg_law_of_points(&g, 40, points, 0.25, law);
        assert_below(fabs(rg_integral(&g, law) - 1), 1e-13);
        double least = HUGE_VAL;
        for (ptrdiff_t i = 0; i < n; i++) least = fmin(least, law[i]);
        assert_true(least >= 0.25 / rg_grid_volume(&g));
        for (int i = 0; i < 40 * g.dim; i++) points[i] += 3 * g.length[i % g.dim]; /* around the box */
        double *again = field(n);
        rg_law_of_points(&g, 40, points, 0.25, again);
        assert_below(rms_difference(n, law, again), 1e-11 * rms(n, law));
        rg_free(law);
        rg_free(again);
        rg_free(points);
    }
}

/* ---- bounds */

/* A - lambda I is singular and has no positive eigenvalue, for A the symmetric gradient at the origin. */
static void the_stretch_is_the_largest_eigenvalue(void **state) {
    (void)state;
    static const ptrdiff_t shapes[3][3] = {{16}, {12, 15}, {10, 9, 12}};
    for (int dim = 1; dim <= 3; dim++)
        for (uint64_t seed = 1; seed <= 20; seed++) {
            const rg_grid g = grid_of(dim, shapes[dim - 1]);
            const ptrdiff_t n = rg_grid_cells(&g);
            double *f = field(dim * n), *work = field(dim * dim * n), *stretch = field(n), *a = noise(9, seed),
                   greatest;
            double m[3][3];
            for (int i = 0; i < dim; i++)
                for (int j = 0; j < dim; j++) {
                    m[i][j] = 0.5 * (a[3 * i + j] + a[3 * j + i]);
                    for (ptrdiff_t c = 0; c < n; c++) { /* slope a_ij at the origin */
                        double angle[RG_MAX_DIM];
                        angles_of(&g, c, angle);
                        f[i * n + c] += a[3 * i + j] * sin(angle[j]) * g.length[j] / (2 * pi);
                    }
                }
            rg_spectral *s = NULL;
            assert_ok(rg_spectral_create(&g, RG_PLAN_ESTIMATE, &s));
            assert_ok(rg_stretch(s, f, work, stretch, &greatest));
            double most = -HUGE_VAL;
            for (ptrdiff_t c = 0; c < n; c++) most = fmax(most, stretch[c]);
            assert_true(most == greatest);
            for (int i = 0; i < dim; i++) m[i][i] -= stretch[0];
            const double minor = m[0][0] * m[1][1] - m[0][1] * m[0][1];
            const double determinant = dim == 1 ? m[0][0]
                                       : dim == 2
                                           ? minor
                                           : m[2][2] * minor - m[1][2] * (m[0][0] * m[1][2] - m[0][1] * m[0][2]) +
                                                 m[0][2] * (m[0][1] * m[1][2] - m[1][1] * m[0][2]);
            assert_below(fabs(determinant), 1e-12);
            for (int i = 0; i < dim; i++) assert_true(m[i][i] <= 1e-12);
            if (dim > 1) assert_true(minor >= -1e-12);
            rg_spectral_destroy(s);
            double *fields[] = {f, work, stretch, a};
            for (size_t k = 0; k < COUNT_OF(fields); k++) rg_free(fields[k]);
        }
}

/* E|z| in d dimensions, and one point that is smoothed: W1 is that exactly. */
static void stopping_moves_a_point_by_the_length_of_the_noise(void **state) {
    (void)state;
    const double means[] = {sqrt(2 / pi), sqrt(pi / 2), 2 * sqrt(2 / pi)};
    for (int d = 1; d <= 3; d++) assert_below(fabs(rg_bound_stop(d, 0.49) - 0.7 * means[d - 1]), 1e-14);
    static const char array[] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }";
    char bytes[128 + 16];
    const double point[] = {0.37, -0.21};
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, array, sizeof array - 1);
    bytes[127] = '\n';
    memcpy(bytes + 128, point, sizeof point);
    assert_int_equal(scratch_write(scratch_path("point.npy"), bytes, sizeof bytes), 0);
    rg_budget *b = run("grid: {shape: [64, 60]}\ndensity: {samples: point.npy, background: 1e-9}\n"
                       "noise: {sigma_min: 0.4, sigma_max: 1.5}\ntolerance: 1e-3\n"
                       "budget: {class: none, steps: 0, prior: exact}\n");
    assert_int_equal(b->rungs, 1);
    assert_int_equal(b->has_density, 0);
    const rg_rung *stop = &b->rung[0];
    const double exact = 0.4 * sqrt(pi / 2);
    assert_below(fabs(stop->step.w1.value - exact), stop->step.w1.error + 1e-6);
    assert_below(stop->step.w1.error, 0.25 * exact);
    assert_true(isinf(stop->step.kl.value));
    assert_below(fabs(stop->step.tv.value - 1), 1e-8);
    assert_below(fabs(stop->bound.value - exact), 1e-12);
    rg_budget_free(b);
}

/* A law that is given by its points is exactly that: no chance of draws is in the bar. */
static void points_of_an_experiment_are_the_law(void **state) {
    (void)state;
    rg_budget *b = run("grid: {shape: [60]}\ndensity: {points: [[-1.83], [0.11], [1.57]], background: 1e-3}\n"
                       "noise: {sigma_min: 0.2, sigma_max: 1.5}\ntolerance: 1e-3\n"
                       "budget: {samples: none, class: none, steps: 0, prior: exact}\n");
    const rg_value w1 = b->rung[0].step.w1, tv = b->rung[0].step.tv;
    const double exact = 0.999 * 0.2 * sqrt(2 / pi), by_draws = pi / sqrt((double)RG_TRUTH_DRAWS);
    assert_below(fabs(w1.value - exact), w1.error);
    assert_below(w1.error, 0.5 * by_draws);
    assert_below(fabs(tv.value - 0.999), 1e-12);
    rg_budget_free(b);
}

static double circle_distance(const rg_grid *g, const double *p, const double *q) {
    rg_ruler ruler;
    rg_value w1;
    assert_ok(rg_ruler_create(g, &ruler));
    assert_ok(rg_ruler_w1(&ruler, p, q, &w1, NULL));
    rg_ruler_free(&ruler);
    return w1.value + w1.error;
}

/* Of random laws the distance stays below the boxes' bound; the expectation over draws below its own. */
static void boxes_bound_the_distance(void **state) {
    (void)state;
    static const sizes grids[] = {{1, {33, 1, 1}}, {2, {16, 19, 1}}, {3, {8, 9, 8}}};
    for (size_t k = 0; k < COUNT_OF(grids); k++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            const rg_grid g = grid_of(grids[k].dim, grids[k].shape);
            const ptrdiff_t n = rg_grid_cells(&g);
            double *p = noise(n, seed), *q = field(n), bound, expected;
            for (ptrdiff_t i = 0; i < n; i++) p[i] = exp(2 * p[i]);
            (void)rg_law_normalise(&g, p);
            double *points = noise(30 * g.dim, 7 * seed);
            for (int i = 0; i < 30 * g.dim; i++) points[i] *= 5;
            rg_law_of_points(&g, 30, points, 0, q);
            assert_ok(rg_bound_dyadic(&g, p, q, 0, &bound));
            assert_true(circle_distance(&g, p, q) <= bound * (1 + 2e-3));
            assert_ok(rg_bound_dyadic(&g, p, p, 0, &bound));
            double full = 0;
            for (int a = 0; a < g.dim; a++) full += g.length[a] * g.length[a];
            assert_true(bound <= sqrt(full) / 4 && bound > 0); /* nothing but the last boxes */
            assert_ok(rg_bound_dyadic(&g, p, NULL, 100, &expected));
            assert_ok(rg_bound_dyadic(&g, p, NULL, 10000, &bound));
            assert_true(bound < expected);
            rg_free(p);
            rg_free(q);
            rg_free(points);
        }
}

static void noise_forgets_at_the_stated_rate(void **state) {
    (void)state;
    static const sizes grids[] = {{1, {32, 1, 1}}, {2, {16, 12, 1}}};
    for (size_t k = 0; k < COUNT_OF(grids); k++) {
        const rg_grid g = grid_of(grids[k].dim, grids[k].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        double *p = field(n), *flat = field(n), *smooth = field(n);
        p[5] = 1 / rg_grid_cell_volume(&g);
        for (ptrdiff_t i = 0; i < n; i++) flat[i] = 1 / rg_grid_volume(&g);
        rg_spectral *s = NULL;
        assert_ok(rg_spectral_create(&g, RG_PLAN_ESTIMATE, &s));
        const double start = circle_distance(&g, p, flat);
        for (double v = 0.02; v < 1; v *= 2) {
            assert_ok(rg_heat(s, v, p, smooth));
            (void)rg_law_normalise(&g, smooth);
            assert_true(circle_distance(&g, smooth, flat) <= rg_bound_reference(&g, v, start) * (1 + 2e-3) + 1e-9);
        }
        rg_spectral_destroy(s);
        rg_free(p);
        rg_free(flat);
        rg_free(smooth);
    }
}

/* ---- ladders */

static void check(const rg_budget *b) {
    rg_value sum = {0, 0};
    double shares = 0;
    for (size_t i = 0; i < b->claims; i++)
        if (b->claim[i].verdict == RG_VIOLATED)
            fail_msg("%s: %g +- %g against %g +- %g", b->claim[i].name, b->claim[i].lhs.value, b->claim[i].lhs.error,
                     b->claim[i].rhs.value, b->claim[i].rhs.error);
    for (size_t i = 0; i < b->rungs; i++) {
        const rg_rung *r = &b->rung[i];
        sum.value += r->step.w1.value;
        shares += r->share;
        assert_true(r->total.w1.value <= sum.value * (1 + 2e-3) + 1e-9); /* every prefix, on one grid */
        assert_true(r->step.w1.value >= 0 && r->step.w1.error >= 0);
        assert_below(r->step.tv.value, 1);
        double *law = b->law[1 + i];
        assert_below(fabs(rg_integral(&b->grid, law) - 1), 1e-12);
    }
    assert_below(fabs(shares - 1), 1e-12);
    assert_below(fabs(sum.value - b->sum.value), 1e-12);
}

static void ladders_add_up_in_every_dimension(void **state) {
    (void)state;
    static const struct {
        const char *head, *budget;
        size_t rungs;
    } cases[] = {
        {line, "samples: 60, seed: 3, class: fourier:4, prior: uniform, steps: 20", 6},
        {line, "samples: 25, seed: 4, class: none, prior: gaussian, steps: 15, scheme: euler", 5},
        {line, "samples: none, class: rff:10, prior: exact, steps: 0", 2},
        {plane, "samples: 40, seed: 5, class: fourier:2, prior: uniform, steps: 10", 7},
        {plane, "samples: 30, seed: 6, class: none, prior: gaussian, steps: 0", 5},
        {space, "samples: 50, class: fourier:1, prior: uniform, steps: 6", 7},
    };
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        rg_budget *b = run(with(cases[k].head, cases[k].budget));
        assert_int_equal(b->rungs, cases[k].rungs);
        assert_true(b->claims >= 2 + b->rungs - (size_t)(rung_of(b, RG_RUNG_STEPS) != NULL));
        check(b);
        rg_budget_free(b);
    }
}

/* Without a key there is a ladder of what the experiment holds. */
static void the_default_ladder(void **state) {
    (void)state;
    rg_experiment x = experiment_of(line);
    assert_int_equal(x.budget.samples, 1000);
    assert_string_equal(x.budget.score_class, "fourier:8");
    assert_int_equal(x.budget.steps, 50);
    rg_budget *b = budget_of(&x);
    static const int sources[] = {RG_RUNG_STOP,      RG_RUNG_CLASS, RG_RUNG_SAMPLES,
                                  RG_RUNG_OBJECTIVE, RG_RUNG_PRIOR, RG_RUNG_STEPS};
    assert_int_equal(b->rungs, COUNT_OF(sources));
    for (size_t i = 0; i < COUNT_OF(sources); i++) assert_int_equal(b->rung[i].source, sources[i]);
    check(b);
    rg_budget_free(b);
    rg_experiment_free(&x);
}

/* All scores: the best denoiser ends at P' * G, which is known; a class of all waves the grid takes comes near. */
static void limits_of_the_sources(void **state) {
    (void)state;
    rg_budget *all = run(with(line, "samples: 40, seed: 2, class: none, prior: exact, steps: 0"));
    const rg_rung *objective = rung_of(all, RG_RUNG_OBJECTIVE);
    assert_below(fabs(objective->total.w1.value - all->side[RG_SIDE_DIAGONAL].value),
                 objective->total.w1.error + all->side[RG_SIDE_DIAGONAL].error);
    rg_budget *wide =
        run(with(line, "samples: 40, seed: 2, class: 'fourier:11', ridge: 1e-12, prior: exact, steps: 0"));
    assert_below(rung_of(wide, RG_RUNG_CLASS)->step.w1.value, 1e-3);
    assert_below(fabs(rung_of(wide, RG_RUNG_OBJECTIVE)->total.w1.value - objective->total.w1.value), 2e-3);
    rg_budget *narrow = run(with(line, "samples: 40, seed: 2, class: 'fourier:1', prior: exact, steps: 0"));
    assert_true(rung_of(narrow, RG_RUNG_CLASS)->step.w1.value > 0.02);
    rg_budget_free(all);
    rg_budget_free(wide);
    rg_budget_free(narrow);
}

/* First order in the number of steps, both schemes; and the prior's effect falls with sigma_max. */
static void steps_converge_at_first_order(void **state) {
    (void)state;
    static const char *const schemes[] = {"euler", "exponential"};
    for (size_t k = 0; k < COUNT_OF(schemes); k++) {
        double w1[2];
        for (int more = 0; more < 2; more++) {
            char text[160];
            snprintf(text, sizeof text, "samples: none, class: none, prior: exact, steps: %d, scheme: %s",
                     more ? 160 : 40, schemes[k]);
            rg_budget *b = run(with(line, text));
            w1[more] = rung_of(b, RG_RUNG_STEPS)->step.w1.value;
            rg_budget_free(b);
        }
        assert_true(w1[0] > 3 * w1[1] && w1[0] < 6 * w1[1]);
    }
}

/* A learned score: the true one plus a constant. On the circle a constant turns p round: a W1 that is not 0. */
static void a_learned_score_has_a_rung_of_its_own(void **state) {
    (void)state;
    char text[1024];
    snprintf(text, sizeof text, "%serror: [{constant: [0.4]}]\n", line);
    rg_budget *b = run(with(text, "samples: none, class: none, prior: exact, steps: 0"));
    assert_int_equal(b->rungs, 2);
    const rg_rung *learned = rung_of(b, RG_RUNG_LEARNED);
    assert_true(learned->step.w1.value > 0.01);
    assert_true(learned->bound.value > learned->step.w1.value);
    assert_true(learned->bound.value < 40 * learned->step.w1.value);
    check(b);
    rg_budget_free(b);
}

/* ---- sweeps */

static void sweeps_show_the_rates(void **state) {
    (void)state;
    rg_budget *b =
        run(with(line, "samples: 100, class: fourier:6, prior: uniform, steps: 0, sweep: {samples: [30, 300, "
                       "3000], sigma_min: [0.2, 0.3, 0.4], modes: [2, 4], sigma_max: [1, 1.3, 1.6], "
                       "steps: [10, 20, 40]}"));
    check(b);
    assert_int_equal(b->sweeps, RG_SWEEPS);
    for (size_t i = 0; i < b->sweeps; i++) {
        const rg_sweep *s = &b->sweep[i];
        assert_int_equal(s->points, b->sweep[i].kind == RG_SWEEP_MODES ? 2 : 3);
        for (size_t k = 0; k < s->points; k++) assert_true(isfinite(s->point[k].source.value));
    }
    assert_true(isnan(b->sweep[RG_SWEEP_MODES].slope));
    const rg_sweep *prior = &b->sweep[RG_SWEEP_SIGMA_MAX];
    assert_below(fabs(prior->expected - 0.5 * pow(2 * pi / 4.6, 2)), 1e-12);
    assert_below(fabs(prior->slope - prior->expected), 0.02 * prior->expected);
    assert_below(fabs(b->sweep[RG_SWEEP_STEPS].slope + 1), 0.15);
    for (size_t k = 0; k < 3; k++) assert_true(prior->point[k].source.value <= prior->point[k].theory * (1 + 2e-3));
    rg_budget_free(b);
}

/* ---- the same from run to run, and what is refused */

static void threads_do_not_matter(void **state) {
    (void)state;
    rg_experiment x = experiment_of(with(plane, "samples: 40, class: fourier:2, steps: 5"));
    rg_budget *one, *two;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    one = budget_of(&x);
    omp_set_num_threads(2);
    two = budget_of(&x);
    assert_int_equal(openblas_get_num_threads(), BLAS_THREADS); /* as main left it */
    omp_set_num_threads(threads);
    for (size_t i = 0; i <= one->rungs; i++)
        assert_true(same_bits(rg_grid_cells(&one->grid), one->law[i], two->law[i]));
    for (size_t i = 0; i < one->rungs; i++)
        assert_memory_equal(&one->rung[i].step, &two->rung[i].step, sizeof one->rung[i].step);
    rg_budget_free(one);
    rg_budget_free(two);
    rg_experiment_free(&x);
}

static void refused(const char *yaml, const char *message) {
    const char *path = scratch_path("x.yaml");
    rg_experiment x = {0};
    rg_budget *b = NULL;
    rg_diagnostic said = {0};
    assert_int_equal(scratch_write(path, yaml, strlen(yaml)), 0);
    rg_status status = rg_experiment_read(path, NULL, 0, &x, &said);
    if (!status) status = rg_budget_run(&x, NULL, &b, &said);
    assert_int_not_equal(status, RG_OK);
    assert_null(b);
    if (!strstr(said.text, message)) fail_msg("expected \"%s\" in \"%s\"", message, said.text);
    rg_experiment_free(&x);
}

static void bad_experiments(void **state) {
    (void)state;
    refused(with(line, "class: polynomial:2"), "budget.class: expected fourier:M, rff:N or none, got \"polynomial:2\"");
    refused(with(line, "class: fourier:30"), "the class has wave 24 on axis 0, which needs more than 48 grid points");
    refused(with(line, "samples: 10, exclude: x.npy"), "budget.exclude: expected only where samples names a file");
    refused(with(line, "exclude: x.npy"), "budget.exclude: expected only beside \"samples\"");
    refused(with(line, "samples: nothere.npy"), "nothere.npy");
    refused(with(line, "sweep: {samples: [100, 50]}"), "budget.sweep.samples.1: expected ascending values, got 50");
    refused(with(line, "sweep: {sigma_min: [2]}"),
            "budget.sweep.sigma_min: expected numbers below sigma_max (1.3), got 2");
    refused(with(line, "sweep: {sigma_max: [0.1]}"), "budget.sweep.sigma_max: expected numbers above sigma_min (0.25)");
    refused(with(line, "step: 3"), "unknown key \"step\", did you mean \"steps\"?");
    refused(
        "grid: {shape: [12]}\ndensity: {mixture: {means: [[0]], sigma: 0.5}}\nnoise: {sigma_min: 0, sigma_max: 2}\n",
        "sigma_min: expected a number above 0: early stopping is one rung of the ladder");
}

static int stop_at_once(void *data, double fraction, const char *stage) {
    (void)stage;
    *(double *)data = fraction;
    return fraction > 0.1;
}

static void progress_may_stop_it(void **state) {
    (void)state;
    rg_experiment x = experiment_of(with(line, "samples: 30"));
    double reached = 0;
    rg_budget *b = NULL;
    const rg_budget_options o = {stop_at_once, &reached};
    assert_int_equal(rg_budget_run(&x, &o, &b, NULL), RG_ECANCELLED);
    assert_null(b);
    assert_true(reached > 0.1 && reached <= 0.6);
    rg_experiment_free(&x);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    rg_experiment x = experiment_of("grid: {shape: [16], lower: [0], length: [3]}\n"
                                    "density: {mixture: {means: [[1]], sigma: 0.4}}\n"
                                    "noise: {sigma_min: 0.5, sigma_max: 0.8}\ntolerance: 1e-2\n"
                                    "error: [{constant: [0.1]}]\n"
                                    "budget: {samples: 5, class: fourier:1, steps: 2, sweep: {modes: [1]}}\n");
    rg_status status = RG_ENOMEM;
    long failures = 0;
    for (; status; failures += 1 + failures / 40) {
        rg_budget *b = NULL;
        rg_diagnostic said = {0};
        rg_alloc_fail_after(failures);
        status = rg_budget_run(&x, NULL, &b, &said);
        rg_alloc_fail_after(-1);
        assert_int_equal(said.status, status);
        assert_true(status == RG_OK || (status == RG_ENOMEM && !b));
        rg_budget_free(b);
    }
    assert_in_range(failures, 300, 20000);
    rg_experiment_free(&x);
}

/* Texts and files. */
static void reports(void **state) {
    (void)state;
    rg_experiment x = experiment_of(with(plane, "samples: 20, class: fourier:1, steps: 4, sweep: {modes: [1, 2]}"));
    rg_budget *b = budget_of(&x);
    char *json = NULL, *table = NULL;
    assert_ok(rg_budget_json(b, &x, "rotgrad budget", &json));
    assert_non_null(strstr(json, "\"schema\": \"rotgrad.budget/1\""));
    assert_non_null(strstr(json, "\"name\": \"objective\""));
    assert_ok(rg_budget_table(b, &x, &table));
    assert_non_null(strstr(table, "denoising objective"));
    for (const char *row = table; row && *row; row = strchr(row, '\n') ? strchr(row, '\n') + 1 : NULL) {
        const char *end = strchr(row, '\n');
        assert_true((end ? end - row : 0) <= 100);
    }
    rg_free(json);
    rg_free(table);
    for (long failures = 0, status = RG_ENOMEM; status; failures++) {
        char *text = NULL;
        rg_alloc_fail_after(failures);
        status = rg_budget_table(b, &x, &text);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
        rg_free(text);
    }
    rg_budget_free(b);
    rg_budget_free(NULL);
    rg_experiment_free(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_share_their_mass_among_their_neighbours),
        cmocka_unit_test(the_stretch_is_the_largest_eigenvalue),
        cmocka_unit_test(stopping_moves_a_point_by_the_length_of_the_noise),
        cmocka_unit_test(points_of_an_experiment_are_the_law),
        cmocka_unit_test(boxes_bound_the_distance),
        cmocka_unit_test(noise_forgets_at_the_stated_rate),
        cmocka_unit_test(ladders_add_up_in_every_dimension),
        cmocka_unit_test(the_default_ladder),
        cmocka_unit_test(limits_of_the_sources),
        cmocka_unit_test(steps_converge_at_first_order),
        cmocka_unit_test(a_learned_score_has_a_rung_of_its_own),
        cmocka_unit_test(sweeps_show_the_rates),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(bad_experiments),
        cmocka_unit_test(progress_may_stop_it),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(reports),
    };
    openblas_set_num_threads(BLAS_THREADS); /* the library takes one and gives them back */
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
