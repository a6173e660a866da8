/* See class_value.h. Gradients come from the library's own classes of functions: pair() with the unit vectors times the
 * root of the mass of each cell gives the rows whose products are the Gram matrix. */
#include "class_value.h"

#include "measure/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *room(size_t count) {
    double *numbers = rg_field_alloc(count);
    if (!numbers) abort();
    return numbers;
}

struct sums {
    const rg_grid *grid;
    const rg_level *level;
    const double *error;
    rg_linear_form form;
    rg_features *features;
    double total, *x, *field, *rows, *unused, *mean, *square;
};

static void place(const struct sums *s, size_t begin, size_t n) {
    const size_t d = (size_t)s->grid->dim;
    for (size_t i = 0; i < n; i++) {
        size_t rest = begin + i;
        for (size_t a = d; a-- > 0; rest /= (size_t)s->grid->shape[a])
            s->x[i * d + a] =
                s->grid->lower[a] + (double)(rest % (size_t)s->grid->shape[a]) * rg_grid_spacing(s->grid, (int)a);
    }
    s->features->load(s->features, n, s->x);
}

static void add_gram(struct sums *s, size_t begin, size_t n, double *gram) {
    const size_t d = (size_t)s->grid->dim;
    for (size_t axis = 0; axis < d; axis++) {
        for (size_t i = 0; i < n * d; i++)
            s->field[i] = i % d == axis ? sqrt(s->level->density[begin + i / d] / s->total) : 0;
        s->features->pair(s->features, n, s->field, 0, s->rows);
        rg_dense_add_square(n, s->features->count, s->rows, gram);
    }
}

static void add_term(struct sums *s, size_t begin, size_t n) {
    const size_t d = (size_t)s->grid->dim, k = s->features->count, cells = (size_t)rg_grid_cells(s->grid);
    const int stein = s->form == RG_LINEAR_STEIN;
    for (size_t i = 0; i < n * d; i++) {
        const size_t at = i % d * cells + begin + i / d;
        s->field[i] = s->error[at] + (stein ? s->level->score[at] : 0);
    }
    s->features->pair(s->features, n, s->field, stein, s->rows);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < k; j++) {
            const double mass = s->level->density[begin + i] / s->total, value = s->rows[i * k + j];
            s->mean[j] += mass * value;
            s->square[j] += mass * value * value;
        }
}

/* As rg_fit_solve scales and weighs. */
static void scale(class_value *v, const double *square) {
    const size_t k = v->count;
    double total = 0, *size = room(k);
    for (size_t i = 0; i < k; i++) size[i] = sqrt(v->gram[i * k + i]);
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j <= i; j++) v->gram[i * k + j] /= size[i] * size[j];
        v->noise[i] = fmax(square[i] - v->term[i] * v->term[i], 0) / (size[i] * size[i]);
        v->term[i] /= size[i];
        total += v->noise[i] / (double)k;
    }
    for (size_t i = 0; i < k; i++) v->noise[i] = total > 0 ? fmax(v->noise[i] / total, 1e-3) : 1;
    rg_free(size);
}

class_value class_value_create(const rg_grid *grid, const rg_level *level, const double *error, rg_linear_form form,
                               size_t waves) {
    const size_t d = (size_t)grid->dim, cells = (size_t)rg_grid_cells(grid);
    const rg_estimate_data data = {.dim = d, .lower = grid->lower, .length = grid->length};
    const rg_feature_source source = {.data = &data, .size = waves};
    struct sums s = {.grid = grid, .level = level, .error = error, .form = form};
    if (rg_features_fourier(&source, &s.features, NULL)) abort();
    const size_t k = s.features->count;
    class_value v = {k, room(k * k), room(k), room(k), room(k * k), room(k)};
    s.x = room(RG_ESTIMATE_BLOCK * d);
    s.field = room(RG_ESTIMATE_BLOCK * d);
    s.rows = room(RG_ESTIMATE_BLOCK * k);
    s.mean = v.term;
    s.square = room(k);
    s.total = rg_sum((ptrdiff_t)cells, level->density);
    for (size_t begin = 0; begin < cells; begin += RG_ESTIMATE_BLOCK) {
        const size_t n = cells - begin < RG_ESTIMATE_BLOCK ? cells - begin : RG_ESTIMATE_BLOCK;
        place(&s, begin, n);
        add_gram(&s, begin, n, v.gram);
        add_term(&s, begin, n);
    }
    scale(&v, s.square);
    double *fields[] = {s.x, s.field, s.rows, s.square};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    s.features->destroy(s.features);
    return v;
}

/* A c = b, so that 2 b.c - c.G c = b.c + ridge c.Q c. */
double class_value_at(const class_value *v, double ridge) {
    const size_t k = v->count;
    for (double r = ridge > 0 ? ridge : 1e-10;; r *= 10) {
        memcpy(v->work, v->gram, k * k * sizeof *v->work);
        for (size_t i = 0; i < k; i++) v->work[i * k + i] += r * v->noise[i];
        if (!rg_dense_cholesky(k, v->work)) continue;
        memcpy(v->solution, v->term, k * sizeof *v->solution);
        rg_dense_solve(k, v->work, v->solution);
        double value = 0;
        for (size_t i = 0; i < k; i++) value += v->solution[i] * (v->term[i] + r * v->noise[i] * v->solution[i]);
        return value;
    }
}

void class_value_free(class_value *v) {
    double *fields[] = {v->gram, v->term, v->noise, v->work, v->solution};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
}
