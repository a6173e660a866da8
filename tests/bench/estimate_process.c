/* One estimate in a process of its own, so that the peak of its memory is that of the estimate:
 *
 *     bench_estimate_process N K D TURNS
 *
 * prints the medians over turns of the estimate's milliseconds, of those of one dsyrk of an (N, K) matrix, and of their
 * ratio, then the megabytes at the peak and those of them that were there before, with the samples and the score. The
 * matrix of N rows is taken in blocks of 1024, as the estimator does: whole, it would need 16 GB for a million. */
#include "../drawn.h"

#include <gsl/gsl_cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BLOCK = 1024, MOST_TURNS = 20 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static double peak(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_maxrss / 1024;
}

static double median(int count, const double *values) {
    double sorted[MOST_TURNS];
    memcpy(sorted, values, (size_t)count * sizeof *values);
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && sorted[j] < sorted[j - 1]; j--) {
            const double swapped = sorted[j];
            sorted[j] = sorted[j - 1];
            sorted[j - 1] = swapped;
        }
    return sorted[count / 2];
}

/* Samples and score of a Gaussian with a stretch and rotations; nothing else stays in memory. */
static drawn gaussian(size_t samples, size_t dim) {
    double *variance = drawn_room(dim);
    for (size_t a = 0; a < dim; a++) variance[a] = a % 2 ? 1 : 2;
    drawn s = drawn_create(samples, dim);
    rg_free(s.error);
    rg_free(s.clean);
    s.error = s.clean = NULL;
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    if (!random) abort();
    for (size_t i = 0; i < samples * dim; i++) s.points[i] = gsl_ran_gaussian(random, sqrt(variance[i % dim]));
    for (size_t i = 0; i < samples * dim; i++) {
        const size_t a = i % dim, partner = i - a + (a ^ 1);
        s.score[i] = (0.1 - 1 / variance[a]) * s.points[i];
        if ((a ^ 1) < dim) s.score[i] += (a % 2 ? 0.5 : -0.5) * s.points[partner];
    }
    gsl_rng_free(random);
    rg_free(variance);
    return s;
}

static double estimate(const drawn *s, size_t features) {
    const rg_estimate_data data = drawn_data(s, RG_LINEAR_STEIN);
    const rg_estimate_options options = {.kind = RG_FEATURES_RANDOM, .size = features, .seed = 1};
    rg_estimate_result result;
    rg_diagnostic why = {RG_OK, ""};
    const double start = now();
    const rg_status status = rg_estimate(&data, &options, &result, &why);
    if (status) fprintf(stderr, "bench_estimate_process: %s\n", why.text);
    if (status) exit(EXIT_FAILURE);
    return now() - start;
}

static double dsyrk(size_t samples, size_t features, const double *rows, double *gram) {
    const int k = (int)features;
    const double start = now();
    for (size_t i = 0; i < samples; i += BLOCK) {
        const int n = (int)(samples - i < BLOCK ? samples - i : BLOCK);
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, k, n, 1, rows, k, 1, gram, k);
    }
    return now() - start;
}

int main(int count, char **argument) {
    if (count != 5) return EXIT_FAILURE;
    const size_t n = strtoul(argument[1], NULL, 10), k = strtoul(argument[2], NULL, 10),
                 d = strtoul(argument[3], NULL, 10);
    const int wanted = atoi(argument[4]), turns = wanted > MOST_TURNS ? MOST_TURNS : wanted;
    double taken[3][MOST_TURNS], most = 0;
    drawn s = gaussian(n, d);
    const double before = peak();
    double *rows = NULL, *gram = NULL;
    for (int i = 0; i < turns; i++) {
        taken[0][i] = estimate(&s, k);
        if (i == 0) {
            most = peak(); /* the reference's own memory comes after */
            rows = drawn_room(BLOCK * k);
            gram = drawn_room(k * k);
            for (size_t j = 0; j < BLOCK * k; j++) rows[j] = sin((double)j);
            dsyrk(BLOCK, k, rows, gram);
        }
        taken[1][i] = dsyrk(n, k, rows, gram);
        taken[2][i] = taken[0][i] / taken[1][i];
    }
    printf("%.17g %.17g %.17g %.17g %.17g\n", median(turns, taken[0]), median(turns, taken[1]), median(turns, taken[2]),
           most, before);
    rg_free(rows);
    rg_free(gram);
    drawn_free(&s);
    return EXIT_SUCCESS;
}
