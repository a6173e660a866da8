/* Wrapped Gaussian mixtures with general covariance, by sums over images.
 *
 * Image k is negligible when its exponent exceeds the smallest one by 45; the quadratic form is at least
 * (x_a + k_a L_a)^2 / Q_aa, which bounds the images needed on each axis. */
#include "diffusion/density.h"

#include <assert.h>
#include <gsl/gsl_linalg.h>
#include <math.h>

struct component {
    double log_weight;
    double mean[3], covariance[9];
    double precision[9], log_norm; /* at the variance of the call */
    int images[3];
};

struct gaussian {
    rg_law law;
    rg_grid grid;
    size_t components;
    struct component *component;
};

static void invert(struct component *c, const rg_grid *grid, double noise) {
    const int dim = grid->dim;
    double q[9] = {0}, longest = 0;
    for (int a = 0; a < dim; a++) longest = fmax(longest, grid->length[a]);
    const double variance = rg_at_most_broad(noise, longest);
    for (int i = 0; i < dim * dim; i++) q[i] = c->covariance[i] + (i % (dim + 1) == 0 ? variance : 0);
    for (int i = 0; i < dim * dim; i++) c->precision[i] = q[i];
    gsl_matrix_view m = gsl_matrix_view_array(c->precision, (size_t)dim, (size_t)dim);
    (void)gsl_linalg_cholesky_decomp1(&m.matrix); /* positive definite: checked at creation */
    c->log_norm = -0.5 * dim * log(6.283185307179586);
    for (int a = 0; a < dim; a++) c->log_norm -= log(c->precision[a * dim + a]);
    (void)gsl_linalg_cholesky_invert(&m.matrix);
    double nearest = 45, trace = 0; /* bound of the exponent of the nearest image, plus 45 */
    for (int a = 0; a < dim; a++) trace += c->precision[a * dim + a];
    for (int a = 0; a < dim; a++) nearest += 0.125 * trace * grid->length[a] * grid->length[a];
    for (int a = 0; a < dim; a++) c->images[a] = (int)ceil(0.5 + sqrt(2 * q[a * dim + a] * nearest) / grid->length[a]);
    for (int a = dim; a < 3; a++) c->images[a] = 0;
}

/* A running log-sum-exp with first moments of the displacement. */
struct sum {
    double top, mass, moment[3];
};

static void add_term(struct sum *s, double exponent, const double *at, int dim) {
    if (!(exponent > s->top - 45)) return; /* also a component of weight 0 */
    if (exponent > s->top) {
        const double factor = exp(s->top - exponent);
        s->mass *= factor;
        for (int a = 0; a < dim; a++) s->moment[a] *= factor;
        s->top = exponent;
    }
    const double term = exp(exponent - s->top);
    s->mass += term;
    for (int a = 0; a < dim; a++) s->moment[a] += term * at[a];
}

static double quadratic(const struct component *c, const double *at, int dim) {
    double sum = 0;
    for (int a = 0; a < dim; a++)
        for (int b = 0; b < dim; b++) sum += c->precision[a * dim + b] * at[a] * at[b];
    return sum;
}

static struct sum image_sum(const struct component *c, const rg_grid *grid, const double *x) {
    struct sum s = {.top = -1e300};
    double d[3] = {0}, at[3] = {0};
    for (int a = 0; a < grid->dim; a++) d[a] = remainder(x[a] - c->mean[a], grid->length[a]);
    for (int i = -c->images[0]; i <= c->images[0]; i++)
        for (int j = -c->images[1]; j <= c->images[1]; j++)
            for (int k = -c->images[2]; k <= c->images[2]; k++) {
                const int image[3] = {i, j, k};
                for (int a = 0; a < grid->dim; a++) at[a] = d[a] + image[a] * grid->length[a];
                add_term(&s, -0.5 * quadratic(c, at, grid->dim), at, grid->dim);
            }
    return s;
}

/* log p at x; slope = sum_m posterior_m (-P_m E[displacement]) */
static double evaluate(const struct gaussian *g, const double *x, double slope[3]) {
    const int dim = g->grid.dim;
    struct sum total = {.top = -1e300};
    for (size_t m = 0; m < g->components; m++) {
        const struct component *c = &g->component[m];
        const struct sum s = image_sum(c, &g->grid, x);
        double force[3] = {0};
        for (int a = 0; a < dim; a++)
            for (int b = 0; b < dim; b++) force[a] -= c->precision[a * dim + b] * s.moment[b] / s.mass;
        add_term(&total, c->log_weight + c->log_norm + s.top + log(s.mass), force, dim);
    }
    for (int a = 0; a < dim; a++) slope[a] = total.moment[a] / total.mass;
    return total.top + log(total.mass);
}

static void gaussian_at(rg_law *law, double variance, double *log_density, double *score) {
    struct gaussian *g = (struct gaussian *)law;
    for (size_t m = 0; m < g->components; m++) invert(&g->component[m], &g->grid, variance);
    const ptrdiff_t n = rg_grid_cells(&g->grid), *shape = g->grid.shape;
    const int dim = g->grid.dim;
    assert(dim <= RG_MAX_DIM);
#pragma omp parallel for schedule(static)
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t index[3] = {i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]};
        double x[3] = {0}, slope[3];
        for (int a = 0; a < dim; a++) x[a] = g->grid.lower[a] + (double)index[a] * rg_grid_spacing(&g->grid, a);
        log_density[i] = evaluate(g, x, slope);
        if (score)
            for (int a = 0; a < dim; a++) score[a * n + i] = slope[a];
    }
}

void rg_law_gaussian_points(rg_law *law, double variance, size_t count, const double *x, double *log_density,
                            double *score) {
    struct gaussian *g = (struct gaussian *)law;
    const size_t dim = (size_t)g->grid.dim;
    for (size_t m = 0; m < g->components; m++) invert(&g->component[m], &g->grid, variance);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        double slope[3];
        log_density[i] = evaluate(g, x + i * dim, slope);
        for (size_t a = 0; a < dim; a++) score[i * dim + a] = slope[a];
    }
}

static void gaussian_destroy(rg_law *law) {
    struct gaussian *g = (struct gaussian *)law;
    rg_free(g->component);
    rg_free(g);
}

rg_status rg_law_gaussian(const rg_grid *grid, const rg_density_spec *spec, rg_law **law) {
    struct gaussian *g = rg_alloc(1, sizeof *g);
    if (!g) return RG_ENOMEM;
    g->law = (rg_law){gaussian_at, gaussian_destroy};
    g->grid = *grid;
    g->components = spec->components;
    g->component = rg_alloc(spec->components, sizeof *g->component);
    if (!g->component) {
        gaussian_destroy(&g->law);
        return RG_ENOMEM;
    }
    double sum = 0;
    const size_t dim = (size_t)grid->dim;
    for (size_t m = 0; m < spec->components; m++) sum += spec->weights[m];
    for (size_t m = 0; m < spec->components; m++) {
        struct component *c = &g->component[m];
        c->log_weight = log(spec->weights[m] / sum);
        for (size_t a = 0; a < dim; a++) c->mean[a] = spec->means[m * dim + a];
        for (size_t a = 0; a < dim * dim; a++) c->covariance[a] = spec->covariances[m * dim * dim + a];
    }
    *law = &g->law;
    return RG_OK;
}
