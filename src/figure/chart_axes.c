/* The range of a chart's axis.
 *
 * Linear: from the least to the greatest value, ends of error bars included, and 4 % of that on either side; from 0
 * when no value is negative and the least is below a tenth of the greatest, since a length from 0 is read more truly.
 * Log: likewise in decades, from the least value that is at least 1e-12 of the greatest: what is below is as good as 0
 * and breaks the line, as 0 does. The lower ends of error bars, which may come close to 0 by chance, reach one decade
 * further than the points at most.
 * A constant is drawn in the middle of a range around it. */
#include "base/base.h"
#include "figure/curves.h"
#include "figure/rows.h"

static const double margin = 0.04;
static const double near_zero = 0.1;       /* of the greatest value */
static const double bar_span = 10;         /* of an error bar below the least point of a log axis */
static const double constant_span = 1e-12; /* a relative range below this is rounding, not structure */
static const double constant_margin = 0.1; /* relative range drawn around a constant */
static const double largest = 1e290, tiny = 1e-290;

/* Of what an axis can show: the points, and with them the ends of their error bars. */
struct extent {
    double least, greatest, lowest_end;
};

static const struct extent nothing = {HUGE_VAL, -HUGE_VAL, HUGE_VAL};

static int can_show(const rg_axis *axis, double value) {
    return fabs(value) <= largest && (axis->scale != RG_SCALE_LOG || value >= tiny); /* false for NaN */
}

static void widen(struct extent *extent, double value) {
    extent->least = fmin(extent->least, value);
    extent->greatest = fmax(extent->greatest, value);
}

static void widen_by_curve(const rg_panel *panel, const rg_curve *curve, const double least[2],
                           struct extent extent[2]) {
    const rg_axis *x = &panel->x, *y = &panel->y;
    const int barred = panel->rows ? 0 : 1; /* the axis of the error bars */
    const rg_axis *of = barred ? y : x;
    struct extent *bars = &extent[barred];
    for (ptrdiff_t i = 0; i < curve->count; i++) {
        if (!can_show(x, curve->x[i]) || !can_show(y, curve->y[i])) continue;
        if (curve->x[i] >= least[0]) widen(&extent[0], curve->x[i]);
        if (curve->y[i] >= least[1]) widen(&extent[1], curve->y[i]);
        if (!curve->lower) continue;
        if (can_show(of, curve->upper[i])) bars->greatest = fmax(bars->greatest, curve->upper[i]);
        if (can_show(of, curve->lower[i]) && curve->lower[i] >= least[barred])
            bars->lowest_end = fmin(bars->lowest_end, curve->lower[i]);
    }
}

static void measure(const rg_panel *panel, const double least[2], struct extent extent[2]) {
    extent[0] = extent[1] = nothing;
    for (size_t i = 0; i < panel->curves; i++) widen_by_curve(panel, &panel->curve[i], least, extent);
}

static double bottom_of(const rg_axis *axis, const struct extent *e) {
    return axis->scale == RG_SCALE_LOG ? e->greatest / RG_LOG_SPAN : -HUGE_VAL;
}

static double least_shown(const rg_axis *axis, const struct extent *e) {
    if (axis->scale != RG_SCALE_LOG) return fmin(e->least, e->lowest_end);
    return fmin(e->least, fmax(e->lowest_end, e->least / bar_span));
}

static void linear_range(rg_axis *axis, double least, double greatest) {
    const double size = fmax(fabs(least), fabs(greatest)), span = greatest - least;
    if (span <= fmax(constant_span * size, tiny)) {
        const double around = size > tiny ? constant_margin * size : 1;
        axis->lower = least - around;
        axis->upper = greatest + around;
        return;
    }
    axis->lower = least >= 0 && least < near_zero * greatest ? 0 : least - margin * span;
    axis->upper = greatest + margin * span;
}

static void log_range(rg_axis *axis, double least, double greatest) {
    const int constant = greatest <= least * (1 + constant_span);
    const double factor = constant ? 10 : pow(greatest / least, margin);
    axis->lower = least / factor;
    axis->upper = greatest * factor;
}

static int is_given(const rg_axis *axis) {
    return axis->lower != 0 || axis->upper != 0; /* true for NaN */
}

static int lacks_lower(const rg_axis *axis) {
    return axis->scale == RG_SCALE_LOG && axis->lower == 0;
}

/* What is not given. */
static void choose(rg_axis *axis, const struct extent *e) {
    const rg_axis given = *axis;
    if (is_given(&given) && !lacks_lower(&given)) return;
    if (axis->scale == RG_SCALE_LOG)
        log_range(axis, least_shown(axis, e), e->greatest);
    else
        linear_range(axis, least_shown(axis, e), e->greatest);
    if (is_given(&given)) axis->upper = given.upper;
}

static rg_status check_axis(const rg_axis *axis, const char *name, rg_diagnostic *diagnostic) {
    const double low = axis->lower, high = axis->upper;
    const int logarithmic = axis->scale == RG_SCALE_LOG;
    if (!(fabs(low) <= largest && fabs(high) <= largest && low < high) || (logarithmic && low < tiny))
        return rg_fail(diagnostic, RG_EINVAL,
                       "axis %s: expected a finite%s range with the lower end below the upper one (both 0: from the "
                       "curves), got %g to %g",
                       name, logarithmic ? ", positive" : "", low, high);
    if (high - low <= fmax(constant_span * fmax(fabs(low), fabs(high)), tiny))
        return rg_fail(diagnostic, RG_EINVAL, "axis %s: the range %.17g to %.17g is narrower than 12 digits can show",
                       name, low, high);
    return RG_OK;
}

/* With `diagonal` and no range given, one for both. */
static void unite(const rg_panel *panel, struct extent extent[2]) {
    const int alike = (panel->x.scale == RG_SCALE_LOG) == (panel->y.scale == RG_SCALE_LOG);
    if (!panel->diagonal || !alike || is_given(&panel->x) || is_given(&panel->y)) return;
    widen(&extent[0], extent[1].least);
    widen(&extent[0], extent[1].greatest);
    extent[0].lowest_end = extent[1].lowest_end;
    extent[1] = extent[0];
}

rg_status rg_curves_axes(const rg_panel *panel, rg_axis *x, rg_axis *y, rg_diagnostic *diagnostic) {
    const double everything[2] = {-HUGE_VAL, -HUGE_VAL};
    struct extent extent[2];
    measure(panel, everything, extent);
    if (extent[0].least > extent[0].greatest)
        return rg_fail(
            diagnostic, RG_EINVAL,
            "no point can be shown: each has a coordinate that is not finite, or not positive on a log axis");
    const double least[2] = {bottom_of(&panel->x, &extent[0]), bottom_of(&panel->y, &extent[1])};
    measure(panel, least, extent);
    unite(panel, extent);
    *x = panel->x;
    *y = panel->y;
    choose(x, &extent[0]);
    if (panel->rows)
        rg_rows_axis(panel, y);
    else
        choose(y, &extent[1]);
    const rg_status status = check_axis(x, "x", diagnostic);
    return status == RG_OK && !panel->rows ? check_axis(y, "y", diagnostic) : status;
}
