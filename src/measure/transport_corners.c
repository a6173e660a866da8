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

#include <assert.h>
#include <math.h>

/* A run of points of a row that see their faces at consecutive places. Side 0 of axis a: the face towards i + 1; side 1:
 * towards i - 1. */
typedef struct piece {
    ptrdiff_t count, field; /* points; from one field of the state to the next */
    const double *flux[3][2], *residual[3][2], *second[3][2];
    double *state;          /* (corners, d) fields */
    double *sum[3][2];      /* plus and minus */
    double *cost;           /* of the points */
    double penalty, factor; /* factor: relaxation, or the ratio of penalties */
} piece;

/* What is done to a piece; returns a number of which the largest counts. */
typedef double piece_work(const piece *p);

RG_INLINE double larger(double a, double b) {
    return a > b ? a : b;
}

/* v = 2 K m - z at a corner; returns its square. */
RG_INLINE double reflect(const piece p, int dim, int corner, ptrdiff_t j, double v[3]) {
    double square = 0;
    RG_UNROLL for (int a = 0; a < dim; a++) {
        v[a] = 2 * p.flux[a][corner >> a & 1][j] - p.state[(corner * dim + a) * p.field + j];
        square += v[a] * v[a];
    }
    return square;
}

/* w - K R at a corner; returns its square. */
RG_INLINE double correct(const piece p, int dim, int corner, ptrdiff_t j, double w[3]) {
    const double inverse = 1 / larger(sqrt(reflect(p, dim, corner, j, w)), p.penalty);
    double square = 0;
    RG_UNROLL for (int a = 0; a < dim; a++) {
        w[a] = inverse * w[a] - p.residual[a][corner >> a & 1][j];
        square += w[a] * w[a];
    }
    return square;
}

RG_INLINE void add_corner(int dim, int corner, double factor, const double w[3], double sum[3][2]) {
    RG_UNROLL for (int a = 0; a < dim; a++) sum[a][corner >> a & 1] += factor * w[a];
}

RG_INLINE void store(const piece p, int dim, ptrdiff_t j, double sum[3][2]) {
    RG_UNROLL for (int a = 0; a < dim; a++) RG_UNROLL for (int side = 0; side < 2; side++) p.sum[a][side][j] =
        sum[a][side];
}

RG_INLINE void step(const piece p, int dim, ptrdiff_t j) {
    double sum[3][2] = {{0}};
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) {
        double v[3], z[3];
        const double kept = 1 - p.penalty / larger(sqrt(reflect(p, dim, c, j, v)), p.penalty);
        RG_UNROLL for (int a = 0; a < dim; a++) {
            double *at = p.state + (c * dim + a) * p.field + j;
            *at = z[a] = *at + p.factor * (v[a] * kept - p.flux[a][c >> a & 1][j]);
        }
        add_corner(dim, c, 1, z, sum);
    }
    store(p, dim, j, sum);
}

/* The sums of w, and the cost of the flux. */
RG_INLINE void sum_units(const piece p, int dim, ptrdiff_t j) {
    double sum[3][2] = {{0}}, cost = 0;
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) {
        double v[3], flux = 0;
        const double inverse = 1 / larger(sqrt(reflect(p, dim, c, j, v)), p.penalty);
        RG_UNROLL for (int a = 0; a < dim; a++) flux += p.flux[a][c >> a & 1][j] * p.flux[a][c >> a & 1][j];
        cost += sqrt(flux);
        add_corner(dim, c, inverse, v, sum);
    }
    store(p, dim, j, sum);
    p.cost[j] = cost;
}

/* What a vector of this square is multiplied by to be no longer than 1: at most 1 / (its length), to second order that. */
RG_INLINE double cut(double square) {
    return 2 / (1 + larger(square, 1));
}

/* w - K R where that is no longer than 1, cut elsewhere: summed anew. Returns the square of the largest. */
RG_INLINE double cut_units(const piece p, int dim, ptrdiff_t j) {
    double sum[3][2] = {{0}}, most = 0;
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) {
        double w[3];
        const double square = correct(p, dim, c, j, w);
        add_corner(dim, c, cut(square), w, sum);
        most = larger(most, square);
    }
    store(p, dim, j, sum);
    return most;
}

/* The same, less the second residual. */
RG_INLINE double largest_cut(const piece p, int dim, ptrdiff_t j) {
    double most = 0;
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) {
        double w[3], rest = 0;
        const double kept = cut(correct(p, dim, c, j, w));
        RG_UNROLL for (int a = 0; a < dim; a++) {
            w[a] = kept * w[a] - p.second[a][c >> a & 1][j];
            rest += w[a] * w[a];
        }
        most = larger(most, rest);
    }
    return most;
}

/* Slope at the corners, from those on faces. */
RG_INLINE double slope(const piece p, int dim, ptrdiff_t j) {
    double most = 0;
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) {
        double square = 0;
        RG_UNROLL for (int a = 0; a < dim; a++) square += p.residual[a][c >> a & 1][j] * p.residual[a][c >> a & 1][j];
        most = larger(most, square);
    }
    return most;
}

RG_INLINE void gather(const piece p, int dim, ptrdiff_t j) {
    double sum[3][2] = {{0}};
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) RG_UNROLL for (int a = 0; a < dim; a++) sum[a][c >> a & 1] +=
        p.state[(c * dim + a) * p.field + j];
    store(p, dim, j, sum);
}

RG_INLINE void scale(const piece p, int dim, ptrdiff_t j) {
    RG_UNROLL for (int c = 0; c < 1 << dim; c++) RG_UNROLL for (int a = 0; a < dim; a++) {
        const double flux = p.flux[a][c >> a & 1][j];
        double *z = p.state + (c * dim + a) * p.field + j;
        *z = flux + p.factor * (*z - flux);
    }
}

/* One compiled loop for each work and dimension. The piece is copied: the compiler then knows that the pointers in it
 * stay as they are. */
#define LOOP(name, work, dim)                                                                                          \
    RG_WIDE static double name(const piece *given) {                                                                   \
        const piece p = *given;                                                                                        \
        _Pragma("omp simd") for (ptrdiff_t j = 0; j < p.count; j++) work(p, dim, j);                                   \
        return 0;                                                                                                      \
    }
#define LOOP_MOST(name, work, dim)                                                                                     \
    RG_WIDE static double name(const piece *given) {                                                                   \
        const piece p = *given;                                                                                        \
        double most = 0;                                                                                               \
        _Pragma("omp simd reduction(max : most)") for (ptrdiff_t j = 0; j < p.count; j++) most =                       \
            larger(most, work(p, dim, j));                                                                             \
        return most;                                                                                                   \
    }

LOOP(step_2, step, 2)
LOOP(step_3, step, 3)
LOOP(units_2, sum_units, 2)
LOOP(units_3, sum_units, 3)
LOOP(gather_2, gather, 2)
LOOP(gather_3, gather, 3)
LOOP(scale_2, scale, 2)
LOOP(scale_3, scale, 3)
LOOP_MOST(cut_2, cut_units, 2)
LOOP_MOST(cut_3, cut_units, 3)
LOOP_MOST(largest_2, largest_cut, 2)
LOOP_MOST(largest_3, largest_cut, 3)
LOOP_MOST(slope_2, slope, 2)
LOOP_MOST(slope_3, slope, 3)

/* The points [begin, begin + count) of a row; the last axis has its face towards i - 1 `back` points before. */
static piece piece_of(const rg_transport_level *l, ptrdiff_t row, ptrdiff_t begin, ptrdiff_t count, ptrdiff_t back) {
    const ptrdiff_t n = l->n[2], here = row * n + begin;
    piece p = {.count = count, .field = n, .penalty = l->penalty, .cost = l->residual + here};
    p.state = l->state + row * n * l->corners * l->dim + begin;
    for (int a = 0; a < l->dim; a++) {
        const int padded = a + l->first;
        const ptrdiff_t before = padded == 2 ? here - back : rg_row_previous(l, padded, row) * n + begin;
        const ptrdiff_t face[2] = {a * l->cells + here, a * l->cells + before};
        for (int side = 0; side < 2; side++) {
            p.flux[a][side] = l->flux + face[side];
            p.residual[a][side] = l->residual + face[side];
            p.second[a][side] = l->plus + face[side];
            p.sum[a][side] = (side ? l->minus : l->plus) + face[0];
        }
    }
    return p;
}

struct task {
    rg_transport_level *level;
    piece_work *work;
    double factor;
};

static double do_row(const struct task *task, ptrdiff_t row) {
    const rg_transport_level *l = task->level;
    const ptrdiff_t n = l->n[2];
    assert(l->dim == 2 || l->dim == 3);
    piece p = piece_of(l, row, 1, n - 1, 1);
    p.factor = task->factor;
    const double rest = task->work(&p);
    p = piece_of(l, row, 0, 1, 1 - n); /* the first point's neighbour is the last one */
    p.factor = task->factor;
    return larger(task->work(&p), rest);
}

static void run(const struct task *task) {
    rg_transport_level *l = task->level;
#pragma omp parallel for schedule(static) if (l->threaded)
    for (ptrdiff_t row = 0; row < l->rows; row++) l->row_value[row] = do_row(task, row);
}

static void run_for(rg_transport_level *l, piece_work *two, piece_work *three, double factor) {
    run(&(struct task){l, l->dim == 2 ? two : three, factor});
}

void rg_transport_step(rg_transport_level *l, double relaxation) {
    run_for(l, step_2, step_3, relaxation);
}

void rg_transport_gather(rg_transport_level *l) {
    run_for(l, gather_2, gather_3, 1);
}

void rg_transport_set_penalty(rg_transport_level *l, double penalty) {
    run_for(l, scale_2, scale_3, penalty / l->penalty);
    l->penalty = penalty;
}

/* Square of the largest w after the first correction; after the second. */
static double correct_once(rg_transport_level *l) {
    rg_transport_residual(l, l->residual);
    run_for(l, cut_2, cut_3, 1);
    return rg_max_abs(l->rows, l->row_value);
}

static double correct_twice(rg_transport_level *l) {
    rg_transport_residual(l, l->plus);
    run_for(l, largest_2, largest_3, 1);
    return rg_max_abs(l->rows, l->row_value);
}

rg_transport_bracket rg_transport_certify(rg_transport_level *l, double gap) {
    static const double hope = 4; /* the second correction is worth a factor of 2, seldom more */
    const double volume = rg_grid_cell_volume(&l->grid);
    run_for(l, units_2, units_3, 1);
    const double upper = volume / l->corners * rg_sum(l->cells, l->residual);
    const double gain = volume / l->penalty * rg_dot(l->cells, l->phi, l->difference);
    double square = correct_once(l);
    if (gain > (1 - hope * gap) * upper * sqrt(square)) square = fmin(square, correct_twice(l));
    const double scale = sqrt(square);
    return (rg_transport_bracket){.lower = scale > 0 ? gain / scale : 0, .upper = upper, .scale = scale};
}

double rg_transport_slope(rg_transport_level *l) {
    for (ptrdiff_t i = 0; i < l->dim * l->cells; i++) l->plus[i] = l->minus[i] = 0;
    rg_transport_residual(l, l->residual); /* nothing less the gradient */
    run_for(l, slope_2, slope_3, 1);
    return sqrt(rg_max_abs(l->rows, l->row_value));
}
