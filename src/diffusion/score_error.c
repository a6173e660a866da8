/* The score error as a sum of terms.
 *
 * Terms that do not depend on the noise level are added up once. Rotation and the random solenoidal part are
 * p-solenoidal without a solve: for an antisymmetric matrix field A, r = (1/p) div(p A) = div A + A s. */
#include "diffusion/random_field.h"

#include <rotgrad/score_error.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct learned {
    size_t levels;              /* those that bracket the range */
    double *log_sigma, *scaled; /* (levels) and (levels, d, n): sigma e */
};

struct rg_score_error {
    rg_grid grid;
    ptrdiff_t cells;
    int dim;
    double variance_min, variance_max;
    double *fixed; /* (d, n): modes, constants, fields */
    double rotation[3], scaled;
    double profile[RG_PROFILES][RG_MAX_DIM]; /* constants but for those in `fixed` */
    size_t learned_count, random_count, break_count;
    struct learned *learned;
    rg_random_field *random;
    double *breaks;
};

/* Levels are matched to the range with this relative slack, for sigma that went through float32. */
static const double slack = 1e-6;

static size_t first_level(const rg_error_term *t, double sigma) {
    size_t first = 0;
    while (first + 1 < t->levels && t->sigma[first + 1] <= sigma) first++;
    return first;
}

double rg_error_lowest_variance(const rg_error_term *term, size_t count, double variance_min) {
    double lowest = variance_min;
    for (size_t i = 0; i < count; i++)
        if (term[i].kind == RG_ERROR_LEARNED && term[i].levels > 0) {
            const double sigma = term[i].sigma[first_level(&term[i], sqrt(variance_min))];
            lowest = fmin(lowest, sigma * sigma);
        }
    return lowest;
}

static int finite_values(size_t count, const double *values) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return 0;
    return 1;
}

/* Reads an array (d, n0, ...) of a term on the run's grid. */
static rg_status read_array(const rg_score_error *error, const rg_error_term *t, const char *what, const double *values,
                            double *out, rg_diagnostic *diagnostic) {
    const size_t dim = (size_t)error->dim;
    if (!values) return rg_fail(diagnostic, RG_EINVAL, "%s: no values", what);
    const rg_status status =
        t->values_grid.dim == error->dim ? rg_resample(&t->values_grid, values, &error->grid, dim, out) : RG_EINVAL;
    if (status == RG_EINVAL)
        return rg_fail(diagnostic, status, "%s: its dimension or box differs from that of the run's grid", what);
    if (!status && !finite_values(dim * (size_t)error->cells, out))
        return rg_fail(diagnostic, RG_EINVAL, "%s: a value is not finite", what);
    return status;
}

static rg_status check_levels(const rg_error_term *t, double low, double high, rg_diagnostic *diagnostic) {
    if (t->levels == 0 || !t->sigma || !t->score) return rg_fail(diagnostic, RG_EINVAL, "learned score: no level");
    for (size_t k = 0; k < t->levels; k++)
        if (!isfinite(t->sigma[k]) || !(t->sigma[k] > (k ? t->sigma[k - 1] : 0)))
            return rg_fail(diagnostic, RG_EINVAL, "learned score: sigma must be positive and ascending (level %zu)", k);
    const double lowest = t->sigma[0], highest = t->sigma[t->levels - 1];
    if (low < lowest * (1 - slack) || high > highest * (1 + slack))
        return rg_fail(diagnostic, RG_EINVAL,
                       "the noise range sigma = %g .. %g leaves the learned levels %g .. %g: narrow it", low, high,
                       lowest, highest);
    return RG_OK;
}

/* scaled = sigma (s_theta - s) at one learned level */
static rg_status fill_level(rg_score_error *error, const rg_error_term *t, size_t level, rg_density *density,
                            double *log_density, double *score, double *scaled, rg_diagnostic *diagnostic) {
    const ptrdiff_t size = error->dim * error->cells, size_from = error->dim * rg_grid_cells(&t->values_grid);
    const double sigma = t->sigma[level];
    rg_status status = rg_density_at(density, sigma * sigma, log_density, score, diagnostic);
    if (!status)
        status = read_array(error, t, "learned score", t->score + (ptrdiff_t)level * size_from, scaled, diagnostic);
    for (ptrdiff_t i = 0; !status && i < size; i++) scaled[i] = sigma * (scaled[i] - score[i]);
    return status;
}

static rg_status add_learned(rg_score_error *error, const rg_error_term *t, rg_density *density,
                             rg_diagnostic *diagnostic) {
    const double low = sqrt(error->variance_min), high = sqrt(error->variance_max);
    rg_status status = check_levels(t, low, high, diagnostic);
    if (status) return status;
    const size_t first = first_level(t, low), size = (size_t)(error->dim * error->cells);
    size_t last = first;
    while (last + 1 < t->levels && t->sigma[last] < high) last++;
    struct learned *l = &error->learned[error->learned_count++];
    l->levels = last - first + 1;
    l->log_sigma = rg_field_alloc(l->levels);
    l->scaled = rg_field_alloc(rg_size_product(l->levels, size));
    double *log_density = rg_field_alloc((size_t)error->cells), *score = rg_field_alloc(size);
    if (!l->log_sigma || !l->scaled || !log_density || !score) status = RG_ENOMEM;
    for (size_t k = 0; !status && k < l->levels; k++) {
        const double sigma = t->sigma[first + k];
        l->log_sigma[k] = log(sigma);
        if (sigma > low * (1 + slack) && sigma < high * (1 - slack))
            error->breaks[error->break_count++] = sigma * sigma;
        status = fill_level(error, t, first + k, density, log_density, score, l->scaled + k * size, diagnostic);
    }
    rg_free(log_density);
    rg_free(score);
    return status;
}

static rg_status add_modes(rg_score_error *error, const rg_error_term *t, rg_diagnostic *diagnostic) {
    const rg_grid *g = &error->grid;
    if (t->modes > 0 && !t->mode) return rg_fail(diagnostic, RG_EINVAL, "modes: none given");
    for (size_t m = 0; m < t->modes; m++) {
        const rg_error_mode *mode = &t->mode[m];
        if (!isfinite(mode->sine) || !isfinite(mode->cosine))
            return rg_fail(diagnostic, RG_EINVAL, "mode %zu: the amplitude is not finite", m);
        if (mode->component < 0 || mode->component >= g->dim)
            return rg_fail(diagnostic, RG_EINVAL, "mode %zu: component %d does not exist", m, mode->component);
        for (int a = 0; a < g->dim; a++)
            if (2 * labs((long)mode->wave[a]) >= g->shape[a])
                return rg_fail(diagnostic, RG_EINVAL, "mode %zu: wave %d needs more than %td grid points on axis %d", m,
                               mode->wave[a], g->shape[a], a);
        rg_add_mode(g, mode->wave, mode->sine, mode->cosine, error->fixed + mode->component * error->cells);
    }
    return RG_OK;
}

static rg_status add_field(rg_score_error *error, const rg_error_term *t, rg_diagnostic *diagnostic) {
    const size_t size = (size_t)(error->dim * error->cells);
    double *values = rg_field_alloc(size);
    rg_status status = values ? RG_OK : RG_ENOMEM;
    if (!status) status = read_array(error, t, "field", t->values, values, diagnostic);
    for (size_t i = 0; !status && i < size; i++) error->fixed[i] += values[i];
    rg_free(values);
    return status;
}

double rg_error_profile_at(rg_error_profile profile, double variance) {
    switch (profile) {
    case RG_PROFILE_VP:
        return 1 / sqrt(1 + variance);
    case RG_PROFILE_SIGMA:
        return 1 / sqrt(variance);
    case RG_PROFILE_VARIANCE:
        return 1 / variance;
    case RG_PROFILE_FLAT:
    case RG_PROFILES:
        break;
    }
    return 1;
}

static rg_status add_constant(rg_score_error *error, const rg_error_term *t, rg_diagnostic *diagnostic) {
    const double *constant = t->vector ? t->vector : t->constant;
    if (!finite_values((size_t)error->dim, constant))
        return rg_fail(diagnostic, RG_EINVAL, "constant: a value is not finite");
    if (t->profile >= RG_PROFILE_SIGMA && !(error->variance_min > 0))
        return rg_fail(
            diagnostic, RG_EINVAL,
            "constant: with this profile it is infinite at sigma = 0: set noise.sigma_min above 0 (early stopping)");
    if (t->profile < RG_PROFILE_FLAT || t->profile >= RG_PROFILES)
        return rg_fail(diagnostic, RG_EINVAL, "constant: unknown profile");
    for (int a = 0; a < error->dim; a++)
        if (t->profile)
            error->profile[t->profile][a] += constant[a];
        else
            for (ptrdiff_t i = 0; i < error->cells; i++) error->fixed[a * error->cells + i] += constant[a];
    return RG_OK;
}

static rg_status add_term(rg_score_error *error, const rg_error_term *t, rg_density *density,
                          rg_diagnostic *diagnostic) {
    switch (t->kind) {
    case RG_ERROR_LEARNED:
        return add_learned(error, t, density, diagnostic);
    case RG_ERROR_MODES:
        return add_modes(error, t, diagnostic);
    case RG_ERROR_ROTATION:
        if (error->dim == 1) return rg_fail(diagnostic, RG_EINVAL, "rotation: there is none in one dimension");
        if (!finite_values(error->dim == 2 ? 1 : 3, t->rotation))
            return rg_fail(diagnostic, RG_EINVAL, "rotation: a value is not finite");
        for (int a = 0; a < 3; a++) error->rotation[a] += t->rotation[a];
        return RG_OK;
    case RG_ERROR_RANDOM:
        return rg_random_field_create(&error->grid, t, &error->random[error->random_count++], diagnostic);
    case RG_ERROR_CONSTANT:
        return add_constant(error, t, diagnostic);
    case RG_ERROR_WAVES:
        return rg_fail(diagnostic, RG_EINVAL, "waves: not periodic, for particles on R^d only; take a random term");
    case RG_ERROR_FIELD:
        return add_field(error, t, diagnostic);
    case RG_ERROR_SCALED:
        if (!isfinite(t->scaled)) return rg_fail(diagnostic, RG_EINVAL, "scaled: the value is not finite");
        error->scaled += t->scaled;
        return RG_OK;
    }
    return rg_fail(diagnostic, RG_EINVAL, "unknown kind of score error");
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static rg_status fill(rg_score_error *error, const rg_error_term *term, size_t count, rg_density *density,
                      rg_diagnostic *diagnostic) {
    size_t levels = 1;
    for (size_t i = 0; i < count; i++) levels += term[i].kind == RG_ERROR_LEARNED ? term[i].levels : 0;
    error->fixed = rg_field_alloc((size_t)(error->dim * error->cells));
    error->breaks = rg_field_alloc(levels);
    error->learned = rg_alloc(count, sizeof *error->learned);
    error->random = rg_alloc(count, sizeof *error->random);
    if (!error->fixed || !error->breaks || !error->learned || !error->random) return RG_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const rg_status status = add_term(error, &term[i], density, diagnostic);
        if (status) return status;
    }
    qsort(error->breaks, error->break_count, sizeof *error->breaks, ascending);
    return RG_OK;
}

rg_status rg_score_error_create(const rg_grid *grid, const rg_error_term *term, size_t count, rg_density *density,
                                double variance_min, double variance_max, rg_score_error **error,
                                rg_diagnostic *diagnostic) {
    if (!grid || (count > 0 && !term) || !density || !error || !(variance_min >= 0 && variance_max >= variance_min) ||
        !isfinite(variance_max))
        return rg_fail(diagnostic, RG_EINVAL, "score error: the noise range must be ascending and not negative");
    rg_score_error *e = rg_alloc(1, sizeof *e);
    if (!e) return rg_fail(diagnostic, RG_ENOMEM, "score error: out of memory");
    *e = (rg_score_error){.grid = *grid,
                          .cells = rg_grid_cells(grid),
                          .dim = grid->dim,
                          .variance_min = variance_min,
                          .variance_max = variance_max};
    const rg_status status = fill(e, term, count, density, diagnostic);
    if (status) {
        if (status == RG_ENOMEM) rg_fail(diagnostic, status, "score error: out of memory");
        rg_score_error_destroy(e);
        return status;
    }
    *error = e;
    return RG_OK;
}

void rg_score_error_destroy(rg_score_error *error) {
    if (!error) return;
    for (size_t i = 0; i < error->learned_count; i++) {
        rg_free(error->learned[i].log_sigma);
        rg_free(error->learned[i].scaled);
    }
    for (size_t i = 0; i < error->random_count; i++) rg_random_field_free(&error->random[i]);
    rg_free(error->learned);
    rg_free(error->random);
    rg_free(error->fixed);
    rg_free(error->breaks);
    rg_free(error);
}

size_t rg_score_error_breaks(const rg_score_error *error, const double **variances) {
    *variances = error->breaks;
    return error->break_count;
}

static void interpolate(const rg_score_error *error, const struct learned *l, double variance, double *e) {
    const double log_sigma = 0.5 * log(variance), inverse = 1 / sqrt(variance);
    const ptrdiff_t size = error->dim * error->cells;
    size_t k = 0;
    while (k + 2 < l->levels && l->log_sigma[k + 1] <= log_sigma) k++;
    double weight = 0;
    if (l->levels > 1) weight = (log_sigma - l->log_sigma[k]) / (l->log_sigma[k + 1] - l->log_sigma[k]);
    weight = fmin(fmax(weight, 0), 1);
    const double *low = l->scaled + (ptrdiff_t)k * size, *high = l->levels > 1 ? low + size : low;
    for (ptrdiff_t i = 0; i < size; i++) e[i] += inverse * ((1 - weight) * low[i] + weight * high[i]);
}

static void add_rotation(const rg_score_error *error, const double *score, double *e) {
    const ptrdiff_t n = error->cells;
    const double *w = error->rotation, *s0 = score, *s1 = score + n, *s2 = score + 2 * n;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (error->dim == 2) {
            e[i] -= w[0] * s1[i];
            e[n + i] += w[0] * s0[i];
        } else {
            e[i] += w[1] * s2[i] - w[2] * s1[i];
            e[n + i] += w[2] * s0[i] - w[0] * s2[i];
            e[2 * n + i] += w[0] * s1[i] - w[1] * s0[i];
        }
    }
}

/* Constants with a profile, and the multiple of the score. */
static void add_scaled(const rg_score_error *error, double variance, const double *score, double *e) {
    const ptrdiff_t n = error->cells;
    for (int a = 0; a < error->dim; a++) {
        double constant = 0;
        for (int p = RG_PROFILE_FLAT + 1; p < RG_PROFILES; p++)
            if (error->profile[p][a] != 0)
                constant += error->profile[p][a] * rg_error_profile_at((rg_error_profile)p, variance);
        if (constant == 0 && error->scaled == 0) continue;
        for (ptrdiff_t i = a * n; i < (a + 1) * n; i++) e[i] += constant - error->scaled * score[i];
    }
}

rg_status rg_score_error_at(rg_score_error *error, double variance, const double *log_density, const double *score,
                            double *e) {
    if (!error || !log_density || !score || !e) return RG_EINVAL;
    if (!(variance >= error->variance_min * (1 - slack) && variance <= error->variance_max * (1 + slack)))
        return RG_EINVAL;
    memcpy(e, error->fixed, (size_t)(error->dim * error->cells) * sizeof *e);
    if (error->dim > 1) add_rotation(error, score, e);
    add_scaled(error, variance, score, e);
    for (size_t i = 0; i < error->learned_count; i++) interpolate(error, &error->learned[i], variance, e);
    for (size_t i = 0; i < error->random_count; i++) rg_random_field_add(&error->random[i], log_density, score, e);
    return RG_OK;
}
