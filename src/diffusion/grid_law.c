/* A density given by its values on a grid: log p_0 is the trigonometric polynomial through the logarithms.
 *
 * Wide kernels (sigma >= 1.5 spacings on every axis): the values are point masses; the trapezoidal rule errs by
 * exp(-2 pi^2 1.5^2) = 5e-20. Narrow ones, down to sigma = 0: p_v(x) = E p_0(x + sigma Z) axis by axis on the run's
 * grid, by Gauss-Hermite quadrature with log p_0 shifted by Fourier multipliers, or, along an axis whose own spacing
 * makes the kernel wide, by the trapezoidal rule again. All three only add positive terms. */
#include "diffusion/kernel_sum.h"

#include <gsl/gsl_integration.h>
#include <math.h>

static const double wide = 1.5; /* spacings */
enum { NODES = 16 };

struct grid_law {
    rg_law law;
    rg_kernel_sum sum;  /* masses on the grid of the values */
    double *log_values; /* on the run's grid */
    rg_spectral *spectral;
    double node[NODES], weight[NODES];
    double *shifted, *total, *spectrum;
    double *kernel; /* one row of a circulant matrix */
};

struct shift {
    double *out;
    const double *in;
    int padded;
    double by, factor;
};

/* f(x) -> f(x + by): multiply by exp(i k by); at Nyquist (k = 0 in the table) by nothing, which keeps it real. */
static void shift_row(void *data, const rg_row *row) {
    const struct shift *s = data;
    const double *in = s->in + 2 * row->begin;
    double *out = s->out + 2 * row->begin;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        const double angle = s->by * rg_row_k(row, s->padded, i), c = cos(angle), d = sin(angle);
        out[2 * i] = s->factor * (c * in[2 * i] - d * in[2 * i + 1]);
        out[2 * i + 1] = s->factor * (c * in[2 * i + 1] + d * in[2 * i]);
    }
}

/* values (logarithms) -> log E exp(values(x + sigma Z e_axis)) */
static void smooth_axis(struct grid_law *g, int axis, double deviation, double *values) {
    rg_spectral *s = g->spectral;
    const ptrdiff_t n = s->cells;
    double top = values[0];
    for (ptrdiff_t i = 1; i < n; i++) top = fmax(top, values[i]);
    rg_forward(s, values, g->spectrum);
    for (ptrdiff_t i = 0; i < n; i++) g->total[i] = -HUGE_VAL;
    for (int q = 0; q < NODES; q++) {
        struct shift shift = {s->spectrum, g->spectrum, rg_padded(s, axis), deviation * g->node[q], 1 / (double)n};
        rg_rows(s, shift_row, &shift);
        rg_back(s, s->spectrum, g->shifted);
        const double log_weight = log(g->weight[q]);
        for (ptrdiff_t i = 0; i < n; i++) {
            const double a = g->total[i], b = g->shifted[i] + log_weight, high = fmax(a, b);
            g->total[i] = high + log1p(exp(fmin(a, b) - high));
        }
    }
    for (ptrdiff_t i = 0; i < n; i++) values[i] = g->total[i];
}

/* The same by the trapezoidal rule; the values of a line are taken relative to its largest one. */
static void sum_axis(struct grid_law *g, int axis, double variance, double *values) {
    const rg_grid *grid = &g->sum.to;
    const ptrdiff_t n = grid->shape[axis], lines = g->spectral->cells / n;
    const double h = rg_grid_spacing(grid, axis);
    ptrdiff_t stride = 1;
    for (int a = axis + 1; a < grid->dim; a++) stride *= grid->shape[a];
    for (ptrdiff_t j = 0; j < n; j++) {
        double unused;
        g->kernel[j] = h * rg_wrapped((double)j * h, grid->length[axis], variance, &unused);
    }
#pragma omp parallel for schedule(static)
    for (ptrdiff_t line = 0; line < lines; line++) {
        const ptrdiff_t first = line / stride * n * stride + line % stride;
        double *v = values + first, *masses = g->shifted + first, top = v[0];
        for (ptrdiff_t j = 1; j < n; j++) top = fmax(top, v[j * stride]);
        for (ptrdiff_t j = 0; j < n; j++) masses[j * stride] = exp(v[j * stride] - top);
        for (ptrdiff_t i = 0; i < n; i++) {
            double sum = 0;
            for (ptrdiff_t j = 0; j < n; j++) sum += g->kernel[i < j ? i - j + n : i - j] * masses[j * stride];
            v[i * stride] = top + log(sum);
        }
    }
}

static int is_wide_on(const rg_grid *grid, int axis, double deviation) {
    return deviation >= wide * rg_grid_spacing(grid, axis);
}

static int is_wide(const rg_grid *grid, double deviation) {
    for (int a = 0; a < grid->dim; a++)
        if (!is_wide_on(grid, a, deviation)) return 0;
    return 1;
}

static void grid_law_at(rg_law *law, double variance, double *log_density, double *score) {
    struct grid_law *g = (struct grid_law *)law;
    const double deviation = sqrt(variance);
    if (is_wide(&g->sum.from, deviation)) {
        rg_kernel_sum_at(&g->sum, variance, log_density, score);
        rg_density_to_log(&g->sum.to, log_density, score);
        return;
    }
    for (ptrdiff_t i = 0; i < g->spectral->cells; i++) log_density[i] = g->log_values[i];
    for (int a = 0; deviation > 0 && a < g->sum.to.dim; a++) {
        if (is_wide_on(&g->sum.to, a, deviation)) {
            sum_axis(g, a, variance, log_density);
        } else {
            smooth_axis(g, a, deviation, log_density);
        }
    }
    if (score) (void)!rg_gradient(g->spectral, log_density, score); /* fails on misaligned arrays only */
}

static void grid_law_destroy(rg_law *law) {
    struct grid_law *g = (struct grid_law *)law;
    rg_kernel_sum_free(&g->sum);
    rg_spectral_destroy(g->spectral);
    double *fields[] = {g->log_values, g->shifted, g->total, g->spectrum, g->kernel};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    rg_free(g);
}

/* Probabilists' Gauss-Hermite rule: weight exp(-z^2 / 2) / sqrt(2 pi). */
static rg_status set_nodes(struct grid_law *g) {
    gsl_integration_fixed_workspace *w =
        gsl_integration_fixed_alloc(gsl_integration_fixed_hermite, NODES, 0, 0.5, 0, 0);
    if (!w) return RG_ENOMEM;
    for (int q = 0; q < NODES; q++) {
        g->node[q] = gsl_integration_fixed_nodes(w)[q];
        g->weight[q] = gsl_integration_fixed_weights(w)[q] / sqrt(6.283185307179586);
    }
    gsl_integration_fixed_free(w);
    return RG_OK;
}

static rg_status fill(struct grid_law *g, const rg_grid *grid, const rg_density_spec *spec, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(&spec->values_grid);
    const size_t cells = (size_t)rg_grid_cells(grid);
    rg_status status = rg_kernel_sum_create(&spec->values_grid, grid, &g->sum);
    if (!status) status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &g->spectral);
    if (!status) status = set_nodes(g);
    if (status) return status;
    g->log_values = rg_field_alloc(cells);
    g->shifted = rg_field_alloc(cells);
    g->total = rg_field_alloc(cells);
    g->spectrum = rg_field_alloc(2 * (size_t)g->spectral->modes);
    ptrdiff_t longest = 0;
    for (int a = 0; a < grid->dim; a++) longest = grid->shape[a] > longest ? grid->shape[a] : longest;
    g->kernel = rg_field_alloc((size_t)longest);
    double *logs = rg_field_alloc((size_t)n);
    if (!g->log_values || !g->shifted || !g->total || !g->spectrum || !g->kernel || !logs) {
        rg_free(logs);
        return RG_ENOMEM;
    }
    const double mass = rg_sum(n, spec->values), cell = rg_grid_cell_volume(&spec->values_grid);
    const double uniform = spec->background / rg_grid_volume(grid);
    for (ptrdiff_t i = 0; i < n; i++) {
        const double p = (1 - spec->background) * spec->values[i] / (mass * cell) + uniform;
        g->sum.masses[i] = p * cell;
        logs[i] = p;
    }
    rg_density_to_log(&spec->values_grid, logs, NULL);
    status = rg_check_positive(&spec->values_grid, logs, diagnostic);
    if (!status) {
        status = rg_resample(&spec->values_grid, logs, grid, 1, g->log_values);
        if (status == RG_EINVAL)
            rg_fail(diagnostic, status, "density grid: its dimension or box differs from that of the run's grid");
    }
    rg_free(logs);
    return status;
}

rg_status rg_law_grid(const rg_grid *grid, const rg_density_spec *spec, rg_law **law, rg_diagnostic *diagnostic) {
    struct grid_law *g = rg_alloc(1, sizeof *g);
    if (!g) return RG_ENOMEM;
    g->law = (rg_law){grid_law_at, grid_law_destroy};
    const rg_status status = fill(g, grid, spec, diagnostic);
    if (status) {
        grid_law_destroy(&g->law);
        return status;
    }
    *law = &g->law;
    return RG_OK;
}

rg_status rg_density_score(const rg_grid *grid, const double *values, double *score, rg_diagnostic *diagnostic) {
    if (!grid || !values || !score) return RG_EINVAL;
    const ptrdiff_t n = rg_grid_cells(grid);
    rg_spectral *s = NULL;
    double *logs = rg_field_alloc((size_t)n);
    rg_status status = logs ? rg_spectral_create(grid, RG_PLAN_ESTIMATE, &s) : RG_ENOMEM;
    for (ptrdiff_t i = 0; !status && i < n; i++) logs[i] = values[i];
    if (!status) rg_density_to_log(grid, logs, NULL);
    if (!status) status = rg_check_positive(grid, logs, diagnostic);
    if (!status) status = rg_gradient(s, logs, score);
    rg_spectral_destroy(s);
    rg_free(logs);
    return status;
}
