#include "measure/mass_bound.h"

#include "base/base.h"

#include <math.h>

static const double accuracy = 1e-3;

static double largest(ptrdiff_t n, const double *values) {
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (isfinite(values[i])) most = fmax(most, fabs(values[i]));
    return most;
}

static double mass_above(ptrdiff_t n, const double *density, const double *values, double bound) {
    double mass = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (isfinite(values[i]) && fabs(values[i]) > bound) mass += density[i];
    return mass;
}

double rg_mass_bound(ptrdiff_t n, const double *density, const double *values, double share) {
    const double allowed = share * rg_sum(n, density);
    if (mass_above(n, density, values, 0) <= allowed) return 0;
    double low = 0, high = largest(n, values);
    while (high - low > accuracy * high) {
        const double middle = low + (high - low) / 2;
        *(mass_above(n, density, values, middle) > allowed ? &low : &high) = middle;
    }
    return high;
}
