/* Pango markup put into other words. Internal. */
#ifndef RG_FIGURE_MARKUP_H
#define RG_FIGURE_MARKUP_H

#include <stddef.h>

/* Plain text: "E<sub>p</sub>|e|<sup>2</sup>" becomes "E_p|e|^2", longer scripts "x_{max}". `markup` has passed
 * rg_text_check; NULL is "". Freed by g_free. */
char *rg_markup_plain(const char *markup);

/* The same as a string of gnuplot with its quotes, in enhanced text, which cannot run commands or refer to variables.
 * Lines end at the given byte offsets of the text without its tags, in ascending order. */
char *rg_markup_gnuplot(const char *markup, size_t breaks, const int *line_end);

#endif
