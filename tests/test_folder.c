/* Folders of results appear complete or not at all, and nothing else is ever removed. */
#include <rotgrad/folder.h>

#include "base/base.h"

#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

static void put(const char *name, const char *text) {
    assert_int_equal(scratch_write(scratch_path(name), text, strlen(text)), 0);
}

static int is_there(const char *name) {
    return access(scratch_path(name), F_OK) == 0;
}

/* Writes report.json into the folder and ends it with `status`. */
static rg_status make(const char *path, int force, const char *text, rg_status status, rg_diagnostic *diagnostic) {
    rg_folder folder;
    char file[SCRATCH_ROOM + 64];
    const rg_status begun = rg_folder_begin(&folder, path, force, diagnostic);
    if (begun) return begun;
    snprintf(file, sizeof file, "%s/report.json", folder.beside);
    assert_int_equal(scratch_write(file, text, strlen(text)), 0);
    return rg_folder_end(&folder, status, diagnostic);
}

static void assert_report(const char *name, const char *expected) {
    char text[64] = "";
    text[scratch_read(scratch_path(name), text, sizeof text - 1)] = '\0';
    assert_string_equal(text, expected);
}

static void remove_out(void) {
    remove(scratch_path("out/report.json"));
    remove(scratch_path("out"));
    assert_int_equal(scratch_clear(), 0);
}

static void messages_name_the_folder_that_was_asked_for(void **state) {
    (void)state;
    char path[SCRATCH_ROOM], given[SCRATCH_ROOM + 4], expected[SCRATCH_ROOM + 32];
    strcpy(path, scratch_path("out"));
    snprintf(given, sizeof given, "%s//", path);
    rg_folder folder;
    rg_diagnostic said = {0};
    assert_int_equal(rg_folder_begin(&folder, given, 0, NULL), RG_OK);
    rg_fail(&said, RG_EIO, "%s/a.csv: no space", folder.beside);
    assert_int_equal(rg_folder_end(&folder, RG_EIO, &said), RG_EIO);
    snprintf(expected, sizeof expected, "%s/a.csv: no space", path);
    assert_string_equal(said.text, expected);
    assert_int_equal(rg_folder_begin(&folder, path, 0, NULL), RG_OK);
    rg_fail(&said, RG_EDOMAIN, "x.yaml: of something else");
    assert_int_equal(rg_folder_end(&folder, RG_EDOMAIN, &said), RG_EDOMAIN);
    assert_string_equal(said.text, "x.yaml: of something else");
    assert_int_equal(scratch_clear(), 0);
}

static void links_to_nothing_are_refused_before_the_work(void **state) {
    (void)state;
    rg_diagnostic said = {0};
    assert_int_equal(symlink("nowhere", scratch_path("link")), 0);
    assert_int_equal(rg_folder_check(scratch_path("link"), 1, &said), RG_EIO);
    assert_non_null(strstr(said.text, "link: expected a folder or nothing, found a symbolic link to nothing"));
    assert_int_equal(unlink(scratch_path("link")), 0);
}

static void a_folder_appears_when_it_is_complete(void **state) {
    (void)state;
    const char *path = scratch_path("out");
    rg_folder folder;
    assert_int_equal(rg_folder_begin(&folder, path, 0, NULL), RG_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(rg_folder_end(&folder, RG_OK, NULL), RG_OK);
    assert_int_equal(make(path, 0, "into an empty one", RG_OK, NULL), RG_OK);
    assert_report("out/report.json", "into an empty one");
    remove_out();
}

static void an_abandoned_folder_leaves_nothing(void **state) {
    (void)state;
    const char *path = scratch_path("out");
    assert_int_equal(make(path, 0, "half", RG_EDOMAIN, NULL), RG_EDOMAIN);
    assert_int_equal(scratch_clear(), 0);
    assert_int_equal(make(path, 0, "old", RG_OK, NULL), RG_OK);
    assert_int_equal(make(path, 1, "half", RG_EDOMAIN, NULL), RG_EDOMAIN);
    assert_report("out/report.json", "old");
    remove_out();
}

static void an_earlier_result_is_replaced_by_force_only(void **state) {
    (void)state;
    const char *path = scratch_path("out");
    rg_diagnostic d = {0};
    assert_int_equal(make(path, 0, "old", RG_OK, NULL), RG_OK);
    assert_int_equal(make(path, 0, "new", RG_OK, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "not empty"));
    put("out/old.npy", "x");
    assert_int_equal(chmod(path, 0700), 0);
    assert_int_equal(make(path, 1, "new", RG_OK, &d), RG_OK);
    assert_report("out/report.json", "new");
    assert_false(is_there("out/old.npy"));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    remove_out();
}

static void what_is_no_result_stays(void **state) {
    (void)state;
    const char *path = scratch_path("out");
    rg_diagnostic d = {0};
    assert_int_equal(mkdir(path, 0777), 0);
    put("out/notes.txt", "precious");
    assert_int_equal(rg_folder_check(path, 1, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "no earlier result"));
    put("out/report.json", "{}");
    assert_int_equal(rg_folder_check(path, 1, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "more than results"));
    remove(scratch_path("out/notes.txt"));
    assert_int_equal(symlink("report.json", scratch_path("out/link.json")), 0);
    assert_int_equal(rg_folder_check(path, 1, &d), RG_EINVAL);
    remove(scratch_path("out/link.json"));
    assert_int_equal(rg_folder_check(path, 1, &d), RG_OK);
    remove_out();
}

/* Between begin and end somebody else may have used the name. */
static void what_came_meanwhile_stays(void **state) {
    (void)state;
    const char *path = scratch_path("out");
    for (int force = 0; force < 2; force++) {
        rg_folder folder;
        assert_int_equal(rg_folder_begin(&folder, path, force, NULL), RG_OK);
        assert_int_equal(mkdir(path, 0777), 0);
        put("out/notes.txt", "precious");
        assert_int_equal(rg_folder_end(&folder, RG_OK, NULL), RG_EINVAL);
        assert_true(is_there("out/notes.txt"));
        remove(scratch_path("out/notes.txt"));
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(scratch_clear(), 0);
    }
}

static void links_are_followed(void **state) {
    (void)state;
    const char *path = scratch_path("out"), *link = scratch_path("link");
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(symlink("out", link), 0);
    assert_int_equal(make(link, 0, "through the link", RG_OK, NULL), RG_OK);
    assert_report("out/report.json", "through the link");
    remove(link);
    remove_out();
}

static void bad_places_are_refused(void **state) {
    (void)state;
    put("file", "x");
    const struct {
        const char *path;
        rg_status status;
    } bad[] = {{scratch_path("missing/out"), RG_EIO},
               {scratch_path("file"), RG_EIO},
               {scratch_path("file/out"), RG_EIO},
               {"", RG_EINVAL},
               {NULL, RG_EINVAL},
               {".", RG_EINVAL}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rg_diagnostic d = {0};
        rg_folder folder;
        assert_int_equal(rg_folder_check(bad[i].path, 1, &d), bad[i].status);
        assert_int_equal(d.status, bad[i].status);
        if (bad[i].path) assert_int_equal(strncmp(d.text, bad[i].path, strlen(bad[i].path)), 0);
        assert_int_equal(rg_folder_begin(&folder, bad[i].path, 1, NULL), bad[i].status);
    }
    assert_int_equal(scratch_clear(), 1);
}

static void allocations_may_fail(void **state) {
    (void)state;
    const char *path = scratch_path("out");
    rg_status status = RG_ENOMEM;
    for (long n = 0; status != RG_OK; n++) {
        assert_true(n < 100);
        rg_alloc_fail_after(n);
        status = make(path, 0, "x", RG_OK, NULL);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
        if (status) assert_int_equal(scratch_clear(), 0);
    }
    remove_out();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_name_the_folder_that_was_asked_for),
        cmocka_unit_test(links_to_nothing_are_refused_before_the_work),
        cmocka_unit_test(a_folder_appears_when_it_is_complete),
        cmocka_unit_test(an_abandoned_folder_leaves_nothing),
        cmocka_unit_test(an_earlier_result_is_replaced_by_force_only),
        cmocka_unit_test(what_is_no_result_stays),
        cmocka_unit_test(what_came_meanwhile_stays),
        cmocka_unit_test(links_are_followed),
        cmocka_unit_test(bad_places_are_refused),
        cmocka_unit_test(allocations_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
