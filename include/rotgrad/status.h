/* Status codes, diagnostics and the memory that fields live in.
 *
 * Every function that can fail returns an rg_status that must be checked. Results come back through the last
 * pointers and stay untouched on failure. The library never prints, exits or aborts.
 */
#ifndef ROTGRAD_STATUS_H
#define ROTGRAD_STATUS_H

#include <stddef.h>

#if defined(__GNUC__)
#define RG_API                 __attribute__((visibility("default")))
#define RG_MUST_CHECK          __attribute__((warn_unused_result))
#define RG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define RG_API
#define RG_MUST_CHECK
#define RG_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum rg_status {
    RG_OK = 0,
    RG_EINVAL,    /* an argument is outside its contract: shape, sign, NaN or infinity */
    RG_EDOMAIN,   /* the mathematics has no answer here: negative density, zero mass */
    RG_ENOMEM,    /* memory could not be had, or a size overflows */
    RG_ENOCONV,   /* an iteration did not reach its tolerance */
    RG_EIO,       /* the operating system refused to read or write */
    RG_EFORMAT,   /* a file is not what it claims to be */
    RG_ECANCELLED /* the caller's progress function asked to stop */
} rg_status;

enum { RG_DIAGNOSTIC_SIZE = 1024 };

/* What went wrong, for a person: file, place, what was expected, remedy. One line, no newline at its end.
 * Functions that take an rg_diagnostic accept NULL. Left untouched on success. */
typedef struct rg_diagnostic {
    rg_status status;
    char text[RG_DIAGNOSTIC_SIZE];
} rg_diagnostic;

/* One sentence for a status code; never NULL. */
RG_API const char *rg_status_text(rg_status status);

/* `count` doubles set to zero, aligned for FFTW and SIMD; NULL when out of memory or when the size overflows. */
RG_API double *rg_field_alloc(size_t count) RG_MUST_CHECK;

/* Frees what rg_field_alloc or another rotgrad function handed out; accepts NULL. */
RG_API void rg_free(void *memory);

/* Called now and then during long work with the finished fraction (0..1) and the name of the stage.
 * A return value other than 0 asks for a stop: the work returns RG_ECANCELLED. */
typedef int rg_progress(void *data, double fraction, const char *stage);

#ifdef __cplusplus
}
#endif

#endif
