/* The flat and the weighted split: what a projection must satisfy, closed forms, and what a caller may get wrong.
 *
 * Bounds of the weighted split. It is solved to a residual |d* F| <= tolerance |d* E|, F = sqrt(p) r. With lambda the
 * first eigenvalue of A = d* d above 0, the error of either part in L2(p) is at most |d* F| / sqrt(lambda); by Holley
 * and Stroock lambda >= kmin^2 min p / max p. That is `part_error` below, and most bounds are a small multiple of it.
 * Where the grid resolves sqrt(p) and the field to rounding, the discrete problem adds only rounding to it. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <rotgrad/split.h>

#include "base/base.h"

#include <dlfcn.h>
#include <fftw3.h>
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"

/* ---- every transform is counted on its way to FFTW */

static int transforms;

typedef void execute_forward(const fftw_plan, double *, fftw_complex *);
typedef void execute_back(const fftw_plan, fftw_complex *, double *);

void fftw_execute_dft_r2c(const fftw_plan plan, double *in, fftw_complex *out) {
    execute_forward *real;
    void *symbol = dlsym(RTLD_NEXT, "fftw_execute_dft_r2c");
    memcpy(&real, &symbol, sizeof real);
    transforms++;
    real(plan, in, out);
}

void fftw_execute_dft_c2r(const fftw_plan plan, fftw_complex *in, double *out) {
    execute_back *real;
    void *symbol = dlsym(RTLD_NEXT, "fftw_execute_dft_c2r");
    memcpy(&real, &symbol, sizeof real);
    transforms++;
    real(plan, in, out);
}

static void assert_same_report(const rg_split_report *a, const rg_split_report *b) {
    const double x[] = {a->total, a->gradient, a->solenoidal, a->residual, a->orthogonality};
    const double y[] = {b->total, b->gradient, b->solenoidal, b->residual, b->orthogonality};
    assert_true(same_bits(COUNT_OF(x), x, y));
    assert_int_equal(a->iterations, b->iterations);
    assert_int_equal(a->transforms, b->transforms);
    assert_int_equal(a->resolved, b->resolved);
}

/* ---- smooth scalar functions: sums of waves, with their gradient */

enum { WAVES = 6 };

typedef struct waves {
    double count[WAVES][RG_MAX_DIM], amplitude[WAVES], phase[WAVES];
} waves;

/* Seeded, |count| <= highest on each axis. */
static waves some_waves(int dim, int highest, uint64_t seed) {
    waves w = {0};
    double *random = noise((ptrdiff_t)WAVES * 5, seed);
    for (int i = 0; i < WAVES; i++) {
        for (int a = 0; a < dim; a++) w.count[i][a] = round(random[5 * i + a] * (highest + 0.49));
        if (w.count[i][0] == 0) w.count[i][0] = 1; /* no constants */
        w.amplitude[i] = random[5 * i + 3];
        w.phase[i] = pi * random[5 * i + 4];
    }
    rg_free(random);
    return w;
}

/* Value at a cell, or the derivative along one axis. */
static double wave_value(const waves *w, const rg_grid *grid, ptrdiff_t cell, int derivative) {
    double angle[RG_MAX_DIM], sum = 0;
    angles_of(grid, cell, angle);
    for (int i = 0; i < WAVES; i++) {
        double along = w->phase[i];
        for (int a = 0; a < RG_MAX_DIM; a++) along += w->count[i][a] * angle[a];
        sum += derivative < 0
                   ? w->amplitude[i] * cos(along)
                   : -w->amplitude[i] * w->count[i][derivative] * 2 * pi / grid->length[derivative] * sin(along);
    }
    return sum;
}

static double *smooth_vector(const rg_grid *grid, int highest, uint64_t seed) {
    const ptrdiff_t n = rg_grid_cells(grid);
    double *e = field(grid->dim * n);
    for (int a = 0; a < grid->dim; a++) {
        const waves w = some_waves(grid->dim, highest, seed + (uint64_t)a);
        for (ptrdiff_t i = 0; i < n; i++) e[a * n + i] = 0.2 * a + wave_value(&w, grid, i, -1);
    }
    return e;
}

/* ---- a weighted split with everything that belongs to it */

typedef struct problem {
    rg_grid grid;
    int d;
    ptrdiff_t n, dn;
    double tolerance, contrast; /* contrast: max log p - min log p */
    double *log_density, *score, *root, *e;
    rg_split_parts parts;
    rg_split_report report;
    rg_split *split;
    rg_spectral *spectral; /* the test's own */
} problem;

static void plan(problem *p, const rg_split_options *options) {
    rg_split_destroy(p->split);
    assert_ok(rg_split_create(&p->grid, options, &p->split));
    p->tolerance = options && options->tolerance > 0 ? options->tolerance : 1e-10;
}

/* From log_density as it stands: contrast and sqrt(p), normalised. */
static void set_root(problem *p) {
    double top = -HUGE_VAL, least = HUGE_VAL;
    for (ptrdiff_t i = 0; i < p->n; i++) {
        top = fmax(top, p->log_density[i]);
        least = fmin(least, p->log_density[i]);
    }
    for (ptrdiff_t i = 0; i < p->n; i++) p->root[i] = exp(0.5 * (p->log_density[i] - top));
    const double mass = mean_product(p->n, p->root, p->root) * rg_grid_volume(&p->grid);
    for (ptrdiff_t i = 0; i < p->n; i++) p->root[i] /= sqrt(mass);
    p->contrast = top - least;
}

static problem problem_on(const rg_grid *grid) {
    problem p = {.grid = *grid, .d = grid->dim, .n = rg_grid_cells(grid)};
    p.dn = p.d * p.n;
    p.log_density = field(p.n);
    p.score = field(p.dn);
    p.root = field(p.n);
    p.e = field(p.dn);
    p.parts = (rg_split_parts){field(p.dn), field(p.dn), field(p.n), field(p.n), field(p.n)};
    assert_ok(rg_spectral_create(grid, RG_PLAN_ESTIMATE, &p.spectral));
    plan(&p, NULL);
    set_root(&p);
    return p;
}

static void clean(problem *p) {
    double *fields[] = {p->log_density,
                        p->score,
                        p->root,
                        p->e,
                        p->parts.gradient,
                        p->parts.solenoidal,
                        p->parts.potential,
                        p->parts.source,
                        p->parts.solenoidal_source};
    for (size_t i = 0; i < COUNT_OF(fields); i++) rg_free(fields[i]);
    rg_split_destroy(p->split);
    rg_spectral_destroy(p->spectral);
}

/* log p = strength (cos(t0) + 0.6 cos(t1 + 1) + 0.4 cos(t2 + 2) + 0.5 sin(t0 - t1 + t2 + 0.4)), the last for d > 1. */
static void set_smooth_density(problem *p, double strength) {
    const double weight[] = {1, 0.6, 0.4}, cross = p->d > 1 ? 0.5 : 0;
    for (ptrdiff_t i = 0; i < p->n; i++) {
        double t[RG_MAX_DIM];
        angles_of(&p->grid, i, t);
        const double along = t[0] - t[1] + t[2] + 0.4;
        p->log_density[i] = strength * cross * sin(along);
        for (int a = 0; a < p->d; a++) {
            p->log_density[i] += strength * weight[a] * cos(t[a] + a);
            p->score[a * p->n + i] = strength * 2 * pi / p->grid.length[a] *
                                     (-weight[a] * sin(t[a] + a) + cross * (a == 1 ? -1 : 1) * cos(along));
        }
    }
    set_root(p);
}

static problem smooth_problem(const sizes *size, double strength) {
    const rg_grid grid = grid_of(size->dim, size->shape);
    problem p = problem_on(&grid);
    set_smooth_density(&p, strength);
    return p;
}

static void give(problem *p, double *e) {
    rg_free(p->e);
    p->e = e;
}

static void solve(problem *p) {
    assert_ok(rg_split_weighted(p->split, p->log_density, p->score, p->e, &p->parts, &p->report));
}

/* E_p[a.b] over `components` */
static double expect(const problem *p, int components, const double *a, const double *b) {
    long double sum = 0;
    for (int c = 0; c < components; c++)
        for (ptrdiff_t i = 0; i < p->n; i++)
            sum += (long double)(p->root[i] * p->root[i] * a[c * p->n + i] * b[c * p->n + i]);
    return (double)sum * rg_grid_cell_volume(&p->grid);
}

static double norm(const problem *p, int components, const double *a) {
    return sqrt(expect(p, components, a, a));
}

static double distance(const problem *p, int components, const double *a, const double *b) {
    double *c = field(components * p->n);
    for (ptrdiff_t i = 0; i < components * p->n; i++) c[i] = a[i] - b[i];
    const double result = norm(p, components, c);
    rg_free(c);
    return result;
}

/* |P d*(sqrt(p) f)|: the divergence -div F - s.F / 2 of a half density, by the test's own operators; in the unit of
 * `norm`. P leaves out Nyquist modes and sqrt(p): E_p h = 0 for any e, but for what the grid does not resolve. */
static double divergence_norm(const problem *p, const double *f) {
    double *flux = field(p->dn), *out = field(p->n), *ground = copy_of(p->n, p->root), sum = 0;
    for (ptrdiff_t k = 0; k < p->dn; k++) flux[k] = p->root[k % p->n] * f[k];
    assert_ok(rg_divergence(p->spectral, flux, out));
    for (ptrdiff_t k = 0; k < p->dn; k++) out[k % p->n] += 0.5 * p->score[k] * flux[k];
    drop_nyquist(&p->grid, out);
    drop_nyquist(&p->grid, ground);
    const double along = mean_product(p->n, ground, out) / mean_product(p->n, ground, ground);
    for (ptrdiff_t i = 0; i < p->n; i++) sum += pow(out[i] - along * ground[i], 2);
    rg_free(ground);
    rg_free(flux);
    rg_free(out);
    return sqrt(sum * rg_grid_cell_volume(&p->grid));
}

/* The square root of the least eigenvalue, from below. */
static double gap(const problem *p) {
    return k_min(&p->grid) * exp(-0.5 * p->contrast);
}

/* What rounding leaves of d* E, E of this norm. */
static double divergence_rounding(const problem *p, double size) {
    return rounding * (k_max(&p->grid) + rms(p->dn, p->score)) * size;
}

static double part_error(const problem *p) {
    return (p->tolerance * divergence_norm(p, p->e) + divergence_rounding(p, norm(p, p->d, p->e))) / gap(p);
}

/* r fades by p / (p + 1e-14 max p), and the fields that come with it. */
static double fading(const problem *p) {
    return rounding + 1e-14 * exp(p->contrast);
}

/* Sizes that resolve the smooth density of strength 1 (0.3 in 3-D) and its square root to rounding. */
static const sizes resolved_sizes[] = {
    {1, {48, 1, 1}},  {1, {45, 1, 1}},   {2, {32, 36, 1}},  {2, {33, 35, 1}},
    {2, {36, 33, 1}}, {3, {22, 24, 26}}, {3, {23, 25, 21}}, {3, {22, 23, 25}},
};

static double strength_for(size_t c) {
    return resolved_sizes[c].dim < 3 ? 1 : 0.3;
}

/* ---- flat */

typedef struct flat {
    rg_spectral *s;
    ptrdiff_t n, dn;
    double *e, *gradient, *solenoidal, *potential, harmonic;
    rg_split_report report;
} flat;

static flat flat_of(const rg_grid *grid, const double *e) {
    flat f = {.n = rg_grid_cells(grid)};
    f.dn = f.n * grid->dim;
    f.e = copy_of(f.dn, e);
    f.gradient = field(f.dn);
    f.solenoidal = field(f.dn);
    f.potential = field(f.n);
    assert_ok(rg_spectral_create(grid, RG_PLAN_ESTIMATE, &f.s));
    assert_ok(rg_split_flat(f.s, f.e, f.gradient, f.solenoidal, f.potential, &f.harmonic, &f.report));
    return f;
}

static void flat_clean(flat *f) {
    rg_free(f->e);
    rg_free(f->gradient);
    rg_free(f->solenoidal);
    rg_free(f->potential);
    rg_spectral_destroy(f->s);
}

/* White noise, every parity. The asked 1e-14, relative to |e|. */
static void flat_split_is_an_orthogonal_projection(void **state) {
    (void)state;
    const double exact = 1e-14;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const int d = grid.dim;
        double *e = noise(d * rg_grid_cells(&grid), 3 + c);
        flat f = flat_of(&grid, e), g = flat_of(&grid, f.gradient), r = flat_of(&grid, f.solenoidal);
        const double size = rms(f.dn, e), energy = size * size * d;
        for (ptrdiff_t i = 0; i < f.dn; i++) e[i] -= f.gradient[i] + f.solenoidal[i];
        assert_below(rms(f.dn, e), exact * size);
        assert_below(rms_difference(f.dn, g.gradient, f.gradient), exact * size);
        assert_below(rms(f.dn, g.solenoidal), exact * size);
        assert_below(rms_difference(f.dn, r.solenoidal, f.solenoidal), exact * size);
        assert_below(rms(f.dn, r.gradient), exact * size);
        const double product = mean_product(f.dn, f.gradient, f.solenoidal) * d;
        assert_below(fabs(product), exact * energy);
        assert_below(fabs(f.report.orthogonality - product / energy), exact);
        assert_below(fabs(f.report.gradient - mean_product(f.dn, f.gradient, f.gradient) * d), exact * energy);
        assert_below(fabs(f.report.solenoidal - mean_product(f.dn, f.solenoidal, f.solenoidal) * d), exact * energy);
        assert_below(fabs(f.report.total - energy), exact * energy);
        assert_below(fabs(f.report.gradient + f.report.solenoidal - f.report.total), exact * energy);
        assert_below(g.report.solenoidal, exact * exact * energy);
        assert_below(r.report.gradient, exact * exact * energy);
        assert_int_equal(f.report.iterations, 0);
        assert_true(f.report.residual == 0);
        assert_int_equal(f.report.resolved, 1);
        rg_free(e);
        flat_clean(&f);
        flat_clean(&g);
        flat_clean(&r);
    }
}

static void flat_parts_are_what_they_are_called(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const int d = grid.dim;
        double *e = noise(d * rg_grid_cells(&grid), 5 + c);
        flat f = flat_of(&grid, e);
        double *out = field(f.dn), harmonic = 0;
        const double bound = rounding * k_max(&grid) * rms(f.dn, e);
        assert_ok(rg_divergence(f.s, f.solenoidal, out));
        assert_below(rms(f.n, out), bound);
        assert_ok(rg_gradient(f.s, f.potential, out));
        assert_below(rms_difference(f.dn, out, f.gradient), bound / k_min(&grid));
        assert_below(fabs(mean(f.n, f.potential)), rounding * rms(f.n, f.potential));
        for (int a = 0; a < d; a++) {
            harmonic += pow(mean(f.n, e + a * f.n), 2);
            assert_below(fabs(mean(f.n, f.gradient + a * f.n)), rounding * rms(f.dn, e));
        }
        assert_below(fabs(f.harmonic - harmonic), rounding * f.report.total);
        rg_free(out);
        rg_free(e);
        flat_clean(&f);
    }
}

/* Any choice of outputs gives the same numbers, at the promised number of transforms: here they go plane by plane. */
static void flat_outputs_may_be_left_out(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        const int d = grid.dim, planes = d > 1 ? (int)grid.shape[0] : 1;
        double *e = noise(d * rg_grid_cells(&grid), 7 + c);
        flat f = flat_of(&grid, e);
        double *out = field(f.dn), *other = field(f.dn);
        const double bound = rounding * rms(f.dn, e);
        for (int choice = 0; choice < 8; choice++) {
            double *gradient = choice & 1 ? out : NULL, *potential = choice & 4 ? field(f.n) : NULL;
            double *solenoidal = !(choice & 2) ? NULL : gradient ? other : out;
            rg_split_report report;
            transforms = 0;
            assert_ok(rg_split_flat(f.s, e, gradient, solenoidal, potential, NULL, &report));
            assert_int_equal(report.transforms * planes, transforms);
            assert_int_equal(report.transforms, d + (choice & 3 ? d : 0) + (potential ? 1 : 0));
            assert_true(report.total == f.report.total && report.gradient == f.report.gradient);
            assert_true(report.solenoidal == f.report.solenoidal);
            if (gradient) assert_below(rms_difference(f.dn, gradient, f.gradient), bound);
            if (solenoidal) assert_below(rms_difference(f.dn, solenoidal, f.solenoidal), bound);
            if (potential) assert_below(rms_difference(f.n, potential, f.potential), bound / k_min(&grid));
            rg_free(potential);
        }
        memcpy(out, e, (size_t)f.dn * sizeof *e); /* the solenoidal part may replace e */
        assert_ok(rg_split_flat(f.s, out, NULL, out, NULL, NULL, &f.report));
        assert_below(rms_difference(f.dn, out, f.solenoidal), bound);
        rg_free(out);
        rg_free(other);
        rg_free(e);
        flat_clean(&f);
    }
}

static void flat_split_moves_with_its_input(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++)
        for (size_t y = 0; y < COUNT_OF(symmetries); y++) {
            const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
            if (!applies(&symmetries[y], grid.dim)) continue;
            const rg_grid target = moved_grid(&symmetries[y], &grid);
            double *e = noise(grid.dim * rg_grid_cells(&grid), 9), *e_moved = moved(&symmetries[y], &grid, 1, e);
            flat here = flat_of(&grid, e), there = flat_of(&target, e_moved);
            double *gradient = moved(&symmetries[y], &grid, 1, here.gradient);
            double *solenoidal = moved(&symmetries[y], &grid, 1, here.solenoidal);
            double *potential = moved(&symmetries[y], &grid, 0, here.potential);
            const double bound = rounding * rms(here.dn, e);
            assert_below(rms_difference(here.dn, gradient, there.gradient), bound);
            assert_below(rms_difference(here.dn, solenoidal, there.solenoidal), bound);
            assert_below(rms_difference(here.n, potential, there.potential), bound / k_min(&grid));
            assert_below(fabs(here.report.gradient - there.report.gradient), rounding * here.report.total);
            assert_below(fabs(here.report.solenoidal - there.report.solenoidal), rounding * here.report.total);
            rg_free(e);
            rg_free(e_moved);
            rg_free(gradient);
            rg_free(solenoidal);
            rg_free(potential);
            flat_clean(&here);
            flat_clean(&there);
        }
}

static void flat_split_refuses_bad_arguments(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {6, 5, 1};
    const rg_grid grid = grid_of(2, shape);
    rg_spectral *s = NULL;
    assert_ok(rg_spectral_create(&grid, RG_PLAN_ESTIMATE, &s));
    double *e = noise(61, 11), *out = noise(61, 12), *before = copy_of(61, out);
    rg_split_report report, untouched;
    memset(&report, 5, sizeof report);
    memcpy(&untouched, &report, sizeof report);
    assert_int_equal(rg_split_flat(NULL, e, out, NULL, NULL, NULL, &report), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, NULL, out, NULL, NULL, NULL, &report), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, e, out, NULL, NULL, NULL, NULL), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, e, e, NULL, NULL, NULL, &report), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, e + 1, out, NULL, NULL, NULL, &report), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, e, out + 1, NULL, NULL, NULL, &report), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, e, NULL, out + 1, NULL, NULL, &report), RG_EINVAL);
    assert_int_equal(rg_split_flat(s, e, NULL, NULL, out + 1, NULL, &report), RG_EINVAL);
    assert_true(same_bits(61, out, before));
    assert_same_report(&report, &untouched);
    rg_free(e);
    rg_free(out);
    rg_free(before);
    rg_spectral_destroy(s);
}

/* ---- weighted: what any projection satisfies, on white noise */

static void weighted_parts_fit_together(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], strength_for(c));
        give(&p, noise(p.dn, 13 + c));
        solve(&p);
        const rg_split_report *report = &p.report;
        const double *g = p.parts.gradient, *r = p.parts.solenoidal, total = expect(&p, p.d, p.e, p.e);
        assert_int_equal(report->resolved, 1);

        double *sum = copy_of(p.dn, g);
        for (ptrdiff_t i = 0; i < p.dn; i++) sum[i] += r[i];
        assert_below(distance(&p, p.d, sum, p.e), rounding * sqrt(total));
        rg_free(sum);

        /* div(p r) = 0, by the test's own operators, and the reported residual is that number */
        const double before = divergence_norm(&p, p.e), after = divergence_norm(&p, r);
        assert_below(after, p.tolerance * before + divergence_rounding(&p, sqrt(total)));
        assert_below(fabs(report->residual - after / before), 0.05 * p.tolerance);
        assert_below(norm(&p, 1, p.parts.solenoidal_source), 1.01 * p.tolerance * before);

        /* E_p[grad phi . r] = <phi sqrt(p), d* F> */
        const double product = expect(&p, p.d, g, r);
        assert_below(fabs(product), 2 * p.tolerance * before * norm(&p, 1, p.parts.potential) + fading(&p) * total);
        assert_below(fabs(report->orthogonality - product / total), fading(&p));

        /* energies, and Pythagoras */
        assert_below(fabs(report->total - total), rounding * total);
        assert_below(fabs(report->gradient - expect(&p, p.d, g, g)), 2 * fading(&p) * total);
        assert_below(fabs(report->solenoidal - expect(&p, p.d, r, r)), 2 * fading(&p) * total);
        assert_below(fabs(total - report->gradient - report->solenoidal),
                     2 * fabs(report->orthogonality) * total + rounding * total);

        /* splitting a part returns it */
        const double bound = 2 * part_error(&p);
        double *r_kept = copy_of(p.dn, r);
        give(&p, copy_of(p.dn, g));
        solve(&p);
        assert_below(norm(&p, p.d, p.parts.solenoidal), bound);
        give(&p, r_kept);
        solve(&p);
        assert_below(norm(&p, p.d, p.parts.gradient), bound);
        clean(&p);
    }
}

/* sqrt(p) grad phi = d(sqrt(p) phi) with d v = grad v - s v / 2, and E_p phi = 0. */
static void the_potential_belongs_to_the_gradient(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], strength_for(c));
        give(&p, noise(p.dn, 19 + c));
        solve(&p);
        double *x = copy_of(p.n, p.parts.potential), *one = field(p.n), *dx = field(p.dn);
        for (ptrdiff_t i = 0; i < p.n; i++) one[i] = 1;
        assert_below(fabs(expect(&p, 1, one, x)), fading(&p) * norm(&p, 1, x));
        for (ptrdiff_t i = 0; i < p.n; i++) x[i] *= p.root[i];
        assert_ok(rg_gradient(p.spectral, x, dx));
        for (ptrdiff_t k = 0; k < p.dn; k++) dx[k] = (dx[k] - 0.5 * p.score[k] * x[k % p.n]) / p.root[k % p.n];
        /* taking E_p phi out assumes d sqrt(p) = 0, which the coarsest of these grids knows to 1e-11 of kmax */
        const double bound = 1e-11 * k_max(&p.grid) * norm(&p, 1, p.parts.potential);
        assert_below(distance(&p, p.d, dx, p.parts.gradient), bound);
        rg_free(x);
        rg_free(one);
        rg_free(dx);
        clean(&p);
    }
}

static void check_moved(const problem *here, const symmetry *y) {
    const rg_grid target = moved_grid(y, &here->grid);
    problem there = problem_on(&target);
    rg_free(there.log_density);
    rg_free(there.score);
    there.log_density = moved(y, &here->grid, 0, here->log_density);
    there.score = moved(y, &here->grid, 1, here->score);
    give(&there, moved(y, &here->grid, 1, here->e));
    set_root(&there);
    solve(&there);
    double *gradient = moved(y, &here->grid, 1, here->parts.gradient);
    double *solenoidal = moved(y, &here->grid, 1, here->parts.solenoidal);
    double *potential = moved(y, &here->grid, 0, here->parts.potential);
    double *source = moved(y, &here->grid, 0, here->parts.source);
    const double bound = 2 * part_error(here);
    assert_below(distance(&there, there.d, gradient, there.parts.gradient), bound);
    assert_below(distance(&there, there.d, solenoidal, there.parts.solenoidal), bound);
    assert_below(distance(&there, 1, potential, there.parts.potential), bound / gap(here));
    assert_below(distance(&there, 1, source, there.parts.source),
                 divergence_rounding(here, norm(here, here->d, here->e)));
    rg_free(gradient);
    rg_free(solenoidal);
    rg_free(potential);
    rg_free(source);
    clean(&there);
}

static void weighted_split_moves_with_its_input(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem here = smooth_problem(&resolved_sizes[c], strength_for(c));
        give(&here, noise(here.dn, 23));
        solve(&here);
        for (size_t k = 0; k < COUNT_OF(symmetries); k++)
            if (applies(&symmetries[k], here.d)) check_moved(&here, &symmetries[k]);
        clean(&here);
    }
}

/* log p enters up to a constant; this one is exact in binary and large enough to overflow a careless exp. */
static void a_constant_in_log_p_changes_nothing(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[2], 1);
    give(&p, noise(p.dn, 29));
    solve(&p);
    double *gradient = copy_of(p.dn, p.parts.gradient), *potential = copy_of(p.n, p.parts.potential);
    const rg_split_report before = p.report;
    for (ptrdiff_t i = 0; i < p.n; i++) p.log_density[i] += 1024;
    solve(&p);
    /* adding 1024 rounds log p by 1e-13, and with it the weights */
    const double bound = 2 * part_error(&p) + 1024 * DBL_EPSILON * k_max(&p.grid) / gap(&p) * norm(&p, p.d, p.e);
    assert_below(distance(&p, p.d, gradient, p.parts.gradient), bound);
    assert_below(distance(&p, 1, potential, p.parts.potential), bound / gap(&p));
    assert_below(fabs(before.total - p.report.total), 2048 * DBL_EPSILON * before.total);
    rg_free(gradient);
    rg_free(potential);
    clean(&p);
}

/* p = 1: the two splits agree below Nyquist. There the flat one goes on (a mode that is Nyquist on one axis only still
 * has a direction) and the weighted one stops. */
static void without_weight_it_is_the_flat_split(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(all_sizes); c++) {
        const rg_grid grid = grid_of(all_sizes[c].dim, all_sizes[c].shape);
        problem p = problem_on(&grid);
        double *e = noise(p.dn, 31 + c);
        for (int a = 0; a < p.d; a++) drop_nyquist(&grid, e + a * p.n);
        give(&p, e);
        solve(&p);
        flat f = flat_of(&grid, e);
        assert_below(distance(&p, p.d, f.gradient, p.parts.gradient), part_error(&p));
        assert_below(distance(&p, p.d, f.solenoidal, p.parts.solenoidal), part_error(&p));
        assert_below(distance(&p, 1, f.potential, p.parts.potential), part_error(&p) / gap(&p));
        assert_below(fabs(p.report.total - f.report.total), rounding * f.report.total);
        flat_clean(&f);
        clean(&p);
    }
}

/* ---- closed forms */

/* 1-D: r = J / p, J = mean flux, E_p|grad phi|^2 = int p e^2 - (int e)^2 / int 1/p (theory 1). */
static void one_dimension_is_known(void **state) {
    (void)state;
    const sizes cases[] = {{1, {64, 1, 1}}, {1, {75, 1, 1}}};
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        problem p = smooth_problem(&cases[c], 2);
        give(&p, smooth_vector(&p.grid, 3, 37));
        for (ptrdiff_t i = 0; i < p.n; i++) p.e[i] += 0.8;
        solve(&p);
        double *inverse = field(p.n), *r = field(p.n);
        for (ptrdiff_t i = 0; i < p.n; i++) inverse[i] = 1 / (p.root[i] * p.root[i]);
        const double flux = rg_integral(&p.grid, p.e) / rg_integral(&p.grid, inverse);
        for (ptrdiff_t i = 0; i < p.n; i++) r[i] = flux * inverse[i];
        const double error = part_error(&p), solenoidal = flux * rg_integral(&p.grid, p.e);
        const double gradient = expect(&p, 1, p.e, p.e) - solenoidal;
        assert_below(distance(&p, 1, r, p.parts.solenoidal), error);
        assert_below(fabs(p.report.gradient - gradient), 2 * error * sqrt(p.report.total));
        assert_below(fabs(p.report.solenoidal - solenoidal), 2 * error * sqrt(p.report.total));
        rg_free(inverse);
        rg_free(r);
        clean(&p);
    }
}

/* N(0, diag(a, b)) wrapped into a box of 16 deviations, e = -Omega Sigma s: periodic, and Omega x wherever p counts.
 * At the edge, 8 deviations out, p has fallen by exp(-32): wrapping, the turn of the score that no grid resolves there,
 * and the difference between -Sigma s and x change the energies by some exp(-32) 8^4 = 5e-11 of themselves. The gap of a
 * Gaussian is 1 / max(a, b), not Holley and Stroock's: the solver adds 1e-10 times sqrt(max(a, b)) |h| / |e| < 10. */
static void rotated_gaussians_have_known_fractions(void **state) {
    (void)state;
    static const double cases[][3] = {{2, 1, 1.0 / 9}, {2, 0.5, 9.0 / 25}, {1, 1, 0}, {0.5, 2, 9.0 / 25}};
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const double length[] = {16 * sqrt(cases[c][0]), 16 * sqrt(cases[c][1])};
        const double lower[] = {-0.5 * length[0], -0.5 * length[1]};
        const ptrdiff_t shape[] = {72, 75, 1};
        rg_grid grid;
        assert_ok(rg_grid_init(2, shape, lower, length, &grid));
        problem p = problem_on(&grid);
        for (ptrdiff_t i = 0; i < p.n; i++) {
            ptrdiff_t place[RG_MAX_DIM];
            place_of(&grid, i, place);
            for (int a = 0; a < 2; a++) {
                const double x = lower[a] + rg_grid_spacing(&grid, a) * (double)place[a], variance = cases[c][a];
                double sum = 0, slope = 0;
                for (int image = -1; image <= 1; image++) {
                    const double y = x + image * length[a], w = exp(0.5 * (x * x - y * y) / variance);
                    sum += w;
                    slope -= w * y / variance;
                }
                p.log_density[i] += log(sum) - 0.5 * x * x / variance;
                p.score[a * p.n + i] = slope / sum;
            }
            p.e[i] = cases[c][1] * p.score[p.n + i]; /* Omega = rotation by a quarter turn */
            p.e[p.n + i] = -cases[c][0] * p.score[i];
        }
        set_root(&p);
        solve(&p);
        const double total = cases[c][0] + cases[c][1]; /* E|Omega x|^2 */
        assert_below(fabs(p.report.total / total - 1), 1e-9);
        assert_below(fabs(p.report.gradient / p.report.total - cases[c][2]), 2e-9);
        assert_below(fabs(p.report.solenoidal / p.report.total - (1 - cases[c][2])), 2e-9);
        clean(&p);
    }
}

/* (1/p) rot90 grad chi in 2-D and (1/p) curl A in 3-D: nothing for the sampler to see. */
static double *co_exact(const problem *p, uint64_t seed) {
    double *e = field(p->dn);
    const waves a[3] = {some_waves(p->d, 2, seed), some_waves(p->d, 2, seed + 1), some_waves(p->d, 2, seed + 2)};
    for (ptrdiff_t i = 0; i < p->n; i++) {
        const double inverse = 1 / (p->root[i] * p->root[i]);
        for (int c = 0; c < p->d; c++) {
            const int b = (c + 1) % 3, f = (c + 2) % 3;
            const double curl = p->d == 3 ? wave_value(&a[f], &p->grid, i, b) - wave_value(&a[b], &p->grid, i, f)
                                : c == 0  ? wave_value(&a[0], &p->grid, i, 1)
                                          : -wave_value(&a[0], &p->grid, i, 0);
            e[c * p->n + i] = inverse * curl;
        }
    }
    return e;
}

static void solenoidal_families_stay(void **state) {
    (void)state;
    for (size_t c = 2; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], 0.5 * strength_for(c));
        give(&p, co_exact(&p, 41 + c));
        solve(&p);
        /* nothing but rounding to solve for */
        const double size = norm(&p, p.d, p.e), bound = divergence_rounding(&p, size) / gap(&p);
        assert_below(norm(&p, p.d, p.parts.gradient), bound);
        assert_below(sqrt(p.report.gradient), bound);
        assert_below(fabs(p.report.solenoidal - size * size), rounding * size * size);
        assert_below(distance(&p, p.d, p.parts.solenoidal, p.e), bound);
        clean(&p);
    }
}

static void gradients_leave_nothing(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], 0.5 * strength_for(c));
        const waves w = some_waves(p.d, 2, 43 + c);
        double *potential = field(p.n), mean_value = 0;
        for (ptrdiff_t i = 0; i < p.n; i++) {
            potential[i] = wave_value(&w, &p.grid, i, -1);
            mean_value += p.root[i] * p.root[i] * potential[i] * rg_grid_cell_volume(&p.grid);
            for (int a = 0; a < p.d; a++) p.e[a * p.n + i] = wave_value(&w, &p.grid, i, a);
        }
        for (ptrdiff_t i = 0; i < p.n; i++) potential[i] -= mean_value;
        solve(&p);
        assert_below(norm(&p, p.d, p.parts.solenoidal), part_error(&p));
        assert_below(distance(&p, p.d, p.parts.gradient, p.e), part_error(&p));
        assert_below(distance(&p, 1, p.parts.potential, potential), part_error(&p) / gap(&p));
        rg_free(potential);
        clean(&p);
    }
}

/* ---- the source h = div e + s.e */

static void the_source_is_that_of_langevin_and_stein(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], 0.5 * strength_for(c));
        give(&p, smooth_vector(&p.grid, 2, 47 + c));
        solve(&p);
        double *h = field(p.n), *psi = field(p.n), *slope = field(p.dn);
        const waves w = some_waves(p.d, 3, 53 + c);
        for (int a = 0; a < p.d; a++) {
            const waves component = some_waves(p.d, 2, 47 + c + (uint64_t)a);
            for (ptrdiff_t i = 0; i < p.n; i++)
                h[i] += wave_value(&component, &p.grid, i, a) + p.score[a * p.n + i] * p.e[a * p.n + i];
        }
        for (ptrdiff_t i = 0; i < p.n; i++) psi[i] = wave_value(&w, &p.grid, i, -1);
        for (ptrdiff_t k = 0; k < p.dn; k++) slope[k] = wave_value(&w, &p.grid, k % p.n, (int)(k / p.n));
        const double size = norm(&p, p.d, p.e), noise_level = divergence_rounding(&p, size);
        assert_below(distance(&p, 1, h, p.parts.source), noise_level);
        /* what comes out of r is the residual */
        assert_below(norm(&p, 1, p.parts.solenoidal_source), p.tolerance * norm(&p, 1, h) + noise_level);
        assert_below(fabs(p.report.residual - norm(&p, 1, p.parts.solenoidal_source) / norm(&p, 1, h)),
                     0.05 * p.tolerance);
        /* E_p[h psi] = -E_p[e.grad psi], and grad phi will do for e */
        const double left = expect(&p, 1, p.parts.source, psi), right = -expect(&p, p.d, p.e, slope);
        assert_below(fabs(left - right), noise_level * norm(&p, 1, psi));
        assert_below(fabs(left + expect(&p, p.d, p.parts.gradient, slope)),
                     (p.tolerance * norm(&p, 1, h) + noise_level) * norm(&p, 1, psi));
        rg_free(h);
        rg_free(psi);
        rg_free(slope);
        clean(&p);
    }
}

/* ---- the harmonic part */

/* The basis is solved to 1e-6 of its own source; each member is r_a, so relative to the field it carries the error
 * 1e-6 |h_a| / (gap |r_a|), and the energy the square of that. */
static double harmonic_error(const problem *p) {
    double worst = 0;
    for (int a = 0; a < p->d; a++) {
        double inverse = 0;
        for (ptrdiff_t i = 0; i < p->n; i++) inverse += 1 / (p->root[i] * p->root[i]);
        const double least = sqrt(rg_grid_volume(&p->grid) / (inverse / (double)p->n)) /
                             rg_grid_volume(&p->grid); /* |r_a|^2 >= (int e_a)^2 / (volume int 1/p), mean flux */
        worst = fmax(worst, norm(p, 1, p->score + a * p->n) / least);
    }
    return fmax(1e-6, p->tolerance) * worst / gap(p);
}

static void harmonic_and_co_exact_parts_are_apart(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], 0.5 * strength_for(c));
        give(&p, noise(p.dn, 59 + c));
        for (ptrdiff_t k = 0; k < p.dn; k++) p.e[k] += 0.5 - (double)(k / p.n);
        solve(&p);
        double *harmonic = field(p.dn), *rest = copy_of(p.dn, p.parts.solenoidal), energy = -1;
        const double *r = p.parts.solenoidal;
        assert_ok(rg_split_harmonic(p.split, p.log_density, p.score, r, harmonic, &energy));
        const double size = norm(&p, p.d, r), error = harmonic_error(&p);
        assert_below(fabs(energy - expect(&p, p.d, harmonic, harmonic)), error * size * size);
        assert_true(energy > 1e-4 * size * size && energy < p.report.solenoidal);
        for (ptrdiff_t k = 0; k < p.dn; k++) rest[k] -= harmonic[k];
        assert_below(fabs(expect(&p, p.d, harmonic, rest)), error * size * size);
        /* Orthogonal to the harmonic space is orthogonal to constants: co-exact fields carry no mean flux. */
        for (int a = 0; a < p.d; a++) {
            double flux = 0;
            for (ptrdiff_t i = 0; i < p.n; i++) flux += p.root[i] * p.root[i] * rest[a * p.n + i];
            assert_below(fabs(flux * rg_grid_cell_volume(&p.grid)), error * size);
        }
        /* both are invisible, and the harmonic part of the harmonic part is all of it */
        assert_below(divergence_norm(&p, harmonic), error * gap(&p) * size);
        double again = -1, *all = field(p.dn);
        assert_ok(rg_split_harmonic(p.split, p.log_density, p.score, harmonic, all, &again));
        assert_below(distance(&p, p.d, all, harmonic), error * size);
        assert_below(fabs(again - energy), error * size * size);
        assert_ok(rg_split_harmonic(p.split, p.log_density, p.score, rest, all, &again));
        assert_below(fabs(again), error * size * size);
        rg_free(harmonic);
        rg_free(rest);
        rg_free(all);
        clean(&p);
    }
}

/* In 1-D every solenoidal field is const / p, and harmonic; (1/p) rot90 grad chi and (1/p) curl A are not at all. */
static void harmonic_parts_are_known(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], 0.5 * strength_for(c));
        if (p.d > 1) give(&p, co_exact(&p, 61 + c));
        for (ptrdiff_t i = 0; p.d == 1 && i < p.n; i++) p.e[i] = 0.3 / (p.root[i] * p.root[i]);
        double *harmonic = field(p.dn), energy = -1;
        assert_ok(rg_split_harmonic(p.split, p.log_density, p.score, p.e, harmonic, &energy));
        const double size = norm(&p, p.d, p.e), error = harmonic_error(&p);
        if (p.d == 1) {
            assert_below(distance(&p, 1, harmonic, p.e), error * size);
            assert_below(fabs(energy - size * size), error * size * size);
        } else {
            assert_below(norm(&p, p.d, harmonic), error * size);
            assert_below(fabs(energy), error * size * size);
        }
        assert_ok(rg_split_harmonic(p.split, p.log_density, p.score, p.e, NULL, &energy));
        rg_free(harmonic);
        clean(&p);
    }
}

/* ---- series, hard cases, limits */

/* A density that narrows step by step: with a history the same parts come out, in fewer iterations. */
static void warm_starts_change_the_cost_only(void **state) {
    (void)state;
    const sizes size = {2, {48, 45, 1}};
    for (int history = 1; history <= 12; history += 3) {
        problem cold = smooth_problem(&size, 1), warm = smooth_problem(&size, 1);
        plan(&warm, &(rg_split_options){.history = history});
        int cold_total = 0, warm_total = 0;
        for (int step = 0; step < 10; step++) {
            const double strength = 1 + 0.02 * step;
            set_smooth_density(&cold, strength);
            set_smooth_density(&warm, strength);
            give(&cold, smooth_vector(&cold.grid, 3, 67));
            for (ptrdiff_t k = 0; k < cold.dn; k++) cold.e[k] += 0.1 * strength * cold.score[k];
            give(&warm, copy_of(cold.dn, cold.e));
            solve(&cold);
            solve(&warm);
            const double bound = 2 * part_error(&cold);
            assert_below(distance(&cold, 2, cold.parts.gradient, warm.parts.gradient), bound);
            assert_below(distance(&cold, 2, cold.parts.solenoidal, warm.parts.solenoidal), bound);
            assert_below(divergence_norm(&warm, warm.parts.solenoidal),
                         warm.tolerance * divergence_norm(&warm, warm.e) +
                             divergence_rounding(&warm, norm(&warm, 2, warm.e)));
            if (step == 0) assert_int_equal(cold.report.iterations, warm.report.iterations);
            cold_total += cold.report.iterations;
            warm_total += warm.report.iterations;
        }
        assert_true(warm_total < cold_total);
        clean(&cold);
        clean(&warm);
    }
}

/* log(exp(-y^2 / 2) + floor), y in units of `deviation` from the box's middle, the nearest image on each axis. */
static void set_peak(problem *p, double cells, double floor) {
    for (ptrdiff_t i = 0; i < p->n; i++) {
        ptrdiff_t place[RG_MAX_DIM];
        double y[RG_MAX_DIM], square = 0;
        place_of(&p->grid, i, place);
        for (int a = 0; a < p->d; a++) {
            y[a] = ((double)place[a] - 0.5 * (double)p->grid.shape[a]) / cells;
            square += y[a] * y[a];
        }
        const double peak = exp(-0.5 * square);
        p->log_density[i] = log(peak + floor);
        for (int a = 0; a < p->d; a++)
            p->score[a * p->n + i] = -y[a] / (cells * rg_grid_spacing(&p->grid, a)) * peak / (peak + floor);
    }
    set_root(p);
}

/* One cell a deviation: aliasing makes the fast operator useless. The answer is then that of the factored one, to the
 * same residual, and the report says so. */
static void an_unresolved_density_is_solved_and_reported(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {32, 33, 1};
    const rg_grid grid = grid_of(2, shape);
    problem p = problem_on(&grid);
    set_peak(&p, 1, 1e-4);
    give(&p, noise(p.dn, 71));
    solve(&p);
    assert_int_equal(p.report.resolved, 0);
    const double before = divergence_norm(&p, p.e), after = divergence_norm(&p, p.parts.solenoidal);
    /* r fades by 1e-14 max p / p = 1e-10 at most, where p is small: half that of sqrt(p) r, and its divergence */
    const double fading = 1e-10 * sqrt(1e-4) * k_max(&grid) * norm(&p, 2, p.e);
    assert_below(after, p.tolerance * before + fading);
    assert_below(p.report.residual, p.tolerance);
    assert_below(fabs(p.report.orthogonality), 1e-8);
    set_smooth_density(&p, 1);
    solve(&p);
    assert_int_equal(p.report.resolved, 1);
    clean(&p);
}

/* A plan with a history does not try the fast operator again at once after it failed, but it does so in the end. */
static void the_fast_operator_comes_back(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {32, 33, 1};
    const rg_grid grid = grid_of(2, shape);
    problem p = problem_on(&grid);
    plan(&p, &(rg_split_options){.history = 2});
    set_peak(&p, 1, 1e-4);
    give(&p, noise(p.dn, 73));
    solve(&p);
    assert_int_equal(p.report.resolved, 0);
    set_smooth_density(&p, 1);
    int calls = 0;
    for (; calls < 40 && !p.report.resolved; calls++) {
        give(&p, noise(p.dn, 79 + (uint64_t)calls));
        solve(&p);
    }
    assert_true(calls <= 20);
    clean(&p);
}

/* Contrast 1e6 at 128 x 128: few iterations, two transforms each, and every transform in the account. */
static void high_contrast_is_cheap(void **state) {
    (void)state;
    const sizes size = {2, {128, 128, 1}};
    problem p = smooth_problem(&size, 1);
    set_smooth_density(&p, log(1e6) / p.contrast);
    assert_below(fabs(p.contrast - log(1e6)), 1e-9);
    give(&p, smooth_vector(&p.grid, 3, 83));
    transforms = 0;
    solve(&p);
    assert_int_equal(p.report.transforms, transforms);
    assert_int_equal(p.report.resolved, 1);
    assert_true(p.report.iterations <= 60);
    assert_true(p.report.transforms <= 2 * p.report.iterations + 100);
    assert_below(divergence_norm(&p, p.parts.solenoidal), 1.01 * p.tolerance * divergence_norm(&p, p.e));
    clean(&p);
}

static void transforms_are_counted(void **state) {
    (void)state;
    for (size_t c = 0; c < COUNT_OF(resolved_sizes); c++) {
        problem p = smooth_problem(&resolved_sizes[c], strength_for(c));
        give(&p, noise(p.dn, 89));
        for (int peak = 0; peak < 2; peak++) { /* the second is left to the factored operator */
            transforms = 0;
            solve(&p);
            assert_int_equal(p.report.transforms, transforms);
            set_peak(&p, 1, 1e-4);
        }
        clean(&p);
    }
}

static void nothing_splits_into_nothing(void **state) {
    (void)state;
    for (int history = 0; history < 3; history += 2) {
        problem p = smooth_problem(&resolved_sizes[2], 1);
        plan(&p, &(rg_split_options){.history = history});
        for (int twice = 0; twice < 2; twice++) {
            solve(&p); /* e = 0 */
            assert_true(p.report.total == 0 && p.report.gradient == 0 && p.report.solenoidal == 0);
            assert_true(p.report.residual == 0 && p.report.orthogonality == 0);
            assert_int_equal(p.report.iterations, 0);
            assert_int_equal(p.report.resolved, 1);
            assert_true(rms(p.dn, p.parts.gradient) == 0 && rms(p.n, p.parts.potential) == 0);
        }
        give(&p, noise(p.dn, 97)); /* and is no hindrance afterwards */
        solve(&p);
        assert_below(p.report.residual, p.tolerance);
        clean(&p);
    }
}

static void outputs_may_take_the_place_of_e(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[4], 1);
    give(&p, noise(p.dn, 101));
    solve(&p);
    for (int which = 0; which < 3; which++) {
        double *both = copy_of(p.dn, p.e), *other = field(p.dn);
        rg_split_parts parts = {.gradient = which == 0 ? both : other,
                                .solenoidal = which == 0   ? other
                                              : which == 1 ? both
                                                           : NULL};
        rg_split_report report;
        assert_ok(rg_split_weighted(p.split, p.log_density, p.score, which == 2 ? p.e : both, &parts, &report));
        assert_same_report(&report, &p.report);
        if (parts.gradient) assert_true(same_bits(p.dn, parts.gradient, p.parts.gradient));
        if (parts.solenoidal) assert_true(same_bits(p.dn, parts.solenoidal, p.parts.solenoidal));
        rg_free(both);
        rg_free(other);
    }
    rg_split_report report;
    assert_ok(rg_split_weighted(p.split, p.log_density, p.score, p.e, &(rg_split_parts){0}, &report));
    assert_same_report(&report, &p.report);
    clean(&p);
}

/* Cut short, it says so and hands over what it has: honest residual, parts that add up, an error that only falls. */
static void it_stops_when_told(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[3], 1);
    give(&p, noise(p.dn, 103));
    solve(&p);
    const double best = p.report.solenoidal;
    double last = p.report.total;
    for (int limit = 1; limit <= 9; limit += 4) {
        plan(&p, &(rg_split_options){.max_iterations = limit});
        assert_int_equal(rg_split_weighted(p.split, p.log_density, p.score, p.e, &p.parts, &p.report), RG_ENOCONV);
        assert_int_equal(p.report.iterations, limit);
        assert_true(p.report.residual > p.tolerance);
        const double residual = divergence_norm(&p, p.parts.solenoidal) / divergence_norm(&p, p.e);
        assert_below(fabs(p.report.residual / residual - 1), 1e-9);
        /* each step of conjugate gradients lowers |E - d x|, which is least at the solution */
        assert_true(p.report.solenoidal < last && p.report.solenoidal > best);
        last = p.report.solenoidal;
        double *sum = copy_of(p.dn, p.parts.gradient);
        for (ptrdiff_t k = 0; k < p.dn; k++) sum[k] += p.parts.solenoidal[k];
        assert_below(distance(&p, 2, sum, p.e), rounding * norm(&p, 2, p.e));
        rg_free(sum);
    }
    clean(&p);
}

static void what_is_not_finite_is_refused(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[3], 1);
    give(&p, noise(p.dn, 107));
    solve(&p);
    const double bad[] = {not_a_number, infinity, -infinity};
    double *inputs[] = {p.log_density, p.log_density + p.n - 1, p.score, p.score + p.dn - 1, p.e, p.e + p.dn - 1};
    double *outputs[] = {p.parts.gradient, p.parts.solenoidal, p.parts.potential, p.parts.source,
                         p.parts.solenoidal_source};
    double *before[COUNT_OF(outputs)];
    const rg_split_report report = p.report;
    for (size_t o = 0; o < COUNT_OF(outputs); o++) before[o] = copy_of(o < 2 ? p.dn : p.n, outputs[o]);
    for (size_t i = 0; i < COUNT_OF(inputs); i++)
        for (size_t b = 0; b < COUNT_OF(bad); b++) {
            const double good = *inputs[i];
            *inputs[i] = bad[b];
            assert_int_equal(rg_split_weighted(p.split, p.log_density, p.score, p.e, &p.parts, &p.report), RG_EINVAL);
            double harmonic = 0.5;
            assert_int_equal(rg_split_harmonic(p.split, p.log_density, p.score, p.e, p.parts.gradient, &harmonic),
                             RG_EINVAL);
            assert_true(harmonic == 0.5);
            *inputs[i] = good;
        }
    for (size_t o = 0; o < COUNT_OF(outputs); o++) {
        assert_true(same_bits(o < 2 ? p.dn : p.n, before[o], outputs[o]));
        rg_free(before[o]);
    }
    assert_same_report(&report, &p.report);
    solve(&p); /* the plan is none the worse */
    assert_same_report(&report, &p.report);
    clean(&p);
}

static void weighted_split_refuses_bad_arguments(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[2], 1);
    rg_split_report *r = &p.report;
    double energy;
    assert_int_equal(rg_split_weighted(NULL, p.log_density, p.score, p.e, &p.parts, r), RG_EINVAL);
    assert_int_equal(rg_split_weighted(p.split, NULL, p.score, p.e, &p.parts, r), RG_EINVAL);
    assert_int_equal(rg_split_weighted(p.split, p.log_density, NULL, p.e, &p.parts, r), RG_EINVAL);
    assert_int_equal(rg_split_weighted(p.split, p.log_density, p.score, NULL, &p.parts, r), RG_EINVAL);
    assert_int_equal(rg_split_weighted(p.split, p.log_density, p.score, p.e, NULL, r), RG_EINVAL);
    assert_int_equal(rg_split_weighted(p.split, p.log_density, p.score, p.e, &p.parts, NULL), RG_EINVAL);
    assert_int_equal(rg_split_harmonic(NULL, p.log_density, p.score, p.e, NULL, &energy), RG_EINVAL);
    assert_int_equal(rg_split_harmonic(p.split, p.log_density, p.score, p.e, NULL, NULL), RG_EINVAL);
    assert_int_equal(rg_split_harmonic(p.split, p.log_density, p.score, NULL, NULL, &energy), RG_EINVAL);
    const rg_split_options bad[] = {{.tolerance = -1},       {.tolerance = not_a_number},
                                    {.tolerance = infinity}, {.max_iterations = -1},
                                    {.history = -1},         {.history = 13}};
    rg_split *untouched = p.split;
    for (size_t k = 0; k < COUNT_OF(bad); k++) {
        assert_int_equal(rg_split_create(&p.grid, &bad[k], &p.split), RG_EINVAL);
        assert_ptr_equal(p.split, untouched);
    }
    rg_grid grid = p.grid;
    grid.shape[0] = 3;
    assert_int_equal(rg_split_create(&grid, NULL, &p.split), RG_EINVAL);
    assert_int_equal(rg_split_create(NULL, NULL, &p.split), RG_EINVAL);
    assert_int_equal(rg_split_create(&p.grid, NULL, NULL), RG_EINVAL);
    assert_ptr_equal(p.split, untouched);
    rg_split_destroy(NULL);
    clean(&p);
}

/* Arrays at any address of doubles: either refused or split as if they stood elsewhere. */
static void misaligned_input_is_no_trap(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[2], 1);
    give(&p, noise(p.dn, 109));
    solve(&p);
    double *room = field(p.dn + 1), *gradient = field(p.dn);
    for (int which = 0; which < 3; which++) {
        const double *inputs[] = {p.log_density, p.score, p.e};
        memcpy(room + 1, inputs[which], (size_t)(which == 0 ? p.n : p.dn) * sizeof *room);
        inputs[which] = room + 1;
        rg_split_report report;
        const rg_status status = rg_split_weighted(p.split, inputs[0], inputs[1], inputs[2],
                                                   &(rg_split_parts){.gradient = gradient}, &report);
        if (status == RG_EINVAL) continue;
        assert_int_equal(status, RG_OK);
        assert_same_report(&report, &p.report);
        assert_true(same_bits(p.dn, gradient, p.parts.gradient));
    }
    rg_free(room);
    rg_free(gradient);
    clean(&p);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    problem p = smooth_problem(&resolved_sizes[2], 1);
    give(&p, noise(p.dn, 113));
    solve(&p);
    double *harmonic = field(p.dn), energy = 0.5;
    rg_split *new = NULL;
    rg_status status = RG_ENOMEM;
    long failures = 0;
    for (; status; failures++) {
        assert_null(new);
        rg_alloc_fail_after(failures);
        status = rg_split_create(&p.grid, &(rg_split_options){.history = 2}, &new);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    assert_true(failures > 20);
    for (status = RG_ENOMEM, failures = 0; status; failures++) {
        assert_true(energy == 0.5);
        rg_alloc_fail_after(failures);
        status = rg_split_harmonic(p.split, p.log_density, p.score, p.parts.solenoidal, harmonic, &energy);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    assert_true(failures > 1);
    rg_alloc_fail_after(0); /* a split allocates nothing */
    solve(&p);
    assert_ok(rg_split_flat(p.spectral, p.e, harmonic, NULL, NULL, NULL, &p.report));
    assert_null(rg_field_alloc(1));
    rg_alloc_fail_after(-1);
    rg_free(harmonic);
    rg_split_destroy(new);
    clean(&p);
}

/* Above RG_THREADED_CELLS, cut short: the fast operator, and since that did not get there, the factored one next time,
 * from a warm start. */
static void solve_on_threads(problem *p, int threads) {
    omp_set_num_threads(threads);
    plan(p, &(rg_split_options){.max_iterations = 2, .history = 2});
    give(p, noise(p->dn, 127));
    for (int call = 0; call < 2; call++) {
        set_smooth_density(p, 1 + 0.2 * call);
        const rg_status status = rg_split_weighted(p->split, p->log_density, p->score, p->e, &p->parts, &p->report);
        assert_int_equal(status, RG_ENOCONV);
        assert_int_equal(p->report.iterations, 2);
    }
}

static void assert_same_parts(const problem *a, const problem *b) {
    assert_same_report(&a->report, &b->report);
    assert_true(same_bits(a->dn, a->parts.gradient, b->parts.gradient));
    assert_true(same_bits(a->dn, a->parts.solenoidal, b->parts.solenoidal));
    assert_true(same_bits(a->n, a->parts.potential, b->parts.potential));
    assert_true(same_bits(a->n, a->parts.source, b->parts.source));
}

static void threads_change_no_bit(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {51, 55, 49};
    const rg_grid grid = grid_of(3, shape);
    problem p[2] = {problem_on(&grid), problem_on(&grid)};
    assert_true(p[0].n > RG_THREADED_CELLS);
    for (int t = 0; t < 2; t++) solve_on_threads(&p[t], t + 1);
    assert_same_parts(&p[0], &p[1]);
    for (int t = 0; t < 2; t++) {
        omp_set_num_threads(t + 1);
        assert_ok(rg_split_flat(p[t].spectral, p[t].e, p[t].parts.gradient, p[t].parts.solenoidal, p[t].parts.potential,
                                NULL, &p[t].report));
    }
    assert_same_parts(&p[0], &p[1]);
    clean(&p[0]);
    clean(&p[1]);
    omp_set_num_threads(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_split_is_an_orthogonal_projection),
        cmocka_unit_test(flat_parts_are_what_they_are_called),
        cmocka_unit_test(flat_outputs_may_be_left_out),
        cmocka_unit_test(flat_split_moves_with_its_input),
        cmocka_unit_test(flat_split_refuses_bad_arguments),
        cmocka_unit_test(weighted_parts_fit_together),
        cmocka_unit_test(the_potential_belongs_to_the_gradient),
        cmocka_unit_test(weighted_split_moves_with_its_input),
        cmocka_unit_test(a_constant_in_log_p_changes_nothing),
        cmocka_unit_test(without_weight_it_is_the_flat_split),
        cmocka_unit_test(one_dimension_is_known),
        cmocka_unit_test(rotated_gaussians_have_known_fractions),
        cmocka_unit_test(solenoidal_families_stay),
        cmocka_unit_test(gradients_leave_nothing),
        cmocka_unit_test(the_source_is_that_of_langevin_and_stein),
        cmocka_unit_test(harmonic_and_co_exact_parts_are_apart),
        cmocka_unit_test(harmonic_parts_are_known),
        cmocka_unit_test(warm_starts_change_the_cost_only),
        cmocka_unit_test(an_unresolved_density_is_solved_and_reported),
        cmocka_unit_test(the_fast_operator_comes_back),
        cmocka_unit_test(high_contrast_is_cheap),
        cmocka_unit_test(transforms_are_counted),
        cmocka_unit_test(nothing_splits_into_nothing),
        cmocka_unit_test(outputs_may_take_the_place_of_e),
        cmocka_unit_test(it_stops_when_told),
        cmocka_unit_test(what_is_not_finite_is_refused),
        cmocka_unit_test(weighted_split_refuses_bad_arguments),
        cmocka_unit_test(misaligned_input_is_no_trap),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(threads_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
