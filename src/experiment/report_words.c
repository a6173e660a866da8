/* Written by GLib's printf where a number is no integer: the C library's would have the locale's decimal sign. */
#include "experiment/report_words.h"
#include "figure/markup.h"

#include <float.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 6 };
/* Powers of ten: numbers are written plainly from SMALLEST_PLAIN up to below LARGEST_PLAIN. */
enum { SMALLEST_PLAIN = -3, LARGEST_PLAIN = 5 };

const char *const rg_report_divergence_words[RG_DIVERGENCES] = {"KL(p|q)", "KL(q|p)", "TV", "chi2", "Hellinger2"};
const char *const rg_report_marginal_words[RG_MARGINALS] = {"full error", "gradient part", "solenoidal part",
                                                            "no error"};

/* ---- numbers */

/* printf's would have the locale's decimal sign. */
static rg_report_text shown(const char *format, double value) {
    rg_report_text n;
    g_ascii_formatd(n.text, sizeof n.text, format, value);
    return n;
}

static rg_report_text digits(const char *format, double value) {
    if (isnan(value)) return (rg_report_text){"unknown"};
    return isfinite(value) ? shown(format, value) : (rg_report_text){"infinite"};
}

rg_report_text rg_report_three_digits(double value) {
    return digits("%.3g", value);
}

rg_report_text rg_report_six_digits(double value) {
    return digits("%.6g", value);
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

static rg_report_text uncertain(double value, double error, int decimals) {
    char format[RG_REPORT_TEXT_SIZE];
    snprintf(format, sizeof format, "%%.%df", decimals);
    rg_report_text n = shown(format, value);
    const size_t used = strlen(n.text);
    if (error > 0)
        snprintf(n.text + used, sizeof n.text - used, "(%.0f)", ceil(error * pow(10, decimals) * (1 - 1e-9)));
    return n;
}

rg_report_text rg_report_number(rg_value v) {
    if (isnan(v.value)) return (rg_report_text){"unknown"};
    if (isinf(v.value)) return (rg_report_text){"infinite"};
    if (!isfinite(v.error)) return shown("%.3g(?)", v.value);
    if (fabs(v.value) < DBL_MIN && v.error < DBL_MIN) return (rg_report_text){"0"};
    const int leading = (int)fmax(magnitude(fabs(v.value)), magnitude(v.error)), place = last_place(v);
    if (leading >= SMALLEST_PLAIN && leading < LARGEST_PLAIN)
        return uncertain(v.value, v.error, place < 0 ? -place : 0);
    const double unit = pow(10, leading);
    rg_report_text n = uncertain(v.value / unit, v.error / unit, leading - place);
    const size_t used = strlen(n.text);
    snprintf(n.text + used, sizeof n.text - used, "e%+03d", leading);
    return n;
}

/* ---- the answer in sentences */

int rg_report_measurable(rg_value v) {
    return v.value > v.error;
}

rg_report_text rg_report_percent(rg_value share) {
    const int known = rg_report_measurable(share);
    rg_report_text n = {""};
    g_snprintf(n.text, sizeof n.text, "%s%s %%", known ? "" : "below ",
               rg_report_three_digits(100 * (known ? share.value : fabs(share.value) + share.error)).text);
    return n;
}

char *rg_report_seen(const rg_outcome *o) {
    const rg_value share = rg_report_gradient_share(o);
    if (isnan(share.value)) return g_strdup_printf("There is no score error.");
    if (!rg_report_measurable(share))
        return g_strdup_printf("The sampler sees nothing of the score error (%s of its energy).",
                               rg_report_percent(share).text);
    return g_strdup_printf("The sampler sees %s of the score error; the rest is invisible to it.",
                           rg_report_percent(share).text);
}

/* The prior is worth a word when its part stands out from the error bars. */
char *rg_report_cost(const rg_outcome *o) {
    const rg_value kl = o->divergence[RG_KL][RG_FULL], prior = o->prior_kl;
    const int told = prior.value > fmax(prior.error, kl.error);
    if (rg_report_measurable(kl))
        return g_strdup_printf("Sampling with it costs KL(p|q) = %s nats%s%s.", rg_report_number(kl).text,
                               told ? "; the prior starts with " : "", told ? rg_report_number(prior).text : "");
    return g_strdup_printf("Sampling with it costs nothing that can be measured: KL(p|q) = %s nats.",
                           rg_report_number(kl).text);
}

char *rg_report_looseness(const rg_outcome *o) {
    const rg_value kl = o->divergence[RG_KL][RG_FULL], gradient = o->gradient_bound, girsanov = o->girsanov_bound;
    if (isinf(gradient.value) && isinf(girsanov.value))
        return g_strdup_printf("Neither bound says anything here: without churn both are infinite.");
    if (rg_report_measurable(kl))
        return g_strdup_printf("The gradient bound is %s times that, the Girsanov bound %s times.",
                               rg_report_three_digits(gradient.value / kl.value).text,
                               rg_report_three_digits(girsanov.value / kl.value).text);
    return g_strdup_printf("The gradient bound allows %s, the Girsanov bound %s.", rg_report_number(gradient).text,
                           rg_report_number(girsanov).text);
}

char *rg_report_w1(const rg_outcome *o) {
    if (!o->w1.known) return NULL;
    const rg_w1_values *w = &o->w1.values;
    const rg_value *bound[] = {w->bound[RG_W1_GRADIENT], w->bound[RG_W1_ERROR]};
    return g_strdup_printf(
        "It costs W1(p, q) = %s; the least bound on that is %s by the gradient part, %s by the whole error.",
        rg_report_number(w->distance[RG_FULL]).text, rg_report_number(bound[0][RG_W1_LEAST]).text,
        rg_report_number(bound[1][RG_W1_LEAST]).text);
}

/* "φ from -75 to 75 degrees", "x_0 from 2.1 over the edge to -2.9" */
static char *region_words(const rg_outcome *o, const rg_experiment *e) {
    const rg_outcome_harm *h = &o->harm;
    const double unit = e->degrees ? 180 / 3.14159265358979323846 : 1;
    const int axis = h->region_axis, over = h->region_high > o->grid.lower[axis] + o->grid.length[axis] * (1 + 1e-9);
    const double high = h->region_high - (over ? o->grid.length[axis] : 0);
    char *name = e->axis_name[axis] ? rg_markup_plain(e->axis_name[axis]) : g_strdup_printf("x%d", axis);
    char *words = g_strdup_printf("%s from %s %sto %s%s", name, rg_report_three_digits(unit * h->region_low).text,
                                  over ? "over the edge " : "", rg_report_three_digits(unit * high).text,
                                  e->degrees ? " degrees" : "");
    g_free(name);
    return words;
}

/* The linear response beside the truth: worth a warning when it is off by more than a fifth. */
static char *trust_words(const rg_outcome *o) {
    const double fifth = 0.2, kl = o->divergence[RG_KL][RG_FULL].value, off = o->linear_kl.value / kl - 1;
    return g_strdup_printf("By linear response, whose KL is %s nats, %s %% %s%s.", rg_report_number(o->linear_kl).text,
                           rg_report_three_digits(100 * fabs(off)).text, off < 0 ? "too low" : "too high",
                           fabs(off) > fifth ? ": only a hint here" : "");
}

char *rg_report_harm(const rg_outcome *o, const rg_experiment *e) {
    const rg_outcome_harm *h = &o->harm;
    const double fifth = 0.2;
    const rg_value kl = h->attributed_kl;
    if (!h->known || !(h->band_high > 0) || !(kl.error < fifth * kl.value)) return NULL;
    if (!rg_report_measurable(o->divergence[RG_KL][RG_FULL])) return NULL;
    char *region = h->region_axis < 0 ? NULL : region_words(o, e), *trust = trust_words(o);
    char *words = g_strdup_printf(
        "%s %% of it comes from sigma %s to %s%s%s%s%s. %s", rg_report_three_digits(100 * h->band_share).text,
        rg_report_three_digits(h->band_low).text, rg_report_three_digits(h->band_high).text, region ? ", and " : "",
        region ? rg_report_three_digits(100 * h->region_share).text : "", region ? " % of that from " : "",
        region ? region : "", trust);
    g_free(region);
    g_free(trust);
    return words;
}

char *rg_report_interval(const rg_outcome_estimate *e) {
    if (!isfinite(e->interval[0]) || !isfinite(e->interval[1])) return g_strdup("");
    return g_strdup_printf("95 %%: %s to %s", rg_report_three_digits(e->interval[0]).text,
                           rg_report_three_digits(e->interval[1]).text);
}

char *rg_report_setting(const rg_outcome *o, const rg_experiment *e) {
    static const char *const prior[] = {
        [RG_PRIOR_EXACT] = "exact", [RG_PRIOR_UNIFORM] = "uniform", [RG_PRIOR_FILE] = "from a file"};
    char shape[RG_REPORT_TEXT_SIZE] = "";
    for (int a = 0; a < o->grid.dim; a++) {
        const size_t used = strlen(shape);
        snprintf(shape + used, sizeof shape - used, "%s%td", a ? " x " : "", o->grid.shape[a]);
    }
    return g_strdup_printf("grid %s, sigma %s down to %s, churn %s, prior %s, %s form, tolerance %s", shape,
                           rg_report_six_digits(sqrt(e->variance_max)).text,
                           rg_report_six_digits(sqrt(e->variance_min)).text, rg_report_six_digits(e->churn).text,
                           prior[e->prior], e->form == RG_FORM_DENSITY ? "density" : "ratio",
                           rg_report_six_digits(e->tolerance).text);
}

char *rg_report_work(const rg_outcome *o) {
    const rg_evolve_statistics *s = &o->statistics;
    const int resolution = o->cells_per_sigma > 0; /* sigma_min = 0 has none to speak of */
    return g_strdup_printf("%d steps (%d rejected), %d splits in %ld iterations, %s%s%s s, %s MB", s->steps,
                           s->rejected, s->splits, s->split_iterations,
                           resolution ? rg_report_three_digits(o->cells_per_sigma).text : "",
                           resolution ? " cells per sigma, " : "", rg_report_three_digits(o->seconds).text,
                           shown("%.0f", o->peak_memory / 1e6).text);
}
