/* rotgrad doctor: the library's self-examination as a table. */
#include "cli.h"

#include <rotgrad/doctor.h>

#include <stdio.h>

static const char *const verb = "doctor";

typedef struct arguments {
    int json;
} arguments;

static const struct argp_option options[] = {
    {.name = "json", .key = 'j', .doc = "Print JSON instead of the table"},
    {0},
};

static const cli_option table[] = {{.key = 'j', .kind = CLI_FLAG, .offset = offsetof(arguments, json)}, {0}};

static error_t parse(int key, char *text, struct argp_state *state) {
    if (key == ARGP_KEY_ARG) argp_error(state, "unexpected argument \"%s\"", text);
    return cli_take(table, state->input, key, text, state);
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .doc =
        "Says which libraries are in use, whether BLAS is OpenBLAS, whether the fonts of the figures are there, what "
        "the machine has, and whether two small computations with known answers come out right.\v"
        "Example: rotgrad doctor\n\n"
        "Exit codes: 0 all is well, 1 a problem was found, 2 usage.",
};

static json_t *describe(const rg_finding *finding, size_t count, size_t problems) {
    json_t *checks = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(checks, json_pack("{s:s, s:b, s:s, s:s*}", "subject", finding[i].subject, "ok",
                                                !finding[i].remedy[0], "found", finding[i].found, "remedy",
                                                finding[i].remedy[0] ? finding[i].remedy : NULL));
    return json_pack("{s:s, s:b, s:o}", "schema", "rotgrad.doctor/1", "ok", problems == 0, "checks", checks);
}

static void print_table(const rg_finding *finding, size_t count, size_t problems) {
    for (size_t i = 0; i < count; i++) {
        printf("%-8s %-8s %s\n", finding[i].remedy[0] ? "PROBLEM" : "ok", finding[i].subject, finding[i].found);
        if (finding[i].remedy[0]) printf("%-17s remedy: %s\n", "", finding[i].remedy);
    }
    if (problems == 0) puts("all is well");
}

int cli_doctor(int argc, char **argv) {
    arguments a = {0};
    argp_parse(&parser, argc, argv, 0, NULL, &a);
    rg_finding finding[RG_MAX_FINDINGS];
    const size_t count = rg_doctor(finding);
    size_t problems = 0;
    for (size_t i = 0; i < count; i++) problems += finding[i].remedy[0] != '\0';
    int code = CLI_DONE;
    if (a.json) {
        code = cli_print_json(verb, describe(finding, count, problems), stdout);
    } else {
        print_table(finding, count, problems);
    }
    if (problems) code = cli_fail(verb, "%zu problem%s found", problems, problems == 1 ? "" : "s");
    return code;
}
