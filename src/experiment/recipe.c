/* Reading a recipe: file and settings, tree, schema, runs. Drawing it: panel by panel, then the colours. */
#include "experiment/recipe.h"

#include "base/base.h"
#include "experiment/schema.h"
#include "experiment/yaml_tree.h"

#include <rotgrad/version.h>

#include <glib.h>
#include <pango/pango.h>
#include <stdio.h>
#include <string.h>

enum { METADATA = 7 /* three pairs and the end */, VERSION_SIZE = 32 };

rg_status rg_recipe_out_of_memory(const rg_recipe *recipe) {
    return rg_fail(recipe->diagnostic, RG_ENOMEM, "out of memory for the figure");
}

/* ---- runs */

const char *rg_recipe_path(rg_recipe *recipe, const rg_node *node) {
    if (!node) return NULL;
    const char *folder = *node->text == '/' ? "" : node->source->folder;
    const size_t room = strlen(folder) + strlen(node->text) + 1;
    char *path = rg_pool_alloc(&recipe->pool, room, 1);
    if (path) snprintf(path, room, "%s%s", folder, node->text);
    return path;
}

static const char *joined(rg_recipe *recipe, const char *first, const char *between, const char *second) {
    const size_t room = strlen(first) + strlen(between) + strlen(second) + 1;
    char *text = rg_pool_alloc(&recipe->pool, room, 1);
    if (text) snprintf(text, room, "%s%s%s", first, between, second);
    return text;
}

static rg_status check_entry(rg_recipe *recipe, const rg_node *node) {
    const rg_node *name = rg_node_get(node, "name"), *key = rg_node_get(rg_node_get(node, "sweep"), "key");
    if (!*name->text || strchr(name->text, '.'))
        return rg_node_fail(name, recipe->diagnostic, RG_EINVAL, "expected a name without dots, got %s",
                            rg_node_show(name).text);
    if (key && strchr(key->text, '='))
        return rg_node_fail(key, recipe->diagnostic, RG_EINVAL, "expected a key such as noise.churn, got %s",
                            rg_node_show(key).text);
    for (size_t i = 0; i < recipe->entries; i++)
        if (strcmp(recipe->entry[i].name, name->text) == 0)
            return rg_node_fail(name, recipe->diagnostic, RG_EINVAL, "expected a name of its own, got %s again",
                                rg_node_show(name).text);
    return RG_OK;
}

/* The settings of a run, that of the sweep (NULL for none) last. */
static rg_status set_settings(rg_recipe *recipe, const rg_node *node, const rg_node *value, rg_recipe_run *run) {
    const rg_node *set = rg_node_get(node, "set");
    const char **setting = rg_pool_alloc(&recipe->pool, (set ? set->count : 0) + 1, sizeof *setting);
    if (!setting) return rg_recipe_out_of_memory(recipe);
    for (const rg_node *child = set ? set->first : NULL; child; child = child->next)
        setting[run->settings++] = child->text;
    if (value)
        setting[run->settings++] =
            joined(recipe, rg_node_get(rg_node_get(node, "sweep"), "key")->text, "=", value->text);
    run->setting = setting;
    return run->settings && !setting[run->settings - 1] ? rg_recipe_out_of_memory(recipe) : RG_OK;
}

static rg_status add_run(rg_recipe *recipe, const rg_node *node, const rg_node *value, size_t member) {
    rg_recipe_run *run = &recipe->run[recipe->runs++];
    const rg_node *experiment = rg_node_get(node, "experiment"), *directory = rg_node_get(node, "directory");
    char number[24];
    snprintf(number, sizeof number, "%zu", member);
    run->name = joined(recipe, rg_node_get(node, "name")->text, value ? "." : "", value ? number : "");
    run->experiment = rg_recipe_path(recipe, experiment);
    run->directory = rg_recipe_path(recipe, directory);
    if (!run->name || (experiment && !run->experiment) || (directory && !run->directory))
        return rg_recipe_out_of_memory(recipe);
    return set_settings(recipe, node, value, run);
}

static rg_status add_entry(rg_recipe *recipe, const rg_node *node) {
    rg_status status = check_entry(recipe, node);
    if (status != RG_OK) return status;
    const rg_node *values = rg_node_get(rg_node_get(node, "sweep"), "values");
    const size_t first = recipe->runs;
    if (!values) status = add_run(recipe, node, NULL, 0);
    for (size_t i = 0; values && status == RG_OK && i < values->count; i++)
        status = add_run(recipe, node, rg_node_at(values, i), i);
    recipe->entry[recipe->entries++] =
        (rg_run_entry){rg_node_get(node, "name")->text, first, recipe->runs - first, values};
    return status;
}

static rg_status add_runs(rg_recipe *recipe) {
    const rg_node *runs = rg_node_get(recipe->root, "runs");
    size_t count = 0;
    for (const rg_node *node = runs ? runs->first : NULL; node; node = node->next) {
        const rg_node *values = rg_node_get(rg_node_get(node, "sweep"), "values");
        count += values ? values->count : 1;
    }
    recipe->run = rg_pool_alloc(&recipe->pool, count, sizeof *recipe->run);
    recipe->view = rg_pool_alloc(&recipe->pool, count, sizeof *recipe->view);
    recipe->entry = rg_pool_alloc(&recipe->pool, runs ? runs->count : 0, sizeof *recipe->entry);
    if (!recipe->run || !recipe->view || !recipe->entry) return rg_recipe_out_of_memory(recipe);
    rg_status status = RG_OK;
    for (const rg_node *node = runs ? runs->first : NULL; status == RG_OK && node; node = node->next)
        status = add_entry(recipe, node);
    return status;
}

size_t rg_recipe_runs(const rg_recipe *recipe, const rg_recipe_run **run) {
    if (run) *run = recipe->run;
    return recipe->runs;
}

rg_status rg_recipe_use_directory(rg_recipe *recipe, size_t index, const char *directory, rg_diagnostic *diagnostic) {
    if (!recipe || index >= recipe->runs || !directory) return rg_fail(diagnostic, RG_EINVAL, "no such run");
    const rg_status status = rg_view_open(&recipe->view[index], directory, &recipe->pool, diagnostic);
    if (status == RG_OK) recipe->run[index].directory = recipe->view[index].folder;
    return status;
}

rg_status rg_recipe_use_outcome(rg_recipe *recipe, size_t index, const rg_outcome *outcome,
                                const rg_experiment *experiment, rg_diagnostic *diagnostic) {
    if (!recipe || index >= recipe->runs || !outcome || !experiment)
        return rg_fail(diagnostic, RG_EINVAL, "no such run, or no outcome");
    return rg_view_borrow(&recipe->view[index], recipe->run[index].name, outcome, experiment, &recipe->pool,
                          diagnostic);
}

static rg_status no_such_run(rg_recipe *recipe, const rg_node *name) {
    rg_nearest nearest = rg_nearest_to(name->text);
    for (size_t i = 0; i < recipe->entries; i++) rg_nearest_offer(&nearest, recipe->entry[i].name);
    return rg_node_fail(name, recipe->diagnostic, RG_EINVAL, "there is no run %s under `runs`%s%s%s",
                        rg_node_show(name).text, nearest.best ? ", did you mean \"" : "",
                        nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

rg_status rg_recipe_find_run(rg_recipe *recipe, const rg_node *name, const rg_run_entry **entry, rg_view **view) {
    *entry = recipe->entries ? recipe->entry : NULL;
    *view = recipe->entries ? recipe->view : NULL;
    if (!name) return RG_OK;
    for (size_t i = 0; i < recipe->entries; i++) {
        const rg_run_entry *e = &recipe->entry[i];
        if (strcmp(e->name, name->text) == 0) {
            *entry = e;
            *view = &recipe->view[e->first];
            return RG_OK;
        }
        for (size_t k = e->first; k < e->first + e->count; k++)
            if (strcmp(recipe->run[k].name, name->text) == 0) {
                *entry = e;
                *view = &recipe->view[k];
                return RG_OK;
            }
    }
    return no_such_run(recipe, name);
}

rg_status rg_recipe_check_view(const rg_recipe *recipe, const rg_node *node, const rg_view *view) {
    if (!view)
        return rg_node_fail(node, recipe->diagnostic, RG_EINVAL, "expected a run; the recipe names none under `runs`");
    if (view->name) return RG_OK;
    return rg_node_fail(node, recipe->diagnostic, RG_EINVAL, "the run %s has no results yet; give a directory for it",
                        recipe->run[view - recipe->view].name);
}

/* ---- reading */

static rg_status check_tree(rg_recipe *recipe, const char *const *settings, size_t count) {
    rg_status status = RG_OK;
    for (size_t i = 0; status == RG_OK && i < count; i++)
        status = rg_yaml_set(settings[i], &recipe->pool, recipe->root, recipe->diagnostic);
    if (status == RG_OK) status = rg_schema_check(&rg_recipe_schema, recipe->root, &recipe->pool, recipe->diagnostic);
    if (status == RG_OK) status = add_runs(recipe);
    return status == RG_OK ? rg_recipe_add_studies(recipe) : status;
}

/* From a text, or from the file `name` without one. */
static rg_status read_recipe(const char *name, const char *text, const char *const *settings, size_t count,
                             rg_recipe **recipe, rg_diagnostic *diagnostic) {
    rg_recipe *r = rg_alloc(1, sizeof *r);
    if (!r) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", name);
    r->diagnostic = diagnostic;
    const char *slash = text ? NULL : strrchr(name, '/');
    rg_source *source = rg_pool_alloc(&r->pool, 1, sizeof *source);
    char *kept = rg_pool_text(&r->pool, name, strlen(name));
    char *folder = rg_pool_text(&r->pool, name, slash ? (size_t)(slash - name) + 1 : 0);
    rg_status status = RG_ENOMEM;
    if (source && kept && folder) {
        *source = (rg_source){.name = kept, .folder = folder};
        status = text ? rg_yaml_parse(source, text, strlen(text), &r->pool, &r->root, diagnostic)
                      : rg_yaml_read(source, &r->pool, &r->root, diagnostic);
    } else {
        rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", name);
    }
    if (status == RG_OK) status = check_tree(r, settings, count);
    r->diagnostic = NULL;
    if (status != RG_OK)
        rg_recipe_free(r);
    else
        *recipe = r;
    return status;
}

rg_status rg_recipe_read(const char *path, const char *const *settings, size_t count, rg_recipe **recipe,
                         rg_diagnostic *diagnostic) {
    if (!path || !recipe || (count && !settings)) return rg_fail(diagnostic, RG_EINVAL, "expected a path of a recipe");
    return read_recipe(path, NULL, settings, count, recipe, diagnostic);
}

rg_status rg_recipe_parse(const char *name, const char *text, const char *const *settings, size_t count,
                          rg_recipe **recipe, rg_diagnostic *diagnostic) {
    if (!name || !text || !recipe || (count && !settings))
        return rg_fail(diagnostic, RG_EINVAL, "expected the text of a recipe");
    return read_recipe(name, text, settings, count, recipe, diagnostic);
}

rg_status rg_recipe_builtin(const char *name, const char *const *settings, size_t count, rg_recipe **recipe,
                            rg_diagnostic *diagnostic) {
    if (!name || !recipe) return rg_fail(diagnostic, RG_EINVAL, "expected the name of a figure");
    rg_nearest nearest = rg_nearest_to(name);
    rg_builtin builtin;
    char best[sizeof builtin.name]; /* the nearest name so far, which outlives `builtin` */
    for (size_t i = 0; rg_recipe_builtin_at(i, &builtin); i++) {
        if (strcmp(builtin.name, name) == 0)
            return read_recipe(name, builtin.text, settings, count, recipe, diagnostic);
        rg_nearest_offer(&nearest, builtin.name);
        if (nearest.best == builtin.name) nearest.best = strcpy(best, builtin.name);
    }
    char shown[RG_SHOWN_SIZE];
    rg_shorten(shown, sizeof shown, name);
    return rg_fail(diagnostic, RG_EINVAL, "unknown figure \"%s\"%s%s%s", shown, nearest.best ? ", did you mean \"" : "",
                   nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

void rg_recipe_free(rg_recipe *recipe) {
    if (!recipe) return;
    for (size_t i = 0; i < recipe->runs; i++) rg_view_close(&recipe->view[i]);
    for (size_t i = 0; i < recipe->studies; i++) rg_csv_table_free(&recipe->table[i]);
    rg_pool_clear(&recipe->pool);
    rg_free(recipe);
}

/* ---- the page */

/* The hashes of the experiments, in the order of the runs. */
static const char *hashes(rg_recipe *recipe) {
    const size_t digits = 64;
    char *text = rg_pool_alloc(&recipe->pool, recipe->runs * (digits + 1) + 1, 1), *at = text;
    for (size_t i = 0; text && i < recipe->runs; i++) {
        if (!recipe->view[i].name) continue;
        char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, recipe->view[i].resolved, -1);
        at += snprintf(at, digits + 2, "%s%s", at > text ? " " : "", hash);
        g_free(hash);
    }
    return text;
}

static rg_status set_metadata(rg_recipe *recipe, const char *title) {
    const char **metadata = rg_pool_alloc(&recipe->pool, METADATA, sizeof *metadata);
    char *software = rg_pool_alloc(&recipe->pool, VERSION_SIZE, 1), *plain = NULL;
    const char *hash = hashes(recipe);
    if (!metadata || !software || !hash) return rg_recipe_out_of_memory(recipe);
    snprintf(software, VERSION_SIZE, "rotgrad %s", rg_version());
    pango_parse_markup(title, -1, 0, NULL, &plain, NULL, NULL);
    const char *kept = plain ? rg_pool_text(&recipe->pool, plain, strlen(plain)) : "";
    g_free(plain);
    if (!kept) return rg_recipe_out_of_memory(recipe);
    const char *const pair[][2] = {{"Title", kept}, {"Software", software}, {"Experiment SHA-256", hash}};
    size_t used = 0;
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        if (!*pair[i][1]) continue;
        metadata[used++] = pair[i][0];
        metadata[used++] = pair[i][1];
    }
    recipe->figure.metadata = metadata;
    return RG_OK;
}

static rg_status set_page(rg_recipe *recipe) {
    const rg_node *root = recipe->root;
    const int columns = (int)rg_node_get(root, "columns")->number;
    const char *title;
    const rg_status status = rg_recipe_text(recipe, rg_node_get(root, "title"), recipe->view, &title);
    if (status != RG_OK) return status;
    recipe->figure = (rg_figure){.title = title,
                                 .columns = recipe->has_planes ? RG_MAX_DIM : columns,
                                 .panels = recipe->panels,
                                 .panel = recipe->panel,
                                 .panel_size = rg_node_get(root, "panel_size")->number,
                                 .dpi = rg_node_get(root, "dpi")->number};
    return set_metadata(recipe, title);
}

static rg_status open_views(rg_recipe *recipe) {
    rg_status status = RG_OK;
    for (size_t i = 0; status == RG_OK && i < recipe->runs; i++)
        if (!recipe->view[i].name && recipe->run[i].directory)
            status = rg_recipe_use_directory(recipe, i, recipe->run[i].directory, recipe->diagnostic);
    return status;
}

static rg_status draw(rg_recipe *recipe) {
    const rg_node *panels = rg_node_get(recipe->root, "panels");
    rg_status status = open_views(recipe);
    if (status == RG_OK) status = rg_recipe_open_studies(recipe);
    recipe->room = RG_MAX_DIM * panels->count;
    recipe->panel = rg_pool_alloc(&recipe->pool, recipe->room, sizeof *recipe->panel);
    recipe->heat = rg_pool_alloc(&recipe->pool, panels->count, sizeof *recipe->heat);
    recipe->panels = recipe->heats = 0;
    recipe->has_planes = 0;
    if (!recipe->panel || !recipe->heat) return rg_recipe_out_of_memory(recipe);
    for (const rg_node *node = panels->first; status == RG_OK && node; node = node->next)
        status = rg_recipe_add_panel(recipe, node);
    if (status == RG_OK && recipe->panels == 0)
        status = rg_node_fail(panels, recipe->diagnostic, RG_EINVAL,
                              "no panel is for a run with so many axes; see `dimensions`");
    if (status == RG_OK) status = rg_recipe_colour(recipe);
    return status == RG_OK ? set_page(recipe) : status;
}

rg_status rg_recipe_figure(rg_recipe *recipe, const rg_figure **figure, rg_diagnostic *diagnostic) {
    if (!recipe || !figure) return rg_fail(diagnostic, RG_EINVAL, "expected a recipe");
    recipe->diagnostic = diagnostic;
    const rg_status status = draw(recipe);
    recipe->diagnostic = NULL;
    if (status == RG_OK) *figure = &recipe->figure;
    return status;
}
