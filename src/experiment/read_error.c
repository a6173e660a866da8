/* error: the terms of the score error. */
#include "base/base.h"
#include "experiment/number.h"
#include "experiment/reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { EXPECTED_SIZE = 64 };

/* ---- learned */

static rg_status read_sigma(rg_reader *r, const rg_node *node, ptrdiff_t levels, rg_error_term *term) {
    rg_array sigma = {0};
    char expected[EXPECTED_SIZE];
    const rg_status status = rg_reader_load(r, node, &sigma);
    if (status != RG_OK) return status;
    snprintf(expected, sizeof expected, "(%td,), one for each level of the score", levels);
    if (sigma.dim != 1 || sigma.shape[0] != levels) return rg_reader_wrong_shape(r, node, &sigma, expected);
    for (size_t i = 0; i < sigma.count; i++) {
        const double before = i ? sigma.data[i - 1] : 0;
        if (!(sigma.data[i] > before))
            return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                                "%s: expected numbers > 0 in ascending order, got %s after %s at element %zu",
                                node->text, rg_number_show(sigma.data[i]).text, rg_number_show(before).text, i);
    }
    term->sigma = sigma.data;
    return RG_OK;
}

static rg_status read_learned(rg_reader *r, rg_node *node, rg_error_term *term) {
    const rg_node *file = rg_node_get(node, "score");
    rg_array score = {0};
    rg_status status = rg_reader_load(r, file, &score);
    if (status == RG_OK) status = rg_reader_values_grid(r, file, &score, 2, &term->values_grid);
    if (status != RG_OK) return status;
    term->levels = (size_t)score.shape[0];
    term->score = score.data;
    return read_sigma(r, rg_node_get(node, "sigma"), score.shape[0], term);
}

/* ---- modes */

static rg_status read_wave(const rg_reader *r, const rg_node *node, int *wave) {
    const rg_grid *grid = &r->experiment->grid;
    double numbers[RG_MAX_DIM];
    const rg_status status = rg_reader_numbers(r, node, (size_t)grid->dim, "axis", numbers);
    if (status != RG_OK) return status;
    for (int a = 0; a < grid->dim; a++) {
        if (2 * fabs(numbers[a]) >= (double)grid->shape[a])
            return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                                "expected a wave number below half of the %td points on axis %d, got %s",
                                grid->shape[a], a, rg_number_show(numbers[a]).text);
        wave[a] = (int)numbers[a];
    }
    return RG_OK;
}

static rg_status read_amplitude(rg_reader *r, rg_node *mode, const char *key, double *amplitude) {
    const rg_node *node = rg_node_get(mode, key);
    *amplitude = node ? node->number : 0;
    return node ? RG_OK : rg_reader_fill_number(r, mode, key, 0);
}

static rg_status read_mode(rg_reader *r, rg_node *node, rg_error_mode *mode) {
    const rg_node *component = rg_node_get(node, "component");
    const int dim = r->experiment->grid.dim;
    if (component->number >= dim)
        return rg_node_fail(component, r->diagnostic, RG_EINVAL, "expected a component from 0 to %d, got %s", dim - 1,
                            rg_node_show(component).text);
    if (!rg_node_get(node, "sin") && !rg_node_get(node, "cos"))
        return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected the key \"sin\", \"cos\" or both, got none");
    mode->component = (int)component->number;
    rg_status status = read_wave(r, rg_node_get(node, "wave"), mode->wave);
    if (status == RG_OK) status = read_amplitude(r, node, "sin", &mode->sine);
    return status == RG_OK ? read_amplitude(r, node, "cos", &mode->cosine) : status;
}

static rg_status read_modes(rg_reader *r, rg_node *node, rg_error_term *term) {
    rg_error_mode *mode = rg_pool_alloc(r->kept, node->count, sizeof *mode);
    if (!mode) return rg_reader_out_of_memory(r);
    term->modes = node->count;
    term->mode = mode;
    for (rg_node *child = node->first; child; child = child->next) {
        const rg_status status = read_mode(r, child, mode++);
        if (status != RG_OK) return status;
    }
    return RG_OK;
}

/* ---- the other kinds */

static rg_status read_rotation(rg_reader *r, rg_node *node, rg_error_term *term) {
    const int dim = r->experiment->dim > RG_MAX_DIM ? 1 : (int)r->experiment->dim;
    if (dim == 3 && node->kind == RG_NODE_LIST) return rg_reader_numbers(r, node, 3, "axis", term->rotation);
    term->rotation[0] = node->number;
    if (dim == 2 && node->kind == RG_NODE_TEXT) return RG_OK;
    static const char *const wanted[] = {
        [1] = "a grid with 2 or 3 axes (in 1-D nothing turns)", "a number in 2-D", "a list of 3 numbers in 3-D"};
    return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected %s, got %s", wanted[dim], rg_node_show(node).text);
}

static rg_status read_random(rg_reader *r, rg_node *node, rg_error_term *term) {
    const rg_grid *grid = &r->experiment->grid;
    const rg_node *band = rg_node_get(node, "band");
    for (int a = 0; a < grid->dim; a++)
        if (2 * band->number >= (double)grid->shape[a])
            return rg_node_fail(band, r->diagnostic, RG_EINVAL,
                                "expected a wave number below half of the %td points on axis %d, got %s",
                                grid->shape[a], a, rg_node_show(band).text);
    term->band = (int)band->number;
    term->seed = (unsigned long)rg_node_get(node, "seed")->number;
    term->gradient_energy = rg_node_get(node, "gradient")->number;
    term->solenoidal_energy = rg_node_get(node, "solenoidal")->number;
    return RG_OK;
}

static rg_status read_constant(rg_reader *r, rg_node *node, rg_error_term *term) {
    const size_t dim = r->experiment->dim;
    const rg_node *profile = rg_node_get(node->parent, "profile");
    double *vector = rg_pool_alloc(r->kept, dim, sizeof *vector);
    if (!vector) return rg_reader_out_of_memory(r);
    term->vector = vector;
    term->profile = profile ? (rg_error_profile)(int)profile->number : RG_PROFILE_FLAT; /* as in the schema */
    for (size_t a = 0; a < dim; a++) vector[a] = node->number;
    const rg_status status = node->kind == RG_NODE_LIST ? rg_reader_numbers(r, node, dim, "axis", vector) : RG_OK;
    for (size_t a = 0; status == RG_OK && a < dim && a < RG_MAX_DIM; a++) term->constant[a] = vector[a];
    return status;
}

static rg_status read_waves(rg_reader *r, rg_node *node, rg_error_term *term) {
    if (!r->experiment->free_space)
        return rg_node_fail_key(
            node, r->diagnostic, RG_EINVAL,
            "expected a random term: waves are not periodic, and grid.shape makes the space a torus");
    term->seed = (unsigned long)rg_node_get(node, "seed")->number;
    term->waves = (size_t)rg_node_get(node, "count")->number;
    term->correlation_length = rg_node_get(node, "length")->number;
    term->amplitude = rg_node_get(node, "amplitude")->number;
    return RG_OK;
}

static rg_status read_scaled(rg_reader *r, rg_node *node, rg_error_term *term) {
    (void)r;
    term->scaled = node->number;
    return RG_OK;
}

static rg_status read_field(rg_reader *r, rg_node *node, rg_error_term *term) {
    rg_array field = {0};
    rg_status status = rg_reader_load(r, node, &field);
    if (status == RG_OK) status = rg_reader_values_grid(r, node, &field, 1, &term->values_grid);
    if (status == RG_OK) term->values = field.data;
    return status;
}

static const struct {
    const char *key;
    rg_error_kind kind;
    int on_grid; /* it needs one */
    rg_status (*read)(rg_reader *r, rg_node *node, rg_error_term *term);
} kinds[] = {
    {"learned", RG_ERROR_LEARNED, 1, read_learned},    {"modes", RG_ERROR_MODES, 1, read_modes},
    {"rotation", RG_ERROR_ROTATION, 0, read_rotation}, {"random", RG_ERROR_RANDOM, 1, read_random},
    {"constant", RG_ERROR_CONSTANT, 0, read_constant}, {"file", RG_ERROR_FIELD, 1, read_field},
    {"scaled", RG_ERROR_SCALED, 0, read_scaled},       {"waves", RG_ERROR_WAVES, 0, read_waves},
};

static rg_status read_term(rg_reader *r, const rg_node *node, rg_error_term *term) {
    rg_status status = RG_OK;
    for (size_t i = 0; status == RG_OK && i < sizeof kinds / sizeof *kinds; i++) {
        rg_node *found = rg_node_get(node, kinds[i].key);
        if (!found) continue;
        term->kind = kinds[i].kind;
        if (kinds[i].on_grid && r->experiment->free_space)
            return rg_node_fail_key(found, r->diagnostic, RG_EINVAL,
                                    "expected constant, scaled, rotation or waves: %s needs grid.shape", kinds[i].key);
        status = kinds[i].read(r, found, term);
    }
    return status;
}

rg_status rg_reader_error(rg_reader *r) {
    rg_experiment *e = r->experiment;
    const rg_node *error = rg_node_get(r->root, "error");
    e->term = rg_pool_alloc(r->kept, error->count, sizeof *e->term);
    if (!e->term) return rg_reader_out_of_memory(r);
    for (const rg_node *node = error->first; node; node = node->next) {
        const rg_status status = read_term(r, node, &e->term[e->terms++]);
        if (status != RG_OK) return status;
    }
    return RG_OK;
}
