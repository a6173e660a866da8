/* The nearest of many points around a box, against trying all of them in long double. */
#include "diffusion/point_tree.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fields.h"

enum { MOST = 700, QUERIES = 400 };

static const double lower[] = {-1.3, 0.4, 2}, length[] = {2.3, 0.7, 5.1};

static rg_grid box(int dim) {
    rg_grid g;
    assert_ok(rg_grid_init(dim, (const ptrdiff_t[]){4, 5, 6}, lower, length, &g));
    return g;
}

/* A number in [0, 1) for each pair. */
static double scattered(int i, int a) {
    const double x = 1e4 * sin(12.9898 * i + 78.233 * a + 1);
    return x - floor(x);
}

static long double distance_to(int dim, const double *x, const double *y) {
    long double square = 0;
    for (int a = 0; a < dim; a++) {
        const long double d = remainderl((long double)x[a] - (long double)y[a], (long double)length[a]);
        square += d * d;
    }
    return sqrtl(square);
}

static void check(int dim, size_t count, const double *points, const rg_point_tree *tree, const double *x) {
    const rg_nearest_point found = rg_point_tree_nearest(tree, x);
    long double least = HUGE_VALL;
    for (size_t j = 0; j < count; j++) least = fminl(least, distance_to(dim, x, points + j * (size_t)dim));
    const double slack = 8 * DBL_EPSILON * 10; /* of coordinates below 10 */
    assert_in_range(found.index, 0, count - 1);
    assert_below(fabs(found.distance - (double)least), slack);
    assert_below(fabs(found.distance - (double)distance_to(dim, x, points + found.index * (size_t)dim)), slack);
}

/* Points thick in one corner and thin elsewhere, some outside the box; queries everywhere, on points and at the box's edges. */
static void nearest_of_all(void **state) {
    (void)state;
    const size_t counts[] = {1, 2, 8, 9, 17, 100, MOST};
    double points[MOST * 3], x[3];
    for (int dim = 1; dim <= 3; dim++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            const rg_grid g = box(dim);
            rg_point_tree *tree = NULL;
            for (int i = 0; i < (int)counts[k]; i++)
                for (int a = 0; a < dim; a++)
                    points[i * dim + a] = lower[a] + length[a] * (pow(scattered(i, a), 4) + (i % 11 == 3 ? 2 : 0));
            assert_ok(rg_point_tree_create(&g, counts[k], points, &tree));
            for (int q = 0; q < QUERIES; q++) {
                for (int a = 0; a < dim; a++) {
                    x[a] = lower[a] + length[a] * (q % 7 == 2 ? 0 : q % 7 == 5 ? 1 : 3 * scattered(q, a + 5) - 1);
                    if (q % 13 == 1) x[a] = points[((size_t)q % counts[k]) * (size_t)dim + (size_t)a];
                }
                check(dim, counts[k], points, tree, x);
            }
            rg_point_tree_destroy(tree);
        }
}

/* A lattice has many equally near points. */
static void first_of_equally_near_ones(void **state) {
    (void)state;
    const rg_grid g = {.dim = 2, .shape = {4, 4, 1}, .length = {8, 8, 1}};
    double points[2 * 128];
    for (int i = 0; i < 128; i++) {
        points[2 * i] = (37 * i) % 64 / 8; /* every place twice */
        points[2 * i + 1] = (37 * i) % 8;
    }
    rg_point_tree *tree = NULL;
    assert_ok(rg_point_tree_create(&g, 128, points, &tree));
    for (int q = 0; q < 256; q++) {
        const double x[] = {0.5 * (q / 16), 0.5 * (q % 16)};
        size_t first = 0;
        for (size_t j = 1; j < 128; j++) {
            double square[2] = {0};
            for (int a = 0; a < 2; a++) {
                square[0] += pow(remainder(x[a] - points[2 * first + (size_t)a], 8), 2);
                square[1] += pow(remainder(x[a] - points[2 * j + (size_t)a], 8), 2);
            }
            if (square[1] < square[0]) first = j;
        }
        assert_int_equal(rg_point_tree_nearest(tree, x).index, first);
    }
    rg_point_tree_destroy(tree);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const rg_grid g = box(2);
    const double points[] = {0, 0.5, 0.2, 0.6};
    for (long n = 0; n < 3; n++) {
        rg_point_tree *tree = NULL;
        rg_alloc_fail_after(n);
        const rg_status status = rg_point_tree_create(&g, 2, points, &tree);
        rg_alloc_fail_after(-1);
        assert_int_equal(status, n < 2 ? RG_ENOMEM : RG_OK);
        rg_point_tree_destroy(tree);
    }
    rg_point_tree_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_of_all),
        cmocka_unit_test(first_of_equally_near_ones),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
