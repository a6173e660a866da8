/* The tree, and messages that name a place in it. */
#include "experiment/node.h"

#include "base/base.h"
#include "experiment/number.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

rg_node *rg_node_get(const rg_node *map, const char *key) {
    for (rg_node *child = map ? map->first : NULL; child; child = child->next)
        if (child->key && strcmp(child->key, key) == 0) return child;
    return NULL;
}

rg_node *rg_node_at(const rg_node *list, size_t index) {
    rg_node *child = list ? list->first : NULL;
    while (child && index--) child = child->next;
    return child;
}

void rg_node_append(rg_node *parent, rg_node *child) {
    child->parent = parent;
    child->next = NULL;
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->count++;
}

void rg_node_remove(rg_node *child) {
    rg_node *parent = child->parent, *before = NULL;
    for (rg_node *other = parent->first; other != child; other = other->next) before = other;
    if (before) {
        before->next = child->next;
    } else {
        parent->first = child->next;
    }
    if (parent->last == child) parent->last = before;
    parent->count--;
}

rg_node *rg_node_add(rg_node *parent, const char *key, rg_node_kind kind, rg_pool *pool) {
    rg_node *node = rg_pool_alloc(pool, 1, sizeof *node);
    if (!node) return NULL;
    node->kind = kind;
    node->source = parent->source;
    node->line = node->key_line = parent->line;
    node->column = node->key_column = parent->column;
    node->key = key;
    node->text = "";
    rg_node_append(parent, node);
    return node;
}

rg_node *rg_node_add_number(rg_node *parent, const char *key, double number, rg_node_value value, rg_pool *pool) {
    rg_node *node = rg_node_add(parent, key, RG_NODE_TEXT, pool);
    if (!node) return NULL;
    node->value = value;
    node->number = number;
    const rg_number_text shown = rg_number_show(number);
    node->text = rg_pool_text(pool, shown.text, strlen(shown.text));
    return node->text ? node : NULL;
}

void rg_node_assign(rg_node *old, const rg_node *fresh) {
    rg_node node = *fresh;
    node.parent = old->parent;
    node.next = old->next;
    node.key = old->key;
    node.key_line = old->key_line;
    node.key_column = old->key_column;
    *old = node;
    for (rg_node *child = old->first; child; child = child->next) child->parent = old;
}

int rg_node_is_null(const rg_node *node) {
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL"};
    if (node->kind != RG_NODE_TEXT || node->quoted) return 0;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (strcmp(node->text, nothing[i]) == 0) return 1;
    return 0;
}

static size_t index_of(const rg_node *node) {
    size_t index = 0;
    for (const rg_node *other = node->parent->first; other != node; other = other->next) index++;
    return index;
}

static size_t write_path(const rg_node *node, char *path, size_t size) {
    if (!node->parent) return 0;
    const size_t used = write_path(node->parent, path, size);
    if (used >= size - 1) return used;
    const char *dot = used ? "." : "";
    const int added = node->key ? snprintf(path + used, size - used, "%s%s", dot, node->key)
                                : snprintf(path + used, size - used, "%s%zu", dot, index_of(node));
    const size_t end = used + (size_t)added;
    return end < size ? end : size - 1;
}

void rg_node_path(const rg_node *node, char path[RG_NODE_PATH_SIZE]) {
    path[0] = 0;
    write_path(node, path, RG_NODE_PATH_SIZE);
}

/* A setting already shows its own key, so its messages repeat only what lies below. */
static int setting_shows(const rg_source *source, const char *path) {
    return source->setting && strncmp(source->setting, path, strlen(path)) == 0;
}

static rg_status fail_at(const rg_node *node, const rg_node *named, long line, long column, rg_diagnostic *diagnostic,
                         rg_status status, const char *message) {
    const rg_source *source = node->source;
    char place[64] = "", path[RG_NODE_PATH_SIZE];
    if (!source->setting) snprintf(place, sizeof place, ":%ld:%ld", line, column);
    rg_node_path(named, path);
    if (setting_shows(source, path)) path[0] = 0;
    return rg_fail(diagnostic, status, "%s%s: %s%s%s", source->name, place, path, *path ? ": " : "", message);
}

rg_status rg_node_fail(const rg_node *node, rg_diagnostic *diagnostic, rg_status status, const char *format, ...) {
    char message[RG_DIAGNOSTIC_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fail_at(node, node, node->line, node->column, diagnostic, status, message);
}

rg_status rg_node_fail_key(const rg_node *node, rg_diagnostic *diagnostic, rg_status status, const char *format, ...) {
    char message[RG_DIAGNOSTIC_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fail_at(node, node->parent, node->key_line, node->key_column, diagnostic, status, message);
}

void rg_shorten(char *shown, size_t size, const char *text) {
    const size_t length = strlen(text);
    size_t kept = length < size ? length : size - sizeof "...";
    while (kept < length && kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80) kept--;
    memcpy(shown, text, kept);
    strcpy(shown + kept, kept < length ? "..." : "");
    for (char *c = shown; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' ';
}

rg_shown rg_node_show(const rg_node *node) {
    rg_shown shown;
    char text[RG_SHOWN_SIZE - 2];
    double number;
    if (node->kind == RG_NODE_MAP) {
        strcpy(shown.text, "a map");
    } else if (node->kind == RG_NODE_LIST && node->count == 0) {
        strcpy(shown.text, "an empty list");
    } else if (node->kind == RG_NODE_LIST) {
        snprintf(shown.text, sizeof shown.text, "a list of %zu", node->count);
    } else if (rg_node_is_null(node)) {
        strcpy(shown.text, "nothing");
    } else {
        rg_shorten(text, sizeof text, node->text);
        const int bare = !node->quoted && rg_number_parse(node->text, &number);
        snprintf(shown.text, sizeof shown.text, bare ? "%s" : "\"%s\"", text);
    }
    return shown;
}
