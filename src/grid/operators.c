/* Gradient, divergence, and the multipliers: Laplacian, its inverses, the heat semigroup.
 * FFTW leaves a factor `cells` after a round trip; it is removed where the modes are multiplied. */
#include "base/base.h"
#include "grid/modes.h"

#include <math.h>

struct derivative {
    const double *in;
    double *out;
    int padded;
    double factor;
};

/* out = i k in / cells */
static void derivative_row(void *data, const rg_row *row) {
    const struct derivative *d = data;
    const double *in = d->in + 2 * row->begin;
    double *out = d->out + 2 * row->begin;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double k = d->factor * rg_row_k(row, d->padded, i);
        const double re = in[2 * i], im = in[2 * i + 1];
        out[2 * i] = -k * im;
        out[2 * i + 1] = k * re;
    }
}

rg_status rg_gradient(rg_spectral *s, const double *f, double *gradient) {
    if (!s || !rg_is_aligned(s, f) || !rg_is_aligned(s, gradient)) return RG_EINVAL;
    const int last = s->grid.dim - 1;
    double *modes = s->spectrum, *work = modes + 2 * s->modes;
    rg_forward(s, f, modes);
    for (int a = 0; a <= last; a++) {
        struct derivative d = {modes, work, rg_padded(s, a), 1 / (double)s->cells};
        rg_rows(s, derivative_row, &d);
        rg_back(s, work, gradient + a * s->cells);
    }
    return RG_OK;
}

struct divergence {
    const rg_spectral *s;
    double *modes;
};

/* Into the first spectrum: sum_a i k_a F_a / cells. */
static void divergence_row(void *data, const rg_row *row) {
    const struct divergence *d = data;
    const int dim = d->s->grid.dim;
    const double factor = 1 / (double)d->s->cells;
    double *out = d->modes + 2 * row->begin;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        double re = 0, im = 0;
        for (int a = 0; a < dim; a++) {
            const double k = factor * rg_row_k(row, rg_padded(d->s, a), i);
            const double *in = out + 2 * (a * d->s->modes + i);
            re -= k * in[1];
            im += k * in[0];
        }
        out[2 * i] = re;
        out[2 * i + 1] = im;
    }
}

rg_status rg_divergence(rg_spectral *s, const double *field, double *divergence) {
    if (!s || !rg_is_aligned(s, field) || !rg_is_aligned(s, divergence)) return RG_EINVAL;
    for (int a = 0; a < s->grid.dim; a++) rg_forward(s, field + a * s->cells, s->spectrum + 2 * a * s->modes);
    struct divergence d = {s, s->spectrum};
    rg_rows(s, divergence_row, &d);
    rg_back(s, s->spectrum, divergence);
    return RG_OK;
}

/* out = multiplier(|k|^2) in / cells */
typedef double multiplier(double parameter, double kk);

struct multiply {
    double *modes;
    multiplier *of;
    double parameter, factor;
};

static void multiply_row(void *data, const rg_row *row) {
    const struct multiply *m = data;
    double *modes = m->modes + 2 * row->begin;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double value = m->factor * m->of(m->parameter, row->kk[0] + row->kk[1] + row->kk_last[i]);
        modes[2 * i] *= value;
        modes[2 * i + 1] *= value;
    }
}

static rg_status apply(rg_spectral *s, multiplier *of, double parameter, const double *f, double *out) {
    if (!s || !rg_is_aligned(s, f) || !rg_is_aligned(s, out)) return RG_EINVAL;
    struct multiply m = {s->spectrum, of, parameter, 1 / (double)s->cells};
    rg_forward(s, f, s->spectrum);
    rg_rows(s, multiply_row, &m);
    rg_back(s, s->spectrum, out);
    return RG_OK;
}

static double laplacian_of(double unused, double kk) {
    (void)unused;
    return -kk;
}

static double poisson_of(double unused, double kk) {
    (void)unused;
    return kk > 0 ? -1 / kk : 0;
}

static double helmholtz_of(double c, double kk) {
    return 1 / (c + kk);
}

static double heat_of(double v, double kk) {
    return exp(-0.5 * v * kk);
}

rg_status rg_laplacian(rg_spectral *s, const double *f, double *out) {
    return apply(s, laplacian_of, 0, f, out);
}

rg_status rg_poisson(rg_spectral *s, const double *f, double *out) {
    return apply(s, poisson_of, 0, f, out);
}

rg_status rg_helmholtz(rg_spectral *s, double c, const double *f, double *out) {
    return isfinite(c) && c > 0 ? apply(s, helmholtz_of, c, f, out) : RG_EINVAL;
}

rg_status rg_heat(rg_spectral *s, double v, const double *f, double *out) {
    return isfinite(v) && v >= 0 ? apply(s, heat_of, v, f, out) : RG_EINVAL;
}

double rg_integral(const rg_grid *grid, const double *f) {
    return rg_grid_cell_volume(grid) * rg_sum(rg_grid_cells(grid), f);
}
