/* Numbers as experiment files write them, whatever the locale. Internal. */
#ifndef RG_NUMBER_H
#define RG_NUMBER_H

#include <rotgrad/status.h>

/* `1e-8`, `-0.5`, `pi`, `-pi`, `2pi`, `2*pi/3`, `pi/2`. Returns 1 and the value, or 0 for anything else: NaN, infinity,
 * overflow, hexadecimal, spaces, trailing characters. */
int rg_number_parse(const char *text, double *value) RG_MUST_CHECK;

/* Ten digits, for messages: "0.08". */
enum { RG_NUMBER_SIZE = 32 };
typedef struct rg_number_text {
    char text[RG_NUMBER_SIZE];
} rg_number_text;
rg_number_text rg_number_show(double value);

#endif
