/* How fast a drift drives neighbours apart. Internal. */
#ifndef RG_EXPANSION_H
#define RG_EXPANSION_H

#include <rotgrad/grid.h>

/* The largest eigenvalue of the symmetric part of grad b at every point, by central differences; b: (d, n), rate: (n),
 * unit of b / x. `frobenius`: the largest |grad b| in the root of the sum of squares. */
void rg_expansion(const rg_grid *grid, const double *b, double *rate, double *frobenius);

/* The largest eigenvalue of the symmetric part of m (dim, dim), which it puts into m; 1 <= dim <= 3. */
double rg_largest_eigenvalue(int dim, double m[RG_MAX_DIM][RG_MAX_DIM]);

#endif
