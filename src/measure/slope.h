/* By how much a sampler may stretch the slope of a function: |grad f_v| <= Lambda for d_v f = b.grad f + D laplacian f,
 * f(v_min) of slope 1. kappa = sup over the levels so far of the largest eigenvalue of sym grad b, its positive part, over
 * D; S = D (v - v_min); the range of f is the greatest less the least value. Internal. */
#ifndef RG_SLOPE_H
#define RG_SLOPE_H

#include <rotgrad/grid.h>
#include <rotgrad/value.h>

/* The diameter of the torus, unit x: the greatest range of a function of slope 1. */
double rg_slope_range(const rg_grid *grid);

/* sqrt(1 + kappa range^2 / 4), from |grad f|^2 + kappa (f - m)^2, m the middle of the range. kappa: unit 1/x^2. */
double rg_slope_bernstein(double kappa, double range);

/* sqrt(S) Lambda for Lambda = (range / 2) sqrt(kappa / (1 - exp(-2 kappa S))), whatever slope f had; from a(S) |grad f|^2 +
 * (f - m)^2, a' = 2 - 2 kappa a. `growth` is kappa S; the root of S keeps it finite at v_min. */
double rg_slope_smoothing(double growth, double range);

/* Gronwall's exponent, int sup lambda_max dv, and kappa D, along nodes that ascend in v; start with zeros. Either has the bars
 * of the rates in its own, the exponent that of the trapezoidal rule, too. */
typedef struct rg_growth {
    size_t count;
    double variance[2]; /* the last two nodes, the last one first */
    rg_value rate[2];
    rg_value exponent;
    rg_value steepest; /* the largest rate so far, at least 0 */
} rg_growth;

/* `rate`: sup lambda_max at v, unit 1/x^2. */
void rg_growth_add(rg_growth *growth, double variance, rg_value rate);

#endif
