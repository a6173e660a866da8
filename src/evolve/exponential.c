/* Krogstad's fourth-order exponential Runge-Kutta method (J. Comput. Phys. 203, 2005), with
 *   phi_1(z) = (e^z - 1) / z,  phi_2 = (phi_1 - 1) / z,  phi_3 = (phi_2 - 1/2) / z:
 *   U2 = e^{z/2} u + h/2 phi_1(z/2) N1
 *   U3 = e^{z/2} u + h (phi_1(z/2)/2 - phi_2(z/2)) N1 + h phi_2(z/2) N2
 *   U4 = e^z u + h (phi_1 - 2 phi_2) N1 + 2 h phi_2 N3
 *   u+ = e^z u + h (phi_1 - 3 phi_2 + 4 phi_3) N1 + h (2 phi_2 - 4 phi_3)(N2 + N3) + h (4 phi_3 - phi_2) N4
 * and the error estimate of Balac and Mahe (Comput. Phys. Commun. 184, 2013) carried over: the last weight shared
 * between N4 and N5 = N(u+), which the next step needs anyway,  error = 3/5 h (4 phi_3 - phi_2)(N5 - N4). Third order.
 * Without diffusion (z = 0) this is the classical Runge-Kutta method. */
#include "evolve/exponential.h"

#include "base/base.h"

#include <math.h>

rg_status rg_exponential_create(const rg_spectral *spectral, double diffusion, rg_exponential *e) {
    *e = (rg_exponential){.spectral = spectral, .diffusion = diffusion};
    double **table[] = {&e->full, &e->half, &e->a21, &e->a31, &e->a32, &e->a41, &e->a43, &e->b1, &e->b23, &e->b4};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (!(*table[i] = rg_field_alloc((size_t)spectral->modes))) return RG_ENOMEM;
    return RG_OK;
}

void rg_exponential_free(rg_exponential *e) {
    double *table[] = {e->full, e->half, e->a21, e->a31, e->a32, e->a41, e->a43, e->b1, e->b23, e->b4};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) rg_free(table[i]);
}

/* phi_3 by its series for |z| < 1, where the closed form cancels; phi_2 and phi_1 follow from it without loss. */
static void phi(double z, double out[4]) {
    if (fabs(z) < 1) {
        double term = 1.0 / 6, sum = 0;
        for (int k = 4; k < 22; k++) {
            sum += term;
            term *= z / k;
        }
        out[3] = sum;
        out[2] = 0.5 + z * out[3];
        out[1] = 1 + z * out[2];
        out[0] = 1 + z * out[1];
        return;
    }
    out[0] = exp(z);
    out[1] = (out[0] - 1) / z;
    out[2] = (out[1] - 1) / z;
    out[3] = (out[2] - 0.5) / z;
}

static void table_row(void *data, const rg_row *row) {
    const rg_exponential *e = data;
    const double h = e->step;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const ptrdiff_t m = row->begin + i;
        const double z = -e->diffusion * h * (row->kk[0] + row->kk[1] + row->kk_last[i]);
        double f[4], g[4];
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
