/* Heat maps of the fields at the end of the run. In two dimensions a panel shows a field; in three a row of panels
 * shows the planes through the densest point of p (the middle of a periodic box is no special place, and often an empty
 * one).
 *
 * Errors of the score and log(q/p) can be huge where p is tiny, so their colours end at what they exceed on one
 * thousandth of the mass of p; panels that are to be compared share one scale. */
#include "base/base.h"
#include "experiment/pool.h"
#include "experiment/report.h"
#include "figure/number.h"
#include "measure/mass_bound.h"

#include <rotgrad/figure.h>
#include <rotgrad/version.h>

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_FIELDS = 10, TITLE_SIZE = 256, LABEL_SIZE = 32, PLANES = 3 };

#define NABLA_PHI "\xe2\x88\x87\xcf\x86"
#define SIGMA     "\xcf\x83"
#define DOT       " \xc2\xb7 "

static const double rare = 1e-3, half = 0.5;
/* From here on a density is shown on a log scale, and the errors likewise when their usual bound exceeds their median
 * by that factor. */
static const double density_contrast = 1e3, error_contrast = 10;
static const double density_span = 1e9, error_span = 1e3;  /* largest ratio of the ends of those scales */
static const double log_of_least = -745;                   /* of the least positive double: drawn where q is 0 */
static const double least_log_ratio = 1e-4;                /* end of the scale of log(q/p): below is numerical noise */
static const double panel_size[] = {[2] = 130, [3] = 150}; /* points */

struct colours {
    rg_colour_map map;
    rg_scale scale;
    double minimum, maximum;
};

struct shown {
    const char *title; /* Pango markup */
    const double *values;
    struct colours colours;
};

/* What one file shows, and the memory for it. */
struct plate {
    const rg_report *report;
    const char *subject; /* behind the title of the experiment */
    int columns;         /* in two dimensions */
    size_t fields;
    struct shown field[MOST_FIELDS];
    rg_pool pool;
};

static ptrdiff_t cells_of(const struct plate *plate) {
    return rg_grid_cells(&plate->report->outcome->grid);
}

static void show(struct plate *plate, const char *title, const double *values, struct colours colours) {
    plate->field[plate->fields++] = (struct shown){title, values, colours};
}

/* ---- ranges of colours */

static double largest(ptrdiff_t n, const double *values) {
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (isfinite(values[i])) most = fmax(most, fabs(values[i]));
    return most;
}

static double least_positive(ptrdiff_t n, const double *values) {
    double least = HUGE_VAL;
    for (ptrdiff_t i = 0; i < n; i++)
        if (values[i] > 0) least = fmin(least, values[i]);
    return least;
}

/* For `count` fields that follow each other. Fields that are 0 wherever there is mass still get a range. */
static double shared_bound(ptrdiff_t n, const double *density, int count, const double *values) {
    double bound = 0;
    for (int k = 0; k < count; k++) bound = fmax(bound, rg_mass_bound(n, density, values + k * n, rare));
    if (bound > 0) return bound;
    const double most = largest(count * n, values);
    return most > 0 ? most : 1;
}

/* The first of the fields, |e|, decides about the scale. */
static struct colours error_colours(ptrdiff_t n, const double *density, int count, const double *values) {
    const double bound = shared_bound(n, density, count, values), median = rg_mass_bound(n, density, values, half);
    if (!(median > 0) || bound < error_contrast * median)
        return (struct colours){RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, bound};
    return (struct colours){RG_MAP_SEQUENTIAL, RG_SCALE_LOG, bound / error_span, bound};
}

static struct colours density_colours(ptrdiff_t n, const rg_outcome_fields *fields) {
    double most = largest(n, fields->density);
    for (int m = 0; m < RG_MARGINALS; m++) most = fmax(most, largest(n, fields->marginal[m]));
    const double least = least_positive(n, fields->density);
    if (most < density_contrast * least) return (struct colours){RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, most};
    return (struct colours){RG_MAP_SEQUENTIAL, RG_SCALE_LOG, fmax(least, most / density_span), most};
}

/* ---- fields that are not in the outcome */

/* Accurate where it is small. */
static double log_ratio_of(double q, double p) {
    const double rise = (q - p) / p;
    if (rise == -1) return log_of_least;
    return rise > -1 ? log1p(rise) : nan("");
}

static double *log_ratios(struct plate *plate) {
    const ptrdiff_t n = cells_of(plate);
    const rg_outcome_fields *f = &plate->report->outcome->fields;
    double *values = rg_pool_alloc(&plate->pool, RG_MARGINALS * (size_t)n, sizeof *values);
    for (int m = 0; values && m < RG_MARGINALS; m++)
        for (ptrdiff_t i = 0; i < n; i++) values[m * n + i] = log_ratio_of(f->marginal[m][i], f->density[i]);
    return values;
}

/* q - p - p log(q/p), whose integral is KL(p|q): from the series where that cancels. */
static double *kl_integrand(struct plate *plate, const double *log_ratio) {
    const ptrdiff_t n = cells_of(plate);
    const double *density = plate->report->outcome->fields.density;
    double *values = rg_pool_alloc(&plate->pool, (size_t)n, sizeof *values);
    for (ptrdiff_t i = 0; values && i < n; i++) {
        const double l = log_ratio[i];
        values[i] = density[i] * (fabs(l) < 1e-3 ? l * l / 2 * (1 + l / 3 + l * l / 12) : expm1(l) - l);
    }
    return values;
}

static void norm(ptrdiff_t n, int components, const double *vector, double *values) {
    for (ptrdiff_t i = 0; i < n; i++) {
        double square = 0;
        for (int c = 0; c < components; c++) square += vector[c * n + i] * vector[c * n + i];
        values[i] = sqrt(square);
    }
}

/* ---- panels */

static rg_axis axis_of(const rg_grid *grid, int axis) {
    static const char *const label[RG_MAX_DIM] = {"x<sub>0</sub>", "x<sub>1</sub>", "x<sub>2</sub>"};
    return (rg_axis){.label = label[axis], .lower = grid->lower[axis], .upper = grid->lower[axis] + grid->length[axis]};
}

/* The panel and, in memory of the plate, its heat map. */
static int set_panel(struct plate *plate, const struct shown *shown, const int axis[2], rg_panel *panel) {
    const struct colours *c = &shown->colours;
    const rg_grid *grid = &plate->report->outcome->grid;
    rg_heat_map *heat = rg_pool_alloc(&plate->pool, 1, sizeof *heat);
    if (!heat || !shown->title || !shown->values) return 0;
    *heat = (rg_heat_map){.shape = {grid->shape[axis[0]], grid->shape[axis[1]]},
                          .values = shown->values,
                          .map = c->map,
                          .scale = c->scale,
                          .minimum = c->minimum,
                          .maximum = c->maximum};
    /* A log scale has no place for a field that is 0 everywhere. */
    if (largest(heat->shape[0] * heat->shape[1], heat->values) == 0) heat->scale = RG_SCALE_LINEAR;
    *panel = (rg_panel){.title = shown->title, .x = axis_of(grid, axis[0]), .y = axis_of(grid, axis[1]), .heat = heat};
    return 1;
}

static char *plane_title(rg_pool *pool, const char *title, int axis, double at) {
    char number[RG_NUMBER_TEXT] = "0", text[TITLE_SIZE];
    if (fabs(at) > 1e-12) rg_number_significant(number, at, 3);
    snprintf(text, sizeof text, "%s\nx<sub>%d</sub> = %s", title, axis, number);
    return rg_pool_text(pool, text, strlen(text));
}

static void densest_point(const struct plate *plate, ptrdiff_t index[RG_MAX_DIM]) {
    const rg_outcome *o = plate->report->outcome;
    ptrdiff_t densest = 0;
    for (ptrdiff_t i = 1; i < cells_of(plate); i++)
        if (o->fields.density[i] > o->fields.density[densest]) densest = i;
    for (int a = RG_MAX_DIM - 1; a >= 0; a--) {
        index[a] = densest % o->grid.shape[a];
        densest /= o->grid.shape[a];
    }
}

/* The plane across one axis. */
static int add_plane(struct plate *plate, const struct shown *shown, int across, ptrdiff_t index, rg_panel *panel) {
    const rg_grid *grid = &plate->report->outcome->grid;
    const int axis[2] = {across == 0, across == 2 ? 1 : 2};
    const double at = grid->lower[across] + (double)index * rg_grid_spacing(grid, across);
    double *values = rg_pool_alloc(&plate->pool, (size_t)(grid->shape[axis[0]] * grid->shape[axis[1]]), sizeof *values);
    char *title = plane_title(&plate->pool, shown->title, across, at);
    if (values) rg_slice(grid->shape, shown->values, across, index, values);
    return set_panel(plate, &(struct shown){title, values, shown->colours}, axis, panel);
}

static int add_planes(struct plate *plate, rg_panel *panel) {
    ptrdiff_t index[RG_MAX_DIM];
    densest_point(plate, index);
    for (size_t i = 0; i < PLANES * plate->fields; i++) {
        const int across = PLANES - 1 - (int)(i % PLANES);
        if (!add_plane(plate, &plate->field[i / PLANES], across, index[across], &panel[i])) return 0;
    }
    return 1;
}

/* All panels of the page; NULL when out of memory. */
static rg_panel *panels_of(struct plate *plate, size_t *count) {
    const int flat = plate->report->outcome->grid.dim == 2;
    *count = plate->fields * (flat ? 1 : PLANES);
    rg_panel *panel = rg_pool_alloc(&plate->pool, *count, sizeof *panel);
    if (!panel || (!flat && !add_planes(plate, panel))) return NULL;
    for (size_t i = 0; flat && i < *count; i++)
        if (!set_panel(plate, &plate->field[i], (const int[]){0, 1}, &panel[i])) return NULL;
    return panel;
}

/* ---- the page */

static char *page_title(struct plate *plate) {
    const char *title = plate->report->experiment->title;
    const double sigma = sqrt(plate->report->experiment->variance_min);
    char number[RG_NUMBER_TEXT] = "0";
    if (sigma > 0) rg_number_significant(number, sigma, 4);
    char *utf8 = rg_report_utf8(title ? title : "");
    char *text = g_markup_printf_escaped("%s%s%s at " SIGMA " = %s", utf8, *utf8 ? DOT : "", plate->subject, number);
    char *owned = rg_pool_text(&plate->pool, text, strlen(text));
    g_free(utf8);
    g_free(text);
    return owned;
}

static rg_status write_page(struct plate *plate, const char *path, rg_diagnostic *diagnostic) {
    const rg_experiment *e = plate->report->experiment;
    size_t panels = 0;
    const rg_panel *panel = panels_of(plate, &panels);
    char *title = page_title(plate);
    if (!panel || !title) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    char software[LABEL_SIZE];
    snprintf(software, sizeof software, "rotgrad %s", rg_version());
    char *plain = rg_report_utf8(e->title && *e->title ? e->title : plate->subject);
    char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, e->resolved ? e->resolved : "", -1);
    const char *metadata[] = {"Title", plain, "Software", software, "Experiment SHA-256", hash, NULL};
    const rg_figure figure = {.title = title,
                              .columns = plate->report->outcome->grid.dim == 2 ? plate->columns : PLANES,
                              .panels = panels,
                              .panel = panel,
                              .panel_size = panel_size[plate->report->outcome->grid.dim],
                              .metadata = metadata};
    const rg_status status = rg_figure_write(&figure, path, diagnostic);
    g_free(hash);
    g_free(plain);
    return status;
}

/* ---- the two plates */

typedef int fill_plate(struct plate *plate);

static rg_status draw(const rg_report *report, const char *subject, int columns, fill_plate *fill, const char *path,
                      rg_diagnostic *diagnostic) {
    struct plate plate = {.report = report, .subject = subject, .columns = columns};
    const rg_status status =
        fill(&plate) ? write_page(&plate, path, diagnostic) : rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    rg_pool_clear(&plate.pool);
    return status;
}

static void show_densities(struct plate *plate) {
    static const char *const title[RG_MARGINALS] = {"q, full error", "q, gradient part only", "q, solenoidal part only",
                                                    "q, no error"};
    const rg_outcome *o = plate->report->outcome;
    const struct colours colours = density_colours(cells_of(plate), &o->fields);
    show(plate, "p", o->fields.density, colours);
    const int marginals = o->grid.dim == 2 ? RG_MARGINALS : 1; /* of planes there is one row, the rest is in log(q/p) */
    for (int m = 0; m < marginals; m++) show(plate, title[m], o->fields.marginal[m], colours);
}

/* The least scale is that of the least scale of log(q/p), p log(q/p)^2 / 2. */
static int show_integrand(struct plate *plate, const double *log_ratio) {
    const ptrdiff_t n = cells_of(plate);
    const double *integrand = kl_integrand(plate, log_ratio);
    if (!integrand) return 0;
    const double least = largest(n, plate->report->outcome->fields.density) * least_log_ratio * least_log_ratio / 2;
    const struct colours colours = {RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, fmax(largest(n, integrand), least)};
    show(plate, "p log(p/q) + q " RG_MINUS " p, full error", integrand, colours);
    return 1;
}

static void show_log_ratios(struct plate *plate, const double *log_ratio) {
    static const char *const title[RG_MARGINALS] = {"log(q/p), full error", "log(q/p), gradient part only",
                                                    "log(q/p), solenoidal part only", "log(q/p), no error"};
    const ptrdiff_t n = cells_of(plate);
    const double *density = plate->report->outcome->fields.density;
    const double bound = fmax(shared_bound(n, density, RG_MARGINALS, log_ratio), least_log_ratio);
    const struct colours colours = {RG_MAP_DIVERGING, RG_SCALE_LINEAR, -bound, bound};
    for (int m = 0; m < RG_MARGINALS; m++) show(plate, title[m], log_ratio + m * n, colours);
}

static int fill_marginals(struct plate *plate) {
    const double *log_ratio = log_ratios(plate);
    if (!log_ratio) return 0;
    show_densities(plate);
    if (plate->report->outcome->grid.dim == 2 && !show_integrand(plate, log_ratio)) return 0;
    show_log_ratios(plate, log_ratio);
    return 1;
}

static int fill_errors(struct plate *plate) {
    const rg_outcome *o = plate->report->outcome;
    const struct {
        const char *title;
        const double *vector;
    } part[] = {{"|e|", o->fields.error}, {"|" NABLA_PHI "|", o->fields.gradient}, {"|r|", o->fields.solenoidal}};
    enum { PARTS = sizeof part / sizeof *part };
    const ptrdiff_t n = cells_of(plate);
    double *values = rg_pool_alloc(&plate->pool, PARTS * (size_t)n, sizeof *values);
    if (!values) return 0;
    for (int k = 0; k < PARTS; k++) norm(n, o->grid.dim, part[k].vector, values + k * n);
    const struct colours colours = error_colours(n, o->fields.density, PARTS, values);
    for (int k = 0; k < PARTS; k++) show(plate, part[k].title, values + k * n, colours);
    return 1;
}

rg_status rg_report_marginals(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    return draw(report, "marginals", 1 + RG_MARGINALS, fill_marginals, path, diagnostic);
}

rg_status rg_report_errors(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    return draw(report, "score error", 3, fill_errors, path, diagnostic);
}
