/* The flat split: in every mode the part of e along k is the gradient part.
 *
 * Wavenumbers are those of first derivatives (0 at Nyquist), so the parts are exactly curl- and divergence-free for the
 * discrete operators and the split is an orthogonal projection whatever the sizes. Modes whose wavenumber is 0 (the
 * mean, and pure Nyquist modes) are solenoidal. Energies are read off the spectrum (Parseval) in the same pass. */
#include "base/base.h"
#include "grid/modes.h"

#include <rotgrad/split.h>

enum { NOTHING, GRADIENT, SOLENOIDAL };

struct flat {
    const rg_spectral *s;
    double *modes;     /* d spectra of e, replaced by those of the wanted part / cells */
    double *potential; /* spectrum of phi / cells, or NULL */
    int wanted;
    double (*energy)[2]; /* per row of modes: gradient and solenoidal, before 1 / cells^2 */
};

/* One mode. On a row only the last component's wavenumber changes; `dim` is a constant where this is inlined. */
static inline void project_mode(const struct flat *f, const rg_row *row, int dim, ptrdiff_t i, const double *lead,
                                double energy[2]) {
    const double factor = 1 / (double)f->s->cells, weight = rg_row_weight(row, i);
    double k[RG_MAX_DIM], re[RG_MAX_DIM], im[RG_MAX_DIM], along_re = 0, along_im = 0, kk = 0, square = 0, cross = 0;
    for (int a = 0; a < dim; a++) {
        const double *mode = f->modes + 2 * (a * f->s->modes + row->begin + i);
        k[a] = a == dim - 1 ? row->k_last[i] : lead[a];
        re[a] = mode[0];
        im[a] = mode[1];
        along_re += k[a] * re[a];
        along_im += k[a] * im[a];
        kk += k[a] * k[a];
        square += re[a] * re[a] + im[a] * im[a];
        /* |e|^2 |k|^2 - |k.e|^2 without cancellation */
        for (int b = 0; b < a; b++) {
            const double x = k[a] * re[b] - k[b] * re[a], y = k[a] * im[b] - k[b] * im[a];
            cross += x * x + y * y;
        }
    }
    const double inverse = kk > 0 ? 1 / kk : 0;
    energy[0] += weight * inverse * (along_re * along_re + along_im * along_im);
    energy[1] += weight * (kk > 0 ? inverse * cross : square);
    for (int a = 0; f->wanted != NOTHING && a < dim; a++) {
        double *mode = f->modes + 2 * (a * f->s->modes + row->begin + i);
        const double g_re = k[a] * inverse * along_re, g_im = k[a] * inverse * along_im;
        mode[0] = factor * (f->wanted == GRADIENT ? g_re : re[a] - g_re);
        mode[1] = factor * (f->wanted == GRADIENT ? g_im : im[a] - g_im);
    }
    if (f->potential) { /* i k phi = gradient part */
        f->potential[2 * (row->begin + i)] = factor * inverse * along_im;
        f->potential[2 * (row->begin + i) + 1] = -factor * inverse * along_re;
    }
}

static inline void project_line(const struct flat *f, const rg_row *row, int dim) {
    const double *lead = row->k + (3 - dim);
    double energy[2] = {0, 0};
    for (ptrdiff_t i = 0; i < row->count; i++) project_mode(f, row, dim, i, lead, energy);
    for (int part = 0; part < 2; part++) f->energy[row->begin / row->count][part] = energy[part];
}

static void project_row(void *data, const rg_row *row) {
    const struct flat *f = data;
    switch (f->s->grid.dim) {
    case 1:
        project_line(f, row, 1);
        break;
    case 2:
        project_line(f, row, 2);
        break;
    default:
        project_line(f, row, 3);
    }
}

static void project(const struct flat *f, rg_split_report *report) {
    const rg_spectral *s = f->s;
    const double factor = 1 / ((double)s->cells * (double)s->cells);
    rg_rows(s, project_row, (void *)(uintptr_t)f);
    report->gradient = report->solenoidal = 0;
    for (ptrdiff_t line = 0; line < s->m[0] * s->m[1]; line++) {
        report->gradient += factor * f->energy[line][0];
        report->solenoidal += factor * f->energy[line][1];
    }
    report->total = report->gradient + report->solenoidal;
}

static double mean_energy(const struct flat *f) {
    double sum = 0;
    for (int a = 0; a < f->s->grid.dim; a++) {
        const double mean = f->modes[2 * a * f->s->modes] / (double)f->s->cells;
        sum += mean * mean;
    }
    return sum;
}

struct rest {
    const double *e, *gradient;
    double *solenoidal;
};

/* solenoidal = e - gradient; returns their scalar product */
static double rest_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct rest *r = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double g = r->gradient[i], rest = r->e[i] - g;
        r->solenoidal[i] = rest;
        sum += g * rest;
    }
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
    const int wanted = gradient ? GRADIENT : solenoidal ? SOLENOIDAL : NOTHING;
    const struct flat f = {s, s->spectrum, potential ? spare : NULL, wanted, s->row_energy};
    for (int a = 0; a < dim; a++) rg_forward(s, e + a * s->cells, s->spectrum + 2 * a * s->modes);
    *report = (rg_split_report){.transforms = dim, .resolved = 1};
    if (harmonic) *harmonic = mean_energy(&f);
    project(&f, report);
    double *out = gradient ? gradient : solenoidal;
    for (int a = 0; out && a < dim; a++) rg_back(s, s->spectrum + 2 * a * s->modes, out + a * s->cells);
    if (potential) rg_back(s, spare, potential);
    report->transforms += (out ? dim : 0) + (potential ? 1 : 0);
    if (gradient && solenoidal) {
        const double product = rg_reduce(dim * s->cells, rest_block, &(struct rest){e, gradient, solenoidal});
        if (report->total > 0) report->orthogonality = product / ((double)s->cells * report->total);
    }
    return RG_OK;
}
