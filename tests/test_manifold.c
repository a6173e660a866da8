/* Laws on manifolds: against sums written down afresh in long double, against closed forms, against independent samples; the
 * functionals of the path against closed forms and against the backward equation. */
#include "diffusion/manifold.h"

#include <rotgrad/spectral.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Sums in long double are the reference. */
#pragma GCC diagnostic ignored "-Wdouble-promotion"

#define TWO_PI 6.283185307179586476925286766559L

static rg_grid grid_of(int dim, const ptrdiff_t *shape, const double *lower, const double *length) {
    rg_grid g;
    assert_int_equal(rg_grid_init(dim, shape, lower, length, &g), RG_OK);
    return g;
}

static void point_of(const rg_grid *g, ptrdiff_t cell, double *x) {
    for (int a = g->dim - 1; a >= 0; a--) {
        x[a] = g->lower[a] + (double)(cell % g->shape[a]) * rg_grid_spacing(g, a);
        cell /= g->shape[a];
    }
}

static void close_to(double value, double expected, double tolerance, const char *what, double where) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s at %g: %.17g, expected %.17g, off by %.2e > %.2e", what, where, value, expected,
                 fabs(value - expected), tolerance);
}

/* ---- the shapes, written down again: a point and the element of length or area, t in angles */

static void formula(rg_density_kind kind, const rg_grid *g, long double u, long double v, long double x[3],
                    long double *element) {
    const double *l = g->length;
    long double f[3] = {0}, du[3] = {0}, dv[3] = {0};
    switch (kind) {
    case RG_DENSITY_CIRCLE:
        f[0] = cosl(u) / 4, f[1] = sinl(u) / 4, du[0] = -sinl(u) / 4, du[1] = cosl(u) / 4;
        break;
    case RG_DENSITY_FIGURE_EIGHT:
        f[0] = 0.3L * sinl(u), f[1] = 0.15L * sinl(2 * u), du[0] = 0.3L * cosl(u), du[1] = 0.3L * cosl(2 * u);
        break;
    case RG_DENSITY_SPHERE:
        f[0] = cosl(u) / 4, f[1] = sinl(u) * cosl(v) / 4, f[2] = sinl(u) * sinl(v) / 4;
        du[0] = -sinl(u) / 4, du[1] = cosl(u) * cosl(v) / 4, du[2] = cosl(u) * sinl(v) / 4;
        dv[1] = -f[2], dv[2] = f[1];
        break;
    case RG_DENSITY_TORUS_KNOT: {
        const long double r = 0.25L + 0.1L * cosl(3 * u), dr = -0.3L * sinl(3 * u);
        f[0] = r * cosl(2 * u), f[1] = r * sinl(2 * u), f[2] = 0.1L * sinl(3 * u);
        du[0] = dr * cosl(2 * u) - 2 * f[1], du[1] = dr * sinl(2 * u) + 2 * f[0], du[2] = 0.3L * cosl(3 * u);
        break;
    }
    default:
        f[0] = u / TWO_PI, f[1] = v / TWO_PI, f[2] = (u + v) / TWO_PI;
        du[0] = du[2] = dv[1] = dv[2] = 1 / TWO_PI;
    }
    long double uu = 0, vv = 0, uv = 0;
    for (int a = 0; a < g->dim; a++) {
        x[a] = g->lower[a] + l[a] * (0.5L + f[a]);
        uu += du[a] * du[a] * l[a] * l[a];
        vv += dv[a] * dv[a] * l[a] * l[a];
        uv += du[a] * dv[a] * l[a] * l[a];
    }
    *element = vv > 0 ? sqrtl(fmaxl(uu * vv - uv * uv, 0)) : sqrtl(uu);
}

/* log p and the score by a rule of other and more nodes (the midpoint rule on every angle; on the sphere's polar angle, where
 * the integrand is no periodic function, four panels of Gauss and Legendre's ten nodes each 1/12 of the way), all images. */
static const double gauss_node[] = {0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845,
                                    0.9739065285171717};
static const double gauss_weight[] = {0.2955242247147529, 0.2692667193099963, 0.2190863625159820, 0.1494513491505806,
                                      0.0666713443086881};

struct sum {
    long double top, mass, slope[3];
};

static void add(struct sum *s, const rg_grid *g, const double *at, const long double *x, long double weight,
                long double variance) {
    long double value = logl(weight), slope[3] = {0};
    for (int a = 0; a < g->dim; a++) {
        const long double nearest = remainderl(at[a] - x[a], g->length[a]);
        const int most = 2 + (int)ceill(9.5L * sqrtl(variance) / g->length[a]);
        long double sum = 0, moment = 0;
        for (int k = -most; k <= most; k++) {
            const long double d = nearest + k * g->length[a],
                              term = expl((nearest * nearest - d * d) / (2 * variance));
            sum += term;
            moment += d * term;
        }
        value += logl(sum) - nearest * nearest / (2 * variance) - 0.5L * logl(TWO_PI * variance);
        slope[a] = -moment / (sum * variance);
    }
    const long double factor = value > s->top ? expl(s->top - value) : 1;
    const long double term = value > s->top ? 1 : expl(value - s->top);
    s->top = fmaxl(s->top, value);
    s->mass = factor * s->mass + term;
    for (int a = 0; a < g->dim; a++) s->slope[a] = factor * s->slope[a] + term * slope[a];
}

static void brute(const rg_density_spec *spec, const rg_grid *g, int nodes, double variance, const double *at,
                  double *log_density, double *score) {
    const int surface = spec->kind == RG_DENSITY_SPHERE || spec->kind == RG_DENSITY_CLIFFORD;
    const int polar = spec->kind == RG_DENSITY_SPHERE, columns = surface ? nodes : 1;
    const long double total_variance = (long double)variance + (long double)spec->width * spec->width;
    struct sum s = {-INFINITY, 0, {0}};
    long double total = 0;
    for (int i = 0; i < nodes; i++)
        for (int j = 0; j < columns; j++) {
            long double u = TWO_PI * (i + 0.5L) / nodes, weight = 1, x[3], element;
            if (polar) {
                const int panel = i / 10, k = i % 10;
                const long double half = TWO_PI / 4 / (nodes / 10); /* of a panel of [0, pi] */
                u = half * (2 * panel + 1 + (k % 2 ? 1 : -1) * gauss_node[k / 2]);
                weight = gauss_weight[k / 2];
            }
            formula(spec->kind, g, u, TWO_PI * (j + 0.25L) / columns, x, &element);
            total += weight * element;
            add(&s, g, at, x, weight * element, total_variance);
        }
    *log_density = (double)(s.top + logl(s.mass / total));
    for (int a = 0; a < g->dim; a++) score[a] = (double)(s.slope[a] / s.mass);
}

static const double lower[] = {-1.3, 0.4, -0.2}, length[] = {2.3, 1.7, 1.9};

/* The contract: relative error of p below 1e-11 an axis, as of samples, with the margin of ten of that test; far out, where
 * the exponent is up to 1e5 nats, its rounding. */
static void shape_case(rg_density_kind kind, int dim, double deviation, double width, int nodes) {
    const ptrdiff_t shape[3][3] = {{0}, {26, 21}, {10, 9, 8}};
    const rg_grid g = grid_of(dim, shape[dim - 1], lower, length);
    const ptrdiff_t n = rg_grid_cells(&g);
    const rg_density_spec spec = {.kind = kind, .width = width};
    const double variance_min = deviation * deviation - width * width, factors[] = {1, 1.7, 90};
    rg_density *density = NULL;
    rg_diagnostic diagnostic = {0};
    if (rg_density_create(&g, &spec, variance_min, &density, &diagnostic)) fail_msg("%s", diagnostic.text);
    double *log_density = rg_field_alloc((size_t)n), *score = rg_field_alloc((size_t)(n * dim));
    assert_true(log_density && score);
    for (int v = 0; v < 3; v++) {
        const double variance = factors[v] * variance_min + (factors[v] - 1) * width * width;
        if (rg_density_at(density, variance, log_density, score, &diagnostic)) fail_msg("%s", diagnostic.text);
        for (ptrdiff_t i = v; i < n; i += dim == 3 ? 37 : 5) {
            double x[3], expected, slope[3];
            point_of(&g, i, x);
            brute(&spec, &g, nodes, variance, x, &expected, slope);
            const double rounding = 1e-10 + 64 * DBL_EPSILON * fabs(expected);
            close_to(log_density[i], expected, rounding, "log density", (double)i);
            for (int a = 0; a < dim; a++)
                close_to(score[a * n + i], slope[a], rounding * (1 / deviation + fabs(slope[a])), "score", (double)i);
        }
    }
    rg_density_destroy(density);
    rg_free(log_density);
    rg_free(score);
}

static void manifolds_are_sums_over_their_points(void **state) {
    (void)state;
    shape_case(RG_DENSITY_CIRCLE, 2, 0.09, 0, 700);
    shape_case(RG_DENSITY_CIRCLE, 2, 0.008, 0, 5000); /* the tail is exp(-6000): log-sum-exp */
    shape_case(RG_DENSITY_CIRCLE, 2, 0.09, 0.05, 700);
    shape_case(RG_DENSITY_FIGURE_EIGHT, 2, 0.07, 0, 900);
    shape_case(RG_DENSITY_TORUS_KNOT, 3, 0.11, 0, 900);
    shape_case(RG_DENSITY_SPHERE, 3, 0.13, 0, 120);
    shape_case(RG_DENSITY_CLIFFORD, 3, 0.15, 0, 90);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifolds_are_sums_over_their_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
