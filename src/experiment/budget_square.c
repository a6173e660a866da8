/* Distances that points have a part in, and the square of samples and stopping, which needs no sampler:
 *
 *     P  -- G -->  P * G         sides: P to P', P' to P' * G, P * G to P' * G, P to P' * G (and P to P * G)
 *     P' -- G -->  P' * G
 *
 * On a grid of spacing h a point is shared among the corners of its cell, which takes it apart: it comes nearer to any
 * broad law, by at most the mean distance D that its mass was moved, and mostly by about half of that, linear in h. So W
 * is measured with h and 2h, and
 *     W = W_h + delta,    delta = W_h - W_2h,    with an error of |delta| (the whole extrapolation) + D / sqrt(N):
 * where in its cell a point lies is chance, and differs from grid to grid. Where c > 1 points share a cell, k = log2(c) / d
 * halvings take them apart, and each halving finds the fluctuations of counts at its own scale, which cost
 * g = 2^((d-2)/2) times those of the scale before: what is still to come is R delta, R = g + g^2 + ... + g^k + g^k, and
 * R - 1 > 1 takes the place of the 1. The sides have a third grid of 4h: the error is no less than half the step before. */
#include "experiment/budget.h"
#include "measure/slope.h"

#include <math.h>

/* ---- what points ask of a bar */

double rg_points_remainder(const rg_grid *grid, size_t count, const double *law) {
    const ptrdiff_t n = rg_grid_cells(grid);
    const double volume = rg_grid_cell_volume(grid), g = exp2(0.5 * (grid->dim - 2));
    double square = 0; /* sum of m^2 over cells: 1 / how many cells hold the law */
    for (ptrdiff_t i = 0; i < n; i++) square += law[i] * law[i];
    const double k = fmax(0, log2((double)count * square * volume * volume) / grid->dim), last = pow(g, k);
    return (grid->dim == 2 ? k : g * (last - 1) / (g - 1)) + last;
}

/* Spacing of the other grid over that of this one. */
static double coarser(const rg_grid *grid, const rg_grid *other) {
    return pow((double)rg_grid_cells(grid) / (double)rg_grid_cells(other), 1.0 / grid->dim);
}

double rg_grid_error_factor(const rg_grid *grid, const rg_grid *other) {
    return fmax(1, 1 / fabs(coarser(grid, other) - 1));
}

rg_value rg_points_extrapolate(const rg_grid *fine, const rg_grid *rough, rg_value w, rg_value w_rough,
                               double remainder) {
    const double ratio = coarser(fine, rough);
    const double delta = (w.value - w_rough.value) / (ratio - 1);
    return (rg_value){w.value + delta,
                      fabs(delta) * fmax(1, remainder - 1) + w.error + (w.error + w_rough.error) / fabs(ratio - 1)};
}

double rg_points_chance(const rg_grid *grid, size_t count, const double *points) {
    return rg_law_displacement(grid, count, points) / sqrt((double)count);
}

/* Drawn laws differ from the law by about the diameter over the root of the number of draws, as means of functions that vary
 * by that much do. */
void rg_points_of_truth(const rg_ladder *l, const double *law, double *remainder, double *chance) {
    const rg_density_spec *spec = &l->experiment->density;
    const int given = rg_given_by_points(spec);
    *remainder = given ? rg_points_remainder(&l->grid, spec->samples, law) : 1;
    *chance = given ? rg_points_chance(&l->grid, spec->samples, spec->points)
                    : rg_slope_range(&l->grid) / sqrt((double)RG_TRUTH_DRAWS);
}

/* ---- the corners on grids of 2^e times as many points an axis */

enum { TRUTH, SAMPLED, STOPPED, BOTH, CORNERS };
enum { LOWEST = -2, HIGHEST = 4, LEVELS = HIGHEST - LOWEST + 1, MOST_CELLS = 1 << 19 };

typedef struct level {
    rg_ladder ladder; /* on its grid */
    rg_ruler ruler;
    double *law[CORNERS]; /* NULL: not needed so far */
    int has_density;      /* of the truth there */
} level;

typedef struct square {
    level level[LEVELS];
    int top; /* the finest grid that points are put on */
    int has_density;
} square;

static const int from_corner[RG_SQUARE] = {TRUTH, SAMPLED, STOPPED, TRUTH, TRUTH};
static const int to_corner[RG_SQUARE] = {SAMPLED, BOTH, BOTH, BOTH, STOPPED};

static rg_status open_level(const rg_ladder *ladder, int e, level *at, rg_diagnostic *diagnostic) {
    const rg_grid *g = &ladder->grid;
    ptrdiff_t shape[RG_MAX_DIM] = {1, 1, 1};
    if (at->ruler.transport) return RG_OK;
    at->ladder = *ladder;
    for (int a = 0; a < g->dim; a++) {
        shape[a] = e < 0 ? g->shape[a] >> -e : g->shape[a] << e;
        if (shape[a] < RG_MIN_POINTS) shape[a] = RG_MIN_POINTS;
    }
    rg_status status = rg_grid_init(g->dim, shape, g->lower, g->length, &at->ladder.grid);
    if (!status) status = rg_ruler_create(&at->ladder.grid, &at->ruler);
    return status ? rg_fail(diagnostic, status, "budget: out of memory") : RG_OK;
}

static void close_levels(square *s) {
    for (int i = 0; i < LEVELS; i++) {
        rg_ruler_free(&s->level[i].ruler);
        for (int k = 0; k < CORNERS; k++) rg_free(s->level[i].law[k]);
    }
}

static rg_status fill_corner(level *at, int which, rg_diagnostic *diagnostic) {
    const rg_ladder *l = &at->ladder;
    if (at->law[which]) return RG_OK;
    double *law = at->law[which] = rg_field_alloc((size_t)rg_grid_cells(&l->grid));
    if (!law) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    switch (which) {
    case TRUTH:
        return rg_law_of_truth(l->experiment, &l->grid, law, &at->has_density, diagnostic);
    case SAMPLED:
        rg_law_of_points(&l->grid, l->samples, l->points, 0, law);
        return RG_OK;
    case STOPPED:
        return rg_law_of_stopped(l, law, diagnostic);
    default:
        return rg_law_of_smoothed(l, law, diagnostic);
    }
}

static rg_status side_at(square *s, const rg_ladder *ladder, int e, int side, rg_value *w1, rg_diagnostic *diagnostic) {
    level *at = &s->level[e - LOWEST];
    const int from = from_corner[side], to = to_corner[side];
    rg_status status = open_level(ladder, e, at, diagnostic);
    if (!status) status = fill_corner(at, from, diagnostic);
    if (!status) status = fill_corner(at, to, diagnostic);
    return status ? status : rg_ruler_w1(&at->ruler, at->law[from], at->law[to], w1, diagnostic);
}

/* ---- one side */

static rg_status smooth_side(square *s, const rg_ladder *l, int side, rg_value *w1, rg_diagnostic *diagnostic) {
    rg_value rough = {0, 0};
    rg_status status = side_at(s, l, 0, side, w1, diagnostic);
    if (!status) status = side_at(s, l, -1, side, &rough, diagnostic);
    w1->error += rough.error + fabs(w1->value - rough.value);
    return status;
}

static rg_status side_of_points(square *s, const rg_ladder *l, int side, rg_value *w1, rg_diagnostic *diagnostic) {
    const int sampled = from_corner[side] == SAMPLED || to_corner[side] == SAMPLED;
    rg_value w[3] = {{0, 0}};
    rg_status status = RG_OK;
    for (int k = 0; !status && k < 3; k++) status = side_at(s, l, s->top - k, side, &w[k], diagnostic);
    if (status) return status;
    level *fine = &s->level[s->top - LOWEST], *rough = fine - 1;
    double remainder = 1, chance = 0;
    if (sampled) {
        remainder = rg_points_remainder(&fine->ladder.grid, l->samples, fine->law[SAMPLED]);
        chance = rg_points_chance(&fine->ladder.grid, l->samples, l->points);
    }
    if (from_corner[side] == TRUTH && !fine->has_density) {
        double more, other;
        rg_points_of_truth(&fine->ladder, fine->law[TRUTH], &more, &other);
        remainder = fmax(remainder, more);
        chance += other;
    }
    *w1 = rg_points_extrapolate(&fine->ladder.grid, &rough->ladder.grid, w[0], w[1], remainder);
    w1->error = fmax(w1->error, 0.5 * fabs(w[1].value - w[2].value)) + chance;
    return RG_OK;
}

static rg_status measure(square *s, const rg_ladder *l, const int wanted[RG_SQUARE], rg_value side[RG_SQUARE],
                         rg_diagnostic *diagnostic) {
    rg_status status = RG_OK;
    for (int k = 0; !status && k < RG_SQUARE; k++) {
        side[k] = (rg_value){nan(""), 0};
        if (!wanted[k]) continue;
        const int points =
            from_corner[k] == SAMPLED || to_corner[k] == SAMPLED || (from_corner[k] == TRUTH && !s->has_density);
        status = (points ? side_of_points : smooth_side)(s, l, k, &side[k], diagnostic);
    }
    return status;
}

rg_status rg_square_measure(const rg_ladder *ladder, int has_density, const int wanted[RG_SQUARE],
                            rg_value side[RG_SQUARE], rg_diagnostic *diagnostic) {
    square *s = rg_alloc(1, sizeof *s);
    if (!s) return rg_fail(diagnostic, RG_ENOMEM, "budget: out of memory");
    const int dim = ladder->grid.dim;
    s->has_density = has_density;
    s->top = dim == 1 ? HIGHEST : rg_grid_cells(&ladder->grid) <= MOST_CELLS >> dim ? 1 : 0;
    const rg_status status = measure(s, ladder, wanted, side, diagnostic);
    close_levels(s);
    rg_free(s);
    return status;
}
