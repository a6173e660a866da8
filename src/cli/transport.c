/* rotgrad transport: W1 between two densities. The arguments and the work; files and texts are in transport_files.c. */
#include "transport.h"

#include <rotgrad/argument.h>
#include <rotgrad/folder.h>

#include <math.h>
#include <string.h>

static const char *const verb = "transport";

enum { FREE = 256, MMD, SCALE };

static const struct argp_option options[] = {
    {.name = "from", .key = 'p', .arg = "P.npy", .doc = "The density p, (n0, ...), >= 0"},
    {.name = "to", .key = 'q', .arg = "Q.npy", .doc = "The density q on the same grid, of the same mass"},
    {.name = "box", .key = 'x', .arg = "LOWER:LENGTH,...", .doc = "The box, axis by axis; default -pi:2pi on each"},
    {.name = "free", .key = FREE, .doc = "No torus: mass moves in R^d, along straight lines"},
    {.name = "gap", .key = 'g', .arg = "G", .doc = "Stop when the bounds differ by G of the upper one; default 1e-3"},
    {.name = "scale", .key = SCALE, .doc = "Scale both densities to mass 1 first"},
    {.name = "mmd",
     .key = MMD,
     .arg = "energy|gaussian:WIDTH",
     .doc = "Also a maximum mean discrepancy; each of the two once"},
    {.name = "output", .key = 'o', .arg = "DIR", .doc = "Write report.json, potential.npy, flux.npy and a picture"},
    {.name = "force", .key = 'f', .doc = "Replace the earlier result in DIR"},
    {.name = "json", .key = 'j', .doc = "Print JSON instead of the table"},
    {0},
};

#define AT(member) .offset = offsetof(transport_job, member)

static const cli_range gap_range = {1e-10, 1, "a number >= 1e-10 (double precision cannot certify less) and < 1"};

static const cli_option table[] = {
    {.key = 'p', .kind = CLI_TEXT, AT(from_path)},
    {.key = 'q', .kind = CLI_TEXT, AT(to_path)},
    {.key = 'g', .kind = CLI_NUMBER, AT(gap), .name = "gap", .range = &gap_range},
    {.key = FREE, .kind = CLI_FLAG, AT(free_boundary)},
    {.key = SCALE, .kind = CLI_FLAG, AT(scale)},
    {.key = 'o', .kind = CLI_TEXT, AT(output)},
    {.key = 'f', .kind = CLI_FLAG, AT(force)},
    {.key = 'j', .kind = CLI_FLAG, AT(json)},
    {0},
};

static void parse_box(transport_job *job, const char *text, struct argp_state *state) {
    job->box = text;
    cli_take_box(text, &job->box_axes, job->lower, job->length, state);
    for (int a = 0; a < job->box_axes; a++) {
        if (job->length[a] < 1e-100 || job->length[a] > 1e100)
            argp_error(state, "--box: expected lengths from 1e-100 to 1e100, got %g: choose another unit",
                       job->length[a]);
        if (fabs(job->lower[a]) > 1e9 * job->length[a])
            argp_error(state, "--box: expected lower ends of at most 1e9 lengths, got %g: shift the box",
                       job->lower[a]);
    }
}

static void parse_mmd(transport_job *job, const char *text, struct argp_state *state) {
    static const char gaussian[] = "gaussian:";
    const size_t prefix = sizeof gaussian - 1;
    double width;
    if (strcmp(text, "energy") == 0)
        job->energy = 1;
    else if (strncmp(text, gaussian, prefix) != 0 || !rg_argument_number(text + prefix, &width) || !(width > 0))
        argp_error(state, "--mmd: expected energy, or gaussian:WIDTH with a width above 0, got \"%s\"", text);
    else if (job->bandwidth > 0)
        argp_error(state, "--mmd: expected one gaussian:WIDTH, got \"%s\" as well", text);
    else
        job->bandwidth = width;
}

static error_t parse(int key, char *text, struct argp_state *state) {
    transport_job *job = state->input;
    switch (key) {
    case 'x':
        parse_box(job, text, state);
        return 0;
    case MMD:
        parse_mmd(job, text, state);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument \"%s\"; files are named by --from and --to", text);
        return 0;
    case ARGP_KEY_END:
        if (!job->from_path || !job->to_path || !*job->from_path || !*job->to_path)
            argp_error(state, "expected --from P.npy and --to Q.npy");
        return 0;
    default:
        return cli_take(table, job, key, text, state);
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse,
    .args_doc = "--from P.npy --to Q.npy",
    .doc =
        "W1(p, q), the least average way by which p can be turned into q, between two bounds: a flux that does it, and "
        "a "
        "potential of slope 1 that no flux can beat. The error bar adds the difference to the halved grid. Without -o "
        "nothing is written.\v"
        "Example: rotgrad transport --from p.npy --to q.npy --gap 1e-4 -o out\n\n"
        "FILE.npz:NAME names an array in an archive.\n\n" CLI_EXIT_CODES ".",
};

/* ---- the work */

static int allocate(transport_job *job) {
    const size_t n = (size_t)rg_grid_cells(&job->grid);
    job->potential = rg_field_alloc(n);
    job->flux = rg_field_alloc(n * (size_t)job->grid.dim);
    return job->potential && job->flux ? CLI_DONE : cli_fail(verb, "out of memory");
}

static int solve(transport_job *job) {
    rg_diagnostic diagnostic = {0};
    rg_transport *transport = NULL;
    const rg_transport_options how = {.gap = job->gap};
    rg_status status = rg_transport_create(&job->grid, job->free_boundary, RG_PLAN_ESTIMATE, &transport);
    if (!status)
        status =
            rg_transport_solve(transport, &how, job->p, job->q, job->potential, job->flux, &job->report, &diagnostic);
    rg_transport_destroy(transport);
    if (!status)
        status = rg_wasserstein1(&job->grid, job->free_boundary, job->gap, job->p, job->q, &job->w1, NULL, &diagnostic);
    if (!status && !job->report.converged)
        cli_warn(verb, "stopped at a gap of %.1e after %d iterations; the bounds hold all the same", job->report.gap,
                 job->report.iterations);
    return cli_check(verb, status, &diagnostic);
}

static int measure(const transport_job *job, rg_mmd_kernel kernel, double *squared) {
    rg_diagnostic diagnostic = {0};
    const rg_status status =
        rg_mmd(&job->grid, job->free_boundary, kernel, job->bandwidth, job->p, job->q, squared, &diagnostic);
    return cli_check(verb, status, &diagnostic);
}

static int work(transport_job *job) {
    rg_diagnostic diagnostic = {0};
    int code = CLI_DONE;
    if (job->output) code = cli_check(verb, rg_folder_check(job->output, job->force, &diagnostic), &diagnostic);
    if (code == CLI_DONE) code = transport_read(job);
    if (code == CLI_DONE) code = allocate(job);
    if (code == CLI_DONE) code = solve(job);
    if (code == CLI_DONE && job->energy) code = measure(job, RG_MMD_ENERGY, &job->energy_squared);
    if (code == CLI_DONE && job->bandwidth > 0) code = measure(job, RG_MMD_GAUSSIAN, &job->gaussian_squared);
    if (code == CLI_DONE) code = transport_write(job);
    return code == CLI_DONE ? transport_print(job) : code;
}

int cli_transport(int argc, char **argv) {
    transport_job job = {
        .command = cli_command(argc, argv), .energy_squared = (double)NAN, .gaussian_squared = (double)NAN};
    if (!job.command) return cli_fail(verb, "out of memory");
    argp_parse(&parser, argc, argv, 0, NULL, &job);
    const int code = work(&job);
    transport_free(&job);
    return code;
}
