/* console.c: the console as a file: what is written is shown, there is nothing to read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "../file.h"
#include "file.h"

enum { MAJOR = 5, MINOR = 1 };

static long console_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)iov;
	(void)n;
	(void)at;
	return 0;
}

static long console_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	(void)f;
	(void)at;
	return mir_libc_console.write(NULL, iov, n);
}

/* A terminal of unknown size: streams to it are buffered by lines. */
static long console_ioctl(struct mir_file *f, int request, void *arg)
{
	(void)f;
	switch ((unsigned)request) {
	case TIOCGWINSZ: memset(arg, 0, sizeof(struct winsize)); return 0;
	case TCGETS:
		memset(arg, 0, 36); /* the kernel's termios ends before what C libraries add */
		((struct termios *)arg)->c_oflag = OPOST | ONLCR;
		return 0;
	case TCSETS:
	case TCSETSW:
	case TCSETSF: return 0; /* it is as it is */
	case FIONREAD: *(int *)arg = 0; return 0;
	}
	return -ENOTTY;
}

static long console_stat(struct mir_file *f, struct stat *st)
{
	(void)f;
	st->st_mode = S_IFCHR | 0620;
	st->st_nlink = 1;
	st->st_rdev = makedev(MAJOR, MINOR);
	st->st_blksize = 1024;
	return 0;
}

/* Those of the standard streams are static; others were opened by name. */
static void console_close(struct mir_file *f)
{
	if (!mir_fd_is_standard(f))
		free(f);
}

const struct mir_file_ops mir_posix_console = {
	.read = console_read,
	.write = console_write,
	.ioctl = console_ioctl,
	.stat = console_stat,
	.close = console_close,
};
