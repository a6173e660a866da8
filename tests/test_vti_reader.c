/* VTK's own reader, the one of ParaView, finds every value at its point. Skipped without VTK's Python module. */
#include "scratch.h"

#include <math.h>
#include <rotgrad/vti.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { N0 = 5, N1 = 4, N2 = 7, CELLS = N0 * N1 * N2, LINE = 512, SKIPPED = 77 };

static const double lower[3] = {-0.7, 1.3, 0.1}, length[3] = {2.3, 0.7, 3.1};
static double density[CELLS], error[3 * CELLS];

/* Debian's module belongs to Debian's own Python, which need not be the first one. */
static FILE *read_with_vtk(const char *name) {
    char command[4 * SCRATCH_ROOM];
    snprintf(
        command, sizeof command,
        "for python in \"${PYTHON:-python3}\" python3 /usr/bin/python3; do \"$python\" '%s/tests/vti_values.py' '%s';"
        " code=$?; test $code -eq 77 -o $code -eq 127 || exit $code; done; exit 77",
        RG_SOURCE_DIR, scratch_path(name));
    fflush(stdout);
    return popen(command, "r");
}

/* The number of the grid's point that lies at x, of the closed box. */
static ptrdiff_t cell_at(const rg_grid *grid, const double x[3]) {
    ptrdiff_t cell = 0;
    for (int a = 0; a < grid->dim; a++) {
        const double place = (x[a] - grid->lower[a]) / rg_grid_spacing(grid, a);
        assert_true(fabs(place - round(place)) < 1e-9);
        cell = cell * grid->shape[a] + (ptrdiff_t)lround(place) % grid->shape[a];
    }
    return cell;
}

static int check_value(const rg_grid *grid, const char *line, int parts, const double *values, int single) {
    double x[3], value[3] = {0, 0, 0};
    if (sscanf(line, "value %la %la %la %la %la %la", &x[0], &x[1], &x[2], &value[0], &value[1], &value[2]) < 3 + parts)
        return 0;
    const ptrdiff_t cell = cell_at(grid, x);
    for (int c = 0; c < parts; c++) {
        const double exact = parts > 1 && c >= grid->dim ? 0 : values[c * rg_grid_cells(grid) + cell];
        assert_true(value[c] == (single ? (double)(float)exact : exact));
    }
    return 1;
}

/* Returns the number of values, 0 when there is no VTK. */
static int check_with_vtk(const rg_grid *grid, rg_vti_precision precision) {
    const rg_vti_field field[] = {{"p & \xcf\x83", 1, density}, {"e", grid->dim, error}};
    assert_int_equal(rg_vti_write(scratch_path("a.vti"), grid, field, 2, precision, NULL), RG_OK);
    FILE *pipe = read_with_vtk("a.vti");
    assert_non_null(pipe);
    char line[LINE];
    int values = 0, parts = 0, arrays = 0;
    while (fgets(line, sizeof line, pipe)) {
        if (strncmp(line, "skipped", 7) == 0) continue;
        if (strncmp(line, "extent", 6) == 0)
            assert_string_equal(line, grid->dim == 3 ? "extent 0 5 0 4 0 7\n" : "extent 0 5 0 4 0 0\n");
        if (strncmp(line, "array", 5) == 0) {
            parts = arrays++ ? 3 : 1;
            char expected[64];
            snprintf(expected, sizeof expected, "array %s %d %s\n", precision == RG_VTI_FLOAT32 ? "float" : "double",
                     parts, field[arrays - 1].name);
            assert_string_equal(line, expected);
        }
        values += check_value(grid, line, parts, parts == 1 ? density : error, precision == RG_VTI_FLOAT32);
    }
    const int status = pclose(pipe);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) return 0;
    assert_int_equal(status, 0);
    return values;
}

static rg_grid grid_of(int dim) {
    static const ptrdiff_t shape[3] = {N0, N1, N2};
    rg_grid grid;
    assert_int_equal(rg_grid_init(dim, shape, lower, length, &grid), RG_OK);
    return grid;
}

static void vtk_reads_the_same_values(void **state) {
    (void)state;
    const rg_grid space = grid_of(3), plane = grid_of(2);
    assert_int_equal(check_with_vtk(&space, RG_VTI_FLOAT64), 2 * (N0 + 1) * (N1 + 1) * (N2 + 1));
    assert_int_equal(check_with_vtk(&space, RG_VTI_FLOAT32), 2 * (N0 + 1) * (N1 + 1) * (N2 + 1));
    assert_int_equal(check_with_vtk(&plane, RG_VTI_FLOAT64), 2 * (N0 + 1) * (N1 + 1));
}

static int there_is_vtk(void) {
    const rg_grid plane = grid_of(2);
    return check_with_vtk(&plane, RG_VTI_FLOAT64) > 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(vtk_reads_the_same_values)};
    for (int i = 0; i < CELLS; i++) density[i] = sin(0.3 + 1.7 * i) * exp(0.01 * i);
    for (int i = 0; i < 3 * CELLS; i++) error[i] = cos(1.1 + 2.3 * i) * exp(-0.02 * i);
    void *state = NULL;
    if (scratch_setup(&state) != 0) return 1;
    if (!there_is_vtk()) {
        printf("skipped: no Python module of VTK (Debian: python3-vtk9)\n");
        scratch_teardown(&state);
        return SKIPPED;
    }
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return scratch_teardown(&state) != 0 || failed;
}
