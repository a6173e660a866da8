/* Results kept between figures, and whether they still are those of an experiment. */
#include "base/base.h"
#include "experiment/report.h"
#include "experiment/view.h"

#include <rotgrad/folder.h>
#include <rotgrad/recipe.h>
#include <rotgrad/version.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The first input is the experiment file, whose comments do not matter: what it says is compared as `resolved`. */
static int same_inputs(const json_t *inputs, const rg_experiment *e) {
    if (json_array_size(inputs) != e->inputs) return 0;
    for (size_t i = 1; i < e->inputs; i++) {
        const char *hash = json_string_value(json_object_get(json_array_get(inputs, i), "sha256"));
        if (!hash || strcmp(hash, e->input[i].sha256) != 0) return 0;
    }
    return 1;
}

/* Results do not depend on the number of threads. */
static int same_experiment(json_t *experiment, const char *resolved) {
    static const char threads[] = "threads";
    json_t *wanted = resolved ? json_loads(resolved, 0, NULL) : NULL;
    json_object_del(experiment, threads);
    json_object_del(wanted, threads);
    const int same = wanted && json_equal(experiment, wanted);
    json_decref(wanted);
    return same;
}

static int has_fields(const char *directory, rg_pool *pool) {
    struct stat status;
    const size_t room = strlen(directory) + sizeof "/fields.npz";
    char *path = rg_pool_alloc(pool, room, 1);
    if (path) snprintf(path, room, "%s/fields.npz", directory);
    return path && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

int rg_result_is_current(const char *directory, const rg_experiment *experiment) {
    rg_pool pool = {0};
    rg_view view = {0};
    if (!directory || !experiment || rg_view_open(&view, directory, &pool, NULL) != RG_OK) {
        rg_pool_clear(&pool);
        return 0;
    }
    const json_t *provenance = json_object_get(view.report, "provenance");
    const char *version = json_string_value(json_object_get(provenance, "version"));
    const int current = version && strcmp(version, rg_version()) == 0 &&
                        same_experiment(json_object_get(provenance, "experiment"), experiment->resolved) &&
                        same_inputs(json_object_get(provenance, "inputs"), experiment) && has_fields(directory, &pool);
    rg_view_close(&view);
    rg_pool_clear(&pool);
    return current;
}

static rg_status write_file(rg_report_writer *write, const rg_report *report, const char *folder, const char *name,
                            rg_diagnostic *diagnostic) {
    const size_t room = strlen(folder) + strlen(name) + 2;
    char *path = rg_alloc(room, 1);
    if (!path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", folder);
    snprintf(path, room, "%s/%s", folder, name);
    const rg_status status = write(report, path, diagnostic);
    rg_free(path);
    return status;
}

rg_status rg_result_write(const rg_outcome *outcome, const rg_experiment *experiment, const char *directory,
                          const char *command, rg_diagnostic *diagnostic) {
    if (!outcome || !experiment || !directory)
        return rg_fail(diagnostic, RG_EINVAL, "a result needs an outcome, its experiment and a directory");
    const rg_report report = {outcome, experiment, command};
    rg_folder folder;
    rg_status status = rg_folder_begin(&folder, directory, 1, diagnostic);
    if (status != RG_OK) return status;
    status = write_file(rg_report_json, &report, folder.beside, "report.json", diagnostic);
    if (status == RG_OK) status = write_file(rg_report_fields, &report, folder.beside, "fields.npz", diagnostic);
    return rg_folder_end(&folder, status, diagnostic);
}
