/* What a key takes, in words: for messages and for the references in docs/. */
#include "experiment/number.h"
#include "experiment/schema.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static void add(char *text, size_t size, const char *format, ...) RG_PRINTF(3, 4);

static void add(char *text, size_t size, const char *format, ...) {
    const size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, size - used, format, arguments);
    va_end(arguments);
}

/* The leaves that may stand in lists. */
static const struct {
    unsigned leaf;
    const char *one, *many;
} leaf_words[] = {
    {RG_LEAF_TEXT, "a text", "texts"},
    {RG_LEAF_NUMBER, "a number", "numbers"},
    {RG_LEAF_WHOLE, "a whole number", "whole numbers"},
    {RG_LEAF_FILE, "a file name", "file names"},
    {RG_LEAF_FLAG, "true or false", "flags"},
    {RG_LEAF_MARKUP, "a text in Pango markup", "texts in Pango markup"},
    {RG_LEAF_MAP, "a map", "maps"},
};

static void add_range(const rg_range *range, char text[RG_EXPECTED_SIZE]) {
    const int low = isfinite(range->low), high = isfinite(range->high);
    if (low) add(text, RG_EXPECTED_SIZE, " %s %s", range->low_open ? ">" : ">=", rg_number_show(range->low).text);
    if (low && high) add(text, RG_EXPECTED_SIZE, " and");
    if (high) add(text, RG_EXPECTED_SIZE, " %s %s", range->high_open ? "<" : "<=", rg_number_show(range->high).text);
}

static void add_leaf(const rg_key *key, int lists, char text[RG_EXPECTED_SIZE]) {
    for (size_t i = 0; i < sizeof leaf_words / sizeof *leaf_words; i++) {
        if (!(key->leaf & leaf_words[i].leaf)) continue;
        if (*text) add(text, RG_EXPECTED_SIZE, " or ");
        if (lists) add(text, RG_EXPECTED_SIZE, "a list of ");
        for (int level = 1; level < lists; level++) add(text, RG_EXPECTED_SIZE, "lists of ");
        add(text, RG_EXPECTED_SIZE, "%s", lists ? leaf_words[i].many : leaf_words[i].one);
        const int only_this = leaf_words[i].leaf == RG_LEAF_WHOLE && (key->leaf & RG_LEAF_FILE);
        if (key->range && only_this) add_range(key->range, text); /* a file has no size */
    }
}

void rg_schema_expected(const rg_key *key, int depth, char text[RG_EXPECTED_SIZE]) {
    text[0] = 0;
    if ((key->leaf & RG_LEAF_CHOICE) && depth == 0) add(text, RG_EXPECTED_SIZE, "one of %s", key->choices);
    for (int lists = key->depth_min > depth ? key->depth_min - depth : 0; lists <= key->depth_max - depth; lists++)
        add_leaf(key, lists, text);
    if (key->range && !(key->leaf & RG_LEAF_FILE)) add_range(key->range, text);
}

static void print_default(const rg_key *key, FILE *out) {
    const char *words = key->fallback_doc              ? key->fallback_doc
                        : key->flags & RG_KEY_REQUIRED ? "required"
                        : key->flags & RG_KEY_ONE_OF   ? "one of these"
                                                       : "none";
    if (key->fallback)
        fprintf(out, "`%s`", key->fallback);
    else
        fputs(words, out);
    if (key->beside) fprintf(out, "; only beside `%s`", key->beside);
}

void rg_schema_print(const rg_schema *schema, FILE *out) {
    fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < schema->keys; i++) {
        char expected[RG_EXPECTED_SIZE];
        rg_schema_expected(&schema->key[i], 0, expected);
        fprintf(out, "| `%s` | %s | ", schema->key[i].path, expected);
        print_default(&schema->key[i], out);
        fprintf(out, " | %s |\n", schema->key[i].doc);
    }
}
