#include "figure/contours.h"

rg_status rg_contours_check(const rg_contours *contours, rg_diagnostic *diagnostic) {
    (void)contours;
    (void)diagnostic;
    return RG_OK;
}

void rg_contours_draw(const rg_contours *contours, const rg_frame *frame, rg_text *text, cairo_t *cr) {
    (void)contours;
    (void)frame;
    (void)cr;
    (void)text;
}
