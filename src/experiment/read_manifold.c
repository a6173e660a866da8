/* manifold: levels and tubes. Without the key there is none. */
#include "base/base.h"
#include "experiment/number.h"
#include "experiment/reader.h"

#include <rotgrad/manifold.h>

static rg_status read_tubes(rg_reader *r, const rg_node *list) {
    rg_experiment_manifold *m = &r->experiment->manifold;
    if (list->count > RG_MOST_TUBES)
        return rg_node_fail(list, r->diagnostic, RG_EINVAL, "expected at most %d radii, got %zu", RG_MOST_TUBES,
                            list->count);
    if (list->count > 0 && rg_manifold_dimension(&r->experiment->density) < 0)
        return rg_node_fail(
            list, r->diagnostic, RG_EINVAL,
            "expected a density on a manifold: samples, points, or one of the shapes circle, figure_eight, "
            "sphere, torus_knot, clifford");
    for (const rg_node *node = list->first; node; node = node->next) {
        const double before = m->tubes ? m->tube[m->tubes - 1] : 0;
        if (!(node->number > before))
            return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected radii in ascending order, got %s after %s",
                                rg_number_show(node->number).text, rg_number_show(before).text);
        m->tube[m->tubes++] = node->number;
    }
    return RG_OK;
}

rg_status rg_reader_manifold(rg_reader *r) {
    const rg_node *manifold = rg_node_get(r->root, "manifold");
    if (!manifold) return RG_OK;
    if (!(r->experiment->churn > 0))
        return rg_node_fail(manifold, r->diagnostic, RG_EINVAL,
                            "expected noise.churn above 0: without noise no path has a density to another");
    r->experiment->manifold.levels = (size_t)rg_node_get(manifold, "levels")->number;
    return read_tubes(r, rg_node_get(manifold, "tube"));
}
