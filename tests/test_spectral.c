/* Spectral operators against exact modes, against each other, and under the symmetries of the torus.
 *
 * Bounds. A transform leaves a relative error of `rounding` in the root mean square; an operator turns it into at most
 * its norm times that: kmax for one derivative, kmax^2 for two, 1/kmin^2 for the inverse Laplacian. Every bound below
 * is such a product, written out where it is used. */
#include <rotgrad/spectral.h>

#include "base/base.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"

static rg_spectral *spectral_of(const rg_grid *grid) {
    rg_spectral *s = NULL;
    assert_ok(rg_spectral_create(grid, RG_PLAN_ESTIMATE, &s));
    return s;
}

/* ---- the operators, seen alike */

static const double shift = 1.7, variance = 0.013;

static rg_status helmholtz(rg_spectral *s, const double *f, double *out) {
    return rg_helmholtz(s, shift, f, out);
}

static rg_status heat(rg_spectral *s, const double *f, double *out) {
    return rg_heat(s, variance, f, out);
}

typedef struct linear {
    const char *name;
    rg_status (*apply)(rg_spectral *, const double *, double *);
    int takes_vector, gives_vector;
    double k_max_power, k_min_power, factor; /* its norm */
} linear;

static const linear operators[] = {
    {"gradient", rg_gradient, 0, 1, 1, 0, 1},      {"divergence", rg_divergence, 1, 0, 1, 0, 1},
    {"laplacian", rg_laplacian, 0, 0, 2, 0, 1},    {"poisson", rg_poisson, 0, 0, 0, -2, 1},
    {"helmholtz", helmholtz, 0, 0, 0, 0, 1 / 1.7}, {"heat", heat, 0, 0, 0, 0, 1},
};

static double norm_of(const linear *o, const rg_grid *grid) {
    return o->factor * pow(k_max(grid), o->k_max_power) * pow(k_min(grid), o->k_min_power);
}

static ptrdiff_t taken(const linear *o, const rg_grid *grid) {
    return rg_grid_cells(grid) * (o->takes_vector ? grid->dim : 1);
}

static ptrdiff_t given(const linear *o, const rg_grid *grid) {
    return rg_grid_cells(grid) * (o->gives_vector ? grid->dim : 1);
}

/* ---- grids */

static void grids_are_checked(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 4}, small[] = {6, 3, 4}, negative[] = {-6, 5, 4};
    const ptrdiff_t huge[] = {(ptrdiff_t)1 << 31, (ptrdiff_t)1 << 31, 4}, over[] = {PTRDIFF_MAX, PTRDIFF_MAX, 4};
    const double zero[] = {1, 0, 1}, minus[] = {1, -2, 1}, nans[] = {1, not_a_number, 1}, inf[] = {1, infinity, 1};
    rg_grid g, before;
    memset(&g, 7, sizeof g);
    memcpy(&before, &g, sizeof g);
    assert_int_equal(rg_grid_init(0, shape, NULL, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(4, shape, NULL, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, NULL, NULL, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, NULL, NULL, NULL), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, small, NULL, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, negative, NULL, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, nans, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, inf, NULL, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, NULL, zero, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, NULL, minus, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, NULL, nans, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, shape, NULL, inf, &g), RG_EINVAL);
    assert_int_equal(rg_grid_init(3, huge, NULL, NULL, &g), RG_ENOMEM);
    assert_int_equal(rg_grid_init(2, over, NULL, NULL, &g), RG_ENOMEM);
    assert_memory_equal(&g, &before, sizeof g);
    assert_ok(rg_grid_init(1, small, nans + 2, zero, &g)); /* nothing beyond dim is read */
}

static void grids_know_their_sizes(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 9};
    rg_grid g = grid_of(2, shape), other = g;
    assert_int_equal(rg_grid_cells(&g), 30);
    assert_int_equal(g.shape[2], 1);
    assert_int_equal(g.count0, 6);
    assert_below(fabs(rg_grid_volume(&g) - 2.3 * 0.7), 4 * DBL_EPSILON);
    assert_below(fabs(rg_grid_cell_volume(&g) - 2.3 * 0.7 / 30), 4 * DBL_EPSILON);
    assert_below(fabs(rg_grid_spacing(&g, 1) - 0.14), 4 * DBL_EPSILON);
    assert_true(rg_grid_same(&g, &other));
    other.lower[1] += 1e-9;
    assert_false(rg_grid_same(&g, &other));
    g = grid_of(3, shape);
    assert_false(rg_grid_same(&g, &other));
    assert_int_equal(rg_grid_cells(&g), 270);
    assert_below(fabs(rg_grid_volume(&g) - 2.3 * 0.7 * 6.1), 16 * DBL_EPSILON);
    assert_ok(rg_grid_init(3, shape, NULL, NULL, &g));
    assert_below(fabs(rg_grid_volume(&g) - 8 * pi * pi * pi), 1024 * DBL_EPSILON);
    assert_true(g.lower[2] == -pi);
}

/* ---- exact modes */

/* cos(k.(x - lower) + phase) and its derivative along each axis; the phase is reduced in integers, so the values are
 * good to a rounding. Wavenumbers are counted in 2 pi / length. */
typedef struct wave {
    ptrdiff_t count[RG_MAX_DIM];
    double phase;
} wave;

static double wave_k(const rg_grid *grid, const wave *w, int axis) {
    return 2 * pi * (double)w->count[axis] / grid->length[axis];
}

static double wave_kk(const rg_grid *grid, const wave *w) {
    double kk = 0;
    for (int a = 0; a < grid->dim; a++) kk += wave_k(grid, w, a) * wave_k(grid, w, a);
    return kk;
}

static double wave_angle(const rg_grid *grid, const wave *w, ptrdiff_t cell) {
    ptrdiff_t place[RG_MAX_DIM];
    place_of(grid, cell, place);
    double angle = w->phase;
    for (int a = 0; a < grid->dim; a++)
        angle += 2 * pi * (double)(w->count[a] * place[a] % grid->shape[a]) / (double)grid->shape[a];
    return angle;
}

/* The next wave with |count| <= shape / 2, Nyquist included; 0 after the last. */
static int next_wave(const rg_grid *grid, wave *w) {
    for (int a = 0; a < grid->dim; a++) {
        if (++w->count[a] <= grid->shape[a] / 2) return 1;
        w->count[a] = -(grid->shape[a] / 2);
    }
    return 0;
}

static wave first_wave(const rg_grid *grid) {
    wave w = {{0}, 0.7};
    for (int a = 0; a < grid->dim; a++) w.count[a] = -(grid->shape[a] / 2);
    return w;
}

static int is_nyquist(const rg_grid *grid, const wave *w, int axis) {
    return 2 * w->count[axis] == grid->shape[axis] || 2 * w->count[axis] == -grid->shape[axis];
}

static int has_nyquist(const rg_grid *grid, const wave *w) {
    for (int a = 0; a < grid->dim; a++)
        if (is_nyquist(grid, w, a)) return 1;
    return 0;
}

static void check_wave(rg_spectral *s, const rg_grid *grid, const wave *w) {
    const ptrdiff_t n = rg_grid_cells(grid);
    const double kk = wave_kk(grid, w), bound = rounding * k_max(grid);
    double *f = field(n), *want = field(n), *got = field(grid->dim * n);
    for (ptrdiff_t i = 0; i < n; i++) f[i] = cos(wave_angle(grid, w, i));

    assert_ok(rg_gradient(s, f, got));
    for (int a = 0; a < grid->dim && !has_nyquist(grid, w); a++) {
        for (ptrdiff_t i = 0; i < n; i++) want[i] = -wave_k(grid, w, a) * sin(wave_angle(grid, w, i));
        assert_below(rms_difference(n, got + a * n, want), bound);
    }
    for (int a = 0; a < grid->dim; a++)
        if (is_nyquist(grid, w, a)) assert_below(rms(n, got + a * n), bound);

    assert_ok(rg_laplacian(s, f, got)); /* Nyquist modes too: cos(pi j) has its true second derivative */
    for (ptrdiff_t i = 0; i < n; i++) want[i] = -kk * f[i];
    assert_below(rms_difference(n, got, want), bound * k_max(grid));
    assert_ok(rg_poisson(s, f, got));
    for (ptrdiff_t i = 0; i < n; i++) want[i] = kk > 0 ? -f[i] / kk : 0;
    assert_below(rms_difference(n, got, want), rounding / pow(k_min(grid), 2));
    assert_ok(rg_helmholtz(s, shift, f, got));
    for (ptrdiff_t i = 0; i < n; i++) want[i] = f[i] / (shift + kk);
    assert_below(rms_difference(n, got, want), rounding / shift);
    assert_ok(rg_heat(s, variance, f, got));
    for (ptrdiff_t i = 0; i < n; i++) want[i] = exp(-0.5 * variance * kk) * f[i];
    assert_below(rms_difference(n, got, want), rounding);
    rg_free(f);
    rg_free(want);
    rg_free(got);
}

static void modes_are_exact(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        rg_spectral *s = spectral_of(&grid);
        wave w = first_wave(&grid);
        do check_wave(s, &grid, &w);
        while (next_wave(&grid, &w));
        rg_spectral_destroy(s);
    }
}

/* exp(sin) in every axis. Its coefficients fall like 1 / (2^k k!): at k = 16 they are below 1e-18. */
static void smooth_functions_are_exact(void **state) {
    (void)state;
    static const sizes cases[] = {{1, {33, 1, 1}}, {2, {34, 35, 1}}, {3, {33, 34, 35}}, {3, {34, 32, 33}}};
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const rg_grid grid = grid_of(cases[c].dim, cases[c].shape);
        const int d = grid.dim;
        const ptrdiff_t n = rg_grid_cells(&grid);
        rg_spectral *s = spectral_of(&grid);
        double *f = field(n), *gradient = field(d * n), *laplacian = field(n), *got = field(d * n);
        for (ptrdiff_t i = 0; i < n; i++) {
            double angle[RG_MAX_DIM], sum = 0;
            angles_of(&grid, i, angle);
            for (int a = 0; a < d; a++) sum += sin(angle[a]);
            f[i] = exp(sum);
            for (int a = 0; a < d; a++) {
                const double k = 2 * pi / grid.length[a];
                gradient[a * n + i] = k * cos(angle[a]) * f[i];
                laplacian[i] += k * k * (cos(angle[a]) * cos(angle[a]) - sin(angle[a])) * f[i];
            }
        }
        const double bound = rounding * k_max(&grid) * rms(n, f);
        assert_ok(rg_gradient(s, f, got));
        assert_below(rms_difference(d * n, got, gradient), bound);
        assert_ok(rg_divergence(s, gradient, got));
        assert_below(rms_difference(n, got, laplacian), bound * k_max(&grid));
        assert_ok(rg_laplacian(s, f, got));
        assert_below(rms_difference(n, got, laplacian), bound * k_max(&grid));
        const double i0 = 1.2660658777520084; /* Bessel I0(1), the mean of exp(sin) */
        assert_below(fabs(rg_integral(&grid, f) / (rg_grid_volume(&grid) * pow(i0, d)) - 1), rounding);
        rg_free(f);
        rg_free(gradient);
        rg_free(laplacian);
        rg_free(got);
        rg_spectral_destroy(s);
    }
}

/* The trapezoidal rule sees the mean only, and in the unit of the box. */
static void integrals_see_the_mean(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid);
        double *f = field(n);
        for (ptrdiff_t i = 0; i < n; i++) f[i] = 1.25;
        assert_below(fabs(rg_integral(&grid, f) - 1.25 * rg_grid_volume(&grid)), rounding * rg_grid_volume(&grid));
        wave w = {{1, 1, 1}, 0.3};
        for (ptrdiff_t i = 0; i < n; i++) f[i] = cos(wave_angle(&grid, &w, i));
        assert_below(fabs(rg_integral(&grid, f)), rounding * rg_grid_volume(&grid));
        rg_free(f);
    }
}

/* ---- identities on white noise */

static void gradient_and_divergence_are_adjoint(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid), dn = n * grid.dim;
        rg_spectral *s = spectral_of(&grid);
        double *f = noise(n, 1 + c), *F = noise(dn, 50 + c), *gradient = field(dn), *divergence = field(n);
        assert_ok(rg_gradient(s, f, gradient));
        assert_ok(rg_divergence(s, F, divergence));
        const double left = mean_product(n, f, divergence), right = -mean_product(dn, gradient, F) * grid.dim;
        assert_below(fabs(left - right), rounding * k_max(&grid) * rms(n, f) * rms(dn, F) * grid.dim);
        rg_free(f);
        rg_free(F);
        rg_free(gradient);
        rg_free(divergence);
        rg_spectral_destroy(s);
    }
}

/* div grad and the Laplacian differ in Nyquist modes, and in nothing else. */
static void div_grad_is_the_laplacian_but_for_nyquist(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid), dn = n * grid.dim;
        rg_spectral *s = spectral_of(&grid);
        double *f = noise(n, 2 + c), *gradient = field(dn), *twice = field(n), *laplacian = field(n);
        int even = 0;
        for (int a = 0; a < grid.dim; a++) even |= grid.shape[a] % 2 == 0;
        for (int dropped = 0; dropped < 2; dropped++) {
            assert_ok(rg_gradient(s, f, gradient));
            assert_ok(rg_divergence(s, gradient, twice));
            assert_ok(rg_laplacian(s, f, laplacian));
            const double difference = rms_difference(n, twice, laplacian), scale = pow(k_max(&grid), 2) * rms(n, f);
            if (even && !dropped)
                assert_true(difference > 1e-3 * scale);
            else
                assert_below(difference, rounding * scale);
            drop_nyquist(&grid, f);
        }
        rg_free(f);
        rg_free(gradient);
        rg_free(twice);
        rg_free(laplacian);
        rg_spectral_destroy(s);
    }
}

static void inverses_invert(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid);
        rg_spectral *s = spectral_of(&grid);
        double *f = noise(n, 3 + c), *u = field(n), *back = field(n), *centred = copy_of(n, f);
        const double m = mean(n, f), size = rms(n, f), condition = pow(k_max(&grid) / k_min(&grid), 2);
        for (ptrdiff_t i = 0; i < n; i++) centred[i] -= m;

        assert_ok(rg_poisson(s, f, u));
        assert_below(fabs(mean(n, u)), rounding * rms(n, u));
        assert_ok(rg_laplacian(s, u, back));
        assert_below(rms_difference(n, back, centred), rounding * condition * size);
        assert_ok(rg_laplacian(s, f, u));
        assert_ok(rg_poisson(s, u, back));
        assert_below(rms_difference(n, back, centred), rounding * condition * size);

        assert_ok(rg_helmholtz(s, shift, f, u));
        assert_ok(rg_laplacian(s, u, back));
        for (ptrdiff_t i = 0; i < n; i++) back[i] = shift * u[i] - back[i];
        assert_below(rms_difference(n, back, f), rounding * (1 + pow(k_max(&grid), 2) / shift) * size);
        rg_free(f);
        rg_free(u);
        rg_free(back);
        rg_free(centred);
        rg_spectral_destroy(s);
    }
}

static void heat_is_a_semigroup(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid);
        rg_spectral *s = spectral_of(&grid);
        double *f = noise(n, 4 + c), *u = field(n), *once = field(n);
        const double bound = rounding * rms(n, f);
        assert_ok(rg_heat(s, 0, f, u));
        assert_below(rms_difference(n, u, f), bound);
        assert_ok(rg_heat(s, 0.0011, f, u));
        assert_ok(rg_heat(s, 0.0007, u, u));
        assert_ok(rg_heat(s, 0.0018, f, once));
        assert_below(rms_difference(n, u, once), bound);
        assert_below(fabs(mean(n, once) - mean(n, f)), bound); /* mass */
        assert_below(rms(n, once), rms(n, f) + bound);
        assert_ok(rg_heat(s, 1e9, f, u)); /* all but the mean is gone */
        for (ptrdiff_t i = 0; i < n; i++) once[i] = mean(n, f);
        assert_below(rms_difference(n, u, once), bound);
        rg_free(f);
        rg_free(u);
        rg_free(once);
        rg_spectral_destroy(s);
    }
}

/* ---- symmetries, on white noise: a derivative that is not 0 at Nyquist fails the mirror */

static void check_symmetry(const linear *o, const symmetry *y, const rg_grid *grid) {
    const rg_grid target = moved_grid(y, grid);
    const ptrdiff_t in = taken(o, grid), out = given(o, grid);
    rg_spectral *s = spectral_of(grid), *t = spectral_of(&target);
    double *f = noise(in, 17), *f_moved = moved(y, grid, o->takes_vector, f);
    double *here = field(out), *there = field(out);
    assert_ok(o->apply(s, f, here));
    assert_ok(o->apply(t, f_moved, there));
    double *here_moved = moved(y, grid, o->gives_vector, here);
    const double difference = rms_difference(out, here_moved, there), bound = rounding * norm_of(o, grid) * rms(in, f);
    if (!(difference <= bound)) print_error("%s, %s:\n", o->name, y->name);
    assert_below(difference, bound);
    rg_free(f);
    rg_free(f_moved);
    rg_free(here);
    rg_free(there);
    rg_free(here_moved);
    rg_spectral_destroy(s);
    rg_spectral_destroy(t);
}

static void operators_move_with_their_input(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++)
        for (size_t o = 0; o < COUNT_OF(operators); o++)
            for (size_t y = 0; y < COUNT_OF(symmetries); y++) {
                const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
                if (applies(&symmetries[y], grid.dim)) check_symmetry(&operators[o], &symmetries[y], &grid);
            }
}

/* ---- resampling */

/* Pairs of sizes: finer, coarser, both at once, every parity on either side. */
static const struct resampling {
    int dim;
    ptrdiff_t from[RG_MAX_DIM], to[RG_MAX_DIM];
} resamplings[] = {
    {1, {8, 1, 1}, {9, 1, 1}},  {1, {8, 1, 1}, {10, 1, 1}},    {1, {9, 1, 1}, {10, 1, 1}},
    {1, {9, 1, 1}, {13, 1, 1}}, {1, {8, 1, 1}, {16, 1, 1}},    {2, {8, 9, 1}, {12, 9, 1}},
    {2, {8, 9, 1}, {8, 11, 1}}, {2, {7, 10, 1}, {14, 15, 1}},  {2, {8, 6, 1}, {11, 12, 1}},
    {3, {4, 6, 5}, {7, 8, 10}}, {3, {6, 5, 8}, {6, 10, 9}},    {3, {5, 4, 7}, {8, 4, 7}},
    {3, {6, 4, 8}, {12, 8, 9}}, {2, {10, 12, 1}, {15, 12, 1}},
};

static rg_status resample(const rg_grid *from, const double *f, const rg_grid *to, double *out) {
    return rg_resample(from, f, to, 1, out);
}

static void resampling_up_and_down_is_nothing(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resamplings); c++) {
        const rg_grid coarse = grid_of(resamplings[c].dim, resamplings[c].from);
        const rg_grid fine = grid_of(resamplings[c].dim, resamplings[c].to);
        const ptrdiff_t n = rg_grid_cells(&coarse);
        double *f = noise(n, 5 + c), *up = field(rg_grid_cells(&fine)), *down = field(n);
        assert_ok(resample(&coarse, f, &fine, up));
        assert_ok(resample(&fine, up, &coarse, down));
        assert_below(rms_difference(n, f, down), rounding * rms(n, f));
        assert_below(fabs(mean(rg_grid_cells(&fine), up) - mean(n, f)), rounding * rms(n, f));
        assert_ok(resample(&coarse, f, &coarse, down));
        assert_below(rms_difference(n, f, down), rounding * rms(n, f));
        rg_free(f);
        rg_free(up);
        rg_free(down);
    }
}

/* Every wave of the coarse grid, Nyquist included: below Nyquist it is the same wave on the other grid. At Nyquist,
 * going finer, cos(pi j + phase) is known only as cos(phase) (-1)^j, which becomes cos(phase) cos(k x); going coarser
 * the values there are those of the wave. Phases make sine and cosine parts differ. */
static void resampling_is_exact_on_waves(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resamplings); c++) {
        const rg_grid coarse = grid_of(resamplings[c].dim, resamplings[c].from);
        const rg_grid fine = grid_of(resamplings[c].dim, resamplings[c].to);
        const ptrdiff_t n = rg_grid_cells(&coarse), m = rg_grid_cells(&fine);
        double *f = field(n), *up = field(m), *want = field(m), *down = field(n);
        wave w = first_wave(&coarse);
        do {
            /* a wave that only the finer grid tells from its mirror image: the mean of both is what is known of it */
            for (ptrdiff_t i = 0; i < n; i++) f[i] = cos(wave_angle(&coarse, &w, i));
            for (ptrdiff_t i = 0; i < m; i++) want[i] = 0;
            int images = 0;
            for (int flips = 0; flips < 1 << coarse.dim; flips++) {
                wave image = w;
                int exists = 1;
                for (int a = 0; a < coarse.dim; a++) {
                    const int nyquist = is_nyquist(&coarse, &w, a) && fine.shape[a] > coarse.shape[a];
                    if (flips >> a & 1) image.count[a] = -image.count[a];
                    exists &= nyquist || !(flips >> a & 1);
                }
                for (ptrdiff_t i = 0; exists && i < m; i++) want[i] += cos(wave_angle(&fine, &image, i));
                images += exists;
            }
            for (ptrdiff_t i = 0; i < m; i++) want[i] /= images;
            assert_ok(resample(&coarse, f, &fine, up));
            assert_below(rms_difference(m, up, want), rounding);
            for (ptrdiff_t i = 0; i < m; i++) up[i] = cos(wave_angle(&fine, &w, i));
            assert_ok(resample(&fine, up, &coarse, down));
            assert_below(rms_difference(n, down, f), rounding);
        } while (next_wave(&coarse, &w));
        rg_free(f);
        rg_free(up);
        rg_free(want);
        rg_free(down);
    }
}

/* Modes the coarse grid does not have leave nothing behind. */
static void resampling_cuts_high_modes(void **state) {
    (void)state;
    const ptrdiff_t fine_shape[] = {16, 21, 1};
    const rg_grid fine = grid_of(2, fine_shape);
    for (ptrdiff_t n = 8; n <= 9; n++) {
        const ptrdiff_t coarse_shape[] = {n, n + 1, 1};
        const rg_grid coarse = grid_of(2, coarse_shape);
        double *f = field(rg_grid_cells(&fine)), *down = field(rg_grid_cells(&coarse));
        for (ptrdiff_t k = 5; k <= 7; k++) {
            const wave waves[] = {{{k, 1, 0}, 0.4}, {{2, -k - 1, 0}, 0.4}, {{k, k + 1, 0}, 0.4}};
            for (size_t w = 0; w < COUNT_OF(waves); w++) {
                for (ptrdiff_t i = 0; i < rg_grid_cells(&fine); i++) f[i] = cos(wave_angle(&fine, &waves[w], i));
                assert_ok(resample(&fine, f, &coarse, down));
                assert_below(rms(rg_grid_cells(&coarse), down), rounding);
            }
        }
        rg_free(f);
        rg_free(down);
    }
}

/* Components stand one after another, constants stay, one axis may grow while another shrinks. */
static void resampling_keeps_components_apart(void **state) {
    (void)state;
    const ptrdiff_t from_shape[] = {6, 9, 4}, to_shape[] = {9, 6, 5};
    const rg_grid from = grid_of(3, from_shape), to = grid_of(3, to_shape);
    const ptrdiff_t n = rg_grid_cells(&from), m = rg_grid_cells(&to);
    double *f = field(5 * n), *out = field(5 * m);
    const wave w = {{1, -2, 1}, 0.2};
    for (int c = 0; c < 5; c++)
        for (ptrdiff_t i = 0; i < n; i++) f[c * n + i] = c + (c == 3 ? cos(wave_angle(&from, &w, i)) : 0);
    assert_ok(rg_resample(&from, f, &to, 5, out));
    for (int c = 0; c < 5; c++)
        for (ptrdiff_t i = 0; i < m; i++)
            assert_below(fabs(out[c * m + i] - c - (c == 3 ? cos(wave_angle(&to, &w, i)) : 0)), rounding * 5);
    rg_free(f);
    rg_free(out);
}

static void resampling_moves_with_its_input(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resamplings); c++)
        for (size_t y = 0; y < COUNT_OF(symmetries); y++) {
            symmetry still = symmetries[y]; /* a shift by points is one on both grids only when sizes divide */
            memset(still.shift, 0, sizeof still.shift);
            const rg_grid from = grid_of(resamplings[c].dim, resamplings[c].from);
            const rg_grid to = grid_of(resamplings[c].dim, resamplings[c].to);
            if (!applies(&still, from.dim)) continue;
            const rg_grid from_moved = moved_grid(&still, &from), to_moved = moved_grid(&still, &to);
            const ptrdiff_t n = rg_grid_cells(&from), m = rg_grid_cells(&to);
            double *f = noise(n, 23), *f_moved = moved(&still, &from, 0, f), *here = field(m), *there = field(m);
            assert_ok(resample(&from, f, &to, here));
            assert_ok(resample(&from_moved, f_moved, &to_moved, there));
            double *here_moved = moved(&still, &to, 0, here);
            assert_below(rms_difference(m, here_moved, there), rounding * rms(n, f));
            rg_free(f);
            rg_free(f_moved);
            rg_free(here);
            rg_free(there);
            rg_free(here_moved);
        }
}

static void resampling_refuses_other_boxes(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 4}, other_shape[] = {8, 7, 5};
    const rg_grid from = grid_of(2, shape), to = grid_of(2, other_shape), three = grid_of(3, other_shape);
    double f[30] = {0}, out[7 * 8 * 5], before[7 * 8 * 5];
    for (size_t i = 0; i < COUNT_OF(out); i++) out[i] = before[i] = 0.5 + (double)i;
    rg_grid longer = to, moved_box = to;
    longer.length[1] *= 1 + 1e-9;
    moved_box.lower[0] += 1e-9;
    assert_int_equal(rg_resample(&from, f, &longer, 1, out), RG_EINVAL);
    assert_int_equal(rg_resample(&from, f, &moved_box, 1, out), RG_EINVAL);
    assert_int_equal(rg_resample(&from, f, &three, 1, out), RG_EINVAL);
    assert_int_equal(rg_resample(NULL, f, &to, 1, out), RG_EINVAL);
    assert_int_equal(rg_resample(&from, NULL, &to, 1, out), RG_EINVAL);
    assert_int_equal(rg_resample(&from, f, NULL, 1, out), RG_EINVAL);
    assert_int_equal(rg_resample(&from, f, &to, 1, NULL), RG_EINVAL);
    assert_int_equal(rg_resample(&from, f, &to, 0, out), RG_EINVAL);
    assert_true(same_bits(COUNT_OF(out), out, before));
}

/* ---- memory, threads, arguments */

static void operators_work_in_place(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid), dn = grid.dim * n;
        rg_spectral *s = spectral_of(&grid);
        for (size_t k = 0; k < COUNT_OF(operators); k++) {
            const linear *o = &operators[k];
            double *f = noise(dn, 29), *apart = field(dn);
            for (int a = 0; a < grid.dim; a++) {
                /* the scalar of a gradient or divergence may stand in any component of the vector */
                double *both = copy_of(dn, f);
                assert_ok(o->apply(s, o->takes_vector ? f : f + a * n, apart));
                double *out = both + (o->gives_vector ? 0 : a * n);
                assert_ok(o->apply(s, o->takes_vector ? both : both + a * n, out));
                assert_true(same_bits(given(o, &grid), apart, out));
                rg_free(both);
            }
            rg_free(f);
            rg_free(apart);
        }
        rg_spectral_destroy(s);
    }
}

/* Measured plans stay in the process as wisdom; plans by rule do not listen to it. */
static void measured_plans_leave_estimated_ones_alone(void **state) {
    (void)state;
    const rg_grid grid = grid_of(2, (const ptrdiff_t[]){192, 192, 1});
    const ptrdiff_t n = rg_grid_cells(&grid);
    double *f = noise(n, 32), *out[] = {field(n), field(n)};
    for (int turn = 0; turn < 2; turn++) {
        rg_spectral *s = spectral_of(&grid), *measured = NULL;
        assert_ok(rg_poisson(s, f, out[turn]));
        assert_ok(rg_spectral_create(&grid, RG_PLAN_MEASURE, &measured));
        rg_spectral_destroy(measured);
        rg_spectral_destroy(s);
    }
    assert_true(same_bits(n, out[0], out[1]));
    rg_free(f);
    rg_free(out[0]);
    rg_free(out[1]);
}

/* Above RG_THREADED_CELLS, where loops and transforms are shared; with the last size of each dimension odd. */
static void threads_change_no_bit(void **state) {
    (void)state;
    static const sizes cases[] = {{1, {132000, 1, 1}}, {2, {364, 375, 1}}, {3, {52, 50, 54}}, {3, {51, 55, 49}}};
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const rg_grid grid = grid_of(cases[c].dim, cases[c].shape);
        const ptrdiff_t n = rg_grid_cells(&grid), dn = grid.dim * n;
        assert_true(n > RG_THREADED_CELLS);
        double *f = noise(dn, 31), *one = field(dn), *two = field(dn);
        for (size_t k = 0; k < COUNT_OF(operators); k++) {
            double integral[2];
            for (int threads = 1; threads <= 2; threads++) {
                omp_set_num_threads(threads);
                rg_spectral *s = spectral_of(&grid);
                assert_ok(operators[k].apply(s, f, threads == 1 ? one : two));
                integral[threads - 1] = rg_integral(&grid, f);
                rg_spectral_destroy(s);
            }
            assert_true(same_bits(given(&operators[k], &grid), one, two));
            assert_true(same_bits(1, integral, integral + 1));
        }
        rg_free(f);
        rg_free(one);
        rg_free(two);
    }
    omp_set_num_threads(1);
}

/* Plans made by timing give the same numbers up to rounding. */
static void measured_plans_agree(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {10, 15, 1};
    const rg_grid grid = grid_of(2, shape);
    rg_spectral *s = spectral_of(&grid), *measured = NULL;
    assert_ok(rg_spectral_create(&grid, RG_PLAN_MEASURE, &measured));
    double *f = noise(150, 37), *a = field(300), *b = field(300);
    assert_ok(rg_gradient(s, f, a));
    assert_ok(rg_gradient(measured, f, b));
    assert_below(rms_difference(300, a, b), rounding * k_max(&grid) * rms(150, f));
    rg_free(f);
    rg_free(a);
    rg_free(b);
    rg_spectral_destroy(s);
    rg_spectral_destroy(measured);
}

static void bad_arguments_are_refused(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 1};
    const rg_grid grid = grid_of(2, shape);
    rg_spectral *s = spectral_of(&grid);
    double *f = noise(61, 41), *out = noise(61, 42), *before = copy_of(61, out);
    for (size_t k = 0; k < COUNT_OF(operators); k++) {
        const linear *o = &operators[k];
        assert_int_equal(o->apply(NULL, f, out), RG_EINVAL);
        assert_int_equal(o->apply(s, NULL, out), RG_EINVAL);
        assert_int_equal(o->apply(s, f, NULL), RG_EINVAL);
        assert_int_equal(o->apply(s, f + 1, out), RG_EINVAL); /* 8 bytes off 16 */
        assert_int_equal(o->apply(s, f, out + 1), RG_EINVAL);
    }
    const double bad[] = {-1e-300, not_a_number, infinity, -infinity};
    for (size_t k = 0; k < COUNT_OF(bad); k++) {
        assert_int_equal(rg_helmholtz(s, bad[k], f, out), RG_EINVAL);
        assert_int_equal(rg_heat(s, bad[k], f, out), RG_EINVAL);
    }
    assert_int_equal(rg_helmholtz(s, 0, f, out), RG_EINVAL);
    assert_true(same_bits(61, out, before));
    rg_free(f);
    rg_free(out);
    rg_free(before);
    rg_spectral_destroy(s);
    rg_spectral_destroy(NULL);
}

/* With an odd number of cells the components of a vector cannot all be aligned: any address of doubles will do. */
static void odd_grids_take_any_address(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {5, 7, 1};
    const rg_grid grid = grid_of(2, shape);
    rg_spectral *s = spectral_of(&grid);
    double *f = noise(36, 43), *aligned = copy_of(35, f + 1), *a = field(70), *b = field(71);
    assert_ok(rg_gradient(s, aligned, a));
    assert_ok(rg_gradient(s, f + 1, b + 1));
    assert_true(same_bits(70, a, b + 1));
    rg_free(f);
    rg_free(aligned);
    rg_free(a);
    rg_free(b);
    rg_spectral_destroy(s);
}

static void creation_refuses_bad_grids(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 4};
    const rg_grid good = grid_of(3, shape);
    rg_spectral *const untouched = (rg_spectral *)(uintptr_t)&good, *s = untouched;
    rg_grid bad = good;
    bad.dim = 4;
    assert_int_equal(rg_spectral_create(&bad, RG_PLAN_ESTIMATE, &s), RG_EINVAL);
    bad = good;
    bad.shape[1] = 3;
    assert_int_equal(rg_spectral_create(&bad, RG_PLAN_ESTIMATE, &s), RG_EINVAL);
    bad = good;
    bad.length[2] = not_a_number;
    assert_int_equal(rg_spectral_create(&bad, RG_PLAN_ESTIMATE, &s), RG_EINVAL);
    bad = good;
    bad.shape[0] = (ptrdiff_t)1 << 40; /* more than FFTW counts, or than there is memory */
    assert_int_not_equal(rg_spectral_create(&bad, RG_PLAN_ESTIMATE, &s), RG_OK);
    assert_int_equal(rg_spectral_create(NULL, RG_PLAN_ESTIMATE, &s), RG_EINVAL);
    assert_int_equal(rg_spectral_create(&good, RG_PLAN_ESTIMATE, NULL), RG_EINVAL);
    assert_ptr_equal(s, untouched);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 4}, other[] = {8, 5, 7};
    const rg_grid grid = grid_of(3, shape), to = grid_of(3, other);
    double *f = noise(2 * 120, 47), *out = noise(2 * 280, 48), *before = copy_of(2 * 280, out);
    rg_spectral *s = NULL;
    rg_status status = RG_ENOMEM;
    long failures = 0;
    for (; status; failures++) {
        assert_null(s);
        rg_alloc_fail_after(failures);
        status = rg_spectral_create(&grid, RG_PLAN_ESTIMATE, &s);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    assert_true(failures > 5);
    for (status = RG_ENOMEM, failures = 0; status; failures++) {
        assert_true(same_bits(2 * 280, out, before));
        rg_alloc_fail_after(failures);
        status = rg_resample(&grid, f, &to, 2, out);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    rg_alloc_fail_after(-1);
    assert_true(failures > 5);
    assert_false(same_bits(2 * 280, out, before));
    rg_free(f);
    rg_free(out);
    rg_free(before);
    rg_spectral_destroy(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_are_checked),
        cmocka_unit_test(grids_know_their_sizes),
        cmocka_unit_test(modes_are_exact),
        cmocka_unit_test(smooth_functions_are_exact),
        cmocka_unit_test(integrals_see_the_mean),
        cmocka_unit_test(gradient_and_divergence_are_adjoint),
        cmocka_unit_test(div_grad_is_the_laplacian_but_for_nyquist),
        cmocka_unit_test(inverses_invert),
        cmocka_unit_test(heat_is_a_semigroup),
        cmocka_unit_test(operators_move_with_their_input),
        cmocka_unit_test(resampling_up_and_down_is_nothing),
        cmocka_unit_test(resampling_is_exact_on_waves),
        cmocka_unit_test(resampling_cuts_high_modes),
        cmocka_unit_test(resampling_keeps_components_apart),
        cmocka_unit_test(resampling_moves_with_its_input),
        cmocka_unit_test(resampling_refuses_other_boxes),
        cmocka_unit_test(operators_work_in_place),
        cmocka_unit_test(measured_plans_leave_estimated_ones_alone),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(measured_plans_agree),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(odd_grids_take_any_address),
        cmocka_unit_test(creation_refuses_bad_grids),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
