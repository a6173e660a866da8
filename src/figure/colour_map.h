/* Colour maps as tables of 256 sRGB colours. Internal. */
#ifndef RG_COLOUR_MAP_H
#define RG_COLOUR_MAP_H

#include <rotgrad/figure.h>
#include <stdint.h>

enum { RG_COLOURS = 256, RG_COLOUR_MISSING = 0x9c9c9c /* no map comes near this grey */ };

/* Colours as 0xRRGGBB, from the lowest value to the highest. */
void rg_colour_map_table(rg_colour_map map, uint32_t table[RG_COLOURS]);

#endif
