/* Where curves are is seen by drawing them: into a small picture of the frame, whose opacity under a box is summed.
 * A box goes to the first free corner, else to the middle of a side, else to where it hides least if that is next to
 * nothing (for a note: little); otherwise it stands to the right of the frame. */
#include "figure/legend.h"
#include "figure/curves.h"
#include "figure/marks.h"
#include "figure/style.h"

enum { PLACES = 8, MOST_CELLS = 256 };

static const double cell_size = 1;               /* points; larger in large frames */
static const double padding = 3, from_frame = 4; /* of a box; between box and frame */
static const double sample_gap = 4, row_gap = 1.5, column_gap = 8;
static const double clearance = 2;                          /* around a box, free as well */
static const double next_to_nothing = 0.004, little = 0.03; /* shares of a box; one thin line is little */

/* 0 left or top, 1 right or bottom. */
struct spot {
    double across, down;
};
static const struct spot for_entries[PLACES] = {{1, 0}, {0, 0}, {1, 1}, {0, 1}, {1, 0.5}, {0, 0.5}, {0.5, 0}, {0.5, 1}};
static const struct spot for_note[PLACES] = {{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0.5, 0}, {0.5, 1}, {0, 0.5}, {1, 0.5}};

/* ---- what is covered */

struct cover {
    cairo_surface_t *surface;
    double scale; /* cells per point */
};

/* An image without data (no memory) shows no curve; the page, which is larger, will not come about either. */
static struct cover cover_create(const rg_panel *panel, const rg_frame *frame) {
    struct cover cover = {NULL, fmin(1 / cell_size, MOST_CELLS / fmax(frame->width, frame->height))};
    rg_frame local = *frame;
    local.x = local.y = 0;
    cover.surface = cairo_image_surface_create(CAIRO_FORMAT_A8, (int)ceil(frame->width * cover.scale),
                                               (int)ceil(frame->height * cover.scale));
    cairo_t *cr = cairo_create(cover.surface);
    cairo_scale(cr, cover.scale, cover.scale);
    rg_curves_draw(panel, &local, cr);
    cairo_destroy(cr);
    cairo_surface_flush(cover.surface);
    return cover;
}

static void cover_destroy(struct cover *cover) {
    cairo_surface_destroy(cover->surface);
}

static int cell_of(const struct cover *cover, double length, int cells) {
    const double cell = floor(length * cover->scale);
    return cell < 0 ? 0 : cell > cells ? cells : (int)cell;
}

/* Share of the box that is covered. */
static double covered(const struct cover *cover, const rg_box *box) {
    const unsigned char *opacity = cairo_image_surface_get_data(cover->surface);
    if (!opacity) return 0;
    const ptrdiff_t stride = cairo_image_surface_get_stride(cover->surface);
    const int columns = cairo_image_surface_get_width(cover->surface);
    const int rows = cairo_image_surface_get_height(cover->surface);
    const int left = cell_of(cover, box->x - clearance, columns), top = cell_of(cover, box->y - clearance, rows);
    const int right = cell_of(cover, box->x + box->width + clearance, columns);
    const int bottom = cell_of(cover, box->y + box->height + clearance, rows);
    long sum = 0;
    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++) sum += opacity[row * stride + column];
    return (double)sum / (255 * fmax(1, (double)(right - left) * (bottom - top)));
}

static void cover_box(const struct cover *cover, const rg_box *box) {
    cairo_t *cr = cairo_create(cover->surface);
    cairo_scale(cr, cover->scale, cover->scale);
    cairo_rectangle(cr, box->x, box->y, box->width, box->height);
    cairo_fill(cr);
    cairo_destroy(cr);
    cairo_surface_flush(cover->surface);
}

/* ---- sizes */

static int has_text(const char *markup) {
    return markup && *markup;
}

static rg_caption label_of(const rg_curve *curve) {
    return (rg_caption){RG_FONT_TICK, curve->label, NULL, 0};
}

static rg_caption note_of(const rg_legend *legend, const rg_panel *panel) {
    return (rg_caption){RG_FONT_TICK, panel->note, NULL, legend->note_wrap};
}

static int measure_entries(rg_legend *legend, const rg_panel *panel, rg_text *text) {
    int count = 0;
    for (size_t i = 0; i < panel->curves; i++) {
        if (!has_text(panel->curve[i].label)) continue;
        const rg_caption label = label_of(&panel->curve[i]);
        const rg_text_box size = rg_text_measure(text, &label);
        legend->column = fmax(legend->column, RG_SAMPLE_WIDTH + sample_gap + size.width + column_gap);
        legend->row = fmax(legend->row, size.above + size.below + row_gap);
        count++;
    }
    return count;
}

static void arrange(rg_legend *legend, int count, int rows) {
    const int columns = (count + rows - 1) / rows;
    legend->rows = rows;
    legend->entries.width = columns * legend->column - column_gap + 2 * padding;
    legend->entries.height = rows * legend->row - row_gap + 2 * padding;
}

static rg_box box_of_note(const rg_legend *legend, const rg_panel *panel, rg_text *text) {
    const rg_caption note = note_of(legend, panel);
    const rg_text_box size = rg_text_measure(text, &note);
    return (rg_box){0, 0, size.width + 2 * padding, size.above + size.below + 2 * padding};
}

static int fits(const rg_box *box, const rg_frame *frame) {
    return box->width + 2 * from_frame <= frame->width && box->height + 2 * from_frame <= frame->height;
}

/* ---- places */

/* Puts the box where it hides least and returns the share of it that is covered there. */
static double settle(rg_box *box, const rg_frame *frame, const struct cover *cover, const struct spot spot[PLACES]) {
    rg_box best = *box;
    double least = HUGE_VAL;
    for (int i = 0; i < PLACES && least > 0; i++) {
        box->x = from_frame + spot[i].across * (frame->width - box->width - 2 * from_frame);
        box->y = from_frame + spot[i].down * (frame->height - box->height - 2 * from_frame);
        const double share = covered(cover, box);
        if (share >= least) continue;
        least = share;
        best = *box;
    }
    *box = best;
    return least;
}

/* In as many columns as the height of the frame asks for. */
static void settle_outside(rg_legend *legend, const rg_frame *frame, int count, double start) {
    const int most = (int)fmax(1, floor((frame->height - 2 * padding + row_gap) / legend->row));
    arrange(legend, count, count < most ? count : most);
    legend->entries.x = start - padding;
    legend->entries.y = -padding;
}

static void place_entries(rg_legend *legend, const rg_panel *panel, const rg_frame *frame, double start,
                          const struct cover *cover, rg_text *text) {
    const int count = measure_entries(legend, panel, text);
    if (count == 0) return;
    arrange(legend, count, count);
    if (fits(&legend->entries, frame) && settle(&legend->entries, frame, cover, for_entries) <= next_to_nothing)
        cover_box(cover, &legend->entries);
    else
        settle_outside(legend, frame, count, start);
}

/* A note too wide for the frame is wrapped. */
static int note_fits(rg_legend *legend, const rg_panel *panel, const rg_frame *frame, const struct cover *cover,
                     rg_text *text) {
    const double room = frame->width - 2 * from_frame - 2 * padding;
    legend->note = box_of_note(legend, panel, text);
    if (legend->note.width - 2 * padding > room && room > 0) {
        legend->note_wrap = room;
        legend->note = box_of_note(legend, panel, text);
    }
    return fits(&legend->note, frame) && settle(&legend->note, frame, cover, for_note) <= little;
}

/* Below a legend, if that is outside as well. */
static void place_note(rg_legend *legend, const rg_panel *panel, const rg_frame *frame, double start,
                       const struct cover *cover, rg_text *text) {
    if (!has_text(panel->note) || note_fits(legend, panel, frame, cover, text)) return;
    const int below = legend->entries.width > 0 && legend->entries.x > frame->width;
    legend->note_wrap = 0;
    legend->note = box_of_note(legend, panel, text);
    legend->note.x = start - padding;
    legend->note.y = below ? legend->entries.y + legend->entries.height : -padding;
}

void rg_legend_init(rg_legend *legend, const rg_panel *panel, const rg_frame *frame, double taken, rg_text *text) {
    *legend = (rg_legend){0};
    if (panel->curves == 0 && !has_text(panel->note)) return;
    const double start = frame->width + taken + RG_BAR_GAP;
    struct cover cover = cover_create(panel, frame);
    place_entries(legend, panel, frame, start, &cover, text);
    place_note(legend, panel, frame, start, &cover, text);
    cover_destroy(&cover);
}

static rg_insets insets_of(const rg_box *box, const rg_frame *frame) {
    if (!(box->width > 0)) return (rg_insets){0, 0, 0, 0};
    return (rg_insets){-box->x, box->x + box->width - frame->width, -box->y, box->y + box->height - frame->height};
}

rg_insets rg_legend_insets(const rg_legend *legend, const rg_frame *frame) {
    return rg_insets_union(insets_of(&legend->entries, frame), insets_of(&legend->note, frame));
}

/* ---- drawing */

static void draw_paper(const rg_box *box, const rg_frame *frame, cairo_t *cr) {
    cairo_set_source_rgba(cr, 1, 1, 1, RG_LEGEND_OPACITY);
    cairo_rectangle(cr, frame->x + box->x, frame->y + box->y, box->width, box->height);
    cairo_fill(cr);
}

static void draw_entry(const rg_curve *curve, size_t position, rg_text *text, cairo_t *cr, double x, double y) {
    const rg_look look = rg_look_of(curve, position);
    const rg_caption label = label_of(curve);
    const double baseline = y + rg_text_measure(text, &label).above;
    cairo_save(cr);
    rg_look_draw_sample(&look, curve->lower != NULL, cr, x, baseline - rg_text_middle(RG_FONT_TICK), RG_SAMPLE_WIDTH);
    cairo_restore(cr);
    rg_text_draw(text, cr, &label, x + RG_SAMPLE_WIDTH + sample_gap, baseline, 0);
}

static void draw_entries(const rg_legend *legend, const rg_panel *panel, const rg_frame *frame, rg_text *text,
                         cairo_t *cr) {
    const double x = frame->x + legend->entries.x + padding, y = frame->y + legend->entries.y + padding;
    draw_paper(&legend->entries, frame, cr);
    int n = 0;
    for (size_t i = 0; i < panel->curves; i++) {
        if (!has_text(panel->curve[i].label)) continue;
        const int column = n / legend->rows, row = n % legend->rows;
        draw_entry(&panel->curve[i], i, text, cr, x + column * legend->column, y + row * legend->row);
        n++;
    }
}

void rg_legend_draw(const rg_legend *legend, const rg_panel *panel, const rg_frame *frame, rg_text *text, cairo_t *cr) {
    if (legend->entries.width > 0) draw_entries(legend, panel, frame, text, cr);
    if (!(legend->note.width > 0)) return;
    const rg_caption note = note_of(legend, panel);
    draw_paper(&legend->note, frame, cr);
    rg_text_draw(text, cr, &note, frame->x + legend->note.x + padding,
                 frame->y + legend->note.y + padding + rg_text_measure(text, &note).above, 0);
}
