/* rotgrad study: which number predicts the harm? */
#include "cli.h"

#include <rotgrad/argument.h>
#include <rotgrad/study.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST = 256 };

static const char *const verb = "study";

typedef struct arguments {
    cli_input in;
    const char *output, *members;
    size_t first, count;
    int json, quiet, threads, list;
} arguments;

static const struct argp_option options[] = {
    {.name = "output",
     .key = 'o',
     .arg = "DIR",
     .doc = "Append a row a member to DIR/members.csv, and write DIR/study.json; "
            "rows that are there already are kept"},
    {.name = "set", .key = 's', .arg = "KEY=VALUE", .doc = "Replace or add a key of the study; may be repeated"},
    {.name = "members", .key = 'm', .arg = "A-B", .doc = "Only members A to B, counted from 0; default all"},
    {.name = "list", .key = LIST, .doc = "List the predictors and outcomes"},
    {.name = "json", .key = 'j', .doc = "Print study.json instead of the table"},
    {.name = "quiet", .key = 'q', .doc = "No table and no progress"},
    {.name = "threads", .key = 't', .arg = "N", .doc = "Threads of each member; the results do not depend on it"},
    {0},
};

#define AT(member) .offset = offsetof(arguments, member)

static const cli_option table[] = {
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'm', .kind = CLI_TEXT, AT(members)},
    {.key = LIST, .kind = CLI_FLAG, AT(list)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {.key = 'q', .kind = CLI_FLAG, AT(quiet)},
    {.key = 't', .kind = CLI_WHOLE, AT(threads), .name = "threads", .range = &cli_threads},
    {0},
};

/* "3-7", or "3". */
static void read_members(arguments *a, struct argp_state *state) {
    unsigned long first = 0, last = 0;
    int used = 0;
    if (!a->members) return;
    if (sscanf(a->members, "%9lu-%9lu%n", &first, &last, &used) != 2 || a->members[used]) {
        used = 0;
        if (sscanf(a->members, "%9lu%n", &first, &used) != 1 || a->members[used])
            last = 0, first = 1;
        else
            last = first;
    }
    if (last < first) argp_error(state, "--members: expected A-B with A <= B, such as 0-49, got \"%s\"", a->members);
    a->first = first;
    a->count = last - first + 1;
}

static void check(arguments *a, struct argp_state *state) {
    read_members(a, state);
    if (!a->in.path && !a->list) argp_error(state, "expected a study file");
    if (a->in.path && !a->output && !a->list) argp_error(state, "expected a folder for the results: -o DIR");
}

static error_t parse(int key, char *text, struct argp_state *state) {
    arguments *a = state->input;
    if (cli_take_input(&a->in, "study", "samples=500", key, text, state) == 0) return 0;
    switch (key) {
    case ARGP_KEY_END:
        check(a, state);
        return 0;
    default:
        return cli_take(table, a, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "STUDY.yaml",
    .doc =
        "Runs an ensemble of experiments and correlates predictors, such as the L2 error of the score or its gradient "
        "energy, with outcomes, such as KL. A study that was stopped goes on where it was.\v"
        "Example: rotgrad study plots/studies/correlation.yaml -o out\n\n"
        "docs/study.md lists the keys of a study.\n\n" CLI_EXIT_CODES
        ", 3 a claim is violated in a member (the results are written all the same), 130 interrupted (finished members "
        "are kept).",
};

static int list(void) {
    rg_study_quantity q;
    for (int outcomes = 0; outcomes < 2; outcomes++) {
        puts(outcomes ? "\noutcomes" : "predictors");
        for (size_t i = 0; rg_study_quantity_at(i, &q); i++)
            if (q.is_outcome == outcomes) printf("  %-22s  %s\n", q.name, q.sentence);
    }
    return CLI_DONE;
}

static int print(const arguments *a, rg_study *study) {
    char *text = NULL;
    if (a->quiet && !a->json) return CLI_DONE;
    const rg_status status = a->json ? rg_study_json(study, &text) : rg_study_text(study, &text);
    return cli_print_text(verb, status, text);
}

static int interrupted(const rg_study *study) {
    cli_fail(verb, "interrupted; %zu of %zu members are done, the same command goes on", rg_study_done(study),
             rg_study_members(study));
    return CLI_SIGNAL + cli_caught_signal();
}

static int report(const arguments *a, rg_study *study) {
    rg_diagnostic diagnostic = {0};
    int code = cli_check(verb, rg_study_write(study, a->output, &diagnostic), &diagnostic);
    if (code == CLI_DONE) code = print(a, study);
    if (code != CLI_DONE || !rg_study_violated(study)) return code;
    cli_fail(verb, "a claim is violated; members.csv says where");
    return CLI_VIOLATED;
}

static int run(const arguments *a, rg_study *study) {
    rg_diagnostic diagnostic = {0};
    cli_progress progress = cli_progress_begin(a->quiet);
    cli_catch_signals();
    const rg_study_options how = {.directory = a->output,
                                  .first = a->first,
                                  .count = a->count,
                                  .threads = a->threads,
                                  .progress = cli_progress_step,
                                  .progress_data = &progress};
    const rg_status status = rg_study_run(study, &how, &diagnostic);
    cli_progress_end(&progress);
    if (status == RG_ECANCELLED) return interrupted(study);
    const int failed = cli_check(verb, status, &diagnostic);
    if (failed && status != RG_ENOCONV && status != RG_EDOMAIN) return failed;
    const int code = report(a, study);
    return failed ? failed : code;
}

int cli_study(int argc, char **argv) {
    rg_diagnostic diagnostic = {0};
    rg_study *study = NULL;
    arguments a = {.in.setting = calloc((size_t)argc + 1, sizeof *a.in.setting)};
    int code = a.in.setting ? CLI_DONE : cli_fail(verb, "out of memory");
    if (code == CLI_DONE) argp_parse(&parser, argc, argv, 0, NULL, &a);
    if (code == CLI_DONE && a.list) {
        free(a.in.setting);
        return list();
    }
    if (code == CLI_DONE)
        code = cli_check(verb, rg_study_read(a.in.path, a.in.setting, a.in.settings, &study, &diagnostic), &diagnostic);
    if (code == CLI_DONE) code = run(&a, study);
    rg_study_free(study);
    free(a.in.setting);
    return code;
}
