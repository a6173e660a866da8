/* The page of a gnuplot script. Frames, ticks and texts come from our own layout, placed in fractions of the page, so
 * that gnuplot has nothing left to choose; it sets the type.
 * Source: gnuplot 5.4 manual. */
#include "figure/gnuplot.h"
#include "base/base.h"
#include "figure/markup.h"
#include "figure/rows.h"
#include "figure/style.h"
#include "io/file.h"

#include <glib.h>
#include <string.h>

#define TICK_DISTANCE (RG_TICK_LENGTH + RG_TICK_GAP) /* from the frame to the numbers */

enum { MOST_LINES = 16 };

static const char *const ending = ".gp";
static const double point = 0.75; /* gnuplot's fonts count 96 points to the inch */

void rg_gnuplot_real(FILE *file, double value) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    fputs(isfinite(value) ? g_ascii_formatd(text, sizeof text, "%.17g", value) : "NaN", file);
}

/* Words before and between two numbers. */
static void put_pair(FILE *file, const char *before, double a, const char *between, double b) {
    fputs(before, file);
    rg_gnuplot_real(file, a);
    fputs(between, file);
    rg_gnuplot_real(file, b);
}

/* ---- texts */

static void put_font(FILE *file, rg_font font) {
    char size[G_ASCII_DTOSTR_BUF_SIZE];
    fprintf(file, " font \"" RG_FONT_FAMILY "%s,%s\"", font == RG_FONT_PAGE ? ":Bold" : "",
            g_ascii_formatd(size, sizeof size, "%g", rg_text_size(font)));
}

/* The caption as our page shows it, wrapped at the same places. */
static void put_caption(const rg_gnuplot *s, const rg_caption *caption) {
    int start[MOST_LINES];
    const int breaks = rg_text_breaks(s->page->text, caption, MOST_LINES, start);
    const char *markup = caption->markup ? caption->markup : "", *suffix = caption->suffix ? caption->suffix : "";
    const int both = *markup && *suffix;
    char *whole = g_strconcat(markup, both ? " (" : "", suffix, both ? ")" : "", NULL);
    char *text = rg_markup_gnuplot(whole, (size_t)breaks, start);
    fputs(text, s->file);
    g_free(text);
    g_free(whole);
}

enum placing { CENTRED, LEFT, UPWARDS };

/* The middle of the first line stands at (x, y), in points from the upper left corner of the page. */
static void put_text(const rg_gnuplot *s, const rg_caption *caption, enum placing placing, double x, double y) {
    static const char *const words[] = {[CENTRED] = "center", [LEFT] = "left", [UPWARDS] = "center rotate by 90"};
    if (rg_text_height(s->page->text, caption) <= 0) return;
    fputs("set label ", s->file);
    put_caption(s, caption);
    put_pair(s->file, " at screen ", x / s->page->width, ", screen ", 1 - y / s->page->height);
    fprintf(s->file, " %s front", words[placing]);
    put_font(s->file, caption->font);
    fputc('\n', s->file);
}

/* From the top of a text to the middle of its first line. */
static double first_line(const rg_gnuplot *s, const rg_caption *caption) {
    return rg_text_measure(s->page->text, caption).above - rg_text_middle(caption->font);
}

/* From the frame outwards, as in axes.c. */
static void put_axes_texts(const rg_gnuplot *s, const rg_placed *p) {
    rg_text *text = s->page->text;
    const rg_axes *a = &p->axes;
    const rg_frame *f = &p->frame;
    const double across = fmax(f->width, RG_NARROW_TEXT), up = fmax(f->height, RG_NARROW_TEXT);
    const rg_caption title = {RG_FONT_TITLE, a->title, NULL, across}, zero = {RG_FONT_TICK, "0", NULL, 0};
    const rg_caption x = {RG_FONT_LABEL, a->x_label, a->x.factor, across};
    const rg_caption y = {RG_FONT_LABEL, a->y_label, a->y.factor, up};
    const double top = f->y - RG_TITLE_GAP - a->title_lift - rg_text_height(text, &title);
    const double below = f->y + f->height + TICK_DISTANCE + rg_text_height(text, &zero) + RG_LABEL_GAP;
    const double beside = f->x - TICK_DISTANCE - rg_ticks_width(text, &a->y) - RG_LABEL_GAP - rg_text_height(text, &y);
    put_text(s, &title, CENTRED, f->x + f->width / 2, top + first_line(s, &title));
    put_text(s, &x, CENTRED, f->x + f->width / 2, below + first_line(s, &x));
    put_text(s, &y, UPWARDS, beside + first_line(s, &y), f->y + f->height / 2);
}

static void put_page_title(const rg_gnuplot *s) {
    const double width = s->page->width;
    const rg_caption title = {RG_FONT_PAGE, s->page->figure->title, NULL, width - 2 * RG_PAGE_MARGIN};
    put_text(s, &title, CENTRED, width / 2, RG_PAGE_MARGIN + first_line(s, &title));
}

static void put_note(const rg_gnuplot *s, const rg_placed *p) {
    const rg_box *box = &p->legend.note;
    const rg_caption note = {RG_FONT_TICK, p->panel->note, NULL, p->legend.note_wrap};
    put_text(s, &note, CENTRED, p->frame.x + box->x + box->width / 2,
             p->frame.y + box->y + (box->height - rg_text_height(s->page->text, &note)) / 2 + first_line(s, &note));
}

/* A label with a point is the mark; the words are one of their own. */
static void put_remark(void *to, const rg_remark *remark) {
    const rg_gnuplot *s = to;
    const rg_look look = rg_look_of(remark->curve, remark->position);
    const rg_caption words = {RG_FONT_TICK, remark->text, NULL, 0};
    char point_look[RG_GNUPLOT_POINT];
    rg_gnuplot_point(&look, point_look);
    put_pair(s->file, "set label \"\" at screen ", remark->centre.x / s->page->width, ", screen ",
             1 - remark->centre.y / s->page->height);
    fprintf(s->file, " point %s linecolor rgb \"#%06x\" front\n", point_look, rg_look_colour(&look));
    put_text(s, &words, LEFT, remark->words, remark->centre.y);
}

/* ---- axes */

static double value_at(const rg_axis *axis, double fraction) {
    if (axis->scale == RG_SCALE_LOG) return axis->lower * pow(axis->upper / axis->lower, fraction);
    return axis->lower + fraction * (axis->upper - axis->lower);
}

static void put_ticks(const rg_gnuplot *s, const char *name, const rg_axis *axis, const rg_ticks *ticks) {
    fprintf(s->file, "set %stics out nomirror norotate scale 0.5,0.25 (", name);
    for (int i = 0; i < ticks->count; i++) {
        const rg_caption number = rg_tick_caption(&ticks->tick[i]);
        fputs(i ? ", " : "", s->file);
        put_caption(s, &number);
        fputc(' ', s->file);
        rg_gnuplot_real(s->file, value_at(axis, ticks->tick[i].at));
        fputs(rg_tick_is_minor(&ticks->tick[i]) ? " 1" : "", s->file);
    }
    fputc(')', s->file);
    put_font(s->file, RG_FONT_TICK);
    fputc('\n', s->file);
}

/* In this order no range that holds 0 ever meets a log scale. */
static void put_axis(const rg_gnuplot *s, const char *name, const rg_axis *axis, const rg_ticks *ticks) {
    fprintf(s->file, "unset logscale %s\nset %srange ", name, name);
    put_pair(s->file, "[", axis->lower, ":", axis->upper);
    fputs("]\n", s->file);
    if (axis->scale == RG_SCALE_LOG) fprintf(s->file, "set logscale %s\n", name);
    put_ticks(s, name, axis, ticks);
}

/* ---- colours */

/* Each entry of the table as a step. Along the bar the entry is first + fraction * entries; a value on the edge of two
 * takes the upper one, as 0 in the middle of the diverging map, but gnuplot would take the lower: hence `edge`. */
static void put_palette(FILE *file, const rg_colour_scale *scale) {
    const int is_log = scale->scale == RG_SCALE_LOG;
    const double low = is_log ? log10(scale->minimum) : scale->minimum;
    const double high = is_log ? log10(scale->maximum) : scale->maximum;
    const double first = (low - scale->origin) * scale->per_unit, entries = (high - low) * scale->per_unit;
    const double edge = 1e-9;
    double from = 0;
    fputs("set palette defined (", file);
    for (int k = 0; k < RG_COLOURS; k++) {
        const double until = fmin(1, (k + 1 - first) / entries - (k + 1 < RG_COLOURS ? edge : 0));
        if (until <= from + edge) continue;
        fputs(from > 0 ? ", " : "", file);
        rg_gnuplot_real(file, from);
        fprintf(file, " \"#%06x\", ", (unsigned)scale->table[k]);
        rg_gnuplot_real(file, until);
        fprintf(file, " \"#%06x\"", (unsigned)scale->table[k]);
        from = until;
    }
    fputs(")\n", file);
}

static void put_bar_texts(const rg_gnuplot *s, const rg_placed *p, double left) {
    const rg_frame *f = &p->frame;
    rg_text *text = s->page->text;
    const rg_caption unit = {RG_FONT_LABEL, p->bar.unit, NULL, fmax(f->height, RG_NARROW_TEXT)};
    const rg_caption factor = {RG_FONT_TICK, p->bar.ticks.factor, NULL, 0};
    const double numbers = left + RG_BAR_WIDTH + TICK_DISTANCE;
    const double beside = numbers + rg_ticks_width(text, &p->bar.ticks) + RG_LABEL_GAP;
    put_text(s, &unit, UPWARDS, beside + first_line(s, &unit), f->y + f->height / 2);
    put_text(s, &factor, LEFT, left, f->y - rg_text_height(text, &factor));
}

static void put_colour_bar(const rg_gnuplot *s, const rg_placed *p) {
    const rg_page *page = s->page;
    const rg_frame *f = &p->frame;
    const double left = f->x + f->width + RG_BAR_GAP;
    const rg_axis axis = {.lower = p->scale.minimum, .upper = p->scale.maximum, .scale = p->scale.scale};
    put_palette(s->file, &p->scale);
    put_axis(s, "cb", &axis, &p->bar.ticks);
    put_pair(s->file, "set colorbox user origin screen ", left / page->width, ", screen ",
             1 - (f->y + f->height) / page->height);
    put_pair(s->file, " size screen ", RG_BAR_WIDTH / page->width, ", screen ", f->height / page->height);
    fputs(" border\n", s->file);
    put_bar_texts(s, p, left);
    fprintf(s->file,
            "set object 1 rectangle from graph 0, graph 0 to graph 1, graph 1 behind fillstyle solid noborder "
            "fillcolor rgb \"#%06x\"\n",
            (unsigned)RG_COLOUR_MISSING);
}

/* ---- panels */

static void put_margin(FILE *file, const char *side, double fraction) {
    fprintf(file, "set %smargin at screen ", side);
    rg_gnuplot_real(file, fraction);
    fputc('\n', file);
}

static void put_frame(const rg_gnuplot *s, const rg_frame *f) {
    put_margin(s->file, "l", f->x / s->page->width);
    put_margin(s->file, "r", (f->x + f->width) / s->page->width);
    put_margin(s->file, "t", 1 - f->y / s->page->height);
    put_margin(s->file, "b", 1 - (f->y + f->height) / s->page->height);
}

static void put_panel(const rg_gnuplot *s, size_t i) {
    const rg_placed *p = &s->page->placed[i];
    fprintf(s->file, "\n# Panel %zu\nunset label\nunset object\nunset colorbox\n", i + 1);
    put_frame(s, &p->frame);
    put_axis(s, "x", &p->frame.across, &p->axes.x);
    put_axis(s, "y", &p->frame.up, &p->axes.y);
    fputs(rg_panel_is_field(p->panel)
              ? "unset grid\n"
              : "set grid xtics ytics back linetype 1 linecolor rgb \"#dedede\" linewidth 0.35\n",
          s->file);
    put_axes_texts(s, p);
    if (i == 0) put_page_title(s);
    put_note(s, p);
    rg_rows_remark(p->panel, &p->frame, s->page->text, put_remark, (void *)(uintptr_t)s);
    if (p->panel->heat) put_colour_bar(s, p);
    rg_gnuplot_write_plot(s, i);
}

/* ---- the page */

static void put_terminal(const rg_gnuplot *s) {
    const rg_page *page = s->page;
    const double scale = page->dpi / 72;
    fputs("if (!exists(\"output\")) output = (exists(\"ARG0\") && ARG0[strlen(ARG0)-2:] eq \".gp\" ? "
          "ARG0[:strlen(ARG0)-3] : \"figure\").\".png\"\n"
          "if (output[strlen(output)-3:] eq \".pdf\") {\n",
          s->file);
    put_pair(s->file, "    set terminal pdfcairo enhanced size ", page->width / 72, " in, ", page->height / 72);
    put_pair(s->file, " in font \"" RG_FONT_FAMILY ",8\" fontscale ", point, " linewidth ", 2); /* of half a point */
    put_pair(s->file, "\n} else {\n    set terminal pngcairo enhanced size ", round(page->width * scale), ", ",
             round(page->height * scale));
    put_pair(s->file, " font \"" RG_FONT_FAMILY ",8\" fontscale ", point * scale, " linewidth ", scale);
    fputs(" pointscale ", s->file);
    rg_gnuplot_real(s->file, scale);
    fputs("\n}\nset output output\n", s->file);
}

static void put_page(const rg_gnuplot *s) {
    fputs("# A figure of rotgrad for gnuplot 5.4 or later, with the numbers it shows.\n"
          "#     gnuplot FILE.gp                           draws FILE.png\n"
          "#     gnuplot -e \"output='b.pdf'\" FILE.gp       draws another file, .png or .pdf\n"
          "set encoding utf8\n",
          s->file);
    for (size_t i = 0; i < s->page->figure->panels; i++) rg_gnuplot_write_blocks(s, i);
    put_terminal(s);
    fputs("set border 31 linewidth 0.5 linecolor rgb \"#1a1a1a\"\nset multiplot\n", s->file);
    for (size_t i = 0; i < s->page->figure->panels; i++) put_panel(s, i);
    fputs("unset multiplot\nunset output\n", s->file);
}

static rg_status write_script(const rg_page *page, const char *path, rg_diagnostic *diagnostic) {
    rg_output output;
    const rg_status status = rg_output_begin(&output, path, diagnostic);
    if (status != RG_OK) return status;
    put_page(&(rg_gnuplot){output.file, page});
    return rg_output_end(&output, RG_OK, diagnostic);
}

rg_status rg_figure_write_gnuplot(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) {
    if (!g_str_has_suffix(path, ending))
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected a name that ends in %s", path, ending);
    rg_status status = rg_figure_check(figure, diagnostic);
    if (status != RG_OK) return status;
    rg_page page;
    status = rg_page_create(&page, figure, diagnostic);
    if (status == RG_OK) status = write_script(&page, path, diagnostic);
    rg_page_destroy(&page);
    return status;
}
