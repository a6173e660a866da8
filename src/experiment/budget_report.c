/* What a ladder leaves behind: report.json (schema rotgrad.budget/1), ladder.csv, sweep.csv, laws.npz.
 *
 * jansson's setters and json_pack take NULL for a failure of their own. */
#include "experiment/budget.h"
#include "experiment/report.h"
#include "io/csv.h"
#include "io/json.h"

#include <rotgrad/array.h>
#include <rotgrad/folder.h>

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- JSON */

static json_t *number(rg_value v) {
    return json_pack("{s:o, s:o}", "value", rg_json_real(v.value), "error", rg_json_real(v.error));
}

static json_t *distances_json(const rg_distances *d) {
    return json_pack("{s:o, s:o, s:o}", "w1", number(d->w1), "kl", number(d->kl), "tv", number(d->tv));
}

static json_t *bound_json(const rg_rung *r) {
    if (isnan(r->bound.value)) return json_null();
    return json_pack("{s:o, s:o, s:s}", "value", rg_json_real(r->bound.value), "error", rg_json_real(r->bound.error),
                     "by", r->bound_name);
}

static json_t *rungs_json(const rg_budget *b) {
    json_t *list = json_array();
    for (size_t i = 0; i < b->rungs; i++) {
        const rg_rung *r = &b->rung[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "name", r->name, "source", r->words,
                                              "step", distances_json(&r->step), "from_truth", distances_json(&r->total),
                                              "bound", bound_json(r), "share", rg_json_real(r->share)));
    }
    return list;
}

static json_t *square_json(const rg_budget *b) {
    if (b->samples == 0) return json_null();
    const rg_value *side = b->side;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "truth_samples", number(side[RG_SIDE_SAMPLES]),
                     "samples_smoothed", number(side[RG_SIDE_SAMPLES_STOP]), "truth_stopped_samples_stopped",
                     number(side[RG_SIDE_STOP_SAMPLES]), "truth_samples_stopped", number(side[RG_SIDE_DIAGONAL]),
                     "dyadic_bound", rg_json_real(b->dyadic), "dyadic_bound_expected",
                     rg_json_real(b->dyadic_expected));
}

static json_t *points_json(const rg_sweep *s) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->points; i++) {
        const rg_sweep_point *p = &s->point[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "value", rg_json_real(p->value), "source",
                                              number(p->source), "memory", number(p->memory), "output",
                                              number(p->output), "bound", rg_json_real(p->theory)));
    }
    return list;
}

static json_t *sweeps_json(const rg_budget *b) {
    json_t *list = json_array();
    for (size_t i = 0; i < b->sweeps; i++) {
        const rg_sweep *s = &b->sweep[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", s->name, "points", points_json(s), "slope",
                                        rg_json_real(s->slope), "slope_error", rg_json_real(s->slope_error),
                                        "slope_expected", rg_json_real(s->expected)));
    }
    return list;
}

static json_t *claims_json(const rg_budget *b) {
    static const char *const verdict[] = {
        [RG_HOLDS] = "holds", [RG_VIOLATED] = "violated", [RG_UNDECIDED] = "undecided"};
    json_t *list = json_array();
    for (size_t i = 0; i < b->claims; i++) {
        const rg_claim *c = &b->claim[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:o, s:o, s:s}", "name", c->name, "statement", c->statement, "lhs",
                                        number(c->lhs), "rhs", number(c->rhs), "verdict", verdict[c->verdict]));
    }
    return list;
}

static json_t *document(const rg_budget *b, const rg_experiment *e, const char *command) {
    char *title = rg_report_utf8(e->title);
    json_t *json = json_pack(
        "{s:s, s:s, s:i, s:o, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
        "rotgrad.budget/1", "title", title, "dimension", b->grid.dim, "sigma",
        json_pack("[o, o]", rg_json_real(sqrt(e->variance_min)), rg_json_real(sqrt(e->variance_max))),
        "truth_has_density", b->has_density, "samples", (json_int_t)b->samples, "functions", (json_int_t)b->functions,
        "steps_taken", (json_int_t)b->steps_taken, "rungs", rungs_json(b), "sum_w1", number(b->sum), "square",
        square_json(b), "prior_w1", number(b->prior_w1), "sweeps", sweeps_json(b), "claims", claims_json(b), "seconds",
        rg_json_real(b->seconds), "provenance", rg_report_provenance(e, command));
    g_free(title);
    return json;
}

rg_status rg_budget_json(const rg_budget *budget, const rg_experiment *experiment, const char *command, char **text) {
    const size_t digits = 17;
    if (!budget || !experiment || !text) return RG_EINVAL;
    json_t *json = document(budget, experiment, command);
    char *dumped = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(digits)) : NULL;
    json_decref(json);
    char *copy = dumped ? rg_strdup(dumped) : NULL;
    free(dumped);
    if (!copy) return RG_ENOMEM;
    *text = copy;
    return RG_OK;
}

/* ---- CSV */

static void real_and_error(rg_csv *csv, rg_value v) {
    rg_csv_real(csv, v.value);
    rg_csv_real(csv, v.error);
}

static rg_status write_ladder(const rg_budget *b, const char *path, rg_diagnostic *diagnostic) {
    static const char *const names[] = {
        "rung",           "w1",       "w1_error",       "kl",       "kl_error",       "tv",
        "tv_error",       "truth_w1", "truth_w1_error", "truth_kl", "truth_kl_error", "truth_tv",
        "truth_tv_error", "bound",    "bound_error",    "bound_by", "share"};
    rg_csv csv;
    const rg_status status = rg_csv_begin(&csv, path, sizeof names / sizeof *names, names, diagnostic);
    if (status) return status;
    for (size_t i = 0; i < b->rungs; i++) {
        const rg_rung *r = &b->rung[i];
        rg_csv_text(&csv, r->name);
        real_and_error(&csv, r->step.w1);
        real_and_error(&csv, r->step.kl);
        real_and_error(&csv, r->step.tv);
        real_and_error(&csv, r->total.w1);
        real_and_error(&csv, r->total.kl);
        real_and_error(&csv, r->total.tv);
        real_and_error(&csv, r->bound);
        rg_csv_text(&csv, r->bound_name);
        rg_csv_real(&csv, r->share);
    }
    return rg_csv_end(&csv, RG_OK, diagnostic);
}

static rg_status write_sweeps(const rg_budget *b, const char *path, rg_diagnostic *diagnostic) {
    static const char *const names[] = {"sweep",        "value",  "source",       "source_error", "memory",
                                        "memory_error", "output", "output_error", "bound"};
    rg_csv csv;
    if (b->sweeps == 0) return RG_OK;
    const rg_status status = rg_csv_begin(&csv, path, sizeof names / sizeof *names, names, diagnostic);
    if (status) return status;
    for (size_t i = 0; i < b->sweeps; i++)
        for (size_t k = 0; k < b->sweep[i].points; k++) {
            const rg_sweep_point *p = &b->sweep[i].point[k];
            rg_csv_text(&csv, b->sweep[i].name);
            rg_csv_real(&csv, p->value);
            real_and_error(&csv, p->source);
            real_and_error(&csv, p->memory);
            real_and_error(&csv, p->output);
            rg_csv_real(&csv, p->theory);
        }
    return rg_csv_end(&csv, RG_OK, diagnostic);
}

/* ---- arrays, and all of them */

static rg_status write_laws(const rg_budget *b, const char *path, rg_diagnostic *diagnostic) {
    rg_array_member member[RG_LAWS] = {{"truth", b->grid.dim, b->grid.shape, b->law[0]}};
    for (size_t i = 0; i < b->rungs; i++)
        member[1 + i] = (rg_array_member){b->rung[i].name, b->grid.dim, b->grid.shape, b->law[1 + i]};
    return rg_array_write_npz(path, member, 1 + b->rungs, diagnostic);
}

static rg_status in_folder(const char *folder, const char *name, char **path, rg_diagnostic *diagnostic) {
    const size_t room = strlen(folder) + strlen(name) + 2;
    *path = rg_alloc(room, 1);
    if (!*path) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", folder);
    snprintf(*path, room, "%s/%s", folder, name);
    return RG_OK;
}

typedef rg_status writer(const rg_budget *budget, const char *path, rg_diagnostic *diagnostic);

static rg_status write_files(const rg_budget *b, const rg_experiment *e, const char *folder, const char *command,
                             rg_diagnostic *diagnostic) {
    static const struct {
        const char *name;
        writer *write;
    } table[] = {{"ladder.csv", write_ladder}, {"sweep.csv", write_sweeps}, {"laws.npz", write_laws}};
    char *path = NULL;
    json_t *json = document(b, e, command);
    rg_status status = in_folder(folder, "report.json", &path, diagnostic);
    if (!status) status = rg_json_write(path, json, diagnostic);
    rg_free(path);
    json_decref(json);
    for (size_t i = 0; !status && i < sizeof table / sizeof *table; i++) {
        status = in_folder(folder, table[i].name, &path, diagnostic);
        if (status) break;
        status = table[i].write(b, path, diagnostic);
        rg_free(path);
    }
    return status ? status : rg_budget_figures(b, e, folder, diagnostic);
}

rg_status rg_budget_write(const rg_budget *budget, const rg_experiment *experiment, const char *directory, int force,
                          const char *command, rg_diagnostic *diagnostic) {
    if (!budget || !experiment || !directory)
        return rg_fail(diagnostic, RG_EINVAL, "a report needs a budget, its experiment and a directory");
    rg_folder folder;
    rg_status status = rg_folder_begin(&folder, directory, force, diagnostic);
    if (status) return status;
    status = write_files(budget, experiment, folder.beside, command, diagnostic);
    return rg_folder_end(&folder, status, diagnostic);
}
