/* Recipes: YAML files that say what a figure shows. Reference of the keys: docs/recipe.md.
 *
 *     rg_recipe *recipe = NULL;
 *     const rg_figure *figure = NULL;
 *     rg_status status = rg_recipe_builtin("parts", NULL, 0, &recipe, &why);
 *     if (!status) status = rg_recipe_use_directory(recipe, 0, "out", &why);
 *     if (!status) status = rg_recipe_figure(recipe, &figure, &why);
 *     if (!status) status = rg_figure_write(figure, "parts.pdf", &why);
 *     rg_recipe_free(recipe);
 *
 * A recipe draws from runs and from arrays in files. A run is a directory that `rotgrad run` wrote, or an outcome in
 * memory; the recipe says where it comes from, or leaves that to the caller. The same runs give the same figure.
 */
#ifndef ROTGRAD_RECIPE_H
#define ROTGRAD_RECIPE_H

#include <rotgrad/figure.h>
#include <rotgrad/run.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_recipe rg_recipe;

/* Reads and checks a recipe; `settings` as in rg_experiment_read. Paths in the file are relative to the file.
 * RG_EIO, RG_EFORMAT, RG_EINVAL (unknown key or value, with file, line and column), RG_ENOMEM. */
RG_API rg_status rg_recipe_read(const char *path, const char *const *settings, size_t count, rg_recipe **recipe,
                                rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The same from a text; `name` stands for the file in messages, paths are relative to the current folder. */
RG_API rg_status rg_recipe_parse(const char *name, const char *text, const char *const *settings, size_t count,
                                 rg_recipe **recipe, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A recipe that the library brings along. RG_EINVAL, with the nearest name, when there is none of that name. */
RG_API rg_status rg_recipe_builtin(const char *name, const char *const *settings, size_t count, rg_recipe **recipe,
                                   rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Name, summary (the first line of the recipe, a comment) and text of a built-in recipe. */
typedef struct rg_builtin {
    char name[32], summary[128];
    const char *text;
} rg_builtin;

/* The built-in recipe number `index`, by name from 0; 0 when there is none any more. */
RG_API int rg_recipe_builtin_at(size_t index, rg_builtin *builtin);

/* Accepts NULL. */
RG_API void rg_recipe_free(rg_recipe *recipe);

/* One run that the recipe draws from; of a sweep each member. */
typedef struct rg_recipe_run {
    const char *name;           /* "mixture"; of a sweep "stir.0", "stir.1", ... */
    const char *experiment;     /* the file to be run; NULL when the recipe leaves that to the caller */
    size_t settings;            /* for rg_experiment_read */
    const char *const *setting; /* "noise.churn=0" */
    const char *directory;      /* of a finished run; NULL when there is none yet */
} rg_recipe_run;

/* In the order of the recipe; `run` stays valid as long as the recipe. */
RG_API size_t rg_recipe_runs(const rg_recipe *recipe, const rg_recipe_run **run);

/* Gives run number `index` its results: a directory, which must hold report.json and fields.npz, or an outcome, which
 * is borrowed until the recipe is freed. RG_EINVAL, RG_EIO, RG_EFORMAT, RG_ENOMEM. */
RG_API rg_status rg_recipe_use_directory(rg_recipe *recipe, size_t index, const char *directory,
                                         rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API rg_status rg_recipe_use_outcome(rg_recipe *recipe, size_t index, const rg_outcome *outcome,
                                       const rg_experiment *experiment, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* One study that the recipe draws from. */
typedef struct rg_recipe_study {
    const char *name;
    const char *study;          /* the file to be run; NULL when the recipe leaves that to the caller */
    size_t settings;            /* for rg_study_read */
    const char *const *setting; /* "samples=500" */
    const char *directory;      /* of its results; NULL when there are none yet */
} rg_recipe_study;

/* In the order of the recipe; `study` stays valid as long as the recipe. */
RG_API size_t rg_recipe_studies(const rg_recipe *recipe, const rg_recipe_study **study);

/* Gives study number `index` its results: a directory with members.csv. RG_EINVAL, RG_EIO, RG_EFORMAT, RG_ENOMEM. */
RG_API rg_status rg_recipe_use_study(rg_recipe *recipe, size_t index, const char *directory,
                                     rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The figure, ready for rg_figure_write; it belongs to the recipe. Colour ranges are all given numbers. RG_EINVAL: a run
 * without results, a quantity, a column or a plane that is not there, shapes that differ; otherwise as above. The
 * diagnostic names the place in the recipe. */
RG_API rg_status rg_recipe_figure(rg_recipe *recipe, const rg_figure **figure, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* ---- results kept between figures: report.json and fields.npz only */

/* 1 when the directory holds the result of this very experiment, input files included, by this version. */
RG_API int rg_result_is_current(const char *directory, const rg_experiment *experiment);

/* Writes the directory, which appears complete or not at all; an earlier result is replaced. Errors as
 * rg_outcome_write. */
RG_API rg_status rg_result_write(const rg_outcome *outcome, const rg_experiment *experiment, const char *directory,
                                 const char *command, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
