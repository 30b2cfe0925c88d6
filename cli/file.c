/* file.c: reading, writing and listing files. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

int file_read(const char *path, struct text *out)
{
	char buffer[16384];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	text_addn(out, "", 0);
	while ((n = read(fd, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || out->len + (size_t)n > FILE_MAX)
			break;
		text_addn(out, buffer, (size_t)n);
	}
	if (n < 0)
		n = -errno;
	else if (n > 0)
		n = -EFBIG;
	close(fd);
	return (int)n;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_write(const char *path, const char *data, size_t len)
{
	struct text old = { 0 };
	char *temporary = mem_fmt("%s.%ld.tmp", path, (long)getpid());
	int fd, rc;

	if (file_read(path, &old) == 0 && old.len == len && memcmp(old.s, data, len) == 0)
		return 0;
	if ((rc = dir_make(path_dir(path))) < 0)
		return rc;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(temporary, path) < 0)
		rc = -errno;
	if (rc < 0) {
		unlink(temporary);
		return rc;
	}
	return 1;
}

bool file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool dir_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int dir_make(const char *path)
{
	int rc;

	if (dir_exists(path))
		return 0;
	if (str_eq(path_dir(path), path))
		return -ENOENT;
	if ((rc = dir_make(path_dir(path))) < 0)
		return rc;
	return mkdir(path, 0777) == 0 || errno == EEXIST ? 0 : -errno;
}

int dir_list(const char *path, struct list *out)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			list_add(out, e->d_name);
	closedir(dir);
	list_sort(out);
	return 0;
}

/* The folder's own name may hold characters that a pattern gives a meaning to. */
static char *glob_escape(const char *s)
{
	struct text t = { 0 };

	for (; *s; s++)
		text_addf(&t, strchr("*?[]\\", *s) ? "\\%c" : "%c", *s);
	return mem_str(text_str(&t));
}

void dir_glob(const char *dir, const char *pattern, struct list *out)
{
	bool relative = pattern[0] != '/' && !str_eq(dir, ".");
	size_t skip = relative ? strlen(dir) + 1 : 0;
	glob_t g;

	if (relative)
		pattern = mem_fmt("%s/%s", glob_escape(dir), pattern);
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		list_add(out, g.gl_pathv[i] + skip);
	globfree(&g);
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_str(".");
	return slash == path ? mem_str("/") : mem_strn(path, (size_t)(slash - path));
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_clean(const char *path)
{
	struct list kept = { 0 };
	const char *p = path;

	while (*p) {
		char *part = mem_strn(p, strcspn(p, "/"));

		p += strlen(part) + (p[strlen(part)] == '/');
		if (!*part || str_eq(part, "."))
			continue;
		if (str_eq(part, "..") && kept.n && !str_eq(kept.v[kept.n - 1], ".."))
			kept.v[--kept.n] = NULL;
		else
			list_add(&kept, part);
	}
	return mem_fmt("%s%s", path[0] == '/' ? "/" : kept.n ? "" : ".", list_join(&kept, "/"));
}

char *path_join(const char *dir, const char *path)
{
	if (path[0] == '/' || str_eq(dir, "."))
		return mem_str(path);
	return mem_fmt("%s/%s", dir, path);
}
