/* A rectangle of cells, each of one colour, drawn with sharp edges. Internal. */
#ifndef RG_FIGURE_IMAGE_H
#define RG_FIGURE_IMAGE_H

#include <cairo.h>
#include <stddef.h>
#include <stdint.h>

enum { RG_IMAGE_LIMIT = 32000 /* Cairo's images end at 32767 pixels per side */ };

typedef struct rg_image {
    cairo_surface_t *surface;
    uint32_t *pixel;  /* 0xRRGGBB, row by row from the top; NULL when out of memory */
    ptrdiff_t stride; /* pixels from one row to the next */
} rg_image;

/* Without memory the image can still be drawn and destroyed; drawing it then gives the cairo_t that error. */
rg_image rg_image_create(int width, int height);
rg_image rg_image_create_clear(int width, int height); /* 0xAARRGGBB, premultiplied; all transparent */
void rg_image_destroy(rg_image *image);

/* Draws the image over the given rectangle. */
void rg_image_draw(const rg_image *image, cairo_t *cr, double x, double y, double width, double height);

/* The same without sharp edges, for images finer than the page. */
void rg_image_draw_smooth(const rg_image *image, cairo_t *cr, double x, double y, double width, double height);

#endif
