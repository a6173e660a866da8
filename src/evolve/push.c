/* A non-uniform Fourier transform of type 1. Each cell's mass goes to where the map sends it and is spread over a grid of
 * twice the points by the kernel
 *     psi(z) = exp(beta (sqrt(1 - z^2) - 1)),  |z| < 1,  z = 2 (distance in fine spacings) / WIDTH,
 * [Barnett, Magland, af Klinteberg, SIAM J. Sci. Comput. 41, 2019]; the coefficients of the fine grid, divided by the
 * kernel's own, are those of the point masses up to about exp(-pi WIDTH sqrt(1 - 1/2)). The noise multiplies them
 * by exp(-noise |k|^2 / 2). */
#include "evolve/push.h"

#include "base/base.h"
#include "grid/modes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WIDTH = 12, FINER = 2, QUADRATURE = 128 };
static const double beta = 2.30 * WIDTH;

struct rg_push {
    rg_spectral *coarse, *fine;
    double *spread, *spectrum, *modes; /* on the fine grid, its spectrum; that of the result */
    double *inverse[RG_MAX_DIM];       /* (n_a): 1 / the kernel's Fourier coefficient at each wave, in FFT order */
};

static double kernel(double z) {
    return fabs(z) < 1 ? exp(beta * (sqrt(1 - z * z) - 1)) : 0;
}

/* sum over fine points of psi exp(-i k x) tends to its integral, WIDTH/2 int psi(z) cos(pi f WIDTH z / fine) dz, which
 * vanishes with all derivatives near its ends but for exp(-beta): Gauss's rule in z = sin t, by equal steps in t. */
static void fill_inverse(const rg_push *p, int a) {
    const double pi = acos(-1.0);
    const ptrdiff_t n = p->coarse->grid.shape[a], fine = p->fine->grid.shape[a];
    for (ptrdiff_t i = 0; i < n; i++) {
        const double wave = (double)(2 * i <= n ? i : i - n);
        double sum = 0;
        for (int q = 0; q < QUADRATURE; q++) {
            const double t = pi * ((q + 0.5) / QUADRATURE - 0.5), z = sin(t);
            sum += kernel(z) * cos(t) * cos(pi * wave * WIDTH * z / (double)fine);
        }
        p->inverse[a][i] = 1 / (0.5 * WIDTH * sum * pi / QUADRATURE);
    }
}

static rg_status fill(rg_push *p, const rg_grid *grid) {
    ptrdiff_t shape[RG_MAX_DIM] = {1, 1, 1};
    rg_grid fine;
    for (int a = 0; a < grid->dim; a++) shape[a] = FINER * (grid->shape[a] > WIDTH ? grid->shape[a] : WIDTH);
    rg_status status = rg_grid_init(grid->dim, shape, grid->lower, grid->length, &fine);
    if (!status) status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &p->coarse);
    if (!status) status = rg_spectral_create(&fine, RG_PLAN_ESTIMATE, &p->fine);
    if (status) return status;
    p->spread = rg_field_alloc((size_t)p->fine->cells);
    p->spectrum = rg_field_alloc(2 * (size_t)p->fine->modes);
    p->modes = rg_field_alloc(2 * (size_t)p->coarse->modes);
    if (!p->spread || !p->spectrum || !p->modes) return RG_ENOMEM;
    for (int a = 0; a < grid->dim; a++) {
        p->inverse[a] = rg_field_alloc((size_t)grid->shape[a]);
        if (!p->inverse[a]) return RG_ENOMEM;
        fill_inverse(p, a);
    }
    return RG_OK;
}

rg_status rg_push_create(const rg_grid *grid, rg_push **push) {
    rg_push *p = rg_alloc(1, sizeof *p);
    if (!p) return RG_ENOMEM;
    const rg_status status = fill(p, grid);
    if (status)
        rg_push_destroy(p);
    else
        *push = p;
    return status;
}

void rg_push_destroy(rg_push *p) {
    if (!p) return;
    rg_spectral_destroy(p->coarse);
    rg_spectral_destroy(p->fine);
    rg_free(p->spread);
    rg_free(p->spectrum);
    rg_free(p->modes);
    for (int a = 0; a < RG_MAX_DIM; a++) rg_free(p->inverse[a]);
    rg_free(p);
}

/* ---- spreading */

/* Where a mass lands on one axis, in fine spacings from the first point: the points it reaches and their shares. */
struct row {
    ptrdiff_t at[WIDTH];
    double share[WIDTH];
};

static void fill_row(struct row *row, double place, ptrdiff_t fine) {
    const double inside = place - (double)fine * floor(place / (double)fine), first = ceil(inside - 0.5 * WIDTH);
    for (int i = 0; i < WIDTH; i++) {
        const ptrdiff_t at = ((ptrdiff_t)first + i) % fine;
        row->at[i] = at < 0 ? at + fine : at;
        row->share[i] = kernel((first + i - inside) * 2 / WIDTH);
    }
}

static void spread_one(rg_push *p, const struct row *row, double mass) {
    const rg_grid *g = &p->fine->grid;
    const int wide1 = g->dim > 1 ? WIDTH : 1, wide2 = g->dim > 2 ? WIDTH : 1;
    for (int i = 0; i < WIDTH; i++)
        for (int j = 0; j < wide1; j++) {
            const double share = mass * row[0].share[i] * (g->dim > 1 ? row[1].share[j] : 1);
            double *line = p->spread + (row[0].at[i] * g->shape[1] + (g->dim > 1 ? row[1].at[j] : 0)) * g->shape[2];
            for (int k = 0; k < wide2; k++) {
                if (g->dim > 2)
                    line[row[2].at[k]] += share * row[2].share[k];
                else
                    line[0] += share;
            }
        }
}

static void spread(rg_push *p, const double *density, const double *displacement) {
    const rg_grid *g = &p->coarse->grid, *fine = &p->fine->grid;
    const ptrdiff_t n = p->coarse->cells;
    assert(g->dim >= 1 && g->dim <= RG_MAX_DIM);
    memset(p->spread, 0, (size_t)p->fine->cells * sizeof *p->spread);
    for (ptrdiff_t i = 0; i < n; i++) {
        struct row row[RG_MAX_DIM];
        const ptrdiff_t index[] = {i / (g->shape[1] * g->shape[2]), i / g->shape[2] % g->shape[1], i % g->shape[2]};
        if (density[i] == 0) continue;
        for (int a = 0; a < g->dim; a++) {
            const double x = (double)index[a] * rg_grid_spacing(g, a) + displacement[a * n + i];
            fill_row(&row[a], x / rg_grid_spacing(fine, a), fine->shape[a]);
        }
        spread_one(p, row, density[i]);
    }
}

/* ---- coefficients of the coarse grid from those of the fine one */

struct gather {
    rg_push *push;
    double noise;
};

/* The wave of a padded mode index, and where a spectrum of m points keeps it. */
static ptrdiff_t fine_index(ptrdiff_t i, ptrdiff_t n, ptrdiff_t fine) {
    return 2 * i <= n ? i : i - n + fine;
}

static double deconvolve(const rg_push *p, int padded, ptrdiff_t i) {
    const int a = padded + p->coarse->grid.dim - 3;
    return a < 0 ? 1 : p->inverse[a][i];
}

/* A Nyquist mode of the result is the mean of two waves; what the grid resolves has none: it is left out. */
static void gather_row(void *data, const rg_row *row) {
    const struct gather *g = data;
    const rg_push *p = g->push;
    const rg_spectral *c = p->coarse, *f = p->fine;
    const ptrdiff_t i0 = row->begin / (c->m[1] * c->m[2]), i1 = row->begin / c->m[2] % c->m[1];
    const ptrdiff_t line = (fine_index(i0, c->n[0], f->n[0]) * f->m[1] + fine_index(i1, c->n[1], f->n[1])) * f->m[2];
    const int nyquist = (c->n[0] > 1 && 2 * i0 == c->n[0]) || (c->n[1] > 1 && 2 * i1 == c->n[1]);
    const double outer = deconvolve(p, 0, i0) * deconvolve(p, 1, i1) / (double)c->cells;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double kk = row->kk[0] + row->kk[1] + row->kk_last[i];
        const int cut = nyquist || (row->even && i == row->count - 1);
        const double factor = cut ? 0 : outer * deconvolve(p, 2, i) * exp(-0.5 * g->noise * kk);
        p->modes[2 * (row->begin + i)] = factor * p->spectrum[2 * (line + i)];
        p->modes[2 * (row->begin + i) + 1] = factor * p->spectrum[2 * (line + i) + 1];
    }
}

void rg_push_apply(rg_push *p, const double *density, const double *displacement, double noise, double *out) {
    spread(p, density, displacement);
    rg_forward(p->fine, p->spread, p->spectrum);
    rg_rows(p->coarse, gather_row, &(struct gather){p, noise});
    rg_back(p->coarse, p->modes, out);
}
