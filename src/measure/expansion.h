/* How fast a drift drives neighbours apart. Internal. */
#ifndef RG_EXPANSION_H
#define RG_EXPANSION_H

#include <rotgrad/grid.h>
#include <rotgrad/value.h>

/* The largest eigenvalue of the symmetric part of grad b at every point, by central differences; b: (d, n), rate: (n),
 * unit of b / x. `frobenius`: the largest |grad b| in the root of the sum of squares. */
void rg_expansion(const rg_grid *grid, const double *b, double *rate, double *frobenius);

/* The largest of all, and the largest |grad b| as above. The bar: how far that of differences over two spacings is from it. With b of third derivative t central
 * differences are off by h^2 t / 6, the nearest point by h^2 t / 8, and the bar is h^2 t / 2; where b jumps between two
 * points, and nothing is known, it is half of the value. `scratch`: (n). */
rg_value rg_greatest_expansion(const rg_grid *grid, const double *b, double *scratch, double *frobenius);

/* The largest eigenvalue of the symmetric part of m (dim, dim), which it puts into m; 1 <= dim <= 3. */
double rg_largest_eigenvalue(int dim, double m[RG_MAX_DIM][RG_MAX_DIM]);

#endif
