/* The gradient energy of a score error from samples alone, in any dimension: the dual Sobolev estimator.
 *
 *     E_p|grad phi|^2 = sup over psi of  2 E_p[e.grad psi] - E_p|grad psi|^2
 *
 * With N samples of p, psi in a class of K functions and e = s_theta - grad log p, the supremum is
 * b' (G + ridge)^-1 b with b_k = E[e.grad psi_k] and G_kl = E[grad psi_k.grad psi_l]. It is that of the class: a lower
 * bound of the energy which grows with the class. e itself need not be known: three forms of b, see rg_estimate_data.
 * Source: docs/estimate.md.
 */
#ifndef ROTGRAD_ESTIMATE_H
#define ROTGRAD_ESTIMATE_H

#include <rotgrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_feature_kind {
    RG_FEATURES_FOURIER = 1, /* all waves of the box with components up to `size`; needs a box */
    RG_FEATURES_RANDOM,      /* `size` random waves, half cosines, half sines, over a ladder of bandwidths */
    RG_FEATURES_POLYNOMIAL,  /* of degree 1 or 2; no box */
    RG_FEATURES_NYSTROM      /* Gaussian kernels about `size` of the samples, over a ladder likewise; no box */
} rg_feature_kind;

/* The form of the linear term E_p[e.grad psi]. */
typedef enum rg_linear_form {
    RG_LINEAR_ORACLE = 1, /* e is known */
    RG_LINEAR_STEIN,      /* E_p[s_theta.grad psi + Laplacian psi]: nothing but samples and score */
    RG_LINEAR_DENOISING   /* E[(s_theta - grad log p(x|x0)).grad psi]: with the clean data behind each sample */
} rg_linear_form;

/* What is known. N samples in D dimensions; arrays are borrowed, (N, D) in C order, and finite.
 * With `error` the form is the oracle, with `clean` denoising (not both), with neither Stein. */
typedef struct rg_estimate_data {
    size_t samples, dim;  /* N >= 10, D >= 1 */
    const double *points; /* x, drawn from p, unit x */
    const double *score;  /* s_theta at the points, unit 1/x; the oracle needs it for the discrepancy only: or NULL */
    const double *error;  /* e at the points, unit 1/x; or NULL */
    const double *clean;  /* x0, with x = x0 + sigma * (standard normal); or NULL */
    double sigma;         /* with `clean`: > 0, unit x */
    const double *lower, *length; /* the box, D numbers each: x lives on a torus; both NULL: on R^D */
} rg_estimate_data;

typedef struct rg_estimate_options {
    rg_feature_kind kind;
    size_t size;                /* see rg_feature_kind */
    size_t block;               /* samples are a time series with correlations shorter than this; 0 or 1: independent */
    int fixed_ridge;            /* 1: `ridge` is used; 0: it is chosen by cross-validation */
    double ridge;               /* >= 0, relative to a Gram matrix with unit diagonal */
    size_t folds;               /* of the cross-validation; 0: 5 */
    size_t replicates;          /* of the bootstrap; 0: 2000 */
    size_t discrepancy_samples; /* for the kernel Stein discrepancy; 0: 1000, at most N are used */
    unsigned long seed;         /* of folds, random features and the bootstrap */
    double *gradient;  /* out, (N, D): grad psi at the samples, each from the folds it is not in; NULL to leave out */
    double *influence; /* out, (N): 2 (linear term) - |grad psi|^2 likewise; its mean is held_out; or NULL */
    rg_progress *progress; /* or NULL */
    void *progress_data;
} rg_estimate_options;

/* Energies are E_p|.|^2 in unit 1/x^2. A value that is not known is NaN. */
typedef struct rg_estimate_result {
    rg_linear_form form;
    double in_sample; /* on the samples it was fitted to: biased up by in_sample_bias */
    double held_out;  /* on those it was not fitted to: biased down by held_out_bias */
    double average;   /* of both, weighted so that the biases cancel */
    /* 95 % for the value of the class and ridge, by the bootstrap over cells of samples; wider where in_sample - held_out
     * is not in_sample_bias + held_out_bias. */
    double interval[2];
    double standard_error;                /* of the average, too large rather than too small */
    double in_sample_bias, held_out_bias; /* first order in 1/N; without a ridge both are about tau/N */
    double ridge;                         /* relative to a Gram matrix with unit diagonal */
    double effective_dimension;           /* tr G (G + ridge)^-1 */
    size_t features, folds, cells;
    double neighbour_correlation; /* of the influence of consecutive samples: far from 0 in a time series */
    double total, total_error;    /* E_p|e|^2 and its standard error: of the oracle */
    /* The kernel Stein discrepancy, squared: E[e(x).e(x') k(x,x')] over independent x, x'. It sees the solenoidal
     * part, too. Kernel (1 + |x - x'|^2 / bandwidth^2)^(-1/2), on a torus with the chord for the distance. */
    double discrepancy, discrepancy_error, bandwidth;
    size_t discrepancy_samples;
} rg_estimate_result;

/* How many functions a class has; 0: that is none, or more than RG_MAX_FEATURES. */
enum { RG_MAX_FEATURES = 10000 };
RG_API size_t rg_feature_count(rg_feature_kind kind, size_t size, size_t dim);

/* The estimate. Cost: one dsyrk of N x K (three for Nystrom; none for polynomials) and about as much again, 6 N K D for
 * waves, and K^3/3 for each fold and each of some ten ridges; (folds + 2) K^2 + 5000 K + cells^2 doubles beside the data.
 * The same bits for the same input on any number of threads. BLAS, which has one number of threads for the process, works
 * on one until the call ends.
 * RG_EINVAL: a value outside its contract, not finite, a box missing or too much, no more samples than features;
 * RG_EDOMAIN: all samples are one point, or without the oracle a component is the same in all, or the features are linearly
 * dependent on them and the ridge is 0; RG_ENOMEM; RG_ECANCELLED. The diagnostic says which. */
RG_API rg_status rg_estimate(const rg_estimate_data *data, const rg_estimate_options *options,
                             rg_estimate_result *result, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
