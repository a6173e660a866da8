/* Copies among samples: ratios of neighbour distances against those of held-out points. */
#include "diffusion/point_products.h"

#include <rotgrad/memorise.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double ALPHA = 0.05, NORMAL_95 = 1.959963984540054;

/* ---- numbers */

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted values. */
static double quantile(size_t count, const double *sorted, double q) {
    const double at = q * (double)(count - 1);
    const size_t i = (size_t)at;
    return i + 1 < count ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[count - 1];
}

static rg_quantiles quantiles(size_t count, const double *values, double *work) {
    memcpy(work, values, count * sizeof *work);
    qsort(work, count, sizeof *work, ascending);
    return (rg_quantiles){quantile(count, work, 0.05), quantile(count, work, 0.5), quantile(count, work, 0.95)};
}

/* How many sorted values are <= x. */
static size_t rank(size_t count, const double *sorted, double x) {
    size_t low = 0, high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (sorted[middle] <= x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double log_beta(double a, double b) {
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* P(X >= copies): of M exchangeable values with H others, those below the k-th of the others: beta-binomial (M; k, H + 1 - k). */
static double tail(size_t copies, size_t samples, size_t k, size_t null) {
    const double m = (double)samples, a = (double)k, b = (double)(null + 1 - k);
    double sum = 0;
    for (size_t i = copies; i <= samples; i++) {
        const double x = (double)i, log_choose = lgamma(m + 1) - lgamma(x + 1) - lgamma(m - x + 1);
        sum += exp(log_choose + log_beta(x + a, m - x + b) - log_beta(a, b));
    }
    return fmin(1, sum);
}

static void wilson(rg_memorised *r) {
    const double n = (double)r->samples, p = (double)r->copies / n, z2 = NORMAL_95 * NORMAL_95;
    const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = NORMAL_95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    r->share = p;
    r->share_low = fmax(0, middle - half);
    r->share_high = fmin(1, middle + half);
}

static double ratio_of(const rg_neighbours *n) {
    return n->distance[1] > 0 ? n->distance[0] / n->distance[1] : 0; /* both 0: their squares underflow */
}

/* ---- the work */

struct null {
    size_t count;
    rg_neighbours *neighbour;
    double *ratio, *distance, *work; /* ratio becomes sorted; work holds the larger of null and samples */
};

static rg_status check_numbers(const char *name, size_t rows, size_t dim, const double *points,
                               rg_diagnostic *diagnostic) {
    for (size_t i = 0; i < rows * dim; i++) {
        if (!isfinite(points[i])) return rg_fail(diagnostic, RG_EINVAL, "%s: row %zu is not finite", name, i / dim);
        if (fabs(points[i]) > RG_MEMORISE_LARGEST)
            return rg_fail(diagnostic, RG_EINVAL, "%s: row %zu is too large for its square: rescale all points", name,
                           i / dim);
    }
    return RG_OK;
}

/* Whether all distances would be 0, though the points differ. */
static int vanish(size_t rows, size_t dim, const double *points) {
    double largest = 0;
    for (size_t i = 0; i < rows * dim; i++) largest = fmax(largest, fabs(points[i]));
    return largest > 0 && largest < 1 / RG_MEMORISE_LARGEST;
}

static rg_status check(const rg_memorise_data *d, rg_diagnostic *diagnostic) {
    if (d->dim < 1 || !d->train_points || !d->sample_points || (d->held_out && !d->held_out_points))
        return rg_fail(diagnostic, RG_EINVAL, "expected points of at least one dimension");
    if (d->train < 2) return rg_fail(diagnostic, RG_EINVAL, "expected at least two training points, got %zu", d->train);
    if (!d->held_out && d->train < 3)
        return rg_fail(diagnostic, RG_EINVAL, "expected held-out points, or at least three training points");
    if (d->samples < 1) return rg_fail(diagnostic, RG_EINVAL, "expected at least one sample");
    if (d->alpha != 0 && !(d->alpha > 0 && d->alpha < 1))
        return rg_fail(diagnostic, RG_EINVAL, "expected an alpha in (0, 1), got %g", d->alpha);
    rg_status status = check_numbers("training data", d->train, d->dim, d->train_points, diagnostic);
    if (!status) status = check_numbers("samples", d->samples, d->dim, d->sample_points, diagnostic);
    if (!status && d->held_out)
        status = check_numbers("held-out data", d->held_out, d->dim, d->held_out_points, diagnostic);
    if (!status && vanish(d->train, d->dim, d->train_points))
        return rg_fail(diagnostic, RG_EINVAL,
                       "the training points are too small for their squares: rescale all points");
    return status;
}

static rg_status search(const rg_memorise_data *d, rg_memorised *r, struct null *null) {
    const int own = d->held_out == 0;
    const size_t most = null->count > d->samples ? null->count : d->samples;
    null->neighbour = rg_alloc(null->count, sizeof *null->neighbour);
    null->ratio = rg_field_alloc(null->count);
    null->distance = rg_field_alloc(most);
    null->work = rg_field_alloc(most);
    r->neighbour = rg_alloc(d->samples, sizeof *r->neighbour);
    r->ratio = rg_field_alloc(d->samples);
    r->p_value = rg_field_alloc(d->samples);
    if (!null->neighbour || !null->ratio || !null->distance || !null->work || !r->neighbour || !r->ratio || !r->p_value)
        return RG_ENOMEM;
    const rg_status status =
        rg_two_nearest(d->dim, d->train, d->train_points, null->count, own ? d->train_points : d->held_out_points, own,
                       null->neighbour, d->progress, d->progress_data);
    if (status) return status;
    return rg_two_nearest(d->dim, d->train, d->train_points, d->samples, d->sample_points, 0, r->neighbour, d->progress,
                          d->progress_data);
}

static void fill_null(rg_memorised *r, struct null *null) {
    for (size_t i = 0; i < null->count; i++) {
        null->ratio[i] = ratio_of(&null->neighbour[i]);
        null->distance[i] = null->neighbour[i].distance[0];
    }
    r->distance_of_null = quantiles(null->count, null->distance, null->work);
    r->ratio_of_null = quantiles(null->count, null->ratio, null->work);
    qsort(null->ratio, null->count, sizeof *null->ratio, ascending);
}

static void judge(rg_memorised *r, struct null *null) {
    const double places = (double)null->count + 1;
    const size_t k = (size_t)fmin(r->alpha * places * (1 + 1e-12), (double)null->count); /* alpha may be 1 - epsilon */
    r->threshold = k > 0 ? null->ratio[k - 1] : 0;
    for (size_t i = 0; i < r->samples; i++) {
        r->ratio[i] = ratio_of(&r->neighbour[i]);
        null->distance[i] = r->neighbour[i].distance[0];
        r->p_value[i] = (1 + (double)rank(null->count, null->ratio, r->ratio[i])) / places;
        r->copies += k > 0 && r->ratio[i] < r->threshold;
        r->exact += r->neighbour[i].distance[0] == 0;
    }
    r->ratio_of_samples = quantiles(r->samples, r->ratio, null->work);
    r->distance_of_samples = quantiles(r->samples, null->distance, null->work);
    r->test = k > 0 ? tail(r->copies, r->samples, k, null->count) : 1;
    wilson(r);
}

/* More copies first, then the earlier point. */
static int by_copies(const void *a, const void *b) {
    const rg_copied *x = a, *y = b;
    if (x->copies != y->copies) return x->copies > y->copies ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static rg_status count_copied(rg_memorised *r) {
    rg_copied *copied = rg_alloc(r->train, sizeof *copied);
    if (!copied) return RG_ENOMEM;
    for (size_t j = 0; j < r->train; j++) copied[j].index = j;
    for (size_t i = 0; i < r->samples; i++)
        if (r->ratio[i] < r->threshold) copied[r->neighbour[i].index[0]].copies++;
    qsort(copied, r->train, sizeof *copied, by_copies);
    while (r->visited < r->train && copied[r->visited].copies > 0) r->visited++;
    r->listed = r->visited < RG_MOST_COPIED ? r->visited : RG_MOST_COPIED;
    memcpy(r->most, copied, r->listed * sizeof *copied);
    rg_free(copied);
    return RG_OK;
}

rg_status rg_memorise(const rg_memorise_data *data, rg_memorised *memorised, rg_diagnostic *diagnostic) {
    if (!data || !memorised) return rg_fail(diagnostic, RG_EINVAL, "memorise: no data");
    rg_status status = check(data, diagnostic);
    if (status) return status;
    rg_memorised r = {.dim = data->dim,
                      .train = data->train,
                      .samples = data->samples,
                      .held_out = data->held_out,
                      .leave_one_out = data->held_out == 0,
                      .alpha = data->alpha > 0 ? data->alpha : ALPHA};
    struct null null = {.count = data->held_out ? data->held_out : data->train};
    status = search(data, &r, &null);
    if (!status && !isfinite(r.neighbour[0].distance[1])) status = RG_EDOMAIN; /* what is so for one is so for all */
    if (!status && !isfinite(null.neighbour[0].distance[1])) status = RG_EDOMAIN;
    if (!status) {
        fill_null(&r, &null);
        judge(&r, &null);
        status = count_copied(&r);
    }
    if (!status) status = rg_points_repeated(data->train, data->dim, data->train_points, &r.repeated);
    rg_free(null.neighbour);
    rg_free(null.ratio);
    rg_free(null.distance);
    rg_free(null.work);
    if (status) {
        rg_memorised_free(&r);
        if (status == RG_EDOMAIN)
            return rg_fail(diagnostic, status,
                           "the training points stand at one place, or two: there is no second nearest");
        return status == RG_ECANCELLED ? status : rg_fail(diagnostic, status, "%s", rg_status_text(status));
    }
    *memorised = r;
    return RG_OK;
}

void rg_memorised_free(rg_memorised *memorised) {
    rg_free(memorised->neighbour);
    rg_free(memorised->ratio);
    rg_free(memorised->p_value);
    *memorised = (rg_memorised){0};
}
