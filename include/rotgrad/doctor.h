/* What this installation is made of, and whether it works. */
#ifndef ROTGRAD_DOCTOR_H
#define ROTGRAD_DOCTOR_H

#include <rotgrad/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RG_FINDING_SIZE = 256, RG_MAX_FINDINGS = 24 };

/* One thing looked at: a library, the machine, or a small computation with a known answer. */
typedef struct rg_finding {
    const char *subject;          /* "BLAS": fixed text */
    char found[RG_FINDING_SIZE];  /* what is there: one line */
    char remedy[RG_FINDING_SIZE]; /* what to do about it; "" when all is well */
} rg_finding;

/* Looks at everything and returns the number of findings. Writes one file in a folder of its own for temporary files
 * and removes it. Cost: well below a second. */
RG_API size_t rg_doctor(rg_finding finding[RG_MAX_FINDINGS]);

#ifdef __cplusplus
}
#endif

#endif
