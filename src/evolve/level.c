/* Furnishing a noise level: density -> score -> error -> split. */
#include "base/base.h"

#include <rotgrad/level.h>

#include <math.h>

/* What one thread needs to furnish a room: none of these can be shared while in use. */
struct lane {
    rg_density *density;
    rg_score_error *error;
    rg_split *split;
};

enum { LANES = 2 };

struct rg_levels {
    rg_grid grid;
    struct lane lane[LANES];
    int lanes; /* 2 where a room is too small to be shared among threads */
};

rg_status rg_level_create(const rg_grid *grid, rg_level *level) {
    const size_t n = (size_t)rg_grid_cells(grid), dn = n * (size_t)grid->dim;
    *level = (rg_level){0};
    double **scalar[] = {&level->log_density, &level->density, &level->source, &level->solenoidal_source};
    double **vector[] = {&level->score, &level->error, &level->gradient, &level->solenoidal};
    for (int i = 0; i < 4; i++) {
        *scalar[i] = rg_field_alloc(n);
        *vector[i] = rg_field_alloc(dn);
        if (!*scalar[i] || !*vector[i]) {
            rg_level_free(level);
            return RG_ENOMEM;
        }
    }
    return RG_OK;
}

void rg_level_free(rg_level *level) {
    double *field[] = {level->log_density, level->density, level->source,   level->solenoidal_source,
                       level->score,       level->error,   level->gradient, level->solenoidal};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
    *level = (rg_level){0};
}

rg_status rg_levels_create(const rg_grid *grid, const rg_density_spec *density, const rg_error_term *term, size_t terms,
                           double variance_min, double variance_max, const rg_split_options *split, rg_levels **levels,
                           rg_diagnostic *diagnostic) {
    if (!grid || !density || !levels) return rg_fail(diagnostic, RG_EINVAL, "levels: no grid or no density");
    rg_levels *l = rg_alloc(1, sizeof *l);
    if (!l) return rg_fail(diagnostic, RG_ENOMEM, "levels: out of memory");
    l->grid = *grid;
    l->lanes = rg_grid_cells(grid) < RG_THREADED_CELLS ? LANES : 1;
    const double lowest = rg_error_lowest_variance(term, terms, variance_min);
    rg_status status = RG_OK;
    for (int i = 0; !status && i < l->lanes; i++) {
        struct lane *lane = &l->lane[i];
        status = rg_density_create(grid, density, lowest, &lane->density, diagnostic);
        if (!status)
            status = rg_score_error_create(grid, term, terms, lane->density, variance_min, variance_max, &lane->error,
                                           diagnostic);
        if (!status) status = rg_split_create(grid, split, &lane->split);
    }
    if (status) {
        if (status == RG_ENOMEM) rg_fail(diagnostic, status, "levels: out of memory");
        rg_levels_destroy(l);
        return status;
    }
    *levels = l;
    return RG_OK;
}

void rg_levels_destroy(rg_levels *levels) {
    if (!levels) return;
    for (int i = 0; i < LANES; i++) {
        rg_density_destroy(levels->lane[i].density);
        rg_score_error_destroy(levels->lane[i].error);
        rg_split_destroy(levels->lane[i].split);
    }
    rg_free(levels);
}

struct exponential {
    const double *logs;
    double *out, factor;
};

static double exponential_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct exponential *e = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) sum += e->out[i] = exp(e->logs[i]);
    return sum;
}

/* The trapezoidal rule misses the mass by what the grid does not resolve; integrals below are taken against a density
 * of mass 1 all the same, so that a constant has the right mean. */
static void set_density(const rg_grid *grid, rg_level *level) {
    const ptrdiff_t n = rg_grid_cells(grid);
    const struct exponential e = {level->log_density, level->density, 1};
    const double mass = rg_reduce(n, exponential_block, &e) * rg_grid_cell_volume(grid);
    for (ptrdiff_t i = 0; i < n; i++) level->density[i] /= mass;
}

struct energy {
    const double *density, *error;
    ptrdiff_t cells;
    int dim;
};

static double energy_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct energy *e = data;
    double sum = 0;
    for (int a = 0; a < e->dim; a++)
        for (ptrdiff_t i = begin; i < end; i++) {
            const double value = e->error[a * e->cells + i];
            sum += e->density[i] * value * value;
        }
    return sum;
}

/* Density, score, error and E_p|e|^2. */
static rg_status lay_out(const rg_grid *grid, const struct lane *lane, double variance, rg_level *level,
                         rg_diagnostic *diagnostic) {
    rg_status status = rg_density_at(lane->density, variance, level->log_density, level->score, diagnostic);
    if (status) return status;
    level->variance = variance;
    set_density(grid, level);
    status = rg_score_error_at(lane->error, variance, level->log_density, level->score, level->error);
    if (status) return rg_fail(diagnostic, status, "score error: variance %g is outside the prepared range", variance);
    const struct energy e = {level->density, level->error, rg_grid_cells(grid), grid->dim};
    level->split = (rg_split_report){.total = rg_reduce(e.cells, energy_block, &e) * rg_grid_cell_volume(grid)};
    return RG_OK;
}

static rg_status furnish(const rg_grid *grid, const struct lane *lane, double variance, rg_level *level,
                         rg_diagnostic *diagnostic) {
    rg_status status = lay_out(grid, lane, variance, level, diagnostic);
    if (status) return status;
    const rg_split_parts parts = {.gradient = level->gradient,
                                  .solenoidal = level->solenoidal,
                                  .source = level->source,
                                  .solenoidal_source = level->solenoidal_source};
    status = rg_split_weighted(lane->split, level->log_density, level->score, level->error, &parts, &level->split);
    if (status == RG_ENOCONV) return RG_OK;
    return status ? rg_fail(diagnostic, status, "split: a value is not finite at variance %g", variance) : RG_OK;
}

rg_status rg_levels_at(rg_levels *levels, double variance, rg_level *level, rg_diagnostic *diagnostic) {
    return furnish(&levels->grid, &levels->lane[levels->lanes - 1], variance, level, diagnostic);
}

typedef rg_status work_on_room(const rg_grid *grid, const struct lane *lane, double variance, rg_level *level,
                               rg_diagnostic *diagnostic);

static rg_status two_rooms(rg_levels *levels, work_on_room *work, const double variance[2], rg_level *const level[2],
                           rg_diagnostic *diagnostic) {
    rg_status status[2];
    rg_diagnostic said[2];
#pragma omp parallel for schedule(static, 1) num_threads(rg_threads_for(LANES)) if (levels->lanes == LANES)
    for (int i = 0; i < 2; i++)
        status[i] = work(&levels->grid, &levels->lane[levels->lanes == LANES ? i : 0], variance[i], level[i], &said[i]);
    const int which = status[0] ? 0 : 1;
    if (status[which] && diagnostic) *diagnostic = said[which];
    return status[which];
}

rg_status rg_levels_log_density(rg_levels *levels, double variance, double *log_density, rg_diagnostic *diagnostic) {
    return rg_density_at(levels->lane[0].density, variance, log_density, NULL, diagnostic);
}

rg_status rg_levels_at_two(rg_levels *levels, const double variance[2], rg_level *const level[2],
                           rg_diagnostic *diagnostic) {
    return two_rooms(levels, furnish, variance, level, diagnostic);
}

rg_status rg_levels_unsplit_at_two(rg_levels *levels, const double variance[2], rg_level *const level[2],
                                   rg_diagnostic *diagnostic) {
    return two_rooms(levels, lay_out, variance, level, diagnostic);
}

rg_status rg_levels_unsplit_at(rg_levels *levels, double variance, rg_level *level, rg_diagnostic *diagnostic) {
    return lay_out(&levels->grid, &levels->lane[levels->lanes - 1], variance, level, diagnostic);
}

rg_status rg_levels_harmonic(rg_levels *levels, const rg_level *level, double *energy) {
    return rg_split_harmonic(levels->lane[0].split, level->log_density, level->score, level->solenoidal, NULL, energy);
}

const rg_grid *rg_levels_grid(const rg_levels *levels) {
    return &levels->grid;
}

size_t rg_levels_breaks(const rg_levels *levels, const double **variances) {
    return rg_score_error_breaks(levels->lane[0].error, variances);
}
