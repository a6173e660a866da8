/* The files of a report, and the folder that they appear in. */
#include "experiment/report.h"
#include "base/base.h"

#include <rotgrad/folder.h>

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *const rg_divergence_name[RG_DIVERGENCES] = {
    [RG_KL] = "kl", [RG_REVERSE_KL] = "reverse_kl", [RG_TV] = "tv", [RG_CHI2] = "chi2", [RG_HELLINGER2] = "hellinger2"};
const char *const rg_marginal_name[RG_MARGINALS] = {
    [RG_FULL] = "full", [RG_GRADIENT] = "gradient", [RG_SOLENOIDAL] = "solenoidal", [RG_NONE] = "none"};

#define FIGURES "figures"

static const struct {
    const char *name;
    rg_report_writer *write;
    int least_dim;
} file[] = {
    {"report.json", rg_report_json, 1}, /* rg_folder knows an earlier result by it */
    {"levels.csv", rg_report_levels, 1},          {"manifold.csv", rg_report_manifold, 1},
    {"fields.npz", rg_report_fields, 1},          {FIGURES "/marginals.png", rg_report_marginals, 2},
    {FIGURES "/errors.png", rg_report_errors, 2}, {"report.html", rg_report_html, 1}, /* last: it holds the figures */
};
enum { FILES = sizeof file / sizeof *file };

char *rg_report_utf8(const char *text) {
    return g_utf8_make_valid(text, -1);
}

static char *path_of(const char *folder, const char *name) {
    const size_t room = strlen(folder) + strlen(name) + 2;
    char *path = rg_alloc(room, 1);
    if (path) snprintf(path, room, "%s/%s", folder, name);
    return path;
}

static rg_status make_figures_folder(const char *folder, rg_diagnostic *diagnostic) {
    char *path = path_of(folder, FIGURES);
    if (!path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", folder);
    const int failed = mkdir(path, 0777) != 0;
    if (failed) rg_fail(diagnostic, RG_EIO, "%s: cannot make the folder: %s", path, strerror(errno));
    rg_free(path);
    return failed ? RG_EIO : RG_OK;
}

static rg_status write_file(const rg_report *report, int i, const char *folder, rg_diagnostic *diagnostic) {
    char *path = path_of(folder, file[i].name);
    if (!path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", folder);
    const rg_status status = file[i].write(report, path, diagnostic);
    rg_free(path);
    return status;
}

static rg_status write_files(const rg_report *report, const char *folder, rg_diagnostic *diagnostic) {
    const int dim = report->outcome->grid.dim;
    rg_status status = dim > 1 ? make_figures_folder(folder, diagnostic) : RG_OK;
    for (int i = 0; status == RG_OK && i < FILES; i++)
        if (dim >= file[i].least_dim) status = write_file(report, i, folder, diagnostic);
    return status;
}

rg_status rg_outcome_write(const rg_outcome *outcome, const rg_experiment *experiment, const char *directory, int force,
                           const char *command, rg_diagnostic *diagnostic) {
    if (!outcome || !experiment) return rg_fail(diagnostic, RG_EINVAL, "a report needs an outcome and its experiment");
    rg_folder folder;
    rg_status status = rg_folder_begin(&folder, directory, force, diagnostic);
    if (status != RG_OK) return status;
    status = write_files(&(rg_report){outcome, experiment, command}, folder.beside, diagnostic);
    return rg_folder_end(&folder, status, diagnostic);
}
