/* Places in a periodic or bounded array between its points. Internal. */
#ifndef RG_FIGURE_PERIODIC_H
#define RG_FIGURE_PERIODIC_H

#include <math.h>
#include <stddef.h>

/* The four points around a place and their bilinear weights, which sum to 1; the point whose cell it lies in. */
typedef struct rg_place {
    ptrdiff_t corner[4];
    double weight[4];
    ptrdiff_t nearest;
} rg_place;

/* The same along one axis. */
typedef struct rg_between {
    ptrdiff_t before, after, nearest;
    double beyond; /* weight of `after` */
} rg_between;

/* `fraction` of the box, 0 to 1. Bounded: what is beyond the last point is at it. */
static inline rg_between rg_between_points(ptrdiff_t points, double fraction, int bounded) {
    const double at = fraction * (double)points, floored = floor(at);
    rg_between b = {.before = (ptrdiff_t)floored % points, .beyond = at - floored};
    b.after = b.before + 1 < points ? b.before + 1 : bounded ? b.before : 0;
    b.nearest = b.beyond < 0.5 ? b.before : b.after;
    return b;
}

static inline rg_place rg_place_between(const rg_between *across, const rg_between *up, ptrdiff_t points_up) {
    const double right = across->beyond, above = up->beyond;
    const ptrdiff_t column = across->before * points_up, next = across->after * points_up;
    return (rg_place){{column + up->before, next + up->before, column + up->after, next + up->after},
                      {(1 - right) * (1 - above), right * (1 - above), (1 - right) * above, right * above},
                      across->nearest * points_up + up->nearest};
}

#endif
