/* rotgrad transport: the picture. Two dimensions: the potential under the flux; one: the densities and the potential; three:
 * the middle plane across the last axis. */
#include "transport.h"

#include <rotgrad/figure.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const verb = "transport";

static rg_axis axis_of(const rg_grid *grid, int a) {
    static const char *const label[] = {"x<sub>0</sub>", "x<sub>1</sub>", "x<sub>2</sub>"};
    return (rg_axis){.label = label[a], .lower = grid->lower[a], .upper = grid->lower[a] + grid->length[a]};
}

/* The average of the fluxes on the two faces of a cell; at the lower ends that of the one face there is. */
static void centre(const rg_grid *grid, int a, const double *flux, double *out) {
    const ptrdiff_t *n = grid->shape, stride[RG_MAX_DIM] = {n[1] * n[2], n[2], 1};
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) {
        const int first = i / stride[a] % n[a] == 0;
        const ptrdiff_t before = first ? i + (n[a] - 1) * stride[a] : i - stride[a];
        out[i] = (flux[i] + flux[before]) / 2;
    }
}

/* Where next to nothing flows there is no arrow. */
static void drop_dots(ptrdiff_t cells, double *vector) {
    const double share = 0.01;
    double most = 0;
    for (ptrdiff_t i = 0; i < cells; i++) most = fmax(most, hypot(vector[i], vector[cells + i]));
    for (ptrdiff_t i = 0; i < cells; i++)
        if (hypot(vector[i], vector[cells + i]) < share * most) vector[i] = vector[cells + i] = (double)NAN;
}

static int draw(const rg_panel *panel, const rg_folder *folder) {
    rg_diagnostic diagnostic = {0};
    char *path = cli_path_in(folder, "transport.png");
    if (!path) return cli_fail(verb, "out of memory");
    const rg_figure figure = {.panels = 1, .panel = panel, .panel_size = 300};
    const rg_status status = rg_figure_write(&figure, path, &diagnostic);
    free(path);
    return cli_check_file(verb, folder, status, &diagnostic);
}

static int draw_plane(const transport_job *job, const char *title, const double *potential, const double *vector,
                      const rg_folder *folder) {
    const rg_grid *grid = &job->grid;
    const ptrdiff_t shape[2] = {grid->shape[0], grid->shape[1]};
    const rg_heat_map heat = {.shape = {shape[0], shape[1]},
                              .values = potential,
                              .map = RG_MAP_DIVERGING,
                              .scale = RG_SCALE_LINEAR,
                              .unit = "potential, unit of x"};
    const rg_arrows arrows = {.shape = {shape[0], shape[1]}, .vector = vector};
    char note[96];
    snprintf(note, sizeof note, "one arrow spacing: |m| = %.3g", rg_arrows_longest(&arrows));
    const rg_panel panel = {
        .title = title, .x = axis_of(grid, 0), .y = axis_of(grid, 1), .heat = &heat, .arrows = &arrows, .note = note};
    return draw(&panel, folder);
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
        drop_dots(plane, planes);
        code = draw_plane(job, title, planes + 2 * plane, planes, folder);
    }
    rg_free(room);
    rg_free(planes);
    return code;
}

static int draw_curves(const transport_job *job, const char *title, const rg_folder *folder) {
    const ptrdiff_t n = job->grid.shape[0];
    double *x = rg_field_alloc((size_t)n);
    if (!x) return cli_fail(verb, "out of memory");
    for (ptrdiff_t i = 0; i < n; i++) x[i] = job->grid.lower[0] + (double)i * rg_grid_spacing(&job->grid, 0);
    const rg_curve curves[] = {
        {.label = "p", .count = n, .x = x, .y = job->p, .mark = RG_MARK_LINE},
        {.label = "q", .count = n, .x = x, .y = job->q, .mark = RG_MARK_LINE},
        {.label = "flux", .count = n, .x = x, .y = job->flux, .mark = RG_MARK_DASHED},
        {.label = "potential", .count = n, .x = x, .y = job->potential, .mark = RG_MARK_DOTTED},
    };
    const rg_panel panel = {.title = title, .x = axis_of(&job->grid, 0), .curves = 4, .curve = curves};
    const int code = draw(&panel, folder);
    rg_free(x);
    return code;
}

int transport_draw(const transport_job *job, const rg_folder *folder) {
    char title[96];
    snprintf(title, sizeof title, "W<sub>1</sub> = %.5g", job->w1.value);
    return job->grid.dim == 1 ? draw_curves(job, title, folder) : draw_fields(job, title, folder);
}
