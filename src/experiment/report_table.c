/* The summary for people: the answer in plain sentences first, then the numbers, then the claims.
 *
 * A number is written as in metrology: 0.0058904(12) is 0.0058904 +- 0.0000012, 1.5(3)e-09 is 1.5e-09 +- 0.3e-09. */
#include "base/base.h"
#include "experiment/report.h"

#include <float.h>
#include <glib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 100,
    LABEL_WIDTH = 15,
    CELL_WIDTH = 16,
    NUMBER_SIZE = 64,
    DIGITS = 6,
    VERDICT_WIDTH = 9,
    SIDE_WIDTH = 15
};
/* Powers of ten: numbers are written plainly from SMALLEST_PLAIN up to below LARGEST_PLAIN. */
enum { SMALLEST_PLAIN = -3, LARGEST_PLAIN = 5 };

struct number {
    char text[NUMBER_SIZE];
};

/* ---- numbers */

/* printf's would have the locale's decimal sign. */
static struct number shown(const char *format, double value) {
    struct number n;
    g_ascii_formatd(n.text, sizeof n.text, format, value);
    return n;
}

static struct number three_digits(double value) {
    return isfinite(value) ? shown("%.3g", value) : (struct number){"infinite"};
}

static int magnitude(double x) {
    return x > 0 && isfinite(x) ? (int)floor(log10(x)) : -400;
}

/* The power of ten that the last digit stands for: the second digit of the error, but no more than DIGITS of the value
 * or, where it is larger, the error. */
static int last_place(rg_value v) {
    const int leading = (int)fmax(magnitude(fabs(v.value)), magnitude(v.error));
    return (int)fmax(magnitude(v.error) - 1, leading - DIGITS + 1);
}

static struct number uncertain(double value, double error, int decimals) {
    char format[NUMBER_SIZE];
    snprintf(format, sizeof format, "%%.%df", decimals);
    struct number n = shown(format, value);
    const size_t used = strlen(n.text);
    if (error > 0)
        snprintf(n.text + used, sizeof n.text - used, "(%.0f)", ceil(error * pow(10, decimals) * (1 - 1e-9)));
    return n;
}

static struct number number_of(rg_value v) {
    if (isnan(v.value)) return (struct number){"unknown"};
    if (isinf(v.value)) return (struct number){"infinite"};
    if (!isfinite(v.error)) return shown("%.3g(?)", v.value);
    if (fabs(v.value) < DBL_MIN && v.error < DBL_MIN) return (struct number){"0"};
    const int leading = (int)fmax(magnitude(fabs(v.value)), magnitude(v.error)), place = last_place(v);
    if (leading >= SMALLEST_PLAIN && leading < LARGEST_PLAIN)
        return uncertain(v.value, v.error, place < 0 ? -place : 0);
    const double unit = pow(10, leading);
    struct number n = uncertain(v.value / unit, v.error / unit, leading - place);
    const size_t used = strlen(n.text);
    snprintf(n.text + used, sizeof n.text - used, "e%+03d", leading);
    return n;
}

/* ---- text */

static int width_of(gunichar c) {
    return g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
}

static int word_width(const char *word, const char *end) {
    int width = 0;
    for (; word < end; word = g_utf8_next_char(word)) width += width_of(g_utf8_get_char(word));
    return width;
}

static int new_line(FILE *out, int hang) {
    fprintf(out, "\n%*s", hang, "");
    return hang;
}

/* Control characters, with which a title could steer a terminal, become question marks. */
static int write_word(FILE *out, const char *word, const char *end, int column, int hang) {
    while (word < end) {
        const char *next = g_utf8_next_char(word);
        const gunichar c = g_utf8_get_char(word);
        if (column + width_of(c) > WIDTH) column = new_line(out, hang);
        if (g_unichar_iscntrl(c))
            fputc('?', out);
        else
            fwrite(word, 1, (size_t)(next - word), out);
        column += width_of(c);
        word = next;
    }
    return column;
}

/* Starts at column `hang`, where further lines start too. */
static void write_wrapped(FILE *out, int hang, const char *text) {
    static const char spaces[] = " \t\r\n";
    int column = hang;
    for (const char *word = text + strspn(text, spaces); *word;) {
        const char *end = word + strcspn(word, spaces);
        if (column > hang && column + 1 + word_width(word, end) > WIDTH)
            column = new_line(out, hang);
        else if (column > hang)
            column += fputc(' ', out) == ' ';
        column = write_word(out, word, end, column, hang);
        word = end + strspn(end, spaces);
    }
    fputc('\n', out);
}

static void write_text(FILE *out, int hang, const char *format, ...) RG_PRINTF(3, 4);
static void write_text(FILE *out, int hang, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    char *utf8 = rg_report_utf8(text);
    write_wrapped(out, hang, utf8);
    g_free(utf8);
    g_free(text);
}

/* ---- the answer in sentences */

static int is_measurable(rg_value v) {
    return v.value > v.error;
}

/* "2.19 %", or what it is below. */
static struct number percent(rg_value share) {
    const int known = is_measurable(share);
    struct number n = {""};
    g_snprintf(n.text, sizeof n.text, "%s%s %%", known ? "" : "below ",
               three_digits(100 * (known ? share.value : fabs(share.value) + share.error)).text);
    return n;
}

static void write_seen(FILE *out, const rg_outcome *o) {
    const rg_value share = rg_report_gradient_share(o);
    if (isnan(share.value))
        write_text(out, 0, "There is no score error.");
    else if (!is_measurable(share))
        write_text(out, 0, "The sampler sees nothing of the score error (%s of its energy).", percent(share).text);
    else
        write_text(out, 0, "The sampler sees %s of the score error; the rest is invisible to it.", percent(share).text);
}

/* The prior is worth a word when its part stands out from the error bars. */
static void write_cost(FILE *out, const rg_outcome *o) {
    const rg_value kl = o->divergence[RG_KL][RG_FULL], prior = o->prior_kl;
    const int told = prior.value > fmax(prior.error, kl.error);
    if (is_measurable(kl))
        write_text(out, 0, "Sampling with it costs KL(p|q) = %s nats%s%s.", number_of(kl).text,
                   told ? "; the prior starts with " : "", told ? number_of(prior).text : "");
    else
        write_text(out, 0, "Sampling with it costs nothing that can be measured: KL(p|q) = %s nats.",
                   number_of(kl).text);
}

static void write_looseness(FILE *out, const rg_outcome *o) {
    const rg_value kl = o->divergence[RG_KL][RG_FULL], gradient = o->gradient_bound, girsanov = o->girsanov_bound;
    if (isinf(gradient.value) && isinf(girsanov.value))
        write_text(out, 0, "Neither bound says anything here: without churn both are infinite.");
    else if (is_measurable(kl))
        write_text(out, 0, "The gradient bound is %s times that, the Girsanov bound %s times.",
                   three_digits(gradient.value / kl.value).text, three_digits(girsanov.value / kl.value).text);
    else
        write_text(out, 0, "The gradient bound allows %s, the Girsanov bound %s.", number_of(gradient).text,
                   number_of(girsanov).text);
}

/* ---- tables */

static void write_setting(FILE *out, const rg_outcome *o, const rg_experiment *e) {
    static const char *const prior[] = {
        [RG_PRIOR_EXACT] = "exact", [RG_PRIOR_UNIFORM] = "uniform", [RG_PRIOR_FILE] = "from a file"};
    char shape[NUMBER_SIZE] = "";
    for (int a = 0; a < o->grid.dim; a++) {
        const size_t used = strlen(shape);
        snprintf(shape + used, sizeof shape - used, "%s%td", a ? " x " : "", o->grid.shape[a]);
    }
    write_text(out, 0, "grid %s, sigma %s down to %s, churn %s, prior %s, %s form, tolerance %s", shape,
               shown("%.6g", sqrt(e->variance_max)).text, shown("%.6g", sqrt(e->variance_min)).text,
               shown("%.6g", e->churn).text, prior[e->prior], e->form == RG_FORM_DENSITY ? "density" : "ratio",
               shown("%.6g", e->tolerance).text);
}

static void write_divergences(FILE *out, const rg_outcome *o) {
    static const char *const column[RG_DIVERGENCES] = {"KL(p|q)", "KL(q|p)", "TV", "chi2", "Hellinger2"};
    static const char *const row[RG_MARGINALS] = {"full error", "gradient part", "solenoidal part", "no error"};
    fprintf(out, "%-*s", LABEL_WIDTH, "");
    for (int k = 0; k < RG_DIVERGENCES; k++) fprintf(out, " %*s", CELL_WIDTH, column[k]);
    fputc('\n', out);
    for (int m = 0; m < RG_MARGINALS; m++) {
        fprintf(out, "%-*s", LABEL_WIDTH, row[m]);
        for (int k = 0; k < RG_DIVERGENCES; k++) fprintf(out, " %*s", CELL_WIDTH, number_of(o->divergence[k][m]).text);
        fputc('\n', out);
    }
}

static struct number with_unit(double number, const char *unit) {
    if (!isfinite(number)) return (struct number){""};
    struct number n = three_digits(number);
    g_strlcat(n.text, " ", sizeof n.text);
    g_strlcat(n.text, unit, sizeof n.text);
    return n;
}

static void write_row(FILE *out, const char *label, rg_value value, const char *note) {
    fprintf(out, "%-*s %*s%s%s\n", LABEL_WIDTH, label, CELL_WIDTH, number_of(value).text, *note ? "  " : "", note);
}

static void write_bounds(FILE *out, const rg_outcome *o) {
    static const char unit[] = "x KL(p|q)";
    const rg_value kl = o->divergence[RG_KL][RG_FULL];
    const double scale = is_measurable(kl) ? 1 / kl.value : nan("");
    fputs("bounds on KL(p|q), full error\n", out);
    write_row(out, "gradient bound", o->gradient_bound, with_unit(scale * o->gradient_bound.value, unit).text);
    write_row(out, "Girsanov bound", o->girsanov_bound, with_unit(scale * o->girsanov_bound.value, unit).text);
    write_row(out, "prior", o->prior_kl, "");
    write_row(out, "identity off by", o->identity_residual, "");
}

static void write_energies(FILE *out, const rg_outcome *o) {
    const rg_value seen = rg_report_gradient_share(o), unseen = {1 - seen.value, seen.error};
    const int known = !isnan(seen.value);
    fputs("energy of the score error, integrated over the noise variance\n", out);
    write_row(out, "total", o->energy[RG_ENERGY_TOTAL], "");
    write_row(out, "gradient part", o->energy[RG_ENERGY_GRADIENT], known ? percent(seen).text : "");
    write_row(out, "solenoidal part", o->energy[RG_ENERGY_SOLENOIDAL], known ? percent(unseen).text : "");
}

static void write_claims(FILE *out, const rg_outcome *o) {
    static const char *const verdict[] = {
        [RG_HOLDS] = "holds", [RG_VIOLATED] = "VIOLATED", [RG_UNDECIDED] = "undecided"};
    for (size_t i = 0; i < o->claims; i++) {
        const rg_claim *claim = &o->claim[i];
        const int printed = fprintf(out, "%-*s %*s <= %-*s ", VERDICT_WIDTH, verdict[claim->verdict], SIDE_WIDTH,
                                    number_of(claim->lhs).text, SIDE_WIDTH, number_of(claim->rhs).text);
        write_text(out, printed, "%s", claim->statement);
    }
}

static void write_numerics(FILE *out, const rg_outcome *o) {
    const rg_evolve_statistics *s = &o->statistics;
    const int resolution = o->cells_per_sigma > 0; /* sigma_min = 0 has none to speak of */
    write_text(out, 0, "%d steps (%d rejected), %d splits in %ld iterations, %s%s%s s, %s MB", s->steps, s->rejected,
               s->splits, s->split_iterations, resolution ? three_digits(o->cells_per_sigma).text : "",
               resolution ? " cells per sigma, " : "", three_digits(o->seconds).text,
               shown("%.0f", o->peak_memory / 1e6).text);
}

static void write_table(FILE *out, const rg_outcome *o, const rg_experiment *e) {
    if (e->title && *e->title) write_text(out, 0, "%s", e->title);
    write_seen(out, o);
    write_cost(out, o);
    write_looseness(out, o);
    if (o->resolution_alarm) write_text(out, 0, "RESOLUTION ALARM: %s", o->resolution_note);
    fputc('\n', out);
    write_setting(out, o, e);
    fputc('\n', out);
    write_divergences(out, o);
    fputc('\n', out);
    write_bounds(out, o);
    fputc('\n', out);
    write_energies(out, o);
    fputc('\n', out);
    write_claims(out, o);
    if (o->claims) fputc('\n', out);
    write_numerics(out, o);
}

rg_status rg_outcome_table(const rg_outcome *outcome, const rg_experiment *experiment, char **text) {
    if (!outcome || !experiment || !text) return RG_EINVAL;
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);
    if (!out) return RG_ENOMEM;
    write_table(out, outcome, experiment);
    const int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        rg_free(written);
        return RG_ENOMEM;
    }
    *text = written;
    return RG_OK;
}
