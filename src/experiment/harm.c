/* Attribution (docs/theory.md 3), for churn 1. With M_v = p_v m_v, m_v(x) = E[delta_end(X_min) | X_v = x], the heat flow of
 * p delta at the end,
 *   KL_lin = int dv int a_v dx,   a_v = 1/2 p_v grad m_v . grad phi_v = 1/2 (grad M_v - s_v M_v) . grad phi_v:
 * nothing is divided by p.
 *
 * Between two neighbouring levels of the table everything is smooth: there Simpson's rule in t = log(v + soft). Its ends are
 * the levels of the table themselves, which two intervals share. (Lobatto's rule with four nodes, for half as many splits
 * again, took the error from 7e-8 to 9e-10 on mixture_2d and from 9e-6 to 4e-6 on alanine_medium.) */
#include "experiment/harm.h"

#include "base/base.h"
#include "grid/modes.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { PER_INTERVAL = 2 };
static const double weight[PER_INTERVAL + 1] = {1.0 / 6, 4.0 / 6, 1.0 / 6};

rg_status rg_harm_create(const rg_grid *grid, size_t stops, const double *stop, double soft, rg_harm *h) {
    const size_t n = (size_t)rg_grid_cells(grid), d = (size_t)grid->dim;
    *h = (rg_harm){.grid = *grid, .stops = stops, .stop = stop, .soft = soft};
    double **field[] = {&h->response, &h->smoothed, &h->density, &h->map};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        if (!(*field[i] = rg_field_alloc(n))) return RG_ENOMEM;
    h->slope = rg_field_alloc(rg_size_product(n, d));
    h->interval = rg_alloc(stops - 1, sizeof *h->interval);
    h->profile = rg_alloc((stops - 1) * d * RG_HARM_BINS, sizeof *h->profile);
    h->level = rg_alloc(stops, sizeof *h->level);
    if (!h->slope || !h->interval || !h->profile || !h->level) return RG_ENOMEM;
    for (int r = 0; r < 2; r++) {
        const rg_status status = rg_level_create(grid, &h->room[r]);
        if (status) return status;
    }
    return rg_spectral_create(grid, RG_PLAN_ESTIMATE, &h->spectral);
}

void rg_harm_free(rg_harm *h) {
    double *field[] = {h->response, h->smoothed, h->density, h->map, h->slope, h->profile};
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) rg_free(field[i]);
    rg_free(h->interval);
    rg_free(h->level);
    for (int r = 0; r < 2; r++) rg_level_free(&h->room[r]);
    rg_spectral_destroy(h->spectral);
    *h = (rg_harm){0};
}

/* ---- nodes */

static size_t nodes(const rg_harm *h) {
    return PER_INTERVAL * (h->stops - 1) + 1;
}

static double width(const rg_harm *h, size_t interval) {
    return log((h->stop[interval + 1] + h->soft) / (h->stop[interval] + h->soft));
}

/* The ends exactly. */
static double variance_at(const rg_harm *h, size_t node) {
    const size_t interval = node / PER_INTERVAL, place = node % PER_INTERVAL;
    if (place == 0) return h->stop[interval];
    const double t = (double)place / PER_INTERVAL * width(h, interval);
    return (h->stop[interval] + h->soft) * exp(t) - h->soft;
}

/* ---- one node */

struct point {
    const rg_harm *h;
    const rg_level *level;
    int sign; /* of what is summed: 0 both */
};

/* a_v from M and grad M */
static void density_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct point *p = data;
    const rg_harm *h = p->h;
    const ptrdiff_t n = h->spectral->cells;
    for (ptrdiff_t i = begin; i < end; i++) h->density[i] = 0;
    for (int a = 0; a < h->grid.dim; a++) {
        const double *slope = h->slope + a * n, *score = p->level->score + a * n, *phi = p->level->gradient + a * n;
        for (ptrdiff_t i = begin; i < end; i++) h->density[i] += 0.5 * (slope[i] - score[i] * h->smoothed[i]) * phi[i];
    }
}

static double sum_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct point *p = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double a = p->h->density[i];
        sum += p->sign == 0 || p->sign * a > 0 ? a : 0;
    }
    return sum;
}

static double integral(const rg_harm *h, int sign) {
    return rg_reduce(h->spectral->cells, sum_block, &(struct point){h, NULL, sign}) * rg_grid_cell_volume(&h->grid);
}

static void add_map(rg_harm *h, double by) {
    for (ptrdiff_t i = 0; i < h->spectral->cells; i++) h->map[i] += by * h->density[i];
}

static void add_profile(rg_harm *h, size_t interval, double by) {
    const ptrdiff_t *n = h->grid.shape;
    double *profile = h->profile + interval * (size_t)h->grid.dim * RG_HARM_BINS;
    const double cell = by * rg_grid_cell_volume(&h->grid);
    assert(h->grid.dim <= RG_MAX_DIM);
    for (ptrdiff_t i = 0; i < h->spectral->cells; i++) {
        const ptrdiff_t at[RG_MAX_DIM] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        for (int a = 0; a < h->grid.dim; a++)
            profile[a * RG_HARM_BINS + at[a] * RG_HARM_BINS / n[a]] += cell * h->density[i];
    }
}

/* The node's share of one of the intervals that it belongs to. */
static void add_to_interval(rg_harm *h, size_t interval, size_t place, double variance, const rg_harm_level *now) {
    const double by = width(h, interval) * weight[place] * (variance + h->soft);
    rg_harm_interval *to = &h->interval[interval];
    to->total += by * now->total;
    to->positive += by * now->positive;
    to->negative += by * now->negative;
    add_map(h, by);
    add_profile(h, interval, by);
}

static rg_status add_node(rg_harm *h, const rg_level *level) {
    const size_t interval = h->node / PER_INTERVAL, place = h->node % PER_INTERVAL;
    rg_status status = rg_heat(h->spectral, level->variance - h->stop[0], h->response, h->smoothed);
    if (!status) status = rg_gradient(h->spectral, h->smoothed, h->slope);
    if (status) return status;
    rg_parallel(h->spectral->cells, density_block, &(struct point){h, level, 0});
    const rg_harm_level now = {integral(h, 0), integral(h, 1), integral(h, -1)};
    if (place > 0 || interval + 1 < h->stops) add_to_interval(h, interval, place, level->variance, &now);
    if (place == 0 && interval > 0) add_to_interval(h, interval - 1, PER_INTERVAL, level->variance, &now);
    if (place == 0) { /* per d log sigma: dv = 2 v d log sigma */
        const double by = 2 * level->variance;
        h->level[interval] = (rg_harm_level){by * now.total, by * now.positive, by * now.negative};
    }
    h->node++;
    return RG_OK;
}

rg_status rg_harm_step(rg_harm *h, rg_levels *levels, int *done, rg_diagnostic *diagnostic) {
    const size_t left = nodes(h) - h->node;
    const double variance[] = {variance_at(h, h->node), left > 1 ? variance_at(h, h->node + 1) : 0};
    rg_level *const room[] = {&h->room[0], &h->room[1]};
    rg_status status = left > 1 ? rg_levels_at_two(levels, variance, room, diagnostic)
                                : rg_levels_at(levels, variance[0], room[0], diagnostic);
    if (status) return status;
    for (int r = 0; !status && r < (left > 1 ? 2 : 1); r++) status = add_node(h, room[r]);
    *done = h->node == nodes(h);
    return status ? rg_fail(diagnostic, status, "harm: %s", rg_status_text(status)) : RG_OK;
}

/* ---- what it says */

/* The shortest run of entries, wrapping around if `wraps`, whose sum is at least `enough`; of equally short ones the one
 * that holds most. `length` of an entry; returns 0 where there is none. */
struct run {
    size_t first, count;
    double sum, length;
};

static int shortest_run(size_t count, const double *value, const double *length, int wraps, double enough,
                        struct run *best) {
    *best = (struct run){0, 0, 0, HUGE_VAL};
    for (size_t first = 0; first < count; first++) {
        struct run run = {first, 0, 0, 0};
        while (run.count < count && (wraps || first + run.count < count)) {
            const size_t i = (first + run.count++) % count;
            run.sum += value[i];
            run.length += length[i];
            if (!(run.sum >= enough)) continue;
            const double rounding = 1e-9 * run.length;
            if (run.length < best->length - rounding || (run.length < best->length + rounding && run.sum > best->sum))
                *best = run;
            break;
        }
    }
    return best->count > 0;
}

/* The levels that matter: the shortest run of intervals, in log(v + soft), with most of the harm. */
static int choose_band(const rg_harm *h, rg_outcome_harm *o, size_t *first, size_t *count) {
    const double most = 0.6;
    struct run run;
    double *value = h->smoothed, *length = h->density; /* scratch that is not needed any more */
    const size_t intervals = h->stops - 1;
    if (intervals > (size_t)h->spectral->cells) return 0;
    for (size_t i = 0; i < intervals; i++) {
        value[i] = h->interval[i].total;
        length[i] = width(h, i);
    }
    if (!shortest_run(intervals, value, length, 0, most * o->attributed_kl.value, &run)) return 0;
    o->band_low = sqrt(h->stop[run.first]);
    o->band_high = sqrt(h->stop[run.first + run.count]);
    o->band_share = run.sum / o->attributed_kl.value;
    *first = run.first;
    *count = run.count;
    return 1;
}

/* The part of the box that matters there: the shortest run of bins of an axis with half of the band's harm, of the axis
 * where it is the smallest share of the period. */
static void choose_region(const rg_harm *h, rg_outcome_harm *o, size_t first, size_t count) {
    const double half = 0.5, band = o->band_share * o->attributed_kl.value;
    struct run best = {0, 0, 0, HUGE_VAL};
    o->region_axis = -1;
    for (int a = 0; a < h->grid.dim; a++) {
        double value[RG_HARM_BINS] = {0}, length[RG_HARM_BINS];
        const int bins = h->grid.shape[a] < RG_HARM_BINS ? (int)h->grid.shape[a] : RG_HARM_BINS;
        struct run run;
        if (bins < RG_HARM_BINS) continue; /* cells would stand for bins of unequal size */
        for (int b = 0; b < RG_HARM_BINS; b++) {
            length[b] = 1.0 / RG_HARM_BINS;
            for (size_t i = first; i < first + count; i++)
                value[b] += h->profile[(i * (size_t)h->grid.dim + (size_t)a) * RG_HARM_BINS + (size_t)b];
        }
        if (!shortest_run(RG_HARM_BINS, value, length, 1, half * band, &run)) continue;
        if (run.count >= RG_HARM_BINS || !(run.length < best.length - 1e-9)) continue;
        best = run;
        o->region_axis = a;
    }
    if (o->region_axis < 0) return;
    const double bin = h->grid.length[o->region_axis] / RG_HARM_BINS;
    o->region_low = h->grid.lower[o->region_axis] + (double)best.first * bin;
    o->region_high = o->region_low + (double)best.count * bin;
    o->region_share = best.sum / band;
}

static void fill_levels(const rg_harm *h, rg_outcome *outcome) {
    for (size_t i = 0; i < outcome->levels && i < h->stops; i++) outcome->level[i].harm = h->level[h->stops - 1 - i];
}

void rg_harm_hand_over(rg_harm *h, rg_outcome *outcome) {
    rg_outcome_harm *o = &outcome->harm;
    size_t first, count;
    *o = (rg_outcome_harm){.known = 1, .region_axis = -1, .intervals = h->stops - 1};
    for (size_t i = 0; i + 1 < h->stops; i++) {
        o->attributed_kl.value += h->interval[i].total;
        h->interval[i].low = sqrt(h->stop[i]);
        h->interval[i].high = sqrt(h->stop[i + 1]);
    }
    if (o->attributed_kl.value > 0 && choose_band(h, o, &first, &count)) choose_region(h, o, first, count);
    fill_levels(h, outcome);
    o->interval = h->interval;
    o->map = h->map;
    h->interval = NULL;
    h->map = NULL;
}
