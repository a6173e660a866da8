/* A drawn page as a PNG file, through libpng. Internal. */
#ifndef RG_FIGURE_PNG_H
#define RG_FIGURE_PNG_H

#include <cairo.h>
#include <rotgrad/status.h>
#include <stdio.h>

/* 8-bit RGB with the resolution and the `metadata` (key, value, ..., NULL; may be NULL) as text chunks: tEXt for ASCII,
 * iTXt for other UTF-8. `surface` is an image in CAIRO_FORMAT_RGB24. RG_ENOMEM, RG_EIO. */
rg_status rg_png_write(cairo_surface_t *surface, double dpi, const char *const *metadata, FILE *file,
                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The same with at most 256 colours, of which rare ones take their nearest neighbour: less than half the size. */
rg_status rg_png_write_indexed(cairo_surface_t *surface, double dpi, const char *const *metadata, FILE *file,
                               rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
