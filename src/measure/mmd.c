/* Maximum mean discrepancy. On the torus by the kernel's Fourier coefficients,
 *
 *     MMD^2 = (1 / volume) sum over k of c(k) |f_k|^2,   f_k = integral of (p - q) exp(-i k.x),
 *
 * in R^d by the kernel itself, sampled on the grid of twice the box, where the shortest way round is the straight one. */
#include "base/base.h"
#include "measure/transport.h"

#include <assert.h>
#include <math.h>

static const double pi = 3.141592653589793238463;

typedef struct mmd {
    rg_grid grid; /* padded with free boundary */
    rg_spectral *spectral;
    double *difference, *kernel; /* (n) of this grid; kernel is for free boundary */
    rg_mmd_kernel kind;
    double bandwidth;
} mmd;

/* c(k); for the energy |k|^-(d+1) as in Szekely and Rizzo, whose sum over k stands for an integral over R^d. */
static double coefficient(const mmd *m, double square) {
    const double d = m->grid.dim, s = m->bandwidth;
    if (m->kind == RG_MMD_GAUSSIAN) return pow(2 * pi * s * s, d / 2) * exp(-s * s * square / 2);
    if (square == 0) return 0;
    return pow(2 * pi, d) * tgamma((d + 1) / 2) / pow(pi, (d + 1) / 2) * pow(square, -(d + 1) / 2);
}

static double torus_row(const void *data, const rg_row *row) {
    const mmd *m = data;
    const double *modes = m->spectral->spectrum + 2 * row->begin;
    double sum = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double square = row->kk[0] + row->kk[1] + row->kk_last[i];
        const double power = modes[2 * i] * modes[2 * i] + modes[2 * i + 1] * modes[2 * i + 1];
        sum += rg_row_weight(row, i) * coefficient(m, square) * power;
    }
    return sum;
}

static double on_torus(const mmd *m) {
    const double volume = rg_grid_cell_volume(&m->grid);
    assert(m->spectral);
    rg_forward(m->spectral, m->difference, m->spectral->spectrum);
    return volume * volume / rg_grid_volume(&m->grid) * rg_rows_sum(m->spectral, torus_row, m);
}

static double shortest(ptrdiff_t i, ptrdiff_t n, double spacing) {
    return spacing * (double)(2 * i <= n ? i : n - i);
}

static void sample_kernel(mmd *m) {
    const ptrdiff_t *n = m->grid.shape;
    assert(m->grid.dim <= RG_MAX_DIM);
    for (ptrdiff_t i = 0; i < rg_grid_cells(&m->grid); i++) {
        const ptrdiff_t at[RG_MAX_DIM] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        double square = 0;
        for (int a = 0; a < m->grid.dim; a++) {
            const double x = shortest(at[a], n[a], rg_grid_spacing(&m->grid, a));
            square += x * x;
        }
        m->kernel[i] = m->kind == RG_MMD_ENERGY ? -sqrt(square) : exp(-square / (2 * m->bandwidth * m->bandwidth));
    }
}

/* Sum of K(k) |f_k|^2: the transform of the symmetric kernel is real. */
static double line_row(const void *data, const rg_row *row) {
    const mmd *m = data;
    const double *modes = m->spectral->spectrum + 2 * row->begin;
    const double *kernel = m->spectral->spectrum + 2 * (m->spectral->modes + row->begin);
    double sum = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double power = modes[2 * i] * modes[2 * i] + modes[2 * i + 1] * modes[2 * i + 1];
        sum += rg_row_weight(row, i) * kernel[2 * i] * power;
    }
    return sum;
}

static double in_space(mmd *m) {
    const double volume = rg_grid_cell_volume(&m->grid);
    assert(m->spectral);
    sample_kernel(m);
    rg_forward(m->spectral, m->difference, m->spectral->spectrum);
    rg_forward(m->spectral, m->kernel, m->spectral->spectrum + 2 * m->spectral->modes);
    return volume * volume / (double)rg_grid_cells(&m->grid) * rg_rows_sum(m->spectral, line_row, m);
}

static rg_status fill(mmd *m, const rg_grid *grid, int free_boundary, const double *p, const double *q,
                      rg_diagnostic *diagnostic) {
    m->grid = *grid;
    rg_status status = free_boundary ? rg_transport_padded(grid, &m->grid) : RG_OK;
    if (!status) status = rg_spectral_create(&m->grid, RG_PLAN_ESTIMATE, &m->spectral);
    if (status) return status;
    m->difference = rg_field_alloc((size_t)rg_grid_cells(&m->grid));
    m->kernel = rg_field_alloc((size_t)rg_grid_cells(&m->grid));
    if (!m->difference || !m->kernel) return RG_ENOMEM;
    status = rg_transport_difference(grid, p, q, m->kernel, diagnostic);
    if (!status) rg_transport_embed(grid, m->kernel, &m->grid, m->difference);
    return status;
}

rg_status rg_mmd(const rg_grid *grid, int free_boundary, rg_mmd_kernel kernel, double bandwidth, const double *p,
                 const double *q, double *squared, rg_diagnostic *diagnostic) {
    if (!grid || !p || !q || !squared) return rg_fail(diagnostic, RG_EINVAL, "a grid, p, q and squared must be given");
    if (kernel != RG_MMD_ENERGY && kernel != RG_MMD_GAUSSIAN)
        return rg_fail(diagnostic, RG_EINVAL, "expected the energy kernel or the Gaussian one");
    if (kernel == RG_MMD_GAUSSIAN && !(bandwidth > 0 && isfinite(bandwidth)))
        return rg_fail(diagnostic, RG_EINVAL, "bandwidth: expected a number above 0, got %g", bandwidth);
    mmd m = {.kind = kernel, .bandwidth = bandwidth};
    rg_diagnostic found = {0};
    const rg_status status = fill(&m, grid, free_boundary, p, q, &found);
    if (!status) *squared = fmax(0, free_boundary ? in_space(&m) : on_torus(&m));
    rg_spectral_destroy(m.spectral);
    rg_free(m.difference);
    rg_free(m.kernel);
    if (status) return rg_fail(diagnostic, status, "%s", found.text[0] ? found.text : rg_status_text(status));
    return RG_OK;
}
