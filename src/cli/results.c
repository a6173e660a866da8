/* The files of a folder of results. */
#include "cli.h"

#include <rotgrad/array.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

char *cli_path_in(const rg_folder *folder, const char *name) {
    const size_t room = strlen(folder->beside) + strlen(name) + 2;
    char *path = malloc(room);
    if (path) snprintf(path, room, "%s/%s", folder->beside, name);
    return path;
}

int cli_check_file(const char *verb, const rg_folder *folder, rg_status status, rg_diagnostic *diagnostic) {
    if (status) rg_folder_name(folder, diagnostic);
    return cli_check(verb, status, diagnostic);
}

int cli_write_array(const char *verb, const rg_folder *folder, const char *name, int dim, const ptrdiff_t *shape,
                    const double *data) {
    rg_diagnostic diagnostic = {0};
    char *path = cli_path_in(folder, name);
    if (!path) return cli_fail(verb, "out of memory");
    const rg_status status = rg_array_write(path, dim, shape, data, &diagnostic);
    free(path);
    return cli_check_file(verb, folder, status, &diagnostic);
}

int cli_write_report(const char *verb, const rg_folder *folder, json_t *document) {
    static const char name[] = "report.json";
    char *path = cli_path_in(folder, name);
    FILE *file = path ? fopen(path, "wx") : NULL;
    if (!file) json_decref(document);
    int code = file ? cli_print_json(verb, document, file) : CLI_DONE;
    const int written = file && fflush(file) == 0 && !ferror(file), error = errno;
    if (!written) code = cli_fail(verb, "%s/%s: cannot write: %s", folder->path, name, strerror(error));
    if (file && fclose(file) != 0 && written)
        code = cli_fail(verb, "%s/%s: cannot write: %s", folder->path, name, strerror(errno));
    free(path);
    return code;
}

static int write_beside(const char *verb, const char *output, int force, cli_write_files *write, const void *job) {
    rg_diagnostic diagnostic = {0};
    rg_folder folder;
    rg_status status = rg_folder_begin(&folder, output, force, &diagnostic);
    if (status) return cli_check(verb, status, &diagnostic);
    const int code = write(job, &folder);
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
