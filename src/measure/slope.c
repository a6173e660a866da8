/* (d_v - L)(a |grad f|^2 + (f - m)^2) <= (D a' + 2 kappa D a - 2 D) |grad f|^2 = 0, L the generator: the greatest value of such
 * a sum does not grow. Source: docs/wasserstein.md. */
#include "measure/slope.h"

#include <math.h>

double rg_slope_bernstein(double kappa, double range) {
    return sqrt(1 + 0.25 * kappa * range * range);
}

double rg_slope_smoothing(double growth, double range) {
    const double x = 2 * growth, tiny = 1e-12; /* x / (1 - exp(-x)) is 1 + x/2 there */
    return 0.5 * range * sqrt(0.5 * (x > tiny ? x / -expm1(-x) : 1));
}

double rg_slope_range(const rg_grid *grid) {
    double square = 0;
    for (int a = 0; a < grid->dim; a++) square += 0.25 * grid->length[a] * grid->length[a];
    return sqrt(square);
}

/* Of the last interval, from v1 to v2: two intervals in one differ from two by three times their error where the nodes are
 * even, and every two are seen twice but for the first and the last: half the difference. Of the first interval, which has
 * none before it, what lies between the rates at its two ends. */
static double rule_error(const rg_growth *g, double v2, double rate2) {
    const double v1 = g->variance[0], v0 = g->variance[1], rate1 = g->rate[0].value, rate0 = g->rate[1].value;
    if (g->count == 1) return 0.5 * (v2 - v1) * fabs(rate2 - rate1);
    const double one = (v2 - v0) * (rate0 + rate2), two = (v1 - v0) * (rate0 + rate1) + (v2 - v1) * (rate1 + rate2);
    return 0.25 * fabs(one - two);
}

void rg_growth_add(rg_growth *g, double variance, rg_value rate) {
    const double high = fmax(g->steepest.value + g->steepest.error, rate.value + rate.error);
    g->steepest.value = fmax(g->steepest.value, rate.value);
    g->steepest.error = fmax(high - g->steepest.value, 0);
    if (g->count > 0) {
        const double half = 0.5 * (variance - g->variance[0]);
        g->exponent.value += half * (g->rate[0].value + rate.value);
        g->exponent.error += half * (g->rate[0].error + rate.error) + rule_error(g, variance, rate.value);
    }
    g->variance[1] = g->variance[0];
    g->rate[1] = g->rate[0];
    g->variance[0] = variance;
    g->rate[0] = rate;
    g->count++;
}
