/* The legend and the note of a panel: in a corner of the frame where no curve is, or to its right. Internal. */
#ifndef RG_FIGURE_LEGEND_H
#define RG_FIGURE_LEGEND_H

#include "figure/frame.h"
#include "figure/insets.h"
#include "figure/text.h"

/* From the upper left corner of the frame, in points; width 0: nothing to draw. */
typedef struct rg_box {
    double x, y, width, height;
} rg_box;

typedef struct rg_legend {
    rg_box entries, note;
    double column, row; /* size of an entry with the gap to the next */
    int rows;           /* of entries, filled column by column */
    double note_wrap;
} rg_legend;

/* Finds the places. `taken` is the room that a colour bar takes to the right of the frame. */
void rg_legend_init(rg_legend *legend, const rg_panel *panel, const rg_frame *frame, double taken, rg_text *text);

/* Room around the frame: none when both lie in it. */
rg_insets rg_legend_insets(const rg_legend *legend, const rg_frame *frame);

void rg_legend_draw(const rg_legend *legend, const rg_panel *panel, const rg_frame *frame, rg_text *text, cairo_t *cr);

#endif
