/* A report's numbers and sentences, the same in the table and on the page. Internal.
 *
 * A number is written as in metrology: 0.0058904(12) is 0.0058904 +- 0.0000012, 1.5(3)e-09 is 1.5e-09 +- 0.3e-09. */
#ifndef RG_REPORT_WORDS_H
#define RG_REPORT_WORDS_H

#include "experiment/report.h"

enum { RG_REPORT_TEXT_SIZE = 64 };

typedef struct rg_report_text {
    char text[RG_REPORT_TEXT_SIZE];
} rg_report_text;

rg_report_text rg_report_number(rg_value v);
rg_report_text rg_report_three_digits(double value);
rg_report_text rg_report_six_digits(double value);
rg_report_text rg_report_percent(rg_value share); /* "2.19 %", or what it is below */

/* Whether the value stands out from its error bar. */
int rg_report_measurable(rg_value v);

/* As headings of columns and rows have them. */
extern const char *const rg_report_divergence_words[RG_DIVERGENCES];
extern const char *const rg_report_marginal_words[RG_MARGINALS];

/* The answer in a sentence each: how much the sampler sees, what it costs, how loose the bounds are; then the setting
 * and the work in a line each. Freed by g_free. */
char *rg_report_seen(const rg_outcome *outcome);
char *rg_report_cost(const rg_outcome *outcome);
char *rg_report_looseness(const rg_outcome *outcome);
/* Which errors cost it, and how far the linear response can be trusted; NULL where there is no telling. */
char *rg_report_harm(const rg_outcome *outcome, const rg_experiment *experiment);
/* What it costs in W1 (unit x), and the bounds; NULL where the experiment did not ask. */
char *rg_report_w1(const rg_outcome *outcome);
/* "95 %: 0.0658 to 0.0783": the sampling of the bound from samples. */
char *rg_report_interval(const rg_outcome_estimate *estimate);
char *rg_report_setting(const rg_outcome *outcome, const rg_experiment *experiment);
char *rg_report_work(const rg_outcome *outcome);

#endif
