/* Cairo's SVG made the same from run to run. Internal. */
#ifndef RG_FIGURE_SVG_H
#define RG_FIGURE_SVG_H

#include <rotgrad/status.h>
#include <stdio.h>

/* Copies the document `svg` to the file. RG_ENOMEM; whether the file took it is for its owner to ask. */
rg_status rg_svg_write(const char *svg, const char *const *metadata, FILE *file,
                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
