/* Text laid out by Pango: measured first, drawn later, the same on every surface. Internal. */
#ifndef RG_FIGURE_TEXT_H
#define RG_FIGURE_TEXT_H

#include <cairo.h>
#include <rotgrad/status.h>

typedef struct rg_text rg_text;

typedef enum rg_font { RG_FONT_TICK, RG_FONT_LABEL, RG_FONT_TITLE, RG_FONT_PAGE } rg_font;

/* One piece of text in Pango markup. NULL or "" is an empty one, which takes no room. */
typedef struct rg_caption {
    rg_font font;
    const char *markup;
    const char *suffix; /* appended in parentheses; NULL or "" for none */
    double wrap;        /* lines break at this width in points; 0: never */
} rg_caption;

/* Room around the baseline of the first line, in points. */
typedef struct rg_text_box {
    double width, above, below;
} rg_text_box;

/* NULL when out of memory. Accepts NULL in destroy. Not shared between threads. */
rg_text *rg_text_create(void) RG_MUST_CHECK;
void rg_text_destroy(rg_text *text);

/* RG_EINVAL when `markup` (may be NULL) is not UTF-8 or not Pango markup; `what` names it in the diagnostic. */
rg_status rg_text_check(const char *markup, const char *what, rg_diagnostic *diagnostic) RG_MUST_CHECK;

rg_text_box rg_text_measure(rg_text *text, const rg_caption *caption);
double rg_text_height(rg_text *text, const rg_caption *caption);

/* Where the caption is wrapped: byte offsets of its text without tags, at most `room` of them. Returns how many. */
int rg_text_breaks(rg_text *text, const rg_caption *caption, int room, int *line_start);

/* In points. */
double rg_text_size(rg_font font);

/* From the baseline to the middle of the digits, in points: what centres a number on a tick. */
double rg_text_middle(rg_font font);

/* Draws with the baseline of the first line at y; align 0 starts at x, 0.5 centres on it, 1 ends there. */
void rg_text_draw(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y, double align);

/* Appends the outlines of its letters to the current path. */
void rg_text_outline(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y, double align);

/* As rg_text_draw, turned to read upwards: x is the baseline, the text is centred on y. */
void rg_text_draw_upwards(rg_text *text, cairo_t *cr, const rg_caption *caption, double x, double y);

#endif
