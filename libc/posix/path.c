/* path.c: from what a program writes to the one name of a file (path.h). */
#include <errno.h>
#include <string.h>

#include "path.h"

size_t mir_path_parent(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 1 ? len - 1 : 1;
}

static int up(struct mir_path *out, mir_path_is_folder *is_folder, void *arg)
{
	int rc = is_folder ? is_folder(arg, out->text, out->len) : 0;

	if (rc < 0)
		return rc;
	out->len = mir_path_parent(out->text, out->len);
	out->text[out->len] = '\0';
	return 0;
}

static int down(struct mir_path *out, const char *name, size_t len)
{
	size_t slash = out->len > 1;

	if (len > MIR_PATH_NAME || out->len + slash + len >= MIR_PATH_MAX)
		return -ENAMETOOLONG;
	if (slash)
		out->text[out->len++] = '/';
	memcpy(out->text + out->len, name, len);
	out->len += len;
	out->text[out->len] = '\0';
	return 0;
}

int mir_path_resolve(struct mir_path *out, const char *base, const char *path,
    mir_path_is_folder *is_folder, void *arg)
{
	int rc = 0;

	if (!*path)
		return -ENOENT;
	if (strnlen(path, MIR_PATH_MAX) == MIR_PATH_MAX)
		return -ENAMETOOLONG;
	out->len = *path == '/' ? 1 : strlen(base);
	memcpy(out->text, *path == '/' ? "/" : base, out->len + 1);
	out->folder = true;
	while (rc == 0 && *path) {
		size_t len = strcspn(path, "/");

		out->folder = true;
		if (len == 2 && memcmp(path, "..", 2) == 0) {
			rc = up(out, is_folder, arg);
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			rc = down(out, path, len);
			out->folder = path[len] == '/';
		}
		path += len;
		path += *path == '/';
	}
	return rc;
}
