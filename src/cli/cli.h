/* What the verbs of the command line share. */
#ifndef RG_CLI_H
#define RG_CLI_H

#include <argp.h>
#include <jansson.h>
#include <rotgrad/array.h>
#include <rotgrad/experiment.h>
#include <rotgrad/folder.h>
#include <rotgrad/grid.h>
#include <rotgrad/run.h>
#include <stdio.h>

/* Exit codes; an interrupted run ends with CLI_SIGNAL + the signal's number, as shells do. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_VIOLATED = 3, CLI_SIGNAL = 128 };

/* What the help of a verb says about them. */
#define CLI_EXIT_CODES "Exit codes: 0 done, 1 data or runtime error, 2 usage"

/* Each verb: argv[0] is "rotgrad VERB", returns the exit code. */
int cli_run(int argc, char **argv);
int cli_split(int argc, char **argv);
int cli_estimate(int argc, char **argv);
int cli_transport(int argc, char **argv);
int cli_budget(int argc, char **argv);
int cli_study(int argc, char **argv);
int cli_sample(int argc, char **argv);
int cli_memorise(int argc, char **argv);
int cli_plot(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_doctor(int argc, char **argv);

/* ---- arguments */

typedef enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_NUMBER, CLI_WHOLE } cli_kind;

/* low <= value < high; `expected` says so in messages. */
typedef struct cli_range {
    double low, high;
    const char *expected;
} cli_range;

/* Where the value of an option goes: an int for a flag or a whole number, a const char * or a double. */
typedef struct cli_option {
    int key;
    cli_kind kind;
    size_t offset; /* into the verb's struct of arguments */
    const char *name;
    const cli_range *range; /* of numbers */
} cli_option;

/* Stores an option, or reports a usage error; ARGP_ERR_UNKNOWN for keys that are not in the table (ended by key 0). */
error_t cli_take(const cli_option *table, void *arguments, int key, char *text, struct argp_state *state);

/* The one file that a verb works on, and its settings. */
typedef struct cli_input {
    const char *path;
    const char **setting; /* room for as many as there are arguments */
    size_t settings;
} cli_input;

/* Takes the file and --set KEY=VALUE; ARGP_ERR_UNKNOWN for any other key. `what` is the file, as "experiment"; `example` a
 * setting. */
error_t cli_take_input(cli_input *input, const char *what, const char *example, int key, char *text,
                       struct argp_state *state);

extern const cli_range cli_threads; /* of --threads */

/* --box of a grid, or a usage error. */
void cli_take_box(const char *text, int *axes, double *lower, double *length, struct argp_state *state);

/* The experiment of the input, with --threads N (0: as it says). The folder of results (NULL: none) is looked at first, before
 * hours of work. Returns an exit code. */
int cli_read_experiment(const char *verb, cli_input *in, int threads, const char *output, int force,
                        rg_experiment *experiment);

/* The command as it can be typed again; NULL when out of memory; freed by free. To be asked before argp_parse, which
 * reorders argv. */
char *cli_command(int argc, char **argv);

/* ---- messages, on standard error */

/* "rotgrad VERB: ..." and CLI_FAILED to be returned. */
int cli_fail(const char *verb, const char *format, ...) RG_PRINTF(2, 3);
/* CLI_DONE for RG_OK; otherwise the diagnostic, or the status where the library left no diagnostic, and CLI_FAILED. */
int cli_check(const char *verb, rg_status status, const rg_diagnostic *diagnostic);
/* Of a run that was stopped by a signal: its exit code. */
int cli_interrupted(const char *verb);
/* CLI_VIOLATED, after a message for each, where a claim is violated. */
int cli_judge(const char *verb, size_t claims, const rg_claim *claim);
void cli_warn(const char *verb, const char *format, ...) RG_PRINTF(2, 3);

/* ---- arrays */

/* A finite array; a density (>= 0, of positive and finite mass); one on the grid of another file. Exit codes. */
int cli_read_array(const char *verb, const char *path, rg_array *array);
int cli_check_density(const char *verb, const char *path, const rg_array *p);
int cli_check_grid(const char *verb, const char *path, const rg_array *p, const rg_grid *grid, const char *grid_path);

/* ---- results, on standard output */

/* The document as text with a final newline, to a stream; its errors are left to the stream. Takes the document, which
 * may be NULL (out of memory). Returns an exit code. */
int cli_print_json(const char *verb, json_t *document, FILE *stream);

/* Text from the library, which is freed, with a final newline. Returns an exit code. */
int cli_print_text(const char *verb, rg_status status, char *text);

/* A file of a folder of results; returns an exit code. The report is report.json, and its document is taken. */
int cli_write_array(const char *verb, const rg_folder *folder, const char *name, int dim, const ptrdiff_t *shape,
                    const double *data);
int cli_write_report(const char *verb, const rg_folder *folder, json_t *document);
/* For other files: where to write (NULL when out of memory, freed by free), and cli_check with the folder's own name. */
char *cli_path_in(const rg_folder *folder, const char *name);
int cli_check_file(const char *verb, const rg_folder *folder, rg_status status, rg_diagnostic *diagnostic);

/* The folder of results `output`, which appears complete or not at all: `write` puts the files of `job` into the folder
 * that it is given. Signals wait meanwhile. Returns an exit code; NULL for `output` is done at once. */
typedef int cli_write_files(const void *job, const rg_folder *folder);
int cli_write_folder(const char *verb, const char *output, int force, cli_write_files *write, const void *job);

/* JSON knows neither NaN nor infinity: null. */
json_t *cli_real(double value);
/* Bytes that are not UTF-8, as in old file names, become '?'. NULL gives null. */
json_t *cli_text(const char *text);
json_t *cli_reals(int count, const double *values);
json_t *cli_sizes(int count, const ptrdiff_t *values);

enum { CLI_LIST_SIZE = 192 };
typedef struct cli_list {
    char text[CLI_LIST_SIZE];
} cli_list;
cli_list cli_shape(int dim, const ptrdiff_t *shape);                  /* "(3, 4)", "(5,)" */
cli_list cli_index(int dim, const ptrdiff_t *shape, size_t position); /* of a place in C order: "[2, 0]" */

/* ---- signals */

/* While held, Ctrl-C waits: a folder of results is finished or removed first. */
void cli_hold_signals(int hold);

/* From now on SIGINT, SIGTERM and SIGHUP are remembered, not obeyed; a second one, whichever, ends the program. */
void cli_catch_signals(void);
int cli_caught_signal(void); /* its number, 0: none */

/* ---- progress, on standard error when that is a terminal */

typedef struct cli_progress {
    int terminal;
    double started, drawn; /* seconds; drawn < 0: nothing stands on the line */
} cli_progress;

cli_progress cli_progress_begin(int quiet);
/* An rg_progress; asks for a stop once a signal was caught. */
int cli_progress_step(void *progress, double fraction, const char *stage);
void cli_progress_end(cli_progress *progress);

#endif
