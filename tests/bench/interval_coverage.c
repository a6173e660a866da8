/* How often does the 95 % interval of rg_estimate hold the exact energy? Samples are drawn anew each time; the exact value
 * is a closed form or the weighted split on the grid. With the first argument, so many repetitions (200). The counts of
 * docs/estimate.md come from here. */
#include "../drawn.h"

#include <rotgrad/experiment.h>
#include <stdio.h>
#include <string.h>

typedef struct trial {
    const char *name;
    rg_linear_form form;
    rg_estimate_options options;
    double exact;
    double reached; /* what the class reaches with many samples, where that is less; or 0 */
} trial;

typedef drawn sampler(const void *law, size_t samples, unsigned long seed);

static void check(rg_status status, const rg_diagnostic *why) {
    if (status == RG_OK) return;
    fprintf(stderr, "interval_coverage: %s\n", why->text[0] ? why->text : rg_status_text(status));
    exit(1);
}

static int holds(const rg_estimate_result *r, double value) {
    return r->interval[0] <= value && value <= r->interval[1];
}

/* Returns the mean of the averages. */
static double run(const trial *t, sampler *draw, const void *law, size_t samples, int times) {
    double mean[3] = {0}, square = 0, error = 0, bias[2] = {0};
    int held = 0, reached = 0;
    for (int i = 0; i < times; i++) {
        drawn s = draw(law, samples, 1000 + (unsigned long)i);
        const rg_estimate_data data = drawn_data(&s, t->form);
        rg_estimate_options options = t->options;
        options.seed = (unsigned long)i;
        options.discrepancy_samples = 2;
        rg_estimate_result r;
        rg_diagnostic why = {0};
        check(rg_estimate(&data, &options, &r, &why), &why);
        held += holds(&r, t->exact);
        reached += holds(&r, t->reached);
        mean[0] += r.in_sample / times;
        mean[1] += r.average / times;
        mean[2] += r.held_out / times;
        square += r.average * r.average / times;
        error += r.standard_error / times;
        bias[0] += r.in_sample_bias / times;
        bias[1] += r.held_out_bias / times;
        drawn_free(&s);
    }
    printf("%-34s %7zu %9.5f | %9.5f %9.5f %9.5f | %8.5f %8.5f | %8.5f %8.5f | %5.1f %%\n", t->name, samples, t->exact,
           mean[0], mean[1], mean[2], bias[0], bias[1], sqrt(square - mean[1] * mean[1]), error, 100.0 * held / times);
    if (t->reached > 0)
        printf("%-34s %7s %9.5f %92s %5.1f %%\n", "  what the class reaches", "", t->reached, "|",
               100.0 * reached / times);
    fflush(stdout);
    return mean[1];
}

/* ---- Gaussians with a rotation and a stretch */

typedef struct gaussian {
    size_t dim;
    double variance[16], sigma, stretch, turn;
} gaussian;

static drawn draw_gaussian(const void *law, size_t samples, unsigned long seed) {
    const gaussian *g = law;
    return drawn_gaussian(samples, g->dim, g->variance, g->sigma, g->stretch, g->turn, seed);
}

static void gaussians(int times) {
    gaussian two = {.dim = 2, .variance = {2, 1}, .sigma = 0.7, .stretch = 0, .turn = 1};
    gaussian round = {.dim = 2, .variance = {1, 1}, .sigma = 0.7, .stretch = 0, .turn = 1};
    gaussian many = {.dim = 16, .sigma = 0.7, .stretch = 0.1, .turn = 0.5};
    for (size_t a = 0; a < 16; a++) many.variance[a] = a % 2 ? 1 : 2;
    static const char *const names[][3] = {
        {"rotation 1/9, oracle", "rotation 1/9, Stein", "rotation 1/9, denoising"},
        {"rotation 0, oracle", "rotation 0, Stein", "rotation 0, denoising"},
        {"16 dimensions, oracle", "16 dimensions, Stein", "16 dimensions, denoising"}};
    const gaussian *laws[] = {&two, &round, &many};
    const size_t samples[] = {1000, 1000, 4000};
    for (int k = 0; k < 3; k++)
        for (int form = RG_LINEAR_ORACLE; form <= RG_LINEAR_DENOISING; form++) {
            const trial t = {
                .name = names[k][form - 1],
                .form = (rg_linear_form)form,
                .options = {.kind = RG_FEATURES_POLYNOMIAL, .size = 2},
                .exact = drawn_gaussian_energy(laws[k]->dim, laws[k]->variance, laws[k]->stretch, laws[k]->turn)};
            run(&t, draw_gaussian, laws[k], samples[k], times);
        }
}

/* ---- a time series: x' = a x + sqrt(1 - a^2) z keeps N(0, variance) */

static drawn draw_series(const void *law, size_t samples, unsigned long seed) {
    const gaussian *g = law;
    drawn s = drawn_gaussian(samples, g->dim, g->variance, g->sigma, 0, 0, seed);
    const double memory = 0.9;
    for (size_t i = g->dim; i < samples * g->dim; i++)
        s.points[i] = memory * s.points[i - g->dim] + sqrt(1 - memory * memory) * s.points[i];
    for (size_t i = 0; i < samples * g->dim; i++) {
        const size_t a = i % 2;
        s.error[i] = (a ? 1 : -1) * g->turn * s.points[a ? i - 1 : i + 1];
        s.score[i] = -s.points[i] / g->variance[a] + s.error[i];
    }
    return s;
}

static void series(int times) {
    const gaussian two = {.dim = 2, .variance = {2, 1}, .sigma = 0.7, .stretch = 0, .turn = 1};
    const trial blind = {.name = "time series, no blocks",
                         .form = RG_LINEAR_ORACLE,
                         .options = {.kind = RG_FEATURES_POLYNOMIAL, .size = 2},
                         .exact = 1.0 / 3};
    trial seeing = blind;
    seeing.name = "time series, blocks of 50";
    seeing.options.block = 50;
    run(&blind, draw_series, &two, 20000, times);
    run(&seeing, draw_series, &two, 20000, times);
}

/* ---- experiments on grids */

typedef struct room {
    rg_experiment experiment;
    rg_level level;
} room;

static drawn draw_room(const void *law, size_t samples, unsigned long seed) {
    const room *r = law;
    return drawn_cells(&r->experiment.grid, &r->level, r->level.error, samples, seed);
}

static void on_a_grid(const char *file, const char *name, double sigma, rg_estimate_options options, size_t samples,
                      int times) {
    room r = {0};
    char path[1024], title[2][64];
    rg_diagnostic why = {0};
    rg_levels *levels = NULL;
    snprintf(path, sizeof path, "%s/grids/%s", RG_SOURCE_DIR, file);
    check(rg_experiment_read(path, NULL, 0, &r.experiment, &why), &why);
    const rg_experiment *x = &r.experiment;
    check(rg_levels_create(&x->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max, NULL, &levels,
                           &why),
          &why);
    check(rg_level_create(&x->grid, &r.level), &why);
    check(rg_levels_at(levels, sigma * sigma, &r.level, &why), &why);
    double reached = 0;
    for (int form = RG_LINEAR_ORACLE; form <= RG_LINEAR_STEIN; form++) {
        snprintf(title[form - 1], sizeof title[0], "%s, %s", name, form == RG_LINEAR_ORACLE ? "oracle" : "Stein");
        trial t = {title[form - 1], (rg_linear_form)form, options, r.level.split.gradient, 0};
        if (form == RG_LINEAR_ORACLE) reached = run(&t, draw_room, &r, 20 * samples, 1);
        t.reached = reached;
        run(&t, draw_room, &r, samples, times);
    }
    rg_levels_destroy(levels);
    rg_level_free(&r.level);
    rg_experiment_free(&r.experiment);
}

int main(int argc, char **argv) {
    const rg_estimate_options waves = {.kind = RG_FEATURES_FOURIER, .size = 5};
    const rg_estimate_options random = {.kind = RG_FEATURES_RANDOM, .size = 600};
    const int times = argc > 1 ? atoi(argv[1]) : 200;
    printf("%-34s %7s %9s | %9s %9s %9s | %8s %8s | %8s %8s | %s\n", "", "N", "exact", "in", "average", "held out",
           "bias in", "held out", "spread", "s. error", "held");
    if (argc < 3 || strchr(argv[2], 'g')) gaussians(times);
    if (argc < 3 || strchr(argv[2], 's')) series(times);
    if (argc < 3 || strchr(argv[2], 'm'))
        on_a_grid("mixture_2d.yaml", "mixture_2d, sigma 0.5", 0.5, waves, 10000, times);
    if (argc < 3 || strchr(argv[2], 'a'))
        on_a_grid("alanine_medium.yaml", "alanine, sigma 0.3", 0.3, random, 20000, times);
    return 0;
}
