/* table.c: 4-tuples, hashed under a secret key.  Lookups, additions and removals are O(1); growing
 * is spread over later additions. */
#include "core.h"

#include <stdlib.h>

enum { FIRST_SIZE = 64, MOVE = 8 };

int mir_tcp_table_init(struct mir_tcp_table *t)
{
	*t = (struct mir_tcp_table){ .size = FIRST_SIZE };
	mir_random(&t->key, sizeof(t->key));
	t->bucket = calloc(t->size, sizeof(*t->bucket));
	return t->bucket ? 0 : MIR_ENOMEM;
}

void mir_tcp_table_release(struct mir_tcp_table *t)
{
	free(t->bucket);
	free(t->old);
}

static uint32_t hash(const struct mir_tcp_table *t, const struct mir_tcp_tuple *tuple)
{
	return (uint32_t)mir_siphash(&t->key, tuple, sizeof(*tuple));
}

/* Where a tuple's chain starts. */
static struct mir_tcp_node **chain(struct mir_tcp_table *t, uint32_t h)
{
	if (t->old && (h & (t->old_size - 1)) >= t->moved)
		return &t->old[h & (t->old_size - 1)];
	return &t->bucket[h & (t->size - 1)];
}

static void move_some(struct mir_tcp_table *t)
{
	for (unsigned i = 0; i < MOVE && t->old; i++) {
		struct mir_tcp_node *n = t->old[t->moved++], *next;

		for (; n; n = next) {
			struct mir_tcp_node **to = &t->bucket[hash(t, &n->tuple) & (t->size - 1)];

			next = n->next;
			n->next = *to;
			*to = n;
		}
		if (t->moved == t->old_size) {
			free(t->old);
			t->old = NULL;
		}
	}
}

/* Without memory the table stays as it is: slower, not wrong. */
static void grow(struct mir_tcp_table *t)
{
	struct mir_tcp_node **bucket = calloc((size_t)t->size * 2, sizeof(*bucket));

	if (!bucket)
		return;
	t->old = t->bucket;
	t->old_size = t->size;
	t->moved = 0;
	t->bucket = bucket;
	t->size *= 2;
}

struct mir_tcp_node *mir_tcp_table_find(struct mir_tcp_table *t, const struct mir_tcp_tuple *tuple)
{
	struct mir_tcp_node *n = *chain(t, hash(t, tuple));

	while (n && memcmp(&n->tuple, tuple, sizeof(*tuple)) != 0)
		n = n->next;
	return n;
}

void mir_tcp_table_add(struct mir_tcp_table *t, struct mir_tcp_node *n)
{
	struct mir_tcp_node **head;

	if (!t->old && t->n >= t->size)
		grow(t);
	move_some(t);
	head = chain(t, hash(t, &n->tuple));
	n->next = *head;
	*head = n;
	t->n++;
}

void mir_tcp_table_remove(struct mir_tcp_table *t, struct mir_tcp_node *n)
{
	struct mir_tcp_node **link = chain(t, hash(t, &n->tuple));

	while (*link != n)
		link = &(*link)->next;
	*link = n->next;
	n->next = NULL;
	t->n--;
}

void mir_tcp_table_each(
    struct mir_tcp_table *t, void (*visit)(void *arg, struct mir_tcp_node *), void *arg)
{
	while (t->old)
		move_some(t);
	for (uint32_t i = 0; i < t->size; i++) {
		struct mir_tcp_node *n = t->bucket[i], *next;

		for (; n; n = next) {
			next = n->next;
			visit(arg, n);
		}
	}
}
