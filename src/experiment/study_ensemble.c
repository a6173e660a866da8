/* From `ensemble` to the list of members: random blocks, sweeps, entries. */
#include "base/base.h"
#include "experiment/number.h"
#include "experiment/study.h"

#include <glib.h>
#include <math.h>
#include <string.h>

static rg_status out_of_memory(const rg_study *study, rg_diagnostic *diagnostic) {
    return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", study->path);
}

/* Takes a GLib text. */
static const char *keep(rg_study *study, char *text) {
    const char *kept = rg_pool_text(&study->pool, text, strlen(text));
    g_free(text);
    return kept;
}

/* ---- how many */

static size_t count_block(const rg_node *block) {
    const rg_node *random = rg_node_get(block, "random"), *sweep = rg_node_get(block, "sweep");
    return random ? (size_t)rg_node_get(random, "members")->number : sweep ? rg_node_get(sweep, "values")->count : 1;
}

static size_t count_members(const rg_node *ensemble) {
    const rg_node *list = rg_node_get(ensemble, "list");
    if (!list) return count_block(ensemble);
    size_t count = 0;
    for (const rg_node *entry = list->first; entry; entry = entry->next) count += count_block(entry);
    return count;
}

/* ---- one member */

static const char *resolved_path(rg_study *study, const rg_node *node) {
    const char *folder = *node->text == '/' ? "" : node->source->folder;
    return keep(study, g_strconcat(folder, node->text, NULL));
}

static size_t copy_settings(const rg_node *list, const char **setting) {
    size_t count = 0;
    for (const rg_node *child = list ? list->first : NULL; child; child = child->next) setting[count++] = child->text;
    return count;
}

/* The settings of the study, of the entry, and the one that makes the member what it is (NULL for none). */
static rg_status add_member(rg_study *study, const rg_node *entry, const char *label, const char *special, double value,
                            rg_diagnostic *diagnostic) {
    rg_study_member *m = &study->member[study->members++];
    const rg_node *common = rg_node_get(study->root, "set"), *own = rg_node_get(entry, "set");
    const rg_node *named = rg_node_get(entry, "experiment");
    const rg_node *experiment = named ? named : rg_node_get(study->root, "experiment");
    if (!experiment)
        return rg_node_fail(entry, diagnostic, RG_EINVAL, "expected the key \"experiment\", here or in the study");
    m->setting =
        rg_pool_alloc(&study->pool, (common ? common->count : 0) + (own ? own->count : 0) + 1, sizeof *m->setting);
    if (!m->setting) return out_of_memory(study, diagnostic);
    m->settings = copy_settings(common, m->setting);
    const size_t first = m->settings;
    m->settings += copy_settings(own, m->setting + m->settings);
    if (special) m->setting[m->settings++] = special;
    GString *shown = g_string_new(NULL);
    for (size_t i = first; i < m->settings; i++)
        g_string_append_printf(shown, "%s%s", i > first ? "; " : "", m->setting[i]);
    for (char *at = shown->str; *at; at++)
        if (*at == '\n' || *at == '\r') *at = ' '; /* a row of the table is a line */
    m->shown = keep(study, g_string_free(shown, FALSE));
    m->experiment = resolved_path(study, experiment);
    m->label = label;
    m->value = value;
    return m->shown && m->experiment && m->label ? RG_OK : out_of_memory(study, diagnostic);
}

/* ---- random blocks */

/* A number, or two that are the ends of a log-uniform draw. */
static rg_status check_energy(const rg_node *node, rg_diagnostic *diagnostic) {
    if (node->kind == RG_NODE_TEXT) return RG_OK;
    if (node->count == 2 && node->first->number > 0 && node->first->number <= node->last->number) return RG_OK;
    return rg_node_fail(node, diagnostic, RG_EINVAL, "expected a number, or two ascending numbers > 0, got %s",
                        rg_node_show(node).text);
}

static double draw_energy(const rg_node *node, unsigned long seed, unsigned long place) {
    if (node->kind == RG_NODE_TEXT) return node->number;
    return node->first->number * pow(node->last->number / node->first->number, rg_study_uniform(seed, place));
}

enum { DRAWS = 3 }; /* a member: two energies and the seed of its field */

static const char *random_setting(rg_study *study, const rg_node *random, unsigned long k) {
    const unsigned long seed = (unsigned long)rg_node_get(random, "seed")->number;
    const double fields = 4294967296.0;
    char gradient[G_ASCII_DTOSTR_BUF_SIZE], solenoidal[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(gradient, sizeof gradient, draw_energy(rg_node_get(random, "gradient"), seed, DRAWS * k));
    g_ascii_dtostr(solenoidal, sizeof solenoidal, draw_energy(rg_node_get(random, "solenoidal"), seed, DRAWS * k + 1));
    const unsigned long field = (unsigned long)(fields * rg_study_uniform(seed, DRAWS * k + 2));
    return keep(study, g_strdup_printf("error=[{random: {seed: %lu, band: %d, gradient: %s, solenoidal: %s}}]", field,
                                       (int)rg_node_get(random, "band")->number, gradient, solenoidal));
}

static rg_status add_random(rg_study *study, const rg_node *entry, const rg_node *random, const char *label,
                            rg_diagnostic *diagnostic) {
    rg_status status = check_energy(rg_node_get(random, "gradient"), diagnostic);
    if (!status) status = check_energy(rg_node_get(random, "solenoidal"), diagnostic);
    const size_t count = (size_t)rg_node_get(random, "members")->number;
    for (size_t k = 0; !status && k < count; k++) {
        const char *setting = random_setting(study, random, (unsigned long)k);
        status = setting ? add_member(study, entry, label ? label : "random", setting, (double)NAN, diagnostic)
                         : out_of_memory(study, diagnostic);
    }
    return status;
}

/* ---- sweeps and single entries */

static rg_status add_sweep(rg_study *study, const rg_node *entry, const rg_node *sweep, const char *label,
                           rg_diagnostic *diagnostic) {
    const rg_node *key = rg_node_get(sweep, "key");
    if (strchr(key->text, '='))
        return rg_node_fail(key, diagnostic, RG_EINVAL, "expected a key such as noise.churn, got %s",
                            rg_node_show(key).text);
    rg_status status = RG_OK;
    for (const rg_node *value = rg_node_get(sweep, "values")->first; !status && value; value = value->next) {
        const char *setting = keep(study, g_strconcat(key->text, "=", value->text, NULL));
        status = setting ? add_member(study, entry, label ? label : setting, setting, value->number, diagnostic)
                         : out_of_memory(study, diagnostic);
    }
    return status;
}

/* "small" of "../grids/small.yaml" */
static const char *file_label(rg_study *study, const rg_node *experiment) {
    const char *text = experiment ? experiment->text : "", *slash = strrchr(text, '/');
    const char *name = slash ? slash + 1 : text, *dot = strrchr(name, '.');
    return rg_pool_text(&study->pool, name, dot ? (size_t)(dot - name) : strlen(name));
}

static rg_status add_entry(rg_study *study, const rg_node *entry, rg_diagnostic *diagnostic) {
    const rg_node *random = rg_node_get(entry, "random"), *sweep = rg_node_get(entry, "sweep");
    const rg_node *named = rg_node_get(entry, "label"), *experiment = rg_node_get(entry, "experiment");
    const char *label = named ? named->text : NULL;
    if (random && sweep) return rg_node_fail(entry, diagnostic, RG_EINVAL, "expected random or sweep, got both");
    if (random) return add_random(study, entry, random, label, diagnostic);
    if (sweep) return add_sweep(study, entry, sweep, label, diagnostic);
    if (!label) label = file_label(study, experiment ? experiment : rg_node_get(study->root, "experiment"));
    return add_member(study, entry, label, NULL, (double)NAN, diagnostic);
}

rg_status rg_study_expand(rg_study *study, rg_diagnostic *diagnostic) {
    const rg_node *ensemble = rg_node_get(study->root, "ensemble"), *list = rg_node_get(ensemble, "list");
    study->member = rg_pool_alloc(&study->pool, count_members(ensemble), sizeof *study->member);
    if (!study->member) return out_of_memory(study, diagnostic);
    if (!list) return add_entry(study, ensemble, diagnostic);
    rg_status status = RG_OK;
    for (const rg_node *entry = list->first; !status && entry; entry = entry->next)
        status = add_entry(study, entry, diagnostic);
    return status;
}
