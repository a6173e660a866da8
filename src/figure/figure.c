/* Checks a figure's description, then lays it out, draws it and writes it. */
#include <rotgrad/figure.h>

#include "base/base.h"
#include "figure/arrows.h"
#include "figure/canvas.h"
#include "figure/contours.h"
#include "figure/curves.h"
#include "figure/flow.h"
#include "figure/frame.h"
#include "figure/heat_map.h"
#include "figure/page.h"
#include "figure/stream.h"
#include "io/file.h"

#include <glib.h>
#include <string.h>

enum { PANEL_LIMIT = 1000, KEY_LIMIT = 79 /* of a PNG text chunk */ };

static const double size_limit[2] = {36, 10000}, dpi_limit[2] = {20, 2400};
static const double axis_digits = 1e-12; /* an axis shorter than this relative to its place has no digits left */
static const double axis_limit[2] = {1e-290, 1e290};

static int outside(double value, const double limit[2]) {
    return !(value >= limit[0] && value <= limit[1]);
}

/* One period of the box. */
static rg_status check_period(const rg_axis *axis, const char *name, rg_diagnostic *diagnostic) {
    const double lower = axis->lower, length = axis->upper - axis->lower;
    if (axis->scale == RG_SCALE_LOG)
        return rg_fail(diagnostic, RG_EINVAL, "axis %s: under fields an axis is linear, not logarithmic", name);
    if (outside(length, axis_limit) || !(fabs(lower) <= axis_limit[1]) || length < axis_digits * fabs(lower))
        return rg_fail(diagnostic, RG_EINVAL,
                       "axis %s: expected a finite lower end and a positive length, got %g and %g", name, lower,
                       length);
    return RG_OK;
}

static rg_status check_axis(const rg_panel *panel, const rg_axis *axis, const char *name, rg_diagnostic *diagnostic) {
    if (axis->scale != 0 && axis->scale != RG_SCALE_LINEAR && axis->scale != RG_SCALE_LOG)
        return rg_fail(diagnostic, RG_EINVAL, "axis %s: unknown scale %d", name, (int)axis->scale);
    if (axis->scale == RG_SCALE_LOG && axis->degrees)
        return rg_fail(diagnostic, RG_EINVAL, "axis %s: degrees have no log scale", name);
    const rg_status status = rg_panel_is_field(panel) ? check_period(axis, name, diagnostic) : RG_OK;
    return status == RG_OK ? rg_text_check(axis->label, *name == 'x' ? "x_label" : "y_label", diagnostic) : status;
}

static rg_status check_content(const rg_panel *panel, rg_diagnostic *diagnostic) {
    rg_status status = RG_OK;
    if (!rg_panel_is_field(panel) && panel->curves == 0) return rg_fail(diagnostic, RG_EINVAL, "nothing to draw");
    if (panel->heat) status = rg_heat_map_check(panel->heat, diagnostic);
    if (status == RG_OK && panel->flow) status = rg_flow_check(panel->flow, diagnostic);
    if (status == RG_OK && panel->arrows) status = rg_arrows_check(panel->arrows, diagnostic);
    if (status == RG_OK && panel->contours) status = rg_contours_check(panel->contours, diagnostic);
    if (status == RG_OK) status = rg_curves_check(panel, diagnostic);
    return status;
}

static rg_status check_panel(const rg_panel *panel, rg_diagnostic *diagnostic) {
    rg_status status = check_content(panel, diagnostic);
    if (status == RG_OK) status = check_axis(panel, &panel->x, "x", diagnostic);
    if (status == RG_OK) status = check_axis(panel, &panel->y, "y", diagnostic);
    if (status == RG_OK) status = rg_text_check(panel->title, "title", diagnostic);
    return status;
}

/* What PNG allows, taken for all three formats. */
static int is_key(const char *key) {
    const size_t length = strlen(key);
    if (length < 1 || length > KEY_LIMIT || key[0] == ' ' || key[length - 1] == ' ' || strstr(key, "  ")) return 0;
    for (const char *c = key; *c; c++)
        if (!g_ascii_isprint(*c)) return 0;
    return 1;
}

static rg_status check_metadata(const char *const *metadata, rg_diagnostic *diagnostic) {
    for (; metadata && metadata[0]; metadata += 2) {
        if (!is_key(metadata[0]))
            return rg_fail(diagnostic, RG_EINVAL,
                           "metadata key \"%.100s\": expected 1 to %d printable ASCII characters, "
                           "no space at an end, no two in a row",
                           metadata[0], KEY_LIMIT);
        if (!metadata[1] || !g_utf8_validate(metadata[1], -1, NULL))
            return rg_fail(diagnostic, RG_EINVAL, "metadata %s: expected a value in UTF-8", metadata[0]);
    }
    return RG_OK;
}

static rg_status check_sizes(const rg_figure *figure, rg_diagnostic *diagnostic) {
    if (figure->panels < 1 || figure->panels > PANEL_LIMIT || !figure->panel)
        return rg_fail(diagnostic, RG_EINVAL, "expected 1 to %d panels, got %zu", PANEL_LIMIT,
                       figure->panel ? figure->panels : 0);
    if (figure->columns < 0)
        return rg_fail(diagnostic, RG_EINVAL, "expected 0 or more columns, got %d", figure->columns);
    if (figure->panel_size != 0 && outside(figure->panel_size, size_limit))
        return rg_fail(diagnostic, RG_EINVAL, "expected a panel size of %g to %g points, got %g", size_limit[0],
                       size_limit[1], figure->panel_size);
    if (figure->dpi != 0 && outside(figure->dpi, dpi_limit))
        return rg_fail(diagnostic, RG_EINVAL, "expected %g to %g dpi, got %g", dpi_limit[0], dpi_limit[1], figure->dpi);
    return RG_OK;
}

rg_status rg_figure_check(const rg_figure *figure, rg_diagnostic *diagnostic) {
    rg_status status = check_sizes(figure, diagnostic);
    if (status == RG_OK) status = rg_text_check(figure->title, "title of the figure", diagnostic);
    if (status == RG_OK) status = check_metadata(figure->metadata, diagnostic);
    for (size_t i = 0; status == RG_OK && i < figure->panels; i++) {
        rg_diagnostic reason = {RG_OK, ""};
        status = check_panel(&figure->panel[i], &reason);
        if (status != RG_OK) rg_fail(diagnostic, status, "panel %zu: %s", i + 1, reason.text);
    }
    return status;
}

static rg_status draw_page(const rg_page *page, rg_canvas_format format, int indexed, FILE *file,
                           rg_diagnostic *diagnostic) {
    rg_canvas canvas;
    rg_status status = rg_canvas_open(&canvas, format, page->width, page->height, page->dpi, file, diagnostic);
    canvas.indexed = indexed;
    if (status == RG_OK) status = rg_page_draw(page, canvas.cr, diagnostic);
    return rg_canvas_close(&canvas, page->figure->metadata, status, diagnostic);
}

static rg_status write_page(const rg_page *page, rg_canvas_format format, const char *path, rg_diagnostic *diagnostic) {
    rg_output output;
    rg_status status = rg_output_begin(&output, path, diagnostic);
    if (status != RG_OK) return status;
    rg_diagnostic reason = {RG_OK, ""};
    status = draw_page(page, format, 0, output.file, &reason);
    if (status != RG_OK) rg_fail(diagnostic, status, "%s: %s", path, reason.text);
    return rg_output_end(&output, status, diagnostic);
}

rg_status rg_figure_write(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) {
    rg_canvas_format format;
    rg_status status = rg_canvas_format_of(path, &format, diagnostic);
    if (status == RG_OK) status = rg_figure_check(figure, diagnostic);
    if (status != RG_OK) return status;
    rg_page page;
    status = rg_page_create(&page, figure, diagnostic);
    if (status == RG_OK) status = write_page(&page, format, path, diagnostic);
    rg_page_destroy(&page);
    return status;
}

rg_status rg_figure_stream(const rg_figure *figure, rg_canvas_format format, FILE *file, rg_diagnostic *diagnostic) {
    rg_status status = rg_figure_check(figure, diagnostic);
    if (status != RG_OK) return status;
    rg_page page;
    status = rg_page_create(&page, figure, diagnostic);
    if (status == RG_OK) status = draw_page(&page, format, 1, file, diagnostic);
    rg_page_destroy(&page);
    return status;
}
