/* calls.h: the system calls that libc/posix/ answers, as Linux has them; see libc/syscalls.h. */
#ifndef MIR_POSIX_CALLS_H
#define MIR_POSIX_CALLS_H

#include <sys/types.h>

#include "../syscalls.h"

struct itimerspec;
struct itimerval;
struct rlimit;
struct rusage;
struct stat;
struct statfs;
struct sysinfo;
struct timespec;
struct tms;
struct utsname;

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

/* thread.c; the rest of it is in libc/syscalls.h */
long mir_sys_prctl(int option, unsigned long a);
long mir_sys_get_robust_list(int tid, void **head, size_t *len);
long mir_sys_membarrier(int command, unsigned flags, int cpu);

/* signal.c */
long mir_sys_rt_sigpending(void *set, size_t);
long mir_sys_pause(void);
long mir_sys_rt_sigsuspend(const void *set, size_t);
long mir_sys_rt_sigtimedwait(const void *set, void *info, const struct timespec *, size_t);
long mir_sys_rt_sigqueueinfo(int pid, int number, const void *info);
long mir_sys_rt_tgsigqueueinfo(int pid, int tid, int number, const void *info);
long mir_sys_sigaltstack(const void *new_stack, void *old);

/* signalfd.c */
long mir_sys_signalfd4(int fd, const void *mask, size_t, int flags);

/* timer.c */
long mir_sys_getitimer(int which, struct itimerval *);
long mir_sys_setitimer(int which, const struct itimerval *, struct itimerval *old);
long mir_sys_timer_create(int clock, const void *event, int *id);
long mir_sys_timer_delete(int id);
long mir_sys_timer_gettime(int id, struct itimerspec *);
long mir_sys_timer_settime(int id, int flags, const struct itimerspec *, struct itimerspec *old);
long mir_sys_timer_getoverrun(int id);

/* sched.c */
long mir_sys_sched_setscheduler(int tid, int policy, const int *priority);
long mir_sys_sched_getscheduler(int tid);
long mir_sys_sched_setparam(int tid, const int *priority);
long mir_sys_sched_getparam(int tid, int *priority);
long mir_sys_sched_get_priority_max(int policy);
long mir_sys_sched_get_priority_min(int policy);
long mir_sys_sched_rr_get_interval(int tid, struct timespec *);
long mir_sys_sched_getaffinity(int tid, size_t size, uint64_t *set);
long mir_sys_sched_setaffinity(int tid, size_t size, const uint64_t *set);
long mir_sys_wait4(int pid, int *status, int options, void *usage);
long mir_sys_waitid(int type, int id, void *info, int options, void *usage);
/* memory.c */
long mir_sys_msync(void *at, size_t len, int flags);

/* open.c */
long mir_sys_openat(int dirfd, const char *path, int flags, int mode);
long mir_sys_open(const char *path, int flags, int mode);
long mir_sys_creat(const char *path, int mode);

/* names.c */
long mir_sys_mkdirat(int dirfd, const char *path, int mode);
long mir_sys_mkdir(const char *path, int mode);
long mir_sys_unlinkat(int dirfd, const char *path, int flags);
long mir_sys_unlink(const char *path);
long mir_sys_rmdir(const char *path);
long mir_sys_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
long mir_sys_renameat(int from_fd, const char *from, int to_fd, const char *to);
long mir_sys_rename(const char *from, const char *to);
long mir_sys_symlinkat(const char *target, int dirfd, const char *path);
long mir_sys_symlink(const char *target, const char *path);
long mir_sys_linkat(int from_fd, const char *from, int dirfd, const char *path, int flags);
long mir_sys_link(const char *from, const char *path);
long mir_sys_readlinkat(int dirfd, const char *path, char *buf, size_t len);
long mir_sys_readlink(const char *path, char *buf, size_t len);
long mir_sys_mknodat(int dirfd, const char *path, unsigned mode, unsigned dev);
long mir_sys_mknod(const char *path, unsigned mode, unsigned dev);

/* stat.c */
long mir_sys_fstat(int fd, struct stat *out);
long mir_sys_newfstatat(int dirfd, const char *path, struct stat *out, int flags);
long mir_sys_stat(const char *path, struct stat *out);
long mir_sys_lstat(const char *path, struct stat *out);
long mir_sys_faccessat(int dirfd, const char *path, int mode);
long mir_sys_faccessat2(int dirfd, const char *path, int mode, int flags);
long mir_sys_access(const char *path, int mode);
long mir_sys_fchmodat(int dirfd, const char *path, unsigned mode);
long mir_sys_chmod(const char *path, unsigned mode);
long mir_sys_fchmod(int fd, unsigned mode);
long mir_sys_fchownat(int dirfd, const char *path, unsigned uid, unsigned gid, int flags);
long mir_sys_chown(const char *path, unsigned uid, unsigned gid);
long mir_sys_lchown(const char *path, unsigned uid, unsigned gid);
long mir_sys_fchown(int fd, unsigned uid, unsigned gid);
long mir_sys_umask(unsigned mask);
long mir_sys_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags);
long mir_sys_ftruncate(int fd, int64_t size);
long mir_sys_truncate(const char *path, int64_t size);
long mir_sys_fallocate(int fd, int mode, int64_t offset, int64_t len);
long mir_sys_fadvise64(int fd, int64_t offset, int64_t len, int advice);
long mir_sys_statfs(const char *path, struct statfs *out);
long mir_sys_fstatfs(int fd, struct statfs *out);

/* folders.c */
long mir_sys_getdents64(int fd, void *buf, size_t len);
long mir_sys_getcwd(char *buf, size_t size);
long mir_sys_chdir(const char *path);
long mir_sys_fchdir(int fd);
long mir_sys_chroot(const char *path);
long mir_sys_fsync(int fd);
long mir_sys_fdatasync(int fd);
long mir_sys_syncfs(int fd);
long mir_sys_sync(void);

/* pipe.c */
long mir_sys_pipe2(int out[2], int flags);
long mir_sys_pipe(int out[2]);

/* event.c */
long mir_sys_eventfd2(unsigned count, int flags);
long mir_sys_eventfd(unsigned count);
long mir_sys_timerfd_create(int clock, int flags);
long mir_sys_timerfd_gettime(int fd, struct itimerspec *out);
long mir_sys_timerfd_settime(
    int fd, int flags, const struct itimerspec *now, struct itimerspec *old);

/* system.c */
long mir_sys_uname(struct utsname *out);
long mir_sys_sethostname(const char *name, size_t len);
long mir_sys_sysinfo(struct sysinfo *out);
long mir_sys_prlimit64(int pid, int what, const struct rlimit *to, struct rlimit *old);
long mir_sys_getrlimit(int what, struct rlimit *out);
long mir_sys_setrlimit(int what, const struct rlimit *to);
long mir_sys_getrusage(int who, struct rusage *out);
long mir_sys_times(struct tms *out);
long mir_sys_getcpu(unsigned *cpu, unsigned *node, void *unused);
long mir_sys_getpriority(int which, unsigned who);
long mir_sys_setpriority(int which, unsigned who, int priority);
long mir_sys_getgroups(int size, unsigned *list);
long mir_sys_setgroups(size_t size, const unsigned *list);
long mir_sys_setuid(unsigned id);
long mir_sys_setgid(unsigned id);
long mir_sys_setreuid(unsigned real, unsigned effective);
long mir_sys_setregid(unsigned real, unsigned effective);
long mir_sys_setresuid(unsigned real, unsigned effective, unsigned saved);
long mir_sys_setresgid(unsigned real, unsigned effective, unsigned saved);
long mir_sys_getresuid(unsigned *real, unsigned *effective, unsigned *saved);
long mir_sys_getresgid(unsigned *real, unsigned *effective, unsigned *saved);

#endif
