/* The fields of a panel in one form. Internal. */
#ifndef RG_FIGURE_LAYER_H
#define RG_FIGURE_LAYER_H

#include <rotgrad/figure.h>

typedef struct rg_layer {
    const char *name;       /* "heat", "flow", "arrows", "contours" */
    int components;         /* 1 or 2 */
    const ptrdiff_t *shape; /* two lengths */
    const double *values;   /* (components, shape) */
} rg_layer;

enum { RG_LAYERS = 4 };

/* Those that there are, from the bottom. */
static inline int rg_layers_of(const rg_panel *panel, rg_layer layer[RG_LAYERS]) {
    int count = 0;
    if (panel->heat) layer[count++] = (rg_layer){"heat", 1, panel->heat->shape, panel->heat->values};
    if (panel->flow) layer[count++] = (rg_layer){"flow", 2, panel->flow->shape, panel->flow->vector};
    if (panel->arrows) layer[count++] = (rg_layer){"arrows", 2, panel->arrows->shape, panel->arrows->vector};
    if (panel->contours) layer[count++] = (rg_layer){"contours", 1, panel->contours->shape, panel->contours->values};
    return count;
}

/* Coordinate of point i of `points` along an axis. */
static inline double rg_layer_place(const rg_axis *axis, ptrdiff_t i, ptrdiff_t points) {
    return axis->lower + (double)i * ((axis->upper - axis->lower) / (double)points);
}

#endif
