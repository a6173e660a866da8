/* One dimension. The flux is m(face i) = c + sum over j <= i of (p_j - q_j) h, and W1 = min over c of h sum |m|: c is less
 * a median of the sums. The potential climbs with slope sign(m); where m = 0 it takes the slope that closes the circle.
 * On a line c = 0 and the slope is 0 there. Exact for masses at the grid points. */
#include "base/base.h"
#include "measure/transport.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The mean of the two middle ones when n is even, so that mirrored densities have mirrored fluxes. */
static double median(ptrdiff_t n, double *values) {
    qsort(values, (size_t)n, sizeof *values, compare);
    return n % 2 ? values[n / 2] : values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) / 2;
}

static double closing_slope(ptrdiff_t n, const double *flux) {
    ptrdiff_t up = 0, down = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        up += flux[i] > 0;
        down += flux[i] < 0;
    }
    return up + down < n ? (double)(down - up) / (double)(n - up - down) : 0;
}

static void climb(ptrdiff_t n, double spacing, double level_slope, const double *flux, double *potential) {
    double height = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        potential[i] = height;
        height += spacing * (flux[i] > 0 ? 1 : flux[i] < 0 ? -1 : level_slope);
    }
    const double mean = rg_sum(n, potential) / (double)n;
    for (ptrdiff_t i = 0; i < n; i++) potential[i] -= mean;
}

void rg_transport_circle(const rg_grid *grid, int free_boundary, const double *difference, double *scratch,
                         double *potential, double *flux, rg_transport_report *report) {
    const ptrdiff_t n = grid->shape[0];
    const double h = rg_grid_spacing(grid, 0);
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) flux[i] = sum += h * difference[i];
    if (free_boundary) flux[n - 1] = 0; /* rounding: nothing leaves the line */
    memcpy(scratch, flux, (size_t)n * sizeof *flux);
    const double shift = free_boundary ? 0 : median(n, scratch);
    for (ptrdiff_t i = 0; i < n; i++) {
        flux[i] -= shift;
        scratch[i] = fabs(flux[i]);
    }
    climb(n, h, free_boundary ? 0 : closing_slope(n, flux), flux, potential);
    const double upper = h * rg_sum(n, scratch), gain = -h * rg_dot(n, potential, difference);
    const double lower = gain > 0 ? fmin(gain, upper) : 0, slack = upper - lower;
    *report = (rg_transport_report){.value = lower + slack / 2, .lower = lower, .upper = upper, .lipschitz = upper > 0};
    report->gap = upper > 0 ? slack / upper : 0;
    report->converged = 1;
}
