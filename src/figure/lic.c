/* The value of a pixel is the mean of noise along the streamline through it,
 *
 *     sum_s w(s) N(x(s)) / sqrt(sum_s w(s)^2),    dx/ds = +-v / |v|,    w(s) = (1 + cos(pi s / S)) / 2,
 *
 * over STEPS steps to either side, each one grain of the noise long; S is a little longer. The denominator keeps the
 * deviation the same where a streamline ends early; the rest is divided out at the end. A step goes along the direction
 * found half a step ahead (midpoint rule), where the noise is taken as well.
 *
 * Directions and noise stand in one image of nodes, a pixel each. It is wider than the picture by the reach of a
 * streamline on all sides, so that the periodic field needs no wrapping on the way. A few pixels are followed at a time:
 * each lookup waits for the one before it on its own streamline, but not for those of the others.
 *
 * Source: Cabral and Leedom, Imaging vector fields using line integral convolution, SIGGRAPH 1993. */
#include "figure/lic.h"
#include "base/base.h"
#include "figure/periodic.h"

#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

enum { STEPS = 24, LANES = 8 };

struct node {
    float dx, dy;  /* direction in the image, y downwards, of length 1; both 0 where nothing flows */
    float noise;   /* of mean 0 */
    float flowing; /* 1, or 0 where streamlines end */
};

struct image {
    const rg_lic *lic;
    ptrdiff_t margin, columns, rows;
    struct node *node;           /* rows * columns */
    float weight[2 * STEPS + 1]; /* of half steps */
    float *value;
};

/* ---- nodes */

/* Streamlines end at plain points; next to them the vector is taken from the others. Every vector is divided by the
 * largest component around, so neither huge nor tiny ones leave the range of a double. */
static void set_direction(const rg_lic *lic, const rg_place *place, struct node *node) {
    const double *u = lic->vector, *v = u + lic->shape[0] * lic->shape[1];
    double largest = 0, across = 0, up = 0;
    int flows[4];
    for (int c = 0; c < 4; c++) {
        const double a = fabs(u[place->corner[c]]), b = fabs(v[place->corner[c]]), most = a > b ? a : b;
        flows[c] = isfinite(a) && isfinite(b);
        if (flows[c] && most > largest) largest = most;
    }
    const ptrdiff_t own = place->nearest;
    if (!isfinite(u[own]) || !isfinite(v[own]) || (u[own] == 0 && v[own] == 0)) return;
    for (int c = 0; c < 4; c++) {
        if (!flows[c]) continue;
        across += place->weight[c] * (u[place->corner[c]] / largest);
        up += place->weight[c] * (v[place->corner[c]] / largest);
    }
    up *= lic->aspect;
    const double length = hypot(across, up);
    if (!(length > 0)) return;
    node->dx = (float)(across / length);
    node->dy = (float)(-up / length);
    node->flowing = 1;
}

/* A counter-based stream: an integer hash of full avalanche (Wellons, "lowbias32"), to [-1, 1). */
static float white_noise(uint32_t counter) {
    counter ^= counter >> 16;
    counter *= 0x7feb352dU;
    counter ^= counter >> 15;
    counter *= 0x846ca68bU;
    counter ^= counter >> 16;
    return (float)(counter >> 8) * 0x1p-23F - 1;
}

static int wrapped(ptrdiff_t index, int period) {
    const int rest = (int)(index % period);
    return rest < 0 ? rest + period : rest;
}

/* Periodic white noise under a tent that is 2 grain - 1 pixels wide: so smooth that steps of one grain miss nothing. */
static float noise_at(const rg_lic *lic, int x, int y) {
    const int reach = lic->grain - 1;
    float sum = 0;
    for (int b = -reach; b <= reach; b++)
        for (int a = -reach; a <= reach; a++) {
            const int column = wrapped(x + a, lic->width), row = wrapped(y + b, lic->height);
            const int weight = (lic->grain - abs(a)) * (lic->grain - abs(b));
            sum += (float)weight * white_noise((uint32_t)row * (uint32_t)lic->width + (uint32_t)column + 1);
        }
    return sum;
}

static void fill_nodes(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct image *image = data;
    const rg_lic *lic = image->lic;
    for (ptrdiff_t k = begin; k < end; k++) {
        const int x = wrapped(k % image->columns - image->margin, lic->width);
        const int y = wrapped(k / image->columns - image->margin, lic->height);
        const rg_between across = rg_between_points(lic->shape[0], (x + 0.5) / lic->width, 0);
        const rg_between up = rg_between_points(lic->shape[1], 1 - (y + 0.5) / lic->height, 0);
        const rg_place place = rg_place_between(&across, &up, lic->shape[1]);
        image->node[k].noise = noise_at(lic, x, y);
        set_direction(lic, &place, &image->node[k]);
    }
}

/* ---- streamlines */

struct lanes {
    float x[LANES], y[LANES]; /* in nodes */
    const struct node *at[LANES];
    float alive[LANES]; /* 0 once a streamline has ended */
    float sum[LANES], squares[LANES];
};

static const struct node *node_at(const struct image *image, float x, float y) {
    return &image->node[(ptrdiff_t)(int)y * image->columns + (int)x];
}

/* `forward`: the length of a step, negative against the field. */
static void follow(const struct image *image, const struct lanes *start, float forward, struct lanes *lanes) {
    for (int l = 0; l < LANES; l++) {
        lanes->x[l] = start->x[l];
        lanes->y[l] = start->y[l];
        lanes->at[l] = start->at[l];
        lanes->alive[l] = start->at[l]->flowing;
    }
    const float half = forward / 2;
    for (int s = 1; s <= STEPS; s++)
        for (int l = 0; l < LANES; l++) {
            const struct node *here = lanes->at[l];
            const struct node *ahead = node_at(image, lanes->x[l] + half * here->dx, lanes->y[l] + half * here->dy);
            lanes->x[l] += forward * ahead->dx;
            lanes->y[l] += forward * ahead->dy;
            const struct node *there = lanes->at[l] = node_at(image, lanes->x[l], lanes->y[l]);
            lanes->alive[l] *= ahead->flowing * there->flowing;
            const float midway = image->weight[2 * s - 1] * lanes->alive[l];
            const float after = image->weight[2 * s] * lanes->alive[l];
            lanes->sum[l] += midway * ahead->noise + after * there->noise;
            lanes->squares[l] += midway * midway + after * after;
        }
}

static void convolve_some(const struct image *image, ptrdiff_t first, int count) {
    struct lanes start, lanes;
    for (int l = 0; l < LANES; l++) {
        const ptrdiff_t pixel = first + (l < count ? l : 0);
        const ptrdiff_t row = pixel / image->lic->width, column = pixel % image->lic->width;
        start.x[l] = (float)(column + image->margin) + 0.5F;
        start.y[l] = (float)(row + image->margin) + 0.5F;
        start.at[l] = node_at(image, start.x[l], start.y[l]);
        lanes.sum[l] = start.at[l]->noise;
        lanes.squares[l] = 1;
    }
    follow(image, &start, (float)image->lic->grain, &lanes);
    follow(image, &start, (float)-image->lic->grain, &lanes);
    for (int l = 0; l < count; l++)
        image->value[first + l] = start.at[l]->flowing > 0 ? lanes.sum[l] / sqrtf(lanes.squares[l]) : NAN;
}

static void convolve(void *data, ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t k = begin; k < end; k += LANES) convolve_some(data, k, end - k < LANES ? (int)(end - k) : LANES);
}

/* ---- mean 0, deviation 1 */

struct moments {
    const float *value;
    double mean;
};

static double count_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct moments *m = data;
    double count = 0;
    for (ptrdiff_t k = begin; k < end; k++) count += isnan(m->value[k]) ? 0 : 1;
    return count;
}

static double sum_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct moments *m = data;
    double sum = 0;
    for (ptrdiff_t k = begin; k < end; k++) sum += isnan(m->value[k]) ? 0 : (double)m->value[k];
    return sum;
}

static double square_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct moments *m = data;
    double sum = 0;
    for (ptrdiff_t k = begin; k < end; k++) {
        const double off = isnan(m->value[k]) ? 0 : (double)m->value[k] - m->mean;
        sum += off * off;
    }
    return sum;
}

struct rescale {
    float *value;
    float mean, factor;
};

static void rescale_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct rescale *r = data;
    for (ptrdiff_t k = begin; k < end; k++) r->value[k] = (r->value[k] - r->mean) * r->factor;
}

static void normalise(ptrdiff_t n, float *value) {
    struct moments m = {value, 0};
    const double count = rg_reduce(n, count_block, &m);
    if (count < 1) return;
    m.mean = rg_reduce(n, sum_block, &m) / count;
    const double deviation = sqrt(rg_reduce(n, square_block, &m) / count);
    rg_parallel(n, rescale_block,
                &(struct rescale){value, (float)m.mean, deviation > 0 ? (float)(1 / deviation) : 1.0F});
}

rg_status rg_lic_convolve(const rg_lic *lic, float *value, rg_diagnostic *diagnostic) {
    struct image image = {.lic = lic, .margin = (STEPS + 1) * lic->grain + 1, .value = value};
    image.columns = lic->width + 2 * image.margin;
    image.rows = lic->height + 2 * image.margin;
    image.node = rg_alloc(rg_size_product((size_t)image.columns, (size_t)image.rows), sizeof *image.node);
    if (!image.node) return rg_fail(diagnostic, RG_ENOMEM, "out of memory for the flow");
    for (int s = 0; s <= 2 * STEPS; s++) image.weight[s] = (float)((1 + cos(PI * s / (2 * STEPS + 1))) / 2);
    rg_parallel(image.columns * image.rows, fill_nodes, &image);
    const ptrdiff_t n = (ptrdiff_t)lic->width * lic->height;
    rg_parallel(n, convolve, &image);
    normalise(n, value);
    rg_free(image.node);
    return RG_OK;
}
