/* W1, the distance of optimal transport, between two densities on a grid, as a bracket.
 *
 *     W1(p, q) = min int |m|  over fluxes m with div m = p - q           (Beckmann)
 *              = max int psi d(q - p)  over psi with |grad psi| <= 1     (Kantorovich, Rubinstein)
 *
 * The distance is Euclidean: on the torus, or in R^d (free boundary).
 *
 * What is solved. The mass p_i h^d of a grid point fills its cell evenly; m has its component a on the faces across axis
 * a, and div m = p - q holds cell by cell. Between the faces m is linear along its own axis (Raviart-Thomas), and its
 * cost is the average of |m| over the 2^d corners of each cell. |m| is convex, so that is no less than int |m|:
 *
 *     upper  is an upper bound of W1 between the densities that are constant on cells, exactly,
 *     lower  is a lower bound of the same discrete minimum: upper - lower says how far from its optimum the flux can be.
 *
 * The discrete minimum itself lies above W1 of cells by O(h^2) where p and q are smooth and O(h) where they are point
 * masses, and is W1 of point masses at grid points up to as much (in one dimension it is that, exactly).
 * rg_wasserstein1 estimates this difference by the halved grid. potential / lipschitz has slope <= 1 everywhere between
 * the grid points, too (multilinear interpolation), whence lower / lipschitz is a lower bound of W1 between the point
 * masses at grid points, whatever the grid.
 * Source: docs/transport.md.
 */
#ifndef ROTGRAD_TRANSPORT_H
#define ROTGRAD_TRANSPORT_H

#include <rotgrad/spectral.h>
#include <rotgrad/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_transport rg_transport;

typedef struct rg_transport_options {
    double gap;            /* stop when upper - lower <= gap * upper, 1e-12 <= gap < 1; 0: 1e-3 */
    int max_iterations;    /* on the grid itself; 0: 20000 */
    int cold;              /* 1: forget the last solution */
    rg_progress *progress; /* or NULL */
    void *progress_data;
} rg_transport_options;

typedef struct rg_transport_report {
    double value;        /* (lower + upper) / 2, unit x */
    double lower, upper; /* the certified bracket, unit x */
    double gap;          /* (upper - lower) / upper; 0 when both are 0 */
    double lipschitz;    /* largest slope of the multilinear interpolation of the potential; 1 + O(h) off its kinks */
    int iterations, converged; /* on the grid itself; 1: the gap was reached */
} rg_transport_report;

/* By how much of the larger one two masses may differ. */
#define RG_TRANSPORT_MASS_SLACK 1e-5

/* A plan for one grid; free_boundary: 0 the torus; 1 R^d, for densities that live in the box.
 * All memory and all plans are made here. Memory, in fields of n: 3 (d = 1), about 32 (d = 2), 51 (d = 3); with free
 * boundary 2^d times as much. RG_EINVAL, RG_ENOMEM. */
RG_API rg_status rg_transport_create(const rg_grid *grid, int free_boundary, rg_planning planning,
                                     rg_transport **transport) RG_MUST_CHECK;
RG_API void rg_transport_destroy(rg_transport *transport);

/* Solves, and allocates nothing.
 *   p, q       in   (n), >= 0; scaled to mass 1, which must be equal to RG_TRANSPORT_MASS_SLACK before
 *   potential  out  (n) or NULL, unit x; lower = int potential d(q - p): larger where q is in excess; mean 0
 *   flux       out  (d, n) or NULL, unit 1 / x^(d-1); component a at point i is that on the face towards its neighbour i + 1
 *                   along axis a: sum over a of (m_a(i) - m_a(i - 1)) / h_a = p_i - q_i, to rounding
 * Starts from coarser grids, or from the last solution when p - q is near the last one (then that is part of the input:
 * the bits may differ from those of a fresh plan). Where max_iterations pass, or rounding stops it, the bracket is
 * still one, and report->converged is 0.
 * Cost: 2 real FFTs an iteration, and 2^d square roots a cell. In one dimension: closed form.
 * RG_EINVAL: a value is not finite, an option out of range; RG_EDOMAIN: a negative density, no mass, masses that differ;
 * RG_ECANCELLED. The diagnostic says which and where. */
RG_API rg_status rg_transport_solve(rg_transport *transport, const rg_transport_options *options, const double *p,
                                    const double *q, double *potential, double *flux, rg_transport_report *report,
                                    rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The same with an error bar, from three values: of the grid; of the grid with half as many points, among which every mass is
 * shared linearly; and with every mass smeared over its neighbours. The bar is the sum of their three differences and of half
 * their brackets. It covers both readings of a density, cells and point masses. Makes plans of its own. RG_EINVAL also for
 * a grid with less than 2 RG_MIN_POINTS - 1 points on an axis. `report` may be NULL. */
RG_API rg_status rg_wasserstein1(const rg_grid *grid, int free_boundary, double gap, const double *p, const double *q,
                                 rg_value *w1, rg_transport_report *report, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Kernels of the maximum mean discrepancy, MMD^2 = sum over i, j of (p - q)_i k(x_i - x_j) (p - q)_j h^2d, by FFT.
 *
 * Energy: in R^d k = -|x|, and MMD^2 is the energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'|, unit x. On a torus -|x| with the
 * shortest distance is no such kernel: its Fourier coefficients are 0 for even waves in one dimension, and of either sign in
 * more. There the kernel has the coefficients of R^d, Gamma((d+1)/2) / pi^((d+1)/2) |k|^-(d+1): it tells any two
 * densities apart, and tends to the energy distance as the box grows. In one dimension it is -|x| (1 - |x| / length).
 * Gaussian: k = exp(-|x|^2 / (2 bandwidth^2)), wrapped on a torus; MMD^2 is a pure number. */
typedef enum rg_mmd_kernel { RG_MMD_ENERGY = 1, RG_MMD_GAUSSIAN } rg_mmd_kernel;

/* squared = MMD^2 >= 0; p, q and free_boundary as in rg_transport_solve; bandwidth > 0, unit x, for the Gaussian. On a torus
 * the densities are trigonometric polynomials, in R^d point masses. Makes plans; 2 real FFTs, of 2^d n with free boundary.
 * RG_EINVAL, RG_EDOMAIN, RG_ENOMEM. */
RG_API rg_status rg_mmd(const rg_grid *grid, int free_boundary, rg_mmd_kernel kernel, double bandwidth, const double *p,
                        const double *q, double *squared, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
