/* W1 with its error bar, from the grid and the halved one. */
#include "base/base.h"
#include "measure/transport.h"

#include <math.h>

typedef struct coarse {
    rg_grid padded, grid;
    double *wide, *p, *q; /* one density on the padded grid; both on the halved one */
} coarse;

static rg_status set_grids(const rg_grid *grid, int free_boundary, coarse *c, rg_diagnostic *diagnostic) {
    c->padded = *grid;
    const rg_status status = free_boundary ? rg_transport_padded(grid, &c->padded) : RG_OK;
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    if (rg_transport_halved(&c->padded, RG_MIN_POINTS, &c->grid)) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL, "the error bar needs a halved grid: expected at least %d points on an axis",
                   2 * RG_MIN_POINTS - 1);
}

static void restrict_density(const rg_grid *grid, const coarse *c, const double *in, double *out) {
    rg_transport_embed(grid, in, &c->padded, c->wide);
    rg_transport_restrict(&c->padded, c->wide, &c->grid, out);
}

static rg_status fill(const rg_grid *grid, const double *p, const double *q, coarse *c) {
    c->wide = rg_field_alloc((size_t)rg_grid_cells(&c->padded));
    c->p = rg_field_alloc((size_t)rg_grid_cells(&c->grid));
    c->q = rg_field_alloc((size_t)rg_grid_cells(&c->grid));
    if (!c->wide || !c->p || !c->q) return RG_ENOMEM;
    restrict_density(grid, c, p, c->p);
    restrict_density(grid, c, q, c->q);
    return RG_OK;
}

static rg_status solve(const rg_grid *grid, int free_boundary, double gap, const double *p, const double *q,
                       rg_transport_report *report, rg_diagnostic *diagnostic) {
    rg_transport *transport = NULL;
    rg_status status = rg_transport_create(grid, free_boundary, RG_PLAN_ESTIMATE, &transport);
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    status = rg_transport_solve(transport, &(rg_transport_options){.gap = gap}, p, q, NULL, NULL, report, diagnostic);
    rg_transport_destroy(transport);
    return status;
}

static rg_status solve_coarse(const rg_grid *grid, int free_boundary, double gap, const double *p, const double *q,
                              rg_transport_report *report, rg_diagnostic *diagnostic) {
    coarse c = {0};
    rg_status status = set_grids(grid, free_boundary, &c, diagnostic);
    if (status) return status;
    status = fill(grid, p, q, &c);
    status = status ? rg_fail(diagnostic, status, "%s", rg_status_text(status))
                    : solve(&c.grid, 0, gap, c.p, c.q, report, diagnostic);
    rg_free(c.wide);
    rg_free(c.p);
    rg_free(c.q);
    return status;
}

rg_status rg_wasserstein1(const rg_grid *grid, int free_boundary, double gap, const double *p, const double *q,
                          rg_value *w1, rg_transport_report *report, rg_diagnostic *diagnostic) {
    if (!grid || !p || !q || !w1) return rg_fail(diagnostic, RG_EINVAL, "a grid, p, q and w1 must be given");
    rg_transport_report fine, halved;
    rg_status status = solve(grid, free_boundary, gap, p, q, &fine, diagnostic);
    if (!status) status = solve_coarse(grid, free_boundary, gap, p, q, &halved, diagnostic);
    if (status) return status;
    w1->value = fine.value;
    w1->error = (fine.upper - fine.lower) / 2 + fabs(fine.value - halved.value) + (halved.upper - halved.lower) / 2;
    if (report) *report = fine;
    return RG_OK;
}
