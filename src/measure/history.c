/* d/dtau KL(p|q) = -D E_p|grad u|^2 - c E_p[grad u . e],  u = log(p/q)   (docs/theory.md 3).
 *
 * grad u = -grad rho / rho in ratio form, s - grad q / q in density form. Cells where q is rounding noise carry no
 * weight: below 1e-13 of its largest value they are left out. */
#include "measure/history.h"

#include "base/base.h"

#include <math.h>

static const double noise = 1e-13;
static const double nothing = 1e-24; /* share of r in the energy, below which e is a gradient but for rounding */

rg_status rg_history_create(const rg_grid *grid, double tolerance, rg_history *history) {
    const size_t n = (size_t)rg_grid_cells(grid);
    *history = (rg_history){.grid = *grid};
    history->ratio = rg_field_alloc(n);
    history->density = rg_field_alloc(n);
    history->slope = rg_field_alloc(rg_size_product(n, (size_t)grid->dim));
    if (!history->ratio || !history->density || !history->slope) return RG_ENOMEM;
    const rg_status status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &history->spectral);
    return status ? status : rg_reverse_projection_create(grid, tolerance, &history->projection);
}

void rg_history_free(rg_history *history) {
    rg_free(history->ratio);
    rg_free(history->density);
    rg_free(history->slope);
    rg_free(history->point);
    rg_spectral_destroy(history->spectral);
    rg_reverse_projection_free(&history->projection);
    *history = (rg_history){0};
}

static rg_status make_room(rg_history *h) {
    rg_history_point *point = rg_grow(h->point, h->count, sizeof *point, &h->room);
    if (!point) return RG_ENOMEM;
    h->point = point;
    return RG_OK;
}

struct rate {
    const rg_level *level;
    const double *value, *slope; /* rho and grad rho, or q and grad q */
    ptrdiff_t n;
    int dim, is_ratio;
    double drift, diffusion, least;
};

static double rate_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct rate *r = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        if (!(r->value[i] > r->least)) continue;
        double square = 0, along = 0;
        for (int a = 0; a < r->dim; a++) {
            const ptrdiff_t k = a * r->n + i;
            const double u = (r->is_ratio ? 0 : r->level->score[k]) - r->slope[k] / r->value[i];
            square += u * u;
            along += u * r->level->error[k];
        }
        sum -= r->level->density[i] * (r->diffusion * square + r->drift * along);
    }
    return sum;
}

struct energy {
    const rg_level *level;
    const double *density; /* q */
    const double *field;
    ptrdiff_t n;
    int dim, root; /* 1: weighted by sqrt(p q), else by q */
};

static double energy_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct energy *e = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        double square = 0;
        for (int a = 0; a < e->dim; a++) square += e->field[a * e->n + i] * e->field[a * e->n + i];
        sum += square * (e->root ? sqrt(e->level->density[i] * e->density[i]) : e->density[i]);
    }
    return sum;
}

/* q stands in h->density. */
static double energy_of(const rg_history *h, const rg_level *level, const double *field, int root) {
    const struct energy e = {level, h->density, field, rg_grid_cells(&h->grid), h->grid.dim, root};
    return rg_reduce(e.n, energy_block, &e) * rg_grid_cell_volume(&h->grid);
}

/* The smaller one of E_q|Pi_p e|^2, which is given, and E_q|Pi_q e|^2. A bound may do without the second. */
static rg_status smaller_energy(rg_history *h, const rg_evolve *evolve, rg_form form, double gradient, double *out) {
    const rg_split_report *split = &rg_evolve_level(evolve)->split;
    double energy;
    *out = gradient;
    if (!(split->solenoidal > nothing * split->total)) return RG_OK; /* both are e */
    const rg_status status = rg_reverse_projection_energy(&h->projection, evolve, form, &energy);
    if (status == RG_OK) *out = fmin(gradient, energy);
    return status == RG_ENOCONV ? RG_OK : status;
}

/* Of the full sampler, whose ratio stands in h->ratio. */
static rg_status integrands_of(rg_history *h, const rg_evolve *evolve, rg_form form, double out[RG_INTEGRALS]) {
    const rg_level *level = rg_evolve_level(evolve);
    const ptrdiff_t n = rg_grid_cells(&h->grid);
    struct rate r = {.level = level, .slope = h->slope, .n = n, .dim = h->grid.dim, .is_ratio = form == RG_FORM_RATIO};
    r.value = r.is_ratio ? h->ratio : h->density;
    for (ptrdiff_t i = 0; i < n; i++) h->density[i] = h->ratio[i] * level->density[i];
    rg_evolve_coefficients(evolve, &r.drift, &r.diffusion);
    const rg_status status = rg_gradient(h->spectral, r.value, h->slope);
    r.least = r.is_ratio ? 0 : noise * rg_max_abs(n, r.value);
    out[RG_INTEGRAL_RATE] = rg_reduce(n, rate_block, &r) * rg_grid_cell_volume(&h->grid);
    out[RG_INTEGRAL_RATE_SIZE] = fabs(out[RG_INTEGRAL_RATE]);
    out[RG_INTEGRAL_ROOT] = energy_of(h, level, level->gradient, 1);
    out[RG_INTEGRAL_REVERSE_GRADIENT] = energy_of(h, level, level->gradient, 0);
    out[RG_INTEGRAL_REVERSE_TOTAL] = energy_of(h, level, level->error, 0);
    if (status) return status;
    return smaller_energy(h, evolve, form, out[RG_INTEGRAL_REVERSE_GRADIENT], &out[RG_INTEGRAL_REVERSE_PROJECTION]);
}

rg_status rg_history_add(rg_history *h, const rg_evolve *evolve, rg_form form) {
    rg_status status = make_room(h);
    if (status) return status;
    rg_history_point p = {.variance = rg_evolve_level(evolve)->variance, .segment = rg_evolve_segment(evolve)};
    for (int m = RG_MARGINALS - 1; !status && m >= 0; m--) { /* the full one last: its ratio is used again */
        double clipped;
        rg_divergences d;
        rg_evolve_ratio(evolve, m, h->ratio, &clipped);
        status = rg_divergences_of(&h->grid, rg_evolve_level(evolve)->density, h->ratio, &d);
        p.kl[m] = status ? 0 : d.kl;
        if (!status && m == RG_FULL && h->count == 0) h->first = d;
    }
    if (!status) status = integrands_of(h, evolve, form, p.integrand);
    if (status) return status;
    const rg_history_point *before = h->count > 0 ? &h->point[h->count - 1] : NULL;
    if (before && before->segment != p.segment) { /* the point also closes the segment before */
        rg_history_point closing = p;
        closing.segment = before->segment;
        h->point[h->count++] = closing;
        status = make_room(h);
        if (status) return status;
    }
    h->point[h->count++] = p;
    return RG_OK;
}

rg_status rg_history_integral(const rg_history *h, int which, double *integral, double *error) {
    double sum = 0, errors = 0;
    double *node = rg_field_alloc(2 * h->count);
    if (!node) return RG_ENOMEM;
    double *value = node + h->count;
    for (size_t i = 0; i < h->count;) {
        size_t j = 0;
        const int segment = h->point[i].segment;
        for (; i < h->count && h->point[i].segment == segment; i++, j++) {
            node[j] = -h->point[i].variance; /* tau, up to a constant */
            value[j] = h->point[i].integrand[which];
        }
        double part;
        sum += rg_integrate(j, node, value, &part);
        errors += part;
    }
    rg_free(node);
    *integral = sum;
    *error = errors;
    return RG_OK;
}
