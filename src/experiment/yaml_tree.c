/* libyaml's events become nodes. The stack of open lists and maps is our own and has a fixed size. */
#include "experiment/yaml_tree.h"

#include "base/base.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

typedef struct tree_builder {
    const rg_source *source;
    rg_pool *pool;
    rg_diagnostic *diagnostic;
    rg_node *open[RG_YAML_MAX_DEPTH];
    size_t depth, nodes, documents;
    rg_node *root;
    rg_status status; /* why there is no new node */
    char *key;        /* read, and waiting for its value */
    yaml_mark_t key_mark;
} tree_builder;

static rg_status out_of_memory(const tree_builder *b) {
    return rg_fail(b->diagnostic, RG_ENOMEM, "%s: out of memory", b->source->name);
}

static rg_status refuse(const tree_builder *b, yaml_mark_t mark, const char *message) {
    if (b->source->setting) return rg_fail(b->diagnostic, RG_EFORMAT, "%s: %s", b->source->name, message);
    return rg_fail(b->diagnostic, RG_EFORMAT, "%s:%zu:%zu: %s", b->source->name, mark.line + 1, mark.column + 1,
                   message);
}

static rg_node *innermost(const tree_builder *b) {
    return b->depth ? b->open[b->depth - 1] : NULL;
}

static rg_node *new_node(tree_builder *b, const yaml_event_t *event) {
    if (++b->nodes > RG_YAML_MAX_NODES) {
        b->status = refuse(b, event->start_mark, "more than 100000 values; keep large tables in .npy files");
        return NULL;
    }
    rg_node *node = rg_pool_alloc(b->pool, 1, sizeof *node);
    if (!node) b->status = out_of_memory(b);
    return node;
}

/* A node below the innermost open one; NULL with the reason in b->status. */
static rg_node *attach(tree_builder *b, const yaml_event_t *event, rg_node_kind kind) {
    rg_node *node = new_node(b, event), *parent = innermost(b);
    if (!node) return NULL;
    node->kind = kind;
    node->source = b->source;
    node->line = (long)event->start_mark.line + 1;
    node->column = (long)event->start_mark.column + 1;
    node->key = b->key;
    node->key_line = (long)b->key_mark.line + 1;
    node->key_column = (long)b->key_mark.column + 1;
    node->text = "";
    b->key = NULL;
    if (parent) {
        rg_node_append(parent, node);
    } else {
        b->root = node;
    }
    return node;
}

static int expects_key(const tree_builder *b) {
    return b->depth && innermost(b)->kind == RG_NODE_MAP && !b->key;
}

static rg_status on_key(tree_builder *b, const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    char message[2 * RG_YAML_MAX_KEY_LENGTH + 64];
    if (strlen(text) > RG_YAML_MAX_KEY_LENGTH)
        return refuse(b, event->start_mark, "a key of more than 64 bytes; no key is that long");
    if (innermost(b)->count >= RG_YAML_MAX_KEYS)
        return refuse(b, event->start_mark, "more than 64 keys in one map; no map has that many");
    const rg_node *twin = rg_node_get(innermost(b), text);
    if (twin) {
        snprintf(message, sizeof message, "duplicate key \"%s\", first given on line %ld", text, twin->key_line);
        return refuse(b, event->start_mark, message);
    }
    b->key = rg_pool_text(b->pool, text, strlen(text));
    b->key_mark = event->start_mark;
    return b->key ? RG_OK : out_of_memory(b);
}

static rg_status refuse_decoration(const tree_builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                                   const yaml_char_t *tag) {
    if (anchor) return refuse(b, event->start_mark, "anchors (&name) are not supported; write the value out");
    if (tag) return refuse(b, event->start_mark, "tags (!name) are not supported; write the plain value");
    return RG_OK;
}

static rg_status on_scalar(tree_builder *b, const yaml_event_t *event) {
    const char *text = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;
    const rg_status status = refuse_decoration(b, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (status != RG_OK) return status;
    if (memchr(text, 0, length)) return refuse(b, event->start_mark, "a text with a zero byte");
    return expects_key(b) ? on_key(b, event) : RG_OK;
}

static rg_status on_text(tree_builder *b, const yaml_event_t *event) {
    const int is_key = expects_key(b);
    const rg_status status = on_scalar(b, event);
    if (status != RG_OK || is_key) return status;
    rg_node *node = attach(b, event, RG_NODE_TEXT);
    if (!node) return b->status;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = rg_pool_text(b->pool, (const char *)event->data.scalar.value, event->data.scalar.length);
    return node->text ? RG_OK : out_of_memory(b);
}

static rg_status open_node(tree_builder *b, const yaml_event_t *event, rg_node_kind kind) {
    if (expects_key(b)) return refuse(b, event->start_mark, "expected a text as key, got a list or a map");
    if (b->depth == RG_YAML_MAX_DEPTH) return refuse(b, event->start_mark, "lists and maps nested more than 32 deep");
    rg_node *node = attach(b, event, kind);
    if (!node) return b->status;
    b->open[b->depth++] = node;
    return RG_OK;
}

static rg_status on_list(tree_builder *b, const yaml_event_t *event) {
    const rg_status status =
        refuse_decoration(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    return status == RG_OK ? open_node(b, event, RG_NODE_LIST) : status;
}

static rg_status on_map(tree_builder *b, const yaml_event_t *event) {
    const rg_status status =
        refuse_decoration(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    return status == RG_OK ? open_node(b, event, RG_NODE_MAP) : status;
}

static rg_status on_close(tree_builder *b, const yaml_event_t *event) {
    (void)event;
    b->depth--;
    return RG_OK;
}

static rg_status on_document(tree_builder *b, const yaml_event_t *event) {
    return b->documents++ ? refuse(b, event->start_mark, "a second document (---); expected one document a file")
                          : RG_OK;
}

static rg_status on_alias(tree_builder *b, const yaml_event_t *event) {
    return refuse(b, event->start_mark, "aliases (*name) are not supported; write the value out");
}

typedef rg_status event_handler(tree_builder *b, const yaml_event_t *event);

static event_handler *const handlers[] = {
    [YAML_DOCUMENT_START_EVENT] = on_document,
    [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_text,
    [YAML_SEQUENCE_START_EVENT] = on_list,
    [YAML_SEQUENCE_END_EVENT] = on_close,
    [YAML_MAPPING_START_EVENT] = on_map,
    [YAML_MAPPING_END_EVENT] = on_close,
};

/* The reader of libyaml knows only the offset of a bad byte. */
static yaml_mark_t mark_of_offset(const char *text, size_t offset) {
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset; i++) {
        mark.column = text[i] == '\n' ? 0 : mark.column + 1;
        mark.line += text[i] == '\n';
    }
    return mark;
}

static rg_status not_yaml(const tree_builder *b, const yaml_parser_t *parser, const char *text, size_t length) {
    if (parser->error == YAML_MEMORY_ERROR) return out_of_memory(b);
    char message[256];
    snprintf(message, sizeof message, "not YAML: %s", parser->problem ? parser->problem : "unknown problem");
    const size_t offset = parser->problem_offset < length ? parser->problem_offset : length;
    const int in_reader = parser->error == YAML_READER_ERROR;
    return refuse(b, in_reader ? mark_of_offset(text, offset) : parser->problem_mark, message);
}

static rg_status parse_events(tree_builder *b, yaml_parser_t *parser, const char *text, size_t length) {
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return not_yaml(b, parser, text, length);
        const yaml_event_type_t type = event.type;
        event_handler *handle = (size_t)type < sizeof handlers / sizeof *handlers ? handlers[type] : NULL;
        const rg_status status = handle ? handle(b, &event) : RG_OK;
        yaml_event_delete(&event);
        if (status != RG_OK || type == YAML_STREAM_END_EVENT) return status;
    }
}

rg_status rg_yaml_parse(const rg_source *source, const char *text, size_t length, rg_pool *pool, rg_node **root,
                        rg_diagnostic *diagnostic) {
    tree_builder b = {.source = source, .pool = pool, .diagnostic = diagnostic};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) return out_of_memory(&b);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    rg_status status = parse_events(&b, &parser, text, length);
    yaml_parser_delete(&parser);
    const yaml_event_t start = {0};
    if (status == RG_OK && !b.root && !attach(&b, &start, RG_NODE_TEXT)) status = b.status;
    if (status == RG_OK) *root = b.root;
    return status;
}

static rg_status read_text(const rg_source *source, rg_pool *pool, char **text, size_t *length,
                           rg_diagnostic *diagnostic) {
    FILE *file;
    uint64_t size;
    const rg_status status = rg_file_open(source->name, &file, &size, diagnostic);
    if (status != RG_OK) return status;
    if (size > RG_YAML_MAX_BYTES) {
        fclose(file);
        return rg_fail(diagnostic, RG_EFORMAT, "%s: expected a YAML file of at most 16 MiB, got %llu bytes",
                       source->name, (unsigned long long)size);
    }
    *text = rg_pool_alloc(pool, (size_t)size + 1, 1);
    *length = *text ? fread(*text, 1, (size_t)size, file) : 0;
    const int error = ferror(file) ? errno : 0;
    fclose(file);
    if (!*text) return rg_fail(diagnostic, RG_ENOMEM, "%s: out of memory", source->name);
    if (error) return rg_fail(diagnostic, RG_EIO, "%s: cannot read: %s", source->name, strerror(error));
    return RG_OK;
}

rg_status rg_yaml_read(const rg_source *source, rg_pool *pool, rg_node **root, rg_diagnostic *diagnostic) {
    char *text = NULL;
    size_t length = 0;
    const rg_status status = read_text(source, pool, &text, &length, diagnostic);
    return status == RG_OK ? rg_yaml_parse(source, text, length, pool, root, diagnostic) : status;
}
