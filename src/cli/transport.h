/* rotgrad transport: what its two files share. */
#ifndef RG_CLI_TRANSPORT_H
#define RG_CLI_TRANSPORT_H

#include "cli.h"

#include <rotgrad/transport.h>

typedef struct transport_job {
    /* arguments */
    const char *from_path, *to_path, *output, *box;
    double gap, bandwidth;
    int free_boundary, scale, energy, force, json;
    int box_axes;
    double lower[RG_MAX_DIM], length[RG_MAX_DIM];
    char *command; /* owned */

    /* owned, and freed by transport_free */
    rg_grid grid;
    double *p, *q, *potential, *flux; /* (n), (n), (n), (d, n) */
    rg_transport_report report;
    rg_value w1;
    double energy_squared, gaussian_squared; /* NaN: not asked for */
} transport_job;

/* Each returns an exit code, after a message when it is not CLI_DONE. */
int transport_read(transport_job *job);
int transport_write(const transport_job *job);
int transport_print(const transport_job *job);
int transport_draw(const transport_job *job, const rg_folder *folder);

/* "0.0119(2)": a value and its error. */
void transport_uncertain(rg_value v, size_t size, char *text);

void transport_free(transport_job *job);

#endif
