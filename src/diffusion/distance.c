/* Distances to points, curves and surfaces on the torus: the nearest node is followed along the manifold
 * by Gauss-Newton steps, J' J dt = J' (x - g(t)), for as long as they help, which is where the manifold bends less than the
 * distance; where they do not arrive, by golden sections of the stretch between its neighbours, which always help. */
#include "diffusion/manifold.h"
#include "diffusion/point_tree.h"

#include <assert.h>
#include <math.h>

enum { STEPS = 20, SECTIONS = 24 };
static const double close = 1e-5; /* a step that is shorter, in steps of the nodes, has arrived: off by its square */

int rg_manifold_dimension(const rg_density_spec *spec) {
    if (spec->kind == RG_DENSITY_SAMPLES) return 0;
    if (!rg_density_on_manifold(spec->kind)) return -1;
    return spec->count ? 0 : rg_manifold_parameters(spec->kind);
}

struct rg_manifold_search {
    rg_grid grid;
    rg_manifold shape;
    rg_nodes nodes; /* of points: without parameters */
    rg_point_tree *tree;
};

/* To the nearest image; the square of its length. */
static double away_from(const rg_grid *grid, const double *x, const double *from, double *away) {
    double square = 0;
    for (int a = 0; a < grid->dim; a++) {
        const double d = x[a] - from[a], length = grid->length[a];
        away[a] = d - length * floor(d / length + 0.5);
        square += away[a] * away[a];
    }
    return square;
}

/* One step along the manifold from t towards the foot of x. */
static void advance(const rg_manifold_search *s, const double *away, double tangent[2][RG_MAX_DIM], double *t) {
    const int parameters = s->shape.parameters;
    double m[2][2] = {{0, 0}, {0, 1}}, right[2] = {0};
    if (parameters == 2) m[1][1] = 0;
    for (int a = 0; a < s->grid.dim; a++)
        for (int k = 0; k < parameters; k++) {
            right[k] += tangent[k][a] * away[a];
            for (int l = 0; l < parameters; l++) m[k][l] += tangent[k][a] * tangent[l][a];
        }
    const double ridge = 1e-12 * (m[0][0] + m[1][1]); /* the poles of a sphere */
    const double determinant = (m[0][0] + ridge) * (m[1][1] + ridge) - m[0][1] * m[1][0];
    t[0] += ((m[1][1] + ridge) * right[0] - m[0][1] * right[1]) / determinant;
    if (parameters == 2) t[1] += ((m[0][0] + ridge) * right[1] - m[1][0] * right[0]) / determinant;
}

static double square_at(const rg_manifold_search *s, const double *x, const double *t) {
    double point[RG_MAX_DIM], away[RG_MAX_DIM];
    rg_manifold_place(&s->shape, t, point, NULL);
    return away_from(&s->grid, x, point, away);
}

/* The least square for t[k] within a step of where it is; t moves there. */
static double golden(const rg_manifold_search *s, const double *x, int k, double least, double *t) {
    const double ratio = 0.6180339887498949, before = t[k];
    double low = before - s->nodes.step[k], high = before + s->nodes.step[k], best = before;
    for (int side = 0; side < 2 * SECTIONS; side++) { /* two points a section */
        const int right = side % 2;
        t[k] = right ? low + ratio * (high - low) : high - ratio * (high - low);
        const double now = square_at(s, x, t);
        if (now < least) {
            least = now;
            best = t[k];
        }
        if (!right) continue;
        if (best < low + 0.5 * (high - low))
            high = t[k];
        else
            low = high - ratio * (high - low);
    }
    t[k] = best;
    return least;
}

static int is_short(const rg_manifold_search *s, const double *from, const double *to) {
    assert(s->shape.parameters <= 2);
    for (int k = 0; k < s->shape.parameters; k++)
        if (!(fabs(to[k] - from[k]) < close * s->nodes.step[k])) return 0;
    return 1;
}

static double follow(const rg_manifold_search *s, const double *x, size_t nearest, double square) {
    double t[2] = {s->nodes.parameter[2 * nearest], s->nodes.parameter[2 * nearest + 1]}, least = square, best[2];
    best[0] = t[0];
    best[1] = t[1];
    for (int i = 0; i <= STEPS; i++) {
        double point[RG_MAX_DIM], tangent[2][RG_MAX_DIM] = {{0}}, away[RG_MAX_DIM];
        rg_manifold_place(&s->shape, t, point, tangent);
        const double now = away_from(&s->grid, x, point, away);
        if (i > 0 && !(now < least)) break;
        least = fmin(least, now);
        best[0] = t[0];
        best[1] = t[1];
        advance(s, away, tangent, t);
        if (is_short(s, best, t)) return least;
    }
    for (int round = 0; round < s->shape.parameters; round++)
        for (int k = 0; k < s->shape.parameters; k++) least = golden(s, x, k, least, best);
    return least;
}

rg_status rg_manifold_search_create(const rg_grid *grid, const rg_density_spec *spec, rg_manifold_search **search,
                                    rg_diagnostic *diagnostic) {
    if (!grid || !spec || !search || rg_manifold_dimension(spec) < 0)
        return rg_fail(diagnostic, RG_EINVAL, "distance: expected samples, points, a curve or a surface");
    rg_density_spec of = *spec;
    if (of.kind == RG_DENSITY_SAMPLES) of.kind = RG_DENSITY_POINTS;
    double spacing = 0;
    for (int a = 0; a < grid->dim; a++) spacing = fmax(spacing, rg_grid_spacing(grid, a));
    rg_manifold_search *s = rg_alloc(1, sizeof *s);
    if (!s) return rg_fail(diagnostic, RG_ENOMEM, "distance: out of memory");
    *s = (rg_manifold_search){.grid = *grid, .shape = rg_manifold_of(grid, &of)};
    rg_status status = rg_nodes_create(grid, &of, spacing * spacing, &s->nodes, diagnostic);
    if (!status) status = rg_point_tree_create(grid, s->nodes.count, s->nodes.point, &s->tree);
    if (status) {
        rg_manifold_search_destroy(s);
        return rg_fail(diagnostic, status, "distance: %s", rg_status_text(status));
    }
    if (rg_manifold_dimension(spec) == 0) { /* points stand for themselves */
        rg_free(s->nodes.parameter);
        s->nodes.parameter = NULL;
    }
    *search = s;
    return RG_OK;
}

void rg_manifold_search_destroy(rg_manifold_search *search) {
    if (!search) return;
    rg_nodes_free(&search->nodes);
    rg_point_tree_destroy(search->tree);
    rg_free(search);
}

static rg_nearest_point search_at(const rg_manifold_search *s, const double *x) {
    rg_nearest_point found = rg_point_tree_nearest(s->tree, x);
    if (!s->nodes.parameter) return found;
    return (rg_nearest_point){0, sqrt(follow(s, x, found.index, found.distance * found.distance))};
}

void rg_manifold_search_at(const rg_manifold_search *search, size_t count, const double *x, rg_nearest_point *nearest) {
#pragma omp parallel for schedule(dynamic, 64)
    for (size_t i = 0; i < count; i++) nearest[i] = search_at(search, x + i * (size_t)search->grid.dim);
}

struct cells {
    const rg_manifold_search *search;
    double *distance;
};

static void search_cells(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct cells *c = data;
    const rg_grid *grid = &c->search->grid;
    const ptrdiff_t *n = grid->shape;
    assert(grid->dim <= RG_MAX_DIM);
    for (ptrdiff_t i = begin; i < end; i++) {
        const ptrdiff_t index[3] = {i / (n[1] * n[2]), i / n[2] % n[1], i % n[2]};
        double x[RG_MAX_DIM] = {0};
        for (int a = 0; a < grid->dim; a++) x[a] = grid->lower[a] + (double)index[a] * rg_grid_spacing(grid, a);
        c->distance[i] = search_at(c->search, x).distance;
    }
}

rg_status rg_manifold_distance(const rg_grid *grid, const rg_density_spec *spec, double *distance,
                               rg_diagnostic *diagnostic) {
    rg_manifold_search *search = NULL;
    if (!distance) return rg_fail(diagnostic, RG_EINVAL, "distance: no place for it");
    const rg_status status = rg_manifold_search_create(grid, spec, &search, diagnostic);
    if (!status) rg_parallel(rg_grid_cells(grid), search_cells, &(struct cells){search, distance});
    rg_manifold_search_destroy(search);
    return status;
}
