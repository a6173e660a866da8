/* Arguments as people type them. */
#include <rotgrad/argument.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;

static void numbers_know_pi(void **state) {
    (void)state;
    const struct {
        const char *text;
        double value;
    } good[] = {{"2.5", 2.5}, {"-1e-8", -1e-8}, {"pi", pi}, {"-2pi", -2 * pi}, {"2*pi/3", 2 * pi / 3}};
    const char *const bad[] = {"", "x", "1x", " 1", "nan", "inf", "0x10", "1e999", "pi2", "--1"};
    double value = 7;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(rg_argument_number(good[i].text, &value), 1);
        assert_true(value == good[i].value);
    }
    value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(rg_argument_number(bad[i], &value), 0);
    assert_int_equal(rg_argument_number(NULL, &value), 0);
    assert_true(value == 7);
}

static void boxes_have_one_pair_an_axis(void **state) {
    (void)state;
    int axes = 0;
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    assert_int_equal(rg_argument_box("-pi:2pi,0:2.3,1:0.7", &axes, lower, length, NULL), RG_OK);
    assert_int_equal(axes, 3);
    assert_true(lower[0] == -pi && length[0] == 2 * pi);
    assert_true(lower[1] == 0 && length[1] == 2.3);
    assert_true(lower[2] == 1 && length[2] == 0.7);
}

static void bad_boxes_leave_the_outputs_alone(void **state) {
    (void)state;
    const struct {
        const char *text, *part;
    } bad[] = {{"", "axis 0"},     {"1", "axis 0"},           {"0:0", "axis 0"},   {"0:-1", "axis 0"},
               {"0:1,", "axis 1"}, {"0:1,,0:1", "axis 1"},    {"0:1:2", "axis 0"}, {"0:1,0:1,0:1,0:1", "at most 3"},
               {"a:b", "\"a:b\""}, {"0:1,nan:1", "\"nan:1\""}};
    char long_pair[400];
    memset(long_pair, '1', sizeof long_pair - 1);
    long_pair[sizeof long_pair - 1] = '\0';
    int axes = 9;
    double lower[RG_MAX_DIM] = {5}, length[RG_MAX_DIM] = {6};
    rg_diagnostic d = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(rg_argument_box(bad[i].text, &axes, lower, length, &d), RG_EINVAL);
        assert_non_null(strstr(d.text, bad[i].part));
    }
    assert_int_equal(rg_argument_box(long_pair, &axes, lower, length, &d), RG_EINVAL);
    assert_int_equal(rg_argument_box(NULL, &axes, lower, length, &d), RG_EINVAL);
    assert_true(axes == 9 && lower[0] == 5 && length[0] == 6);
}

static void the_nearest_word_is_near(void **state) {
    (void)state;
    const char *const words[] = {"run", "split", "info"};
    assert_string_equal(rg_argument_nearest("splti", words, 3), "split");
    assert_string_equal(rg_argument_nearest("nifo", words, 3), "info");
    assert_null(rg_argument_nearest("frobnicate", words, 3));
    assert_null(rg_argument_nearest("run", words, 0));
    assert_null(rg_argument_nearest(NULL, words, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_know_pi),
        cmocka_unit_test(boxes_have_one_pair_an_axis),
        cmocka_unit_test(bad_boxes_leave_the_outputs_alone),
        cmocka_unit_test(the_nearest_word_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
