/* The claims of docs/theory.md 3, one line each. */
#include "experiment/claims.h"

#include <math.h>

/* Slack for rounding, relative to the larger side: some claims are equalities in the limit of a small error. */
static const double rounding = 1e-13;

static rg_verdict judge(rg_value lhs, rg_value rhs) {
    if (isnan(lhs.value)) return RG_UNDECIDED;
    if (isinf(rhs.value) && rhs.value > 0 && isfinite(rhs.error)) return RG_HOLDS; /* else a sum overflowed */
    const double slack = lhs.error + rhs.error + rounding * (fabs(lhs.value) + fabs(rhs.value));
    if (!isfinite(slack)) return RG_UNDECIDED;
    if (lhs.value > rhs.value + slack) return RG_VIOLATED;
    return lhs.value <= rhs.value - slack ? RG_HOLDS : RG_UNDECIDED;
}

static void claim(rg_outcome *o, const char *name, const char *statement, rg_value lhs, rg_value rhs) {
    if (o->claims < RG_MAX_CLAIMS) o->claim[o->claims++] = (rg_claim){name, statement, lhs, rhs, judge(lhs, rhs)};
}

/* f(v) with the error carried by the larger one-sided difference: f may be steep where v is small. */
static rg_value apply(double (*f)(double), rg_value v) {
    if (isinf(v.value)) return (rg_value){f(v.value), isfinite(v.error) ? 0 : v.error};
    const double at = f(fmax(v.value, 0)), above = f(fmax(v.value + v.error, 0)), below = f(fmax(v.value - v.error, 0));
    return (rg_value){at, fmax(fabs(above - at), fabs(at - below))};
}

static double pinsker(double kl) {
    return sqrt(0.5 * kl);
}

static double bretagnolle_huber(double kl) {
    return sqrt(-expm1(-kl));
}

static double half(double x) {
    return 0.5 * x;
}

static double hellinger_to_tv(double h2) {
    return sqrt(h2 * fmax(2 - h2, 0));
}

/* H^2 <= 1, whatever the bound on it says. */
static double hellinger_bound_to_tv(double bound) {
    return hellinger_to_tv(fmin(bound, 1));
}

static double log_one_plus(double x) {
    return log1p(x);
}

static void bounds(rg_outcome *o) {
    const rg_value *kl = o->divergence[RG_KL];
    claim(o, "gradient_bound", "KL(p|q) <= KL(p_T|pi) + c^2/(4D) int E_p|grad phi|^2 dv", kl[RG_FULL],
          o->gradient_bound);
    claim(o, "gradient_bound_gradient_only", "the same for the sampler that follows grad phi alone", kl[RG_GRADIENT],
          o->gradient_bound);
    claim(o, "girsanov_bound", "KL(p|q) <= KL(p_T|pi) + c^2/(4D) int E_p|e|^2 dv", kl[RG_FULL], o->girsanov_bound);
    claim(o, "projection", "int E_p|grad phi|^2 dv <= int E_p|e|^2 dv", o->energy[RG_ENERGY_GRADIENT],
          o->energy[RG_ENERGY_TOTAL]);
}

/* Of the other divergences. Without churn they are infinite and say nothing. */
static void other_bounds(rg_outcome *o) {
    const rg_value tv = o->divergence[RG_TV][RG_FULL], reverse = o->divergence[RG_REVERSE_KL][RG_FULL];
    if (isinf(o->gradient_bound.value)) return;
    claim(o, "tv_bretagnolle_huber_bound", "TV <= sqrt(1 - exp(-gradient bound))", tv,
          apply(bretagnolle_huber, o->gradient_bound));
    claim(o, "hellinger_bound", "H^2 <= H^2(p_T,pi) + c^2/(16D) int int sqrt(pq)|grad phi|^2 dx dv",
          o->divergence[RG_HELLINGER2][RG_FULL], o->hellinger2_bound);
    claim(o, "tv_hellinger_bound", "TV <= sqrt(B (2 - B)), B = the bound on H^2, at most 1", tv,
          apply(hellinger_bound_to_tv, o->hellinger2_bound));
    claim(o, "reverse_gradient_bound", "KL(q|p) <= KL(pi|p_T) + c^2/(4D) int E_q|grad phi|^2 dv", reverse,
          o->reverse_gradient_bound);
    claim(o, "reverse_girsanov_bound", "KL(q|p) <= KL(pi|p_T) + c^2/(4D) int E_q|e|^2 dv", reverse,
          o->reverse_girsanov_bound);
    claim(o, "reverse_projection_bound", "KL(q|p) <= KL(pi|p_T) + c^2/(4D) int min(E_q|Pi_p e|^2, E_q|Pi_q e|^2) dv",
          reverse, o->reverse_projection_bound);
    claim(o, "chi2_bound", "log(1 + chi^2(q|p)) <= log(1 + chi^2(pi|p_T)) + c^2/(2D) int sup|grad phi|^2 dv",
          apply(log_one_plus, o->divergence[RG_CHI2][RG_FULL]), o->log_chi2_bound);
    claim(o, "renyi_bound", "R_3(q|p) <= R_3(pi|p_T) + 3c^2/(4D) int sup|grad phi|^2 dv", o->renyi, o->renyi_bound);
}

/* Without churn KL is what the path makes of it, not what the energies allow: the identity, to a hundredth of the path. It
 * is as uncertain as KL itself, which knows what was clipped. */
static void identity(const rg_experiment *x, rg_outcome *o) {
    const double hundredth = 0.01;
    if (x->churn > 0) return;
    const rg_value off = {o->identity_residual.value,
                          o->identity_residual.error + o->divergence[RG_KL][RG_FULL].error + o->prior_kl.error};
    claim(o, "ode_identity",
          "KL(p|q) = KL(p_T|pi) + 1/2 int E_p[grad log(q/p).grad phi] dv, to a hundredth of the same integral of |.|",
          off, (rg_value){hundredth * o->path_length.value, hundredth * o->path_length.error});
}

static void response(rg_outcome *o) {
    const rg_value gradient = o->energy[RG_ENERGY_GRADIENT], total = o->energy[RG_ENERGY_TOTAL];
    if (isnan(o->observability.value) || isinf(o->gradient_bound.value) || !(total.value > 0)) return;
    const double factor = 2 * (o->gradient_bound.value - o->prior_kl.value) / gradient.value / total.value;
    if (!isfinite(factor)) return;
    claim(o, "observability", "int p delta^2 dx / int E_p|e|^2 dv <= c^2/(2D) gradient share", o->observability,
          (rg_value){factor * gradient.value, factor * (gradient.error + gradient.value / total.value * total.error)});
}

/* With the exact prior r alone must leave q = p; against what Girsanov's bound predicts for it, that is a statement with
 * a scale. Without solenoidal error, or with another prior, there is nothing to show. */
static void invisibility(const rg_experiment *x, rg_outcome *o) {
    const double hundredth = 0.01, share = 1e-6;
    const rg_value total = o->energy[RG_ENERGY_TOTAL], rest = o->energy[RG_ENERGY_SOLENOIDAL];
    if (x->prior != RG_PRIOR_EXACT || !(rest.value > share * total.value) || isinf(o->girsanov_bound.value)) return;
    const double factor = hundredth * (o->girsanov_bound.value - o->prior_kl.value) / total.value;
    claim(o, "solenoidal_invisible",
          "KL(p|q) of the sampler that follows r alone is below a hundredth of what Girsanov's bound predicts",
          o->divergence[RG_KL][RG_SOLENOIDAL], (rg_value){factor * rest.value, factor * rest.error});
}

static void relations(rg_outcome *o) {
    const rg_value kl = o->divergence[RG_KL][RG_FULL], tv = o->divergence[RG_TV][RG_FULL];
    const rg_value h2 = o->divergence[RG_HELLINGER2][RG_FULL], reverse = o->divergence[RG_REVERSE_KL][RG_FULL];
    claim(o, "pinsker", "TV <= sqrt(KL/2)", tv, apply(pinsker, kl));
    claim(o, "bretagnolle_huber", "TV <= sqrt(1 - exp(-KL))", tv, apply(bretagnolle_huber, kl));
    claim(o, "tv_gradient_bound", "TV <= sqrt(gradient bound / 2)", tv, apply(pinsker, o->gradient_bound));
    claim(o, "hellinger_kl", "H^2 <= KL/2", h2, apply(half, kl));
    claim(o, "hellinger_tv", "H^2 <= TV", h2, tv);
    claim(o, "tv_hellinger", "TV <= sqrt(H^2 (2 - H^2))", tv, apply(hellinger_to_tv, h2));
    claim(o, "reverse_kl_chi2", "KL(q|p) <= log(1 + chi^2(q|p))", reverse,
          apply(log_one_plus, o->divergence[RG_CHI2][RG_FULL]));
}

/* Bounds that are known to an order of magnitude only do not convict. */
static void w1_bound(rg_outcome *o, const char *name, const char *statement, rg_value lhs, rg_value rhs) {
    const double vague = 0.49;
    if (o->claims == RG_MAX_CLAIMS) return;
    claim(o, name, statement, lhs, rhs);
    rg_claim *last = &o->claim[o->claims - 1];
    if (last->verdict == RG_VIOLATED && rhs.error > vague * rhs.value) last->verdict = RG_UNDECIDED;
}

/* From the gradient part and from the whole error; docs/wasserstein.md. */
static void w1_bounds(rg_outcome *o) {
    static const struct {
        const char *name, *statement;
    } of[RG_W1_FIELDS][RG_W1_BOUNDS] = {
        {{"w1_gronwall", "W1 <= exp(I_T) W1(p_T,pi) + c int exp(I_v) E_p|grad phi| dv, I = int sup lambda_max"},
         {"w1_feynman_kac", "W1 <= sup Lambda_T W1(p_T,pi) + c int E_p[Lambda_v |grad phi|] dv, Lambda by Feynman-Kac"},
         {"w1_mean_square", "the same by Cauchy and Schwarz: sqrt(E_p[Lambda_v^2] E_p|grad phi|^2)"},
         {"w1_bernstein", "w1_gronwall with Lambda = sqrt(1 + kappa R^2 / 4)"},
         {"w1_smoothing", "the same with Lambda = (R / 2) sqrt(kappa / (1 - exp(-2 kappa S)))"},
         {"w1_least", "the same with the least of the four Lambda at each point"}},
        {{"w1_gronwall_error", "w1_gronwall with the whole error"},
         {"w1_feynman_kac_error", "w1_feynman_kac with the whole error"},
         {"w1_mean_square_error", "w1_mean_square with the whole error"},
         {"w1_bernstein_error", "w1_bernstein with the whole error"},
         {"w1_smoothing_error", "w1_smoothing with the whole error"},
         {"w1_least_error", "w1_least with the whole error"}},
    };
    const rg_w1_values *w = &o->w1.values;
    for (int k = 0; k < RG_W1_FIELDS; k++)
        for (int b = 0; b < RG_W1_BOUNDS; b++)
            w1_bound(o, of[k][b].name, of[k][b].statement, w->distance[RG_FULL], w->bound[k][b]);
    w1_bound(o, "w1_source_norm", "W1 <= the same with constant Lambda and min int |F|, div F = div(p e)",
             w->distance[RG_FULL], w->source_norm_bound);
    const rg_value tv = o->divergence[RG_TV][RG_FULL];
    w1_bound(o, "tv_w1", "TV <= TV(p_T,pi) + c int (1/2) sqrt(kappa / (1 - exp(-2 kappa S))) E_p|grad phi| dv", tv,
             w->tv_bound[RG_W1_GRADIENT]);
    w1_bound(o, "tv_w1_error", "tv_w1 with the whole error", tv, w->tv_bound[RG_W1_ERROR]);
    w1_bound(o, "w2_gronwall", "W1 <= W2 <= c int exp(I_v) sqrt(E_p|grad phi|^2) dv, with the exact prior",
             w->distance[RG_FULL], w->w2_bound[RG_W1_GRADIENT]);
    w1_bound(o, "w2_gronwall_error", "w2_gronwall with the whole error", w->distance[RG_FULL],
             w->w2_bound[RG_W1_ERROR]);
}

/* To a thousandth of the same integral of |.|; and what the distance itself is uncertain by, for psi is its potential. */
static void w1_representation(rg_outcome *o) {
    const double thousandth = 1e-3;
    const rg_w1_values *w = &o->w1.values;
    claim(o, "w1_representation",
          "int psi d(q-p) = int f_T d(pi-p_T) + c int int p grad f.grad phi dx dv, to a thousandth of the same of |.|",
          w->residual[RG_W1_GRADIENT],
          (rg_value){thousandth * (w->size.value + fabs(w->prior_gain.value)), thousandth * w->size.error});
    claim(o, "w1_representation_true",
          "int psi d(q-p) = int g_T d(pi-p_T) + c int int q grad g.e dx dv, g by the true drift, to a thousandth "
          "likewise",
          w->true_residual,
          (rg_value){thousandth * (w->true_size.value + fabs(w->true_prior_gain.value)),
                     thousandth * w->true_size.error});
}

static void w1(rg_outcome *o) {
    if (!o->w1.known) return;
    w1_bounds(o);
    w1_representation(o);
}

/* What the paths lose, their ends lose at most: the data-processing inequality, down to the last level. */
static void paths(rg_outcome *o) {
    if (!o->manifold.known) return;
    const rg_outcome_manifold_level *end = &o->manifold.level[o->manifold.levels - 1];
    claim(o, "path_kl", "KL(p|q) <= KL(P|Q) of the paths", o->divergence[RG_KL][RG_FULL],
          (rg_value){end->value.path_kl, end->error.path_kl});
    claim(o, "path_chi2", "log(1 + chi^2(q|p)) <= log(1 + chi^2(Q|P)) of the paths",
          apply(log_one_plus, o->divergence[RG_CHI2][RG_FULL]),
          (rg_value){end->value.log_path_chi2, end->error.log_path_chi2});
}

void rg_claims_make(const rg_experiment *x, rg_outcome *o) {
    o->claims = 0;
    bounds(o);
    other_bounds(o);
    identity(x, o);
    response(o);
    invisibility(x, o);
    if (x->prior != RG_PRIOR_EXACT)
        claim(o, "data_processing", "without error KL(p|q) does not grow: KL(p|q) <= KL(p_T|pi)",
              o->divergence[RG_KL][RG_NONE], o->prior_kl);
    relations(o);
    paths(o);
    w1(o);
}
