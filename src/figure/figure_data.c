/* The numbers of a figure: one long table (.csv) or named arrays (.npz). */
#include "base/base.h"
#include "figure/layer.h"
#include "figure/markup.h"
#include "figure/page.h"
#include "io/csv.h"

#include <glib.h>
#include <rotgrad/array.h>
#include <stdio.h>
#include <string.h>

/* ---- .csv */

enum { COLUMNS = 11, PART_ROOM = 40, NAME_ROOM = PART_ROOM + 32 };

static const char *const column[COLUMNS] = {"panel", "title", "layer", "label", "x",    "y",
                                            "value", "vx",    "vy",    "lower", "upper"};

/* The table, and what all rows of a panel have in common. */
struct table {
    rg_csv csv;
    long long panel;
    char *title; /* plain text */
};

/* The numbers of a row; NULL leaves its cell empty. */
struct row {
    const char *layer, *label;
    const double *x, *y, *value, *vx, *vy, *lower, *upper;
};

static void write_text(rg_csv *csv, const char *text) {
    if (text && *text)
        rg_csv_text(csv, text);
    else
        rg_csv_nothing(csv);
}

static void write_row(struct table *t, const struct row *row) {
    const double *const number[] = {row->x, row->y, row->value, row->vx, row->vy, row->lower, row->upper};
    rg_csv_integer(&t->csv, t->panel);
    write_text(&t->csv, t->title);
    write_text(&t->csv, row->layer);
    write_text(&t->csv, row->label);
    for (size_t c = 0; c < sizeof number / sizeof *number; c++) {
        if (number[c])
            rg_csv_real(&t->csv, *number[c]);
        else
            rg_csv_nothing(&t->csv);
    }
}

static void tabulate_layer(struct table *t, const rg_panel *panel, const rg_layer *layer) {
    const ptrdiff_t n0 = layer->shape[0], n1 = layer->shape[1];
    for (ptrdiff_t i = 0; i < n0; i++)
        for (ptrdiff_t j = 0; j < n1; j++) {
            const double x = rg_layer_place(&panel->x, i, n0), y = rg_layer_place(&panel->y, j, n1);
            const double *value = layer->values + i * n1 + j;
            struct row row = {.layer = layer->name, .x = &x, .y = &y};
            if (layer->components == 1) {
                row.value = value;
            } else {
                row.vx = value;
                row.vy = value + n0 * n1;
            }
            write_row(t, &row);
        }
}

static void tabulate_levels(struct table *t, const rg_contours *contours) {
    for (size_t l = 0; contours && l < contours->count; l++)
        write_row(t, &(struct row){.layer = "level", .value = &contours->level[l]});
}

static void tabulate_curve(struct table *t, const rg_curve *curve, size_t number) {
    char layer[PART_ROOM], *label = rg_markup_plain(curve->label);
    snprintf(layer, sizeof layer, "curve%zu", number);
    for (ptrdiff_t i = 0; i < curve->count; i++)
        write_row(t, &(struct row){.layer = layer,
                                   .label = label,
                                   .x = &curve->x[i],
                                   .y = &curve->y[i],
                                   .lower = curve->lower ? &curve->lower[i] : NULL,
                                   .upper = curve->upper ? &curve->upper[i] : NULL});
    g_free(label);
}

static void tabulate_rows(struct table *t, const rg_panel *panel) {
    for (size_t i = 0; i < panel->rows; i++) {
        const double number = (double)i + 1;
        char *name = rg_markup_plain(panel->row[i]);
        write_row(t, &(struct row){.layer = "row", .label = name, .y = &number});
        g_free(name);
    }
}

static void tabulate_panel(struct table *t, const rg_panel *panel) {
    rg_layer layer[RG_LAYERS];
    const int layers = rg_layers_of(panel, layer);
    t->title = rg_markup_plain(panel->title);
    for (int l = 0; l < layers; l++) tabulate_layer(t, panel, &layer[l]);
    tabulate_levels(t, panel->contours);
    tabulate_rows(t, panel);
    for (size_t c = 0; c < panel->curves; c++) tabulate_curve(t, &panel->curve[c], c + 1);
    g_free(t->title);
}

static rg_status write_csv(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) {
    struct table t = {.panel = 0};
    const rg_status status = rg_csv_begin(&t.csv, path, COLUMNS, column, diagnostic);
    if (status != RG_OK) return status;
    for (size_t i = 0; i < figure->panels && !ferror(t.csv.output.file); i++) {
        t.panel = (long long)i + 1;
        tabulate_panel(&t, &figure->panel[i]);
    }
    return rg_csv_end(&t.csv, RG_OK, diagnostic);
}

/* ---- .npz */

enum { LAYER_ARRAYS = 3 /* values, x, y */, CURVE_ARRAYS = 4, LONGEST_SHAPE = 3 };

struct archive {
    rg_array_member *member;
    struct entry {
        char name[NAME_ROOM];
        ptrdiff_t shape[LONGEST_SHAPE];
    } * entry;           /* one for each member */
    double *coordinates; /* of all layers, one after the other */
    size_t members, used;
};

static void measure(const rg_figure *figure, size_t *members, size_t *coordinates) {
    *members = *coordinates = 0;
    for (size_t i = 0; i < figure->panels; i++) {
        rg_layer layer[RG_LAYERS];
        const int layers = rg_layers_of(&figure->panel[i], layer);
        *members += (size_t)layers * LAYER_ARRAYS + 1 + figure->panel[i].curves * CURVE_ARRAYS;
        for (int l = 0; l < layers; l++) *coordinates += (size_t)(layer[l].shape[0] + layer[l].shape[1]);
    }
}

static void add(struct archive *a, size_t panel, const char *name, int dim, const ptrdiff_t *shape,
                const double *values) {
    struct entry *entry = &a->entry[a->members];
    snprintf(entry->name, sizeof entry->name, "panel%zu_%s", panel, name);
    memcpy(entry->shape, shape, (size_t)dim * sizeof *shape);
    a->member[a->members++] = (rg_array_member){entry->name, dim, entry->shape, values};
}

static void add_axis(struct archive *a, size_t panel, const rg_layer *layer, int axis, const rg_axis *of) {
    char name[PART_ROOM];
    double *x = a->coordinates + a->used;
    snprintf(name, sizeof name, "%s_%s", layer->name, axis ? "y" : "x");
    for (ptrdiff_t i = 0; i < layer->shape[axis]; i++) x[i] = rg_layer_place(of, i, layer->shape[axis]);
    add(a, panel, name, 1, &layer->shape[axis], x);
    a->used += (size_t)layer->shape[axis];
}

static void add_layer(struct archive *a, size_t number, const rg_panel *panel, const rg_layer *layer) {
    const ptrdiff_t shape[] = {layer->components, layer->shape[0], layer->shape[1]};
    const int vector = layer->components > 1;
    add(a, number, layer->name, vector ? 3 : 2, vector ? shape : shape + 1, layer->values);
    add_axis(a, number, layer, 0, &panel->x);
    add_axis(a, number, layer, 1, &panel->y);
}

static void add_curve(struct archive *a, size_t panel, size_t number, const rg_curve *curve) {
    const struct {
        const char *name;
        const double *values;
    } part[CURVE_ARRAYS] = {{"x", curve->x}, {"y", curve->y}, {"lower", curve->lower}, {"upper", curve->upper}};
    for (int i = 0; i < CURVE_ARRAYS; i++) {
        char name[PART_ROOM];
        snprintf(name, sizeof name, "curve%zu_%s", number, part[i].name);
        if (part[i].values) add(a, panel, name, 1, &curve->count, part[i].values);
    }
}

static void add_panel(struct archive *a, size_t number, const rg_panel *panel) {
    rg_layer layer[RG_LAYERS];
    const int layers = rg_layers_of(panel, layer);
    for (int l = 0; l < layers; l++) add_layer(a, number, panel, &layer[l]);
    if (panel->contours) {
        const ptrdiff_t levels = (ptrdiff_t)panel->contours->count;
        add(a, number, "contours_levels", 1, &levels, panel->contours->level);
    }
    for (size_t c = 0; c < panel->curves; c++) add_curve(a, number, c + 1, &panel->curve[c]);
}

static rg_status write_npz(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) {
    size_t members, coordinates;
    measure(figure, &members, &coordinates);
    struct archive a = {.member = rg_alloc(members, sizeof *a.member),
                        .entry = rg_alloc(members, sizeof *a.entry),
                        .coordinates = rg_field_alloc(coordinates)};
    rg_status status = RG_ENOMEM;
    if (a.member && a.entry && a.coordinates) {
        for (size_t i = 0; i < figure->panels; i++) add_panel(&a, i + 1, &figure->panel[i]);
        status = rg_array_write_npz(path, a.member, a.members, diagnostic);
    } else {
        rg_fail(diagnostic, status, "%s: out of memory", path);
    }
    rg_free(a.member);
    rg_free(a.entry);
    rg_free(a.coordinates);
    return status;
}

rg_status rg_figure_write_data(const rg_figure *figure, const char *path, rg_diagnostic *diagnostic) {
    const int csv = g_str_has_suffix(path, ".csv");
    if (!csv && !g_str_has_suffix(path, ".npz"))
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected a name that ends in .csv or .npz", path);
    const rg_status status = rg_figure_check(figure, diagnostic);
    if (status != RG_OK) return status;
    return csv ? write_csv(figure, path, diagnostic) : write_npz(figure, path, diagnostic);
}
