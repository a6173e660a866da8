/* f-divergences as E_p f(rho) with f(1) = f'(1) = 0, so that every term is non-negative and small where rho is near 1. */
#include "base/base.h"

#include <rotgrad/divergence.h>

#include <math.h>

/* rho - 1 - log rho, accurate near 1: by the series of log1p where that cancels. */
static double f_kl(double d) {
    if (fabs(d) > 1e-3) return d - log1p(d);
    const double d2 = d * d;
    return d2 * (0.5 - d * (1.0 / 3 - d * (0.25 - d * (0.2 - d * (1.0 / 6 - d / 7)))));
}

/* rho log rho - rho + 1 */
static double f_reverse(double d) {
    if (fabs(d) > 1e-3) return d > -1 ? (1 + d) * log1p(d) - d : 1;
    const double d2 = d * d;
    return d2 * (0.5 - d * (1.0 / 6 - d * (1.0 / 12 - d * (0.05 - d * (1.0 / 30 - d / 42)))));
}

/* (1 + rho) / 2 - sqrt(rho) = (sqrt(rho) - 1)^2 / 2, with sqrt(rho) - 1 = d / (sqrt(1 + d) + 1) */
static double f_hellinger(double d) {
    const double root = d / (sqrt(1 + d) + 1);
    return 0.5 * root * root;
}

enum { KL, REVERSE, TV, CHI2, HELLINGER, CUBE, CLIPPED, SUMS };

struct work {
    const double *density, *ratio;
    double scale;
    int which;
};

static double term(int which, double d) {
    const double rounding = 1.1e-16;
    switch (which) {
    case KL:
        return d > -1 ? f_kl(d) : 0;
    case REVERSE:
        return f_reverse(d);
    case TV:
        return 0.5 * fabs(d);
    case CHI2:
        return d * d;
    case HELLINGER:
        return f_hellinger(d);
    case CUBE: /* rho^3 - 1 - 3 d */
        return d * d * (3 + d);
    default:
        return d > -1 ? 0 : -log(rounding) - 1;
    }
}

static double block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct work *w = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++)
        if (w->density[i] > 0) sum += w->density[i] * term(w->which, w->scale * w->ratio[i] - 1);
    return sum;
}

static int is_valid(ptrdiff_t n, const double *values) {
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(values[i] >= 0) || !isfinite(values[i])) return 0;
    return 1;
}

rg_status rg_divergences_of(const rg_grid *grid, const double *density, const double *ratio, rg_divergences *out) {
    if (!grid || !density || !ratio || !out) return RG_EINVAL;
    const ptrdiff_t n = rg_grid_cells(grid);
    if (!is_valid(n, density) || !is_valid(n, ratio)) return RG_EINVAL;
    const double cell = rg_grid_cell_volume(grid), mass = cell * rg_dot(n, density, ratio);
    if (!(mass > 0)) return RG_EDOMAIN;
    double sum[SUMS];
    for (int k = 0; k < SUMS; k++) sum[k] = cell * rg_reduce(n, block, &(struct work){density, ratio, 1 / mass, k});
    *out = (rg_divergences){.kl = sum[KL],
                            .reverse_kl = sum[REVERSE],
                            .tv = sum[TV],
                            .chi2 = sum[CHI2],
                            .hellinger2 = sum[HELLINGER],
                            .renyi = log1p(sum[CUBE]) / (RG_RENYI_ORDER - 1),
                            .mass_defect = fabs(mass - 1),
                            .clipped = sum[CLIPPED]};
    return RG_OK;
}
