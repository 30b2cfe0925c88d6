/* socket_tcp.c: stream sockets of IPv4, over TCP flows.
 *
 * A flow is only ever read and written where that does not wait: with a deadline that has passed.
 * `perhaps` says that reading is worth a try; after a try that found nothing, the flow calls back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mir/fiber.h>
#include <mir/loop.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "posix.h"
#include "socket.h"
#include "socket_tcp.h"

enum { CHUNK = 256 * 1024, JOINED = 64 * 1024 };

static const struct mir_socket_ops ops;

struct mir_socket_tcp *mir_socket_tcp_of(struct mir_socket *s)
{
	return mir_container(s, struct mir_socket_tcp, socket);
}

#define tcp_of mir_socket_tcp_of

static struct mir_socket_tcp *new_tcp(void)
{
	struct mir_socket_tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	mir_socket_init(&t->socket, &ops, AF_INET, SOCK_STREAM, IPPROTO_TCP);
	t->waiting_end = &t->waiting;
	return t;
}

struct mir_socket *mir_socket_tcp(void)
{
	struct mir_socket_tcp *t = new_tcp();

	return t ? &t->socket : NULL;
}

/* ---- reading ---- */

static void on_readable(void *arg)
{
	struct mir_socket_tcp *t = arg;

	t->perhaps = true;
	t->read_armed = false;
	mir_socket_changed(&t->socket);
}

static void on_writable(void *arg)
{
	struct mir_socket_tcp *t = arg;

	t->full = t->write_armed = false;
	mir_socket_changed(&t->socket);
}

static void arm_read(struct mir_socket_tcp *t)
{
	if (t->read_armed || t->ended)
		return;
	t->read_armed = true;
	mir_flow_when_readable(&t->flow->flow, on_readable, t);
}

static void arm_write(struct mir_socket_tcp *t)
{
	t->full = true;
	if (t->write_armed)
		return;
	t->write_armed = true;
	mir_flow_when_writable(&t->flow->flow, on_writable, t);
}

/* What was received and is held in the last places of a full row, in one piece. */
static bool join(struct mir_socket_tcp *t)
{
	struct mir_slice one = { .len = mir_slices_len(t->held, t->n_held) };
	uint8_t *p;

	if (one.len > JOINED)
		return false;
	one.owner = mir_mem_new(one.len, &p);
	if (!one.owner)
		return false;
	one.p = p;
	for (unsigned i = 0; i < t->n_held; i++) {
		memcpy(p, t->held[i].p, t->held[i].len);
		p += t->held[i].len;
	}
	mir_slices_unref(t->held, t->n_held);
	t->held[0] = one;
	t->n_held = 1;
	return true;
}

/* Takes more from the flow, if there is any and room for it. */
static void fill(struct mir_socket_tcp *t)
{
	int64_t outer;
	int n;

	if (!t->perhaps || t->ended || !mir_self() || (t->n_held == MIR_SOCKET_HELD && !join(t)))
		return;
	outer = mir_deadline_set(INT64_MIN);
	n = mir_flow_read(&t->flow->flow, t->held + t->n_held, MIR_SOCKET_HELD - t->n_held);
	mir_deadline_restore(outer);
	if (n > 0) {
		t->n_held += (unsigned)n;
		return;
	}
	t->perhaps = false;
	if (n == MIR_ETIMEDOUT || n == MIR_ECANCELED) {
		arm_read(t);
		return;
	}
	t->ended = true;
	if (n < 0) {
		t->dead = true;
		t->socket.error = mir_socket_error(n);
	}
}

/* Copies what is held to m behind its first `skip` bytes; NULL: throws it away. */
static size_t copy(const struct mir_socket_tcp *t, const struct msghdr *m, size_t skip, bool put)
{
	size_t room = mir_iovec_length(m->msg_iov, m->msg_iovlen) - skip, done = 0;

	for (unsigned i = 0; i < t->n_held && done < room; i++) {
		size_t part = MIR_MIN(t->held[i].len, room - done);

		if (put)
			mir_iovec_scatter(
			    m->msg_iov, m->msg_iovlen, skip + done, t->held[i].p, part);
		done += part;
	}
	return done;
}

static void consume(struct mir_socket_tcp *t, size_t n)
{
	unsigned gone = 0;

	while (gone < t->n_held && n >= t->held[gone].len) {
		n -= t->held[gone].len;
		mir_slice_unref(&t->held[gone++]);
	}
	t->n_held -= gone;
	memmove(t->held, t->held + gone, t->n_held * sizeof(t->held[0]));
	if (n) {
		t->held[0].p += n;
		t->held[0].len -= n;
	}
}

static long peek(struct mir_socket_tcp *t, const struct msghdr *m)
{
	size_t room = mir_iovec_length(m->msg_iov, m->msg_iovlen), before;

	do {
		before = mir_slices_len(t->held, t->n_held);
		if (before < room)
			fill(t);
	} while (mir_slices_len(t->held, t->n_held) > before);
	return (long)copy(t, m, 0, true);
}

static long tcp_receive(struct mir_socket *s, struct msghdr *m, size_t skip, int flags)
{
	struct mir_socket_tcp *t = tcp_of(s);
	size_t room = mir_iovec_length(m->msg_iov, m->msg_iovlen), done = skip, n;

	if (!t->flow)
		return s->error ? mir_socket_take_error(s) : -ENOTCONN;
	if (flags & MSG_PEEK) {
		done += (size_t)peek(t, m);
	} else {
		do {
			if (t->n_held == 0)
				fill(t);
			n = copy(t, m, done, !(flags & MSG_TRUNC));
			consume(t, n);
			done += n;
		} while (n > 0 && done < room);
	}
	if (done > skip || (room == 0 && t->n_held)) {
		m->msg_controllen = 0;
		return (long)(done - skip);
	}
	if (s->error)
		return mir_socket_take_error(s);
	if (t->ended || t->read_shut) {
		m->msg_controllen = 0;
		return 0;
	}
	return -EAGAIN;
}

static long tcp_pending(struct mir_socket *s)
{
	struct mir_socket_tcp *t = tcp_of(s);

	if (s->listening)
		return -EINVAL;
	if (t->flow)
		fill(t);
	return (long)mir_slices_len(t->held, t->n_held);
}

/* ---- writing ---- */

/* What can be sent now, or why nothing can. */
static int64_t room_of(struct mir_socket_tcp *t)
{
	int64_t room;

	if (t->connect)
		return -EAGAIN;
	if (!t->flow || t->write_shut)
		return -EPIPE;
	if (t->full)
		return -EAGAIN;
	room = mir_flow_room(&t->flow->flow);
	if (room == 0) {
		arm_write(t);
		return -EAGAIN;
	}
	if (room < 0) { /* who sends once more hears that nobody listens */
		room = t->dead ? MIR_EPIPE : room;
		t->dead = true;
		return mir_socket_error((int)room);
	}
	return room;
}

static long tcp_send_slice(struct mir_socket *s, struct mir_slice *slice /* take */)
{
	struct mir_socket_tcp *t = tcp_of(s);
	int64_t room = room_of(t), outer;
	long len;
	int rc;

	if (room <= 0) {
		mir_slice_unref(slice);
		return (long)room;
	}
	slice->len = MIR_MIN(slice->len, (size_t)room);
	len = (long)slice->len;
	outer = mir_deadline_set(INT64_MIN);
	rc = mir_flow_write(&t->flow->flow, slice, 1);
	mir_deadline_restore(outer);
	if (rc == 0)
		return len;
	if (rc != MIR_ETIMEDOUT && rc != MIR_ECANCELED && rc != MIR_ENOMEM)
		return mir_socket_error(rc);
	arm_write(t);
	return -EAGAIN;
}

static long tcp_send(struct mir_socket *s, const struct msghdr *m, size_t skip, int flags)
{
	struct mir_socket_tcp *t = tcp_of(s);
	size_t len = mir_iovec_length(m->msg_iov, m->msg_iovlen) - skip;
	int64_t room = room_of(t);
	struct mir_slice slice;
	uint8_t *p;

	(void)flags;
	if (room <= 0 || len == 0)
		return (long)MIR_MIN(room, 0);
	len = MIR_MIN(MIR_MIN(len, (size_t)room), (size_t)CHUNK);
	slice = (struct mir_slice){ .len = len, .owner = mir_mem_new(len, &p) };
	if (!slice.owner)
		return -ENOBUFS;
	slice.p = p;
	mir_iovec_gather(m->msg_iov, m->msg_iovlen, skip, p, len);
	return tcp_send_slice(s, &slice);
}

static unsigned tcp_ready(struct mir_socket *s)
{
	struct mir_socket_tcp *t = tcp_of(s);
	unsigned ready = 0;
	int64_t room;

	if (s->listening)
		return t->waiting ? POLLIN | POLLRDNORM : 0;
	if (t->connect)
		return 0;
	if (!t->flow)
		return POLLOUT | POLLWRNORM | POLLHUP;
	if (t->n_held == 0)
		fill(t);
	if (t->n_held || t->perhaps || t->ended || t->read_shut)
		ready |= POLLIN | POLLRDNORM;
	if ((t->ended && t->n_held == 0) || t->read_shut)
		ready |= POLLRDHUP;
	if (t->dead || ((t->ended || t->read_shut) && t->write_shut))
		ready |= POLLHUP;
	room = room_of(t);
	if (room != -EAGAIN)
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

/* ---- the end ---- */

static int tcp_shutdown(struct mir_socket *s, int how)
{
	struct mir_socket_tcp *t = tcp_of(s);

	if (s->listening) {
		if (how != SHUT_WR)
			mir_socket_tcp_unlisten(t);
		mir_socket_changed(s);
		return 0;
	}
	if (!t->flow)
		return -ENOTCONN;
	if (how != SHUT_WR)
		t->read_shut = true;
	if (how != SHUT_RD && !t->write_shut) {
		t->write_shut = true;
		mir_flow_shutdown(&t->flow->flow, MIR_FLOW_WRITE);
	}
	mir_socket_changed(s);
	return 0;
}

static void end_flow(struct mir_socket_tcp *t)
{
	struct mir_socket *s = &t->socket;
	struct mir_flow *f = &t->flow->flow;
	int64_t outer;

	mir_flow_when_readable(f, NULL, NULL);
	mir_flow_when_writable(f, NULL, NULL);
	if (s->linger.l_onoff && s->linger.l_linger && mir_self() && !mir_posix_has_ended()) {
		mir_flow_shutdown(f, MIR_FLOW_WRITE);
		outer = mir_deadline_set(mir_now() + MIR_SECOND(s->linger.l_linger));
		mir_flow_drain(f);
		mir_deadline_restore(outer);
	}
	/* Unread bytes are lost: the peer is told (RFC 2525 section 2.17). */
	if ((s->linger.l_onoff && !s->linger.l_linger) || t->n_held)
		mir_flow_abort(f);
	else
		mir_flow_close(f);
}

static void tcp_close(struct mir_socket *s)
{
	struct mir_socket_tcp *t = tcp_of(s);

	mir_socket_tcp_unlisten(t);
	mir_socket_tcp_forget_connect(t);
	if (t->flow)
		end_flow(t);
	mir_slices_unref(t->held, t->n_held);
	free(t);
}

static int tcp_name(struct mir_socket *s, bool peer, struct sockaddr_storage *out, socklen_t *len)
{
	struct mir_socket_tcp *t = tcp_of(s);

	if (peer && !t->flow)
		return -ENOTCONN;
	if (t->flow)
		mir_socket_address(peer ? &t->flow->peer : &t->flow->local, out, len);
	else
		mir_socket_address(&t->local, out, len);
	return 0;
}

/* From the loop: a connection of the listener is there. */
bool mir_socket_tcp_accepted(struct mir_socket_tcp *listener, struct mir_tcp_flow *flow)
{
	struct mir_socket_tcp *t = new_tcp();

	if (!t)
		return false;
	t->flow = flow;
	t->local = flow->local;
	t->perhaps = true;
	t->options = listener->options;
	t->socket.linger = listener->socket.linger;
	t->socket.keepalive = listener->socket.keepalive;
	t->socket.receive_buffer = listener->socket.receive_buffer;
	t->socket.send_buffer = listener->socket.send_buffer;
	t->socket.receive_timeout = listener->socket.receive_timeout;
	t->socket.send_timeout = listener->socket.send_timeout;
	*listener->waiting_end = t;
	listener->waiting_end = &t->next;
	return true;
}

static const struct mir_socket_ops ops = {
	.bind = mir_socket_tcp_bind,
	.connect = mir_socket_tcp_connect,
	.connected = mir_socket_tcp_connected,
	.listen = mir_socket_tcp_listen,
	.accept = mir_socket_tcp_accept,
	.shutdown = tcp_shutdown,
	.name = tcp_name,
	.send = tcp_send,
	.receive = tcp_receive,
	.set = mir_socket_tcp_set,
	.get = mir_socket_tcp_get,
	.pending = tcp_pending,
	.send_slice = tcp_send_slice,
	.ready = tcp_ready,
	.close = tcp_close,
};
