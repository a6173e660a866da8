/* Room that texts and bars take around a frame, in points. Internal. */
#ifndef RG_FIGURE_INSETS_H
#define RG_FIGURE_INSETS_H

#include <math.h>

typedef struct rg_insets {
    double left, right, top, bottom;
} rg_insets;

static inline rg_insets rg_insets_union(rg_insets a, rg_insets b) {
    return (rg_insets){fmax(a.left, b.left), fmax(a.right, b.right), fmax(a.top, b.top), fmax(a.bottom, b.bottom)};
}

#endif
