/* rotgrad split: what its two files share. */
#ifndef RG_CLI_SPLIT_H
#define RG_CLI_SPLIT_H

#include "cli.h"

#include <rotgrad/split.h>

typedef struct split_job {
    /* arguments */
    const char *density_path, *field_path, *output, *wisdom;
    double background, tolerance;
    int flat, measure, deterministic, with_harmonic, max_iterations, force, json;
    const char *box; /* NULL: [-pi, pi) on every axis */
    int box_axes;
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    char *command; /* owned */

    /* n cells, d components; owned, and freed by split_free */
    rg_grid grid;
    double *field;                             /* (d, n) e */
    double *log_density, *score;               /* (n) and (d, n); NULL when there is no density */
    double *gradient, *solenoidal, *potential; /* (d, n), (d, n), (n) */
    double *harmonic;                          /* (d, n) */
    rg_split_report report;
    double harmonic_energy;
} split_job;

/* Each returns an exit code, after a message when it is not CLI_DONE. */
int split_read(split_job *job);
int split_write(const split_job *job);
int split_print(const split_job *job);

void split_free(split_job *job);

#endif
