/* The look of a figure in one place; every length is in points (1/72 inch). Internal. */
#ifndef RG_FIGURE_STYLE_H
#define RG_FIGURE_STYLE_H

#define RG_FONT_FAMILY  "DejaVu Sans"
#define RG_INK          0.1 /* grey level of lines and texts: 0 black, 1 white */
#define RG_LINE_WIDTH   0.5 /* frames and ticks */
#define RG_TICK_LENGTH  3.0 /* outwards; minor ticks have half of it */
#define RG_TICK_GAP     2.5 /* tick to its number */
#define RG_LABEL_GAP    3.0 /* numbers to the label of the axis */
#define RG_TITLE_GAP    5.0 /* frame to the title above it */
#define RG_BAR_GAP      6.0 /* frame to the colour bar */
#define RG_BAR_WIDTH    8.0
#define RG_COLUMN_GAP   16.0 /* between the blocks (frame with all its texts) of a page */
#define RG_ROW_GAP      12.0
#define RG_PAGE_MARGIN  6.0
#define RG_NARROW_TEXT  90.0 /* a title is not wrapped tighter than this, however narrow its frame */
#define RG_NARROW_FRAME 30.0 /* the shorter side of a frame is not drawn shorter than this */

#define RG_CURVE_WIDTH    1.0
#define RG_DOT_WIDTH      1.2  /* of a dotted line */
#define RG_GRID_WIDTH     0.35 /* lines at the ticks of a chart */
#define RG_GRID_GREY      0.87
#define RG_DIAGONAL_GREY  0.5
#define RG_SAMPLE_WIDTH   15.0 /* of a curve in a legend */
#define RG_SAMPLE_BAND    5.0
#define RG_LEGEND_OPACITY 0.85 /* of the white behind legend and note */

#endif
