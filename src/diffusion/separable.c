/* Mixtures of products: p = sum_m w_m prod_a f_ma(x_a).
 *
 * Gaussians with diagonal covariance have wrapped Gaussian profiles. Ring and two moons are many equal Gaussians along
 * a curve. The checkerboard is a sum of products of two profiles, the smoothed indicators of the even and of the odd
 * stripes of an axis, each a sum of positive error-function differences. Everything is kept as logarithms and summed
 * relative to the largest term, so tails keep relative accuracy. */
#include "diffusion/density.h"

#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_erf.h>
#include <math.h>

/* A profile on one axis: Gaussian about `centre`, or the stripes of one parity (0 even, 1 odd). */
struct profile {
    double centre, variance;
    int parity; /* -1: Gaussian */
};

struct separable {
    rg_law law;
    rg_grid grid;
    size_t components;
    double *log_weight;
    struct profile *profile;                       /* (components, d) */
    double *table[RG_MAX_DIM], *slope[RG_MAX_DIM]; /* (components, n_a): log f and its derivative at this variance */
};

/* log of the integral of the standard normal density over [a, b], a < b, without cancellation */
static double log_normal_between(double a, double b) {
    if (a < 0 && b > 0) return log(0.5 * (erf(b * M_SQRT1_2) - erf(a * M_SQRT1_2)));
    const double near = a >= 0 ? a : -b, far = a >= 0 ? b : -a;
    const double log_near = gsl_sf_log_erfc(near * M_SQRT1_2), log_far = gsl_sf_log_erfc(far * M_SQRT1_2);
    return log_near - M_LN2 + log1p(-exp(log_far - log_near));
}

static double log_add(double a, double b) {
    const double top = fmax(a, b), low = fmin(a, b);
    if (top == -HUGE_VAL) return top;
    return top + log1p(exp(low - top));
}

/* Uniform on every other of RG_STRIPES stripes of the axis, smoothed: log density (mass 1) and its slope. */
static double stripes_log(double x, double length, double variance, int parity, double *slope) {
    const double width = length / RG_STRIPES, deviation = sqrt(rg_at_most_broad(variance, length));
    const int images = 2 + (int)ceil(9 * deviation / length);
    double total = -HUGE_VAL, up = -HUGE_VAL, down = -HUGE_VAL; /* logs; up and down: edges that raise and lower */
    const double d = x - length * floor(x / length);
    for (int k = -images * RG_STRIPES; k < images * RG_STRIPES; k++) {
        if ((k % 2 != 0) != parity) continue;
        const double a = (k * width - d) / deviation, b = ((k + 1) * width - d) / deviation;
        total = log_add(total, log_normal_between(a, b));
        up = log_add(up, -0.5 * a * a);
        down = log_add(down, -0.5 * b * b);
    }
    const double edge = -log(deviation) - 0.5 * log(6.283185307179586);
    *slope = exp(up + edge - total) - exp(down + edge - total);
    return total + log(2 / length);
}

static void fill_tables(struct separable *s, double variance) {
    const int dim = s->grid.dim;
    for (int a = 0; a < dim; a++) {
        const ptrdiff_t n = s->grid.shape[a];
        const double h = rg_grid_spacing(&s->grid, a), length = s->grid.length[a];
        for (size_t m = 0; m < s->components; m++) {
            const struct profile *p = &s->profile[m * (size_t)dim + (size_t)a];
            double *table = s->table[a] + (ptrdiff_t)m * n, *slope = s->slope[a] + (ptrdiff_t)m * n;
            for (ptrdiff_t i = 0; i < n; i++) {
                const double x = (double)i * h; /* centres are counted from the corner of the box */
                table[i] = p->parity < 0 ? rg_wrapped_log(x - p->centre, length, p->variance + variance, &slope[i])
                                         : stripes_log(x, length, p->variance + variance, p->parity, &slope[i]);
            }
        }
    }
}

/* log sum exp over the components at one point, and the mean slopes under the posterior weights */
static double combine(const struct separable *s, const ptrdiff_t index[3], double slope[3]) {
    const double negligible = -45;
    const int dim = s->grid.dim;
    double top = -HUGE_VAL, sum = 0;
    slope[0] = slope[1] = slope[2] = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t m = 0; m < s->components; m++) {
            double value = s->log_weight[m];
            for (int a = 0; a < dim; a++) value += s->table[a][(ptrdiff_t)m * s->grid.shape[a] + index[a]];
            if (pass == 0) {
                top = fmax(top, value);
            } else if (value - top > negligible) {
                const double term = exp(value - top);
                sum += term;
                for (int a = 0; a < dim; a++)
                    slope[a] += term * s->slope[a][(ptrdiff_t)m * s->grid.shape[a] + index[a]];
            }
        }
    for (int a = 0; a < dim; a++) slope[a] /= sum;
    return top + log(sum);
}

static void separable_at(rg_law *law, double variance, double *log_density, double *score) {
    struct separable *s = (struct separable *)law;
    fill_tables(s, variance);
    const ptrdiff_t n = rg_grid_cells(&s->grid), *shape = s->grid.shape;
#pragma omp parallel for schedule(static)
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t index[3] = {i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]};
        double slope[3];
        log_density[i] = combine(s, index, slope);
        if (score)
            for (int a = 0; a < s->grid.dim; a++) score[a * n + i] = slope[a];
    }
}

static void separable_destroy(rg_law *law) {
    struct separable *s = (struct separable *)law;
    for (int a = 0; a < RG_MAX_DIM; a++) {
        rg_free(s->table[a]);
        rg_free(s->slope[a]);
    }
    rg_free(s->log_weight);
    rg_free(s->profile);
    rg_free(s);
}

static rg_status separable_create(const rg_grid *grid, size_t components, struct separable **separable) {
    struct separable *s = rg_alloc(1, sizeof *s);
    if (!s) return RG_ENOMEM;
    s->law = (rg_law){separable_at, separable_destroy};
    s->grid = *grid;
    s->components = components;
    s->log_weight = rg_field_alloc(components);
    s->profile = rg_alloc(rg_size_product(components, (size_t)grid->dim), sizeof *s->profile);
    int missing = !s->log_weight || !s->profile;
    for (int a = 0; a < grid->dim; a++) {
        const size_t size = rg_size_product(components, (size_t)grid->shape[a]);
        s->table[a] = rg_field_alloc(size);
        s->slope[a] = rg_field_alloc(size);
        missing |= !s->table[a] || !s->slope[a];
    }
    if (missing) {
        separable_destroy(&s->law);
        return RG_ENOMEM;
    }
    *separable = s;
    return RG_OK;
}

static void set_gaussians(struct separable *s, const rg_density_spec *spec) {
    const size_t dim = (size_t)s->grid.dim;
    double sum = 0;
    for (size_t m = 0; m < spec->components; m++) sum += spec->weights[m];
    for (size_t m = 0; m < spec->components; m++) {
        s->log_weight[m] = log(spec->weights[m] / sum);
        for (size_t a = 0; a < dim; a++)
            s->profile[m * dim + a] = (struct profile){spec->means[m * dim + a] - s->grid.lower[a],
                                                       spec->covariances[(m * dim + a) * dim + a], -1};
    }
}

void rg_curve_point(rg_density_kind kind, double t, double point[2]) {
    const double radius = 0.25, angle = 6.283185307179586 * t;
    point[0] = 0.5 + radius * cos(angle);
    point[1] = 0.5 + radius * sin(angle);
    if (kind == RG_DENSITY_TWO_MOONS) { /* the upper half moves left and down, the lower half right and up */
        const double side = t < 0.5 ? 1 : -1;
        point[0] -= side * 0.5 * radius;
        point[1] -= side * 0.25 * radius;
    }
}

static void set_curve(struct separable *s, const rg_density_spec *spec) {
    for (size_t m = 0; m < RG_CURVE_POINTS; m++) {
        double point[2];
        rg_curve_point(spec->kind, ((double)m + 0.5) / RG_CURVE_POINTS, point);
        s->log_weight[m] = -log(RG_CURVE_POINTS);
        for (size_t a = 0; a < 2; a++)
            s->profile[2 * m + a] = (struct profile){point[a] * s->grid.length[a], spec->width * spec->width, -1};
    }
}

/* The parities of the axes are the bits of an even-parity number, so that chosen boxes touch at corners. */
int rg_stripe_parity(size_t component, int axis, int dim) {
    if (axis + 1 < dim) return (int)(component >> axis & 1);
    int sum = 0;
    for (int a = 0; a + 1 < dim; a++) sum += (int)(component >> a & 1);
    return sum % 2;
}

static void set_checkerboard(struct separable *s, const rg_density_spec *spec) {
    const size_t dim = (size_t)s->grid.dim;
    for (size_t m = 0; m < s->components; m++) {
        s->log_weight[m] = -log((double)s->components);
        for (size_t a = 0; a < dim; a++)
            s->profile[m * dim + a] =
                (struct profile){0, spec->width * spec->width, rg_stripe_parity(m, (int)a, s->grid.dim)};
    }
}

rg_status rg_law_separable(const rg_grid *grid, const rg_density_spec *spec, rg_law **law) {
    const int curve = spec->kind == RG_DENSITY_RING || spec->kind == RG_DENSITY_TWO_MOONS;
    const size_t components = spec->kind == RG_DENSITY_MIXTURE ? spec->components
                              : curve                          ? (size_t)RG_CURVE_POINTS
                                                               : (size_t)1 << (grid->dim - 1);
    struct separable *s;
    const rg_status status = separable_create(grid, components, &s);
    if (status) return status;
    if (spec->kind == RG_DENSITY_MIXTURE) {
        set_gaussians(s, spec);
    } else if (curve) {
        set_curve(s, spec);
    } else {
        set_checkerboard(s, spec);
    }
    *law = &s->law;
    return RG_OK;
}
