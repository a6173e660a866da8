#include "figure/vectors.h"
#include "base/base.h"

#include <math.h>

rg_status rg_layer_check_shape(const char *name, const ptrdiff_t shape[2], rg_diagnostic *diagnostic) {
    for (int axis = 0; axis < 2; axis++)
        if (shape[axis] < RG_LEAST_POINTS || shape[axis] > RG_MOST_POINTS)
            return rg_fail(diagnostic, RG_EINVAL, "%s: axis %d: expected %d to %d points, got %td", name, axis,
                           RG_LEAST_POINTS, RG_MOST_POINTS, shape[axis]);
    return RG_OK;
}

rg_status rg_vectors_check(const char *name, const ptrdiff_t shape[2], const double *vector,
                           rg_diagnostic *diagnostic) {
    const rg_status status = rg_layer_check_shape(name, shape, diagnostic);
    if (status != RG_OK) return status;
    if (!vector)
        return rg_fail(diagnostic, RG_EINVAL, "%s: no vectors: expected 2 * %td * %td values", name, shape[0],
                       shape[1]);
    const ptrdiff_t n = shape[0] * shape[1];
    for (ptrdiff_t k = 0; k < n; k++)
        if (isfinite(vector[k]) && isfinite(vector[n + k])) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL, "%s: expected at least one vector of finite components, got none", name);
}
