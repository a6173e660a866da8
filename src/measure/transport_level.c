/* One grid of the transport solver: its memory, and the projection on fluxes of the right divergence.
 *
 *     flux = A - grad phi,   laplacian phi = div A - (p - q)
 *
 * with forward differences for grad and backward ones for div. Their Laplacian has the eigenvalues
 * -sum_a (2 sin(k_a h_a / 2) / h_a)^2: one real FFT there, one back. */
#include "base/base.h"
#include "measure/transport.h"

#include <assert.h>
#include <math.h>

static void set_shape(rg_transport_level *l, const rg_grid *grid) {
    l->grid = *grid;
    l->dim = grid->dim;
    l->first = 3 - grid->dim;
    l->corners = 1 << grid->dim;
    l->cells = 1;
    for (int p = 0; p < 3; p++) {
        l->n[p] = p < l->first ? 1 : grid->shape[p - l->first];
        l->spacing[p] = p < l->first ? 1 : rg_grid_spacing(grid, p - l->first);
        l->cells *= l->n[p];
    }
    l->rows = l->n[0] * l->n[1];
    l->threaded = l->cells >= RG_THREADED_CELLS / 4; /* corners are more work than cells */
}

static double eigenvalue(const rg_transport_level *l, int padded, ptrdiff_t i) {
    const double pi = 3.141592653589793238463;
    const double s = 2 * sin(pi * (double)i / (double)l->n[padded]) / l->spacing[padded];
    return s * s;
}

static void set_symbol(rg_transport_level *l) {
    const ptrdiff_t *m = l->spectral->m;
    for (ptrdiff_t k = 0; k < l->spectral->modes; k++) {
        const double sum =
            eigenvalue(l, 0, k / (m[1] * m[2])) + eigenvalue(l, 1, k / m[2] % m[1]) + eigenvalue(l, 2, k % m[2]);
        l->symbol[k] = k == 0 ? 0 : -1 / (sum * (double)l->cells);
    }
}

rg_status rg_transport_level_create(const rg_grid *grid, rg_planning planning, rg_transport_level *l) {
    set_shape(l, grid);
    const size_t n = (size_t)l->cells, d = (size_t)l->dim;
    const rg_status status = rg_spectral_create(grid, planning, &l->spectral);
    if (status) return status;
    l->difference = rg_field_alloc(n);
    l->phi = rg_field_alloc(n);
    l->flux = rg_field_alloc(rg_size_product(d, n));
    l->plus = rg_field_alloc(rg_size_product(d, n));
    l->residual = rg_field_alloc(rg_size_product(d, n));
    l->minus = rg_field_alloc(rg_size_product(d, n));
    l->state = rg_field_alloc(rg_size_product((size_t)l->corners * d, n));
    l->row_value = rg_field_alloc((size_t)l->rows);
    l->symbol = rg_field_alloc((size_t)l->spectral->modes);
    const int made = l->difference && l->phi && l->residual && l->flux && l->plus && l->minus && l->state &&
                     l->row_value && l->symbol;
    if (!made) return RG_ENOMEM;
    set_symbol(l);
    return RG_OK;
}

void rg_transport_level_destroy(rg_transport_level *l) {
    double *const fields[] = {l->difference, l->residual, l->phi,       l->flux,  l->plus,
                              l->minus,      l->state,    l->row_value, l->symbol};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    rg_spectral_destroy(l->spectral);
}

/* ---- rows of points, with what they see: the sums of z, and the next and previous points along each axis */

typedef struct strip {
    ptrdiff_t n;
    const double *plus[3], *minus[3];            /* at the row */
    const double *plus_before[3];                /* at the previous points; of the last axis: at the row */
    const double *minus_after[3], *phi_after[3]; /* at the next points, likewise */
    const double *difference;
    double *phi, *out[3];
    double share[3]; /* of 1 / spacing and of 1 / corners, for the divergence of the average */
    double slope[3]; /* factor / spacing */
    double part;     /* 1 / corners */
} strip;

/* out: (d, n) or NULL; factor: of the gradient of phi. */
static strip strip_of(const rg_transport_level *l, ptrdiff_t row, double factor, double *out) {
    const ptrdiff_t n = l->n[2], here = row * n;
    strip s = {.n = n, .phi = l->phi + here, .difference = l->difference + here, .part = 1.0 / l->corners};
    for (int a = 0; a < l->dim; a++) {
        const int padded = a + l->first;
        const ptrdiff_t at = a * l->cells;
        const ptrdiff_t after = padded == 2 ? here : rg_row_next(l, padded, row) * n;
        const ptrdiff_t before = padded == 2 ? here : rg_row_previous(l, padded, row) * n;
        s.plus[a] = l->plus + at + here;
        s.minus[a] = l->minus + at + here;
        s.plus_before[a] = l->plus + at + before;
        s.minus_after[a] = l->minus + at + after;
        s.phi_after[a] = l->phi + after;
        s.out[a] = out ? out + at + here : NULL;
        s.share[a] = s.part / l->spacing[padded];
        s.slope[a] = factor / l->spacing[padded];
    }
    return s;
}

/* phi = div A - (p - q); `before` and `after` lead from point j to its neighbours along the last axis. */
RG_INLINE void defect(const strip s, int dim, ptrdiff_t j, ptrdiff_t before, ptrdiff_t after) {
    double sum = -s.difference[j];
    RG_UNROLL for (int a = 0; a < dim; a++) {
        const int last = a == dim - 1;
        const double plus = s.plus[a][j] - s.plus_before[a][last ? j + before : j];
        sum += s.share[a] * (plus + (s.minus_after[a][last ? j + after : j] - s.minus[a][j]));
    }
    s.phi[j] = sum;
}

/* out = A + factor * grad phi */
RG_INLINE void combine(const strip s, int dim, ptrdiff_t j, ptrdiff_t before, ptrdiff_t after) {
    (void)before;
    RG_UNROLL for (int a = 0; a < dim; a++) {
        const ptrdiff_t next = a == dim - 1 ? j + after : j;
        s.out[a][j] = s.part * (s.plus[a][j] + s.minus_after[a][next]) + s.slope[a] * (s.phi_after[a][next] - s.phi[j]);
    }
}

/* One compiled loop for each work and dimension; the first and the last point have neighbours at the other end. The strip
 * is copied: the compiler then knows that the pointers in it stay as they are. */
#define LOOP(name, work, dim)                                                                                          \
    RG_WIDE static void name(const strip *given) {                                                                     \
        const strip s = *given;                                                                                        \
        work(s, dim, 0, s.n - 1, 1);                                                                                   \
        _Pragma("omp simd") for (ptrdiff_t j = 1; j < s.n - 1; j++) work(s, dim, j, -1, 1);                            \
        work(s, dim, s.n - 1, -1, 1 - s.n);                                                                            \
    }

LOOP(defect_2, defect, 2)
LOOP(defect_3, defect, 3)
LOOP(combine_2, combine, 2)
LOOP(combine_3, combine, 3)

/* ---- the projection */

static void set_defect(rg_transport_level *l) {
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) {
        const strip s = strip_of(l, row, 0, NULL);
        if (l->dim == 2)
            defect_2(&s);
        else
            defect_3(&s);
    }
}

static void set_average(rg_transport_level *l, double factor, double *out) {
    assert(out);
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) {
        assert(l->dim == 2 || l->dim == 3);
        const strip s = strip_of(l, row, factor, out);
        if (l->dim == 2)
            combine_2(&s);
        else
            combine_3(&s);
    }
}

static void invert_row(void *data, const rg_row *row) {
    const rg_transport_level *l = data;
    double *modes = l->spectral->spectrum + 2 * row->begin;
    const double *symbol = l->symbol + row->begin;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        modes[2 * i] *= symbol[i];
        modes[2 * i + 1] *= symbol[i];
    }
}

void rg_transport_project(rg_transport_level *l) {
    set_defect(l);
    rg_forward(l->spectral, l->phi, l->spectral->spectrum);
    rg_rows(l->spectral, invert_row, l);
    rg_back(l->spectral, l->spectral->spectrum, l->phi);
    set_average(l, -1, l->flux);
}

/* psi = -phi / penalty */
void rg_transport_residual(rg_transport_level *l, double *residual) {
    set_average(l, 1 / l->penalty, residual);
}
