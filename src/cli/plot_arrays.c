/* rotgrad plot ARRAY...: the recipe that a person would write for these arrays. */
#include "plot.h"

#include <rotgrad/argument.h>
#include <rotgrad/array.h>

#include <stdlib.h>
#include <string.h>

static const char *const verb = PLOT_VERB;

/* What the recipe needs to know of the arrays. */
typedef struct survey {
    int axes, is_vector;
    int both_signs;
} survey;

/* ---- texts in YAML */

void plot_quote(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* As a text of the figure: no markup, no {placeholder}. */
static void quote_plain(FILE *out, const char *text) {
    fputc('"', out);
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '&')
            fputs("&amp;", out);
        else if (c == '<')
            fputs("&lt;", out);
        else if (c == '{')
            fputs("{{", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c >= ' ' && c != 0x7f)
            fputc(c, out);
    }
    fputc('"', out);
}

/* ---- the arrays */

static int survey_array(const char *path, survey *s) {
    rg_diagnostic diagnostic = {0};
    rg_array array = {0};
    const rg_status status = rg_array_read(path, &array, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    s->is_vector = (array.dim == 3 || array.dim == 4) && array.shape[0] == array.dim - 1;
    s->axes = array.dim - s->is_vector;
    int negative = 0, positive = 0;
    for (size_t i = 0; i < array.count; i++) {
        negative |= array.data[i] < 0;
        positive |= array.data[i] > 0;
    }
    s->both_signs = negative && positive && !s->is_vector;
    const int axes = s->axes;
    const size_t count = array.count;
    const cli_list shape = cli_shape(array.dim, array.shape);
    rg_array_free(&array);
    if (count == 0) return cli_fail(verb, "%s: the array is empty, its shape is %s", path, shape.text);
    if (count == 1) return cli_fail(verb, "%s: a single value; there is nothing to draw", path);
    if (axes < 1 || axes > RG_MAX_DIM)
        return cli_fail(
            verb, "%s: expected 1 to 3 axes, or (2, n0, n1) or (3, n0, n1, n2) for a vector field, found shape %s",
            path, shape.text);
    return CLI_DONE;
}

static int survey_all(const plot_job *job, survey *all) {
    for (size_t i = 0; i < job->sources; i++) {
        survey s = {0};
        const int code = survey_array(job->source[i], &s);
        if (code != CLI_DONE) return code;
        if (i == 0) *all = s;
        all->both_signs |= s.both_signs;
        if (s.axes != all->axes || s.is_vector != all->is_vector)
            return cli_fail(verb, "%s and %s: expected arrays of one kind, to be drawn side by side", job->source[0],
                            job->source[i]);
    }
    return CLI_DONE;
}

/* ---- the recipe */

/* NAME of FILE.npz:NAME, else the file's name. */
static const char *name_of(const char *source) {
    const char *member = strstr(source, ".npz:"), *slash = strrchr(source, '/');
    if (member && member[strlen(".npz:")]) return member + strlen(".npz:");
    return slash ? slash + 1 : source;
}

static void write_colours(const plot_job *job, const survey *s, int group, FILE *out) {
    fprintf(out, ", map: %s", job->map ? job->map : s->both_signs ? "diverging" : "sequential");
    if (job->scale) fprintf(out, ", scale: %s", job->scale);
    if (job->range) {
        const char *colon = strchr(job->range, ':');
        fprintf(out, ", range: [%.*s, %s]", (int)(colon - job->range), job->range, colon + 1);
    }
    if (job->unit) {
        fputs(", unit: ", out);
        plot_quote(out, job->unit);
    }
    fprintf(out, ", group: %d}", group);
}

/* "norm(PATH)" of a vector field. */
static void write_heat(const plot_job *job, const survey *s, const char *source, int group, FILE *out) {
    fputs("heat: {values: ", out);
    if (s->is_vector) {
        char *call = malloc(strlen(source) + sizeof "norm()");
        if (call) plot_quote(out, strcat(strcat(strcpy(call, "norm("), source), ")"));
        free(call);
    } else {
        plot_quote(out, source);
    }
    write_colours(job, s, group, out);
}

static void write_title(const plot_job *job, const char *source, FILE *out) {
    fputs("title: ", out);
    quote_plain(out, job->sources > 1 ? name_of(source) : "");
    fputs(", ", out);
}

/* A panel over a plane; `plane` is "" or "slice: {...}, ". */
static void write_panel(const plot_job *job, const survey *s, const char *source, const char *plane, int with_vectors,
                        int group, FILE *out) {
    fprintf(out, "  - {%s", plane);
    write_title(job, source, out);
    write_heat(job, s, source, group, out);
    const char *as = job->as ? job->as : "flow";
    if (s->is_vector && with_vectors && strcmp(as, "norm") != 0) {
        fprintf(out, ", %s: {vector: ", as);
        plot_quote(out, source);
        fputc('}', out);
    }
    fputs("}\n", out);
}

/* Three planes through the middle, then three projections; means, which are smaller, have colours of their own. */
static void write_overview(const plot_job *job, const survey *s, const char *source, FILE *out) {
    const char *by = job->projection ? job->projection : "max";
    char plane[64];
    for (int axis = RG_MAX_DIM - 1; axis >= 0; axis--) {
        snprintf(plane, sizeof plane, "slice: {axis: %d}, ", axis);
        write_panel(job, s, source, plane, 1, 1, out);
    }
    for (int axis = RG_MAX_DIM - 1; axis >= 0; axis--) {
        snprintf(plane, sizeof plane, "project: {axis: %d, by: %s}, ", axis, by);
        write_panel(job, s, source, plane, 0, strcmp(by, "max") == 0 ? 1 : 2, out);
    }
}

static void write_fields(const plot_job *job, const survey *s, FILE *out) {
    char plane[96] = "";
    if (job->slice) {
        const char *colon = strchr(job->slice, ':');
        snprintf(plane, sizeof plane, "slice: {axis: %.*s, at: %.20s}, ", (int)(colon - job->slice), job->slice,
                 colon + 1);
    }
    const int overview = s->axes == RG_MAX_DIM && !job->slice;
    if (overview) fprintf(out, "columns: %d\n", RG_MAX_DIM);
    fputs("panels:\n", out);
    for (size_t i = 0; i < job->sources; i++)
        if (overview)
            write_overview(job, s, job->source[i], out);
        else
            write_panel(job, s, job->source[i], plane, 1, 1, out);
}

static void write_curves(const plot_job *job, FILE *out) {
    fputs("panels:\n  - x: {label: \"", out);
    fputs(job->labels ? "" : "x<sub>0</sub>", out);
    fputs("\"}\n", out);
    if (job->scale || job->range) {
        const char *colon = job->range ? strchr(job->range, ':') : NULL;
        fprintf(out, "    y: {scale: %s", job->scale && strcmp(job->scale, "log") == 0 ? "log" : "linear");
        if (colon) fprintf(out, ", range: [%.*s, %s]", (int)(colon - job->range), job->range, colon + 1);
        fputs("}\n", out);
    }
    fputs("    curves:\n", out);
    for (size_t i = 0; i < job->sources; i++) {
        fputs("      - {y: ", out);
        plot_quote(out, job->source[i]);
        fputs(", label: ", out);
        quote_plain(out, job->sources > 1 ? name_of(job->source[i]) : "");
        fputs("}\n", out);
    }
}

static void write_box(const plot_job *job, FILE *out) {
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    int axes = 0;
    if (!job->box || rg_argument_box(job->box, &axes, lower, length, NULL)) return;
    fputs("box: {lower: [", out);
    for (int a = 0; a < axes; a++) fprintf(out, "%s%.17g", a ? ", " : "", lower[a]);
    fputs("], length: [", out);
    for (int a = 0; a < axes; a++) fprintf(out, "%s%.17g", a ? ", " : "", length[a]);
    fputs("]}\n", out);
}

int plot_array_recipe(const plot_job *job, char **text) {
    survey s = {0};
    size_t size = 0;
    const int code = survey_all(job, &s);
    if (code != CLI_DONE) return code;
    if (s.axes != RG_MAX_DIM && (job->slice || job->projection))
        return cli_fail(verb, "%s: --slice and --projection are for three axes, found %d", job->source[0], s.axes);
    FILE *out = open_memstream(text, &size);
    if (!out) return cli_fail(verb, "out of memory");
    write_box(job, out);
    if (s.axes == 1)
        write_curves(job, out);
    else
        write_fields(job, &s, out);
    return fclose(out) == 0 ? CLI_DONE : cli_fail(verb, "out of memory");
}
