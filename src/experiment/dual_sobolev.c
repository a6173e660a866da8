/* The dual Sobolev estimate of E_p|grad phi|^2 at each level of the table, and its integral
 *
 *     int E dv = int v E dlog v  ~  sum_i w_i E_i     (trapezoidal rule in log v, or log(v + soft) where v reaches 0)
 *
 * log v is the variable in which learned scores are interpolated and the other tables are spaced. Samples come from p_0's
 * own representation, anew at each level. The sampling error of the sum is that of independent terms; the rule's error is
 * measured: what it makes of the exact energies, against their exact integral.
 *
 * Where the class is one of Fourier waves, what it would find with infinitely many samples is summed over the grid at the
 * same levels: the deficit D_i = E_p|grad phi|^2 less that, the bias of the class. Its integral by the same rule errs by
 * what the rule with every second level makes of it, and by what the energy itself may be off, of which it is a part.
 *
 * At each level a first set of samples chooses the ridge and a second one is estimated from: a ridge chosen on the same
 * samples favours those that by chance promise much, with the same sign at every level. */
#include "experiment/dual_sobolev.h"

#include "base/base.h"
#include "base/dense.h"
#include "grid/interpolate.h"
#include "measure/score_class.h"

#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

static const double normal_95 = 1.959963984540054;
enum { FEWEST_REPLICATES = 100, FEWEST_PAIRS = 2 }; /* of what is not used */
/* Two levels at once, unless the Gram matrices of both are large. */
enum { PAIR = 2, LARGE_CLASS = 2000, NEIGHBOURS = 2 };

/* Samples of one level and what is known at them, one row a sample. */
struct drawn {
    double *clean, *points, *known; /* known: s + e, or e */
};

struct job {
    const rg_experiment *experiment;
    rg_outcome *outcome;
    rg_levels *levels;
    rg_level room[PAIR];
    struct drawn drawn[PAIR];
    double *field[PAIR];      /* (d, n) of s + e; unused in the oracle's form */
    double *ridge;            /* of each level, from samples of its own */
    rg_score_class *of[PAIR]; /* the class on the grid; NULL: its energy is not known */
    double *class_error;      /* of each level's energy of the class */
};

static void job_free(struct job *j) {
    for (int i = 0; i < PAIR; i++) {
        rg_level_free(&j->room[i]);
        rg_free(j->drawn[i].clean);
        rg_free(j->drawn[i].points);
        rg_free(j->drawn[i].known);
        rg_free(j->field[i]);
        rg_score_class_destroy(j->of[i]);
    }
    rg_free(j->ridge);
    rg_free(j->class_error);
    rg_levels_destroy(j->levels);
}

/* Random waves depend on the samples of each level, and a class that the grid does not hold has no sums on it. */
static rg_status prepare_class(const rg_experiment *x, rg_score_class **of, rg_diagnostic *diagnostic) {
    if (x->estimate.kind != RG_FEATURES_FOURIER) return RG_OK;
    const rg_status status = rg_score_class_create(&x->grid, x->estimate.kind, x->estimate.size, 0, 0, of, diagnostic);
    return status == RG_EINVAL ? RG_OK : status;
}

static rg_status prepare(struct job *j, rg_diagnostic *diagnostic) {
    const rg_experiment *x = j->experiment;
    const size_t d = (size_t)x->grid.dim, size = rg_size_product(x->estimate.samples, d);
    rg_status status = rg_levels_create(&x->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max,
                                        NULL, &j->levels, diagnostic);
    j->ridge = rg_field_alloc(j->outcome->levels);
    j->class_error = rg_field_alloc(j->outcome->levels);
    if (!status && (!j->ridge || !j->class_error)) status = rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
    for (int i = 0; !status && i < PAIR; i++) {
        status = rg_level_create(&x->grid, &j->room[i]);
        j->drawn[i] = (struct drawn){rg_field_alloc(size), rg_field_alloc(size), rg_field_alloc(size)};
        j->field[i] = rg_field_alloc(rg_size_product((size_t)rg_grid_cells(&x->grid), d));
        if (status || !j->drawn[i].clean || !j->drawn[i].points || !j->drawn[i].known || !j->field[i])
            status = rg_fail(diagnostic, RG_ENOMEM, "estimate: out of memory");
        if (!status) status = prepare_class(x, &j->of[i], diagnostic);
    }
    return status;
}

/* ---- one level */

/* A seed for each level and each of its two sets: SplitMix64's mixing of their number. */
static unsigned long mix(unsigned long seed, size_t row, unsigned set) {
    uint64_t z = (uint64_t)seed * UINT64_C(0x9E3779B97F4A7C15) + 2 * (uint64_t)row + set + 1;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (unsigned long)((z ^ (z >> 31)) & UINT32_MAX);
}

static const double *known_field(struct job *j, int lane) {
    const rg_level *level = &j->room[lane];
    const size_t size = (size_t)rg_grid_cells(&j->experiment->grid) * (size_t)j->experiment->grid.dim;
    if (j->experiment->estimate.form == RG_LINEAR_ORACLE) return level->error;
    for (size_t i = 0; i < size; i++) j->field[lane][i] = level->score[i] + level->error[i];
    return j->field[lane];
}

static rg_status estimate_once(struct job *j, int lane, unsigned long seed, const rg_estimate_options *options,
                               rg_estimate_result *result, rg_diagnostic *diagnostic) {
    const rg_experiment *x = j->experiment;
    const rg_linear_form form = x->estimate.form;
    const size_t d = (size_t)x->grid.dim;
    const double variance = j->room[lane].variance;
    struct drawn *drawn = &j->drawn[lane];
    rg_status status =
        rg_density_draw(&x->grid, &x->density, variance, x->estimate.samples, seed, drawn->clean, drawn->points);
    if (status) return rg_fail(diagnostic, status, "estimate: no samples can be drawn: %s", rg_status_text(status));
    rg_interpolate(&x->grid, d, known_field(j, lane), x->estimate.samples, drawn->points, drawn->known);
    const rg_estimate_data data = {.samples = x->estimate.samples,
                                   .dim = d,
                                   .points = drawn->points,
                                   .score = form == RG_LINEAR_ORACLE ? NULL : drawn->known,
                                   .error = form == RG_LINEAR_ORACLE ? drawn->known : NULL,
                                   .clean = form == RG_LINEAR_DENOISING ? drawn->clean : NULL,
                                   .sigma = sqrt(variance),
                                   .lower = x->grid.lower,
                                   .length = x->grid.length};
    return rg_estimate(&data, options, result, diagnostic);
}

static rg_estimate_options options_of(const rg_experiment *x) {
    return (rg_estimate_options){.kind = x->estimate.kind,
                                 .size = x->estimate.size,
                                 .replicates = FEWEST_REPLICATES,
                                 .discrepancy_samples = FEWEST_PAIRS,
                                 .seed = x->estimate.seed};
}

/* The median of a level's ridge and its neighbours', as many on either side: one alone is by chance far off. */
static double ridge_near(const struct job *j, size_t row) {
    const size_t last = j->outcome->levels - 1;
    size_t reach = row < last - row ? row : last - row;
    if (reach > NEIGHBOURS) reach = NEIGHBOURS;
    double near[2 * NEIGHBOURS + 1];
    for (size_t i = 0; i <= 2 * reach; i++) near[i] = j->ridge[row - reach + i];
    gsl_sort(near, 1, 2 * reach + 1);
    return near[reach];
}

/* What a pass over the levels does with one of them. */
typedef rg_status on_level(struct job *j, int lane, size_t row, rg_diagnostic *diagnostic);

static rg_status choose_ridge(struct job *j, int lane, size_t row, rg_diagnostic *diagnostic) {
    rg_estimate_result found = {0};
    const rg_estimate_options options = options_of(j->experiment);
    const rg_status status = estimate_once(j, lane, mix(options.seed, row, 0), &options, &found, diagnostic);
    if (!status) j->ridge[row] = found.ridge;
    return status;
}

static void class_level(struct job *j, int lane, size_t row) {
    const rg_level *room = &j->room[lane];
    rg_value energy = {nan(""), nan("")};
    if (j->of[lane] && rg_score_class_gradient_energy(j->of[lane], room->density, room->error, &energy))
        energy = (rg_value){nan(""), nan("")};
    j->outcome->level[row].dual_sobolev_class = energy.value;
    j->class_error[row] = energy.error;
}

static rg_status estimate_level(struct job *j, int lane, size_t row, rg_diagnostic *diagnostic) {
    rg_outcome_level *level = &j->outcome->level[row];
    rg_estimate_result found = {0};
    rg_estimate_options options = options_of(j->experiment);
    options.fixed_ridge = 1;
    options.ridge = ridge_near(j, row);
    const rg_status status = estimate_once(j, lane, mix(options.seed, row, 1), &options, &found, diagnostic);
    if (status) return status;
    level->dual_sobolev = found.average;
    level->dual_sobolev_error = found.standard_error;
    level->dual_sobolev_low = fmax(found.average - normal_95 * level->dual_sobolev_error, 0);
    level->dual_sobolev_high = fmax(found.average + normal_95 * level->dual_sobolev_error, 0);
    class_level(j, lane, row);
    return RG_OK;
}

/* ---- all levels */

static rg_status visit_pair(struct job *j, on_level *work, size_t row, rg_diagnostic *diagnostic) {
    const rg_outcome *o = j->outcome;
    const size_t count = row + PAIR <= o->levels ? PAIR : 1;
    const double variance[PAIR] = {o->level[row].variance, o->level[row + count - 1].variance};
    rg_level *const room[PAIR] = {&j->room[0], &j->room[1]};
    rg_status status[PAIR] = {rg_levels_unsplit_at_two(j->levels, variance, room, diagnostic), RG_OK};
    if (status[0]) return status[0];
    rg_diagnostic said[PAIR] = {{0}};
    const int together = rg_feature_count(j->experiment->estimate.kind, j->experiment->estimate.size,
                                          (size_t)o->grid.dim) <= LARGE_CLASS;
#pragma omp parallel for schedule(static, 1) num_threads(rg_threads_for((int)count)) if (together)
    for (size_t i = 0; i < count; i++) status[i] = work(j, (int)i, row + i, &said[i]);
    const int which = status[0] ? 0 : 1;
    if (status[which])
        rg_fail(diagnostic, status[which], "estimate at sigma = %g: %s", o->level[row + (size_t)which].sigma,
                said[which].text);
    return status[which];
}

struct stages {
    rg_progress *progress;
    void *progress_data;
    double from;
};

static rg_status visit_all(struct job *j, on_level *work, const struct stages *stages, rg_diagnostic *diagnostic) {
    const size_t levels = j->outcome->levels;
    rg_status status = RG_OK;
    for (size_t row = 0; !status && row < levels; row += PAIR) {
        const double fraction = stages->from + 0.5 * (double)row / (double)levels;
        if (stages->progress && stages->progress(stages->progress_data, fraction, "the gradient bound from samples"))
            return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
        status = visit_pair(j, work, row, diagnostic);
    }
    return status;
}

/* ---- the integral */

/* v, softened: what the rule takes the logarithm of. */
static double softened(const rg_experiment *x, const rg_outcome *o, size_t i) {
    return o->level[i].variance + (x->variance_min > 0 ? 0 : 1e-3 * x->variance_max);
}

/* The weight of row i: trapezoids in log(v + soft). */
static double weight(const rg_experiment *x, const rg_outcome *o, size_t i) {
    const double at = softened(x, o, i);
    const double above = i > 0 ? log(softened(x, o, i - 1) / at) : 0;
    const double below = i + 1 < o->levels ? log(at / softened(x, o, i + 1)) : 0;
    return 0.5 * at * (above + below);
}

static double weighted_deficit(const rg_experiment *x, const rg_outcome *o, size_t i) {
    return softened(x, o, i) * (o->level[i].gradient - o->level[i].dual_sobolev_class);
}

/* The same rule with every `stride`-th row and the last. */
static double deficit(const rg_experiment *x, const rg_outcome *o, size_t stride) {
    const size_t last = o->levels - 1;
    double sum = 0;
    for (size_t i = 0, next; i < last; i = next) {
        next = i + stride < last ? i + stride : last;
        sum += 0.5 * log(softened(x, o, i) / softened(x, o, next)) *
               (weighted_deficit(x, o, i) + weighted_deficit(x, o, next));
    }
    return sum;
}

static void integrate_class(const struct job *j, double factor) {
    const rg_experiment *x = j->experiment;
    rg_outcome *o = j->outcome;
    const double missed = deficit(x, o, 1), bias = factor * missed;
    double error = fabs(missed - deficit(x, o, 2)) + o->energy[RG_ENERGY_GRADIENT].error;
    for (size_t i = 0; i < o->levels; i++) error += weight(x, o, i) * j->class_error[i];
    o->dual_sobolev.class_bias = (rg_value){bias, factor * error};
    o->dual_sobolev.class_bound = (rg_value){o->gradient_bound.value - bias, o->gradient_bound.error + factor * error};
}

static void integrate(const rg_experiment *x, double factor, rg_outcome *o) {
    double sum = 0, exact = 0, square = 0;
    for (size_t i = 0; i < o->levels; i++) {
        const double w = weight(x, o, i), sampling = w * o->level[i].dual_sobolev_error;
        sum += w * o->level[i].dual_sobolev;
        exact += w * o->level[i].gradient;
        square += sampling * sampling;
    }
    const rg_value energy = o->energy[RG_ENERGY_GRADIENT];
    const double rule = fabs(exact - energy.value) + energy.error, half = factor * normal_95 * sqrt(square);
    rg_outcome_estimate *e = &o->dual_sobolev;
    e->bound = (rg_value){o->prior_kl.value + factor * sum, o->prior_kl.error + factor * rule};
    e->interval[0] = fmax(e->bound.value - half, o->prior_kl.value);
    e->interval[1] = fmax(e->bound.value + half, o->prior_kl.value);
}

static void set_unknown(rg_outcome *o) {
    const double unknown = nan("");
    const rg_value none = {unknown, unknown};
    o->dual_sobolev = (rg_outcome_estimate){none, {unknown, unknown}, none, none};
    for (size_t i = 0; i < o->levels; i++)
        o->level[i].dual_sobolev = o->level[i].dual_sobolev_error = o->level[i].dual_sobolev_low =
            o->level[i].dual_sobolev_high = o->level[i].dual_sobolev_class = unknown;
}

rg_status rg_dual_sobolev(const rg_experiment *experiment, double factor, rg_progress *progress, void *progress_data,
                          rg_outcome *outcome, rg_diagnostic *diagnostic) {
    set_unknown(outcome);
    if (experiment->estimate.samples == 0) return RG_OK;
    struct job job = {.experiment = experiment, .outcome = outcome};
    const struct stages first = {progress, progress_data, 0}, second = {progress, progress_data, 0.5};
    rg_dense_begin(); /* once, not for each of two levels at a time */
    rg_status status = prepare(&job, diagnostic);
    if (!status) status = visit_all(&job, choose_ridge, &first, diagnostic);
    if (!status) status = visit_all(&job, estimate_level, &second, diagnostic);
    rg_dense_end();
    if (!status && isfinite(factor)) {
        integrate(experiment, factor, outcome);
        integrate_class(&job, factor);
    } else if (!status) {
        const rg_value infinite = {HUGE_VAL, 0};
        outcome->dual_sobolev.bound = infinite;
        outcome->dual_sobolev.interval[0] = outcome->dual_sobolev.interval[1] = HUGE_VAL;
        if (job.of[0]) outcome->dual_sobolev.class_bound = infinite;
    }
    job_free(&job);
    return status;
}
