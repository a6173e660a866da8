/* The page is a table. A column is as wide as its widest block needs before, in and after the frame, so that frames
 * stand in line; rows likewise. Frames start on the pixels of the PNG, which keeps their lines crisp. */
#include "figure/page.h"
#include "base/base.h"
#include "figure/arrows.h"
#include "figure/contours.h"
#include "figure/curves.h"
#include "figure/flow.h"
#include "figure/heat_map.h"
#include "figure/rows.h"
#include "figure/style.h"

struct rg_band {
    double before, frame, after; /* extents of a column or row */
    double start;                /* where its frames start */
};

static const double default_panel_size = 180, default_dpi = 150;
static const double chart_height = 0.75; /* of the width */

static double on_pixels(const rg_page *page, double points) {
    const double pixel = 72 / page->dpi;
    return ceil(points / pixel - 1e-6) * pixel;
}

/* Fields in equal units on both axes, rows as high as they need, curves alone on 4:3 or a square. */
static void size_frame(const rg_page *page, rg_placed *placed) {
    const rg_axis *x = &placed->frame.across, *y = &placed->frame.up;
    const double size = page->figure->panel_size > 0 ? page->figure->panel_size : default_panel_size;
    double width = size, height = placed->panel->diagonal ? size : size * chart_height;
    if (rg_panel_is_field(placed->panel)) {
        const double lengths[2] = {x->upper - x->lower, y->upper - y->lower};
        const double scale = size / fmax(lengths[0], lengths[1]);
        width = scale * lengths[0];
        height = scale * lengths[1];
    }
    if (placed->panel->rows) height = rg_rows_height(placed->panel);
    placed->frame.width = placed->axes.width = on_pixels(page, fmax(width, RG_NARROW_FRAME));
    placed->frame.height = placed->axes.height = on_pixels(page, fmax(height, RG_NARROW_FRAME));
}

static rg_status choose_axes(rg_placed *placed, rg_diagnostic *diagnostic) {
    const rg_panel *panel = placed->panel;
    rg_axis *x = &placed->frame.across, *y = &placed->frame.up;
    *x = panel->x;
    *y = panel->y;
    const rg_status status = rg_panel_is_field(panel) ? RG_OK : rg_curves_axes(panel, x, y, diagnostic);
    if (!x->scale) x->scale = RG_SCALE_LINEAR;
    if (!y->scale) y->scale = RG_SCALE_LINEAR;
    return status;
}

static void measure_colours(rg_page *page) {
    for (size_t i = 0; i < page->figure->panels; i++) {
        const rg_heat_map *heat = page->figure->panel[i].heat;
        if (heat) page->placed[i].extent = rg_colour_extent_of(heat);
    }
}

/* Of the data from which heat maps of one group take their range. */
static rg_colour_extent extent_of_group(const rg_page *page, const rg_placed *of) {
    rg_colour_extent extent = of->extent;
    for (size_t i = 0; of->panel->heat->group > 0 && i < page->figure->panels; i++) {
        const rg_heat_map *heat = page->figure->panel[i].heat;
        if (heat && heat->group == of->panel->heat->group)
            extent = rg_colour_extent_union(extent, page->placed[i].extent);
    }
    return extent;
}

static rg_status choose_colours(const rg_page *page, rg_placed *placed, rg_diagnostic *diagnostic) {
    const rg_heat_map *heat = placed->panel->heat;
    if (!heat) return RG_OK;
    const rg_colour_extent extent = extent_of_group(page, placed);
    const rg_status status = rg_colour_scale_init(heat, &extent, &placed->scale, diagnostic);
    if (status == RG_OK) rg_colour_bar_init(&placed->bar, page->text, &placed->scale, heat->unit, placed->frame.height);
    return status;
}

/* The factor stands above the bar; a title that reaches there gives way. */
static void make_room(const rg_page *page, rg_placed *placed) {
    rg_text *text = page->text;
    if (placed->panel->heat) {
        const double reach = (rg_axes_title_width(&placed->axes, text) - placed->axes.width) / 2;
        if (reach > RG_BAR_GAP) placed->axes.title_lift = rg_colour_bar_factor_height(&placed->bar, text);
    }
    placed->insets = rg_axes_insets(&placed->axes, text);
    double taken = 0; /* by the colour bar or by remarks */
    if (placed->panel->heat) {
        const rg_insets bar = rg_colour_bar_insets(&placed->bar, text);
        placed->insets = rg_insets_union(placed->insets, bar);
        taken = bar.right;
    }
    if (placed->panel->rows) {
        taken = rg_rows_remark(placed->panel, &placed->frame, text, NULL, NULL);
        placed->insets = rg_insets_union(placed->insets, (rg_insets){0, taken, 0, 0});
    }
    rg_legend_init(&placed->legend, placed->panel, &placed->frame, taken, text);
    placed->insets = rg_insets_union(placed->insets, rg_legend_insets(&placed->legend, &placed->frame));
}

static rg_status lay_out_panel(rg_page *page, size_t i, rg_diagnostic *diagnostic) {
    rg_placed *placed = &page->placed[i];
    const rg_panel *panel = placed->panel = &page->figure->panel[i];
    rg_diagnostic reason = {RG_OK, ""};
    rg_status status = choose_axes(placed, &reason);
    if (status == RG_OK) {
        size_frame(page, placed);
        placed->axes.title = panel->title;
        placed->axes.x_label = panel->x.label;
        placed->axes.y_label = panel->y.label;
        placed->axes.rows = panel->rows;
        placed->axes.row = panel->row;
        rg_axes_choose_ticks(&placed->axes, page->text, &placed->frame.across, &placed->frame.up);
        status = choose_colours(page, placed, &reason);
    }
    if (status != RG_OK) return rg_fail(diagnostic, status, "panel %zu: %s", i + 1, reason.text);
    make_room(page, placed);
    return RG_OK;
}

static void widen(struct rg_band *band, double before, double frame, double after) {
    band->before = fmax(band->before, before);
    band->frame = fmax(band->frame, frame);
    band->after = fmax(band->after, after);
}

/* Returns where the last band ends. */
static double line_up(const rg_page *page, struct rg_band *band, int count, double start, double gap) {
    for (int i = 0; i < count; i++) {
        band[i].start = on_pixels(page, start + band[i].before);
        start = band[i].start + band[i].frame + band[i].after + (i + 1 < count ? gap : 0);
    }
    return start;
}

static rg_caption page_title(const rg_page *page, double wrap) {
    return (rg_caption){RG_FONT_PAGE, page->figure->title, NULL, wrap};
}

static void place_panels(rg_page *page) {
    struct rg_band *column = page->band, *row = page->band + page->columns;
    for (size_t i = 0; i < page->figure->panels; i++) {
        const rg_placed *p = &page->placed[i];
        widen(&column[i % (size_t)page->columns], p->insets.left, p->axes.width, p->insets.right);
        widen(&row[i / (size_t)page->columns], p->insets.top, p->axes.height, p->insets.bottom);
    }
    const double right = line_up(page, column, page->columns, RG_PAGE_MARGIN, RG_COLUMN_GAP);
    page->width = on_pixels(page, right + RG_PAGE_MARGIN);
    const rg_caption title = page_title(page, page->width - 2 * RG_PAGE_MARGIN);
    const double title_height = rg_text_height(page->text, &title);
    const double top = RG_PAGE_MARGIN + (title_height > 0 ? title_height + RG_TITLE_GAP : 0);
    page->height = on_pixels(page, line_up(page, row, page->rows, top, RG_ROW_GAP) + RG_PAGE_MARGIN);
    for (size_t i = 0; i < page->figure->panels; i++) {
        page->placed[i].frame.x = column[i % (size_t)page->columns].start;
        page->placed[i].frame.y = row[i / (size_t)page->columns].start;
    }
}

/* As many columns as asked for, or a page that is about square. */
static int columns_of(const rg_figure *figure) {
    const double square = ceil(sqrt((double)figure->panels));
    const double columns = figure->columns > 0 ? figure->columns : square;
    return (int)fmin(columns, (double)figure->panels);
}

rg_status rg_page_create(rg_page *page, const rg_figure *figure, rg_diagnostic *diagnostic) {
    *page = (rg_page){.figure = figure, .dpi = figure->dpi > 0 ? figure->dpi : default_dpi};
    page->columns = columns_of(figure);
    page->rows = (int)((figure->panels + (size_t)page->columns - 1) / (size_t)page->columns);
    page->text = rg_text_create();
    page->placed = rg_alloc(figure->panels, sizeof *page->placed);
    page->band = rg_alloc((size_t)page->columns + (size_t)page->rows, sizeof *page->band);
    if (!page->text || !page->placed || !page->band)
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the figure");
    measure_colours(page);
    for (size_t i = 0; i < figure->panels; i++) {
        const rg_status status = lay_out_panel(page, i, diagnostic);
        if (status != RG_OK) return status;
    }
    place_panels(page);
    return RG_OK;
}

void rg_page_destroy(rg_page *page) {
    rg_text_destroy(page->text);
    rg_free(page->placed);
    rg_free(page->band);
    *page = (rg_page){0};
}

static rg_status draw_fields(const rg_page *page, const rg_placed *placed, cairo_t *cr, rg_diagnostic *diagnostic) {
    const rg_panel *panel = placed->panel;
    const rg_frame *frame = &placed->frame;
    rg_status status = RG_OK;
    if (panel->heat) rg_heat_map_draw(panel->heat, &placed->scale, frame, cr);
    if (panel->flow) status = rg_flow_draw(panel, &placed->scale, frame, page->dpi, cr, diagnostic);
    if (panel->arrows) rg_arrows_draw(panel->arrows, frame, cr);
    if (panel->contours && status == RG_OK)
        status = rg_contours_draw(panel->contours, frame, page->text, cr, diagnostic);
    return status;
}

static rg_status draw_panel(const rg_page *page, const rg_placed *placed, cairo_t *cr, rg_diagnostic *diagnostic) {
    const rg_frame *frame = &placed->frame;
    const rg_status status = draw_fields(page, placed, cr, diagnostic);
    if (status != RG_OK) return status;
    if (!rg_panel_is_field(placed->panel)) rg_axes_draw_grid(&placed->axes, cr, frame->x, frame->y);
    rg_curves_draw(placed->panel, frame, cr);
    rg_rows_draw_remarks(placed->panel, frame, page->text, cr);
    rg_axes_draw(&placed->axes, page->text, cr, frame->x, frame->y);
    if (placed->panel->heat) rg_colour_bar_draw(&placed->bar, page->text, cr, frame->x + frame->width, frame->y);
    rg_legend_draw(&placed->legend, placed->panel, frame, page->text, cr);
    return RG_OK;
}

rg_status rg_page_draw(const rg_page *page, cairo_t *cr, rg_diagnostic *diagnostic) {
    const rg_caption title = page_title(page, page->width - 2 * RG_PAGE_MARGIN);
    const double baseline = RG_PAGE_MARGIN + rg_text_measure(page->text, &title).above;
    rg_text_draw(page->text, cr, &title, page->width / 2, baseline, 0.5);
    rg_status status = RG_OK;
    for (size_t i = 0; status == RG_OK && i < page->figure->panels; i++)
        status = draw_panel(page, &page->placed[i], cr, diagnostic);
    return status;
}
