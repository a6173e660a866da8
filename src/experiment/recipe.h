/* What the files that turn a recipe into a figure share. Internal. */
#ifndef RG_RECIPE_H
#define RG_RECIPE_H

#include "experiment/node.h"
#include "experiment/quantity.h"
#include "experiment/view.h"
#include "io/csv_table.h"

#include <rotgrad/recipe.h>

/* One entry of `runs`: a single run, or the members of a sweep. */
typedef struct rg_run_entry {
    const char *name;
    size_t first, count;   /* among the runs */
    const rg_node *values; /* of a sweep; NULL for a single run */
} rg_run_entry;

/* A heat map on its way to its colours: the range is taken from the whole field, of which its planes show a part. */
typedef struct rg_plotted_heat {
    const rg_node *node;
    rg_quantity quantity;
    size_t planes;
    rg_heat_map *plane[RG_MAX_DIM];
} rg_plotted_heat;

struct rg_recipe {
    rg_pool pool; /* everything the recipe and its figure own */
    rg_node *root;
    size_t runs, entries;
    rg_recipe_run *run;
    rg_view *view; /* one a run */
    rg_run_entry *entry;
    size_t studies;
    rg_recipe_study *study;
    rg_csv_table *table; /* one a study; without columns: not there yet */
    rg_read_array *arrays;

    rg_figure figure;
    rg_panel *panel;
    size_t panels, room;
    int has_planes; /* a panel became a row of planes */
    size_t heats;
    rg_plotted_heat *heat;
    rg_diagnostic *diagnostic; /* of the call under way */
};

rg_status rg_recipe_out_of_memory(const rg_recipe *recipe) RG_MUST_CHECK;

/* The entry that a `run` key names, "stir" or "stir.2" (NULL: the first one), and the run in it. Without any run in the
 * recipe and without a name: NULLs. */
rg_status rg_recipe_find_run(rg_recipe *recipe, const rg_node *name, const rg_run_entry **entry,
                             rg_view **view) RG_MUST_CHECK;

/* The studies of a recipe that was just checked. */
rg_status rg_recipe_add_studies(rg_recipe *recipe) RG_MUST_CHECK;
/* Reads the tables of those that name a directory. */
rg_status rg_recipe_open_studies(rg_recipe *recipe) RG_MUST_CHECK;
/* The table that a `study` key names (NULL: the first one), which must be there; `asking` is the node that needs it. */
rg_status rg_recipe_find_study(const rg_recipe *recipe, const rg_node *name, const rg_node *asking,
                               const rg_csv_table **table) RG_MUST_CHECK;
/* "FOLDER/PATH" of a node, relative to its file; NULL without a node, or out of memory. */
const char *rg_recipe_path(rg_recipe *recipe, const rg_node *node);

/* RG_EINVAL when the run has no results yet. */
rg_status rg_recipe_check_view(const rg_recipe *recipe, const rg_node *node, const rg_view *view) RG_MUST_CHECK;

/* Markup with {title}, {sigma} or {PATH} in report.json replaced; "" for a NULL node. NULL in `text` never. */
rg_status rg_recipe_text(rg_recipe *recipe, const rg_node *node, const rg_view *view, const char **text) RG_MUST_CHECK;

/* The panel or panels of one entry of `panels`, appended to the recipe's. */
rg_status rg_recipe_add_panel(rg_recipe *recipe, const rg_node *node) RG_MUST_CHECK;

/* Curves, axes, note and diagonal of a panel. */
rg_status rg_recipe_add_curves(rg_recipe *recipe, const rg_node *node, rg_panel *panel) RG_MUST_CHECK;

/* Rows and their dots, of a panel that has `rows`. */
rg_status rg_recipe_add_rows(rg_recipe *recipe, const rg_node *node, rg_panel *panel) RG_MUST_CHECK;

/* Gives every heat map its scale and range. */
rg_status rg_recipe_colour(rg_recipe *recipe) RG_MUST_CHECK;

#endif
