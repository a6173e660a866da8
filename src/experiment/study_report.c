/* study.json (schema rotgrad.study/1) and the table for people. Neither holds a time: the same rows give the same bytes. */
#include "base/base.h"
#include "experiment/report.h"
#include "experiment/study.h"
#include "io/json.h"

#include <rotgrad/version.h>

#include <glib.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* ---- coefficients */

static size_t copy_column(const rg_study *s, size_t quantity, double *values) {
    size_t n = 0;
    for (size_t i = 0; i < s->members; i++)
        if (s->row[i].done) values[n++] = s->row[i].value[quantity].value;
    return n;
}

static rg_status correlate_pair(const rg_study *s, size_t pair, double *x, double *y) {
    const size_t n = copy_column(s, pair / s->outcomes, x);
    (void)copy_column(s, s->predictors + pair % s->outcomes, y);
    return rg_correlate(n, x, y, s->replicates, s->seed, &s->correlation[pair]);
}

rg_status rg_study_correlate(rg_study *s) {
    const size_t done = rg_study_done(s), pairs = s->predictors * s->outcomes, each = 2 * s->members;
    if (s->correlated && s->correlated == done) return RG_OK;
    const int threads = rg_threads_for((int)pairs);
    double *memory = rg_field_alloc(rg_size_product(each, (size_t)threads));
    if (!s->correlation) s->correlation = rg_pool_alloc(&s->pool, pairs, sizeof *s->correlation);
    int failed = !memory || !s->correlation;
    if (!failed) {
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(| : failed)
        for (ptrdiff_t k = 0; k < (ptrdiff_t)pairs; k++) {
            double *x = memory + each * (size_t)omp_get_thread_num();
            failed |= correlate_pair(s, (size_t)k, x, x + s->members) != RG_OK;
        }
    }
    rg_free(memory);
    if (failed) return RG_ENOMEM;
    s->correlated = done;
    return RG_OK;
}

/* ---- JSON; the setters take NULL for a failure of their own */

static json_t *coefficient_json(const rg_coefficient *c) {
    const double interval[2] = {c->low, c->high};
    return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)c->count, "value", rg_json_real(c->value), "interval",
                     rg_json_reals(2, interval));
}

static json_t *quantity_json(const rg_study_quantity *q) {
    return json_pack("{s:s, s:s, s:s}", "name", q->name, "sentence", q->sentence, "unit", q->unit);
}

/* Appends to an array that may be NULL; returns the array, or NULL after a failure. */
static json_t *append(json_t *array, json_t *value) {
    if (array && json_array_append_new(array, value) == 0) return array;
    if (!array) json_decref(value);
    json_decref(array);
    return NULL;
}

static json_t *predictors_json(const rg_study *s) {
    json_t *array = json_array();
    for (size_t i = 0; i < s->predictors; i++) array = append(array, quantity_json(&s->predictor[i]->quantity));
    return array;
}

static json_t *outcomes_json(const rg_study *s) {
    json_t *array = json_array();
    for (size_t k = 0; k < s->outcomes; k++) array = append(array, quantity_json(&s->outcome[k]->quantity));
    return array;
}

static json_t *correlations_json(const rg_study *s) {
    json_t *array = json_array();
    for (size_t pair = 0; pair < s->predictors * s->outcomes; pair++)
        array = append(array,
                       json_pack("{s:s, s:s, s:o, s:o}", "predictor", s->predictor[pair / s->outcomes]->quantity.name,
                                 "outcome", s->outcome[pair % s->outcomes]->quantity.name, "pearson_log",
                                 coefficient_json(&s->correlation[pair].pearson_log), "spearman",
                                 coefficient_json(&s->correlation[pair].spearman)));
    return array;
}

typedef struct tally {
    size_t claims, violated, undecided, alarms;
} tally;

static tally count_claims(const rg_study *s) {
    tally t = {0};
    for (size_t i = 0; i < s->members; i++) {
        const rg_study_row *row = &s->row[i];
        if (!row->done) continue;
        t.claims += row->claims;
        t.violated += row->violated;
        t.undecided += row->undecided;
        t.alarms += row->alarm != 0;
    }
    return t;
}

static json_t *violations_json(const rg_study *s) {
    json_t *array = json_array();
    for (size_t i = 0; i < s->members; i++)
        if (s->row[i].done && s->row[i].violated)
            array = append(array, json_pack("{s:I, s:s}", "member", (json_int_t)i, "claims", s->row[i].violations));
    return array;
}

static json_t *text_json(const char *text) {
    char *utf8 = rg_report_utf8(text);
    json_t *json = json_string(utf8);
    g_free(utf8);
    return json;
}

static json_t *document(rg_study *s) {
    if (rg_study_correlate(s)) return NULL;
    const tally t = count_claims(s);
    return json_pack("{s:s, s:o, s:o, s:s, s:I, s:I, s:{s:I, s:I, s:I, s:o}, s:I, s:I, s:o, s:o, s:o}", "schema",
                     "rotgrad.study/1", "title", text_json(s->title), "study", text_json(s->path), "version",
                     rg_version(), "members", (json_int_t)s->members, "done", (json_int_t)rg_study_done(s), "claims",
                     "checked", (json_int_t)t.claims, "violated", (json_int_t)t.violated, "undecided",
                     (json_int_t)t.undecided, "violations", violations_json(s), "resolution_alarms",
                     (json_int_t)t.alarms, "replicates", (json_int_t)s->replicates, "predictors", predictors_json(s),
                     "outcomes", outcomes_json(s), "correlations", correlations_json(s));
}

rg_status rg_study_write(rg_study *study, const char *directory, rg_diagnostic *diagnostic) {
    const char *path = rg_study_path(&study->pool, directory, "study.json");
    if (!path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", directory);
    json_t *json = document(study);
    const rg_status status = rg_json_write(path, json, diagnostic);
    json_decref(json);
    return status;
}

rg_status rg_study_json(rg_study *study, char **text) {
    json_t *json = document(study);
    char *dumped = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!dumped) return RG_ENOMEM;
    *text = dumped;
    return RG_OK;
}

/* ---- the table */

/* " 0.992 [ 0.989,  0.994]", or blanks. */
static void add_coefficient(GString *out, const rg_coefficient *c) {
    char value[G_ASCII_DTOSTR_BUF_SIZE], low[G_ASCII_DTOSTR_BUF_SIZE], high[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(c->value)) {
        g_string_append_printf(out, "  %6s %-16s", "-", "");
        return;
    }
    g_string_append_printf(out, "  %6s", g_ascii_formatd(value, sizeof value, "%.3f", c->value));
    if (isfinite(c->low))
        g_string_append_printf(out, " [%6s, %6s]", g_ascii_formatd(low, sizeof low, "%.3f", c->low),
                               g_ascii_formatd(high, sizeof high, "%.3f", c->high));
    else
        g_string_append_printf(out, " %-16s", "");
}

/* In no member: what it needs, such as the key wasserstein, the experiments do not ask for. */
static int is_unknown(const rg_study *s, size_t outcome) {
    for (size_t i = 0; i < s->predictors; i++)
        if (s->correlation[i * s->outcomes + outcome].spearman.count > 0) return 0;
    return 1;
}

static void add_outcome(GString *out, const rg_study *s, size_t outcome) {
    if (is_unknown(s, outcome)) {
        g_string_append_printf(out, "\n%s: not known in any member (rotgrad study --list says what it needs)\n",
                               s->outcome[outcome]->quantity.name);
        return;
    }
    g_string_append_printf(out, "\n%-24s  %5s  %-23s  %5s  %s\n", s->outcome[outcome]->quantity.name, "n",
                           "Pearson (log) [95 %]", "n", "Spearman [95 %]");
    for (size_t i = 0; i < s->predictors; i++) {
        const rg_correlation *c = &s->correlation[i * s->outcomes + outcome];
        g_string_append_printf(out, "  %-22s  %5zu", s->predictor[i]->quantity.name, c->pearson_log.count);
        add_coefficient(out, &c->pearson_log);
        g_string_append_printf(out, "  %5zu", c->spearman.count);
        add_coefficient(out, &c->spearman);
        while (out->str[out->len - 1] == ' ') g_string_truncate(out, out->len - 1);
        g_string_append_c(out, '\n');
    }
}

rg_status rg_study_text(rg_study *s, char **text) {
    if (rg_study_correlate(s)) return RG_ENOMEM;
    const tally t = count_claims(s);
    GString *out = g_string_new(NULL);
    if (*s->title) g_string_append_printf(out, "%s\n", s->title);
    g_string_append_printf(out, "%zu of %zu members; of %zu claims %zu violated, %zu undecided\n", rg_study_done(s),
                           s->members, t.claims, t.violated, t.undecided);
    if (t.alarms) g_string_append_printf(out, "resolution alarm in %zu members, see members.csv\n", t.alarms);
    for (size_t k = 0; k < s->outcomes; k++) add_outcome(out, s, k);
    char *copy = rg_strdup(out->str);
    g_string_free(out, TRUE);
    if (!copy) return RG_ENOMEM;
    *text = copy;
    return RG_OK;
}
