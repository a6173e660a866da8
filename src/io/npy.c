/* The .npy format: magic, version, length of the header, header, data.
 *
 *     \x93NUMPY  major minor  u16 (version 1) or u32 (2 and 3), little endian
 *     {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }  spaces, line feed
 *
 * The header is a Python literal; only the subset above is understood, with its keys in any order. Bytes are put
 * together with shifts, so that the order of bytes on this machine does not matter.
 * Source: NEP 1 and numpy/lib/format.py. */
#include "io/npy.h"
#include "base/base.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAGIC_SIZE = 6,
    PREFIX_SIZE = 10,   /* magic, version and a 16-bit length: the least that every file has */
    HEADER_MAX = 10000, /* NumPy's own limit */
    BLOCK = 1 << 15,
    EXCERPT = 40 /* characters of the header that go into a message */
};

static const unsigned char magic[MAGIC_SIZE] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* Every product counts an empty axis as one cell, as NumPy does: (0, 2^62, 4) overflows although it holds nothing. */
static int count_cells(int dim, const ptrdiff_t *shape, size_t *count) {
    size_t room = sizeof(double);
    int empty = 0;
    for (int axis = 0; axis < dim; axis++) {
        if (shape[axis] < 0) return 0;
        if (shape[axis] == 0)
            empty = 1;
        else
            room = rg_size_product(room, (size_t)shape[axis]);
    }
    if (room == 0 || room > PTRDIFF_MAX) return 0;
    *count = empty ? 0 : room / sizeof(double);
    return 1;
}

/* ---- header */

typedef struct element_type {
    char kind; /* f i u b */
    unsigned size;
    int big_endian;
} element_type;

typedef struct header {
    const char *path;
    rg_diagnostic *diagnostic;
    const char *cursor;
    element_type type;
    rg_array array; /* all but the data */
} header;

static rg_status unexpected(const header *h, const char *expected) {
    const char *found = *h->cursor ? h->cursor : "the end";
    return rg_fail(h->diagnostic, RG_EFORMAT,
                   "%s: expected %s in the .npy header, found: %.*s; the file is damaged, save the array again",
                   h->path, expected, EXCERPT, found);
}

static void skip_spaces(header *h) {
    while (*h->cursor == ' ') h->cursor++;
}

static int take(header *h, const char *text) {
    skip_spaces(h);
    const size_t length = strlen(text);
    if (strncmp(h->cursor, text, length) != 0) return 0;
    h->cursor += length;
    return 1;
}

static int machine_is_big_endian(void) {
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

/* Three characters: order, kind, size. '|' says that there is no order of bytes. */
static int parse_type(const char *text, element_type *type) {
    static const char known[] = "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1";
    const char order = text[0];
    if (!strchr("<>=|", order)) return 0;
    if (order == '|' && text[2] != '1') return 0;
    for (const char *name = known; name < known + sizeof known; name += 3) {
        if (strncmp(name, text + 1, 2) != 0) continue;
        type->kind = text[1];
        type->size = (unsigned)(text[2] - '0');
        type->big_endian = order == '>' || (order == '=' && machine_is_big_endian());
        return 1;
    }
    return 0;
}

static rg_status refused_type(const header *h, const char *kind, const char *found, size_t length) {
    return rg_fail(h->diagnostic, RG_EFORMAT,
                   "%s: expected element type f2, f4, f8, i1 to i8, u1 to u8 or b1, found %s%.*s; save real numbers, "
                   "for example numpy.save(file, array.astype('f8'))",
                   h->path, kind, length < EXCERPT ? (int)length : EXCERPT, found);
}

static rg_status parse_descr(header *h) {
    skip_spaces(h);
    const char *text = h->cursor;
    if (*text == '[') return refused_type(h, "a structure ", text, strcspn(text, "]") + 1);
    const char *end = *text == '\'' || *text == '"' ? strchr(text + 1, *text) : NULL;
    if (!end) return unexpected(h, "a quoted element type");
    const size_t length = (size_t)(end + 1 - text);
    if (length != 5 || !parse_type(text + 1, &h->type)) return refused_type(h, "", text, length);
    memcpy(h->array.type, text + 1, 3);
    h->cursor = end + 1;
    return RG_OK;
}

static rg_status parse_order(header *h) {
    if (take(h, "True"))
        h->array.fortran_order = 1;
    else if (!take(h, "False"))
        return unexpected(h, "True or False as 'fortran_order'");
    return RG_OK;
}

/* Python 2 wrote long integers as 12L. */
static rg_status parse_length(header *h) {
    skip_spaces(h);
    const char *digit = h->cursor;
    if (h->array.dim == RG_ARRAY_MAX_DIM)
        return rg_fail(h->diagnostic, RG_EFORMAT, "%s: expected at most %d axes, found more; reshape the array",
                       h->path, RG_ARRAY_MAX_DIM);
    ptrdiff_t length = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (length > (PTRDIFF_MAX - (*digit - '0')) / 10) return unexpected(h, "a length below 2^63");
        length = 10 * length + (*digit - '0');
    }
    if (digit == h->cursor) return unexpected(h, "a length");
    h->cursor = digit;
    take(h, "L");
    h->array.shape[h->array.dim++] = length;
    return RG_OK;
}

static rg_status parse_shape(header *h) {
    if (!take(h, "(")) return unexpected(h, "a tuple of lengths as 'shape'");
    while (!take(h, ")")) {
        const rg_status status = parse_length(h);
        if (status != RG_OK) return status;
        if (take(h, ",")) continue;
        skip_spaces(h);
        if (*h->cursor != ')' || h->array.dim == 1) return unexpected(h, "a comma after the length");
    }
    return RG_OK;
}

static const struct {
    const char *names[2]; /* either kind of quote */
    rg_status (*parse)(header *h);
} keys[] = {
    {{"'descr'", "\"descr\""}, parse_descr},
    {{"'fortran_order'", "\"fortran_order\""}, parse_order},
    {{"'shape'", "\"shape\""}, parse_shape},
};
enum { KEY_COUNT = sizeof keys / sizeof *keys, ALL_KEYS = (1 << KEY_COUNT) - 1 };

static rg_status parse_item(header *h, unsigned *seen) {
    for (unsigned k = 0; k < KEY_COUNT; k++) {
        const unsigned bit = 1U << k;
        if ((*seen & bit) || !(take(h, keys[k].names[0]) || take(h, keys[k].names[1]))) continue;
        *seen |= bit;
        return take(h, ":") ? keys[k].parse(h) : unexpected(h, "a colon");
    }
    return unexpected(h, "the keys 'descr', 'fortran_order' and 'shape', once each,");
}

static rg_status parse_header(header *h) {
    unsigned seen = 0;
    if (!take(h, "{")) return unexpected(h, "a dictionary");
    while (!take(h, "}")) {
        const rg_status status = parse_item(h, &seen);
        if (status != RG_OK) return status;
        if (take(h, ",")) continue;
        skip_spaces(h);
        if (*h->cursor != '}') return unexpected(h, "a comma or a closing brace");
    }
    skip_spaces(h);
    if (*h->cursor) return unexpected(h, "nothing after the dictionary");
    if (seen != ALL_KEYS) return unexpected(h, "all of 'descr', 'fortran_order' and 'shape'");
    if (!count_cells(h->array.dim, h->array.shape, &h->array.count))
        return rg_fail(h->diagnostic, RG_EFORMAT, "%s: the size of the array overflows; the file is damaged", h->path);
    return RG_OK;
}

/* What is not printable ASCII cannot be part of a header that we accept; it would only spoil the message. */
static void make_printable(char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n' || text[i] == '\t') text[i] = ' ';
        if (text[i] < ' ' || text[i] > '~') text[i] = '?';
    }
    text[length] = '\0';
}

static rg_status check_prefix(const unsigned char *prefix, const char *path, rg_diagnostic *diagnostic) {
    if (memcmp(prefix, magic, MAGIC_SIZE) != 0)
        return rg_fail(diagnostic, RG_EFORMAT,
                       "%s: expected a .npy file, found other contents; save the array with numpy.save", path);
    if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
        return rg_fail(diagnostic, RG_EFORMAT,
                       "%s: expected .npy version 1.0, 2.0 or 3.0, found %d.%d; save the array with numpy.save", path,
                       prefix[6], prefix[7]);
    return RG_OK;
}

static rg_status cut_short(const rg_npy_source *source, uint64_t expected, rg_diagnostic *diagnostic) {
    return rg_fail(diagnostic, RG_EFORMAT,
                   "%s: expected at least %" PRIu64 " bytes for a .npy header, found %" PRIu64
                   "; the file is cut short or not a .npy",
                   source->path, expected, source->size);
}

/* Magic, version and the length of the header; `start` is where the header begins. */
static rg_status read_prefix(const rg_npy_source *source, int *version, uint64_t *start, uint64_t *length,
                             rg_diagnostic *diagnostic) {
    unsigned char bytes[PREFIX_SIZE + 2] = {0};
    if (source->size < PREFIX_SIZE) return cut_short(source, PREFIX_SIZE, diagnostic);
    rg_status status = source->read(source->state, bytes, PREFIX_SIZE, diagnostic);
    if (status == RG_OK) status = check_prefix(bytes, source->path, diagnostic);
    if (status != RG_OK) return status;
    *version = bytes[MAGIC_SIZE];
    *start = *version == 1 ? PREFIX_SIZE : PREFIX_SIZE + 2;
    if (source->size < *start) return cut_short(source, *start, diagnostic);
    if (*version > 1) status = source->read(source->state, bytes + PREFIX_SIZE, 2, diagnostic);
    *length = bytes[8] | (uint32_t)bytes[9] << 8 | (uint32_t)bytes[10] << 16 | (uint32_t)bytes[11] << 24;
    return status;
}

/* Fills in h->array, and `data_start` with the size of everything before the data. */
static rg_status read_header(const rg_npy_source *source, header *h, uint64_t *data_start) {
    uint64_t start = 0, length = 0;
    rg_status status = read_prefix(source, &h->array.version, &start, &length, h->diagnostic);
    if (status != RG_OK) return status;
    if (length > HEADER_MAX)
        return rg_fail(h->diagnostic, RG_EFORMAT,
                       "%s: expected a .npy header of at most %d bytes, found %" PRIu64
                       "; save a plain array of numbers",
                       h->path, HEADER_MAX, length);
    if (source->size < start + length) return cut_short(source, start + length, h->diagnostic);
    char text[HEADER_MAX + 1];
    status = source->read(source->state, text, (size_t)length, h->diagnostic);
    if (status != RG_OK) return status;
    make_printable(text, (size_t)length);
    h->cursor = text;
    *data_start = start + length;
    status = parse_header(h);
    h->cursor = NULL;
    return status;
}

/* ---- elements */

static double half_to_double(uint64_t bits) {
    const int exponent = (int)(bits >> 10 & 31), mantissa = (int)(bits & 1023);
    double value = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
    if (exponent == 31) value = mantissa ? (double)NAN : HUGE_VAL;
    return bits >> 15 ? -value : value;
}

static double float_to_double(uint64_t bits, unsigned size) {
    if (size == 2) return half_to_double(bits);
    if (size == 4) {
        const uint32_t narrow = (uint32_t)bits;
        float value;
        memcpy(&value, &narrow, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double element_value(element_type type, uint64_t bits) {
    const uint64_t sign = UINT64_C(1) << (8 * type.size - 1);
    switch (type.kind) {
    case 'f':
        return float_to_double(bits, type.size);
    case 'i':
        return (double)(int64_t)((bits ^ sign) - sign);
    case 'b':
        return bits != 0;
    default:
        return (double)bits;
    }
}

static double element(element_type type, const unsigned char *bytes) {
    uint64_t bits = 0;
    for (unsigned k = 0; k < type.size; k++) bits |= (uint64_t)bytes[type.big_endian ? type.size - 1 - k : k] << 8 * k;
    return element_value(type, bits);
}

/* The order of the elements in the file, fastest axis first, as positions in C order. */
typedef struct walk {
    int dim;
    size_t length[RG_ARRAY_MAX_DIM], stride[RG_ARRAY_MAX_DIM], index[RG_ARRAY_MAX_DIM];
    size_t position;
} walk;

static walk walk_begin(const rg_array *array) {
    if (!array->fortran_order) return (walk){.dim = 1, .length = {array->count}, .stride = {1}};
    walk w = {.dim = array->dim};
    size_t stride = 1;
    for (int axis = array->dim - 1; axis >= 0; axis--) {
        w.length[axis] = (size_t)array->shape[axis];
        w.stride[axis] = stride;
        stride *= w.length[axis];
    }
    return w;
}

static void walk_step(walk *w) {
    for (int axis = 0; axis < w->dim; axis++) {
        w->position += w->stride[axis];
        if (++w->index[axis] < w->length[axis]) return;
        w->position -= w->stride[axis] * w->length[axis];
        w->index[axis] = 0;
    }
}

/* The bytes of the file are the array as it is kept here. */
static int is_ready_made(element_type type, const rg_array *array) {
    return type.kind == 'f' && type.size == sizeof(double) && type.big_endian == machine_is_big_endian() &&
           !array->fortran_order;
}

static rg_status read_data(const rg_npy_source *source, element_type type, rg_array *array, rg_diagnostic *diagnostic) {
    if (is_ready_made(type, array))
        return source->read(source->state, array->data, array->count * sizeof *array->data, diagnostic);
    unsigned char block[BLOCK];
    walk w = walk_begin(array);
    for (size_t left = array->count; left > 0;) {
        const size_t n = left < BLOCK / type.size ? left : BLOCK / type.size;
        const rg_status status = source->read(source->state, block, n * type.size, diagnostic);
        if (status != RG_OK) return status;
        for (size_t i = 0; i < n; i++, walk_step(&w)) array->data[w.position] = element(type, block + i * type.size);
        left -= n;
    }
    return RG_OK;
}

static rg_status check_size(const rg_npy_source *source, uint64_t start, uint64_t bytes, rg_diagnostic *diagnostic) {
    if (source->size == start + bytes) return RG_OK;
    return rg_fail(diagnostic, RG_EFORMAT,
                   "%s: expected %" PRIu64 " bytes (header %" PRIu64 ", data %" PRIu64 "), found %" PRIu64
                   "; %s, copy it or save it again",
                   source->path, start + bytes, start, bytes, source->size,
                   source->size < start + bytes ? "the file is cut short" : "there is more behind the array");
}

rg_status rg_npy_decode(const rg_npy_source *source, rg_array *array, rg_diagnostic *diagnostic) {
    header h = {.path = source->path, .diagnostic = diagnostic};
    uint64_t start = 0;
    rg_status status = read_header(source, &h, &start);
    if (status == RG_OK) status = check_size(source, start, (uint64_t)h.array.count * h.type.size, diagnostic);
    if (status != RG_OK) return status;
    h.array.data = rg_field_alloc(h.array.count);
    if (!h.array.data)
        return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory for %zu numbers", source->path, h.array.count);
    status = read_data(source, h.type, &h.array, diagnostic);
    if (status == RG_OK)
        *array = h.array;
    else
        rg_free(h.array.data);
    return status;
}

/* ---- writing */

/* The dictionary, spaces and a line feed, filling `room` to its end. */
static void print_header(char *text, size_t room, int dim, const ptrdiff_t *shape) {
    size_t length = (size_t)snprintf(text, room, "{'descr': '<f8', 'fortran_order': False, 'shape': (");
    for (int axis = 0; axis < dim; axis++) {
        const char *separator = axis + 1 < dim ? ", " : dim == 1 ? "," : "";
        length += (size_t)snprintf(text + length, room - length, "%td%s", shape[axis], separator);
    }
    length += (size_t)snprintf(text + length, room - length, "), }");
    assert(length < room);
    memset(text + length, ' ', room - length);
    text[room - 1] = '\n';
}

rg_status rg_npy_encoder_init(rg_npy_encoder *encoder, const char *path, int dim, const ptrdiff_t *shape,
                              const double *data, rg_diagnostic *diagnostic) {
    size_t count = 0;
    if (dim < 0 || dim > RG_ARRAY_MAX_DIM)
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected 0 to %d axes, found %d", path, RG_ARRAY_MAX_DIM, dim);
    if (!count_cells(dim, shape, &count))
        return rg_fail(diagnostic, RG_EINVAL, "%s: a length of the array is negative or its size overflows", path);
    *encoder = (rg_npy_encoder){.data = data, .size = RG_NPY_HEADER_SIZE + (uint64_t)count * sizeof(double)};
    memcpy(encoder->header, magic, MAGIC_SIZE);
    encoder->header[6] = 1; /* version 1.0 */
    encoder->header[8] = RG_NPY_HEADER_SIZE - PREFIX_SIZE;
    print_header(encoder->header + PREFIX_SIZE, RG_NPY_HEADER_SIZE - PREFIX_SIZE, dim, shape);
    return RG_OK;
}

static unsigned char byte_at(const rg_npy_encoder *encoder, uint64_t position) {
    if (position < RG_NPY_HEADER_SIZE) return (unsigned char)encoder->header[position];
    const uint64_t offset = position - RG_NPY_HEADER_SIZE;
    uint64_t bits;
    memcpy(&bits, encoder->data + offset / sizeof bits, sizeof bits);
    return (unsigned char)(bits >> 8 * (offset % sizeof bits));
}

size_t rg_npy_encode(rg_npy_encoder *encoder, void *bytes, size_t room) {
    const uint64_t left = encoder->size - encoder->position;
    const size_t n = left < room ? (size_t)left : room;
    for (size_t i = 0; i < n; i++) ((unsigned char *)bytes)[i] = byte_at(encoder, encoder->position + i);
    encoder->position += n;
    return n;
}
