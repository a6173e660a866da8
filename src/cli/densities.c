/* Arrays that are read as fields on a grid: finite, densities, of the same shape. */
#include "cli.h"

#include <rotgrad/array.h>

#include <math.h>

int cli_read_array(const char *verb, const char *path, rg_array *array) {
    rg_diagnostic diagnostic = {0};
    rg_status status = rg_array_read(path, array, &diagnostic);
    if (!status) status = rg_array_check_finite(array, path, &diagnostic);
    return cli_check(verb, status, &diagnostic);
}

int cli_check_density(const char *verb, const char *path, const rg_array *p) {
    double mass = 0;
    for (size_t i = 0; i < p->count; i++) {
        mass += p->data[i];
        if (p->data[i] < 0)
            return cli_fail(verb, "%s: expected values >= 0, found %g at index %s", path, p->data[i],
                            cli_index(p->dim, p->shape, i).text);
    }
    if (mass > 0 && isfinite(mass)) return CLI_DONE;
    return cli_fail(verb, "%s: expected a positive and finite mass, found %g", path, mass);
}

int cli_check_grid(const char *verb, const char *path, const rg_array *p, const rg_grid *grid, const char *grid_path) {
    int same = p->dim == grid->dim;
    for (int a = 0; same && a < grid->dim; a++) same = p->shape[a] == grid->shape[a];
    if (same) return CLI_DONE;
    return cli_fail(verb, "%s: expected shape %s, the grid of %s, found %s", path,
                    cli_shape(grid->dim, grid->shape).text, grid_path, cli_shape(p->dim, p->shape).text);
}
