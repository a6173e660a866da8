/* The ladder's formulas one by one, each against its value by hand or a derivation of its own. Whole ladders: test_budget.c. */
#include "base/base.h"
#include "experiment/budget.h"
#include "measure/score_class.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"
#include "scratch.h"

static rg_experiment experiment_of(const char *yaml) {
    const char *path = scratch_path("x.yaml");
    rg_experiment x = {0};
    rg_diagnostic said = {0};
    assert_int_equal(scratch_write(path, yaml, strlen(yaml)), 0);
    if (rg_experiment_read(path, NULL, 0, &x, &said)) fail_msg("%s", said.text);
    return x;
}

static rg_budget *run(const char *yaml) {
    rg_experiment x = experiment_of(yaml);
    rg_budget *b = NULL;
    rg_diagnostic said = {0};
    if (rg_budget_run(&x, NULL, &b, &said)) fail_msg("%s", said.text);
    rg_experiment_free(&x);
    return b;
}

static rg_grid grid_by(int dim, ptrdiff_t points, double length) {
    const ptrdiff_t shape[] = {points, points, points};
    const double lower[] = {0, 0, 0}, lengths[] = {length, length, length};
    rg_grid g;
    assert_ok(rg_grid_init(dim, shape, lower, lengths, &g));
    return g;
}

/* ---- points on a grid */

/* W_h = W + a h is extrapolated to W, whatever the ratio of the grids; the bar is the step, and what the brackets make of it. */
static void linear_errors_are_extrapolated_away(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++)
        for (ptrdiff_t rough_points = 8; rough_points <= 16; rough_points += 2) {
            const rg_grid fine = grid_by(dim, 20, 3.1), rough = grid_by(dim, rough_points, 3.1);
            const double w = 0.731, a = -0.27, h = 3.1 / 20, far = 3.1 / (double)rough_points, ratio = far / h;
            const rg_value here = {w + a * h, 0.003}, there = {w + a * far, 0.008};
            const double brackets = 0.003 + 0.011 / (ratio - 1), step = fabs(a) * h;
            rg_value found = rg_points_extrapolate(&fine, &rough, here, there, 1);
            assert_below(fabs(found.value - w), 1e-14);
            assert_below(fabs(found.error - step - brackets), 1e-14);
            found = rg_points_extrapolate(&fine, &rough, here, there, 3.5);
            assert_below(fabs(found.value - w), 1e-14);
            assert_below(fabs(found.error - 2.5 * step - brackets), 1e-14);
            assert_below(fabs(rg_grid_error_factor(&fine, &rough) - fmax(1, 1 / (ratio - 1))), 1e-14);
        }
    const rg_grid grid = grid_by(2, 20, 3.1), doubled = grid_by(2, 40, 3.1);
    assert_below(fabs(rg_grid_error_factor(&grid, &doubled) - 2), 1e-14); /* it sees half of an error of first order */
}

/* A law that fills m cells evenly, and c points in each: k = log2(c) / d halvings to come, g + ... + g^k + g^k. */
static void crowded_cells_have_a_remainder(void **state) {
    (void)state;
    static const struct {
        int dim;
        double crowd, remainder;
    } cases[] = {
        {1, 1, 1},
        {1, 0.3, 1},
        {2, 1, 1},
        {1, 4, 0.70710678118654752 + 0.5 + 0.5}, /* k = 2, g = 2^(-1/2) */
        {2, 16, 3},                              /* k = 2, g = 1 */
        {2, 8, 2.5},
        {3, 64, 1.4142135623730951 + 2 + 2}, /* k = 2, g = 2^(1/2) */
        {3, 8, 2 * 1.4142135623730951},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const rg_grid g = grid_by(cases[i].dim, 10, 2.3);
        double *law = field(rg_grid_cells(&g));
        for (int cell = 0; cell < 10; cell++) law[(7 * cell) % 10] = 1 / (10 * rg_grid_cell_volume(&g));
        const size_t count = (size_t)lround(10 * cases[i].crowd);
        assert_below(fabs(rg_points_remainder(&g, count, law) - cases[i].remainder), 1e-12);
        rg_free(law);
    }
}

/* In the middle of a cell all corners are half a diagonal away; at a quarter of an axis the mean is 3/8 of a spacing. */
static void masses_are_displaced_by_known_lengths(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {9, 12, 8};
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, shape);
        double points[4 * RG_MAX_DIM], square = 0;
        for (int a = 0; a < dim; a++) square += 0.25 * pow(rg_grid_spacing(&g, a), 2);
        for (int i = 0; i < 4; i++)
            for (int a = 0; a < dim; a++) points[i * dim + a] = g.lower[a] + (i * 2.0 + 0.5) * rg_grid_spacing(&g, a);
        assert_below(fabs(rg_law_displacement(&g, 4, points) - sqrt(square)), 1e-13);
        assert_below(fabs(rg_points_chance(&g, 4, points) - 0.5 * sqrt(square)), 1e-13);
        for (int i = 0; i < 4; i++)
            for (int a = 0; a < dim; a++)
                points[i * dim + a] = g.lower[a] + (i * 2.0 + (a == 0 ? 0.25 : 0)) * rg_grid_spacing(&g, a);
        assert_below(fabs(rg_law_displacement(&g, 4, points) - 0.375 * rg_grid_spacing(&g, 0)), 1e-13);
    }
}

static void what_is_negative_is_counted(void **state) {
    (void)state;
    const rg_grid g = grid_by(2, 8, 1.7);
    double *law = field(64);
    const double cell = rg_grid_cell_volume(&g);
    for (int i = 0; i < 64; i++) law[i] = 0.02 / cell;
    law[5] = -0.03 / cell;
    law[40] = -0.01 / cell;
    assert_below(fabs(rg_law_normalise(&g, law) - 0.04), 1e-15);
    assert_true(law[5] == 0 && law[40] == 0);
    assert_below(fabs(law[0] * cell - 1 / 62.0), 1e-15);
    rg_free(law);
}

/* ---- distances */

/* KL(p|q) where q is 0 is not known: its bar takes 36 nats, the logarithm of the rounding unit, for it. */
static void distances_of_two_steps(void **state) {
    (void)state;
    const rg_grid g = grid_by(2, 8, 1.7);
    const ptrdiff_t n = 64;
    double *p = field(n), *q = field(n);
    const double cell = rg_grid_cell_volume(&g);
    for (int i = 0; i < n; i++) p[i] = (i < 32 ? 0.75 : 0.25) / (32 * cell), q[i] = (i < 32 ? 0.4 : 0.6) / (32 * cell);
    rg_ruler ruler;
    rg_distances d;
    assert_ok(rg_ruler_create(&g, &ruler));
    assert_ok(rg_ruler_all(&ruler, p, q, 0, &d, NULL));
    assert_below(fabs(d.tv.value - 0.35), 1e-14);
    assert_below(fabs(d.kl.value - (0.75 * log(0.75 / 0.4) + 0.25 * log(0.25 / 0.6))), 1e-14);
    assert_true(d.kl.error == 0);
    rg_transport *t = NULL;
    rg_transport_report bracket;
    const rg_transport_options options = {.gap = 1e-3, .max_iterations = 2000, .cold = 1};
    assert_ok(rg_transport_create(&g, 0, RG_PLAN_ESTIMATE, &t));
    assert_ok(rg_transport_solve(t, &options, p, q, NULL, NULL, &bracket, NULL));
    assert_below(fabs(d.w1.error - 0.5 * (bracket.upper - bracket.lower)), 1e-14 * bracket.upper);
    assert_true(d.w1.error > 0);
    rg_transport_destroy(t);
    for (int i = 32; i < n; i++) q[i] = 0;
    for (int i = 0; i < 32; i++) q[i] = 1 / (32 * cell);
    assert_ok(rg_ruler_all(&ruler, p, q, 0, &d, NULL));
    assert_below(fabs(d.kl.error - 0.25 * 36), 1e-12);
    rg_ruler_free(&ruler);
    rg_free(p);
    rg_free(q);
}

/* ---- bounds */

/* A share e of the mass moves from everywhere into the first half: |P - P'| sums up to e at every level. */
static void boxes_by_hand(void **state) {
    (void)state;
    const double length = 2.3, e = 0.2;
    const rg_grid g = grid_by(1, 16, length);
    double p[16], q[16], bound;
    for (int i = 0; i < 16; i++) p[i] = 1 / length, q[i] = (1 - e) / length + (i < 8 ? 2 * e / length : 0);
    assert_ok(rg_bound_dyadic(&g, p, q, 0, &bound));
    assert_below(fabs(bound - length * (0.5 * e * (1 - 1.0 / 16) + 1.0 / 16)), 1e-14);
    double expected = length / 16;
    for (int level = 1; level <= 4; level++) /* 2^level boxes of mass 2^-level */
        expected += 0.5 * ldexp(length, -level) * sqrt((ldexp(1, level) - 1) / 900);
    assert_ok(rg_bound_dyadic(&g, p, NULL, 900, &bound));
    assert_below(fabs(bound - expected), 1e-14);
}

static void the_reference_bound_is_a_sum_over_waves(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {9, 12, 8};
    const rg_grid g = grid_of(2, shape);
    for (double v = 0.03; v < 3; v *= 1.7) {
        double sum = 0;
        for (int i = -30; i <= 30; i++)
            for (int j = -30; j <= 30; j++)
                if (i != 0 || j != 0)
                    sum += exp(-v * (pow(2 * pi * i / g.length[0], 2) + pow(2 * pi * j / g.length[1], 2)));
        assert_below(fabs(rg_bound_reference(&g, v, 0.37) - 0.37 * fmin(1, sqrt(sum))), 1e-13);
    }
}

/* With a stretch that is linear in v, a + b (v - v_min), the trapezoids of its integral are exact. */
static void factors_of_a_rung(void **state) {
    (void)state;
    enum { NODES = 7, RUNG = RG_RUNG_LEARNED };
    const ptrdiff_t shape[] = {9, 12, 8};
    const rg_grid g = grid_of(2, shape);
    double diameter = 0.5 * hypot(g.length[0], g.length[1]), variance[NODES];
    rg_node_of_rung node[NODES * RG_RUNGS] = {{0, 0}};
    rg_chain c = {.nodes = NODES, .variance = variance, .node = node};
    const double a = 30, b = -21, low = 0.04, churn = 1.3, diffusion = churn * churn / 2, start = 0.17;
    int seen[3] = {0, 0, 0};
    for (int k = 0; k < NODES; k++) {
        const double up = pow(NODES - 1 - k, 2) / 40;
        variance[k] = low + up;
        node[k * RG_RUNGS + RUNG] = (rg_node_of_rung){.gap = 1 + up * up, .stretch = a + b * up};
    }
    double lambda[NODES], sum = 0, coarse = 0;
    int which[NODES];
    rg_bound_lambda(&c, &g, RUNG, churn, lambda, which);
    for (int k = NODES - 1; k >= 0; k--) {
        const double up = variance[k] - low, t = diffusion * up, kappa = a / diffusion, x = 2 * kappa * t;
        const double of[] = {exp(a * up + 0.5 * b * up * up), sqrt(1 + kappa * diameter * diameter / 4),
                             t > 0 ? diameter / 2 * sqrt(x / (1 - exp(-x)) / 2) / sqrt(t) : HUGE_VAL};
        int least = 0;
        for (int i = 1; i < 3; i++)
            if (of[i] < of[least]) least = i;
        assert_below(fabs(lambda[k] - of[least]), 1e-12 * of[least]);
        assert_int_equal(which[k], least);
        seen[least]++;
    }
    assert_true(seen[0] > 1 && seen[1] + seen[2] > 1);
    for (int k = 1; k < NODES; k++) {
        const double here = (1 + pow(variance[k] - low, 2)) * lambda[k];
        sum += 0.5 * (here + (1 + pow(variance[k - 1] - low, 2)) * lambda[k - 1]) * (variance[k - 1] - variance[k]);
        if (k % 2 == 0)
            coarse +=
                0.5 * (here + (1 + pow(variance[k - 2] - low, 2)) * lambda[k - 2]) * (variance[k - 2] - variance[k]);
    }
    const char *name = NULL;
    const rg_value bound = rg_bound_closed(&c, RUNG, start, lambda, which, &name);
    assert_below(fabs(bound.value - start * lambda[0] - sum), 1e-12 * sum);
    assert_below(fabs(bound.error - fabs(sum - coarse)), 1e-12 * sum);
}

/* ---- place by place */

/* The bound of a rung that follows the true score of two Gaussians on a line, with `gap` everywhere and a closed factor of
 * slope (1 + v), or none. */
static rg_value pointwise(int points, double start, double gap, double slope) {
    enum { AFTER = 3 }; /* nodes that are no rows */
    char text[300];
    snprintf(text, sizeof text,
             "grid: {shape: [%d], lower: [-1.3], length: [4.6]}\n"
             "density: {mixture: {means: [[0.3], [1.9]], sigma: 0.4, weights: [0.7, 0.3]}}\n"
             "noise: {sigma_min: 0.3, sigma_max: 1.3, churn: 1.4}\ntolerance: 1e-5\n"
             "budget: {samples: none, class: none, prior: uniform}\n",
             points);
    rg_experiment x = experiment_of(text);
    const rg_ladder l = {.experiment = &x,
                         .grid = x.grid,
                         .variance_min = x.variance_min,
                         .variance_max = x.variance_max,
                         .tolerance = x.tolerance,
                         .has = {[RG_RUNG_STOP] = 1, [RG_RUNG_PRIOR] = 1}};
    rg_chain c = {.gap_at = {[RG_RUNG_PRIOR] = field(RG_ROWS * (ptrdiff_t)points)}};
    double lambda[RG_ROWS + AFTER] = {0};
    for (int k = 0; k < RG_ROWS; k++) {
        c.row[k] = l.variance_max * pow(l.variance_min / l.variance_max, k / (RG_ROWS - 1.0));
        if (k == 0) c.row[k] = l.variance_max; /* pow need not be exact where it ends */
        if (k == RG_ROWS - 1) c.row[k] = l.variance_min;
        c.row_node[k] = (size_t)k + (k > 5 ? AFTER : 0);
        lambda[c.row_node[k]] = slope > 0 ? slope * (1 + c.row[k]) : HUGE_VAL;
    }
    for (int i = 0; i < RG_ROWS * points; i++) c.gap_at[RG_RUNG_PRIOR][i] = gap;
    rg_value bound;
    assert_ok(rg_bound_pointwise(&l, &c, RG_RUNG_PRIOR, start, lambda, &bound, NULL));
    rg_free(c.gap_at[RG_RUNG_PRIOR]);
    rg_experiment_free(&x);
    return bound;
}

static const double line_length = 4.6, line_low = 0.09, line_high = 1.69;

/* On a line lambda is b' itself, so d_v Lambda = (b Lambda)' + D Lambda'': int Lambda dx stays the length of the line, whatever
 * b is, and gaps of 1 make length (v_max - v_min) of it. The scheme is of second order: of two grids the finer is off by a
 * third of their difference. With any other growth than b' the integral drifts away. */
static void slopes_on_a_line_are_conserved(void **state) {
    (void)state;
    const double exact = line_length * (line_high - line_low);
    const double rough = pointwise(48, 0, 1, 0).value, fine = pointwise(96, 0, 1, 0).value;
    assert_below(fabs(fine - exact), 0.5 * fabs(fine - rough));
    assert_below(fabs(fine - rough), 0.03 * exact); /* so that it says something */
    /* the start meets the steepest place: no less than the mean */
    const double top = pointwise(96, 0.7, 0, 0).value / 0.7;
    assert_true(top > 1 + 1e-3);
    assert_below(fabs(pointwise(96, 0.7, 1, 0).value - fine - 0.7 * top), 1e-12 * fine);
}

/* Where the closed factor is the smaller one everywhere the bound is what that makes of start and gaps: with slope (1 + v) and
 * gaps of 2, whose integral in v is by a rule of degree 5. */
static void the_closed_factor_is_a_cap(void **state) {
    (void)state;
    const double slope = 1e-3, start = 0.7;
    const double exact =
        start * slope * (1 + line_high) +
        2 * line_length * slope * (line_high - line_low + 0.5 * (line_high * line_high - line_low * line_low));
    assert_below(fabs(pointwise(48, start, 2, slope).value - exact), 1e-12 * exact);
}

/* ---- one pass */

static const char plane[] = "grid: {shape: [24, 21], lower: [-1, 0.4], length: [2.3, 2.1]}\n"
                            "density: {mixture: {means: [[-0.2, 1.1], [0.6, 1.9]], sigma: [0.25, 0.32]}}\n"
                            "noise: {sigma_min: 0.2, sigma_max: 0.7, churn: 1.2}\n"
                            "error: [{constant: [0.3, -0.4]}]\n"
                            "tolerance: 1e-3\n"
                            "budget: {prior: gaussian}\n";

static rg_ladder ladder_of(const rg_experiment *x, double *points) {
    rg_ladder l = {.experiment = x,
                   .grid = x->grid,
                   .variance_min = x->variance_min,
                   .variance_max = x->variance_max,
                   .tolerance = x->tolerance,
                   .samples = 30,
                   .points = points,
                   .kind = RG_FEATURES_FOURIER,
                   .size = 2,
                   .has = {1, 1, 1, 1, 1, 1, 0}};
    for (int i = 0; i < 30 * l.grid.dim; i++) points[i] *= 0.5;
    return l;
}

struct cast_at {
    double *score[RG_SCORES];
    rg_cast *cast;
};

static struct cast_at look(const rg_ladder *l, double variance) {
    struct cast_at at;
    for (int k = 0; k < RG_SCORES; k++) at.score[k] = field(rg_grid_cells(&l->grid) * l->grid.dim);
    assert_ok(rg_cast_create(l, &at.cast, NULL));
    assert_ok(rg_cast_scores(at.cast, variance, at.score, NULL));
    return at;
}

static void done(struct cast_at *at) {
    for (int k = 0; k < RG_SCORES; k++) rg_free(at->score[k]);
    rg_cast_destroy(at->cast);
}

/* Which law each fit is weighted by and whose score it seeks; e stands on top of the samples' score. */
static void scores_of_a_ladder(void **state) {
    (void)state;
    rg_experiment x = experiment_of(plane);
    double *points = noise(60, 4);
    const rg_ladder l = ladder_of(&x, points);
    const ptrdiff_t n = rg_grid_cells(&l.grid), size = n * l.grid.dim;
    struct cast_at at = look(&l, 0.11);
    rg_score_class *best = NULL;
    double *wanted = field(size);
    assert_ok(rg_score_class_create(&l.grid, l.kind, l.size, x.budget.seed, x.budget.ridge, &best, NULL));
    const double *p = rg_cast_density(at.cast, 0), *q = rg_cast_density(at.cast, 1);
    assert_below(fabs(rg_integral(&l.grid, p) - 1), 1e-13);
    assert_below(fabs(rg_integral(&l.grid, q) - 1), 1e-13);
    static const struct {
        int fit, weight, target;
    } rule[] = {{RG_SCORE_FIT, 0, RG_SCORE_TRUE},
                {RG_SCORE_EXPLICIT, 1, RG_SCORE_TRUE},
                {RG_SCORE_DENOISED, 1, RG_SCORE_SAMPLE}};
    for (size_t k = 0; k < COUNT_OF(rule); k++) {
        assert_ok(rg_score_class_fit(best, rule[k].weight ? q : p, at.score[rule[k].target], wanted));
        assert_below(rms_difference(size, wanted, at.score[rule[k].fit]), 1e-12 * rms(size, wanted));
    }
    for (ptrdiff_t i = 0; i < size; i++) wanted[i] = at.score[RG_SCORE_SAMPLE][i] + (i < n ? 0.3 : -0.4);
    assert_below(rms_difference(size, wanted, at.score[RG_SCORE_LEARNED]), 1e-12 * rms(size, wanted));
    rg_score_class_destroy(best);
    done(&at);
    rg_free(wanted);
    rg_free(points);
    rg_experiment_free(&x);
}

/* c E|S - S_before| under the law before, c the sampler's drift, and c sup lambda_max(sym grad S): at v_max all laws are known. */
static void nodes_of_a_chain(void **state) {
    (void)state;
    rg_experiment x = experiment_of(plane);
    double *points = noise(60, 4);
    const rg_ladder l = ladder_of(&x, points);
    const ptrdiff_t n = rg_grid_cells(&l.grid);
    const double drift = (1 + 1.2 * 1.2) / 2;
    rg_chain c;
    assert_ok(rg_chain_run(&l, &c, NULL));
    struct cast_at at = look(&l, x.variance_max);
    double *work = field(4 * n), greatest;
    rg_spectral *spectral = NULL;
    assert_ok(rg_spectral_create(&l.grid, RG_PLAN_ESTIMATE, &spectral));
    static const struct {
        int rung, score, before, law;
    } rule[] = {{RG_RUNG_CLASS, RG_SCORE_FIT, RG_SCORE_TRUE, 0},
                {RG_RUNG_SAMPLES, RG_SCORE_EXPLICIT, RG_SCORE_FIT, 0},
                {RG_RUNG_OBJECTIVE, RG_SCORE_DENOISED, RG_SCORE_EXPLICIT, 1},
                {RG_RUNG_LEARNED, RG_SCORE_LEARNED, RG_SCORE_DENOISED, 1}};
    for (size_t k = 0; k < COUNT_OF(rule); k++) {
        const double *here = at.score[rule[k].score], *before = at.score[rule[k].before];
        const double *law = rg_cast_density(at.cast, rule[k].law);
        double gap = 0;
        for (ptrdiff_t i = 0; i < n; i++)
            gap +=
                drift * law[i] * hypot(here[i] - before[i], here[n + i] - before[n + i]) * rg_grid_cell_volume(&l.grid);
        assert_below(fabs(c.node[rule[k].rung].gap - gap), 1e-9 * gap); /* the first node is v_max */
        assert_ok(rg_stretch(spectral, here, work, NULL, &greatest));
        assert_below(fabs(c.node[rule[k].rung].stretch - drift * greatest), 1e-11 * fabs(greatest));
        double kept = 0;
        for (ptrdiff_t i = 0; i < n; i++) kept += c.gap_at[rule[k].rung][i] * rg_grid_cell_volume(&l.grid);
        assert_below(fabs(kept - gap), 1e-9 * gap);
    }
    static const int start[] = {0, 0, 1, 1, 1}; /* of which law each rung's sampler starts */
    for (int r = 0; r < RG_RUNG_PRIOR; r++) {
        const double *law = rg_cast_density(at.cast, start[r]);
        assert_below(rms_difference(n, c.start[1 + r], law), 1e-12 * rms(n, law));
    }
    /* a Gaussian prior stands about the mean of the law that training sees */
    double *prior = work;
    assert_ok(rg_law_of_prior(&l, rg_cast_density(at.cast, 1), prior, NULL));
    assert_below(rms_difference(n, c.start[1 + RG_RUNG_PRIOR], prior), 1e-12 * rms(n, prior));
    rg_spectral_destroy(spectral);
    done(&at);
    rg_chain_free(&c);
    rg_free(work);
    rg_free(points);
    rg_experiment_free(&x);
}

/* Its waves are exp(-v k^2 / 2), its mean that of the law which it replaces. */
static void the_gaussian_prior(void **state) {
    (void)state;
    rg_experiment x =
        experiment_of("grid: {shape: [40, 36], lower: [-1, 0.4], length: [4.3, 3.1]}\n"
                      "density: {mixture: {means: [[0.6, 2.9]], sigma: 0.4}}\n"
                      "noise: {sigma_min: 0.2, sigma_max: 0.7}\nbudget: {prior: gaussian, samples: none}\n");
    const rg_ladder l = {
        .experiment = &x, .grid = x.grid, .variance_min = x.variance_min, .variance_max = x.variance_max};
    const ptrdiff_t n = rg_grid_cells(&l.grid);
    double *truth = field(n), *law = field(n);
    int has_density;
    assert_ok(rg_law_of_truth(&x, &l.grid, truth, &has_density, NULL));
    assert_ok(rg_law_of_prior(&l, truth, law, NULL));
    for (int wave = 1; wave <= 6; wave++) {
        const int k[] = {wave % 3, wave / 3};
        double re = 0, im = 0, kk = 0;
        for (int a = 0; a < 2; a++) kk += pow(2 * pi * k[a] / l.grid.length[a], 2);
        for (ptrdiff_t i = 0; i < n; i++) {
            double angle[RG_MAX_DIM];
            angles_of(&l.grid, i, angle);
            const double turn =
                k[0] * (angle[0] - 2 * pi * (0.6 + 1) / 4.3) + k[1] * (angle[1] - 2 * pi * (2.9 - 0.4) / 3.1);
            re += law[i] * cos(turn) * rg_grid_cell_volume(&l.grid);
            im += law[i] * sin(turn) * rg_grid_cell_volume(&l.grid);
        }
        assert_below(fabs(re - exp(-0.5 * 0.49 * kk)), 1e-10);
        assert_below(fabs(im), 1e-10);
    }
    rg_free(truth);
    rg_free(law);
    rg_experiment_free(&x);
}

/* ---- steps */

/* A Gaussian far from the edges of its box stays one: x' = x (1 - weight / (s^2 + v)) + noise, step after step. The scheme by
 * its definition: Euler in v, or the exact solution for a frozen denoiser, whose noise is that of an Ornstein-Uhlenbeck path. */
static double variance_after(int exponential, int steps, double churn, double own, double high, double low) {
    double now = own + high;
    for (int i = 0; i < steps; i++) {
        const double v = high * pow(low / high, (double)i / steps), w = high * pow(low / high, (i + 1.0) / steps);
        const double c = 0.5 * (1 + churn * churn);
        double weight = c * (v - w), noise = churn * churn * (v - w);
        if (exponential) {
            weight = v - v * exp(-c * log(v / w));
            noise = w - w * exp(-churn * churn * log(v / w)); /* int_w^v churn^2 (w/u)^(2c) du, 2c = 1 + churn^2 */
        }
        now = now * pow(1 - weight / (own + v), 2) + noise;
    }
    return now;
}

static void gaussians_step_by_step(void **state) {
    (void)state;
    static const double churns[] = {0, 0.7, 1, 1.4};
    for (size_t k = 0; k < 2 * COUNT_OF(churns); k++) {
        char text[512];
        snprintf(text, sizeof text,
                 "grid: {shape: [72], lower: [-4], length: [8]}\ndensity: {mixture: {means: [[0.3]], sigma: 0.25}}\n"
                 "noise: {sigma_min: 0.2, sigma_max: 0.5, churn: %g}\ntolerance: 1e-2\n"
                 "budget: {samples: none, class: none, prior: exact, steps: 9, scheme: %s}\n",
                 churns[k / 2], k % 2 ? "exponential" : "euler");
        rg_budget *b = run(text);
        const double *law = b->law[b->rungs];
        double wave = 0;
        for (int i = 0; i < 72; i++) wave += law[i] * cos(2 * pi / 8 * (-4 + i / 9.0 - 0.3)) / 9;
        const double variance = variance_after((int)(k % 2), 9, churns[k / 2], 0.0625, 0.25, 0.04);
        assert_below(fabs(-2 * log(wave) / pow(2 * pi / 8, 2) - variance), 1e-6 * variance);
        rg_budget_free(b);
    }
}

/* ---- bars */

static double w1_of(const rg_grid *g, const double *p, const double *q) {
    rg_ruler ruler;
    rg_value w1;
    assert_ok(rg_ruler_create(g, &ruler));
    assert_ok(rg_ruler_w1(&ruler, p, q, &w1, NULL));
    rg_ruler_free(&ruler);
    return w1.value;
}

/* In one dimension there is no bracket: a bar is what the tolerance and the grid make of the value, and the floor. */
static void bars_add_up(void **state) {
    (void)state;
    static const struct {
        int points, other;
        const char *score_class;
    } cases[] = {{48, 24, "none"}, {22, 44, "'fourier:8'"}};
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        rg_budget *b[3];
        char text[600];
        for (int pass = 0; pass < 3; pass++) {
            snprintf(text, sizeof text,
                     "grid: {shape: [%d], lower: [-1.3], length: [4.6]}\n"
                     "density: {mixture: {means: [[0.3], [1.9]], sigma: 0.4, weights: [0.7, 0.3]}}\n"
                     "noise: {sigma_min: 0.3, sigma_max: 1.3}\ntolerance: %s\nerror: [{constant: [0.2]}]\n"
                     "budget: {samples: none, class: %s, prior: uniform, steps: 5}\n",
                     pass == 2 ? cases[k].other : cases[k].points, pass == 1 ? "1e-2" : "1e-3", cases[k].score_class);
            b[pass] = run(text);
        }
        rg_experiment x = experiment_of(text);
        rg_ladder l = {.experiment = &x,
                       .grid = b[0]->grid,
                       .variance_min = x.variance_min,
                       .variance_max = x.variance_max,
                       .tolerance = 1e-3,
                       .kind = x.budget.kind,
                       .size = x.budget.size,
                       .steps = 5,
                       .has = {1, x.budget.kind != 0, 0, 0, 1, 1, 1}}; /* the floor is stepped with all of them */
        rg_chain c;
        assert_ok(rg_chain_run(&l, &c, NULL));
        const double floor = w1_of(&l.grid, c.law[1], c.floor), factor = cases[k].other > cases[k].points ? 2 : 1;
        for (size_t i = 0; i < b[0]->rungs; i++) {
            const rg_distances *d[3];
            for (int pass = 0; pass < 3; pass++) d[pass] = &b[pass]->rung[i].step;
            const double bar = fabs(d[0]->w1.value - d[1]->w1.value) + factor * fabs(d[0]->w1.value - d[2]->w1.value) +
                               (i > 0 ? floor : 0);
            assert_below(fabs(d[0]->w1.error - bar), 1e-6 * bar + 1e-12);
            const double kl = fabs(d[0]->kl.value - d[1]->kl.value) + factor * fabs(d[0]->kl.value - d[2]->kl.value);
            assert_true(d[0]->kl.error >= kl * (1 - 1e-6));
            assert_below(fabs(b[0]->rung[i].share * b[0]->sum.value - d[0]->w1.value), 1e-14);
        }
        const double prior = fabs(b[0]->prior_w1.value - b[1]->prior_w1.value) +
                             factor * fabs(b[0]->prior_w1.value - b[2]->prior_w1.value);
        assert_below(fabs(b[0]->prior_w1.error - prior), 1e-12);
        rg_chain_free(&c);
        rg_experiment_free(&x);
        for (int pass = 0; pass < 3; pass++) rg_budget_free(b[pass]);
    }
}

static void write_points(const char *name, int count, const double *points) {
    char bytes[128 + 8 * 200];
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    const int length = snprintf(bytes + 10, 118, "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 1), }", count);
    bytes[10 + length] = ' ';
    bytes[127] = '\n';
    memcpy(bytes + 128, points, (size_t)count * sizeof *points);
    assert_int_equal(scratch_write(scratch_path(name), bytes, 128 + (size_t)count * sizeof *points), 0);
}

/* The law of a line of points under Gaussian noise lies between the grids' values and what they tend to. The total's bar: the
 * extrapolation, as often as what is still to come asks for, the tolerance, the places in the cells, the floor. */
static void totals_of_points(void **state) {
    (void)state;
    double *law = noise(90, 3), *seen = noise(25, 8);
    for (int i = 0; i < 90; i++) law[i] = 0.4 * law[i];
    for (int i = 0; i < 25; i++) seen[i] = 0.5 * seen[i] + 0.2;
    write_points("law.npy", 90, law);
    write_points("seen.npy", 25, seen);
    rg_budget *b[3];
    for (int pass = 0; pass < 3; pass++) {
        char text[500];
        snprintf(text, sizeof text,
                 "grid: {shape: [%d], lower: [-1.6], length: [3.7]}\ndensity: {samples: law.npy, background: 1e-3}\n"
                 "noise: {sigma_min: 0.35, sigma_max: 0.9}\ntolerance: %s\n"
                 "budget: {samples: seen.npy, class: none, prior: exact, steps: 0}\n",
                 pass == 2 ? 16 : 32, pass == 1 ? "1e-2" : "1e-3");
        b[pass] = run(text);
    }
    rg_experiment x = experiment_of(
        "grid: {shape: [32], lower: [-1.6], length: [3.7]}\ndensity: {samples: law.npy, background: 1e-3}\n"
        "noise: {sigma_min: 0.35, sigma_max: 0.9}\ntolerance: 1e-3\n");
    rg_ladder l = {.experiment = &x,
                   .grid = b[0]->grid,
                   .variance_min = x.variance_min,
                   .variance_max = x.variance_max,
                   .tolerance = 1e-3,
                   .samples = 25,
                   .points = seen,
                   .has = {1, 0, 1, 1}};
    rg_chain c;
    assert_ok(rg_chain_run(&l, &c, NULL));
    const double floor = w1_of(&l.grid, c.law[1], c.floor);
    const rg_grid *fine = &b[0]->grid, *rough = &b[2]->grid;
    const rg_value stop = b[0]->rung[0].total.w1;
    const double stop_here = w1_of(fine, b[0]->law[0], b[0]->law[1]);
    const double step = stop_here - w1_of(rough, b[2]->law[0], b[2]->law[1]);
    const double known = (fabs(stop.value - stop_here) + stop.error) / fabs(step);
    const double remainder = fmin(rg_points_remainder(fine, 90, b[0]->law[0]), known);
    for (size_t i = 1; i < b[0]->rungs; i++) {
        const rg_value total = b[0]->rung[i].total.w1;
        const double here = w1_of(fine, b[0]->law[0], b[0]->law[1 + i]),
                     relaxed = w1_of(fine, b[1]->law[0], b[1]->law[1 + i]);
        const double delta = here - w1_of(rough, b[2]->law[0], b[2]->law[1 + i]);
        const double bar =
            fabs(delta) * fmax(1, remainder - 1) + fabs(here - relaxed) + rg_points_chance(fine, 90, law) + floor;
        assert_below(fabs(total.value - here - delta), 1e-12);
        assert_below(fabs(total.error - bar), 1e-6 * bar);
        assert_below(fabs(b[0]->rung[i].total.tv.value - 0.999), 1e-12); /* they share the background */
        assert_true(isinf(b[0]->rung[i].total.kl.value));
    }
    rg_chain_free(&c);
    rg_experiment_free(&x);
    for (int pass = 0; pass < 3; pass++) rg_budget_free(b[pass]);
    rg_free(law);
    rg_free(seen);
}

/* In one dimension the sides stand on 16, 8 and 4 times as many points. */
static void sides_of_points(void **state) {
    (void)state;
    rg_experiment x = experiment_of("grid: {shape: [20], lower: [-1.6], length: [3.7]}\n"
                                    "density: {mixture: {means: [[0.1]], sigma: 0.5}}\n"
                                    "noise: {sigma_min: 0.35, sigma_max: 0.9}\ntolerance: 1e-3\n");
    int by_step = 0, by_extrapolation = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        double *points = noise(25, seed), w[3], *law[2] = {field(320), field(320)};
        rg_grid grid[3];
        for (int k = 0; k < 3; k++) {
            const ptrdiff_t n = 320 >> k;
            int has_density;
            assert_ok(rg_grid_init(1, &n, x.grid.lower, x.grid.length, &grid[k]));
            assert_ok(rg_law_of_truth(&x, &grid[k], law[0], &has_density, NULL));
            rg_law_of_points(&grid[k], 25, points, 0, law[1]);
            w[k] = w1_of(&grid[k], law[0], law[1]);
        }
        const rg_ladder l = {.experiment = &x,
                             .grid = x.grid,
                             .variance_min = x.variance_min,
                             .variance_max = x.variance_max,
                             .samples = 25,
                             .points = points};
        const int wanted[RG_SQUARE] = {[RG_SIDE_SAMPLES] = 1};
        rg_value side[RG_SQUARE];
        assert_ok(rg_square_measure(&l, 1, wanted, side, NULL));
        assert_below(fabs(side[RG_SIDE_SAMPLES].value - (2 * w[0] - w[1])), 1e-12);
        const double last = fabs(w[0] - w[1]), before = 0.5 * fabs(w[1] - w[2]);
        const double bar = fmax(last, before) + rg_points_chance(&grid[0], 25, points);
        assert_below(fabs(side[RG_SIDE_SAMPLES].error - bar), 1e-9 * bar);
        by_step += before > 1.1 * last;
        by_extrapolation += last > 1.1 * before;
        assert_true(isnan(side[RG_SIDE_DIAGONAL].value));
        rg_free(points);
        rg_free(law[0]);
        rg_free(law[1]);
    }
    assert_true(by_step > 0 && by_extrapolation > 0);
    rg_experiment_free(&x);
}

/* ---- sweeps and claims */

static void rates_are_least_squares(void **state) {
    (void)state;
    rg_budget *b = run("grid: {shape: [24, 20], lower: [-1, 0.4], length: [2.6, 2.1]}\n"
                       "density: {mixture: {means: [[-0.2, 1.1]], sigma: 0.3}}\n"
                       "noise: {sigma_min: 0.25, sigma_max: 0.7}\ntolerance: 1e-2\n"
                       "budget: {samples: none, class: none, prior: uniform, steps: 0, sweep: "
                       "{sigma_max: [0.4, 0.5, 0.6, 0.7], sigma_min: [0.2, 0.25, 0.3, 0.4]}}\n");
    for (size_t k = 0; k < b->sweeps; k++) {
        const rg_sweep *s = &b->sweep[k];
        double x[4], y[4], sum = 0, mean_x = 0, mean_y = 0, slope = 0, rest = 0;
        for (int i = 0; i < 4; i++) {
            const double v = s->point[i].value;
            x[i] = s->kind == RG_SWEEP_SIGMA_MAX ? -v * v : log(v);
            y[i] = log(s->point[i].source.value);
            mean_x += x[i] / 4;
            mean_y += y[i] / 4;
        }
        for (int i = 0; i < 4; i++) sum += pow(x[i] - mean_x, 2), slope += (x[i] - mean_x) * y[i];
        slope /= sum;
        for (int i = 0; i < 4; i++) rest += pow(y[i] - mean_y - slope * (x[i] - mean_x), 2);
        assert_below(fabs(s->slope - slope), 1e-10 * fabs(slope));
        assert_below(fabs(s->slope_error - sqrt(rest / 2 / sum)), 1e-8 * s->slope_error);
        if (s->kind == RG_SWEEP_SIGMA_MAX) /* the slowest wave is that of the longest axis */
            assert_below(fabs(s->expected - 0.5 * pow(2 * pi / 2.6, 2)), 1e-12);
    }
    rg_budget_free(b);
}

/* On a circle there is no bracket: a sweep's bar is what the halved grid makes of the value. */
static void bars_of_sweeps(void **state) {
    (void)state;
    rg_budget *b[2];
    for (int k = 0; k < 2; k++) {
        char text[500];
        snprintf(
            text, sizeof text,
            "grid: {shape: [%d], lower: [-1.3], length: [4.6]}\n"
            "density: {mixture: {means: [[0.3], [1.9]], sigma: 0.4, weights: [0.7, 0.3]}}\n"
            "noise: {sigma_min: 0.3, sigma_max: 1.3}\ntolerance: 1e-2\n"
            "budget: {samples: none, class: none, prior: uniform, steps: 0, sweep: {steps: [6, 9], modes: [2, 3]}}\n",
            k ? 24 : 48);
        b[k] = run(text);
    }
    for (size_t k = 0; k < b[0]->sweeps; k++)
        for (size_t i = 0; i < 2; i++) {
            const rg_sweep_point *fine = &b[0]->sweep[k].point[i], *rough = &b[1]->sweep[k].point[i];
            assert_below(fabs(fine->source.error - fabs(fine->source.value - rough->source.value)), 1e-12);
            assert_below(fabs(fine->output.error - fabs(fine->output.value - rough->output.value)), 1e-12);
            assert_true(fine->output.error > 0);
        }
    for (int k = 0; k < 2; k++) rg_budget_free(b[k]);
}

static const rg_claim *claim_of(const rg_budget *b, const char *name) {
    for (size_t i = 0; i < b->claims; i++)
        if (strcmp(b->claim[i].name, name) == 0) return &b->claim[i];
    return NULL;
}

static void claims_compare_what_they_say(void **state) {
    (void)state;
    rg_budget b = {.rungs = 2, .samples = 5, .dyadic = 0.9};
    b.rung[0].source = RG_RUNG_STOP;
    b.rung[1].source = RG_RUNG_CLASS;
    b.rung[0].step = (rg_distances){.w1 = {0.1, 0.01}, .tv = {0.2, 0.001}};
    b.rung[1].step = (rg_distances){.w1 = {0.3, 0.02}, .tv = {0.3, 0.002}};
    b.rung[1].total = (rg_distances){.w1 = {0.35, 0.03}, .tv = {0.45, 0.003}};
    b.rung[0].bound = (rg_value){0.15, 0.004};
    b.rung[1].bound = (rg_value){0.29, 0.005};
    b.sum = (rg_value){0.4, 0.03};
    const rg_value side[] = {[RG_SIDE_SAMPLES] = {0.2, 0.006},
                             [RG_SIDE_SAMPLES_STOP] = {0.12, 0.007},
                             [RG_SIDE_STOP_SAMPLES] = {0.16, 0.008},
                             [RG_SIDE_DIAGONAL] = {0.31, 0.009}};
    for (int k = 0; k < RG_SIDES; k++) b.side[k] = side[k];
    rg_budget_claims(&b);
    static const struct {
        const char *name;
        rg_value lhs, rhs;
        rg_verdict verdict;
    } wanted[] = {
        {"ladder_w1", {0.35, 0.03}, {0.4, 0.03}, RG_UNDECIDED},
        {"ladder_tv", {0.45, 0.003}, {0.5, 0.003}, RG_HOLDS},
        {"stop_bound", {0.1, 0.01}, {0.15, 0.004}, RG_HOLDS},
        {"class_bound", {0.3, 0.02}, {0.29, 0.005}, RG_UNDECIDED},
        {"smoothing_contracts", {0.16, 0.008}, {0.2, 0.006}, RG_HOLDS},
        {"samples_dyadic", {0.2, 0.006}, {0.9, 0}, RG_HOLDS},
        {"square", {0.31, 0.009}, {0.32, 0.013}, RG_UNDECIDED},
        {"samples_stop_bound", {0.12, 0.007}, {0.15, 0.004}, RG_HOLDS},
    };
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const rg_claim *c = claim_of(&b, wanted[i].name);
        assert_non_null(c);
        const double found[] = {c->lhs.value, c->lhs.error, c->rhs.value, c->rhs.error};
        const double by_hand[] = {wanted[i].lhs.value, wanted[i].lhs.error, wanted[i].rhs.value, wanted[i].rhs.error};
        for (int k = 0; k < 4; k++)
            if (!(fabs(found[k] - by_hand[k]) <= 1e-15)) fail_msg("%s: number %d is %g", c->name, k, found[k]);
        assert_int_equal(c->verdict, wanted[i].verdict);
    }
    b.rung[1].bound.value = 0.27;
    rg_budget_claims(&b);
    assert_int_equal(claim_of(&b, "class_bound")->verdict, RG_VIOLATED);
    assert_true(rg_budget_violated(&b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_errors_are_extrapolated_away),
        cmocka_unit_test(crowded_cells_have_a_remainder),
        cmocka_unit_test(masses_are_displaced_by_known_lengths),
        cmocka_unit_test(what_is_negative_is_counted),
        cmocka_unit_test(distances_of_two_steps),
        cmocka_unit_test(boxes_by_hand),
        cmocka_unit_test(the_reference_bound_is_a_sum_over_waves),
        cmocka_unit_test(factors_of_a_rung),
        cmocka_unit_test(slopes_on_a_line_are_conserved),
        cmocka_unit_test(the_closed_factor_is_a_cap),
        cmocka_unit_test(scores_of_a_ladder),
        cmocka_unit_test(nodes_of_a_chain),
        cmocka_unit_test(the_gaussian_prior),
        cmocka_unit_test(gaussians_step_by_step),
        cmocka_unit_test(bars_add_up),
        cmocka_unit_test(totals_of_points),
        cmocka_unit_test(sides_of_points),
        cmocka_unit_test(rates_are_least_squares),
        cmocka_unit_test(bars_of_sweeps),
        cmocka_unit_test(claims_compare_what_they_say),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
