/* The representation mirrored: the potential goes up with the true drift, and meets q in place of p (docs/theory.md 5).
 *   d_v g = c s.grad g + D laplacian g,  g(variance_min) = psi
 *   int psi d(q_0 - p_0) = int g_T d(pi - p_T) + int c E_q[e.grad g] dv
 * for int g dp stands still and d_v int g dq = -c E_q[e.grad g]. It shares with the other no march, no drift and no weight. What
 * it needs is q at every node: the trail of the march down, one field a step.
 *
 * Density form: g is plain. Ratio form: M = p g, d_v M = div((c - 2 D) s M) + D laplacian M, which for churn 1 is heat, and
 * E_q[e.grad g] = -int M (e.grad rho + rho h), h = div e + s.e. Either is the transpose on the grid of what stepped q. */
#include "experiment/wasserstein.h"

#include "base/base.h"

#include <math.h>

/* ---- the trail */

rg_status rg_w1_trail_add(rg_w1_trail *t, const rg_evolve *evolve, rg_form form) {
    const rg_level *level = rg_evolve_level(evolve);
    rg_w1_mark *mark = rg_grow(t->mark, t->count, sizeof *mark, &t->space);
    if (!mark) return RG_ENOMEM;
    t->mark = mark;
    mark += t->count;
    *mark = (rg_w1_mark){level->variance, rg_evolve_segment(evolve), rg_field_alloc(t->cells)};
    if (!mark->field) return RG_ENOMEM;
    t->count++;
    rg_evolve_ratio(evolve, RG_FULL, mark->field, NULL);
    for (size_t i = 0; form == RG_FORM_DENSITY && i < t->cells; i++) mark->field[i] *= level->density[i];
    return RG_OK;
}

void rg_w1_trail_free(rg_w1_trail *t) {
    for (size_t i = 0; i < t->count; i++) rg_free(t->mark[i].field);
    rg_free(t->mark);
    *t = (rg_w1_trail){0};
}

/* ---- the march up */

static rg_status true_fields(void *data, double variance, double *b, double *growth, rg_diagnostic *diagnostic) {
    rg_w1 *w = data;
    (void)growth;
    const rg_status status = rg_levels_unsplit_at(w->levels, variance, &w->scratch, diagnostic);
    const double factor = w->form == RG_FORM_RATIO ? w->drift - 2 * w->diffusion : w->drift;
    for (ptrdiff_t i = 0; !status && i < w->grid.dim * rg_grid_cells(&w->grid); i++)
        b[i] = factor * w->scratch.score[i];
    return status;
}

/* The nodes of the trail, ascending, are its stops. */
static rg_status begin(rg_w1 *w, const rg_w1_trail *t, const double *density, double *stop, rg_diagnostic *diagnostic) {
    for (size_t i = 0; i < t->count; i++) stop[i] = t->mark[t->count - 1 - i].variance;
    const rg_backward_options o = {.variance_min = w->experiment->variance_min,
                                   .variance_max = w->experiment->variance_max,
                                   .diffusion = w->diffusion,
                                   .tolerance = w->tolerance,
                                   .stops = t->count,
                                   .stop = stop,
                                   .divergence = w->form == RG_FORM_RATIO};
    for (ptrdiff_t i = 0; i < rg_grid_cells(&w->grid); i++)
        w->value[i] = w->potential[i] * (o.divergence ? density[i] : 1);
    rg_backward_destroy(w->f);
    w->f = NULL;
    return rg_backward_create(&w->grid, &o, true_fields, w, w->value, &w->f, diagnostic);
}

/* ---- at a node, whose level stands in w->scratch */

struct term {
    const rg_w1 *w;
    const double *q; /* or rho */
    int size;        /* 1: the integral of |.| */
};

static double along(const rg_w1 *w, ptrdiff_t i) {
    double sum = 0;
    for (ptrdiff_t k = i; k < w->grid.dim * rg_grid_cells(&w->grid); k += rg_grid_cells(&w->grid))
        sum += w->scratch.error[k] * w->slope[k];
    return sum;
}

/* q e.grad g, slope = grad g; with rho and slope = p grad g the same */
static double plain_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct term *t = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double value = t->q[i] * along(t->w, i);
        sum += t->size ? fabs(value) : value;
    }
    return sum;
}

/* -M (e.grad rho + rho h), slope = grad rho, M in w->value, h in w->field */
static double ratio_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct term *t = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum -= t->w->value[i] * (along(t->w, i) + t->q[i] * t->w->field[i]);
    return sum;
}

static double integral_of(const rg_w1 *w, double block(const void *, ptrdiff_t, ptrdiff_t), const double *q, int size) {
    const struct term t = {w, q, size};
    return w->drift * rg_reduce(rg_grid_cells(&w->grid), block, &t) * rg_grid_cell_volume(&w->grid);
}

static rg_status at_node(rg_w1 *w, const double *q, double *source, double *size) {
    const ptrdiff_t n = rg_grid_cells(&w->grid);
    rg_backward_value(w->f, w->value);
    if (w->form == RG_FORM_RATIO) {
        rg_status status = rg_w1_langevin_stein(w, &w->scratch);
        if (!status) status = rg_gradient(w->spectral, q, w->slope);
        if (status) return status;
        *source = integral_of(w, ratio_block, q, 0);
    }
    rg_backward_gradient(w->f, w->slope);
    if (w->form == RG_FORM_DENSITY) *source = integral_of(w, plain_block, q, 0);
    for (ptrdiff_t i = 0; w->form == RG_FORM_RATIO && i < w->grid.dim * n; i++)
        w->slope[i] -= w->scratch.score[i] * w->value[i % n];
    *size = integral_of(w, plain_block, q, 1);
    return RG_OK;
}

/* ---- the integrals; marks descend, and one where the score error breaks belongs to the steps on both of its sides */

static rg_value integrate(const rg_w1_trail *t, const double *value, double *scratch) {
    double *x = scratch, *y = scratch + t->count;
    rg_value sum = {0, 0};
    for (size_t i = 0; i + 1 < t->count;) {
        size_t last = i;
        do last++;
        while (last + 1 < t->count && t->mark[last].segment == t->mark[i].segment);
        double error;
        for (size_t k = i; k <= last; k++) {
            x[k - i] = -t->mark[k].variance;
            y[k - i] = value[k];
        }
        sum.value += rg_integrate(last - i + 1, x, y, &error);
        sum.error += error;
        i = last;
    }
    return sum;
}

static rg_status march(rg_w1 *w, const rg_w1_trail *t, double *source, double *size, rg_diagnostic *diagnostic) {
    const double rounding = 1e-9; /* as the stops of a march have it */
    rg_status status = RG_OK;
    for (size_t k = t->count; !status && k-- > 0;) {
        for (int done = 0; !status && !done && rg_backward_variance(w->f) < t->mark[k].variance * (1 - rounding);)
            status = rg_backward_step(w->f, &done, diagnostic);
        if (status) return status;
        status = at_node(w, t->mark[k].field, &source[k], &size[k]);
        if (status) return rg_fail(diagnostic, status, "w1: %s", rg_status_text(status));
    }
    return status;
}

rg_status rg_w1_true(rg_w1 *w, const rg_w1_input *in, rg_w1_values *values, rg_diagnostic *diagnostic) {
    const rg_w1_trail *t = in->trail;
    double *room = rg_field_alloc(rg_size_product(4, t->count)), *source = room, *size = room + t->count;
    if (!room) return rg_fail(diagnostic, RG_ENOMEM, "w1: out of memory");
    double *scratch = size + t->count;
    rg_status status = begin(w, t, in->density, scratch, diagnostic);
    if (!status) status = march(w, t, source, size, diagnostic);
    if (!status) {
        values->true_prior_gain = (rg_value){in->prior ? rg_w1_prior_gain(w, in->prior) : 0, 0};
        values->true_source = integrate(t, source, scratch);
        values->true_size = integrate(t, size, scratch);
        values->true_residual =
            (rg_value){fabs(values->gain.value - values->true_prior_gain.value - values->true_source.value),
                       values->true_source.error + values->gain.error};
    }
    rg_free(room);
    return status;
}
