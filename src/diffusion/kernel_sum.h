/* Separable convolution of point masses on one grid with the wrapped Gaussian, read on another grid of the same box. */
#ifndef RG_KERNEL_SUM_H
#define RG_KERNEL_SUM_H

#include "diffusion/density.h"

typedef struct rg_kernel_sum {
    rg_grid from, to;
    double cut;                     /* kernel entries below cut times the largest are left out; 0 keeps all */
    ptrdiff_t steps[RG_MAX_DIM];    /* distances between points of the two grids are multiples of length / steps */
    double *value[RG_MAX_DIM];      /* (steps): the kernel at these distances, */
    double *slope[RG_MAX_DIM];      /* and its derivative */
    ptrdiff_t reach[RG_MAX_DIM];    /* entries farther than this many `from` points from the nearest one are 0 */
    double *masses;                 /* on `from`, owned */
    double *kernel[RG_MAX_DIM];     /* (n_to, n_from): K */
    double *derivative[RG_MAX_DIM]; /* (n_to, n_from): K' */
    double *work[2];                /* partly transformed arrays */
} rg_kernel_sum;

/* `masses` stays zero: the caller fills it. */
rg_status rg_kernel_sum_create(const rg_grid *from, const rg_grid *to, rg_kernel_sum *sum);
void rg_kernel_sum_free(rg_kernel_sum *sum);

/* density (n) and, unless NULL, its gradient (d, n). variance > 0. All terms of the density are positive. */
void rg_kernel_sum_at(rg_kernel_sum *sum, double variance, double *density, double *gradient);

/* density -> log density, gradient -> gradient / density (may be NULL), in place. Where the density underflows: minus
 * infinity and 0, for a background to mend or rg_check_positive to refuse. */
void rg_density_to_log(const rg_grid *grid, double *density, double *gradient);

#endif
