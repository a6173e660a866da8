/* The integral over noise levels of a whole field, level by level, by the rule of rg_integrate: degree 5 through the nearest
 * nodes, of which the last six fields are kept. Internal. */
#ifndef RG_RUNNING_INTEGRAL_H
#define RG_RUNNING_INTEGRAL_H

#include <rotgrad/status.h>

enum { RG_RUNNING_NODES = 6 };

typedef struct rg_running_integral {
    size_t cells, count; /* nodes since the last end */
    double node[RG_RUNNING_NODES];
    double *field[RG_RUNNING_NODES];
    double *sum; /* (cells): what is integrated so far */
} rg_running_integral;

/* RG_ENOMEM. Memory: 7 fields. */
rg_status rg_running_create(size_t cells, rg_running_integral *running) RG_MUST_CHECK;
void rg_running_free(rg_running_integral *running);
/* The field at the next node; nodes are monotone. */
void rg_running_add(rg_running_integral *running, double node, const double *field);
/* Ends a smooth piece: `sum` is complete up to its last node. The next one starts with a node of its own. */
void rg_running_end(rg_running_integral *running);

#endif
