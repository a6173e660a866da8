/* Particles: what they are made of, one step, saving and loading.
 *
 * With the denoiser m = x + v (s + e), h = c log(v / w) and k = exp(-h), a step from v to w:
 *   exponential  X' = m + k (X - m) + xi
 *   Heun         X' = k X + a m + b m' + xi,  m' = the denoiser at w of the exponential step (with the same xi),
 *                b = 1 - (1 - k) / h,  a = 1 - k - b: exact where m is linear in log v
 *   Euler        X' = X + c (s + e) (v - w) + lambda sqrt(v - w) Z
 * xi = sqrt(w (1 - (w / v)^(lambda^2))) Z. Each X keeps the score, the error and the nearest point where it stands; they serve
 * the diagnostics and the next step. */
#include "evolve/particles.h"

#include "base/stream.h"

#include <math.h>
#include <string.h>

enum { START = 0x73746172, NOISE = 0x6e6f6973 }; /* purposes of streams */

/* ---- creation */

static rg_status check_numbers(const rg_particles_options *o, rg_diagnostic *diagnostic) {
    if (o->count < 1 || o->count > UINT32_MAX)
        return rg_fail(diagnostic, RG_EINVAL, "particles: expected at least one, at most 2^32 - 1, got %zu", o->count);
    if (o->steps < 1 || o->steps >= UINT32_MAX)
        return rg_fail(diagnostic, RG_EINVAL, "particles: expected at least one step, at most 2^32 - 2, got %zu",
                       o->steps);
    if (!(o->churn >= 0) || !isfinite(o->churn))
        return rg_fail(diagnostic, RG_EINVAL, "particles: expected a churn >= 0, got %g", o->churn);
    if (!(o->variance_min > 0) || !isfinite(o->variance_max))
        return rg_fail(diagnostic, RG_EINVAL,
                       "particles: steps are geometric in sigma, so the lowest noise level must be above 0, got "
                       "sigma_min = %g",
                       sqrt(o->variance_min));
    if (!(o->variance_max > o->variance_min))
        return rg_fail(diagnostic, RG_EINVAL, "particles: expected a highest noise level above the lowest one");
    return RG_OK;
}

static rg_status check_data(const rg_particles_options *o, rg_diagnostic *diagnostic) {
    if (!o->data || o->space.length) return RG_OK;
    return rg_fail(diagnostic, RG_EINVAL, "particles: a search for the data is one in a box, the space is R^d");
}

/* Farther out than FAR periods the place in the box is lost to rounding. */
static const double FAR = 1e10;

static int is_placed(const rg_space *space, size_t a, double x) {
    return isfinite(x) && (!space->length || fabs(x - space->lower[a]) <= FAR * space->length[a]);
}

static rg_status check_start(const rg_particles_options *o, rg_diagnostic *diagnostic) {
    const int torus = o->space.length != NULL;
    switch (o->start) {
    case RG_START_UNIFORM:
        return torus ? RG_OK : rg_fail(diagnostic, RG_EINVAL, "particles: R^d has no uniform law to start from");
    case RG_START_GAUSSIAN:
    case RG_START_POINT:
        return RG_OK;
    case RG_START_POINTS:
        if (!o->points) return rg_fail(diagnostic, RG_EINVAL, "particles: no points to start from");
        for (size_t i = 0; i < o->count * o->space.dim; i++)
            if (!is_placed(&o->space, i % o->space.dim, o->points[i]))
                return rg_fail(diagnostic, RG_EINVAL,
                               "particles: point %zu to start from is not finite, or far outside", i / o->space.dim);
        return RG_OK;
    }
    return rg_fail(diagnostic, RG_EINVAL, "particles: unknown start");
}

static double wrapped(const rg_space *space, size_t a, double x) {
    return x - space->length[a] * floor((x - space->lower[a]) / space->length[a]);
}

static void wrap_all(rg_particles *p) {
    const size_t dim = p->options.space.dim;
    if (!p->options.space.length) return;
    for (size_t i = 0; i < p->options.count * dim; i++) p->x[i] = wrapped(&p->options.space, i % dim, p->x[i]);
}

static void place(rg_particles *p) {
    const rg_particles_options *o = &p->options;
    const size_t dim = o->space.dim;
    const double sigma = sqrt(o->variance_max);
    if (o->start == RG_START_POINTS) memcpy(p->x, o->points, o->count * dim * sizeof *p->x);
    for (size_t i = 0; i < o->count && (o->start == RG_START_GAUSSIAN || o->start == RG_START_UNIFORM); i++) {
        const rg_stream stream = {.seed = o->seed, .purpose = START, .item = (uint32_t)i};
        double *x = p->x + i * dim;
        if (o->start == RG_START_GAUSSIAN) {
            rg_stream_normal(&stream, dim, x);
            for (size_t a = 0; a < dim; a++) x[a] *= sigma;
        } else {
            rg_stream_uniform(&stream, dim, x);
            for (size_t a = 0; a < dim; a++) x[a] = o->space.lower[a] + o->space.length[a] * x[a];
        }
    }
    wrap_all(p);
    p->options.points = NULL; /* copied */
}

static rg_status allocate(rg_particles *p) {
    const rg_particles_options *o = &p->options;
    const size_t size = rg_size_product(o->count, o->space.dim);
    const int heun = o->method == RG_METHOD_HEUN;
    if (size == 0 || rg_size_product(size, sizeof(double)) == 0) return RG_ENOMEM;
    p->x = rg_field_alloc(size);
    p->score = rg_field_alloc(size);
    p->error = rg_field_alloc(size);
    p->before = heun ? rg_field_alloc(size) : NULL;
    p->energy = rg_field_alloc(o->count);
    p->square = rg_field_alloc(o->count);
    p->weight = rg_field_alloc(o->count);
    p->noise = rg_field_alloc(size);
    const int near = rg_point_score_has_nearest(p->law) || o->data;
    p->nearest = near ? rg_alloc(o->count, sizeof *p->nearest) : NULL;
    if (!p->x || !p->score || !p->error || (heun && !p->before) || !p->energy || !p->square || !p->weight || !p->noise)
        return RG_ENOMEM;
    return p->nearest || !near ? RG_OK : RG_ENOMEM;
}

rg_status rg_particles_create(const rg_particles_options *options, rg_point_score *score, rg_point_error *error,
                              rg_particles **particles, rg_diagnostic *diagnostic) {
    if (!options || !score || !particles) return rg_fail(diagnostic, RG_EINVAL, "particles: no options or no score");
    rg_status status = rg_space_check(&options->space, diagnostic);
    if (!status) status = check_numbers(options, diagnostic);
    if (!status) status = check_data(options, diagnostic);
    if (!status) status = check_start(options, diagnostic);
    if (!status && (options->method < RG_METHOD_EXPONENTIAL || options->method > RG_METHOD_EULER))
        status = rg_fail(diagnostic, RG_EINVAL, "particles: unknown method");
    if (status) return status;
    rg_particles *p = rg_alloc(1, sizeof *p);
    if (!p) return rg_fail(diagnostic, RG_ENOMEM, "particles: out of memory");
    *p = (rg_particles){.options = *options, .law = score, .model = error};
    p->drift = 0.5 * (1 + options->churn * options->churn);
    status = allocate(p);
    if (status) rg_fail(diagnostic, status, "particles: out of memory");
    if (!status) place(p);
    if (!status) status = rg_particles_look(p, diagnostic);
    if (status) {
        rg_particles_destroy(p);
        return status;
    }
    *particles = p;
    return RG_OK;
}

void rg_particles_destroy(rg_particles *particles) {
    if (!particles) return;
    double *fields[] = {particles->x,      particles->score,  particles->error,  particles->before,
                        particles->energy, particles->square, particles->weight, particles->noise};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    rg_free(particles->nearest);
    rg_free(particles);
}

/* ---- steps */

double rg_particles_variance(const rg_particles *p, size_t step) {
    const rg_particles_options *o = &p->options;
    if (step == 0) return o->variance_max;
    if (step == o->steps) return o->variance_min;
    const double part = (double)step / (double)o->steps;
    return exp((1 - part) * log(o->variance_max) + part * log(o->variance_min));
}

/* Score and error where the particles are. */
static rg_status evaluate(rg_particles *p, double variance, rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    const rg_particles_options *o = &p->options;
    rg_status status = rg_point_score_at(p->law, variance, o->count, p->x, p->score, nearest, diagnostic);
    if (!status && p->model)
        status = rg_point_error_at(p->model, variance, o->count, p->x, p->score, p->error, diagnostic);
    return status;
}

rg_status rg_particles_look(rg_particles *p, rg_diagnostic *diagnostic) {
    const size_t dim = p->options.space.dim;
    const rg_status status = evaluate(p, rg_particles_variance(p, p->step), p->nearest, diagnostic);
    for (size_t i = 0; !status && i < p->options.count; i++) {
        double sum = 0;
        for (size_t a = 0; a < dim; a++) sum += p->error[i * dim + a] * p->error[i * dim + a];
        p->square[i] = sum;
    }
    if (!status && p->options.data && !rg_point_score_has_nearest(p->law))
        rg_manifold_search_at(p->options.data, p->options.count, p->x, p->nearest);
    return status;
}

/* What particles follow, s + e or s, and its denoiser. */
static double followed(const rg_particles *p, size_t i) {
    return p->options.exact ? p->score[i] : p->score[i] + p->error[i];
}

static void draw(rg_particles *p) {
    const size_t dim = p->options.space.dim;
    if (p->options.churn == 0) return;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < p->options.count; i++) {
        const rg_stream stream = {p->options.seed, NOISE, (uint32_t)p->step, (uint32_t)i};
        rg_stream_normal(&stream, dim, p->noise + i * dim);
    }
}

struct stride {
    double v, w, k, h, deviation;
};

static struct stride stride_of(const rg_particles *p) {
    const double lambda2 = p->options.churn * p->options.churn;
    struct stride s = {.v = rg_particles_variance(p, p->step), .w = rg_particles_variance(p, p->step + 1)};
    const double ratio = log(s.v / s.w);
    s.h = p->drift * ratio;
    s.k = exp(-s.h);
    s.deviation = sqrt(p->options.method == RG_METHOD_EULER ? lambda2 * (s.v - s.w) : -s.w * expm1(-lambda2 * ratio));
    return s;
}

static void advance_euler(rg_particles *p, const struct stride *s) {
    for (size_t i = 0; i < p->options.count * p->options.space.dim; i++)
        p->x[i] += p->drift * followed(p, i) * (s->v - s->w) + s->deviation * p->noise[i];
}

/* m - X = v (s + e): the step in displacements, which are small where m is near X */
static void advance_exponential(rg_particles *p, const struct stride *s) {
    for (size_t i = 0; i < p->options.count * p->options.space.dim; i++)
        p->x[i] += (1 - s->k) * s->v * followed(p, i) + s->deviation * p->noise[i];
}

/* Before it: X in `before` and the predictor in x. m' = X^ + w (s + e)(X^, w). */
static rg_status advance_heun(rg_particles *p, const struct stride *s, rg_diagnostic *diagnostic) {
    const size_t size = p->options.count * p->options.space.dim;
    const double b = 1 + expm1(-s->h) / s->h;
    for (size_t i = 0; i < size; i++) {
        p->before[i] = p->x[i] + s->v * followed(p, i); /* m */
        p->x[i] += (1 - s->k) * s->v * followed(p, i) + s->deviation * p->noise[i];
    }
    const rg_status status = evaluate(p, s->w, NULL, diagnostic);
    for (size_t i = 0; !status && i < size; i++) p->x[i] += b * (p->x[i] + s->w * followed(p, i) - p->before[i]);
    return status;
}

static rg_status check_finite(const rg_particles *p, rg_diagnostic *diagnostic) {
    const size_t dim = p->options.space.dim;
    for (size_t i = 0; i < p->options.count * dim; i++)
        if (!is_placed(&p->options.space, i % dim, p->x[i]))
            return rg_fail(diagnostic, RG_EDOMAIN,
                           "particle %zu left for infinity at sigma = %g: take more steps, or the exponential method",
                           i / dim, sqrt(rg_particles_variance(p, p->step)));
    return RG_OK;
}

/* int |e|^2 dv over a step, exact for a + b / v: the errors that are bounded, and those that explode. */
static void add_energy(rg_particles *p, const struct stride *s, const double *square_before) {
    const double r = s->w / s->v, low = s->v * r / (1 - r) * (-log(r) - (1 - r)), high = s->v * (1 - r) - low;
    for (size_t i = 0; i < p->options.count; i++) p->energy[i] += high * square_before[i] + low * p->square[i];
}

rg_status rg_particles_step(rg_particles *particles, int *done, rg_diagnostic *diagnostic) {
    rg_particles *p = particles;
    *done = p->step >= p->options.steps;
    if (*done) return RG_OK;
    const struct stride s = stride_of(p);
    rg_status status = RG_OK;
    draw(p);
    memcpy(p->weight, p->square, p->options.count * sizeof *p->weight);
    if (p->options.method == RG_METHOD_EULER) advance_euler(p, &s);
    if (p->options.method == RG_METHOD_EXPONENTIAL) advance_exponential(p, &s);
    if (p->options.method == RG_METHOD_HEUN) status = advance_heun(p, &s, diagnostic);
    if (status) return status;
    p->step++;
    status = check_finite(p, diagnostic);
    if (status) return status;
    wrap_all(p);
    status = rg_particles_look(p, diagnostic);
    if (status) return status;
    add_energy(p, &s, p->weight);
    *done = p->step >= p->options.steps;
    return RG_OK;
}

/* ---- saving */

size_t rg_particles_state_size(const rg_particles *particles) {
    return particles->options.count * (particles->options.space.dim + 1) + 1;
}

void rg_particles_save(const rg_particles *particles, double *state) {
    const size_t count = particles->options.count, size = count * particles->options.space.dim;
    state[0] = (double)particles->step;
    memcpy(state + 1, particles->energy, count * sizeof *state);
    memcpy(state + 1 + count, particles->x, size * sizeof *state);
}

rg_status rg_particles_load(rg_particles *particles, const double *state, rg_diagnostic *diagnostic) {
    rg_particles *p = particles;
    const size_t count = p->options.count, size = rg_particles_state_size(p);
    for (size_t i = 0; i < size; i++)
        if (!isfinite(state[i]) ||
            (i > count && !is_placed(&p->options.space, (i - 1 - count) % p->options.space.dim, state[i])))
            return rg_fail(diagnostic, RG_EINVAL, "particles: a number of the state is not finite, or far outside");
    if (!(state[0] >= 0) || state[0] > (double)p->options.steps || state[0] != floor(state[0]))
        return rg_fail(diagnostic, RG_EINVAL, "particles: the state is at step %g of %zu", state[0], p->options.steps);
    p->step = (size_t)state[0];
    memcpy(p->energy, state + 1, count * sizeof *state);
    memcpy(p->x, state + 1 + count, (size - 1 - count) * sizeof *state);
    return rg_particles_look(p, diagnostic);
}

const double *rg_particles_position(const rg_particles *particles) {
    return particles->x;
}

const rg_nearest_point *rg_particles_nearest(const rg_particles *particles) {
    return particles->nearest;
}
