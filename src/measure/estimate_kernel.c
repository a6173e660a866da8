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
    double *inverse;     /* (K) 1/h */
    double *landmark;    /* (K, D) */
    double *square;      /* (K) |z|^2 */
    const double *x;     /* the block, of the caller */
    double *value;       /* (block, K) P */
    double *distance;    /* (block, K) r */
    double *work;        /* (block, K) r P */
    double *weighted;    /* (K, D) c z / h */
    double *coefficient; /* (K) c / h */
};

static double square_of(size_t d, const double *x) {
    double sum = 0;
    for (size_t a = 0; a < d; a++) sum += x[a] * x[a];
    return sum;
}

/* Rows begin.. of out (n, K) = y z'; returns their end. */
static size_t products(const struct kernels *s, size_t n, size_t begin, const double *y, double *out) {
    const size_t k = s->features.count, d = s->features.dim,
                 rows = n - begin < RG_DENSE_ROWS ? n - begin : RG_DENSE_ROWS;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)k, (int)d, 1, y + begin * d, (int)d,
                s->landmark, (int)d, 0, out + begin * k, (int)k);
    return begin + rows;
}

/* One row: x.z becomes r. */
static void set_values(const struct kernels *s, double own, double *r, double *value) {
    for (size_t j = 0; j < s->features.count; j++) {
        r[j] = fmax(own + s->square[j] - 2 * r[j], 0);
        value[j] = exp(-0.5 * r[j] * s->inverse[j] * s->inverse[j]);
    }
}

static void load(rg_features *features, size_t n, const double *x) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    s->x = x;
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k))
    for (size_t begin = 0; begin < n; begin += RG_DENSE_ROWS) {
        const size_t end = products(s, n, begin, x, s->distance);
        for (size_t i = begin; i < end; i++)
            set_values(s, square_of(d, x + i * d), s->distance + i * k, s->value + i * k);
    }
}

/* raw: sums of P_k P_l, then of (r_k + r_l) P_k P_l */
static void add(rg_features *features, size_t n, double *raw) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count;
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k))
    for (size_t i = 0; i < n * k; i++) s->work[i] = s->distance[i] * s->value[i];
    rg_dense_add_square(n, k, s->value, raw);
    rg_dense_add_mixed(n, k, s->value, s->work, raw + k * k);
}

static void gram(const rg_features *features, double *raw, double *work) {
    const struct kernels *s = (const struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    const double *moment = raw + k * k;
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)k, (int)d, 1, s->landmark, (int)d, 0, work, (int)k);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) {
            const double apart = i == j ? 0 : s->square[i] + s->square[j] - 2 * work[i * k + j];
            raw[i * k + j] = 0.5 * s->inverse[i] * s->inverse[j] * (moment[i * k + j] - apart * raw[i * k + j]);
        }
}

/* field.z becomes field.grad psi (+ Laplacian psi). */
static void pair_row(const struct kernels *s, size_t i, const double *field, double laplacian, double *row) {
    const size_t k = s->features.count, d = s->features.dim;
    const double *r = s->distance + i * k, *value = s->value + i * k;
    double own = 0;
    for (size_t a = 0; a < d; a++) own += field[a] * s->x[i * d + a];
    for (size_t j = 0; j < k; j++) {
        const double h = s->inverse[j];
        row[j] = value[j] * h * (row[j] - own + laplacian * (r[j] * h * h - (double)d));
    }
}

static void pair(rg_features *features, size_t n, const double *field, int with_laplacian, double *rows) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    const double laplacian = with_laplacian ? 1 : 0;
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k))
    for (size_t begin = 0; begin < n; begin += RG_DENSE_ROWS) {
        const size_t end = products(s, n, begin, field, rows);
        for (size_t i = begin; i < end; i++) pair_row(s, i, field + i * d, laplacian, rows + i * k);
    }
}

/* From the sum of the weighted landmarks the gradient at one point; returns the Laplacian. */
static double finish_row(const struct kernels *s, size_t i, double *gradient) {
    const size_t k = s->features.count, d = s->features.dim;
    const double *r = s->distance + i * k, *value = s->value + i * k;
    double weights = 0, sum = 0;
    for (size_t j = 0; j < k; j++) {
        const double weight = s->coefficient[j] * value[j];
        weights += weight;
        sum += weight * r[j] * s->inverse[j] * s->inverse[j];
    }
    for (size_t a = 0; a < d; a++) gradient[a] -= weights * s->x[i * d + a];
    return sum - (double)d * weights;
}

static void apply(rg_features *features, size_t n, const double *c, double *gradient, double *laplacian) {
    struct kernels *s = (struct kernels *)features;
    const size_t k = features->count, d = features->dim;
    for (size_t j = 0; j < k; j++) {
        s->coefficient[j] = c[j] * s->inverse[j];
        for (size_t a = 0; a < d; a++) s->weighted[j * d + a] = s->coefficient[j] * s->landmark[j * d + a];
    }
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k * d))
    for (size_t i = 0; i < n; i += RG_DENSE_ROWS) {
        const int rows = (int)(n - i < RG_DENSE_ROWS ? n - i : RG_DENSE_ROWS);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, (int)d, (int)k, 1, s->value + i * k, (int)k,
                    s->weighted, (int)d, 0, gradient + i * d, (int)d);
        for (size_t j = i; j < i + (size_t)rows; j++) laplacian[j] = finish_row(s, j, gradient + j * d);
    }
}

static void destroy(rg_features *features) {
    struct kernels *s = (struct kernels *)features;
    double *fields[] = {s->landmark, s->square, s->inverse,  s->value,
                        s->distance, s->work,   s->weighted, s->coefficient};
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
    return s->landmark && s->square && s->inverse && s->coefficient && s->value && s->distance && s->work &&
           s->weighted;
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
