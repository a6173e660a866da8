/* rotgrad sample: an experiment by particles. */
#include "cli.h"

#include <rotgrad/argument.h>
#include <rotgrad/folder.h>
#include <rotgrad/sample.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED = 256, STEPS, RESUME, SETTING_SIZE = 48, OWN_SETTINGS = 4 };

static const char *const verb = "sample";

typedef struct arguments {
    cli_input in;
    const char *output;
    int particles, steps, seed, has_seed, force, json, quiet, resume, threads;
    char *checkpoint; /* beside the folder; owned */
    char *command;    /* owned */
    char own[OWN_SETTINGS][SETTING_SIZE];
} arguments;

static const struct argp_option options[] = {
    {.name = "particles",
     .key = 'm',
     .arg = "M",
     .doc = "How many; the same as --set sample.particles=M; default 1000"},
    {.name = "seed", .key = SEED, .arg = "N", .doc = "--set sample.seed=N; default 1"},
    {.name = "steps", .key = STEPS, .arg = "K", .doc = "--set sample.steps=K; default 200"},
    {.name = "set", .key = 's', .arg = "KEY=VALUE", .doc = "Replace or add a key of the experiment; may be repeated"},
    {.name = "output",
     .key = 'o',
     .arg = "DIR",
     .doc = "Write samples.npy, path.csv, report.json, and distance.npy and nearest.npy where the density is a "
            "manifold or points; an unfinished run is kept in DIR.checkpoint.npz"},
    {.name = "resume", .key = RESUME, .doc = "Go on with the run in DIR.checkpoint.npz: the same samples, bit for bit"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR, and begin again where a run was stopped"},
    {.name = "json", .key = 'j', .doc = "Print report.json instead of the table"},
    {.name = "quiet", .key = 'q', .doc = "No table and no progress"},
    {.name = "threads", .key = 't', .arg = "N", .doc = "Threads; the results do not depend on it"},
    {0},
};

#define AT(member) .offset = offsetof(arguments, member)

static const cli_range count_range = {1, INT_MAX, "a whole number >= 1"};
static const cli_range seed_range = {0, INT_MAX, "a whole number >= 0"};
static const cli_option table[] = {
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'm', .kind = CLI_WHOLE, AT(particles), .name = "particles", .range = &count_range},
    {.key = STEPS, .kind = CLI_WHOLE, AT(steps), .name = "steps", .range = &count_range},
    {.key = SEED, .kind = CLI_WHOLE, AT(seed), .name = "seed", .range = &seed_range},
    {.key = 't', .kind = CLI_WHOLE, AT(threads), .name = "threads", .range = &cli_threads},
    {.key = RESUME, .kind = CLI_FLAG, AT(resume)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {.key = 'q', .kind = CLI_FLAG, AT(quiet)},
    {0},
};

static error_t parse(int key, char *text, struct argp_state *state) {
    arguments *a = state->input;
    if (cli_take_input(&a->in, "experiment", "noise.churn=0", key, text, state) == 0) return 0;
    switch (key) {
    case ARGP_KEY_END:
        if (!a->in.path) argp_error(state, "expected an experiment file");
        if (a->resume && !a->output) argp_error(state, "--resume: expected -o DIR as well");
        if (a->resume && a->force) argp_error(state, "--resume: cannot go with --force");
        return 0;
    default:
        if (key == SEED) a->has_seed = 1;
        return cli_take(table, a, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "EXPERIMENT.yaml",
    .doc =
        "Runs an experiment by particles: each follows the reverse SDE or ODE with the exact score of the density plus "
        "the "
        "score error. Works in any dimension: without grid.shape the space is R^D. Measures along the paths how far "
        "the "
        "samples are from the data, the energy of the error, Novikov's functional, and v E|s|^2. Without -o nothing is "
        "written.\v"
        "Example: rotgrad sample grids/digits.yaml --particles 200 -o out\n\n"
        "docs/experiment.md lists the keys of an experiment, docs/particles.md explains the results.\n\n" CLI_EXIT_CODES
        ", 130 interrupted (with -o the run is kept, --resume goes on).",
};

static int print(const arguments *a, const rg_sampled *sampled, const rg_experiment *experiment) {
    char *text = NULL;
    if (a->quiet && !a->json) return CLI_DONE;
    const rg_status status = a->json ? rg_sampled_json(sampled, experiment, a->command, &text)
                                     : rg_sampled_table(sampled, experiment, &text);
    return cli_print_text(verb, status, text);
}

static int report(const arguments *a, const rg_sampled *sampled, const rg_experiment *experiment) {
    rg_diagnostic diagnostic = {0};
    int code = CLI_DONE;
    if (a->output) {
        cli_hold_signals(1);
        /* a run that goes on may replace what --force was given for when it began */
        const rg_status status =
            rg_sampled_write(sampled, experiment, a->output, a->force || a->resume, a->command, &diagnostic);
        if (status == RG_OK) remove(a->checkpoint);
        cli_hold_signals(0);
        code = cli_check(verb, status, &diagnostic);
    }
    if (code == CLI_DONE) code = print(a, sampled, experiment);
    for (size_t i = 0; i < sampled->notes; i++) cli_warn(verb, "%s", sampled->note[i]);
    return code;
}

static int interrupted(const arguments *a) {
    if (a->checkpoint)
        cli_fail(verb, "interrupted; %s keeps the run, the same command with --resume goes on", a->checkpoint);
    else
        cli_fail(verb, "interrupted; nothing was written");
    return CLI_SIGNAL + cli_caught_signal();
}

static int run(const arguments *a, const rg_experiment *experiment) {
    rg_diagnostic diagnostic = {0};
    rg_sampled sampled = {0};
    cli_progress progress = cli_progress_begin(a->quiet);
    cli_catch_signals();
    const rg_sample_options how = {
        .progress = cli_progress_step, .progress_data = &progress, .checkpoint = a->checkpoint, .resume = a->resume};
    const rg_status status = rg_sample(experiment, &how, &sampled, &diagnostic);
    cli_progress_end(&progress);
    if (status == RG_ECANCELLED) return interrupted(a);
    if (status)
        return cli_fail(verb, "%s: %s", a->in.path, diagnostic.text[0] ? diagnostic.text : rg_status_text(status));
    const int code = report(a, &sampled, experiment);
    rg_sampled_free(&sampled);
    return code;
}

static void set_whole(arguments *a, const char *key, int value) {
    char *text = a->own[0];
    while (*text) text += SETTING_SIZE;
    snprintf(text, SETTING_SIZE, "%s=%d", key, value);
    a->in.setting[a->in.settings++] = text;
}

static int name_checkpoint(arguments *a) {
    static const char ending[] = ".checkpoint.npz";
    size_t length = strlen(a->output);
    while (length > 1 && a->output[length - 1] == '/') length--;
    a->checkpoint = malloc(length + sizeof ending);
    if (!a->checkpoint) return cli_fail(verb, "out of memory");
    memcpy(a->checkpoint, a->output, length);
    strcpy(a->checkpoint + length, ending);
    return CLI_DONE;
}

/* Folder and checkpoint are looked at before hours of work, not after. */
static int prepare(arguments *a, rg_experiment *experiment) {
    rg_diagnostic diagnostic = {0};
    rg_status status = RG_OK;
    if (a->output) {
        const int code = name_checkpoint(a);
        if (code != CLI_DONE) return code;
        status = rg_folder_check(a->output, a->force || a->resume, &diagnostic);
        if (!status && !a->force) status = rg_sample_check(a->checkpoint, a->resume, &diagnostic);
    }
    if (status) return cli_check(verb, status, &diagnostic);
    if (a->particles) set_whole(a, "sample.particles", a->particles);
    if (a->steps) set_whole(a, "sample.steps", a->steps);
    if (a->has_seed) set_whole(a, "sample.seed", a->seed);
    if (a->threads) set_whole(a, "threads", a->threads);
    status = rg_experiment_read_free(a->in.path, a->in.setting, a->in.settings, experiment, &diagnostic);
    return cli_check(verb, status, &diagnostic);
}

int cli_sample(int argc, char **argv) {
    arguments a = {.command = cli_command(argc, argv),
                   .in.setting = calloc((size_t)argc + OWN_SETTINGS, sizeof *a.in.setting)};
    rg_experiment experiment = {0};
    int code = a.command && a.in.setting ? CLI_DONE : cli_fail(verb, "out of memory");
    if (code == CLI_DONE) argp_parse(&parser, argc, argv, 0, NULL, &a);
    if (code == CLI_DONE) code = prepare(&a, &experiment);
    if (code == CLI_DONE) code = run(&a, &experiment);
    rg_experiment_free(&experiment);
    free(a.in.setting);
    free(a.checkpoint);
    free(a.command);
    return code;
}
