/* Status codes and diagnostics. */
#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>

const char *rg_status_text(rg_status status) {
    static const char *const text[] = {
        [RG_OK] = "success",
        [RG_EINVAL] = "an argument is outside its contract",
        [RG_EDOMAIN] = "the problem has no mathematical answer here",
        [RG_ENOMEM] = "out of memory, or a size overflows",
        [RG_ENOCONV] = "an iteration did not reach its tolerance",
        [RG_EIO] = "the operating system refused to read or write",
        [RG_EFORMAT] = "a file is not what it claims to be",
        [RG_ECANCELLED] = "cancelled",
    };
    const size_t known = sizeof text / sizeof *text;
    return (size_t)status < known ? text[status] : "unknown status";
}

rg_status rg_fail(rg_diagnostic *diagnostic, rg_status status, const char *format, ...) {
    if (diagnostic) {
        va_list arguments;
        va_start(arguments, format);
        diagnostic->status = status;
        vsnprintf(diagnostic->text, sizeof diagnostic->text, format, arguments);
        va_end(arguments);
    }
    return status;
}
