/* rotgrad memorise: the arrays it reads, the folder it writes, the texts it prints. */
#include "memorise.h"

#include <rotgrad/figure.h>
#include <rotgrad/version.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const verb = "memorise";

enum { PAIRS = 16, GAP = 1, COLUMNS = 6 };

/* ---- reading */

/* (N,) is taken for (N, 1), (N, height, width) for (N, height * width). */
static int read_rows(const char *path, rg_array *array) {
    rg_diagnostic diagnostic = {0};
    const rg_status status = rg_array_read(path, array, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    if (array->dim < 1 || array->count == 0)
        return cli_fail(verb, "%s: expected shape (N, D), found %s", path, cli_shape(array->dim, array->shape).text);
    const int code = cli_check(verb, rg_array_check_finite(array, path, &diagnostic), &diagnostic);
    array->shape[1] = (ptrdiff_t)(array->count / (size_t)array->shape[0]);
    array->dim = 2;
    return code;
}

/* rg_memorise refuses such numbers, too, but knows no files. */
static int check_size(const char *path, const rg_array *array) {
    for (size_t i = 0; i < array->count; i++)
        if (fabs(array->data[i]) > RG_MEMORISE_LARGEST)
            return cli_fail(verb, "%s: row %zu is too large for its square: rescale all points", path,
                            i / (size_t)array->shape[1]);
    return CLI_DONE;
}

static int read_beside(const memorise_job *job, const char *path, rg_array *array) {
    if (!path) return CLI_DONE;
    const int code = read_rows(path, array);
    const ptrdiff_t wanted = job->train.shape[1];
    if (code == CLI_DONE && array->shape[1] == wanted) return check_size(path, array);
    if (code != CLI_DONE) return code;
    return cli_fail(verb, "%s: expected rows of %td numbers, as in %s, found %td", path, wanted, job->train_path,
                    array->shape[1]);
}

/* The excluded rows move to the held-out data, unless that is given. */
static int divide(memorise_job *job, const rg_array *exclude) {
    const size_t rows = (size_t)job->train.shape[0], dim = (size_t)job->train.shape[1];
    size_t kept = 0, left = 0;
    double *out = job->held_out_path ? NULL : rg_field_alloc(job->train.count), *in = job->train.data;
    if (!out && !job->held_out_path) return cli_fail(verb, "out of memory");
    for (size_t i = 0; i < rows; i++) {
        const int excluded = exclude->data[i] != 0;
        if (excluded && out) memcpy(out + dim * left, in + dim * i, dim * sizeof *in);
        left += (size_t)excluded;
        if (!excluded) memmove(in + dim * kept++, in + dim * i, dim * sizeof *in);
    }
    job->train.shape[0] = (ptrdiff_t)kept;
    job->train.count = kept * dim;
    if (out)
        job->held_out =
            (rg_array){.dim = 2, .shape = {(ptrdiff_t)left, (ptrdiff_t)dim}, .count = left * dim, .data = out};
    if (left == 0) rg_array_free(&job->held_out);
    return CLI_DONE;
}

static int exclude_rows(memorise_job *job) {
    rg_array exclude = {0};
    if (!job->exclude_path) return CLI_DONE;
    int code = read_rows(job->exclude_path, &exclude);
    if (code == CLI_DONE && (exclude.shape[1] != 1 || exclude.shape[0] != job->train.shape[0]))
        code = cli_fail(verb, "%s: expected shape (%td,), one entry for each row of %s, found %td numbers",
                        job->exclude_path, job->train.shape[0], job->train_path, (ptrdiff_t)exclude.count);
    if (code == CLI_DONE) code = divide(job, &exclude);
    rg_array_free(&exclude);
    return code;
}

int memorise_read(memorise_job *job) {
    int code = read_rows(job->train_path, &job->train);
    if (code == CLI_DONE) code = check_size(job->train_path, &job->train);
    if (code == CLI_DONE) code = exclude_rows(job);
    if (code == CLI_DONE) code = read_beside(job, job->held_out_path, &job->held_out);
    if (code == CLI_DONE) code = read_beside(job, job->samples_path, &job->samples);
    const ptrdiff_t dim = code == CLI_DONE ? job->train.shape[1] : 0;
    if (code == CLI_DONE && job->experiment_path && job->samples.shape[1] != dim)
        return cli_fail(verb, "%s: expected samples of %td numbers, as in %s, got %td", job->experiment_path, dim,
                        job->train_path, job->samples.shape[1]);
    if (code == CLI_DONE && job->image && (ptrdiff_t)job->height * job->width != dim)
        return cli_fail(verb, "--image %s: expected %td numbers a row of %s, found %td", job->image,
                        (ptrdiff_t)job->height * job->width, job->train_path, dim);
    return code;
}

void memorise_free(memorise_job *job) {
    rg_array_free(&job->train);
    rg_array_free(&job->held_out);
    rg_array_free(&job->samples);
    rg_memorised_free(&job->result);
    free(job->setting);
    free(job->command);
}

/* ---- report.json */

static json_t *quantiles_json(const rg_quantiles *q) {
    return json_pack("{s:o, s:o, s:o}", "q05", cli_real(q->low), "median", cli_real(q->median), "q95",
                     cli_real(q->high));
}

static json_t *most_json(const rg_memorised *r) {
    json_t *list = json_array();
    for (size_t i = 0; i < r->listed; i++)
        json_array_append_new(list, json_pack("{s:I, s:I}", "train", (json_int_t)r->most[i].index, "copies",
                                              (json_int_t)r->most[i].copies));
    return list;
}

static json_t *copies_json(const rg_memorised *r) {
    const double interval[] = {r->share_low, r->share_high};
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "count", (json_int_t)r->copies, "share",
                     cli_real(r->share), "interval", cli_reals(2, interval), "alpha", cli_real(r->alpha), "threshold",
                     cli_real(r->threshold), "p_value", cli_real(r->test), "equal_to_a_training_point",
                     (json_int_t)r->exact, "training_points_copied", (json_int_t)r->visited, "most_copied",
                     most_json(r));
}

static json_t *side_json(size_t count, const rg_quantiles *ratio, const rg_quantiles *distance) {
    return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)count, "ratio", quantiles_json(ratio), "distance",
                     quantiles_json(distance));
}

static json_t *describe(const memorise_job *job) {
    const rg_memorised *r = &job->result;
    json_t *inputs = json_pack("{s:o, s:o, s:o, s:o, s:o}", "train", cli_text(job->train_path), "exclude",
                               cli_text(job->exclude_path), "held_out", cli_text(job->held_out_path), "samples",
                               cli_text(job->samples_path), "experiment", cli_text(job->experiment_path));
    return json_pack("{s:s, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "schema", "rotgrad.memorise/1",
                     "dimension", (json_int_t)r->dim, "train", (json_int_t)r->train, "repeated_training_points",
                     (json_int_t)r->repeated, "null", r->leave_one_out ? "leave one out" : "held out", "samples",
                     side_json(r->samples, &r->ratio_of_samples, &r->distance_of_samples), "null_points",
                     side_json(r->leave_one_out ? r->train : r->held_out, &r->ratio_of_null, &r->distance_of_null),
                     "copies", copies_json(r), "inputs", inputs, "version", rg_version(), "command",
                     cli_text(job->command));
}

/* ---- the folder */

/* One row a sample: nearest, its distance, second nearest, its distance, ratio, p-value. */
static int write_neighbours(const memorise_job *job, const rg_folder *folder) {
    const rg_memorised *r = &job->result;
    const ptrdiff_t shape[] = {(ptrdiff_t)r->samples, COLUMNS};
    double *rows = rg_field_alloc(r->samples * COLUMNS);
    if (!rows) return cli_fail(verb, "out of memory");
    for (size_t i = 0; i < r->samples; i++) {
        const rg_neighbours *n = &r->neighbour[i];
        const double row[COLUMNS] = {(double)n->index[0], n->distance[0], (double)n->index[1],
                                     n->distance[1],      r->ratio[i],    r->p_value[i]};
        memcpy(rows + i * COLUMNS, row, sizeof row);
    }
    const int code = cli_write_array(verb, folder, "neighbours.npy", 2, shape, rows);
    rg_free(rows);
    return code;
}

/* As figures have it: axis 0 to the right, axis 1 upwards; samples above, training points below, a gap between. */
static void draw_image(const memorise_job *job, const double *image, size_t column, int upper, ptrdiff_t high,
                       double *out) {
    for (int row = 0; row < job->height; row++)
        for (int at = 0; at < job->width; at++) {
            const ptrdiff_t x = (ptrdiff_t)column * (job->width + GAP) + at + GAP;
            const ptrdiff_t y = (upper ? job->height + 2 * GAP : GAP) + job->height - 1 - row;
            out[x * high + y] = image[row * job->width + at];
        }
}

/* With coordinates, for recipes of figures. */
static int write_image(const ptrdiff_t shape[2], const double *values, const rg_folder *folder) {
    rg_diagnostic diagnostic = {0};
    const ptrdiff_t most = shape[0] > shape[1] ? shape[0] : shape[1];
    double *place = rg_field_alloc((size_t)most);
    char *path = cli_path_in(folder, "pairs.npz");
    for (ptrdiff_t i = 0; place && i < most; i++) place[i] = (double)i;
    const rg_array_member members[] = {
        {"pairs", 2, shape, values}, {"x0", 1, shape, place}, {"x1", 1, shape + 1, place}};
    const rg_status status = place && path ? rg_array_write_npz(path, members, 3, &diagnostic) : RG_ENOMEM;
    rg_free(place);
    free(path);
    return cli_check_file(verb, folder, status, &diagnostic);
}

/* Colours are those of the training data. */
static int draw_pairs(const memorise_job *job, const ptrdiff_t shape[2], const double *values,
                      const rg_folder *folder) {
    rg_diagnostic diagnostic = {0};
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (size_t i = 0; i < job->train.count; i++) {
        low = fmin(low, job->train.data[i]);
        high = fmax(high, job->train.data[i]);
    }
    if (!(high > low)) low = high = 0; /* from the data */
    const rg_heat_map heat = {.shape = {shape[0], shape[1]},
                              .values = values,
                              .map = RG_MAP_SEQUENTIAL,
                              .scale = RG_SCALE_LINEAR,
                              .minimum = low,
                              .maximum = high};
    const rg_panel panel = {.title = "samples above, their nearest training points below",
                            .x = {.lower = 0, .upper = (double)shape[0], .label = "pixels"},
                            .y = {.lower = 0, .upper = (double)shape[1]},
                            .heat = &heat};
    const rg_figure figure = {.panels = 1, .panel = &panel, .panel_size = 500};
    char *path = cli_path_in(folder, "pairs.png");
    if (!path) return cli_fail(verb, "out of memory");
    const rg_status status = rg_figure_write(&figure, path, &diagnostic);
    free(path);
    return cli_check_file(verb, folder, status, &diagnostic);
}

static int write_pairs(const memorise_job *job, const rg_folder *folder) {
    const rg_memorised *r = &job->result;
    const size_t pairs = r->samples < PAIRS ? r->samples : PAIRS, dim = r->dim;
    if (!job->image) return CLI_DONE;
    const ptrdiff_t shape[] = {(ptrdiff_t)pairs * (job->width + GAP) + GAP, 2 * (job->height + GAP) + GAP};
    double *out = rg_field_alloc((size_t)(shape[0] * shape[1]));
    if (!out) return cli_fail(verb, "out of memory");
    for (ptrdiff_t i = 0; i < shape[0] * shape[1]; i++) out[i] = (double)NAN;
    for (size_t i = 0; i < pairs; i++) {
        draw_image(job, job->samples.data + i * dim, i, 1, shape[1], out);
        draw_image(job, job->train.data + r->neighbour[i].index[0] * dim, i, 0, shape[1], out);
    }
    int code = write_image(shape, out, folder);
    if (code == CLI_DONE) code = draw_pairs(job, shape, out, folder);
    rg_free(out);
    return code;
}

static int write_files(const void *data, const rg_folder *folder) {
    const memorise_job *job = data;
    int code = write_neighbours(job, folder);
    if (code == CLI_DONE) code = write_pairs(job, folder);
    return code == CLI_DONE ? cli_write_report(verb, folder, describe(job)) : code;
}

int memorise_write(const memorise_job *job) {
    return cli_write_folder(verb, job->output, job->force, write_files, job);
}

/* ---- printing */

static void print_side(const char *name, size_t count, const rg_quantiles *ratio, const rg_quantiles *distance) {
    printf("%-14s%7zu   %8.4f %8.4f %8.4f    %10.5g %10.5g %10.5g\n", name, count, ratio->low, ratio->median,
           ratio->high, distance->low, distance->median, distance->high);
}

static void print_copies(const rg_memorised *r) {
    if (r->threshold == 0) {
        printf("copies        not to be told from so few points; %zu samples equal a training point\n", r->exact);
        return;
    }
    printf("copies        %zu of %zu, %.1f %% (95 %% from %.1f to %.1f); up to %.3g %% without copying, p = %.2g\n",
           r->copies, r->samples, 100 * r->share, 100 * r->share_low, 100 * r->share_high, 100 * r->alpha, r->test);
    printf("              a copy has a ratio below %.4f; %zu samples equal a training point\n", r->threshold, r->exact);
    printf("copied        %zu of %zu training points; most:", r->visited, r->train);
    for (size_t i = 0; i < r->listed && i < 5; i++) printf(" #%zu (%zu)", r->most[i].index, r->most[i].copies);
    printf("%s\n", r->listed ? "" : " none");
}

static void print_table(const memorise_job *job) {
    const rg_memorised *r = &job->result;
    printf("training data %s %s\n", job->train_path, cli_shape(2, job->train.shape).text);
    printf("              points   ratio: 5 %%, median, 95 %%         distance: 5 %%, median, 95 %%\n");
    print_side("samples", r->samples, &r->ratio_of_samples, &r->distance_of_samples);
    print_side(r->leave_one_out ? "leave one out" : "held out", r->leave_one_out ? r->train : r->held_out,
               &r->ratio_of_null, &r->distance_of_null);
    print_copies(r);
    if (job->output) printf("written       %s\n", job->output);
}

int memorise_print(const memorise_job *job) {
    if (job->json) return cli_print_json(verb, describe(job), stdout);
    print_table(job);
    return CLI_DONE;
}
