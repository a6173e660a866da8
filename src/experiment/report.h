/* What a report consists of: one writer a file. Internal. */
#ifndef RG_REPORT_H
#define RG_REPORT_H

#include <jansson.h>
#include <rotgrad/run.h>

typedef struct rg_report {
    const rg_outcome *outcome;
    const rg_experiment *experiment;
    const char *command; /* may be NULL */
} rg_report;

/* As keys and columns have them. */
extern const char *const rg_divergence_name[RG_DIVERGENCES];
extern const char *const rg_marginal_name[RG_MARGINALS];

/* One number of a noise level; a column of levels.csv is called "group_name" or "name". */
typedef struct rg_report_column {
    const char *group, *name; /* group: NULL for none */
    size_t offset;            /* in rg_outcome_level: of a double, or of an int */
    int integer;
    const char *heading; /* in report.html; NULL: left out there */
} rg_report_column;
enum { RG_REPORT_COLUMNS = 33 };
extern const rg_report_column rg_report_column_of[RG_REPORT_COLUMNS];

/* Each writes one file, complete or not at all. RG_EIO, RG_ENOMEM. */
typedef rg_status rg_report_writer(const rg_report *report, const char *path, rg_diagnostic *diagnostic);
RG_MUST_CHECK rg_report_writer rg_report_json;
RG_MUST_CHECK rg_report_writer rg_report_levels;
RG_MUST_CHECK rg_report_writer rg_report_manifold; /* nothing, where the experiment has no key manifold */
RG_MUST_CHECK rg_report_writer rg_report_fields;
RG_MUST_CHECK rg_report_writer rg_report_marginals; /* two and three dimensions */
RG_MUST_CHECK rg_report_writer rg_report_errors;    /* likewise */
RG_MUST_CHECK rg_report_writer rg_report_html;      /* shows the figures that stand in its folder */

/* report.json as a document; NULL when out of memory. */
json_t *rg_report_document(const rg_report *report);

/* Of any report on an experiment: version, libraries, inputs, the experiment, the command; NULL when out of memory. */
json_t *rg_report_provenance(const rg_experiment *experiment, const char *command);

/* E|grad phi|^2 / E|e|^2 over all noise levels; NaN without a score error. */
rg_value rg_report_gradient_share(const rg_outcome *outcome);

/* A copy that is UTF-8 whatever bytes a path or a command line holds; freed by g_free. */
char *rg_report_utf8(const char *text);

#endif
