/* Texts of a recipe: {title}, {sigma} and {PATH} are replaced by what report.json says, {x} by the unit of the
 * coordinates and {dim} by how many there are. */
#include "base/base.h"
#include "experiment/recipe.h"
#include "figure/number.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum { DIGITS = 3, SIGMA_DIGITS = 4, PATH_SIZE = 128 };

/* Of the last row of the level table: where the run ends. */
static double lowest_sigma(const rg_view *view) {
    const json_t *levels = json_object_get(view->report, "levels");
    const size_t count = json_array_size(levels);
    const json_t *sigma = count ? json_object_get(json_array_get(levels, count - 1), "sigma") : NULL;
    return json_is_number(sigma) ? json_number_value(sigma) : (double)NAN;
}

static rg_status append_value(rg_recipe *recipe, const rg_node *node, const rg_view *view, const char *path,
                              GString *out) {
    char text[RG_NUMBER_TEXT];
    double value, error;
    const rg_status status = rg_recipe_check_view(recipe, node, view);
    if (status != RG_OK) return status;
    if (strcmp(path, "sigma") == 0) {
        rg_number_spell(text, lowest_sigma(view), SIGMA_DIGITS);
        g_string_append(out, text);
        return RG_OK;
    }
    if (strcmp(path, "x") == 0) g_string_append(out, view->box.degrees ? "rad" : "x");
    if (strcmp(path, "dim") == 0) g_string_append_printf(out, "%d", view->box.dim);
    if (strcmp(path, "x") == 0 || strcmp(path, "dim") == 0) return RG_OK;
    const json_t *json = rg_view_at(view->report, path);
    if (json_is_string(json)) {
        char *escaped = g_markup_escape_text(json_string_value(json), -1);
        g_string_append(out, escaped);
        g_free(escaped);
        return RG_OK;
    }
    if (!json || !rg_view_number(json, &value, &error))
        return rg_node_fail(node, recipe->diagnostic, RG_EINVAL, "{%s}: there is no such number or text in report.json",
                            path);
    rg_number_spell(text, value, DIGITS);
    g_string_append(out, text);
    return RG_OK;
}

static rg_status expand(rg_recipe *recipe, const rg_node *node, const rg_view *view, GString *out) {
    static const char separator[] = " \xc2\xb7 ";
    for (const char *at = node->text; *at;) {
        const size_t plain = strcspn(at, "{");
        g_string_append_len(out, at, (gssize)plain);
        at += plain;
        if (*at == '{' && at[1] == '{') {
            g_string_append_c(out, '{');
            at += 2;
        } else if (*at) {
            const char *end = strchr(at, '}');
            char path[PATH_SIZE];
            if (!end || end - at > PATH_SIZE - 1)
                return rg_node_fail(node, recipe->diagnostic, RG_EINVAL,
                                    "expected a } after {, as in {kl.full}; {{ is a brace");
            g_strlcpy(path, at + 1, (gsize)(end - at));
            const gsize before = out->len;
            const rg_status status = append_value(recipe, node, view, path, out);
            if (status != RG_OK) return status;
            at = end + 1;
            /* An empty title takes the separator behind it along. */
            if (out->len == before && strncmp(at, separator, strlen(separator)) == 0) at += strlen(separator);
        }
    }
    return RG_OK;
}

rg_status rg_recipe_text(rg_recipe *recipe, const rg_node *node, const rg_view *view, const char **text) {
    *text = "";
    if (!node) return RG_OK;
    GString *out = g_string_new(NULL);
    rg_status status = expand(recipe, node, view, out);
    if (status == RG_OK) {
        *text = rg_pool_text(&recipe->pool, out->str, out->len);
        if (!*text) status = rg_recipe_out_of_memory(recipe);
    }
    g_string_free(out, TRUE);
    return status;
}
