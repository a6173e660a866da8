/* Files in and out: regular files opened for reading, outputs that appear complete or not at all. Internal. */
#ifndef RG_FILE_H
#define RG_FILE_H

#include <rotgrad/status.h>
#include <stdint.h>
#include <stdio.h>

/* Opens a regular file for reading and tells its size. Folders, pipes and devices are refused without waiting for
 * them. RG_EIO with the path in front. */
rg_status rg_file_open(const char *path, FILE **file, uint64_t *size, rg_diagnostic *diagnostic) RG_MUST_CHECK;

enum { RG_SHA256_SIZE = 65 };

/* SHA-256 of the file's bytes, 64 lower-case hexadecimal digits and a final zero. RG_EIO. */
rg_status rg_file_sha256(const char *path, char digest[RG_SHA256_SIZE], rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A file being written beside its target, in the same folder, and renamed over it at the end. A target that is a
 * device or a pipe (/dev/stdout) is written directly; a symbolic link is followed; a folder is refused.
 *
 *     rg_output output;
 *     rg_status status = rg_output_begin(&output, path, diagnostic);
 *     if (status != RG_OK) return status;
 *     status = write_my_format(output.file);
 *     return rg_output_end(&output, status, diagnostic);
 *
 * Writers need not check each fwrite: the stream remembers, and rg_output_end asks it. */
typedef struct rg_output {
    FILE *file;
    const char *path; /* as the caller gave it, borrowed until rg_output_end */
    char *target;     /* path without symbolic links */
    char *beside;     /* what is being written; NULL when that is the target itself */
} rg_output;

/* RG_EIO (folder missing, not writable, ...), RG_ENOMEM; there is nothing to end then. */
rg_status rg_output_begin(rg_output *output, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* With RG_OK: flush, fsync, close, rename; RG_EIO when one of them fails. With any other status: remove what was
 * written and return that status. Either way the output is over, and after a failure the target is as it was. */
rg_status rg_output_end(rg_output *output, rg_status status, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
