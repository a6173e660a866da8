/* Particles from inside. Internal. */
#ifndef RG_PARTICLES_H
#define RG_PARTICLES_H

#include "diffusion/point_score.h"

struct rg_particles {
    rg_particles_options options;
    rg_point_score *law;
    rg_point_error *model; /* NULL: no error */
    double drift;          /* c */
    size_t step;           /* taken so far */
    double *x;             /* (M, dim) */
    double *score, *error; /* (M, dim): s and e at x */
    double *before;        /* (M, dim), of Heun's method: the denoiser at the beginning of the step */
    double *noise;         /* (M, dim) */
    double *energy;        /* (M) int |e|^2 dv so far */
    double *square;        /* (M) |e|^2 at x */
    double *weight;        /* (M) scratch */
    rg_nearest_point *nearest;
};

/* The noise level after a number of steps. */
double rg_particles_variance(const rg_particles *particles, size_t step);

/* Score, error, |e|^2 and the nearest points at the present positions. */
rg_status rg_particles_look(rg_particles *particles, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
