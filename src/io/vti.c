/* VTK XML ImageData: a short text that says where in the file each array starts, an underscore, the arrays. Each array
 * is its length in bytes (UInt64) and then its values, point by point with x fastest, the components of a vector side
 * by side.
 * Source: VTK File Formats, "XML File Formats", https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html. */
#include <rotgrad/vti.h>

#include "base/base.h"
#include "io/file.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

enum { VTK_COMPONENTS = 3, ROW_VALUES = 4096 };

struct layout {
    ptrdiff_t shape[RG_MAX_DIM];  /* of the grid, 1 beyond its dim */
    ptrdiff_t points[RG_MAX_DIM]; /* one more along each axis of the grid */
    double origin[RG_MAX_DIM], spacing[RG_MAX_DIM];
    size_t cells;      /* of the grid */
    size_t points_all; /* written for each component */
    size_t value_size;
};

/* ---- checks */

/* What XML 1.0 can hold, and a person read. */
static int is_name(const char *name) {
    if (!name || !*name || !g_utf8_validate(name, -1, NULL)) return 0;
    for (const char *c = name; *c; c = g_utf8_next_char(c))
        if (g_unichar_iscntrl(g_utf8_get_char(c)) || (g_utf8_get_char(c) & 0xfffe) == 0xfffe) return 0;
    return 1;
}

static rg_status check_field(const char *path, const rg_grid *grid, const rg_vti_field *field, size_t i,
                             rg_diagnostic *diagnostic) {
    if (!is_name(field[i].name))
        return rg_fail(diagnostic, RG_EINVAL,
                       "%s: field %zu: expected a name in UTF-8, not empty, without control characters", path, i + 1);
    for (size_t before = 0; before < i; before++)
        if (strcmp(field[before].name, field[i].name) == 0)
            return rg_fail(diagnostic, RG_EINVAL, "%s: two fields have the name '%s'", path, field[i].name);
    if (!field[i].values || (field[i].components != 1 && field[i].components != grid->dim))
        return rg_fail(diagnostic, RG_EINVAL, "%s: field '%s': expected values with 1 or %d components, found %d%s",
                       path, field[i].name, grid->dim, field[i].components, field[i].values ? "" : " without values");
    return RG_OK;
}

static rg_status check(const char *path, const rg_grid *grid, const rg_vti_field *field, size_t count,
                       rg_diagnostic *diagnostic) {
    if (!g_str_has_suffix(path, ".vti"))
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected a name that ends in .vti", path);
    if (grid->start0 != 0 || grid->count0 != grid->shape[0])
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected a whole grid, got a part of a distributed one", path);
    if (count == 0) return rg_fail(diagnostic, RG_EINVAL, "%s: expected at least one field to write", path);
    rg_status status = RG_OK;
    for (size_t i = 0; i < count && status == RG_OK; i++) status = check_field(path, grid, field, i, diagnostic);
    return status;
}

static rg_status lay_out(const char *path, const rg_grid *grid, rg_vti_precision precision, struct layout *l,
                         rg_diagnostic *diagnostic) {
    *l = (struct layout){.cells = 1, .points_all = 1, .value_size = precision == RG_VTI_FLOAT32 ? 4 : 8};
    for (int a = 0; a < RG_MAX_DIM; a++) {
        const int there = a < grid->dim;
        l->shape[a] = there ? grid->shape[a] : 1;
        l->points[a] = l->shape[a] + there;
        l->origin[a] = there ? grid->lower[a] : 0;
        l->spacing[a] = there ? rg_grid_spacing(grid, a) : 1;
        l->cells *= (size_t)l->shape[a]; /* rg_grid_init has checked it */
        l->points_all = rg_size_product(l->points_all, (size_t)l->points[a]);
    }
    if (!rg_size_product(l->points_all, VTK_COMPONENTS * sizeof(double)))
        return rg_fail(diagnostic, RG_EINVAL, "%s: the size of the fields overflows", path);
    return RG_OK;
}

/* ---- the text */

static void print_reals(FILE *file, const double values[RG_MAX_DIM]) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (int a = 0; a < RG_MAX_DIM; a++)
        fprintf(file, "%s%s", a ? " " : "", g_ascii_formatd(text, sizeof text, "%.17g", values[a]));
}

static int vtk_components(const rg_vti_field *field) {
    return field->components == 1 ? 1 : VTK_COMPONENTS;
}

static uint64_t bytes_of(const struct layout *l, const rg_vti_field *field) {
    return (uint64_t)l->points_all * l->value_size * (uint64_t)vtk_components(field);
}

static void write_array_text(FILE *file, const struct layout *l, const rg_vti_field *field, uint64_t offset) {
    char *name = g_markup_escape_text(field->name, -1);
    fprintf(file,
            "        <DataArray type=\"Float%zu\" Name=\"%s\" NumberOfComponents=\"%d\" format=\"appended\" "
            "offset=\"%" PRIu64 "\"/>\n",
            8 * l->value_size, name, vtk_components(field), offset);
    g_free(name);
}

static void write_text(FILE *file, const struct layout *l, const rg_vti_field *field, size_t count) {
    char extent[96];
    snprintf(extent, sizeof extent, "0 %td 0 %td 0 %td", l->points[0] - 1, l->points[1] - 1, l->points[2] - 1);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n",
          file);
    fprintf(file, "  <ImageData WholeExtent=\"%s\" Origin=\"", extent);
    print_reals(file, l->origin);
    fputs("\" Spacing=\"", file);
    print_reals(file, l->spacing);
    fprintf(file, "\">\n    <Piece Extent=\"%s\">\n      <PointData>\n", extent);
    uint64_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        write_array_text(file, l, &field[i], offset);
        offset += sizeof(uint64_t) + bytes_of(l, &field[i]);
    }
    fputs("      </PointData>\n    </Piece>\n  </ImageData>\n  <AppendedData encoding=\"raw\">\n_", file);
}

/* ---- the numbers */

/* Little endian on any machine. */
static unsigned char *put(unsigned char *at, uint64_t bits, size_t size) {
    for (size_t k = 0; k < size; k++) *at++ = (unsigned char)(bits >> 8 * k);
    return at;
}

static unsigned char *put_value(unsigned char *at, double value, size_t size) {
    uint64_t bits;
    uint32_t half;
    const float rounded = (float)value;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&half, &rounded, sizeof half);
    return put(at, size == sizeof half ? half : bits, size);
}

/* The closed box: x from the first point to the first one again, for one y and one z. */
static void write_row(FILE *file, const struct layout *l, const rg_vti_field *field, ptrdiff_t j, ptrdiff_t k) {
    unsigned char row[ROW_VALUES * sizeof(double)], *at = row;
    const int components = vtk_components(field);
    const ptrdiff_t step = l->shape[1] * l->shape[2], start = j % l->shape[1] * l->shape[2] + k % l->shape[2];
    for (ptrdiff_t i = 0; i < l->points[0]; i++) {
        if ((size_t)(row + sizeof row - at) < VTK_COMPONENTS * sizeof(double)) {
            fwrite(row, 1, (size_t)(at - row), file);
            at = row;
        }
        const double *value = field->values + i % l->shape[0] * step + start;
        for (int c = 0; c < components; c++)
            at = put_value(at, c < field->components ? value[(size_t)c * l->cells] : 0, l->value_size);
    }
    fwrite(row, 1, (size_t)(at - row), file);
}

static void write_array(FILE *file, const struct layout *l, const rg_vti_field *field) {
    unsigned char length[sizeof(uint64_t)];
    put(length, bytes_of(l, field), sizeof length);
    fwrite(length, 1, sizeof length, file);
    for (ptrdiff_t k = 0; k < l->points[2]; k++)
        for (ptrdiff_t j = 0; j < l->points[1]; j++) write_row(file, l, field, j, k);
}

rg_status rg_vti_write(const char *path, const rg_grid *grid, const rg_vti_field *field, size_t count,
                       rg_vti_precision precision, rg_diagnostic *diagnostic) {
    struct layout l;
    rg_output output;
    rg_status status = check(path, grid, field, count, diagnostic);
    if (status == RG_OK) status = lay_out(path, grid, precision, &l, diagnostic);
    if (status == RG_OK) status = rg_output_begin(&output, path, diagnostic);
    if (status != RG_OK) return status;
    write_text(output.file, &l, field, count);
    for (size_t i = 0; i < count && !ferror(output.file); i++) write_array(output.file, &l, &field[i]);
    fputs("\n  </AppendedData>\n</VTKFile>\n", output.file);
    return rg_output_end(&output, RG_OK, diagnostic);
}
