/* Members one after the other: run, predictors, outcomes, a row. */
#include "base/base.h"
#include "experiment/study.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Progress of one member among those to be run. */
typedef struct member_progress {
    const rg_study_options *options;
    const rg_study *study;
    size_t member;
    double done, count;
} member_progress;

static int step(void *data, double fraction, const char *stage) {
    const member_progress *p = data;
    char text[96];
    (void)stage;
    if (!p->options->progress) return 0;
    snprintf(text, sizeof text, "member %zu of %zu", p->member, p->study->members);
    return p->options->progress(p->options->progress_data, (p->done + fraction) / p->count, text);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *rg_study_path(rg_pool *pool, const char *directory, const char *name) {
    const size_t room = strlen(directory) + strlen(name) + 2;
    char *path = rg_pool_alloc(pool, room, 1);
    if (path) snprintf(path, room, "%s/%s", directory, name);
    return path;
}

/* ---- a row */

static rg_status take_claims(rg_study *study, const rg_outcome *o, rg_study_row *row) {
    size_t room = 1;
    for (size_t i = 0; i < o->claims; i++) room += strlen(o->claim[i].name) + 1;
    row->violations = rg_pool_alloc(&study->pool, room, 1);
    if (!row->violations) return RG_ENOMEM;
    row->claims = o->claims;
    row->violated = row->undecided = 0;
    for (size_t i = 0; i < o->claims; i++) {
        row->undecided += o->claim[i].verdict == RG_UNDECIDED;
        if (o->claim[i].verdict != RG_VIOLATED) continue;
        if (row->violated++) strcat(row->violations, " ");
        strcat(row->violations, o->claim[i].name);
    }
    return RG_OK;
}

static rg_status fill_row(rg_study *study, size_t member, const rg_experiment *experiment, const rg_outcome *outcome,
                          rg_diagnostic *diagnostic) {
    rg_study_row *row = &study->row[member];
    rg_sampling_plan plan = study->sampling;
    plan.seed = (unsigned long)(4294967296.0 * rg_study_uniform(study->seed, (unsigned long)member));
    rg_status status =
        rg_predictors_evaluate(experiment, outcome, &plan, study->predictors, study->predictor, row->value, diagnostic);
    if (status) return status;
    for (size_t k = 0; k < study->outcomes; k++)
        row->value[study->predictors + k] = study->outcome[k]->of_outcome(outcome);
    row->alarm = outcome->resolution_alarm != 0;
    status = take_claims(study, outcome, row);
    return status ? rg_fail(diagnostic, status, "out of memory") : RG_OK;
}

static rg_status run_member(rg_study *study, size_t member, member_progress *progress, rg_diagnostic *diagnostic) {
    const double start = seconds_now();
    rg_experiment experiment = {0};
    rg_outcome *outcome = NULL;
    const rg_run_options how = {.progress = step, .progress_data = progress};
    rg_status status = rg_study_experiment(study, member, progress->options->threads, &experiment, diagnostic);
    if (!status) status = rg_run(&experiment, &how, &outcome, diagnostic);
    if (!status) status = fill_row(study, member, &experiment, outcome, diagnostic);
    rg_outcome_free(outcome);
    rg_experiment_free(&experiment);
    study->row[member].seconds = seconds_now() - start;
    study->row[member].done = !status;
    return status;
}

static rg_status name_member(const rg_study *study, size_t member, rg_status status, rg_diagnostic *diagnostic) {
    if (!status || status == RG_ECANCELLED) return status;
    rg_diagnostic why = *diagnostic;
    const rg_study_member *m = &study->member[member];
    return rg_fail(diagnostic, status, "member %zu (%.60s%s%.200s): %.600s", member, m->label, *m->shown ? "; " : "",
                   m->shown, why.status == status && why.text[0] ? why.text : rg_status_text(status));
}

/* ---- all of them */

static rg_status open_folder(const char *directory, rg_diagnostic *diagnostic) {
    struct stat status;
    if (mkdir(directory, 0777) == 0) return RG_OK;
    const int error = errno;
    if (error == EEXIST && stat(directory, &status) == 0 && S_ISDIR(status.st_mode)) return RG_OK;
    return rg_fail(diagnostic, RG_EIO, "%s: cannot make the folder: %s", directory, strerror(error));
}

/* A member without an answer is no reason to leave the others undone. */
static int has_no_answer(rg_status status) {
    return status == RG_ENOCONV || status == RG_EDOMAIN;
}

static rg_status run_range(rg_study *study, const rg_study_options *options, const char *table,
                           rg_diagnostic *diagnostic) {
    const size_t end = options->count ? options->first + options->count : study->members;
    member_progress progress = {.options = options, .study = study};
    for (size_t i = options->first; i < end; i++) progress.count += !study->row[i].done;
    rg_status failure = RG_OK;
    for (size_t i = options->first; i < end; i++) {
        rg_diagnostic why = {0};
        if (study->row[i].done) continue;
        progress.member = i;
        rg_status status = name_member(study, i, run_member(study, i, &progress, &why), &why);
        if (!status && table) status = rg_study_append(study, i, table, &why);
        progress.done++;
        if (status && !failure) failure = rg_fail(diagnostic, status, "%s", why.text);
        if (status && !has_no_answer(status))
            return failure == status ? failure : rg_fail(diagnostic, status, "%s", why.text);
    }
    return failure;
}

rg_status rg_study_run(rg_study *study, const rg_study_options *options, rg_diagnostic *diagnostic) {
    const rg_study_options none = {0}, *o = options ? options : &none;
    if (!study) return rg_fail(diagnostic, RG_EINVAL, "study: no study");
    if (o->first >= study->members || o->count > study->members - o->first)
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected members from 0 to %zu, got %zu-%zu", study->path,
                       study->members - 1, o->first, o->count ? o->first + o->count - 1 : o->first);
    if (!o->directory) return run_range(study, o, NULL, diagnostic);
    rg_status status = open_folder(o->directory, diagnostic);
    if (status) return status;
    const char *table = rg_study_path(&study->pool, o->directory, "members.csv");
    if (!table) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", o->directory);
    status = rg_study_load(study, table, diagnostic);
    return status ? status : run_range(study, o, table, diagnostic);
}
