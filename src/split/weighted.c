/* The weighted split in half-density form (docs/theory.md 1.1).
 *
 * Unfactored conjugate gradients do the work; the residual of the factored form d*(E - d x), recomputed from scratch,
 * decides. The two operators differ by aliasing only: where the grid resolves p, one correction is enough; where it
 * does not, factored conjugate gradients finish and the report says so. */
#include "split/split.h"

#include <math.h>
#include <string.h>

static const double undetermined = 1e-14; /* p / max p below which the parts fade, see split.h */

/* out = grad v - s v / 2, with grad v in out already */
struct slope {
    const rg_split *split;
    const double *v;
    double *out;
};

static void slope_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct slope *d = data;
    for (int a = 0; a < d->split->dim; a++) {
        const double *score = d->split->score + a * d->split->cells;
        double *out = d->out + a * d->split->cells;
        for (ptrdiff_t i = begin; i < end; i++) out[i] -= 0.5 * score[i] * d->v[i];
    }
}

void rg_split_slope(rg_split *split, const double *v, double *out) {
    (void)!rg_gradient(split->spectral, v, out); /* arguments are ours: it cannot fail */
    rg_parallel(split->cells, slope_block, &(struct slope){split, v, out});
    split->transforms += split->dim + 1;
}

/* flux = E - flux */
static void flux_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const rg_split *split = data;
    for (ptrdiff_t i = begin; i < end; i++) split->flux[i] = split->field[i] - split->flux[i];
}

struct adjoint {
    const rg_split *split;
    const double *flux;
    double *out; /* in: div flux; out: -div flux - s.flux / 2 */
};

static void adjoint_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct adjoint *d = data;
    for (ptrdiff_t i = begin; i < end; i++) {
        double along = 0;
        for (int a = 0; a < d->split->dim; a++) {
            const ptrdiff_t k = a * d->split->cells + i;
            along += d->split->score[k] * d->flux[k];
        }
        d->out[i] = -d->out[i] - 0.5 * along;
    }
}

/* out = d* flux */
static void adjoint(rg_split *split, const double *flux, double *out) {
    (void)!rg_divergence(split->spectral, flux, out);
    rg_parallel(split->cells, adjoint_block, &(struct adjoint){split, flux, out});
    split->transforms += split->dim + 1;
}

/* root = sqrt(p) with sum root^2 = 1 / cell volume; E = root e */
static double set_root(rg_split *split, const double *log_density) {
    double top = log_density[0], mass = 0;
    for (ptrdiff_t i = 1; i < split->cells; i++) top = fmax(top, log_density[i]);
    for (ptrdiff_t i = 0; i < split->cells; i++) split->root[i] = exp(0.5 * (log_density[i] - top));
    mass = rg_dot(split->cells, split->root, split->root) * rg_grid_cell_volume(&split->grid);
    const double factor = 1 / sqrt(mass);
    for (ptrdiff_t i = 0; i < split->cells; i++) split->root[i] *= factor;
    return factor; /* the largest value of root */
}

struct table {
    double *out, shift, factor;
};

/* A wavenumber of 0 with a square that is not: a Nyquist mode. */
static int is_nyquist(const rg_row *row, ptrdiff_t i) {
    return row->k[0] * row->k[0] != row->kk[0] || row->k[1] * row->k[1] != row->kk[1] ||
           row->k_last[i] * row->k_last[i] != row->kk_last[i];
}

static void table_row(void *data, const rg_row *row) {
    const struct table *t = data;
    for (ptrdiff_t i = 0; i < row->count; i++)
        t->out[row->begin + i] =
            is_nyquist(row, i) ? 0 : t->factor / (t->shift + row->kk[0] + row->kk[1] + row->kk_last[i]);
}

/* V = |s|^2 / 4 + div s / 2, and the preconditioner's shift c = mean |s|^2 / 4 */
static void set_operator(rg_split *split) {
    const ptrdiff_t n = split->cells;
    memcpy(split->flux, split->score, (size_t)(n * split->dim) * sizeof(double)); /* the caller's may be misaligned */
    (void)!rg_divergence(split->spectral, split->flux, split->potential);
    split->transforms += split->dim + 1;
    double sum = 0;
    for (int a = 0; a < split->dim; a++) sum += rg_dot(n, split->score + a * n, split->score + a * n);
    double gap = 1e300; /* the smallest nonzero |k|^2: keeps the preconditioner regular when s = 0 */
    for (int a = 0; a < split->dim; a++) gap = fmin(gap, pow(6.283185307179586 / split->grid.length[a], 2));
    split->shift = fmax(0.25 * sum / (double)n, 0.01 * gap);
    for (ptrdiff_t i = 0; i < n; i++) {
        double square = 0;
        for (int a = 0; a < split->dim; a++) square += split->score[a * n + i] * split->score[a * n + i];
        split->potential[i] = 0.25 * square + 0.5 * split->potential[i] - split->shift;
    }
    struct table t = {split->multiplier, split->shift, 1 / (double)n};
    rg_rows(split->spectral, table_row, &t);
}

static void set_field(rg_split *split, const double *e) {
    for (int a = 0; a < split->dim; a++)
        for (ptrdiff_t i = 0; i < split->cells; i++)
            split->field[a * split->cells + i] = split->root[i] * e[a * split->cells + i];
}

struct project {
    const rg_split *split;
    double *modes;
};

/* Drops Nyquist modes from a row; returns its share of cells * |P in|^2. */
static double project_row(const void *data, const rg_row *row) {
    const struct project *p = data;
    const double factor = 1 / (double)p->split->cells;
    double sum = 0;
    for (ptrdiff_t i = 0; i < row->count; i++) {
        double *mode = p->modes + 2 * (row->begin + i);
        const int kept = p->split->multiplier[row->begin + i] > 0;
        sum += kept ? rg_row_weight(row, i) * (mode[0] * mode[0] + mode[1] * mode[1]) : 0;
        mode[0] *= kept ? factor : 0;
        mode[1] *= kept ? factor : 0;
    }
    return sum;
}

/* out = P in, without Nyquist modes; returns |P in|. */
static double project(rg_split *split, const double *in, double *out) {
    rg_spectral *s = split->spectral;
    rg_forward(s, in, s->spectrum);
    const double sum = rg_rows_sum(s, project_row, &(struct project){split, s->spectrum});
    rg_back(s, s->spectrum, out);
    split->transforms += 2;
    return sqrt(sum / (double)split->cells);
}

struct scale {
    double *a, factor;
};

static void scale_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct scale *s = data;
    for (ptrdiff_t i = begin; i < end; i++) s->a[i] *= s->factor;
}

static void set_ground(rg_split *split) {
    const double size = project(split, split->root, split->ground);
    rg_parallel(split->cells, scale_block, &(struct scale){split->ground, 1 / size});
}

/* A field that is solenoidal to begin with leaves rounding in d*E: nothing below this can be asked for. */
static double rounding_floor(const rg_split *split) {
    double k2 = 0;
    for (int a = 0; a < split->dim; a++) k2 += pow(3.141592653589793 / rg_grid_spacing(&split->grid, a), 2);
    const ptrdiff_t n = split->cells * split->dim;
    return 4e-16 * sqrt((k2 + split->shift) * rg_dot(n, split->field, split->field));
}

/* flux = E - d x and out = P d* flux afresh from x, P dropping Nyquist modes and ground; returns the norm of out. What no
 * x can lower would drown scalar products with it in rounding. */
static double true_residual(rg_split *split, double *out) {
    rg_split_deflate(split, split->x);
    rg_split_slope(split, split->x, split->flux);
    rg_parallel(split->cells * split->dim, flux_block, split);
    adjoint(split, split->flux, out);
    (void)project(split, out, out);
    rg_split_deflate(split, out);
    return sqrt(rg_dot(split->cells, out, out));
}

/* The same for x = 0, with P d* E in z: no transform. */
static double first_residual(rg_split *split) {
    memcpy(split->flux, split->field, (size_t)(split->cells * split->dim) * sizeof(double));
    memcpy(split->residual, split->z, (size_t)split->cells * sizeof(double));
    return sqrt(rg_dot(split->cells, split->residual, split->residual));
}

/* How far the residual that the inner iteration carries along is from the true one: what aliasing does to it. */
static double drift(rg_split *split) {
    double *difference = split->slope;
    (void)true_residual(split, difference);
    for (ptrdiff_t i = 0; i < split->cells; i++) difference[i] -= split->residual[i];
    return sqrt(rg_dot(split->cells, difference, difference));
}

/* Inner solves, each corrected by the true residual, as long as that gains a factor of 2. Aliasing limits the gain, and
 * to solve further is wasted (measured on real data: 829 iterations instead of 349): an early look shows the limit. */
static double refine(rg_split *split, double reached, double target) {
    const double look = 1e-3 * reached, deepest = 1e-11;
    double limit = deepest;
    int resume = look > target, converged = 1;
    if (resume) {
        converged = rg_split_inner(split, look, 0);
        limit = fmax(limit, 0.3 * drift(split) / reached);
    }
    for (double last = HUGE_VAL; converged && reached > target && reached < 0.5 * last; resume = 0) {
        converged = rg_split_inner(split, fmax(0.3 * target, limit * reached), resume);
        last = reached;
        reached = true_residual(split, split->residual);
        if (reached > target) limit = fmax(limit, 0.3 * reached / last);
    }
    return converged ? reached : true_residual(split, split->residual);
}

/* Solves A x = d* E, with P d* E in z, to the true residual `target`; returns that residual, and whether the grid
 * resolves the problem: whether the inner operator is good enough to get there. */
static double solve(rg_split *split, double target, int *resolved) {
    enum { PATIENCE = 16, LOOKS = 3 };
    rg_split_warm_start(split);
    double reached;
    if (split->kept_count > 0) { /* rounding in Nyquist modes, magnified by orthonormalisation, shows in no residual */
        (void)project(split, split->x, split->x);
        reached = true_residual(split, split->residual);
    } else {
        reached = first_residual(split);
    }
    if (split->aliased > 0) {
        split->aliased--;
    } else {
        reached = refine(split, reached, target);
        if (reached > target && split->history > 0) split->aliased = PATIENCE;
    }
    *resolved = reached <= target;
    for (int look = 0; look < LOOKS && reached > target; look++) { /* its recurrence drifts by rounding: look again */
        if (!rg_split_factored(split, 0.7 * target)) look = LOOKS;
        reached = true_residual(split, split->residual);
    }
    rg_split_keep(split);
    return reached;
}

struct output {
    const rg_split *split;
    const double *e;
    rg_split_parts parts;
    double floor; /* of p */
};

static void output_block(void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct output *o = data;
    const rg_split *split = o->split;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double p = split->root[i] * split->root[i], inverse = split->root[i] / (p + o->floor);
        for (int a = 0; a < split->dim; a++) {
            const ptrdiff_t k = a * split->cells + i;
            const double r = split->flux[k] * inverse, e = o->e[k];
            if (o->parts.solenoidal) o->parts.solenoidal[k] = r;
            if (o->parts.gradient) o->parts.gradient[k] = e - r;
        }
        if (o->parts.source) o->parts.source[i] = -split->rhs[i] * inverse;
        if (o->parts.solenoidal_source) o->parts.solenoidal_source[i] = -split->residual[i] * inverse;
        if (o->parts.potential) o->parts.potential[i] = split->x[i] * inverse;
    }
}

struct energies {
    const double *field, *flux;
    int which; /* 0: |E|^2, 1: |d x|^2 = |E - F|^2, 2: |F|^2, 3: d x . F */
};

static double energies_block(const void *data, ptrdiff_t begin, ptrdiff_t end) {
    const struct energies *e = data;
    double sum = 0;
    for (ptrdiff_t i = begin; i < end; i++) {
        const double field = e->field[i], flux = e->flux[i], slope = field - flux;
        sum += e->which == 0 ? field * field : e->which == 1 ? slope * slope : flux * (e->which == 2 ? flux : slope);
    }
    return sum;
}

/* Energies from the half-density fields: E_p|r|^2 = |F|^2 and E_p|grad phi|^2 = |d x|^2. */
static void measure(const rg_split *split, rg_split_report *report) {
    double sum[4];
    for (int k = 0; k < 4; k++)
        sum[k] = rg_grid_cell_volume(&split->grid) *
                 rg_reduce(split->cells * split->dim, energies_block, &(struct energies){split->field, split->flux, k});
    report->total = sum[0];
    report->gradient = sum[1];
    report->solenoidal = sum[2];
    report->orthogonality = sum[0] > 0 ? sum[3] / sum[0] : 0;
}

static int all_finite(ptrdiff_t n, const double *a) {
    for (ptrdiff_t i = 0; i < n; i++)
        if (!isfinite(a[i])) return 0;
    return 1;
}

rg_status rg_split_weighted(rg_split *split, const double *log_density, const double *score, const double *e,
                            const rg_split_parts *parts, rg_split_report *report) {
    if (!split || !log_density || !score || !e || !parts || !report) return RG_EINVAL;
    const ptrdiff_t n = split->cells;
    if (!all_finite(n, log_density) || !all_finite(n * split->dim, score) || !all_finite(n * split->dim, e))
        return RG_EINVAL;
    split->score = score;
    split->transforms = split->iterations = 0;
    const double top = set_root(split, log_density);
    set_operator(split);
    set_field(split, e);
    adjoint(split, split->field, split->rhs);
    set_ground(split);
    (void)project(split, split->rhs, split->z);
    rg_split_deflate(split, split->z);
    const double size = sqrt(rg_dot(n, split->z, split->z));
    const double scale = fmax(size, rounding_floor(split) / split->tolerance), target = split->tolerance * scale;
    int resolved;
    const double residual = solve(split, target, &resolved);
    measure(split, report);
    rg_parallel(n, output_block, &(struct output){split, e, *parts, undetermined * top * top});
    report->residual = scale > 0 ? residual / scale : 0;
    report->iterations = split->iterations;
    report->transforms = split->transforms;
    report->resolved = resolved;
    split->score = NULL;
    return residual <= target ? RG_OK : RG_ENOCONV;
}

static rg_status fill(rg_split *split, const rg_split_options *options) {
    const size_t n = (size_t)split->cells, dn = n * (size_t)split->dim;
    const rg_status status = rg_spectral_create(&split->grid, options->planning, &split->spectral);
    if (status) return status;
    double **fields[] = {&split->root, &split->potential, &split->x,     &split->rhs,   &split->residual,
                         &split->z,    &split->direction, &split->image, &split->ground};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!(*fields[i] = rg_field_alloc(n))) return RG_ENOMEM;
    split->field = rg_field_alloc(dn);
    split->flux = rg_field_alloc(dn);
    split->slope = rg_field_alloc(dn);
    split->ground_slope = rg_field_alloc(dn);
    split->multiplier = rg_field_alloc((size_t)split->spectral->modes);
    split->residual_modes = rg_field_alloc(2 * (size_t)split->spectral->modes);
    split->row_part = rg_field_alloc((size_t)(split->spectral->m[0] * split->spectral->m[1]));
    if (!split->field || !split->flux || !split->slope || !split->ground_slope || !split->multiplier ||
        !split->residual_modes || !split->row_part)
        return RG_ENOMEM;
    for (int i = 0; i < split->history; i++) {
        split->kept[i] = rg_field_alloc(n);
        split->kept_gradient[i] = rg_field_alloc(dn);
        if (!split->kept[i] || !split->kept_gradient[i]) return RG_ENOMEM;
    }
    return RG_OK;
}

rg_status rg_split_create(const rg_grid *grid, const rg_split_options *options, rg_split **split) {
    const rg_split_options none = {0};
    const rg_split_options *o = options ? options : &none;
    if (!grid || !split || o->history < 0 || o->history > RG_MAX_HISTORY) return RG_EINVAL;
    if (!isfinite(o->tolerance) || o->tolerance < 0 || o->max_iterations < 0) return RG_EINVAL;
    rg_split *new = rg_alloc(1, sizeof *new);
    if (!new) return RG_ENOMEM;
    new->grid = *grid;
    new->dim = grid->dim;
    new->cells = rg_grid_cells(grid);
    new->tolerance = o->tolerance > 0 ? o->tolerance : 1e-10;
    new->max_iterations = o->max_iterations > 0 ? o->max_iterations : 5000;
    new->history = o->history;
    const rg_status status = fill(new, o);
    if (status) {
        rg_split_destroy(new);
        return status;
    }
    *split = new;
    return RG_OK;
}

void rg_split_destroy(rg_split *split) {
    if (!split) return;
    double *fields[] = {split->root,           split->potential, split->x,          split->rhs,
                        split->residual,       split->z,         split->direction,  split->image,
                        split->field,          split->flux,      split->multiplier, split->slope,
                        split->residual_modes, split->row_part,  split->ground,     split->ground_slope};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) rg_free(fields[i]);
    for (int i = 0; i < RG_MAX_HISTORY; i++) {
        rg_free(split->kept[i]);
        rg_free(split->kept_gradient[i]);
    }
    rg_spectral_destroy(split->spectral);
    rg_free(split);
}
