/* The ladder as a table for people, at most 100 columns wide. */
#include "experiment/budget.h"
#include "experiment/report_words.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rg_report_text show(rg_value v) {
    if (isinf(v.value)) return (rg_report_text){"infinite"};
    return isnan(v.value) ? (rg_report_text){"-"} : rg_report_number(v);
}

static void write_rungs(FILE *out, const rg_budget *b) {
    fprintf(out, "%-20s %15s %7s %14s %14s %11s %-11s\n", "rung", "W1", "share", "W1 from truth", "KL from truth",
            "bound", "by");
    for (size_t i = 0; i < b->rungs; i++) {
        const rg_rung *r = &b->rung[i];
        char share[32];
        g_ascii_formatd(share, sizeof share, "%.1f", 100 * r->share);
        fprintf(out, "%-20s %15s %5s %% %14s %14s %11s %-11s\n", r->words, show(r->step.w1).text, share,
                show(r->total.w1).text, show(r->total.kl).text,
                isnan(r->bound.value) ? "-" : rg_report_three_digits(r->bound.value).text, r->bound_name);
    }
    const rg_rung *last = &b->rung[b->rungs - 1];
    fprintf(out, "%-20s %15s %7s %14s\n\n", "sum, exact", show(b->sum).text, "", show(last->total.w1).text);
}

static void write_square(FILE *out, const rg_budget *b) {
    if (b->samples == 0) return;
    fprintf(out, "P' is the law of %zu samples, G the noise at the end\n", b->samples);
    fprintf(out, "  W1(P, P')          %15s  at most %s", show(b->side[RG_SIDE_SAMPLES]).text,
            rg_report_three_digits(b->dyadic).text);
    if (isfinite(b->dyadic_expected))
        fprintf(out, "; expected, at most %s", rg_report_three_digits(b->dyadic_expected).text);
    fprintf(out, "\n  W1(P', P' * G)     %15s\n", show(b->side[RG_SIDE_SAMPLES_STOP]).text);
    fprintf(out, "  W1(P * G, P' * G)  %15s\n", show(b->side[RG_SIDE_STOP_SAMPLES]).text);
    fprintf(out, "  W1(P, P' * G)      %15s\n\n", show(b->side[RG_SIDE_DIAGONAL]).text);
}

static void write_sweep(FILE *out, const rg_sweep *s) {
    fprintf(out, "%-10s %15s %15s %15s %11s\n", s->name, "source", "memory", "output", "bound");
    for (size_t i = 0; i < s->points; i++) {
        const rg_sweep_point *p = &s->point[i];
        fprintf(out, "%-10s %15s %15s %15s %11s\n", rg_report_six_digits(p->value).text, show(p->source).text,
                show(p->memory).text, show(p->output).text,
                isfinite(p->theory) ? rg_report_three_digits(p->theory).text : "-");
    }
    if (isfinite(s->slope)) {
        fprintf(out, "  rate of the source %s", show((rg_value){s->slope, s->slope_error}).text);
        if (isfinite(s->expected)) fprintf(out, ", by theory %s", rg_report_three_digits(s->expected).text);
        fputc('\n', out);
    }
    fputc('\n', out);
}

static void write_claims(FILE *out, const rg_budget *b) {
    size_t count[RG_UNDECIDED + 1] = {0};
    for (size_t i = 0; i < b->claims; i++) count[b->claim[i].verdict]++;
    fprintf(out, "claims: %zu hold, %zu undecided, %zu violated\n", count[RG_HOLDS], count[RG_UNDECIDED],
            count[RG_VIOLATED]);
    for (size_t i = 0; i < b->claims; i++)
        if (b->claim[i].verdict != RG_HOLDS)
            fprintf(out, "  %s  %s: %s against %s\n", b->claim[i].verdict == RG_VIOLATED ? "violated " : "undecided",
                    b->claim[i].name, show(b->claim[i].lhs).text, show(b->claim[i].rhs).text);
    fprintf(out, "%zu steps, %s s\n", b->steps_taken, rg_report_three_digits(b->seconds).text);
}

/* Control characters, with which a title could steer a terminal, become question marks. */
static void write_title(FILE *out, const char *title) {
    for (; *title; title++) fputc((unsigned char)*title < 32 || *title == 127 ? '?' : *title, out);
    fputc('\n', out);
}

rg_status rg_budget_table(const rg_budget *b, const rg_experiment *experiment, char **text) {
    char *printed = NULL;
    size_t size;
    if (!b || !experiment || !text) return RG_EINVAL;
    FILE *out = open_memstream(&printed, &size);
    if (!out) return RG_ENOMEM;
    if (*experiment->title) write_title(out, experiment->title);
    write_rungs(out, b);
    write_square(out, b);
    for (size_t i = 0; i < b->sweeps; i++) write_sweep(out, &b->sweep[i]);
    write_claims(out, b);
    char *copy = fclose(out) == 0 && printed ? rg_strdup(printed) : NULL;
    free(printed);
    if (!copy) return RG_ENOMEM;
    *text = copy;
    return RG_OK;
}
