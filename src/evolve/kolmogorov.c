/* N(f) = b.grad f + V f or div(b f) + V f, by trigonometric polynomials or by differences between neighbours.
 *
 * Fitted (Il'in, Allen and Southwell), axis by axis with spacing h and P = b h / (2 D):
 *   b f' + D f''  ->  b (f+ - f-) / (2 h) + D P coth(P) (f+ - 2 f + f-) / h^2
 * which is exact where b is constant and has no negative weight off the middle. D (f+ - 2 f + f-) / h^2 belongs to the
 * exponential of the step, whose symbol is the same three-point Laplacian; here is the rest, D (P coth P - 1), which is
 * |b| h / 2 without diffusion: the upwind difference. */
#include "evolve/kolmogorov.h"

#include "base/base.h"
#include "evolve/right_side.h"

#include <assert.h>
#include <math.h>

void rg_kolmogorov_adapt(rg_kolmogorov *e) {
    const rg_spectral *s = e->spectral;
    if (e->scheme != RG_BACKWARD_FITTED) return;
    for (int a = 0; a < s->grid.dim; a++) {
        const int p = rg_padded(s, a);
        const double h = rg_grid_spacing(&s->grid, a);
        for (ptrdiff_t i = 0; i < s->m[p]; i++) s->kk[p][i] = pow(2 / h * sin(0.5 * h * sqrt(s->kk[p][i])), 2);
    }
}

void rg_kolmogorov_field(const rg_kolmogorov *e, const double *u, double *field) {
    const rg_spectral *s = e->spectral;
    rg_spread(s, u, 0);
    rg_back(s, s->spectrum + 2 * s->grid.dim * s->modes, field);
}

struct pointwise {
    const rg_kolmogorov *e;
    const double *drift, *growth;
    const double *value; /* fitted: f and N */
    double *out;
};

/* ---- spectral */

/* field := b.grad f + V f, from f in field and grad f in vector; or field := V f and vector := b f */
static void spectral_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pointwise *p = data;
    const ptrdiff_t n = p->e->spectral->cells;
    const int dim = p->e->spectral->grid.dim;
    double *field = p->e->field;
    for (int a = 0; p->e->divergence && a < dim; a++) {
        const double *b = p->drift + a * n;
        double *flux = p->e->vector + a * n;
        for (ptrdiff_t i = begin; i < end; i++) flux[i] = b[i] * field[i];
    }
    for (ptrdiff_t i = begin; i < end; i++) field[i] *= p->growth[i];
    for (int a = 0; !p->e->divergence && a < dim; a++) {
        const double *b = p->drift + a * n, *slope = p->e->vector + a * n;
        for (ptrdiff_t i = begin; i < end; i++) field[i] += b[i] * slope[i];
    }
}

struct sum {
    const double *more;
    double *to;
};

static void add_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct sum *s = data;
    for (ptrdiff_t i = begin; i < end; i++) s->to[i] += s->more[i];
}

static void spectral_side(const rg_kolmogorov *e, struct pointwise *p, const double *u, double *n) {
    const rg_spectral *s = e->spectral;
    const int dim = s->grid.dim;
    rg_spread(s, u, !e->divergence);
    for (int a = 0; !e->divergence && a < dim; a++)
        rg_back(s, s->spectrum + 2 * a * s->modes, e->vector + a * s->cells);
    rg_back(s, s->spectrum + 2 * dim * s->modes, e->field);
    rg_parallel(s->cells, spectral_block, p);
    if (!e->divergence) {
        rg_forward(s, e->field, n);
        return;
    }
    for (int a = 0; a < dim; a++) rg_forward(s, e->vector + a * s->cells, s->spectrum + 2 * a * s->modes);
    rg_gather_divergence(s, 1, n);
    rg_forward(s, e->field, s->spectrum);
    rg_parallel(2 * s->modes, add_block, &(struct sum){s->spectrum, n});
}

/* ---- fitted */

/* D (P coth P - 1); the series where the closed form cancels. */
static double extra_diffusion(double b, double h, double diffusion) {
    const double upwind = 0.5 * fabs(b) * h, p = upwind / diffusion;
    if (!(p < 30)) return upwind - diffusion; /* coth is 1; also without diffusion */
    return p < 1e-2 ? diffusion * p * p * (1.0 / 3 - p * p / 45) : upwind / tanh(p) - diffusion;
}

static void fitted_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pointwise *p = data;
    const rg_grid *grid = &p->e->spectral->grid;
    const ptrdiff_t *n = grid->shape, cells = p->e->spectral->cells;
    const ptrdiff_t stride[RG_MAX_DIM] = {n[1] * n[2], n[2], 1};
    const double *f = p->value;
    assert(grid->dim >= 1 && grid->dim <= RG_MAX_DIM);
    for (ptrdiff_t i = begin; i < end; i++) {
        double sum = p->growth[i] * f[i];
        for (int a = 0; a < grid->dim; a++) {
            const ptrdiff_t at = i / stride[a] % n[a], round = n[a] * stride[a];
            const double next = f[at + 1 < n[a] ? i + stride[a] : i + stride[a] - round];
            const double last = f[at > 0 ? i - stride[a] : i - stride[a] + round];
            const double h = rg_grid_spacing(grid, a), b = p->drift[a * cells + i];
            sum += b * (next - last) / (2 * h);
            sum += extra_diffusion(b, h, p->e->diffusion) * ((next - f[i]) - (f[i] - last)) / (h * h);
        }
        p->out[i] = sum;
    }
}

static void fitted_side(const rg_kolmogorov *e, struct pointwise *p, const double *u, double *n) {
    rg_kolmogorov_field(e, u, e->field);
    p->value = e->field;
    p->out = e->vector;
    rg_parallel(e->spectral->cells, fitted_block, p);
    rg_forward(e->spectral, e->vector, n);
}

void rg_kolmogorov_right_side(const rg_kolmogorov *e, const double *drift, const double *growth, const double *u,
                              double *n) {
    struct pointwise p = {.e = e, .drift = drift, .growth = growth};
    if (e->scheme == RG_BACKWARD_FITTED)
        fitted_side(e, &p, u, n);
    else
        spectral_side(e, &p, u, n);
}
