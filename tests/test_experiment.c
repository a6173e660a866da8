/* Experiment files: what is accepted, every message in full, hostile texts, memory that runs out.
 *
 * The program works in a folder of its own, made below the current one and removed at the end. After a change of the
 * table of keys, RG_UPDATE_DOCS=1 ./test_experiment writes the generated part of docs/experiment.md anew. */
#include <rotgrad/array.h>
#include <rotgrad/experiment.h>

#include "base/base.h"
#include "experiment/number.h"
#include "experiment/schema.h"

#include <dirent.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PI 3.14159265358979323846

/* ---- files */

static char folder[] = "test_experiment.XXXXXX";

static void write_bytes(const char *path, const char *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *path, const char *text) {
    write_bytes(path, text, strlen(text));
}

/* Values by formula where only the shape matters: 0.5, 1.5, 2.5, ... */
static void write_array(const char *path, int dim, const ptrdiff_t *shape, const double *values) {
    size_t count = 1;
    for (int a = 0; a < dim; a++) count *= (size_t)shape[a];
    double *data = rg_field_alloc(count);
    assert_non_null(data);
    for (size_t i = 0; i < count; i++) data[i] = values ? values[i] : 0.5 + (double)i;
    assert_int_equal(rg_array_write(path, dim, shape, data, NULL), RG_OK);
    rg_free(data);
}

#define ARRAY(path, values, ...)                                                                                       \
    write_array(path, (int)(sizeof(ptrdiff_t[]){__VA_ARGS__} / sizeof(ptrdiff_t)), (ptrdiff_t[]){__VA_ARGS__}, values)

static const double points[] = {0.1, 0.2, 1.1, 1.2, 2.1, 2.2, 3.1, 3.2, 4.1, 4.2};
static const double sigma[] = {0.1, 0.7, 2.3};

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(folder) || chdir(folder) != 0 || mkdir("sub", 0777) != 0) return -1;
    ARRAY("points.npy", points, 5, 2);
    ARRAY("sub/points.npy", points, 5, 2);
    ARRAY("wide.npy", NULL, 5, 3);
    ARRAY("empty.npy", NULL, 0, 2);
    ARRAY("exclude.npy", ((double[]){0, 1, 0, 0, -2}), 5);
    ARRAY("exclude4.npy", NULL, 4);
    ARRAY("exclude_all.npy", NULL, 5);
    ARRAY("nan.npy", ((double[]){1, 2, (double)NAN, 4}), 2, 2);
    ARRAY("score.npy", NULL, 3, 2, 6, 9);
    ARRAY("score3.npy", NULL, 3, 3, 6, 5, 4);
    ARRAY("thin.npy", NULL, 3, 2, 6, 3);
    ARRAY("sigma.npy", sigma, 3);
    ARRAY("late.npy", ((double[]){3, 4, 5}), 3);
    ARRAY("one.npy", sigma, 1);
    ARRAY("falling.npy", ((double[]){0.1, 2, 0.7}), 3);
    ARRAY("zero.npy", ((double[]){0, 1, 2}), 3);
    ARRAY("field.npy", NULL, 2, 7, 4);
    ARRAY("values.npy", NULL, 7, 4);
    ARRAY("line.npy", NULL, 7);
    ARRAY("negative.npy", ((double[]){1, 1, 1, 1, 1, -0.25, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), 4, 4);
    ARRAY("nothing.npy", ((double[16]){0}), 4, 4);
    write_text("junk.npy", "no array at all");
    const rg_array_member members[] = {{"score", 4, (ptrdiff_t[]){3, 2, 6, 9}, NULL},
                                       {"sigma", 1, (ptrdiff_t[]){3}, sigma}};
    rg_array_member filled[2] = {members[0], members[1]};
    double *data = rg_field_alloc(3 * 2 * 6 * 9);
    filled[0].data = data;
    const rg_status status = rg_array_write_npz("learned.npz", filled, 2, NULL);
    rg_free(data);
    return status == RG_OK ? 0 : -1;
}

static void remove_files(const char *path) {
    DIR *dir = opendir(path);
    char name[600];
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (dir) closedir(dir);
}

static int tear_down(void **state) {
    (void)state;
    remove_files("sub");
    rmdir("sub");
    remove_files(".");
    return chdir("..") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

/* ---- reading */

static rg_experiment read_with(const char *yaml, const char *const *settings, size_t count) {
    rg_experiment e = {0};
    rg_diagnostic diagnostic = {0};
    write_text("exp.yaml", yaml);
    if (rg_experiment_read("exp.yaml", settings, count, &e, &diagnostic) != RG_OK) fail_msg("%s", diagnostic.text);
    assert_string_equal(diagnostic.text, "");
    return e;
}

static rg_experiment read_ok(const char *yaml) {
    return read_with(yaml, NULL, 0);
}

static void expect_failure(const char *yaml, const char *setting, rg_status status, const char *message) {
    rg_experiment e;
    memset(&e, 0x5a, sizeof e);
    const rg_experiment before = e;
    rg_diagnostic diagnostic = {0};
    write_text("exp.yaml", yaml);
    const rg_status got = rg_experiment_read("exp.yaml", &setting, setting != NULL, &e, &diagnostic);
    if (got == RG_OK) {
        rg_experiment_free(&e);
        fail_msg("accepted: %s", yaml);
    }
    assert_string_equal(diagnostic.text, message);
    assert_int_equal(got, status);
    assert_int_equal(diagnostic.status, status);
    assert_memory_equal(&e, &before, sizeof e);
}

#define EXAMPLE                                                                                                        \
    "grid:    {shape: [96, 96], lower: [-pi, -pi], length: [2pi, 2pi]}     # pi and 2pi are understood; default box "  \
    "[-pi, pi)\n"                                                                                                      \
    "density: {mixture: {means: [[-1.1,-1.3],[1.2,0.9],[-1.0,1.4]], sigma: 0.6, weights: [0.5,0.3,0.2]}, background: " \
    "0}\n"                                                                                                             \
    "noise:   {variance_min: 0, variance_max: 4.0, churn: 1}                # or sigma_min / sigma_max\n"              \
    "prior:   exact\n"                                                                                                 \
    "error:   [{modes: [{component: 0, wave: [1,2], sin: 0.3}, {component: 0, wave: [2,-1], cos: 0.15}]}]\n"           \
    "tolerance: 1e-8\n"                                                                                                \
    "# samples: density: {samples: alanine_phi_psi.npy, exclude: alanine_is_validation.npy, background: 1e-6};  "      \
    "learned: error: [{learned: {score: alanine_medium.npy, sigma: alanine_sigma.npy}}]\n"

static void check_example_mixture(const rg_density_spec *density) {
    static const double means[] = {-1.1, -1.3, 1.2, 0.9, -1.0, 1.4}, weights[] = {0.5, 0.3, 0.2};
    assert_int_equal(density->kind, RG_DENSITY_MIXTURE);
    assert_int_equal(density->components, 3);
    assert_true(density->background == 0);
    assert_memory_equal(density->means, means, sizeof means);
    assert_memory_equal(density->weights, weights, sizeof weights);
    for (int c = 0; c < 3; c++)
        for (int a = 0; a < 4; a++) assert_true(density->covariances[4 * c + a] == (a % 3 ? 0 : 0.6 * 0.6));
}

static void check_example_modes(const rg_experiment *e) {
    assert_int_equal(e->terms, 1);
    assert_int_equal(e->term[0].kind, RG_ERROR_MODES);
    assert_int_equal(e->term[0].modes, 2);
    const rg_error_mode *mode = e->term[0].mode;
    assert_int_equal(mode[0].component, 0);
    assert_int_equal(mode[0].wave[0], 1);
    assert_int_equal(mode[0].wave[1], 2);
    assert_int_equal(mode[0].wave[2], 0);
    assert_true(mode[0].sine == 0.3 && mode[0].cosine == 0);
    assert_int_equal(mode[1].wave[0], 2);
    assert_int_equal(mode[1].wave[1], -1);
    assert_true(mode[1].sine == 0 && mode[1].cosine == 0.15);
}

static void the_example_is_read(void **state) {
    (void)state;
    rg_experiment e = read_ok(EXAMPLE);
    assert_string_equal(e.path, "exp.yaml");
    assert_string_equal(e.title, "");
    assert_int_equal(e.grid.dim, 2);
    for (int a = 0; a < 2; a++) {
        assert_int_equal(e.grid.shape[a], 96);
        assert_true(e.grid.lower[a] == -PI && e.grid.length[a] == 2 * PI);
    }
    check_example_mixture(&e.density);
    check_example_modes(&e);
    assert_true(e.variance_min == 0 && e.variance_max == 4 && e.churn == 1 && e.tolerance == 1e-8);
    assert_int_equal(e.prior, RG_PRIOR_EXACT);
    assert_int_equal(e.form, RG_FORM_DENSITY);
    assert_int_equal(e.threads, 0);
    rg_experiment_free(&e);
    assert_null(e.memory);
    rg_experiment_free(&e);
}

#define GRID    "grid: {shape: [10, 12]}\n"
#define DENSITY "density: {shape: ring}\n"
#define NOISE   "noise: {variance_min: 0.01, variance_max: 4}\n"
#define BASE    GRID DENSITY NOISE
#define LEARNED "error: [{learned: {score: score.npy, sigma: sigma.npy}}]\n"

static void defaults_are_filled_in(void **state) {
    (void)state;
    rg_experiment e = read_ok(BASE);
    rg_grid grid;
    assert_int_equal(rg_grid_init(2, (ptrdiff_t[]){10, 12}, NULL, NULL, &grid), RG_OK);
    assert_true(rg_grid_same(&e.grid, &grid));
    assert_int_equal(e.density.kind, RG_DENSITY_RING);
    assert_true(e.density.width == 0.3 && e.density.background == 0);
    assert_true(e.churn == 1 && e.tolerance == 1e-6);
    assert_int_equal(e.prior, RG_PRIOR_EXACT);
    assert_int_equal(e.terms, 0);
    rg_experiment_free(&e);
}

/* The defaults that depend on other keys, too, and nothing that was not said. */
static void resolved_holds_every_default(void **state) {
    (void)state;
    rg_experiment e =
        read_ok("title: ring \"x\"\n" BASE "error: [{modes: [{component: 1, wave: [1, 0], cos: pi/2}]}]\n");
    json_t *got = json_loads(e.resolved, 0, NULL);
    json_t *wanted =
        json_pack("{s:s, s:{s:[ii], s:[ff], s:[ff], s:b}, s:{s:s, s:f, s:f}, s:{s:f, s:f, s:f}, s:s,"
                  " s:[{s:[{s:i, s:[ii], s:f, s:f}]}], s:f, s:s, s:i}",
                  "title", "ring \"x\"", "grid", "shape", 10, 12, "lower", -PI, -PI, "length", 2 * PI, 2 * PI,
                  "degrees", 0, "density", "shape", "ring", "width", 0.3, "background", 0.0, "noise", "variance_min",
                  0.01, "variance_max", 4.0, "churn", 1.0, "prior", "exact", "error", "modes", "component", 1, "wave",
                  1, 0, "sin", 0.0, "cos", PI / 2, "tolerance", 1e-6, "form", "density", "threads", 0);
    assert_non_null(got);
    assert_non_null(wanted);
    if (!json_equal(got, wanted)) fail_msg("%s", e.resolved);
    json_decref(got);
    json_decref(wanted);
    rg_experiment_free(&e);
}

/* Reading what was resolved gives the same experiment: JSON is YAML. */
static void resolved_reads_back(void **state) {
    (void)state;
    static const char *const yaml[] = {
        EXAMPLE, BASE, ("density: {samples: points.npy, exclude: exclude.npy}\nprior: {file: values.npy}\n" LEARNED)};
    for (size_t i = 0; i < sizeof yaml / sizeof *yaml; i++) {
        rg_experiment first = read_ok(yaml[i]);
        rg_experiment second = read_ok(first.resolved);
        assert_string_equal(second.resolved, first.resolved);
        assert_true(rg_grid_same(&first.grid, &second.grid));
        assert_true(first.variance_min == second.variance_min && first.variance_max == second.variance_max);
        rg_experiment_free(&first);
        rg_experiment_free(&second);
    }
}

static void null_means_left_out(void **state) {
    (void)state;
    rg_experiment e = read_ok(BASE "error:\nprior: null\ntolerance: ~\n");
    assert_int_equal(e.terms, 0);
    assert_int_equal(e.prior, RG_PRIOR_EXACT);
    assert_true(e.tolerance == 1e-6);
    rg_experiment_free(&e);
}

/* ---- densities */

static void samples_lose_what_is_excluded(void **state) {
    (void)state;
    rg_experiment e = read_ok(GRID NOISE "density: {samples: points.npy, exclude: exclude.npy}\n");
    static const double kept[] = {0.1, 0.2, 2.1, 2.2, 3.1, 3.2};
    assert_int_equal(e.density.kind, RG_DENSITY_SAMPLES);
    assert_int_equal(e.density.samples, 3);
    assert_memory_equal(e.density.points, kept, sizeof kept);
    assert_true(e.density.background == 1e-6);
    assert_int_equal(e.inputs, 3);
    rg_experiment_free(&e);
    e = read_ok(GRID NOISE "density: {samples: points.npy, background: 0.25}\n");
    assert_int_equal(e.density.samples, 5);
    assert_memory_equal(e.density.points, points, sizeof points);
    assert_true(e.density.background == 0.25);
    rg_experiment_free(&e);
}

static void covariances_are_read(void **state) {
    (void)state;
    rg_experiment e =
        read_ok("grid: {shape: [6, 5, 4]}\n" NOISE
                "density: {mixture: {means: [[1, 2, 3], [4, 5, 6]], covariances: [[[2, 0.5, 0.1], [0.5, 3, 0.2],"
                " [0.1, 0.2, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]]}}\n");
    static const double wanted[] = {2, 0.5, 0.1, 0.5, 3, 0.2, 0.1, 0.2, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1},
                        weights[] = {1, 1};
    assert_memory_equal(e.density.covariances, wanted, sizeof wanted);
    assert_memory_equal(e.density.weights, weights, sizeof weights);
    rg_experiment_free(&e);
    e = read_ok("grid: {shape: [9]}\n" NOISE "density: {mixture: {means: [[1], [2]], sigma: [0.5, 3]}}\n");
    assert_int_equal(e.density.components, 2);
    assert_true(e.density.covariances[0] == 0.25 && e.density.covariances[1] == 9);
    rg_experiment_free(&e);
}

static void density_and_prior_come_from_files(void **state) {
    (void)state;
    rg_experiment e = read_ok("grid: {shape: [10, 12], lower: [0.5, -2], length: [2.3, 0.7]}\n" NOISE
                              "density: {grid: values.npy}\nprior: {file: values.npy}\n");
    rg_grid grid;
    assert_int_equal(rg_grid_init(2, (ptrdiff_t[]){7, 4}, e.grid.lower, e.grid.length, &grid), RG_OK);
    assert_true(rg_grid_same(&e.density.values_grid, &grid) && rg_grid_same(&e.prior_grid, &grid));
    assert_int_equal(e.prior, RG_PRIOR_FILE);
    assert_true(e.density.values[27] == 27.5 && e.prior_values[27] == 27.5);
    assert_int_equal(e.inputs, 2);
    rg_experiment_free(&e);
}

/* ---- score errors and noise */

static void a_learned_score_gives_grid_and_noise(void **state) {
    (void)state;
    rg_experiment e = read_ok(DENSITY LEARNED);
    rg_grid grid;
    assert_int_equal(rg_grid_init(2, (ptrdiff_t[]){6, 9}, NULL, NULL, &grid), RG_OK);
    assert_true(rg_grid_same(&e.grid, &grid) && rg_grid_same(&e.term[0].values_grid, &grid));
    assert_int_equal(e.term[0].levels, 3);
    assert_memory_equal(e.term[0].sigma, sigma, sizeof sigma);
    assert_true(e.term[0].score[3 * 2 * 6 * 9 - 1] == 3 * 2 * 6 * 9 - 0.5);
    assert_true(e.variance_min == 0.1 * 0.1 && e.variance_max == 2.3 * 2.3);
    assert_int_equal(e.inputs, 3);
    rg_experiment_free(&e);
    e = read_ok("density: {shape: checkerboard}\nerror: [{learned: {score: score3.npy, sigma: sigma.npy}}]\n");
    assert_int_equal(e.grid.dim, 3);
    assert_int_equal(e.grid.shape[2], 4);
    rg_experiment_free(&e);
}

static void a_learned_range_is_clamped(void **state) {
    (void)state;
    rg_experiment e = read_ok(GRID DENSITY LEARNED "noise: {sigma_min: 0.09999995, sigma_max: 2.3000001}\n");
    assert_true(e.variance_min == 0.1 * 0.1 && e.variance_max == 2.3 * 2.3);
    assert_int_equal(e.grid.shape[1], 12);
    rg_experiment_free(&e);
    e = read_ok(GRID DENSITY LEARNED "noise: {variance_min: 0.009999999, variance_max: 1.5}\n");
    assert_true(e.variance_min == 0.1 * 0.1 && e.variance_max == 1.5);
    rg_experiment_free(&e);
    e = read_ok(GRID DENSITY LEARNED "noise: {sigma_max: 0.5, churn: 0}\n");
    assert_true(e.variance_min == 0.1 * 0.1 && e.variance_max == 0.25 && e.churn == 0);
    rg_experiment_free(&e);
}

static void archives_are_read_and_hashed_once(void **state) {
    (void)state;
    rg_experiment e =
        read_ok(DENSITY "error: [{learned: {score: \"learned.npz:score\", sigma: \"learned.npz:sigma\"}}]\n");
    assert_int_equal(e.term[0].levels, 3);
    assert_int_equal(e.inputs, 2);
    assert_string_equal(e.input[1].path, "learned.npz");
    assert_int_equal(strlen(e.input[1].sha256), 64);
    rg_experiment_free(&e);
}

static void every_kind_of_term_is_read(void **state) {
    (void)state;
    rg_experiment e = read_ok(BASE "error:\n- rotation: -0.5\n- constant: [1.5, -2]\n- file: field.npy\n"
                                   "- random: {seed: 4294967295, band: 3, gradient: 0.25, solenoidal: 2}\n"
                                   "- modes: [{component: 1, wave: [-4, 5], sin: 1, cos: 2}]\n");
    assert_int_equal(e.terms, 5);
    assert_int_equal(e.term[0].kind, RG_ERROR_ROTATION);
    assert_true(e.term[0].rotation[0] == -0.5);
    assert_int_equal(e.term[1].kind, RG_ERROR_CONSTANT);
    assert_true(e.term[1].constant[0] == 1.5 && e.term[1].constant[1] == -2);
    assert_int_equal(e.term[2].kind, RG_ERROR_FIELD);
    assert_int_equal(e.term[2].values_grid.shape[0], 7);
    assert_true(e.term[2].values[55] == 55.5);
    assert_int_equal(e.term[3].kind, RG_ERROR_RANDOM);
    assert_true(e.term[3].seed == 4294967295 && e.term[3].band == 3);
    assert_true(e.term[3].gradient_energy == 0.25 && e.term[3].solenoidal_energy == 2);
    assert_int_equal(e.term[4].mode[0].wave[0], -4);
    rg_experiment_free(&e);
    e = read_ok("grid: {shape: [6, 5, 4]}\ndensity: {shape: checkerboard, width: 0.7}\n" NOISE
                "error: [{rotation: [1, 2, 3]}]\nprior: uniform\nform: ratio\nthreads: 2\n");
    assert_true(e.term[0].rotation[2] == 3);
    assert_int_equal(e.density.kind, RG_DENSITY_CHECKERBOARD);
    assert_int_equal(e.prior, RG_PRIOR_UNIFORM);
    assert_int_equal(e.form, RG_FORM_RATIO);
    assert_int_equal(e.threads, 2);
    rg_experiment_free(&e);
}

/* ---- paths and inputs */

static void paths_are_relative_to_the_file(void **state) {
    (void)state;
    rg_experiment e = {0};
    const char *setting = "density.exclude=exclude.npy";
    char text[1200], here[1024];
    write_text("sub/inner.yaml", GRID NOISE "density: {samples: points.npy}\n");
    assert_int_equal(rg_experiment_read("sub/inner.yaml", &setting, 1, &e, NULL), RG_OK);
    assert_int_equal(e.inputs, 3);
    assert_string_equal(e.input[0].path, "sub/inner.yaml");
    assert_string_equal(e.input[1].path, "sub/points.npy");
    assert_string_equal(e.input[2].path, "exclude.npy");
    rg_experiment_free(&e);
    assert_non_null(getcwd(here, sizeof here));
    snprintf(text, sizeof text, GRID NOISE "density: {samples: \"%s/points.npy\"}\n", here);
    write_text("sub/inner.yaml", text);
    assert_int_equal(rg_experiment_read("sub/inner.yaml", NULL, 0, &e, NULL), RG_OK);
    assert_int_equal(e.input[1].path[0], '/');
    rg_experiment_free(&e);
}

/* The value is that of sha256sum for the text of BASE. */
static void inputs_carry_their_hash(void **state) {
    (void)state;
    rg_experiment e = read_ok(BASE);
    assert_int_equal(e.inputs, 1);
    assert_string_equal(e.input[0].path, "exp.yaml");
    assert_string_equal(e.input[0].sha256, "440f0badd05fca0496de285f3e26045d7ec8be669fd4c87b7ad4d071b70ccbb7");
    rg_experiment_free(&e);
}

/* ---- messages */

static const struct {
    const char *yaml, *message;
    rg_status status;
} failures[] = {
    /* YAML itself */
    {"grid: [1, 2\n", "exp.yaml:2:1: not YAML: did not find expected ',' or ']'", RG_EFORMAT},
    {"a: 1\n\ta: 2\n", "exp.yaml:2:1: not YAML: found a tab character that violates indentation", RG_EFORMAT},
    {"title: \xff\n", "exp.yaml:1:8: not YAML: invalid leading UTF-8 octet", RG_EFORMAT},
    {"title: x\ntitle: y\n", "exp.yaml:2:1: duplicate key \"title\", first given on line 1", RG_EFORMAT},
    {"noise: {churn: 1, churn: 2}\n", "exp.yaml:1:19: duplicate key \"churn\", first given on line 1", RG_EFORMAT},
    {"title: &a x\n", "exp.yaml:1:8: anchors (&name) are not supported; write the value out", RG_EFORMAT},
    {"title: *a\n", "exp.yaml:1:8: aliases (*name) are not supported; write the value out", RG_EFORMAT},
    {"grid: &g {shape: [4]}\n", "exp.yaml:1:7: anchors (&name) are not supported; write the value out", RG_EFORMAT},
    {"grid: &g\n- 1\n", "exp.yaml:1:7: anchors (&name) are not supported; write the value out", RG_EFORMAT},
    {"title: !!str x\n", "exp.yaml:1:8: tags (!name) are not supported; write the plain value", RG_EFORMAT},
    {"error: !t []\n", "exp.yaml:1:8: tags (!name) are not supported; write the plain value", RG_EFORMAT},
    {"title: a\n---\ntitle: b\n", "exp.yaml:2:1: a second document (---); expected one document a file", RG_EFORMAT},
    {"title: \"a\\0b\"\n", "exp.yaml:1:8: a text with a zero byte", RG_EFORMAT},
    {"? [1, 2]\n: 3\n", "exp.yaml:1:3: expected a text as key, got a list or a map", RG_EFORMAT},
    {"a234567890123456789012345678901234567890123456789012345678901234567890: 1\n",
     "exp.yaml:1:1: a key of more than 64 bytes; no key is that long", RG_EFORMAT},
    {"", "exp.yaml:1:1: expected a map with the keys of an experiment, got nothing", RG_EINVAL},
    {"# nothing\n", "exp.yaml:1:1: expected a map with the keys of an experiment, got nothing", RG_EINVAL},
    {"- a list\n", "exp.yaml:1:1: expected a map with the keys of an experiment, got a list of 1", RG_EINVAL},
    {"just a text\n", "exp.yaml:1:1: expected a map with the keys of an experiment, got \"just a text\"", RG_EINVAL},
    /* keys */
    {BASE "nois: 3\n", "exp.yaml:4:1: unknown key \"nois\", did you mean \"noise\"?", RG_EINVAL},
    {BASE "sigma_max: 3\n", "exp.yaml:4:1: unknown key \"sigma_max\", did you mean \"noise.sigma_max\"?", RG_EINVAL},
    {BASE "something_else: 3\n",
     "exp.yaml:4:1: unknown key \"something_else\", expected one of title, grid, density, noise, prior, error, "
     "estimate, wasserstein, budget, sample, manifold, tolerance, form, threads",
     RG_EINVAL},
    {GRID DENSITY "noise: {variance_min: 0.01, variance_max: 4, chrun: 0}\n",
     "exp.yaml:3:46: noise: unknown key \"chrun\", did you mean \"churn\"?", RG_EINVAL},
    {GRID DENSITY "noise:\n  variance_min: 0.01\n  variance_max: 4\n  zebra: 0\n",
     "exp.yaml:6:3: noise: unknown key \"zebra\", expected one of variance_min, variance_max, sigma_min, sigma_max, "
     "churn",
     RG_EINVAL},
    {BASE "error: [{modes: [{component: 0, wave: [1, 1], sine: 1}]}]\n",
     "exp.yaml:4:47: error.0.modes.0: unknown key \"sine\", did you mean \"sin\"?", RG_EINVAL},
    {BASE "<<: {tolerance: 1}\n",
     "exp.yaml:4:1: unknown key \"<<\", expected one of title, grid, density, noise, prior, error, estimate, "
     "wasserstein, budget, sample, manifold, "
     "tolerance, "
     "form, threads",
     RG_EINVAL},
    {GRID NOISE, "exp.yaml:1:1: expected the key \"density\", which is missing", RG_EINVAL},
    {GRID NOISE "density: {}\n",
     "exp.yaml:3:10: density: expected exactly one of mixture, samples, grid, points, shape, got none", RG_EINVAL},
    {GRID NOISE "density: {shape: ring, grid: values.npy}\n",
     "exp.yaml:3:11: density: expected exactly one of mixture, samples, grid, points, shape, got grid and shape",
     RG_EINVAL},
    {GRID NOISE "density: {shape: ring, exclude: exclude.npy}\n",
     "exp.yaml:3:33: density.exclude: expected only beside \"samples\", which is missing", RG_EINVAL},
    {GRID NOISE "density: {grid: values.npy, width: 1}\n",
     "exp.yaml:3:36: density.width: expected only beside \"shape\", which is missing", RG_EINVAL},
    {GRID NOISE "density: {mixture: {sigma: 1}}\n",
     "exp.yaml:3:20: density.mixture: expected the key \"means\", which is missing", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]]}}\n",
     "exp.yaml:3:20: density.mixture: expected exactly one of sigma, covariances, got none", RG_EINVAL},
    {BASE "error: [{}]\n",
     "exp.yaml:4:9: error.0: expected exactly one of learned, modes, rotation, random, constant, scaled, waves, file, "
     "got none",
     RG_EINVAL},
    {BASE "error: [{constant: [1, 2], rotation: 1}]\n",
     "exp.yaml:4:10: error.0: expected exactly one of learned, modes, rotation, random, constant, scaled, waves, file, "
     "got rotation "
     "and constant",
     RG_EINVAL},
    {BASE "error: [{learned: {score: score.npy}}]\n",
     "exp.yaml:4:19: error.0.learned: expected the key \"sigma\", which is missing", RG_EINVAL},
    /* types and ranges */
    {BASE "tolerance: 1e-14\n", "exp.yaml:4:12: tolerance: expected a number >= 1e-13 and <= 0.01, got 1e-14",
     RG_EINVAL},
    {BASE "tolerance: small\n", "exp.yaml:4:12: tolerance: expected a number >= 1e-13 and <= 0.01, got \"small\"",
     RG_EINVAL},
    {BASE "tolerance: nan\n", "exp.yaml:4:12: tolerance: expected a number >= 1e-13 and <= 0.01, got \"nan\"",
     RG_EINVAL},
    {BASE "tolerance: [1e-6]\n", "exp.yaml:4:12: tolerance: expected a number >= 1e-13 and <= 0.01, got a list of 1",
     RG_EINVAL},
    {BASE "tolerance: 1e-6 # fine\nthreads: 1.5\n",
     "exp.yaml:5:10: threads: expected a whole number >= 0 and <= 65536, got 1.5", RG_EINVAL},
    {BASE "threads: -1\n", "exp.yaml:4:10: threads: expected a whole number >= 0 and <= 65536, got -1", RG_EINVAL},
    {BASE "form: ratios\n", "exp.yaml:4:7: form: expected one of ratio, density, got \"ratios\"", RG_EINVAL},
    {BASE "prior: gaussian\n", "exp.yaml:4:8: prior: expected one of exact, uniform or a map, got \"gaussian\"",
     RG_EINVAL},
    {BASE "prior: [exact]\n", "exp.yaml:4:8: prior: expected one of exact, uniform or a map, got a list of 1",
     RG_EINVAL},
    {BASE "prior: {}\n", "exp.yaml:4:8: prior: expected the key \"file\", which is missing", RG_EINVAL},
    {BASE "title: [a]\n", "exp.yaml:4:8: title: expected a text, got a list of 1", RG_EINVAL},
    {BASE "error: {constant: [1, 2]}\n", "exp.yaml:4:8: error: expected a list of maps, got a map", RG_EINVAL},
    {BASE "error: [constant]\n", "exp.yaml:4:9: error.0: expected a map, got \"constant\"", RG_EINVAL},
    {BASE "error: [null]\n", "exp.yaml:4:9: error.0: expected a map, got nothing", RG_EINVAL},
    {BASE "error: [{constant: [1, null]}]\n", "exp.yaml:4:24: error.0.constant.1: expected a number, got nothing",
     RG_EINVAL},
    {BASE "error: [{modes: []}]\n", "exp.yaml:4:17: error.0.modes: expected a list of maps, got an empty list",
     RG_EINVAL},
    {BASE "error: [{random: {seed: -1, band: 1}}]\n",
     "exp.yaml:4:25: error.0.random.seed: expected a whole number >= 0 and <= 4294967295, got -1", RG_EINVAL},
    {BASE "error: [{random: {seed: 1e300, band: 1}}]\n",
     "exp.yaml:4:25: error.0.random.seed: expected a whole number >= 0 and <= 4294967295, got 1e300", RG_EINVAL},
    {BASE "error: [{file: \"\"}]\n", "exp.yaml:4:16: error.0.file: expected a file name, got \"\"", RG_EINVAL},
    {GRID DENSITY "noise: {variance_min: -1, variance_max: 4}\n",
     "exp.yaml:3:23: noise.variance_min: expected a number >= 0, got -1", RG_EINVAL},
    {GRID DENSITY "noise: {variance_min: 0, variance_max: 4, churn: inf}\n",
     "exp.yaml:3:50: noise.churn: expected a number >= 0, got \"inf\"", RG_EINVAL},
    {GRID NOISE "density: {shape: ring, background: 1}\n",
     "exp.yaml:3:36: density.background: expected a number >= 0 and < 1, got 1", RG_EINVAL},
    {GRID NOISE "density: {shape: square}\n",
     "exp.yaml:3:18: density.shape: expected one of ring, two_moons, checkerboard, circle, figure_eight, "
     "sphere, torus_knot, clifford, got \"square\"",
     RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [0, 0], sigma: 1}}\n",
     "exp.yaml:3:29: density.mixture.means.0: expected a list of numbers, got 0", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], sigma: [[1]]}}\n",
     "exp.yaml:3:46: density.mixture.sigma.0: expected a number > 0, got a list of 1", RG_EINVAL},
    /* grid */
    {"grid: {shape: [10, 12], names: [a]}\n" DENSITY NOISE,
     "exp.yaml:1:32: grid.names: expected 2 names, one for each axis, got a list of 1", RG_EINVAL},
    {"grid: {shape: [10, 12], names: [a, <i>b]}\n" DENSITY NOISE,
     "exp.yaml:1:36: grid.names.1: expected a text in Pango markup, got \"<i>b\"", RG_EINVAL},
    {"grid: {shape: [10, 12], degrees: 1}\n" DENSITY NOISE,
     "exp.yaml:1:34: grid.degrees: expected true or false, got 1", RG_EINVAL},
    {DENSITY NOISE, "exp.yaml:1:1: grid: expected the key \"shape\"; only a learned score gives it a default",
     RG_EINVAL},
    {"grid: {lower: [0, 0]}\n" DENSITY NOISE,
     "exp.yaml:1:7: grid: expected the key \"shape\"; only a learned score gives it a default", RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [3, 8]}\n", "exp.yaml:3:16: grid.shape.0: expected a whole number >= 4, got 3",
     RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [8.5, 8]}\n", "exp.yaml:3:16: grid.shape.0: expected a whole number >= 4, got 8.5",
     RG_EINVAL},
    {DENSITY NOISE "grid: {shape: 96}\n", "exp.yaml:3:15: grid.shape: expected a list of whole numbers >= 4, got 96",
     RG_EINVAL},
    {DENSITY NOISE "grid: {shape: []}\n",
     "exp.yaml:3:15: grid.shape: expected a list of whole numbers >= 4, got an empty list", RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [8, 8, 8, 8]}\n",
     "exp.yaml:3:15: grid.shape: expected 1 to 3 sizes, one for each axis, got a list of 4", RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [100000, 20000]}\n",
     "exp.yaml:3:15: grid.shape: expected at most 134217728 points in all (1 GiB for one scalar field), got 2000000000",
     RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [8, 8], lower: [0]}\n",
     "exp.yaml:3:30: grid.lower: expected 2 numbers, one for each axis, got a list of 1", RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [8, 8], length: [1, 2, 3]}\n",
     "exp.yaml:3:31: grid.length: expected 2 numbers, one for each axis, got a list of 3", RG_EINVAL},
    {DENSITY NOISE "grid: {shape: [8, 8], length: [1, 0]}\n",
     "exp.yaml:3:35: grid.length.1: expected a number > 0, got 0", RG_EINVAL},
    {DENSITY "error: [{learned: {score: values.npy, sigma: sigma.npy}}]\n",
     "exp.yaml:2:27: error.0.learned.score: values.npy: expected shape (K, d, n0, ...) with d = 1, 2 or 3 axes of at "
     "least 4 points, got (7, 4)",
     RG_EINVAL},
    {DENSITY "error: [{learned: {score: thin.npy, sigma: sigma.npy}}]\n",
     "exp.yaml:2:27: error.0.learned.score: thin.npy: expected shape (K, d, n0, ...) with d = 1, 2 or 3 axes of at "
     "least 4 points, got (3, 2, 6, 3)",
     RG_EINVAL},
    /* density */
    {GRID NOISE "density: {mixture: {means: [[0, 0, 0]], sigma: 1}}\n",
     "exp.yaml:3:29: density.mixture.means.0: expected 2 numbers, one for each axis, got a list of 3", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0], [1, 1]], sigma: [1, 2, 3]}}\n",
     "exp.yaml:3:53: density.mixture.sigma: expected 2 numbers, one for each component, got a list of 3", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], sigma: 1e-200}}\n",
     "exp.yaml:3:45: density.mixture.sigma: expected numbers whose squares are not 0 or infinite", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], sigma: 1, weights: [1, 2]}}\n",
     "exp.yaml:3:57: density.mixture.weights: expected 1 number, one for each component, got a list of 2", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0], [1, 1]], sigma: 1, weights: [0, 0]}}\n",
     "exp.yaml:3:65: density.mixture.weights: expected weights with a positive, finite sum, got a sum of 0", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0], [1, 1]], covariances: [[[1, 0], [0, 1]]]}}\n",
     "exp.yaml:3:59: density.mixture.covariances: expected 2 matrices, one for each component, got a list of 1",
     RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], covariances: [[[1, 0, 0], [0, 1, 0]]]}}\n",
     "exp.yaml:3:53: density.mixture.covariances.0.0: expected 2 numbers, one for each axis, got a list of 3",
     RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], covariances: [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]}}\n",
     "exp.yaml:3:52: density.mixture.covariances.0: expected a 2 x 2 matrix, got a list of 3", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], covariances: [[[1, 0.1], [0.2, 1]]]}}\n",
     "exp.yaml:3:52: density.mixture.covariances.0: expected a symmetric matrix", RG_EINVAL},
    {GRID NOISE "density: {mixture: {means: [[0, 0]], covariances: [[[0.1, 0.2], [0.2, 0.3]]]}}\n",
     "exp.yaml:3:52: density.mixture.covariances.0: expected a positive definite matrix", RG_EINVAL},
    {GRID NOISE "density: {samples: absent.npy}\n",
     "exp.yaml:3:20: density.samples: absent.npy: cannot open: No such file or directory", RG_EIO},
    {GRID NOISE "density: {samples: junk.npy}\n",
     "exp.yaml:3:20: density.samples: junk.npy: expected a .npy file, found other contents; save the array with "
     "numpy.save",
     RG_EFORMAT},
    {GRID NOISE "density: {samples: wide.npy}\n",
     "exp.yaml:3:20: density.samples: wide.npy: expected shape (N, 2) with N at least 1, got (5, 3)", RG_EINVAL},
    {GRID NOISE "density: {samples: empty.npy}\n",
     "exp.yaml:3:20: density.samples: empty.npy: expected shape (N, 2) with N at least 1, got (0, 2)", RG_EINVAL},
    {GRID NOISE "density: {samples: nan.npy}\n",
     "exp.yaml:3:20: density.samples: nan.npy: expected finite numbers, found NaN at index [1, 0] (1 of 4 are not "
     "finite); repair or leave them out",
     RG_EINVAL},
    {GRID NOISE "density: {samples: points.npy, exclude: exclude4.npy}\n",
     "exp.yaml:3:41: density.exclude: exclude4.npy: expected shape (5,), got (4,)", RG_EINVAL},
    {GRID NOISE "density: {samples: points.npy, exclude: exclude_all.npy}\n",
     "exp.yaml:3:41: density.exclude: exclude_all.npy: expected a 0 for at least one point, got none", RG_EDOMAIN},
    {GRID NOISE "density: {samples: points.npy, exclude: points.npy}\n",
     "exp.yaml:3:41: density.exclude: points.npy: expected shape (5,), got (5, 2)", RG_EINVAL},
    {GRID "noise: {variance_min: 0, variance_max: 1}\ndensity: {samples: points.npy}\n",
     "exp.yaml:2:23: noise.variance_min: expected a number above 0, because samples have no density before they are "
     "smoothed (two grid cells: 1.579136704), got 0",
     RG_EDOMAIN},
    {GRID "noise: {sigma_min: 0, sigma_max: 1}\ndensity: {samples: points.npy}\n",
     "exp.yaml:2:20: noise.sigma_min: expected a number above 0, because samples have no density before they are "
     "smoothed (two grid cells: 1.256637061), got 0",
     RG_EDOMAIN},
    {GRID NOISE "density: {grid: negative.npy}\n",
     "exp.yaml:3:17: density.grid: negative.npy: expected values >= 0, got -0.25 at element 5", RG_EDOMAIN},
    {GRID NOISE "density: {grid: nothing.npy}\n",
     "exp.yaml:3:17: density.grid: nothing.npy: expected a positive, finite mass, got a sum of 0", RG_EDOMAIN},
    {GRID NOISE "density: {grid: line.npy}\n",
     "exp.yaml:3:17: density.grid: line.npy: expected shape (n0, n1) with at least 4 points on each axis, got (7,)",
     RG_EINVAL},
    {"grid: {shape: [9]}\n" NOISE "density: {grid: values.npy}\n",
     "exp.yaml:3:17: density.grid: values.npy: expected shape (n0,) with at least 4 points on each axis, got (7, 4)",
     RG_EINVAL},
    {"grid: {shape: [9]}\n" NOISE "density: {shape: ring}\n",
     "exp.yaml:3:18: density.shape: ring: expected a grid with 2 axes, got 1", RG_EINVAL},
    {"grid: {shape: [9]}\n" NOISE "density: {shape: checkerboard}\n",
     "exp.yaml:3:18: density.shape: checkerboard: expected a grid with 2 or 3 axes, got 1", RG_EINVAL},
    {"grid: {shape: [9, 9, 9]}\n" NOISE "density: {shape: two_moons}\n",
     "exp.yaml:3:18: density.shape: two_moons: expected a grid with 2 axes, got 3", RG_EINVAL},
    /* noise and prior */
    {GRID DENSITY,
     "exp.yaml:1:1: noise: expected variance_min and variance_max, or sigma_min and sigma_max; only a learned score "
     "gives them defaults",
     RG_EINVAL},
    {GRID DENSITY "noise: {variance_max: 1}\n",
     "exp.yaml:3:8: noise: expected the key \"variance_min\"; only a learned score gives it a default", RG_EINVAL},
    {GRID DENSITY "noise: {sigma_min: 1}\n",
     "exp.yaml:3:8: noise: expected the key \"sigma_max\"; only a learned score gives it a default", RG_EINVAL},
    {GRID DENSITY "noise: {sigma_min: 0.08, sigma_max: 0.01}\n",
     "exp.yaml:3:37: noise.sigma_max: expected a number above sigma_min (0.08), got 0.01", RG_EINVAL},
    {GRID DENSITY "noise: {variance_min: 1, variance_max: 1}\n",
     "exp.yaml:3:40: noise.variance_max: expected a number above variance_min (1), got 1", RG_EINVAL},
    {GRID DENSITY "noise: {variance_min: 1, sigma_max: 2}\n",
     "exp.yaml:3:26: noise: expected variances or sigmas, got both", RG_EINVAL},
    {GRID DENSITY "noise: {sigma_min: 1, sigma_max: 1e200}\n",
     "exp.yaml:3:34: noise.sigma_max: expected a number with a finite square, got 1e200", RG_EINVAL},
    {GRID DENSITY LEARNED "noise: {sigma_min: 0.05}\n",
     "exp.yaml:4:20: noise.sigma_min: expected a number from 0.1 to 2.3, which the learned score covers, got 0.05",
     RG_EINVAL},
    {GRID DENSITY LEARNED "noise: {variance_min: 0}\n",
     "exp.yaml:4:23: noise.variance_min: expected a number from 0.01 to 5.29, which the learned score covers, got 0",
     RG_EINVAL},
    {GRID DENSITY LEARNED "noise: {variance_max: 9}\n",
     "exp.yaml:4:23: noise.variance_max: expected a number from 0.01 to 5.29, which the learned score covers, got 9",
     RG_EINVAL},
    {DENSITY
     "error: [{learned: {score: score.npy, sigma: sigma.npy}}, {learned: {score: score.npy, sigma: late.npy}}]\n",
     "exp.yaml:2:8: error: expected learned scores whose noise levels overlap", RG_EINVAL},
    {BASE "prior: {file: line.npy}\n",
     "exp.yaml:4:15: prior.file: line.npy: expected shape (n0, n1) with at least 4 points on each axis, got (7,)",
     RG_EINVAL},
    {BASE "prior: {file: negative.npy}\n",
     "exp.yaml:4:15: prior.file: negative.npy: expected values >= 0, got -0.25 at element 5", RG_EDOMAIN},
    {BASE "prior: {file: values.npy, x: 1}\n", "exp.yaml:4:27: prior: unknown key \"x\", expected one of file",
     RG_EINVAL},
    /* error */
    {GRID DENSITY "error: [{learned: {score: score3.npy, sigma: sigma.npy}}]\n",
     "exp.yaml:3:27: error.0.learned.score: score3.npy: expected shape (K, 2, n0, n1) with at least 4 points on each "
     "axis, got (3, 3, 6, 5, 4)",
     RG_EINVAL},
    {GRID DENSITY "error: [{learned: {score: score.npy, sigma: one.npy}}]\n",
     "exp.yaml:3:45: error.0.learned.sigma: one.npy: expected shape (3,), one for each level of the score, got (1,)",
     RG_EINVAL},
    {GRID DENSITY "error: [{learned: {score: score.npy, sigma: values.npy}}]\n",
     "exp.yaml:3:45: error.0.learned.sigma: values.npy: expected shape (3,), one for each level of the score, got (7, "
     "4)",
     RG_EINVAL},
    {GRID DENSITY "error: [{learned: {score: score.npy, sigma: falling.npy}}]\n",
     "exp.yaml:3:45: error.0.learned.sigma: falling.npy: expected numbers > 0 in ascending order, got 0.7 after 2 at "
     "element 2",
     RG_EINVAL},
    {GRID DENSITY "error: [{learned: {score: score.npy, sigma: zero.npy}}]\n",
     "exp.yaml:3:45: error.0.learned.sigma: zero.npy: expected numbers > 0 in ascending order, got 0 after 0 at "
     "element 0",
     RG_EINVAL},
    {GRID DENSITY "error: [{learned: {score: score.npy, sigma: \"learned.npz:absent\"}}]\n",
     "exp.yaml:3:45: error.0.learned.sigma: learned.npz:absent: expected one array of that name in the archive, found "
     "the arrays score, sigma; name it as FILE.npz:NAME",
     RG_EFORMAT},
    {BASE "error: [{modes: [{component: 2, wave: [1, 1], sin: 1}]}]\n",
     "exp.yaml:4:30: error.0.modes.0.component: expected a component from 0 to 1, got 2", RG_EINVAL},
    {BASE "error: [{modes: [{component: 0, wave: [1], sin: 1}]}]\n",
     "exp.yaml:4:39: error.0.modes.0.wave: expected 2 numbers, one for each axis, got a list of 1", RG_EINVAL},
    {BASE "error: [{modes: [{component: 0, wave: [1, 1]}]}]\n",
     "exp.yaml:4:18: error.0.modes.0: expected the key \"sin\", \"cos\" or both, got none", RG_EINVAL},
    {BASE "error: [{modes: [{component: 0, wave: [1, 6], sin: 1}]}]\n",
     "exp.yaml:4:39: error.0.modes.0.wave: expected a wave number below half of the 12 points on axis 1, got 6",
     RG_EINVAL},
    {BASE "error: [{modes: [{component: 0, wave: [-5, 0], sin: 1}]}]\n",
     "exp.yaml:4:39: error.0.modes.0.wave: expected a wave number below half of the 10 points on axis 0, got -5",
     RG_EINVAL},
    {BASE "error: [{rotation: [1, 2, 3]}]\n",
     "exp.yaml:4:20: error.0.rotation: expected a number in 2-D, got a list of 3", RG_EINVAL},
    {"grid: {shape: [6, 6, 6]}\ndensity: {shape: checkerboard}\n" NOISE "error: [{rotation: 1}]\n",
     "exp.yaml:4:20: error.0.rotation: expected a list of 3 numbers in 3-D, got 1", RG_EINVAL},
    {"grid: {shape: [6, 6, 6]}\ndensity: {shape: checkerboard}\n" NOISE "error: [{rotation: [1, 2]}]\n",
     "exp.yaml:4:20: error.0.rotation: expected 3 numbers, one for each axis, got a list of 2", RG_EINVAL},
    {"grid: {shape: [9]}\ndensity: {mixture: {means: [[0]], sigma: 1}}\n" NOISE "error: [{rotation: 1}]\n",
     "exp.yaml:4:20: error.0.rotation: expected a grid with 2 or 3 axes (in 1-D nothing turns), got 1", RG_EINVAL},
    {BASE "error: [{random: {seed: 1, band: 5}}]\n",
     "exp.yaml:4:34: error.0.random.band: expected a wave number below half of the 10 points on axis 0, got 5",
     RG_EINVAL},
    {BASE "error: [{constant: [1]}]\n",
     "exp.yaml:4:20: error.0.constant: expected 2 numbers, one for each axis, got a list of 1", RG_EINVAL},
    {BASE "error: [{file: values.npy}]\n",
     "exp.yaml:4:16: error.0.file: values.npy: expected shape (2, n0, n1) with at least 4 points on each axis, got (7, "
     "4)",
     RG_EINVAL},
    {BASE "error: [{file: score.npy}]\n",
     "exp.yaml:4:16: error.0.file: score.npy: expected shape (2, n0, n1) with at least 4 points on each axis, got (3, "
     "2, 6, 9)",
     RG_EINVAL},
};

static void every_message_is_exact(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        expect_failure(failures[i].yaml, NULL, failures[i].status, failures[i].message);
}

static const struct {
    const char *yaml, *setting, *message;
    rg_status status;
} setting_failures[] = {
    {BASE, "noise.chrun=0", "--set noise.chrun=0: unknown key \"chrun\", did you mean \"churn\"?", RG_EINVAL},
    {BASE, "nose.churn=0", "--set nose.churn=0: unknown key \"nose\", did you mean \"noise\"?", RG_EINVAL},
    {BASE, "noise.churn", "--set noise.churn: expected KEY=VALUE, for example noise.churn=0", RG_EINVAL},
    {BASE, "=3", "--set =3: expected KEY=VALUE, for example noise.churn=0", RG_EINVAL},
    {BASE, "noise..churn=3", "--set noise..churn=3: expected KEY=VALUE, for example noise.churn=0", RG_EINVAL},
    {BASE, "noise.churn=[1", "--set noise.churn=[1: not YAML: did not find expected ',' or ']'", RG_EFORMAT},
    {BASE, "noise.churn=&a 1", "--set noise.churn=&a 1: anchors (&name) are not supported; write the value out",
     RG_EFORMAT},
    {BASE, "noise.churn=-1", "--set noise.churn=-1: expected a number >= 0, got -1", RG_EINVAL},
    {BASE, "noise.sigma_max=3", "--set noise.sigma_max=3: expected variances or sigmas, got both", RG_EINVAL},
    {GRID DENSITY "noise: {sigma_min: 0.08, sigma_max: 3}\n", "noise.sigma_max=0.01",
     "--set noise.sigma_max=0.01: expected a number above sigma_min (0.08), got 0.01", RG_EINVAL},
    {BASE, "noise={variance_min: 0, variance_max: 4, churn: -1}",
     "--set noise={variance_min: 0, variance_max: 4, churn: -1}: noise.churn: expected a number >= 0, got -1",
     RG_EINVAL},
    {BASE, "noise={variance_min: 0, variance_max: 4, chrun: 1}",
     "--set noise={variance_min: 0, variance_max: 4, chrun: 1}: unknown key \"chrun\", did you mean \"churn\"?",
     RG_EINVAL},
    {BASE, "noise.churn.x=1", "--set noise.churn.x=1: expected a number >= 0, got a map", RG_EINVAL},
    {BASE, "error.1.rotation=1", "--set error.1.rotation=1: expected an index from 0 to 0 after \"error\", got \"1\"",
     RG_EINVAL},
    {BASE, "error.first.rotation=1", "--set error.first.rotation=1: expected a list of maps, got a map", RG_EINVAL},
    {BASE, "error.0.rotation=[1, 2]", "--set error.0.rotation=[1, 2]: expected a number in 2-D, got a list of 2",
     RG_EINVAL},
    {BASE, "prior.file=absent.npy", "--set prior.file=absent.npy: absent.npy: cannot open: No such file or directory",
     RG_EIO},
    {BASE, "prior={file: absent.npy}",
     "--set prior={file: absent.npy}: prior.file: absent.npy: cannot open: No such file or directory", RG_EIO},
    {BASE "error: [{constant: [1, 2]}]\n", "error.0.constant.1=x",
     "--set error.0.constant.1=x: expected a number, got \"x\"", RG_EINVAL},
    {BASE "error: [{constant: [1, 2]}]\n", "error.0.constant.2=3",
     "exp.yaml:4:20: error.0.constant: expected 2 numbers, one for each axis, got a list of 3", RG_EINVAL},
    {GRID DENSITY "noise: {sigma_min: 0.08}\n", "noise.sigma_min=null",
     "exp.yaml:3:8: noise: expected variance_min and variance_max, or sigma_min and sigma_max; only a learned score "
     "gives them defaults",
     RG_EINVAL},
};

static void every_message_about_a_setting_is_exact(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof setting_failures / sizeof *setting_failures; i++)
        expect_failure(setting_failures[i].yaml, setting_failures[i].setting, setting_failures[i].status,
                       setting_failures[i].message);
}

static void files_that_cannot_be_read(void **state) {
    (void)state;
    rg_experiment e = {0};
    rg_diagnostic diagnostic = {0};
    assert_int_equal(rg_experiment_read("absent.yaml", NULL, 0, &e, &diagnostic), RG_EIO);
    assert_string_equal(diagnostic.text, "absent.yaml: cannot open: No such file or directory");
    assert_int_equal(rg_experiment_read("sub", NULL, 0, &e, &diagnostic), RG_EIO);
    assert_int_equal(rg_experiment_read(NULL, NULL, 0, &e, &diagnostic), RG_EINVAL);
    assert_int_equal(rg_experiment_read("exp.yaml", NULL, 1, &e, NULL), RG_EINVAL);
    assert_null(e.memory);
}

/* ---- settings */

static void settings_replace_and_add(void **state) {
    (void)state;
    static const char *const settings[] = {"noise.churn=0.5",
                                           "tolerance=1e-9",
                                           "error.0.modes.0.sin=0.5",
                                           "error.0.modes.1={component: 1, wave: [2, 0], cos: -pi}",
                                           "error.1.rotation=2",
                                           "density=",
                                           "density.shape=two_moons",
                                           "grid.shape.1=14",
                                           "title=a = b",
                                           "tolerance=1e-10"};
    rg_experiment e = read_with(BASE "error: [{modes: [{component: 0, wave: [1, 1], sin: 1}]}]\ntitle: t\n", settings,
                                sizeof settings / sizeof *settings);
    assert_true(e.churn == 0.5 && e.tolerance == 1e-10);
    assert_int_equal(e.terms, 2);
    assert_int_equal(e.term[0].modes, 2);
    assert_true(e.term[0].mode[0].sine == 0.5 && e.term[0].mode[1].cosine == -PI);
    assert_true(e.term[1].rotation[0] == 2);
    assert_int_equal(e.density.kind, RG_DENSITY_TWO_MOONS);
    assert_int_equal(e.grid.shape[0], 10);
    assert_int_equal(e.grid.shape[1], 14);
    assert_string_equal(e.title, "a = b");
    rg_experiment_free(&e);
}

/* An experiment may come from settings alone. */
static void settings_fill_an_empty_file(void **state) {
    (void)state;
    static const char *const settings[] = {"grid.shape=[4, 5]", "density.shape=ring",
                                           "noise={sigma_min: 1, sigma_max: 2}"};
    rg_experiment e = read_with("# nothing\n", settings, 3);
    assert_true(e.variance_min == 1 && e.variance_max == 4);
    rg_experiment_free(&e);
}

/* ---- numbers and suggestions */

static void numbers_know_pi(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double value;
    } good[] = {
        {"1e-8", 1e-8},
        {"-0.5", -0.5},
        {"+3", 3},
        {".5", 0.5},
        {"7.", 7},
        {"pi", PI},
        {"-pi", -PI},
        {"2pi", 2 * PI},
        {"pi/2", PI / 2},
        {"2*pi/3", 2 * PI / 3},
        {"-1.5pi", -1.5 * PI},
        {"+pi", PI},
        {"1e2pi", 100 * PI},
        {"0", 0},
        {"4.9e-324", 4.9e-324},
    };
    static const char *const bad[] = {"",         "nan", "inf",   "-inf",  "1e999", "0x10",  "1 ",     " 1",
                                      "1,5",      "1_0", "--1",   "+-1",   "pi2",   "pipi",  "pi*2",   "2*",
                                      "2*3",      "pi/", "pi/0",  "pi/pi", "1/3",   "e5",    ".",      "-",
                                      "infinity", "PI",  "2**pi", "pi/-2", "nanpi", "0x1pi", "1e400pi"};
    double value = 17;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (rg_number_parse(bad[i], &value) || value != 17) fail_msg("accepted: \"%s\"", bad[i]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!rg_number_parse(good[i].text, &value) || value != good[i].value) fail_msg("\"%s\"", good[i].text);
}

/* Where a locale with a decimal comma is installed. */
static void numbers_do_not_depend_on_the_locale(void **state) {
    (void)state;
    double value = 0;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) skip();
    const int parsed = rg_number_parse("2.5", &value), comma = rg_number_parse("2,5", &value);
    const rg_number_text shown = rg_number_show(2.5);
    rg_experiment e = read_ok(BASE);
    setlocale(LC_NUMERIC, "C");
    assert_true(parsed && !comma && value == 2.5);
    assert_string_equal(shown.text, "2.5");
    assert_non_null(strstr(e.resolved, "0.29999999999999999"));
    rg_experiment_free(&e);
}

static const char *nearest(const char *word, const char *const *candidates, size_t count) {
    rg_nearest n = rg_nearest_to(word);
    for (size_t i = 0; i < count; i++) rg_nearest_offer(&n, candidates[i]);
    return n.best;
}

static void suggestions_are_near(void **state) {
    (void)state;
    static const char *const keys[] = {"sigma_min", "sigma_max", "churn", "sin", "cos"};
    assert_string_equal(nearest("sigmamax", keys, 5), "sigma_max");
    assert_string_equal(nearest("sigma_mxa", keys, 5), "sigma_max");
    assert_string_equal(nearest("SIGMA_min", keys, 5) ? "far" : "none", "none");
    assert_string_equal(nearest("curn", keys, 5), "churn");
    assert_string_equal(nearest("coz", keys, 5), "cos");
    assert_null(nearest("tan", keys, 5));
    assert_null(nearest("", keys, 5));
    assert_null(nearest("a_word_that_is_longer_than_the_table_of_distances", keys, 5));
}

/* ---- hostile texts */

static rg_status read_status(const char *bytes, size_t count, rg_diagnostic *diagnostic) {
    rg_experiment e = {0};
    write_bytes("exp.yaml", bytes, count);
    const rg_status status = rg_experiment_read("exp.yaml", NULL, 0, &e, diagnostic);
    rg_experiment_free(&e);
    return status;
}

/* `unit` repeated until the text has about `size` bytes. */
static void expect_flood(const char *start, const char *unit, size_t size, rg_status status, const char *message) {
    const size_t head = strlen(start), step = strlen(unit), repeats = size / step;
    char *text = malloc(head + repeats * step);
    rg_diagnostic diagnostic = {0};
    assert_non_null(text);
    memcpy(text, start, head);
    for (size_t i = 0; i < repeats; i++) memcpy(text + head + i * step, unit, step);
    const rg_status got = read_status(text, head + repeats * step, &diagnostic);
    free(text);
    assert_string_equal(diagnostic.text, message);
    assert_int_equal(got, status);
}

static void floods_are_refused(void **state) {
    (void)state;
    expect_flood("a: ", "[", 1 << 20, RG_EFORMAT, "exp.yaml:1:35: lists and maps nested more than 32 deep");
    expect_flood("a: ", "{b: ", 1 << 20, RG_EFORMAT, "exp.yaml:1:128: lists and maps nested more than 32 deep");
    expect_flood("", "- ", 1 << 20, RG_EFORMAT, "exp.yaml:1:65: lists and maps nested more than 32 deep");
    expect_flood("a: [", "1,", 8 << 20, RG_EFORMAT,
                 "exp.yaml:1:200001: more than 100000 values; keep large tables in .npy files");
    expect_flood("", "#", (16 << 20) + 1, RG_EFORMAT,
                 "exp.yaml: expected a YAML file of at most 16 MiB, got 16777217 bytes");
    expect_flood("title: ", "x", 15 << 20, RG_EINVAL, "exp.yaml:1:1: expected the key \"density\", which is missing");
    expect_flood("form: ", "y", 15 << 20, RG_EINVAL, "exp.yaml:1:1: expected the key \"density\", which is missing");
    expect_flood(BASE "form: x", "\xc3\xa4", 1 << 20, RG_EINVAL,
                 "exp.yaml:4:7: form: expected one of ratio, density, got "
                 "\"x\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                 "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4...\"");
    expect_flood(BASE "tolerance: ", "1", 1 << 20, RG_EINVAL,
                 "exp.yaml:4:12: tolerance: expected a number >= 1e-13 and <= 0.01, got "
                 "\"111111111111111111111111111111111111111111...\"");
}

static void a_map_of_very_many_keys_is_refused(void **state) {
    (void)state;
    char text[70 * 8] = "", *at = text;
    for (int i = 0; i < 70; i++) at += snprintf(at, 8, "k%d: 1\n", i);
    expect_failure(text, NULL, RG_EFORMAT, "exp.yaml:65:1: more than 64 keys in one map; no map has that many");
}

/* A message stays one line. */
static void messages_have_one_line(void **state) {
    (void)state;
    expect_failure(BASE "form: \"a\\nb\\tc\"\n", NULL, RG_EINVAL,
                   "exp.yaml:4:7: form: expected one of ratio, density, got \"a b c\"");
    expect_failure(BASE, "form=\"a\nb\"", RG_EINVAL, "--set form=\"a b\": expected one of ratio, density, got \"a b\"");
}

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Each mutant has a few bytes replaced, left out or doubled; sanitizers watch. */
static size_t mutate(char *text, size_t length, size_t room, uint32_t *seed) {
    static const char spice[] = "[]{},:&*!|>'\"#%@`-?.~ \n\t019ep\\\x00\x80\xff";
    for (uint32_t n = 1 + next_random(seed) % 4; n; n--) {
        const size_t at = next_random(seed) % length;
        const uint32_t action = next_random(seed) % 3;
        if (action == 0) text[at] = spice[next_random(seed) % (sizeof spice - 1)];
        if (action == 1 && length > 8) memmove(text + at, text + at + 1, --length - at);
        if (action == 2 && length < room) {
            memmove(text + at + 1, text + at, length - at);
            length++;
        }
    }
    return length;
}

static void mutants_never_crash(void **state) {
    (void)state;
    static const char *const seeds[] = {
        EXAMPLE,
        GRID NOISE "density: {samples: points.npy, exclude: exclude.npy}\nerror:\n- random: {seed: 1, band: 2}\n"
                   "- rotation: 0.5\n- file: field.npy\nprior: {file: values.npy}\nform: ratio\nthreads: 2\n",
        DENSITY LEARNED "noise: {sigma_min: 0.2, churn: 0}\n",
        GRID NOISE "density: {mixture: {means: [[0, 0]], covariances: [[[1, 0.5], [0.5, 1]]]}}\n",
    };
    uint32_t seed = 2024;
    int accepted = 0;
    for (int i = 0; i < 4000; i++) {
        char text[2048];
        const char *origin = seeds[i % 4];
        memcpy(text, origin, strlen(origin));
        const size_t length = mutate(text, strlen(origin), sizeof text, &seed);
        rg_diagnostic diagnostic = {0};
        const rg_status status = read_status(text, length, &diagnostic);
        assert_int_equal(status, diagnostic.status);
        assert_true(status == RG_OK || strncmp(diagnostic.text, "exp.yaml:", 9) == 0);
        accepted += status == RG_OK;
    }
    assert_in_range(accepted, 100, 3900);
}

static void binary_junk_is_refused(void **state) {
    (void)state;
    uint32_t seed = 7;
    char bytes[512];
    for (int i = 0; i < 500; i++) {
        for (size_t k = 0; k < sizeof bytes; k++) bytes[k] = (char)next_random(&seed);
        assert_int_not_equal(read_status(bytes, sizeof bytes, NULL), RG_OK);
    }
}

/* ---- axes for figures */

static void axes_have_names_and_degrees(void **state) {
    (void)state;
    rg_experiment e = read_ok("grid: {shape: [10, 12], names: [u, \"v<sub>1</sub>\"], degrees: true}\n" DENSITY NOISE);
    assert_string_equal(e.axis_name[0], "u");
    assert_string_equal(e.axis_name[1], "v<sub>1</sub>");
    assert_int_equal(e.degrees, 1);
    assert_non_null(strstr(e.resolved, "\"degrees\": true"));
    rg_experiment_free(&e);
    e = read_ok(BASE);
    assert_null(e.axis_name[0]);
    assert_int_equal(e.degrees, 0);
    rg_experiment_free(&e);
}

/* ---- memory */

static rg_status read_with_failing_allocation(const char *path, long n, rg_diagnostic *diagnostic) {
    static const char *const settings[] = {"noise.churn=0", "error.1.rotation=3"};
    rg_experiment e = {0};
    rg_alloc_fail_after(n);
    const rg_status status = rg_experiment_read(path, settings, 2, &e, diagnostic);
    rg_alloc_fail_after(-1);
    if (status != RG_OK) assert_null(e.memory);
    rg_experiment_free(&e);
    return status;
}

/* The sanitizer build finds what a failure forgets to free. */
static void each_allocation_may_fail(void **state) {
    (void)state;
    static const char *const yaml[] = {
        DENSITY LEARNED,
        BASE "error: [{modes: [{component: 0, wave: [1, 1], sin: 1}]}]\nprior: {file: values.npy}\n",
        GRID NOISE "density: {samples: points.npy, exclude: exclude.npy}\nerror: [{file: field.npy}]\n",
        GRID NOISE "density: {mixture: {means: [[0, 0]], sigma: [1]}}\nerror: [{constant: [1, 2]}]\n",
    };
    for (size_t i = 0; i < sizeof yaml / sizeof *yaml; i++) {
        write_text("exp.yaml", yaml[i]);
        long n = 0;
        for (rg_status status = RG_ENOMEM; status != RG_OK; n++) {
            rg_diagnostic diagnostic = {0};
            status = read_with_failing_allocation("exp.yaml", n, &diagnostic);
            if (status != RG_OK && status != RG_ENOMEM) fail_msg("allocation %ld: %s", n, diagnostic.text);
            assert_int_equal(status, diagnostic.status);
        }
        assert_true(n > 50);
    }
}

/* ---- documentation */

static const char begin_mark[] = "<!-- generated from src/experiment/schema_keys.c: begin -->\n";
static const char end_mark[] = "<!-- generated: end -->\n";

static char *read_docs(const char *path) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 16);
    assert_non_null(text);
    assert_in_range(fread(text, 1, (1 << 16) - 1, file), 1, (1 << 16) - 2);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The file's text with the generated part as it ought to be. */
static char *expected_docs(const char *text) {
    const char *begin = strstr(text, begin_mark), *end = strstr(text, end_mark);
    char *expected = NULL;
    size_t size = 0;
    assert_true(begin && end && begin < end);
    FILE *out = open_memstream(&expected, &size);
    assert_non_null(out);
    fwrite(text, 1, (size_t)(begin - text) + strlen(begin_mark), out);
    rg_schema_print(&rg_experiment_schema, out);
    fputs(end, out);
    assert_int_equal(fclose(out), 0);
    return expected;
}

static void the_reference_is_up_to_date(void **state) {
    (void)state;
    const char *path = RG_SOURCE_DIR "/docs/experiment.md";
    char *text = read_docs(path), *expected = expected_docs(text);
    if (getenv("RG_UPDATE_DOCS"))
        write_text(path, expected);
    else
        assert_string_equal(text, expected);
    free(text);
    free(expected);
}

/* Every fenced yaml block that holds a density is a whole experiment. Their files are not here, so what may be missing
 * is a file and nothing else. */
static void the_examples_of_the_reference_are_read(void **state) {
    (void)state;
    char *text = read_docs(RG_SOURCE_DIR "/docs/experiment.md"), *at = text;
    int examples = 0;
    while ((at = strstr(at, "```yaml\n"))) {
        at += strlen("```yaml\n");
        char *end = strstr(at, "```");
        assert_non_null(end);
        rg_diagnostic diagnostic = {0};
        const rg_status status = read_status(at, (size_t)(end - at), &diagnostic);
        if (status != RG_OK && status != RG_EIO) fail_msg("%s", diagnostic.text);
        examples++;
        at = end;
    }
    free(text);
    assert_in_range(examples, 3, 20);
}

/* Defaults are valid, sentences end, and no key has two ways to be absent. */
static void the_table_is_sound(void **state) {
    (void)state;
    for (size_t i = 0; i < rg_experiment_schema.keys; i++) {
        const rg_key *key = &rg_experiment_schema.key[i];
        char expected[RG_EXPECTED_SIZE];
        rg_schema_expected(key, 0, expected);
        assert_true(*expected && strlen(expected) < RG_EXPECTED_SIZE - 1);
        assert_true(key->doc[strlen(key->doc) - 1] == '.');
        assert_true(strlen(key->path) < 48);
        assert_false(key->fallback && (key->fallback_doc || (key->flags & RG_KEY_REQUIRED)));
        assert_true((key->leaf & RG_LEAF_CHOICE) == 0 || key->choices);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(rg_experiment_schema.key[k].path, key->path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read),
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(resolved_holds_every_default),
        cmocka_unit_test(resolved_reads_back),
        cmocka_unit_test(null_means_left_out),
        cmocka_unit_test(samples_lose_what_is_excluded),
        cmocka_unit_test(covariances_are_read),
        cmocka_unit_test(density_and_prior_come_from_files),
        cmocka_unit_test(a_learned_score_gives_grid_and_noise),
        cmocka_unit_test(a_learned_range_is_clamped),
        cmocka_unit_test(archives_are_read_and_hashed_once),
        cmocka_unit_test(every_kind_of_term_is_read),
        cmocka_unit_test(paths_are_relative_to_the_file),
        cmocka_unit_test(inputs_carry_their_hash),
        cmocka_unit_test(every_message_is_exact),
        cmocka_unit_test(every_message_about_a_setting_is_exact),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(settings_replace_and_add),
        cmocka_unit_test(settings_fill_an_empty_file),
        cmocka_unit_test(numbers_know_pi),
        cmocka_unit_test(numbers_do_not_depend_on_the_locale),
        cmocka_unit_test(suggestions_are_near),
        cmocka_unit_test(floods_are_refused),
        cmocka_unit_test(a_map_of_very_many_keys_is_refused),
        cmocka_unit_test(messages_have_one_line),
        cmocka_unit_test(mutants_never_crash),
        cmocka_unit_test(binary_junk_is_refused),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(axes_have_names_and_degrees),
        cmocka_unit_test(the_reference_is_up_to_date),
        cmocka_unit_test(the_examples_of_the_reference_are_read),
        cmocka_unit_test(the_table_is_sound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
