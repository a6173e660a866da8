/* The score fields that the samplers of a ladder follow, at one noise level. */
#include "experiment/budget.h"

#include "measure/score_class.h"

#include <math.h>
#include <string.h>

enum { TRUTH, SAMPLE, DENSITIES };

struct rg_cast {
    rg_grid grid;
    int reference;             /* the law whose score the learned error is added to */
    rg_density *of[DENSITIES]; /* [SAMPLE] NULL: no finite sample */
    rg_score_error *error;     /* NULL: none */
    rg_score_class *best;      /* NULL: all scores */
    double *log_density[DENSITIES], *density[DENSITIES], *score[DENSITIES];
};

/* Their law with the background of the truth, for the same reason. */
static rg_density_spec spec_of_sample(const rg_ladder *l) {
    const rg_density_spec *truth = &l->experiment->density;
    const double least = 1e-6;
    return (rg_density_spec){.kind = RG_DENSITY_SAMPLES,
                             .background = truth->kind == RG_DENSITY_SAMPLES ? truth->background : least,
                             .samples = l->samples,
                             .points = l->points};
}

static rg_status create_laws(rg_cast *c, const rg_ladder *l, rg_diagnostic *diagnostic) {
    const rg_experiment *x = l->experiment;
    const double lowest = rg_error_lowest_variance(x->term, l->has[RG_RUNG_LEARNED] ? x->terms : 0, l->variance_min);
    rg_status status = rg_density_create(&l->grid, &x->density, lowest, &c->of[TRUTH], diagnostic);
    const rg_density_spec sample = spec_of_sample(l);
    if (!status && l->samples) status = rg_density_create(&l->grid, &sample, lowest, &c->of[SAMPLE], diagnostic);
    c->reference = l->samples ? SAMPLE : TRUTH;
    if (!status && l->has[RG_RUNG_LEARNED])
        status = rg_score_error_create(&l->grid, x->term, x->terms, c->of[c->reference], l->variance_min,
                                       l->variance_max, &c->error, diagnostic);
    if (!status && l->kind)
        status =
            rg_score_class_create(&l->grid, l->kind, l->size, x->budget.seed, x->budget.ridge, &c->best, diagnostic);
    return status;
}

static rg_status create_fields(rg_cast *c) {
    const size_t n = (size_t)rg_grid_cells(&c->grid);
    for (int k = 0; k < DENSITIES; k++) {
        c->log_density[k] = rg_field_alloc(n);
        c->density[k] = rg_field_alloc(n);
        c->score[k] = rg_field_alloc(n * (size_t)c->grid.dim);
        if (!c->log_density[k] || !c->density[k] || !c->score[k]) return RG_ENOMEM;
    }
    return RG_OK;
}

rg_status rg_cast_create(const rg_ladder *ladder, rg_cast **cast, rg_diagnostic *diagnostic) {
    rg_cast *c = rg_alloc(1, sizeof *c);
    if (!c) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    c->grid = ladder->grid;
    rg_status status = create_laws(c, ladder, diagnostic);
    if (!status) status = create_fields(c);
    if (status == RG_ENOMEM) rg_fail(diagnostic, status, "budget: out of memory");
    if (status)
        rg_cast_destroy(c);
    else
        *cast = c;
    return status;
}

void rg_cast_destroy(rg_cast *c) {
    if (!c) return;
    for (int k = 0; k < DENSITIES; k++) {
        rg_density_destroy(c->of[k]);
        rg_free(c->log_density[k]);
        rg_free(c->density[k]);
        rg_free(c->score[k]);
    }
    rg_score_error_destroy(c->error);
    rg_score_class_destroy(c->best);
    rg_free(c);
}

/* p scaled to mass 1 by the trapezoidal rule, as in rg_level. */
static rg_status look(rg_cast *c, int which, double variance, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&c->grid);
    double *density = c->density[which];
    const rg_status status = rg_density_at(c->of[which], variance, c->log_density[which], c->score[which], diagnostic);
    if (status) return status;
    for (ptrdiff_t i = 0; i < n; i++) density[i] = exp(c->log_density[which][i]);
    const double mass = rg_sum(n, density) * rg_grid_cell_volume(&c->grid);
    for (ptrdiff_t i = 0; i < n; i++) density[i] /= mass;
    return RG_OK;
}

static rg_status fit(const rg_cast *c, int weight, int target, double *score, rg_diagnostic *diagnostic) {
    const ptrdiff_t size = rg_grid_cells(&c->grid) * c->grid.dim;
    if (!score) return RG_OK;
    if (!c->best) {
        memcpy(score, c->score[target], (size_t)size * sizeof *score);
        return RG_OK;
    }
    const rg_status status = rg_score_class_fit(c->best, c->density[weight], c->score[target], score);
    return status
               ? rg_fail(diagnostic, status,
                         "the class has no unique best score: its functions are linearly dependent where the law is; "
                         "raise budget.ridge or take a smaller class")
               : RG_OK;
}

static rg_status learn(const rg_cast *c, double variance, double *score, rg_diagnostic *diagnostic) {
    const ptrdiff_t size = rg_grid_cells(&c->grid) * c->grid.dim;
    const double *reference = c->score[c->reference];
    if (!score || !c->error) return RG_OK;
    const rg_status status = rg_score_error_at(c->error, variance, c->log_density[c->reference], reference, score);
    if (status) return rg_fail(diagnostic, status, "score error: variance %g is outside the prepared range", variance);
    for (ptrdiff_t i = 0; i < size; i++) score[i] += reference[i];
    return RG_OK;
}

/* The law whose square is the least in A, and the one whose score is sought. */
static const int weight_of[RG_SCORES] =
    {[RG_SCORE_EXPLICIT] = SAMPLE, [RG_SCORE_SAMPLE] = SAMPLE, [RG_SCORE_DENOISED] = SAMPLE},
                 target_of[RG_SCORES] = {[RG_SCORE_SAMPLE] = SAMPLE, [RG_SCORE_DENOISED] = SAMPLE};

static rg_status look_at_laws(rg_cast *c, double variance, double *const score[RG_SCORES], rg_diagnostic *diagnostic) {
    int need[DENSITIES] = {0, 0};
    for (int k = 0; k < RG_SCORES; k++) {
        if (!score[k]) continue;
        need[k == RG_SCORE_LEARNED ? c->reference : weight_of[k]] = 1;
        need[k == RG_SCORE_LEARNED ? c->reference : target_of[k]] = 1;
    }
    rg_status status = need[TRUTH] ? look(c, TRUTH, variance, diagnostic) : RG_OK;
    if (!status && need[SAMPLE] && c->of[SAMPLE]) status = look(c, SAMPLE, variance, diagnostic);
    return status;
}

rg_status rg_cast_scores(rg_cast *c, double variance, double *const score[RG_SCORES], rg_diagnostic *diagnostic) {
    const size_t size = (size_t)rg_grid_cells(&c->grid) * (size_t)c->grid.dim;
    rg_status status = look_at_laws(c, variance, score, diagnostic);
    for (int k = 0; !status && k < RG_SCORES; k++) {
        if (!score[k]) continue;
        if (k == RG_SCORE_TRUE || k == RG_SCORE_SAMPLE)
            memcpy(score[k], c->score[target_of[k]], size * sizeof *score[k]);
        else if (k == RG_SCORE_LEARNED)
            status = learn(c, variance, score[k], diagnostic);
        else
            status = fit(c, weight_of[k], target_of[k], score[k], diagnostic);
    }
    return status;
}

const double *rg_cast_density(const rg_cast *c, int which) {
    return c->density[which];
}

size_t rg_cast_functions(const rg_cast *c) {
    return c->best ? rg_score_class_functions(c->best) : 0;
}
