/* Has a model memorised its training data? Nearest neighbours of generated samples among the training points, with held-out
 * points as the null.
 *
 * For each sample the ratio rho = (distance to the nearest training point) / (to the second nearest): small where the sample
 * sits on one training point, near 1 where it lies among many. Held-out points show what rho does without memorisation.
 * With the H ratios of held-out points in ascending order, the threshold is the k-th of them, k = floor(alpha (H + 1)); a
 * sample with a smaller ratio is a copy. If samples were like held-out points (exchangeable), at most a share alpha
 * would be copies, and the number of them among M would be beta-binomial: its tail is the p-value.
 * Source: docs/memorise.md.
 */
#ifndef ROTGRAD_MEMORISE_H
#define ROTGRAD_MEMORISE_H

#include <rotgrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Squares of larger numbers do not add up in double precision. */
#define RG_MEMORISE_LARGEST 1e150

/* Arrays (rows, dim) in C order, finite and at most RG_MEMORISE_LARGEST, borrowed. */
typedef struct rg_memorise_data {
    size_t dim;
    size_t train;   /* N >= 2 */
    size_t samples; /* M >= 1 */
    size_t
        held_out; /* H; 0: the null is each training point among the others, which assumes that they are independent */
    const double *train_points, *sample_points, *held_out_points;
    double alpha;          /* in (0, 1); 0: 0.05 */
    rg_progress *progress; /* or NULL */
    void *progress_data;
} rg_memorise_data;

/* Of a point: its two nearest training points. */
typedef struct rg_neighbours {
    size_t index[2];
    double distance[2]; /* ascending, unit x; equal training points are one place, the second is another */
} rg_neighbours;

typedef struct rg_copied {
    size_t index, copies; /* of a training point: how many copies are nearest to it */
} rg_copied;

/* Quantiles 5 %, 50 %, 95 %. */
typedef struct rg_quantiles {
    double low, median, high;
} rg_quantiles;

enum { RG_MOST_COPIED = 10 };

typedef struct rg_memorised {
    size_t dim, train, samples, held_out;
    double alpha;
    int leave_one_out;        /* 1: there were no held-out points */
    rg_neighbours *neighbour; /* (M) */
    double *ratio;            /* (M) */
    double *p_value;          /* (M) of each sample: (1 + number of null ratios <= its own) / (H + 1) */
    rg_quantiles ratio_of_samples, ratio_of_null, distance_of_samples, distance_of_null;
    double threshold; /* on the ratio; 0: so few null points that nothing can be told at this alpha */
    size_t copies;    /* samples below the threshold */
    double share, share_low, share_high; /* copies / M, Wilson's 95 % interval */
    double test;                         /* p-value: of that many copies or more, were samples like the null */
    size_t exact;                        /* samples that equal a training point */
    size_t repeated;                     /* training points that repeat an earlier one: they count as one place */
    size_t visited;                      /* training points that are nearest to some copy */
    size_t listed;                       /* of `most`, descending */
    rg_copied most[RG_MOST_COPIED];
} rg_memorised;

/* RG_EINVAL: fewer than two training points, no samples, a number that is not finite or too large, training points all so
 * small (1e-150) that their squares vanish, alpha outside (0, 1); RG_EDOMAIN: all training points are one place; RG_ENOMEM;
 * RG_ECANCELLED. Cost: one matrix product of (M + H) x N x dim. */
RG_API rg_status rg_memorise(const rg_memorise_data *data, rg_memorised *memorised,
                             rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Accepts a zeroed struct. */
RG_API void rg_memorised_free(rg_memorised *memorised);

/* The two nearest of `train` points to each of `count` points; with `leave_out` both are the same array and a point is not its
 * own neighbour, nor are its repetitions; the second is infinitely far where all are one place. Exact distances: the product
 * only says who comes into question. That the numbers are those of rg_memorise is not checked. RG_EINVAL, RG_ENOMEM, RG_ECANCELLED. */
RG_API rg_status rg_two_nearest(size_t dim, size_t train, const double *train_points, size_t count,
                                const double *points, int leave_out, rg_neighbours *neighbour, rg_progress *progress,
                                void *progress_data) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
