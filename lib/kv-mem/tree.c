/* tree.c: a treap whose operations go down once and need no stack (tree.h). */
#include "tree.h"

typedef struct mir_kv_mem_node node;

/* Position of a byte in the order of keys. */
static int rank(char c)
{
	return c == '/' ? 0 : (unsigned char)c + 1;
}

/* < 0: the node is before that place; 0: it is at the key; > 0: behind. */
static int compare(const node *n, struct mir_str key, enum mir_kv_mem_side side)
{
	size_t len = MIR_MIN(n->key_len, key.len);

	for (size_t i = 0; i < len; i++)
		if (n->key[i] != key.p[i])
			return rank(n->key[i]) - rank(key.p[i]);
	if (n->key_len < key.len)
		return -1;
	if (n->key_len == key.len)
		return side == MIR_KV_MEM_AT ? 0 : -1;
	return side == MIR_KV_MEM_BEHIND && n->key[len] == '/' ? -1 : 1;
}

/* The root's own "/" is the start of every key, so what is below "/" is what is below "". */
static struct mir_str prefix(struct mir_str key)
{
	return key.len == 1 ? (struct mir_str){ key.p, 0 } : key;
}

node *mir_kv_mem_seek(node *root, struct mir_str key, enum mir_kv_mem_side side)
{
	node *found = NULL;

	if (side != MIR_KV_MEM_AT)
		key = prefix(key);
	while (root) {
		if (compare(root, key, side) < 0) {
			root = root->right;
		} else {
			found = root;
			root = root->left;
		}
	}
	return found;
}

node *mir_kv_mem_find(node *root, struct mir_str key)
{
	while (root) {
		int order = compare(root, key, MIR_KV_MEM_AT);

		if (order == 0)
			return root;
		root = order < 0 ? root->right : root->left;
	}
	return NULL;
}

/* Nodes before a place go to *before, the others to *behind. */
static void split(
    node *tree, struct mir_str key, enum mir_kv_mem_side side, node **before, node **behind)
{
	while (tree) {
		if (compare(tree, key, side) < 0) {
			*before = tree;
			before = &tree->right;
			tree = tree->right;
		} else {
			*behind = tree;
			behind = &tree->left;
			tree = tree->left;
		}
	}
	*before = *behind = NULL;
}

/* All keys of `a` are before those of `b`. */
static node *merge(node *a, node *b)
{
	node *root, **at = &root;

	while (a && b) {
		if (a->priority >= b->priority) {
			*at = a;
			at = &a->right;
			a = a->right;
		} else {
			*at = b;
			at = &b->left;
			b = b->left;
		}
	}
	*at = a ? a : b;
	return root;
}

void mir_kv_mem_insert(node **root, node *n)
{
	struct mir_str key = { n->key, n->key_len };

	while (*root && (*root)->priority >= n->priority)
		root = compare(*root, key, MIR_KV_MEM_AT) < 0 ? &(*root)->right : &(*root)->left;
	split(*root, key, MIR_KV_MEM_AT, &n->left, &n->right);
	*root = n;
}

node *mir_kv_mem_take(node **root, struct mir_str key)
{
	node *n;
	int order;

	while ((n = *root) && (order = compare(n, key, MIR_KV_MEM_AT)) != 0)
		root = order < 0 ? &n->right : &n->left;
	if (n) {
		*root = merge(n->left, n->right);
		n->left = n->right = NULL;
	}
	return n;
}

node *mir_kv_mem_take_below(node **root, struct mir_str key)
{
	node *before, *run, *behind;

	key = prefix(key);
	split(*root, key, MIR_KV_MEM_BELOW, &before, &run);
	split(run, key, MIR_KV_MEM_BEHIND, &run, &behind);
	*root = merge(before, behind);
	return run;
}

void mir_kv_mem_join(node **root, node *run)
{
	node *before, *behind;

	if (!run)
		return;
	split(*root, (struct mir_str){ run->key, run->key_len }, MIR_KV_MEM_AT, &before, &behind);
	*root = merge(merge(before, run), behind);
}

node *mir_kv_mem_pop(node **root)
{
	while (*root && ((*root)->left || (*root)->right))
		root = (*root)->left ? &(*root)->left : &(*root)->right;
	if (!*root)
		return NULL;

	node *leaf = *root;

	*root = NULL;
	return leaf;
}
