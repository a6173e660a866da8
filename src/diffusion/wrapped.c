/* The wrapped Gaussian by its image sum: all terms are positive, so tails keep relative accuracy.
 *
 * Images below exp(-40) = 4e-18 of the nearest one are left out. */
#include "diffusion/density.h"

#include <math.h>

static const double negligible = -40;

struct images {
    double distance, sum, moment; /* to the nearest image; sums relative to its term */
};

static struct images image_sum(double x, double length, double variance) {
    struct images s = {x - length * floor(x / length + 0.5), 1, 0};
    const double d = s.distance;
    s.moment = d;
    for (int sign = -1; sign <= 1; sign += 2)
        for (int k = 1;; k++) {
            const double at = d + sign * k * length, exponent = 0.5 * (d - at) * (d + at) / variance;
            if (exponent < negligible) break; /* images farther out on this side are smaller still */
            const double term = exp(exponent);
            s.sum += term;
            s.moment += at * term;
        }
    return s;
}

double rg_wrapped_log(double x, double length, double noise, double *slope) {
    const double variance = rg_at_most_broad(noise, length);
    const struct images s = image_sum(x, length, variance);
    *slope = -s.moment / (s.sum * variance);
    return log(s.sum) - 0.5 * s.distance * s.distance / variance - 0.5 * log(6.283185307179586 * variance);
}

double rg_wrapped(double x, double length, double noise, double *derivative) {
    const double variance = rg_at_most_broad(noise, length);
    const struct images s = image_sum(x, length, variance);
    const double main_term = exp(-0.5 * s.distance * s.distance / variance) / sqrt(6.283185307179586 * variance);
    *derivative = -s.moment * main_term / variance;
    return s.sum * main_term;
}
