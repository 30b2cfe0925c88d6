/* kv.h: KV_RO and KV_RW, stores of values named by keys.
 *
 * A key is a path, "/a/b/c": absolute, segments neither empty nor "." nor "..", at most
 * MIR_KV_KEY_MAX bytes, not ending in "/" but for the root "/".  A key names a value or a
 * dictionary, not both.  Keys are bytes; no encoding is assumed.  An operation given a key that
 * is not of this form fails with MIR_EINVAL.
 */
#ifndef MIR_KV_H
#define MIR_KV_H

#include <mir/err.h>
#include <mir/slice.h>

enum { MIR_KV_KEY_MAX = 1024, MIR_KV_DIGEST = 32 };

/* A borrowed run of characters, not ended by a zero. */
struct mir_str {
	const char *p;
	size_t len;
};

static inline struct mir_str mir_str(const char *s)
{
	return (struct mir_str){ s, strlen(s) };
}

enum mir_kv_kind { MIR_KV_NONE, MIR_KV_VALUE, MIR_KV_DICT };

struct mir_kv_stat {
	enum mir_kv_kind kind;
	uint64_t size;    /* bytes of a value; number of children of a dictionary */
	int64_t mtime_ns; /* last change, nanoseconds since 1970; 0: not known */
	const char *mime; /* type of the value where the store knows it; NULL: not known */
};

struct mir_kv;

/* Called for each child in key order; non-zero stops the walk and becomes list's result. The key is
 * absolute, and borrowed for the call. */
typedef int mir_kv_visit(void *arg, struct mir_str key, enum mir_kv_kind kind);

/* Every operation may block, and one that waits ends with MIR_ETIMEDOUT at the fiber's deadline and
 * with MIR_ECANCELED when it is cancelled; a change that ended so happened wholly or not at all.
 * MIR_ENOENT: no such key.  MIR_EISDIR: a value was expected.
 * MIR_ENOTDIR: a dictionary was.  MIR_EIO: the store is hurt. */
struct mir_kv_ops {
	const char *name;

	/* 0, or MIR_ENOENT. */
	int (*stat)(struct mir_kv *, struct mir_str key, struct mir_kv_stat *out);

	int (*list)(struct mir_kv *, struct mir_str key, mir_kv_visit *visit, void *arg);

	/* SHA-256 of a value, or of a dictionary's sorted (name, digest) pairs.  MIR_ENODIGEST
	 * where it cannot be had without reading all. */
	int (*digest)(struct mir_kv *, struct mir_str key, uint8_t out[static MIR_KV_DIGEST]);

	/* A view of at most `max` bytes of the value from `off` on, without a copy where the store
	 * can; as many as it has in one piece.  Returns the length (0: at or past the end); *out is
	 * the caller's to unref. */
	int64_t (*view)(
	    struct mir_kv *, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out);

	/* All NULL in a read-only store.  Durable when they return, each atomic by itself. */

	/* Creates or replaces a value; missing dictionaries on the way are made.  MIR_ENOSPC. */
	int (*set)(struct mir_kv *, struct mir_str key, const void *src, size_t len);
	/* Overwrites or extends from off on; a gap reads as zeroes. */
	int (*set_partial)(
	    struct mir_kv *, struct mir_str key, uint64_t off, const void *src, size_t len);
	/* Creates a value of `size` zero bytes.  MIR_EEXIST. */
	int (*allocate)(struct mir_kv *, struct mir_str key, uint64_t size);
	/* Removes a value, or a dictionary with all below. */
	int (*remove)(struct mir_kv *, struct mir_str key);
	/* MIR_EINVAL: `to` lies below `from`.  A value at `to` is replaced. */
	int (*rename)(struct mir_kv *, struct mir_str from, struct mir_str to);
};

struct mir_kv {
	const struct mir_kv_ops *ops;
	const char *name;
};

static inline int mir_kv_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	return kv->ops->stat(kv, key, out);
}

static inline int mir_kv_list(struct mir_kv *kv, struct mir_str key, mir_kv_visit *visit, void *arg)
{
	return kv->ops->list(kv, key, visit, arg);
}

static inline int mir_kv_digest(
    struct mir_kv *kv, struct mir_str key, uint8_t out[static MIR_KV_DIGEST])
{
	return kv->ops->digest(kv, key, out);
}

static inline int64_t mir_kv_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	return kv->ops->view(kv, key, off, max, out);
}

static inline bool mir_kv_writable(const struct mir_kv *kv)
{
	return kv->ops->set != NULL;
}

static inline int mir_kv_set(struct mir_kv *kv, struct mir_str key, const void *src, size_t len)
{
	return kv->ops->set ? kv->ops->set(kv, key, src, len) : MIR_EROFS;
}

static inline int mir_kv_set_partial(
    struct mir_kv *kv, struct mir_str key, uint64_t off, const void *src, size_t len)
{
	return kv->ops->set_partial ? kv->ops->set_partial(kv, key, off, src, len) : MIR_EROFS;
}

static inline int mir_kv_allocate(struct mir_kv *kv, struct mir_str key, uint64_t size)
{
	return kv->ops->allocate ? kv->ops->allocate(kv, key, size) : MIR_EROFS;
}

static inline int mir_kv_remove(struct mir_kv *kv, struct mir_str key)
{
	return kv->ops->remove ? kv->ops->remove(kv, key) : MIR_EROFS;
}

static inline int mir_kv_rename(struct mir_kv *kv, struct mir_str from, struct mir_str to)
{
	return kv->ops->rename ? kv->ops->rename(kv, from, to) : MIR_EROFS;
}

/* Implemented in run/kv.c, over the ops. */

/* Whether key has the form that the head of this file demands. */
bool mir_kv_key_ok(struct mir_str key);

/* The whole value in fresh memory that the caller frees with free(); a zero byte follows
 * it.  MIR_EFBIG: over `limit` bytes.  Blocks. */
int mir_kv_get(struct mir_kv *, struct mir_str key, size_t limit, char **value, size_t *len);

#endif
