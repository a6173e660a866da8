/* The recipes that come along: the files of plots/builtin, compiled in. Each is called like its file, and its first line,
 * a comment, is its summary. */
#include "base/embedded.h"

#include <rotgrad/recipe.h>
#include <stdio.h>
#include <string.h>

extern const rg_embedded rg_builtin_recipes[];

int rg_recipe_builtin_at(size_t index, rg_builtin *builtin) {
    const rg_embedded *file = rg_builtin_recipes;
    for (size_t i = 0; i < index && file->name; i++) file++;
    if (!file->name) return 0;
    const char *summary = file->text + strspn(file->text, "# ");
    builtin->text = file->text;
    snprintf(builtin->name, sizeof builtin->name, "%.*s", (int)strcspn(file->name, "."), file->name);
    snprintf(builtin->summary, sizeof builtin->summary, "%.*s", (int)strcspn(summary, "\n"), summary);
    return 1;
}
