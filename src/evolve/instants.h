/* Five noise levels by which a step is judged for what depends on time only. */
#ifndef RG_INSTANTS_H
#define RG_INSTANTS_H

#include "evolve/exponential.h"
#include "evolve/right_side.h"

/* The three rooms of a step come first; then two more levels: the middle and the start of the step before, or, at the
 * start of a segment, the quarter points of the step. */
enum { RG_START, RG_MIDDLE, RG_END, RG_ROOMS, RG_EXTRA = RG_ROOMS };

typedef struct rg_instants {
    double variance[RG_TIMES], total[RG_TIMES]; /* E_p|e|^2 */
    double *rate[RG_TIMES];                     /* density form: spectra of N of p itself; else NULL */
} rg_instants;

rg_status rg_instants_create(const rg_equation *equation, rg_instants *instants);
void rg_instants_free(rg_instants *instants);
/* Reads a furnished room as one of the five. */
void rg_instants_note(rg_instants *instants, int which, const rg_equation *equation, const rg_level *level);
/* The step was accepted: its end is the next one's start. */
void rg_instants_advance(rg_instants *instants);

/* The integral of E_p|e|^2 over the step by Simpson's rule, and how far the rule through all five is from it. */
double rg_instants_energy(const rg_instants *instants, double *difference);
/* What the step misses of p itself, as modes (see rg_exponential_defect). Density form only: rho = 1 does not move. */
void rg_instants_defect(const rg_instants *instants, const rg_exponential *exponential, double *defect);

#endif
