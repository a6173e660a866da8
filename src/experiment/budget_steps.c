/* A sampler in finitely many steps, as a chain of laws. One step from v to w < v holds something fixed:
 *   euler        the score:       x' = x + c (v - w) s,                         noise lambda^2 (v - w)
 *   exponential  the denoiser x + v s: dX = -(c/v) (X - denoiser) and noise, solved exactly:
 *                                 x' = x + (1 - (w/v)^c) v s,                   noise w (1 - (w/v)^(lambda^2))
 * For lambda = 1 the latter is the step of DDPM, for lambda = 0 that of DDIM. */
#include "experiment/budget.h"

#include "evolve/push.h"

#include <math.h>

struct step {
    double weight, noise; /* x' = x + weight s + sqrt(noise) z */
};

static struct step step_of(const rg_experiment *x, double v, double w) {
    const double square = x->churn * x->churn, drift = (1 + square) / 2;
    if (x->budget.scheme == RG_STEP_EULER) return (struct step){drift * (v - w), square * (v - w)};
    return (struct step){(1 - pow(w / v, drift)) * v, w * (1 - pow(w / v, square))};
}

/* Equal steps in log sigma. */
static double variance_at(const rg_ladder *l, size_t i) {
    if (i == 0) return l->variance_max;
    if (i == l->steps) return l->variance_min;
    return l->variance_max * pow(l->variance_min / l->variance_max, (double)i / (double)l->steps);
}

static rg_status march(const rg_ladder *l, rg_cast *cast, int kind, rg_push *push, double *score, double *law,
                       rg_diagnostic *diagnostic) {
    const ptrdiff_t size = rg_grid_cells(&l->grid) * l->grid.dim;
    double *field[RG_SCORES] = {0};
    field[kind] = score;
    rg_status status = RG_OK;
    for (size_t i = 0; !status && i < l->steps; i++) {
        const double v = variance_at(l, i);
        const struct step step = step_of(l->experiment, v, variance_at(l, i + 1));
        status = rg_cast_scores(cast, v, field, diagnostic);
        if (status) break;
        for (ptrdiff_t j = 0; j < size; j++) score[j] *= step.weight;
        rg_push_apply(push, law, score, step.noise, law);
        if (l->progress && l->progress(l->progress_data, l->progress_to, l->stage))
            status = rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
    }
    return status;
}

rg_status rg_budget_steps(const rg_ladder *l, rg_cast *cast, int score, const double *start, double *law, double *lost,
                          rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&l->grid);
    double *field = rg_field_alloc((size_t)n * (size_t)l->grid.dim);
    rg_push *push = NULL;
    rg_status status = field ? rg_push_create(&l->grid, &push) : RG_ENOMEM;
    if (status) rg_fail(diagnostic, status, "budget: out of memory");
    for (ptrdiff_t i = 0; !status && i < n; i++) law[i] = start[i];
    if (!status) status = march(l, cast, score, push, field, law, diagnostic);
    if (!status) *lost = rg_law_normalise(&l->grid, law);
    rg_push_destroy(push);
    rg_free(field);
    return status;
}
