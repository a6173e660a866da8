/* The estimator against one dsyrk of an (N, K) matrix, the least that any way to a Gram matrix costs: samples and score
 * alone, random waves, ridge and interval included. Each in a process of its own. */
#include "bench.h"

#include <stdio.h>

static const struct {
    long samples, features, dim;
    int turns;
} cases[] = {{100000, 500, 2, 7}, {100000, 1000, 64, 5}, {1000000, 2000, 2, 1}};

struct found {
    bench_times times;
    double peak, before; /* MB */
    int complete;
};

static void read_line(void *data, const char *text) {
    struct found *f = data;
    f->complete = sscanf(text, "%lf %lf %lf %lf %lf", &f->times.ours, &f->times.reference, &f->times.ratio, &f->peak,
                         &f->before) == 5;
}

void bench_estimate(void) {
    bench_section("Estimator, Stein's form, random waves, against one dsyrk");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char command[1024], name[64];
        struct found found = {0};
        snprintf(command, sizeof command, "%s %ld %ld %ld %d", BENCH_ESTIMATE, cases[i].samples, cases[i].features,
                 cases[i].dim, cases[i].turns);
        snprintf(name, sizeof name, "%ld samples, %ld features, D = %ld", cases[i].samples, cases[i].features,
                 cases[i].dim);
        if (!bench_run(command, read_line, &found) || !found.complete) {
            bench_skip(name, "its process failed");
            continue;
        }
        bench_row(name, found.times, 2);
        bench_figure("  memory, samples and score included", found.peak, "MB", 0);
        bench_figure("  memory beside them", found.peak - found.before, "MB", 400);
    }
}
