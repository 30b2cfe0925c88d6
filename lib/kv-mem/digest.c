/* digest.c: digests of values and, over them, of dictionaries.
 *
 * The digest of a dictionary is that of lib/crunch: SHA-256 over its children in order of their
 * names, each as kind (1 value, 2 dictionary), name, a zero byte, digest. Everything below it is
 * one run of the tree, so that one pass with a stack of open dictionaries is enough.
 */
#include <stdlib.h>

#include <mir/digest.h>

#include "store.h"

typedef struct mir_kv_mem_node node;

/* A dictionary whose children are being taken. */
struct open_dict {
	struct mir_sha256 digest;
	size_t above; /* bytes of its key, 0 for the root */
};

const uint8_t *mir_kv_mem_value_digest(node *n)
{
	if (!n->digested) {
		mir_sha256(n->data, n->len, n->digest);
		n->digested = true;
	}
	return n->digest;
}

static void take_child(
    struct open_dict *d, uint8_t kind, struct mir_str name, const uint8_t *digest)
{
	mir_sha256_update(&d->digest, &kind, 1);
	mir_sha256_update(&d->digest, name.p, name.len);
	mir_sha256_update(&d->digest, "", 1);
	mir_sha256_update(&d->digest, digest, MIR_KV_DIGEST);
}

/* End the dictionary on top of the stack; the key of a node in it has its name. */
static void close_top(struct open_dict *top, const char *key)
{
	struct mir_str name = { key + top[-1].above + 1, top->above - top[-1].above - 1 };
	uint8_t digest[MIR_KV_DIGEST];

	mir_sha256_final(&top->digest, digest);
	take_child(&top[-1], 2, name, digest);
}

static void open_next(struct open_dict *top, size_t above)
{
	mir_sha256_init(&top->digest);
	top->above = above;
}

/* The slash behind the next segment of a node's key, or NULL when that is the last. */
static const char *next_slash(const node *n, size_t above)
{
	return memchr(n->key + above + 1, '/', n->key_len - above - 1);
}

int mir_kv_mem_dict_digest(struct mir_kv_mem *s, struct mir_str key, uint8_t out[MIR_KV_DIGEST])
{
	struct open_dict *stack = malloc((MIR_KV_KEY_MAX / 2 + 1) * sizeof(*stack)), *top = stack;
	node *n = mir_kv_mem_seek(s->root, key, MIR_KV_MEM_BELOW), *before = n;
	const char *slash;

	if (!stack)
		return MIR_ENOMEM;
	open_next(top, key.len == 1 ? 0 : key.len);
	while (mir_kv_mem_is_below(n, key)) {
		while (top > stack &&
		       !mir_kv_mem_is_below(n, (struct mir_str){ before->key, top->above }))
			close_top(top--, before->key);
		while ((slash = next_slash(n, top->above)))
			open_next(++top, (size_t)(slash - n->key));
		take_child(top, 1,
		    (struct mir_str){ n->key + top->above + 1, n->key_len - top->above - 1 },
		    mir_kv_mem_value_digest(n));
		before = n;
		n = mir_kv_mem_seek(
		    s->root, (struct mir_str){ n->key, n->key_len }, MIR_KV_MEM_BELOW);
	}
	while (top > stack)
		close_top(top--, before->key);
	mir_sha256_final(&top->digest, out);
	free(stack);
	return 0;
}
