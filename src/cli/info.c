/* rotgrad info: what is in arrays, archives and experiment files. */
#include "info.h"
#include "cli.h"

#include <rotgrad/argument.h>
#include <rotgrad/experiment.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb = "info";

typedef struct arguments {
    const char **path;
    size_t paths;
    int json;
    int box_axes; /* 0: no --box */
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    json_t *files; /* with --json: one object a file */
} arguments;

static const struct argp_option options[] = {
    {.name = "box", .key = 'x', .arg = "LOWER:LENGTH,...", .doc = "Also the mass (the integral) of arrays on this box"},
    {.name = "json", .key = 'j', .doc = "Print JSON instead of the table"},
    {0},
};

static const cli_option table[] = {{.key = 'j', .kind = CLI_FLAG, .offset = offsetof(arguments, json)}, {0}};

static error_t parse(int key, char *text, struct argp_state *state) {
    arguments *a = state->input;
    rg_diagnostic diagnostic = {0};
    switch (key) {
    case 'x':
        if (rg_argument_box(text, &a->box_axes, a->lower, a->length, &diagnostic))
            argp_error(state, "--box: %s", diagnostic.text);
        return 0;
    case ARGP_KEY_ARG:
        a->path[a->paths++] = text;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected a file");
        return 0;
    default:
        return cli_take(table, a, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "FILE...",
    .doc = "Describes .npy arrays, .npz archives (FILE.npz, or FILE.npz:NAME for one member) and experiment files "
           "(.yaml): "
           "shapes, types, ranges, what they look like and what may be wrong with them. A file that cannot be read "
           "does not keep the others from being described.\v"
           "Example: rotgrad info grids/*.npy grids/mixture_2d.yaml\n\n" CLI_EXIT_CODES ".",
};

static int failed(arguments *a, const char *path, const rg_diagnostic *diagnostic) {
    if (a->json)
        json_array_append_new(a->files,
                              json_pack("{s:o, s:o}", "file", cli_text(path), "error", cli_text(diagnostic->text)));
    return cli_fail(verb, "%s", diagnostic->text);
}

/* ---- arrays */

/* The trapezoidal integral over --box; NaN when the array is not on a grid with as many axes. */
static double mass(const arguments *a, const rg_array *array, const info_summary *s) {
    if (a->box_axes == 0 || array->dim != a->box_axes || array->count == 0) return (double)NAN;
    double cell = 1;
    for (int axis = 0; axis < a->box_axes; axis++) cell *= a->length[axis] / (double)array->shape[axis];
    return s->sum * cell;
}

static json_t *array_json(const arguments *a, const char *path, const rg_array *array) {
    const info_summary s = info_summarise(array);
    const char *hint[INFO_MAX_HINTS];
    const size_t hints = info_hints(array, &s, hint);
    const double m = mass(a, array, &s);
    json_t *list = json_array();
    for (size_t i = 0; i < hints; i++) json_array_append_new(list, json_string(hint[i]));
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o*, s:o}", //
                     "file", cli_text(path), "shape", cli_sizes(array->dim, array->shape), "type", array->type, "order",
                     array->fortran_order ? "Fortran" : "C", "min", cli_real(s.min), "max", cli_real(s.max), "mean",
                     cli_real(s.mean), "sum", cli_real(s.sum), "nan", (json_int_t)s.nan, "infinite",
                     (json_int_t)s.infinite, "zero", (json_int_t)s.zero, "negative", (json_int_t)s.negative, "mass",
                     isnan(m) ? NULL : cli_real(m), "hints", list);
}

static void print_array(const arguments *a, const char *path, const rg_array *array) {
    const info_summary s = info_summarise(array);
    const char *hint[INFO_MAX_HINTS];
    const size_t hints = info_hints(array, &s, hint);
    const double m = mass(a, array, &s);
    printf("%s\n", path);
    printf("  shape     %s, type %s, %s order\n", cli_shape(array->dim, array->shape).text, array->type,
           array->fortran_order ? "Fortran" : "C");
    printf("  range     %.9g to %.9g, mean %.9g\n", s.min, s.max, s.mean);
    printf("  sum       %.9g\n", s.sum);
    if (!isnan(m)) printf("  mass      %.9g\n", m);
    printf("  counts    %zu values: %zu NaN, %zu infinite, %zu zero, %zu negative\n", s.count, s.nan, s.infinite,
           s.zero, s.negative);
    for (size_t i = 0; i < hints; i++) printf("  hint      %s\n", hint[i]);
}

static int show_array(arguments *a, const char *path) {
    rg_diagnostic diagnostic = {0};
    rg_array array = {0};
    if (rg_array_read(path, &array, &diagnostic)) return failed(a, path, &diagnostic);
    if (a->json) {
        json_array_append_new(a->files, array_json(a, path, &array));
    } else {
        print_array(a, path, &array);
    }
    rg_array_free(&array);
    return CLI_DONE;
}

static int show_member(arguments *a, const char *archive, const char *name) {
    const size_t room = strlen(archive) + strlen(name) + 2;
    char *path = malloc(room);
    if (!path) return cli_fail(verb, "out of memory");
    snprintf(path, room, "%s:%s", archive, name);
    const int code = show_array(a, path);
    free(path);
    return code;
}

static int show_archive(arguments *a, const char *path) {
    rg_diagnostic diagnostic = {0};
    char **names = NULL;
    size_t count = 0;
    if (rg_array_list_npz(path, &names, &count, &diagnostic)) return failed(a, path, &diagnostic);
    int code = CLI_DONE;
    for (size_t i = 0; i < count; i++)
        if (show_member(a, path, names[i]) != CLI_DONE) code = CLI_FAILED;
    if (count == 0) {
        snprintf(diagnostic.text, sizeof diagnostic.text, "%.800s: there is no array in the archive", path);
        code = failed(a, path, &diagnostic);
    }
    rg_free(names);
    return code;
}

/* ---- experiments */

static const char *const density_names[] = {
    [RG_DENSITY_MIXTURE] = "mixture of Gaussians",
    [RG_DENSITY_SAMPLES] = "samples",
    [RG_DENSITY_GRID] = "values on a grid",
    [RG_DENSITY_RING] = "ring",
    [RG_DENSITY_TWO_MOONS] = "two moons",
    [RG_DENSITY_CHECKERBOARD] = "checkerboard",
    [RG_DENSITY_CIRCLE] = "circle",
    [RG_DENSITY_FIGURE_EIGHT] = "figure eight",
    [RG_DENSITY_SPHERE] = "sphere",
    [RG_DENSITY_TORUS_KNOT] = "torus knot",
    [RG_DENSITY_CLIFFORD] = "flat torus",
    [RG_DENSITY_POINTS] = "points",
};
static const char *const error_names[] = {
    [RG_ERROR_LEARNED] = "learned score",
    [RG_ERROR_MODES] = "Fourier modes",
    [RG_ERROR_ROTATION] = "rotation",
    [RG_ERROR_RANDOM] = "random field",
    [RG_ERROR_CONSTANT] = "constant",
    [RG_ERROR_FIELD] = "field from a file",
    [RG_ERROR_SCALED] = "multiple of the score",
    [RG_ERROR_WAVES] = "random waves",
};
static const char *const prior_names[] = {
    [RG_PRIOR_EXACT] = "exact", [RG_PRIOR_UNIFORM] = "uniform", [RG_PRIOR_FILE] = "from a file"};
static const char *const form_names[] = {[RG_FORM_RATIO] = "ratio", [RG_FORM_DENSITY] = "density"};

static json_t *experiment_json(const char *path, const rg_experiment *e) {
    json_t *inputs = json_array();
    for (size_t i = 0; i < e->inputs; i++)
        json_array_append_new(
            inputs, json_pack("{s:o, s:s}", "path", cli_text(e->input[i].path), "sha256", e->input[i].sha256));
    return json_pack("{s:o, s:o, s:o}", "file", cli_text(path), "experiment", json_loads(e->resolved, 0, NULL),
                     "inputs", inputs);
}

static void print_density(const rg_density_spec *density) {
    printf("  density   %s", density_names[density->kind]);
    if (density->components) printf(" (%zu)", density->components);
    if (density->samples) printf(" (%zu)", density->samples);
    printf(", background %g\n", density->background);
}

static void print_experiment(const char *path, const rg_experiment *e) {
    printf("%s\n", path);
    if (*e->title) printf("  title     %s\n", e->title);
    if (e->free_space) printf("  space     R^%zu, for rotgrad sample", e->dim);
    if (!e->free_space) printf("  grid      %s, box", cli_shape(e->grid.dim, e->grid.shape).text);
    for (int a = 0; a < e->grid.dim; a++) printf(" [%g, %g)", e->grid.lower[a], e->grid.lower[a] + e->grid.length[a]);
    putchar('\n');
    print_density(&e->density);
    printf("  noise     sigma %g to %g (variance %g to %g), churn %g\n", sqrt(e->variance_min), sqrt(e->variance_max),
           e->variance_min, e->variance_max, e->churn);
    printf("  prior     %s\n", prior_names[e->prior]);
    for (size_t i = 0; i < e->terms; i++) {
        printf("  error     %s", error_names[e->term[i].kind]);
        if (e->term[i].levels) printf(" (%zu noise levels)", e->term[i].levels);
        putchar('\n');
    }
    if (e->terms == 0) puts("  error     none");
    printf("  stepping  %s form, tolerance %g\n", form_names[e->form], e->tolerance);
    for (size_t i = 0; i < e->inputs; i++)
        printf("  input     %s, SHA-256 %.12s...\n", e->input[i].path, e->input[i].sha256);
}

static int show_experiment(arguments *a, const char *path) {
    rg_diagnostic diagnostic = {0};
    rg_experiment experiment = {0};
    if (rg_experiment_read_free(path, NULL, 0, &experiment, &diagnostic)) return failed(a, path, &diagnostic);
    if (a->json) {
        json_array_append_new(a->files, experiment_json(path, &experiment));
    } else {
        print_experiment(path, &experiment);
    }
    rg_experiment_free(&experiment);
    return CLI_DONE;
}

/* ---- the files */

static const struct {
    const char *ending;
    int (*show)(arguments *arguments, const char *path);
} kinds[] = {
    {".yaml", show_experiment},
    {".yml", show_experiment},
    {".npz", show_archive},
    {"", show_array},
};

static int show(arguments *a, const char *path) {
    size_t i = 0;
    for (const size_t length = strlen(path);; i++) {
        const size_t ending = strlen(kinds[i].ending);
        if (length >= ending && strcmp(path + length - ending, kinds[i].ending) == 0) break;
    }
    return kinds[i].show(a, path);
}

static int show_all(arguments *a) {
    int code = CLI_DONE;
    for (size_t i = 0; i < a->paths; i++)
        if (show(a, a->path[i]) != CLI_DONE) code = CLI_FAILED;
    if (!a->json) return code;
    const int printed =
        cli_print_json(verb, json_pack("{s:s, s:O}", "schema", "rotgrad.info/1", "files", a->files), stdout);
    return code == CLI_DONE ? printed : code;
}

int cli_info(int argc, char **argv) {
    arguments a = {.path = calloc((size_t)argc, sizeof *a.path), .files = json_array()};
    if (a.path) argp_parse(&parser, argc, argv, 0, NULL, &a);
    const int code = a.path && a.files ? show_all(&a) : cli_fail(verb, "out of memory");
    json_decref(a.files);
    free(a.path);
    return code;
}
