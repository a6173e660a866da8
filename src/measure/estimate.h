/* The dual Sobolev estimator from inside: classes of functions on blocks of samples, the order in which samples are
 * visited, the ridge, the interval. */
#ifndef RG_ESTIMATE_H
#define RG_ESTIMATE_H

#include "base/base.h"
#include "base/dense.h"

#include <rotgrad/estimate.h>

/* Samples are taken in blocks of this many. */
enum { RG_ESTIMATE_BLOCK = 1024 };

/* ---- classes of functions psi_k, k < count. Matrices are in row order, of symmetric ones the lower triangle counts. */

typedef struct rg_features rg_features;
struct rg_features {
    size_t count, dim; /* K, D */
    size_t raw;        /* doubles that a Gram matrix is made from and in: sums over samples, at least K^2 */
    double least;      /* E|grad psi_k|^2 up to this is rounding: the function counts as constant on the samples */
    /* The values at n <= RG_ESTIMATE_BLOCK points x (n, D); the calls below refer to them. */
    void (*load)(rg_features *features, size_t n, const double *x);
    /* raw += the sums over the block. */
    void (*add)(rg_features *features, size_t n, double *raw);
    /* In place: raw becomes the Gram matrix (K, K), sum over samples of grad psi_k.grad psi_l. `work` has K^2 numbers. */
    void (*gram)(const rg_features *features, double *raw, double *work);
    /* rows (n, K) = field.grad psi_k, plus Laplacian psi_k where asked for; field (n, D). */
    void (*pair)(rg_features *features, size_t n, const double *field, int with_laplacian, double *rows);
    /* gradient (n, D) and Laplacian (n) of psi = sum_k c_k psi_k. */
    void (*apply)(rg_features *features, size_t n, const double *c, double *gradient, double *laplacian);
    void (*destroy)(rg_features *features); /* accepts half-built ones */
};

/* `first` holds points of the data in random order, (some, D): for bandwidths and landmarks. */
typedef struct rg_feature_source {
    const rg_estimate_data *data;
    size_t size;
    unsigned long seed;
    const double *first;
    size_t some;
    const double *centre; /* mean of all points, (D) */
    double bandwidth;     /* median distance of the first points */
} rg_feature_source;

rg_status rg_features_fourier(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic);
rg_status rg_features_random(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic);
rg_status rg_features_polynomial(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic);
rg_status rg_features_nystrom(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic);

/* sine = sin 2 pi t, cosine = cos 2 pi t, absolute error below 2e-15 for |t| < 2^50; t may alias either. */
void rg_sine_cosine(size_t n, const double *t, double *sine, double *cosine);

/* ---- the order of samples, their folds and cells */

/* A fold is a run of places in the order, a cell a run of consecutive samples. Time series keep their order, so that
 * folds are stretches of time; independent samples are shuffled, since files are often sorted. */
typedef struct rg_sampling {
    size_t samples, dim, block, folds, cells, cell_length;
    size_t *order; /* sample at each place */
} rg_sampling;

rg_status rg_sampling_create(const rg_estimate_data *data, const rg_estimate_options *options, rg_sampling *sampling);
void rg_sampling_free(rg_sampling *sampling);
size_t rg_fold_begin(const rg_sampling *sampling, size_t fold); /* of fold + 1: its end */
size_t rg_cell_of(const rg_sampling *sampling, size_t sample);
size_t rg_cell_size(const rg_sampling *sampling, size_t cell);

/* The points of n places, (n, D), relative to `centre`. */
void rg_gather(const rg_sampling *sampling, const double *rows, const double *centre, size_t place, size_t n,
               double *x);
/* The field f of the linear term E[f.grad psi (+ Laplacian psi)] at n places. */
void rg_linear_field(const rg_estimate_data *data, const rg_sampling *sampling, size_t place, size_t n, double *field);
rg_linear_form rg_form_of(const rg_estimate_data *data);

double rg_square_distance(const rg_estimate_data *data, const double *x, const double *y);
/* Median of the distances between the n points, those that are 0 left out; 0 when there is no other, negative when out
 * of memory. On a torus the distance is the chord. */
double rg_median_distance(const rg_estimate_data *data, size_t n, const double *points);

/* ---- what the passes share */

typedef struct rg_fit {
    size_t count, folds; /* K */
    double samples;
    const rg_features *features;
    const rg_sampling *sampling;
    double *raw;         /* (folds, raw): of each fold first the raw sums, then its Gram matrix */
    double *linear;      /* (folds, K) sums of the linear term */
    double *scale;       /* (K) makes the diagonal of the Gram matrix 1; 0: the function is constant on the samples */
    double *penalty;     /* (K) sums of squares of the linear term, then what multiplies the ridge */
    double *coefficient; /* (folds, K) of the fit to the other folds */
    double *total;       /* (K) of the fit to all, in the scale of unit diagonal */
    double *work, *more; /* (K, K) */
    double ridge;
} rg_fit;

/* Chooses the ridge where it is not fixed, and fills coefficient, in_sample, effective_dimension. At the end `work`
 * holds the Cholesky factor of the scaled Gram matrix of all samples plus the ridge. */
rg_status rg_fit_solve(rg_fit *fit, const rg_estimate_options *options, rg_estimate_result *result,
                       rg_diagnostic *diagnostic);

/* What a sample does to the value beside its influence. */
typedef struct rg_second_order {
    double *
        pull; /* (cells) sums over the cells of 2 (ridge Q c).A^-1 m: through the coefficients, where there is a ridge */
    double *pairs;   /* (cells, cells) of work */
    double variance; /* of the value, from pairs of samples: second order in 1/N */
} rg_second_order;

/* in_sample_bias, held_out_bias and the second order from sums over the cells of the K equations: equations (cells, K) is
 * overwritten. */
void rg_fit_bias(const rg_fit *fit, double *equations, rg_second_order *second, rg_estimate_result *result);

/* Sums over the cells of one value a sample, and the standard error of the mean. */
void rg_cell_sums(const rg_sampling *sampling, const double *values, double *sums);
double rg_cell_error(const rg_sampling *sampling, const double *sums);

/* average, standard_error and interval. RG_ENOMEM. */
rg_status rg_estimate_interval(const rg_sampling *sampling, const double *influence, const rg_second_order *second,
                               const rg_estimate_options *options, rg_estimate_result *result);

/* discrepancy and its error. RG_ENOMEM. */
rg_status rg_stein_discrepancy(const rg_estimate_data *data, const rg_sampling *sampling,
                               const rg_estimate_options *options, rg_estimate_result *result);

/* Refuses what is outside the contract of rg_estimate. */
rg_status rg_estimate_check(const rg_estimate_data *data, const rg_estimate_options *options,
                            rg_diagnostic *diagnostic);

#endif
