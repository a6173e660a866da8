/* One step of a sampler that holds its drift fixed, as an operator on densities: the law of x + u(x) + sqrt(noise) z for
 * x with density q and z normal, on the torus. Internal. */
#ifndef RG_PUSH_H
#define RG_PUSH_H

#include <rotgrad/spectral.h>

typedef struct rg_push rg_push;

rg_status rg_push_create(const rg_grid *grid, rg_push **push) RG_MUST_CHECK;
void rg_push_destroy(rg_push *push);

/* density (n); displacement (d, n), unit x, any length; noise >= 0, the variance, unit x^2. `out` may alias density and
 * keeps its mass; it is below 0 by what the grid does not resolve. The Fourier coefficients sum of q exp(-i k.(x + u)) are
 * those of the trapezoidal rule to 1e-9 of the mass. Allocates nothing. Cost: 12^d operations a cell. */
void rg_push_apply(rg_push *push, const double *density, const double *displacement, double noise, double *out);

#endif
