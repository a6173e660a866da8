/* A user of the installed library, found by find_package or by pkg-config: splits a field and adds it up again. */
#include <math.h>
#include <rotgrad/rotgrad.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 12, COLUMNS = 15, VALUES = 2 * ROWS * COLUMNS };

int main(void) {
    const ptrdiff_t shape[] = {ROWS, COLUMNS};
    rg_grid grid;
    rg_spectral *spectral = NULL;
    rg_split_report report;
    double *e = rg_field_alloc(VALUES), *gradient = rg_field_alloc(VALUES), *rest = rg_field_alloc(VALUES), off = 0;
    for (int i = 0; e && i < VALUES; i++) e[i] = sin(0.7 * i * i);
    rg_status status = e && gradient && rest ? rg_grid_init(2, shape, NULL, NULL, &grid) : RG_ENOMEM;
    if (!status) status = rg_spectral_create(&grid, RG_PLAN_ESTIMATE, &spectral);
    if (!status) status = rg_split_flat(spectral, e, gradient, rest, NULL, NULL, &report);
    for (int i = 0; !status && i < VALUES; i++) off = fmax(off, fabs(e[i] - gradient[i] - rest[i]));
    printf("rotgrad %s: %s, parts add up to %.1e\n", rg_version(), rg_status_text(status), off);
    rg_spectral_destroy(spectral);
    rg_free(e);
    rg_free(gradient);
    rg_free(rest);
    return status || off > 1e-15 || strcmp(rg_version(), RG_VERSION) != 0;
}
