/* Arguments as people type them. */
#include <rotgrad/argument.h>

#include "base/base.h"
#include "experiment/number.h"
#include "experiment/schema.h"

#include <string.h>

enum { PAIR_SIZE = 64 };

int rg_argument_number(const char *text, double *value) {
    return text && value && rg_number_parse(text, value);
}

/* "lower:length" of `size` characters. */
static int parse_pair(const char *pair, size_t size, double *lower, double *length) {
    char text[PAIR_SIZE];
    if (size >= sizeof text) return 0;
    memcpy(text, pair, size);
    text[size] = '\0';
    char *colon = strchr(text, ':');
    if (!colon) return 0;
    *colon = '\0';
    return rg_number_parse(text, lower) && rg_number_parse(colon + 1, length) && *length > 0;
}

rg_status rg_argument_box(const char *text, int *axes, double *lower, double *length, rg_diagnostic *diagnostic) {
    if (!text || !axes || !lower || !length) return rg_fail(diagnostic, RG_EINVAL, "expected a box");
    double found_lower[RG_MAX_DIM], found_length[RG_MAX_DIM];
    int count = 0;
    for (const char *pair = text; pair; count++) {
        const size_t size = strcspn(pair, ",");
        if (count == RG_MAX_DIM) return rg_fail(diagnostic, RG_EINVAL, "expected at most %d axes", RG_MAX_DIM);
        if (!parse_pair(pair, size, &found_lower[count], &found_length[count]))
            return rg_fail(diagnostic, RG_EINVAL,
                           "expected lower:length with a length above 0 on axis %d, such as -pi:2pi, got \"%.*s\"",
                           count, (int)(size < PAIR_SIZE ? size : PAIR_SIZE), pair);
        pair = pair[size] ? pair + size + 1 : NULL;
    }
    memcpy(lower, found_lower, sizeof *lower * (size_t)count);
    memcpy(length, found_length, sizeof *length * (size_t)count);
    *axes = count;
    return RG_OK;
}

const char *rg_argument_nearest(const char *word, const char *const *candidates, size_t count) {
    if (!word || !candidates) return NULL;
    rg_nearest nearest = rg_nearest_to(word);
    for (size_t i = 0; i < count; i++) rg_nearest_offer(&nearest, candidates[i]);
    return nearest.best;
}
