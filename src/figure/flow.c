/* The texture redraws the heat map, each pixel lighter or darker than its colour. What a reader compares with the
 * colour bar is the mean over some pixels, so the mean has to stay: with Y the luma (0..1) and A the largest change at
 * the given strength, a pixel goes down by at most D = min(A, Y) and up by at most L = min(A, 1 - Y), and the share of
 * darker pixels is f = L / (L + D). With u the rank of the convolved noise, uniform in 0..1,
 *
 *     Y' - Y = -D (1 - u / f) for u < f,    L (u - f) / (1 - f) otherwise,
 *
 * has the mean (L (1 - f) - D f) / 2 = 0. So near white a few dark lines stand against many pixels a little lighter.
 * Luma is changed by a common factor of red, green and blue, which keeps the hue, and beyond most_factor or the range of
 * a colour by adding white.
 */
#include "figure/flow.h"
#include "base/base.h"
#include "figure/image.h"
#include "figure/lic.h"
#include "figure/vectors.h"

enum {
    LONGEST_SIDE = 4096, /* pixels of a texture in a PNG: 0.4 GB of memory as a square */
    LONGEST_IN_DOCUMENT = 2048,
    MOST_GRAIN = 4,
    RANKS = 32 /* as many as the eye tells apart in a texture; more make larger files */
};

static const double default_strength = 0.6;
static const double most_factor = 1.4;                    /* of a colour that is made lighter; dark ones would glow */
static const double full_change = 0.4;                    /* of luma, at strength 1 */
static const double document_dpi = 300, finest_dpi = 600; /* of the texture: in PDF and SVG, and at most */
static const double grain_dpi = 150;                      /* a grain of the noise is a pixel of this: 0.48 points */
static const uint32_t alone = 0xb8b8b8;                   /* the mean colour without a heat map */

/* ---- colours */

static double luma(const double colour[3]) {
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]; /* ITU-R BT.601 */
}

static double luma_change(double y, double strength, double rank) {
    const double most = full_change * strength, down = fmin(most, y), up = fmin(most, 1 - y), dark = up / (up + down);
    return rank < dark ? -down * (1 - rank / dark) : dark < 1 ? up * (rank - dark) / (1 - dark) : 0;
}

uint32_t rg_flow_colour(uint32_t colour, double strength, double rank) {
    const double c[3] = {(colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0, (colour & 255) / 255.0};
    const double y = luma(c), wanted = y + luma_change(y, strength, rank), largest = fmax(c[0], fmax(c[1], c[2]));
    const double factor = y > 0 ? fmin(wanted / y, fmin(most_factor, 1 / largest)) : 1;
    const double white = factor * y < 1 ? fmax(0, (wanted - factor * y) / (1 - factor * y)) : 0;
    uint32_t result = 0;
    for (int k = 0; k < 3; k++) {
        const double part = factor * c[k] + white * (1 - factor * c[k]);
        result = result << 8 | (uint32_t)lround(255 * fmin(part, 1));
    }
    return result;
}

/* ---- the image */

struct paint {
    const rg_heat_map *heat; /* NULL for none */
    const rg_colour_scale *scale;
    double strength;
    ptrdiff_t width, height;
    const float *texture;
    rg_image image;
};

static ptrdiff_t nearest(ptrdiff_t points, double fraction) {
    return (ptrdiff_t)(fraction * (double)points + 0.5) % points;
}

/* As the heat map has it: of the cell that the middle of the pixel lies in. */
static uint32_t colour_below(const struct paint *p, ptrdiff_t x, ptrdiff_t y) {
    if (!p->heat) return alone;
    const ptrdiff_t i = nearest(p->heat->shape[0], ((double)x + 0.5) / (double)p->width);
    const ptrdiff_t j = nearest(p->heat->shape[1], 1 - ((double)y + 0.5) / (double)p->height);
    return rg_colour_scale_pixel(p->scale, p->heat->values[i * p->heat->shape[1] + j]);
}

static void paint_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct paint *p = data;
    for (ptrdiff_t k = begin; k < end; k++) {
        const ptrdiff_t x = k % p->width, y = k / p->width;
        const double deviations = (double)p->texture[k], rank = erfc(-deviations * sqrt(0.5)) / 2;
        const uint32_t below = colour_below(p, x, y), opaque = 0xff000000;
        uint32_t *pixel = &p->image.pixel[y * p->image.stride + x];
        if (!isnan(deviations))
            *pixel = opaque | rg_flow_colour(below, p->strength, (fmin(floor(rank * RANKS), RANKS - 1) + 0.5) / RANKS);
        else
            *pixel = p->heat ? 0 : opaque | below;
    }
}

/* ---- size */

struct resolution {
    int width, height, grain;
    int exact; /* 1: pixels of the texture are pixels of the page */
};

static struct resolution resolution_of(const rg_frame *frame, double dpi, cairo_t *cr) {
    const int pixels = cairo_surface_get_type(cairo_get_target(cr)) == CAIRO_SURFACE_TYPE_IMAGE;
    const double longest = fmax(frame->width, frame->height) / 72, asked = pixels ? dpi : document_dpi;
    const double used = fmin(fmin(asked, finest_dpi), (pixels ? LONGEST_SIDE : LONGEST_IN_DOCUMENT) / longest);
    const double grain = fmin(fmax(1, round(used / grain_dpi)), MOST_GRAIN);
    return (struct resolution){(int)fmax(1, round(frame->width / 72 * used)),
                               (int)fmax(1, round(frame->height / 72 * used)), (int)grain, pixels && used == asked};
}

/* A unit upwards over a unit across, on the page; no frame shows a ratio near the ends of a double. */
static double aspect_of(const rg_frame *frame) {
    const double across = frame->across.upper - frame->across.lower, up = frame->up.upper - frame->up.lower;
    const double most = 1e100;
    return fmin(fmax(frame->height / frame->width * (across / up), 1 / most), most);
}

/* ---- drawing */

static rg_status draw_texture(struct paint *paint, const struct resolution *size, const rg_frame *frame, cairo_t *cr,
                              rg_diagnostic *diagnostic) {
    paint->image = rg_image_create_clear(size->width, size->height);
    if (!paint->image.pixel) {
        rg_image_destroy(&paint->image);
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the flow");
    }
    rg_parallel(paint->width * paint->height, paint_block, paint);
    (size->exact ? rg_image_draw : rg_image_draw_smooth)(&paint->image, cr, frame->x, frame->y, frame->width,
                                                         frame->height);
    rg_image_destroy(&paint->image);
    return RG_OK;
}

rg_status rg_flow_draw(const rg_panel *panel, const rg_colour_scale *scale, const rg_frame *frame, double dpi,
                       cairo_t *cr, rg_diagnostic *diagnostic) {
    const rg_flow *flow = panel->flow;
    const struct resolution size = resolution_of(frame, dpi, cr);
    const rg_lic lic = {
        {flow->shape[0], flow->shape[1]}, flow->vector, aspect_of(frame), size.width, size.height, size.grain};
    float *texture = rg_alloc(rg_size_product((size_t)size.width, (size_t)size.height), sizeof *texture);
    if (!texture) return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the flow");
    rg_status status = rg_lic_convolve(&lic, texture, diagnostic);
    if (status == RG_OK) {
        struct paint paint = {.heat = panel->heat,
                              .scale = scale,
                              .strength = flow->strength > 0 ? flow->strength : default_strength,
                              .width = size.width,
                              .height = size.height,
                              .texture = texture};
        status = draw_texture(&paint, &size, frame, cr, diagnostic);
    }
    rg_free(texture);
    return status;
}

rg_status rg_flow_check(const rg_flow *flow, rg_diagnostic *diagnostic) {
    const rg_status status = rg_vectors_check("flow", flow->shape, flow->vector, diagnostic);
    if (status != RG_OK) return status;
    if (!(flow->strength >= 0 && flow->strength <= 1))
        return rg_fail(diagnostic, RG_EINVAL, "flow: expected a strength of 0 to 1 (0: %g), got %g", default_strength,
                       flow->strength);
    return RG_OK;
}
