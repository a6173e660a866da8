/* Divergences between two densities given by p and the ratio rho = q/p, and the rate at which KL grows.
 *
 * Integrands are written so that each is non-negative and exact near rho = 1 (KL from log1p), which assumes equal
 * masses: `ratio` is scaled to E_p rho = 1 first and the defect is reported.
 * Source: docs/theory.md 2, 3.
 */
#ifndef ROTGRAD_DIVERGENCE_H
#define ROTGRAD_DIVERGENCE_H

#include <rotgrad/spectral.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RG_RENYI_ORDER = 3 }; /* order 2 is log(1 + chi2) */

/* All in nats or pure numbers. */
typedef struct rg_divergences {
    double kl;          /* KL(p|q)  = E_p[-log rho] */
    double reverse_kl;  /* KL(q|p)  = E_p[rho log rho] */
    double tv;          /* total variation, E_p|rho - 1| / 2, in [0, 1] */
    double chi2;        /* chi^2(q|p) = E_p (rho - 1)^2 */
    double hellinger2;  /* 1 - E_p sqrt(rho), in [0, 1] */
    double renyi;       /* R_3(q|p) = log(E_p rho^3) / 2 */
    double mass_defect; /* |E_p rho - 1| before scaling */
    double clipped;     /* what cells with rho = 0 < p would add to KL if rho were the rounding unit there */
} rg_divergences;

/* density: (n) p >= 0 of mass 1 by the trapezoidal rule; ratio: (n) >= 0. RG_EINVAL: a value is not finite;
 * RG_EDOMAIN: E_p rho is not positive. Cost: one pass. */
RG_API rg_status rg_divergences_of(const rg_grid *grid, const double *density, const double *ratio,
                                   rg_divergences *out) RG_MUST_CHECK;

/* Integral of values at nodes over [first node, last node]: piecewise interpolation of degree 5 through the nearest
 * nodes, nodes strictly monotone. Fewer than two nodes: 0. Exact for polynomials of degree 5 from 6 nodes on.
 *   error  out  its difference to the rule of degree 3; may be NULL */
RG_API double rg_integrate(size_t count, const double *node, const double *value, double *error);

#ifdef __cplusplus
}
#endif

#endif
