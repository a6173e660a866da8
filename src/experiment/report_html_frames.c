/* One picture for each noise level that was kept. The last one stands on the page, the others in a list that is folded
 * away; the script puts them on top of each other below a slider. */
#include "experiment/report_html_reel.h"
#include "experiment/report_words.h"
#include "figure/markup.h"

#include <glib.h>
#include <math.h>

#define SIGMA     "\xcf\x83"
#define NABLA_PHI "\xe2\x88\x87\xcf\x86"
#define DEGREE    "\xc2\xb0"

static const double degrees_per_radian = 180 / 3.14159265358979323846;

static void write_fact(FILE *out, const char *head, const char *number, const char *unit) {
    fputs("<div><dt>", out);
    rg_html_formula(out, head);
    fputs("</dt> <dd>", out);
    rg_html_number(out, number);
    fprintf(out, "%s</dd></div>\n", unit);
}

static void write_facts(FILE *out, const rg_outcome_level *level) {
    const rg_value share = {level->total > 0 ? level->gradient / level->total : nan(""), 0};
    write_fact(out, "sigma", rg_report_three_digits(level->sigma).text, "");
    write_fact(out, "E_p|e|^2", rg_report_three_digits(level->total).text, "");
    write_fact(out, "E_p|grad phi|^2", rg_report_three_digits(level->gradient).text, "");
    write_fact(out, "E_p|r|^2", rg_report_three_digits(level->solenoidal).text, "");
    if (!isnan(share.value)) write_fact(out, "seen by the sampler", rg_report_percent(share).text, "");
    write_fact(out, "KL(p|q) so far", rg_report_three_digits(level->kl[RG_FULL]).text, "");
    if (isfinite(level->harm.total))
        write_fact(out, "harm here", rg_report_three_digits(level->harm.total).text, " nats per d log " SIGMA);
    write_fact(out, "gradient bound", rg_report_three_digits(level->gradient_bound).text, "");
    write_fact(out, "Girsanov bound", rg_report_three_digits(level->girsanov_bound).text, "");
}

static rg_status write_frame(rg_reel *reel, size_t f) {
    FILE *out = reel->page->out;
    const rg_outcome_level *level = &reel->page->report->outcome->level[reel->frames->row[f]];
    const rg_report_text sigma = rg_report_three_digits(level->sigma);
    char alt[256];
    snprintf(alt, sizeof alt,
             "%s at noise level " SIGMA
             " = %s: the density p, the sampler's q, log(q/p), the sizes of the score error e, of "
             "its gradient part " NABLA_PHI " and of its solenoidal part r",
             reel->x ? "Curves" : "Heat maps", sigma.text);
    fprintf(out, "<figure class=\"frame\" data-frame=\"%zu\" data-sigma=\"%s\">\n<div class=\"paper\">", f, sigma.text);
    const rg_status status = rg_reel_draw(reel, f, alt);
    fputs("</div>\n<figcaption><dl class=\"facts\">\n", out);
    write_facts(out, level);
    fputs("</dl></figcaption></figure>\n", out);
    return status;
}

static void write_controls(FILE *out, const rg_outcome *o) {
    const rg_outcome_frames *frames = &o->frames;
    const size_t last = frames->count - 1;
    fputs("<div id=\"controls\" class=\"controls\" hidden>\n"
          "<button type=\"button\" id=\"play\">Play</button>\n<span aria-hidden=\"true\">" SIGMA " = ",
          out);
    rg_html_number(out, rg_report_three_digits(o->level[frames->row[0]].sigma).text);
    fprintf(out,
            "</span>\n<input type=\"range\" id=\"slider\" min=\"0\" max=\"%zu\" step=\"1\" value=\"%zu\" "
            "aria-label=\"Noise level, from high to low\">\n<span aria-hidden=\"true\">",
            last, last);
    rg_html_number(out, rg_report_three_digits(o->level[frames->row[last]].sigma).text);
    fputs("</span>\n</div>\n<div id=\"facts\" aria-live=\"polite\"></div>\n", out);
}

/* "x<sub>0</sub> = 0.3", or as the experiment has it "φ = 17.2°". */
static void write_plane(const rg_reel *reel, int k) {
    FILE *out = reel->page->out;
    const rg_experiment *e = reel->page->report->experiment;
    char *name = rg_markup_plain(e->axis_name[k]);
    if (e->axis_name[k])
        rg_html_text(out, name);
    else
        fprintf(out, "x<sub>%d</sub>", k);
    g_free(name);
    fputs(" = ", out);
    rg_html_number(out, rg_report_three_digits(reel->frames->at[k] * (e->degrees ? degrees_per_radian : 1)).text);
    if (e->degrees) fputs(DEGREE, out);
}

static void write_planes(const rg_reel *reel) {
    FILE *out = reel->page->out;
    if (reel->frames->planes == 1) return;
    fputs("<p>Each row shows the plane", out);
    for (int k = 0; k < reel->frames->planes; k++) {
        fputs(k ? ", " : " ", out);
        write_plane(reel, k);
    }
    fputs(" in turn, through the densest point of p at the end of the run.</p>\n", out);
}

static rg_status write_reel(rg_reel *reel) {
    FILE *out = reel->page->out;
    const size_t last = reel->frames->count - 1;
    write_planes(reel);
    write_controls(out, reel->page->report->outcome);
    fputs("<div id=\"stage\">\n", out);
    rg_status status = write_frame(reel, last);
    fputs("</div>\n", out);
    if (status || last == 0) return status;
    fprintf(out, "<details id=\"others\"><summary>The other %zu noise levels, from high to low</summary>\n", last);
    for (size_t f = 0; !status && f < last; f++) status = write_frame(reel, f);
    fputs("</details>\n", out);
    return status;
}

rg_status rg_html_frames(const rg_html *page) {
    if (page->report->outcome->frames.count == 0) {
        fputs("<p>This run kept no fields of its noise levels.</p>\n", page->out);
        return RG_OK;
    }
    rg_reel reel;
    rg_status status = rg_reel_open(&reel, page);
    if (status == RG_OK) status = write_reel(&reel);
    rg_reel_close(&reel);
    return status;
}
