/* Arguments as people type them: numbers with pi, boxes, classes of features, words that are nearly right. */
#ifndef ROTGRAD_ARGUMENT_H
#define ROTGRAD_ARGUMENT_H

#include <rotgrad/estimate.h>
#include <rotgrad/grid.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `1e-8`, `-0.5`, `pi`, `2pi`, `2*pi/3`, as in experiment files, whatever the locale. Returns 1 and the value, or 0
 * for anything else: NaN, infinity, hexadecimal, trailing characters. */
RG_API int rg_argument_number(const char *text, double *value) RG_MUST_CHECK;

/* A box, axis by axis.
 *
 *   text    in   "lower:length,lower:length,...", 1 to RG_MAX_DIM axes: "-pi:2pi,0:2.3"
 *   axes    out  how many
 *   lower   out  room for RG_MAX_DIM numbers, unit x
 *   length  out  likewise, > 0
 *
 * RG_EINVAL with a diagnostic that names the axis. */
RG_API rg_status rg_argument_box(const char *text, int *axes, double *lower, double *length,
                                 rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A class of features and its size: "fourier:8", "rff:2000", "polynomial:2", "nystrom:500".
 *
 *   kind    out  which class
 *   size    out  the whole number behind the colon, >= 1; whether it fits the class is left to rg_estimate
 *
 * RG_EINVAL with a diagnostic that says what was expected, or meant. */
RG_API rg_status rg_argument_features(const char *text, rg_feature_kind *kind, size_t *size,
                                      rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The candidate nearest to `word` in edits, for "did you mean"; NULL when none is near. */
RG_API const char *rg_argument_nearest(const char *word, const char *const *candidates, size_t count);

#ifdef __cplusplus
}
#endif

#endif
