/* Scores at points from inside: one small interface, each kind embeds it as its first member. Internal. */
#ifndef RG_POINT_SCORE_H
#define RG_POINT_SCORE_H

#include "base/base.h"

#include <rotgrad/particles.h>

struct rg_point_score {
    rg_status (*at)(rg_point_score *score, double variance, size_t count, const double *x, double *out,
                    rg_nearest_point *nearest, rg_diagnostic *diagnostic);
    void (*destroy)(rg_point_score *score);
    size_t dim;
    int has_nearest;
};

/* RG_EINVAL: no space, a box that is not finite and positive, a torus of more than three dimensions. */
rg_status rg_space_check(const rg_space *space, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Posterior of what is not background: the factor of a score whose law has density exp(log_density) / volume units. */
double rg_background_factor(double background, double volume, double log_density);

#endif
