/* The numbers of a figure read back as they were given, texts in other words stay what they are, bad figures leave no
 * file. What gnuplot makes of its script is test_gnuplot.c's matter. */
#include "base/base.h"
#include "figure/markup.h"
#include "scratch.h"

#include <glib.h>
#include <locale.h>
#include <math.h>
#include <rotgrad/array.h>
#include <rotgrad/figure.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { N0 = 5, N1 = 3, CELLS = N0 * N1, POINTS = 4, COLUMNS = 11, KINDS = 3, ROOM = 1 << 17 };

static const char *const kind[KINDS] = {"a.csv", "a.npz", "a.gp"};
static const char *const hostile = "a,\"b\" `touch pwned` \\ {x} @y ~z #w &amp; &lt;E<sub>p</sub>\nnext";

/* See test_figure.c. */
RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

/* ---- a figure with everything */

struct sample {
    double scalar[CELLS], vector[2 * CELLS], level[2], x[POINTS], y[POINTS], lower[POINTS], upper[POINTS];
    rg_heat_map heat;
    rg_flow flow;
    rg_arrows arrows;
    rg_contours contours;
    double number[POINTS];
    rg_curve curve[2], dots;
    rg_panel panel[3];
    rg_figure figure;
};

static const char *const rows[] = {"W<sub>1</sub>", "a, b"};

static void sample_init(struct sample *s) {
    *s = (struct sample){.level = {-0.25, 1.0 / 3}};
    for (int i = 0; i < CELLS; i++) s->scalar[i] = sin(1.3 * i + 0.2) * 2.7;
    for (int i = 0; i < 2 * CELLS; i++) s->vector[i] = cos(2.1 * i) / 3;
    for (int i = 0; i < POINTS; i++) {
        s->x[i] = 0.01 * pow(3.7, i);
        s->y[i] = exp(-0.7 * i);
        s->lower[i] = 0.8 * s->y[i];
        s->upper[i] = 1.3 * s->y[i];
        s->number[i] = 1 + i % 2;
    }
    s->scalar[7] = nan("");
    s->scalar[2] = -HUGE_VAL;
    const ptrdiff_t shape[2] = {N0, N1};
    s->heat = (rg_heat_map){.values = s->scalar, .map = RG_MAP_SEQUENTIAL, .scale = RG_SCALE_LINEAR, .unit = "nats"};
    s->flow = (rg_flow){.vector = s->vector};
    s->arrows = (rg_arrows){.vector = s->vector};
    s->contours = (rg_contours){.values = s->scalar, .count = 2, .level = s->level};
    memcpy(s->heat.shape, shape, sizeof shape);
    memcpy(s->flow.shape, shape, sizeof shape);
    memcpy(s->arrows.shape, shape, sizeof shape);
    memcpy(s->contours.shape, shape, sizeof shape);
    s->curve[0] =
        (rg_curve){.label = "KL <i>so far</i>, \"q\"", .count = POINTS, .x = s->x, .y = s->y, .mark = RG_MARK_LINE};
    s->curve[1] = (rg_curve){NULL, POINTS, s->x, s->y, s->lower, s->upper, RG_MARK_POINTS, 3};
    s->panel[0] = (rg_panel){.title = hostile,
                             .x = {.label = "x", .lower = -0.4, .upper = 1.9},
                             .y = {.label = "y", .lower = 1.1, .upper = 2.8},
                             .heat = &s->heat,
                             .flow = &s->flow,
                             .arrows = &s->arrows,
                             .contours = &s->contours};
    s->panel[1] = (rg_panel){.title = "bounds",
                             .x = {.label = hostile, .scale = RG_SCALE_LOG, .lower = 0.01, .upper = 1},
                             .y = {.lower = 0, .upper = 1.5},
                             .curves = 2,
                             .curve = s->curve,
                             .note = hostile};
    s->dots = (rg_curve){"dots", POINTS, s->y, s->number, s->lower, s->upper, RG_MARK_POINTS, 1};
    s->panel[2] = (rg_panel){.x = {.lower = 0.2, .upper = 2}, .curves = 1, .curve = &s->dots, .rows = 2, .row = rows};
    s->figure = (rg_figure){.title = hostile, .panels = 3, .panel = s->panel};
}

static rg_status write_kind(const rg_figure *figure, int i, const char *path, rg_diagnostic *diagnostic) {
    return strstr(kind[i], ".gp") ? rg_figure_write_gnuplot(figure, path, diagnostic)
                                  : rg_figure_write_data(figure, path, diagnostic);
}

static void write_ok(const rg_figure *figure, int i) {
    rg_diagnostic d = {RG_OK, ""};
    const rg_status status = write_kind(figure, i, scratch_path(kind[i]), &d);
    if (status != RG_OK) print_error("%s\n", d.text);
    assert_int_equal(status, RG_OK);
}

/* ---- .csv */

/* Takes the next cell off `*at`, unquoted, and the comma or line feed behind it. */
static char *next_cell(char **at) {
    char *from = *at, *cell = from, *to = from;
    const int quoted = *from == '"';
    if (quoted) from++;
    for (; *from && (quoted || (*from != ',' && *from != '\n')); *to++ = *from++) {
        if (quoted && *from == '"' && *++from != '"') break;
    }
    assert_true(*from == ',' || *from == '\n');
    *at = from + 1;
    *to = 0;
    return cell;
}

static void check_row(char **at, const char *const texts[4], const double number[7]) {
    for (int c = 0; c < 4; c++) assert_string_equal(next_cell(at), texts[c]);
    for (int c = 0; c < 7; c++) {
        const char *cell = next_cell(at);
        if (isnan(number[c]) && *cell) assert_string_equal(cell, "nan");
        if (isnan(number[c])) continue;
        char *end;
        assert_true(g_ascii_strtod(cell, &end) == number[c]);
        assert_true(end > cell && *end == 0);
    }
}

static void check_field(char **at, const char *title, const char *layer, const struct sample *s, int vector) {
    const double none = nan("");
    for (int i = 0; i < N0; i++)
        for (int j = 0; j < N1; j++) {
            const int cell = i * N1 + j;
            const double x = -0.4 + i * ((1.9 - -0.4) / N0), y = 1.1 + j * ((2.8 - 1.1) / N1);
            const double number[7] = {x,
                                      y,
                                      vector ? none : s->scalar[cell],
                                      vector ? s->vector[cell] : none,
                                      vector ? s->vector[CELLS + cell] : none,
                                      none,
                                      none};
            check_row(at, (const char *const[]){"1", title, layer, ""}, number);
        }
}

static void the_table_reads_back(void **state) {
    (void)state;
    static char bytes[ROOM];
    static struct sample s;
    const double none = nan("");
    const char *title = "a,\"b\" `touch pwned` \\ {x} @y ~z #w & <E_p\nnext";
    sample_init(&s);
    if (!setlocale(LC_ALL, "de_DE.UTF-8")) print_message("no locale de_DE.UTF-8 here: tested in one locale only\n");
    write_ok(&s.figure, 0);
    setlocale(LC_ALL, "C");
    bytes[scratch_read(scratch_path("a.csv"), bytes, ROOM - 1)] = 0;
    char *at = bytes;
    const char *header = "panel,title,layer,label,x,y,value,vx,vy,lower,upper\n";
    assert_memory_equal(at, header, strlen(header));
    at += strlen(header);
    check_field(&at, title, "heat", &s, 0);
    check_field(&at, title, "flow", &s, 1);
    check_field(&at, title, "arrows", &s, 1);
    check_field(&at, title, "contours", &s, 0);
    for (int l = 0; l < 2; l++)
        check_row(&at, (const char *const[]){"1", title, "level", ""},
                  (const double[]){none, none, s.level[l], none, none, none, none});
    for (int i = 0; i < POINTS; i++)
        check_row(&at, (const char *const[]){"2", "bounds", "curve1", "KL so far, \"q\""},
                  (const double[]){s.x[i], s.y[i], none, none, none, none, none});
    for (int i = 0; i < POINTS; i++)
        check_row(&at, (const char *const[]){"2", "bounds", "curve2", ""},
                  (const double[]){s.x[i], s.y[i], none, none, none, s.lower[i], s.upper[i]});
    for (int i = 0; i < 2; i++)
        check_row(&at, (const char *const[]){"3", "", "row", i ? "a, b" : "W_1"},
                  (const double[]){none, i + 1, none, none, none, none, none});
    for (int i = 0; i < POINTS; i++)
        check_row(&at, (const char *const[]){"3", "", "curve1", "dots"},
                  (const double[]){s.y[i], s.number[i], none, none, none, s.lower[i], s.upper[i]});
    assert_int_equal(*at, 0);
}

/* ---- .npz */

static void check_member(const char *name, int dim, const ptrdiff_t *shape, const double *values) {
    char member[64];
    rg_array array;
    snprintf(member, sizeof member, "a.npz:%s", name);
    assert_int_equal(rg_array_read(scratch_path(member), &array, NULL), RG_OK);
    assert_int_equal(array.dim, dim);
    assert_memory_equal(array.shape, shape, (size_t)dim * sizeof *shape);
    for (size_t i = 0; values && i < array.count; i++)
        assert_true(array.data[i] == values[i] || (isnan(array.data[i]) && isnan(values[i])));
    rg_array_free(&array);
}

static void the_archive_reads_back(void **state) {
    (void)state;
    static struct sample s;
    const ptrdiff_t vector[] = {2, N0, N1}, *scalar = vector + 1, points = POINTS, levels = 2;
    double x[N0], y[N1];
    sample_init(&s);
    for (int i = 0; i < N0; i++) x[i] = -0.4 + i * ((1.9 - -0.4) / N0);
    for (int j = 0; j < N1; j++) y[j] = 1.1 + j * ((2.8 - 1.1) / N1);
    write_ok(&s.figure, 1);
    check_member("panel1_heat", 2, scalar, s.scalar);
    check_member("panel1_heat_x", 1, &scalar[0], x);
    check_member("panel1_heat_y", 1, &scalar[1], y);
    check_member("panel1_flow", 3, vector, s.vector);
    check_member("panel1_arrows", 3, vector, s.vector);
    check_member("panel1_arrows_y", 1, &scalar[1], y);
    check_member("panel1_contours", 2, scalar, s.scalar);
    check_member("panel1_contours_levels", 1, &levels, s.level);
    check_member("panel2_curve1_x", 1, &points, s.x);
    check_member("panel2_curve1_y", 1, &points, s.y);
    check_member("panel2_curve2_lower", 1, &points, s.lower);
    check_member("panel2_curve2_upper", 1, &points, s.upper);
    char **names = NULL;
    size_t count = 0;
    assert_int_equal(rg_array_list_npz(scratch_path("a.npz"), &names, &count, NULL), RG_OK);
    check_member("panel3_curve1_y", 1, &points, s.number);
    assert_int_equal(count, 4 * 3 + 1 + 2 + 4 + 4);
    rg_free(names);
}

/* ---- texts */

static void markup_in_other_words(void **state) {
    (void)state;
    static const struct {
        const char *markup, *plain, *gnuplot;
    } known[] = {
        {NULL, "", "\"\""},
        {"E<sub>p</sub>|e|<sup>2</sup>", "E_p|e|^2", "\"E_{p}|e|^{2}\""},
        {"x<sub>max</sub>", "x_{max}", "\"x_{max}\""},
        {"<i>a<sub>\xcf\x86</sub></i> <b>b</b>", "a_\xcf\x86 b", "\"{/:Italic a_{\xcf\x86}} {/:Bold b}\""},
        {"<span size='small'>a</span>", "a", "\"a\""},
        {"a &lt; b &amp; c", "a < b & c", "\"a < b \\\\& c\""},
        {"`x` \"y\" \\z", "`x` \"y\" \\z", "\"\\140x\\140 \\\"y\\\" \\\\\\\\z\""},
        {"{a}_b^c@d~e", "{a}_b^c@d~e", "\"\\\\{a\\\\}\\\\_b\\\\^c\\\\@d\\\\~e\""},
        {"<b>a\nb</b>", "a\nb", "\"{/:Bold a}\\n{/:Bold b}\""},
        {"a\tb", "a\tb", "\"a b\""},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char *plain = rg_markup_plain(known[i].markup), *gnuplot = rg_markup_gnuplot(known[i].markup, 0, NULL);
        assert_string_equal(plain, known[i].plain);
        assert_string_equal(gnuplot, known[i].gnuplot);
        g_free(plain);
        g_free(gnuplot);
    }
    char *wrapped = rg_markup_gnuplot("one <b>two three</b>", 2, (const int[]){4, 8});
    assert_string_equal(wrapped, "\"one {/:Bold }\\n{/:Bold two }\\n{/:Bold three}\"");
    g_free(wrapped);
}

static void scripts_hold_no_command_of_a_title(void **state) {
    (void)state;
    static char bytes[ROOM];
    static struct sample s;
    sample_init(&s);
    write_ok(&s.figure, 2);
    bytes[scratch_read(scratch_path("a.gp"), bytes, ROOM - 1)] = 0;
    assert_null(strchr(bytes, '`'));
    assert_null(strstr(bytes, "\nnext"));
    assert_non_null(strstr(bytes, "$panel1_heat << end\n"));
    assert_non_null(strstr(bytes, "touch pwned"));
}

static void equal_figures_are_equal_bytes(void **state) {
    (void)state;
    static char first[ROOM], second[ROOM];
    static struct sample s;
    sample_init(&s);
    for (int i = 0; i < KINDS; i++) {
        write_ok(&s.figure, i);
        const size_t size = scratch_read(scratch_path(kind[i]), first, ROOM);
        setlocale(LC_ALL, "de_DE.UTF-8");
        write_ok(&s.figure, i);
        setlocale(LC_ALL, "C");
        assert_int_equal(scratch_read(scratch_path(kind[i]), second, ROOM), size);
        assert_true(size < ROOM);
        assert_memory_equal(first, second, size);
    }
}

/* ---- what is refused */

static void expect(const rg_figure *figure, const char *name, int i, rg_status expected, const char *words) {
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(write_kind(figure, i, scratch_path(name), &d), expected);
    if (!strstr(d.text, words)) print_error("expected \"%s\" in \"%s\"\n", words, d.text);
    assert_non_null(strstr(d.text, words));
    assert_int_equal(scratch_clear(), 0);
}

static void bad_figures_are_refused(void **state) {
    (void)state;
    static struct sample s;
    char name[32];
    sample_init(&s);
    scratch_clear();
    expect(&s.figure, "a.txt", 0, RG_EINVAL, "expected a name that ends in .csv or .npz");
    expect(&s.figure, "a.png", 2, RG_EINVAL, "expected a name that ends in .gp");
    for (int i = 0; i < KINDS; i++) {
        rg_figure empty = s.figure;
        empty.panels = 0;
        expect(&empty, kind[i], i, RG_EINVAL, "expected 1 to 1000 panels");
        snprintf(name, sizeof name, "no/%s", kind[i]);
        expect(&s.figure, name, i, RG_EIO, "the folder does not exist");
        s.panel[1].title = "<b>";
        expect(&s.figure, kind[i], i, RG_EINVAL, "panel 2: title: not Pango markup");
        s.panel[1].title = "bounds";
    }
    for (int i = 0; i < CELLS; i++) s.scalar[i] = nan("");
    expect(&s.figure, "a.gp", 2, RG_EINVAL, "the array has no finite value");
}

static void a_full_disk_is_reported(void **state) {
    (void)state;
    static struct sample s;
    sample_init(&s);
    for (int i = 0; i < KINDS; i++) {
        scratch_clear();
        if (symlink("/dev/full", scratch_path(kind[i])) != 0) skip();
        assert_int_equal(write_kind(&s.figure, i, scratch_path(kind[i]), NULL), RG_EIO);
    }
    scratch_clear();
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    static struct sample s;
    sample_init(&s);
    scratch_clear();
    for (int i = 0; i < KINDS; i++) {
        const char *path = scratch_path(kind[i]);
        rg_status status = RG_ENOMEM;
        long n = 0;
        for (; status == RG_ENOMEM && n < 200; n++) {
            assert_int_equal(scratch_clear(), n == 0 && i > 0); /* the file of the kind before */
            rg_diagnostic d = {RG_OK, ""};
            rg_alloc_fail_after(n);
            status = write_kind(&s.figure, i, path, &d);
            assert_int_equal(d.status, status);
        }
        rg_alloc_fail_after(-1);
        assert_int_equal(status, RG_OK);
        assert_true(n > 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_reads_back),          cmocka_unit_test(the_archive_reads_back),
        cmocka_unit_test(markup_in_other_words),         cmocka_unit_test(scripts_hold_no_command_of_a_title),
        cmocka_unit_test(equal_figures_are_equal_bytes), cmocka_unit_test(bad_figures_are_refused),
        cmocka_unit_test(a_full_disk_is_reported),       cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
