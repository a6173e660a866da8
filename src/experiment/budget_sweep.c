/* Sweeps: one number of the ladder varied, on the grid and on the halved one; P, P' and what noise makes of them on finer ones.
 *
 *              source                     memory                output
 *   samples    W1(P, P')                  W1(P, P' * G(v_min))  W1(P, S[p'_T; A' s'])
 *   sigma_min  W1(P, P * G(v_min))        W1(P, P' * G(v_min))  W1(P, S[p'_T; A' s'])
 *   modes      W1(P * G, S[p_T; A s])                           W1(P, S[p'_T; A' s'])
 *   sigma_max  W1(p_T, pi)                                      W1(P * G, S[pi; s])
 *   steps      W1(P * G, S_K[p_T; s])                           W1(P, S_K[p_T; s])
 *
 * Without samples P' is P, without a class A is the identity. */
#include "experiment/budget.h"
#include "measure/score_class.h"

#include <math.h>

enum { SOURCE, MEMORY, OUTPUT, QUANTITIES };

const char *const rg_budget_sweep_name[RG_SWEEPS] = {"samples", "sigma_min", "modes", "sigma_max", "steps"};

/* Rungs that a sweep needs. */
static void choose_rungs(rg_ladder *l, int kind) {
    const int sampled = l->samples > 0 && kind != RG_SWEEP_SIGMA_MAX && kind != RG_SWEEP_STEPS;
    const int classed = l->kind != 0 && kind != RG_SWEEP_SIGMA_MAX && kind != RG_SWEEP_STEPS;
    const int has[RG_RUNGS] = {[RG_RUNG_STOP] = 1,
                               [RG_RUNG_CLASS] = classed,
                               [RG_RUNG_OBJECTIVE] = sampled,
                               [RG_RUNG_PRIOR] = kind == RG_SWEEP_SIGMA_MAX,
                               [RG_RUNG_STEPS] = kind == RG_SWEEP_STEPS};
    for (int r = 0; r < RG_RUNGS; r++) l->has[r] = has[r];
    if (!sampled) l->samples = 0;
    if (!classed) l->kind = (rg_feature_kind)0;
    l->without_bounds = 1;
}

static void set_value(rg_ladder *l, int kind, double value) {
    if (kind == RG_SWEEP_SAMPLES) l->samples = (size_t)value;
    if (kind == RG_SWEEP_SIGMA_MIN) l->variance_min = value * value;
    if (kind == RG_SWEEP_SIGMA_MAX) l->variance_max = value * value;
    if (kind == RG_SWEEP_STEPS) l->steps = (size_t)value;
    if (kind == RG_SWEEP_MODES) {
        l->kind = RG_FEATURES_FOURIER;
        l->size = (size_t)value;
    }
}

/* ---- one point on one grid */

typedef struct pair {
    const double *from, *to; /* NULL: not measured */
} pair;

/* The last law of the chain before steps. */
static const double *end_of(const rg_ladder *l, const rg_chain *c) {
    return c->law[1 + rg_rung_before(l->has, RG_RUNG_STEPS)];
}

static rg_status measure(const rg_ladder *l, int kind, const rg_chain *c, rg_ruler *ruler, rg_value out[QUANTITIES],
                         double *theory, rg_diagnostic *diagnostic) {
    const double *truth = c->law[0], *stop = c->law[1 + RG_RUNG_STOP], *steps = c->law[1 + RG_RUNG_STEPS];
    const double *prior = c->start[1 + RG_RUNG_PRIOR], *first = c->start[1 + RG_RUNG_STOP];
    const pair table[RG_SWEEPS][QUANTITIES] = {
        [RG_SWEEP_SAMPLES] = {[OUTPUT] = {truth, end_of(l, c)}},
        [RG_SWEEP_SIGMA_MIN] = {[OUTPUT] = {truth, end_of(l, c)}},
        [RG_SWEEP_MODES] = {{stop, c->law[1 + RG_RUNG_CLASS]}, {NULL, NULL}, {truth, end_of(l, c)}},
        [RG_SWEEP_SIGMA_MAX] = {{first, prior}, {NULL, NULL}, {stop, end_of(l, c)}},
        [RG_SWEEP_STEPS] = {{stop, steps}, {NULL, NULL}, {truth, steps}},
    };
    rg_status status = RG_OK;
    for (int k = 0; !status && k < QUANTITIES; k++) {
        out[k] = (rg_value){nan(""), 0};
        if (table[kind][k].to) status = rg_ruler_w1(ruler, table[kind][k].from, table[kind][k].to, &out[k], diagnostic);
    }
    *theory = nan("");
    if (!status && kind == RG_SWEEP_SAMPLES && rg_bound_dyadic(&l->grid, truth, NULL, l->samples, theory))
        status = rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    if (kind == RG_SWEEP_SIGMA_MIN) *theory = rg_bound_stop(l->grid.dim, l->variance_min);
    return status;
}

static rg_status uniform_distance(const rg_ladder *l, const rg_chain *c, rg_ruler *ruler, double *work, double *bound,
                                  rg_diagnostic *diagnostic) {
    rg_value whole;
    for (ptrdiff_t i = 0; i < rg_grid_cells(&l->grid); i++) work[i] = 1 / rg_grid_volume(&l->grid);
    const rg_status status = rg_ruler_w1(ruler, c->law[0], work, &whole, diagnostic);
    if (!status) *bound = rg_bound_reference(&l->grid, l->variance_max, whole.value + whole.error);
    return status;
}

static int is_uniform(const rg_experiment *x) {
    return x->budget.has_prior ? x->budget.prior == RG_BUDGET_UNIFORM : x->prior != RG_PRIOR_FILE;
}

static rg_status look(const rg_ladder *l, int kind, rg_value out[QUANTITIES], double *theory,
                      rg_diagnostic *diagnostic) {
    rg_chain chain = {.nodes = 0};
    rg_ruler ruler = {.transport = NULL};
    double *work = rg_field_alloc((size_t)rg_grid_cells(&l->grid));
    rg_status status = work ? rg_ruler_create(&l->grid, &ruler) : RG_ENOMEM;
    if (status) rg_fail(diagnostic, status, "budget: out of memory");
    if (!status) status = rg_chain_run(l, &chain, diagnostic);
    if (!status) status = measure(l, kind, &chain, &ruler, out, theory, diagnostic);
    if (!status && kind == RG_SWEEP_SIGMA_MAX && is_uniform(l->experiment))
        status = uniform_distance(l, &chain, &ruler, work, theory, diagnostic);
    rg_chain_free(&chain);
    rg_ruler_free(&ruler);
    rg_free(work);
    return status;
}

/* On the grid and on the halved one. */
static rg_status look_twice(const rg_budget_job *job, const rg_ladder *ladder, int kind, rg_value out[QUANTITIES],
                            double *theory, rg_diagnostic *diagnostic) {
    static const int from_truth[RG_SWEEPS] = {
        [RG_SWEEP_SAMPLES] = 1, [RG_SWEEP_SIGMA_MIN] = 1, [RG_SWEEP_MODES] = 1, [RG_SWEEP_STEPS] = 1};
    rg_ladder l = *ladder;
    rg_value coarse[QUANTITIES];
    double unused;
    rg_status status = look(&l, kind, out, theory, diagnostic);
    l.grid = job->coarse;
    if (!status) status = look(&l, kind, coarse, &unused, diagnostic);
    if (status) return status;
    const double factor = rg_grid_error_factor(&ladder->grid, &job->coarse);
    for (int k = 0; k < QUANTITIES; k++) {
        if (k == OUTPUT && from_truth[kind] && !job->has_density) {
            out[k] = rg_points_extrapolate(&ladder->grid, &job->coarse, out[k], coarse[k], job->remainder);
            out[k].error += job->chance;
        } else {
            out[k].error += factor * fabs(out[k].value - coarse[k].value);
        }
    }
    return RG_OK;
}

/* Sources and memories without a sampler. */
static rg_status look_at_square(const rg_budget_job *job, const rg_ladder *l, int kind, rg_value out[QUANTITIES],
                                rg_diagnostic *diagnostic) {
    if (kind != RG_SWEEP_SAMPLES && kind != RG_SWEEP_SIGMA_MIN) return RG_OK;
    const int source = kind == RG_SWEEP_SAMPLES ? RG_SIDE_SAMPLES : RG_SIDE_STOP;
    int wanted[RG_SQUARE] = {[RG_SIDE_DIAGONAL] = l->samples > 0};
    rg_value side[RG_SQUARE];
    wanted[source] = 1;
    const rg_status status = rg_square_measure(l, job->has_density, wanted, side, diagnostic);
    if (status) return status;
    out[SOURCE] = side[source];
    out[MEMORY] = side[RG_SIDE_DIAGONAL];
    return RG_OK;
}

static rg_status fill_point(const rg_budget_job *job, int kind, double value, rg_sweep_point *point,
                            rg_diagnostic *diagnostic) {
    rg_ladder l = job->ladder;
    rg_value out[QUANTITIES];
    set_value(&l, kind, value);
    choose_rungs(&l, kind);
    rg_status status = look_twice(job, &l, kind, out, &point->theory, diagnostic);
    if (!status) status = look_at_square(job, &l, kind, out, diagnostic);
    if (status) return status;
    point->value = value;
    point->source = out[SOURCE];
    point->memory = out[MEMORY];
    point->output = out[OUTPUT];
    return RG_OK;
}

/* ---- the rate */

/* y = a + slope x by least squares, with the standard error of the slope. */
static void fit_line(size_t count, const double *x, const double *y, double *slope, double *error) {
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, rest = 0;
    for (size_t i = 0; i < count; i++) {
        mean_x += x[i] / (double)count;
        mean_y += y[i] / (double)count;
    }
    for (size_t i = 0; i < count; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    *slope = xy / xx;
    for (size_t i = 0; i < count; i++) rest += pow(y[i] - mean_y - *slope * (x[i] - mean_x), 2);
    *error = sqrt(rest / (double)(count - 2) / xx);
}

static rg_status fit_rate(rg_sweep *s) {
    double *x = rg_field_alloc(2 * s->points + 1), *y = x + s->points;
    if (!x) return RG_ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < s->points; i++) {
        const rg_sweep_point *p = &s->point[i];
        if (!(p->source.value > p->source.error) || !(p->source.value > 0)) continue;
        x[count] = s->kind == RG_SWEEP_SIGMA_MAX ? -p->value * p->value : log(p->value);
        y[count++] = log(p->source.value);
    }
    if (count >= 3) fit_line(count, x, y, &s->slope, &s->slope_error);
    rg_free(x);
    return RG_OK;
}

/* What theory says of `source`. Stopping moves a smooth law by v; the bound, sqrt(v), is reached where points are farther apart
 * than sigma. In between there is no rate. */
static double expected_rate(const rg_budget_job *job, int kind, int has_density) {
    const rg_grid *g = &job->ladder.grid;
    double longest = 0;
    for (int a = 0; a < g->dim; a++) longest = fmax(longest, g->length[a]);
    const double omega = 0.5 * pow(2 * acos(-1.0) / longest, 2);
    const double rate[RG_SWEEPS] = {[RG_SWEEP_SAMPLES] = g->dim == 3 ? -1.0 / 3 : -0.5,
                                    [RG_SWEEP_SIGMA_MIN] = has_density ? 2 : nan(""),
                                    [RG_SWEEP_MODES] = nan(""),
                                    [RG_SWEEP_SIGMA_MAX] = is_uniform(job->experiment) ? omega : nan(""),
                                    [RG_SWEEP_STEPS] = -1};
    return rate[kind];
}

/* ---- what can be swept */

static rg_status check_range(const rg_ladder *l, int kind, double value, rg_diagnostic *diagnostic) {
    const double low = sqrt(l->variance_min), high = sqrt(l->variance_max), square = value * value;
    const int is_sigma = kind == RG_SWEEP_SIGMA_MIN || kind == RG_SWEEP_SIGMA_MAX;
    if (kind == RG_SWEEP_SIGMA_MIN && !(value < high))
        return rg_fail(diagnostic, RG_EINVAL, "budget.sweep.sigma_min: expected numbers below sigma_max (%g), got %g",
                       high, value);
    if (kind == RG_SWEEP_SIGMA_MAX && !(value > low))
        return rg_fail(diagnostic, RG_EINVAL, "budget.sweep.sigma_max: expected numbers above sigma_min (%g), got %g",
                       low, value);
    if (is_sigma && !isnormal(square))
        return rg_fail(diagnostic, RG_EINVAL,
                       "budget.sweep.%s: expected numbers whose squares are not 0 or infinite, got %g",
                       rg_budget_sweep_name[kind], value);
    return RG_OK;
}

rg_status rg_budget_check_class(const rg_budget_job *job, const char *key, rg_feature_kind kind, size_t size,
                                rg_diagnostic *diagnostic) {
    const rg_experiment_budget *b = &job->experiment->budget;
    const rg_grid *const grid[] = {&job->ladder.grid, &job->coarse};
    rg_diagnostic said = {0};
    rg_status status = RG_OK;
    for (int i = 0; kind && !status && i < 2; i++) {
        rg_score_class *c = NULL;
        status = rg_score_class_create(grid[i], kind, size, b->seed, b->ridge, &c, &said);
        rg_score_class_destroy(c);
    }
    return status ? rg_fail(diagnostic, status, "%s: %s", key, said.text) : RG_OK;
}

/* The lowest noise level must be one that the samples can be smoothed to. */
static rg_status check_lowest(const rg_budget_job *job, double sigma, rg_diagnostic *diagnostic) {
    rg_ladder l = job->ladder;
    rg_diagnostic said = {0};
    rg_cast *cast = NULL;
    set_value(&l, RG_SWEEP_SIGMA_MIN, sigma);
    choose_rungs(&l, RG_SWEEP_SIGMA_MIN);
    const rg_status status = rg_cast_create(&l, &cast, &said);
    rg_cast_destroy(cast);
    return status ? rg_fail(diagnostic, status, "budget.sweep.sigma_min: %s", said.text) : RG_OK;
}

rg_status rg_budget_check_sweeps(const rg_budget_job *job, rg_diagnostic *diagnostic) {
    const rg_experiment_budget *b = &job->experiment->budget;
    rg_status status = RG_OK;
    for (int k = 0; k < RG_SWEEPS; k++)
        for (size_t i = 0; !status && i < b->count[k]; i++)
            status = check_range(&job->ladder, k, b->value[k][i], diagnostic);
    const size_t modes = b->count[RG_SWEEP_MODES];
    if (!status && modes)
        status = rg_budget_check_class(job, "budget.sweep.modes", RG_FEATURES_FOURIER,
                                       (size_t)b->value[RG_SWEEP_MODES][modes - 1], diagnostic);
    if (!status && b->count[RG_SWEEP_SIGMA_MIN])
        status = check_lowest(job, b->value[RG_SWEEP_SIGMA_MIN][0], diagnostic);
    return status;
}

/* As many points as the largest value asks for: the smaller ones are its first. */
static rg_status points_for(const rg_budget_job *job, int kind, double **points, rg_diagnostic *diagnostic) {
    const rg_experiment_budget *b = &job->experiment->budget;
    if (kind != RG_SWEEP_SAMPLES) return RG_OK;
    return rg_budget_draw(job->experiment, (size_t)b->value[kind][b->count[kind] - 1], points, diagnostic);
}

static rg_status fill(const rg_budget_job *job, int kind, rg_sweep *s, rg_diagnostic *diagnostic) {
    const rg_experiment_budget *b = &job->experiment->budget;
    for (size_t i = 0; i < b->count[kind]; i++) {
        rg_budget_job here = *job;
        here.ladder.stage = s->name;
        here.ladder.progress_from = job->from + (job->to - job->from) * (double)i / (double)b->count[kind];
        here.ladder.progress_to = job->from + (job->to - job->from) * (double)(i + 1) / (double)b->count[kind];
        rg_diagnostic said = {0};
        const rg_status status = fill_point(&here, kind, b->value[kind][i], &s->point[s->points], &said);
        if (status)
            return rg_fail(diagnostic, status, "budget.sweep.%s, %g: %s", s->name, b->value[kind][i],
                           said.text[0] ? said.text : rg_status_text(status));
        s->points++;
    }
    return RG_OK;
}

rg_status rg_budget_sweep(const rg_budget_job *job, int kind, rg_sweep *sweep, rg_diagnostic *diagnostic) {
    double *points = NULL;
    *sweep = (rg_sweep){.kind = kind, .name = rg_budget_sweep_name[kind], .slope = nan(""), .slope_error = nan("")};
    sweep->point = rg_alloc(job->experiment->budget.count[kind], sizeof *sweep->point);
    if (!sweep->point) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    rg_budget_job here = *job;
    rg_status status = points_for(job, kind, &points, diagnostic);
    if (points) here.ladder.points = points;
    if (!status) status = fill(&here, kind, sweep, diagnostic);
    rg_free(points);
    if (status) return status;
    sweep->expected = expected_rate(job, kind, job->has_density);
    return fit_rate(sweep) ? rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory") : RG_OK;
}
