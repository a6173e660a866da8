/* Messages and results. */
#include "cli.h"

#include <rotgrad/array.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line: control characters of a damaged file do not reach the terminal. */
static void message(const char *verb, const char *kind, const char *format, va_list arguments) RG_PRINTF(3, 0);
static void message(const char *verb, const char *kind, const char *format, va_list arguments) {
    enum { ROOM = 8192 }; /* more than a diagnostic, or a path and some words */
    char text[ROOM];
    vsnprintf(text, sizeof text, format, arguments);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
    fprintf(stderr, "rotgrad %s: %s%s\n", verb, kind, text);
}

int cli_fail(const char *verb, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    message(verb, "", format, arguments);
    va_end(arguments);
    return CLI_FAILED;
}

int cli_check(const char *verb, rg_status status, const rg_diagnostic *diagnostic) {
    if (status == RG_OK) return CLI_DONE;
    return cli_fail(verb, "%s", diagnostic->text[0] ? diagnostic->text : rg_status_text(status));
}

void cli_warn(const char *verb, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    message(verb, "warning: ", format, arguments);
    va_end(arguments);
}

int cli_interrupted(const char *verb) {
    cli_fail(verb, "interrupted; nothing was written");
    return CLI_SIGNAL + cli_caught_signal();
}

int cli_judge(const char *verb, size_t claims, const rg_claim *claim) {
    int code = CLI_DONE;
    for (size_t i = 0; i < claims; i++)
        if (claim[i].verdict == RG_VIOLATED) {
            cli_fail(verb, "the claim %s is violated: %s", claim[i].name, claim[i].statement);
            code = CLI_VIOLATED;
        }
    return code;
}

int cli_print_text(const char *verb, rg_status status, char *text) {
    if (status) return cli_fail(verb, "%s", rg_status_text(status));
    fputs(text, stdout);
    const size_t length = strlen(text);
    if (length == 0 || text[length - 1] != '\n') putchar('\n');
    rg_free(text);
    return CLI_DONE;
}

int cli_print_json(const char *verb, json_t *document, FILE *stream) {
    const size_t digits = 17; /* every double reads back as itself */
    char *text = document ? json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) : NULL;
    json_decref(document);
    if (!text) return cli_fail(verb, "out of memory");
    fprintf(stream, "%s\n", text);
    free(text);
    return CLI_DONE;
}

json_t *cli_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cli_text(const char *text) {
    if (!text) return json_null();
    json_t *string = json_string(text);
    char *copy = string ? NULL : malloc(strlen(text) + 1);
    if (!copy) return string;
    for (size_t i = 0; i <= strlen(text); i++) copy[i] = (unsigned char)text[i] < 128 ? text[i] : '?';
    string = json_string(copy);
    free(copy);
    return string;
}

json_t *cli_reals(int count, const double *values) {
    json_t *list = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(list, cli_real(values[i]));
    return list;
}

json_t *cli_sizes(int count, const ptrdiff_t *values) {
    json_t *list = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(list, json_integer(values[i]));
    return list;
}

static cli_list list(int count, const ptrdiff_t *values, const char *open, const char *close) {
    cli_list shown;
    size_t used = (size_t)snprintf(shown.text, sizeof shown.text, "%s", open);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(shown.text + used, sizeof shown.text - used, i ? ", %td" : "%td", values[i]);
    snprintf(shown.text + used, sizeof shown.text - used, "%s", close);
    return shown;
}

cli_list cli_shape(int dim, const ptrdiff_t *shape) {
    return list(dim, shape, "(", dim == 1 ? ",)" : ")");
}

cli_list cli_index(int dim, const ptrdiff_t *shape, size_t position) {
    ptrdiff_t index[RG_ARRAY_MAX_DIM] = {0};
    for (int a = dim - 1; a >= 0; a--) {
        index[a] = (ptrdiff_t)(position % (size_t)shape[a]);
        position /= (size_t)shape[a];
    }
    return list(dim, index, "[", "]");
}
