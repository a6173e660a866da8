/* "key.key=value": the value is parsed as YAML, then put where the key leads. */
#include "base/base.h"
#include "experiment/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

static int is_index(const char *segment) {
    return *segment && strlen(segment) <= 6 && strspn(segment, "0123456789") == strlen(segment);
}

/* The source of a setting: its name is the setting itself, its folder the current one. NULL when out of memory. */
static rg_source *source_of(const char *setting, size_t key_length, rg_pool *pool) {
    rg_source *source = rg_pool_alloc(pool, 1, sizeof *source);
    char *name = rg_pool_alloc(pool, NAME_SIZE, 1);
    char *key = rg_pool_text(pool, setting, key_length);
    if (!source || !name || !key) return NULL;
    const size_t used = strlen(strcpy(name, "--set "));
    rg_shorten(name + used, NAME_SIZE - used, setting);
    *source = (rg_source){.name = name, .setting = key, .folder = ""};
    return source;
}

/* What stood here before (nothing, when it is new) becomes an empty map or list if it was null. */
static void make_parent(rg_node *node, const rg_source *source, const char *segment) {
    if (!rg_node_is_null(node)) return;
    node->kind = is_index(segment) ? RG_NODE_LIST : RG_NODE_MAP;
    node->source = source;
}

static rg_status leads_nowhere(const rg_source *source, const rg_node *node, const char *segment,
                               rg_diagnostic *diagnostic) {
    char path[RG_NODE_PATH_SIZE];
    rg_node_path(node, path);
    if (node->kind == RG_NODE_LIST)
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected an index from 0 to %zu after \"%s\", got \"%s\"",
                       source->name, node->count, path, segment);
    return rg_fail(diagnostic, RG_EINVAL, "%s: expected a map or a list at \"%s\", got %s; set that key as a whole",
                   source->name, path, rg_node_show(node).text);
}

/* One step down, to a child that is made when it is missing. */
static rg_status descend(rg_node **node, const rg_source *source, const char *segment, rg_pool *pool,
                         rg_diagnostic *diagnostic) {
    rg_node *parent = *node, *child = NULL;
    make_parent(parent, source, segment);
    if (parent->kind == RG_NODE_TEXT) return leads_nowhere(source, parent, segment, diagnostic);
    if (parent->kind == RG_NODE_LIST) {
        const size_t index = is_index(segment) ? (size_t)atol(segment) : parent->count + 1;
        if (index > parent->count) return leads_nowhere(source, parent, segment, diagnostic);
        child = rg_node_at(parent, index);
    } else {
        child = rg_node_get(parent, segment);
    }
    if (!child) child = rg_node_add(parent, parent->kind == RG_NODE_MAP ? segment : NULL, RG_NODE_TEXT, pool);
    if (!child) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", source->name);
    *node = child;
    return RG_OK;
}

static rg_status place(const rg_source *source, const rg_node *value, rg_node *root, rg_pool *pool,
                       rg_diagnostic *diagnostic) {
    char *segment = rg_pool_text(pool, source->setting, strlen(source->setting));
    if (!segment) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", source->name);
    rg_node *node = root;
    while (segment) {
        char *dot = strchr(segment, '.');
        if (dot) *dot = 0;
        const rg_status status = descend(&node, source, segment, pool, diagnostic);
        if (status != RG_OK) return status;
        segment = dot ? dot + 1 : NULL;
    }
    rg_node_assign(node, value);
    return RG_OK;
}

/* Segments between dots, none of them empty, not deeper than a file may be. */
static int is_key(const char *key) {
    size_t dots = 0;
    for (const char *c = key; *c; c++) dots += *c == '.';
    return *key && *key != '.' && key[strlen(key) - 1] != '.' && !strstr(key, "..") && dots < RG_YAML_MAX_DEPTH;
}

rg_status rg_yaml_set(const char *setting, rg_pool *pool, rg_node *root, rg_diagnostic *diagnostic) {
    const char *equals = strchr(setting, '=');
    const rg_source *source = source_of(setting, equals ? (size_t)(equals - setting) : strlen(setting), pool);
    if (!source) return rg_fail(diagnostic, RG_ENOMEM, "--set: out of memory");
    if (!equals || !is_key(source->setting))
        return rg_fail(diagnostic, RG_EINVAL, "%s: expected KEY=VALUE, for example noise.churn=0", source->name);
    rg_node *value = NULL;
    const rg_status status = rg_yaml_parse(source, equals + 1, strlen(equals + 1), pool, &value, diagnostic);
    return status == RG_OK ? place(source, value, root, pool, diagnostic) : status;
}
