/* file.h: what a descriptor stands for. */
#ifndef MIR_LIBC_FILE_H
#define MIR_LIBC_FILE_H

#include <mir/cc.h>
#include <sys/uio.h>

struct mir_libc_file;

/* Results as of the system calls: >= 0, or a negated errno. */
struct mir_libc_file_ops {
	long (*read)(struct mir_libc_file *, void *buf, size_t len);
	/* n >= 1 pieces whose lengths together are at most LONG_MAX. */
	long (*write)(struct mir_libc_file *, const struct iovec *iov, int n);
	long (*seek)(struct mir_libc_file *, int64_t offset, int whence);
	long (*ioctl)(struct mir_libc_file *, int request, void *arg);
};

struct mir_libc_file {
	const struct mir_libc_file_ops *ops; /* NULL: closed */
};

/* console.c: the target's console: what is written is shown, there is nothing to read. */
extern const struct mir_libc_file_ops mir_libc_console;

#endif
