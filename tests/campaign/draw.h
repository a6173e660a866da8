/* What a campaign draws from a seed: dimension, sizes, boxes, density, noise range, churn, prior, errors; for the ladder the
 * samples, the class, the steps. */
#ifndef CAMPAIGN_DRAW_H
#define CAMPAIGN_DRAW_H

#include <rotgrad/run.h>

#include <gsl/gsl_rng.h>

enum {
    MOST_COMPONENTS = 3,
    MOST_SAMPLES = 40,
    MOST_MODES = 4,
    MOST_TERMS = 3,
    MOST_VALUES = 3 * 24 * 24 * 24,
    MOST_TRAINING = 300
};

/* One experiment with the arrays it points to. */
struct draw {
    gsl_rng *random;
    rg_experiment x;
    rg_error_term term[MOST_TERMS];
    rg_error_mode mode[MOST_TERMS][MOST_MODES];
    double means[3 * MOST_COMPONENTS], covariances[9 * MOST_COMPONENTS], weights[MOST_COMPONENTS];
    double points[3 * MOST_SAMPLES], density[MOST_VALUES], prior[MOST_VALUES], field[MOST_TERMS][MOST_VALUES];
    double training[3 * MOST_TRAINING];
};

void draw_experiment(struct draw *d, unsigned long seed);
/* The same for the ladder: sigma_min is above 0, what is budgeted is drawn, too. */
void draw_ladder(struct draw *d, unsigned long seed);

#endif
