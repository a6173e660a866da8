/* Experiments: file and settings, tree, schema, then part by part. */
#include <rotgrad/experiment.h>

#include "base/base.h"
#include "experiment/reader.h"
#include "experiment/schema.h"
#include "experiment/yaml_tree.h"

#include <string.h>

/* The part of a path that ends in its last '/', or "". */
static char *folder_of(const char *path, rg_pool *pool) {
    const char *slash = strrchr(path, '/');
    return rg_pool_text(pool, path, slash ? (size_t)(slash - path) + 1 : 0);
}

static rg_status read_tree(rg_reader *r, const char *path, const char *const *settings, size_t count) {
    rg_source *source = rg_pool_alloc(&r->scratch, 1, sizeof *source);
    char *folder = folder_of(path, &r->scratch), *kept = rg_pool_text(r->kept, path, strlen(path));
    if (!source || !folder || !kept) return rg_fail(r->diagnostic, RG_ENOMEM, "%s: out of memory", path);
    *source = (rg_source){.name = kept, .folder = folder};
    r->experiment->path = kept;
    rg_status status = rg_yaml_read(source, &r->scratch, &r->root, r->diagnostic);
    for (size_t i = 0; status == RG_OK && i < count; i++)
        status = rg_yaml_set(settings[i], &r->scratch, r->root, r->diagnostic);
    if (status == RG_OK) status = rg_schema_check(&rg_experiment_schema, r->root, &r->scratch, r->diagnostic);
    return status == RG_OK ? rg_reader_input(r, path, r->diagnostic) : status;
}

static void read_wasserstein(rg_reader *r) {
    const rg_node *w = rg_node_get(r->root, "wasserstein");
    rg_experiment_wasserstein *e = &r->experiment->wasserstein;
    if (!w) return;
    e->gap = rg_node_get(w, "gap")->number;
    e->source_gap = rg_node_get(w, "source_gap")->number;
}

static rg_status read_plain_keys(rg_reader *r) {
    rg_experiment *e = r->experiment;
    const rg_node *title = rg_node_get(r->root, "title");
    e->tolerance = rg_node_get(r->root, "tolerance")->number;
    e->form = (rg_form)(RG_FORM_RATIO + (int)rg_node_get(r->root, "form")->number);
    e->threads = (int)rg_node_get(r->root, "threads")->number;
    read_wasserstein(r);
    e->title = rg_pool_text(r->kept, title ? title->text : "", title ? strlen(title->text) : 0);
    return e->title ? RG_OK : rg_reader_out_of_memory(r);
}

static rg_status read_parts(rg_reader *r) {
    static rg_status (*const parts[])(rg_reader * r) = {
        rg_reader_grid,     rg_reader_density,  rg_reader_error,    rg_reader_noise,
        rg_reader_prior,    rg_reader_estimate, rg_reader_budget,   rg_reader_sample,
        rg_reader_manifold, read_plain_keys,    rg_reader_resolved,
    };
    rg_status status = RG_OK;
    for (size_t i = 0; status == RG_OK && i < sizeof parts / sizeof *parts; i++) status = parts[i](r);
    return status;
}

static rg_status read_experiment(const char *path, const char *const *settings, size_t count, int free_space,
                                 rg_experiment *experiment, rg_diagnostic *diagnostic) {
    if (!path || !experiment || (count && !settings))
        return rg_fail(diagnostic, RG_EINVAL, "rg_experiment_read: expected a path and a place for the experiment");
    rg_experiment e = {.memory = rg_alloc(1, sizeof(rg_pool)), .free_space = free_space};
    if (!e.memory) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    rg_reader r = {.kept = e.memory, .experiment = &e, .diagnostic = diagnostic};
    rg_status status = read_tree(&r, path, settings, count);
    if (status == RG_OK) status = read_parts(&r);
    rg_pool_clear(&r.scratch);
    if (status == RG_OK) {
        *experiment = e;
    } else {
        rg_experiment_free(&e);
    }
    return status;
}

rg_status rg_experiment_read(const char *path, const char *const *settings, size_t count, rg_experiment *experiment,
                             rg_diagnostic *diagnostic) {
    return read_experiment(path, settings, count, 0, experiment, diagnostic);
}

rg_status rg_experiment_read_free(const char *path, const char *const *settings, size_t count,
                                  rg_experiment *experiment, rg_diagnostic *diagnostic) {
    return read_experiment(path, settings, count, 1, experiment, diagnostic);
}

void rg_experiment_free(rg_experiment *experiment) {
    if (experiment->memory) rg_pool_clear(experiment->memory);
    rg_free(experiment->memory);
    *experiment = (rg_experiment){0};
}
