/* What a picture of an array costs at least: read, coloured by a table, written by libpng; no axes, no texts.
 * bare_png ARRAY.npy PICTURE.png, a square of doubles as the benchmark writes it. */
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER = 128, COLOURS = 256 };

static int read_square(const char *path, size_t *n, double **values) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) return 0;
    *n = (size_t)lround(sqrt((double)(ftell(file) - HEADER) / sizeof **values));
    *values = malloc(*n * *n * sizeof **values);
    fseek(file, HEADER, SEEK_SET);
    const int good = *values && fread(*values, sizeof **values, *n * *n, file) == *n * *n;
    return fclose(file) == 0 && good;
}

int main(int count, char **words) {
    size_t n;
    double *values, least = HUGE_VAL, most = -HUGE_VAL;
    if (count != 3 || !read_square(words[1], &n, &values)) return 1;
    png_bytep rgb = malloc(3 * n * n);
    if (!rgb) return 1;
    for (size_t k = 0; k < n * n; k++) {
        least = values[k] < least ? values[k] : least;
        most = values[k] > most ? values[k] : most;
    }
    for (size_t k = 0; k < n * n; k++) {
        const int entry = (int)((values[k] - least) / (most - least) * (COLOURS - 1));
        rgb[3 * k] = (png_byte)entry;
        rgb[3 * k + 1] = (png_byte)(COLOURS - 1 - entry);
        rgb[3 * k + 2] = (png_byte)(entry / 2);
    }
    png_image image = {.version = PNG_IMAGE_VERSION, .width = (png_uint_32)n, .height = (png_uint_32)n};
    image.format = PNG_FORMAT_RGB;
    image.flags = PNG_IMAGE_FLAG_FAST;
    const int written = png_image_write_to_file(&image, words[2], 0, rgb, 0, NULL);
    free(rgb);
    free(values);
    return !written;
}
