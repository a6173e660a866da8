/* The backward Kolmogorov equation with growth (Feynman-Kac), up the noise levels from variance_min to variance_max:
 *   d_v f = b.grad f + D laplacian f + V f,   f(variance_min) = psi
 * With b = c (s + e) and no V, f_v(x) is what a sampler with churn lambda (D = lambda^2 / 2, c = (1 + lambda^2) / 2) that
 * stands at x at variance v expects of psi where it ends; int f_v dq_v does not depend on v. With V, of psi exp(int V dv)
 * along its way. Or, for functions times a density (M = p f: b = (c - 2 D) s + c e, V = -c (div e + s.e)),
 *   d_v f = div(b f) + D laplacian f + V f.
 * One fourth-order exponential Runge-Kutta step (Krogstad) with an embedded third-order estimate.
 * Source: docs/theory.md 5.
 */
#ifndef ROTGRAD_BACKWARD_H
#define ROTGRAD_BACKWARD_H

#include <rotgrad/spectral.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_backward rg_backward;

typedef enum rg_backward_scheme {
    RG_BACKWARD_SPECTRAL = 0, /* derivatives of the trigonometric polynomial through f */
    RG_BACKWARD_FITTED /* differences between neighbours, exponentially fitted (Il'in): of second order, but f never
                                 oscillates where b turns over between two points; f >= 0 where psi >= 0 */
} rg_backward_scheme;

/* drift b (d, n), and V (n), which is 0 before the call, at one variance. Called at variance_min, then for the middle and the
 * end of each step in turn, again after a rejected one: when rg_backward_step returns, the last call was for the variance
 * where f stands. A status other than RG_OK ends the step with it. */
typedef rg_status rg_backward_fields(void *data, double variance, double *drift, double *growth,
                                     rg_diagnostic *diagnostic);

typedef struct rg_backward_options {
    double variance_min, variance_max; /* 0 <= variance_min < variance_max, unit x^2 */
    double diffusion;                  /* D >= 0 */
    double tolerance;   /* of a step, five times over: the largest |error of f| / (|f| + max |psi|) over the grid */
    int max_steps;      /* 0: 100000 */
    size_t stops;       /* variances at which a step must end: all where b or V is not smooth in v */
    const double *stop; /* in any order; borrowed, and read at every step */
    rg_backward_scheme scheme;
    int divergence; /* 1: div(b f) in place of b.grad f; RG_BACKWARD_SPECTRAL only */
} rg_backward_options;

/* psi: (n), unit of f. RG_EINVAL: an option outside its range, a psi that is not finite; RG_ENOMEM; what `fields` returns.
 * Memory: about 26 + 5 d fields. */
RG_API rg_status rg_backward_create(const rg_grid *grid, const rg_backward_options *options, rg_backward_fields *fields,
                                    void *data, const double *psi, rg_backward **backward,
                                    rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_backward_destroy(rg_backward *backward);

/* One accepted step. `done` is set to 1 at variance_max. RG_ENOCONV: the step shrank to nothing or max_steps passed; what
 * `fields` returns. Allocates nothing. Cost: four times d + 2 real FFTs (fitted: 2) and two calls of `fields`, for
 * every attempt. */
RG_API rg_status rg_backward_step(rg_backward *backward, int *done, rg_diagnostic *diagnostic) RG_MUST_CHECK;

RG_API double rg_backward_variance(const rg_backward *backward);
/* f where it stands now, (n); grad f of the trigonometric polynomial through it, (d, n). */
RG_API void rg_backward_value(const rg_backward *backward, double *f);
RG_API void rg_backward_gradient(const rg_backward *backward, double *gradient);

typedef struct rg_backward_statistics {
    int steps, rejected;
} rg_backward_statistics;
RG_API rg_backward_statistics rg_backward_report(const rg_backward *backward);

#ifdef __cplusplus
}
#endif

#endif
