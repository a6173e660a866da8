/* The adaptive march of f from variance_min up to variance_max. A step needs the fields at its start, middle and end; those at
 * the end are the next one's start. */
#include "evolve/exponential.h"
#include "evolve/kolmogorov.h"
#include "evolve/right_side.h"

#include "base/base.h"

#include <math.h>
#include <string.h>

enum { START, MIDDLE, END, TIMES, SPECTRA = 9 };

struct rg_backward {
    rg_backward_options options;
    rg_backward_fields *fields;
    void *data;
    rg_kolmogorov equation;
    rg_exponential exponential;
    double *drift[TIMES], *growth[TIMES];
    double *spectrum[SPECTRA]; /* what the names below point to */
    double *u, *first, *next, *last, *error, *work[4];
    double *field, *change; /* (n): f at the end of a step and the estimate of its error */
    double scale;           /* max |psi| */
    double variance, next_step;
    rg_backward_statistics statistics;
};

/* ---- creation */

static rg_status check(const rg_grid *grid, const rg_backward_options *o, const double *psi,
                       rg_diagnostic *diagnostic) {
    if (!isfinite(o->variance_max) || !(o->variance_min >= 0 && o->variance_max > o->variance_min))
        return rg_fail(diagnostic, RG_EINVAL, "backward: variance_max must exceed variance_min >= 0");
    if (!(o->diffusion >= 0) || !isfinite(o->diffusion))
        return rg_fail(diagnostic, RG_EINVAL, "backward: the diffusion must be >= 0");
    if (!(o->tolerance > 0) || !isfinite(o->tolerance) || o->max_steps < 0)
        return rg_fail(diagnostic, RG_EINVAL, "backward: the tolerance must be positive");
    if (o->scheme != RG_BACKWARD_SPECTRAL && (o->scheme != RG_BACKWARD_FITTED || o->divergence))
        return rg_fail(diagnostic, RG_EINVAL, "backward: unknown scheme, or a divergence with the fitted one");
    if (o->stops > 0 && !o->stop) return rg_fail(diagnostic, RG_EINVAL, "backward: no stops");
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++)
        if (!isfinite(psi[i])) return rg_fail(diagnostic, RG_EINVAL, "backward: psi is not finite at cell %td", i);
    return RG_OK;
}

static rg_status allocate(rg_backward *b, const rg_grid *grid) {
    rg_kolmogorov *e = &b->equation;
    rg_status status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &e->spectral);
    if (status) return status;
    rg_kolmogorov_adapt(e);
    status = rg_exponential_create(e->spectral, e->diffusion, &b->exponential);
    if (status) return status;
    const size_t n = (size_t)rg_grid_cells(grid), d = (size_t)grid->dim;
    for (int i = 0; i < SPECTRA; i++)
        if (!(b->spectrum[i] = rg_field_alloc(2 * (size_t)e->spectral->modes))) return RG_ENOMEM;
    double **name[SPECTRA] = {&b->u,       &b->first,   &b->next,    &b->last,   &b->error,
                              &b->work[0], &b->work[1], &b->work[2], &b->work[3]};
    for (int i = 0; i < SPECTRA; i++) *name[i] = b->spectrum[i];
    for (int t = 0; t < TIMES; t++) {
        b->drift[t] = rg_field_alloc(rg_size_product(n, d));
        b->growth[t] = rg_field_alloc(n);
        if (!b->drift[t] || !b->growth[t]) return RG_ENOMEM;
    }
    e->field = rg_field_alloc(n);
    e->vector = rg_field_alloc(rg_size_product(n, d));
    b->field = rg_field_alloc(n);
    b->change = rg_field_alloc(n);
    return e->field && e->vector && b->field && b->change ? RG_OK : RG_ENOMEM;
}

static rg_status furnish(rg_backward *b, int time, double variance, rg_diagnostic *diagnostic) {
    memset(b->growth[time], 0, (size_t)b->equation.spectral->cells * sizeof *b->growth[time]);
    return b->fields(b->data, variance, b->drift[time], b->growth[time], diagnostic);
}

static rg_status begin(rg_backward *b, const rg_grid *grid, const double *psi, rg_diagnostic *diagnostic) {
    rg_status status = allocate(b, grid);
    if (status) return rg_fail(diagnostic, status, "backward: out of memory");
    const ptrdiff_t n = b->equation.spectral->cells;
    b->scale = rg_max_abs(n, psi);
    memcpy(b->field, psi, (size_t)n * sizeof *psi);
    rg_forward(b->equation.spectral, b->field, b->u);
    status = furnish(b, START, b->variance, diagnostic);
    if (!status) rg_kolmogorov_right_side(&b->equation, b->drift[START], b->growth[START], b->u, b->first);
    return status;
}

rg_status rg_backward_create(const rg_grid *grid, const rg_backward_options *options, rg_backward_fields *fields,
                             void *data, const double *psi, rg_backward **backward, rg_diagnostic *diagnostic) {
    if (!grid || !options || !fields || !psi || !backward)
        return rg_fail(diagnostic, RG_EINVAL, "backward: an argument is missing");
    rg_status status = check(grid, options, psi, diagnostic);
    if (status) return status;
    rg_backward *b = rg_alloc(1, sizeof *b);
    if (!b) return rg_fail(diagnostic, RG_ENOMEM, "backward: out of memory");
    const double range = options->variance_max - options->variance_min;
    b->options = *options;
    b->fields = fields;
    b->data = data;
    b->equation = (rg_kolmogorov){
        .scheme = options->scheme, .diffusion = options->diffusion, .divergence = options->divergence != 0};
    if (b->options.max_steps == 0) b->options.max_steps = 100000;
    b->variance = options->variance_min;
    b->next_step = options->variance_min > 0 ? fmin(0.02 * range, 0.1 * options->variance_min) : 1e-3 * range;
    status = begin(b, grid, psi, diagnostic);
    if (status) {
        rg_backward_destroy(b);
        return status;
    }
    *backward = b;
    return RG_OK;
}

void rg_backward_destroy(rg_backward *b) {
    if (!b) return;
    for (int i = 0; i < SPECTRA; i++) rg_free(b->spectrum[i]);
    for (int t = 0; t < TIMES; t++) {
        rg_free(b->drift[t]);
        rg_free(b->growth[t]);
    }
    rg_free(b->equation.field);
    rg_free(b->equation.vector);
    rg_free(b->field);
    rg_free(b->change);
    rg_exponential_free(&b->exponential);
    rg_spectral_destroy(b->equation.spectral);
    rg_free(b);
}

/* ---- one step */

/* The next place above where a step must end. */
static double next_stop(const rg_backward *b) {
    double stop = b->options.variance_max;
    for (size_t i = 0; i < b->options.stops; i++)
        if (b->options.stop[i] > b->variance * (1 + 1e-9) && b->options.stop[i] < stop) stop = b->options.stop[i];
    return stop;
}

/* No short step before a stop. */
static double choose_step(const rg_backward *b, double stop) {
    const double left = stop - b->variance, step = b->next_step;
    if (step >= left * (1 - 1e-9)) return left;
    return step > 0.5 * left ? 0.5 * left : step;
}

static void right_side(void *data, int when, const double *u, double *n) {
    const rg_backward *b = data;
    rg_kolmogorov_right_side(&b->equation, b->drift[when], b->growth[when], u, n);
}

/* The largest error relative to |f| + max |psi|: what grows is known relatively. Not finite where a value is not. */
static double attempt(rg_backward *b, double step) {
    const double share = 0.2;
    rg_exponential_set_step(&b->exponential, step);
    rg_exponential_step(&b->exponential, right_side, b, b->u, b->first, b->next, b->last, b->error, b->work);
    rg_kolmogorov_field(&b->equation, b->next, b->field);
    rg_kolmogorov_field(&b->equation, b->error, b->change);
    double worst = 0;
    for (ptrdiff_t i = 0; i < b->equation.spectral->cells; i++) {
        const double f = fabs(b->field[i]), error = fabs(b->change[i]);
        if (!isfinite(f) || !isfinite(error)) return HUGE_VAL;
        if (error > 0) worst = fmax(worst, error / (f + b->scale));
    }
    return worst / (share * b->options.tolerance);
}

static void swap(double **a, double **b) {
    double *first = *a;
    *a = *b;
    *b = first;
}

static void accept(rg_backward *b, double target) {
    swap(&b->u, &b->next);
    swap(&b->first, &b->last);
    swap(&b->drift[START], &b->drift[END]);
    swap(&b->growth[START], &b->growth[END]);
    b->variance = target;
    b->statistics.steps++;
}

rg_status rg_backward_step(rg_backward *b, int *done, rg_diagnostic *diagnostic) {
    const double safety = 0.9, least_factor = 0.2, most_factor = 3;
    const double stop = next_stop(b);
    *done = b->variance >= b->options.variance_max;
    while (!*done) {
        const double step = choose_step(b, stop);
        const double target = step >= stop - b->variance ? stop : b->variance + step;
        if (!(step > 1e-12 * target) || b->statistics.steps + b->statistics.rejected >= b->options.max_steps)
            return rg_fail(
                diagnostic, RG_ENOCONV,
                "backward: the step shrank to %g at sigma = %g: the drift is too rough for this grid; refine "
                "it, raise sigma_min, or add a background",
                step, sqrt(b->variance));
        rg_status status = furnish(b, MIDDLE, b->variance + 0.5 * step, diagnostic);
        if (!status) status = furnish(b, END, target, diagnostic);
        if (status) return status;
        const double error = attempt(b, step), factor = safety * pow(fmax(error, 1e-12), -0.25);
        const double next = step * fmin(fmax(factor, least_factor), most_factor);
        if (error <= 1) {
            /* a step cut short by a stop says little about how long the next may be */
            b->next_step = step < b->next_step && next < b->next_step && factor > 1 ? b->next_step : next;
            accept(b, target);
            *done = b->variance >= b->options.variance_max;
            return RG_OK;
        }
        b->next_step = next;
        b->statistics.rejected++;
    }
    return RG_OK;
}

/* ---- results */

double rg_backward_variance(const rg_backward *b) {
    return b->variance;
}

void rg_backward_value(const rg_backward *b, double *f) {
    rg_kolmogorov_field(&b->equation, b->u, b->equation.field);
    memcpy(f, b->equation.field, (size_t)b->equation.spectral->cells * sizeof *f);
}

void rg_backward_gradient(const rg_backward *b, double *gradient) {
    const rg_spectral *s = b->equation.spectral;
    rg_spread(s, b->u, 1);
    for (int a = 0; a < s->grid.dim; a++) {
        rg_back(s, s->spectrum + 2 * a * s->modes, b->equation.field);
        memcpy(gradient + a * s->cells, b->equation.field, (size_t)s->cells * sizeof *gradient);
    }
}

rg_backward_statistics rg_backward_report(const rg_backward *b) {
    return b->statistics;
}
