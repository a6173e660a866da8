/* Sines and cosines of many angles at once, in a form that compilers turn into SIMD.
 *
 * 4 t is rounded to a whole number q of quarter turns, y = 2 pi (t - q/4) with |y| <= pi/4; the Taylor series of sin y and
 * cos y (to y^15 and y^16: remainders below 5e-17 and 3e-18); then an odd q exchanges the two, and q's second bit and that
 * of q + 1 are their signs. */
#include "measure/estimate.h"

#include <string.h>

/* Adding 1.5 * 2^52 rounds to a whole number, |q| < 2^51, whose last bits are those of the sum. */
static const double rounder = 0x1.8p52;
static const double two_pi = 6.283185307179586476925;

/* sin(y)/y and cos(y), z = y^2 */
static inline double sine_series(double z) {
    return 1 +
           z * (-1.0 / 6 +
                z * (1.0 / 120 + z * (-1.0 / 5040 +
                                      z * (1.0 / 362880 + z * (-1.0 / 39916800 +
                                                               z * (1.0 / 6227020800 + z * (-1.0 / 1307674368000)))))));
}

static inline double cosine_series(double z) {
    return 1 + z * (-1.0 / 2 +
                    z * (1.0 / 24 +
                         z * (-1.0 / 720 +
                              z * (1.0 / 40320 +
                                   z * (-1.0 / 3628800 + z * (1.0 / 479001600 + z * (-1.0 / 87178291200 +
                                                                                     z * (1.0 / 20922789888000))))))));
}

static inline uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

RG_WIDE void rg_sine_cosine(size_t n, const double *t, double *sine, double *cosine) {
    for (size_t i = 0; i < n; i++) {
        const double shifted = 4 * t[i] + rounder, y = two_pi * (t[i] - 0.25 * (shifted - rounder)), z = y * y;
        const uint64_t q = bits_of(shifted), s = bits_of(y * sine_series(z)), c = bits_of(cosine_series(z));
        const uint64_t exchange = (s ^ c) & (0 - (q & 1));
        sine[i] = of_bits(s ^ exchange ^ ((q & 2) << 62));
        cosine[i] = of_bits(c ^ exchange ^ (((q + 1) & 2) << 62));
    }
}
