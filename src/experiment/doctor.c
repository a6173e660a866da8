/* The self-examination: versions of the libraries in use, the BLAS behind GSL, fonts, the machine, and two small
 * computations with known answers. Each check fills `found`, and `remedy` when something is wrong. */
#define _GNU_SOURCE /* dladdr, mkdtemp */
#include <rotgrad/array.h>
#include <rotgrad/doctor.h>
#include <rotgrad/split.h>
#include <rotgrad/version.h>

#include "base/base.h"
#include "figure/style.h"

#include <dlfcn.h>
#include <fftw3.h>
#include <glib.h>
#include <gsl/gsl_cblas.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <math.h>
#include <omp.h>
#include <pango/pangocairo.h>
#include <png.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>
#include <zip.h>

char *openblas_get_config(void); /* cblas.h of OpenBLAS would declare it beside a second gsl_cblas.h */

static void say(char text[RG_FINDING_SIZE], const char *format, ...) RG_PRINTF(2, 3);
static void say(char text[RG_FINDING_SIZE], const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, RG_FINDING_SIZE, format, arguments);
    va_end(arguments);
}

/* ---- libraries */

static void check_rotgrad(rg_finding *f) {
    say(f->found, "%s", rg_version());
}

static void check_fftw(rg_finding *f) {
    say(f->found, "%s, OpenMP threads", fftw_version);
    if (!fftw_init_threads()) say(f->remedy, "FFTW cannot start its threads: install libfftw3-double3 again");
}

static void check_gsl(rg_finding *f) {
    say(f->found, "%s", gsl_version);
}

static const char *file_of(void *symbol) {
    Dl_info info;
    return dladdr(symbol, &info) && info.dli_fname ? info.dli_fname : "";
}

/* The routine that is linked and a symbol that only OpenBLAS has must come from the same file. */
static void check_blas(rg_finding *f) {
    void (*const blas)(void) = (void (*)(void))cblas_dgemm,
                 (*const openblas)(void) = (void (*)(void))openblas_get_config;
    void *symbol[2];
    memcpy(&symbol[0], &blas, sizeof blas);
    memcpy(&symbol[1], &openblas, sizeof openblas);
    const char *file = file_of(symbol[0]);
    if (strcmp(file, file_of(symbol[1])) == 0) {
        say(f->found, "%s", openblas_get_config());
        return;
    }
    say(f->found, "%s", file);
    say(f->remedy, "GSL calls a BLAS that is not OpenBLAS, up to 20 times slower: link openblas before gsl, "
                   "leave gslcblas out");
}

static void check_png(rg_finding *f) {
    say(f->found, "%s", png_get_libpng_ver(NULL));
}

static void check_cairo(rg_finding *f) {
    say(f->found, "%s", cairo_version_string());
}

static void check_pango(rg_finding *f) {
    say(f->found, "%s", pango_version_string());
}

static void check_yaml(rg_finding *f) {
    say(f->found, "%s", yaml_get_version_string());
}

static void check_jansson(rg_finding *f) {
    say(f->found, "%s", jansson_version_str());
}

static void check_zip(rg_finding *f) {
    say(f->found, "%s", zip_libzip_version());
}

static void check_glib(rg_finding *f) {
    say(f->found, "%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
}

/* Pango answers every wish with some font: the question is with which one. */
static void check_fonts(rg_finding *f) {
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoContext *context = pango_font_map_create_context(map);
    PangoFontDescription *wanted = pango_font_description_from_string(RG_FONT_FAMILY " 8");
    PangoFont *font = pango_font_map_load_font(map, context, wanted);
    PangoFontDescription *given = font ? pango_font_describe(font) : NULL;
    const char *family = given ? pango_font_description_get_family(given) : NULL;
    say(f->found, "%s", family ? family : "none");
    if (!family || strcmp(family, RG_FONT_FAMILY) != 0)
        say(f->remedy, "figures need the font %s: install fonts-dejavu-core", RG_FONT_FAMILY);
    pango_font_description_free(given);
    pango_font_description_free(wanted);
    if (font) g_object_unref(font);
    g_object_unref(context);
}

/* ---- the machine */

static void check_threads(rg_finding *f) {
    const int threads = omp_get_max_threads(), processors = omp_get_num_procs();
    say(f->found, "%d OpenMP thread%s on %d processor%s", threads, threads == 1 ? "" : "s", processors,
        processors == 1 ? "" : "s");
    if (threads > processors)
        say(f->remedy, "threads would wait for each other: set OMP_NUM_THREADS to %d or less", processors);
}

static void check_memory(rg_finding *f) {
    const double gib = 1024.0 * 1024 * 1024, least = 0.5;
    const double page = (double)sysconf(_SC_PAGESIZE);
    const double all = page * (double)sysconf(_SC_PHYS_PAGES) / gib;
    const double left = page * (double)sysconf(_SC_AVPHYS_PAGES) / gib;
    say(f->found, "%.1f GiB, %.1f GiB of it not in use", all, left);
    if (all < least) say(f->remedy, "a run at 192 x 192 with 24 noise levels needs about 300 MiB");
}

/* ---- computations with known answers */

/* p = exp(cos x + sin(y) / 2), phi = sin x cos 2y, r = rot(psi) / p with psi = cos(x + y): div(p r) = 0. */
typedef struct known {
    rg_grid grid;
    double *log_density, *score, *error, *gradient, *split;
} known;

static void known_at(const known *k, ptrdiff_t i, double x, double y) {
    const ptrdiff_t n = rg_grid_cells(&k->grid);
    const double log_p = cos(x) + 0.5 * sin(y), rot = sin(x + y) * exp(-log_p);
    k->log_density[i] = log_p;
    k->score[i] = -sin(x);
    k->score[n + i] = 0.5 * cos(y);
    k->gradient[i] = cos(x) * cos(2 * y);
    k->gradient[n + i] = -2 * sin(x) * sin(2 * y);
    k->error[i] = k->gradient[i] - rot;
    k->error[n + i] = k->gradient[n + i] + rot;
}

static rg_status known_create(known *k) {
    const ptrdiff_t shape[] = {48, 40};
    const rg_status status = rg_grid_init(2, shape, NULL, NULL, &k->grid);
    if (status) return status;
    const size_t n = (size_t)rg_grid_cells(&k->grid);
    k->log_density = rg_field_alloc(n);
    double **fields[] = {&k->score, &k->error, &k->gradient, &k->split};
    for (int i = 0; i < 4; i++)
        if (!(*fields[i] = rg_field_alloc(2 * n))) return RG_ENOMEM;
    if (!k->log_density) return RG_ENOMEM;
    for (ptrdiff_t i = 0; i < shape[0]; i++)
        for (ptrdiff_t j = 0; j < shape[1]; j++)
            known_at(k, i * shape[1] + j, k->grid.lower[0] + (double)i * rg_grid_spacing(&k->grid, 0),
                     k->grid.lower[1] + (double)j * rg_grid_spacing(&k->grid, 1));
    return RG_OK;
}

static void known_free(known *k) {
    double *fields[] = {k->log_density, k->score, k->error, k->gradient, k->split};
    for (int i = 0; i < 5; i++) rg_free(fields[i]);
}

static rg_status known_solve(known *k, double *distance) {
    rg_split *split = NULL;
    rg_split_report report;
    rg_status status = rg_split_create(&k->grid, NULL, &split);
    if (!status)
        status = rg_split_weighted(split, k->log_density, k->score, k->error, &(rg_split_parts){.gradient = k->split},
                                   &report);
    *distance = 0;
    for (ptrdiff_t i = 0; !status && i < 2 * rg_grid_cells(&k->grid); i++)
        *distance = fmax(*distance, fabs(k->split[i] - k->gradient[i]));
    rg_split_destroy(split);
    return status;
}

static void check_split(rg_finding *f) {
    const double tolerance = 1e-8;
    known k = {0};
    double distance = 0;
    rg_status status = known_create(&k);
    if (!status) status = known_solve(&k, &distance);
    known_free(&k);
    say(f->found, "a split with a known answer is off by %.1e", distance);
    if (status) say(f->found, "a split with a known answer fails: %s", rg_status_text(status));
    if (status || !(distance < tolerance))
        say(f->remedy, "expected less than %.0e: run the tests (ctest), then report the one that fails", tolerance);
}

static rg_status round_trip(const char *path, rg_diagnostic *diagnostic) {
    const double data[] = {0.1, -1e300, 5e-324, 0, 1.0 / 3, 2};
    const ptrdiff_t shape[] = {2, 3};
    rg_array array = {0};
    rg_status status = rg_array_write(path, 2, shape, data, diagnostic);
    if (!status) status = rg_array_read(path, &array, diagnostic);
    int same = !status && array.count == 6;
    for (size_t i = 0; same && i < array.count; i++) same = array.data[i] == data[i];
    if (!status && !same) status = rg_fail(diagnostic, RG_EFORMAT, "%s: what was written reads back differently", path);
    rg_array_free(&array);
    unlink(path);
    return status;
}

static void check_files(rg_finding *f) {
    const char *base = getenv("TMPDIR");
    char folder[RG_FINDING_SIZE], path[RG_FINDING_SIZE + 16];
    rg_diagnostic diagnostic = {0};
    say(folder, "%s/rotgrad-XXXXXX", base && *base ? base : P_tmpdir);
    if (!mkdtemp(folder)) {
        say(f->found, "no folder for temporary files");
        say(f->remedy, "set TMPDIR to a folder that can be written");
        return;
    }
    snprintf(path, sizeof path, "%s/array.npy", folder);
    say(f->found, "an array written and read again has the same bits");
    if (round_trip(path, &diagnostic)) {
        say(f->found, "%.*s", RG_FINDING_SIZE - 1, diagnostic.text);
        say(f->remedy, "set TMPDIR to a folder with room in which files can be written");
    }
    rmdir(folder);
}

static const struct {
    const char *subject;
    void (*check)(rg_finding *finding);
} checks[] = {
    {"rotgrad", check_rotgrad}, {"FFTW", check_fftw},     {"GSL", check_gsl},     {"BLAS", check_blas},
    {"libpng", check_png},      {"cairo", check_cairo},   {"pango", check_pango}, {"libyaml", check_yaml},
    {"jansson", check_jansson}, {"libzip", check_zip},    {"glib", check_glib},   {"fonts", check_fonts},
    {"threads", check_threads}, {"memory", check_memory}, {"split", check_split}, {"files", check_files},
};

_Static_assert(sizeof checks / sizeof *checks <= RG_MAX_FINDINGS, "rg_doctor's callers lack room");

size_t rg_doctor(rg_finding finding[RG_MAX_FINDINGS]) {
    const size_t count = sizeof checks / sizeof *checks;
    for (size_t i = 0; i < count; i++) {
        finding[i] = (rg_finding){.subject = checks[i].subject};
        checks[i].check(&finding[i]);
    }
    return count;
}
