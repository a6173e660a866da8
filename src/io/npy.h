/* The .npy format as a stream of bytes, for files and for members of archives alike. Internal. */
#ifndef RG_NPY_H
#define RG_NPY_H

#include <rotgrad/array.h>

/* Where the bytes of a .npy come from. */
typedef struct rg_npy_source {
    const char *path; /* for messages */
    uint64_t size;    /* bytes there are, checked against the header before anything is allocated */
    void *state;
    /* Exactly `count` further bytes, or a failure with its diagnostic. */
    rg_status (*read)(void *state, void *bytes, size_t count, rg_diagnostic *diagnostic);
} rg_npy_source;

rg_status rg_npy_decode(const rg_npy_source *source, rg_array *array, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Of every file written: 66 bytes for a scalar, 106 for the longest shape whose size does not overflow (19 digits and
 * seven axes of one), padded to a multiple of 64 as the format asks. */
enum { RG_NPY_HEADER_SIZE = 128 };

/* An array on its way out as <f8, C order, version 1.0. */
typedef struct rg_npy_encoder {
    char header[RG_NPY_HEADER_SIZE];
    const double *data;
    uint64_t size, position; /* bytes of header and data in all, and those already handed out */
} rg_npy_encoder;

/* RG_EINVAL: more than RG_ARRAY_MAX_DIM axes, a negative length or a size that overflows. */
rg_status rg_npy_encoder_init(rg_npy_encoder *encoder, const char *path, int dim, const ptrdiff_t *shape,
                              const double *data, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The next bytes, at most `room`; returns how many, 0 at the end. */
size_t rg_npy_encode(rg_npy_encoder *encoder, void *bytes, size_t room);

#endif
