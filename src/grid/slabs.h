/* The FFT of a vector field cut in two, so that work on modes finds them in cache: first the planes, which are all axes
 * but the first, one at a time; then the columns along the first axis, a few neighbours of all components at a time.
 * In 1-D there is one plane, and a column is one mode.
 *
 * The pieces are the same whoever works on them: no bit of a result depends on the number of threads. Internal.
 */
#ifndef RG_SLABS_H
#define RG_SLABS_H

#include <rotgrad/spectral.h>

#include <fftw3.h>

enum {
    RG_SLAB_COLUMNS = 16
}; /* measured: with 8, a tenth slower at 2048 x 2048; those of a component stay in a second-level cache */

typedef struct rg_slabs {
    ptrdiff_t planes, cells, modes; /* points of the first axis; cells and modes of a plane */
    ptrdiff_t length;               /* doubles from one column to the next in a block, a multiple of 8; the rest is 0 */
    ptrdiff_t blocks;               /* of columns */
    int threads;                    /* at most so many work */
    double *block;                  /* scratch: d + 1 components of RG_SLAB_COLUMNS columns a thread */
    double *k;                      /* wavenumbers along a column, one for each double of it */
    double *sum;                    /* scratch: d values a plane, or 2 a block */
    fftw_plan plane_forward, plane_back, columns_forward, columns_back;
} rg_slabs;

/* Called by rg_spectral_create and _destroy, when the rest of the plan is there. */
rg_status rg_slabs_create(rg_spectral *s, unsigned flags);
void rg_slabs_destroy(rg_slabs *slabs);

/* Real FFTs of plane number `plane`, counted through all components. No factors; back destroys the modes. */
void rg_plane_forward(const rg_spectral *s, const double *real, double *spectrum, ptrdiff_t plane);
void rg_plane_back(const rg_spectral *s, double *spectrum, double *real, ptrdiff_t plane);

/* FFTs along the columns of a block, from `components` spectra into the block and back. */
void rg_columns_forward(const rg_spectral *s, int components, const double *spectrum, ptrdiff_t number, double *block);
void rg_columns_back(const rg_spectral *s, int components, double *block, ptrdiff_t number, double *spectrum);
/* Doubles from one component of a block to the next. */
static inline ptrdiff_t rg_block_component(const rg_slabs *slabs) {
    return slabs->length * RG_SLAB_COLUMNS;
}

/* Work on pieces number 0 to count - 1, shared among threads; `block` is scratch of the thread. */
typedef void rg_slab_work(void *data, ptrdiff_t number, double *block);
void rg_slabs_share(const rg_spectral *s, ptrdiff_t count, rg_slab_work *work, void *data);

#endif
