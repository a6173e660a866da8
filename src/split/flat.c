/* The flat split: in every mode the part of e along k is the gradient part.
 *
 * Wavenumbers are those of first derivatives (0 at Nyquist), so the parts are exactly curl- and divergence-free for the
 * discrete operators and the split is an orthogonal projection whatever the sizes. Modes whose wavenumber is 0 (the
 * mean, and pure Nyquist modes) are solenoidal. Energies are read off the spectrum (Parseval). */
#include "base/base.h"
#include "grid/modes.h"

#include <rotgrad/split.h>

struct flat {
    const rg_spectral *s;
    double *modes;     /* d spectra of e, replaced by those of the wanted part / cells */
    double *potential; /* spectrum of phi / cells, or NULL */
    int solenoidal;    /* keep r instead of the gradient part */
};

struct along {
    double re, im, kk; /* k.e and |k|^2 */
};

static struct along project(const struct flat *f, const rg_row *row, ptrdiff_t i) {
    struct along p = {0, 0, 0};
    for (int a = 0; a < f->s->grid.dim; a++) {
        const double k = rg_row_k(row, rg_padded(f->s, a), i);
        const double *mode = f->modes + 2 * (a * f->s->modes + row->begin + i);
        p.re += k * mode[0];
        p.im += k * mode[1];
        p.kk += k * k;
    }
    return p;
}

static void project_row(void *data, const rg_row *row) {
    const struct flat *f = data;
    const double factor = 1 / (double)f->s->cells;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const struct along p = project(f, row, i);
        const double inverse = p.kk > 0 ? factor / p.kk : 0;
        for (int a = 0; a < f->s->grid.dim; a++) {
            const double k = rg_row_k(row, rg_padded(f->s, a), i) * inverse;
            double *mode = f->modes + 2 * (a * f->s->modes + row->begin + i);
            mode[0] = f->solenoidal ? factor * mode[0] - k * p.re : k * p.re;
            mode[1] = f->solenoidal ? factor * mode[1] - k * p.im : k * p.im;
        }
        if (f->potential) { /* i k phi = gradient part */
            f->potential[2 * (row->begin + i)] = inverse * p.im;
            f->potential[2 * (row->begin + i) + 1] = -inverse * p.re;
        }
    }
}

/* Twice the energies' sums over one row, before 1 / cells^2. */
static double gradient_energy_row(const void *data, const rg_row *row) {
    const struct flat *f = data;
    double sum = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const struct along p = project(f, row, i);
        if (p.kk > 0) sum += rg_row_weight(row, i) * (p.re * p.re + p.im * p.im) / p.kk;
    }
    return sum;
}

/* |e|^2 less the part along k, summed without cancellation: |e|^2 |k|^2 - |k.e|^2 is a sum of squares of cross terms. */
static double solenoidal_energy_row(const void *data, const rg_row *row) {
    const struct flat *f = data;
    const int dim = f->s->grid.dim;
    double sum = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        double k[3], re[3], im[3], kk = 0, square = 0, cross = 0;
        for (int a = 0; a < dim; a++) {
            const double *mode = f->modes + 2 * (a * f->s->modes + row->begin + i);
            k[a] = rg_row_k(row, rg_padded(f->s, a), i);
            re[a] = mode[0];
            im[a] = mode[1];
            kk += k[a] * k[a];
            square += re[a] * re[a] + im[a] * im[a];
        }
        for (int a = 0; a < dim; a++)
            for (int b = 0; b < a; b++) {
                const double x = k[a] * re[b] - k[b] * re[a], y = k[a] * im[b] - k[b] * im[a];
                cross += x * x + y * y;
            }
        sum += rg_row_weight(row, i) * (kk > 0 ? cross / kk : square);
    }
    return sum;
}

static double mean_energy(const struct flat *f) {
    double sum = 0;
    for (int a = 0; a < f->s->grid.dim; a++) {
        const double mean = f->modes[2 * a * f->s->modes] / (double)f->s->cells;
        sum += mean * mean;
    }
    return sum;
}

static void subtract_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    double *const *v = data;
    for (ptrdiff_t i = begin; i < end; i++) v[2][i] = v[0][i] - v[1][i];
}

static double product_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    double *const *v = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += v[1][i] * v[2][i];
    return sum;
}

rg_status rg_split_flat(rg_spectral *s, const double *e, double *gradient, double *solenoidal, double *potential,
                        double *harmonic, rg_split_report *report) {
    if (!s || !report || !rg_is_aligned(s, e) || gradient == e) return RG_EINVAL;
    double *const outputs[] = {gradient, solenoidal, potential};
    for (int i = 0; i < 3; i++)
        if (outputs[i] && !rg_is_aligned(s, outputs[i])) return RG_EINVAL;
    const int dim = s->grid.dim;
    double *spare = s->spectrum + 2 * dim * s->modes;
    struct flat f = {s, s->spectrum, potential ? spare : NULL, solenoidal && !gradient};
    for (int a = 0; a < dim; a++) rg_forward(s, e + a * s->cells, s->spectrum + 2 * a * s->modes);
    const double factor = 1 / ((double)s->cells * (double)s->cells);
    *report = (rg_split_report){.transforms = dim, .resolved = 1};
    report->gradient = factor * rg_rows_sum(s, gradient_energy_row, &f);
    report->solenoidal = factor * rg_rows_sum(s, solenoidal_energy_row, &f);
    report->total = report->gradient + report->solenoidal;
    if (harmonic) *harmonic = mean_energy(&f);
    if (!gradient && !solenoidal && !potential) return RG_OK;
    rg_rows(s, project_row, &f);
    double *out = gradient ? gradient : solenoidal;
    for (int a = 0; out && a < dim; a++) rg_back(s, s->spectrum + 2 * a * s->modes, out + a * s->cells);
    if (potential) rg_back(s, spare, potential);
    report->transforms += (out ? dim : 0) + (potential ? 1 : 0);
    if (gradient && solenoidal) {
        double *const v[] = {(double *)(uintptr_t)e, gradient, solenoidal};
        rg_parallel(dim * s->cells, subtract_block, (void *)(uintptr_t)v);
        if (report->total > 0)
            report->orthogonality = rg_reduce(dim * s->cells, product_block, v) / ((double)s->cells * report->total);
    }
    return RG_OK;
}
