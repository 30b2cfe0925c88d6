/* node.c: files and folders of stores that are open (tree.h). */
#include <errno.h>
#include <mir/format.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

enum { CHUNK = 256 * 1024, OWN_KEY = 48 };

static struct mir_node *nodes;
static unsigned n_own;

static bool is_at(const struct mir_node *n, const struct mir_mount *m, struct mir_str key)
{
	return n->mount == m && n->len == key.len && memcmp(n->key, key.p, key.len) == 0;
}

struct mir_node *mir_node_find(const struct mir_mount *m, struct mir_str key)
{
	for (struct mir_node *n = nodes; n; n = n->next)
		if (is_at(n, m, key) && !n->gone)
			return n;
	return NULL;
}

/* FNV-1a, but for 0. */
static uint64_t number(const struct mir_mount *m, struct mir_str key)
{
	uint64_t h = 0xcbf29ce484222325 ^ m->id;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (uint8_t)key.p[i]) * 0x100000001b3;
	return h >> 1 | 1;
}

static bool number_taken(const struct mir_mount *m, uint64_t ino)
{
	for (struct mir_node *n = nodes; n; n = n->next)
		if (n->mount == m && n->ino == ino)
			return true;
	return false;
}

uint64_t mir_node_ino(const struct mir_mount *m, struct mir_str key)
{
	const struct mir_node *open = mir_node_find(m, key);
	uint64_t ino = number(m, key);

	if (open)
		return open->ino;
	/* An open file that has had this name keeps its number. */
	while (number_taken(m, ino))
		ino += 2;
	return ino;
}

static struct mir_node *node_new(struct mir_mount *m, struct mir_str key, enum mir_place_kind kind)
{
	struct mir_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->ino = mir_node_ino(m, key);
	n->key = malloc(key.len + 1);
	if (!n->key) {
		free(n);
		return NULL;
	}
	memcpy(n->key, key.p, key.len);
	n->key[key.len] = '\0';
	n->len = key.len;
	n->mount = m;
	n->kind = kind;
	n->refs = 1;
	n->next = nodes;
	nodes = n;
	return n;
}

struct mir_node *mir_node_open(const struct mir_place *p)
{
	struct mir_node *n = mir_node_find(p->mount, mir_place_key(p));

	if (!n || n->kind != p->kind)
		return node_new(p->mount, mir_place_key(p), p->kind);
	n->refs++;
	return n;
}

void mir_node_unref(struct mir_node *n)
{
	struct mir_node **at = &nodes;

	if (--n->refs > 0)
		return;
	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	/* If that fails, the next start does it. */
	if (n->gone && n->mount->kv)
		mir_kv_remove(n->mount->kv, mir_node_key(n));
	free(n->key);
	free(n);
}

long mir_node_lock(struct mir_node *n)
{
	long rc = 0;

	while (rc == 0 && n->busy)
		rc = mir_posix_wait(&n->idle, MIR_NEVER);
	if (rc == 0)
		n->busy = true;
	return rc;
}

void mir_node_unlock(struct mir_node *n)
{
	n->busy = false;
	mir_wake_one(&n->idle);
}

static bool is_below(const struct mir_node *n, const struct mir_mount *m, struct mir_str key)
{
	return n->mount == m && !n->gone && n->len >= key.len &&
	       memcmp(n->key, key.p, key.len) == 0 && (n->len == key.len || n->key[key.len] == '/');
}

int mir_node_moved(const struct mir_mount *m, struct mir_str from, struct mir_str to)
{
	for (struct mir_node *n = nodes; n; n = n->next) {
		char *key;

		if (!is_below(n, m, from))
			continue;
		key = malloc(n->len - from.len + to.len + 1);
		if (!key)
			return -ENOMEM;
		memcpy(key, to.p, to.len);
		memcpy(key + to.len, n->key + from.len, n->len - from.len + 1);
		n->len = n->len - from.len + to.len;
		free(n->key);
		n->key = key;
	}
	return 0;
}

void mir_node_own_key(char *out, size_t size)
{
	mir_format(out, size, "/" MIR_TREE_OWN "%u", ++n_own);
}

long mir_node_copy(struct mir_kv *kv, struct mir_str from, struct mir_str to, uint64_t size)
{
	uint64_t done = 0;
	int64_t rc = mir_kv_set(kv, to, "", 0);

	while (rc >= 0 && done < size) {
		struct mir_slice s;
		size_t max = (size_t)MIR_MIN(size - done, (uint64_t)CHUNK);

		rc = mir_kv_view(kv, from, done, max, &s);
		if (rc <= 0)
			break;
		rc = mir_kv_set_partial(kv, to, done, s.p, s.len);
		done += s.len;
		mir_slice_unref(&s);
	}
	if (rc < 0)
		mir_kv_remove(kv, to);
	return rc < 0 ? mir_posix_error(rc) : 0;
}

long mir_node_hide(struct mir_node *n, bool copy)
{
	struct mir_kv *kv = n->mount->kv;
	char own[OWN_KEY], *key;
	long rc;

	mir_node_own_key(own, sizeof(own));
	key = strdup(own);
	if (!key)
		return -ENOMEM;
	rc = copy ? mir_node_copy(kv, mir_node_key(n), mir_str(own), UINT64_MAX)
		  : mir_posix_error(mir_kv_rename(kv, mir_node_key(n), mir_str(own)));
	if (rc < 0) {
		free(key);
		return rc;
	}
	free(n->key);
	n->key = key;
	n->len = strlen(key);
	n->gone = true;
	return 0;
}
