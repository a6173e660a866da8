/* .npy and .npz: the bytes of the format are put together here by hand, not by the code under test. Whatever the
 * bytes are, a read gives the right array or a refusal and leaves the outputs alone. */
#include <rotgrad/array.h>

#include "base/base.h"
#include "io/npy.h"

#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <zip.h>

#include <cmocka.h>

enum { ROOM = 1 << 17 };

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* ---- a .npy in memory */

typedef struct image {
    unsigned char bytes[ROOM];
    size_t size, position;
} image;

static void put(image *file, const void *bytes, size_t size) {
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

static void put_number(image *file, uint64_t bits, unsigned size, int big_endian) {
    for (unsigned k = 0; k < size; k++)
        file->bytes[file->size++] = (unsigned char)(bits >> 8 * (big_endian ? size - 1 - k : k));
}

static void put_header(image *file, int version, const char *text) {
    file->size = 0;
    file->position = 0;
    put(file, "\x93NUMPY", 6);
    put_number(file, (uint64_t)version, 2, 0);
    put_number(file, strlen(text), version == 1 ? 2 : 4, 0);
    put(file, text, strlen(text));
}

static rg_status read_image(void *state, void *bytes, size_t count, rg_diagnostic *diagnostic) {
    image *file = state;
    if (count > file->size - file->position) return rg_fail(diagnostic, RG_EIO, "read beyond the end");
    memcpy(bytes, file->bytes + file->position, count);
    file->position += count;
    return RG_OK;
}

static rg_status decode(image *file, rg_array *array, rg_diagnostic *diagnostic) {
    const rg_npy_source source = {.path = "image.npy", .size = file->size, .state = file, .read = read_image};
    file->position = 0;
    return rg_npy_decode(&source, array, diagnostic);
}

/* ---- element types */

enum { VALUES = 6 };

typedef struct type_case {
    char kind;
    unsigned size;
    uint64_t bits[VALUES];
    double value[VALUES];
} type_case;

static const type_case types[] = {
    {'f', 2, {0x3c00, 0xc000, 0x0001, 0x7bff, 0xb555, 0xfc00}, {1, -2, 0x1p-24, 65504, -0x1.554p-2, -HUGE_VAL}},
    {'f',
     4,
     {0x3f9d70a4, 0xc0490fdb, 0x00000001, 0x7f7fffff, 0x80000000, 0x7f800000},
     {0x1.3ae148p0, -0x1.921fb6p1, 0x1p-149, 0x1.fffffep127, -0.0, HUGE_VAL}},
    {'f',
     8,
     {0x400921fb54442d18, 0xbfd5555555555555, 1, 0x7fefffffffffffff, 0x8000000000000000, 0xfff0000000000000},
     {0x1.921fb54442d18p1, -0x1.5555555555555p-2, 0x1p-1074, 0x1.fffffffffffffp1023, -0.0, -HUGE_VAL}},
    {'i', 1, {0, 1, 0x7f, 0x80, 0xff, 0xd6}, {0, 1, 127, -128, -1, -42}},
    {'i', 2, {0, 0x1234, 0x7fff, 0x8000, 0xffff, 0xfedc}, {0, 4660, 32767, -32768, -1, -292}},
    {'i',
     4,
     {0, 0x12345678, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe},
     {0, 305419896, 0x1p31 - 1, -0x1p31, -1, -2}},
    {'i',
     8,
     {0x0020000000000001, 0x0123456789abcd00, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 77},
     {0x1p53, 81985529216486656.0, 0x1p63, -0x1p63, -1, 77}},
    {'u', 1, {0, 1, 0x7f, 0x80, 0xff, 0xd6}, {0, 1, 127, 128, 255, 214}},
    {'u', 2, {0, 0x1234, 0x7fff, 0x8000, 0xffff, 0xfedc}, {0, 4660, 32767, 32768, 65535, 65244}},
    {'u', 4, {0, 0x12345678, 0x7fffffff, 0x80000000, 0xffffffff, 3}, {0, 305419896, 0x1p31 - 1, 0x1p31, 0x1p32 - 1, 3}},
    {'u',
     8,
     {0, 0x0020000000000003, 0x8000000000000000, 0xffffffffffffffff, 5, 6},
     {0, 0x1p53 + 4, 0x1p63, 0x1p64, 5, 6}},
    {'b', 1, {0, 1, 1, 0, 2, 255}, {0, 1, 1, 0, 1, 1}},
};

static void make_case(image *file, const type_case *type, char order, int version, int fortran) {
    char text[256];
    snprintf(text, sizeof text, "{'descr': '%c%c%u', 'fortran_order': %s, 'shape': (2, 3), }  \n", order, type->kind,
             type->size, fortran ? "True" : "False");
    put_header(file, version, text);
    for (int k = 0; k < VALUES; k++) put_number(file, type->bits[k], type->size, order == '>');
}

/* Element k of a column-major 2 x 3 file is row k % 2, column k / 2. */
static void check_case(image *file, const type_case *type, char order, int version, int fortran) {
    const char name[] = {order, type->kind, (char)('0' + type->size), 0};
    rg_array a = {0};
    make_case(file, type, order, version, fortran);
    assert_int_equal(decode(file, &a, NULL), RG_OK);
    assert_int_equal(a.dim, 2);
    assert_int_equal(a.shape[0], 2);
    assert_int_equal(a.shape[1], 3);
    assert_int_equal(a.count, VALUES);
    assert_int_equal(a.version, version);
    assert_int_equal(a.fortran_order, fortran);
    assert_string_equal(a.type, name);
    for (int k = 0; k < VALUES; k++)
        assert_memory_equal(&a.data[fortran ? k % 2 * 3 + k / 2 : k], &type->value[k], sizeof(double));
    rg_array_free(&a);
}

static void every_type_order_and_version_is_read(void **state) {
    (void)state;
    static image file;
    for (size_t t = 0; t < COUNT_OF(types); t++)
        for (int version = 1; version <= 3; version++)
            for (int fortran = 0; fortran <= 1; fortran++) {
                check_case(&file, &types[t], '<', version, fortran);
                check_case(&file, &types[t], '>', version, fortran);
                if (types[t].size == 1) check_case(&file, &types[t], '|', version, fortran);
            }
}

static void native_order_is_this_machines(void **state) {
    (void)state;
    static image file;
    const uint32_t number = 0x12345678;
    rg_array a = {0};
    put_header(&file, 1, "{'descr': '=u4', 'fortran_order': False, 'shape': (), }\n");
    put(&file, &number, sizeof number);
    assert_int_equal(decode(&file, &a, NULL), RG_OK);
    assert_true(a.data[0] == number);
    rg_array_free(&a);
}

static void half_nans_stay_nans(void **state) {
    (void)state;
    static image file;
    rg_array a = {0};
    put_header(&file, 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }\n");
    put_number(&file, 0x7e01, 2, 0);
    assert_int_equal(decode(&file, &a, NULL), RG_OK);
    assert_true(isnan(a.data[0]));
    rg_array_free(&a);
}

static void column_major_arrays_are_turned(void **state) {
    (void)state;
    static image file;
    rg_array a = {0};
    put_header(&file, 1, "{'descr': '>i2', 'fortran_order': True, 'shape': (4, 1, 3, 5), }\n");
    for (unsigned k = 0; k < 5; k++)
        for (unsigned j = 0; j < 3; j++)
            for (unsigned i = 0; i < 4; i++) put_number(&file, 100 * i + 10 * j + k, 2, 1);
    assert_int_equal(decode(&file, &a, NULL), RG_OK);
    size_t n = 0;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 5; k++) assert_true(a.data[n++] == 100 * i + 10 * j + k);
    assert_int_equal(n, a.count);
    rg_array_free(&a);
}

/* Longer than one block of the reader, with an odd rest. */
static void long_arrays_cross_blocks(void **state) {
    (void)state;
    static image file;
    rg_array a = {0};
    put_header(&file, 1, "{'descr': '<u2', 'fortran_order': False, 'shape': (50001,), }\n");
    for (unsigned i = 0; i < 50001; i++) put_number(&file, i * 7 & 0xffff, 2, 0);
    assert_int_equal(decode(&file, &a, NULL), RG_OK);
    for (unsigned i = 0; i < 50001; i++) assert_true(a.data[i] == (i * 7 & 0xffff));
    rg_array_free(&a);
}

/* ---- headers */

static void unusual_headers_are_read(void **state) {
    (void)state;
    static image file;
    static const char *const headers[] = {
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
        "  { \"shape\" : ( 2 , ) , \"descr\":\"<f8\" ,\n\"fortran_order\":False}  \n",
        "{'fortran_order':True,'shape':(1,2,),'descr':'<f8',}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1L), }\n",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, 1, 2, 1, 1, 1, 1), }\n",
    };
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        rg_array a = {0};
        put_header(&file, 1 + (int)i % 3, headers[i]);
        put_number(&file, 0x3ff8000000000000, 8, 0);
        put_number(&file, 0xc004000000000000, 8, 0);
        assert_int_equal(decode(&file, &a, NULL), RG_OK);
        assert_int_equal(a.count, 2);
        assert_true(a.data[0] == 1.5 && a.data[1] == -2.5);
        rg_array_free(&a);
    }
}

typedef struct header_case {
    const char *text, *message; /* the message must contain this */
} header_case;

static const header_case bad_headers[] = {
    {"", "a dictionary"},
    {"[]", "a dictionary"},
    {"{}", "all of 'descr'"},
    {"{,}", "the keys"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)", "closing brace"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,", "a length"},
    {"{'descr': '<f8', 'fortran_order': False}", "all of 'descr'"},
    {"{'descr': '<f8', 'shape': (2,)}", "all of 'descr'"},
    {"{'fortran_order': False, 'shape': (2,)}", "all of 'descr'"},
    {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", "once each"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}", "the keys"},
    {"{'descr\": '<f8', 'fortran_order': False, 'shape': (2,)}", "the keys"},
    {"{'descr' '<f8', 'fortran_order': False, 'shape': (2,)}", "a colon"},
    {"{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}", "a comma"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} x", "nothing after"},
    {"{'descr': '<f8', 'fortran_order': false, 'shape': (2,)}", "True or False"},
    {"{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}", "True or False"},
    {"{'descr': '<f8', 'fortran_order': Falsehood, 'shape': (2,)}", "a comma"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': 2}", "a tuple"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': [2]}", "a tuple"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2)}", "a comma"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (,)}", "a length"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}", "a length"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (2.0,)}", "a comma"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 2)}", "a comma"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,,2)}", "a length"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", "at most 8 axes"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,)}", "below 2^63"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999999,)}", "below 2^63"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807,)}", "overflows"},
    {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "overflows"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967298)}", "overflows"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296)}", "overflows"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,)}", "overflows"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846975,)}", "cut short"},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (1000000000,)}", "cut short"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", "cut short"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': ()}", "more behind"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}", "more behind"},
    {"{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", "found '<c16'"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "found '|O'"},
    {"{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", "found '<U4'"},
    {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "found '<f16'"},
    {"{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (2,)}", "found '<M8[ns]'"},
    {"{'descr': '|V8', 'fortran_order': False, 'shape': (2,)}", "found '|V8'"},
    {"{'descr': '<f1', 'fortran_order': False, 'shape': (2,)}", "found '<f1'"},
    {"{'descr': '<i3', 'fortran_order': False, 'shape': (2,)}", "found '<i3'"},
    {"{'descr': '<b8', 'fortran_order': False, 'shape': (2,)}", "found '<b8'"},
    {"{'descr': '< f', 'fortran_order': False, 'shape': (2,)}", "found '< f'"},
    {"{'descr': '|f8', 'fortran_order': False, 'shape': (2,)}", "found '|f8'"},
    {"{'descr': 'f8', 'fortran_order': False, 'shape': (2,)}", "found 'f8'"},
    {"{'descr': '', 'fortran_order': False, 'shape': (2,)}", "found ''"},
    {"{'descr': '<f8, 'fortran_order': False, 'shape': (2,)}", "found '<f8, '"},
    {"{'descr': \"<f8', 'fortran_order': False, 'shape': (2,)}", "quoted element type"},
    {"{'descr': None, 'fortran_order': False, 'shape': (2,)}", "quoted element type"},
    {"{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (2,)}", "a structure [('a', '<f4')"},
    {"{'descr': '<\x1b[2', 'fortran_order': False, 'shape': (2,)}", "found '<?[2'"},
    {"{'descr': '<f8', 'fortran_order': False, '\xff\xfe': (2,)}", "found: '?"
                                                                   "?'"},
};

static void assert_refused(image *file, const char *message) {
    rg_array a = {.dim = 77}, before = a;
    rg_diagnostic d = {0};
    assert_int_equal(decode(file, &a, &d), RG_EFORMAT);
    assert_memory_equal(&a, &before, sizeof a);
    assert_int_equal(d.status, RG_EFORMAT);
    assert_int_equal(strncmp(d.text, "image.npy: ", 11), 0);
    if (!strstr(d.text, message)) print_error("%s\n", d.text);
    assert_non_null(strstr(d.text, message));
    assert_null(strchr(d.text, '\n'));
}

static void bad_headers_are_refused_with_a_reason(void **state) {
    (void)state;
    static image file;
    for (size_t i = 0; i < COUNT_OF(bad_headers); i++) {
        put_header(&file, 1 + (int)i % 3, bad_headers[i].text);
        put(&file, "0123456789abcdef", 16);
        assert_refused(&file, bad_headers[i].message);
    }
}

static const char good_header[] = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";

static void bad_beginnings_are_refused(void **state) {
    (void)state;
    static image file;
    static const int versions[] = {0, 4, 255, 0x0101, 0x0201};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        put_header(&file, versions[i], good_header);
        put(&file, "0123456789abcdef", 16);
        assert_refused(&file, "expected .npy version");
    }
    put_header(&file, 1, good_header);
    put(&file, "0123456789abcdef", 16);
    file.bytes[0] = 'x';
    assert_refused(&file, "found other contents");
}

static void header_lengths_are_bounded(void **state) {
    (void)state;
    static image file;
    static char spaces[20000];
    memset(spaces, ' ', sizeof spaces - 1);
    put_header(&file, 1, spaces);
    assert_refused(&file, "at most 10000 bytes, found 19999");
    put_header(&file, 2, good_header);
    memset(file.bytes + 8, 0xff, 4);
    assert_refused(&file, "found 4294967295");
    put_header(&file, 1, good_header);
    file.bytes[9] = 1;
    assert_refused(&file, "cut short");
}

static void every_wrong_length_is_refused(void **state) {
    (void)state;
    static image file;
    for (int version = 1; version <= 2; version++) {
        put_header(&file, version, good_header);
        put(&file, "0123456789abcdef", 16);
        const size_t size = file.size;
        for (file.size = 0; file.size < size; file.size++) assert_refused(&file, "cut short");
        file.size = size + 1;
        assert_refused(&file, "more behind");
    }
}

/* ---- random damage */

static uint64_t random_state;

static unsigned random_below(size_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((random_state >> 33) % n);
}

static void overwrite(image *file, size_t at, const void *bytes, size_t size) {
    for (size_t k = 0; k < size && at + k < file->size; k++) file->bytes[at + k] = ((const unsigned char *)bytes)[k];
}

/* What is damaged lies mostly in the header, the first 100 bytes. */
static void damage(image *file) {
    static const char *const pieces[] = {"'",  "(", ")", ",", "{", "}", ":", "99999999", "<f4",    ">i8",
                                         "|b", "-", "L", "[", "0", " ", "8", "'shape'",  "'descr'"};
    const size_t at = random_below(random_below(2) && file->size > 100 ? 100 : file->size);
    const char *piece = pieces[random_below(COUNT_OF(pieces))];
    switch (random_below(5)) {
    case 0:
        file->bytes[at] ^= (unsigned char)(1 << random_below(8));
        break;
    case 1:
        file->bytes[at] = (unsigned char)random_below(256);
        break;
    case 2:
        overwrite(file, at, piece, strlen(piece));
        break;
    case 3:
        overwrite(file, at, file->bytes + random_below(file->size), 1 + random_below(4));
        break;
    default:
        if (random_below(8) == 0) file->size = at + 1;
    }
}

static void check_damaged(image *file) {
    rg_array a = {.dim = 77}, before = a;
    rg_diagnostic d = {0};
    const rg_status status = decode(file, &a, &d);
    if (status == RG_OK) {
        assert_in_range(a.count, 0, file->size);
        rg_array_free(&a);
        return;
    }
    assert_int_equal(status, RG_EFORMAT); /* RG_ENOMEM would mean that memory was asked for in vain */
    assert_memory_equal(&a, &before, sizeof a);
    for (const char *c = d.text; *c; c++) assert_in_range((unsigned char)*c, ' ', '~');
}

static void random_damage_is_survived(void **state) {
    (void)state;
    static image file;
    enum { ROUNDS = 60000 };
    random_state = 20240229;
    for (int round = 0; round < ROUNDS; round++) {
        make_case(&file, &types[random_below(COUNT_OF(types))], random_below(2) ? '<' : '>', 1 + round % 3, round & 1);
        for (unsigned n = 1 + random_below(4); n > 0; n--) damage(&file);
        check_damaged(&file);
    }
}

/* ---- writing */

static void fill(double *data, size_t count) {
    random_state = 12345;
    for (size_t i = 0; i < count; i++)
        data[i] = ldexp(random_below(1u << 30) - 0x1p29 + 0.3, (int)random_below(80) - 40);
}

static void written_arrays_read_back(void **state) {
    (void)state;
    static double data[6007];
    static const struct {
        int dim;
        ptrdiff_t shape[RG_ARRAY_MAX_DIM];
        size_t count;
    } cases[] = {
        {0, {0}, 1},       {1, {6007}, 6007},   {1, {0}, 0},
        {3, {5, 0, 7}, 0}, {3, {5, 6, 7}, 210}, {8, {2, 1, 3, 1, 2, 1, 5, 2}, 120},
    };
    fill(data, COUNT_OF(data));
    data[1] = (double)NAN;
    data[2] = -0.0;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rg_array a = {0};
        const char *path = scratch_path("a.npy");
        assert_int_equal(rg_array_write(path, cases[i].dim, cases[i].shape, data, NULL), RG_OK);
        assert_int_equal(rg_array_read(path, &a, NULL), RG_OK);
        assert_int_equal(a.dim, cases[i].dim);
        assert_memory_equal(a.shape, cases[i].shape, (size_t)a.dim * sizeof *a.shape);
        assert_int_equal(a.count, cases[i].count);
        assert_memory_equal(a.data, data, a.count * sizeof *data);
        assert_string_equal(a.type, "<f8");
        rg_array_free(&a);
        assert_null(a.data);
    }
    scratch_clear();
}

static void written_bytes_are_the_format(void **state) {
    (void)state;
    static const double data[] = {1.5, -2.5};
    static const ptrdiff_t shapes[][2] = {{2, 1}, {2, 0}};
    static const char *const texts[] = {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }",
                                        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"};
    for (int i = 0; i < 2; i++) {
        static image expected, found;
        char header[119];
        snprintf(header, sizeof header, "%-117s\n", texts[i]);
        put_header(&expected, 1, header);
        put_number(&expected, 0x3ff8000000000000, 8, 0);
        put_number(&expected, 0xc004000000000000, 8, 0);
        const char *path = scratch_path("a.npy");
        assert_int_equal(rg_array_write(path, 2 - i, shapes[i], data, NULL), RG_OK);
        found.size = scratch_read(path, found.bytes, ROOM);
        assert_int_equal(found.size, 144);
        assert_int_equal(found.size, expected.size);
        assert_memory_equal(found.bytes, expected.bytes, found.size);
    }
    scratch_clear();
}

/* No shape has more characters: a further digit on any axis takes a factor of ten, and the size overflows. */
static void longest_header_fits(void **state) {
    (void)state;
    rg_npy_encoder encoder;
    static const ptrdiff_t shapes[][RG_ARRAY_MAX_DIM] = {
        {1000000000000000000, 1, 1, 1, 1, 1, 1, 0},
        {100, 100, 100, 100, 100, 100, 100, 10000},
    };
    for (size_t i = 0; i < COUNT_OF(shapes); i++) {
        assert_int_equal(rg_npy_encoder_init(&encoder, "a", RG_ARRAY_MAX_DIM, shapes[i], NULL, NULL), RG_OK);
        const char *end = memchr(encoder.header, '}', sizeof encoder.header);
        assert_non_null(end);
        assert_int_equal(end - encoder.header, 104);
        assert_int_equal(encoder.header[RG_NPY_HEADER_SIZE - 1], '\n');
    }
}

static void bad_arrays_are_not_written(void **state) {
    (void)state;
    const double data[1] = {0};
    const ptrdiff_t negative[] = {1, -1}, huge[] = {PTRDIFF_MAX, 2}, ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const char *path = scratch_path("a.npy");
    const rg_array_member bad = {"x", 2, negative, data}, good = {"x", 0, NULL, data};
    assert_int_equal(rg_array_write(path, 2, negative, data, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write(path, 2, huge, data, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write(path, 9, ones, data, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write(path, -1, ones, data, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write(scratch_path("a.npz"), 0, NULL, data, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), &bad, 1, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), &good, 0, NULL), RG_EINVAL);
    assert_int_equal(rg_array_write_npz(path, &good, 1, NULL), RG_EINVAL);
    assert_int_equal(scratch_clear(), 0);
}

static void unreachable_paths_are_reported(void **state) {
    (void)state;
    const double data[1] = {0};
    const rg_array_member member = {"x", 0, NULL, data};
    rg_array a = {0};
    rg_diagnostic d = {0};
    assert_int_equal(rg_array_write(scratch_path("missing/a.npy"), 0, NULL, data, &d), RG_EIO);
    assert_int_equal(strncmp(d.text, scratch_folder, strlen(scratch_folder)), 0);
    assert_int_equal(rg_array_write_npz(scratch_path("missing/a.npz"), &member, 1, &d), RG_EIO);
    assert_int_equal(rg_array_read(scratch_path("none.npy"), &a, &d), RG_EIO);
    assert_int_equal(rg_array_read(scratch_path("none.npz:x"), &a, &d), RG_EIO);
    assert_int_equal(rg_array_read(scratch_folder, &a, &d), RG_EIO);
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
    assert_int_equal(rg_array_read(scratch_path("pipe"), &a, &d), RG_EIO);
    assert_null(a.data);
    assert_int_equal(scratch_clear(), 1);
}

static rg_status write_many(const char *path, const double *data, ptrdiff_t count, rg_diagnostic *diagnostic) {
    const rg_array_member members[] = {{"first", 1, &count, data}, {"second", 1, &count, data}};
    return strstr(path, ".npz") ? rg_array_write_npz(path, members, 2, diagnostic)
                                : rg_array_write(path, 1, &count, data, diagnostic);
}

/* A limit on the size of files stands in for a full disk. */
static void full_disk_leaves_the_old_file(void **state) {
    (void)state;
    static double data[9000];
    fill(data, COUNT_OF(data));
    static const char *const names[] = {"a.npy", "a.npz"};
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *path = scratch_path(names[i]);
        rg_diagnostic d = {0};
        struct rlimit before, limit;
        struct stat status;
        assert_int_equal(write_many(path, data, 3, NULL), RG_OK);
        assert_int_equal(stat(path, &status), 0);
        const off_t old_size = status.st_size;
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        limit = before;
        limit.rlim_cur = 20000;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        const rg_status written = write_many(path, data, COUNT_OF(data), &d);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(written, RG_EIO);
        assert_non_null(strstr(d.text, "File too large"));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, old_size);
        assert_int_equal(scratch_clear(), 1);
    }
}

/* ---- finite values */

static void first_bad_value_is_named(void **state) {
    (void)state;
    double data[24] = {0};
    rg_array a = {.dim = 3, .shape = {2, 3, 4}, .count = 24, .data = data};
    rg_diagnostic d = {0};
    assert_int_equal(rg_array_check_finite(&a, "x.npy", &d), RG_OK);
    assert_int_equal(d.text[0], 0);
    data[17] = (double)NAN; /* 1, 1, 1 */
    data[23] = HUGE_VAL;
    assert_int_equal(rg_array_check_finite(&a, "x.npy", &d), RG_EINVAL);
    assert_int_equal(strncmp(d.text, "x.npy: ", 7), 0);
    assert_non_null(strstr(d.text, "found NaN at index [1, 1, 1] (2 of 24"));
    data[17] = 0;
    assert_int_equal(rg_array_check_finite(&a, "x.npy", &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "found an infinity at index [1, 2, 3] (1 of 24"));
    a = (rg_array){.count = 1, .data = &data[23]};
    assert_int_equal(rg_array_check_finite(&a, "x.npy", &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "at index []"));
}

/* ---- archives */

static double field[600];
static const ptrdiff_t field_shape[] = {20, 30};

static void write_pair(const char *path) {
    fill(field, COUNT_OF(field));
    const rg_array_member members[] = {{"density", 2, field_shape, field},
                                       {"score/\xcf\x86", 1, field_shape, field + 7}};
    assert_int_equal(rg_array_write_npz(path, members, 2, NULL), RG_OK);
}

static rg_status read_member(const char *archive, const char *member, rg_array *a, rg_diagnostic *d) {
    char path[2 * SCRATCH_ROOM];
    snprintf(path, sizeof path, "%s%s", archive, member);
    return rg_array_read(path, a, d);
}

static void members_are_read_by_name(void **state) {
    (void)state;
    const char *path = scratch_path("a.npz");
    rg_array a = {0};
    write_pair(path);
    assert_int_equal(read_member(path, ":density", &a, NULL), RG_OK);
    assert_int_equal(a.dim, 2);
    assert_int_equal(a.shape[1], 30);
    assert_memory_equal(a.data, field, sizeof field);
    rg_array_free(&a);
    assert_int_equal(read_member(path, ":score/\xcf\x86", &a, NULL), RG_OK);
    assert_int_equal(a.count, 20);
    assert_memory_equal(a.data, field + 7, 20 * sizeof *field);
    rg_array_free(&a);
    scratch_clear();
}

static void missing_names_are_listed(void **state) {
    (void)state;
    static const char *const names[] = {"", ":", ":densit", ":density.npy", ":densityy"};
    const char *path = scratch_path("a.npz");
    write_pair(path);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        rg_array a = {0};
        rg_diagnostic d = {0};
        assert_int_equal(read_member(path, names[i], &a, &d), RG_EFORMAT);
        assert_non_null(strstr(d.text, "found the arrays density, score/\xcf\x86; name it"));
        assert_null(a.data);
    }
    scratch_clear();
}

/* Many names with control characters in each: the message stays short, and one line. */
static void hostile_names_do_not_reach_the_terminal(void **state) {
    (void)state;
    enum { MEMBERS = 40 };
    char names[MEMBERS][32];
    rg_array_member members[MEMBERS];
    rg_array a = {0};
    rg_diagnostic d = {0};
    const char *path = scratch_path("a.npz");
    for (int i = 0; i < MEMBERS; i++) {
        snprintf(names[i], sizeof names[i], "name-\n\x7f-%d", i);
        members[i] = (rg_array_member){names[i], 0, NULL, field};
    }
    assert_int_equal(rg_array_write_npz(path, members, MEMBERS, NULL), RG_OK);
    assert_int_equal(read_member(path, "", &a, &d), RG_EFORMAT);
    assert_non_null(strstr(d.text, "name-?"
                                   "?-0, name-"));
    assert_non_null(strstr(d.text, "...; name it as FILE.npz:NAME"));
    for (const char *c = d.text; *c; c++) assert_in_range((unsigned char)*c, ' ', '~');
    scratch_clear();
}

static void archives_are_listed(void **state) {
    (void)state;
    const char *path = scratch_path("a.npz");
    char **names = NULL;
    size_t count = 0;
    write_pair(path);
    assert_int_equal(rg_array_list_npz(path, &names, &count, NULL), RG_OK);
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "density");
    assert_string_equal(names[1], "score/\xcf\x86");
    rg_free(names);
    scratch_clear();
}

static void same_arrays_give_the_same_bytes(void **state) {
    (void)state;
    static image first, second;
    write_pair(scratch_path("a.npz"));
    setenv("TZ", "XYZ-9", 1);
    tzset();
    write_pair(scratch_path("b.npz"));
    first.size = scratch_read(scratch_path("a.npz"), first.bytes, ROOM);
    second.size = scratch_read(scratch_path("b.npz"), second.bytes, ROOM);
    assert_in_range(first.size, 1000, ROOM - 1);
    assert_memory_equal(first.bytes + 10, "\0\0\x21\0", 4); /* midnight, 1980-01-01 */
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    scratch_clear();
}

static void names_must_be_fit_for_an_archive(void **state) {
    (void)state;
    rg_diagnostic d = {0};
    const rg_array_member twice[] = {{"x", 0, NULL, field}, {"x", 0, NULL, field}};
    const rg_array_member latin[] = {{"x\xff", 0, NULL, field}};
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), twice, 2, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "found 'x'"));
    assert_int_equal(rg_array_write_npz(scratch_path("a.npz"), latin, 1, &d), RG_EINVAL);
    assert_int_equal(scratch_clear(), 0);
}

/* An archive as other programs make it: stored, and with a member that is no array. */
static void write_foreign(const char *path, const image *file) {
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(zip);
    assert_int_equal(zip_file_add(zip, "readme.txt", zip_source_buffer(zip, "hello", 5, 0), 0), 0);
    assert_int_equal(zip_file_add(zip, "solo.npy", zip_source_buffer(zip, file->bytes, file->size, 0), 0), 1);
    assert_int_equal(zip_set_file_compression(zip, 1, ZIP_CM_STORE, 0), 0);
    assert_int_equal(zip_close(zip), 0);
}

static void foreign_archives_are_read(void **state) {
    (void)state;
    static image file;
    const char *path = scratch_path("a.npz");
    rg_array a = {0};
    rg_diagnostic d = {0};
    make_case(&file, &types[4], '>', 2, 1);
    write_foreign(path, &file);
    assert_int_equal(read_member(path, "", &a, NULL), RG_OK);
    assert_true(a.data[1] == types[4].value[2]);
    rg_array_free(&a);
    file.size--;
    write_foreign(path, &file);
    assert_int_equal(read_member(path, ":solo", &a, &d), RG_EFORMAT);
    assert_non_null(strstr(d.text, "cut short"));
    file.bytes[0] = 'x';
    write_foreign(path, &file);
    assert_int_equal(read_member(path, ":solo", &a, &d), RG_EFORMAT);
    assert_non_null(strstr(d.text, "other contents"));
    assert_null(a.data);
    scratch_clear();
}

static unsigned char *central_entry(image *zip) {
    for (size_t i = 0; i + 46 < zip->size; i++)
        if (memcmp(zip->bytes + i, "PK\1\2", 4) == 0) return zip->bytes + i;
    fail_msg("no central directory");
    return NULL;
}

typedef struct lie {
    size_t offset, size; /* in the entry of the central directory */
    const char *bytes, *message;
} lie;

static const lie lies[] = {
    {10, 2, "\x0c\0", "compression method 12"},      /* bzip2 */
    {16, 4, "\x11\x22\x33\x44", "CRC"},              /* checksum */
    {20, 4, "\xf0\xff\xff\x7f", "can hold"},         /* packed size */
    {24, 4, "\xf0\xff\xff\x7f", "can hold"},         /* size: a bomb */
    {24, 4, "\x00\x10\0\0", "cut short"},            /* size: 4096 instead of 4928 */
    {24, 4, "\x80\x13\0\0", "there is more behind"}, /* size: 4992 */
};

static void lying_archives_are_refused(void **state) {
    (void)state;
    static image honest, zip;
    const char *path = scratch_path("a.npz");
    write_pair(path);
    honest.size = scratch_read(path, honest.bytes, ROOM);
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        rg_array a = {0};
        rg_diagnostic d = {0};
        zip = honest;
        memcpy(central_entry(&zip) + lies[i].offset, lies[i].bytes, lies[i].size);
        assert_int_equal(scratch_write(path, zip.bytes, zip.size), 0);
        assert_int_equal(read_member(path, ":density", &a, &d), RG_EFORMAT);
        if (!strstr(d.text, lies[i].message)) print_error("%s\n", d.text);
        assert_non_null(strstr(d.text, lies[i].message));
        assert_null(a.data);
    }
    scratch_clear();
}

static void write_deflated(const char *path, const image *file) {
    zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    assert_non_null(archive);
    assert_int_equal(zip_file_add(archive, "a.npy", zip_source_buffer(archive, file->bytes, file->size, 0), 0), 0);
    assert_int_equal(zip_set_file_compression(archive, 0, ZIP_CM_DEFLATE, 9), 0);
    assert_int_equal(zip_close(archive), 0);
}

/* Header and archive agree on 40 bytes of data; `packed` are there. */
static void write_wrong_length(const char *path, size_t packed) {
    static image file, zip;
    put_header(&file, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (40,), }\n");
    const size_t claimed = file.size + 40;
    file.size += packed;
    write_deflated(path, &file);
    zip.size = scratch_read(path, zip.bytes, ROOM);
    central_entry(&zip)[24] = (unsigned char)claimed;
    assert_int_equal(scratch_write(path, zip.bytes, zip.size), 0);
}

static void members_of_another_length_than_claimed_are_refused(void **state) {
    (void)state;
    const char *path = scratch_path("a.npz");
    rg_array a = {0};
    for (size_t packed = 38; packed <= 42; packed++) {
        write_wrong_length(path, packed);
        assert_int_equal(read_member(path, "", &a, NULL), packed == 40 ? RG_OK : RG_EFORMAT);
        assert_int_equal(!!a.data, packed == 40);
        rg_array_free(&a);
    }
    scratch_clear();
}

/* The guard against bombs lets through what deflate packs best. */
static void well_packed_archives_are_read(void **state) {
    (void)state;
    static image file;
    struct stat packed;
    rg_array a = {0};
    const char *path = scratch_path("a.npz");
    put_header(&file, 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (130000,), }\n");
    memset(file.bytes + file.size, 0, 130000);
    file.size += 130000;
    write_deflated(path, &file);
    assert_int_equal(stat(path, &packed), 0);
    assert_in_range(packed.st_size, 1, 400);
    assert_int_equal(read_member(path, "", &a, NULL), RG_OK);
    assert_int_equal(a.count, 130000);
    rg_array_free(&a);
    scratch_clear();
}

static void damaged_archives_are_survived(void **state) {
    (void)state;
    static image honest, zip;
    enum { ROUNDS = 6000 };
    const char *path = scratch_path("a.npz");
    write_pair(path);
    honest.size = scratch_read(path, honest.bytes, ROOM);
    random_state = 777;
    for (int round = 0; round < ROUNDS; round++) {
        rg_array a = {0};
        char **names = NULL;
        size_t count = 0;
        zip = honest;
        /* mostly in the directory at the end */
        for (unsigned n = 1 + random_below(3); n > 0; n--)
            zip.bytes[random_below(4) ? zip.size - 1 - random_below(200) : random_below(zip.size)] =
                (unsigned char)random_below(256);
        if (random_below(10) == 0) zip.size = random_below(zip.size);
        assert_int_equal(scratch_write(path, zip.bytes, zip.size), 0);
        const rg_status status = read_member(path, ":density", &a, NULL);
        assert_true(status == RG_OK ? a.count == 600 : status == RG_EFORMAT || status == RG_EIO);
        rg_array_free(&a);
        if (rg_array_list_npz(path, &names, &count, NULL) == RG_OK) rg_free(names);
    }
    scratch_clear();
}

static int lowest_free_descriptor(void) {
    const int descriptor = dup(STDOUT_FILENO);
    close(descriptor);
    return descriptor;
}

static void files_are_closed_again(void **state) {
    (void)state;
    const char *npy = scratch_path("a.npy"), *npz = scratch_path("a.npz");
    rg_array a = {0};
    const int before = lowest_free_descriptor();
    write_pair(npz);
    assert_int_equal(rg_array_read(scratch_folder, &a, NULL), RG_EIO);
    assert_int_equal(rg_array_read(npz, &a, NULL), RG_EFORMAT);
    assert_int_equal(rename(npz, npy), 0);
    assert_int_equal(rg_array_read(npy, &a, NULL), RG_EFORMAT);
    assert_int_equal(scratch_write(npz, "none", 4), 0);
    assert_int_equal(rg_array_read(npz, &a, NULL), RG_EFORMAT);
    assert_int_equal(rg_array_write(npy, 0, NULL, field, NULL), RG_OK);
    assert_int_equal(rg_array_write(scratch_path("missing/a"), 0, NULL, field, NULL), RG_EIO);
    assert_int_equal(lowest_free_descriptor(), before);
    scratch_clear();
}

/* ---- memory */

typedef rg_status work(const char *path);

static rg_status work_write(const char *path) {
    return write_many(path, field, 5, NULL);
}

static rg_status work_read(const char *path) {
    rg_array a = {0};
    const rg_status status = rg_array_read(path, &a, NULL);
    assert_int_equal(!!a.data, status == RG_OK);
    rg_array_free(&a);
    return status;
}

static rg_status work_list(const char *path) {
    char **names = NULL;
    size_t count = 99;
    const rg_status status = rg_array_list_npz(path, &names, &count, NULL);
    assert_int_equal(count, status == RG_OK ? 2 : 99);
    rg_free(names);
    return status;
}

/* The first failures + 1 calls meet a failing allocation, the last one none. */
static int count_failures(work *job, const char *path) {
    for (int n = 0;; n++) {
        rg_alloc_fail_after(n);
        const rg_status status = job(path);
        rg_alloc_fail_after(-1);
        if (status == RG_OK) return n;
        assert_int_equal(status, RG_ENOMEM);
    }
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const char *npy = scratch_path("a.npy"), *npz = scratch_path("a.npz"), *member = scratch_path("a.npz:first");
    assert_true(count_failures(work_write, npy) >= 1);
    assert_true(count_failures(work_read, npy) == 1);
    assert_true(count_failures(work_write, npz) >= 4);
    assert_true(count_failures(work_read, member) == 2);
    assert_true(count_failures(work_list, npz) == 2);
    assert_int_equal(scratch_clear(), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_order_and_version_is_read),
        cmocka_unit_test(native_order_is_this_machines),
        cmocka_unit_test(half_nans_stay_nans),
        cmocka_unit_test(column_major_arrays_are_turned),
        cmocka_unit_test(long_arrays_cross_blocks),
        cmocka_unit_test(unusual_headers_are_read),
        cmocka_unit_test(bad_headers_are_refused_with_a_reason),
        cmocka_unit_test(bad_beginnings_are_refused),
        cmocka_unit_test(header_lengths_are_bounded),
        cmocka_unit_test(every_wrong_length_is_refused),
        cmocka_unit_test(random_damage_is_survived),
        cmocka_unit_test(written_arrays_read_back),
        cmocka_unit_test(written_bytes_are_the_format),
        cmocka_unit_test(longest_header_fits),
        cmocka_unit_test(bad_arrays_are_not_written),
        cmocka_unit_test(unreachable_paths_are_reported),
        cmocka_unit_test(full_disk_leaves_the_old_file),
        cmocka_unit_test(first_bad_value_is_named),
        cmocka_unit_test(members_are_read_by_name),
        cmocka_unit_test(missing_names_are_listed),
        cmocka_unit_test(hostile_names_do_not_reach_the_terminal),
        cmocka_unit_test(archives_are_listed),
        cmocka_unit_test(same_arrays_give_the_same_bytes),
        cmocka_unit_test(names_must_be_fit_for_an_archive),
        cmocka_unit_test(foreign_archives_are_read),
        cmocka_unit_test(lying_archives_are_refused),
        cmocka_unit_test(members_of_another_length_than_claimed_are_refused),
        cmocka_unit_test(well_packed_archives_are_read),
        cmocka_unit_test(damaged_archives_are_survived),
        cmocka_unit_test(files_are_closed_again),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
