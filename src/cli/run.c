/* rotgrad run: an experiment file becomes a report. */
#include "cli.h"

#include <rotgrad/run.h>

#include <stdlib.h>
#include <string.h>

static const char *const verb = "run";

typedef struct arguments {
    cli_input in;
    const char *output;
    int force, json, check, quiet, threads;
} arguments;

static const struct argp_option options[] = {
    {.name = "output", .key = 'o', .arg = "DIR", .doc = "Write report.json, levels.csv, fields.npz, figures to DIR"},
    {.name = "set", .key = 's', .arg = "KEY=VALUE", .doc = "Replace or add a key of the experiment; may be repeated"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR"},
    {.name = "json", .key = 'j', .doc = "Print the report as JSON instead of the table"},
    {.name = "check", .key = 'c', .doc = "Also run the other formulation; its difference joins the error bars"},
    {.name = "quiet", .key = 'q', .doc = "No table and no progress"},
    {.name = "threads", .key = 't', .arg = "N", .doc = "Threads, as --set threads=N; the results do not depend on it"},
    {0},
};

#define AT(member) .offset = offsetof(arguments, member)

static const cli_option table[] = {
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {.key = 'c', .kind = CLI_FLAG, AT(check)},
    {.key = 'q', .kind = CLI_FLAG, AT(quiet)},
    {.key = 't', .kind = CLI_WHOLE, AT(threads), .name = "threads", .range = &cli_threads},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state) {
    arguments *a = state->input;
    if (cli_take_input(&a->in, "experiment", "noise.churn=0", key, text, state) == 0) return 0;
    switch (key) {
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "expected an experiment file");
        return 0;
    default:
        return cli_take(table, a, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "EXPERIMENT.yaml",
    .doc =
        "Runs an experiment: steps the full, gradient-only, solenoidal-only and error-free marginals through the noise "
        "levels, compares them with the data's density, checks every claim against the error bars, and prints a "
        "summary. Without -o nothing is written.\v"
        "Example: rotgrad run grids/mixture_2d.yaml -o out --set noise.churn=0\n\n"
        "docs/experiment.md lists the keys of an experiment.\n\n" CLI_EXIT_CODES
        ", 3 a checked claim is violated (the report is written all the same), 130 interrupted.",
};

static int print_outcome(const arguments *a, const rg_outcome *outcome, const rg_experiment *experiment,
                         const char *command) {
    char *text = NULL;
    if (a->json) {
        const rg_status status = rg_outcome_json(outcome, experiment, command, &text);
        return cli_print_text(verb, status, text);
    }
    if (a->quiet) return CLI_DONE;
    const rg_status status = rg_outcome_table(outcome, experiment, &text);
    return cli_print_text(verb, status, text);
}

static int write_outcome(const arguments *a, const rg_outcome *outcome, const rg_experiment *experiment,
                         const char *command) {
    rg_diagnostic diagnostic = {0};
    if (!a->output) return CLI_DONE;
    cli_hold_signals(1);
    const rg_status status = rg_outcome_write(outcome, experiment, a->output, a->force, command, &diagnostic);
    cli_hold_signals(0);
    return cli_check(verb, status, &diagnostic);
}

static int report(const arguments *a, const rg_outcome *outcome, const rg_experiment *experiment, const char *command) {
    int code = write_outcome(a, outcome, experiment, command);
    if (code == CLI_DONE) code = print_outcome(a, outcome, experiment, command);
    char warned[RG_NOTE]; /* before the run */
    (void)rg_run_warning(experiment, warned);
    if (outcome->resolution_alarm && strcmp(outcome->resolution_note, warned) != 0)
        cli_warn(verb, "%s", outcome->resolution_note);
    return code == CLI_DONE ? cli_judge(verb, outcome->claims, outcome->claim) : code;
}

static int run(const arguments *a, const rg_experiment *experiment, const char *command) {
    rg_diagnostic diagnostic = {0};
    rg_outcome *outcome = NULL;
    char note[RG_NOTE];
    if (rg_run_warning(experiment, note)) cli_warn(verb, "%s", note);
    cli_progress progress = cli_progress_begin(a->quiet);
    cli_catch_signals();
    const rg_run_options how = {.check = a->check, .progress = cli_progress_step, .progress_data = &progress};
    const rg_status status = rg_run(experiment, &how, &outcome, &diagnostic);
    cli_progress_end(&progress);
    if (status == RG_ECANCELLED) return cli_interrupted(verb);
    if (status)
        return cli_fail(verb, "%s: %s", a->in.path, diagnostic.text[0] ? diagnostic.text : rg_status_text(status));
    const int code = report(a, outcome, experiment, command);
    rg_outcome_free(outcome);
    return code;
}

int cli_run(int argc, char **argv) {
    char *command = cli_command(argc, argv);
    arguments a = {.in.setting = calloc((size_t)argc + 1, sizeof *a.in.setting)};
    rg_experiment experiment = {0};
    int code = command && a.in.setting ? CLI_DONE : cli_fail(verb, "out of memory");
    if (code == CLI_DONE) argp_parse(&parser, argc, argv, 0, NULL, &a);
    if (code == CLI_DONE) code = cli_read_experiment(verb, &a.in, a.threads, a.output, a.force, &experiment);
    if (code == CLI_DONE) code = run(&a, &experiment, command);
    rg_experiment_free(&experiment);
    free(a.in.setting);
    free(command);
    return code;
}
