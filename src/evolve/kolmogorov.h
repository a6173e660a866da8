/* The explicit part of the backward equation: N(f) = b.grad f + V f or div(b f) + V f. */
#ifndef RG_KOLMOGOROV_H
#define RG_KOLMOGOROV_H

#include "grid/modes.h"

#include <rotgrad/backward.h>

typedef struct rg_kolmogorov {
    rg_spectral *spectral; /* fitted: kk of the Laplacian of neighbours stands in it */
    rg_backward_scheme scheme;
    double diffusion;
    int divergence; /* 1: div(b f) */
    double *field;  /* (n) scratch */
    double *vector; /* (d, n) scratch; fitted: (n) is used */
} rg_kolmogorov;

/* Puts the wavenumbers of the scheme into the plan. */
void rg_kolmogorov_adapt(rg_kolmogorov *equation);
/* n = N(u) for one variance's fields; u and n are unscaled spectra. drift: (d, n); growth: (n). */
void rg_kolmogorov_right_side(const rg_kolmogorov *equation, const double *drift, const double *growth, const double *u,
                              double *n);
/* The field itself. */
void rg_kolmogorov_field(const rg_kolmogorov *equation, const double *u, double *field);

#endif
