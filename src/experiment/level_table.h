/* The table of noise levels that a run reports: which ones, and a row for each as the run passes it. */
#ifndef RG_LEVEL_TABLE_H
#define RG_LEVEL_TABLE_H

#include "measure/history.h"

#include <rotgrad/run.h>

typedef struct rg_level_table {
    size_t stops, rows;
    double *stop;          /* variances: the learned levels in the range, or ROWS geometric ones; ends included */
    rg_outcome_level *row; /* descending */
    rg_spectral *spectral; /* for the flat split; only where all columns are wanted */
    double churn_factor, prior_kl, total, gradient; /* c^2 / (4 D), and integrals down to the last row */
    size_t integrated;                              /* trace entries used so far */
} rg_level_table;

/* Which rows a pass keeps: none, sigma with KL and bounds only, or all columns. */
typedef enum rg_kept_rows { RG_ROWS_NONE, RG_ROWS_KL, RG_ROWS_ALL } rg_kept_rows;

rg_status rg_level_table_create(const rg_experiment *experiment, rg_levels *levels, rg_kept_rows rows,
                                rg_level_table *table);
void rg_level_table_free(rg_level_table *table);
/* A row, if `evolve` stands at a stop. */
rg_status rg_level_table_add(rg_level_table *table, rg_levels *levels, const rg_evolve *evolve,
                             const rg_history *history);

#endif
