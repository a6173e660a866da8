/* Pearson's coefficient of logarithms, Spearman's coefficient, and the percentile bootstrap over points. */
#include "measure/correlation.h"

#include "base/base.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

static const double tail = 0.025;

/* Memory of one pair: points that count, points drawn again, what GSL needs for ranks, coefficients of the draws. */
typedef struct pairs {
    size_t count;
    double *x, *y, *drawn_x, *drawn_y, *work, *draws;
} pairs;

typedef double coefficient(const pairs *p, const double *x, const double *y);

static int varies(size_t n, const double *values) {
    for (size_t i = 1; i < n; i++)
        if (values[i] != values[0]) return 1;
    return 0;
}

static double pearson(const pairs *p, const double *x, const double *y) {
    return gsl_stats_correlation(x, 1, y, 1, p->count);
}

static double spearman(const pairs *p, const double *x, const double *y) {
    return gsl_stats_spearman(x, 1, y, 1, p->count, p->work);
}

static double of(const pairs *p, coefficient *f, const double *x, const double *y) {
    return varies(p->count, x) && varies(p->count, y) ? f(p, x, y) : (double)NAN;
}

static double quantile(size_t n, const double *sorted, double at) {
    return gsl_stats_quantile_from_sorted_data(sorted, 1, n, at);
}

static void set_interval(const pairs *p, coefficient *f, size_t replicates, gsl_rng *random, rg_coefficient *c) {
    size_t kept = 0;
    for (size_t r = 0; r < replicates; r++) {
        for (size_t i = 0; i < p->count; i++) {
            const size_t k = gsl_rng_uniform_int(random, p->count);
            p->drawn_x[i] = p->x[k];
            p->drawn_y[i] = p->y[k];
        }
        const double value = of(p, f, p->drawn_x, p->drawn_y);
        if (isfinite(value)) p->draws[kept++] = value;
    }
    if (2 * kept < replicates || kept == 0) return;
    gsl_sort(p->draws, 1, kept);
    c->low = quantile(kept, p->draws, tail);
    c->high = quantile(kept, p->draws, 1 - tail);
}

static rg_coefficient evaluate(const pairs *p, coefficient *f, size_t replicates, unsigned long seed, gsl_rng *random) {
    rg_coefficient c = {p->count, (double)NAN, (double)NAN, (double)NAN};
    if (p->count < RG_CORRELATION_LEAST) return c;
    c.value = of(p, f, p->x, p->y);
    gsl_rng_set(random, seed);
    if (isfinite(c.value)) set_interval(p, f, replicates, random, &c);
    return c;
}

static void gather(size_t n, const double *x, const double *y, int as_logs, pairs *p) {
    p->count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i]) || (as_logs && !(x[i] > 0 && y[i] > 0))) continue;
        p->x[p->count] = as_logs ? log(x[i]) : x[i];
        p->y[p->count++] = as_logs ? log(y[i]) : y[i];
    }
}

rg_status rg_correlate(size_t n, const double *x, const double *y, size_t replicates, unsigned long seed,
                       rg_correlation *correlation) {
    const size_t arrays = 6; /* x, y, drawn x and y, and twice n of work */
    if (n > SIZE_MAX / arrays - replicates) return RG_ENOMEM;
    double *memory = rg_field_alloc(arrays * n + replicates + 1);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    if (memory && random) {
        pairs p = {.x = memory, .y = memory + n, .drawn_x = memory + 2 * n, .drawn_y = memory + 3 * n};
        p.work = memory + 4 * n;
        p.draws = memory + arrays * n;
        gather(n, x, y, 1, &p);
        correlation->pearson_log = evaluate(&p, pearson, replicates, seed, random);
        gather(n, x, y, 0, &p);
        correlation->spearman = evaluate(&p, spearman, replicates, seed, random);
    }
    const rg_status status = memory && random ? RG_OK : RG_ENOMEM;
    if (random) gsl_rng_free(random);
    rg_free(memory);
    return status;
}
