/* What a field exceeds on a small share of the mass only: the end of a colour scale. Internal. */
#ifndef RG_MASS_BOUND_H
#define RG_MASS_BOUND_H

#include <stddef.h>

/* The bound that |values| exceed on this share of the mass of `density`, to a thousandth; values that are not finite are
 * left out. By bisection, which needs no memory. */
double rg_mass_bound(ptrdiff_t n, const double *density, const double *values, double share);

#endif
