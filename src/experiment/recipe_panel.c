/* Fields of a panel: what stands in the recipe is evaluated over the box, then cut or projected to a plane.
 *
 * In three dimensions a panel that says nothing about planes becomes a row of three, through the densest point of p:
 * the middle of a periodic box is no special place, and often an empty one. */
#include "base/base.h"
#include "experiment/recipe.h"
#include "figure/number.h"

#include <glib.h>
#include <math.h>
#include <string.h>

enum { LAYER_HEAT, LAYER_FLOW, LAYER_ARROWS, LAYER_CONTOURS, LAYERS };

static const struct {
    const char *key, *quantity;
    int is_vector;
} layer_of[LAYERS] = {
    [LAYER_HEAT] = {"heat", "values", 0},
    [LAYER_FLOW] = {"flow", "vector", 1},
    [LAYER_ARROWS] = {"arrows", "vector", 1},
    [LAYER_CONTOURS] = {"contours", "values", 0},
};

static const double degrees_per_radian = 180 / 3.14159265358979323846;

typedef struct panel_plan {
    rg_recipe *recipe;
    const rg_node *node;
    rg_view *view; /* NULL: no run */
    rg_plot_box box;
    const rg_node *layer[LAYERS]; /* NULL: not there */
    rg_quantity quantity[LAYERS];
    const char *projected; /* what was done to the third axis, in words; NULL: nothing */
} panel_plan;

/* ---- what is drawn */

static rg_status wrong_components(const panel_plan *p, int layer, const rg_node *text) {
    if (layer_of[layer].is_vector)
        return rg_node_fail(text, p->recipe->diagnostic, RG_EINVAL, "expected a vector field, got a scalar");
    return rg_node_fail(text, p->recipe->diagnostic, RG_EINVAL,
                        "expected a scalar field, got a vector; norm(%s) and component(%s, 0) are scalars", text->text,
                        text->text);
}

static rg_status evaluate_layer(panel_plan *p, int layer) {
    rg_recipe *r = p->recipe;
    const rg_node *text = rg_node_get(p->layer[layer], layer_of[layer].quantity);
    const rg_quantity_scope scope = {p->view, text, rg_node_get(r->root, "box"), &r->pool, &r->arrays, r->diagnostic};
    rg_quantity *q = &p->quantity[layer];
    const rg_status status = rg_quantity_evaluate(&scope, text->text, q);
    if (status != RG_OK) return status;
    if (q->box.dim == 1)
        return rg_node_fail(text, r->diagnostic, RG_EINVAL,
                            "%s has one axis; a %s map needs two or three: draw it as a curve, `curves: [{y: %s}]`",
                            text->text, layer_of[layer].key, text->text);
    if ((q->components > 1) != layer_of[layer].is_vector) return wrong_components(p, layer, text);
    if (p->box.dim && !rg_plot_box_same_shape(&p->box, &q->box))
        return rg_node_fail(text, r->diagnostic, RG_EINVAL, "its shape differs from that of the panel's other fields");
    if (!p->box.dim) p->box = q->box;
    return RG_OK;
}

static rg_status evaluate_layers(panel_plan *p) {
    rg_status status = RG_OK;
    for (int layer = 0; status == RG_OK && layer < LAYERS; layer++) {
        p->layer[layer] = rg_node_get(p->node, layer_of[layer].key);
        if (p->layer[layer]) status = evaluate_layer(p, layer);
    }
    return status;
}

/* ---- axes */

static rg_status rename_axes(panel_plan *p) {
    const rg_node *labels = rg_node_get(p->recipe->root, "labels"), *degrees = rg_node_get(p->recipe->root, "degrees");
    if (degrees) p->box.degrees = degrees->number != 0;
    if (!labels) return RG_OK;
    if (labels->count != (size_t)p->box.dim)
        return rg_node_fail(labels, p->recipe->diagnostic, RG_EINVAL, "expected %d labels, one for each axis, got %s",
                            p->box.dim, rg_node_show(labels).text);
    for (int a = 0; a < p->box.dim; a++) p->box.name[a] = rg_node_at(labels, (size_t)a)->text;
    return RG_OK;
}

static rg_axis axis_of(const panel_plan *p, int a, const char *key) {
    const rg_node *label = rg_node_get(rg_node_get(p->node, key), "label");
    return (rg_axis){.label = label ? label->text : p->box.name[a],
                     .scale = RG_SCALE_LINEAR,
                     .lower = p->box.lower[a],
                     .upper = p->box.lower[a] + p->box.length[a],
                     .degrees = p->box.degrees};
}

/* ---- planes */

typedef struct cut_plane {
    int across; /* axis; -1: the box is one */
    ptrdiff_t index;
} cut_plane;

static void axes_of(const cut_plane *plane, int axis[2]) {
    axis[0] = plane->across == 0;
    axis[1] = plane->across >= 0 && plane->across < 2 ? 2 : 1;
}

static ptrdiff_t cells_of_plane(const panel_plan *p, const int axis[2]) {
    return p->box.shape[axis[0]] * p->box.shape[axis[1]];
}

/* Of p, or without a run of the first field that is there. */
static void densest_point(const panel_plan *p, ptrdiff_t index[RG_MAX_DIM]) {
    const rg_quantity *q = NULL;
    for (int layer = LAYERS - 1; layer >= 0; layer--)
        if (p->layer[layer]) q = &p->quantity[layer];
    const double *values = q->density ? q->density : q->values;
    ptrdiff_t densest = 0;
    for (ptrdiff_t i = 1; i < rg_plot_box_cells(&p->box); i++)
        if (values[i] > values[densest] || isnan(values[densest])) densest = i;
    for (int a = RG_MAX_DIM - 1; a >= 0; a--) {
        index[a] = densest % p->box.shape[a];
        densest /= p->box.shape[a];
    }
}

static rg_status slice_at(const panel_plan *p, const rg_node *slice, cut_plane *plane) {
    const rg_node *at = rg_node_get(slice, "at");
    plane->across = (int)rg_node_get(slice, "axis")->number;
    const ptrdiff_t points = p->box.shape[plane->across];
    plane->index = points / 2;
    if (at->value == RG_VALUE_WHOLE) {
        if (at->number >= (double)points)
            return rg_node_fail(at, p->recipe->diagnostic, RG_EINVAL, "expected an index from 0 to %td, got %s",
                                points - 1, at->text);
        plane->index = (ptrdiff_t)at->number;
    } else if (at->number > 0) {
        ptrdiff_t index[RG_MAX_DIM];
        densest_point(p, index);
        plane->index = index[plane->across];
    }
    return RG_OK;
}

static rg_status choose_planes(const panel_plan *p, cut_plane planes[RG_MAX_DIM], int *count) {
    const rg_node *slice = rg_node_get(p->node, "slice");
    ptrdiff_t index[RG_MAX_DIM];
    *count = 1;
    planes[0] = (cut_plane){-1, 0};
    if (p->box.dim == 2) return RG_OK;
    if (slice) return slice_at(p, slice, planes);
    densest_point(p, index);
    *count = RG_MAX_DIM;
    for (int k = 0; k < RG_MAX_DIM; k++) planes[k] = (cut_plane){RG_MAX_DIM - 1 - k, index[RG_MAX_DIM - 1 - k]};
    p->recipe->has_planes = 1;
    return RG_OK;
}

/* The quantity on the plane: of a vector the two components in it. NULL when out of memory. */
static const double *cut(const panel_plan *p, const cut_plane *plane, const rg_quantity *q) {
    int axis[2];
    axes_of(plane, axis);
    if (plane->across < 0) return q->values;
    const ptrdiff_t n = cells_of_plane(p, axis), cells = rg_plot_box_cells(&p->box);
    const int components = q->components > 1 ? 2 : 1;
    double *values = rg_pool_alloc(&p->recipe->pool, (size_t)(components * n), sizeof *values);
    for (int c = 0; values && c < components; c++)
        rg_slice(p->box.shape, q->values + (components > 1 ? axis[c] : 0) * cells, plane->across, plane->index,
                 values + c * n);
    return values;
}

/* ---- projections: the box loses an axis */

static void take_together(const rg_plot_box *box, const double *values, int across, int largest, double *out) {
    const ptrdiff_t count = box->shape[across];
    ptrdiff_t inner = 1, outer = 1;
    for (int a = across + 1; a < box->dim; a++) inner *= box->shape[a];
    for (int a = 0; a < across; a++) outer *= box->shape[a];
    for (ptrdiff_t o = 0; o < outer; o++)
        for (ptrdiff_t i = 0; i < inner; i++) {
            double sum = 0, most = (double)NAN;
            for (ptrdiff_t k = 0; k < count; k++) {
                const double v = values[(o * count + k) * inner + i];
                sum += v;
                most = fmax(most, v); /* passes over NaN */
            }
            out[o * inner + i] = largest ? most : sum / (double)count;
        }
}

static rg_status project_quantity(const panel_plan *p, rg_quantity *q, int across, int largest) {
    const cut_plane plane = {across, 0};
    int axis[2];
    axes_of(&plane, axis);
    const ptrdiff_t n = cells_of_plane(p, axis), cells = rg_plot_box_cells(&p->box);
    const int components = q->components > 1 ? 2 : 1;
    double *values = rg_pool_alloc(&p->recipe->pool, (size_t)(components * n), sizeof *values);
    double *density = q->density ? rg_pool_alloc(&p->recipe->pool, (size_t)n, sizeof *density) : NULL;
    if (!values || (q->density && !density)) return rg_recipe_out_of_memory(p->recipe);
    for (int c = 0; c < components; c++)
        take_together(&p->box, q->values + (components > 1 ? axis[c] : 0) * cells, across, largest && components == 1,
                      values + c * n);
    if (density) take_together(&p->box, q->density, across, 0, density);
    q->values = values;
    q->density = density;
    q->components = components;
    return RG_OK;
}

static void drop_axis(rg_plot_box *box, int across) {
    for (int a = across; a + 1 < box->dim; a++) {
        box->shape[a] = box->shape[a + 1];
        box->lower[a] = box->lower[a + 1];
        box->length[a] = box->length[a + 1];
        box->name[a] = box->name[a + 1];
    }
    box->dim--;
}

static rg_status tell_projection(panel_plan *p, int across, int largest) {
    const char *what = largest ? "largest over " : "mean over ", *name = p->box.name[across];
    const size_t room = strlen(what) + strlen(name) + 1;
    char *text = rg_pool_alloc(&p->recipe->pool, room, 1);
    if (!text) return rg_recipe_out_of_memory(p->recipe);
    p->projected = strcat(strcpy(text, what), name);
    return RG_OK;
}

static rg_status project(panel_plan *p) {
    const rg_node *node = rg_node_get(p->node, "project"), *slice = rg_node_get(p->node, "slice");
    const rg_node *either = node ? node : slice;
    if (node && slice)
        return rg_node_fail_key(node, p->recipe->diagnostic, RG_EINVAL, "expected a slice or a projection, got both");
    if (either && p->box.dim != RG_MAX_DIM)
        return rg_node_fail_key(either, p->recipe->diagnostic, RG_EINVAL, "expected fields with three axes, got %d",
                                p->box.dim);
    if (!node) return RG_OK;
    const int across = (int)rg_node_get(node, "axis")->number, largest = rg_node_get(node, "by")->number > 0;
    rg_status status = RG_OK;
    for (int layer = 0; status == RG_OK && layer < LAYERS; layer++)
        if (p->layer[layer]) status = project_quantity(p, &p->quantity[layer], across, largest);
    if (status == RG_OK) status = tell_projection(p, across, largest);
    if (status != RG_OK) return status;
    drop_axis(&p->box, across);
    for (int layer = 0; layer < LAYERS; layer++) p->quantity[layer].box = p->box;
    return RG_OK;
}

/* ---- titles */

static void coordinate_text(const panel_plan *p, const cut_plane *plane, char text[RG_NUMBER_TEXT]) {
    const double x = p->box.lower[plane->across] + (double)plane->index * rg_plot_box_spacing(&p->box, plane->across);
    const double shown = p->box.degrees ? degrees_per_radian * x : x;
    const double zero = 1e-9 * p->box.length[plane->across]; /* rounding of a point that is meant to be 0 */
    strcpy(text, "0");
    if (fabs(x) > zero) rg_number_significant(text, shown, 3);
    if (p->box.degrees) strcat(text, "\xc2\xb0");
}

/* A plane says where it lies, on a line of its own, and a projection over what it goes. */
static rg_status title_of(const panel_plan *p, const cut_plane *plane, const char **title) {
    char number[RG_NUMBER_TEXT];
    const rg_status status = rg_recipe_text(p->recipe, rg_node_get(p->node, "title"), p->view, title);
    if (status != RG_OK || (plane->across < 0 && !p->projected)) return status;
    const char *line = **title ? "\n" : "";
    if (plane->across >= 0) coordinate_text(p, plane, number);
    char *text = plane->across < 0 ? g_strconcat(*title, line, p->projected, NULL)
                                   : g_strconcat(*title, line, p->box.name[plane->across], " = ", number, NULL);
    *title = rg_pool_text(&p->recipe->pool, text, strlen(text));
    g_free(text);
    return *title ? RG_OK : rg_recipe_out_of_memory(p->recipe);
}

/* ---- layers of the figure */

static rg_status add_heat(const panel_plan *p, rg_panel *panel, const ptrdiff_t shape[2], const double *values) {
    rg_recipe *r = p->recipe;
    rg_plotted_heat *plotted = &r->heat[r->heats - 1];
    rg_heat_map *heat = rg_pool_alloc(&r->pool, 1, sizeof *heat);
    if (!heat) return rg_recipe_out_of_memory(r);
    *heat = (rg_heat_map){.shape = {shape[0], shape[1]}, .values = values, .map = RG_MAP_SEQUENTIAL};
    panel->heat = plotted->plane[plotted->planes++] = heat;
    return rg_recipe_text(r, rg_node_get(plotted->node, "unit"), p->view, &heat->unit);
}

static rg_status add_flow(const panel_plan *p, rg_panel *panel, const ptrdiff_t shape[2], const double *values) {
    rg_flow *flow = rg_pool_alloc(&p->recipe->pool, 1, sizeof *flow);
    if (!flow) return rg_recipe_out_of_memory(p->recipe);
    *flow = (rg_flow){{shape[0], shape[1]}, values, rg_node_get(p->layer[LAYER_FLOW], "strength")->number};
    panel->flow = flow;
    return RG_OK;
}

static rg_status add_arrows(const panel_plan *p, rg_panel *panel, const ptrdiff_t shape[2], const double *values) {
    const rg_node *node = p->layer[LAYER_ARROWS], *longest = rg_node_get(node, "longest");
    rg_arrows *arrows = rg_pool_alloc(&p->recipe->pool, 1, sizeof *arrows);
    if (!arrows) return rg_recipe_out_of_memory(p->recipe);
    *arrows = (rg_arrows){.shape = {shape[0], shape[1]},
                          .vector = values,
                          .spacing = rg_node_get(node, "spacing")->number,
                          .longest = longest ? longest->number : 0};
    panel->arrows = arrows;
    return RG_OK;
}

static rg_status add_contours(const panel_plan *p, rg_panel *panel, const ptrdiff_t shape[2], const double *values) {
    const rg_node *node = p->layer[LAYER_CONTOURS], *levels = rg_node_get(node, "levels");
    rg_contours *contours = rg_pool_alloc(&p->recipe->pool, 1, sizeof *contours);
    double *level = rg_pool_alloc(&p->recipe->pool, levels->count, sizeof *level);
    if (!contours || !level) return rg_recipe_out_of_memory(p->recipe);
    size_t i = 0;
    for (const rg_node *child = levels->first; child; child = child->next) level[i++] = child->number;
    *contours = (rg_contours){.shape = {shape[0], shape[1]},
                              .values = values,
                              .count = levels->count,
                              .level = level,
                              .labels = rg_node_get(node, "labels")->number != 0};
    panel->contours = contours;
    return RG_OK;
}

static rg_status add_layers(const panel_plan *p, const cut_plane *plane, rg_panel *panel) {
    static rg_status (*const add[LAYERS])(const panel_plan *p, rg_panel *panel, const ptrdiff_t shape[2],
                                          const double *values) = {add_heat, add_flow, add_arrows, add_contours};
    int axis[2];
    axes_of(plane, axis);
    const ptrdiff_t shape[2] = {p->box.shape[axis[0]], p->box.shape[axis[1]]};
    panel->x = axis_of(p, axis[0], "x");
    panel->y = axis_of(p, axis[1], "y");
    rg_status status = RG_OK;
    for (int layer = 0; status == RG_OK && layer < LAYERS; layer++) {
        if (!p->layer[layer]) continue;
        const double *values = cut(p, plane, &p->quantity[layer]);
        status = values ? add[layer](p, panel, shape, values) : rg_recipe_out_of_memory(p->recipe);
    }
    return status;
}

static rg_status add_field_panels(panel_plan *p) {
    rg_recipe *r = p->recipe;
    cut_plane planes[RG_MAX_DIM];
    int count;
    rg_status status = choose_planes(p, planes, &count);
    if (status == RG_OK && p->layer[LAYER_HEAT])
        r->heat[r->heats++] = (rg_plotted_heat){.node = p->layer[LAYER_HEAT], .quantity = p->quantity[LAYER_HEAT]};
    for (int k = 0; status == RG_OK && k < count; k++) {
        rg_panel *panel = &r->panel[r->panels++];
        *panel = (rg_panel){0};
        status = title_of(p, &planes[k], &panel->title);
        if (status == RG_OK) status = add_layers(p, &planes[k], panel);
        if (status == RG_OK) status = rg_recipe_add_curves(r, p->node, panel);
    }
    return status;
}

static rg_status add_chart(panel_plan *p) {
    rg_recipe *r = p->recipe;
    if (!rg_node_get(p->node, "curves") && !rg_node_get(p->node, "rows"))
        return rg_node_fail(p->node, r->diagnostic, RG_EINVAL,
                            "expected at least one of heat, flow, arrows, contours, curves, rows, got none");
    rg_panel *panel = &r->panel[r->panels++];
    *panel = (rg_panel){0};
    const rg_status status = rg_recipe_text(r, rg_node_get(p->node, "title"), p->view, &panel->title);
    return status == RG_OK ? rg_recipe_add_curves(r, p->node, panel) : status;
}

/* Whether the panel is for runs with as many axes as this one. */
static int is_wanted(const panel_plan *p) {
    const rg_node *dimensions = rg_node_get(p->node, "dimensions");
    if (!dimensions || !p->view || !p->view->name) return 1;
    if (dimensions->kind == RG_NODE_TEXT) return (int)dimensions->number == p->view->box.dim;
    for (const rg_node *child = dimensions->first; child; child = child->next)
        if ((int)child->number == p->view->box.dim) return 1;
    return 0;
}

rg_status rg_recipe_add_panel(rg_recipe *recipe, const rg_node *node) {
    panel_plan p = {.recipe = recipe, .node = node};
    const rg_node *run = rg_node_get(node, "run");
    const rg_run_entry *entry;
    rg_status status = rg_recipe_find_run(recipe, run, &entry, &p.view);
    if (status == RG_OK && p.view) status = rg_recipe_check_view(recipe, run ? run : node, p.view);
    if (status != RG_OK || !is_wanted(&p)) return status;
    status = evaluate_layers(&p);
    if (status == RG_OK && p.box.dim == 0) return add_chart(&p);
    if (status == RG_OK) status = rename_axes(&p);
    if (status == RG_OK) status = project(&p);
    return status == RG_OK ? add_field_panels(&p) : status;
}
