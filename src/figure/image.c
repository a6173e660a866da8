/* Cairo scales with CAIRO_FILTER_NEAREST: a pixel of a PNG shows the one cell it lies in.
 *
 * Viewers of PDF and SVG do as they like: poppler and librsvg blur across neighbouring pixels of an image that is
 * enlarged a little, whatever the document asks for. There each cell of a small image is made of several equal pixels,
 * so that only a fraction of a cell can blur.
 *
 * An SVG holds its images as PNG. Left to itself Cairo spends half of a figure's time on them, with filters that do
 * these few colours no good: they are given to it ready made.
 */
#include "figure/image.h"
#include "figure/png.h"

#include <stdlib.h>

enum { SHARP_PIXELS = 600 /* per side; larger images are left alone */, MOST_REPEATS = 8 };

static rg_image create(cairo_format_t format, int width, int height) {
    rg_image image = {.surface = cairo_image_surface_create(format, width, height)};
    unsigned char *bytes = cairo_image_surface_get_data(image.surface);
    image.pixel = (uint32_t *)(void *)bytes; /* Cairo aligns rows to 4 bytes */
    image.stride = cairo_image_surface_get_stride(image.surface) / (ptrdiff_t)sizeof *image.pixel;
    return image;
}

rg_image rg_image_create(int width, int height) {
    return create(CAIRO_FORMAT_RGB24, width, height);
}

rg_image rg_image_create_clear(int width, int height) {
    return create(CAIRO_FORMAT_ARGB32, width, height);
}

void rg_image_destroy(rg_image *image) {
    cairo_surface_destroy(image->surface);
    *image = (rg_image){0};
}

static int repeats(int cells) {
    const int wanted = cells > 0 ? SHARP_PIXELS / cells : 1;
    return wanted < 1 ? 1 : wanted > MOST_REPEATS ? MOST_REPEATS : wanted;
}

static rg_image enlarged(const rg_image *image, int columns, int rows, int across, int down) {
    rg_image large = rg_image_create(columns * across, rows * down);
    for (ptrdiff_t r = 0; large.pixel && r < rows * down; r++) {
        const uint32_t *from = image->pixel + r / down * image->stride;
        for (ptrdiff_t c = 0; c < columns * across; c++) large.pixel[r * large.stride + c] = from[c / across];
    }
    return large;
}

static void paint(cairo_surface_t *surface, cairo_filter_t filter, cairo_t *cr, double x, double y, double width,
                  double height) {
    const int columns = cairo_image_surface_get_width(surface), rows = cairo_image_surface_get_height(surface);
    cairo_save(cr);
    cairo_translate(cr, x, y);
    if (columns && rows) cairo_scale(cr, width / columns, height / rows);
    cairo_set_source_surface(cr, surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), filter);
    cairo_rectangle(cr, 0, 0, columns, rows);
    cairo_fill(cr);
    cairo_restore(cr);
}

/* Returns whether there was memory for it. */
static int attach_png(cairo_surface_t *surface) {
    const double any_dpi = 72; /* the document says how large the image is */
    char *bytes = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&bytes, &size);
    if (!file) return 0;
    int good = rg_png_write(surface, any_dpi, NULL, file, NULL) == RG_OK;
    good = fclose(file) == 0 && good;
    good = good && cairo_surface_set_mime_data(surface, CAIRO_MIME_TYPE_PNG, (unsigned char *)bytes, size, free,
                                               bytes) == CAIRO_STATUS_SUCCESS;
    if (!good) free(bytes);
    return good;
}

static void fail(cairo_t *cr) {
    cairo_path_t lost = {.status = CAIRO_STATUS_NO_MEMORY};
    cairo_append_path(cr, &lost);
}

static void paint_on(cairo_surface_t *surface, cairo_filter_t filter, cairo_t *cr, double x, double y, double width,
                     double height) {
    const int svg = cairo_surface_get_type(cairo_get_target(cr)) == CAIRO_SURFACE_TYPE_SVG;
    const int opaque = cairo_image_surface_get_format(surface) == CAIRO_FORMAT_RGB24;
    cairo_surface_mark_dirty(surface); /* before the PNG is attached: this would drop it */
    if (svg && opaque && !attach_png(surface))
        fail(cr);
    else
        paint(surface, filter, cr, x, y, width, height);
}

void rg_image_draw(const rg_image *image, cairo_t *cr, double x, double y, double width, double height) {
    const int columns = cairo_image_surface_get_width(image->surface);
    const int rows = cairo_image_surface_get_height(image->surface);
    const int across = repeats(columns), down = repeats(rows);
    const int exact = cairo_surface_get_type(cairo_get_target(cr)) == CAIRO_SURFACE_TYPE_IMAGE;
    if (exact || !image->pixel || across * down == 1) {
        paint_on(image->surface, CAIRO_FILTER_NEAREST, cr, x, y, width, height);
        return;
    }
    rg_image large = enlarged(image, columns, rows, across, down);
    paint_on(large.surface, CAIRO_FILTER_NEAREST, cr, x, y, width, height);
    rg_image_destroy(&large);
}

void rg_image_draw_smooth(const rg_image *image, cairo_t *cr, double x, double y, double width, double height) {
    paint_on(image->surface, CAIRO_FILTER_GOOD, cr, x, y, width, height);
}
