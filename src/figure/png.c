/* libpng reports errors by longjmp. Everything it may leave behind hangs in `struct job`, outside the function that
 * calls setjmp, so that no local variable can be lost in the jump. */
#include "figure/png.h"
#include "base/base.h"
#include "figure/palette.h"

#include <math.h>
#include <png.h>
#include <stdint.h>
#include <string.h>

/* The pixels of a figure repeat few colours. Unfiltered they give deflate whole cells to refer back to: on a heat map of
 * 1024 x 1024 cells 10 ms and 195 kB, against 22 ms and 222 kB with differences between rows at level 4. */
enum { COMPRESSION = 3, INDEXED_COMPRESSION = 6, FILTER = PNG_FILTER_NONE };

struct job {
    cairo_surface_t *surface;
    png_uint_32 width, height, dots_per_metre;
    png_structp png;
    png_infop info;
    png_textp text;
    int texts;
    png_bytep row;
    rg_palette *palette; /* NULL: all colours as they are */
    int out_of_memory;
    char error[128];
};

static void on_error(png_structp png, png_const_charp message) {
    struct job *job = png_get_error_ptr(png);
    strncpy(job->error, message, sizeof job->error - 1);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size) {
    struct job *job = png_get_mem_ptr(png);
    void *memory = rg_alloc(size, 1);
    if (!memory) job->out_of_memory = 1;
    return memory;
}

static void release(png_structp png, png_voidp memory) {
    (void)png;
    rg_free(memory);
}

static int is_ascii(const char *text) {
    while (*text && (unsigned char)*text < 0x80) text++;
    return *text == 0;
}

/* libpng copies the texts; it does not write to the strings, although its struct says so. */
static png_text text_chunk(const char *key, const char *value) {
    png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = (png_charp)(uintptr_t)key};
    text.text = (png_charp)(uintptr_t)value;
    text.text_length = strlen(value);
    if (!is_ascii(value)) {
        text.compression = PNG_ITXT_COMPRESSION_NONE;
        text.itxt_length = text.text_length;
        text.text_length = 0;
    }
    return text;
}

static int create(struct job *job, const char *const *metadata) {
    size_t texts = 0;
    while (metadata && metadata[2 * texts]) texts++;
    job->texts = (int)texts;
    job->text = rg_alloc(texts, sizeof *job->text);
    job->row = rg_alloc(job->width, 3);
    job->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, job, on_error, on_warning, job, allocate, release);
    job->info = job->png ? png_create_info_struct(job->png) : NULL;
    for (size_t i = 0; job->text && i < texts; i++) job->text[i] = text_chunk(metadata[2 * i], metadata[2 * i + 1]);
    return job->text && job->row && job->info;
}

static void destroy(struct job *job) {
    if (job->png) png_destroy_write_struct(&job->png, &job->info);
    rg_free(job->row);
    rg_free(job->text);
}

static void write_palette(const struct job *job) {
    png_color colour[RG_PALETTE_COLOURS];
    for (int i = 0; i < job->palette->count; i++) {
        const uint32_t c = job->palette->colour[i];
        colour[i] = (png_color){(png_byte)(c >> 16), (png_byte)(c >> 8), (png_byte)c};
    }
    png_set_PLTE(job->png, job->info, colour, job->palette->count);
}

static void write_header(const struct job *job) {
    const int indexed = job->palette != NULL;
    png_set_IHDR(job->png, job->info, job->width, job->height, 8, indexed ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_pHYs(job->png, job->info, job->dots_per_metre, job->dots_per_metre, PNG_RESOLUTION_METER);
    if (job->texts) png_set_text(job->png, job->info, job->text, job->texts);
    if (indexed) write_palette(job);
    png_set_compression_level(job->png, indexed ? INDEXED_COMPRESSION : COMPRESSION);
    png_set_filter(job->png, PNG_FILTER_TYPE_BASE, FILTER);
    png_write_info(job->png, job->info);
}

static void write_rows(const struct job *job) {
    const unsigned char *data = cairo_image_surface_get_data(job->surface);
    const ptrdiff_t stride = cairo_image_surface_get_stride(job->surface);
    for (png_uint_32 y = 0; y < job->height; y++) {
        const unsigned char *row = data + (ptrdiff_t)y * stride;
        for (png_uint_32 x = 0; x < job->width; x++) {
            uint32_t pixel;
            memcpy(&pixel, row + 4 * (size_t)x, sizeof pixel);
            if (job->palette) {
                job->row[x] = rg_palette_entry(job->palette, pixel);
                continue;
            }
            job->row[3 * (size_t)x] = (png_byte)(pixel >> 16);
            job->row[3 * (size_t)x + 1] = (png_byte)(pixel >> 8);
            job->row[3 * (size_t)x + 2] = (png_byte)pixel;
        }
        png_write_row(job->png, job->row);
    }
}

static int write_all(struct job *job, FILE *file) {
    if (setjmp(png_jmpbuf(job->png))) return 0;
    png_init_io(job->png, file);
    write_header(job);
    write_rows(job);
    png_write_end(job->png, job->info);
    return 1;
}

static rg_status choose_palette(const struct job *job) {
    const unsigned char *data = cairo_image_surface_get_data(job->surface);
    const ptrdiff_t stride = cairo_image_surface_get_stride(job->surface);
    rg_status status = RG_OK;
    for (png_uint_32 y = 0; status == RG_OK && y < job->height; y++) { /* Cairo aligns rows to 4 bytes */
        const void *row = data + (ptrdiff_t)y * stride;
        status = rg_palette_look(job->palette, row, (int)job->width);
    }
    return status == RG_OK ? rg_palette_choose(job->palette) : status;
}

static rg_status write_job(struct job *job, double dpi, const char *const *metadata, FILE *file,
                           rg_diagnostic *diagnostic) {
    const double inch_in_metres = 0.0254;
    job->dots_per_metre = (png_uint_32)lround(dpi / inch_in_metres);
    const int created = create(job, metadata), written = created && write_all(job, file);
    destroy(job);
    if (written) return RG_OK;
    if (!created || job->out_of_memory) return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the PNG");
    return rg_fail(diagnostic, RG_EIO, "writing the PNG: %s", job->error);
}

static struct job job_of(cairo_surface_t *surface) {
    cairo_surface_flush(surface);
    return (struct job){.surface = surface,
                        .width = (png_uint_32)cairo_image_surface_get_width(surface),
                        .height = (png_uint_32)cairo_image_surface_get_height(surface)};
}

rg_status rg_png_write(cairo_surface_t *surface, double dpi, const char *const *metadata, FILE *file,
                       rg_diagnostic *diagnostic) {
    struct job job = job_of(surface);
    return write_job(&job, dpi, metadata, file, diagnostic);
}

rg_status rg_png_write_indexed(cairo_surface_t *surface, double dpi, const char *const *metadata, FILE *file,
                               rg_diagnostic *diagnostic) {
    rg_palette palette = {0};
    struct job job = job_of(surface);
    job.palette = &palette;
    rg_status status = choose_palette(&job);
    if (status == RG_OK)
        status = write_job(&job, dpi, metadata, file, diagnostic);
    else
        rg_fail(diagnostic, status, "out of memory for the PNG");
    rg_palette_free(&palette);
    return status;
}
