/* One pass: furnish, step, keep history, compare. */
#include "experiment/pass.h"

#include "base/base.h"
#include "experiment/frames.h"
#include "experiment/harm.h"
#include "experiment/level_table.h"
#include "experiment/wasserstein.h"

#include <math.h>

enum { HISTORY = 6 };
/* The split is solved this much more finely than the marginals are stepped. */
static const double split_share = 0.01;
/* Of the q-weighted split the energy alone is asked for, and it is off by the square of the residual. */
static const double reverse_share = 0.1;
/* p / max p below which double precision does not determine a ratio to p; the split's limit, too */
static const double undetermined = 1e-14;

struct job {
    const rg_experiment *experiment;
    const rg_pass_options *options;
    rg_outcome *outcome; /* NULL but for the main pass */
    rg_levels *levels;
    rg_evolve *evolve;
    rg_history history;
    rg_level_table table;
    rg_frames frames;
    rg_harm harm;
    rg_w1_trail trail;
    double *prior, *ratio;
};

static void job_free(struct job *job) {
    rg_evolve_destroy(job->evolve);
    rg_levels_destroy(job->levels);
    rg_history_free(&job->history);
    rg_level_table_free(&job->table);
    rg_frames_free(&job->frames);
    rg_harm_free(&job->harm);
    rg_w1_trail_free(&job->trail);
    rg_free(job->prior);
    rg_free(job->ratio);
}

/* A file's prior is a function, its trigonometric interpolant, and every grid reads it at its own points, as it does p.
 * (Cutting the modes that a halved grid does not carry would make a narrow one negative there.) So: a grid that is a
 * multiple of `grid` and finer than the file's, and of that every point they share. */
rg_status rg_prior_read(const rg_experiment *x, const rg_grid *grid, double *out) {
    ptrdiff_t every[RG_MAX_DIM] = {1, 1, 1}, shape[RG_MAX_DIM];
    for (int a = 0; a < RG_MAX_DIM; a++) {
        every[a] = (x->prior_grid.shape[a] + grid->shape[a] - 1) / grid->shape[a];
        shape[a] = every[a] * grid->shape[a];
    }
    rg_grid fine;
    rg_status status = rg_grid_init(grid->dim, shape, grid->lower, grid->length, &fine);
    double *values = status ? NULL : rg_field_alloc((size_t)rg_grid_cells(&fine));
    if (!status && !values) status = RG_ENOMEM;
    if (!status) status = rg_resample(&x->prior_grid, x->prior_values, &fine, 1, values);
    const ptrdiff_t *n = grid->shape;
    for (ptrdiff_t i = 0; !status && i < rg_grid_cells(grid); i++) {
        const ptrdiff_t i0 = i / (n[1] * n[2]) * every[0], i1 = i / n[2] % n[1] * every[1], i2 = i % n[2] * every[2];
        out[i] = values[(i0 * shape[1] + i1) * shape[2] + i2];
    }
    rg_free(values);
    return status;
}

rg_status rg_prior_on(const rg_experiment *x, const rg_grid *grid, double **prior, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(grid);
    if (x->prior == RG_PRIOR_EXACT) return RG_OK;
    double *out = *prior = rg_field_alloc((size_t)n);
    if (!out) return rg_fail(diagnostic, RG_ENOMEM, "prior: out of memory");
    if (x->prior == RG_PRIOR_UNIFORM) {
        for (ptrdiff_t i = 0; i < n; i++) out[i] = 1 / rg_grid_volume(grid);
        return RG_OK;
    }
    const rg_status status = rg_prior_read(x, grid, out);
    if (status) return rg_fail(diagnostic, status, "prior: cannot be resampled to the run's grid");
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(out[i] > 0))
            return rg_fail(diagnostic, RG_EDOMAIN,
                           "prior: resampled to the run's grid it is %g at cell %td: it must be positive everywhere "
                           "and smooth on its own grid",
                           out[i], i);
    return RG_OK;
}

/* The heat flow is the adjoint of the linear response for churn 1 alone. */
static int wants_harm(const struct job *job) {
    return job->outcome && job->experiment->churn == 1 && job->experiment->prior == RG_PRIOR_EXACT;
}

static int wants_w1(const struct job *job) {
    return job->experiment->wasserstein.gap > 0;
}

static rg_status prepare(struct job *job, rg_diagnostic *diagnostic) {
    const rg_experiment *x = job->experiment;
    const rg_pass_options *o = job->options;
    const rg_split_options split = {.tolerance = fmax(split_share * o->tolerance, 1e-12), .history = HISTORY};
    rg_status status = rg_levels_create(&o->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max,
                                        &split, &job->levels, diagnostic);
    if (!status) status = rg_prior_on(x, &o->grid, &job->prior, diagnostic);
    if (status) return status;
    const rg_kept_rows rows = job->outcome ? RG_ROWS_ALL : o->keep_levels ? RG_ROWS_KL : RG_ROWS_NONE;
    status = rg_level_table_create(x, job->levels, rows, &job->table);
    if (status) return rg_fail(diagnostic, status, "out of memory");
    if (job->outcome)
        status = rg_frames_create(job->levels, x->variance_min, job->table.stops, &job->frames, diagnostic);
    if (status) return status;
    const rg_evolve_options evolve = {.form = o->form,
                                      .variance_min = x->variance_min,
                                      .variance_max = x->variance_max,
                                      .churn = x->churn,
                                      .tolerance = o->tolerance,
                                      .prior = job->prior,
                                      .segment_steps = o->free_steps ? 1 : 0,
                                      .stops = o->free_steps ? 0 : job->table.stops,
                                      .stop = job->table.stop};
    status = rg_evolve_create(job->levels, &evolve, &job->evolve, diagnostic);
    if (status) return status;
    job->trail.cells = (size_t)rg_grid_cells(&o->grid);
    job->ratio = rg_field_alloc(job->trail.cells);
    if (wants_harm(job) && rg_harm_create(&o->grid, job->table.stops, job->table.stop, job->table.soft, &job->harm))
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    if (!job->ratio || rg_history_create(&o->grid, reverse_share * sqrt(o->tolerance), &job->history))
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    return RG_OK;
}

/* A row, and where it is wanted a frame, if the run stands at a level of the table. */
static rg_status note_level(struct job *job) {
    const size_t rows = job->table.rows;
    const rg_status status = rg_level_table_add(&job->table, job->levels, job->evolve, &job->history);
    if (status || !job->outcome || job->table.rows == rows || !rg_frames_wanted(&job->frames, rows)) return status;
    double clipped;
    rg_evolve_ratio(job->evolve, RG_FULL, job->ratio, &clipped);
    rg_frames_add(&job->frames, rows, rg_evolve_level(job->evolve), job->ratio);
    return RG_OK;
}

static rg_status report_progress(const struct job *job, double fraction, rg_diagnostic *diagnostic) {
    const rg_pass_options *o = job->options;
    if (o->progress &&
        o->progress(o->progress_data, o->progress_from + fraction * (o->progress_to - o->progress_from), o->stage))
        return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
    return RG_OK;
}

static rg_status note(struct job *job, rg_diagnostic *diagnostic) {
    const rg_pass_options *o = job->options;
    rg_status status = rg_history_add(&job->history, job->evolve, o->form);
    if (!status && job->table.row) status = note_level(job);
    if (!status && wants_w1(job)) status = rg_w1_trail_add(&job->trail, job->evolve, o->form);
    if (status == RG_EINVAL || status == RG_EDOMAIN)
        return rg_fail(diagnostic, RG_ENOCONV, "a marginal is not finite any more at sigma = %g: refine the grid",
                       sqrt(rg_evolve_level(job->evolve)->variance));
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    return report_progress(job, rg_evolve_progress(job->evolve), diagnostic);
}

static rg_status march(struct job *job, rg_diagnostic *diagnostic) {
    rg_status status = note(job, diagnostic);
    for (int done = 0; !status && !done;) {
        status = rg_evolve_step(job->evolve, &done, diagnostic);
        if (!status) status = note(job, diagnostic);
    }
    return status;
}

static void spread(const rg_divergences *d, double out[RG_DIVERGENCES]) {
    out[RG_KL] = d->kl;
    out[RG_REVERSE_KL] = d->reverse_kl;
    out[RG_TV] = d->tv;
    out[RG_CHI2] = d->chi2;
    out[RG_HELLINGER2] = d->hellinger2;
}

/* How far a marginal may be from what it stands for: RG_FLOOR should be p. In density form that is the same for all cells, so that
 * what remains where p has no digits says nothing; in ratio form the ratio is. */
static double measure_noise(const struct job *job, const double *density, const double *floor) {
    const ptrdiff_t n = rg_grid_cells(&job->options->grid);
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const double off = fabs(floor[i] - 1) * (job->options->form == RG_FORM_DENSITY ? density[i] : 1);
        if (off > most) most = off;
    }
    return most;
}

/* The ratio as near to 1 from above as noise allows: powers of it, which chi^2 and R_3 sum, live on where p is least. */
static void pull(const struct job *job, const double *density, double noise, double *ratio) {
    const ptrdiff_t n = rg_grid_cells(&job->options->grid);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!(ratio[i] > 1)) continue;
        ratio[i] = fmax(1, ratio[i] - (job->options->form == RG_FORM_DENSITY ? noise / density[i] : noise));
    }
}

static double greatest(ptrdiff_t n, const double *ratio) {
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++) most = fmax(most, ratio[i]);
    return most;
}

/* What a sum may have too much; all of it where it overflowed. */
static double excess(double value, double low) {
    return isfinite(value) ? fmax(0, value - low) : HUGE_VAL;
}

/* `job->ratio` holds the ratio of a marginal, and is overwritten. Mass that was lost had at most the greatest ratio: d E_p rho^k is
 * k rho^(k-1) d mass. */
static rg_status compare_one(struct job *job, double clipped, double noise, rg_value value[RG_DIVERGENCES],
                             rg_value *renyi) {
    const double *density = rg_evolve_level(job->evolve)->density;
    rg_divergences d, low;
    rg_status status = rg_divergences_of(&job->options->grid, density, job->ratio, &d);
    const double most = greatest(rg_grid_cells(&job->options->grid), job->ratio);
    pull(job, density, noise, job->ratio);
    if (!status) status = rg_divergences_of(&job->options->grid, density, job->ratio, &low);
    if (status) return status;
    double plain[RG_DIVERGENCES];
    spread(&d, plain);
    const double lost = clipped + d.mass_defect, cube = exp(-2 * d.renyi);
    for (int k = 0; k < RG_DIVERGENCES; k++) value[k] = (rg_value){plain[k], lost + (k == RG_KL ? d.clipped : 0)};
    value[RG_CHI2].error += excess(d.chi2, low.chi2) + 2 * lost * most;
    *renyi = (rg_value){d.renyi, lost + excess(d.renyi, low.renyi) + 0.5 * log1p(3 * lost * most * most * cube)};
    return RG_OK;
}

static rg_status compare(struct job *job, rg_pass *pass) {
    double clipped;
    rg_evolve_ratio(job->evolve, RG_FLOOR, job->ratio, NULL);
    const double noise = measure_noise(job, rg_evolve_level(job->evolve)->density, job->ratio);
    for (int m = RG_FLOOR; m >= 0; m--) {
        rg_value value[RG_DIVERGENCES], renyi;
        rg_evolve_ratio(job->evolve, m, job->ratio, &clipped);
        const rg_status status = compare_one(job, clipped, noise, value, &renyi);
        if (status) return status;
        if (m == RG_FULL) pass->renyi = renyi;
        if (m == RG_FLOOR) pass->renyi_floor = renyi.value;
        for (int k = 0; k < RG_DIVERGENCES; k++) {
            if (m == RG_FLOOR)
                pass->floor[k] = value[k].value;
            else
                pass->divergence[k][m] = value[k];
        }
    }
    double start[RG_DIVERGENCES];
    spread(&job->history.first, start);
    for (int k = 0; k < RG_DIVERGENCES; k++) pass->start[k] = (rg_value){start[k], 0};
    pass->start_renyi = (rg_value){job->history.first.renyi, 0};
    return RG_OK;
}

/* int (p delta)^2 / p, half of it. Where p has no digits left, the response has none either: it is left out. */
static void measure_response(struct job *job, rg_pass *pass) {
    const ptrdiff_t n = rg_grid_cells(&job->options->grid);
    const double *density = rg_evolve_level(job->evolve)->density;
    const double least = undetermined * rg_max_abs(n, density);
    double sum = 0;
    pass->linear_kl = (rg_value){(double)NAN, (double)NAN};
    if (!rg_evolve_response(job->evolve, job->ratio)) return;
    for (ptrdiff_t i = 0; i < n; i++)
        if (density[i] > least) sum += job->ratio[i] * job->ratio[i] / density[i];
    pass->linear_kl = (rg_value){0.5 * sum * rg_grid_cell_volume(&job->options->grid), 0};
}

/* Of the trace, by its members' places. */
static const size_t energy_at[] = {[RG_ENERGY_TOTAL] = offsetof(rg_trace, total),
                                   [RG_ENERGY_GRADIENT] = offsetof(rg_trace, gradient),
                                   [RG_ENERGY_SOLENOIDAL] = offsetof(rg_trace, solenoidal),
                                   offsetof(rg_trace, greatest),
                                   offsetof(rg_trace, between)};
enum { GREATEST = RG_ENERGIES, BETWEEN, TRACED };

/* Integrals over v, segment by segment. */
static rg_status integrate(const struct job *job, rg_pass *pass) {
    const rg_trace *trace;
    const size_t count = rg_evolve_trace(job->evolve, &trace);
    double *node = rg_field_alloc(2 * count);
    if (!node) return RG_ENOMEM;
    double *value = node + count;
    rg_value of[TRACED];
    for (int which = 0; which < TRACED; which++) {
        rg_value sum = {0, 0};
        for (size_t i = 0; i < count;) {
            size_t j = 0;
            double error;
            const int segment = trace[i].segment;
            for (; i < count && trace[i].segment == segment; i++, j++) {
                node[j] = -trace[i].variance;
                value[j] = *(const double *)((const char *)&trace[i] + energy_at[which]);
            }
            sum.value += rg_integrate(j, node, value, &error);
            sum.error += error;
        }
        of[which] = sum;
    }
    for (int k = 0; k < RG_ENERGIES; k++) pass->energy[k] = of[k];
    pass->greatest_energy = (rg_value){of[GREATEST].value, of[GREATEST].error + of[BETWEEN].value + of[BETWEEN].error};
    rg_free(node);
    return RG_OK;
}

/* And those that need q, which is there at the ends of steps only. */
static rg_status integrate_history(const struct job *job, rg_value integral[RG_INTEGRALS]) {
    rg_status status = RG_OK;
    for (int k = 0; !status && k < RG_INTEGRALS; k++)
        status = rg_history_integral(&job->history, k, &integral[k].value, &integral[k].error);
    return status;
}

static rg_status conclude(struct job *job, rg_pass *pass) {
    rg_status status = compare(job, pass);
    if (!status) status = integrate(job, pass);
    double drift, diffusion;
    rg_value along[RG_INTEGRALS];
    if (!status) status = integrate_history(job, along);
    if (status) return status;
    measure_response(job, pass);
    const double start = job->history.point[0].kl[RG_FULL], end = pass->divergence[RG_KL][RG_FULL].value;
    rg_evolve_coefficients(job->evolve, &drift, &diffusion);
    pass->prior_kl = (rg_value){start, 0};
    pass->identity_residual =
        (rg_value){fabs(end - start - along[RG_INTEGRAL_RATE].value), along[RG_INTEGRAL_RATE].error};
    pass->path_length = along[RG_INTEGRAL_RATE_SIZE];
    pass->root_energy = along[RG_INTEGRAL_ROOT];
    pass->reverse_energy[RG_ENERGY_GRADIENT] = along[RG_INTEGRAL_REVERSE_GRADIENT];
    pass->reverse_energy[RG_ENERGY_TOTAL] = along[RG_INTEGRAL_REVERSE_TOTAL];
    pass->reverse_projection = along[RG_INTEGRAL_REVERSE_PROJECTION];
    pass->bound_factor = drift * drift / (4 * diffusion);
    pass->statistics = rg_evolve_report(job->evolve);
    if (job->outcome) return RG_OK;
    pass->levels = job->table.rows;
    pass->level = job->table.row;
    job->table.row = NULL;
    return RG_OK;
}

void rg_pass_free(rg_pass *pass) {
    rg_free(pass->level);
    *pass = (rg_pass){0};
}

static double *copy(const double *values, size_t count) {
    double *out = rg_field_alloc(count);
    for (size_t i = 0; out && i < count; i++) out[i] = values[i];
    return out;
}

/* Fields and level table of the main pass go to the outcome. */
static rg_status hand_over(struct job *job, rg_outcome *outcome) {
    const rg_level *level = rg_evolve_level(job->evolve);
    const size_t n = (size_t)rg_grid_cells(&job->options->grid), dn = n * (size_t)job->options->grid.dim;
    rg_outcome_fields *f = &outcome->fields;
    f->density = copy(level->density, n);
    f->score = copy(level->score, dn);
    f->error = copy(level->error, dn);
    f->gradient = copy(level->gradient, dn);
    f->solenoidal = copy(level->solenoidal, dn);
    if (!f->density || !f->score || !f->error || !f->gradient || !f->solenoidal) return RG_ENOMEM;
    for (int m = 0; m < RG_MARGINALS; m++) {
        double clipped;
        rg_evolve_ratio(job->evolve, m, job->ratio, &clipped);
        f->marginal[m] = copy(job->ratio, n);
        if (!f->marginal[m]) return RG_ENOMEM;
        for (size_t i = 0; i < n; i++) f->marginal[m][i] *= level->density[i];
    }
    outcome->level = job->table.row;
    outcome->levels = job->table.rows;
    job->table.row = NULL;
    outcome->frames = job->frames.kept;
    job->frames.kept.value = NULL;
    return RG_OK;
}

/* The second sweep. */
static rg_status attribute(struct job *job, rg_diagnostic *diagnostic) {
    if (!wants_harm(job)) return RG_OK;
    rg_status status = RG_OK;
    (void)rg_evolve_response(job->evolve, job->harm.response);
    for (int done = 0; !status && !done;) {
        status = rg_harm_step(&job->harm, job->levels, &done, diagnostic);
        if (!status) status = report_progress(job, 1, diagnostic);
    }
    if (!status) rg_harm_hand_over(&job->harm, job->outcome);
    return status;
}

/* q of mass 1, as divergences have it, and what that leaves to be doubted: the mass clipped or scaled away. */
static double marginal_of(struct job *job, int marginal, const double *density, double *q) {
    const ptrdiff_t n = rg_grid_cells(&job->options->grid);
    double clipped, mass = 0;
    rg_evolve_ratio(job->evolve, marginal, q, &clipped);
    for (ptrdiff_t i = 0; i < n; i++) mass += q[i] *= density[i];
    mass *= rg_grid_cell_volume(&job->options->grid);
    for (ptrdiff_t i = 0; i < n; i++) q[i] /= mass;
    return clipped + fabs(mass - 1);
}

/* The third sweep: W1. */
static rg_status measure_w1(struct job *job, rg_pass *pass, rg_diagnostic *diagnostic) {
    const rg_pass_options *o = job->options;
    const size_t n = (size_t)rg_grid_cells(&o->grid);
    if (!wants_w1(job)) return RG_OK;
    double *density = rg_field_alloc(rg_size_product(n, 2 + RG_MARGINALS));
    if (!density) return rg_fail(diagnostic, RG_ENOMEM, "w1: out of memory");
    rg_w1_input in = {.levels = job->levels,
                      .grid = &o->grid,
                      .tolerance = o->tolerance,
                      .form = o->form,
                      .stops = job->table.stops,
                      .stop = job->table.stop,
                      .density = density,
                      .prior = job->prior,
                      .trail = &job->trail};
    for (size_t i = 0; i < n; i++) density[i] = rg_evolve_level(job->evolve)->density[i];
    for (int m = 0; m <= RG_MARGINALS; m++) {
        double *q = density + (size_t)(m + 1) * n;
        in.lost[m] = marginal_of(job, m, density, q);
        in.marginal[m] = q;
    }
    rg_status status = rg_w1_run(job->experiment, &in, &pass->w1, job->outcome, diagnostic);
    if (!status) status = report_progress(job, 1, diagnostic);
    rg_free(density);
    return status;
}

rg_status rg_pass_run(const rg_experiment *experiment, const rg_pass_options *options, rg_pass *pass,
                      rg_outcome *outcome, rg_diagnostic *diagnostic) {
    struct job job = {.experiment = experiment, .options = options, .outcome = outcome};
    *pass = (rg_pass){0};
    rg_status status = prepare(&job, diagnostic);
    if (!status) status = march(&job, diagnostic);
    if (!status) {
        status = conclude(&job, pass);
        if (!status && outcome) status = hand_over(&job, outcome);
        if (status) rg_fail(diagnostic, status, "%s", rg_status_text(status));
    }
    if (!status) status = attribute(&job, diagnostic);
    if (!status) status = measure_w1(&job, pass, diagnostic);
    job_free(&job);
    return status;
}
