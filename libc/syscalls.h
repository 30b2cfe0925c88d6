/* syscalls.h: what the C library calls in place of the system: mir_sys_NAME for each system call
 * that there is.
 *
 * They are as Linux has them (its manual, section 2): arguments, results, a negated errno on
 * failure.  The numbers are resolved when musl is built (musl/syscall_arch.h), so an image holds
 * only those that it can reach; for all others stubs.c answers -ENOSYS.  Files by subject; one more
 * subject is one more file, and one more part of this header.
 */
#ifndef MIR_LIBC_SYSCALLS_H
#define MIR_LIBC_SYSCALLS_H

#include <mir/cc.h>

struct iovec;
struct timespec;

/* memory.c: all memory that is not the image's, in pages.  Nothing is ever executable. */
long mir_sys_mmap(void *at, size_t len, int prot, int flags, int fd, long offset);
long mir_sys_munmap(void *at, size_t len);
long mir_sys_mremap(void *at, size_t old_len, size_t new_len, int flags, void *new_at);
long mir_sys_mprotect(void *at, size_t len, int prot);
long mir_sys_madvise(void *at, size_t len, int advice);
long mir_sys_brk(void *end);

/* file.c: what descriptors stand for (file.h). */
long mir_sys_read(int fd, void *buf, size_t len);
long mir_sys_readv(int fd, const struct iovec *iov, int n);
long mir_sys_write(int fd, const void *buf, size_t len);
long mir_sys_writev(int fd, const struct iovec *iov, int n);
long mir_sys_lseek(int fd, int64_t offset, int whence);
long mir_sys_ioctl(int fd, int request, void *arg);
long mir_sys_close(int fd);

/* clock.c */
long mir_sys_clock_gettime(int clock, struct timespec *out);
long mir_sys_clock_getres(int clock, struct timespec *out);
long mir_sys_clock_nanosleep(int clock, int flags, const struct timespec *, struct timespec *left);
long mir_sys_nanosleep(const struct timespec *, struct timespec *left);

/* random.c */
long mir_sys_getrandom(void *buf, size_t len, unsigned flags);

/* exit.c */
long mir_sys_exit(int status);
long mir_sys_exit_group(int status);

/* process.c: one process of one thread, the user 0. */
long mir_sys_kill(int pid, int sig);
long mir_sys_tkill(int tid, int sig);
long mir_sys_tgkill(int pid, int tid, int sig);
long mir_sys_getpid(void);
long mir_sys_getppid(void);
long mir_sys_gettid(void);
long mir_sys_getuid(void);
long mir_sys_geteuid(void);
long mir_sys_getgid(void);
long mir_sys_getegid(void);
long mir_sys_set_tid_address(int *);
long mir_sys_set_thread_area(void *base); /* of thread-local storage */
long mir_sys_set_robust_list(void *, size_t);
long mir_sys_rt_sigprocmask(int how, const void *set, void *old, size_t);
long mir_sys_rt_sigaction(int sig, const void *action, void *old, size_t);
long mir_sys_sched_yield(void);
long mir_sys_futex(
    int *word, int op, int value, const struct timespec *timeout, int *other, unsigned bits);

/* A thread, with thread-local storage at `tls`, on a stack from `low` to `top`: runs fn(arg).  Its
 * number goes to *tid; at its end *clear becomes 0, and who waits there (futex) wakes.  The number;
 * -EAGAIN; -ENOSYS: in images without libc/posix/.  (musl/thread.c) */
long mir_thread_clone(
    int (*fn)(void *), void *arg, void *low, void *top, int flags, int *tid, void *tls, int *clear);

/* Ends the running thread, and unmaps the stack that it runs on. */
MIR_NORETURN void mir_thread_unmap(void *base, size_t size);

/* dispatch.c: by number, for syscall(). */
long mir_syscall(long n, long a, long b, long c, long d, long e, long f);

#endif
