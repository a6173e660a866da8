/* Distances between samples, and their median as a scale. */
#include "measure/estimate.h"

#include <gsl/gsl_statistics.h>
#include <math.h>

static const double pi = 3.14159265358979323846;

double rg_square_distance(const rg_estimate_data *data, const double *x, const double *y) {
    double sum = 0;
    for (size_t a = 0; a < data->dim; a++) {
        double along = x[a] - y[a];
        if (data->length) along = data->length[a] / pi * sin(pi * along / data->length[a]);
        sum += along * along;
    }
    return sum;
}

double rg_median_distance(const rg_estimate_data *data, size_t n, const double *points) {
    double *square = rg_field_alloc(n * n / 2);
    if (!square) return -1;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            const double q = rg_square_distance(data, points + i * data->dim, points + j * data->dim);
            if (q > 0) square[count++] = q;
        }
    const double median = count > 0 ? sqrt(gsl_stats_select(square, 1, count, count / 2)) : 0;
    rg_free(square);
    return median;
}
