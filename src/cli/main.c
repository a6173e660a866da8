/* rotgrad: the command line. Finds the verb and makes sure that what went to standard output arrived there. */
#include "cli.h"

#include <rotgrad/argument.h>
#include <rotgrad/version.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 32 };

static const struct verb {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"run", "the main job: an experiment file becomes a report", cli_run},
    {"split", "one Helmholtz-Hodge decomposition of a score error", cli_split},
    {"estimate", "the gradient energy from samples, in any dimension", cli_estimate},
    {"transport", "the distance W1 between two densities, with its bounds", cli_transport},
    {"budget", "what each source of error costs in W1: the ladder", cli_budget},
    {"study", "ensembles: which number predicts the harm", cli_study},
    {"sample", "an experiment by particles, in any dimension", cli_sample},
    {"memorise", "whether samples are copies of training data", cli_memorise},
    {"plot", "figures from recipes, runs and arrays", cli_plot},
    {"info", "what is in arrays and experiment files", cli_info},
    {"doctor", "whether this installation works", cli_doctor},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static const struct verb *find(const char *name) {
    for (int i = 0; i < VERBS; i++)
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    return NULL;
}

static int run_verb(const struct verb *verb, int argc, char **argv) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "rotgrad %s", verb->name);
    argv[0] = name; /* argp's messages start with it */
    return verb->run(argc, argv);
}

static void unknown_verb(const struct argp_state *state, const char *name) {
    const char *names[VERBS];
    for (int i = 0; i < VERBS; i++) names[i] = verbs[i].name;
    const char *nearest = rg_argument_nearest(name, names, VERBS);
    argp_error(state, "unknown verb \"%s\"%s%s%s", name, nearest ? ", did you mean \"" : "", nearest ? nearest : "",
               nearest ? "\"?" : "");
}

static error_t parse(int key, char *text, struct argp_state *state) {
    if (key == ARGP_KEY_ARG) unknown_verb(state, text);
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state,
                   "expected a verb: run, split, estimate, transport, budget, study, sample, memorise, plot, info "
                   "or doctor");
    return ARGP_ERR_UNKNOWN;
}

/* The verbs, between the introduction and the options. */
static char *list_verbs(int key, const char *text, void *input) {
    (void)input;
    if (key != ARGP_KEY_HELP_PRE_DOC) return (char *)(uintptr_t)text; /* argp frees what differs */
    enum { ROOM = 1024 };
    char *list = malloc(ROOM);
    if (!list) return NULL;
    size_t used = (size_t)snprintf(list, ROOM, "%s\n", text);
    for (int i = 0; i < VERBS; i++)
        used += (size_t)snprintf(list + used, ROOM - used, "\n  %-8s  %s", verbs[i].name, verbs[i].summary);
    return list;
}

static const struct argp parser = {
    .parser = parse,
    .args_doc = "VERB [ARGUMENT...]",
    .doc = "How much of a diffusion model's score error can its sampler see, what does it cost, and how loose are the "
           "known bounds?\v"
           "\"rotgrad VERB --help\" explains a verb. Results go to standard output, messages and progress to standard "
           "error.\n\n" CLI_EXIT_CODES ", 3 a checked claim is violated.",
    .help_filter = list_verbs,
};

/* Runs at exit, after argp's --help and --version too. */
static void close_stdout(void) {
    errno = 0;
    const int failed = ferror(stdout) || fflush(stdout) != 0;
    if (failed && !errno) (void)(putchar('\n') == EOF || fflush(stdout)); /* to learn why: the same obstacle again */
    if (!failed && (fclose(stdout) == 0 || errno == EBADF)) return;
    fprintf(stderr, "rotgrad: standard output: cannot write: %s\n", strerror(errno ? errno : EIO));
    _exit(CLI_FAILED);
}

/* A stream that the shell closed would be given to the next file opened, and messages would end up in there. */
static void occupy_standard_streams(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0) (void)!open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
    occupy_standard_streams();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe becomes a failed write, */
    signal(SIGXFSZ, SIG_IGN); /* and so does a file above the limit of ulimit -f */
    atexit(close_stdout);
    setenv("ARGP_HELP_FMT", "no-dup-args-note", 0);
    argp_err_exit_status = CLI_USAGE;
    argp_program_version = "rotgrad " RG_VERSION; /* of every verb too */
    const struct verb *verb = argc > 1 ? find(argv[1]) : NULL;
    if (verb) return run_verb(verb, argc - 1, argv + 1);
    argv[0] = (char[]){"rotgrad"};
    argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, NULL);
    return CLI_USAGE;
}
