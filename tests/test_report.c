/* Reports of a made-up outcome: every number is found again, nothing but numbers stands where numbers belong, the
 * folder is complete or not there, equal outcomes give equal bytes. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "base/base.h"
#include "scratch.h"

#include "experiment/report_words.h"

#include <rotgrad/array.h>
#include <rotgrad/run.h>

#include <cairo.h>
#include <fcntl.h>
#include <float.h>
#include <ftw.h>
#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

enum { LEVELS = 3, WIDTH = 100, RESOLVED_ROOM = 64 };
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

static const char command[] = "rotgrad run x.yaml -o out";
static const char *const divergence_name[] = {"kl", "reverse_kl", "tv", "chi2", "hellinger2"};
static const char *const marginal_name[] = {"full", "gradient", "solenoidal", "none"};

/* Fontconfig links its patterns by relative offsets, which the leak checker cannot follow (see test_figure.c). */
RG_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfontconfig\n";
}

/* ---- a made-up outcome */

/* Different for every k, and no round number. */
static rg_value value_of(int k) {
    return (rg_value){0.0058904 * (k + 1.37), 1.17e-6 * (k + 1)};
}

struct made {
    rg_outcome outcome;
    rg_experiment experiment;
    rg_experiment_input input[2];
    rg_outcome_level level[LEVELS];
    char title[256], resolved[RESOLVED_ROOM], path[2][32];
};

/* Two bumps on a floor, with a period of the box. */
static double bumps(const double angle[RG_MAX_DIM], int dim, double sharpness) {
    double one = 0, other = 0;
    for (int a = 0; a < dim; a++) {
        one += cos(angle[a] - 1.1 + 0.4 * a) - 1;
        other += cos(angle[a] + 0.7) - 1;
    }
    return exp(sharpness * one) + 0.4 * exp(0.5 * sharpness * other) + 1e-6;
}

static void fill_cell(rg_outcome *o, ptrdiff_t i, const double angle[RG_MAX_DIM], double sharpness) {
    const ptrdiff_t n = rg_grid_cells(&o->grid);
    rg_outcome_fields *f = &o->fields;
    f->density[i] = bumps(angle, o->grid.dim, sharpness);
    for (int m = 0; m < RG_MARGINALS; m++) f->marginal[m][i] = f->density[i] * exp(pow(0.1, m) * sin(angle[0] + m));
    for (int c = 0; c < o->grid.dim; c++) {
        f->score[c * n + i] = sin(angle[c] + 0.3);
        f->gradient[c * n + i] = 0.3 * cos(angle[c]) / sqrt(f->density[i]);
        f->solenoidal[c * n + i] = 0.2 * sin(angle[(c + 1) % o->grid.dim]);
        f->error[c * n + i] = f->gradient[c * n + i] + f->solenoidal[c * n + i];
    }
}

static void make_fields(rg_outcome *o, double sharpness) {
    const size_t n = (size_t)rg_grid_cells(&o->grid), d = (size_t)o->grid.dim;
    rg_outcome_fields *f = &o->fields;
    double **vector[] = {&f->score, &f->error, &f->gradient, &f->solenoidal};
    f->density = rg_field_alloc(n);
    for (int m = 0; m < RG_MARGINALS; m++) f->marginal[m] = rg_field_alloc(n);
    for (size_t k = 0; k < COUNT_OF(vector); k++) *vector[k] = rg_field_alloc(d * n);
    for (ptrdiff_t i = 0; i < (ptrdiff_t)n; i++) {
        double angle[RG_MAX_DIM] = {0};
        for (ptrdiff_t a = o->grid.dim - 1, rest = i; a >= 0; rest /= o->grid.shape[a], a--)
            angle[a] = 6.283185307179586 * (double)(rest % o->grid.shape[a]) / (double)o->grid.shape[a];
        fill_cell(o, i, angle, sharpness);
    }
}

static void make_level(rg_outcome_level *level, int k) {
    *level = (rg_outcome_level){.sigma = 2.5 / (k + 1),
                                .variance = 6.25 / (k + 1) / (k + 1),
                                .total = 0.11 + k,
                                .gradient = 0.07 + k,
                                .solenoidal = 0.04 + k,
                                .harmonic = 0.013 + k,
                                .flat_gradient = 0.053 + k,
                                .flat_total = 0.19 + k,
                                .kl = {0.1 + k, 0.2 + k, 0.3 + k, 0.4 + k},
                                .gradient_bound = 0.61 + k,
                                .girsanov_bound = 0.71 + k,
                                .kl_error = {0.011 + k, 0.012 + k, 0.013 + k, 0.014 + k},
                                .gradient_bound_error = 0.0061 + k,
                                .girsanov_bound_error = 0.0071 + k,
                                .dual_sobolev = 0.067 + k,
                                .dual_sobolev_low = 0.0613 + k,
                                .dual_sobolev_high = 0.0727 + k,
                                .dual_sobolev_class = 0.0681 + k,
                                .cells_per_sigma = 3.3 / (k + 1),
                                .iterations = 17 + k,
                                .residual = 1.3e-11 / (k + 1),
                                .harm = {0.02 + k, 0.05 + k, -0.03 - k},
                                .w1 = {0.04 + k, 0.06 + k, -0.02 - k}};
}

static void make_numbers(rg_outcome *o) {
    for (int k = 0; k < RG_DIVERGENCES; k++)
        for (int m = 0; m < RG_MARGINALS; m++) o->divergence[k][m] = value_of(10 * k + m);
    o->prior_kl = value_of(50);
    o->gradient_bound = value_of(51);
    o->girsanov_bound = value_of(52);
    rg_value *const other[] = {&o->reverse_gradient_bound, &o->reverse_girsanov_bound, &o->reverse_projection_bound,
                               &o->hellinger2_bound,       &o->log_chi2_bound,         &o->renyi_bound};
    for (int k = 0; k < 6; k++) *other[k] = value_of(90 + k);
    o->identity_residual = value_of(53);
    o->energy[RG_ENERGY_TOTAL] = (rg_value){0.8, 4e-6};
    o->energy[RG_ENERGY_GRADIENT] = (rg_value){0.2, 1e-6};
    o->energy[RG_ENERGY_SOLENOIDAL] = (rg_value){0.6, 3e-6};
    o->claims = 3;
    for (int k = 0; k < 3; k++)
        o->claim[k] = (rg_claim){"gradient_bound", "KL(p|q) <= KL(p_T|pi) + c^2/(4D) int E_p|grad phi|^2 dv",
                                 value_of(60 + k), value_of(70 + k), (rg_verdict)(RG_HOLDS + k)};
    o->statistics = (rg_evolve_statistics){312, 4, 1250, 8123, 3e-11, 0};
    o->cells_per_sigma = 2.44;
    o->seconds = 48.25;
    o->peak_memory = 210123456;
}

/* Every level has a frame; in three dimensions the planes through point (1, 1, 1). */
static void make_frames(rg_outcome *o) {
    rg_outcome_frames *f = &o->frames;
    const ptrdiff_t *n = o->grid.shape;
    const ptrdiff_t cut[RG_MAX_DIM][2] = {{n[1], n[2]}, {n[0], n[2]}, {n[0], n[1]}}, whole[] = {n[0], n[1]};
    f->planes = o->grid.dim == RG_MAX_DIM ? RG_MAX_DIM : 1;
    for (int k = 0; k < f->planes; k++) {
        memcpy(f->shape[k], f->planes > 1 ? cut[k] : whole, sizeof whole);
        f->at[k] = o->grid.lower[k] + rg_grid_spacing(&o->grid, k);
        f->cells += (size_t)(f->shape[k][0] * f->shape[k][1]);
    }
    f->value = rg_alloc(LEVELS * RG_FRAME_FIELDS * f->cells, sizeof *f->value);
    assert_non_null(f->value);
    for (size_t i = 0; i < LEVELS * RG_FRAME_FIELDS * f->cells; i++)
        f->value[i] = (float)(0.3 + 0.29 * sin(1.7 * (double)i));
    for (f->count = 0; f->count < LEVELS; f->count++) f->row[f->count] = f->count;
}

/* Freed by made_free; the tests change what they want to see. */
static struct made *make(int dim, const ptrdiff_t *shape, double sharpness) {
    struct made *made = calloc(1, sizeof *made);
    assert_non_null(made);
    rg_experiment *e = &made->experiment;
    const double lower[] = {0.4, -1.1, 2}, length[] = {2.3, 1.7, 6.1};
    assert_int_equal(rg_grid_init(dim, shape, lower, length, &made->outcome.grid), RG_OK);
    make_fields(&made->outcome, sharpness);
    make_frames(&made->outcome);
    make_numbers(&made->outcome);
    for (int k = 0; k < LEVELS; k++) make_level(&made->level[k], k);
    made->outcome.level = made->level;
    made->outcome.levels = LEVELS;
    strcpy(made->title, "Two bumps");
    strcpy(made->resolved, "{\"grid\": {\"shape\": [7, 4]}, \"churn\": 1.0}");
    for (int k = 0; k < 2; k++) {
        snprintf(made->path[k], sizeof made->path[k], "grids/input%d.npy", k);
        made->input[k].path = made->path[k];
        memset(made->input[k].sha256, 'a' + k, 64);
    }
    *e =
        (rg_experiment){.title = made->title, .grid = made->outcome.grid, .variance_min = 0.0064, .variance_max = 6.25};
    e->churn = 1;
    e->prior = RG_PRIOR_EXACT;
    e->form = RG_FORM_RATIO;
    e->tolerance = 1e-6;
    e->inputs = 2;
    e->input = made->input;
    e->resolved = made->resolved;
    return made;
}

static struct made *make_2d(void) {
    return make(2, (const ptrdiff_t[]){7, 4}, 3);
}

static void made_free(struct made *made) {
    rg_outcome_fields *f = &made->outcome.fields;
    rg_free(f->density);
    for (int m = 0; m < RG_MARGINALS; m++) rg_free(f->marginal[m]);
    rg_free(f->score);
    rg_free(f->error);
    rg_free(f->gradient);
    rg_free(f->solenoidal);
    rg_free(made->outcome.frames.value);
    free(made);
}

/* ---- reports in the scratch folder */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *name) {
    nftw(scratch_path(name), remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static rg_status write_report(const struct made *made, const char *name, int force, rg_diagnostic *d) {
    return rg_outcome_write(&made->outcome, &made->experiment, scratch_path(name), force, command, d);
}

static void write_ok(const struct made *made, const char *name) {
    rg_diagnostic d = {RG_OK, ""};
    const rg_status status = write_report(made, name, 0, &d);
    if (status != RG_OK) print_error("%s\n", d.text);
    assert_int_equal(status, RG_OK);
}

/* Freed by free; a zero follows the bytes. */
static char *bytes_of(const char *name, size_t *size) {
    FILE *file = fopen(scratch_path(name), "rb");
    if (!file) fail_msg("no %s", name);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = calloc(*size + 1, 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static int same_bytes(const char *a, const char *b) {
    size_t size[2];
    char *bytes[] = {bytes_of(a, &size[0]), bytes_of(b, &size[1])};
    const int same = size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return same;
}

static int exists(const char *name) {
    return access(scratch_path(name), F_OK) == 0;
}

/* ---- JSON */

static json_t *parsed(const struct made *made) {
    char *text = NULL;
    assert_int_equal(rg_outcome_json(&made->outcome, &made->experiment, command, &text), RG_OK);
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json) fail_msg("%s", error.text);
    rg_free(text);
    return json;
}

/* "a.b.2.c" */
static const json_t *at(const json_t *json, const char *path) {
    char **keys = g_strsplit(path, ".", -1);
    for (char **key = keys; *key; key++) {
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(*key)) : json_object_get(json, *key);
        if (!json) fail_msg("no %s", path);
    }
    g_strfreev(keys);
    return json;
}

static void check_value(const json_t *report, const char *path, rg_value expected) {
    const json_t *json = at(report, path);
    assert_int_equal(json_object_size(json), 2);
    assert_true(json_real_value(at(json, "value")) == expected.value);
    assert_true(json_real_value(at(json, "error")) == expected.error);
}

static void check_text(const json_t *report, const char *path, const char *expected) {
    assert_string_equal(json_string_value(at(report, path)), expected);
}

static void divergences_energies_and_bounds_are_there(void **state) {
    (void)state;
    struct made *made = make_2d();
    const rg_outcome *o = &made->outcome;
    json_t *json = parsed(made);
    check_text(json, "schema", "rotgrad.report/1");
    check_text(json, "title", "Two bumps");
    for (int k = 0; k < RG_DIVERGENCES; k++)
        for (int m = 0; m < RG_MARGINALS; m++) {
            char path[64];
            snprintf(path, sizeof path, "%s.%s", divergence_name[k], marginal_name[m]);
            check_value(json, path, o->divergence[k][m]);
        }
    check_value(json, "prior_kl", o->prior_kl);
    check_value(json, "bounds.gradient", o->gradient_bound);
    check_value(json, "bounds.girsanov", o->girsanov_bound);
    check_value(json, "bounds.reverse_gradient", o->reverse_gradient_bound);
    check_value(json, "bounds.reverse_girsanov", o->reverse_girsanov_bound);
    check_value(json, "bounds.reverse_projection", o->reverse_projection_bound);
    check_value(json, "bounds.hellinger2", o->hellinger2_bound);
    check_value(json, "bounds.log_chi2", o->log_chi2_bound);
    check_value(json, "bounds.renyi", o->renyi_bound);
    check_value(json, "identity_residual", o->identity_residual);
    check_value(json, "energy.total", o->energy[RG_ENERGY_TOTAL]);
    check_value(json, "energy.gradient", o->energy[RG_ENERGY_GRADIENT]);
    check_value(json, "energy.solenoidal", o->energy[RG_ENERGY_SOLENOIDAL]);
    assert_null(json_object_get(json, "figures_note"));
    json_decref(json);
    made_free(made);
}

/* G / (G + S) with both known to 5e-6 of themselves: the share moves by 2 * 5e-6 * G S / (G + S)^2. */
static void the_share_carries_its_error(void **state) {
    (void)state;
    struct made *made = make_2d();
    json_t *json = parsed(made);
    assert_true(fabs(json_real_value(at(json, "gradient_share.value")) - 0.25) < 4 * DBL_EPSILON);
    assert_true(fabs(json_real_value(at(json, "gradient_share.error")) - 1e-5 * 0.2 * 0.6 / 0.64) < 1e-18);
    json_decref(json);
    memset(made->outcome.energy, 0, sizeof made->outcome.energy);
    json = parsed(made);
    assert_true(json_is_null(at(json, "gradient_share")));
    json_decref(json);
    made_free(made);
}

static void claims_have_both_sides_and_a_verdict(void **state) {
    (void)state;
    static const char *const verdict[] = {"holds", "violated", "undecided"};
    struct made *made = make_2d();
    json_t *json = parsed(made);
    assert_int_equal(json_array_size(at(json, "claims")), 3);
    for (size_t k = 0; k < 3; k++) {
        const json_t *claim = json_array_get(at(json, "claims"), k);
        check_text(claim, "name", made->outcome.claim[k].name);
        check_text(claim, "statement", made->outcome.claim[k].statement);
        check_text(claim, "verdict", verdict[k]);
        check_value(claim, "lhs", made->outcome.claim[k].lhs);
        check_value(claim, "rhs", made->outcome.claim[k].rhs);
    }
    json_decref(json);
    made_free(made);
}

/* The columns of levels.csv in their order; the members of `levels` in report.json, where "kl_full" is kl.full. */
static const char *const column[] = {"sigma",
                                     "variance",
                                     "total",
                                     "gradient",
                                     "solenoidal",
                                     "harmonic",
                                     "flat_gradient",
                                     "flat_total",
                                     "kl.full",
                                     "kl.gradient",
                                     "kl.solenoidal",
                                     "kl.none",
                                     "gradient_bound",
                                     "girsanov_bound",
                                     "kl.full_error",
                                     "kl.gradient_error",
                                     "kl.solenoidal_error",
                                     "kl.none_error",
                                     "gradient_bound_error",
                                     "girsanov_bound_error",
                                     "dual_sobolev",
                                     "dual_sobolev_low",
                                     "dual_sobolev_high",
                                     "dual_sobolev_class",
                                     "cells_per_sigma",
                                     "iterations",
                                     "residual",
                                     "harm.total",
                                     "harm.positive",
                                     "harm.negative",
                                     "w1.total",
                                     "w1.positive",
                                     "w1.negative"};
enum { COLUMNS = COUNT_OF(column) };

static void numbers_of_level(const rg_outcome_level *l, double number[COLUMNS]) {
    const double all[] = {l->sigma,
                          l->variance,
                          l->total,
                          l->gradient,
                          l->solenoidal,
                          l->harmonic,
                          l->flat_gradient,
                          l->flat_total,
                          l->kl[RG_FULL],
                          l->kl[RG_GRADIENT],
                          l->kl[RG_SOLENOIDAL],
                          l->kl[RG_NONE],
                          l->gradient_bound,
                          l->girsanov_bound,
                          l->kl_error[RG_FULL],
                          l->kl_error[RG_GRADIENT],
                          l->kl_error[RG_SOLENOIDAL],
                          l->kl_error[RG_NONE],
                          l->gradient_bound_error,
                          l->girsanov_bound_error,
                          l->dual_sobolev,
                          l->dual_sobolev_low,
                          l->dual_sobolev_high,
                          l->dual_sobolev_class,
                          l->cells_per_sigma,
                          l->iterations,
                          l->residual,
                          l->harm.total,
                          l->harm.positive,
                          l->harm.negative,
                          l->w1.total,
                          l->w1.positive,
                          l->w1.negative};
    memcpy(number, all, sizeof all);
}

static void levels_have_every_number(void **state) {
    (void)state;
    struct made *made = make_2d();
    json_t *json = parsed(made);
    assert_int_equal(json_array_size(at(json, "levels")), LEVELS);
    for (size_t k = 0; k < LEVELS; k++) {
        const json_t *level = json_array_get(at(json, "levels"), k);
        double expected[COLUMNS];
        numbers_of_level(&made->level[k], expected);
        assert_int_equal(json_object_size(level), COLUMNS - 2 * RG_MARGINALS + 1 - 2 - 2); /* kl, harm, w1: objects */
        for (int c = 0; c < COLUMNS; c++) assert_true(json_number_value(at(level, column[c])) == expected[c]);
    }
    json_decref(json);
    made_free(made);
}

static void numerics_are_there(void **state) {
    (void)state;
    struct made *made = make_2d();
    made->outcome.resolution_alarm = 1;
    strcpy(made->outcome.resolution_note, "sigma_min is 1.2 cells");
    json_t *json = parsed(made);
    const struct {
        const char *path;
        double value;
    } number[] = {{"steps", 312},
                  {"rejected", 4},
                  {"splits", 1250},
                  {"split_iterations", 8123},
                  {"worst_residual", 3e-11},
                  {"cells_per_sigma", 2.44},
                  {"seconds", 48.25},
                  {"peak_memory_bytes", 210123456}};
    const json_t *numerics = at(json, "numerics");
    for (size_t i = 0; i < COUNT_OF(number); i++)
        assert_true(json_number_value(at(numerics, number[i].path)) == number[i].value);
    assert_true(json_is_true(at(numerics, "resolution_alarm")));
    check_text(numerics, "resolution_note", "sigma_min is 1.2 cells");
    assert_int_equal(json_object_size(numerics), COUNT_OF(number) + 2);
    json_decref(json);
    made_free(made);
}

static void provenance_is_there(void **state) {
    (void)state;
    static const char *const library[] = {"fftw",    "gsl",     "libpng", "cairo", "pango",
                                          "libyaml", "jansson", "libzip", "glib"};
    struct made *made = make_2d();
    json_t *json = parsed(made), *experiment = json_loads(made->resolved, 0, NULL);
    const json_t *provenance = at(json, "provenance");
    check_text(provenance, "version", "0.1.0");
    check_text(provenance, "command", command);
    check_text(provenance, "date", "2009-02-13T23:31:30Z");
    assert_true(json_integer_value(at(provenance, "threads")) >= 1);
    assert_true(json_equal(at(provenance, "experiment"), experiment));
    assert_int_equal(json_object_size(at(provenance, "libraries")), COUNT_OF(library));
    for (size_t i = 0; i < COUNT_OF(library); i++)
        assert_non_null(strpbrk(json_string_value(at(at(provenance, "libraries"), library[i])), "0123456789"));
    assert_int_equal(json_array_size(at(provenance, "inputs")), 2);
    check_text(provenance, "inputs.1.path", made->path[1]);
    check_text(provenance, "inputs.1.sha256", made->input[1].sha256);
    json_decref(experiment);
    json_decref(json);
    made_free(made);
}

static void without_a_command_it_is_null(void **state) {
    (void)state;
    struct made *made = make_2d();
    char *text = NULL;
    made->experiment.resolved = NULL;
    assert_int_equal(rg_outcome_json(&made->outcome, &made->experiment, NULL, &text), RG_OK);
    json_t *json = json_loads(text, 0, NULL);
    assert_true(json_is_null(at(json, "provenance.command")));
    assert_true(json_is_null(at(json, "provenance.experiment")));
    json_decref(json);
    rg_free(text);
    made_free(made);
}

static void infinite_bounds_are_null_with_a_note(void **state) {
    (void)state;
    struct made *made = make_2d();
    made->experiment.churn = 0;
    made->outcome.gradient_bound = made->outcome.girsanov_bound = (rg_value){HUGE_VAL, 0};
    made->outcome.claim[0].rhs = (rg_value){HUGE_VAL, 0};
    made->level[1].girsanov_bound = HUGE_VAL;
    json_t *json = parsed(made);
    static const char *const bound[] = {"bounds.gradient", "bounds.girsanov"};
    for (size_t i = 0; i < COUNT_OF(bound); i++) {
        assert_true(json_is_null(at(at(json, bound[i]), "value")));
        assert_true(json_real_value(at(at(json, bound[i]), "error")) == 0);
        check_text(at(json, bound[i]), "note", "infinite for the ODE (churn 0)");
    }
    check_text(json, "claims.0.rhs.note", "infinite");
    assert_true(json_is_null(at(json, "levels.1.girsanov_bound")));
    json_decref(json);
    made_free(made);
}

static void what_is_no_number_is_null(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    o->divergence[RG_CHI2][RG_FULL] = (rg_value){nan(""), nan("")};
    o->energy[RG_ENERGY_TOTAL].value = nan("");
    o->seconds = o->peak_memory = o->statistics.worst_residual = nan("");
    made->level[0].harmonic = nan("");
    json_t *json = parsed(made);
    static const char *const nulls[] = {"chi2.full.value",   "chi2.full.error",        "energy.total.value",
                                        "gradient_share",    "numerics.seconds",       "numerics.peak_memory_bytes",
                                        "levels.0.harmonic", "numerics.worst_residual"};
    for (size_t i = 0; i < COUNT_OF(nulls); i++) assert_true(json_is_null(at(json, nulls[i])));
    json_decref(json);
    made_free(made);
}

static void bytes_that_are_no_text_do_not_break_the_report(void **state) {
    (void)state;
    struct made *made = make_2d();
    strcpy(made->path[0], "caf\xe9.npy");
    strcpy(made->title, "\xff <b> & \"quoted\"");
    json_t *json = parsed(made);
    check_text(json, "provenance.inputs.0.path", "caf\xef\xbf\xbd.npy");
    check_text(json, "title", "\xef\xbf\xbd <b> & \"quoted\"");
    json_decref(json);
    write_ok(made, "out");
    remove_tree("out");
    made_free(made);
}

static void the_clock_is_read_when_no_date_is_given(void **state) {
    (void)state;
    static const char *const epochs[] = {"", "yesterday", "-5", "12x", "99999999999999999999"};
    struct made *made = make_2d();
    for (size_t i = 0; i < COUNT_OF(epochs); i++) {
        assert_int_equal(setenv("SOURCE_DATE_EPOCH", epochs[i], 1), 0);
        json_t *json = parsed(made);
        const char *date = json_string_value(at(json, "provenance.date"));
        assert_int_equal(strlen(date), strlen("2009-02-13T23:31:30Z"));
        assert_true(strcmp(date, "2025-01-01") > 0);
        json_decref(json);
    }
    assert_int_equal(setenv("SOURCE_DATE_EPOCH", "1234567890", 1), 0);
    made_free(made);
}

/* ---- levels.csv, fields.npz */

static void the_table_of_levels_reads_back(void **state) {
    (void)state;
    struct made *made = make_2d();
    size_t size;
    made->level[1].gradient_bound = HUGE_VAL;
    write_ok(made, "out");
    char *text = bytes_of("out/levels.csv", &size), **line = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(line), 1 + LEVELS + 1);
    char *joined[COLUMNS + 1] = {0}; /* ends with NULL */
    memcpy(joined, column, sizeof column);
    char *header = g_strjoinv(",", joined);
    assert_string_equal(line[0], g_strdelimit(header, ".", '_'));
    for (int k = 0; k < LEVELS; k++) {
        double expected[COLUMNS];
        numbers_of_level(&made->level[k], expected);
        char **cell = g_strsplit(line[1 + k], ",", -1);
        assert_int_equal(g_strv_length(cell), COLUMNS);
        for (int c = 0; c < COLUMNS; c++) assert_true(g_ascii_strtod(cell[c], NULL) == expected[c]);
        g_strfreev(cell);
    }
    g_free(header);
    g_strfreev(line);
    free(text);
    remove_tree("out");
    made_free(made);
}

static void check_member(const char *name, int dim, const ptrdiff_t *shape, const double *data) {
    char path[128];
    rg_array array;
    rg_diagnostic d = {RG_OK, ""};
    snprintf(path, sizeof path, "%s:%s", scratch_path("out/fields.npz"), name);
    if (rg_array_read(path, &array, &d) != RG_OK) fail_msg("%s", d.text);
    assert_int_equal(array.dim, dim);
    assert_memory_equal(array.shape, shape, (size_t)dim * sizeof *shape);
    assert_memory_equal(array.data, data, array.count * sizeof *data);
    rg_array_free(&array);
}

static void check_axis(const rg_grid *grid, int axis) {
    char path[128];
    rg_array x;
    snprintf(path, sizeof path, "%s:x%d", scratch_path("out/fields.npz"), axis);
    assert_int_equal(rg_array_read(path, &x, NULL), RG_OK);
    assert_int_equal(x.dim, 1);
    assert_int_equal(x.shape[0], grid->shape[axis]);
    const double spacing = grid->length[axis] / (double)grid->shape[axis],
                 largest = fabs(grid->lower[axis]) + grid->length[axis];
    for (ptrdiff_t i = 0; i < x.shape[0]; i++)
        assert_true(fabs(x.data[i] - grid->lower[axis] - (double)i * spacing) < 8 * DBL_EPSILON * largest);
    rg_array_free(&x);
}

static void fields_read_back(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {{9}, {7, 4}, {6, 5, 4}};
    for (int dim = 1; dim <= RG_MAX_DIM; dim++) {
        struct made *made = make(dim, shapes[dim - 1], 3);
        const rg_outcome_fields *f = &made->outcome.fields;
        write_ok(made, "out");
        const ptrdiff_t vector[] = {dim, shapes[dim - 1][0], shapes[dim - 1][1], shapes[dim - 1][2]};
        const struct {
            const char *name;
            int is_vector;
            const double *data;
        } member[] = {{"p_end", 0, f->density},
                      {"q_full", 0, f->marginal[RG_FULL]},
                      {"q_gradient", 0, f->marginal[RG_GRADIENT]},
                      {"q_solenoidal", 0, f->marginal[RG_SOLENOIDAL]},
                      {"q_none", 0, f->marginal[RG_NONE]},
                      {"score", 1, f->score},
                      {"error", 1, f->error},
                      {"gradient", 1, f->gradient},
                      {"solenoidal", 1, f->solenoidal}};
        for (size_t k = 0; k < COUNT_OF(member); k++)
            check_member(member[k].name, dim + member[k].is_vector, vector + !member[k].is_vector, member[k].data);
        for (int a = 0; a < dim; a++) check_axis(&made->outcome.grid, a);
        char **names;
        size_t count;
        assert_int_equal(rg_array_list_npz(scratch_path("out/fields.npz"), &names, &count, NULL), RG_OK);
        assert_int_equal(count, COUNT_OF(member) + (size_t)dim);
        rg_free(names);
        remove_tree("out");
        made_free(made);
    }
}

/* ---- figures */

static void check_png(const char *name) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, scratch_path(name)));
    assert_true(image.width > 500 && image.height > 200);
    png_image_free(&image);
}

/* Text chunks are stored as they are. */
static void check_holds(const char *name, const char *text) {
    size_t size;
    char *bytes = bytes_of(name, &size);
    const size_t length = strlen(text);
    int found = 0;
    for (size_t i = 0; !found && i + length <= size; i++) found = memcmp(bytes + i, text, length) == 0;
    free(bytes);
    if (!found) fail_msg("no \"%s\" in %s", text, name);
}

static void figures_are_pictures_that_say_where_they_are_from(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {{9}, {7, 4}, {6, 5, 4}};
    static const char *const figures[] = {"out/figures/marginals.png", "out/figures/errors.png"};
    for (int dim = 2; dim <= RG_MAX_DIM; dim++) {
        struct made *made = make(dim, shapes[dim - 1], 3);
        strcpy(made->title, "Two <bumps> & more");
        char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, made->resolved, -1);
        write_ok(made, "out");
        for (size_t i = 0; i < COUNT_OF(figures); i++) {
            check_png(figures[i]);
            check_holds(figures[i], "Two <bumps> & more");
            check_holds(figures[i], "rotgrad 0.1.0");
            check_holds(figures[i], hash);
        }
        g_free(hash);
        remove_tree("out");
        made_free(made);
    }
}

static void one_dimension_has_no_figures_and_says_so(void **state) {
    (void)state;
    struct made *made = make(1, (const ptrdiff_t[]){9}, 3);
    write_ok(made, "out");
    assert_false(exists("out/figures"));
    assert_true(exists("out/fields.npz"));
    json_t *json = parsed(made);
    assert_non_null(json_string_value(at(json, "figures_note")));
    json_decref(json);
    remove_tree("out");
    made_free(made);
}

/* Fields that are 0, clipped, not finite or far apart must not cost the user the report. */
static void figures_bear_strange_fields(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {{9}, {7, 4}, {6, 5, 4}};
    for (int dim = 2; dim <= RG_MAX_DIM; dim++) {
        struct made *made = make(dim, shapes[dim - 1], 30);
        const ptrdiff_t n = rg_grid_cells(&made->outcome.grid);
        rg_outcome_fields *f = &made->outcome.fields;
        for (ptrdiff_t i = 0; i < n; i++) f->marginal[RG_GRADIENT][i] = 0;
        for (ptrdiff_t i = 0; i < n; i++) f->marginal[RG_NONE][i] = f->density[i];
        memset(f->gradient, 0, (size_t)(dim * n) * sizeof(double));
        f->error[2] = HUGE_VAL;
        f->marginal[RG_FULL][1] = nan("");
        write_ok(made, "out");
        remove_tree("out");
        memset(f->error, 0, (size_t)(dim * n) * sizeof(double));
        memset(f->solenoidal, 0, (size_t)(dim * n) * sizeof(double));
        write_ok(made, "out");
        remove_tree("out");
        made_free(made);
    }
}

/* A huge error where there is no mass to speak of takes the colour of the end of the scale: how huge it is shows
 * nowhere. */
static void errors_without_mass_do_not_set_the_scale(void **state) {
    (void)state;
    struct made *made = make(2, (const ptrdiff_t[]){12, 10}, 12);
    rg_outcome_fields *f = &made->outcome.fields;
    ptrdiff_t rarest = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(&made->outcome.grid); i++)
        if (f->density[i] < f->density[rarest]) rarest = i;
    f->error[rarest] = 1e5;
    f->marginal[RG_FULL][rarest] = 1e3 * f->density[rarest];
    write_ok(made, "a");
    f->error[rarest] = 1e9;
    f->marginal[RG_FULL][rarest] = 2e3 * f->density[rarest];
    write_ok(made, "b");
    f->error[rarest] = f->error[12 * 10 + rarest] = 0;
    write_ok(made, "c");
    assert_true(same_bytes("a/figures/errors.png", "b/figures/errors.png"));
    assert_false(same_bytes("a/figures/errors.png", "c/figures/errors.png"));
    for (const char *name = "abc"; *name; name++) remove_tree((const char[]){*name, '\0'});
    made_free(made);
}

/* The planes go through the densest point: a cell on none of them shows nowhere, one on one of them does. */
static void planes_go_through_the_densest_point(void **state) {
    (void)state;
    struct made *made = make(3, (const ptrdiff_t[]){6, 5, 4}, 3);
    double *density = made->outcome.fields.density, *ratio = made->outcome.fields.marginal[RG_SOLENOIDAL];
    density[(1 * 5 + 3) * 4 + 2] = 2; /* at 1, 3, 2 */
    write_ok(made, "a");
    ratio[(2 * 5 + 2) * 4 + 1] *= 1.01;
    write_ok(made, "b");
    assert_true(same_bytes("a/figures/marginals.png", "b/figures/marginals.png"));
    const ptrdiff_t on[] = {(1 * 5 + 2) * 4 + 1, (2 * 5 + 3) * 4 + 1, (2 * 5 + 2) * 4 + 2};
    for (size_t k = 0; k < COUNT_OF(on); k++) {
        const double before = ratio[on[k]];
        ratio[on[k]] *= 1.3;
        write_ok(made, "c");
        assert_false(same_bytes("a/figures/marginals.png", "c/figures/marginals.png"));
        ratio[on[k]] = before;
        remove_tree("c");
    }
    remove_tree("a");
    remove_tree("b");
    made_free(made);
}

/* ---- the folder */

static const char *const files[] = {"report.json",           "levels.csv",         "fields.npz",
                                    "figures/marginals.png", "figures/errors.png", "report.html"};

static void equal_outcomes_are_equal_bytes(void **state) {
    (void)state;
    struct made *made = make_2d();
    write_ok(made, "a");
    write_ok(made, "b");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[2][64];
        for (int k = 0; k < 2; k++) snprintf(path[k], sizeof path[k], "%c/%s", 'a' + k, files[i]);
        assert_true(same_bytes(path[0], path[1]));
    }
    size_t size;
    char *file = bytes_of("a/report.json", &size), *text = NULL;
    assert_int_equal(rg_outcome_json(&made->outcome, &made->experiment, command, &text), RG_OK);
    assert_int_equal(size, strlen(text) + 1);
    assert_memory_equal(file, text, size - 1);
    rg_free(text);
    free(file);
    remove_tree("a");
    remove_tree("b");
    made_free(made);
}

static void check_title(const char *name, const char *title) {
    json_t *json = json_load_file(scratch_path(name), 0, NULL);
    check_text(json, "title", title);
    json_decref(json);
}

static void earlier_reports_are_replaced_by_force_alone(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(mkdir(scratch_path("out"), 0777), 0);
    write_ok(made, "out/"); /* an empty folder is as good as none */
    strcpy(made->title, "second");
    assert_int_equal(write_report(made, "out", 0, &d), RG_EINVAL);
    assert_non_null(strstr(d.text, "--force"));
    check_title("out/report.json", "Two bumps");
    assert_int_equal(write_report(made, "out//", 1, NULL), RG_OK);
    check_title("out/report.json", "second");
    remove_tree("out");
    assert_int_equal(scratch_clear(), 0);
    made_free(made);
}

static void other_folders_are_never_replaced(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(mkdir(scratch_path("out"), 0777), 0);
    assert_int_equal(scratch_write(scratch_path("out/thesis.tex"), "x", 1), 0);
    assert_int_equal(write_report(made, "out", 1, &d), RG_EINVAL);
    assert_int_equal(write_report(made, "out/thesis.tex", 1, NULL), RG_EIO);
    assert_int_equal(write_report(made, "none/out", 1, NULL), RG_EIO);
    assert_int_equal(rg_outcome_write(&made->outcome, &made->experiment, "", 0, NULL, NULL), RG_EINVAL);
    assert_true(exists("out/thesis.tex"));
    remove_tree("out");
    assert_int_equal(scratch_clear(), 0);
    made_free(made);
}

/* A limit on the size of files stands in for a full disk; the arrays are the first to exceed it. */
static void full_disk_leaves_the_earlier_report_and_nothing_else(void **state) {
    (void)state;
    struct made *made = make(2, (const ptrdiff_t[]){64, 60}, 3);
    struct rlimit before, limit;
    rg_diagnostic d = {RG_OK, ""};
    write_ok(made, "out");
    strcpy(made->title, "second");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    limit = before;
    limit.rlim_cur = 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const rg_status replacing = write_report(made, "out", 1, &d), making = write_report(made, "new", 0, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(replacing, RG_EIO);
    assert_int_equal(making, RG_EIO);
    assert_non_null(strstr(d.text, "fields.npz"));
    check_title("out/report.json", "Two bumps");
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char path[64];
        snprintf(path, sizeof path, "out/%s", files[i]);
        assert_true(exists(path));
    }
    remove_tree("out");
    assert_int_equal(scratch_clear(), 0);
    made_free(made);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {{9}, {4, 5}};
    for (int dim = 1; dim <= 2; dim++) {
        struct made *made = make(dim, shapes[dim - 1], 3);
        made->outcome.frames.count = 2; /* one as it stands on the page, one in the list */
        int failures = 0;
        for (rg_status status = RG_ENOMEM; status != RG_OK; failures++) {
            rg_alloc_fail_after(failures);
            status = write_report(made, "out", 0, NULL);
            rg_alloc_fail_after(-1);
            assert_true(status == RG_OK || status == RG_ENOMEM);
            assert_int_equal(exists("out"), status == RG_OK);
            remove_tree("out");
            assert_int_equal(scratch_clear(), 0);
        }
        assert_true(failures > 5);
        made_free(made);
    }
}

/* ---- the page */

static char *page_of(const struct made *made) {
    size_t size;
    write_ok(made, "out");
    char *page = bytes_of("out/report.html", &size);
    assert_int_equal(strlen(page), size);
    assert_true(g_utf8_validate(page, -1, NULL));
    remove_tree("out");
    return page;
}

/* Where `text` stands behind `from`. */
static const char *find(const char *from, const char *text) {
    const char *found = strstr(from, text);
    if (!found) fail_msg("no %s in the page, or not in its place", text);
    return found;
}

static int count(const char *page, const char *text) {
    int found = 0;
    for (; (page = strstr(page, text)); page += strlen(text)) found++;
    return found;
}

static void the_page_answers_first_and_lists_violated_claims_first(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    o->divergence[RG_KL][RG_FULL] = (rg_value){0.0058904, 1.17e-6};
    o->gradient_bound.value = 2 * 0.0058904;
    o->girsanov_bound.value = 87 * 0.0058904;
    o->prior_kl = (rg_value){2.3e-31, 1.7e-31};
    char *page = page_of(made);
    static const char *const order[] = {"<bdi>Two bumps</bdi>",
                                        "The sampler sees 25 % of the score error; the rest is invisible to it.",
                                        "Sampling with it costs KL(p|q) = 0.0058904(12) nats.",
                                        "The gradient bound is 2 times that, the Girsanov bound 87 times.",
                                        "1 of 3 claims violated",
                                        "1 of 3 claims undecided",
                                        "1 of 3 claims holds",
                                        "<tr class=\"violated\">",
                                        "#sign-violated",
                                        ">violated</span>",
                                        "\xe2\x88\xab\xe2\x80\xaf"
                                        "E<sub>p</sub>|\xe2\x88\x87\xcf\x86|\xc2\xb2 dv",
                                        "0.367384(73)",
                                        "0.426288(85)",
                                        "<tr class=\"undecided\">",
                                        ">undecided</span>",
                                        "<tr class=\"holds\">",
                                        ">holds</span>",
                                        "KL(q|p)",
                                        "2.3(17)\xe2\x80\x89\xc3\x97\xe2\x80\x89"
                                        "10<sup>\xe2\x88\x92"
                                        "31</sup>",
                                        "0.200000(1)</td><td class=\"number\">25 %"};
    const char *at = page;
    for (size_t i = 0; i < COUNT_OF(order); i++) at = find(at, order[i]);
    assert_null(strstr(page, "Resolution alarm"));
    free(page);
    o->resolution_alarm = 1;
    strcpy(o->resolution_note, "sigma_min is 1.22 grid cells & more");
    page = page_of(made);
    find(find(page, "Resolution alarm."), "sigma_min is 1.22 grid cells &amp; more");
    assert_true(strstr(page, "Resolution alarm.") < strstr(page, "<table"));
    free(page);
    made_free(made);
}

static void the_page_escapes_what_users_wrote(void **state) {
    (void)state;
    struct made *made = make_2d();
    strcpy(made->title, "</title><script>alert(1)</script>\" onload='x' &amp; <b> {{title}} \x01\xff");
    strcpy(made->path[0], "</code><img src=x>.npy");
    strcpy(made->resolved, "{\"k\": \"</pre><script>x\"}");
    char *page = page_of(made);
    assert_int_equal(count(page, "<script"), 1);
    assert_int_equal(count(page, "</pre>"), 1);
    assert_null(strstr(page, "<b>"));
    assert_int_equal(count(page, "<img src=x"), 0);
    assert_int_equal(count(page,
                           "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp; "
                           "&lt;b&gt; {{title}} \xef\xbf\xbd\xef\xbf\xbd"),
                     2);
    find(page, "&lt;/code&gt;&lt;img src=x&gt;.npy");
    find(page, "{&quot;k&quot;: &quot;&lt;/pre&gt;&lt;script&gt;x&quot;}");
    free(page);
    made->title[0] = '\0';
    page = page_of(made);
    find(page, "<title>Untitled experiment</title>");
    free(page);
    made_free(made);
}

/* Between two texts, freed by g_free. */
static char *between(const char *page, const char *begin, const char *end) {
    const char *from = find(page, begin) + strlen(begin);
    return g_strndup(from, (gsize)(find(from, end) - from));
}

static void check_hash(const char *page, const char *text) {
    guint8 digest[32];
    gsize size = sizeof digest;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_get_digest(checksum, digest, &size);
    char *base64 = g_base64_encode(digest, size), *wanted = g_strdup_printf("'sha256-%s'", base64);
    find(page, wanted);
    g_free(wanted);
    g_free(base64);
    g_checksum_free(checksum);
}

static void the_page_needs_nothing_else(void **state) {
    (void)state;
    struct made *made = make_2d();
    char *page = page_of(made), *policy = between(page, "Content-Security-Policy\" content=\"", "\"");
    static const char *const never[] = {"http:", "https:", "@import", "url(", "{{", "<link", " style=\"", "onclick"};
    for (size_t i = 0; i < COUNT_OF(never); i++) assert_null(strstr(page, never[i]));
    assert_int_equal(count(page, " src=\""), count(page, " src=\"data:image/"));
    assert_int_equal(count(page, " href=\""), count(page, " href=\"#"));
    assert_int_equal(count(page, "<img "), count(page, " alt=\""));
    assert_true(g_str_has_prefix(policy, "default-src 'none'; img-src data:; style-src 'sha256-"));
    char *script = between(page, "<script>", "</script>"), *style = between(page, "<style>", "</style>");
    assert_true(strlen(script) > 500 && strlen(style) > 500);
    check_hash(policy, script);
    check_hash(policy, style);
    g_free(style);
    g_free(script);
    g_free(policy);
    free(page);
    made_free(made);
}

static void the_page_shows_every_frame_the_last_one_first(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {{9}, {7, 4}, {6, 5, 4}};
    for (int dim = 1; dim <= RG_MAX_DIM; dim++) {
        struct made *made = make(dim, shapes[dim - 1], 3);
        char *page = page_of(made);
        assert_int_equal(count(page, "<figure class=\"frame\""), LEVELS);
        assert_int_equal(count(page, "data:image/png"), LEVELS + (dim > 1 ? 2 : 0));
        assert_int_equal(count(page, "data:image/svg+xml"), 3);
        const char *at = find(page, "max=\"2\" step=\"1\" value=\"2\"");
        at = find(at, "data-frame=\"2\" data-sigma=\"0.833\"");
        at = find(at, "<details id=\"others\">");
        at = find(at, "data-frame=\"0\" data-sigma=\"2.5\"");
        at = find(at, "<dt>\xcf\x83</dt> <dd>2.5</dd>");
        at = find(at, "<dt>KL(p|q) so far</dt> <dd>0.1</dd>");
        find(at, "data-frame=\"1\" data-sigma=\"1.25\"");
        assert_int_equal(strstr(page, "Each row shows the plane x<sub>0</sub> = 0.783, ") != NULL, dim == RG_MAX_DIM);
        free(page);
        made->outcome.frames.count = 1;
        page = page_of(made);
        assert_null(strstr(page, "<details id=\"others\">"));
        free(page);
        made->outcome.frames.count = 0;
        page = page_of(made);
        find(page, "This run kept no fields of its noise levels.");
        free(page);
        made_free(made);
    }
}

/* In the words of the experiment: 0.783 is 44.9 degrees. */
static void the_page_names_the_axes_of_its_planes(void **state) {
    (void)state;
    static char name[] = "\xcf\x86<sub>1</sub> &lt;";
    struct made *made = make(3, (const ptrdiff_t[]){6, 5, 4}, 2);
    made->experiment.axis_name[0] = name;
    made->experiment.degrees = 1;
    char *page = page_of(made);
    find(page, "Each row shows the plane \xcf\x86_1 &lt; = 44.9\xc2\xb0, x<sub>1</sub> = ");
    free(page);
    made->experiment.axis_name[0] = NULL;
    made_free(made);
}

/* Of an image of grey levels: the first row with a run of `length` dark pixels, and where that starts. */
static int first_line(const png_byte *grey, int width, int height, int length, int *start) {
    for (int y = 0; y < height; y++)
        for (int x = 0, run = 0; x < width; x++) {
            run = grey[y * width + x] < 100 ? run + 1 : 0;
            *start = x - length + 1;
            if (run == length) return y;
        }
    fail_msg("no line of %d pixels", length);
    return 0;
}

/* The title stands above the middle of the first frame, whose upper side is the first long line of the picture. */
static void the_maps_of_a_frame_have_titles(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {[2] = {7, 7}, {6, 6, 6}};
    for (int dim = 2; dim <= RG_MAX_DIM; dim++) {
        struct made *made = make(dim, shapes[dim], 3);
        char *page = page_of(made), *text = between(find(page, "data-frame=\"2\""), "image/png;base64,", "\"");
        gsize size;
        guchar *bytes = g_base64_decode(text, &size);
        png_image image = {.version = PNG_IMAGE_VERSION};
        assert_true(png_image_begin_read_from_memory(&image, bytes, size));
        image.format = PNG_FORMAT_GRAY;
        png_byte *grey = calloc(PNG_IMAGE_SIZE(image), 1);
        assert_true(png_image_finish_read(&image, NULL, grey, 0, NULL));
        const int width = (int)image.width, length = 70;
        int start, dark = 0;
        const int top = first_line(grey, width, (int)image.height, length, &start);
        for (int y = 0; y < top - 3; y++)
            for (int x = start + 10; x < start + 140; x++) dark += grey[y * width + x] < 100;
        assert_true(dark > 5);
        free(grey);
        g_free(bytes);
        g_free(text);
        free(page);
        made_free(made);
    }
}

static void the_page_bears_strange_frames(void **state) {
    (void)state;
    static const ptrdiff_t shapes[][RG_MAX_DIM] = {{9}, {7, 4}, {6, 5, 4}};
    static const float strange[] = {0, -745, NAN, INFINITY, 1e-30f, 1e30f};
    for (int dim = 1; dim <= RG_MAX_DIM; dim++) {
        struct made *made = make(dim, shapes[dim - 1], 3);
        rg_outcome_frames *f = &made->outcome.frames;
        for (size_t s = 0; s < COUNT_OF(strange); s++)
            for (size_t k = 0; k < RG_FRAME_FIELDS; k++) {
                float *value = f->value + k * f->cells, *before = g_memdup2(value, f->cells * sizeof *value);
                for (size_t i = 0; i < f->cells; i++) value[i] = strange[s];
                free(page_of(made));
                memcpy(value, before, f->cells * sizeof *value);
                g_free(before);
            }
        made_free(made);
    }
}

/* Without an error, without churn, with one level: charts that have nothing to show give way to a sentence. */
static void the_page_bears_levels_with_nothing_to_show(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    for (int k = 0; k < LEVELS; k++) {
        made->level[k].total = made->level[k].gradient = made->level[k].solenoidal = made->level[k].flat_total = 0;
        made->level[k].gradient_bound = made->level[k].girsanov_bound = HUGE_VAL;
        made->level[k].harmonic = nan("");
    }
    char *page = page_of(made);
    find(page, "No chart of the energies: fewer than two levels have a value to show.");
    find(page, "No chart of the gradient share: ");
    find(page, "<td class=\"number\">infinite</td>");
    find(page, "<td class=\"number\">unknown</td>");
    assert_int_equal(count(page, "data:image/svg+xml"), 1);
    free(page);
    o->levels = o->frames.count = 1;
    o->claims = 0;
    page = page_of(made);
    find(page, "No claim was checked.");
    assert_int_equal(count(page, "data:image/svg+xml"), 0);
    free(page);
    made_free(made);
}

/* ---- the table */

static char *table_of(const struct made *made) {
    char *text = NULL;
    assert_int_equal(rg_outcome_table(&made->outcome, &made->experiment, &text), RG_OK);
    return text;
}

static int columns_of(const char *line) {
    int columns = 0;
    for (; *line; line = g_utf8_next_char(line)) columns += g_unichar_iswide(g_utf8_get_char(line)) ? 2 : 1;
    return columns;
}

static void check_width(const char *text) {
    assert_true(g_utf8_validate(text, -1, NULL));
    char **line = g_strsplit(text, "\n", -1);
    for (char **l = line; *l; l++)
        if (columns_of(*l) > WIDTH) fail_msg("%d columns: %s", columns_of(*l), *l);
    g_strfreev(line);
}

/* Spaces and line ends count as one space each run. */
static void check_says(const char *text, const char *wanted) {
    char *flat = g_strdup(text), *to = flat;
    for (const char *from = text; *from; from++)
        if (!g_ascii_isspace(*from))
            *to++ = *from;
        else if (to > flat && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
    if (!strstr(flat, wanted)) fail_msg("no \"%s\" in\n%s", wanted, text);
    g_free(flat);
}

static void check_table(const struct made *made, const char *wanted) {
    char *text = table_of(made);
    check_says(text, wanted);
    check_width(text);
    rg_free(text);
}

/* ---- harm */

/* The sentence with the region inside the box and over its edge, in degrees or not; its warning; and where there is
 * nothing to say. */
static void harm_says_where_and_how_far_to_trust_it(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    rg_outcome_harm *h = &o->harm;
    o->divergence[RG_KL][RG_FULL] = (rg_value){0.0058904, 1.17e-6};
    o->linear_kl = (rg_value){0.0055, 1e-6};
    *h = (rg_outcome_harm){.known = 1,
                           .attributed_kl = {0.0055, 2e-6},
                           .band_low = 0.1,
                           .band_high = 0.2,
                           .band_share = 0.62,
                           .region_axis = 1,
                           .region_low = o->grid.lower[1] + 0.25 * o->grid.length[1],
                           .region_high = o->grid.lower[1] + 0.5 * o->grid.length[1],
                           .region_share = 0.41};
    char *said = rg_report_harm(o, &made->experiment);
    const rg_report_text low = rg_report_three_digits(h->region_low), high = rg_report_three_digits(h->region_high);
    char *expected =
        g_strdup_printf("62 %% of it comes from sigma 0.1 to 0.2, and 41 %% of that from x1 from %s to %s. "
                        "By linear response, whose KL is 0.0055000(10) nats, 6.63 %% too low.",
                        low.text, high.text);
    assert_string_equal(said, expected);
    check_table(made, said);
    g_free(said);
    g_free(expected);
    h->region_high += 0.75 * o->grid.length[1]; /* a quarter of the way round again */
    o->linear_kl.value = 0.0075;
    said = rg_report_harm(o, &made->experiment);
    expected = g_strdup_printf("x1 from %s over the edge to %s. By linear response, whose KL is 0.0075000(10) nats, "
                               "27.3 %% too high: only a hint here.",
                               low.text, low.text);
    assert_non_null(strstr(said, expected));
    g_free(said);
    g_free(expected);
    h->attributed_kl.error = 0.0012; /* more than a fifth */
    assert_null(rg_report_harm(o, &made->experiment));
    h->known = 0;
    assert_null(rg_report_harm(o, &made->experiment));
    made_free(made);
}

static void harm_is_reported_where_it_is_known(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    o->linear_kl = (rg_value){nan(""), nan("")};
    char *page = page_of(made);
    assert_null(strstr(page, "What the error at each level costs"));
    free(page);
    json_t *json = parsed(made);
    assert_true(json_is_null(at(json, "harm.linear_kl.value")));
    assert_true(json_is_null(at(json, "harm.sentence")) && json_is_null(at(json, "harm.band")));
    assert_int_equal(json_array_size(at(json, "harm.intervals")), 0);
    check_text(json, "harm.note", "attribution needs churn 1 and the exact prior");
    json_decref(json);
    rg_harm_interval interval[] = {{0.1, 0.2, 0.5, 0.7, -0.2}, {0.2, 0.4, 0.25, 0.25, 0}};
    o->linear_kl = value_of(80);
    o->observability = value_of(81);
    o->harm = (rg_outcome_harm){.known = 1,
                                .attributed_kl = value_of(82),
                                .intervals = 2,
                                .interval = interval,
                                .map = o->fields.density,
                                .band_low = 0.1,
                                .band_high = 0.2,
                                .band_share = 0.75,
                                .region_axis = 0,
                                .region_low = 1.5,
                                .region_high = 2.5,
                                .region_share = 0.5};
    json = parsed(made);
    check_value(json, "harm.linear_kl", o->linear_kl);
    check_value(json, "harm.observability", o->observability);
    check_value(json, "harm.attributed_kl", o->harm.attributed_kl);
    assert_true(json_real_value(at(json, "harm.intervals.0.negative")) == -0.2);
    assert_true(json_real_value(at(json, "harm.intervals.1.sigma.1")) == 0.4);
    assert_true(json_real_value(at(json, "harm.band.sigma.0")) == 0.1);
    assert_true(json_real_value(at(json, "harm.region.interval.1")) == 2.5);
    json_decref(json);
    page = page_of(made);
    find(find(page, "energy of the score error, of its"),
         "alt=\"Line chart over the noise level: what the score error costs");
    find(page, "What the error at each level costs, by linear response");
    find(page, "<dt>harm here</dt> <dd>0.02 nats per d log");
    free(page);
    write_ok(made, "out");
    check_member("harm", 2, o->grid.shape, o->fields.density);
    remove_tree("out");
    made_free(made);
}

/* The chart that stands behind `alt`, as text; freed by g_free. */
static char *chart_behind(const char *page, const char *alt) {
    char *base64 = between(find(page, alt), "data:image/svg+xml;base64,", "\"");
    gsize size;
    char *svg = (char *)g_base64_decode(base64, &size), *text = g_strndup(svg, size);
    g_free(base64);
    g_free(svg);
    return text;
}

/* The next line drawn in a colour of the palette: up to `room` points, x and y in turn. */
static int read_line(const char **at, const char *colour, int room, double *points) {
    char *pen = g_strdup_printf("stroke-width:1;stroke-linecap:round;stroke-linejoin:round;stroke:rgb(%s)", colour);
    int count = 0;
    *at = find(find(*at, pen), "d=\"M ") + strlen("d=\"M ");
    for (char *end; count < 2 * room && **at != '"'; count++, *at = end + strspn(end, " L"))
        points[count] = g_ascii_strtod(*at, &end);
    g_free(pen);
    assert_int_equal(**at, '"');
    return count / 2;
}

/* The harm chart is its numbers: total, what adds and what takes away, in this order from the palette and in the legend, over
 * the logarithm of sigma and linear between 5 % beyond the least and the greatest; dots on the total alone. Cairo writes
 * six decimals of 1/256 point. Its text is that of 1.16 (Debian 12): from 1.17.6 on it has attributes in place of styles. */
static void the_harm_chart_draws_its_numbers(void **state) {
    (void)state;
    if (cairo_version() >= CAIRO_VERSION_ENCODE(1, 17, 6)) skip();
    static const char *const colour[] = {"0%,44.705882%,69.803922%", "83.529412%,36.862745%,0%",
                                         "0%,61.960784%,45.098039%"};
    static const double harm[][LEVELS] = {{0.31, -0.17, 1.03}, {0.42, 0.29, 1.61}, {-0.11, -0.46, -0.58}};
    static const int letters[] = {5, 4, 10};
    struct made *made = make_2d();
    for (int k = 0; k < LEVELS; k++) made->level[k].harm = (rg_harm_level){harm[0][k], harm[1][k], harm[2][k]};
    made->outcome.harm =
        (rg_outcome_harm){.known = 1, .attributed_kl = value_of(82), .map = made->outcome.fields.density};
    char *page = page_of(made), *svg = chart_behind(page, "what the score error costs");
    const char *at = svg;
    const double height = 135 / (1.1 * (1.61 + 0.58)), width = 180 / log(LEVELS); /* a unit of either axis */
    double first[2] = {0};
    for (int c = 0; c < 3; c++) {
        double points[2 * LEVELS];
        assert_int_equal(read_line(&at, colour[c], LEVELS, points), LEVELS);
        if (c == 0) memcpy(first, points, sizeof first);
        for (int k = 0; k < LEVELS; k++) { /* the frame is rounded up to half a point */
            assert_true(fabs(points[2 * k] - first[0] + width * log(k + 1)) < 0.5);
            assert_true(fabs(points[2 * k + 1] - first[1] + height * (harm[c][k] - harm[0][0])) < 0.5);
        }
        assert_int_equal(count(at, "stroke-width:3.4"), c == 0 ? LEVELS + 1 : 1); /* and in the legend */
    }
    for (int c = 0; c < 3; c++) {
        double sample[4];
        assert_int_equal(read_line(&at, colour[c], 2, sample), 2);
        assert_true(sample[1] == sample[3]);
        char *label = g_strndup(at, c < 2 ? (gsize)(find(at, colour[c + 1]) - at) : strlen(at));
        assert_int_equal(count(label, "<use "), letters[c]); /* total, adds, takes away */
        g_free(label);
    }
    g_free(svg);
    free(page);
    made_free(made);
}

static void the_table_answers_first(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    o->divergence[RG_KL][RG_FULL] = (rg_value){0.0058904, 1.17e-6};
    o->gradient_bound.value = 2 * 0.0058904;
    o->girsanov_bound.value = 87 * 0.0058904;
    o->prior_kl = (rg_value){0.0012345, 1.1e-6};
    static const char *const said[] = {
        "Two bumps The sampler sees 25 % of the score error; the rest is invisible to it. "
        "Sampling with it costs KL(p|q) = 0.0058904(12) nats; the prior starts with 0.0012345(11). "
        "The gradient bound is 2 times that, the Girsanov bound 87 times. "
        "grid 7 x 4, sigma 2.5 down to 0.08, churn 1, prior exact, ratio form, tolerance 1e-06 ",
        "KL(p|q) KL(q|p) TV chi2 Hellinger2 full error 0.0058904(12) ",
        "gradient part 0.200000(1) 25 % solenoidal part 0.600000(3) 75 % ",
        "VIOLATED 0.367384(73) <= 0.426288(85) KL(p|q) <= KL(p_T|pi) + c^2/(4D) int E_p|grad phi|^2 dv undecided ",
        "312 steps (4 rejected), 1250 splits in 8123 iterations, 2.44 cells per sigma, 48.2 s, 210 MB "};
    for (size_t i = 0; i < COUNT_OF(said); i++) check_table(made, said[i]);
    o->prior_kl = (rg_value){2.3e-31, 1.7e-31};
    check_table(made, " costs KL(p|q) = 0.0058904(12) nats. The gradient bound ");
    made_free(made);
}

static void the_table_knows_when_there_is_nothing_to_tell(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    o->energy[RG_ENERGY_GRADIENT] = (rg_value){1e-15, 3e-12};
    o->divergence[RG_KL][RG_FULL] = (rg_value){2e-14, 5e-13};
    o->girsanov_bound = (rg_value){0.4, 2e-6};
    o->claim[0].lhs = o->claim[0].rhs = (rg_value){1.234567e-123, 1.2e-127};
    check_table(made,
                "The sampler sees nothing of the score error (below 2.81e-10 % of its energy). Sampling with it costs "
                "nothing that can be measured: KL(p|q) = 0.2(50)e-13 nats. The gradient bound allows ");
    o->gradient_bound = o->girsanov_bound = (rg_value){HUGE_VAL, 0};
    check_table(made, " Neither bound says anything here: without churn both are infinite. ");
    memset(o->energy, 0, sizeof o->energy);
    check_table(made, "There is no score error. ");
    o->resolution_alarm = 1;
    strcpy(o->resolution_note, "sigma_min is 1.22 grid cells: below 1.6 the smoothed samples are not resolved; refine");
    check_table(made, " RESOLUTION ALARM: sigma_min is 1.22 grid cells: ");
    made_free(made);
}

static void numbers_end_where_their_error_begins(void **state) {
    (void)state;
    const struct {
        rg_value value;
        const char *text;
    } number[] = {{{0.0058904, 1.17e-6}, "0.0058904(12)"},
                  {{5.8904e-9, 3.2e-13}, "5.89040(32)e-09"},
                  {{-5.8904e-9, 3.2e-10}, "-5.89(32)e-09"},
                  {{0, 0}, "0"},
                  {{0, 3.4e-17}, "0.0(34)e-17"},
                  {{0.5, 0}, "0.500000"},
                  {{12345.678, 0.5}, "12345.7(5)"},
                  {{2, 30}, "2(30)"},
                  {{123456789, 10}, "1.23457(1)e+08"},
                  {{9.9999999, 1.2e-3}, "10.0000(12)"},
                  {{1.5e-300, 2.3e-303}, "1.5000(23)e-300"},
                  {{4.9e-324, 0}, "0"},
                  {{1, 1e300}, "0.0(10)e+300"},
                  {{nan(""), 1}, "unknown"},
                  {{HUGE_VAL, 0}, "infinite"},
                  {{0.25, nan("")}, "0.25(?)"}};
    struct made *made = make_2d();
    for (size_t i = 0; i < COUNT_OF(number); i++) {
        char wanted[64];
        made->outcome.divergence[RG_KL][RG_NONE] = number[i].value;
        snprintf(wanted, sizeof wanted, " no error %s 0.084645(17) ", number[i].text);
        check_table(made, wanted);
    }
    made_free(made);
}

static void long_texts_are_wrapped(void **state) {
    (void)state;
    struct made *made = make_2d();
    rg_outcome *o = &made->outcome;
    char statement[400];
    memset(statement, 'x', sizeof statement - 1);
    statement[sizeof statement - 1] = '\0';
    o->claim[1].statement = statement;
    for (int k = 0; k < RG_DIVERGENCES; k++) o->divergence[k][RG_FULL] = (rg_value){-1.234567e-123, 1.2e-128};
    for (size_t k = 0; k + 4 < sizeof made->title; k += 3) strcpy(made->title + k, k % 7 ? "\xe8\xa7\x92" : "  \t");
    check_table(made, "xxxxx");
    strcpy(made->title, "a\x1b[31mb\xff");
    check_table(made, "a?[31mb\xef\xbf\xbd The sampler");
    made_free(made);
}

static void what_is_missing_is_refused(void **state) {
    (void)state;
    struct made *made = make_2d();
    char *text = NULL;
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(rg_outcome_json(NULL, &made->experiment, NULL, &text), RG_EINVAL);
    assert_int_equal(rg_outcome_json(&made->outcome, NULL, NULL, &text), RG_EINVAL);
    assert_int_equal(rg_outcome_table(NULL, &made->experiment, &text), RG_EINVAL);
    assert_int_equal(rg_outcome_table(&made->outcome, NULL, &text), RG_EINVAL);
    assert_int_equal(rg_outcome_write(NULL, &made->experiment, scratch_path("out"), 0, NULL, &d), RG_EINVAL);
    assert_int_equal(rg_outcome_write(&made->outcome, NULL, scratch_path("out"), 0, NULL, &d), RG_EINVAL);
    assert_null(text);
    made_free(made);
}

static int setup(void **state) {
    return setenv("SOURCE_DATE_EPOCH", "1234567890", 1) == 0 ? scratch_setup(state) : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divergences_energies_and_bounds_are_there),
        cmocka_unit_test(the_share_carries_its_error),
        cmocka_unit_test(claims_have_both_sides_and_a_verdict),
        cmocka_unit_test(levels_have_every_number),
        cmocka_unit_test(numerics_are_there),
        cmocka_unit_test(provenance_is_there),
        cmocka_unit_test(without_a_command_it_is_null),
        cmocka_unit_test(infinite_bounds_are_null_with_a_note),
        cmocka_unit_test(what_is_no_number_is_null),
        cmocka_unit_test(bytes_that_are_no_text_do_not_break_the_report),
        cmocka_unit_test(the_clock_is_read_when_no_date_is_given),
        cmocka_unit_test(the_table_of_levels_reads_back),
        cmocka_unit_test(fields_read_back),
        cmocka_unit_test(figures_are_pictures_that_say_where_they_are_from),
        cmocka_unit_test(one_dimension_has_no_figures_and_says_so),
        cmocka_unit_test(figures_bear_strange_fields),
        cmocka_unit_test(errors_without_mass_do_not_set_the_scale),
        cmocka_unit_test(planes_go_through_the_densest_point),
        cmocka_unit_test(equal_outcomes_are_equal_bytes),
        cmocka_unit_test(earlier_reports_are_replaced_by_force_alone),
        cmocka_unit_test(other_folders_are_never_replaced),
        cmocka_unit_test(full_disk_leaves_the_earlier_report_and_nothing_else),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(the_page_answers_first_and_lists_violated_claims_first),
        cmocka_unit_test(the_page_escapes_what_users_wrote),
        cmocka_unit_test(the_page_needs_nothing_else),
        cmocka_unit_test(the_page_shows_every_frame_the_last_one_first),
        cmocka_unit_test(the_page_names_the_axes_of_its_planes),
        cmocka_unit_test(the_maps_of_a_frame_have_titles),
        cmocka_unit_test(the_page_bears_strange_frames),
        cmocka_unit_test(the_page_bears_levels_with_nothing_to_show),
        cmocka_unit_test(harm_says_where_and_how_far_to_trust_it),
        cmocka_unit_test(harm_is_reported_where_it_is_known),
        cmocka_unit_test(the_harm_chart_draws_its_numbers),
        cmocka_unit_test(the_table_answers_first),
        cmocka_unit_test(the_table_knows_when_there_is_nothing_to_tell),
        cmocka_unit_test(numbers_end_where_their_error_begins),
        cmocka_unit_test(long_texts_are_wrapped),
        cmocka_unit_test(what_is_missing_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
