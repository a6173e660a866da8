/* Curves and surfaces in the box: where a parameter is, and quadratures. Internal. */
#ifndef RG_MANIFOLD_SHAPE_H
#define RG_MANIFOLD_SHAPE_H

#include "diffusion/density.h"

/* Whether it is a curve, a surface or a set of points. */
int rg_density_on_manifold(rg_density_kind kind);
int rg_manifold_axes(rg_density_kind kind);       /* of the box it needs; 0: any */
int rg_manifold_parameters(rg_density_kind kind); /* 1 a curve, 2 a surface, 0 points */

typedef struct rg_manifold {
    rg_density_kind kind;
    int dim, parameters;
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
} rg_manifold;

rg_manifold rg_manifold_of(const rg_grid *grid, const rg_density_spec *spec);

/* The point at t in [0, 1)^parameters, unit x, and unless NULL the derivatives by each parameter. Not wrapped. */
void rg_manifold_place(const rg_manifold *m, const double *t, double *point, double tangent[2][RG_MAX_DIM]);
/* Length or area per dt; `most`: no less anywhere. */
double rg_manifold_element(const rg_manifold *m, const double *t);
double rg_manifold_most(const rg_manifold *m);

/* Nodes and weights, sum 1, that stand for the manifold once it is smoothed to `variance`. Points stand for
 * themselves. Nodes with the same first coordinate follow each other where that can be had. */
typedef struct rg_nodes {
    size_t count;
    double *point;     /* (count, d), unit x */
    double *weight;    /* (count) */
    double *parameter; /* (count, 2) */
    double step[2];    /* between parameters of neighbours, not exceeded */
} rg_nodes;

/* RG_ENOMEM; RG_EINVAL: more nodes than can be borne. */
rg_status rg_nodes_create(const rg_grid *grid, const rg_density_spec *spec, double variance, rg_nodes *nodes,
                          rg_diagnostic *diagnostic);
void rg_nodes_free(rg_nodes *nodes);

#endif
