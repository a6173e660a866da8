/* The march up. With the density form f is plain, d_v f = b.grad f + D laplacian f; with the ratio form M = p f is stepped, which
 * needs no score where p is small. Either is the adjoint of the form in which the marginals were stepped, on the grid and not
 * only in the limit: the representation
 *   int psi d(q_0 - p_0) = int f_T d(pi - p_T) + int c int p grad f.e dx dv
 * closes to the tolerance of the steps whatever the kinks of psi. Lambda takes the fitted scheme, for it must not
 * oscillate, and ends its steps where f ends its own. */
#include "experiment/wasserstein.h"

#include "base/base.h"
#include "measure/expansion.h"
#include "measure/slope.h"

#include <math.h>
#include <string.h>

/* Lambda is known to the second order of its scheme anyway. */
static const double looser = 100, loosest = 1e-2;

/* ---- fields for the two */

rg_status rg_w1_langevin_stein(rg_w1 *w, const rg_level *level) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const rg_status status = rg_divergence(w->spectral, level->error, w->field);
    for (int a = 0; !status && a < w->grid.dim; a++)
        for (ptrdiff_t i = 0; i < n; i++) w->field[i] += level->score[a * n + i] * level->error[a * n + i];
    return status;
}

static void drift(const rg_w1 *w, const rg_level *level, double *b) {
    for (ptrdiff_t i = 0; i < w->grid.dim * rg_grid_cells(&w->grid); i++)
        b[i] = w->drift * (level->score[i] + level->error[i]);
}

static rg_status f_fields(void *data, double variance, double *b, double *growth, rg_diagnostic *diagnostic) {
    rg_w1 *w = data;
    rg_status status = rg_levels_unsplit_at(w->levels, variance, &w->scratch, diagnostic);
    if (status || w->form == RG_FORM_DENSITY) {
        if (!status) drift(w, &w->scratch, b);
        return status;
    }
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const double along_score = w->drift - 2 * w->diffusion;
    for (ptrdiff_t i = 0; i < w->grid.dim * n; i++)
        b[i] = along_score * w->scratch.score[i] + w->drift * w->scratch.error[i];
    status = rg_w1_langevin_stein(w, &w->scratch);
    for (ptrdiff_t i = 0; i < n; i++) growth[i] = -w->drift * w->field[i];
    return status ? rg_fail(diagnostic, status, "w1: %s", rg_status_text(status)) : RG_OK;
}

static rg_status lambda_fields(void *data, double variance, double *b, double *growth, rg_diagnostic *diagnostic) {
    rg_w1 *w = data;
    const rg_status status = rg_levels_unsplit_at(w->levels, variance, &w->scratch, diagnostic);
    if (status) return status;
    drift(w, &w->scratch, b);
    rg_expansion(&w->grid, b, growth, NULL);
    return RG_OK;
}

/* ---- creation */

static rg_status allocate(rg_w1 *w) {
    const size_t n = (size_t)rg_grid_cells(&w->grid), dn = n * (size_t)w->grid.dim;
    double **field[] = {&w->potential, &w->value, &w->stretch, &w->field};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        if (!(*field[i] = rg_field_alloc(n))) return RG_ENOMEM;
    w->slope = rg_field_alloc(dn);
    w->flux = rg_field_alloc(dn);
    w->level = rg_alloc(w->stops, sizeof *w->level);
    if (!w->slope || !w->flux || !w->level) return RG_ENOMEM;
    rg_status status = rg_level_create(&w->grid, &w->room);
    if (!status) status = rg_level_create(&w->grid, &w->scratch);
    if (!status) status = rg_spectral_create(&w->grid, RG_PLAN_ESTIMATE, &w->spectral);
    if (!status) status = rg_transport_create(&w->grid, 0, RG_PLAN_ESTIMATE, &w->transport);
    if (!status) status = rg_transport_create(&w->grid, 0, RG_PLAN_ESTIMATE, &w->sources);
    if (!status) status = rg_running_create(n, &w->map);
    return status;
}

static void w1_free(rg_w1 *w) {
    double *field[] = {w->potential, w->value, w->stretch, w->field, w->slope, w->flux};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
    rg_free(w->level);
    rg_free(w->node);
    rg_free(w->quadrature);
    rg_level_free(&w->room);
    rg_level_free(&w->scratch);
    rg_spectral_destroy(w->spectral);
    rg_transport_destroy(w->transport);
    rg_transport_destroy(w->sources);
    rg_running_free(&w->map);
    rg_backward_destroy(w->f);
    rg_backward_destroy(w->lambda);
}

static rg_status begin(rg_w1 *w, const double *density, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const double low = w->experiment->variance_min, high = w->experiment->variance_max;
    rg_backward_options o = {.variance_min = low,
                             .variance_max = high,
                             .diffusion = w->diffusion,
                             .tolerance = w->tolerance,
                             .stops = w->stops,
                             .stop = w->stop,
                             .divergence = w->form == RG_FORM_RATIO};
    for (ptrdiff_t i = 0; i < n; i++) w->value[i] = w->potential[i] * (o.divergence ? density[i] : 1);
    rg_status status = rg_backward_create(&w->grid, &o, f_fields, w, w->value, &w->f, diagnostic);
    if (status) return status;
    w->lambda_stop = low;
    o.tolerance = fmin(looser * w->tolerance, loosest);
    o.stops = 1;
    o.stop = &w->lambda_stop; /* moved along with f */
    o.divergence = 0;
    o.scheme = RG_BACKWARD_FITTED;
    for (ptrdiff_t i = 0; i < n; i++) w->value[i] = 1;
    return rg_backward_create(&w->grid, &o, lambda_fields, w, w->value, &w->lambda, diagnostic);
}

/* ---- a node */

struct point {
    const rg_w1 *w;
    const double *vector; /* grad phi or e */
    double cap;           /* of Lambda */
    int what;
};
enum { SOURCE, MEAN, SQUARE, POINTWISE, STRETCH };

static double term_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct point *p = data;
    const rg_w1 *w = p->w;
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        double square = 0, along = 0;
        for (int a = 0; a < w->grid.dim; a++) {
            square += p->vector[a * n + i] * p->vector[a * n + i];
            along += p->vector[a * n + i] * w->slope[a * n + i];
        }
        if (p->what == SOURCE) sum += along;
        if (p->what == MEAN) sum += w->room.density[i] * sqrt(square);
        if (p->what == SQUARE) sum += w->room.density[i] * square;
        if (p->what == STRETCH) sum += w->room.density[i] * w->stretch[i] * w->stretch[i];
        if (p->what == POINTWISE) sum += w->room.density[i] * sqrt(square) * fmin(w->stretch[i], p->cap);
    }
    return sum;
}

static double integral_of(const rg_w1 *w, const double *vector, int what, double cap) {
    const struct point p = {w, vector, cap, what};
    return rg_reduce(rg_grid_cells(&w->grid), term_block, &p) * rg_grid_cell_volume(&w->grid);
}

/* slope := p grad f */
static rg_status set_slope(rg_w1 *w) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    rg_backward_value(w->f, w->value);
    rg_backward_gradient(w->f, w->slope);
    for (int a = 0; a < w->grid.dim; a++) {
        double *slope = w->slope + a * n;
        const double *score = w->room.score + a * n;
        for (ptrdiff_t i = 0; i < n; i++)
            slope[i] = w->form == RG_FORM_RATIO ? slope[i] - score[i] * w->value[i] : slope[i] * w->room.density[i];
    }
    return RG_OK;
}

/* c p grad f.grad phi into w->field; its integral, that of its positive and that of its negative part. */
static rg_harm_level set_map(rg_w1 *w) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const double cell = rg_grid_cell_volume(&w->grid);
    rg_harm_level sum = {0, 0, 0};
    for (ptrdiff_t i = 0; i < n; i++) {
        double along = 0;
        for (int a = 0; a < w->grid.dim; a++) along += w->slope[a * n + i] * w->room.gradient[a * n + i];
        w->field[i] = w->drift * along;
        sum.positive += fmax(w->field[i], 0) * cell;
        sum.negative += fmin(w->field[i], 0) * cell;
    }
    sum.total = sum.positive + sum.negative;
    return sum;
}

/* min int |F| over div F = div(p e): the transport of its positive part to its negative one. */
static rg_status source_norm(rg_w1 *w, double *norm, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const double least = 1e-12 * w->room.split.total;
    double mass = 0, *plus = w->value, *minus = w->field;
    for (ptrdiff_t i = 0; i < w->grid.dim * n; i++) /* scratch until the next stage */
        w->scratch.error[i] = w->room.density[i % n] * w->room.gradient[i];
    rg_status status = rg_divergence(w->spectral, w->scratch.error, w->field);
    if (status) return rg_fail(diagnostic, status, "w1: %s", rg_status_text(status));
    for (ptrdiff_t i = 0; i < n; i++) {
        plus[i] = fmax(w->field[i], 0);
        minus[i] = fmax(-w->field[i], 0);
        mass += plus[i];
    }
    mass *= rg_grid_cell_volume(&w->grid);
    *norm = w->reach * mass; /* nothing need go farther */
    if (mass * mass <= least) return RG_OK;
    rg_transport_report report;
    const rg_transport_options o = {.gap = w->experiment->wasserstein.source_gap};
    status = rg_transport_solve(w->sources, &o, plus, minus, NULL, NULL, &report, diagnostic);
    if (!status) *norm = mass * report.upper;
    return status;
}

static rg_w1_node *new_node(rg_w1 *w) {
    rg_w1_node *node = rg_grow(w->node, w->count, sizeof *node, &w->space);
    if (!node) return NULL;
    w->node = node;
    w->node[w->count] = (rg_w1_node){0};
    return &w->node[w->count++];
}

static void set_growth(rg_w1 *w, rg_w1_node *node) {
    double frobenius;
    drift(w, &w->room, w->scratch.error);
    rg_growth_add(&w->growth, node->variance, rg_greatest_expansion(&w->grid, w->scratch.error, w->field, &frobenius));
    node->exponent = w->growth.exponent;
    node->steepest = w->growth.steepest;
    w->frobenius = fmax(w->frobenius, frobenius);
}

static void set_integrals(rg_w1 *w, rg_w1_node *node) {
    const double *vector[] = {[RG_W1_GRADIENT] = w->room.gradient, [RG_W1_ERROR] = w->room.error};
    const rg_w1_node lowered = rg_w1_lowered(node);
    const double cap = rg_w1_constant(w, node), low = rg_w1_constant(w, &lowered);
    rg_backward_value(w->lambda, w->stretch);
    w->end_pointwise = w->end_least = w->end_least_low = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(&w->grid); i++) {
        w->end_pointwise = fmax(w->end_pointwise, w->stretch[i]);
        w->end_least = fmax(w->end_least, fmin(w->stretch[i], cap));
        w->end_least_low = fmax(w->end_least_low, fmin(w->stretch[i], low));
    }
    for (int k = 0; k < RG_W1_FIELDS; k++) {
        node->source[k] = w->drift * integral_of(w, vector[k], SOURCE, 0);
        node->mean[k] = integral_of(w, vector[k], MEAN, 0);
        node->root[k] = sqrt(integral_of(w, vector[k], SQUARE, 0));
        node->pointwise[k] = integral_of(w, vector[k], POINTWISE, HUGE_VAL);
        node->least[k] = integral_of(w, vector[k], POINTWISE, cap);
        node->least_low[k] = integral_of(w, vector[k], POINTWISE, low);
    }
    node->stretch = sqrt(integral_of(w, vector[0], STRETCH, 0));
}

static rg_status add_node(rg_w1 *w, int segment, rg_diagnostic *diagnostic) {
    rg_w1_node *node = new_node(w);
    if (!node) return rg_fail(diagnostic, RG_ENOMEM, "w1: out of memory");
    node->variance = w->room.variance;
    node->segment = segment;
    set_growth(w, node);
    rg_status status = set_slope(w);
    if (status) return rg_fail(diagnostic, status, "w1: %s", rg_status_text(status));
    set_integrals(w, node);
    const rg_harm_level map = set_map(w);
    node->size = map.positive - map.negative;
    rg_running_add(&w->map, node->variance, w->field);
    for (size_t i = 0; i < w->stops; i++) /* per d log sigma: dv = 2 v d log sigma */
        if (node->variance == w->stop[i]) {
            const double by = 2 * node->variance;
            w->level[i] = (rg_harm_level){by * map.total, by * map.positive, by * map.negative};
        }
    return source_norm(w, &node->norm, diagnostic);
}

static int is_break(const rg_w1 *w, double variance) {
    const double *breaks;
    const size_t count = rg_levels_breaks(w->levels, &breaks);
    for (size_t i = 0; i < count; i++)
        if (fabs(breaks[i] - variance) <= 1e-9 * variance) return 1;
    return 0;
}

/* The break belongs to both segments. */
static rg_status close_segment(rg_w1 *w) {
    const rg_w1_node last = w->node[w->count - 1];
    rg_running_end(&w->map);
    rg_w1_node *node = new_node(w);
    if (!node) return RG_ENOMEM;
    *node = last;
    node->segment++;
    (void)set_map(w);
    rg_running_add(&w->map, node->variance, w->field);
    return RG_OK;
}

/* ---- the march */

static rg_status advance(rg_w1 *w, int *done, rg_diagnostic *diagnostic) {
    rg_status status = rg_backward_step(w->f, done, diagnostic);
    w->lambda_stop = rg_backward_variance(w->f);
    for (int end = 0; !status && !end && rg_backward_variance(w->lambda) < w->lambda_stop;)
        status = rg_backward_step(w->lambda, &end, diagnostic);
    if (!status) status = rg_levels_at(w->levels, w->lambda_stop, &w->room, diagnostic);
    return status;
}

static rg_status march(rg_w1 *w, rg_diagnostic *diagnostic) {
    int segment = 0;
    rg_status status = rg_levels_at(w->levels, w->experiment->variance_min, &w->room, diagnostic);
    if (!status) status = add_node(w, segment, diagnostic);
    for (int done = 0; !status && !done;) {
        status = advance(w, &done, diagnostic);
        if (!status) status = add_node(w, segment, diagnostic);
        if (status || done || !is_break(w, w->lambda_stop)) continue;
        segment++;
        status = close_segment(w);
        if (status) return rg_fail(diagnostic, status, "w1: out of memory");
    }
    rg_running_end(&w->map);
    return status;
}

/* ---- what comes of it */

static double source_of(const rg_w1 *w, const rg_w1_node *node, int which) {
    (void)w;
    return node->source[which];
}

static double size_of(const rg_w1 *w, const rg_w1_node *node, int which) {
    (void)w, (void)which;
    return node->size;
}

double rg_w1_prior_gain(rg_w1 *w, const double *prior) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const double cell = rg_grid_cell_volume(&w->grid);
    double mass = 0, gain = 0;
    rg_backward_value(w->f, w->value);
    for (ptrdiff_t i = 0; i < n; i++) mass += prior[i] * cell;
    for (ptrdiff_t i = 0; i < n; i++) {
        const double p = w->room.density[i], q = prior[i] / mass;
        gain += w->form == RG_FORM_RATIO ? w->value[i] * (q / p - 1) : w->value[i] * (q - p);
    }
    return gain * cell;
}

/* int f_T d(pi - p_T) and W1 of the two. */
static rg_status at_the_start(rg_w1 *w, const double *prior, rg_w1_values *values, rg_value *tv,
                              rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    const double cell = rg_grid_cell_volume(&w->grid);
    double mass = 0, distance = 0;
    values->prior = values->prior_gain = *tv = (rg_value){0, 0};
    if (!prior) return RG_OK;
    for (ptrdiff_t i = 0; i < n; i++) mass += prior[i] * cell;
    for (ptrdiff_t i = 0; i < n; i++) {
        w->field[i] = prior[i] / mass;
        distance += 0.5 * fabs(w->field[i] - w->room.density[i]);
    }
    rg_transport_report report;
    const rg_transport_options o = {.gap = w->experiment->wasserstein.gap, .cold = 1};
    const rg_status status =
        rg_transport_solve(w->transport, &o, w->room.density, w->field, NULL, NULL, &report, diagnostic);
    if (status) return status;
    values->prior_gain = (rg_value){rg_w1_prior_gain(w, prior), 0};
    values->prior = (rg_value){report.value, 0.5 * (report.upper - report.lower)};
    *tv = (rg_value){distance * cell, 0};
    return RG_OK;
}

static rg_status distance(rg_w1 *w, const rg_w1_input *in, int marginal, rg_value *value, rg_diagnostic *diagnostic) {
    rg_transport_report report;
    const rg_transport_options o = {.gap = w->experiment->wasserstein.gap, .cold = 1};
    const rg_status status = rg_transport_solve(w->transport, &o, in->density, in->marginal[marginal], w->potential,
                                                w->flux, &report, diagnostic);
    if (status) return status;
    *value = (rg_value){report.value, 0.5 * (report.upper - report.lower) + w->reach * in->lost[marginal]};
    return RG_OK;
}

/* The full sampler's last: its potential is kept. What the error-free sampler that starts at p shows where it should show 0
 * is in doubt everywhere. */
static rg_status distances(rg_w1 *w, const rg_w1_input *in, rg_w1_values *values, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    rg_value floor = {0, 0};
    rg_status status = distance(w, in, RG_FLOOR, &floor, diagnostic);
    for (int m = RG_MARGINALS - 1; !status && m >= 0; m--) {
        status = distance(w, in, m, &values->distance[m], diagnostic);
        values->distance[m].error += floor.value;
    }
    double gain = 0;
    for (ptrdiff_t i = 0; i < n; i++) gain += w->potential[i] * (in->marginal[RG_FULL][i] - in->density[i]);
    /* the steps' tolerance is in total variation, and psi varies by the diameter at most */
    values->gain =
        (rg_value){gain * rg_grid_cell_volume(&w->grid), floor.value + w->reach * (in->lost[RG_FULL] + w->tolerance)};
    return status;
}

static void represent(const rg_w1 *w, rg_w1_values *values) {
    for (int k = 0; k < RG_W1_FIELDS; k++) {
        values->source[k] = rg_w1_integral(w, source_of, k, 0);
        values->residual[k] = (rg_value){fabs(values->gain.value - values->prior_gain.value - values->source[k].value),
                                         values->source[k].error + values->gain.error};
    }
    values->size = rg_w1_integral(w, size_of, 0, 0);
}

/* From faces, each between a point and its neighbour behind along the axis, to points; `scratch`: (n). */
static void centre(const rg_grid *grid, double *flux, double *scratch) {
    const ptrdiff_t *shape = grid->shape, n = rg_grid_cells(grid);
    const ptrdiff_t stride[RG_MAX_DIM] = {shape[1] * shape[2], shape[2], 1};
    for (int a = 0; a < grid->dim; a++, flux += n) {
        memcpy(scratch, flux, (size_t)n * sizeof *flux);
        for (ptrdiff_t i = 0; i < n; i++) {
            const ptrdiff_t round = i / stride[a] % shape[a] > 0 ? 0 : shape[a] * stride[a];
            flux[i] = 0.5 * (scratch[i] + scratch[i - stride[a] + round]);
        }
    }
}

static void hand_over(rg_w1 *w, rg_outcome *outcome) {
    for (size_t i = 0; i < outcome->levels && i < w->stops; i++) outcome->level[i].w1 = w->level[w->stops - 1 - i];
    outcome->w1.map = w->map.sum;
    outcome->w1.potential = w->potential;
    outcome->w1.flux = w->flux;
    centre(&w->grid, w->flux, w->slope);
    w->map.sum = NULL;
    w->potential = w->flux = NULL;
}

rg_status rg_w1_run(const rg_experiment *x, const rg_w1_input *in, rg_w1_values *values, rg_outcome *outcome,
                    rg_diagnostic *diagnostic) {
    const double square = x->churn * x->churn;
    rg_w1 w = {.experiment = x,
               .levels = in->levels,
               .grid = *in->grid,
               .form = in->form,
               .tolerance = in->tolerance,
               .drift = 0.5 * (1 + square),
               .diffusion = 0.5 * square,
               .reach = rg_slope_range(in->grid),
               .stops = in->stops,
               .stop = in->stop};
    rg_value tv_prior;
    rg_status status = allocate(&w);
    if (status) rg_fail(diagnostic, status, "w1: %s", rg_status_text(status));
    if (!status) status = distances(&w, in, values, diagnostic);
    if (!status) status = begin(&w, in->density, diagnostic);
    if (!status) status = march(&w, diagnostic);
    if (!status) status = at_the_start(&w, in->prior, values, &tv_prior, diagnostic);
    if (!status) {
        w.quadrature = rg_field_alloc(rg_size_product(2, w.count));
        if (!w.quadrature) status = rg_fail(diagnostic, RG_ENOMEM, "w1: out of memory");
    }
    if (!status) {
        represent(&w, values);
        rg_w1_bounds(&w, !in->prior, tv_prior, values);
        status = rg_w1_true(&w, in, values, diagnostic);
    }
    if (!status) {
        if (outcome) hand_over(&w, outcome);
    }
    w1_free(&w);
    return status;
}
