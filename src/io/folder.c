/* Folders of results: made beside, renamed at the end. */
#define _XOPEN_SOURCE 700 /* realpath, nftw */
#include <rotgrad/folder.h>

#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 1000, NAME_ROOM = 64, TREE_FILES = 16 };

static const char *const marker = "report.json";

static rg_status cannot_make(rg_diagnostic *diagnostic, const char *path, int error) {
    return rg_fail(diagnostic, RG_EIO, "%s: cannot make the folder: %s", path, strerror(error));
}

/* How much of a path names the folder above its last part; trailing slashes do not count. */
static size_t parent_length(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    while (length > 0 && path[length - 1] != '/') length--;
    return length;
}

static rg_status check_parent(const char *path, rg_diagnostic *diagnostic) {
    const size_t length = parent_length(path);
    char *parent = rg_alloc(length + 2, 1);
    if (!parent) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    memcpy(parent, path, length);
    if (length == 0) parent[0] = '.';
    const int error = access(parent, W_OK | X_OK) == 0 ? 0 : errno;
    rg_free(parent);
    return error ? cannot_make(diagnostic, path, error) : RG_OK;
}

/* 1: something is in it, 0: empty, -1: cannot be read. */
static int has_entries(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return -1;
    int found = 0;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return found;
}

static int is_result(const char *path) {
    struct stat status;
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return 0;
    const int found = fstatat(folder, marker, &status, 0) == 0 && S_ISREG(status.st_mode);
    close(folder);
    return found;
}

/* Renaming over the folder one stands in would leave the caller in a removed one. */
static int is_current(const struct stat *status) {
    struct stat here;
    return stat(".", &here) == 0 && here.st_dev == status->st_dev && here.st_ino == status->st_ino;
}

static rg_status check_existing(const char *path, const struct stat *status, int force, rg_diagnostic *diagnostic) {
    if (!S_ISDIR(status->st_mode))
        return rg_fail(diagnostic, RG_EIO, "%s: expected a folder or nothing, found a file", path);
    if (is_current(status))
        return rg_fail(diagnostic, RG_EINVAL, "%s: this is the current folder; name a new one below it", path);
    const int filled = has_entries(path);
    if (filled < 0) return rg_fail(diagnostic, RG_EIO, "%s: cannot read: %s", path, strerror(errno));
    if (!filled) return RG_OK;
    if (!force)
        return rg_fail(diagnostic, RG_EINVAL, "%s: the folder is not empty; name another one, or replace it with --force",
                       path);
    if (is_result(path)) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL,
                   "%s: the folder is no earlier result (it holds no %s) and will not be replaced; name another one",
                   path, marker);
}

rg_status rg_folder_check(const char *path, int force, rg_diagnostic *diagnostic) {
    if (!path || !*path) return rg_fail(diagnostic, RG_EINVAL, "expected the name of a folder, found nothing");
    struct stat status;
    if (stat(path, &status) == 0) {
        const rg_status bad = check_existing(path, &status, force, diagnostic);
        if (bad) return bad;
    } else if (errno != ENOENT) {
        return cannot_make(diagnostic, path, errno);
    }
    return check_parent(path, diagnostic);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *path) {
    (void)nftw(path, remove_entry, TREE_FILES, FTW_DEPTH | FTW_PHYS);
}

/* An empty folder in the same folder as `target`; NULL with errno. */
static char *make_beside(const char *target) {
    const int above = (int)parent_length(target);
    const size_t room = (size_t)above + NAME_ROOM;
    char *name = rg_alloc(room, 1);
    if (!name) {
        errno = ENOMEM;
        return NULL;
    }
    for (int n = 0; n < NAME_ATTEMPTS; n++) {
        snprintf(name, room, "%.*s.rotgrad-%ld-%d.part", above, target, (long)getpid(), n);
        if (mkdir(name, 0777) == 0) return name;
        if (errno != EEXIST) break;
    }
    const int error = errno;
    rg_free(name);
    errno = error;
    return NULL;
}

static void release(rg_folder *folder) {
    if (folder->beside) remove_tree(folder->beside);
    rg_free(folder->beside);
    rg_free(folder->target);
    *folder = (rg_folder){0};
}

rg_status rg_folder_begin(rg_folder *folder, const char *path, int force, rg_diagnostic *diagnostic) {
    const rg_status status = rg_folder_check(path, force, diagnostic);
    if (status) return status;
    char *target = realpath(path, NULL); /* fails for a folder that is still to be made */
    *folder = (rg_folder){.path = path, .target = target ? target : rg_strdup(path), .force = force};
    folder->beside = folder->target ? make_beside(folder->target) : NULL;
    if (folder->beside) return RG_OK;
    const int error = folder->target ? errno : ENOMEM;
    release(folder);
    return error == ENOMEM ? rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path)
                           : cannot_make(diagnostic, path, error);
}

/* The old folder steps aside, and back again when the new one cannot take its place. Returns 0 or errno. */
static int replace(const rg_folder *folder) {
    char *old = make_beside(folder->target);
    if (!old) return errno;
    int error = rename(folder->target, old) == 0 ? 0 : errno;
    if (!error && rename(folder->beside, folder->target) != 0) {
        error = errno;
        (void)!rename(old, folder->target);
    }
    remove_tree(old);
    rg_free(old);
    return error;
}

static int commit(rg_folder *folder) {
    int error = rename(folder->beside, folder->target) == 0 ? 0 : errno;
    if ((error == ENOTEMPTY || error == EEXIST) && folder->force && is_result(folder->target)) error = replace(folder);
    if (error) return error;
    rg_free(folder->beside);
    folder->beside = NULL; /* nothing left to remove */
    return 0;
}

rg_status rg_folder_end(rg_folder *folder, rg_status status, rg_diagnostic *diagnostic) {
    if (status == RG_OK) {
        const int error = commit(folder);
        if (error) status = rg_fail(diagnostic, RG_EIO, "%s: cannot write: %s", folder->path, strerror(error));
    }
    release(folder);
    return status;
}
