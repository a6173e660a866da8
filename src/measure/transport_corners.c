/* The work on corners: the step of Douglas-Rachford and the two bounds.
 *
 * The problem is min F(K m) over div m = p - q, where K copies a face to the 2^d corners that it belongs to and F is the
 * average of |.| over corners, times the volume. With penalty g and over-relaxation r, a step is
 *
 *     m = projection of the average of z;   v = 2 K m - z;   y = v max(0, 1 - g / |v|);   z += r (y - K m).
 *
 * w = (v - y) / g = v / max(|v|, g) has |w| <= 1 and its average over the corners of a face tends to grad psi, psi = -phi / g.
 *
 * Upper bound: F(K m), as m has the right divergence. Lower bound: let R be (average of w) - grad psi. w - K R has grad psi
 * for its average, so for every flux m of the right divergence
 *     int psi d(q - p) = sum grad psi.m = (sum of (w - K R).K m) / 2^d <= max |w - K R| F(K m).
 * Any other w does as well: cutting w - K R to length 1 and once more taking off the residual, where it was too long by its
 * share among the corners only, gives a smaller maximum (measured: half the iterations to a gap of 1e-4).
 *
 * The loops want square roots in SIMD: this file is compiled without errno for them. */
#include "base/base.h"
#include "measure/transport.h"

#include <math.h>

/* A run of points that see their corner's faces at consecutive places. */
typedef struct piece {
    ptrdiff_t count;
    const double *flux[3], *residual[3], *second[3];
    double *state[3], *sum[3]; /* the sums that take this corner: plus or minus */
    double penalty, factor;    /* factor: relaxation, or the ratio of penalties */
} piece;

/* What is done to a piece; returns a number to be added up, or of which the largest counts. */
typedef double piece_work(const piece *p);

static inline double larger(double a, double b) {
    return a > b ? a : b;
}

/* By value: the compiler then knows that the pointers stay as they are. */
static inline void step(const piece p, int dim) {
    const double penalty = p.penalty, relaxation = p.factor;
#pragma omp simd
    for (ptrdiff_t j = 0; j < p.count; j++) {
        double v[3], square = 0;
        for (int a = 0; a < dim; a++) {
            v[a] = 2 * p.flux[a][j] - p.state[a][j];
            square += v[a] * v[a];
        }
        const double kept = 1 - penalty / larger(sqrt(square), penalty);
        for (int a = 0; a < dim; a++) {
            const double z = p.state[a][j] + relaxation * (v[a] * kept - p.flux[a][j]);
            p.state[a][j] = z;
            p.sum[a][j] += z;
        }
    }
}

static inline double sum_units(const piece p, int dim) {
    const double penalty = p.penalty;
    double cost = 0;
#pragma omp simd reduction(+ : cost)
    for (ptrdiff_t j = 0; j < p.count; j++) {
        double v[3], square = 0, flux = 0;
        for (int a = 0; a < dim; a++) {
            v[a] = 2 * p.flux[a][j] - p.state[a][j];
            square += v[a] * v[a];
            flux += p.flux[a][j] * p.flux[a][j];
        }
        const double inverse = 1 / larger(sqrt(square), penalty);
        for (int a = 0; a < dim; a++) p.sum[a][j] += inverse * v[a];
        cost += sqrt(flux);
    }
    return cost;
}

/* w - K R where that is no longer than 1, cut to 1 elsewhere: summed anew. Returns the square of the largest. */
static inline double cut_units(const piece p, int dim) {
    const double penalty = p.penalty;
    double most = 0;
#pragma omp simd reduction(max : most)
    for (ptrdiff_t j = 0; j < p.count; j++) {
        double w[3], square = 0, size = 0;
        for (int a = 0; a < dim; a++) {
            w[a] = 2 * p.flux[a][j] - p.state[a][j];
            square += w[a] * w[a];
        }
        const double inverse = 1 / larger(sqrt(square), penalty);
        for (int a = 0; a < dim; a++) {
            w[a] = inverse * w[a] - p.residual[a][j];
            size += w[a] * w[a];
        }
        const double cut = 1 / larger(sqrt(size), 1);
        for (int a = 0; a < dim; a++) p.sum[a][j] += cut * w[a];
        most = larger(most, size);
    }
    return most;
}

/* The same, less the second residual. */
static inline double largest_cut(const piece p, int dim) {
    const double penalty = p.penalty;
    double most = 0;
#pragma omp simd reduction(max : most)
    for (ptrdiff_t j = 0; j < p.count; j++) {
        double w[3], square = 0, size = 0, rest = 0;
        for (int a = 0; a < dim; a++) {
            w[a] = 2 * p.flux[a][j] - p.state[a][j];
            square += w[a] * w[a];
        }
        const double inverse = 1 / larger(sqrt(square), penalty);
        for (int a = 0; a < dim; a++) {
            w[a] = inverse * w[a] - p.residual[a][j];
            size += w[a] * w[a];
        }
        const double cut = 1 / larger(sqrt(size), 1);
        for (int a = 0; a < dim; a++) {
            w[a] = cut * w[a] - p.second[a][j];
            rest += w[a] * w[a];
        }
        most = larger(most, rest);
    }
    return most;
}

/* Slopes at corners, from those on faces. */
static double largest_slope(const piece *p) {
    double most = 0;
    for (ptrdiff_t j = 0; j < p->count; j++) {
        double square = 0;
        for (int a = 0; a < 3 && p->residual[a]; a++) square += p->residual[a][j] * p->residual[a][j];
        most = larger(most, square);
    }
    return most;
}

static inline void gather(const piece *p, int dim) {
    for (int a = 0; a < dim; a++)
        for (ptrdiff_t j = 0; j < p->count; j++) p->sum[a][j] += p->state[a][j];
}

static inline void scale(const piece *p, int dim) {
    for (int a = 0; a < dim; a++)
        for (ptrdiff_t j = 0; j < p->count; j++)
            p->state[a][j] = p->flux[a][j] + p->factor * (p->state[a][j] - p->flux[a][j]);
}

/* One compiled loop for each dimension. */
static double step_2(const piece *p) {
    step(*p, 2);
    return 0;
}
static double step_3(const piece *p) {
    step(*p, 3);
    return 0;
}
static double gather_any(const piece *p) {
    gather(p, p->flux[2] ? 3 : 2);
    return 0;
}
static double scale_any(const piece *p) {
    scale(p, p->flux[2] ? 3 : 2);
    return 0;
}
static double units_2(const piece *p) {
    return sum_units(*p, 2);
}
static double units_3(const piece *p) {
    return sum_units(*p, 3);
}
static double cut_2(const piece *p) {
    return cut_units(*p, 2);
}
static double cut_3(const piece *p) {
    return cut_units(*p, 3);
}
static double largest_2(const piece *p) {
    return largest_cut(*p, 2);
}
static double largest_3(const piece *p) {
    return largest_cut(*p, 3);
}

/* The points [begin, begin + count) of a row at one corner; those of the last axis see the face `back` points before. */
static piece piece_of(const rg_transport_level *l, ptrdiff_t row, int corner, ptrdiff_t begin, ptrdiff_t count,
                      ptrdiff_t back) {
    piece p = {.count = count, .penalty = l->penalty};
    for (int a = 0; a < l->dim; a++) {
        const int padded = a + l->first, minus = corner >> a & 1;
        const ptrdiff_t here = row * l->n[2] + begin, at = a * l->cells;
        ptrdiff_t face = here;
        if (minus && padded < 2) face = rg_row_previous(l, padded, row) * l->n[2] + begin;
        if (minus && padded == 2) face = here - back;
        p.flux[a] = l->flux + at + face;
        p.residual[a] = l->residual + at + face;
        p.second[a] = l->plus + at + face;
        p.state[a] = l->state + (corner * l->dim + a) * l->cells + here;
        p.sum[a] = (minus ? l->minus : l->plus) + at + here;
    }
    return p;
}

struct task {
    rg_transport_level *level;
    piece_work *work;
    double factor;
    int summing, largest; /* the sums begin at 0; the numbers are compared, not added */
};

static double corner_row(const struct task *task, ptrdiff_t row, int corner) {
    const rg_transport_level *l = task->level;
    const ptrdiff_t n = l->n[2];
    const int minus = corner >> (l->dim - 1) & 1;
    piece p = piece_of(l, row, corner, minus, n - minus, 1);
    p.factor = task->factor;
    const double rest = task->work(&p);
    if (!minus) return rest;
    p = piece_of(l, row, corner, 0, 1, 1 - n); /* the first point's neighbour is the last one */
    p.factor = task->factor;
    const double first = task->work(&p);
    return task->largest ? larger(first, rest) : first + rest;
}

static double do_row(const struct task *task, ptrdiff_t row) {
    const rg_transport_level *l = task->level;
    double value = 0;
    for (int a = 0; task->summing && a < l->dim; a++)
        for (ptrdiff_t j = 0; j < l->n[2]; j++) {
            l->plus[a * l->cells + row * l->n[2] + j] = 0;
            l->minus[a * l->cells + row * l->n[2] + j] = 0;
        }
    for (int c = 0; c < l->corners; c++) {
        const double found = corner_row(task, row, c);
        value = task->largest ? larger(value, found) : value + found;
    }
    return value;
}

static void run(const struct task *task) {
    rg_transport_level *l = task->level;
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) l->row_value[row] = do_row(task, row);
}

void rg_transport_step(rg_transport_level *l, double relaxation) {
    run(&(struct task){.level = l, .work = l->dim == 2 ? step_2 : step_3, .factor = relaxation, .summing = 1});
}

void rg_transport_gather(rg_transport_level *l) {
    run(&(struct task){.level = l, .work = gather_any, .summing = 1});
}

void rg_transport_set_penalty(rg_transport_level *l, double penalty) {
    run(&(struct task){.level = l, .work = scale_any, .factor = penalty / l->penalty});
    l->penalty = penalty;
}

rg_transport_bracket rg_transport_certify(rg_transport_level *l) {
    const double volume = rg_grid_cell_volume(&l->grid);
    run(&(struct task){.level = l, .work = l->dim == 2 ? units_2 : units_3, .summing = 1});
    const double upper = volume / l->corners * rg_sum(l->rows, l->row_value);
    rg_transport_residual(l, l->residual);
    run(&(struct task){.level = l, .work = l->dim == 2 ? cut_2 : cut_3, .summing = 1, .largest = 1});
    const double first = rg_max_abs(l->rows, l->row_value);
    rg_transport_residual(l, l->plus);
    run(&(struct task){.level = l, .work = l->dim == 2 ? largest_2 : largest_3, .largest = 1});
    const double scale = sqrt(fmin(first, rg_max_abs(l->rows, l->row_value)));
    const double gain = volume / l->penalty * rg_dot(l->cells, l->phi, l->difference);
    return (rg_transport_bracket){.lower = scale > 0 ? gain / scale : 0, .upper = upper, .scale = scale};
}

double rg_transport_slope(rg_transport_level *l) {
    for (ptrdiff_t i = 0; i < l->dim * l->cells; i++) l->plus[i] = l->minus[i] = 0;
    rg_transport_residual(l, l->residual); /* nothing less the gradient */
    run(&(struct task){.level = l, .work = largest_slope, .largest = 1});
    return sqrt(rg_max_abs(l->rows, l->row_value));
}
