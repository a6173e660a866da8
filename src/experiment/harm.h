/* Where the harm comes from: the KL of the linear response as a signed sum over space and noise level. Internal.
 *
 * The second sweep over the noise levels, from variance_min up, after the march: create / step / ... / free. */
#ifndef RG_HARM_H
#define RG_HARM_H

#include <rotgrad/run.h>

/* Bins of an axis, by which the region is chosen: 15 degrees of a whole turn. */
enum { RG_HARM_BINS = 24 };

typedef struct rg_harm {
    rg_grid grid;
    rg_spectral *spectral;
    rg_level room[2];
    double *response, *smoothed, *slope, *density; /* p delta at the end; M_v; grad M_v (d, n); a_v */
    double *map;                                   /* (n) integral of a_v dv */
    size_t stops, node;                            /* node: the next of 2 (stops - 1) + 1 */
    const double *stop;                            /* ascending variances; borrowed */
    double soft;
    rg_harm_interval *interval; /* ascending; stops - 1 */
    double *profile;            /* (stops - 1, d, RG_HARM_BINS): the integral of a_v over intervals and slices */
    rg_harm_level *level;       /* ascending; stops */
} rg_harm;

/* `soft` > 0 where stop[0] is 0. RG_ENOMEM. Memory: 12 + 5 d fields. */
rg_status rg_harm_create(const rg_grid *grid, size_t stops, const double *stop, double soft,
                         rg_harm *harm) RG_MUST_CHECK;
void rg_harm_free(rg_harm *harm);

/* The next two nodes, `harm->response` being filled; `done` is set after the last one. Errors as rg_levels_at. Cost: two
 * splits and about 2 d + 6 FFTs. */
rg_status rg_harm_step(rg_harm *harm, rg_levels *levels, int *done, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* After the last step: what the outcome says of it. Takes the map and the intervals along. */
void rg_harm_hand_over(rg_harm *harm, rg_outcome *outcome);

#endif
