/* Where the panels of a figure stand: laid out from measured texts, then drawn. Internal. */
#ifndef RG_FIGURE_PAGE_H
#define RG_FIGURE_PAGE_H

#include "figure/axes.h"
#include "figure/colour_bar.h"
#include "figure/frame.h"
#include "figure/legend.h"

typedef struct rg_placed {
    const rg_panel *panel;
    rg_frame frame;
    rg_axes axes;
    rg_colour_extent extent; /* of the heat map, if there is one, and its colours */
    rg_colour_scale scale;
    rg_colour_bar bar;
    rg_legend legend; /* and note */
    rg_insets insets; /* around the frame */
} rg_placed;

typedef struct rg_page {
    const rg_figure *figure;
    rg_text *text;
    double dpi;
    double width, height; /* in points */
    int columns, rows;
    rg_placed *placed;    /* figure->panels of them */
    struct rg_band *band; /* columns from left to right, then rows from top to bottom */
} rg_page;

/* RG_EINVAL for what rg_figure_write refuses in a description, save for colour ranges and the size of the page. */
rg_status rg_figure_check(const rg_figure *figure, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Lays out a figure whose description has been checked. RG_EINVAL for a colour range that cannot be drawn, naming the
 * panel; RG_ENOMEM. Ended with rg_page_destroy also after a failure. */
rg_status rg_page_create(rg_page *page, const rg_figure *figure, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_page_destroy(rg_page *page);

/* RG_ENOMEM; or the cairo_t holds an error. */
rg_status rg_page_draw(const rg_page *page, cairo_t *cr, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
