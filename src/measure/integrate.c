/* Integrals over noise levels from values at the levels a run happened to visit. */
#include <rotgrad/divergence.h>

#include <math.h>

enum { DEGREE = 5 };

/* Integral over [a, b] of the polynomial through `count` points, by a Gauss rule that is exact for degree 5. */
static double panel(size_t count, const double *x, const double *y, double a, double b) {
    static const double node[] = {-0.774596669241483377, 0, 0.774596669241483377};
    static const double weight[] = {5.0 / 9, 8.0 / 9, 5.0 / 9};
    double sum = 0;
    for (int q = 0; q < 3; q++) {
        const double at = 0.5 * (a + b) + 0.5 * (b - a) * node[q];
        for (size_t i = 0; i < count; i++) {
            double basis = 1;
            for (size_t j = 0; j < count; j++) basis *= j == i ? 1 : (at - x[j]) / (x[i] - x[j]);
            sum += weight[q] * basis * y[i];
        }
    }
    return 0.5 * (b - a) * sum;
}

/* Piecewise interpolation of the given degree, the stencil centred on each interval as far as the ends allow. */
static double piecewise(size_t count, const double *x, const double *y, size_t degree) {
    const size_t size = degree + 1 < count ? degree + 1 : count;
    double sum = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        const size_t before = (size - 2) / 2, latest = count - size;
        const size_t first = i < before ? 0 : i - before > latest ? latest : i - before;
        sum += panel(size, x + first, y + first, x[i], x[i + 1]);
    }
    return sum;
}

double rg_integrate(size_t count, const double *node, const double *value, double *error) {
    if (count < 2) {
        *error = 0;
        return 0;
    }
    const double fine = piecewise(count, node, value, DEGREE);
    const size_t reached = count - 1 < DEGREE ? count - 1 : DEGREE;
    *error = fabs(fine - piecewise(count, node, value, reached > 2 ? reached - 2 : 1));
    return fine;
}
