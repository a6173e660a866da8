/* members.csv: read back when a study goes on, and one row appended as each member ends.
 *
 *     index, label, value, settings, hash, NAME, NAME_error, ..., claims, violated, undecided, violations, alarm, seconds */
#include "base/base.h"
#include "experiment/study.h"
#include "io/csv.h"
#include "io/csv_table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const before[] = {"index", "label", "value", "settings", "hash"};
static const char *const after[] = {"claims", "violated", "undecided", "violations", "alarm", "seconds"};
enum { BEFORE = sizeof before / sizeof *before, AFTER = sizeof after / sizeof *after, NAME_SIZE = 64 };

static const char *name_of(const rg_study *s, size_t quantity) {
    return quantity < s->predictors ? s->predictor[quantity]->quantity.name
                                    : s->outcome[quantity - s->predictors]->quantity.name;
}

static size_t quantities(const rg_study *s) {
    return s->predictors + s->outcomes;
}

static size_t columns(const rg_study *s) {
    return BEFORE + 2 * quantities(s) + AFTER;
}

/* The name of a column, in `text` where it is not a fixed one. */
static const char *heading(const rg_study *s, size_t column, char text[NAME_SIZE]) {
    if (column < BEFORE) return before[column];
    column -= BEFORE;
    if (column >= 2 * quantities(s)) return after[column - 2 * quantities(s)];
    snprintf(text, NAME_SIZE, "%s%s", name_of(s, column / 2), column % 2 ? "_error" : "");
    return text;
}

/* ---- reading */

static rg_status other_study(const char *path, size_t line, const char *what, rg_diagnostic *diagnostic) {
    return rg_fail(
        diagnostic, RG_EINVAL,
        "%s:%zu: %s; the table is of another study, or of this one before it was changed: name another folder, "
        "or remove the file to start anew",
        path, line, what);
}

static rg_status check_header(const rg_study *s, const rg_csv_table *t, const char *path, rg_diagnostic *diagnostic) {
    char text[NAME_SIZE], what[RG_DIAGNOSTIC_SIZE / 2];
    for (size_t c = 0; c < columns(s); c++) {
        const char *wanted = heading(s, c, text), *found = c < t->columns ? t->cell[c] : "";
        if (strcmp(wanted, found) == 0) continue;
        snprintf(what, sizeof what, "expected the column %s, got \"%.64s\"", wanted, found);
        return other_study(path, 1, what, diagnostic);
    }
    if (t->columns == columns(s)) return RG_OK;
    snprintf(what, sizeof what, "expected %zu columns, got %zu", columns(s), t->columns);
    return other_study(path, 1, what, diagnostic);
}

/* Without one whole line: what was cut short as it was written begins as the header does; another file stays as it is.
 * Cells stand in the text one after another, each ended by 0. */
static rg_status check_cut(const rg_study *s, const rg_csv_table *t, const char *path, rg_diagnostic *diagnostic) {
    char text[NAME_SIZE], what[RG_DIAGNOSTIC_SIZE / 2];
    const char *at = t->text, *end = t->text + t->size;
    size_t c = 0;
    for (; c < columns(s) && at < end; c++, at += strlen(at) + 1) {
        const char *wanted = heading(s, c, text);
        if (strncmp(wanted, at, (size_t)(end - at)) == 0) continue; /* the same, or the last one and its beginning */
        snprintf(what, sizeof what, "expected the column %s, got \"%.64s\"", wanted, at);
        return other_study(path, 1, what, diagnostic);
    }
    if (c < columns(s) || at > end) return RG_OK; /* a comma behind the last one would end at `end` */
    snprintf(what, sizeof what, "expected %zu columns, got more", columns(s));
    return other_study(path, 1, what, diagnostic);
}

static int take_whole(const char *cell, size_t limit, size_t *whole) {
    double value;
    if (!rg_csv_number(cell, &value) || !(value >= 0) || value > (double)limit || floor(value) != value) return 0;
    *whole = (size_t)value;
    return 1;
}

static rg_status take_row(rg_study *s, const rg_csv_table *t, size_t r, const char *path, rg_diagnostic *diagnostic) {
    const size_t most = 1000000000, line = r + 2;
    size_t member = 0, alarm = 0, c = BEFORE;
    char what[RG_DIAGNOSTIC_SIZE / 2];
    if (!take_whole(rg_csv_cell(t, r, 0), most, &member) || member >= s->members ||
        strcmp(rg_csv_cell(t, r, BEFORE - 1), s->member[member].hash) != 0) {
        snprintf(what, sizeof what, "the hash \"%.32s\" is not that of member %.16s", rg_csv_cell(t, r, BEFORE - 1),
                 rg_csv_cell(t, r, 0));
        return other_study(path, line, what, diagnostic);
    }
    rg_study_row *row = &s->row[member];
    int good = 1;
    for (size_t q = 0; q < quantities(s); q++, c += 2)
        good = good && rg_csv_number(rg_csv_cell(t, r, c), &row->value[q].value) &&
               rg_csv_number(rg_csv_cell(t, r, c + 1), &row->value[q].error);
    const char *violations = rg_csv_cell(t, r, c + 3);
    good = good && take_whole(rg_csv_cell(t, r, c), most, &row->claims) &&
           take_whole(rg_csv_cell(t, r, c + 1), most, &row->violated) &&
           take_whole(rg_csv_cell(t, r, c + 2), most, &row->undecided) &&
           take_whole(rg_csv_cell(t, r, c + 4), 1, &alarm) && rg_csv_number(rg_csv_cell(t, r, c + 5), &row->seconds);
    if (!good) return rg_fail(diagnostic, RG_EFORMAT, "%s:%zu: expected numbers in the row", path, line);
    row->violations = rg_pool_text(&s->pool, violations, strlen(violations));
    if (!row->violations) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    row->alarm = (int)alarm;
    row->done = 1;
    return RG_OK;
}

/* What the file had when it was read decides: another program may have appended a row meanwhile, which stays. */
static rg_status remove_cut_line(const char *path, const rg_csv_table *t, rg_diagnostic *diagnostic) {
    if (t->size == t->whole || truncate(path, (off_t)t->whole) == 0) return RG_OK;
    return rg_fail(diagnostic, RG_EIO, "%s: cannot remove the last line, which is cut short: %s", path,
                   strerror(errno));
}

rg_status rg_study_load(rg_study *s, const char *path, rg_diagnostic *diagnostic) {
    struct stat file;
    rg_csv_table table;
    if (stat(path, &file) != 0 && errno == ENOENT) return RG_OK;
    rg_status status = rg_csv_read(path, &table, diagnostic);
    if (status) return status;
    status = table.columns ? check_header(s, &table, path, diagnostic) : check_cut(s, &table, path, diagnostic);
    for (size_t r = 0; !status && r < table.rows; r++) status = take_row(s, &table, r, path, diagnostic);
    if (!status) status = remove_cut_line(path, &table, diagnostic);
    rg_csv_table_free(&table);
    return status;
}

/* ---- writing */

static void write_header(const rg_study *s, rg_csv *csv) {
    char text[NAME_SIZE];
    for (size_t c = 0; c < columns(s); c++) rg_csv_text(csv, heading(s, c, text));
}

/* A line stays one. */
static void write_line(rg_csv *csv, const char *text) {
    char *line = rg_strdup(text);
    for (char *at = line; at && *at; at++)
        if (*at == '\n' || *at == '\r') *at = ' ';
    rg_csv_text(csv, line ? line : "");
    rg_free(line);
}

static void write_row(const rg_study *s, size_t member, rg_csv *csv) {
    const rg_study_member *m = &s->member[member];
    const rg_study_row *row = &s->row[member];
    rg_csv_integer(csv, (long long)member);
    write_line(csv, m->label);
    rg_csv_real(csv, m->value);
    write_line(csv, m->shown);
    rg_csv_text(csv, m->hash);
    for (size_t q = 0; q < quantities(s); q++) {
        rg_csv_real(csv, row->value[q].value);
        rg_csv_real(csv, row->value[q].error);
    }
    rg_csv_integer(csv, (long long)row->claims);
    rg_csv_integer(csv, (long long)row->violated);
    rg_csv_integer(csv, (long long)row->undecided);
    rg_csv_text(csv, row->violations);
    rg_csv_integer(csv, row->alarm);
    rg_csv_real(csv, row->seconds);
}

/* All bytes in one write: two programs that work on parts of one study do not mix their lines. */
static rg_status append(const char *path, int file, const char *text, size_t size, rg_diagnostic *diagnostic) {
    const ssize_t written = write(file, text, size);
    const int error = written == (ssize_t)size ? (fsync(file) == 0 ? 0 : errno) : written < 0 ? errno : ENOSPC;
    return error ? rg_fail(diagnostic, RG_EIO, "%s: cannot write: %s", path, strerror(error)) : RG_OK;
}

rg_status rg_study_append(const rg_study *s, size_t member, const char *path, rg_diagnostic *diagnostic) {
    char *text = NULL;
    size_t size = 0;
    struct stat status;
    const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || fstat(file, &status) != 0) {
        const int error = errno;
        if (file >= 0) close(file);
        return rg_fail(diagnostic, RG_EIO, "%s: cannot write: %s", path, strerror(error));
    }
    rg_csv csv = {.output.file = open_memstream(&text, &size), .columns = columns(s)};
    if (csv.output.file && status.st_size == 0) write_header(s, &csv);
    if (csv.output.file) write_row(s, member, &csv);
    const int built = csv.output.file && fclose(csv.output.file) == 0;
    rg_status result =
        built ? append(path, file, text, size, diagnostic) : rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    if (close(file) != 0 && !result)
        result = rg_fail(diagnostic, RG_EIO, "%s: cannot write: %s", path, strerror(errno));
    free(text);
    return result;
}
