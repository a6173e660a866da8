/* W1 by Beckmann's flux problem: the plan, its coarse-to-fine start, the loop. The steps are in transport_corners.c. */
#include "measure/transport.h"
#include "base/base.h"

#include <math.h>
#include <string.h>

enum { CHECK = 10, MAX_ITERATIONS = 20000, COARSE_ITERATIONS = 400, COARSEST = 8 };
static const double relaxation = 1.7, least_gap = 1e-10, default_gap = 1e-3;
static const double coarse_slack = 2; /* coarser grids stop at so many times the gap */
static const double near = 0.25;      /* share of |p - q|^2 that may have changed for a warm start */

struct rg_transport {
    rg_grid grid;  /* of the caller */
    rg_grid inner; /* the same, or padded */
    int free_boundary, solved;
    double *difference; /* (n) p - q of the caller's grid, mean 0 */
    double *scratch[3]; /* (n) each: of one dimension */
    int levels;         /* 0 in one dimension */
    rg_transport_level level[RG_MOST_LEVELS];
};

/* ---- the plan */

static rg_status create_levels(rg_transport *t, rg_planning planning) {
    rg_grid grid = t->inner;
    for (int more = 1; more && t->levels < RG_MOST_LEVELS; t->levels++) {
        const rg_status status = rg_transport_level_create(&grid, planning, &t->level[t->levels]);
        if (status) {
            t->levels++;
            return status;
        }
        rg_grid coarse;
        more = rg_transport_halved(&grid, COARSEST, &coarse);
        if (more) grid = coarse;
    }
    return RG_OK;
}

static rg_status fill(rg_transport *t, const rg_grid *grid, int free_boundary, rg_planning planning) {
    const size_t n = (size_t)rg_grid_cells(grid);
    t->grid = t->inner = *grid;
    t->free_boundary = free_boundary != 0;
    t->difference = rg_field_alloc(n);
    if (!t->difference) return RG_ENOMEM;
    if (grid->dim == 1) {
        for (int k = 0; k < 3; k++) t->scratch[k] = rg_field_alloc(n);
        return t->scratch[0] && t->scratch[1] && t->scratch[2] ? RG_OK : RG_ENOMEM;
    }
    const rg_status status = free_boundary ? rg_transport_padded(grid, &t->inner) : RG_OK;
    return status ? status : create_levels(t, planning);
}

rg_status rg_transport_create(const rg_grid *grid, int free_boundary, rg_planning planning, rg_transport **transport) {
    rg_grid checked;
    if (!grid || !transport) return RG_EINVAL;
    rg_status status = rg_grid_init(grid->dim, grid->shape, grid->lower, grid->length, &checked);
    if (status) return status;
    rg_transport *t = rg_alloc(1, sizeof *t);
    if (!t) return RG_ENOMEM;
    status = fill(t, &checked, free_boundary, planning);
    if (status) {
        rg_transport_destroy(t);
        return status;
    }
    *transport = t;
    return RG_OK;
}

void rg_transport_destroy(rg_transport *t) {
    if (!t) return;
    for (int k = 0; k < t->levels; k++) rg_transport_level_destroy(&t->level[k]);
    for (int k = 0; k < 3; k++) rg_free(t->scratch[k]);
    rg_free(t->difference);
    rg_free(t);
}

/* ---- what is given */

static rg_status check_options(const rg_transport_options *o, rg_diagnostic *diagnostic) {
    if (!(o->gap == 0 || (o->gap >= least_gap && o->gap < 1)))
        return rg_fail(diagnostic, RG_EINVAL,
                       "gap: expected a number >= %g and < 1, got %g; double precision cannot "
                       "certify less",
                       least_gap, o->gap);
    if (o->max_iterations < 0)
        return rg_fail(diagnostic, RG_EINVAL, "max_iterations: expected a number >= 0, got %d", o->max_iterations);
    return RG_OK;
}

/* ---- the iteration */

struct effort {
    double gap;
    int max_iterations;
    const rg_transport_options *options;
};

static int cancelled(const struct effort *effort, double gap) {
    const rg_transport_options *o = effort->options;
    if (!o->progress) return 0;
    const double done = log(fmin(1, fmax(gap, effort->gap))) / log(effort->gap);
    return o->progress(o->progress_data, done, "transport") != 0;
}

/* The flux settles long before the potential; a larger penalty hurries the potential and delays the flux. The gap has two
 * parts: upper - lower scale, which the flux is to blame for, and scale - 1, which the potential is to blame for. The penalty grows where
 * the upper bound has settled and its part is small, and shrinks where it moves or its part is large. */
static void adapt(rg_transport_level *l, const rg_transport_bracket *b, double before) {
    static const double factor = 1.6, settled = 0.01, moving = 0.1, small = 0.1, large = 0.3;
    const double moved = fabs(before - b->upper) / (b->upper - b->lower);
    const double of_flux = 1 - b->lower * b->scale / b->upper, of_potential = b->scale - 1;
    if (moved > moving || of_flux > large * of_potential)
        rg_transport_set_penalty(l, l->penalty / factor);
    else if (moved < settled && of_flux < small * of_potential)
        rg_transport_set_penalty(l, l->penalty * factor);
}

/* Steps until the gap is reached; the level is left at a projection that the bracket belongs to. */
static rg_status iterate(rg_transport_level *l, const struct effort *effort, rg_transport_bracket *bracket,
                         int *iterations) {
    double before = 0;
    for (*iterations = 1;; ++*iterations) {
        rg_transport_project(l);
        const int last = *iterations >= effort->max_iterations;
        if (*iterations % CHECK == 0 || last) {
            *bracket = rg_transport_certify(l, effort->gap);
            const double gap = (bracket->upper - bracket->lower) / bracket->upper;
            if (cancelled(effort, gap)) return RG_ECANCELLED;
            if (gap <= effort->gap || last) return RG_OK;
            if (before > 0) adapt(l, bracket, before);
            before = bracket->upper;
        }
        rg_transport_step(l, relaxation);
    }
}

/* Penalty: the root mean square of the flux that is least in L2, as that of unit vectors is 1. */
static void start(rg_transport_level *l) {
    memset(l->state, 0, (size_t)l->cells * (size_t)(l->corners * l->dim) * sizeof(double));
    l->penalty = 1;
    rg_transport_gather(l);
    rg_transport_project(l);
    const ptrdiff_t count = l->dim * l->cells;
    l->penalty = sqrt(rg_dot(count, l->flux, l->flux) / (double)l->cells);
    rg_transport_gather(l);
}

static rg_status from_coarse(rg_transport *t, const struct effort *fine) {
    for (int k = 1; k < t->levels; k++)
        rg_transport_restrict(&t->level[k - 1].grid, t->level[k - 1].difference, &t->level[k].grid,
                              t->level[k].difference);
    start(&t->level[t->levels - 1]);
    const int most = fine->max_iterations < COARSE_ITERATIONS ? fine->max_iterations : COARSE_ITERATIONS;
    const struct effort coarse = {fmin(0.5, coarse_slack * fine->gap), most, fine->options};
    for (int k = t->levels - 1; k > 0; k--) {
        rg_transport_bracket bracket;
        int iterations;
        const rg_status status = iterate(&t->level[k], &coarse, &bracket, &iterations);
        if (status) return status;
        rg_transport_prolong(&t->level[k], &t->level[k - 1]);
    }
    return RG_OK;
}

/* The new p - q into the finest level; 1 when the state there is a good start for it, scaled to fit. */
static int take_difference(rg_transport *t, int cold) {
    rg_transport_level *l = &t->level[0];
    double *now = l->phi;
    if (t->free_boundary)
        rg_transport_embed(&t->grid, t->difference, &l->grid, now);
    else
        memcpy(now, t->difference, (size_t)l->cells * sizeof *now);
    const double old = rg_dot(l->cells, l->difference, l->difference), square = rg_dot(l->cells, now, now);
    const double factor = t->solved && old > 0 ? rg_dot(l->cells, now, l->difference) / old : 0;
    memcpy(l->difference, now, (size_t)l->cells * sizeof *now);
    if (cold || !(factor > 0) || square - factor * factor * old > near * square) return 0;
    for (ptrdiff_t i = 0; i < l->corners * l->dim * l->cells; i++) l->state[i] *= factor;
    l->penalty *= factor;
    rg_transport_gather(l);
    return 1;
}

/* ---- results */

static void give(const rg_transport *t, const double *in, double *out) {
    const rg_transport_level *l = &t->level[0];
    if (t->free_boundary)
        rg_transport_crop(&l->grid, in, &t->grid, out);
    else
        memcpy(out, in, (size_t)l->cells * sizeof *out);
}

static void give_potential(rg_transport *t, double factor, double *potential) {
    const ptrdiff_t n = rg_grid_cells(&t->grid);
    give(t, t->level[0].phi, potential);
    const double mean = rg_sum(n, potential) / (double)n;
    for (ptrdiff_t i = 0; i < n; i++) potential[i] = -factor * (potential[i] - mean);
}

static void report_bracket(const rg_transport_bracket *b, double target, double slope, rg_transport_report *report) {
    const double upper = b->upper, lower = b->lower > 0 ? fmin(b->lower, upper) : 0; /* 0 also where it is no number */
    report->value = lower + (upper - lower) / 2;
    report->lower = lower;
    report->upper = upper;
    report->gap = (upper - lower) / upper;
    report->lipschitz = slope;
    report->converged = report->gap <= target;
}

static rg_status solve_levels(rg_transport *t, const struct effort *effort, int cold, double *potential, double *flux,
                              rg_transport_report *report) {
    rg_transport_level *l = &t->level[0];
    const int warm = take_difference(t, cold);
    t->solved = 0;
    rg_transport_bracket bracket;
    int iterations = 0;
    rg_status status = RG_OK;
    if (!warm) status = from_coarse(t, effort);
    if (!status) status = iterate(l, effort, &bracket, &iterations);
    if (status) return status;
    report_bracket(&bracket, effort->gap, rg_transport_slope(l) / bracket.scale, report);
    report->iterations = iterations;
    if (potential) give_potential(t, 1 / (l->penalty * bracket.scale), potential);
    for (int a = 0; flux && a < l->dim; a++) give(t, l->flux + a * l->cells, flux + a * rg_grid_cells(&t->grid));
    t->solved = 1;
    return RG_OK;
}

static void give_nothing(rg_transport *t, double *potential, double *flux, rg_transport_report *report) {
    const size_t bytes = (size_t)rg_grid_cells(&t->grid) * sizeof(double);
    if (potential) memset(potential, 0, bytes);
    if (flux) memset(flux, 0, bytes * (size_t)t->grid.dim);
    *report = (rg_transport_report){.converged = 1};
}

static void solve_line(rg_transport *t, double *potential, double *flux, rg_transport_report *report) {
    double *psi = potential ? potential : t->scratch[1], *m = flux ? flux : t->scratch[2];
    rg_transport_circle(&t->grid, t->free_boundary, t->difference, t->scratch[0], psi, m, report);
}

rg_status rg_transport_solve(rg_transport *t, const rg_transport_options *options, const double *p, const double *q,
                             double *potential, double *flux, rg_transport_report *report, rg_diagnostic *diagnostic) {
    static const rg_transport_options defaults;
    const rg_transport_options *o = options ? options : &defaults;
    if (!t || !p || !q || !report) return rg_fail(diagnostic, RG_EINVAL, "a plan, p, q and report must be given");
    rg_status status = check_options(o, diagnostic);
    if (!status) status = rg_transport_difference(&t->grid, p, q, t->difference, diagnostic);
    if (status) return status;
    rg_transport_report found = {0};
    if (rg_max_abs(rg_grid_cells(&t->grid), t->difference) == 0)
        give_nothing(t, potential, flux, &found);
    else if (t->grid.dim == 1)
        solve_line(t, potential, flux, &found);
    else {
        const struct effort effort = {o->gap > 0 ? o->gap : default_gap,
                                      o->max_iterations ? o->max_iterations : MAX_ITERATIONS, o};
        status = solve_levels(t, &effort, o->cold, potential, flux, &found);
    }
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    if (!isfinite(found.lower + found.upper + found.gap)) {
        t->solved = 0;
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "the box or the densities are too large or too small for double precision; scale the lengths");
    }
    *report = found;
    return RG_OK;
}
