/* .npz: a zip archive whose members are NAME.npy, read and written through libzip.
 *
 * An archive may claim any size for a member. Deflate cannot expand more than MAX_EXPANSION times, so what is
 * allocated stays in proportion to the file that is really there.
 * Source: APPNOTE.TXT (PKWARE) for the format, zlib's technical details for the factor. */
#include "io/npz.h"
#include "base/base.h"
#include "io/file.h"
#include "io/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zip.h>

enum {
    MAX_EXPANSION = 1032,
    NAMES_ROOM = 400,         /* names that a message lists */
    FIRST_DAY = (1 << 5) | 1, /* 1980-01-01 in MS-DOS form, the earliest that zip knows */
    FASTEST_LEVEL = 1         /* on doubles, libzip's default 9 takes 2 to 4 times as long for the same size */
};

/* ---- failures */

static rg_status status_of(const zip_error_t *error) {
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY) return RG_ENOMEM;
    return zip_error_system_type(error) == ZIP_ET_SYS ? RG_EIO : RG_EFORMAT;
}

static rg_status archive_error(rg_diagnostic *diagnostic, const char *path, const char *action, zip_error_t *error) {
    return rg_fail(diagnostic, status_of(error), "%s: cannot %s: %s", path, action, zip_error_strerror(error));
}

/* ---- paths and names */

static int ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* The NAME of FILE.npz:NAME, or NULL. */
static const char *member_of(const char *path) {
    const char *found = NULL;
    for (const char *at = path; (at = strstr(at, ".npz:"));) found = at += strlen(".npz:");
    return found;
}

int rg_npz_is_path(const char *path) {
    return ends_with(path, ".npz") || member_of(path);
}

/* The name of an array without .npy, with its length, or NULL when the member is no array. */
static const char *array_name(zip_t *zip, zip_uint64_t index, size_t *length) {
    const char *name = zip_get_name(zip, index, 0);
    if (!name || !ends_with(name, ".npy")) return NULL;
    *length = strlen(name) - strlen(".npy");
    return name;
}

static zip_uint64_t entry_count(zip_t *zip) {
    const zip_int64_t count = zip_get_num_entries(zip, 0);
    return count > 0 ? (zip_uint64_t)count : 0;
}

/* "a, b, c": as many as find room. Control characters of a hostile archive do not reach the terminal. */
static void print_names(zip_t *zip, char text[NAMES_ROOM]) {
    size_t used = 0, length = 0;
    text[0] = '\0';
    for (zip_uint64_t i = 0; i < entry_count(zip) && used < NAMES_ROOM; i++) {
        const char *name = array_name(zip, i, &length);
        if (!name) continue;
        used += (size_t)snprintf(text + used, NAMES_ROOM - used, "%s%.*s", used ? ", " : "",
                                 (int)(length < NAMES_ROOM ? length : NAMES_ROOM), name);
    }
    if (used >= NAMES_ROOM) memcpy(text + NAMES_ROOM - 4, "...", 4);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
}

/* ---- reading */

typedef struct archive {
    char *file;    /* path without :NAME */
    uint64_t size; /* of the archive, in bytes */
    zip_t *zip;
    const char *path; /* as the caller gave it, for messages */
} archive;

static void archive_close(archive *a) {
    if (a->zip) zip_discard(a->zip);
    rg_free(a->file);
}

/* libzip owns the stream from the source on, and the source from the archive on. */
static zip_t *open_stream(FILE *stream, zip_error_t *error) {
    zip_source_t *source = zip_source_filep_create(stream, 0, -1, error);
    if (!source) {
        fclose(stream);
        return NULL;
    }
    zip_t *zip = zip_open_from_source(source, ZIP_RDONLY, error);
    if (!zip) zip_source_free(source);
    return zip;
}

static rg_status archive_open(archive *a, const char *path, rg_diagnostic *diagnostic) {
    const char *member = member_of(path);
    *a = (archive){.path = path, .file = rg_strdup(path)};
    if (!a->file) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    if (member) a->file[member - path - 1] = '\0';
    FILE *stream = NULL;
    rg_status status = rg_file_open(a->file, &stream, &a->size, diagnostic);
    if (status != RG_OK) return status;
    zip_error_t error;
    zip_error_init(&error);
    a->zip = open_stream(stream, &error);
    if (!a->zip) status = archive_error(diagnostic, path, "read as a .npz archive", &error);
    zip_error_fini(&error);
    return status;
}

static int matches(const char *name, size_t length, const char *member) {
    return !member || (strlen(member) == length && memcmp(name, member, length) == 0);
}

/* Without a name the archive must hold one array only. */
static rg_status find_member(const archive *a, zip_uint64_t *index, rg_diagnostic *diagnostic) {
    const char *member = member_of(a->path);
    size_t found = 0, length = 0;
    for (zip_uint64_t i = 0; i < entry_count(a->zip); i++) {
        const char *name = array_name(a->zip, i, &length);
        if (name && matches(name, length, member) && found++ == 0) *index = i;
    }
    if (found == 1) return RG_OK;
    char names[NAMES_ROOM];
    print_names(a->zip, names);
    return rg_fail(diagnostic, RG_EFORMAT, "%s: expected %s in the archive, found %s%s; name it as FILE.npz:NAME",
                   a->path, member ? "one array of that name" : "one array", *names ? "the arrays " : "none", names);
}

static rg_status check_claims(const archive *a, const zip_stat_t *claim, rg_diagnostic *diagnostic) {
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    const int packed = claim->comp_method == ZIP_CM_DEFLATE;
    if ((claim->valid & needed) != needed || (!packed && claim->comp_method != ZIP_CM_STORE))
        return rg_fail(diagnostic, RG_EFORMAT,
                       "%s: expected a stored or deflated member, found compression method %d; save it with "
                       "numpy.savez or numpy.savez_compressed",
                       a->path, claim->comp_method);
    const uint64_t most = packed ? MAX_EXPANSION : 1;
    if (claim->comp_size > a->size || claim->size / most > claim->comp_size)
        return rg_fail(diagnostic, RG_EFORMAT,
                       "%s: the member claims %" PRIu64 " bytes, more than %" PRIu64
                       " bytes of archive can hold; the archive is damaged",
                       a->path, (uint64_t)claim->size, a->size);
    return RG_OK;
}

typedef struct member_file {
    const char *path;
    zip_file_t *file;
} member_file;

static rg_status read_member(void *state, void *bytes, size_t count, rg_diagnostic *diagnostic) {
    const member_file *member = state;
    const zip_int64_t n = zip_fread(member->file, bytes, count);
    if (n < 0) return archive_error(diagnostic, member->path, "unpack", zip_file_get_error(member->file));
    if ((size_t)n == count) return RG_OK;
    return rg_fail(diagnostic, RG_EFORMAT, "%s: the member ends early; the archive is damaged", member->path);
}

/* The attempt to read on makes libzip compare the checksum. */
static rg_status check_end(const member_file *member, rg_diagnostic *diagnostic) {
    char further;
    const zip_int64_t n = zip_fread(member->file, &further, 1);
    if (n < 0) return archive_error(diagnostic, member->path, "unpack", zip_file_get_error(member->file));
    if (n == 0) return RG_OK;
    return rg_fail(diagnostic, RG_EFORMAT, "%s: the member is longer than it claims; the archive is damaged",
                   member->path);
}

static rg_status decode_member(const archive *a, zip_uint64_t index, uint64_t size, rg_array *array,
                               rg_diagnostic *diagnostic) {
    member_file member = {.path = a->path, .file = zip_fopen_index(a->zip, index, 0)};
    if (!member.file) return archive_error(diagnostic, a->path, "open the member", zip_get_error(a->zip));
    const rg_npy_source source = {.path = a->path, .size = size, .state = &member, .read = read_member};
    rg_array decoded = {0};
    rg_status status = rg_npy_decode(&source, &decoded, diagnostic);
    if (status == RG_OK) status = check_end(&member, diagnostic);
    zip_fclose(member.file);
    if (status == RG_OK)
        *array = decoded;
    else
        rg_array_free(&decoded);
    return status;
}

static rg_status read_archive(const archive *a, rg_array *array, rg_diagnostic *diagnostic) {
    zip_uint64_t index = 0;
    rg_status status = find_member(a, &index, diagnostic);
    if (status != RG_OK) return status;
    zip_stat_t claim;
    if (zip_stat_index(a->zip, index, 0, &claim) != 0)
        return archive_error(diagnostic, a->path, "look at the member", zip_get_error(a->zip));
    status = check_claims(a, &claim, diagnostic);
    return status == RG_OK ? decode_member(a, index, claim.size, array, diagnostic) : status;
}

rg_status rg_npz_read(const char *path, rg_array *array, rg_diagnostic *diagnostic) {
    archive a;
    rg_status status = archive_open(&a, path, diagnostic);
    if (status == RG_OK) status = read_archive(&a, array, diagnostic);
    archive_close(&a);
    return status;
}

/* ---- listing */

/* The pointers, and behind them the texts. */
static char **copy_names(zip_t *zip, size_t *count) {
    size_t bytes = 0, length = 0, n = 0;
    for (zip_uint64_t i = 0; i < entry_count(zip); i++)
        if (array_name(zip, i, &length)) n++, bytes += length + 1;
    char **names = rg_alloc(n * sizeof *names + bytes + 1, 1);
    if (!names) return NULL;
    char *text = (char *)(names + n);
    *count = 0;
    for (zip_uint64_t i = 0; i < entry_count(zip); i++) {
        const char *name = array_name(zip, i, &length);
        if (!name) continue;
        names[(*count)++] = memcpy(text, name, length);
        text += length + 1;
    }
    return names;
}

rg_status rg_array_list_npz(const char *path, char ***names, size_t *count, rg_diagnostic *diagnostic) {
    archive a;
    rg_status status = archive_open(&a, path, diagnostic);
    if (status == RG_OK) {
        char **copied = copy_names(a.zip, count);
        if (copied)
            *names = copied;
        else
            status = rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    }
    archive_close(&a);
    return status;
}

/* ---- writing */

typedef struct sink {
    FILE *file;
    zip_error_t error;
} sink;

static zip_int64_t sink_result(sink *s, int failed, zip_int64_t result, int code) {
    if (!failed) return result;
    zip_error_set(&s->error, code, errno);
    return -1;
}

static zip_int64_t sink_seek(sink *s, const zip_source_args_seek_t *to) {
    return sink_result(s, fseeko(s->file, (off_t)to->offset, to->whence) != 0, 0, ZIP_ER_SEEK);
}

static zip_int64_t sink_tell(sink *s) {
    const off_t position = ftello(s->file);
    return sink_result(s, position < 0, position, ZIP_ER_TELL);
}

static zip_int64_t sink_stat(zip_stat_t *claim) {
    zip_stat_init(claim);
    claim->valid = ZIP_STAT_SIZE;
    claim->size = 0;
    return sizeof *claim;
}

/* libzip writes the archive into the stream of an rg_output, which makes it appear complete or not at all. */
static zip_int64_t sink_call(void *state, void *data, zip_uint64_t length, zip_source_cmd_t command) {
    sink *s = state;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_WRITABLE;
    case ZIP_SOURCE_STAT:
        return sink_stat(data);
    case ZIP_SOURCE_WRITE:
        return sink_result(s, fwrite(data, 1, length, s->file) < length, (zip_int64_t)length, ZIP_ER_WRITE);
    case ZIP_SOURCE_SEEK_WRITE:
        return sink_seek(s, data);
    case ZIP_SOURCE_TELL_WRITE:
        return sink_tell(s);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&s->error, data, length);
    default:
        return 0;
    }
}

static zip_int64_t member_stat(const rg_npy_encoder *encoder, zip_stat_t *claim) {
    zip_stat_init(claim);
    claim->valid = ZIP_STAT_SIZE;
    claim->size = encoder->size;
    return sizeof *claim;
}

/* A member's bytes are made while libzip asks for them. */
static zip_int64_t member_call(void *state, void *data, zip_uint64_t length, zip_source_cmd_t command) {
    rg_npy_encoder *encoder = state;
    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_READABLE;
    case ZIP_SOURCE_OPEN:
        encoder->position = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return (zip_int64_t)rg_npy_encode(encoder, data, length);
    case ZIP_SOURCE_STAT:
        return member_stat(encoder, data);
    default:
        return 0;
    }
}

static int add_source(zip_t *zip, const char *name, zip_source_t *source) {
    const zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return -1;
    }
    const zip_uint64_t added = (zip_uint64_t)index;
    if (zip_set_file_compression(zip, added, ZIP_CM_DEFLATE, FASTEST_LEVEL) != 0) return -1;
    return zip_file_set_dostime(zip, added, 0, FIRST_DAY, 0);
}

/* What a name can do wrong: be there twice, or hold what is no character in UTF-8. */
static rg_status refused_member(zip_t *zip, const char *path, const char *name, rg_diagnostic *diagnostic) {
    zip_error_t *error = zip_get_error(zip);
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY) return archive_error(diagnostic, path, "write", error);
    return rg_fail(diagnostic, RG_EINVAL, "%s: expected member names in UTF-8, each once, found '%s' (%s)", path, name,
                   zip_error_strerror(error));
}

static rg_status add_member(zip_t *zip, const char *path, const rg_array_member *member, rg_npy_encoder *encoder,
                            rg_diagnostic *diagnostic) {
    const rg_status status = rg_npy_encoder_init(encoder, path, member->dim, member->shape, member->data, diagnostic);
    if (status != RG_OK) return status;
    const size_t room = strlen(member->name) + sizeof ".npy";
    char *name = rg_alloc(room, 1);
    if (!name) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    snprintf(name, room, "%s.npy", member->name);
    zip_source_t *source = zip_source_function(zip, member_call, encoder);
    const int failed = !source || add_source(zip, name, source) != 0;
    rg_free(name);
    return failed ? refused_member(zip, path, member->name, diagnostic) : RG_OK;
}

static zip_t *create_zip(sink *s, zip_error_t *error) {
    zip_source_t *source = zip_source_function_create(sink_call, s, error);
    if (!source) return NULL;
    zip_t *zip = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, error);
    if (!zip) zip_source_free(source);
    return zip;
}

static rg_status write_members(zip_t *zip, const char *path, const rg_array_member *members, size_t count,
                               rg_npy_encoder *encoders, rg_diagnostic *diagnostic) {
    rg_status status = RG_OK;
    for (size_t i = 0; i < count && status == RG_OK; i++)
        status = add_member(zip, path, members + i, encoders + i, diagnostic);
    if (status == RG_OK && zip_close(zip) == 0) return RG_OK;
    if (status == RG_OK) status = archive_error(diagnostic, path, "write", zip_get_error(zip));
    zip_discard(zip);
    return status;
}

static rg_status write_archive(FILE *file, const char *path, const rg_array_member *members, size_t count,
                               rg_diagnostic *diagnostic) {
    rg_npy_encoder *encoders = rg_alloc(count, sizeof *encoders);
    if (!encoders) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    sink s = {.file = file};
    zip_error_t error;
    zip_error_init(&error);
    zip_error_init(&s.error);
    zip_t *zip = create_zip(&s, &error);
    const rg_status status = zip ? write_members(zip, path, members, count, encoders, diagnostic)
                                 : archive_error(diagnostic, path, "write", &error);
    zip_error_fini(&s.error);
    zip_error_fini(&error);
    rg_free(encoders);
    return status;
}

rg_status rg_array_write_npz(const char *path, const rg_array_member *members, size_t count,
                             rg_diagnostic *diagnostic) {
    if (count == 0) return rg_fail(diagnostic, RG_EINVAL, "%s: expected at least one array to write", path);
    if (!ends_with(path, ".npz"))
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected a name ending in .npz, by which it is read again", path);
    rg_output output;
    rg_status status = rg_output_begin(&output, path, diagnostic);
    if (status != RG_OK) return status;
    status = write_archive(output.file, path, members, count, diagnostic);
    return rg_output_end(&output, status, diagnostic);
}
