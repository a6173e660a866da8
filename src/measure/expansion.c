/* Eigenvalues of symmetric matrices up to 3 x 3 in closed form: with q = tr A / 3, 6 p^2 = tr (A - q)^2 and
 * r = det((A - q) / p) / 2 = cos 3t, the largest is q + 2 p cos t.
 * Central differences: a jump of b between two points then gives no more growth than fitted differences carry away
 * (src/evolve/kolmogorov.c); derivatives of the trigonometric polynomial would ring all over the box. */
#include "measure/expansion.h"

#include "base/base.h"

#include <assert.h>
#include <math.h>

struct work {
    const rg_grid *grid;
    const double *b;
    double *rate;
    ptrdiff_t reach; /* of the differences, in spacings, less than any axis has */
};

static void jacobian(const struct work *w, ptrdiff_t i, double j[3][3]) {
    const ptrdiff_t *n = w->grid->shape, cells = rg_grid_cells(w->grid);
    const ptrdiff_t stride[RG_MAX_DIM] = {n[1] * n[2], n[2], 1};
    assert(w->grid->dim <= RG_MAX_DIM);
    for (int a = 0; a < w->grid->dim; a++) {
        const ptrdiff_t at = i / stride[a] % n[a], round = n[a] * stride[a];
        const ptrdiff_t by = w->reach * stride[a];
        const ptrdiff_t next = at + w->reach < n[a] ? i + by : i + by - round;
        const ptrdiff_t last = at >= w->reach ? i - by : i - by + round;
        const double factor = 0.5 / ((double)w->reach * rg_grid_spacing(w->grid, a));
        for (int c = 0; c < w->grid->dim; c++) j[c][a] = factor * (w->b[c * cells + next] - w->b[c * cells + last]);
    }
}

static double largest_of_two(double a, double b, double off) {
    return 0.5 * (a + b) + sqrt(0.25 * (a - b) * (a - b) + off * off);
}

static double largest_of_three(double a[3][3]) {
    const double q = (a[0][0] + a[1][1] + a[2][2]) / 3;
    const double x = a[0][0] - q, y = a[1][1] - q, z = a[2][2] - q, u = a[0][1], v = a[0][2], w = a[1][2];
    const double p = sqrt((x * x + y * y + z * z + 2 * (u * u + v * v + w * w)) / 6);
    if (!(p > 0)) return q;
    const double determinant = x * (y * z - w * w) - u * (u * z - w * v) + v * (u * w - y * v);
    const double r = fmax(-1, fmin(1, 0.5 * determinant / (p * p * p)));
    return q + 2 * p * cos(acos(r) / 3);
}

double rg_largest_eigenvalue(int dim, double j[RG_MAX_DIM][RG_MAX_DIM]) {
    if (dim == 1) return j[0][0];
    for (int a = 0; a < dim; a++)
        for (int b = 0; b < a; b++) j[a][b] = j[b][a] = 0.5 * (j[a][b] + j[b][a]);
    return dim == 2 ? largest_of_two(j[0][0], j[1][1], j[0][1]) : largest_of_three(j);
}

static void rate_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct work *w = data;
    double j[3][3] = {{0}};
    for (ptrdiff_t i = begin; i < end; i++) {
        jacobian(w, i, j);
        w->rate[i] = rg_largest_eigenvalue(w->grid->dim, j);
    }
}

void rg_expansion(const rg_grid *grid, const double *b, double *rate, double *frobenius) {
    const struct work w = {grid, b, rate, 1};
    rg_parallel(rg_grid_cells(grid), rate_block, (void *)(uintptr_t)&w);
    double most = 0, j[3][3] = {{0}};
    for (ptrdiff_t i = 0; frobenius && i < rg_grid_cells(grid); i++) {
        double square = 0;
        jacobian(&w, i, j);
        for (int a = 0; a < grid->dim; a++)
            for (int c = 0; c < grid->dim; c++) square += j[c][a] * j[c][a];
        most = fmax(most, square);
    }
    if (frobenius) *frobenius = sqrt(most);
}

static double greatest(const double *rate, ptrdiff_t n) {
    double most = rate[0];
    for (ptrdiff_t i = 1; i < n; i++) most = fmax(most, rate[i]);
    return most;
}

rg_value rg_greatest_expansion(const rg_grid *grid, const double *b, double *scratch, double *frobenius) {
    const ptrdiff_t n = rg_grid_cells(grid);
    const struct work twice = {grid, b, scratch, 2};
    rg_expansion(grid, b, scratch, frobenius);
    const double most = greatest(scratch, n);
    rg_parallel(n, rate_block, (void *)(uintptr_t)&twice);
    return (rg_value){most, fabs(most - greatest(scratch, n))};
}
