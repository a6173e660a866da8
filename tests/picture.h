/* A figure on disk and its pixels. Include after cmocka.h. */
#ifndef PICTURE_H
#define PICTURE_H

#include "scratch.h"

#include <rotgrad/figure.h>

#include <png.h>
#include <stdint.h>
#include <stdlib.h>

struct picture {
    unsigned width, height;
    unsigned char *rgb; /* freed by free */
};

static inline void write_ok(const rg_figure *figure, const char *name) {
    rg_diagnostic d = {RG_OK, ""};
    const rg_status status = rg_figure_write(figure, scratch_path(name), &d);
    if (status != RG_OK) print_error("%s\n", d.text);
    assert_int_equal(status, RG_OK);
}

static inline struct picture read_picture(const char *name) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_file(&image, scratch_path(name)));
    image.format = PNG_FORMAT_RGB;
    struct picture p = {image.width, image.height, malloc(PNG_IMAGE_SIZE(image))};
    assert_non_null(p.rgb);
    assert_true(png_image_finish_read(&image, NULL, p.rgb, 0, NULL));
    return p;
}

/* The three bytes of the pixel that holds a place, in pixels from the top left corner. */
static inline const unsigned char *rgb_at(const struct picture *p, double x, double y) {
    assert_true(x >= 0 && y >= 0 && x < p->width && y < p->height);
    return p->rgb + 3 * ((size_t)y * p->width + (size_t)x);
}

/* The same as 0xrrggbb. */
static inline uint32_t picture_pixel(const struct picture *p, double x, double y) {
    const unsigned char *rgb = rgb_at(p, x, y);
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

#endif
