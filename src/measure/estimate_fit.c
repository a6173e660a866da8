/* From sums over folds to coefficients: the ridge by cross-validation, the in-sample value.
 *
 * The Gram matrix is scaled to a unit diagonal. The ridge of a function is `ridge` times its noise, the variance of its
 * linear term, in units of the mean noise: with Stein's form the noise of a wave grows like its |w|^2, and a ridge that is
 * the same for all waves would flatten the low ones long before it calms the high ones. c = A^-1 b, A = G + ridge Q; the
 * value of c on samples with sums b', G' is 2 b'.c - c.G'c. */
#include "measure/estimate.h"

#include <math.h>
#include <string.h>

/* Ridges tried: 100, 10, 1, ... */
enum { LADDER = 13 };
static const double highest_ridge = 100;
/* No function has less noise than this share of the mean. */
static const double least_noise = 1e-3;

static rg_status singular(rg_diagnostic *diagnostic) {
    return rg_fail(
        diagnostic, RG_EDOMAIN,
        "the features are linearly dependent on these samples: let the ridge be chosen, or give a larger one");
}

/* Row i of the Gram matrix of all folds but one, a sum over samples, up to the diagonal; out = folds for all of them. */
static void sum_row(const rg_fit *fit, size_t out, size_t i, double *row) {
    memset(row, 0, (i + 1) * sizeof *row);
    for (size_t f = 0; f < fit->folds; f++) {
        const double *from = fit->raw + f * fit->features->raw + i * fit->count;
        for (size_t j = 0; f != out && j <= i; j++) row[j] += from[j];
    }
}

/* The linear term of all folds but one, a sum. */
static void sum_linear(const rg_fit *fit, size_t out, double *b) {
    memset(b, 0, fit->count * sizeof *b);
    for (size_t f = 0; f < fit->folds; f++)
        for (size_t k = 0; f != out && k < fit->count; k++) b[k] += fit->linear[f * fit->count + k];
}

static double samples_without(const rg_fit *fit, size_t out) {
    if (out == fit->folds) return fit->samples;
    return fit->samples - (double)(rg_fold_begin(fit->sampling, out + 1) - rg_fold_begin(fit->sampling, out));
}

/* Makes the diagonal 1; a function that is constant on the samples has no say. */
static rg_status set_scale(rg_fit *fit) {
    for (size_t k = 0; k < fit->count; k++) {
        double square = 0;
        for (size_t f = 0; f < fit->folds; f++) square += fit->raw[f * fit->features->raw + k * fit->count + k];
        square /= fit->samples;
        if (!isfinite(square)) return RG_EDOMAIN;
        fit->scale[k] = square > fit->features->least ? 1 / sqrt(square) : 0;
    }
    return RG_OK;
}

/* Q from the sums of squares of the linear terms, which stand in fit->penalty; the identity where there is no noise. */
static void set_penalty(rg_fit *fit) {
    double total = 0;
    for (size_t k = 0; k < fit->count; k++) {
        double mean = 0;
        for (size_t f = 0; f < fit->folds; f++) mean += fit->linear[f * fit->count + k] / fit->samples;
        const double variance = fmax(fit->penalty[k] / fit->samples - mean * mean, 0);
        fit->penalty[k] = variance * fit->scale[k] * fit->scale[k];
        total += fit->penalty[k] / (double)fit->count;
    }
    for (size_t k = 0; k < fit->count; k++)
        fit->penalty[k] = total > 0 ? fmax(fit->penalty[k] / total, least_noise) : 1;
}

/* work = the Cholesky factor of the scaled matrix of all folds but one, plus ridge * Q. */
static int factor(rg_fit *fit, size_t out, double ridge) {
    const size_t n = fit->count;
    const double samples = samples_without(fit, out);
#pragma omp parallel for schedule(dynamic, 16) if (rg_dense_threaded(n, n))
    for (size_t i = 0; i < n; i++) {
        double *row = fit->work + i * n;
        sum_row(fit, out, i, row);
        for (size_t j = 0; j <= i; j++) row[j] *= fit->scale[i] * fit->scale[j] / samples;
        row[i] = fit->scale[i] > 0 ? row[i] + ridge * fit->penalty[i] : 1;
    }
    return rg_dense_cholesky(n, fit->work);
}

/* c = scale * A^-1 (scale * b / samples) */
static void solve(const rg_fit *fit, double samples, const double *b, double *c) {
    for (size_t k = 0; k < fit->count; k++) c[k] = fit->scale[k] * b[k] / samples;
    rg_dense_solve(fit->count, fit->work, c);
    for (size_t k = 0; k < fit->count; k++) c[k] *= fit->scale[k];
}

/* 2 b.c - c.G c of fold f, a sum over its samples. */
static double fold_value(const rg_fit *fit, size_t f, const double *c) {
    const size_t n = fit->count;
    double square = 0;
    for (size_t i = 0; i < n; i++) {
        const double *row = fit->raw + f * fit->features->raw + i * n;
        square += c[i] * (2 * rg_dot((ptrdiff_t)i, row, c) + row[i] * c[i]);
    }
    return 2 * rg_dot((ptrdiff_t)n, fit->linear + f * n, c) - square;
}

/* A ridge on trial. */
struct trial {
    double value;        /* held out, a sum over all samples */
    double *coefficient; /* (folds, K) */
    double *b, *c;       /* (K) */
};

static rg_status trial_create(const rg_fit *fit, struct trial *trial) {
    trial->coefficient = rg_field_alloc(fit->folds * fit->count);
    trial->b = rg_field_alloc(fit->count);
    trial->c = rg_field_alloc(fit->count);
    return trial->coefficient && trial->b && trial->c ? RG_OK : RG_ENOMEM;
}

static void trial_free(struct trial *trial) {
    rg_free(trial->coefficient);
    rg_free(trial->b);
    rg_free(trial->c);
}

/* Fits to all folds but one, for each of them, and adds what that gives on the one. 0 when the ridge is too small. */
static int try_ridge(rg_fit *fit, double ridge, struct trial *trial) {
    trial->value = 0;
    for (size_t f = 0; f < fit->folds; f++) {
        const double samples = samples_without(fit, f);
        double *c = trial->coefficient + f * fit->count;
        sum_linear(fit, f, trial->b);
        if (!factor(fit, f, ridge)) return 0;
        solve(fit, samples, trial->b, c);
        trial->value += fold_value(fit, f, c);
    }
    return 1;
}

/* Down the ladder until the held-out value has fallen twice running. Taken is not the ridge that predicts best but the
 * next: the best one lowers the value by about as much as its standard error, in second order of the ridge; a tenth of it
 * by a hundredth. */
static rg_status choose_ridge(rg_fit *fit, const rg_estimate_options *options, struct trial *trial,
                              rg_diagnostic *diagnostic) {
    const size_t rungs = options->fixed_ridge ? 1 : LADDER, size = fit->folds * fit->count;
    double ridge = options->fixed_ridge ? options->ridge : highest_ridge, best = -HUGE_VAL;
    int worse = 0;
    for (size_t r = 0; r < rungs && worse < 2; r++, ridge /= 10) {
        if (options->progress && options->progress(options->progress_data, 0.5, "cross-validation"))
            return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
        if (!try_ridge(fit, ridge, trial)) break;
        worse = trial->value > best ? 0 : worse + 1;
        best = fmax(best, trial->value);
        if (worse > 1) continue;
        fit->ridge = ridge;
        memcpy(fit->coefficient, trial->coefficient, size * sizeof *fit->coefficient);
    }
    return best > -HUGE_VAL ? RG_OK : singular(diagnostic);
}

/* tr G A^-1 = sum over functions that vary of 1 - ridge Q_kk (A^-1)_kk; A^-1 = L^-T L^-1. */
static double effective_dimension(rg_fit *fit) {
    const size_t n = fit->count;
    rg_dense_inverse(n, fit->work, fit->more);
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        double square = 0;
        for (size_t i = k; i < n; i++) square += fit->more[i * n + k] * fit->more[i * n + k];
        if (fit->scale[k] > 0) sum += 1 - fit->ridge * fit->penalty[k] * square;
    }
    return sum;
}

static rg_status fit_all(rg_fit *fit, struct trial *trial, rg_estimate_result *result, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = (ptrdiff_t)fit->count;
    double *c = trial->c, square = 0;
    sum_linear(fit, fit->folds, trial->b);
    if (!factor(fit, fit->folds, fit->ridge)) return singular(diagnostic);
    solve(fit, fit->samples, trial->b, c);
    for (ptrdiff_t k = 0; k < n; k++) {
        fit->total[k] = fit->scale[k] > 0 ? c[k] / fit->scale[k] : 0;
        square += fit->penalty[k] * fit->total[k] * fit->total[k];
    }
    /* A c = b, so that 2 b.c - c.G c = b.c + ridge c.Q c */
    result->in_sample = rg_dot(n, trial->b, c) / fit->samples + fit->ridge * square;
    result->ridge = fit->ridge;
    result->effective_dimension = effective_dimension(fit);
    return RG_OK;
}

rg_status rg_fit_solve(rg_fit *fit, const rg_estimate_options *options, rg_estimate_result *result,
                       rg_diagnostic *diagnostic) {
    struct trial trial = {0};
    for (size_t f = 0; f < fit->folds; f++)
        fit->features->gram(fit->features, fit->raw + f * fit->features->raw, fit->work);
    if (set_scale(fit))
        return rg_fail(diagnostic, RG_EDOMAIN, "the samples are too large for their squares: rescale them");
    set_penalty(fit);
    rg_status status = trial_create(fit, &trial);
    if (status) rg_fail(diagnostic, status, "estimate: out of memory");
    if (!status) status = choose_ridge(fit, options, &trial, diagnostic);
    if (!status) status = fit_all(fit, &trial, result, diagnostic);
    trial_free(&trial);
    return status;
}
