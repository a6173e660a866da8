/* rotgrad plot: recipes, run directories and arrays become figures. The arguments; the work is in plot_*.c. */
#include "plot.h"

#include <rotgrad/argument.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb = PLOT_VERB;

enum {
    AS = 256,
    MAP,
    SCALE,
    RANGE,
    TITLE,
    UNIT,
    LABELS,
    DEGREES,
    DPI,
    SIZE,
    SLICE,
    PROJECTION,
    LIST,
    RUNS,
    THREADS,
    DATA,
    GNUPLOT
};
enum { OWN_SETTINGS = 8 };

static const struct argp_option options[] = {
    {.name = "output",
     .key = 'o',
     .arg = "FILE",
     .doc = "Write the figure: .png, .pdf or .svg; or the fields of a run for ParaView: .vti",
     .group = 1},
    {.name = "data", .key = DATA, .arg = "FILE", .doc = "Write the numbers that the figure shows: .csv or .npz"},
    {.name = "gnuplot", .key = GNUPLOT, .arg = "FILE", .doc = "Write a script for gnuplot that redraws it: .gp"},
    {.name = "figure",
     .key = 'F',
     .arg = "NAME|FILE.yaml",
     .doc = "What to draw of run directories: a figure that comes "
            "along (see --list) or a recipe; default marginals"},
    {.name = "list", .key = LIST, .doc = "List the figures that come along"},
    {.name = "runs",
     .key = RUNS,
     .arg = "DIR",
     .doc = "Keep the runs a recipe asks for in DIR, and take them from there "
            "as long as their experiments stay the same"},
    {.name = "set", .key = 's', .arg = "KEY=VALUE", .doc = "Replace or add a key of the recipe; may be repeated"},
    {.name = "force", .key = 'f', .doc = "Replace files that exist"},
    {.name = "json", .key = 'j', .doc = "Print what was drawn as JSON"},
    {.name = "quiet", .key = 'q', .doc = "No progress"},
    {.name = "threads", .key = THREADS, .arg = "N", .doc = "Threads of the runs"},
    {.name = "title", .key = TITLE, .arg = "TEXT", .doc = "Title of the page, in Pango markup", .group = 2},
    {.name = "degrees", .key = DEGREES, .doc = "Axes of boxes in degrees"},
    {.name = "labels", .key = LABELS, .arg = "X,Y,...", .doc = "Labels of the axes of boxes"},
    {.name = "dpi", .key = DPI, .arg = "N", .doc = "Resolution of a PNG; default 150"},
    {.name = "size", .key = SIZE, .arg = "POINTS", .doc = "Longer side of a panel; default 180"},
    {.name = "as",
     .key = AS,
     .arg = "flow|arrows|norm",
     .doc = "Arrays: what shows the direction of vectors; default "
            "flow",
     .group = 3},
    {.name = "map",
     .key = MAP,
     .arg = "MAP",
     .doc = "Arrays: sequential, diverging or cyclic; default: diverging for "
            "values of both signs, else sequential"},
    {.name = "scale", .key = SCALE, .arg = "SCALE", .doc = "Arrays: linear (the default), log or auto"},
    {.name = "range", .key = RANGE, .arg = "LOW:HIGH", .doc = "Arrays: the range of colours"},
    {.name = "unit", .key = UNIT, .arg = "TEXT", .doc = "Arrays: at the colour bar"},
    {.name = "box",
     .key = 'x',
     .arg = "LOWER:LENGTH,...",
     .doc = "Arrays: the box, axis by axis; default: x0, x1, x2 in "
            "the same archive, else -pi:2pi"},
    {.name = "slice", .key = SLICE, .arg = "AXIS:INDEX", .doc = "Arrays with three axes: this plane alone"},
    {.name = "projection",
     .key = PROJECTION,
     .arg = "max|mean",
     .doc = "Arrays with three axes: how the other axis is "
            "taken together; default max"},
    {0},
};

#define AT(member) .offset = offsetof(plot_job, member)

static const cli_range dpi_range = {20, 2400.5, "a number from 20 to 2400"};
static const cli_range size_range = {36, 10000.5, "a number from 36 to 10000"};

static const cli_option table[] = {
    {.key = 'o', .kind = CLI_TEXT, AT(output[PLOT_PICTURE])},
    {.key = DATA, .kind = CLI_TEXT, AT(output[PLOT_DATA])},
    {.key = GNUPLOT, .kind = CLI_TEXT, AT(output[PLOT_GNUPLOT])},
    {.key = 'F', .kind = CLI_TEXT, AT(figure)},
    {.key = LIST, .kind = CLI_FLAG, AT(list)},
    {.key = RUNS, .kind = CLI_TEXT, AT(runs)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {.key = 'q', .kind = CLI_FLAG, AT(quiet)},
    {.key = THREADS, .kind = CLI_WHOLE, AT(threads), .name = "threads", .range = &cli_threads},
    {.key = TITLE, .kind = CLI_TEXT, AT(title)},
    {.key = DEGREES, .kind = CLI_FLAG, AT(degrees)},
    {.key = LABELS, .kind = CLI_TEXT, AT(labels)},
    {.key = DPI, .kind = CLI_NUMBER, AT(dpi), .name = "dpi", .range = &dpi_range},
    {.key = SIZE, .kind = CLI_NUMBER, AT(size), .name = "size", .range = &size_range},
    {.key = AS, .kind = CLI_TEXT, AT(as)},
    {.key = MAP, .kind = CLI_TEXT, AT(map)},
    {.key = SCALE, .kind = CLI_TEXT, AT(scale)},
    {.key = RANGE, .kind = CLI_TEXT, AT(range)},
    {.key = UNIT, .kind = CLI_TEXT, AT(unit)},
    {.key = 'x', .kind = CLI_TEXT, AT(box)},
    {.key = SLICE, .kind = CLI_TEXT, AT(slice)},
    {.key = PROJECTION, .kind = CLI_TEXT, AT(projection)},
    {0},
};

/* ---- what the sources are */

typedef enum source_kind { A_RECIPE, AN_ARRAY, A_RUN } source_kind;

static int ends_in(const char *text, const char *ending) {
    const size_t length = strlen(text), of_ending = strlen(ending);
    return length >= of_ending && strcmp(text + length - of_ending, ending) == 0;
}

static source_kind kind_of(const char *source) {
    if (ends_in(source, ".yaml") || ends_in(source, ".yml")) return A_RECIPE;
    return ends_in(source, ".npy") || ends_in(source, ".npz") || strstr(source, ".npz:") ? AN_ARRAY : A_RUN;
}

/* ---- arguments */

/* One of the words in "a, b or c". */
static void check_word(struct argp_state *state, const char *option, const char *word, const char *const *words,
                       const char *expected) {
    size_t count = 0;
    for (; words[count]; count++)
        if (!word || strcmp(word, words[count]) == 0) return;
    const char *nearest = rg_argument_nearest(word, words, count);
    argp_error(state, "--%s: expected %s, got \"%s\"%s%s%s", option, expected, word, nearest ? "; did you mean \"" : "",
               nearest ? nearest : "", nearest ? "\"?" : "");
}

static void check_words(const plot_job *job, struct argp_state *state) {
    static const char *const as[] = {"flow", "arrows", "norm", NULL}, *const scales[] = {"linear", "log", "auto", NULL},
                             *const maps[] = {"sequential", "diverging", "cyclic", NULL},
                             *const projections[] = {"max", "mean", NULL};
    check_word(state, "as", job->as, as, "flow, arrows or norm");
    check_word(state, "map", job->map, maps, "sequential, diverging or cyclic");
    check_word(state, "scale", job->scale, scales, "linear, log or auto");
    check_word(state, "projection", job->projection, projections, "max or mean");
}

/* "a:b" with numbers. */
static int is_pair(const char *text) {
    double value;
    char first[64];
    const char *colon = strchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof first) return 0;
    memcpy(first, text, (size_t)(colon - text));
    first[colon - text] = '\0';
    return rg_argument_number(first, &value) && rg_argument_number(colon + 1, &value);
}

static void check_pairs(const plot_job *job, struct argp_state *state) {
    double unused[RG_MAX_DIM], also[RG_MAX_DIM];
    int axes;
    rg_diagnostic diagnostic = {0};
    if (job->range && !is_pair(job->range)) argp_error(state, "--range: expected LOW:HIGH, got \"%s\"", job->range);
    if (job->slice && !is_pair(job->slice)) argp_error(state, "--slice: expected AXIS:INDEX, got \"%s\"", job->slice);
    if (job->box && rg_argument_box(job->box, &axes, unused, also, &diagnostic))
        argp_error(state, "--box: %s", diagnostic.text);
}

static void check_sources(const plot_job *job, struct argp_state *state) {
    if (job->sources == 0) argp_error(state, "expected a recipe, an array or a directory of a run");
    const source_kind kind = kind_of(job->source[0]);
    for (size_t i = 1; i < job->sources; i++)
        if (kind_of(job->source[i]) != kind)
            argp_error(state, "expected sources of one kind, got \"%s\" and \"%s\"", job->source[0], job->source[i]);
    if (kind == A_RECIPE && job->sources > 1)
        argp_error(state, "expected one recipe, got \"%s\" as well", job->source[1]);
    if (kind != A_RUN && job->figure) argp_error(state, "--figure is for directories of runs");
    const char *of_arrays[] = {job->as,   job->map, job->scale, job->range,
                               job->unit, job->box, job->slice, job->projection};
    static const char *const name[] = {"as", "map", "scale", "range", "unit", "box", "slice", "projection"};
    for (size_t i = 0; kind != AN_ARRAY && i < sizeof name / sizeof *name; i++)
        if (of_arrays[i]) argp_error(state, "--%s is for arrays; a recipe says it itself, see --set", name[i]);
}

static void check_arguments(const plot_job *job, struct argp_state *state) {
    if (job->list) return;
    check_sources(job, state);
    check_words(job, state);
    check_pairs(job, state);
    int outputs = 0;
    for (int i = 0; i < PLOT_OUTPUTS; i++) outputs += job->output[i] != NULL;
    if (outputs == 0)
        argp_error(state, "expected a file to write: -o FILE.png, .pdf, .svg or .vti, --data FILE or --gnuplot FILE");
}

static error_t parse(int key, char *text, struct argp_state *state) {
    plot_job *job = state->input;
    switch (key) {
    case 's':
        if (!strchr(text, '=')) argp_error(state, "--set: expected KEY=VALUE, such as dpi=300, got \"%s\"", text);
        job->setting[job->settings++] = text;
        job->user_settings++;
        return 0;
    case ARGP_KEY_ARG:
        job->source[job->sources++] = text;
        return 0;
    case ARGP_KEY_END:
        check_arguments(job, state);
        return 0;
    default:
        return cli_take(table, job, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "SOURCE...",
    .doc = "Draws figures. A SOURCE is a recipe (FILE.yaml), which says what to draw and from which runs; directories "
           "that \"rotgrad run\" wrote, which take the places of a recipe's runs in their order; or arrays (FILE.npy, "
           "FILE.npz:NAME) with one axis (a curve), two (a heat map) or three (slices and projections), and vector "
           "fields (2, n0, n1) or (3, n0, n1, n2).\v"
           "Example: rotgrad plot plots/parts.yaml -o parts.pdf\n"
           "         rotgrad plot out --figure parts -o parts.png\n"
           "         rotgrad plot out/fields.npz:p_end --scale log -o p.svg\n\n"
           "docs/figures.md tells how to write a recipe.\n\n" CLI_EXIT_CODES ", 130 interrupted.",
};

/* ---- the recipe */

/* "key=value" that frees with the job; the text quoted when it is one. */
static int add_setting(plot_job *job, const char *key, const char *value, int quoted) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return cli_fail(verb, "out of memory");
    fprintf(out, "%s=", key);
    if (quoted)
        plot_quote(out, value);
    else
        fputs(value, out);
    if (fclose(out) != 0) return cli_fail(verb, "out of memory");
    job->setting[job->settings++] = text;
    return CLI_DONE;
}

static int add_number(plot_job *job, const char *key, double number) {
    char text[32];
    if (number == 0) return CLI_DONE;
    snprintf(text, sizeof text, "%.17g", number);
    return add_setting(job, key, text, 0);
}

static int add_labels(plot_job *job) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return cli_fail(verb, "out of memory");
    for (const char *at = job->labels; at;) {
        const size_t length = strcspn(at, ",");
        char *label = strndup(at, length);
        fputc(at == job->labels ? '[' : ',', out);
        if (label) plot_quote(out, label);
        free(label);
        at = at[length] ? at + length + 1 : NULL;
    }
    fputc(']', out);
    const int closed = fclose(out) == 0;
    const int code = closed ? add_setting(job, "labels", text, 0) : cli_fail(verb, "out of memory");
    free(text);
    return code;
}

static int add_settings(plot_job *job) {
    int code = CLI_DONE;
    if (job->title) code = add_setting(job, "title", job->title, 1);
    if (code == CLI_DONE && job->degrees) code = add_setting(job, "degrees", "true", 0);
    if (code == CLI_DONE && job->labels) code = add_labels(job);
    if (code == CLI_DONE) code = add_number(job, "dpi", job->dpi);
    return code == CLI_DONE ? add_number(job, "panel_size", job->size) : code;
}

static int read_of_arrays(plot_job *job) {
    rg_diagnostic diagnostic = {0};
    char *text = NULL;
    const int code = plot_array_recipe(job, &text);
    if (code != CLI_DONE) return code;
    const rg_status status = rg_recipe_parse("arrays", text, job->setting, job->settings, &job->recipe, &diagnostic);
    free(text);
    return cli_check(verb, status, &diagnostic);
}

static int is_builtin(const char *name) {
    rg_builtin builtin;
    for (size_t i = 0; rg_recipe_builtin_at(i, &builtin); i++)
        if (strcmp(builtin.name, name) == 0) return 1;
    return 0;
}

static int read_recipe(plot_job *job) {
    rg_diagnostic diagnostic = {0};
    const int code = add_settings(job);
    if (code != CLI_DONE) return code;
    if (kind_of(job->source[0]) == AN_ARRAY) return read_of_arrays(job);
    const int is_file = kind_of(job->source[0]) == A_RECIPE;
    const char *name = job->recipe_name = is_file ? job->source[0] : job->figure ? job->figure : "marginals";
    job->sources_are_runs = !is_file;
    if (kind_of(name) == A_RECIPE)
        return cli_check(verb, rg_recipe_read(name, job->setting, job->settings, &job->recipe, &diagnostic),
                         &diagnostic);
    const rg_status status = rg_recipe_builtin(name, job->setting, job->settings, &job->recipe, &diagnostic);
    if (status && !is_builtin(name)) return cli_fail(verb, "%s; see --list", diagnostic.text);
    return cli_check(verb, status, &diagnostic);
}

/* ---- the work */

static int list_figures(void) {
    rg_builtin builtin;
    for (size_t i = 0; rg_recipe_builtin_at(i, &builtin); i++) printf("%-20s %s\n", builtin.name, builtin.summary);
    return CLI_DONE;
}

static int work(plot_job *job) {
    rg_diagnostic diagnostic = {0};
    const rg_figure *figure = NULL;
    if (job->list) return list_figures();
    int code = plot_check_outputs(job);
    if (code == CLI_DONE && plot_is_vti(job)) return plot_vti(job);
    if (code == CLI_DONE) code = read_recipe(job);
    if (code == CLI_DONE) code = plot_results(job);
    if (code == CLI_DONE) code = cli_check(verb, rg_recipe_figure(job->recipe, &figure, &diagnostic), &diagnostic);
    if (code == CLI_DONE) code = plot_write(job, figure);
    return code == CLI_DONE && job->json ? plot_print(job, figure) : code;
}

static void release(plot_job *job) {
    rg_recipe_free(job->recipe);
    for (size_t i = 0; i < job->results; i++) {
        rg_outcome_free(job->outcome[i]);
        rg_experiment_free(&job->experiment[i]);
    }
    free(job->outcome);
    free(job->experiment);
    for (size_t i = job->user_settings; job->setting && i < job->settings; i++) free((void *)(size_t)job->setting[i]);
    free(job->setting);
    free(job->source);
    free(job->command);
}

int cli_plot(int argc, char **argv) {
    plot_job job = {.command = cli_command(argc, argv),
                    .source = calloc((size_t)argc, sizeof *job.source),
                    .setting = calloc((size_t)argc + OWN_SETTINGS, sizeof *job.setting)};
    int code = job.command && job.source && job.setting ? CLI_DONE : cli_fail(verb, "out of memory");
    if (code == CLI_DONE) argp_parse(&parser, argc, argv, 0, NULL, &job);
    if (code == CLI_DONE) code = work(&job);
    release(&job);
    return code;
}
