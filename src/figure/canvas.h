/* What a figure is drawn on: pixels that become a PNG, or a PDF or SVG document. Internal. */
#ifndef RG_FIGURE_CANVAS_H
#define RG_FIGURE_CANVAS_H

#include <cairo.h>
#include <rotgrad/status.h>
#include <stdio.h>

typedef enum rg_canvas_format { RG_CANVAS_PNG = 1, RG_CANVAS_PDF, RG_CANVAS_SVG } rg_canvas_format;

typedef struct rg_canvas {
    rg_canvas_format format;
    double dpi;
    FILE *file;  /* borrowed */
    int indexed; /* 1, set after rg_canvas_open: the PNG has at most 256 colours */
    cairo_surface_t *surface;
    cairo_t *cr; /* draws in points from the upper left corner; the page is white */
    FILE *svg;   /* Cairo's SVG on its way to the file */
    char *svg_text;
    size_t svg_size;
} rg_canvas;

/* The format that the ending of a path names, in either case; RG_EINVAL for any other ending. */
rg_status rg_canvas_format_of(const char *path, rg_canvas_format *format, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A page of width x height points. Ended with rg_canvas_close also after a failure. */
rg_status rg_canvas_open(rg_canvas *canvas, rg_canvas_format format, double width, double height, double dpi,
                         FILE *file, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* With RG_OK: writes the document with `metadata` (key, value, ..., NULL; may be NULL) to the file; RG_EIO, RG_ENOMEM.
 * With any other status: returns it. Frees the canvas. */
rg_status rg_canvas_close(rg_canvas *canvas, const char *const *metadata, rg_status status,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
