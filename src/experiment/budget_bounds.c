/* Bounds on W1 with constants that can be computed.
 *
 * A sampler that starts from nu and follows S ends within
 *     sup Lambda_T W1(mu, nu) + int c E_{q_v}[Lambda_v |S - S'|] dv
 * of one that starts from mu and follows S' with marginals q_v: for a 1-Lipschitz psi at the end, f_v = E[psi(X_min) | X_v]
 * along S obeys d_v f = c S.grad f + D laplacian f, and d/dv of int f_v d(q'_v - q_v) is c E_q[(S - S').grad f_v]. Lambda_v
 * bounds |grad f_v|. With lambda = the largest eigenvalue of the symmetric part of c grad S: Gronwall is exp(int sup lambda dv);
 * Bernstein and smoothing, with o = osc psi <= the diameter of the torus, stand in measure/slope.h.
 * Source: docs/wasserstein.md, docs/budget.md. */
#include "experiment/budget.h"

#include "grid/modes.h"
#include "measure/expansion.h"
#include "measure/slope.h"

#include <assert.h>
#include <math.h>

/* ---- the stretch of a drift */

rg_status rg_stretch(rg_spectral *spectral, const double *field, double *work, double *stretch, double *greatest) {
    const int dim = spectral->grid.dim;
    const ptrdiff_t n = spectral->cells;
    assert(dim >= 1 && dim <= RG_MAX_DIM);
    for (int a = 0; a < dim; a++) {
        const rg_status status = rg_gradient(spectral, field + a * n, work + a * dim * n);
        if (status) return status;
    }
    *greatest = -HUGE_VAL;
    for (ptrdiff_t i = 0; i < n; i++) {
        double m[RG_MAX_DIM][RG_MAX_DIM];
        for (int a = 0; a < dim; a++)
            for (int b = 0; b < dim; b++) m[a][b] = work[(a * dim + b) * n + i];
        const double largest = rg_largest_eigenvalue(dim, m);
        *greatest = fmax(*greatest, largest);
        if (stretch) stretch[i] = largest;
    }
    return RG_OK;
}

/* ---- closed forms */

double rg_bound_stop(int dim, double variance) {
    return sqrt(2 * variance) * exp(lgamma(0.5 * (dim + 1)) - lgamma(0.5 * dim));
}

double rg_bound_reference(const rg_grid *g, double variance, double start) {
    const double turn = 2 * acos(-1.0);
    double product = 1; /* of the sums over all waves of each axis */
    for (int a = 0; a < g->dim; a++) {
        const double rate = pow(turn / g->length[a], 2) * variance;
        double sum = 1;
        for (int k = 1; k < 10000 && exp(-rate * k * k) > 1e-18; k++) sum += 2 * exp(-rate * k * k);
        product *= sum;
    }
    return start * fmin(1, sqrt(fmax(product - 1, 0)));
}

/* ---- one rung */

enum { GRONWALL, BERNSTEIN, SMOOTHING, LAMBDAS };

struct lambda {
    double diffusion, osc;
    double exponent, greatest; /* int sup lambda dv, sup lambda+, from v_min up to here */
    double before, stretch;    /* variance and stretch of the node below */
    double lowest;
};

/* Of the node at `variance`, above those before; which one it is. */
static double step_lambda(struct lambda *l, double variance, double stretch, int *which) {
    l->exponent += 0.5 * (stretch + l->stretch) * (variance - l->before);
    l->greatest = fmax(l->greatest, stretch);
    l->before = variance;
    l->stretch = stretch;
    double value[LAMBDAS] = {exp(l->exponent), HUGE_VAL, HUGE_VAL};
    const double t = l->diffusion * (variance - l->lowest);
    if (l->diffusion > 0) {
        const double kappa = fmax(l->greatest, 0) / l->diffusion;
        value[BERNSTEIN] = rg_slope_bernstein(kappa, l->osc);
        if (t > 0) value[SMOOTHING] = rg_slope_smoothing(kappa * t, l->osc) / sqrt(t);
    }
    *which = GRONWALL;
    for (int k = 1; k < LAMBDAS; k++)
        if (value[k] < value[*which]) *which = k;
    return value[*which];
}

void rg_bound_lambda(const rg_chain *c, const rg_grid *grid, int rung, double churn, double *lambda, int *which) {
    const size_t last = c->nodes - 1;
    struct lambda l = {.diffusion = churn * churn / 2, .osc = rg_slope_range(grid)};
    l.before = l.lowest = c->variance[last];
    l.stretch = c->node[last * RG_RUNGS + (size_t)rung].stretch;
    for (size_t k = c->nodes; k-- > 0;) /* from v_min up */
        lambda[k] = step_lambda(&l, c->variance[k], c->node[k * RG_RUNGS + (size_t)rung].stretch, &which[k]);
}

const char *rg_bound_name(int which) {
    static const char *const names[LAMBDAS] = {"Gronwall", "Bernstein", "smoothing"};
    return names[which];
}

/* A gap of 0 counts as 0 whatever lambda is. */
static double integrand(const rg_chain *c, int rung, const double *lambda, size_t k) {
    const double gap = c->node[k * RG_RUNGS + (size_t)rung].gap;
    return gap > 0 ? gap * lambda[k] : 0;
}

rg_value rg_bound_closed(const rg_chain *c, int rung, double start, const double *lambda, const int *which,
                         const char **name) {
    double share[LAMBDAS] = {0}, fine = 0, coarse = 0;
    size_t far = 0; /* the last node of the rule that takes every other one */
    share[which[0]] = start > 0 ? start * lambda[0] : 0;
    for (size_t k = 1; k < c->nodes; k++) {
        const double value = integrand(c, rung, lambda, k), before = integrand(c, rung, lambda, k - 1);
        const double part = 0.5 * (value + before) * (c->variance[k - 1] - c->variance[k]);
        fine += part;
        share[which[k]] += part;
        if (k % 2 && k + 1 < c->nodes) continue;
        coarse += 0.5 * (value + integrand(c, rung, lambda, far)) * (c->variance[far] - c->variance[k]);
        far = k;
    }
    int most = GRONWALL;
    for (int k = 1; k < LAMBDAS; k++)
        if (share[k] > share[most]) most = k;
    *name = rg_bound_name(most);
    return (rg_value){(start > 0 ? start * lambda[0] : 0) + fine, fabs(fine - coarse)};
}

/* ---- boxes */

/* sum over boxes of level `level` of |P(C) - Q(C)|, or of the deviation of a count. */
static double box_sum(const rg_grid *g, const double *p, const double *q, size_t samples, int level, double *mass) {
    const ptrdiff_t n = rg_grid_cells(g), side = (ptrdiff_t)1 << level;
    ptrdiff_t boxes = 1;
    for (int a = 0; a < g->dim; a++) boxes *= side;
    for (ptrdiff_t b = 0; b < 2 * boxes; b++) mass[b] = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const ptrdiff_t index[] = {i / (g->shape[1] * g->shape[2]), i / g->shape[2] % g->shape[1], i % g->shape[2]};
        ptrdiff_t box = 0;
        for (int a = 0; a < g->dim; a++) box = box * side + index[a] * side / g->shape[a];
        mass[2 * box] += p[i];
        if (q) mass[2 * box + 1] += q[i];
    }
    const double volume = rg_grid_cell_volume(g);
    double sum = 0;
    for (ptrdiff_t b = 0; b < boxes; b++) {
        const double m = fmin(volume * mass[2 * b], 1);
        sum += q ? fabs(m - volume * mass[2 * b + 1]) : sqrt(m * (1 - m) / (double)samples);
    }
    return sum;
}

rg_status rg_bound_dyadic(const rg_grid *g, const double *p, const double *q, size_t samples, double *bound) {
    const ptrdiff_t n = rg_grid_cells(g);
    double *mass = rg_field_alloc(2 * (size_t)n);
    if (!mass) return RG_ENOMEM;
    double full = 0, sum = 0;
    for (int a = 0; a < g->dim; a++) full += g->length[a] * g->length[a];
    full = sqrt(full);
    *bound = rg_slope_range(g); /* on the torus no two points are farther apart */
    for (int level = 1;; level++) {
        int fits = 1;
        for (int a = 0; a < g->dim; a++) fits = fits && ((ptrdiff_t)1 << level) <= g->shape[a];
        if (!fits) break;
        const double across = ldexp(full, -level);
        sum += 0.5 * across * box_sum(g, p, q, samples, level, mass);
        *bound = fmin(*bound, sum + across);
    }
    rg_free(mass);
    return RG_OK;
}
