/* The average and its 95 % interval.
 *
 * To first order in 1/N the value is the mean of its influence u = 2 (linear term) - |grad psi|^2, where each sample
 * meets the psi of the folds it is not in; with a ridge, plus what the sample does to the value by moving the coefficients
 * (estimate_bias.c). The interval is the percentile bootstrap of that mean over cells of consecutive samples, moved to the
 * average: a draw costs one sum over the cells, not a fit. Percentiles are stretched by t_(cells-1) / normal and
 * sqrt(cells / (cells - 1)), which matters when there are few cells.
 *
 * The psi that a sample meets has noise of its own, by which the variance of the influences grows by 2 K/(K - 1) times the
 * variance of pairs, K folds, where the value's grows by it once. As with the jackknife (Efron, Stein 1981) the error is
 * too large rather than too small; it is left so, because the choice of the ridge adds some that nothing here counts.
 *
 * The average is right as far as the two biases are. Where in-sample and held-out values are not as far apart as those say,
 * either bias may be wrong by the difference: the interval is widened, on each side by the worse of what that makes of the
 * average. An energy is not negative: the interval is cut at 0. */
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

/* The weight of the in-sample value in the average. */
static double weight_of(const rg_estimate_result *r) {
    const double both = r->in_sample_bias + r->held_out_bias;
    return both > 0 ? r->held_out_bias / both : 0.5;
}

/* The interval from the percentiles of the deviation. */
static void set_interval(double low, double high, rg_estimate_result *r) {
    const double weight = weight_of(r), other = 1 - weight;
    const double rest = r->in_sample - r->held_out - r->in_sample_bias - r->held_out_bias;
    r->interval[0] = fmax(r->average + low - fmax(weight * rest, -other * rest), 0);
    r->interval[1] = fmax(r->average + high + fmax(other * rest, -weight * rest), 0);
}

rg_status rg_estimate_interval(const rg_sampling *s, const double *influence, const rg_second_order *second,
                               const rg_estimate_options *options, rg_estimate_result *result) {
    const size_t replicates = options->replicates ? options->replicates : REPLICATES;
    const double freedom = (double)s->cells - 1;
    double *sums = rg_field_alloc(s->cells), *means = rg_field_alloc(replicates);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    const rg_status status = sums && means && random ? RG_OK : RG_ENOMEM;
    if (!status) {
        const double weight = weight_of(result);
        result->average = weight * result->in_sample + (1 - weight) * result->held_out;
        rg_cell_sums(s, influence, sums);
        for (size_t c = 0; c < s->cells; c++) sums[c] += second->pull[c];
        const double first = rg_cell_error(s, sums);
        result->standard_error = fmax(first, sqrt(second->variance)); /* pairs are the least */
        gsl_rng_set(random, options->seed + 1);
        draw(s, sums, replicates, random, means);
        const double stretch = (first > 0 ? result->standard_error / first : 1) * sqrt((freedom + 1) / freedom) *
                               gsl_cdf_tdist_Qinv(tail, freedom) / gsl_cdf_ugaussian_Qinv(tail);
        const double low = quantile(means, replicates, tail), high = quantile(means, replicates, 1 - tail);
        set_interval(stretch * (low - result->held_out), stretch * (high - result->held_out), result);
    }
    if (random) gsl_rng_free(random);
    rg_free(sums);
    rg_free(means);
    return status;
}
