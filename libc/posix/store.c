/* store.c: values of stores as open files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tree.h"

enum { PIECE = 1024 * 1024, KEPT = 1024 * 1024, MOST = 0x7ffff000 };

struct store_file {
	struct mir_file file;
	struct mir_node *node;
	int64_t at;
};

/* A key that stays while another fiber renames the file. */
struct key {
	char text[MIR_KV_KEY_MAX + 1];
	size_t len;
};

static struct mir_str copy_key(const struct mir_node *n, struct key *k)
{
	memcpy(k->text, n->key, n->len);
	return (struct mir_str){ k->text, n->len };
}

static struct store_file *of(struct mir_file *f)
{
	return mir_container(f, struct store_file, file);
}

/* As many bytes as there are from `at` on. */
static int64_t fill(struct mir_node *n, uint8_t *to, size_t len, int64_t at)
{
	struct key key;
	struct mir_str k = copy_key(n, &key);
	int64_t got = 1;
	size_t done = 0;

	while (done < len && got > 0) {
		struct mir_slice s;

		got = mir_kv_view(
		    n->mount->kv, k, (uint64_t)at + done, MIR_MIN(len - done, (size_t)PIECE), &s);
		if (got <= 0)
			break;
		memcpy(to + done, s.p, s.len);
		done += s.len;
		mir_slice_unref(&s);
	}
	return got < 0 && done == 0 ? mir_posix_error(got) : (int64_t)done;
}

static long store_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct store_file *s = of(f);
	int64_t pos = at < 0 ? s->at : at;
	long done = 0;

	for (int i = 0; i < n && done < MOST; i++) {
		int64_t got = fill(s->node, iov[i].iov_base,
		    MIR_MIN(iov[i].iov_len, (size_t)(MOST - done)), pos + done);

		if (got < 0 && done == 0)
			return (long)got;
		done += got > 0 ? (long)got : 0;
		if (got < 0 || (size_t)got < iov[i].iov_len)
			break;
	}
	if (at < 0)
		s->at = pos + done;
	return done;
}

static int64_t size_of(struct mir_node *n)
{
	struct mir_kv_stat st;
	struct key key;
	int rc = mir_kv_stat(n->mount->kv, copy_key(n, &key), &st);

	return rc < 0 ? mir_posix_error(rc) : (int64_t)MIR_MIN(st.size, (uint64_t)INT64_MAX);
}

static long put(struct mir_node *n, const struct iovec *iov, int count, int64_t pos)
{
	struct key key;
	struct mir_str k = copy_key(n, &key);
	long done = 0;
	int rc = 0;

	for (int i = 0; rc == 0 && i < count && done < MOST; i++) {
		size_t len = MIR_MIN(iov[i].iov_len, (size_t)(MOST - done));

		if (len == 0)
			continue;
		if (pos > INT64_MAX - MOST - done)
			rc = -EFBIG;
		else
			rc = mir_kv_set_partial(
			    n->mount->kv, k, (uint64_t)(pos + done), iov[i].iov_base, len);
		done += rc == 0 ? (long)len : 0;
	}
	return done > 0 ? done : mir_posix_error(rc);
}

static long store_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	struct store_file *s = of(f);
	int64_t pos = at < 0 ? s->at : at;
	long rc = mir_node_lock(s->node);

	if (rc < 0)
		return rc;
	/* Linux has it so for pwrite too. */
	if (f->flags & O_APPEND)
		pos = size_of(s->node);
	rc = pos < 0 ? (long)pos : put(s->node, iov, n, pos);
	mir_node_unlock(s->node);
	if (at < 0 && rc > 0)
		s->at = pos + rc;
	return rc;
}

/* Where data and holes begin: there are no holes but the one at the end. */
static long seek_data(int64_t size, int64_t offset, int whence)
{
	if (offset < 0 || offset >= size)
		return -ENXIO;
	return whence == SEEK_DATA ? (long)offset : (long)size;
}

static long store_seek(struct mir_file *f, int64_t offset, int whence)
{
	struct store_file *s = of(f);
	int64_t base = 0;

	switch (whence) {
	case SEEK_SET: break;
	case SEEK_CUR: base = s->at; break;
	case SEEK_END:
	case SEEK_DATA:
	case SEEK_HOLE: base = size_of(s->node); break;
	default: return -EINVAL;
	}
	if (base < 0)
		return (long)base;
	if (whence == SEEK_DATA || whence == SEEK_HOLE) {
		offset = seek_data(base, offset, whence);
		base = 0;
		if (offset < 0)
			return (long)offset;
	}
	if (offset > INT64_MAX - base)
		return -EOVERFLOW;
	if (base + offset < 0)
		return -EINVAL;
	s->at = base + offset;
	return (long)s->at;
}

static long store_stat(struct mir_file *f, struct stat *st)
{
	struct mir_node *n = of(f)->node;
	struct key key;
	long rc = mir_posix_stat_key(n->mount, copy_key(n, &key), MIR_PLACE_FILE, st);

	st->st_ino = n->ino;
	st->st_nlink = !n->gone;
	return rc;
}

/* All that has been written is durable already. */
static long store_sync(struct mir_file *f)
{
	(void)f;
	return 0;
}

/* Shorter, by a copy that takes its place at once: all or nothing. */
static int shorten(struct mir_kv *kv, struct mir_str key, size_t size)
{
	char own[64], *data;
	size_t len;
	int rc;

	if (size == 0)
		return mir_kv_set(kv, key, "", 0);
	if (size <= KEPT && mir_kv_get(kv, key, KEPT, &data, &len) == 0) {
		rc = mir_kv_set(kv, key, data, MIR_MIN(size, len));
		free(data);
		return rc;
	}
	mir_node_own_key(own, sizeof(own));
	rc = (int)mir_node_copy(kv, key, mir_str(own), size);
	return rc < 0 ? rc : mir_kv_rename(kv, mir_str(own), key);
}

static long truncate_locked(struct mir_node *n, int64_t size)
{
	struct mir_kv *kv = n->mount->kv;
	struct key key;
	struct mir_str k = copy_key(n, &key);
	int64_t now = size_of(n);
	int rc = 0;

	if (now < 0)
		return (long)now;
	if (size > now)
		rc = mir_kv_set_partial(kv, k, (uint64_t)size - 1, "", 1);
	else if (size < now)
		rc = shorten(kv, k, (size_t)size);
	return mir_posix_error(rc);
}

long mir_store_truncate(struct mir_node *n, int64_t size)
{
	long rc;

	if (size < 0)
		return -EINVAL;
	if (!mir_kv_writable(n->mount->kv))
		return -EROFS;
	rc = mir_node_lock(n);
	if (rc < 0)
		return rc;
	rc = truncate_locked(n, size);
	mir_node_unlock(n);
	return rc;
}

static long store_truncate(struct mir_file *f, int64_t size)
{
	return mir_store_truncate(of(f)->node, size);
}

static void store_close(struct mir_file *f)
{
	mir_node_unref(of(f)->node);
	free(of(f));
}

static const struct mir_file_ops store_ops = {
	.read = store_read,
	.write = store_write,
	.seek = store_seek,
	.stat = store_stat,
	.sync = store_sync,
	.truncate = store_truncate,
	.close = store_close,
};

struct mir_node *mir_store_node(struct mir_file *f)
{
	return f->ops == &store_ops ? of(f)->node : NULL;
}

long mir_store_open(struct mir_node *n, int flags, struct mir_file **out)
{
	struct store_file *s = calloc(1, sizeof(*s));

	if (!s) {
		mir_node_unref(n);
		return -ENOMEM;
	}
	mir_file_init(&s->file, &store_ops, flags);
	s->node = n;
	*out = &s->file;
	return 0;
}
