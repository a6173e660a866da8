/* rotgrad memorise: the arguments and the work; files and texts are in memorise_files.c. */
#include "memorise.h"

#include <rotgrad/folder.h>

#include <float.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb = "memorise";

enum { ALPHA = 256, SEED, IMAGE, EXCLUDE, SETTING_SIZE = 48 };

static const struct argp_option options[] = {
    {.name = "train", .key = 'x', .arg = "X.npy", .doc = "Training data, (N, D) or (N, height, width, ...)"},
    {.name = "exclude",
     .key = EXCLUDE,
     .arg = "E.npy",
     .doc =
         "(N,): rows of X with an entry other than 0 were not trained on; they are the held-out data where there is no "
         "--held-out"},
    {.name = "held-out", .key = 'H', .arg = "H.npy", .doc = "Data of the same law that was not trained on: the null"},
    {.name = "samples", .key = 'y', .arg = "Y.npy", .doc = "Samples of the model"},
    {.name = "experiment",
     .key = 'e',
     .arg = "E.yaml",
     .doc = "Or: samples that rotgrad sample makes of this experiment"},
    {.name = "set", .key = 's', .arg = "KEY=VALUE", .doc = "Replace or add a key of the experiment; may be repeated"},
    {.name = "particles", .key = 'm', .arg = "M", .doc = "How many samples the experiment makes"},
    {.name = "seed", .key = SEED, .arg = "N", .doc = "Seed of the experiment"},
    {.name = "alpha",
     .key = ALPHA,
     .arg = "A",
     .doc = "Share of copies that samples like held-out data show; default 0.05"},
    {.name = "image",
     .key = IMAGE,
     .arg = "HEIGHTxWIDTH",
     .doc = "Points are images: draw the first samples above their nearest training points, pairs.png and pairs.npz"},
    {.name = "output", .key = 'o', .arg = "DIR", .doc = "Write report.json, neighbours.npy, and what --image asks for"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR"},
    {.name = "json", .key = 'j', .doc = "Print JSON instead of the table"},
    {.name = "quiet", .key = 'q', .doc = "No progress bar"},
    {0},
};

#define AT(member) .offset = offsetof(memorise_job, member)

static const cli_range alpha_range = {DBL_MIN, 1, "a number between 0 and 1"};
static const cli_range count = {1, INT_MAX, "a whole number >= 1"};
static const cli_range seed_range = {0, INT_MAX, "a whole number >= 0"};

static const cli_option table[] = {
    {.key = 'x', .kind = CLI_TEXT, AT(train_path)},
    {.key = EXCLUDE, .kind = CLI_TEXT, AT(exclude_path)},
    {.key = 'H', .kind = CLI_TEXT, AT(held_out_path)},
    {.key = 'y', .kind = CLI_TEXT, AT(samples_path)},
    {.key = 'e', .kind = CLI_TEXT, AT(experiment_path)},
    {.key = IMAGE, .kind = CLI_TEXT, AT(image)},
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = ALPHA, .kind = CLI_NUMBER, AT(alpha), .name = "alpha", .range = &alpha_range},
    {.key = 'm', .kind = CLI_WHOLE, AT(particles), .name = "particles", .range = &count},
    {.key = SEED, .kind = CLI_WHOLE, AT(seed), .name = "seed", .range = &seed_range},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {.key = 'q', .kind = CLI_FLAG, AT(quiet)},
    {0},
};

static void read_image(memorise_job *job, struct argp_state *state) {
    int used = 0;
    if (!job->image) return;
    if (sscanf(job->image, "%5dx%5d%n", &job->height, &job->width, &used) != 2 || job->image[used] || job->height < 1 ||
        job->width < 1)
        argp_error(state, "--image: expected HEIGHTxWIDTH, such as 28x28, got \"%s\"", job->image);
    if (!job->output) argp_error(state, "--image: expected -o DIR as well");
}

static void check_arguments(memorise_job *job, struct argp_state *state) {
    if (!job->train_path) argp_error(state, "expected --train X.npy");
    if (!job->samples_path == !job->experiment_path)
        argp_error(state, "expected --samples Y.npy or --experiment E.yaml%s", job->samples_path ? ", got both" : "");
    if (job->samples_path && (job->settings || job->particles || job->has_seed))
        argp_error(state, "--set, --particles and --seed: expected --experiment as well");
    read_image(job, state);
}

static error_t parse(int key, char *text, struct argp_state *state) {
    memorise_job *job = state->input;
    switch (key) {
    case 's':
        if (!strchr(text, '=')) argp_error(state, "--set: expected KEY=VALUE, such as noise.churn=0, got \"%s\"", text);
        job->setting[job->settings++] = text;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"; files are named by --train and --samples", text);
        return 0;
    case ARGP_KEY_END:
        check_arguments(job, state);
        return 0;
    default:
        if (key == SEED) job->has_seed = 1;
        return cli_take(table, job, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "--train X.npy --samples Y.npy",
    .doc = "Asks whether a model has memorised its training data: the distance of each sample to its nearest training "
           "point "
           "over that to the second nearest, against the same ratio of held-out points. A sample is a copy where its "
           "ratio is "
           "below the quantile ALPHA of theirs. Without --held-out the null is each training point among the others.\v"
           "Example: rotgrad memorise --train train.npy --held-out test.npy --samples generated.npy\n\n"
           "FILE.npz:NAME names an array in an archive. docs/memorise.md explains the test.\n\n" CLI_EXIT_CODES ".",
};

/* ---- the work */

/* The array of rg_sample becomes that of the job. */
static void take_samples(memorise_job *job, rg_sampled *sampled) {
    job->samples = (rg_array){.dim = 2,
                              .shape = {(ptrdiff_t)sampled->count, (ptrdiff_t)sampled->dim},
                              .count = sampled->count * sampled->dim,
                              .data = sampled->samples};
    sampled->samples = NULL;
    rg_sampled_free(sampled);
}

static int failed(memorise_job *job, rg_status status, const rg_diagnostic *diagnostic) {
    (void)job;
    if (status != RG_ECANCELLED) return cli_check(verb, status, diagnostic);
    cli_fail(verb, "interrupted; nothing was written");
    return CLI_SIGNAL + cli_caught_signal();
}

static int generate(memorise_job *job) {
    rg_diagnostic diagnostic = {0};
    rg_experiment experiment = {0};
    rg_sampled sampled = {0};
    char particles[SETTING_SIZE], seed[SETTING_SIZE];
    if (!job->experiment_path) return CLI_DONE;
    snprintf(particles, sizeof particles, "sample.particles=%d", job->particles);
    snprintf(seed, sizeof seed, "sample.seed=%d", job->seed);
    if (job->particles) job->setting[job->settings++] = particles;
    if (job->has_seed) job->setting[job->settings++] = seed;
    rg_status status =
        rg_experiment_read_free(job->experiment_path, job->setting, job->settings, &experiment, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    cli_progress progress = cli_progress_begin(job->quiet);
    const rg_sample_options how = {.progress = cli_progress_step, .progress_data = &progress};
    status = rg_sample(&experiment, &how, &sampled, &diagnostic);
    cli_progress_end(&progress);
    rg_experiment_free(&experiment);
    if (status) return failed(job, status, &diagnostic);
    take_samples(job, &sampled);
    return CLI_DONE;
}

static int solve(memorise_job *job) {
    rg_diagnostic diagnostic = {0};
    cli_progress progress = cli_progress_begin(job->quiet);
    const rg_memorise_data data = {.dim = (size_t)job->train.shape[1],
                                   .train = (size_t)job->train.shape[0],
                                   .samples = (size_t)job->samples.shape[0],
                                   .held_out = job->held_out.data ? (size_t)job->held_out.shape[0] : 0,
                                   .train_points = job->train.data,
                                   .sample_points = job->samples.data,
                                   .held_out_points = job->held_out.data,
                                   .alpha = job->alpha,
                                   .progress = cli_progress_step,
                                   .progress_data = &progress};
    const rg_status status = rg_memorise(&data, &job->result, &diagnostic);
    cli_progress_end(&progress);
    if (status && status != RG_ECANCELLED)
        return cli_fail(verb, "%s%s: %s", job->train_path, job->exclude_path ? " without its excluded rows" : "",
                        diagnostic.text);
    return failed(job, status, &diagnostic);
}

static void warn(const memorise_job *job) {
    const rg_memorised *r = &job->result;
    if (r->threshold == 0)
        cli_warn(verb, "%s points are too few to tell copies at alpha %g; at least %.6g are needed",
                 r->leave_one_out ? "the training" : "the held-out", r->alpha, 1 / r->alpha - 1);
    if (r->repeated) cli_warn(verb, "%zu training points repeat an earlier one; they count as one place", r->repeated);
}

static int check_output(const memorise_job *job) {
    rg_diagnostic diagnostic = {0};
    if (!job->output) return CLI_DONE;
    return cli_check(verb, rg_folder_check(job->output, job->force, &diagnostic), &diagnostic);
}

static int work(memorise_job *job) {
    int code = check_output(job);
    cli_catch_signals();
    if (code == CLI_DONE) code = generate(job);
    if (code == CLI_DONE) code = memorise_read(job);
    if (code == CLI_DONE) code = solve(job);
    if (code == CLI_DONE) warn(job);
    if (code == CLI_DONE) code = memorise_write(job);
    return code == CLI_DONE ? memorise_print(job) : code;
}

int cli_memorise(int argc, char **argv) {
    memorise_job job = {.command = cli_command(argc, argv), .setting = calloc((size_t)argc + 2, sizeof *job.setting)};
    int code = job.command && job.setting ? CLI_DONE : cli_fail(verb, "out of memory");
    if (code == CLI_DONE) argp_parse(&parser, argc, argv, 0, NULL, &job);
    if (code == CLI_DONE) code = work(&job);
    memorise_free(&job);
    return code;
}
