/* Whether two pictures are the same to the eye: compare_png FOUND EXPECTED
 *
 * Numbers behind a figure differ in rounding between compilers and machines, by 1e-9 or so. A colour is then another one
 * of its table's 256 at few pixels, which is 3 of 255 in a channel at most; a streamline may read its noise one cell
 * further. Frames, lines and texts do not move: a pixel of theirs would change by far more. Hence at most one pixel in a
 * thousand may differ by more than 3, and none by more than 40. Prints what it found; exit code 1 when that is too much. */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLIGHT = 3, GROSS = 40, ONE_IN = 1000 };

struct picture {
    png_image image;
    png_bytep rgb;
};

static int read_picture(const char *path, struct picture *p) {
    *p = (struct picture){.image = {.version = PNG_IMAGE_VERSION}};
    if (!png_image_begin_read_from_file(&p->image, path)) return 0;
    p->image.format = PNG_FORMAT_RGB;
    p->rgb = malloc(PNG_IMAGE_SIZE(p->image));
    return p->rgb && png_image_finish_read(&p->image, NULL, p->rgb, 0, NULL);
}

static int difference(png_const_bytep a, png_const_bytep b) {
    int most = 0;
    for (int channel = 0; channel < 3; channel++) {
        const int d = abs(a[channel] - b[channel]);
        most = d > most ? d : most;
    }
    return most;
}

static int compare(const struct picture *found, const struct picture *expected) {
    const size_t width = expected->image.width, pixels = width * expected->image.height;
    size_t different = 0, at = 0;
    int most = 0;
    for (size_t i = 0; i < pixels; i++) {
        const int d = difference(found->rgb + 3 * i, expected->rgb + 3 * i);
        different += d > SLIGHT;
        at = d > most ? i : at;
        most = d > most ? d : most;
    }
    printf("%zu of %zu pixels differ by more than %d of 255, by %d at most, at (%zu, %zu)\n", different, pixels, SLIGHT,
           most, at % width, at / width);
    return different <= pixels / ONE_IN && most <= GROSS;
}

int main(int argc, char **argv) {
    struct picture p[2];
    int same = argc == 3;
    for (int i = 0; i < 2 && same; i++) {
        if (read_picture(argv[i + 1], &p[i])) continue;
        fprintf(stderr, "compare_png: %s: %s\n", argv[i + 1], p[i].rgb ? p[i].image.message : "no picture");
        return 2;
    }
    if (!same) return fputs("usage: compare_png FOUND EXPECTED\n", stderr), 2;
    same = p[0].image.width == p[1].image.width && p[0].image.height == p[1].image.height;
    if (same)
        same = compare(&p[0], &p[1]);
    else
        printf("%u x %u pixels, expected %u x %u\n", p[0].image.width, p[0].image.height, p[1].image.width,
               p[1].image.height);
    for (int i = 0; i < 2; i++) free(p[i].rgb);
    return !same;
}
