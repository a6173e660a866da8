/* Simpson's rule over a step, for the energies and for p itself, against the rule through two levels more.
 *
 * The embedded estimate sees how N changes with the marginal, not how it changes with time. But p moves whatever the
 * error, and in density form a marginal near p inherits what a step misses of p. */
#include "evolve/instants.h"

#include "base/base.h"

#include <math.h>

rg_status rg_instants_create(const rg_equation *equation, rg_instants *instants) {
    if (equation->form == RG_FORM_RATIO) return RG_OK;
    for (int i = 0; i < RG_TIMES; i++)
        if (!(instants->rate[i] = rg_field_alloc(2 * (size_t)equation->spectral->modes))) return RG_ENOMEM;
    return RG_OK;
}

void rg_instants_free(rg_instants *instants) {
    for (int i = 0; i < RG_TIMES; i++) rg_free(instants->rate[i]);
}

void rg_instants_note(rg_instants *instants, int which, const rg_equation *equation, const rg_level *level) {
    instants->variance[which] = level->variance;
    instants->total[which] = level->split.total;
    if (instants->rate[which]) rg_equation_density_rate(equation, level, instants->rate[which]);
}

/* old start -> last, middle -> last but one, end -> start; the places that become free are written before they are read */
void rg_instants_advance(rg_instants *instants) {
    static const int source[RG_TIMES] = {RG_END, RG_EXTRA, RG_EXTRA + 1, RG_MIDDLE, RG_START};
    const rg_instants old = *instants;
    for (int i = 0; i < RG_TIMES; i++) {
        instants->variance[i] = old.variance[source[i]];
        instants->total[i] = old.total[source[i]];
        instants->rate[i] = old.rate[source[i]];
    }
}

double rg_instants_energy(const rg_instants *t, double *difference) {
    const double low = t->variance[RG_END], high = t->variance[RG_START];
    const double simpson = rg_interpolation_integral(RG_ROOMS, t->variance, t->total, low, high);
    *difference = fabs(rg_interpolation_integral(RG_TIMES, t->variance, t->total, low, high) - simpson);
    return simpson;
}

void rg_instants_defect(const rg_instants *t, const rg_exponential *exponential, double *defect) {
    double time[RG_TIMES];
    for (int i = 0; i < RG_TIMES; i++)
        time[i] = (t->variance[RG_START] - t->variance[i]) / (t->variance[RG_START] - t->variance[RG_END]);
    rg_exponential_defect(exponential, time, (const double *const *)t->rate, defect);
}
