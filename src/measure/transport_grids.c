/* From one grid to the next: densities down by the transpose of linear interpolation, fields up by linear interpolation. */
#include "measure/transport.h"

#include <stdint.h>
#include <string.h>

/* Where point i of n lies among m points on the same circle: between point at and the next one. */
typedef struct place {
    ptrdiff_t at, next;
    double share; /* of the next one */
} place;

static place place_of(ptrdiff_t i, ptrdiff_t n, ptrdiff_t m) {
    if (n == 1) return (place){0, 0, 0};
    const ptrdiff_t at = i * m / n;
    return (place){at, at + 1 < m ? at + 1 : 0, (double)(i * m % n) / (double)n};
}

static void padded_shape(const rg_grid *grid, ptrdiff_t n[3]) {
    for (int p = 0; p < 3; p++) n[p] = p < 3 - grid->dim ? 1 : grid->shape[p - (3 - grid->dim)];
}

int rg_transport_halved(const rg_grid *grid, ptrdiff_t least, rg_grid *coarse) {
    ptrdiff_t shape[RG_MAX_DIM] = {0};
    for (int a = 0; a < grid->dim; a++) {
        shape[a] = (grid->shape[a] + 1) / 2;
        if (shape[a] < least) return 0;
    }
    return rg_grid_init(grid->dim, shape, grid->lower, grid->length, coarse) == RG_OK;
}

void rg_transport_restrict(const rg_grid *fine, const double *in, const rg_grid *coarse, double *out) {
    ptrdiff_t n[3], m[3];
    padded_shape(fine, n);
    padded_shape(coarse, m);
    const double ratio = rg_grid_cell_volume(fine) / rg_grid_cell_volume(coarse);
    for (ptrdiff_t i = 0; i < m[0] * m[1] * m[2]; i++) out[i] = 0;
    for (ptrdiff_t row = 0; row < n[0] * n[1]; row++) {
        const place x = place_of(row / n[1], n[0], m[0]), y = place_of(row % n[1], n[1], m[1]);
        for (int c = 0; c < 4; c++) {
            const double share = ratio * (c & 1 ? x.share : 1 - x.share) * (c & 2 ? y.share : 1 - y.share);
            double *line = out + ((c & 1 ? x.next : x.at) * m[1] + (c & 2 ? y.next : y.at)) * m[2];
            for (ptrdiff_t j = 0; share > 0 && j < n[2]; j++) {
                const place z = place_of(j, n[2], m[2]);
                line[z.at] += share * (1 - z.share) * in[row * n[2] + j];
                line[z.next] += share * z.share * in[row * n[2] + j];
            }
        }
    }
}

/* One row of m values, interpolated to n >= m in place, from its end: what point j needs lies at most at j. */
static void stretch(ptrdiff_t m, ptrdiff_t n, double *row) {
    for (ptrdiff_t j = n - 1; j > 0; j--) {
        const place z = place_of(j, n, m);
        row[j] = row[z.at] + z.share * (row[z.next] - row[z.at]);
    }
}

/* A row of all fields of the state. */
static void prolong_row(const ptrdiff_t m[3], const double *in, const ptrdiff_t n[3], ptrdiff_t fields, ptrdiff_t line,
                        double *out) {
    const place x = place_of(line / n[1], n[0], m[0]), y = place_of(line % n[1], n[1], m[1]);
    for (ptrdiff_t k = 0; k < fields; k++) {
        double *row = out + (line * fields + k) * n[2];
        for (ptrdiff_t j = 0; j < m[2]; j++) row[j] = 0;
        for (int c = 0; c < 4; c++) {
            const double share = (c & 1 ? x.share : 1 - x.share) * (c & 2 ? y.share : 1 - y.share);
            const ptrdiff_t from = (c & 1 ? x.next : x.at) * m[1] + (c & 2 ? y.next : y.at);
            const double *values = in + (from * fields + k) * m[2];
            for (ptrdiff_t j = 0; share > 0 && j < m[2]; j++) row[j] += share * values[j];
        }
        stretch(m[2], n[2], row);
    }
}

void rg_transport_prolong(const rg_transport_level *coarse, rg_transport_level *fine) {
    const ptrdiff_t fields = fine->corners * fine->dim;
#pragma omp parallel for schedule(static) if (fine->threaded)
    for (ptrdiff_t row = 0; row < fine->rows; row++)
        prolong_row(coarse->n, coarse->state, fine->n, fields, row, fine->state);
    fine->penalty = coarse->penalty;
    rg_transport_gather(fine);
}

rg_status rg_transport_padded(const rg_grid *grid, rg_grid *padded) {
    ptrdiff_t shape[RG_MAX_DIM] = {0};
    double length[RG_MAX_DIM] = {0};
    for (int a = 0; a < grid->dim; a++) {
        if (grid->shape[a] > PTRDIFF_MAX / 2) return RG_ENOMEM;
        shape[a] = 2 * grid->shape[a];
        length[a] = 2 * grid->length[a];
    }
    return rg_grid_init(grid->dim, shape, grid->lower, length, padded);
}

void rg_transport_embed(const rg_grid *grid, const double *in, const rg_grid *padded, double *out) {
    ptrdiff_t n[3], m[3];
    padded_shape(grid, n);
    padded_shape(padded, m);
    for (ptrdiff_t i = 0; i < m[0] * m[1] * m[2]; i++) out[i] = 0;
    for (ptrdiff_t row = 0; row < n[0] * n[1]; row++)
        memcpy(out + (row / n[1] * m[1] + row % n[1]) * m[2], in + row * n[2], (size_t)n[2] * sizeof *in);
}

void rg_transport_crop(const rg_grid *padded, const double *in, const rg_grid *grid, double *out) {
    ptrdiff_t n[3], m[3];
    padded_shape(grid, n);
    padded_shape(padded, m);
    for (ptrdiff_t row = 0; row < n[0] * n[1]; row++)
        memcpy(out + row * n[2], in + (row / n[1] * m[1] + row % n[1]) * m[2], (size_t)n[2] * sizeof *in);
}
