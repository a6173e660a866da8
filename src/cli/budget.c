/* rotgrad budget: what each source of error costs, one after the other. */
#include "cli.h"

#include <rotgrad/budget.h>

#include <stdlib.h>

static const char *const verb = "budget";

typedef struct arguments {
    cli_input in;
    const char *output;
    int force, json, quiet, threads;
} arguments;

static const struct argp_option options[] = {
    {.name = "output",
     .key = 'o',
     .arg = "DIR",
     .doc = "Write report.json, ladder.csv, sweep.csv, laws.npz, figures to DIR"},
    {.name = "set", .key = 's', .arg = "KEY=VALUE", .doc = "Replace or add a key of the experiment; may be repeated"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR"},
    {.name = "json", .key = 'j', .doc = "Print the report as JSON instead of the table"},
    {.name = "quiet", .key = 'q', .doc = "No table and no progress"},
    {.name = "threads", .key = 't', .arg = "N", .doc = "Threads, as --set threads=N; the results do not depend on it"},
    {0},
};

#define AT(member) .offset = offsetof(arguments, member)

static const cli_option table[] = {
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
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
    .doc = "Starts from the law of the data and adds one source of error at a time: early stopping, a limited class of "
           "scores, finitely many samples, the denoising objective, the learned score, the prior, finitely many steps. "
           "States what each costs in W1, KL and total variation, with a bound where there is one, and checks every "
           "claim against the error bars. Without -o nothing is written.\v"
           "Example: rotgrad budget grids/budget_mixture.yaml -o out --set budget.samples=200\n\n"
           "docs/budget.md explains the ladder, docs/experiment.md lists the keys.\n\n" CLI_EXIT_CODES
           ", 3 a checked claim is violated (the report is written all the same), 130 interrupted.",
};

static int print_budget(const arguments *a, const rg_budget *budget, const rg_experiment *experiment,
                        const char *command) {
    char *text = NULL;
    if (a->json) {
        const rg_status status = rg_budget_json(budget, experiment, command, &text);
        return cli_print_text(verb, status, text);
    }
    if (a->quiet) return CLI_DONE;
    const rg_status status = rg_budget_table(budget, experiment, &text);
    return cli_print_text(verb, status, text);
}

static int write_budget(const arguments *a, const rg_budget *budget, const rg_experiment *experiment,
                        const char *command) {
    rg_diagnostic diagnostic = {0};
    if (!a->output) return CLI_DONE;
    cli_hold_signals(1);
    const rg_status status = rg_budget_write(budget, experiment, a->output, a->force, command, &diagnostic);
    cli_hold_signals(0);
    return cli_check(verb, status, &diagnostic);
}

static int report(const arguments *a, const rg_budget *budget, const rg_experiment *experiment, const char *command) {
    int code = write_budget(a, budget, experiment, command);
    if (code == CLI_DONE) code = print_budget(a, budget, experiment, command);
    return code == CLI_DONE ? cli_judge(verb, budget->claims, budget->claim) : code;
}

static int run(const arguments *a, const rg_experiment *experiment, const char *command) {
    rg_diagnostic diagnostic = {0};
    rg_budget *budget = NULL;
    cli_progress progress = cli_progress_begin(a->quiet);
    cli_catch_signals();
    const rg_budget_options how = {.progress = cli_progress_step, .progress_data = &progress};
    const rg_status status = rg_budget_run(experiment, &how, &budget, &diagnostic);
    cli_progress_end(&progress);
    if (status == RG_ECANCELLED) return cli_interrupted(verb);
    if (status)
        return cli_fail(verb, "%s: %s", a->in.path, diagnostic.text[0] ? diagnostic.text : rg_status_text(status));
    const int code = report(a, budget, experiment, command);
    rg_budget_free(budget);
    return code;
}

int cli_budget(int argc, char **argv) {
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
