/* Laws on manifolds: against sums written down afresh in long double, against closed forms, against independent samples; the
 * functionals of the path against closed forms and against the backward equation. */
#include "diffusion/manifold.h"
#include "experiment/manifold.h"

#include <rotgrad/backward.h>
#include <rotgrad/manifold.h>
#include <rotgrad/path.h>
#include <rotgrad/spectral.h>

#include <float.h>
#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"

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
            const long double d = nearest + k * g->length[a], term = expl((nearest * nearest - d * d) / (2 * variance));
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
        for (ptrdiff_t i = v; i < n; i += dim == 3 ? 97 : 23) {
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
    shape_case(RG_DENSITY_CIRCLE, 2, 0.02, 0, 2200); /* the tail is exp(-1000): log-sum-exp */
    shape_case(RG_DENSITY_CIRCLE, 2, 0.09, 0.05, 700);
    shape_case(RG_DENSITY_FIGURE_EIGHT, 2, 0.07, 0, 900);
    shape_case(RG_DENSITY_TORUS_KNOT, 3, 0.11, 0, 900);
    shape_case(RG_DENSITY_SPHERE, 3, 0.17, 0, 100);
    shape_case(RG_DENSITY_CLIFFORD, 3, 0.17, 0, 80);
}

/* x2 = x0 + x1 in fractions: p_v is one wrapped Gaussian across the sheet. In an equal box of length L: the fraction
 * w = x2 - x0 - x1 has variance 3 v / L^2 and period 1, and p = f(w) / L^3. */
static void flat_torus_has_a_closed_form(void **state) {
    (void)state;
    const double low[] = {0, 0, 0}, long3[] = {1.9, 1.9, 1.9}, variances[] = {0.011, 0.05, 2};
    const rg_grid g = grid_of(3, (const ptrdiff_t[]){9, 10, 8}, low, long3);
    const rg_density_spec spec = {.kind = RG_DENSITY_CLIFFORD};
    rg_density *density = NULL;
    assert_int_equal(rg_density_create(&g, &spec, variances[0], &density, NULL), RG_OK);
    double *log_density = rg_field_alloc((size_t)rg_grid_cells(&g)),
           *score = rg_field_alloc(3 * (size_t)rg_grid_cells(&g));
    assert_true(log_density && score);
    for (int v = 0; v < 3; v++) {
        assert_int_equal(rg_density_at(density, variances[v], log_density, score, NULL), RG_OK);
        for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) {
            double x[3], slope;
            point_of(&g, i, x);
            const double w = (x[2] - x[0] - x[1]) / 1.9 + 0.5; /* the sheet goes through the centre */
            const double expected = rg_wrapped_log(w, 1, 3 * variances[v] / (1.9 * 1.9), &slope) - 3 * log(1.9);
            close_to(log_density[i], expected, 1e-10, "log density", variances[v]);
            close_to(score[i], -slope / 1.9, 1e-9 / sqrt(variances[v]), "score", variances[v]);
            close_to(score[2 * rg_grid_cells(&g) + i], slope / 1.9, 1e-9 / sqrt(variances[v]), "score", variances[v]);
        }
    }
    rg_density_destroy(density);
    rg_free(log_density);
    rg_free(score);
}

/* Points are samples; a curve by count is points on it. */
static void points_are_samples(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (const ptrdiff_t[]){17, 12}, lower, length);
    double point[10];
    for (int i = 0; i < 5; i++) {
        const double angle = (double)TWO_PI * i / 5;
        point[2 * i] = lower[0] + length[0] * (0.5 + 0.25 * cos(angle));
        point[2 * i + 1] = lower[1] + length[1] * (0.5 + 0.25 * sin(angle));
    }
    const rg_density_spec spec[] = {{.kind = RG_DENSITY_SAMPLES, .samples = 5, .points = point},
                                    {.kind = RG_DENSITY_POINTS, .samples = 5, .points = point},
                                    {.kind = RG_DENSITY_CIRCLE, .count = 5}};
    double *value[3], *distance[3];
    const size_t n = (size_t)rg_grid_cells(&g);
    for (int k = 0; k < 3; k++) {
        rg_density *density = NULL;
        value[k] = rg_field_alloc(n);
        distance[k] = rg_field_alloc(n);
        assert_true(value[k] && distance[k]);
        assert_int_equal(rg_density_create(&g, &spec[k], 0.01, &density, NULL), RG_OK);
        assert_int_equal(rg_density_at(density, 0.013, value[k], NULL, NULL), RG_OK);
        assert_int_equal(rg_manifold_distance(&g, &spec[k], distance[k], NULL), RG_OK);
        assert_int_equal(rg_manifold_dimension(&spec[k]), 0);
        rg_density_destroy(density);
    }
    for (int k = 1; k < 3; k++)
        for (size_t i = 0; i < n; i++) {
            close_to(value[k][i], value[0][i], 1e-11 * (1 + fabs(value[0][i])), "log density", (double)i);
            close_to(distance[k][i], distance[0][i], 1e-14, "distance", (double)i);
        }
    for (int k = 0; k < 3; k++) {
        rg_free(value[k]);
        rg_free(distance[k]);
    }
}

/* ---- distances */

/* In a cube a circle and a sphere have a closed form wherever the own image is the nearest one; elsewhere, and of the other
 * shapes, distances are those to a hundred thousand points, which are too large by at most s^2 / (8 r), s their spacing. */
static void distances_are_exact(void **state) {
    (void)state;
    const double low[] = {-1, 0.5, 0}, long3[] = {2.2, 2.2, 2.2};
    for (int dim = 2; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, (const ptrdiff_t[]){11, 14, 9}, low, long3);
        const rg_density_spec spec = {.kind = dim == 2 ? RG_DENSITY_CIRCLE : RG_DENSITY_SPHERE};
        double *distance = rg_field_alloc((size_t)rg_grid_cells(&g));
        assert_non_null(distance);
        assert_int_equal(rg_manifold_distance(&g, &spec, distance, NULL), RG_OK);
        for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) {
            double x[3], square = 0;
            point_of(&g, i, x);
            for (int a = 0; a < dim; a++) square += pow(x[a] - low[a] - 1.1, 2);
            close_to(distance[i], fabs(sqrt(square) - 0.55), 1e-7, "distance", (double)i); /* the centre, at worst */
        }
        rg_free(distance);
    }
}

static void distances_to_other_curves(void **state) {
    (void)state;
    enum { DENSE = 20000 };
    const rg_density_kind kinds[] = {RG_DENSITY_FIGURE_EIGHT, RG_DENSITY_TORUS_KNOT};
    for (int k = 0; k < 2; k++) {
        const int dim = k + 2;
        const rg_grid g = grid_of(dim, (const ptrdiff_t[]){12, 9, 7}, lower, length);
        const rg_density_spec spec = {.kind = kinds[k]};
        double *distance = rg_field_alloc((size_t)rg_grid_cells(&g));
        assert_non_null(distance);
        assert_int_equal(rg_manifold_distance(&g, &spec, distance, NULL), RG_OK);
        for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i += dim == 3 ? 11 : 3) {
            double x[3];
            long double least = INFINITY, at[3], element;
            point_of(&g, i, x);
            for (int t = 0; t < DENSE; t++) {
                long double square = 0;
                formula(kinds[k], &g, TWO_PI * t / DENSE, 0, at, &element);
                for (int a = 0; a < dim; a++) square += powl(remainderl(x[a] - at[a], g.length[a]), 2);
                least = fminl(least, square);
            }
            close_to(distance[i], (double)sqrtl(least), 1e-5, "distance", (double)i);
        }
        rg_free(distance);
    }
}

/* v E_p|s|^2 tends to d - k: a k-dimensional law leaves the noise in d - k directions alone, and its own density is flat. What
 * is left over is of order v over the square of the radius, or of half the distance between points. The last column is what
 * docs/manifolds.md says of it, to its last digit. */
static void readout_tends_to_the_codimension(void **state) {
    (void)state;
    const struct {
        rg_density_spec spec;
        int dim, k;
        ptrdiff_t points;
        double deviation, found;
    } of[] = {
        {{.kind = RG_DENSITY_CIRCLE}, 2, 1, 120, 0.08, 0.9987},
        {{.kind = RG_DENSITY_CIRCLE, .count = 8}, 2, 0, 120, 0.08, 2},
        {{.kind = RG_DENSITY_FIGURE_EIGHT}, 2, 1, 150, 0.06, 0.9657},
        {{.kind = RG_DENSITY_SPHERE}, 3, 2, 48, 0.2, 1.0165},
        {{.kind = RG_DENSITY_TORUS_KNOT}, 3, 1, 60, 0.15, 1.9934},
        {{.kind = RG_DENSITY_CLIFFORD}, 3, 2, 48, 0.2, 1},
    };
    for (size_t s = 0; s < sizeof of / sizeof *of; s++) {
        const ptrdiff_t shape[] = {of[s].points, of[s].points, of[s].points};
        const rg_grid g = grid_of(of[s].dim, shape, NULL, NULL);
        const ptrdiff_t n = rg_grid_cells(&g);
        const double variance = of[s].deviation * of[s].deviation;
        rg_density *density = NULL;
        double *log_density = rg_field_alloc((size_t)n), *score = rg_field_alloc((size_t)(n * g.dim)), sum = 0,
               mass = 0;
        assert_true(log_density && score);
        assert_int_equal(rg_density_create(&g, &of[s].spec, variance, &density, NULL), RG_OK);
        assert_int_equal(rg_density_at(density, variance, log_density, score, NULL), RG_OK);
        assert_int_equal(rg_manifold_dimension(&of[s].spec), of[s].k);
        for (ptrdiff_t i = 0; i < n; i++) {
            const double p = exp(log_density[i]);
            mass += p;
            for (int a = 0; a < g.dim; a++) sum += variance * p * score[a * n + i] * score[a * n + i];
        }
        close_to(mass * rg_grid_cell_volume(&g), 1, 1e-6, "mass", (double)s);
        close_to(sum / mass, g.dim - of[s].k, 0.05 * (g.dim - of[s].k), "readout", (double)s);
        close_to(sum / mass, of[s].found, 0.5001e-4, "readout as documented", (double)s);
        rg_density_destroy(density);
        rg_free(log_density);
        rg_free(score);
    }
}

/* ---- samples */

/* What is drawn lies on the shape, and its second moments are those of the quadrature within five standard errors. */
static void draws_are_uniform_on_the_manifold(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    const double tall_length[] = {2.3, 0.9, 1.4};
    for (int kind = RG_DENSITY_CIRCLE; kind < RG_DENSITY_POINTS; kind++) {
        const int dim = rg_manifold_axes((rg_density_kind)kind);
        const rg_grid g = grid_of(dim, (const ptrdiff_t[]){8, 8, 8}, lower, tall_length);
        const rg_density_spec spec = {.kind = (rg_density_kind)kind};
        rg_nodes nodes;
        double *points = rg_field_alloc((size_t)(dim * COUNT));
        assert_non_null(points);
        assert_int_equal(rg_density_draw(&g, &spec, 0, COUNT, 5, NULL, points), RG_OK);
        assert_int_equal(rg_nodes_create(&g, &spec, 0.01, &nodes, NULL), RG_OK);
        for (int a = 0; a < dim; a++) {
            double mean = 0, fourth = 0, drawn = 0;
            for (size_t i = 0; i < nodes.count; i++) {
                const double c =
                    cos((double)TWO_PI * (nodes.point[i * (size_t)dim + (size_t)a] - lower[a]) / tall_length[a]);
                mean += nodes.weight[i] * c;
                fourth += nodes.weight[i] * c * c;
            }
            for (int i = 0; i < COUNT; i++)
                drawn += cos((double)TWO_PI * (points[i * dim + a] - lower[a]) / tall_length[a]) / COUNT;
            close_to(drawn, mean, 5 * sqrt((fourth - mean * mean) / COUNT) + 1e-12, "moment", kind);
        }
        rg_nodes_free(&nodes);
        rg_free(points);
    }
}

/* ---- new kinds of error */

static void scaled_and_exploding_errors(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (const ptrdiff_t[]){8, 6}, lower, length);
    const double point[] = {0.1, 0.9};
    const rg_density_spec spec = {.kind = RG_DENSITY_POINTS, .samples = 1, .points = point};
    const rg_error_term term[] = {{.kind = RG_ERROR_SCALED, .scaled = 0.3},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {2, -1}, .profile = RG_PROFILE_SIGMA},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {0, 5}, .profile = RG_PROFILE_VP}};
    const ptrdiff_t n = rg_grid_cells(&g);
    double *log_density = rg_field_alloc((size_t)n), *score = rg_field_alloc(2 * (size_t)n),
           *e = rg_field_alloc(2 * (size_t)n);
    assert_true(log_density && score && e);
    rg_density *density = NULL;
    rg_score_error *error = NULL;
    rg_diagnostic diagnostic = {0};
    assert_int_equal(rg_density_create(&g, &spec, 0.04, &density, NULL), RG_OK);
    assert_int_equal(rg_score_error_create(&g, term, 3, density, 0.04, 1, &error, NULL), RG_OK);
    for (int v = 0; v < 2; v++) {
        const double variance = v ? 0.7 : 0.04;
        assert_int_equal(rg_density_at(density, variance, log_density, score, NULL), RG_OK);
        assert_int_equal(rg_score_error_at(error, variance, log_density, score, e), RG_OK);
        for (ptrdiff_t i = 0; i < n; i++) {
            const double size = 1 + fabs(score[i]) + fabs(score[n + i]) + pow(variance, -0.5);
            close_to(e[i], 2 / sqrt(variance) - 0.3 * score[i], 1e-14 * size, "e0", variance);
            close_to(e[n + i], 5 / sqrt(1 + variance) - 1 / sqrt(variance) - 0.3 * score[n + i], 1e-14 * size, "e1",
                     variance);
        }
    }
    rg_score_error_destroy(error);
    error = NULL;
    assert_int_equal(rg_score_error_create(&g, &term[1], 1, density, 0, 1, &error, &diagnostic), RG_EINVAL);
    assert_non_null(strstr(diagnostic.text, "infinite at sigma = 0"));
    assert_int_equal(rg_score_error_create(&g, &term[2], 1, density, 0, 1, &error, &diagnostic), RG_OK);
    rg_score_error_destroy(error);
    error = NULL;
    const rg_error_term bad[] = {{.kind = RG_ERROR_SCALED, .scaled = NAN},
                                 {.kind = RG_ERROR_CONSTANT, .constant = {0, NAN}, .profile = RG_PROFILE_VP},
                                 {.kind = RG_ERROR_CONSTANT, .profile = RG_PROFILES}};
    for (int i = 0; i < 3; i++)
        assert_int_equal(rg_score_error_create(&g, &bad[i], 1, density, 0.04, 1, &error, NULL), RG_EINVAL);
    rg_density_destroy(density);
    rg_free(log_density);
    rg_free(score);
    rg_free(e);
}

/* ---- functionals of the path */

struct march {
    rg_levels *levels;
    rg_path *path;
    rg_path_values end;
    double *q; /* at the end */
};

static struct march march(const rg_grid *g, const rg_density_spec *spec, const rg_error_term *term, size_t terms,
                          const rg_path_options *o) {
    struct march m = {0};
    rg_diagnostic diagnostic = {0};
    int done = 0;
    if (rg_levels_create(g, spec, term, terms, o->variance_min, o->variance_max, NULL, &m.levels, &diagnostic) ||
        rg_path_create(m.levels, o, &m.path, &diagnostic))
        fail_msg("%s", diagnostic.text);
    while (!done)
        if (rg_path_step(m.path, &done, &diagnostic)) fail_msg("%s", diagnostic.text);
    m.end = rg_path_report(m.path);
    m.q = rg_field_alloc((size_t)rg_grid_cells(g));
    assert_non_null(m.q);
    rg_path_marginal(m.path, m.q);
    return m;
}

static void march_free(struct march *m) {
    rg_path_destroy(m->path);
    rg_levels_destroy(m->levels);
    rg_free(m->q);
}

/* KL(p|q) and the mean of q along axis 0. */
static double kl_of(const rg_grid *g, const struct march *m, double *mean) {
    const rg_level *level = rg_path_level(m->path);
    double sum = 0;
    *mean = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        double x[3];
        point_of(g, i, x);
        *mean += m->q[i] * x[0] * rg_grid_cell_volume(g);
        if (level->density[i] > 1e-10) sum += level->density[i] * log(level->density[i] / m->q[i]);
    }
    return sum * rg_grid_cell_volume(g);
}

/* A VP model with a constant error c 1 and beta from 0.001 to 3 over T = 1: 1 + v = exp(int beta), e = c / sqrt(1 + v) in the
 * coordinate x / alpha. Gaussian data keep their shape: the samples' mean is 2 c (1 - exp(-a / 2)), a = 1.5005. */
static void constant_error_of_a_vp_model(void **state) {
    (void)state;
    const double exponent = 1.5005, high = expm1(exponent);
    for (int d = 1; d <= 2; d++) {
        const double c = d == 1 ? 3 : 1, low[] = {-16, -12, -12}, box[] = {d == 1 ? 40 : 24, 24};
        const double mean[] = {0, 0}, covariance[] = {1, 0, 0, 1}, weight[] = {1};
        const rg_grid g =
            grid_of(d, d == 1 ? (const ptrdiff_t[]){160} : (const ptrdiff_t[]){64, 60}, d == 1 ? low : low + 1, box);
        const rg_density_spec spec = {
            .kind = RG_DENSITY_MIXTURE, .components = 1, .means = mean, .covariances = covariance, .weights = weight};
        const rg_grid *grid = &g;
        const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {c, c}, .profile = RG_PROFILE_VP};
        const rg_path_options o = {.variance_max = high, .churn = 1, .tolerance = 1e-7};
        struct march m = march(grid, &spec, &term, 1, &o);
        double middle;
        const double kl = kl_of(grid, &m, &middle), shift = 2 * c * -expm1(-exponent / 2);
        close_to(m.end.path_kl, 0.5 * c * c * d * exponent, 1e-6, "path KL", d); /* 6.7523, 1.5005 */
        close_to(m.end.log_novikov, 0.5 * c * c * d * exponent, 1e-5, "Novikov", d);
        close_to(m.end.log_chi2, c * c * d * exponent, 1e-4, "path chi2", d);
        close_to(middle, shift, 1e-4, "mean", d);             /* 3.1665, 1.0555 */
        close_to(kl, 0.5 * shift * shift * d, 2e-4, "KL", d); /* 5.0134 */
        march_free(&m);
    }
}

/* One point, s_theta = (1 - eta) s. The sampler's law is N(0, w), dw/dv = 2 (1 - eta) w / v - 1, w = v at the start; KL
 * tends to 1/2 (-log(1 - 2 eta) - 2 eta), while the path's grows like 1/2 eta^2 log(T / t0). Novikov: in y = x / sigma, t = log v,
 * u = exp(A + B y^2), B' = 2 B^2 - B + eta^2 / 2, A' = B, and E u = exp(A) / sqrt(1 - 2 B) from T. */
static void point_mass_with_a_scaled_score(void **state) {
    (void)state;
    const double point[] = {0.3}, low[] = {-6}, box[] = {12.6}, eta = 0.25;
    const rg_grid g = grid_of(1, (const ptrdiff_t[]){640}, low, box);
    const rg_density_spec spec = {.kind = RG_DENSITY_POINTS, .samples = 1, .points = point};
    const rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = eta};
    const rg_path_options o = {.variance_min = 0.0025, .variance_max = 0.25, .churn = 1, .tolerance = 1e-6};
    struct march m = march(&g, &spec, &term, 1, &o);
    const double ratio = o.variance_max / o.variance_min, steps = 100000, dt = log(ratio) / steps;
    double a = 0, b = 0, middle;
    for (int i = 0; i < (int)steps; i++) { /* the midpoint rule: dt^2 */
        const double half = b + 0.5 * dt * (2 * b * b - b + 0.5 * eta * eta);
        a += dt * half;
        b += dt * (2 * half * half - half + 0.5 * eta * eta);
    }
    close_to(m.end.path_kl, 0.5 * eta * eta * log(ratio), 1e-6, "path KL", eta);
    close_to(m.end.log_novikov, a - 0.5 * log(1 - 2 * b), 1e-5, "Novikov", eta);
    close_to(m.end.readout, 1, 1e-6, "readout", eta);
    const double k = 1 / (1 - 2 * eta), w = k + (1 - k) * pow(ratio, 2 * eta - 1); /* w / v at the end */
    close_to(kl_of(&g, &m, &middle), 0.5 * (log(w) - 1 + 1 / w), 1e-5, "KL", eta);
    close_to(middle, 0.3, 1e-6, "mean", eta);
    march_free(&m);
}

/* ---- the backward equation says the same: E of the growth, given where the path starts */

struct dual {
    rg_levels *levels;
    rg_level room[2];
    double churn, twice, growth;
};

static rg_status dual_fields(void *data, double variance, double *drift, double *growth, rg_diagnostic *diagnostic) {
    struct dual *d = data;
    rg_level *const room[] = {&d->room[0], &d->room[1]};
    const rg_status status =
        rg_levels_unsplit_at_two(d->levels, (const double[]){variance, variance}, room, diagnostic);
    if (status) return status;
    const rg_grid *g = rg_levels_grid(d->levels);
    const ptrdiff_t n = rg_grid_cells(g);
    const double c = 0.5 * (1 + d->churn * d->churn), noise = 0.5 * d->churn * d->churn;
    for (int a = 0; a < g->dim; a++)
        for (ptrdiff_t i = 0; i < n; i++) {
            const double e = d->room[0].error[a * n + i];
            drift[a * n + i] = c * (d->room[0].score[a * n + i] + d->twice * e);
            growth[i] += d->growth * c * c * e * e / (2 * noise);
        }
    return RG_OK;
}

static double dual_of(const rg_grid *g, rg_levels *levels, const rg_path_options *o, double twice, double growth) {
    struct dual d = {.levels = levels, .churn = o->churn, .twice = twice, .growth = growth};
    const size_t n = (size_t)rg_grid_cells(g);
    double *psi = rg_field_alloc(n), mean = 0;
    assert_non_null(psi);
    for (size_t i = 0; i < n; i++) psi[i] = 1;
    for (int r = 0; r < 2; r++) assert_int_equal(rg_level_create(g, &d.room[r]), RG_OK);
    const rg_backward_options options = {.variance_min = o->variance_min,
                                         .variance_max = o->variance_max,
                                         .diffusion = 0.5 * o->churn * o->churn,
                                         .tolerance = 1e-8};
    rg_backward *backward = NULL;
    rg_diagnostic diagnostic = {0};
    int done = 0;
    if (rg_backward_create(g, &options, dual_fields, &d, psi, &backward, &diagnostic)) fail_msg("%s", diagnostic.text);
    while (!done)
        if (rg_backward_step(backward, &done, &diagnostic)) fail_msg("%s", diagnostic.text);
    rg_backward_value(backward, psi);
    const double *prior = o->prior, *p = d.room[0].density; /* the last room is that at variance_max */
    for (size_t i = 0; i < n; i++)
        mean += psi[i] * rg_grid_cell_volume(g) * (prior && twice != 0 ? prior[i] * prior[i] / p[i] : p[i]);
    for (int r = 0; r < 2; r++) rg_level_free(&d.room[r]);
    rg_backward_destroy(backward);
    rg_free(psi);
    return log(mean);
}

static void forward_and_backward_agree(void **state) {
    (void)state;
    const double low[] = {-1.2, 0.3}, box[] = {2.3, 1.9};
    const rg_error_mode mode[] = {{.component = 0, .wave = {1, 1}, .sine = 0.7},
                                  {.component = 1, .wave = {2, 0}, .cosine = 0.5}};
    const rg_error_term term[] = {{.kind = RG_ERROR_MODES, .modes = 2, .mode = mode},
                                  {.kind = RG_ERROR_SCALED, .scaled = 0.1},
                                  {.kind = RG_ERROR_CONSTANT, .constant = {0.3, -0.2}, .profile = RG_PROFILE_SIGMA}};
    const rg_grid g = grid_of(2, (const ptrdiff_t[]){32, 27}, low, box);
    const rg_density_spec spec = {.kind = RG_DENSITY_FIGURE_EIGHT, .background = 1e-3};
    double *prior = rg_field_alloc((size_t)rg_grid_cells(&g));
    assert_non_null(prior);
    for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) prior[i] = 1 / rg_grid_volume(&g);
    for (int k = 0; k < 2; k++) {
        const rg_path_options o = {.variance_min = 0.03,
                                   .variance_max = 0.3,
                                   .churn = k ? 0.7 : 1,
                                   .tolerance = 1e-7,
                                   .cut = 1e-15, /* p is nowhere smaller: nothing is cut */
                                   .prior = k ? prior : NULL};
        struct march m = march(&g, &spec, term, 3, &o);
        /* the tolerance of both, times the growth that an error of the density meets on its way */
        close_to(m.end.log_novikov, dual_of(&g, m.levels, &o, 0, 0.5), 2e-6, "Novikov", o.churn);
        close_to(m.end.log_chi2, dual_of(&g, m.levels, &o, 2, 1), 1e-5, "path chi2", o.churn);
        assert_true(k || m.end.path_kl < m.end.log_novikov); /* Jensen */
        march_free(&m);
    }
    rg_free(prior);
}

/* pi is what the prior's values say but for their mass, which a file may leave at anything. */
static void the_mass_of_a_prior_does_not_count(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (const ptrdiff_t[]){16, 13}, lower, length);
    const rg_density_spec spec = {.kind = RG_DENSITY_CIRCLE, .background = 1e-2};
    const rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = 0.1};
    const size_t n = (size_t)rg_grid_cells(&g);
    double *prior = rg_field_alloc(n);
    assert_non_null(prior);
    struct march m[2];
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < n; i++) prior[i] = (k ? 3e304 : 1) * (1.4 + sin((double)i)) / rg_grid_volume(&g);
        const rg_path_options o = {
            .variance_min = 0.1, .variance_max = 0.7, .churn = 0.8, .tolerance = 1e-4, .prior = prior};
        m[k] = march(&g, &spec, &term, 1, &o);
    }
    assert_true(m[0].end.path_kl > 0.05 && m[0].end.log_chi2 > m[0].end.path_kl);
    close_to(m[1].end.path_kl, m[0].end.path_kl, 1e-12, "path KL", 0);
    close_to(m[1].end.log_chi2, m[0].end.log_chi2, 1e-10, "path chi2", 0);
    close_to(m[1].end.log_novikov, m[0].end.log_novikov, 1e-10, "Novikov", 0);
    for (size_t i = 0; i < n; i++) close_to(m[1].q[i], m[0].q[i], 1e-10, "q", (double)i);
    for (int k = 0; k < 2; k++) march_free(&m[k]);
    rg_free(prior);
}

/* 48 points carry q, and not the density whose mass is chi^2: with noise as low as this it rings. The rest goes on. */
static void what_a_grid_does_not_carry_is_given_up(void **state) {
    (void)state;
    const double low = 0, side = 2 * 3.14159265358979323846, mean = 3, square = 0.81, one = 1;
    rg_grid g;
    assert_int_equal(rg_grid_init(1, (ptrdiff_t[]){48}, &low, &side, &g), RG_OK);
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 1, .means = &mean, .covariances = &square, .weights = &one};
    const rg_error_mode waves[] = {{.wave = {1}, .sine = 2, .cosine = 1}, {.wave = {5}, .sine = 3}};
    const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = 2, .mode = waves};
    const rg_path_options o = {.variance_min = 0.1, .variance_max = 2, .churn = 0.3, .tolerance = 1e-5};
    struct march m = march(&g, &spec, &term, 1, &o);
    assert_true(isnan(m.end.log_chi2));
    assert_true(m.end.variance == 0.1 && m.end.log_novikov > m.end.path_kl && m.end.path_kl > 20);
    march_free(&m);
}

/* ---- memory, threads, bad input */

static rg_status everything(const rg_grid *g, const rg_density_spec *spec, rg_diagnostic *diagnostic) {
    const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {0.3, -0.2, 0.1}, .profile = RG_PROFILE_SIGMA};
    const rg_path_options o = {.variance_min = 0.06, .variance_max = 0.1, .churn = 1, .tolerance = 1e-3};
    double *distance = rg_field_alloc((size_t)rg_grid_cells(g));
    rg_levels *levels = NULL;
    rg_path *path = NULL;
    int done = 0;
    rg_status status = distance ? rg_manifold_distance(g, spec, distance, diagnostic) : RG_ENOMEM;
    if (!status) status = rg_levels_create(g, spec, &term, 1, 0.06, 0.1, NULL, &levels, diagnostic);
    if (!status) status = rg_path_create(levels, &o, &path, diagnostic);
    while (!status && !done) status = rg_path_step(path, &done, diagnostic);
    rg_path_destroy(path);
    rg_levels_destroy(levels);
    rg_free(distance);
    return status;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const rg_density_kind kinds[] = {RG_DENSITY_CIRCLE, RG_DENSITY_SPHERE};
    for (int k = 0; k < 2; k++) {
        const rg_grid g = grid_of(k + 2, (const ptrdiff_t[]){9, 8, 6}, lower, length);
        const rg_density_spec spec = {.kind = kinds[k], .background = 0.1};
        rg_status status = RG_ENOMEM;
        int failures = 0;
        for (; status; failures++) {
            rg_diagnostic diagnostic = {0};
            rg_alloc_fail_after(failures);
            status = everything(&g, &spec, &diagnostic);
            rg_alloc_fail_after(-1);
            if (status) assert_int_equal(status, RG_ENOMEM);
        }
        assert_in_range(failures, 50, 1000);
    }
}

/* The part of a run that the key manifold asks for: nothing leaks, nothing half made is called known. */
static void each_allocation_of_a_run_may_fail(void **state) {
    (void)state;
    static const char *const texts[] = {
        "grid: {shape: [9], length: [4]}\ndensity: {points: [[0.3], [1]]}\nnoise: {sigma_min: 0.6, sigma_max: 1}\n"
        "error: [{constant: [0.3]}]\nprior: uniform\nmanifold: {levels: 3, tube: [0.4]}\ntolerance: 1e-2\n",
        "grid: {shape: [6, 8], length: [4, 4]}\ndensity: {shape: circle}\nnoise: {sigma_min: 0.8, sigma_max: 1}\n"
        "manifold: {levels: 2}\ntolerance: 1e-2\n",
    };
    for (int k = 0; k < 2; k++) {
        const char *path = scratch_path("m.yaml");
        rg_experiment x = {0};
        rg_diagnostic why = {0};
        assert_int_equal(scratch_write(path, texts[k], strlen(texts[k])), 0);
        if (rg_experiment_read(path, NULL, 0, &x, &why)) fail_msg("%s", why.text);
        rg_status status = RG_ENOMEM;
        int failures = 0;
        for (; status; failures++) {
            rg_outcome o = {0};
            rg_alloc_fail_after(failures);
            status = rg_manifold_run(&x, &(rg_run_options){0}, &o, &why);
            rg_alloc_fail_after(-1);
            assert_true(status == RG_OK || status == RG_ENOMEM);
            assert_int_equal(o.manifold.known, status == RG_OK);
            rg_manifold_free(&o.manifold);
        }
        assert_in_range(failures, 100, 3000);
        rg_experiment_free(&x);
    }
}

static void any_number_of_threads_gives_the_same_bits(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (const ptrdiff_t[]){24, 21}, lower, length);
    const rg_density_spec spec = {.kind = RG_DENSITY_CIRCLE, .background = 1e-4};
    const rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = 0.2};
    const rg_path_options o = {.variance_min = 0.03, .variance_max = 0.3, .churn = 1, .tolerance = 1e-4};
    const int threads = omp_get_max_threads();
    struct march m[2];
    for (int t = 0; t < 2; t++) {
        omp_set_num_threads(t ? 3 : 1);
        m[t] = march(&g, &spec, &term, 1, &o);
    }
    omp_set_num_threads(threads);
    assert_memory_equal(&m[0].end, &m[1].end, sizeof m[0].end);
    assert_memory_equal(m[0].q, m[1].q, (size_t)rg_grid_cells(&g) * sizeof *m[0].q);
    for (int t = 0; t < 2; t++) march_free(&m[t]);
}

static void bad_input_is_refused(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (const ptrdiff_t[]){9, 8}, lower, length),
                  line = grid_of(1, (const ptrdiff_t[]){9}, lower, length);
    const double point[] = {0.1, NAN};
    const struct {
        const rg_grid *grid;
        rg_density_spec spec;
        double variance;
        rg_status status;
        const char *text;
    } of[] = {
        {&line, {.kind = RG_DENSITY_CIRCLE}, 0.1, RG_EINVAL, "not defined in 1 dimensions"},
        {&g, {.kind = RG_DENSITY_SPHERE}, 0.1, RG_EINVAL, "not defined in 2 dimensions"},
        {&g, {.kind = RG_DENSITY_CIRCLE, .width = -1}, 0.1, RG_EINVAL, "width"},
        {&g, {.kind = RG_DENSITY_CIRCLE}, 0, RG_EDOMAIN, "sigma = 0"},
        {&g, {.kind = RG_DENSITY_CIRCLE}, 1e-16, RG_EINVAL, "raise noise.sigma_min"},
        {&g, {.kind = RG_DENSITY_POINTS}, 0.1, RG_EINVAL, "points: none"},
        {&g, {.kind = RG_DENSITY_POINTS, .samples = 1, .points = point}, 0.1, RG_EINVAL, "not finite"},
        {&line, {.kind = RG_DENSITY_POINTS, .samples = 1, .points = point, .count = 3}, 0.1, RG_EINVAL, "only a curve"},
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        rg_density *density = NULL;
        rg_diagnostic diagnostic = {0};
        assert_int_equal(rg_density_create(of[i].grid, &of[i].spec, of[i].variance, &density, &diagnostic),
                         of[i].status);
        if (!strstr(diagnostic.text, of[i].text)) fail_msg("\"%s\" lacks \"%s\"", diagnostic.text, of[i].text);
    }
    const rg_density_spec ring = {.kind = RG_DENSITY_RING, .width = 0.2};
    double distance[72];
    assert_int_equal(rg_manifold_dimension(&ring), -1);
    assert_int_equal(rg_manifold_distance(&g, &ring, distance, NULL), RG_EINVAL);
    rg_levels *levels = NULL;
    assert_int_equal(rg_levels_create(&g, &ring, NULL, 0, 0.1, 1, NULL, &levels, NULL), RG_OK);
    const rg_path_options bad[] = {{.variance_min = 1, .variance_max = 0.1, .churn = 1, .tolerance = 1e-3},
                                   {.variance_min = 0.1, .variance_max = 1, .churn = 0, .tolerance = 1e-3},
                                   {.variance_min = 0.1, .variance_max = 1, .churn = 1, .tolerance = 0},
                                   {.variance_min = 0.1, .variance_max = 1, .churn = 1, .tolerance = 1e-3, .cut = 1}};
    for (int i = 0; i < 4; i++) {
        rg_path *path = NULL;
        assert_int_equal(rg_path_create(levels, &bad[i], &path, NULL), RG_EINVAL);
        assert_null(path);
    }
    rg_levels_destroy(levels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifolds_are_sums_over_their_points),
        cmocka_unit_test(flat_torus_has_a_closed_form),
        cmocka_unit_test(points_are_samples),
        cmocka_unit_test(distances_are_exact),
        cmocka_unit_test(distances_to_other_curves),
        cmocka_unit_test(readout_tends_to_the_codimension),
        cmocka_unit_test(draws_are_uniform_on_the_manifold),
        cmocka_unit_test(scaled_and_exploding_errors),
        cmocka_unit_test(constant_error_of_a_vp_model),
        cmocka_unit_test(point_mass_with_a_scaled_score),
        cmocka_unit_test(forward_and_backward_agree),
        cmocka_unit_test(the_mass_of_a_prior_does_not_count),
        cmocka_unit_test(what_a_grid_does_not_carry_is_given_up),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(each_allocation_of_a_run_may_fail),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
        cmocka_unit_test(bad_input_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
