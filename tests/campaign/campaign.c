/* Random small experiments, to find a violated claim: campaign [ladder] FIRST_SEED COUNT [ratios].
 *
 * A line for each experiment that fails or violates a claim, with the seed that repeats it; a summary at the end. Exit 1
 * when there is such a line. With `ladder` it is the claims of rotgrad budget that are checked, and what follows from them
 * for every rung; without, those of rotgrad run. With `ratios` a line "ratio NAME LHS/RHS" for each claim that holds, whose
 * left side stands out from its bar and whose right side is finite: tests/campaign/tightness.sh makes the tables of
 * docs/bounds.md and docs/budget.md of them. */
#include "draw.h"

#include <rotgrad/budget.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    int ratios;
    long experiments, failed, violated, holds, undecided;
};

/* ---- one claim */

static void describe(const struct draw *d, unsigned long seed) {
    const rg_experiment *x = &d->x;
    printf("seed %lu: %dD %tdx%tdx%td density %d churn %g prior %d terms %zu form %d tolerance %.1e v %.3g..%.3g ",
           seed, x->grid.dim, x->grid.shape[0], x->grid.shape[1], x->grid.shape[2], (int)x->density.kind, x->churn,
           (int)x->prior, x->terms, (int)x->form, x->tolerance, x->variance_min, x->variance_max);
    printf("N %zu%s class %d:%zu prior %d,%d steps %zu: ", x->budget.samples, x->budget.points ? " (given)" : "",
           (int)x->budget.kind, x->budget.size, x->budget.has_prior, (int)x->budget.prior, x->budget.steps);
}

static void print_ratio(const rg_claim *c) {
    if (c->verdict != RG_HOLDS || isinf(c->rhs.value) || !(c->lhs.value > c->lhs.error)) return;
    printf("ratio %s %.6g\n", c->name, c->lhs.value / c->rhs.value);
}

static void judge(const struct draw *d, unsigned long seed, const rg_claim *c, struct tally *tally) {
    tally->holds += c->verdict == RG_HOLDS;
    tally->undecided += c->verdict == RG_UNDECIDED;
    if (tally->ratios) print_ratio(c);
    if (c->verdict != RG_VIOLATED) return;
    tally->violated++;
    describe(d, seed);
    printf("VIOLATED %s: %.6g (%.1e) <= %.6g (%.1e)\n", c->name, c->lhs.value, c->lhs.error, c->rhs.value,
           c->rhs.error);
}

static void fail(const struct draw *d, unsigned long seed, const rg_diagnostic *said, struct tally *tally) {
    tally->failed++;
    describe(d, seed);
    printf("FAILED %s\n", said->text);
}

/* ---- rotgrad run */

static void run(struct draw *d, unsigned long seed, struct tally *tally) {
    rg_outcome *o;
    rg_diagnostic said = {0};
    draw_experiment(d, seed);
    if (rg_run(&d->x, NULL, &o, &said)) {
        fail(d, seed, &said, tally);
        return;
    }
    for (size_t i = 0; i < o->claims; i++) judge(d, seed, &o->claim[i], tally);
    rg_outcome_free(o);
}

/* ---- rotgrad budget */

static rg_claim compare(const char *name, rg_value lhs, rg_value rhs) {
    const double slack = lhs.error + rhs.error;
    const rg_verdict verdict = lhs.value <= rhs.value - slack  ? RG_HOLDS
                               : lhs.value > rhs.value + slack ? RG_VIOLATED
                                                               : RG_UNDECIDED;
    return (rg_claim){name, name, lhs, rhs, verdict};
}

static rg_value add(rg_value a, rg_value b) {
    return (rg_value){a.value + b.value, a.error + b.error};
}

/* sqrt(KL / 2) with the larger of its ends' distances. A sum of numbers that cancel is known to the rounding unit. */
static rg_value pinsker(rg_value kl) {
    kl.error += 1e-14;
    const double root = sqrt(fmax(kl.value, 0) / 2), high = sqrt(fmax(kl.value + kl.error, 0) / 2);
    const double low = sqrt(fmax(kl.value - kl.error, 0) / 2);
    return (rg_value){root, fmax(high - root, root - low)};
}

/* The laws of any two rungs obey the triangle, those of neighbours what binds one distance to another. */
static void judge_rungs(const struct draw *d, unsigned long seed, const rg_budget *b, struct tally *tally) {
    double square = 0;
    rg_value w1 = {0, 0}, tv = {0, 0};
    for (int a = 0; a < b->grid.dim; a++) square += 0.25 * b->grid.length[a] * b->grid.length[a];
    const double range = sqrt(square); /* no two points are farther apart */
    for (size_t i = 0; i < b->rungs; i++) {
        const rg_distances *step = &b->rung[i].step, *total = &b->rung[i].total;
        const rg_value far = {range * step->tv.value, range * step->tv.error};
        w1 = add(w1, step->w1);
        tv = add(tv, step->tv);
        const rg_claim claims[] = {
            compare("prefix_w1", total->w1, w1),
            compare("prefix_tv", total->tv, tv),
            compare("range_tv", step->w1, far),
            compare("pinsker", step->tv, pinsker(step->kl)),
        };
        const size_t first = i == 0 ? 2 : 0, last = isfinite(step->kl.value) ? 4 : 3; /* rung 0 is its own prefix */
        for (size_t k = first; k < last; k++) judge(d, seed, &claims[k], tally);
    }
}

static void run_ladder(struct draw *d, unsigned long seed, struct tally *tally) {
    rg_budget *b;
    rg_diagnostic said = {0};
    draw_ladder(d, seed);
    if (rg_budget_run(&d->x, NULL, &b, &said)) {
        fail(d, seed, &said, tally);
        return;
    }
    for (size_t i = 0; i < b->claims; i++) judge(d, seed, &b->claim[i], tally);
    judge_rungs(d, seed, b, tally);
    rg_budget_free(b);
}

int main(int count, char **argument) {
    const int ladder = count > 1 && strcmp(argument[1], "ladder") == 0;
    count -= ladder;
    argument += ladder;
    const unsigned long first = count > 1 ? strtoul(argument[1], NULL, 10) : 1;
    const unsigned long experiments = count > 2 ? strtoul(argument[2], NULL, 10) : 20;
    struct tally tally = {.ratios = count > 3 && strcmp(argument[3], "ratios") == 0};
    struct draw *d = calloc(1, sizeof *d);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    if (!d || !random) return 2;
    d->random = random;
    for (unsigned long seed = first; seed < first + experiments; seed++) {
        tally.experiments++;
        (ladder ? run_ladder : run)(d, seed, &tally);
        fflush(stdout);
    }
    printf("%ld experiments, %ld failed; claims: %ld hold, %ld undecided, %ld violated\n", tally.experiments,
           tally.failed, tally.holds, tally.undecided, tally.violated);
    gsl_rng_free(random);
    free(d);
    return tally.failed > 0 || tally.violated > 0;
}
