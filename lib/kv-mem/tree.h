/* tree.h: the ordered tree of a store: a treap, a search tree by key and a heap by random numbers,
 * so that its depth stays logarithmic whatever order the keys come in (Seidel, Aragon 1996).
 *
 * In the order of keys '/' comes before every other byte. So "/a" is followed by all that is below
 * it, then by "/a-b": a dictionary is one run of the order, cut out with two splits.
 */
#ifndef MIR_KV_MEM_TREE_H
#define MIR_KV_MEM_TREE_H

#include <mir/kv_mem.h>

struct mir_kv_mem_node {
	struct mir_kv_mem_node *left, *right;
	uint64_t priority;
	char *key;
	size_t key_len;
	struct mir_mem *mem; /* owner of the bytes, NULL while there are none */
	uint8_t *data;
	size_t len;      /* bytes of the value */
	size_t capacity; /* bytes in mem, len or more */
	int64_t mtime_ns;
	bool digested; /* digest is that of the bytes */
	uint8_t digest[MIR_KV_DIGEST];
};

/* A place in the order: the key itself, in front of what is below it, or behind all of that. */
enum mir_kv_mem_side { MIR_KV_MEM_AT, MIR_KV_MEM_BELOW, MIR_KV_MEM_BEHIND };

/* The first node not before that place, or NULL. */
struct mir_kv_mem_node *mir_kv_mem_seek(
    struct mir_kv_mem_node *root, struct mir_str key, enum mir_kv_mem_side side);

/* The node of exactly this key, or NULL. */
struct mir_kv_mem_node *mir_kv_mem_find(struct mir_kv_mem_node *root, struct mir_str key);

/* Add a node whose key is not in the tree. */
void mir_kv_mem_insert(struct mir_kv_mem_node **root, struct mir_kv_mem_node *node);

/* Cut out the node with this key; NULL if there is none. */
struct mir_kv_mem_node *mir_kv_mem_take(struct mir_kv_mem_node **root, struct mir_str key);

/* Cut out all nodes below a key, as a tree of its own. */
struct mir_kv_mem_node *mir_kv_mem_take_below(struct mir_kv_mem_node **root, struct mir_str key);

/* Put in a tree whose keys are one run of the order, none of them in the other tree. */
void mir_kv_mem_join(struct mir_kv_mem_node **root, struct mir_kv_mem_node *run);

/* Take any node that has no children out of the tree: to end it without recursion. */
struct mir_kv_mem_node *mir_kv_mem_pop(struct mir_kv_mem_node **root);

#endif
