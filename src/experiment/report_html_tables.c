/* The numbers with their error bars, and the levels. */
#include "experiment/report_html.h"
#include "experiment/report_words.h"

#include <glib.h>
#include <math.h>

static void write_number(FILE *out, const char *number) {
    fputs("<td class=\"number\">", out);
    rg_html_number(out, number);
    fputs("</td>", out);
}

static void begin_table(FILE *out, const char *caption) {
    fprintf(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><caption>", caption);
    rg_html_formula(out, caption);
    fputs("</caption>\n", out);
}

static void end_table(FILE *out) {
    fputs("</tbody></table></div>\n", out);
}

static void write_row_head(FILE *out, const char *head) {
    fputs("<tr><th scope=\"row\">", out);
    rg_html_formula(out, head);
    fputs("</th>", out);
}

static void write_divergences(FILE *out, const rg_outcome *o) {
    begin_table(out, "How far the law q of the sampler ends from p");
    fputs("<thead><tr><th scope=\"col\">The sampler follows</th>", out);
    for (int k = 0; k < RG_DIVERGENCES; k++) {
        fputs("<th scope=\"col\" class=\"number\">", out);
        rg_html_formula(out, rg_report_divergence_words[k]);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (int m = 0; m < RG_MARGINALS; m++) {
        write_row_head(out, rg_report_marginal_words[m]);
        for (int k = 0; k < RG_DIVERGENCES; k++) write_number(out, rg_report_number(o->divergence[k][m]).text);
        fputs("</tr>\n", out);
    }
    end_table(out);
}

static void write_row(FILE *out, const char *head, rg_value value, const char *note, const char *unit) {
    write_row_head(out, head);
    write_number(out, rg_report_number(value).text);
    fputs("<td class=\"number\">", out);
    rg_html_number(out, note);
    if (*note) rg_html_formula(out, unit);
    fputs("</td></tr>\n", out);
}

static void write_dual_sobolev(FILE *out, const rg_outcome_estimate *estimate) {
    char *interval = rg_report_interval(estimate);
    write_row(out, "gradient bound from samples", estimate->bound, interval, "");
    g_free(interval);
    if (!isnan(estimate->class_bound.value))
        write_row(out, "of its class, with infinitely many samples", estimate->class_bound, "", "");
}

static void write_bounds(FILE *out, const rg_report *report) {
    const rg_outcome *o = report->outcome;
    const rg_value kl = o->divergence[RG_KL][RG_FULL], bound[] = {o->gradient_bound, o->girsanov_bound};
    static const char *const head[] = {"gradient bound", "Girsanov bound"};
    begin_table(out, "Bounds on KL(p|q), full error");
    fputs("<tbody>\n", out);
    for (int b = 0; b < 2; b++) {
        const int told = rg_report_measurable(kl) && isfinite(bound[b].value);
        write_row(out, head[b], bound[b], told ? rg_report_three_digits(bound[b].value / kl.value).text : "",
                  " \xc3\x97 KL(p|q)");
    }
    if (report->experiment->estimate.samples > 0) write_dual_sobolev(out, &o->dual_sobolev);
    write_row(out, "prior KL(p_T|pi)", o->prior_kl, "", "");
    if (!isnan(o->linear_kl.value)) write_row(out, "KL by linear response", o->linear_kl, "", "");
    write_row(out, "identity off by", o->identity_residual, "", "");
    end_table(out);
}

static void write_energies(FILE *out, const rg_outcome *o) {
    const rg_value seen = rg_report_gradient_share(o), unseen = {1 - seen.value, seen.error};
    const int known = !isnan(seen.value);
    begin_table(out, "Energy of the score error, int E_p|.|^2 dv");
    fputs("<tbody>\n", out);
    write_row(out, "total, e", o->energy[RG_ENERGY_TOTAL], "", "");
    write_row(out, "gradient part, grad phi", o->energy[RG_ENERGY_GRADIENT], known ? rg_report_percent(seen).text : "",
              "");
    write_row(out, "solenoidal part, r", o->energy[RG_ENERGY_SOLENOIDAL], known ? rg_report_percent(unseen).text : "",
              "");
    end_table(out);
}

rg_status rg_html_numbers(const rg_html *page) {
    const rg_outcome *o = page->report->outcome;
    write_divergences(page->out, o);
    fputs("<div class=\"pair\">\n", page->out);
    write_bounds(page->out, page->report);
    write_energies(page->out, o);
    fputs("</div>\n", page->out);
    return RG_OK;
}

/* ---- levels */

static void write_cell(FILE *out, const rg_outcome_level *level, const rg_report_column *of) {
    const char *member = (const char *)level + of->offset;
    if (of->integer)
        fprintf(out, "<td class=\"number\">%d</td>", *(const int *)member);
    else
        write_number(out, rg_report_three_digits(*(const double *)member).text);
}

static void write_level(FILE *out, const rg_outcome_level *level) {
    fputs("<tr><th scope=\"row\" class=\"number\">", out);
    rg_html_number(out, rg_report_three_digits(level->sigma).text);
    fputs("</th>", out);
    for (int c = 1; c < RG_REPORT_COLUMNS; c++)
        if (rg_report_column_of[c].heading) write_cell(out, level, &rg_report_column_of[c]);
    fputs("</tr>\n", out);
}

rg_status rg_html_levels(const rg_html *page) {
    const rg_outcome *o = page->report->outcome;
    FILE *out = page->out;
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of noise levels\">"
          "<table class=\"levels\">\n<thead><tr>",
          out);
    for (int c = 0; c < RG_REPORT_COLUMNS; c++) {
        if (!rg_report_column_of[c].heading) continue;
        fputs("<th scope=\"col\" class=\"number\">", out);
        rg_html_formula(out, rg_report_column_of[c].heading);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < o->levels; i++) write_level(out, &o->level[i]);
    end_table(out);
    return RG_OK;
}
