/* The answer first: sentences, alarm, tally; then every claim. A verdict is a sign and a word, never a colour alone. */
#include "experiment/report_html.h"
#include "experiment/report_words.h"

#include <glib.h>

/* In the order in which claims are listed. */
static const struct {
    rg_verdict verdict;
    const char *name, *word;
} kind[] = {
    {RG_VIOLATED, "violated", "violated"}, {RG_UNDECIDED, "undecided", "undecided"}, {RG_HOLDS, "holds", "holds"}};
enum { KINDS = sizeof kind / sizeof *kind };

static void write_sign(FILE *out, const char *name) {
    fprintf(out, "<svg class=\"sign\" aria-hidden=\"true\"><use href=\"#sign-%s\"/></svg>", name);
}

static void write_sentence(FILE *out, char *sentence) {
    fputs("<p>", out);
    rg_html_formula(out, sentence);
    fputs("</p>\n", out);
    g_free(sentence);
}

static size_t count_of(const rg_outcome *o, rg_verdict verdict) {
    size_t count = 0;
    for (size_t i = 0; i < o->claims; i++) count += o->claim[i].verdict == verdict;
    return count;
}

static void write_tally(FILE *out, const rg_outcome *o) {
    fputs("<ul class=\"tally\" aria-label=\"Claims checked\">\n", out);
    for (int k = 0; k < KINDS; k++) {
        const size_t count = count_of(o, kind[k].verdict);
        if (count == 0) continue;
        fprintf(out, "<li class=\"%s\">", kind[k].name);
        write_sign(out, kind[k].name);
        fprintf(out, "%zu of %zu claims %s</li>\n", count, o->claims,
                kind[k].verdict != RG_HOLDS ? kind[k].word
                : count == 1                ? "holds"
                                            : "hold");
    }
    fputs("</ul>\n", out);
}

static void write_alarm(FILE *out, const rg_outcome *o) {
    if (!o->resolution_alarm) return;
    fputs("<div class=\"alarm\">", out);
    write_sign(out, "alarm");
    fputs("<p><strong>Resolution alarm.</strong> ", out);
    rg_html_text(out, o->resolution_note);
    fputs("</p></div>\n", out);
}

rg_status rg_html_answer(const rg_html *page) {
    const rg_outcome *o = page->report->outcome;
    char *harm = rg_report_harm(o, page->report->experiment), *w1 = rg_report_w1(o);
    fputs("<div class=\"answer\">\n", page->out);
    write_sentence(page->out, rg_report_seen(o));
    write_sentence(page->out, rg_report_cost(o));
    if (harm) write_sentence(page->out, harm);
    write_sentence(page->out, rg_report_looseness(o));
    if (w1) write_sentence(page->out, w1);
    fputs("</div>\n", page->out);
    write_alarm(page->out, o);
    if (o->claims > 0) write_tally(page->out, o);
    fputs("<div class=\"setting\">\n", page->out);
    write_sentence(page->out, rg_report_setting(o, page->report->experiment));
    fputs("</div>\n", page->out);
    return RG_OK;
}

static void write_claim(FILE *out, const rg_claim *claim, int k) {
    fprintf(out, "<tr class=\"%s\"><th scope=\"row\"><span class=\"verdict\">", kind[k].name);
    write_sign(out, kind[k].name);
    fprintf(out, "%s</span></th><td class=\"statement\">", kind[k].word);
    rg_html_formula(out, claim->statement);
    fputs("</td><td class=\"number\">", out);
    rg_html_number(out, rg_report_number(claim->lhs).text);
    fputs("</td><td>\xe2\x89\xa4</td><td class=\"number\">", out);
    rg_html_number(out, rg_report_number(claim->rhs).text);
    fputs("</td></tr>\n", out);
}

rg_status rg_html_claims(const rg_html *page) {
    const rg_outcome *o = page->report->outcome;
    FILE *out = page->out;
    if (o->claims == 0) {
        fputs("<p>No claim was checked.</p>\n", out);
        return RG_OK;
    }
    fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Claims\"><table class=\"claims\">\n"
          "<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Claim</th>"
          "<th scope=\"col\" class=\"number\">Left</th><th></th><th scope=\"col\" class=\"number\">Right</th></tr>"
          "</thead>\n<tbody>\n",
          out);
    for (int k = 0; k < KINDS; k++)
        for (size_t i = 0; i < o->claims; i++)
            if (o->claim[i].verdict == kind[k].verdict) write_claim(out, &o->claim[i], k);
    fputs("</tbody></table></div>\n", out);
    return RG_OK;
}
