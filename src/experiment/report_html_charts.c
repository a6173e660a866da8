/* Charts over the noise level. The run goes from right to left, from high noise to low.
 *
 * KL starts from rounding. Its axis ends where the lowest curve ends at the last level, and where a value falls below
 * the axis its curve is broken instead of running out of the frame. */
#include "experiment/report_html.h"

#include "base/base.h"
#include "experiment/pool.h"

#include <math.h>

enum { MOST_CURVES = 6 };

#define SIGMA     "\xcf\x83"
#define NABLA_PHI "\xe2\x88\x87\xcf\x86"

static const double log_span = 1e9;   /* from the largest value of a chart down to where its axis ends */
static const double log_margin = 2;   /* beyond the largest value */
static const double margin = 0.05;    /* of the span, beyond both ends of an axis of signed values */
static const double panel_size = 180; /* points */

/* What a curve shows of each level. */
typedef double number_of(const rg_outcome_level *level);

struct line {
    const char *label;
    number_of *y;
    rg_mark mark;
    int colour;
};

/* How the y axis is chosen: by the least value; RISES: curves start from rounding, and the axis ends where the lowest of them
 * ends; SHARE: from 0 to 1; SIGNED: 0 and all values. */
enum ends { LEAST, RISES, SHARE, SIGNED };

struct chart {
    const char *name, *y_label, *alt, *caption;
    rg_scale scale;
    enum ends ends;
    size_t lines;
    struct line line[MOST_CURVES];
};

static double kl_full(const rg_outcome_level *l) {
    return l->kl[RG_FULL];
}

static double kl_gradient(const rg_outcome_level *l) {
    return l->kl[RG_GRADIENT];
}

static double kl_solenoidal(const rg_outcome_level *l) {
    return l->kl[RG_SOLENOIDAL];
}

static double kl_none(const rg_outcome_level *l) {
    return l->kl[RG_NONE];
}

static double gradient_bound(const rg_outcome_level *l) {
    return l->gradient_bound;
}

static double girsanov_bound(const rg_outcome_level *l) {
    return l->girsanov_bound;
}

static double total(const rg_outcome_level *l) {
    return l->total;
}

static double gradient(const rg_outcome_level *l) {
    return l->gradient;
}

static double solenoidal(const rg_outcome_level *l) {
    return l->solenoidal;
}

static double share(const rg_outcome_level *l) {
    return l->total > 0 ? l->gradient / l->total : nan("");
}

static double flat_share(const rg_outcome_level *l) {
    return l->flat_total > 0 ? l->flat_gradient / l->flat_total : nan("");
}

static double harm(const rg_outcome_level *l) {
    return l->harm.total;
}

static double harm_positive(const rg_outcome_level *l) {
    return l->harm.positive;
}

static double harm_negative(const rg_outcome_level *l) {
    return l->harm.negative;
}

static const struct chart chart[] = {
    {"KL so far",
     "KL so far, nats",
     "Line chart over the noise level: KL so far of the four samplers, with the gradient bound and the Girsanov bound.",
     "KL(p|q) so far of the four samplers, and the two bounds down to the same level.",
     RG_SCALE_LOG,
     RISES,
     6,
     {{"full error", kl_full, RG_MARK_LINE_POINTS, 1},
      {"gradient part", kl_gradient, RG_MARK_LINE, 2},
      {"solenoidal part", kl_solenoidal, RG_MARK_LINE, 3},
      {"no error", kl_none, RG_MARK_DOTTED, 4},
      {"gradient bound", gradient_bound, RG_MARK_DASHED, 5},
      {"Girsanov bound", girsanov_bound, RG_MARK_DASHED, 6}}},
    {"energies",
     "energy, 1/x<sup>2</sup>",
     "Line chart over the noise level: energy of the score error, of its gradient part and of its solenoidal part.",
     "Energy of the score error and of its two parts at each level.",
     RG_SCALE_LOG,
     LEAST,
     3,
     {{"E<sub>p</sub>|e|<sup>2</sup>", total, RG_MARK_LINE_POINTS, 1},
      {"E<sub>p</sub>|" NABLA_PHI "|<sup>2</sup>", gradient, RG_MARK_LINE, 2},
      {"E<sub>p</sub>|r|<sup>2</sup>", solenoidal, RG_MARK_LINE, 3}}},
    {"gradient share",
     "gradient share",
     "Line chart over the noise level: share of the gradient part in the energy, of the weighted and of the flat "
     "split.",
     "Share of the energy that the sampler sees. The flat split, which leaves p out, is the wrong geometry.",
     RG_SCALE_LINEAR,
     SHARE,
     2,
     {{"weighted by p", share, RG_MARK_LINE_POINTS, 2}, {"flat", flat_share, RG_MARK_DASHED, 4}}},
    {"harm",
     "harm, nats per d log " SIGMA,
     "Line chart over the noise level: what the score error costs in KL by linear response, in total, where it adds "
     "and where "
     "it takes away.",
     "What the error at each level costs, by linear response: summed over the places where it adds to KL(p|q), over "
     "those "
     "where it undoes what others did, and over all. The area under the total is KL by linear response.",
     RG_SCALE_LINEAR,
     SIGNED,
     3,
     {{"total", harm, RG_MARK_LINE_POINTS, 1},
      {"adds", harm_positive, RG_MARK_LINE, 2},
      {"takes away", harm_negative, RG_MARK_LINE, 3}}},
};
enum { CHARTS = sizeof chart / sizeof *chart };

static int showable(double sigma, double y, rg_scale scale) {
    return sigma > 0 && isfinite(y) && (scale == RG_SCALE_LINEAR || y > 0);
}

struct range {
    double least, most, last; /* last: the lowest end of a curve */
    size_t points;
};

static void widen(struct range *range, double value) {
    range->least = range->points ? fmin(range->least, value) : value;
    range->most = range->points ? fmax(range->most, value) : value;
    range->points++;
}

/* Of the levels that the chart can show. */
static void ranges_of(const rg_outcome *o, const struct chart *c, struct range *x, struct range *y) {
    *x = *y = (struct range){.last = HUGE_VAL};
    for (size_t k = 0; k < c->lines; k++) {
        double last = HUGE_VAL;
        for (size_t i = 0; i < o->levels; i++) {
            const double value = c->line[k].y(&o->level[i]);
            if (!showable(o->level[i].sigma, value, c->scale)) continue;
            widen(x, o->level[i].sigma);
            widen(y, value);
            last = value;
        }
        y->last = fmin(y->last, last);
    }
}

static rg_axis y_axis(const struct chart *c, const struct range *y) {
    if (c->ends == SHARE) return (rg_axis){.label = c->y_label, .scale = c->scale, .lower = 0, .upper = 1};
    if (c->ends == SIGNED) {
        const double least = fmin(y->least, 0), most = fmax(y->most, 0),
                     more = most > least ? margin * (most - least) : 1;
        return (rg_axis){.label = c->y_label, .scale = c->scale, .lower = least - more, .upper = most + more};
    }
    const double upper = log_margin * y->most;
    return (rg_axis){.label = c->y_label,
                     .scale = c->scale,
                     .lower = fmax((c->ends == RISES ? y->last : y->least) / log_margin, upper / log_span),
                     .upper = upper};
}

static int fill(rg_pool *pool, const rg_outcome *o, const struct line *line, const double *x, double least,
                rg_curve *curve) {
    double *y = rg_pool_alloc(pool, o->levels, sizeof *y);
    if (!y) return 0;
    for (size_t i = 0; i < o->levels; i++) {
        const double value = line->y(&o->level[i]);
        y[i] = value < least ? nan("") : value;
    }
    *curve = (rg_curve){.label = line->label,
                        .count = (ptrdiff_t)o->levels,
                        .x = x,
                        .y = y,
                        .mark = line->mark,
                        .colour = line->colour};
    return 1;
}

static rg_status draw(const rg_html *page, const struct chart *c, const struct range *x, const struct range *y,
                      rg_pool *pool) {
    const rg_outcome *o = page->report->outcome;
    const rg_axis up = y_axis(c, y);
    rg_curve curve[MOST_CURVES];
    double *sigma = rg_pool_alloc(pool, o->levels, sizeof *sigma);
    int complete = sigma != NULL;
    for (size_t i = 0; complete && i < o->levels; i++) sigma[i] = o->level[i].sigma;
    for (size_t k = 0; complete && k < c->lines; k++) complete = fill(pool, o, &c->line[k], sigma, up.lower, &curve[k]);
    if (!complete) return rg_fail(page->diagnostic, RG_ENOMEM, "%s: out of memory", page->path);
    const rg_panel panel = {
        .x = {.label = "noise level " SIGMA, .scale = RG_SCALE_LOG, .lower = x->least, .upper = x->most},
        .y = up,
        .curves = c->lines,
        .curve = curve};
    const rg_figure figure = {.panels = 1, .panel = &panel, .panel_size = panel_size};
    return rg_html_draw(page, &figure, RG_CANVAS_SVG, c->alt);
}

static rg_status write_chart(const rg_html *page, const struct chart *c) {
    struct range x, y;
    ranges_of(page->report->outcome, c, &x, &y);
    if (x.points == 0 || !(x.most > x.least)) {
        fprintf(page->out, "<p>No chart of the %s: fewer than two levels have a value to show.</p>\n", c->name);
        return RG_OK;
    }
    rg_pool pool = {0};
    fputs("<figure>\n<div class=\"paper\">", page->out);
    const rg_status status = draw(page, c, &x, &y, &pool);
    fputs("</div>\n<figcaption>", page->out);
    rg_html_formula(page->out, c->caption);
    fputs("</figcaption></figure>\n", page->out);
    rg_pool_clear(&pool);
    return status;
}

rg_status rg_html_charts(const rg_html *page) {
    rg_status status = RG_OK;
    fputs("<div class=\"charts\">\n", page->out);
    for (size_t i = 0; !status && i < CHARTS; i++)
        if (chart[i].ends != SIGNED || page->report->outcome->harm.known) status = write_chart(page, &chart[i]);
    fputs("</div>\n", page->out);
    return status;
}
