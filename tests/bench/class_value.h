/* What a class of waves reaches with infinitely many samples: b'G^-1 b and, with a ridge, the value of that fit, from sums
 * over the cells of a grid. */
#ifndef CLASS_VALUE_H
#define CLASS_VALUE_H

#include <rotgrad/estimate.h>
#include <rotgrad/level.h>

typedef struct class_value {
    size_t count;  /* K */
    double *gram;  /* (K, K) of unit diagonal */
    double *term;  /* (K) linear term, in that scale */
    double *noise; /* (K) what multiplies the ridge */
    double *work, *solution;
} class_value;

/* `error` (d, n) at the level, in the form of the oracle or of Stein. */
class_value class_value_create(const rg_grid *grid, const rg_level *level, const double *error, rg_linear_form form,
                               size_t waves);
/* The value for this ridge; with 0 the least ridge that double precision allows is taken, from 1e-10 up. */
double class_value_at(const class_value *value, double ridge);
void class_value_free(class_value *value);

#endif
