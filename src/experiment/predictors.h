/* What a study correlates: predictors, numbers that need no run of the sampler, and outcomes, which do. Internal.
 *
 * A predictor is an integral over the noise variance v, from variance_min to variance_max; one that samples the score is
 * evaluated at Gauss-Legendre nodes in log(v + soft), soft = 0 or, where variance_min is 0, variance_max / 1000, between
 * any two breaks of the score error. To add one is to add a row to its table. */
#ifndef RG_PREDICTORS_H
#define RG_PREDICTORS_H

#include <rotgrad/study.h>

/* How predictors from samples are to be drawn. */
typedef struct rg_sampling_plan {
    size_t samples, waves;
    unsigned long seed; /* of the member */
} rg_sampling_plan;

typedef struct rg_predictor_room rg_predictor_room;

/* The integrand at one noise level; its error is a standard error, or NaN. NaN for a value that has no answer there. */
typedef rg_status rg_predictor_density(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic);

typedef struct rg_predictor {
    rg_study_quantity quantity;
    rg_value (*of_outcome)(const rg_outcome *outcome); /* the run has integrated it; or NULL */
    rg_predictor_density *density;                     /* otherwise */
    int is_mean;                                       /* 1: the mean over log(v + soft), not an integral over v */
    int needs_slope;                                   /* 1: of e in v */
} rg_predictor;

typedef struct rg_outcome_kind {
    rg_study_quantity quantity;
    rg_value (*of_outcome)(const rg_outcome *outcome);
} rg_outcome_kind;

/* NULL beyond the last one. */
const rg_predictor *rg_predictor_at(size_t index);
const rg_outcome_kind *rg_outcome_kind_at(size_t index);

/* All predictors of one member. */
rg_status rg_predictors_evaluate(const rg_experiment *experiment, const rg_outcome *outcome,
                                 const rg_sampling_plan *plan, size_t count, const rg_predictor *const *predictor,
                                 rg_value *value, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Fisher information of the wrapped Gaussian of variance v on a circle: E (d/dx log g)^2, unit 1/x^2; 1/v on a line. */
double rg_wrapped_information(double length, double variance);

/* A number in [0, 1) for each (seed, place): splitmix64. */
double rg_study_uniform(unsigned long seed, unsigned long place);

#endif
