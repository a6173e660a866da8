/* The shapes themselves, and how many nodes an integral over them needs.
 *
 * Angles are 2 pi t; the sphere's are (pi t0, 2 pi t1). The trapezoidal rule with M nodes on an analytic periodic integrand
 * f(t) errs by exp(-M y) max |f(t + iy)| for every y. For f = exp(-|x - g(t)|^2 / (2 b)) with angle t,
 *   |f(t + iy)| = f(t) exp(y^2 B / (2 b)) at most, to fourth order in y, B = |g'|^2 + |x - g| |g''|,
 * and y = M b / B gives the relative error 2 exp(-M^2 b / (2 B)). On the sphere, z = cos(angle) is integrated by the rule of
 * Gauss and Legendre, whose M / 2 nodes are as dense as M of the trapezoidal rule on the whole circle. */
#include "diffusion/manifold.h"

#include <gsl/gsl_integration.h>
#include <math.h>

#define TWO_PI 6.283185307179586
static const double accuracy = 1e-13, most_nodes = 1 << 22;
enum { FEWEST = 48 };

/* |d/dt| and |d^2/dt^2| of each coordinate, t the angle, in fractions of the box: not exceeded. */
static const struct shape {
    int axes, parameters;
    double speed[2][RG_MAX_DIM], turn[2][RG_MAX_DIM];
} shape_of[] = {
    [RG_DENSITY_CIRCLE] = {2, 1, {{0.25, 0.25}}, {{0.25, 0.25}}},
    [RG_DENSITY_FIGURE_EIGHT] = {2, 1, {{0.3, 0.3}}, {{0.3, 0.6}}},
    [RG_DENSITY_SPHERE] = {3, 2, {{0.25, 0.25, 0.25}, {0, 0.25, 0.25}}, {{0.25, 0.25, 0.25}, {0, 0.25, 0.25}}},
    [RG_DENSITY_TORUS_KNOT] = {3, 1, {{0.8, 0.8, 0.3}}, {{2.3, 2.3, 0.9}}},
    [RG_DENSITY_CLIFFORD] = {3, 2, {{1 / TWO_PI, 0, 1 / TWO_PI}, {0, 1 / TWO_PI, 1 / TWO_PI}}, {{0}}},
    [RG_DENSITY_POINTS] = {0, 0, {{0}}, {{0}}},
};

int rg_density_on_manifold(rg_density_kind kind) {
    return kind >= RG_DENSITY_CIRCLE && kind <= RG_DENSITY_POINTS;
}

int rg_manifold_axes(rg_density_kind kind) {
    return shape_of[kind].axes;
}

int rg_manifold_parameters(rg_density_kind kind) {
    return shape_of[kind].parameters;
}

rg_manifold rg_manifold_of(const rg_grid *grid, const rg_density_spec *spec) {
    rg_manifold m = {.kind = spec->kind, .dim = grid->dim, .parameters = shape_of[spec->kind].parameters};
    for (int a = 0; a < grid->dim; a++) {
        m.lower[a] = grid->lower[a];
        m.length[a] = grid->length[a];
    }
    return m;
}

/* ---- where a parameter is, in fractions of the box; u, v: angles; derivatives by the angles */

static void circle(double u, double v, double x[3], double d[2][3]) {
    (void)v;
    x[0] = 0.5 + 0.25 * cos(u), x[1] = 0.5 + 0.25 * sin(u);
    d[0][0] = -0.25 * sin(u), d[0][1] = 0.25 * cos(u);
}

static void figure_eight(double u, double v, double x[3], double d[2][3]) {
    (void)v;
    x[0] = 0.5 + 0.3 * sin(u), x[1] = 0.5 + 0.15 * sin(2 * u);
    d[0][0] = 0.3 * cos(u), d[0][1] = 0.3 * cos(2 * u);
}

static void sphere(double u, double v, double x[3], double d[2][3]) {
    x[0] = 0.5 + 0.25 * cos(u), x[1] = 0.5 + 0.25 * sin(u) * cos(v), x[2] = 0.5 + 0.25 * sin(u) * sin(v);
    d[0][0] = -0.25 * sin(u), d[0][1] = 0.25 * cos(u) * cos(v), d[0][2] = 0.25 * cos(u) * sin(v);
    d[1][0] = 0, d[1][1] = -0.25 * sin(u) * sin(v), d[1][2] = 0.25 * sin(u) * cos(v);
}

static void torus_knot(double u, double v, double x[3], double d[2][3]) {
    (void)v;
    const double radius = 0.25 + 0.1 * cos(3 * u), change = -0.3 * sin(3 * u);
    x[0] = 0.5 + radius * cos(2 * u), x[1] = 0.5 + radius * sin(2 * u), x[2] = 0.5 + 0.1 * sin(3 * u);
    d[0][0] = change * cos(2 * u) - 2 * radius * sin(2 * u);
    d[0][1] = change * sin(2 * u) + 2 * radius * cos(2 * u);
    d[0][2] = 0.3 * cos(3 * u);
}

static void clifford(double u, double v, double x[3], double d[2][3]) {
    x[0] = 0.5 + u / TWO_PI, x[1] = 0.5 + v / TWO_PI, x[2] = 0.5 + (u + v) / TWO_PI;
    d[0][0] = d[0][2] = d[1][1] = d[1][2] = 1 / TWO_PI;
    d[0][1] = d[1][0] = 0;
}

static void (*const place_of[])(double u, double v, double x[3], double d[2][3]) = {
    [RG_DENSITY_CIRCLE] = circle,         [RG_DENSITY_FIGURE_EIGHT] = figure_eight, [RG_DENSITY_SPHERE] = sphere,
    [RG_DENSITY_TORUS_KNOT] = torus_knot, [RG_DENSITY_CLIFFORD] = clifford,
};

/* Angle per t. */
static double turn_of(const rg_manifold *m, int parameter) {
    return m->kind == RG_DENSITY_SPHERE && parameter == 0 ? 0.5 * TWO_PI : TWO_PI;
}

void rg_manifold_place(const rg_manifold *m, const double *t, double *point, double tangent[2][RG_MAX_DIM]) {
    double x[3] = {0}, d[2][3] = {{0}};
    place_of[m->kind](turn_of(m, 0) * t[0], m->parameters > 1 ? turn_of(m, 1) * t[1] : 0, x, d);
    for (int a = 0; a < m->dim; a++) {
        point[a] = m->lower[a] + x[a] * m->length[a];
        for (int k = 0; tangent && k < m->parameters; k++) tangent[k][a] = d[k][a] * turn_of(m, k) * m->length[a];
    }
}

double rg_manifold_element(const rg_manifold *m, const double *t) {
    double point[RG_MAX_DIM], d[2][RG_MAX_DIM] = {{0}}, first = 0, second = 0, mixed = 0;
    rg_manifold_place(m, t, point, d);
    for (int a = 0; a < m->dim; a++) {
        first += d[0][a] * d[0][a];
        second += d[1][a] * d[1][a];
        mixed += d[0][a] * d[1][a];
    }
    return m->parameters == 1 ? sqrt(first) : sqrt(fmax(first * second - mixed * mixed, 0));
}

static double norm_of(const rg_manifold *m, const double *fraction) {
    double sum = 0;
    for (int a = 0; a < m->dim; a++) sum += fraction[a] * m->length[a] * fraction[a] * m->length[a];
    return sqrt(sum);
}

double rg_manifold_most(const rg_manifold *m) {
    double most = 1;
    for (int k = 0; k < m->parameters; k++) most *= turn_of(m, k) * norm_of(m, shape_of[m->kind].speed[k]);
    return most;
}

/* ---- quadratures */

/* M of the formula above, for one parameter. No point is farther from its nearest image than half a diagonal. */
static double nodes_for(const rg_manifold *m, int parameter, double variance) {
    const double half[] = {0.5, 0.5, 0.5}, margin = 1.1;
    const double speed = norm_of(m, shape_of[m->kind].speed[parameter]);
    const double bend = speed * speed + norm_of(m, half) * norm_of(m, shape_of[m->kind].turn[parameter]);
    return fmax(FEWEST, margin * sqrt(2 * bend * log(2 / accuracy) / variance));
}

static rg_status nodes_allocate(rg_nodes *nodes, double count, size_t dim, rg_diagnostic *diagnostic) {
    if (!(count <= most_nodes))
        return rg_fail(diagnostic, RG_EINVAL,
                       "shape: the lowest noise level needs %.1e points on it: raise noise.sigma_min", count);
    nodes->count = (size_t)count;
    nodes->point = rg_field_alloc(rg_size_product(nodes->count, dim));
    nodes->weight = rg_field_alloc(nodes->count);
    nodes->parameter = rg_field_alloc(rg_size_product(nodes->count, 2));
    return nodes->point && nodes->weight && nodes->parameter ? RG_OK : RG_ENOMEM;
}

static void set_node(const rg_manifold *m, rg_nodes *nodes, size_t i, double t0, double t1, double weight) {
    double *t = nodes->parameter + 2 * i;
    t[0] = t0;
    t[1] = t1;
    nodes->weight[i] = weight;
    rg_manifold_place(m, t, nodes->point + i * (size_t)m->dim, NULL);
}

static void set_curve(const rg_manifold *m, int by_length, rg_nodes *nodes) {
    for (size_t i = 0; i < nodes->count; i++) {
        const double t[] = {(double)i / (double)nodes->count, 0};
        set_node(m, nodes, i, t[0], 0, by_length ? rg_manifold_element(m, t) : 1);
    }
}

/* Rows of equal t0, along which the first coordinate stands still. */
static rg_status set_surface(const rg_manifold *m, size_t rows, rg_nodes *nodes) {
    const size_t columns = nodes->count / rows;
    gsl_integration_glfixed_table *table =
        m->kind == RG_DENSITY_SPHERE ? gsl_integration_glfixed_table_alloc(rows) : NULL;
    if (m->kind == RG_DENSITY_SPHERE && !table) return RG_ENOMEM;
    for (size_t r = 0; r < rows; r++) {
        double t0 = (double)r / (double)rows, row_weight = 1;
        if (table) { /* dz = sin(angle) d angle */
            double z;
            gsl_integration_glfixed_point(-1, 1, r, &z, &row_weight, table);
            t0 = acos(z) / (0.5 * TWO_PI);
            row_weight /= sqrt((1 - z) * (1 + z));
        }
        for (size_t c = 0; c < columns; c++) {
            const double t[] = {t0, (double)c / (double)columns};
            set_node(m, nodes, r * columns + c, t[0], t[1], row_weight * rg_manifold_element(m, t));
        }
    }
    if (table) gsl_integration_glfixed_table_free(table);
    return RG_OK;
}

static void set_points(const rg_density_spec *spec, size_t dim, rg_nodes *nodes) {
    for (size_t i = 0; i < nodes->count * dim; i++) nodes->point[i] = spec->points[i];
    for (size_t i = 0; i < nodes->count; i++) nodes->weight[i] = 1;
}

rg_status rg_nodes_create(const rg_grid *grid, const rg_density_spec *spec, double variance, rg_nodes *nodes,
                          rg_diagnostic *diagnostic) {
    const rg_manifold m = rg_manifold_of(grid, spec);
    const size_t dim = (size_t)grid->dim;
    double rows = 1, count = spec->count ? (double)spec->count : (double)spec->samples;
    *nodes = (rg_nodes){0};
    if (m.parameters == 1 && !spec->count) count = ceil(nodes_for(&m, 0, variance));
    if (m.parameters == 2) {
        rows = ceil((m.kind == RG_DENSITY_SPHERE ? 0.5 : 1) * nodes_for(&m, 0, variance));
        count = rows * ceil(nodes_for(&m, 1, variance));
    }
    rg_status status = nodes_allocate(nodes, count, dim, diagnostic);
    nodes->step[0] = 1.5 / (m.parameters == 2 ? rows : count); /* Gauss and Legendre's are not quite equally spaced */
    nodes->step[1] = 1.5 * rows / count;
    if (!status && m.parameters == 0) set_points(spec, dim, nodes);
    if (!status && m.parameters == 1) set_curve(&m, spec->count == 0, nodes);
    if (!status && m.parameters == 2) status = set_surface(&m, (size_t)rows, nodes);
    if (status) {
        rg_nodes_free(nodes);
        return status;
    }
    const double sum = rg_sum((ptrdiff_t)nodes->count, nodes->weight);
    for (size_t i = 0; i < nodes->count; i++) nodes->weight[i] /= sum;
    return RG_OK;
}

void rg_nodes_free(rg_nodes *nodes) {
    rg_free(nodes->point);
    rg_free(nodes->weight);
    rg_free(nodes->parameter);
    *nodes = (rg_nodes){0};
}
