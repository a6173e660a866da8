/* Pictures of a ladder: ladder.png, where each rung stands on the one before, beside what each costs and its bound;
 * sweeps.png, a panel a sweep. */
#include "experiment/budget.h"

#include <rotgrad/figure.h>

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABEL = 64, LADDER_CURVES = RG_RUNGS + 1, SWEEP_CURVES = 4 };

static rg_status draw(const rg_figure *figure, const char *folder, const char *name, rg_diagnostic *diagnostic) {
    char *path = g_strdup_printf("%s/%s", folder, name);
    const rg_status status = rg_figure_write(figure, path, diagnostic);
    g_free(path);
    return status;
}

/* Boxes whose axes are shown in degrees hold angles, which W1 keeps in radian. */
static const char *unit_of(const rg_experiment *x) {
    return x->degrees ? "rad" : "unit of x";
}

/* ---- the ladder */

/* A bar is a line with an error band: from what came before to what comes after. */
typedef struct ladder {
    double x[RG_RUNGS][2], line[RG_RUNGS][2], low[RG_RUNGS][2], high[RG_RUNGS][2];
    double at[RG_RUNGS], total[RG_RUNGS], total_low[RG_RUNGS], total_high[RG_RUNGS];
    double step[RG_RUNGS], step_low[RG_RUNGS], step_high[RG_RUNGS], bound[RG_RUNGS];
    char label[RG_RUNGS][LABEL];
    rg_curve bar[LADDER_CURVES], point[2];
} ladder;

static void fill_ladder(const rg_budget *b, ladder *l) {
    const double half = 0.38;
    double sum = 0;
    for (size_t i = 0; i < b->rungs; i++) {
        const rg_rung *r = &b->rung[i];
        const double before = sum;
        sum += r->step.w1.value;
        l->at[i] = (double)i + 1;
        for (int end = 0; end < 2; end++) {
            l->x[i][end] = l->at[i] + (end ? half : -half);
            l->line[i][end] = sum;
            l->low[i][end] = before;
            l->high[i][end] = sum;
        }
        l->total[i] = r->total.w1.value;
        l->total_low[i] = fmax(r->total.w1.value - r->total.w1.error, 0);
        l->total_high[i] = r->total.w1.value + r->total.w1.error;
        l->step[i] = r->step.w1.value;
        l->step_low[i] = r->step.w1.value - r->step.w1.error;
        l->step_high[i] = r->step.w1.value + r->step.w1.error;
        l->bound[i] = r->bound.value;
        snprintf(l->label[i], LABEL, "%zu %s", i + 1, r->words);
        l->bar[i] = (rg_curve){.label = l->label[i],
                               .count = 2,
                               .x = l->x[i],
                               .y = l->line[i],
                               .lower = l->low[i],
                               .upper = l->high[i],
                               .mark = RG_MARK_LINE,
                               .colour = (int)i + 1};
    }
}

static rg_status draw_ladder(const rg_budget *b, const char *unit, const char *title, const char *folder,
                             rg_diagnostic *diagnostic) {
    ladder l = {.at = {0}};
    char label[2][LABEL];
    snprintf(label[0], LABEL, "W<sub>1</sub> (%s)", unit);
    snprintf(label[1], LABEL, "W<sub>1</sub> of the rung (%s)", unit);
    fill_ladder(b, &l);
    const ptrdiff_t rungs = (ptrdiff_t)b->rungs;
    const double last = (double)b->rungs + 0.6;
    l.bar[b->rungs] = (rg_curve){.label = "from the truth, exact",
                                 .count = rungs,
                                 .x = l.at,
                                 .y = l.total,
                                 .lower = l.total_low,
                                 .upper = l.total_high,
                                 .mark = RG_MARK_POINTS,
                                 .colour = RG_CURVE_COLOURS};
    l.point[0] = (rg_curve){.label = "exact",
                            .count = rungs,
                            .x = l.at,
                            .y = l.step,
                            .lower = l.step_low,
                            .upper = l.step_high,
                            .mark = RG_MARK_POINTS,
                            .colour = 1};
    l.point[1] =
        (rg_curve){.label = "bound", .count = rungs, .x = l.at, .y = l.bound, .mark = RG_MARK_POINTS, .colour = 2};
    const rg_axis rung = {.label = "rung", .lower = 0.4, .upper = last};
    const rg_panel panel[] = {
        {.title = "Added up", .x = rung, .y = {.label = label[0]}, .curves = b->rungs + 1, .curve = l.bar},
        {.title = "Each by itself",
         .x = rung,
         .y = {.label = label[1], .scale = RG_SCALE_LOG},
         .curves = 2,
         .curve = l.point}};
    const rg_figure figure = {.title = title, .columns = 2, .panels = 2, .panel = panel, .panel_size = 250, .dpi = 110};
    return draw(&figure, folder, "ladder.png", diagnostic);
}

/* ---- sweeps */

typedef struct sweep_look {
    const char *title, *x, *source;
    int log_x;
} sweep_look;

static const sweep_look look_of[RG_SWEEPS] = {
    [RG_SWEEP_SAMPLES] = {"Samples", "N", "W<sub>1</sub>(P, P′)", 1},
    [RG_SWEEP_SIGMA_MIN] = {"Early stopping", "σ<sub>min</sub>", "W<sub>1</sub>(P, P∗G)", 1},
    [RG_SWEEP_MODES] = {"Class of scores", "modes M", "W<sub>1</sub>(P∗G, S[A s])", 0},
    [RG_SWEEP_SIGMA_MAX] = {"Prior", "σ<sub>max</sub>", "W<sub>1</sub>(p<sub>T</sub>, π)", 0},
    [RG_SWEEP_STEPS] = {"Steps", "steps K", "W<sub>1</sub>(P∗G, S<sub>K</sub>)", 1},
};

typedef struct sweep_curves {
    double *values; /* (3 + 9 + 1, points) */
    rg_curve curve[SWEEP_CURVES];
    size_t curves;
    char title[2 * LABEL], x[LABEL], y[LABEL];
} sweep_curves;

static const rg_value *quantity(const rg_sweep_point *p, int which) {
    return which == 0 ? &p->source : which == 1 ? &p->memory : &p->output;
}

static const char *label_of(const rg_sweep *s, int which) {
    if (which == 0) return look_of[s->kind].source;
    if (which == 1) return "best denoiser";
    return s->kind == RG_SWEEP_SIGMA_MAX ? "W<sub>1</sub>(P∗G, S[π; s])"
           : s->kind == RG_SWEEP_STEPS   ? "to the truth"
                                         : "sampler of the class";
}

static void add_curve(const rg_sweep *s, int which, sweep_curves *c) {
    const size_t n = s->points;
    double *value = c->values + (size_t)(1 + 3 * which) * n, *low = value + n, *high = value + 2 * n;
    int any = 0;
    for (size_t i = 0; i < n; i++) {
        const rg_value v = *quantity(&s->point[i], which);
        value[i] = v.value;
        low[i] = fmax(v.value - v.error, 0);
        high[i] = v.value + v.error;
        any = any || isfinite(v.value);
    }
    if (!any) return;
    c->curve[c->curves++] = (rg_curve){.label = label_of(s, which),
                                       .count = (ptrdiff_t)n,
                                       .x = c->values,
                                       .y = value,
                                       .lower = low,
                                       .upper = high,
                                       .mark = RG_MARK_LINE_POINTS,
                                       .colour = which + 1};
}

static void add_bound(const rg_sweep *s, sweep_curves *c) {
    double *bound = c->values + 10 * s->points;
    int any = 0;
    for (size_t i = 0; i < s->points; i++) {
        bound[i] = s->point[i].theory;
        any = any || isfinite(bound[i]);
    }
    if (!any) return;
    c->curve[c->curves++] = (rg_curve){.label = "bound",
                                       .count = (ptrdiff_t)s->points,
                                       .x = c->values,
                                       .y = bound,
                                       .mark = RG_MARK_DASHED,
                                       .colour = 4};
}

static void write_number(char text[32], double value) {
    text[0] = 0;
    g_ascii_formatd(text, 32, "%.2f", fabs(value));
}

static void write_title(const sweep_look *look, const rg_sweep *s, sweep_curves *c) {
    char slope[32], expected[32];
    const char *minus[] = {s->slope < 0 ? "−" : "", s->expected < 0 ? "−" : ""};
    write_number(slope, s->slope);
    write_number(expected, s->expected);
    if (!isfinite(s->slope))
        snprintf(c->title, sizeof c->title, "%s", look->title);
    else if (!isfinite(s->expected))
        snprintf(c->title, sizeof c->title, "%s: rate %s%s", look->title, minus[0], slope);
    else
        snprintf(c->title, sizeof c->title, "%s: rate %s%s, theory %s%s", look->title, minus[0], slope, minus[1],
                 expected);
}

static rg_status fill_sweep(const rg_sweep *s, const char *unit, sweep_curves *c, rg_panel *panel) {
    const sweep_look *look = &look_of[s->kind];
    c->values = rg_field_alloc(rg_size_product(11, s->points));
    if (!c->values) return RG_ENOMEM;
    for (size_t i = 0; i < s->points; i++) c->values[i] = s->point[i].value;
    for (int which = 0; which < 3; which++) add_curve(s, which, c);
    add_bound(s, c);
    write_title(look, s, c);
    const int has_unit = s->kind == RG_SWEEP_SIGMA_MIN || s->kind == RG_SWEEP_SIGMA_MAX;
    snprintf(c->x, LABEL, "%s%s%s%s", look->x, has_unit ? " (" : "", has_unit ? unit : "", has_unit ? ")" : "");
    snprintf(c->y, LABEL, "W<sub>1</sub> (%s)", unit);
    *panel = (rg_panel){.title = c->title,
                        .x = {.label = c->x, .scale = look->log_x ? RG_SCALE_LOG : RG_SCALE_LINEAR},
                        .y = {.label = c->y, .scale = RG_SCALE_LOG},
                        .curves = c->curves,
                        .curve = c->curve};
    return RG_OK;
}

static rg_status draw_sweeps(const rg_budget *b, const char *unit, const char *title, const char *folder,
                             rg_diagnostic *diagnostic) {
    sweep_curves *curves = rg_alloc(RG_SWEEPS, sizeof *curves);
    rg_panel panel[RG_SWEEPS];
    rg_status status = curves ? RG_OK : RG_ENOMEM;
    for (size_t i = 0; !status && i < b->sweeps; i++) status = fill_sweep(&b->sweep[i], unit, &curves[i], &panel[i]);
    const rg_figure figure = {.title = title,
                              .columns = b->sweeps < 3    ? (int)b->sweeps
                                         : b->sweeps == 4 ? 2
                                                          : 3,
                              .panels = b->sweeps,
                              .panel = panel,
                              .panel_size = 220,
                              .dpi = 110};
    if (status)
        rg_fail(diagnostic, status, "budget: out of memory");
    else
        status = draw(&figure, folder, "sweeps.png", diagnostic);
    for (size_t i = 0; curves && i < b->sweeps; i++) rg_free(curves[i].values);
    rg_free(curves);
    return status;
}

rg_status rg_budget_figures(const rg_budget *b, const rg_experiment *experiment, const char *folder,
                            rg_diagnostic *diagnostic) {
    char *title = g_markup_escape_text(*experiment->title ? experiment->title : "Sources of error", -1);
    rg_status status = g_utf8_validate(title, -1, NULL) ? RG_OK : RG_EINVAL;
    if (status) {
        g_free(title);
        title = g_strdup("Sources of error");
    }
    status = draw_ladder(b, unit_of(experiment), title, folder, diagnostic);
    if (!status && b->sweeps > 0) status = draw_sweeps(b, unit_of(experiment), title, folder, diagnostic);
    g_free(title);
    return status;
}
