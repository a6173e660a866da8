/* Samples with known scores and errors: Gaussians, and cells of a grid drawn by their mass. */
#ifndef DRAWN_H
#define DRAWN_H

#include <rotgrad/estimate.h>
#include <rotgrad/level.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

typedef struct drawn {
    size_t samples, dim;
    double *points, *score, *error, *clean; /* (N, D); score is that of the model, s + e */
    double *lower, *length;                 /* (D), NULL on R^D */
    double sigma;
} drawn;

static inline double *drawn_room(size_t count) {
    double *room = rg_field_alloc(count);
    if (!room) abort();
    return room;
}

static inline drawn drawn_create(size_t samples, size_t dim) {
    const size_t count = samples * dim;
    return (drawn){.samples = samples,
                   .dim = dim,
                   .points = drawn_room(count),
                   .score = drawn_room(count),
                   .error = drawn_room(count),
                   .clean = drawn_room(count)};
}

static inline void drawn_free(drawn *s) {
    double *fields[] = {s->points, s->score, s->error, s->clean, s->lower, s->length};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
}

static inline rg_estimate_data drawn_data(const drawn *s, rg_linear_form form) {
    rg_estimate_data data = {.samples = s->samples, .dim = s->dim, .points = s->points, .score = s->score};
    data.lower = s->lower;
    data.length = s->length;
    data.sigma = s->sigma;
    if (form == RG_LINEAR_ORACLE) data.error = s->error;
    if (form == RG_LINEAR_DENOISING) data.clean = s->clean;
    return data;
}

/* N(0, diag(variance)), made from clean data by noise of deviation `sigma`; e = stretch x, and on each pair of axes
 * (2i, 2i + 1) a turn by `turn`: the rotation of theory.md 7. */
static inline drawn drawn_gaussian(size_t samples, size_t dim, const double *variance, double sigma, double stretch,
                                   double turn, unsigned long seed) {
    drawn s = drawn_create(samples, dim);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    if (!random) abort();
    gsl_rng_set(random, seed);
    s.sigma = sigma;
    for (size_t i = 0; i < samples * dim; i++) {
        s.clean[i] = gsl_ran_gaussian(random, sqrt(variance[i % dim] - sigma * sigma));
        s.points[i] = s.clean[i] + gsl_ran_gaussian(random, sigma);
    }
    for (size_t i = 0; i < samples * dim; i++) {
        const size_t a = i % dim, partner = a ^ 1;
        s.error[i] = stretch * s.points[i];
        if (partner < dim) s.error[i] += (a % 2 ? turn : -turn) * s.points[i - a + partner];
        s.score[i] = -s.points[i] / variance[a] + s.error[i];
    }
    gsl_rng_free(random);
    return s;
}

/* E_p|grad phi|^2 of that: tr(S Sigma S), S = stretch I + turn (a - b)/(a + b) [[0, 1], [1, 0]] on each pair. */
static inline double drawn_gaussian_energy(size_t dim, const double *variance, double stretch, double turn) {
    double energy = 0;
    for (size_t a = 0; a < dim; a++) energy += stretch * stretch * variance[a];
    for (size_t a = 0; a + 1 < dim; a += 2) {
        const double gap = variance[a] - variance[a + 1], sum = variance[a] + variance[a + 1];
        energy += turn * turn * gap * gap / sum;
    }
    return energy;
}

/* Cells by their mass. On a grid that resolves p and e the identities between expectations hold for the law of the
 * cells, too. `error` (d, n) may be the error of the level or a part of it. */
static inline drawn drawn_cells(const rg_grid *grid, const rg_level *level, const double *error, size_t samples,
                                unsigned long seed) {
    const size_t d = (size_t)grid->dim, n = (size_t)rg_grid_cells(grid);
    drawn s = drawn_create(samples, d);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_ran_discrete_t *law = gsl_ran_discrete_preproc(n, level->density);
    if (!random || !law) abort();
    gsl_rng_set(random, seed);
    s.lower = drawn_room(d);
    s.length = drawn_room(d);
    for (size_t a = 0; a < d; a++) {
        s.lower[a] = grid->lower[a];
        s.length[a] = grid->length[a];
    }
    for (size_t i = 0; i < samples; i++) {
        const size_t cell = gsl_ran_discrete(random, law);
        size_t rest = cell;
        for (size_t a = d; a-- > 0;) {
            const size_t points = (size_t)grid->shape[a];
            s.points[i * d + a] = grid->lower[a] + (double)(rest % points) * rg_grid_spacing(grid, (int)a);
            s.error[i * d + a] = error[a * n + cell];
            s.score[i * d + a] = level->score[a * n + cell] + error[a * n + cell];
            rest /= points;
        }
    }
    gsl_ran_discrete_free(law);
    gsl_rng_free(random);
    return s;
}

#endif
