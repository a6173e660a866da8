/* The nearest of many points in a box, around it: a tree over one to three axes. Internal. */
#ifndef RG_POINT_TREE_H
#define RG_POINT_TREE_H

#include "base/base.h"

#include <rotgrad/manifold.h>

typedef struct rg_point_tree rg_point_tree;

/* `points` (count, dim of the grid), any images; copied. RG_ENOMEM. Cost: count log^2 count. */
rg_status rg_point_tree_create(const rg_grid *grid, size_t count, const double *points,
                               rg_point_tree **tree) RG_MUST_CHECK;
void rg_point_tree_destroy(rg_point_tree *tree);

/* Of equally near ones the first; the same bits as trying all. Allocates nothing; any thread. */
rg_nearest_point rg_point_tree_nearest(const rg_point_tree *tree, const double *x);

#endif
