/* The q-weighted split along a run: e = grad psi + r with div(q r) = 0, E_q|Pi_q e|^2 = E_q|e|^2 - E_q|r|^2.
 *
 * The half-density form wants log q and its gradient, but the q of the steps has no sign where it is noise. What is split is
 *   q' = (q + sqrt(q^2 + 4 f^2)) / 2 = max(q, 0) + delta,   grad log q' = grad q / sqrt(q^2 + 4 f^2),
 * which is q where q is far above f, and smooth, positive and of the size of f elsewhere; f is the noise: 1e-13 of the
 * largest q, or more where q goes below 0. In ratio form grad q = p (grad rho + s rho), by which the steps themselves
 * move, has digits in the tails that a spectral grad q has not.
 *
 * The energy is the largest value of int q (|e|^2 - |e - grad psi|^2) over psi. With the best psi of q in that of q',
 *   E_q|Pi_q e|^2 <= E_q'|Pi_q' e|^2 + int delta |r|^2,
 * and the last term, with the r of q', is added. Any psi gives at most the largest value; what an unfinished one misses is
 * quadratic in the split's residual, while E[grad psi . r], which should be 0, is linear in it: it is added, too. */
#include "measure/reverse_projection.h"

#include "base/base.h"

#include <math.h>

enum { HISTORY = 3, MOST_ITERATIONS = 100 };
static const double noise = 1e-13; /* of q, relative to its largest value; as in history.c */
static const double witnessed = 4; /* noise is this many times what shows below 0 */

rg_status rg_reverse_projection_create(const rg_grid *grid, double tolerance, rg_reverse_projection *p) {
    const size_t n = (size_t)rg_grid_cells(grid), dn = rg_size_product(n, (size_t)grid->dim);
    const rg_split_options options = {.tolerance = tolerance, .max_iterations = MOST_ITERATIONS, .history = HISTORY};
    *p = (rg_reverse_projection){.grid = *grid,
                                 .density = rg_field_alloc(n),
                                 .log_density = rg_field_alloc(n),
                                 .score = rg_field_alloc(dn),
                                 .rest = rg_field_alloc(dn)};
    if (!p->density || !p->log_density || !p->score || !p->rest) return RG_ENOMEM;
    const rg_status status = rg_spectral_create(grid, RG_PLAN_ESTIMATE, &p->spectral);
    return status ? status : rg_split_create(grid, &options, &p->split);
}

void rg_reverse_projection_free(rg_reverse_projection *p) {
    double *field[] = {p->density, p->log_density, p->score, p->rest};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
    rg_spectral_destroy(p->spectral);
    rg_split_destroy(p->split);
    *p = (rg_reverse_projection){0};
}

struct weight {
    const rg_reverse_projection *to;
    const rg_level *level;
    double least; /* f */
};

/* grad q from grad rho; rho still stands in log_density */
static void gradient_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct weight *w = data;
    const rg_reverse_projection *to = w->to;
    const ptrdiff_t n = rg_grid_cells(&to->grid);
    for (int a = 0; a < to->grid.dim; a++) {
        double *slope = to->score + a * n;
        const double *score = w->level->score + a * n, *p = w->level->density, *rho = to->log_density;
        for (ptrdiff_t i = begin; i < end; i++) slope[i] = p[i] * (slope[i] + score[i] * rho[i]);
    }
}

/* log q', its gradient, and delta in the place of q; returns the sum of q' */
static double weight_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct weight *w = data;
    const rg_reverse_projection *to = w->to;
    const ptrdiff_t n = rg_grid_cells(&to->grid);
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double q = to->density[i], root = hypot(q, 2 * w->least);
        const double delta = 2 * w->least * w->least / (root + fabs(q)), positive = fmax(q, 0) + delta;
        to->density[i] = delta;
        to->log_density[i] = log(positive);
        for (int a = 0; a < to->grid.dim; a++) to->score[a * n + i] /= root;
        sum += positive;
    }
    return sum;
}

/* int delta |r|^2 */
static double added_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const rg_reverse_projection *p = data;
    const ptrdiff_t n = rg_grid_cells(&p->grid);
    double sum = 0;
    for (int a = 0; a < p->grid.dim; a++)
        for (ptrdiff_t i = begin; i < end; i++) sum += p->density[i] * p->rest[a * n + i] * p->rest[a * n + i];
    return sum;
}

static double noise_of(const rg_reverse_projection *p) {
    const ptrdiff_t n = rg_grid_cells(&p->grid);
    double below = 0;
    for (ptrdiff_t i = 0; i < n; i++) below = fmax(below, -p->density[i]);
    return fmax(witnessed * below, noise * rg_max_abs(n, p->density));
}

static rg_status set_weight(rg_reverse_projection *p, const rg_evolve *evolve, rg_form form, double *mass) {
    const ptrdiff_t n = rg_grid_cells(&p->grid);
    struct weight w = {p, rg_evolve_level(evolve), 0};
    double *rho = p->log_density;
    rg_evolve_ratio(evolve, RG_FULL, rho, NULL);
    for (ptrdiff_t i = 0; i < n; i++) p->density[i] = rho[i] * w.level->density[i];
    const rg_status status = rg_gradient(p->spectral, form == RG_FORM_RATIO ? rho : p->density, p->score);
    if (status) return status;
    if (form == RG_FORM_RATIO) rg_parallel(n, gradient_block, &w);
    w.least = noise_of(p);
    *mass = rg_reduce(n, weight_block, &w) * rg_grid_cell_volume(&p->grid);
    return isfinite(*mass) && *mass > 0 ? RG_OK : RG_EINVAL;
}

rg_status rg_reverse_projection_energy(rg_reverse_projection *p, const rg_evolve *evolve, rg_form form,
                                       double *energy) {
    const rg_level *level = rg_evolve_level(evolve);
    const rg_split_parts parts = {.solenoidal = p->rest};
    double mass = 0;
    rg_split_report found;
    rg_status status = set_weight(p, evolve, form, &mass);
    if (!status) status = rg_split_weighted(p->split, p->log_density, p->score, level->error, &parts, &found);
    if (status) return status;
    const double added = rg_reduce(rg_grid_cells(&p->grid), added_block, p) * rg_grid_cell_volume(&p->grid);
    const double unfinished = fabs(found.orthogonality) * found.total;
    *energy = mass * (fmax(found.total - found.solenoidal, 0) + unfinished) + added;
    return RG_OK;
}
