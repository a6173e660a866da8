/* A finished run as figures see it: report.json, the box, the fields. Internal. */
#ifndef RG_VIEW_H
#define RG_VIEW_H

#include "experiment/pool.h"

#include <jansson.h>
#include <rotgrad/run.h>

/* Where an array lives, and what its axes are called. Shapes below RG_MIN_POINTS are fine here. */
typedef struct rg_plot_box {
    int dim;
    ptrdiff_t shape[RG_MAX_DIM];
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    const char *name[RG_MAX_DIM]; /* Pango markup */
    int degrees;
} rg_plot_box;

ptrdiff_t rg_plot_box_cells(const rg_plot_box *box);
double rg_plot_box_spacing(const rg_plot_box *box, int axis);
int rg_plot_box_same_shape(const rg_plot_box *a, const rg_plot_box *b);
/* "x<sub>0</sub>" */
const char *rg_plot_axis_name(int axis);

enum { RG_VIEW_FIELDS = 17 };

typedef struct rg_view {
    const char *name;     /* for messages: the directory, or the run's name; NULL: there is nothing yet */
    const char *folder;   /* NULL for an outcome in memory */
    json_t *report;       /* report.json */
    const char *resolved; /* the experiment as JSON */
    rg_plot_box box;
    const double *field[RG_VIEW_FIELDS]; /* NULL until it is asked for */
} rg_view;

/* The members of fields.npz, by index; NULL beyond the last one. */
typedef struct rg_view_field {
    const char *name;
    int is_vector;
    const char *doc;
} rg_view_field;
extern const rg_view_field rg_view_field_of[RG_VIEW_FIELDS];
/* Those from LEVELS on are over level and x. */
enum { RG_FIELD_P = 0, RG_FIELD_SCORE = 5, RG_FIELD_LEVELS = RG_VIEW_FIELDS - 2 };

/* Memory belongs to the pool, but for the report: rg_view_close. A view opened before is closed first, and stays as it
 * was on failure. */
rg_status rg_view_open(rg_view *view, const char *folder, rg_pool *pool, rg_diagnostic *diagnostic) RG_MUST_CHECK;
rg_status rg_view_borrow(rg_view *view, const char *name, const rg_outcome *outcome, const rg_experiment *experiment,
                         rg_pool *pool, rg_diagnostic *diagnostic) RG_MUST_CHECK;
void rg_view_close(rg_view *view);

/* The box of a field: that of the run, or log2 sigma and x. RG_EINVAL where the run has no such field. */
rg_status rg_view_box_of(const rg_view *view, int field, rg_plot_box *box, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* A field by its index. */
rg_status rg_view_get(rg_view *view, int field, rg_pool *pool, const double **values,
                      rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* What stands at "kl.full" in a report, or in any object; NULL when there is nothing. */
const json_t *rg_view_at(const json_t *object, const char *path);

/* A number, or {"value", "error"}, whose error is then set (NaN otherwise). null is infinite beside a "note", else NaN.
 * Returns 0 for anything else. */
int rg_view_number(const json_t *json, double *value, double *error);

/* The box as the report of `folder` has it, with names and degrees; leaves it alone when that is another box or there is
 * no report. */
rg_status rg_view_name_axes(const char *folder, rg_plot_box *box, rg_pool *pool) RG_MUST_CHECK;

#endif
