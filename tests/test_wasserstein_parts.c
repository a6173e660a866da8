/* Bounds on W1 from nodes that are known, and bars and fields of a run whose ends are given. Whole runs: test_wasserstein.c. */
#include "base/base.h"
#include "experiment/wasserstein.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fields.h"

/* ---- bounds */

enum { NODES = 161 };
static const double low = 0.15, high = 1.35, churn = 1.3;

/* Integrals that stand still, a growth of `rate`, nodes equally far apart in sqrt(v - low). */
static void fill_nodes(rg_w1_node *node, double rate, double doubt) {
    for (int i = 0; i < NODES; i++) {
        const double up = (high - low) * pow(i / (NODES - 1.0), 2);
        node[i] = (rg_w1_node){.variance = low + up,
                               .mean = {0.3, 0.5},
                               .root = {0.4, 0.7},
                               .pointwise = {0.9, 1.1},
                               .least = {0.8, 1.0},
                               .least_low = {0.7, 0.95},
                               .stretch = 1.6,
                               .norm = 0.25,
                               .exponent = {rate * up, doubt * up},
                               .steepest = {rate, doubt}};
    }
}

/* int_0^T exp(a t) dt */
static double grown(double a, double t) {
    return a == 0 ? t : expm1(a * t) / a;
}

static void check_value(const char *name, rg_value found, double value) {
    if (!(fabs(found.value - value) <= 1e-6 * value)) fail_msg("%s: %.10g, by hand %.10g", name, found.value, value);
}

/* Noted by a march of churn `churn` in a box of reach `reach`; the nodes are yet to fill. */
static rg_w1 work_on(const rg_experiment *x, rg_w1_node *node, double *quadrature, double reach) {
    return (rg_w1){.experiment = x,
                   .drift = 0.5 * (1 + churn * churn),
                   .diffusion = 0.5 * churn * churn,
                   .reach = reach,
                   .count = NODES,
                   .node = node,
                   .quadrature = quadrature,
                   .end_pointwise = 2.4,
                   .end_least = 1.9,
                   .end_least_low = 1.7,
                   .frobenius = 5.3};
}

static void bounds_of_nodes_by_hand(void **state) {
    (void)state;
    for (double rate = 0; rate < 2; rate += 0.9) {
        rg_w1_node node[NODES];
        double quadrature[2 * NODES];
        const rg_experiment x = {.variance_min = low, .variance_max = high};
        const double c = 0.5 * (1 + churn * churn), d = 0.5 * churn * churn, o = 2.2, time = high - low;
        rg_w1 w = work_on(&x, node, quadrature, o);
        fill_nodes(node, rate, 0);
        const double prior = 0.07, tv = 0.11;
        rg_w1_values v = {.prior = {prior, 0}};
        rg_w1_bounds(&w, 0, (rg_value){tv, 0}, &v);
        const double gronwall = exp(rate * time), bernstein = sqrt(1 + rate / d * o * o / 4);
        /* smoothing: range / 2 sqrt(x / (1 - exp(-x)) / 2) / sqrt(D t), x = 2 rate t; its integral by Simpson over sqrt(t) */
        double smooth = 0, end = 0;
        const int simpson = 2000;
        for (int i = 0; i <= simpson; i++) {
            const double t = time * pow((double)i / simpson, 2), two = 2 * rate * t;
            end = 0.5 * sqrt(0.5 * (two > 0 ? two / (1 - exp(-two)) : 1) / d); /* times sqrt(t), for a range of 1 */
            smooth += 2 * end * sqrt(time) / simpson / 3 * (i == 0 || i == simpson ? 1 : i % 2 ? 4 : 2);
        }
        end /= sqrt(time);
        for (int k = 0; k < RG_W1_FIELDS; k++) {
            const rg_value *b = v.bound[k];
            check_value("Gronwall", b[RG_W1_GRONWALL], c * node[0].mean[k] * grown(rate, time) + gronwall * prior);
            check_value("Feynman-Kac", b[RG_W1_FEYNMAN_KAC], c * node[0].pointwise[k] * time + 2.4 * prior);
            check_value("mean square", b[RG_W1_MEAN_SQUARE], c * 1.6 * node[0].root[k] * time + 2.4 * prior);
            check_value("Bernstein", b[RG_W1_BERNSTEIN], bernstein * (c * node[0].mean[k] * time + prior));
            check_value("smoothing", b[RG_W1_SMOOTHING], o * (c * node[0].mean[k] * smooth + end * prior));
            check_value("least", b[RG_W1_LEAST], c * node[0].least[k] * time + 1.9 * prior);
            check_value("TV", v.tv_bound[k], c * node[0].mean[k] * smooth + tv);
            assert_true(isinf(v.w2_bound[k].value));
        }
        check_value("printed", v.printed, o * sqrt(o) * (1 + sqrt(5.3)) * (prior + sqrt(0.49 * time)));
        assert_below(v.source_norm_bound.value,
                     c * 0.25 * fmin(grown(rate, time), bernstein * time) + fmin(gronwall, bernstein) * prior + 1e-9);
        rg_w1_bounds(&w, 1, (rg_value){0, 0}, &v);
        for (int k = 0; k < RG_W1_FIELDS; k++)
            check_value("W2", v.w2_bound[k], c * node[0].root[k] * grown(rate, time));
    }
}

/* What the bar of the growth makes of a bound is in the bound's bar. */
static void doubtful_growth_makes_bars(void **state) {
    (void)state;
    rg_w1_node node[NODES];
    double quadrature[2 * NODES];
    const rg_experiment x = {.variance_min = low, .variance_max = high};
    const double c = 0.5 * (1 + churn * churn), d = 0.5 * churn * churn, o = 2.2, time = high - low;
    rg_w1 w = work_on(&x, node, quadrature, o);
    fill_nodes(node, 0.9, 0.2);
    rg_w1_values v = {.prior = {0, 0}};
    rg_w1_bounds(&w, 0, (rg_value){0, 0}, &v);
    for (int k = 0; k < RG_W1_FIELDS; k++) {
        const double gronwall = c * node[0].mean[k] * (grown(0.9, time) - grown(0.7, time));
        const double bernstein =
            c * node[0].mean[k] * time * (sqrt(1 + 0.9 / d * o * o / 4) - sqrt(1 + 0.7 / d * o * o / 4));
        const double least = c * (node[0].least[k] - node[0].least_low[k]) * time;
        assert_below(fabs(v.bound[k][RG_W1_GRONWALL].error / gronwall - 1), 1e-3);
        assert_below(fabs(v.bound[k][RG_W1_BERNSTEIN].error / bernstein - 1), 1e-3);
        assert_below(fabs(v.bound[k][RG_W1_LEAST].error / least - 1), 1e-3);
        assert_below(v.bound[k][RG_W1_FEYNMAN_KAC].error, 1e-9);
    }
}

/* ---- a run */

struct stand {
    rg_grid grid;
    rg_experiment x;
    rg_levels *levels;
    rg_evolve *evolve;
    rg_w1_trail trail;
    double *density, *high, *q;
};

/* One Gaussian in the middle, and an error that is even about it: everything is odd or even. */
static const double middle[] = {0, 0}, covariance[] = {0.5, 0, 0, 0.6}, one = 1;

static void stand_up(struct stand *s, int dim, rg_error_term *term) {
    const double half[] = {0.5}, *shape = dim == 1 ? half : covariance;
    *s = (struct stand){
        .x = {.density =
                  {.kind = RG_DENSITY_MIXTURE, .components = 1, .means = middle, .covariances = shape, .weights = &one},
              .variance_min = 0.2,
              .variance_max = 0.8,
              .churn = 1,
              .tolerance = 1e-6,
              .form = RG_FORM_DENSITY,
              .wasserstein = {1e-3, 1e-2}}};
    assert_ok(rg_grid_init(dim, (ptrdiff_t[]){32, 28, 1}, NULL, NULL, &s->grid));
    s->x.grid = s->grid;
    const rg_split_options split = {.tolerance = 1e-8};
    const rg_evolve_options o = {
        .form = RG_FORM_DENSITY, .variance_min = 0.2, .variance_max = 0.8, .churn = 1, .tolerance = 1e-6};
    const ptrdiff_t n = rg_grid_cells(&s->grid);
    assert_ok(rg_levels_create(&s->grid, &s->x.density, term, 1, 0.2, 0.8, &split, &s->levels, NULL));
    assert_ok(rg_evolve_create(s->levels, &o, &s->evolve, NULL));
    s->trail.cells = (size_t)n;
    s->density = field(n);
    s->q = field(n);
    s->high = copy_of(n, rg_evolve_level(s->evolve)->density);
    int done = 0;
    assert_ok(rg_w1_trail_add(&s->trail, s->evolve, RG_FORM_DENSITY));
    while (!done) {
        assert_ok(rg_evolve_step(s->evolve, &done, NULL));
        assert_ok(rg_w1_trail_add(&s->trail, s->evolve, RG_FORM_DENSITY));
    }
    double clipped;
    memcpy(s->density, rg_evolve_level(s->evolve)->density, (size_t)n * sizeof *s->density);
    rg_evolve_ratio(s->evolve, RG_FULL, s->q, &clipped);
    for (ptrdiff_t i = 0; i < n; i++) s->q[i] *= s->density[i];
    const double mass = rg_integral(&s->grid, s->q);
    for (ptrdiff_t i = 0; i < n; i++) s->q[i] /= mass;
}

static void take_down(struct stand *s) {
    rg_w1_trail_free(&s->trail);
    rg_evolve_destroy(s->evolve);
    rg_levels_destroy(s->levels);
    rg_free(s->density);
    rg_free(s->high);
    rg_free(s->q);
}

static rg_w1_values run(struct stand *s, const double *floor, double lost, const double *prior, rg_outcome *o) {
    rg_w1_input in = {.levels = s->levels,
                      .grid = &s->grid,
                      .tolerance = 1e-6,
                      .form = RG_FORM_DENSITY,
                      .density = s->density,
                      .prior = prior,
                      .trail = &s->trail};
    for (int m = 0; m <= RG_MARGINALS; m++) {
        in.marginal[m] = m == RG_FLOOR ? floor : s->q;
        in.lost[m] = m == RG_FLOOR ? 0 : lost * (m + 1);
    }
    rg_w1_values v;
    rg_diagnostic said = {0};
    if (rg_w1_run(&s->x, &in, &v, o, &said)) fail_msg("%s", said.text);
    return v;
}

/* In one dimension W1 has no bracket: the bars are the floor, lost mass times the diameter, and the tolerance. */
static void bars_of_distances(void **state) {
    (void)state;
    struct stand s;
    rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {0.3}};
    stand_up(&s, 1, &term);
    const double reach = pi, lost = 3e-4;
    double turned[32], flat[32], floor, tv = 0;
    for (int i = 0; i < 32; i++) turned[(i + 1) % 32] = s.density[i], flat[i] = 1 / (2 * pi);
    const rg_w1_values plain = run(&s, s.density, 0, s.high, NULL), other = run(&s, turned, lost, flat, NULL);
    rg_transport *t = NULL;
    rg_transport_report report;
    assert_ok(rg_transport_create(&s.grid, 0, RG_PLAN_ESTIMATE, &t));
    assert_ok(rg_transport_solve(t, NULL, s.density, turned, NULL, NULL, &report, NULL));
    rg_transport_destroy(t);
    floor = report.value;
    for (int m = 0; m < RG_MARGINALS; m++) {
        assert_below(plain.distance[m].error, 1e-12);
        assert_below(fabs(other.distance[m].error - floor - reach * lost * (m + 1)), 1e-9);
    }
    assert_below(fabs(plain.gain.error - reach * 1e-6), 1e-12);
    assert_below(fabs(other.gain.error - floor - reach * (lost * (RG_FULL + 1) + 1e-6)), 1e-9);
    for (int i = 0; i < 32; i++) tv += 0.5 * fabs(s.high[i] - flat[i]) * rg_grid_spacing(&s.grid, 0);
    for (int k = 0; k < RG_W1_FIELDS; k++)
        assert_below(fabs(other.tv_bound[k].value - plain.tv_bound[k].value - tv), 1e-9);
    take_down(&s);
}

/* Mirrored densities have a mirrored flux: at points, not on faces, where each stands half a spacing off. */
static void the_flux_stands_at_the_points(void **state) {
    (void)state;
    for (int dim = 1; dim <= 2; dim++) {
        struct stand s;
        rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = 0.3};
        stand_up(&s, dim, &term);
        const ptrdiff_t n = rg_grid_cells(&s.grid);
        rg_outcome o = {.levels = 0};
        (void)run(&s, s.density, 0, NULL, &o);
        for (int a = 0; a < dim; a++)
            for (ptrdiff_t i = 0; i < n; i++) {
                ptrdiff_t place[RG_MAX_DIM];
                place_of(&s.grid, i, place);
                for (int b = 0; b < dim; b++) place[b] = (s.grid.shape[b] - place[b]) % s.grid.shape[b];
                const double here = o.w1.flux[a * n + i], there = o.w1.flux[a * n + cell_at(&s.grid, place)];
                assert_below(fabs(here + there), 1e-4 * rms(dim * n, o.w1.flux));
            }
        assert_true(rms(dim * n, o.w1.flux) > 1e-3);
        rg_free(o.w1.flux);
        rg_free(o.w1.map);
        rg_free(o.w1.potential);
        take_down(&s);
    }
}

/* E[Lambda |e|] is at most the product of roots by Cauchy and Schwarz, and Lambda at most Gronwall's factor: where scores
 * contract as where they stretch. */
static void means_of_lambda_are_ordered(void **state) {
    (void)state;
    for (int dim = 1; dim <= 2; dim++) {
        struct stand s;
        rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = 0.3};
        stand_up(&s, dim, &term);
        const rg_w1_values v = run(&s, s.density, 0, NULL, NULL);
        for (int k = 0; k < RG_W1_FIELDS; k++) {
            const rg_value product = v.bound[k][RG_W1_MEAN_SQUARE], mean = v.bound[k][RG_W1_FEYNMAN_KAC];
            assert_true(mean.value > 0 && mean.value <= product.value * (1 + 1e-6));
            assert_true(product.value <= v.w2_bound[k].value * (1 + 1e-3) + v.w2_bound[k].error);
        }
        take_down(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_of_nodes_by_hand),     cmocka_unit_test(doubtful_growth_makes_bars),
        cmocka_unit_test(bars_of_distances),           cmocka_unit_test(the_flux_stands_at_the_points),
        cmocka_unit_test(means_of_lambda_are_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
