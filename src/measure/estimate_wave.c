/* Waves: cos(w.x)/|w| and sin(w.x)/|w|, all those of a box up to a bound, or random ones.
 *
 *     grad cos(w.x)/|w| = -u sin(w.x),  grad sin(w.x)/|w| = u cos(w.x),  u = w/|w|
 *
 * so that G_kl = (u_k.u_l) E[t_k t_l] with t = (-sin, cos): one matrix product over the samples whatever D, then a
 * product entry by entry. The Laplacian of a wave is -|w| times its partner's t, up to sign.
 * Random waves are w = z/h, z standard normal, h the median distance times powers of 2; on a torus they are rounded to
 * waves of the box, each taken once. The space of each class is unchanged by shifts of x. */
#include "measure/estimate.h"

#include <gsl/gsl_cblas.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

/* Bandwidths of random waves: the median distance times 2^LOWEST .. 2^(LOWEST + RUNGS - 1). */
enum { LOWEST = -2, RUNGS = 5 };

struct waves {
    rg_features features;
    size_t half;      /* m = K/2 wave vectors */
    double *turns;    /* (m, D) w / 2 pi */
    double *unit;     /* (2m, D) u, twice */
    double *length;   /* (m) |w| */
    double *table;    /* (block, 2m) t */
    double *phase;    /* (block, m) w.x / 2 pi, later field.u */
    double *weighted; /* (2m, D) c u */
    double *partner;  /* (2m) what the partners weigh in the Laplacian */
};

/* Rows begin.. of the phase: y.v for all v (m, D); returns the end of the rows. */
static size_t products(const struct waves *w, size_t n, size_t begin, const double *y, const double *v) {
    const size_t m = w->half, d = w->features.dim, rows = n - begin < RG_DENSE_ROWS ? n - begin : RG_DENSE_ROWS;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)m, (int)d, 1, y + begin * d, (int)d, v, (int)d,
                0, w->phase + begin * m, (int)m);
    return begin + rows;
}

static void load(rg_features *features, size_t n, const double *x) {
    struct waves *w = (struct waves *)features;
    const size_t m = w->half;
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, m))
    for (size_t begin = 0; begin < n; begin += RG_DENSE_ROWS) {
        const size_t end = products(w, n, begin, x, w->turns);
        for (size_t i = begin; i < end; i++) {
            double *sine = w->table + i * 2 * m, *cosine = sine + m;
            rg_sine_cosine(m, w->phase + i * m, sine, cosine);
            for (size_t j = 0; j < m; j++) sine[j] = -sine[j];
        }
    }
}

static void add(rg_features *features, size_t n, double *raw) {
    const struct waves *w = (const struct waves *)features;
    rg_dense_add_square(n, features->count, w->table, raw);
}

static void gram(const rg_features *features, double *raw, double *work) {
    const struct waves *w = (const struct waves *)features;
    const size_t k = features->count, d = features->dim;
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)k, (int)d, 1, w->unit, (int)d, 0, work, (int)k);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) raw[i * k + j] *= work[i * k + j];
}

RG_WIDE static void pair_row(const struct waves *w, size_t i, double laplacian, double *row) {
    const size_t m = w->half;
    const double *along = w->phase + i * m, *sine = w->table + i * 2 * m, *cosine = sine + m;
    for (size_t j = 0; j < m; j++) {
        row[j] = along[j] * sine[j] - laplacian * w->length[j] * cosine[j];
        row[m + j] = along[j] * cosine[j] + laplacian * w->length[j] * sine[j];
    }
}

static void pair(rg_features *features, size_t n, const double *field, int with_laplacian, double *rows) {
    struct waves *w = (struct waves *)features;
    const size_t m = w->half;
    const double laplacian = with_laplacian ? 1 : 0;
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, m))
    for (size_t begin = 0; begin < n; begin += RG_DENSE_ROWS) {
        const size_t end = products(w, n, begin, field, w->unit);
        for (size_t i = begin; i < end; i++) pair_row(w, i, laplacian, rows + i * 2 * m);
    }
}

static void apply(rg_features *features, size_t n, const double *c, double *gradient, double *laplacian) {
    struct waves *w = (struct waves *)features;
    const size_t m = w->half, d = features->dim, k = features->count;
    for (size_t j = 0; j < k; j++)
        for (size_t a = 0; a < d; a++) w->weighted[j * d + a] = c[j] * w->unit[j * d + a];
    for (size_t j = 0; j < m; j++) {
        w->partner[j] = c[m + j] * w->length[j];
        w->partner[m + j] = -c[j] * w->length[j];
    }
#pragma omp parallel for schedule(static) if (rg_dense_threaded(n, k * d))
    for (size_t i = 0; i < n; i += RG_DENSE_ROWS) {
        const int rows = (int)(n - i < RG_DENSE_ROWS ? n - i : RG_DENSE_ROWS);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, (int)d, (int)k, 1, w->table + i * k, (int)k,
                    w->weighted, (int)d, 0, gradient + i * d, (int)d);
        cblas_dgemv(CblasRowMajor, CblasNoTrans, rows, (int)k, 1, w->table + i * k, (int)k, w->partner, 1, 0,
                    laplacian + i, 1);
    }
}

static void destroy(rg_features *features) {
    struct waves *w = (struct waves *)features;
    double *fields[] = {w->turns, w->unit, w->length, w->table, w->phase, w->weighted, w->partner};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    rg_free(w);
}

static struct waves *create(size_t half, size_t dim) {
    struct waves *w = rg_alloc(1, sizeof *w);
    if (!w) return NULL;
    const size_t count = 2 * half;
    w->features = (rg_features){.count = count, .dim = dim, .raw = count * count};
    w->features.load = load;
    w->features.add = add;
    w->features.gram = gram;
    w->features.pair = pair;
    w->features.apply = apply;
    w->features.destroy = destroy;
    w->half = half;
    w->turns = rg_field_alloc(rg_size_product(half, dim));
    w->unit = rg_field_alloc(rg_size_product(count, dim));
    w->length = rg_field_alloc(half);
    w->table = rg_field_alloc(rg_size_product(RG_ESTIMATE_BLOCK, count));
    w->phase = rg_field_alloc(rg_size_product(RG_ESTIMATE_BLOCK, half));
    w->weighted = rg_field_alloc(rg_size_product(count, dim));
    w->partner = rg_field_alloc(count);
    if (w->turns && w->unit && w->length && w->table && w->phase && w->weighted && w->partner) return w;
    destroy(&w->features);
    return NULL;
}

/* Lengths and directions from the turns. */
static void set_directions(struct waves *w) {
    const size_t m = w->half, d = w->features.dim;
    for (size_t j = 0; j < m; j++) {
        const double *t = w->turns + j * d;
        double square = 0;
        for (size_t a = 0; a < d; a++) square += t[a] * t[a];
        w->length[j] = 6.283185307179586476925 * sqrt(square);
        for (size_t a = 0; a < d; a++) w->unit[j * d + a] = w->unit[(m + j) * d + a] = t[a] / sqrt(square);
    }
}

/* The next vector of whole numbers in -most..most, as digits; half of them come after 0, and the other half are
 * the same waves. */
static void count_up(size_t dim, double most, double *wave) {
    for (size_t a = dim; a-- > 0;) {
        wave[a]++;
        if (wave[a] <= most) return;
        wave[a] = -most;
    }
}

rg_status rg_features_fourier(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic) {
    const rg_estimate_data *data = source->data;
    struct waves *w = create(rg_feature_count(RG_FEATURES_FOURIER, source->size, data->dim) / 2, data->dim);
    double *wave = rg_field_alloc(data->dim);
    if (!w || !wave) {
        if (w) destroy(&w->features);
        rg_free(wave);
        return rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    }
    for (size_t j = 0; j < w->half; j++) {
        count_up(data->dim, (double)source->size, wave);
        for (size_t a = 0; a < data->dim; a++) w->turns[j * data->dim + a] = wave[a] / data->length[a];
    }
    rg_free(wave);
    set_directions(w);
    *features = &w->features;
    return RG_OK;
}

/* Rounds to a wave of the box, the first component that is not 0 made positive. 0 for the constant. */
static int round_to_box(size_t dim, const double *length, double *turns) {
    double first = 0;
    for (size_t a = 0; a < dim; a++) {
        turns[a] = round(turns[a] * length[a]);
        if (first == 0) first = turns[a];
    }
    for (size_t a = 0; a < dim; a++) turns[a] = (first < 0 ? -turns[a] : turns[a]) / length[a] + 0.0;
    return first != 0;
}

static int is_new(const struct waves *w, size_t j) {
    const size_t d = w->features.dim;
    for (size_t i = 0; i < j; i++)
        if (memcmp(w->turns + i * d, w->turns + j * d, d * sizeof *w->turns) == 0) return 0;
    return 1;
}

/* On a torus a bandwidth that has no new wave left gives way to half of it. */
static void draw(struct waves *w, const rg_feature_source *source, gsl_rng *random, size_t j) {
    enum { TRIES = 50 };
    const size_t d = w->features.dim;
    double *turns = w->turns + j * d, h = ldexp(source->bandwidth, LOWEST + (int)(j % RUNGS));
    for (int tries = 1;; tries++) {
        for (size_t a = 0; a < d; a++) turns[a] = gsl_ran_gaussian(random, 1) / (6.283185307179586476925 * h);
        if (!source->data->length) return;
        if (round_to_box(d, source->data->length, turns) && is_new(w, j)) return;
        if (tries % TRIES == 0) h /= 2;
    }
}

rg_status rg_features_random(const rg_feature_source *source, rg_features **features, rg_diagnostic *diagnostic) {
    struct waves *w = create(source->size / 2, source->data->dim);
    gsl_rng *random = w ? gsl_rng_alloc(gsl_rng_mt19937) : NULL;
    rg_status status = random ? RG_OK : rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    if (random) gsl_rng_set(random, source->seed);
    for (size_t j = 0; !status && j < w->half; j++) draw(w, source, random, j);
    if (random) gsl_rng_free(random);
    if (status) {
        if (w) destroy(&w->features);
        return status;
    }
    set_directions(w);
    *features = &w->features;
    return RG_OK;
}
