/* Random band-limited fields with given energies of their gradient and solenoidal parts in L2(p).
 *
 * The gradient part is grad chi. The solenoidal part is (1/p) div(p A) = div A + A s with A antisymmetric: in 2-D
 * A = chi' [[0, -1], [1, 0]], r = (-d1 chi' - chi' s1, d0 chi' + chi' s0); in 3-D r = curl a + s x a. Both are
 * p-solenoidal for every p, so no solve is needed. Coefficients fall off like 1 / (1 + |k|^2). */
#include "diffusion/random_field.h"

#include <assert.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

void rg_add_mode(const rg_grid *grid, const int *wave, double sine, double cosine, double *out) {
    const ptrdiff_t *n = grid->shape;
    const int dim = grid->dim;
    assert(dim <= RG_MAX_DIM);
    double unit[RG_MAX_DIM] = {0};
    for (int a = 0; a < dim; a++) unit[a] = 6.283185307179586476925 * wave[a] / grid->length[a];
    for (ptrdiff_t i0 = 0, i = 0; i0 < n[0]; i0++)
        for (ptrdiff_t i1 = 0; i1 < n[1]; i1++)
            for (ptrdiff_t i2 = 0; i2 < n[2]; i2++, i++) {
                const ptrdiff_t index[3] = {i0, i1, i2};
                double theta = 0;
                for (int a = 0; a < dim; a++)
                    theta += unit[a] * (grid->lower[a] + (double)index[a] * rg_grid_spacing(grid, a));
                out[i] += sine * sin(theta) + cosine * cos(theta);
            }
}

/* One random scalar field; half of the wave vectors suffice (the other half are the same functions). */
static void draw(const rg_grid *grid, int band, gsl_rng *random, double *out) {
    const int b[3] = {band, grid->dim > 1 ? band : 0, grid->dim > 2 ? band : 0};
    for (int k0 = 0; k0 <= b[0]; k0++)
        for (int k1 = -b[1]; k1 <= b[1]; k1++)
            for (int k2 = -b[2]; k2 <= b[2]; k2++) {
                if (k0 == 0 && (k1 < 0 || (k1 == 0 && k2 <= 0))) continue;
                const double size = 1 / (1 + (double)(k0 * k0 + k1 * k1 + k2 * k2));
                const double sine = size * gsl_ran_gaussian(random, 1), cosine = size * gsl_ran_gaussian(random, 1);
                rg_add_mode(grid, (const int[3]){k0, k1, k2}, sine, cosine, out);
            }
}

static rg_status derivatives(rg_random_field *f, rg_spectral *s, const double *chi) {
    const ptrdiff_t n = s->cells;
    const int dim = f->grid.dim;
    rg_status status = rg_gradient(s, chi, f->gradient);
    if (dim == 2 && !status) {
        status = rg_gradient(s, f->matrix, f->work);
        for (ptrdiff_t i = 0; i < n; i++) {
            f->curl[i] = -f->work[n + i];
            f->curl[n + i] = f->work[i];
        }
    }
    for (int c = 0; dim == 3 && !status && c < 3; c++) { /* curl a: d_b a_c goes to component a with sign +, and back */
        status = rg_gradient(s, f->matrix + c * n, f->work);
        const int a = (c + 1) % 3, b = (c + 2) % 3;
        for (ptrdiff_t i = 0; i < n; i++) {
            f->curl[a * n + i] += f->work[b * n + i];
            f->curl[b * n + i] -= f->work[a * n + i];
        }
    }
    return status;
}

static rg_status fill(rg_random_field *f, const rg_error_term *term) {
    const int dim = f->grid.dim, planes = dim == 3 ? 3 : 1;
    const size_t n = (size_t)rg_grid_cells(&f->grid), dn = n * (size_t)dim;
    rg_spectral *s = NULL;
    double *chi = rg_field_alloc(n);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_ranlxd1);
    f->gradient = rg_field_alloc(dn);
    f->curl = rg_field_alloc(dn);
    f->work = rg_field_alloc(dn);
    f->matrix = rg_field_alloc(n * (size_t)planes);
    rg_status status = chi && random && f->gradient && f->curl && f->work && f->matrix ? RG_OK : RG_ENOMEM;
    if (!status) status = rg_spectral_create(&f->grid, RG_PLAN_ESTIMATE, &s);
    if (!status) {
        gsl_rng_set(random, term->seed);
        draw(&f->grid, term->band, random, chi);
        for (int c = 0; dim > 1 && c < planes; c++) draw(&f->grid, term->band, random, f->matrix + c * (ptrdiff_t)n);
        status = derivatives(f, s, chi);
    }
    rg_spectral_destroy(s);
    if (random) gsl_rng_free(random);
    rg_free(chi);
    return status;
}

rg_status rg_random_field_create(const rg_grid *grid, const rg_error_term *term, rg_random_field *field,
                                 rg_diagnostic *diagnostic) {
    if (term->band < 1) return rg_fail(diagnostic, RG_EINVAL, "random error: the band must be at least 1");
    for (int a = 0; a < grid->dim; a++)
        if (2 * (ptrdiff_t)term->band >= grid->shape[a])
            return rg_fail(diagnostic, RG_EINVAL, "random error: band %d needs more than %td points on axis %d",
                           term->band, grid->shape[a], a);
    if (!(term->gradient_energy >= 0) || !(term->solenoidal_energy >= 0) || !isfinite(term->gradient_energy) ||
        !isfinite(term->solenoidal_energy))
        return rg_fail(diagnostic, RG_EINVAL, "random error: energies must be finite and not negative");
    if (grid->dim == 1 && term->solenoidal_energy > 0)
        return rg_fail(diagnostic, RG_EINVAL,
                       "random error: in one dimension the only solenoidal field is const/p: set solenoidal to 0");
    *field = (rg_random_field){
        .grid = *grid, .gradient_energy = term->gradient_energy, .solenoidal_energy = term->solenoidal_energy};
    return fill(field, term);
}

void rg_random_field_free(rg_random_field *field) {
    rg_free(field->gradient);
    rg_free(field->matrix);
    rg_free(field->curl);
    rg_free(field->work);
}

/* E_p|f|^2 */
struct square {
    const double *log_density, *field;
    ptrdiff_t n;
    int dim;
};

static double square_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct square *s = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        double square = 0;
        for (int a = 0; a < s->dim; a++) square += s->field[a * s->n + i] * s->field[a * s->n + i];
        sum += exp(s->log_density[i]) * square;
    }
    return sum;
}

static void add_scaled(const rg_random_field *f, const double *part, double energy, const double *log_density,
                       double *e) {
    const ptrdiff_t n = rg_grid_cells(&f->grid);
    const struct square s = {log_density, part, n, f->grid.dim};
    const double now = rg_reduce(n, square_block, &s) * rg_grid_cell_volume(&f->grid);
    const double factor = now > 0 ? sqrt(energy / now) : 0;
    for (ptrdiff_t i = 0; i < n * f->grid.dim; i++) e[i] += factor * part[i];
}

void rg_random_field_add(const rg_random_field *f, const double *log_density, const double *score, double *e) {
    const ptrdiff_t n = rg_grid_cells(&f->grid);
    const double *s = score, *a = f->matrix;
    double *r = f->work;
    if (f->gradient_energy > 0) add_scaled(f, f->gradient, f->gradient_energy, log_density, e);
    if (f->grid.dim == 1 || f->solenoidal_energy <= 0) return;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (f->grid.dim == 2) {
            r[i] = f->curl[i] - a[i] * s[n + i];
            r[n + i] = f->curl[n + i] + a[i] * s[i];
        } else {
            const double *a1 = a + n, *a2 = a + 2 * n, *s1 = s + n, *s2 = s + 2 * n;
            r[i] = f->curl[i] + s1[i] * a2[i] - s2[i] * a1[i];
            r[n + i] = f->curl[n + i] + s2[i] * a[i] - s[i] * a2[i];
            r[2 * n + i] = f->curl[2 * n + i] + s[i] * a1[i] - s1[i] * a[i];
        }
    }
    add_scaled(f, r, f->solenoidal_energy, log_density, e);
}
