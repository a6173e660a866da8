/* W1 of a pass: the exact distances, their exact representation, and what bounds them (docs/theory.md 5). Internal.
 *
 * A march up the noise levels after the one down: f from the optimal potential, and beside it the factor Lambda by which the
 * drift may stretch a slope. Create / march / conclude / free. */
#ifndef RG_WASSERSTEIN_H
#define RG_WASSERSTEIN_H

#include "grid/modes.h"
#include "measure/running_integral.h"
#include "measure/slope.h"

#include <rotgrad/backward.h>
#include <rotgrad/evolve.h>
#include <rotgrad/run.h>
#include <rotgrad/transport.h>

/* The full sampler after each of its steps: rho in ratio form, q in density form, neither clipped. Variances descend. */
typedef struct rg_w1_mark {
    double variance;
    int segment;   /* that of the step from here on */
    double *field; /* (cells) */
} rg_w1_mark;

typedef struct rg_w1_trail {
    size_t cells, count, space;
    rg_w1_mark *mark;
} rg_w1_trail;

/* RG_ENOMEM. Starts with `cells` and zeros. Memory: a field a call. */
rg_status rg_w1_trail_add(rg_w1_trail *trail, const rg_evolve *evolve, rg_form form) RG_MUST_CHECK;
void rg_w1_trail_free(rg_w1_trail *trail);

/* One noise level. Pairs are for grad phi and for e. */
typedef struct rg_w1_node {
    double variance;
    int segment;
    double source[2];    /* c int p grad f.e dx with either */
    double size;         /* c int |p grad f.grad phi| dx */
    double mean[2];      /* E_p|.| */
    double root[2];      /* sqrt E_p|.|^2 */
    double pointwise[2]; /* E_p[Lambda |.|] */
    double least[2],
        least_low
            [2];    /* E_p[min(Lambda, constants) |.|]; low: with exponent and steepest at the low end of their bars */
    double stretch; /* sqrt E_p[Lambda^2] */
    double norm;    /* min int |F|, div F = div(p e) */
    rg_value exponent, steepest; /* as in rg_growth */
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
    rg_level room, scratch;                                     /* of a node; of a stage */
    double *potential, *value, *slope, *stretch, *field, *flux; /* (n) each, slope and flux (d, n) */
    rg_running_integral map;
    rg_growth growth;
    size_t count, space;
    rg_w1_node *node;
    double *quadrature;                             /* (2 count), once the march is over */
    double end_pointwise, end_least, end_least_low; /* sup Lambda at variance_max */
    double frobenius;                               /* sup |grad b| */
    rg_harm_level *level;                           /* ascending; (stops) */
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
    const rg_w1_trail *trail;
} rg_w1_input;

/* `outcome` (the main pass only) takes the map, the potential and the columns of the level table; may be NULL.
 * As rg_levels_at, rg_backward_step, rg_transport_solve. Memory: about 110 + 30 d fields. */
rg_status rg_w1_run(const rg_experiment *experiment, const rg_w1_input *input, rg_w1_values *values,
                    rg_outcome *outcome, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The mirrored representation, when the march is over. As rg_levels_at, rg_backward_step, RG_ENOMEM. */
rg_status rg_w1_true(rg_w1 *w, const rg_w1_input *input, rg_w1_values *values, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* h = div e + s.e of a level into w->field. */
rg_status rg_w1_langevin_stein(rg_w1 *w, const rg_level *level) RG_MUST_CHECK;
/* int f d(pi - p_T): f or M at variance_max in w->f, p_T in the room. */
double rg_w1_prior_gain(rg_w1 *w, const double *prior);

/* From the nodes to bounds; fills what rests on them. `prior`: W1(p_T, pi); `exact`: 1 where it is 0 by definition. */
void rg_w1_bounds(const rg_w1 *w, int exact, rg_value tv_prior, rg_w1_values *values);
enum { RG_W1_ROOT = 1, RG_W1_LOW = 2 }; /* over the root of v - variance_min; of lowered nodes */
rg_value rg_w1_integral(const rg_w1 *w, double of(const rg_w1 *w, const rg_w1_node *node, int which), int which,
                        int how);

/* The factors that are constant in space, and the least of them: at a node (smoothing: times sqrt(v - variance_min)). */
double rg_w1_gronwall(const rg_w1_node *node);
double rg_w1_bernstein(const rg_w1 *w, const rg_w1_node *node);
double rg_w1_smoothing(const rg_w1 *w, const rg_w1_node *node, double oscillation);
double rg_w1_constant(const rg_w1 *w, const rg_w1_node *node);
/* The node with its growth, and what rests on it, at the low end of the bars: bounds are judged by how low they may be. */
rg_w1_node rg_w1_lowered(const rg_w1_node *node);

#endif
