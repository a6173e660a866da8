/* JSON documents through jansson. */
#include "io/json.h"
#include "base/base.h"
#include "io/file.h"

#include <math.h>

enum { DIGITS = 17 }; /* enough for every double to read back as itself */

json_t *rg_json_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *rg_json_reals(size_t count, const double *values) {
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++) {
        if (json_array_append_new(array, rg_json_real(values[i])) == 0) continue;
        json_decref(array);
        return NULL;
    }
    return array;
}

/* A failed write is left to rg_output_end, which knows the reason; what else can fail is memory. */
static rg_status dump(const json_t *document, FILE *file, const char *path, rg_diagnostic *diagnostic) {
    const int failed = json_dumpf(document, file, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS));
    if (failed && !ferror(file)) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    fputc('\n', file);
    return RG_OK;
}

rg_status rg_json_write(const char *path, const json_t *document, rg_diagnostic *diagnostic) {
    if (!document) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", path);
    rg_output output;
    rg_status status = rg_output_begin(&output, path, diagnostic);
    if (status != RG_OK) return status;
    status = dump(document, output.file, path, diagnostic);
    return rg_output_end(&output, status, diagnostic);
}
