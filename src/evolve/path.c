/* The march of the path functionals: three densities in the steps of one exponential Runge-Kutta method, judged by their
 * embedded estimates in L1, relative to their mass, by what a step misses of p itself, and by the energy's rule
 * (evolve/instants.h). */
#include "evolve/instants.h"

#include "base/base.h"

#include <rotgrad/path.h>

#include <math.h>
#include <string.h>

enum { START = RG_START, MIDDLE = RG_MIDDLE, END = RG_END, ROOMS = RG_ROOMS };
enum { SAMPLER, NOVIKOV, CHI2, MARCHING };
enum { SPECTRA = 4 };

struct room {
    rg_level level, shadow; /* shadow: the same with twice the error */
    double *twice, *square; /* 2 e; |theta|^2, limited */
};

struct rg_path {
    rg_levels *levels;
    rg_path_options options;
    rg_equation equation;
    rg_exponential exponential;
    rg_instants instants;
    int fresh; /* 1: no step before this one shares its smooth stretch of noise levels */
    struct room room[ROOMS];
    double *u[MARCHING], *first[MARCHING], *next[MARCHING], *last[MARCHING];
    double log_mass[MARCHING]; /* NaN: given up */
    double *work[SPECTRA], *error, *field;
    double next_step, energy; /* energy: int E_p|e|^2 dv so far */
    rg_path_values now;
};

static ptrdiff_t cells_of(const rg_path *p) {
    return p->equation.spectral->cells;
}

/* ---- creation */

static rg_status check(const rg_path_options *o, rg_diagnostic *diagnostic) {
    if (!isfinite(o->variance_max) || !(o->variance_min >= 0 && o->variance_max > o->variance_min))
        return rg_fail(diagnostic, RG_EINVAL, "path: variance_max must exceed variance_min >= 0");
    if (!(o->churn > 0) || !isfinite(o->churn))
        return rg_fail(diagnostic, RG_EINVAL,
                       "path: the churn must be above 0: without noise there is no path density");
    if (!(o->tolerance > 0) || !isfinite(o->tolerance) || !(o->cut >= 0 && o->cut < 1) || o->max_steps < 0)
        return rg_fail(diagnostic, RG_EINVAL, "path: the tolerance must be positive, the cut lie in [0, 1)");
    return RG_OK;
}

static rg_status allocate_room(const rg_grid *grid, struct room *room) {
    const size_t n = (size_t)rg_grid_cells(grid);
    room->twice = rg_field_alloc(rg_size_product(n, (size_t)grid->dim));
    room->square = rg_field_alloc(n);
    const rg_status status = rg_level_create(grid, &room->level);
    return status || (room->twice && room->square) ? status : RG_ENOMEM;
}

static rg_status allocate(rg_path *p) {
    const rg_grid *grid = rg_levels_grid(p->levels);
    const double square = p->options.churn * p->options.churn;
    rg_equation *q = &p->equation;
    *q = (rg_equation){.form = RG_FORM_DENSITY, .diffusion = 0.5 * square, .drift = 0.5 * (1 + square)};
    rg_status status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &q->spectral);
    for (int r = 0; !status && r < ROOMS; r++) status = allocate_room(grid, &p->room[r]);
    if (!status) status = rg_exponential_create(q->spectral, q->diffusion, &p->exponential);
    if (!status) status = rg_instants_create(q, &p->instants);
    if (status) return status;
    const size_t modes = 2 * (size_t)q->spectral->modes, n = (size_t)q->spectral->cells;
    q->real = rg_field_alloc(rg_size_product(n, (size_t)grid->dim + 1));
    p->field = rg_field_alloc(n);
    p->error = rg_field_alloc(modes);
    int missing = !q->real || !p->field || !p->error;
    for (int i = 0; i < SPECTRA; i++) missing |= !(p->work[i] = rg_field_alloc(modes));
    for (int m = 0; m < MARCHING; m++) {
        double **spectra[] = {&p->u[m], &p->first[m], &p->next[m], &p->last[m]};
        for (int i = 0; i < 4; i++) missing |= !(*spectra[i] = rg_field_alloc(modes));
    }
    return missing ? RG_ENOMEM : RG_OK;
}

/* ---- rooms */

/* |theta|^2, limited, and the shadow. */
static void finish_room(const rg_path *p, struct room *room) {
    const rg_equation *q = &p->equation;
    const ptrdiff_t n = cells_of(p);
    const int dim = q->spectral->grid.dim;
    const double factor = q->drift * q->drift / (2 * q->diffusion), *density = room->level.density;
    const double least = p->options.cut * rg_max_abs(n, density);
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double square = 0;
        for (int a = 0; a < dim; a++) square += room->level.error[a * n + i] * room->level.error[a * n + i];
        room->square[i] = factor * square;
        if (density[i] >= least) most = fmax(most, room->square[i]);
    }
    for (ptrdiff_t i = 0; i < n; i++) room->square[i] = fmin(room->square[i], most);
    for (ptrdiff_t i = 0; i < dim * n; i++) room->twice[i] = 2 * room->level.error[i];
    room->shadow = room->level;
    room->shadow.error = room->twice;
}

/* The two other rooms, noted as two of the five instants from `which` on. */
static rg_status furnish(rg_path *p, double middle, double end, int which, rg_diagnostic *diagnostic) {
    rg_level *const room[] = {&p->room[MIDDLE].level, &p->room[END].level};
    const rg_status status = rg_levels_unsplit_at_two(p->levels, (const double[]){middle, end}, room, diagnostic);
    for (int r = 0; !status && r < 2; r++) rg_instants_note(&p->instants, which + r, &p->equation, room[r]);
    return status;
}

static rg_status furnish_step(rg_path *p, double target, rg_diagnostic *diagnostic) {
    const double now = p->now.variance, step = now - target;
    rg_status status = RG_OK;
    if (p->fresh) status = furnish(p, now - 0.25 * step, now - 0.75 * step, RG_EXTRA, diagnostic);
    if (!status) status = furnish(p, now - 0.5 * step, target, MIDDLE, diagnostic);
    if (status) return status;
    finish_room(p, &p->room[MIDDLE]);
    finish_room(p, &p->room[END]);
    return RG_OK;
}

/* ---- the equations */

struct side {
    rg_path *path;
    int which;
};

static void add_growth(rg_path *p, const struct room *room, double factor, const double *u, double *n) {
    const rg_spectral *s = p->equation.spectral;
    rg_equation_field(&p->equation, u, p->field);
    for (ptrdiff_t i = 0; i < s->cells; i++) p->field[i] *= factor * room->square[i];
    rg_forward(p->equation.spectral, p->field, s->spectrum);
    for (ptrdiff_t i = 0; i < 2 * s->modes; i++) n[i] += s->spectrum[i];
}

static void right_side(void *data, int when, const double *u, double *n) {
    const struct side *side = data;
    rg_path *p = side->path;
    struct room *room = &p->room[when];
    const int which = side->which, has_error = which == SAMPLER || which == CHI2;
    rg_equation_right_side(&p->equation, which == CHI2 ? &room->shadow : &room->level, has_error ? RG_FULL : RG_NONE, u,
                           n);
    if (which == NOVIKOV) add_growth(p, room, 0.5, u, n);
    if (which == CHI2) add_growth(p, room, 1, u, n);
}

static double absolute_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const double *field = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += fabs(field[i]);
    return sum;
}

static double length_of(const rg_path *p, const double *field) {
    return rg_reduce(cells_of(p), absolute_block, field) * rg_grid_cell_volume(&p->equation.spectral->grid);
}

/* The mean mode of an unscaled spectrum. */
static double mass_of(const rg_path *p, const double *u) {
    return u[0] * rg_grid_cell_volume(&p->equation.spectral->grid);
}

static double step_one(rg_path *p, int which) {
    struct side side = {p, which};
    rg_exponential_step(&p->exponential, right_side, &side, p->u[which], p->first[which], p->next[which],
                        p->last[which], p->error, p->work);
    rg_equation_field(&p->equation, p->error, p->field);
    return length_of(p, p->field) / fabs(mass_of(p, p->next[which]));
}

/* The density should be positive. Where the grid does not carry it, it rings, ever more: half as much below 0 as above is no
 * functional any more, and would hold up all the others. */
static int is_lost(const rg_path *p, int which, double mass) {
    rg_equation_field(&p->equation, p->u[which], p->field);
    return !(length_of(p, p->field) <= 3 * mass);
}

/* Mass 1, its logarithm apart. `n` is linear in `u`. */
static void normalise(rg_path *p, int which) {
    const double mass = mass_of(p, p->u[which]);
    p->log_mass[which] = is_lost(p, which, mass) ? (double)NAN : p->log_mass[which] + log(mass);
    for (ptrdiff_t i = 0; i < 2 * p->equation.spectral->modes; i++) {
        p->u[which][i] /= mass;
        p->first[which][i] /= mass;
    }
}

/* ---- the march */

static void note(rg_path *p) {
    const rg_level *level = &p->room[START].level;
    const ptrdiff_t n = cells_of(p);
    const int dim = p->equation.spectral->grid.dim;
    p->now.variance = level->variance;
    p->now.log_novikov = p->log_mass[NOVIKOV];
    p->now.log_chi2 = p->log_mass[CHI2];
    p->now.error_length = sqrt(level->split.total);
    double sum = 0;
    for (int a = 0; a < dim; a++) {
        for (ptrdiff_t i = 0; i < n; i++) p->field[i] = level->score[a * n + i] * level->score[a * n + i];
        sum += rg_dot(n, level->density, p->field);
    }
    p->now.readout = level->variance * sum * rg_grid_cell_volume(&p->equation.spectral->grid);
}

static rg_status set_start(rg_path *p, rg_diagnostic *diagnostic) {
    const double *prior = p->options.prior, *density = p->room[START].level.density;
    const ptrdiff_t n = cells_of(p);
    const double volume = rg_grid_cell_volume(&p->equation.spectral->grid);
    const double mass = prior ? rg_sum(n, prior) * volume : 1; /* pi is the prior over its mass */
    double kl = 0;
    for (ptrdiff_t i = 0; prior && i < n; i++) {
        if (!isfinite(prior[i]) || !(prior[i] > 0))
            return rg_fail(diagnostic, RG_EDOMAIN, "prior: a value is not positive at cell %td", i);
        if (density[i] > 0) kl += density[i] * log(density[i] / (prior[i] / mass));
    }
    if (!isnormal(mass)) return rg_fail(diagnostic, RG_EDOMAIN, "prior: its mass is %g", mass);
    p->now.path_kl = kl * volume;
    for (int m = 0; m < MARCHING; m++) {
        struct side side = {p, m};
        for (ptrdiff_t i = 0; i < n; i++) {
            const double start = !prior || m == NOVIKOV ? density[i] : prior[i] / mass;
            p->field[i] = m == CHI2 && prior ? start / density[i] * start : start;
        }
        rg_forward(p->equation.spectral, p->field, p->u[m]);
        right_side(&side, START, p->u[m], p->first[m]);
        normalise(p, m);
    }
    p->log_mass[SAMPLER] = 0;
    note(p);
    return RG_OK;
}

static rg_status start(rg_path *p, rg_diagnostic *diagnostic) {
    const double high = p->options.variance_max;
    rg_status status = allocate(p);
    if (status) return rg_fail(diagnostic, status, "path: %s", rg_status_text(status));
    status = furnish(p, high, high, MIDDLE, diagnostic);
    if (status) return status;
    const struct room room = p->room[START];
    p->room[START] = p->room[END];
    p->room[END] = room;
    finish_room(p, &p->room[START]);
    rg_instants_note(&p->instants, START, &p->equation, &p->room[START].level);
    p->fresh = 1;
    p->next_step = 0.02 * (high - p->options.variance_min);
    return set_start(p, diagnostic);
}

rg_status rg_path_create(rg_levels *levels, const rg_path_options *options, rg_path **path, rg_diagnostic *diagnostic) {
    if (!levels || !options || !path || (options->stops > 0 && !options->stop))
        return rg_fail(diagnostic, RG_EINVAL, "path: no levels, options or place for it");
    rg_status status = check(options, diagnostic);
    if (status) return status;
    rg_path *p = rg_alloc(1, sizeof *p);
    if (!p) return rg_fail(diagnostic, RG_ENOMEM, "path: out of memory");
    p->levels = levels;
    p->options = *options;
    if (p->options.cut == 0) p->options.cut = 1e-13;
    if (p->options.max_steps == 0) p->options.max_steps = 100000;
    status = start(p, diagnostic);
    if (status) {
        rg_path_destroy(p);
        return status;
    }
    *path = p;
    return RG_OK;
}

void rg_path_destroy(rg_path *p) {
    if (!p) return;
    for (int r = 0; r < ROOMS; r++) {
        rg_level_free(&p->room[r].level);
        rg_free(p->room[r].twice);
        rg_free(p->room[r].square);
    }
    for (int m = 0; m < MARCHING; m++) {
        double *spectra[] = {p->u[m], p->first[m], p->next[m], p->last[m]};
        for (int i = 0; i < 4; i++) rg_free(spectra[i]);
    }
    for (int i = 0; i < SPECTRA; i++) rg_free(p->work[i]);
    rg_free(p->error);
    rg_free(p->field);
    rg_free(p->equation.real);
    rg_exponential_free(&p->exponential);
    rg_instants_free(&p->instants);
    rg_spectral_destroy(p->equation.spectral);
    rg_free(p);
}

static int is_break(const rg_path *p, double variance) {
    const double *breaks;
    const size_t count = rg_levels_breaks(p->levels, &breaks);
    for (size_t i = 0; i < count; i++)
        if (fabs(breaks[i] - variance) <= 1e-9 * variance) return 1;
    return 0;
}

/* The next variance at which a step must end. */
static double next_stop(const rg_path *p) {
    const double now = p->now.variance * (1 - 1e-9), *breaks;
    const size_t count = rg_levels_breaks(p->levels, &breaks);
    double stop = p->options.variance_min;
    for (size_t i = 0; i < p->options.stops; i++)
        if (p->options.stop[i] < now) stop = fmax(stop, p->options.stop[i]);
    for (size_t i = 0; i < count; i++)
        if (breaks[i] < now) stop = fmax(stop, breaks[i]);
    return stop;
}

/* The step in units of what the tolerance allows; `energy`: its integral of E_p|e|^2. */
static double attempt(rg_path *p, double step, double *energy) {
    const double allowed = 0.2 * p->options.tolerance;
    double difference, worst;
    rg_exponential_set_step(&p->exponential, step);
    *energy = rg_instants_energy(&p->instants, &difference);
    rg_instants_defect(&p->instants, &p->exponential, p->error);
    rg_equation_field(&p->equation, p->error, p->field);
    worst = length_of(p, p->field) / allowed;
    const double scale = p->energy + fabs(*energy);
    if (scale > 0) worst = fmax(worst, difference / (scale * p->options.tolerance));
    for (int m = 0; m < MARCHING; m++) {
        if (isnan(p->log_mass[m])) continue;
        const double norm = step_one(p, m), mass = mass_of(p, p->next[m]);
        worst = isfinite(norm) && mass > 0 ? fmax(worst, norm / allowed) : HUGE_VAL;
    }
    return worst;
}

static void accept(rg_path *p, double energy) {
    const rg_equation *q = &p->equation;
    p->energy += energy;
    p->now.path_kl += q->drift * q->drift / (4 * q->diffusion) * energy;
    const struct room room = p->room[START];
    p->room[START] = p->room[END];
    p->room[END] = room;
    for (int m = 0; m < MARCHING; m++) {
        if (isnan(p->log_mass[m])) continue;
        double *u = p->u[m], *first = p->first[m];
        p->u[m] = p->next[m];
        p->first[m] = p->last[m];
        p->next[m] = u;
        p->last[m] = first;
        if (m == NOVIKOV || m == CHI2) normalise(p, m);
    }
    rg_instants_advance(&p->instants);
    p->now.steps++;
    note(p);
    p->fresh = is_break(p, p->now.variance);
}

rg_status rg_path_step(rg_path *p, int *done, rg_diagnostic *diagnostic) {
    const double safety = 0.9, least_factor = 0.2, most_factor = 3;
    *done = p->now.variance <= p->options.variance_min;
    for (int tries = 0; !*done; tries++) {
        const double now = p->now.variance, stop = next_stop(p), step = fmin(p->next_step, now - stop);
        const double target = step >= (now - stop) * (1 - 1e-9) ? stop : now - step;
        if (!(step > 1e-12 * now) || p->now.steps + tries >= p->options.max_steps)
            return rg_fail(diagnostic, RG_ENOCONV,
                           "path: the step shrank to %g at sigma = %g: the score error is too rough for this grid; "
                           "refine it, raise sigma_min, or add a background",
                           step, sqrt(now));
        const rg_status status = furnish_step(p, target, diagnostic);
        if (status) return status;
        double energy;
        const double error = attempt(p, now - target, &energy);
        const double factor = fmin(fmax(safety * pow(fmax(error, 1e-12), -0.25), least_factor), most_factor);
        const int cut_short = step < p->next_step;
        if (!(error <= 1) || !cut_short || factor < 1) p->next_step = step * factor;
        if (error <= 1) {
            accept(p, energy);
            *done = p->now.variance <= p->options.variance_min;
            return RG_OK;
        }
    }
    return RG_OK;
}

rg_path_values rg_path_report(const rg_path *p) {
    return p->now;
}

const rg_level *rg_path_level(const rg_path *p) {
    return &p->room[START].level;
}

void rg_path_marginal(const rg_path *p, double *q) {
    rg_equation_field(&p->equation, p->u[SAMPLER], q);
}
