/* What the readers of an experiment's parts share. Internal. */
#ifndef RG_READER_H
#define RG_READER_H

#include "experiment/node.h"

#include <rotgrad/array.h>
#include <rotgrad/experiment.h>

typedef struct rg_reader {
    rg_pool scratch; /* the tree; gone when reading is over */
    rg_pool *kept;   /* what the experiment owns */
    rg_node *root;
    rg_experiment *experiment;
    rg_diagnostic *diagnostic;
    const rg_node *score_node; /* the learned score that gave the grid its shape, already loaded */
    rg_array score;
} rg_reader;

/* The parts, in the order in which they need each other. Each fills its fields of the experiment, and the tree with the
 * defaults that depend on other keys. */
rg_status rg_reader_grid(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_density(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_error(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_noise(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_prior(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_estimate(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_budget(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_sample(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_manifold(rg_reader *r) RG_MUST_CHECK;
rg_status rg_reader_resolved(rg_reader *r) RG_MUST_CHECK;

rg_status rg_reader_out_of_memory(const rg_reader *r) RG_MUST_CHECK;

/* Reads the array a node names; refuses NaN and infinity. The experiment owns the data and lists the file among its
 * inputs. The diagnostic starts with the node's place. */
rg_status rg_reader_load(rg_reader *r, const rg_node *node, rg_array *array) RG_MUST_CHECK;

/* Adds a file to the inputs, once. */
rg_status rg_reader_input(rg_reader *r, const char *path, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* "place: key: FILE: expected EXPECTED, got shape (5, 3)" */
rg_status rg_reader_wrong_shape(const rg_reader *r, const rg_node *node, const rg_array *array, const char *expected);

/* The grid, in the run's box, of an array of shape (n0, ...), (d, n0, ...) or (K, d, n0, ...): 0, 1 or 2 leading axes. */
rg_status rg_reader_values_grid(const rg_reader *r, const rg_node *node, const rg_array *array, int leading,
                                rg_grid *grid) RG_MUST_CHECK;

/* Points of a .npy (N, d) named by `node`, without those that `exclude` (or NULL) marks. */
rg_status rg_reader_points(rg_reader *r, const rg_node *node, const rg_node *exclude, size_t *count,
                           const double **points) RG_MUST_CHECK;

/* Density values of a file: >= 0, positive mass. RG_EDOMAIN otherwise. */
rg_status rg_reader_density_values(rg_reader *r, const rg_node *node, rg_grid *grid, double **values) RG_MUST_CHECK;

/* The numbers of a list that must hold `count` of them; `each` says what for: "component", "axis". */
rg_status rg_reader_numbers(const rg_reader *r, const rg_node *list, size_t count, const char *each,
                            double *numbers) RG_MUST_CHECK;

/* A list of numbers put into the tree as the value of a missing key. */
rg_status rg_reader_fill(rg_reader *r, rg_node *map, const char *key, const double *numbers, size_t count,
                         rg_node_value value) RG_MUST_CHECK;

/* Likewise a single number. */
rg_status rg_reader_fill_number(rg_reader *r, rg_node *map, const char *key, double number) RG_MUST_CHECK;

#endif
