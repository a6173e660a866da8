/* The average and its 95 % interval.
 *
 * To first order in 1/N the value is the mean of its influence u = 2 (linear term) - |grad psi|^2, where each sample
 * meets the psi of the folds it is not in; with a ridge, plus what the sample does to the value by moving the coefficients
 * (estimate_bias.c). The interval is the percentile bootstrap of that mean over cells of consecutive samples, moved to the
 * average: a draw costs one sum over the cells, not a fit. Percentiles are stretched by t_(cells-1) / normal and
 * sqrt(cells / (cells - 1)), which matters when there are few cells, and so that the variance of pairs of samples is in
 * them. An energy is not negative: the interval is cut at 0. */
#include "measure/estimate.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>

enum { REPLICATES = 2000 };
static const double tail = 0.025;

void rg_cell_sums(const rg_sampling *s, const double *values, double *sums) {
    for (size_t c = 0; c < s->cells; c++) {
        sums[c] = 0;
        for (size_t i = 0; i < rg_cell_size(s, c); i++) sums[c] += values[c * s->cell_length + i];
    }
}

double rg_cell_error(const rg_sampling *s, const double *sums) {
    double mean = 0, square = 0;
    for (size_t c = 0; c < s->cells; c++) mean += sums[c];
    mean /= (double)s->samples;
    for (size_t c = 0; c < s->cells; c++) {
        const double away = sums[c] - mean * (double)rg_cell_size(s, c);
        square += away * away;
    }
    const double cells = (double)s->cells;
    return sqrt(square * cells / (cells - 1)) / (double)s->samples;
}

/* Means of samples drawn again, cell by cell. */
static void draw(const rg_sampling *s, const double *sums, size_t replicates, gsl_rng *random, double *means) {
    for (size_t r = 0; r < replicates; r++) {
        double sum = 0, size = 0;
        for (size_t i = 0; i < s->cells; i++) {
            const size_t c = gsl_rng_uniform_int(random, s->cells);
            sum += sums[c];
            size += (double)rg_cell_size(s, c);
        }
        means[r] = sum / size;
    }
    gsl_sort(means, 1, replicates);
}

/* Linear between the values in order. */
static double quantile(const double *sorted, size_t count, double at) {
    const double place = at * (double)(count - 1), below = floor(place);
    const size_t i = (size_t)below;
    return i + 1 < count ? sorted[i] + (place - below) * (sorted[i + 1] - sorted[i]) : sorted[count - 1];
}

static void set_average(rg_estimate_result *r) {
    const double both = r->in_sample_bias + r->held_out_bias;
    const double weight = both > 0 ? r->held_out_bias / both : 0.5;
    r->average = weight * r->in_sample + (1 - weight) * r->held_out;
}

rg_status rg_estimate_interval(const rg_sampling *s, const double *influence, const rg_second_order *second,
                               const rg_estimate_options *options, rg_estimate_result *result) {
    const size_t replicates = options->replicates ? options->replicates : REPLICATES;
    const double freedom = (double)s->cells - 1;
    double *sums = rg_field_alloc(s->cells), *means = rg_field_alloc(replicates);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    const rg_status status = sums && means && random ? RG_OK : RG_ENOMEM;
    if (!status) {
        set_average(result);
        rg_cell_sums(s, influence, sums);
        for (size_t c = 0; c < s->cells; c++) sums[c] += second->pull[c];
        const double first = rg_cell_error(s, sums);
        result->standard_error = sqrt(first * first + second->variance);
        gsl_rng_set(random, options->seed + 1);
        draw(s, sums, replicates, random, means);
        const double stretch = (first > 0 ? result->standard_error / first : 1) * sqrt((freedom + 1) / freedom) *
                               gsl_cdf_tdist_Qinv(tail, freedom) / gsl_cdf_ugaussian_Qinv(tail);
        const double low = quantile(means, replicates, tail), high = quantile(means, replicates, 1 - tail);
        result->interval[0] = fmax(result->average + stretch * (low - result->held_out), 0);
        result->interval[1] = fmax(result->average + stretch * (high - result->held_out), 0);
    }
    if (random) gsl_rng_free(random);
    rg_free(sums);
    rg_free(means);
    return status;
}
