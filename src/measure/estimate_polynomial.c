/* Polynomials of degree 1 and 2 about the mean of the samples: y_a; y_a y_b for a <= b, halved where a = b.
 *
 *     grad y_a = e_a,  grad y_a y_b = y_b e_a + y_a e_b (half of it for a = b)
 *
 * The Gram matrix needs no more than the sums of 1, y_a and y_a y_b. */
#include "measure/estimate.h"

#include <gsl/gsl_cblas.h>
#include <string.h>

struct polynomial {
    rg_features features;
    int degree;
    const double *x;        /* the block, of the caller */
    size_t *first, *second; /* (K - D) a and b of the products */
    double *ones;           /* (block) */
    double *quadratic;      /* (D, D) symmetric: grad psi = c + quadratic y */
};

static void load(rg_features *features, size_t n, const double *x) {
    (void)n;
    ((struct polynomial *)features)->x = x;
}

static size_t squares(const rg_features *features) {
    return ((const struct polynomial *)features)->degree > 1 ? features->dim * features->dim : 0;
}

/* raw: sums of y_a y_b (D, D) for degree 2, of y_a (D), of 1 */
static void add(rg_features *features, size_t n, double *raw) {
    const struct polynomial *p = (const struct polynomial *)features;
    const int d = (int)features->dim;
    double *mean = raw + squares(features);
    if (p->degree > 1)
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, d, d, (int)n, 1, p->x, d, p->x, d, 1, raw, d);
    cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, d, 1, p->x, d, p->ones, 1, 1, mean, 1);
    mean[features->dim] += (double)n;
}

static double product(const double *moment, size_t d, size_t a, size_t b, size_t c, size_t e) {
    double sum = 0;
    if (a == c) sum += moment[b * d + e];
    if (a == e) sum += moment[b * d + c];
    if (b == c) sum += moment[a * d + e];
    if (b == e) sum += moment[a * d + c];
    return (a == b ? 0.5 : 1) * (c == e ? 0.5 : 1) * sum;
}

static void gram(const rg_features *features, double *raw, double *work) {
    const struct polynomial *p = (const struct polynomial *)features;
    const size_t d = features->dim, k = features->count;
    const double count = raw[squares(features) + d];
    if (p->degree > 1) memcpy(work, raw, (d * d + d) * sizeof *work);
    const double *mean = work + d * d;
    memset(raw, 0, k * k * sizeof *raw);
    for (size_t a = 0; a < d; a++) raw[a * k + a] = count;
#pragma omp parallel for schedule(dynamic, 16) if (rg_dense_threaded(k, k))
    for (size_t i = d; i < k; i++) {
        const size_t a = p->first[i - d], b = p->second[i - d];
        double *row = raw + i * k;
        row[a] += (a == b ? 0.5 : 1) * mean[b];
        row[b] += (a == b ? 0.5 : 1) * mean[a];
        for (size_t j = d; j <= i; j++) row[j] = product(work, d, a, b, p->first[j - d], p->second[j - d]);
    }
}

static void pair(rg_features *features, size_t n, const double *field, int with_laplacian, double *rows) {
    const struct polynomial *p = (const struct polynomial *)features;
    const size_t d = features->dim, k = features->count;
    const double laplacian = with_laplacian ? 1 : 0;
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k))
    for (size_t i = 0; i < n; i++) {
        const double *f = field + i * d, *y = p->x + i * d;
        double *row = rows + i * k;
        for (size_t a = 0; a < d; a++) row[a] = f[a];
        for (size_t j = d; j < k; j++) {
            const size_t a = p->first[j - d], b = p->second[j - d];
            row[j] = a == b ? f[a] * y[a] + laplacian : f[a] * y[b] + f[b] * y[a];
        }
    }
}

static void apply(rg_features *features, size_t n, const double *c, double *gradient, double *laplacian) {
    struct polynomial *p = (struct polynomial *)features;
    const size_t d = features->dim, k = features->count;
    double trace = 0;
    for (size_t j = d; j < k; j++) {
        const size_t a = p->first[j - d], b = p->second[j - d];
        p->quadratic[a * d + b] = p->quadratic[b * d + a] = c[j];
        if (a == b) trace += c[j];
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(gradient + i * d, c, d * sizeof *c);
        laplacian[i] = trace;
    }
    if (p->degree > 1)
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)d, (int)d, 1, p->x, (int)d, p->quadratic,
                    (int)d, 1, gradient, (int)d);
}

static void destroy(rg_features *features) {
    struct polynomial *p = (struct polynomial *)features;
    rg_free(p->first);
    rg_free(p->second);
    rg_free(p->ones);
    rg_free(p->quadratic);
    rg_free(p);
}

static int allocate(struct polynomial *p) {
    const size_t d = p->features.dim, products = p->features.count - d;
    p->first = rg_alloc(products, sizeof *p->first);
    p->second = rg_alloc(products, sizeof *p->second);
    p->ones = rg_field_alloc(RG_ESTIMATE_BLOCK);
    p->quadratic = rg_field_alloc(squares(&p->features));
    return p->first && p->second && p->ones && p->quadratic;
}

rg_status rg_features_polynomial(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic) {
    const size_t d = source->data->dim;
    struct polynomial *p = rg_alloc(1, sizeof *p);
    if (!p) return rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    p->degree = (int)source->size;
    p->features = (rg_features){.count = rg_feature_count(RG_FEATURES_POLYNOMIAL, source->size, d), .dim = d};
    const size_t sums = squares(&p->features) + d + 1, matrix = p->features.count * p->features.count;
    p->features.raw = sums > matrix ? sums : matrix;
    p->features.load = load;
    p->features.add = add;
    p->features.gram = gram;
    p->features.pair = pair;
    p->features.apply = apply;
    p->features.destroy = destroy;
    if (!allocate(p)) {
        destroy(&p->features);
        return rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    }
    for (size_t a = 0, j = 0; p->degree > 1 && a < d; a++)
        for (size_t b = a; b < d; b++, j++) {
            p->first[j] = a;
            p->second[j] = b;
        }
    for (size_t i = 0; i < RG_ESTIMATE_BLOCK; i++) p->ones[i] = 1;
    *features = &p->features;
    return RG_OK;
}
