/* At most 256 colours for an image that has more. Internal. */
#ifndef RG_FIGURE_PALETTE_H
#define RG_FIGURE_PALETTE_H

#include <rotgrad/status.h>
#include <stdint.h>

enum { RG_PALETTE_COLOURS = 256 };

typedef struct rg_palette {
    int count;
    uint32_t colour[RG_PALETTE_COLOURS]; /* 0xRRGGBB */
    struct rg_palette_slot *slot;        /* colours of the image, by their hash */
    int seen;
} rg_palette;

/* Counts `count` more pixels (0xRRGGBB, the high byte is ignored) of the image. A zeroed palette has seen none.
 * RG_ENOMEM. */
rg_status rg_palette_look(rg_palette *palette, const uint32_t *pixel, int count) RG_MUST_CHECK;
/* Settles the colours. RG_ENOMEM. */
rg_status rg_palette_choose(rg_palette *palette) RG_MUST_CHECK;
/* The colour, or the one nearest to it. */
uint8_t rg_palette_entry(const rg_palette *palette, uint32_t pixel);
void rg_palette_free(rg_palette *palette);

#endif
