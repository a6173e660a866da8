/* Sweeps of the path functionals, with the tubes on the way.
 *
 * The mass outside a tube: of a cell whose middle is at distance r, the part clamp(1/2 + (r - R) / h) counts, as if the tube were
 * flat there; of second order in h. Error bars: what the relaxed sweep (ten times the tolerance, a hundred times the cut) and
 * the one on the comparison grid change. */
#include "experiment/manifold.h"

#include "base/base.h"
#include "experiment/pass.h"

#include <rotgrad/manifold.h>
#include <rotgrad/path.h>

#include <math.h>

static const double exact_cut = 1e-13, relaxed_cut = 1e-11;

struct sweep {
    const rg_experiment *x;
    const rg_run_options *options;
    rg_grid grid;
    double tolerance, cut;
    rg_levels *levels;
    rg_path *path;
    double *stop, *prior, *distance, *q, *outside;
    rg_outcome_manifold_level *level;
    size_t count;
    double *p_rows, *q_rows; /* of the main sweep in one dimension */
};

static void sweep_free(struct sweep *s) {
    rg_path_destroy(s->path);
    rg_levels_destroy(s->levels);
    double *field[] = {s->stop, s->prior, s->distance, s->q, s->outside};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
}

/* ---- one level */

static double mean(const struct sweep *s, const double *density, const double *of) {
    return rg_dot(rg_grid_cells(&s->grid), density, of) * rg_grid_cell_volume(&s->grid);
}

static void fill_outside(struct sweep *s, double radius) {
    double h = 1;
    for (int a = 0; a < s->grid.dim; a++) h *= pow(rg_grid_spacing(&s->grid, a), 1 / (double)s->grid.dim);
    for (ptrdiff_t i = 0; i < rg_grid_cells(&s->grid); i++)
        s->outside[i] = fmin(fmax(0.5 + (s->distance[i] - radius) / h, 0), 1);
}

static void note_distances(struct sweep *s, const double *p, rg_outcome_manifold_values *v) {
    v->distance_p = mean(s, p, s->distance);
    v->distance_q = mean(s, s->q, s->distance);
    for (size_t k = 0; k < s->x->manifold.tubes; k++) {
        fill_outside(s, s->x->manifold.tube[k]);
        v->outside_p[k] = mean(s, p, s->outside);
        v->outside_q[k] = mean(s, s->q, s->outside);
    }
}

static void note_level(struct sweep *s) {
    const rg_path_values now = rg_path_report(s->path);
    const ptrdiff_t n = rg_grid_cells(&s->grid);
    const double *p = rg_path_level(s->path)->density;
    const size_t row = s->count++;
    s->level[row] = (rg_outcome_manifold_level){.sigma = sqrt(now.variance), .variance = now.variance};
    s->level[row].value = (rg_outcome_manifold_values){.readout = now.readout,
                                                       .error_length = now.error_length,
                                                       .path_kl = now.path_kl,
                                                       .log_novikov = now.log_novikov,
                                                       .log_path_chi2 = now.log_chi2,
                                                       .distance_p = nan(""),
                                                       .distance_q = nan("")};
    rg_path_marginal(s->path, s->q);
    if (s->distance) note_distances(s, p, &s->level[row].value);
    const ptrdiff_t place = (ptrdiff_t)(s->x->manifold.levels - s->count) * n; /* ascending */
    for (ptrdiff_t i = 0; s->p_rows && i < n; i++) {
        s->p_rows[place + i] = p[i];
        s->q_rows[place + i] = s->q[i];
    }
}

/* ---- one sweep */

static rg_status allocate(struct sweep *s) {
    const size_t n = (size_t)rg_grid_cells(&s->grid), count = s->x->manifold.levels;
    s->stop = rg_field_alloc(count);
    s->q = rg_field_alloc(n);
    s->outside = rg_field_alloc(n);
    if (rg_manifold_dimension(&s->x->density) >= 0 && !(s->distance = rg_field_alloc(n))) return RG_ENOMEM;
    if (!s->stop || !s->q || !s->outside) return RG_ENOMEM;
    const double low = s->x->variance_min, high = s->x->variance_max, soft = low > 0 ? 0 : 1e-3 * high;
    for (size_t i = 0; i < count; i++) /* both ends exactly */
        s->stop[i] = i == 0 ? high
                     : i + 1 == count
                         ? low
                         : (high + soft) * pow((low + soft) / (high + soft), (double)i / (double)(count - 1)) - soft;
    return RG_OK;
}

static rg_status prepare(struct sweep *s, rg_diagnostic *diagnostic) {
    const rg_experiment *x = s->x;
    rg_status status = allocate(s);
    if (status) return rg_fail(diagnostic, status, "manifold: out of memory");
    if (s->distance) status = rg_manifold_distance(&s->grid, &x->density, s->distance, diagnostic);
    if (!status)
        status = rg_levels_create(&s->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max, NULL,
                                  &s->levels, diagnostic);
    if (!status) status = rg_prior_on(x, &s->grid, &s->prior, diagnostic);
    const rg_path_options o = {.variance_min = x->variance_min,
                               .variance_max = x->variance_max,
                               .churn = x->churn,
                               .tolerance = s->tolerance,
                               .cut = s->cut,
                               .prior = s->prior,
                               .stops = x->manifold.levels,
                               .stop = s->stop};
    return status ? status : rg_path_create(s->levels, &o, &s->path, diagnostic);
}

static rg_status report_progress(const struct sweep *s, rg_diagnostic *diagnostic) {
    const rg_run_options *o = s->options;
    const double fraction = (double)s->count / (double)s->x->manifold.levels;
    if (o->progress && o->progress(o->progress_data, fraction, "manifold: functionals of the path"))
        return rg_fail(diagnostic, RG_ECANCELLED, "cancelled");
    return RG_OK;
}

static rg_status march(struct sweep *s, rg_diagnostic *diagnostic) {
    rg_status status = prepare(s, diagnostic);
    if (status) return status;
    note_level(s);
    for (int done = 0; !status && !done;) {
        status = rg_path_step(s->path, &done, diagnostic);
        const double now = rg_path_report(s->path).variance;
        if (!status && s->count < s->x->manifold.levels && now <= s->stop[s->count] * (1 + 1e-9)) note_level(s);
        if (!status) status = report_progress(s, diagnostic);
    }
    return status;
}

/* ---- what the outcome keeps */

static rg_status keep_fields(struct sweep *s, rg_outcome_manifold *m) {
    const rg_level *level = rg_path_level(s->path);
    const ptrdiff_t n = rg_grid_cells(&s->grid);
    m->readout = rg_field_alloc((size_t)n);
    if (!m->readout) return RG_ENOMEM;
    for (int a = 0; a < s->grid.dim; a++)
        for (ptrdiff_t i = 0; i < n; i++)
            m->readout[i] += level->variance * level->score[a * n + i] * level->score[a * n + i];
    m->distance = s->distance;
    s->distance = NULL;
    return RG_OK;
}

static void add_differences(const rg_outcome_manifold_level *other, size_t levels, rg_outcome_manifold_level *level) {
    enum { VALUES = sizeof(rg_outcome_manifold_values) / sizeof(double) };
    for (size_t i = 0; i < levels; i++) {
        const double *value = (const double *)&level[i].value, *second = (const double *)&other[i].value;
        double *error = (double *)&level[i].error;
        for (int k = 0; k < VALUES; k++) error[k] += fabs(value[k] - second[k]);
    }
}

static rg_status sweep_into(const rg_experiment *x, const rg_run_options *options, int which,
                            rg_outcome_manifold_level *level, rg_outcome_manifold *keep, rg_diagnostic *diagnostic) {
    struct sweep s = {.x = x, .options = options, .grid = x->grid, .level = level};
    s.tolerance = (which == 1 ? 10 : 1) * x->tolerance;
    s.cut = which == 1 ? relaxed_cut : exact_cut;
    s.p_rows = keep ? keep->p : NULL;
    s.q_rows = keep ? keep->q : NULL;
    rg_status status = which == 2 ? rg_comparison_grid(x, 0, &s.grid) : RG_OK;
    if (!status) status = march(&s, diagnostic);
    if (!status && keep) status = keep_fields(&s, keep);
    sweep_free(&s);
    return status;
}

rg_status rg_manifold_run(const rg_experiment *x, const rg_run_options *options, rg_outcome *o,
                          rg_diagnostic *diagnostic) {
    const size_t levels = x->manifold.levels;
    rg_outcome_manifold *m = &o->manifold;
    if (levels == 0) return RG_OK;
    *m = (rg_outcome_manifold){.axes = x->grid.dim, .tubes = x->manifold.tubes, .levels = levels};
    m->dimension = rg_manifold_dimension(&x->density);
    for (size_t i = 0; i < m->tubes; i++) m->tube[i] = x->manifold.tube[i];
    m->level = rg_alloc(levels, sizeof *m->level);
    rg_outcome_manifold_level *other = rg_alloc(levels, sizeof *other);
    const size_t rows = x->grid.dim == 1 ? rg_size_product(levels, (size_t)rg_grid_cells(&x->grid)) : 0;
    m->p = rows ? rg_field_alloc(rows) : NULL;
    m->q = rows ? rg_field_alloc(rows) : NULL;
    rg_status status = m->level && other && (!rows || (m->p && m->q)) ? RG_OK : RG_ENOMEM;
    if (status) rg_fail(diagnostic, status, "manifold: out of memory");
    if (!status) status = sweep_into(x, options, 0, m->level, m, diagnostic);
    for (int which = 1; !status && which <= 2; which++) {
        status = sweep_into(x, options, which, other, NULL, diagnostic);
        if (!status) add_differences(other, levels, m->level);
    }
    rg_free(other);
    m->known = !status;
    return status;
}

void rg_manifold_free(rg_outcome_manifold *m) {
    double *field[] = {m->readout, m->distance, m->p, m->q};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
    rg_free(m->level);
    *m = (rg_outcome_manifold){0};
}
