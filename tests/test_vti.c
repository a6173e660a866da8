/* .vti: the bytes are where the text says, x runs fastest, the box is closed, bad input leaves no file. What VTK itself
 * reads is test_vti_reader.c's matter. */
#include "base/base.h"
#include "scratch.h"

#include <locale.h>
#include <math.h>
#include <rotgrad/array.h>
#include <rotgrad/vti.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { N0 = 5, N1 = 4, N2 = 7, CELLS = N0 * N1 * N2, ROOM = 1 << 16 };

static const ptrdiff_t shape[3] = {N0, N1, N2};
static const double lower[3] = {-0.7, 1.3, 0.1}, length[3] = {2.3, 0.7, 3.1};

static rg_grid grid_of(int dim) {
    rg_grid grid;
    assert_int_equal(rg_grid_init(dim, shape, lower, length, &grid), RG_OK);
    return grid;
}

static void fill(size_t count, double seed, double *values) {
    for (size_t i = 0; i < count; i++) values[i] = sin(seed + 1.7 * (double)i) * exp(0.03 * (double)i);
}

struct file {
    char bytes[ROOM];
    size_t size;
    const unsigned char *data; /* behind the underscore */
};

static void read_vti(const char *name, struct file *file) {
    file->size = scratch_read(scratch_path(name), file->bytes, ROOM - 1);
    file->bytes[file->size] = 0;
    const char *start = strstr(file->bytes, "<AppendedData encoding=\"raw\">\n_");
    assert_non_null(start);
    file->data = (const unsigned char *)strchr(start, '_') + 1;
}

static uint64_t little_endian(const unsigned char *at, int size) {
    uint64_t bits = 0;
    for (int k = 0; k < size; k++) bits |= (uint64_t)at[k] << 8 * k;
    return bits;
}

static double double_at(const unsigned char *at) {
    const uint64_t bits = little_endian(at, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_at(const unsigned char *at) {
    const uint32_t bits = (uint32_t)little_endian(at, 4);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void points_of_three_dimensions_run_along_x(void **state) {
    (void)state;
    static double density[CELLS], error[3 * CELLS];
    static struct file file;
    fill(CELLS, 0.3, density);
    fill(3 * CELLS, 1.1, error);
    const rg_grid grid = grid_of(3);
    const rg_vti_field field[] = {{"p & <q>", 1, density}, {"error", 3, error}};
    assert_int_equal(rg_vti_write(scratch_path("a.vti"), &grid, field, 2, RG_VTI_FLOAT64, NULL), RG_OK);
    read_vti("a.vti", &file);
    const size_t points = (size_t)(N0 + 1) * (N1 + 1) * (N2 + 1);
    assert_non_null(strstr(file.bytes, "WholeExtent=\"0 5 0 4 0 7\""));
    assert_non_null(strstr(file.bytes, "Name=\"p &amp; &lt;q&gt;\" NumberOfComponents=\"1\""));
    assert_int_equal(little_endian(file.data, 8), 8 * points);
    const unsigned char *vector = file.data + 8 + 8 * points;
    assert_int_equal(little_endian(vector, 8), 24 * points);
    for (int k = 0; k <= N2; k++)
        for (int j = 0; j <= N1; j++)
            for (int i = 0; i <= N0; i++) {
                const int point = (k * (N1 + 1) + j) * (N0 + 1) + i, cell = (i % N0 * N1 + j % N1) * N2 + k % N2;
                assert_true(double_at(file.data + 8 + 8 * point) == density[cell]);
                for (int c = 0; c < 3; c++)
                    assert_true(double_at(vector + 8 + 8 * (3 * point + c)) == error[c * CELLS + cell]);
            }
    assert_string_equal((const char *)vector + 8 + 24 * points, "\n  </AppendedData>\n</VTKFile>\n");
}

static void planes_have_one_layer(void **state) {
    (void)state;
    static double error[2 * N0 * N1];
    static struct file file;
    fill(2 * N0 * N1, 0.4, error);
    error[3] = nan("");
    const rg_grid grid = grid_of(2);
    const rg_vti_field field = {"e", 2, error};
    assert_int_equal(rg_vti_write(scratch_path("a.vti"), &grid, &field, 1, RG_VTI_FLOAT32, NULL), RG_OK);
    read_vti("a.vti", &file);
    assert_non_null(strstr(file.bytes, "Extent=\"0 5 0 4 0 0\""));
    assert_non_null(strstr(file.bytes, "type=\"Float32\" Name=\"e\" NumberOfComponents=\"3\""));
    assert_int_equal(little_endian(file.data, 8), 12 * (N0 + 1) * (N1 + 1));
    for (int j = 0; j <= N1; j++)
        for (int i = 0; i <= N0; i++) {
            const unsigned char *at = file.data + 8 + 12 * (j * (N0 + 1) + i);
            const int cell = i % N0 * N1 + j % N1;
            const float expected = (float)error[cell];
            assert_true(isnan(expected) ? isnan(float_at(at)) : float_at(at) == expected);
            assert_true(float_at(at + 4) == (float)error[N0 * N1 + cell]);
            assert_true(float_at(at + 8) == 0);
        }
}

static void a_comma_stays_out(void **state) {
    (void)state;
    static double values[CELLS];
    static struct file file;
    fill(CELLS, 0.2, values);
    const rg_grid grid = grid_of(3);
    const rg_vti_field field = {"p", 1, values};
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) print_message("no locale de_DE.UTF-8 here: tested in one locale only\n");
    assert_int_equal(rg_vti_write(scratch_path("a.vti"), &grid, &field, 1, RG_VTI_FLOAT64, NULL), RG_OK);
    setlocale(LC_ALL, "C");
    read_vti("a.vti", &file);
    assert_non_null(strstr(file.bytes, "Origin=\"-0.69999999999999996 1.3 0.10000000000000001\" Spacing=\"0.4"));
}

/* ---- what is refused */

static void bad_fields_are_refused(void **state) {
    (void)state;
    static double values[3 * CELLS];
    const rg_grid grid = grid_of(3);
    static const struct {
        rg_vti_field field[2];
        const char *words;
    } bad[] = {
        {{{"", 1, values}, {"b", 1, values}}, "field 1: expected a name"},
        {{{"a", 1, values}, {NULL, 1, values}}, "field 2: expected a name"},
        {{{"a", 1, values}, {"b\nc", 1, values}}, "field 2: expected a name"},
        {{{"a", 1, values}, {"\xff", 1, values}}, "field 2: expected a name"},
        {{{"a", 1, values}, {"a", 3, values}}, "two fields have the name 'a'"},
        {{{"a", 1, values}, {"b", 2, values}}, "'b': expected values with 1 or 3 components, found 2"},
        {{{"a", 1, NULL}, {"b", 1, values}}, "without values"},
    };
    scratch_clear();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rg_diagnostic d = {RG_OK, ""};
        assert_int_equal(rg_vti_write(scratch_path("a.vti"), &grid, bad[i].field, 2, RG_VTI_FLOAT64, &d), RG_EINVAL);
        if (!strstr(d.text, bad[i].words)) print_error("expected \"%s\" in \"%s\"\n", bad[i].words, d.text);
        assert_non_null(strstr(d.text, bad[i].words));
        assert_int_equal(scratch_clear(), 0);
    }
    const rg_vti_field good = {"a", 1, values};
    rg_grid part = grid;
    part.count0 = 2;
    assert_int_equal(rg_vti_write(scratch_path("a.vti"), &part, &good, 1, RG_VTI_FLOAT64, NULL), RG_EINVAL);
    assert_int_equal(rg_vti_write(scratch_path("a.vti"), &grid, &good, 0, RG_VTI_FLOAT64, NULL), RG_EINVAL);
    assert_int_equal(rg_vti_write(scratch_path("a.vtk"), &grid, &good, 1, RG_VTI_FLOAT64, NULL), RG_EINVAL);
    assert_int_equal(rg_vti_write(scratch_path("no/a.vti"), &grid, &good, 1, RG_VTI_FLOAT64, NULL), RG_EIO);
    assert_int_equal(scratch_clear(), 0);
}

static void a_full_disk_is_reported(void **state) {
    (void)state;
    static double values[CELLS];
    const rg_grid grid = grid_of(3);
    const rg_vti_field field = {"a", 1, values};
    const char *path = scratch_path("a.vti");
    scratch_clear();
    if (symlink("/dev/full", path) != 0) skip();
    assert_int_equal(rg_vti_write(path, &grid, &field, 1, RG_VTI_FLOAT64, NULL), RG_EIO);
    scratch_clear();
}

/* ---- a run's fields */

enum { MEMBERS = 6 };

static double axes[N0 + N1], scalar[N0 * N1], vector[2 * N0 * N1], number[1] = {7};
static const ptrdiff_t axis_shape[2][1] = {{N0}, {N1}}, vector_shape[3] = {2, N0, N1}, other_shape[2] = {N1, N0};

static void members_of_a_run(rg_array_member member[MEMBERS]) {
    fill(N0 * N1, 0.6, scalar);
    fill(2 * N0 * N1, 2.6, vector);
    for (int i = 0; i < N0; i++) axes[i] = lower[0] + i * (length[0] / N0);
    for (int j = 0; j < N1; j++) axes[N0 + j] = lower[1] + j * (length[1] / N1);
    const rg_array_member run[MEMBERS] = {
        {"p_end", 2, shape, scalar},    {"error", 3, vector_shape, vector},  {"level", 0, NULL, number},
        {"x0", 1, axis_shape[0], axes}, {"x1", 1, axis_shape[1], axes + N0}, {"q", 2, shape, vector},
    };
    memcpy(member, run, sizeof run);
}

static void a_run_becomes_its_own_grid(void **state) {
    (void)state;
    static struct file from_npz, direct;
    rg_array_member member[MEMBERS];
    members_of_a_run(member);
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), member, MEMBERS, NULL), RG_OK);
    assert_int_equal(rg_vti_from_npz(scratch_path("a.npz"), scratch_path("a.vti"), NULL), RG_OK);
    const rg_grid grid = grid_of(2);
    const rg_vti_field field[] = {{"p_end", 1, scalar}, {"error", 2, vector}, {"q", 1, vector}};
    assert_int_equal(rg_vti_write(scratch_path("b.vti"), &grid, field, 3, RG_VTI_FLOAT64, NULL), RG_OK);
    read_vti("a.vti", &from_npz);
    read_vti("b.vti", &direct);
    const size_t text = strlen("<Piece");
    assert_non_null(strstr(from_npz.bytes, "WholeExtent=\"0 5 0 4 0 0\" Origin=\"-0.69999999999999996 1.3 0\""));
    assert_memory_equal(strstr(from_npz.bytes, "<Piece"), strstr(direct.bytes, "<Piece"), text);
    assert_int_equal(from_npz.size - (size_t)((const char *)from_npz.data - from_npz.bytes),
                     direct.size - (size_t)((const char *)direct.data - direct.bytes));
    assert_memory_equal(from_npz.data, direct.data, direct.size - (size_t)((const char *)direct.data - direct.bytes));
}

static void expect_refused(const rg_array_member *member, size_t count, const char *words) {
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), member, count, NULL), RG_OK);
    assert_int_equal(rg_vti_from_npz(scratch_path("a.npz"), scratch_path("a.vti"), &d), RG_EINVAL);
    if (!strstr(d.text, words)) print_error("expected \"%s\" in \"%s\"\n", words, d.text);
    assert_non_null(strstr(d.text, words));
    assert_int_equal(scratch_clear(), 1); /* the .npz */
}

static void archives_without_a_grid_are_refused(void **state) {
    (void)state;
    rg_array_member member[MEMBERS];
    scratch_clear();
    members_of_a_run(member);
    expect_refused(member, 3, "expected the coordinates of the axes");
    expect_refused(member + 3, 2, "at least one field");
    axes[2] += 1e-6;
    expect_refused(member, MEMBERS, ":x0: expected 4 or more ascending, evenly spaced coordinates");
    members_of_a_run(member);
    axes[1] = nan("");
    expect_refused(member, MEMBERS, ":x0: expected");
    members_of_a_run(member);
    member[5].shape = other_shape;
    expect_refused(member, MEMBERS, ":q: expected the shape of the grid");
    assert_int_equal(rg_vti_from_npz(scratch_path("none.npz"), scratch_path("a.vti"), NULL), RG_EIO);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    rg_array_member member[MEMBERS];
    members_of_a_run(member);
    scratch_clear();
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), member, MEMBERS, NULL), RG_OK);
    const char *npz = scratch_path("a.npz"), *vti = scratch_path("a.vti");
    rg_status status = RG_ENOMEM;
    long n = 0;
    for (; status == RG_ENOMEM && n < 200; n++) {
        assert_int_equal(access(vti, F_OK), -1);
        rg_alloc_fail_after(n);
        status = rg_vti_from_npz(npz, vti, NULL);
    }
    rg_alloc_fail_after(-1);
    assert_int_equal(status, RG_OK);
    assert_true(n > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_three_dimensions_run_along_x),
        cmocka_unit_test(planes_have_one_layer),
        cmocka_unit_test(a_comma_stays_out),
        cmocka_unit_test(bad_fields_are_refused),
        cmocka_unit_test(a_full_disk_is_reported),
        cmocka_unit_test(a_run_becomes_its_own_grid),
        cmocka_unit_test(archives_without_a_grid_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
