/* Beckmann's problem on one grid, and what its files share. Internal; see include/rotgrad/transport.h.
 *
 * Arrays are thought of as three-dimensional, n = (1, n0, n1) in 2-D; a row runs along the last axis. Corner c of point
 * i holds the fluxes on d faces: of axis a the face towards i + 1 where bit a of c is 0, towards i - 1 where it is 1.
 */
#ifndef RG_TRANSPORT_H
#define RG_TRANSPORT_H

#include "grid/modes.h"

#include <rotgrad/transport.h>

enum { RG_MOST_CORNERS = 8, RG_MOST_LEVELS = 16 };

typedef struct rg_transport_level {
    rg_grid grid;
    ptrdiff_t n[3], cells, rows; /* padded shape; rows = n[0] n[1] */
    int dim, first, corners;     /* first padded axis; 2^d */
    int threaded;
    double spacing[3];  /* by padded axis */
    double *difference; /* (n) p - q, mean 0 */
    double *flux;       /* (d, n) on faces towards i + 1; div flux = difference after a projection */
    double *state;      /* (rows, corners, d, row) z of Douglas-Rachford: flux at corners - penalty * (unit vectors) */
    double *plus;       /* (d, n) sum of z over the corners of a point that hold its face towards i + 1 */
    double *minus;      /* likewise towards i - 1 */
    double *phi;        /* (n) Lagrange multiplier of the last projection: the potential is -phi / penalty */
    double *residual;   /* (d, n) see rg_transport_certify */
    double *row_value;  /* (rows) one number a row, to be summed */
    double *symbol;     /* (modes) inverse of the staggered Laplacian, over the number of cells */
    rg_spectral *spectral;
    double penalty; /* the step of Douglas-Rachford, unit of flux */
} rg_transport_level;

/* A certified pair. */
typedef struct rg_transport_bracket {
    double lower, upper, scale; /* potential = -phi / (penalty scale) */
} rg_transport_bracket;

rg_status rg_transport_level_create(const rg_grid *grid, rg_planning planning, rg_transport_level *level);
void rg_transport_level_destroy(rg_transport_level *level);

/* flux = the average of z over corners, projected on div flux = difference. */
void rg_transport_project(rg_transport_level *level);
/* z += relaxation (prox(2 flux - z) - flux), and the sums of z. */
void rg_transport_step(rg_transport_level *level, double relaxation);
/* Sums of z alone; z as it is. */
void rg_transport_gather(rg_transport_level *level);
/* Both bounds at the last projection, as near as they must be to tell whether the gap is reached; leaves the sums of z spoilt:
 * a step must follow. */
rg_transport_bracket rg_transport_certify(rg_transport_level *level, double gap);
/* Used by it: the part of the averaged unit vectors that is no gradient of the potential, from their sums in `plus` and
 * `minus`; `residual` (d, n) may be `plus`. */
void rg_transport_residual(rg_transport_level *level, double *residual);
/* Largest slope at a corner of -phi / penalty; leaves the sums of z spoilt. */
double rg_transport_slope(rg_transport_level *level);
/* Another penalty with the flux and the unit vectors as they are; the sums of z are not made. */
void rg_transport_set_penalty(rg_transport_level *level, double penalty);

/* difference (n) = p - q of mass 1 each, less its mean, which is rounding. RG_EINVAL, RG_EDOMAIN as rg_transport_solve. */
rg_status rg_transport_difference(const rg_grid *grid, const double *p, const double *q, double *difference,
                                  rg_diagnostic *diagnostic);

/* From one grid to another with about half as many points: a density by the transpose of linear interpolation (mass is
 * kept), fields back by linear interpolation. */
void rg_transport_restrict(const rg_grid *fine, const double *in, const rg_grid *coarse, double *out);
void rg_transport_prolong(const rg_transport_level *coarse, rg_transport_level *fine);
/* The grid with (n + 1) / 2 points an axis; 0 when one would have less than `least`. */
int rg_transport_halved(const rg_grid *grid, ptrdiff_t least, rg_grid *coarse);

/* Twice the box and twice the points: distances between points of the box are then those of R^d. */
rg_status rg_transport_padded(const rg_grid *grid, rg_grid *padded);
/* A density in its corner, 0 elsewhere. */
void rg_transport_embed(const rg_grid *grid, const double *in, const rg_grid *padded, double *out);
/* What lies in the box. */
void rg_transport_crop(const rg_grid *padded, const double *in, const rg_grid *grid, double *out);

/* One dimension, closed form; scratch: (n). difference has mean 0. */
void rg_transport_circle(const rg_grid *grid, int free_boundary, const double *difference, double *scratch,
                         double *potential, double *flux, rg_transport_report *report);

/* Loops over points are to become SIMD: what they call, and the loops inside that, must be expanded in place. */
#define RG_INLINE static inline __attribute__((always_inline))
#ifdef __SANITIZE_ADDRESS__
#define RG_UNROLL /* gcc 12 warns that it cannot where checks stand in the loop */
#else
#define RG_UNROLL _Pragma("GCC unroll 8")
#endif

/* Row of the neighbour along a leading padded axis. */
static inline ptrdiff_t rg_row_next(const rg_transport_level *l, int padded, ptrdiff_t row) {
    if (padded == 1) return row % l->n[1] + 1 < l->n[1] ? row + 1 : row + 1 - l->n[1];
    return row / l->n[1] + 1 < l->n[0] ? row + l->n[1] : row + l->n[1] - l->rows;
}

static inline ptrdiff_t rg_row_previous(const rg_transport_level *l, int padded, ptrdiff_t row) {
    if (padded == 1) return row % l->n[1] > 0 ? row - 1 : row - 1 + l->n[1];
    return row / l->n[1] > 0 ? row - l->n[1] : row - l->n[1] + l->rows;
}

#endif
