/* rotgrad split: the arrays it reads, the folder it writes, the texts it prints. */
#include "split.h"

#include <rotgrad/array.h>
#include <rotgrad/density.h>
#include <rotgrad/version.h>

#include <math.h>
#include <stdlib.h>

static const char *const verb = "split";

/* ---- reading */

static int check_field_shape(const char *path, const rg_array *array) {
    const int dim = array->dim - 1;
    int fits = dim >= 1 && dim <= RG_MAX_DIM;
    for (int a = 1; fits && a <= dim; a++) fits = array->shape[a] >= RG_MIN_POINTS;
    if (!fits)
        return cli_fail(verb, "%s: expected shape (d, n0, ...) with d = 1, 2 or 3 axes of at least 4 points, found %s",
                        path, cli_shape(array->dim, array->shape).text);
    if (array->shape[0] == dim) return CLI_DONE;
    return cli_fail(verb, "%s: expected %d component%s on axis 0, found %td", path, dim, dim == 1 ? "" : "s",
                    array->shape[0]);
}

static int set_grid(split_job *job, const rg_array *field) {
    const int dim = field->dim - 1;
    if (job->box && job->box_axes != dim)
        return cli_fail(verb, "--box %s: expected LOWER:LENGTH for each of the %d axes of %s, found %d", job->box, dim,
                        job->field_path, job->box_axes);
    const rg_status status =
        rg_grid_init(dim, field->shape + 1, job->box ? job->lower : NULL, job->box ? job->length : NULL, &job->grid);
    return status ? cli_fail(verb, "%s: %s", job->field_path, rg_status_text(status)) : CLI_DONE;
}

static int read_field(split_job *job) {
    rg_array field = {0};
    int code = cli_read_array(verb, job->field_path, &field);
    if (code == CLI_DONE) code = check_field_shape(job->field_path, &field);
    if (code == CLI_DONE) code = set_grid(job, &field);
    job->field = field.data;
    return code;
}

/* Without a background nothing may be 0. */
static int check_zeros(const split_job *job, const rg_array *p) {
    for (size_t i = 0; job->background == 0 && i < p->count; i++)
        if (p->data[i] == 0)
            return cli_fail(verb, "%s: found 0 at index %s, where there is no score; mix in --background 1e-6, say",
                            job->density_path, cli_index(p->dim, p->shape, i).text);
    return CLI_DONE;
}

static void add_background(const split_job *job, rg_array *p) {
    const double mass = rg_integral(&job->grid, p->data), uniform = job->background / rg_grid_volume(&job->grid);
    for (size_t i = 0; i < p->count; i++) p->data[i] = (1 - job->background) * (p->data[i] / mass) + uniform;
}

/* The density's array becomes its logarithm. */
static int set_density(split_job *job, rg_array *p) {
    rg_diagnostic diagnostic = {0};
    if (job->background > 0) add_background(job, p);
    job->score = rg_field_alloc(p->count * (size_t)job->grid.dim);
    if (!job->score) return cli_fail(verb, "out of memory");
    const rg_status status = rg_density_score(&job->grid, p->data, job->score, &diagnostic);
    for (size_t i = 0; i < p->count; i++) p->data[i] = log(p->data[i]);
    return status ? cli_fail(verb, "%s: %s", job->density_path, diagnostic.text) : CLI_DONE;
}

static int read_density(split_job *job) {
    rg_array p = {0};
    int code = cli_read_array(verb, job->density_path, &p);
    job->log_density = p.data;
    if (code == CLI_DONE) code = cli_check_grid(verb, job->density_path, &p, &job->grid, job->field_path);
    if (code == CLI_DONE) code = cli_check_density(verb, job->density_path, &p);
    if (code == CLI_DONE) code = check_zeros(job, &p);
    return code == CLI_DONE ? set_density(job, &p) : code;
}

int split_read(split_job *job) {
    const int code = read_field(job);
    return code == CLI_DONE && job->density_path ? read_density(job) : code;
}

void split_free(split_job *job) {
    double *fields[] = {job->field,      job->log_density, job->score,   job->gradient,
                        job->solenoidal, job->potential,   job->harmonic};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    free(job->command);
}

/* ---- writing */

static json_t *describe_grid(const rg_grid *grid) {
    return json_pack("{s:o, s:o, s:o}", "shape", cli_sizes(grid->dim, grid->shape), "lower",
                     cli_reals(grid->dim, grid->lower), "length", cli_reals(grid->dim, grid->length));
}

static json_t *describe(const split_job *job) {
    const rg_split_report *r = &job->report;
    json_t *energy = json_pack("{s:o, s:o, s:o, s:o}", "total", cli_real(r->total), "gradient", cli_real(r->gradient),
                               "solenoidal", cli_real(r->solenoidal), "harmonic", cli_real(job->harmonic_energy));
    json_t *inputs =
        json_pack("{s:o, s:o}", "density", cli_text(job->density_path), "field", cli_text(job->field_path));
    return json_pack("{s:s, s:s, s:o, s:o, s:i, s:o, s:o, s:i, s:b, s:o, s:o, s:s, s:o}", //
                     "schema", "rotgrad.split/1", "weight", job->flat ? "flat" : "density", "grid",
                     describe_grid(&job->grid), "energy", energy, "iterations", r->iterations, "residual",
                     cli_real(r->residual), "orthogonality", cli_real(r->orthogonality), "transforms", r->transforms,
                     "resolved", r->resolved, "background", cli_real(job->background), "inputs", inputs, "version",
                     rg_version(), "command", cli_text(job->command));
}

static int write_array(const split_job *job, const rg_folder *folder, const char *name, int components,
                       const double *data) {
    ptrdiff_t shape[RG_MAX_DIM + 1] = {components};
    const int leading = components > 0;
    for (int a = 0; a < job->grid.dim; a++) shape[leading + a] = job->grid.shape[a];
    return cli_write_array(verb, folder, name, job->grid.dim + leading, shape, data);
}

static int write_files(const void *data, const rg_folder *folder) {
    const split_job *job = data;
    const struct {
        const char *name;
        int components; /* 0: a scalar */
        const double *data;
    } files[] = {
        {"gradient.npy", job->grid.dim, job->gradient},
        {"solenoidal.npy", job->grid.dim, job->solenoidal},
        {"potential.npy", 0, job->potential},
        {"harmonic.npy", job->grid.dim, job->with_harmonic ? job->harmonic : NULL},
    };
    int code = CLI_DONE;
    for (size_t i = 0; code == CLI_DONE && i < sizeof files / sizeof *files; i++)
        if (files[i].data) code = write_array(job, folder, files[i].name, files[i].components, files[i].data);
    return code == CLI_DONE ? cli_write_report(verb, folder, describe(job)) : code;
}

int split_write(const split_job *job) {
    return cli_write_folder(verb, job->output, job->force, write_files, job);
}

/* ---- printing */

static void print_energy(const char *name, double energy, double total) {
    printf("  %-12s %14.7e", name, energy);
    if (total > 0) printf("  %7.3f %%", 100 * energy / total);
    putchar('\n');
}

static void print_table(const split_job *job) {
    const rg_split_report *r = &job->report;
    printf("field         %s %s\n", job->field_path, cli_shape(job->grid.dim, job->grid.shape).text);
    printf("density       %s\n", job->flat ? "none: flat split" : job->density_path);
    printf("energy        %s\n", job->flat ? "average of |.|^2 over the box" : "E_p|.|^2");
    print_energy("total", r->total, r->total);
    print_energy("gradient", r->gradient, r->total);
    print_energy("solenoidal", r->solenoidal, r->total);
    print_energy("  harmonic", job->harmonic_energy, r->total);
    printf("residual      %.1e after %d iterations (%d transforms)\n", r->residual, r->iterations, r->transforms);
    printf("orthogonality %.1e\n", r->orthogonality);
    if (job->output) printf("written       %s\n", job->output);
}

int split_print(const split_job *job) {
    if (job->json) return cli_print_json(verb, describe(job), stdout);
    print_table(job);
    return CLI_DONE;
}
