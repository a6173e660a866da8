/* The files of a folder of results. */
#include "cli.h"

#include <rotgrad/array.h>
#include <rotgrad/folder.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *path_in(const char *folder, const char *name) {
    const size_t room = strlen(folder) + strlen(name) + 2;
    char *path = malloc(room);
    if (path) snprintf(path, room, "%s/%s", folder, name);
    return path;
}

int cli_write_array(const char *verb, const char *folder, const char *name, int dim, const ptrdiff_t *shape,
                    const double *data) {
    rg_diagnostic diagnostic = {0};
    char *path = path_in(folder, name);
    if (!path) return cli_fail(verb, "out of memory");
    const rg_status status = rg_array_write(path, dim, shape, data, &diagnostic);
    free(path);
    return cli_check(verb, status, &diagnostic);
}

int cli_write_report(const char *verb, const char *folder, json_t *document) {
    char *path = path_in(folder, "report.json");
    FILE *file = path ? fopen(path, "wx") : NULL;
    if (!file) json_decref(document);
    int code = file ? cli_print_json(verb, document, file) : CLI_DONE;
    const int written = file && fflush(file) == 0 && !ferror(file), error = errno;
    if (!written) code = cli_fail(verb, "%s: cannot write: %s", path ? path : folder, strerror(error));
    if (file && fclose(file) != 0 && written) code = cli_fail(verb, "%s: cannot write: %s", path, strerror(errno));
    free(path);
    return code;
}

static int write_beside(const char *verb, const char *output, int force, cli_write_files *write, const void *job) {
    rg_diagnostic diagnostic = {0};
    rg_folder folder;
    rg_status status = rg_folder_begin(&folder, output, force, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    const int code = write(job, folder.beside);
    status = rg_folder_end(&folder, code == CLI_DONE ? RG_OK : RG_EIO, &diagnostic);
    return code == CLI_DONE ? cli_check(verb, status, &diagnostic) : code;
}

int cli_write_folder(const char *verb, const char *output, int force, cli_write_files *write, const void *job) {
    if (!output) return CLI_DONE;
    cli_hold_signals(1);
    const int code = write_beside(verb, output, force, write, job);
    cli_hold_signals(0);
    return code;
}
