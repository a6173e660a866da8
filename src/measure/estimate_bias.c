/* What the fit adds to the value beyond the mean of the influences: biases of first order in 1/N, and variance.
 *
 * With the equations m_k = (f - grad psi).grad psi_k (+ Laplacian psi_k), whose mean is ridge Q c for the psi of infinitely
 * many samples, and A = G + ridge Q, the coefficients of a fit are off by d = A^-1 (mean of m), and its value by
 *
 *     2 (ridge Q c).d  +  2 (mean of m).d - d.G d
 *
 * The first term is linear in the samples: the pull, 0 without a ridge, because the value is then stationary. The second
 * is a sum over pairs of samples, m_i.B m_j with B = 2 A^-1 - A^-1 G A^-1 = A^-1 + A^-1 (ridge Q) A^-1. With
 *
 *     tau1 = tr A^-1 Cov(m),  tau2 = tr A^-1 G A^-1 Cov(m)
 *
 * pairs i = i make the bias (2 tau1 - tau2)/N; the value on other samples has -tau2/N_fit. Pairs i != j are in both alike,
 * have mean 0, and the sum over them of (m_i.B m_j)^2 gives their variance, 2 tr (B Cov(m))^2 / N^2. Samples are taken
 * together in cells, so correlations within a cell are counted. */
#include "measure/estimate.h"

#include <gsl/gsl_cblas.h>
#include <math.h>

/* Takes the mean away, and brings the equations to the scale of unit diagonal. */
static void centre(const rg_fit *fit, double *equations) {
    const size_t n = fit->count, cells = fit->sampling->cells;
    for (size_t k = 0; k < n; k++) {
        double mean = 0;
        for (size_t i = 0; i < cells; i++) mean += equations[i * n + k];
        mean /= fit->samples;
        for (size_t i = 0; i < cells; i++) {
            double *m = equations + i * n + k;
            *m = fit->scale[k] * (*m - mean * (double)rg_cell_size(fit->sampling, i));
        }
    }
}

static void add_pairs(size_t cells, size_t n, const double *rows, double *pairs) {
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)cells, (int)n, 1, rows, (int)n, 1, pairs, (int)cells);
}

/* 2 sum over i != j of the squares. */
static double variance_of_pairs(size_t cells, const double *pairs) {
    double sum = 0;
    for (size_t i = 0; i < cells; i++) sum += 4 * rg_dot((ptrdiff_t)i, pairs + i * cells, pairs + i * cells);
    return sum;
}

/* From A^-1 m in `equations`, which becomes (ridge Q)^1/2 of it; returns sum m.A^-1 (ridge Q) A^-1 m. */
static double add_ridge(const rg_fit *fit, double *equations, double *pull) {
    const size_t n = fit->count, cells = fit->sampling->cells;
    double sum = 0;
    for (size_t i = 0; i < cells; i++) {
        double *row = equations + i * n;
        pull[i] = 0;
        for (size_t k = 0; k < n; k++) {
            const double weight = fit->ridge * fit->penalty[k];
            pull[i] += 2 * weight * fit->total[k] * row[k];
            row[k] *= sqrt(weight);
        }
        sum += rg_dot((ptrdiff_t)n, row, row);
    }
    return sum;
}

void rg_fit_bias(const rg_fit *fit, double *equations, rg_second_order *second, rg_estimate_result *result) {
    const size_t n = fit->count, cells = fit->sampling->cells;
    centre(fit, equations);
    rg_dense_solve_rows(cells, n, fit->work, 0, equations); /* L^-1 m */
    const double tau1 = rg_dot((ptrdiff_t)(cells * n), equations, equations);
    add_pairs(cells, n, equations, second->pairs);
    rg_dense_solve_rows(cells, n, fit->work, 1, equations); /* A^-1 m */
    const double tau2 = tau1 - add_ridge(fit, equations, second->pull);
    if (fit->ridge > 0) add_pairs(cells, n, equations, second->pairs);
    const double c = (double)cells, per = c / (c - 1) / (fit->samples * fit->samples), folds = (double)fit->folds;
    second->variance = variance_of_pairs(cells, second->pairs) * per / (fit->samples * fit->samples);
    result->in_sample_bias = (2 * tau1 - tau2) * per;
    result->held_out_bias = tau2 * per * folds / (folds - 1);
}
