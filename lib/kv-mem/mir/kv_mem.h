/* kv_mem.h: KV_RW in memory, bounded.
 *
 * Values are held as counted memory: a view is a reference, not a copy, and
 * stays as it was when the value is set anew. There are no empty dictionaries:
 * one is there as long as something is below it; the root always is.
 */
#ifndef MIR_KV_MEM_H
#define MIR_KV_MEM_H

#include <mir/kv.h>
#include <mir/mem.h>

/* What a value costs of the budget besides the bytes of its key and its own. */
#define MIR_KV_MEM_OVERHEAD 128

struct mir_kv_mem_node;

struct mir_kv_mem {
	struct mir_kv kv; /* the signature object */
	struct mir_kv_mem_node *root;
	struct mir_budget budget;
	uint64_t count;  /* values */
	uint64_t random; /* state of the generator that keeps the tree flat */
};

struct mir_kv_mem_config {
	uint64_t size;    /* bytes for keys, values and what they cost; over it: MIR_ENOSPC */
	const char *name; /* "store" */
};

/* An empty store. MIR_EINVAL: no size. */
int mir_kv_mem_start(struct mir_kv_mem *, const struct mir_kv_mem_config *);

/* Gives all its memory back; views that are still held stay good. */
void mir_kv_mem_stop(struct mir_kv_mem *);

#endif
