/* Grid and particles agree: the same experiment by its Fokker-Planck equation and by particles. Binned on the grid's cells, the
 * particles are compared with q, averaged over the cells, by a chi-squared test, and by W1 with the size that W1 has between it
 * and as many independent draws of it. Both also reject p, which q is not. Prints the table of docs/particles.md. */
#include <rotgrad/array.h>
#include <rotgrad/run.h>
#include <rotgrad/sample.h>
#include <rotgrad/transport.h>

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"
#include "scratch.h"

enum { DRAWS = 24 };

struct both {
    rg_experiment experiment;
    rg_outcome *outcome;
    rg_sampled sampled;
};

static struct both both_ways(const char *text) {
    struct both b = {0};
    rg_diagnostic why = {0};
    const char *path = scratch_path("x.yaml");
    assert_int_equal(scratch_write(path, text, strlen(text)), 0);
    if (rg_experiment_read(path, NULL, 0, &b.experiment, &why)) fail_msg("%s", why.text);
    if (rg_run(&b.experiment, NULL, &b.outcome, &why)) fail_msg("%s", why.text);
    if (rg_sample(&b.experiment, NULL, &b.sampled, &why)) fail_msg("%s", why.text);
    return b;
}

static void free_both(struct both *b) {
    rg_sampled_free(&b->sampled);
    rg_outcome_free(b->outcome);
    rg_experiment_free(&b->experiment);
}

/* Counts in the cells that are centred on grid points. */
static void count(const rg_grid *g, size_t points, const double *x, double *counts) {
    memset(counts, 0, (size_t)rg_grid_cells(g) * sizeof *counts);
    for (size_t i = 0; i < points; i++) {
        ptrdiff_t place[RG_MAX_DIM] = {0};
        for (int a = 0; a < g->dim; a++) {
            const double at = floor((x[i * (size_t)g->dim + (size_t)a] - g->lower[a]) / rg_grid_spacing(g, a) + 0.5);
            place[a] = ((ptrdiff_t)at % g->shape[a] + g->shape[a]) % g->shape[a];
        }
        counts[cell_at(g, place)]++;
    }
}

/* Averages over cells, to fourth order in their width, of what is known at their centres; below 0 nowhere. */
static void average_cells(const rg_grid *g, const double *q, double *average) {
    const ptrdiff_t cells = rg_grid_cells(g);
    ptrdiff_t stride = cells;
    memcpy(average, q, (size_t)cells * sizeof *q);
    for (int a = 0; a < g->dim; a++) {
        const ptrdiff_t block = stride;
        stride /= g->shape[a];
        for (ptrdiff_t i = 0; i < cells; i++) {
            const ptrdiff_t first = i - i % block, at = i % block;
            const double around = q[first + (at + stride) % block] + q[first + (at + block - stride) % block];
            average[i] += (around - 2 * q[i]) / 24;
        }
    }
    for (ptrdiff_t i = 0; i < cells; i++) average[i] = fmax(0, average[i]);
}

/* How many deviations chi^2 is above its mean, over cells with at least 5 expected, the others taken together. */
static double chi_squared(const rg_grid *g, size_t points, const double *counts, const double *q) {
    double chi = 0, rest = (double)points, rest_expected = (double)points;
    int cells = 0;
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) {
        const double expected = (double)points * q[i] * rg_grid_cell_volume(g);
        if (expected < 5) continue;
        chi += (counts[i] - expected) * (counts[i] - expected) / expected;
        rest -= counts[i];
        rest_expected -= expected;
        cells++;
    }
    if (rest_expected > 5) chi += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
    return (chi - cells) / sqrt(2.0 * cells);
}

static double transport(rg_transport *plan, const double *p, const double *q) {
    const rg_transport_options options = {.gap = 1e-2, .cold = 1};
    rg_transport_report report;
    rg_diagnostic why = {0};
    if (rg_transport_solve(plan, &options, p, q, NULL, NULL, &report, &why)) fail_msg("%s", why.text);
    return report.value;
}

/* Counts become a density. */
static void scale(const rg_grid *g, size_t points, double *counts) {
    const double factor = 1 / ((double)points * rg_grid_cell_volume(g));
    for (ptrdiff_t i = 0; i < rg_grid_cells(g); i++) counts[i] *= factor;
}

/* W1 of M draws of q from q itself: mean and deviation. */
struct size {
    double mean, deviation;
};

static struct size expected_size(const rg_grid *g, rg_transport *plan, const double *q, size_t points, double *work) {
    const rg_density_spec spec = {.kind = RG_DENSITY_GRID, .values_grid = *g, .values = q};
    double *x = rg_field_alloc(points * (size_t)g->dim);
    struct size s = {0};
    double square = 0;
    for (unsigned long seed = 1; seed <= DRAWS; seed++) {
        assert_ok(rg_density_draw(g, &spec, 0, points, seed, NULL, x));
        count(g, points, x, work);
        scale(g, points, work);
        const double w = transport(plan, work, q);
        s.mean += w / DRAWS;
        square += w * w / DRAWS;
    }
    s.deviation = sqrt(fmax(0, square - s.mean * s.mean) * DRAWS / (DRAWS - 1));
    rg_free(x);
    return s;
}

/* Along exact paths the mean of int |e|^2 dv is the energy that the grid integrates; steps h = log(v_max / v_min) / 60 in log v cost
 * about h^2 / 12 of it. */
static void compare_energy(struct both *b) {
    rg_diagnostic why = {0};
    b->experiment.sample.exact = 1;
    rg_sampled_free(&b->sampled);
    if (rg_sample(&b->experiment, NULL, &b->sampled, &why)) fail_msg("%s", why.text);
    const rg_particles_row *end = &b->sampled.row[b->sampled.rows - 1];
    const double energy = b->outcome->energy[RG_ENERGY_TOTAL].value;
    print_message("int E|e|^2 dv: paths %.4f(%.0f), grid %.5f\n", end->path_energy, 1e4 * end->path_energy_error,
                  energy);
    assert_below(fabs(end->path_energy - energy), 4 * end->path_energy_error + 3e-3 * energy);
    assert_below(end->path_energy_error, 0.02 * energy);
}

/* Four deviations, and a quarter more as 24 draws tell them to a seventh; and the two brackets of W1, 1e-2 wide. */
static void compare_laws(const struct both *b, double *q, double *p, double *counts, double *work) {
    const rg_grid *g = &b->outcome->grid;
    const size_t m = b->sampled.count;
    rg_transport *plan = NULL;
    assert_ok(rg_transport_create(g, 0, RG_PLAN_ESTIMATE, &plan));
    average_cells(g, b->outcome->fields.marginal[RG_FULL], q);
    average_cells(g, b->outcome->fields.density, p);
    count(g, m, b->sampled.samples, counts);
    const double off = chi_squared(g, m, counts, q), off_p = chi_squared(g, m, counts, p);
    const struct size null = expected_size(g, plan, q, m, work);
    scale(g, m, counts);
    const double w = transport(plan, counts, q), w_p = transport(plan, counts, p);
    print_message("chi^2, deviations off: %.1f (p: %.0f); W1 %.4f, of draws %.4f(%.0f), p: %.3f\n", off, off_p, w,
                  null.mean, 1e4 * null.deviation, w_p);
    assert_below(fabs(off), 4);
    assert_true(off_p > 20);
    assert_below(fabs(w - null.mean), 5 * null.deviation + 0.01 * null.mean);
    assert_true(w_p > null.mean + 20 * null.deviation);
    rg_transport_destroy(plan);
}

static void compare(const char *text) {
    struct both b = both_ways(text);
    const size_t n = (size_t)rg_grid_cells(&b.outcome->grid);
    double *field = rg_field_alloc(4 * n);
    compare_laws(&b, field, field + n, field + 2 * n, field + 3 * n);
    compare_energy(&b);
    rg_free(field);
    free_both(&b);
}

static void one_dimension(void **state) {
    (void)state;
    compare(
        "grid: {shape: [90], lower: [0.4], length: [4.6]}\n"
        "density: {mixture: {means: [[1], [3]], sigma: 0.3, weights: [1, 2]}, background: 0.01}\n"
        "noise: {variance_min: 0.002, variance_max: 4}\nerror: [{modes: [{component: 0, wave: [1], sin: 2, cos: 1}]}]\n"
        "tolerance: 1e-5\nsample: {particles: 20000, steps: 60, method: heun, score: points}\n");
}

/* A learned score at three levels, and a random field: both are interpolated, and so is the true score. */
static void two_dimensions(void **state) {
    (void)state;
    enum { K = 3, N0 = 20, N1 = 18 };
    static double score[K * 2 * N0 * N1];
    const double sigma[] = {0.1, 0.5, 2.5};
    for (int k = 0; k < K; k++)
        for (int i = 0; i < N0; i++)
            for (int j = 0; j < N1; j++) {
                const double x = 2 * pi * i / N0, y = 2 * pi * j / N1;
                double *at = score + (size_t)(k * 2 * N0 * N1 + i * N1 + j);
                at[0] = (0.8 * sin(x) + 0.3 * cos(x + y)) / (1 + sigma[k]);
                at[N0 * N1] = (0.6 * sin(y) - 0.2 * sin(x - y)) / (1 + sigma[k]);
            }
    const ptrdiff_t shape[] = {K, 2, N0, N1}, levels[] = {K};
    assert_ok(rg_array_write(scratch_path("s.npy"), 4, shape, score, NULL));
    assert_ok(rg_array_write(scratch_path("g.npy"), 1, levels, sigma, NULL));
    compare("grid: {shape: [32, 30]}\ndensity: {shape: ring, width: 0.5, background: 0.001}\n"
            "noise: {sigma_min: 0.1, sigma_max: 2.5}\ntolerance: 1e-4\n"
            "error: [{learned: {score: s.npy, sigma: g.npy}}]\n"
            "sample: {particles: 20000, steps: 60, method: heun}\n");
}

/* An error that explodes and one that turns; the score is interpolated. */
static void three_dimensions(void **state) {
    (void)state;
    compare(
        "grid: {shape: [20, 19, 18]}\ndensity: {mixture: {means: [[-1, 0.5, 0], [1, -1, 1.2]], sigma: [0.7, 0.9]}}\n"
        "noise: {sigma_min: 0.3, sigma_max: 2.5}\ntolerance: 1e-3\n"
        "error: [{constant: [0.3, 0.5, -0.2], profile: inverse_sigma}, {rotation: [0, 0.2, 0.3]}]\n"
        "sample: {particles: 20000, steps: 60, method: heun, score: grid}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_dimension),
        cmocka_unit_test(two_dimensions),
        cmocka_unit_test(three_dimensions),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
