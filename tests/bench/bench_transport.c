/* W1: time to a certified gap, from a cold start, and that against the bare FFTs of its iterations on the finest grid. */
#include "bench.h"

#include <math.h>
#include <rotgrad/transport.h>
#include <stdio.h>
#include <string.h>

enum { MIXTURES, WAVES, TO_UNIFORM, POINTS, CASES };
static const char *const case_name[] = {"mixtures", "random waves", "blobs to uniform", "3 points to uniform"};

struct transport {
    rg_transport *plan;
    double *p, *q;
    double gap;
    rg_transport_report report;
    rg_spectral *spectral;
};

static void solve(void *data) {
    struct transport *t = data;
    const rg_transport_options how = {.gap = t->gap, .cold = 1};
    bench_check(rg_transport_solve(t->plan, &how, t->p, t->q, NULL, NULL, &t->report, NULL), "transport", NULL);
}

static void bare(void *data) {
    const struct transport *t = data;
    const bench_transforms all = {t->spectral, t->p, 2 * t->report.iterations};
    bench_transform(&all);
}

/* x in [0, 1)^3 */
static double blob(const double x[3], double x0, double x1, double sigma) {
    const double at[3] = {x0, x1, 0.5 * (x0 + x1)};
    double square = 0;
    for (int a = 0; a < 3; a++) {
        const double d = x[a] - at[a] - round(x[a] - at[a]);
        square += d * d;
    }
    return exp(-square / (2 * sigma * sigma)) / (sigma * sigma);
}

static double density(int kind, int which, const double x[3]) {
    const double turn = 6.283185307179586;
    switch (kind) {
    case MIXTURES:
        return which ? 0.4 * blob(x, 0.3, 0.4, 0.07) + 0.6 * blob(x, 0.7, 0.6, 0.1)
                     : 0.55 * blob(x, 0.35, 0.42, 0.08) + 0.45 * blob(x, 0.72, 0.5, 0.09);
    case WAVES:
        return exp(2 * cos(turn * x[0] + which) * sin(turn * (2 * x[1] - 0.1 * which) + 1) +
                   cos(turn * (x[0] - x[1] + x[2]) * (1 + which)));
    case TO_UNIFORM:
        return which ? 1 : 0.4 * blob(x, 0.3, 0.4, 0.04) + 0.6 * blob(x, 0.7, 0.6, 0.03);
    default:
        return 1;
    }
}

static void scale(const rg_grid *grid, double *p) {
    const double mass = rg_integral(grid, p);
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) p[i] /= mass;
}

static void fill(const rg_grid *grid, int kind, struct transport *t) {
    const ptrdiff_t *n = grid->shape, cells = rg_grid_cells(grid);
    for (ptrdiff_t i = 0; i < cells; i++) {
        const ptrdiff_t at[3] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        double x[3];
        for (int a = 0; a < 3; a++) x[a] = (double)at[a] / (double)n[a];

        t->p[i] = kind == POINTS ? 0 : density(kind, 0, x);
        t->q[i] = density(kind, 1, x);
    }
    if (kind == POINTS) t->p[cells / 5] = t->p[cells / 2 + n[1] / 8] = t->p[cells - 7] = 1;
    scale(grid, t->p);
    scale(grid, t->q);
}

static double compare(int dim, ptrdiff_t size, int kind, double gap, double target) {
    const ptrdiff_t shape[3] = {size, size, size};
    const double lower[3] = {0}, length[3] = {1, 1, 1};
    struct transport t = {.gap = gap};
    rg_grid grid;
    bench_check(rg_grid_init(dim, shape, lower, length, &grid), "grid", NULL);
    bench_check(rg_transport_create(&grid, 0, RG_PLAN_ESTIMATE, &t.plan), "transport plan", NULL);
    bench_check(rg_spectral_create(&grid, RG_PLAN_ESTIMATE, &t.spectral), "spectral plan", NULL);
    t.p = bench_field(rg_grid_cells(&grid));
    t.q = bench_field(rg_grid_cells(&grid));
    fill(&grid, kind, &t);
    solve(&t);
    const bench_times times = bench_compare(solve, bare, &t, 1);
    char name[128];
    snprintf(name, sizeof name, "%td^%d, gap %.0e, %s: %d iterations", size, dim, gap, case_name[kind],
             t.report.iterations);
    bench_row(name, times, 0);
    snprintf(name, sizeof name, "%td^%d, gap %.0e, %s: time", size, dim, gap, case_name[kind]);
    bench_figure(name, times.ours, "ms", target);
    rg_transport_destroy(t.plan);
    rg_spectral_destroy(t.spectral);
    rg_free(t.p);
    rg_free(t.q);
    return times.ours;
}

/* "pot MILLISECONDS MEGABYTES" or "pot skipped: ..." */
static void peer_line(void *data, const char *text) {
    double milliseconds, megabytes;
    const char *why = strstr(text, "skipped: ");
    if (why) bench_skip("64^2 against the exact solver of POT", why + strlen("skipped: "));
    if (sscanf(text, "pot %lf %lf", &milliseconds, &megabytes) != 2) return;
    bench_against("64^2 mixtures against the exact solver of POT", *(const double *)data, milliseconds);
    bench_figure("64^2 mixtures: memory of POT", megabytes, "MB", 0);
}

void bench_transport(void) {
    static const struct {
        ptrdiff_t size;
        double target; /* ms, for a gap of 1e-3 */
    } planes[] = {{64, 10}, {128, 50}, {256, 300}};
    bench_section("W1, against the FFTs of its iterations on the finest grid");
    double at_64 = 0;
    for (size_t s = 0; s < sizeof planes / sizeof *planes; s++)
        for (int kind = 0; kind < CASES; kind++) {
            const double took = compare(2, planes[s].size, kind, 1e-3, planes[s].target);
            if (s == 0 && kind == MIXTURES) at_64 = took;
        }
    for (int kind = 0; kind < CASES; kind++) compare(2, 128, kind, 1e-4, 200);
    compare(3, 64, MIXTURES, 1e-3, 0);
    char command[1024];
    snprintf(command, sizeof command,
             "p=${PYTHON:-python3}; $p -c 'import ot' 2>/dev/null || p=/usr/bin/python3; $p "
             "'%s/tests/bench/transport_peer.py'",
             RG_SOURCE_DIR);
    if (!bench_run(command, peer_line, &at_64))
        bench_skip("64^2 against the exact solver of POT", "python3 is not installed");
}
