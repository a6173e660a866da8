/* The split plan from inside. */
#ifndef RG_SPLIT_H
#define RG_SPLIT_H

#include "base/base.h"
#include "grid/modes.h"

#include <rotgrad/split.h>

enum { RG_MAX_HISTORY = 12 };

/* Half-density form: A x = d* E with E = sqrt(p) e, d x = grad x - s x / 2, d* F = -div F - s.F / 2,
 * A = d* d = -laplacian + V. */
struct rg_split {
    rg_grid grid;
    ptrdiff_t cells;
    int dim;
    double tolerance;
    int max_iterations;
    rg_spectral *spectral;
    const double *score; /* borrowed during one call */
    double *root;        /* sqrt(p), E_p 1 = 1 */
    double *ground;      /* the same without Nyquist modes, of norm 1: the null vector of A, kept out of x */
    double *potential;   /* V - shift */
    double shift;        /* c of the preconditioner (c - laplacian)^-1 */
    double *multiplier;  /* 1 / ((c + |k|^2) cells) */
    double *x, *rhs, *residual;
    double *z, *direction, *image;             /* of the inner iteration */
    double *slope, *residual_modes, *row_part; /* of the factored one: grad z (d, n); modes of the residual; row sums */
    double *ground_slope;                      /* and d ground (d, n): on a coarse grid it is not 0 */
    double *field, *flux;                      /* (d, n): E, and E - d x */
    double *kept[RG_MAX_HISTORY], *kept_gradient[RG_MAX_HISTORY]; /* earlier x (n) and grad x (d, n) */
    int history, kept_count;
    int aliased; /* calls left before the inner operator is tried again */
    int transforms, iterations;
    double product; /* residual . z of the last inner iteration */
};

/* out = d v = grad v - s v / 2, (d, n) */
void rg_split_slope(rg_split *split, const double *v, double *out);
/* v -= ground (ground . v) */
void rg_split_deflate(rg_split *split, double *v);
/* Unfactored conjugate gradients on split->x, with split->residual given and updated, until |residual| <= target (1), or
 * max_iterations, or an indefinite operator (0); goes on where it stopped if told to resume. Overwrites z, direction,
 * image. */
int rg_split_inner(rg_split *split, double target, int resume);
/* Factored conjugate gradients on split->x, with split->residual = d*(E - d x) given (it is not updated). Overwrites
 * flux, z, direction, image, slope. */
int rg_split_factored(rg_split *split, double target);
/* split->x from the span of the kept solutions; and keeping the present one, with split->flux = E - d x. */
void rg_split_warm_start(rg_split *split);
void rg_split_keep(rg_split *split);
/* out = P (c - laplacian)^-1 P in, P dropping Nyquist modes; returns |P in|^2. */
double rg_split_precondition(rg_split *split, const double *in, double *out);

#endif
