/* Lagrange's polynomial on six neighbours, axis by axis. */
#include "grid/interpolate.h"

#include <math.h>

enum { TAPS = 6, BEFORE = 2 }; /* of the six, the third is at or below the point */

struct stencil {
    ptrdiff_t index[RG_MAX_DIM][TAPS];
    double weight[RG_MAX_DIM][TAPS];
    int taps[RG_MAX_DIM]; /* 1 on axes beyond dim */
};

static void set_axis(const rg_grid *grid, int a, double x, struct stencil *s) {
    const ptrdiff_t n = grid->shape[a];
    const double at = (x - grid->lower[a]) / rg_grid_spacing(grid, a), whole = floor(at), t = at - whole + BEFORE;
    const double wrapped = whole - BEFORE - (double)n * floor((whole - BEFORE) / (double)n);
    const double first =
        wrapped >= 0 && wrapped < (double)n ? wrapped : 0; /* x is not finite, or rounded by whole periods */
    for (int i = 0; i < TAPS; i++) {
        double weight = 1;
        for (int j = 0; j < TAPS; j++) weight *= j == i ? 1 : (t - j) / (i - j);
        s->weight[a][i] = weight;
        s->index[a][i] = ((ptrdiff_t)first + i) % n;
    }
    s->taps[a] = TAPS;
}

static double sum(const rg_grid *grid, const struct stencil *s, const double *values) {
    double total = 0;
    for (int i = 0; i < s->taps[0]; i++)
        for (int j = 0; j < s->taps[1]; j++) {
            const double *line = values + (s->index[0][i] * grid->shape[1] + s->index[1][j]) * grid->shape[2];
            double along = 0;
            for (int k = 0; k < s->taps[2]; k++) along += s->weight[2][k] * line[s->index[2][k]];
            total += s->weight[0][i] * s->weight[1][j] * along;
        }
    return total;
}

void rg_interpolate(const rg_grid *grid, size_t components, const double *values, size_t count, const double *x,
                    double *out) {
    const size_t d = (size_t)grid->dim, n = (size_t)rg_grid_cells(grid);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        struct stencil s = {.weight = {{1}, {1}, {1}}, .taps = {1, 1, 1}};
        for (int a = 0; a < grid->dim; a++) set_axis(grid, a, x[i * d + (size_t)a], &s);
        for (size_t c = 0; c < components; c++) out[i * components + c] = sum(grid, &s, values + c * n);
    }
}
