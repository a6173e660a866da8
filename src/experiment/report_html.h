/* report.html, section by section: what the parts of the page share. Internal.
 *
 * The skeleton is report.html.in; a word {{name}} in it stands for a section. Sections write to `out`, whose owner
 * checks once that everything arrived. */
#ifndef RG_REPORT_HTML_H
#define RG_REPORT_HTML_H

#include "experiment/report.h"
#include "figure/canvas.h"

#include <rotgrad/figure.h>

enum { RG_HTML_DPI = 150 /* of PNG images on the page */ };

typedef struct rg_html {
    FILE *out;
    const rg_report *report;
    const char *path; /* of the page, beside which the figures stand */
    rg_diagnostic *diagnostic;
} rg_html;

typedef rg_status rg_html_section(const rg_html *page);
RG_MUST_CHECK rg_html_section rg_html_answer;  /* the sentences, the alarm, the tally of claims */
RG_MUST_CHECK rg_html_section rg_html_claims;  /* one row a claim, violated ones first */
RG_MUST_CHECK rg_html_section rg_html_numbers; /* divergences, bounds, energies */
RG_MUST_CHECK rg_html_section rg_html_charts;
RG_MUST_CHECK rg_html_section rg_html_figures;
RG_MUST_CHECK rg_html_section rg_html_frames;
RG_MUST_CHECK rg_html_section rg_html_levels;
RG_MUST_CHECK rg_html_section rg_html_provenance;

/* Escaped; what is no UTF-8 or a control character becomes U+FFFD. NULL is nothing. */
void rg_html_text(FILE *out, const char *text);
/* The same with the signs of mathematics: "E_p|grad phi|^2" gets its subscript, nabla, phi and square. */
void rg_html_formula(FILE *out, const char *text);
/* A number of report_words.h: "1.5(3)e-09" gets a power of ten, "-" its minus sign. */
void rg_html_number(FILE *out, const char *number);

/* An <img> that holds the bytes of a PNG or SVG file. */
void rg_html_image(FILE *out, rg_canvas_format format, const char *bytes, size_t size, const char *alt);
/* Draws a figure into an <img>. As rg_figure_write. */
rg_status rg_html_draw(const rg_html *page, const rg_figure *figure, rg_canvas_format format,
                       const char *alt) RG_MUST_CHECK;

#endif
