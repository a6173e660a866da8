/* Densities against sums written down independently: images in long double, which reaches exp(-11000), so that tails
 * can be compared relatively. A difference of logarithms is a relative error of the density. */
#include "diffusion/density.h"

#include <rotgrad/spectral.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Sums in long double are the reference; NAN and INFINITY are float constants. */
#pragma GCC diagnostic ignored "-Wdouble-promotion"

#define TWO_PI 6.283185307179586476925286766559L

/* ---- the independent sums */

/* Density of one wrapped Gaussian, by images 9.5 deviations beyond the nearest one; the sum relative to the nearest
 * image's term, of which the logarithm is `top`. */
struct tail {
    long double top, sum, slope;
    long double spread, steepness; /* E|displacement| / variance and Var(displacement) / variance^2 */
};

static struct tail one_gaussian(long double x, long double length, long double variance) {
    const long double nearest = remainderl(x, length);
    const int most = 2 + (int)ceill(9.5L * sqrtl(variance) / length);
    struct tail t = {-nearest * nearest / (2 * variance) - 0.5L * logl(TWO_PI * variance), 0, 0, 0, 0};
    for (int k = -most; k <= most; k++) {
        const long double at = nearest + k * length;
        const long double term = expl((nearest * nearest - at * at) / (2 * variance));
        t.sum += term;
        t.slope -= at * term / variance;
        t.spread += fabsl(at) * term / variance;
        t.steepness += at * at * term / (variance * variance);
    }
    t.slope /= t.sum;
    t.spread /= t.sum;
    t.steepness = t.steepness / t.sum - t.slope * t.slope;
    return t;
}

/* A mixture of products of wrapped Gaussians at one point: log density and score. */
static void brute_mixture(const rg_grid *g, size_t count, const double *mean, const double *variance,
                          const double *weight, const double *x, double *log_density, double *score) {
    const size_t d = (size_t)g->dim;
    long double top = -INFINITY, sum = 0, total = 0, slope[3] = {0};
    for (int pass = 0; pass < 2; pass++)
        for (size_t m = 0; m < count; m++) {
            const double w = weight ? weight[m] : 1;
            long double value = logl(w), s[3] = {0};
            for (size_t a = 0; a < d; a++) {
                const struct tail t =
                    one_gaussian((long double)x[a] - mean[m * d + a], g->length[a], variance[m * d + a]);
                value += t.top + logl(t.sum);
                s[a] = t.slope;
            }
            if (pass == 0) {
                top = fmaxl(top, value);
                total += w;
            } else {
                sum += expl(value - top);
                for (size_t a = 0; a < d; a++) slope[a] += s[a] * expl(value - top);
            }
        }
    *log_density = (double)(top + logl(sum / total));
    for (size_t a = 0; a < d; a++) score[a] = (double)(slope[a] / sum);
}

/* ---- grids, reproducible values, checks */

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

static uint64_t noise_state = 0x9e3779b97f4a7c15u;

static double noise(double low, double high) {
    noise_state = noise_state * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(noise_state >> 11) * 0x1p-53;
}

struct field {
    double *log_density, *score;
};

static struct field field_of(const rg_grid *g) {
    const size_t n = (size_t)rg_grid_cells(g);
    struct field f = {rg_field_alloc(n), rg_field_alloc(n * (size_t)g->dim)};
    assert_true(f.log_density && f.score);
    return f;
}

static void field_free(struct field f) {
    rg_free(f.log_density);
    rg_free(f.score);
}

static rg_density *density_of(const rg_grid *g, const rg_density_spec *spec, double variance_min) {
    rg_density *density = NULL;
    rg_diagnostic diagnostic = {0};
    const rg_status status = rg_density_create(g, spec, variance_min, &density, &diagnostic);
    if (status) fail_msg("%s", diagnostic.text);
    return density;
}

static void evaluate(rg_density *density, double variance, struct field f) {
    rg_diagnostic diagnostic = {0};
    const rg_status status = rg_density_at(density, variance, f.log_density, f.score, &diagnostic);
    if (status) fail_msg("variance %g: %s", variance, diagnostic.text);
}

static void close_to(double value, double expected, double tolerance, const char *what, double where) {
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s at %g: %.17g, expected %.17g, off by %.2e > %.2e", what, where, value, expected,
                 fabs(value - expected), tolerance);
}

/* p exp-ed from its logarithm */
static void exponentials(const rg_grid *g, const double *log_density, double *p) {
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) p[i] = exp(log_density[i]);
}

/* ---- one wrapped Gaussian */

/* Rounding: the exponent d^2 / (2 v) is as large as |log p| and is rounded a few times; the slope is a mean of
 * displacements, so its unit is their mean size; and where two images weigh alike it turns over within v / L, so that
 * one rounding of a displacement of size L moves it by Var / v^2 times eps L. An argument many boxes away is itself
 * known to eps |x| only. A sum of m images is rounded m times, m = 19 deviations / length. */
static void wrapped_gaussian_at_any_distance(void **state) {
    (void)state;
    const double lengths[] = {2.3, 0.7, 6.283185307179586};
    const double variances[] = {1e-9, 1e-6, 3e-4, 0.01, 0.07, 0.19, 0.35, 1, 7.7, 333, 1e5};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t v = 0; v < sizeof variances / sizeof *variances; v++)
            for (int i = 0; i < 60; i++) {
                const double length = lengths[l], variance = variances[v];
                const double x = i == 0   ? 0
                                 : i == 1 ? 0.5 * length
                                 : i == 2 ? -0.5 * length
                                 : i == 3 ? 0.5 * length * (1 - 1e-9)
                                 : i < 40 ? noise(-0.5, 0.5) * length
                                          : noise(-50, 50) * length;
                const struct tail t = one_gaussian(x, length, variance);
                const double expected = (double)(t.top + logl(t.sum));
                const double roundings = 16 + 19 * sqrt(variance) / length;
                double slope, derivative;
                const double value = rg_wrapped_log(x, length, variance, &slope);
                const double exponent = pow(remainder(x, length), 2) / (2 * variance);
                const double size = 2 + exponent + fabs(expected) + fabs(log(variance)) + fabs(x * (double)t.slope);
                close_to(value, expected, roundings * DBL_EPSILON * size, "log density", x);
                const double unit = (double)(t.spread + (length + fabs(x)) * fmaxl(t.steepness, 1 / variance));
                close_to(slope, (double)t.slope, roundings * DBL_EPSILON * unit, "slope", x);
                const double density = rg_wrapped(x, length, variance, &derivative);
                if (expected < -700) continue; /* the density itself leaves the range of a double */
                const double scale = roundings * DBL_EPSILON * size * exp(expected);
                close_to(density, exp(expected), scale, "density", x);
                close_to(derivative, (double)t.slope * exp(expected), 2 * scale * unit, "derivative", x);
            }
}

/* ---- mixtures */

struct mixture {
    size_t components;
    double mean[12], covariance[36], weight[4], variance[12]; /* variance: the diagonal */
};

/* Four components, one of weight 0, means also outside the box. `correlation` in (-1, 1) between all axes. */
static struct mixture random_mixture(const rg_grid *g, double least, double most, double correlation) {
    const size_t d = (size_t)g->dim;
    struct mixture m = {.components = 4};
    for (size_t c = 0; c < 4; c++) {
        m.weight[c] = c == 2 ? 0 : noise(0.1, 3);
        for (size_t a = 0; a < d; a++) {
            m.mean[c * d + a] = g->lower[a] + noise(-1.5, 2.5) * g->length[a];
            m.variance[c * d + a] = pow(noise(least, most) * g->length[a], 2);
        }
        for (size_t a = 0; a < d; a++)
            for (size_t b = 0; b < d; b++)
                m.covariance[(c * d + a) * d + b] =
                    (a == b ? 1 : correlation) * sqrt(m.variance[c * d + a] * m.variance[c * d + b]);
        for (size_t a = 0; a < d; a++) m.covariance[(c * d + a) * d + a] = m.variance[c * d + a];
    }
    return m;
}

static rg_density_spec spec_of(const struct mixture *m) {
    return (rg_density_spec){.kind = RG_DENSITY_MIXTURE,
                             .components = m->components,
                             .means = m->mean,
                             .covariances = m->covariance,
                             .weights = m->weight};
}

static const double box_lower[] = {-1.3, 0.4, -0.2}, box_length[] = {2.3, 0.7, 1.1};
static const ptrdiff_t box_shape[3][3] = {{33}, {12, 9}, {6, 5, 8}};

static rg_grid box_of(int dim) {
    return grid_of(dim, box_shape[dim - 1], box_lower, box_length);
}

/* Both laws sum the same terms in another order: rounding of the exponents, and of the quadratic form in P. */
/* Beyond three box lengths' squares of variance the law is uniform to the last digit, whatever the variance. */
static void broad_laws_are_uniform(void **state) {
    (void)state;
    const double length = 2.3;
    for (double variance = 2.9 * length * length; variance < 1e300; variance *= 1e3) {
        double slope, derivative;
        close_to(rg_wrapped_log(0.7, length, variance, &slope), -log(length), 1e-14, "log density", variance);
        close_to(slope, 0, 1e-14, "slope", variance);
        close_to(rg_wrapped(0.7, length, variance, &derivative), 1 / length, 1e-14, "density", variance);
    }
}

static void diagonal_and_general_covariance_agree(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = box_of(dim);
        const struct mixture m = random_mixture(&g, 0.03, 0.4, 0);
        const rg_density_spec spec = spec_of(&m);
        rg_law *separable = NULL, *gaussian = NULL;
        assert_int_equal(rg_law_separable(&g, &spec, &separable), RG_OK);
        assert_int_equal(rg_law_gaussian(&g, &spec, &gaussian), RG_OK);
        struct field a = field_of(&g), b = field_of(&g);
        const double variances[] = {0, 0.003, 0.2, 1.7};
        for (int v = 0; v < 4; v++) {
            separable->at(separable, variances[v], a.log_density, a.score);
            gaussian->at(gaussian, variances[v], b.log_density, b.score);
            for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) {
                const double scale = 32 * DBL_EPSILON * (4 + fabs(a.log_density[i]));
                close_to(b.log_density[i], a.log_density[i], scale, "log density", variances[v]);
                for (int c = 0; c < dim; c++) { /* the score is at most the distance over the variance */
                    const ptrdiff_t k = c * rg_grid_cells(&g) + i;
                    const double largest = g.length[c] / (pow(0.03 * g.length[c], 2) + variances[v]);
                    close_to(b.score[k], a.score[k], scale * largest, "score", variances[v]);
                }
            }
        }
        separable->destroy(separable);
        gaussian->destroy(gaussian);
        field_free(a);
        field_free(b);
    }
}

/* Cells of the adjugate of a d x d matrix over its determinant, in long double. */
static void invert(int d, long double q[3][3], long double p[3][3], long double *determinant) {
    for (int a = d; a < 3; a++)
        for (int b = 0; b < 3; b++) q[a][b] = q[b][a] = a == b;
    long double cofactor[3][3];
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            const int i = (a + 1) % 3, j = (a + 2) % 3, k = (b + 1) % 3, l = (b + 2) % 3;
            cofactor[a][b] = q[i][k] * q[j][l] - q[i][l] * q[j][k];
        }
    *determinant = q[0][0] * cofactor[0][0] + q[0][1] * cofactor[0][1] + q[0][2] * cofactor[0][2];
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) p[a][b] = cofactor[b][a] / *determinant;
}

/* All images within `most` boxes of every axis: enough when the largest deviation is below most / 10 lengths. */
static void brute_correlated(const rg_grid *g, const struct mixture *m, double variance, int most, const double *x,
                             double *log_density, double *score) {
    const int d = g->dim;
    long double sum = 0, total = 0, slope[3] = {0};
    for (size_t c = 0; c < m->components; c++) {
        long double q[3][3], p[3][3], determinant;
        for (int a = 0; a < d; a++)
            for (int b = 0; b < d; b++)
                q[a][b] = m->covariance[(c * (size_t)d + (size_t)a) * (size_t)d + (size_t)b] + (a == b ? variance : 0);
        invert(d, q, p, &determinant);
        total += m->weight[c];
        const long double norm = m->weight[c] / (powl(TWO_PI, 0.5L * d) * sqrtl(determinant));
        const int n1 = d > 1 ? most : 0, n2 = d > 2 ? most : 0;
        for (int i = -most; i <= most; i++)
            for (int j = -n1; j <= n1; j++)
                for (int k = -n2; k <= n2; k++) {
                    const int image[] = {i, j, k};
                    long double at[3], force[3] = {0}, square = 0;
                    for (int a = 0; a < d; a++)
                        at[a] = remainderl((long double)x[a] - m->mean[c * (size_t)d + (size_t)a], g->length[a]) +
                                image[a] * (long double)g->length[a];
                    for (int a = 0; a < d; a++)
                        for (int b = 0; b < d; b++) force[a] += p[a][b] * at[b];
                    for (int a = 0; a < d; a++) square += at[a] * force[a];
                    const long double term = norm * expl(-0.5L * square);
                    sum += term;
                    for (int a = 0; a < d; a++) slope[a] -= term * force[a];
                }
    }
    *log_density = (double)logl(sum / total);
    for (int a = 0; a < d; a++) score[a] = (double)(slope[a] / sum);
}

/* The precision matrix in double has relative error eps times its condition number (here below 1e3), which multiplies
 * the exponent. */
static void correlated_covariance_against_all_images(void **state) {
    (void)state;
    const double correlations[] = {0.9, -0.45, 0.97};
    for (int dim = 2; dim <= 3; dim++)
        for (int r = 0; r < (dim == 2 ? 3 : 2); r++) {
            const rg_grid g = box_of(dim);
            const struct mixture m = random_mixture(&g, 0.05, 0.3, correlations[r]);
            const rg_density_spec spec = spec_of(&m);
            rg_density *density = density_of(&g, &spec, 0);
            struct field f = field_of(&g);
            const double variances[] = {0, 0.02, 0.4}; /* deviation at most 1.0 lengths: 9 boxes are 9 deviations */
            for (int v = 0; v < (dim == 2 ? 3 : 2); v++) {
                evaluate(density, variances[v], f);
                for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i += dim == 2 ? 1 : 7) {
                    double x[3], expected, score[3];
                    point_of(&g, i, x);
                    brute_correlated(&g, &m, variances[v], v == 2 ? 10 : 5, x, &expected, score);
                    const double scale = 1e4 * DBL_EPSILON * (4 + fabs(expected));
                    close_to(f.log_density[i], expected, scale, "log density", variances[v]);
                    for (int a = 0; a < dim; a++)
                        close_to(f.score[a * rg_grid_cells(&g) + i], score[a], scale * 100 * (1 + fabs(score[a])),
                                 "score", variances[v]);
                }
            }
            rg_density_destroy(density);
            field_free(f);
        }
}

/* ---- samples */

/* Points of the box and of boxes beside it. */
static double *random_points(const rg_grid *g, size_t count) {
    const size_t d = (size_t)g->dim;
    double *points = rg_field_alloc(count * d);
    assert_non_null(points);
    for (size_t i = 0; i < count; i++)
        for (size_t a = 0; a < d; a++) points[i * d + a] = g->lower[a] + noise(i % 3 == 2 ? -3 : 0, 1) * g->length[a];
    return points;
}

/* The contract: relative error of p below 1e-11 an axis (quadrature 9e-13), here with a margin of ten. The score's
 * quadrature error is the derivative of that: 2 pi / h times the share by which the middle of the integrand moves with
 * x, below 1e-11 / deviation. Away from the middle its own rounding is that of log p times the largest slope. */
static void samples_case(int dim, size_t count, double deviation) {
    const rg_grid g = box_of(dim);
    const double variance_min = deviation * deviation;
    double *points = random_points(&g, count), *variance = rg_field_alloc(count * (size_t)dim);
    assert_non_null(variance);
    const rg_density_spec spec = {.kind = RG_DENSITY_SAMPLES, .samples = count, .points = points};
    rg_density *density = density_of(&g, &spec, variance_min);
    struct field f = field_of(&g);
    const double factors[] = {1, 1.001, 1.3, 4.7, 60, 1e3};
    for (int v = 0; v < 6; v++) {
        for (size_t i = 0; i < count * (size_t)dim; i++) variance[i] = factors[v] * variance_min;
        evaluate(density, factors[v] * variance_min, f);
        for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) {
            double x[3], expected, score[3];
            point_of(&g, i, x);
            brute_mixture(&g, count, points, variance, NULL, x, &expected, score);
            close_to(f.log_density[i], expected, 1e-10, "log density", factors[v]);
            for (int a = 0; a < dim; a++)
                close_to(f.score[a * rg_grid_cells(&g) + i], score[a], 1e-10 * (1 / deviation + fabs(score[a])),
                         "score", factors[v]);
        }
    }
    rg_density_destroy(density);
    field_free(f);
    rg_free(points);
    rg_free(variance);
}

static void samples_are_one_gaussian_each(void **state) {
    (void)state;
    samples_case(1, 1, 0.05);  /* p down to exp(-260) */
    samples_case(1, 300, 0.3); /* more than one batch of the kernel sum */
    samples_case(1, 3, 5);     /* smoothing wider than the box */
    samples_case(2, 5, 0.06);  /* the tail of one sample reaches exp(-180) */
    samples_case(2, 3, 0.6);   /* about one box on one axis, a quarter on the other */
    samples_case(3, 4, 0.15);
}

/* ---- a density on a grid */

/* Three wrapped Gaussians of deviation 0.5 to 0.6 in a box of 2.3 x 1.9. */
static const double smooth_mean[] = {-0.4, 0.9, 0.7, 2.1, 3.0, -0.3};
static const double smooth_weight[] = {0.5, 0.3, 0.2};
static const double smooth_variance[] = {0.25, 0.3, 0.36, 0.25, 0.28, 0.31};
static const double smooth_lower[] = {-1, 0.3}, smooth_length[] = {2.3, 1.9};

static void smooth_exact(const rg_grid *g, double variance, const double *x, double *log_density, double *score) {
    double wider[6];
    for (int i = 0; i < 6; i++) wider[i] = smooth_variance[i] + variance;
    brute_mixture(g, 3, smooth_mean, wider, smooth_weight, x, log_density, score);
}

static double *smooth_values(const rg_grid *g) {
    double *values = rg_field_alloc((size_t)rg_grid_cells(g));
    assert_non_null(values);
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        double x[2], score[2];
        point_of(g, i, x);
        smooth_exact(g, 0, x, &values[i], score);
        values[i] = 17.5 * exp(values[i]); /* any scale: normalised on the way in */
    }
    return values;
}

/* log p of a wrapped Gaussian is analytic within pi v / L of the real axis, so its trigonometric polynomial errs like
 * exp(-k pi v / L) with k the highest wave number of the coarser grid: below 1e-11 from 60 points on (k = 82, v = 0.25,
 * L = 2.3: exp(-28)). 16 Gauss-Hermite nodes at 1.5 spacings are exact to (a / (2 + a))^16, a = (1.5 h)^2 / v < 0.02.
 * The score has one factor k more. */
static void grid_case(const ptrdiff_t *values_shape, const ptrdiff_t *shape, double background, double tolerance) {
    const rg_grid from = grid_of(2, values_shape, smooth_lower, smooth_length);
    const rg_grid to = grid_of(2, shape, smooth_lower, smooth_length);
    double *values = smooth_values(&from);
    const rg_density_spec spec = {
        .kind = RG_DENSITY_GRID, .background = background, .values_grid = from, .values = values};
    rg_density *density = density_of(&to, &spec, 0);
    struct field f = field_of(&to);
    const double spacing = fmax(rg_grid_spacing(&from, 0), rg_grid_spacing(&from, 1));
    const double deviations[] = {0, 0.1, 0.8, 1.1, 1.499, 1.501, 2.5, 40};
    const ptrdiff_t n = rg_grid_cells(&to);
    for (int v = 0; v < 8; v++) {
        const double variance = pow(deviations[v] * spacing, 2);
        evaluate(density, variance, f);
        for (ptrdiff_t i = 0; i < n; i++) {
            double x[2], expected, score[2];
            point_of(&to, i, x);
            smooth_exact(&to, variance, x, &expected, score);
            const double p = (1 - background) * exp(expected), all = p + background / rg_grid_volume(&to);
            close_to(f.log_density[i], log(all), tolerance, "log density", deviations[v]);
            for (int a = 0; a < 2; a++)
                close_to(f.score[a * n + i], score[a] * p / all, 200 * tolerance, "score", deviations[v]);
        }
    }
    rg_density_destroy(density);
    field_free(f);
    rg_free(values);
}

static void grid_density_in_both_regimes(void **state) {
    (void)state;
    grid_case((ptrdiff_t[]){64, 52}, (ptrdiff_t[]){64, 52}, 0, 1e-10);
    grid_case((ptrdiff_t[]){61, 55}, (ptrdiff_t[]){61, 55}, 0.01, 1e-10);
    grid_case((ptrdiff_t[]){60, 51}, (ptrdiff_t[]){80, 71}, 0, 1e-10);    /* finer than the values */
    grid_case((ptrdiff_t[]){81, 64}, (ptrdiff_t[]){60, 50}, 1e-4, 1e-10); /* coarser */
}

/* Very different spacings: what is narrow for one axis may be many spacings of the other, and the density may be sharp
 * there. Axis 0 needs few points (deviation 0.9 of 2.3), axis 1 many (deviation 0.06). */
static void grid_density_with_unequal_spacings(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {10, 160};
    const rg_grid g = grid_of(2, shape, smooth_lower, smooth_length);
    const double mean[] = {0.1, 1.2}, variance[] = {0.81, 0.0225};
    double *values = rg_field_alloc((size_t)rg_grid_cells(&g));
    assert_non_null(values);
    double x[2], score[2];
    for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) {
        point_of(&g, i, x);
        brute_mixture(&g, 1, mean, variance, NULL, x, &values[i], score);
        values[i] = exp(values[i]);
    }
    const rg_density_spec spec = {.kind = RG_DENSITY_GRID, .values_grid = g, .values = values};
    rg_density *density = density_of(&g, &spec, 0);
    struct field f = field_of(&g);
    for (double v = 0.01; v < 0.2; v *= 1.7) { /* 1.5 spacings of axis 0 are a variance of 0.119 */
        const double wider[] = {variance[0] + v, variance[1] + v};
        evaluate(density, v, f);
        for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) {
            double expected;
            point_of(&g, i, x);
            brute_mixture(&g, 1, mean, wider, NULL, x, &expected, score);
            /* axis 0: exp(-(pi / h) pi v / L) = 3e-7 for 10 points; axis 1: 160 points, 3e-9 */
            close_to(f.log_density[i], expected, 1e-5, "log density", v);
        }
    }
    rg_density_destroy(density);
    field_free(f);
    rg_free(values);
}

/* ---- shapes, and the heat flow that every kind obeys */

static void textbook_shapes_are_symmetric_laws(void **state) {
    (void)state;
    const ptrdiff_t n = 48;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){n, n}, (double[]){0.3, -1}, (double[]){2.3, 2.3});
    struct field f = field_of(&g);
    double *p = rg_field_alloc((size_t)(n * n));
    assert_non_null(p);
    const double variances[] = {0, 0.01, 0.3};
    for (int kind = RG_DENSITY_RING; kind <= RG_DENSITY_CHECKERBOARD; kind++)
        for (int v = 0; v < 3; v++) {
            const rg_density_spec spec = {.kind = (rg_density_kind)kind, .width = 0.12};
            rg_density *density = density_of(&g, &spec, 0);
            evaluate(density, variances[v], f);
            exponentials(&g, f.log_density, p);
            /* the width is 2.5 spacings: the trapezoidal rule errs by exp(-2 pi^2 2.5^2), so rounding only */
            close_to(rg_integral(&g, p), 1, 1e-13, "mass", variances[v]);
            const double scale = 1e-12;
            for (ptrdiff_t i = 0; i < n; i++)
                for (ptrdiff_t j = 0; j < n; j++) {
                    const ptrdiff_t mi = (n - i) % n, mj = (n - j) % n;
                    const double here = f.log_density[i * n + j];
                    assert_true(p[i * n + j] > 0);
                    if (kind != RG_DENSITY_CHECKERBOARD)
                        close_to(f.log_density[mi * n + mj], here, scale, "point symmetry", variances[v]);
                    if (kind == RG_DENSITY_RING) {
                        close_to(f.log_density[mi * n + j], here, scale, "mirror", variances[v]);
                        close_to(f.log_density[j * n + i], here, scale, "transpose", variances[v]);
                    }
                    if (kind == RG_DENSITY_CHECKERBOARD) {
                        const ptrdiff_t si = (i + n / 4) % n, sj = (j + n / 4) % n;
                        close_to(f.log_density[si * n + sj], here, scale, "one box down the diagonal", variances[v]);
                        close_to(p[si * n + j] + p[i * n + j], 2 / rg_grid_volume(&g), 1e-13, "the other colour",
                                 variances[v]);
                    }
                }
            rg_density_destroy(density);
        }
    field_free(f);
    rg_free(p);
}

/* Where the shapes stand: the ring is 30 times denser on its circle than in its middle; the chosen boxes of the
 * checkerboard hold the corner of the box; the moons leave the corner of the box empty. */
static void textbook_shapes_stand_where_they_should(void **state) {
    (void)state;
    const ptrdiff_t n = 64;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){n, n}, (double[]){-1, -1}, (double[]){2, 2});
    struct field f = field_of(&g);
    const rg_density_kind kinds[] = {RG_DENSITY_RING, RG_DENSITY_TWO_MOONS, RG_DENSITY_CHECKERBOARD};
    const ptrdiff_t dense[][2] = {{48, 32}, {24, 44}, {8, 8}}, empty[][2] = {{32, 32}, {0, 0}, {8, 24}};
    for (int k = 0; k < 3; k++) {
        const rg_density_spec spec = {.kind = kinds[k], .width = 0.06};
        rg_density *density = density_of(&g, &spec, 0);
        evaluate(density, 0, f);
        const double top = f.log_density[dense[k][0] * n + dense[k][1]];
        const double low = f.log_density[empty[k][0] * n + empty[k][1]];
        assert_true(top - low > log(30));
        rg_density_destroy(density);
    }
    field_free(f);
    /* 3-D: boxes whose three numbers add up to an even one */
    const rg_grid space = grid_of(3, (ptrdiff_t[]){16, 16, 16}, (double[]){-1, 0, 2}, (double[]){2, 1, 3});
    const rg_density_spec spec = {.kind = RG_DENSITY_CHECKERBOARD, .width = 0.03};
    rg_density *density = density_of(&space, &spec, 0);
    f = field_of(&space);
    evaluate(density, 0, f);
    for (ptrdiff_t i = 2; i < 16; i += 4)
        for (ptrdiff_t j = 2; j < 16; j += 4)
            for (ptrdiff_t k = 2; k < 16; k += 4) /* the middle of a box: 1/8 away from the nearest face, 4 widths */
                assert_int_equal(f.log_density[(i * 16 + j) * 16 + k] > log(1.9 / 6), (i + j + k - 6) / 4 % 2 == 0);
    rg_density_destroy(density);
    field_free(f);
}

/* The specs of all kinds on one grid; arrays live in `store`. */
struct store {
    struct mixture diagonal, correlated;
    double *points, *values;
};

enum { KINDS = 9 };

static size_t every_kind(const rg_grid *g, struct store *s, rg_density_spec out[KINDS]) {
    size_t count = 0;
    s->diagonal = random_mixture(g, 0.16, 0.3, 0);
    s->correlated = random_mixture(g, 0.2, 0.3, 0.4);
    s->points = random_points(g, 9);
    s->values = rg_field_alloc((size_t)rg_grid_cells(g));
    assert_non_null(s->values);
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        double x[3];
        point_of(g, i, x);
        double wave = 0;
        for (int a = 0; a < g->dim; a++) wave += sin(6.283185307179586 * (x[a] + 0.3 * wave) / g->length[a]);
        s->values[i] = exp(1.5 * wave);
    }
    out[count++] = spec_of(&s->diagonal);
    if (g->dim > 1) out[count++] = spec_of(&s->correlated);
    if (g->dim == 3) out[count - 1].components = 2; /* sums over images are slow */
    out[count++] = (rg_density_spec){.kind = RG_DENSITY_SAMPLES, .samples = 9, .points = s->points};
    out[count++] = (rg_density_spec){.kind = RG_DENSITY_GRID, .values_grid = *g, .values = s->values};
    if (g->dim > 1) out[count++] = (rg_density_spec){.kind = RG_DENSITY_CHECKERBOARD, .width = 0.1 * g->length[0]};
    if (g->dim == 2) {
        out[count++] = (rg_density_spec){.kind = RG_DENSITY_RING, .width = 0.1 * g->length[0]};
        out[count++] = (rg_density_spec){.kind = RG_DENSITY_TWO_MOONS, .width = 0.1 * g->length[0]};
        out[count] = out[0];
        out[count++].background = 0.03;
    }
    return count;
}

static void store_free(struct store *s) {
    rg_free(s->points);
    rg_free(s->values);
}

static const double kinds_lower[] = {0.2, -0.7, 0}, kinds_length[] = {2.3, 1.9, 1.7};
static const ptrdiff_t kinds_shape[3][3] = {{64}, {48, 45}, {26, 24, 21}};

/* p at a larger variance is the heat semigroup of p at a smaller one; d_v p = 1/2 laplacian p; the score is the spectral
 * gradient of log p. Deviations are at least 0.1 lengths = 2.1 spacings in 3-D (spectrum at Nyquist exp(-0.5 (2.1 pi)^2)
 * = 4e-10), 4.5 in 2-D and 6.4 in 1-D (rounding). rg_heat has absolute accuracy, so p is compared relative to max p. */
static void every_kind_obeys_the_heat_flow(void **state) {
    (void)state;
    const double tolerance[] = {1e-12, 1e-12, 1e-8};
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, kinds_shape[dim - 1], kinds_lower, kinds_length);
        const ptrdiff_t n = rg_grid_cells(&g);
        struct store store;
        rg_density_spec spec[KINDS];
        const size_t kinds = every_kind(&g, &store, spec);
        rg_spectral *spectral = NULL;
        assert_int_equal(rg_spectral_create(&g, RG_PLAN_ESTIMATE, &spectral), RG_OK);
        struct field early = field_of(&g), late = field_of(&g);
        double *p = rg_field_alloc((size_t)n), *q = rg_field_alloc((size_t)n),
               *gradient = rg_field_alloc((size_t)(n * dim));
        assert_true(p && q && gradient);
        for (size_t k = 0; k < kinds; k++) {
            const double low = 0.0625, high = 0.11, step = 5e-5; /* low: a deviation of 0.25 */
            rg_density *density = density_of(&g, &spec[k], low - step);
            evaluate(density, low, early);
            evaluate(density, high, late);
            exponentials(&g, early.log_density, p);
            const double top = rg_max_abs(n, p);
            close_to(rg_integral(&g, p), 1, tolerance[dim - 1], "mass", (double)k);
            assert_int_equal(rg_gradient(spectral, p, gradient), RG_OK);
            for (ptrdiff_t i = 0; i < n * dim; i++)
                close_to(p[i % n] * early.score[i], gradient[i], 100 * tolerance[dim - 1] * top, "p s = grad p",
                         (double)k);
            assert_int_equal(rg_heat(spectral, high - low, p, q), RG_OK);
            for (ptrdiff_t i = 0; i < n; i++)
                close_to(exp(late.log_density[i]), q[i], 10 * tolerance[dim - 1] * top, "semigroup", (double)k);
            /* central difference: step^2 / 6 p''', and p''' <= d/2 (d/2 + 1) (d/2 + 2) / v^3 times the top of p' */
            assert_int_equal(rg_laplacian(spectral, p, q), RG_OK);
            evaluate(density, low + step, late);
            evaluate(density, low - step, early);
            for (ptrdiff_t i = 0; i < n; i++)
                close_to((exp(late.log_density[i]) - exp(early.log_density[i])) / (2 * step), 0.5 * q[i], 1e-4 * top,
                         "heat equation", (double)k); /* 2.3e-5 in 3-D, and mixtures of unequal tops */
            rg_density_destroy(density);
        }
        rg_spectral_destroy(spectral);
        store_free(&store);
        field_free(early);
        field_free(late);
        rg_free(p);
        rg_free(q);
        rg_free(gradient);
    }
}

/* ---- background */

static void background_mixes_exactly(void **state) {
    (void)state;
    const rg_grid g = box_of(2);
    const ptrdiff_t n = rg_grid_cells(&g);
    const struct mixture m = random_mixture(&g, 0.02, 0.1, 0);
    struct field bare = field_of(&g), mixed = field_of(&g);
    const double backgrounds[] = {1e-300, 1e-6, 0.3, 1 - 1e-9};
    for (int b = 0; b < 4; b++)
        for (int v = 0; v < 2; v++) {
            rg_density_spec spec = spec_of(&m);
            rg_density *without = density_of(&g, &spec, 0);
            spec.background = backgrounds[b];
            rg_density *with = density_of(&g, &spec, 0);
            evaluate(without, 0.1 * v, bare);
            evaluate(with, 0.1 * v, mixed);
            for (ptrdiff_t i = 0; i < n; i++) {
                const long double p = (1 - (long double)backgrounds[b]) * expl(bare.log_density[i]);
                const long double all = p + (long double)backgrounds[b] / rg_grid_volume(&g);
                const double scale = 16 * DBL_EPSILON * (1 + fabs(bare.log_density[i]));
                close_to(mixed.log_density[i], (double)logl(all), scale, "log density", backgrounds[b]);
                for (int a = 0; a < 2; a++) {
                    const double expected = (double)(bare.score[a * n + i] * p / all);
                    close_to(mixed.score[a * n + i], expected, 4 * scale * fabs(expected), "score", backgrounds[b]);
                }
            }
            rg_density_destroy(without);
            rg_density_destroy(with);
        }
    field_free(bare);
    field_free(mixed);
}

/* A sample's kernel 200 deviations away is 0 in double precision: refused, with a remedy; with it, exact. */
static void underflow_is_refused_and_mended_by_a_background(void **state) {
    (void)state;
    const rg_grid g = box_of(1);
    const ptrdiff_t n = rg_grid_cells(&g);
    const double points[] = {-0.9, 0.1}, deviation = 2.3 / 400, least = deviation * deviation;
    rg_density_spec spec = {.kind = RG_DENSITY_SAMPLES, .samples = 2, .points = points};
    rg_density *density = density_of(&g, &spec, least);
    struct field f = field_of(&g);
    rg_diagnostic diagnostic = {0};
    assert_int_equal(rg_density_at(density, least, f.log_density, f.score, &diagnostic), RG_EDOMAIN);
    assert_int_equal(diagnostic.status, RG_EDOMAIN);
    assert_non_null(strstr(diagnostic.text, "background"));
    assert_non_null(strstr(diagnostic.text, "grid point ("));
    rg_density_destroy(density);
    spec.background = 1e-6;
    density = density_of(&g, &spec, least);
    evaluate(density, least, f);
    for (ptrdiff_t i = 0; i < n; i++) {
        double x[1], expected, score[1];
        const double variance[] = {least, least};
        point_of(&g, i, x);
        brute_mixture(&g, 2, points, variance, NULL, x, &expected, score);
        const long double p = (1 - 1e-6L) * expl(expected), all = p + 1e-6L / rg_grid_volume(&g);
        close_to(f.log_density[i], (double)logl(all), 1e-10, "log density", x[0]);
        close_to(f.score[i], (double)(score[0] * p / all), 1e-10 * (1 / deviation + fabs(score[0])), "score", x[0]);
    }
    rg_density_destroy(density);
    field_free(f);
}

/* ---- rg_density_score */

static void score_of_values(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){72, 61}, smooth_lower, smooth_length);
    const ptrdiff_t n = rg_grid_cells(&g);
    double *values = smooth_values(&g), *score = rg_field_alloc((size_t)(2 * n));
    assert_non_null(score);
    assert_int_equal(rg_density_score(&g, values, score, NULL), RG_OK);
    for (ptrdiff_t i = 0; i < n; i++) {
        double x[2], expected, s[2];
        point_of(&g, i, x);
        smooth_exact(&g, 0, x, &expected, s);
        /* exp(-(pi / h) pi v / L) = 5e-15 at least, times a wave number: rounding, 72 * eps * |log p| / h */
        for (int a = 0; a < 2; a++) close_to(score[a * n + i], s[a], 1e-10, "score", x[a]);
    }
    const double bad[] = {0, -0.5, NAN, INFINITY};
    for (int b = 0; b < 4; b++) {
        rg_diagnostic diagnostic = {0};
        values[2 * 61 + 7] = bad[b];
        score[0] = 77;
        const rg_status status = rg_density_score(&g, values, score, &diagnostic);
        assert_int_equal(status, RG_EDOMAIN);
        assert_non_null(strstr(diagnostic.text, "(2, 7, 0)"));
        assert_non_null(strstr(diagnostic.text, "background"));
        assert_true(score[0] == 77);
    }
    assert_int_equal(rg_density_score(NULL, values, score, NULL), RG_EINVAL);
    assert_int_equal(rg_density_score(&g, NULL, score, NULL), RG_EINVAL);
    assert_int_equal(rg_density_score(&g, values, NULL, NULL), RG_EINVAL);
    rg_free(values);
    rg_free(score);
}

/* ---- bad input */

static void refused(const rg_grid *g, const rg_density_spec *spec, double variance_min, rg_status expected,
                    const char *text) {
    rg_density *density = NULL;
    rg_diagnostic diagnostic = {0};
    assert_int_equal(rg_density_create(g, spec, variance_min, &density, &diagnostic), expected);
    assert_null(density);
    assert_int_equal(diagnostic.status, expected);
    if (!strstr(diagnostic.text, text)) fail_msg("'%s' does not say '%s'", diagnostic.text, text);
}

static void bad_mixtures_are_refused(void **state) {
    (void)state;
    const rg_grid g = box_of(2);
    const struct mixture good = random_mixture(&g, 0.1, 0.2, 0.3);
    struct mixture m = good;
    rg_density_spec spec = spec_of(&m);
    refused(&g, &spec, -1, RG_EINVAL, "variance");
    refused(&g, &spec, NAN, RG_EINVAL, "variance");
    refused(&g, &spec, INFINITY, RG_EINVAL, "variance");
    const double backgrounds[] = {-0.1, 1, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        spec.background = backgrounds[i];
        refused(&g, &spec, 0, RG_EINVAL, "background");
    }
    spec = spec_of(&m);
    spec.components = 0;
    refused(&g, &spec, 0, RG_EINVAL, "no component");
    spec = spec_of(&m);
    spec.weights = NULL;
    refused(&g, &spec, 0, RG_EINVAL, "no component");
    spec = spec_of(&m);
    m.mean[5] = NAN;
    refused(&g, &spec, 0, RG_EINVAL, "not finite");
    m = good;
    m.covariance[3] = INFINITY;
    refused(&g, &spec, 0, RG_EINVAL, "not finite");
    m = good;
    m.covariance[5] *= 1 + 1e-9; /* not symmetric */
    refused(&g, &spec, 0, RG_EINVAL, "covariance 1");
    m = good;
    m.covariance[8] = -m.covariance[8];
    refused(&g, &spec, 0, RG_EINVAL, "covariance 2");
    m = good;
    m.covariance[1] = m.covariance[2] = 1.01 * sqrt(m.covariance[0] * m.covariance[3]);
    refused(&g, &spec, 0, RG_EINVAL, "covariance 0");
    m = good;
    m.weight[3] = -1e-9;
    refused(&g, &spec, 0, RG_EDOMAIN, "value 3 is negative");
    m.weight[3] = NAN;
    refused(&g, &spec, 0, RG_EINVAL, "value 3 is not finite");
    for (int i = 0; i < 4; i++) m.weight[i] = 0;
    refused(&g, &spec, 0, RG_EDOMAIN, "mass");
    spec.kind = (rg_density_kind)99;
    refused(&g, &spec, 0, RG_EINVAL, "unknown");
    refused(NULL, &spec, 0, RG_EINVAL, "");
    refused(&g, NULL, 0, RG_EINVAL, "");
}

/* A 3 x 3 matrix of rank 2 whose determinant comes out positive by rounding is not positive definite: it must be
 * refused, and no linear-algebra library may end the program over it. */
static void nearly_singular_covariances_do_not_abort(void **state) {
    (void)state;
    const rg_grid g = box_of(3);
    const double mean[3] = {0.1, 0.2, 0.3}, weight[] = {1};
    for (int trial = 0; trial < 2000; trial++) {
        double b[2][3], covariance[9] = {0};
        for (int r = 0; r < 2; r++)
            for (int a = 0; a < 3; a++) b[r][a] = noise(-0.5, 0.5);
        if (fabs(b[0][0] * b[1][1] - b[0][1] * b[1][0]) < 0.03) continue; /* the first two axes alone are no question */
        for (int a = 0; a < 3; a++)
            for (int c = 0; c < 3; c++) covariance[a * 3 + c] = b[0][a] * b[0][c] + b[1][a] * b[1][c];
        for (int a = 0; a < 3; a++)
            for (int c = 0; c < a; c++) covariance[a * 3 + c] = covariance[c * 3 + a];
        const rg_density_spec spec = {
            .kind = RG_DENSITY_MIXTURE, .components = 1, .means = mean, .covariances = covariance, .weights = weight};
        refused(&g, &spec, 0, RG_EINVAL, "positive definite");
    }
}

static void bad_samples_grids_and_shapes_are_refused(void **state) {
    (void)state;
    const rg_grid g = box_of(2), line = box_of(1), space = box_of(3);
    double points[] = {0, 0.5, -0.2, 0.6};
    rg_density_spec spec = {.kind = RG_DENSITY_SAMPLES, .samples = 2, .points = points};
    refused(&g, &spec, 0, RG_EDOMAIN, "sigma = 0");
    refused(&g, &spec, 1e-12, RG_EINVAL, "too small");
    points[3] = INFINITY;
    refused(&g, &spec, 0.1, RG_EINVAL, "not finite");
    points[3] = 0;
    spec.samples = 0;
    refused(&g, &spec, 0.1, RG_EINVAL, "none");
    spec.samples = 2;
    spec.points = NULL;
    refused(&g, &spec, 0.1, RG_EINVAL, "none");

    double *values = rg_field_alloc((size_t)rg_grid_cells(&g));
    assert_non_null(values);
    spec = (rg_density_spec){.kind = RG_DENSITY_GRID, .values_grid = g, .values = values};
    refused(&g, &spec, 0, RG_EDOMAIN, "the mass is 0");
    for (ptrdiff_t i = 0; i < rg_grid_cells(&g); i++) values[i] = 1;
    values[13] = -1e-3;
    refused(&g, &spec, 0, RG_EDOMAIN, "value 13 is negative");
    values[13] = NAN;
    refused(&g, &spec, 0, RG_EINVAL, "value 13 is not finite");
    values[13] = 0;
    refused(&g, &spec, 0, RG_EDOMAIN, "(1, 4, 0)"); /* 9 points on axis 1 */
    spec.background = 1e-6;
    rg_density_destroy(density_of(&g, &spec, 0));
    spec.values = NULL;
    refused(&g, &spec, 0, RG_EINVAL, "no values");
    spec.values = values;
    spec.values_grid.length[1] *= 1.5;
    refused(&g, &spec, 0, RG_EINVAL, "box");
    rg_free(values);

    const double widths[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < 4; i++) {
        spec = (rg_density_spec){.kind = RG_DENSITY_RING, .width = widths[i]};
        refused(&g, &spec, 0, RG_EINVAL, "width");
    }
    spec.width = 0.1;
    refused(&line, &spec, 0, RG_EINVAL, "1 dimensions");
    refused(&space, &spec, 0, RG_EINVAL, "3 dimensions");
    spec.kind = RG_DENSITY_CHECKERBOARD;
    refused(&line, &spec, 0, RG_EINVAL, "1 dimensions");
}

static void bad_variances_are_refused(void **state) {
    (void)state;
    const rg_grid g = box_of(1);
    const double point[] = {0.1};
    const rg_density_spec spec = {.kind = RG_DENSITY_SAMPLES, .samples = 1, .points = point};
    rg_density *density = density_of(&g, &spec, 0.25);
    struct field f = field_of(&g);
    const double bad[] = {0, 0.2499, -1, NAN, INFINITY};
    for (int i = 0; i < 5; i++) {
        rg_diagnostic diagnostic = {0};
        f.log_density[0] = 77;
        assert_int_equal(rg_density_at(density, bad[i], f.log_density, f.score, &diagnostic), RG_EINVAL);
        assert_non_null(strstr(diagnostic.text, "variance"));
        assert_true(f.log_density[0] == 77);
    }
    assert_int_equal(rg_density_at(NULL, 1, f.log_density, f.score, NULL), RG_EINVAL);
    assert_int_equal(rg_density_at(density, 1, NULL, f.score, NULL), RG_EINVAL);
    assert_int_equal(rg_density_at(density, 1, f.log_density, NULL, NULL), RG_OK);
    rg_density_destroy(density);
    rg_density_destroy(NULL);
    field_free(f);
}

/* ---- memory that runs out */

static void each_allocation_may_fail(void **state) {
    (void)state;
    for (int dim = 1; dim <= 3; dim++) {
        const rg_grid g = grid_of(dim, (ptrdiff_t[]){12, 9, 8}, kinds_lower, kinds_length);
        struct store store;
        rg_density_spec spec[KINDS];
        const size_t kinds = every_kind(&g, &store, spec);
        for (size_t k = 0; k < kinds; k++) {
            rg_status status = RG_ENOMEM;
            int failures = 0;
            for (; status; failures++) {
                rg_density *density = NULL;
                rg_diagnostic diagnostic = {0};
                rg_alloc_fail_after(failures);
                status = rg_density_create(&g, &spec[k], 0.1, &density, &diagnostic);
                rg_alloc_fail_after(-1);
                if (status) {
                    assert_int_equal(status, RG_ENOMEM);
                    assert_int_equal(diagnostic.status, RG_ENOMEM);
                    assert_null(density);
                }
                rg_density_destroy(density);
            }
            assert_in_range(failures, 3, 100);
        }
        double *score = rg_field_alloc((size_t)(dim * rg_grid_cells(&g)));
        assert_non_null(score);
        rg_status status = RG_ENOMEM;
        for (int failures = 0; status; failures++) {
            rg_alloc_fail_after(failures);
            status = rg_density_score(&g, store.values, score, NULL);
            rg_alloc_fail_after(-1);
            assert_true(status == RG_OK || status == RG_ENOMEM);
        }
        rg_free(score);
        store_free(&store);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrapped_gaussian_at_any_distance),
        cmocka_unit_test(broad_laws_are_uniform),
        cmocka_unit_test(diagonal_and_general_covariance_agree),
        cmocka_unit_test(correlated_covariance_against_all_images),
        cmocka_unit_test(samples_are_one_gaussian_each),
        cmocka_unit_test(grid_density_in_both_regimes),
        cmocka_unit_test(grid_density_with_unequal_spacings),
        cmocka_unit_test(textbook_shapes_are_symmetric_laws),
        cmocka_unit_test(textbook_shapes_stand_where_they_should),
        cmocka_unit_test(every_kind_obeys_the_heat_flow),
        cmocka_unit_test(background_mixes_exactly),
        cmocka_unit_test(underflow_is_refused_and_mended_by_a_background),
        cmocka_unit_test(score_of_values),
        cmocka_unit_test(bad_mixtures_are_refused),
        cmocka_unit_test(nearly_singular_covariances_do_not_abort),
        cmocka_unit_test(bad_samples_grids_and_shapes_are_refused),
        cmocka_unit_test(bad_variances_are_refused),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
