/* Folders of results: made beside, renamed at the end. */
#define _XOPEN_SOURCE 700 /* realpath, nftw */
#include <rotgrad/folder.h>

#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 1000, NAME_ROOM = 64, OPEN_FOLDERS = 8 };

static const char *const marker = "report.json";

static rg_status cannot(rg_diagnostic *diagnostic, const char *path, const char *action, int error) {
    if (error == ENOMEM) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    return rg_fail(diagnostic, RG_EIO, "%s: cannot %s: %s", path, action, strerror(error));
}

/* How much of a path is left without the slashes behind it. */
static size_t named_length(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    return length;
}

/* How much of a path names the folder above its last part. */
static size_t above_length(const char *path) {
    size_t length = named_length(path);
    while (length > 0 && path[length - 1] != '/') length--;
    return length;
}

/* ---- what stands there */

static int is_ours(const char *path) {
    static const char *const endings[] = {".html", ".json", ".csv", ".npy", ".npz", ".png", ".pdf", ".svg"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0) return 1;
    return 0;
}

/* Symbolic links are foreign, too. */
static int stop_at_foreign(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)place;
    return !(type == FTW_D || (type == FTW_F && is_ours(path)));
}

static int stop_below(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)path;
    (void)status;
    (void)type;
    return place->level > 0;
}

static int has_marker(const char *path) {
    struct stat status;
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int found = folder >= 0 && fstatat(folder, marker, &status, 0) == 0 && S_ISREG(status.st_mode);
    if (folder >= 0) close(folder);
    return found;
}

/* `path` is free of symbolic links. */
static rg_status check_contents(const char *shown, const char *path, int force, rg_diagnostic *diagnostic) {
    const int entries = nftw(path, stop_below, OPEN_FOLDERS, FTW_PHYS);
    if (entries < 0) return cannot(diagnostic, shown, "look into the folder", errno);
    if (entries == 0) return RG_OK;
    if (!force)
        return rg_fail(diagnostic, RG_EINVAL,
                       "%s: the folder is not empty; name another one, or replace an earlier result with --force",
                       shown);
    if (!has_marker(path))
        return rg_fail(diagnostic, RG_EINVAL,
                       "%s: the folder has no %s, so it is no earlier result and stays; name another one", shown,
                       marker);
    if (nftw(path, stop_at_foreign, OPEN_FOLDERS, FTW_PHYS) == 0) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL,
                   "%s: the folder holds more than results, and stays; move the rest away or name another one", shown);
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
    char *target = realpath(path, NULL);
    if (!target) return cannot(diagnostic, path, "look into the folder", errno);
    const rg_status result = check_contents(path, target, force, diagnostic);
    free(target);
    return result;
}

static rg_status check_above(const char *path, rg_diagnostic *diagnostic) {
    const size_t length = above_length(path);
    char *above = rg_strdup(length ? path : ".");
    if (!above) return cannot(diagnostic, path, "make the folder", ENOMEM);
    if (length) above[length] = '\0';
    const int error = access(above, W_OK | X_OK) == 0 ? 0 : errno;
    rg_free(above);
    return error ? cannot(diagnostic, path, "make the folder", error) : RG_OK;
}

/* A slash behind the name of a link would have lstat follow it. */
static rg_status check_absent(const char *path, rg_diagnostic *diagnostic) {
    struct stat status;
    char *name = rg_strdup(path);
    if (!name) return cannot(diagnostic, path, "make the folder", ENOMEM);
    name[named_length(path)] = '\0';
    const int dangles = lstat(name, &status) == 0;
    rg_free(name);
    if (!dangles) return check_above(path, diagnostic);
    return rg_fail(diagnostic, RG_EIO, "%s: expected a folder or nothing, found a symbolic link to nothing", path);
}

rg_status rg_folder_check(const char *path, int force, rg_diagnostic *diagnostic) {
    struct stat status;
    if (!path || !*path) return rg_fail(diagnostic, RG_EINVAL, "expected the name of a folder, found nothing");
    if (stat(path, &status) != 0)
        return errno == ENOENT ? check_absent(path, diagnostic) : cannot(diagnostic, path, "make the folder", errno);
    const rg_status occupied = check_existing(path, &status, force, diagnostic);
    return occupied ? occupied : check_above(path, diagnostic);
}

/* ---- making, replacing, removing */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *path) {
    (void)nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

/* An empty folder in the same folder as `target`, with its permissions: a private one stays private. NULL with errno. */
static char *make_beside(const char *target) {
    struct stat status;
    const mode_t mode = stat(target, &status) == 0 ? (status.st_mode & 0777) | S_IRWXU : 0777;
    const int above = (int)above_length(target);
    const size_t room = (size_t)above + NAME_ROOM;
    char *name = rg_alloc(room, 1);
    errno = name ? EEXIST : ENOMEM;
    for (int n = 0; name && n < NAME_ATTEMPTS && errno == EEXIST; n++) {
        snprintf(name, room, "%.*s.rotgrad-%ld-%d.part", above, target, (long)getpid(), n);
        if (mkdir(name, mode) == 0) return name;
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
    return cannot(diagnostic, path, "make the folder", error);
}

/* The old folder steps aside, and back again when the new one cannot take its place. Returns 0 or errno. */
static int replace(const rg_folder *folder) {
    char *old = make_beside(folder->target);
    if (!old) return errno;
    int error = 0;
    if (rename(folder->target, old) != 0) {
        error = errno;
        (void)rmdir(old);
    } else if (rename(folder->beside, folder->target) != 0) {
        error = errno;
        (void)!rename(old, folder->target);
    } else {
        remove_tree(old);
    }
    rg_free(old);
    return error;
}

/* A folder may be renamed over an empty one. What else is in the way is judged anew, for it may have changed. */
static rg_status commit(rg_folder *folder, rg_diagnostic *diagnostic) {
    int error = rename(folder->beside, folder->target) == 0 ? 0 : errno;
    if (error == ENOTEMPTY || error == EEXIST) {
        const rg_status status = rg_folder_check(folder->path, folder->force, diagnostic);
        if (status) return status;
        error = replace(folder);
    }
    if (error) return cannot(diagnostic, folder->path, "put the folder there", error);
    rg_free(folder->beside);
    folder->beside = NULL; /* nothing left to remove */
    return RG_OK;
}

void rg_folder_name(const rg_folder *folder, rg_diagnostic *diagnostic) {
    const size_t length = strlen(folder->beside);
    if (!diagnostic || strncmp(diagnostic->text, folder->beside, length) != 0) return;
    const rg_diagnostic said = *diagnostic;
    rg_fail(diagnostic, said.status, "%.*s%s", (int)named_length(folder->path), folder->path, said.text + length);
}

rg_status rg_folder_end(rg_folder *folder, rg_status status, rg_diagnostic *diagnostic) {
    if (status == RG_OK)
        status = commit(folder, diagnostic);
    else
        rg_folder_name(folder, diagnostic);
    release(folder);
    return status;
}
