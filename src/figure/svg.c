/* Cairo numbers images and surfaces (id="image57") through the whole process, so the same figure drawn twice has other
 * numbers. Here they are given anew in the order in which they appear. On the way images learn that their cells are to
 * stay sharp, which Cairo 1.16 does not write, and the document gets its metadata.
 */
#include "figure/svg.h"
#include "base/base.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

struct numbers {
    size_t count;
    unsigned long *seen; /* Cairo's, in order of appearance */
};

static size_t occurrences(const char *text, const char *word) {
    size_t count = 0;
    while ((text = strstr(text, word))) {
        text += strlen(word);
        count++;
    }
    return count;
}

static size_t renumber(struct numbers *numbers, unsigned long number) {
    size_t i = 0;
    while (i < numbers->count && numbers->seen[i] != number) i++;
    if (i == numbers->count) numbers->seen[numbers->count++] = number;
    return i + 1;
}

/* The word of "image57", #image57, "surface3" that ends at a number; NULL for any other text. */
static const char *numbered_word(const char *text) {
    static const char *const word[] = {"image", "surface"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (strncmp(text, word[i], strlen(word[i])) == 0 && g_ascii_isdigit(text[strlen(word[i])])) return word[i];
    return NULL;
}

static void write_metadata(const char *const *metadata, FILE *file) {
    if (!metadata || !metadata[0]) return;
    fputs("\n<metadata>", file);
    for (; metadata[0]; metadata += 2) {
        char *line = g_markup_printf_escaped("%s: %s\n", metadata[0], metadata[1]);
        fputs(line, file);
        g_free(line);
    }
    fputs("</metadata>", file);
}

/* `text` stands behind a quotation mark; returns where copying goes on. */
static const char *copy_reference(const char *text, struct numbers *numbers, FILE *file) {
    if (*text == '#') putc(*text++, file);
    const char *word = numbered_word(text);
    if (!word) return text;
    char *end;
    const unsigned long number = strtoul(text + strlen(word), &end, 10);
    fprintf(file, "%s%zu", word, renumber(numbers, number));
    return end;
}

static void copy_document(const char *svg, struct numbers *numbers, FILE *file) {
    static const char image[] = "<image ";
    const char *mark;
    for (const char *rest = svg; *rest; rest = mark) {
        mark = strpbrk(rest, "\"<");
        if (!mark) mark = rest + strlen(rest);
        fwrite(rest, 1, (size_t)(mark - rest), file);
        if (strncmp(mark, image, strlen(image)) == 0) {
            fputs("<image image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\" ", file);
            mark += strlen(image);
        } else if (*mark) {
            const int quote = *mark == '"';
            putc(*mark++, file);
            if (quote) mark = copy_reference(mark, numbers, file);
        }
    }
}

rg_status rg_svg_write(const char *svg, const char *const *metadata, FILE *file, rg_diagnostic *diagnostic) {
    struct numbers numbers = {0,
                              rg_alloc(occurrences(svg, "id=\"") + occurrences(svg, "href=\""), sizeof *numbers.seen)};
    if (!numbers.seen) return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the SVG");
    const char *head = strstr(svg, "<svg "), *body = head ? strchr(head, '>') : NULL;
    if (body) {
        fwrite(svg, 1, (size_t)(body + 1 - svg), file);
        write_metadata(metadata, file);
    }
    copy_document(body ? body + 1 : svg, &numbers, file);
    rg_free(numbers.seen);
    return RG_OK;
}
