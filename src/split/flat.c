/* The flat split: in every mode the part of e along k is the gradient part.
 *
 * Wavenumbers are those of first derivatives (0 at Nyquist), so the parts are exactly curl- and divergence-free for the
 * discrete operators and the split is an orthogonal projection whatever the sizes. Modes whose wavenumber is 0 (the
 * mean, and pure Nyquist modes) are solenoidal. Energies are read off the spectrum (Parseval) in the same pass.
 *
 * Memory bounds the speed, so whatever works on modes or cells does it while the transforms have them in the cache: modes
 * between the two FFTs along their columns, the other part e - out behind the last FFT of each plane. */
#include "base/base.h"
#include "grid/modes.h"

#include <rotgrad/split.h>

#include <assert.h>
#include <float.h>

/* Running sums, so that the compiler may use SIMD in one order on every machine. */
enum { LANES = 8 };

static double lanes_sum(const double *lane) {
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

enum { NOTHING, GRADIENT, SOLENOIDAL };

struct flat {
    const rg_spectral *s;
    const double *e;
    double *out, *solenoidal;  /* the wanted part; e - out, where both are; or NULL */
    double *modes, *potential; /* d spectra, first of e, then of the wanted part; that of phi or NULL */
    int wanted;
    double (*energy)[2]; /* per block of columns: gradient and solenoidal, before 1 / cells^2 */
};

/* ---- forward: planes of e */

static void forward_plane(void *data, ptrdiff_t plane, double *unused) {
    const struct flat *f = data;
    (void)unused;
    rg_plane_forward(f->s, f->e, f->modes, plane);
}

/* The mean of a field is the mean of its planes. */
static double mean_energy(const struct flat *f) {
    double sum = 0;
    for (int a = 0; a < f->s->grid.dim; a++) {
        double mean = 0;
        for (ptrdiff_t i = 0; i < f->s->slabs.planes; i++)
            mean += f->modes[2 * (a * f->s->modes + i * f->s->slabs.modes)];
        mean /= (double)f->s->cells;
        sum += mean * mean;
    }
    return sum;
}

/* ---- modes: columns, projected in the cache between their two transforms */

/* One column of every component; k holds their wavenumbers, that of the first axis only in 1-D, where it stands still.
 * Real and imaginary parts are treated alike. `dim` and `wanted` are constants where this is inlined. */
static inline void project_column(const struct flat *f, int dim, int wanted, double *column, const double *k,
                                  double energy[2]) {
    const rg_slabs *slabs = &f->s->slabs;
    const ptrdiff_t length = slabs->length, next = rg_block_component(slabs);
    const double factor = 1 / (double)f->s->cells, *k_first = slabs->k;
    const double k1 = dim > 1 ? k[1] : 0, k2 = dim > 2 ? k[2] : 0, kk_others = k1 * k1 + k2 * k2 + DBL_MIN;
    double along_sum[LANES] = {0}, rest_sum[LANES] = {0}; /* without weights: one holds for the column */
    for (ptrdiff_t i = 0; i < length; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            double *mode = column + i + l;
            const double wavenumber[] = {dim == 1 ? k[0] : k_first[i + l], k1, k2};
            const double kk = wavenumber[0] * wavenumber[0] + kk_others;
            double along = 0, rest_square = 0;
            for (int a = 0; a < dim; a++) along += wavenumber[a] * mode[a * next];
            const double ratio = along / kk; /* 0 where k = 0: that is what DBL_MIN is for */
            for (int a = 0; a < dim; a++) {
                const double part = wavenumber[a] * ratio, rest = mode[a * next] - part;
                rest_square += rest * rest;
                if (wanted != NOTHING) mode[a * next] = factor * (wanted == GRADIENT ? part : rest);
            }
            along_sum[l] += ratio * along;
            rest_sum[l] += rest_square;
        }
    }
    energy[0] = lanes_sum(along_sum);
    energy[1] = lanes_sum(rest_sum);
}

static inline void project_dim(const struct flat *f, int dim, double *column, const double *k, double energy[2]) {
    switch (f->wanted) {
    case NOTHING:
        project_column(f, dim, NOTHING, column, k, energy);
        break;
    case GRADIENT:
        project_column(f, dim, GRADIENT, column, k, energy);
        break;
    default:
        project_column(f, dim, SOLENOIDAL, column, k, energy);
    }
}

static void project_any(const struct flat *f, double *column, const double *k, double energy[2]) {
    switch (f->s->grid.dim) {
    case 1:
        project_dim(f, 1, column, k, energy);
        break;
    case 2:
        project_dim(f, 2, column, k, energy);
        break;
    default:
        project_dim(f, 3, column, k, energy);
    }
}

/* Into the array behind the last component: phi / cells, where i k phi = k (k.e) / |k|^2. */
static void potential_column(const struct flat *f, double *column, const double *k) {
    const rg_slabs *slabs = &f->s->slabs;
    const int dim = f->s->grid.dim;
    const ptrdiff_t next = rg_block_component(slabs);
    assert(dim <= RG_MAX_DIM);
    double *potential = column + dim * next;
    for (ptrdiff_t i = 0; i < slabs->length; i += 2) {
        const double wavenumber[RG_MAX_DIM] = {dim == 1 ? k[0] : slabs->k[i], k[1], k[2]};
        double re = 0, im = 0, kk = 0;
        for (int a = 0; a < dim; a++) {
            re += wavenumber[a] * column[a * next + i];
            im += wavenumber[a] * column[a * next + i + 1];
            kk += wavenumber[a] * wavenumber[a];
        }
        const double factor = kk > 0 ? 1 / (kk * (double)f->s->cells) : 0;
        potential[i] = factor * im;
        potential[i + 1] = -factor * re;
    }
}

/* Columns of the block that are there; those at the two ends of the halved axis are their own conjugates. */
static void project_block(const struct flat *f, ptrdiff_t number, double *block) {
    const rg_spectral *s = f->s;
    const int dim = s->grid.dim, even = s->n[2] % 2 == 0;
    double *sum = f->energy[number];
    sum[0] = sum[1] = 0;
    for (ptrdiff_t c = 0; c < RG_SLAB_COLUMNS && number * RG_SLAB_COLUMNS + c < s->slabs.modes; c++) {
        const ptrdiff_t i1 = (number * RG_SLAB_COLUMNS + c) / s->m[2], i2 = (number * RG_SLAB_COLUMNS + c) % s->m[2];
        const double weight = i2 == 0 || (even && i2 == s->m[2] - 1) ? 1 : 2;
        double k[RG_MAX_DIM] = {0}, energy[2];
        if (dim == 3) k[1] = s->k[1][i1];
        k[dim - 1] = s->k[2][i2];
        double *column = block + c * s->slabs.length;
        if (f->potential) potential_column(f, column, k);
        project_any(f, column, k, energy);
        for (int part = 0; part < 2; part++) sum[part] += weight * energy[part];
    }
}

static void work_columns(void *data, ptrdiff_t number, double *block) {
    const struct flat *f = data;
    const int dim = f->s->grid.dim;
    double *potential = block + dim * rg_block_component(&f->s->slabs);
    rg_columns_forward(f->s, dim, f->modes, number, block);
    project_block(f, number, block);
    if (f->out) rg_columns_back(f->s, dim, block, number, f->modes);
    if (f->potential) rg_columns_back(f->s, 1, potential, number, f->potential);
}

static void project(const struct flat *f, rg_split_report *report) {
    const rg_slabs *slabs = &f->s->slabs;
    const double factor = 1 / ((double)f->s->cells * (double)f->s->cells);
    rg_slabs_share(f->s, slabs->blocks, work_columns, (void *)(uintptr_t)f);
    report->gradient = report->solenoidal = 0;
    for (ptrdiff_t number = 0; number < slabs->blocks; number++) {
        report->gradient += factor * f->energy[number][0];
        report->solenoidal += factor * f->energy[number][1];
    }
    report->total = report->gradient + report->solenoidal;
}

/* ---- back: planes of the wanted part, and of the other one while those are in the cache */

/* rest = e - part; returns their scalar product */
static double take_rest(ptrdiff_t n, const double *e, const double *part, double *rest) {
    const ptrdiff_t whole = n / LANES * LANES;
    double lane[LANES] = {0};
    for (ptrdiff_t i = 0; i < whole; i += LANES) {
#pragma omp simd
        for (int l = 0; l < LANES; l++) {
            const double other = e[i + l] - part[i + l];
            lane[l] += part[i + l] * other;
            rest[i + l] = other;
        }
    }
    for (ptrdiff_t i = whole; i < n; i++) {
        rest[i] = e[i] - part[i];
        lane[i - whole] += part[i] * rest[i];
    }
    return lanes_sum(lane);
}

static void back_plane(void *data, ptrdiff_t plane, double *unused) {
    const struct flat *f = data;
    const rg_slabs *slabs = &f->s->slabs;
    const ptrdiff_t begin = plane * slabs->cells;
    (void)unused;
    rg_plane_back(f->s, f->modes, f->out, plane);
    if (f->solenoidal) slabs->sum[plane] = take_rest(slabs->cells, f->e + begin, f->out + begin, f->solenoidal + begin);
}

struct scalar {
    const rg_spectral *s;
    double *modes, *field;
};

static void back_scalar(void *data, ptrdiff_t plane, double *unused) {
    const struct scalar *b = data;
    (void)unused;
    rg_plane_back(b->s, b->modes, b->field, plane);
}

rg_status rg_split_flat(rg_spectral *s, const double *e, double *gradient, double *solenoidal, double *potential,
                        double *harmonic, rg_split_report *report) {
    if (!s || !report || !rg_is_aligned(s, e) || gradient == e) return RG_EINVAL;
    double *const outputs[] = {gradient, solenoidal, potential};
    for (int i = 0; i < 3; i++)
        if (outputs[i] && !rg_is_aligned(s, outputs[i])) return RG_EINVAL;
    const ptrdiff_t dim = s->grid.dim, planes = dim * s->slabs.planes;
    double *spare = s->spectrum + 2 * dim * s->modes;
    struct flat f = {.s = s,
                     .e = e,
                     .out = gradient ? gradient : solenoidal,
                     .solenoidal = gradient ? solenoidal : NULL,
                     .modes = s->spectrum,
                     .potential = potential ? spare : NULL,
                     .wanted = gradient     ? GRADIENT
                               : solenoidal ? SOLENOIDAL
                                            : NOTHING,
                     .energy = (double(*)[2])s->slabs.sum};
    rg_slabs_share(s, planes, forward_plane, &f);
    *report = (rg_split_report){.transforms = (int)dim, .resolved = 1};
    if (harmonic) *harmonic = mean_energy(&f);
    project(&f, report);
    if (f.out) rg_slabs_share(s, planes, back_plane, &f);
    if (potential) rg_slabs_share(s, s->slabs.planes, back_scalar, &(struct scalar){s, spare, potential});
    report->transforms += (int)(f.out ? dim : 0) + (potential ? 1 : 0);
    if (f.solenoidal && report->total > 0)
        report->orthogonality = rg_sum(planes, s->slabs.sum) / ((double)s->cells * report->total);
    return RG_OK;
}
