/* A palette keeps the colours of an image that has few, and stays near them in one that has many. */
#include "figure/palette.h"

#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MANY = 9000 };

/* The factors are odd, so the colours are different. */
static uint32_t colour_of(uint32_t i) {
    return 5477u * 2999u * (i + 1) & 0xffffff;
}

static int distance_of(uint32_t a, uint32_t b) {
    int most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int d = abs((int)(a >> shift & 0xff) - (int)(b >> shift & 0xff));
        most = d > most ? d : most;
    }
    return most;
}

static rg_palette palette_of(const uint32_t *pixel, int count) {
    rg_palette palette = {0};
    assert_int_equal(rg_palette_look(&palette, pixel, count), RG_OK);
    assert_int_equal(rg_palette_choose(&palette), RG_OK);
    return palette;
}

static int worst_of(const rg_palette *palette, const uint32_t *pixel, int count) {
    int worst = 0;
    for (int i = 0; i < count; i++) {
        const int d = distance_of(palette->colour[rg_palette_entry(palette, pixel[i])], pixel[i]);
        worst = d > worst ? d : worst;
    }
    return worst;
}

static void up_to_256_colours_stay_as_they_are(void **state) {
    (void)state;
    static const int counts[] = {1, 2, 255, 256};
    uint32_t pixel[3 * 256];
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        for (int i = 0; i < 3 * counts[k]; i++) pixel[i] = colour_of((uint32_t)(i % counts[k])) | 0xab000000u;
        rg_palette palette = palette_of(pixel, 3 * counts[k]);
        assert_int_equal(palette.count, counts[k]);
        for (int i = 0; i < 3 * counts[k]; i++)
            assert_int_equal(palette.colour[rg_palette_entry(&palette, pixel[i])], pixel[i] & 0xffffff);
        rg_palette_free(&palette);
    }
}

/* Two ramps of 256 colours, one of them rare: no colour moves by more than a few levels, and a frequent one not at all. */
static void rare_ramps_keep_their_colours(void **state) {
    (void)state;
    uint32_t pixel[256 * 20 + 256];
    int count = 0;
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 0; k < 20; k++) pixel[count++] = i << 16 | (255 - i) << 8 | i / 2;
    for (uint32_t i = 0; i < 256; i++) pixel[count++] = i * 0x010101;
    rg_palette palette = palette_of(pixel, count);
    const int worst = worst_of(&palette, pixel, count);
    assert_true(palette.count > 200 && palette.count <= RG_PALETTE_COLOURS);
    assert_true(worst >= 1 && worst <= 4);
    rg_palette_free(&palette);
}

/* More than the table holds: the rest takes its neighbours, and the same image has the same palette. */
static void very_many_colours_have_neighbours(void **state) {
    (void)state;
    static uint32_t pixel[MANY];
    for (uint32_t i = 0; i < MANY; i++) pixel[i] = colour_of(i);
    rg_palette one = palette_of(pixel, MANY), other = palette_of(pixel, MANY);
    assert_true(one.count > 100);
    assert_memory_equal(one.colour, other.colour, sizeof one.colour);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(rg_palette_entry(&one, pixel[i]), rg_palette_entry(&other, pixel[i]));
    assert_true(worst_of(&one, pixel, MANY) < 64);
    rg_palette_free(&one);
    rg_palette_free(&other);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const uint32_t pixel = 0x123456;
    rg_palette palette = {0};
    rg_alloc_fail_after(0);
    assert_int_equal(rg_palette_look(&palette, &pixel, 1), RG_ENOMEM);
    rg_alloc_fail_after(-1);
    assert_int_equal(rg_palette_look(&palette, &pixel, 1), RG_OK);
    rg_alloc_fail_after(0);
    assert_int_equal(rg_palette_choose(&palette), RG_ENOMEM);
    rg_alloc_fail_after(-1);
    rg_palette_free(&palette);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_256_colours_stay_as_they_are),
        cmocka_unit_test(rare_ramps_keep_their_colours),
        cmocka_unit_test(very_many_colours_have_neighbours),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
