/* The split on real data: alanine dipeptide with the score error of the medium network on 192 x 192. Cold at sigma 0.08,
 * and warm down a series of noise levels that ends there. */
#include "bench.h"

#include <math.h>
#include <rotgrad/experiment.h>
#include <stdio.h>

enum { LEVELS = 20, HISTORY = 6 };
static const double last_sigma = 0.08, shrink = 0.99;

static rg_levels *levels_of(const rg_experiment *x, int history) {
    const rg_split_options options = {.history = history};
    rg_levels *levels = NULL;
    rg_diagnostic diagnostic;
    bench_check(rg_levels_create(&x->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max, &options,
                                 &levels, &diagnostic),
                "levels", &diagnostic);
    return levels;
}

static const rg_split_report *report_at(rg_levels *levels, double sigma, rg_level *level) {
    rg_diagnostic diagnostic;
    bench_check(rg_levels_at(levels, sigma * sigma, level, &diagnostic), "level", &diagnostic);
    return &level->split;
}

static void compare_warm(const rg_experiment *x, rg_level *level) {
    rg_levels *levels = levels_of(x, HISTORY);
    int first = 0, most = 0;
    double sum = 0, worst = 0;
    for (int i = 0; i < LEVELS; i++) {
        const double sigma = last_sigma * pow(shrink, i - LEVELS + 1);
        const rg_split_report *report = report_at(levels, sigma, level);
        worst = fmax(worst, report->residual);
        if (i == 0) first = report->iterations;
        if (i == 0) continue;
        sum += report->iterations;
        if (report->iterations > most) most = report->iterations;
    }
    bench_figure("the first of 20 levels, each 1 % below the last", first, "", 0);
    bench_figure("the others, warm: iterations, mean", sum / (LEVELS - 1), "", 100);
    bench_figure("the others, warm: iterations, most", most, "", 100);
    bench_figure("all 20: true residual, worst", worst, "", 0);
    rg_levels_destroy(levels);
}

void bench_real(void) {
    rg_experiment x = {0};
    rg_level level = {0};
    rg_diagnostic diagnostic;
    bench_section("Real data: alanine, 192x192, sigma 0.08, background 1e-6");
    bench_check(rg_experiment_read(RG_SOURCE_DIR "/grids/alanine_medium.yaml", NULL, 0, &x, &diagnostic), "experiment",
                &diagnostic);
    bench_check(rg_level_create(&x.grid, &level), "level", NULL);
    rg_levels *cold = levels_of(&x, 0);
    const rg_split_report *report = report_at(cold, last_sigma, &level);
    bench_figure("cold: iterations", report->iterations, "", 0);
    bench_figure("cold: true residual", report->residual, "", 0);
    rg_levels_destroy(cold);
    compare_warm(&x, &level);
    rg_level_free(&level);
    rg_experiment_free(&x);
}
