/* Edit distance for "did you mean". */
#include "experiment/schema.h"

#include <string.h>

enum { MAX_LENGTH = 32 };

static size_t least(size_t a, size_t b, size_t c) {
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Optimal string alignment: table[i][j] is the distance of the first i letters of a from the first j of b. */
static size_t distance(const char *a, const char *b) {
    size_t table[MAX_LENGTH + 1][MAX_LENGTH + 1];
    const size_t m = strlen(a), n = strlen(b);
    for (size_t i = 0; i <= m; i++) table[i][0] = i;
    for (size_t j = 0; j <= n; j++) table[0][j] = j;
    for (size_t i = 1; i <= m; i++)
        for (size_t j = 1; j <= n; j++) {
            const size_t replaced = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            table[i][j] = least(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced);
            const int swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && table[i - 2][j - 2] + 1 < table[i][j]) table[i][j] = table[i - 2][j - 2] + 1;
        }
    return table[m][n];
}

/* A third of the letters may be wrong; one always may. */
rg_nearest rg_nearest_to(const char *word) {
    const size_t third = strlen(word) / 3;
    return (rg_nearest){.word = word, .distance = third > 1 ? third + 1 : 2};
}

void rg_nearest_offer(rg_nearest *nearest, const char *candidate) {
    if (strlen(nearest->word) > MAX_LENGTH || strlen(candidate) > MAX_LENGTH) return;
    const size_t d = distance(nearest->word, candidate);
    if (d >= nearest->distance) return;
    nearest->distance = d;
    nearest->best = candidate;
}
