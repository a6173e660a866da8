/* report.json, schema rotgrad.report/1. A number that JSON does not know (NaN, infinity) is null.
 *
 * jansson's setters and json_pack take NULL for a failure of their own, so one check at the end is enough. */
#include "base/base.h"
#include "experiment/manifold.h"
#include "experiment/report_words.h"
#include "io/json.h"

#include <rotgrad/version.h>

#include <cairo.h>
#include <errno.h>
#include <fftw3.h>
#include <glib.h>
#include <gsl/gsl_version.h>
#include <math.h>
#include <omp.h>
#include <pango/pango.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yaml.h>
#include <zip.h>

static const char *const verdict_name[] = {
    [RG_HOLDS] = "holds", [RG_VIOLATED] = "violated", [RG_UNDECIDED] = "undecided"};

static json_t *value_json(rg_value v, const char *if_infinite) {
    json_t *json = json_pack("{s:o, s:o}", "value", rg_json_real(v.value), "error", rg_json_real(v.error));
    const char *note = isfinite(v.error) ? if_infinite : "unknown: above what a number can be";
    if (json && isinf(v.value) && json_object_set_new(json, "note", json_string(note)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *number_json(rg_value v) {
    return value_json(v, "infinite");
}

static json_t *bound_json(rg_value v, double churn) {
    return value_json(v, churn == 0 ? "infinite for the ODE (churn 0)" : "infinite");
}

static json_t *text_json(const char *text) {
    if (!text) return json_null();
    char *utf8 = rg_report_utf8(text);
    json_t *json = json_string(utf8);
    g_free(utf8);
    return json;
}

static json_t *divergence_json(const rg_value *of_marginal) {
    json_t *json = json_object();
    int failed = !json;
    for (int m = 0; m < RG_MARGINALS; m++)
        failed |= json_object_set_new(json, rg_marginal_name[m], number_json(of_marginal[m])) != 0;
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

static int add_divergences(json_t *report, const rg_outcome *o) {
    int failed = 0;
    for (int k = 0; k < RG_DIVERGENCES; k++)
        failed |= json_object_set_new(report, rg_divergence_name[k], divergence_json(o->divergence[k])) != 0;
    return failed;
}

/* From samples; without them a value of null and why. */
static json_t *dual_sobolev_json(const rg_report *report) {
    static const char *const form[] = {
        [RG_LINEAR_ORACLE] = "oracle", [RG_LINEAR_STEIN] = "stein", [RG_LINEAR_DENOISING] = "denoising"};
    const rg_outcome_estimate *o = &report->outcome->dual_sobolev;
    const rg_experiment_estimate *e = &report->experiment->estimate;
    if (e->samples == 0)
        return json_pack("{s:n, s:n, s:s}", "value", "error", "note",
                         "not estimated: the experiment has no key estimate");
    json_t *json = bound_json(o->bound, report->experiment->churn);
    json_t *rest =
        json_pack("{s:o, s:o, s:o, s:I, s:o, s:s}", "interval", rg_json_reals(2, o->interval), "class_bound",
                  bound_json(o->class_bound, report->experiment->churn), "class_bias", number_json(o->class_bias),
                  "samples", (json_int_t)e->samples, "features", text_json(e->features), "form", form[e->form]);
    const int failed = !json || json_object_update(json, rest) != 0; /* which refuses NULL */
    json_decref(rest);
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

/* {"gradient": .., "error": ..} */
static json_t *pair_json(const rg_value pair[RG_W1_FIELDS]) {
    return json_pack("{s:o, s:o}", "gradient", number_json(pair[RG_W1_GRADIENT]), "error",
                     number_json(pair[RG_W1_ERROR]));
}

static json_t *w1_bounds_json(const rg_outcome *o) {
    static const char *const name[RG_W1_BOUNDS] = {"gronwall",  "feynman_kac", "mean_square",
                                                   "bernstein", "smoothing",   "least"};
    const rg_w1_values *w = &o->w1.values;
    if (!o->w1.known) return json_null();
    json_t *json = json_pack("{s:o, s:o, s:o, s:o}", "source_norm", number_json(w->source_norm_bound), "tv",
                             pair_json(w->tv_bound), "w2", pair_json(w->w2_bound), "printed", number_json(w->printed));
    int failed = !json;
    for (int b = 0; !failed && b < RG_W1_BOUNDS; b++)
        failed =
            json_object_set_new(json, name[b],
                                pair_json((rg_value[]){w->bound[RG_W1_GRADIENT][b], w->bound[RG_W1_ERROR][b]})) != 0;
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

static json_t *true_drift_json(const rg_w1_values *w) {
    return json_pack("{s:o, s:o, s:o, s:o}", "prior_part", number_json(w->true_prior_gain), "source_part",
                     number_json(w->true_source), "source_size", number_json(w->true_size), "residual",
                     number_json(w->true_residual));
}

/* The distances and their exact representations; null where they were not asked for. */
static json_t *w1_json(const rg_outcome *o) {
    const rg_w1_values *w = &o->w1.values;
    if (!o->w1.known) return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "distance", divergence_json(w->distance), "prior",
                     number_json(w->prior), "potential", number_json(w->gain), "prior_part", number_json(w->prior_gain),
                     "source_part", pair_json(w->source), "source_size", number_json(w->size), "residual",
                     pair_json(w->residual), "true_drift", true_drift_json(w));
}

struct member {
    const char *key;
    json_t *value;
};

/* Takes the values, also when it fails; 0 for success. */
static int add_members(json_t *json, size_t count, const struct member *member) {
    int failed = 0;
    for (size_t i = 0; i < count; i++) failed |= json_object_set_new(json, member[i].key, member[i].value) != 0;
    return failed;
}

static json_t *bounds_json(const rg_report *report) {
    const rg_outcome *o = report->outcome;
    const double churn = report->experiment->churn;
    const struct member member[] = {
        {"gradient", bound_json(o->gradient_bound, churn)},
        {"girsanov", bound_json(o->girsanov_bound, churn)},
        {"dual_sobolev", dual_sobolev_json(report)},
        {"reverse_gradient", bound_json(o->reverse_gradient_bound, churn)},
        {"reverse_girsanov", bound_json(o->reverse_girsanov_bound, churn)},
        {"reverse_projection", bound_json(o->reverse_projection_bound, churn)},
        {"hellinger2", bound_json(o->hellinger2_bound, churn)},
        {"log_chi2", bound_json(o->log_chi2_bound, churn)},
        {"renyi", bound_json(o->renyi_bound, churn)},
        {"w1", w1_bounds_json(o)},
    };
    json_t *json = json_object();
    if (!add_members(json, sizeof member / sizeof *member, member)) return json;
    json_decref(json);
    return NULL;
}

static json_t *energy_json(const rg_outcome *o) {
    return json_pack("{s:o, s:o, s:o}", "total", number_json(o->energy[RG_ENERGY_TOTAL]), "gradient",
                     number_json(o->energy[RG_ENERGY_GRADIENT]), "solenoidal",
                     number_json(o->energy[RG_ENERGY_SOLENOIDAL]));
}

/* With G and S, the energies of the two parts, known to dG and dS: d(G / (G + S)) = (S dG + G dS) / (G + S)^2. */
rg_value rg_report_gradient_share(const rg_outcome *o) {
    const rg_value *energy = o->energy, g = energy[RG_ENERGY_GRADIENT], s = energy[RG_ENERGY_SOLENOIDAL];
    const double total = energy[RG_ENERGY_TOTAL].value;
    if (!(total > 0)) return (rg_value){nan(""), nan("")};
    return (rg_value){g.value / total, (fabs(s.value) * g.error + fabs(g.value) * s.error) / (total * total)};
}

static json_t *share_json(const rg_outcome *o) {
    const rg_value share = rg_report_gradient_share(o);
    return isnan(share.value) ? json_null() : number_json(share);
}

/* ---- harm */

static json_t *two_json(double a, double b) {
    return json_pack("[o, o]", rg_json_real(a), rg_json_real(b));
}

static json_t *band_json(const rg_outcome_harm *h) {
    if (!h->known || !(h->band_high > 0)) return json_null();
    return json_pack("{s:o, s:o}", "sigma", two_json(h->band_low, h->band_high), "share", rg_json_real(h->band_share));
}

static json_t *region_json(const rg_outcome_harm *h) {
    if (!h->known || !(h->band_high > 0) || h->region_axis < 0) return json_null();
    return json_pack("{s:i, s:o, s:o}", "axis", h->region_axis, "interval", two_json(h->region_low, h->region_high),
                     "share", rg_json_real(h->region_share));
}

static json_t *interval_item(const void *list, size_t i) {
    const rg_harm_interval *interval = &((const rg_harm_interval *)list)[i];
    return json_pack("{s:o, s:o, s:o, s:o}", "sigma", two_json(interval->low, interval->high), "total",
                     rg_json_real(interval->total), "positive", rg_json_real(interval->positive), "negative",
                     rg_json_real(interval->negative));
}

static json_t *names_json(const rg_experiment *e, int dim) {
    json_t *names = e->axis_name[0] ? json_array() : NULL;
    for (int a = 0; names && a < dim; a++)
        if (json_array_append_new(names, text_json(e->axis_name[a])) != 0) {
            json_decref(names);
            return NULL;
        }
    return e->axis_name[0] ? names : json_null();
}

static json_t *sizes_json(int count, const ptrdiff_t *sizes) {
    json_t *array = json_array();
    for (int a = 0; array && a < count; a++)
        if (json_array_append_new(array, json_integer(sizes[a])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *grid_json(const rg_report *report) {
    const rg_grid *grid = &report->outcome->grid;
    const size_t dim = (size_t)grid->dim;
    return json_pack("{s:o, s:o, s:o, s:o, s:b}", "shape", sizes_json(grid->dim, grid->shape), "lower",
                     rg_json_reals(dim, grid->lower), "length", rg_json_reals(dim, grid->length), "names",
                     names_json(report->experiment, grid->dim), "degrees", report->experiment->degrees);
}

static json_t *claim_json(const rg_claim *claim) {
    return json_pack("{s:s, s:s, s:o, s:o, s:s}", "name", claim->name, "statement", claim->statement, "lhs",
                     number_json(claim->lhs), "rhs", number_json(claim->rhs), "verdict", verdict_name[claim->verdict]);
}

/* The first `count` entries, each made by `item`. */
typedef json_t *item_json(const void *list, size_t i);

static json_t *array_json(size_t count, item_json *item, const void *list) {
    json_t *array = json_array();
    int failed = !array;
    for (size_t i = 0; !failed && i < count; i++) failed = json_array_append_new(array, item(list, i)) != 0;
    if (!failed) return array;
    json_decref(array);
    return NULL;
}

static json_t *harm_json(const rg_report *report) {
    const rg_outcome *o = report->outcome;
    const rg_outcome_harm *h = &o->harm;
    const rg_value unknown = {nan(""), nan("")};
    char *sentence = rg_report_harm(o, report->experiment);
    json_t *json =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "linear_kl", number_json(o->linear_kl), "observability",
                  number_json(o->observability), "attributed_kl", number_json(h->known ? h->attributed_kl : unknown),
                  "band", band_json(h), "region", region_json(h), "sentence", text_json(sentence), "intervals",
                  array_json(h->intervals, interval_item, h->interval));
    g_free(sentence);
    if (json && !h->known)
        (void)json_object_set_new(json, "note", json_string("attribution needs churn 1 and the exact prior"));
    return json;
}

static json_t *number_of_level(const rg_outcome_level *level, const rg_report_column *column) {
    const char *member = (const char *)level + column->offset;
    return column->integer ? json_integer(*(const int *)member) : rg_json_real(*(const double *)member);
}

/* The object that a column belongs to; made when it is not there yet. */
static json_t *group_of(json_t *level, const char *group) {
    if (!group) return level;
    if (!json_object_get(level, group)) (void)json_object_set_new(level, group, json_object());
    return json_object_get(level, group);
}

static json_t *level_json(const rg_outcome_level *level) {
    json_t *json = json_object();
    int failed = !json;
    for (int c = 0; !failed && c < RG_REPORT_COLUMNS; c++) {
        const rg_report_column *column = &rg_report_column_of[c];
        failed = json_object_set_new(group_of(json, column->group), column->name, number_of_level(level, column)) != 0;
    }
    if (!failed) return json;
    json_decref(json);
    return NULL;
}

static json_t *input_json(const rg_experiment_input *input) {
    return json_pack("{s:o, s:s}", "path", text_json(input->path), "sha256", input->sha256);
}

static json_t *claim_item(const void *outcome, size_t i) {
    return claim_json(&((const rg_outcome *)outcome)->claim[i]);
}

static json_t *level_item(const void *outcome, size_t i) {
    return level_json(&((const rg_outcome *)outcome)->level[i]);
}

static json_t *input_item(const void *experiment, size_t i) {
    return input_json(&((const rg_experiment *)experiment)->input[i]);
}

static json_t *bytes_json(double bytes) {
    return isfinite(bytes) ? json_integer((json_int_t)bytes) : json_null();
}

static json_t *numerics_json(const rg_outcome *o) {
    const rg_evolve_statistics *s = &o->statistics;
    return json_pack("{s:i, s:i, s:i, s:I, s:o, s:o, s:b, s:o, s:o, s:o}", "steps", s->steps, "rejected", s->rejected,
                     "splits", s->splits, "split_iterations", (json_int_t)s->split_iterations, "worst_residual",
                     rg_json_real(s->worst_residual), "cells_per_sigma", rg_json_real(o->cells_per_sigma),
                     "resolution_alarm", o->resolution_alarm != 0, "resolution_note", text_json(o->resolution_note),
                     "seconds", rg_json_real(o->seconds), "peak_memory_bytes", bytes_json(o->peak_memory));
}

/* As they are loaded now, which need not be what was compiled against. */
static json_t *libraries_json(void) {
    char glib[64];
    snprintf(glib, sizeof glib, "%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "fftw", fftw_version, "gsl", gsl_version,
                     "libpng", png_get_libpng_ver(NULL), "cairo", cairo_version_string(), "pango",
                     pango_version_string(), "libyaml", yaml_get_version_string(), "jansson", jansson_version_str(),
                     "libzip", zip_libzip_version(), "glib", glib);
}

/* SOURCE_DATE_EPOCH, the convention of reproducible builds, stands in for the clock. */
static time_t now(void) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (!epoch || !*epoch) return time(NULL);
    char *end;
    errno = 0;
    const long long seconds = strtoll(epoch, &end, 10);
    return *end || errno || seconds < 0 ? time(NULL) : (time_t)seconds;
}

static json_t *date_json(void) {
    const time_t seconds = now();
    struct tm utc;
    char text[64];
    if (!gmtime_r(&seconds, &utc) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)) return json_null();
    return json_string(text);
}

static json_t *resolved_json(const char *resolved) {
    return resolved ? json_loads(resolved, 0, NULL) : json_null();
}

json_t *rg_report_provenance(const rg_experiment *e, const char *command) {
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:o}", "version", rg_version(), "libraries", libraries_json(),
                     "inputs", array_json(e->inputs, input_item, e), "experiment", resolved_json(e->resolved),
                     "command", text_json(command), "threads", e->threads > 0 ? e->threads : omp_get_max_threads(),
                     "date", date_json());
}

static int add_rest(json_t *json, const rg_report *report) {
    const rg_outcome *o = report->outcome;
    const struct member member[] = {
        {"grid", grid_json(report)},
        {"prior_kl", number_json(o->prior_kl)},
        {"bounds", bounds_json(report)},
        {"identity_residual", number_json(o->identity_residual)},
        {"energy", energy_json(o)},
        {"gradient_share", share_json(o)},
        {"renyi", number_json(o->renyi)},
        {"harm", harm_json(report)},
        {"w1", w1_json(o)},
        {"manifold", rg_manifold_json(&o->manifold)},
        {"claims", array_json(o->claims, claim_item, o)},
        {"levels", array_json(o->levels, level_item, o)},
        {"numerics", numerics_json(o)},
        {"provenance", rg_report_provenance(report->experiment, report->command)},
    };
    int failed = add_members(json, sizeof member / sizeof *member, member);
    if (o->grid.dim == 1)
        failed |= json_object_set_new(json, "figures_note", json_string("none: heat maps need two or three axes")) != 0;
    return failed;
}

json_t *rg_report_document(const rg_report *report) {
    json_t *json = json_pack("{s:s, s:o}", "schema", "rotgrad.report/1", "title", text_json(report->experiment->title));
    if (json && !add_divergences(json, report->outcome) && !add_rest(json, report)) return json;
    json_decref(json);
    return NULL;
}

rg_status rg_report_json(const rg_report *report, const char *path, rg_diagnostic *diagnostic) {
    json_t *json = rg_report_document(report);
    const rg_status status = rg_json_write(path, json, diagnostic);
    json_decref(json);
    return status;
}

rg_status rg_outcome_json(const rg_outcome *outcome, const rg_experiment *experiment, const char *command,
                          char **text) {
    if (!outcome || !experiment || !text) return RG_EINVAL;
    json_t *json = rg_report_document(&(rg_report){outcome, experiment, command});
    char *dumped = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!dumped) return RG_ENOMEM;
    *text = dumped;
    return RG_OK;
}
