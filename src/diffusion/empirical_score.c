/* The exact score of N points y_j with Gaussian noise of variance V on R^D:
 *
 *     s(x) = (m - x) / V,   m = sum_j w_j y_j,   w = softmax_j (x.y_j - |y_j|^2 / 2) / V.
 *
 * A tile of particles goes over the points block by block: one product gives the logits of the block, one adds its part to m,
 * and between them the running softmax is rescaled where a new largest logit appears.
 *
 * For V -> 0 the logits are differences of large numbers. Where their rounding exceeds ROUGH, a row keeps the nearest point
 * found so far as its reference, and what may lie within its reach (REACH and the rounding) gets its exact logit against that,
 * ((y_j - y_b).(x - (y_j + y_b) / 2)) / V. Few points do, as V is small. */
#include "diffusion/empirical_score.h"

#include "diffusion/point_products.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double REACH = 45;   /* exp(-45) = 3e-20: points beyond it have no weight */
static const double ROUGH = 1e-9; /* relative error of a weight that is still put up with */
/* Fewer weights than one in so many are summed one by one. */
enum { SPARSE = 16 };

/* One row of a tile: a particle. */
struct row {
    double top;      /* largest logit so far, as the product gives it */
    double mass;     /* sum of weights, that of the reference being 1 */
    double rounding; /* of a logit */
    size_t nearest;  /* the reference */
    int careful;
};

struct scratch {
    double *logit; /* (RG_TILE, RG_BLOCK); then weights */
    struct row row[RG_TILE];
    size_t weights; /* those of the block that are not 0 */
};

struct empirical {
    rg_point_score score;
    size_t dim, samples;
    const double *points; /* borrowed */
    double *half;         /* (samples) |y|^2 / 2 */
    double largest;       /* of |y| */
    double bandwidth;
    int threads;
    struct scratch *scratch; /* (threads) */
};

/* The work on one tile in one block. */
struct block {
    const struct empirical *e;
    struct scratch *s;
    double variance;
    size_t begin, count, rows;
    const double *x; /* (rows, dim) */
    double *sum;     /* (rows, dim): sum of weight times point */
};

static void begin_row(const struct empirical *e, double variance, const double *x, struct row *row) {
    const double size = sqrt(2 * rg_half_square(e->dim, x));
    *row = (struct row){.top = -HUGE_VAL, .nearest = SIZE_MAX};
    row->rounding = rg_product_rounding(e->dim) * e->largest * (size + e->largest) / variance;
    row->careful = !(row->rounding < ROUGH);
}

/* The reference moves: what was summed so far loses the factor. */
static void rescale(const struct block *b, size_t i, double factor) {
    double *sum = b->sum + i * b->e->dim;
    b->s->row[i].mass *= factor;
    if (factor == 1) return;
    for (size_t a = 0; a < b->e->dim; a++) sum[a] *= factor;
}

static double logits(const struct block *b, size_t i, size_t *best) {
    const double *half = b->e->half + b->begin, scale = 1 / b->variance;
    double *logit = b->s->logit + i * b->count, top = -HUGE_VAL;
    for (size_t j = 0; j < b->count; j++) {
        logit[j] = (logit[j] - half[j]) * scale;
        if (logit[j] > top) top = logit[j], *best = j;
    }
    return top;
}

static void plain_row(const struct block *b, size_t i) {
    struct row *row = &b->s->row[i];
    double *weight = b->s->logit + i * b->count, mass = 0;
    size_t best = 0, count = 0;
    const double top = logits(b, i, &best);
    if (top > row->top) {
        rescale(b, i, exp(row->top - top));
        row->top = top;
        row->nearest = b->begin + best;
    }
    for (size_t j = 0; j < b->count; j++) {
        const double logit = weight[j] - row->top;
        weight[j] = logit > -REACH ? exp(logit) : 0;
        count += logit > -REACH;
        mass += weight[j];
    }
    row->mass += mass;
    b->s->weights += count;
}

/* Logits of the product are good enough to tell who comes into question. */
static void careful_row(const struct block *b, size_t i) {
    struct row *row = &b->s->row[i];
    const size_t dim = b->e->dim;
    const double *x = b->x + i * dim, *points = b->e->points;
    double *weight = b->s->logit + i * b->count;
    size_t best = 0;
    row->top = fmax(row->top, logits(b, i, &best));
    const double least = row->top - REACH - 2 * row->rounding;
    for (size_t j = 0; j < b->count; j++) {
        if (weight[j] < least) continue;
        const double *y = points + (b->begin + j) * dim;
        const int first = row->nearest == SIZE_MAX;
        const double lead = first ? 0 : rg_nearer_by(dim, x, points + row->nearest * dim, y) / b->variance;
        if (!first && !(lead > 0)) continue;
        rescale(b, i, exp(-lead));
        row->nearest = b->begin + j;
    }
    for (size_t j = 0; j < b->count; j++) {
        double logit = -HUGE_VAL;
        if (weight[j] >= least)
            logit = rg_nearer_by(dim, x, points + row->nearest * dim, points + (b->begin + j) * dim) / b->variance;
        weight[j] = logit > -REACH ? exp(logit) : 0;
        row->mass += weight[j];
        b->s->weights += weight[j] > 0;
    }
}

static void add_points(const struct block *b) {
    const size_t dim = b->e->dim;
    const double *points = b->e->points + b->begin * dim, *weight = b->s->logit;
    if (b->s->weights * SPARSE >= b->rows * b->count) {
        rg_combine(b->rows, b->count, dim, weight, points, b->sum);
        return;
    }
    for (size_t i = 0; b->s->weights > 0 && i < b->rows; i++)
        for (size_t j = 0; j < b->count; j++) {
            const double w = weight[i * b->count + j];
            if (w == 0) continue;
            for (size_t a = 0; a < dim; a++) b->sum[i * dim + a] += w * points[j * dim + a];
        }
}

static void do_block(const struct block *b) {
    rg_products(b->rows, b->count, b->e->dim, b->x, b->e->points + b->begin * b->e->dim, b->s->logit);
    b->s->weights = 0;
    for (size_t i = 0; i < b->rows; i++)
        if (b->s->row[i].careful)
            careful_row(b, i);
        else
            plain_row(b, i);
    add_points(b);
}

static void do_tile(const struct empirical *e, struct scratch *s, double variance, size_t rows, const double *x,
                    double *out, rg_nearest_point *nearest) {
    struct block b = {.e = e, .s = s, .variance = variance, .rows = rows, .x = x, .sum = out};
    memset(out, 0, rows * e->dim * sizeof *out);
    for (size_t i = 0; i < rows; i++) begin_row(e, variance, x + i * e->dim, &s->row[i]);
    for (b.begin = 0; b.begin < e->samples; b.begin += RG_BLOCK) {
        b.count = e->samples - b.begin < RG_BLOCK ? e->samples - b.begin : RG_BLOCK;
        do_block(&b);
    }
    for (size_t i = 0; i < rows; i++) {
        const double *at = x + i * e->dim;
        double *score = out + i * e->dim;
        for (size_t a = 0; a < e->dim; a++) score[a] = (score[a] / s->row[i].mass - at[a]) / variance;
        if (!nearest) continue;
        const size_t k = s->row[i].nearest;
        nearest[i] = (rg_nearest_point){k, sqrt(rg_point_square(e->dim, at, e->points + k * e->dim))};
    }
}

static rg_status empirical_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                              rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    const struct empirical *e = (struct empirical *)score;
    const double total = variance + e->bandwidth * e->bandwidth;
    const size_t tiles = (count + RG_TILE - 1) / RG_TILE;
    (void)diagnostic;
    rg_dense_begin();
#pragma omp parallel for schedule(dynamic) num_threads(e->threads)
    for (size_t t = 0; t < tiles; t++) {
        const size_t begin = t * RG_TILE, rows = count - begin < RG_TILE ? count - begin : RG_TILE;
        do_tile(e, &e->scratch[omp_get_thread_num()], total, rows, x + begin * e->dim, out + begin * e->dim,
                nearest ? nearest + begin : NULL);
    }
    rg_dense_end();
    return RG_OK;
}

static void empirical_destroy(rg_point_score *score) {
    struct empirical *e = (struct empirical *)score;
    for (int t = 0; e->scratch && t < e->threads; t++) rg_free(e->scratch[t].logit);
    rg_free(e->scratch);
    rg_free(e->half);
    rg_free(e);
}

rg_status rg_empirical_free(const rg_space *space, size_t samples, const double *points, double bandwidth,
                            rg_point_score **score) {
    struct empirical *e = rg_alloc(1, sizeof *e);
    if (!e) return RG_ENOMEM;
    *e = (struct empirical){.score = {empirical_at, empirical_destroy, space->dim, 1},
                            .dim = space->dim,
                            .samples = samples,
                            .points = points,
                            .bandwidth = bandwidth,
                            .threads = omp_get_max_threads()};
    e->half = rg_field_alloc(samples);
    e->scratch = rg_alloc((size_t)e->threads, sizeof *e->scratch);
    int ready = e->half && e->scratch;
    const size_t block = samples < RG_BLOCK ? samples : RG_BLOCK;
    for (int t = 0; ready && t < e->threads; t++)
        ready = (e->scratch[t].logit = rg_field_alloc(RG_TILE * block)) != NULL;
    if (!ready) {
        empirical_destroy(&e->score);
        return RG_ENOMEM;
    }
    for (size_t j = 0; j < samples; j++) {
        e->half[j] = rg_half_square(e->dim, points + j * e->dim);
        e->largest = fmax(e->largest, sqrt(2 * e->half[j]));
    }
    *score = &e->score;
    return RG_OK;
}
