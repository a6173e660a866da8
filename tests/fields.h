/* Fields for tests of the numerics: grids of every parity, seeded noise, shifted, mirrored and transposed copies, and
 * comparisons in the root mean square. Include after cmocka.h. */
#ifndef FIELDS_H
#define FIELDS_H

#include <rotgrad/grid.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

static const double box_lower[] = {0.4, -1.1, 2.0}, box_length[] = {2.3, 0.7, 6.1};
static const double not_a_number = (double)NAN, infinity = (double)INFINITY;
static const double pi = 3.14159265358979323846;

/* A transform of n values leaves a relative error of about log2(n) roundings in the root mean square; a chain of a few
 * transforms and products stays below this for every size used here. */
static const double rounding = 32 * DBL_EPSILON;

/* NaN fails. */
#define assert_below(value, bound) check_below(value, bound, #value, __FILE__, __LINE__)
static inline void check_below(double value, double bound, const char *text, const char *file, int line) {
    if (value <= bound) return;
    print_error("%s = %.3e, allowed %.3e\n", text, value, bound);
    _fail(file, line);
}

#define assert_ok(call) assert_int_equal(call, RG_OK)

/* ---- grids */

typedef struct sizes {
    int dim;
    ptrdiff_t shape[RG_MAX_DIM];
} sizes;

/* Even, odd, mixed, all different, and the smallest allowed. */
static const sizes all_sizes[] = {
    {1, {12, 1, 1}},  {1, {15, 1, 1}}, {1, {4, 1, 1}},  {2, {10, 12, 1}}, {2, {9, 15, 1}},
    {2, {10, 15, 1}}, {2, {9, 14, 1}}, {3, {6, 8, 10}}, {3, {5, 7, 9}},   {3, {6, 7, 9}},
    {3, {5, 8, 7}},   {3, {7, 5, 6}},  {3, {4, 6, 5}},
};

static inline rg_grid grid_of(int dim, const ptrdiff_t *shape) {
    rg_grid grid;
    assert_ok(rg_grid_init(dim, shape, box_lower, box_length, &grid));
    return grid;
}

/* The largest |k| on the grid, Nyquist included, and the smallest that is not 0. */
static inline double k_max(const rg_grid *grid) {
    double kk = 0;
    for (int a = 0; a < grid->dim; a++) kk += pow(pi / rg_grid_spacing(grid, a), 2);
    return sqrt(kk);
}

static inline double k_min(const rg_grid *grid) {
    double k = HUGE_VAL;
    for (int a = 0; a < grid->dim; a++) k = fmin(k, 2 * pi / grid->length[a]);
    return k;
}

/* Where a cell stands along each axis. */
static inline void place_of(const rg_grid *grid, ptrdiff_t cell, ptrdiff_t place[RG_MAX_DIM]) {
    for (int a = RG_MAX_DIM - 1; a >= 0; a--) {
        place[a] = cell % grid->shape[a];
        cell /= grid->shape[a];
    }
}

static inline ptrdiff_t cell_at(const rg_grid *grid, const ptrdiff_t place[RG_MAX_DIM]) {
    return (place[0] * grid->shape[1] + place[1]) * grid->shape[2] + place[2];
}

/* Angles 2 pi (x - lower) / length, in [0, 2 pi). */
static inline void angles_of(const rg_grid *grid, ptrdiff_t cell, double angle[RG_MAX_DIM]) {
    ptrdiff_t place[RG_MAX_DIM];
    place_of(grid, cell, place);
    for (int a = 0; a < RG_MAX_DIM; a++) angle[a] = 2 * pi * (double)place[a] / (double)grid->shape[a];
}

/* ---- fields */

static inline double *field(ptrdiff_t count) {
    double *a = rg_field_alloc((size_t)count);
    assert_non_null(a);
    return a;
}

/* Uniform in [-1, 1]: every mode of the grid is present, Nyquist modes too. */
static inline double *noise(ptrdiff_t count, uint64_t seed) {
    double *a = field(count);
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
    for (ptrdiff_t i = 0; i < count; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        a[i] = (double)(int64_t)state * 0x1p-63;
    }
    return a;
}

static inline double *copy_of(ptrdiff_t count, const double *a) {
    double *b = field(count);
    memcpy(b, a, (size_t)count * sizeof *b);
    return b;
}

static inline double rms(ptrdiff_t count, const double *a) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += a[i] * a[i];
    return sqrt(sum / (double)count);
}

static inline double rms_difference(ptrdiff_t count, const double *a, const double *b) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum / (double)count);
}

/* Sums that are compared to rounding are taken in long double: a plain sum of n terms loses sqrt(n) roundings. */
static inline double mean_product(ptrdiff_t count, const double *a, const double *b) {
    long double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += (long double)a[i] * (long double)b[i];
    return (double)(sum / count);
}

static inline double mean(ptrdiff_t count, const double *a) {
    long double sum = 0;
    for (ptrdiff_t i = 0; i < count; i++) sum += (long double)a[i];
    return (double)(sum / count);
}

static inline int same_bits(ptrdiff_t count, const double *a, const double *b) {
    return memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

/* Takes the Nyquist modes of each even axis out of a scalar field, without a transform. */
static inline void drop_nyquist(const rg_grid *grid, double *f) {
    ptrdiff_t inner = rg_grid_cells(grid);
    for (int a = 0; a < grid->dim; a++) {
        const ptrdiff_t n = grid->shape[a], outer = rg_grid_cells(grid) / inner;
        inner /= n;
        for (ptrdiff_t line = 0; n % 2 == 0 && line < outer * inner; line++) {
            double *first = f + line / inner * n * inner + line % inner, sum = 0;
            for (ptrdiff_t j = 0; j < n; j++) sum += (j % 2 ? -1 : 1) * first[j * inner];
            for (ptrdiff_t j = 0; j < n; j++) first[j * inner] -= (j % 2 ? -1 : 1) * sum / (double)n;
        }
    }
}

/* ---- symmetries of the torus */

/* New axis b is old axis axis[b], its points counted backwards where mirror[b] is set, and starting shift[b] points on. */
typedef struct symmetry {
    const char *name;
    int axis[RG_MAX_DIM], mirror[RG_MAX_DIM];
    ptrdiff_t shift[RG_MAX_DIM];
} symmetry;

static const symmetry symmetries[] = {
    {"shift", {0, 1, 2}, {0, 0, 0}, {3, 2, 1}},         {"mirror axis 0", {0, 1, 2}, {1, 0, 0}, {0, 0, 0}},
    {"mirror axis 1", {0, 1, 2}, {0, 1, 0}, {0, 0, 0}}, {"mirror axis 2", {0, 1, 2}, {0, 0, 1}, {0, 0, 0}},
    {"transpose", {1, 0, 2}, {0, 0, 0}, {0, 0, 0}},     {"all at once", {2, 0, 1}, {1, 0, 1}, {1, 3, 2}},
};

/* Whether the symmetry is one of a grid of this dimension. */
static inline int applies(const symmetry *y, int dim) {
    for (int b = 0; b < RG_MAX_DIM; b++)
        if ((b < dim) != (y->axis[b] < dim) || (b >= dim && y->mirror[b])) return 0;
    return 1;
}

static inline rg_grid moved_grid(const symmetry *y, const rg_grid *grid) {
    ptrdiff_t shape[RG_MAX_DIM];
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    for (int b = 0; b < grid->dim; b++) {
        shape[b] = grid->shape[y->axis[b]];
        lower[b] = grid->lower[y->axis[b]];
        length[b] = grid->length[y->axis[b]];
    }
    rg_grid moved;
    assert_ok(rg_grid_init(grid->dim, shape, lower, length, &moved));
    return moved;
}

/* The field as it stands after the symmetry: one scalar, or d components that are exchanged and turned round too. */
static inline double *moved(const symmetry *y, const rg_grid *grid, int is_vector, const double *in) {
    const rg_grid target = moved_grid(y, grid);
    const ptrdiff_t n = rg_grid_cells(grid);
    const int components = is_vector ? grid->dim : 1;
    double *out = field(components * n);
    for (int b = 0; b < components; b++) {
        const double sign = is_vector && y->mirror[b] ? -1 : 1;
        const double *from = is_vector ? in + y->axis[b] * n : in;
        for (ptrdiff_t i = 0; i < n; i++) {
            ptrdiff_t place[RG_MAX_DIM], old[RG_MAX_DIM] = {0};
            place_of(&target, i, place);
            for (int c = 0; c < grid->dim; c++) {
                const ptrdiff_t size = target.shape[c];
                old[y->axis[c]] = ((y->mirror[c] ? -place[c] : place[c]) + y->shift[c] + size) % size;
            }
            out[b * n + i] = sign * from[cell_at(grid, old)];
        }
    }
    return out;
}

#endif
