/* Fields for ParaView: VTK's XML ImageData (.vti).
 *
 * Point (i, j, k) of the grid is VTK's point (i, j, k), whose first index runs fastest: axis 0 of a grid is x there,
 * axis 1 y, axis 2 z. Origin and spacing are the grid's; axes it lacks have one layer at 0. The box is closed: behind
 * the last plane of each axis the first one is written again, so that n points become n + 1, pictures have no gap at the
 * end of the period and ParaView's integrals over the box are the grid's own sums.
 */
#ifndef ROTGRAD_VTI_H
#define ROTGRAD_VTI_H

#include <rotgrad/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A scalar, or a vector with one component for each axis of the grid. */
typedef struct rg_vti_field {
    const char *name;     /* UTF-8, shown in ParaView */
    int components;       /* 1, or the grid's dim; vectors are filled up with zeros to VTK's three components */
    const double *values; /* (components, n0, ...) in C order; NaN and infinity are written as they are */
} rg_vti_field;

typedef enum rg_vti_precision { RG_VTI_FLOAT64 = 0, RG_VTI_FLOAT32 } rg_vti_precision;

/* Writes FILE.vti: point data, appended in raw form, little endian, lengths of 64 bits; complete or not at all.
 * RG_EINVAL: a path without .vti, a grid that is distributed, no field, other numbers of components, a name that is
 * empty, there twice, not UTF-8 or holds control characters, a size that overflows; RG_EIO. The diagnostic starts with
 * the path. */
RG_API rg_status rg_vti_write(const char *path, const rg_grid *grid, const rg_vti_field *field, size_t count,
                              rg_vti_precision precision, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The fields of a run's fields.npz as FILE.vti in float64. The members x0, x1, x2 (as many as there are) give the grid:
 * evenly spaced points of one period each. Every other member is a scalar of the grid's shape or a vector (d, shape);
 * numbers and lists of another length are left out. All arrays are held in memory at once.
 * RG_EINVAL: no x0, axes not evenly spaced or shorter than RG_MIN_POINTS, an array of another shape; what
 * rg_array_read and rg_vti_write return. */
RG_API rg_status rg_vti_from_npz(const char *npz, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
