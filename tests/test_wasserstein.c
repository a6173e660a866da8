/* W1 of a run: the integral of a field over noise levels, how drifts stretch, the exact representation, what bounds W1. */
#include "base/base.h"
#include "experiment/pass.h"
#include "experiment/wasserstein.h"
#include "measure/expansion.h"
#include "measure/slope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fields.h"

/* ---- parts */

/* Every cell is what rg_integrate says of its values, whatever the number of nodes, and pieces add up. */
static void running_integral_is_the_rule_of_rg_integrate(void **state) {
    (void)state;
    enum { CELLS = 3, MOST = 13 };
    for (size_t count = 2; count <= MOST; count++) {
        rg_running_integral r;
        double node[MOST], value[CELLS][MOST], expected[CELLS] = {0}, unused;
        assert_ok(rg_running_create(CELLS, &r));
        for (int piece = 0; piece < 2; piece++) {
            for (size_t i = 0; i < count; i++) {
                double field[CELLS];
                node[i] = piece + pow(0.13 * (double)(i + 1), 1.3);
                for (int c = 0; c < CELLS; c++) field[c] = value[c][i] = sin(3.7 * node[i] + c) + c;
                rg_running_add(&r, node[i], field);
            }
            rg_running_end(&r);
            for (int c = 0; c < CELLS; c++) expected[c] += rg_integrate(count, node, value[c], &unused);
        }
        for (int c = 0; c < CELLS; c++) assert_below(fabs(r.sum[c] - expected[c]), 1e-13);
        rg_running_free(&r);
    }
}

static double along_axis(const rg_grid *g, ptrdiff_t i, int a) {
    const ptrdiff_t at[RG_MAX_DIM] = {i / (g->shape[1] * g->shape[2]), i / g->shape[2] % g->shape[1], i % g->shape[2]};
    return g->lower[a] + (double)at[a] * rg_grid_spacing(g, a);
}

/* b_c = sum_a A_ca sin(k_a x_a) / k_a: central differences give A_ca cos(k_a x_a) sin(k_a h) / (k_a h). The largest
 * eigenvalue is no less than any Rayleigh quotient, and is met by the best of many to a thousandth. */
static void expansion_is_the_greatest_rayleigh_quotient(void **state) {
    (void)state;
    const double matrix[3][3] = {{0.7, -1.3, 0.4}, {0.9, -0.2, 1.1}, {-0.5, 0.8, 0.3}};
    const sizes size[] = {{1, {12, 1, 1}}, {2, {9, 14, 1}}, {3, {5, 6, 7}}};
    for (int s = 0; s < 3; s++) {
        const rg_grid g = grid_of(size[s].dim, size[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        const int d = g.dim;
        double *b = rg_field_alloc((size_t)(d * n)), *rate = rg_field_alloc((size_t)n), frobenius, most = 0;
        assert_true(b && rate);
        for (ptrdiff_t i = 0; i < n; i++)
            for (int c = 0; c < d; c++)
                for (int a = 0; a < d; a++) {
                    const double k = 2 * pi / g.length[a];
                    b[c * n + i] += matrix[c][a] * sin(k * along_axis(&g, i, a)) / k;
                }
        rg_expansion(&g, b, rate, &frobenius);
        for (ptrdiff_t i = 0; i < n; i += 7) {
            double best = -HUGE_VAL, square = 0, j[3][3];
            for (int c = 0; c < d; c++)
                for (int a = 0; a < d; a++) {
                    const double k = 2 * pi / g.length[a], h = rg_grid_spacing(&g, a);
                    j[c][a] = matrix[c][a] * cos(k * along_axis(&g, i, a)) * sin(k * h) / (k * h);
                    square += j[c][a] * j[c][a];
                }
            most = fmax(most, square);
            for (int t = 0; t < 60; t++)
                for (int u = 0; u < 60; u++) {
                    const double x[3] = {d == 1 ? 1 : sin(pi * t / 60) * (d == 3 ? cos(pi * u / 30) : 1),
                                         d == 2 ? cos(pi * t / 60) : sin(pi * t / 60) * sin(pi * u / 30),
                                         cos(pi * t / 60)};
                    double quotient = 0;
                    for (int c = 0; c < d; c++)
                        for (int a = 0; a < d; a++) quotient += x[c] * j[c][a] * x[a];
                    best = fmax(best, quotient);
                }
            assert_below(best, rate[i] + 1e-12);
            assert_below(rate[i], best + 0.02 * sqrt(square)); /* 3 degrees off: 1 - cos^2 of half of it, twice */
        }
        assert_below(sqrt(most), frobenius + 1e-12);
        rg_free(b);
        rg_free(rate);
    }
}

/* ---- a drift of its own: no potential gets steeper than any of the four factors says */

struct drift {
    const rg_grid *grid;
    int stretch; /* 1: the growth is the drift's expansion */
};

static rg_status drift_fields(void *data, double v, double *b, double *growth, rg_diagnostic *diagnostic) {
    const struct drift *d = data;
    const rg_grid *g = d->grid;
    const ptrdiff_t n = rg_grid_cells(g);
    (void)diagnostic;
    for (ptrdiff_t i = 0; i < n; i++)
        for (int c = 0; c < g->dim; c++) {
            const double k = 2 * pi / g->length[c], l = 2 * pi / g->length[(c + 1) % g->dim];
            b[c * n + i] =
                1.5 * sin(k * along_axis(g, i, c) + v) / k + 0.6 * cos(l * along_axis(g, i, (c + 1) % g->dim) + c) / l;
        }
    if (d->stretch) rg_expansion(g, b, growth, NULL);
    return RG_OK;
}

static void note_growth(rg_growth *growth, const struct drift *d, double v, double *b, double *scratch) {
    double frobenius;
    assert_ok(drift_fields((void *)(uintptr_t)d, v, b, scratch, NULL));
    rg_growth_add(growth, v, rg_greatest_expansion(d->grid, b, scratch, &frobenius));
}

/* In one dimension b' = 1.5 cos(t + v) - 0.6 sin(t), whose largest value is |1.5 exp(iv) + 0.6 i|: its integral from 0. */
static double exponent(double v) {
    enum { PARTS = 1000 };
    double sum = 0;
    for (int i = 0; i < PARTS; i++) sum += sqrt(2.25 + 0.36 + 1.8 * sin(v * (i + 0.5) / PARTS));
    return sum * v / PARTS;
}

/* psi = R' sum_a cos(k_a x_a + 0.3 a) / k_a / sqrt(d), slope at most 1. Twice over 0.8 of variance the factors are far
 * from each other: all four are tried. Second order of the fitted scheme: (2 pi / 60)^2 = 1 % of Lambda. */
static void slopes_stay_below_all_four_factors(void **state) {
    (void)state;
    const sizes size[] = {{1, {61, 1, 1}}, {2, {60, 56, 1}}, {3, {24, 22, 20}}};
    for (int s = 0; s < 3; s++) {
        const rg_grid g = grid_of(size[s].dim, size[s].shape);
        const ptrdiff_t n = rg_grid_cells(&g);
        const double high = 0.8, diffusion = 0.002;
        double *f = rg_field_alloc((size_t)n), *one = rg_field_alloc((size_t)n), *slope = rg_field_alloc(3 * (size_t)n),
               *growth = rg_field_alloc((size_t)n), square = 0;
        assert_true(f && one && slope && growth);
        for (ptrdiff_t i = 0; i < n; i++) {
            one[i] = 1;
            for (int a = 0; a < g.dim; a++) {
                const double k = 2 * pi / g.length[a];
                f[i] += cos(k * along_axis(&g, i, a) + 0.3 * a) / (k * sqrt(g.dim));
            }
        }
        for (int a = 0; a < g.dim; a++) square += 0.25 * g.length[a] * g.length[a];
        const rg_experiment x = {.variance_min = 0};
        const rg_w1 w = {.experiment = &x, .diffusion = diffusion, .reach = sqrt(square)};
        double stop[8];
        for (int i = 0; i < 8; i++) stop[i] = 0.1 * (i + 1);
        rg_backward_options o = {0, high, diffusion, 1e-5, 0, 8, stop, RG_BACKWARD_SPECTRAL, 0};
        rg_backward *up, *stretch;
        struct drift plain = {&g, 0}, growing = {&g, 1};
        assert_ok(rg_backward_create(&g, &o, drift_fields, &plain, f, &up, NULL));
        o.scheme = RG_BACKWARD_FITTED;
        assert_ok(rg_backward_create(&g, &o, drift_fields, &growing, one, &stretch, NULL));
        rg_w1_node node = {0};
        rg_growth grown = {0};
        double last = 0;
        note_growth(&grown, &plain, 0, slope, growth);
        for (int i = 0; i < 8; i++) {
            for (int done = 0; !done && rg_backward_variance(up) < stop[i];) {
                assert_ok(rg_backward_step(up, &done, NULL));
                note_growth(&grown, &plain, rg_backward_variance(up), slope, growth);
            }
            for (int done = 0; !done && rg_backward_variance(stretch) < stop[i];)
                assert_ok(rg_backward_step(stretch, &done, NULL));
            rg_backward_value(stretch, one);
            rg_backward_gradient(up, slope);
            node.variance = stop[i];
            node.exponent.value = grown.exponent.value + grown.exponent.error;
            node.steepest.value = grown.steepest.value + grown.steepest.error;
            if (g.dim == 1) assert_below(fabs(grown.exponent.value - exponent(stop[i])), grown.exponent.error);
            assert_below(grown.exponent.error, (g.dim == 3 ? 0.15 : 0.03) * grown.exponent.value + 0.01);
            const double bound[] = {rg_w1_gronwall(&node), rg_w1_bernstein(&w, &node),
                                    rg_w1_smoothing(&w, &node, w.reach) / sqrt(node.variance)};
            double steepest = 0;
            for (ptrdiff_t c = 0; c < n; c++) {
                double size2 = 0;
                for (int a = 0; a < g.dim; a++) size2 += slope[a * n + c] * slope[a * n + c];
                steepest = fmax(steepest, sqrt(size2));
                assert_below(sqrt(size2), one[c] * (s == 2 ? 1.06 : 1.01) + 1e-3);
            }
            for (int k = 0; k < 3; k++) assert_below(steepest, bound[k]);
            last = steepest;
        }
        assert_true(last > 1.05); /* there was something to bound */
        rg_backward_destroy(up);
        rg_backward_destroy(stretch);
        rg_free(f);
        rg_free(one);
        rg_free(slope);
        rg_free(growth);
    }
}

/* The closed forms by hand: kappa -> 0 leaves 1 and (o / 2) / sqrt(2 S); kappa S -> infinity leaves (o / 2) sqrt(kappa). */
static void factors_have_their_limits(void **state) {
    (void)state;
    const rg_experiment x = {.variance_min = 0.2};
    const rg_w1 w = {.experiment = &x, .diffusion = 0.5, .reach = 3.1};
    rg_w1_node node = {.variance = 1.4};
    const double u = sqrt(1.2);
    assert_below(fabs(rg_w1_bernstein(&w, &node) - 1), 1e-15);
    assert_below(fabs(rg_w1_smoothing(&w, &node, 3.1) / u - 1.55 / sqrt(1.2)), 1e-14);
    node.steepest.value = 1e4;
    assert_below(fabs(rg_w1_smoothing(&w, &node, 3.1) / u - 1.55 * sqrt(2e4)), 1e-9);
    assert_below(fabs(rg_w1_bernstein(&w, &node) - sqrt(1 + 2e4 * 1.55 * 1.55)), 1e-9);
}

/* int 1/v dv = log over nodes that are far from even; with bars of the rates, and a rate that falls. */
static void exponents_are_known_to_their_bars(void **state) {
    (void)state;
    double error[3];
    for (int fine = 0; fine < 3; fine++) {
        const int count = 20 << fine;
        rg_growth g = {0};
        for (int i = 0; i <= count; i++) {
            const double v = 0.05 * exp(pow((double)i / count, 1.7) * log(40));
            rg_growth_add(&g, v, (rg_value){1 / v, 0});
        }
        error[fine] = fabs(g.exponent.value - log(40));
        assert_below(error[fine], g.exponent.error);
        assert_below(g.exponent.error, 6 * error[fine]);
        assert_true(g.steepest.value == 1 / 0.05 && g.steepest.error == 0);
    }
    assert_below(fabs(error[0] / error[1] - 4), 0.5); /* of second order */
    rg_growth g = {0};
    rg_growth_add(&g, 0.1, (rg_value){-2, 0.5}); /* contracts */
    rg_growth_add(&g, 0.2, (rg_value){-2, 0.5});
    rg_growth_add(&g, 0.4, (rg_value){3, 0.25});
    rg_growth_add(&g, 0.5, (rg_value){2.5, 2});
    assert_below(fabs(g.exponent.value - (-0.2 + 0.1 + 0.275)), 1e-15);
    assert_true(g.steepest.value == 3 && fabs(g.steepest.error - 1.5) < 1e-15);
    assert_true(g.exponent.error > 0.05 + 0.075 + 0.1125);
}

/* The trapezoids, the bars of the rates in them, and what the rule may be off: half of what two intervals in one differ by,
 * and in the first interval what lies between the rates at its ends. */
static void exponents_by_hand(void **state) {
    (void)state;
    rg_growth g = {0};
    rg_growth_add(&g, 1, (rg_value){0.4, 0.01});
    rg_growth_add(&g, 1.5, (rg_value){0.9, 0.03});
    assert_below(fabs(g.exponent.value - 0.5 * 0.65), 1e-15);
    assert_below(fabs(g.exponent.error - 0.5 * 0.02 - 0.25 * 0.5), 1e-15);
    rg_growth_add(&g, 2.5, (rg_value){0.2, 0.05});
    assert_below(fabs(g.exponent.value - 0.5 * 0.65 - 0.55), 1e-15);
    const double one = 1.5 * 0.3, two = 0.5 * 0.65 + 0.55;
    assert_below(fabs(g.exponent.error - 0.01 - 0.125 - 0.04 - 0.5 * fabs(one - two)), 1e-15);
    assert_below(fabs(g.steepest.value - 0.9) + fabs(g.steepest.error - 0.03), 1e-15);
    const rg_grid box = grid_of(2, (ptrdiff_t[]){9, 12, 1});
    assert_below(fabs(rg_slope_range(&box) - 0.5 * hypot(box.length[0], box.length[1])), 1e-15);
}

/* The largest slope of a wave lies between two points: within the bar, which falls with the square of the spacing. Of a jump
 * between two points the bar says half. */
static void greatest_expansion_is_known_to_its_bar(void **state) {
    (void)state;
    double bar[2];
    for (int fine = 0; fine < 2; fine++) {
        enum { MOST = 82 };
        const rg_grid g = grid_of(1, (ptrdiff_t[]){41 << fine, 1, 1});
        const ptrdiff_t n = rg_grid_cells(&g);
        double b[MOST], scratch[MOST], frobenius;
        const double k = 2 * pi / g.length[0];
        for (ptrdiff_t i = 0; i < n; i++) b[i] = sin(3 * k * along_axis(&g, i, 0) + 0.4) / k;
        const rg_value found = rg_greatest_expansion(&g, b, scratch, &frobenius);
        assert_below(fabs(found.value - 3), found.error);
        assert_below(found.error, 10 * fabs(found.value - 3));
        bar[fine] = found.error;
        for (ptrdiff_t i = 0; i < n; i++) b[i] = i < 17 ? 0.3 : 4.1;
        const rg_value jump = rg_greatest_expansion(&g, b, scratch, &frobenius);
        assert_below(fabs(jump.value - 3.8 / (2 * rg_grid_spacing(&g, 0))), 1e-12 * jump.value);
        assert_below(fabs(jump.error / jump.value - 0.5), 1e-12);
    }
    assert_below(fabs(bar[0] / bar[1] - 4), 0.5);
}

/* ---- runs */

static const double means[] = {-1, 0.3, 0.8, 1.2, -0.4, 0.1}, weights[] = {0.4, 0.6};

struct problem {
    double mean[6], covariance[18];
    rg_error_term term;
    rg_experiment x;
};

static void pose(struct problem *p, int dim, const ptrdiff_t *shape, double gradient, double solenoidal) {
    *p = (struct problem){0};
    for (int k = 0; k < 2; k++)
        for (int a = 0; a < dim; a++) {
            p->mean[k * dim + a] = means[3 * k + a];
            p->covariance[(k * dim + a) * dim + a] = 0.5 + 0.1 * a;
        }
    p->term = (rg_error_term){
        .kind = RG_ERROR_RANDOM, .gradient_energy = gradient, .solenoidal_energy = solenoidal, .band = 2, .seed = 11};
    p->x = (rg_experiment){.density = {.kind = RG_DENSITY_MIXTURE,
                                       .components = 2,
                                       .means = p->mean,
                                       .covariances = p->covariance,
                                       .weights = weights},
                           .variance_min = 0.15,
                           .variance_max = 2.5,
                           .churn = 1,
                           .prior = RG_PRIOR_EXACT,
                           .terms = 1,
                           .term = &p->term,
                           .tolerance = 1e-6,
                           .form = RG_FORM_DENSITY,
                           .wasserstein = {1e-3, 1e-2}};
    assert_ok(rg_grid_init(dim, shape, NULL, NULL, &p->x.grid));
}

static rg_pass pass_of(const struct problem *p) {
    rg_pass pass;
    rg_diagnostic said = {0};
    const rg_pass_options o = {.grid = p->x.grid, .tolerance = p->x.tolerance, .form = p->x.form, .stage = "test"};
    if (rg_pass_run(&p->x, &o, &pass, NULL, &said)) fail_msg("%s", said.text);
    return pass;
}

static void check_bounds(const rg_w1_values *w) {
    const double distance = w->distance[RG_FULL].value;
    for (int k = 0; k < RG_W1_FIELDS; k++) {
        for (int b = 0; b < RG_W1_BOUNDS; b++) {
            if (isinf(w->bound[k][b].value)) continue;
            assert_below(distance, w->bound[k][b].value + w->bound[k][b].error);
            assert_below(w->bound[k][RG_W1_LEAST].value, w->bound[k][b].value * 1.001 + w->bound[k][b].error);
            assert_below(w->bound[RG_W1_GRADIENT][b].value, 2 * w->bound[RG_W1_ERROR][b].value);
        }
    }
    assert_below(distance, w->source_norm_bound.value);
}

/* For the potential with all its kinks, whatever the prior, the churn, the form, to the tolerance of the steps. The ODE's
 * marginal dips below 0 on the 36 x 40 grid: what is clipped there is in the bar. */
static void representation_closes(void **state) {
    (void)state;
    const ptrdiff_t shape[][3] = {{64, 1, 1}, {36, 40, 1}, {12, 13, 14}};
    const double churn[] = {1, 0, 1.7};
    for (int dim = 1; dim <= 3; dim++)
        for (int c = 0; c < (dim < 3 ? 3 : 1); c++)
            for (int form = 0; form < 2; form++) {
                struct problem p;
                pose(&p, dim, shape[dim - 1], 0.2, dim > 1 ? 0.1 : 0);
                p.x.churn = churn[c];
                p.x.form = form ? RG_FORM_RATIO : RG_FORM_DENSITY;
                p.x.prior = c == 2 ? RG_PRIOR_UNIFORM : RG_PRIOR_EXACT;
                if (dim == 3) p.x.tolerance = 1e-4;
                rg_pass pass = pass_of(&p);
                const rg_w1_values *w = &pass.w1;
                assert_true(w->distance[RG_FULL].value > 0.01 && w->size.value > 0.01);
                const double clipped = w->gain.error > 0.01 ? w->gain.error : 0;
                for (int k = 0; k < 2; k++) assert_below(w->residual[k].value, p.x.tolerance + clipped);
                assert_below(w->true_residual.value, p.x.tolerance + clipped);
                /* two representations, not one twice */
                if (p.x.prior == RG_PRIOR_EXACT)
                    assert_true(fabs(w->true_source.value - w->gain.value) < 2 * p.x.tolerance + clipped);
                else
                    assert_true(fabs(w->true_source.value - w->source[RG_W1_ERROR].value) > 10 * p.x.tolerance);
                assert_below(fabs(w->true_source.value), w->true_size.value);
                /* the potential is optimal to the gap */
                assert_below(fabs(w->gain.value - w->distance[RG_FULL].value), 1e-3 * w->distance[RG_FULL].value);
                check_bounds(w);
                rg_pass_free(&pass);
            }
}

/* How much cancels in a representation does not depend on the form that is stepped, where noise smooths the kinks of psi. */
static void both_forms_have_one_size(void **state) {
    (void)state;
    rg_w1_values w[2];
    for (int form = 0; form < 2; form++) {
        struct problem p;
        pose(&p, 1, (ptrdiff_t[]){64, 1, 1}, 0.2, 0);
        p.x.form = form ? RG_FORM_RATIO : RG_FORM_DENSITY;
        rg_pass pass = pass_of(&p);
        w[form] = pass.w1;
        rg_pass_free(&pass);
    }
    assert_below(fabs(w[0].size.value / w[1].size.value - 1), 1e-4);
    assert_below(fabs(w[0].true_size.value / w[1].true_size.value - 1), 1e-4);
    assert_true(w[0].true_size.value > 1.05 * fabs(w[0].true_source.value));
}

/* An error that the sampler cannot see moves nothing, and every bound by the gradient part knows it; that by the whole
 * error does not. The split is solved to 1e-8 of the error; Gronwall's factor, which multiplies that, is left out. */
static void solenoidal_errors_bound_nothing_away(void **state) {
    (void)state;
    struct problem p;
    pose(&p, 2, (ptrdiff_t[]){36, 40, 1}, 0, 0.3);
    p.x.form = RG_FORM_RATIO;
    rg_pass pass = pass_of(&p);
    const rg_w1_values *w = &pass.w1;
    assert_below(w->distance[RG_FULL].value, 1e-6);
    for (int b = RG_W1_FEYNMAN_KAC; b < RG_W1_BOUNDS; b++) {
        assert_below(w->bound[RG_W1_GRADIENT][b].value, 1e-5);
        assert_true(w->bound[RG_W1_ERROR][b].value > 0.3);
    }
    assert_below(w->source_norm_bound.value, 1e-5);
    assert_below(w->tv_bound[RG_W1_GRADIENT].value, 1e-5);
    assert_true(w->tv_bound[RG_W1_ERROR].value > 0.1);
    rg_pass_free(&pass);
}

/* W2 on the circle by brute force: quantile functions of cells, all shifts of mass; at least W1, at most the bound. */
static double w2_on_circle(ptrdiff_t n, double length, const double *p, const double *q) {
    enum { PARTS = 20000 };
    double *from = malloc(2 * PARTS * sizeof *from), best = HUGE_VAL, total[2] = {0, 0};
    assert_non_null(from);
    double *quantile[2] = {from, from + PARTS};
    const double *density[2] = {p, q};
    for (ptrdiff_t i = 0; i < n; i++) total[0] += p[i], total[1] += q[i];
    for (int k = 0; k < 2; k++) {
        double below = 0;
        ptrdiff_t cell = 0;
        for (int i = 0; i < PARTS; i++) {
            const double level = (i + 0.5) / PARTS;
            while (cell < n - 1 && below + density[k][cell] / total[k] < level) below += density[k][cell++] / total[k];
            const double part = (level - below) / (density[k][cell] / total[k]);
            quantile[k][i] = ((double)cell + part) * length / (double)n;
        }
    }
    for (int shift = -PARTS / 10; shift <= PARTS / 10; shift += 10) {
        double sum = 0;
        for (int i = 0; i < PARTS; i++) {
            const int j = i + shift, turn = j < 0 ? -1 : j >= PARTS ? 1 : 0;
            sum += pow(quantile[0][i] - quantile[1][j - turn * PARTS] - turn * length, 2);
        }
        best = fmin(best, sum / PARTS);
    }
    free(from);
    return sqrt(best);
}

static void w2_is_bounded(void **state) {
    (void)state;
    const double energy[] = {0.3, 0.02};
    for (int i = 0; i < 2; i++) {
        struct problem p;
        pose(&p, 1, (ptrdiff_t[]){64, 1, 1}, energy[i], 0);
        p.covariance[0] = p.covariance[1] = 2.5; /* a score that hardly stretches: the bound says something */
        p.x.variance_max = 1.5;
        rg_outcome *o = NULL;
        rg_diagnostic said = {0};
        if (rg_run(&p.x, NULL, &o, &said)) fail_msg("%s", said.text);
        const double w2 = w2_on_circle(64, p.x.grid.length[0], o->fields.density, o->fields.marginal[RG_FULL]);
        const rg_w1_values *w = &o->w1.values;
        assert_below(w->distance[RG_FULL].value, w2 * 1.001);
        assert_below(w2, w->w2_bound[RG_W1_GRADIENT].value);
        assert_below(w->w2_bound[RG_W1_GRADIENT].value, 8 * w2);
        /* the map is the source */
        assert_below(fabs(rg_integral(&o->grid, o->w1.map) - w->source[RG_W1_GRADIENT].value), 1e-9);
        double sum = 0;
        for (size_t l = 0; l + 1 < o->levels; l++) { /* by the trapezoidal rule in log sigma: a per cent */
            const rg_outcome_level *a = &o->level[l], *b = a + 1;
            assert_below(fabs(a->w1.total - a->w1.positive - a->w1.negative), 1e-12);
            sum += 0.5 * (a->w1.total + b->w1.total) * log(a->sigma / b->sigma);
        }
        assert_below(fabs(sum / w->source[RG_W1_GRADIENT].value - 1), 0.01);
        assert_int_equal(rg_outcome_violated(o), 0);
        rg_outcome_free(o);
    }
}

/* The number behind `label` in a text whose lines may have been broken anywhere; the text is flattened. */
static double number_behind(char *text, const char *label) {
    for (char *c = text; *c; c++)
        if (*c == '\n') *c = ' ';
    const char *at = strstr(text, label);
    if (!at) fail_msg("expected \"%s\" in: %s", label, text);
    return strtod(at + strlen(label), NULL);
}

static void near(double shown, double value) {
    assert_below(fabs(shown / value - 1), 0.05); /* the digits that the error bars leave */
}

/* The table names W1 and both of its least bounds where they were asked for, and W1 nowhere else. */
static void the_table_says_it(void **state) {
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        struct problem p;
        pose(&p, 2, (ptrdiff_t[]){20, 18, 1}, 0.1, 0.2);
        p.x.tolerance = 1e-4;
        if (!asked) p.x.wasserstein.gap = 0;
        rg_outcome *o = NULL;
        rg_diagnostic said = {0};
        char *text = NULL;
        if (rg_run(&p.x, NULL, &o, &said)) fail_msg("%s", said.text);
        assert_ok(rg_outcome_table(o, &p.x, &text));
        if (asked) {
            const rg_w1_values *w = &o->w1.values;
            near(number_behind(text, "It costs W1(p, q) = "), w->distance[RG_FULL].value);
            near(number_behind(text, "the least bound on that is "), w->bound[RG_W1_GRADIENT][RG_W1_LEAST].value);
            near(number_behind(text, "by the gradient part, "), w->bound[RG_W1_ERROR][RG_W1_LEAST].value);
        } else {
            assert_null(strstr(text, "W1"));
        }
        rg_free(text);
        rg_outcome_free(o);
    }
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    struct problem p;
    pose(&p, 1, (ptrdiff_t[]){16, 1, 1}, 0.2, 0);
    p.x.tolerance = 1e-2;
    p.x.variance_min = 1;
    const rg_pass_options o = {.grid = p.x.grid, .tolerance = 1e-2, .form = RG_FORM_RATIO, .stage = "test"};
    rg_status status = RG_ENOMEM;
    int tries = 0;
    for (; status == RG_ENOMEM; tries++) {
        rg_pass pass;
        rg_alloc_fail_after(tries);
        status = rg_pass_run(&p.x, &o, &pass, NULL, NULL);
        rg_alloc_fail_after(-1);
        rg_pass_free(&pass);
    }
    assert_ok(status);
    assert_true(tries > 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_integral_is_the_rule_of_rg_integrate),
        cmocka_unit_test(expansion_is_the_greatest_rayleigh_quotient),
        cmocka_unit_test(slopes_stay_below_all_four_factors),
        cmocka_unit_test(factors_have_their_limits),
        cmocka_unit_test(exponents_are_known_to_their_bars),
        cmocka_unit_test(exponents_by_hand),
        cmocka_unit_test(greatest_expansion_is_known_to_its_bar),
        cmocka_unit_test(representation_closes),
        cmocka_unit_test(both_forms_have_one_size),
        cmocka_unit_test(solenoidal_errors_bound_nothing_away),
        cmocka_unit_test(w2_is_bounded),
        cmocka_unit_test(the_table_says_it),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
