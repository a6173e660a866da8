/* The ground floor: sums do not depend on the number of threads, sizes are checked. */
#include "base/base.h"

#include <math.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 1 << 20 | 77 };

static double *noise(size_t count) {
    double *a = rg_field_alloc(count);
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; a && i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        a[i] = (double)(int64_t)state * 0x1p-63;
    }
    return a;
}

static void sums_do_not_depend_on_threads(void **state) {
    (void)state;
    double *a = noise(COUNT);
    assert_non_null(a);
    omp_set_num_threads(1);
    const double one = rg_sum(COUNT, a), dot_one = rg_dot(COUNT, a, a + 1 - 1);
    omp_set_num_threads(2);
    const double two = rg_sum(COUNT, a), dot_two = rg_dot(COUNT, a, a);
    assert_memory_equal(&one, &two, sizeof one);
    assert_memory_equal(&dot_one, &dot_two, sizeof dot_one);
    double plain = 0;
    for (size_t i = 0; i < COUNT; i++) plain += a[i];
    assert_true(fabs(plain - one) < 1e-16 * COUNT * 100);
    rg_free(a);
}

static void sizes_are_checked(void **state) {
    (void)state;
    assert_null(rg_alloc(SIZE_MAX / 4, 8));
    assert_null(rg_alloc(SIZE_MAX, 1));
    assert_int_equal(rg_size_product(SIZE_MAX, 2), 0);
    assert_int_equal(rg_size_product(3, 5), 15);
    rg_alloc_fail_after(1);
    void *first = rg_alloc(1, 1);
    assert_non_null(first);
    assert_null(rg_alloc(1, 1));
    void *third = rg_alloc(1, 1);
    assert_non_null(third);
    rg_free(first);
    rg_free(third);
}

static void arrays_grow_and_keep_what_they_hold(void **state) {
    (void)state;
    size_t room = 0;
    uint64_t *array = NULL;
    for (size_t count = 0; count < 1000; count++) {
        uint64_t *larger = rg_grow(array, count, sizeof *array, &room);
        assert_non_null(larger);
        assert_true(room > count && room < 2 * count + 65);
        array = larger;
        array[count] = count * 0x9e3779b97f4a7c15u;
    }
    for (size_t i = 0; i < 1000; i++) assert_true(array[i] == i * 0x9e3779b97f4a7c15u);
    const size_t before = room;
    assert_ptr_equal(rg_grow(array, 1000, sizeof *array, &room), array); /* there is room */
    rg_alloc_fail_after(0);
    assert_null(rg_grow(array, room, sizeof *array, &room));
    rg_alloc_fail_after(-1);
    assert_int_equal(room, before);
    assert_true(array[999] == 999 * 0x9e3779b97f4a7c15u);
    rg_free(array);
    room = SIZE_MAX / 2 + 1; /* twice that overflows */
    assert_null(rg_grow(NULL, room, 1, &room));
    room = SIZE_MAX / 8;
    assert_null(rg_grow(NULL, room, 64, &room));
}

static void diagnostics_are_cut_not_overrun(void **state) {
    (void)state;
    rg_diagnostic d = {0};
    char text[4 * RG_DIAGNOSTIC_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(rg_fail(&d, RG_EIO, "%s", text), RG_EIO);
    assert_int_equal(d.status, RG_EIO);
    assert_int_equal(strlen(d.text), RG_DIAGNOSTIC_SIZE - 1);
    assert_int_equal(rg_fail(NULL, RG_EINVAL, "ignored"), RG_EINVAL);
    assert_non_null(rg_status_text((rg_status)99));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_do_not_depend_on_threads),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
        cmocka_unit_test(diagnostics_are_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
