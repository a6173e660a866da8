/* Figures as whole processes, start and end included, against the same by matplotlib, gnuplot and bare libpng. */
#include "bench.h"

#include <math.h>
#include <rotgrad/array.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGE = 1024, SMALL = 256, COMMAND_ROOM = 1024, PATH_ROOM = 256 };

static const double pi = 3.14159265358979323846;

static char folder[PATH_ROOM]; /* of the arrays and figures */
static char python[PATH_ROOM]; /* the first one that has matplotlib, "" for none */

/* ---- arrays */

/* A density with a few modes, and a divergence-free field. */
static double density(double x, double y) {
    return exp(2 * sin(x) * cos(2 * y) + cos(3 * x + y));
}

static void write_array(const char *name, int n, int vector) {
    char path[2 * PATH_ROOM];
    double *values = bench_field((ptrdiff_t)n * n * (vector ? 2 : 1));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double x = 2 * pi * i / n - pi, y = 2 * pi * j / n - pi;
            values[i * n + j] = vector ? sin(y) + cos(2 * y + x) : density(x, y);
            if (vector) values[(n + i) * n + j] = sin(2 * x) - 0.5 * cos(2 * y + x);
        }
    const ptrdiff_t shape[] = {2, n, n};
    rg_diagnostic d = {RG_OK, ""};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    bench_check(rg_array_write(path, vector ? 3 : 2, vector ? shape : shape + 1, values, &d), path, &d);
    rg_free(values);
}

/* ---- recipes */

static void write_recipe(const char *kind, int columns, double size, int panels, const char *panel) {
    char path[2 * PATH_ROOM];
    snprintf(path, sizeof path, "%s/%s.yaml", folder, kind);
    FILE *file = fopen(path, "w");
    bench_check(file ? RG_OK : RG_EIO, path, NULL);
    fprintf(file, "columns: %d\npanel_size: %g\nlabels: [\"x<sub>0</sub>\", \"x<sub>1</sub>\"]\npanels:\n", columns,
            size);
    for (int i = 0; i < panels; i++) fprintf(file, "  - {title: p, %s}\n", panel);
    bench_check(fclose(file) == 0 ? RG_OK : RG_EIO, path, NULL);
}

static void write_recipes(void) {
    const double large = 491.52, small = 150; /* points; the first is 1024 pixels at 150 dpi */
    write_recipe("heat", 1, large, 1, "heat: {values: large.npy, unit: \"1/rad<sup>2</sup>\"}");
    write_recipe("panels", 4, small, 8, "heat: {values: small.npy, unit: \"1/rad<sup>2</sup>\"}");
    write_recipe("flow", 1, large, 1, "flow: {vector: flow.npy}");
}

/* ---- processes */

struct pair {
    char ours[COMMAND_ROOM], reference[COMMAND_ROOM];
};

static void run(const char *command) {
    if (system(command) == 0) return;
    fprintf(stderr, "bench: failed: %s\n", command);
    exit(EXIT_FAILURE);
}

static void run_ours(void *data) {
    run(((struct pair *)data)->ours);
}

static void run_reference(void *data) {
    run(((struct pair *)data)->reference);
}

static int works(const char *command) {
    char silent[COMMAND_ROOM + 32];
    snprintf(silent, sizeof silent, "(%s) >/dev/null 2>&1", command);
    return system(silent) == 0;
}

static void find_python(void) {
    const char *chosen = getenv("PYTHON"), *const candidates[] = {chosen ? chosen : "python3", "/usr/bin/python3"};
    char command[COMMAND_ROOM];
    for (int i = 0; i < 2 && !*python; i++) {
        snprintf(command, sizeof command, "%s -c 'import matplotlib'", candidates[i]);
        if (works(command)) snprintf(python, sizeof python, "%s", candidates[i]);
    }
}

/* ---- figures */

struct figure {
    const char *kind, *array, *type;
    int n, panels;
    const char *name;
};

static void set_ours(const struct figure *f, struct pair *pair) {
    snprintf(pair->ours, COMMAND_ROOM, "%s plot %s/%s.yaml -o %s/ours.%s --force >%s/log", BENCH_ROTGRAD, folder,
             f->kind, folder, f->type, folder);
}

static void report_size(const struct figure *f, const char *who) {
    char path[2 * PATH_ROOM], name[96];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s.%s", folder, who, f->type);
    if (stat(path, &status) != 0) return;
    snprintf(name, sizeof name, "%s: size, %s", f->name, who);
    bench_figure(name, (double)status.st_size / 1e3, "kB", 0);
}

static void against(const struct figure *f, struct pair *pair, const char *whom, double target) {
    const double seconds = 3;
    char name[96];
    snprintf(name, sizeof name, "%s, against %s", f->name, whom);
    bench_row(name, bench_compare(run_ours, run_reference, pair, seconds), target);
    report_size(f, whom);
}

static void against_matplotlib(const struct figure *f, struct pair *pair, double target) {
    if (!*python) {
        bench_skip(f->name, "matplotlib is not installed");
        return;
    }
    snprintf(pair->reference, COMMAND_ROOM, "%s %s/tests/bench/draw_matplotlib.py %s %s/%s %s/matplotlib.%s", python,
             RG_SOURCE_DIR, f->kind, folder, f->array, folder, f->type);
    against(f, pair, "matplotlib", target);
}

static void against_gnuplot(const struct figure *f, struct pair *pair) {
    if (!works("gnuplot --version")) {
        bench_skip(f->name, "gnuplot is not installed");
        return;
    }
    snprintf(pair->reference, COMMAND_ROOM,
             "gnuplot -e \"array='%s/%s'; figure='%s/gnuplot.%s'; n=%d; panels=%d; type='%s'\" %s/tests/bench/draw.gp",
             folder, f->array, folder, f->type, f->n, f->panels, f->type, RG_SOURCE_DIR);
    against(f, pair, "gnuplot", 0);
}

static void against_libpng(const struct figure *f, struct pair *pair) {
    snprintf(pair->reference, COMMAND_ROOM, "%s %s/%s %s/libpng.png", BENCH_BARE_PNG, folder, f->array, folder);
    against(f, pair, "libpng", 0);
}

static void compare(const struct figure *f) {
    static const double tenfold = 0.1;
    struct pair pair;
    const int heat = strcmp(f->kind, "flow") != 0;
    set_ours(f, &pair);
    against_matplotlib(f, &pair, heat ? tenfold : 0);
    report_size(f, "ours");
    if (heat) against_gnuplot(f, &pair);
    if (heat && f->panels == 1 && strcmp(f->type, "png") == 0) against_libpng(f, &pair);
}

static void compare_flow(const struct figure *f) {
    struct pair pair;
    set_ours(f, &pair);
    memcpy(pair.reference, pair.ours, sizeof pair.ours);
    bench_figure(f->name, bench_compare(run_ours, run_reference, &pair, 2).ours, "ms", 500);
    compare(f);
}

static void clean_up(void) {
    static const char *const names[] = {
        "heat.yaml",  "panels.yaml",    "flow.yaml",   "log",         "large.npy",      "small.npy",
        "flow.npy",   "ours.png",       "ours.pdf",    "ours.svg",    "matplotlib.png", "matplotlib.pdf",
        "libpng.png", "matplotlib.svg", "gnuplot.png", "gnuplot.pdf", "gnuplot.svg"};
    char path[2 * PATH_ROOM];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

void bench_figures(void) {
    static const struct figure heats[] = {
        {"heat", "large.npy", "png", LARGE, 1, "Heat map of 1024x1024, PNG"},
        {"heat", "large.npy", "pdf", LARGE, 1, "Heat map of 1024x1024, PDF"},
        {"heat", "large.npy", "svg", LARGE, 1, "Heat map of 1024x1024, SVG"},
        {"panels", "small.npy", "png", SMALL, 8, "8 heat maps of 256x256, PNG"},
    };
    static const struct figure flow = {"flow", "flow.npy", "png", LARGE, 1, "Convolution of 1024x1024, PNG"};
    const char *base = getenv("TMPDIR");
    bench_section("Figures, whole processes");
    snprintf(folder, sizeof folder, "%s/rotgrad-bench-XXXXXX", base && *base ? base : "/tmp");
    bench_check(mkdtemp(folder) ? RG_OK : RG_EIO, folder, NULL);
    find_python();
    write_array("large.npy", LARGE, 0);
    write_array("small.npy", SMALL, 0);
    write_array("flow.npy", LARGE, 1);
    write_recipes();
    for (size_t i = 0; i < sizeof heats / sizeof *heats; i++) compare(&heats[i]);
    compare_flow(&flow);
    clean_up();
}
