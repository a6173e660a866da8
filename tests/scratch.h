/* A folder of its own for a test program, removed at the end with the files in it. Made in TMPDIR or, without that, in
 * the current directory. Give scratch_setup and scratch_teardown to cmocka_run_group_tests. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRATCH_ROOM = 1024, SCRATCH_PATHS = 8 };

static char scratch_folder[SCRATCH_ROOM / 2];

/* Good until SCRATCH_PATHS further calls. */
static inline const char *scratch_path(const char *name) {
    static char paths[SCRATCH_PATHS][SCRATCH_ROOM];
    static int next;
    char *path = paths[next++ % SCRATCH_PATHS];
    snprintf(path, SCRATCH_ROOM, "%s/%s", scratch_folder, name);
    return path;
}

static inline int scratch_setup(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(scratch_folder, sizeof scratch_folder, "%s/rotgrad-test-XXXXXX", base && *base ? base : ".");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

/* Removes what is in the folder and says how many entries there were. */
static inline int scratch_clear(void) {
    int count = 0;
    DIR *folder = opendir(scratch_folder);
    if (!folder) return -1;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        char path[SCRATCH_ROOM];
        snprintf(path, sizeof path, "%s/%s", scratch_folder, entry->d_name);
        remove(path);
        count++;
    }
    closedir(folder);
    return count;
}

static inline int scratch_teardown(void **state) {
    (void)state;
    return scratch_clear() < 0 ? -1 : rmdir(scratch_folder);
}

static inline int scratch_write(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file) return -1;
    const size_t written = fwrite(bytes, 1, size, file);
    return fclose(file) == 0 && written == size ? 0 : -1;
}

/* At most `room` bytes; returns how many, 0 when there is no such file. */
static inline size_t scratch_read(const char *path, void *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    const size_t size = fread(bytes, 1, room, file);
    fclose(file);
    return size;
}

#endif
