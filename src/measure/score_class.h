/* What a limited class of waves can do, by exact least squares in L2(p) on the grid: the best score, each component a
 * combination of waves, and the energy of the best gradient of a combination. Internal. */
#ifndef RG_SCORE_CLASS_H
#define RG_SCORE_CLASS_H

#include <rotgrad/estimate.h>
#include <rotgrad/spectral.h>
#include <rotgrad/value.h>

enum { RG_SCORE_CLASS_MOST = 3000 }; /* functions a component */

typedef struct rg_score_class rg_score_class;

/* Whether there is such a class; RG_EINVAL with the limit. */
rg_status rg_score_class_check(rg_feature_kind kind, size_t size, int dim, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* RG_FEATURES_FOURIER: all waves with components up to `size`, (2 size + 1)^d functions. RG_FEATURES_RANDOM: `size` / 2
 * waves drawn by `seed` over a ladder of wave lengths, the same on every grid, a sine and a cosine each, and the constant.
 * `ridge` >= 0 is added to a Gram matrix whose diagonal is about 1.
 * RG_EINVAL: another kind, more than RG_SCORE_CLASS_MOST functions, a wave at or beyond the grid's Nyquist mode; RG_ENOMEM. */
rg_status rg_score_class_create(const rg_grid *grid, rg_feature_kind kind, size_t size, unsigned long seed,
                                double ridge, rg_score_class **score_class, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_score_class_destroy(rg_score_class *score_class);
size_t rg_score_class_functions(const rg_score_class *score_class);

/* best = argmin over f of the class of  E_p|f - target|^2 + ridge |coefficients|^2.
 *   density  in   (n) p >= 0 of mass 1
 *   target   in   (d, n), unit 1/x
 *   best     out  (d, n); may alias target
 * Allocates nothing. Cost: 2 d + 1 real FFTs, K^2 look-ups, K^3 / 3. RG_ENOCONV: the Gram matrix is singular to double
 * precision (raise the ridge); `best` is then untouched. */
rg_status rg_score_class_fit(rg_score_class *score_class, const double *density, const double *target,
                             double *best) RG_MUST_CHECK;

/* energy = max over psi of the class of  2 E_p[field.grad psi] - E_p|grad psi|^2: what rg_estimate finds with infinitely
 * many samples and no ridge, to be held against E_p|grad phi|^2. The ridge of `create` is not used; where waves are
 * dependent on p to double precision a small one is, and the error says what it takes.
 *   density  in  (n) p >= 0 of mass 1
 *   field    in  (d, n), unit 1/x
 *   energy   out unit 1/x^2
 * Allocates nothing. Cost: d + 1 real FFTs, 2 K^2 look-ups, 2 K^3 / 3. RG_ENOCONV: NaN in, or p is no density. */
rg_status rg_score_class_gradient_energy(rg_score_class *score_class, const double *density, const double *field,
                                         rg_value *energy) RG_MUST_CHECK;

#endif
