/* Arrays in files: which format a path means, plain .npy files, and the check for values that are not finite. */
#include <rotgrad/array.h>

#include "base/base.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/npz.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { BLOCK = 1 << 15, INDEX_ROOM = 24 * RG_ARRAY_MAX_DIM };

typedef struct npy_file {
    const char *path;
    FILE *file;
} npy_file;

/* The size was checked before; a short read means that the file changed meanwhile, or a broken disk. */
static rg_status read_file(void *state, void *bytes, size_t count, rg_diagnostic *diagnostic) {
    const npy_file *npy = state;
    if (fread(bytes, 1, count, npy->file) == count) return RG_OK;
    if (ferror(npy->file)) return rg_fail(diagnostic, RG_EIO, "%s: cannot read: %s", npy->path, strerror(errno));
    return rg_fail(diagnostic, RG_EFORMAT, "%s: the file became shorter while it was read; try again", npy->path);
}

static rg_status read_npy(const char *path, rg_array *array, rg_diagnostic *diagnostic) {
    npy_file npy = {.path = path};
    rg_npy_source source = {.path = path, .state = &npy, .read = read_file};
    rg_status status = rg_file_open(path, &npy.file, &source.size, diagnostic);
    if (status != RG_OK) return status;
    status = rg_npy_decode(&source, array, diagnostic);
    fclose(npy.file);
    return status;
}

rg_status rg_array_read(const char *path, rg_array *array, rg_diagnostic *diagnostic) {
    return rg_npz_is_path(path) ? rg_npz_read(path, array, diagnostic) : read_npy(path, array, diagnostic);
}

rg_status rg_array_write(const char *path, int dim, const ptrdiff_t *shape, const double *data,
                         rg_diagnostic *diagnostic) {
    if (rg_npz_is_path(path))
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected the name of a .npy file, found that of an archive", path);
    rg_npy_encoder encoder;
    rg_output output;
    rg_status status = rg_npy_encoder_init(&encoder, path, dim, shape, data, diagnostic);
    if (status == RG_OK) status = rg_output_begin(&output, path, diagnostic);
    if (status != RG_OK) return status;
    unsigned char block[BLOCK];
    for (size_t n; (n = rg_npy_encode(&encoder, block, sizeof block)) > 0;)
        if (fwrite(block, 1, n, output.file) < n) break;
    return rg_output_end(&output, RG_OK, diagnostic);
}

void rg_array_free(rg_array *array) {
    rg_free(array->data);
    *array = (rg_array){0};
}

/* "[2, 0, 5]" for a position in C order. */
static void print_index(const rg_array *array, size_t position, char text[INDEX_ROOM]) {
    size_t index[RG_ARRAY_MAX_DIM] = {0};
    for (int axis = array->dim - 1; axis >= 0; axis--) {
        index[axis] = position % (size_t)array->shape[axis];
        position /= (size_t)array->shape[axis];
    }
    size_t length = (size_t)snprintf(text, INDEX_ROOM, "[");
    for (int axis = 0; axis < array->dim; axis++)
        length += (size_t)snprintf(text + length, INDEX_ROOM - length, axis ? ", %zu" : "%zu", index[axis]);
    snprintf(text + length, INDEX_ROOM - length, "]");
}

rg_status rg_array_check_finite(const rg_array *array, const char *path, rg_diagnostic *diagnostic) {
    size_t bad = 0, first = 0;
    for (size_t i = 0; i < array->count; i++)
        if (!isfinite(array->data[i]) && bad++ == 0) first = i;
    if (bad == 0) return RG_OK;
    char index[INDEX_ROOM];
    print_index(array, first, index);
    return rg_fail(diagnostic, RG_EINVAL,
                   "%s: expected finite numbers, found %s at index %s (%zu of %zu are not finite); repair or leave "
                   "them out",
                   path, isnan(array->data[first]) ? "NaN" : "an infinity", index, bad, array->count);
}
