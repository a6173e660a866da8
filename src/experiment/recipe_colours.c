/* The range of colours of each heat map, as numbers.
 *
 * Heat maps of one group share a range, over the data of all of them; the first one says how it is found. A quantity
 * can be huge where p is tiny: `range: mass` ends at what |values| exceed on a thousandth of the mass of p. */
#include "experiment/recipe.h"
#include "figure/colour_scale.h"
#include "measure/mass_bound.h"

#include <math.h>

#define PI 3.14159265358979323846

static const double rare = 1e-3, half = 0.5; /* shares of the mass */
/* `scale: auto`: log from this ratio of the ends on, or of the bound to the median. */
static const double data_contrast = 1e3, mass_contrast = 10;
static const double near_zero = 0.1;                  /* of the largest value */
static const double data_span = 1e9, mass_span = 1e3; /* largest ratio of the ends of those scales */

enum { SCALE_AUTO, SCALE_LINEAR, SCALE_LOG }; /* as in the table of keys */

typedef struct colour_range {
    rg_colour_map map;
    rg_scale scale;
    double minimum, maximum;
} colour_range;

/* The heat maps of a group, by the place of its first one. */
typedef struct colour_group {
    const rg_recipe *recipe;
    size_t first;
} colour_group;

static double group_number(const rg_plotted_heat *heat) {
    const rg_node *group = rg_node_get(heat->node, "group");
    return group ? group->number : 0;
}

static int is_member(const colour_group *g, size_t i) {
    const double number = group_number(&g->recipe->heat[g->first]);
    return i == g->first || (number > 0 && group_number(&g->recipe->heat[i]) == number);
}

static const rg_plotted_heat *first_of(const colour_group *g) {
    return &g->recipe->heat[g->first];
}

static ptrdiff_t cells_of(const rg_plotted_heat *heat) {
    return rg_plot_box_cells(&heat->quantity.box);
}

/* ---- by the data */

static rg_colour_extent extent_of(const rg_plotted_heat *heat) {
    return rg_colour_extent_of(&(rg_heat_map){.shape = {cells_of(heat), 1}, .values = heat->quantity.values});
}

static rg_colour_extent extent_of_group(const colour_group *g) {
    rg_colour_extent extent = {HUGE_VAL, -HUGE_VAL, HUGE_VAL};
    for (size_t i = g->first; i < g->recipe->heats; i++)
        if (is_member(g, i)) extent = rg_colour_extent_union(extent, extent_of(&g->recipe->heat[i]));
    return extent;
}

/* The first one, usually p, decides: that of a sampler may touch 0. */
static int is_contrasted(const colour_group *g, const rg_colour_extent *all) {
    const rg_colour_extent e = extent_of(first_of(g));
    return e.smallest_positive < HUGE_VAL && all->maximum >= data_contrast * e.smallest_positive;
}

static rg_status by_data(const colour_group *g, int scale, colour_range *range) {
    const rg_colour_extent all = extent_of_group(g), own = extent_of(first_of(g));
    const double least = first_of(g)->quantity.least;
    rg_colour_scale s;
    rg_heat_map heat = {.shape = {1, 1}, .values = &all.maximum, .map = range->map, .scale = range->scale};
    if (all.minimum > all.maximum) return RG_OK; /* left to rg_figure_write, which refuses it */
    if (scale == SCALE_AUTO && range->map == RG_MAP_SEQUENTIAL && all.minimum >= 0) {
        const int log = is_contrasted(g, &all);
        range->scale = log ? RG_SCALE_LOG : RG_SCALE_LINEAR;
        range->minimum = log ? fmax(own.smallest_positive, all.maximum / data_span) : 0;
        range->maximum = fmax(all.maximum, least);
        if (range->maximum > 0) return RG_OK;
    }
    if (range->scale == RG_SCALE_LINEAR && fmax(fabs(all.minimum), fabs(all.maximum)) <= least) {
        range->maximum = least;
        range->minimum = range->map == RG_MAP_DIVERGING || all.minimum < 0 ? -least : 0;
        return RG_OK;
    }
    if (heat.scale == RG_SCALE_LOG && all.maximum <= 0) heat.scale = range->scale = RG_SCALE_LINEAR;
    const rg_status status = rg_colour_scale_init(&heat, &all, &s, g->recipe->diagnostic);
    if (status != RG_OK) return status;
    /* A field that comes near 0 is measured from there, as the axes of curves are. */
    const int from_zero = range->map == RG_MAP_SEQUENTIAL && range->scale == RG_SCALE_LINEAR && all.minimum >= 0 &&
                          all.minimum < near_zero * all.maximum;
    range->minimum = from_zero ? 0 : s.minimum;
    range->maximum = s.maximum;
    return RG_OK;
}

/* ---- by the mass */

static double bound_of(const rg_plotted_heat *heat, double share) {
    return rg_mass_bound(cells_of(heat), heat->quantity.density, heat->quantity.values, share);
}

/* Fields that are 0 wherever there is mass still get a range. */
static rg_status shared_bound(const colour_group *g, double *bound) {
    *bound = 0;
    for (size_t i = g->first; i < g->recipe->heats; i++) {
        const rg_plotted_heat *heat = &g->recipe->heat[i];
        if (!is_member(g, i)) continue;
        if (!heat->quantity.density)
            return rg_node_fail(rg_node_get(heat->node, "range"), g->recipe->diagnostic, RG_EINVAL,
                                "mass: expected a field on the grid of a run, which has p");
        *bound = fmax(*bound, bound_of(heat, rare));
    }
    const rg_colour_extent e = extent_of_group(g);
    if (*bound == 0) *bound = fmax(fabs(e.minimum), fabs(e.maximum));
    if (!(*bound > 0) || !isfinite(*bound)) *bound = 1;
    return RG_OK;
}

static rg_status by_mass(const colour_group *g, int scale, colour_range *range) {
    const int has_sign = extent_of_group(g).minimum < 0;
    double bound;
    const rg_status status = shared_bound(g, &bound);
    if (status != RG_OK) return status;
    if (scale == SCALE_AUTO) {
        const double median = bound_of(first_of(g), half);
        const int log = range->map == RG_MAP_SEQUENTIAL && !has_sign && median > 0 && bound >= mass_contrast * median;
        range->scale = log ? RG_SCALE_LOG : RG_SCALE_LINEAR;
    }
    range->maximum = fmax(bound, first_of(g)->quantity.least);
    if (range->scale == RG_SCALE_LOG)
        range->minimum = range->maximum / mass_span;
    else
        range->minimum = range->map == RG_MAP_DIVERGING || has_sign ? -range->maximum : 0;
    return RG_OK;
}

/* ---- together */

static rg_status given(const colour_group *g, const rg_node *range_node, colour_range *range) {
    if (range_node->count != 2)
        return rg_node_fail(range_node, g->recipe->diagnostic, RG_EINVAL, "expected two numbers, got %s",
                            rg_node_show(range_node).text);
    range->minimum = range_node->first->number;
    range->maximum = range_node->last->number;
    if (range->minimum < range->maximum && (range->scale != RG_SCALE_LOG || range->minimum > 0)) return RG_OK;
    return rg_node_fail(range_node, g->recipe->diagnostic, RG_EINVAL, "expected two ascending numbers%s",
                        range->scale == RG_SCALE_LOG ? " above 0, for a log scale" : "");
}

static rg_status find_range(const colour_group *g, colour_range *range) {
    const rg_node *node = first_of(g)->node, *range_node = rg_node_get(node, "range");
    const int scale = (int)rg_node_get(node, "scale")->number;
    range->map = (rg_colour_map)(RG_MAP_SEQUENTIAL + (int)rg_node_get(node, "map")->number);
    range->scale = scale == SCALE_LOG ? RG_SCALE_LOG : RG_SCALE_LINEAR;
    if (range->map == RG_MAP_CYCLIC && range->scale == RG_SCALE_LOG)
        return rg_node_fail(rg_node_get(node, "scale"), g->recipe->diagnostic, RG_EINVAL,
                            "the cyclic map is for angles; it has no log scale");
    if (range_node->kind == RG_NODE_LIST) return given(g, range_node, range);
    if (range->map == RG_MAP_CYCLIC) {
        range->minimum = -PI;
        range->maximum = PI;
        return RG_OK;
    }
    return range_node->number == 0 ? by_data(g, scale, range) : by_mass(g, scale, range);
}

static void apply(const colour_range *range, const rg_plotted_heat *plotted) {
    for (size_t k = 0; k < plotted->planes; k++) {
        rg_heat_map *heat = plotted->plane[k];
        const rg_colour_extent e = rg_colour_extent_of(heat);
        heat->map = range->map;
        heat->scale = range->scale;
        heat->minimum = range->minimum;
        heat->maximum = range->maximum;
        /* A log scale has no place for a field that is 0 everywhere. */
        if (heat->scale == RG_SCALE_LOG && e.minimum == 0 && e.maximum == 0) heat->scale = RG_SCALE_LINEAR;
    }
}

rg_status rg_recipe_colour(rg_recipe *recipe) {
    for (size_t i = 0; i < recipe->heats; i++) {
        size_t first = 0;
        while (!is_member(&(colour_group){recipe, first}, i)) first++;
        if (first < i) continue;
        const colour_group group = {recipe, i};
        colour_range range = {0};
        const rg_status status = find_range(&group, &range);
        if (status != RG_OK) return status;
        for (size_t k = i; k < recipe->heats; k++)
            if (is_member(&group, k)) apply(&range, &recipe->heat[k]);
    }
    return RG_OK;
}
