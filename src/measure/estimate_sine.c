/* Sines and cosines of many angles at once, in a form that compilers turn into SIMD.
 *
 * t is reduced to the nearest whole turn, y = pi t with |y| <= pi/2; the Taylor series of sin y and cos y (to y^21 and
 * y^22: remainders below 2e-18) and one doubling, sin 2y = 2 sin y cos y, cos 2y = 1 - 2 sin^2 y. */
#include "measure/estimate.h"

/* Adding and subtracting 1.5 * 2^52 rounds to a whole number, |t| < 2^51. */
static const double rounder = 0x1.8p52;
static const double pi = 3.14159265358979323846;

/* 1 - z/(2.3) (1 - z/(4.5) (1 - ...)), z = y^2 */
static inline double sine_series(double z) {
    double a = 1 - z * (1.0 / 420);
    a = 1 - z * (1.0 / 342) * a;
    a = 1 - z * (1.0 / 272) * a;
    a = 1 - z * (1.0 / 210) * a;
    a = 1 - z * (1.0 / 156) * a;
    a = 1 - z * (1.0 / 110) * a;
    a = 1 - z * (1.0 / 72) * a;
    a = 1 - z * (1.0 / 42) * a;
    a = 1 - z * (1.0 / 20) * a;
    return 1 - z * (1.0 / 6) * a;
}

/* 1 - z/(1.2) (1 - z/(3.4) (1 - ...)) */
static inline double cosine_series(double z) {
    double a = 1 - z * (1.0 / 462);
    a = 1 - z * (1.0 / 380) * a;
    a = 1 - z * (1.0 / 306) * a;
    a = 1 - z * (1.0 / 240) * a;
    a = 1 - z * (1.0 / 182) * a;
    a = 1 - z * (1.0 / 132) * a;
    a = 1 - z * (1.0 / 90) * a;
    a = 1 - z * (1.0 / 56) * a;
    a = 1 - z * (1.0 / 30) * a;
    a = 1 - z * (1.0 / 12) * a;
    return 1 - z * 0.5 * a;
}

void rg_sine_cosine(size_t n, const double *t, double *sine, double *cosine) {
    for (size_t i = 0; i < n; i++) {
        const double whole = (t[i] + rounder) - rounder, y = pi * (t[i] - whole), z = y * y;
        const double s = y * sine_series(z), c = cosine_series(z);
        sine[i] = 2 * s * c;
        cosine[i] = 1 - 2 * s * s;
    }
}
