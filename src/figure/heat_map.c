/* Value (i, j) belongs to the point lower + (i h0, j h1), its cell reaches half a step to every side. The frame shows
 * [lower, lower + length] exactly: the first row and column of a periodic array are repeated at the far end, of a bounded
 * one the last, and the outer halves of the outermost cells are cut off.
 */
#include "figure/heat_map.h"
#include "base/base.h"
#include "figure/image.h"
#include "figure/text.h"

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

/* Only logarithms are worth a team of threads: the rest is done (4 ms for 1024 x 1024 cells) before the team would have
 * gone to sleep again. */
static void fill(struct fill *f) {
    const ptrdiff_t cells = f->heat->shape[0] * f->heat->shape[1];
    if (f->scale->scale == RG_SCALE_LOG)
        rg_parallel(cells, fill_cells, f);
    else
        fill_cells(f, 0, cells);
}

static void fill_far_end(const struct fill *f) {
    const ptrdiff_t n0 = f->heat->shape[0], n1 = f->heat->shape[1];
    const ptrdiff_t repeated0 = f->heat->bounded ? n0 - 1 : 0, repeated1 = f->heat->bounded ? n1 - 1 : 0;
    for (ptrdiff_t i = 0; i < n0; i++) *cell(f, i, n1) = *cell(f, i, repeated1);
    for (ptrdiff_t j = 0; j <= n1; j++) *cell(f, n0, j) = *cell(f, repeated0, j);
}

rg_status rg_heat_map_check(const rg_heat_map *heat, rg_diagnostic *diagnostic) {
    for (int axis = 0; axis < 2; axis++)
        if (heat->shape[axis] < 1 || heat->shape[axis] >= RG_IMAGE_LIMIT)
            return rg_fail(diagnostic, RG_EINVAL, "axis %d: expected 1 to %d points, got %td", axis, RG_IMAGE_LIMIT - 1,
                           heat->shape[axis]);
    if (!heat->values) return rg_fail(diagnostic, RG_EINVAL, "no values");
    if (heat->map < RG_MAP_SEQUENTIAL || heat->map > RG_MAP_CYCLIC)
        return rg_fail(diagnostic, RG_EINVAL, "unknown colour map %d", (int)heat->map);
    if (heat->scale != RG_SCALE_LINEAR && heat->scale != RG_SCALE_LOG)
        return rg_fail(diagnostic, RG_EINVAL, "unknown scale %d", (int)heat->scale);
    return rg_text_check(heat->unit, "unit", diagnostic);
}

void rg_heat_map_draw(const rg_heat_map *heat, const rg_colour_scale *scale, const rg_frame *frame, cairo_t *cr) {
    const ptrdiff_t n0 = heat->shape[0], n1 = heat->shape[1];
    struct fill f = {heat, scale, rg_image_create((int)n0 + 1, (int)n1 + 1)};
    if (f.image.pixel) {
        fill(&f);
        fill_far_end(&f);
    }
    const double step0 = frame->width / (double)n0, step1 = frame->height / (double)n1;
    cairo_save(cr);
    cairo_rectangle(cr, frame->x, frame->y, frame->width, frame->height);
    cairo_clip(cr);
    rg_image_draw(&f.image, cr, frame->x - step0 / 2, frame->y - step1 / 2, frame->width + step0,
                  frame->height + step1);
    cairo_restore(cr);
    rg_image_destroy(&f.image);
}
