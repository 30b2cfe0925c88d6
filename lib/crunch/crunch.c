/* crunch.c: KV_RO over an index that the linker filled in (mir/crunch.h).
 *
 * Keys are found by binary search. The entries below a dictionary "/a" are those with the prefix
 * "/a/", which are next to each other, though not next to "/a" itself: "/a-b" comes between.
 */
#include <mir/crunch.h>

static const struct mir_crunch_index *index_of(struct mir_kv *kv)
{
	return mir_container(kv, struct mir_crunch, kv)->index;
}

/* Order of an entry's path and the bytes of a key followed by `tail`, '\0' for none. */
static int compare(const struct mir_crunch_entry *e, struct mir_str key, char tail)
{
	size_t len = MIR_MIN(e->path_len, key.len);
	int order = memcmp(e->path, key.p, len);

	if (order != 0)
		return order;
	if (e->path_len <= key.len)
		return e->path_len < key.len || tail ? -1 : 0;
	if (!tail)
		return 1;
	if (e->path[len] != tail)
		return (unsigned char)e->path[len] < (unsigned char)tail ? -1 : 1;
	return e->path_len > key.len + 1;
}

/* The first entry at or behind `from` that is not before key + tail. */
static uint64_t lower_bound(
    const struct mir_crunch_index *x, uint64_t from, struct mir_str key, char tail)
{
	uint64_t high = x->count;

	while (from < high) {
		uint64_t middle = from + (high - from) / 2;

		if (compare(&x->entries[middle], key, tail) < 0)
			from = middle + 1;
		else
			high = middle;
	}
	return from;
}

static int find(struct mir_kv *kv, struct mir_str key, const struct mir_crunch_entry **out)
{
	const struct mir_crunch_index *x = index_of(kv);
	uint64_t i;

	if (!mir_kv_key_ok(key))
		return MIR_EINVAL;
	i = lower_bound(x, 0, key, '\0');
	if (i == x->count || compare(&x->entries[i], key, '\0') != 0)
		return MIR_ENOENT;
	*out = &x->entries[i];
	return 0;
}

static int crunch_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	const struct mir_crunch_entry *e;
	int rc = find(kv, key, &e);

	if (rc < 0)
		return rc;
	*out = (struct mir_kv_stat){
		.kind = e->kind == MIR_CRUNCH_DICT ? MIR_KV_DICT : MIR_KV_VALUE,
		.size = e->size,
		.mtime_ns = e->mtime_ns,
		.mime = e->mime,
	};
	return 0;
}

static int crunch_list(struct mir_kv *kv, struct mir_str key, mir_kv_visit *visit, void *arg)
{
	const struct mir_crunch_index *x = index_of(kv);
	const struct mir_crunch_entry *e;
	size_t above;
	int rc = find(kv, key, &e);

	if (rc < 0)
		return rc;
	if (e->kind != MIR_CRUNCH_DICT)
		return MIR_ENOTDIR;
	above = key.len == 1 ? 0 : key.len; /* bytes before the '/' of a child */
	for (uint64_t i = lower_bound(x, 0, (struct mir_str){ key.p, above }, '/'); i < x->count;) {
		const char *slash;

		e = &x->entries[i];
		if (e->path_len <= above || e->path[above] != '/' ||
		    memcmp(e->path, key.p, above) != 0)
			break;
		slash = memchr(e->path + above + 1, '/', e->path_len - above - 1);
		if (slash) { /* a grandchild: go on behind all below its parent */
			struct mir_str parent = { e->path, (size_t)(slash - e->path) };

			i = lower_bound(x, i, parent, '/' + 1);
			continue;
		}
		if (e->path_len > above + 1) { /* not "/" itself */
			rc = visit(arg, (struct mir_str){ e->path, e->path_len },
			    e->kind == MIR_CRUNCH_DICT ? MIR_KV_DICT : MIR_KV_VALUE);
			if (rc != 0)
				return rc;
		}
		i++;
	}
	return 0;
}

static int crunch_digest(struct mir_kv *kv, struct mir_str key, uint8_t out[static MIR_KV_DIGEST])
{
	const struct mir_crunch_entry *e;
	int rc = find(kv, key, &e);

	if (rc < 0)
		return rc;
	memcpy(out, e->digest, MIR_KV_DIGEST);
	return 0;
}

static int64_t crunch_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	const struct mir_crunch_entry *e;
	int rc = find(kv, key, &e);
	uint64_t len;

	*out = mir_slice_static(NULL, 0);
	if (rc < 0)
		return rc;
	if (e->kind == MIR_CRUNCH_DICT)
		return MIR_EISDIR;
	if (off >= e->size)
		return 0;
	len = MIR_MIN(e->size - off, (uint64_t)max);
	*out = mir_slice_static(e->data + off, len);
	return (int64_t)len;
}

static const struct mir_kv_ops crunch_ops = {
	.name = "crunch",
	.stat = crunch_stat,
	.list = crunch_list,
	.digest = crunch_digest,
	.view = crunch_view,
};

int mir_crunch_start(struct mir_crunch *c, const struct mir_crunch_config *config)
{
	*c = (struct mir_crunch){ { &crunch_ops, config->name }, config->index };
	return 0;
}

void mir_crunch_stop(struct mir_crunch *c)
{
	c->index = NULL;
}
