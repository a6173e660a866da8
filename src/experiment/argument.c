/* Arguments as people type them. */
#include <rotgrad/argument.h>

#include "base/base.h"
#include "experiment/number.h"
#include "experiment/schema.h"

#include <math.h>
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

/* In the order of rg_feature_kind. */
static const char *const feature_names[] = {"fourier", "rff", "polynomial", "nystrom"};
enum { FEATURE_KINDS = sizeof feature_names / sizeof *feature_names };

static rg_status unknown_features(const char *name, rg_diagnostic *diagnostic) {
    const char *nearest = rg_argument_nearest(name, feature_names, FEATURE_KINDS);
    return rg_fail(diagnostic, RG_EINVAL,
                   "expected fourier:M, rff:N, polynomial:1, polynomial:2 or nystrom:N, got \"%s\"%s%s%s", name,
                   nearest ? ", did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

rg_status rg_argument_features(const char *text, rg_feature_kind *kind, size_t *size, rg_diagnostic *diagnostic) {
    if (!text || !kind || !size) return rg_fail(diagnostic, RG_EINVAL, "expected a class of features");
    char name[PAIR_SIZE];
    const size_t letters = strcspn(text, ":");
    if (letters >= sizeof name) return unknown_features("...", diagnostic);
    memcpy(name, text, letters);
    name[letters] = '\0';
    int which = 0;
    while (which < FEATURE_KINDS && strcmp(name, feature_names[which]) != 0) which++;
    if (which == FEATURE_KINDS) return unknown_features(name, diagnostic);
    double number;
    if (!text[letters] || !rg_number_parse(text + letters + 1, &number) || !(number >= 1) || number > 1e9 ||
        number != floor(number))
        return rg_fail(diagnostic, RG_EINVAL, "expected %s:N with a whole number N >= 1, got \"%.60s\"", name, text);
    *kind = (rg_feature_kind)(which + RG_FEATURES_FOURIER);
    *size = (size_t)number;
    return RG_OK;
}

const char *rg_argument_nearest(const char *word, const char *const *candidates, size_t count) {
    if (!word || !candidates) return NULL;
    rg_nearest nearest = rg_nearest_to(word);
    for (size_t i = 0; i < count; i++) rg_nearest_offer(&nearest, candidates[i]);
    return nearest.best;
}
