/* Score errors at points: constants, multiples and turns of the score, random waves; what lives on a grid is evaluated there
 * and interpolated.
 *
 * Waves: e_a(x) = amplitude sqrt(2 / F) sum_f w_fa cos(k_f.x / l + phase_f), w and k standard normal. */
#include "base/stream.h"
#include "diffusion/point_score.h"
#include "grid/interpolate.h"

#include <math.h>
#include <string.h>

enum { PURPOSE = 0x77617665, CHUNK = 512 };

struct waves {
    size_t count;
    double *wave, *phase, *weight; /* (F, dim), (F), (F, dim) */
};

struct rg_point_error {
    size_t dim;
    double *constant; /* (RG_PROFILES, dim) */
    double scaled, rotation[3];
    size_t waves;
    struct waves *wave;

    /* what lives on the grid */
    int on_grid;
    rg_grid grid;
    rg_density *density;
    rg_score_error *error;
    double *log_density, *score, *e; /* (n), (d, n), (d, n) */
    double *points;                  /* (CHUNK, dim) */
};

static int needs_grid(rg_error_kind kind) {
    return kind == RG_ERROR_LEARNED || kind == RG_ERROR_MODES || kind == RG_ERROR_RANDOM || kind == RG_ERROR_FIELD;
}

/* ---- terms */

static rg_status add_constant(rg_point_error *e, const rg_error_term *t, double variance_min,
                              rg_diagnostic *diagnostic) {
    if (!t->vector && e->dim > RG_MAX_DIM)
        return rg_fail(diagnostic, RG_EINVAL, "constant: expected a vector of %zu numbers", e->dim);
    const double *constant = t->vector ? t->vector : t->constant;
    if (t->profile < RG_PROFILE_FLAT || t->profile >= RG_PROFILES)
        return rg_fail(diagnostic, RG_EINVAL, "constant: unknown profile");
    if (t->profile >= RG_PROFILE_SIGMA && !(variance_min > 0))
        return rg_fail(
            diagnostic, RG_EINVAL,
            "constant: with this profile it is infinite at sigma = 0: set noise.sigma_min above 0 (early stopping)");
    for (size_t a = 0; a < e->dim; a++) {
        if (!isfinite(constant[a])) return rg_fail(diagnostic, RG_EINVAL, "constant: a value is not finite");
        e->constant[(size_t)t->profile * e->dim + a] += constant[a];
    }
    return RG_OK;
}

static rg_status add_waves(rg_point_error *e, const rg_error_term *t, int periodic, rg_diagnostic *diagnostic) {
    if (periodic) return rg_fail(diagnostic, RG_EINVAL, "waves: not periodic, for R^d only; take a random term");
    if (t->waves < 1 || !(t->correlation_length > 0) || !isfinite(t->correlation_length) || !isfinite(t->amplitude))
        return rg_fail(diagnostic, RG_EINVAL, "waves: expected a count >= 1, a length > 0 and a finite amplitude");
    struct waves *w = &e->wave[e->waves++];
    const size_t size = rg_size_product(t->waves, e->dim);
    w->count = t->waves;
    w->wave = rg_field_alloc(size);
    w->phase = rg_field_alloc(t->waves);
    w->weight = rg_field_alloc(size);
    if (size == 0 || !w->wave || !w->phase || !w->weight) return RG_ENOMEM;
    for (size_t f = 0; f < t->waves; f++) {
        const rg_stream stream = {.seed = t->seed, .purpose = PURPOSE, .item = (uint32_t)f};
        rg_stream second = stream, third = stream;
        second.step = 1;
        third.step = 2;
        rg_stream_normal(&stream, e->dim, w->wave + f * e->dim);
        rg_stream_normal(&second, e->dim, w->weight + f * e->dim);
        rg_stream_uniform(&third, 1, &w->phase[f]);
        w->phase[f] *= 6.283185307179586;
        for (size_t a = 0; a < e->dim; a++) {
            w->wave[f * e->dim + a] /= t->correlation_length;
            w->weight[f * e->dim + a] *= t->amplitude * sqrt(2 / (double)t->waves);
        }
    }
    return RG_OK;
}

static rg_status add_term(rg_point_error *e, const rg_error_term *t, int periodic, double variance_min,
                          rg_diagnostic *diagnostic) {
    if (t->kind == RG_ERROR_CONSTANT) return add_constant(e, t, variance_min, diagnostic);
    if (t->kind == RG_ERROR_WAVES) return add_waves(e, t, periodic, diagnostic);
    if (t->kind == RG_ERROR_SCALED) {
        if (!isfinite(t->scaled)) return rg_fail(diagnostic, RG_EINVAL, "scaled: the value is not finite");
        e->scaled += t->scaled;
        return RG_OK;
    }
    if (t->kind == RG_ERROR_ROTATION) {
        if (e->dim < 2 || e->dim > 3)
            return rg_fail(diagnostic, RG_EINVAL, "rotation: expected two or three dimensions, got %zu", e->dim);
        for (int a = 0; a < (e->dim == 2 ? 1 : 3); a++) e->rotation[a] += t->rotation[a];
        return RG_OK;
    }
    if (!needs_grid(t->kind)) return rg_fail(diagnostic, RG_EINVAL, "unknown kind of score error");
    if (!e->on_grid)
        return rg_fail(diagnostic, RG_EINVAL,
                       "a learned score, modes, a random term and a field live on a grid: without one take constant, "
                       "scaled, rotation or waves");
    return RG_OK;
}

/* ---- all of them */

static rg_status make_grid_part(rg_point_error *e, const rg_grid *grid, const rg_density_spec *density,
                                const rg_error_term *term, size_t count, double variance_min, double variance_max,
                                rg_diagnostic *diagnostic) {
    rg_error_term *those = rg_alloc(count, sizeof *those);
    size_t used = 0;
    if (!those) return RG_ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (needs_grid(term[i].kind)) those[used++] = term[i];
    const size_t n = (size_t)rg_grid_cells(grid);
    rg_status status = RG_OK;
    e->grid = *grid;
    e->log_density = rg_field_alloc(n);
    e->score = rg_field_alloc(rg_size_product(n, e->dim));
    e->e = rg_field_alloc(rg_size_product(n, e->dim));
    e->points = rg_field_alloc(CHUNK * e->dim);
    if (!e->log_density || !e->score || !e->e || !e->points) status = RG_ENOMEM;
    const double lowest = rg_error_lowest_variance(those, used, variance_min);
    if (!status) status = rg_density_create(grid, density, lowest, &e->density, diagnostic);
    if (!status)
        status =
            rg_score_error_create(grid, those, used, e->density, variance_min, variance_max, &e->error, diagnostic);
    rg_free(those);
    return status;
}

static rg_status make(rg_point_error *e, const rg_space *space, const rg_grid *grid, const rg_density_spec *density,
                      const rg_error_term *term, size_t count, double variance_min, double variance_max,
                      rg_diagnostic *diagnostic) {
    e->constant = rg_field_alloc(rg_size_product(RG_PROFILES, e->dim));
    e->wave = rg_alloc(count, sizeof *e->wave);
    if (!e->constant || !e->wave) return RG_ENOMEM;
    for (size_t i = 0; i < count; i++) e->on_grid |= grid && density && needs_grid(term[i].kind);
    for (size_t i = 0; i < count; i++) {
        const rg_status status = add_term(e, &term[i], space->length != NULL, variance_min, diagnostic);
        if (status) return status;
    }
    if (!e->on_grid || !grid) return RG_OK;
    return make_grid_part(e, grid, density, term, count, variance_min, variance_max, diagnostic);
}

rg_status rg_point_error_create(const rg_space *space, const rg_grid *grid, const rg_density_spec *density,
                                const rg_error_term *term, size_t count, double variance_min, double variance_max,
                                rg_point_error **error, rg_diagnostic *diagnostic) {
    rg_status status = rg_space_check(space, diagnostic);
    if (status) return status;
    if ((count > 0 && !term) || (grid && (size_t)grid->dim != space->dim))
        return rg_fail(diagnostic, RG_EINVAL, "score error: expected terms, and a grid of %zu dimensions or none",
                       space->dim);
    rg_point_error *e = rg_alloc(1, sizeof *e);
    if (!e) return rg_fail(diagnostic, RG_ENOMEM, "score error: out of memory");
    e->dim = space->dim;
    status = make(e, space, grid, density, term, count, variance_min, variance_max, diagnostic);
    if (status) {
        rg_point_error_destroy(e);
        return status == RG_ENOMEM ? rg_fail(diagnostic, status, "score error: out of memory") : status;
    }
    *error = e;
    return RG_OK;
}

void rg_point_error_destroy(rg_point_error *error) {
    if (!error) return;
    for (size_t i = 0; error->wave && i < error->waves; i++) {
        rg_free(error->wave[i].wave);
        rg_free(error->wave[i].phase);
        rg_free(error->wave[i].weight);
    }
    rg_free(error->wave);
    rg_free(error->constant);
    rg_density_destroy(error->density);
    rg_score_error_destroy(error->error);
    rg_free(error->log_density);
    rg_free(error->score);
    rg_free(error->e);
    rg_free(error->points);
    rg_free(error);
}

static void add_waves_at(const struct waves *w, size_t dim, const double *x, double *e) {
    for (size_t f = 0; f < w->count; f++) {
        double angle = w->phase[f];
        for (size_t a = 0; a < dim; a++) angle += w->wave[f * dim + a] * x[a];
        const double value = cos(angle);
        for (size_t a = 0; a < dim; a++) e[a] += w->weight[f * dim + a] * value;
    }
}

static void add_rotation(const rg_point_error *error, const double *s, double *e) {
    const double *w = error->rotation;
    if (error->dim == 2) {
        e[0] -= w[0] * s[1];
        e[1] += w[0] * s[0];
    } else if (error->dim == 3) {
        e[0] += w[1] * s[2] - w[2] * s[1];
        e[1] += w[2] * s[0] - w[0] * s[2];
        e[2] += w[0] * s[1] - w[1] * s[0];
    }
}

static rg_status add_grid_part(rg_point_error *p, double variance, size_t count, const double *x, double *e,
                               rg_diagnostic *diagnostic) {
    rg_status status = rg_density_at(p->density, variance, p->log_density, p->score, diagnostic);
    if (!status) status = rg_score_error_at(p->error, variance, p->log_density, p->score, p->e);
    for (size_t begin = 0; !status && begin < count; begin += CHUNK) {
        const size_t n = count - begin < CHUNK ? count - begin : CHUNK;
        rg_interpolate(&p->grid, p->dim, p->e, n, x + begin * p->dim, p->points);
        for (size_t i = 0; i < n * p->dim; i++) e[begin * p->dim + i] += p->points[i];
    }
    return status;
}

rg_status rg_point_error_at(rg_point_error *error, double variance, size_t count, const double *x, const double *score,
                            double *e, rg_diagnostic *diagnostic) {
    if (!error || !x || !score || !e || !(variance >= 0))
        return rg_fail(diagnostic, RG_EINVAL, "score error: no points");
    const size_t dim = error->dim;
    double factor[RG_PROFILES];
    for (int p = 0; p < RG_PROFILES; p++) factor[p] = rg_error_profile_at((rg_error_profile)p, variance);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < count; i++) {
        double *out = e + i * dim;
        const double *s = score + i * dim;
        for (size_t a = 0; a < dim; a++) {
            out[a] = -error->scaled * s[a];
            for (size_t p = 0; p < RG_PROFILES; p++)
                if (error->constant[p * dim + a] != 0) out[a] += factor[p] * error->constant[p * dim + a];
        }
        add_rotation(error, s, out);
        for (size_t w = 0; w < error->waves; w++) add_waves_at(&error->wave[w], dim, x + i * dim, out);
    }
    return error->on_grid ? add_grid_part(error, variance, count, x, e, diagnostic) : RG_OK;
}
