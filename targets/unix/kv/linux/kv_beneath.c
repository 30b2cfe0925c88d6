/* kv_beneath.c: openat2(2) where the kernel has it (5.6), else a walk with O_NOFOLLOW. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mir/kv.h>

#include "../kv_beneath.h"

/* A rename elsewhere in the tree makes the kernel give up a lookup that it could not check. */
enum { RETRIES = 32 };

int mir_kv_beneath_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < RETRIES; i++) {
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* an old kernel, or a sandbox */
		return mir_kv_beneath_walk(root, path, flags);
	return fd < 0 ? -errno : (int)fd;
}

int mir_kv_beneath_walk(int root, const char *path, int flags)
{
	char name[MIR_KV_KEY_MAX + 1];
	int dir = root, fd;

	for (;;) {
		const char *slash = strchr(path, '/');
		size_t len = slash ? (size_t)(slash - path) : strlen(path);
		int how = slash ? O_PATH | O_DIRECTORY : flags;

		if (len > MIR_KV_KEY_MAX)
			fd = -ENAMETOOLONG;
		else {
			memcpy(name, path, len);
			name[len] = '\0';
			fd = strcmp(name, "..") == 0
				 ? -EXDEV
				 : openat(dir, name, how | O_NOFOLLOW | O_CLOEXEC);
			if (fd == -1)
				fd = -errno;
		}
		if (dir != root)
			close(dir);
		if (fd < 0 || !slash)
			return fd;
		dir = fd;
		path = slash + 1;
	}
}
