/* NumPy arrays in files: .npy (versions 1-3) and .npz.
 *
 * Read: f2, f4, f8, signed and unsigned integers up to 8 bytes and bool, little and big endian, C and Fortran order.
 * All become double: 8-byte integers beyond 2^53 are rounded to the nearest one.
 * Files are hostile input: every length in them is checked before it is used, and memory is asked for only after the
 * size of the file has been found to fit its header.
 */
#ifndef ROTGRAD_ARRAY_H
#define ROTGRAD_ARRAY_H

#include <rotgrad/status.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RG_ARRAY_MAX_DIM = 8, RG_ARRAY_TYPE_SIZE = 8 };

/* An array as doubles in C order, whatever the file held. */
typedef struct rg_array {
    int dim; /* 0 for a scalar */
    ptrdiff_t shape[RG_ARRAY_MAX_DIM];
    size_t count;                  /* product of the shape */
    double *data;                  /* count values; rg_array_free releases them */
    char type[RG_ARRAY_TYPE_SIZE]; /* element type in the file, as NumPy writes it: "<f4" */
    int fortran_order;             /* 1 when the file was column-major (data here is C order all the same) */
    int version;                   /* .npy major version */
} rg_array;

/* Reads FILE.npy, or FILE.npz:NAME for one member of an archive (NAME without .npy; may be left out, with its colon,
 * when the archive has one array only). Any other path is taken for a .npy, whatever it ends in. Non-finite values are
 * read as they are: rg_array_check_finite refuses them.
 * RG_EIO: cannot be opened or read, or no regular file; RG_EFORMAT: not a .npy or .npz, truncated, trailing bytes,
 * unsupported type, no such member; RG_ENOMEM. The diagnostic starts with the path. */
RG_API rg_status rg_array_read(const char *path, rg_array *array, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* RG_EINVAL with the index of the first NaN or infinity in the diagnostic. `path` names the array in the message. */
RG_API rg_status rg_array_check_finite(const rg_array *array, const char *path,
                                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Frees the data and zeroes the struct; accepts a zeroed struct. */
RG_API void rg_array_free(rg_array *array);

/* Writes float64, C order, version 1.0, little endian. The file appears complete or not at all (written beside,
 * flushed, renamed). RG_EINVAL: more than RG_ARRAY_MAX_DIM axes, a negative length, a size that overflows, a path that
 * rg_array_read would take for an archive; RG_EIO; RG_ENOMEM. The diagnostic starts with the path. */
RG_API rg_status rg_array_write(const char *path, int dim, const ptrdiff_t *shape, const double *data,
                                rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* One member of an .npz. */
typedef struct rg_array_member {
    const char *name; /* without .npy */
    int dim;
    const ptrdiff_t *shape;
    const double *data;
} rg_array_member;

/* Writes FILE.npz (deflated, fixed time stamps: the same arrays give the same bytes); complete or not at all.
 * As rg_array_write; also RG_EINVAL for a path without .npz, no member at all, a member name that is there twice or is
 * not UTF-8. */
RG_API rg_status rg_array_write_npz(const char *path, const rg_array_member *members, size_t count,
                                    rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The names of the arrays in an .npz, without .npy, in the order of the archive; other members are left out. `names`
 * is one allocation: release it with rg_free. RG_EIO, RG_EFORMAT, RG_ENOMEM. */
RG_API rg_status rg_array_list_npz(const char *path, char ***names, size_t *count,
                                   rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
