/* Interval i between nodes i and i + 1 takes nodes i - 2 to i + 3; near the ends of a piece the six nearest. */
#include "measure/running_integral.h"

#include "base/base.h"

#include <string.h>

enum { NODES = RG_RUNNING_NODES };

rg_status rg_running_create(size_t cells, rg_running_integral *r) {
    *r = (rg_running_integral){.cells = cells};
    r->sum = rg_field_alloc(cells);
    for (int i = 0; i < NODES; i++)
        if (!(r->field[i] = rg_field_alloc(cells))) return RG_ENOMEM;
    return r->sum ? RG_OK : RG_ENOMEM;
}

void rg_running_free(rg_running_integral *r) {
    rg_free(r->sum);
    for (int i = 0; i < NODES; i++) rg_free(r->field[i]);
    *r = (rg_running_integral){0};
}

/* The share of the interval from node `i` on, through `size` nodes from `first` on. */
static void integrate(rg_running_integral *r, size_t first, size_t size, size_t i) {
    double node[NODES];
    for (size_t j = 0; j < size; j++) node[j] = r->node[(first + j) % NODES];
    for (size_t j = 0; j < size; j++) {
        double unit[NODES] = {0};
        unit[j] = 1;
        const double weight = rg_interpolation_integral(size, node, unit, node[i - first], node[i + 1 - first]);
        const double *field = r->field[(first + j) % NODES];
        for (size_t k = 0; k < r->cells; k++) r->sum[k] += weight * field[k];
    }
}

void rg_running_add(rg_running_integral *r, double node, const double *field) {
    r->node[r->count % NODES] = node;
    memcpy(r->field[r->count % NODES], field, r->cells * sizeof *field);
    const size_t last = r->count++;
    if (last + 1 < NODES) return;
    for (size_t i = last + 1 == NODES ? 0 : last - 3; i + 3 <= last; i++) integrate(r, last + 1 - NODES, NODES, i);
}

void rg_running_end(rg_running_integral *r) {
    const size_t size = r->count < NODES ? r->count : NODES, first = r->count - size;
    for (size_t i = r->count < NODES ? 0 : r->count - 3; i + 1 < r->count; i++) integrate(r, first, size, i);
    r->count = 0;
}
