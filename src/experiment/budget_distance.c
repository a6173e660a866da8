/* Distances between two laws on one grid. Points among them: budget_square.c. */
#include "experiment/budget.h"

#include <math.h>

rg_status rg_ruler_create(const rg_grid *grid, rg_ruler *ruler) {
    *ruler = (rg_ruler){.grid = *grid};
    return rg_transport_create(grid, 0, RG_PLAN_ESTIMATE, &ruler->transport);
}

void rg_ruler_free(rg_ruler *ruler) {
    rg_transport_destroy(ruler->transport);
    ruler->transport = NULL;
}

/* Where it does not get there, its bracket says so. */
rg_status rg_ruler_w1(rg_ruler *ruler, const double *p, const double *q, rg_value *w1, rg_diagnostic *diagnostic) {
    rg_transport_report report;
    const rg_transport_options options = {.gap = 1e-3, .max_iterations = 2000, .cold = 1};
    const rg_status status = rg_transport_solve(ruler->transport, &options, p, q, NULL, NULL, &report, diagnostic);
    if (!status) *w1 = (rg_value){report.value, 0.5 * (report.upper - report.lower)};
    return status;
}

struct pair {
    const double *p, *q;
};

static double variation_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pair *a = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += fabs(a->p[i] - a->q[i]);
    return 0.5 * sum;
}

/* p log(p/q) + q - p >= 0. Where q was cut off at 0, its part is left to the error bar. */
static double kl_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pair *a = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double p = a->p[i], q = a->q[i];
        if (q > 0) sum += p > 0 ? p * log(p / q) + q - p : q;
    }
    return sum;
}

/* The same where q is 0, with the rounding unit of double precision for q / p. */
static double cut_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pair *a = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++)
        if (!(a->q[i] > 0)) sum += a->p[i] * 36;
    return sum;
}

rg_status rg_ruler_all(rg_ruler *ruler, const double *p, const double *q, int singular, rg_distances *distances,
                       rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&ruler->grid);
    const double volume = rg_grid_cell_volume(&ruler->grid);
    const struct pair pair = {p, q};
    distances->kl = (rg_value){HUGE_VAL, 0};
    distances->tv = (rg_value){volume * rg_reduce(n, variation_block, &pair), 0};
    if (!singular)
        distances->kl = (rg_value){volume * rg_reduce(n, kl_block, &pair), volume * rg_reduce(n, cut_block, &pair)};
    return rg_ruler_w1(ruler, p, q, &distances->w1, diagnostic);
}
