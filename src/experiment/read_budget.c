/* budget: the ladder of error sources. Without the key there is one all the same, of what the experiment holds. */
#include "base/base.h"
#include "experiment/budget.h"
#include "experiment/number.h"
#include "experiment/reader.h"
#include "experiment/schema.h"
#include "measure/score_class.h"

#include <rotgrad/argument.h>

#include <string.h>

static const char none[] = "none";

static const char *default_class(int dim) {
    return dim == 1 ? "fourier:8" : dim == 2 ? "fourier:4" : "fourier:2";
}

static rg_status no_count(const rg_reader *r, const rg_node *samples) {
    const rg_schema *schema = &rg_experiment_schema;
    size_t k = 0;
    while (strcmp(schema->key[k].path, "budget.samples") != 0) k++;
    const rg_range *range = schema->key[k].range;
    return rg_node_fail(samples, r->diagnostic, RG_EINVAL,
                        "expected a whole number from %.0f to %.0f, a file FILE.npy or none, got %s", range->low,
                        range->high, rg_node_show(samples).text);
}

static rg_status read_sample(rg_reader *r, const rg_node *budget) {
    enum { DEFAULT_SAMPLES = 1000 };
    rg_experiment_budget *b = &r->experiment->budget;
    const rg_node *samples = rg_node_get(budget, "samples"), *exclude = rg_node_get(budget, "exclude");
    const rg_node *seed = rg_node_get(budget, "seed");
    b->seed = seed ? (unsigned long)seed->number : 1;
    if (!samples) b->samples = r->experiment->density.kind == RG_DENSITY_SAMPLES ? 0 : DEFAULT_SAMPLES;
    const int is_file = samples && samples->value != RG_VALUE_WHOLE && strcmp(samples->text, none) != 0;
    double number;
    if (is_file && rg_number_parse(samples->text, &number)) return no_count(r, samples); /* -1, 0.5 */
    if (exclude && !is_file)
        return rg_node_fail(exclude, r->diagnostic, RG_EINVAL, "expected only where samples names a file");
    if (is_file) return rg_reader_points(r, samples, exclude, &b->samples, &b->points);
    if (samples) b->samples = samples->value == RG_VALUE_WHOLE ? (size_t)samples->number : 0;
    return RG_OK;
}

static rg_status read_class(rg_reader *r, const rg_node *budget) {
    rg_experiment_budget *b = &r->experiment->budget;
    const rg_node *node = rg_node_get(budget, "class"), *ridge = rg_node_get(budget, "ridge");
    const char *text = node ? node->text : default_class(r->experiment->grid.dim);
    b->ridge = ridge ? ridge->number : 1e-6;
    b->score_class = rg_pool_text(r->kept, text, strlen(text));
    if (!b->score_class) return rg_reader_out_of_memory(r);
    if (strcmp(text, none) == 0) return RG_OK;
    rg_diagnostic said = {0};
    const rg_status status = rg_argument_features(text, &b->kind, &b->size, &said);
    if (status || (b->kind != RG_FEATURES_FOURIER && b->kind != RG_FEATURES_RANDOM))
        return rg_node_fail(node ? node : budget, r->diagnostic, RG_EINVAL,
                            "expected fourier:M, rff:N or none, got \"%s\"", text);
    if (rg_score_class_check(b->kind, b->size, r->experiment->grid.dim, &said))
        return rg_node_fail(node ? node : budget, r->diagnostic, RG_EINVAL, "%s", said.text);
    return RG_OK;
}

static rg_status read_sampler(rg_reader *r, const rg_node *budget) {
    enum { DEFAULT_STEPS = 50 };
    rg_experiment_budget *b = &r->experiment->budget;
    const rg_node *prior = rg_node_get(budget, "prior"), *steps = rg_node_get(budget, "steps");
    const rg_node *scheme = rg_node_get(budget, "scheme");
    b->has_prior = prior != NULL;
    b->prior = prior ? (rg_budget_prior)(RG_BUDGET_EXACT + (int)prior->number) : RG_BUDGET_UNIFORM;
    b->steps = steps ? (size_t)steps->number : DEFAULT_STEPS;
    b->scheme = scheme ? (rg_step_scheme)(RG_STEP_EULER + (int)scheme->number) : RG_STEP_EXPONENTIAL;
    return RG_OK;
}

static rg_status read_list(rg_reader *r, const rg_node *list, size_t *count, double **values) {
    if (!list) return RG_OK;
    *values = rg_pool_alloc(r->kept, list->count, sizeof **values);
    if (!*values) return rg_reader_out_of_memory(r);
    for (const rg_node *node = list->first; node; node = node->next) {
        if (*count > 0 && !(node->number > (*values)[*count - 1]))
            return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected ascending values, got %s",
                                rg_node_show(node).text);
        (*values)[(*count)++] = node->number;
    }
    return RG_OK;
}

static rg_status read_sweeps(rg_reader *r, const rg_node *budget) {
    rg_experiment_budget *b = &r->experiment->budget;
    const rg_node *sweep = rg_node_get(budget, "sweep");
    rg_status status = RG_OK;
    for (int k = 0; status == RG_OK && k < RG_SWEEPS; k++)
        status = read_list(r, rg_node_get(sweep, rg_budget_sweep_name[k]), &b->count[k], &b->value[k]);
    return status;
}

rg_status rg_reader_budget(rg_reader *r) {
    const rg_node *budget = rg_node_get(r->root, "budget");
    static rg_status (*const parts[])(rg_reader * r, const rg_node *budget) = {read_sample, read_class, read_sampler,
                                                                               read_sweeps};
    rg_status status = RG_OK;
    if (r->experiment->free_space) return RG_OK; /* particles have no use for it */
    for (size_t i = 0; status == RG_OK && i < sizeof parts / sizeof *parts; i++) status = parts[i](r, budget);
    return status;
}
