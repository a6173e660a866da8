/* Particles: closed forms of the reverse SDE and ODE, orders of convergence, the same bits whatever the threads and whether
 * or not a run was stopped. Statistical checks use fixed seeds and allow four standard errors. */
#include "evolve/particles.h"

#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "fields.h"

enum { M_CIRCLE = 2000 };
static const double errors = 4;        /* standard errors */
static const double exercise = 1.5005; /* int beta dt of a VP schedule from 0.001 to 3: v_max = exp(1.5005) - 1 */

struct run {
    rg_particles_options options;
    const rg_error_term *term; /* one or none */
    rg_point_score *law;
    rg_point_error *error;
    rg_particles *particles;
};

static void begin(struct run *r) {
    const rg_particles_options *o = &r->options;
    rg_diagnostic why = {0};
    if (r->term &&
        rg_point_error_create(&o->space, NULL, NULL, r->term, 1, o->variance_min, o->variance_max, &r->error, &why))
        fail_msg("%s", why.text);
    if (rg_particles_create(o, r->law, r->error, &r->particles, &why)) fail_msg("%s", why.text);
}

static void finish(struct run *r) {
    rg_diagnostic why = {0};
    for (int done = 0; !done;)
        if (rg_particles_step(r->particles, &done, &why)) fail_msg("%s", why.text);
}

static void end(struct run *r) {
    rg_particles_destroy(r->particles);
    rg_point_error_destroy(r->error);
    rg_point_score_destroy(r->law);
    r->particles = NULL;
    r->error = NULL;
    r->law = NULL;
}

struct moments {
    double mean, variance, variance_error;
};

static struct moments moments_of(const struct run *r, size_t axis) {
    const size_t n = r->options.count, d = r->options.space.dim;
    const double *x = rg_particles_position(r->particles);
    struct moments m = {0};
    double fourth = 0;
    for (size_t i = 0; i < n; i++) m.mean += x[i * d + axis] / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double y = x[i * d + axis] - m.mean;
        m.variance += y * y / (double)n;
        fourth += y * y * y * y / (double)n;
    }
    m.variance_error = sqrt((fourth - m.variance * m.variance) / (double)n);
    return m;
}

static rg_point_score *one_gaussian(size_t dim, double variance) {
    const rg_space space = {.dim = dim};
    double mean[4] = {0}, covariance[16] = {0};
    const double weight = 1;
    for (size_t a = 0; a < dim; a++) covariance[a * (dim + 1)] = variance;
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 1, .means = mean, .covariances = covariance, .weights = &weight};
    rg_point_score *law = NULL;
    assert_ok(rg_point_score_mixture(&space, &spec, &law, NULL));
    return law;
}

static rg_point_score *empirical(const rg_space *space, size_t n, const double *points) {
    rg_point_score *law = NULL;
    assert_ok(rg_point_score_empirical(space, n, points, 0, 0, &law, NULL));
    return law;
}

/* ---- closed forms */

/* Constant error c in the exercise's VP model: path KL 1/2 c^2 d 1.5005, less what lies below sigma_min: the energy is that of
 * the variable log(1 + v), without any sampling error; the rule over a step h = 0.02 in log v adds h^2 / 12. */
static void path_kl_of_the_exercise(void **state) {
    (void)state;
    const struct {
        double c, kl;
        size_t dim;
    } known[] = {{1, 1.5005, 2}, {3, 6.752, 1}};
    for (size_t k = 0; k < COUNT_OF(known); k++) {
        const double c = known[k].c;
        const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {c, c}, .profile = RG_PROFILE_VP};
        struct run r = {.options = {.space = {.dim = known[k].dim},
                                    .count = 50,
                                    .variance_min = 1e-8,
                                    .variance_max = exp(exercise) - 1,
                                    .churn = 1,
                                    .steps = 1000,
                                    .method = RG_METHOD_EXPONENTIAL,
                                    .start = RG_START_GAUSSIAN,
                                    .seed = 1},
                        .term = &term,
                        .law = one_gaussian(known[k].dim, 1)};
        begin(&r);
        finish(&r);
        const rg_particles_row row = rg_particles_here(r.particles);
        assert_below(fabs(row.path_kl - 0.5 * c * c * (double)known[k].dim * exercise), 1e-4 * known[k].kl);
        assert_below(fabs(row.path_kl - known[k].kl), 5e-4);
        assert_below(fabs(row.novikov - row.path_kl), 1e-9); /* of a constant */
        assert_below(fabs(row.effective_samples - 50), 1e-6);
        assert_below(row.path_energy_error, 1e-12);
        end(&r);
    }
}

/* Gaussian data under the same schedule, c = 3: mean 6 (1 - exp(-0.75025)) = 3.1665, variance 1, KL = mean^2 / 2 = 5.0134. */
static void gaussian_data_move(void **state) {
    (void)state;
    const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {3}, .profile = RG_PROFILE_VP};
    enum { M = 10000 };
    const double v_max = exp(exercise) - 1;
    double *start = rg_field_alloc(M);
    for (size_t i = 0; i < M; i++) { /* quantiles of N(0, 1 + v_max), pushed apart by bisection */
        double low = -6, high = 6;
        for (int k = 0; k < 50; k++) {
            const double z = 0.5 * (low + high);
            *(0.5 * erfc(-z / sqrt(2)) < ((double)i + 0.5) / M ? &low : &high) = z;
        }
        start[i] = low * sqrt(1 + v_max);
    }
    struct run r = {.options = {.space = {.dim = 1},
                                .count = M,
                                .variance_min = 1e-6,
                                .variance_max = v_max,
                                .churn = 1,
                                .steps = 60,
                                .method = RG_METHOD_HEUN,
                                .start = RG_START_POINTS,
                                .points = start,
                                .seed = 2},
                    .term = &term,
                    .law = one_gaussian(1, 1)};
    begin(&r);
    finish(&r);
    const struct moments m = moments_of(&r, 0);
    const double mean = 6 * (1 - exp(-0.5 * exercise)), error = sqrt(m.variance / M);
    assert_below(fabs(mean - 3.166), 1e-3); /* printed with its last digits cut off */
    assert_below(fabs(m.mean - mean), errors * error);
    assert_below(fabs(m.variance - 1), errors * m.variance_error);
    assert_below(fabs(0.5 * m.mean * m.mean - 5.0134), errors * mean * error + 1e-4);
    assert_below(error, 0.011);
    end(&r);
    rg_free(start);
}

/* Point mass, s_theta = (1 - eta) s: variance v / (1 - 2 eta), KL 1/2 (-log(1 - 2 eta) - 2 eta) = 0.09657 for eta = 1/4, while
 * path KL = eta^2 / 2 int E|x|^2 / v^2 dv grows like the logarithm of the range. Of the start a share (v / v_max)^(1 - 2 eta)
 * = 1e-4 is left. */
static void point_mass_returns(void **state) {
    (void)state;
    enum { M = 20000 };
    const double eta = 0.25, zero = 0, v_min = 1e-8;
    const rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = eta};
    const rg_space space = {.dim = 1};
    struct run r = {.options = {.space = space,
                                .count = M,
                                .variance_min = v_min,
                                .variance_max = 1,
                                .churn = 1,
                                .steps = 100,
                                .method = RG_METHOD_HEUN,
                                .start = RG_START_GAUSSIAN,
                                .seed = 3},
                    .term = &term,
                    .law = empirical(&space, 1, &zero)};
    begin(&r);
    finish(&r);
    const struct moments m = moments_of(&r, 0);
    const double q = m.variance / v_min, kl = 0.5 * (1 / q - 1 + log(q)), slope = 0.5 * (1 / q - 1 / (q * q));
    assert_below(fabs(0.5 * (-log(1 - 2 * eta) - 2 * eta) - 0.09657), 5e-6);
    assert_below(fabs(kl - 0.09657), errors * slope * m.variance_error / v_min + 5e-4);
    assert_below(m.variance_error / v_min, 0.03);
    end(&r);
}

/* The exact ODE takes N(0, 1 + v_max) to N(0, 1 + v_min) along straight lines in sqrt(1 + v); Heun's error falls with the
 * square of the step, the first-order methods' with the step. */
static double ode_error(rg_method method, size_t steps) {
    const double x = 2, v = 9, w = 1e-4;
    struct run r = {.options = {.space = {.dim = 1},
                                .count = 1,
                                .variance_min = w,
                                .variance_max = v,
                                .steps = steps,
                                .method = method,
                                .start = RG_START_POINTS,
                                .points = &x,
                                .seed = 4},
                    .law = one_gaussian(1, 1)};
    begin(&r);
    finish(&r);
    const double error = rg_particles_position(r.particles)[0] - x * sqrt((1 + w) / (1 + v));
    assert_true(isnan(rg_particles_here(r.particles).path_kl));
    end(&r);
    return fabs(error);
}

static void orders_of_the_ode(void **state) {
    (void)state;
    const double heun = log2(ode_error(RG_METHOD_HEUN, 200) / ode_error(RG_METHOD_HEUN, 400));
    const double exponential = log2(ode_error(RG_METHOD_EXPONENTIAL, 200) / ode_error(RG_METHOD_EXPONENTIAL, 400));
    const double euler = log2(ode_error(RG_METHOD_EULER, 200) / ode_error(RG_METHOD_EULER, 400));
    assert_below(fabs(heun - 2), 0.1);
    assert_below(fabs(exponential - 1), 0.1);
    assert_below(fabs(euler - 1), 0.1);
    assert_below(ode_error(RG_METHOD_HEUN, 400), 1e-4);
}

/* Every churn and method samples the law: x0 = +-1 smoothed, a variance of 1.25 + v_min and a fourth moment that is not
 * Gaussian. The first-order methods are biased by their steps: the tolerance says how much. */
static void any_churn_samples_the_law(void **state) {
    (void)state;
    enum { M = 5000 };
    const double means[] = {-1, 1}, covariances[] = {0.25, 0.25}, weights[] = {1, 1}, churns[] = {0, 0.5, 1, 2};
    const rg_density_spec spec = {
        .kind = RG_DENSITY_MIXTURE, .components = 2, .means = means, .covariances = covariances, .weights = weights};
    for (int method = RG_METHOD_EXPONENTIAL; method <= RG_METHOD_EULER; method++)
        for (size_t k = 0; k < COUNT_OF(churns); k++) {
            struct run r = {.options = {.space = {.dim = 1},
                                        .count = M,
                                        .variance_min = 1e-4,
                                        .variance_max = 400,
                                        .churn = churns[k],
                                        .steps = method == RG_METHOD_HEUN ? 80 : 300,
                                        .method = (rg_method)method,
                                        .start = RG_START_GAUSSIAN,
                                        .seed = 5}};
            assert_ok(rg_point_score_mixture(&r.options.space, &spec, &r.law, NULL));
            begin(&r);
            finish(&r);
            const struct moments m = moments_of(&r, 0);
            const double *x = rg_particles_position(r.particles), bias = method == RG_METHOD_HEUN ? 0.01 : 0.06;
            double fourth = 0;
            for (size_t i = 0; i < M; i++) fourth += pow(x[i], 4) / M;
            assert_below(fabs(m.mean), errors * sqrt(m.variance / M));
            assert_below(fabs(m.variance - 1.2501), errors * m.variance_error + bias);
            assert_below(fabs(fourth - (1 + 6 * 0.25 + 3 * 0.0625)), 0.1 + 3 * bias);
            end(&r);
        }
}

/* ---- a circle of 8 points: what can leave the data, and what cannot */

static void circle(double points[16]) {
    for (int j = 0; j < 8; j++) {
        points[2 * j] = cos(2 * pi * j / 8);
        points[2 * j + 1] = sin(2 * pi * j / 8);
    }
}

static double distance_to_circle(double c, rg_error_profile profile, double sigma_min) {
    double points[16];
    circle(points);
    const rg_error_term term = {.kind = RG_ERROR_CONSTANT, .constant = {c, c}, .profile = profile};
    const rg_space space = {.dim = 2};
    struct run r = {.options = {.space = space,
                                .count = M_CIRCLE,
                                .variance_min = sigma_min * sigma_min,
                                .variance_max = 25,
                                .churn = 1,
                                .steps = 400,
                                .method = RG_METHOD_HEUN,
                                .start = RG_START_GAUSSIAN,
                                .seed = 6},
                    .term = &term,
                    .law = empirical(&space, 8, points)};
    begin(&r);
    finish(&r);
    const double distance = rg_particles_here(r.particles).nearest_mean;
    end(&r);
    return distance;
}

/* Near a point y, dX / d log v = X - y - v e with noise: X - y is Gaussian of variance v about the mean 0 for a bounded e (but
 * for v e), 2 c sigma for e = c / sigma, c for e = c / v. So a bounded error comes home like sigma; c / sigma comes home like
 * sigma, too, though its energy is infinite (the condition is not sufficient), and only c / v stays away. The length of a
 * standard normal vector in the plane has mean sqrt(pi / 2) and deviation 0.655. */
static void what_comes_home(void **state) {
    (void)state;
    const double sigma[] = {0.1, 0.01, 0.001}, noise = errors * 0.655 / sqrt(M_CIRCLE), home = sqrt(pi / 2);
    double distance[3];
    for (int k = 0; k < 3; k++) distance[k] = distance_to_circle(3, RG_PROFILE_FLAT, sigma[k]);
    const double slope = log(distance[1] / distance[2]) / log(sigma[1] / sigma[2]);
    assert_below(fabs(slope - 1), 2 * noise / log(10));
    assert_below(fabs(distance[2] / sigma[2] - home), noise + 3 * sqrt(2) * sigma[2]);
    const double away = 2 * 5 * sqrt(2), exploding = distance_to_circle(5, RG_PROFILE_SIGMA, 1e-3) / 1e-3;
    assert_below(fabs(exploding - (away + 0.5 / away)), errors / sqrt(M_CIRCLE) + 0.01); /* Rice: mean m + 1 / (2 m) */
    const double off = distance_to_circle(0.1, RG_PROFILE_VARIANCE, 1e-3);
    assert_below(fabs(off - 0.1 * sqrt(2)), 2e-3);
}

/* ---- bits */

static void bits_do_not_change(void **state) {
    (void)state;
    enum { M = 300, N = 600, D = 5 };
    double *points = rg_field_alloc(N * D), *first = rg_field_alloc(M * D), *saved = NULL;
    for (int i = 0; i < N * D; i++) points[i] = sin(7.3 * i * i);
    const rg_space space = {.dim = D};
    const int most = omp_get_max_threads();
    const rg_error_term term = {.kind = RG_ERROR_WAVES, .seed = 1, .waves = 9, .correlation_length = 1, .amplitude = 1};
    for (int pass = 0; pass < 4; pass++) {
        omp_set_num_threads(pass == 3 ? 1 : pass + 1);
        struct run r = {.options = {.space = space,
                                    .count = M,
                                    .variance_min = 1e-4,
                                    .variance_max = 4,
                                    .churn = 0.7,
                                    .steps = 20,
                                    .method = RG_METHOD_HEUN,
                                    .start = RG_START_GAUSSIAN,
                                    .seed = 7},
                        .term = &term,
                        .law = empirical(&space, N, points)};
        begin(&r);
        if (pass == 3) assert_ok(rg_particles_load(r.particles, saved, NULL));
        for (int done = 0; !done;) {
            if (pass == 0 && rg_particles_here(r.particles).step == 7) {
                saved = rg_field_alloc(rg_particles_state_size(r.particles));
                rg_particles_save(r.particles, saved);
            }
            assert_ok(rg_particles_step(r.particles, &done, NULL));
        }
        const double *x = rg_particles_position(r.particles);
        if (pass == 0) memcpy(first, x, M * D * sizeof *first);
        assert_memory_equal(first, x, M * D * sizeof *first);
        static double energy;
        if (pass == 0) energy = rg_particles_here(r.particles).path_energy;
        assert_true(rg_particles_here(r.particles).path_energy == energy);
        end(&r);
    }
    omp_set_num_threads(most);
    rg_free(points);
    rg_free(first);
    rg_free(saved);
}

/* ---- starts, and what may go wrong */

static void starts(void **state) {
    (void)state;
    const double lower[] = {0.4, -1.1}, length[] = {2.3, 0.7}, point[] = {1, -0.8}, outside[] = {1 + 4.6, -0.8 - 0.7};
    const rg_space torus = {2, lower, length}, space = {.dim = 2};
    struct run r = {.options = {.space = torus,
                                .count = 4000,
                                .variance_min = 1e-4,
                                .variance_max = 4,
                                .churn = 1,
                                .steps = 10,
                                .method = RG_METHOD_EXPONENTIAL,
                                .start = RG_START_UNIFORM,
                                .seed = 7},
                    .law = empirical(&torus, 1, point)};
    begin(&r);
    for (size_t a = 0; a < 2; a++) {
        const struct moments m = moments_of(&r, a);
        assert_below(fabs(m.mean - lower[a] - 0.5 * length[a]), errors * length[a] / sqrt(12.0 * 4000));
        assert_below(fabs(m.variance - length[a] * length[a] / 12), errors * m.variance_error);
    }
    rg_particles_destroy(r.particles);
    r.options.count = 1;
    r.options.start = RG_START_POINTS;
    r.options.points = outside; /* a period away: the box takes it in */
    begin(&r);
    for (size_t a = 0; a < 2; a++) assert_below(fabs(rg_particles_position(r.particles)[a] - point[a]), 1e-14);
    end(&r);
    r.options.space = space;
    r.options.start = RG_START_POINT;
    r.law = empirical(&space, 1, point);
    begin(&r);
    assert_true(rg_particles_position(r.particles)[0] == 0 && rg_particles_position(r.particles)[1] == 0);
    finish(&r); /* the way home from a single point */
    assert_below(rg_particles_here(r.particles).nearest_mean, 5 * 0.01);
    end(&r);
}

static void refusals(void **state) {
    (void)state;
    const double point[] = {1, not_a_number};
    const rg_space space = {.dim = 1};
    rg_point_score *law = empirical(&space, 1, point);
    rg_particles *p = NULL;
    rg_diagnostic why = {0};
    const rg_particles_options good = {.space = space,
                                       .count = 1,
                                       .variance_min = 0.01,
                                       .variance_max = 1,
                                       .churn = 1,
                                       .steps = 5,
                                       .method = RG_METHOD_EULER,
                                       .start = RG_START_GAUSSIAN};
    rg_particles_options bad[] = {good, good, good, good, good, good, good};
    const char *said[] = {
        "particles: steps are geometric in sigma, so the lowest noise level must be above 0, got sigma_min = 0",
        "particles: expected a highest noise level above the lowest one",
        "particles: expected at least one, at most 2^32 - 1, got 0",
        "particles: expected at least one step, at most 2^32 - 2, got 0",
        "particles: expected a churn >= 0, got -1",
        "particles: R^d has no uniform law to start from",
        "particles: point 1 to start from is not finite, or far outside"};
    bad[0].variance_min = 0;
    bad[1].variance_max = 0.01;
    bad[2].count = 0;
    bad[3].steps = 0;
    bad[4].churn = -1;
    bad[5].start = RG_START_UNIFORM;
    bad[6].start = RG_START_POINTS;
    bad[6].points = point;
    bad[6].count = 2;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(rg_particles_create(&bad[i], law, NULL, &p, &why), RG_EINVAL);
        assert_string_equal(why.text, said[i]);
    }
    assert_ok(rg_particles_create(&good, law, NULL, &p, &why));
    const double state_of[][3] = {{6, 0, 0}, {0.5, 0, 0}, {1, not_a_number, 0}};
    for (size_t i = 0; i < COUNT_OF(state_of); i++)
        assert_int_equal(rg_particles_load(p, state_of[i], &why), RG_EINVAL);
    rg_particles_destroy(p);
    rg_particles_destroy(NULL);
    /* Euler's step over a hundred noise levels, and a score that grows, end in infinity */
    const rg_error_term term = {.kind = RG_ERROR_SCALED, .scaled = -1e200};
    rg_point_error *error = NULL;
    assert_ok(rg_point_error_create(&space, NULL, NULL, &term, 1, 0.01, 1, &error, NULL));
    rg_status status = rg_particles_create(&good, law, error, &p, &why);
    for (int done = 0; !status && !done;) status = rg_particles_step(p, &done, &why);
    assert_int_equal(status, RG_EDOMAIN);
    rg_particles_destroy(p);
    rg_point_error_destroy(error);
    rg_point_score_destroy(law);
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    const double points[] = {0.1, 0.2};
    const rg_space space = {.dim = 1};
    rg_point_score *law = empirical(&space, 2, points);
    const rg_particles_options o = {.space = space,
                                    .count = 3,
                                    .variance_min = 0.01,
                                    .variance_max = 1,
                                    .churn = 1,
                                    .steps = 5,
                                    .method = RG_METHOD_HEUN,
                                    .start = RG_START_GAUSSIAN};
    rg_status status = RG_ENOMEM;
    for (long n = 0; status && n < 100; n++) {
        rg_particles *p = NULL;
        rg_alloc_fail_after(n);
        status = rg_particles_create(&o, law, NULL, &p, NULL);
        rg_alloc_fail_after(-1);
        assert_true(status == RG_OK || status == RG_ENOMEM);
        rg_particles_destroy(p);
    }
    assert_ok(status);
    rg_point_score_destroy(law);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_kl_of_the_exercise),
        cmocka_unit_test(gaussian_data_move),
        cmocka_unit_test(point_mass_returns),
        cmocka_unit_test(orders_of_the_ode),
        cmocka_unit_test(any_churn_samples_the_law),
        cmocka_unit_test(what_comes_home),
        cmocka_unit_test(bits_do_not_change),
        cmocka_unit_test(starts),
        cmocka_unit_test(refusals),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
