/* rotgrad info: sums over an array, and guesses at what it is. */
#include "info.h"

#include <rotgrad/grid.h>

#include <math.h>

info_summary info_summarise(const rg_array *array) {
    info_summary s = {.count = array->count, .min = (double)NAN, .max = (double)NAN, .whole = 1, .ascending = 1};
    for (size_t i = 0; i < array->count; i++) {
        const double x = array->data[i];
        s.nan += isnan(x) != 0;
        s.infinite += isinf(x) != 0;
        s.zero += x == 0;
        s.negative += x < 0;
        s.whole &= x == floor(x);
        s.ascending &= i == 0 || x > array->data[i - 1];
        if (!isfinite(x)) continue;
        s.min = fmin(s.min, x); /* the other one when one is NaN */
        s.max = fmax(s.max, x);
        s.sum += x;
    }
    const size_t finite = s.count - s.nan - s.infinite;
    s.mean = finite ? s.sum / (double)finite : (double)NAN;
    return s;
}

/* ---- shapes */

static int grid_axes_from(const rg_array *a, int first) {
    for (int axis = first; axis < a->dim; axis++)
        if (a->shape[axis] < RG_MIN_POINTS) return 0;
    return a->dim - first >= 1 && a->dim - first <= RG_MAX_DIM;
}

static int is_learned(const rg_array *a, const info_summary *s) {
    (void)s;
    return a->dim >= 3 && a->shape[1] == a->dim - 2 && grid_axes_from(a, 2);
}

static int is_field(const rg_array *a, const info_summary *s) {
    (void)s;
    return a->dim >= 2 && a->shape[0] == a->dim - 1 && grid_axes_from(a, 1);
}

static int is_samples(const rg_array *a, const info_summary *s) {
    (void)s;
    return a->dim == 2 && a->shape[1] >= 1 && a->shape[1] <= RG_MAX_DIM && a->shape[0] > a->shape[1];
}

static int is_mask(const rg_array *a, const info_summary *s) {
    return a->dim == 1 && s->whole && s->min >= 0 && s->max <= 1;
}

static int is_noise_levels(const rg_array *a, const info_summary *s) {
    return a->dim == 1 && a->count > 1 && s->ascending && s->min > 0;
}

static int is_density(const rg_array *a, const info_summary *s) {
    return grid_axes_from(a, 0) && s->negative == 0 && s->sum > 0 && !is_mask(a, s) && !is_noise_levels(a, s);
}

/* ---- what may be wrong */

static const double pi = 3.14159265358979323846;

static int not_finite(const rg_array *a, const info_summary *s) {
    (void)a;
    return s->nan > 0 || s->infinite > 0;
}

static int looks_like_degrees(const rg_array *a, const info_summary *s) {
    return is_samples(a, s) && fmax(s->max, -s->min) > 2 * pi && fmax(s->max, -s->min) <= 360;
}

static int is_beyond_box(const rg_array *a, const info_summary *s) {
    return is_samples(a, s) && (s->min < -pi || s->max >= pi) && !looks_like_degrees(a, s);
}

static int has_zeros(const rg_array *a, const info_summary *s) {
    return is_density(a, s) && s->zero > 0;
}

static int is_empty(const rg_array *a, const info_summary *s) {
    (void)s;
    return a->count == 0;
}

static const struct {
    int (*applies)(const rg_array *array, const info_summary *summary);
    const char *text;
} hints[] = {
    {is_learned, "looks like a learned score (K, d, n0, ...)"},
    {is_field, "looks like a vector field (d, n0, ...)"},
    {is_samples, "looks like samples (N, d)"},
    {is_mask, "looks like a mask (N,)"},
    {is_noise_levels, "looks like noise levels (K,), ascending"},
    {is_density, "looks like a density (n0, ...)"},
    {is_empty, "there is no value in it"},
    {not_finite, "NaN or infinite values: they are refused, repair or leave them out"},
    {looks_like_degrees, "values beyond [-2pi, 2pi]: degrees? angles are expected in radians"},
    {is_beyond_box, "values beyond [-pi, pi): they are wrapped into the box"},
    {has_zeros, "zeros: a density needs a background there"},
};

_Static_assert(sizeof hints / sizeof *hints <= INFO_MAX_HINTS, "info_hints' callers lack room");

size_t info_hints(const rg_array *array, const info_summary *summary, const char *hint[INFO_MAX_HINTS]) {
    size_t count = 0;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].applies(array, summary)) hint[count++] = hints[i].text;
    return count;
}
