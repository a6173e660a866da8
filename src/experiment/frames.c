/* Frames: every so many rows of the level table, thinned, and in three dimensions cut to three planes. The planes are
 * the same for all frames, so the densest point of p at the end of the run is looked up before it starts. */
#include "experiment/frames.h"

#include "base/base.h"

#include <math.h>

static const double log_of_least = -745; /* of the least positive double: kept where q is 0 */

static ptrdiff_t points_of(const rg_grid *grid, int axis) {
    return grid->shape[axis] < RG_FRAME_POINTS ? grid->shape[axis] : RG_FRAME_POINTS;
}

/* The axes that a plane spans, ascending. */
static void axes_of(const rg_grid *grid, int plane, int axis[2]) {
    axis[0] = grid->dim == RG_MAX_DIM && plane == 0 ? 1 : 0;
    axis[1] = grid->dim == RG_MAX_DIM && plane == 2 ? 1 : grid->dim == RG_MAX_DIM ? 2 : 1;
}

static void choose_planes(rg_frames *f) {
    const rg_grid *grid = &f->grid;
    f->kept.planes = grid->dim == RG_MAX_DIM ? RG_MAX_DIM : 1;
    for (int k = 0; k < f->kept.planes; k++) {
        int axis[2];
        axes_of(grid, k, axis);
        for (int a = 0; a < 2; a++) f->kept.shape[k][a] = points_of(grid, axis[a]);
        f->kept.at[k] = grid->lower[k] + (double)f->densest[k] * rg_grid_spacing(grid, k);
        f->kept.cells += (size_t)(f->kept.shape[k][0] * f->kept.shape[k][1]);
    }
}

static rg_status find_densest(rg_frames *f, rg_levels *levels, double variance, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&f->grid);
    double *logs = rg_field_alloc((size_t)n);
    if (!logs) return rg_fail(diagnostic, RG_ENOMEM, "run: out of memory");
    const rg_status status = rg_levels_log_density(levels, variance, logs, diagnostic);
    ptrdiff_t densest = 0;
    for (ptrdiff_t i = 1; !status && i < n; i++)
        if (logs[i] > logs[densest]) densest = i;
    for (int a = RG_MAX_DIM - 1; a >= 0; a--) {
        f->densest[a] = densest % f->grid.shape[a];
        densest /= f->grid.shape[a];
    }
    rg_free(logs);
    return status;
}

rg_status rg_frames_create(rg_levels *levels, double variance_min, size_t stops, rg_frames *frames,
                           rg_diagnostic *diagnostic) {
    rg_frames f = {.grid = *rg_levels_grid(levels), .stops = stops};
    f.room = stops < RG_MOST_FRAMES ? stops : RG_MOST_FRAMES;
    if (f.grid.dim == RG_MAX_DIM) {
        const rg_status status = find_densest(&f, levels, variance_min, diagnostic);
        if (status) return status;
    }
    choose_planes(&f);
    f.kept.value = rg_alloc(f.room * RG_FRAME_FIELDS * f.kept.cells, sizeof *f.kept.value);
    if (!f.kept.value) return rg_fail(diagnostic, RG_ENOMEM, "run: out of memory");
    *frames = f;
    return RG_OK;
}

void rg_frames_free(rg_frames *frames) {
    rg_free(frames->kept.value);
    *frames = (rg_frames){0};
}

/* The frame that a row would be: rows 0 and stops - 1 are the first and the last one. */
static size_t place_of(const rg_frames *f, size_t row) {
    return f->stops > 1 ? row * (f->room - 1) / (f->stops - 1) : 0;
}

int rg_frames_wanted(const rg_frames *f, size_t row) {
    if (f->kept.count == f->room) return 0;
    return row == 0 || place_of(f, row) != place_of(f, row - 1);
}

static double norm_at(const rg_grid *grid, const double *vector, ptrdiff_t i) {
    double square = 0;
    for (int c = 0; c < grid->dim; c++) {
        const double component = vector[c * rg_grid_cells(grid) + i];
        square += component * component;
    }
    return sqrt(square);
}

static double log_ratio_of(double ratio) {
    return ratio > 0 ? log(ratio) : log_of_least;
}

/* All fields of one grid point; `value` is that of the first one. */
static void keep_point(const rg_frames *f, const rg_level *level, const double *ratio, ptrdiff_t i, float *value) {
    const double field[RG_FRAME_FIELDS] = {
        [RG_FRAME_DENSITY] = level->density[i],
        [RG_FRAME_LOG_RATIO] = log_ratio_of(ratio[i]),
        [RG_FRAME_ERROR] = norm_at(&f->grid, level->error, i),
        [RG_FRAME_GRADIENT] = norm_at(&f->grid, level->gradient, i),
        [RG_FRAME_SOLENOIDAL] = norm_at(&f->grid, level->solenoidal, i),
    };
    for (int k = 0; k < RG_FRAME_FIELDS; k++) value[(size_t)k * f->kept.cells] = (float)field[k];
}

/* Grid point that point (i, j) of a plane shows. */
static ptrdiff_t index_of(const rg_frames *f, int plane, ptrdiff_t i, ptrdiff_t j) {
    const rg_grid *grid = &f->grid;
    ptrdiff_t at[RG_MAX_DIM] = {f->densest[0], f->densest[1], f->densest[2]};
    int axis[2];
    axes_of(grid, plane, axis);
    at[axis[0]] = i * grid->shape[axis[0]] / f->kept.shape[plane][0];
    at[axis[1]] = j * grid->shape[axis[1]] / f->kept.shape[plane][1];
    return (at[0] * grid->shape[1] + at[1]) * grid->shape[2] + at[2];
}

void rg_frames_add(rg_frames *f, size_t row, const rg_level *level, const double *ratio) {
    rg_outcome_frames *kept = &f->kept;
    float *value = kept->value + kept->count * RG_FRAME_FIELDS * kept->cells;
    kept->row[kept->count++] = row;
    for (int k = 0; k < kept->planes; k++)
        for (ptrdiff_t i = 0; i < kept->shape[k][0]; i++)
            for (ptrdiff_t j = 0; j < kept->shape[k][1]; j++)
                keep_point(f, level, ratio, index_of(f, k, i, j), value++);
}
