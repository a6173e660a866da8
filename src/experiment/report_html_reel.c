/* Colours are the same in all pictures: the scale of log(q/p) and of the errors ends at what is exceeded on one thousandth
 * of the mass of p at any level. In two and three dimensions a picture consists of heat maps, in one of curves. */
#include "experiment/report_html_reel.h"

#include "base/base.h"
#include "experiment/view.h"
#include "measure/mass_bound.h"

#include <math.h>

enum { Q = RG_FRAME_FIELDS, FIELDS, MOST_PANELS = FIELDS * RG_MAX_DIM, LINES = 3, MOST_LINES = 3 };

#define NABLA_PHI "\xe2\x88\x87\xcf\x86"

static const double rare = 1e-3;
static const double least_log_ratio = 1e-4;               /* end of the scale of log(q/p): below is numerical noise */
static const double density_contrast = 1e3;               /* from here on a density is shown on a log scale */
static const double density_span = 1e6, error_span = 1e3; /* largest ratios of the ends of log scales */
static const double error_contrast = 10;                  /* of the largest to the least bound of the levels */
static const double curve_size = 150, map_pixels = 192, plane_pixels = 144; /* points; of the longer side of a panel */
static const double frame_margin = 1.1; /* of a curve's axis beyond its largest value */

static double *field(const rg_reel *reel, int k) {
    return reel->value + (size_t)k * reel->frames->cells;
}

static void unpack(rg_reel *reel, size_t frame) {
    const size_t cells = reel->frames->cells;
    const float *from = reel->frames->value + frame * RG_FRAME_FIELDS * cells;
    for (size_t i = 0; i < RG_FRAME_FIELDS * cells; i++) reel->value[i] = (double)from[i];
    const double *p = field(reel, RG_FRAME_DENSITY), *log_ratio = field(reel, RG_FRAME_LOG_RATIO);
    for (size_t i = 0; i < cells; i++) field(reel, Q)[i] = p[i] * exp(log_ratio[i]);
}

/* ---- colours */

struct extremes {
    double least_density, most_density, ratio, least_error, error;
};

static void look_at(const rg_reel *reel, struct extremes *e) {
    const ptrdiff_t n = (ptrdiff_t)reel->frames->cells;
    const double *p = field(reel, RG_FRAME_DENSITY), *q = field(reel, Q);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (p[i] > 0) e->least_density = fmin(e->least_density, p[i]);
        if (isfinite(p[i])) e->most_density = fmax(e->most_density, p[i]);
        if (isfinite(q[i])) e->most_density = fmax(e->most_density, q[i]);
    }
    e->ratio = fmax(e->ratio, rg_mass_bound(n, p, field(reel, RG_FRAME_LOG_RATIO), rare));
    const double error = rg_mass_bound(n, p, field(reel, RG_FRAME_ERROR), rare);
    if (error > 0) e->least_error = fmin(e->least_error, error);
    for (int k = RG_FRAME_ERROR; k <= RG_FRAME_SOLENOIDAL; k++)
        e->error = fmax(e->error, rg_mass_bound(n, p, field(reel, k), rare));
}

static void choose_colours(rg_reel *reel) {
    struct extremes e = {HUGE_VAL, 0, least_log_ratio, HUGE_VAL, 0};
    for (size_t f = 0; f < reel->frames->count; f++) {
        unpack(reel, f);
        look_at(reel, &e);
    }
    const int steep = e.most_density > density_contrast * e.least_density,
              growing = e.error > error_contrast * e.least_error;
    if (!(e.error > 0)) e.error = 1;
    if (!(e.most_density > 0)) e.most_density = 1;
    reel->density = (rg_reel_colours){RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, e.most_density};
    reel->ratio = (rg_reel_colours){RG_MAP_DIVERGING, RG_SCALE_LINEAR, -e.ratio, e.ratio};
    reel->error = (rg_reel_colours){RG_MAP_SEQUENTIAL, RG_SCALE_LINEAR, 0, e.error};
    if (steep) {
        reel->density.scale = RG_SCALE_LOG;
        reel->density.minimum = fmax(e.least_density, e.most_density / density_span);
    }
    if (growing) {
        reel->error.scale = RG_SCALE_LOG;
        reel->error.minimum = e.error / error_span;
    }
}

/* ---- panels */

static const struct {
    int field;
    const char *title;
    size_t colours; /* in rg_reel */
} shown[FIELDS] = {
    {RG_FRAME_DENSITY, "p", offsetof(rg_reel, density)},
    {Q, "q", offsetof(rg_reel, density)},
    {RG_FRAME_LOG_RATIO, "log(q/p)", offsetof(rg_reel, ratio)},
    {RG_FRAME_ERROR, "|e|", offsetof(rg_reel, error)},
    {RG_FRAME_GRADIENT, "|" NABLA_PHI "|", offsetof(rg_reel, error)},
    {RG_FRAME_SOLENOIDAL, "|r|", offsetof(rg_reel, error)},
};

static const rg_reel_colours *colours_of(const rg_reel *reel, int k) {
    return (const rg_reel_colours *)((const char *)reel + shown[k].colours);
}

static rg_axis axis_of(const rg_reel *reel, int axis) {
    const rg_experiment *e = reel->page->report->experiment;
    const rg_grid *grid = &reel->page->report->outcome->grid;
    return (rg_axis){.label = e->axis_name[axis] ? e->axis_name[axis] : rg_plot_axis_name(axis),
                     .lower = grid->lower[axis],
                     .upper = grid->lower[axis] + grid->length[axis],
                     .degrees = e->degrees};
}

static void set_map(const rg_reel *reel, int k, int plane, const double *values, rg_heat_map *heat) {
    const rg_reel_colours *c = colours_of(reel, k);
    const ptrdiff_t *shape = reel->frames->shape[plane];
    heat->shape[0] = shape[0];
    heat->shape[1] = shape[1];
    heat->values = values;
    heat->map = c->map;
    heat->scale = c->scale;
    heat->minimum = c->minimum;
    heat->maximum = c->maximum;
}

static void set_panels(const rg_reel *reel, int plane, size_t offset, rg_heat_map *heat, rg_panel *panel) {
    const int cut = reel->frames->planes > 1;
    for (int k = 0; k < FIELDS; k++) {
        set_map(reel, k, plane, field(reel, shown[k].field) + offset, &heat[k]);
        panel[k].title = shown[k].title;
        panel[k].x = axis_of(reel, cut && plane == 0 ? 1 : 0);
        panel[k].y = axis_of(reel, cut && plane < 2 ? 2 : 1);
        panel[k].heat = &heat[k];
    }
}

/* In points. Cells of a whole number of pixels make pictures that are sharper and a third smaller. */
static double size_of_maps(const rg_reel *reel) {
    const rg_outcome_frames *frames = reel->frames;
    const double wanted = frames->planes > 1 ? plane_pixels : map_pixels, points_per_pixel = 72.0 / RG_HTML_DPI;
    ptrdiff_t cells = 1;
    for (int k = 0; k < frames->planes; k++)
        for (int a = 0; a < 2; a++) cells = frames->shape[k][a] > cells ? frames->shape[k][a] : cells;
    return fmax(1, round(wanted / (double)cells)) * (double)cells * points_per_pixel;
}

/* gcc 12.2 -O3 loses the titles when whole structs are assigned here in a loop (its -ftree-loop-distribute-patterns);
 * hence zeroed arrays and single members. */
static rg_status draw_maps(const rg_reel *reel, const char *alt) {
    rg_heat_map heat[MOST_PANELS] = {{.values = NULL}};
    rg_panel panel[MOST_PANELS] = {{.title = NULL}};
    const int planes = reel->frames->planes;
    const size_t panels = (size_t)(planes * FIELDS);
    size_t offset = 0;
    for (int plane = 0; plane < planes; plane++) {
        set_panels(reel, plane, offset, &heat[plane * FIELDS], &panel[plane * FIELDS]);
        offset += (size_t)(reel->frames->shape[plane][0] * reel->frames->shape[plane][1]);
    }
    const rg_figure figure = {.columns = planes > 1 ? FIELDS : FIELDS / 2,
                              .panels = panels,
                              .panel = panel,
                              .dpi = RG_HTML_DPI,
                              .panel_size = size_of_maps(reel)};
    return rg_html_draw(reel->page, &figure, RG_CANVAS_PNG, alt);
}

static rg_curve curve_of(const rg_reel *reel, int k, int colour) {
    return (rg_curve){.label = shown[k].title,
                      .count = reel->frames->shape[0][0],
                      .x = reel->x,
                      .y = field(reel, shown[k].field),
                      .mark = colour == 2 ? RG_MARK_DASHED : RG_MARK_LINE,
                      .colour = colour};
}

static rg_status draw_curves(const rg_reel *reel, const char *alt) {
    static const struct {
        int first, count;
        const char *label;
    } group[LINES] = {{0, 2, "p, q"}, {2, 1, "log(q/p)"}, {3, 3, "score error"}};
    rg_curve curve[LINES][MOST_LINES];
    rg_panel panel[LINES];
    for (int g = 0; g < LINES; g++) {
        const rg_reel_colours *c = colours_of(reel, group[g].first);
        const double lower = c->scale == RG_SCALE_LOG ? c->minimum / frame_margin : frame_margin * c->minimum;
        for (int k = 0; k < group[g].count; k++) curve[g][k] = curve_of(reel, group[g].first + k, k + 1);
        panel[g] = (rg_panel){.x = axis_of(reel, 0),
                              .y = {group[g].label, c->scale, lower, frame_margin * c->maximum, 0},
                              .curves = (size_t)group[g].count,
                              .curve = curve[g]};
    }
    const rg_figure figure = {
        .columns = LINES, .panels = LINES, .panel = panel, .dpi = RG_HTML_DPI, .panel_size = curve_size};
    return rg_html_draw(reel->page, &figure, RG_CANVAS_PNG, alt);
}

/* ---- a frame */

/* A bar says at its ends when values lie beyond it, and takes more room then: pictures that replace each other must not
 * move, so the values end where the bar ends, and the page says it. */
static void clip(rg_reel *reel) {
    for (int k = 0; k < FIELDS; k++) {
        const rg_reel_colours *c = colours_of(reel, k);
        double *value = field(reel, shown[k].field);
        for (size_t i = 0; i < reel->frames->cells; i++)
            if (isfinite(value[i])) value[i] = fmin(fmax(value[i], c->minimum), c->maximum);
    }
}

static int has_value(ptrdiff_t n, const double *values) {
    for (ptrdiff_t i = 0; i < n; i++)
        if (isfinite(values[i])) return 1;
    return 0;
}

/* A panel needs a number. */
static int can_be_drawn(const rg_reel *reel) {
    for (int k = 0; k < FIELDS; k++) {
        const double *values = field(reel, k);
        for (int plane = 0; plane < reel->frames->planes; plane++) {
            const ptrdiff_t cells = reel->frames->shape[plane][0] * reel->frames->shape[plane][1];
            if (!has_value(cells, values)) return 0;
            values += cells;
        }
    }
    return 1;
}

rg_status rg_reel_draw(rg_reel *reel, size_t frame, const char *alt) {
    unpack(reel, frame);
    if (!can_be_drawn(reel)) {
        fputs("<p>No picture: a field has no finite value.</p>", reel->page->out);
        return RG_OK;
    }
    if (reel->x) return draw_curves(reel, alt);
    clip(reel);
    return draw_maps(reel, alt);
}

/* ---- all of them */

/* Room for one frame, and in one dimension the points it has. */
static int make_room(rg_reel *reel) {
    const rg_outcome_frames *frames = reel->frames;
    const rg_grid *grid = &reel->page->report->outcome->grid;
    const ptrdiff_t points = frames->shape[0][0];
    reel->value = rg_pool_alloc(&reel->pool, FIELDS * frames->cells, sizeof *reel->value);
    if (grid->dim > 1) return reel->value != NULL;
    reel->x = rg_pool_alloc(&reel->pool, (size_t)points, sizeof *reel->x);
    if (!reel->value || !reel->x) return 0;
    for (ptrdiff_t i = 0; i < points; i++) {
        const ptrdiff_t point = i * grid->shape[0] / points;
        reel->x[i] = grid->lower[0] + (double)point * rg_grid_spacing(grid, 0);
    }
    return 1;
}

rg_status rg_reel_open(rg_reel *reel, const rg_html *page) {
    *reel = (rg_reel){.page = page, .frames = &page->report->outcome->frames};
    if (!make_room(reel)) return rg_fail(page->diagnostic, RG_ENOMEM, "%s: out of memory", page->path);
    choose_colours(reel);
    return RG_OK;
}

void rg_reel_close(rg_reel *reel) {
    rg_pool_clear(&reel->pool);
}
