/* An experiment: what a YAML file says, checked, with every array it names in memory.
 *
 * Reference of the keys: docs/experiment.md.
 */
#ifndef ROTGRAD_EXPERIMENT_H
#define ROTGRAD_EXPERIMENT_H

#include <rotgrad/estimate.h>
#include <rotgrad/evolve.h>
#include <rotgrad/particles.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_prior { RG_PRIOR_EXACT = 1, RG_PRIOR_UNIFORM, RG_PRIOR_FILE } rg_prior;

/* A file the experiment read; of FILE.npz:NAME the archive. */
typedef struct rg_experiment_input {
    char *path;      /* as opened */
    char sha256[65]; /* lower-case hexadecimal */
} rg_experiment_input;

/* The gradient bound from samples, where it is asked for. */
typedef struct rg_experiment_estimate {
    size_t samples; /* at each noise level; 0: not asked for */
    rg_linear_form form;
    rg_feature_kind kind;
    size_t size;
    char *features; /* both as typed: "fourier:8" */
    unsigned long seed;
} rg_experiment_estimate;

/* W1 and its bounds, where they are asked for. */
typedef struct rg_experiment_wasserstein {
    double gap;        /* of the distances, relative; 0: not asked for */
    double source_gap; /* of the norm of the source at each noise level */
} rg_experiment_wasserstein;
/* The ladder of error sources, `rotgrad budget`; see budget.h. Defaults where the experiment has no key budget. */
typedef enum rg_budget_prior { RG_BUDGET_EXACT = 1, RG_BUDGET_UNIFORM, RG_BUDGET_GAUSSIAN } rg_budget_prior;
typedef enum rg_step_scheme { RG_STEP_EULER = 1, RG_STEP_EXPONENTIAL } rg_step_scheme;
enum { RG_SWEEP_SAMPLES, RG_SWEEP_SIGMA_MIN, RG_SWEEP_MODES, RG_SWEEP_SIGMA_MAX, RG_SWEEP_STEPS, RG_SWEEPS };

typedef struct rg_experiment_budget {
    size_t samples;       /* N; 0: the law itself, no finite sample */
    const double *points; /* (N, d), from a file; NULL: drawn from the law by `seed` */
    unsigned long seed;
    rg_feature_kind kind; /* of the class of scores; 0: all scores */
    size_t size;
    char *score_class; /* both as typed: "fourier:4"; "none" */
    double ridge;
    int has_prior; /* 1: `prior` is given; 0: the experiment's own, or uniform where that is exact */
    rg_budget_prior prior;
    size_t steps; /* of the sampler at the end; 0: exact in time */
    rg_step_scheme scheme;
    size_t count[RG_SWEEPS];  /* values of each sweep; 0: none */
    double *value[RG_SWEEPS]; /* as given */
} rg_experiment_budget;
/* Where the particles of rotgrad sample start. */
typedef enum rg_sample_start {
    RG_SAMPLE_PRIOR = 1, /* the law that `prior` names */
    RG_SAMPLE_GAUSSIAN,  /* N(0, variance_max) */
    RG_SAMPLE_POINT,     /* every one at 0 */
    RG_SAMPLE_UNIFORM,   /* in the box */
    RG_SAMPLE_FILE       /* as given */
} rg_sample_start;

/* What rotgrad sample does beyond rotgrad run; the defaults where the file says nothing. */
typedef struct rg_experiment_sample {
    size_t particles, steps;
    unsigned long seed;
    rg_method method;
    rg_sample_start start;
    size_t points_count; /* RG_SAMPLE_FILE: as many as particles */
    double *points;      /* (points_count, dim) */
    int exact;           /* 1: the paths follow the true score */
    int on_grid;         /* 1: the score is interpolated from the grid */
    double bandwidth;    /* of samples: smooths them into a score that generalises; 0: not */
} rg_experiment_sample;
enum { RG_MOST_TUBES = 8 };

/* Path functionals and what is outside a tube around the manifold, where they are asked for. */
typedef struct rg_experiment_manifold {
    size_t levels; /* noise levels of the table; 0: not asked for */
    size_t tubes;
    double tube[RG_MOST_TUBES]; /* radii, ascending, unit x */
} rg_experiment_manifold;

typedef struct rg_experiment {
    char *path;     /* the YAML file */
    char *title;    /* "" when there is none */
    size_t dim;     /* of the space: that of the grid, or of the data on R^dim */
    int free_space; /* 1: R^dim, there is no grid (rg_experiment_read_free only) */
    rg_grid grid;
    char *axis_name[RG_MAX_DIM]; /* Pango markup, for figures; NULL: none was given */
    int degrees;                 /* 1: figures show the axes in degrees */
    rg_density_spec density;     /* arrays owned by the experiment */
    double variance_min, variance_max;
    double churn;         /* lambda >= 0: 1 the reverse SDE, 0 the probability-flow ODE */
    rg_prior prior;       /* the law the sampler starts from */
    double *prior_values; /* RG_PRIOR_FILE: n values on prior_grid */
    rg_grid prior_grid;
    size_t terms;
    rg_error_term *term; /* arrays owned by the experiment */
    rg_experiment_estimate estimate;
    rg_experiment_wasserstein wasserstein;
    rg_experiment_budget budget;
    rg_experiment_sample sample;
    rg_experiment_manifold manifold;
    double tolerance; /* of the time stepping, in total variation */
    rg_form form;     /* formulation of the main run; the other one checks it */
    int threads;      /* 0: what OpenMP gives */
    size_t inputs;
    rg_experiment_input *input; /* the YAML file first, each file once */
    char *resolved;             /* the experiment as JSON, every default filled in, arrays by file name */
    void *memory;               /* bookkeeping of what is owned */
} rg_experiment;

/* Reads and checks an experiment file. `settings` holds `count` texts "key.key=value" (the value is YAML) that replace
 * or add keys, as `rotgrad run --set` gives them; they apply in order. Paths in the file are relative to the file; in
 * settings, to the current folder.
 *
 * The diagnostic reads "FILE:LINE:COLUMN: KEY: expected ..., got ..." or "--set KEY=VALUE: expected ..., got ...".
 * RG_EIO: a file cannot be read; RG_EFORMAT: the text is not YAML, or YAML that is refused, or an array file is broken;
 * RG_EINVAL: an unknown key, a value or a shape outside the reference; RG_EDOMAIN: a density without an answer, such as
 * negative values or samples at variance 0; RG_ENOMEM. */
RG_API rg_status rg_experiment_read(const char *path, const char *const *settings, size_t count,
                                    rg_experiment *experiment, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The same for particles: without grid.shape and learned scores the space is R^D, with the D of the samples or means; densities
 * are then mixtures or samples, score errors constant, scaled, rotation or waves. */
RG_API rg_status rg_experiment_read_free(const char *path, const char *const *settings, size_t count,
                                         rg_experiment *experiment, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Accepts a zeroed struct. */
RG_API void rg_experiment_free(rg_experiment *experiment);

#ifdef __cplusplus
}
#endif

#endif
