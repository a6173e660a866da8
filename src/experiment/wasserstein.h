/* W1 of a pass: the exact distances, their exact representation, and what bounds them (docs/theory.md 5). Internal.
 *
 * A march up the noise levels after the one down: f from the optimal potential, and beside it the factor Lambda by which the
 * drift may stretch a slope. Create / march / conclude / free. */
#ifndef RG_WASSERSTEIN_H
#define RG_WASSERSTEIN_H

#include "grid/modes.h"
#include "measure/running_integral.h"

#include <rotgrad/backward.h>
#include <rotgrad/run.h>
#include <rotgrad/transport.h>

/* One noise level. Pairs are for grad phi and for e. */
typedef struct rg_w1_node {
    double variance;
    int segment;
    double source[2];    /* c int p grad f.e dx with either */
    double size;         /* c int |p grad f.grad phi| dx */
    double mean[2];      /* E_p|.| */
    double root[2];      /* sqrt E_p|.|^2 */
    double pointwise[2]; /* E_p[Lambda |.|] */
    double least[2];     /* E_p[min(Lambda, constants) |.|] */
    double norm;         /* min int |F|, div F = div(p e) */
    double growth;       /* sup of the largest eigenvalue of sym grad b */
    double exponent;     /* its integral from variance_min */
    double steepest;     /* its largest value so far, at least 0 */
} rg_w1_node;

typedef struct rg_w1 {
    const rg_experiment *experiment;
    rg_levels *levels;
    rg_grid grid;
    rg_form form;
    double tolerance, drift, diffusion; /* c, D */
    double reach;                       /* no potential varies more: the diameter of the box */
    size_t stops;
    const double *stop; /* ascending variances; borrowed */
    rg_spectral *spectral;
    rg_transport *transport, *sources;
    rg_backward *f, *lambda;
    double lambda_stop;
    rg_level room, scratch;                              /* of a node; of a stage */
    double *potential, *value, *slope, *stretch, *field; /* (n) each, slope (d, n) */
    rg_running_integral map;
    size_t count, space;
    rg_w1_node *node;
    double *quadrature;                         /* (2 count), once the march is over */
    double end_pointwise, end_least, frobenius; /* sup Lambda at variance_max; sup |grad b| */
    rg_harm_level *level;                       /* ascending; (stops) */
} rg_w1;

/* What a pass knows where it ended. Densities (n) of mass 1, the last marginal that of RG_FLOOR. */
typedef struct rg_w1_input {
    rg_levels *levels;
    const rg_grid *grid;
    double tolerance;
    rg_form form;
    size_t stops;
    const double *stop;
    const double *density, *marginal[RG_MARGINALS + 1]; /* p and q at variance_min */
    double lost[RG_MARGINALS + 1];                      /* mass of q that is in doubt */
    const double *prior;                                /* NULL: p at variance_max */
} rg_w1_input;

/* `outcome` (the main pass only) takes the map, the potential and the columns of the level table; may be NULL.
 * As rg_levels_at, rg_backward_step, rg_transport_solve. Memory: about 110 + 30 d fields. */
rg_status rg_w1_run(const rg_experiment *experiment, const rg_w1_input *input, rg_w1_values *values,
                    rg_outcome *outcome, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* From the nodes to bounds; fills what rests on them. `prior`: W1(p_T, pi); `exact`: 1 where it is 0 by definition. */
void rg_w1_bounds(const rg_w1 *w, int exact, rg_value tv_prior, rg_w1_values *values);
rg_value rg_w1_integral(const rg_w1 *w, double of(const rg_w1 *w, const rg_w1_node *node, int which), int which,
                        int root);

/* The factors that are constant in space: at a node (smoothing: times sqrt(v - variance_min)). */
double rg_w1_gronwall(const rg_w1_node *node);
double rg_w1_bernstein(const rg_w1 *w, const rg_w1_node *node);
double rg_w1_smoothing(const rg_w1 *w, const rg_w1_node *node, double oscillation);

#endif
