/* Krogstad's fourth-order exponential Runge-Kutta method (J. Comput. Phys. 203, 2005), with
 *   phi_1(z) = (e^z - 1) / z,  phi_2 = (phi_1 - 1) / z,  phi_3 = (phi_2 - 1/2) / z:
 *   U2 = e^{z/2} u + h/2 phi_1(z/2) N1
 *   U3 = e^{z/2} u + h (phi_1(z/2)/2 - phi_2(z/2)) N1 + h phi_2(z/2) N2
 *   U4 = e^z u + h (phi_1 - 2 phi_2) N1 + 2 h phi_2 N3
 *   u+ = e^z u + h (phi_1 - 3 phi_2 + 4 phi_3) N1 + h (2 phi_2 - 4 phi_3)(N2 + N3) + h (4 phi_3 - phi_2) N4
 * and the error estimate of Balac and Mahe (Comput. Phys. Commun. 184, 2013) carried over: the last weight shared
 * between N4 and N5 = N(u+), which the next step needs anyway,  error = 3/5 h (4 phi_3 - phi_2)(N5 - N4). Third order.
 * Without diffusion (z = 0) this is the classical Runge-Kutta method.
 *
 * Where N depends on t only, N4 = N5 and the estimate is blind. The step then integrates the parabola through N at 0, 1/2
 * and 1 (times in units of h). Newton's form of the quartic through two more times a and b adds
 *   w(t) (f3 + f4 (t - a)),  w = t (t - 1/2)(t - 1),  f3 = N[0, 1/2, 1, a],  f4 = N[0, 1/2, 1, a, b],
 * and because the integral of e^{(1-t) z} t^k over the step is k! phi_{k+1}(z), these integrate
 * to  w -> third = 6 phi_4 - 3 phi_3 + phi_2 / 2  and  t w -> fourth = 24 phi_5 - 9 phi_4 + phi_3, and the step misses
 *   defect = h (third f3 + (fourth - a third) f4). */
#include "evolve/exponential.h"

#include "base/base.h"

#include <math.h>

rg_status rg_exponential_create(const rg_spectral *spectral, double diffusion, rg_exponential *e) {
    *e = (rg_exponential){.spectral = spectral, .diffusion = diffusion};
    double **table[] = {&e->full, &e->half, &e->a21, &e->a31, &e->a32,   &e->a41,
                        &e->a43,  &e->b1,   &e->b23, &e->b4,  &e->third, &e->fourth};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!(*table[i] = rg_field_alloc((size_t)spectral->modes))) return RG_ENOMEM;
    return RG_OK;
}

void rg_exponential_free(rg_exponential *e) {
    double *table[] = {e->full, e->half, e->a21, e->a31, e->a32,   e->a41,
                       e->a43,  e->b1,   e->b23, e->b4,  e->third, e->fourth};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) rg_free(table[i]);
}

enum { PHIS = 6 };

/* phi_5 by its series for |z| < 1, where the closed form cancels; the others follow from it without loss. */
static void phi(double z, double out[PHIS]) {
    static const double start[PHIS] = {1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120}; /* phi_k(0) = 1 / k! */
    if (fabs(z) < 1) {
        double term = start[PHIS - 1], sum = 0;
        for (int k = PHIS; k < 22; k++) {
            sum += term;
            term *= z / k;
        }
        out[PHIS - 1] = sum;
        for (int k = PHIS - 2; k >= 0; k--) out[k] = start[k] + z * out[k + 1];
        return;
    }
    out[0] = exp(z);
    for (int k = 1; k < PHIS; k++) out[k] = (out[k - 1] - start[k - 1]) / z;
}

static void table_row(void *data, const rg_row *row) {
    const rg_exponential *e = data;
    const double h = e->step;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const ptrdiff_t m = row->begin + i;
        const double z = -e->diffusion * h * (row->kk[0] + row->kk[1] + row->kk_last[i]);
        double f[PHIS], g[PHIS];
        phi(z, f);
        phi(0.5 * z, g);
        e->full[m] = f[0];
        e->half[m] = g[0];
        e->a21[m] = 0.5 * h * g[1];
        e->a31[m] = h * (0.5 * g[1] - g[2]);
        e->a32[m] = h * g[2];
        e->a41[m] = h * (f[1] - 2 * f[2]);
        e->a43[m] = 2 * h * f[2];
        e->b1[m] = h * (f[1] - 3 * f[2] + 4 * f[3]);
        e->b23[m] = h * (2 * f[2] - 4 * f[3]);
        e->b4[m] = h * (4 * f[3] - f[2]);
        e->third[m] = h * (6 * f[4] - 3 * f[3] + 0.5 * f[2]);
        e->fourth[m] = h * (24 * f[5] - 9 * f[4] + f[3]);
    }
}

void rg_exponential_set_step(rg_exponential *e, double step) {
    if (step == e->step) return;
    e->step = step;
    rg_rows(e->spectral, table_row, e);
}

/* out = t0 u + t1 n1 + t2 n2 + ..., mode by mode */
struct combination {
    int count;
    const double *table[5], *modes[5];
    double *out;
};

/* `count` is a constant where this is inlined. */
static inline void combine_terms(const struct combination *c, int count, ptrdiff_t begin, ptrdiff_t end) {
    double *out = c->out;
    for (ptrdiff_t m = begin; m < end; m++) {
        double re = 0, im = 0;
        for (int t = 0; t < count; t++) {
            re += c->table[t][m] * c->modes[t][2 * m];
            im += c->table[t][m] * c->modes[t][2 * m + 1];
        }
        out[2 * m] = re;
        out[2 * m + 1] = im;
    }
}

static void combine_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct combination c = *(const struct combination *)data;
    if (c.count == 2) combine_terms(&c, 2, begin, end);
    if (c.count == 3) combine_terms(&c, 3, begin, end);
    if (c.count == 5) combine_terms(&c, 5, begin, end);
}

static void combine(const rg_exponential *e, const struct combination *c) {
    rg_parallel(e->spectral->modes, combine_block, (void *)(uintptr_t)c);
}

struct estimate {
    const double *b4, *fourth, *fifth;
    double *out;
};

static void estimate_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct estimate *e = data;
    for (ptrdiff_t m = begin; m < end; m++) {
        e->out[2 * m] = 0.6 * e->b4[m] * (e->fifth[2 * m] - e->fourth[2 * m]);
        e->out[2 * m + 1] = 0.6 * e->b4[m] * (e->fifth[2 * m + 1] - e->fourth[2 * m + 1]);
    }
}

void rg_exponential_step(const rg_exponential *e, rg_right_side *right_side, void *data, const double *u,
                         const double *first, double *next, double *last, double *error, double *const work[4]) {
    double *stage = work[0], *second = work[1], *third = work[2], *fourth = work[3];
    combine(e, &(struct combination){2, {e->half, e->a21}, {u, first}, stage});
    right_side(data, 1, stage, second);
    combine(e, &(struct combination){3, {e->half, e->a31, e->a32}, {u, first, second}, stage});
    right_side(data, 1, stage, third);
    combine(e, &(struct combination){3, {e->full, e->a41, e->a43}, {u, first, third}, stage});
    right_side(data, 2, stage, fourth);
    combine(e,
            &(struct combination){5, {e->full, e->b1, e->b23, e->b23, e->b4}, {u, first, second, third, fourth}, next});
    right_side(data, 2, next, last);
    rg_parallel(e->spectral->modes, estimate_block, &(struct estimate){e->b4, fourth, last, error});
}

struct defect {
    const rg_exponential *e;
    const double *const *rate;
    double third[RG_TIMES], fourth[RG_TIMES], a; /* f3 and f4 as sums over the times */
    double *out;
};

static void defect_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct defect *d = data;
    for (ptrdiff_t m = begin; m < end; m++) {
        const double third = d->e->third[m], fourth = d->e->fourth[m] - d->a * third;
        double re = 0, im = 0;
        for (int i = 0; i < RG_TIMES; i++) {
            const double weight = third * d->third[i] + fourth * d->fourth[i];
            re += weight * d->rate[i][2 * m];
            im += weight * d->rate[i][2 * m + 1];
        }
        d->out[2 * m] = re;
        d->out[2 * m + 1] = im;
    }
}

/* The weights of a divided difference over the first `count` times. */
static void divided_difference(int count, const double *time, double *weight) {
    for (int i = 0; i < RG_TIMES; i++) {
        weight[i] = i < count ? 1 : 0;
        for (int j = 0; j < count; j++) weight[i] /= j == i ? 1 : time[i] - time[j];
    }
}

void rg_exponential_defect(const rg_exponential *e, const double time[RG_TIMES], const double *const rate[RG_TIMES],
                           double *defect) {
    struct defect d = {.e = e, .rate = rate, .a = time[3], .out = defect};
    divided_difference(4, time, d.third);
    divided_difference(5, time, d.fourth);
    rg_parallel(e->spectral->modes, defect_block, &d);
}
