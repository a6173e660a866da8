/* rotgrad plot: what its files share. */
#ifndef RG_CLI_PLOT_H
#define RG_CLI_PLOT_H

#include "cli.h"

#include <rotgrad/recipe.h>

#define PLOT_VERB "plot"

/* Files that one figure is written to, each by a function of its own. */
enum { PLOT_PICTURE, PLOT_DATA, PLOT_GNUPLOT, PLOT_OUTPUTS };

typedef struct plot_job {
    /* arguments */
    const char **source, **setting;
    size_t sources, settings, user_settings; /* the user's are the first ones */
    const char *figure, *runs, *output[PLOT_OUTPUTS];
    const char *title, *as, *map, *scale, *range, *box, *slice, *projection, *unit, *labels;
    double dpi, size;
    int degrees, list, force, json, quiet, threads;
    char *command; /* owned */

    rg_recipe *recipe;       /* owned */
    const char *recipe_name; /* NULL for that of arrays */
    int sources_are_runs;
    size_t results; /* of the runs that had to be computed; owned */
    rg_outcome **outcome;
    rg_experiment *experiment;
} plot_job;

/* Each returns an exit code, after a message when it is not CLI_DONE. */

/* The recipe of a picture of arrays, as YAML text; freed by free. */
int plot_array_recipe(const plot_job *job, char **text);

/* A text as YAML in double quotes, to a stream. */
void plot_quote(FILE *out, const char *text);

/* Gives every run of the recipe its results: those on the command line, those kept in --runs, or fresh ones. */
int plot_results(plot_job *job);

/* Whether -o asks for the fields themselves, FILE.vti; and that file, of a run or of its fields.npz. */
int plot_is_vti(const plot_job *job);
int plot_vti(const plot_job *job);

int plot_check_outputs(const plot_job *job);
int plot_write(const plot_job *job, const rg_figure *figure);
int plot_print(const plot_job *job, const rg_figure *figure);

#endif
