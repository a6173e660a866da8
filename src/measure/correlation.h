/* How well one number predicts another over a set of members: coefficients with bootstrap intervals. Internal. */
#ifndef RG_CORRELATION_H
#define RG_CORRELATION_H

#include <rotgrad/status.h>

enum { RG_CORRELATION_LEAST = 4 }; /* points below which there is no coefficient */

/* A coefficient of `count` points and its 95 % interval; NaN where it is not defined. */
typedef struct rg_coefficient {
    size_t count;
    double value, low, high;
} rg_coefficient;

typedef struct rg_correlation {
    rg_coefficient pearson_log; /* Pearson's coefficient of log x and log y, of points where both are above 0 */
    rg_coefficient spearman;    /* Spearman's, of points where both are finite; ties share their mean rank */
} rg_correlation;

/* Of n points. The intervals are percentiles of a bootstrap over points: `replicates` draws, the same for the same seed.
 * Draws without variation are left out, and with them the interval when they are more than half. RG_ENOMEM. */
rg_status rg_correlate(size_t n, const double *x, const double *y, size_t replicates, unsigned long seed,
                       rg_correlation *correlation) RG_MUST_CHECK;

#endif
