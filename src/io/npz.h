/* One .npy member of a .npz archive. Internal. */
#ifndef RG_NPZ_H
#define RG_NPZ_H

#include <rotgrad/array.h>

/* `path` is FILE.npz or FILE.npz:NAME. */
int rg_npz_is_path(const char *path);
rg_status rg_npz_read(const char *path, rg_array *array, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
