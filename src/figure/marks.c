/* Palette: M. Okabe and K. Ito, Color Universal Design (2008), in an order that keeps neighbours apart, without their
 * yellow, which vanishes on white; in its place the wine of P. Tol's "muted" scheme (2021). Simulated after Machado et
 * al. (2009), any two of them stay at least 16 apart in CIELAB for protan, deutan and tritan readers.
 *
 * Shapes: circle, square, triangle, diamond, then the same hollow, so that curves can be told apart without colour. */
#include "figure/marks.h"
#include "figure/style.h"

enum { SHAPES = 4 };

static const unsigned palette[RG_CURVE_COLOURS] = {0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                                   0x56b4e9, 0xe69f00, 0x000000, 0x882255};
static const double band_opacity = 0.22;
static const double bar_width = 0.7;
static const double hollow = 0.55;      /* diameter of the hole */
static const double least_sample = 2.2; /* diameter of a point in a legend */
/* Diameter of points by how many there are. */
static const struct {
    ptrdiff_t above;
    double diameter;
} sizes[] = {{20000, 1.2}, {1000, 1.8}, {150, 2.6}, {0, 3.4}};

rg_look rg_look_of(const rg_curve *curve, size_t position) {
    rg_look look = {.mark = curve->mark};
    look.colour = curve->colour > 0 ? curve->colour - 1 : (int)(position % RG_CURVE_COLOURS);
    int i = 0;
    while (curve->count <= sizes[i].above) i++;
    look.diameter = sizes[i].diameter;
    return look;
}

int rg_look_has_line(const rg_look *look) {
    return look->mark != RG_MARK_POINTS;
}

int rg_look_has_points(const rg_look *look) {
    return look->mark == RG_MARK_POINTS || look->mark == RG_MARK_LINE_POINTS;
}

unsigned rg_look_colour(const rg_look *look) {
    return palette[look->colour];
}

static void set_colour(const rg_look *look, cairo_t *cr, double opacity) {
    const unsigned colour = palette[look->colour];
    cairo_set_source_rgba(cr, (colour >> 16) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0, opacity);
}

/* Round ends show a lone point of a line as a dot; dots are dashes of length 0 with round ends. */
void rg_look_set_line(const rg_look *look, cairo_t *cr) {
    static const double dashes[] = {4, 2.2}, dots[] = {0, 2.2};
    const double width = look->mark == RG_MARK_DOTTED ? RG_DOT_WIDTH : RG_CURVE_WIDTH;
    set_colour(look, cr, 1);
    cairo_set_line_width(cr, width);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(cr, look->mark == RG_MARK_DASHED ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
    if (look->mark == RG_MARK_DASHED)
        cairo_set_dash(cr, dashes, 2, 0);
    else
        cairo_set_dash(cr, dots, look->mark == RG_MARK_DOTTED ? 2 : 0, 0);
}

void rg_look_set_bar(const rg_look *look, cairo_t *cr) {
    set_colour(look, cr, 1);
    cairo_set_line_width(cr, bar_width);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_dash(cr, NULL, 0, 0);
}

void rg_look_set_band(const rg_look *look, cairo_t *cr) {
    set_colour(look, cr, band_opacity);
}

/* Shapes of about equal area, about their centre of mass. */
static void add_shape(const rg_look *look, cairo_t *cr, rg_point p, double diameter) {
    static const double corner[SHAPES][4][2] = {
        [1] = {{-0.45, -0.45}, {0.45, -0.45}, {0.45, 0.45}, {-0.45, 0.45}},
        [2] = {{0, -0.72}, {0.62, 0.36}, {-0.62, 0.36}, {0, -0.72}},
        [3] = {{0, -0.66}, {0.66, 0}, {0, 0.66}, {-0.66, 0}},
    };
    const int shape = look->colour % SHAPES;
    if (shape == 0) { /* a line of length 0 with round ends: the shortest circle there is */
        cairo_move_to(cr, p.x, p.y);
        cairo_line_to(cr, p.x, p.y);
        return;
    }
    cairo_move_to(cr, p.x + corner[shape][0][0] * diameter, p.y + corner[shape][0][1] * diameter);
    for (int i = 1; i < 4; i++)
        cairo_line_to(cr, p.x + corner[shape][i][0] * diameter, p.y + corner[shape][i][1] * diameter);
    cairo_close_path(cr);
}

static void paint_shapes(const rg_look *look, cairo_t *cr, double diameter) {
    if (look->colour % SHAPES != 0) {
        cairo_fill(cr);
        return;
    }
    cairo_set_line_width(cr, diameter);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_stroke(cr);
}

void rg_look_add_point(const rg_look *look, cairo_t *cr, rg_point centre) {
    add_shape(look, cr, centre, look->diameter);
}

void rg_look_fill_points(const rg_look *look, cairo_t *cr) {
    set_colour(look, cr, 1);
    paint_shapes(look, cr, look->diameter);
}

void rg_look_draw_point(const rg_look *look, cairo_t *cr, rg_point centre) {
    rg_look_add_point(look, cr, centre);
    rg_look_fill_points(look, cr);
    if (look->colour < SHAPES) return;
    cairo_set_source_rgb(cr, 1, 1, 1);
    add_shape(look, cr, centre, hollow * look->diameter);
    paint_shapes(look, cr, hollow * look->diameter);
}

void rg_look_draw_sample(const rg_look *look, int banded, cairo_t *cr, double x, double y, double width) {
    if (banded && !rg_look_has_points(look)) {
        rg_look_set_band(look, cr);
        cairo_rectangle(cr, x, y - RG_SAMPLE_BAND / 2, width, RG_SAMPLE_BAND);
        cairo_fill(cr);
    }
    if (rg_look_has_line(look)) {
        rg_look_set_line(look, cr);
        cairo_move_to(cr, x, y);
        cairo_line_to(cr, x + width, y);
        cairo_stroke(cr);
    }
    rg_look seen = *look;
    seen.diameter = fmax(look->diameter, least_sample);
    if (rg_look_has_points(look)) rg_look_draw_point(&seen, cr, (rg_point){x + width / 2, y});
}
