#include "experiment/budget.h"
rg_status rg_budget_figures(const rg_budget *budget, const rg_experiment *experiment, const char *folder,
                            rg_diagnostic *diagnostic) {
    (void)budget; (void)experiment; (void)folder; (void)diagnostic;
    return RG_OK;
}
