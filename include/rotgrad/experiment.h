/* An experiment: what a YAML file says, checked, with every array it names in memory.
 *
 * Reference of the keys: docs/experiment.md.
 */
#ifndef ROTGRAD_EXPERIMENT_H
#define ROTGRAD_EXPERIMENT_H

#include <rotgrad/evolve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_prior { RG_PRIOR_EXACT = 1, RG_PRIOR_UNIFORM, RG_PRIOR_FILE } rg_prior;

/* A file the experiment read. */
typedef struct rg_experiment_input {
    char *path;      /* as opened */
    char sha256[65]; /* lower-case hexadecimal */
} rg_experiment_input;

typedef struct rg_experiment {
    char *path; /* the YAML file */
    char *title;
    rg_grid grid;
    rg_density_spec density; /* arrays owned by the experiment */
    double variance_min, variance_max;
    double churn;         /* lambda >= 0: 1 the reverse SDE, 0 the probability-flow ODE */
    rg_prior prior;       /* the law the sampler starts from */
    double *prior_values; /* RG_PRIOR_FILE: n values on prior_grid */
    rg_grid prior_grid;
    size_t terms;
    rg_error_term *term; /* arrays owned by the experiment */
    double tolerance;    /* of the time stepping, in total variation */
    rg_form form;        /* formulation of the main run; the other one checks it */
    int threads;         /* 0: what OpenMP gives */
    size_t inputs;
    rg_experiment_input *input;
    char *resolved; /* the experiment as JSON, every default filled in, arrays by file name */
    void *memory;   /* bookkeeping of what is owned */
} rg_experiment;

/* Reads and checks an experiment file. `settings` holds `count` texts "key.key=value" (the value is YAML) that replace
 * or add keys, as `rotgrad run --set` gives them. Paths in the file are relative to the file; in settings, to the
 * current folder. The diagnostic reads "FILE:LINE:COLUMN: KEY: expected ..., got ...".
 * RG_EIO, RG_EFORMAT (not YAML), RG_EINVAL, RG_EDOMAIN, RG_ENOMEM. */
RG_API rg_status rg_experiment_read(const char *path, const char *const *settings, size_t count,
                                    rg_experiment *experiment, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Accepts a zeroed struct. */
RG_API void rg_experiment_free(rg_experiment *experiment);

#ifdef __cplusplus
}
#endif

#endif
