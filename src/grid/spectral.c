/* The spectral plan: wavenumbers, FFTW plans, rows of modes.
 *
 * Plans are made for PLAN_THREADS threads whatever the number of threads that run: FFTW's OpenMP build turns that into
 * a loop over as many pieces, so the arithmetic, and every bit of the result, is the same on one core as on many.
 */
#include "base/base.h"
#include "grid/modes.h"

#include <math.h>
#include <stdlib.h>

enum { PLAN_THREADS = 4, ALIGNMENT = 16 };

int rg_is_aligned(const rg_spectral *s, const void *memory) {
    return memory && (s->cells % 2 == 1 || (uintptr_t)memory % ALIGNMENT == 0);
}

static void set_shape(rg_spectral *s, const rg_grid *grid) {
    s->grid = *grid;
    s->cells = s->modes = 1;
    for (int p = 0; p < 3; p++) {
        const int a = p - (3 - grid->dim);
        s->n[p] = a < 0 ? 1 : grid->shape[a];
        s->m[p] = p == 2 ? s->n[p] / 2 + 1 : s->n[p];
        s->cells *= s->n[p];
        s->modes *= s->m[p];
    }
}

static rg_status set_wavenumbers(rg_spectral *s) {
    const double two_pi = 6.283185307179586476925;
    for (int p = 0; p < 3; p++) {
        const ptrdiff_t n = s->n[p];
        const int a = p - (3 - s->grid.dim);
        const double unit = a < 0 ? 0 : two_pi / s->grid.length[a];
        s->k[p] = rg_alloc((size_t)s->m[p], sizeof(double));
        s->kk[p] = rg_alloc((size_t)s->m[p], sizeof(double));
        if (!s->k[p] || !s->kk[p]) return RG_ENOMEM;
        for (ptrdiff_t i = 0; i < s->m[p]; i++) {
            const double k = unit * (double)(2 * i <= n ? i : i - n);
            s->k[p][i] = 2 * i == n ? 0 : k;
            s->kk[p][i] = k * k;
        }
    }
    return RG_OK;
}

static rg_status make_plans(rg_spectral *s, unsigned effort) {
    int n[3];
    for (int a = 0; a < s->grid.dim; a++) n[a] = (int)s->grid.shape[a];
    const unsigned flags = effort | (s->cells % 2 == 1 ? FFTW_UNALIGNED : 0);
    const int before = fftw_planner_nthreads();
    fftw_plan_with_nthreads(s->cells >= RG_THREADED_CELLS ? PLAN_THREADS : 1);
    fftw_complex *modes = (fftw_complex *)s->spectrum;
    s->forward = fftw_plan_dft_r2c(s->grid.dim, n, s->real, modes, flags);
    s->back = fftw_plan_dft_c2r(s->grid.dim, n, modes, s->real, flags);
    fftw_plan_with_nthreads(1); /* slabs are shared among threads here */
    const rg_status status = s->forward && s->back ? rg_slabs_create(s, effort) : RG_ENOMEM;
    fftw_plan_with_nthreads(before > 0 ? before : 1);
    return status;
}

/* FFTW would use whatever measured plans the process has learnt or loaded for an estimated one, too: they are put aside,
 * so that plans by rule are the same on every run. */
static rg_status make_plans_by_rule(rg_spectral *s) {
    char *wisdom = fftw_export_wisdom_to_string();
    if (!wisdom) return RG_ENOMEM;
    fftw_forget_wisdom();
    const rg_status status = make_plans(s, FFTW_ESTIMATE);
    const int restored = fftw_import_wisdom_from_string(wisdom);
    free(wisdom);
    return status || restored ? status : RG_ENOMEM;
}

static rg_status fill(rg_spectral *s, const rg_grid *grid, rg_planning planning) {
    set_shape(s, grid);
    for (int a = 0; a < grid->dim; a++)
        if (grid->shape[a] > INT32_MAX / 2) return RG_EINVAL;
    s->real = rg_field_alloc((size_t)s->cells);
    s->spectrum = rg_field_alloc(2 * rg_size_product((size_t)s->modes, (size_t)grid->dim + 1));
    if (!s->real || !s->spectrum || set_wavenumbers(s)) return RG_ENOMEM;
    if (!fftw_init_threads()) return RG_ENOMEM;
    return planning == RG_PLAN_MEASURE ? make_plans(s, FFTW_MEASURE) : make_plans_by_rule(s);
}

rg_status rg_spectral_create(const rg_grid *grid, rg_planning planning, rg_spectral **spectral) {
    rg_grid checked;
    if (!grid || !spectral) return RG_EINVAL;
    const rg_status bad = rg_grid_init(grid->dim, grid->shape, grid->lower, grid->length, &checked);
    if (bad) return bad;
    rg_spectral *s = rg_alloc(1, sizeof *s);
    if (!s) return RG_ENOMEM;
    const rg_status status = fill(s, &checked, planning);
    if (status) {
        rg_spectral_destroy(s);
        return status;
    }
    *spectral = s;
    return RG_OK;
}

void rg_spectral_destroy(rg_spectral *s) {
    if (!s) return;
    for (int p = 0; p < 3; p++) {
        rg_free(s->k[p]);
        rg_free(s->kk[p]);
    }
    rg_free(s->real);
    rg_free(s->spectrum);
    rg_slabs_destroy(&s->slabs);
    if (s->forward) fftw_destroy_plan(s->forward);
    if (s->back) fftw_destroy_plan(s->back);
    rg_free(s);
}

void rg_forward(const rg_spectral *s, const double *real, double *spectrum) {
    fftw_execute_dft_r2c(s->forward, (double *)(uintptr_t)real, (fftw_complex *)spectrum);
}

void rg_back(const rg_spectral *s, double *spectrum, double *real) {
    fftw_execute_dft_c2r(s->back, (fftw_complex *)spectrum, real);
}

static rg_row row_of(const rg_spectral *s, ptrdiff_t line) {
    const ptrdiff_t i0 = line / s->m[1], i1 = line % s->m[1];
    return (rg_row){.begin = line * s->m[2],
                    .count = s->m[2],
                    .k = {s->k[0][i0], s->k[1][i1]},
                    .kk = {s->kk[0][i0], s->kk[1][i1]},
                    .k_last = s->k[2],
                    .kk_last = s->kk[2],
                    .even = s->n[2] % 2 == 0};
}

void rg_rows(const rg_spectral *s, rg_row_work *work, void *data) {
    const ptrdiff_t lines = s->m[0] * s->m[1];
#pragma omp parallel for schedule(static) if (s->cells >= RG_THREADED_CELLS)
    for (ptrdiff_t line = 0; line < lines; line++) {
        const rg_row row = row_of(s, line);
        work(data, &row);
    }
}

double rg_rows_sum(const rg_spectral *s, rg_row_sum *term, const void *data) {
    enum { ROUND = 512 };
    const ptrdiff_t lines = s->m[0] * s->m[1];
    double total = 0;
    for (ptrdiff_t start = 0; start < lines; start += ROUND) {
        double part[ROUND];
        const ptrdiff_t count = lines - start < ROUND ? lines - start : ROUND;
#pragma omp parallel for schedule(static) if (s->cells >= RG_THREADED_CELLS)
        for (ptrdiff_t line = 0; line < count; line++) {
            const rg_row row = row_of(s, start + line);
            part[line] = term(data, &row);
        }
        for (ptrdiff_t line = 0; line < count; line++) total += part[line];
    }
    return total;
}
