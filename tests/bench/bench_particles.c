/* The exact score of N = 10,000 points at M = 1,000 particles in D = 784 dimensions, against the two matrix products that it
 * needs, by BLAS on all threads. */
#include "bench.h"

#include <gsl/gsl_cblas.h>
#include <math.h>
#include <rotgrad/particles.h>
#include <stdio.h>

enum { POINTS = 10000, PARTICLES = 1000, DIM = 784 };

struct products {
    rg_point_score *law;
    double variance;
    double *points, *x, *out, *weight;
};

static void score(void *data) {
    const struct products *p = data;
    bench_check(rg_point_score_at(p->law, p->variance, PARTICLES, p->x, p->out, NULL, NULL), "score", NULL);
}

static void products(void *data) {
    const struct products *p = data;
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, PARTICLES, POINTS, DIM, 1, p->x, DIM, p->points, DIM, 0,
                p->weight, POINTS);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, PARTICLES, DIM, POINTS, 1, p->weight, POINTS, p->points, DIM,
                0, p->out, DIM);
}

void bench_particles(void) {
    bench_section("Exact score, 10,000 points, 1,000 particles, 784 dimensions, against its two matrix products");
    struct products p = {.points = bench_field(POINTS * DIM),
                         .x = bench_field(PARTICLES * DIM),
                         .out = bench_field(PARTICLES * DIM),
                         .weight = bench_field(PARTICLES * POINTS)};
    const rg_space space = {.dim = DIM};
    const double sigmas[] = {10, 1, 0.01};
    bench_noise(POINTS * DIM, p.points);
    bench_noise(PARTICLES * DIM, p.x);
    bench_check(rg_point_score_empirical(&space, POINTS, p.points, 0, 0, &p.law, NULL), "score", NULL);
    for (size_t k = 0; k < sizeof sigmas / sizeof *sigmas; k++) {
        char name[64];
        p.variance = sigmas[k] * sigmas[k];
        snprintf(name, sizeof name, "sigma = %g", sigmas[k]);
        bench_row(name, bench_compare(score, products, &p, 2), 1.5);
    }
    rg_point_score_destroy(p.law);
    double *fields[] = {p.points, p.x, p.out, p.weight};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
}
