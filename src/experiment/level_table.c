/* Rows of the level table: energies of the weighted split, its harmonic part, the flat split for contrast, KL so far and
 * the bounds so far. */
#include "experiment/level_table.h"

#include "base/base.h"

#include <math.h>

enum { ROWS = 24 };

/* Learned levels where there are any; otherwise variances geometric in v + soft, which also reach 0. */
static rg_status choose_stops(const rg_experiment *x, const rg_levels *levels, rg_level_table *table) {
    const double *breaks;
    const size_t count = rg_levels_breaks(levels, &breaks);
    table->stops = (count > 0 ? count : ROWS - 2) + 2;
    table->stop = rg_field_alloc(table->stops);
    if (!table->stop) return RG_ENOMEM;
    const double low = x->variance_min, high = x->variance_max, soft = low > 0 ? 0 : 1e-3 * high;
    table->soft = soft;
    table->stop[0] = low;
    table->stop[table->stops - 1] = high;
    for (size_t i = 1; i + 1 < table->stops; i++) {
        const double t = (double)i / (double)(table->stops - 1);
        table->stop[i] = count > 0 ? breaks[i - 1] : (low + soft) * pow((high + soft) / (low + soft), t) - soft;
    }
    return RG_OK;
}

rg_status rg_level_table_create(const rg_experiment *x, rg_levels *levels, rg_kept_rows rows, rg_level_table *table) {
    *table = (rg_level_table){0};
    const double square = x->churn * x->churn, drift = 0.5 * (1 + square);
    table->churn_factor = drift * drift / (2 * square);
    rg_status status = choose_stops(x, levels, table);
    if (status || rows == RG_ROWS_NONE) return status;
    table->row = rg_alloc(table->stops, sizeof *table->row);
    if (!table->row) return RG_ENOMEM;
    if (rows == RG_ROWS_KL) return RG_OK;
    return rg_spectral_create(rg_levels_grid(levels), RG_PLAN_ESTIMATE, &table->spectral);
}

void rg_level_table_free(rg_level_table *table) {
    rg_free(table->stop);
    rg_free(table->row);
    rg_spectral_destroy(table->spectral);
    *table = (rg_level_table){0};
}

/* Simpson's rule step by step: a running figure for the table; the reported bounds use the better rule. */
static void advance(rg_level_table *table, const rg_evolve *evolve) {
    const rg_trace *t;
    const size_t count = rg_evolve_trace(evolve, &t);
    for (size_t i = table->integrated; i + 2 < count; i++) {
        if (!t[i + 1].midpoint) continue;
        const double sixth = (t[i].variance - t[i + 2].variance) / 6;
        table->total += sixth * (t[i].total + 4 * t[i + 1].total + t[i + 2].total);
        table->gradient += sixth * (t[i].gradient + 4 * t[i + 1].gradient + t[i + 2].gradient);
        table->integrated = i + 2;
    }
}

static int at_stop(const rg_level_table *table, double variance) {
    for (size_t i = 0; i < table->stops; i++)
        if (fabs(variance - table->stop[i]) <= 1e-9 * variance) return 1;
    return 0;
}

static double cells_per_sigma(const rg_grid *grid, double sigma) {
    double spacing = 0;
    for (int a = 0; a < grid->dim; a++) spacing = fmax(spacing, rg_grid_spacing(grid, a));
    return sigma / spacing;
}

/* Without churn there is none, also where no energy has come together yet. */
static double bound(const rg_level_table *table, double energy) {
    return isfinite(table->churn_factor) ? table->prior_kl + table->churn_factor * energy : HUGE_VAL;
}

static rg_status fill_energies(rg_level_table *table, rg_levels *levels, const rg_level *level, rg_outcome_level *row) {
    rg_split_report flat;
    const rg_status status = rg_levels_harmonic(levels, level, &row->harmonic);
    if (status && status != RG_ENOCONV) return status;
    row->harm = row->w1 = (rg_harm_level){nan(""), nan(""), nan("")};
    row->total = level->split.total;
    row->gradient = level->split.gradient;
    row->solenoidal = level->split.solenoidal;
    row->iterations = level->split.iterations;
    row->residual = level->split.residual;
    row->cells_per_sigma = cells_per_sigma(rg_levels_grid(levels), row->sigma);
    const rg_status flat_status = rg_split_flat(table->spectral, level->error, NULL, NULL, NULL, NULL, &flat);
    row->flat_gradient = flat.gradient;
    row->flat_total = flat.total;
    return flat_status;
}

rg_status rg_level_table_add(rg_level_table *table, rg_levels *levels, const rg_evolve *evolve,
                             const rg_history *history) {
    const rg_level *level = rg_evolve_level(evolve);
    const rg_history_point *now = &history->point[history->count - 1];
    advance(table, evolve);
    if (table->rows == 0) table->prior_kl = now->kl[RG_FULL];
    if (!at_stop(table, level->variance) || table->rows == table->stops) return RG_OK;
    rg_outcome_level *row = &table->row[table->rows++];
    row->variance = level->variance;
    row->sigma = sqrt(level->variance);
    for (int m = 0; m < RG_MARGINALS; m++) row->kl[m] = now->kl[m];
    row->gradient_bound = bound(table, table->gradient);
    row->girsanov_bound = bound(table, table->total);
    return table->spectral ? fill_energies(table, levels, level, row) : RG_OK;
}
