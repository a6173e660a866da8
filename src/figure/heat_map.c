/* Value (i, j) belongs to the point lower + (i h0, j h1), its cell reaches half a step to every side. The frame shows
 * [lower, lower + length] exactly: the array is periodic, its first row and column are repeated at the far end, and the
 * outer halves of the outermost cells are cut off.
 */
#include "figure/heat_map.h"
#include "base/base.h"
#include "figure/image.h"

struct fill {
    const rg_heat_map *heat;
    const rg_colour_scale *scale;
    rg_image image; /* (shape[0] + 1) x (shape[1] + 1) cells */
};

static uint32_t *cell(const struct fill *f, ptrdiff_t i, ptrdiff_t j) {
    return &f->image.pixel[(f->heat->shape[1] - j) * f->image.stride + i];
}

static void fill_cells(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct fill *f = data;
    ptrdiff_t i = begin / f->heat->shape[1], j = begin % f->heat->shape[1];
    for (ptrdiff_t k = begin; k < end; k++) {
        *cell(f, i, j) = rg_colour_scale_pixel(f->scale, f->heat->values[k]);
        if (++j == f->heat->shape[1]) {
            j = 0;
            i++;
        }
    }
}

static void repeat_first(const struct fill *f) {
    const ptrdiff_t n0 = f->heat->shape[0], n1 = f->heat->shape[1];
    for (ptrdiff_t i = 0; i < n0; i++) *cell(f, i, n1) = *cell(f, i, 0);
    for (ptrdiff_t j = 0; j <= n1; j++) *cell(f, n0, j) = *cell(f, 0, j);
}

void rg_heat_map_draw(const rg_heat_map *heat, const rg_colour_scale *scale, cairo_t *cr, double x, double y,
                      double width, double height) {
    const ptrdiff_t n0 = heat->shape[0], n1 = heat->shape[1];
    struct fill f = {heat, scale, rg_image_create((int)n0 + 1, (int)n1 + 1)};
    if (f.image.pixel) {
        rg_parallel(n0 * n1, fill_cells, &f);
        repeat_first(&f);
    }
    const double step0 = width / (double)n0, step1 = height / (double)n1;
    cairo_save(cr);
    cairo_rectangle(cr, x, y, width, height);
    cairo_clip(cr);
    rg_image_draw(&f.image, cr, x - step0 / 2, y - step1 / 2, width + step0, height + step1);
    cairo_restore(cr);
    rg_image_destroy(&f.image);
}
