/* The two nearest places among many points: equal points are one place, named by the first. Tiles of matrix products give
 * distances with a rounding that is known; whoever may be among the two nearest gets an exact one. */
#include "diffusion/point_products.h"

#include <rotgrad/memorise.h>

#include <limits.h>
#include <math.h>
#include <omp.h>

struct search {
    size_t dim, train, count;
    const double *train_points, *points;
    int leave_out;
    double *half; /* (train) |y|^2 / 2 */
    double largest;
    rg_neighbours *neighbour;
    double *product;     /* (threads, RG_TILE, RG_BLOCK) */
    double (*square)[2]; /* (count) squares of the two least distances */
};

/* By value: 0 and -0 are one number. */
static int same_place(const struct search *s, size_t a, size_t b) {
    const double *x = s->train_points + a * s->dim, *y = s->train_points + b * s->dim;
    for (size_t i = 0; i < s->dim; i++)
        if (x[i] != y[i]) return 0;
    return 1;
}

/* A point j with the square distance d comes behind equally far ones. */
static void offer(rg_neighbours *n, double square[2], size_t j, double d) {
    const int place = d < square[0] ? 0 : d < square[1] ? 1 : 2;
    if (place == 2) return;
    if (place == 0) {
        square[1] = square[0];
        n->index[1] = n->index[0];
    }
    square[place] = d;
    n->index[place] = j;
}

static void search_row(const struct search *s, size_t i, size_t begin, size_t count, const double *product) {
    const double *x = s->points + i * s->dim, half = rg_half_square(s->dim, x), size = sqrt(2 * half);
    const double rounding = 2 * rg_product_rounding(s->dim) * (size + s->largest) * (size + s->largest);
    for (size_t j = 0; j < count; j++) {
        const double about = 2 * (half + s->half[begin + j] - product[j]);
        if (about - rounding > s->square[i][1] || (s->leave_out && begin + j == i)) continue;
        const double exact = rg_point_square(s->dim, x, s->train_points + (begin + j) * s->dim);
        if (exact == s->square[i][0] && same_place(s, s->neighbour[i].index[0], begin + j)) continue;
        if (s->leave_out && exact == 0) continue;
        offer(&s->neighbour[i], s->square[i], begin + j, exact);
    }
}

static void search_tile(const struct search *s, size_t begin, size_t rows, double *product) {
    for (size_t i = begin; i < begin + rows; i++) s->square[i][0] = s->square[i][1] = HUGE_VAL;
    for (size_t block = 0; block < s->train; block += RG_BLOCK) {
        const size_t count = s->train - block < RG_BLOCK ? s->train - block : RG_BLOCK;
        rg_products(rows, count, s->dim, s->points + begin * s->dim, s->train_points + block * s->dim, product);
        for (size_t i = 0; i < rows; i++) search_row(s, begin + i, block, count, product + i * count);
    }
    for (size_t i = begin; i < begin + rows; i++)
        for (int k = 0; k < 2; k++) s->neighbour[i].distance[k] = sqrt(s->square[i][k]);
}

/* As many tiles at a time as there are threads, so that progress is asked now and then. */
static rg_status search_all(struct search *s, rg_progress *progress, void *data) {
    const size_t tiles = (s->count + RG_TILE - 1) / RG_TILE, round = 8;
    rg_dense_begin();
    rg_status status = RG_OK;
    for (size_t first = 0; !status && first < tiles; first += round) {
        const size_t last = first + round < tiles ? first + round : tiles;
#pragma omp parallel for schedule(dynamic)
        for (size_t t = first; t < last; t++) {
            const size_t begin = t * RG_TILE, rows = s->count - begin < RG_TILE ? s->count - begin : RG_TILE;
            search_tile(s, begin, rows, s->product + (size_t)omp_get_thread_num() * RG_TILE * RG_BLOCK);
        }
        if (progress && progress(data, (double)last / (double)tiles, "neighbours")) status = RG_ECANCELLED;
    }
    rg_dense_end();
    return status;
}

rg_status rg_two_nearest(size_t dim, size_t train, const double *train_points, size_t count, const double *points,
                         int leave_out, rg_neighbours *neighbour, rg_progress *progress, void *progress_data) {
    if (dim < 1 || dim > INT_MAX || train < 2 || train > INT_MAX || (leave_out && train < 3) || !train_points ||
        !points || !neighbour || (leave_out && count != train))
        return RG_EINVAL;
    struct search s = {.dim = dim,
                       .train = train,
                       .count = count,
                       .train_points = train_points,
                       .points = points,
                       .leave_out = leave_out,
                       .neighbour = neighbour};
    s.half = rg_field_alloc(train);
    s.product = rg_field_alloc(rg_size_product((size_t)omp_get_max_threads(), RG_TILE * RG_BLOCK));
    s.square = rg_alloc(count, sizeof *s.square);
    rg_status status = s.half && s.product && s.square ? RG_OK : RG_ENOMEM;
    for (size_t j = 0; !status && j < train; j++) {
        s.half[j] = rg_half_square(dim, train_points + j * dim);
        s.largest = fmax(s.largest, sqrt(2 * s.half[j]));
    }
    if (!status) status = search_all(&s, progress, progress_data);
    rg_free(s.half);
    rg_free(s.product);
    rg_free(s.square);
    return status;
}
