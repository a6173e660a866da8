/* Colour maps, computed in CIELAB (white point D65), where equal steps look about equally large.
 *
 * sequential: viridis by Nathaniel J. Smith, Stefan van der Walt and Eric Firing, which its authors gave to the public
 *             domain (CC0); a cubic through eleven of its colours, within 3/255 of the original.
 * diverging:  the formula of K. Moreland, Diverging Color Maps for Scientific Visualization, ISVC 2009, in his polar
 *             form Msh of CIELAB: blue and red ends of equal lightness, both straight to white. The ends are our own,
 *             chosen so that the white is whiter than his and no colour leaves sRGB.
 * cyclic:     our own: two half circles in CIELAB from white to black, through blue and through orange. On a circle
 *             around the grey of the centre, equal changes of the angle are equal steps of colour.
 */
#include "figure/colour_map.h"

#include <math.h>

#define PI 3.14159265358979323846

struct lab {
    double lightness, a, b;
};

static const struct lab white_xyz = {1.0, 0.95047, 1.08883}; /* Y, X, Z of D65 */

static double lab_curve(double t) {
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static double lab_curve_inverse(double f) {
    return f > 6.0 / 29 ? f * f * f : (116 * f - 16) * 27 / 24389;
}

static double srgb_decode(double c) {
    return c > 0.04045 ? pow((c + 0.055) / 1.055, 2.4) : c / 12.92;
}

static double srgb_encode(double c) {
    return c > 0.0031308 ? 1.055 * pow(c, 1 / 2.4) - 0.055 : 12.92 * c;
}

static struct lab lab_from_srgb(uint32_t colour) {
    const double r = srgb_decode((colour >> 16 & 255) / 255.0);
    const double g = srgb_decode((colour >> 8 & 255) / 255.0);
    const double b = srgb_decode((colour & 255) / 255.0);
    const double fx = lab_curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / white_xyz.a);
    const double fy = lab_curve(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    const double fz = lab_curve((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / white_xyz.b);
    return (struct lab){116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

static uint32_t byte(double linear) {
    return (uint32_t)lround(255 * srgb_encode(fmin(fmax(linear, 0), 1)));
}

static uint32_t srgb_from_lab(struct lab c) {
    const double fy = (c.lightness + 16) / 116;
    const double x = white_xyz.a * lab_curve_inverse(fy + c.a / 500);
    const double y = lab_curve_inverse(fy);
    const double z = white_xyz.b * lab_curve_inverse(fy - c.b / 200);
    const uint32_t red = byte(3.2404542 * x - 1.5371385 * y - 0.4985314 * z);
    const uint32_t green = byte(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z);
    const uint32_t blue = byte(0.0556434 * x - 0.2040259 * y + 1.0572252 * z);
    return red << 16 | green << 8 | blue;
}

/* Catmull-Rom: the cubic from p1 (t = 0) to p2 (t = 1) with slopes from the neighbours. */
static double cubic(double p0, double p1, double p2, double p3, double t) {
    return p1 + t / 2 * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

static struct lab viridis(double t) {
    static const uint32_t anchor[] = {0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c,
                                      0x22a884, 0x44bf70, 0x7ad151, 0xbddf26, 0xfde725};
    enum { LAST = sizeof anchor / sizeof *anchor - 1 };
    const int i = (int)fmin(t * LAST, LAST - 1);
    struct lab p[4];
    for (int k = 0; k < 4; k++) {
        const int near = i - 1 + k;
        p[k] = lab_from_srgb(anchor[near < 0 ? 0 : near > LAST ? LAST : near]);
    }
    const double s = t * LAST - i;
    return (struct lab){cubic(p[0].lightness, p[1].lightness, p[2].lightness, p[3].lightness, s),
                        cubic(p[0].a, p[1].a, p[2].a, p[3].a, s), cubic(p[0].b, p[1].b, p[2].b, p[3].b, s)};
}

/* M is the distance from black, s the angle from grey, h the hue. The hue turns on the way to white, as Moreland found
 * that it must to look like one colour fading. */
static struct lab moreland(double t) {
    static const double end_m = 74, end_s = 1.0, white_m = 93;
    static const double blue_hue = -1.2, red_hue = 0.5;
    const double end = fabs(2 * t - 1); /* 0: white, 1: the saturated end */
    const double turn = end_s * sqrt(white_m * white_m - end_m * end_m) / (end_m * sin(end_s));
    const double m = white_m + end * (end_m - white_m), s = end * end_s;
    const double h = t < 0.5 ? blue_hue - (1 - end) * turn : red_hue + (1 - end) * turn;
    return (struct lab){m * cos(s), m * sin(s) * cos(h), m * sin(s) * sin(h)};
}

static struct lab half_circles(double t) {
    static const double centre = 55, radius = 36, blue_hue = -1.2, orange_hue = 0.8;
    const double angle = 2 * PI * t, colour = radius * fabs(sin(angle)), hue = t < 0.5 ? blue_hue : orange_hue;
    return (struct lab){centre + radius * cos(angle), colour * cos(hue), colour * sin(hue)};
}

void rg_colour_map_table(rg_colour_map map, uint32_t table[RG_COLOURS]) {
    for (int i = 0; i < RG_COLOURS; i++) {
        const double closed = i / (RG_COLOURS - 1.0);
        struct lab colour = {0, 0, 0};
        switch (map) {
        case RG_MAP_SEQUENTIAL:
            colour = viridis(closed);
            break;
        case RG_MAP_DIVERGING:
            colour = moreland(closed);
            break;
        case RG_MAP_CYCLIC:
            colour = half_circles((i + 0.5) / RG_COLOURS);
            break; /* the last is a neighbour of the first */
        }
        table[i] = srgb_from_lab(colour);
    }
}
