/* A maximum x of f has a grid point within half a spacing h_a along every axis. There, with H the matrix of second derivatives
 * at x, which is negative semidefinite, to third order
 *   f(x) - f(x_i) = -(1/2) y.H y <= (d/2) sum_a y_a^2 |H_aa| <= (d/8) sum_a h_a^2 |H_aa|,     |y_a| <= h_a / 2,
 * for (sum_a z_a)^2 <= d sum_a z_a^2. The second differences of f at x_i stand for h_a^2 H_aa. */
#include "grid/greatest.h"

#include <assert.h>
#include <math.h>

static double curvature(const rg_grid *grid, const double *values, const ptrdiff_t at[RG_MAX_DIM], ptrdiff_t i) {
    const ptrdiff_t stride[RG_MAX_DIM] = {grid->shape[1] * grid->shape[2], grid->shape[2], 1};
    double sum = 0;
    assert(grid->dim <= RG_MAX_DIM);
    for (int a = 0; a < grid->dim; a++) {
        const ptrdiff_t round = grid->shape[a] * stride[a];
        const ptrdiff_t next = at[a] + 1 < grid->shape[a] ? i + stride[a] : i + stride[a] - round;
        const ptrdiff_t last = at[a] > 0 ? i - stride[a] : i - stride[a] + round;
        sum += fabs(values[next] - 2 * values[i] + values[last]);
    }
    return 0.125 * grid->dim * sum;
}

double rg_greatest(const rg_grid *grid, const double *values, double *between) {
    const ptrdiff_t *n = grid->shape;
    double most = values[0], reach = most;
    for (ptrdiff_t i = 0; i < n[0] * n[1] * n[2]; i++) {
        const ptrdiff_t at[RG_MAX_DIM] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        most = fmax(most, values[i]);
        reach = fmax(reach, values[i] + curvature(grid, values, at, i));
    }
    *between = reach - most;
    return most;
}
