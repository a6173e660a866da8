/* W1 with its error bar. Two things may be off besides the gap, and may cancel, so that each is measured alone: the grid, by
 * the halved one, and how a mass fills its cell, by smearing every mass over its neighbours (1/4, 1/2, 1/4 along each axis),
 * which is also what the halved grid does to it. Both are O(h^2) for smooth densities, O(h) for points. The error bar is
 * the sum of the three differences between the three values, and of half their brackets.
 * A free boundary is a torus of twice the box. */
#include "base/base.h"
#include "measure/transport.h"

#include <assert.h>
#include <math.h>
#include <string.h>

typedef struct pair {
    rg_grid grid;
    double *p, *q, *room;
} pair;

static void free_pair(pair *d) {
    rg_free(d->p);
    rg_free(d->q);
    rg_free(d->room);
}

static rg_status make_pair(pair *d) {
    const size_t n = (size_t)rg_grid_cells(&d->grid);
    d->p = rg_field_alloc(n);
    d->q = rg_field_alloc(n);
    d->room = rg_field_alloc(n);
    return d->p && d->q && d->room ? RG_OK : RG_ENOMEM;
}

/* Along axis a, from `in` to `out`. */
static void smear_axis(const rg_grid *grid, int a, const double *in, double *out) {
    const ptrdiff_t *n = grid->shape, stride[RG_MAX_DIM] = {n[1] * n[2], n[2], 1};
    const ptrdiff_t round = n[a] * stride[a];
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) {
        const ptrdiff_t at = i / stride[a] % n[a];
        const ptrdiff_t next = at + 1 < n[a] ? i + stride[a] : i + stride[a] - round;
        const ptrdiff_t last = at > 0 ? i - stride[a] : i - stride[a] + round;
        out[i] = 0.25 * in[last] + 0.5 * in[i] + 0.25 * in[next];
    }
}

static void smear(const pair *d, double *density) {
    assert(d->grid.dim <= RG_MAX_DIM);
    for (int a = 0; a < d->grid.dim; a++) {
        smear_axis(&d->grid, a, density, d->room);
        memcpy(density, d->room, (size_t)rg_grid_cells(&d->grid) * sizeof *density);
    }
}

/* W1 of the pair and, warm from it, of the smeared pair, which it is left as; `smeared` may be NULL. */
static rg_status solve(const pair *d, double gap, rg_transport_report *report, rg_transport_report *smeared,
                       rg_diagnostic *diagnostic) {
    const rg_transport_options how = {.gap = gap};
    rg_transport *transport = NULL;
    rg_status status = rg_transport_create(&d->grid, 0, RG_PLAN_ESTIMATE, &transport);
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    status = rg_transport_solve(transport, &how, d->p, d->q, NULL, NULL, report, diagnostic);
    if (!status && smeared) {
        smear(d, d->p);
        smear(d, d->q);
        status = rg_transport_solve(transport, &how, d->p, d->q, NULL, NULL, smeared, diagnostic);
    }
    rg_transport_destroy(transport);
    return status;
}

enum { FINE, HALVED, SMEARED, SOLUTIONS };

static rg_status solve_all(const rg_grid *grid, double gap, const double *p, const double *q, pair *fine, pair *halved,
                           rg_transport_report report[SOLUTIONS], rg_diagnostic *diagnostic) {
    if (make_pair(fine) || make_pair(halved)) return rg_fail(diagnostic, RG_ENOMEM, "%s", rg_status_text(RG_ENOMEM));
    rg_transport_embed(grid, p, &fine->grid, fine->p);
    rg_transport_embed(grid, q, &fine->grid, fine->q);
    rg_transport_restrict(&fine->grid, fine->p, &halved->grid, halved->p);
    rg_transport_restrict(&fine->grid, fine->q, &halved->grid, halved->q);
    const rg_status status = solve(fine, gap, &report[FINE], &report[SMEARED], diagnostic);
    return status ? status : solve(halved, gap, &report[HALVED], NULL, diagnostic);
}

static rg_status set_grids(const rg_grid *grid, int free_boundary, pair *fine, pair *halved,
                           rg_diagnostic *diagnostic) {
    fine->grid = *grid;
    for (int a = 0; a < grid->dim; a++)
        if (grid->shape[a] < 2 * RG_MIN_POINTS - 1)
            return rg_fail(diagnostic, RG_EINVAL,
                           "the error bar needs a halved grid: expected at least %d points on an axis",
                           2 * RG_MIN_POINTS - 1);
    const rg_status status = free_boundary ? rg_transport_padded(grid, &fine->grid) : RG_OK;
    if (status || !rg_transport_halved(&fine->grid, RG_MIN_POINTS, &halved->grid))
        return rg_fail(diagnostic, RG_ENOMEM, "%s", rg_status_text(RG_ENOMEM));
    return RG_OK;
}

static double half_width(const rg_transport_report *report) {
    return (report->upper - report->lower) / 2;
}

rg_status rg_wasserstein1(const rg_grid *grid, int free_boundary, double gap, const double *p, const double *q,
                          rg_value *w1, rg_transport_report *report, rg_diagnostic *diagnostic) {
    if (!grid || !p || !q || !w1) return rg_fail(diagnostic, RG_EINVAL, "a grid, p, q and w1 must be given");
    pair fine = {0}, halved = {0};
    rg_status status = set_grids(grid, free_boundary, &fine, &halved, diagnostic);
    if (status) return status;
    rg_transport_report found[SOLUTIONS] = {{.value = 0}};
    status = solve_all(grid, gap, p, q, &fine, &halved, found, diagnostic);
    free_pair(&fine);
    free_pair(&halved);
    if (status) return status;
    w1->value = found[FINE].value;
    w1->error = 0;
    for (int k = 0; k < SOLUTIONS; k++)
        w1->error += half_width(&found[k]) + fabs(found[k].value - found[(k + 1) % SOLUTIONS].value);
    if (report) *report = found[FINE];
    return RG_OK;
}
