/* Recipes: what is accepted, messages in full, quantities against closed forms, ranges, planes, columns, memory that
 * runs out.
 *
 * RG_UPDATE_DOCS=1 ./test_recipe writes the generated part of docs/recipe.md anew. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "base/base.h"
#include "experiment/quantity.h"
#include "experiment/schema.h"
#include "scratch.h"

#include <rotgrad/array.h>
#include <rotgrad/recipe.h>

#include <ftw.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#define PI          3.14159265358979323846
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

enum { N0 = 16, N1 = 14, N2 = 12, MOST_CELLS = N0 * N1 * N2, LEVELS = 4 };

/* Fontconfig links its patterns by relative offsets, which the leak checker cannot follow (see test_figure.c). */
RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

/* ---- a run on disk: p = exp(cos x + 0.7 sin y ...), vectors and q by formula */

static const double lower[RG_MAX_DIM] = {-PI, -0.7, 0.3}, length[RG_MAX_DIM] = {2 * PI, 2.3, 1.9};

struct fields {
    int dim;
    ptrdiff_t shape[RG_MAX_DIM], cells;
    double p[MOST_CELLS], q[MOST_CELLS], vector[RG_MAX_DIM * MOST_CELLS], score[RG_MAX_DIM * MOST_CELLS];
};

static double phase(const struct fields *f, int axis, ptrdiff_t index) {
    return 2 * PI * (double)index / (double)f->shape[axis];
}

/* theta_a is 2 pi (x_a - lower_a) / length_a; p is a product of exp(c_a cos theta_a). */
static void fill_cell(struct fields *f, ptrdiff_t i) {
    static const double steep[RG_MAX_DIM] = {1.1, 0.7, 0.4};
    ptrdiff_t rest = i;
    double theta[RG_MAX_DIM], log_p = 0;
    for (int a = f->dim - 1; a >= 0; a--) {
        theta[a] = phase(f, a, rest % f->shape[a]);
        rest /= f->shape[a];
    }
    for (int a = 0; a < f->dim; a++) {
        log_p += steep[a] * cos(theta[a]);
        f->score[a * f->cells + i] = -steep[a] * sin(theta[a]) * 2 * PI / length[a];
        f->vector[a * f->cells + i] = cos(theta[a]) + 0.3 * (a + 1) * sin(theta[(a + 1) % f->dim]);
    }
    f->p[i] = exp(log_p);
    f->q[i] = f->p[i] * (1 + 0.37 * sin(theta[0]));
}

static struct fields *make_fields(int dim) {
    struct fields *f = calloc(1, sizeof *f);
    assert_non_null(f);
    const ptrdiff_t shape[] = {N0, N1, N2};
    f->dim = dim;
    f->cells = 1;
    for (int a = 0; a < RG_MAX_DIM; a++) f->shape[a] = a < dim ? shape[a] : 1;
    for (int a = 0; a < dim; a++) f->cells *= shape[a];
    for (ptrdiff_t i = 0; i < f->cells; i++) fill_cell(f, i);
    return f;
}

static void write_npz(const char *path, const struct fields *f) {
    const ptrdiff_t vector[] = {f->dim, f->shape[0], f->shape[1], f->shape[2]};
    double *x[RG_MAX_DIM] = {NULL};
    rg_array_member member[9 + RG_MAX_DIM];
    static const char *const scalar_name[] = {"p_end", "q_full", "q_gradient", "q_solenoidal", "q_none"};
    static const char *const vector_name[] = {"score", "error", "gradient", "solenoidal"};
    static const char *const axis_name[] = {"x0", "x1", "x2"};
    size_t count = 0;
    for (size_t k = 0; k < COUNT_OF(scalar_name); k++)
        member[count++] = (rg_array_member){scalar_name[k], f->dim, vector + 1, k ? f->q : f->p};
    for (size_t k = 0; k < COUNT_OF(vector_name); k++)
        member[count++] = (rg_array_member){vector_name[k], f->dim + 1, vector, k ? f->vector : f->score};
    for (int a = 0; a < f->dim; a++) {
        x[a] = rg_field_alloc((size_t)f->shape[a]);
        assert_non_null(x[a]);
        for (ptrdiff_t i = 0; i < f->shape[a]; i++) x[a][i] = lower[a] + (double)i * length[a] / (double)f->shape[a];
        member[count++] = (rg_array_member){axis_name[a], 1, &f->shape[a], x[a]};
    }
    assert_int_equal(rg_array_write_npz(path, member, count, NULL), RG_OK);
    for (int a = 0; a < f->dim; a++) rg_free(x[a]);
}

static json_t *level_json(int i) {
    return json_pack("{s:f, s:{s:f, s:f}, s:f, s:f, s:f, s:f}", "sigma", 2.0 / (i + 1), "kl", "full", 0.1 * i, "none",
                     i ? 0.1 * i : 1e-14, "kl_full_error", 0.01 * i, "gradient_bound", 0.3 * i + 0.05, "total", 4.0 + i,
                     "gradient", 1.0 + i);
}

static void write_report(const char *path, const struct fields *f, double kl) {
    json_t *shape = json_array(), *low = json_array(), *long_ = json_array(), *levels = json_array();
    for (int a = 0; a < f->dim; a++) {
        json_array_append_new(shape, json_integer(f->shape[a]));
        json_array_append_new(low, json_real(lower[a]));
        json_array_append_new(long_, json_real(length[a]));
    }
    for (int i = 0; i < LEVELS; i++) json_array_append_new(levels, level_json(i));
    json_t *report =
        json_pack("{s:s, s:s, s:{s:o, s:o, s:o, s:[s*, s*, s*], s:b}, s:{s:{s:f, s:f}, s:{s:n, s:f, s:s}}, "
                  "s:{s:n, s:{s:f, s:f}}, s:{s:{s:f, s:f}, s:{s:f, s:f}}, s:o, s:{s:{}}}",
                  "schema", "rotgrad.report/1", "title", "A <b> & c", "grid", "shape", shape, "lower", low, "length",
                  long_, "names", "u", f->dim > 1 ? "v" : NULL, f->dim > 2 ? "w" : NULL, "degrees", 0, "kl", "full",
                  "value", kl, "error", kl / 10, "none", "value", "error", 0.0, "note", "infinite", "bounds", "w1",
                  "girsanov", "value", 4 * kl, "error", 0.1 * kl, "unsure", "above", "value", kl, "error", 2 * kl,
                  "below", "value", -kl, "error", 2 * kl, "levels", levels, "provenance", "experiment");
    assert_non_null(report);
    assert_int_equal(json_dump_file(report, path, JSON_INDENT(1)), 0);
    json_decref(report);
}

static struct fields *make_run(const char *name, int dim, double kl) {
    char path[64];
    struct fields *f = make_fields(dim);
    mkdir(scratch_path(name), 0777);
    assert_true(snprintf(path, sizeof path, "%s/fields.npz", name) < (int)sizeof path);
    write_npz(scratch_path(path), f);
    assert_true(snprintf(path, sizeof path, "%s/report.json", name) < (int)sizeof path);
    write_report(scratch_path(path), f, kl);
    return f;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static struct fields *run_of_dim[RG_MAX_DIM + 1];

static int set_up(void **state) {
    if (scratch_setup(state) != 0) return -1;
    run_of_dim[1] = make_run("run1", 1, 0.5);
    run_of_dim[2] = make_run("run2", 2, 0.0123);
    run_of_dim[3] = make_run("run3", 3, 2e-9);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (int dim = 1; dim <= RG_MAX_DIM; dim++) free(run_of_dim[dim]);
    return nftw(scratch_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- figures of recipes */

#define RUN "runs: [{name: run}]\n"

/* The figure of a recipe whose runs are all the same directory; NULL for none. */
static rg_status figure_of(const char *yaml, const char *directory, rg_recipe **recipe, const rg_figure **figure,
                           rg_diagnostic *diagnostic) {
    rg_status status = rg_recipe_parse("r.yaml", yaml, NULL, 0, recipe, diagnostic);
    const size_t runs = status == RG_OK ? rg_recipe_runs(*recipe, NULL) : 0;
    for (size_t i = 0; directory && status == RG_OK && i < runs; i++)
        status = rg_recipe_use_directory(*recipe, i, scratch_path(directory), diagnostic);
    return status == RG_OK ? rg_recipe_figure(*recipe, figure, diagnostic) : status;
}

static rg_recipe *draw(const char *yaml, const char *directory, const rg_figure **figure) {
    rg_recipe *recipe = NULL;
    rg_diagnostic diagnostic = {RG_OK, ""};
    if (figure_of(yaml, directory, &recipe, figure, &diagnostic) != RG_OK) fail_msg("%s", diagnostic.text);
    assert_string_equal(diagnostic.text, "");
    return recipe;
}

static void check_message(const char *yaml, const char *directory, rg_status wanted, const char *message) {
    rg_recipe *recipe = NULL;
    const rg_figure *figure = NULL;
    rg_diagnostic diagnostic = {RG_OK, ""};
    const rg_status status = figure_of(yaml, directory, &recipe, &figure, &diagnostic);
    rg_recipe_free(recipe);
    assert_string_equal(diagnostic.text, message);
    assert_int_equal(status, wanted);
    assert_null(figure);
}

static const double *heat_values(const char *values, const char *directory, rg_recipe **recipe,
                                 const rg_figure **figure) {
    char yaml[512];
    snprintf(yaml, sizeof yaml, RUN "panels: [{heat: {values: \"%s\"}}]\n", values);
    *recipe = draw(yaml, directory, figure);
    assert_int_equal((*figure)->panels, 1);
    return (*figure)->panel[0].heat->values;
}

/* ---- reading */

static void messages_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *yaml, *message;
    } bad[] = {
        {"panels: [{heat: {values: p_end, mapp: cyclic}}]\n",
         "r.yaml:1:33: panels.0.heat: unknown key \"mapp\", did you mean \"map\"?"},
        {"title: x\n", "r.yaml:1:1: expected the key \"panels\", which is missing"},
        {"[]\n", "r.yaml:1:1: expected a map with the keys of a recipe, got an empty list"},
        {"panels: []\n", "r.yaml:1:9: panels: expected a list of maps, got an empty list"},
        {"panels: [{heat: {values: p_end, map: blue}}]\n",
         "r.yaml:1:38: panels.0.heat.map: expected one of sequential, diverging, cyclic, got \"blue\""},
        {"panels: [{heat: {values: p_end, range: 3}}]\n",
         "r.yaml:1:40: panels.0.heat.range: expected one of data, mass or a list of numbers, got 3"},
        {"panels: [{title: \"<i>x\", heat: {values: p_end}}]\n",
         "r.yaml:1:18: panels.0.title: expected a text in Pango markup, got \"<i>x\""},
        {"degrees: yes\npanels: [{heat: {values: p_end}}]\n",
         "r.yaml:1:10: degrees: expected true or false, got \"yes\""},
        {"runs: [{name: a.b}]\npanels: [{heat: {values: p_end}}]\n",
         "r.yaml:1:15: runs.0.name: expected a name without dots, got \"a.b\""},
        {"runs: [{name: a}, {name: a}]\npanels: [{heat: {values: p_end}}]\n",
         "r.yaml:1:26: runs.1.name: expected a name of its own, got \"a\" again"},
        {"panels: [{dots: [{label: a}]}]\n",
         "r.yaml:1:17: panels.0.dots: expected only beside \"rows\", which is missing"},
        {"panels: [{rows: [{name: \"<i>\", value: a}]}]\n",
         "r.yaml:1:25: panels.0.rows.0.name: expected a text in Pango markup, got \"<i>\""},
        {"runs: [{name: a, sweep: {key: k, values: [1]}}]\npanels: [{heat: {values: p_end}}]\n",
         "r.yaml:1:25: runs.0.sweep: expected only beside \"experiment\", which is missing"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) check_message(bad[i].yaml, NULL, RG_EINVAL, bad[i].message);
}

static void drawing_says_what_is_wrong_and_where(void **state) {
    (void)state;
    static const struct {
        const char *yaml, *directory, *message;
    } bad[] = {
        {RUN "panels: [{heat: {values: p_end}}]\n", NULL,
         "r.yaml:2:10: panels.0: the run run has no results yet; give a directory for it"},
        {"panels: [{heat: {values: p_end}}]\n", NULL,
         "r.yaml:1:26: panels.0.heat.values: p_end is a field of a run, and there is no run; name one under `runs`"},
        {RUN "panels: [{heat: {values: p_edn}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: unknown quantity \"p_edn\", did you mean \"p_end\"?"},
        {RUN "panels: [{heat: {values: nrom(error)}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: unknown quantity \"nrom\", did you mean \"norm\"?"},
        {RUN "panels: [{heat: {values: error}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: expected a scalar field, got a vector; norm(error) and "
         "component(error, 0) are scalars"},
        {RUN "panels: [{flow: {vector: p_end}}]\n", "run2",
         "r.yaml:2:26: panels.0.flow.vector: expected a vector field, got a scalar"},
        {RUN "panels: [{heat: {values: norm(p_end)}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: norm: expected a vector field, got a scalar"},
        {RUN "panels: [{heat: {values: log_ratio(error)}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: log_ratio: expected a scalar field, got a vector"},
        {RUN "panels: [{heat: {values: \"component(error)\"}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: component: expected two arguments, as in component(error, 0)"},
        {RUN "panels: [{heat: {values: \"component(error, 2)\"}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: component: expected a component from 0 to 1, got 2"},
        {RUN "panels: [{heat: {values: \"component(error, x)\"}}]\n", "run2",
         "r.yaml:2:26: panels.0.heat.values: component: expected a whole number after the comma"},
        {RUN "panels: [{heat: {values: angle(error)}}]\n", "run3",
         "r.yaml:2:26: panels.0.heat.values: angle: expected a field over 2 axes, got 3"},
        {RUN "panels: [{heat: {values: p_end}}]\n", "run1",
         "r.yaml:2:26: panels.0.heat.values: p_end has one axis; a heat map needs two or three: draw it as a curve, "
         "`curves: [{y: p_end}]`"},
        {RUN "panels: [{title: a}]\n", "run2",
         "r.yaml:2:10: panels.0: expected at least one of heat, flow, arrows, contours, curves, rows, got none"},
        {RUN "panels: [{dimensions: 3, heat: {values: p_end}}]\n", "run2",
         "r.yaml:2:9: panels: no panel is for a run with so many axes; see `dimensions`"},
        {RUN "panels: [{run: rum, heat: {values: p_end}}]\n", "run2",
         "r.yaml:2:16: panels.0.run: there is no run \"rum\" under `runs`, did you mean \"run\"?"},
        {RUN "panels: [{heat: {values: p_end}, slice: {axis: 0}}]\n", "run2",
         "r.yaml:2:34: panels.0: expected fields with three axes, got 2"},
        {RUN "panels: [{heat: {values: p_end}, slice: {axis: 0, at: 16}}]\n", "run3",
         "r.yaml:2:55: panels.0.slice.at: expected an index from 0 to 15, got 16"},
        {RUN "panels: [{heat: {values: p_end, range: [2, 1]}}]\n", "run2",
         "r.yaml:2:40: panels.0.heat.range: expected two ascending numbers"},
        {RUN "panels: [{heat: {values: p_end, scale: log, range: [0, 1]}}]\n", "run2",
         "r.yaml:2:52: panels.0.heat.range: expected two ascending numbers above 0, for a log scale"},
        {RUN "panels: [{heat: {values: p_end, scale: log, map: cyclic}}]\n", "run2",
         "r.yaml:2:40: panels.0.heat.scale: the cyclic map is for angles; it has no log scale"},
        {RUN "labels: [a]\npanels: [{heat: {values: p_end}}]\n", "run2",
         "r.yaml:2:9: labels: expected 2 labels, one for each axis, got a list of 1"},
        {RUN "panels: [{curves: [{y: levels.kl_fulll}]}]\n", "run2",
         "r.yaml:2:24: panels.0.curves.0.y: the level table has no column \"kl_fulll\", did you mean \"kl_full\"?"},
        {RUN "panels: [{curves: [{y: sweep.kl.full}]}]\n", "run2",
         "r.yaml:2:24: panels.0.curves.0.y: sweep.kl.full is for a run with a sweep; name one with `run`"},
        {RUN "panels: [{curves: [{y: p_end}]}]\n", "run2",
         "r.yaml:2:24: panels.0.curves.0.y: expected values along one axis, got 2 axes; draw a heat map"},
        {RUN "panels: [{curves: [{y: levels.total, error: true}]}]\n", "run2",
         "r.yaml:2:45: panels.0.curves.0.error: levels.total has no error bars"},
        {RUN "panels: [{rows: [{name: a, value: report.bounds.girsanv}]}]\n", "run2",
         "r.yaml:2:35: panels.0.rows.0.value: report.json has no number \"bounds.girsanv\", did you mean "
         "\"bounds.girsanov\"?"},
        {RUN "panels: [{rows: [{name: a, value: report.bounds}]}]\n", "run2",
         "r.yaml:2:35: panels.0.rows.0.value: report.json has no number \"bounds\"; there are w1, girsanov"},
        {RUN "panels: [{rows: [{name: a, value: report.levels.0}]}]\n", "run2",
         "r.yaml:2:35: panels.0.rows.0.value: report.json has no number \"levels.0\""},
        {RUN "panels: [{rows: [{name: a, value: [report.kl.full]}], dots: [{}, {label: b}]}]\n", "run2",
         "r.yaml:2:35: panels.0.rows.0.value: expected a value for each of the 2 dots, got a list of 1"},
        {RUN "panels: [{rows: [{name: a, value: [none, report.kl.full]}], dots: [{}, {label: b}]}]\n", "run2",
         "r.yaml:2:68: panels.0.dots.0: expected a value in one row at least"},
        {RUN "panels: [{rows: [{name: a, value: report.kl.full}], dots: [{run: rum}]}]\n", "run2",
         "r.yaml:2:66: panels.0.dots.0.run: there is no run \"rum\" under `runs`, did you mean \"run\"?"},
        {RUN "panels: [{rows: [{name: a, value: report.kl.full}], heat: {values: p_end}}]\n", "run2",
         "r.yaml:2:53: panels.0: expected no \"heat\" beside rows"},
        {RUN "panels: [{rows: [{name: a, value: report.kl.full}], y: {scale: log}}]\n", "run2",
         "r.yaml:2:53: panels.0: expected no \"y\" beside rows"},
        {RUN "panels: [{rows: [{name: a, value: report.kl.full}], correlation: true}]\n", "run2",
         "r.yaml:2:66: panels.0.correlation: expected no \"correlation\" beside rows"},
        {RUN "panels: [{curves: [{y: report.kl.full}]}]\n", "run2",
         "r.yaml:2:24: panels.0.curves.0.y: report.kl.full is one number; give its `x`, or make it a row"},
        {RUN "panels: [{title: \"{kl.fulll}\", heat: {values: p_end}}]\n", "run2",
         "r.yaml:2:18: panels.0.title: {kl.fulll}: there is no such number or text in report.json"},
        {RUN "panels: [{title: \"{kl\", heat: {values: p_end}}]\n", "run2",
         "r.yaml:2:18: panels.0.title: expected a } after {, as in {kl.full}; {{ is a brace"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) check_message(bad[i].yaml, bad[i].directory, RG_EINVAL, bad[i].message);
}

static void directories_are_checked(void **state) {
    (void)state;
    rg_recipe *recipe = NULL;
    rg_diagnostic d = {RG_OK, ""};
    char message[2 * SCRATCH_ROOM];
    assert_int_equal(rg_recipe_parse("r.yaml", RUN "panels: [{heat: {values: p_end}}]\n", NULL, 0, &recipe, &d), RG_OK);
    assert_int_equal(rg_recipe_use_directory(recipe, 0, scratch_path("nowhere"), &d), RG_EIO);
    snprintf(message, sizeof message, "%s: expected a directory written by rotgrad run, with report.json in it",
             scratch_path("nowhere"));
    assert_string_equal(d.text, message);
    mkdir(scratch_path("broken"), 0777);
    assert_int_equal(scratch_write(scratch_path("broken/report.json"), "{\"schema\": 3}", 13), 0);
    assert_int_equal(rg_recipe_use_directory(recipe, 0, scratch_path("broken"), &d), RG_EFORMAT);
    assert_int_equal(scratch_write(scratch_path("broken/report.json"), "{\"schema\":", 10), 0);
    assert_int_equal(rg_recipe_use_directory(recipe, 0, scratch_path("broken"), &d), RG_EFORMAT);
    assert_int_equal(rg_recipe_use_directory(recipe, 1, scratch_path("run2"), &d), RG_EINVAL);
    rg_recipe_free(recipe);
    rg_recipe_free(NULL);
}

static void runs_and_sweeps_are_listed(void **state) {
    (void)state;
    static const char yaml[] =
        "runs:\n"
        "  - {name: a, experiment: x/y.yaml, set: [noise.churn=1]}\n"
        "  - {name: b, experiment: /z.yaml, set: [form=ratio], sweep: {key: error.0.rotation, values: [0, 2pi]}}\n"
        "  - {name: c}\n"
        "panels: [{heat: {values: p_end}}]\n";
    rg_recipe *recipe = NULL;
    const rg_recipe_run *run;
    FILE *file = fopen(scratch_path("listed.yaml"), "wb");
    assert_non_null(file);
    fputs(yaml, file);
    fclose(file);
    assert_int_equal(rg_recipe_read(scratch_path("listed.yaml"), NULL, 0, &recipe, NULL), RG_OK);
    assert_int_equal(rg_recipe_runs(recipe, &run), 4);
    char path[SCRATCH_ROOM];
    snprintf(path, sizeof path, "%s/x/y.yaml", scratch_folder);
    assert_string_equal(run[0].experiment, path);
    assert_int_equal(run[0].settings, 1);
    assert_string_equal(run[1].name, "b.0");
    assert_string_equal(run[1].experiment, "/z.yaml");
    assert_int_equal(run[2].settings, 2);
    assert_string_equal(run[2].setting[0], "form=ratio");
    assert_string_equal(run[2].setting[1], "error.0.rotation=2pi");
    assert_null(run[3].experiment);
    assert_null(run[3].directory);
    rg_recipe_free(recipe);
}

static void settings_replace_keys(void **state) {
    (void)state;
    const char *const good[] = {"dpi=300", "panels.0.title=\"a b\""}, *const bad[] = {"dip=300"};
    rg_recipe *recipe = NULL;
    const rg_figure *figure;
    rg_diagnostic d = {RG_OK, ""};
    static const char yaml[] = RUN "panels: [{heat: {values: p_end}}]\n";
    assert_int_equal(rg_recipe_parse("r.yaml", yaml, good, 2, &recipe, &d), RG_OK);
    assert_int_equal(rg_recipe_use_directory(recipe, 0, scratch_path("run2"), &d), RG_OK);
    assert_int_equal(rg_recipe_figure(recipe, &figure, &d), RG_OK);
    assert_true(figure->dpi == 300);
    assert_string_equal(figure->panel[0].title, "a b");
    rg_recipe_free(recipe);
    assert_int_equal(rg_recipe_parse("r.yaml", yaml, bad, 1, &recipe, &d), RG_EINVAL);
    assert_string_equal(d.text, "--set dip=300: unknown key \"dip\", did you mean \"dpi\"?");
}

/* ---- quantities */

static void pointwise_functions_are_what_they_say(void **state) {
    (void)state;
    const struct fields *f = run_of_dim[2];
    static const char *const text[] = {"q_full",
                                       "norm(error)",
                                       " component( error , 1 ) ",
                                       "angle(error)",
                                       "log_ratio(q_full)",
                                       "difference(q_full)",
                                       "kl_integrand(q_full)"};
    for (size_t k = 0; k < COUNT_OF(text); k++) {
        rg_recipe *recipe;
        const rg_figure *figure;
        const double *values = heat_values(text[k], "run2", &recipe, &figure);
        for (ptrdiff_t i = 0; i < f->cells; i++) {
            const double x = f->vector[i], y = f->vector[f->cells + i], p = f->p[i], q = f->q[i];
            const double wanted[] = {q, sqrt(x * x + y * y), y, atan2(y, x), log(q / p), q - p, p * log(p / q) + q - p};
            assert_true(fabs(values[i] - wanted[k]) <= 1e-14 * (1 + fabs(wanted[k])));
        }
        rg_recipe_free(recipe);
    }
}

/* v_0 = cos t_0 + 0.3 sin t_1, v_1 = cos t_1 + 0.6 sin t_0, d theta_a / d x_a = 2 pi / length_a. */
static void derivatives_are_those_of_the_formula(void **state) {
    (void)state;
    const struct fields *f = run_of_dim[2];
    rg_recipe *recipe, *weighted;
    const rg_figure *figure;
    const double *flat = heat_values("divergence(error)", "run2", &recipe, &figure);
    const double *by_p = heat_values("weighted_divergence(error)", "run2", &weighted, &figure);
    for (ptrdiff_t i = 0; i < f->cells; i++) {
        double wanted = 0, score = 0;
        for (int a = 0; a < 2; a++) {
            const ptrdiff_t index = a == 0 ? i / N1 : i % N1;
            wanted -= sin(phase(f, a, index)) * 2 * PI / length[a];
            score += f->score[a * f->cells + i] * f->vector[a * f->cells + i];
        }
        assert_true(fabs(flat[i] - wanted) < 1e-12);
        assert_true(fabs(by_p[i] - wanted - score) < 1e-12);
    }
    rg_recipe_free(recipe);
    rg_recipe_free(weighted);
}

/* The gradient part of v is (cos t_0, cos t_1); the rest has no divergence. */
static void flat_parts_are_those_of_the_formula(void **state) {
    (void)state;
    const struct fields *f = run_of_dim[2];
    rg_recipe *recipe, *rest;
    const rg_figure *figure;
    const double *gradient = heat_values("component(flat_gradient(error), 0)", "run2", &recipe, &figure);
    const double *solenoidal = heat_values("component(flat_solenoidal(error), 0)", "run2", &rest, &figure);
    for (ptrdiff_t i = 0; i < f->cells; i++) {
        /* the cross terms 0.3 sin t_1 and 0.6 sin t_0 are divergence-free, one by one */
        assert_true(fabs(gradient[i] - cos(phase(f, 0, i / N1))) < 1e-13);
        assert_true(fabs(solenoidal[i] - 0.3 * sin(phase(f, 1, i % N1))) < 1e-13);
    }
    rg_recipe_free(recipe);
    rg_recipe_free(rest);
}

/* Grey where p and q both lie below 1e-6 of the largest p, and there only; accurate where q is all but p. */
static void log_ratio_knows_its_limits(void **state) {
    (void)state;
    struct fields *f = make_fields(2);
    double most = 0;
    for (ptrdiff_t i = 0; i < f->cells; i++) most = fmax(most, f->p[i]);
    f->p[3] = 0.9e-6 * most;
    f->q[3] = 0.2e-6 * most;
    f->p[4] = 0.9e-6 * most;
    f->q[4] = 1.1e-6 * most;
    f->p[5] = 1.1e-6 * most;
    f->q[5] = 0;
    f->q[6] = f->p[6] * (1 + 1e-13);
    mkdir(scratch_path("limits"), 0777);
    write_npz(scratch_path("limits/fields.npz"), f);
    write_report(scratch_path("limits/report.json"), f, 1);
    rg_recipe *recipe;
    const rg_figure *figure;
    const double *values = heat_values("log_ratio(q_full)", "limits", &recipe, &figure);
    for (ptrdiff_t i = 0; i < f->cells; i++) assert_int_equal(isnan(values[i]) != 0, i == 3);
    assert_true(fabs(values[4] - log(1.1 / 0.9)) < 1e-14);
    assert_true(values[5] == -745);
    assert_true(fabs(values[6] - (f->q[6] - f->p[6]) / f->p[6]) < 1e-25);
    rg_recipe_free(recipe);
    free(f);
}

/* ---- arrays */

static void write_values(const char *name, int dim, const ptrdiff_t *shape, double constant) {
    double values[512];
    size_t count = 1;
    for (int a = 0; a < dim; a++) count *= (size_t)shape[a];
    assert_true(count <= COUNT_OF(values));
    for (size_t i = 0; i < count; i++) values[i] = isnan(constant) ? constant : constant + (double)i;
    assert_int_equal(rg_array_write(scratch_path(name), dim, shape, values, NULL), RG_OK);
}

static void arrays_bring_their_box(void **state) {
    (void)state;
    write_values("plain.npy", 2, (const ptrdiff_t[]){3, 5}, 1);
    char yaml[3 * SCRATCH_ROOM];
    const rg_figure *figure;
    snprintf(yaml, sizeof yaml, "panels: [{heat: {values: \"%s\"}}]\n", scratch_path("plain.npy"));
    rg_recipe *recipe = draw(yaml, NULL, &figure);
    assert_true(figure->panel[0].x.lower == -PI && figure->panel[0].y.upper == PI);
    assert_string_equal(figure->panel[0].x.label, "x<sub>0</sub>");
    assert_true(figure->panel[0].heat->shape[1] == 5 && figure->panel[0].heat->values[14] == 15);
    rg_recipe_free(recipe);
    snprintf(yaml, sizeof yaml, "box: {lower: [1, 2], length: [3, 4]}\npanels: [{heat: {values: \"%s\"}}]\n",
             scratch_path("plain.npy"));
    recipe = draw(yaml, NULL, &figure);
    assert_true(figure->panel[0].x.lower == 1 && figure->panel[0].y.upper == 6);
    rg_recipe_free(recipe);
    snprintf(yaml, sizeof yaml, "panels: [{heat: {values: \"%s:p_end\"}, flow: {vector: \"%s:error\"}}]\n",
             scratch_path("run2/fields.npz"), scratch_path("run2/fields.npz"));
    recipe = draw(yaml, NULL, &figure);
    assert_true(figure->panel[0].y.lower == lower[1] && figure->panel[0].y.upper == lower[1] + length[1]);
    assert_string_equal(figure->panel[0].y.label, "v"); /* from the report beside */
    assert_non_null(figure->panel[0].flow);
    rg_recipe_free(recipe);
}

static void check_array_message(const char *name, const char *message) {
    char yaml[2 * SCRATCH_ROOM], wanted[3 * SCRATCH_ROOM];
    snprintf(yaml, sizeof yaml, "panels: [{heat: {values: \"%s\"}}]\n", scratch_path(name));
    snprintf(wanted, sizeof wanted, "r.yaml:1:26: panels.0.heat.values: %s: %s", scratch_path(name), message);
    check_message(yaml, NULL, RG_EINVAL, wanted);
}

static void arrays_that_cannot_be_drawn_are_refused(void **state) {
    (void)state;
    write_values("empty.npy", 2, (const ptrdiff_t[]){0, 5}, 0);
    write_values("one.npy", 2, (const ptrdiff_t[]){1, 1}, 0);
    write_values("four.npy", 4, (const ptrdiff_t[]){2, 3, 4, 5}, 0);
    write_values("scalar.npy", 0, (const ptrdiff_t[]){1}, 0);
    check_array_message("empty.npy", "the array is empty");
    check_array_message("one.npy", "a single value; there is nothing to draw");
    check_array_message("scalar.npy", "a single value; there is nothing to draw");
    check_array_message("four.npy",
                        "expected 1 to 3 axes, or (2, n0, n1) or (3, n0, n1, n2) for a vector field, got 4 axes");
    write_values("nan.npy", 2, (const ptrdiff_t[]){4, 5}, (double)NAN);
    char yaml[2 * SCRATCH_ROOM];
    rg_recipe *recipe;
    const rg_figure *figure;
    rg_diagnostic d = {RG_OK, ""};
    snprintf(yaml, sizeof yaml, "panels: [{heat: {values: \"%s\"}}]\n", scratch_path("nan.npy"));
    recipe = draw(yaml, NULL, &figure);
    assert_int_equal(rg_figure_write(figure, scratch_path("nan.png"), &d), RG_EINVAL);
    assert_int_equal(access(scratch_path("nan.png"), F_OK), -1);
    rg_recipe_free(recipe);
}

/* ---- colours */

static const rg_heat_map *heat_of(const char *heat, rg_recipe **recipe) {
    char yaml[512];
    const rg_figure *figure;
    snprintf(yaml, sizeof yaml, RUN "panels: [{heat: {values: %s}}]\n", heat);
    *recipe = draw(yaml, "run2", &figure);
    return figure->panel[0].heat;
}

static void check_heat(const char *heat, rg_scale scale, double minimum, double maximum) {
    rg_recipe *recipe;
    const rg_heat_map *map = heat_of(heat, &recipe);
    assert_int_equal(map->scale, scale);
    assert_true(fabs(map->minimum - minimum) <= 1e-12 * fabs(maximum));
    assert_true(fabs(map->maximum - maximum) <= 1e-12 * fabs(maximum));
    rg_recipe_free(recipe);
}

static void ranges_follow_the_data(void **state) {
    (void)state;
    const double most = exp(1.8), least = exp(-1.8); /* of p: both cosines 1, both -1 */
    check_heat("p_end", RG_SCALE_LINEAR, 0, most);
    check_heat("p_end, range: [0.25, 3]", RG_SCALE_LINEAR, 0.25, 3);
    check_heat("p_end, scale: log", RG_SCALE_LOG, least, most);
    check_heat("p_end, scale: auto", RG_SCALE_LINEAR, 0, most); /* contrast 37 */
    check_heat("angle(error), map: cyclic", RG_SCALE_LINEAR, -PI, PI);
    check_heat("p_end, map: diverging", RG_SCALE_LINEAR, -most, most);
    check_heat("log_ratio(p_end), map: diverging", RG_SCALE_LINEAR, -1e-4, 1e-4);
    check_heat("difference(p_end), map: diverging", RG_SCALE_LINEAR, -1e-4 * most, 1e-4 * most);
    check_heat("kl_integrand(p_end)", RG_SCALE_LINEAR, 0, most * 1e-8 / 2);
}

/* Where there is no mass, no value counts; all of one group have one range. */
static void ranges_follow_the_mass_and_groups(void **state) {
    (void)state;
    struct fields *f = make_fields(2);
    for (ptrdiff_t i = 0; i < f->cells; i++) {
        f->p[i] = i == 7 ? 1e-9 : 1;
        f->q[i] = i == 7 ? 1e4 : 2 + (double)i / (double)f->cells;
    }
    mkdir(scratch_path("mass"), 0777);
    write_npz(scratch_path("mass/fields.npz"), f);
    write_report(scratch_path("mass/report.json"), f, 1);
    static const char yaml[] = RUN "panels:\n"
                                   "  - heat: {values: q_full, range: mass}\n"
                                   "  - heat: {values: q_full, range: data, scale: auto}\n"
                                   "  - heat: {values: p_end, group: 3}\n"
                                   "  - heat: {values: q_full, group: 3, range: mass}\n"
                                   "  - heat: {values: p_end, scale: auto}\n";
    const rg_figure *figure;
    rg_recipe *recipe = draw(yaml, "mass", &figure);
    const rg_heat_map *by_mass = figure->panel[0].heat, *by_data = figure->panel[1].heat;
    assert_true(by_mass->minimum == 0 && by_mass->maximum > 2.98 && by_mass->maximum < 3.01);
    assert_int_equal(by_data->scale, RG_SCALE_LOG);
    assert_true(by_data->maximum == 1e4 && by_data->minimum == 2);
    assert_true(figure->panel[2].heat->maximum == 1e4 && figure->panel[3].heat->maximum == 1e4);
    assert_true(figure->panel[2].heat->minimum == figure->panel[3].heat->minimum);
    assert_int_equal(figure->panel[4].heat->scale, RG_SCALE_LOG); /* contrast 1e9 */
    rg_recipe_free(recipe);
    free(f);
}

/* ---- planes */

static double at(const struct fields *f, ptrdiff_t i, ptrdiff_t j, ptrdiff_t k) {
    return f->p[(i * N1 + j) * N2 + k];
}

static void planes_are_cut_and_projected(void **state) {
    (void)state;
    const struct fields *f = run_of_dim[3];
    static const char yaml[] = RUN "panels:\n"
                                   "  - {heat: {values: p_end}, slice: {axis: 1, at: 3}, flow: {vector: error}}\n"
                                   "  - {heat: {values: p_end}, slice: {axis: 0}}\n"
                                   "  - {heat: {values: p_end}, slice: {axis: 2, at: densest}}\n"
                                   "  - {heat: {values: p_end}, project: {axis: 1}}\n"
                                   "  - {heat: {values: p_end}, project: {axis: 1, by: max}, title: t}\n";
    const rg_figure *figure;
    rg_recipe *recipe = draw(yaml, "run3", &figure);
    assert_int_equal(figure->panels, 5);
    for (ptrdiff_t i = 0; i < N0; i++)
        for (ptrdiff_t k = 0; k < N2; k++) {
            double sum = 0, most = 0;
            for (ptrdiff_t j = 0; j < N1; j++) sum += at(f, i, j, k);
            for (ptrdiff_t j = 0; j < N1; j++) most = fmax(most, at(f, i, j, k));
            assert_true(figure->panel[0].heat->values[i * N2 + k] == at(f, i, 3, k));
            assert_true(fabs(figure->panel[3].heat->values[i * N2 + k] - sum / N1) < 1e-14 * most);
            assert_true(figure->panel[4].heat->values[i * N2 + k] == most);
            assert_true(figure->panel[0].flow->vector[i * N2 + k] == f->vector[(i * N1 + 3) * N2 + k]);
            assert_true(figure->panel[0].flow->vector[N0 * N2 + i * N2 + k] ==
                        f->vector[2 * f->cells + (i * N1 + 3) * N2 + k]);
        }
    assert_true(figure->panel[1].heat->values[2 * N2 + 5] == at(f, N0 / 2, 2, 5));
    assert_true(figure->panel[2].heat->values[2 * N1 + 5] == at(f, 2, 5, 0)); /* densest at 0, 0, 0 */
    assert_string_equal(figure->panel[3].title, "mean over v");
    assert_string_equal(figure->panel[4].title, "t\nlargest over v");
    assert_string_equal(figure->panel[1].title, "u = 0");
    assert_string_equal(figure->panel[4].y.label, "w");
    assert_true(figure->panel[4].y.lower == lower[2]);
    rg_recipe_free(recipe);
}

static void a_bare_panel_becomes_three_planes(void **state) {
    (void)state;
    const rg_figure *figure;
    rg_recipe *recipe = draw(RUN "columns: 5\npanels: [{heat: {values: p_end}}, {dimensions: [1, 2], heat: {values: "
                                 "p_end}}, {heat: {values: q_full}}]\n",
                             "run3", &figure);
    assert_int_equal(figure->panels, 6);
    assert_int_equal(figure->columns, 3);
    assert_string_equal(figure->panel[0].x.label, "u");
    assert_string_equal(figure->panel[0].y.label, "v");
    assert_string_equal(figure->panel[2].x.label, "v");
    assert_true(figure->panel[0].heat->maximum == figure->panel[2].heat->maximum);
    rg_recipe_free(recipe);
}

/* ---- columns and texts */

static void columns_come_from_the_level_table(void **state) {
    (void)state;
    const rg_figure *figure;
    rg_recipe *recipe =
        draw(RUN "panels: [{x: {scale: log, label: s}, y: {range: [0, 2]}, curves: [{y: levels.kl_full, error: true, "
                 "mark: dashed, colour: 3}, {y: levels.gradient / levels.total, x: levels.total, label: b}, {y: "
                 "levels.kl_full / levels.kl_full, error: "
                 "true}, {y: levels.total / levels.kl_none}]}]\n",
             "run2", &figure);
    const rg_panel *panel = figure->panel;
    assert_int_equal(panel->curves, 4);
    assert_int_equal(panel->x.scale, RG_SCALE_LOG);
    assert_true(panel->y.upper == 2);
    for (int i = 0; i < LEVELS; i++) {
        assert_true(panel->curve[0].x[i] == 2.0 / (i + 1));
        assert_true(panel->curve[0].y[i] == 0.1 * i);
        assert_true(fabs(panel->curve[0].upper[i] - 0.11 * i) < 1e-15);
        assert_true(fabs(panel->curve[0].lower[i] - 0.09 * i) < 1e-15);
        assert_true(panel->curve[1].y[i] == (1.0 + i) / (4.0 + i));
        if (i > 0) assert_true(fabs(panel->curve[2].lower[i] - 0.9 / 1.1) < 1e-15); /* 10 % twice */
        if (i > 0) assert_true(fabs(panel->curve[2].upper[i] - 1.1 / 0.9) < 1e-15);
        assert_int_equal(isfinite(panel->curve[3].y[i]), i > 0); /* 1e-14 is as good as 0 */
    }
    assert_int_equal(panel->curve[0].mark, RG_MARK_DASHED);
    assert_int_equal(panel->curve[0].colour, 3);
    assert_string_equal(panel->curve[1].label, "b");
    assert_null(panel->curve[1].lower);
    rg_recipe_free(recipe);
}

static void fields_along_a_line_are_curves(void **state) {
    (void)state;
    const struct fields *f = run_of_dim[1];
    const rg_figure *figure;
    rg_recipe *recipe = draw(RUN "panels: [{curves: [{y: p_end}, {y: log_ratio(q_full)}]}]\n", "run1", &figure);
    assert_int_equal(figure->panel[0].curve[0].count, N0);
    for (int i = 0; i < N0; i++) {
        assert_true(figure->panel[0].curve[0].y[i] == f->p[i]);
        assert_true(fabs(figure->panel[0].curve[0].x[i] - (lower[0] + i * length[0] / N0)) < 1e-15);
    }
    rg_recipe_free(recipe);
}

static void sweeps_give_a_point_a_run(void **state) {
    (void)state;
    static const char yaml[] =
        "runs: [{name: s, experiment: x.yaml, sweep: {key: k, values: [0.5, 2, 7]}}]\n"
        "panels: [{x: {scale: log}, y: {scale: log}, correlation: true, curves: [{y: sweep.kl.full, error: true}]}, "
        "{curves: [{x: sweep.kl.none, y: sweep.value}]}]\n";
    static const char *const directory[] = {"run2", "run3", "run1"};
    static const double kl[] = {0.0123, 2e-9, 0.5};
    rg_recipe *recipe = NULL;
    const rg_figure *figure;
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_recipe_parse("r.yaml", yaml, NULL, 0, &recipe, &d), RG_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rg_recipe_use_directory(recipe, i, scratch_path(directory[i]), &d), RG_OK);
    if (rg_recipe_figure(recipe, &figure, &d) != RG_OK) fail_msg("%s", d.text);
    const rg_curve *curve = figure->panel[0].curve;
    assert_int_equal(curve->count, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(curve->y[i] == kl[i]);
        assert_true(fabs(curve->upper[i] - 1.1 * kl[i]) < 1e-15);
    }
    assert_true(curve->x[0] == 0.5 && curve->x[2] == 7);
    /* ranks 2, 1, 3 over 1, 2, 3: 1 - 6 (1 + 1) / (3 * 8) = 0.5 */
    assert_string_equal(figure->panel[0].note, "Pearson 0.152 (log\xe2\x80\x93log)\nSpearman 0.500");
    assert_true(isinf(figure->panel[1].curve->x[1])); /* null beside a note */
    rg_recipe_free(recipe);
}

static void check_dots(const rg_curve *curve, ptrdiff_t count, const double *row, const double *value,
                       const double *below, const double *above) {
    assert_int_equal(curve->count, count);
    assert_int_equal(curve->mark, RG_MARK_POINTS);
    for (ptrdiff_t i = 0; i < count; i++) {
        assert_true(curve->y[i] == row[i]);
        if (isnan(value[i])) assert_true(isnan(curve->x[i]));
        if (!isfinite(value[i])) continue;
        assert_true(fabs(curve->x[i] - value[i]) <= 1e-15 * value[i]);
        assert_true(fabs(curve->lower[i] - (value[i] - below[i])) <= 1e-15 * value[i]);
        assert_true(fabs(curve->upper[i] - (value[i] + above[i])) <= 1e-15 * value[i]);
    }
}

/* A row is a column, for all dots or for each of them; what was not computed is not a number, infinity stays. All points
 * of a sweep stand in their row. */
static void rows_hold_numbers_of_reports(void **state) {
    (void)state;
    static const char yaml[] =
        "runs: [{name: a, experiment: x.yaml}, {name: b, experiment: x.yaml},\n"
        "       {name: s, experiment: x.yaml, sweep: {key: k, values: [1, 2]}}]\n"
        "panels:\n"
        "  - x: {scale: log, range: [1e-9, 2]}\n"
        "    rows:\n"
        "      - {name: \"KL<sub>f</sub> {dim}\", value: report.kl.full}\n"
        "      - {name: none, value: report.kl.none}\n"
        "      - {name: w1, value: [report.bounds.w1.least.gradient, none]}\n"
        "      - {name: loose, value: [none, report.bounds.girsanov / report.kl.full]}\n"
        "    dots: [{label: one}, {run: b, label: \"two {dim}\", colour: 5}]\n"
        "  - run: s\n"
        "    rows: [{name: swept, value: sweep.kl.full}, {name: levels, value: levels.gradient_bound}]\n";
    static const char *const directory[] = {"run2", "run1", "run2", "run1"};
    rg_recipe *recipe = NULL;
    const rg_figure *figure;
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_recipe_parse("r.yaml", yaml, NULL, 0, &recipe, &d), RG_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(rg_recipe_use_directory(recipe, i, scratch_path(directory[i]), &d), RG_OK);
    if (rg_recipe_figure(recipe, &figure, &d) != RG_OK) fail_msg("%s", d.text);
    const rg_panel *panel = figure->panel;
    assert_int_equal(panel->rows, 4);
    assert_string_equal(panel->row[0], "KL<sub>f</sub> 2");
    assert_string_equal(panel->row[3], "loose");
    assert_int_equal(panel->curves, 2);
    check_dots(&panel->curve[0], 3, (const double[]){1, 2, 3}, (const double[]){0.0123, HUGE_VAL, nan("")},
               (const double[]){0.00123, 0, 0}, (const double[]){0.00123, 0, 0});
    /* 3.9 / 1.1 and 4.1 / 0.9 */
    check_dots(&panel->curve[1], 3, (const double[]){1, 2, 4}, (const double[]){0.5, HUGE_VAL, 4},
               (const double[]){0.05, 0, 4 - 3.9 / 1.1}, (const double[]){0.05, 0, 4.1 / 0.9 - 4});
    assert_true(isinf(panel->curve[0].x[1]) && isinf(panel->curve[1].x[1]));
    assert_string_equal(panel->curve[1].label, "two 1");
    assert_int_equal(panel->curve[1].colour, 5);
    assert_int_equal(panel->x.scale, RG_SCALE_LOG);
    assert_int_equal(panel[1].curves, 1);
    check_dots(panel[1].curve, 2 + LEVELS, (const double[]){1, 1, 2, 2, 2, 2},
               (const double[]){0.0123, 0.5, 0.05, 0.35, 0.65, 0.95}, (const double[]){0.00123, 0.05, 0, 0, 0, 0},
               (const double[]){0.00123, 0.05, 0, 0, 0, 0});
    if (rg_figure_write(figure, scratch_path("rows.svg"), &d) != RG_OK) fail_msg("%s", d.text);
    rg_recipe_free(recipe);
}

/* From the least dividend over the greatest divisor to the opposite; without an end where the divisor may be 0, on the side
 * of the quotient. The full KL is k +- k / 10, the unsure ones are k +- 2 k and -k +- 2 k. */
static void quotients_take_the_ends_of_both_bars(void **state) {
    (void)state;
    static const char yaml[] = RUN
        "panels: [{rows: [{name: a, value: report.unsure.above / report.kl.full}, {name: b, value: report.unsure.below "
        "/ "
        "report.kl.full}, {name: c, value: report.kl.full / report.unsure.above}, {name: d, value: report.kl.full / "
        "report.unsure.below}, {name: e, value: report.unsure.below / report.unsure.below}, {name: f, value: "
        "report.kl.none / report.unsure.above}, {name: g, value: report.kl.full / report.kl.none}]}]\n";
    static const double wanted[][3] = {{-1 / 0.9, 1, 3 / 0.9},
                                       {-3 / 0.9, -1, 1 / 0.9},
                                       {0.3, 1, HUGE_VAL},
                                       {-HUGE_VAL, -1, -0.3},
                                       {-HUGE_VAL, 1, HUGE_VAL}};
    const rg_figure *figure;
    rg_recipe *recipe = draw(yaml, "run2", &figure);
    const rg_curve *curve = figure->panel->curve;
    for (int i = 0; i < 5; i++) {
        const double got[] = {curve->lower[i], curve->x[i], curve->upper[i]};
        for (int k = 0; k < 3; k++)
            if (got[k] != wanted[i][k] && !(fabs(got[k] - wanted[i][k]) < 1e-14)) fail_msg("%d %d: %g", i, k, got[k]);
    }
    assert_true(isinf(curve->lower[5]) && isinf(curve->x[5]) && isinf(curve->upper[5]));
    assert_true(curve->lower[6] == 0 && curve->x[6] == 0 && curve->upper[6] == 0);
    rg_recipe_free(recipe);
}

static void texts_take_numbers_from_the_report(void **state) {
    (void)state;
    const rg_figure *figure;
    rg_recipe *recipe = draw("title: \"{title} \xc2\xb7 {{{sigma}}\"\n" RUN
                             "panels: [{title: \"{kl.full} {kl.none} {x} {dim}\", heat: {values: p_end}}]\n",
                             "run2", &figure);
    assert_string_equal(figure->title, "A &lt;b&gt; &amp; c \xc2\xb7 {0.5}");
    assert_string_equal(figure->panel[0].title, "0.0123 \xe2\x88\x9e x 2");
    assert_string_equal(figure->metadata[0], "Title");
    assert_string_equal(figure->metadata[1], "A <b> & c \xc2\xb7 {0.5}");
    rg_recipe_free(recipe);
    recipe = draw(RUN "panels: [{title: \"{kl.full}\", slice: {axis: 0}, heat: {values: p_end}}]\n", "run3", &figure);
    assert_string_equal(figure->panel[0].title, "2\xc3\x97"
                                                "10<sup>\xe2\x88\x92"
                                                "9</sup>\nu = 0");
    rg_recipe_free(recipe);
}

/* ---- results */

static const char experiment_text[] = "title: Small\n"
                                      "grid: {shape: [16, 12], names: [a, b], degrees: true}\n"
                                      "density: {mixture: {means: [[-0.5, 0.4]], sigma: 0.9}}\n"
                                      "noise: {variance_min: 0.1, variance_max: 3}\n"
                                      "error: [{modes: [{component: 0, wave: [1, 1], sin: 0.3}]}]\n"
                                      "wasserstein: {gap: 1e-2}\n"
                                      "tolerance: 1e-4\n";

static size_t drawn_bytes(rg_recipe *recipe, char *bytes, size_t room) {
    const rg_figure *figure;
    rg_diagnostic d = {RG_OK, ""};
    if (rg_recipe_figure(recipe, &figure, &d) != RG_OK) fail_msg("%s", d.text);
    if (rg_figure_write(figure, scratch_path("drawn.png"), &d) != RG_OK) fail_msg("%s", d.text);
    return scratch_read(scratch_path("drawn.png"), bytes, room);
}

/* An outcome in memory and the directory written from it give the same picture; the directory is current for its own
 * experiment only. */
static void outcomes_and_directories_are_the_same(void **state) {
    (void)state;
    enum { ROOM = 1 << 20 };
    const char *path = scratch_path("small.yaml"), *const other[] = {"noise.churn=0.5"};
    rg_experiment e = {0}, changed = {0};
    rg_outcome *o = NULL;
    rg_diagnostic d = {RG_OK, ""};
    char *first = malloc(ROOM), *second = malloc(ROOM);
    assert_true(first && second);
    assert_int_equal(scratch_write(path, experiment_text, strlen(experiment_text)), 0);
    assert_int_equal(rg_experiment_read(path, NULL, 0, &e, &d), RG_OK);
    assert_int_equal(rg_experiment_read(path, other, 1, &changed, &d), RG_OK);
    assert_int_equal(rg_run(&e, NULL, &o, &d), RG_OK);
    assert_int_equal(rg_result_is_current(scratch_path("kept"), &e), 0);
    assert_int_equal(rg_result_write(o, &e, scratch_path("kept"), NULL, &d), RG_OK);
    assert_int_equal(rg_result_is_current(scratch_path("kept"), &e), 1);
    assert_int_equal(rg_result_is_current(scratch_path("kept"), &changed), 0);
    assert_int_equal(rg_result_write(o, &e, scratch_path("kept"), NULL, &d), RG_OK); /* replaced */
    rg_builtin builtin;
    for (size_t i = 0; rg_recipe_builtin_at(i, &builtin); i++) {
        rg_recipe *recipe = NULL;
        if (strcmp(builtin.name, "projections") == 0) continue; /* for three dimensions */
        assert_int_equal(rg_recipe_builtin(builtin.name, NULL, 0, &recipe, &d), RG_OK);
        assert_int_equal(rg_recipe_use_outcome(recipe, 0, o, &e, &d), RG_OK);
        const size_t size = drawn_bytes(recipe, first, ROOM);
        assert_int_equal(rg_recipe_use_directory(recipe, 0, scratch_path("kept"), &d), RG_OK);
        assert_int_equal(drawn_bytes(recipe, second, ROOM), size);
        assert_memory_equal(first, second, size);
        rg_recipe_free(recipe);
    }
    rg_outcome_free(o);
    rg_experiment_free(&e);
    rg_experiment_free(&changed);
    free(first);
    free(second);
}

static void builtin_recipes_have_a_name_and_a_summary(void **state) {
    (void)state;
    rg_builtin builtin;
    size_t count = 0, marginals = 0;
    for (; rg_recipe_builtin_at(count, &builtin); count++) {
        if (strcmp(builtin.name, "marginals") != 0) continue;
        marginals++;
        assert_string_equal(builtin.summary, "the data's p, what four samplers make of it, and where they differ");
        assert_int_equal(strncmp(builtin.text, "# the data's p, ", 16), 0);
    }
    assert_int_equal(marginals, 1);
    assert_int_equal(count, 8);
    assert_int_equal(rg_recipe_builtin_at(count + 1, &builtin), 0);
}

static void builtin_names_are_suggested(void **state) {
    (void)state;
    rg_recipe *recipe = NULL;
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_recipe_builtin("marginal", NULL, 0, &recipe, &d), RG_EINVAL);
    assert_string_equal(d.text, "unknown figure \"marginal\", did you mean \"marginals\"?");
    assert_null(recipe);
}

/* ---- memory */

static const char rich[] =
    "title: \"{title}\"\n" RUN "degrees: true\n"
    "panels:\n"
    "  - {title: \"{sigma}\", heat: {values: log_ratio(q_full), map: diverging, range: mass, group: 1}, flow: {vector: "
    "flat_solenoidal(error)}, arrows: {vector: error}, contours: {values: p_end, levels: [1, 2]}, slice: {axis: 1}}\n"
    "  - {heat: {values: p_end}, project: {axis: 1, by: max}}\n"
    "  - {curves: [{y: levels.kl_full / levels.total, error: false}], note: n, correlation: true}\n"
    "  - {rows: [{name: a, value: report.kl.full}, {name: b, value: levels.total / levels.gradient}], dots: [{label: "
    "\"{sigma}\"}]}\n";

static void each_allocation_may_fail(void **state) {
    (void)state;
    rg_status status = RG_ENOMEM;
    long n = 0;
    for (; status != RG_OK; n++) {
        rg_recipe *recipe = NULL;
        const rg_figure *figure = NULL;
        rg_diagnostic d = {RG_OK, ""};
        rg_alloc_fail_after(n);
        status = figure_of(rich, "run3", &recipe, &figure, &d);
        rg_alloc_fail_after(-1);
        if (status != RG_OK && status != RG_ENOMEM) fail_msg("allocation %ld: %s", n, d.text);
        assert_int_equal(status, d.status);
        rg_recipe_free(recipe);
    }
    assert_true(n > 100);
}

/* ---- documentation */

static const char begin_mark[] =
    "<!-- generated from src/experiment/recipe_keys.c and quantity_function.c: begin -->\n";
static const char end_mark[] = "<!-- generated: end -->\n";

static void the_reference_is_up_to_date(void **state) {
    (void)state;
    const char *path = RG_SOURCE_DIR "/docs/recipe.md";
    static char text[1 << 16];
    char *expected = NULL;
    size_t size = 0;
    assert_in_range(scratch_read(path, text, sizeof text - 1), 1, sizeof text - 2);
    const char *begin = strstr(text, begin_mark), *end = strstr(text, end_mark);
    assert_true(begin && end && begin < end);
    FILE *out = open_memstream(&expected, &size);
    assert_non_null(out);
    fwrite(text, 1, (size_t)(begin - text) + strlen(begin_mark), out);
    rg_schema_print(&rg_recipe_schema, out);
    fputc('\n', out);
    rg_quantity_print(out);
    fputs(end, out);
    assert_int_equal(fclose(out), 0);
    if (getenv("RG_UPDATE_DOCS"))
        assert_int_equal(scratch_write(path, expected, strlen(expected)), 0);
    else
        assert_string_equal(text, expected);
    free(expected);
}

static void the_table_is_sound(void **state) {
    (void)state;
    for (size_t i = 0; i < rg_recipe_schema.keys; i++) {
        const rg_key *key = &rg_recipe_schema.key[i];
        char expected[RG_EXPECTED_SIZE];
        rg_schema_expected(key, 0, expected);
        assert_true(*expected && strlen(expected) < RG_EXPECTED_SIZE - 1);
        assert_true(key->doc[strlen(key->doc) - 1] == '.');
        assert_true(strlen(key->path) < 48);
        assert_false(key->fallback && (key->fallback_doc || (key->flags & RG_KEY_REQUIRED)));
        assert_true((key->leaf & RG_LEAF_CHOICE) == 0 || key->choices);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(rg_recipe_schema.key[k].path, key->path);
    }
}

/* The recipes that ship, built in or in plots/, are read. */
static void the_gallery_is_read(void **state) {
    (void)state;
    static const char *const name[] = {"parts",    "invisible", "flat_versus_weighted", "bounds",        "stirring",
                                       "networks", "three_d",   "correlation",          "impossibility", "training",
                                       "churn",    "tightness"};
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        char path[SCRATCH_ROOM];
        rg_recipe *recipe = NULL;
        rg_diagnostic d = {RG_OK, ""};
        snprintf(path, sizeof path, "%s/plots/%s.yaml", RG_SOURCE_DIR, name[i]);
        if (rg_recipe_read(path, NULL, 0, &recipe, &d) != RG_OK) fail_msg("%s", d.text);
        rg_recipe_free(recipe);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_exact),
        cmocka_unit_test(drawing_says_what_is_wrong_and_where),
        cmocka_unit_test(directories_are_checked),
        cmocka_unit_test(runs_and_sweeps_are_listed),
        cmocka_unit_test(settings_replace_keys),
        cmocka_unit_test(pointwise_functions_are_what_they_say),
        cmocka_unit_test(derivatives_are_those_of_the_formula),
        cmocka_unit_test(flat_parts_are_those_of_the_formula),
        cmocka_unit_test(log_ratio_knows_its_limits),
        cmocka_unit_test(arrays_bring_their_box),
        cmocka_unit_test(arrays_that_cannot_be_drawn_are_refused),
        cmocka_unit_test(ranges_follow_the_data),
        cmocka_unit_test(ranges_follow_the_mass_and_groups),
        cmocka_unit_test(planes_are_cut_and_projected),
        cmocka_unit_test(a_bare_panel_becomes_three_planes),
        cmocka_unit_test(columns_come_from_the_level_table),
        cmocka_unit_test(fields_along_a_line_are_curves),
        cmocka_unit_test(sweeps_give_a_point_a_run),
        cmocka_unit_test(rows_hold_numbers_of_reports),
        cmocka_unit_test(quotients_take_the_ends_of_both_bars),
        cmocka_unit_test(texts_take_numbers_from_the_report),
        cmocka_unit_test(outcomes_and_directories_are_the_same),
        cmocka_unit_test(builtin_recipes_have_a_name_and_a_summary),
        cmocka_unit_test(builtin_names_are_suggested),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(the_reference_is_up_to_date),
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(the_gallery_is_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
