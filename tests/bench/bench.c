/* Clock, table and main of the benchmark. */
#include "bench.h"

#include "base/base.h"

#include <omp.h>
#include <rotgrad/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAST_TURNS = 5, MOST_TURNS = 400 };

void bench_check(rg_status status, const char *what, const rg_diagnostic *diagnostic) {
    if (status == RG_OK) return;
    fprintf(stderr, "bench: %s: %s\n", what, diagnostic ? diagnostic->text : rg_status_text(status));
    exit(EXIT_FAILURE);
}

double *bench_field(ptrdiff_t count) {
    double *field = rg_field_alloc((size_t)count);
    bench_check(field ? RG_OK : RG_ENOMEM, "memory", NULL);
    return field;
}

void bench_noise(ptrdiff_t count, double *out) {
    uint64_t state = 12345;
    for (ptrdiff_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        out[i] = (double)(state >> 11) * 0x1p-52 - 1;
    }
}

/* ---- the clock */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static double measure(bench_work *work, void *data, int repeats) {
    const double start = now();
    for (int r = 0; r < repeats; r++) work(data);
    return (now() - start) / repeats;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(size_t count, double *values) {
    qsort(values, count, sizeof *values, ascending);
    return 0.5 * (values[count / 2] + values[(count - 1) / 2]);
}

bench_times bench_compare(bench_work *ours, bench_work *reference, void *data, double seconds) {
    static double taken[3][MOST_TURNS];
    const double enough = 5; /* ms: far above the clock's noise */
    const double once = measure(ours, data, 1);
    measure(reference, data, 1);
    const int repeats = once < enough ? 1 + (int)(enough / once) : 1;
    size_t turns = 0;
    for (const double start = now(); turns < MOST_TURNS; turns++) {
        if (turns >= LEAST_TURNS && now() - start > 1e3 * seconds) break;
        taken[0][turns] = measure(ours, data, repeats);
        taken[1][turns] = measure(reference, data, repeats);
        taken[2][turns] = taken[0][turns] / taken[1][turns];
    }
    return (bench_times){bench_median(turns, taken[0]), bench_median(turns, taken[1]), bench_median(turns, taken[2])};
}

void bench_transform(const bench_transforms *t) {
    for (int i = 0; i < t->transforms; i++) {
        if (i % 2 == 0) rg_forward(t->spectral, t->real, t->spectral->spectrum);
        if (i % 2 == 1) rg_back(t->spectral, t->spectral->spectrum, t->spectral->real);
    }
}

/* ---- the table */

static const char *verdict(double value, double target) {
    return target <= 0 ? "" : value <= target ? "ok" : "above";
}

void bench_section(const char *title) {
    printf("\n%-62s %12s %12s %8s %8s\n", title, "ours", "reference", "ratio", "target");
    fflush(stdout);
}

static void finish_row(double value, double target) {
    if (target > 0)
        printf(" %8.4g %s\n", target, verdict(value, target));
    else
        printf(" %8s\n", "-");
    fflush(stdout);
}

void bench_row(const char *name, bench_times t, double target) {
    printf("  %-60s %9.4g ms %9.4g ms %8.3f", name, t.ours, t.reference, t.ratio);
    finish_row(t.ratio, target);
}

void bench_figure(const char *name, double value, const char *unit, double target) {
    char text[32];
    snprintf(text, sizeof text, "%.4g%s%s", value, *unit ? " " : "", unit);
    printf("  %-60s %12s %12s %8s", name, text, "", "");
    finish_row(value, target);
}

void bench_against(const char *name, double ours, double theirs) {
    printf("  %-60s %9.4g ms %9.4g ms %8.3f", name, ours, theirs, ours / theirs);
    finish_row(0, 0);
}

void bench_skip(const char *name, const char *why) {
    printf("  %-60s skipped: %s\n", name, why);
    fflush(stdout);
}

int bench_run(const char *command, bench_line *line, void *data) {
    FILE *pipe = popen(command, "r");
    if (!pipe) return 0;
    char text[512];
    while (fgets(text, sizeof text, pipe)) {
        text[strcspn(text, "\n")] = '\0';
        line(data, text);
    }
    return pclose(pipe) == 0;
}

/* ---- main */

static const struct {
    const char *name;
    void (*run)(void);
} sections[] = {{"flat", bench_flat},       {"weighted", bench_weighted},   {"transport", bench_transport},
                {"step", bench_step},       {"particles", bench_particles}, {"real", bench_real},
                {"figures", bench_figures}, {"estimate", bench_estimate}};

int main(int count, char **names) {
    const size_t all = sizeof sections / sizeof *sections;
    for (int i = 1; i < count; i++) {
        size_t s = 0;
        while (s < all && strcmp(sections[s].name, names[i]) != 0) s++;
        if (s == all) {
            fprintf(stderr, "usage: rotgrad_bench");
            for (size_t k = 0; k < all; k++) fprintf(stderr, " [%s]", sections[k].name);
            fprintf(stderr, "\n");
            return 2;
        }
    }
    printf("rotgrad %s, %s, %d threads on %d processors. Medians; a ratio is ours over the reference.\n", rg_version(),
           fftw_version, omp_get_max_threads(), omp_get_num_procs());
    for (size_t s = 0; s < all; s++) {
        int wanted = count == 1;
        for (int i = 1; i < count; i++) wanted |= strcmp(sections[s].name, names[i]) == 0;
        if (wanted) sections[s].run();
    }
    return 0;
}
