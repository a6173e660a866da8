/* One grid of the transport solver: its memory, and the projection on fluxes of the right divergence.
 *
 *     flux = A - grad phi,   laplacian phi = div A - (p - q)
 *
 * with forward differences for grad and backward ones for div. Their Laplacian has the eigenvalues
 * -sum_a (2 sin(k_a h_a / 2) / h_a)^2: one real FFT there, one back. */
#include "base/base.h"
#include "measure/transport.h"

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

/* ---- rows: out(i) += factor * field(i + 1) or field(i - 1) along a padded axis */

static void add(ptrdiff_t n, double factor, const double *restrict in, double *restrict out) {
    for (ptrdiff_t j = 0; j < n; j++) out[j] += factor * in[j];
}

static void add_next(const rg_transport_level *l, int padded, ptrdiff_t row, double factor, const double *field,
                     double *out) {
    const ptrdiff_t n = l->n[2];
    if (padded < 2) {
        add(n, factor, field + rg_row_next(l, padded, row) * n, out);
        return;
    }
    add(n - 1, factor, field + row * n + 1, out);
    out[n - 1] += factor * field[row * n];
}

static void add_previous(const rg_transport_level *l, int padded, ptrdiff_t row, double factor, const double *field,
                         double *out) {
    const ptrdiff_t n = l->n[2];
    if (padded < 2) {
        add(n, factor, field + rg_row_previous(l, padded, row) * n, out);
        return;
    }
    out[0] += factor * field[row * n + n - 1];
    add(n - 1, factor, field + row * n, out + 1);
}

/* ---- the projection */

static void average_row(rg_transport_level *l, ptrdiff_t row) {
    const ptrdiff_t n = l->n[2];
    for (int a = 0; a < l->dim; a++) {
        const ptrdiff_t at = a * l->cells;
        double *out = l->flux + at + row * n;
        const double *plus = l->plus + at + row * n, part = 1.0 / l->corners;
        for (ptrdiff_t j = 0; j < n; j++) out[j] = part * plus[j];
        add_next(l, a + l->first, row, part, l->minus + at, out);
    }
}

static void defect_row(rg_transport_level *l, ptrdiff_t row) {
    const ptrdiff_t n = l->n[2];
    double *out = l->phi + row * n;
    for (ptrdiff_t j = 0; j < n; j++) out[j] = -l->difference[row * n + j];
    for (int a = 0; a < l->dim; a++) {
        const double *flux = l->flux + a * l->cells, inverse = 1 / l->spacing[a + l->first];
        add(n, inverse, flux + row * n, out);
        add_previous(l, a + l->first, row, -inverse, flux, out);
    }
}

static void correct_row(rg_transport_level *l, ptrdiff_t row) {
    const ptrdiff_t n = l->n[2];
    for (int a = 0; a < l->dim; a++) {
        const double inverse = 1 / l->spacing[a + l->first];
        double *out = l->flux + a * l->cells + row * n;
        add(n, inverse, l->phi + row * n, out);
        add_next(l, a + l->first, row, -inverse, l->phi, out);
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
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) average_row(l, row);
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) defect_row(l, row);
    rg_forward(l->spectral, l->phi, l->spectral->spectrum);
    rg_rows(l->spectral, invert_row, l);
    rg_back(l->spectral, l->spectral->spectrum, l->phi);
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) correct_row(l, row);
}

/* (average of unit vectors) - grad psi with psi = -phi / penalty, from their sums. */
static void residual_row(rg_transport_level *l, ptrdiff_t row, double *residual) {
    const ptrdiff_t n = l->n[2];
    for (int a = 0; a < l->dim; a++) {
        const double inverse = 1 / (l->spacing[a + l->first] * l->penalty), part = 1.0 / l->corners;
        const double *plus = l->plus + a * l->cells + row * n;
        double *out = residual + a * l->cells + row * n;
        for (ptrdiff_t j = 0; j < n; j++) out[j] = part * plus[j];
        add_next(l, a + l->first, row, part, l->minus + a * l->cells, out);
        add(n, -inverse, l->phi + row * n, out);
        add_next(l, a + l->first, row, inverse, l->phi, out);
    }
}

void rg_transport_residual(rg_transport_level *l, double *residual) {
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) residual_row(l, row, residual);
}
