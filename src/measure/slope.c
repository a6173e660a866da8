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
