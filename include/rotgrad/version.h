/* The version, in this one place: CMake reads it from here. */
#ifndef ROTGRAD_VERSION_H
#define ROTGRAD_VERSION_H

#include <rotgrad/status.h>

#define RG_VERSION_MAJOR 0
#define RG_VERSION_MINOR 1
#define RG_VERSION_PATCH 0
#define RG_VERSION       "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library in use, "major.minor.patch". */
RG_API const char *rg_version(void);

#ifdef __cplusplus
}
#endif

#endif
