/* rotgrad plot: results for the runs and studies of a recipe. */
#include "plot.h"

#include <rotgrad/study.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const verb = PLOT_VERB;

/* Progress of one run among several. */
typedef struct run_progress {
    cli_progress *bar;
    const char *name;
    double done, count;
} run_progress;

static int step(void *data, double fraction, const char *stage) {
    const run_progress *p = data;
    char text[96];
    snprintf(text, sizeof text, "%s: %s", p->name, stage ? stage : "");
    return cli_progress_step(p->bar, (p->done + fraction) / p->count, text);
}

static int needs_run(const rg_recipe_run *run) {
    return !run->directory && run->experiment;
}

static int read_experiment(const plot_job *job, const rg_recipe_run *run, rg_experiment *experiment) {
    rg_diagnostic diagnostic = {0};
    char threads[32];
    const char **setting = calloc(run->settings + 1, sizeof *setting);
    size_t settings = 0;
    if (!setting) return cli_fail(verb, "out of memory");
    for (; settings < run->settings; settings++) setting[settings] = run->setting[settings];
    snprintf(threads, sizeof threads, "threads=%d", job->threads);
    if (job->threads) setting[settings++] = threads;
    const rg_status status = rg_experiment_read(run->experiment, setting, settings, experiment, &diagnostic);
    free(setting);
    return cli_check(verb, status, &diagnostic);
}

static int interrupted(const plot_job *job) {
    cli_fail(verb, job->runs ? "interrupted; no figure was written, finished runs are kept"
                             : "interrupted; nothing was written");
    return CLI_SIGNAL + cli_caught_signal();
}

/* Where a run is kept; NULL: nowhere. Freed by free. */
static char *kept_in(const plot_job *job, const rg_recipe_run *run) {
    if (!job->runs) return NULL;
    const size_t room = strlen(job->runs) + strlen(run->name) + 2;
    char *path = malloc(room);
    if (path) snprintf(path, room, "%s/%s", job->runs, run->name);
    return path;
}

static int keep(const plot_job *job, const rg_outcome *outcome, const rg_experiment *experiment, const char *path) {
    rg_diagnostic diagnostic = {0};
    if (!path) return CLI_DONE;
    cli_hold_signals(1);
    const rg_status status = rg_result_write(outcome, experiment, path, job->command, &diagnostic);
    cli_hold_signals(0);
    return cli_check(verb, status, &diagnostic);
}

static int compute(plot_job *job, size_t index, const rg_recipe_run *run, run_progress *progress, const char *path) {
    rg_diagnostic diagnostic = {0};
    rg_experiment *experiment = &job->experiment[index];
    const rg_run_options how = {.progress = step, .progress_data = progress};
    const rg_status status = rg_run(experiment, &how, &job->outcome[index], &diagnostic);
    if (status == RG_ECANCELLED) return interrupted(job);
    cli_progress_end(progress->bar);
    if (status)
        return cli_fail(verb, "%s: %s", run->experiment, diagnostic.text[0] ? diagnostic.text : rg_status_text(status));
    if (job->outcome[index]->resolution_alarm)
        cli_warn(verb, "%s: %s", run->name, job->outcome[index]->resolution_note);
    const int code = keep(job, job->outcome[index], experiment, path);
    if (code != CLI_DONE) return code;
    return cli_check(verb, rg_recipe_use_outcome(job->recipe, index, job->outcome[index], experiment, &diagnostic),
                     &diagnostic);
}

static int obtain(plot_job *job, size_t index, const rg_recipe_run *run, run_progress *progress) {
    rg_diagnostic diagnostic = {0};
    char *path = kept_in(job, run);
    int code = job->runs && !path ? cli_fail(verb, "out of memory") : CLI_DONE;
    if (code == CLI_DONE) code = read_experiment(job, run, &job->experiment[index]);
    if (code == CLI_DONE && path && rg_result_is_current(path, &job->experiment[index]))
        code = cli_check(verb, rg_recipe_use_directory(job->recipe, index, path, &diagnostic), &diagnostic);
    else if (code == CLI_DONE)
        code = compute(job, index, run, progress, path);
    free(path);
    return code;
}

static int make_folder(const plot_job *job) {
    if (!job->runs || mkdir(job->runs, 0777) == 0 || errno == EEXIST) return CLI_DONE;
    return cli_fail(verb, "%s: cannot make the folder: %s", job->runs, strerror(errno));
}

static int obtain_all(plot_job *job, const rg_recipe_run *run) {
    cli_progress bar = cli_progress_begin(job->quiet);
    run_progress progress = {.bar = &bar};
    int code = make_folder(job);
    for (size_t i = 0; i < job->results; i++) progress.count += needs_run(&run[i]);
    if (progress.count > 0) cli_catch_signals();
    for (size_t i = 0; code == CLI_DONE && i < job->results; i++) {
        if (!needs_run(&run[i])) continue;
        progress.name = run[i].name;
        code = obtain(job, i, &run[i], &progress);
        progress.done++;
    }
    cli_progress_end(&bar);
    return code;
}

/* Directories on the command line take the places of the runs. */
static int use_sources(plot_job *job, size_t runs) {
    rg_diagnostic diagnostic = {0};
    if (job->sources != runs)
        return cli_fail(verb, "%s draws from %zu run%s, found %zu director%s", job->recipe_name, runs,
                        runs == 1 ? "" : "s", job->sources, job->sources == 1 ? "y" : "ies");
    for (size_t i = 0; i < runs; i++) {
        const int code =
            cli_check(verb, rg_recipe_use_directory(job->recipe, i, job->source[i], &diagnostic), &diagnostic);
        if (code != CLI_DONE) return code;
    }
    return CLI_DONE;
}

/* ---- studies */

/* Runs the members that DIR/NAME does not hold yet. */
static int complete_study(const plot_job *job, const rg_recipe_study *entry, const char *directory, cli_progress *bar) {
    rg_diagnostic diagnostic = {0};
    rg_study *study = NULL;
    const rg_study_options how = {
        .directory = directory, .threads = job->threads, .progress = cli_progress_step, .progress_data = bar};
    rg_status status = rg_study_read(entry->study, entry->setting, entry->settings, &study, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    cli_catch_signals();
    status = rg_study_run(study, &how, &diagnostic);
    cli_progress_end(bar);
    rg_study_free(study);
    return status == RG_ECANCELLED ? interrupted(job) : cli_check(verb, status, &diagnostic);
}

static int obtain_study(plot_job *job, size_t index, const rg_recipe_study *entry) {
    rg_diagnostic diagnostic = {0};
    if (!job->runs)
        return cli_fail(
            verb, "%s: the study %s has no results; keep them with --runs DIR, or compute them with rotgrad study",
            job->recipe_name, entry->name);
    const size_t room = strlen(job->runs) + strlen(entry->name) + 2;
    char *path = malloc(room);
    if (!path) return cli_fail(verb, "out of memory");
    snprintf(path, room, "%s/%s", job->runs, entry->name);
    cli_progress bar = cli_progress_begin(job->quiet);
    int code = make_folder(job);
    if (code == CLI_DONE) code = complete_study(job, entry, path, &bar);
    if (code == CLI_DONE)
        code = cli_check(verb, rg_recipe_use_study(job->recipe, index, path, &diagnostic), &diagnostic);
    free(path);
    return code;
}

static int obtain_studies(plot_job *job) {
    const rg_recipe_study *study;
    const size_t studies = rg_recipe_studies(job->recipe, &study);
    int code = CLI_DONE;
    for (size_t i = 0; code == CLI_DONE && i < studies; i++)
        if (!study[i].directory) code = obtain_study(job, i, &study[i]);
    return code;
}

int plot_results(plot_job *job) {
    const rg_recipe_run *run;
    const size_t runs = rg_recipe_runs(job->recipe, &run);
    if (job->sources_are_runs) return use_sources(job, runs);
    for (size_t i = 0; i < runs; i++)
        if (!run[i].directory && !run[i].experiment)
            return cli_fail(verb,
                            "%s: the run %s names no experiment; give its directory: rotgrad plot DIR --figure %s",
                            job->source[0], run[i].name, job->source[0]);
    job->outcome = calloc(runs + 1, sizeof(rg_outcome *));
    job->experiment = calloc(runs + 1, sizeof *job->experiment);
    if (!job->outcome || !job->experiment) return cli_fail(verb, "out of memory");
    job->results = runs;
    const int code = obtain_studies(job);
    return code == CLI_DONE ? obtain_all(job, run) : code;
}
