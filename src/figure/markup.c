/* Of Pango's tags the scripts, bold and italic are kept; others change nothing that these dialects could say.
 *
 * gnuplot's enhanced text stands in double quotes here, so a character passes two readers. The inner one takes \c for
 * any special character c; the outer one takes \\ for \, \" for " and octal numbers. A backquote would run a command
 * before either of them looks: it is written as an octal number.
 * Source: gnuplot 5.4 manual, "Syntax: quote marks" and "Enhanced text mode". */
#include "figure/markup.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

struct tag {
    const char *opening; /* what stands for it; "" for nothing */
    size_t start;        /* of its contents */
};

struct writer {
    GString *text;
    int gnuplot;
    GArray *open;        /* struct tag, from the outermost */
    size_t seen, breaks; /* bytes of plain text so far; line ends still to come */
    const int *line_end;
};

static const struct {
    const char *tag, *plain, *gnuplot;
} known[] = {
    {"sub", "_{", "_{"},
    {"sup", "^{", "^{"},
    {"b", "", "{/:Bold "},
    {"i", "", "{/:Italic "},
};
enum { KNOWN = sizeof known / sizeof *known };

static void start_tag(GMarkupParseContext *context, const char *tag, const char **names, const char **values,
                      gpointer data, GError **error) {
    (void)context, (void)names, (void)values, (void)error;
    struct writer *w = data;
    size_t i = 0;
    while (i < KNOWN && strcmp(known[i].tag, tag) != 0) i++;
    const char *opening = i == KNOWN ? "" : w->gnuplot ? known[i].gnuplot : known[i].plain;
    g_string_append(w->text, opening);
    const struct tag opened = {opening, w->text->len};
    g_array_append_val(w->open, opened);
}

static void end_tag(GMarkupParseContext *context, const char *tag, gpointer data, GError **error) {
    (void)context, (void)tag, (void)error;
    struct writer *w = data;
    const struct tag closed = g_array_index(w->open, struct tag, w->open->len - 1);
    g_array_set_size(w->open, w->open->len - 1);
    if (!*closed.opening) return;
    if (w->gnuplot || g_utf8_strlen(w->text->str + closed.start, -1) != 1)
        g_string_append_c(w->text, '}');
    else
        g_string_erase(w->text, (gssize)closed.start - 1, 1); /* "_{p" to "_p" */
}

/* gnuplot's braces end with the line. */
static void append_newline(struct writer *w) {
    for (guint i = 0; i < w->open->len; i++)
        if (*g_array_index(w->open, struct tag, i).opening) g_string_append_c(w->text, '}');
    g_string_append(w->text, "\\n");
    for (guint i = 0; i < w->open->len; i++) g_string_append(w->text, g_array_index(w->open, struct tag, i).opening);
}

static void append_gnuplot(GString *text, char c) {
    if (g_ascii_iscntrl(c))
        g_string_append_c(text, ' ');
    else if (c == '`')
        g_string_append(text, "\\140");
    else if (c == '"')
        g_string_append(text, "\\\"");
    else if (c == '\\')
        g_string_append(text, "\\\\\\\\");
    else if (strchr("_^{}@&~", c))
        g_string_append_printf(text, "\\\\%c", c);
    else
        g_string_append_c(text, c);
}

/* A line that Pango wraps ends with the space at which it does. */
static void append_text(GMarkupParseContext *context, const char *bytes, gsize count, gpointer data, GError **error) {
    (void)context, (void)error;
    struct writer *w = data;
    for (gsize i = 0; i < count; i++, w->seen++) {
        if (w->breaks > 0 && w->seen == (size_t)*w->line_end) {
            append_newline(w);
            w->line_end++;
            w->breaks--;
        }
        if (w->gnuplot && bytes[i] == '\n')
            append_newline(w);
        else if (w->gnuplot)
            append_gnuplot(w->text, bytes[i]);
        else
            g_string_append_c(w->text, bytes[i]);
    }
}

static void convert(struct writer *w, const char *markup) {
    static const GMarkupParser parser = {start_tag, end_tag, append_text, NULL, NULL};
    GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, w, NULL);
    w->open = g_array_new(FALSE, FALSE, sizeof(struct tag));
    int good = g_markup_parse_context_parse(context, "<markup>", -1, NULL);
    good = good && g_markup_parse_context_parse(context, markup ? markup : "", -1, NULL);
    good = good && g_markup_parse_context_parse(context, "</markup>", -1, NULL);
    g_array_free(w->open, TRUE);
    g_markup_parse_context_free(context);
    assert(good); /* rg_text_check has let it pass */
    (void)good;
}

char *rg_markup_plain(const char *markup) {
    struct writer w = {.text = g_string_new(NULL)};
    convert(&w, markup);
    return g_string_free(w.text, FALSE);
}

char *rg_markup_gnuplot(const char *markup, size_t breaks, const int *line_end) {
    struct writer w = {.text = g_string_new("\""), .gnuplot = 1, .breaks = breaks, .line_end = line_end};
    convert(&w, markup);
    g_string_append_c(w.text, '"');
    return g_string_free(w.text, FALSE);
}
