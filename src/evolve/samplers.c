/* The density form of right_side.c with the whole score in the place of the true one.
 *
 * The embedded estimate sees how the rate changes with the marginal, not how it changes with time: scores change with
 * log v, so a step is also no longer than the fourth root of the tolerance times v. */
#include "evolve/samplers.h"

#include "base/base.h"
#include "evolve/exponential.h"
#include "evolve/right_side.h"

#include <math.h>
#include <string.h>

enum { START, MIDDLE, END, ROOMS, WORK = 4 };

struct sampler {
    double *u, *first, *next, *last; /* spectra */
    double *score[ROOMS];
};

struct rg_samplers {
    rg_grid grid;
    rg_samplers_options options;
    rg_samplers_scores *scores;
    void *data;
    size_t count;
    struct sampler *sampler;
    double **score; /* (count), the scores of one room, for the callback */
    rg_equation equation;
    rg_exponential exponential;
    double *work[WORK], *error, *field;
    double variance, next_step;
    int steps, rejected;
};

static rg_status allocate_sampler(const rg_samplers *s, struct sampler *one) {
    const size_t modes = 2 * (size_t)s->equation.spectral->modes;
    const size_t vector = (size_t)s->grid.dim * (size_t)rg_grid_cells(&s->grid);
    double **spectrum[] = {&one->u, &one->first, &one->next, &one->last};
    int missing = 0;
    for (size_t i = 0; i < sizeof spectrum / sizeof *spectrum; i++) missing |= !(*spectrum[i] = rg_field_alloc(modes));
    for (int r = 0; r < ROOMS; r++) missing |= !(one->score[r] = rg_field_alloc(vector));
    return missing ? RG_ENOMEM : RG_OK;
}

static rg_status allocate(rg_samplers *s) {
    const size_t n = (size_t)rg_grid_cells(&s->grid), dim = (size_t)s->grid.dim;
    const double churn = s->options.churn;
    s->equation =
        (rg_equation){.form = RG_FORM_DENSITY, .diffusion = churn * churn / 2, .drift = (1 + churn * churn) / 2};
    rg_status status = rg_spectral_create(&s->grid, RG_PLAN_ESTIMATE, &s->equation.spectral);
    if (!status) status = rg_exponential_create(s->equation.spectral, s->equation.diffusion, &s->exponential);
    if (status) return status;
    s->equation.real = rg_field_alloc((dim + 1) * n);
    s->field = rg_field_alloc(n);
    s->error = rg_field_alloc(2 * (size_t)s->equation.spectral->modes);
    s->sampler = rg_alloc(s->count, sizeof *s->sampler);
    s->score = rg_alloc(s->count, sizeof *s->score);
    if (!s->equation.real || !s->field || !s->error || !s->sampler || !s->score) return RG_ENOMEM;
    for (int i = 0; i < WORK; i++)
        if (!(s->work[i] = rg_field_alloc(2 * (size_t)s->equation.spectral->modes))) return RG_ENOMEM;
    for (size_t i = 0; !status && i < s->count; i++) status = allocate_sampler(s, &s->sampler[i]);
    return status;
}

void rg_samplers_destroy(rg_samplers *s) {
    if (!s) return;
    for (size_t i = 0; s->sampler && i < s->count; i++) {
        struct sampler *one = &s->sampler[i];
        double *spectrum[] = {one->u, one->first, one->next, one->last};
        for (size_t k = 0; k < sizeof spectrum / sizeof *spectrum; k++) rg_free(spectrum[k]);
        for (int r = 0; r < ROOMS; r++) rg_free(one->score[r]);
    }
    for (int i = 0; i < WORK; i++) rg_free(s->work[i]);
    rg_exponential_free(&s->exponential);
    rg_spectral_destroy(s->equation.spectral);
    rg_free(s->equation.real);
    rg_free(s->field);
    rg_free(s->error);
    rg_free(s->sampler);
    rg_free(s->score);
    rg_free(s);
}

static rg_status furnish(rg_samplers *s, int room, double variance, rg_diagnostic *diagnostic) {
    for (size_t i = 0; i < s->count; i++) s->score[i] = s->sampler[i].score[room];
    return s->scores(s->data, variance, s->score, diagnostic);
}

struct side {
    const rg_samplers *samplers;
    const struct sampler *sampler;
};

static void right_side(void *data, int when, const double *u, double *n) {
    const struct side *side = data;
    const rg_level level = {.score = side->sampler->score[when]};
    rg_equation_right_side(&side->samplers->equation, &level, RG_NONE, u, n);
}

static rg_status begin(rg_samplers *s, const double *const *start, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&s->grid);
    rg_status status = furnish(s, START, s->variance, diagnostic);
    for (size_t i = 0; !status && i < s->count; i++) {
        const double mass = rg_sum(n, start[i]) * rg_grid_cell_volume(&s->grid);
        if (!(mass > 0) || !isfinite(mass))
            return rg_fail(diagnostic, RG_EDOMAIN, "samplers: the start of sampler %zu has no mass", i);
        for (ptrdiff_t j = 0; j < n; j++) s->field[j] = start[i][j] / mass;
        rg_forward(s->equation.spectral, s->field, s->sampler[i].u);
        right_side(&(struct side){s, &s->sampler[i]}, START, s->sampler[i].u, s->sampler[i].first);
    }
    return status;
}

rg_status rg_samplers_create(const rg_grid *grid, const rg_samplers_options *options, size_t count,
                             rg_samplers_scores *scores, void *data, const double *const *start, rg_samplers **samplers,
                             rg_diagnostic *diagnostic) {
    const rg_samplers_options *o = options;
    if (!grid || !o || count == 0 || !scores || !start || !samplers || !(o->variance_min > 0) ||
        !(o->variance_max > o->variance_min) || !(o->churn >= 0) || !(o->tolerance > 0))
        return rg_fail(diagnostic, RG_EINVAL, "samplers: an argument is missing or outside its range");
    rg_samplers *s = rg_alloc(1, sizeof *s);
    if (!s) return rg_fail(diagnostic, RG_ENOMEM, "samplers: out of memory");
    *s = (rg_samplers){.grid = *grid, .options = *o, .scores = scores, .data = data, .count = count};
    s->variance = o->variance_max;
    s->next_step = 0.02 * (o->variance_max - o->variance_min);
    if (s->options.max_steps == 0) s->options.max_steps = 100000;
    rg_status status = allocate(s);
    if (status)
        rg_fail(diagnostic, status, "samplers: out of memory");
    else
        status = begin(s, start, diagnostic);
    if (status)
        rg_samplers_destroy(s);
    else
        *samplers = s;
    return status;
}

static double next_stop(const rg_samplers *s) {
    double stop = s->options.variance_min;
    for (size_t i = 0; i < s->options.stops; i++)
        if (s->options.stop[i] < s->variance * (1 - 1e-9) && s->options.stop[i] > stop) stop = s->options.stop[i];
    return stop;
}

static double absolute_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const double *field = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += fabs(field[i]);
    return sum;
}

/* Steps are judged by a fifth of the tolerance: their errors add up to about it over a run. */
static double attempt(rg_samplers *s, double step) {
    const double share = 0.2;
    double worst = 0;
    rg_exponential_set_step(&s->exponential, step);
    for (size_t i = 0; i < s->count; i++) {
        struct sampler *one = &s->sampler[i];
        rg_exponential_step(&s->exponential, right_side, &(struct side){s, one}, one->u, one->first, one->next,
                            one->last, s->error, s->work);
        rg_equation_field(&s->equation, s->error, s->field);
        const double norm =
            rg_reduce(s->equation.spectral->cells, absolute_block, s->field) * rg_grid_cell_volume(&s->grid);
        worst = isfinite(norm) ? fmax(worst, norm) : HUGE_VAL;
    }
    return worst / (share * s->options.tolerance);
}

static void swap(double **a, double **b) {
    double *kept = *a;
    *a = *b;
    *b = kept;
}

static void accept(rg_samplers *s, double target) {
    for (size_t i = 0; i < s->count; i++) {
        struct sampler *one = &s->sampler[i];
        swap(&one->u, &one->next);
        swap(&one->first, &one->last);
        swap(&one->score[START], &one->score[END]);
    }
    s->variance = target;
    s->steps++;
}

rg_status rg_samplers_step(rg_samplers *s, int *done, rg_diagnostic *diagnostic) {
    const double safety = 0.9, least_factor = 0.2, most_factor = 3, stop = next_stop(s);
    *done = s->variance <= s->options.variance_min;
    while (!*done) {
        const double left = s->variance - stop;
        const double most = fmin(s->next_step, pow(s->options.tolerance, 0.25) * s->variance);
        const double step = most >= left * (1 - 1e-9) ? left : fmin(most, 0.5 * left);
        const double target = step >= left ? stop : s->variance - step;
        if (!(step > 1e-12 * s->variance) || s->steps + s->rejected >= s->options.max_steps)
            return rg_fail(diagnostic, RG_ENOCONV,
                           "the step shrank to %g at sigma = %g: a score is too rough for this grid; refine it, raise "
                           "sigma_min, add a background, or raise the class's ridge",
                           step, sqrt(s->variance));
        rg_status status = furnish(s, MIDDLE, s->variance - 0.5 * step, diagnostic);
        if (!status) status = furnish(s, END, target, diagnostic);
        if (status) return status;
        const double error = attempt(s, step), factor = safety * pow(fmax(error, 1e-12), -0.25);
        const double next = step * fmin(fmax(factor, least_factor), most_factor);
        s->next_step = error <= 1 && step < s->next_step ? fmax(next, s->next_step) : next;
        if (error <= 1) {
            accept(s, target);
            *done = s->variance <= s->options.variance_min;
            return RG_OK;
        }
        s->rejected++;
    }
    return RG_OK;
}

double rg_samplers_variance(const rg_samplers *s) {
    return s->variance;
}

int rg_samplers_steps(const rg_samplers *s) {
    return s->steps;
}

const double *rg_samplers_score(const rg_samplers *s, size_t i) {
    return s->sampler[i].score[START];
}

double rg_samplers_density(const rg_samplers *s, size_t i, double *density) {
    double below = 0;
    rg_equation_field(&s->equation, s->sampler[i].u, density);
    for (ptrdiff_t j = 0; j < s->equation.spectral->cells; j++) {
        if (density[j] >= 0) continue;
        below -= density[j];
        density[j] = 0;
    }
    return below * rg_grid_cell_volume(&s->grid);
}
