/* On pixels a line is a whole number of them wide and starts at the edge of one; an odd width then has its centre in
 * the middle of a pixel. */
#include "figure/line.h"
#include "figure/style.h"

#include <math.h>

/* Width in device units; 0 on a surface without pixels. */
static double pixels_wide(cairo_t *cr, double points) {
    if (cairo_surface_get_type(cairo_get_target(cr)) != CAIRO_SURFACE_TYPE_IMAGE) return 0;
    double width = points, height = 0;
    cairo_user_to_device_distance(cr, &width, &height);
    return fmax(1, round(width));
}

static void snap(cairo_t *cr, double wide, double *x, double *y) {
    const double shift = fmod(wide, 2) / 2;
    cairo_user_to_device(cr, x, y);
    *x = round(*x - shift) + shift;
    *y = round(*y - shift) + shift;
    cairo_device_to_user(cr, x, y);
}

static void set_pen(cairo_t *cr, double wide, double points, double grey) {
    double width = wide, height = 0;
    if (wide > 0)
        cairo_device_to_user_distance(cr, &width, &height);
    else
        width = points;
    cairo_set_line_width(cr, width);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_source_rgb(cr, grey, grey, grey);
}

static void draw(cairo_t *cr, double x0, double y0, double x1, double y1, double points, double grey) {
    const double wide = pixels_wide(cr, points);
    if (wide > 0) {
        snap(cr, wide, &x0, &y0);
        snap(cr, wide, &x1, &y1);
    }
    set_pen(cr, wide, points, grey);
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

void rg_line_draw(cairo_t *cr, double x0, double y0, double x1, double y1) {
    draw(cr, x0, y0, x1, y1, RG_LINE_WIDTH, RG_INK);
}

void rg_line_draw_light(cairo_t *cr, double x0, double y0, double x1, double y1) {
    draw(cr, x0, y0, x1, y1, RG_GRID_WIDTH, RG_GRID_GREY);
}

void rg_line_rectangle(cairo_t *cr, double x, double y, double width, double height) {
    const double wide = pixels_wide(cr, RG_LINE_WIDTH);
    double right = x + width, bottom = y + height;
    if (wide > 0) {
        snap(cr, wide, &x, &y);
        snap(cr, wide, &right, &bottom);
    }
    set_pen(cr, wide, RG_LINE_WIDTH, RG_INK);
    cairo_rectangle(cr, x, y, right - x, bottom - y);
    cairo_stroke(cr);
}
