/* The exact score of N points with wrapped Gaussian noise of variance V on a torus of at most three dimensions.
 *
 * The kernel is a product over the axes, K_a = sum over images. First pass: squared distances to the nearest images, and the
 * least of them. Second pass: the points whose nearest image is within REACH of it in the exponent (a kernel exceeds the term
 * of its nearest image by at most 2 + sqrt(2 pi V) / L an axis), each with all images that count. */
#include "diffusion/density.h"
#include "diffusion/empirical_score.h"

#include <math.h>
#include <omp.h>

static const double REACH = 45;

struct torus {
    rg_point_score score;
    size_t samples;
    double *points; /* (dim, samples), within [0, length) */
    double lower[RG_MAX_DIM], length[RG_MAX_DIM], volume;
    double bandwidth, background;
    int threads;
    double *square; /* (threads, samples): squared distances */
};

static double wrap(double x, double length) {
    return x - length * floor(x / length);
}

static double nearest_image(double difference, double length) {
    return difference > 0.5 * length    ? difference - length
           : difference < -0.5 * length ? difference + length
                                        : difference;
}

/* Fills square[]; returns the place of the least. */
static size_t squares(const struct torus *t, const double *at, double *square) {
    const size_t n = t->samples;
    for (size_t a = 0; a < t->score.dim; a++) {
        const double *y = t->points + a * n, length = t->length[a];
        for (size_t j = 0; j < n; j++) {
            const double d = nearest_image(at[a] - y[j], length);
            square[j] = (a ? square[j] : 0) + d * d;
        }
    }
    size_t least = 0;
    for (size_t j = 1; j < n; j++)
        if (square[j] < square[least]) least = j;
    return least;
}

/* Log of the kernel of point j at `at`, and its gradient. */
static double kernel(const struct torus *t, const double *at, size_t j, double variance, double *slope) {
    double log_kernel = 0;
    for (size_t a = 0; a < t->score.dim; a++)
        log_kernel += rg_wrapped_log(at[a] - t->points[a * t->samples + j], t->length[a], variance, &slope[a]);
    return log_kernel;
}

static void torus_point(const struct torus *t, const double *x, double variance, double *square, double *out,
                        rg_nearest_point *nearest) {
    const size_t dim = t->score.dim;
    double at[RG_MAX_DIM], slope[RG_MAX_DIM], moment[RG_MAX_DIM] = {0}, mass = 0, slack = 0;
    for (size_t a = 0; a < dim; a++) {
        at[a] = wrap(x[a] - t->lower[a], t->length[a]);
        slack += log(2 + sqrt(6.283185307179586 * variance) / t->length[a]);
    }
    const size_t least = squares(t, at, square);
    const double most = square[least] + 2 * variance * (REACH + slack), top = kernel(t, at, least, variance, slope);
    for (size_t j = 0; j < t->samples; j++) {
        if (square[j] > most) continue;
        const double weight = exp(kernel(t, at, j, variance, slope) - top);
        mass += weight;
        for (size_t a = 0; a < dim; a++) moment[a] += weight * slope[a];
    }
    const double log_density = top + log(mass / (double)t->samples);
    const double factor = rg_background_factor(t->background, t->volume, log_density) / mass;
    for (size_t a = 0; a < dim; a++) out[a] = factor * moment[a];
    if (nearest) *nearest = (rg_nearest_point){least, sqrt(square[least])};
}

static rg_status torus_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                          rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    const struct torus *t = (struct torus *)score;
    const double total = variance + t->bandwidth * t->bandwidth;
    const size_t dim = t->score.dim;
    (void)diagnostic;
#pragma omp parallel for schedule(dynamic, 16) num_threads(t->threads)
    for (size_t i = 0; i < count; i++)
        torus_point(t, x + i * dim, total, t->square + (size_t)omp_get_thread_num() * t->samples, out + i * dim,
                    nearest ? nearest + i : NULL);
    return RG_OK;
}

static void torus_destroy(rg_point_score *score) {
    struct torus *t = (struct torus *)score;
    rg_free(t->points);
    rg_free(t->square);
    rg_free(t);
}

rg_status rg_empirical_torus(const rg_space *space, size_t samples, const double *points, double bandwidth,
                             double background, rg_point_score **score) {
    const size_t dim = space->dim;
    struct torus *t = rg_alloc(1, sizeof *t);
    if (!t) return RG_ENOMEM;
    *t = (struct torus){.score = {torus_at, torus_destroy, dim, 1},
                        .samples = samples,
                        .volume = 1,
                        .bandwidth = bandwidth,
                        .background = background,
                        .threads = omp_get_max_threads()};
    t->points = rg_field_alloc(rg_size_product(dim, samples));
    t->square = rg_field_alloc(rg_size_product((size_t)t->threads, samples));
    if (!t->points || !t->square) {
        torus_destroy(&t->score);
        return RG_ENOMEM;
    }
    for (size_t a = 0; a < dim; a++) {
        t->lower[a] = space->lower[a];
        t->length[a] = space->length[a];
        t->volume *= space->length[a];
        for (size_t j = 0; j < samples; j++)
            t->points[a * samples + j] = wrap(points[j * dim + a] - space->lower[a], space->length[a]);
    }
    *score = &t->score;
    return RG_OK;
}
