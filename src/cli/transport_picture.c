/* rotgrad transport: the picture. Two dimensions: the potential under the flux; three: the same in the middle plane across the
 * last axis; one: densities, flux and potential, which have units of their own, beside each other. */
#include "transport.h"

#include <rotgrad/figure.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const verb = "transport";

enum { TEXT = 128 };

static rg_axis axis_of(const rg_grid *grid, int a) {
    static const char *const label[] = {"x<sub>0</sub>", "x<sub>1</sub>", "x<sub>2</sub>"};
    return (rg_axis){.label = label[a], .lower = grid->lower[a], .upper = grid->lower[a] + grid->length[a]};
}

static int draw(const rg_figure *figure, const rg_folder *folder) {
    rg_diagnostic diagnostic = {0};
    char *path = cli_path_in(folder, "transport.png");
    if (!path) return cli_fail(verb, "out of memory");
    const rg_status status = rg_figure_write(figure, path, &diagnostic);
    free(path);
    return cli_check_file(verb, folder, status, &diagnostic);
}

/* ---- two and three dimensions */

/* The flux in the middle of a cell: the average of those on its two faces. */
static void centre(const rg_grid *grid, int a, const double *flux, double *out) {
    const ptrdiff_t *n = grid->shape, stride[RG_MAX_DIM] = {n[1] * n[2], n[2], 1};
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) {
        const int first = i / stride[a] % n[a] == 0;
        const ptrdiff_t before = first ? i + (n[a] - 1) * stride[a] : i - stride[a];
        out[i] = (flux[i] + flux[before]) / 2;
    }
}

/* "longest arrow: mass 0.667 per unit of x", which crosses a line across the arrow; in three dimensions an area. */
static void describe_plane(const rg_grid *grid, ptrdiff_t middle, double longest, char text[TEXT]) {
    char arrow[TEXT / 2] = "no flux", plane[TEXT / 2] = "";
    const char *unit = grid->dim == 2 ? "x" : "x<sup>2</sup>";
    if (longest > 0) snprintf(arrow, sizeof arrow, "longest arrow: mass %.3g per unit of %s", longest, unit);
    const double at = grid->lower[2] + (double)middle * rg_grid_spacing(grid, 2);
    if (grid->dim == 3) snprintf(plane, sizeof plane, "plane x<sub>2</sub> = %.4g; ", at);
    snprintf(text, TEXT, "%s%s", plane, arrow);
}

static int draw_plane(const transport_job *job, const char *title, ptrdiff_t middle, const double *potential,
                      const double *vector, const rg_folder *folder) {
    const rg_grid *grid = &job->grid;
    const ptrdiff_t shape[2] = {grid->shape[0], grid->shape[1]};
    const rg_heat_map heat = {.shape = {shape[0], shape[1]},
                              .values = potential,
                              .map = RG_MAP_DIVERGING,
                              .scale = RG_SCALE_LINEAR,
                              .unit = "potential (unit of x)",
                              .bounded = job->free_boundary};
    const double legible = 2.5; /* points: shorter ones do not show where they point */
    const rg_arrows arrows = {
        .shape = {shape[0], shape[1]}, .vector = vector, .shortest = legible, .bounded = job->free_boundary};
    char text[TEXT];
    describe_plane(grid, middle, rg_arrows_longest(&arrows), text);
    const rg_panel panel = {
        .title = text, .x = axis_of(grid, 0), .y = axis_of(grid, 1), .heat = &heat, .arrows = &arrows};
    const rg_figure figure = {.title = title, .panels = 1, .panel = &panel, .panel_size = 300};
    return draw(&figure, folder);
}

static int draw_fields(const transport_job *job, const char *title, const rg_folder *folder) {
    const rg_grid *grid = &job->grid;
    const ptrdiff_t cells = rg_grid_cells(grid), plane = grid->shape[0] * grid->shape[1], middle = grid->shape[2] / 2;
    double *room = rg_field_alloc((size_t)cells), *planes = rg_field_alloc(3 * (size_t)plane);
    int code = CLI_DONE;
    if (!room || !planes)
        code = cli_fail(verb, "out of memory");
    else {
        for (int a = 0; a < 2; a++) {
            centre(grid, a, job->flux + a * cells, room);
            rg_slice(grid->shape, room, 2, middle, planes + a * plane);
        }
        rg_slice(grid->shape, job->potential, 2, middle, planes + 2 * plane);
        code = draw_plane(job, title, middle, planes + 2 * plane, planes, folder);
    }
    rg_free(room);
    rg_free(planes);
    return code;
}

/* ---- one dimension */

/* Values at lower + (i + at) spacing; on a torus one more at either end, so that curves fill the frame. The flux crosses the
 * face between a point and the next: at = 1/2. */
static rg_curve curve_of(const transport_job *job, const char *label, const double *values, double at, double *room) {
    const rg_grid *g = &job->grid;
    const ptrdiff_t n = g->shape[0], more = !job->free_boundary, count = n + 2 * more;
    double *x = room, *y = room + count;
    for (ptrdiff_t k = 0; k < count; k++) {
        const ptrdiff_t i = k - more;
        x[k] = g->lower[0] + ((double)i + at) * rg_grid_spacing(g, 0);
        y[k] = values[(i + n) % n];
    }
    return (rg_curve){.label = label, .count = count, .x = x, .y = y, .mark = RG_MARK_LINE};
}

static int draw_curves(const transport_job *job, const char *title, const rg_folder *folder) {
    enum { CURVES = 4 };
    const ptrdiff_t n = job->grid.shape[0], each = 2 * (n + 2);
    double *room = rg_field_alloc((size_t)(CURVES * each));
    if (!room) return cli_fail(verb, "out of memory");
    const rg_curve curve[CURVES] = {
        curve_of(job, "p", job->p, 0, room),
        curve_of(job, "q", job->q, 0, room + each),
        curve_of(job, NULL, job->flux, 0.5, room + 2 * each),
        curve_of(job, NULL, job->potential, 0, room + 3 * each),
    };
    const rg_axis x = axis_of(&job->grid, 0);
    const rg_panel panel[] = {
        {.title = "Densities", .x = x, .y = {.label = "density (1 / unit of x)"}, .curves = 2, .curve = curve},
        {.title = "Flux", .x = x, .y = {.label = "mass that flows to the right"}, .curves = 1, .curve = curve + 2},
        {.title = "Potential", .x = x, .y = {.label = "potential (unit of x)"}, .curves = 1, .curve = curve + 3},
    };
    const rg_figure figure = {.title = title, .columns = 3, .panels = 3, .panel = panel, .panel_size = 220};
    const int code = draw(&figure, folder);
    rg_free(room);
    return code;
}

int transport_draw(const transport_job *job, const rg_folder *folder) {
    char title[TEXT], w1[TEXT];
    transport_uncertain(job->w1, sizeof w1, w1);
    snprintf(title, sizeof title, "W<sub>1</sub> = %.64s", w1);
    return job->grid.dim == 1 ? draw_curves(job, title, folder) : draw_fields(job, title, folder);
}
