/* sample: what particles do. Every key may be left out. */
#include "base/base.h"
#include "experiment/reader.h"
#include "experiment/sample.h"

#include <stdio.h>

static const size_t DEFAULT_PARTICLES = 1000, DEFAULT_STEPS = 200;

static size_t whole(const rg_node *sample, const char *key, size_t fallback) {
    const rg_node *node = rg_node_get(sample, key);
    return node ? (size_t)node->number : fallback;
}

static int choice(const rg_node *sample, const char *key, int fallback) {
    const rg_node *node = rg_node_get(sample, key);
    return node ? (int)node->number : fallback;
}

static rg_status read_points(rg_reader *r, const rg_node *file, const rg_node *particles) {
    rg_experiment *e = r->experiment;
    rg_experiment_sample *s = &e->sample;
    rg_array points = {0};
    char expected[64];
    const rg_status status = rg_reader_load(r, file, &points);
    if (status != RG_OK) return status;
    if (!particles && points.dim == 2) s->particles = (size_t)points.shape[0];
    snprintf(expected, sizeof expected, "(%zu, %zu), one row for each particle", s->particles, e->dim);
    if (points.dim != 2 || points.count == 0 || (size_t)points.shape[0] != s->particles ||
        (size_t)points.shape[1] != e->dim)
        return rg_reader_wrong_shape(r, file, &points, expected);
    s->start = RG_SAMPLE_FILE;
    s->points_count = s->particles;
    s->points = points.data;
    return RG_OK;
}

static rg_status read_start(rg_reader *r, const rg_node *sample) {
    const rg_node *start = rg_node_get(sample, "start"), *file = start ? rg_node_get(start, "file") : NULL;
    if (file) return read_points(r, file, rg_node_get(sample, "particles"));
    r->experiment->sample.start = (rg_sample_start)(RG_SAMPLE_PRIOR + (start ? (int)start->number : 0));
    if (r->experiment->sample.start != RG_SAMPLE_UNIFORM || !r->experiment->free_space) return RG_OK;
    return rg_node_fail(start, r->diagnostic, RG_EINVAL,
                        "expected prior, gaussian, point or a file without grid.shape, because R^d has no uniform law");
}

static rg_status read_score(rg_reader *r, const rg_node *sample) {
    rg_experiment *e = r->experiment;
    const rg_node *score = rg_node_get(sample, "score"), *bandwidth = rg_node_get(sample, "bandwidth");
    const int on_points = rg_sample_on_points(&e->density),
              pointwise = on_points || e->density.kind == RG_DENSITY_MIXTURE;
    e->sample.on_grid = choice(sample, "score", !pointwise);
    e->sample.bandwidth = bandwidth ? bandwidth->number : 0;
    if (score && !e->sample.on_grid && !pointwise)
        return rg_node_fail(score, r->diagnostic, RG_EINVAL, "expected grid: this density is known on a grid only");
    if (score && e->sample.on_grid && e->free_space)
        return rg_node_fail(score, r->diagnostic, RG_EINVAL, "expected points: there is no grid.shape");
    if (e->sample.bandwidth > 0 && (!on_points || e->sample.on_grid))
        return rg_node_fail(bandwidth, r->diagnostic, RG_EINVAL,
                            "expected density.samples or points, and their score at points, beside a bandwidth");
    return RG_OK;
}

rg_status rg_reader_sample(rg_reader *r) {
    rg_experiment_sample *s = &r->experiment->sample;
    const rg_node *sample = rg_node_get(r->root, "sample");
    s->particles = whole(sample, "particles", DEFAULT_PARTICLES);
    s->steps = whole(sample, "steps", DEFAULT_STEPS);
    s->seed = (unsigned long)whole(sample, "seed", 1);
    s->method = (rg_method)(RG_METHOD_EXPONENTIAL + choice(sample, "method", r->experiment->churn == 0 ? 1 : 0));
    s->exact = choice(sample, "follow", 0);
    const rg_status status = read_start(r, sample);
    return status == RG_OK ? read_score(r, sample) : status;
}
