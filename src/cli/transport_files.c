/* rotgrad transport: the arrays it reads, the folder it writes, the texts it prints. */
#include "transport.h"

#include <rotgrad/array.h>
#include <rotgrad/version.h>

#include <math.h>
#include <stdlib.h>

static const char *const verb = "transport";

/* ---- reading */

static int set_grid(transport_job *job, const rg_array *p) {
    /* rg_wasserstein1 halves the grid, which must leave RG_MIN_POINTS */
    const ptrdiff_t least = 2 * RG_MIN_POINTS - 1;
    int fits = p->dim >= 1 && p->dim <= RG_MAX_DIM;
    for (int a = 0; fits && a < p->dim; a++) fits = p->shape[a] >= least;
    if (!fits)
        return cli_fail(verb, "%s: expected shape (n0, ...) with 1, 2 or 3 axes of at least %td points, found %s",
                        job->from_path, least, cli_shape(p->dim, p->shape).text);
    if (job->box && job->box_axes != p->dim)
        return cli_fail(verb, "--box %s: expected LOWER:LENGTH for each of the %d axes of %s, found %d", job->box,
                        p->dim, job->from_path, job->box_axes);
    const rg_status status =
        rg_grid_init(p->dim, p->shape, job->box ? job->lower : NULL, job->box ? job->length : NULL, &job->grid);
    return status ? cli_fail(verb, "%s: %s", job->from_path, rg_status_text(status)) : CLI_DONE;
}

static void scale(const rg_grid *grid, double mass, double *p) {
    for (ptrdiff_t i = 0; i < rg_grid_cells(grid); i++) p[i] /= mass;
}

static int check_mass(const char *path, double mass) {
    if (isnormal(mass)) return CLI_DONE;
    return cli_fail(verb, "%s: expected a mass from 2e-308 to 1e308, found %g: scale the density or the box", path,
                    mass);
}

/* The library asks for the same, and knows no options. */
static int match_masses(transport_job *job) {
    const double p = rg_integral(&job->grid, job->p), q = rg_integral(&job->grid, job->q);
    int code = check_mass(job->from_path, p);
    if (code == CLI_DONE) code = check_mass(job->to_path, q);
    if (code != CLI_DONE) return code;
    if (job->scale) {
        scale(&job->grid, p, job->p);
        scale(&job->grid, q, job->q);
    } else if (fabs(p - q) > RG_TRANSPORT_MASS_SLACK * fmax(p, q)) {
        return cli_fail(verb, "%s: expected the mass of %s, %.10g, found %.10g; --scale makes both 1", job->to_path,
                        job->from_path, p, q);
    }
    return CLI_DONE;
}

int transport_read(transport_job *job) {
    rg_array p = {0}, q = {0};
    int code = cli_read_array(verb, job->from_path, &p);
    job->p = p.data;
    if (code == CLI_DONE) code = set_grid(job, &p);
    if (code == CLI_DONE) code = cli_check_density(verb, job->from_path, &p);
    if (code == CLI_DONE) code = cli_read_array(verb, job->to_path, &q);
    job->q = q.data;
    if (code == CLI_DONE) code = cli_check_grid(verb, job->to_path, &q, &job->grid, job->from_path);
    if (code == CLI_DONE) code = cli_check_density(verb, job->to_path, &q);
    return code == CLI_DONE ? match_masses(job) : code;
}

void transport_free(transport_job *job) {
    double *fields[] = {job->p, job->q, job->potential, job->flux};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    free(job->command);
}

/* ---- writing */

static json_t *describe_mmd(const transport_job *job) {
    return json_pack("{s:o, s:o, s:o}", "energy_squared", cli_real(job->energy_squared), "gaussian_squared",
                     cli_real(job->gaussian_squared), "bandwidth",
                     cli_real(job->bandwidth > 0 ? job->bandwidth : (double)NAN));
}

static json_t *describe(const transport_job *job) {
    const rg_transport_report *r = &job->report;
    const rg_grid *grid = &job->grid;
    json_t *box = json_pack("{s:o, s:o, s:o}", "shape", cli_sizes(grid->dim, grid->shape), "lower",
                            cli_reals(grid->dim, grid->lower), "length", cli_reals(grid->dim, grid->length));
    json_t *w1 = json_pack("{s:o, s:o}", "value", cli_real(job->w1.value), "error", cli_real(job->w1.error));
    json_t *inputs = json_pack("{s:o, s:o}", "from", cli_text(job->from_path), "to", cli_text(job->to_path));
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:b, s:s, s:o, s:o, s:o, s:s, s:o}", //
                     "schema", "rotgrad.transport/1", "w1", w1, "lower", cli_real(r->lower), "upper",
                     cli_real(r->upper), "gap", cli_real(r->gap), "lipschitz", cli_real(r->lipschitz), "iterations",
                     r->iterations, "converged", r->converged, "boundary", job->free_boundary ? "free" : "periodic",
                     "mmd", describe_mmd(job), "grid", box, "inputs", inputs, "version", rg_version(), "command",
                     cli_text(job->command));
}

static int write_files(const void *data, const rg_folder *folder) {
    const transport_job *job = data;
    const int dim = job->grid.dim;
    ptrdiff_t shape[RG_MAX_DIM + 1] = {dim};
    for (int a = 0; a < dim; a++) shape[a + 1] = job->grid.shape[a];
    int code = cli_write_array(verb, folder, "potential.npy", dim, shape + 1, job->potential);
    if (code == CLI_DONE) code = cli_write_array(verb, folder, "flux.npy", dim + 1, shape, job->flux);
    if (code == CLI_DONE) code = transport_draw(job, folder);
    return code == CLI_DONE ? cli_write_report(verb, folder, describe(job)) : code;
}

int transport_write(const transport_job *job) {
    return cli_write_folder(verb, job->output, job->force, write_files, job);
}

/* ---- printing */

/* "0.0119(2)": the error in units of the last digit, rounded up, with two digits. */
void transport_uncertain(rg_value v, size_t size, char *text) {
    const double most = fmax(fabs(v.value), v.error);
    const int leading = most > 0 ? (int)floor(log10(most)) : 0, plain = leading >= -3 && leading < 5;
    const double unit = plain ? 1 : pow(10, leading), error = v.error / unit;
    const int decimals = error > 0 ? (int)fmin(fmax(1 - floor(log10(error)), 0), 12) : 0;
    char power[8] = "";
    if (!plain) snprintf(power, sizeof power, "e%+03d", leading);
    if (!(error > 0))
        snprintf(text, size, "%.7g", v.value);
    else
        snprintf(text, size, "%.*f(%.0f)%s", decimals, v.value / unit, ceil(error * pow(10, decimals) * (1 - 1e-9)),
                 power);
}

static void print_table(const transport_job *job) {
    const rg_transport_report *r = &job->report;
    char w1[64];
    transport_uncertain(job->w1, sizeof w1, w1);
    printf("from        %s\n", job->from_path);
    printf("to          %s\n", job->to_path);
    printf("grid        %s, %s\n", cli_shape(job->grid.dim, job->grid.shape).text,
           job->free_boundary ? "free boundary" : "periodic");
    printf("W1          %s\n", w1);
    printf("bracket     [%.9g, %.9g], gap %.1e after %d iterations\n", r->lower, r->upper, r->gap, r->iterations);
    if (job->energy) printf("energy      %.7g (MMD^2)\n", job->energy_squared);
    if (job->bandwidth > 0) printf("gaussian    %.7g (MMD^2, bandwidth %g)\n", job->gaussian_squared, job->bandwidth);
    if (job->output) printf("written     %s\n", job->output);
}

int transport_print(const transport_job *job) {
    if (job->json) return cli_print_json(verb, describe(job), stdout);
    print_table(job);
    return CLI_DONE;
}
