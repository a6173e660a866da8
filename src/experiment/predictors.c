/* The integrands of predictors on one room, and their table. */
#include "experiment/predictors.h"

#include "base/base.h"
#include "experiment/predictor_room.h"

#include <math.h>

static const rg_value no_value = {(double)NAN, (double)NAN};

static rg_value exact(double value) {
    return (rg_value){value, (double)NAN};
}

/* ---- known from the run */

static rg_value total_energy(const rg_outcome *o) {
    return o->energy[RG_ENERGY_TOTAL];
}

static rg_value gradient_energy(const rg_outcome *o) {
    return o->energy[RG_ENERGY_GRADIENT];
}

static rg_value linear_response(const rg_outcome *o) {
    return o->linear_kl;
}

/* ---- from the grid */

/* E_p |f|^2 of `components` fields. */
static double mean_square(const rg_predictor_room *room, int components, const double *f) {
    const ptrdiff_t n = rg_grid_cells(room->grid);
    double sum = 0;
    for (int c = 0; c < components; c++)
        for (ptrdiff_t i = 0; i < n; i++) {
            const double at = f[c * n + i];
            sum += room->level->density[i] * at * at;
        }
    return sum * rg_grid_cell_volume(room->grid);
}

static rg_status flat_gradient(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic) {
    rg_split_report report;
    const rg_status status = rg_split_flat(room->spectral, room->level->error, NULL, NULL, NULL, NULL, &report);
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    *density = exact(report.gradient);
    return RG_OK;
}

double rg_wrapped_information(double length, double variance) {
    const double wide = 24, smooth = 700, step = length / 1024, sigma = sqrt(variance), wave = 2 * RG_PI / length;
    if (length > wide * sigma) return 1 / variance; /* the rest is below exp(-wide^2 / 8) */
    if (wave * wave * variance > smooth) return 0;
    double sum = 0;
    for (int i = 0; i < 1024; i++) {
        double slope;
        const double log_g = rg_wrapped_log(i * step, length, variance, &slope);
        sum += exp(log_g) * slope * slope;
    }
    return sum * step;
}

/* v E|s_theta - grad log p(x|x0)|^2 = v (E_p|e|^2 + E|grad log p(x|x0)|^2 - E_p|s|^2), since s is the mean of
 * grad log p(x|x0) over x0 given x. */
static rg_status denoising_loss(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    const rg_grid *grid = room->grid;
    const double v = room->level->variance;
    double kernel = 0;
    for (int a = 0; a < grid->dim; a++) kernel += rg_wrapped_information(grid->length[a], v);
    const double score = mean_square(room, grid->dim, room->level->score);
    *density = exact(v * (mean_square(room, grid->dim, room->level->error) + kernel - score));
    return RG_OK;
}

/* s_theta = s + e, and s obeys d s/dv = grad(1/2 div s + 1/2 |s|^2): what is left of the equation for s_theta is
 *     R = d e/dv - grad(1/2 div e + s.e + 1/2 |e|^2),
 * times v, so that it counts per unit of log v. */
static rg_status fokker_planck(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(room->grid);
    const int dim = room->grid->dim;
    const double *e = room->level->error, *s = room->level->score;
    double *inner = room->work, *residual = room->work + n;
    rg_status status = rg_divergence(room->spectral, e, inner);
    for (ptrdiff_t i = 0; i < n; i++) {
        inner[i] *= 0.5;
        for (int c = 0; c < dim; c++) inner[i] += (s[c * n + i] + 0.5 * e[c * n + i]) * e[c * n + i];
    }
    if (!status) status = rg_gradient(room->spectral, inner, residual);
    if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
    const double span = room->above->variance - room->below->variance, v = room->level->variance;
    for (ptrdiff_t i = 0; i < dim * n; i++)
        residual[i] = v * ((room->above->error[i] - room->below->error[i]) / span - residual[i]);
    *density = exact(mean_square(room, dim, residual));
    return RG_OK;
}

/* |curl e|^2 = the sum over a < b of (d_a e_b - d_b e_a)^2 */
static rg_status curl(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(room->grid);
    const int dim = room->grid->dim;
    double *component = room->work, *slope = room->work + n, *sum = slope + dim * n, square = 0;
    for (int a = 0; a < dim; a++)
        for (int b = a + 1; b < dim; b++) {
            for (int k = 0; k < 2; k++) {
                const double *e = room->level->error + (k ? a : b) * n;
                for (ptrdiff_t i = 0; i < n; i++) component[i] = e[i];
                const rg_status status = rg_gradient(room->spectral, component, slope);
                if (status) return rg_fail(diagnostic, status, "%s", rg_status_text(status));
                const double *along = slope + (k ? b : a) * n;
                for (ptrdiff_t i = 0; i < n; i++) sum[i] = k ? sum[i] - along[i] : along[i];
            }
            square += mean_square(room, 1, sum);
        }
    *density = exact(square);
    return RG_OK;
}

/* ---- from samples */

static rg_status dual_sobolev(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic) {
    const rg_estimate_result *r;
    const rg_status status = rg_predictor_estimate(room, &r, diagnostic);
    if (!status) *density = r ? (rg_value){r->average, r->standard_error} : no_value;
    return status;
}

static rg_status discrepancy(rg_predictor_room *room, rg_value *density, rg_diagnostic *diagnostic) {
    const rg_estimate_result *r;
    const rg_status status = rg_predictor_estimate(room, &r, diagnostic);
    if (!status) *density = r ? (rg_value){r->discrepancy, r->discrepancy_error} : no_value;
    return status;
}

/* ---- the tables */

static const rg_predictor predictors[] = {
    {.quantity = {"l2", "∫ E_p|e|² dv: the L² error of the score", "1", 0}, .of_outcome = total_energy},
    {.quantity = {"gradient_energy", "∫ E_p|∇φ|² dv: what a sampler sees of it, by the split weighted by p", "1", 0},
     .of_outcome = gradient_energy},
    {.quantity = {"flat_gradient_energy",
                  "∫ mean|P e|² dv, P the unweighted (Leray) projection on gradients, mean over the box", "1", 0},
     .density = flat_gradient},
    {.quantity = {"dual_sobolev",
                  "∫ E_p|∇φ|² dv estimated from samples of p and values of the score alone (Stein form)", "1", 0},
     .density = dual_sobolev},
    {.quantity = {"ksd", "∫ KSD² dv, the kernel Stein discrepancy between p and the score, from the same samples", "1",
                  0},
     .density = discrepancy},
    {.quantity = {"dsm_loss",
                  "mean over log v of v E|s_θ − ∇log p(x|x₀)|²: the loss that training reports, constant included", "1",
                  0},
     .density = denoising_loss,
     .is_mean = 1},
    {.quantity = {"fokker_planck_residual",
                  "∫ v² E_p|∂_v s_θ − ∇(½ ∇·s_θ + ½|s_θ|²)|² dv: how far s_θ is from the score of any diffusion", "1",
                  0},
     .density = fokker_planck,
     .needs_slope = 1},
    {.quantity = {"curl", "∫ E_p|curl e|² dv: how far s_θ is from any gradient, in the flat sense", "1/x²", 0},
     .density = curl},
    {.quantity = {"linear_response", "½ ∫ p δ², KL by linear response: its leading term for small errors", "nats", 0},
     .of_outcome = linear_response},
};

static rg_value divergence(const rg_outcome *o, int which) {
    return o->divergence[which][RG_FULL];
}

static rg_value kl(const rg_outcome *o) {
    return divergence(o, RG_KL);
}

static rg_value reverse_kl(const rg_outcome *o) {
    return divergence(o, RG_REVERSE_KL);
}

static rg_value tv(const rg_outcome *o) {
    return divergence(o, RG_TV);
}

static rg_value chi2(const rg_outcome *o) {
    return divergence(o, RG_CHI2);
}

static rg_value hellinger2(const rg_outcome *o) {
    return divergence(o, RG_HELLINGER2);
}

static rg_value gradient_bound(const rg_outcome *o) {
    return o->gradient_bound;
}

static rg_value girsanov_bound(const rg_outcome *o) {
    return o->girsanov_bound;
}

/* Of W1, which is known where the experiment has the key `wasserstein`. */
static rg_value if_known(const rg_outcome *o, rg_value value) {
    return o->w1.known ? value : (rg_value){nan(""), nan("")};
}

static rg_value w1(const rg_outcome *o) {
    return if_known(o, o->w1.values.distance[RG_FULL]);
}

static rg_value w1_bound(const rg_outcome *o) {
    return if_known(o, o->w1.values.bound[RG_W1_GRADIENT][RG_W1_LEAST]);
}

static rg_value w1_error_bound(const rg_outcome *o) {
    return if_known(o, o->w1.values.bound[RG_W1_ERROR][RG_W1_LEAST]);
}

static const rg_outcome_kind outcomes[] = {
    {{"kl", "KL(p|q) of the sampler that follows e", "nats", 1}, kl},
    {{"reverse_kl", "KL(q|p)", "nats", 1}, reverse_kl},
    {{"tv", "total variation between p and q", "1", 1}, tv},
    {{"chi2", "χ²(q|p) = ∫ (q − p)²/p", "1", 1}, chi2},
    {{"hellinger2", "squared Hellinger distance 1 − ∫ √(p q)", "1", 1}, hellinger2},
    {{"gradient_bound", "the bound on KL(p|q) by the gradient energy", "nats", 1}, gradient_bound},
    {{"girsanov_bound", "the bound on KL(p|q) by the whole error", "nats", 1}, girsanov_bound},
    {{"w1", "W1(p, q), where the experiment has the key `wasserstein`", "x", 1}, w1},
    {{"w1_bound", "the least bound on W1 by the gradient part, likewise", "x", 1}, w1_bound},
    {{"w1_error_bound", "the least bound on W1 by the whole error, likewise", "x", 1}, w1_error_bound},
};

enum { PREDICTORS = sizeof predictors / sizeof *predictors, OUTCOMES = sizeof outcomes / sizeof *outcomes };

const rg_predictor *rg_predictor_at(size_t index) {
    return index < PREDICTORS ? &predictors[index] : NULL;
}

const rg_outcome_kind *rg_outcome_kind_at(size_t index) {
    return index < OUTCOMES ? &outcomes[index] : NULL;
}
