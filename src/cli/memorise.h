/* rotgrad memorise: what its files share. */
#ifndef RG_CLI_MEMORISE_H
#define RG_CLI_MEMORISE_H

#include "cli.h"

#include <rotgrad/array.h>
#include <rotgrad/memorise.h>
#include <rotgrad/sample.h>

typedef struct memorise_job {
    /* arguments */
    const char *train_path, *exclude_path, *held_out_path, *samples_path, *experiment_path, *image, *output;
    const char **setting;
    size_t settings;
    double alpha;
    int has_alpha, particles, seed, has_seed, force, json, quiet;
    int height, width; /* of --image; 0: none */
    char *command;     /* owned */

    /* owned, freed by memorise_free */
    rg_array train, held_out, samples; /* (N, D), trailing axes taken together */
    rg_memorised result;
} memorise_job;

/* Each returns an exit code, after a message when it is not CLI_DONE. */
int memorise_read(memorise_job *job);
int memorise_write(const memorise_job *job);
int memorise_print(const memorise_job *job);
void memorise_free(memorise_job *job);

#endif
