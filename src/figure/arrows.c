#include "figure/arrows.h"

rg_status rg_arrows_check(const rg_arrows *arrows, rg_diagnostic *diagnostic) {
    (void)arrows;
    (void)diagnostic;
    return RG_OK;
}

void rg_arrows_draw(const rg_arrows *arrows, const rg_frame *frame, cairo_t *cr) {
    (void)arrows;
    (void)frame;
    (void)cr;
}
