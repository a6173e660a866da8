/* What the files of a study share. Internal. */
#ifndef RG_STUDY_H
#define RG_STUDY_H

#include "experiment/node.h"
#include "experiment/predictors.h"
#include "measure/correlation.h"

#include <rotgrad/study.h>
#include <stdio.h>

typedef struct rg_study_member {
    const char *label, *experiment;
    size_t settings;
    const char **setting; /* those of the study first */
    const char *shown;    /* its own settings, joined by "; " */
    double value;         /* of a sweep; NaN */
    char hash[17];        /* of all its row depends on */
} rg_study_member;

/* What a member leaves. */
typedef struct rg_study_row {
    int done;
    rg_value *value; /* predictors, then outcomes, as the study lists them; error NaN: not known */
    size_t claims, violated, undecided;
    char *violations; /* names, joined by a space */
    int alarm;        /* of the resolution */
    double seconds;
} rg_study_row;

struct rg_study {
    rg_pool pool; /* everything the study owns */
    const char *path, *title;
    rg_node *root;
    size_t members, predictors, outcomes;
    rg_study_member *member;
    const rg_predictor **predictor;
    const rg_outcome_kind **outcome;
    rg_sampling_plan sampling;
    size_t replicates;
    unsigned long seed;
    rg_study_row *row; /* one a member */

    size_t correlated;           /* rows behind `correlation`; 0: not worked out */
    rg_correlation *correlation; /* (predictors, outcomes) */
};

/* The members that `ensemble` asks for, hashes left out. */
rg_status rg_study_expand(rg_study *study, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Reads the experiment of a member. */
rg_status rg_study_experiment(const rg_study *study, size_t member, int threads, rg_experiment *experiment,
                              rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* DIR/members.csv. rg_study_load takes its rows; a last line that was cut short by the end of the program is removed from
 * the file. rg_study_append adds one row (and makes the file), in a single write. */
rg_status rg_study_load(rg_study *study, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;
rg_status rg_study_append(const rg_study *study, size_t member, const char *path,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* "DIR/NAME" in the pool. */
const char *rg_study_path(rg_pool *pool, const char *directory, const char *name);

/* Fills `correlation` from the rows that are there. */
rg_status rg_study_correlate(rg_study *study) RG_MUST_CHECK;

#endif
