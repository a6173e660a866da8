/* Colours are counted in a hash table, then taken in the order of their frequency, each unless one so near to it is there
 * already that it can stand in for it. How near that is grows until the palette is large enough: no colour moves by
 * more. A table that is full ignores further colours, which take their nearest neighbour as well. */
#include "figure/palette.h"

#include "base/base.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 14, MOST_SEEN = SLOTS / 2 };

struct rg_palette_slot {
    uint32_t colour;
    uint32_t count; /* 0: empty */
    uint8_t entry;
};

static struct rg_palette_slot *slot_of(const rg_palette *p, uint32_t colour) {
    uint32_t i = colour * 2654435761u >> 18; /* Knuth's multiplicative hash, 14 bits of it */
    while (p->slot[i].count && p->slot[i].colour != colour) i = (i + 1) % SLOTS;
    return &p->slot[i];
}

static void add(rg_palette *p, uint32_t colour, uint32_t count) {
    struct rg_palette_slot *slot = slot_of(p, colour);
    if (!slot->count && p->seen == MOST_SEEN) return;
    p->seen += !slot->count;
    slot->colour = colour;
    slot->count += count;
}

rg_status rg_palette_look(rg_palette *p, const uint32_t *pixel, int count) {
    if (!p->slot) p->slot = rg_alloc(SLOTS, sizeof *p->slot);
    if (!p->slot) return RG_ENOMEM;
    for (int i = 0; i < count;) {
        const uint32_t colour = pixel[i] & 0xffffff;
        int run = 1;
        while (i + run < count && (pixel[i + run] & 0xffffff) == colour) run++;
        add(p, colour, (uint32_t)run);
        i += run;
    }
    return RG_OK;
}

/* The frequent ones first; equally frequent ones in a fixed order. */
static int by_count(const void *a, const void *b) {
    const struct rg_palette_slot *x = *(const struct rg_palette_slot *const *)a,
                                 *y = *(const struct rg_palette_slot *const *)b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return x->colour < y->colour ? -1 : 1;
}

static int square_of_difference(uint32_t a, uint32_t b) {
    int sum = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const int difference = (int)(a >> shift & 0xff) - (int)(b >> shift & 0xff);
        sum += difference * difference;
    }
    return sum;
}

static uint8_t nearest(const rg_palette *p, uint32_t colour) {
    int best = 0;
    for (int i = 1; i < p->count; i++)
        if (square_of_difference(p->colour[i], colour) < square_of_difference(p->colour[best], colour)) best = i;
    return (uint8_t)best;
}

/* Every colour of the image that is farther than this from those chosen before it; how many that are, which may be one
 * more than there is room for. */
static int choose_apart(rg_palette *p, struct rg_palette_slot *const *used, size_t count, int square) {
    p->count = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t colour = used[i]->colour;
        if (p->count > 0 && square_of_difference(p->colour[nearest(p, colour)], colour) <= square) continue;
        if (p->count == RG_PALETTE_COLOURS) return RG_PALETTE_COLOURS + 1;
        p->colour[p->count++] = colour;
    }
    return p->count;
}

rg_status rg_palette_choose(rg_palette *p) {
    struct rg_palette_slot **used = rg_alloc(MOST_SEEN, sizeof(struct rg_palette_slot *));
    if (!used) return RG_ENOMEM;
    size_t count = 0;
    for (int i = 0; p->slot && i < SLOTS; i++)
        if (p->slot[i].count) used[count++] = &p->slot[i];
    qsort(used, count, sizeof(struct rg_palette_slot *), by_count);
    for (int distance = 0; choose_apart(p, used, count, distance * distance) > RG_PALETTE_COLOURS;) distance++;
    for (size_t i = 0; i < count; i++) used[i]->entry = nearest(p, used[i]->colour);
    rg_free(used);
    return RG_OK;
}

uint8_t rg_palette_entry(const rg_palette *p, uint32_t pixel) {
    const uint32_t colour = pixel & 0xffffff;
    const struct rg_palette_slot *slot = slot_of(p, colour);
    return slot->count ? slot->entry : nearest(p, colour);
}

void rg_palette_free(rg_palette *p) {
    rg_free(p->slot);
    *p = (rg_palette){0};
}
