/* What must hold between the rungs. */
#include "experiment/budget.h"

#include <math.h>

static void claim(rg_budget *b, const char *name, const char *statement, rg_value lhs, rg_value rhs) {
    /* a bound may be unknown or infinite; a distance that is not a number leaves its claim undecided */
    if (isinf(lhs.value) || !isfinite(rhs.value) || b->claims == RG_MAX_CLAIMS) return;
    const double slack = lhs.error + rhs.error;
    const rg_verdict verdict = lhs.value <= rhs.value - slack  ? RG_HOLDS
                               : lhs.value > rhs.value + slack ? RG_VIOLATED
                                                               : RG_UNDECIDED;
    b->claim[b->claims++] = (rg_claim){name, statement, lhs, rhs, verdict};
}

static rg_value add(rg_value a, rg_value b) {
    return (rg_value){a.value + b.value, a.error + b.error};
}

/* Where the laws are singular, TV is a number without an error; 1 + something holds anyway. */
static void claim_ladder(rg_budget *b) {
    const rg_rung *last = &b->rung[b->rungs - 1];
    rg_value tv = {0, 0};
    for (size_t i = 0; i < b->rungs; i++) tv = add(tv, b->rung[i].step.tv);
    claim(b, "ladder_w1", "W1(P, last law) <= the sum of the rungs' W1", last->total.w1, b->sum);
    claim(b, "ladder_tv", "TV(P, last law) <= the sum of the rungs' TV", last->total.tv, tv);
}

static void claim_rungs(rg_budget *b) {
    static const char *const name[RG_RUNGS] = {"stop_bound",    "class_bound", "samples_bound", "objective_bound",
                                               "learned_bound", "prior_bound", "steps_bound"};
    for (size_t i = 0; i < b->rungs; i++)
        claim(b, name[b->rung[i].source], "W1 of the rung <= its bound", b->rung[i].step.w1, b->rung[i].bound);
}

static void claim_square(rg_budget *b) {
    const rg_value *side = b->side;
    if (b->samples == 0) return;
    claim(b, "smoothing_contracts", "W1(P * G, P' * G) <= W1(P, P')", side[RG_SIDE_STOP_SAMPLES],
          side[RG_SIDE_SAMPLES]);
    claim(b, "samples_dyadic", "W1(P, P') <= the bound from masses of boxes", side[RG_SIDE_SAMPLES],
          (rg_value){b->dyadic, 0});
    claim(b, "square", "W1(P, P' * G) <= W1(P, P') + W1(P', P' * G)", side[RG_SIDE_DIAGONAL],
          add(side[RG_SIDE_SAMPLES], side[RG_SIDE_SAMPLES_STOP]));
    claim(b, "samples_stop_bound", "W1(P', P' * G) <= sqrt(v) E|z|", side[RG_SIDE_SAMPLES_STOP], b->rung[0].bound);
}

void rg_budget_claims(rg_budget *b) {
    b->claims = 0;
    claim_ladder(b);
    claim_rungs(b);
    claim_square(b);
}

int rg_budget_violated(const rg_budget *budget) {
    for (size_t i = 0; i < budget->claims; i++)
        if (budget->claim[i].verdict == RG_VIOLATED) return 1;
    return 0;
}
