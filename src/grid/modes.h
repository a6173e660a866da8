/* The spectral plan seen from inside: forward and backward transforms, rows of modes. Internal to the floors above
 * src/grid that need to work on modes (split, evolve).
 *
 * Arrays are thought of as three-dimensional, n = (1, n0, n1) in 2-D and (1, 1, n0) in 1-D, so that one loop serves all
 * dimensions and the halved axis is always the last. Modes are interleaved (real, imaginary) doubles.
 */
#ifndef RG_MODES_H
#define RG_MODES_H

#include "grid/slabs.h"

#include <rotgrad/spectral.h>

#include <fftw3.h>

struct rg_spectral {
    rg_grid grid;
    ptrdiff_t n[3];         /* points, leading ones */
    ptrdiff_t m[3];         /* modes: n with the last axis halved */
    ptrdiff_t cells, modes; /* products of n and m */
    double *k[3];           /* wavenumber per padded axis, 0 at Nyquist; unit 1/x */
    double *kk[3];          /* its true square, Nyquist included */
    double *real;           /* scratch: one field */
    double *spectrum;       /* scratch: d + 1 spectra */
    fftw_plan forward, back;
    rg_slabs slabs; /* the same transforms in two halves */
};

/* Real FFTs without factors: forward does not touch `real`; back destroys `spectrum` and leaves a factor `cells`. */
void rg_forward(const rg_spectral *s, const double *real, double *spectrum);
void rg_back(const rg_spectral *s, double *spectrum, double *real);

/* One row of modes along the last axis. */
typedef struct rg_row {
    ptrdiff_t begin, count; /* mode index of its first member; number of modes */
    double k[2], kk[2];     /* of the two leading padded axes */
    const double *k_last, *kk_last;
    int even; /* the last mode is a Nyquist mode, counted once in sums like the first */
} rg_row;

typedef void rg_row_work(void *data, const rg_row *row);
void rg_rows(const rg_spectral *s, rg_row_work *work, void *data);
/* The sum over rows of what `term` returns, in fixed order. */
typedef double rg_row_sum(const void *data, const rg_row *row);
double rg_rows_sum(const rg_spectral *s, rg_row_sum *term, const void *data);

/* Padded axis of grid axis a. */
static inline int rg_padded(const rg_spectral *s, int a) {
    return a + 3 - s->grid.dim;
}

static inline double rg_row_k(const rg_row *row, int padded, ptrdiff_t i) {
    return padded == 2 ? row->k_last[i] : row->k[padded];
}

/* How often the mode i of a row stands in the full spectrum: 2, or 1 for those that are their own conjugate. */
static inline double rg_row_weight(const rg_row *row, ptrdiff_t i) {
    return i == 0 || (row->even && i == row->count - 1) ? 1 : 2;
}

/* Whether FFTW can take the array. With an odd number of cells the components of a vector field cannot all be aligned:
 * the plans then take any address. */
int rg_is_aligned(const rg_spectral *s, const void *memory);

#endif
