/* Arrows stand on a square lattice in the middle of the frame. On the page an arrow is a polygon of seven corners; its
 * shaft and head keep their size until the arrow is too short for them, then all of it shrinks. Below `shortest` a dot
 * says that there is a vector, though no direction can be seen.
 *
 * First the halos of all are drawn, then the ink, so that no halo lies on another arrow.
 */
#include "figure/arrows.h"
#include "base/base.h"
#include "figure/periodic.h"
#include "figure/style.h"
#include "figure/vectors.h"

#include <float.h>

#define PI 3.14159265358979323846

static const double default_spacing = 12, least_spacing = 4, most_spacing = 200; /* points */
static const double shaft_half = 0.35, head_half = 1.45, head_length = 3.0;      /* points */
static const double whole = 5;                                                   /* points: from here on unshrunk */
static const double shortest = 1, dot_radius = 0.35;
static const double halo = 0.5, halo_white = 0.8; /* width in points on either side, opacity */

/* ---- lengths that neither overflow nor vanish */

static double length_of(double u, double v) {
    const double most = fmax(fabs(u), fabs(v));
    return most > 0 ? fmin(most * hypot(u / most, v / most), DBL_MAX) : 0;
}

double rg_arrows_longest(const rg_arrows *arrows) {
    const ptrdiff_t n = arrows->shape[0] * arrows->shape[1];
    const double *u = arrows->vector, *v = u + n;
    double longest = 0;
    for (ptrdiff_t k = 0; arrows->longest == 0 && k < n; k++)
        if (isfinite(u[k]) && isfinite(v[k])) longest = fmax(longest, length_of(u[k], v[k]));
    return arrows->longest > 0 ? arrows->longest : longest;
}

/* ---- one arrow */

/* A polygon around the origin, pointing along +x, in points. */
static void add_arrow(cairo_t *cr, double length) {
    const double k = fmin(1, length / whole), tip = length / 2, neck = tip - k * head_length;
    cairo_new_sub_path(cr);
    cairo_line_to(cr, -tip, -k * shaft_half);
    cairo_line_to(cr, neck, -k * shaft_half);
    cairo_line_to(cr, neck, -k * head_half);
    cairo_line_to(cr, tip, 0);
    cairo_line_to(cr, neck, k * head_half);
    cairo_line_to(cr, neck, k * shaft_half);
    cairo_line_to(cr, -tip, k * shaft_half);
    cairo_close_path(cr);
}

static void add_dot(cairo_t *cr) {
    cairo_new_sub_path(cr);
    cairo_arc(cr, 0, 0, dot_radius, 0, 2 * PI);
    cairo_close_path(cr);
}

struct lattice {
    const rg_arrows *arrows;
    const rg_frame *frame;
    double longest, spacing;
    double per_across, per_up; /* points of a unit, over the larger of the two */
};

/* The interpolated vector as a length on the page, 0..spacing, and an angle; 0 where there is no arrow. */
static int vector_at(const struct lattice *l, double across, double up, double *length, double *angle) {
    const ptrdiff_t *shape = l->arrows->shape;
    const double *u = l->arrows->vector, *v = u + shape[0] * shape[1];
    const rg_between column = rg_between_points(shape[0], across, l->arrows->bounded);
    const rg_between row = rg_between_points(shape[1], up, l->arrows->bounded);
    const rg_place place = rg_place_between(&column, &row, shape[1]);
    double a = 0, b = 0;
    for (int c = 0; c < 4; c++) {
        if (place.weight[c] == 0) continue;
        a += place.weight[c] * u[place.corner[c]];
        b += place.weight[c] * v[place.corner[c]];
    }
    if (!isfinite(a) || !isfinite(b)) return 0;
    *length = l->longest > 0 ? l->spacing * fmin(1, length_of(a, b) / l->longest) : 0;
    const double most = fmax(fmax(fabs(a), fabs(b)), DBL_MIN);
    *angle = atan2(-b / most * l->per_up, a / most * l->per_across);
    return 1;
}

static void add_at(const struct lattice *l, double x, double y, cairo_t *cr) {
    double length, angle;
    const rg_frame *frame = l->frame;
    if (!vector_at(l, x / frame->width, 1 - y / frame->height, &length, &angle)) return;
    if (length < l->arrows->shortest) return;
    cairo_save(cr);
    cairo_translate(cr, frame->x + x, frame->y + y);
    cairo_rotate(cr, angle);
    if (length < shortest)
        add_dot(cr);
    else
        add_arrow(cr, length);
    cairo_restore(cr);
}

static void add_all(const struct lattice *l, cairo_t *cr) {
    const int columns = (int)fmax(1, floor(l->frame->width / l->spacing));
    const int rows = (int)fmax(1, floor(l->frame->height / l->spacing));
    const double left = (l->frame->width - (columns - 1) * l->spacing) / 2;
    const double top = (l->frame->height - (rows - 1) * l->spacing) / 2;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) add_at(l, left + c * l->spacing, top + r * l->spacing, cr);
}

/* ---- all of them */

void rg_arrows_draw(const rg_arrows *arrows, const rg_frame *frame, cairo_t *cr) {
    const double across = frame->width / (frame->across.upper - frame->across.lower);
    const double up = frame->height / (frame->up.upper - frame->up.lower), larger = fmax(across, up);
    const struct lattice lattice = {.arrows = arrows,
                                    .frame = frame,
                                    .longest = rg_arrows_longest(arrows),
                                    .spacing = arrows->spacing > 0 ? arrows->spacing : default_spacing,
                                    .per_across = across / larger,
                                    .per_up = up / larger};
    cairo_save(cr);
    cairo_rectangle(cr, frame->x, frame->y, frame->width, frame->height);
    cairo_clip(cr);
    add_all(&lattice, cr);
    cairo_set_line_width(cr, 2 * halo);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_source_rgba(cr, 1, 1, 1, halo_white);
    cairo_stroke_preserve(cr);
    cairo_set_source_rgb(cr, RG_INK, RG_INK, RG_INK);
    cairo_fill(cr);
    cairo_restore(cr);
}

rg_status rg_arrows_check(const rg_arrows *arrows, rg_diagnostic *diagnostic) {
    const rg_status status = rg_vectors_check("arrows", arrows->shape, arrows->vector, diagnostic);
    if (status != RG_OK) return status;
    if (arrows->spacing != 0 && !(arrows->spacing >= least_spacing && arrows->spacing <= most_spacing))
        return rg_fail(diagnostic, RG_EINVAL, "arrows: expected a spacing of %g to %g points (0: %g), got %g",
                       least_spacing, most_spacing, default_spacing, arrows->spacing);
    if (!isfinite(arrows->longest) || arrows->longest < 0)
        return rg_fail(diagnostic, RG_EINVAL,
                       "arrows: expected a finite, positive longest vector (0: from the data), got %g",
                       arrows->longest);
    if (!isfinite(arrows->shortest) || arrows->shortest < 0)
        return rg_fail(diagnostic, RG_EINVAL,
                       "arrows: expected a finite, positive shortest length in points (0: dots), got %g",
                       arrows->shortest);
    return RG_OK;
}
