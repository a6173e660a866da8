/* A figure as a gnuplot script: what its parts share. Internal. */
#ifndef RG_FIGURE_GNUPLOT_H
#define RG_FIGURE_GNUPLOT_H

#include "figure/marks.h"
#include "figure/page.h"

#include <stdio.h>

typedef struct rg_gnuplot {
    FILE *file; /* remembers that a write failed */
    const rg_page *page;
} rg_gnuplot;

/* 17 digits with a point in every locale; what is not finite is NaN. */
void rg_gnuplot_real(FILE *file, double value);

/* The data blocks of panel `i` and the contour lines that gnuplot makes of them, to stand before its plot command. */
void rg_gnuplot_write_blocks(const rg_gnuplot *script, size_t i);

/* What draws the points of a look: "pointtype 7 pointsize 0.42". */
enum { RG_GNUPLOT_POINT = 64 };
void rg_gnuplot_point(const rg_look *look, char text[RG_GNUPLOT_POINT]);

/* The plot command of panel `i`. */
void rg_gnuplot_write_plot(const rg_gnuplot *script, size_t i);

#endif
