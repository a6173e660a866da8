/* The walk over a tree with the table of keys in hand. */
#include "experiment/schema.h"

#include "base/base.h"
#include "experiment/number.h"
#include "experiment/yaml_tree.h"
#include "figure/text.h"

#include <math.h>
#include <string.h>

enum { PREFIX_SIZE = 64, UNKNOWN_SIZE = 384 };

static const double MAX_WHOLE = 9007199254740992.0; /* 2^53: above it doubles skip whole numbers */

typedef struct schema_check {
    const rg_schema *schema;
    rg_pool *pool;
    rg_diagnostic *diagnostic;
} schema_check;

static rg_status check_map(const schema_check *c, rg_node *map, const char *prefix);

/* The last part of the key's path when it stands directly below `prefix`, or NULL. */
static const char *name_below(const rg_key *key, const char *prefix) {
    const size_t length = strlen(prefix);
    const char *rest = key->path;
    if (length) {
        if (strncmp(rest, prefix, length) != 0 || rest[length] != '.') return NULL;
        rest += length + 1;
    }
    return strchr(rest, '.') ? NULL : rest;
}

static const rg_key *find_key(const rg_schema *schema, const char *prefix, const char *wanted) {
    for (size_t i = 0; i < schema->keys; i++) {
        const char *name = name_below(&schema->key[i], prefix);
        if (name && strcmp(name, wanted) == 0) return &schema->key[i];
    }
    return NULL;
}

static const char *last_part(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* Where a key of this very name would be right. */
static const char *elsewhere(const rg_schema *schema, const char *wanted) {
    for (size_t i = 0; i < schema->keys; i++)
        if (strcmp(last_part(schema->key[i].path), wanted) == 0) return schema->key[i].path;
    return NULL;
}

static rg_status unknown_key(const schema_check *c, const rg_node *node, const char *prefix) {
    rg_nearest nearest = rg_nearest_to(node->key);
    char known[UNKNOWN_SIZE] = "";
    for (size_t i = 0; i < c->schema->keys; i++) {
        const char *name = name_below(&c->schema->key[i], prefix);
        if (!name) continue;
        rg_nearest_offer(&nearest, name);
        if (*known) strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, name, sizeof known - strlen(known) - 1);
    }
    const char *meant = nearest.best ? nearest.best : elsewhere(c->schema, node->key);
    if (meant)
        return rg_node_fail_key(node, c->diagnostic, RG_EINVAL, "unknown key \"%s\", did you mean \"%s\"?", node->key,
                                meant);
    return rg_node_fail_key(node, c->diagnostic, RG_EINVAL, "unknown key \"%s\", expected one of %s", node->key, known);
}

static int in_range(const rg_range *range, double x) {
    if (!range) return 1;
    const int above = range->low_open ? x > range->low : x >= range->low;
    const int below = range->high_open ? x < range->high : x <= range->high;
    return above && below;
}

static int read_number(const rg_key *key, rg_node *node) {
    if (!rg_number_parse(node->text, &node->number) || !in_range(key->range, node->number)) return 0;
    node->value = RG_VALUE_NUMBER;
    return 1;
}

static int read_whole(const rg_key *key, rg_node *node) {
    if (!rg_number_parse(node->text, &node->number) || !in_range(key->range, node->number)) return 0;
    if (floor(node->number) != node->number || fabs(node->number) > MAX_WHOLE) return 0;
    node->value = RG_VALUE_WHOLE;
    return 1;
}

static int read_flag(const rg_key *key, rg_node *node) {
    (void)key;
    const int yes = strcmp(node->text, "true") == 0;
    if (!yes && strcmp(node->text, "false") != 0) return 0;
    node->value = RG_VALUE_FLAG;
    node->number = yes;
    return 1;
}

static int read_choice(const rg_key *key, rg_node *node) {
    const size_t length = strlen(node->text);
    int place = 0;
    for (const char *at = key->choices; at; place++) {
        const char *comma = strstr(at, ", ");
        const size_t width = comma ? (size_t)(comma - at) : strlen(at);
        if (width == length && strncmp(at, node->text, width) == 0) {
            node->number = place;
            return 1;
        }
        at = comma ? comma + 2 : NULL;
    }
    return 0;
}

static int read_text(const rg_key *key, rg_node *node) {
    (void)key;
    (void)node;
    return 1;
}

static int read_file_name(const rg_key *key, rg_node *node) {
    (void)key;
    return *node->text != 0;
}

static int read_markup(const rg_key *key, rg_node *node) {
    return rg_text_check(node->text, key->path, NULL) == RG_OK;
}

static int read_leaf(const rg_key *key, rg_node *node) {
    static const struct {
        unsigned leaf;
        int (*read)(const rg_key *key, rg_node *node);
    } readers[] = {
        {RG_LEAF_TEXT, read_text},      {RG_LEAF_NUMBER, read_number}, {RG_LEAF_WHOLE, read_whole},
        {RG_LEAF_FILE, read_file_name}, {RG_LEAF_FLAG, read_flag},     {RG_LEAF_MARKUP, read_markup},
    };
    if (rg_node_is_null(node)) return 0;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if ((key->leaf & readers[i].leaf) && readers[i].read(key, node)) return 1;
    return 0;
}

static rg_status unexpected(const schema_check *c, const rg_key *key, const rg_node *node, int depth) {
    char expected[RG_EXPECTED_SIZE];
    rg_schema_expected(key, depth, expected);
    return rg_node_fail(node, c->diagnostic, RG_EINVAL, "expected %s, got %s", expected, rg_node_show(node).text);
}

static rg_status check_value(const schema_check *c, const rg_key *key, rg_node *node, int depth);

static rg_status check_list(const schema_check *c, const rg_key *key, rg_node *list, int depth) {
    const int may_be_empty = (key->flags & RG_KEY_MAY_BE_EMPTY) != 0;
    if (depth >= key->depth_max || (list->count == 0 && !may_be_empty)) return unexpected(c, key, list, depth);
    for (rg_node *child = list->first; child; child = child->next) {
        const rg_status status = check_value(c, key, child, depth + 1);
        if (status != RG_OK) return status;
    }
    return RG_OK;
}

static rg_status check_value(const schema_check *c, const rg_key *key, rg_node *node, int depth) {
    if (node->kind == RG_NODE_LIST) return check_list(c, key, node, depth);
    const int is_word =
        node->kind == RG_NODE_TEXT && depth == 0 && (key->leaf & RG_LEAF_CHOICE) && read_choice(key, node);
    if (is_word) return RG_OK;
    if (depth < key->depth_min) return unexpected(c, key, node, depth);
    if (node->kind == RG_NODE_TEXT) return read_leaf(key, node) ? RG_OK : unexpected(c, key, node, depth);
    if (!(key->leaf & RG_LEAF_MAP)) return unexpected(c, key, node, depth);
    char prefix[PREFIX_SIZE];
    snprintf(prefix, sizeof prefix, depth ? "%s.*" : "%s", key->path);
    return check_map(c, node, prefix);
}

static rg_status refuse_unknown(const schema_check *c, rg_node *map, const char *prefix) {
    for (rg_node *child = map->first, *next; child; child = next) {
        next = child->next;
        if (!find_key(c->schema, prefix, child->key)) return unknown_key(c, child, prefix);
        if (rg_node_is_null(child)) rg_node_remove(child);
    }
    return RG_OK;
}

static rg_status insert_default(const schema_check *c, rg_node *map, const char *name, const char *yaml) {
    rg_node *value, *child = rg_node_add(map, name, RG_NODE_TEXT, c->pool);
    if (!child) return rg_node_fail(map, c->diagnostic, RG_ENOMEM, "out of memory");
    const rg_status status = rg_yaml_parse(map->source, yaml, strlen(yaml), c->pool, &value, c->diagnostic);
    if (status != RG_OK) return status;
    value->line = map->line;
    value->column = map->column;
    rg_node_assign(child, value);
    return RG_OK;
}

static rg_status check_presence(const schema_check *c, rg_node *map, const rg_key *key, const char *name) {
    const rg_node *node = rg_node_get(map, name);
    const int has_sibling = !key->beside || rg_node_get(map, key->beside);
    if (node && !has_sibling)
        return rg_node_fail(node, c->diagnostic, RG_EINVAL, "expected only beside \"%s\", which is missing",
                            key->beside);
    if (!node && (key->flags & RG_KEY_REQUIRED))
        return rg_node_fail(map, c->diagnostic, RG_EINVAL, "expected the key \"%s\", which is missing", name);
    return !node && key->fallback && has_sibling ? insert_default(c, map, name, key->fallback) : RG_OK;
}

/* Among the keys marked RG_KEY_ONE_OF: none is an error of the map, a second one an error of that key. */
static rg_status check_one_of(const schema_check *c, const rg_node *map, const char *prefix) {
    char names[UNKNOWN_SIZE] = "";
    const rg_node *first = NULL, *second = NULL;
    for (size_t i = 0; i < c->schema->keys; i++) {
        const char *name = name_below(&c->schema->key[i], prefix);
        if (!name || !(c->schema->key[i].flags & RG_KEY_ONE_OF)) continue;
        if (*names) strncat(names, ", ", sizeof names - strlen(names) - 1);
        strncat(names, name, sizeof names - strlen(names) - 1);
        const rg_node *node = rg_node_get(map, name);
        if (node && first) second = node;
        if (node && !first) first = node;
    }
    if (!*names || (first && !second)) return RG_OK;
    if (!first) return rg_node_fail(map, c->diagnostic, RG_EINVAL, "expected exactly one of %s, got none", names);
    return rg_node_fail_key(second, c->diagnostic, RG_EINVAL, "expected exactly one of %s, got %s and %s", names,
                            first->key, second->key);
}

static rg_status check_map(const schema_check *c, rg_node *map, const char *prefix) {
    rg_status status = refuse_unknown(c, map, prefix);
    for (size_t i = 0; status == RG_OK && i < c->schema->keys; i++) {
        const char *name = name_below(&c->schema->key[i], prefix);
        if (name) status = check_presence(c, map, &c->schema->key[i], name);
    }
    if (status == RG_OK) status = check_one_of(c, map, prefix);
    for (rg_node *child = map->first; status == RG_OK && child; child = child->next)
        status = check_value(c, find_key(c->schema, prefix, child->key), child, 0);
    return status;
}

rg_status rg_schema_check(const rg_schema *schema, rg_node *root, rg_pool *pool, rg_diagnostic *diagnostic) {
    const schema_check c = {schema, pool, diagnostic};
    if (root->kind == RG_NODE_MAP) return check_map(&c, root, "");
    return rg_node_fail(root, diagnostic, RG_EINVAL, "expected a map with the keys of %s, got %s", schema->noun,
                        rg_node_show(root).text);
}
