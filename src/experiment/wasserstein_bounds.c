/* Bounds on W1, TV and W2 from what the march noted at its nodes. With L = sup lambda_max, I_v its integral from variance_min,
 * kappa = sup L_+ / D over the levels so far, o = the diameter of the box, S = D (v - variance_min): Gronwall is exp(I_v);
 * Bernstein and smoothing stand in measure/slope.h. TV: smoothing with o = 1, the range of an indicator. */
#include "experiment/wasserstein.h"
#include "measure/slope.h"

#include <math.h>

static double since(const rg_w1 *w, const rg_w1_node *node) {
    return fmax(node->variance - w->experiment->variance_min, 0);
}

static double kappa(const rg_w1 *w, const rg_w1_node *node) {
    return node->steepest.value / w->diffusion;
}

double rg_w1_gronwall(const rg_w1_node *node) {
    return exp(node->exponent.value);
}

double rg_w1_bernstein(const rg_w1 *w, const rg_w1_node *node) {
    return w->diffusion > 0 ? rg_slope_bernstein(kappa(w, node), w->reach) : HUGE_VAL;
}

/* Times the root of v - variance_min. */
double rg_w1_smoothing(const rg_w1 *w, const rg_w1_node *node, double oscillation) {
    if (!(w->diffusion > 0)) return HUGE_VAL;
    const double growth = kappa(w, node) * w->diffusion * since(w, node);
    return rg_slope_smoothing(growth, oscillation) / sqrt(w->diffusion);
}

/* The smoothing factor is without bound at variance_min. */
double rg_w1_constant(const rg_w1 *w, const rg_w1_node *node) {
    const double u = sqrt(since(w, node)), smooth = u > 0 ? rg_w1_smoothing(w, node, w->reach) / u : HUGE_VAL;
    return fmin(fmin(rg_w1_gronwall(node), rg_w1_bernstein(w, node)), smooth);
}

rg_w1_node rg_w1_lowered(const rg_w1_node *node) {
    rg_w1_node low = *node;
    low.exponent.value -= low.exponent.error;
    low.steepest.value = fmax(low.steepest.value - low.steepest.error, 0);
    for (int k = 0; k < RG_W1_FIELDS; k++) low.least[k] = low.least_low[k];
    return low;
}

/* ---- integrands */

/* Where there is no error nothing is stretched, however much. What is not a number stays so. */
static double times(double factor, double amount) {
    return amount <= 0 ? 0 : factor * amount;
}

static double gronwall(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift * rg_w1_gronwall(node), node->mean[which]);
}

static double pointwise(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift, node->pointwise[which]);
}

/* E_p[Lambda |.|] by Cauchy and Schwarz: all that an L2 error tells */
static double mean_square(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift * node->stretch, node->root[which]);
}

static double bernstein(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift * rg_w1_bernstein(w, node), node->mean[which]);
}

static double smoothing(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift * rg_w1_smoothing(w, node, w->reach), node->mean[which]);
}

static double least(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift, node->least[which]);
}

static double variation(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift * rg_w1_smoothing(w, node, 1), node->mean[which]);
}

static double quadratic(const rg_w1 *w, const rg_w1_node *node, int which) {
    return times(w->drift * rg_w1_gronwall(node), node->root[which]);
}

static double energy(const rg_w1 *w, const rg_w1_node *node, int which) {
    (void)w;
    return node->root[which] * node->root[which];
}

static double kantorovich(const rg_w1 *w, const rg_w1_node *node, int which) {
    (void)which;
    return times(w->drift * rg_w1_constant(w, node), node->norm);
}

/* ---- integrals */

/* Over u = sqrt(v - variance_min), dv = 2 u du: the integrand is given times u, and grows like 1 / u. */
rg_value rg_w1_integral(const rg_w1 *w, double of(const rg_w1 *w, const rg_w1_node *node, int which), int which,
                        int how) {
    const int root = how & RG_W1_ROOT;
    rg_value sum = {0, 0};
    double *x = w->quadrature, *y = x + w->count;
    for (size_t i = 0; i < w->count;) {
        size_t j = 0;
        double error;
        for (const int segment = w->node[i].segment; i < w->count && w->node[i].segment == segment; i++, j++) {
            const rg_w1_node node = how & RG_W1_LOW ? rg_w1_lowered(&w->node[i]) : w->node[i];
            x[j] = root ? sqrt(since(w, &node)) : node.variance;
            y[j] = (root ? 2 : 1) * of(w, &node, which);
            if (!isfinite(y[j])) sum.value += y[j];
        }
        if (!isfinite(sum.value)) continue;
        sum.value += rg_integrate(j, x, y, &error);
        sum.error += error;
    }
    if (isnan(sum.value)) return (rg_value){sum.value, sum.value};
    return isfinite(sum.value) ? sum : (rg_value){HUGE_VAL, 0};
}

static rg_value add_prior(rg_value integral, double factor, rg_value prior, int exact) {
    if (exact || isinf(integral.value)) return integral;
    if (!isfinite(factor)) return (rg_value){HUGE_VAL, 0};
    return (rg_value){integral.value + factor * prior.value, integral.error + factor * prior.error};
}

/* R^(3/2) (1 + sqrt |grad b|) (W1(p_T, pi) + eps), eps the root of int E_p|e|^2 dv, R the diameter: to be read up to a
 * factor that the theorem does not name. */
static rg_value printed(const rg_w1 *w, rg_value prior) {
    const rg_value square = rg_w1_integral(w, energy, RG_W1_ERROR, 0);
    const double factor = pow(w->reach, 1.5) * (1 + sqrt(w->frobenius)), root = sqrt(fmax(square.value, 0));
    return (rg_value){factor * (prior.value + root),
                      factor * (prior.error + (root > 0 ? 0.5 * square.error / root : square.error))};
}

static void set_bounds(const rg_w1 *w, int exact, rg_value tv_prior, int how, rg_w1_values *values) {
    const rg_w1_node *last = &w->node[w->count - 1], end = how & RG_W1_LOW ? rg_w1_lowered(last) : *last;
    const double u = sqrt(since(w, &end)), end_least = how & RG_W1_LOW ? w->end_least_low : w->end_least;
    const struct {
        double (*of)(const rg_w1 *, const rg_w1_node *, int);
        double factor; /* of the prior */
        int root;
    } rule[RG_W1_BOUNDS] = {
        [RG_W1_GRONWALL] = {gronwall, rg_w1_gronwall(&end), 0},
        [RG_W1_FEYNMAN_KAC] = {pointwise, w->end_pointwise, 0},
        [RG_W1_MEAN_SQUARE] = {mean_square, w->end_pointwise, 0},
        [RG_W1_BERNSTEIN] = {bernstein, rg_w1_bernstein(w, &end), 0},
        [RG_W1_SMOOTHING] = {smoothing, rg_w1_smoothing(w, &end, w->reach) / u, RG_W1_ROOT},
        [RG_W1_LEAST] = {least, end_least, 0},
    };
    for (int k = 0; k < RG_W1_FIELDS; k++) {
        for (int b = 0; b < RG_W1_BOUNDS; b++)
            values->bound[k][b] =
                add_prior(rg_w1_integral(w, rule[b].of, k, how | rule[b].root), rule[b].factor, values->prior, exact);
        /* TV <= TV(p_T, pi) + ...: f of an indicator lies between 0 and 1 */
        values->tv_bound[k] = add_prior(rg_w1_integral(w, variation, k, how | RG_W1_ROOT), 1, tv_prior, exact);
        values->w2_bound[k] = exact ? rg_w1_integral(w, quadratic, k, how) : (rg_value){HUGE_VAL, 0};
    }
    values->source_norm_bound =
        add_prior(rg_w1_integral(w, kantorovich, 0, how), rg_w1_constant(w, &end), values->prior, exact);
    values->printed = printed(w, values->prior);
}

/* The bar of a bound: what its integrals leave, or down to where it ends with the growth of the drift at the low end of its
 * bar, less what the integrals of that leave. The two do not add up: a bound is not less than 0. */
void rg_w1_bounds(const rg_w1 *w, int exact, rg_value tv_prior, rg_w1_values *values) {
    rg_w1_values low = *values;
    set_bounds(w, exact, tv_prior, 0, values);
    set_bounds(w, exact, tv_prior, RG_W1_LOW, &low);
    rg_value *to = &values->bound[0][0], *end = (rg_value *)(values + 1);
    for (const rg_value *from = &low.bound[0][0]; to < end; to++, from++)
        if (isfinite(to->value)) to->error = fmax(to->error, to->value - from->value + from->error);
}
