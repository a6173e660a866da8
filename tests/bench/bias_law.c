/* The data of plots/bias_law.yaml: how far the in-sample value of rg_estimate lies above the exact energy and the held-out
 * value below it, against the number of samples, without a ridge. grids/mixture_2d.yaml at sigma 0.5, fourier:5, which
 * reaches the exact value to four digits; oracle and Stein's form; means over repeated draws. The law says +tau/N and, with
 * K folds, -tau/N K/(K - 1); tau is what rg_estimate says of the largest N.
 *
 *     cmake --build build --target bias_law && build/tests/bench/bias_law plots/bias_law.npz
 */
#include "../drawn.h"

#include <rotgrad/array.h>
#include <rotgrad/experiment.h>

#include <stdio.h>

enum { SIZES = 8, SMALLEST = 500, FEWEST = 24, DRAWN = 400000, FOLDS = 5, MEMBERS = 13 };
static const double sigma = 0.5;

typedef struct curve {
    double in_sample[SIZES], average[SIZES], held_out[SIZES];
    double above[SIZES], below[SIZES];         /* in_sample - exact, exact - held_out */
    double law_above[SIZES], law_below[SIZES]; /* what is predicted for both */
} curve;

static void check(rg_status status, const rg_diagnostic *why) {
    if (status == RG_OK) return;
    fprintf(stderr, "bias_law: %s\n", why->text[0] ? why->text : rg_status_text(status));
    exit(1);
}

static size_t size_of(int i) {
    return (size_t)SMALLEST << i;
}

/* Returns tau. */
static double repeat(const rg_grid *grid, const rg_level *level, rg_linear_form form, int i, curve *c) {
    const size_t samples = size_of(i);
    const size_t times = DRAWN / samples > FEWEST ? DRAWN / samples : FEWEST;
    double tau = 0;
    for (size_t r = 0; r < times; r++) {
        drawn s = drawn_cells(grid, level, level->error, samples, 1 + (unsigned long)(1000 * i) + r);
        const rg_estimate_data data = drawn_data(&s, form);
        const rg_estimate_options options = {.kind = RG_FEATURES_FOURIER,
                                             .size = 5,
                                             .fixed_ridge = 1,
                                             .folds = FOLDS,
                                             .replicates = 100,
                                             .discrepancy_samples = 2,
                                             .seed = r};
        rg_estimate_result found;
        rg_diagnostic why = {0};
        check(rg_estimate(&data, &options, &found, &why), &why);
        c->in_sample[i] += found.in_sample / (double)times;
        c->average[i] += found.average / (double)times;
        c->held_out[i] += found.held_out / (double)times;
        tau += found.in_sample_bias * (double)samples / (double)times;
        drawn_free(&s);
    }
    return tau;
}

static void measure(const rg_grid *grid, const rg_level *level, rg_linear_form form, curve *c) {
    const double exact = level->split.gradient;
    double tau = 0;
    for (int i = 0; i < SIZES; i++) tau = repeat(grid, level, form, i, c);
    for (int i = 0; i < SIZES; i++) {
        c->law_above[i] = tau / (double)size_of(i);
        c->law_below[i] = tau / (double)size_of(i) * FOLDS / (FOLDS - 1);
        c->above[i] = c->in_sample[i] - exact;
        c->below[i] = exact - c->held_out[i];
        printf("%8zu  exact %.5f  in sample %.5f (%.5f above, law %.5f)  average %.5f  held out %.5f (%.5f below, law "
               "%.5f)\n",
               size_of(i), exact, c->in_sample[i], c->above[i], c->law_above[i], c->average[i], c->held_out[i],
               c->below[i], c->law_below[i]);
    }
}

static void write(const char *path, double exact, const curve *oracle, const curve *stein) {
    double samples[SIZES], line[SIZES], band[2][SIZES];
    for (int i = 0; i < SIZES; i++) {
        samples[i] = (double)size_of(i);
        line[i] = exact;
        band[0][i] = exact + stein->law_above[i];
        band[1][i] = exact - stein->law_below[i];
    }
    const struct {
        const char *name;
        const double *values;
    } columns[MEMBERS] = {
        {"samples", samples},
        {"exact", line},
        {"stein_in_sample", stein->in_sample},
        {"stein_average", stein->average},
        {"stein_held_out", stein->held_out},
        {"stein_upper", band[0]},
        {"stein_lower", band[1]},
        {"stein_above", stein->above},
        {"stein_below", stein->below},
        {"stein_law", stein->law_above},
        {"oracle_above", oracle->above},
        {"oracle_below", oracle->below},
        {"oracle_law", oracle->law_above},
    };
    const ptrdiff_t length = SIZES;
    rg_array_member member[MEMBERS] = {{0}};
    for (int i = 0; i < MEMBERS; i++) {
        member[i].name = columns[i].name;
        member[i].dim = 1;
        member[i].shape = &length;
        member[i].data = columns[i].values;
    }
    rg_diagnostic why = {0};
    check(rg_array_write_npz(path, member, MEMBERS, &why), &why);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("bias_law: expected the .npz to write\n", stderr);
        return 2;
    }
    rg_experiment x = {0};
    rg_level level = {0};
    rg_levels *levels = NULL;
    rg_diagnostic why = {0};
    curve oracle = {.average = {0}}, stein = {.average = {0}};
    check(rg_experiment_read(RG_SOURCE_DIR "/grids/mixture_2d.yaml", NULL, 0, &x, &why), &why);
    check(rg_levels_create(&x.grid, &x.density, x.term, x.terms, x.variance_min, x.variance_max, NULL, &levels, &why),
          &why);
    check(rg_level_create(&x.grid, &level), &why);
    check(rg_levels_at(levels, sigma * sigma, &level, &why), &why);
    measure(&x.grid, &level, RG_LINEAR_ORACLE, &oracle);
    measure(&x.grid, &level, RG_LINEAR_STEIN, &stein);
    write(argv[1], level.split.gradient, &oracle, &stein);
    rg_levels_destroy(levels);
    rg_level_free(&level);
    rg_experiment_free(&x);
    return 0;
}
