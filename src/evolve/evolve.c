/* The adaptive march of the four marginals from variance_max down to variance_min.
 *
 * A step needs three rooms (start, middle, end), which do not depend on the marginals: they are furnished first and
 * shared. Steps end on the breaks of the score error, where it is not smooth. Three things control the step: the embedded
 * error estimate of every marginal in L1; in density form, what the step misses of p itself, which moves with time alone
 * and shows in no embedded estimate; and the error of Simpson's rule for the energies against a rule of two orders more,
 * so that bounds are integrals of known quality even where no marginal moves. */
#include "evolve/instants.h"

#include "base/base.h"
#include "grid/greatest.h"

#include <math.h>
#include <string.h>

enum { START = RG_START, MIDDLE = RG_MIDDLE, END = RG_END, ROOMS = RG_ROOMS };

/* What one thread needs to step a marginal. */
enum { LANES = 2, SPECTRA = 4, MOST_STEPPED = RG_MARGINALS + 1 };
struct lane {
    rg_equation equation;
    double *work[SPECTRA], *error, *field;
};

struct rg_evolve {
    rg_levels *levels;
    rg_evolve_options options;
    struct lane lane[LANES];
    rg_exponential exponential;
    rg_level room[ROOMS];
    rg_instants instants;
    double variance, next_step;
    int segment, segment_steps, lanes, stepped, last_one; /* RG_MARGINALS; and last_one: RG_FLOOR or RG_LINEAR */
    double *u[MOST_STEPPED], *first[MOST_STEPPED];        /* spectra at the start of the step, and N of them */
    double *next[MOST_STEPPED], *last[MOST_STEPPED];      /* the same at its end */
    const rg_level *recorded;                             /* by the trace, last */
    rg_trace *trace;
    size_t traced, room_for;
    double energy; /* integral of E_p|e|^2 so far */
    rg_evolve_statistics statistics;
};

/* ---- creation */

static rg_status check(const rg_evolve_options *o, rg_diagnostic *diagnostic) {
    if (o->form != RG_FORM_RATIO && o->form != RG_FORM_DENSITY)
        return rg_fail(diagnostic, RG_EINVAL, "evolve: unknown form");
    if (!isfinite(o->variance_max) || !(o->variance_min >= 0 && o->variance_max > o->variance_min))
        return rg_fail(diagnostic, RG_EINVAL, "evolve: variance_max must exceed variance_min >= 0");
    if (!(o->churn >= 0) || !isfinite(o->churn)) return rg_fail(diagnostic, RG_EINVAL, "evolve: churn must be >= 0");
    if (!(o->tolerance > 0) || !isfinite(o->tolerance) || o->max_steps < 0 || o->segment_steps < 0)
        return rg_fail(diagnostic, RG_EINVAL, "evolve: the tolerance must be positive");
    return RG_OK;
}

static rg_status allocate_lane(const rg_evolve *e, struct lane *lane) {
    const rg_grid *grid = rg_levels_grid(e->levels);
    rg_equation *q = &lane->equation;
    const double square = e->options.churn * e->options.churn;
    q->form = e->options.form;
    q->diffusion = 0.5 * square;
    q->drift = 0.5 * (1 + square);
    const rg_status status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &q->spectral);
    if (status) return status;
    const size_t modes = 2 * (size_t)q->spectral->modes, n = (size_t)q->spectral->cells;
    q->real = rg_field_alloc(rg_size_product(n, (size_t)grid->dim + 1));
    lane->error = rg_field_alloc(modes);
    lane->field = rg_field_alloc(n);
    for (int i = 0; i < SPECTRA; i++)
        if (!(lane->work[i] = rg_field_alloc(modes))) return RG_ENOMEM;
    return q->real && lane->error && lane->field ? RG_OK : RG_ENOMEM;
}

static void free_lane(struct lane *lane) {
    rg_spectral_destroy(lane->equation.spectral);
    rg_free(lane->equation.real);
    rg_free(lane->error);
    rg_free(lane->field);
    for (int i = 0; i < SPECTRA; i++) rg_free(lane->work[i]);
}

static rg_status allocate(rg_evolve *e) {
    const rg_grid *grid = rg_levels_grid(e->levels);
    const rg_equation *q = &e->lane[0].equation;
    e->lanes = rg_grid_cells(grid) < RG_THREADED_CELLS ? LANES : 1;
    rg_status status = RG_OK;
    for (int i = 0; !status && i < e->lanes; i++) status = allocate_lane(e, &e->lane[i]);
    for (int r = 0; !status && r < ROOMS; r++) status = rg_level_create(grid, &e->room[r]);
    if (!status) status = rg_exponential_create(q->spectral, q->diffusion, &e->exponential);
    if (!status) status = rg_instants_create(q, &e->instants);
    e->last_one = e->options.prior ? RG_FLOOR : RG_LINEAR; /* with a prior the ratio form's floor stands still */
    e->stepped = e->options.prior && q->form == RG_FORM_RATIO ? RG_MARGINALS : MOST_STEPPED;
    for (int m = 0; !status && m < e->stepped; m++) {
        double **spectra[] = {&e->u[m], &e->first[m], &e->next[m], &e->last[m]};
        for (int i = 0; i < 4; i++)
            if (!(*spectra[i] = rg_field_alloc(2 * (size_t)q->spectral->modes))) status = RG_ENOMEM;
    }
    return status;
}

static void count_split(rg_evolve *e, const rg_level *level) {
    rg_evolve_statistics *s = &e->statistics;
    s->splits++;
    s->split_iterations += level->split.iterations;
    s->worst_residual = fmax(s->worst_residual, level->split.residual);
    if (!level->split.resolved) s->unresolved_from = fmax(s->unresolved_from, level->variance);
}

/* The m-th of those that are stepped. */
static int marginal_at(const rg_evolve *e, int m) {
    return m < RG_MARGINALS ? m : e->last_one;
}

/* rho = pi / p_T or q = pi; without a prior rho = 1 exactly, and delta = 0 as it was allocated. */
static rg_status set_prior(rg_evolve *e, rg_diagnostic *diagnostic) {
    const double *prior = e->options.prior, *density = e->room[START].density;
    const struct lane *lane = &e->lane[0];
    const ptrdiff_t n = lane->equation.spectral->cells;
    double mass = 0;
    for (ptrdiff_t i = 0; prior && i < n; i++) {
        if (!isfinite(prior[i]) || !(prior[i] > 0))
            return rg_fail(diagnostic, RG_EDOMAIN, "prior: a value is not positive at cell %td", i);
        mass += prior[i];
    }
    mass *= rg_grid_cell_volume(rg_levels_grid(e->levels));
    for (ptrdiff_t i = 0; i < n; i++) {
        const double q = prior ? prior[i] / mass : density[i];
        lane->field[i] = e->options.form == RG_FORM_DENSITY ? q : prior ? q / density[i] : 1;
    }
    rg_forward(lane->equation.spectral, lane->field, e->u[0]);
    if (e->stepped > RG_MARGINALS && e->last_one == RG_FLOOR)
        rg_forward(lane->equation.spectral, density, e->u[RG_MARGINALS]);
    for (int m = 0; m < e->stepped; m++) {
        if (m > 0 && m < RG_MARGINALS)
            memcpy(e->u[m], e->u[0], 2 * (size_t)lane->equation.spectral->modes * sizeof(double));
        rg_equation_right_side(&lane->equation, &e->room[START], marginal_at(e, m), e->u[m], e->first[m]);
    }
    return RG_OK;
}

static void square_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const rg_evolve *e = data;
    const ptrdiff_t n = e->lane[0].equation.spectral->cells;
    const double *vector = e->recorded->gradient;
    for (ptrdiff_t i = begin; i < end; i++) {
        double square = 0;
        for (int a = 0; a < rg_levels_grid(e->levels)->dim; a++) square += vector[a * n + i] * vector[a * n + i];
        e->lane[0].field[i] = square;
    }
}

static rg_status record(rg_evolve *e, int room, int midpoint) {
    rg_trace *trace = rg_grow(e->trace, e->traced, sizeof *trace, &e->room_for);
    if (!trace) return RG_ENOMEM;
    e->trace = trace;
    const rg_level *level = e->recorded = &e->room[room];
    double between;
    rg_parallel(e->lane[0].equation.spectral->cells, square_block, e);
    const double greatest = rg_greatest(rg_levels_grid(e->levels), e->lane[0].field, &between);
    e->trace[e->traced++] = (rg_trace){.variance = level->variance,
                                       .segment = e->segment,
                                       .midpoint = midpoint,
                                       .total = level->split.total,
                                       .gradient = level->split.gradient,
                                       .solenoidal = level->split.solenoidal,
                                       .greatest = greatest,
                                       .between = between};
    return RG_OK;
}

static rg_status begin(rg_evolve *e, rg_diagnostic *diagnostic) {
    rg_status status = allocate(e);
    if (status) return rg_fail(diagnostic, status, "evolve: out of memory");
    status = rg_levels_at(e->levels, e->options.variance_max, &e->room[START], diagnostic);
    if (!status) count_split(e, &e->room[START]);
    if (!status) status = set_prior(e, diagnostic);
    if (status) return status;
    rg_instants_note(&e->instants, START, &e->lane[0].equation, &e->room[START]);
    status = record(e, START, 0);
    return status ? rg_fail(diagnostic, status, "evolve: out of memory") : RG_OK;
}

rg_status rg_evolve_create(rg_levels *levels, const rg_evolve_options *options, rg_evolve **evolve,
                           rg_diagnostic *diagnostic) {
    if (!levels || !options || !evolve) return rg_fail(diagnostic, RG_EINVAL, "evolve: an argument is missing");
    rg_status status = check(options, diagnostic);
    if (status) return status;
    rg_evolve *e = rg_alloc(1, sizeof *e);
    if (!e) return rg_fail(diagnostic, RG_ENOMEM, "evolve: out of memory");
    e->levels = levels;
    e->options = *options;
    if (e->options.max_steps == 0) e->options.max_steps = 100000;
    if (e->options.segment_steps == 0) e->options.segment_steps = 2;
    e->variance = options->variance_max;
    e->next_step = 0.02 * (options->variance_max - options->variance_min);
    status = begin(e, diagnostic);
    if (status) {
        rg_evolve_destroy(e);
        return status;
    }
    *evolve = e;
    return RG_OK;
}

void rg_evolve_destroy(rg_evolve *e) {
    if (!e) return;
    for (int m = 0; m < MOST_STEPPED; m++) {
        double *spectra[] = {e->u[m], e->first[m], e->next[m], e->last[m]};
        for (size_t i = 0; i < sizeof spectra / sizeof *spectra; i++) rg_free(spectra[i]);
    }
    for (int r = 0; r < ROOMS; r++) rg_level_free(&e->room[r]);
    rg_exponential_free(&e->exponential);
    rg_instants_free(&e->instants);
    for (int i = 0; i < LANES; i++) free_lane(&e->lane[i]);
    rg_free(e->trace);
    rg_free(e);
}

/* ---- one step */

/* Where the present segment ends: the next break below, or variance_min. */
static double segment_end(const rg_evolve *e) {
    const double *breaks;
    const size_t count = rg_levels_breaks(e->levels, &breaks);
    double end = e->options.variance_min;
    for (size_t i = 0; i < count; i++)
        if (breaks[i] < e->variance * (1 - 1e-9) && breaks[i] > end) end = breaks[i];
    return end;
}

/* The next place below where a step must end: a stop, or the end of the segment. */
static double next_stop(const rg_evolve *e, double end) {
    double stop = end;
    for (size_t i = 0; i < e->options.stops; i++)
        if (e->options.stop[i] < e->variance * (1 - 1e-9) && e->options.stop[i] > stop) stop = e->options.stop[i];
    return stop;
}

/* At least segment_steps steps a segment, and no short step before a stop. */
static double choose_step(const rg_evolve *e, double end, double stop) {
    const double left = e->variance - stop;
    double step = e->next_step;
    if (e->segment_steps == 0) step = fmin(step, (e->variance - end) / e->options.segment_steps);
    if (step >= left * (1 - 1e-9)) return left;
    return step > 0.5 * left ? 0.5 * left : step;
}

struct side {
    const rg_equation *equation;
    const rg_level *room;
    int marginal;
};

static void right_side(void *data, int when, const double *u, double *n) {
    const struct side *s = data;
    rg_equation_right_side(s->equation, &s->room[when], s->marginal, u, n);
}

struct weighted {
    const double *field, *density;
};

static double absolute_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct weighted *w = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += fabs(w->field[i]) * (w->density ? w->density[i] : 1);
    return sum;
}

/* The estimate in L1: integral of p |error of rho|, or of |error of q|. */
static double error_norm(const rg_evolve *e, const struct lane *lane) {
    const rg_spectral *s = lane->equation.spectral;
    rg_equation_field(&lane->equation, lane->error, lane->field);
    const struct weighted w = {lane->field, e->options.form == RG_FORM_RATIO ? e->room[END].density : NULL};
    return rg_reduce(s->cells, absolute_block, &w) * rg_grid_cell_volume(&s->grid);
}

static double step_marginal(const rg_evolve *e, const struct lane *lane, int m) {
    struct side side = {&lane->equation, e->room, marginal_at(e, m)};
    rg_exponential_step(&e->exponential, right_side, &side, e->u[m], e->first[m], e->next[m], e->last[m], lane->error,
                        lane->work);
    /* The response may be many times p where the error is large: it takes the steps of the samplers. */
    const double norm = error_norm(e, lane);
    return marginal_at(e, m) == RG_LINEAR && isfinite(norm) ? 0 : norm;
}

static double step_density(const rg_evolve *e, const struct lane *lane) {
    if (e->options.form == RG_FORM_RATIO) return 0;
    rg_instants_defect(&e->instants, &e->exponential, lane->error);
    return error_norm(e, lane);
}

/* Steps are judged by a fifth of the tolerance: their errors add up to about it over a run. */
static double attempt(rg_evolve *e, double step) {
    const double share = 0.2;
    const int jobs = e->stepped + 1; /* the last one is p itself */
    double norm[MOST_STEPPED + 1], worst = 0;
    rg_exponential_set_step(&e->exponential, step);
#pragma omp parallel for schedule(static, 1) num_threads(rg_threads_for(LANES)) if (e->lanes == LANES)
    for (int i = 0; i < LANES; i++)
        for (int m = i; m < jobs; m += LANES) {
            const struct lane *lane = &e->lane[e->lanes == LANES ? i : 0];
            norm[m] = m == e->stepped ? step_density(e, lane) : step_marginal(e, lane, m);
        }
    for (int m = 0; m < jobs; m++) worst = isfinite(norm[m]) ? fmax(worst, norm[m]) : HUGE_VAL;
    return worst / (share * e->options.tolerance);
}

/* Simpson's error over the step, relative to the energy so far and the tolerance. `energy` is the step's integral. */
static double energy_error(const rg_evolve *e, double *energy) {
    double difference;
    *energy = rg_instants_energy(&e->instants, &difference);
    const double scale = e->energy + fabs(*energy);
    return scale > 0 ? difference / (scale * e->options.tolerance) : 0;
}

/* Two rooms, noted as two of the five instants. */
static void note_two(rg_evolve *e, int instant) {
#pragma omp parallel for schedule(static, 1) num_threads(rg_threads_for(LANES)) if (e->lanes == LANES)
    for (int i = 0; i < 2; i++)
        rg_instants_note(&e->instants, instant + i, &e->lane[e->lanes == LANES ? i : 0].equation, &e->room[MIDDLE + i]);
}

/* Furnishes the middle and the end of a step to `target`. At the start of a segment its quarter points are looked at
 * first, in the same two rooms: there is no step before to judge it by. */
static rg_status furnish(rg_evolve *e, double target, rg_diagnostic *diagnostic) {
    rg_level *const room[] = {&e->room[MIDDLE], &e->room[END]};
    const double step = e->variance - target, middle = e->variance - 0.5 * step;
    rg_status status;
    if (e->segment_steps == 0) {
        const double quarter[] = {e->variance - 0.25 * step, e->variance - 0.75 * step};
        status = rg_levels_unsplit_at_two(e->levels, quarter, room, diagnostic);
        if (status) return status;
        note_two(e, RG_EXTRA);
    }
    status = rg_levels_at_two(e->levels, (const double[]){middle, target}, room, diagnostic);
    if (status) return status;
    note_two(e, MIDDLE);
    count_split(e, &e->room[MIDDLE]);
    count_split(e, &e->room[END]);
    return RG_OK;
}

static rg_status accept(rg_evolve *e, double end, double energy) {
    rg_status status = record(e, MIDDLE, 1);
    if (!status) status = record(e, END, 0);
    const rg_level start = e->room[START];
    e->room[START] = e->room[END];
    e->room[END] = start;
    for (int m = 0; m < e->stepped; m++) {
        double *u = e->u[m], *first = e->first[m];
        e->u[m] = e->next[m];
        e->first[m] = e->last[m];
        e->next[m] = u;
        e->last[m] = first;
    }
    rg_instants_advance(&e->instants);
    e->energy += energy;
    e->variance = e->room[START].variance;
    e->segment_steps++;
    e->statistics.steps++;
    if (e->variance <= end && e->variance > e->options.variance_min) { /* the break belongs to both segments */
        e->segment++;
        e->segment_steps = 0;
        if (!status) status = record(e, START, 0);
    }
    return status;
}

rg_status rg_evolve_step(rg_evolve *e, int *done, rg_diagnostic *diagnostic) {
    const double safety = 0.9, least_factor = 0.2, most_factor = 3;
    const double end = segment_end(e), stop = next_stop(e, end);
    *done = e->variance <= e->options.variance_min;
    while (!*done) {
        const double step = choose_step(e, end, stop);
        const double target = step >= e->variance - stop ? stop : e->variance - step;
        if (!(step > 1e-12 * e->variance) || e->statistics.steps + e->statistics.rejected >= e->options.max_steps)
            return rg_fail(diagnostic, RG_ENOCONV,
                           "evolve: the step shrank to %g at sigma = %g: the score error is too rough for this grid; "
                           "refine it, raise sigma_min, or add a background",
                           step, sqrt(e->variance));
        rg_status status = furnish(e, target, diagnostic);
        if (status) return status;
        double energy;
        const double moved = attempt(e, step), integrated = energy_error(e, &energy);
        const double error = isfinite(moved) ? fmax(moved, integrated) : HUGE_VAL;
        const double factor = safety * pow(fmax(error, 1e-12), -0.25);
        const double next = step * fmin(fmax(factor, least_factor), most_factor);
        if (error <= 1) {
            /* a step cut short by a break says little about how long the next may be */
            e->next_step = step < e->next_step && next < e->next_step && factor > 1 ? e->next_step : next;
            status = accept(e, end, energy);
            *done = e->variance <= e->options.variance_min;
            return status ? rg_fail(diagnostic, status, "evolve: out of memory") : RG_OK;
        }
        e->next_step = next;
        e->statistics.rejected++;
    }
    return RG_OK;
}

/* ---- results */

double rg_evolve_progress(const rg_evolve *e) {
    const double low = e->options.variance_min, high = e->options.variance_max, soft = low > 0 ? 0 : 0.01 * high;
    return log((high + soft) / (e->variance + soft)) / log((high + soft) / (low + soft));
}

void rg_evolve_ratio(const rg_evolve *e, int marginal, double *ratio, double *clipped) {
    const rg_equation *equation = &e->lane[0].equation;
    const ptrdiff_t n = equation->spectral->cells;
    const double *density = e->room[START].density;
    const int is_ratio = e->options.form == RG_FORM_RATIO;
    double below = 0;
    const int floor_stands = e->options.form == RG_FORM_RATIO;
    if (marginal == RG_FLOOR && e->options.prior && floor_stands) {
        for (ptrdiff_t i = 0; i < n; i++) ratio[i] = 1;
        if (clipped) *clipped = 0;
        return;
    }
    rg_equation_field(equation, e->u[marginal == RG_FLOOR && !e->options.prior ? RG_NONE : marginal], ratio);
    for (ptrdiff_t i = 0; i < n; i++) {
        const double q = is_ratio ? ratio[i] * density[i] : ratio[i];
        if (q < 0) below -= q;
        ratio[i] = q < 0 && clipped ? 0 : is_ratio ? ratio[i] : density[i] > 0 ? ratio[i] / density[i] : 1;
    }
    if (clipped) *clipped = below * rg_grid_cell_volume(rg_levels_grid(e->levels));
}

int rg_evolve_response(const rg_evolve *e, double *response) {
    if (e->last_one != RG_LINEAR) return 0;
    const rg_equation *equation = &e->lane[0].equation;
    const double *density = e->room[START].density;
    rg_equation_field(equation, e->u[RG_MARGINALS], response);
    if (e->options.form == RG_FORM_RATIO)
        for (ptrdiff_t i = 0; i < equation->spectral->cells; i++) response[i] *= density[i];
    return 1;
}

int rg_evolve_segment(const rg_evolve *e) {
    return e->segment;
}

void rg_evolve_coefficients(const rg_evolve *e, double *drift, double *diffusion) {
    *drift = e->lane[0].equation.drift;
    *diffusion = e->lane[0].equation.diffusion;
}

const rg_level *rg_evolve_level(const rg_evolve *e) {
    return &e->room[START];
}

size_t rg_evolve_trace(const rg_evolve *e, const rg_trace **trace) {
    *trace = e->trace;
    return e->traced;
}

rg_evolve_statistics rg_evolve_report(const rg_evolve *e) {
    return e->statistics;
}
