/* One figure as a whole process: draw heat|panels|flow ARRAY.npy FIGURE. */
#include <rotgrad/array.h>
#include <rotgrad/figure.h>
#include <stdio.h>
#include <string.h>

enum { PANELS = 8 };

static const double pi = 3.14159265358979323846;
static const double large = 491.52, small = 150; /* points; the first is 1024 pixels at 150 dpi */

static rg_axis axis_of(const char *label) {
    return (rg_axis){.label = label, .lower = -pi, .upper = pi};
}

static rg_status draw(const char *kind, const rg_array *array, const char *path, rg_diagnostic *diagnostic) {
    const int vector = array->dim - 2;
    const ptrdiff_t n0 = array->shape[vector], n1 = array->shape[vector + 1];
    const rg_heat_map heat = {{n0, n1}, array->data, RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, 0, 0, "1/rad<sup>2</sup>"};
    const rg_flow flow = {{n0, n1}, array->data, 0};
    rg_panel panel[PANELS];
    for (int i = 0; i < PANELS; i++)
        panel[i] = (rg_panel){.title = "p", .x = axis_of("x<sub>0</sub>"), .y = axis_of("x<sub>1</sub>")};
    for (int i = 0; i < PANELS && !vector; i++) panel[i].heat = &heat;
    for (int i = 0; i < PANELS && vector; i++) panel[i].flow = &flow;
    const int many = strcmp(kind, "panels") == 0;
    const rg_figure figure = {
        .columns = 4, .panels = many ? PANELS : 1, .panel = panel, .panel_size = many ? small : large, .dpi = 150};
    return rg_figure_write(&figure, path, diagnostic);
}

int main(int count, char **words) {
    rg_diagnostic diagnostic = {RG_OK, ""};
    rg_array array = {0};
    if (count != 4) return 2;
    rg_status status = rg_array_read(words[2], &array, &diagnostic);
    if (status == RG_OK && array.dim != 2 && array.dim != 3) return 2;
    if (status == RG_OK) status = draw(words[1], &array, words[3], &diagnostic);
    rg_array_free(&array);
    if (status != RG_OK) fprintf(stderr, "%s\n", diagnostic.text);
    return status != RG_OK;
}
