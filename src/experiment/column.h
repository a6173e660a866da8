/* Columns of numbers that curves are drawn from. Internal. */
#ifndef RG_COLUMN_H
#define RG_COLUMN_H

#include "experiment/recipe.h"

typedef struct rg_column {
    size_t count;
    double *value, *lower, *upper; /* lower, upper: ends of the error bars; both NULL for none */
} rg_column;

typedef struct rg_column_scope {
    rg_recipe *recipe;
    const rg_run_entry *entry; /* the run of the curve; NULL for none */
    rg_view *view;             /* its run, of a sweep one member */
    const rg_node *curve;      /* whose keys `study` and `members` say which rows of a study */
} rg_column_scope;

/* RG_EINVAL with the place of `node` when there is no such column. */
rg_status rg_column_read(const rg_column_scope *scope, const rg_node *node, const char *text,
                         rg_column *column) RG_MUST_CHECK;

/* What a column is drawn over: noise levels, values of the sweep, coordinates. */
rg_status rg_column_default_x(const rg_column_scope *scope, const rg_node *node, const char *y,
                              rg_column *column) RG_MUST_CHECK;

#endif
