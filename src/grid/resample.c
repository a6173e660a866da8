/* Resampling by trigonometric interpolation, one axis after the other, line by line.
 *
 * An axis going from n to n' points keeps the modes |k| < min(n, n')/2. The Nyquist mode h of the shorter even axis is
 * shared: going finer, its coefficient is halved between +h and -h (the smallest real interpolant); going coarser, the
 * two fold onto one. */
#include "base/base.h"
#include "grid/modes.h"

#include <assert.h>

struct line {
    ptrdiff_t n, n_out;
    double *real, *spectrum; /* long enough for either length */
    fftw_plan forward, back;
};

static void line_destroy(struct line *line) {
    if (line->forward) fftw_destroy_plan(line->forward);
    if (line->back) fftw_destroy_plan(line->back);
    rg_free(line->real);
    rg_free(line->spectrum);
}

static rg_status line_create(ptrdiff_t n, ptrdiff_t n_out, struct line *line) {
    const ptrdiff_t longest = n > n_out ? n : n_out;
    *line = (struct line){.n = n, .n_out = n_out};
    line->real = rg_field_alloc((size_t)longest);
    line->spectrum = rg_field_alloc((size_t)longest + 2);
    if (!line->real || !line->spectrum) return RG_ENOMEM;
    fftw_complex *modes = (fftw_complex *)line->spectrum;
    line->forward = fftw_plan_dft_r2c_1d((int)n, line->real, modes, FFTW_ESTIMATE);
    line->back = fftw_plan_dft_c2r_1d((int)n_out, modes, line->real, FFTW_ESTIMATE);
    return line->forward && line->back ? RG_OK : RG_ENOMEM;
}

static void line_resample(const struct line *line) {
    const ptrdiff_t least = line->n < line->n_out ? line->n : line->n_out, kept = least / 2 + 1;
    double *c = line->spectrum;
    fftw_execute(line->forward);
    for (ptrdiff_t i = 0; i < 2 * kept; i++) c[i] /= (double)line->n;
    for (ptrdiff_t i = 2 * kept; i < 2 * (line->n_out / 2 + 1); i++) c[i] = 0;
    if (least % 2 == 0 && line->n != line->n_out) {
        const int finer = line->n_out > line->n;
        c[least] *= finer ? 0.5 : 2;
        c[least + 1] *= finer ? 0.5 : 0;
    }
    fftw_execute(line->back);
}

/* in (outer, n, inner) -> out (outer, n_out, inner) */
static void resample_axis(const struct line *line, ptrdiff_t outer, ptrdiff_t inner, const double *in, double *out) {
    for (ptrdiff_t o = 0; o < outer; o++)
        for (ptrdiff_t i = 0; i < inner; i++) {
            const double *source = in + o * line->n * inner + i;
            double *target = out + o * line->n_out * inner + i;
            for (ptrdiff_t j = 0; j < line->n; j++) line->real[j] = source[j * inner];
            line_resample(line);
            for (ptrdiff_t j = 0; j < line->n_out; j++) target[j * inner] = line->real[j];
        }
}

/* One axis of every component, from `in` into a new array; `shape` holds the sizes so far and is updated. */
static rg_status next_axis(ptrdiff_t shape[4], int axis, ptrdiff_t n_out, const double *in, double **out) {
    ptrdiff_t outer = 1, inner = 1;
    for (int a = 0; a < axis; a++) outer *= shape[a];
    for (int a = axis + 1; a < 4; a++) inner *= shape[a];
    struct line line;
    rg_status status = line_create(shape[axis], n_out, &line);
    double *result = status ? NULL : rg_field_alloc(rg_size_product((size_t)(outer * inner), (size_t)n_out));
    if (result) resample_axis(&line, outer, inner, in, result);
    line_destroy(&line);
    if (!result) return RG_ENOMEM;
    shape[axis] = n_out;
    *out = result;
    return RG_OK;
}

static int same_box(const rg_grid *a, const rg_grid *b) {
    rg_grid c = *b;
    for (int i = 0; i < RG_MAX_DIM; i++) c.shape[i] = a->shape[i];
    return rg_grid_same(a, &c);
}

rg_status rg_resample(const rg_grid *from, const double *values, const rg_grid *to, size_t components, double *out) {
    if (!from || !to || !values || !out || components == 0 || !same_box(from, to)) return RG_EINVAL;
    ptrdiff_t shape[4] = {(ptrdiff_t)components, from->shape[0], from->shape[1], from->shape[2]};
    const double *in = values;
    double *held = NULL;
    for (int a = 0; a < from->dim; a++) {
        double *next;
        const rg_status status = next_axis(shape, a + 1, to->shape[a], in, &next);
        rg_free(held);
        if (status) return status;
        in = held = next;
    }
    assert(held); /* a grid has an axis */
    const ptrdiff_t count = (ptrdiff_t)components * rg_grid_cells(to);
    for (ptrdiff_t i = 0; i < count; i++) out[i] = held[i];
    rg_free(held);
    return RG_OK;
}
