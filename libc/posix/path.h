/* path.h: from what a program writes to the one name of a file. */
#ifndef MIR_POSIX_PATH_H
#define MIR_POSIX_PATH_H

#include <mir/cc.h>

enum {
	MIR_PATH_MAX = 4096, /* bytes of a path, with its zero byte, and of the result */
	MIR_PATH_NAME = 255, /* bytes of a name between slashes */
};

struct mir_path {
	char text[MIR_PATH_MAX]; /* "/a/b": absolute, names that are neither empty nor . nor .. */
	size_t len;
	bool folder; /* it can only be a folder: it ended with "/", "." or ".." */
};

/* Asked of each name before a "..": 0 where it is a folder, else the error of the whole. */
typedef int mir_path_is_folder(void *arg, const char *path, size_t len);

/* `base`, absolute and of the form of a result, is what a relative path is relative to.  0;
 * -ENOENT: it is empty; -ENAMETOOLONG; what is_folder said.  There are no symbolic links, so that
 * ".." is the folder before.  */
int mir_path_resolve(struct mir_path *out, const char *base, const char *path,
    mir_path_is_folder *is_folder, void *arg);

/* The length of the folder that a path is in, 1 for "/a"; the name begins behind the slash. */
size_t mir_path_parent(const char *path, size_t len);

#endif
