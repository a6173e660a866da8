/* How often does the 95 % interval of rg_estimate hold what it should? Samples are drawn anew each time. Three values can be
 * held: the exact energy, from a closed form or the weighted split on the grid; what the class reaches with infinitely many
 * samples; and what it reaches with the ridge that was used. The first two differ by the bias of the class, the last two
 * by that of the ridge: the interval is about the last. Then the same for the integrated interval of a run.
 *
 *     interval_coverage [REPETITIONS (200) [PARTS (letters, see main) [FIRST SEED (1)]]]
 *
 * The counts of docs/estimate.md come from here. */
#include "../drawn.h"
#include "class_value.h"
#include "experiment/dual_sobolev.h"

#include <rotgrad/experiment.h>
#include <stdio.h>
#include <string.h>

typedef struct trial {
    const char *name;
    rg_linear_form form;
    rg_estimate_options options;
    double exact;
    const class_value *class; /* or NULL: the class holds the exact value */
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

static unsigned long first_seed = 1;

static void run(const trial *t, sampler *draw, const void *law, size_t samples, int times) {
    double mean[3] = {0}, square = 0, error = 0, ridge = 0, ridged = 0;
    const double reached = t->class ? class_value_at(t->class, 0) : t->exact;
    int held[3] = {0};
    for (int i = 0; i < times; i++) {
        drawn s = draw(law, samples, 1000 * first_seed + (unsigned long)i);
        const rg_estimate_data data = drawn_data(&s, t->form);
        rg_estimate_options options = t->options;
        options.seed = first_seed - 1 + (unsigned long)i;
        options.discrepancy_samples = 2;
        rg_estimate_result r;
        rg_diagnostic why = {0};
        check(rg_estimate(&data, &options, &r, &why), &why);
        const double own = t->class ? class_value_at(t->class, r.ridge) : (double)NAN;
        held[0] += holds(&r, t->exact);
        held[1] += holds(&r, reached);
        held[2] += holds(&r, own);
        mean[0] += r.in_sample / times;
        mean[1] += r.average / times;
        mean[2] += r.held_out / times;
        square += r.average * r.average / times;
        error += r.standard_error / times;
        ridge += log10(fmax(r.ridge, 1e-12)) / times;
        ridged += own / times;
        drawn_free(&s);
    }
    printf("%-30s %7zu | %8.5f %8.5f %8.5f | %8.5f %8.5f %8.5f | %8.5f %8.5f | %6.2g | %5.1f %5.1f %5.1f %%\n", t->name,
           samples, t->exact, reached, ridged, mean[0], mean[1], mean[2], sqrt(square - mean[1] * mean[1]), error,
           pow(10, ridge), 100.0 * held[0] / times, 100.0 * held[1] / times, 100.0 * held[2] / times);
    fflush(stdout);
}

/* ---- Gaussians with a rotation and a stretch */

typedef struct gaussian {
    size_t dim;
    double variance[64], sigma, stretch, turn;
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

/* The closed form in 64 dimensions, with a ridge so small that its bias is nothing. */
static void sixty_four(int times) {
    gaussian g = {.dim = 64, .sigma = 0.7, .stretch = 0.1, .turn = 0.2};
    for (size_t a = 0; a < 64; a++) g.variance[a] = a % 2 ? 1 : 2;
    static const char *const names[] = {"64 dimensions, oracle", "64 dimensions, Stein"};
    for (int form = RG_LINEAR_ORACLE; form <= RG_LINEAR_STEIN; form++) {
        const trial t = {.name = names[form - 1],
                         .form = (rg_linear_form)form,
                         .options = {.kind = RG_FEATURES_POLYNOMIAL, .size = 2, .fixed_ridge = 1, .ridge = 1e-3},
                         .exact = drawn_gaussian_energy(64, g.variance, g.stretch, g.turn)};
        run(&t, draw_gaussian, &g, 12000, times);
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

static rg_experiment read(const char *file) {
    rg_experiment x = {0};
    char path[1024];
    rg_diagnostic why = {0};
    snprintf(path, sizeof path, "%s/grids/%s", RG_SOURCE_DIR, file);
    check(rg_experiment_read(path, NULL, 0, &x, &why), &why);
    return x;
}

static void on_a_grid(const char *file, const char *name, double sigma, size_t waves, size_t samples, int forms,
                      int times) {
    room r = {.experiment = read(file)};
    const rg_experiment *x = &r.experiment;
    char title[64];
    rg_diagnostic why = {0};
    rg_levels *levels = NULL;
    check(rg_levels_create(&x->grid, &x->density, x->term, x->terms, x->variance_min, x->variance_max, NULL, &levels,
                           &why),
          &why);
    check(rg_level_create(&x->grid, &r.level), &why);
    check(rg_levels_at(levels, sigma * sigma, &r.level, &why), &why);
    for (int form = RG_LINEAR_ORACLE; form <= forms; form++) {
        const rg_linear_form which = (rg_linear_form)form;
        class_value class = class_value_create(&x->grid, &r.level, r.level.error, which, waves);
        snprintf(title, sizeof title, "%s %zu, %s", name, waves, form == RG_LINEAR_ORACLE ? "oracle" : "Stein");
        const trial t = {title, which, {.kind = RG_FEATURES_FOURIER, .size = waves}, r.level.split.gradient, &class};
        run(&t, draw_room, &r, samples, times);
        class_value_free(&class);
    }
    rg_levels_destroy(levels);
    rg_level_free(&r.level);
    rg_experiment_free(&r.experiment);
}

/* ---- the integral over the levels of a run */

static void integrated(const char *file, rg_linear_form form, size_t waves, size_t samples, int times) {
    rg_experiment x = read(file);
    rg_outcome *o = NULL;
    rg_diagnostic why = {0};
    x.estimate = (rg_experiment_estimate){0};
    check(rg_run(&x, &(rg_run_options){0}, &o, &why), &why);
    const double exact = o->gradient_bound.value, factor = 0.5; /* churn 1 */
    double sum = 0, square = 0, width = 0;
    int held = 0;
    for (int i = 0; i < times; i++) {
        x.estimate = (rg_experiment_estimate){.samples = samples,
                                              .form = form,
                                              .kind = RG_FEATURES_FOURIER,
                                              .size = waves,
                                              .seed = first_seed - 1 + (unsigned long)i};
        check(rg_dual_sobolev(&x, factor, NULL, NULL, o, &why), &why);
        const double *interval = o->dual_sobolev.interval;
        held += interval[0] <= exact && exact <= interval[1];
        sum += o->dual_sobolev.bound.value / times;
        square += o->dual_sobolev.bound.value * o->dual_sobolev.bound.value / times;
        width += (interval[1] - interval[0]) / times;
    }
    printf("run of %s, %s, fourier:%zu, %zu samples a level: exact %.5f, mean %.5f, spread %.5f, mean width %.5f, held "
           "%.1f %%\n",
           file, form == RG_LINEAR_ORACLE ? "oracle" : "Stein", waves, samples, exact, sum, sqrt(square - sum * sum),
           width, 100.0 * held / times);
    fflush(stdout);
    rg_outcome_free(o);
    rg_experiment_free(&x);
}

static int wanted(int argc, char **argv, char part) {
    return argc < 3 || strchr(argv[2], part);
}

int main(int argc, char **argv) {
    const int times = argc > 1 ? atoi(argv[1]) : 200;
    if (argc > 3) first_seed = strtoul(argv[3], NULL, 10);
    printf("%-30s %7s | %8s %8s %8s | %8s %8s %8s | %8s %8s | %6s | %s\n", "", "N", "exact", "class", "ridge", "in",
           "average", "held out", "spread", "s. error", "ridge", "held: exact, class, with the ridge");
    if (wanted(argc, argv, 'g')) gaussians(times);
    if (wanted(argc, argv, 's')) series(times);
    if (wanted(argc, argv, '2'))
        on_a_grid("mixture_2d.yaml", "mixture_2d, fourier", 0.5, 5, 10000, RG_LINEAR_STEIN, times);
    if (wanted(argc, argv, '3'))
        on_a_grid("mixture_3d.yaml", "mixture_3d, fourier", 0.5, 3, 10000, RG_LINEAR_STEIN, times);
    if (wanted(argc, argv, 'a'))
        on_a_grid("alanine_medium.yaml", "alanine, fourier", 0.3, 12, 10000, RG_LINEAR_STEIN, times);
    if (wanted(argc, argv, 'A'))
        on_a_grid("alanine_medium.yaml", "alanine, fourier", 0.3, 16, 20000, RG_LINEAR_ORACLE, times);
    if (wanted(argc, argv, 'd')) sixty_four(times);
    if (wanted(argc, argv, 'r')) {
        integrated("mixture_2d.yaml", RG_LINEAR_ORACLE, 8, 4000, times);
        integrated("mixture_2d.yaml", RG_LINEAR_STEIN, 5, 10000, times);
    }
    return 0;
}
