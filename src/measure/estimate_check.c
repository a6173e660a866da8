/* What rg_estimate refuses. */
#include "measure/estimate.h"

#include <math.h>

enum { LEAST_SAMPLES = 10, LEAST_BLOCKS = 10, MOST_FOLDS = 100, MOST_DIMENSION = 1000000 };

/* (2 size + 1)^dim - 1, or 0 when that is too many. */
static size_t fourier_count(size_t size, size_t dim) {
    size_t count = 1;
    for (size_t a = 0; a < dim && count <= RG_MAX_FEATURES; a++) count *= 2 * size + 1;
    return count - 1;
}

size_t rg_feature_count(rg_feature_kind kind, size_t size, size_t dim) {
    size_t count = 0;
    if (size < 1 || size > RG_MAX_FEATURES || dim < 1 || dim > MOST_DIMENSION) return 0;
    switch (kind) {
    case RG_FEATURES_FOURIER:
        count = fourier_count(size, dim);
        break;
    case RG_FEATURES_RANDOM:
        count = size % 2 == 0 ? size : 0;
        break;
    case RG_FEATURES_POLYNOMIAL:
        count = size == 1 ? dim : size == 2 && dim <= RG_MAX_FEATURES ? dim + dim * (dim + 1) / 2 : 0;
        break;
    case RG_FEATURES_NYSTROM:
        count = size;
        break;
    }
    return count <= RG_MAX_FEATURES ? count : 0;
}

static rg_status check_features(const rg_estimate_data *data, const rg_estimate_options *o, rg_diagnostic *diagnostic) {
    if (o->kind < RG_FEATURES_FOURIER || o->kind > RG_FEATURES_NYSTROM)
        return rg_fail(diagnostic, RG_EINVAL, "unknown class of features");
    if (o->kind == RG_FEATURES_FOURIER && !data->length)
        return rg_fail(diagnostic, RG_EINVAL, "fourier features need a box; on R^D take rff:N");
    if ((o->kind == RG_FEATURES_POLYNOMIAL || o->kind == RG_FEATURES_NYSTROM) && data->length)
        return rg_fail(diagnostic, RG_EINVAL, "%s features are not periodic: in a box take fourier:M or rff:N",
                       o->kind == RG_FEATURES_POLYNOMIAL ? "polynomial" : "nystrom");
    if (o->kind == RG_FEATURES_POLYNOMIAL && o->size > 2)
        return rg_fail(diagnostic, RG_EINVAL, "expected polynomials of degree 1 or 2, got %zu", o->size);
    if (o->kind == RG_FEATURES_RANDOM && o->size % 2 != 0)
        return rg_fail(diagnostic, RG_EINVAL,
                       "expected an even number of random features (a cosine and a sine each), got %zu", o->size);
    const size_t count = rg_feature_count(o->kind, o->size, data->dim);
    if (count == 0)
        return rg_fail(diagnostic, RG_EINVAL, "expected 1 to %d features; in %zu dimensions this class has %s",
                       RG_MAX_FEATURES, data->dim, o->size == 0 ? "none" : "more");
    if (data->samples > count) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL, "expected more samples than features, found %zu samples for %zu features",
                   data->samples, count);
}

static rg_status check_finite(const rg_estimate_data *data, const char *name, const double *values,
                              rg_diagnostic *diagnostic) {
    for (size_t i = 0; values && i < data->samples * data->dim; i++)
        if (!isfinite(values[i]))
            return rg_fail(diagnostic, RG_EINVAL, "%s: row %zu, component %zu is not finite", name, i / data->dim,
                           i % data->dim);
    return RG_OK;
}

static rg_status check_box(const rg_estimate_data *data, rg_diagnostic *diagnostic) {
    if (!data->lower != !data->length)
        return rg_fail(diagnostic, RG_EINVAL, "a box needs its lower ends and its lengths");
    for (size_t a = 0; data->length && a < data->dim; a++)
        if (!isfinite(data->lower[a]) || !isfinite(data->length[a]) || !(data->length[a] > 0))
            return rg_fail(diagnostic, RG_EINVAL, "the box has no finite, positive length on axis %zu", a);
    return RG_OK;
}

static int is_constant(const rg_estimate_data *data, size_t component) {
    const double *x = data->points + component;
    for (size_t i = 1; i < data->samples; i++)
        if (x[i * data->dim] != x[0]) return 0;
    return 1;
}

/* Without a density along an axis no score is right there, and the Laplacian's term grows with the waves without end; the
 * oracle has no such term. */
static rg_status check_spread(const rg_estimate_data *data, rg_diagnostic *diagnostic) {
    size_t constant = 0, which = 0;
    for (size_t a = data->dim; a-- > 0;)
        if (is_constant(data, a)) {
            constant++;
            which = a;
        }
    if (constant == data->dim)
        return rg_fail(diagnostic, RG_EDOMAIN, "all %zu samples are the same point", data->samples);
    if (constant > 0 && !data->error)
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "component %zu of all %zu samples is %g: they have no density along it; leave it out", which,
                       data->samples, data->points[which]);
    return RG_OK;
}

static rg_status check_arrays(const rg_estimate_data *data, rg_diagnostic *diagnostic) {
    rg_status status = check_finite(data, "points", data->points, diagnostic);
    if (!status) status = check_finite(data, "score", data->score, diagnostic);
    if (!status) status = check_finite(data, "error", data->error, diagnostic);
    if (!status) status = check_finite(data, "clean", data->clean, diagnostic);
    return status ? status : check_spread(data, diagnostic);
}

static rg_status check_options(const rg_estimate_data *data, const rg_estimate_options *o, rg_diagnostic *diagnostic) {
    const size_t block = o->block > 1 ? o->block : 1, folds = o->folds;
    if (folds == 1 || folds > MOST_FOLDS)
        return rg_fail(diagnostic, RG_EINVAL, "expected 2 to %d folds, got %zu", MOST_FOLDS, folds);
    if (data->samples / block < LEAST_BLOCKS || data->samples / block < folds)
        return rg_fail(diagnostic, RG_EINVAL,
                       "expected at least %d blocks, and as many as folds, found %zu blocks of %zu samples",
                       LEAST_BLOCKS, data->samples / block, block);
    if (o->fixed_ridge && !(o->ridge >= 0 && isfinite(o->ridge)))
        return rg_fail(diagnostic, RG_EINVAL, "expected a ridge >= 0, got %g", o->ridge);
    return RG_OK;
}

rg_status rg_estimate_check(const rg_estimate_data *data, const rg_estimate_options *options,
                            rg_diagnostic *diagnostic) {
    if (!data || !options || !data->points || (!data->score && !data->error))
        return rg_fail(diagnostic, RG_EINVAL, "estimate: an argument is missing");
    if (data->dim < 1 || data->dim > MOST_DIMENSION)
        return rg_fail(diagnostic, RG_EINVAL, "expected 1 to %d dimensions, got %zu", MOST_DIMENSION, data->dim);
    if (data->samples < LEAST_SAMPLES)
        return rg_fail(diagnostic, RG_EINVAL, "expected at least %d samples, found %zu", LEAST_SAMPLES, data->samples);
    if (rg_size_product(rg_size_product(data->samples, data->dim), sizeof *data->points) == 0)
        return rg_fail(diagnostic, RG_ENOMEM, "the size of the samples overflows");
    if (data->error && data->clean)
        return rg_fail(diagnostic, RG_EINVAL, "expected the error or the clean data, got both");
    if (data->clean && !(data->sigma > 0 && isfinite(data->sigma) && data->sigma * data->sigma > 0))
        return rg_fail(diagnostic, RG_EINVAL, "clean data need a sigma above 0, got %g", data->sigma);
    rg_status status = check_box(data, diagnostic);
    if (!status) status = check_features(data, options, diagnostic);
    if (!status) status = check_options(data, options, diagnostic);
    return status ? status : check_arrays(data, diagnostic);
}
