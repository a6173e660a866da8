/* Pango set up so that a text takes the same room everywhere: no hinting, no rounding to pixels, sizes in points, one
 * font, one language, whatever the locale and the desktop's settings are. */
#include "figure/text.h"
#include "base/base.h"
#include "figure/style.h"

#include <pango/pangocairo.h>

#define PI 3.14159265358979323846

enum { FONTS = 4 };

static const struct {
    double size;
    PangoWeight weight;
} face[FONTS] = {
    [RG_FONT_TICK] = {7, PANGO_WEIGHT_NORMAL},
    [RG_FONT_LABEL] = {8, PANGO_WEIGHT_NORMAL},
    [RG_FONT_TITLE] = {8.5, PANGO_WEIGHT_NORMAL},
    [RG_FONT_PAGE] = {9, PANGO_WEIGHT_BOLD},
};
static const double digit_middle = 0.3645; /* half the height of a digit in DejaVu, relative to the size */

struct rg_text {
    PangoContext *context;
    PangoLayout *layout;
    PangoFontDescription *font[FONTS];
};

static PangoContext *context_create(void) {
    PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
    if (!context) return NULL;
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, pango_language_from_string("en"));
    pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
    return context;
}

static PangoFontDescription *font_create(int i) {
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, RG_FONT_FAMILY);
    pango_font_description_set_absolute_size(font, face[i].size * PANGO_SCALE);
    pango_font_description_set_weight(font, face[i].weight);
    return font;
}

rg_text *rg_text_create(void) {
    rg_text *text = rg_alloc(1, sizeof *text);
    if (!text) return NULL;
    text->context = context_create();
    if (!text->context) {
        rg_text_destroy(text);
        return NULL;
    }
    text->layout = pango_layout_new(text->context);
    for (int i = 0; i < FONTS; i++) text->font[i] = font_create(i);
    return text;
}

void rg_text_destroy(rg_text *text) {
    if (!text) return;
    for (int i = 0; i < FONTS; i++) pango_font_description_free(text->font[i]);
    if (text->layout) g_object_unref(text->layout);
    if (text->context) g_object_unref(text->context);
    rg_free(text);
}

rg_status rg_text_check(const char *markup, const char *what, rg_diagnostic *diagnostic) {
    if (!markup) return RG_OK;
    if (!g_utf8_validate(markup, -1, NULL)) return rg_fail(diagnostic, RG_EINVAL, "%s: not valid UTF-8", what);
    GError *error = NULL;
    if (pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, &error)) return RG_OK;
    const rg_status status = rg_fail(diagnostic, RG_EINVAL, "%s: not Pango markup (write &lt; for <, &amp; for &): %s",
                                     what, error->message);
    g_error_free(error);
    return status;
}

static int filled(const char *text) {
    return text && *text;
}

static int lay_out(rg_text *text, const rg_caption *caption) {
    if (!filled(caption->markup) && !filled(caption->suffix)) return 0;
    const int both = filled(caption->markup) && filled(caption->suffix);
    char *markup = both ? g_strconcat(caption->markup, " (", caption->suffix, ")", NULL)
                        : g_strdup(filled(caption->markup) ? caption->markup : caption->suffix);
    pango_layout_set_font_description(text->layout, text->font[caption->font]);
    pango_layout_set_wrap(text->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_width(text->layout, caption->wrap > 0 ? (int)(caption->wrap * PANGO_SCALE) : -1);
    pango_layout_set_alignment(text->layout, caption->wrap > 0 ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    pango_layout_set_markup(text->layout, markup, -1);
    g_free(markup);
    return 1;
}

rg_text_box rg_text_measure(rg_text *text, const rg_caption *caption) {
    if (!lay_out(text, caption)) return (rg_text_box){0, 0, 0};
    PangoRectangle logical;
    pango_layout_get_extents(text->layout, NULL, &logical);
    const int baseline = pango_layout_get_baseline(text->layout);
    return (rg_text_box){(double)logical.width / PANGO_SCALE, (double)(baseline - logical.y) / PANGO_SCALE,
                         (double)(logical.y + logical.height - baseline) / PANGO_SCALE};
}

double rg_text_height(rg_text *text, const rg_caption *caption) {
    const rg_text_box box = rg_text_measure(text, caption);
    return box.above + box.below;
}

int rg_text_breaks(rg_text *text, const rg_caption *caption, int room, int *line_start) {
    int count = 0;
    if (!lay_out(text, caption)) return 0;
    const char *plain = pango_layout_get_text(text->layout);
    for (int i = 1; i < pango_layout_get_line_count(text->layout) && count < room; i++) {
        const int start = pango_layout_get_line_readonly(text->layout, i)->start_index;
        if (plain[start - 1] != '\n') line_start[count++] = start;
    }
    return count;
}

double rg_text_size(rg_font font) {
    return face[font].size;
}

double rg_text_middle(rg_font font) {
    return digit_middle * face[font].size;
}

/* The layout is not told the scale of `cr` (pango_cairo_update_layout): Pango 1.50 would scale sub- and superscripts
 * twice, and nothing needs it without hinting. */
static int place(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y, double align) {
    if (!lay_out(text, caption)) return 0;
    PangoRectangle logical;
    pango_layout_get_extents(text->layout, NULL, &logical);
    const double baseline = (double)pango_layout_get_baseline(text->layout) / PANGO_SCALE;
    const double start = (logical.x + align * logical.width) / PANGO_SCALE;
    cairo_move_to(cr, x - start, y - baseline);
    return 1;
}

void rg_text_draw(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y, double align) {
    if (!place(text, cr, caption, x, y, align)) return;
    cairo_set_source_rgb(cr, RG_INK, RG_INK, RG_INK);
    pango_cairo_show_layout(cr, text->layout);
}

void rg_text_outline(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y, double align) {
    if (place(text, cr, caption, x, y, align)) pango_cairo_layout_path(cr, text->layout);
}

void rg_text_draw_upwards(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y) {
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, -PI / 2);
    rg_text_draw(text, cr, caption, 0, 0, 0.5);
    cairo_restore(cr);
}
