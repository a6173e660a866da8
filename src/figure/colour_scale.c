/* The range of colours.
 *
 * With x the value (linear) or its log10 (log), the map covers [x(minimum), x(maximum)]; the diverging map covers
 * [-m, m], m = max |x|, so that its white is 0 (linear) or 1 (log) and a one-sided range shows part of the map. Values
 * outside the range take the colour of its end; the cyclic map wraps instead. What has no x is drawn in grey: values
 * that are not finite, negative ones on a log scale. Zero on a log scale is below every minimum.
 */
#include "figure/colour_scale.h"
#include "base/base.h"

#include <math.h>

#define PI 3.14159265358979323846

static const double log_span = 1e12;       /* largest ratio of an automatic log range */
static const double constant_span = 1e-12; /* a relative range below this is rounding, not structure */
static const double constant_margin = 0.1; /* relative range drawn around a constant */
static const double tiny = 1e-290;         /* below this powers of ten lose their digits: drawn as zero */

rg_colour_extent rg_colour_extent_of(const rg_heat_map *heat) {
    rg_colour_extent e = {HUGE_VAL, -HUGE_VAL, HUGE_VAL};
    for (ptrdiff_t i = 0; i < heat->shape[0] * heat->shape[1]; i++) {
        const double v = heat->values[i];
        if (!isfinite(v)) continue;
        e.minimum = v < e.minimum ? v : e.minimum;
        e.maximum = v > e.maximum ? v : e.maximum;
        e.smallest_positive = v > 0 && v < e.smallest_positive ? v : e.smallest_positive;
    }
    return e;
}

rg_colour_extent rg_colour_extent_union(rg_colour_extent a, rg_colour_extent b) {
    return (rg_colour_extent){fmin(a.minimum, b.minimum), fmax(a.maximum, b.maximum),
                              fmin(a.smallest_positive, b.smallest_positive)};
}

static void linear_range(rg_colour_scale *s, const rg_colour_extent *e) {
    const double largest = fmax(fabs(e->minimum), fabs(e->maximum));
    s->minimum = e->minimum;
    s->maximum = e->maximum;
    if (s->map == RG_MAP_CYCLIC) {
        s->minimum = -PI;
        s->maximum = PI;
    } else if (s->map == RG_MAP_DIVERGING) {
        s->maximum = largest > tiny ? largest : 1;
        s->minimum = -s->maximum;
    } else if (e->maximum - e->minimum <= fmax(constant_span * largest, tiny)) {
        const double margin = largest > tiny ? constant_margin * largest : 1;
        s->minimum -= margin;
        s->maximum += margin;
    }
}

static void log_range(rg_colour_scale *s, const rg_colour_extent *e) {
    s->maximum = e->maximum;
    s->minimum = fmax(fmax(e->smallest_positive, e->maximum / log_span), tiny);
    if (s->map == RG_MAP_DIVERGING) {
        s->maximum = fmin(fmax(e->maximum, 1 / e->smallest_positive), sqrt(log_span));
        s->minimum = 1 / s->maximum;
    }
    if (s->maximum <= s->minimum * (1 + constant_span)) {
        s->minimum /= 10;
        s->maximum *= 10;
    }
}

static rg_status check_range(const rg_colour_scale *s, rg_diagnostic *diagnostic) {
    const double lowest = s->scale == RG_SCALE_LOG ? tiny : -HUGE_VAL;
    const double span = s->maximum - s->minimum;
    if (!isfinite(span) || span <= 0 || s->minimum < lowest)
        return rg_fail(
            diagnostic, RG_EINVAL,
            "expected a finite%s colour range with minimum below maximum (both 0: from the data), got %g to %g",
            s->scale == RG_SCALE_LOG ? ", positive" : "", s->minimum, s->maximum);
    if (span <= fmax(constant_span * fmax(fabs(s->minimum), fabs(s->maximum)), tiny))
        return rg_fail(diagnostic, RG_EINVAL, "the colour range %.17g to %.17g is narrower than 12 digits can show",
                       s->minimum, s->maximum);
    return RG_OK;
}

static double position(const rg_colour_scale *s, double value) {
    return s->scale == RG_SCALE_LOG ? log10(value) : value;
}

static void set_entries(rg_colour_scale *s) {
    const double low = position(s, s->minimum), high = position(s, s->maximum);
    const double half = s->map == RG_MAP_DIVERGING ? fmax(fabs(low), fabs(high)) : (high - low) / 2;
    s->origin = s->map == RG_MAP_DIVERGING ? -half : low;
    s->per_unit = RG_COLOURS / (2 * half);
}

rg_status rg_colour_scale_init(const rg_heat_map *heat, const rg_colour_extent *shared, rg_colour_scale *scale,
                               rg_diagnostic *diagnostic) {
    const rg_colour_extent own = rg_colour_extent_of(heat), e = shared ? *shared : own;
    rg_colour_scale s = {.map = heat->map, .scale = heat->scale};
    if (own.minimum > own.maximum) return rg_fail(diagnostic, RG_EINVAL, "the array has no finite value");
    if (s.scale == RG_SCALE_LOG && e.maximum <= 0)
        return rg_fail(diagnostic, RG_EINVAL, "a log scale needs a positive value; the largest is %g", e.maximum);
    if (s.scale == RG_SCALE_LOG && s.map == RG_MAP_CYCLIC)
        return rg_fail(diagnostic, RG_EINVAL, "the cyclic colour map is for angles; it has no log scale");
    if (s.scale == RG_SCALE_LOG)
        log_range(&s, &e);
    else
        linear_range(&s, &e);
    const int given = heat->minimum != 0 || heat->maximum != 0; /* true for NaN */
    if (given) s.maximum = heat->maximum;
    if (given && !(s.scale == RG_SCALE_LOG && heat->minimum == 0)) s.minimum = heat->minimum;
    const rg_status status = check_range(&s, diagnostic);
    if (status != RG_OK) return status;
    s.below = s.map != RG_MAP_CYCLIC && own.minimum < s.minimum;
    s.above = s.map != RG_MAP_CYCLIC && own.maximum > s.maximum;
    set_entries(&s);
    rg_colour_map_table(s.map, s.table);
    *scale = s;
    return RG_OK;
}

uint32_t rg_colour_scale_pixel(const rg_colour_scale *s, double value) {
    if (!isfinite(value) || (s->scale == RG_SCALE_LOG && value < 0)) return RG_COLOUR_MISSING;
    if (s->map == RG_MAP_CYCLIC) {
        const double turns = (value - s->origin) * (s->per_unit / RG_COLOURS);
        return s->table[(int)((turns - floor(turns)) * RG_COLOURS) % RG_COLOURS];
    }
    const double inside = value < s->minimum ? s->minimum : value > s->maximum ? s->maximum : value;
    const double entry = (position(s, inside) - s->origin) * s->per_unit;
    return s->table[entry <= 0 ? 0 : entry >= RG_COLOURS - 1 ? RG_COLOURS - 1 : (int)entry];
}

double rg_colour_scale_value(const rg_colour_scale *s, double fraction) {
    const double low = position(s, s->minimum), high = position(s, s->maximum);
    const double x = low + fraction * (high - low);
    return s->scale == RG_SCALE_LOG ? pow(10, x) : x;
}
