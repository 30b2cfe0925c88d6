/* socket_tcp_connect.c: how stream sockets of IPv4 come to their connections. */
#include <errno.h>
#include <mir/fiber.h>
#include <stdlib.h>

#include "socket.h"
#include "socket_tcp.h"

/* A fiber of its own waits for the handshake; the socket may be closed meanwhile. */
struct mir_socket_connect {
	struct mir_socket_tcp *socket; /* NULL: closed */
	struct mir_fiber *fiber;
	struct mir_endpoint local, peer;
	struct mir_tcp_options options;
};

static struct mir_tcp *tcp(void)
{
	return mir_socket_stack->tcp;
}

/* ---- listening ---- */

static void drop_waiting(struct mir_socket_tcp *t)
{
	struct mir_socket_tcp *w;

	while ((w = t->waiting) != NULL) {
		t->waiting = w->next;
		w->socket.linger = (struct linger){ 1, 0 };
		mir_file_unref(&w->socket.file);
	}
	t->waiting_end = &t->waiting;
	t->n_waiting = 0;
}

void mir_socket_tcp_unlisten(struct mir_socket_tcp *t)
{
	if (t->listener)
		mir_tcp_unlisten(t->listener);
	t->listener = NULL;
	t->socket.listening = false;
	drop_waiting(t);
}

static void on_accept(void *arg, struct mir_tcp_flow *flow)
{
	struct mir_socket_tcp *t = arg;

	if (t->n_waiting >= t->backlog || !mir_socket_tcp_accepted(t, flow)) {
		mir_socket_stats.dropped++;
		mir_flow_abort(&flow->flow);
		return;
	}
	if (++t->n_waiting == t->backlog)
		mir_tcp_pause(t->listener, true);
	mir_socket_changed(&t->socket);
}

/* Takes the port; with backlog 0, nobody is answered there yet. */
static int take_port(struct mir_socket_tcp *t, unsigned backlog)
{
	struct mir_tcp_options o = mir_socket_tcp_options(t);
	int rc;

	if (t->listener)
		mir_tcp_unlisten(t->listener);
	t->listener = NULL;
	t->backlog = backlog;
	rc = mir_tcp_listen(tcp(), &t->local, backlog, &o, on_accept, t, &t->listener);
	if (rc < 0)
		return mir_socket_error(rc);
	if (backlog == 0)
		mir_tcp_pause(t->listener, true);
	t->local = t->listener->local;
	t->bound = true;
	return 0;
}

int mir_socket_tcp_bind(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct mir_socket_tcp *t = mir_socket_tcp_of(s);
	struct mir_endpoint before = t->local;
	int rc;

	if (t->bound || t->flow || t->connect)
		return -EINVAL;
	rc = mir_socket_endpoint(address, len, &t->local);
	if (rc == 0)
		rc = take_port(t, 0);
	if (rc < 0)
		t->local = before;
	return rc;
}

int mir_socket_tcp_listen(struct mir_socket *s, int backlog)
{
	struct mir_socket_tcp *t = mir_socket_tcp_of(s);
	int rc;

	if (t->flow || t->connect)
		return -EINVAL;
	if (s->listening) {
		t->backlog = (unsigned)backlog;
		mir_tcp_pause(t->listener, t->n_waiting >= t->backlog);
		return 0;
	}
	rc = take_port(t, (unsigned)backlog);
	s->listening = rc == 0;
	return rc;
}

int mir_socket_tcp_accept(struct mir_socket *s, struct mir_socket **out)
{
	struct mir_socket_tcp *t = mir_socket_tcp_of(s), *w = t->waiting;

	if (!s->listening)
		return -EINVAL;
	if (!w)
		return -EAGAIN;
	t->waiting = w->next;
	if (!t->waiting)
		t->waiting_end = &t->waiting;
	if (t->n_waiting-- == t->backlog)
		mir_tcp_pause(t->listener, false);
	if (t->changed)
		mir_socket_tcp_apply(w);
	*out = &w->socket;
	return 0;
}

/* ---- connecting ---- */

static void connect_main(void *arg)
{
	struct mir_socket_connect *c = arg;
	struct mir_tcp_flow *flow = NULL;
	int rc = mir_tcp_connect(tcp(), &c->local, &c->peer, &c->options, &flow);
	struct mir_socket_tcp *t = c->socket;

	free(c);
	if (!t) {
		if (rc == 0)
			mir_flow_abort(&flow->flow);
		return;
	}
	t->connect = NULL;
	if (rc == 0) {
		t->flow = flow;
		t->perhaps = true;
	} else {
		t->socket.error = mir_socket_error(rc);
	}
	mir_socket_changed(&t->socket);
}

void mir_socket_tcp_forget_connect(struct mir_socket_tcp *t)
{
	if (!t->connect)
		return;
	t->connect->socket = NULL;
	mir_cancel(t->connect->fiber);
	t->connect = NULL;
}

int mir_socket_tcp_connect(struct mir_socket *s, const struct sockaddr *address, socklen_t len)
{
	struct mir_socket_tcp *t = mir_socket_tcp_of(s);
	struct mir_socket_connect *c;
	struct mir_endpoint peer;
	int rc = mir_socket_endpoint(address, len, &peer);

	if (rc < 0)
		return rc;
	if (t->connect)
		return -EALREADY;
	if (t->flow || s->listening)
		return -EISCONN;
	if (mir_ipaddr_is_any(&peer.addr))
		peer.addr = mir_ip4(INADDR_LOOPBACK);
	if (peer.port == 0)
		return -ECONNREFUSED;
	c = malloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = (struct mir_socket_connect){ t, NULL, t->local, peer, mir_socket_tcp_options(t) };
	if (t->listener) { /* the port goes from one use to the other */
		mir_tcp_unlisten(t->listener);
		t->listener = NULL;
	}
	mir_socket_take_error(s);
	c->fiber = mir_spawn("connect", connect_main, c);
	if (!c->fiber) {
		free(c);
		return -ENOMEM;
	}
	t->connect = c;
	return -EINPROGRESS;
}

int mir_socket_tcp_connected(struct mir_socket *s)
{
	if (mir_socket_tcp_of(s)->connect)
		return -EINPROGRESS;
	return mir_socket_take_error(s);
}
