/* The pictures in the folder "figures", taken into the page. */
#include "experiment/report_html.h"

#include "base/base.h"
#include "io/file.h"

#include <glib.h>
#include <stdio.h>

static const struct {
    const char *name, *alt, *caption;
} picture[] = {
    {"figures/marginals.png",
     "Heat maps of the density p and of the samplers' densities q, and of log(q/p) of each sampler.",
     "The density p, where the four samplers end, and log(q/p): blue where a sampler puts too little, red where it "
     "puts "
     "too much."},
    {"figures/errors.png",
     "Heat maps of the size of the score error e, of its gradient part and of its solenoidal part.",
     "The score error, the part of it that the sampler sees, \xe2\x88\x87\xcf\x86, and the part that it does not see, "
     "r."},
};

static rg_status read_file(const char *path, char **bytes, size_t *size, rg_diagnostic *diagnostic) {
    FILE *file = NULL;
    uint64_t length = 0;
    rg_status status = rg_file_open(path, &file, &length, diagnostic);
    if (status) return status;
    *size = (size_t)length;
    *bytes = rg_alloc(*size, 1);
    if (!*bytes)
        status = rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    else if (fread(*bytes, 1, *size, file) != *size)
        status = rg_fail(diagnostic, RG_EIO, "%s: cannot read", path);
    fclose(file);
    return status;
}

static rg_status write_picture(const rg_html *page, size_t i) {
    char *folder = g_path_get_dirname(page->path), *path = g_build_filename(folder, picture[i].name, NULL),
         *bytes = NULL;
    size_t size = 0;
    const rg_status status = read_file(path, &bytes, &size, page->diagnostic);
    if (!status) {
        fputs("<figure>\n<div class=\"paper\">", page->out);
        rg_html_image(page->out, RG_CANVAS_PNG, bytes, size, picture[i].alt);
        fprintf(page->out, "</div>\n<figcaption>%s</figcaption></figure>\n", picture[i].caption);
    }
    rg_free(bytes);
    g_free(path);
    g_free(folder);
    return status;
}

rg_status rg_html_figures(const rg_html *page) {
    rg_status status = RG_OK;
    if (page->report->outcome->grid.dim == 1) {
        fputs("<p>None: heat maps need two or three axes.</p>\n", page->out);
        return RG_OK;
    }
    for (size_t i = 0; !status && i < sizeof picture / sizeof *picture; i++) status = write_picture(page, i);
    return status;
}
