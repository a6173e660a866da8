/* A small tree of texts, lists and maps in which every node knows its place. Internal. */
#ifndef RG_NODE_H
#define RG_NODE_H

#include "experiment/pool.h"

/* Where a text comes from. */
typedef struct rg_source {
    const char *name;    /* "grids/x.yaml" or "--set noise.churn=0" */
    const char *setting; /* the key being set, "noise.churn"; NULL for a file, whose places are lines and columns */
    const char *folder;  /* of relative paths; "" is the current one, any other ends in '/' */
} rg_source;

typedef enum rg_node_kind { RG_NODE_TEXT, RG_NODE_LIST, RG_NODE_MAP } rg_node_kind;

/* What the schema found a text to be. */
typedef enum rg_node_value { RG_VALUE_TEXT, RG_VALUE_NUMBER, RG_VALUE_WHOLE, RG_VALUE_FLAG } rg_node_value;

typedef struct rg_node rg_node;
struct rg_node {
    rg_node_kind kind;
    const rg_source *source;
    long line, column; /* of the value, from 1 */
    rg_node *parent, *next;

    const char *key; /* in a map */
    long key_line, key_column;

    const char *text; /* RG_NODE_TEXT */
    int quoted;
    rg_node_value value;
    double number; /* RG_VALUE_NUMBER, RG_VALUE_WHOLE; RG_VALUE_FLAG: 0 or 1; a choice: its place among them, from 0 */

    rg_node *first, *last; /* RG_NODE_LIST, RG_NODE_MAP */
    size_t count;
};

/* NULL when there is none; accept a NULL map or list. */
rg_node *rg_node_get(const rg_node *map, const char *key);
rg_node *rg_node_at(const rg_node *list, size_t index);

/* A last child (key NULL in a list) placed where its parent is; NULL when out of memory. `key` is borrowed. */
rg_node *rg_node_add(rg_node *parent, const char *key, rg_node_kind kind, rg_pool *pool) RG_MUST_CHECK;
rg_node *rg_node_add_number(rg_node *parent, const char *key, double number, rg_node_value value,
                            rg_pool *pool) RG_MUST_CHECK;

void rg_node_append(rg_node *parent, rg_node *child);
void rg_node_remove(rg_node *child);

/* `old` takes kind, text, children and place of `fresh`, and keeps its parent and key. */
void rg_node_assign(rg_node *old, const rg_node *fresh);

/* An empty text without quotes, ~ or null. */
int rg_node_is_null(const rg_node *node);

/* Sets the diagnostic to "PLACE: KEY: ..." and returns `status`. rg_node_fail_key points at the node's key instead of
 * its value, and names the map it stands in. */
rg_status rg_node_fail(const rg_node *node, rg_diagnostic *diagnostic, rg_status status, const char *format, ...)
    RG_PRINTF(4, 5);
rg_status rg_node_fail_key(const rg_node *node, rg_diagnostic *diagnostic, rg_status status, const char *format, ...)
    RG_PRINTF(4, 5);

enum { RG_NODE_PATH_SIZE = 256, RG_SHOWN_SIZE = 48 };

/* "error.0.modes.2.sin"; empty for the root; cut when it does not fit. */
void rg_node_path(const rg_node *node, char path[RG_NODE_PATH_SIZE]);

typedef struct rg_shown {
    char text[RG_SHOWN_SIZE];
} rg_shown;

/* A node for the "got ..." of a message: `0.01`, `"abc"`, `a list of 3`, `a map`, `nothing`. */
rg_shown rg_node_show(const rg_node *node);

/* At most size - 1 bytes of `text` on one line, cut between characters and then ending in "...". */
void rg_shorten(char *shown, size_t size, const char *text);

#endif
