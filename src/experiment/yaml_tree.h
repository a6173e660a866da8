/* YAML texts as trees. Internal.
 *
 * The texts are hostile input. Anchors, aliases, tags and several documents are refused, keys are short texts that
 * appear once, and depth, nodes and file size have caps: time and memory are linear in the text.
 */
#ifndef RG_YAML_TREE_H
#define RG_YAML_TREE_H

#include "experiment/node.h"

enum {
    RG_YAML_MAX_DEPTH = 32,
    RG_YAML_MAX_NODES = 100000,
    RG_YAML_MAX_KEYS = 64, /* in one map: keeps the search for duplicates cheap */
    RG_YAML_MAX_KEY_LENGTH = 64,
    RG_YAML_MAX_BYTES = 16 << 20
};

/* Nodes live in `pool`; `source` must live as long. An empty text gives a node that is null.
 * RG_EFORMAT: not YAML, or YAML that is refused; RG_ENOMEM. */
rg_status rg_yaml_parse(const rg_source *source, const char *text, size_t length, rg_pool *pool, rg_node **root,
                        rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Reads the file source->name. RG_EIO, and as rg_yaml_parse. */
rg_status rg_yaml_read(const rg_source *source, rg_pool *pool, rg_node **root, rg_diagnostic *diagnostic) RG_MUST_CHECK;

/* Puts the value of "key.key=value" into the tree, in place of what was there. Lists count from 0 and may grow by one.
 * RG_EINVAL: not of that form, or the key leads nowhere; RG_EFORMAT, RG_ENOMEM. */
rg_status rg_yaml_set(const char *setting, rg_pool *pool, rg_node *root, rg_diagnostic *diagnostic) RG_MUST_CHECK;

#endif
