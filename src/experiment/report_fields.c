/* fields.npz: the fields at the end of the run and the coordinates of the axes. */
#include "base/base.h"
#include "experiment/report.h"

#include <rotgrad/array.h>

enum { FIELDS = 9, OPTIONAL = 8, MEMBERS = FIELDS + OPTIONAL + RG_MAX_DIM };

static const char *const axis_name[RG_MAX_DIM] = {"x0", "x1", "x2"};

static size_t points_of(const rg_grid *grid) {
    size_t points = 0;
    for (int a = 0; a < grid->dim; a++) points += (size_t)grid->shape[a];
    return points;
}

/* Adds the axes as members whose values stand one after the other in `points`. */
static void add_axes(const rg_grid *grid, double *points, rg_array_member *member) {
    for (int a = 0; a < grid->dim; a++) {
        member[a] = (rg_array_member){axis_name[a], 1, &grid->shape[a], points};
        for (ptrdiff_t i = 0; i < grid->shape[a]; i++)
            *points++ = grid->lower[a] + (double)i * rg_grid_spacing(grid, a);
    }
}

rg_status rg_report_fields(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    const rg_grid *grid = &report->outcome->grid;
    const rg_outcome_fields *f = &report->outcome->fields;
    const ptrdiff_t vector[] = {grid->dim, grid->shape[0], grid->shape[1], grid->shape[2]}, *scalar = vector + 1;
    const int dim = grid->dim;
    rg_array_member member[MEMBERS] = {
        {"p_end", dim, scalar, f->density},
        {"q_full", dim, scalar, f->marginal[RG_FULL]},
        {"q_gradient", dim, scalar, f->marginal[RG_GRADIENT]},
        {"q_solenoidal", dim, scalar, f->marginal[RG_SOLENOIDAL]},
        {"q_none", dim, scalar, f->marginal[RG_NONE]},
        {"score", dim + 1, vector, f->score},
        {"error", dim + 1, vector, f->error},
        {"gradient", dim + 1, vector, f->gradient},
        {"solenoidal", dim + 1, vector, f->solenoidal},
    };
    double *points = rg_field_alloc(points_of(grid));
    if (!points) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    size_t fields = FIELDS;
    const rg_outcome_manifold *m = &report->outcome->manifold;
    const ptrdiff_t rows[] = {(ptrdiff_t)m->levels, grid->shape[0]};
    const rg_array_member optional[OPTIONAL] = {/* only where they are known */
                                                {"harm", dim, scalar, report->outcome->harm.map},
                                                {"w1", dim, scalar, report->outcome->w1.map},
                                                {"potential", dim, scalar, report->outcome->w1.potential},
                                                {"flux", dim + 1, vector, report->outcome->w1.flux},
                                                {"readout", dim, scalar, m->readout},
                                                {"distance", dim, scalar, m->distance},
                                                {"p_levels", 2, rows, m->p},
                                                {"q_levels", 2, rows, m->q}};
    for (int i = 0; i < OPTIONAL; i++)
        if (optional[i].data) member[fields++] = optional[i];
    add_axes(grid, points, member + fields);
    const rg_status status = rg_array_write_npz(path, member, fields + (size_t)dim, diagnostic);
    rg_free(points);
    return status;
}
