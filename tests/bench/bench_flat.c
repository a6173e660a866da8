/* The flat split against the transforms it cannot do without: d forward for the energies, d back for a field. */
#include "bench.h"

#include <omp.h>
#include <rotgrad/split.h>
#include <stdio.h>
#include <string.h>

struct flat {
    rg_spectral *spectral;
    double *e, *gradient, *solenoidal;
    fftw_plan forward, back; /* for as many threads as there are */
};

static void both_parts(void *data) {
    const struct flat *f = data;
    rg_split_report report;
    bench_check(rg_split_flat(f->spectral, f->e, f->gradient, f->solenoidal, NULL, NULL, &report), "flat split", NULL);
}

static void energies(void *data) {
    const struct flat *f = data;
    rg_split_report report;
    bench_check(rg_split_flat(f->spectral, f->e, NULL, NULL, NULL, NULL, &report), "flat energies", NULL);
}

/* With the library's own plans. */
static void bare(void *data) {
    const struct flat *f = data;
    const rg_spectral *s = f->spectral;
    for (int a = 0; a < s->grid.dim; a++) rg_forward(s, f->e + a * s->cells, s->spectrum + 2 * a * s->modes);
    for (int a = 0; a < s->grid.dim; a++) rg_back(s, s->spectrum + 2 * a * s->modes, f->gradient + a * s->cells);
}

/* With plans for as many threads as there are, whose results depend on that number. */
static void bare_free(void *data) {
    const struct flat *f = data;
    const rg_spectral *s = f->spectral;
    for (int a = 0; a < s->grid.dim; a++)
        fftw_execute_dft_r2c(f->forward, f->e + a * s->cells, (fftw_complex *)(s->spectrum + 2 * a * s->modes));
    for (int a = 0; a < s->grid.dim; a++)
        fftw_execute_dft_c2r(f->back, (fftw_complex *)(s->spectrum + 2 * a * s->modes), f->gradient + a * s->cells);
}

static void plan_free(struct flat *f, unsigned effort) {
    const rg_spectral *s = f->spectral;
    int n[RG_MAX_DIM];
    for (int a = 0; a < s->grid.dim; a++) n[a] = (int)s->grid.shape[a];
    fftw_plan_with_nthreads(omp_get_max_threads());
    f->forward = fftw_plan_dft_r2c(s->grid.dim, n, s->real, (fftw_complex *)s->spectrum, effort);
    f->back = fftw_plan_dft_c2r(s->grid.dim, n, (fftw_complex *)s->spectrum, s->real, effort);
    fftw_plan_with_nthreads(1);
    bench_check(f->forward && f->back ? RG_OK : RG_ENOMEM, "FFTW plans", NULL);
}

/* "128x128x128" */
static void write_size(const rg_grid *grid, char text[32]) {
    snprintf(text, 32, "%td", grid->shape[0]);
    for (int a = 1; a < grid->dim; a++) {
        const size_t used = strlen(text);
        snprintf(text + used, 32 - used, "x%td", grid->shape[a]);
    }
}

/* Milliseconds of both parts with measured plans, or 0 with estimated ones. */
static double compare(const rg_grid *grid, rg_planning planning) {
    const double seconds = 2;
    const char *effort = planning == RG_PLAN_MEASURE ? "measured" : "estimated";
    char size[32], name[96];
    struct flat f = {0};
    const ptrdiff_t values = grid->dim * rg_grid_cells(grid);
    f.e = bench_field(values);
    f.gradient = bench_field(values);
    f.solenoidal = bench_field(values);
    fftw_forget_wisdom(); /* measured plans are measured anew */
    bench_check(rg_spectral_create(grid, planning, &f.spectral), "spectral plan", NULL);
    plan_free(&f, planning == RG_PLAN_MEASURE ? FFTW_MEASURE : FFTW_ESTIMATE);
    bench_noise(values, f.e);
    write_size(grid, size);

    const bench_times both = bench_compare(both_parts, bare, &f, seconds);
    snprintf(name, sizeof name, "%s, %s: both parts", size, effort);
    bench_row(name, both, 1.1);
    snprintf(name, sizeof name, "%s, %s: energies alone", size, effort);
    bench_row(name, bench_compare(energies, bare, &f, seconds), 0.55);
    snprintf(name, sizeof name, "%s, %s: those FFTs, against plans for %d threads", size, effort,
             omp_get_max_threads());
    bench_row(name, bench_compare(bare, bare_free, &f, seconds), 0);

    fftw_destroy_plan(f.forward);
    fftw_destroy_plan(f.back);
    rg_spectral_destroy(f.spectral);
    rg_free(f.e);
    rg_free(f.gradient);
    rg_free(f.solenoidal);
    return planning == RG_PLAN_MEASURE ? both.ours : 0;
}

/* "numpy 12.5" or "numpy skipped: ..." */
struct peer {
    const char *size;
    double ours;
};

static void peer_line(void *data, const char *text) {
    const struct peer *p = data;
    char library[32], name[96];
    double milliseconds;
    const char *why = strstr(text, "skipped: ");
    if (sscanf(text, "%31s", library) != 1) return;
    snprintf(name, sizeof name, "%s, both parts against %s", p->size, library);
    if (why)
        bench_skip(name, why + strlen("skipped: "));
    else if (sscanf(text, "%*s %lf", &milliseconds) == 1)
        bench_against(name, p->ours, milliseconds);
}

static void compare_peers(const rg_grid *grid, double ours) {
    char size[32], command[1024];
    write_size(grid, size);
    /* the first python3 that has NumPy: another one may stand before the system's */
    snprintf(command, sizeof command,
             "p=${PYTHON:-python3}; $p -c 'import numpy' 2>/dev/null || p=/usr/bin/python3; "
             "$p '%s/tests/bench/peers.py' %s %d",
             RG_SOURCE_DIR, size, omp_get_max_threads());
    if (!bench_run(command, peer_line, &(struct peer){size, ours})) bench_skip(size, "python3 is not installed");
}

void bench_flat(void) {
    static const struct {
        int dim;
        ptrdiff_t shape[RG_MAX_DIM];
    } sizes[] = {{2, {2048, 2048}}, {3, {128, 128, 128}}, {3, {256, 256, 256}}};
    bench_section("Flat split, against 2d bare FFTs");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        rg_grid grid;
        bench_check(rg_grid_init(sizes[i].dim, sizes[i].shape, NULL, NULL, &grid), "grid", NULL);
        const double ours = compare(&grid, RG_PLAN_MEASURE);
        compare(&grid, RG_PLAN_ESTIMATE);
        compare_peers(&grid, ours);
    }
}
