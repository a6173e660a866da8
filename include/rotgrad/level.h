/* One noise level is one room of data: the density, its score, the score error and its parts.
 *
 * rg_levels furnishes rooms: it knows the density, the score error and how to split it. Steppers and bounds read them.
 */
#ifndef ROTGRAD_LEVEL_H
#define ROTGRAD_LEVEL_H

#include <rotgrad/score_error.h>
#include <rotgrad/split.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n = cells, d = dimension; all arrays are owned by the room. */
typedef struct rg_level {
    double variance;           /* v = sigma^2, unit x^2 */
    double *log_density;       /* (n) log p_v */
    double *density;           /* (n) p_v, scaled to mass 1 by the trapezoidal rule */
    double *score;             /* (d, n) s = grad log p_v, unit 1/x */
    double *error;             /* (d, n) e, unit 1/x */
    double *gradient;          /* (d, n) grad phi */
    double *solenoidal;        /* (d, n) r */
    double *source;            /* (n) h = div e + s.e, unit 1/x^2 */
    double *solenoidal_source; /* (n) the same of r: 0 up to the split's residual */
    rg_split_report split;
} rg_level;

RG_API rg_status rg_level_create(const rg_grid *grid, rg_level *level) RG_MUST_CHECK;
/* Accepts a zeroed or half-built room. */
RG_API void rg_level_free(rg_level *level);

typedef struct rg_levels rg_levels;

/* RG_EINVAL, RG_EDOMAIN, RG_ENOMEM as rg_density_create and rg_score_error_create; arrays in `density` and `term` may be
 * freed afterwards. `split` may be NULL. */
RG_API rg_status rg_levels_create(const rg_grid *grid, const rg_density_spec *density, const rg_error_term *term,
                                  size_t terms, double variance_min, double variance_max, const rg_split_options *split,
                                  rg_levels **levels, rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_levels_destroy(rg_levels *levels);

/* Furnishes a room for one variance: density, error, split. A split that stopped above its tolerance is no failure: its
 * report says so. RG_EINVAL: variance outside the range; RG_EDOMAIN: the density underflows. */
RG_API rg_status rg_levels_at(rg_levels *levels, double variance, rg_level *level,
                              rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Furnishes two rooms at once, on small grids in two threads (each works on one room then; large grids are shared among
 * all threads anyway). The same results either way. Errors as rg_levels_at. */
RG_API rg_status rg_levels_at_two(rg_levels *levels, const double variance[2], rg_level *const level[2],
                                  rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* log p alone, (n); the splits, and what they start from, stay as they are. Errors as rg_density_at. */
RG_API rg_status rg_levels_log_density(rg_levels *levels, double variance, double *log_density,
                                       rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The same two rooms before the split: density, score and error, and of the split's report the total E_p|e|^2. For a look
 * at a noise level at a fraction of its cost. Errors as rg_levels_at. */
RG_API rg_status rg_levels_unsplit_at_two(rg_levels *levels, const double variance[2], rg_level *const level[2],
                                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* One such room. */
RG_API rg_status rg_levels_unsplit_at(rg_levels *levels, double variance, rg_level *level,
                                      rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The harmonic part of a furnished room's r: energy E_p|r_h|^2. Cost: d weighted splits. */
RG_API rg_status rg_levels_harmonic(rg_levels *levels, const rg_level *level, double *energy) RG_MUST_CHECK;

RG_API const rg_grid *rg_levels_grid(const rg_levels *levels);
/* Variances between which everything is smooth in v: ascending, owned by `levels`. */
RG_API size_t rg_levels_breaks(const rg_levels *levels, const double **variances);

#ifdef __cplusplus
}
#endif

#endif
