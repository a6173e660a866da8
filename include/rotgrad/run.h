/* The main job: an experiment becomes an outcome, an outcome becomes a report.
 *
 * Three passes: the experiment as it stands; with the tolerance relaxed tenfold; on the halved grid. A number's error
 * bar is the sum of the two differences, of what the pass itself knows it lost (clipped mass, quadrature), and of what
 * the error-free sampler that starts at p itself shows where it should show 0. With `check` a fourth pass in the other
 * formulation joins the sum.
 * Source: docs/theory.md 0-3.
 */
#ifndef ROTGRAD_RUN_H
#define ROTGRAD_RUN_H

#include <rotgrad/divergence.h>
#include <rotgrad/experiment.h>
#include <rotgrad/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which divergence, as index of rg_outcome.divergence. Names in reports: kl, reverse_kl, tv, chi2, hellinger2. */
enum { RG_KL, RG_REVERSE_KL, RG_TV, RG_CHI2, RG_HELLINGER2, RG_DIVERGENCES };
/* Integrals over v of E_p|.|^2, as index of rg_outcome.energy. */
enum { RG_ENERGY_TOTAL, RG_ENERGY_GRADIENT, RG_ENERGY_SOLENOIDAL, RG_ENERGIES };

typedef enum rg_verdict { RG_HOLDS = 1, RG_VIOLATED, RG_UNDECIDED } rg_verdict;

/* A claim lhs <= rhs, judged against the error bars: holds when lhs <= rhs - (errors), violated when lhs > rhs +
 * (errors), else undecided. */
typedef struct rg_claim {
    const char *name;      /* "gradient_bound": fixed text, lower case with underscores */
    const char *statement; /* for people: "KL(p|q) <= KL(p_T|pi) + 1/2 int E_p|grad phi|^2 dv" */
    rg_value lhs, rhs;
    rg_verdict verdict;
} rg_claim;

enum { RG_MAX_CLAIMS = 64 };

/* Harm: the share of an error in the KL of the linear response, signed; total = positive + negative, the integrals of
 * the places that raise it and that lower it. */
typedef struct rg_harm_level {
    double total, positive, negative; /* nats per d log sigma at the level; NaN where it is unknown */
} rg_harm_level;

typedef struct rg_harm_interval {
    double low, high;                 /* sigma */
    double total, positive, negative; /* nats */
} rg_harm_interval;

/* Which errors cost how much of linear_kl; for churn 1 and the exact prior only. */
typedef struct rg_outcome_harm {
    int known;                  /* 0: nothing below is set */
    rg_value attributed_kl;     /* the sum of it all, which must be linear_kl; its error is how far it is from that */
    size_t intervals;           /* between the levels of the table, ascending sigma */
    rg_harm_interval *interval; /* owned by the outcome */
    double *map;                /* (n) over the box, integrated over v, nats/x^d; owned by the outcome */
    double band_low, band_high; /* sigma: the narrowest run of intervals with 60 % of it; band_high 0: there is none */
    double band_share;          /* of attributed_kl */
    int region_axis;            /* -1: there is none */
    double region_low, region_high; /* the shortest part of an axis with half of the band's, may reach beyond the box */
    double region_share;            /* of the band's */
} rg_outcome_harm;

/* One noise level of the table (levels.csv). Energies are E_p|.|^2, unit 1/x^2. Error bars: the difference to the halved
 * grid, what the relaxed tolerance changes at the end of the run, and for KL, with the exact prior, what the error-free
 * sampler shows where it should show 0. */
typedef struct rg_outcome_level {
    double sigma, variance;
    double total, gradient, solenoidal, harmonic;
    double
        flat_gradient; /* gradient share of the unweighted (Leray) split, E_1|.|^2: the wrong geometry, for contrast */
    double flat_total; /* E_1|e|^2, the average over the box */
    double kl[RG_MARGINALS];               /* KL(p_v|q_v) so far */
    double gradient_bound, girsanov_bound; /* from the start down to here, KL(p_T|pi) included */
    double kl_error[RG_MARGINALS], gradient_bound_error, girsanov_bound_error;
    rg_harm_level harm;
    rg_harm_level w1; /* of W1, unit x per d log sigma; NaN without `wasserstein` in the experiment */
    /* E_p|grad phi|^2 from samples: value, standard error, 95 % interval; NaN without `estimate` in the experiment */
    double dual_sobolev, dual_sobolev_error, dual_sobolev_low, dual_sobolev_high;
    double dual_sobolev_class; /* what it would be with infinitely many samples and no ridge; NaN where not known */
    double cells_per_sigma;    /* sigma over the largest grid spacing */
    int iterations;            /* of the split */
    double residual;           /* of the split, true and relative */
} rg_outcome_level;

/* The fields at the end (variance_min), on the run's grid; (n) or (d, n), owned by the outcome. */
typedef struct rg_outcome_fields {
    double *density;                /* p */
    double *marginal[RG_MARGINALS]; /* q of the full, gradient-only, solenoidal-only, error-free sampler */
    double *score, *error, *gradient, *solenoidal;
} rg_outcome_fields;

enum { RG_NOTE = 256 };

/* What a frame shows of a noise level: p, log(q/p) of the full sampler, |e|, |grad phi|, |r|. */
enum { RG_FRAME_DENSITY, RG_FRAME_LOG_RATIO, RG_FRAME_ERROR, RG_FRAME_GRADIENT, RG_FRAME_SOLENOIDAL, RG_FRAME_FIELDS };
enum { RG_MOST_FRAMES = 32, RG_FRAME_POINTS = 96 };

/* Fields at noise levels of the table, for looking at, not for computing: single precision, at most RG_FRAME_POINTS
 * points an axis (point i of m shows grid point floor(i n / m)), at most RG_MOST_FRAMES levels, both ends of the table
 * among them. In one and two dimensions that is one plane; in three, plane k lies across axis k through the densest
 * point of p at the end of the run. */
typedef struct rg_outcome_frames {
    size_t count;                   /* 0: none were kept */
    size_t row[RG_MOST_FRAMES];     /* of the level table, ascending */
    int planes;                     /* 1 or 3 */
    ptrdiff_t shape[RG_MAX_DIM][2]; /* of each plane, along its axes in ascending order; (n, 1) in one dimension */
    double at[RG_MAX_DIM];          /* where plane k crosses axis k, unit x */
    size_t cells;                   /* of all planes together */
    float *value;                   /* (count, RG_FRAME_FIELDS, cells), planes one after another in C order */
} rg_outcome_frames;

/* The gradient bound from samples: its error is that of the rule over the noise levels, its 95 % interval the sampling's. */
typedef struct rg_outcome_estimate {
    rg_value bound;     /* NaN: the experiment did not ask for it */
    double interval[2]; /* same unit */
    /* What the bound would be with infinitely many samples and no ridge, by sums over the grid; and how far it is below
     * gradient_bound: the bias of the class. Infinite, and NaN, without churn; NaN where the class is not fourier:M with
     * 2 M below the points of each axis, or has more than RG_CLASS_MOST functions. */
    rg_value class_bound, class_bias;
} rg_outcome_estimate;

/* Bounds on W1, each from a factor Lambda by which the sampler may stretch a slope: docs/wasserstein.md. */
enum {
    RG_W1_GRONWALL,
    RG_W1_FEYNMAN_KAC,
    RG_W1_MEAN_SQUARE, /* the same by Cauchy and Schwarz, from the L2 error alone */
    RG_W1_BERNSTEIN,
    RG_W1_SMOOTHING,
    RG_W1_LEAST, /* the least of the four, point by point */
    RG_W1_BOUNDS
};
/* From the gradient part, or from the whole error. */
enum { RG_W1_GRADIENT, RG_W1_ERROR, RG_W1_FIELDS };

/* Unit x, but for tv_bound. */
typedef struct rg_w1_values {
    rg_value distance[RG_MARGINALS]; /* W1(p_0, q_0) */
    rg_value prior;                  /* W1(p_T, pi) */
    /* gain = prior_gain + source but for the residual: int psi d(q_0 - p_0) of the optimal potential, int f_T d(pi - p_T),
     * int c int p grad f.e dx dv with grad phi and with e; size: the integral of its absolute value, with grad phi */
    rg_value gain, prior_gain, source[RG_W1_FIELDS], size, residual[RG_W1_FIELDS];
    /* the same mirrored, from the true drift: gain = int g_T d(pi - p_T) + int c int q grad g.e dx dv */
    rg_value true_prior_gain, true_source, true_size, true_residual;
    /* bounds, from here on */
    rg_value bound[RG_W1_FIELDS][RG_W1_BOUNDS];
    rg_value source_norm_bound; /* constants in space, and min int |F| over div F = div(p e) */
    rg_value tv_bound[RG_W1_FIELDS], w2_bound[RG_W1_FIELDS];
    rg_value printed; /* R^(3/2) (1 + sqrt |grad b|) (W1(p_T, pi) + eps): a shape, without its universal constant */
} rg_w1_values;

typedef struct rg_outcome_w1 {
    int known; /* 0: nothing else is set */
    rg_w1_values values;
    double *map;       /* (n) c int p grad f.grad phi dv, unit x^(1-d); owned by the outcome */
    double *potential; /* (n) psi, unit x; likewise */
    double *flux; /* (d, n) the optimal flux at the points, the mean of the faces beside them, unit x^(1-d); likewise */
} rg_outcome_w1;

/* One noise level of the manifold's table (manifold.csv): values, and behind them in the same order their error bars. Path
 * functionals run from the start down to here. */
typedef struct rg_outcome_manifold_values {
    double readout;                                            /* v E_p|s|^2: d - k on a manifold of dimension k */
    double error_length;                                       /* sqrt(E_p|e|^2), unit 1/x */
    double path_kl, log_novikov, log_path_chi2;                /* see path.h; log(1 + chi^2) */
    double distance_p, distance_q;                             /* mean distance to the manifold, unit x */
    double outside_p[RG_MOST_TUBES], outside_q[RG_MOST_TUBES]; /* mass farther than that from it */
} rg_outcome_manifold_values;

typedef struct rg_outcome_manifold_level {
    double sigma, variance;
    rg_outcome_manifold_values value, error;
} rg_outcome_manifold_level;

/* What the key `manifold` asks for. */
typedef struct rg_outcome_manifold {
    int known;           /* 0: nothing below is set */
    int axes, dimension; /* d and k; k = -1: the density has no manifold; distances are then NaN */
    size_t tubes;
    double tube[RG_MOST_TUBES];       /* unit x */
    size_t levels;                    /* descending sigma, geometric */
    rg_outcome_manifold_level *level; /* owned by the outcome */
    double *readout, *distance;       /* (n) v|s|^2 at the end; distance to the manifold, NULL without one; owned */
    double *p, *q;                    /* (levels, n), ascending sigma, in one dimension, else NULL; owned */
} rg_outcome_manifold;

typedef struct rg_outcome {
    rg_grid grid;
    rg_value divergence[RG_DIVERGENCES][RG_MARGINALS];
    rg_value prior_kl;       /* KL(p_T|pi) */
    rg_value gradient_bound; /* KL(p_T|pi) + c^2/(4 D) int E_p|grad phi|^2 dv; infinite for churn 0 */
    rg_value girsanov_bound; /* the same with E_p|e|^2 */
    rg_outcome_estimate dual_sobolev;
    rg_value energy[RG_ENERGIES];
    rg_value prior[RG_DIVERGENCES], prior_renyi; /* of pi and p_T */
    rg_value renyi;                              /* R_3(q|p), see RG_RENYI_ORDER */
    /* Upper bounds on R_3(q|p), log(1 + chi2(q|p)), H^2; on KL(q|p) from E_q|grad phi|^2, from E_q|e|^2, and from the
     * smaller one, at each noise level, of E_q|grad phi|^2 and E_q|grad psi|^2 with e = grad psi + a q-solenoidal field.
     * Infinite for churn 0. */
    rg_value renyi_bound, log_chi2_bound, hellinger2_bound;
    rg_value reverse_gradient_bound, reverse_girsanov_bound, reverse_projection_bound;
    rg_value path_length;       /* int |d KL / d tau| d tau of the full sampler */
    rg_value linear_kl;         /* KL by linear response, 1/2 int p delta^2; NaN where the prior is not p_T */
    rg_value observability;     /* int p delta^2 / int E_p|e|^2 dv; NaN without score error, too */
    rg_value identity_residual; /* |KL(p_0|q_0) - KL(p_T|pi) - int (d KL / d tau) d tau| of the full sampler */
    size_t claims;
    rg_claim claim[RG_MAX_CLAIMS];
    size_t levels; /* descending sigma */
    rg_outcome_level *level;
    rg_outcome_fields fields;
    rg_outcome_frames frames;
    rg_outcome_harm harm;
    rg_outcome_w1 w1;
    rg_outcome_manifold manifold;
    rg_evolve_statistics statistics; /* of the main pass */
    double cells_per_sigma;          /* sigma_min (smoothing included) over the largest spacing */
    int resolution_alarm;            /* 1: see docs/errors.md */
    char resolution_note[RG_NOTE];   /* what the alarm says, "" without one */
    double seconds;                  /* wall clock, all passes */
    double peak_memory;              /* bytes, of the process so far */
} rg_outcome;

typedef struct rg_run_options {
    int check;             /* also run the other formulation */
    rg_progress *progress; /* may be NULL */
    void *progress_data;
} rg_run_options;

/* A warning that can be given before the run, as it may take long: a score error that jumps across the edge of the box.
 * 0 and "" when there is none. The run raises the same alarm, unless it finds a worse one. */
RG_API int rg_run_warning(const rg_experiment *experiment, char note[RG_NOTE]);

/* Runs the experiment. RG_ECANCELLED when progress asked to stop; otherwise as rg_levels_create, rg_evolve_step.
 * Memory: about 80 + 30 d fields, and K d for learned levels; frames take at most 6 MB, in three dimensions 18 MB. */
RG_API rg_status rg_run(const rg_experiment *experiment, const rg_run_options *options, rg_outcome **outcome,
                        rg_diagnostic *diagnostic) RG_MUST_CHECK;
RG_API void rg_outcome_free(rg_outcome *outcome);

/* Whether any claim is violated. */
RG_API int rg_outcome_violated(const rg_outcome *outcome);

/* Writes report.html, report.json, levels.csv, fields.npz and the figures into `directory`, which appears complete or not at all. An
 * existing directory is refused with RG_EINVAL unless it is empty or `force` is set (then it is replaced whole).
 * `command` is recorded as provenance; may be NULL. */
RG_API rg_status rg_outcome_write(const rg_outcome *outcome, const rg_experiment *experiment, const char *directory,
                                  int force, const char *command, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* The report as JSON text (schema rotgrad.report/1); free with rg_free. */
RG_API rg_status rg_outcome_json(const rg_outcome *outcome, const rg_experiment *experiment, const char *command,
                                 char **text) RG_MUST_CHECK;

/* The summary table for people, plain text, at most 100 columns; free with rg_free. */
RG_API rg_status rg_outcome_table(const rg_outcome *outcome, const rg_experiment *experiment,
                                  char **text) RG_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
