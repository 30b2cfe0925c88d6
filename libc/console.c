/* console.c: the standard streams. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "file.h"
#include "libc.h"

enum { GATHER = 512 };

static long console_read(struct mir_libc_file *f, void *buf, size_t len)
{
	(void)f;
	(void)buf;
	(void)len;
	return 0;
}

/* Small pieces go out together: a call of the target is dear. */
static long console_write(struct mir_libc_file *f, const struct iovec *iov, int n)
{
	char text[GATHER];
	size_t have = 0, all = 0;

	(void)f;
	for (int i = 0; i < n; i++) {
		size_t len = iov[i].iov_len;

		all += len;
		if (len > sizeof(text) - have && have > 0) {
			mir_target_console(text, have);
			have = 0;
		}
		if (len > sizeof(text)) {
			mir_target_console(iov[i].iov_base, len);
		} else if (len > 0) {
			memcpy(text + have, iov[i].iov_base, len);
			have += len;
		}
	}
	if (have > 0)
		mir_target_console(text, have);
	return (long)all;
}

static long console_seek(struct mir_libc_file *f, int64_t offset, int whence)
{
	(void)f;
	(void)offset;
	(void)whence;
	return -ESPIPE;
}

/* A terminal of unknown size: streams to it are buffered by lines. */
static long console_ioctl(struct mir_libc_file *f, int request, void *arg)
{
	(void)f;
	if ((unsigned)request != TIOCGWINSZ)
		return -ENOTTY;
	memset(arg, 0, sizeof(struct winsize));
	return 0;
}

const struct mir_libc_file_ops mir_libc_console = { console_read, console_write, console_seek,
	console_ioctl };
