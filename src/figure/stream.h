/* A figure as bytes on their way to somewhere else than a file of its own. Internal. */
#ifndef RG_FIGURE_STREAM_H
#define RG_FIGURE_STREAM_H

#include "figure/canvas.h"

#include <rotgrad/figure.h>

/* As rg_figure_write, but a PNG has at most 256 colours (rg_png_write_indexed). That all bytes arrived is for the owner of the stream to check. */
rg_status rg_figure_stream(const rg_figure *figure, rg_canvas_format format, FILE *file,
                           rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
