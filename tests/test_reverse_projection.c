/* The q-weighted split of a run: against closed forms in one dimension and for Gaussians, and where q is p; what becomes of a
 * q without digits. */
#include "measure/history.h"

#include "base/base.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"

/* ---- a sampler at its start, with what it needs */

struct stand {
    rg_grid grid;
    rg_levels *levels;
    rg_evolve *evolve;
    rg_reverse_projection projection;
    rg_form form;
    double tolerance;
};

static void must(rg_status status, const rg_diagnostic *diagnostic) {
    if (status) fail_msg("%s: %s", rg_status_text(status), diagnostic->text);
}

/* Of the splits: as runs have it, and where the closed form is to be met closely. */
static const double usual = 1e-4, fine = 1e-6;
static const double most = 0.6, middle = 0.4; /* variances */

static void stand_up(struct stand *s, const rg_density_spec *spec, const rg_error_term *term, size_t terms,
                     const double *prior) {
    const rg_evolve_options o = {.form = s->form,
                                 .variance_min = 0.05,
                                 .variance_max = most,
                                 .churn = 1,
                                 .tolerance = 1e-7,
                                 .prior = prior,
                                 .stops = 1,
                                 .stop = &middle};
    const rg_split_options split = {.tolerance = 1e-10};
    rg_diagnostic said = {0};
    must(rg_levels_create(&s->grid, spec, term, terms, 0.05, most, &split, &s->levels, &said), &said);
    must(rg_evolve_create(s->levels, &o, &s->evolve, &said), &said);
    assert_ok(rg_reverse_projection_create(&s->grid, s->tolerance, &s->projection));
}

static void take_down(struct stand *s) {
    rg_reverse_projection_free(&s->projection);
    rg_evolve_destroy(s->evolve);
    rg_levels_destroy(s->levels);
}

static double energy_of(struct stand *s) {
    double energy = 0;
    assert_ok(rg_reverse_projection_energy(&s->projection, s->evolve, s->form, &energy));
    return energy;
}

/* A step; 0 after the last one. */
static int step(struct stand *s) {
    rg_diagnostic said = {0};
    int done;
    must(rg_evolve_step(s->evolve, &done, &said), &said);
    return !done;
}

static const double means[] = {0.2, -0.6, 1.5, 1.9, 0.4, -0.7}, weights[] = {0.4, 0.6};
static const double covariances[] = {0.2, 0, 0, 0, 0.3, 0, 0, 0, 0.25, 0.3, 0, 0, 0, 0.2, 0, 0, 0, 0.2};

/* Two Gaussians on the usual torus; in one and two dimensions the corners of the arrays. */
static rg_density_spec two_gaussians(int dim, double *mean, double *covariance) {
    for (int m = 0; m < 2; m++)
        for (int a = 0; a < dim; a++) {
            mean[m * dim + a] = means[3 * m + a];
            for (int b = 0; b < dim; b++) covariance[(m * dim + a) * dim + b] = covariances[9 * m + 3 * a + b];
        }
    return (rg_density_spec){
        .kind = RG_DENSITY_MIXTURE, .components = 2, .means = mean, .covariances = covariance, .weights = weights};
}

static const rg_error_mode mode[] = {
    {0, {1, 1, 0}, 0.7, 0.3}, {1, {2, -1, 1}, -0.4, 0.5}, {0, {0, 2, 1}, 0.35, 0}, {2, {1, 0, -2}, 0.2, 0.6}};

/* ---- closed forms */

/* In one dimension what is solenoidal is J / q with J = int e / int 1/q, so that E_q|Pi_q e|^2 = int q e^2 - (int e)^2 / int 1/q:
 * at every step of a run in either form. The energy is off by the product of residual and potential, below 1e-6; 96 cells resolve 1 / q
 * (50 leave 1e-5 at the lowest noise). */
static void one_dimension_has_a_closed_form(void **state) {
    (void)state;
    enum { CELLS = 96 };
    for (int form = RG_FORM_RATIO; form <= RG_FORM_DENSITY; form++) {
        struct stand s = {.form = (rg_form)form, .tolerance = fine};
        assert_ok(rg_grid_init(1, (ptrdiff_t[]){CELLS}, NULL, NULL, &s.grid));
        double mean[2], covariance[2], prior[CELLS], rho[CELLS];
        const rg_density_spec spec = two_gaussians(1, mean, covariance);
        const rg_error_mode wave = {0, {1}, 0.7, 0.3};
        const rg_error_term term[] = {{.kind = RG_ERROR_CONSTANT, .constant = {0.8}},
                                      {.kind = RG_ERROR_MODES, .modes = 1, .mode = &wave}};
        for (int i = 0; i < CELLS; i++) prior[i] = exp(sin(0.3 + i * 2 * pi / CELLS));
        stand_up(&s, &spec, term, 2, prior);
        int steps = 0;
        do {
            const rg_level *level = rg_evolve_level(s.evolve);
            double clipped, square = 0, sum = 0, inverse = 0, h = rg_grid_spacing(&s.grid, 0);
            rg_evolve_ratio(s.evolve, RG_FULL, rho, &clipped);
            for (int i = 0; i < CELLS; i++) {
                const double q = rho[i] * level->density[i], e = level->error[i];
                square += h * q * e * e;
                sum += h * e;
                inverse += h / q;
            }
            const double solenoidal = sum * sum / inverse;
            assert_true(solenoidal > 1e-3 * square); /* something to see */
            assert_below(fabs(energy_of(&s) / (square - solenoidal) - 1), 1e-6);
            steps++;
        } while (step(&s));
        assert_true(steps > 10);
        take_down(&s);
    }
}

/* x_a, or far out where no mass is a smooth return to 0 at the edge of the box [-11, 11]. */
static double nearly_linear(double x) {
    const double from = 7.5, to = 11, t = (fabs(x) - from) / (to - from);
    if (t <= 0) return x;
    if (t >= 1) return 0;
    const double up = exp(-1 / t), down = exp(-1 / (1 - t));
    return x * down / (up + down);
}

static double gaussian(double x, double variance) {
    return exp(-0.5 * x * x / variance) / sqrt(2 * pi * variance);
}

/* A rotation on N(0, diag(a, b)) has a gradient part of ((a - b)/(a + b))^2 of its energy (docs/theory.md 7), none where a = b.
 * p and q in turn are the round one: of the two projections either may be the one that sees nothing. Beyond 7.5, where the field
 * leaves the line, there is at most exp(-7.5^2 / 3) = 7e-9 of p, and exp(-7.5^2 / 2.6) of q. */
static void gaussians_have_a_closed_form(void **state) {
    (void)state;
    const double lower[] = {-11, -11}, length[] = {22, 22};
    const double of_p[][2] = {{0.9, 0.4}, {0.8, 0.8}, {0.5, 0.9}}, of_q[][2] = {{0.9, 0.9}, {1.2, 0.6}, {0.7, 1.3}};
    for (int c = 0; c < 6; c++) {
        struct stand s = {.form = c % 2 ? RG_FORM_RATIO : RG_FORM_DENSITY, .tolerance = usual};
        assert_ok(rg_grid_init(2, (ptrdiff_t[]){80, 75}, lower, length, &s.grid));
        const double *a = of_q[c / 2], mean[2] = {0}, covariance[] = {of_p[c / 2][0], 0, 0, of_p[c / 2][1]}, one = 1;
        const rg_density_spec spec = {
            .kind = RG_DENSITY_MIXTURE, .components = 1, .means = mean, .covariances = covariance, .weights = &one};
        const ptrdiff_t n = rg_grid_cells(&s.grid);
        double *prior = rg_field_alloc((size_t)n), *field = rg_field_alloc(2 * (size_t)n);
        assert_true(prior && field);
        for (ptrdiff_t i = 0; i < n; i++) {
            const ptrdiff_t row = i / 75, column = i % 75;
            const double x = lower[0] + (double)row * 22 / 80, y = lower[1] + (double)column * 22 / 75;
            prior[i] = gaussian(x, a[0]) * gaussian(y, a[1]);
            field[i] = -nearly_linear(y) * (nearly_linear(x) == x ? 1 : nearly_linear(x) / x);
            field[n + i] = nearly_linear(x) * (nearly_linear(y) == y ? 1 : nearly_linear(y) / y);
        }
        const rg_error_term term = {.kind = RG_ERROR_FIELD, .values = field, .values_grid = s.grid};
        stand_up(&s, &spec, &term, 1, prior);
        const double total = a[0] + a[1], share = pow((a[0] - a[1]) / total, 2);
        const double big[] = {of_p[c / 2][0] + most, of_p[c / 2][1] + most};
        const double own = pow((big[0] - big[1]) / (big[0] + big[1]), 2),
                     part = rg_evolve_level(s.evolve)->split.gradient;
        assert_below(fabs(energy_of(&s) - share * total), 1e-6 * total);
        assert_below(fabs(part - own * (big[0] + big[1])), 1e-6 * total);
        take_down(&s);
        rg_free(prior);
        rg_free(field);
    }
}

/* From the exact prior q starts as p, and both projections are one; in two and three dimensions. */
static void projections_meet_where_q_is_p(void **state) {
    (void)state;
    for (int dim = 2; dim <= 3; dim++)
        for (int form = RG_FORM_RATIO; form <= RG_FORM_DENSITY; form++) {
            struct stand s = {.form = (rg_form)form, .tolerance = fine};
            assert_ok(rg_grid_init(dim, (ptrdiff_t[]){20, 17, 18}, NULL, NULL, &s.grid));
            double mean[6], covariance[18];
            const rg_density_spec spec = two_gaussians(dim, mean, covariance);
            const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = dim == 2 ? 3 : 4, .mode = mode};
            stand_up(&s, &spec, &term, 1, NULL);
            const rg_split_report *split = &rg_evolve_level(s.evolve)->split;
            assert_true(split->solenoidal > 0.1 * split->total);
            assert_below(fabs(energy_of(&s) / split->gradient - 1), 1e-6);
            take_down(&s);
        }
}

/* ---- what holds of any q */

/* int q |v|^2 */
static double weighed(const rg_grid *g, const double *q, const double *v) {
    const ptrdiff_t n = rg_grid_cells(g);
    double sum = 0;
    for (int a = 0; a < g->dim; a++)
        for (ptrdiff_t i = 0; i < n; i++) sum += q[i] * v[a * n + i] * v[a * n + i];
    return sum * rg_grid_cell_volume(g);
}

/* Along a run a projection is never larger than the whole, and the smaller of the two energies is kept. Which one that is
 * depends on how q differs from p, in first order on the sign of the error. */
static void keeps_the_smaller_energy(const struct rg_error_term *term, int *smaller, int *larger) {
    struct stand s = {.form = RG_FORM_RATIO, .tolerance = usual};
    assert_ok(rg_grid_init(2, (ptrdiff_t[]){28, 25}, NULL, NULL, &s.grid));
    double mean[6], covariance[18], q[28 * 25];
    const rg_density_spec spec = two_gaussians(2, mean, covariance);
    stand_up(&s, &spec, term, 1, NULL);
    rg_history history;
    assert_ok(rg_history_create(&s.grid, s.tolerance, &history));
    do {
        const rg_level *level = rg_evolve_level(s.evolve);
        const double energy = energy_of(&s);
        double clipped;
        rg_evolve_ratio(s.evolve, RG_FULL, q, &clipped);
        for (int i = 0; i < 28 * 25; i++) q[i] *= level->density[i];
        const double total = weighed(&s.grid, q, level->error), gradient = weighed(&s.grid, q, level->gradient);
        assert_below(energy, total * (1 + 1e-9));
        assert_ok(rg_history_add(&history, s.evolve, s.form));
        const double *kept = history.point[history.count - 1].integrand;
        assert_below(fabs(kept[RG_INTEGRAL_REVERSE_GRADIENT] / gradient - 1), 1e-13);
        assert_below(fabs(kept[RG_INTEGRAL_REVERSE_PROJECTION] / fmin(energy, gradient) - 1), 1e-13);
        *smaller += energy < gradient * (1 - 1e-4);
        *larger += energy > gradient * (1 + 1e-4);
    } while (step(&s));
    rg_history_free(&history);
    take_down(&s);
}

static void history_keeps_the_smaller_energy(void **state) {
    (void)state;
    rg_error_mode other[3];
    for (int m = 0; m < 3; m++) {
        other[m] = mode[m];
        other[m].sine *= -1;
        other[m].cosine *= -1;
    }
    int smaller = 0, larger = 0;
    keeps_the_smaller_energy(&(rg_error_term){.kind = RG_ERROR_MODES, .modes = 3, .mode = mode}, &smaller, &larger);
    keeps_the_smaller_energy(&(rg_error_term){.kind = RG_ERROR_MODES, .modes = 3, .mode = other}, &smaller, &larger);
    assert_true(smaller > 5 && larger > 5);
}

/* Most of the box has q < 1e-13 of its maximum, and in density form no digits; ratio form has them all. What is added for the
 * noise of 1e-9 makes the energy larger, by little. */
static void noise_rounds_up(void **state) {
    (void)state;
    double energy[2];
    for (int form = RG_FORM_RATIO; form <= RG_FORM_DENSITY; form++) {
        struct stand s = {.form = (rg_form)form, .tolerance = fine};
        const double lower[] = {-11, -11}, length[] = {22, 22}, one = 1;
        assert_ok(rg_grid_init(2, (ptrdiff_t[]){54, 50}, lower, length, &s.grid));
        const double mean[] = {-1.3, 0.7}, covariance[] = {0.3, 0.1, 0.1, 0.4};
        const rg_density_spec spec = {
            .kind = RG_DENSITY_MIXTURE, .components = 1, .means = mean, .covariances = covariance, .weights = &one};
        const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = 3, .mode = mode};
        stand_up(&s, &spec, &term, 1, NULL);
        while (rg_evolve_level(s.evolve)->variance > middle) assert_true(step(&s));
        energy[form - RG_FORM_RATIO] = energy_of(&s);
        take_down(&s);
    }
    const double more = energy[1] / energy[0] - 1;
    assert_true(more > -1e-6); /* ten times the tolerance of the steps, whose number differs */
    assert_below(more, 1e-4);
}

/* A q of any mass with a wide negative part, on a circle. There q' r is a constant j, and r averages to e:
 *   E_q'|Pi e|^2 + int delta r^2 = e^2 int q' - j^2 int 1/q' + j^2 int delta / q'^2,   j = e L / int 1/q'. */
static double energy_by_hand(const rg_grid *g, double e, double mass, double depth) {
    const int n = 80; /* the grid of the test: max(q, 0) has kinks */
    const double length = g->length[0], f = 4 * mass * (depth - 1) / length; /* four times what shows below 0 */
    double whole = 0, inverse = 0, rest = 0;
    for (int i = 0; i < n; i++) {
        const double q = mass * (1 + depth * cos(2 * pi * i / n)) / length,
                     positive = 0.5 * (q + sqrt(q * q + 4 * f * f));
        whole += positive * length / n;
        inverse += length / n / positive;
        rest += (positive - fmax(q, 0)) / (positive * positive) * length / n;
    }
    const double j = e * length / inverse;
    return e * e * whole - j * j * inverse + j * j * rest;
}

static void negative_masses_have_a_closed_form(void **state) {
    (void)state;
    for (double mass = 1; mass < 4; mass *= 2.7) {
        struct stand s = {.form = RG_FORM_RATIO, .tolerance = fine};
        assert_ok(rg_grid_init(1, (ptrdiff_t[]){80}, NULL, NULL, &s.grid));
        double mean[2], covariance[2];
        const rg_density_spec spec = two_gaussians(1, mean, covariance);
        const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {0.8}};
        stand_up(&s, &spec, &term, 1, NULL);
        rg_level *level = (rg_level *)(uintptr_t)rg_evolve_level(s.evolve);
        for (int i = 0; i < 80; i++) { /* rho is 1: q is what is called p here, and its slope p s */
            const double angle = 2 * pi * i / 80, shape = 1 + 1.3 * cos(angle);
            level->density[i] = mass * shape / s.grid.length[0];
            level->score[i] = -1.3 * sin(angle) / shape * 2 * pi / s.grid.length[0];
        }
        const double exact = energy_by_hand(&s.grid, 0.8, mass, 1.3);
        assert_below(fabs(energy_of(&s) / exact - 1), 1e-6);
        take_down(&s);
    }
}

/* What a split that is not finished misses is made up for, at tolerances as runs have them. */
static void unfinished_splits_round_up(void **state) {
    (void)state;
    static const double tolerances[] = {1e-9, 1e-4, 1e-3, 1e-2};
    double energy[COUNT_OF(tolerances)], mean[6], covariance[18];
    for (size_t k = 0; k < COUNT_OF(tolerances); k++) {
        struct stand s = {.form = RG_FORM_RATIO, .tolerance = tolerances[k]};
        assert_ok(rg_grid_init(2, (ptrdiff_t[]){28, 25}, NULL, NULL, &s.grid));
        const rg_density_spec spec = two_gaussians(2, mean, covariance);
        const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = 3, .mode = mode};
        stand_up(&s, &spec, &term, 1, NULL);
        energy[k] = energy_of(&s);
        assert_true(energy[k] > energy[0] * (1 - 1e-9));
        take_down(&s);
    }
}

/* A field without a number in it has no energy. */
static void not_a_number_is_refused(void **state) {
    (void)state;
    struct stand s = {.form = RG_FORM_DENSITY, .tolerance = usual};
    assert_ok(rg_grid_init(1, (ptrdiff_t[]){32}, NULL, NULL, &s.grid));
    double mean[2], covariance[2], energy = 7;
    const rg_density_spec spec = two_gaussians(1, mean, covariance);
    const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {0.8}};
    stand_up(&s, &spec, &term, 1, NULL);
    ((rg_level *)(uintptr_t)rg_evolve_level(s.evolve))->density[3] = not_a_number;
    assert_int_equal(rg_reverse_projection_energy(&s.projection, s.evolve, s.form, &energy), RG_EINVAL);
    assert_true(energy == 7);
    take_down(&s);
}

static void threads_leave_every_bit(void **state) {
    (void)state;
    double energy[3];
    const int before = omp_get_max_threads();
    for (int threads = 1; threads <= 3; threads++) {
        struct stand s = {.form = RG_FORM_DENSITY, .tolerance = usual};
        omp_set_num_threads(threads);
        assert_ok(rg_grid_init(3, (ptrdiff_t[]){12, 14, 11}, NULL, NULL, &s.grid));
        double mean[6], covariance[18];
        const rg_density_spec spec = two_gaussians(3, mean, covariance);
        const rg_error_term term = {.kind = RG_ERROR_MODES, .modes = 4, .mode = mode};
        stand_up(&s, &spec, &term, 1, NULL);
        energy[threads - 1] = energy_of(&s);
        take_down(&s);
    }
    omp_set_num_threads(before);
    assert_true(energy[0] == energy[1] && energy[1] == energy[2]);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const rg_grid g = grid_of(2, (ptrdiff_t[]){8, 9, 1});
    rg_status status = RG_ENOMEM;
    int failures = 0;
    for (; status; failures++) {
        rg_history history;
        rg_alloc_fail_after(failures);
        status = rg_history_create(&g, 1e-6, &history);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
        rg_history_free(&history);
    }
    assert_in_range(failures, 3 + 4 + 16 + 6,
                    80); /* fields of the history, of the projection, of the split and its warm start */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_dimension_has_a_closed_form),
        cmocka_unit_test(gaussians_have_a_closed_form),
        cmocka_unit_test(projections_meet_where_q_is_p),
        cmocka_unit_test(history_keeps_the_smaller_energy),
        cmocka_unit_test(noise_rounds_up),
        cmocka_unit_test(negative_masses_have_a_closed_form),
        cmocka_unit_test(unfinished_splits_round_up),
        cmocka_unit_test(not_a_number_is_refused),
        cmocka_unit_test(threads_leave_every_bit),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
