/* Experiments drawn from a seed. */
#include "draw.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double uniform(struct draw *d, double low, double high) {
    return low + (high - low) * gsl_rng_uniform(d->random);
}

static int below(struct draw *d, int n) {
    return (int)gsl_rng_uniform_int(d->random, (unsigned long)n);
}

/* Grid points an axis, by dimension: from, and how many more. */
struct range {
    int least[4], more[4];
};
static const struct range of_runs = {{0, 24, 20, 10}, {0, 40, 16, 6}}, of_ladders = {{0, 34, 18, 8}, {0, 30, 10, 4}};

static void draw_grid(struct draw *d, const struct range *range) {
    const int dim = 1 + below(d, 3);
    ptrdiff_t shape[3] = {1, 1, 1};
    double lower[3] = {0}, length[3] = {1, 1, 1};
    for (int a = 0; a < dim; a++) {
        shape[a] = range->least[dim] + below(d, range->more[dim]);
        lower[a] = uniform(d, -4, 4);
        length[a] = uniform(d, 0.7, 1.4) * 6.283185307179586;
    }
    if (rg_grid_init(dim, shape, lower, length, &d->x.grid)) abort();
}

/* A smooth positive function: exp of a few Fourier modes. */
static void draw_positive(struct draw *d, const rg_grid *grid, double size, double *out) {
    double amplitude[4], phase[4];
    int wave[4][3];
    for (int m = 0; m < 4; m++) {
        amplitude[m] = size * gsl_ran_gaussian(d->random, 1) / 2;
        phase[m] = uniform(d, 0, 6.3);
        for (int a = 0; a < 3; a++) wave[m][a] = below(d, 5) - 2;
    }
    const ptrdiff_t *n = grid->shape;
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) {
        const ptrdiff_t index[3] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        double sum = 0;
        for (int m = 0; m < 4; m++) {
            double theta = phase[m];
            for (int a = 0; a < grid->dim; a++)
                theta += 6.283185307179586 * wave[m][a] * (double)index[a] / (double)n[a];
            sum += amplitude[m] * cos(theta);
        }
        out[i] = exp(sum);
    }
}

static void draw_mixture(struct draw *d, rg_density_spec *spec) {
    const int dim = d->x.grid.dim;
    spec->kind = RG_DENSITY_MIXTURE;
    spec->components = 1 + (size_t)below(d, MOST_COMPONENTS);
    const int correlated = below(d, 2);
    for (size_t m = 0; m < spec->components; m++) {
        double *c = d->covariances + m * (size_t)(dim * dim), deviation[3];
        d->weights[m] = uniform(d, 0.2, 1);
        const double correlation = correlated ? uniform(d, -0.4, 0.4) : 0;
        for (int a = 0; a < dim; a++) {
            d->means[(int)m * dim + a] = uniform(d, -5, 5);
            deviation[a] = uniform(d, 0.8, 1.6);
        }
        for (int a = 0; a < dim; a++)
            for (int b = 0; b < dim; b++) c[a * dim + b] = deviation[a] * deviation[b] * (a == b ? 1 : correlation);
    }
    spec->means = d->means;
    spec->covariances = d->covariances;
    spec->weights = d->weights;
}

static void draw_samples(struct draw *d, rg_density_spec *spec) {
    spec->kind = RG_DENSITY_SAMPLES;
    spec->samples = 1 + (size_t)below(d, MOST_SAMPLES);
    for (size_t i = 0; i < spec->samples * (size_t)d->x.grid.dim; i++) d->points[i] = uniform(d, -9, 9);
    spec->points = d->points;
    spec->background = pow(10, uniform(d, -6, -2));
}

static void draw_shape(struct draw *d, rg_density_spec *spec) {
    spec->kind = d->x.grid.dim == 3 ? RG_DENSITY_CHECKERBOARD : (rg_density_kind)(RG_DENSITY_RING + below(d, 3));
    spec->width = uniform(d, 0.5, 0.9);
}

static void draw_density(struct draw *d) {
    rg_density_spec *spec = &d->x.density;
    const int kind = below(d, 4);
    if (kind == 0 || (kind == 3 && d->x.grid.dim == 1)) {
        draw_mixture(d, spec);
    } else if (kind == 1) {
        draw_samples(d, spec);
    } else if (kind == 2) {
        spec->kind = RG_DENSITY_GRID;
        spec->values_grid = d->x.grid;
        draw_positive(d, &spec->values_grid, 1.5, d->density);
        spec->values = d->density;
    } else {
        draw_shape(d, spec);
    }
    double spacing = 0;
    for (int a = 0; a < d->x.grid.dim; a++) spacing = fmax(spacing, rg_grid_spacing(&d->x.grid, a));
    const double sigma_min = spec->kind == RG_DENSITY_SAMPLES ? uniform(d, 1.8, 3) * spacing : below(d, 2) * 0.3;
    d->x.variance_min = sigma_min * sigma_min;
    d->x.variance_max = d->x.variance_min + uniform(d, 0.3, 4);
}

static void draw_term(struct draw *d, size_t i) {
    rg_error_term *t = &d->term[i];
    const int dim = d->x.grid.dim, kind = below(d, 5);
    const double size = pow(10, uniform(d, -2, 0));
    if (kind == 0 && dim > 1) {
        t->kind = RG_ERROR_ROTATION;
        for (int a = 0; a < 3; a++) t->rotation[a] = size * gsl_ran_gaussian(d->random, 1);
    } else if (kind == 1) {
        t->kind = RG_ERROR_CONSTANT;
        for (int a = 0; a < dim; a++) t->constant[a] = size * gsl_ran_gaussian(d->random, 1);
    } else if (kind == 2) {
        t->kind = RG_ERROR_RANDOM;
        t->seed = gsl_rng_get(d->random);
        t->band = 1 + below(d, 2);
        t->gradient_energy = below(d, 4) ? size * size : 0;
        t->solenoidal_energy = dim > 1 ? size * size * uniform(d, 0, 3) : 0;
    } else if (kind == 3) {
        t->kind = RG_ERROR_FIELD;
        t->values_grid = d->x.grid;
        const ptrdiff_t n = rg_grid_cells(&d->x.grid);
        for (int a = 0; a < dim; a++) {
            draw_positive(d, &d->x.grid, 0.5, d->field[i] + a * n);
            for (ptrdiff_t k = 0; k < n; k++) d->field[i][a * n + k] = size * (d->field[i][a * n + k] - 1);
        }
        t->values = d->field[i];
    } else {
        t->kind = RG_ERROR_MODES;
        t->modes = 1 + (size_t)below(d, MOST_MODES);
        for (size_t m = 0; m < t->modes; m++) {
            rg_error_mode *mode = &d->mode[i][m];
            mode->component = below(d, dim);
            for (int a = 0; a < dim; a++) mode->wave[a] = below(d, 5) - 2;
            mode->sine = size * gsl_ran_gaussian(d->random, 1);
            mode->cosine = size * gsl_ran_gaussian(d->random, 1);
        }
        t->mode = d->mode[i];
    }
}

static void draw_by(struct draw *d, unsigned long seed, const struct range *range) {
    gsl_rng *random = d->random;
    memset(d, 0, sizeof *d);
    d->random = random;
    gsl_rng_set(random, seed);
    draw_grid(d, range);
    draw_density(d);
    static const double churns[] = {1, 1, 0.5, 2, 0};
    d->x.churn = churns[below(d, 5)];
    d->x.prior = (rg_prior)(RG_PRIOR_EXACT + below(d, 3));
    d->x.prior_grid = d->x.grid;
    draw_positive(d, &d->x.prior_grid, 0.5, d->prior);
    d->x.prior_values = d->prior;
    d->x.terms = (size_t)below(d, MOST_TERMS + 1);
    d->x.term = d->term;
    for (size_t i = 0; i < d->x.terms; i++) draw_term(d, i);
    d->x.form = below(d, 4) ? RG_FORM_DENSITY : RG_FORM_RATIO;
    d->x.tolerance = pow(10, uniform(d, -7, -4));
    if (below(d, 2)) d->x.wasserstein = (rg_experiment_wasserstein){.gap = 1e-3, .source_gap = 1e-2};
}

/* Without noise no path has a density to another. */
void draw_experiment(struct draw *d, unsigned long seed) {
    draw_by(d, seed, &of_runs);
    if (below(d, 2) && d->x.churn > 0) d->x.manifold.levels = 4;
}

/* ---- the ladder */

/* Points that are not of the law as well: the bounds hold for any. */
static void draw_training(struct draw *d) {
    rg_experiment_budget *b = &d->x.budget;
    const int dim = d->x.grid.dim;
    b->seed = gsl_rng_get(d->random);
    b->samples = below(d, 5) ? 1 + (size_t)below(d, MOST_TRAINING) : 0;
    if (below(d, 4) || b->samples == 0) return;
    for (size_t i = 0; i < b->samples * (size_t)dim; i++) {
        const int a = (int)i % dim;
        d->training[i] = d->x.grid.lower[a] + uniform(d, 0, 0.6) * d->x.grid.length[a];
    }
    b->points = d->training;
}

/* Random waves only as many as fit the grid. */
static void draw_class(struct draw *d) {
    static const rg_feature_kind kinds[] = {0, RG_FEATURES_FOURIER, RG_FEATURES_RANDOM};
    static const int most[] = {0, 5, 3, 2}, pairs[] = {0, 8, 2, 1};
    rg_experiment_budget *b = &d->x.budget;
    const int dim = d->x.grid.dim;
    b->kind = kinds[below(d, 3)];
    b->size = b->kind == RG_FEATURES_RANDOM ? 2 * (1 + (size_t)below(d, pairs[dim])) : 1 + (size_t)below(d, most[dim]);
    b->ridge = pow(10, uniform(d, -7, -3));
}

void draw_ladder(struct draw *d, unsigned long seed) {
    rg_experiment_budget *b = &d->x.budget;
    draw_by(d, seed, &of_ladders);
    double spacing = 0;
    for (int a = 0; a < d->x.grid.dim; a++) spacing = fmax(spacing, rg_grid_spacing(&d->x.grid, a));
    const double sigma_min = uniform(d, 1.8, 3) * spacing;
    d->x.variance_min = sigma_min * sigma_min;
    d->x.variance_max = d->x.variance_min + uniform(d, 0.3, 4);
    d->x.churn = below(d, 2) ? uniform(d, 0, 2) : 1;
    d->x.tolerance = pow(10, uniform(d, -4, -2));
    draw_training(d);
    draw_class(d);
    b->has_prior = below(d, 4) > 0;
    b->prior = (rg_budget_prior)(RG_BUDGET_EXACT + below(d, 3));
    b->steps = below(d, 4) ? 1 + (size_t)below(d, 30) : 0;
    b->scheme = (rg_step_scheme)(RG_STEP_EULER + below(d, 2));
}
