/* Options by table, and the command as typed. */
#include "cli.h"

#include <rotgrad/argument.h>
#include <rotgrad/folder.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static error_t take_number(const cli_option *option, void *place, const char *text, struct argp_state *state) {
    double value;
    const int is_number =
        rg_argument_number(text, &value) && value >= option->range->low && value < option->range->high;
    if (!is_number || (option->kind == CLI_WHOLE && value != floor(value)))
        argp_error(state, "--%s: expected %s, got \"%s\"", option->name, option->range->expected, text);
    else if (option->kind == CLI_WHOLE)
        *(int *)place = (int)value;
    else
        *(double *)place = value;
    return 0;
}

error_t cli_take(const cli_option *table, void *arguments, int key, char *text, struct argp_state *state) {
    while (table->key && table->key != key) table++;
    if (!table->key) return ARGP_ERR_UNKNOWN;
    void *place = (char *)arguments + table->offset;
    switch (table->kind) {
    case CLI_FLAG:
        *(int *)place = 1;
        return 0;
    case CLI_TEXT:
        *(const char **)place = text;
        return 0;
    case CLI_NUMBER:
    case CLI_WHOLE:
        return take_number(table, place, text, state);
    }
    return ARGP_ERR_UNKNOWN;
}

enum { MAX_THREADS = 65536 };
const cli_range cli_threads = {1, MAX_THREADS + 1, "a whole number from 1 to 65536"};

error_t cli_take_input(cli_input *input, const char *what, const char *example, int key, char *text,
                       struct argp_state *state) {
    if (key == 's') {
        if (!strchr(text, '=')) argp_error(state, "--set: expected KEY=VALUE, such as %s, got \"%s\"", example, text);
        input->setting[input->settings++] = text;
        return 0;
    }
    if (key != ARGP_KEY_ARG) return ARGP_ERR_UNKNOWN;
    if (input->path) argp_error(state, "expected one %s file, got \"%s\" as well", what, text);
    input->path = text;
    return 0;
}

void cli_take_box(const char *text, int *axes, double *lower, double *length, struct argp_state *state) {
    rg_diagnostic diagnostic = {0};
    if (rg_argument_box(text, axes, lower, length, &diagnostic)) argp_error(state, "--box: %s", diagnostic.text);
}

int cli_read_experiment(const char *verb, cli_input *in, int threads, const char *output, int force,
                        rg_experiment *experiment) {
    char setting[32];
    rg_diagnostic diagnostic = {0};
    rg_status status = output ? rg_folder_check(output, force, &diagnostic) : RG_OK;
    if (status) return cli_check(verb, status, &diagnostic);
    snprintf(setting, sizeof setting, "threads=%d", threads);
    if (threads) in->setting[in->settings++] = setting;
    status = rg_experiment_read(in->path, in->setting, in->settings, experiment, &diagnostic);
    if (threads) in->settings--;
    return cli_check(verb, status, &diagnostic);
}

/* ---- the command as typed */

static int is_plain(const char *text) {
    const char *safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    return *text && text[strspn(text, safe)] == '\0';
}

/* In single quotes; a single quote itself becomes '\''. */
static char *append_quoted(char *at, const char *text) {
    *at++ = '\'';
    for (; *text; text++) {
        if (*text == '\'') at = stpcpy(at, "'\\'");
        *at++ = *text;
    }
    *at++ = '\'';
    return at;
}

char *cli_command(int argc, char **argv) {
    size_t room = 1;
    for (int i = 0; i < argc; i++) room += 4 * strlen(argv[i]) + 3;
    char *command = malloc(room), *at = command;
    for (int i = 0; command && i < argc; i++) {
        if (i) *at++ = ' ';
        at = i == 0 || is_plain(argv[i]) ? stpcpy(at, argv[i]) : append_quoted(at, argv[i]);
    }
    if (command) *at = '\0';
    return command;
}
