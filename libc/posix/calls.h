/* calls.h: the system calls that libc/posix/ answers, as Linux has them; see libc/syscalls.h. */
#ifndef MIR_POSIX_CALLS_H
#define MIR_POSIX_CALLS_H

#include "../syscalls.h"

/* io.c */
long mir_sys_pread64(int fd, void *buf, size_t len, int64_t at);
long mir_sys_preadv(int fd, const struct iovec *iov, int n, int64_t at);
long mir_sys_pwrite64(int fd, const void *buf, size_t len, int64_t at);
long mir_sys_pwritev(int fd, const struct iovec *iov, int n, int64_t at);

/* fd.c */
long mir_sys_close_range(unsigned from, unsigned to, unsigned flags);
long mir_sys_dup(int fd);
long mir_sys_dup2(int fd, int to);
long mir_sys_dup3(int fd, int to, int flags);
long mir_sys_fcntl(int fd, int command, long arg);
long mir_sys_flock(int fd, int operation);

#endif
