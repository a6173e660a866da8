/* Files appear complete or not at all; what is in CSV and JSON reads back exactly. */
#include "base/base.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/json.h"

#include "scratch.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { ROOM = 4096 };

static void assert_contents(const char *path, const char *expected) {
    char text[ROOM] = "";
    text[scratch_read(path, text, ROOM - 1)] = '\0';
    assert_string_equal(text, expected);
}

static rg_status write_text(const char *path, const char *text, rg_status status, rg_diagnostic *diagnostic) {
    rg_output output;
    const rg_status begun = rg_output_begin(&output, path, diagnostic);
    if (begun != RG_OK) return begun;
    fputs(text, output.file);
    return rg_output_end(&output, status, diagnostic);
}

static void outputs_appear_when_they_are_complete(void **state) {
    (void)state;
    const char *path = scratch_path("a.txt");
    rg_output output;
    assert_int_equal(rg_output_begin(&output, path, NULL), RG_OK);
    fputs("whole", output.file);
    fflush(output.file);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rg_output_end(&output, RG_OK, NULL), RG_OK);
    assert_contents(path, "whole");
    assert_int_equal(write_text(path, "second", RG_OK, NULL), RG_OK);
    assert_contents(path, "second");
    assert_int_equal(scratch_clear(), 1);
}

static void abandoned_outputs_leave_nothing(void **state) {
    (void)state;
    const char *path = scratch_path("a.txt");
    assert_int_equal(write_text(path, "half", RG_EDOMAIN, NULL), RG_EDOMAIN);
    assert_int_equal(scratch_clear(), 0);
    assert_int_equal(write_text(path, "old", RG_OK, NULL), RG_OK);
    assert_int_equal(write_text(path, "half", RG_EDOMAIN, NULL), RG_EDOMAIN);
    assert_contents(path, "old");
    assert_int_equal(scratch_clear(), 1);
}

static void two_outputs_of_one_name_do_not_mix(void **state) {
    (void)state;
    const char *path = scratch_path("a.txt");
    rg_output first, second;
    assert_int_equal(rg_output_begin(&first, path, NULL), RG_OK);
    assert_int_equal(rg_output_begin(&second, path, NULL), RG_OK);
    fputs("first", first.file);
    fputs("second", second.file);
    assert_int_equal(rg_output_end(&second, RG_OK, NULL), RG_OK);
    assert_int_equal(rg_output_end(&first, RG_OK, NULL), RG_OK);
    assert_contents(path, "first");
    assert_int_equal(scratch_clear(), 1);
}

static void replaced_files_keep_their_permissions(void **state) {
    (void)state;
    const char *path = scratch_path("private.txt");
    struct stat status;
    assert_int_equal(write_text(path, "old", RG_OK, NULL), RG_OK);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(write_text(path, "new", RG_OK, NULL), RG_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    scratch_clear();
}

static void symbolic_links_stay_links(void **state) {
    (void)state;
    const char *path = scratch_path("real.txt"), *alias = scratch_path("alias.txt");
    struct stat status;
    assert_int_equal(write_text(path, "old", RG_OK, NULL), RG_OK);
    assert_int_equal(symlink("real.txt", alias), 0);
    assert_int_equal(write_text(alias, "new", RG_OK, NULL), RG_OK);
    assert_contents(path, "new");
    assert_int_equal(lstat(alias, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    scratch_clear();
}

static void places_that_cannot_be_written_are_refused(void **state) {
    (void)state;
    const char *file = scratch_path("file");
    assert_int_equal(scratch_write(file, "x", 1), 0);
    const char *const places[] = {scratch_path("missing/a.txt"), scratch_path("file/a.txt"), scratch_folder, ""};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        rg_diagnostic d = {0};
        assert_int_equal(write_text(places[i], "x", RG_OK, &d), RG_EIO);
        assert_int_equal(d.status, RG_EIO);
        assert_int_equal(strncmp(d.text, places[i], strlen(places[i])), 0);
    }
    assert_int_equal(scratch_clear(), 1);
}

static void devices_are_written_directly(void **state) {
    (void)state;
    rg_diagnostic d = {0};
    if (access("/dev/full", W_OK) != 0 || access("/dev/null", W_OK) != 0) skip();
    assert_int_equal(write_text("/dev/null", "x", RG_OK, NULL), RG_OK);
    assert_int_equal(write_text("/dev/full", "x", RG_OK, &d), RG_EIO);
    assert_string_equal(d.text, "/dev/full: cannot write: No space left on device");
}

/* A limit on the size of files stands in for a full disk. Larger than the stream's buffer, so that a write in the
 * middle fails and the last flush may not. */
static void full_disk_leaves_the_old_file(void **state) {
    (void)state;
    static char large[1 << 20];
    memset(large, 'x', sizeof large - 1);
    const char *path = scratch_path("a.txt");
    assert_int_equal(write_text(path, "old", RG_OK, NULL), RG_OK);
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    limit = before;
    limit.rlim_cur = 10000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    rg_diagnostic d = {0};
    const rg_status status = write_text(path, large, RG_OK, &d);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, RG_EIO);
    assert_non_null(strstr(d.text, "File too large"));
    assert_contents(path, "old");
    assert_int_equal(scratch_clear(), 1);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const char *path = scratch_path("a.txt");
    int failures = 0;
    for (rg_status status = RG_ENOMEM; status != RG_OK; failures++) {
        rg_alloc_fail_after(failures);
        status = write_text(path, "x", RG_OK, NULL);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
        assert_int_equal(scratch_clear(), status == RG_OK);
    }
    assert_true(failures > 1);
}

static void sha256_is_the_standard_one(void **state) {
    (void)state;
    char digest[RG_SHA256_SIZE];
    static char million[1000000];
    const char *path = scratch_path("a.bin");
    /* FIPS 180-4 examples */
    assert_int_equal(scratch_write(path, "abc", 3), 0);
    assert_int_equal(rg_file_sha256(path, digest, NULL), RG_OK);
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    memset(million, 'a', sizeof million);
    assert_int_equal(scratch_write(path, million, sizeof million), 0);
    assert_int_equal(rg_file_sha256(path, digest, NULL), RG_OK);
    assert_string_equal(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    scratch_clear();
}

static void only_regular_files_are_read(void **state) {
    (void)state;
    char digest[RG_SHA256_SIZE] = "untouched";
    rg_diagnostic d = {0};
    const char *pipe = scratch_path("pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(rg_file_sha256(pipe, digest, &d), RG_EIO);
    assert_non_null(strstr(d.text, "found a pipe"));
    assert_int_equal(rg_file_sha256(scratch_folder, digest, &d), RG_EIO);
    assert_non_null(strstr(d.text, "found a folder"));
    assert_int_equal(rg_file_sha256(scratch_path("none"), digest, &d), RG_EIO);
    assert_non_null(strstr(d.text, "No such file"));
    assert_string_equal(digest, "untouched");
    scratch_clear();
}

/* ---- CSV */

static rg_status write_table(const char *path, rg_diagnostic *diagnostic) {
    static const char *const names[] = {"level", "kl, nats", "note"};
    rg_csv csv;
    const rg_status status = rg_csv_begin(&csv, path, 3, names, diagnostic);
    if (status != RG_OK) return status;
    rg_csv_integer(&csv, -3);
    rg_csv_real(&csv, 0.1);
    rg_csv_text(&csv, "plain");
    rg_csv_integer(&csv, 4);
    rg_csv_real(&csv, -HUGE_VAL);
    rg_csv_text(&csv, "say \"no\"\nor, yes");
    rg_csv_real(&csv, -(double)NAN);
    rg_csv_real(&csv, 5e-324);
    rg_csv_text(&csv, "");
    return rg_csv_end(&csv, RG_OK, diagnostic);
}

static const char table[] = "level,\"kl, nats\",note\n"
                            "-3,0.10000000000000001,plain\n"
                            "4,-inf,\"say \"\"no\"\"\nor, yes\"\n"
                            "nan,4.9406564584124654e-324,\"\"\n";

static void tables_are_quoted_and_exact(void **state) {
    (void)state;
    const char *path = scratch_path("a.csv");
    assert_int_equal(write_table(path, NULL), RG_OK);
    assert_contents(path, table);
    scratch_clear();
}

static void decimal_commas_stay_out(void **state) {
    (void)state;
    const char *path = scratch_path("a.csv");
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) skip();
    assert_int_equal(write_table(path, NULL), RG_OK);
    setlocale(LC_ALL, "C");
    assert_contents(path, table);
    scratch_clear();
}

static void unfinished_tables_can_be_given_up(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b"};
    rg_csv csv;
    assert_int_equal(rg_csv_begin(&csv, scratch_path("missing/a.csv"), 2, names, NULL), RG_EIO);
    assert_int_equal(rg_csv_begin(&csv, scratch_path("a.csv"), 2, names, NULL), RG_OK);
    rg_csv_real(&csv, 1);
    assert_int_equal(rg_csv_end(&csv, RG_ECANCELLED, NULL), RG_ECANCELLED);
    assert_int_equal(scratch_clear(), 0);
}

/* ---- JSON */

static void documents_keep_order_and_digits(void **state) {
    (void)state;
    const double values[] = {0.1, (double)NAN, -1.0 / 3, HUGE_VAL};
    const char *path = scratch_path("a.json");
    json_t *document = json_pack("{s:o, s:s}", "zeta", rg_json_reals(4, values), "alpha", "\xcf\x86");
    assert_non_null(document);
    assert_int_equal(rg_json_write(path, document, NULL), RG_OK);
    assert_contents(path, "{\n  \"zeta\": [\n    0.10000000000000001,\n    null,\n    -0.33333333333333331,\n    null\n"
                          "  ],\n  \"alpha\": \"\xcf\x86\"\n}\n");
    json_t *again = json_load_file(path, 0, NULL);
    const double third = json_real_value(json_array_get(json_object_get(again, "zeta"), 2));
    assert_memory_equal(&third, &values[2], sizeof third);
    json_decref(again);
    json_decref(document);
    scratch_clear();
}

static void documents_that_fail_leave_nothing(void **state) {
    (void)state;
    rg_diagnostic d = {0};
    assert_int_equal(rg_json_write(scratch_path("a.json"), NULL, &d), RG_ENOMEM);
    json_t *document = rg_json_reals(0, NULL);
    assert_int_equal(rg_json_write(scratch_path("missing/a.json"), document, &d), RG_EIO);
    if (access("/dev/full", W_OK) == 0) assert_int_equal(rg_json_write("/dev/full", document, &d), RG_EIO);
    json_decref(document);
    assert_int_equal(scratch_clear(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outputs_appear_when_they_are_complete),
        cmocka_unit_test(abandoned_outputs_leave_nothing),
        cmocka_unit_test(two_outputs_of_one_name_do_not_mix),
        cmocka_unit_test(replaced_files_keep_their_permissions),
        cmocka_unit_test(symbolic_links_stay_links),
        cmocka_unit_test(places_that_cannot_be_written_are_refused),
        cmocka_unit_test(devices_are_written_directly),
        cmocka_unit_test(full_disk_leaves_the_old_file),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(sha256_is_the_standard_one),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(tables_are_quoted_and_exact),
        cmocka_unit_test(decimal_commas_stay_out),
        cmocka_unit_test(unfinished_tables_can_be_given_up),
        cmocka_unit_test(documents_keep_order_and_digits),
        cmocka_unit_test(documents_that_fail_leave_nothing),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
