/* Regular files for reading, outputs written beside and renamed, SHA-256 of a file. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "io/file.h"
#include "base/base.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 16, NAME_ATTEMPTS = 1000, NAME_ROOM = 64 };

static rg_status system_error(rg_diagnostic *diagnostic, const char *path, const char *action, int error) {
    return rg_fail(diagnostic, RG_EIO, "%s: cannot %s: %s", path, action, strerror(error));
}

static const char *kind_text(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
    return "something else";
}

/* Not blocking: opening a pipe would otherwise wait for somebody to write into it. */
rg_status rg_file_open(const char *path, FILE **file, uint64_t *size, rg_diagnostic *diagnostic) {
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) return system_error(diagnostic, path, "open", errno);
    struct stat status = {0};
    rg_status result = RG_OK;
    FILE *opened = NULL;
    if (fstat(descriptor, &status) != 0)
        result = system_error(diagnostic, path, "look at the file", errno);
    else if (!S_ISREG(status.st_mode))
        result =
            rg_fail(diagnostic, RG_EIO, "%s: expected a regular file, found %s; name a file that is stored on disk",
                    path, kind_text(status.st_mode));
    else if (!(opened = fdopen(descriptor, "rb")))
        result = system_error(diagnostic, path, "open", errno);
    if (result != RG_OK) {
        close(descriptor);
        return result;
    }
    *file = opened;
    *size = (uint64_t)status.st_size;
    return RG_OK;
}

rg_status rg_file_sha256(const char *path, char digest[RG_SHA256_SIZE], rg_diagnostic *diagnostic) {
    FILE *file = NULL;
    uint64_t size = 0;
    const rg_status status = rg_file_open(path, &file, &size, diagnostic);
    if (status != RG_OK) return status;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    unsigned char block[BLOCK];
    for (size_t n; (n = fread(block, 1, sizeof block, file)) > 0;) g_checksum_update(checksum, block, (gssize)n);
    const int error = ferror(file) ? errno : 0;
    if (!error) memcpy(digest, g_checksum_get_string(checksum), RG_SHA256_SIZE);
    g_checksum_free(checksum);
    fclose(file);
    return error ? system_error(diagnostic, path, "read", error) : RG_OK;
}

static void output_release(rg_output *output) {
    if (output->file) fclose(output->file);
    if (output->beside) unlink(output->beside);
    rg_free(output->beside);
    rg_free(output->target);
    *output = (rg_output){0};
}

/* Another process or a crash may have left a file of that name: O_EXCL tells, and the next number is tried. */
static int open_beside(rg_output *output, mode_t mode) {
    const char *slash = strrchr(output->target, '/');
    const int folder = slash ? (int)(slash - output->target + 1) : 0;
    const size_t room = (size_t)folder + NAME_ROOM;
    char *name = rg_alloc(room, 1);
    if (!name) {
        errno = ENOMEM;
        return -1;
    }
    int descriptor = -1;
    for (int n = 0; n < NAME_ATTEMPTS && descriptor < 0; n++) {
        snprintf(name, room, "%.*s.rotgrad-%ld-%d.part", folder, output->target, (long)getpid(), n);
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (descriptor < 0 && errno != EEXIST) break;
    }
    if (descriptor >= 0)
        output->beside = name;
    else
        rg_free(name);
    return descriptor;
}

/* A file that is replaced hands its permissions on, so that a private one stays private. */
static int open_target(rg_output *output) {
    struct stat status;
    if (stat(output->target, &status) != 0) return open_beside(output, 0666);
    if (S_ISREG(status.st_mode)) return open_beside(output, status.st_mode & 0777);
    return open(output->target, O_WRONLY | O_CLOEXEC); /* devices and pipes; a folder gives EISDIR */
}

static char *resolve(const char *path) {
    char *target = realpath(path, NULL); /* fails for a file that is still to be made */
    return target ? target : rg_strdup(path);
}

static rg_status begin_failed(rg_output *output, const char *path, int error, rg_diagnostic *diagnostic) {
    output_release(output);
    if (error == ENOMEM) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    if (error == ENOENT)
        return rg_fail(diagnostic, RG_EIO, "%s: cannot write: the folder does not exist; make it first", path);
    return system_error(diagnostic, path, "write", error);
}

rg_status rg_output_begin(rg_output *output, const char *path, rg_diagnostic *diagnostic) {
    *output = (rg_output){.path = path, .target = resolve(path)};
    if (!output->target) return begin_failed(output, path, ENOMEM, diagnostic);
    const int descriptor = open_target(output);
    if (descriptor < 0) return begin_failed(output, path, errno, diagnostic);
    output->file = fdopen(descriptor, "wb");
    if (output->file) return RG_OK;
    const int error = errno;
    close(descriptor);
    return begin_failed(output, path, error, diagnostic);
}

/* A stream remembers that a write failed, but not why: one more byte meets the same obstacle. */
static int reason_of_failure(FILE *file) {
    errno = 0;
    fputc('\n', file);
    fflush(file);
    return errno ? errno : EIO;
}

static int flush(const rg_output *output) {
    if (ferror(output->file)) return reason_of_failure(output->file);
    if (fflush(output->file) != 0) return errno;
    return output->beside && fsync(fileno(output->file)) != 0 ? errno : 0;
}

/* 0 when all bytes are on disk under the target's name, otherwise errno. */
static int commit(rg_output *output) {
    const int error = flush(output);
    const int close_failed = fclose(output->file) != 0;
    output->file = NULL;
    if (error) return error;
    if (close_failed) return errno;
    if (!output->beside) return 0;
    if (rename(output->beside, output->target) != 0) return errno;
    rg_free(output->beside);
    output->beside = NULL; /* nothing left to remove */
    return 0;
}

rg_status rg_output_end(rg_output *output, rg_status status, rg_diagnostic *diagnostic) {
    assert(output->file);
    if (status == RG_OK) {
        const int error = commit(output);
        if (error) status = system_error(diagnostic, output->path, "write", error);
    } else if (status == RG_EIO && ferror(output->file)) { /* libpng, Cairo and libzip do not say why */
        system_error(diagnostic, output->path, "write", reason_of_failure(output->file));
    }
    output_release(output);
    return status;
}
