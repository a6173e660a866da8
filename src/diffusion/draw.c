/* Samples of p_v: x0 from p_0, then Gaussian noise, then the box.
 *
 * p_0 is (1 - background) times a choice among components (Gaussians, points, grid points, pieces of a shape) plus
 * background times the uniform law. */
#include "base/dense.h"
#include "diffusion/manifold.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

struct draw {
    const rg_grid *grid;
    const rg_density_spec *spec;
    gsl_rng *random;
    gsl_ran_discrete_t *choice; /* NULL: all components alike */
    size_t components;
    double *factor; /* mixture: (components, d, d), lower Cholesky factors of the covariances */
};

static void draw_free(struct draw *w) {
    if (w->choice) gsl_ran_discrete_free(w->choice);
    if (w->random) gsl_rng_free(w->random);
    rg_free(w->factor);
}

static int prepare_mixture(struct draw *w) {
    const size_t d = (size_t)w->grid->dim;
    w->components = w->spec->components;
    w->choice = gsl_ran_discrete_preproc(w->components, w->spec->weights);
    w->factor = rg_field_alloc(rg_size_product(w->components, d * d));
    if (!w->choice || !w->factor) return 0;
    for (size_t m = 0; m < w->components; m++)
        rg_dense_small_cholesky(d, w->spec->covariances + m * d * d, w->factor + m * d * d);
    return 1;
}

static int prepare(struct draw *w, unsigned long seed) {
    const rg_density_spec *s = w->spec;
    w->random = gsl_rng_alloc(gsl_rng_mt19937);
    if (!w->random) return 0;
    gsl_rng_set(w->random, seed);
    switch (s->kind) {
    case RG_DENSITY_MIXTURE:
        return prepare_mixture(w);
    case RG_DENSITY_GRID:
        w->components = (size_t)rg_grid_cells(&s->values_grid);
        w->choice = gsl_ran_discrete_preproc(w->components, s->values);
        return w->choice != NULL;
    case RG_DENSITY_SAMPLES:
        w->components = s->samples;
        return 1;
    case RG_DENSITY_CHECKERBOARD:
        w->components = (size_t)1 << (w->grid->dim - 1);
        return 1;
    case RG_DENSITY_RING:
    case RG_DENSITY_TWO_MOONS:
        w->components = RG_CURVE_POINTS;
        return 1;
    case RG_DENSITY_POINTS:
        w->components = s->samples;
        return 1;
    default: /* manifolds */
        w->components = s->count ? s->count : 1;
        return rg_density_on_manifold(s->kind);
    }
}

/* ---- one x0 of component m */

static void draw_gaussian(const struct draw *w, size_t m, double *x) {
    const size_t d = (size_t)w->grid->dim;
    const double *l = w->factor + m * d * d;
    double z[RG_MAX_DIM];
    for (size_t a = 0; a < d; a++) z[a] = gsl_ran_gaussian_ziggurat(w->random, 1);
    for (size_t a = 0; a < d; a++) {
        x[a] = w->spec->means[m * d + a];
        for (size_t b = 0; b <= a; b++) x[a] += l[a * d + b] * z[b];
    }
}

static void draw_grid_point(const struct draw *w, size_t m, double *x) {
    const rg_grid *grid = &w->spec->values_grid;
    for (int a = grid->dim; a-- > 0;) {
        const size_t points = (size_t)grid->shape[a];
        x[a] = grid->lower[a] + (double)(m % points) * rg_grid_spacing(grid, a);
        m /= points;
    }
}

static void draw_shape(const struct draw *w, size_t m, double *x) {
    const rg_grid *grid = w->grid;
    double part[RG_MAX_DIM];
    if (w->spec->kind != RG_DENSITY_CHECKERBOARD)
        rg_curve_point(w->spec->kind, ((double)m + 0.5) / RG_CURVE_POINTS, part);
    for (int a = 0; a < grid->dim; a++) {
        if (w->spec->kind == RG_DENSITY_CHECKERBOARD) {
            const unsigned long pair = gsl_rng_uniform_int(w->random, RG_STRIPES / 2);
            const double stripe = 2 * (double)pair + rg_stripe_parity(m, a, grid->dim);
            part[a] = (stripe + gsl_rng_uniform(w->random)) / RG_STRIPES;
        }
        x[a] = grid->lower[a] + part[a] * grid->length[a] + gsl_ran_gaussian_ziggurat(w->random, w->spec->width);
    }
}

/* Uniform in length or area: a parameter is kept with a probability in proportion to the element there. */
static void draw_manifold(const struct draw *w, size_t m, double *x) {
    const rg_manifold shape = rg_manifold_of(w->grid, w->spec);
    double t[2] = {0}, most = rg_manifold_most(&shape);
    if (w->spec->count)
        t[0] = (double)m / (double)w->spec->count;
    else
        do
            for (int k = 0; k < shape.parameters; k++) t[k] = gsl_rng_uniform(w->random);
        while (most * gsl_rng_uniform(w->random) > rg_manifold_element(&shape, t));
    rg_manifold_place(&shape, t, x, NULL);
    for (int a = 0; a < w->grid->dim; a++) x[a] += gsl_ran_gaussian_ziggurat(w->random, w->spec->width);
}

static void draw_component(const struct draw *w, double *x) {
    const size_t d = (size_t)w->grid->dim;
    const size_t m = w->choice ? gsl_ran_discrete(w->random, w->choice) : gsl_rng_uniform_int(w->random, w->components);
    if (w->spec->kind == RG_DENSITY_MIXTURE) {
        draw_gaussian(w, m, x);
    } else if (w->spec->kind == RG_DENSITY_GRID) {
        draw_grid_point(w, m, x);
    } else if (w->spec->kind == RG_DENSITY_SAMPLES || w->spec->kind == RG_DENSITY_POINTS) {
        for (size_t a = 0; a < d; a++) x[a] = w->spec->points[m * d + a];
    } else if (rg_density_on_manifold(w->spec->kind)) {
        draw_manifold(w, m, x);
    } else {
        draw_shape(w, m, x);
    }
}

/* ---- all of them */

static double wrap(const rg_grid *grid, int a, double x) {
    const double away = x - grid->lower[a];
    return grid->lower[a] + away - grid->length[a] * floor(away / grid->length[a]);
}

static void draw_one(const struct draw *w, double deviation, double *clean, double *point) {
    const rg_grid *grid = w->grid;
    double x[RG_MAX_DIM];
    if (w->spec->background > 0 && gsl_rng_uniform(w->random) < w->spec->background)
        for (int a = 0; a < grid->dim; a++) x[a] = grid->lower[a] + grid->length[a] * gsl_rng_uniform(w->random);
    else
        draw_component(w, x);
    for (int a = 0; a < grid->dim; a++) {
        if (clean) clean[a] = wrap(grid, a, x[a]);
        point[a] = wrap(grid, a, x[a] + gsl_ran_gaussian_ziggurat(w->random, deviation));
    }
}

rg_status rg_density_draw(const rg_grid *grid, const rg_density_spec *spec, double variance, size_t count,
                          unsigned long seed, double *clean, double *points) {
    if (!grid || !spec || !points || !(variance >= 0) || !isfinite(variance)) return RG_EINVAL;
    struct draw w = {.grid = grid, .spec = spec};
    const int ready = prepare(&w, seed);
    const size_t d = (size_t)grid->dim;
    for (size_t i = 0; ready && i < count; i++)
        draw_one(&w, sqrt(variance), clean ? clean + i * d : NULL, points + i * d);
    draw_free(&w);
    return ready ? RG_OK : RG_ENOMEM;
}
