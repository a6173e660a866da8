/* JSON documents through jansson. Internal. */
#ifndef RG_JSON_H
#define RG_JSON_H

#include <jansson.h>
#include <rotgrad/status.h>

/* New references; NULL when out of memory, which jansson's `_new` setters and rg_json_write accept and report. NaN
 * and infinity, which JSON does not know, become null. */
json_t *rg_json_real(double value);
json_t *rg_json_reals(size_t count, const double *values);

/* Writes a document: keys in the order of insertion, two spaces a level, reals with 17 digits, a final newline. The
 * document is borrowed; NULL stands for one that could not be built and is RG_ENOMEM. RG_EIO as rg_output_end. */
rg_status rg_json_write(const char *path, const json_t *document, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
