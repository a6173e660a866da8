/* The tree, every default in it, as JSON. */
#include "base/base.h"
#include "experiment/reader.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *to_json(const rg_node *node);

static json_t *map_to_json(const rg_node *map) {
    json_t *object = json_object();
    for (const rg_node *child = map->first; object && child; child = child->next)
        if (json_object_set_new(object, child->key, to_json(child)) != 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

static json_t *list_to_json(const rg_node *list) {
    json_t *array = json_array();
    for (const rg_node *child = list->first; array && child; child = child->next)
        if (json_array_append_new(array, to_json(child)) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* The setters above take NULL for a failure of their own. */
static json_t *to_json(const rg_node *node) {
    if (node->kind == RG_NODE_MAP) return map_to_json(node);
    if (node->kind == RG_NODE_LIST) return list_to_json(node);
    if (node->value == RG_VALUE_NUMBER) return json_real(node->number);
    if (node->value == RG_VALUE_WHOLE) return json_integer((json_int_t)node->number);
    if (node->value == RG_VALUE_FLAG) return json_boolean(node->number != 0);
    return json_string(node->text);
}

rg_status rg_reader_resolved(rg_reader *r) {
    json_t *json = to_json(r->root);
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    r->experiment->resolved = text ? rg_pool_text(r->kept, text, strlen(text)) : NULL;
    free(text);
    return r->experiment->resolved ? RG_OK : rg_reader_out_of_memory(r);
}
