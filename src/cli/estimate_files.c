/* rotgrad estimate: the arrays it reads, the folder it writes, the texts it prints. */
#include "estimate.h"

#include <rotgrad/argument.h>
#include <rotgrad/version.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb = "estimate";

/* ---- reading */

/* (N,) is taken for (N, 1). */
static int read_rows(const char *path, rg_array *array) {
    rg_diagnostic diagnostic = {0};
    const rg_status status = rg_array_read(path, array, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    if (array->dim == 1) array->shape[array->dim++] = 1;
    if (array->dim != 2 || array->shape[1] < 1)
        return cli_fail(verb, "%s: expected shape (N, D), found %s", path, cli_shape(array->dim, array->shape).text);
    return cli_check(verb, rg_array_check_finite(array, path, &diagnostic), &diagnostic);
}

static int read_beside(const estimate_job *job, const char *path, rg_array *array) {
    if (!path) return CLI_DONE;
    const int code = read_rows(path, array);
    const ptrdiff_t *wanted = job->samples.shape;
    if (code != CLI_DONE || (array->shape[0] == wanted[0] && array->shape[1] == wanted[1])) return code;
    return cli_fail(verb, "%s: expected shape %s, that of %s, found %s", path, cli_shape(2, wanted).text,
                    job->samples_path, cli_shape(2, array->shape).text);
}

int estimate_take_pair(const char **list, double *lower, double *length) {
    enum { ROOM = 64 };
    char pair[ROOM];
    double lowers[3], lengths[3];
    int axes;
    const size_t size = *list ? strcspn(*list, ",") : 0;
    if (!*list || size >= sizeof pair) return 0;
    memcpy(pair, *list, size);
    pair[size] = '\0';
    if (rg_argument_box(pair, &axes, lowers, lengths, NULL)) return 0;
    *lower = lowers[0];
    *length = lengths[0];
    *list = (*list)[size] ? *list + size + 1 : NULL;
    return 1;
}

/* One LOWER:LENGTH for all axes, or one for each; that all are pairs was seen when the options were read. */
static int set_axes(estimate_job *job) {
    const size_t d = (size_t)job->samples.shape[1];
    const char *rest = job->box;
    double lower, length;
    size_t count = 0;
    for (; estimate_take_pair(&rest, &lower, &length); count++) {
        if (count >= d) continue;
        job->lower[count] = lower;
        job->length[count] = length;
    }
    if (count != 1 && count != d)
        return cli_fail(verb,
                        "--box %s: expected one LOWER:LENGTH, or one for each of the %zu columns of %s, found %zu",
                        job->box, d, job->samples_path, count);
    for (size_t a = count; a < d; a++) {
        job->lower[a] = job->lower[0];
        job->length[a] = job->length[0];
    }
    return CLI_DONE;
}

static int set_box(estimate_job *job) {
    const size_t d = (size_t)job->samples.shape[1];
    if (!job->box) return CLI_DONE;
    job->lower = rg_field_alloc(d);
    job->length = rg_field_alloc(d);
    return job->lower && job->length ? set_axes(job) : cli_fail(verb, "out of memory");
}

int estimate_read(estimate_job *job) {
    int code = read_rows(job->samples_path, &job->samples);
    if (code == CLI_DONE) code = read_beside(job, job->score_path, &job->score);
    if (code == CLI_DONE) code = read_beside(job, job->error_path, &job->error);
    if (code == CLI_DONE) code = read_beside(job, job->clean_path, &job->clean);
    return code == CLI_DONE ? set_box(job) : code;
}

void estimate_free(estimate_job *job) {
    rg_array_free(&job->samples);
    rg_array_free(&job->score);
    rg_array_free(&job->error);
    rg_array_free(&job->clean);
    double *fields[] = {job->lower, job->length, job->gradient, job->influence};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    free(job->command);
}

/* ---- writing */

static const char *form_name(const rg_estimate_result *r) {
    return r->form == RG_LINEAR_ORACLE ? "oracle" : r->form == RG_LINEAR_STEIN ? "stein" : "denoising";
}

static json_t *describe_energy(const rg_estimate_result *r) {
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "in_sample", cli_real(r->in_sample), "held_out",
                     cli_real(r->held_out), "average", cli_real(r->average), "interval", cli_reals(2, r->interval),
                     "standard_error", cli_real(r->standard_error), "in_sample_bias", cli_real(r->in_sample_bias),
                     "held_out_bias", cli_real(r->held_out_bias));
}

static json_t *describe_total(const rg_estimate_result *r) {
    if (!isfinite(r->total)) return json_null();
    return json_pack("{s:o, s:o}", "value", cli_real(r->total), "standard_error", cli_real(r->total_error));
}

static json_t *describe_discrepancy(const rg_estimate_result *r) {
    return json_pack("{s:o, s:o, s:s, s:o, s:I}", "squared", cli_real(r->discrepancy), "standard_error",
                     cli_real(r->discrepancy_error), "kernel", "inverse multiquadric", "bandwidth",
                     cli_real(r->bandwidth), "samples", (json_int_t)r->discrepancy_samples);
}

static json_t *describe_box(const estimate_job *job) {
    const int d = (int)job->samples.shape[1];
    if (!job->box) return json_null();
    return json_pack("{s:o, s:o}", "lower", cli_reals(d, job->lower), "length", cli_reals(d, job->length));
}

static json_t *describe_inputs(const estimate_job *job) {
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "samples", cli_text(job->samples_path), "score",
                     cli_text(job->score_path), "error", cli_text(job->error_path), "clean", cli_text(job->clean_path),
                     "sigma", job->clean_path ? cli_real(job->sigma) : json_null(), "box", describe_box(job));
}

static json_t *describe(const estimate_job *job) {
    const rg_estimate_result *r = &job->result;
    json_t *features = json_pack("{s:s, s:I}", "class", job->features, "count", (json_int_t)r->features);
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:i, s:I, s:I, s:o, s:o, s:i, s:o, s:s, s:o}", //
                     "schema", "rotgrad.estimate/1", "form", form_name(r), "gradient_energy", describe_energy(r),
                     "total_energy", describe_total(r), "effective_dimension", cli_real(r->effective_dimension),
                     "ridge", cli_real(r->ridge), "features", features, "samples", (json_int_t)job->samples.shape[0],
                     "dimension", (json_int_t)job->samples.shape[1], "block", job->block > 1 ? job->block : 1, "folds",
                     (json_int_t)r->folds, "cells", (json_int_t)r->cells, "neighbour_correlation",
                     cli_real(r->neighbour_correlation), "ksd", describe_discrepancy(r), "seed", job->seed, "inputs",
                     describe_inputs(job), "version", rg_version(), "command", cli_text(job->command));
}

static int write_files(const void *data, const rg_folder *folder) {
    const estimate_job *job = data;
    const ptrdiff_t *shape = job->samples.shape;
    int code = cli_write_array(verb, folder, "gradient.npy", 2, shape, job->gradient);
    if (code == CLI_DONE) code = cli_write_array(verb, folder, "influence.npy", 1, shape, job->influence);
    return code == CLI_DONE ? cli_write_report(verb, folder, describe(job)) : code;
}

int estimate_write(const estimate_job *job) {
    return cli_write_folder(verb, job->output, job->force, write_files, job);
}

/* ---- printing */

static void print_table(const estimate_job *job) {
    const rg_estimate_result *r = &job->result;
    printf("samples       %s %s\n", job->samples_path, cli_shape(2, job->samples.shape).text);
    printf("form          %s\n", form_name(r));
    printf("features      %s: %zu functions, effective dimension %.1f, ridge %g\n", job->features, r->features,
           r->effective_dimension, r->ridge);
    printf("gradient      %14.7e  95 %% from %.7e to %.7e\n", r->average, r->interval[0], r->interval[1]);
    printf("  in sample   %14.7e\n", r->in_sample);
    printf("  held out    %14.7e\n", r->held_out);
    if (isfinite(r->total))
        printf("total         %14.7e  +- %.1e; gradient %.3f %%\n", r->total, r->total_error,
               100 * r->average / r->total);
    printf("discrepancy   %14.7e  +- %.1e (kernel Stein, squared)\n", r->discrepancy, r->discrepancy_error);
    if (job->output) printf("written       %s\n", job->output);
}

int estimate_print(const estimate_job *job) {
    if (job->json) return cli_print_json(verb, describe(job), stdout);
    print_table(job);
    return CLI_DONE;
}
