/* Runs on their way. The checkpoint, an .npz, holds the state of the particles, the rows of path.csv so far, and two fingerprints,
 * each SHA-256 as 32 numbers: of the experiment (its keys but for `threads` and the bytes of its files), and of state and rows, so
 * that numbers changed by hand do not become results. */
#include "experiment/sample.h"

#include <rotgrad/array.h>

#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIGEST = 32, FINGERPRINT = 2 * DIGEST, PATH_ROOM = 32 };
enum { ROW = 1 + RG_SAMPLE_COLUMNS };

/* The bytes of the sum as numbers; frees it. */
static void finish(GChecksum *sum, double digest[DIGEST]) {
    guint8 bytes[DIGEST];
    gsize size = DIGEST;
    g_checksum_get_digest(sum, bytes, &size);
    for (int i = 0; i < DIGEST; i++) digest[i] = bytes[i];
    g_checksum_free(sum);
}

static void fingerprint_of_numbers(const double *state, size_t states, const double *rows, size_t count,
                                   double digest[DIGEST]) {
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)state, (gssize)(states * sizeof *state));
    g_checksum_update(sum, (const guchar *)rows, (gssize)(count * sizeof *rows));
    finish(sum, digest);
}

static rg_status fingerprint_of(const rg_experiment *e, double digest[DIGEST]) {
    json_t *resolved = json_loads(e->resolved, 0, NULL);
    json_object_del(resolved, "threads");
    char *dump = resolved ? json_dumps(resolved, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(resolved);
    if (!dump) return RG_ENOMEM;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)dump, -1);
    for (size_t i = 1; i < e->inputs; i++) g_checksum_update(sum, (const guchar *)e->input[i].sha256, -1);
    finish(sum, digest);
    free(dump);
    return RG_OK;
}

static void pack(const rg_sampled *s, double *rows) {
    for (size_t i = 0; i < s->rows; i++) {
        rows[i * ROW] = (double)s->row[i].step;
        for (size_t c = 0; c < RG_SAMPLE_COLUMNS; c++)
            memcpy(&rows[i * ROW + 1 + c], (const char *)&s->row[i] + rg_sample_column_of[c].offset, sizeof *rows);
    }
}

static void unpack(const double *rows, size_t count, rg_sampled *s) {
    s->rows = count;
    for (size_t i = 0; i < count; i++) {
        s->row[i].step = i; /* what the file says of it is not trusted */
        for (size_t c = 0; c < RG_SAMPLE_COLUMNS; c++)
            memcpy((char *)&s->row[i] + rg_sample_column_of[c].offset, &rows[i * ROW + 1 + c], sizeof *rows);
    }
}

rg_status rg_sample_save(const char *path, const rg_experiment *experiment, const rg_particles *particles,
                         const rg_sampled *sampled, rg_diagnostic *diagnostic) {
    const size_t size = rg_particles_state_size(particles);
    double digest[FINGERPRINT], *state = rg_field_alloc(size),
                                *rows = rg_field_alloc(rg_size_product(sampled->rows, ROW));
    rg_status status = state && rows ? fingerprint_of(experiment, digest) : RG_ENOMEM;
    if (!status) {
        rg_particles_save(particles, state);
        pack(sampled, rows);
        fingerprint_of_numbers(state, size, rows, sampled->rows * ROW, digest + DIGEST);
        const ptrdiff_t digest_shape[] = {FINGERPRINT}, state_shape[] = {(ptrdiff_t)size},
                        row_shape[] = {(ptrdiff_t)sampled->rows, ROW};
        const rg_array_member members[] = {
            {"fingerprint", 1, digest_shape, digest}, {"state", 1, state_shape, state}, {"rows", 2, row_shape, rows}};
        status = rg_array_write_npz(path, members, sizeof members / sizeof *members, diagnostic);
    } else {
        rg_fail(diagnostic, status, "%s: out of memory", path);
    }
    rg_free(state);
    rg_free(rows);
    return status;
}

static rg_status read_member(const char *path, const char *name, rg_array *array, rg_diagnostic *diagnostic) {
    const size_t room = strlen(path) + PATH_ROOM;
    char *full = rg_alloc(room, 1);
    if (!full) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    snprintf(full, room, "%s:%s", path, name);
    const rg_status status = rg_array_read(full, array, diagnostic);
    rg_free(full);
    return status;
}

struct checkpoint {
    rg_array digest, state, rows;
};

static rg_status check(const char *path, const struct checkpoint *c, const rg_experiment *e,
                       const rg_particles *particles, rg_diagnostic *diagnostic) {
    double digest[FINGERPRINT];
    const rg_status status = fingerprint_of(e, digest);
    if (status) return rg_fail(diagnostic, status, "%s: out of memory", path);
    int same = c->digest.count >= DIGEST;
    for (int i = 0; same && i < DIGEST; i++) same = c->digest.data[i] == digest[i];
    if (!same)
        return rg_fail(
            diagnostic, RG_EINVAL,
            "%s: a run of another experiment, or of other data or settings: the command that began it goes on with it, "
            "--force without --resume begins again",
            path);
    const int fits = c->state.count == rg_particles_state_size(particles) && c->rows.dim == 2 &&
                     c->rows.shape[1] == ROW && c->rows.shape[0] >= 1 &&
                     (size_t)c->rows.shape[0] <= e->sample.steps + 1 &&
                     c->state.data[0] == (double)(c->rows.shape[0] - 1);
    if (!fits || c->digest.count != FINGERPRINT)
        return rg_fail(diagnostic, RG_EFORMAT, "%s: not a checkpoint of this version", path);
    fingerprint_of_numbers(c->state.data, c->state.count, c->rows.data, c->rows.count, digest + DIGEST);
    for (int i = DIGEST; i < FINGERPRINT; i++)
        if (c->digest.data[i] != digest[i])
            return rg_fail(diagnostic, RG_EFORMAT, "%s: its numbers were changed after it was written", path);
    return RG_OK;
}

rg_status rg_sample_load(const char *path, const rg_experiment *experiment, rg_particles *particles,
                         rg_sampled *sampled, rg_diagnostic *diagnostic) {
    struct checkpoint c = {0};
    rg_status status = read_member(path, "fingerprint", &c.digest, diagnostic);
    if (!status) status = read_member(path, "state", &c.state, diagnostic);
    if (!status) status = read_member(path, "rows", &c.rows, diagnostic);
    if (!status) status = check(path, &c, experiment, particles, diagnostic);
    if (!status) status = rg_particles_load(particles, c.state.data, diagnostic);
    if (!status) unpack(c.rows.data, (size_t)c.rows.shape[0], sampled);
    rg_array_free(&c.digest);
    rg_array_free(&c.state);
    rg_array_free(&c.rows);
    return status;
}

rg_status rg_sample_check(const char *checkpoint, int resume, rg_diagnostic *diagnostic) {
    const int there = access(checkpoint, F_OK) == 0;
    if (there && !resume)
        return rg_fail(diagnostic, RG_EINVAL,
                       "%s: a run that was stopped stands here: --resume goes on with it, --force begins again",
                       checkpoint);
    if (!there && resume)
        return rg_fail(diagnostic, RG_EINVAL, "%s: there is no stopped run to go on with", checkpoint);
    return RG_OK;
}
