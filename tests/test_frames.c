/* Frames of real runs: the last one is the end of the run, thinned and cut as run.h says. */
#include "experiment/frames.h"
#include "scratch.h"

#include "base/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static rg_outcome *run(const char *yaml) {
    rg_experiment experiment = {0};
    rg_outcome *outcome = NULL;
    rg_diagnostic d = {RG_OK, ""};
    assert_int_equal(scratch_write(scratch_path("x.yaml"), yaml, strlen(yaml)), 0);
    rg_status status = rg_experiment_read(scratch_path("x.yaml"), NULL, 0, &experiment, &d);
    if (!status) status = rg_run(&experiment, NULL, &outcome, &d);
    if (status) fail_msg("%s", d.text);
    rg_experiment_free(&experiment);
    return outcome;
}

static const char flat[] = "grid: {shape: [20, 23]}\n"
                           "density: {mixture: {means: [[-0.5, 0.4]], sigma: 0.9}}\n"
                           "noise: {variance_min: 0.1, variance_max: 3}\n"
                           "error: [{modes: [{component: 0, wave: [1, 1], sin: 0.3}]}]\n"
                           "tolerance: 1e-3\n";
static const char line[] = "grid: {shape: [203]}\n"
                           "density: {mixture: {means: [[-0.5]], sigma: 0.9}}\n"
                           "noise: {variance_min: 0.1, variance_max: 3}\n"
                           "error: [{modes: [{component: 0, wave: [2], sin: 0.3}]}]\n"
                           "tolerance: 1e-3\n";
static const char solid[] = "grid: {shape: [12, 14, 10]}\n"
                            "density: {mixture: {means: [[-1.2, 0.4, 2.1]], sigma: 0.9}}\n"
                            "noise: {variance_min: 0.1, variance_max: 3}\n"
                            "error: [{modes: [{component: 0, wave: [1, 1, 0], sin: 0.3}]}]\n"
                            "tolerance: 1e-2\n";

static double norm(const rg_outcome *o, const double *vector, ptrdiff_t i) {
    double square = 0;
    for (int c = 0; c < o->grid.dim; c++) square += pow(vector[c * rg_grid_cells(&o->grid) + i], 2);
    return sqrt(square);
}

static void check_close(double found, double expected) {
    if (fabs(found - expected) > 1e-6 * fabs(expected) + 1e-7) fail_msg("%.9g instead of %.9g", found, expected);
}

/* Point `cell` of the last frame shows grid point i. */
static void check_point(const rg_outcome *o, size_t cell, ptrdiff_t i) {
    const rg_outcome_frames *f = &o->frames;
    const rg_outcome_fields *end = &o->fields;
    const float *value = f->value + (f->count - 1) * RG_FRAME_FIELDS * f->cells + cell;
    check_close((double)value[RG_FRAME_DENSITY * f->cells], end->density[i]);
    check_close((double)value[RG_FRAME_LOG_RATIO * f->cells], log(end->marginal[RG_FULL][i] / end->density[i]));
    check_close((double)value[RG_FRAME_ERROR * f->cells], norm(o, end->error, i));
    check_close((double)value[RG_FRAME_GRADIENT * f->cells], norm(o, end->gradient, i));
    check_close((double)value[RG_FRAME_SOLENOIDAL * f->cells], norm(o, end->solenoidal, i));
}

static void each_level_of_the_table_has_a_frame(void **state) {
    (void)state;
    rg_outcome *o = run(flat);
    const rg_outcome_frames *f = &o->frames;
    assert_true(o->levels > 20 && o->levels <= RG_MOST_FRAMES);
    assert_int_equal(f->count, o->levels);
    for (size_t i = 0; i < f->count; i++) assert_int_equal(f->row[i], i);
    assert_int_equal(f->planes, 1);
    assert_int_equal(f->shape[0][0], 20);
    assert_int_equal(f->shape[0][1], 23);
    assert_int_equal(f->cells, 20 * 23);
    for (ptrdiff_t i = 0; i < 20 * 23; i++) check_point(o, (size_t)i, i);
    double mass = 0; /* of the first frame, where p is another one */
    for (size_t i = 0; i < f->cells; i++) mass += (double)f->value[i] * rg_grid_cell_volume(&o->grid);
    assert_true(fabs(mass - 1) < 1e-5);
    assert_true(fabs((double)f->value[0] / o->fields.density[0] - 1) > 0.1);
    rg_outcome_free(o);
}

static void fine_axes_are_thinned(void **state) {
    (void)state;
    rg_outcome *o = run(line);
    const rg_outcome_frames *f = &o->frames;
    assert_int_equal(f->planes, 1);
    assert_int_equal(f->shape[0][0], RG_FRAME_POINTS);
    assert_int_equal(f->shape[0][1], 1);
    for (ptrdiff_t i = 0; i < RG_FRAME_POINTS; i++) check_point(o, (size_t)i, i * 203 / RG_FRAME_POINTS);
    rg_outcome_free(o);
}

static void in_three_dimensions_planes_go_through_the_densest_point(void **state) {
    (void)state;
    rg_outcome *o = run(solid);
    const rg_outcome_frames *f = &o->frames;
    const ptrdiff_t n[] = {12, 14, 10};
    ptrdiff_t densest = 0, at[3];
    for (ptrdiff_t i = 1; i < n[0] * n[1] * n[2]; i++)
        if (o->fields.density[i] > o->fields.density[densest]) densest = i;
    at[0] = densest / n[2] / n[1], at[1] = densest / n[2] % n[1], at[2] = densest % n[2];
    assert_int_equal(f->planes, 3);
    size_t cell = 0;
    for (int k = 0; k < 3; k++) {
        const int a = k == 0 ? 1 : 0, b = k == 2 ? 1 : 2;
        assert_int_equal(f->shape[k][0], n[a]);
        assert_int_equal(f->shape[k][1], n[b]);
        assert_true(fabs(f->at[k] - o->grid.lower[k] - (double)at[k] * rg_grid_spacing(&o->grid, k)) < 1e-12);
        for (ptrdiff_t i = 0; i < n[a]; i++)
            for (ptrdiff_t j = 0; j < n[b]; j++) {
                ptrdiff_t point[3] = {at[0], at[1], at[2]};
                point[a] = i, point[b] = j;
                check_point(o, cell++, (point[0] * n[1] + point[1]) * n[2] + point[2]);
            }
    }
    assert_int_equal(cell, f->cells);
    rg_outcome_free(o);
}

static void of_many_levels_some_are_kept_and_both_ends(void **state) {
    (void)state;
    for (size_t stops = 1; stops < 140; stops++) {
        rg_frames frames = {.stops = stops, .room = stops < RG_MOST_FRAMES ? stops : RG_MOST_FRAMES};
        for (size_t row = 0; row < stops; row++) {
            const int wanted = rg_frames_wanted(&frames, row);
            if (row == 0 || row == stops - 1) assert_true(wanted);
            frames.kept.count += (size_t)wanted;
        }
        assert_int_equal(frames.kept.count, frames.room);
    }
    const rg_frames none = {0};
    assert_false(rg_frames_wanted(&none, 0));
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    rg_grid grid;
    rg_levels *levels = NULL;
    const double mean[3] = {0.3, -0.7, 1.1}, covariance[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, weight = 1;
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 1, .means = mean, .covariances = covariance, .weights = &weight};
    assert_int_equal(rg_grid_init(3, (const ptrdiff_t[]){6, 5, 4}, NULL, NULL, &grid), RG_OK);
    assert_int_equal(rg_levels_create(&grid, &spec, NULL, 0, 0.1, 3, NULL, &levels, NULL), RG_OK);
    int failures = 0;
    rg_frames frames = {0};
    for (rg_status status = RG_ENOMEM; status != RG_OK; failures++) {
        rg_diagnostic d = {RG_OK, ""};
        rg_alloc_fail_after(failures);
        status = rg_frames_create(levels, 0.1, 5, &frames, &d);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || (status == RG_ENOMEM && !frames.kept.value));
    }
    assert_int_equal(failures, 3);
    rg_frames_free(&frames);
    rg_levels_destroy(levels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_of_the_table_has_a_frame),
        cmocka_unit_test(fine_axes_are_thinned),
        cmocka_unit_test(in_three_dimensions_planes_go_through_the_densest_point),
        cmocka_unit_test(of_many_levels_some_are_kept_and_both_ends),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
