/* A study: many runs of one kind, and which number predicts their harm. Reference of the keys: docs/study.md.
 *
 *     rg_study *study = NULL;
 *     rg_status status = rg_study_read("study.yaml", NULL, 0, &study, &why);
 *     if (!status) status = rg_study_run(study, &(rg_study_options){.directory = "out"}, &why);
 *     if (!status) status = rg_study_write(study, "out", &why);
 *     rg_study_free(study);
 *
 * A member is an experiment with settings. Each leaves a row: the predictors, which training or a look at the score could
 * give, and the outcomes, which only a run gives. Rows are appended to DIR/members.csv as members end; a study that was
 * stopped goes on where it was. The same file and seed give the same rows, for any number of threads.
 */
#ifndef ROTGRAD_STUDY_H
#define ROTGRAD_STUDY_H

#include <rotgrad/run.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_study rg_study;

/* Reads and checks a study and the experiment of each member; `settings` as in rg_experiment_read, for keys of the study.
 * RG_EIO, RG_EFORMAT, RG_EINVAL (unknown key, value or name, with file, line and column), RG_EDOMAIN (from an
 * experiment), RG_ENOMEM. */
RG_API rg_status rg_study_read(const char *path, const char *const *settings, size_t count, rg_study **study,
                               rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Accepts NULL. */
RG_API void rg_study_free(rg_study *study);

RG_API size_t rg_study_members(const rg_study *study);
RG_API size_t rg_study_done(const rg_study *study); /* rows there are by now */

typedef struct rg_study_options {
    const char *directory; /* made when it is missing; NULL: rows stay in memory */
    size_t first, count;   /* members, from 0; count 0: all from `first` on */
    int threads;           /* 0: as the experiments say */
    rg_progress *progress; /* may be NULL; the stage names the member */
    void *progress_data;
} rg_study_options;

/* Takes the rows that DIR/members.csv holds, then runs the members of the range that have none, one after the other.
 * RG_EINVAL: members.csv is of another study, or the range is not within the members; RG_EFORMAT: it is no such table;
 * RG_EIO; RG_ECANCELLED: rows of members that ended are kept; and what rg_run returns, the diagnostic names the member.
 * After RG_ENOCONV and RG_EDOMAIN of a member the others are run all the same; the diagnostic is that of the first one. */
RG_API rg_status rg_study_run(rg_study *study, const rg_study_options *options,
                              rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Whether a claim is violated in any member. */
RG_API int rg_study_violated(const rg_study *study);

/* Coefficients are worked out when they are asked for, and kept.
 * DIR/study.json (schema rotgrad.study/1), complete or not at all; the same as text; a table for people. Texts are freed
 * with rg_free. RG_EIO, RG_ENOMEM. */
RG_API rg_status rg_study_write(rg_study *study, const char *directory, rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API rg_status rg_study_json(rg_study *study, char **text) RG_MUST_CHECK;
RG_API rg_status rg_study_text(rg_study *study, char **text) RG_MUST_CHECK;

/* What a study can correlate: predictors first, then outcomes. */
typedef struct rg_study_quantity {
    const char *name, *sentence, *unit;
    int is_outcome;
} rg_study_quantity;
/* 1 and the quantity of that index; 0 beyond the last one. */
RG_API int rg_study_quantity_at(size_t index, rg_study_quantity *quantity);

#ifdef __cplusplus
}
#endif

#endif
