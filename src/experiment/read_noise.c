/* noise: the range of variances, given as variances or as sigmas, inside what the learned scores cover. */
#include "base/base.h"
#include "experiment/number.h"
#include "experiment/reader.h"

#include <math.h>
#include <string.h>

static const double EDGE = 1e-6; /* relative: a bound this far outside a learned range is the range's end */

typedef struct noise_unit {
    const char *min, *max;
    int squared; /* the number is a variance */
} noise_unit;

static const noise_unit variance_unit = {"variance_min", "variance_max", 1};
static const noise_unit sigma_unit = {"sigma_min", "sigma_max", 0};

/* The noise levels that every learned score covers. */
typedef struct learned_range {
    int present;
    double low, high;
} learned_range;

static learned_range range_of_learned(const rg_experiment *e) {
    learned_range range = {.high = HUGE_VAL};
    for (size_t i = 0; i < e->terms; i++) {
        const rg_error_term *term = &e->term[i];
        if (term->kind != RG_ERROR_LEARNED) continue;
        range.present = 1;
        range.low = fmax(range.low, term->sigma[0]);
        range.high = fmin(range.high, term->sigma[term->levels - 1]);
    }
    return range;
}

/* NULL with a diagnostic when both are there. */
static const noise_unit *choose_unit(const rg_reader *r, const rg_node *noise, rg_status *status) {
    const rg_node *low = rg_node_get(noise, "sigma_min"), *high = rg_node_get(noise, "sigma_max");
    const rg_node *sigma = low ? low : high;
    const int variance = rg_node_get(noise, "variance_min") || rg_node_get(noise, "variance_max");
    if (!sigma || !variance) return variance ? &variance_unit : &sigma_unit;
    *status = rg_node_fail_key(sigma, r->diagnostic, RG_EINVAL, "expected variances or sigmas, got both");
    return NULL;
}

static double in_unit(const noise_unit *unit, double sigma) {
    return unit->squared ? sigma * sigma : sigma;
}

static rg_status missing(const rg_reader *r, const rg_node *noise, const char *key) {
    for (const rg_node *child = noise->first; child; child = child->next)
        if (strcmp(child->key, "churn") != 0)
            return rg_node_fail(noise, r->diagnostic, RG_EINVAL,
                                "expected the key \"%s\"; only a learned score gives it a default", key);
    return rg_node_fail(
        noise, r->diagnostic, RG_EINVAL,
        "expected variance_min and variance_max, or sigma_min and sigma_max; only a learned score gives "
        "them defaults");
}

/* Outside the learned levels nothing is known of the score; rounding at their ends is forgiven. */
static rg_status confine(const rg_reader *r, rg_node *node, const noise_unit *unit, const learned_range *range) {
    const double sigma = unit->squared ? sqrt(node->number) : node->number;
    if (sigma < range->low * (1 - EDGE) || sigma > range->high * (1 + EDGE))
        return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                            "expected a number from %s to %s, which the learned score covers, got %s",
                            rg_number_show(in_unit(unit, range->low)).text,
                            rg_number_show(in_unit(unit, range->high)).text, rg_node_show(node).text);
    if (sigma < range->low) node->number = in_unit(unit, range->low);
    if (sigma > range->high) node->number = in_unit(unit, range->high);
    return RG_OK;
}

/* NULL with a diagnostic when there is none, or a wrong one. */
static rg_node *read_bound(rg_reader *r, rg_node *noise, const noise_unit *unit, const char *key, double fallback,
                           const learned_range *range, rg_status *status) {
    rg_node *node = rg_node_get(noise, key);
    if (!node && !range->present) {
        *status = missing(r, noise, key);
        return NULL;
    }
    if (!node) node = rg_node_add_number(noise, key, in_unit(unit, fallback), RG_VALUE_NUMBER, &r->scratch);
    *status = node ? confine(r, node, unit, range) : rg_reader_out_of_memory(r);
    return *status == RG_OK ? node : NULL;
}

static rg_status check_order(const rg_reader *r, const rg_node *min, const rg_node *max) {
    if (max->number > min->number) return RG_OK;
    return rg_node_fail(max, r->diagnostic, RG_EINVAL, "expected a number above %s (%s), got %s", min->key,
                        rg_number_show(min->number).text, rg_node_show(max).text);
}

/* Nor have points, and curves and surfaces without a width. */
static int is_singular(const rg_density_spec *spec) {
    if (spec->kind == RG_DENSITY_SAMPLES || spec->kind == RG_DENSITY_POINTS) return 1;
    return spec->kind >= RG_DENSITY_CIRCLE && spec->kind < RG_DENSITY_POINTS && spec->width == 0;
}

/* Samples have no density before they are smoothed. */
static rg_status check_samples(const rg_reader *r, const noise_unit *unit, const rg_node *min) {
    const rg_experiment *e = r->experiment;
    if (!is_singular(&e->density) || e->variance_min > 0) return RG_OK;
    const int points = e->density.kind == RG_DENSITY_SAMPLES || e->density.kind == RG_DENSITY_POINTS;
    const char *what = points ? "samples have no density before they are" : "this shape has no density before it is";
    if (e->free_space)
        return rg_node_fail(min, r->diagnostic, RG_EDOMAIN, "expected a number above 0, because %s smoothed, got %s",
                            what, rg_node_show(min).text);
    double spacing = 0;
    for (int a = 0; a < e->grid.dim; a++) spacing = fmax(spacing, rg_grid_spacing(&e->grid, a));
    return rg_node_fail(min, r->diagnostic, RG_EDOMAIN,
                        "expected a number above 0, because %s smoothed (two "
                        "grid cells: %s), got %s",
                        what, rg_number_show(in_unit(unit, 2 * spacing)).text, rg_node_show(min).text);
}

static rg_status check_variance(const rg_reader *r, const rg_node *max) {
    if (isfinite(r->experiment->variance_max)) return RG_OK;
    return rg_node_fail(max, r->diagnostic, RG_EINVAL, "expected a number with a finite square, got %s",
                        rg_node_show(max).text);
}

static rg_status read_range(rg_reader *r, rg_node *noise, const noise_unit *unit, const learned_range *range) {
    rg_experiment *e = r->experiment;
    rg_status status = RG_OK;
    const rg_node *min = read_bound(r, noise, unit, unit->min, range->low, range, &status);
    const rg_node *max = min ? read_bound(r, noise, unit, unit->max, range->high, range, &status) : NULL;
    if (!max) return status;
    status = check_order(r, min, max);
    if (status != RG_OK) return status;
    e->variance_min = unit->squared ? min->number : min->number * min->number;
    e->variance_max = unit->squared ? max->number : max->number * max->number;
    status = check_samples(r, unit, min);
    return status == RG_OK ? check_variance(r, max) : status;
}

rg_status rg_reader_noise(rg_reader *r) {
    rg_node *noise = rg_node_get(r->root, "noise");
    const learned_range range = range_of_learned(r->experiment);
    r->experiment->churn = rg_node_get(noise, "churn")->number;
    if (range.low > range.high)
        return rg_node_fail(rg_node_get(r->root, "error"), r->diagnostic, RG_EINVAL,
                            "expected learned scores whose noise levels overlap");
    rg_status status = RG_OK;
    const noise_unit *unit = choose_unit(r, noise, &status);
    return unit ? read_range(r, noise, unit, &range) : status;
}
