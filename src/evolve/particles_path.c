/* What a line of path.csv says about the particles.
 *
 * Novikov's functional E exp(E_i / 2), E_i = c^2 / lambda^2 int |e|^2 dv along path i, and Kish's effective number of samples
 * of its weights. */
#include "evolve/particles.h"

#include <math.h>

struct mean {
    double value, error;
};

static struct mean mean_of(size_t count, const double *values) {
    const double n = (double)count, mean = rg_sum((ptrdiff_t)count, values) / n;
    double square = 0;
    for (size_t i = 0; i < count; i++) square += (values[i] - mean) * (values[i] - mean);
    return (struct mean){mean, count > 1 ? sqrt(square / (n * (n - 1))) : (double)NAN};
}

static double mean_square(size_t count, size_t values, const double *x) {
    return rg_dot((ptrdiff_t)values, x, x) / (double)count;
}

static void set_novikov(const rg_particles *p, double factor, rg_particles_row *row) {
    double top = -HUGE_VAL, sum = 0, square = 0;
    const size_t count = p->options.count;
    for (size_t i = 0; i < count; i++) top = fmax(top, factor * p->energy[i]);
    for (size_t i = 0; i < count; i++) {
        const double w = exp(factor * p->energy[i] - top);
        sum += w;
        square += w * w;
    }
    row->novikov = top + log(sum / (double)count);
    row->effective_samples = sum * sum / square;
}

static void set_nearest(const rg_particles *p, rg_particles_row *row) {
    double sum = 0;
    row->nearest_least = HUGE_VAL;
    row->nearest_most = 0;
    for (size_t i = 0; i < p->options.count; i++) {
        const double d = p->nearest[i].distance;
        sum += d;
        row->nearest_least = fmin(row->nearest_least, d);
        row->nearest_most = fmax(row->nearest_most, d);
    }
    row->nearest_mean = sum / (double)p->options.count;
}

rg_particles_row rg_particles_here(const rg_particles *particles) {
    const rg_particles *p = particles;
    const rg_particles_options *o = &p->options;
    const double v = rg_particles_variance(p, p->step), nan = (double)NAN;
    const struct mean energy = mean_of(o->count, p->energy);
    rg_particles_row row = {.step = p->step,
                            .sigma = sqrt(v),
                            .path_energy = energy.value,
                            .path_energy_error = energy.error,
                            .path_kl = nan,
                            .novikov = nan,
                            .effective_samples = nan,
                            .nearest_mean = nan,
                            .nearest_least = nan,
                            .nearest_most = nan};
    row.score_square = v * mean_square(o->count, o->count * o->space.dim, p->score);
    row.error_square = rg_sum((ptrdiff_t)o->count, p->square) / (double)o->count;
    if (o->churn > 0) {
        const double factor = 0.5 * p->drift * p->drift / (o->churn * o->churn);
        row.path_kl = factor * energy.value;
        set_novikov(p, factor, &row);
    }
    if (p->nearest) set_nearest(p, &row);
    return row;
}
