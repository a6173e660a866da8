/* Feynman's and Kac's bound on |grad f|, place by place, up the noise levels:
 *     d_v Lambda = b.grad Lambda + D laplacian Lambda + lambda Lambda,   Lambda = 1 at v_min,   b = c S,
 * lambda the largest eigenvalue of the symmetric part of grad b. grad f obeys the same with grad b in the place of lambda, so
 * |grad f| is a subsolution. At every row of the chain Lambda meets the gaps that were kept there. */
#include "experiment/budget.h"

#include <rotgrad/backward.h>

#include <math.h>

struct up {
    const rg_ladder *ladder;
    const rg_chain *chain;
    int rung;
    rg_cast *cast;
    rg_spectral *spectral;
    rg_backward *backward;
    double *score[RG_SCORES], *work, *value;
    double node[RG_ROWS], integral[RG_ROWS]; /* ascending */
    double top;                              /* sup over the grid at the last row */
};

static rg_status fields(void *data, double variance, double *drift, double *growth, rg_diagnostic *diagnostic) {
    struct up *u = data;
    const ptrdiff_t n = rg_grid_cells(&u->ladder->grid), size = n * u->ladder->grid.dim;
    const double churn = u->ladder->experiment->churn, c = (1 + churn * churn) / 2;
    const double *score = u->score[rg_score_of_rung(u->ladder, u->rung)];
    double greatest;
    rg_status status = rg_cast_scores(u->cast, variance, u->score, diagnostic);
    if (!status) status = rg_stretch(u->spectral, score, u->work, growth, &greatest);
    for (ptrdiff_t i = 0; !status && i < size; i++) drift[i] = c * score[i];
    for (ptrdiff_t i = 0; !status && i < n; i++) growth[i] *= c;
    return status;
}

static rg_status prepare(struct up *u, rg_diagnostic *diagnostic) {
    const rg_ladder *l = u->ladder;
    const size_t n = (size_t)rg_grid_cells(&l->grid), dim = (size_t)l->grid.dim;
    const double churn = l->experiment->churn;
    double **score = &u->score[rg_score_of_rung(l, u->rung)];
    rg_status status = rg_spectral_create(&l->grid, RG_PLAN_ESTIMATE, &u->spectral);
    *score = rg_field_alloc(n * dim);
    u->work = rg_field_alloc(n * dim * dim);
    u->value = rg_field_alloc(n);
    if (status || !*score || !u->work || !u->value) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    for (size_t i = 0; i < n; i++) u->value[i] = 1;
    status = rg_cast_create(l, &u->cast, diagnostic);
    if (status) return status;
    const double relaxed = l->tolerance / l->experiment->tolerance;
    const rg_backward_options options = {.variance_min = l->variance_min,
                                         .variance_max = l->variance_max,
                                         .diffusion = churn * churn / 2,
                                         .tolerance = relaxed * fmin(l->experiment->tolerance, 1e-3),
                                         .stops = RG_ROWS,
                                         .stop = u->chain->row,
                                         .scheme = RG_BACKWARD_FITTED};
    return rg_backward_create(&l->grid, &options, fields, u, u->value, &u->backward, diagnostic);
}

static void note(struct up *u, int row, double lambda) {
    const ptrdiff_t n = rg_grid_cells(&u->ladder->grid);
    const double *gap = u->chain->gap_at[u->rung] + row * n;
    rg_backward_value(u->backward, u->value);
    u->top = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const double least = fmin(fmax(u->value[i], 0), lambda);
        u->top = fmax(u->top, least);
        u->value[i] = gap[i] > 0 ? gap[i] * least : 0;
    }
    u->node[RG_ROWS - 1 - row] = u->chain->row[row];
    u->integral[RG_ROWS - 1 - row] = rg_sum(n, u->value) * rg_grid_cell_volume(&u->ladder->grid);
}

static rg_status climb(struct up *u, const double *lambda, rg_diagnostic *diagnostic) {
    const rg_ladder *l = u->ladder;
    int row = RG_ROWS - 1, done = 0;
    note(u, row, lambda[u->chain->row_node[row]]);
    while (!done) {
        const rg_status status = rg_backward_step(u->backward, &done, diagnostic);
        if (status) return status;
        const double variance = rg_backward_variance(u->backward), next = u->chain->row[row - 1];
        if (fabs(variance - next) <= 1e-9 * next) row--, note(u, row, lambda[u->chain->row_node[row]]);
        if (l->progress && l->progress(l->progress_data, l->progress_to, l->stage))
            return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
        if (row == 0) break;
    }
    return RG_OK;
}

rg_status rg_bound_pointwise(const rg_ladder *ladder, const rg_chain *chain, int rung, double start,
                             const double *lambda, rg_value *bound, rg_diagnostic *diagnostic) {
    struct up u = {.ladder = ladder, .chain = chain, .rung = rung};
    rg_status status = prepare(&u, diagnostic);
    if (!status) status = climb(&u, lambda, diagnostic);
    if (!status) {
        double error;
        bound->value = (start > 0 ? start * u.top : 0) + rg_integrate(RG_ROWS, u.node, u.integral, &error);
        bound->error = error;
    }
    rg_backward_destroy(u.backward);
    rg_cast_destroy(u.cast);
    rg_spectral_destroy(u.spectral);
    rg_free(u.score[rg_score_of_rung(ladder, rung)]);
    rg_free(u.work);
    rg_free(u.value);
    return status;
}
