/* The keys of a kind of YAML file (experiments, recipes, studies): one table that reading, messages, defaults and the reference
 * in docs/ share. Internal. */
#ifndef RG_SCHEMA_H
#define RG_SCHEMA_H

#include "experiment/node.h"

#include <stdio.h>

enum {
    RG_LEAF_TEXT = 1,
    RG_LEAF_NUMBER = 2,
    RG_LEAF_WHOLE = 4,
    RG_LEAF_CHOICE = 8, /* never in a list: beside a list of numbers, the word that stands for one */
    RG_LEAF_FILE = 16,
    RG_LEAF_MAP = 32,
    RG_LEAF_FLAG = 64,
    RG_LEAF_MARKUP = 128 /* Pango markup, for figures */
};

enum {
    RG_KEY_REQUIRED = 1,
    RG_KEY_ONE_OF = 2,      /* exactly one of the keys so marked in a map must be given */
    RG_KEY_MAY_BE_EMPTY = 4 /* a list without entries is fine */
};

/* An interval; what is open has a strict bound. */
typedef struct rg_range {
    double low, high;
    int low_open, high_open;
} rg_range;

typedef struct rg_key {
    const char *path;         /* "error.*.modes.*.sin", '*' for an index */
    unsigned leaf;            /* RG_LEAF_...: what stands innermost */
    int depth_min, depth_max; /* lists around it */
    unsigned flags;           /* RG_KEY_... */
    const rg_range *range;    /* of numbers; NULL for any */
    const char *choices;      /* RG_LEAF_CHOICE: "ratio, density" */
    const char *fallback;     /* the default as YAML; NULL when there is none or the reader works it out */
    const char *fallback_doc; /* what the reader works out, in words */
    const char *beside;       /* the key needs this sibling */
    const char *doc;          /* one sentence */
} rg_key;

typedef struct rg_schema {
    const char *noun; /* "an experiment" */
    size_t keys;
    const rg_key *key;
} rg_schema;

extern const rg_schema rg_experiment_schema, rg_recipe_schema, rg_study_schema;

/* Checks every key and value, stores the numbers in the nodes, drops keys whose value is null and puts in defaults.
 * RG_EINVAL with the place in the diagnostic; RG_ENOMEM. */
rg_status rg_schema_check(const rg_schema *schema, rg_node *root, rg_pool *pool,
                          rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* "a list of numbers > 0": what a key takes from the given depth of lists on. */
enum { RG_EXPECTED_SIZE = 160 };
void rg_schema_expected(const rg_key *key, int depth, char text[RG_EXPECTED_SIZE]);

/* The reference of all keys as Markdown. */
void rg_schema_print(const rg_schema *schema, FILE *out);

/* The candidate nearest to `word` in edits (a letter inserted, left out, replaced, or two swapped), or NULL when none
 * is near. Candidates are offered one after the other. */
typedef struct rg_nearest {
    const char *word, *best;
    size_t distance;
} rg_nearest;
rg_nearest rg_nearest_to(const char *word);
void rg_nearest_offer(rg_nearest *nearest, const char *candidate);

#endif
