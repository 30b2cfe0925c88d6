/* rename.c: moving a value or a whole dictionary, all or nothing. */
#include <stdlib.h>

#include "store.h"

typedef struct mir_kv_mem_node node;

/* A node and the key that it is about to get. */
struct move {
	node *node;
	char *key;
};

/* The key of `n` with `from` at its start replaced by `to`; MIR_EINVAL: too long. */
static int make_key(const node *n, struct mir_str from, struct mir_str to, char **out)
{
	size_t tail = n->key_len - from.len;

	if (tail > MIR_KV_KEY_MAX - to.len)
		return MIR_EINVAL;
	if (!(*out = malloc(to.len + tail)))
		return MIR_ENOMEM;
	memcpy(*out, to.p, to.len);
	memcpy(*out + to.len, n->key + from.len, tail);
	return 0;
}

static uint64_t count(node *run)
{
	uint64_t total = 0;

	for (node *n = run ? mir_kv_mem_seek(run, mir_str("/"), MIR_KV_MEM_BELOW) : NULL; n;
	     n = mir_kv_mem_seek(run, (struct mir_str){ n->key, n->key_len }, MIR_KV_MEM_BELOW))
		total++;
	return total;
}

/* New keys for all of a run; nothing is changed yet. */
static int prepare(node *run, struct mir_str from, struct mir_str to, struct move *moves)
{
	node *n = mir_kv_mem_seek(run, mir_str("/"), MIR_KV_MEM_BELOW);
	uint64_t done = 0;

	for (; n; done++) {
		int rc = make_key(n, from, to, &moves[done].key);

		if (rc < 0) {
			while (done > 0)
				free(moves[--done].key);
			return rc;
		}
		moves[done].node = n;
		n = mir_kv_mem_seek(run, (struct mir_str){ n->key, n->key_len }, MIR_KV_MEM_BELOW);
	}
	return 0;
}

/* Give each node of the run its new key; their order stays the same. */
static int move_run(struct mir_kv_mem *s, node *run, struct mir_str from, struct mir_str to)
{
	uint64_t total = count(run);
	uint64_t more = to.len > from.len ? (to.len - from.len) * total : 0;
	uint64_t less = to.len < from.len ? (from.len - to.len) * total : 0;
	struct move *moves;
	int rc;

	if (!mir_budget_take(&s->budget, more))
		return MIR_ENOSPC;
	moves = calloc(total, sizeof(*moves));
	rc = moves ? prepare(run, from, to, moves) : MIR_ENOMEM;
	if (rc < 0) {
		mir_budget_give(&s->budget, more);
		free(moves);
		return rc;
	}
	for (uint64_t i = 0; i < total; i++) {
		free(moves[i].node->key);
		moves[i].node->key = moves[i].key;
		moves[i].node->key_len = moves[i].node->key_len - from.len + to.len;
	}
	free(moves);
	mir_budget_give(&s->budget, less);
	return 0;
}

static int check_target(struct mir_kv_mem *s, struct mir_str from, struct mir_str to, bool dict)
{
	int rc;

	if (to.len > from.len && to.p[from.len] == '/' && memcmp(to.p, from.p, from.len) == 0)
		return MIR_EINVAL;
	if (!mir_kv_mem_value(s, to, &rc) && rc == MIR_EISDIR)
		return dict ? MIR_ENOTEMPTY : MIR_EISDIR;
	return mir_kv_mem_check_above(s, to);
}

int mir_kv_mem_rename(struct mir_kv *kv, struct mir_str from, struct mir_str to)
{
	struct mir_kv_mem *s = mir_kv_mem_of(kv);
	node *run, *replaced;
	int rc;
	bool dict = !mir_kv_mem_value(s, from, &rc);

	if (dict && rc != MIR_EISDIR)
		return rc;
	if (!mir_kv_key_ok(to) || from.len == 1)
		return MIR_EINVAL;
	if (from.len == to.len && memcmp(from.p, to.p, from.len) == 0)
		return 0;
	if ((rc = check_target(s, from, to, dict)) < 0)
		return rc;
	run = dict ? mir_kv_mem_take_below(&s->root, from) : mir_kv_mem_take(&s->root, from);
	rc = move_run(s, run, from, to);
	if (rc == 0 && (replaced = mir_kv_mem_take(&s->root, to)))
		mir_kv_mem_free(s, replaced);
	mir_kv_mem_join(&s->root, run);
	return rc;
}
