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

struct itimerspec;
struct itimerval;
struct timespec;

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

#endif
