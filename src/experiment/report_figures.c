/* The figures of a report: built-in recipes, drawn from the outcome in memory. */
#include "experiment/report.h"

#include <rotgrad/recipe.h>

static rg_status draw(const rg_report *report, const char *name, const char *path, rg_diagnostic *diagnostic) {
    rg_recipe *recipe = NULL;
    const rg_figure *figure = NULL;
    rg_status status = rg_recipe_builtin(name, NULL, 0, &recipe, diagnostic);
    if (status == RG_OK) status = rg_recipe_use_outcome(recipe, 0, report->outcome, report->experiment, diagnostic);
    if (status == RG_OK) status = rg_recipe_figure(recipe, &figure, diagnostic);
    if (status == RG_OK) status = rg_figure_write(figure, path, diagnostic);
    rg_recipe_free(recipe);
    return status;
}

rg_status rg_report_marginals(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    return draw(report, "marginals", path, diagnostic);
}

rg_status rg_report_errors(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    return draw(report, "errors", path, diagnostic);
}
