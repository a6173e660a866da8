/* Which samples are visited when, and which belong together: folds for the cross-validation, cells for the bootstrap. */
#include "diffusion/density.h"
#include "measure/estimate.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

/* More cells would cost memory and time; with 1024 the bootstrap knows a standard error to 2 %. */
enum { FOLDS = 5, MOST_CELLS = 1024 };

static size_t round_up(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

rg_status rg_sampling_create(const rg_estimate_data *data, const rg_estimate_options *options, rg_sampling *sampling) {
    rg_sampling s = {.samples = data->samples, .dim = data->dim, .block = options->block > 1 ? options->block : 1};
    s.folds = options->folds ? options->folds : FOLDS;
    s.cell_length = s.block * round_up(s.samples / s.block, MOST_CELLS);
    s.cells = s.samples / s.cell_length; /* the last one takes the rest */
    s.order = rg_alloc(s.samples, sizeof *s.order);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    if (s.order && random) {
        for (size_t i = 0; i < s.samples; i++) s.order[i] = i;
        gsl_rng_set(random, options->seed);
        if (s.block == 1) gsl_ran_shuffle(random, s.order, s.samples, sizeof *s.order);
        *sampling = s;
    }
    const rg_status status = s.order && random ? RG_OK : RG_ENOMEM;
    if (status) rg_free(s.order);
    if (random) gsl_rng_free(random);
    return status;
}

void rg_sampling_free(rg_sampling *sampling) {
    rg_free(sampling->order);
    *sampling = (rg_sampling){0};
}

size_t rg_fold_begin(const rg_sampling *s, size_t fold) {
    return fold == s->folds ? s->samples : s->samples / s->block * fold / s->folds * s->block;
}

size_t rg_cell_of(const rg_sampling *s, size_t sample) {
    const size_t cell = sample / s->cell_length;
    return cell < s->cells ? cell : s->cells - 1;
}

size_t rg_cell_size(const rg_sampling *s, size_t cell) {
    return cell + 1 < s->cells ? s->cell_length : s->samples - cell * s->cell_length;
}

void rg_gather(const rg_sampling *s, const double *rows, const double *centre, size_t place, size_t n, double *x) {
#pragma omp parallel for schedule(static) if (n * s->dim >= RG_THREADED_CELLS)
    for (size_t i = 0; i < n; i++) {
        const double *row = rows + s->order[place + i] * s->dim;
        for (size_t a = 0; a < s->dim; a++) x[i * s->dim + a] = row[a] - centre[a];
    }
}

rg_linear_form rg_form_of(const rg_estimate_data *data) {
    return data->error ? RG_LINEAR_ORACLE : data->clean ? RG_LINEAR_DENOISING : RG_LINEAR_STEIN;
}

/* d/dx log p(x|x0) along one axis: the Gaussian kernel, wrapped on a torus. */
static double kernel_slope(const rg_estimate_data *data, size_t axis, double away) {
    double slope;
    const double variance = data->sigma * data->sigma;
    if (!data->length) return -away / variance;
    (void)rg_wrapped_log(away, data->length[axis], variance, &slope);
    return slope;
}

void rg_linear_field(const rg_estimate_data *data, const rg_sampling *s, size_t place, size_t n, double *field) {
    const rg_linear_form form = rg_form_of(data);
    const double *from = form == RG_LINEAR_ORACLE ? data->error : data->score;
#pragma omp parallel for schedule(static) if (n * s->dim >= RG_THREADED_CELLS)
    for (size_t i = 0; i < n; i++) {
        const size_t row = s->order[place + i] * s->dim;
        for (size_t a = 0; a < s->dim; a++) {
            const size_t k = row + a;
            field[i * s->dim + a] = from[k];
            if (form == RG_LINEAR_DENOISING)
                field[i * s->dim + a] -= kernel_slope(data, a, data->points[k] - data->clean[k]);
        }
    }
}
