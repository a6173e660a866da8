/* Points that follow the prior, by the particles' own streams: x0 from p_0, then noise of variance_max.
 *
 * Textbook shapes, densities on a grid and priors in files go through rg_density_draw; those of a file get a place within
 * their cell. */
#include "base/dense.h"
#include "base/stream.h"
#include "experiment/sample.h"

#include <math.h>

enum { CHOICE = 0x63686f69, NOISE = 0x70726e6f, PLACE = 0x706c6163 }; /* purposes of streams */

struct prior {
    const rg_experiment *e;
    const rg_density_spec *law;
    double *factor; /* mixture: (components, dim, dim), lower Cholesky factors */
    double *cumulative;
};

static rg_status prepare(struct prior *p) {
    const rg_density_spec *s = p->law;
    const size_t d = p->e->dim, n = s->components;
    if (s->kind != RG_DENSITY_MIXTURE) return RG_OK;
    p->factor = rg_field_alloc(rg_size_product(n, d * d));
    p->cumulative = rg_field_alloc(n);
    if (!p->factor || !p->cumulative) return RG_ENOMEM;
    for (size_t k = 0; k < n; k++) {
        rg_dense_small_cholesky(d, s->covariances + k * d * d, p->factor + k * d * d);
        p->cumulative[k] = s->weights[k] + (k ? p->cumulative[k - 1] : 0);
    }
    return RG_OK;
}

/* x0 of particle i, from uniform numbers u[2] and the normal ones z. */
static void clean_point(const struct prior *p, size_t i, const double *u, double *z, double *x) {
    const rg_density_spec *s = p->law;
    const size_t d = p->e->dim;
    if (s->background > 0 && u[1] < s->background) {
        const rg_stream place = {p->e->sample.seed, PLACE, 0, (uint32_t)i};
        rg_stream_uniform(&place, d, x);
        for (size_t a = 0; a < d; a++) x[a] = p->e->grid.lower[a] + p->e->grid.length[a] * x[a];
    } else if (s->kind == RG_DENSITY_SAMPLES) {
        const size_t k = (size_t)(u[0] * (double)s->samples);
        for (size_t a = 0; a < d; a++) x[a] = s->points[k * d + a];
    } else {
        const double at = u[0] * p->cumulative[s->components - 1];
        size_t k = 0;
        while (k + 1 < s->components && p->cumulative[k] <= at) k++;
        const double *l = p->factor + k * d * d;
        for (size_t a = 0; a < d; a++) {
            x[a] = s->means[k * d + a];
            for (size_t b = 0; b <= a; b++) x[a] += l[a * d + b] * z[b];
        }
    }
}

static rg_status draw(struct prior *p, double *points) {
    const rg_experiment *e = p->e;
    const size_t d = e->dim;
    const double bandwidth = e->sample.bandwidth, deviation = sqrt(e->variance_max + bandwidth * bandwidth);
    double *z = rg_field_alloc(2 * d);
    if (!z) return RG_ENOMEM;
    for (size_t i = 0; i < e->sample.particles; i++) {
        const rg_stream choice = {e->sample.seed, CHOICE, 0, (uint32_t)i},
                        noise = {e->sample.seed, NOISE, 0, (uint32_t)i};
        double u[2], *x = points + i * d;
        rg_stream_uniform(&choice, 2, u);
        rg_stream_normal(&noise, 2 * d, z);
        clean_point(p, i, u, z, x);
        for (size_t a = 0; a < d; a++) x[a] += deviation * z[d + a];
    }
    rg_free(z);
    return RG_OK;
}

/* The file's law is one of masses at grid points: each gets a place within its cell. */
static rg_status draw_file(const rg_experiment *e, double *points) {
    const rg_density_spec spec = {.kind = RG_DENSITY_GRID, .values_grid = e->prior_grid, .values = e->prior_values};
    const rg_status status =
        rg_density_draw(&e->prior_grid, &spec, 0, e->sample.particles, e->sample.seed, NULL, points);
    for (size_t i = 0; !status && i < e->sample.particles; i++) {
        const rg_stream place = {e->sample.seed, PLACE, 0, (uint32_t)i};
        double u[RG_MAX_DIM];
        rg_stream_uniform(&place, e->dim, u);
        for (size_t a = 0; a < e->dim; a++)
            points[i * e->dim + a] += (u[a] - 0.5) * rg_grid_spacing(&e->prior_grid, (int)a);
    }
    return status;
}

static void draw_uniform(const rg_experiment *e, double *points) {
    for (size_t i = 0; i < e->sample.particles; i++) {
        const rg_stream place = {e->sample.seed, PLACE, 0, (uint32_t)i};
        double *x = points + i * e->dim;
        rg_stream_uniform(&place, e->dim, x);
        for (size_t a = 0; a < e->dim; a++) x[a] = e->grid.lower[a] + e->grid.length[a] * x[a];
    }
}

rg_status rg_sample_prior(const rg_experiment *experiment, const rg_density_spec *law, double *points,
                          rg_diagnostic *diagnostic) {
    const rg_experiment *e = experiment;
    const int pointwise = law->kind == RG_DENSITY_MIXTURE || law->kind == RG_DENSITY_SAMPLES;
    struct prior prior = {.e = e, .law = law};
    rg_status status = RG_OK;
    if (e->prior == RG_PRIOR_UNIFORM) {
        draw_uniform(e, points);
    } else if (e->prior == RG_PRIOR_FILE) {
        status = draw_file(e, points);
    } else if (!pointwise) {
        status =
            rg_density_draw(&e->grid, &e->density, e->variance_max, e->sample.particles, e->sample.seed, NULL, points);
    } else {
        status = prepare(&prior);
        if (!status) status = draw(&prior, points);
    }
    rg_free(prior.factor);
    rg_free(prior.cumulative);
    return status ? rg_fail(diagnostic, status, "the prior: %s", rg_status_text(status)) : RG_OK;
}
