/* Spectral operators on a periodic grid.
 *
 * Wavenumbers are 2 pi k / length. The Nyquist mode of an even axis has wavenumber 0 in first derivatives (its
 * derivative is not a function on the grid) and its true square in the Laplacian; so div grad differs from the
 * Laplacian in Nyquist modes only.
 *
 * All memory and all FFTW plans belong to rg_spectral_create; the operators allocate nothing. FFTW's planner is not
 * re-entrant: create and destroy from one thread at a time. One rg_spectral serves one thread at a time.
 * Arrays must be 16-byte aligned (rg_field_alloc is); RG_EINVAL otherwise. Every operator may work in place.
 * The result does not depend on the number of threads, bit for bit.
 * Source: docs/theory.md 0.
 */
#ifndef ROTGRAD_SPECTRAL_H
#define ROTGRAD_SPECTRAL_H

#include <rotgrad/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_spectral rg_spectral;

typedef enum rg_planning {
    RG_PLAN_ESTIMATE = 0, /* plans by rule: the same on every run, whatever wisdom there is (the default) */
    RG_PLAN_MEASURE       /* plans by timing: seconds at 256^3, up to 4 times faster transforms; results may differ in
                             rounding from one process to the next unless wisdom is kept */
} rg_planning;

/* RG_EINVAL, RG_ENOMEM. Memory: d + 2 fields, and 32 (d + 1) shape[0] doubles a thread. Threads: no more than OpenMP gives
 * at creation. */
RG_API rg_status rg_spectral_create(const rg_grid *grid, rg_planning planning, rg_spectral **spectral) RG_MUST_CHECK;
RG_API void rg_spectral_destroy(rg_spectral *spectral);

/* Measured plans kept in a file between processes (FFTW wisdom). Load: RG_EIO when it cannot be read, RG_EFORMAT when
 * FFTW does not understand it. Save writes beside and renames. */
RG_API rg_status rg_wisdom_load(const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API rg_status rg_wisdom_save(const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* gradient (d, n...) of f (n...). d + 1 real FFTs. */
RG_API rg_status rg_gradient(rg_spectral *spectral, const double *f, double *gradient) RG_MUST_CHECK;
/* divergence (n...) of field (d, n...). d + 1 real FFTs. */
RG_API rg_status rg_divergence(rg_spectral *spectral, const double *field, double *divergence) RG_MUST_CHECK;
/* 2 real FFTs each; f and out (n...). */
RG_API rg_status rg_laplacian(rg_spectral *spectral, const double *f, double *out) RG_MUST_CHECK;
/* Solves laplacian(out) = f - mean(f), mean(out) = 0. */
RG_API rg_status rg_poisson(rg_spectral *spectral, const double *f, double *out) RG_MUST_CHECK;
/* Solves (c - laplacian) out = f; c > 0, unit 1/x^2. */
RG_API rg_status rg_helmholtz(rg_spectral *spectral, double c, const double *f, double *out) RG_MUST_CHECK;
/* Convolution with the wrapped Gaussian of variance v >= 0 (unit x^2): the heat semigroup exp(v/2 laplacian). */
RG_API rg_status rg_heat(rg_spectral *spectral, double v, const double *f, double *out) RG_MUST_CHECK;

/* The trigonometric polynomial through `values` on one grid, read at the points of another one in the same box (finer:
 * zero-padding; coarser: high modes are cut). `components` fields one after another. Allocates its own workspace
 * and makes FFTW plans: not re-entrant.
 * RG_EINVAL when dimensions or boxes differ. */
RG_API rg_status rg_resample(const rg_grid *from, const double *values, const rg_grid *to, size_t components,
                             double *out) RG_MUST_CHECK;

/* Trapezoidal rule over the box, unit of f times x^d. */
RG_API double rg_integral(const rg_grid *grid, const double *f);

#ifdef __cplusplus
}
#endif

#endif
