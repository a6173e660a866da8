/* rotgrad split: one decomposition of a field. The arguments and the work; files and texts are in split_files.c. */
#include "split.h"

#include <rotgrad/folder.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const verb = "split";

enum { HARMONIC = 256, MEASURE, WISDOM, DETERMINISTIC };

static const struct argp_option options[] = {
    {.name = "density", .key = 'p', .arg = "P.npy", .doc = "The density p, (n0, ...), positive; any mass"},
    {.name = "field", .key = 'e', .arg = "E.npy", .doc = "The field e, (d, n0, ...), usually a score error"},
    {.name = "weight", .key = 'w', .arg = "density|flat", .doc = "Project in L2(p) (the default), or flat (Leray)"},
    {.name = "box", .key = 'x', .arg = "LOWER:LENGTH,...", .doc = "The box, axis by axis; default -pi:2pi on each"},
    {.name = "background", .key = 'b', .arg = "D", .doc = "Replace p by (1 - D) p + D / volume; default 0"},
    {.name = "tolerance", .key = 't', .arg = "T", .doc = "Relative residual to be reached; default 1e-10"},
    {.name = "max-iterations", .key = 'i', .arg = "N", .doc = "Give up after N iterations; default 5000"},
    {.name = "harmonic", .key = HARMONIC, .doc = "Also write harmonic.npy, the harmonic part of solenoidal.npy"},
    {.name = "measure", .key = MEASURE, .doc = "Time several FFTW plans and take the fastest: pays on large grids"},
    {.name = "wisdom", .key = WISDOM, .arg = "FILE", .doc = "--measure, with the plans kept in FILE between runs"},
    {.name = "deterministic", .key = DETERMINISTIC, .doc = "Plans by rule, the same bits on every run (the default)"},
    {.name = "output", .key = 'o', .arg = "DIR", .doc = "Write gradient, solenoidal, potential (.npy) and report.json"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR"},
    {.name = "json", .key = 'j', .doc = "Print JSON instead of the table"},
    {0},
};

#define AT(member) .offset = offsetof(split_job, member)

static const cli_range share = {0, 1, "a number >= 0 and < 1"};
static const cli_range residual = {1e-15, 1, "a number >= 1e-15 and < 1"};
static const cli_range count = {1, INT_MAX, "a whole number >= 1"};

static const cli_option table[] = {
    {.key = 'p', .kind = CLI_TEXT, AT(density_path)},
    {.key = 'e', .kind = CLI_TEXT, AT(field_path)},
    {.key = 'b', .kind = CLI_NUMBER, AT(background), .name = "background", .range = &share},
    {.key = 't', .kind = CLI_NUMBER, AT(tolerance), .name = "tolerance", .range = &residual},
    {.key = 'i', .kind = CLI_WHOLE, AT(max_iterations), .name = "max-iterations", .range = &count},
    {.key = HARMONIC, .kind = CLI_FLAG, AT(with_harmonic)},
    {.key = MEASURE, .kind = CLI_FLAG, AT(measure)},
    {.key = WISDOM, .kind = CLI_TEXT, AT(wisdom)},
    {.key = DETERMINISTIC, .kind = CLI_FLAG, AT(deterministic)},
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {0},
};

static void parse_weight(split_job *job, const char *text, struct argp_state *state) {
    job->flat = strcmp(text, "flat") == 0;
    if (!job->flat && strcmp(text, "density") != 0)
        argp_error(state, "--weight: expected density or flat, got \"%s\"", text);
}

static void check_arguments(const split_job *job, struct argp_state *state) {
    if (!job->field_path) argp_error(state, "expected --field E.npy");
    if (!job->density_path && !job->flat) argp_error(state, "expected --density P.npy, or --weight flat");
    if (job->deterministic && (job->measure || job->wisdom))
        argp_error(state, "--deterministic: cannot go with --measure or --wisdom");
}

static error_t parse(int key, char *text, struct argp_state *state) {
    split_job *job = state->input;
    switch (key) {
    case 'w':
        parse_weight(job, text, state);
        return 0;
    case 'x':
        job->box = text;
        cli_take_box(text, &job->box_axes, job->lower, job->length, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"; files are named by --density and --field", text);
        return 0;
    case ARGP_KEY_END:
        check_arguments(job, state);
        return 0;
    default:
        return cli_take(table, job, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "--density P.npy --field E.npy",
    .doc = "Splits a field e into grad phi + r with div(p r) = 0: the part of a score error that the sampler sees, and "
           "the part that it does not. Prints the energies E_p|.|^2 of both, and of the harmonic part of r. Without -o "
           "nothing is written.\v"
           "Example: rotgrad split --density p.npy --field e.npy -o out\n\n"
           "FILE.npz:NAME names an array in an archive.\n\n" CLI_EXIT_CODES ".",
};

/* ---- the work */

static double *part(const split_job *job, int components) {
    return rg_field_alloc((size_t)components * (size_t)rg_grid_cells(&job->grid));
}

static int allocate(split_job *job) {
    job->gradient = part(job, job->grid.dim);
    job->solenoidal = part(job, job->grid.dim);
    job->harmonic = part(job, job->grid.dim);
    job->potential = part(job, 1);
    if (job->gradient && job->solenoidal && job->harmonic && job->potential) return CLI_DONE;
    return cli_fail(verb, "out of memory");
}

static rg_planning planning(const split_job *job) {
    return job->measure || job->wisdom ? RG_PLAN_MEASURE : RG_PLAN_ESTIMATE;
}

static int not_converged(const split_job *job) {
    return cli_fail(verb,
                    "stopped after %d iterations at a residual of %.1e, above the tolerance; nothing was written; "
                    "give a --background, a finer grid, a higher --tolerance or more --max-iterations",
                    job->report.iterations, job->report.residual);
}

static int split_weighted(split_job *job, rg_split *split) {
    const rg_split_parts parts = {
        .gradient = job->gradient, .solenoidal = job->solenoidal, .potential = job->potential};
    rg_status status = rg_split_weighted(split, job->log_density, job->score, job->field, &parts, &job->report);
    if (status == RG_ENOCONV) return not_converged(job);
    if (!status)
        status = rg_split_harmonic(split, job->log_density, job->score, job->solenoidal, job->harmonic,
                                   &job->harmonic_energy);
    if (status) return cli_fail(verb, "harmonic part: %s; nothing was written", rg_status_text(status));
    if (!job->report.resolved)
        cli_warn(verb, "the grid does not resolve this density; the parts are exact on the grid, not beyond it");
    return CLI_DONE;
}

static int solve_weighted(split_job *job) {
    const rg_split_options how = {job->tolerance, job->max_iterations, .planning = planning(job)};
    rg_split *split = NULL;
    const rg_status status = rg_split_create(&job->grid, &how, &split);
    const int code = status ? cli_fail(verb, "%s", rg_status_text(status)) : split_weighted(job, split);
    rg_split_destroy(split);
    return code;
}

/* The harmonic part of a flat split is the mean of the field. */
static void fill_mean(split_job *job) {
    const ptrdiff_t n = rg_grid_cells(&job->grid);
    for (int a = 0; a < job->grid.dim; a++) {
        const double mean = rg_integral(&job->grid, job->field + a * n) / rg_grid_volume(&job->grid);
        for (ptrdiff_t i = 0; i < n; i++) job->harmonic[a * n + i] = mean;
    }
}

static int solve_flat(split_job *job) {
    rg_spectral *spectral = NULL;
    rg_status status = rg_spectral_create(&job->grid, planning(job), &spectral);
    if (!status)
        status = rg_split_flat(spectral, job->field, job->gradient, job->solenoidal, job->potential,
                               &job->harmonic_energy, &job->report);
    rg_spectral_destroy(spectral);
    if (status) return cli_fail(verb, "%s", rg_status_text(status));
    fill_mean(job);
    return CLI_DONE;
}

static int load_wisdom(const split_job *job) {
    rg_diagnostic diagnostic = {0};
    if (!job->wisdom || access(job->wisdom, F_OK) != 0) return CLI_DONE; /* to be made */
    return cli_check(verb, rg_wisdom_load(job->wisdom, &diagnostic), &diagnostic);
}

static int save_wisdom(const split_job *job) {
    rg_diagnostic diagnostic = {0};
    if (!job->wisdom) return CLI_DONE;
    return cli_check(verb, rg_wisdom_save(job->wisdom, &diagnostic), &diagnostic);
}

static int check_output(const split_job *job) {
    rg_diagnostic diagnostic = {0};
    if (!job->output) return CLI_DONE;
    return cli_check(verb, rg_folder_check(job->output, job->force, &diagnostic), &diagnostic);
}

static int work(split_job *job) {
    int code = check_output(job);
    if (code == CLI_DONE) code = split_read(job);
    if (code == CLI_DONE) code = allocate(job);
    if (code == CLI_DONE) code = load_wisdom(job);
    if (code == CLI_DONE) code = job->flat ? solve_flat(job) : solve_weighted(job);
    if (code == CLI_DONE) code = save_wisdom(job);
    if (code == CLI_DONE) code = split_write(job);
    return code == CLI_DONE ? split_print(job) : code;
}

int cli_split(int argc, char **argv) {
    split_job job = {.command = cli_command(argc, argv)};
    if (!job.command) return cli_fail(verb, "out of memory");
    argp_parse(&parser, argc, argv, 0, NULL, &job);
    const int code = work(&job);
    split_free(&job);
    return code;
}
