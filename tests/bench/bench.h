/* The benchmark: ratios of two things measured in the same run, taking turns. Milliseconds depend on the machine and on
 * what else it does; the ratios much less. */
#ifndef BENCH_H
#define BENCH_H

#include "grid/modes.h"

/* Stops the program with a message that names the place; for whatever must not fail here. */
void bench_check(rg_status status, const char *what, const rg_diagnostic *diagnostic);
/* rg_field_alloc that does not fail. */
double *bench_field(ptrdiff_t count);
/* Seeded, uniform in [-1, 1). */
void bench_noise(ptrdiff_t count, double *out);

typedef void bench_work(void *data);

/* Milliseconds of a call of each of two works: medians over turns, and the median of the turns' own ratios. */
typedef struct bench_times {
    double ours, reference, ratio;
} bench_times;

/* Takes turns for `seconds`, at least 5 times after one turn that is not counted; works much shorter than the clock's
 * noise are repeated within a turn. */
bench_times bench_compare(bench_work *ours, bench_work *reference, void *data, double seconds);
double bench_median(size_t count, double *values);

/* `transforms` bare real FFTs, forward and back in turn, with the library's own plans and scratch. */
typedef struct bench_transforms {
    const rg_spectral *spectral;
    const double *real;
    int transforms;
} bench_transforms;
void bench_transform(const bench_transforms *t);

/* The table. A target of 0 is none. */
void bench_section(const char *title);
void bench_row(const char *name, bench_times times, double target);
void bench_figure(const char *name, double value, const char *unit, double target);
/* Ours against a time that another program printed. */
void bench_against(const char *name, double ours, double theirs);
void bench_skip(const char *name, const char *why);

/* Runs a command; gives each line it prints to `line`. Returns whether the command succeeded. */
typedef void bench_line(void *data, const char *text);
int bench_run(const char *command, bench_line *line, void *data);

/* The sections. */
void bench_flat(void);
void bench_weighted(void);
void bench_step(void);
void bench_particles(void);
void bench_real(void);
void bench_figures(void);
void bench_estimate(void);
void bench_transport(void);

#endif
