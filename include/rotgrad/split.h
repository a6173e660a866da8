/* Helmholtz-Hodge decomposition of a score error.
 *
 * Weighted: e = grad phi + r with div(p r) = 0, the orthogonal projection on gradients in L2(p). The sampler sees
 * grad phi; r leaves the marginals untouched. Flat (Leray): the same with p = 1, one FFT Poisson solve; it is the wrong
 * geometry for a density that is not uniform, and offered to show the difference.
 * Source: docs/theory.md 1, 1.1.
 */
#ifndef ROTGRAD_SPLIT_H
#define ROTGRAD_SPLIT_H

#include <rotgrad/spectral.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_split_options {
    double tolerance;   /* of the residual, relative; 0: 1e-10 */
    int max_iterations; /* 0: 5000 */
    int history;        /* earlier solutions kept as a warm start, for series of similar densities; 0: none, <= 12 */
    rg_planning planning;
} rg_split_options;

/* What a split found. Energies E_p|.|^2 are in the square of the unit of e. */
typedef struct rg_split_report {
    double total, gradient, solenoidal;
    double residual; /* sqrt(E_p h_r^2) / sqrt(E_p h_e^2) with h = div f + s.f, recomputed from the output; where e is
                             solenoidal to rounding, rounding stands for h_e */
    double orthogonality; /* E_p[grad phi . r] / E_p|e|^2 */
    int iterations;       /* conjugate-gradient iterations */
    int transforms;       /* real FFTs of one scalar field, everything included */
    int resolved;         /* 0: aliasing spoils the fast solver (grid too coarse), or max_iterations cut it short */
} rg_split_report;

typedef struct rg_split rg_split;

/* A plan for one grid; options may be NULL. Memory: about 15 + 5 d + (d + 1) history fields. RG_EINVAL, RG_ENOMEM. */
RG_API rg_status rg_split_create(const rg_grid *grid, const rg_split_options *options, rg_split **split) RG_MUST_CHECK;
RG_API void rg_split_destroy(rg_split *split);

/* Where a weighted split puts what it finds; NULL members are left out. n cells, d components, e in unit U. */
typedef struct rg_split_parts {
    double *gradient;          /* (d, n) grad phi, unit U; may alias e */
    double *solenoidal;        /* (d, n) r, unit U; may alias e if gradient does not */
    double *potential;         /* (n) phi with E_p phi = 0, unit U x */
    double *source;            /* (n) h = div e + s.e, the Langevin-Stein source, unit U/x */
    double *solenoidal_source; /* (n) the same of r as it came out: 0 up to the residual */
} rg_split_parts;

/* Weighted split.
 *   log_density  in   n values; a constant may be added (it is normalised here)
 *   score        in   (d, n), grad log p, unit 1/x
 *   e            in   (d, n), any unit U
 * Where p < 1e-14 max p double precision does not determine the split: r fades to 0 there and grad phi = e - r.
 * sqrt(p) phi has no Nyquist modes (their gradient cannot be told from 0), and the residual leaves them out.
 * Cost: 2 real FFTs an iteration where the grid resolves the score, 2 (d + 1) where it does not; 6 d + 14 besides.
 * RG_EINVAL: a value is not finite. RG_ENOCONV: the tolerance was not reached in max_iterations; outputs and report
 * then hold the best found. */
RG_API rg_status rg_split_weighted(rg_split *split, const double *log_density, const double *score, const double *e,
                                   const rg_split_parts *parts, rg_split_report *report) RG_MUST_CHECK;

/* The harmonic part r_h of the solenoidal part of the last rg_split_weighted: the projection of r on the d-dimensional
 * space of p-solenoidal fields that are a constant plus a gradient. r - r_h is co-exact.
 *   harmonic  out  (d, n), NULL to leave out
 *   energy    out  E_p|r_h|^2
 * Cost: d further weighted splits. Same errors. */
RG_API rg_status rg_split_harmonic(rg_split *split, const double *log_density, const double *score,
                                   const double *solenoidal, double *harmonic, double *energy) RG_MUST_CHECK;

/* Flat split, p = 1 (Leray projection); energies are averages over the box.
 *   e           in   (d, n), any unit U
 *   gradient    out  (d, n), NULL to leave out; must not alias e
 *   solenoidal  out  (d, n), NULL to leave out
 *   potential   out  (n), mean 0, NULL to leave out
 *   harmonic    out  energy of the mean field, which is part of r; NULL to leave out
 * Energies alone cost d real FFTs; with fields 2 d (and one for the potential). Exact to rounding: no iteration, residual
 * and iterations are 0. RG_EINVAL: misaligned or missing arrays. */
RG_API rg_status rg_split_flat(rg_spectral *spectral, const double *e, double *gradient, double *solenoidal,
                               double *potential, double *harmonic, rg_split_report *report) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
