/* Functions of fields: n cells, d components, C order, component first.
 *
 * Where both p and q lie below RARE of the largest p, the uniform background of the data and the tolerance of the time
 * stepping decide about q/p, not the sampler: log_ratio has no value there, and a figure shows grey. */
#include "experiment/quantity_function.h"

#include "base/base.h"

#include <rotgrad/spectral.h>
#include <rotgrad/split.h>

#include <math.h>

static const double RARE = 1e-6;
static const double log_of_least = -745; /* of the least positive double: drawn where q is 0 */
/* |log(q/p)| that a run resolves; and the same for q - p and for q - p - p log(q/p), which is p log(q/p)^2 / 2. */
#define LEAST_LOG_RATIO 1e-4
#define LEAST_INTEGRAND (LEAST_LOG_RATIO * LEAST_LOG_RATIO / 2)

static ptrdiff_t cells_of(const rg_function_call *call) {
    return rg_plot_box_cells(&call->in.box);
}

/* ---- pointwise */

static rg_status norm(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    const ptrdiff_t n = cells_of(call);
    for (ptrdiff_t i = 0; i < n; i++) {
        double square = 0;
        for (int c = 0; c < call->in.components; c++) square += call->in.values[c * n + i] * call->in.values[c * n + i];
        out[i] = sqrt(square);
    }
    return RG_OK;
}

static rg_status component(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    const ptrdiff_t n = cells_of(call);
    for (ptrdiff_t i = 0; i < n; i++) out[i] = call->in.values[call->index * n + i];
    return RG_OK;
}

static rg_status angle(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    const ptrdiff_t n = cells_of(call);
    for (ptrdiff_t i = 0; i < n; i++) out[i] = atan2(call->in.values[n + i], call->in.values[i]);
    return RG_OK;
}

double rg_log_ratio(double q, double p) {
    const double rise = (q - p) / p;
    if (rise == -1) return log_of_least;
    return rise > -1 ? log1p(rise) : (double)NAN;
}

static rg_status log_ratio(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    const double *p = call->in.density, *q = call->in.values;
    const double rare = RARE * rg_max_abs(cells_of(call), p);
    for (ptrdiff_t i = 0; i < cells_of(call); i++)
        out[i] = p[i] < rare && q[i] < rare ? (double)NAN : rg_log_ratio(q[i], p[i]);
    return RG_OK;
}

static rg_status difference(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    for (ptrdiff_t i = 0; i < cells_of(call); i++) out[i] = call->in.values[i] - call->in.density[i];
    return RG_OK;
}

/* With l = log(q/p): p (exp(l) - 1 - l), from the series where that cancels. */
static rg_status kl_integrand(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    const double *p = call->in.density, *q = call->in.values;
    for (ptrdiff_t i = 0; i < cells_of(call); i++) {
        const double l = rg_log_ratio(q[i], p[i]);
        out[i] = p[i] * (fabs(l) < 1e-3 ? l * l / 2 * (1 + l / 3 + l * l / 12) : expm1(l) - l);
    }
    return RG_OK;
}

static rg_status learned(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    (void)diagnostic;
    for (ptrdiff_t i = 0; i < call->in.components * cells_of(call); i++) out[i] = call->score[i] + call->in.values[i];
    return RG_OK;
}

/* ---- spectral */

static rg_status begin(const rg_function_call *call, rg_spectral **spectral, double **copy, rg_diagnostic *diagnostic) {
    const rg_plot_box *box = &call->in.box;
    const size_t count = (size_t)(call->in.components * cells_of(call));
    rg_grid grid;
    rg_status status = rg_grid_init(box->dim, box->shape, box->lower, box->length, &grid);
    if (status != RG_OK) return rg_fail(diagnostic, status, "expected at least %d points on each axis", RG_MIN_POINTS);
    *copy = rg_pool_alloc(call->pool, count, sizeof **copy); /* aligned, whatever the input is */
    if (!*copy) return rg_fail(diagnostic, RG_ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        (*copy)[i] = call->in.values[i];
        if (!isfinite((*copy)[i])) return rg_fail(diagnostic, RG_EINVAL, "expected finite values, got %g", (*copy)[i]);
    }
    status = rg_spectral_create(&grid, RG_PLAN_ESTIMATE, spectral);
    return status == RG_OK ? RG_OK : rg_fail(diagnostic, status, "%s", rg_status_text(status));
}

static rg_status end(rg_spectral *spectral, rg_status status, rg_diagnostic *diagnostic) {
    rg_spectral_destroy(spectral);
    return status == RG_OK ? RG_OK : rg_fail(diagnostic, status, "%s", rg_status_text(status));
}

static rg_status divergence(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    rg_spectral *spectral = NULL;
    double *field;
    const rg_status status = begin(call, &spectral, &field, diagnostic);
    return status == RG_OK ? end(spectral, rg_divergence(spectral, field, out), diagnostic) : status;
}

static rg_status weighted_divergence(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    const ptrdiff_t n = cells_of(call);
    const rg_status status = divergence(call, out, diagnostic);
    for (ptrdiff_t i = 0; status == RG_OK && i < n; i++)
        for (int c = 0; c < call->in.components; c++) out[i] += call->score[c * n + i] * call->in.values[c * n + i];
    return status;
}

static rg_status flat_part(const rg_function_call *call, double *gradient, double *solenoidal,
                           rg_diagnostic *diagnostic) {
    rg_spectral *spectral = NULL;
    rg_split_report report;
    double *field = NULL;
    const rg_status status = begin(call, &spectral, &field, diagnostic);
    if (status != RG_OK) return status;
    return end(spectral, rg_split_flat(spectral, field, gradient, solenoidal, NULL, NULL, &report), diagnostic);
}

static rg_status flat_gradient(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    return flat_part(call, out, NULL, diagnostic);
}

static rg_status flat_solenoidal(const rg_function_call *call, double *out, rg_diagnostic *diagnostic) {
    return flat_part(call, NULL, out, diagnostic);
}

/* ---- the table */

const rg_function rg_function_of[] = {
    {.name = "norm",
     .form = "norm(v)",
     .takes = RG_TAKES_VECTOR,
     .apply = norm,
     .doc = "The length \\|v\\| of a vector."},
    {.name = "component",
     .form = "component(v, k)",
     .takes = RG_TAKES_VECTOR,
     .has_index = 1,
     .apply = component,
     .doc = "Component k of a vector, from 0."},
    {.name = "angle",
     .form = "angle(v)",
     .takes = RG_TAKES_VECTOR,
     .axes = 2,
     .apply = angle,
     .doc = "The direction of a vector in the plane, in (-pi, pi], for the cyclic map."},
    {.name = "log_ratio",
     .form = "log_ratio(q)",
     .takes = RG_TAKES_SCALAR,
     .needs_density = 1,
     .least = LEAST_LOG_RATIO,
     .apply = log_ratio,
     .doc = "log(q/p), accurate where it is small; grey where both p and q lie below 1e-6 of the largest p, where the "
            "background and the tolerance decide. Colours cover at least 1e-4."},
    {.name = "difference",
     .form = "difference(q)",
     .takes = RG_TAKES_SCALAR,
     .needs_density = 1,
     .least = LEAST_LOG_RATIO,
     .least_of_density = 1,
     .apply = difference,
     .doc = "q - p. Colours cover at least 1e-4 of the largest p."},
    {.name = "kl_integrand",
     .form = "kl_integrand(q)",
     .takes = RG_TAKES_SCALAR,
     .needs_density = 1,
     .least = LEAST_INTEGRAND,
     .least_of_density = 1,
     .apply = kl_integrand,
     .doc = "p log(p/q) + q - p, which is nowhere negative and whose integral is KL(p\\|q)."},
    {.name = "divergence",
     .form = "divergence(v)",
     .takes = RG_TAKES_VECTOR,
     .apply = divergence,
     .doc = "div v, spectral: the flat divergence, which says nothing about what a sampler sees."},
    {.name = "weighted_divergence",
     .form = "weighted_divergence(v)",
     .takes = RG_TAKES_VECTOR,
     .needs_density = 1,
     .needs_score = 1,
     .apply = weighted_divergence,
     .doc = "div(p v)/p = div v + s.v, which is 0 when no sampler sees v."},
    {.name = "learned",
     .form = "learned(v)",
     .takes = RG_TAKES_VECTOR,
     .gives_vector = 1,
     .needs_score = 1,
     .apply = learned,
     .doc = "s + v: of the score error the learned score, the sampler's drift."},
    {.name = "flat_gradient",
     .form = "flat_gradient(v)",
     .takes = RG_TAKES_VECTOR,
     .gives_vector = 1,
     .apply = flat_gradient,
     .doc = "The gradient part of the flat (Leray) split, the wrong geometry."},
    {.name = "flat_solenoidal",
     .form = "flat_solenoidal(v)",
     .takes = RG_TAKES_VECTOR,
     .gives_vector = 1,
     .apply = flat_solenoidal,
     .doc = "The solenoidal part of the flat (Leray) split."},
};

const size_t rg_functions = sizeof rg_function_of / sizeof *rg_function_of;
