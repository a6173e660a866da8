/* What the theory says must hold, checked against the numbers and their error bars. */
#ifndef RG_CLAIMS_H
#define RG_CLAIMS_H

#include <rotgrad/run.h>

/* Fills outcome->claim from its numbers. */
void rg_claims_make(const rg_experiment *experiment, rg_outcome *outcome);

#endif
