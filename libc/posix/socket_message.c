/* socket_message.c: sending and receiving, and how long that waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "poll_files.h"
#include "socket.h"
#include "signals.h"
#include "socket_calls.h"

enum { PIECES = 1024, MESSAGES = 1024 };

size_t mir_iovec_length(const struct iovec *iov, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += iov[i].iov_len;
	return len;
}

void mir_iovec_gather(const struct iovec *iov, size_t n, size_t skip, void *to, size_t len)
{
	uint8_t *p = to;

	for (size_t i = 0; i < n && len > 0; i++) {
		size_t part = MIR_MIN(iov[i].iov_len - MIR_MIN(iov[i].iov_len, skip), len);

		if (part)
			memcpy(p, (const uint8_t *)iov[i].iov_base + skip, part);
		skip -= MIR_MIN(iov[i].iov_len, skip);
		p += part;
		len -= part;
	}
}

void mir_iovec_scatter(const struct iovec *iov, size_t n, size_t skip, const void *from, size_t len)
{
	const uint8_t *p = from;

	for (size_t i = 0; i < n && len > 0; i++) {
		size_t part = MIR_MIN(iov[i].iov_len - MIR_MIN(iov[i].iov_len, skip), len);

		if (part)
			memcpy((uint8_t *)iov[i].iov_base + skip, p, part);
		skip -= MIR_MIN(iov[i].iov_len, skip);
		p += part;
		len -= part;
	}
}

void mir_control_put(
    struct msghdr *m, size_t room, int level, int type, const void *data, size_t len)
{
	struct cmsghdr head = { .cmsg_level = level, .cmsg_type = type };
	size_t at = m->msg_controllen;

	head.cmsg_len = CMSG_LEN(len);
	if (!m->msg_control || room < at || room - at < CMSG_LEN(len)) {
		m->msg_flags |= MSG_CTRUNC;
		return;
	}
	memcpy((uint8_t *)m->msg_control + at, &head, sizeof(head));
	memcpy((uint8_t *)m->msg_control + at + CMSG_LEN(0), data, len);
	m->msg_controllen = (socklen_t)MIR_MIN(at + CMSG_SPACE(len), room);
}

/* Does the call wait?  One that does not lets the others run all the same: who asks again and
 * again would wait for them for ever. */
static long wait_for(struct mir_socket *s, int flags, int64_t deadline)
{
	long rc;

	if (s->file.flags & O_NONBLOCK || flags & MSG_DONTWAIT)
		return mir_self() && mir_yield() < 0 ? -EINTR : -EAGAIN;
	rc = mir_file_wait(&s->file, deadline);
	return rc == -ETIMEDOUT ? -EAGAIN : rc;
}

long mir_socket_send(struct mir_socket *s, const struct msghdr *m, int flags)
{
	size_t all = mir_iovec_length(m->msg_iov, m->msg_iovlen), done = 0;
	int64_t deadline = mir_socket_deadline(s->send_timeout);
	long rc;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		rc = s->error ? mir_socket_take_error(s) : s->ops->send(s, m, done, flags);
		if (rc >= 0) {
			done += (size_t)rc;
			if (s->type != SOCK_STREAM || done >= all)
				return (long)done;
			continue;
		}
		if (rc == -EAGAIN)
			rc = wait_for(s, flags, deadline);
		if (rc < 0)
			break;
	}
	if (rc == -EPIPE && done == 0 && !(flags & MSG_NOSIGNAL) && s->type != SOCK_DGRAM &&
	    mir_posix_sigpipe)
		mir_posix_sigpipe();
	return done ? (long)done : rc;
}

long mir_socket_receive(struct mir_socket *s, struct msghdr *m, int flags)
{
	bool stream = s->type == SOCK_STREAM;
	size_t all = mir_iovec_length(m->msg_iov, m->msg_iovlen), done = 0;
	int64_t deadline = mir_socket_deadline(s->receive_timeout);
	long rc;

	if (flags & MSG_OOB)
		return -EINVAL;
	if (flags & MSG_ERRQUEUE) /* nothing is ever put there */
		return -EAGAIN;
	for (;;) {
		rc = s->ops->receive(s, m, done, flags);
		if (rc >= 0) {
			done += (size_t)rc;
			if (!stream || rc == 0 || done >= all || !(flags & MSG_WAITALL) ||
			    flags & MSG_PEEK)
				return (long)done;
			continue;
		}
		if (rc == -EAGAIN)
			rc = wait_for(s, flags, deadline);
		if (rc < 0)
			return done ? (long)done : rc;
	}
}

/* ---- system calls ---- */

static int check(const struct msghdr *m)
{
	size_t left = LONG_MAX;

	if (m->msg_iovlen > PIECES)
		return -EMSGSIZE;
	for (size_t i = 0; i < (size_t)m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len > left)
			return -EINVAL;
		left -= m->msg_iov[i].iov_len;
	}
	return 0;
}

long mir_sys_sendto(
    int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, unsigned to_len)
{
	union {
		const void *from;
		void *base;
	} data = { buf }, name = { to };
	struct iovec iov = { data.base, MIR_MIN(len, (size_t)LONG_MAX) };
	const struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_name = name.base,
		.msg_namelen = to ? to_len : 0 };

	return mir_sys_sendmsg(fd, &m, flags);
}

static long send_once(int fd, const struct msghdr *m, int flags)
{
	struct mir_socket *s;
	long rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	rc = check(m);
	if (rc == 0)
		rc = mir_socket_send(s, m, flags);
	mir_file_unref(&s->file);
	return rc;
}

long mir_sys_sendmsg(int fd, const struct msghdr *m, int flags)
{
	long rc;

	do
		rc = send_once(fd, m, flags);
	while (mir_posix_again(rc));
	return rc;
}

long mir_sys_recvfrom(
    int fd, void *buf, size_t len, int flags, struct sockaddr *from, unsigned *from_len)
{
	struct iovec iov = { buf, MIR_MIN(len, (size_t)LONG_MAX) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_name = from,
		.msg_namelen = from && from_len ? *from_len : 0 };
	long rc;

	if (from && from_len && (int)*from_len < 0)
		return -EINVAL;
	rc = mir_sys_recvmsg(fd, &m, flags);
	if (rc >= 0 && from && from_len)
		*from_len = m.msg_namelen;
	return rc;
}

static long receive_with_name(struct mir_socket *s, struct msghdr *user, int flags)
{
	struct sockaddr_storage name;
	struct msghdr m = *user;
	long rc;

	m.msg_name = &name;
	m.msg_namelen = 0;
	m.msg_flags = 0;
	rc = mir_socket_receive(s, &m, flags);
	if (rc < 0)
		return rc;
	if (user->msg_name && m.msg_namelen)
		memcpy(user->msg_name, &name, MIR_MIN(user->msg_namelen, m.msg_namelen));
	user->msg_namelen = m.msg_namelen;
	user->msg_controllen = m.msg_controllen;
	user->msg_flags = m.msg_flags | (flags & MSG_CMSG_CLOEXEC);
	return rc;
}

static long receive_once(int fd, struct msghdr *m, int flags)
{
	struct mir_socket *s;
	long rc = mir_socket_hold(fd, &s);

	if (rc < 0)
		return rc;
	rc = check(m);
	if (rc == 0)
		rc = receive_with_name(s, m, flags);
	mir_file_unref(&s->file);
	return rc;
}

long mir_sys_recvmsg(int fd, struct msghdr *m, int flags)
{
	long rc;

	do
		rc = receive_once(fd, m, flags);
	while (mir_posix_again(rc));
	return rc;
}

long mir_sys_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	unsigned done = 0;
	long rc = 0;

	for (n = MIR_MIN(n, (unsigned)MESSAGES); done < n; done++) {
		rc = mir_sys_sendmsg(fd, &m[done].msg_hdr, flags);
		if (rc < 0)
			break;
		m[done].msg_len = (unsigned)rc;
	}
	return done ? (long)done : rc;
}

/* As Linux: the time limit is looked at after each message. */
long mir_sys_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
	int64_t deadline = MIR_NEVER;
	unsigned done = 0;
	long rc = mir_poll_deadline(timeout, &deadline);

	if (rc < 0)
		return rc;
	for (n = MIR_MIN(n, (unsigned)MESSAGES); done < n; done++) {
		rc = mir_sys_recvmsg(fd, &m[done].msg_hdr, flags & ~MSG_WAITFORONE);
		if (rc < 0)
			break;
		m[done].msg_len = (unsigned)rc;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline <= mir_now())
			return done + 1;
	}
	return done ? (long)done : rc;
}
