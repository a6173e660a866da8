/* Reading a study: file and settings, tree, schema, names, members; and the hash of all that a member's row depends on. */
#include "experiment/study.h"

#include "base/base.h"
#include "experiment/schema.h"
#include "experiment/yaml_tree.h"

#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- predictors and outcomes by name */

typedef const rg_study_quantity *quantity_at(size_t index);

static const rg_study_quantity *predictor_quantity(size_t index) {
    const rg_predictor *p = rg_predictor_at(index);
    return p ? &p->quantity : NULL;
}

static const rg_study_quantity *outcome_quantity(size_t index) {
    const rg_outcome_kind *o = rg_outcome_kind_at(index);
    return o ? &o->quantity : NULL;
}

static rg_status unknown_name(const rg_node *node, quantity_at *at, const char *noun, rg_diagnostic *diagnostic) {
    rg_nearest nearest = rg_nearest_to(node->text);
    GString *known = g_string_new(NULL);
    for (size_t i = 0; at(i); i++) {
        rg_nearest_offer(&nearest, at(i)->name);
        g_string_append_printf(known, "%s%s", i ? ", " : "", at(i)->name);
    }
    const rg_status status = nearest.best
                                 ? rg_node_fail(node, diagnostic, RG_EINVAL, "unknown %s %s, did you mean \"%s\"?",
                                                noun, rg_node_show(node).text, nearest.best)
                                 : rg_node_fail(node, diagnostic, RG_EINVAL, "unknown %s %s, expected one of %s", noun,
                                                rg_node_show(node).text, known->str);
    g_string_free(known, TRUE);
    return status;
}

static rg_status find_name(const rg_node *node, quantity_at *at, const char *noun, size_t *index,
                           rg_diagnostic *diagnostic) {
    for (const rg_node *other = node->parent->first; other != node; other = other->next)
        if (strcmp(other->text, node->text) == 0)
            return rg_node_fail(node, diagnostic, RG_EINVAL, "expected each %s once, got %s again", noun,
                                rg_node_show(node).text);
    for (size_t i = 0; at(i); i++) {
        if (strcmp(at(i)->name, node->text) != 0) continue;
        *index = i;
        return RG_OK;
    }
    return unknown_name(node, at, noun, diagnostic);
}

static rg_status read_names(rg_study *study, rg_diagnostic *diagnostic) {
    const rg_node *predictors = rg_node_get(study->root, "predictors"),
                  *outcomes = rg_node_get(study->root, "outcomes");
    study->predictor = rg_pool_alloc(&study->pool, predictors->count, sizeof(void *));
    study->outcome = rg_pool_alloc(&study->pool, outcomes->count, sizeof(void *));
    if (!study->predictor || !study->outcome) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", study->path);
    rg_status status = RG_OK;
    size_t index = 0;
    for (const rg_node *node = predictors->first; !status && node; node = node->next) {
        status = find_name(node, predictor_quantity, "predictor", &index, diagnostic);
        study->predictor[study->predictors++] = rg_predictor_at(index);
    }
    for (const rg_node *node = outcomes->first; !status && node; node = node->next) {
        status = find_name(node, outcome_quantity, "outcome", &index, diagnostic);
        study->outcome[study->outcomes++] = rg_outcome_kind_at(index);
    }
    return status;
}

int rg_study_quantity_at(size_t index, rg_study_quantity *quantity) {
    const rg_study_quantity *found = predictor_quantity(index);
    size_t predictors = 0;
    while (predictor_quantity(predictors)) predictors++;
    if (!found) found = outcome_quantity(index - predictors);
    if (found) *quantity = *found;
    return found != NULL;
}

/* ---- members */

rg_status rg_study_experiment(const rg_study *study, size_t member, int threads, rg_experiment *experiment,
                              rg_diagnostic *diagnostic) {
    const rg_study_member *m = &study->member[member];
    char setting[32];
    const char **all = rg_alloc(m->settings + 1, sizeof *all);
    if (!all) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", study->path);
    memcpy(all, m->setting, m->settings * sizeof *all);
    snprintf(setting, sizeof setting, "threads=%d", threads);
    all[m->settings] = setting;
    const rg_status status =
        rg_experiment_read(m->experiment, all, m->settings + (threads > 0), experiment, diagnostic);
    rg_free(all);
    return status;
}

/* The experiment in full but for its threads and its path, the files it reads, and how samples are drawn. */
static rg_status set_hash(rg_study *study, size_t member, const rg_experiment *e) {
    json_t *resolved = json_loads(e->resolved, 0, NULL);
    json_object_del(resolved, "threads");
    char *dump = resolved ? json_dumps(resolved, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(resolved);
    if (!dump) return RG_ENOMEM;
    GString *text = g_string_new("rotgrad.study/1\n");
    g_string_append_printf(text, "%s\n%zu %zu %zu %lu\n", dump, member, study->sampling.samples, study->sampling.waves,
                           study->seed);
    for (size_t i = 1; i < e->inputs; i++) g_string_append_printf(text, "%s\n", e->input[i].sha256);
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text->str, (gssize)text->len);
    snprintf(study->member[member].hash, sizeof study->member->hash, "%.16s", digest);
    g_free(digest);
    g_string_free(text, TRUE);
    free(dump);
    return RG_OK;
}

static rg_status check_members(rg_study *study, rg_diagnostic *diagnostic) {
    rg_status status = RG_OK;
    for (size_t i = 0; !status && i < study->members; i++) {
        rg_experiment experiment = {0};
        status = rg_study_experiment(study, i, 0, &experiment, diagnostic);
        if (!status && set_hash(study, i, &experiment))
            status = rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", study->path);
        rg_experiment_free(&experiment);
    }
    return status;
}

/* ---- together */

static rg_status make_rows(rg_study *study, rg_diagnostic *diagnostic) {
    study->row = rg_pool_alloc(&study->pool, study->members, sizeof *study->row);
    for (size_t i = 0; study->row && i < study->members; i++) {
        study->row[i].value = rg_pool_alloc(&study->pool, study->predictors + study->outcomes, sizeof(rg_value));
        if (!study->row[i].value) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", study->path);
    }
    return study->row ? RG_OK : rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", study->path);
}

static rg_status read_tree(rg_study *study, const char *path, const char *const *settings, size_t count,
                           rg_diagnostic *diagnostic) {
    const char *slash = strrchr(path, '/');
    rg_source *source = rg_pool_alloc(&study->pool, 1, sizeof *source);
    char *kept = rg_pool_text(&study->pool, path, strlen(path));
    char *folder = rg_pool_text(&study->pool, path, slash ? (size_t)(slash - path) + 1 : 0);
    if (!source || !kept || !folder) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    *source = (rg_source){.name = kept, .folder = folder};
    study->path = kept;
    rg_status status = rg_yaml_read(source, &study->pool, &study->root, diagnostic);
    for (size_t i = 0; !status && i < count; i++)
        status = rg_yaml_set(settings[i], &study->pool, study->root, diagnostic);
    return status ? status : rg_schema_check(&rg_study_schema, study->root, &study->pool, diagnostic);
}

static rg_status fill(rg_study *study, rg_diagnostic *diagnostic) {
    const rg_node *title = rg_node_get(study->root, "title");
    study->title = title ? title->text : "";
    study->sampling.samples = (size_t)rg_node_get(study->root, "samples")->number;
    study->sampling.waves = (size_t)rg_node_get(study->root, "waves")->number;
    study->seed = (unsigned long)rg_node_get(study->root, "seed")->number;
    study->replicates = (size_t)rg_node_get(study->root, "replicates")->number;
    rg_status status = read_names(study, diagnostic);
    if (!status) status = rg_study_expand(study, diagnostic);
    if (!status) status = make_rows(study, diagnostic);
    return status ? status : check_members(study, diagnostic);
}

rg_status rg_study_read(const char *path, const char *const *settings, size_t count, rg_study **study,
                        rg_diagnostic *diagnostic) {
    if (!path || !study || (count && !settings)) return rg_fail(diagnostic, RG_EINVAL, "expected a path of a study");
    rg_study *s = rg_alloc(1, sizeof *s);
    if (!s) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    rg_status status = read_tree(s, path, settings, count, diagnostic);
    if (!status) status = fill(s, diagnostic);
    if (status)
        rg_study_free(s);
    else
        *study = s;
    return status;
}

void rg_study_free(rg_study *study) {
    if (!study) return;
    rg_pool_clear(&study->pool);
    rg_free(study);
}

size_t rg_study_members(const rg_study *study) {
    return study->members;
}

size_t rg_study_done(const rg_study *study) {
    size_t done = 0;
    for (size_t i = 0; i < study->members; i++) done += study->row[i].done != 0;
    return done;
}

int rg_study_violated(const rg_study *study) {
    for (size_t i = 0; i < study->members; i++)
        if (study->row[i].done && study->row[i].violated) return 1;
    return 0;
}
