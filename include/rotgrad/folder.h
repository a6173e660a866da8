/* A folder of results that appears complete or not at all: filled beside its target, then renamed.
 *
 *     rg_folder folder;
 *     rg_status status = rg_folder_begin(&folder, path, force, diagnostic);
 *     if (status != RG_OK) return status;
 *     status = write_my_files(folder.beside);
 *     return rg_folder_end(&folder, status, diagnostic);
 *
 * What may stand at `path` beforehand: nothing, an empty folder, or, with `force`, an earlier result, which is then
 * replaced whole. An earlier result has a report.json and holds nothing but .html, .json, .csv, .npy, .npz, .png, .pdf
 * and .svg files; no other folder is ever removed.
 */
#ifndef ROTGRAD_FOLDER_H
#define ROTGRAD_FOLDER_H

#include <rotgrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_folder {
    const char *path; /* as the caller gave it, borrowed until rg_folder_end */
    char *target;     /* path without symbolic links */
    char *beside;     /* the folder to be filled */
    int force;
} rg_folder;

/* Whether rg_folder_begin would accept the path: to be asked before long work. Changes nothing.
 * RG_EINVAL: not empty (and no `force`, or no earlier result), or the current folder; RG_EIO: a file is in the way, the
 * folder above is missing or cannot be written; RG_ENOMEM. The diagnostic starts with the path. */
RG_API rg_status rg_folder_check(const char *path, int force, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* As rg_folder_check, and makes the folder beside. After a failure there is nothing to end. */
RG_API rg_status rg_folder_begin(rg_folder *folder, const char *path, int force,
                                 rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A message about a file in `beside` becomes one about the file in the folder, which is what the user knows. */
RG_API void rg_folder_name(const rg_folder *folder, rg_diagnostic *diagnostic);

/* With RG_OK: renames; RG_EIO when that fails. With any other status: removes what was made, names the folder in the
 * diagnostic, and returns that status.
 * Either way the folder is over, and after a failure the target is as it was. */
RG_API rg_status rg_folder_end(rg_folder *folder, rg_status status, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
