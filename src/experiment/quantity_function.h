/* The functions of fields that a recipe may name, one row a function. Internal. */
#ifndef RG_QUANTITY_FUNCTION_H
#define RG_QUANTITY_FUNCTION_H

#include "experiment/quantity.h"

typedef struct rg_function_call {
    rg_quantity in;
    int index;           /* second argument */
    const double *score; /* of the run */
    rg_pool *pool;
} rg_function_call;

enum { RG_TAKES_SCALAR = 1, RG_TAKES_VECTOR };

typedef struct rg_function {
    const char *name, *form; /* "norm", "norm(v)" */
    int takes, gives_vector, has_index, needs_density, needs_score;
    int axes;             /* 0: any number */
    double least;         /* rg_quantity.least, 0 for none */
    int least_of_density; /* it counts in units of the largest p */
    rg_status (*apply)(const rg_function_call *call, double *out, rg_diagnostic *diagnostic);
    const char *doc;
} rg_function;

extern const rg_function rg_function_of[];
extern const size_t rg_functions;

#endif
