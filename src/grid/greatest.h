/* The largest value of a smooth field, and how much more may lie between the points of the grid. Internal. */
#ifndef RG_GREATEST_H
#define RG_GREATEST_H

#include <rotgrad/grid.h>

/* max over the grid; `between`: see the source. values: (n). Cost: one pass over d + 1 neighbours. */
double rg_greatest(const rg_grid *grid, const double *values, double *between);

#endif
