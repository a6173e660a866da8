/* The ladder of error sources: what each of them costs in W1, KL and TV, one after the other.
 *
 * S[start; score] is the law at which a sampler ends that starts from `start` at variance_max and follows `score` down to
 * variance_min. The laws, each with one source more than the one before:
 *   truth       P                           the data's law p_0
 *   stop        S[p_T; s] = P * G(v_min)    early stopping
 *   class       S[p_T; A s]                 A s: the best score of the class in L2(p_v)
 *   samples     S[p'_T; A' s]               N samples P', p'_v = P' * G(v): the start, and A' in L2(p'_v); explicit objective
 *   objective   S[p'_T; A' s']              denoising: the target is the score s' of p'_v, not s
 *   learned     S[p'_T; s' + e]             the learned score in place of the best of its class
 *   prior       S[pi; s' + e]               the prior in place of p'_T
 *   steps       the same in finitely many steps
 * A rung whose source the experiment does not have is left out, and those after it go on with what there is. W1 is a
 * metric, so the rungs between two laws bound their distance.
 * Source: docs/budget.md.
 */
#ifndef ROTGRAD_BUDGET_H
#define ROTGRAD_BUDGET_H

#include <rotgrad/run.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    RG_RUNG_STOP,
    RG_RUNG_CLASS,
    RG_RUNG_SAMPLES,
    RG_RUNG_OBJECTIVE,
    RG_RUNG_LEARNED,
    RG_RUNG_PRIOR,
    RG_RUNG_STEPS,
    RG_RUNGS
};

/* Distances: W1 in unit x on the torus, KL(first|second) in nats, total variation. KL is infinite where the truth has no
 * density, and TV then that of singular laws. */
typedef struct rg_distances {
    rg_value w1, kl, tv;
} rg_distances;

typedef struct rg_rung {
    int source;             /* RG_RUNG_... */
    const char *name;       /* "stop" */
    const char *words;      /* "early stopping", for people */
    rg_distances step;      /* from the law before */
    rg_distances total;     /* from the truth */
    rg_value bound;         /* on step.w1; NaN: none is known */
    const char *bound_name; /* "closed form", "Bernstein", ...; "" without one */
    double share;           /* of the sum of step.w1 */
} rg_rung;

/* Corners of the square of samples and stopping: P, P * G, P', P' * G. Only with samples. */
enum { RG_SIDE_SAMPLES, RG_SIDE_SAMPLES_STOP, RG_SIDE_STOP_SAMPLES, RG_SIDE_DIAGONAL, RG_SIDES };

/* One point of a sweep: W1 between the laws that the table of sweeps in docs/budget.md names. NaN: not measured. */
typedef struct rg_sweep_point {
    double value;    /* of what is swept */
    rg_value source; /* what the source does by itself */
    rg_value memory; /* from the truth to P' * G(v_min), at which the best denoiser ends */
    rg_value output; /* from the truth to what a sampler of the class returns */
    double theory;   /* a bound on `source` */
} rg_sweep_point;

/* source ~ value^slope, or for sigma_max source ~ exp(-slope v) with v = sigma^2, by least squares over the points where
 * source stands out from its bar. */
typedef struct rg_sweep {
    int kind;         /* RG_SWEEP_... */
    const char *name; /* "samples" */
    size_t points;
    rg_sweep_point *point;     /* owned by the budget */
    double slope, slope_error; /* and its standard error; NaN: fewer than three points */
    double expected;           /* by theory; NaN: none is stated */
} rg_sweep;

typedef struct rg_budget {
    rg_grid grid;
    int has_density;    /* 0: the truth is made of points */
    size_t samples;     /* N; 0: none */
    size_t functions;   /* of the class, a component; 0: all scores */
    size_t steps_taken; /* of the equations */
    size_t rungs;
    rg_rung rung[RG_RUNGS];
    rg_value sum;            /* of the rungs' W1 */
    rg_value side[RG_SIDES]; /* W1(P, P'), (P', P' * G), (P * G, P' * G), (P, P' * G); NaN without samples */
    double dyadic;           /* a bound on W1(P, P') from masses of boxes, of the samples drawn */
    double dyadic_expected;  /* one on its expectation, from P alone; NaN for samples from a file */
    rg_value prior_w1;       /* W1 of the law at variance_max and the prior */
    size_t claims;
    rg_claim claim[RG_MAX_CLAIMS];
    size_t sweeps;
    rg_sweep sweep[RG_SWEEPS];
    double *law[1 + RG_RUNGS]; /* (n) truth, then one a rung; owned */
    double seconds;
} rg_budget;

typedef struct rg_budget_options {
    rg_progress *progress; /* may be NULL */
    void *progress_data;
} rg_budget_options;

/* Needs variance_min > 0. RG_EINVAL, RG_EDOMAIN, RG_ENOMEM, RG_ENOCONV (a score too rough for the grid), RG_ECANCELLED.
 * Cost: three passes (as asked, tolerance relaxed tenfold, halved grid), and two for each point of a sweep. */
RG_API rg_status rg_budget_run(const rg_experiment *experiment, const rg_budget_options *options, rg_budget **budget,
                               rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_budget_free(rg_budget *budget);
RG_API int rg_budget_violated(const rg_budget *budget); /* whether any claim is */

/* report.json, ladder.csv, sweep.csv (with sweeps), laws.npz, ladder.png, sweeps.png, as rg_outcome_write. */
RG_API rg_status rg_budget_write(const rg_budget *budget, const rg_experiment *experiment, const char *directory,
                                 int force, const char *command, rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Schema rotgrad.budget/1; free with rg_free. */
RG_API rg_status rg_budget_json(const rg_budget *budget, const rg_experiment *experiment, const char *command,
                                char **text) RG_MUST_CHECK;
/* For people, at most 100 columns; free with rg_free. */
RG_API rg_status rg_budget_table(const rg_budget *budget, const rg_experiment *experiment, char **text) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
