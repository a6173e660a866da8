/* What a recipe can draw over a box: members of a run's fields, arrays in files, and functions of either. Internal. */
#ifndef RG_QUANTITY_H
#define RG_QUANTITY_H

#include "experiment/node.h"
#include "experiment/view.h"

#include <rotgrad/array.h>
#include <stdio.h>

typedef struct rg_quantity {
    rg_plot_box box;
    int components; /* 1, or as many as axes */
    const double *values;
    const double *density; /* p on the same grid, of the run; NULL when there is none */
    double least;          /* colours cover at least this: below are the tolerances of a run */
} rg_quantity;

/* An array that was read; a list, newest first, in the pool. */
typedef struct rg_read_array {
    const char *path;
    rg_array array;
    struct rg_read_array *next;
} rg_read_array;

/* Where a text is evaluated. */
typedef struct rg_quantity_scope {
    rg_view *view;       /* NULL: no run */
    const rg_node *node; /* the text's place and folder */
    const rg_node *box;  /* the recipe's `box`, for arrays; NULL for none */
    rg_pool *pool;
    rg_read_array **arrays; /* each file is read once */
    rg_diagnostic *diagnostic;
} rg_quantity_scope;

/* `text` is a member ("p_end"), a path ("x.npz:y") or a function of one ("norm(error)"). RG_EINVAL with the place in
 * the diagnostic. */
rg_status rg_quantity_evaluate(const rg_quantity_scope *scope, const char *text, rg_quantity *quantity) RG_MUST_CHECK;

/* The reference of members and functions as Markdown. */
void rg_quantity_print(FILE *out);

/* log(q/p), accurate where it is small. */
double rg_log_ratio(double q, double p);

#endif
