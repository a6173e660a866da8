/* The summary for people: the answer in plain sentences first, then the numbers, then the claims. */
#include "base/base.h"
#include "experiment/report_words.h"

#include <glib.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 100, LABEL_WIDTH = 15, CELL_WIDTH = 16, VERDICT_WIDTH = 9, SIDE_WIDTH = 15 };

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

static void write_words(FILE *out, char *words) {
    write_text(out, 0, "%s", words);
    g_free(words);
}

/* ---- tables */

static void write_divergences(FILE *out, const rg_outcome *o) {
    fprintf(out, "%-*s", LABEL_WIDTH, "");
    for (int k = 0; k < RG_DIVERGENCES; k++) fprintf(out, " %*s", CELL_WIDTH, rg_report_divergence_words[k]);
    fputc('\n', out);
    for (int m = 0; m < RG_MARGINALS; m++) {
        fprintf(out, "%-*s", LABEL_WIDTH, rg_report_marginal_words[m]);
        for (int k = 0; k < RG_DIVERGENCES; k++)
            fprintf(out, " %*s", CELL_WIDTH, rg_report_number(o->divergence[k][m]).text);
        fputc('\n', out);
    }
}

static rg_report_text with_unit(double number, const char *unit) {
    if (!isfinite(number)) return (rg_report_text){""};
    rg_report_text n = rg_report_three_digits(number);
    g_strlcat(n.text, " ", sizeof n.text);
    g_strlcat(n.text, unit, sizeof n.text);
    return n;
}

static void write_row(FILE *out, const char *label, rg_value value, const char *note) {
    fprintf(out, "%-*s %*s%s%s\n", LABEL_WIDTH, label, CELL_WIDTH, rg_report_number(value).text, *note ? "  " : "",
            note);
}

static void write_dual_sobolev(FILE *out, const rg_outcome_estimate *estimate) {
    char *interval = rg_report_interval(estimate);
    write_row(out, "  from samples", estimate->bound, interval);
    g_free(interval);
    if (!isnan(estimate->class_bound.value))
        write_row(out, "  of its class", estimate->class_bound, "with infinitely many samples");
}

static void write_bounds(FILE *out, const rg_outcome *o, const rg_experiment *e) {
    static const char unit[] = "x KL(p|q)";
    const rg_value kl = o->divergence[RG_KL][RG_FULL];
    const double scale = rg_report_measurable(kl) ? 1 / kl.value : nan("");
    fputs("bounds on KL(p|q), full error\n", out);
    write_row(out, "gradient bound", o->gradient_bound, with_unit(scale * o->gradient_bound.value, unit).text);
    if (e->estimate.samples > 0) write_dual_sobolev(out, &o->dual_sobolev);
    write_row(out, "Girsanov bound", o->girsanov_bound, with_unit(scale * o->girsanov_bound.value, unit).text);
    write_row(out, "prior", o->prior_kl, "");
    if (!isnan(o->linear_kl.value))
        write_row(out, "linear response", o->linear_kl, with_unit(scale * o->linear_kl.value, unit).text);
    write_row(out, "identity off by", o->identity_residual, "");
}

static void write_energies(FILE *out, const rg_outcome *o) {
    const rg_value seen = rg_report_gradient_share(o), unseen = {1 - seen.value, seen.error};
    const int known = !isnan(seen.value);
    fputs("energy of the score error, integrated over the noise variance\n", out);
    write_row(out, "total", o->energy[RG_ENERGY_TOTAL], "");
    write_row(out, "gradient part", o->energy[RG_ENERGY_GRADIENT], known ? rg_report_percent(seen).text : "");
    write_row(out, "solenoidal part", o->energy[RG_ENERGY_SOLENOIDAL], known ? rg_report_percent(unseen).text : "");
}

static void write_claims(FILE *out, const rg_outcome *o) {
    static const char *const verdict[] = {
        [RG_HOLDS] = "holds", [RG_VIOLATED] = "VIOLATED", [RG_UNDECIDED] = "undecided"};
    for (size_t i = 0; i < o->claims; i++) {
        const rg_claim *claim = &o->claim[i];
        const int printed = fprintf(out, "%-*s %*s <= %-*s ", VERDICT_WIDTH, verdict[claim->verdict], SIDE_WIDTH,
                                    rg_report_number(claim->lhs).text, SIDE_WIDTH, rg_report_number(claim->rhs).text);
        write_text(out, printed, "%s", claim->statement);
    }
}

static void write_table(FILE *out, const rg_outcome *o, const rg_experiment *e) {
    if (e->title && *e->title) write_text(out, 0, "%s", e->title);
    write_words(out, rg_report_seen(o));
    write_words(out, rg_report_cost(o));
    char *harm = rg_report_harm(o, e);
    if (harm) write_words(out, harm);
    write_words(out, rg_report_looseness(o));
    char *w1 = rg_report_w1(o);
    if (w1) write_words(out, w1);
    if (o->resolution_alarm) write_text(out, 0, "RESOLUTION ALARM: %s", o->resolution_note);
    fputc('\n', out);
    write_words(out, rg_report_setting(o, e));
    fputc('\n', out);
    write_divergences(out, o);
    fputc('\n', out);
    write_bounds(out, o, e);
    fputc('\n', out);
    write_energies(out, o);
    fputc('\n', out);
    write_claims(out, o);
    if (o->claims) fputc('\n', out);
    write_words(out, rg_report_work(o));
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
