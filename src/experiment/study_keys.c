/* The keys of studies, in the order of docs/study.md. */
#include "experiment/schema.h"

#include <math.h>

static const rg_range members = {.low = 1, .high = 1000000};
static const rg_range seeds = {.low = 0, .high = 4294967295.0};
static const rg_range bands = {.low = 1, .high = 1000};
static const rg_range energies = {.low = 0, .high = HUGE_VAL};
static const rg_range samples = {.low = 10, .high = 100000000};
static const rg_range waves = {.low = 1, .high = 100};
static const rg_range replicates = {.low = 100, .high = 1000000};

#define MAP(at, flag, words)                                                                                           \
    { .path = (at), .leaf = RG_LEAF_MAP, .flags = (flag), .doc = (words) }
#define SETTINGS(at, words)                                                                                            \
    { .path = (at), .leaf = RG_LEAF_TEXT, .depth_min = 1, .depth_max = 1, .doc = (words) }
#define LABEL(at, words, otherwise)                                                                                    \
    { .path = (at), .leaf = RG_LEAF_TEXT, .fallback_doc = (otherwise), .doc = (words) }
#define RANDOM(at)                                                                                                     \
    {.path = at ".members", .leaf = RG_LEAF_WHOLE, .flags = RG_KEY_REQUIRED, .range = &members, .doc = "How many."},   \
        {.path = at ".seed",                                                                                           \
         .leaf = RG_LEAF_WHOLE,                                                                                        \
         .flags = RG_KEY_REQUIRED,                                                                                     \
         .range = &seeds,                                                                                              \
         .doc = "Member k of the block depends on the seed and k alone: more members leave the first ones as they "    \
                "are."},                                                                                               \
        {.path = at ".band",                                                                                           \
         .leaf = RG_LEAF_WHOLE,                                                                                        \
         .flags = RG_KEY_REQUIRED,                                                                                     \
         .range = &bands,                                                                                              \
         .doc = "The highest wave number of the error on each axis."},                                                 \
        {.path = at ".gradient",                                                                                       \
         .leaf = RG_LEAF_NUMBER,                                                                                       \
         .depth_max = 1,                                                                                               \
         .range = &energies,                                                                                           \
         .fallback = "0",                                                                                              \
         .doc = "The energy of the gradient part, unit 1/x^2: a number, or two between which it is log-uniform."},     \
    {                                                                                                                  \
        .path = at ".solenoidal", .leaf = RG_LEAF_NUMBER, .depth_max = 1, .range = &energies, .fallback = "0",         \
        .doc = "The energy of the solenoidal part, likewise."                                                          \
    }
#define SWEEP(at)                                                                                                      \
    {.path = at ".key",                                                                                                \
     .leaf = RG_LEAF_TEXT,                                                                                             \
     .flags = RG_KEY_REQUIRED,                                                                                         \
     .doc = "The key of the experiment, such as `noise.churn`."},                                                      \
    {                                                                                                                  \
        .path = at ".values", .leaf = RG_LEAF_NUMBER, .depth_min = 1, .depth_max = 1, .flags = RG_KEY_REQUIRED,        \
        .doc = "Its values, one for each member; column `value` of the table."                                         \
    }

static const rg_key keys[] = {
    {.path = "title", .leaf = RG_LEAF_TEXT, .doc = "A line for tables and figures."},
    {.path = "experiment",
     .leaf = RG_LEAF_FILE,
     .fallback_doc = "each entry of `ensemble.list` names one",
     .doc = "The experiment file that the members are made of."},
    SETTINGS("set",
             "Keys of the experiment to replace or add in every member, `KEY=VALUE` as for `rotgrad run --set`."),

    MAP("ensemble", RG_KEY_REQUIRED, "The members: one of three kinds."),
    MAP("ensemble.random", RG_KEY_ONE_OF, "Random band-limited errors, which replace the experiment's."),
    RANDOM("ensemble.random"),
    MAP("ensemble.sweep", RG_KEY_ONE_OF, "One key, several values."),
    SWEEP("ensemble.sweep"),
    {.path = "ensemble.list",
     .leaf = RG_LEAF_MAP,
     .depth_min = 1,
     .depth_max = 1,
     .flags = RG_KEY_ONE_OF,
     .doc = "Members one by one, or block by block: families, widths, the checkpoints of a training run."},
    LABEL("ensemble.list.*.label",
          "What the table calls the member, or the members of the block; figures choose by it.",
          "`random`, KEY=VALUE of a sweep, or the experiment's file name"),
    {.path = "ensemble.list.*.experiment",
     .leaf = RG_LEAF_FILE,
     .fallback_doc = "that of the study",
     .doc = "An experiment of its own."},
    SETTINGS("ensemble.list.*.set", "Keys to replace or add, after those of the study."),
    MAP("ensemble.list.*.random", 0, "A block of random errors, as `ensemble.random`."),
    RANDOM("ensemble.list.*.random"),
    MAP("ensemble.list.*.sweep", 0, "A block of one key with several values, as `ensemble.sweep`."),
    SWEEP("ensemble.list.*.sweep"),

    {.path = "predictors",
     .leaf = RG_LEAF_TEXT,
     .depth_min = 1,
     .depth_max = 1,
     .fallback =
         "[l2, gradient_energy, flat_gradient_energy, dual_sobolev, ksd, dsm_loss, fokker_planck_residual, curl]",
     .doc = "Names from the table of predictors."},
    {.path = "outcomes",
     .leaf = RG_LEAF_TEXT,
     .depth_min = 1,
     .depth_max = 1,
     .fallback = "[kl, reverse_kl, tv, chi2, hellinger2]",
     .doc = "Names from the table of outcomes."},
    {.path = "samples",
     .leaf = RG_LEAF_WHOLE,
     .range = &samples,
     .fallback = "2000",
     .doc = "Drawn from p at each noise level, for predictors from samples; more than there are waves."},
    {.path = "waves",
     .leaf = RG_LEAF_WHOLE,
     .range = &waves,
     .fallback = "3",
     .doc = "The dual Sobolev estimator's class: Fourier modes up to this wave number on each axis."},
    {.path = "seed",
     .leaf = RG_LEAF_WHOLE,
     .range = &seeds,
     .fallback = "1",
     .doc = "Of these samples and of the bootstrap."},
    {.path = "replicates",
     .leaf = RG_LEAF_WHOLE,
     .range = &replicates,
     .fallback = "1000",
     .doc = "Of the bootstrap over members."},
};

const rg_schema rg_study_schema = {"a study", sizeof keys / sizeof *keys, keys};
