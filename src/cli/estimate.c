/* rotgrad estimate: the gradient energy from samples. The arguments and the work; files and texts are in
 * estimate_files.c. */
#include "estimate.h"

#include <rotgrad/argument.h>
#include <rotgrad/folder.h>

#include <float.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb = "estimate";

enum { ERROR = 256, CLEAN, SIGMA, RIDGE, FOLDS, REPLICATES, SEED };

static const struct argp_option options[] = {
    {.name = "samples", .key = 'x', .arg = "X.npy", .doc = "Samples of p, (N, D)"},
    {.name = "score", .key = 's', .arg = "S.npy", .doc = "The learned score at the samples, (N, D)"},
    {.name = "error", .key = ERROR, .arg = "E.npy", .doc = "The score error at the samples, where it is known"},
    {.name = "clean", .key = CLEAN, .arg = "X0.npy", .doc = "The data that each sample was made from, by adding noise"},
    {.name = "sigma", .key = SIGMA, .arg = "S", .doc = "Standard deviation of that noise"},
    {.name = "box",
     .key = 'b',
     .arg = "LOWER:LENGTH,...",
     .doc = "Samples are periodic in this box; one pair serves all axes"},
    {.name = "features",
     .key = 'F',
     .arg = "CLASS:N",
     .doc = "fourier:M (waves up to M; needs --box), rff:N (random waves), polynomial:1 or :2, nystrom:N (kernels); "
            "default rff:500"},
    {.name = "block", .key = 'B', .arg = "B", .doc = "Samples are a time series with memory shorter than B; default 1"},
    {.name = "ridge", .key = RIDGE, .arg = "R", .doc = "Relative to a unit diagonal; default: by cross-validation"},
    {.name = "folds", .key = FOLDS, .arg = "K", .doc = "Of the cross-validation; default 5"},
    {.name = "replicates", .key = REPLICATES, .arg = "R", .doc = "Of the bootstrap; default 2000"},
    {.name = "seed", .key = SEED, .arg = "N", .doc = "Of folds, random features and bootstrap; default 0"},
    {.name = "output", .key = 'o', .arg = "DIR", .doc = "Write report.json, gradient.npy and influence.npy"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR"},
    {.name = "json", .key = 'j', .doc = "Print JSON instead of the table"},
    {.name = "quiet", .key = 'q', .doc = "No progress bar"},
    {0},
};

#define AT(member) .offset = offsetof(estimate_job, member)

static const cli_range positive = {DBL_MIN, DBL_MAX, "a number > 0"};
static const cli_range not_negative = {0, DBL_MAX, "a number >= 0"};
static const cli_range count = {1, INT_MAX, "a whole number >= 1"};
static const cli_range seed_range = {0, INT_MAX, "a whole number >= 0"};
static const cli_range fold_range = {2, 101, "a whole number from 2 to 100"};
static const cli_range replicate_range = {100, 1000001, "a whole number from 100 to 1000000"};

static const cli_option table[] = {
    {.key = 'x', .kind = CLI_TEXT, AT(samples_path)},
    {.key = 's', .kind = CLI_TEXT, AT(score_path)},
    {.key = ERROR, .kind = CLI_TEXT, AT(error_path)},
    {.key = CLEAN, .kind = CLI_TEXT, AT(clean_path)},
    {.key = 'b', .kind = CLI_TEXT, AT(box)},
    {.key = SIGMA, .kind = CLI_NUMBER, AT(sigma), .name = "sigma", .range = &positive},
    {.key = RIDGE, .kind = CLI_NUMBER, AT(ridge), .name = "ridge", .range = &not_negative},
    {.key = 'B', .kind = CLI_WHOLE, AT(block), .name = "block", .range = &count},
    {.key = FOLDS, .kind = CLI_WHOLE, AT(folds), .name = "folds", .range = &fold_range},
    {.key = REPLICATES, .kind = CLI_WHOLE, AT(replicates), .name = "replicates", .range = &replicate_range},
    {.key = SEED, .kind = CLI_WHOLE, AT(seed), .name = "seed", .range = &seed_range},
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {.key = 'q', .kind = CLI_FLAG, AT(quiet)},
    {0},
};

static void parse_features(estimate_job *job, const char *text, struct argp_state *state) {
    rg_diagnostic diagnostic = {0};
    job->features = text;
    if (rg_argument_features(text, &job->kind, &job->size, &diagnostic))
        argp_error(state, "--features: %s", diagnostic.text);
}

/* Pair by pair: there may be more than a grid has axes. */
static void check_box(const char *text, struct argp_state *state) {
    double lower, length;
    while (estimate_take_pair(&text, &lower, &length)) continue;
    if (text)
        argp_error(state, "--box: expected lower:length with a length above 0, such as -pi:2pi, got \"%.*s\"",
                   (int)strcspn(text, ","), text);
}

static void check_arguments(const estimate_job *job, struct argp_state *state) {
    if (!job->samples_path) argp_error(state, "expected --samples X.npy");
    if (!job->score_path) argp_error(state, "expected --score S.npy");
    if (job->error_path && job->clean_path) argp_error(state, "--error: cannot go with --clean");
    if (job->clean_path && !job->has_sigma) argp_error(state, "--clean: expected --sigma as well");
    if (job->has_sigma && !job->clean_path) argp_error(state, "--sigma: expected --clean X0.npy as well");
    if (job->box) check_box(job->box, state);
    if (job->kind == RG_FEATURES_FOURIER && !job->box)
        argp_error(state, "--features %s: expected --box as well; on R^D take rff:N", job->features);
    if ((job->kind == RG_FEATURES_POLYNOMIAL || job->kind == RG_FEATURES_NYSTROM) && job->box)
        argp_error(state, "--features %s: not periodic; with --box take fourier:M or rff:N", job->features);
}

static error_t parse(int key, char *text, struct argp_state *state) {
    estimate_job *job = state->input;
    switch (key) {
    case 'F':
        parse_features(job, text, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"; files are named by --samples and --score", text);
        return 0;
    case ARGP_KEY_END:
        check_arguments(job, state);
        return 0;
    default:
        if (key == SIGMA) job->has_sigma = 1;
        if (key == RIDGE) job->has_ridge = 1;
        return cli_take(table, job, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "--samples X.npy --score S.npy",
    .doc =
        "Estimates E_p|grad phi|^2, the part of the score error's energy that the sampler sees, from samples of p in "
        "any "
        "dimension. With the samples and the learned score alone (Stein's form), with the error (oracle), or with the "
        "clean data behind each sample (denoising). The value is that of the class of features: a lower bound, which "
        "grows with the class.\v"
        "Example: rotgrad estimate --samples x.npy --score s.npy --features rff:1000\n\n"
        "FILE.npz:NAME names an array in an archive.\n\n" CLI_EXIT_CODES ".",
};

/* ---- the work */

static int check_output(const estimate_job *job) {
    rg_diagnostic diagnostic = {0};
    if (!job->output) return CLI_DONE;
    return cli_check(verb, rg_folder_check(job->output, job->force, &diagnostic), &diagnostic);
}

static int allocate(estimate_job *job) {
    if (!job->output) return CLI_DONE;
    job->gradient = rg_field_alloc(job->samples.count);
    job->influence = rg_field_alloc((size_t)job->samples.shape[0]);
    return job->gradient && job->influence ? CLI_DONE : cli_fail(verb, "out of memory");
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Labels, counts, booleans: next to no values for so many samples. A few samples may repeat values by chance. */
static int is_discrete(const rg_array *samples, ptrdiff_t column, double *sorted, ptrdiff_t *values) {
    const ptrdiff_t n = samples->shape[0];
    for (ptrdiff_t i = 0; i < n; i++) sorted[i] = samples->data[i * samples->shape[1] + column];
    qsort(sorted, (size_t)n, sizeof *sorted, compare);
    *values = 1;
    for (ptrdiff_t i = 1; i < n; i++) *values += sorted[i] > sorted[i - 1];
    const double least = 100;
    return (double)n >= least && (double)*values * (double)*values <= (double)n;
}

/* The oracle needs no score. A warning is not worth a failure: without memory there is none. */
static void warn_of_discrete(const estimate_job *job) {
    if (job->error_path) return;
    double *sorted = rg_field_alloc((size_t)job->samples.shape[0]);
    if (!sorted) return;
    ptrdiff_t values = 0, column = 0;
    while (column < job->samples.shape[1] && !is_discrete(&job->samples, column, sorted, &values)) column++;
    rg_free(sorted);
    if (column < job->samples.shape[1])
        cli_warn(verb,
                 "component %td of the samples has %td values only: such samples have no density and no score, and the "
                 "estimate means little; add the noise of a noise level first",
                 column, values);
}

static void warn(const estimate_job *job) {
    const double n = (double)job->samples.shape[0], correlation = job->result.neighbour_correlation;
    if (job->block <= 1 && correlation > 0.1 && correlation * correlation * n > 25)
        cli_warn(verb,
                 "neighbouring samples are correlated (%.2f), so the interval is too narrow; give --block, a number of "
                 "samples "
                 "beyond which they are not",
                 correlation);
}

static int solve(estimate_job *job) {
    const rg_estimate_data data = {
        .samples = (size_t)job->samples.shape[0],
        .dim = (size_t)job->samples.shape[1],
        .points = job->samples.data,
        .score = job->score.data,
        .error = job->error.data,
        .clean = job->clean.data,
        .sigma = job->sigma,
        .lower = job->lower,
        .length = job->length,
    };
    cli_progress progress = cli_progress_begin(job->quiet);
    cli_catch_signals();
    const rg_estimate_options how = {
        .kind = job->kind,
        .size = job->size,
        .block = (size_t)job->block,
        .fixed_ridge = job->has_ridge,
        .ridge = job->ridge,
        .folds = (size_t)job->folds,
        .replicates = (size_t)job->replicates,
        .seed = (unsigned long)job->seed,
        .gradient = job->gradient,
        .influence = job->influence,
        .progress = cli_progress_step,
        .progress_data = &progress,
    };
    rg_diagnostic diagnostic = {0};
    const rg_status status = rg_estimate(&data, &how, &job->result, &diagnostic);
    cli_progress_end(&progress);
    if (status == RG_ECANCELLED) return cli_interrupted(verb);
    if (status == RG_OK) warn(job);
    return cli_check(verb, status, &diagnostic);
}

static int work(estimate_job *job) {
    int code = check_output(job);
    if (code == CLI_DONE) code = estimate_read(job);
    if (code == CLI_DONE) code = allocate(job);
    if (code == CLI_DONE) warn_of_discrete(job);
    if (code == CLI_DONE) code = solve(job);
    if (code == CLI_DONE) code = estimate_write(job);
    return code == CLI_DONE ? estimate_print(job) : code;
}

int cli_estimate(int argc, char **argv) {
    estimate_job job = {.command = cli_command(argc, argv), .kind = RG_FEATURES_RANDOM, .size = 500};
    if (!job.command) return cli_fail(verb, "out of memory");
    job.features = "rff:500";
    argp_parse(&parser, argc, argv, 0, NULL, &job);
    const int code = work(&job);
    estimate_free(&job);
    return code;
}
