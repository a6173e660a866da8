/* Gaussian kernels about landmarks z_k: psi_k = h_k exp(-q_k/2), q_k = |x - z_k|^2/h_k^2 (Nystrom).
 *
 *     grad psi_k = -P_k (x - z_k)/h_k,  Laplacian psi_k = (q_k - D) P_k/h_k,  P_k = exp(-q_k/2)
 *     (x - z_k).(x - z_l) = (r_k + r_l - |z_k - z_l|^2)/2,  r_k = |x - z_k|^2
 *
 * so that the Gram matrix needs the sums of P_k P_l and (r_k + r_l) P_k P_l: no product for each component. The bandwidths
 * h_k are the median distance and halves of it, in turn. Everything is taken relative to the mean of the samples. */
#include "measure/estimate.h"

#include <gsl/gsl_cblas.h>
#include <math.h>

/* Bandwidths: the median distance times 1, 1/2, 1/4, 1/8. */
enum { RUNGS = 4 };

/* A kernel so narrow that only its own landmark lies below it has no gradient to speak of, but the subtraction above
 * leaves rounding beside it. */
static const double negligible = 1e-12;

struct kernels {
    rg_features features;
    double *inverse;      /* (K) 1/h */
    double *landmark;     /* (K, D) */
    double *square;       /* (K) |z|^2 */
    const double *x;      /* the block, of the caller */
    double *value;        /* (block, K) P */
    double *distance;     /* (block, K) r */
    double *work;         /* (block, K) */
    double *weighted;     /* (K, D) c z / h */
    double *coefficient;  /* (K) c / h */
    double *weighted_sum; /* (block) */
};

static double square_of(size_t d, const double *x) {
    double sum = 0;
    for (size_t a = 0; a < d; a++) sum += x[a] * x[a];
    return sum;
}

/* out (n, K) = y z' */
static void products(const struct kernels *s, size_t n, const double *y, double *out) {
    const int k = (int)s->features.count, d = (int)s->features.dim;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, k, d, 1, y, d, s->landmark, d, 0, out, k);
}

static void load(rg_features *features, size_t n, const double *x) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    s->x = x;
    products(s, n, s->x, s->distance);
#pragma omp parallel for schedule(static) if (n * k >= RG_THREADED_CELLS)
    for (size_t i = 0; i < n; i++) {
        const double own = square_of(d, s->x + i * d);
        double *r = s->distance + i * k, *value = s->value + i * k;
        for (size_t j = 0; j < k; j++) {
            r[j] = fmax(own + s->square[j] - 2 * r[j], 0);
            value[j] = exp(-0.5 * r[j] * s->inverse[j] * s->inverse[j]);
        }
    }
}

/* raw: sums of P_k P_l, then of (r_k + r_l) P_k P_l */
static void add(rg_features *features, size_t n, double *raw) {
    struct kernels *s = (struct kernels *)features;
    const int k = (int)features->count;
    for (size_t i = 0; i < n * features->count; i++) s->work[i] = s->distance[i] * s->value[i];
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, k, (int)n, 1, s->value, k, 1, raw, k);
    cblas_dsyr2k(CblasRowMajor, CblasLower, CblasTrans, k, (int)n, 1, s->value, k, s->work, k, 1,
                 raw + features->count * features->count, k);
}

static void gram(const rg_features *features, const double *raw, double *out) {
    const struct kernels *s = (const struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    const double *moment = raw + k * k;
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)k, (int)d, 1, s->landmark, (int)d, 0, out, (int)k);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) {
            const double apart = i == j ? 0 : s->square[i] + s->square[j] - 2 * out[i * k + j];
            out[i * k + j] = 0.5 * s->inverse[i] * s->inverse[j] * (moment[i * k + j] - apart * raw[i * k + j]);
        }
}

static void pair(rg_features *features, size_t n, const double *field, int with_laplacian, double *rows) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    const double laplacian = with_laplacian ? 1 : 0;
    products(s, n, field, rows);
#pragma omp parallel for schedule(static) if (n * k >= RG_THREADED_CELLS)
    for (size_t i = 0; i < n; i++) {
        double own = 0, *row = rows + i * k;
        const double *r = s->distance + i * k, *value = s->value + i * k;
        for (size_t a = 0; a < d; a++) own += field[i * d + a] * s->x[i * d + a];
        for (size_t j = 0; j < k; j++) {
            const double h = s->inverse[j];
            row[j] = value[j] * h * (row[j] - own + laplacian * (r[j] * h * h - (double)d));
        }
    }
}

static void apply(rg_features *features, size_t n, const double *c, double *gradient, double *laplacian) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    for (size_t j = 0; j < k; j++) {
        s->coefficient[j] = c[j] * s->inverse[j];
        for (size_t a = 0; a < d; a++) s->weighted[j * d + a] = s->coefficient[j] * s->landmark[j * d + a];
    }
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)d, (int)k, 1, s->value, (int)k, s->weighted,
                (int)d, 0, gradient, (int)d);
    cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, (int)k, 1, s->value, (int)k, s->coefficient, 1, 0, s->weighted_sum,
                1);
    for (size_t i = 0; i < n; i++) {
        for (size_t a = 0; a < d; a++) gradient[i * d + a] -= s->weighted_sum[i] * s->x[i * d + a];
        double sum = 0;
        for (size_t j = 0; j < k; j++) {
            const double q = s->distance[i * k + j] * s->inverse[j] * s->inverse[j];
            sum += s->coefficient[j] * q * s->value[i * k + j];
        }
        laplacian[i] = sum - (double)d * s->weighted_sum[i];
    }
}

static void destroy(rg_features *features) {
    struct kernels *s = (struct kernels *)features;
    double *fields[] = {s->landmark, s->square,   s->inverse,     s->value,       s->distance,
                        s->work,     s->weighted, s->coefficient, s->weighted_sum};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    rg_free(s);
}

static int allocate(struct kernels *s) {
    const size_t k = s->features.count, d = s->features.dim, table = rg_size_product(RG_ESTIMATE_BLOCK, k);
    s->landmark = rg_field_alloc(rg_size_product(k, d));
    s->square = rg_field_alloc(k);
    s->inverse = rg_field_alloc(k);
    s->coefficient = rg_field_alloc(k);
    s->value = rg_field_alloc(table);
    s->distance = rg_field_alloc(table);
    s->work = rg_field_alloc(table);
    s->weighted = rg_field_alloc(rg_size_product(k, d));
    s->weighted_sum = rg_field_alloc(RG_ESTIMATE_BLOCK);
    return s->landmark && s->square && s->inverse && s->coefficient && s->value && s->distance && s->work &&
           s->weighted && s->weighted_sum;
}

rg_status rg_features_nystrom(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic) {
    struct kernels *s = rg_alloc(1, sizeof *s);
    if (!s) return rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    const size_t k = source->size, d = source->data->dim;
    s->features = (rg_features){.count = k, .dim = d, .raw = 2 * k * k, .least = negligible};
    s->features.load = load;
    s->features.add = add;
    s->features.gram = gram;
    s->features.pair = pair;
    s->features.apply = apply;
    s->features.destroy = destroy;
    if (!allocate(s)) {
        destroy(&s->features);
        return rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t a = 0; a < d; a++) s->landmark[j * d + a] = source->first[j * d + a] - source->centre[a];
        s->inverse[j] = 1 / ldexp(source->bandwidth, -(int)(j % RUNGS));
        s->square[j] = square_of(d, s->landmark + j * d);
    }
    *features = &s->features;
    return RG_OK;
}
