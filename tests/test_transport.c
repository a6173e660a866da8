/* W1 as a bracket: both bounds from their definitions, exact distances, symmetries, what a caller may get wrong. And MMD
 * against double sums.
 *
 * Where two solutions of one discrete problem are compared, each lies in its bracket: they differ by no more than the sum
 * of their widths. */
#include <rotgrad/transport.h>

#include "base/base.h"
#include "measure/transport.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"

static const sizes transport_sizes[] = {
    {2, {24, 20, 1}}, {2, {15, 22, 1}}, {2, {17, 19, 1}}, {3, {8, 10, 12}}, {3, {7, 9, 11}}};

typedef struct problem {
    rg_grid grid;
    ptrdiff_t n;
    double *p, *q, *potential, *flux;
    rg_transport *transport;
    rg_transport_report report;
} problem;

static problem problem_on(const rg_grid *grid, int free_boundary) {
    problem p = {.grid = *grid, .n = rg_grid_cells(grid)};
    p.p = field(p.n);
    p.q = field(p.n);
    p.potential = field(p.n);
    p.flux = field(p.n * grid->dim);
    assert_ok(rg_transport_create(grid, free_boundary, RG_PLAN_ESTIMATE, &p.transport));
    return p;
}

static void clean(problem *p) {
    double *fields[] = {p->p, p->q, p->potential, p->flux};
    for (size_t i = 0; i < COUNT_OF(fields); i++) rg_free(fields[i]);
    rg_transport_destroy(p->transport);
}

static void solve(problem *p, double gap) {
    rg_diagnostic diagnostic = {0};
    const rg_transport_options how = {.gap = gap, .cold = 1};
    assert_ok(rg_transport_solve(p->transport, &how, p->p, p->q, p->potential, p->flux, &p->report, &diagnostic));
    assert_true(p->report.converged);
    assert_true(p->report.lower <= p->report.value && p->report.value <= p->report.upper);
    assert_below(p->report.gap, gap);
}

/* Smooth densities of mass 1 with all symmetries broken. */
static void fill(const rg_grid *grid, int seed, double *density) {
    const ptrdiff_t n = rg_grid_cells(grid);
    for (ptrdiff_t i = 0; i < n; i++) {
        double angle[RG_MAX_DIM], sum = 0;
        angles_of(grid, i, angle);
        for (int a = 0; a < grid->dim; a++)
            sum += cos(angle[a] + seed * (1.3 + a)) + 0.6 * sin(angle[a] + angle[(a + 1) % grid->dim] + 0.7 * seed);
        density[i] = exp(sum);
    }
    const double mass = rg_integral(grid, density);
    for (ptrdiff_t i = 0; i < n; i++) density[i] /= mass;
}

static problem smooth_problem(const sizes *s) {
    const rg_grid grid = grid_of(s->dim, s->shape);
    problem p = problem_on(&grid, 0);
    fill(&grid, 1, p.p);
    fill(&grid, 2, p.q);
    return p;
}

static ptrdiff_t neighbour(const rg_grid *grid, ptrdiff_t cell, int axis, ptrdiff_t by) {
    ptrdiff_t place[RG_MAX_DIM];
    place_of(grid, cell, place);
    place[axis] = (place[axis] + by + grid->shape[axis]) % grid->shape[axis];
    return cell_at(grid, place);
}

/* ---- the bounds, from their definitions */

static double cost_of(const rg_grid *grid, const double *flux) {
    const ptrdiff_t n = rg_grid_cells(grid);
    const int corners = 1 << grid->dim;
    double cost = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        for (int c = 0; c < corners; c++) {
            double square = 0;
            for (int a = 0; a < grid->dim; a++) {
                const double m = flux[a * n + (c >> a & 1 ? neighbour(grid, i, a, -1) : i)];
                square += m * m;
            }
            cost += sqrt(square);
        }
    return cost * rg_grid_cell_volume(grid) / corners;
}

static double divergence_defect(const problem *p) {
    double worst = 0;
    for (ptrdiff_t i = 0; i < p->n; i++) {
        double sum = p->q[i] - p->p[i];
        for (int a = 0; a < p->grid.dim; a++)
            sum += (p->flux[a * p->n + i] - p->flux[a * p->n + neighbour(&p->grid, i, a, -1)]) /
                   rg_grid_spacing(&p->grid, a);
        worst = fmax(worst, fabs(sum));
    }
    return worst / fmax(rg_max_abs(p->n, p->p), rg_max_abs(p->n, p->q));
}

static double gain_of(const problem *p) {
    double gain = 0;
    for (ptrdiff_t i = 0; i < p->n; i++) gain += p->potential[i] * (p->q[i] - p->p[i]);
    return gain * rg_grid_cell_volume(&p->grid);
}

static double slope_of(const problem *p) {
    double most = 0;
    for (ptrdiff_t i = 0; i < p->n; i++)
        for (int c = 0; c < 1 << p->grid.dim; c++) {
            double square = 0;
            for (int a = 0; a < p->grid.dim; a++) {
                const double step = p->potential[neighbour(&p->grid, i, a, c >> a & 1 ? -1 : 1)] - p->potential[i];
                square += pow(step / rg_grid_spacing(&p->grid, a), 2);
            }
            most = fmax(most, sqrt(square));
        }
    return most;
}

static void both_bounds_are_what_they_claim(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++) {
        problem p = smooth_problem(&transport_sizes[k]);
        solve(&p, 1e-3);
        assert_below(divergence_defect(&p), 1e-12);
        assert_below(fabs(cost_of(&p.grid, p.flux) / p.report.upper - 1), 1e-12);
        assert_below(fabs(gain_of(&p) / p.report.lower - 1), 1e-10);
        assert_below(fabs(slope_of(&p) / p.report.lipschitz - 1), 1e-10);
        /* the dual constraint in its strongest simple form: |slope| <= 1 along every axis */
        for (ptrdiff_t i = 0; i < p.n; i++)
            for (int a = 0; a < p.grid.dim; a++)
                assert_below(fabs(p.potential[neighbour(&p.grid, i, a, 1)] - p.potential[i]) /
                                 rg_grid_spacing(&p.grid, a),
                             1 + 1e-12);
        clean(&p);
    }
}

/* Any flux of the right divergence costs at least `lower`, any potential gains at most `upper`: of other solutions, too. */
static void brackets_of_one_problem_meet(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++) {
        problem p = smooth_problem(&transport_sizes[k]);
        rg_transport_report last = {.upper = HUGE_VAL};
        const double gaps[] = {0.2, 1e-2, 1e-4};
        for (size_t g = 0; g < COUNT_OF(gaps); g++) {
            solve(&p, gaps[g]);
            assert_true(p.report.lower <= last.upper && last.lower <= p.report.upper);
            last = p.report;
        }
        clean(&p);
    }
}

/* ---- one dimension */

/* min over c among the values of the sum of |F - c|: a median is among them. */
static double circle_distance(const problem *p) {
    const double h = rg_grid_spacing(&p->grid, 0);
    double best = HUGE_VAL, *sum = field(p->n), total = 0;
    for (ptrdiff_t i = 0; i < p->n; i++) sum[i] = total += h * (p->p[i] - p->q[i]);
    for (ptrdiff_t c = 0; c < p->n; c++) {
        double cost = 0;
        for (ptrdiff_t i = 0; i < p->n; i++) cost += h * fabs(sum[i] - sum[c]);
        best = fmin(best, cost);
    }
    rg_free(sum);
    return best;
}

static void one_dimension_is_exact(void **state) {
    (void)state;
    const ptrdiff_t counts[] = {4, 15, 64, 81};
    for (size_t k = 0; k < COUNT_OF(counts); k++) {
        const rg_grid grid = grid_of(1, &counts[k]);
        problem p = problem_on(&grid, 0);
        fill(&grid, 1, p.p);
        fill(&grid, 4, p.q);
        solve(&p, 1e-3);
        assert_below(fabs(p.report.value / circle_distance(&p) - 1), 1e-12);
        assert_below(p.report.gap, 1e-13);
        assert_below(divergence_defect(&p), 1e-12);
        assert_below(slope_of(&p), 1 + 1e-12);
        assert_below(fabs(gain_of(&p) / p.report.upper - 1), 1e-12);
        clean(&p);
    }
}

/* A mass that goes around the circle the short way, or along the line the long way. */
static void a_point_on_circle_and_line(void **state) {
    (void)state;
    const ptrdiff_t n = 20;
    const rg_grid grid = grid_of(1, &n);
    const double h = rg_grid_spacing(&grid, 0);
    for (int free_boundary = 0; free_boundary < 2; free_boundary++) {
        problem p = problem_on(&grid, free_boundary);
        p.p[1] = p.q[17] = 1 / h;
        solve(&p, 1e-3);
        assert_below(fabs(p.report.value - (free_boundary ? 16 : 4) * h), 1e-13);
        assert_below(fabs(gain_of(&p) - p.report.value), 1e-13);
        clean(&p);
    }
}

/* ---- exact distances in two and three dimensions */

static double distance(const rg_grid *grid, int free_boundary, ptrdiff_t i, ptrdiff_t j) {
    ptrdiff_t x[RG_MAX_DIM], y[RG_MAX_DIM];
    double square = 0;
    place_of(grid, i, x);
    place_of(grid, j, y);
    for (int a = 0; a < grid->dim; a++) {
        double d = fabs((double)(x[a] - y[a])) * rg_grid_spacing(grid, a);
        if (!free_boundary) d = fmin(d, grid->length[a] - d);
        square += d * d;
    }
    return sqrt(square);
}

/* Two points go to two points: the better of two pairings. */
static void points_go_to_points(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++)
        for (int free_boundary = 0; free_boundary < 2; free_boundary++) {
            const rg_grid grid = grid_of(transport_sizes[k].dim, transport_sizes[k].shape);
            problem p = problem_on(&grid, free_boundary);
            const ptrdiff_t from[2] = {p.n / 7, 5 * p.n / 6}, to[2] = {p.n / 2 + 3, p.n - 2};
            for (int i = 0; i < 2; i++) p.p[from[i]] = p.q[to[i]] = 0.5 / rg_grid_cell_volume(&grid);
            double pairing[2];
            for (int s = 0; s < 2; s++)
                pairing[s] = (distance(&grid, free_boundary, from[0], to[s]) +
                              distance(&grid, free_boundary, from[1], to[1 - s])) /
                             2;
            const double exact = fmin(pairing[0], pairing[1]);
            rg_value w1;
            rg_transport_report report;
            assert_ok(rg_wasserstein1(&grid, free_boundary, 1e-3, p.p, p.q, &w1, &report, NULL));
            assert_below(report.lower / report.lipschitz, exact);
            assert_below(fabs(w1.value - exact), w1.error);
            clean(&p);
        }
}

static void blob(const rg_grid *grid, const double *at, double sigma, double *density) {
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) {
        ptrdiff_t place[RG_MAX_DIM];
        double square = 0;
        place_of(grid, i, place);
        for (int a = 0; a < grid->dim; a++) {
            double x = (double)place[a] * rg_grid_spacing(grid, a) / grid->length[a] - at[a];
            x -= round(x);
            square += x * x;
        }
        density[i] = exp(-square / (2 * sigma * sigma));
    }
    const double mass = rg_integral(grid, density);
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) density[i] /= mass;
}

/* A blob moved by less than half the box: W1 is the way, and the discretisation is of second order. */
static void a_moved_blob_converges(void **state) {
    (void)state;
    const double from[] = {0.3, 0.41}, to[] = {0.45, 0.51}, length[] = {2.3, 2.3};
    const double exact = 2.3 * hypot(to[0] - from[0], to[1] - from[1]);
    double error[2];
    for (int k = 0; k < 2; k++) {
        rg_grid grid;
        assert_ok(rg_grid_init(2, (ptrdiff_t[]){32 << k, 32 << k}, box_lower, length, &grid));
        problem p = problem_on(&grid, 0);
        blob(&grid, from, 0.045, p.p);
        blob(&grid, to, 0.045, p.q);
        rg_value w1;
        rg_transport_report report;
        assert_ok(rg_wasserstein1(&grid, 0, 3e-4, p.p, p.q, &w1, &report, NULL));
        assert_below(fabs(w1.value - exact), w1.error);
        assert_below(exact * (1 - 1e-6), report.upper); /* Gaussian tails */
        error[k] = report.upper - exact;
        clean(&p);
    }
    assert_true(error[0] > 3 * error[1] && error[0] < 5.5 * error[1]);
}

/* Beyond half the box the torus is shorter than the space. */
static void free_boundary_goes_straight(void **state) {
    (void)state;
    const rg_grid grid = grid_of(2, (ptrdiff_t[]){24, 20});
    const double from[] = {0.2, 0.25}, to[] = {0.8, 0.7};
    const double exact = hypot(0.6 * grid.length[0], 0.45 * grid.length[1]);
    problem p = problem_on(&grid, 1);
    blob(&grid, from, 0.04, p.p);
    blob(&grid, to, 0.04, p.q);
    rg_value w1, torus;
    assert_ok(rg_wasserstein1(&grid, 1, 1e-3, p.p, p.q, &w1, NULL, NULL));
    assert_ok(rg_wasserstein1(&grid, 0, 1e-3, p.p, p.q, &torus, NULL, NULL));
    assert_below(fabs(w1.value - exact), w1.error);
    assert_below(torus.value, 0.8 * exact);
    clean(&p);
}

/* ---- symmetries */

static void swapped_and_scaled(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++) {
        problem p = smooth_problem(&transport_sizes[k]);
        solve(&p, 1e-3);
        const rg_transport_report there = p.report;
        double *swap = p.p;
        p.p = p.q;
        p.q = swap;
        solve(&p, 1e-3);
        assert_below(fabs(p.report.upper / there.upper - 1), 1e-9);
        assert_below(fabs(p.report.lower / there.lower - 1), 1e-9);
        rg_grid grid = p.grid;
        for (int a = 0; a < grid.dim; a++) grid.length[a] *= 2;
        problem wide = problem_on(&grid, 0);
        memcpy(wide.p, p.p, (size_t)p.n * sizeof(double));
        memcpy(wide.q, p.q, (size_t)p.n * sizeof(double));
        solve(&wide, 1e-3);
        assert_below(fabs(wide.report.upper / p.report.upper - 2), 1e-9);
        assert_below(fabs(wide.report.lower / p.report.lower - 2), 1e-9);
        clean(&wide);
        clean(&p);
    }
}

static void mirrored_and_shifted(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++) {
        problem p = smooth_problem(&transport_sizes[k]), other = smooth_problem(&transport_sizes[k]);
        solve(&p, 1e-3);
        for (int axis = 0; axis < p.grid.dim; axis++) {
            for (ptrdiff_t i = 0; i < p.n; i++) {
                ptrdiff_t place[RG_MAX_DIM];
                place_of(&p.grid, i, place);
                const ptrdiff_t j = neighbour(&p.grid, i, axis, -(2 * place[axis]) % p.grid.shape[axis]);
                other.p[i] = p.p[j];
                other.q[i] = p.q[j];
            }
            solve(&other, 1e-3);
            assert_below(fabs(other.report.upper / p.report.upper - 1), 1e-9);
            assert_below(fabs(other.report.lower / p.report.lower - 1), 1e-9);
            for (ptrdiff_t i = 0; i < p.n; i++) {
                const ptrdiff_t j = neighbour(&p.grid, i, axis, 3);
                other.p[i] = p.p[j];
                other.q[i] = p.q[j];
            }
            solve(&other, 1e-3); /* coarser grids lie otherwise */
            assert_true(other.report.lower <= p.report.upper && p.report.lower <= other.report.upper);
        }
        clean(&other);
        clean(&p);
    }
}

static void transposed(void **state) {
    (void)state;
    problem p = smooth_problem(&transport_sizes[1]);
    solve(&p, 1e-3);
    rg_grid grid;
    const ptrdiff_t *n = p.grid.shape;
    assert_ok(rg_grid_init(2, (ptrdiff_t[]){n[1], n[0]}, (double[]){p.grid.lower[1], p.grid.lower[0]},
                           (double[]){p.grid.length[1], p.grid.length[0]}, &grid));
    problem other = problem_on(&grid, 0);
    for (ptrdiff_t i = 0; i < p.n; i++) {
        const ptrdiff_t j = i % n[1] * n[0] + i / n[1];
        other.p[j] = p.p[i];
        other.q[j] = p.q[i];
    }
    solve(&other, 1e-3);
    assert_below(fabs(other.report.upper / p.report.upper - 1), 1e-9);
    assert_below(fabs(other.report.lower / p.report.lower - 1), 1e-9);
    clean(&other);
    clean(&p);
}

static void triangle_inequality(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++) {
        problem p = smooth_problem(&transport_sizes[k]);
        double *middle = field(p.n), *end = p.q;
        fill(&p.grid, 3, middle);
        solve(&p, 1e-3);
        const double whole = p.report.lower;
        p.q = middle;
        solve(&p, 1e-3);
        double parts = p.report.upper, *start = p.p;
        p.p = middle;
        p.q = end;
        solve(&p, 1e-3);
        parts += p.report.upper;
        assert_below(whole, parts);
        p.p = start;
        rg_free(middle);
        clean(&p);
    }
}

/* Down to the halved grid every mass stays, and where it is on average, too. */
static void halved_grids_keep_masses(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(transport_sizes); k++) {
        const rg_grid grid = grid_of(transport_sizes[k].dim, transport_sizes[k].shape);
        rg_grid coarse;
        assert_true(rg_transport_halved(&grid, RG_MIN_POINTS, &coarse));
        double *fine = field(rg_grid_cells(&grid)), *halved = field(rg_grid_cells(&coarse));
        const ptrdiff_t at = rg_grid_cells(&grid) / 3;
        fine[at] = 1 / rg_grid_cell_volume(&grid);
        rg_transport_restrict(&grid, fine, &coarse, halved);
        assert_below(fabs(rg_integral(&coarse, halved) - 1), 1e-14);
        ptrdiff_t place[RG_MAX_DIM], other[RG_MAX_DIM];
        place_of(&grid, at, place);
        for (int a = 0; a < grid.dim; a++) {
            double mean = 0;
            for (ptrdiff_t i = 0; i < rg_grid_cells(&coarse); i++) {
                place_of(&coarse, i, other);
                mean += halved[i] * (double)other[a] * rg_grid_spacing(&coarse, a) * rg_grid_cell_volume(&coarse);
            }
            assert_below(fabs(mean - (double)place[a] * rg_grid_spacing(&grid, a)), 1e-13);
        }
        rg_free(fine);
        rg_free(halved);
    }
}

/* ---- the same again */

/* The circle turned over: face i + 1/2 becomes face n - i - 1/2, for even and odd n. */
static void mirrored_circles_have_mirrored_fluxes(void **state) {
    (void)state;
    for (ptrdiff_t n = 20; n <= 23; n++) {
        const rg_grid grid = grid_of(1, (ptrdiff_t[]){n, 1, 1});
        problem p = problem_on(&grid, 0), other = problem_on(&grid, 0);
        fill(&grid, 3, p.p);
        fill(&grid, 8, p.q);
        for (ptrdiff_t i = 0; i < n; i++) {
            other.p[i] = p.p[(n - i) % n];
            other.q[i] = p.q[(n - i) % n];
        }
        solve(&p, 1e-3);
        solve(&other, 1e-3);
        for (ptrdiff_t i = 0; i < n; i++) assert_below(fabs(p.flux[i] + other.flux[n - 1 - i]), 1e-13 * rms(n, p.flux));
        clean(&p);
        clean(&other);
    }
}

static void smear(const rg_grid *grid, double *f) {
    const ptrdiff_t n = rg_grid_cells(grid);
    for (int a = 0; a < grid->dim; a++) {
        double *before = copy_of(n, f);
        for (ptrdiff_t i = 0; i < n; i++)
            f[i] = 0.5 * before[i] + 0.25 * (before[neighbour(grid, i, a, 1)] + before[neighbour(grid, i, a, -1)]);
        rg_free(before);
    }
}

/* The three values and their brackets, one by one: the gap is wide enough to be half of the bar. */
static void the_bar_is_made_of_three_brackets(void **state) {
    (void)state;
    const sizes even = {2, {24, 20, 1}};
    problem p = smooth_problem(&even);
    rg_value w1;
    rg_transport_report report[3];
    const double gap = 0.05;
    assert_ok(rg_wasserstein1(&p.grid, 0, gap, p.p, p.q, &w1, &report[0], NULL));
    rg_grid half;
    assert_true(rg_transport_halved(&p.grid, RG_MIN_POINTS, &half));
    problem rough = problem_on(&half, 0);
    rg_transport_restrict(&p.grid, p.p, &half, rough.p);
    rg_transport_restrict(&p.grid, p.q, &half, rough.q);
    const rg_transport_options how = {.gap = gap};
    assert_ok(rg_transport_solve(rough.transport, &how, rough.p, rough.q, NULL, NULL, &report[1], NULL));
    assert_ok(rg_transport_solve(p.transport, &how, p.p, p.q, NULL, NULL, &p.report, NULL));
    smear(&p.grid, p.p);
    smear(&p.grid, p.q);
    assert_ok(rg_transport_solve(p.transport, &how, p.p, p.q, NULL, NULL, &report[2], NULL));
    double bar = 0, widths = 0;
    for (int k = 0; k < 3; k++) {
        widths += 0.5 * (report[k].upper - report[k].lower);
        bar += fabs(report[k].value - report[(k + 1) % 3].value);
    }
    assert_true(widths > 0.1 * bar);
    assert_below(fabs(w1.error - bar - widths), 1e-9 * w1.value);
    clean(&rough);
    clean(&p);
}

static void a_warm_start_is_short_and_right(void **state) {
    (void)state;
    problem p = smooth_problem(&transport_sizes[0]);
    solve(&p, 1e-4);
    const int cold = p.report.iterations;
    for (ptrdiff_t i = 0; i < p.n; i++) p.q[i] += 0.01 * (p.p[i] - p.q[i]) * cos((double)i);
    const double mass = rg_integral(&p.grid, p.q);
    for (ptrdiff_t i = 0; i < p.n; i++) p.q[i] /= mass;
    const rg_transport_options how = {.gap = 1e-4};
    rg_transport_report warm;
    assert_ok(rg_transport_solve(p.transport, &how, p.p, p.q, NULL, NULL, &warm, NULL));
    assert_true(warm.converged && warm.iterations < cold);
    solve(&p, 1e-4);
    assert_true(warm.lower <= p.report.upper && p.report.lower <= warm.upper);
    clean(&p);
}

static void any_number_of_threads(void **state) {
    (void)state;
    const ptrdiff_t shape[] = {210, 160};
    const rg_grid grid = grid_of(2, shape);
    problem p = problem_on(&grid, 0);
    fill(&grid, 1, p.p);
    fill(&grid, 2, p.q);
    double *potential = field(p.n), *flux = field(2 * p.n);
    const int before = omp_get_max_threads();
    for (int threads = 1; threads <= 3; threads++) {
        omp_set_num_threads(threads);
        solve(&p, 0.02);
        if (threads == 1) {
            memcpy(potential, p.potential, (size_t)p.n * sizeof(double));
            memcpy(flux, p.flux, 2 * (size_t)p.n * sizeof(double));
        }
        assert_memory_equal(potential, p.potential, (size_t)p.n * sizeof(double));
        assert_memory_equal(flux, p.flux, 2 * (size_t)p.n * sizeof(double));
    }
    omp_set_num_threads(before);
    rg_free(potential);
    rg_free(flux);
    clean(&p);
}

/* ---- what may go wrong */

static void equal_densities_are_at_0(void **state) {
    (void)state;
    const sizes line = {1, {15, 1, 1}};
    const sizes *all[] = {&line, &transport_sizes[0], &transport_sizes[3]};
    for (size_t k = 0; k < COUNT_OF(all); k++) {
        problem p = smooth_problem(all[k]);
        memcpy(p.q, p.p, (size_t)p.n * sizeof(double));
        p.potential[1] = p.flux[1] = 7;
        solve(&p, 1e-3);
        assert_true(p.report.upper == 0 && p.report.lower == 0 && p.report.gap == 0 && p.report.value == 0);
        assert_true(rg_max_abs(p.n, p.potential) == 0 && rg_max_abs(p.n * p.grid.dim, p.flux) == 0);
        rg_value w1;
        assert_ok(rg_wasserstein1(&p.grid, 0, 0, p.p, p.q, &w1, NULL, NULL));
        assert_true(w1.value == 0 && w1.error == 0);
        for (ptrdiff_t i = 0; i < p.n; i++) p.q[i] *= 1 + 1e-15 * sin((double)i); /* rounding is no trap */
        rg_transport_report report;
        assert_ok(rg_transport_solve(p.transport, NULL, p.p, p.q, NULL, NULL, &report, NULL));
        assert_true(report.lower >= 0 && report.lower <= report.upper && report.upper < 1e-13);
        clean(&p);
    }
}

static void bad_input_is_refused(void **state) {
    (void)state;
    problem p = smooth_problem(&transport_sizes[0]);
    rg_diagnostic diagnostic = {0};
    rg_transport_report report = {.value = 0.25};
    const struct {
        double factor; /* of q */
        ptrdiff_t place;
        double value;
        rg_transport_options options;
        rg_status status;
        const char *message;
    } cases[] = {
        {1, 3, not_a_number, {.gap = 0}, RG_EINVAL, "p: value 3 is not finite"},
        {1, 5, -0.5, {.gap = 0}, RG_EDOMAIN, "p: expected a density, found -0.5 at value 5"},
        {1.01, -1, 0, {.gap = 0}, RG_EDOMAIN, "which differ by more than 1e-05 of them"},
        {0, -1, 0, {.gap = 0}, RG_EDOMAIN, "expected positive and finite masses"},
        {1, -1, 0, {.gap = 1e-13}, RG_EINVAL, "double precision cannot certify less"},
        {1, -1, 0, {.gap = not_a_number}, RG_EINVAL, "gap: expected"},
        {1, -1, 0, {.max_iterations = -2}, RG_EINVAL, "max_iterations: expected a number >= 0, got -2"},
    };
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        fill(&p.grid, 1, p.p);
        fill(&p.grid, 2, p.q);
        for (ptrdiff_t i = 0; i < p.n; i++) p.q[i] *= cases[k].factor;
        if (cases[k].place >= 0) p.p[cases[k].place] = cases[k].value;
        const rg_status status =
            rg_transport_solve(p.transport, &cases[k].options, p.p, p.q, NULL, NULL, &report, &diagnostic);
        assert_int_equal(status, cases[k].status);
        assert_non_null(strstr(diagnostic.text, cases[k].message));
        assert_true(report.value == 0.25);
    }
    rg_transport *none = NULL;
    assert_int_equal(rg_transport_create(NULL, 0, RG_PLAN_ESTIMATE, &none), RG_EINVAL);
    rg_transport_destroy(NULL);
    const rg_grid small = grid_of(2, (ptrdiff_t[]){4, 9});
    rg_value w1;
    fill(&small, 1, p.p);
    fill(&small, 2, p.q);
    assert_int_equal(rg_wasserstein1(&small, 0, 0, p.p, p.q, &w1, NULL, &diagnostic), RG_EINVAL);
    assert_non_null(strstr(diagnostic.text, "at least 7 points"));
    clean(&p);
}

static int stop_at_once(void *data, double fraction, const char *stage) {
    (void)data;
    assert_true(fraction >= 0 && fraction <= 1);
    assert_string_equal(stage, "transport");
    return 1;
}

/* Squares of fluxes leave the range of double precision: no certificate may come of that. */
static void boxes_beyond_double_precision(void **state) {
    (void)state;
    const double length[] = {1e-170, 1e170};
    for (int k = 0; k < 2; k++) {
        rg_grid grid;
        rg_diagnostic diagnostic = {0};
        const rg_transport_options how = {.gap = 1e-3, .cold = 1, .max_iterations = 40};
        assert_ok(rg_grid_init(2, (ptrdiff_t[]){12, 14}, NULL, (double[]){length[k], length[1 - k] * 1e-10}, &grid));
        problem p = problem_on(&grid, 0);
        fill(&grid, 1, p.p);
        fill(&grid, 2, p.q);
        const rg_status status = rg_transport_solve(p.transport, &how, p.p, p.q, NULL, NULL, &p.report, &diagnostic);
        assert_int_equal(status, RG_EDOMAIN);
        assert_non_null(strstr(diagnostic.text, "double precision"));
        clean(&p);
    }
}

static void stopped_early(void **state) {
    (void)state;
    problem p = smooth_problem(&transport_sizes[0]);
    const rg_transport_options stop = {.progress = stop_at_once}, few = {.gap = 1e-9, .max_iterations = 13};
    assert_int_equal(rg_transport_solve(p.transport, &stop, p.p, p.q, NULL, NULL, &p.report, NULL), RG_ECANCELLED);
    assert_ok(rg_transport_solve(p.transport, &few, p.p, p.q, p.potential, p.flux, &p.report, NULL));
    assert_int_equal(p.report.iterations, 13);
    assert_false(p.report.converged);
    assert_below(fabs(cost_of(&p.grid, p.flux) / p.report.upper - 1), 1e-12);
    assert_below(fabs(gain_of(&p) / p.report.lower - 1), 1e-10);
    clean(&p);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    problem p = smooth_problem(&transport_sizes[0]);
    rg_transport *new = NULL;
    rg_status status = RG_ENOMEM;
    long failures = 0;
    for (; status; failures++) {
        assert_null(new);
        rg_alloc_fail_after(failures);
        status = rg_transport_create(&p.grid, 0, RG_PLAN_ESTIMATE, &new);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    assert_true(failures > 20);
    rg_transport_destroy(new);
    rg_value w1 = {7, 7};
    double squared = 7;
    for (status = RG_ENOMEM, failures = 0; status; failures++) {
        assert_true(w1.value == 7);
        rg_alloc_fail_after(failures);
        status = rg_wasserstein1(&p.grid, 0, 0.1, p.p, p.q, &w1, NULL, NULL);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    for (status = RG_ENOMEM, failures = 0; status; failures++) {
        assert_true(squared == 7);
        rg_alloc_fail_after(failures);
        status = rg_mmd(&p.grid, 1, RG_MMD_ENERGY, 0, p.p, p.q, &squared, NULL);
        if (status) assert_int_equal(status, RG_ENOMEM);
    }
    rg_alloc_fail_after(0); /* solving allocates nothing */
    solve(&p, 1e-3);
    assert_null(rg_field_alloc(1));
    rg_alloc_fail_after(-1);
    clean(&p);
}

/* ---- MMD */

typedef double kernel_of(const rg_grid *grid, ptrdiff_t i, ptrdiff_t j);

static double double_sum(const problem *p, kernel_of *kernel) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < p->n; i++)
        for (ptrdiff_t j = 0; j < p->n; j++) sum += (p->p[i] - p->q[i]) * kernel(&p->grid, i, j) * (p->p[j] - p->q[j]);
    return sum * pow(rg_grid_cell_volume(&p->grid), 2);
}

static const double width = 0.21;

static double energy_in_space(const rg_grid *grid, ptrdiff_t i, ptrdiff_t j) {
    return -distance(grid, 1, i, j);
}

static double gaussian_in_space(const rg_grid *grid, ptrdiff_t i, ptrdiff_t j) {
    return exp(-pow(distance(grid, 1, i, j) / width, 2) / 2);
}

static double energy_on_circle(const rg_grid *grid, ptrdiff_t i, ptrdiff_t j) {
    const double x = distance(grid, 0, i, j);
    return -x * (1 - x / grid->length[0]);
}

static double gaussian_on_torus(const rg_grid *grid, ptrdiff_t i, ptrdiff_t j) {
    ptrdiff_t x[RG_MAX_DIM], y[RG_MAX_DIM];
    double product = 1;
    place_of(grid, i, x);
    place_of(grid, j, y);
    for (int a = 0; a < grid->dim; a++) {
        double sum = 0;
        for (int round = -5; round <= 5; round++) {
            const double d = (double)(x[a] - y[a]) * rg_grid_spacing(grid, a) + round * grid->length[a];
            sum += exp(-d * d / (2 * width * width));
        }
        product *= sum;
    }
    return product;
}

static void discrepancies_are_double_sums(void **state) {
    (void)state;
    double found;
    for (size_t k = 1; k < COUNT_OF(transport_sizes); k += 3) {
        problem p = smooth_problem(&transport_sizes[k]);
        assert_ok(rg_mmd(&p.grid, 1, RG_MMD_ENERGY, 0, p.p, p.q, &found, NULL));
        assert_below(fabs(found / double_sum(&p, energy_in_space) - 1), 1e-10);
        assert_ok(rg_mmd(&p.grid, 1, RG_MMD_GAUSSIAN, width, p.p, p.q, &found, NULL));
        assert_below(fabs(found / double_sum(&p, gaussian_in_space) - 1), 1e-10);
        clean(&p);
    }
    const ptrdiff_t n = 64;
    const rg_grid circle = grid_of(1, &n);
    problem p = problem_on(&circle, 0);
    fill(&circle, 1, p.p);
    fill(&circle, 3, p.q);
    /* the kernel has a kink: the double sum misses the integral by h^2 / 6 times the square of the densities' distance in L2 */
    double square = 0;
    for (ptrdiff_t i = 0; i < n; i++) square += pow(p.p[i] - p.q[i], 2) * rg_grid_spacing(&circle, 0);
    assert_ok(rg_mmd(&circle, 0, RG_MMD_ENERGY, 0, p.p, p.q, &found, NULL));
    assert_below(fabs(found - double_sum(&p, energy_on_circle)), square * pow(rg_grid_spacing(&circle, 0), 2) / 5.9);
    assert_ok(rg_mmd(&circle, 0, RG_MMD_GAUSSIAN, width, p.p, p.q, &found, NULL));
    assert_below(fabs(found / double_sum(&p, gaussian_on_torus) - 1), 1e-10);
    clean(&p);
    /* the shortest distance on the circle does not see even waves; this kernel does */
    p = problem_on(&circle, 0);
    for (ptrdiff_t i = 0; i < n; i++) {
        p.p[i] = 1 + 0.5 * cos(4 * pi * (double)i / (double)n);
        p.q[i] = 1;
    }
    assert_ok(rg_mmd(&circle, 0, RG_MMD_ENERGY, 0, p.p, p.q, &found, NULL));
    assert_true(found > 1e-3);
    assert_int_equal(rg_mmd(&circle, 0, RG_MMD_GAUSSIAN, 0, p.p, p.q, &found, NULL), RG_EINVAL);
    assert_int_equal(rg_mmd(&circle, 0, (rg_mmd_kernel)9, 1, p.p, p.q, &found, NULL), RG_EINVAL);
    clean(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_bounds_are_what_they_claim),
        cmocka_unit_test(brackets_of_one_problem_meet),
        cmocka_unit_test(one_dimension_is_exact),
        cmocka_unit_test(a_point_on_circle_and_line),
        cmocka_unit_test(points_go_to_points),
        cmocka_unit_test(a_moved_blob_converges),
        cmocka_unit_test(free_boundary_goes_straight),
        cmocka_unit_test(swapped_and_scaled),
        cmocka_unit_test(mirrored_and_shifted),
        cmocka_unit_test(transposed),
        cmocka_unit_test(triangle_inequality),
        cmocka_unit_test(halved_grids_keep_masses),
        cmocka_unit_test(mirrored_circles_have_mirrored_fluxes),
        cmocka_unit_test(the_bar_is_made_of_three_brackets),
        cmocka_unit_test(a_warm_start_is_short_and_right),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(equal_densities_are_at_0),
        cmocka_unit_test(bad_input_is_refused),
        cmocka_unit_test(boxes_beyond_double_precision),
        cmocka_unit_test(stopped_early),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(discrepancies_are_double_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
