/* kv_mem.c: KV_RW in memory (mir/kv_mem.h).
 *
 * Only values are stored; a dictionary is there because something is below it. What an operation
 * needs is allocated and paid for before anything changes, so that each is all or nothing.
 */
#include <stdlib.h>

#include <mir/hash.h>
#include <mir/mime.h>
#include <mir/time.h>

#include "store.h"

typedef struct mir_kv_mem_node node;

static bool is_dict(struct mir_kv_mem *s, struct mir_str key)
{
	return key.len == 1 ||
	       mir_kv_mem_is_below(mir_kv_mem_seek(s->root, key, MIR_KV_MEM_BELOW), key);
}

node *mir_kv_mem_value(struct mir_kv_mem *s, struct mir_str key, int *rc)
{
	node *n;

	*rc = MIR_EINVAL;
	if (!mir_kv_key_ok(key))
		return NULL;
	n = mir_kv_mem_find(s->root, key);
	*rc = n ? 0 : is_dict(s, key) ? MIR_EISDIR : MIR_ENOENT;
	return n;
}

int mir_kv_mem_check_above(struct mir_kv_mem *s, struct mir_str key)
{
	for (size_t i = 1; i < key.len; i++)
		if (key.p[i] == '/' && mir_kv_mem_find(s->root, (struct mir_str){ key.p, i }))
			return MIR_ENOTDIR;
	return 0;
}

/* xorshift64: the priorities need only be independent of the keys. */
static uint64_t next_random(struct mir_kv_mem *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

void mir_kv_mem_free(struct mir_kv_mem *s, node *n)
{
	mir_budget_give(&s->budget, MIR_KV_MEM_OVERHEAD + n->key_len + n->capacity);
	mir_mem_unref(n->mem);
	free(n->key);
	free(n);
	s->count--;
}

/* A node without bytes, paid for, not in the tree. */
static node *new_node(struct mir_kv_mem *s, struct mir_str key, int *rc)
{
	node *n;

	*rc = MIR_ENOSPC;
	if (!mir_budget_take(&s->budget, MIR_KV_MEM_OVERHEAD + key.len))
		return NULL;
	n = calloc(1, sizeof(*n));
	if (n && !(n->key = malloc(key.len))) {
		free(n);
		n = NULL;
	}
	if (!n) {
		*rc = MIR_ENOMEM;
		mir_budget_give(&s->budget, MIR_KV_MEM_OVERHEAD + key.len);
		return NULL;
	}
	memcpy(n->key, key.p, key.len);
	n->key_len = key.len;
	n->priority = next_random(s);
	s->count++;
	return n;
}

/* Fresh bytes for a node, paid for, the first `keep` of them as they were and `extra` ones from src
 * behind these. Views keep the old bytes, and src may be one. */
static int replace_bytes(
    struct mir_kv_mem *s, node *n, size_t capacity, size_t keep, const void *src, size_t extra)
{
	uint64_t more = capacity > n->capacity ? capacity - n->capacity : 0;
	struct mir_mem *mem = NULL;
	uint8_t *p = NULL;

	if (capacity > UINT32_MAX || !mir_budget_take(&s->budget, more))
		return MIR_ENOSPC;
	if (capacity && !(mem = mir_mem_new(capacity, &p))) {
		mir_budget_give(&s->budget, more);
		return MIR_ENOMEM;
	}
	if (capacity < n->capacity)
		mir_budget_give(&s->budget, n->capacity - capacity);
	if (keep)
		memcpy(p, n->data, keep);
	if (extra)
		memcpy(p + keep, src, extra);
	mir_mem_unref(n->mem);
	n->mem = mem;
	n->data = p;
	n->capacity = capacity;
	return 0;
}

static void changed(node *n)
{
	n->mtime_ns = mir_wall();
	n->digested = false;
}

static int count_child(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	(void)key;
	(void)kind;
	++*(uint64_t *)arg;
	return 0;
}

static int mem_list(struct mir_kv *kv, struct mir_str key, mir_kv_visit *visit, void *arg)
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	char last[MIR_KV_KEY_MAX];
	struct mir_str child = { last, 0 };
	size_t above = key.len == 1 ? 0 : key.len;
	node *n;
	int rc;

	n = mir_kv_mem_value(s, key, &rc);
	if (n)
		return MIR_ENOTDIR;
	if (rc != MIR_EISDIR)
		return rc;
	/* The visitor may change the store, so the place is found anew by key each time. */
	n = mir_kv_mem_seek(s->root, key, MIR_KV_MEM_BELOW);
	while (mir_kv_mem_is_below(n, key)) {
		const char *slash = memchr(n->key + above + 1, '/', n->key_len - above - 1);

		child.len = slash ? (size_t)(slash - n->key) : n->key_len;
		memcpy(last, n->key, child.len);
		rc = visit(arg, child, slash ? MIR_KV_DICT : MIR_KV_VALUE);
		if (rc != 0)
			return rc;
		n = mir_kv_mem_seek(s->root, child, MIR_KV_MEM_BEHIND);
	}
	return 0;
}

static int mem_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	int rc;
	node *n = mir_kv_mem_value(mir_kv_mem_of(kv), key, &rc);

	*out = (struct mir_kv_stat){ .kind = MIR_KV_NONE };
	if (n) {
		out->kind = MIR_KV_VALUE;
		out->size = n->len;
		out->mtime_ns = n->mtime_ns;
		out->mime = mir_mime_type(n->key, n->key_len);
		return 0;
	}
	if (rc != MIR_EISDIR)
		return rc;
	out->kind = MIR_KV_DICT;
	return mem_list(kv, key, count_child, &out->size);
}

static int mem_digest(struct mir_kv *kv, struct mir_str key, uint8_t out[static MIR_KV_DIGEST])
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	int rc;
	node *n = mir_kv_mem_value(s, key, &rc);

	if (n)
		memcpy(out, mir_kv_mem_value_digest(n), MIR_KV_DIGEST);
	else if (rc == MIR_EISDIR)
		return mir_kv_mem_dict_digest(s, key, out);
	return rc;
}

static int64_t mem_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	int rc;
	node *n = mir_kv_mem_value(mir_kv_mem_of(kv), key, &rc);

	*out = mir_slice_static(NULL, 0);
	if (!n)
		return rc;
	if (off >= n->len || max == 0)
		return 0;
	out->p = n->data + off;
	out->len = MIR_MIN(n->len - (size_t)off, max);
	out->owner = mir_mem_ref(n->mem);
	return (int64_t)out->len;
}

/* The value of a key, made empty if it is missing; finish() ends what this begins. */
static node *find_or_make(struct mir_kv_mem *s, struct mir_str key, bool *made, int *rc)
{
	node *n = mir_kv_mem_value(s, key, rc);

	*made = false;
	if (n || *rc != MIR_ENOENT)
		return n;
	*rc = mir_kv_mem_check_above(s, key);
	if (*rc < 0 || !(n = new_node(s, key, rc)))
		return NULL;
	*made = true;
	*rc = 0;
	return n;
}

static int finish(struct mir_kv_mem *s, node *n, bool made, int rc)
{
	if (rc < 0) {
		if (made)
			mir_kv_mem_free(s, n);
		return rc;
	}
	changed(n);
	if (made)
		mir_kv_mem_insert(&s->root, n);
	return 0;
}

static int mem_set(struct mir_kv *kv, struct mir_str key, const void *src, size_t len)
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	bool made;
	int rc;
	node *n = find_or_make(s, key, &made, &rc);

	if (!n)
		return rc;
	rc = replace_bytes(s, n, len, 0, src, len);
	if (rc == 0)
		n->len = len;
	return finish(s, n, made, rc);
}

/* Bytes of a value that nobody else sees and that has room for `end` bytes. */
static int make_writable(struct mir_kv_mem *s, node *n, size_t end)
{
	size_t doubled = n->capacity * 2;

	if (end <= n->capacity && (!n->mem || n->mem->refs == 1))
		return 0;
	if (end > n->capacity && n->capacity && doubled > end && doubled <= UINT32_MAX &&
	    replace_bytes(s, n, doubled, n->len, NULL, 0) == 0)
		return 0;
	return replace_bytes(s, n, MIR_MAX(end, n->len), n->len, NULL, 0);
}

static int mem_set_partial(
    struct mir_kv *kv, struct mir_str key, uint64_t off, const void *src, size_t len)
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	size_t end;
	bool made;
	int rc;
	node *n = find_or_make(s, key, &made, &rc);

	if (!n)
		return rc;
	if (off > UINT32_MAX || len > UINT32_MAX - off)
		return finish(s, n, made, MIR_ENOSPC);
	end = (size_t)off + len;
	if (len == 0)
		return finish(s, n, made, 0);
	/* src may be a view of this value: it keeps the old bytes alive, and so unchanged. */
	rc = make_writable(s, n, end);
	if (rc == 0) {
		if (off > n->len)
			memset(n->data + n->len, 0, (size_t)off - n->len);
		memcpy(n->data + off, src, len);
		n->len = MIR_MAX(n->len, end);
	}
	return finish(s, n, made, rc);
}

static int mem_allocate(struct mir_kv *kv, struct mir_str key, uint64_t size)
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	bool made;
	int rc;
	node *n = find_or_make(s, key, &made, &rc);

	if (!n)
		return rc;
	if (!made)
		return MIR_EEXIST;
	rc = size > UINT32_MAX ? MIR_ENOSPC : replace_bytes(s, n, (size_t)size, 0, NULL, 0);
	if (rc == 0 && size) {
		memset(n->data, 0, (size_t)size);
		n->len = (size_t)size;
	}
	return finish(s, n, made, rc);
}

static void free_tree(struct mir_kv_mem *s, node *tree)
{
	node *n;

	while ((n = mir_kv_mem_pop(&tree)))
		mir_kv_mem_free(s, n);
}

static int mem_remove(struct mir_kv *kv, struct mir_str key)
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	int rc;
	node *n = mir_kv_mem_value(s, key, &rc);

	if (n)
		mir_kv_mem_free(s, mir_kv_mem_take(&s->root, key));
	else if (rc == MIR_EISDIR)
		free_tree(s, mir_kv_mem_take_below(&s->root, key));
	else
		return rc;
	return 0;
}

static const struct mir_kv_ops mem_ops = {
	.name = "kv-mem",
	.stat = mem_stat,
	.list = mem_list,
	.digest = mem_digest,
	.view = mem_view,
	.set = mem_set,
	.set_partial = mem_set_partial,
	.allocate = mem_allocate,
	.remove = mem_remove,
	.rename = mir_kv_mem_rename,
};

int mir_kv_mem_start(struct mir_kv_mem *s, const struct mir_kv_mem_config *config)
{
	if (config->size == 0)
		return MIR_EINVAL;
	*s = (struct mir_kv_mem){
		.kv = { &mem_ops, config->name },
		.budget = { .limit = config->size },
	};
	do
		mir_random(&s->random, sizeof(s->random));
	while (s->random == 0);
	return 0;
}

void mir_kv_mem_stop(struct mir_kv_mem *s)
{
	free_tree(s, s->root);
	s->root = NULL;
}
