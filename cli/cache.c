/* cache.c: the folder of compiled objects. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <mir/digest.h>

#include "cache.h"
#include "value.h"

#define MAGIC   "mirage-cache-1 "
#define STALE_S 3600 /* a temporary file of this age belongs to nobody */

static const char temporary[] = ".tmp";

enum { HEX_LEN = 2 * MIR_SHA256_LEN, HEAD_LEN = sizeof MAGIC - 1 + HEX_LEN + 1 };

static void head_make(const char *data, size_t len, char out[HEAD_LEN + 1])
{
	uint8_t digest[MIR_SHA256_LEN];
	size_t at = sizeof MAGIC - 1;

	mir_sha256(data, len, digest);
	snprintf(out, HEAD_LEN + 1, MAGIC);
	for (size_t i = 0; i < sizeof digest; i++, at += 2)
		snprintf(out + at, HEAD_LEN + 1 - at, "%02x", digest[i]);
	out[at] = '\n';
	out[at + 1] = '\0';
}

bool cache_limit(uint64_t *bytes)
{
	const char *s = getenv("MIRAGE_CACHE");

	*bytes = CACHE_LIMIT;
	if (!s || !*s)
		return true;
	if (!str_eq(s, "off"))
		return value_size(s, bytes);
	*bytes = 0;
	return true;
}

const char *cache_folder(void)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (cache && cache[0] == '/')
		return mem_fmt("%s/mirage/obj", cache);
	return home && home[0] == '/' ? mem_fmt("%s/.cache/mirage/obj", home) : NULL;
}

const char *cache_open(void)
{
	const char *folder = cache_folder();
	struct stat st;
	uint64_t limit;

	cache_limit(&limit);
	if (!limit || !folder || dir_make(folder) < 0 || stat(folder, &st) < 0)
		return NULL;
	/* Objects of another user are not linked. */
	return st.st_uid == geteuid() && !(st.st_mode & 022) ? folder : NULL;
}

bool cache_get(const char *folder, const char *name, struct text *out)
{
	const char *path = mem_fmt("%s/%s", folder, name);
	char head[HEAD_LEN + 1];
	struct text t = { 0 };

	if (file_read(path, &t) < 0)
		return false;
	if (t.len >= HEAD_LEN)
		head_make(t.s + HEAD_LEN, t.len - HEAD_LEN, head);
	if (t.len < HEAD_LEN || memcmp(t.s, head, HEAD_LEN) != 0) {
		unlink(path);
		return false;
	}
	/* One that cannot be marked is as good. */
	(void)utimensat(AT_FDCWD, path, NULL, 0);
	text_addn(out, t.s + HEAD_LEN, t.len - HEAD_LEN);
	return true;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

void cache_put(const char *folder, const char *name, const char *data, size_t len)
{
	char *path = mem_fmt("%s/%s.XXXXXX%s", folder, name, temporary);
	char head[HEAD_LEN + 1];
	bool good;
	int fd;

	if (len > FILE_MAX - HEAD_LEN)
		return;
	fd = mkostemps(path, sizeof temporary - 1, O_CLOEXEC);
	if (fd < 0)
		return;
	head_make(data, len, head);
	good = write_all(fd, head, HEAD_LEN) && write_all(fd, data, len);
	good = close(fd) == 0 && good;
	if (!good || rename(path, mem_fmt("%s/%s", folder, name)) < 0)
		unlink(path);
}

struct entry {
	char *name;
	uint64_t size;
	struct timespec used;
};

struct entries {
	struct entry *v;
	size_t n, cap;
	uint64_t size;
};

/* Only what has a name that this file gives. */
static bool is_entry(const char *name)
{
	return strspn(name, "0123456789abcdef") == CACHE_NAME_LEN &&
	       (str_eq(name + CACHE_NAME_LEN, ".o") || str_eq(name + CACHE_NAME_LEN, ".d") ||
		   str_ends(name, temporary));
}

static int scan(const char *folder, struct entries *out)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	struct stat st;

	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		if (!is_entry(e->d_name) ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		out->v = mem_grow(out->v, out->n, &out->cap, sizeof *out->v);
		out->v[out->n++] =
		    (struct entry){ mem_str(e->d_name), (uint64_t)st.st_size, st.st_mtim };
		out->size += (uint64_t)st.st_size;
	}
	closedir(dir);
	return 0;
}

static int by_use(const void *pa, const void *pb)
{
	const struct entry *a = pa, *b = pb;

	if (a->used.tv_sec != b->used.tv_sec)
		return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
	return (a->used.tv_nsec > b->used.tv_nsec) - (a->used.tv_nsec < b->used.tv_nsec);
}

void cache_trim(const char *folder, uint64_t limit)
{
	struct entries all = { 0 };
	time_t now = time(NULL);

	if (scan(folder, &all) < 0)
		return;
	if (all.n)
		qsort(all.v, all.n, sizeof *all.v, by_use);
	for (size_t i = 0; i < all.n; i++) {
		const struct entry *e = &all.v[i];
		bool left = str_ends(e->name, temporary);

		if (left ? now - e->used.tv_sec < STALE_S : all.size <= limit)
			continue;
		if (unlink(mem_fmt("%s/%s", folder, e->name)) == 0)
			all.size -= e->size;
	}
}

int cache_empty(const char *folder, bool dry_run, unsigned *files, uint64_t *bytes)
{
	struct entries all = { 0 };
	int rc = scan(folder, &all);

	*files = 0;
	*bytes = 0;
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	for (size_t i = 0; i < all.n; i++) {
		if (!dry_run && unlink(mem_fmt("%s/%s", folder, all.v[i].name)) < 0 &&
		    errno != ENOENT) {
			rc = -errno;
			continue;
		}
		*files += 1;
		*bytes += all.v[i].size;
	}
	/* What is not ours keeps the folder. */
	if (!dry_run)
		(void)rmdir(folder);
	return rc;
}
