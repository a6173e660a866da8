/* density and prior: what p_0 is, and the law the sampler starts from. */
#include "base/base.h"
#include "experiment/number.h"
#include "experiment/reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double SYMMETRY = 1e-12; /* relative: what is left when a matrix went through text with 13 digits */
static const double SAMPLES_BACKGROUND = 1e-6;
static const double BROADEST = 10;

/* ---- mixture */

/* On R^D the first mean says what D is. */
static rg_status read_means(rg_reader *r, const rg_node *node, rg_density_spec *spec) {
    if (r->experiment->free_space) r->experiment->dim = node->first->count;
    const size_t dim = r->experiment->dim;
    double *means = rg_pool_alloc(r->kept, node->count * dim, sizeof *means);
    if (!means) return rg_reader_out_of_memory(r);
    spec->components = node->count;
    spec->means = means;
    for (const rg_node *mean = node->first; mean; mean = mean->next, means += dim) {
        const rg_status status = rg_reader_numbers(r, mean, dim, "axis", means);
        if (status != RG_OK) return status;
    }
    return RG_OK;
}

static rg_status read_sigma(rg_reader *r, const rg_node *node, size_t components, double *covariances) {
    const size_t dim = r->experiment->dim;
    double *sigma = rg_pool_alloc(&r->scratch, components, sizeof *sigma);
    if (!sigma) return rg_reader_out_of_memory(r);
    for (size_t c = 0; c < components; c++) sigma[c] = node->number;
    if (node->kind == RG_NODE_LIST) {
        const rg_status status = rg_reader_numbers(r, node, components, "component", sigma);
        if (status != RG_OK) return status;
    }
    for (size_t c = 0; c < components; c++) {
        const double variance = sigma[c] * sigma[c];
        if (!(variance > 0) || !isfinite(variance))
            return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected numbers whose squares are not 0 or infinite");
        for (size_t a = 0; a < dim; a++) covariances[(c * dim + a) * dim + a] = variance;
    }
    return RG_OK;
}

/* Cholesky's pivots, by elimination in place: the copy is lost. */
static int is_positive_definite(size_t dim, double *m) {
    for (size_t k = 0; k < dim; k++) {
        if (!(m[k * dim + k] > 0)) return 0;
        for (size_t i = k + 1; i < dim; i++)
            for (size_t j = k + 1; j < dim; j++) m[i * dim + j] -= m[i * dim + k] / m[k * dim + k] * m[k * dim + j];
    }
    return 1;
}

static int is_symmetric(size_t dim, const double *m) {
    for (size_t i = 0; i < dim; i++)
        for (size_t j = 0; j < i; j++) {
            const double scale = fabs(m[i * dim + j]) + fabs(m[j * dim + i]);
            if (fabs(m[i * dim + j] - m[j * dim + i]) > SYMMETRY * scale) return 0;
        }
    return 1;
}

static rg_status read_matrix(rg_reader *r, const rg_node *node, double *matrix) {
    const size_t dim = r->experiment->dim;
    if (node->count != dim)
        return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected a %zu x %zu matrix, got %s", dim, dim,
                            rg_node_show(node).text);
    double *row = matrix, *copy = rg_pool_alloc(&r->scratch, dim * dim, sizeof *copy);
    if (!copy) return rg_reader_out_of_memory(r);
    for (const rg_node *child = node->first; child; child = child->next, row += dim) {
        const rg_status status = rg_reader_numbers(r, child, dim, "axis", row);
        if (status != RG_OK) return status;
    }
    if (!is_symmetric(dim, matrix)) return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected a symmetric matrix");
    memcpy(copy, matrix, dim * dim * sizeof *copy);
    if (!is_positive_definite(dim, copy))
        return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected a positive definite matrix");
    return RG_OK;
}

static rg_status read_covariances(rg_reader *r, const rg_node *node, size_t components, double *covariances) {
    const size_t dim = r->experiment->dim;
    if (node->count != components)
        return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected %zu matri%s, one for each component, got %s",
                            components, components == 1 ? "x" : "ces", rg_node_show(node).text);
    for (const rg_node *child = node->first; child; child = child->next, covariances += dim * dim) {
        const rg_status status = read_matrix(r, child, covariances);
        if (status != RG_OK) return status;
    }
    return RG_OK;
}

static rg_status read_weights(rg_reader *r, rg_node *mixture, size_t components, double *weights) {
    const rg_node *node = rg_node_get(mixture, "weights");
    if (!node) {
        for (size_t c = 0; c < components; c++) weights[c] = 1;
        return rg_reader_fill(r, mixture, "weights", weights, components, RG_VALUE_NUMBER);
    }
    const rg_status status = rg_reader_numbers(r, node, components, "component", weights);
    if (status != RG_OK) return status;
    const double sum = rg_sum((ptrdiff_t)components, weights);
    if (sum > 0 && isfinite(sum)) return RG_OK;
    return rg_node_fail(node, r->diagnostic, RG_EINVAL, "expected weights with a positive, finite sum, got a sum of %s",
                        rg_number_show(sum).text);
}

/* Broader than this a component is uniform, and its images in the box are too many to sum. */
static rg_status check_breadth(const rg_reader *r, const rg_node *node, size_t components, const double *covariances) {
    const rg_experiment *e = r->experiment;
    const size_t dim = e->dim;
    double longest = 0;
    if (e->free_space) return RG_OK;
    for (int a = 0; a < e->grid.dim; a++) longest = fmax(longest, e->grid.length[a]);
    for (size_t c = 0; c < components; c++)
        for (size_t a = 0; a < dim; a++)
            if (sqrt(covariances[(c * dim + a) * dim + a]) > BROADEST * longest)
                return rg_node_fail(node, r->diagnostic, RG_EINVAL,
                                    "expected deviations of at most %g times the box (%s), where the law is uniform",
                                    BROADEST, rg_number_show(BROADEST * longest).text);
    return RG_OK;
}

static rg_status read_mixture(rg_reader *r, rg_node *node, rg_density_spec *spec) {
    const size_t dim = r->experiment->dim;
    rg_status status = read_means(r, rg_node_get(node, "means"), spec);
    if (status != RG_OK) return status;
    double *covariances = rg_pool_alloc(r->kept, spec->components * dim * dim, sizeof *covariances);
    double *weights = rg_pool_alloc(r->kept, spec->components, sizeof *weights);
    if (!covariances || !weights) return rg_reader_out_of_memory(r);
    spec->covariances = covariances;
    spec->weights = weights;
    const rg_node *sigma = rg_node_get(node, "sigma");
    status = sigma ? read_sigma(r, sigma, spec->components, covariances)
                   : read_covariances(r, rg_node_get(node, "covariances"), spec->components, covariances);
    if (status == RG_OK)
        status = check_breadth(r, sigma ? sigma : rg_node_get(node, "covariances"), spec->components, covariances);
    return status == RG_OK ? read_weights(r, node, spec->components, weights) : status;
}

/* ---- samples */

/* Moves the points that stay to the front; returns how many. */
static size_t keep_points(double *points, size_t count, size_t dim, const double *exclude) {
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (exclude[i] == 0) memmove(points + dim * kept++, points + dim * i, dim * sizeof *points);
    return kept;
}

static rg_status exclude_points(rg_reader *r, const rg_node *node, rg_array *points) {
    rg_array exclude = {0};
    char expected[32];
    const rg_status status = rg_reader_load(r, node, &exclude);
    if (status != RG_OK) return status;
    snprintf(expected, sizeof expected, "(%td,)", points->shape[0]);
    if (exclude.dim != 1 || exclude.shape[0] != points->shape[0])
        return rg_reader_wrong_shape(r, node, &exclude, expected);
    points->shape[0] = (ptrdiff_t)keep_points(points->data, exclude.count, (size_t)points->shape[1], exclude.data);
    if (points->shape[0] > 0) return RG_OK;
    return rg_node_fail(node, r->diagnostic, RG_EDOMAIN, "%s: expected a 0 for at least one point, got none",
                        node->text);
}

/* Wrapped into the box from farther, a point may lie anywhere in it. */
static rg_status check_near(const rg_reader *r, const rg_node *node, size_t count, const double *points) {
    const double far = 1e9; /* periods: double precision leaves 1e-7 of one */
    const rg_experiment *e = r->experiment;
    for (size_t i = 0; !e->free_space && i < count * e->dim; i++) {
        const size_t a = i % e->dim;
        if (fabs(points[i] - e->grid.lower[a]) <= far * e->grid.length[a]) continue;
        return rg_node_fail(
            node, r->diagnostic, RG_EINVAL,
            "expected points within %g periods of the box, got %g on axis %zu of point %zu: is the unit "
            "that of the box?",
            far, points[i], a, i / e->dim);
    }
    return RG_OK;
}

rg_status rg_reader_points(rg_reader *r, const rg_node *node, const rg_node *exclude, size_t *count,
                           const double **out) {
    rg_experiment *e = r->experiment;
    rg_array points = {0};
    char expected[64];
    rg_status status = rg_reader_load(r, node, &points);
    if (status != RG_OK) return status;
    snprintf(expected, sizeof expected, e->free_space ? "(N, D) with N and D at least 1" : "(N, %zu) with N at least 1",
             e->dim);
    if (points.dim == 2 && e->free_space) e->dim = (size_t)points.shape[1];
    if (points.dim != 2 || points.count == 0 || (size_t)points.shape[1] != e->dim)
        return rg_reader_wrong_shape(r, node, &points, expected);
    if (exclude) status = exclude_points(r, exclude, &points);
    if (status == RG_OK) status = check_near(r, node, (size_t)points.shape[0], points.data);
    if (status != RG_OK) return status;
    *count = (size_t)points.shape[0];
    *out = points.data;
    return RG_OK;
}

static rg_status read_samples(rg_reader *r, rg_node *node, rg_density_spec *spec) {
    return rg_reader_points(r, node, rg_node_get(node->parent, "exclude"), &spec->samples, &spec->points);
}

/* ---- the other kinds */

static rg_status read_values(rg_reader *r, rg_node *node, rg_density_spec *spec) {
    double *values;
    const rg_status status = rg_reader_density_values(r, node, &spec->values_grid, &values);
    if (status == RG_OK) spec->values = values;
    return status;
}

/* On R^D the first point says what D is. */
static rg_status read_points(rg_reader *r, rg_node *node, rg_density_spec *spec) {
    if (r->experiment->free_space) r->experiment->dim = node->first->count;
    const size_t dim = r->experiment->dim;
    double *point = rg_pool_alloc(r->kept, node->count * dim, sizeof *point);
    if (!point) return rg_reader_out_of_memory(r);
    spec->samples = node->count;
    spec->points = point;
    for (const rg_node *child = node->first; child; child = child->next, point += dim) {
        const rg_status status = rg_reader_numbers(r, child, dim, "axis", point);
        if (status != RG_OK) return status;
    }
    return check_near(r, node, spec->samples, spec->points);
}

/* Shapes in the order of the schema and of rg_density_kind. */
static const struct {
    int axes_min, axes_max;
    double width; /* where the file gives none; 0: none */
    int is_curve;
} shapes[] = {
    {2, 2, 0.3, 0}, {2, 2, 0.3, 0}, {2, 3, 0.3, 0}, {2, 2, 0, 1},
    {2, 2, 0, 1},   {3, 3, 0, 0},   {3, 3, 0, 1},   {3, 3, 0, 0},
};

static rg_status read_width(rg_reader *r, rg_node *density, double fallback, double *width) {
    const rg_node *node = rg_node_get(density, "width");
    *width = node ? node->number : fallback;
    return node || fallback == 0 ? RG_OK : rg_reader_fill_number(r, density, "width", fallback);
}

static rg_status read_shape(rg_reader *r, rg_node *node, rg_density_spec *spec) {
    const int dim = r->experiment->grid.dim, which = (int)node->number;
    const int least = shapes[which].axes_min, most = shapes[which].axes_max;
    spec->kind = (rg_density_kind)(RG_DENSITY_RING + which);
    if (dim < least || dim > most)
        return rg_node_fail(node, r->diagnostic, RG_EINVAL, "%s: expected a grid with %d%s axes, got %d", node->text,
                            least, most > least ? " or 3" : "", dim);
    const rg_node *count = rg_node_get(node->parent, "count");
    if (count && !shapes[which].is_curve)
        return rg_node_fail_key(count, r->diagnostic, RG_EINVAL,
                                "expected only beside the curves circle, figure_eight and torus_knot");
    spec->count = count ? (size_t)count->number : 0;
    return read_width(r, node->parent, shapes[which].width, &spec->width);
}

static const struct {
    const char *key;
    rg_density_kind kind; /* of a shape: the first of them */
    rg_status (*read)(rg_reader *r, rg_node *node, rg_density_spec *spec);
} kinds[] = {
    {"mixture", RG_DENSITY_MIXTURE, read_mixture}, {"samples", RG_DENSITY_SAMPLES, read_samples},
    {"grid", RG_DENSITY_GRID, read_values},        {"points", RG_DENSITY_POINTS, read_points},
    {"shape", RG_DENSITY_RING, read_shape},
};

/* What R^D does not have. */
static rg_status check_free(const rg_reader *r, const rg_node *node, rg_density_kind kind, const rg_node *background) {
    if (!r->experiment->free_space) return RG_OK;
    if (kind != RG_DENSITY_MIXTURE && kind != RG_DENSITY_SAMPLES && kind != RG_DENSITY_POINTS)
        return rg_node_fail_key(node, r->diagnostic, RG_EINVAL,
                                "expected a mixture, samples or points, or the key grid.shape");
    if (background && background->number > 0)
        return rg_node_fail(background, r->diagnostic, RG_EINVAL,
                            "expected 0 without grid.shape, because R^d has no uniform law, got %s",
                            rg_node_show(background).text);
    return RG_OK;
}

rg_status rg_reader_density(rg_reader *r) {
    rg_density_spec *spec = &r->experiment->density;
    rg_node *density = rg_node_get(r->root, "density"), *background = rg_node_get(density, "background");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        rg_node *node = rg_node_get(density, kinds[i].key);
        if (!node) continue;
        spec->kind = kinds[i].kind;
        rg_status status = check_free(r, node, spec->kind, background);
        if (status == RG_OK) status = kinds[i].read(r, node, spec);
        if (status != RG_OK) return status;
    }
    const int singular = spec->kind == RG_DENSITY_SAMPLES || spec->kind >= RG_DENSITY_CIRCLE;
    const double fallback = singular && !r->experiment->free_space ? SAMPLES_BACKGROUND : 0;
    spec->background = background ? background->number : fallback;
    return background ? RG_OK : rg_reader_fill_number(r, density, "background", spec->background);
}

rg_status rg_reader_prior(rg_reader *r) {
    rg_experiment *e = r->experiment;
    const rg_node *prior = rg_node_get(r->root, "prior"), *file = rg_node_get(prior, "file");
    if (e->free_space && (file || prior->number != 0))
        return rg_node_fail(prior, r->diagnostic, RG_EINVAL,
                            "expected exact without grid.shape; sample.start has other laws to start from");
    e->prior = file ? RG_PRIOR_FILE : (rg_prior)(RG_PRIOR_EXACT + (int)prior->number);
    return file ? rg_reader_density_values(r, file, &e->prior_grid, &e->prior_values) : RG_OK;
}
