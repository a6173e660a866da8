/* estimate: samples, features and form of the gradient bound from samples. Without the key there is none. */
#include "base/base.h"
#include "experiment/reader.h"

#include <rotgrad/argument.h>

#include <string.h>

static const char *default_features(int dim) {
    return dim == 3 ? "fourier:3" : "fourier:8";
}

static rg_status read_features(rg_reader *r, rg_node *estimate) {
    rg_experiment_estimate *e = &r->experiment->estimate;
    const int dim = r->experiment->grid.dim;
    rg_node *node = rg_node_get(estimate, "features");
    if (!node) {
        node = rg_node_add(estimate, "features", RG_NODE_TEXT, &r->scratch);
        if (!node) return rg_reader_out_of_memory(r);
        node->text = rg_pool_text(&r->scratch, default_features(dim), strlen(default_features(dim)));
        if (!node->text) return rg_reader_out_of_memory(r);
    }
    rg_diagnostic said = {0};
    const rg_status status = rg_argument_features(node->text, &e->kind, &e->size, &said);
    if (status) return rg_node_fail(node, r->diagnostic, status, "%s", said.text);
    if (e->kind != RG_FEATURES_FOURIER && e->kind != RG_FEATURES_RANDOM)
        return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                            "expected fourier:M or rff:N, which are periodic in the box, got %s", node->text);
    if (rg_feature_count(e->kind, e->size, (size_t)dim) == 0)
        return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                            "expected at most %d functions, and of rff an even number, got %s in %d dimensions",
                            RG_MAX_FEATURES, node->text, dim);
    e->features = rg_pool_text(r->kept, node->text, strlen(node->text));
    return e->features ? RG_OK : rg_reader_out_of_memory(r);
}

/* Undoing noise takes noise. */
static rg_status read_form(rg_reader *r, const rg_node *estimate) {
    static const rg_linear_form form[] = {RG_LINEAR_STEIN, RG_LINEAR_ORACLE,
                                          RG_LINEAR_DENOISING}; /* as in the schema */
    const rg_node *node = rg_node_get(estimate, "form");
    r->experiment->estimate.form = form[(int)node->number];
    if (r->experiment->estimate.form != RG_LINEAR_DENOISING || r->experiment->variance_min > 0) return RG_OK;
    return rg_node_fail(
        node, r->diagnostic, RG_EINVAL,
        "expected stein or oracle, because sampling ends at variance 0, where there is no noise to undo, "
        "got %s",
        rg_node_show(node).text);
}

rg_status rg_reader_estimate(rg_reader *r) {
    rg_experiment_estimate *e = &r->experiment->estimate;
    rg_node *estimate = rg_node_get(r->root, "estimate");
    if (!estimate || r->experiment->free_space) return RG_OK; /* particles have no use for it */
    rg_status status = read_features(r, estimate);
    if (!status) status = read_form(r, estimate);
    if (status) return status;
    const rg_node *samples = rg_node_get(estimate, "samples");
    const size_t count = rg_feature_count(e->kind, e->size, (size_t)r->experiment->grid.dim);
    if (!(samples->number > (double)count))
        return rg_node_fail(samples, r->diagnostic, RG_EINVAL, "expected more samples than functions (%zu), got %s",
                            count, rg_node_show(samples).text);
    e->samples = (size_t)samples->number;
    e->seed = (unsigned long)rg_node_get(estimate, "seed")->number;
    return RG_OK;
}
