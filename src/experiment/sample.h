/* What the files of rg_sample share. Internal. */
#ifndef RG_SAMPLE_H
#define RG_SAMPLE_H

#include "base/base.h"

#include <rotgrad/sample.h>

/* Whether the law stands on points: samples, points in the file, points on a curve. */
int rg_sample_on_points(const rg_density_spec *density);

/* Points that follow the prior, (M, dim): p at variance_max, the uniform law, or that of the file. `law`: the density, with
 * kind RG_DENSITY_SAMPLES where it stands on points. */
rg_status rg_sample_prior(const rg_experiment *experiment, const rg_density_spec *law, double *points,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A run on its way, in a file. `sampled` has the rows so far. */
rg_status rg_sample_save(const char *path, const rg_experiment *experiment, const rg_particles *particles,
                         const rg_sampled *sampled, rg_diagnostic *diagnostic) RG_MUST_CHECK;
rg_status rg_sample_load(const char *path, const rg_experiment *experiment, rg_particles *particles,
                         rg_sampled *sampled, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A column of path.csv. */
typedef struct rg_sample_column {
    const char *name;
    size_t offset; /* in rg_particles_row, of a double */
} rg_sample_column;
enum { RG_SAMPLE_COLUMNS = 11 };
extern const rg_sample_column rg_sample_column_of[RG_SAMPLE_COLUMNS];

#endif
