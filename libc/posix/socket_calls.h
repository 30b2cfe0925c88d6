/* socket_calls.h: the system calls of sockets and of waiting for files, as Linux has them. */
#ifndef MIR_POSIX_SOCKET_CALLS_H
#define MIR_POSIX_SOCKET_CALLS_H

#include <mir/cc.h>
#include <sys/types.h>

struct epoll_event;
struct iovec;
struct mmsghdr;
struct msghdr;
struct pollfd;
struct sockaddr;
struct timespec;
struct timeval;

/* socket.c */
long mir_sys_socket(int family, int type, int protocol);
long mir_sys_socketpair(int family, int type, int protocol, int fds[2]);
long mir_sys_bind(int fd, const struct sockaddr *, unsigned len);
long mir_sys_listen(int fd, int backlog);
long mir_sys_accept(int fd, struct sockaddr *, unsigned *len);
long mir_sys_accept4(int fd, struct sockaddr *, unsigned *len, int flags);
long mir_sys_connect(int fd, const struct sockaddr *, unsigned len);
long mir_sys_shutdown(int fd, int how);
long mir_sys_getsockname(int fd, struct sockaddr *, unsigned *len);
long mir_sys_getpeername(int fd, struct sockaddr *, unsigned *len);
long mir_sys_setsockopt(int fd, int level, int name, const void *value, unsigned len);
long mir_sys_getsockopt(int fd, int level, int name, void *value, unsigned *len);

/* socket_message.c */
long mir_sys_sendto(
    int fd, const void *buf, size_t len, int flags, const struct sockaddr *, unsigned address_len);
long mir_sys_recvfrom(
    int fd, void *buf, size_t len, int flags, struct sockaddr *, unsigned *address_len);
long mir_sys_sendmsg(int fd, const struct msghdr *, int flags);
long mir_sys_recvmsg(int fd, struct msghdr *, int flags);
long mir_sys_sendmmsg(int fd, struct mmsghdr *, unsigned n, int flags);
long mir_sys_recvmmsg(int fd, struct mmsghdr *, unsigned n, int flags, struct timespec *timeout);

/* sendfile.c */
long mir_sys_sendfile(int out, int in, int64_t *offset, size_t len);
long mir_sys_splice(int in, int64_t *from, int out, int64_t *to, size_t len, unsigned flags);
long mir_sys_tee(int in, int out, size_t len, unsigned flags);
long mir_sys_vmsplice(int fd, const struct iovec *, size_t n, unsigned flags);

/* poll.c, select.c */
long mir_sys_poll(struct pollfd *, unsigned long n, int timeout_ms);
long mir_sys_ppoll(
    struct pollfd *, unsigned long n, const struct timespec *, const void *mask, size_t size);
long mir_sys_select(int n, void *in, void *out, void *except, struct timeval *timeout);
long mir_sys_pselect6(
    int n, void *in, void *out, void *except, const struct timespec *, const void *mask);

/* epoll.c */
long mir_sys_epoll_create(int size);
long mir_sys_epoll_create1(int flags);
long mir_sys_epoll_ctl(int fd, int op, int target, struct epoll_event *);
long mir_sys_epoll_wait(int fd, struct epoll_event *, int max, int timeout_ms);
long mir_sys_epoll_pwait(
    int fd, struct epoll_event *, int max, int timeout_ms, const void *mask, size_t size);

#endif
