/* With functions 1, sqrt(2) cos(w.x), sqrt(2) sin(w.x) the Gram matrix of the trapezoidal rule needs nothing but Fourier
 * coefficients of the density, P(k) = sum of p exp(-i k.x) over the cells times their volume:
 *     2 E_p cos(w.x) cos(u.x) = Re P(w - u) + Re P(w + u),    2 E_p sin(w.x) sin(u.x) = Re P(w - u) - Re P(w + u),
 *     2 E_p sin(w.x) cos(u.x) = -Im P(w - u) - Im P(w + u),
 * and the right-hand side those of p times the target. Coefficients are looked up modulo the grid, so this is the discrete
 * inner product exactly, aliases included. */
#include "measure/score_class.h"

#include "base/dense.h"
#include "grid/modes.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct wave {
    int k[RG_MAX_DIM];
    double unit[RG_MAX_DIM]; /* w / |w|; of the constant 0 */
} wave;

struct rg_score_class {
    rg_spectral *spectral;
    double ridge;
    size_t waves, functions; /* the constant is wave 0 and function 0 */
    wave *wave;
    double *gram;            /* (K, K), rows; then its Cholesky factor */
    double *right;           /* (max(d, 2), K) */
    double *moments, *field; /* spectra of p and of p target_a; one field */
};

enum { HIGHEST_RANDOM = 16 };

/* ---- which waves */

/* One of k and -k: the first component that is not 0 is positive. */
static int is_leading(const int *k, int dim) {
    for (int a = 0; a < dim; a++)
        if (k[a] != 0) return k[a] > 0;
    return 0;
}

static int has_wave(const rg_score_class *c, const wave *w) {
    for (size_t i = 0; i < c->waves; i++)
        if (memcmp(c->wave[i].k, w->k, sizeof w->k) == 0) return 1;
    return 0;
}

static void take_all_waves(rg_score_class *c, int dim, int most) {
    const int side = 2 * most + 1;
    int total = 1;
    for (int a = 0; a < dim; a++) total *= side;
    for (int i = 0; i < total; i++) {
        wave w = {{0}, {0}};
        for (int a = 0, rest = i; a < dim; a++, rest /= side) w.k[a] = rest % side - most;
        if (is_leading(w.k, dim)) c->wave[c->waves++] = w;
    }
}

/* Wave numbers are normal with deviations 1/2, 1, 2 and 4 in turn; what is there already is drawn again, a little wider. */
static rg_status draw_waves(rg_score_class *c, int dim, size_t wanted, unsigned long seed) {
    enum { RUNGS = 4 };
    const double widening = 1.02;
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    if (!random) return RG_ENOMEM;
    gsl_rng_set(random, seed);
    double wider = 1;
    while (c->waves < wanted + 1) {
        const double deviation = wider * ldexp(0.5, (int)(c->waves % RUNGS));
        wave w = {{0}, {0}};
        int fits = 1;
        for (int a = 0; a < dim; a++) {
            w.k[a] = (int)lround(deviation * gsl_ran_gaussian(random, 1));
            fits = fits && abs(w.k[a]) <= HIGHEST_RANDOM;
        }
        const int leads = is_leading(w.k, dim);
        for (int a = 0; !leads && a < dim; a++) w.k[a] = -w.k[a];
        if (fits && !has_wave(c, &w))
            c->wave[c->waves++] = w;
        else
            wider = fmin(wider * widening, HIGHEST_RANDOM);
    }
    gsl_rng_free(random);
    return RG_OK;
}

/* Functions beside the constant. Of the waves that may be drawn at most about half are. */
static double count_functions(rg_feature_kind kind, size_t size, int dim) {
    return kind == RG_FEATURES_FOURIER ? pow(2 * (double)size + 1, dim) - 1 : (double)size;
}

static double most_functions(rg_feature_kind kind, int dim) {
    const double most = RG_SCORE_CLASS_MOST - 2, drawn = 2 * floor(pow(2 * HIGHEST_RANDOM + 1, dim) / 4);
    return kind == RG_FEATURES_RANDOM ? fmin(most, drawn) : most;
}

rg_status rg_score_class_check(rg_feature_kind kind, size_t size, int dim, rg_diagnostic *diagnostic) {
    if (kind != RG_FEATURES_FOURIER && kind != RG_FEATURES_RANDOM)
        return rg_fail(diagnostic, RG_EINVAL, "expected a class fourier:M or rff:N");
    const double functions = count_functions(kind, size, dim), most = most_functions(kind, dim);
    if (kind == RG_FEATURES_RANDOM && (size % 2 != 0 || functions < 2 || functions > most))
        return rg_fail(
            diagnostic, RG_EINVAL,
            "expected rff:N with an even N (a cosine and a sine each) from 2 to %g in %d dimension%s, got %zu", most,
            dim, dim == 1 ? "" : "s", size);
    if (functions < 2 || functions > most)
        return rg_fail(diagnostic, RG_EINVAL,
                       "expected fourier:M with an M from 1 to %g in %d dimension%s ((2 M + 1)^d functions), got %zu",
                       floor((pow(most + 1, 1.0 / dim) - 1) / 2), dim, dim == 1 ? "" : "s", size);
    return RG_OK;
}

static rg_status check_waves(const rg_score_class *c, const rg_grid *grid, rg_diagnostic *diagnostic) {
    for (size_t i = 0; i < c->waves; i++)
        for (int a = 0; a < grid->dim; a++)
            if (2 * abs(c->wave[i].k[a]) >= grid->shape[a])
                return rg_fail(
                    diagnostic, RG_EINVAL,
                    "the class has wave %d on axis %d, which needs more than %td grid points: take a smaller "
                    "class or a finer grid",
                    abs(c->wave[i].k[a]), a, grid->shape[a]);
    return RG_OK;
}

static void set_units(rg_score_class *c, const rg_grid *grid) {
    for (size_t i = 1; i < c->waves; i++) {
        wave *w = &c->wave[i];
        double square = 0;
        for (int a = 0; a < grid->dim; a++) {
            w->unit[a] = w->k[a] / grid->length[a];
            square += w->unit[a] * w->unit[a];
        }
        for (int a = 0; a < grid->dim; a++) w->unit[a] /= sqrt(square);
    }
}

static rg_status fill(rg_score_class *c, const rg_grid *grid, rg_feature_kind kind, size_t size, size_t pairs,
                      unsigned long seed) {
    const size_t k = 2 * pairs + 1, dim = (size_t)grid->dim;
    const rg_status status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &c->spectral);
    if (status) return status;
    c->functions = k;
    c->wave = rg_alloc(pairs + 1, sizeof *c->wave);
    c->gram = rg_field_alloc(k * k);
    c->right = rg_field_alloc((dim > 2 ? dim : 2) * k);
    c->moments = rg_field_alloc(2 * (dim + 1) * (size_t)c->spectral->modes);
    c->field = rg_field_alloc((size_t)c->spectral->cells);
    if (!c->wave || !c->gram || !c->right || !c->moments || !c->field) return RG_ENOMEM;
    c->waves = 1;
    if (kind == RG_FEATURES_RANDOM) return draw_waves(c, grid->dim, pairs, seed);
    take_all_waves(c, grid->dim, (int)size);
    return RG_OK;
}

rg_status rg_score_class_create(const rg_grid *grid, rg_feature_kind kind, size_t size, unsigned long seed,
                                double ridge, rg_score_class **score_class, rg_diagnostic *diagnostic) {
    if (!grid || !(ridge >= 0) || !isfinite(ridge))
        return rg_fail(diagnostic, RG_EINVAL, "score class: expected a grid and a ridge >= 0");
    rg_status status = rg_score_class_check(kind, size, grid->dim, diagnostic);
    if (status) return status;
    const size_t pairs = (size_t)(count_functions(kind, size, grid->dim) / 2);
    rg_score_class *c = rg_alloc(1, sizeof *c);
    if (!c) return rg_fail(diagnostic, RG_ENOMEM, "score class: out of memory");
    c->ridge = ridge;
    status = fill(c, grid, kind, size, pairs, seed);
    if (status) {
        rg_fail(diagnostic, status, "score class: out of memory");
    } else {
        set_units(c, grid);
        status = check_waves(c, grid, diagnostic);
    }
    if (status)
        rg_score_class_destroy(c);
    else
        *score_class = c;
    return status;
}

void rg_score_class_destroy(rg_score_class *c) {
    if (!c) return;
    rg_spectral_destroy(c->spectral);
    rg_free(c->wave);
    double *fields[] = {c->gram, c->right, c->moments, c->field};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    rg_free(c);
}

size_t rg_score_class_functions(const rg_score_class *c) {
    return c->functions;
}

/* ---- Fourier coefficients by their wave */

/* Where the half spectrum keeps the coefficient of a wave, taken modulo the grid; `conjugate`: it keeps that of -k. */
static ptrdiff_t mode_of(const rg_spectral *s, const int *k, int *conjugate) {
    ptrdiff_t at[3] = {0, 0, 0};
    for (int a = 0; a < s->grid.dim; a++) {
        const ptrdiff_t n = s->grid.shape[a], i = k[a] % n;
        at[rg_padded(s, a)] = i < 0 ? i + n : i;
    }
    *conjugate = at[2] >= s->m[2];
    for (int p = 0; *conjugate && p < 3; p++) at[p] = at[p] ? s->n[p] - at[p] : 0;
    return (at[0] * s->m[1] + at[1]) * s->m[2] + at[2];
}

typedef struct coefficient {
    double re, im;
} coefficient;

static coefficient look_up(const rg_spectral *s, const double *spectrum, const int *k) {
    int conjugate;
    const ptrdiff_t m = mode_of(s, k, &conjugate);
    return (coefficient){spectrum[2 * m], conjugate ? -spectrum[2 * m + 1] : spectrum[2 * m + 1]};
}

/* ---- least squares */

/* Functions 2 i - 1 and 2 i are the cosine and the sine of wave i. */
static void fill_pair(rg_score_class *c, size_t i, size_t j) {
    int less[RG_MAX_DIM] = {0}, more[RG_MAX_DIM] = {0};
    const size_t k = c->functions;
    for (int a = 0; a < c->spectral->grid.dim; a++) {
        less[a] = c->wave[i].k[a] - c->wave[j].k[a];
        more[a] = c->wave[i].k[a] + c->wave[j].k[a];
    }
    const coefficient minus = look_up(c->spectral, c->moments, less), plus = look_up(c->spectral, c->moments, more);
    double *cosine = c->gram + (2 * i - 1) * k, *sine = c->gram + 2 * i * k;
    cosine[2 * j - 1] = minus.re + plus.re;
    sine[2 * j] = minus.re - plus.re;
    sine[2 * j - 1] = -minus.im - plus.im;
    if (i != j) cosine[2 * j] = minus.im - plus.im;
}

static void fill_gram(rg_score_class *c) {
    const size_t k = c->functions;
    const double root = sqrt(2.0);
    c->gram[0] = c->moments[0];
    for (size_t i = 1; i < c->waves; i++) {
        const coefficient one = look_up(c->spectral, c->moments, c->wave[i].k);
        c->gram[(2 * i - 1) * k] = root * one.re;
        c->gram[2 * i * k] = -root * one.im;
        for (size_t j = 1; j <= i; j++) fill_pair(c, i, j);
    }
}

static void add_ridge(rg_score_class *c, double ridge) {
    const size_t k = c->functions;
    for (size_t i = 0; i < k; i++) c->gram[i * k + i] += ridge;
}

static void fill_right(rg_score_class *c, const double *spectrum, double *right) {
    const double root = sqrt(2.0);
    right[0] = spectrum[0];
    for (size_t i = 1; i < c->waves; i++) {
        const coefficient one = look_up(c->spectral, spectrum, c->wave[i].k);
        right[2 * i - 1] = root * one.re;
        right[2 * i] = -root * one.im;
    }
}

/* spectrum(k) = volume * sum of f exp(-i k.x), so that the coefficients are expectations. */
static void transform(rg_score_class *c, const double *density, const double *target, double *spectrum) {
    const rg_spectral *s = c->spectral;
    const double volume = rg_grid_cell_volume(&s->grid);
    for (ptrdiff_t i = 0; i < s->cells; i++) c->field[i] = volume * density[i] * (target ? target[i] : 1);
    rg_forward(s, c->field, spectrum);
}

/* f = sum of x_k times the functions, through its half spectrum. */
static void synthesise(rg_score_class *c, const double *x, double *f) {
    const rg_spectral *s = c->spectral;
    const double half = sqrt(0.5); /* sqrt(2) cos = (e^+ + e^-) / sqrt(2) */
    memset(s->spectrum, 0, 2 * (size_t)s->modes * sizeof *s->spectrum);
    s->spectrum[0] = x[0];
    for (size_t i = 1; i < c->waves; i++)
        for (int sign = -1; sign <= 1; sign += 2) { /* both of a wave may stand in the half spectrum */
            int k[RG_MAX_DIM] = {0}, conjugate;
            for (int a = 0; a < s->grid.dim; a++) k[a] = sign * c->wave[i].k[a];
            const ptrdiff_t m = mode_of(s, k, &conjugate);
            if (conjugate) continue;
            s->spectrum[2 * m] += half * x[2 * i - 1];
            s->spectrum[2 * m + 1] -= sign * half * x[2 * i];
        }
    rg_back(s, s->spectrum, f);
}

rg_status rg_score_class_fit(rg_score_class *c, const double *density, const double *target, double *best) {
    const rg_spectral *s = c->spectral;
    const int dim = s->grid.dim;
    transform(c, density, NULL, c->moments);
    for (int a = 0; a < dim; a++) {
        double *spectrum = c->moments + 2 * (a + 1) * s->modes;
        transform(c, density, target + a * s->cells, spectrum);
        fill_right(c, spectrum, c->right + (size_t)a * c->functions);
    }
    fill_gram(c);
    add_ridge(c, c->ridge);
    rg_dense_begin();
    const int positive = rg_dense_cholesky(c->functions, c->gram);
    for (int a = 0; positive && a < dim; a++)
        rg_dense_solve(c->functions, c->gram, c->right + (size_t)a * c->functions);
    rg_dense_end();
    if (!positive) return RG_ENOCONV;
    for (int a = 0; a < dim; a++) {
        const double *x = c->right + (size_t)a * c->functions;
        synthesise(c, x, c->field);
        memcpy(best + a * s->cells, c->field, (size_t)s->cells * sizeof *best);
    }
    return RG_OK;
}

/* ---- the best gradient
 *
 * grad sin(w.x)/|w| = u cos(w.x) and grad cos(w.x)/|w| = -u sin(w.x), u = w/|w|: up to signs the fields u t with the
 * functions t of the class, whose inner products are (u_i.u_j) E[t_i t_j]. The constant has none: its row is that of 1. */

static const double *unit_of(const rg_score_class *c, size_t function) {
    return c->wave[(function + 1) / 2].unit;
}

static void fill_gradient_gram(rg_score_class *c) {
    const size_t k = c->functions;
    fill_gram(c);
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *u = unit_of(c, i), *v = unit_of(c, j);
            double cosine = 0;
            for (int a = 0; a < RG_MAX_DIM; a++) cosine += u[a] * v[a];
            c->gram[i * k + j] *= cosine;
        }
    c->gram[0] = 1;
}

/* b = sum over a of E[field_a u_a t]; term (K) and the second spectrum are scratch. */
static void project(rg_score_class *c, const double *density, const double *field, double *b, double *term) {
    const rg_spectral *s = c->spectral;
    double *spectrum = c->moments + 2 * s->modes;
    memset(b, 0, c->functions * sizeof *b);
    for (int a = 0; a < s->grid.dim; a++) {
        transform(c, density, field + a * s->cells, spectrum);
        fill_right(c, spectrum, term);
        for (size_t i = 0; i < c->functions; i++) b[i] += unit_of(c, i)[a] * term[i];
    }
}

/* 2 b.x - x.G x = b.x + ridge |x|^2 for (G + ridge) x = b; 0 when that is not positive definite. */
static int energy_at(rg_score_class *c, double ridge, const double *b, double *x, double *energy) {
    const size_t k = c->functions;
    fill_gradient_gram(c);
    add_ridge(c, ridge);
    if (!rg_dense_cholesky(k, c->gram)) return 0;
    memcpy(x, b, k * sizeof *x);
    rg_dense_solve(k, c->gram, x);
    *energy = 0;
    for (size_t i = 0; i < k; i++) *energy += x[i] * (b[i] + ridge * x[i]);
    return isfinite(*energy);
}

rg_status rg_score_class_gradient_energy(rg_score_class *c, const double *density, const double *field,
                                         rg_value *energy) {
    const double least = 1e-12, most = 1e-2, step = 100; /* of a diagonal of about 1 */
    double *b = c->right, *x = b + c->functions, found, relaxed;
    transform(c, density, NULL, c->moments);
    project(c, density, field, b, x);
    rg_dense_begin();
    double ridge = least;
    int known = energy_at(c, ridge, b, x, &found);
    while (!known && ridge < most) known = energy_at(c, ridge *= step, b, x, &found);
    known = known && energy_at(c, step * ridge, b, x, &relaxed);
    rg_dense_end();
    if (!known) return RG_ENOCONV;
    *energy = (rg_value){found, fabs(found - relaxed)};
    return RG_OK;
}
