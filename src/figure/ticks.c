/* Ticks at 1, 2, 2.5 or 5 times a power of ten, at multiples of pi/2 when the axis is made of them, at parts of a circle
 * when it states degrees, at powers of ten on a log axis. A finer set is tried first and a coarser one taken until the measured numbers leave air between them.
 *
 * On a linear axis the numbers are (value - offset) / 10^exponent, so that no number is longer than its neighbours'
 * difference needs; both are written once, as the factor.
 */
#include "figure/ticks.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define PI       3.14159265358979323846
#define DEGREE   "\xc2\xb0"
#define AT_LEAST "\xe2\x89\xa5" RG_THIN_SPACE
#define AT_MOST  "\xe2\x89\xa4" RG_THIN_SPACE

enum { FEWEST_TICKS = 2, MOST_TICKS = 9, MOST_MINOR_DECADES = 6, MOST_DECADES = 40, TURN = 360 };
/* Powers of ten: numbers are written plainly from SMALLEST_PLAIN up to below LARGEST_PLAIN. */
enum { SMALLEST_PLAIN = -2, LARGEST_PLAIN = 4, LARGEST_PLAIN_OFFSET = 7, PLAIN_LOG_END = 2 };

static const double spacing_across = 34, spacing_upwards = 20; /* wanted distance of ticks, in points */
static const double air_across = 5, air_upwards = 9.5;         /* least distance of numbers: between them; of middles */
static const double nearly = 1e-9;                             /* rounding allowed when a tick should hit an end */

static const double wide_ratio = 4; /* of a log axis: from here on 1, 2, 5, 10 read better */

/* How a linear axis writes a value. */
struct unit {
    double offset;
    int exponent;
    double lower, upper; /* the ends of the axis in this unit */
};

static int cut_needed(int exponent) {
    return exponent >= LARGEST_PLAIN || exponent < SMALLEST_PLAIN;
}

/* An offset is worth writing when the numbers would need more than four digits to differ. */
static struct unit choose_unit(const rg_tick_axis *axis) {
    const double span = axis->upper - axis->lower;
    const double largest = fmax(fabs(axis->lower), fabs(axis->upper));
    struct unit unit = {0, 0, 0, 0};
    if (span < 1e-3 * largest) {
        const double grain = rg_number_ten_to(rg_number_magnitude(span) + 1);
        unit.offset = round((axis->lower + axis->upper) / 2 / grain) * grain;
    }
    const double rest = fmax(fabs(axis->lower - unit.offset), fabs(axis->upper - unit.offset));
    const int exponent = rg_number_magnitude(rest);
    unit.exponent = cut_needed(exponent) ? exponent : 0;
    unit.lower = (axis->lower - unit.offset) / rg_number_ten_to(unit.exponent);
    unit.upper = (axis->upper - unit.offset) / rg_number_ten_to(unit.exponent);
    return unit;
}

/* Digits of the offset down to the place where the ticks take over. */
static void write_offset(char text[RG_NUMBER_TEXT], double offset, double span) {
    const int exponent = rg_number_magnitude(fabs(offset));
    const int scaled = exponent >= LARGEST_PLAIN_OFFSET || exponent < SMALLEST_PLAIN ? exponent : 0;
    const int decimals = scaled - rg_number_magnitude(span) - 1;
    char number[RG_NUMBER_TEXT];
    rg_number_fixed(number, fabs(offset) / rg_number_ten_to(scaled), decimals > 0 ? decimals : 0);
    rg_number_trim(number);
    if (scaled)
        rg_number_power(text, number, scaled);
    else
        g_strlcpy(text, number, RG_NUMBER_TEXT);
}

static void write_factor(char factor[2 * RG_NUMBER_TEXT], const struct unit *unit, double span) {
    char power[RG_NUMBER_TEXT] = "", offset[RG_NUMBER_TEXT] = "", body[RG_NUMBER_TEXT];
    if (unit->exponent) {
        rg_number_power(body, "", unit->exponent);
        g_snprintf(power, sizeof power, RG_TIMES "%s", body);
    }
    if (unit->offset != 0) {
        write_offset(body, unit->offset, span);
        g_snprintf(offset, sizeof offset, "%s%s" RG_THIN_SPACE "%s", unit->exponent ? " " : "",
                   unit->offset < 0 ? RG_MINUS : "+", body);
    }
    g_snprintf(factor, 2 * RG_NUMBER_TEXT, "%s%s", power, offset);
}

static rg_tick *add(rg_ticks *ticks, double at) {
    if (ticks->count == RG_TICK_LIMIT) return NULL;
    rg_tick *tick = &ticks->tick[ticks->count++];
    tick->at = at;
    tick->text[0] = 0;
    tick->name = NULL;
    return tick;
}

static double nice_step(double least) {
    static const double step[] = {1, 2, 2.5, 5, 10};
    const double power = rg_number_ten_to(rg_number_magnitude(least));
    int i = 0;
    while (i < 4 && step[i] * power < least * (1 - nearly)) i++;
    return step[i] * power;
}

/* Parts of a circle from one degree on, then whole turns. */
static double nice_angle(double least) {
    static const double step[] = {1, 2, 5, 10, 15, 30, 45, 60, 90, 180, TURN};
    enum { STEPS = sizeof step / sizeof *step };
    if (least < 0.5 || least > TURN) return least < 0.5 ? nice_step(least) : TURN * ceil(nice_step(least / TURN));
    int i = 0;
    while (step[i] < least * (1 - nearly)) i++;
    return step[i];
}

/* 0.25 needs one digit more than its magnitude says. */
static int decimals_of(double step) {
    const int digits = -rg_number_magnitude(step);
    const double leading = step * rg_number_ten_to(digits);
    const int wanted = digits + (fabs(leading - round(leading)) > nearly);
    return wanted > 0 ? wanted : 0;
}

static void linear_ticks(const rg_tick_axis *axis, const struct unit *unit, int most, rg_ticks *ticks) {
    const double span = unit->upper - unit->lower, least = span / (most + 1);
    const double step = axis->degrees && !unit->exponent && unit->offset == 0 ? nice_angle(least) : nice_step(least);
    const double first = ceil(unit->lower / step - nearly), last = floor(unit->upper / step + nearly);
    for (int i = 0; i <= last - first; i++) {
        const double k = first + i;
        rg_tick *tick = add(ticks, (k * step - unit->lower) / span);
        if (!tick) return;
        rg_number_fixed(tick->text, k * step, decimals_of(step));
        if (axis->degrees) g_strlcat(tick->text, DEGREE, sizeof tick->text);
    }
}

static int made_of_pi(const rg_tick_axis *axis) {
    const double low = axis->lower / (PI / 2), quarters = (axis->upper - axis->lower) / (PI / 2);
    return quarters > 1 && quarters < 8 + nearly && fabs(low) < 100 && fabs(low - round(low)) < nearly &&
           fabs(quarters - round(quarters)) < nearly;
}

static void pi_ticks(const rg_tick_axis *axis, int most, rg_ticks *ticks) {
    const int first = (int)lround(axis->lower / (PI / 2)), last = (int)lround(axis->upper / (PI / 2));
    int stride = 1;
    while (stride < last - first && stride * most < last - first) stride *= 2;
    for (int k = first; k <= last; k++) {
        if (k % stride) continue;
        rg_tick *tick = add(ticks, (double)(k - first) / (last - first));
        if (tick) rg_number_pi(tick->text, k);
    }
}

static void add_minor_decade(int decade, double low, double span, rg_ticks *ticks) {
    for (int digit = 2; digit < 10; digit++) {
        const double at = (decade + log10(digit) - low) / span;
        if (at > 0 && at < 1) add(ticks, at);
    }
}

static void log_ticks(double low, double high, int most, rg_ticks *ticks) {
    const double span = high - low;
    const int first = (int)floor(low + nearly), last = (int)floor(high + nearly);
    const int stride = (last - first + most - 1) / most;
    const int minor = stride <= 1 && last - first <= MOST_MINOR_DECADES, each = last - first <= MOST_DECADES;
    for (int k = first; k <= last; k++) {
        const int numbered = stride < 2 || k % stride == 0;
        rg_tick *tick = (numbered || each) && k >= low - nearly ? add(ticks, (k - low) / span) : NULL;
        if (tick && numbered) rg_number_power(tick->text, "", k);
        if (minor) add_minor_decade(k, low, span, ticks);
    }
}

static double log_place(const rg_tick_axis *axis, double value) {
    return log(value / axis->lower) / log(axis->upper / axis->lower);
}

static void one_two_five_ticks(const rg_tick_axis *axis, const struct unit *unit, rg_ticks *ticks) {
    for (int k = rg_number_magnitude(unit->lower); k <= rg_number_magnitude(unit->upper); k++)
        for (int digit = 1; digit < 10; digit++) {
            const double number = digit * rg_number_ten_to(k),
                         at = log_place(axis, number * rg_number_ten_to(unit->exponent));
            rg_tick *tick = at > -nearly && at < 1 + nearly ? add(ticks, at) : NULL;
            if (tick && (digit <= 2 || digit == 5)) rg_number_fixed(tick->text, number, k < 0 ? -k : 0);
        }
}

/* Fewer than two powers of ten lie on the axis: plain numbers at their log positions. */
static void short_log_ticks(const rg_tick_axis *axis, const struct unit *unit, int most, rg_ticks *ticks) {
    if (axis->upper > wide_ratio * axis->lower) {
        one_two_five_ticks(axis, unit, ticks);
        return;
    }
    const int before = ticks->count;
    linear_ticks(axis, unit, most, ticks);
    for (int i = before; i < ticks->count; i++)
        ticks->tick[i].at = log_place(axis, axis->lower + ticks->tick[i].at * (axis->upper - axis->lower));
}

static int is_long_log(const rg_tick_axis *axis) {
    return axis->scale == RG_SCALE_LOG && floor(log10(axis->upper) + nearly) > ceil(log10(axis->lower) - nearly);
}

static void write_log_end(char text[RG_NUMBER_TEXT], double value) {
    char mantissa[RG_NUMBER_TEXT];
    int exponent = rg_number_magnitude(value);
    if (value / rg_number_ten_to(exponent) >= 9.95) exponent++; /* it would be written as 10 */
    rg_number_significant(mantissa, value / rg_number_ten_to(exponent), 2);
    if (strcmp(mantissa, "1") == 0)
        rg_number_power(text, "", exponent);
    else if (abs(exponent) <= PLAIN_LOG_END)
        rg_number_significant(text, value, 2);
    else
        rg_number_power(text, mantissa, exponent);
}

static void write_end(char text[RG_NUMBER_TEXT], const rg_tick_axis *axis, const struct unit *unit, int upper) {
    const double value = upper ? axis->upper : axis->lower, number = upper ? unit->upper : unit->lower;
    if (is_long_log(axis)) {
        write_log_end(text, value);
    } else if (axis->scale == RG_SCALE_LOG) {
        rg_number_significant(text, number, 3);
    } else if (!axis->degrees && made_of_pi(axis)) {
        rg_number_pi(text, (int)lround(value / (PI / 2)));
    } else {
        const int decimals = 2 - rg_number_magnitude(unit->upper - unit->lower);
        rg_number_fixed(text, number, decimals > 0 ? decimals : 0);
        rg_number_trim(text);
    }
}

static void add_end(const rg_tick_axis *axis, const struct unit *unit, int upper, rg_ticks *ticks) {
    rg_tick *tick = add(ticks, upper);
    if (!tick) return;
    char number[RG_NUMBER_TEXT];
    write_end(number, axis, unit, upper);
    const char *sign = upper && axis->above ? AT_LEAST : !upper && axis->below ? AT_MOST : "";
    g_snprintf(tick->text, RG_NUMBER_TEXT, "%s%s", sign, number);
}

static int too_close(rg_text *text, const rg_tick_axis *axis, const rg_tick *a, const rg_tick *b) {
    const double distance = fabs(b->at - a->at) * axis->length;
    if (axis->upwards) return distance < air_upwards;
    const rg_caption first = rg_tick_caption(a), second = rg_tick_caption(b);
    const double half = (rg_text_measure(text, &first).width + rg_text_measure(text, &second).width) / 2;
    return distance < half + air_across;
}

/* A stated end wins over a nice number beside it; the tick stays as a minor one unless it coincides with the end. */
static void clear_ends(rg_text *text, const rg_tick_axis *axis, rg_ticks *ticks) {
    const rg_tick low = ticks->tick[0], high = ticks->tick[ticks->count - 1];
    int kept = 1;
    for (int i = 1; i < ticks->count - 1; i++) {
        rg_tick tick = ticks->tick[i];
        if (tick.at < nearly || tick.at > 1 - nearly) continue;
        if (too_close(text, axis, &tick, &low) || too_close(text, axis, &tick, &high)) tick.text[0] = 0;
        ticks->tick[kept++] = tick;
    }
    ticks->tick[kept++] = high;
    ticks->count = kept;
}

static int crowded(rg_text *text, const rg_tick_axis *axis, const rg_ticks *ticks) {
    const rg_tick *last = NULL;
    for (int i = 0; i < ticks->count; i++) {
        const rg_tick *tick = &ticks->tick[i];
        if (!tick->text[0]) continue;
        if (last && too_close(text, axis, last, tick)) return 1;
        last = tick;
    }
    return 0;
}

static void make(rg_text *text, const rg_tick_axis *axis, int most, rg_ticks *ticks) {
    const struct unit unit = choose_unit(axis);
    const int pi = axis->scale == RG_SCALE_LINEAR && !axis->degrees && made_of_pi(axis), powers = is_long_log(axis);
    ticks->count = 0;
    ticks->factor[0] = 0;
    if (axis->ends) add_end(axis, &unit, 0, ticks);
    if (powers)
        log_ticks(log10(axis->lower), log10(axis->upper), most, ticks);
    else if (pi)
        pi_ticks(axis, most, ticks);
    else if (axis->scale == RG_SCALE_LOG)
        short_log_ticks(axis, &unit, most, ticks);
    else
        linear_ticks(axis, &unit, most, ticks);
    if (!powers && !pi) write_factor(ticks->factor, &unit, axis->upper - axis->lower);
    if (!axis->ends) return;
    add_end(axis, &unit, 1, ticks);
    clear_ends(text, axis, ticks);
}

static rg_tick_axis in_degrees(const rg_tick_axis *axis) {
    rg_tick_axis degrees = *axis;
    degrees.lower *= 180 / PI;
    degrees.upper *= 180 / PI;
    return degrees;
}

void rg_ticks_choose(rg_text *text, const rg_tick_axis *given, rg_ticks *ticks) {
    const rg_tick_axis shown = given->degrees ? in_degrees(given) : *given, *axis = &shown;
    const double room = axis->length / (axis->upwards ? spacing_upwards : spacing_across);
    int most = (int)fmin(fmax(room, FEWEST_TICKS), MOST_TICKS);
    do make(text, axis, most, ticks);
    while (crowded(text, axis, ticks) && --most > 0);
    for (int i = 1; most == 0 && i < ticks->count; i++) ticks->tick[i].text[0] = 0;
}

void rg_ticks_name(size_t rows, const char *const *row, rg_ticks *ticks) {
    ticks->count = 0;
    ticks->factor[0] = 0;
    for (size_t i = rows; i-- > 0;) {
        rg_tick *tick = add(ticks, 1 - ((double)i + 0.5) / (double)rows);
        if (tick) tick->name = row[i];
    }
}

rg_caption rg_tick_caption(const rg_tick *tick) {
    return (rg_caption){RG_FONT_TICK, tick->name ? tick->name : tick->text, NULL, 0};
}

int rg_tick_is_minor(const rg_tick *tick) {
    return !tick->name && !tick->text[0];
}

double rg_ticks_width(rg_text *text, const rg_ticks *ticks) {
    double widest = 0;
    for (int i = 0; i < ticks->count; i++) {
        const rg_caption caption = rg_tick_caption(&ticks->tick[i]);
        widest = fmax(widest, rg_text_measure(text, &caption).width);
    }
    return widest;
}
