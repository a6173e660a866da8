/* The ladder from inside: one pass of it on one grid. */
#ifndef RG_BUDGET_H
#define RG_BUDGET_H

#include "base/base.h"

#include <rotgrad/budget.h>
#include <rotgrad/transport.h>

/* ---- what is asked of a pass; sweeps change one thing in it */

typedef struct rg_ladder {
    const rg_experiment *experiment;
    rg_grid grid;
    double variance_min, variance_max, tolerance;
    size_t samples; /* 0: no finite sample */
    const double *points;
    rg_feature_kind kind; /* 0: all scores */
    size_t size;
    size_t steps;
    int has[RG_RUNGS];  /* which rungs there are */
    int without_bounds; /* 1: no nodes are kept */
    rg_progress *progress;
    void *progress_data;
    double progress_from, progress_to;
    const char *stage;
} rg_ladder;

/* ---- the score fields that samplers follow */

enum {
    RG_SCORE_TRUE,     /* s */
    RG_SCORE_FIT,      /* A s */
    RG_SCORE_EXPLICIT, /* A' s; s without a class */
    RG_SCORE_SAMPLE,   /* s' */
    RG_SCORE_DENOISED, /* A' s'; s' without a class */
    RG_SCORE_LEARNED,  /* s' + e; s + e without samples */
    RG_SCORES
};

/* Everything known at one variance: p, p', and the scores. All arrays on the ladder's grid. */
typedef struct rg_cast rg_cast;
rg_status rg_cast_create(const rg_ladder *ladder, rg_cast **cast, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_cast_destroy(rg_cast *cast);
/* Fills score[k] where it is not NULL, from the laws that these need. */
rg_status rg_cast_scores(rg_cast *cast, double variance, double *const score[RG_SCORES],
                         rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* p (which = 0) or p' (1), (n), of mass 1, at the last variance for which a score needed it; owned. */
const double *rg_cast_density(const rg_cast *cast, int which);
size_t rg_cast_functions(const rg_cast *cast);

/* ---- laws on the grid */

/* The truth, (n) of mass 1; has_density 0: points, each shared among the corners of its cell. */
rg_status rg_law_of_truth(const rg_experiment *experiment, const rg_grid *grid, double *law, int *has_density,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Sets what is negative to 0 and scales to mass 1; returns the mass that was negative. */
double rg_law_normalise(const rg_grid *grid, double *law);
void rg_law_of_points(const rg_grid *grid, size_t count, const double *points, double background, double *law);
/* How far the mass of the points is moved by it, on the mean. */
double rg_law_displacement(const rg_grid *grid, size_t count, const double *points);
int rg_given_by_points(const rg_density_spec *spec);
/* Laws without a density that are not given by points are drawn from, this often. */
enum { RG_TRUTH_DRAWS = 1 << 18 };
/* P * G(variance_min) and P' * G(variance_min) on the ladder's grid, (n). */
rg_status rg_law_of_stopped(const rg_ladder *ladder, double *law, rg_diagnostic *diagnostic) RG_MUST_CHECK;
rg_status rg_law_of_smoothed(const rg_ladder *ladder, double *law, rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* The law that sampling starts from by the ladder's prior. `reference`: the law at variance_max that it replaces. */
rg_status rg_law_of_prior(const rg_ladder *ladder, const double *reference, double *law,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* ---- the chain */

enum { RG_ROWS = 41 };
enum { RG_LAWS = 1 + RG_RUNGS }; /* law 0 is the truth, law 1 + source that of a rung */

/* What a bound needs of one rung at one variance. */
typedef struct rg_node_of_rung {
    double gap;     /* c E|S - S_before| under the law before */
    double stretch; /* c sup lambda_max(sym grad S) */
} rg_node_of_rung;

typedef struct rg_chain {
    double *law[RG_LAWS];   /* NULL for those that are not there */
    double lost[RG_LAWS];   /* mass that was negative */
    double *start[RG_LAWS]; /* at variance_max */
    double *floor;          /* S[p_T; s], stepped: it should be law[1 + RG_RUNG_STOP] */
    int has_density;
    size_t nodes, room;
    double *variance;      /* (nodes), descending */
    rg_node_of_rung *node; /* (nodes, RG_RUNGS) */
    size_t steps, functions;
    double row[RG_ROWS];      /* variances, descending, at which */
    size_t row_node[RG_ROWS]; /* (which node each is) */
    double *gap_at[RG_RUNGS]; /* (RG_ROWS, n): c q |S - S_before|, q the law before, is kept */
} rg_chain;

rg_status rg_chain_run(const rg_ladder *ladder, rg_chain *chain, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_chain_free(rg_chain *chain);

/* Which score the sampler of a rung follows. */
int rg_score_of_rung(const rg_ladder *ladder, int rung);

/* The law of a sampler with finitely many steps, from `start`, along one kind of score. */
rg_status rg_budget_steps(const rg_ladder *ladder, rg_cast *cast, int score, const double *start, double *law,
                          double *lost, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The last rung before `rung` that is there; -1: the truth. */
int rg_rung_before(const int has[RG_RUNGS], int rung);

/* ---- distances */

typedef struct rg_ruler {
    rg_grid grid;
    rg_transport *transport;
} rg_ruler;
rg_status rg_ruler_create(const rg_grid *grid, rg_ruler *ruler) RG_MUST_CHECK;
void rg_ruler_free(rg_ruler *ruler);
rg_status rg_ruler_w1(rg_ruler *ruler, const double *p, const double *q, rg_value *w1,
                      rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* `singular`: p has no density. */
rg_status rg_ruler_all(rg_ruler *ruler, const double *p, const double *q, int singular, rg_distances *distances,
                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* How often the difference between two grids is the error on the first one, of a method of first order: once, if the other
 * one is halved. */
double rg_grid_error_factor(const rg_grid *grid, const rg_grid *other);
/* Points on a grid: see budget_square.c for the argument.
 * What halving the grid again and again still adds to a distance, in units of what the last halving added. */
double rg_points_remainder(const rg_grid *grid, size_t count, const double *law);
/* What the places of the points in their cells may add by chance. */
double rg_points_chance(const rg_grid *grid, size_t count, const double *points);
/* Both of a truth without a density, whose law on the ladder's grid is given. */
void rg_points_of_truth(const rg_ladder *ladder, const double *law, double *remainder, double *chance);
/* The distance by those on two grids, without chance. */
rg_value rg_points_extrapolate(const rg_grid *fine, const rg_grid *rough, rg_value w, rg_value w_rough,
                               double remainder);

/* The sides of the square, and W1(P, P * G); wanted: which. NaN: not wanted. */
enum { RG_SIDE_STOP = RG_SIDES, RG_SQUARE };
rg_status rg_square_measure(const rg_ladder *ladder, int has_density, const int wanted[RG_SQUARE],
                            rg_value side[RG_SQUARE], rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* ---- bounds */

/* The largest eigenvalue of the symmetric gradient of a field (d, n) at each place, (n) or NULL, and its supremum over the
 * grid; work: (d d, n). */
rg_status rg_stretch(rg_spectral *spectral, const double *field, double *work, double *stretch,
                     double *greatest) RG_MUST_CHECK;
/* sqrt(v) times the mean length of a standard normal vector in d dimensions. */
double rg_bound_stop(int dim, double variance);
/* lambda (nodes): the least of Gronwall, Bernstein and smoothing for one rung at each node of the chain; `which` (nodes)
 * says which, for rg_bound_name. */
void rg_bound_lambda(const rg_chain *chain, const rg_grid *grid, int rung, double churn, double *lambda, int *which);
const char *rg_bound_name(int which);
/* sup Lambda_T start + int gap Lambda dv for one rung with these, and who gives most of it. */
rg_value rg_bound_closed(const rg_chain *chain, int rung, double start, const double *lambda, const int *which,
                         const char **name);
/* The same with the least of lambda and Feynman's and Kac's Lambda at every place. RG_ENOCONV: its equation is too rough for
 * the grid. */
rg_status rg_bound_pointwise(const rg_ladder *ladder, const rg_chain *chain, int rung, double start,
                             const double *lambda, rg_value *bound, rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Boxes halved again and again: W1 <= sum_j diameter_j / 2 sum_C |P(C) - P'(C)| + last diameter, the least over the
 * number of halvings. p: (n) law on the grid; q: (n) another law, or NULL for the expectation over `samples` draws of p,
 * with sqrt(P(C) (1 - P(C)) / N) for |.|. */
rg_status rg_bound_dyadic(const rg_grid *grid, const double *p, const double *q, size_t samples,
                          double *bound) RG_MUST_CHECK;
/* W1(p_T, uniform) <= min(1, sqrt(sum over k != 0 of exp(-|2 pi k / L|^2 v))) W1(P, uniform). */
double rg_bound_reference(const rg_grid *grid, double variance, double start);

/* ---- sweeps and reports */

typedef struct rg_budget_job {
    const rg_experiment *experiment;
    const rg_budget_options *options;
    rg_ladder ladder;         /* of the main pass */
    double *points;           /* drawn here; NULL: those of the file, or none */
    rg_grid coarse;           /* half the points on every axis */
    int has_density;          /* of the truth */
    double remainder, chance; /* of its points, as in rg_points_of_truth */
    double from, to;          /* of the progress that the next piece of work stands for */
} rg_budget_job;

/* The keys under budget.sweep, by RG_SWEEP_... */
extern const char *const rg_budget_sweep_name[RG_SWEEPS];

/* N points of the truth by a seed, (N, d); the caller frees them. */
rg_status rg_budget_draw(const rg_experiment *experiment, size_t samples, double **points,
                         rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Before work starts: a class on both grids (kind 0: none), and every value of every sweep. `key` begins the message. */
rg_status rg_budget_check_class(const rg_budget_job *job, const char *key, rg_feature_kind kind, size_t size,
                                rg_diagnostic *diagnostic) RG_MUST_CHECK;
rg_status rg_budget_check_sweeps(const rg_budget_job *job, rg_diagnostic *diagnostic) RG_MUST_CHECK;
rg_status rg_budget_sweep(const rg_budget_job *job, int kind, rg_sweep *sweep, rg_diagnostic *diagnostic) RG_MUST_CHECK;

void rg_budget_claims(rg_budget *budget);
rg_status rg_budget_figures(const rg_budget *budget, const rg_experiment *experiment, const char *folder,
                            rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
