/* The main job: passes, error bars, claims. */
#include "experiment/claims.h"
#include "experiment/dual_sobolev.h"
#include "experiment/manifold.h"
#include "experiment/pass.h"

#include "base/base.h"

#include <math.h>
#include <omp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* ---- the comparison grid */

/* The highest wave number that an error term asks of an axis. */
static ptrdiff_t highest_wave(const rg_experiment *x, int axis) {
    ptrdiff_t highest = 0;
    for (size_t i = 0; i < x->terms; i++) {
        const rg_error_term *t = &x->term[i];
        if (t->kind == RG_ERROR_RANDOM && t->band > highest) highest = t->band;
        for (size_t m = 0; t->kind == RG_ERROR_MODES && m < t->modes; m++) {
            const ptrdiff_t wave = t->mode[m].wave[axis] < 0 ? -t->mode[m].wave[axis] : t->mode[m].wave[axis];
            if (wave > highest) highest = wave;
        }
    }
    return highest;
}

rg_status rg_comparison_grid(const rg_experiment *x, ptrdiff_t wave, rg_grid *grid) {
    ptrdiff_t half[RG_MAX_DIM] = {1, 1, 1}, twice[RG_MAX_DIM] = {1, 1, 1};
    int coarser = 1;
    for (int a = 0; a < x->grid.dim; a++) {
        const ptrdiff_t n = x->grid.shape[a], highest = highest_wave(x, a);
        const ptrdiff_t least = 2 * (highest > wave ? highest : wave) + 2;
        half[a] = (n + 1) / 2;
        if (half[a] < RG_MIN_POINTS) half[a] = RG_MIN_POINTS;
        if (half[a] < least) half[a] = least;
        if (4 * half[a] > 3 * n) coarser = 0;
        twice[a] = 2 * n;
    }
    return rg_grid_init(x->grid.dim, coarser ? half : twice, x->grid.lower, x->grid.length, grid);
}

/* ---- error bars */

struct passes {
    rg_pass main, relaxed, coarse, other;
    int has_other;
};

/* value of the main pass, with the differences to the others and what each admits to have lost */
static rg_value combine(const struct passes *p, const rg_value *main_value) {
    const size_t offset = (size_t)((const char *)main_value - (const char *)&p->main);
    const rg_value *relaxed = (const rg_value *)((const char *)&p->relaxed + offset);
    const rg_value *coarse = (const rg_value *)((const char *)&p->coarse + offset);
    const rg_value *other = (const rg_value *)((const char *)&p->other + offset);
    rg_value v = *main_value;
    v.error += fabs(v.value - relaxed->value) + fabs(v.value - coarse->value);
    if (p->has_other) v.error += fabs(v.value - other->value);
    return v;
}

/* Bounds may be astronomic, and known to an order of magnitude at best: there the bar is how far down any pass says. */
static rg_value combine_bound(const struct passes *p, const rg_value *main_value) {
    const size_t offset = (size_t)((const char *)main_value - (const char *)&p->main);
    const rg_pass *const pass[] = {&p->main, &p->relaxed, &p->coarse, &p->other};
    double least = main_value->value;
    for (int i = 0; i < (p->has_other ? 4 : 3); i++) {
        const rg_value *v = (const rg_value *)((const char *)pass[i] + offset);
        if (isnan(v->value)) return *v;
        if (!isfinite(v->value)) return (rg_value){HUGE_VAL, 0};
        least = fmin(least, v->value - v->error);
    }
    rg_value v = combine(p, main_value);
    if (v.value > 0 && v.error > 0.5 * v.value && least > 0) v.error = fmax(v.value - least, 0.5 * v.value);
    return v;
}

static void gather_w1(const rg_experiment *x, const struct passes *p, rg_outcome *o) {
    const rg_value *from = (const rg_value *)&p->main.w1;
    rg_value *to = (rg_value *)&o->w1.values;
    const size_t bounds = offsetof(rg_w1_values, bound) / sizeof *to;
    if (!(x->wasserstein.gap > 0)) return;
    o->w1.known = 1;
    for (size_t i = 0; i < sizeof o->w1.values / sizeof *to; i++)
        to[i] = i < bounds ? combine(p, &from[i]) : combine_bound(p, &from[i]);
}

static rg_value bound(rg_value prior, rg_value energy, double factor) {
    if (!isfinite(factor)) return (rg_value){HUGE_VAL, 0};
    return (rg_value){prior.value + factor * energy.value, prior.error + factor * energy.error};
}

/* The halved grid stops at the same levels. The relaxed pass does not: what it differs by at the end stands for it. */
static void gather_levels(const struct passes *p, const rg_experiment *x, rg_outcome *o) {
    const rg_value *kl = p->main.divergence[RG_KL], *relaxed = p->relaxed.divergence[RG_KL];
    const double total = fabs(p->main.energy[RG_ENERGY_TOTAL].value - p->relaxed.energy[RG_ENERGY_TOTAL].value);
    const double seen = fabs(p->main.energy[RG_ENERGY_GRADIENT].value - p->relaxed.energy[RG_ENERGY_GRADIENT].value);
    for (size_t i = 0; i < o->levels && i < p->coarse.levels; i++) {
        rg_outcome_level *l = &o->level[i];
        const rg_outcome_level *coarse = &p->coarse.level[i];
        const double floor = x->prior == RG_PRIOR_EXACT ? fabs(l->kl[RG_NONE]) : 0;
        for (int m = 0; m < RG_MARGINALS; m++)
            l->kl_error[m] = fabs(l->kl[m] - coarse->kl[m]) + floor + fabs(kl[m].value - relaxed[m].value);
        if (isinf(l->gradient_bound)) continue;
        l->gradient_bound_error = fabs(l->gradient_bound - coarse->gradient_bound) + p->main.bound_factor * seen;
        l->girsanov_bound_error = fabs(l->girsanov_bound - coarse->girsanov_bound) + p->main.bound_factor * total;
    }
}

/* Bounds other than those on KL(p|q); `factor` is c^2 / (4 D). */
static void gather_bounds(const struct passes *p, rg_outcome *o) {
    const double factor = p->main.bound_factor, chi2 = p->main.start[RG_CHI2].value;
    const rg_value greatest = combine(p, &p->main.greatest_energy), root = combine(p, &p->main.root_energy);
    for (int k = 0; k < RG_DIVERGENCES; k++) o->prior[k] = combine(p, &p->main.start[k]);
    o->prior_renyi = combine(p, &p->main.start_renyi);
    o->renyi = combine(p, &p->main.renyi);
    o->renyi.error += p->main.renyi_floor;
    const rg_value log_chi2 = {log1p(chi2), o->prior[RG_CHI2].error / (1 + chi2)};
    o->renyi_bound = bound(o->prior_renyi, greatest, RG_RENYI_ORDER * factor);
    o->log_chi2_bound = bound(log_chi2, greatest, 2 * factor);
    o->hellinger2_bound = bound(o->prior[RG_HELLINGER2], root, 0.25 * factor);
    o->reverse_gradient_bound =
        bound(o->prior[RG_REVERSE_KL], combine(p, &p->main.reverse_energy[RG_ENERGY_GRADIENT]), factor);
    o->reverse_projection_bound = bound(o->prior[RG_REVERSE_KL], combine(p, &p->main.reverse_projection), factor);
    o->reverse_girsanov_bound =
        bound(o->prior[RG_REVERSE_KL], combine(p, &p->main.reverse_energy[RG_ENERGY_TOTAL]), factor);
}

/* d(2 K / E) = 2 dK / E + 2 K dE / E^2 */
static void gather_response(const struct passes *p, rg_outcome *o) {
    const rg_value k = o->linear_kl = combine(p, &p->main.linear_kl), e = o->energy[RG_ENERGY_TOTAL];
    o->observability = (rg_value){nan(""), nan("")};
    if (e.value > 0)
        o->observability = (rg_value){2 * k.value / e.value, 2 * (k.error + k.value / e.value * e.error) / e.value};
}

/* The error-free sampler from p itself must end at p: what it shows instead is the floor of the method. Halving the grid
 * does not always tell: where the main grid is too coarse, the halved one may be better by chance (campaign, seed 441:
 * KL 1.6e-5 and 1.7e-6, where it is 1e-11). */
static void gather(const struct passes *p, rg_outcome *o) {
    for (int k = 0; k < RG_DIVERGENCES; k++)
        for (int m = 0; m < RG_MARGINALS; m++) {
            o->divergence[k][m] = combine(p, &p->main.divergence[k][m]);
            o->divergence[k][m].error += p->main.floor[k];
        }
    for (int k = 0; k < RG_ENERGIES; k++) o->energy[k] = combine(p, &p->main.energy[k]);
    o->prior_kl = combine(p, &p->main.prior_kl);
    o->identity_residual = combine(p, &p->main.identity_residual);
    o->gradient_bound = bound(o->prior_kl, o->energy[RG_ENERGY_GRADIENT], p->main.bound_factor);
    o->girsanov_bound = bound(o->prior_kl, o->energy[RG_ENERGY_TOTAL], p->main.bound_factor);
    gather_bounds(p, o);
    gather_response(p, o);
    o->path_length = combine(p, &p->main.path_length);
    o->harm.attributed_kl.error = fabs(o->harm.attributed_kl.value - o->linear_kl.value) + o->linear_kl.error;
    o->statistics = p->main.statistics;
}

/* ---- the resolution alarm */

int rg_run_warning(const rg_experiment *x, char note[RG_NOTE]) {
    const double most = 4; /* a periodic field has 1 or less, up to chance; -x / v has n - 1 */
    note[0] = 0;
    for (size_t i = 0; i < x->terms; i++) {
        int axis = 0;
        const double jump = rg_error_edge_jump(&x->term[i], &axis);
        if (!(jump > most)) continue;
        snprintf(note, RG_NOTE,
                 "score error %zu jumps across the edge of the box along axis %d, %.0f times as far as between any "
                 "neighbours: no periodic score does; expect small steps; enlarge the box or let the score fade there",
                 i, axis, jump);
        return 1;
    }
    return 0;
}

static void raise_alarm(const rg_experiment *x, rg_outcome *o) {
    const double least_cells = 1.6, loose = 1e-4;
    const double smallest = o->levels > 0 ? o->level[o->levels - 1].cells_per_sigma : HUGE_VAL;
    o->cells_per_sigma = smallest;
    const int is_sum = x->density.kind == RG_DENSITY_SAMPLES || x->density.kind == RG_DENSITY_POINTS;
    if (is_sum && smallest < least_cells) {
        o->resolution_alarm = 1;
        snprintf(o->resolution_note, sizeof o->resolution_note,
                 "sigma_min is %.2f grid cells: below %.1f the smoothed samples are not resolved; refine the grid or "
                 "raise sigma_min",
                 smallest, least_cells);
    } else if (o->statistics.worst_residual > loose) {
        o->resolution_alarm = 1;
        snprintf(o->resolution_note, sizeof o->resolution_note,
                 "a split stopped at a true residual of %.1e: the score turns over between two grid points; refine the "
                 "grid or add a background",
                 o->statistics.worst_residual);
    } else {
        o->resolution_alarm = rg_run_warning(x, o->resolution_note);
    }
}

/* ---- the passes */

struct plan {
    const char *stage;
    double tolerance_factor;
    int coarse, other_form;
    double from, to; /* of the progress */
};

static rg_status run_pass(const rg_experiment *x, const rg_run_options *options, const struct plan *plan, rg_pass *pass,
                          rg_outcome *outcome, rg_diagnostic *diagnostic) {
    rg_pass_options o = {.grid = x->grid,
                         .tolerance = plan->tolerance_factor * x->tolerance,
                         .form = x->form,
                         .progress = options->progress,
                         .progress_data = options->progress_data,
                         .progress_from = plan->from,
                         .progress_to = plan->to,
                         .stage = plan->stage};
    if (plan->coarse) {
        const rg_status status = rg_comparison_grid(x, 0, &o.grid);
        if (status) return rg_fail(diagnostic, status, "the grid cannot be doubled for the error bars");
    }
    o.keep_levels = plan->coarse;
    o.free_steps = plan->tolerance_factor > 1;
    if (plan->other_form) o.form = x->form == RG_FORM_RATIO ? RG_FORM_DENSITY : RG_FORM_RATIO;
    return rg_pass_run(x, &o, pass, outcome, diagnostic);
}

/* Of the progress; the estimate from samples takes the rest. */
static double passes_share(const rg_experiment *x) {
    return x->estimate.samples > 0 ? 0.8 : 1;
}

static rg_status run_passes(const rg_experiment *x, const rg_run_options *options, struct passes *p,
                            rg_outcome *outcome, rg_diagnostic *diagnostic) {
    const double all = passes_share(x), last = options->check ? 0.7 * all : all;
    const struct plan main_plan = {"stepping the marginals", 1, 0, 0, 0, 0.55 * last};
    const struct plan relaxed = {"error bars: tolerance relaxed tenfold", 10, 0, 0, 0.55 * last, 0.85 * last};
    const struct plan coarse = {"error bars: halved grid", 1, 1, 0, 0.85 * last, last};
    const struct plan other = {"check: the other formulation", 1, 0, 1, last, all};
    rg_status status = run_pass(x, options, &main_plan, &p->main, outcome, diagnostic);
    if (!status) status = run_pass(x, options, &relaxed, &p->relaxed, NULL, diagnostic);
    if (!status) status = run_pass(x, options, &coarse, &p->coarse, NULL, diagnostic);
    p->has_other = options->check;
    if (!status && options->check) status = run_pass(x, options, &other, &p->other, NULL, diagnostic);
    return status;
}

struct estimate_progress {
    const rg_run_options *options;
    double from;
};

static int forward_progress(void *data, double fraction, const char *stage) {
    const struct estimate_progress *p = data;
    return p->options->progress(p->options->progress_data, p->from + fraction * (1 - p->from), stage);
}

static rg_status estimate(const rg_experiment *x, const rg_run_options *options, double factor, rg_outcome *o,
                          rg_diagnostic *diagnostic) {
    struct estimate_progress p = {options, passes_share(x)};
    return rg_dual_sobolev(x, factor, options->progress ? forward_progress : NULL, &p, o, diagnostic);
}

static void passes_free(struct passes *p) {
    rg_pass *pass[] = {&p->main, &p->relaxed, &p->coarse, &p->other};
    for (size_t i = 0; i < sizeof pass / sizeof(rg_pass *); i++) rg_pass_free(pass[i]);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak_memory(void) {
    struct rusage usage;
    const double kibibyte = 1024;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? kibibyte * (double)usage.ru_maxrss : 0;
}

rg_status rg_run(const rg_experiment *x, const rg_run_options *options, rg_outcome **outcome,
                 rg_diagnostic *diagnostic) {
    const rg_run_options none = {0};
    if (!x || !outcome) return rg_fail(diagnostic, RG_EINVAL, "run: no experiment");
    rg_outcome *o = rg_alloc(1, sizeof *o);
    if (!o) return rg_fail(diagnostic, RG_ENOMEM, "run: out of memory");
    const double start = seconds_now();
    const int threads = omp_get_max_threads();
    struct passes passes = {0};
    o->grid = x->grid;
    if (x->threads > 0) omp_set_num_threads(x->threads);
    if (!options) options = &none;
    rg_status status = run_passes(x, options, &passes, o, diagnostic);
    if (!status) gather(&passes, o);
    if (!status) gather_levels(&passes, x, o);
    if (!status) gather_w1(x, &passes, o);
    if (!status) status = estimate(x, options, passes.main.bound_factor, o, diagnostic);
    if (!status) status = rg_manifold_run(x, options, o, diagnostic);
    omp_set_num_threads(threads);
    passes_free(&passes);
    if (status) {
        rg_outcome_free(o);
        return status;
    }
    rg_claims_make(x, o);
    raise_alarm(x, o);
    o->seconds = seconds_now() - start;
    o->peak_memory = peak_memory();
    *outcome = o;
    return RG_OK;
}

void rg_outcome_free(rg_outcome *outcome) {
    if (!outcome) return;
    rg_outcome_fields *f = &outcome->fields;
    double *field[] = {f->density, f->score, f->error, f->gradient, f->solenoidal};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
    for (int m = 0; m < RG_MARGINALS; m++) rg_free(f->marginal[m]);
    rg_free(outcome->level);
    rg_free(outcome->frames.value);
    rg_free(outcome->harm.interval);
    rg_free(outcome->harm.map);
    rg_free(outcome->w1.map);
    rg_free(outcome->w1.potential);
    rg_free(outcome->w1.flux);
    rg_manifold_free(&outcome->manifold);
    rg_free(outcome);
}

int rg_outcome_violated(const rg_outcome *outcome) {
    for (size_t i = 0; i < outcome->claims; i++)
        if (outcome->claim[i].verdict == RG_VIOLATED) return 1;
    return 0;
}
