/* Integrals of interpolating polynomials. */
#include "base/base.h"

double rg_interpolation_integral(size_t count, const double *x, const double *y, double a, double b) {
    static const double node[] = {-0.774596669241483377, 0, 0.774596669241483377}; /* Gauss: exact to degree 5 */
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
