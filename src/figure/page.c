/* The page is a table. A column is as wide as its widest block needs before, in and after the frame, so that frames
 * stand in line; rows likewise. Frames start on the pixels of the PNG, which keeps their lines crisp. */
#include "figure/page.h"
#include "base/base.h"
#include "figure/heat_map.h"
#include "figure/style.h"

struct rg_band {
    double before, frame, after; /* extents of a column or row */
    double start;                /* where its frames start */
};

static const double default_panel_size = 180, default_dpi = 150;

static double on_pixels(const rg_page *page, double points) {
    const double pixel = 72 / page->dpi;
    return ceil(points / pixel - 1e-6) * pixel;
}

static void size_frame(const rg_page *page, rg_panel *panel) {
    const double *length = panel->heat->length;
    const double size = page->figure->panel_size > 0 ? page->figure->panel_size : default_panel_size;
    const double scale = size / fmax(length[0], length[1]);
    panel->axes.width = on_pixels(page, fmax(scale * length[0], RG_NARROW_FRAME));
    panel->axes.height = on_pixels(page, fmax(scale * length[1], RG_NARROW_FRAME));
}

static rg_status lay_out_panel(rg_page *page, size_t i, rg_diagnostic *diagnostic) {
    rg_panel *panel = &page->panel[i];
    const rg_heat_map *heat = panel->heat = &page->figure->panel[i];
    rg_diagnostic reason = {RG_OK, ""};
    const rg_status status = rg_colour_scale_init(heat, &panel->scale, &reason);
    if (status != RG_OK) return rg_fail(diagnostic, status, "panel %zu: %s", i + 1, reason.text);
    size_frame(page, panel);
    panel->axes.title = heat->title;
    panel->axes.x_label = heat->x_label;
    panel->axes.y_label = heat->y_label;
    const double upper[2] = {heat->lower[0] + heat->length[0], heat->lower[1] + heat->length[1]};
    rg_axes_choose_ticks(&panel->axes, page->text, heat->lower, upper);
    rg_colour_bar_init(&panel->bar, page->text, &panel->scale, heat->unit, panel->axes.height);
    /* The factor stands above the bar; a title that reaches there gives way. */
    const double reach = (rg_axes_title_width(&panel->axes, page->text) - panel->axes.width) / 2;
    if (reach > RG_BAR_GAP) panel->axes.title_lift = rg_colour_bar_factor_height(&panel->bar, page->text);
    panel->insets =
        rg_insets_union(rg_axes_insets(&panel->axes, page->text), rg_colour_bar_insets(&panel->bar, page->text));
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
        const rg_panel *p = &page->panel[i];
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
        page->panel[i].x = column[i % (size_t)page->columns].start;
        page->panel[i].y = row[i / (size_t)page->columns].start;
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
    page->panel = rg_alloc(figure->panels, sizeof *page->panel);
    page->band = rg_alloc((size_t)page->columns + (size_t)page->rows, sizeof *page->band);
    if (!page->text || !page->panel || !page->band)
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the figure");
    for (size_t i = 0; i < figure->panels; i++) {
        const rg_status status = lay_out_panel(page, i, diagnostic);
        if (status != RG_OK) return status;
    }
    place_panels(page);
    return RG_OK;
}

void rg_page_destroy(rg_page *page) {
    rg_text_destroy(page->text);
    rg_free(page->panel);
    rg_free(page->band);
    *page = (rg_page){0};
}

void rg_page_draw(const rg_page *page, cairo_t *cr) {
    const rg_caption title = page_title(page, page->width - 2 * RG_PAGE_MARGIN);
    const double baseline = RG_PAGE_MARGIN + rg_text_measure(page->text, &title).above;
    rg_text_draw(page->text, cr, &title, page->width / 2, baseline, 0.5);
    for (size_t i = 0; i < page->figure->panels; i++) {
        const rg_panel *p = &page->panel[i];
        rg_heat_map_draw(p->heat, &p->scale, cr, p->x, p->y, p->axes.width, p->axes.height);
        rg_axes_draw(&p->axes, page->text, cr, p->x, p->y);
        rg_colour_bar_draw(&p->bar, page->text, cr, p->x + p->axes.width, p->y);
    }
}
