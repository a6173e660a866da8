/* The content of a panel in gnuplot's words: data blocks, then one plot command with an item for each layer.
 *
 * A scalar field is a list of values, rows along y with blank lines between them (gnuplot's matrices have single
 * precision); its first row and column (of a bounded field the last) stand once more at the end, as the first cells of a
 * periodic frame show their other half there. A cell without a value is `absent`: a NaN would leave gnuplot without the
 * cell's place. Arrows stand on the lattice of our own figures: a line is start and extent in the units of the axes. */
#include "figure/gnuplot.h"
#include "figure/marks.h"
#include "figure/markup.h"
#include "figure/periodic.h"
#include "figure/rows.h"
#include "figure/style.h"

#include <float.h>
#include <glib.h>
#include <string.h>

static const double absent = DBL_MAX;
static const double default_spacing = 12, flow_length = 0.8 /* of the spacing */, shortest = 0.3; /* points */

#define INK "rgb \"#1a1a1a\""

/* ---- blocks */

static void begin_block(FILE *file, size_t i, const char *name) {
    fprintf(file, "$panel%zu_%s << end\n", i + 1, name);
}

static void put_field(FILE *file, const ptrdiff_t shape[2], const double *values, int bounded) {
    for (ptrdiff_t i = 0; i <= shape[0]; i++) {
        for (ptrdiff_t j = 0; j <= shape[1]; j++) {
            const ptrdiff_t row = bounded && i == shape[0] ? i - 1 : i % shape[0];
            const ptrdiff_t column = bounded && j == shape[1] ? j - 1 : j % shape[1];
            const double value = values[row * shape[1] + column];
            rg_gnuplot_real(file, isfinite(value) ? value : absent);
            fputc('\n', file);
        }
        fputc('\n', file);
    }
    fputs("end\n", file);
}

struct lattice {
    const ptrdiff_t *shape;
    const double *vector;
    double spacing, longest; /* points; the vector of that length, 0: all arrows are equally long */
    double shortest;         /* points */
    int bounded;
};

/* x and y are fractions of the box. */
static double between(const struct lattice *l, const double *values, double x, double y) {
    const rg_between across = rg_between_points(l->shape[0], x, l->bounded);
    const rg_between up = rg_between_points(l->shape[1], y, l->bounded);
    const rg_place place = rg_place_between(&across, &up, l->shape[1]);
    double value = 0;
    for (int c = 0; c < 4; c++)
        if (place.weight[c] > 0) value += place.weight[c] * values[place.corner[c]];
    return value;
}

/* Returns whether there is an arrow. Without a file it is only counted, here and below. */
static int put_arrow(FILE *file, const struct lattice *l, const rg_frame *f, double x, double y) {
    const double u = between(l, l->vector, x, y);
    const double v = between(l, l->vector + l->shape[0] * l->shape[1], x, y);
    const double per_x = f->width / (f->across.upper - f->across.lower),
                 per_y = f->height / (f->up.upper - f->up.lower);
    const double size = hypot(u, v), on_page = hypot(u * per_x, v * per_y);
    const double length = l->spacing * (l->longest > 0 ? fmin(1, size / l->longest) : flow_length);
    if (!isfinite(size) || !(on_page > 0) || length < l->shortest) return 0;
    const double dx = u / on_page * length, dy = v / on_page * length;
    const double row[] = {f->across.lower + x * (f->across.upper - f->across.lower) - dx / 2,
                          f->up.lower + y * (f->up.upper - f->up.lower) - dy / 2, dx, dy};
    for (int c = 0; file && c < 4; c++) {
        rg_gnuplot_real(file, row[c]);
        fputc(c < 3 ? ' ' : '\n', file);
    }
    return 1;
}

static int put_arrows(FILE *file, const struct lattice *l, const rg_frame *f) {
    const int columns = (int)fmax(1, floor(f->width / l->spacing)), rows = (int)fmax(1, floor(f->height / l->spacing));
    const double left = (f->width - (columns - 1) * l->spacing) / 2, low = (f->height - (rows - 1) * l->spacing) / 2;
    int count = 0;
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++)
            count += put_arrow(file, l, f, (left + c * l->spacing) / f->width, (low + r * l->spacing) / f->height);
    return count;
}

static struct lattice lattice_of_flow(const rg_flow *flow) {
    return (struct lattice){flow->shape, flow->vector, default_spacing, 0, shortest, 0};
}

static struct lattice lattice_of_arrows(const rg_arrows *arrows) {
    return (struct lattice){arrows->shape,
                            arrows->vector,
                            arrows->spacing > 0 ? arrows->spacing : default_spacing,
                            fmax(rg_arrows_longest(arrows), DBL_MIN),
                            fmax(arrows->shortest, shortest),
                            arrows->bounded};
}

static void put_arrow_block(const rg_gnuplot *s, size_t i, const char *name, const struct lattice *lattice) {
    begin_block(s->file, i, name);
    put_arrows(s->file, lattice, &s->page->placed[i].frame);
    fputs("end\n", s->file);
}

static int can_show(const rg_frame *f, double x, double y) {
    return rg_axis_has_place(&f->across, x) && rg_axis_has_place(&f->up, y);
}

/* Four columns: x, y and the ends of the error bar. */
static void put_curve(FILE *file, const rg_curve *curve, const rg_frame *f) {
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        const double bar[2] = {curve->lower ? curve->lower[i] : curve->y[i],
                               curve->upper ? curve->upper[i] : curve->y[i]};
        const int shown = can_show(f, curve->x[i], curve->y[i]);
        if (!shown) {
            fputc('\n', file); /* a gap in the line */
            continue;
        }
        rg_gnuplot_real(file, curve->x[i]);
        fputc(' ', file);
        rg_gnuplot_real(file, curve->y[i]);
        for (int b = 0; b < 2; b++) {
            fputc(' ', file);
            rg_gnuplot_real(file, bar[b]);
        }
        fputc('\n', file);
    }
    fputs("end\n", file);
}

/* The same of a dot plot, whose bars lie across, in its lane; a bar that has no lower end begins at the frame, and one of
 * which an end is unknown is none. */
static void put_dots(FILE *file, const rg_panel *panel, size_t c, const rg_frame *f) {
    const rg_curve *curve = &panel->curve[c];
    const rg_frame lane = rg_rows_lane(panel, c, f);
    const double down = (lane.y - f->y) / f->height * (double)panel->rows;
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        if (!can_show(f, curve->x[i], curve->y[i])) continue;
        const int has_bar = curve->lower && !isnan(curve->lower[i]) && !isnan(curve->upper[i]);
        const double row[4] = {curve->x[i], curve->y[i] + down,
                               has_bar ? fmax(curve->lower[i], f->across.lower) : curve->x[i],
                               has_bar ? fmin(curve->upper[i], f->across.upper) : curve->x[i]};
        for (int k = 0; k < 4; k++) {
            rg_gnuplot_real(file, row[k]);
            fputc(k < 3 ? ' ' : '\n', file);
        }
    }
    fputs("end\n", file);
}

/* ---- contours */

static int crosses(const rg_contours *c, double level) {
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (ptrdiff_t k = 0; k < c->shape[0] * c->shape[1]; k++) {
        if (!isfinite(c->values[k])) continue;
        least = fmin(least, c->values[k]);
        most = fmax(most, c->values[k]);
    }
    return level > least && level < most;
}

/* Levels beyond the data would leave gnuplot with nothing to draw, of which it warns. */
static int put_levels(FILE *file, const rg_contours *c) {
    int count = 0;
    for (size_t l = 0; l < c->count; l++) {
        if (!crosses(c, c->level[l])) continue;
        if (file) {
            fputs(count ? ", " : "set cntrparam levels discrete ", file);
            rg_gnuplot_real(file, c->level[l]);
        }
        count++;
    }
    if (file) fputc('\n', file);
    return count;
}

/* "using x:y:" for a field. Column 0 counts its points, column -1 its rows. */
static void put_coordinates(FILE *file, const rg_placed *p, const ptrdiff_t shape[2]) {
    const rg_axis *x = &p->frame.across, *y = &p->frame.up;
    fputs("using (", file);
    rg_gnuplot_real(file, x->lower);
    fputs(" + column(-1) * ", file);
    rg_gnuplot_real(file, (x->upper - x->lower) / (double)shape[0]);
    fputs("):(", file);
    rg_gnuplot_real(file, y->lower);
    fprintf(file, " + ($0 - %td * column(-1)) * ", shape[1] + 1);
    rg_gnuplot_real(file, (y->upper - y->lower) / (double)shape[1]);
    fputs("):", file);
}

/* The start of an expression in column 1: there is no value. */
static void put_absent(FILE *file) {
    fputs("($1 >= ", file);
    rg_gnuplot_real(file, absent);
}

static void put_contours(FILE *file, size_t i, const rg_placed *p) {
    const rg_contours *c = p->panel->contours;
    if (put_levels(NULL, c) == 0) return;
    begin_block(file, i, "contours");
    put_field(file, c->shape, c->values, 0);
    fputs("set contour base\nunset surface\n", file);
    put_levels(file, c);
    fprintf(file, "set table $panel%zu_lines\nsplot $panel%zu_contours ", i + 1, i + 1);
    put_coordinates(file, p, c->shape);
    put_absent(file);
    fputs(" ? NaN : $1)\nunset table\nunset contour\nset surface\n", file);
}

void rg_gnuplot_write_blocks(const rg_gnuplot *s, size_t i) {
    const rg_placed *p = &s->page->placed[i];
    const rg_panel *panel = p->panel;
    if (panel->heat) {
        begin_block(s->file, i, "heat");
        put_field(s->file, panel->heat->shape, panel->heat->values, panel->heat->bounded);
    }
    if (panel->flow) {
        const struct lattice lattice = lattice_of_flow(panel->flow);
        fputs("# gnuplot has no line integral convolution: the flow is drawn as arrows of one length.\n", s->file);
        put_arrow_block(s, i, "flow", &lattice);
    }
    if (panel->arrows) {
        const struct lattice lattice = lattice_of_arrows(panel->arrows);
        put_arrow_block(s, i, "arrows", &lattice);
    }
    if (panel->contours) put_contours(s->file, i, p);
    for (size_t c = 0; c < panel->curves; c++) {
        fprintf(s->file, "$panel%zu_curve%zu << end\n", i + 1, c + 1);
        if (panel->rows)
            put_dots(s->file, panel, c, &p->frame);
        else
            put_curve(s->file, &panel->curve[c], &p->frame);
    }
}

/* ---- the plot command: items with commas between them */

struct items {
    FILE *file;
    size_t panel;
    int count;
};

static void begin_item(struct items *items) {
    fputs(items->count++ ? ", \\\n    " : "plot ", items->file);
}

static void put_heat_item(struct items *items, const rg_placed *p) {
    const rg_colour_scale *scale = &p->scale;
    begin_item(items);
    fprintf(items->file, "$panel%zu_heat ", items->panel + 1);
    put_coordinates(items->file, p, p->panel->heat->shape);
    put_absent(items->file);
    if (scale->scale == RG_SCALE_LOG) { /* zero is below every range, a negative value has no colour */
        fputs(" || $1 < 0 ? NaN : $1 == 0 ? ", items->file);
        rg_gnuplot_real(items->file, scale->minimum);
        fputs(" : $1)", items->file);
    } else if (scale->map == RG_MAP_CYCLIC) {
        const double period = scale->maximum - scale->minimum;
        fputs(" ? NaN : $1 - ", items->file);
        rg_gnuplot_real(items->file, period);
        fputs(" * floor(($1 - (", items->file);
        rg_gnuplot_real(items->file, scale->minimum);
        fputs(")) / ", items->file);
        rg_gnuplot_real(items->file, period);
        fputs("))", items->file);
    } else {
        fputs(" ? NaN : $1)", items->file);
    }
    fputs(" with image notitle", items->file);
}

static void put_arrow_items(struct items *items, const char *name, const struct lattice *lattice, const rg_frame *f) {
    static const char *const stroke[] = {"rgb \"#60ffffff\" linewidth 2", INK " linewidth 0.7"};
    if (put_arrows(NULL, lattice, f) == 0) return;
    for (int i = 0; i < 2; i++) { /* a light halo, then the ink */
        begin_item(items);
        fprintf(items->file,
                "$panel%zu_%s using 1:2:3:4 with vectors head filled size graph %.3f,22 linecolor %s notitle",
                items->panel + 1, name, 3 / f->width, stroke[i]);
    }
}

static void put_title(FILE *file, const char *label) {
    char *text = label && *label ? rg_markup_gnuplot(label, 0, NULL) : NULL;
    fprintf(file, " %s%s", text ? "title " : "notitle", text ? text : "");
    g_free(text);
}

static void put_band(struct items *items, size_t number, unsigned colour) {
    begin_item(items);
    fprintf(items->file,
            "$panel%zu_curve%zu using 1:3:4 with filledcurves fillstyle transparent solid 0.22 noborder "
            "fillcolor rgb \"#%06x\" notitle",
            items->panel + 1, number, colour);
}

static void put_curve_item(struct items *items, size_t number, unsigned colour, const char *style, const char *extra) {
    begin_item(items);
    fprintf(items->file, "$panel%zu_curve%zu using %s %s linecolor rgb \"#%06x\"", items->panel + 1, number, style,
            extra, colour);
}

static int any_shown(const rg_curve *curve, const rg_frame *f) {
    for (ptrdiff_t i = 0; i < curve->count; i++)
        if (can_show(f, curve->x[i], curve->y[i])) return 1;
    return 0;
}

void rg_gnuplot_point(const rg_look *look, char text[RG_GNUPLOT_POINT]) {
    static const int shape[RG_CURVE_COLOURS] = {7, 5, 9, 13, 6, 4, 8, 12};
    const double points_per_size = 8; /* about the width of gnuplot's point types */
    snprintf(text, RG_GNUPLOT_POINT, "pointtype %d pointsize 0.%02d", shape[look->colour],
             (int)fmin(99, 100 * look->diameter / points_per_size));
}

static void put_curve_items(struct items *items, const rg_placed *p, size_t c) {
    static const char *const dash[] = {
        [RG_MARK_LINE] = "", [RG_MARK_DASHED] = "dashtype (12, 7)", [RG_MARK_DOTTED] = "dashtype (1, 3)"};
    const rg_curve *curve = &p->panel->curve[c];
    const rg_look look = rg_look_of(curve, c);
    const unsigned colour = rg_look_colour(&look);
    const int points = rg_look_has_points(&look), line = rg_look_has_line(&look);
    const int bars = curve->lower && curve->upper;
    char points_look[RG_GNUPLOT_POINT] = "";
    if (!any_shown(curve, &p->frame)) return;
    if (bars && !points) put_band(items, c + 1, colour);
    if (bars && points) {
        put_curve_item(items, c + 1, colour, p->panel->rows ? "1:2:3:4 with xerrorbars" : "1:2:3:4 with yerrorbars",
                       "pointtype 0 linewidth 0.7");
        fputs(" notitle", items->file);
    }
    if (points) rg_gnuplot_point(&look, points_look);
    put_curve_item(items, c + 1, colour,
                   line && points ? "1:2 with linespoints"
                   : line         ? "1:2 with lines"
                                  : "1:2 with points",
                   points ? points_look : dash[curve->mark]);
    put_title(items->file, curve->label);
}

/* Where our own legend stands. */
static void put_key(const rg_gnuplot *s, const rg_placed *p) {
    const rg_box *box = &p->legend.entries;
    if (!(box->width > 0)) {
        fputs("unset key\n", s->file);
        return;
    }
    fputs("set key at screen ", s->file);
    rg_gnuplot_real(s->file, (p->frame.x + box->x) / s->page->width);
    fputs(", screen ", s->file);
    rg_gnuplot_real(s->file, 1 - (p->frame.y + box->y) / s->page->height);
    fprintf(s->file, " left top Left reverse vertical maxrows %d opaque samplen 2 font \"" RG_FONT_FAMILY ",7\"\n",
            p->legend.rows);
}

void rg_gnuplot_write_plot(const rg_gnuplot *s, size_t i) {
    const rg_placed *p = &s->page->placed[i];
    const rg_panel *panel = p->panel;
    struct items items = {s->file, i, 0};
    put_key(s, p);
    if (panel->heat) put_heat_item(&items, p);
    if (panel->flow) {
        const struct lattice lattice = lattice_of_flow(panel->flow);
        put_arrow_items(&items, "flow", &lattice, &p->frame);
    }
    if (panel->arrows) {
        const struct lattice lattice = lattice_of_arrows(panel->arrows);
        put_arrow_items(&items, "arrows", &lattice, &p->frame);
    }
    if (panel->contours && put_levels(NULL, panel->contours)) {
        begin_item(&items);
        fprintf(s->file, "$panel%zu_lines using 1:2 with lines linecolor " INK " linewidth 0.6 notitle", i + 1);
    }
    if (panel->diagonal) {
        begin_item(&items);
        fputs("x with lines linecolor rgb \"#808080\" linewidth 0.5 notitle", s->file);
    }
    for (size_t c = 0; c < panel->curves; c++) put_curve_items(&items, p, c);
    if (items.count == 0) {
        begin_item(&items);
        fputs("NaN notitle", s->file);
    }
    fputc('\n', s->file);
}
