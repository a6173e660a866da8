/* What two densities must satisfy before they are compared, and their difference. */
#include "base/base.h"
#include "measure/transport.h"

#include <math.h>

static rg_status check_density(ptrdiff_t n, const char *name, const double *values, rg_diagnostic *diagnostic) {
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) return rg_fail(diagnostic, RG_EINVAL, "%s: value %td is not finite", name, i);
        if (values[i] < 0)
            return rg_fail(diagnostic, RG_EDOMAIN, "%s: expected a density, found %g at value %td", name, values[i], i);
    }
    return RG_OK;
}

static rg_status check_masses(double p, double q, rg_diagnostic *diagnostic) {
    if (!(p > 0 && q > 0 && isnormal(p) && isnormal(q))) /* a subnormal mass has lost its digits */
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "expected positive and finite masses of at least 2e-308, found %g and %g", p, q);
    if (fabs(p - q) > RG_TRANSPORT_MASS_SLACK * fmax(p, q))
        return rg_fail(diagnostic, RG_EDOMAIN,
                       "expected equal masses, found %.10g and %.10g, which differ by more than "
                       "%g of them; scale both to mass 1",
                       p, q, RG_TRANSPORT_MASS_SLACK);
    return RG_OK;
}

rg_status rg_transport_difference(const rg_grid *grid, const double *p, const double *q, double *difference,
                                  rg_diagnostic *diagnostic) {
    const ptrdiff_t n = rg_grid_cells(grid);
    rg_status status = check_density(n, "p", p, diagnostic);
    if (!status) status = check_density(n, "q", q, diagnostic);
    if (status) return status;
    const double mass_p = rg_integral(grid, p), mass_q = rg_integral(grid, q);
    status = check_masses(mass_p, mass_q, diagnostic);
    if (status) return status;
    for (ptrdiff_t i = 0; i < n; i++) difference[i] = p[i] / mass_p - q[i] / mass_q;
    const double mean = rg_sum(n, difference) / (double)n;
    for (ptrdiff_t i = 0; i < n; i++) difference[i] -= mean;
    return RG_OK;
}
