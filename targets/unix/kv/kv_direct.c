/* kv_direct.c: KV_RO over a folder of the host (mir/kv_direct.h).
 *
 * Every operation opens what the key names below the folder's descriptor, then looks at what it
 * got: nothing is decided by a name. A view is a copy, since a file that is cut short under a
 * mapping would end the image.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mir/kv_direct.h>
#include <mir/log.h>
#include <mir/mime.h>

#include "kv_beneath.h"

MIR_LOG_SOURCE(kv);

static struct mir_kv_direct *store_of(struct mir_kv *kv)
{
	return mir_container(kv, struct mir_kv_direct, kv);
}

/* What leads out of the folder, or through a value, is not there. */
static int error_of(int err)
{
	switch (err) {
	case -EACCES: return MIR_EACCES;
	case -ENOMEM: return MIR_ENOMEM;
	case -EMFILE: return MIR_ELIMIT;
	case -ENFILE: return MIR_ELIMIT;
	case -ENOENT: return MIR_ENOENT;
	case -ELOOP: return MIR_ENOENT;
	case -EXDEV: return MIR_ENOENT;
	case -ENOTDIR: return MIR_ENOENT;
	case -ENAMETOOLONG: return MIR_ENOENT;
	case -ENXIO: return MIR_ENOENT; /* a socket */
	default: return MIR_EIO;
	}
}

/* Open a key and look at it; only files and folders are there. */
static int open_key(struct mir_kv_direct *s, struct mir_str key, int flags, struct stat *st)
{
	char path[MIR_KV_KEY_MAX + 1];
	int fd, rc = 0;

	if (!mir_kv_key_ok(key))
		return MIR_EINVAL;
	if (memchr(key.p, '\0', key.len))
		return MIR_ENOENT;
	memcpy(path, key.len == 1 ? "." : key.p + 1, MIR_MAX(key.len - 1, (size_t)1));
	path[MIR_MAX(key.len - 1, (size_t)1)] = '\0';
	fd = mir_kv_beneath_open(s->root, path, flags);
	if (fd < 0)
		return error_of(fd);
	if (fstat(fd, st) < 0)
		rc = MIR_EIO;
	else if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		rc = MIR_ENOENT;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* Files that are no files, say a fifo, must not be waited for. */
static const int read_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

struct names {
	char **v;
	size_t n, cap;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int add_name(struct names *names, const char *name)
{
	if (names->n == MIR_KV_DIRECT_LIST_MAX)
		return MIR_ELIMIT;
	if (names->n == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 64;
		char **v = realloc(names->v, cap * sizeof(*v));

		if (!v)
			return MIR_ENOMEM;
		names->v = v;
		names->cap = cap;
	}
	names->v[names->n] = strdup(name);
	return names->v[names->n] ? (names->n++, 0) : MIR_ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted. Takes the descriptor. */
static int read_names(int fd, struct names *names)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	int rc = 0;

	if (!dir) {
		close(fd);
		return MIR_ENOMEM;
	}
	for (errno = 0; rc == 0 && (e = readdir(dir)); errno = 0)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = add_name(names, e->d_name);
	if (rc == 0 && errno)
		rc = MIR_EIO;
	closedir(dir);
	if (rc == 0 && names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	return rc;
}

/* Visit those names that are keys and lead to a value or a dictionary inside. */
static int visit_names(struct mir_kv_direct *s, struct mir_str key, const struct names *names,
    mir_kv_visit *visit, void *arg)
{
	char path[MIR_KV_KEY_MAX];
	size_t above = key.len == 1 ? 0 : key.len;
	int rc = 0;

	memcpy(path, key.p, above);
	path[above] = '/';
	for (size_t i = 0; i < names->n && rc == 0; i++) {
		struct mir_str child = { path, above + 1 + strlen(names->v[i]) };
		struct stat st;
		int fd;

		if (child.len > sizeof(path))
			continue;
		memcpy(path + above + 1, names->v[i], child.len - above - 1);
		fd = open_key(s, child, O_PATH, &st);
		if (fd < 0)
			continue;
		close(fd);
		rc = visit(arg, child, S_ISDIR(st.st_mode) ? MIR_KV_DICT : MIR_KV_VALUE);
	}
	return rc;
}

static int direct_list(struct mir_kv *kv, struct mir_str key, mir_kv_visit *visit, void *arg)
{
	struct mir_kv_direct *s = store_of(kv);
	struct names names = { 0 };
	struct stat st;
	int rc, fd = open_key(s, key, read_flags, &st);

	if (fd < 0)
		return fd;
	if (!S_ISDIR(st.st_mode)) {
		close(fd);
		return MIR_ENOTDIR;
	}
	rc = read_names(fd, &names);
	if (rc == 0)
		rc = visit_names(s, key, &names, visit, arg);
	free_names(&names);
	return rc;
}

static int count_child(void *arg, struct mir_str key, enum mir_kv_kind kind)
{
	(void)key;
	(void)kind;
	++*(uint64_t *)arg;
	return 0;
}

static int direct_stat(struct mir_kv *kv, struct mir_str key, struct mir_kv_stat *out)
{
	struct stat st;
	int fd = open_key(store_of(kv), key, O_PATH, &st);

	*out = (struct mir_kv_stat){ .kind = MIR_KV_NONE };
	if (fd < 0)
		return fd;
	close(fd);
	out->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	if (S_ISDIR(st.st_mode)) {
		out->kind = MIR_KV_DICT;
		return direct_list(kv, key, count_child, &out->size);
	}
	out->kind = MIR_KV_VALUE;
	out->size = (uint64_t)st.st_size;
	out->mime = mir_mime_type(key.p, key.len);
	return 0;
}

static int direct_digest(struct mir_kv *kv, struct mir_str key, uint8_t out[static MIR_KV_DIGEST])
{
	struct stat st;
	int fd = open_key(store_of(kv), key, O_PATH, &st);

	(void)out;
	if (fd < 0)
		return fd;
	close(fd);
	return MIR_ENODIGEST;
}

static void close_file(struct mir_kv_direct_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* A file whose front was viewed is read on from the same file, even if another one has taken its
 * name since: so a reader does not get the halves of two. */
static struct mir_kv_direct_file *find_file(struct mir_kv_direct *s, struct mir_str key)
{
	for (unsigned i = 0; i < MIR_KV_DIRECT_OPEN; i++) {
		struct mir_kv_direct_file *f = &s->files[i];

		if (f->fd >= 0 && f->key_len == key.len && memcmp(f->key, key.p, key.len) == 0)
			return f;
	}
	return NULL;
}

static int open_file(struct mir_kv_direct *s, struct mir_str key, struct mir_kv_direct_file **out)
{
	struct mir_kv_direct_file *f = find_file(s, key);
	struct stat st;
	int fd = open_key(s, key, read_flags, &st);

	if (f)
		close_file(f);
	if (fd < 0)
		return fd;
	if (S_ISDIR(st.st_mode)) {
		close(fd);
		return MIR_EISDIR;
	}
	if (!f) {
		f = &s->files[s->next++ % MIR_KV_DIRECT_OPEN];
		close_file(f);
	}
	f->fd = fd;
	f->key_len = key.len;
	memcpy(f->key, key.p, key.len);
	*out = f;
	return 0;
}

static ssize_t read_at(int fd, uint8_t *p, size_t len, uint64_t off)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, p + done, len - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int64_t direct_view(
    struct mir_kv *kv, struct mir_str key, uint64_t off, size_t max, struct mir_slice *out)
{
	struct mir_kv_direct *s = store_of(kv);
	struct mir_kv_direct_file *f = off ? find_file(s, key) : NULL;
	size_t want = MIR_MIN(max, (size_t)MIR_KV_DIRECT_VIEW);
	struct stat st;
	uint8_t *p;
	ssize_t n;
	int rc;

	*out = mir_slice_static(NULL, 0);
	if (!f && (rc = open_file(s, key, &f)) < 0)
		return rc;
	if (want == 0 || fstat(f->fd, &st) < 0 || off >= (uint64_t)st.st_size) {
		close_file(f);
		return 0;
	}
	want = MIR_MIN(want, (uint64_t)st.st_size - off);
	if (!(out->owner = mir_mem_new(want, &p)))
		return MIR_ENOMEM;
	n = read_at(f->fd, p, want, off);
	if (n <= 0 || off + (uint64_t)n >= (uint64_t)st.st_size)
		close_file(f);
	if (n <= 0) {
		mir_slice_unref(out);
		return n < 0 ? MIR_EIO : 0;
	}
	out->p = p;
	out->len = (size_t)n;
	return n;
}

static const struct mir_kv_ops direct_ops = {
	.name = "kv-direct",
	.stat = direct_stat,
	.list = direct_list,
	.digest = direct_digest,
	.view = direct_view,
};

int mir_kv_direct_start(struct mir_kv_direct *s, const struct mir_kv_direct_config *config)
{
	*s = (struct mir_kv_direct){ .kv = { &direct_ops, config->name } };
	for (unsigned i = 0; i < MIR_KV_DIRECT_OPEN; i++)
		s->files[i].fd = -1;
	s->root = open(config->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->root >= 0)
		return 0;
	mir_error("%s: folder '%s': %s", config->name, config->folder, strerror(errno));
	return errno == ENOTDIR ? MIR_ENOTDIR : error_of(-errno);
}

void mir_kv_direct_stop(struct mir_kv_direct *s)
{
	for (unsigned i = 0; i < MIR_KV_DIRECT_OPEN; i++)
		close_file(&s->files[i]);
	if (s->root >= 0)
		close(s->root);
	s->root = -1;
}
