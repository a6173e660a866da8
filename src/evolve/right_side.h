/* The explicit part of the two forms of the marginal's equation. */
#ifndef RG_RIGHT_SIDE_H
#define RG_RIGHT_SIDE_H

#include "grid/modes.h"

#include <rotgrad/evolve.h>

typedef struct rg_equation {
    rg_spectral *spectral;
    rg_form form;
    double diffusion, drift; /* D, c */
    double *real;            /* (d + 1, n) scratch */
} rg_equation;

/* n = N(u) for one marginal at one noise level; u and n are unscaled spectra of rho or q; for RG_LINEAR of delta or
 * p delta. */
void rg_equation_right_side(const rg_equation *equation, const rg_level *level, int marginal, const double *u,
                            double *n);
/* Density form: N of p itself, without error. d real FFTs. */
void rg_equation_density_rate(const rg_equation *equation, const rg_level *level, double *n);
/* The field itself: rho or q. */
void rg_equation_field(const rg_equation *equation, const double *u, double *field);

/* An unscaled spectrum u becomes, in s->spectrum, the spectra that rg_back takes: u / cells as the one numbered d and, with
 * `gradient`, its derivatives before it. */
void rg_spread(const rg_spectral *s, const double *u, int gradient);
/* n = factor div of the vector field whose unscaled spectra stand in s->spectrum. */
void rg_gather_divergence(const rg_spectral *s, double factor, double *n);

#endif
