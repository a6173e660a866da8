/* Samples of p drawn from its grid, and the estimate from them.
 *
 * A grid point is drawn with probability p times the cell's volume. Sums over the grid are trapezoidal rules, exact for
 * every wave the grid carries, so that means over such draws are those over p, and the score is known at them exactly. */
#include "base/base.h"
#include "experiment/predictor_room.h"

#include <stdint.h>

/* splitmix64 at state seed' + place: a stream that can be entered anywhere. */
static uint64_t mix(uint64_t z) {
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double rg_study_uniform(unsigned long seed, unsigned long place) {
    const double unit = 1.0 / 9007199254740992.0; /* 2^-53 */
    return (double)(mix(mix(seed) + place) >> 11) * unit;
}

/* cumulative[i] = sum of p up to cell i; the first cell that reaches u of the whole. */
static ptrdiff_t pick(ptrdiff_t n, const double *cumulative, double u) {
    ptrdiff_t low = 0, high = n - 1;
    const double wanted = u * cumulative[n - 1];
    while (low < high) {
        const ptrdiff_t middle = low + (high - low) / 2;
        if (cumulative[middle] > wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void draw(const rg_predictor_room *room, double *cumulative, double *points, double *score) {
    const rg_grid *grid = room->grid;
    const ptrdiff_t n = rg_grid_cells(grid);
    const rg_level *level = room->level;
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) cumulative[i] = sum += level->density[i];
    for (size_t k = 0; k < room->plan->samples; k++) {
        const ptrdiff_t i = pick(n, cumulative, rg_study_uniform(room->seed, k));
        ptrdiff_t rest = i;
        for (int a = grid->dim - 1; a >= 0; a--) {
            const size_t at = k * (size_t)grid->dim + (size_t)a;
            points[at] = grid->lower[a] + rg_grid_spacing(grid, a) * (double)(rest % grid->shape[a]);
            score[at] = level->score[a * n + i] + level->error[a * n + i];
            rest /= grid->shape[a];
        }
    }
}

static rg_status estimate(rg_predictor_room *room, rg_diagnostic *diagnostic) {
    enum { REPLICATES = 100 }; /* of an interval that is not used */
    const size_t count = rg_size_product(room->plan->samples, (size_t)room->grid->dim);
    double *points = rg_field_alloc(rg_size_product(count, 2));
    if (!points) return rg_fail(diagnostic, RG_ENOMEM, "samples: out of memory");
    draw(room, room->work, points, points + count);
    const rg_estimate_data data = {.samples = room->plan->samples,
                                   .dim = (size_t)room->grid->dim,
                                   .points = points,
                                   .score = points + count,
                                   .lower = room->grid->lower,
                                   .length = room->grid->length};
    const rg_estimate_options options = {
        .kind = RG_FEATURES_FOURIER, .size = room->plan->waves, .replicates = REPLICATES, .seed = room->seed};
    const rg_status status = rg_estimate(&data, &options, &room->estimate, diagnostic);
    rg_free(points);
    return status;
}

rg_status rg_predictor_estimate(rg_predictor_room *room, const rg_estimate_result **result, rg_diagnostic *diagnostic) {
    if (!room->estimated) {
        const rg_status status = estimate(room, diagnostic);
        if (status && status != RG_EDOMAIN) return status;
        room->has_estimate = !status;
        room->estimated = 1;
    }
    *result = room->has_estimate ? &room->estimate : NULL;
    return RG_OK;
}
