/* The exact score of N points with Gaussian noise on R^D: the softmax over all of them. Internal. */
#ifndef RG_EMPIRICAL_SCORE_H
#define RG_EMPIRICAL_SCORE_H

#include "diffusion/point_score.h"

rg_status rg_empirical_free(const rg_space *space, size_t samples, const double *points, double bandwidth,
                            rg_point_score **score) RG_MUST_CHECK;
/* On a torus, by images. */
rg_status rg_empirical_torus(const rg_space *space, size_t samples, const double *points, double bandwidth,
                             double background, rg_point_score **score) RG_MUST_CHECK;

#endif
