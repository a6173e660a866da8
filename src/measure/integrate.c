/* Integrals over noise levels from values at the levels a run happened to visit. */
#include "base/base.h"

#include <rotgrad/divergence.h>

#include <math.h>

enum { DEGREE = 5 };

/* Piecewise interpolation of the given degree, the stencil centred on each interval as far as the ends allow. */
static double piecewise(size_t count, const double *x, const double *y, size_t degree) {
    const size_t size = degree + 1 < count ? degree + 1 : count;
    double sum = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        const size_t before = (size - 2) / 2, latest = count - size;
        const size_t first = i < before ? 0 : i - before > latest ? latest : i - before;
        sum += rg_interpolation_integral(size, x + first, y + first, x[i], x[i + 1]);
    }
    return sum;
}

double rg_integrate(size_t count, const double *node, const double *value, double *error) {
    if (error) *error = 0;
    if (count < 2) return 0;
    const double fine = piecewise(count, node, value, DEGREE);
    const size_t reached = count - 1 < DEGREE ? count - 1 : DEGREE;
    if (error) *error = fabs(fine - piecewise(count, node, value, reached > 2 ? reached - 2 : 1));
    return fine;
}
