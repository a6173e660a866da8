#include "figure/curves.h"

rg_status rg_curves_check(const rg_panel *panel, rg_diagnostic *diagnostic) {
    (void)panel;
    (void)diagnostic;
    return RG_OK;
}

rg_status rg_curves_axes(const rg_panel *panel, rg_axis *x, rg_axis *y, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    *x = panel->x;
    *y = panel->y;
    return RG_OK;
}

void rg_curves_draw(const rg_panel *panel, const rg_frame *frame, rg_text *text, cairo_t *cr) {
    (void)panel;
    (void)frame;
    (void)text;
    (void)cr;
}
