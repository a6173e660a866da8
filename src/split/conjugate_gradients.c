/* The linear solvers of the weighted split.
 *
 * Inner: A = -laplacian + V, preconditioned by (c - laplacian)^-1. With z = (c - laplacian)^-1 rho no transform is
 * needed for A z = rho + (V - c) z, so an iteration costs the two FFTs of the preconditioner.
 * Factored: d* d as it stands, exactly symmetric and non-negative on any grid, at 2 (d + 1) FFTs an iteration. Where s
 * turns over between two points, aliasing spoils the inner operator (it may even be indefinite) and this one is left.
 * Nyquist modes are kept out of the space: their first derivative is 0, so d* d would hardly see them and conjugate
 * gradients would spend hundreds of iterations on nothing (measured: 1216 instead of 402). So is the ground state
 * sqrt(p), since d sqrt(p) = 0 but for what the grid does not resolve: from such remains conjugate gradients would build
 * gradients of any size (measured: 286 iterations instead of 115, and no convergence at all for white noise). */
#include "split/split.h"

#include <math.h>

struct multiply {
    const double *table;
    double *modes;
};

/* Multiplies a row of modes; returns its share of cells * |P in|^2, P dropping the modes where the table is 0. */
static double multiply_row(const void *data, const rg_row *row) {
    const struct multiply *m = data;
    const double *table = m->table + row->begin;
    double *modes = m->modes + 2 * row->begin;
    double sum = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double square = modes[2 * i] * modes[2 * i] + modes[2 * i + 1] * modes[2 * i + 1];
        sum += table[i] > 0 ? rg_row_weight(row, i) * square : 0;
        modes[2 * i] *= table[i];
        modes[2 * i + 1] *= table[i];
    }
    return sum;
}

double rg_split_precondition(rg_split *split, const double *in, double *out) {
    rg_spectral *s = split->spectral;
    const struct multiply m = {split->multiplier, s->spectrum};
    rg_forward(s, in, s->spectrum);
    const double norm2 = rg_rows_sum(s, multiply_row, &m) / (double)s->cells;
    rg_back(s, s->spectrum, out);
    split->transforms += 2;
    return norm2;
}

/* One fused pass over the vectors; the pass also returns a scalar product, which saves reading them again. */
struct pass {
    const double *potential, *ground;
    double *x, *residual, *z, *direction, *image;
    double alpha, beta, along; /* along = ground . image */
};

static void deflate_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pass *v = data;
    for (ptrdiff_t i = begin; i < end; i++) v->x[i] -= v->along * v->ground[i];
}

void rg_split_deflate(rg_split *split, double *v) {
    const double along = rg_dot(split->cells, split->ground, v);
    rg_parallel(split->cells, deflate_block, &(struct pass){.x = v, .ground = split->ground, .along = along});
}

/* direction = z + beta direction, image = A direction; returns direction . image */
static double turn(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pass *v = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double az = v->residual[i] + v->potential[i] * v->z[i];
        v->direction[i] = v->z[i] + v->beta * v->direction[i];
        v->image[i] = az + v->beta * v->image[i];
        sum += v->direction[i] * v->image[i];
    }
    return sum;
}

/* x += alpha direction, residual -= alpha (image without ground) */
static void move(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pass *v = data;
    for (ptrdiff_t i = begin; i < end; i++) {
        v->x[i] += v->alpha * v->direction[i];
        v->residual[i] -= v->alpha * (v->image[i] - v->along * v->ground[i]);
    }
}

int rg_split_inner(rg_split *split, double target, int resume) {
    struct pass v = {.potential = split->potential,
                     .ground = split->ground,
                     .x = split->x,
                     .residual = split->residual,
                     .z = split->z,
                     .direction = split->direction,
                     .image = split->image};
    const ptrdiff_t n = split->cells;
    if (!resume) split->product = 0;
    for (ptrdiff_t i = 0; !resume && i < n; i++) v.direction[i] = v.image[i] = 0;
    while (rg_split_precondition(split, v.residual, v.z) > target * target) {
        if (split->iterations >= split->max_iterations) return 0;
        split->iterations++;
        const double next = rg_dot(n, v.residual, v.z);
        v.beta = split->product > 0 ? next / split->product : 0;
        split->product = next;
        const double curvature = rg_reduce(n, turn, &v);
        if (!(curvature > 0)) return 0; /* aliasing made the unfactored operator indefinite */
        v.alpha = next / curvature;
        v.along = rg_dot(n, v.ground, v.image);
        rg_parallel(n, move, &v);
    }
    return 1;
}

/* The factored iteration keeps the residual as modes: an iteration takes z and grad z back from them (d + 1 FFTs), and
 * d p and s.d p to them (d + 1). */
struct factored {
    const rg_split *split;
    double *residual;    /* modes of rho */
    double *modes;       /* d + 1 spectra: of d p and s.d p going in; of grad z and z coming out */
    double *row_product; /* per row of modes, its share of rho.z */
    double alpha;
};

/* rho -= alpha d* d p; then z = P (c - laplacian)^-1 P rho and grad z. Returns the row's share of cells |P rho|^2. */
static double factored_row(const void *data, const rg_row *row) {
    const struct factored *f = data;
    const rg_spectral *s = f->split->spectral;
    const int dim = f->split->dim;
    const double *table = f->split->multiplier + row->begin;
    double norm2 = 0, product = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        double *rho = f->residual + 2 * (row->begin + i), *last = f->modes + 2 * (dim * s->modes + row->begin + i);
        double re = -0.5 * last[0], im = -0.5 * last[1];
        for (int a = 0; a < dim; a++) {
            const double k = rg_row_k(row, rg_padded(s, a), i);
            const double *mode = f->modes + 2 * (a * s->modes + row->begin + i);
            re += k * mode[1];
            im -= k * mode[0];
        }
        rho[0] -= f->alpha * re;
        rho[1] -= f->alpha * im;
        const double square = rg_row_weight(row, i) * (rho[0] * rho[0] + rho[1] * rho[1]);
        norm2 += table[i] > 0 ? square : 0;
        product += table[i] * square;
        last[0] = table[i] * rho[0];
        last[1] = table[i] * rho[1];
        for (int a = 0; a < dim; a++) {
            const double k = rg_row_k(row, rg_padded(s, a), i);
            double *mode = f->modes + 2 * (a * s->modes + row->begin + i);
            mode[0] = -k * last[1];
            mode[1] = k * last[0];
        }
    }
    f->row_product[row->begin / row->count] = product;
    return norm2;
}

struct turn {
    const rg_split *split;
    double beta, along; /* along = ground . z, later d ground . d p */
};

/* p = z + beta p, d p = grad z - s z / 2 + beta d p, z without ground, and s.d p into split->image; returns |d p|^2 */
static double factored_turn(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct turn *t = data;
    const rg_split *split = t->split;
    const ptrdiff_t n = split->cells;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        split->direction[i] = split->z[i] - t->along * split->ground[i] + t->beta * split->direction[i];
        split->image[i] = 0;
    }
    for (int a = 0; a < split->dim; a++)
        for (ptrdiff_t i = begin; i < end; i++) {
            const double s = split->score[a * n + i];
            const double dz =
                split->slope[a * n + i] - 0.5 * s * split->z[i] - t->along * split->ground_slope[a * n + i];
            const double dp = dz + t->beta * split->flux[a * n + i];
            split->flux[a * n + i] = dp;
            split->image[i] += s * dp;
            sum += dp * dp;
        }
    return sum;
}

/* What the image -div d p - s.d p / 2 has along ground is taken out through its second term. */
static void image_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct turn *t = data;
    for (ptrdiff_t i = begin; i < end; i++) t->split->image[i] += 2 * t->along * t->split->ground[i];
}

static void add_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct pass *v = data;
    for (ptrdiff_t i = begin; i < end; i++) v->x[i] += v->alpha * v->direction[i];
}

static double sum_rows(const rg_spectral *s, const double *part) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < s->m[0] * s->m[1]; i++) sum += part[i];
    return sum;
}

int rg_split_factored(rg_split *split, double target) {
    const rg_spectral *s = split->spectral;
    const ptrdiff_t n = split->cells;
    const int dim = split->dim;
    struct factored f = {split, split->residual_modes, s->spectrum, split->row_part, 0};
    struct turn t = {.split = split};
    double product = 0;
    rg_split_slope(split, split->ground, split->ground_slope);
    rg_forward(s, split->residual, f.residual);
    split->transforms++;
    for (ptrdiff_t i = 0; i < 2 * (dim + 1) * s->modes; i++) f.modes[i] = 0;
    for (ptrdiff_t i = 0; i < n; i++) split->direction[i] = 0;
    for (ptrdiff_t i = 0; i < dim * n; i++) split->flux[i] = 0;
    while (rg_rows_sum(s, factored_row, &f) / (double)n > target * target) {
        if (split->iterations >= split->max_iterations) return 0;
        split->iterations++;
        const double next = sum_rows(s, f.row_product);
        t.beta = product > 0 ? next / product : 0;
        product = next;
        rg_back(s, f.modes + 2 * dim * s->modes, split->z);
        for (int a = 0; a < dim; a++) rg_back(s, f.modes + 2 * a * s->modes, split->slope + a * n);
        t.along = rg_dot(n, split->ground, split->z);
        f.alpha = product / rg_reduce(n, factored_turn, &t);
        if (!isfinite(f.alpha)) return 0;
        t.along = rg_dot(dim * n, split->ground_slope, split->flux);
        rg_parallel(n, image_block, &t);
        rg_parallel(n, add_block, &(struct pass){.x = split->x, .direction = split->direction, .alpha = f.alpha});
        for (int a = 0; a < dim; a++) rg_forward(s, split->flux + a * n, f.modes + 2 * a * s->modes);
        rg_forward(s, split->image, f.modes + 2 * dim * s->modes);
        split->transforms += 2 * (dim + 1);
    }
    return 1;
}
