/* The kernel Stein discrepancy, squared: the mean over pairs x != y of
 *
 *     f s.s' + 2 f' g.(s' - s) - 4 f'' |g|^2 - 2 f' h,   s = s_theta(x), s' = s_theta(y)
 *
 * with k(x, y) = f(q), q = |x - y|^2, g = x - y, h = D; on a torus q = sum (L/pi)^2 sin^2(pi (x - y)/L),
 * g = L/(2 pi) sin(2 pi (x - y)/L), h = sum cos(2 pi (x - y)/L). f = (1 + q/bandwidth^2)^(-1/2).
 * In expectation it is E[e(x).e(y) k(x, y)]: 0 for no error at all, not for an error that is solenoidal. */
#include "measure/estimate.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLES = 1000 };

struct pairs {
    const rg_estimate_data *data;
    double bandwidth;
    size_t count;
    size_t *sample; /* ascending */
    double *mean;   /* (count) over the other points */
};

static double stein_kernel(const struct pairs *p, const double *x, const double *y, const double *s, const double *t) {
    const double *length = p->data->length, turn = 6.283185307179586476925;
    double q = 0, product = 0, along = 0, square = 0, h = 0;
    for (size_t a = 0; a < p->data->dim; a++) {
        double g = x[a] - y[a], c = 1, part = g * g;
        if (length) {
            const double angle = turn * g / length[a], half = sin(0.5 * angle);
            c = cos(angle);
            g = length[a] / turn * sin(angle);
            part = 4 * (length[a] / turn) * (length[a] / turn) * half * half;
        }
        q += part;
        product += s[a] * t[a];
        along += g * (t[a] - s[a]);
        square += g * g;
        h += c;
    }
    const double inverse = 1 / (p->bandwidth * p->bandwidth), w = 1 / (1 + q * inverse), f = sqrt(w);
    const double first = -0.5 * inverse * w * f, second = 0.75 * inverse * inverse * w * w * f;
    return f * product + 2 * first * along - 4 * second * square - 2 * first * h;
}

static int ascending(const void *a, const void *b) {
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void choose(const rg_sampling *sampling, struct pairs *p) {
    for (size_t i = 0; i < p->count; i++)
        p->sample[i] = sampling->order[(size_t)((double)i * (double)sampling->samples / (double)p->count)];
    qsort(p->sample, p->count, sizeof *p->sample, ascending);
}

static void sum_rows(struct pairs *p) {
    const size_t d = p->data->dim;
    const double *x = p->data->points, *s = p->data->score;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < p->count; i++) {
        const size_t at = p->sample[i] * d;
        double sum = 0;
        for (size_t j = 0; j < p->count; j++) {
            const size_t other = p->sample[j] * d;
            if (j != i) sum += stein_kernel(p, x + at, x + other, s + at, s + other);
        }
        p->mean[i] = sum / (double)(p->count - 1);
    }
}

/* Of the mean over pairs: twice that of the mean of the rows, blocks of a time series taken together. */
static double error_of(const struct pairs *p, size_t block, double mean) {
    double square = 0, sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        sum += p->mean[i] - mean;
        if (i + 1 < p->count && p->sample[i + 1] / block == p->sample[i] / block) continue;
        square += sum * sum;
        sum = 0;
    }
    return 2 * sqrt(square) / (double)p->count;
}

rg_status rg_stein_discrepancy(const rg_estimate_data *data, const rg_sampling *sampling,
                               const rg_estimate_options *options, rg_estimate_result *result) {
    const size_t wanted = options->discrepancy_samples ? options->discrepancy_samples : SAMPLES;
    result->discrepancy = result->discrepancy_error = (double)NAN;
    result->discrepancy_samples = 0;
    if (!data->score) return RG_OK;
    struct pairs p = {.data = data, .bandwidth = result->bandwidth};
    p.count = wanted < data->samples ? wanted : data->samples;
    p.sample = rg_alloc(p.count, sizeof *p.sample);
    p.mean = rg_field_alloc(p.count);
    const rg_status status = p.sample && p.mean ? RG_OK : RG_ENOMEM;
    if (!status) {
        choose(sampling, &p);
        sum_rows(&p);
        result->discrepancy = rg_sum((ptrdiff_t)p.count, p.mean) / (double)p.count;
        result->discrepancy_error = error_of(&p, sampling->block, result->discrepancy);
        result->discrepancy_samples = p.count;
    }
    rg_free(p.sample);
    rg_free(p.mean);
    return status;
}
