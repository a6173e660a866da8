/* Scores of Gaussian mixtures at points. On a torus by images, as on a grid. On R^D each covariance is diagonalised once,
 * C = U diag(lambda) U', so that a noise level costs D^2 a point and component:
 *     log w_k = log weight_k - 1/2 sum_a [ z_a^2 / (lambda_a + v) + log(lambda_a + v) ],   z = U'(x - m_k)
 *     s = sum_k w_k g_k / sum_k w_k,   g_k = -U (z / (lambda + v)). */
#include "diffusion/density.h"
#include "diffusion/point_score.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <omp.h>
#include <string.h>

struct mixture {
    rg_point_score score;
    size_t components;
    double *log_weight, *mean; /* (components), (components, dim) */
    double *spectrum;          /* (components, dim) lambda */
    double *basis; /* (components, dim, dim) U', its rows the eigenvectors; NULL: all covariances are multiples of 1 */
    int threads;
    double *work; /* (threads, 3, dim): z, g, displacement */

    rg_law *law; /* on a torus, in place of the above */
    double background, volume;
};

static void to_basis(size_t dim, const double *basis, const double *x, double *z) {
    for (size_t a = 0; a < dim; a++) {
        z[a] = basis ? 0 : x[a];
        for (size_t b = 0; basis && b < dim; b++) z[a] += basis[a * dim + b] * x[b];
    }
}

static void from_basis(size_t dim, const double *basis, const double *z, double *x) {
    if (!basis) {
        memcpy(x, z, dim * sizeof *x);
        return;
    }
    memset(x, 0, dim * sizeof *x);
    for (size_t a = 0; a < dim; a++)
        for (size_t b = 0; b < dim; b++) x[b] += basis[a * dim + b] * z[a];
}

/* log w_k at x; z becomes z / (lambda + v). */
static double log_term(const struct mixture *m, size_t k, double variance, const double *x, double *z, double *away) {
    const size_t dim = m->score.dim;
    const double *spectrum = m->spectrum + k * dim, *mean = m->mean + k * dim;
    double sum = 0;
    for (size_t a = 0; a < dim; a++) away[a] = x[a] - mean[a];
    to_basis(dim, m->basis ? m->basis + k * dim * dim : NULL, away, z);
    for (size_t a = 0; a < dim; a++) {
        const double total = spectrum[a] + variance;
        sum += z[a] * z[a] / total + log(total);
        z[a] /= total;
    }
    return m->log_weight[k] - 0.5 * sum;
}

static void mixture_point(const struct mixture *m, double variance, const double *x, double *work, double *out) {
    const size_t dim = m->score.dim;
    double *z = work, *g = work + dim, *away = work + 2 * dim, top = -HUGE_VAL, mass = 0;
    memset(out, 0, dim * sizeof *out);
    for (size_t k = 0; k < m->components; k++) {
        const double logit = log_term(m, k, variance, x, z, away);
        if (logit == -HUGE_VAL) continue; /* a weight of 0 */
        const double rise = logit - top, factor = rise > 0 ? exp(-rise) : 1, weight = rise > 0 ? 1 : exp(rise);
        from_basis(dim, m->basis ? m->basis + k * dim * dim : NULL, z, g);
        for (size_t a = 0; a < dim; a++) out[a] = factor * out[a] - weight * g[a];
        mass = factor * mass + weight;
        top = fmax(top, logit);
    }
    for (size_t a = 0; a < dim; a++) out[a] /= mass;
}

static rg_status mixture_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                            rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    const struct mixture *m = (struct mixture *)score;
    const size_t dim = m->score.dim;
    (void)nearest;
    (void)diagnostic;
#pragma omp parallel for schedule(static) num_threads(m->threads)
    for (size_t i = 0; i < count; i++)
        mixture_point(m, variance, x + i * dim, m->work + 3 * dim * (size_t)omp_get_thread_num(), out + i * dim);
    return RG_OK;
}

enum { CHUNK = 1024 };

static rg_status torus_at(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                          rg_nearest_point *nearest, rg_diagnostic *diagnostic) {
    const struct mixture *m = (struct mixture *)score;
    const size_t dim = m->score.dim;
    double log_density[CHUNK];
    (void)nearest;
    (void)diagnostic;
    for (size_t begin = 0; begin < count; begin += CHUNK) {
        const size_t n = count - begin < CHUNK ? count - begin : CHUNK;
        rg_law_gaussian_points(m->law, variance, n, x + begin * dim, log_density, out + begin * dim);
        for (size_t i = 0; m->background > 0 && i < n; i++)
            for (size_t a = 0; a < dim; a++)
                out[(begin + i) * dim + a] *= rg_background_factor(m->background, m->volume, log_density[i]);
    }
    return RG_OK;
}

static void mixture_destroy(rg_point_score *score) {
    struct mixture *m = (struct mixture *)score;
    if (m->law) m->law->destroy(m->law);
    rg_free(m->log_weight);
    rg_free(m->mean);
    rg_free(m->spectrum);
    rg_free(m->basis);
    rg_free(m->work);
    rg_free(m);
}

static int is_isotropic(size_t dim, const double *c) {
    for (size_t i = 0; i < dim * dim; i++)
        if (c[i] != (i % (dim + 1) == 0 ? c[0] : 0)) return 0;
    return 1;
}

/* Eigenvalues and, unless NULL, the rows of U'. */
static rg_status diagonalise(size_t dim, const double *covariance, double *spectrum, double *basis) {
    if (!basis) {
        for (size_t a = 0; a < dim; a++) spectrum[a] = covariance[0];
        return RG_OK;
    }
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(dim);
    double *copy = rg_field_alloc(2 * dim * dim);
    if (work && copy) {
        memcpy(copy, covariance, dim * dim * sizeof *copy);
        gsl_matrix_view a = gsl_matrix_view_array(copy, dim, dim);
        gsl_matrix_view v = gsl_matrix_view_array(copy + dim * dim, dim, dim);
        gsl_vector_view lambda = gsl_vector_view_array(spectrum, dim);
        (void)gsl_eigen_symmv(&a.matrix, &lambda.vector, &v.matrix, work);
        for (size_t i = 0; i < dim; i++)
            for (size_t j = 0; j < dim; j++) basis[i * dim + j] = copy[(dim + j) * dim + i];
    }
    const rg_status status = work && copy ? RG_OK : RG_ENOMEM;
    if (work) gsl_eigen_symmv_free(work);
    rg_free(copy);
    return status;
}

static rg_status fill(struct mixture *m, const rg_density_spec *spec) {
    const size_t dim = m->score.dim, n = spec->components, square = rg_size_product(dim, dim);
    int isotropic = 1;
    for (size_t k = 0; k < n; k++) isotropic = isotropic && is_isotropic(dim, spec->covariances + k * square);
    m->components = n;
    m->threads = omp_get_max_threads();
    m->log_weight = rg_field_alloc(n);
    m->mean = rg_field_alloc(rg_size_product(n, dim));
    m->spectrum = rg_field_alloc(rg_size_product(n, dim));
    m->basis = isotropic ? NULL : rg_field_alloc(rg_size_product(n, square));
    m->work = rg_field_alloc(rg_size_product((size_t)m->threads, 3 * dim));
    if (!m->log_weight || !m->mean || !m->spectrum || (!isotropic && !m->basis) || !m->work) return RG_ENOMEM;
    memcpy(m->mean, spec->means, n * dim * sizeof *m->mean);
    rg_status status = RG_OK;
    for (size_t k = 0; !status && k < n; k++) {
        m->log_weight[k] = log(spec->weights[k]);
        status = diagonalise(dim, spec->covariances + k * square, m->spectrum + k * dim,
                             isotropic ? NULL : m->basis + k * square);
    }
    return status;
}

static rg_status fill_torus(struct mixture *m, const rg_space *space, const rg_density_spec *spec,
                            rg_diagnostic *diagnostic) {
    const ptrdiff_t shape[RG_MAX_DIM] = {RG_MIN_POINTS, RG_MIN_POINTS, RG_MIN_POINTS}; /* only its box is used */
    rg_grid box;
    rg_density *checked = NULL;
    rg_status status = rg_grid_init((int)space->dim, shape, space->lower, space->length, &box);
    if (!status) status = rg_density_create(&box, spec, 0, &checked, diagnostic);
    rg_density_destroy(checked);
    if (!status) status = rg_law_gaussian(&box, spec, &m->law);
    m->score.at = torus_at;
    m->background = spec->background;
    m->volume = rg_grid_volume(&box);
    return status;
}

static rg_status check(const rg_space *space, const rg_density_spec *spec, rg_diagnostic *diagnostic) {
    if (!spec || spec->kind != RG_DENSITY_MIXTURE || spec->components < 1 || !spec->means || !spec->covariances ||
        !spec->weights)
        return rg_fail(diagnostic, RG_EINVAL, "mixture: no component");
    double sum = 0;
    for (size_t k = 0; k < spec->components; k++) sum += spec->weights[k] >= 0 ? spec->weights[k] : -HUGE_VAL;
    if (!(sum > 0) || !isfinite(sum))
        return rg_fail(diagnostic, RG_EINVAL, "mixture weights: expected numbers >= 0 with a positive, finite sum");
    if (!space->length && spec->background > 0)
        return rg_fail(diagnostic, RG_EINVAL, "mixture: R^d has no uniform background");
    return RG_OK;
}

rg_status rg_point_score_mixture(const rg_space *space, const rg_density_spec *mixture, rg_point_score **score,
                                 rg_diagnostic *diagnostic) {
    rg_status status = rg_space_check(space, diagnostic);
    if (!status) status = check(space, mixture, diagnostic);
    if (status) return status;
    struct mixture *m = rg_alloc(1, sizeof *m);
    if (!m) return rg_fail(diagnostic, RG_ENOMEM, "mixture: out of memory");
    m->score = (rg_point_score){mixture_at, mixture_destroy, space->dim, 0};
    status = space->length ? fill_torus(m, space, mixture, diagnostic) : fill(m, mixture);
    if (status) {
        mixture_destroy(&m->score);
        return status == RG_ENOMEM ? rg_fail(diagnostic, status, "mixture: out of memory") : status;
    }
    *score = &m->score;
    return RG_OK;
}
