/* Whether a score given on a grid jumps where the box closes.
 *
 * A periodic field does not know where the box begins: its step across the edge is one of n steps along the axis and no
 * larger than the others, up to chance. A score on R^d that was cut to the box, such as -x / v, steps there by the sum of
 * all the others. */
#include <rotgrad/score_error.h>

#include <math.h>

/* Mean square of the step from slice i of an axis to the next one, around the edge for the last. */
static double step_square(const rg_grid *grid, const double *field, int axis, ptrdiff_t i) {
    const ptrdiff_t n = grid->shape[axis], cells = rg_grid_cells(grid), next = i + 1 < n ? i + 1 : 0;
    ptrdiff_t inner = 1;
    for (int a = axis + 1; a < RG_MAX_DIM; a++) inner *= grid->shape[a];
    double sum = 0;
    for (ptrdiff_t o = 0; o < grid->dim * cells; o += n * inner)
        for (ptrdiff_t k = 0; k < inner; k++) {
            const double step = field[o + next * inner + k] - field[o + i * inner + k];
            sum += step * step;
        }
    return sum;
}

static double jump_along(const rg_grid *grid, const double *field, int axis) {
    const ptrdiff_t n = grid->shape[axis];
    double largest = 0;
    for (ptrdiff_t i = 0; i + 1 < n; i++) largest = fmax(largest, step_square(grid, field, axis, i));
    const double edge = step_square(grid, field, axis, n - 1);
    return edge > 0 ? sqrt(edge / largest) : 0;
}

double rg_error_edge_jump(const rg_error_term *term, int *axis) {
    const double *values = term->kind == RG_ERROR_LEARNED ? term->score : term->values;
    const size_t levels = term->kind == RG_ERROR_LEARNED ? term->levels : term->kind == RG_ERROR_FIELD ? 1 : 0;
    double worst = 0;
    for (size_t k = 0; k < levels; k++)
        for (int a = 0; a < term->values_grid.dim; a++) {
            const ptrdiff_t size = term->values_grid.dim * rg_grid_cells(&term->values_grid);
            const double jump = jump_along(&term->values_grid, values + (ptrdiff_t)k * size, a);
            if (!(jump > worst)) continue;
            worst = jump;
            *axis = a;
        }
    return worst;
}
