/* Densities from inside: one small interface, four ways to be exact. */
#ifndef RG_DENSITY_H
#define RG_DENSITY_H

#include "base/base.h"
#include "grid/modes.h"

#include <rotgrad/density.h>

/* A law without its background. Each kind embeds this as its first member. */
typedef struct rg_law rg_law;
struct rg_law {
    /* log p_v (n) and its gradient (d, n; may be NULL); n and d are those of the grid given at creation */
    void (*at)(rg_law *law, double variance, double *log_density, double *score);
    void (*destroy)(rg_law *law);
};

/* Mixture of products of one-dimensional profiles: Gaussians with diagonal covariance, the textbook shapes. */
rg_status rg_law_separable(const rg_grid *grid, const rg_density_spec *spec, rg_law **law);
/* Where a textbook shape is, without the softening: the two-dimensional curves at t in [0, 1), as fractions of the box;
 * the checkerboard's components, of which each has stripes of one parity on each axis. */
void rg_curve_point(rg_density_kind kind, double t, double point[2]);
enum { RG_STRIPES = 4, RG_CURVE_POINTS = 96 };
int rg_stripe_parity(size_t component, int axis, int dim);
/* Mixture of Gaussians with general covariances. */
rg_status rg_law_gaussian(const rg_grid *grid, const rg_density_spec *spec, rg_law **law);
/* The law that rg_law_gaussian made, at points (count, d) in place of a grid; both outputs are filled. */
void rg_law_gaussian_points(rg_law *law, double variance, size_t count, const double *x, double *log_density,
                            double *score);
/* Point masses of given weights on a grid of their own. */
rg_status rg_law_samples(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                         rg_diagnostic *diagnostic);
/* The same for any singular law, given the mass that it has in the cells of a base grid once it is smoothed to `variance`
 * (`cut`: entries of kernels below `cut` times the largest may be left out; 0 for none). `data` is used at creation only. */
typedef rg_status rg_base_masses(const void *data, double variance, double cut, const rg_grid *grid, double *masses);
rg_status rg_law_ladder(const rg_grid *grid, double variance_min, double background, rg_base_masses *masses,
                        const void *data, rg_law **law, rg_diagnostic *diagnostic);
/* Curves, surfaces and small point sets, see diffusion/manifold.h. */
rg_status rg_law_manifold(const rg_grid *grid, const rg_density_spec *spec, double variance_min, rg_law **law,
                          rg_diagnostic *diagnostic);
/* A density given on a grid. */
rg_status rg_law_grid(const rg_grid *grid, const rg_density_spec *spec, rg_law **law, rg_diagnostic *diagnostic);

/* RG_EDOMAIN, with the place, where a log density is minus infinity. */
rg_status rg_check_positive(const rg_grid *grid, const double *log_density, rg_diagnostic *diagnostic);

/* A Gaussian this broad is the uniform law to the last digit: its first wave is exp(-2 pi^2 3) = 2e-26 of the mean. Laws are
 * computed for no more than that, or the images to sum would grow with the noise without end. */
static inline double rg_at_most_broad(double variance, double length) {
    const double broad = 3 * length * length;
    return variance < broad ? variance : broad;
}

/* The wrapped Gaussian on a circle of length L: log of the density at distance x from its mean, and the derivative of
 * that logarithm. Relative accuracy of the density 1e-15 at any distance; the slope's rounding is
 * relative to 1 / sqrt(variance). Cost: up to 33 exponentials. variance > 0. */
double rg_wrapped_log(double x, double length, double variance, double *slope);
/* The density itself (0 where it underflows) and its derivative. */
double rg_wrapped(double x, double length, double variance, double *derivative);

#endif
