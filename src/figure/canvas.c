/* The three kinds of page. None of them carries the time, so equal figures have equal bytes. */
#include "figure/canvas.h"
#include "base/base.h"
#include "figure/png.h"
#include "figure/svg.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIXEL_LIMIT = 20000 /* per side: 1.6 GB as a square */, POINT_LIMIT = 14400 /* the largest page of PDF */ };

static const char *const fixed_date = "1970-01-01T00:00:00Z";

rg_status rg_canvas_format_of(const char *path, rg_canvas_format *format, rg_diagnostic *diagnostic) {
    static const struct {
        const char *ending;
        rg_canvas_format format;
    } known[] = {{".png", RG_CANVAS_PNG}, {".pdf", RG_CANVAS_PDF}, {".svg", RG_CANVAS_SVG}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++) {
        if (g_ascii_strcasecmp(dot, known[i].ending) != 0) continue;
        *format = known[i].format;
        return RG_OK;
    }
    return rg_fail(diagnostic, RG_EINVAL, "%s: expected a name that ends in .png, .pdf or .svg", path);
}

static cairo_status_t write_bytes(void *file, const unsigned char *bytes, unsigned int count) {
    return fwrite(bytes, 1, count, file) == count ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static rg_status check_cairo(cairo_status_t status, rg_diagnostic *diagnostic) {
    if (status == CAIRO_STATUS_SUCCESS) return RG_OK;
    return rg_fail(diagnostic, status == CAIRO_STATUS_NO_MEMORY ? RG_ENOMEM : RG_EIO, "the figure: %s",
                   cairo_status_to_string(status));
}

static rg_status check_size(const rg_canvas *c, double width, double height, rg_diagnostic *diagnostic) {
    const int pixels = c->format == RG_CANVAS_PNG;
    const double largest = fmax(width, height) * (pixels ? c->dpi / 72 : 1);
    const int limit = pixels ? PIXEL_LIMIT : POINT_LIMIT;
    if (largest <= limit) return RG_OK;
    return rg_fail(
        diagnostic, RG_EINVAL,
        "the page would be %.0f %s long, at most %d are drawn; use fewer panels, a smaller panel size or dpi", largest,
        pixels ? "pixels" : "points", limit);
}

/* The page is a whole number of pixels but for rounding. */
static int pixels_along(double length) {
    return (int)ceil(length - 1e-6);
}

static void open_surface(rg_canvas *c, double width, double height) {
    const double scale = c->dpi / 72;
    if (c->format == RG_CANVAS_PNG)
        c->surface =
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, pixels_along(width * scale), pixels_along(height * scale));
    else if (c->format == RG_CANVAS_PDF)
        c->surface = cairo_pdf_surface_create_for_stream(write_bytes, c->file, width, height);
    else
        c->surface = cairo_svg_surface_create_for_stream(write_bytes, c->svg, width, height);
    c->cr = cairo_create(c->surface);
    if (c->format == RG_CANVAS_PNG) cairo_scale(c->cr, scale, scale);
    cairo_set_source_rgb(c->cr, 1, 1, 1);
    cairo_paint(c->cr);
}

rg_status rg_canvas_open(rg_canvas *canvas, rg_canvas_format format, double width, double height, double dpi,
                         FILE *file, rg_diagnostic *diagnostic) {
    *canvas = (rg_canvas){.format = format, .dpi = dpi, .file = file};
    const rg_status status = check_size(canvas, width, height, diagnostic);
    if (status != RG_OK) return status;
    if (format == RG_CANVAS_SVG) {
        canvas->svg = open_memstream(&canvas->svg_text, &canvas->svg_size);
        if (!canvas->svg) return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    }
    open_surface(canvas, width, height);
    return check_cairo(cairo_status(canvas->cr), diagnostic);
}

/* PDF knows five fields; whatever else there is goes into the keywords. */
static void set_pdf_metadata(cairo_surface_t *surface, const char *const *metadata) {
    static const struct {
        const char *key;
        cairo_pdf_metadata_t field;
    } known[] = {{"Title", CAIRO_PDF_METADATA_TITLE},
                 {"Author", CAIRO_PDF_METADATA_AUTHOR},
                 {"Description", CAIRO_PDF_METADATA_SUBJECT},
                 {"Software", CAIRO_PDF_METADATA_CREATOR}};
    enum { KNOWN = sizeof known / sizeof *known };
    GString *rest = g_string_new(NULL);
    for (; metadata && metadata[0]; metadata += 2) {
        size_t i = 0;
        while (i < KNOWN && strcmp(metadata[0], known[i].key) != 0) i++;
        if (i < KNOWN)
            cairo_pdf_surface_set_metadata(surface, known[i].field, metadata[1]);
        else
            g_string_append_printf(rest, "%s%s: %s", rest->len ? "; " : "", metadata[0], metadata[1]);
    }
    if (rest->len) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, rest->str);
    g_string_free(rest, TRUE);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, fixed_date);
}

/* The stream's text and size are valid once it is closed. */
static rg_status write_svg(rg_canvas *c, const char *const *metadata, rg_diagnostic *diagnostic) {
    const int failed = fclose(c->svg);
    c->svg = NULL;
    if (failed) return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    return rg_svg_write(c->svg_text, metadata, c->file, diagnostic);
}

static rg_status write_document(rg_canvas *c, const char *const *metadata, rg_diagnostic *diagnostic) {
    const rg_status drawn = check_cairo(cairo_status(c->cr), diagnostic);
    if (drawn != RG_OK) return drawn;
    if (c->format == RG_CANVAS_PNG && c->indexed)
        return rg_png_write_indexed(c->surface, c->dpi, metadata, c->file, diagnostic);
    if (c->format == RG_CANVAS_PNG) return rg_png_write(c->surface, c->dpi, metadata, c->file, diagnostic);
    if (c->format == RG_CANVAS_PDF) set_pdf_metadata(c->surface, metadata);
    cairo_surface_finish(c->surface);
    const rg_status finished = check_cairo(cairo_surface_status(c->surface), diagnostic);
    if (finished != RG_OK || c->format == RG_CANVAS_PDF) return finished;
    return write_svg(c, metadata, diagnostic);
}

rg_status rg_canvas_close(rg_canvas *canvas, const char *const *metadata, rg_status status, rg_diagnostic *diagnostic) {
    if (status == RG_OK) status = write_document(canvas, metadata, diagnostic);
    cairo_destroy(canvas->cr);
    cairo_surface_destroy(canvas->surface);
    if (canvas->svg) fclose(canvas->svg);
    free(canvas->svg_text); /* open_memstream's, hence free */
    *canvas = (rg_canvas){0};
    return status;
}
