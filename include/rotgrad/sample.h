/* An experiment by particles: samples, and what was measured along their paths.
 *
 * Source: docs/particles.md.
 */
#ifndef ROTGRAD_SAMPLE_H
#define ROTGRAD_SAMPLE_H

#include <rotgrad/experiment.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rg_sample_options {
    rg_progress *progress; /* may be NULL; asked after every step */
    void *progress_data;
    const char *checkpoint; /* FILE.npz that keeps an unfinished run; NULL: none is written */
    int resume;             /* 1: go on from the checkpoint, which must be there and be that of this experiment */
    double seconds;         /* between two checkpoints; 0: 60 */
} rg_sample_options;

enum { RG_SAMPLE_NOTES = 4, RG_SAMPLE_NOTE = 320 };

typedef struct rg_sampled {
    size_t count, dim; /* M, D */
    double *samples;   /* (M, D) at variance_min */
    size_t *nearest;   /* (M) which of the density's samples or points is nearest to each; NULL without such */
    double *distance;  /* (M) how far it is, or the curve or surface, unit x; NULL where the law has a density */
    size_t repeated;   /* samples or points that repeat an earlier one */
    size_t rows;       /* steps + 1 */
    rg_particles_row *row;
    size_t notes; /* warnings, in words */
    char note[RG_SAMPLE_NOTES][RG_SAMPLE_NOTE];
} rg_sampled;

/* `experiment`: from rg_experiment_read or rg_experiment_read_free. RG_ECANCELLED when progress asked to stop: the
 * checkpoint is then written. RG_EINVAL, RG_EDOMAIN, RG_ENOMEM as rg_particles_create and what it needs; RG_EIO,
 * RG_EFORMAT of the checkpoint; RG_EINVAL when it belongs to another experiment. */
RG_API rg_status rg_sample(const rg_experiment *experiment, const rg_sample_options *options, rg_sampled *sampled,
                           rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* Accepts a zeroed struct. */
RG_API void rg_sampled_free(rg_sampled *sampled);

/* Whether a run may begin or go on: RG_EINVAL when there is a checkpoint and no `resume`, or `resume` and no checkpoint. */
RG_API rg_status rg_sample_check(const char *checkpoint, int resume, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Writes samples.npy, path.csv (path.npz holds its columns, for figures), report.json and, where known, nearest.npy and distance.npy into `directory`, as
 * rg_outcome_write does. */
RG_API rg_status rg_sampled_write(const rg_sampled *sampled, const rg_experiment *experiment, const char *directory,
                                  int force, const char *command, rg_diagnostic *diagnostic) RG_MUST_CHECK;
/* report.json as text (schema rotgrad.sample/1), and the summary for people; free with rg_free. */
RG_API rg_status rg_sampled_json(const rg_sampled *sampled, const rg_experiment *experiment, const char *command,
                                 char **text) RG_MUST_CHECK;
RG_API rg_status rg_sampled_table(const rg_sampled *sampled, const rg_experiment *experiment,
                                  char **text) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
