/* The dual Sobolev estimator: two passes over the samples.
 *
 * The first sums, fold by fold, what the Gram matrix G_kl = sum grad psi_k.grad psi_l is made from, and the linear term
 * b_k = sum f.grad psi_k (+ Laplacian psi_k). Between them rg_fit_solve finds ridge and coefficients. The second meets
 * each sample with the psi fitted to the folds it is not in: its influence 2 (f.grad psi + Laplacian psi) - |grad psi|^2,
 * whose mean is the held-out value, and its equations (f - grad psi).grad psi_k + Laplacian psi_k, whose covariance gives
 * the biases. Sums over samples are taken in the order of rg_sampling, block by block, on any number of threads. */
#include "measure/estimate.h"

#include <math.h>
#include <string.h>

enum { MEDIAN_SAMPLES = 500 };

struct estimate {
    const rg_estimate_data *data;
    const rg_estimate_options *options;
    rg_sampling sampling;
    rg_features *features;
    rg_fit fit;
    double *centre;                    /* (D) mean of the points */
    double *x, *field, *gradient;      /* (block, D) */
    double *laplacian;                 /* (block) */
    double *rows;                      /* (block, K) */
    double *influence;                 /* (N); the caller's, or own */
    double *own_influence, *equations; /* (cells, K) */
    rg_second_order second;
    int with_laplacian;
    size_t done; /* samples, of both passes */
};

static rg_status out_of_memory(rg_diagnostic *diagnostic) {
    return rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
}

/* ---- preparation */

static void set_centre(struct estimate *e) {
    const size_t d = e->data->dim, n = e->data->samples;
    for (size_t i = 0; i < n; i++)
        for (size_t a = 0; a < d; a++) e->centre[a] += e->data->points[i * d + a] / (double)n;
}

/* Points in random order for the bandwidth and as landmarks. */
static double *first_points(const struct estimate *e, size_t count) {
    const size_t d = e->data->dim;
    double *first = rg_field_alloc(count * d);
    for (size_t i = 0; first && i < count; i++) {
        const size_t place = (size_t)((double)i * (double)e->data->samples / (double)count);
        memcpy(first + i * d, e->data->points + e->sampling.order[place] * d, d * sizeof *first);
    }
    return first;
}

static rg_status create_features(struct estimate *e, const rg_feature_source *source, rg_diagnostic *diagnostic) {
    switch (e->options->kind) {
    case RG_FEATURES_FOURIER:
        return rg_features_fourier(source, &e->features, diagnostic);
    case RG_FEATURES_RANDOM:
        return rg_features_random(source, &e->features, diagnostic);
    case RG_FEATURES_POLYNOMIAL:
        return rg_features_polynomial(source, &e->features, diagnostic);
    case RG_FEATURES_NYSTROM:
        return rg_features_nystrom(source, &e->features, diagnostic);
    }
    return RG_EINVAL;
}

static rg_status choose_features(struct estimate *e, rg_estimate_result *result, rg_diagnostic *diagnostic) {
    rg_feature_source source = {
        .data = e->data, .size = e->options->size, .seed = e->options->seed, .centre = e->centre};
    const size_t landmarks = e->options->kind == RG_FEATURES_NYSTROM ? e->options->size : 0;
    const size_t most = e->data->samples < MEDIAN_SAMPLES ? e->data->samples : MEDIAN_SAMPLES;
    source.some = landmarks > most ? landmarks : most;
    double *first = first_points(e, source.some);
    if (!first) return out_of_memory(diagnostic);
    source.first = first;
    source.bandwidth = rg_median_distance(e->data, most, first);
    rg_status status = RG_OK;
    if (source.bandwidth < 0) status = out_of_memory(diagnostic);
    if (source.bandwidth == 0 || !isfinite(source.bandwidth))
        status = rg_fail(diagnostic, RG_EDOMAIN, "the median distance between samples is %g: rescale them",
                         source.bandwidth);
    if (!status) status = create_features(e, &source, diagnostic);
    result->bandwidth = source.bandwidth;
    rg_free(first);
    return status;
}

static int allocate(struct estimate *e) {
    const size_t k = e->features->count, d = e->data->dim, cells = e->sampling.cells;
    rg_fit *fit = &e->fit;
    fit->raw = rg_field_alloc(rg_size_product(fit->folds, e->features->raw));
    fit->linear = rg_field_alloc(fit->folds * k);
    fit->coefficient = rg_field_alloc(fit->folds * k);
    fit->scale = rg_field_alloc(k);
    fit->penalty = rg_field_alloc(k);
    fit->work = rg_field_alloc(k * k);
    fit->more = rg_field_alloc(k * k);
    e->x = rg_field_alloc(RG_ESTIMATE_BLOCK * d);
    e->field = rg_field_alloc(RG_ESTIMATE_BLOCK * d);
    e->gradient = rg_field_alloc(RG_ESTIMATE_BLOCK * d);
    e->laplacian = rg_field_alloc(RG_ESTIMATE_BLOCK);
    e->rows = rg_field_alloc(RG_ESTIMATE_BLOCK * k);
    e->equations = rg_field_alloc(cells * k);
    e->second.pull = rg_field_alloc(cells);
    e->second.pairs = rg_field_alloc(cells * cells);
    fit->total = rg_field_alloc(k);
    e->own_influence = e->options->influence ? NULL : rg_field_alloc(e->data->samples);
    e->influence = e->options->influence ? e->options->influence : e->own_influence;
    return e->second.pull && e->second.pairs && fit->total && fit->raw && fit->linear && fit->coefficient &&
           fit->scale && fit->penalty && fit->work && fit->more && e->x && e->field && e->gradient && e->laplacian &&
           e->rows && e->equations && e->influence;
}

static rg_status prepare(struct estimate *e, rg_estimate_result *result, rg_diagnostic *diagnostic) {
    e->centre = rg_field_alloc(e->data->dim);
    if (!e->centre || rg_sampling_create(e->data, e->options, &e->sampling)) return out_of_memory(diagnostic);
    set_centre(e);
    const rg_status status = choose_features(e, result, diagnostic);
    if (status) return status;
    e->fit.count = e->features->count;
    e->fit.folds = e->sampling.folds;
    e->fit.samples = (double)e->data->samples;
    e->fit.features = e->features;
    e->fit.sampling = &e->sampling;
    return allocate(e) ? RG_OK : out_of_memory(diagnostic);
}

static void release(struct estimate *e) {
    double *fields[] = {e->second.pull, e->second.pairs, e->fit.total, e->fit.raw,  e->fit.linear, e->fit.coefficient,
                        e->fit.scale,   e->fit.penalty,  e->fit.work,  e->fit.more, e->centre,     e->x,
                        e->field,       e->gradient,     e->laplacian, e->rows,     e->equations,  e->own_influence};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    if (e->features) e->features->destroy(e->features);
    rg_sampling_free(&e->sampling);
}

/* ---- the passes */

typedef void visit(struct estimate *e, size_t fold, size_t place, size_t n);

static rg_status pass(struct estimate *e, visit *work, const char *stage, rg_diagnostic *diagnostic) {
    const rg_estimate_options *o = e->options;
    for (size_t f = 0; f < e->sampling.folds; f++) {
        const size_t end = rg_fold_begin(&e->sampling, f + 1);
        for (size_t place = rg_fold_begin(&e->sampling, f); place < end; place += RG_ESTIMATE_BLOCK) {
            const size_t n = end - place < RG_ESTIMATE_BLOCK ? end - place : RG_ESTIMATE_BLOCK;
            const double fraction = (double)e->done / (2 * (double)e->data->samples);
            if (o->progress && o->progress(o->progress_data, fraction, stage))
                return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
            rg_gather(&e->sampling, e->data->points, e->centre, place, n, e->x);
            rg_linear_field(e->data, &e->sampling, place, n, e->field);
            e->features->load(e->features, n, e->x);
            work(e, f, place, n);
            e->done += n;
        }
    }
    return RG_OK;
}

static void add_sums(struct estimate *e, size_t fold, size_t place, size_t n) {
    (void)place;
    const size_t k = e->features->count;
    e->features->add(e->features, n, e->fit.raw + fold * e->features->raw);
    e->features->pair(e->features, n, e->field, e->with_laplacian, e->rows);
    rg_dense_add_rows(n, k, e->rows, e->fit.linear + fold * k, e->fit.penalty);
}

/* The influence of one sample; its field becomes f - grad psi. */
static double influence_of(const struct estimate *e, size_t i) {
    const size_t d = e->data->dim;
    double *f = e->field + i * d, linear = e->with_laplacian ? e->laplacian[i] : 0, square = 0;
    const double *g = e->gradient + i * d;
    for (size_t a = 0; a < d; a++) {
        linear += f[a] * g[a];
        square += g[a] * g[a];
        f[a] -= g[a];
    }
    return 2 * linear - square;
}

static void meet(struct estimate *e, size_t fold, size_t place, size_t n) {
    const size_t k = e->features->count, d = e->data->dim;
    e->features->apply(e->features, n, e->fit.coefficient + fold * k, e->gradient, e->laplacian);
    size_t cell[RG_ESTIMATE_BLOCK];
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, d))
    for (size_t i = 0; i < n; i++) {
        const size_t sample = e->sampling.order[place + i];
        cell[i] = rg_cell_of(&e->sampling, sample);
        e->influence[sample] = influence_of(e, i);
        if (e->options->gradient)
            memcpy(e->options->gradient + sample * d, e->gradient + i * d, d * sizeof *e->gradient);
    }
    e->features->pair(e->features, n, e->field, e->with_laplacian, e->rows);
    rg_dense_scatter_rows(n, k, e->rows, cell, e->equations);
}

/* ---- the result */

/* Of values that follow each other in the file. */
static double neighbour_correlation(size_t n, const double *values) {
    const double mean = rg_sum((ptrdiff_t)n, values) / (double)n;
    double square = 0, product = 0;
    for (size_t i = 0; i < n; i++) square += (values[i] - mean) * (values[i] - mean);
    for (size_t i = 1; i < n; i++) product += (values[i] - mean) * (values[i - 1] - mean);
    return square > 0 ? product / square : 0;
}

/* E|e|^2; overwrites e->equations, which has room for the cells. */
static void set_total(struct estimate *e, rg_estimate_result *result) {
    const size_t d = e->data->dim;
    result->total = result->total_error = (double)NAN;
    if (!e->data->error) return;
    double *sums = e->equations, total = 0;
    for (size_t c = 0; c < e->sampling.cells; c++) {
        const double *row = e->data->error + c * e->sampling.cell_length * d;
        sums[c] = rg_dot((ptrdiff_t)(rg_cell_size(&e->sampling, c) * d), row, row);
        total += sums[c];
    }
    result->total = total / (double)e->data->samples;
    result->total_error = rg_cell_error(&e->sampling, sums);
}

static rg_status finish(struct estimate *e, rg_estimate_result *result, rg_diagnostic *diagnostic) {
    const size_t n = e->data->samples;
    rg_fit_bias(&e->fit, e->equations, &e->second, result);
    set_total(e, result);
    result->form = rg_form_of(e->data);
    result->features = e->features->count;
    result->folds = e->sampling.folds;
    result->cells = e->sampling.cells;
    result->held_out = rg_sum((ptrdiff_t)n, e->influence) / (double)n;
    result->neighbour_correlation = neighbour_correlation(n, e->influence);
    if (rg_estimate_interval(&e->sampling, e->influence, &e->second, e->options, result) ||
        rg_stein_discrepancy(e->data, &e->sampling, e->options, result))
        return out_of_memory(diagnostic);
    if (isfinite(result->average) && isfinite(result->interval[0]) && isfinite(result->interval[1])) return RG_OK;
    return rg_fail(diagnostic, RG_EDOMAIN, "the numbers are too large for double precision: rescale them");
}

static rg_status work(struct estimate *e, rg_estimate_result *result, rg_diagnostic *diagnostic) {
    rg_status status = prepare(e, result, diagnostic);
    if (!status) status = pass(e, add_sums, "sums over the samples", diagnostic);
    if (!status) status = rg_fit_solve(&e->fit, e->options, result, diagnostic);
    if (!status) status = pass(e, meet, "the samples once more", diagnostic);
    return status ? status : finish(e, result, diagnostic);
}

rg_status rg_estimate(const rg_estimate_data *data, const rg_estimate_options *options, rg_estimate_result *result,
                      rg_diagnostic *diagnostic) {
    rg_status status = rg_estimate_check(data, options, diagnostic);
    if (status) return status;
    if (!result) return rg_fail(diagnostic, RG_EINVAL, "estimate: an argument is missing");
    rg_estimate_result found = {0};
    struct estimate e = {.data = data, .options = options};
    e.with_laplacian = rg_form_of(data) == RG_LINEAR_STEIN;
    rg_dense_begin();
    status = work(&e, &found, diagnostic);
    rg_dense_end();
    release(&e);
    if (!status) *result = found;
    return status;
}
