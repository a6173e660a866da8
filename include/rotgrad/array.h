/* NumPy arrays in files: .npy (versions 1-3) and .npz.
 *
 * Read: f2, f4, f8, signed and unsigned integers up to 8 bytes and bool, little and big endian, C and Fortran order.
 * Files are hostile input: every length in them is checked before it is used.
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

/* Reads FILE.npy, or FILE.npz:NAME for one member of an archive (NAME without .npy; may be left out when the archive
 * has one member only). Non-finite values are read as they are: rg_array_check_finite refuses them.
 * RG_EIO: cannot be opened or read; RG_EFORMAT: not a .npy, truncated, trailing bytes, unsupported type;
 * RG_ENOMEM: larger than memory. The diagnostic starts with the path. */
RG_API rg_status rg_array_read(const char *path, rg_array *array, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* RG_EINVAL with the index of the first NaN or infinity in the diagnostic. `path` names the array in the message. */
RG_API rg_status rg_array_check_finite(const rg_array *array, const char *path,
                                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Frees the data and zeroes the struct; accepts a zeroed struct. */
RG_API void rg_array_free(rg_array *array);

/* Writes float64, C order, version 1.0, little endian. The file appears complete or not at all (written beside,
 * flushed, renamed). RG_EIO with a diagnostic. */
RG_API rg_status rg_array_write(const char *path, int dim, const ptrdiff_t *shape, const double *data,
                                rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* One member of an .npz. */
typedef struct rg_array_member {
    const char *name; /* without .npy */
    int dim;
    const ptrdiff_t *shape;
    const double *data;
} rg_array_member;

/* Writes an .npz (deflated, fixed time stamps: the same arrays give the same bytes); complete or not at all. */
RG_API rg_status rg_array_write_npz(const char *path, const rg_array_member *members, size_t count,
                                    rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The member names of an .npz. `names` is one allocation: release it with rg_free. */
RG_API rg_status rg_array_list_npz(const char *path, char ***names, size_t *count,
                                   rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
