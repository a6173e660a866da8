/* FFTW wisdom in files. */
#include "base/base.h"
#include "io/file.h"

#include <rotgrad/spectral.h>

#include <errno.h>
#include <fftw3.h>
#include <string.h>

/* Without it FFTW does not know the solvers that wisdom for several threads names, and refuses all of it. */
static rg_status start_threads(const char *path, rg_diagnostic *diagnostic) {
    if (fftw_init_threads()) return RG_OK;
    return rg_fail(diagnostic, RG_ENOMEM, "%s: FFTW cannot start its threads", path);
}

rg_status rg_wisdom_load(const char *path, rg_diagnostic *diagnostic) {
    if (!path) return rg_fail(diagnostic, RG_EINVAL, "rg_wisdom_load: expected a path");
    FILE *file;
    uint64_t size;
    rg_status status = start_threads(path, diagnostic);
    if (!status) status = rg_file_open(path, &file, &size, diagnostic);
    if (status) return status;
    const int understood = fftw_import_wisdom_from_file(file), unreadable = ferror(file), error = errno;
    fclose(file);
    if (unreadable) return rg_fail(diagnostic, RG_EIO, "%s: cannot read: %s", path, strerror(error));
    if (understood) return RG_OK;
    return rg_fail(diagnostic, RG_EFORMAT,
                   "%s: expected wisdom of %s, found something else; remove the file, it will be made anew", path,
                   fftw_version);
}

rg_status rg_wisdom_save(const char *path, rg_diagnostic *diagnostic) {
    if (!path) return rg_fail(diagnostic, RG_EINVAL, "rg_wisdom_save: expected a path");
    rg_output output;
    rg_status status = start_threads(path, diagnostic);
    if (!status) status = rg_output_begin(&output, path, diagnostic);
    if (status) return status;
    fftw_export_wisdom_to_file(output.file); /* a failed write shows in the stream */
    return rg_output_end(&output, RG_OK, diagnostic);
}
