/* The harmonic part: the d-dimensional space of p-solenoidal fields kappa + grad eta, kappa constant.
 *
 * Its basis is what the split leaves of the constant fields, r_a = e_a - grad phi_a; the part of r in it comes from a
 * d x d system with the Gram matrix G_ab = E_p[r_a . r_b]. */
#include "split/split.h"

#include <gsl/gsl_linalg.h>
#include <math.h>

/* Enough for the basis: r is orthogonal to every gradient, so an error grad delta in r_a drops out of E_p[r_a . r] and
 * enters the Gram matrix squared. */
static const double loose = 1e-6;

static double product(const rg_split *split, const double *root2, const double *a, const double *b) {
    double sum = 0;
    for (int c = 0; c < split->dim; c++)
        for (ptrdiff_t i = 0; i < split->cells; i++)
            sum += root2[i] * a[c * split->cells + i] * b[c * split->cells + i];
    return sum * rg_grid_cell_volume(&split->grid);
}

/* Coefficients c = G^-1 b and the energy b.c; G is symmetric, non-negative. */
static double solve_gram(int d, double *gram, const double *b, double *c) {
    gsl_matrix_view g = gsl_matrix_view_array(gram, (size_t)d, (size_t)d);
    double tau_data[RG_MAX_DIM], sum = 0;
    gsl_vector_view tau = gsl_vector_view_array(tau_data, (size_t)d), x = gsl_vector_view_array(c, (size_t)d);
    for (int a = 0; a < d; a++) c[a] = b[a];
    if (gsl_linalg_QR_decomp(&g.matrix, &tau.vector) || gsl_linalg_QR_svx(&g.matrix, &tau.vector, &x.vector)) return 0;
    for (int a = 0; a < d; a++) sum += b[a] * c[a];
    return sum;
}

static rg_status basis_field(rg_split *split, const double *log_density, const double *score, int axis, double *out) {
    rg_split_report report;
    for (int c = 0; c < split->dim; c++)
        for (ptrdiff_t i = 0; i < split->cells; i++) out[c * split->cells + i] = c == axis;
    return rg_split_weighted(split, log_density, score, out, &(rg_split_parts){.solenoidal = out}, &report);
}

rg_status rg_split_harmonic(rg_split *split, const double *log_density, const double *score, const double *solenoidal,
                            double *harmonic, double *energy) {
    if (!split || !log_density || !score || !solenoidal || !energy) return RG_EINVAL;
    const int d = split->dim, history = split->history;
    const ptrdiff_t n = split->cells;
    for (ptrdiff_t i = 0; i < d * n; i++)
        if (!isfinite(solenoidal[i])) return RG_EINVAL;
    double *basis = rg_field_alloc(rg_size_product((size_t)(d * d), (size_t)n));
    double *density = rg_field_alloc((size_t)n);
    rg_status status = basis && density ? RG_OK : RG_ENOMEM;
    const int kept = split->kept_count;
    const double tolerance = split->tolerance;
    split->kept_count = split->history = 0; /* constants are no help to the next error field, nor it to them */
    split->tolerance = fmax(tolerance, loose);
    for (int a = 0; !status && a < d; a++) status = basis_field(split, log_density, score, a, basis + a * d * n);
    split->tolerance = tolerance;
    split->history = history;
    split->kept_count = kept;
    if (!status) {
        double gram[RG_MAX_DIM * RG_MAX_DIM], b[RG_MAX_DIM], c[RG_MAX_DIM];
        for (ptrdiff_t i = 0; i < n; i++) density[i] = split->root[i] * split->root[i];
        for (int i = 0; i < d; i++) {
            b[i] = product(split, density, basis + i * d * n, solenoidal);
            for (int j = 0; j < d; j++) gram[i * d + j] = product(split, density, basis + i * d * n, basis + j * d * n);
        }
        *energy = solve_gram(d, gram, b, c);
        for (ptrdiff_t i = 0; harmonic && i < d * n; i++) {
            harmonic[i] = 0;
            for (int a = 0; a < d; a++) harmonic[i] += c[a] * basis[a * d * n + i];
        }
    }
    rg_free(basis);
    rg_free(density);
    return status;
}
