/* The nearest of many points around a box. Points are halved by the median of one axis after the other until few are left; a
 * search goes to the nearer half first and leaves out halves whose box is farther than the best point so far.
 *
 * Along an axis a point's distance is fl(y - x), to the nearest image, and that of a box the least of fl(y - x) over its ends:
 * rounding keeps the order, so no box is ever found farther than a point in it. */
#include "diffusion/point_tree.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { LEAF = 8 };

struct entry {
    double x[RG_MAX_DIM]; /* in [0, length) */
    size_t index;
};

struct rg_point_tree {
    int dim;
    size_t count;
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    struct entry *entry;
};

struct query {
    const rg_point_tree *tree;
    double x[RG_MAX_DIM], low[RG_MAX_DIM], high[RG_MAX_DIM]; /* the box of where the search stands */
    double square;                                           /* of the best distance */
    size_t index;
};

static double wrap(double x, double length) {
    const double y = x - length * floor(x / length);
    return y < length ? y : 0;
}

/* ---- the tree */

static int order(const struct entry *a, const struct entry *b, int axis) {
    if (a->x[axis] != b->x[axis]) return a->x[axis] < b->x[axis] ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int by_first(const void *a, const void *b) {
    return order(a, b, 0);
}

static int by_second(const void *a, const void *b) {
    return order(a, b, 1);
}

static int by_third(const void *a, const void *b) {
    return order(a, b, 2);
}

/* The one in the middle stays there. */
static void halve(const rg_point_tree *t, size_t begin, size_t end, int axis) {
    static int (*const by[])(const void *, const void *) = {by_first, by_second, by_third};
    if (end - begin <= LEAF) return;
    const size_t middle = begin + (end - begin) / 2;
    qsort(t->entry + begin, end - begin, sizeof *t->entry, by[axis]);
    halve(t, begin, middle, (axis + 1) % t->dim);
    halve(t, middle + 1, end, (axis + 1) % t->dim);
}

/* ---- searching */

static double axis_square(double difference, double length) {
    const double d = difference > 0.5 * length    ? difference - length
                     : difference < -0.5 * length ? difference + length
                                                  : difference;
    return d * d;
}

static double box_square(const struct query *q) {
    double square = 0;
    for (int a = 0; a < q->tree->dim; a++) {
        const double length = q->tree->length[a];
        if (q->x[a] >= q->low[a] && q->x[a] <= q->high[a]) continue;
        square += fmin(axis_square(q->x[a] - q->low[a], length), axis_square(q->x[a] - q->high[a], length));
    }
    return square;
}

static void offer(struct query *q, const struct entry *e) {
    double square = 0;
    for (int a = 0; a < q->tree->dim; a++) square += axis_square(q->x[a] - e->x[a], q->tree->length[a]);
    if (square > q->square || (square == q->square && e->index > q->index)) return;
    q->square = square;
    q->index = e->index;
}

static void visit(struct query *q, size_t begin, size_t end, int axis);

/* One half: the other end of the box moves to the plane between them. */
static void visit_half(struct query *q, size_t begin, size_t end, int axis, double *bound, double plane) {
    const double before = *bound;
    *bound = plane;
    if (box_square(q) <= q->square) visit(q, begin, end, (axis + 1) % q->tree->dim);
    *bound = before;
}

static void visit(struct query *q, size_t begin, size_t end, int axis) {
    const struct entry *entry = q->tree->entry;
    if (end - begin <= LEAF) {
        for (size_t i = begin; i < end; i++) offer(q, &entry[i]);
        return;
    }
    const size_t middle = begin + (end - begin) / 2;
    const double plane = entry[middle].x[axis];
    const int upper_first = q->x[axis] >= plane;
    offer(q, &entry[middle]);
    for (int side = 0; side < 2; side++)
        if ((side == 0) == upper_first)
            visit_half(q, middle + 1, end, axis, &q->low[axis], plane);
        else
            visit_half(q, begin, middle, axis, &q->high[axis], plane);
}

/* ---- all of it */

rg_status rg_point_tree_create(const rg_grid *grid, size_t count, const double *points, rg_point_tree **tree) {
    rg_point_tree *t = rg_alloc(1, sizeof *t);
    if (!t) return RG_ENOMEM;
    *t = (rg_point_tree){.dim = grid->dim, .count = count, .entry = rg_alloc(count, sizeof *t->entry)};
    if (!t->entry) {
        rg_point_tree_destroy(t);
        return RG_ENOMEM;
    }
    for (int a = 0; a < t->dim; a++) {
        t->lower[a] = grid->lower[a];
        t->length[a] = grid->length[a];
    }
    for (size_t i = 0; i < count; i++) {
        t->entry[i].index = i;
        for (int a = 0; a < t->dim; a++)
            t->entry[i].x[a] = wrap(points[i * (size_t)t->dim + (size_t)a] - t->lower[a], t->length[a]);
    }
    halve(t, 0, count, 0);
    *tree = t;
    return RG_OK;
}

void rg_point_tree_destroy(rg_point_tree *tree) {
    if (!tree) return;
    rg_free(tree->entry);
    rg_free(tree);
}

rg_nearest_point rg_point_tree_nearest(const rg_point_tree *tree, const double *x) {
    struct query q = {.tree = tree, .square = HUGE_VAL, .index = SIZE_MAX};
    for (int a = 0; a < tree->dim; a++) {
        q.x[a] = wrap(x[a] - tree->lower[a], tree->length[a]);
        q.high[a] = tree->length[a];
    }
    visit(&q, 0, tree->count, 0);
    return (rg_nearest_point){q.index, sqrt(q.square)};
}
