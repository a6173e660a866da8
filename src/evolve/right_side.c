/* Ratio form: N = (2 D - c) s.grad rho - c (b.grad rho + rho h_b); for lambda = 1 the true score cancels.
 * Density form: N = -c div(q (s + b)); the mean mode of a divergence is 0, so mass is kept exactly.
 * Linear response, q = p (1 + delta) to first order in e: N = (2 D - c) s.grad delta - c h, or with m = p delta
 * N = -c div(m s + p e). */
#include "evolve/right_side.h"

#include "base/base.h"

#include <assert.h>

struct spread {
    const rg_spectral *s;
    const double *u;
    double *modes; /* u / cells into the last of d + 1 spectra, i k_a u / cells into the others */
    int gradient;
};

static void spread_row(void *data, const rg_row *row) {
    const struct spread *t = data;
    const rg_spectral *s = t->s;
    const int dim = s->grid.dim;
    const double factor = 1 / (double)s->cells;
    const double *u = t->u + 2 * row->begin;
    double *value = t->modes + 2 * (dim * s->modes + row->begin);
    for (ptrdiff_t i = 0; i < row->count; i++) {
        value[2 * i] = factor * u[2 * i];
        value[2 * i + 1] = factor * u[2 * i + 1];
    }
    for (int a = 0; t->gradient && a < dim; a++) {
        double *slope = t->modes + 2 * (a * s->modes + row->begin);
        for (ptrdiff_t i = 0; i < row->count; i++) {
            const double k = rg_row_k(row, rg_padded(s, a), i);
            slope[2 * i] = -k * value[2 * i + 1];
            slope[2 * i + 1] = k * value[2 * i];
        }
    }
}

void rg_spread(const rg_spectral *s, const double *u, int gradient) {
    rg_rows(s, spread_row, &(struct spread){s, u, s->spectrum, gradient});
}

void rg_equation_field(const rg_equation *e, const double *u, double *field) {
    const rg_spectral *s = e->spectral;
    rg_spread(s, u, 0);
    rg_back(s, s->spectrum + 2 * s->grid.dim * s->modes, field);
}

/* Which drift and source a marginal follows; NULL for none. */
struct marginal {
    const double *drift, *source, *less; /* source - less */
    int linear;                          /* they drive it, and do not depend on where it is */
};

static struct marginal marginal_of(const rg_level *level, int marginal) {
    const struct marginal of[] = {
        [RG_FULL] = {level->error, level->source, NULL, 0},
        [RG_GRADIENT] = {level->gradient, level->source, level->solenoidal_source, 0},
        [RG_SOLENOIDAL] = {level->solenoidal, level->solenoidal_source, NULL, 0},
        [RG_NONE] = {NULL, NULL, NULL, 0},
        [RG_FLOOR] = {NULL, NULL, NULL, 0},
        [RG_LINEAR] = {level->error, level->source, NULL, 1},
    };
    return of[marginal];
}

struct pointwise {
    const rg_equation *e;
    const rg_level *level;
    struct marginal m;
    double *field, *vector; /* rho or q; grad rho going in, flux coming out */
};

/* field := N from rho (in field) and grad rho (in vector) */
static void ratio_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pointwise *p = data;
    const rg_equation *e = p->e;
    const ptrdiff_t n = e->spectral->cells;
    const double c = e->drift, along_score = 2 * e->diffusion - c;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double h = p->m.source ? p->m.source[i] - (p->m.less ? p->m.less[i] : 0) : 0;
        p->field[i] = -c * h * (p->m.linear ? 1 : p->field[i]);
    }
    for (int a = 0; a < e->spectral->grid.dim; a++) {
        const double *slope = p->vector + a * n, *score = p->level->score + a * n;
        const double *drift = p->m.drift && !p->m.linear ? p->m.drift + a * n : NULL;
        for (ptrdiff_t i = begin; i < end; i++)
            p->field[i] += (along_score * score[i] - c * (drift ? drift[i] : 0)) * slope[i];
    }
}

static void density_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pointwise *p = data;
    const ptrdiff_t n = p->e->spectral->cells;
    assert(!p->m.linear || p->m.drift);
    for (int a = 0; a < p->e->spectral->grid.dim; a++) {
        const double *score = p->level->score + a * n, *drift = p->m.drift ? p->m.drift + a * n : NULL;
        double *flux = p->vector + a * n;
        if (p->m.linear)
            for (ptrdiff_t i = begin; i < end; i++) flux[i] = p->field[i] * score[i] + p->level->density[i] * drift[i];
        else
            for (ptrdiff_t i = begin; i < end; i++) flux[i] = p->field[i] * (score[i] + (drift ? drift[i] : 0));
    }
}

struct divergence {
    const rg_spectral *s;
    double *out, factor;
};

/* Component by component, each with a wavenumber that stands still or an array of them. */
static void divergence_row(void *data, const rg_row *row) {
    const struct divergence *d = data;
    const rg_spectral *s = d->s;
    double *out = d->out + 2 * row->begin;
    for (int a = 0; a < s->grid.dim; a++) {
        const double *mode = s->spectrum + 2 * (a * s->modes + row->begin), factor = d->factor;
        const double *k_last = row->k_last, lead = rg_padded(s, a) == 2 ? 0 : row->k[rg_padded(s, a)];
        const int last = rg_padded(s, a) == 2;
        for (ptrdiff_t i = 0; i < row->count; i++) {
            const double k = factor * (last ? k_last[i] : lead);
            out[2 * i] = (a == 0 ? 0 : out[2 * i]) - k * mode[2 * i + 1];
            out[2 * i + 1] = (a == 0 ? 0 : out[2 * i + 1]) + k * mode[2 * i];
        }
    }
}

void rg_gather_divergence(const rg_spectral *s, double factor, double *n) {
    rg_rows(s, divergence_row, &(struct divergence){s, n, factor});
}

/* n = -c div flux, the flux from q (in field) */
static void minus_flux_divergence(struct pointwise *p, double *n) {
    const rg_equation *e = p->e;
    const rg_spectral *s = e->spectral;
    rg_parallel(s->cells, density_block, p);
    for (int a = 0; a < s->grid.dim; a++) rg_forward(s, p->vector + a * s->cells, s->spectrum + 2 * a * s->modes);
    rg_gather_divergence(s, -e->drift, n);
}

void rg_equation_right_side(const rg_equation *e, const rg_level *level, int marginal, const double *u, double *n) {
    const rg_spectral *s = e->spectral;
    const int dim = s->grid.dim, ratio = e->form == RG_FORM_RATIO;
    struct pointwise p = {e, level, marginal_of(level, marginal), e->real + dim * s->cells, e->real};
    rg_spread(s, u, ratio);
    rg_back(s, s->spectrum + 2 * dim * s->modes, p.field);
    if (ratio) {
        for (int a = 0; a < dim; a++) rg_back(s, s->spectrum + 2 * a * s->modes, p.vector + a * s->cells);
        rg_parallel(s->cells, ratio_block, &p);
        rg_forward(s, p.field, n);
    } else {
        minus_flux_divergence(&p, n);
    }
}

void rg_equation_density_rate(const rg_equation *e, const rg_level *level, double *n) {
    struct pointwise p = {e, level, marginal_of(level, RG_NONE), level->density, e->real};
    minus_flux_divergence(&p, n);
}
