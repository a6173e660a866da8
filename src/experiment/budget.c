/* The ladder: three passes, error bars, rungs. */
#include "experiment/budget.h"
#include "experiment/pass.h"

#include <math.h>
#include <omp.h>
#include <time.h>

/* ---- what the experiment holds */

static int prior_differs(const rg_experiment *x) {
    return x->budget.has_prior ? x->budget.prior != RG_BUDGET_EXACT : 1;
}

/* Of the ladder's class and of those of a sweep. */
static ptrdiff_t highest_wave(const rg_experiment_budget *b) {
    enum { RANDOM = 16 };
    const ptrdiff_t wave = b->kind == RG_FEATURES_FOURIER ? (ptrdiff_t)b->size : b->kind ? RANDOM : 0;
    const size_t modes = b->count[RG_SWEEP_MODES];
    const ptrdiff_t swept = modes ? (ptrdiff_t)b->value[RG_SWEEP_MODES][modes - 1] : 0;
    return wave > swept ? wave : swept;
}

static rg_status prepare(rg_budget_job *job, rg_diagnostic *diagnostic) {
    const rg_experiment *x = job->experiment;
    const rg_experiment_budget *b = &x->budget;
    if (!(x->variance_min > 0))
        return rg_fail(
            diagnostic, RG_EINVAL,
            "noise: sigma_min: expected a number above 0: early stopping is one rung of the ladder, and at 0 "
            "the score of samples does not exist");
    job->ladder = (rg_ladder){.experiment = x,
                              .grid = x->grid,
                              .variance_min = x->variance_min,
                              .variance_max = x->variance_max,
                              .tolerance = x->tolerance,
                              .samples = b->samples,
                              .points = b->points,
                              .kind = b->kind,
                              .size = b->size,
                              .steps = b->steps,
                              .progress = job->options->progress,
                              .progress_data = job->options->progress_data};
    const int has[RG_RUNGS] = {
        1, b->kind != 0, b->samples > 0, b->samples > 0, x->terms > 0, prior_differs(x), b->steps > 0};
    for (int r = 0; r < RG_RUNGS; r++) job->ladder.has[r] = has[r];
    rg_status status = RG_OK;
    if (b->samples && !b->points) status = rg_budget_draw(x, b->samples, &job->points, diagnostic);
    if (job->points) job->ladder.points = job->points;
    if (status) return status;
    status = rg_comparison_grid(x, highest_wave(b), &job->coarse);
    if (status) return rg_fail(diagnostic, status, "budget: no grid to compare with");
    status = rg_budget_check_class(job, "budget.class", b->kind, b->size, diagnostic);
    return status ? status : rg_budget_check_sweeps(job, diagnostic);
}

/* ---- the numbers of one pass */

typedef struct measured {
    rg_distances step[RG_RUNGS], total[RG_RUNGS];
    rg_value bound[RG_RUNGS], start, floor;
    const char *bound_name[RG_RUNGS];
} measured;

/* The least that is known: pointwise where its equation can be stepped. */
static rg_status bound_rung(const rg_ladder *l, const rg_chain *c, int r, double start, measured *m,
                            rg_diagnostic *diagnostic) {
    double *lambda = rg_field_alloc(c->nodes);
    int *which = rg_alloc(c->nodes, sizeof *which);
    rg_value pointwise;
    rg_status status = lambda && which ? RG_OK : rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    if (!status) {
        rg_bound_lambda(c, &l->grid, r, l->experiment->churn, lambda, which);
        m->bound[r] = rg_bound_closed(c, r, start, lambda, which, &m->bound_name[r]);
        status = rg_bound_pointwise(l, c, r, start, lambda, &pointwise, diagnostic);
        if (!status && pointwise.value < m->bound[r].value) {
            m->bound[r] = pointwise;
            m->bound_name[r] = "Feynman-Kac";
        }
    }
    rg_free(lambda);
    rg_free(which);
    return status == RG_ENOCONV ? RG_OK : status;
}

static rg_status measure_rung(const rg_ladder *l, const rg_chain *c, rg_ruler *ruler, int r, measured *m,
                              rg_diagnostic *diagnostic) {
    const double *const law = c->law[1 + r];
    const int before = 1 + rg_rung_before(l->has, r);
    rg_value start = {0, 0};
    rg_status status =
        rg_ruler_all(ruler, c->law[before], law, before == 0 && !c->has_density, &m->step[r], diagnostic);
    if (!status) status = rg_ruler_all(ruler, c->law[0], law, !c->has_density, &m->total[r], diagnostic);
    m->bound[r] = (rg_value){nan(""), 0};
    m->bound_name[r] = "";
    if (status || r == RG_RUNG_STEPS) return status;
    if (r == RG_RUNG_STOP) {
        m->bound[r].value = rg_bound_stop(l->grid.dim, l->variance_min);
        m->bound_name[r] = "closed form";
        return RG_OK;
    }
    status = rg_ruler_w1(ruler, c->start[before], c->start[1 + r], &start, diagnostic);
    if (r == RG_RUNG_PRIOR) m->start = start;
    return status ? status : bound_rung(l, c, r, start.value + start.error, m, diagnostic);
}

static rg_status measure(const rg_ladder *l, const rg_chain *c, measured *m, rg_diagnostic *diagnostic) {
    rg_ruler ruler;
    rg_status status = rg_ruler_create(&l->grid, &ruler);
    if (status) {
        rg_ruler_free(&ruler);
        return rg_fail(diagnostic, status, "budget: out of memory");
    }
    *m = (measured){.start = {nan(""), 0}};
    for (int r = 0; !status && r < RG_RUNGS; r++)
        if (l->has[r]) status = measure_rung(l, c, &ruler, r, m, diagnostic);
    if (!status) status = rg_ruler_w1(&ruler, c->law[1 + RG_RUNG_STOP], c->floor, &m->floor, diagnostic);
    rg_ruler_free(&ruler);
    return status;
}

static rg_status pass(rg_ladder *l, rg_chain *c, measured *m, rg_diagnostic *diagnostic) {
    rg_status status = rg_chain_run(l, c, diagnostic);
    return status ? status : measure(l, c, m, diagnostic);
}

/* ---- three passes */

typedef struct passes {
    rg_chain chain, other; /* of the main pass; of the one that is measured just now */
    measured main, relaxed, coarse;
    rg_value side[RG_SQUARE];
    double dyadic, dyadic_expected;
    double grid_factor; /* of the difference between the grids: rg_grid_error_factor */
} passes;

/* What points of the truth ask of a bar. The side from P to P * G, which was measured on the doubled grid, says what was still
 * to come beyond this one: where that is less than the argument fears, it holds for other distances from P as well. */
static void learn_from_stop(rg_budget_job *job, const passes *p) {
    const rg_value main = p->main.total[RG_RUNG_STOP].w1, coarse = p->coarse.total[RG_RUNG_STOP].w1;
    rg_points_of_truth(&job->ladder, p->chain.law[0], &job->remainder, &job->chance);
    if (p->chain.has_density) return;
    const double step = rg_points_extrapolate(&job->ladder.grid, &job->coarse, main, coarse, 1).value - main.value;
    const rg_value known = p->side[RG_SIDE_STOP];
    const double seen = (fabs(known.value - main.value) + known.error) / fabs(step);
    if (seen < job->remainder) job->remainder = seen;
}

/* What needs no sampler. */
static rg_status measure_square(rg_budget_job *job, passes *p, rg_diagnostic *diagnostic) {
    const rg_ladder *l = &job->ladder;
    const double *truth = p->chain.law[0];
    const int sampled = l->samples > 0;
    const int wanted[RG_SQUARE] = {sampled, sampled, sampled, sampled, !p->chain.has_density};
    p->dyadic = p->dyadic_expected = nan("");
    rg_status status = rg_square_measure(l, p->chain.has_density, wanted, p->side, diagnostic);
    if (!status) learn_from_stop(job, p);
    if (status || !sampled) return status;
    double *law = rg_field_alloc((size_t)rg_grid_cells(&l->grid));
    if (!law) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    rg_law_of_points(&l->grid, l->samples, l->points, 0, law);
    if (rg_bound_dyadic(&l->grid, truth, law, 0, &p->dyadic) ||
        (job->points && rg_bound_dyadic(&l->grid, truth, NULL, l->samples, &p->dyadic_expected)))
        status = rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    rg_free(law);
    return status;
}

static rg_status run_passes(rg_budget_job *job, passes *p, rg_diagnostic *diagnostic) {
    rg_ladder l = job->ladder;
    const double whole = 0.6; /* sweeps take the rest */
    p->grid_factor = rg_grid_error_factor(&job->ladder.grid, &job->coarse);
    l.stage = "ladder";
    l.progress_to = 0.5 * whole;
    rg_status status = pass(&l, &p->chain, &p->main, diagnostic);
    l.stage = "relaxed";
    l.tolerance *= 10;
    l.progress_from = l.progress_to;
    l.progress_to = 0.85 * whole;
    if (!status) status = pass(&l, &p->other, &p->relaxed, diagnostic);
    rg_chain_free(&p->other);
    l.stage = "halved grid";
    l.tolerance = job->ladder.tolerance;
    l.grid = job->coarse;
    l.progress_from = l.progress_to;
    l.progress_to = whole;
    if (!status) status = pass(&l, &p->other, &p->coarse, diagnostic);
    rg_chain_free(&p->other);
    return status ? status : measure_square(job, p, diagnostic);
}

/* The value of the main pass, its own error, and the differences to the others. */
static rg_value combine(const passes *p, const rg_value *of_main) {
    const size_t offset = (size_t)((const char *)of_main - (const char *)&p->main);
    const rg_value *relaxed = (const rg_value *)((const char *)&p->relaxed + offset);
    const rg_value *coarse = (const rg_value *)((const char *)&p->coarse + offset);
    rg_value v = *of_main;
    if (!isfinite(v.value)) return v;
    v.error += fabs(v.value - relaxed->value) + p->grid_factor * fabs(v.value - coarse->value);
    return v;
}

/* The same of a distance from a truth made of points. */
static rg_value combine_points(const rg_budget_job *job, const passes *p, int source) {
    const rg_value main = p->main.total[source].w1;
    rg_value v =
        rg_points_extrapolate(&job->ladder.grid, &job->coarse, main, p->coarse.total[source].w1, job->remainder);
    v.error += fabs(main.value - p->relaxed.total[source].w1.value) + job->chance;
    return v;
}

static rg_distances combine_all(const passes *p, const rg_distances *of_main, double floor, double lost) {
    rg_distances d = {combine(p, &of_main->w1), combine(p, &of_main->kl), combine(p, &of_main->tv)};
    d.w1.error += floor;
    d.tv.error += lost;
    return d;
}

/* Points and densities are mutually singular, but for the background that they share. */
static rg_value singular(const rg_experiment *x) {
    const double background = rg_given_by_points(&x->density) ? x->density.background : 0;
    return (rg_value){1 - background, background};
}

static void gather_rung(const rg_budget_job *job, const passes *p, int source, rg_budget *b) {
    static const char *const name[RG_RUNGS] = {"stop", "class", "samples", "objective", "learned", "prior", "steps"};
    static const char *const words[RG_RUNGS] = {"early stopping",      "class of scores", "finite sample",
                                                "denoising objective", "learned score",   "prior",
                                                "finite steps"};
    rg_rung *r = &b->rung[b->rungs++];
    const int stepped = source != RG_RUNG_STOP;
    const double floor = stepped ? p->main.floor.value : 0, lost = p->chain.lost[1 + source];
    *r = (rg_rung){
        .source = source, .name = name[source], .words = words[source], .bound_name = p->main.bound_name[source]};
    r->step = combine_all(p, &p->main.step[source], floor, lost);
    r->total = combine_all(p, &p->main.total[source], floor, lost);
    r->bound = combine(p, &p->main.bound[source]);
    if (p->chain.has_density) return;
    r->total.w1 = stepped ? combine_points(job, p, source) : p->side[RG_SIDE_STOP];
    r->total.w1.error += floor;
    r->total.tv = singular(job->experiment);
    if (!stepped) r->step = r->total;
}

static void gather(const rg_budget_job *job, passes *p, rg_budget *b) {
    b->grid = job->ladder.grid;
    b->has_density = p->chain.has_density;
    b->samples = job->ladder.samples;
    b->functions = p->chain.functions;
    b->steps_taken = p->chain.steps;
    for (int r = 0; r < RG_RUNGS; r++)
        if (job->ladder.has[r]) gather_rung(job, p, r, b);
    for (size_t i = 0; i < b->rungs; i++) {
        b->sum.value += b->rung[i].step.w1.value;
        b->sum.error += b->rung[i].step.w1.error;
    }
    for (size_t i = 0; i < b->rungs; i++) b->rung[i].share = b->rung[i].step.w1.value / b->sum.value;
    for (int k = 0; k < RG_SIDES; k++) b->side[k] = p->side[k];
    b->dyadic = p->dyadic;
    b->dyadic_expected = p->dyadic_expected;
    b->prior_w1 = combine(p, &p->main.start);
    b->law[0] = p->chain.law[0];
    p->chain.law[0] = NULL;
    for (size_t i = 0; i < b->rungs; i++) {
        double **law = &p->chain.law[1 + b->rung[i].source];
        b->law[1 + i] = *law;
        *law = NULL;
    }
}

static rg_status run(rg_budget_job *job, rg_budget *b, rg_diagnostic *diagnostic) {
    passes p = {.chain = {.nodes = 0}};
    rg_status status = run_passes(job, &p, diagnostic);
    if (!status) gather(job, &p, b);
    job->has_density = b->has_density;
    rg_chain_free(&p.chain);
    size_t asked = 0;
    for (int k = 0; k < RG_SWEEPS; k++) asked += job->experiment->budget.count[k] > 0;
    job->to = 0.6;
    for (int k = 0; !status && k < RG_SWEEPS; k++) {
        if (job->experiment->budget.count[k] == 0) continue;
        job->from = job->to;
        job->to += 0.4 / (double)asked;
        status = rg_budget_sweep(job, k, &b->sweep[b->sweeps++], diagnostic);
    }
    if (!status) rg_budget_claims(b);
    return status;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

rg_status rg_budget_run(const rg_experiment *experiment, const rg_budget_options *options, rg_budget **budget,
                        rg_diagnostic *diagnostic) {
    static const rg_budget_options plain = {0};
    if (!experiment || !budget) return rg_fail(diagnostic, RG_EINVAL, "budget: expected an experiment");
    rg_budget_job job = {.experiment = experiment, .options = options ? options : &plain};
    rg_budget *b = rg_alloc(1, sizeof *b);
    if (!b) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    const double started = now();
    const int threads = omp_get_max_threads();
    if (experiment->threads > 0) omp_set_num_threads(experiment->threads);
    rg_status status = prepare(&job, diagnostic);
    if (!status) status = run(&job, b, diagnostic);
    omp_set_num_threads(threads);
    rg_free(job.points);
    b->seconds = now() - started;
    if (status)
        rg_budget_free(b);
    else
        *budget = b;
    return status;
}

void rg_budget_free(rg_budget *b) {
    if (!b) return;
    for (int i = 0; i <= RG_RUNGS; i++) rg_free(b->law[i]);
    for (size_t i = 0; i < b->sweeps; i++) rg_free(b->sweep[i].point);
    rg_free(b);
}
