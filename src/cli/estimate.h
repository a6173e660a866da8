/* rotgrad estimate: what its two files share. */
#ifndef RG_CLI_ESTIMATE_H
#define RG_CLI_ESTIMATE_H

#include "cli.h"

#include <rotgrad/array.h>
#include <rotgrad/estimate.h>

typedef struct estimate_job {
    /* arguments */
    const char *samples_path, *score_path, *error_path, *clean_path, *box, *features, *output;
    double sigma, ridge;
    int has_sigma, has_ridge, block, folds, replicates, seed, force, json, quiet;
    rg_feature_kind kind;
    size_t size;
    char *command; /* owned */

    /* owned, freed by estimate_free */
    rg_array samples, score, error, clean;
    double *lower, *length;       /* (D) */
    double *gradient, *influence; /* (N, D), (N); NULL without -o */
    rg_estimate_result result;
} estimate_job;

/* Takes the first LOWER:LENGTH from a list, of which the rest is left: NULL at the end. Returns 0 for no list and for
 * what is no pair, which then stands first; a pair of more than 63 characters is none. */
int estimate_take_pair(const char **list, double *lower, double *length);

/* Each returns an exit code, after a message when it is not CLI_DONE. */
int estimate_read(estimate_job *job);
int estimate_write(const estimate_job *job);
int estimate_print(const estimate_job *job);
void estimate_free(estimate_job *job);

#endif
