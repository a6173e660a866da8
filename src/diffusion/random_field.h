/* Fourier modes on a grid, and random band-limited error fields made of them. */
#ifndef RG_RANDOM_FIELD_H
#define RG_RANDOM_FIELD_H

#include "base/base.h"
#include "grid/modes.h"

#include <rotgrad/score_error.h>

/* out += sine sin(theta) + cosine cos(theta), theta = sum_a 2 pi wave[a] x_a / length[a] */
void rg_add_mode(const rg_grid *grid, const int *wave, double sine, double cosine, double *out);

/* The same field on every grid: coefficients are drawn mode by mode, in an order that does not know the grid. */
typedef struct rg_random_field {
    rg_grid grid;
    double gradient_energy, solenoidal_energy;
    double *gradient; /* (d, n) grad chi */
    double *matrix;   /* antisymmetric A: (1, n) in 2-D, (3, n) in 3-D, as a pseudo-vector a */
    double *curl;     /* (d, n) div A */
    double *work;     /* (d, n) */
} rg_random_field;

rg_status rg_random_field_create(const rg_grid *grid, const rg_error_term *term, rg_random_field *field,
                                 rg_diagnostic *diagnostic);
void rg_random_field_free(rg_random_field *field);
/* Adds the two parts, each scaled to its energy in L2(p). */
void rg_random_field_add(const rg_random_field *field, const double *log_density, const double *score, double *e);

#endif
