/* store.h: what the files of the store share. */
#ifndef MIR_KV_MEM_STORE_H
#define MIR_KV_MEM_STORE_H

#include "tree.h"

static inline struct mir_kv_mem *mir_kv_mem_of(struct mir_kv *kv)
{
	return mir_container(kv, struct mir_kv_mem, kv);
}

/* Whether the node, which may be NULL, is below that dictionary. */
static inline bool mir_kv_mem_is_below(const struct mir_kv_mem_node *n, struct mir_str dict)
{
	size_t len = dict.len == 1 ? 0 : dict.len;

	return n && n->key_len > len && n->key[len] == '/' && memcmp(n->key, dict.p, len) == 0;
}

/* The value of a key; NULL: *rc says why there is none, MIR_EINVAL, MIR_EISDIR or MIR_ENOENT. */
struct mir_kv_mem_node *mir_kv_mem_value(struct mir_kv_mem *, struct mir_str key, int *rc);

/* MIR_ENOTDIR if something above the key is a value. */
int mir_kv_mem_check_above(struct mir_kv_mem *, struct mir_str key);

/* Give a node that is in no tree back, with its bytes. */
void mir_kv_mem_free(struct mir_kv_mem *, struct mir_kv_mem_node *);

/* rename.c: the operation of kv.h. */
int mir_kv_mem_rename(struct mir_kv *, struct mir_str from, struct mir_str to);

/* digest.c: of a value, kept until it changes; of a dictionary that is there. MIR_ENOMEM. */
const uint8_t *mir_kv_mem_value_digest(struct mir_kv_mem_node *);
int mir_kv_mem_dict_digest(struct mir_kv_mem *, struct mir_str key, uint8_t out[MIR_KV_DIGEST]);

#endif
