/* Studies that a recipe draws from: their entries, and their tables of members. */
#include "base/base.h"
#include "experiment/recipe.h"
#include "experiment/schema.h"

#include <stdio.h>
#include <string.h>

static rg_status check_name(const rg_recipe *recipe, const rg_node *name) {
    for (size_t i = 0; i < recipe->studies; i++)
        if (strcmp(recipe->study[i].name, name->text) == 0)
            return rg_node_fail(name, recipe->diagnostic, RG_EINVAL, "expected a name of its own, got %s again",
                                rg_node_show(name).text);
    return RG_OK;
}

static rg_status add_study(rg_recipe *recipe, const rg_node *node) {
    const rg_node *name = rg_node_get(node, "name"), *file = rg_node_get(node, "study"),
                  *set = rg_node_get(node, "set");
    const rg_node *directory = rg_node_get(node, "directory");
    const rg_status status = check_name(recipe, name);
    if (status != RG_OK) return status;
    if (!file && !directory)
        return rg_node_fail(node, recipe->diagnostic, RG_EINVAL, "expected the key \"study\" or \"directory\"");
    rg_recipe_study study = {.name = name->text, .study = rg_recipe_path(recipe, file)};
    study.directory = rg_recipe_path(recipe, directory);
    const char **setting = rg_pool_alloc(&recipe->pool, (set ? set->count : 0) + 1, sizeof *setting);
    if (!setting || (file && !study.study) || (directory && !study.directory)) return rg_recipe_out_of_memory(recipe);
    for (const rg_node *child = set ? set->first : NULL; child; child = child->next)
        setting[study.settings++] = child->text;
    study.setting = setting;
    recipe->study[recipe->studies++] = study;
    return RG_OK;
}

rg_status rg_recipe_add_studies(rg_recipe *recipe) {
    const rg_node *studies = rg_node_get(recipe->root, "studies");
    const size_t count = studies ? studies->count : 0;
    recipe->study = rg_pool_alloc(&recipe->pool, count, sizeof *recipe->study);
    recipe->table = rg_pool_alloc(&recipe->pool, count, sizeof *recipe->table);
    if (!recipe->study || !recipe->table) return rg_recipe_out_of_memory(recipe);
    rg_status status = RG_OK;
    for (const rg_node *node = studies ? studies->first : NULL; status == RG_OK && node; node = node->next)
        status = add_study(recipe, node);
    return status;
}

size_t rg_recipe_studies(const rg_recipe *recipe, const rg_recipe_study **study) {
    if (study) *study = recipe->study;
    return recipe->studies;
}

rg_status rg_recipe_use_study(rg_recipe *recipe, size_t index, const char *directory, rg_diagnostic *diagnostic) {
    rg_csv_table table;
    if (!recipe || !directory || index >= recipe->studies)
        return rg_fail(diagnostic, RG_EINVAL, "no such study, or no directory");
    const size_t room = strlen(directory) + sizeof "/members.csv";
    char *path = rg_alloc(room, 1);
    if (!path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", directory);
    snprintf(path, room, "%s/members.csv", directory);
    rg_status status = rg_csv_read(path, &table, diagnostic);
    if (status == RG_OK && (table.rows == 0 || rg_csv_find(&table, "label") == SIZE_MAX)) {
        status = rg_fail(diagnostic, RG_EFORMAT, "%s: expected a table with rows, as rotgrad study writes it", path);
        rg_csv_table_free(&table);
    }
    rg_free(path);
    if (status != RG_OK) return status;
    rg_csv_table_free(&recipe->table[index]);
    recipe->table[index] = table;
    return RG_OK;
}

rg_status rg_recipe_open_studies(rg_recipe *recipe) {
    rg_status status = RG_OK;
    for (size_t i = 0; status == RG_OK && i < recipe->studies; i++)
        if (!recipe->table[i].columns && recipe->study[i].directory)
            status = rg_recipe_use_study(recipe, i, recipe->study[i].directory, recipe->diagnostic);
    return status;
}

rg_status rg_recipe_find_study(const rg_recipe *recipe, const rg_node *name, const rg_node *asking,
                               const rg_csv_table **table) {
    size_t found = 0;
    if (recipe->studies == 0)
        return rg_node_fail(asking, recipe->diagnostic, RG_EINVAL,
                            "expected a study; the recipe names none under `studies`");
    if (name) {
        rg_nearest nearest = rg_nearest_to(name->text);
        for (size_t i = 0; i < recipe->studies; i++) rg_nearest_offer(&nearest, recipe->study[i].name);
        while (found < recipe->studies && strcmp(recipe->study[found].name, name->text) != 0) found++;
        if (found == recipe->studies)
            return rg_node_fail(name, recipe->diagnostic, RG_EINVAL, "there is no study %s under `studies`%s%s%s",
                                rg_node_show(name).text, nearest.best ? ", did you mean \"" : "",
                                nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
    }
    *table = &recipe->table[found];
    if ((*table)->columns) return RG_OK;
    return rg_node_fail(asking, recipe->diagnostic, RG_EINVAL,
                        "the study %s has no results yet; give a directory for it", recipe->study[found].name);
}
