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
    double *potential;   /* V - shift */
    double shift;        /* c of the preconditioner (c - laplacian)^-1 */
    double *multiplier;  /* 1 / ((c + |k|^2) cells) */
    double *x, *rhs, *residual;
    double *z, *direction, *image;             /* of the inner iteration */
    double *slope, *residual_modes, *row_part; /* of the factored one: grad z (d, n); modes of the residual; row sums */
    double *field, *flux;                      /* (d, n): E, and E - d x */
    double *kept[RG_MAX_HISTORY], *kept_gradient[RG_MAX_HISTORY]; /* earlier x (n) and grad x (d, n) */
    int history, kept_count;
    int aliased; /* calls left before the inner operator is tried again */
    int transforms, iterations;
};

/* F = E - d x into split->flux and d* F into out. */
void rg_split_residual(rg_split *split, const double *x, double *out);
/* Unfactored conjugate gradients on split->x, with split->residual given and updated, until |residual| <= target (1), or
 * max_iterations, or an indefinite operator (0). Overwrites z, direction, image. */
int rg_split_inner(rg_split *split, double target);
/* Factored conjugate gradients on split->x, with split->residual = d*(E - d x) given (it is not updated). Overwrites
 * flux, z, direction, image, slope. */
int rg_split_factored(rg_split *split, double target);
/* split->x from the span of the kept solutions; and keeping the present one, with split->flux = E - d x. */
void rg_split_warm_start(rg_split *split);
void rg_split_keep(rg_split *split);
/* out = P (c - laplacian)^-1 P in, P dropping Nyquist modes; returns |P in|^2. */
double rg_split_precondition(rg_split *split, const double *in, double *out);

#endif
