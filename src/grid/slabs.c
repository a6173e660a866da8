/* Planes and columns: plans, blocks and the sharing of work.
 *
 * In a block the columns lie along memory: each is transformed in the first-level cache, and the loops over modes meet
 * nothing but arrays. (Plans that go straight from the spectrum into the block are no faster, and at times much slower:
 * they are chosen by timing one block, which stays in the cache.) Columns start a little off powers of two, which would all fall on the same lines of the cache. */
#include "base/base.h"
#include "grid/modes.h"

#include <omp.h>
#include <string.h>

enum { MULTIPLE = 8, OFF_POWERS_OF_TWO = 8 };

static void set_shape(rg_slabs *slabs, const rg_spectral *s) {
    const int first = rg_padded(s, 0);
    slabs->planes = s->grid.dim > 1 ? s->n[first] : 1;
    slabs->cells = s->cells / slabs->planes;
    slabs->modes = s->modes / slabs->planes;
    slabs->length = (2 * slabs->planes + MULTIPLE - 1) / MULTIPLE * MULTIPLE + OFF_POWERS_OF_TWO;
    slabs->blocks = (slabs->modes + RG_SLAB_COLUMNS - 1) / RG_SLAB_COLUMNS;
    slabs->threads = s->cells >= RG_THREADED_CELLS ? omp_get_max_threads() : 1;
}

static rg_status allocate(rg_slabs *slabs, const rg_spectral *s) {
    const size_t dim = (size_t)s->grid.dim, planes = dim * (size_t)slabs->planes, blocks = 2 * (size_t)slabs->blocks;
    const size_t block = (dim + 1) * (size_t)rg_block_component(slabs);
    slabs->block = rg_field_alloc(rg_size_product((size_t)slabs->threads, block));
    slabs->k = rg_field_alloc((size_t)slabs->length);
    slabs->sum = rg_field_alloc(planes > blocks ? planes : blocks);
    if (!slabs->block || !slabs->k || !slabs->sum) return RG_ENOMEM;
    for (ptrdiff_t i = 0; s->grid.dim > 1 && i < 2 * slabs->planes; i++) slabs->k[i] = s->k[rg_padded(s, 0)][i / 2];
    return RG_OK;
}

static fftw_plan plan_columns(const rg_slabs *slabs, int sign, unsigned flags) {
    const int planes = (int)slabs->planes, next = (int)(slabs->length / 2);
    fftw_complex *block = (fftw_complex *)slabs->block;
    return fftw_plan_many_dft(1, &planes, RG_SLAB_COLUMNS, block, NULL, 1, next, block, NULL, 1, next, sign, flags);
}

static rg_status make_plans(rg_slabs *slabs, const rg_spectral *s, unsigned flags) {
    int n[RG_MAX_DIM];
    for (int a = 0; a < s->grid.dim; a++) n[a] = (int)s->grid.shape[a];
    const int inner = s->grid.dim > 1 ? 1 : 0;
    const unsigned plane_flags = flags | (slabs->cells % 2 == 1 ? FFTW_UNALIGNED : 0);
    fftw_complex *modes = (fftw_complex *)s->spectrum;
    slabs->plane_forward = fftw_plan_dft_r2c(s->grid.dim - inner, n + inner, s->real, modes, plane_flags);
    slabs->plane_back = fftw_plan_dft_c2r(s->grid.dim - inner, n + inner, modes, s->real, plane_flags);
    slabs->columns_forward = plan_columns(slabs, FFTW_FORWARD, flags);
    slabs->columns_back = plan_columns(slabs, FFTW_BACKWARD, flags);
    const int made = slabs->plane_forward && slabs->plane_back && slabs->columns_forward && slabs->columns_back;
    return made ? RG_OK : RG_ENOMEM;
}

rg_status rg_slabs_create(rg_spectral *s, unsigned flags) {
    rg_slabs *slabs = &s->slabs;
    set_shape(slabs, s);
    rg_status status = allocate(slabs, s);
    if (!status) status = make_plans(slabs, s, flags);
    if (status) return status;
    /* planning by time leaves its traces in the first block, and the rest of a column must be 0 */
    memset(slabs->block, 0, (size_t)(s->grid.dim + 1) * (size_t)rg_block_component(slabs) * sizeof(double));
    return RG_OK;
}

void rg_slabs_destroy(rg_slabs *slabs) {
    const fftw_plan plans[] = {slabs->plane_forward, slabs->plane_back, slabs->columns_forward, slabs->columns_back};
    for (size_t i = 0; i < sizeof plans / sizeof(fftw_plan); i++)
        if (plans[i]) fftw_destroy_plan(plans[i]);
    rg_free(slabs->block);
    rg_free(slabs->k);
    rg_free(slabs->sum);
}

void rg_plane_forward(const rg_spectral *s, const double *real, double *spectrum, ptrdiff_t plane) {
    const rg_slabs *slabs = &s->slabs;
    fftw_execute_dft_r2c(slabs->plane_forward, (double *)(uintptr_t)(real + plane * slabs->cells),
                         (fftw_complex *)(spectrum + 2 * plane * slabs->modes));
}

void rg_plane_back(const rg_spectral *s, double *spectrum, double *real, ptrdiff_t plane) {
    const rg_slabs *slabs = &s->slabs;
    fftw_execute_dft_c2r(slabs->plane_back, (fftw_complex *)(spectrum + 2 * plane * slabs->modes),
                         real + plane * slabs->cells);
}

/* The last block may be short: what it lacks is 0. */
static ptrdiff_t columns_in(const rg_slabs *slabs, ptrdiff_t number) {
    const ptrdiff_t left = slabs->modes - number * RG_SLAB_COLUMNS;
    return left < RG_SLAB_COLUMNS ? left : RG_SLAB_COLUMNS;
}

void rg_columns_forward(const rg_spectral *s, int components, const double *spectrum, ptrdiff_t number, double *block) {
    const rg_slabs *slabs = &s->slabs;
    const ptrdiff_t columns = columns_in(slabs, number), lacking = (RG_SLAB_COLUMNS - columns) * slabs->length;
    for (int a = 0; a < components; a++, block += rg_block_component(slabs)) {
        const double *modes = spectrum + 2 * (a * s->modes + number * RG_SLAB_COLUMNS);
        for (ptrdiff_t i = 0; i < slabs->planes; i++, modes += 2 * slabs->modes)
            for (ptrdiff_t c = 0; c < columns; c++)
                memcpy(block + c * slabs->length + 2 * i, modes + 2 * c, sizeof(fftw_complex));
        memset(block + columns * slabs->length, 0, (size_t)lacking * sizeof(double));
        fftw_execute_dft(slabs->columns_forward, (fftw_complex *)block, (fftw_complex *)block);
    }
}

void rg_columns_back(const rg_spectral *s, int components, double *block, ptrdiff_t number, double *spectrum) {
    const rg_slabs *slabs = &s->slabs;
    const ptrdiff_t columns = columns_in(slabs, number);
    for (int a = 0; a < components; a++, block += rg_block_component(slabs)) {
        double *modes = spectrum + 2 * (a * s->modes + number * RG_SLAB_COLUMNS);
        fftw_execute_dft(slabs->columns_back, (fftw_complex *)block, (fftw_complex *)block);
        for (ptrdiff_t i = 0; i < slabs->planes; i++, modes += 2 * slabs->modes)
            for (ptrdiff_t c = 0; c < columns; c++)
                memcpy(modes + 2 * c, block + c * slabs->length + 2 * i, sizeof(fftw_complex));
    }
}

void rg_slabs_share(const rg_spectral *s, ptrdiff_t count, rg_slab_work *work, void *data) {
    const rg_slabs *slabs = &s->slabs;
    const ptrdiff_t size = (s->grid.dim + 1) * rg_block_component(slabs);
#pragma omp parallel for schedule(static) num_threads(rg_threads_for(slabs->threads))
    for (ptrdiff_t number = 0; number < count; number++) work(data, number, slabs->block + omp_get_thread_num() * size);
}
