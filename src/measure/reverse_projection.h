/* E_q|Pi_q e|^2: the energy of what is left of the score error when its q-weighted solenoidal part is taken out. Internal. */
#ifndef RG_REVERSE_PROJECTION_H
#define RG_REVERSE_PROJECTION_H

#include <rotgrad/evolve.h>

typedef struct rg_reverse_projection {
    rg_grid grid;
    rg_spectral *spectral;
    rg_split *split;
    double *density;      /* q, then what is added to it */
    double *log_density;  /* rho, then log q' */
    double *score, *rest; /* (d, n): a gradient, then grad log q'; and r */
} rg_reverse_projection;

/* `tolerance`: of the split. RG_ENOMEM. Memory: about 20 + 11 d fields. */
rg_status rg_reverse_projection_create(const rg_grid *grid, double tolerance,
                                       rg_reverse_projection *projection) RG_MUST_CHECK;
void rg_reverse_projection_free(rg_reverse_projection *projection);

/* The energy for the full sampler where `evolve` stands, rounded up by what it may be off. RG_EINVAL: q is not finite.
 * RG_ENOCONV: the split did not converge, `energy` says nothing. Cost: d + 3 FFTs and a weighted split. */
rg_status rg_reverse_projection_energy(rg_reverse_projection *projection, const rg_evolve *evolve, rg_form form,
                                       double *energy) RG_MUST_CHECK;

#endif
