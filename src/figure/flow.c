#include "figure/flow.h"

rg_status rg_flow_check(const rg_flow *flow, rg_diagnostic *diagnostic) {
    (void)flow;
    (void)diagnostic;
    return RG_OK;
}

void rg_flow_draw(const rg_flow *flow, const rg_frame *frame, double dpi, cairo_t *cr) {
    (void)flow;
    (void)frame;
    (void)cr;
    (void)dpi;
}
