/* One pass of the ladder: the laws of all its samplers, stepped side by side, and what the bounds need along the way. */
#include "experiment/budget.h"

#include "evolve/samplers.h"

#include <math.h>
#include <string.h>

/* Which score a rung's sampler follows, and which law it starts from: p_T, p'_T, pi. */
enum { FROM_TRUTH, FROM_SAMPLE, FROM_PRIOR, STARTS };

/* The floor is sampler 0; rungs that are stepped follow in order. */
enum { FLOOR = 0, MOST = 1 + RG_RUNGS };

struct march {
    const rg_ladder *ladder;
    rg_chain *chain;
    rg_cast *cast;
    rg_samplers *samplers;
    double *start[STARTS];
    int score_of[RG_RUNGS], start_of[RG_RUNGS];
    int sampler_of[RG_RUNGS]; /* 0: not stepped */
    int score_of_sampler[MOST];
    size_t count;
    double *field[RG_SCORES]; /* the scores at the variance last asked for */
    double *before, *work, *weight;
    rg_spectral *spectral;
};

int rg_rung_before(const int has[RG_RUNGS], int rung) {
    int before = rung - 1;
    while (before >= 0 && !has[before]) before--;
    return before;
}

int rg_score_of_rung(const rg_ladder *l, int rung) {
    static const int own[RG_RUNGS] = {[RG_RUNG_STOP] = RG_SCORE_TRUE,
                                      [RG_RUNG_CLASS] = RG_SCORE_FIT,
                                      [RG_RUNG_SAMPLES] = RG_SCORE_EXPLICIT,
                                      [RG_RUNG_OBJECTIVE] = RG_SCORE_DENOISED,
                                      [RG_RUNG_LEARNED] = RG_SCORE_LEARNED};
    while (rung == RG_RUNG_PRIOR || rung == RG_RUNG_STEPS) rung = rg_rung_before(l->has, rung);
    return rung < 0 ? RG_SCORE_TRUE : own[rung];
}

static int start_of_rung(const rg_ladder *l, int rung) {
    if (rung >= RG_RUNG_PRIOR && l->has[RG_RUNG_PRIOR]) return FROM_PRIOR;
    return rung >= RG_RUNG_SAMPLES && l->samples ? FROM_SAMPLE : FROM_TRUTH;
}

/* Laws that are known without stepping: P * G(v_min), and without a class P' * G(v_min). */
static int known_law(const rg_ladder *l, int rung) {
    if (rung == RG_RUNG_STOP) return 0;
    return rung == RG_RUNG_OBJECTIVE && !l->kind ? 1 : -1;
}

static void assign(struct march *m) {
    const rg_ladder *l = m->ladder;
    m->count = 1;
    m->score_of_sampler[FLOOR] = RG_SCORE_TRUE;
    for (int r = 0; r < RG_RUNGS; r++) {
        m->score_of[r] = rg_score_of_rung(l, r);
        m->start_of[r] = start_of_rung(l, r);
        if (!l->has[r] || r == RG_RUNG_STEPS || known_law(l, r) >= 0) continue;
        m->score_of_sampler[m->count] = m->score_of[r];
        m->sampler_of[r] = (int)m->count++;
    }
}

static void march_free(struct march *m) {
    rg_samplers_destroy(m->samplers);
    rg_cast_destroy(m->cast);
    rg_spectral_destroy(m->spectral);
    for (int k = 0; k < STARTS; k++) rg_free(m->start[k]);
    for (int k = 0; k < RG_SCORES; k++) rg_free(m->field[k]);
    rg_free(m->before);
    rg_free(m->work);
    rg_free(m->weight);
}

static rg_status allocate(struct march *m) {
    const rg_ladder *l = m->ladder;
    const size_t n = (size_t)rg_grid_cells(&l->grid), dim = (size_t)l->grid.dim;
    rg_status status = rg_spectral_create(&l->grid, RG_PLAN_ESTIMATE, &m->spectral);
    if (status) return status;
    for (int k = 0; k < STARTS; k++)
        if (!(m->start[k] = rg_field_alloc(n))) return RG_ENOMEM;
    m->field[RG_SCORE_TRUE] = rg_field_alloc(n * dim);
    if (!m->field[RG_SCORE_TRUE]) return RG_ENOMEM;
    for (int r = 0; r < RG_RUNGS; r++)
        if (l->has[r] && !m->field[m->score_of[r]] && !(m->field[m->score_of[r]] = rg_field_alloc(n * dim)))
            return RG_ENOMEM;
    m->before = rg_field_alloc(n);
    m->weight = rg_field_alloc(n);
    m->work = rg_field_alloc(n * dim * dim);
    for (int i = 0; i < RG_LAWS; i++) {
        if (i > 0 && !l->has[i - 1]) continue;
        m->chain->law[i] = rg_field_alloc(n);
        m->chain->start[i] = rg_field_alloc(n);
        if (!m->chain->law[i] || !m->chain->start[i]) return RG_ENOMEM;
    }
    for (int r = RG_RUNG_CLASS; !l->without_bounds && r < RG_RUNG_STEPS; r++)
        if (l->has[r] && !(m->chain->gap_at[r] = rg_field_alloc(rg_size_product(RG_ROWS, n)))) return RG_ENOMEM;
    m->chain->floor = rg_field_alloc(n);
    return m->before && m->weight && m->work && m->chain->floor ? RG_OK : RG_ENOMEM;
}

/* rg_samplers_scores */
static rg_status furnish(void *data, double variance, double *const *score, rg_diagnostic *diagnostic) {
    struct march *m = data;
    const size_t size = (size_t)rg_grid_cells(&m->ladder->grid) * (size_t)m->ladder->grid.dim;
    const rg_status status = rg_cast_scores(m->cast, variance, m->field, diagnostic);
    for (size_t i = 0; !status && i < m->count; i++)
        memcpy(score[i], m->field[m->score_of_sampler[i]], size * sizeof *score[i]);
    return status;
}

/* ---- what the bounds need */

/* Two arrays of one room. */
static rg_status room_for_node(rg_chain *c) {
    size_t room = c->room;
    double *variance = rg_grow(c->variance, c->nodes, sizeof *variance, &room);
    if (!variance) return RG_ENOMEM;
    c->variance = variance;
    rg_node_of_rung *node = rg_grow(c->node, c->nodes, RG_RUNGS * sizeof *node, &c->room);
    if (!node) return RG_ENOMEM;
    c->node = node;
    return RG_OK;
}

/* The law of a rung at the present variance. */
static const double *present_law(struct march *m, int rung) {
    const int known = known_law(m->ladder, rung);
    if (known >= 0) return rg_cast_density(m->cast, known);
    (void)rg_samplers_density(m->samplers, (size_t)m->sampler_of[rung], m->before);
    return m->before;
}

/* c E|a - b| under the law; what it integrates stays in m->weight. */
static double mean_gap(const struct march *m, const double *law, const double *a, const double *b) {
    const double churn = m->ladder->experiment->churn, drift = (1 + churn * churn) / 2;
    const rg_grid *g = &m->ladder->grid;
    const ptrdiff_t n = rg_grid_cells(g);
    for (ptrdiff_t i = 0; i < n; i++) {
        double square = 0;
        for (int axis = 0; axis < g->dim; axis++) {
            const double gap = a[axis * n + i] - b[axis * n + i];
            square += gap * gap;
        }
        m->weight[i] = drift * law[i] * sqrt(square);
    }
    return rg_sum(n, m->weight) * rg_grid_cell_volume(g);
}

static void keep_gap(const struct march *m, int rung, int row) {
    const size_t n = (size_t)rg_grid_cells(&m->ladder->grid);
    memcpy(m->chain->gap_at[rung] + (size_t)row * n, m->weight, n * sizeof(double));
}

/* The fields are those at the end of the last accepted step: it is what was asked for last. */
static rg_status note(struct march *m) {
    rg_chain *c = m->chain;
    const rg_ladder *l = m->ladder;
    const double churn = l->experiment->churn, drift = (1 + churn * churn) / 2;
    if (l->without_bounds) return RG_OK;
    rg_status status = room_for_node(c);
    if (status) return status;
    const double variance = c->variance[c->nodes] = rg_samplers_variance(m->samplers);
    int row = 0;
    while (row < RG_ROWS && fabs(c->row[row] - variance) > 1e-9 * variance) row++;
    if (row < RG_ROWS) c->row_node[row] = c->nodes;
    rg_node_of_rung *node = c->node + c->nodes++ * RG_RUNGS;
    for (int r = RG_RUNG_STOP + 1; !status && r < RG_RUNG_STEPS; r++) {
        const int before = rg_rung_before(l->has, r);
        node[r] = (rg_node_of_rung){0, 0};
        if (!l->has[r] || before < 0) continue;
        const double *mine = m->field[m->score_of[r]], *other = m->field[m->score_of[before]];
        if (mine != other) node[r].gap = mean_gap(m, present_law(m, before), mine, other);
        if (mine != other && row < RG_ROWS) keep_gap(m, r, row);
        status = rg_stretch(m->spectral, mine, m->work, NULL, &node[r].stretch);
        node[r].stretch *= drift;
    }
    return status;
}

/* Equal steps in log v. */
static double row_variance(const rg_ladder *l, int k) {
    if (k == 0) return l->variance_max;
    if (k == RG_ROWS - 1) return l->variance_min;
    return l->variance_max * pow(l->variance_min / l->variance_max, (double)k / (RG_ROWS - 1));
}

/* ---- the march */

static rg_status set_starts(struct march *m, rg_diagnostic *diagnostic) {
    const rg_ladder *l = m->ladder;
    const size_t bytes = (size_t)rg_grid_cells(&l->grid) * sizeof(double);
    rg_status status = rg_cast_scores(m->cast, l->variance_max, m->field, diagnostic);
    if (status) return status;
    memcpy(m->start[FROM_TRUTH], rg_cast_density(m->cast, 0), bytes);
    if (l->samples) memcpy(m->start[FROM_SAMPLE], rg_cast_density(m->cast, 1), bytes);
    const double *reference = m->start[l->samples ? FROM_SAMPLE : FROM_TRUTH];
    if (l->has[RG_RUNG_PRIOR]) status = rg_law_of_prior(l, reference, m->start[FROM_PRIOR], diagnostic);
    for (int r = 0; !status && r < RG_RUNGS; r++)
        if (l->has[r]) memcpy(m->chain->start[1 + r], m->start[m->start_of[r]], bytes);
    return status;
}

static rg_status prepare(struct march *m, rg_diagnostic *diagnostic) {
    const rg_ladder *l = m->ladder;
    assign(m);
    rg_status status = allocate(m);
    if (status) return rg_fail(diagnostic, status, "budget: out of memory");
    status = rg_cast_create(l, &m->cast, diagnostic);
    if (!status) status = set_starts(m, diagnostic);
    const double *start[MOST] = {m->start[FROM_TRUTH]};
    for (int r = 0; r < RG_RUNGS; r++)
        if (m->sampler_of[r]) start[m->sampler_of[r]] = m->start[m->start_of[r]];
    const rg_samplers_options options = {.variance_min = l->variance_min,
                                         .variance_max = l->variance_max,
                                         .churn = l->experiment->churn,
                                         .tolerance = l->tolerance,
                                         .stops = l->without_bounds ? 0 : RG_ROWS,
                                         .stop = m->chain->row};
    for (int k = 0; k < RG_ROWS; k++) m->chain->row[k] = row_variance(l, k);
    if (!status) status = rg_samplers_create(&l->grid, &options, m->count, furnish, m, start, &m->samplers, diagnostic);
    if (!status && note(m)) status = rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    return status;
}

static rg_status report_progress(const struct march *m, rg_diagnostic *diagnostic) {
    const rg_ladder *l = m->ladder;
    const double done =
        log(l->variance_max / rg_samplers_variance(m->samplers)) / log(l->variance_max / l->variance_min);
    const double fraction = l->progress_from + done * (l->progress_to - l->progress_from);
    if (l->progress && l->progress(l->progress_data, fraction, l->stage))
        return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
    return RG_OK;
}

static rg_status conclude(struct march *m, rg_diagnostic *diagnostic) {
    const rg_ladder *l = m->ladder;
    rg_chain *c = m->chain;
    const size_t bytes = (size_t)rg_grid_cells(&l->grid) * sizeof(double);
    (void)rg_samplers_density(m->samplers, FLOOR, c->floor);
    (void)rg_law_normalise(&l->grid, c->floor);
    for (int r = 0; r < RG_RUNG_STEPS; r++) {
        if (!l->has[r]) continue;
        if (m->sampler_of[r]) {
            c->lost[1 + r] = rg_samplers_density(m->samplers, (size_t)m->sampler_of[r], c->law[1 + r]);
            (void)rg_law_normalise(&l->grid, c->law[1 + r]);
        } else
            memcpy(c->law[1 + r], rg_cast_density(m->cast, known_law(l, r)), bytes);
    }
    c->steps = (size_t)rg_samplers_steps(m->samplers);
    c->functions = rg_cast_functions(m->cast);
    if (!l->has[RG_RUNG_STEPS]) return RG_OK;
    return rg_budget_steps(l, m->cast, m->score_of[RG_RUNG_STEPS], m->start[m->start_of[RG_RUNG_STEPS]],
                           c->law[1 + RG_RUNG_STEPS], &c->lost[1 + RG_RUNG_STEPS], diagnostic);
}

static rg_status go(struct march *m, rg_diagnostic *diagnostic) {
    rg_status status =
        rg_law_of_truth(m->ladder->experiment, &m->ladder->grid, m->chain->law[0], &m->chain->has_density, diagnostic);
    for (int done = 0; !status && !done;) {
        status = rg_samplers_step(m->samplers, &done, diagnostic);
        if (!status && note(m)) status = rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
        if (!status) status = report_progress(m, diagnostic);
    }
    return status ? status : conclude(m, diagnostic);
}

rg_status rg_chain_run(const rg_ladder *ladder, rg_chain *chain, rg_diagnostic *diagnostic) {
    struct march m = {.ladder = ladder, .chain = chain};
    *chain = (rg_chain){0};
    rg_status status = prepare(&m, diagnostic);
    if (!status) status = go(&m, diagnostic);
    march_free(&m);
    if (status) rg_chain_free(chain);
    return status;
}

void rg_chain_free(rg_chain *c) {
    for (int i = 0; i < RG_LAWS; i++) {
        rg_free(c->law[i]);
        rg_free(c->start[i]);
    }
    for (int r = 0; r < RG_RUNGS; r++) rg_free(c->gap_at[r]);
    rg_free(c->floor);
    rg_free(c->variance);
    rg_free(c->node);
    *c = (rg_chain){0};
}
