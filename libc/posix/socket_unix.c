/* socket_unix.c: AF_UNIX sockets: names, connections and their end. All within the image. */
#define _GNU_SOURCE
#include "socket_unix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = offsetof(struct sockaddr_un, sun_path) };

static const struct mir_socket_ops ops;
static struct mir_unix *all; /* that are bound, or take datagrams */
static unsigned next_name;
static struct mir_waitq accepted; /* who waits for room in a listener's queue */

static struct mir_unix *new_unix(int type)
{
	struct mir_unix *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	mir_socket_init(&u->socket, &ops, AF_UNIX, type, 0);
	u->end = &u->first;
	u->waiting_end = &u->waiting;
	return u;
}

static void enlist(struct mir_unix *u)
{
	if (u->listed)
		return;
	u->listed = true;
	u->next = all;
	all = u;
}

static void delist(struct mir_unix *u)
{
	struct mir_unix **at = &all;

	if (!u->listed)
		return;
	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	u->listed = false;
}

struct mir_socket *mir_socket_unix(int type)
{
	struct mir_unix *u = new_unix(type);

	if (u && type == SOCK_DGRAM)
		enlist(u);
	return u ? &u->socket : NULL;
}

static void join(struct mir_unix *a, struct mir_unix *b)
{
	a->peer = b;
	b->peer = a;
	a->connected = b->connected = true;
}

int mir_socket_unix_pair(int type, struct mir_socket *out[2])
{
	struct mir_socket *a = mir_socket_unix(type), *b = mir_socket_unix(type);

	if (!a || !b) {
		if (a)
			mir_file_unref(&a->file);
		if (b)
			mir_file_unref(&b->file);
		return -ENOMEM;
	}
	join(mir_unix_of(a), mir_unix_of(b));
	out[0] = a;
	out[1] = b;
	return 0;
}

/* ---- names ---- */

/* The length of an address without what lies behind the path's end; -EINVAL. */
static int length_of(const struct sockaddr *address, socklen_t len, struct sockaddr_un *out)
{
	size_t path;

	if (!address || len < PATH || len > sizeof(*out))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	memcpy(out, address, len);
	if (out->sun_family != AF_UNIX)
		return -EINVAL;
	path = len - PATH;
	if (path == 0 || out->sun_path[0] == 0)
		return (int)len;
	return (int)(PATH + strnlen(out->sun_path, path));
}

static struct mir_unix *named(const struct sockaddr_un *name, socklen_t len)
{
	struct mir_unix *u = all;

	while (u && (u->name_len != len || memcmp(&u->name, name, len) != 0))
		u = u->next;
	return u;
}

int mir_unix_find(const struct sockaddr *address, socklen_t len, int type, struct mir_unix **out)
{
	struct sockaddr_un name;
	int n = length_of(address, len, &name);
	struct mir_unix *u;

	if (n < 0)
		return n;
	if (n == PATH)
		return -EINVAL;
	u = named(&name, (socklen_t)n);
	if (!u)
		return name.sun_path[0] ? -ENOENT : -ECONNREFUSED;
	if (u->socket.type != type)
		return -EPROTOTYPE;
	*out = u;
	return 0;
}

/* A name that nobody has, of five digits, as Linux gives. */
static socklen_t choose_name(struct sockaddr_un *name)
{
	static const char digits[] = "0123456789abcdef";
	const socklen_t len = PATH + 6;

	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	do {
		unsigned n = next_name++;

		for (int i = 5; i >= 1; i--, n >>= 4)
			name->sun_path[i] = digits[n & 15];
	} while (named(name, len));
	return len;
}

static int unix_bind(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct mir_unix *u = mir_unix_of(s);
	struct sockaddr_un name;
	int n = length_of(address, len, &name);

	if (n < 0 || u->name_len)
		return -EINVAL;
	if (n == PATH)
		n = (int)choose_name(&name);
	else if (named(&name, (socklen_t)n))
		return -EADDRINUSE;
	u->name = name;
	u->name_len = (socklen_t)n;
	enlist(u);
	return 0;
}

static int unix_name(struct mir_socket *s, bool peer, struct sockaddr_storage *out, socklen_t *len)
{
	const struct mir_unix *u = mir_unix_of(s);
	const struct sockaddr_un *name = peer ? &u->peer_name : &u->name;
	socklen_t n = peer ? u->peer_name_len : u->name_len;

	if (peer && !u->connected)
		return -ENOTCONN;
	mir_unix_put_name(name, n, out, len);
	return 0;
}

/* ---- connections ---- */

static int unix_listen(struct mir_socket *s, int backlog)
{
	struct mir_unix *u = mir_unix_of(s);

	if (s->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!u->name_len || u->connected)
		return -EINVAL;
	u->backlog = (unsigned)backlog;
	s->listening = true;
	mir_wake_all(&accepted);
	return 0;
}

static int connect_datagram(struct mir_unix *u, const struct sockaddr *address, socklen_t len)
{
	struct mir_unix *to = NULL;
	int rc = 0;

	if (address && len >= sizeof(address->sa_family) && address->sa_family == AF_UNSPEC) {
		u->connected = false;
		u->peer_name_len = 0;
	} else {
		rc = mir_unix_find(address, len, SOCK_DGRAM, &to);
		if (rc < 0)
			return rc;
		u->peer_name = to->name;
		u->peer_name_len = to->name_len;
		u->connected = true;
	}
	u->peer = to;
	u->write_end = false;
	mir_socket_changed(&u->socket);
	return 0;
}

/* The listener of a name that has room for one more.  Blocks; -EAGAIN: it may not, or the time is
 * over. */
static int find_listener(
    struct mir_socket *s, const struct sockaddr *address, socklen_t len, struct mir_unix **out)
{
	int64_t deadline = mir_socket_deadline(s->send_timeout);
	long rc = 0;

	while (rc == 0) {
		if (s->listening)
			return -EINVAL;
		if (mir_unix_of(s)->connected)
			return -EISCONN;
		rc = mir_unix_find(address, len, s->type, out);
		if (rc < 0)
			return (int)rc;
		if (!(*out)->socket.listening)
			return -ECONNREFUSED;
		if ((*out)->n_waiting < (*out)->backlog)
			return 0;
		rc = s->file.flags & O_NONBLOCK ? -EAGAIN : mir_posix_wait(&accepted, deadline);
	}
	mir_socket_stats.dropped += rc != -EINTR;
	return rc == -ETIMEDOUT ? -EAGAIN : (int)rc;
}

static int unix_connect(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct mir_unix *u = mir_unix_of(s), *listener, *new;
	int rc;

	if (s->type == SOCK_DGRAM)
		return connect_datagram(u, address, len);
	rc = find_listener(s, address, len, &listener);
	if (rc < 0)
		return rc;
	new = new_unix(s->type);
	if (!new)
		return -ENOMEM;
	join(u, new);
	u->peer_name = new->name = listener->name;
	u->peer_name_len = new->name_len = listener->name_len;
	new->peer_name = u->name;
	new->peer_name_len = u->name_len;
	new->next = NULL;
	*listener->waiting_end = new;
	listener->waiting_end = &new->next;
	listener->n_waiting++;
	mir_socket_changed(&listener->socket);
	mir_socket_changed(s);
	return 0;
}

static int unix_connected(struct mir_socket *s)
{
	(void)s;
	return 0;
}

static int unix_accept(struct mir_socket *s, struct mir_socket **out)
{
	struct mir_unix *u = mir_unix_of(s), *w = u->waiting;

	if (s->type == SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!s->listening)
		return -EINVAL;
	if (!w)
		return -EAGAIN;
	u->waiting = w->next;
	if (!u->waiting)
		u->waiting_end = &u->waiting;
	u->n_waiting--;
	mir_wake_all(&accepted);
	*out = &w->socket;
	return 0;
}

/* ---- the end ---- */

static int unix_shutdown(struct mir_socket *s, int how)
{
	struct mir_unix *u = mir_unix_of(s), *peer = u->peer;
	bool both_ways = peer && peer->peer == u;

	if (!u->connected)
		return -ENOTCONN;
	if (how != SHUT_WR) {
		u->read_end = true;
		if (both_ways)
			peer->write_end = true;
	}
	if (how != SHUT_RD) {
		u->write_end = true;
		if (both_ways)
			peer->read_end = true;
	}
	mir_socket_changed(s);
	if (both_ways)
		mir_socket_changed(&peer->socket);
	return 0;
}

void mir_unix_tell_senders(struct mir_unix *u)
{
	if (u->socket.type != SOCK_DGRAM) {
		if (u->peer)
			mir_socket_changed(&u->peer->socket);
		return;
	}
	if (!u->was_full)
		return;
	u->was_full = false;
	for (struct mir_unix *other = all; other; other = other->next)
		if (other->socket.type == SOCK_DGRAM && other != u)
			mir_socket_changed(&other->socket);
}

/* The other end of a connection goes, with bytes that it has not read or without. */
static void lose_peer(struct mir_unix *u, bool unread)
{
	u->peer = NULL;
	u->write_end = true;
	if (u->socket.type != SOCK_DGRAM)
		u->read_end = true;
	if (unread && u->socket.type != SOCK_DGRAM)
		u->socket.error = -ECONNRESET;
	mir_socket_changed(&u->socket);
}

static void unix_close(struct mir_socket *s)
{
	struct mir_unix *u = mir_unix_of(s), *w;
	bool unread = u->first != NULL;

	delist(u);
	mir_wake_all(&accepted);
	if (u->peer && u->peer->peer == u)
		lose_peer(u->peer, unread);
	if (s->type == SOCK_DGRAM)
		for (struct mir_unix *other = all; other; other = other->next)
			if (other->peer == u)
				lose_peer(other, false);
	/* These may block: nobody finds it any more. */
	while ((w = u->waiting) != NULL) {
		u->waiting = w->next;
		mir_file_unref(&w->socket.file);
	}
	mir_unix_clear(u);
	free(u);
}

static unsigned unix_ready(struct mir_socket *s)
{
	const struct mir_unix *u = mir_unix_of(s);
	unsigned ready = 0;

	if (s->listening)
		return u->waiting ? POLLIN | POLLRDNORM : 0;
	if (s->type != SOCK_DGRAM && !u->connected)
		return POLLOUT | POLLWRNORM | POLLHUP;
	if (u->first || u->read_end)
		ready |= POLLIN | POLLRDNORM;
	if (u->read_end)
		ready |= POLLRDHUP;
	if (u->read_end && u->write_end)
		ready |= POLLHUP;
	if (u->write_end || !u->peer || mir_unix_has_room(u->peer, u))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

static int unix_get(struct mir_socket *s, int level, int name, void *value, socklen_t *len)
{
	static const struct {
		int pid;
		unsigned uid, gid;
	} me = { 1, 0, 0 };

	if (level != SOL_SOCKET || name != SO_PEERCRED)
		return -ENOPROTOOPT;
	if (!mir_unix_of(s)->connected)
		return -ENOTCONN;
	return mir_option_put(value, len, &me, sizeof(me));
}

static const struct mir_socket_ops ops = {
	.bind = unix_bind,
	.connect = unix_connect,
	.connected = unix_connected,
	.listen = unix_listen,
	.accept = unix_accept,
	.shutdown = unix_shutdown,
	.name = unix_name,
	.send = mir_unix_send,
	.receive = mir_unix_receive,
	.get = unix_get,
	.pending = mir_unix_pending,
	.ready = unix_ready,
	.close = unix_close,
};
