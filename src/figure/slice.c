/* One plane of a three-dimensional array, ready for a heat map. */
#include <rotgrad/figure.h>

#include <assert.h>

void rg_slice(const ptrdiff_t shape[3], const double *values, int axis, ptrdiff_t index, double *plane) {
    assert(axis >= 0 && axis < 3 && index >= 0 && index < shape[axis]);
    const ptrdiff_t stride[3] = {shape[1] * shape[2], shape[2], 1};
    const int first = axis == 0, second = axis == 2 ? 1 : 2;
    const double *start = values + index * stride[axis];
    for (ptrdiff_t i = 0; i < shape[first]; i++)
        for (ptrdiff_t j = 0; j < shape[second]; j++) *plane++ = start[i * stride[first] + j * stride[second]];
}
