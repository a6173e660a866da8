/* rotgrad plot: the files it writes, and what it says about them. */
#include "plot.h"

#include <rotgrad/version.h>
#include <rotgrad/vti.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const verb = PLOT_VERB;

enum { ENDINGS = 4 };

/* One row an option that names a file. */
static const struct output {
    const char *ending[ENDINGS], *expected;
    rg_status (*write)(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic);
} output_of[PLOT_OUTPUTS] = {
    [PLOT_PICTURE] = {{".png", ".pdf", ".svg", ".vti"}, ".png, .pdf, .svg or .vti", rg_figure_write},
    [PLOT_DATA] = {{".csv", ".npz"}, ".csv or .npz", rg_figure_write_data},
    [PLOT_GNUPLOT] = {{".gp"}, ".gp", rg_figure_write_gnuplot},
};

/* ---- before the work */

static int check_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
    if (!folder) return cli_fail(verb, "out of memory");
    const int missing = access(folder, W_OK) != 0, error = errno;
    free(folder);
    if (!missing) return CLI_DONE;
    if (error == ENOENT) return cli_fail(verb, "%s: cannot write: the folder does not exist; make it first", path);
    return cli_fail(verb, "%s: cannot write: %s", path, strerror(error));
}

/* A file is refused, a device or a pipe is not. */
static int check_output(const plot_job *job, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) return check_folder(path);
    if (S_ISDIR(status.st_mode)) return cli_fail(verb, "%s: cannot write: it is a folder", path);
    if (!S_ISREG(status.st_mode) || job->force) return CLI_DONE;
    return cli_fail(verb, "%s: the file exists; name another one, or replace it with --force", path);
}

static int ends_in(const char *text, const char *ending) {
    const size_t length = strlen(text), of_ending = strlen(ending);
    return length >= of_ending && strcmp(text + length - of_ending, ending) == 0;
}

/* The writers say the same, but after the runs. */
static int check_ending(const struct output *output, const char *path) {
    for (int i = 0; i < ENDINGS && output->ending[i]; i++)
        if (ends_in(path, output->ending[i])) return CLI_DONE;
    return cli_fail(verb, "%s: expected a file name that ends in %s", path, output->expected);
}

int plot_check_outputs(const plot_job *job) {
    int code = CLI_DONE;
    for (int i = 0; code == CLI_DONE && i < PLOT_OUTPUTS; i++) {
        if (!job->output[i]) continue;
        code = check_ending(&output_of[i], job->output[i]);
        if (code == CLI_DONE) code = check_output(job, job->output[i]);
    }
    return code;
}

/* ---- after it */

int plot_write(const plot_job *job, const rg_figure *figure) {
    int code = CLI_DONE;
    cli_hold_signals(1);
    for (int i = 0; code == CLI_DONE && i < PLOT_OUTPUTS; i++) {
        rg_diagnostic diagnostic = {0};
        if (!job->output[i]) continue;
        const rg_status status = output_of[i].write(figure, job->output[i], &diagnostic);
        code = cli_check(verb, status, &diagnostic);
    }
    cli_hold_signals(0);
    return code;
}

/* ---- fields for ParaView */

int plot_is_vti(const plot_job *job) {
    return job->output[PLOT_PICTURE] && ends_in(job->output[PLOT_PICTURE], ".vti");
}

int plot_vti(const plot_job *job) {
    rg_diagnostic diagnostic = {0};
    const char *source = job->source[0];
    if (job->sources > 1 || ends_in(source, ".yaml") || ends_in(source, ".npy") || strstr(source, ".npz:"))
        return cli_fail(verb, "%s: a .vti is made of one directory of a run, or of its fields.npz", source);
    const char *member = ends_in(source, ".npz") ? "" : "/fields.npz";
    char *path = malloc(strlen(source) + strlen(member) + 1);
    if (!path) return cli_fail(verb, "out of memory");
    const rg_status status =
        rg_vti_from_npz(strcat(strcpy(path, source), member), job->output[PLOT_PICTURE], &diagnostic);
    free(path);
    return cli_check(verb, status, &diagnostic);
}

/* ---- what was drawn */

static json_t *axis_json(const rg_axis *axis) {
    const int given = axis->lower != 0 || axis->upper != 0;
    return json_pack("{s:o, s:s, s:o, s:o, s:b}", "label", cli_text(axis->label), "scale",
                     axis->scale == RG_SCALE_LOG ? "log" : "linear", "lower",
                     given ? cli_real(axis->lower) : json_null(), "upper", given ? cli_real(axis->upper) : json_null(),
                     "degrees", axis->degrees);
}

static json_t *heat_json(const rg_heat_map *heat) {
    static const char *const map[] = {
        [RG_MAP_SEQUENTIAL] = "sequential", [RG_MAP_DIVERGING] = "diverging", [RG_MAP_CYCLIC] = "cyclic"};
    double least = HUGE_VAL, most = -HUGE_VAL;
    ptrdiff_t missing = 0;
    for (ptrdiff_t i = 0; i < heat->shape[0] * heat->shape[1]; i++) {
        missing += !isfinite(heat->values[i]);
        if (isfinite(heat->values[i])) least = fmin(least, heat->values[i]);
        if (isfinite(heat->values[i])) most = fmax(most, heat->values[i]);
    }
    return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:o}", "shape", cli_sizes(2, heat->shape), "map",
                     map[heat->map], "scale", heat->scale == RG_SCALE_LOG ? "log" : "linear", "lower",
                     cli_real(heat->minimum), "upper", cli_real(heat->maximum), "least", cli_real(least), "largest",
                     cli_real(most), "not_finite", (json_int_t)missing, "unit", cli_text(heat->unit));
}

static json_t *curves_json(const rg_panel *panel) {
    json_t *list = json_array();
    for (size_t i = 0; i < panel->curves; i++)
        json_array_append_new(list, json_pack("{s:o, s:I, s:b}", "label", cli_text(panel->curve[i].label), "points",
                                              (json_int_t)panel->curve[i].count, "error_bars",
                                              panel->curve[i].lower != NULL));
    return list;
}

static json_t *panel_json(const rg_panel *panel) {
    json_t *layers = json_array();
    const struct {
        const char *name;
        int there;
    } layer[] = {{"heat", panel->heat != NULL},
                 {"flow", panel->flow != NULL},
                 {"arrows", panel->arrows != NULL},
                 {"contours", panel->contours != NULL},
                 {"curves", panel->curves > 0}};
    for (size_t i = 0; i < sizeof layer / sizeof *layer; i++)
        if (layer[i].there) json_array_append_new(layers, json_string(layer[i].name));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "title", cli_text(panel->title), "layers", layers, "x",
                     axis_json(&panel->x), "y", axis_json(&panel->y), "heat",
                     panel->heat ? heat_json(panel->heat) : json_null(), "curves", curves_json(panel), "note",
                     cli_text(panel->note));
}

int plot_print(const plot_job *job, const rg_figure *figure) {
    json_t *panels = json_array(), *files = json_array(), *runs = json_array();
    const rg_recipe_run *run;
    const size_t count = rg_recipe_runs(job->recipe, &run);
    for (size_t i = 0; i < figure->panels; i++) json_array_append_new(panels, panel_json(&figure->panel[i]));
    for (int i = 0; i < PLOT_OUTPUTS; i++)
        if (job->output[i]) json_array_append_new(files, cli_text(job->output[i]));
    for (size_t i = 0; i < count; i++)
        json_array_append_new(runs, json_pack("{s:o, s:o, s:o}", "name", cli_text(run[i].name), "experiment",
                                              cli_text(run[i].experiment), "directory", cli_text(run[i].directory)));
    return cli_print_json(verb,
                          json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "schema", "rotgrad.plot/1", "version",
                                    rg_version(), "recipe", cli_text(job->recipe_name), "title",
                                    cli_text(figure->title), "runs", runs, "panels", panels, "files", files),
                          stdout);
}
