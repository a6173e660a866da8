/* Integrals over noise levels: nodes, rooms, sums. */
#include "base/base.h"
#include "experiment/predictor_room.h"

#include <gsl/gsl_integration.h>
#include <math.h>

enum { NODES = 12, LEAST_NODES = 2, ROOMS = 4 };
static const double soft_share = 1e-3, slope_share = 1e-3;

typedef struct place {
    double variance, weight; /* of an integral over v */
    double share;            /* of the mean over log(v + soft) */
    double reach;            /* how far v may move within the segment */
} place;

typedef struct job {
    const rg_experiment *experiment;
    size_t nodes;
    place *node;
    rg_levels *levels;
    rg_level room[ROOMS]; /* two levels; below and above */
    rg_predictor_room at;
    rg_diagnostic *diagnostic;
} job;

/* Gauss-Legendre in t = log(v + soft), from low to high. */
static rg_status add_segment(job *j, double low, double high, double soft, size_t count, double whole) {
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(count);
    if (!table) return RG_ENOMEM;
    const double from = log(low + soft), to = log(high + soft);
    for (size_t i = 0; i < count; i++) {
        double t, weight;
        gsl_integration_glfixed_point(from, to, i, &t, &weight, table);
        const double shifted = exp(t), v = fmin(fmax(shifted - soft, low), high);
        j->node[j->nodes++] = (place){v, weight * shifted, weight / whole, fmin(v - low, high - v)};
    }
    gsl_integration_glfixed_table_free(table);
    return RG_OK;
}

static rg_status place_nodes(job *j) {
    const rg_experiment *x = j->experiment;
    const double *breaks, low = x->variance_min, high = x->variance_max, soft = low > 0 ? 0 : soft_share * high;
    const size_t segments = rg_levels_breaks(j->levels, &breaks) + 1;
    const size_t share = (NODES + segments - 1) / segments, each = share > LEAST_NODES ? share : LEAST_NODES;
    j->node = rg_alloc(rg_size_product(segments, each), sizeof *j->node);
    rg_status status = j->node ? RG_OK : RG_ENOMEM;
    for (size_t s = 0; !status && s < segments; s++) {
        const double from = s == 0 ? low : breaks[s - 1], to = s + 1 < segments ? breaks[s] : high;
        if (to > from) status = add_segment(j, from, to, soft, each, log((high + soft) / (low + soft)));
    }
    return status;
}

static rg_status prepare(job *j, const rg_sampling_plan *plan) {
    const rg_experiment *x = j->experiment;
    const rg_split_options split = {.tolerance = 0.01 * x->tolerance};
    const size_t n = (size_t)rg_grid_cells(&x->grid), fields = 2 + 2 * (size_t)x->grid.dim;
    rg_status status = rg_levels_create(&x->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max,
                                        &split, &j->levels, j->diagnostic);
    if (status) return status;
    j->at = (rg_predictor_room){.grid = rg_levels_grid(j->levels), .plan = plan};
    status = place_nodes(j);
    for (int r = 0; !status && r < ROOMS; r++) status = rg_level_create(&x->grid, &j->room[r]);
    if (!status) status = rg_spectral_create(&x->grid, RG_PLAN_ESTIMATE, &j->at.spectral);
    j->at.work = status ? NULL : rg_field_alloc(rg_size_product(n, fields));
    if (!status && !j->at.work) status = RG_ENOMEM;
    return status ? rg_fail(j->diagnostic, status, "predictors: %s", rg_status_text(status)) : RG_OK;
}

static void release(job *j) {
    for (int r = 0; r < ROOMS; r++) rg_level_free(&j->room[r]);
    rg_spectral_destroy(j->at.spectral);
    rg_levels_destroy(j->levels);
    rg_free(j->at.work);
    rg_free(j->node);
}

static rg_status furnish(job *j, double v0, double v1, int first_room) {
    const double variance[2] = {v0, v1};
    rg_level *const level[2] = {&j->room[first_room], &j->room[first_room + 1]};
    return rg_levels_unsplit_at_two(j->levels, variance, level, j->diagnostic);
}

static rg_status enter(job *j, size_t k, int with_slope) {
    const place *node = &j->node[k];
    const double step = fmin(slope_share * node->variance, 0.5 * node->reach);
    j->at.level = &j->room[k % 2];
    j->at.below = &j->room[2];
    j->at.above = &j->room[3];
    j->at.estimated = 0;
    j->at.seed = (unsigned long)(4294967296.0 * rg_study_uniform(j->at.plan->seed, k));
    rg_status status = RG_OK;
    if (k % 2 == 0) status = furnish(j, node->variance, k + 1 < j->nodes ? node[1].variance : node->variance, 0);
    if (!status && with_slope) status = furnish(j, node->variance - step, node->variance + step, 2);
    return status;
}

static int needs_rooms(const rg_predictor *p) {
    return !p->of_outcome;
}

static rg_status add(job *j, const place *node, size_t count, const rg_predictor *const *predictor, rg_value *value) {
    for (size_t i = 0; i < count; i++) {
        rg_value density;
        if (!needs_rooms(predictor[i])) continue;
        const rg_status status = predictor[i]->density(&j->at, &density, j->diagnostic);
        if (status) return status;
        const double weight = predictor[i]->is_mean ? node->share : node->weight;
        value[i].value += weight * density.value;
        value[i].error = hypot(value[i].error, weight * density.error); /* levels have samples of their own */
    }
    return RG_OK;
}

static rg_status sum_over_levels(job *j, size_t count, const rg_predictor *const *predictor, int with_slope,
                                 rg_value *value) {
    rg_status status = RG_OK;
    for (size_t k = 0; !status && k < j->nodes; k++) {
        status = enter(j, k, with_slope);
        if (!status) status = add(j, &j->node[k], count, predictor, value);
    }
    return status;
}

rg_status rg_predictors_evaluate(const rg_experiment *experiment, const rg_outcome *outcome,
                                 const rg_sampling_plan *plan, size_t count, const rg_predictor *const *predictor,
                                 rg_value *value, rg_diagnostic *diagnostic) {
    job j = {.experiment = experiment, .diagnostic = diagnostic};
    int with_rooms = 0, with_slope = 0;
    for (size_t i = 0; i < count; i++) {
        value[i] = predictor[i]->of_outcome ? predictor[i]->of_outcome(outcome) : (rg_value){0, 0};
        with_rooms |= needs_rooms(predictor[i]);
        with_slope |= predictor[i]->needs_slope;
    }
    if (!with_rooms) return RG_OK;
    rg_status status = prepare(&j, plan);
    if (!status) status = sum_over_levels(&j, count, predictor, with_slope, value);
    release(&j);
    return status;
}
