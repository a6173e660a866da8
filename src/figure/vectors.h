/* What the two pictures of a vector field ask of its array. Internal. */
#ifndef RG_FIGURE_VECTORS_H
#define RG_FIGURE_VECTORS_H

#include <rotgrad/status.h>

enum { RG_LEAST_POINTS = 2, RG_MOST_POINTS = 31999 /* along an axis */ };

/* `name` of the layer goes into the diagnostic. */
rg_status rg_layer_check_shape(const char *name, const ptrdiff_t shape[2], rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* RG_EINVAL: a shape outside the limits above, no array, no finite vector. */
rg_status rg_vectors_check(const char *name, const ptrdiff_t shape[2], const double *vector,
                           rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
