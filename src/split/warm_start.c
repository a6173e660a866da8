/* Warm start: the best approximation, in the energy |d x|^2 of today's operator, from the span of earlier solutions.
 *
 * Solutions at neighbouring noise levels vary smoothly, so a few of them extrapolate well. d x = grad x - s x / 2 costs
 * no transform because grad x is kept beside x. The kept pairs are replaced by an orthonormal basis (in that energy) of
 * the same span, latest solution first, so what is dropped when the store is full is the direction that adds least. */
#include "split/split.h"

#include <math.h>

/* (d a, d b) for two kept pairs */
struct energy {
    const rg_split *split;
    int a, b;
};

static double energy_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct energy *e = data;
    const rg_split *split = e->split;
    const double *x = split->kept[e->a], *y = split->kept[e->b];
    double sum = 0;
    for (int c = 0; c < split->dim; c++) {
        const double *dx = split->kept_gradient[e->a] + c * split->cells;
        const double *dy = split->kept_gradient[e->b] + c * split->cells;
        const double *score = split->score + c * split->cells;
        for (ptrdiff_t i = begin; i < end; i++)
            sum += (dx[i] - 0.5 * score[i] * x[i]) * (dy[i] - 0.5 * score[i] * y[i]);
    }
    return sum;
}

static double energy(const rg_split *split, int a, int b) {
    return rg_reduce(split->cells, energy_block, &(struct energy){split, a, b});
}

/* pair a = scale * (pair a + factor * pair b) */
struct combine {
    rg_split *split;
    int a, b;
    double factor, scale;
};

static void combine_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct combine *c = data;
    const ptrdiff_t n = c->split->cells;
    for (int part = 0; part <= c->split->dim; part++) {
        double *a = part == 0 ? c->split->kept[c->a] : c->split->kept_gradient[c->a] + (part - 1) * n;
        const double *b = part == 0 ? c->split->kept[c->b] : c->split->kept_gradient[c->b] + (part - 1) * n;
        for (ptrdiff_t i = begin; i < end; i++) a[i] = c->scale * (a[i] + c->factor * b[i]);
    }
}

static void combine(rg_split *split, int a, int b, double factor, double scale) {
    rg_parallel(split->cells, combine_block, &(struct combine){split, a, b, factor, scale});
}

static void swap(rg_split *split, int i, int j) {
    double *x = split->kept[i], *gradient = split->kept_gradient[i];
    split->kept[i] = split->kept[j];
    split->kept_gradient[i] = split->kept_gradient[j];
    split->kept[j] = x;
    split->kept_gradient[j] = gradient;
}

/* Pair i orthonormal to those before it; 0 when nothing but rounding is left of it. */
static int orthonormalise(rg_split *split, int i) {
    const double least = 1e-20; /* relative, squared: below, the direction is cancellation noise */
    const double before = energy(split, i, i);
    for (int j = 0; j < i; j++) combine(split, i, j, -energy(split, j, i), 1);
    const double after = energy(split, i, i);
    if (!(before > 0) || !(after > least * before)) return 0;
    combine(split, i, i, 0, 1 / sqrt(after));
    return 1;
}

struct add {
    rg_split *split;
    int pair;
    double amount;
};

static void add_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct add *add = data;
    const double *x = add->split->kept[add->pair];
    for (ptrdiff_t i = begin; i < end; i++) add->split->x[i] += add->amount * x[i];
}

void rg_split_warm_start(rg_split *split) {
    for (ptrdiff_t i = 0; i < split->cells; i++) split->x[i] = 0;
    for (int i = 0; i < split->kept_count;) {
        if (orthonormalise(split, i)) {
            const double amount = rg_dot(split->cells, split->kept[i], split->rhs);
            rg_parallel(split->cells, add_block, &(struct add){split, i++, amount});
        } else {
            swap(split, i, --split->kept_count);
        }
    }
}

/* grad x = E - flux + s x / 2 */
void rg_split_keep(rg_split *split) {
    if (split->history == 0) return;
    const int slot = split->kept_count < split->history ? split->kept_count++ : split->history - 1;
    for (int i = slot; i > 0; i--) swap(split, i, i - 1);
    for (ptrdiff_t i = 0; i < split->cells; i++) split->kept[0][i] = split->x[i];
    for (int c = 0; c < split->dim; c++)
        for (ptrdiff_t i = 0; i < split->cells; i++) {
            const ptrdiff_t k = c * split->cells + i;
            split->kept_gradient[0][k] = split->field[k] - split->flux[k] + 0.5 * split->score[k] * split->x[i];
        }
}
