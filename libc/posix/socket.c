/* socket.c: the system calls of sockets, but for messages. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "calls.h"
#include "signals.h"
#include "socket_calls.h"

struct mir_stack *mir_socket_stack;
struct mir_socket_stats mir_socket_stats;

int mir_socket_error(int rc)
{
	switch (rc) {
	case MIR_EDISCONN: return -ENETDOWN;
	case MIR_EPROTO: return -EPROTO;
	case MIR_ELIMIT: return -ENOBUFS;
	case MIR_ENOSYS: return -ENOPROTOOPT;
	}
	return (int)mir_posix_error(rc);
}

void mir_socket_init(
    struct mir_socket *s, const struct mir_socket_ops *ops, int family, int type, int protocol)
{
	mir_file_init(&s->file, &mir_socket_file_ops, O_RDWR);
	s->ops = ops;
	s->family = (uint16_t)family;
	s->type = (uint16_t)type;
	s->protocol = protocol;
	s->receive_buffer = s->send_buffer = MIR_SOCKET_BUFFER;
	mir_socket_stats.sockets++;
}

int mir_socket_hold(int fd, struct mir_socket **out)
{
	struct mir_file *f = mir_fd_hold(fd);

	if (!f)
		return -EBADF;
	if (f->ops != &mir_socket_file_ops) {
		mir_file_unref(f);
		return -ENOTSOCK;
	}
	*out = mir_socket_of(f);
	return 0;
}

/* ---- sockets as files ---- */

static long file_read(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	union {
		const struct iovec *from;
		struct iovec *to;
	} pieces = { iov };
	struct msghdr m = { .msg_iov = pieces.to, .msg_iovlen = (unsigned)n };

	(void)at;
	return mir_socket_receive(mir_socket_of(f), &m, 0);
}

static long file_write(struct mir_file *f, const struct iovec *iov, int n, int64_t at)
{
	union {
		const struct iovec *from;
		struct iovec *to;
	} pieces = { iov };
	const struct msghdr m = { .msg_iov = pieces.to, .msg_iovlen = (unsigned)n };

	(void)at;
	return mir_socket_send(mir_socket_of(f), &m, 0);
}

static long file_ioctl(struct mir_file *f, int request, void *arg)
{
	struct mir_socket *s = mir_socket_of(f);
	long pending;

	switch ((unsigned)request) {
	case FIONREAD:
		pending = s->ops->pending ? s->ops->pending(s) : 0;
		if (pending >= 0)
			*(int *)arg = (int)MIR_MIN(pending, (long)INT32_MAX);
		return pending < 0 ? pending : 0;
	}
	return mir_interface_ioctl((unsigned)request, arg);
}

static long file_stat(struct mir_file *f, struct stat *st)
{
	(void)f;
	st->st_mode = S_IFSOCK | 0777;
	st->st_nlink = 1;
	st->st_blksize = 4096;
	return 0;
}

static unsigned file_ready(struct mir_file *f)
{
	struct mir_socket *s = mir_socket_of(f);

	return s->ops->ready(s) | (s->error ? POLLERR : 0u);
}

static void file_close(struct mir_file *f)
{
	struct mir_socket *s = mir_socket_of(f);

	mir_socket_stats.sockets--;
	s->ops->close(s);
}

const struct mir_file_ops mir_socket_file_ops = {
	.read = file_read,
	.write = file_write,
	.ioctl = file_ioctl,
	.stat = file_stat,
	.ready = file_ready,
	.close = file_close,
};

/* ---- making them ---- */

static int flags_of(int type)
{
	return (type & SOCK_CLOEXEC ? O_CLOEXEC : 0) | (type & SOCK_NONBLOCK ? O_NONBLOCK : 0);
}

static int new_descriptor(struct mir_socket *s, int flags)
{
	s->file.flags |= flags & O_NONBLOCK;
	return mir_fd_new(&s->file, flags & O_CLOEXEC, 0);
}

static int new_inet(int type, int protocol, struct mir_socket **out)
{
	if (type != SOCK_STREAM && type != SOCK_DGRAM)
		return type == SOCK_RAW ? -EPERM : -ESOCKTNOSUPPORT;
	if (protocol != 0 && protocol != (type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP))
		return -EPROTONOSUPPORT;
	if (!mir_socket_stack)
		return -EAFNOSUPPORT;
	*out = type == SOCK_STREAM ? mir_socket_tcp() : mir_socket_udp();
	return *out ? 0 : -ENOMEM;
}

long mir_sys_socket(int family, int type, int protocol)
{
	int flags = flags_of(type), rc = 0;
	struct mir_socket *s = NULL;

	type &= ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	switch (family) {
	case AF_INET: rc = new_inet(type, protocol, &s); break;
	case AF_UNIX:
		if (protocol != 0 && protocol != AF_UNIX)
			return -EPROTONOSUPPORT;
		if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
			return -ESOCKTNOSUPPORT;
		s = mir_socket_unix(type);
		break;
	case AF_NETLINK:
		if (type != SOCK_RAW && type != SOCK_DGRAM)
			return -ESOCKTNOSUPPORT;
		if (protocol != 0) /* NETLINK_ROUTE */
			return -EPROTONOSUPPORT;
		s = mir_socket_netlink(type);
		break;
	default: return -EAFNOSUPPORT;
	}
	if (rc < 0)
		return rc;
	return s ? new_descriptor(s, flags) : -ENOMEM;
}

long mir_sys_socketpair(int family, int type, int protocol, int fds[2])
{
	int flags = flags_of(type), rc;
	struct mir_socket *pair[2];

	type &= ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (family != AF_UNIX)
		return family == AF_INET ? -EOPNOTSUPP : -EAFNOSUPPORT;
	if (protocol != 0 && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	rc = mir_socket_unix_pair(type, pair);
	if (rc < 0)
		return rc;
	fds[0] = new_descriptor(pair[0], flags);
	if (fds[0] < 0) {
		mir_file_unref(&pair[1]->file);
		return fds[0];
	}
	fds[1] = new_descriptor(pair[1], flags);
	if (fds[1] < 0)
		mir_sys_close(fds[0]);
	return MIR_MIN(fds[1], 0);
}

/* ---- addresses, connections ---- */

long mir_sys_bind(int fd, const struct sockaddr *address, unsigned len)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	rc = s->ops->bind ? s->ops->bind(s, address, len) : -EOPNOTSUPP;
	mir_file_unref(&s->file);
	return rc;
}

long mir_sys_listen(int fd, int backlog)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	/* As Linux: less than nothing is much. */
	if (backlog < 0 || backlog > MIR_SOCKET_BACKLOG_MOST)
		backlog = MIR_SOCKET_BACKLOG_MOST;
	rc = s->ops->listen ? s->ops->listen(s, MIR_MAX(backlog, 1)) : -EOPNOTSUPP;
	mir_file_unref(&s->file);
	return rc;
}

/* Waits until accept says something else than -EAGAIN. */
static int accept_one(struct mir_socket *s, struct mir_socket **out)
{
	int64_t deadline = mir_socket_deadline(s->receive_timeout);
	int rc;

	if (!s->ops->accept)
		return -EOPNOTSUPP;
	while ((rc = s->ops->accept(s, out)) == -EAGAIN) {
		if (s->file.flags & O_NONBLOCK)
			return mir_self() && mir_yield() < 0 ? -EINTR : -EAGAIN;
		rc = (int)mir_file_wait(&s->file, deadline);
		if (rc < 0)
			return rc == -ETIMEDOUT ? -EAGAIN : rc;
	}
	return rc;
}

/* An address to where the caller wants it: as much as there is room for, and how long it is. */
static int put_name(struct mir_socket *s, bool peer, struct sockaddr *address, unsigned *len)
{
	struct sockaddr_storage name;
	socklen_t name_len = 0;
	int rc = s->ops->name(s, peer, &name, &name_len);

	if (rc < 0)
		return rc;
	if ((int)*len < 0)
		return -EINVAL;
	memcpy(address, &name, MIR_MIN((socklen_t)*len, name_len));
	*len = name_len;
	return 0;
}

long mir_sys_accept4(int fd, struct sockaddr *address, unsigned *len, int flags)
{
	struct mir_socket *s, *new = NULL;
	int rc;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	rc = mir_socket_hold(fd, &s);
	if (rc < 0)
		return rc;
	do /* without a number for it, a connection goes on waiting */
		rc = mir_fd_left() ? accept_one(s, &new) : -EMFILE;
	while (mir_posix_again(rc));
	mir_file_unref(&s->file);
	if (rc < 0)
		return rc;
	if (address && len && put_name(new, true, address, len) == -EINVAL) {
		mir_file_unref(&new->file);
		return -EINVAL;
	}
	return new_descriptor(new, flags_of(flags));
}

long mir_sys_accept(int fd, struct sockaddr *address, unsigned *len)
{
	return mir_sys_accept4(fd, address, len, 0);
}

static int connect_wait(struct mir_socket *s)
{
	int64_t deadline = mir_socket_deadline(s->send_timeout);
	int rc;

	while ((rc = s->ops->connected(s)) == -EINPROGRESS) {
		if (s->file.flags & O_NONBLOCK)
			return rc;
		rc = (int)mir_file_wait(&s->file, deadline);
		if (rc < 0)
			return rc == -ETIMEDOUT ? -EINPROGRESS : rc;
	}
	return rc;
}

long mir_sys_connect(int fd, const struct sockaddr *address, unsigned len)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	do
		rc = s->ops->connect ? s->ops->connect(s, address, len) : -EOPNOTSUPP;
	while (rc == -EINTR && mir_posix_again(rc));
	if (rc == -EINPROGRESS || (rc == -EALREADY && !(s->file.flags & O_NONBLOCK)))
		do
			rc = connect_wait(s);
		while (mir_posix_again(rc));
	mir_file_unref(&s->file);
	return rc;
}

long mir_sys_shutdown(int fd, int how)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		rc = -EINVAL;
	else
		rc = s->ops->shutdown ? s->ops->shutdown(s, how) : -EOPNOTSUPP;
	mir_file_unref(&s->file);
	return rc;
}

static long get_name(int fd, bool peer, struct sockaddr *address, unsigned *len)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	rc = put_name(s, peer, address, len);
	mir_file_unref(&s->file);
	return rc;
}

long mir_sys_getsockname(int fd, struct sockaddr *address, unsigned *len)
{
	return get_name(fd, false, address, len);
}

long mir_sys_getpeername(int fd, struct sockaddr *address, unsigned *len)
{
	return get_name(fd, true, address, len);
}

long mir_sys_setsockopt(int fd, int level, int name, const void *value, unsigned len)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	rc = (int)len < 0 ? -EINVAL : mir_socket_set(s, level, name, value, len);
	mir_file_unref(&s->file);
	return rc;
}

long mir_sys_getsockopt(int fd, int level, int name, void *value, unsigned *len)
{
	struct mir_socket *s;
	int rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	rc = (int)*len < 0 ? -EINVAL : mir_socket_get(s, level, name, value, len);
	mir_file_unref(&s->file);
	return rc;
}
