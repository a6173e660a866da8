/* rg_sample: an experiment becomes particles, particles become samples. */
#include "experiment/sample.h"

#include "diffusion/manifold.h"
#include "diffusion/point_products.h"

#include <math.h>
#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const double CHECKPOINT_SECONDS = 60;
static const double TRUSTED = 0.1; /* relative standard error of a mean of weights */

struct job {
    const rg_experiment *experiment;
    const rg_sample_options *options;
    rg_space space;
    rg_density_spec law; /* the density; of kind RG_DENSITY_SAMPLES where it stands on points */
    rg_nodes nodes;      /* these points, where they are those of a curve */
    rg_manifold_search *data;
    rg_point_score *score;
    rg_point_error *error;
    rg_particles *particles;
    rg_sampled sampled;
    double saved; /* seconds */
};

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- what particles need */

int rg_sample_on_points(const rg_density_spec *density) {
    return rg_manifold_dimension(density) == 0 && density->width == 0;
}

static rg_status make_law(struct job *j, rg_diagnostic *diagnostic) {
    const rg_experiment *e = j->experiment;
    j->law = e->density;
    if (!rg_sample_on_points(&e->density)) return RG_OK;
    j->law.kind = RG_DENSITY_SAMPLES;
    if (!e->density.count) return RG_OK;
    const rg_status status = rg_nodes_create(&e->grid, &e->density, e->variance_min, &j->nodes, diagnostic);
    j->law.samples = j->nodes.count;
    j->law.points = j->nodes.point;
    j->law.count = 0;
    return status ? rg_fail(diagnostic, status, "density: %s", rg_status_text(status)) : RG_OK;
}

static rg_status make_score(struct job *j, rg_diagnostic *diagnostic) {
    const rg_experiment *e = j->experiment;
    const rg_density_spec *d = &j->law;
    if (e->sample.on_grid) return rg_point_score_grid(&e->grid, &e->density, e->variance_min, &j->score, diagnostic);
    if (d->kind == RG_DENSITY_MIXTURE) return rg_point_score_mixture(&j->space, d, &j->score, diagnostic);
    return rg_point_score_empirical(&j->space, d->samples, d->points, e->sample.bandwidth, d->background, &j->score,
                                    diagnostic);
}

/* Where the data are, for a score that does not know. */
static rg_status make_data(struct job *j, rg_diagnostic *diagnostic) {
    const rg_experiment *e = j->experiment;
    if (rg_point_score_has_nearest(j->score) || rg_manifold_dimension(&e->density) < 0) return RG_OK;
    return rg_manifold_search_create(&e->grid, &e->density, &j->data, diagnostic);
}

static rg_status make_error(struct job *j, rg_diagnostic *diagnostic) {
    const rg_experiment *e = j->experiment;
    if (e->terms == 0) return RG_OK;
    return rg_point_error_create(&j->space, e->free_space ? NULL : &e->grid, e->free_space ? NULL : &e->density,
                                 e->term, e->terms, e->variance_min, e->variance_max, &j->error, diagnostic);
}

static rg_status make_particles(struct job *j, rg_diagnostic *diagnostic) {
    static const rg_start starts[] = {
        [RG_SAMPLE_PRIOR] = RG_START_POINTS, [RG_SAMPLE_GAUSSIAN] = RG_START_GAUSSIAN,
        [RG_SAMPLE_POINT] = RG_START_POINT,  [RG_SAMPLE_UNIFORM] = RG_START_UNIFORM,
        [RG_SAMPLE_FILE] = RG_START_POINTS,
    };
    const rg_experiment *e = j->experiment;
    const rg_experiment_sample *s = &e->sample;
    rg_particles_options o = {.space = j->space,
                              .count = s->particles,
                              .variance_min = e->variance_min,
                              .variance_max = e->variance_max,
                              .churn = e->churn,
                              .steps = s->steps,
                              .method = s->method,
                              .start = starts[s->start],
                              .points = s->points,
                              .seed = s->seed,
                              .data = j->data,
                              .exact = s->exact};
    double *prior = NULL;
    rg_status status = RG_OK;
    if (s->start == RG_SAMPLE_PRIOR) {
        o.points = prior = rg_field_alloc(rg_size_product(s->particles, e->dim));
        status =
            prior ? rg_sample_prior(e, &j->law, prior, diagnostic) : rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    }
    if (!status) status = rg_particles_create(&o, j->score, j->error, &j->particles, diagnostic);
    rg_free(prior);
    return status;
}

static rg_status make(struct job *j, rg_diagnostic *diagnostic) {
    const rg_experiment *e = j->experiment;
    j->space = (rg_space){e->dim, e->free_space ? NULL : e->grid.lower, e->free_space ? NULL : e->grid.length};
    rg_sampled *s = &j->sampled;
    s->count = e->sample.particles;
    s->dim = e->dim;
    s->row = rg_alloc(e->sample.steps + 1, sizeof *s->row);
    if (!s->row) return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    rg_status status = make_law(j, diagnostic);
    if (!status) status = make_score(j, diagnostic);
    if (!status) status = make_data(j, diagnostic);
    if (!status) status = make_error(j, diagnostic);
    if (!status) status = make_particles(j, diagnostic);
    if (!status && j->options->resume) return rg_sample_load(j->options->checkpoint, e, j->particles, s, diagnostic);
    if (!status) s->row[s->rows++] = rg_particles_here(j->particles);
    return status;
}

static void job_free(struct job *j) {
    rg_particles_destroy(j->particles);
    rg_point_error_destroy(j->error);
    rg_point_score_destroy(j->score);
    rg_manifold_search_destroy(j->data);
    rg_nodes_free(&j->nodes);
    rg_sampled_free(&j->sampled);
}

/* ---- the way */

static rg_status save(struct job *j, rg_diagnostic *diagnostic) {
    j->saved = seconds_now();
    if (!j->options->checkpoint) return RG_OK;
    return rg_sample_save(j->options->checkpoint, j->experiment, j->particles, &j->sampled, diagnostic);
}

static rg_status go(struct job *j, rg_diagnostic *diagnostic) {
    const rg_sample_options *o = j->options;
    const double pause = o->seconds > 0 ? o->seconds : CHECKPOINT_SECONDS;
    rg_sampled *s = &j->sampled;
    const size_t rows = j->experiment->sample.steps + 1;
    j->saved = seconds_now();
    while (s->rows < rows) {
        int done = 0;
        rg_status status = rg_particles_step(j->particles, &done, diagnostic);
        if (status) return status;
        s->row[s->rows++] = rg_particles_here(j->particles);
        const double fraction = (double)(s->rows - 1) / (double)(rows - 1);
        const int stop = o->progress && o->progress(o->progress_data, fraction, "steps");
        if (s->rows < rows && (stop || seconds_now() - j->saved > pause)) status = save(j, diagnostic);
        if (status) return status;
        if (stop && s->rows < rows) return RG_ECANCELLED;
    }
    return RG_OK;
}

/* ---- what is left */

static void note(rg_sampled *s, const char *format, ...) RG_PRINTF(2, 3);
static void note(rg_sampled *s, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (s->notes < RG_SAMPLE_NOTES) vsnprintf(s->note[s->notes++], RG_SAMPLE_NOTE, format, arguments);
    va_end(arguments);
}

static void note_weights(rg_sampled *s) {
    const rg_particles_row *last = &s->row[s->rows - 1];
    if (!(last->effective_samples > 0)) return;
    const double error = sqrt(fmax(0, 1 / last->effective_samples - 1 / (double)s->count));
    if (error > TRUSTED)
        note(s,
             "Novikov's functional is not to be trusted: its weights are worth %.3g of %zu paths, so the largest few "
             "decide it; more particles, or a smaller error",
             last->effective_samples, s->count);
}

static void note_samples(const rg_experiment *e, const rg_density_spec *law, rg_sampled *s) {
    if (law->kind != RG_DENSITY_SAMPLES) return;
    size_t outside = 0;
    for (size_t i = 0; !e->free_space && i < law->samples; i++)
        for (size_t a = 0; a < e->dim; a++) {
            const double at = law->points[i * e->dim + a] - e->grid.lower[a];
            if (at >= 0 && at <= e->grid.length[a]) continue;
            outside++;
            break;
        }
    if (outside)
        note(s, "%zu of the %zu samples lie outside the box and were taken in by whole periods: is the box right?",
             outside, law->samples);
    if (s->repeated)
        note(s, "%zu of the %zu samples repeat an earlier one; each counts, so such points weigh more", s->repeated,
             law->samples);
    if (law->samples == 1) note(s, "there is one sample: every path without score error ends there");
}

static rg_status take(struct job *j, rg_diagnostic *diagnostic) {
    rg_sampled *s = &j->sampled;
    const rg_nearest_point *nearest = rg_particles_nearest(j->particles);
    s->samples = rg_field_alloc(rg_size_product(s->count, s->dim));
    const int points = nearest && rg_manifold_dimension(&j->experiment->density) == 0;
    s->nearest = points ? rg_alloc(s->count, sizeof *s->nearest) : NULL;
    s->distance = nearest ? rg_field_alloc(s->count) : NULL;
    if (!s->samples || (points && !s->nearest) || (nearest && !s->distance))
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    memcpy(s->samples, rg_particles_position(j->particles), s->count * s->dim * sizeof *s->samples);
    for (size_t i = 0; nearest && i < s->count; i++) {
        if (points) s->nearest[i] = nearest[i].index;
        s->distance[i] = nearest[i].distance;
    }
    const rg_density_spec *d = &j->law;
    if (d->kind == RG_DENSITY_SAMPLES && rg_points_repeated(d->samples, s->dim, d->points, &s->repeated))
        return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    note_weights(s);
    note_samples(j->experiment, d, s);
    return RG_OK;
}

rg_status rg_sample(const rg_experiment *experiment, const rg_sample_options *options, rg_sampled *sampled,
                    rg_diagnostic *diagnostic) {
    const rg_sample_options none = {0};
    struct job job = {.experiment = experiment, .options = options ? options : &none};
    if (!experiment || !sampled || (job.options->resume && !job.options->checkpoint))
        return rg_fail(diagnostic, RG_EINVAL, "sample: expected an experiment, and a checkpoint to resume from");
    const int threads = omp_get_max_threads();
    if (experiment->threads > 0) omp_set_num_threads(experiment->threads);
    rg_status status = make(&job, diagnostic);
    if (!status) status = go(&job, diagnostic);
    if (!status) status = take(&job, diagnostic);
    omp_set_num_threads(threads);
    if (!status) {
        *sampled = job.sampled;
        job.sampled = (rg_sampled){0};
    }
    job_free(&job);
    return status;
}

void rg_sampled_free(rg_sampled *sampled) {
    rg_free(sampled->samples);
    rg_free(sampled->nearest);
    rg_free(sampled->distance);
    rg_free(sampled->row);
    *sampled = (rg_sampled){0};
}
